// What the doctor thinks of a finding: a mark, a word and what it means. The mark's
// shape differs as well as its colour, and the word always goes with it.

import type { TallyShown, VerdictShown } from "../../../api/generated";
import { classes } from "../../../kit/classes";
import css from "./verdicts.module.css";

interface Verdict {
  word: string;
  /** As in "3 with a note". */
  counted: string;
  shape: React.ReactNode;
}

export const VERDICTS: Record<VerdictShown, Verdict> = {
  works: { word: "Works", counted: "work", shape: <path d="m2.2 6.4 2.6 2.7 5-6" /> },
  noted: {
    word: "Noted",
    counted: "work, with a note",
    shape: <path d="M6 1.6 10.9 10.2H1.1ZM6 4.9v2.3M6 8.5v.4" />,
  },
  failed: { word: "Failed", counted: "failed", shape: <path d="m2.6 2.6 6.8 6.8m0-6.8-6.8 6.8" /> },
  not_offered: { word: "Not offered", counted: "not offered", shape: <path d="M2.5 6h7" /> },
  not_tried: { word: "Not tried", counted: "not tried", shape: <circle cx="6" cy="6" r="3.9" strokeDasharray="1.7 1.7" /> },
};

export function VerdictMark({ verdict }: { verdict: VerdictShown }) {
  return (
    <svg className={classes(css.mark, css[verdict])} viewBox="0 0 12 12" aria-hidden="true">
      {VERDICTS[verdict].shape}
    </svg>
  );
}

/** How many findings have which verdict; those that none has are left out. */
export function Tally({ tally }: { tally: TallyShown }) {
  const verdicts = Object.keys(VERDICTS) as VerdictShown[];
  return (
    <span className={css.tally}>
      {verdicts
        .filter((verdict) => tally[verdict] > 0)
        .map((verdict) => (
          <span key={verdict} className={classes(css.count, verdict === "failed" && css.bad)}>
            <VerdictMark verdict={verdict} />
            {tally[verdict]} {VERDICTS[verdict].counted}
          </span>
        ))}
    </span>
  );
}
