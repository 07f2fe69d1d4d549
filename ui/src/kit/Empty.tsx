// What stands where nothing is yet: a length of empty track, and the next step.

import type { ReactNode } from "react";
import css from "./Empty.module.css";

export function Empty({ title, children }: { title: string; children?: ReactNode }) {
  return (
    <div className={css.empty}>
      <svg viewBox="0 0 120 14" aria-hidden="true" className={css.track}>
        <path d="M8 0V14M22 0V14M36 0V14M50 0V14M64 0V14M78 0V14M92 0V14M106 0V14" />
        <path d="M0 4H120M0 10H120" className={css.rails} />
      </svg>
      <p className={css.title}>{title}</p>
      {children && <div className={css.words}>{children}</div>}
    </div>
  );
}
