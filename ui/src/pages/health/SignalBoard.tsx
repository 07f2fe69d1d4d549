// One line for each model, under its provider. A line says what is wrong before how fast it is.

import type { KeySignals, ProviderSignals, TargetSignals } from "../../api/generated";
import { count, duration, shortCount, span } from "../../format";
import { Lamp } from "../../kit/Lamp";
import { BuiltInMark } from "../../kit/PracticeMark";
import { Table } from "../../kit/Table";
import { BREAKER, HEALTH } from "../../words";
import { Errors, Held } from "./Condition";
import { Headroom } from "./Headroom";
import css from "./SignalBoard.module.css";

const COLUMNS = 8;

export function SignalBoard({ providers }: { providers: ProviderSignals[] }) {
  return (
    <Table label="Signals by provider and model" className={css.board}>
      <thead>
        <tr>
          <th scope="col">Model</th>
          <th scope="col">State</th>
          <th scope="col">Errors, 2 min</th>
          <th scope="col" className="num" title="Recent mean time to the first token; of answers that come whole, to the answer">
            First token
          </th>
          <th scope="col" className="num" title="Recent mean speed after the first token of answers that come as streams">
            Tokens/s
          </th>
          <th scope="col" className="num">
            In flight
          </th>
          <th scope="col" title="What the provider's headers said of its rate limits, last">
            Left of its limits
          </th>
          <th scope="col" className="num">
            Uptime, 1 h
          </th>
        </tr>
      </thead>
      {providers.map((provider) => (
        <Group key={provider.id} provider={provider} />
      ))}
    </Table>
  );
}

function Group({ provider }: { provider: ProviderSignals }) {
  const { aspect, word, meaning } = HEALTH[provider.state];
  return (
    <tbody>
      <tr className={css.group}>
        <th scope="rowgroup" colSpan={COLUMNS}>
          <span className={css.provider}>
            <strong>{provider.name}</strong>
            {provider.practice && <BuiltInMark />}
            {provider.local && !provider.practice && <span className={css.mark}>on this machine</span>}
            <Lamp aspect={aspect} word={word} meaning={meaning} />
            {provider.keys.filter(isUnwell).map((key) => (
              <KeyTrouble key={key.key} of={key} />
            ))}
          </span>
        </th>
      </tr>
      {provider.targets.map((target) => (
        <Line key={target.model} target={target} />
      ))}
    </tbody>
  );
}

function isUnwell({ signals }: KeySignals): boolean {
  return signals.state !== "healthy" || signals.held !== null;
}

/** What its models have in common: the connection, the key, the account. */
function KeyTrouble({ of: { key, signals } }: { of: KeySignals }) {
  return (
    <span className={css.key}>
      {key === "" ? "Connection" : `Key ${key}`}: {signals.cause}
      <Held held={signals.held} />
    </span>
  );
}

function Line({ target }: { target: TargetSignals }) {
  const { signals } = target;
  const { aspect, word, meaning } = BREAKER[signals.state];
  const held = signals.held ?? target.routes.find((route) => route.signals.held !== null)?.signals.held ?? null;
  return (
    <tr>
      <th scope="row" className={css.model}>
        <code>{target.model}</code>
      </th>
      <td className={css.state}>
        <Lamp aspect={aspect} word={word} meaning={meaning} />
        {signals.state !== "healthy" && <span className="soft"> for {span(signals.for_ms)}</span>}
        <Held held={held} />
        <Slow target={target} />
      </td>
      <td className={css.errors}>
        <Errors signals={signals} />
      </td>
      <td className="num">{target.ttft_ms === null ? <Unknown /> : duration(target.ttft_ms)}</td>
      <td className="num" title={target.token_ms === null ? undefined : `${duration(target.token_ms)} for each token`}>
        {target.tokens_per_s === null ? <Unknown /> : shortCount(Math.round(target.tokens_per_s))}
      </td>
      <td className={`num ${css.flight}`}>
        <InFlight target={target} />
      </td>
      <td className={css.limits}>
        <Headroom routes={target.routes} />
      </td>
      <td className="num">
        <span title={target.uptime_penalty > 0.005 ? `Costs ${target.uptime_penalty.toFixed(2)} in a score; lower scores are better.` : undefined}>
          {target.uptime_percent.toFixed(1)}%
        </span>
      </td>
    </tr>
  );
}

/** From here on a model is odd, as routing has it; what its peers share is the network's. */
const ODD = 3;

function Slow({ target: { oddness, peers_oddness } }: { target: TargetSignals }) {
  if (oddness - peers_oddness < ODD) return null;
  return <p className={css.note}>Slower than the size of its requests explains.</p>;
}

function InFlight({ target }: { target: TargetSignals }) {
  const { in_flight, tokens_in_flight, queue } = target;
  return (
    <>
      {count(in_flight)}
      {in_flight > 0 && <span className={css.note}>{shortCount(tokens_in_flight)} tokens</span>}
      {queue !== null && (
        <span className={css.note} title={`${queue.waiting_per_running.toFixed(1)} wait for each that runs; its cache is ${Math.round(queue.cache_percent)}% full.`}>
          there: {count(queue.running)} run, {count(queue.waiting)} wait
        </span>
      )}
    </>
  );
}

function Unknown() {
  return (
    <span className="faint">
      <span aria-hidden="true">–</span>
      <span className="unseen">not measured</span>
    </span>
  );
}
