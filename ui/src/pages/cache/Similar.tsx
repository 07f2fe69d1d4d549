// Similar questions: what compares them, how often an answer to one would have been wrong, and the model.

import type { CacheRoute, SimilarShown } from "../../api/generated";
import { bytes, plural } from "../../format";
import { Section } from "../../kit/Section";
import { Snippet } from "../../kit/Snippet";
import { Model } from "./Model";
import { SimilarBoard } from "./SimilarBoard";
import css from "./Similar.module.css";

export function Similar({ similar, routes }: { similar: SimilarShown; routes: CacheRoute[] }) {
  const { questions } = similar;
  return (
    <Section
      title="Similar questions"
      aside={questions > 0 && `${plural(questions, "question")} remembered by their vectors, ${bytes(similar.bytes)}; no text is kept`}
    >
      <p>
        <ComparedBy embedder={similar.embedder} />
      </p>
      {similar.routes.length > 0 ? <SimilarBoard similar={similar.routes} routes={routes} /> : <HowTo />}
      <Model model={similar.model} isWanted={similar.embedder === "model"} />
    </Section>
  );
}

function ComparedBy({ embedder }: { embedder: string }) {
  if (embedder === "lexical") return "Questions are compared by their words, here, with nothing to fetch: the same words in another form count as the same.";
  if (embedder === "model") return "Questions are compared by their meaning, with the model in the data folder. They don’t leave this machine for that.";
  return (
    <>
      Questions are compared by their meaning, with vectors from <code>{embedder}</code>: each question is sent there, and paid.
      Its receipts stand under the client <code>similar-questions</code>.
    </>
  );
}

/** Nothing is counted: how that begins, without a risk. */
function HowTo() {
  return (
    <div className={css.howTo}>
      <p className="soft">
        Nothing is counted: no route looks for similar questions, or none was asked yet. In the shadow it is counted how often an
        answer would have been told, and how often it would have been wrong; every question is asked all the same.
      </p>
      <Snippet what="the lines that switch the shadow on" text={'[cache]\nsimilar = "shadow"'} />
      <p className="soft">
        Or for one alias alone: <code>cache = {'{ similar = "shadow" }'}</code>. <code>"on"</code> tells such answers.
      </p>
    </div>
  );
}
