// What the translation into the provider's dialect could not carry, gravest first.

import type { NoteShown } from "../../../api/generated";
import { Told } from "../../../kit/Told";
import { loss } from "../../../words";
import { Part } from "./Part";
import css from "./DroppedPart.module.css";

const GRAVITY = ["dropped", "degraded", "equivalent"];

export function NotesPart({ notes }: { notes: NoteShown[] }) {
  if (notes.length === 0) return null;
  const gravest = [...notes].sort((a, b) => GRAVITY.indexOf(a.loss) - GRAVITY.indexOf(b.loss));
  return (
    <Part title="Translation">
      <ul className={css.dropped}>
        {gravest.map((note) => (
          <li key={`${note.loss} ${note.what}`}>
            <code>{note.what}</code> {loss(note.loss)}: <span className="soft"><Told>{note.why}</Told></span>
          </li>
        ))}
      </ul>
    </Part>
  );
}
