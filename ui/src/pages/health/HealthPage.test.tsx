import { screen, within } from "@testing-library/react";
import { expect, test } from "vitest";
import { openPanel } from "../../testing/panel";
import { Refusal, serve } from "../../testing/server";

async function line(model: string) {
  return (await screen.findByRole("rowheader", { name: model })).closest("tr")!;
}

test("a model's state is told with its errors by class and what is left of its limits", async () => {
  serve("rich");
  openPanel("#/health");
  const degraded = await line("gpt-5.2-mini");
  expect(degraded.textContent).toContain("Degraded for 41 s");
  expect(degraded.textContent).toContain("3.1%: 5 × 503, 2 × bad request");
  expect(degraded.textContent).toContain("71 of 500 requests, whole in 15 s");
  expect(degraded.textContent).toContain("181k of 200k tokens, whole in 4 s");
  expect(degraded.textContent).toContain("432 ms");
  expect(degraded.textContent).toContain("96.9%");
});

test("what may not be asked now says why and for how long", async () => {
  serve("rich");
  openPanel("#/health");
  expect((await line("openai/gpt-oss-120b")).textContent).toContain("the next one asked is a trial. Held 7 s more.");
  // What shuts the way through its key is told at the model.
  expect((await line("llama-3.3-70b-versatile")).textContent).toContain("its rate limit is reached. Held 34 s more.");
  const group = screen.getByRole("rowheader", { name: /Company gateway/ });
  expect(group.textContent).toContain("Key gateway-eu: Failed: 100.0 % errors over 2 min, 9 × no connection");
});

test("a pace that was learnt, a local queue and an odd slowness are told", async () => {
  serve("rich");
  openPanel("#/health");
  expect((await line("openai/gpt-oss-120b")).textContent).toContain("kept to 24 requests a minute");
  expect((await line("qwen3:8b")).textContent).toContain("there: 4 run, 9 wait");
  expect((await line("text-embedding-3-small")).textContent).toContain("Slower than the size of its requests explains.");
  expect((await line("claude-sonnet-4-5")).textContent).not.toContain("kept to");
});

test("a slow network of one's own and a busy machine are told once, above everybody", async () => {
  serve("trouble");
  openPanel("#/health");
  const machine = await screen.findByRole("region", { name: "This machine" });
  expect(within(machine).getByRole("status").textContent).toContain("nobody is blamed for it");
  expect(machine.textContent).toContain("battery, 18% left");
  expect(machine.textContent).toContain("weighed 2.1 worse");
  expect(screen.getByText("824 models that nobody uses now left out")).toBeTruthy();
});

test("a name that another model answers to is told with both and the day", async () => {
  serve("rich");
  openPanel("#/health");
  const changed = await screen.findByRole("table", { name: "Names that another model answers to" });
  const rolling = within(changed).getByRole("rowheader", { name: /gpt-5.2-mini/ }).closest("tr")!;
  expect(rolling.textContent).toContain("gpt-5.2-mini-2026-01-20gpt-5.2-mini-2026-05-11");
  const dated = within(changed).getByRole("rowheader", { name: /gpt-4o-2024-08-06/ }).closest("tr")!;
  expect(dated.textContent).toContain("OpenAI, a dated snapshot");
  expect(dated.textContent).toContain("on fp_44709d6fcb");
  expect(dated.textContent).toContain("on fp_90d33c15d4");
  expect(dated.textContent).toContain("3 changes so far");
});

test("where no reply has told who answers, that is said", async () => {
  serve("empty");
  openPanel("#/health");
  expect(await screen.findByText("No reply has told yet which model answers.")).toBeTruthy();
});

test("before the first request the page says what will stand there", async () => {
  serve("empty");
  openPanel("#/health");
  expect(await screen.findByText("Nothing has been asked yet")).toBeTruthy();
  expect(screen.queryByRole("table")).toBeNull();
});

test("providers that were never asked are named and take no line", async () => {
  serve("rich");
  openPanel("#/health");
  expect(await screen.findByText("Not asked yet: Mistral, DeepSeek.")).toBeTruthy();
});

test("signals that can't be read say so, and how to try again", async () => {
  serve("rich", { health: () => new Refusal(503, "unavailable", "Signalbox is ending.") });
  openPanel("#/health");
  expect(await screen.findByText(/could not read the signals. Signalbox is ending./)).toBeTruthy();
  expect(screen.getByRole("button", { name: "Read again" })).toBeTruthy();
});
