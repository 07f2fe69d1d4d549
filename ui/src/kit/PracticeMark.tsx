// Says that something came from the practice provider, wherever it shows up.

import css from "./PracticeMark.module.css";

const MEANING = "The built-in practice provider: no model answers, nothing is billed.";

export function PracticeMark() {
  return (
    <span className={css.mark} title={MEANING}>
      practice
    </span>
  );
}

/** Beside the practice provider's own name, which says the word already. */
export function BuiltInMark() {
  return (
    <span className={css.mark} title={MEANING}>
      built in, bills nothing
    </span>
  );
}
