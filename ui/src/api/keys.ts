// The way of a secret into Signalbox and of a fresh client key out of it.
//
// Promises: neither passes the query cache, whose devtools, retries and failure
// records would keep it. The caller drops the value as soon as this returns.

import type { QueryClient } from "@tanstack/react-query";
import type { FreshClientKey } from "./generated";
import { readAgain, tagsOf } from "./queries";
import { transport } from "./transport";

/** Stores a provider's key. */
export async function sendKey(client: QueryClient, provider: string, value: string): Promise<void> {
  await transport.call("keys.set", { provider, value });
  readAgain(client, tagsOf("keys.set"));
}

/** Makes a client key; it is shown once, by whoever asked. */
export async function createClientKey(client: QueryClient, name: string): Promise<FreshClientKey> {
  const fresh = await transport.call("clients.create", { name });
  readAgain(client, tagsOf("clients.create"));
  return fresh;
}
