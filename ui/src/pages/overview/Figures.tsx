// Today in seven figures.

import type { ReactNode } from "react";
import type { CacheTally, PromptCacheSums, Totals } from "../../api/generated";
import { count, money, share, shortCount } from "../../format";
import { hits, lookedFor } from "../../kept";
import css from "./Figures.module.css";

interface Props {
  today: Totals;
  /** Since the start: providers' own caches. */
  caches: PromptCacheSums;
  /** Since the start: kept answers have no midnight. */
  cache: CacheTally;
  inFlight: number;
}

export function Figures({ today, caches, cache, inFlight }: Props) {
  const [told, asked] = [hits(cache), lookedFor(cache)];
  return (
    <section aria-label="Today">
      <dl className={css.figures}>
        <Figure name="Requests today" value={count(today.requests)} />
        <Figure
          name="Failed"
          value={count(today.failed)}
          note={
            today.failed > 0 ? (
              <a href="#/requests?failed=1">
                {share(today.failed, today.requests)} of requests<span className="unseen">: show the failed ones</span>
              </a>
            ) : (
              "none"
            )
          }
        />
        <Figure
          name="Spend today"
          value={money(today.spend_nano_usd)}
          note={
            today.estimated_nano_usd > 0
              ? `${money(today.estimated_nano_usd)} of it estimated`
              : today.spend_nano_usd > 0 && "all metered"
          }
        />
        <Figure
          name="Tokens today"
          value={
            <>
              {shortCount(today.input_tokens)} <small>in</small> {shortCount(today.output_tokens)} <small>out</small>
            </>
          }
          note={
            <span title={sinceTheStart(caches)}>
              {share(today.cached_tokens, today.input_tokens)} from providers' caches{saved(today.cache_saved_nano_usd)}
            </span>
          }
        />
        <Figure
          name="Cache hit rate"
          value={asked === 0 ? "–" : share(told, asked)}
          note={
            <a href="#/cache">
              {asked === 0 ? "nothing looked for yet" : `${shortCount(told)} of ${shortCount(asked)}`}
              <span className="unseen"> since Signalbox started: show the cache</span>
            </a>
          }
        />
        <Figure
          name="By tools today"
          value={count(today.by_tools)}
          note={
            <a href="#/tools">
              {today.by_tools === 0 ? "no model left out" : `${money(today.tool_saved_nano_usd)} saved`}
              <span className="unseen"> by answers without a model: show the tools</span>
            </a>
          }
        />
        <Figure name="In flight" value={count(inFlight)} note="right now" />
      </dl>
    </section>
  );
}

/** What providers' prompt caches came to in money; writing to them may cost more than reading saved. */
function saved(nanoUsd: number): string {
  if (nanoUsd === 0) return "";
  return nanoUsd > 0 ? `, ${money(nanoUsd)} saved` : `, for ${money(-nanoUsd)} more`;
}

function sinceTheStart({ read_tokens, written_tokens, saved_nano_usd }: PromptCacheSums): string {
  const tokens = `${shortCount(read_tokens)} tokens read from providers' caches, ${shortCount(written_tokens)} written`;
  return `Since the start: ${tokens}${saved(saved_nano_usd)}`;
}

function Figure({ name, value, note }: { name: string; value: ReactNode; note?: ReactNode }) {
  return (
    <div className={css.figure}>
      <dt>{name}</dt>
      <dd className={css.value}>{value}</dd>
      {note && <dd className={css.note}>{note}</dd>}
    </div>
  );
}
