import { screen, within } from "@testing-library/react";
import { expect, test } from "vitest";
import { answer, scenes } from "../../../../dev/scenes.mjs";
import type { CacheNoteShown, ReceiptShown } from "../../../api/generated";
import { openPanel } from "../../../testing/panel";
import { serve } from "../../../testing/server";

const rich = scenes.get("rich")!;
const hit = rich.rows.find((row) => row.cache === "memory")!;

/** Opens the receipt of a hit with another note, and gives its part about the cache. */
async function part(note: Partial<CacheNoteShown> | null) {
  const { body } = answer(rich, "requests.get", { id: hit.id });
  const shown = body as ReceiptShown;
  serve("rich", { "requests.get": () => ({ ...shown, cache: note && { ...shown.cache!, ...note } }) });
  openPanel(`#/requests/${hit.id}`);
  const receipt = await screen.findByRole("complementary", { name: "Receipt" });
  await within(receipt).findByRole("heading", { name: "Route" });
  return within(receipt).queryByRole("heading", { name: "Cache" })?.closest("section") ?? null;
}

test("a hit tells where from, how old, who paid and what was saved", async () => {
  const told = (await part({}))!;
  expect(told.textContent).toContain("The same was asked before, and its answer was still in memory. It was 12.4 s old.");
  const payer = within(told).getByRole("link");
  expect(payer.getAttribute("href")).toBe(`#/requests/${payer.textContent}`);
  expect(told.textContent).toContain("Saved$0.0031");
  expect(told.textContent).toContain("Tokens saved2,042");
  const receipt = screen.getByRole("complementary", { name: "Receipt" });
  expect(receipt.textContent).toContain("told again from memory");
  expect(receipt.textContent).toContain("None: another request paid for this answer.");
});

test.each<[Partial<CacheNoteShown>, string]>([
  [{ verdict: "joined", age_ms: 3 }, "The same was being asked already: both shared one call."],
  [{ verdict: "stale", age_ms: 412_000 }, "an expired one was told, as the route allows. It was 6 min 52 s old."],
  [{ verdict: "missed", why: null }, "Looked for, and not found."],
  [{ verdict: "missed", why: "the nearest differs in temperature" }, "Looked for, and not found. The nearest differs in temperature."],
  [{ verdict: "skipped", why: "its temperature is 0.9" }, "Not looked for: its temperature is 0.9."],
  [{ verdict: "bypassed", why: null }, "Not looked for: on this route nearly every look misses, so most are left out."],
  [{ verdict: "thawed", why: null }, "Thawed."],
])("%j", async (note, sentence) => {
  expect((await part(note))!.textContent).toContain(sentence);
});

test("what was saved is not known where no price is", async () => {
  expect((await part({ saved_basis: "none", saved_nano_usd: 0 }))!.textContent).toContain("Savednot known: no price for this model");
});

test("a request that has nothing to do with kept answers has no such part", async () => {
  expect(await part(null)).toBeNull();
});

test("the list marks what was answered from what is kept, and nothing else", async () => {
  serve("rich");
  openPanel("#/requests");
  const list = await screen.findByRole("grid");
  const marked = (id: string) => list.querySelector(`[data-id="${id}"]`)!.textContent;
  expect(marked(hit.id)).toMatch(/Answered hit/);
  const missed = rich.rows.find((row) => row.cache === "missed" && row.ending === "complete")!;
  expect(marked(missed.id)).not.toMatch(/hit|joined|stale|similar/);
});

test("the overview has the hit rate and leads to the cache", async () => {
  serve("rich");
  openPanel("#/");
  const figure = (await screen.findByText("Cache hit rate")).parentElement!;
  expect(figure.textContent).toContain("50%732 of 1.5k");
  expect(within(figure).getByRole("link").getAttribute("href")).toBe("#/cache");
});
