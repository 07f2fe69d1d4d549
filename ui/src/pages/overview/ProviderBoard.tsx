// How each provider has been doing, one line and one lamp each.

import type { ProviderHealth } from "../../api/generated";
import { ago, count, duration, money } from "../../format";
import { Empty } from "../../kit/Empty";
import { Lamp } from "../../kit/Lamp";
import { useNow } from "../../kit/now";
import { BuiltInMark } from "../../kit/PracticeMark";
import { Section } from "../../kit/Section";
import { Table } from "../../kit/Table";
import { failure, HEALTH } from "../../words";
import css from "./ProviderBoard.module.css";

export function ProviderBoard({ providers }: { providers: ProviderHealth[] }) {
  return (
    <Section title="Health of providers" aside={
        <>
          <a href="#/health">All signals</a>
          <a href="#/providers">Set up providers</a>
        </>
      }>
      {providers.length === 0 ? (
        <Empty title="No provider yet">Add one on the Providers page.</Empty>
      ) : (
        <Table label="Health of providers" className={css.board}>
          <thead>
            <tr>
              <th scope="col">Provider</th>
              <th scope="col">State</th>
              <th scope="col" className="num">
                First byte
              </th>
              <th scope="col" className="num" title="Attempts in the last five minutes">
                Tries, 5 min
              </th>
              <th scope="col" className="num">
                In flight
              </th>
              <th scope="col" className="num">
                Spend today
              </th>
              <th scope="col">Why</th>
            </tr>
          </thead>
          <tbody>
            {providers.map((provider) => (
              <Line key={provider.id} provider={provider} />
            ))}
          </tbody>
        </Table>
      )}
    </Section>
  );
}

function Line({ provider }: { provider: ProviderHealth }) {
  const { aspect, word, meaning } = HEALTH[provider.state];
  return (
    <tr>
      <th scope="row" className={css.name}>
        {provider.name} {provider.practice && <BuiltInMark />}
      </th>
      <td>
        <Lamp aspect={aspect} word={word} meaning={meaning} />
      </td>
      <td className="num">{provider.ttft_ms === null ? <Nothing /> : duration(provider.ttft_ms)}</td>
      <td className="num">
        {count(provider.attempts)}
        {provider.failures > 0 && <span className={css.failed}>, {count(provider.failures)} failed</span>}
      </td>
      <td className="num">{count(provider.in_flight)}</td>
      <td className="num">{money(provider.spend_today_nano_usd)}</td>
      <td className={css.why}>
        <Why provider={provider} />
      </td>
    </tr>
  );
}

/** What the state comes from, and what failed last. */
function Why({ provider: { cause, last_failure: last } }: { provider: ProviderHealth }) {
  const now = useNow();
  if (cause === null && last === null) return <span className="faint">nothing failed lately</span>;
  return (
    <span title={last?.message}>
      {cause !== null && <>{cause}. </>}
      {last !== null && (
        <>
          {ago(last.at_unix_ms, now)}: {failure(last.category)}. <span className="soft">{last.message}</span>
        </>
      )}
    </span>
  );
}

function Nothing() {
  return (
    <span className="faint">
      <span aria-hidden="true">–</span>
      <span className="unseen">not measured</span>
    </span>
  );
}
