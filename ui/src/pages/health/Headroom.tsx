// What is left of a provider's limits, as its headers said last: a bar with its words, by key.

import type { AllowanceShown, RouteSignals } from "../../api/generated";
import { shortCount, span } from "../../format";
import { classes } from "../../kit/classes";
import css from "./Headroom.module.css";

export function Headroom({ routes }: { routes: RouteSignals[] }) {
  const known = routes.filter(saysSomething);
  if (known.length === 0) return <span className="faint">not announced</span>;
  return (
    <ul className={css.ways}>
      {known.map((route) => (
        <li key={route.key}>
          {routes.length > 1 && <span className={css.key}>Key {route.key || "none"}</span>}
          {route.requests && <Allowance what="requests" of={route.requests} />}
          {route.tokens && <Allowance what="tokens" of={route.tokens} />}
          <Pace route={route} />
        </li>
      ))}
    </ul>
  );
}

function saysSomething({ requests, tokens, requests_per_minute, tokens_per_minute }: RouteSignals): boolean {
  return [requests, tokens, requests_per_minute, tokens_per_minute].some((figure) => figure !== null);
}

/** Under this share it is nearly used up, and requests take turns. */
const SCARCE = 0.2;

function Allowance({ what, of: { limit, remaining, resets_in_ms } }: { what: string; of: AllowanceShown }) {
  const whole = resets_in_ms === 0;
  const left = whole ? (limit ?? remaining) : remaining;
  const part = limit === null || left === null ? null : Math.min(1, left / Math.max(limit, 1));
  return (
    <div className={css.allowance}>
      {part !== null && (
        <svg className={classes(css.bar, part < SCARCE && css.scarce)} viewBox="0 0 100 6" preserveAspectRatio="none" aria-hidden="true">
          <rect width="100" height="6" className={css.all} />
          <rect width={100 * part} height="6" />
        </svg>
      )}
      <span className={css.words}>
        {left === null ? `limit ${shortCount(limit ?? 0)}` : shortCount(left)}
        {limit !== null && left !== null && ` of ${shortCount(limit)}`} {what}
        {resets_in_ms !== null && !whole && (
          <>
            , <span className={css.reset}>whole in {span(resets_in_ms)}</span>
          </>
        )}
      </span>
    </div>
  );
}

/** A pace that was learnt from refusals, where no header announces one. */
function Pace({ route: { requests, tokens, requests_per_minute, tokens_per_minute } }: { route: RouteSignals }) {
  const learnt = [];
  if (requests_per_minute !== null && requests?.limit !== Math.round(requests_per_minute)) {
    learnt.push(`${shortCount(Math.round(requests_per_minute))} requests`);
  }
  if (tokens_per_minute !== null && tokens?.limit !== Math.round(tokens_per_minute)) {
    learnt.push(`${shortCount(Math.round(tokens_per_minute))} tokens`);
  }
  if (learnt.length === 0) return null;
  return <span className={css.words}>kept to {learnt.join(" and ")} a minute</span>;
}
