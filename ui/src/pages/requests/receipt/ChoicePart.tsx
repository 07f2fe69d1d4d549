// Every target that could have been asked, where it stood and why: what a score was made of is told in
// words and figures, so that a choice can be argued with.

import type { ConsideredShown, ReceiptShown, TermShown } from "../../../api/generated";
import { duration, money } from "../../../format";
import { Told } from "../../../kit/Told";
import { Part } from "./Part";
import css from "./ChoicePart.module.css";

export function ChoicePart({ choice }: { choice: ReceiptShown["choice"] }) {
  if (choice === null) return null;
  return (
    <Part title="Considered" aside="lower scores are better">
      {choice.kept !== null && <p className="soft">{choice.kept}</p>}
      <ul className={css.list}>
        {choice.considered.map((one) => (
          <Considered key={one.target} one={one} />
        ))}
      </ul>
      {choice.no_hedge !== null && (
        <p className="soft">
          No second one was asked beside the first: <Told>{choice.no_hedge}</Told>.
        </p>
      )}
    </Part>
  );
}

function Considered({ one }: { one: ConsideredShown }) {
  return (
    <li>
      <span className={css.place}>{one.place === null ? "–" : one.place}</span>
      <div>
        <strong>{one.target}</strong> {one.place === null && <span className="unseen">not asked</span>}
        <p className="soft">
          <Told>{one.why}</Told> {expected(one)}
        </p>
        {one.score !== null && (
          <p className={css.terms}>
            {one.score.toFixed(2)}
            {one.terms.length > 0 && <> = {one.terms.map(term).join(" + ")}</>}
          </p>
        )}
      </div>
    </li>
  );
}

/** What was expected of it: no figure is shown for what was not looked at. */
function expected({ ttft_ms, cost_nano_usd }: ConsideredShown) {
  if (ttft_ms === null || cost_nano_usd === null) return null;
  return `Expected: first word after ${duration(ttft_ms)}, ${money(cost_nano_usd)}.`;
}

const TERMS: Record<string, string> = {
  price: "dearer",
  latency: "slower",
  load: "fuller",
  errors: "errors",
  uptime: "uptime",
  odd: "oddly slow",
  machine: "this machine is busy",
  priority: "less preferred",
};

function term({ name, value }: TermShown): string {
  return `${TERMS[name] ?? name} ${value.toFixed(2)}`;
}
