// A message that a person should read: what happened, to whom, what to do next.

import type { ReactNode } from "react";
import { LampGlass } from "./Lamp";
import { classes } from "./classes";
import css from "./Notice.module.css";

type Tone = "note" | "caution" | "danger" | "good";

const ASPECT = { note: "held", caution: "caution", danger: "danger", good: "clear" } as const;

interface Props {
  tone: Tone;
  children: ReactNode;
  action?: ReactNode;
  /** Read out when it appears. Off for what stands on the page from the beginning. */
  announce?: boolean;
}

export function Notice({ tone, children, action, announce = false }: Props) {
  const role = announce ? (tone === "danger" ? "alert" : "status") : undefined;
  return (
    <div className={classes(css.notice, css[tone])} role={role}>
      <LampGlass aspect={ASPECT[tone]} />
      <div className={css.words}>{children}</div>
      {action}
    </div>
  );
}
