// A titled part of a receipt.

import type { ReactNode } from "react";
import css from "./Part.module.css";

export function Part({ title, aside, children }: { title: string; aside?: ReactNode; children: ReactNode }) {
  return (
    <section className={css.part}>
      <div className={css.head}>
        <h3>{title}</h3>
        {aside && <span className="soft">{aside}</span>}
      </div>
      {children}
    </section>
  );
}

/** A line of name and value; `strong` for sums. */
export function Line({ name, children, strong }: { name: ReactNode; children: ReactNode; strong?: boolean }) {
  return (
    <div className={strong ? `${css.line} ${css.strong}` : css.line}>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}
