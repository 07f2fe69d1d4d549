import { screen, waitFor, within } from "@testing-library/react";
import { expect, test } from "vitest";
import { scenes } from "../../../dev/scenes.mjs";
import type { CachePage, CacheTally } from "../../api/generated";
import { openPanel } from "../../testing/panel";
import { Refusal, serve } from "../../testing/server";

const rich = scenes.get("rich")!.answers["cache.page"]!({} as never) as CachePage;
const board = () => screen.findByRole("table", { name: "Kept answers by route" });
const line = async (route: string) => within(await board()).getByRole("rowheader", { name: new RegExp(route) }).closest("tr")!;
const use = () => screen.findByRole("region", { name: "Since Signalbox started" });
const having = (all: Partial<CacheTally>) => ({ "cache.page": () => ({ ...rich, all: { ...rich.all, ...all } }) });
const NO_HITS = { memory: 0, disk: 0, joined: 0, similar: 0, stale: 0 };

test("the hit rate is hits of what was looked for, with each way in figures", async () => {
  serve("rich");
  openPanel("#/cache");
  const told = (await use()).textContent;
  // 535 + 108 + 68 + 19 + 2 hits, 742 misses.
  expect(told).toContain("50%732 of 1,474 looked for");
  expect(told).toContain("From memory535 36%");
  expect(told).toContain("Came along68 5%");
  expect(told).toContain("Stale2 <1%");
  expect(told).toContain("Asked anew742 50%");
  expect(told).toContain("723 requests were not looked for, because the route's rule or the client said so");
  expect(told).toContain("502 requests were not looked for, because nearly every look had missed on that route");
});

test.each([
  [{}, "$3.12", "and more: no price is known for 13 hits"],
  [{ unpriced: 0 }, "$3.12", "what these answers had cost"],
  [{ saved_nano_usd: 0, unpriced: 732 }, "not known", "no price is known for any of them"],
  [{ saved_nano_usd: 0, unpriced: 0 }, "$0", "these answers had cost nothing"],
  [{ ...NO_HITS, saved_nano_usd: 0, unpriced: 0 }, "$0", "nothing was told again yet"],
])("what was saved is no more than what is known: %j", async (all, value, note) => {
  serve("rich", having(all));
  openPanel("#/cache");
  const told = (await use()).textContent;
  expect(told).toContain(`Saved${value}${note}`);
});

test("where all was left out no rate is made up, and the reason stands there", async () => {
  serve("rich", having({ ...NO_HITS, missed: 0, bypassed: 0, skipped: 9, saved_nano_usd: 0, unpriced: 0 }));
  openPanel("#/cache");
  const told = (await use()).textContent;
  expect(told).toContain("Hit rate–nothing was looked for yet");
  expect(told).toContain("9 requests were not looked for");
  expect(told).not.toContain("From memory");
});

test("each route says what is kept of it, and why it steps aside", async () => {
  serve("rich");
  openPanel("#/cache");
  const fast = await line("fast");
  expect(fast.textContent).toContain("214782.4 KiB");
  expect(fast.textContent).toContain("402 from memory, 77 from disk, 63 came along, 19 similar");
  const aside = await line("openai/gpt-oss-120b");
  expect(aside.textContent).toContain("steps aside: nearly every look missed, so one question in 16 is looked for");
  expect(aside.textContent).toContain("502 set aside");
  const unpriced = await line("a-model-with-a-rather-long-name");
  expect(unpriced.textContent).toContain("not knownno price for 13 hits");
});

test("memory and disk are shown against their limits; a disk that is off says why", async () => {
  serve("trouble");
  openPanel("#/cache");
  expect((await screen.findByRole("region", { name: "In memory" })).textContent).toContain("263 answers3.1 MiB of 64.0 MiB");
  const disk = screen.getByRole("region", { name: "On disk" });
  expect(disk.textContent).toContain("Off");
  expect(disk.textContent).toContain("The disk is full; answers are kept in memory alone");
  expect(disk.textContent).toContain("214 answers not written, too many at once or too large; 3 looks not waited for; 1 damaged folder set aside");
  expect(screen.getByText(/12 answers were not kept since the start/)).toBeTruthy();
});

