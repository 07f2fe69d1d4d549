// A piece of text to take away, with its copy button.

import { CopyButton } from "./CopyButton";
import css from "./Snippet.module.css";

export function Snippet({ text, what }: { text: string; what: string }) {
  return (
    <div className={css.snippet}>
      {/* It scrolls sideways, so the keyboard must be able to reach it. */}
      <pre tabIndex={0} aria-label={what}>
        <code>{text}</code>
      </pre>
      <CopyButton text={text} what={what} />
    </div>
  );
}
