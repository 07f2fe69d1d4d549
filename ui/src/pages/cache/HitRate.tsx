// How much was answered without a call of its own since the start, by which way, and what that saved.

import type { CacheTally } from "../../api/generated";
import { count, money, plural, share, shortCount } from "../../format";
import { hits, lookedFor, TIERS } from "../../kept";
import { classes } from "../../kit/classes";
import { Figure, FigureLine } from "../../kit/Figures";
import css from "./HitRate.module.css";

export function HitRate({ tally }: { tally: CacheTally }) {
  const found = hits(tally);
  const all = lookedFor(tally);
  return (
    <section aria-label="Since Signalbox started" className={css.use}>
      <FigureLine>
        <Figure
          name="Hit rate"
          big
          value={all === 0 ? "–" : share(found, all)}
          note={all === 0 ? "nothing was looked for yet" : `${count(found)} of ${count(all)} looked for, since the start`}
        />
        <Saved tally={tally} />
        <Figure name="Tokens saved" value={shortCount(tally.saved_tokens)} note="in and out" />
      </FigureLine>
      {all > 0 && <Tiers tally={tally} all={all} />}
      <LeftOut tally={tally} />
    </section>
  );
}

function Saved({ tally }: { tally: CacheTally }) {
  const found = hits(tally);
  const { saved_nano_usd, unpriced } = tally;
  if (unpriced > 0 && saved_nano_usd === 0) {
    return <Figure name="Saved" value="not known" note={`no price is known for ${hitsOf(unpriced, found)}`} />;
  }
  const note =
    unpriced > 0
      ? `and more: no price is known for ${hitsOf(unpriced, found)}`
      : found === 0
        ? "nothing was told again yet"
        : saved_nano_usd === 0
          ? "these answers had cost nothing"
          : "what these answers had cost";
  return <Figure name="Saved" value={money(saved_nano_usd)} note={note} />;
}

function hitsOf(some: number, all: number): string {
  return some === all ? (all === 1 ? "the one hit" : "any of them") : plural(some, "hit");
}

/** A length of bar for each way, in the order of the words below it. */
function Tiers({ tally, all }: { tally: CacheTally; all: number }) {
  let from = 0;
  const parts = [...TIERS.map(({ tier }) => ({ tier, n: tally[tier] })), { tier: "missed" as const, n: tally.missed }];
  return (
    <div className={css.tiers}>
      <svg className={css.bar} viewBox="0 0 1000 12" preserveAspectRatio="none" aria-hidden="true">
        {parts.map(({ tier, n }) => {
          if (n === 0) return null;
          const wide = (1000 * n) / all;
          const rect = <rect key={tier} x={from} width={wide} height="12" className={css[tier]} />;
          from += wide;
          return rect;
        })}
      </svg>
      <dl className={css.legend}>
        {TIERS.map(({ tier, word, meaning }) => (
          <Entry key={tier} tier={tier} word={word} meaning={meaning} n={tally[tier]} all={all} />
        ))}
        <Entry tier="missed" word="Asked anew" meaning="Looked for, and not found: a provider was asked." n={tally.missed} all={all} />
      </dl>
    </div>
  );
}

interface EntryProps {
  tier: (typeof TIERS)[number]["tier"] | "missed";
  word: string;
  meaning: string;
  n: number;
  all: number;
}

function Entry({ tier, word, meaning, n, all }: EntryProps) {
  return (
    <div className={classes(css.entry, n === 0 && css.none)} title={meaning}>
      <dt>
        <svg viewBox="0 0 10 10" className={css.swatch} aria-hidden="true">
          <rect width="10" height="10" rx="2" className={css[tier]} />
        </svg>
        {word}
      </dt>
      <dd>
        <strong>{count(n)}</strong>
        {n > 0 && <span className="soft"> {share(n, all)}</span>}
      </dd>
    </div>
  );
}

/** Requests that took no part, because a person would wonder where they are. */
function LeftOut({ tally: { skipped, bypassed } }: { tally: CacheTally }) {
  if (skipped + bypassed === 0) return null;
  return (
    <div className="soft">
      {skipped > 0 && (
        <p>
          {plural(skipped, "request")} {skipped === 1 ? "was" : "were"} not looked for, because the route's rule or the client
          said so; a receipt tells which.
        </p>
      )}
      {bypassed > 0 && (
        <p>
          {plural(bypassed, "request")} {bypassed === 1 ? "was" : "were"} not looked for, because nearly every look had missed
          on that route.
        </p>
      )}
    </div>
  );
}
