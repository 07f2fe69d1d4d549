// Where a provider's key comes from and whether it is there. Never the key.

import type { KeyShown, KeyStore, ProviderShown } from "../../api/generated";
import { LampGlass } from "../../kit/Lamp";
import css from "./KeyState.module.css";

export function KeyState({ provider: { key, health }, keyStore }: { provider: ProviderShown; keyStore: KeyStore }) {
  if (key.source === "none") {
    return health.practice ? null : <p className="soft">Needs no key</p>;
  }
  const missing = !key.present;
  return (
    <>
      <p className={css.key}>
        <LampGlass aspect={missing ? "caution" : "clear"} />
        <span className={missing ? css.missing : undefined}>{words(key, keyStore)}</span>
      </p>
      {key.others.map(({ name, present }) => (
        <p key={name} className={css.key}>
          <LampGlass aspect={present ? "clear" : "caution"} />
          <span className={present ? undefined : css.missing}>
            {present ? `Another key: ${name}` : `Another key is missing: ${name}`}
          </span>
        </p>
      ))}
    </>
  );
}

function words(key: KeyShown, store: KeyStore): string {
  if (key.source === "environment") {
    return key.present
      ? `Key read from the environment variable ${key.name ?? "?"}`
      : `Key missing: the environment variable ${key.name ?? "?"} is not set where Signalbox was started`;
  }
  if (key.present) return store.kind === "memory" ? "Key set for this run only" : "Key in the keychain";
  return key.importable === null ? "Key missing: set one" : `Key missing: set one, or import it from ${key.importable}`;
}
