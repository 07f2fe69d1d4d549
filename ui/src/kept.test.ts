import { expect, test } from "vitest";
import type { CacheTally } from "./api/generated";
import { hitMark, hits, lookedFor, TIERS, toldAgain } from "./kept";

const tally = (more: Partial<CacheTally>): CacheTally => ({
  memory: 0, disk: 0, similar: 0, joined: 0, stale: 0, missed: 0, bypassed: 0, skipped: 0, saved_nano_usd: 0, saved_tokens: 0, unpriced: 0, ...more,
});

test("every way to an answer without a call of one's own is a hit, and what was not looked for is in neither sum", () => {
  const all = tally({ memory: 1, disk: 2, similar: 4, joined: 8, stale: 16, missed: 32, bypassed: 64, skipped: 128 });
  expect(hits(all)).toBe(31);
  expect(lookedFor(all)).toBe(63);
});

test.each([
  ["memory", "hit"],
  ["disk", "hit"],
  ["joined", "joined"],
  ["similar", "similar"],
  ["stale", "stale"],
  ["missed", undefined],
  ["bypassed", undefined],
  ["skipped", undefined],
  [null, undefined],
])("%s is marked %s in the list", (verdict, mark) => {
  expect(hitMark(verdict)).toBe(mark);
});

test("each hit has words for the way of its request", () => {
  for (const { tier } of TIERS) expect(toldAgain(tier)).not.toBe(tier);
});
