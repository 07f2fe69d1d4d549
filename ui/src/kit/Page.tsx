// A page: its heading, what stands beside it, and its parts below each other.

import type { ReactNode } from "react";
import css from "./Page.module.css";

export function Page({ title, aside, children }: { title: string; aside?: ReactNode; children: ReactNode }) {
  return (
    <div className={css.page}>
      <div className={css.head}>
        <h1 tabIndex={-1}>{title}</h1>
        {aside}
      </div>
      {children}
    </div>
  );
}
