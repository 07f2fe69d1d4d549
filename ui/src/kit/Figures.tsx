// A few figures in a line, each with its name above it and what it means below it.

import type { ReactNode } from "react";
import { classes } from "./classes";
import css from "./Figures.module.css";

export function FigureLine({ children }: { children: ReactNode }) {
  return <dl className={css.figures}>{children}</dl>;
}

export function Figure({ name, value, note, big = false }: { name: string; value: ReactNode; note: ReactNode; big?: boolean }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd className={classes(css.value, big && css.big)}>{value}</dd>
      <dd className={css.note}>{note}</dd>
    </div>
  );
}
