// Keeps the panel true while somebody looks at it.
//
// While visible, one event stream is open: rows go into the lists, tags make
// queries read again, at most twice a second. While hidden the stream is closed
// and nothing is asked for. When it breaks it is opened again, later each time.

import { useQueryClient, type QueryClient } from "@tanstack/react-query";
import { useEffect } from "react";
import type { Event, RequestPage, Tag } from "./generated";
import { readAgain } from "./queries";
import { withNewRows, type Filter } from "./rows";
import { linkNeeded, stream } from "./session";
import { transport, type Transport } from "./transport";

const BACKOFF_MS = [1_000, 2_000, 4_000, 8_000, 15_000];
const READ_AGAIN_MS = 500;
/** An event holds at most so many rows; a full one may have left some out. */
const FULL_EVENT = 100;

export function useLive(): void {
  const client = useQueryClient();
  useEffect(() => keepLive(client, transport), [client]);
}

/** Starts; the returned function ends it. */
export function keepLive(client: QueryClient, via: Transport): () => void {
  let close: (() => void) | undefined;
  let retry: ReturnType<typeof setTimeout> | undefined;
  let failures = 0;
  let missedSome = false;
  const tags = gatherTags(client);

  const open = () => {
    close = via.watch({
      opened() {
        failures = 0;
        stream.set("live");
        if (missedSome) void client.invalidateQueries();
        missedSome = false;
      },
      event(event) {
        insertRows(client, event);
        tags.add(event);
      },
      lost() {
        close = undefined;
        missedSome = true;
        stream.set("lost");
        const wait = BACKOFF_MS[Math.min(failures, BACKOFF_MS.length - 1)];
        failures += 1;
        // The stream cannot say why it broke; a query can, and notices a lost session.
        void client.invalidateQueries({ queryKey: ["overview"] });
        retry = setTimeout(() => linkNeeded.get() || open(), wait);
      },
    });
  };

  const stop = () => {
    clearTimeout(retry);
    tags.drop();
    close?.();
    close = undefined;
  };

  const onVisibility = () => {
    stop();
    missedSome = true;
    if (document.visibilityState === "visible" && !linkNeeded.get()) open();
  };

  if (document.visibilityState === "visible") open();
  document.addEventListener("visibilitychange", onVisibility);
  return () => {
    document.removeEventListener("visibilitychange", onVisibility);
    stop();
  };
}

/** Puts the event's rows into every list that is held, by its own filter. */
export function insertRows(client: QueryClient, event: Event): void {
  if (event.receipts.length === 0) return;
  for (const [key, page] of client.getQueriesData<RequestPage>({ queryKey: ["requests.list"] })) {
    if (page) client.setQueryData(key, withNewRows(page, event.receipts, (key[1] ?? {}) as Filter));
  }
}

function gatherTags(client: QueryClient) {
  let gathered = new Set<Tag>();
  let listsMissRows = false;
  let timer: ReturnType<typeof setTimeout> | undefined;

  const flush = () => {
    timer = undefined;
    const listsAreWhole = !listsMissRows;
    readAgain(client, gathered, (query) => listsAreWhole && query.queryKey[0] === "requests.list");
    gathered = new Set();
    listsMissRows = false;
  };

  return {
    add(event: Event) {
      for (const tag of event.changed) gathered.add(tag);
      // Rows were inserted already; only an event that may lack some makes lists read again.
      const silent = event.receipts.length === 0 && event.changed.includes("receipts");
      listsMissRows ||= silent || event.receipts.length >= FULL_EVENT;
      timer ??= setTimeout(flush, READ_AGAIN_MS);
    },
    drop() {
      clearTimeout(timer);
      timer = undefined;
      gathered.clear();
    },
  };
}
