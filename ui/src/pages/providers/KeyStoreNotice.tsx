// Where keys are kept. A keychain needs no words; its absence does.

import type { KeyStore } from "../../api/generated";
import { Notice } from "../../kit/Notice";
import { sentence } from "../../words";

export function KeyStoreNotice({ store }: { store: KeyStore }) {
  if (store.kind === "keychain") return null;
  return (
    <Notice tone="caution">
      <strong>Keys set here are kept in memory and are gone when Signalbox ends.</strong> {sentence(store.reason)}
    </Notice>
  );
}
