import { screen, waitFor, within } from "@testing-library/react";
import { expect, test } from "vitest";
import { openPanel } from "../../testing/panel";
import { Refusal, serve } from "../../testing/server";

test("today's figures: spend with its estimated part, tokens with their cached share", async () => {
  serve("rich");
  openPanel();
  const today = await screen.findByRole("region", { name: "Today" });
  expect(within(today).getByText("$3.10")).toBeTruthy();
  expect(within(today).getByText("$0.0412 of it estimated")).toBeTruthy();
  expect(within(today).getByText("77% from providers' caches, $24.31 saved").title).toBe(
    "Since the start: 41.9M tokens read from providers' caches, 3.8M written, $71.22 saved",
  );
  expect(within(today).getByRole("link", { name: /show the failed ones/ }).getAttribute("href")).toBe("#/requests?failed=1");
});

test("a provider's health is told in words, with its last failure", async () => {
  serve("rich");
  openPanel();
  const line = (await screen.findByRole("rowheader", { name: /Groq/ })).closest("tr")!;
  expect(line.textContent).toContain("Failing");
  expect(line.textContent).toContain("22, 9 failed");
  expect(line.textContent).toContain("rate limit. Rate limit reached for model");
});

test("the last hour is an image with words", async () => {
  serve("rich");
  openPanel();
  expect(await screen.findByRole("img", { name: /^Requests in the last hour: \d+ requests, \d+ failed/ })).toBeTruthy();
});

test("alarms say what to do and lead to the place", async () => {
  serve("trouble");
  openPanel();
  const alarms = await screen.findByRole("list", { name: "Needs attention" });
  expect(within(alarms).getByText(/refused at line 12, column 5/)).toBeTruthy();
  expect(within(alarms).getByRole("link", { name: "See the config file" }).getAttribute("href")).toBe("#/providers");
});

test("a paused Signalbox says so on the page and resumes from there", async () => {
  const calls = serve("trouble");
  const { user } = openPanel();
  await user.click(await screen.findByRole("button", { name: "Resume" }));
  await waitFor(() => expect(calls.find((call) => call.operation === "routing.pause")?.input).toEqual({ paused: false }));
});

test("the first run shows three steps, keys found in the environment, and a line that works now", async () => {
  serve("empty");
  openPanel();
  const card = await screen.findByRole("region", { name: "First run" });
  expect(within(card).getAllByRole("listitem")).toHaveLength(3);
  expect(await within(card).findByText("GEMINI_API_KEY")).toBeTruthy();
  await waitFor(() => expect(card.textContent).toContain('"model": "practice/steady"'));
});

test("the first client key is shown until it is saved", async () => {
  let dismissed = false;
  const first = { name: "first", key: "sbx-only-once" };
  serve("empty", {
    connect: () => ({ base_url: "http://127.0.0.1:7411", first_key: dismissed ? null : first, clients: [] }),
    "clients.dismiss_first": () => {
      dismissed = true;
      return {};
    },
  });
  const { user } = openPanel();
  expect((await screen.findAllByText("sbx-only-once")).length).toBe(1);
  await user.click(screen.getByRole("button", { name: "I have saved it" }));
  await waitFor(() => expect(document.body.textContent).not.toContain("sbx-only-once"));
});

test("a fresh client key is shown once and kept in no cache", async () => {
  serve("rich", { "clients.create": (input: { name: string }) => ({ name: input.name, key: "sbx-fresh-and-secret" }) });
  const { user, client } = openPanel();
  await user.type(await screen.findByLabelText("Name of a new client key"), "aider");
  await user.click(screen.getByRole("button", { name: "Make a client key" }));
  expect(await screen.findByText("sbx-fresh-and-secret")).toBeTruthy();
  const kept = JSON.stringify([client.getQueryCache().getAll().map((q) => q.state), client.getMutationCache().getAll().map((m) => m.state)]);
  expect(kept).not.toContain("sbx-fresh-and-secret");
  await user.click(screen.getByRole("button", { name: "I have saved it" }));
  expect(document.body.textContent).not.toContain("sbx-fresh-and-secret");
});

test("each tool gets its base URL right", async () => {
  serve("rich");
  const { user } = openPanel();
  await user.click(await screen.findByRole("tab", { name: "Claude Code" }));
  expect(screen.getByRole("tabpanel").textContent).toContain("export ANTHROPIC_BASE_URL=http://127.0.0.1:7411\n");
  await user.click(screen.getByRole("tab", { name: "OpenAI SDK" }));
  expect(screen.getByRole("tabpanel").textContent).toContain('base_url="http://127.0.0.1:7411/v1"');
  expect(screen.getByText(/Cursor cannot be connected/)).toBeTruthy();
});

test("a client key is revoked only after a question", async () => {
  const calls = serve("rich");
  const { user } = openPanel();
  await user.click(await screen.findByRole("button", { name: "Revoke the client key scripts" }));
  const question = screen.getByRole("alertdialog", { name: /Revoke the client key/ });
  expect(calls.some((call) => call.operation === "clients.revoke")).toBe(false);
  await user.click(within(question).getByRole("button", { name: "Revoke" }));
  await waitFor(() => expect(calls.find((call) => call.operation === "clients.revoke")?.input).toEqual({ name: "scripts" }));
});

test("a read that fails after it worked keeps the old figures and says that they are old", async () => {
  let bad = false;
  serve("rich", { connect: () => (bad ? new Refusal(503, "unavailable", "The disk is full.") : { base_url: "http://127.0.0.1:1", first_key: null, clients: [] }) });
  const { client } = openPanel();
  await screen.findAllByText("http://127.0.0.1:1");
  bad = true;
  await client.invalidateQueries({ queryKey: ["connect"] });
  expect(await screen.findByText(/The disk is full. What you see below is from before./)).toBeTruthy();
  expect(screen.getAllByText("http://127.0.0.1:1").length).toBe(1);
});
