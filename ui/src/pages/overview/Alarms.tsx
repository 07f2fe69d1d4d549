// What needs a person, on top of everything else. Absent when all is well.

import type { Alarm } from "../../api/generated";
import { PAGES } from "../../app/route";
import { Notice } from "../../kit/Notice";
import { Told } from "../../kit/Told";
import { sentence } from "../../words";
import css from "./Alarms.module.css";

/** Where the rest of the story is. Codes without an entry say all in their message. */
const MORE: Record<string, { href: string; label: string }> = {
  config_refused: { href: PAGES.providers.href, label: "See the config file" },
  keychain_unavailable: { href: PAGES.providers.href, label: "See where keys are kept" },
};

export function Alarms({ alarms }: { alarms: Alarm[] }) {
  if (alarms.length === 0) return null;
  return (
    <ul className={css.alarms} aria-label="Needs attention">
      {alarms.map((alarm) => {
        const more = MORE[alarm.code];
        return (
          <li key={`${alarm.code} ${alarm.message}`}>
            <Notice tone="danger" announce action={more && <a href={more.href}>{more.label}</a>}>
              <Told>{sentence(alarm.message)}</Told>
            </Notice>
          </li>
        );
      })}
    </ul>
  );
}
