// What an event does to a list of receipts that is already on screen. Pure.

import type { ListRequests, RequestPage, RequestRow } from "./generated";

/** The list never holds more: beyond it, a filter finds things faster than scrolling. */
export const MOST_ROWS = 500;

const FAILED = new Set(["refused", "failed", "broken"]);

export function hasFailed(row: RequestRow): boolean {
  return FAILED.has(row.ending);
}

/** A list's filter; what is absent does not narrow it. */
export type Filter = Partial<ListRequests>;

/** Whether the server's list would hold this row, by the same rules. */
export function matches(row: RequestRow, filter: Filter): boolean {
  if (filter.failed_only && !hasFailed(row)) return false;
  if (filter.provider && row.provider !== filter.provider) return false;
  if (!filter.text) return true;
  const part = filter.text.toLowerCase();
  return [row.id, row.client, row.requested_model, row.alias, row.provider, row.model].some((field) =>
    field?.toLowerCase().includes(part),
  );
}

/** Puts freshly settled receipts on top: newest first, none twice, never too many. */
export function withNewRows(page: RequestPage, fresh: RequestRow[], filter: Filter): RequestPage {
  const known = new Set(page.rows.map((row) => row.id));
  const added = fresh.filter((row) => !known.has(row.id) && matches(row, filter));
  if (added.length === 0) return page;
  const rows = [...added, ...page.rows].sort(newestFirst);
  return { rows: rows.slice(0, MOST_ROWS), more: page.more || rows.length > MOST_ROWS };
}

/** Adds a page of older receipts below. */
export function withOlderRows(page: RequestPage, older: RequestPage): RequestPage {
  const known = new Set(page.rows.map((row) => row.id));
  const rows = [...page.rows, ...older.rows.filter((row) => !known.has(row.id))];
  return { rows: rows.slice(0, MOST_ROWS), more: older.more || rows.length > MOST_ROWS };
}

// Receipt ids rise with time and have one length, so they sort as text.
function newestFirst(a: RequestRow, b: RequestRow): number {
  return a.id < b.id ? 1 : a.id > b.id ? -1 : 0;
}
