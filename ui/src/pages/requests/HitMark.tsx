// Says beside a request that it was answered from what is kept.

import { hitMark, hitMeaning } from "../../kept";
import css from "./HitMark.module.css";

export function HitMark({ verdict }: { verdict: string | null }) {
  const mark = hitMark(verdict);
  if (mark === undefined || verdict === null) return null;
  return (
    <span className={css.mark} title={hitMeaning(verdict)}>
      {mark}
    </span>
  );
}
