// A dense table that scrolls sideways by itself when the window is narrow.

import type { ReactNode } from "react";
import { classes } from "./classes";
import css from "./Table.module.css";

export function Table({ label, children, className }: { label: string; children: ReactNode; className?: string }) {
  return (
    // Focusable, because what scrolls must be reachable by keyboard.
    <div className={css.scroll} tabIndex={0} role="region" aria-label={`${label}, table`}>
      <table className={classes(css.table, className)} aria-label={label}>
        {children}
      </table>
    </div>
  );
}
