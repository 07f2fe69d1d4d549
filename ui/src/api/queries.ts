// How components read and change things: one hook for each, for every operation.
//
// Freshness comes from events (live.ts), by tags; nothing here goes stale by
// itself. Keys never pass through here, see keys.ts.

import {
  MutationCache,
  QueryCache,
  QueryClient,
  useMutation,
  useQuery,
  type Query,
} from "@tanstack/react-query";
import { operations, type Operations, type Tag } from "./generated";
import { linkNeeded } from "./session";
import { ControlError, transport, type Operation } from "./transport";

type OfKind<K> = { [O in Operation]: (typeof operations)[O]["kind"] extends K ? O : never }[Operation];
export type QueryName = OfKind<"query">;
export type ChangeName = OfKind<"mutation">;

export function newQueryClient(): QueryClient {
  const noticeLostSession = (error: unknown) => {
    if (error instanceof ControlError && error.needsLink) linkNeeded.set(true);
  };
  return new QueryClient({
    queryCache: new QueryCache({ onError: noticeLostSession }),
    mutationCache: new MutationCache({ onError: noticeLostSession }),
    defaultOptions: {
      queries: {
        // Signalbox is on this machine: being offline is no reason to stop asking it.
        networkMode: "always",
        staleTime: Number.POSITIVE_INFINITY,
        refetchOnWindowFocus: false,
        refetchOnReconnect: false,
        retry: (failures, error) => failures < 2 && error instanceof ControlError && error.code === "unreachable",
      },
      mutations: { networkMode: "always", gcTime: 0 },
    },
  });
}

/** Reads. `everyMs` is for figures that age without any event, and may go by the last ones; it stands still while hidden. */
export function useControl<O extends QueryName>(
  operation: O,
  input: Operations[O]["input"],
  options: { everyMs?: number | ((last: Operations[O]["output"] | undefined) => number) } = {},
) {
  const { everyMs = false } = options;
  return useQuery<Operations[O]["output"], ControlError>({
    queryKey: [operation, input],
    queryFn: () => transport.call(operation, input),
    refetchInterval: typeof everyMs === "function" ? (query) => everyMs(query.state.data) : everyMs,
    refetchIntervalInBackground: false,
  });
}

/** Changes, then reads again whatever the operation's tags say. */
export function useChange<O extends ChangeName>(operation: O) {
  return useMutation<Operations[O]["output"], ControlError, Operations[O]["input"]>({
    mutationKey: [operation],
    mutationFn: (input) => transport.call(operation, input),
    onSuccess: (_output, _input, _kept, { client }) => readAgain(client, tagsOf(operation)),
  });
}

/** Marks everything with one of these tags stale; what is on screen is fetched at once. */
export function readAgain(client: QueryClient, tags: Iterable<Tag>, except?: (query: Query) => boolean) {
  const changed = new Set(tags);
  if (changed.size === 0) return;
  void client.invalidateQueries(
    {
      predicate: (query) =>
        tagsOf(query.queryKey[0] as Operation).some((tag) => changed.has(tag)) && !except?.(query),
    },
    // A fetch under way may be older than the change, but cancelling it on each of
    // four events a second would starve a slow one for ever.
    { cancelRefetch: false },
  );
}

export function tagsOf(operation: Operation): readonly Tag[] {
  return operations[operation].tags;
}
