// What stands instead of the panel when its session is missing or over.

import { Snippet } from "../kit/Snippet";
import css from "./FreshLink.module.css";

export function FreshLink() {
  return (
    <main className={css.page}>
      <svg viewBox="0 0 64 96" aria-hidden="true" className={css.signal}>
        <path d="M20 12V92M10 92H30" className={css.mast} />
        <rect x="20" y="16" width="42" height="14" rx="2" className={css.arm} />
        <rect x="49" y="16" width="5" height="14" className={css.stripe} />
        <circle cx="20" cy="23" r="11" className={css.mount} />
        <circle cx="20" cy="23" r="6" className={css.lamp} />
      </svg>
      <div className={css.words}>
        <h1>This panel needs a fresh link</h1>
        <p>
          Links open the panel once, for one browser, so that no other page or person on this machine can use it. Yours
          is missing, used or out of date. Ask for a new one in a terminal:
        </p>
        <Snippet text="signalbox link" what="the command" />
        <p className="soft">
          Open the address it prints, in this browser. Your tools are not affected: they use their own client keys.
        </p>
      </div>
    </main>
  );
}