test("a route's answers are forgotten only after a question, which says what else goes", async () => {
  const calls = serve("rich");
  const purges = () => calls.filter((call) => call.operation === "cache.purge");
  const { user } = openPanel("#/cache");
  await user.click(await screen.findByRole("button", { name: "Forget the answers of fast" }));
  const question = screen.getByRole("alertdialog", { name: "Forget the answers of fast?" });
  expect(question.textContent).toContain("Answers on disk are sealed and can't be told apart, so all of them go.");
  await user.click(within(question).getByRole("button", { name: "Keep them" }));
  expect(purges()).toEqual([]);
  await user.click(screen.getByRole("button", { name: "Forget the answers of fast" }));
  await user.click(within(screen.getByRole("alertdialog")).getByRole("button", { name: "Forget" }));
  expect(await screen.findByText("Forgot 41 answers in memory. The disk was emptied as a whole.")).toBeTruthy();
  expect(purges().map((call) => call.input)).toEqual([{ route: "fast" }]);
});

test("answers are forgotten by route, model and age, or all of them; Enter in a line forgets nothing", async () => {
  const calls = serve("rich");
  const purges = () => calls.filter((call) => call.operation === "cache.purge").map((call) => call.input);
  const { user } = openPanel("#/cache");
  await user.click(await screen.findByRole("button", { name: "Forget answers…" }));
  let question = screen.getByRole("dialog", { name: "Forget answers?" });
  expect(question.textContent).toContain("Every answer in memory is forgotten.");
  await user.type(within(question).getByLabelText("Given by the model"), " gpt-5.2-mini {Enter}");
  expect(purges()).toEqual([]);
  await user.selectOptions(within(question).getByLabelText("Age"), "An hour or older");
  await user.selectOptions(within(question).getByLabelText("Asked for as"), "fast");
  expect(question.textContent).toContain("Answers in memory that meet all of this are forgotten.");
  await user.click(within(question).getByRole("button", { name: "Forget" }));
  await waitFor(() => expect(purges()).toEqual([{ route: "fast", model: "gpt-5.2-mini", older_than_s: 3_600 }]));

  await user.click(screen.getByRole("button", { name: "Forget answers…" }));
  question = screen.getByRole("dialog", { name: "Forget answers?" });
  await user.click(within(question).getByRole("button", { name: "Forget" }));
  await waitFor(() => expect(purges()[1]).toEqual({}));
});

test("what could not be forgotten is said", async () => {
  serve("rich", { "cache.purge": () => new Refusal(503, "unavailable", "Signalbox is ending.") });
  const { user } = openPanel("#/cache");
  await user.click(await screen.findByRole("button", { name: "Forget the answers of fast" }));
  await user.click(within(screen.getByRole("alertdialog")).getByRole("button", { name: "Forget" }));
  expect((await screen.findByRole("alert")).textContent).toContain("The answers were not forgotten. Signalbox is ending.");
});

test("before the first request, and where it is off, the page says what will stand there", async () => {
  serve("empty");
  openPanel("#/cache");
  expect(await screen.findByText("Nothing has been asked yet")).toBeTruthy();
  expect(screen.queryByRole("table")).toBeNull();
});

test("where nothing is kept the page says how that is changed", async () => {
  serve("empty", { "cache.page": () => ({ ...rich, on: false, routes: [] }) });
  openPanel("#/cache");
  expect(await screen.findByText("Keeping answers is switched off")).toBeTruthy();
});

test("a cache that can't be read says so, and how to try again", async () => {
  serve("rich", { "cache.page": () => new Refusal(503, "unavailable", "Signalbox is ending.") });
  openPanel("#/cache");
  expect(await screen.findByText(/could not read the cache. Signalbox is ending./)).toBeTruthy();
  expect(screen.getByRole("button", { name: "Read again" })).toBeTruthy();
});
