// Adding in three strokes: the provider into the config, then its key into the
// keychain, then a test. When a later one fails the earlier ones stay, and the
// message says so; adding again mends it, because the first stroke only changes
// what it is told.

import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import type { ProviderTest, PutProvider } from "../../api/generated";
import { sendKey } from "../../api/keys";
import { readAgain } from "../../api/queries";
import { ControlError, transport } from "../../api/transport";
import { sentence } from "../../words";

/** What to do about its key once it is there. */
export type KeyStep = "none" | "later" | "import" | { paste: string };

/** Why it did not go on, and the field of the form that is at fault, when it is one. */
export interface Refused {
  message: string;
  field?: string | undefined;
}

export type Stage = "asking" | "adding" | "testing";

export function useAddProvider(onDone: () => void) {
  const client = useQueryClient();
  const [stage, setStage] = useState<Stage>("asking");
  const [refused, setRefused] = useState<Refused>();
  const [tested, setTested] = useState<ProviderTest>();

  const add = async (provider: PutProvider, key: KeyStep) => {
    const { id } = provider;
    setStage("adding");
    setRefused(undefined);
    let stroke = "It was not added.";
    try {
      await transport.call("providers.put", provider);
      stroke = "It was added, but its key was not saved.";
      if (typeof key === "object") await sendKey(client, id, key.paste);
      if (key === "import") await transport.call("keys.import", { id });
      if (key === "later") return onDone();
      stroke = "It was added, but could not be tested.";
      setStage("testing");
      setTested(await transport.call("providers.test", { id }));
    } catch (error) {
      const message = sentence(error instanceof Error ? error.message : String(error));
      const field = error instanceof ControlError ? error.field : undefined;
      setRefused({ message: field === undefined ? `${stroke} ${message}` : message, field });
    } finally {
      setStage("asking");
      readAgain(client, ["providers", "keys", "status"]);
    }
  };

  return { add, stage, refused, refuse: setRefused, tested, again: () => setTested(undefined) };
}
