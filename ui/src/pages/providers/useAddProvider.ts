// Adding in two strokes: the provider into the config, then its key into the
// keychain. When the second fails the first stays, and the message says so.

import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import type { PutProvider } from "../../api/generated";
import { sendKey } from "../../api/keys";
import { readAgain } from "../../api/queries";
import { transport } from "../../api/transport";

/** What to do about its key once it is there. */
export type KeyStep = { paste: string } | { import: true } | undefined;

export function useAddProvider(onDone: () => void) {
  const client = useQueryClient();
  const [busy, setBusy] = useState(false);
  const [refused, setRefused] = useState<string>();

  const add = async (provider: PutProvider, key: KeyStep) => {
    setBusy(true);
    setRefused(undefined);
    let stroke = "It was not added.";
    try {
      await transport.call("providers.put", provider);
      stroke = "It was added, but its key was not saved; set it on the Providers page.";
      if (key && "paste" in key) await sendKey(client, provider.id, key.paste);
      if (key && "import" in key) await transport.call("keys.import", { id: provider.id });
      onDone();
    } catch (error) {
      setRefused(`${stroke} ${error instanceof Error ? error.message : String(error)}`);
      setBusy(false);
    } finally {
      readAgain(client, ["providers", "keys", "status"]);
    }
  };

  return { add, busy, refused, refuse: setRefused };
}
