// Says beside a request that tools had a hand in it.

import { toolMark, wayMeaning } from "../../tools";
import css from "./HitMark.module.css";

export function ToolMark({ way }: { way: string | null }) {
  const mark = toolMark(way);
  if (mark === undefined || way === null) return null;
  return (
    <span className={css.mark} title={wayMeaning(way)}>
      {mark}
    </span>
  );
}
