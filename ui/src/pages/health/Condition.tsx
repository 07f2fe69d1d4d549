// What failed, by class, and what is waited for.

import type { HeldShown, Signals } from "../../api/generated";
import { count, span } from "../../format";
import css from "./Condition.module.css";

/** `3.1%: 5 × 503, 2 × timeout`. What was the caller's fault is told and makes no share. */
export function Errors({ signals: { errors, error_percent, requests } }: { signals: Signals }) {
  if (errors.length === 0) {
    return <span className="faint">{requests === 0 ? "nothing asked" : `none of ${count(requests)}`}</span>;
  }
  return (
    <>
      {error_percent > 0 && <strong className={css.share}>{error_percent.toFixed(1)}%: </strong>}
      {errors.map(({ class: name, label, count: n }, index) => (
        <span key={name}>
          {index > 0 && ", "}
          <span className={css.count}>
            {count(n)} × {label}
          </span>
        </span>
      ))}
    </>
  );
}

export function Held({ held }: { held: HeldShown | null }) {
  if (held === null) return null;
  return (
    <span className={css.held}>
      {held.reason} <span className={css.until}>Held {span(held.for_ms)} more.</span>
    </span>
  );
}
