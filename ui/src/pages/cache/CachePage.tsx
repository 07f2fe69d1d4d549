// Cache: of what use answers are that were given before, what is kept of them, similar
// questions, and forgetting them.

import { useState } from "react";
import type { CachePage as Shown, PurgeCache, PurgedCache } from "../../api/generated";
import { useChange, useControl } from "../../api/queries";
import { plural } from "../../format";
import { Button } from "../../kit/Button";
import { Empty } from "../../kit/Empty";
import { Notice } from "../../kit/Notice";
import { Page } from "../../kit/Page";
import { Reading } from "../../kit/Reading";
import { Section } from "../../kit/Section";
import { Told } from "../../kit/Told";
import { ForgetDialog } from "./ForgetDialog";
import { HitRate } from "./HitRate";
import { RouteBoard } from "./RouteBoard";
import { Similar } from "./Similar";
import { Stores } from "./Stores";

/** Answers expire without any event. */
const AGES_MS = 5_000;
/** A download of the model is watched. */
const FETCHES_MS = 1_000;

export function CachePage() {
  const cache = useControl("cache.page", {}, {
    everyMs: (last) => (last && last.similar.model.fetching !== null ? FETCHES_MS : AGES_MS),
  });
  const purge = useChange("cache.purge");
  const [asking, setAsking] = useState(false);
  return (
    <Page
      title="Cache"
      aside={
        cache.data && (
          <Button onPress={() => setAsking(true)} isDisabled={purge.isPending}>
            Forget answers…
          </Button>
        )
      }
    >
      <Reading query={cache} what="the cache">
        {(data) => (
          <>
            {purge.isError && (
              <Notice tone="danger" announce>
                The answers were not forgotten. <Told>{purge.error.message}</Told>
              </Notice>
            )}
            {purge.data && <Forgotten what={purge.data} onClose={purge.reset} />}
            <Use cache={data} />
            <Section title="Kept now">
              <Stores memory={data.memory} disk={data.disk} notKept={data.not_kept} />
            </Section>
            {data.routes.length > 0 && (
              <Section title="By route" aside="The alias or the model that was asked for">
                <RouteBoard routes={data.routes} disk={data.disk} onForget={(route) => purge.mutate({ route })} />
              </Section>
            )}
            <Similar similar={data.similar} routes={data.routes} />
            <ForgetDialog
              isOpen={asking}
              cache={data}
              onClose={() => setAsking(false)}
              onForget={(what: PurgeCache) => purge.mutate(what)}
            />
          </>
        )}
      </Reading>
    </Page>
  );
}

function Use({ cache }: { cache: Shown }) {
  if (!cache.on) {
    return (
      <Empty title="Keeping answers is switched off">
        <p>
          The config says <code>on = false</code> under <code>[cache]</code>, and no alias says otherwise. Every question is
          asked anew. Take the line out and save the file: it counts at once.
        </p>
      </Empty>
    );
  }
  if (cache.routes.length === 0) {
    return (
      <Empty title="Nothing has been asked yet">
        <p>
          When the same is asked twice, the second answer comes from here and costs nothing. By default that goes for requests
          with a <code>seed</code>, or a <code>temperature</code> of 0.3 or less. <a href="#/">Connect a tool</a>
        </p>
      </Empty>
    );
  }
  return <HitRate tally={cache.all} />;
}

function Forgotten({ what, onClose }: { what: PurgedCache; onClose: () => void }) {
  return (
    <Notice
      tone="good"
      announce
      action={
        <Button kind="bare" onPress={onClose} aria-label="Close the message about forgotten answers">
          Close
        </Button>
      }
    >
      Forgot {plural(what.entries, "answer")} in memory.{what.disk && " The disk was emptied as a whole."}
    </Notice>
  );
}
