// The list's rows: read by filter, kept live by events, extended downwards on demand,
// and held still while somebody reads further down.

import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useMemo, useState } from "react";
import type { ListRequests, RequestPage, RequestRow } from "../../api/generated";
import { MOST_ROWS, withOlderRows } from "../../api/rows";
import { transport, type ControlError } from "../../api/transport";

const PAGE_ROWS = 100;

export function useRequestList(filter: ListRequests) {
  const client = useQueryClient();
  const queryKey = ["requests.list", filter];

  const query = useQuery<RequestPage, ControlError>({
    queryKey,
    // Reading again must not shorten what was extended.
    queryFn: () => {
      const held = client.getQueryData<RequestPage>(queryKey)?.rows.length ?? 0;
      const limit = Math.min(Math.max(held, PAGE_ROWS), MOST_ROWS);
      return transport.call("requests.list", { ...filter, limit });
    },
  });

  const older = useMutation<RequestPage, ControlError, RequestRow>({
    mutationFn: (last) => transport.call("requests.list", { ...filter, before: last.id, limit: PAGE_ROWS }),
    onSuccess: (page) => {
      client.setQueryData<RequestPage>(queryKey, (held) => (held ? withOlderRows(held, page) : held));
    },
  });

  return { query, older };
}

/**
 * Holds the list still: while `holding`, rows newer than the newest one at its
 * beginning are counted instead of shown. `release` lets them in.
 */
export function useHeld(rows: RequestRow[], holding: boolean) {
  const [from, setFrom] = useState<string>();
  const newest = rows[0]?.id;
  if (holding && from === undefined && newest !== undefined) setFrom(newest);
  if (!holding && from !== undefined) setFrom(undefined);

  return useMemo(() => {
    const at = from === undefined ? 0 : rows.findIndex((row) => row.id <= from);
    const waiting = at < 0 ? rows.length : at;
    return { shown: rows.slice(waiting), waiting, release: () => setFrom(newest) };
  }, [rows, from, newest]);
}
