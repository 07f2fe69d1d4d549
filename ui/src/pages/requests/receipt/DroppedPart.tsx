// Targets that were considered and left out, each with its reason.

import type { DroppedShown } from "../../../api/generated";
import { Told } from "../../../kit/Told";
import { Part } from "./Part";
import css from "./DroppedPart.module.css";

export function DroppedPart({ dropped }: { dropped: DroppedShown[] }) {
  if (dropped.length === 0) return null;
  return (
    <Part title="Left out">
      <ul className={css.dropped}>
        {dropped.map(({ target, reason }) => (
          <li key={`${target} ${reason}`}>
            {target}: <span className="soft"><Told>{reason}</Told></span>
          </li>
        ))}
      </ul>
    </Part>
  );
}
