// One provider: what it is on the left, what can be done to it on the right, and
// below both whatever came of it.

import type { KeyStore, ProviderShown } from "../../api/generated";
import { count, duration, plural } from "../../format";
import { Lamp } from "../../kit/Lamp";
import { BuiltInMark } from "../../kit/PracticeMark";
import { dialect, failure, HEALTH } from "../../words";
import { ExaminationPart } from "./examination/ExaminationPart";
import { DrainState } from "./DrainState";
import { KeyState } from "./KeyState";
import { ProviderActions } from "./ProviderActions";
import css from "./ProviderItem.module.css";

export function ProviderItem({ provider, keyStore }: { provider: ProviderShown; keyStore: KeyStore }) {
  const { health } = provider;
  const { aspect, word, meaning } = HEALTH[health.state];
  return (
    <li className={css.item} aria-label={health.name}>
      <div className={css.head}>
        <h3>{health.name}</h3>
        <code className="soft">{health.id}</code>
        {health.practice && <BuiltInMark />}
        {provider.local && !health.practice && <span className={css.mark}>on this machine</span>}
        <span className={css.state}>
          <Lamp aspect={aspect} word={word} meaning={meaning} />
        </span>
      </div>
      <div className={css.facts}>
        <div className={css.setup}>
          <KeyState provider={provider} keyStore={keyStore} />
          <Addresses provider={provider} />
        </div>
        <Figures provider={provider} />
      </div>
      <ProviderActions provider={provider} />
      <ExaminationPart provider={provider} />
    </li>
  );
}

function Figures({ provider: { health, drain, models } }: { provider: ProviderShown }) {
  const parts = [];
  if (health.ttft_ms !== null) parts.push(`first byte ${duration(health.ttft_ms)}`);
  if (health.attempts > 0) parts.push(`${count(health.failures)} of ${count(health.attempts)} tries failed lately`);
  if (health.last_failure !== null) parts.push(`last: ${failure(health.last_failure.category)}`);
  if (models.length > 0) parts.push(plural(models.length, "model"));
  return (
    <p className="soft">
      {drain && (
        <strong className={css.draining}>
          <DrainState drain={drain} />.{" "}
        </strong>
      )}
      <span title={models.join("\n")}>{capitalised(parts.join(", ")) || "Nothing measured yet"}</span>
    </p>
  );
}

function Addresses({ provider }: { provider: ProviderShown }) {
  // The practice provider is inside Signalbox: it has no address.
  if (provider.health.practice) return null;
  return (
    <p className={css.addresses}>
      {provider.surfaces.map(({ dialect: name, base_url }) => (
        <span key={name}>
          <span className="soft">{dialect(name)}</span> <code>{base_url}</code>
        </span>
      ))}
    </p>
  );
}

function capitalised(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
