// The first run: nothing but the practice provider is ready. Three steps to real
// traffic, and a line that works right now.

import { useControl } from "../../api/queries";
import type { CatalogueEntry } from "../../api/generated";
import { Snippet } from "../../kit/Snippet";
import { curlLine } from "./snippets";
import css from "./FirstRun.module.css";

export function FirstRun() {
  const connect = useControl("connect", {});
  const catalogue = useControl("providers.catalogue", {});
  return (
    <section className={css.card} aria-labelledby="first-run">
      <h2 id="first-run">First run</h2>
      <p className="soft">
        Signalbox runs, and only its practice provider is ready. It answers with made-up text and bills nothing, so you
        can try everything before you add a key.
      </p>
      <ol className={css.steps}>
        <li>
          <h3>Add a provider and its key</h3>
          <p>
            <a href="#/providers?add=1">Choose a provider</a>. Its key goes into this machine&rsquo;s keychain.
          </p>
        </li>
        <li>
          <h3>Or use a key you already have</h3>
          <p>{catalogue.data ? <Found entries={catalogue.data} /> : "Looking through the environment…"}</p>
        </li>
        <li>
          <h3>Connect a tool</h3>
          <p>
            Point it at {connect.data ? <code>{connect.data.base_url}</code> : "the address below"} with a client key.
            The lines to paste are at the end of this page.
          </p>
        </li>
      </ol>
      {connect.data && (
        <div className={css.try}>
          <p>Try it now, with no provider at all:</p>
          <Snippet what="the practice request" text={curlLine(connect.data.base_url, connect.data.first_key?.key)} />
        </div>
      )}
    </section>
  );
}

function Found({ entries }: { entries: CatalogueEntry[] }) {
  const found = entries.filter((entry) => entry.environment !== null && !entry.configured);
  if (found.length === 0) return "No provider's key was found in the environment Signalbox was started in.";
  return (
    <>
      Found in the environment:{" "}
      {found.map((entry, index) => (
        <span key={entry.id}>
          {index > 0 && ", "}
          <a href={`#/providers?add=${entry.id}`}>{entry.name}</a> (<code>{entry.environment}</code>)
        </span>
      ))}
      .
    </>
  );
}
