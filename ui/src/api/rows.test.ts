import { expect, test } from "vitest";
import type { RequestPage, RequestRow } from "./generated";
import { matches, MOST_ROWS, withNewRows, withOlderRows } from "./rows";

const row = (n: number, more: Partial<RequestRow> = {}) =>
  ({ id: `rc-${String(n).padStart(14, "0")}`, ending: "complete", provider: "openai", ...more }) as RequestRow;
const page = (...ns: number[]): RequestPage => ({ rows: ns.map((n) => row(n)), more: false });
const ids = (of: RequestPage) => of.rows.map((r) => Number(r.id.slice(3)));

test("fresh rows go on top, newest first, however they arrive", () => {
  expect(ids(withNewRows(page(3, 2, 1), [row(4), row(5)], {}))).toEqual([5, 4, 3, 2, 1]);
});

test("a row that is known is not added again, and nothing is drawn anew for it", () => {
  const before = page(2, 1);
  expect(withNewRows(before, [row(2)], {})).toBe(before);
});

test("the list never grows past its bound, and says that there is more", () => {
  const full = page(...Array.from({ length: MOST_ROWS }, (_, n) => MOST_ROWS - n));
  const after = withNewRows(full, [row(MOST_ROWS + 1)], {});
  expect(after.rows).toHaveLength(MOST_ROWS);
  expect(after.more).toBe(true);
  expect(ids(after)[0]).toBe(MOST_ROWS + 1);
});

test("older rows go below, none twice", () => {
  expect(ids(withOlderRows(page(5, 4), { rows: [row(4), row(3)], more: true }))).toEqual([5, 4, 3]);
});

test.each([
  [{ failed_only: true }, { ending: "complete" }, false],
  [{ failed_only: true }, { ending: "broken" }, true],
  [{ failed_only: true }, { ending: "client_gone" }, false],
  [{ provider: "groq" }, { provider: "openai" }, false],
  [{ text: "SONNET" }, { requested_model: "claude-sonnet-4-5" }, true],
  [{ text: "scripts" }, { client: "scripts" }, true],
  [{ text: "nope" }, { client: "scripts" }, false],
])("the filter %j meets %j: %s", (filter, more, expected) => {
  expect(matches(row(1, more), filter)).toBe(expected);
});
