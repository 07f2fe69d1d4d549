import { screen, waitFor, within } from "@testing-library/react";
import { expect, test } from "vitest";
import { scenes } from "../../../dev/scenes.mjs";
import type { CachePage, FetchShown, ModelShown, SimilarShown } from "../../api/generated";
import { openPanel } from "../../testing/panel";
import { Refusal, serve } from "../../testing/server";

const rich = scenes.get("rich")!.answers["cache.page"]!({} as never) as CachePage;
const similar = (more: Partial<SimilarShown>) => ({ "cache.page": () => ({ ...rich, similar: { ...rich.similar, ...more } }) });
const model = (more: Partial<ModelShown>) => similar({ model: { ...rich.similar.model, ...more } });
const section = () => screen.findByRole("region", { name: "Similar questions" });
const line = async (route: string) =>
  within(await screen.findByRole("table", { name: "Similar questions by route" })).getByRole("rowheader", { name: new RegExp(route) }).closest("tr")!;

test("each route says what was found, that none of it was told, and how wrong it may be at most", async () => {
  serve("rich");
  openPanel("#/cache");
  const shadow = await line("claude-sonnet-4-5");
  expect(shadow.textContent).toBe("claude-sonnet-4-52043112In the shadow: none of these was told1200%at most 24.25% (95%): too few compared");
  expect((await line("a-model-with-a-rather")).textContent).toContain("1,2013" + "0.25%at most 0.74% (95%)");
  const told = (await line("fast")).textContent;
  expect(told).toContain("19 told");
  expect(told).toContain("not measured: none was compared");
  expect((await section()).textContent).toContain("1,204 questions remembered by their vectors, 1.3 MiB; no text is kept");
});

test("where nothing is counted stand the lines that begin it without a risk", async () => {
  serve("empty");
  openPanel("#/cache");
  const told = (await section()).textContent;
  expect(told).toContain("Nothing is counted");
  expect(told).toContain('[cache]\nsimilar = "shadow"');
});

test.each([
  ["lexical", "compared by their words"],
  ["model", "They don’t leave this machine"],
  ["openai/text-embedding-3-small", "vectors from openai/text-embedding-3-small: each question is sent there, and paid"],
])("what compares questions is named: %s", async (embedder, words) => {
  serve("rich", similar({ embedder }));
  openPanel("#/cache");
  expect((await section()).textContent).toContain(words);
});

test("the model is fetched only after a question that names its source and what is sent", async () => {
  const calls = serve("rich");
  const fetches = () => calls.filter((call) => call.operation === "cache.fetch_model").map((call) => call.input);
  const { user } = openPanel("#/cache");
  const button = await screen.findByRole("button", { name: "Fetch the model (about 90 MB)" });
  await user.click(button);
  const question = screen.getByRole("dialog", { name: "Fetch the model?" });
  expect(question.textContent).toContain("come from huggingface.co");
  expect(question.textContent).toContain("Nothing is sent but the request for these files");
  await user.click(within(question).getByRole("button", { name: "Not now" }));
  expect(fetches()).toEqual([]);
  await user.click(button);
  await user.click(screen.getByRole("button", { name: "Fetch" }));
  await waitFor(() => expect(fetches()).toEqual([{}]));
  await user.click(button);
  await user.type(screen.getByLabelText("Another address"), " http://127.0.0.1:9/m ");
  await user.click(screen.getByRole("button", { name: "Fetch" }));
  await waitFor(() => expect(fetches()[1]).toEqual({ base: "http://127.0.0.1:9/m" }));
});

test("a download is watched until it ends, without a press", async () => {
  const steps: (FetchShown | null)[] = [
    { file: null, bytes: 0, total: null },
    { file: "model.safetensors", bytes: 45_434_188, total: 90_868_376 },
    null,
  ];
  let asked = 0;
  serve("rich", {
    "cache.page": () => {
      const fetching = steps[Math.min(asked++, 2)]!;
      return model({ fetching, is_there: fetching === null })["cache.page"]();
    },
  });
  openPanel("#/cache");
  const bar = await screen.findByRole("progressbar", { name: "Fetching the model" });
  expect(bar.getAttribute("aria-valuetext")).toBe("Waiting for the first bytes");
  expect(bar.hasAttribute("aria-valuenow")).toBe(false);
  await waitFor(() => expect(bar.getAttribute("aria-valuenow")).toBe("50"), { timeout: 3_000 });
  expect(bar.getAttribute("aria-valuetext")).toBe("model.safetensors: 43.3 MiB of 86.7 MiB");
  expect(await screen.findByRole("button", { name: "Fetch the model again (about 90 MB)" }, { timeout: 3_000 })).toBeTruthy();
  expect(screen.queryByRole("progressbar")).toBeNull();
});

test("a download is cancelled by a press, and one that is ending can't be pressed again", async () => {
  const calls = serve("rich", model({ fetching: { file: "config.json", bytes: 1, total: 2 } }));
  const { user } = openPanel("#/cache");
  await user.click(await screen.findByRole("button", { name: "Cancel" }));
  expect((await screen.findByRole("button", { name: "Ending…" })).hasAttribute("disabled")).toBe(true);
  expect(calls.filter((call) => call.operation === "cache.cancel_fetch")).toHaveLength(1);
});

test("what is wrong with the model, and why none came, is said with what to do", async () => {
  serve("trouble");
  openPanel("#/cache");
  const told = (await screen.findByRole("region", { name: "The model" })).textContent;
  expect(told).toContain("Can’t be used");
  expect(told).toContain("config.json is missing: fetch the model again.");
  expect(told).toContain("No model came: https://huggingface.co/");
  expect(told).toContain("start the download again and it goes on where it stopped.");
});

test("a download that does not begin says why", async () => {
  serve("rich", { "cache.fetch_model": () => new Refusal(400, "bad_input", "`x` is no web address", "base") });
  const { user } = openPanel("#/cache");
  await user.click(await screen.findByRole("button", { name: "Fetch the model (about 90 MB)" }));
  await user.click(screen.getByRole("button", { name: "Fetch" }));
  expect((await screen.findByRole("alert")).textContent).toContain("The download did not begin. x is no web address");
});
