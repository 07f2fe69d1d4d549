// Adding in three strokes: the provider into the config, then its key into the
// keychain, then a test. When a later one fails the earlier ones stay, and the
// message says so. Adding again from the same form begins anew: what it added
// before goes first, so that nothing stays of what was changed since.

import { useQueryClient, type QueryClient } from "@tanstack/react-query";
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
  const [added, setAdded] = useState<Added>();

  const add = async (provider: PutProvider, key: KeyStep) => {
    const { id } = provider;
    setStage("adding");
    setRefused(undefined);
    let stroke = "It was not added.";
    try {
      const keyStays = added?.hasKey === true && added.id === id;
      await takeBack(added, keyStays);
      setAdded(undefined);
      await transport.call("providers.put", provider);
      setAdded({ id, hasKey: keyStays });
      stroke = "It was added, but its key was not saved.";
      const hasKey = (await saveKey(client, id, key)) || keyStays;
      setAdded({ id, hasKey });
      if (key === "later" && !hasKey) return onDone();
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

  return {
    add,
    stage,
    refused,
    refuse: setRefused,
    tested,
    again: () => setTested(undefined),
    /** Whether this form added it, and whether its key is kept since. */
    isOurs: (id: string) => added?.id === id,
    keepsKey: (id: string) => added?.id === id && added.hasKey,
  };
}

/** What this form has added. */
interface Added {
  id: string;
  hasKey: boolean;
}

async function takeBack(added: Added | undefined, keyStays: boolean) {
  if (!added) return;
  if (added.hasKey && !keyStays) await transport.call("keys.remove", { id: added.id });
  await transport.call("providers.remove", { id: added.id });
}

/** Whether there was one to save. */
async function saveKey(client: QueryClient, id: string, key: KeyStep): Promise<boolean> {
  if (typeof key === "object") await sendKey(client, id, key.paste);
  else if (key === "import") await transport.call("keys.import", { id });
  else return false;
  return true;
}
