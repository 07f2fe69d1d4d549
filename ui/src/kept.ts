// Answers that were given before: what became of requests, in sums and in words. Pure.

import type { CacheTally } from "./api/generated";

export type Tier = "memory" | "disk" | "joined" | "similar" | "stale";

/** The ways to an answer without a call of one's own, the nearest first. */
export const TIERS: { tier: Tier; word: string; meaning: string }[] = [
  { tier: "memory", word: "From memory", meaning: "The same was asked before, and its answer was still in memory." },
  { tier: "disk", word: "From disk", meaning: "The same was asked before, and its answer was found on disk." },
  { tier: "joined", word: "Came along", meaning: "The same was being asked already: both shared one call." },
  { tier: "similar", word: "Similar", meaning: "Answered by the answer to a similar question." },
  { tier: "stale", word: "Stale", meaning: "Nobody gave a new answer, so an expired one was told, as the route allows." },
];

/** Answered without a call of one's own. */
export function hits(tally: CacheTally): number {
  return TIERS.reduce((sum, { tier }) => sum + tally[tier], 0);
}

/** Requests whose answers were looked for: the whole of which hits are a share. */
export function lookedFor(tally: CacheTally): number {
  return hits(tally) + tally.missed;
}

const MARKS: Record<string, string> = { memory: "hit", disk: "hit", joined: "joined", similar: "similar", stale: "stale" };

/** One word for a request that was answered from what is kept; none for any other. */
export function hitMark(verdict: string | null): string | undefined {
  return verdict === null ? undefined : MARKS[verdict];
}

export function hitMeaning(verdict: string): string {
  return TIERS.find(({ tier }) => tier === verdict)?.meaning ?? verdict;
}

/** What a request got, as a stop on its way: `told again from memory`. */
export function toldAgain(verdict: string): string {
  const words: Record<string, string> = {
    memory: "told again from memory",
    disk: "told again from disk",
    joined: "came along with the same request",
    similar: "answered as a similar question was",
    stale: "an expired answer was told",
  };
  return words[verdict] ?? verdict;
}
