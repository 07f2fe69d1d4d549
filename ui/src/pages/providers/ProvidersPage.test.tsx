import { screen, waitFor, within } from "@testing-library/react";
import { expect, test } from "vitest";
import { openPanel } from "../../testing/panel";
import { serve, type Call } from "../../testing/server";

const SECRET = "sk-very-secret-0123456789";
const sent = (calls: Call[], operation: string) => calls.find((call) => call.operation === operation)?.input;
const item = async (name: string) => within(await screen.findByRole("listitem", { name }));

/** Everything the page could keep a key in. */
function kept(client: ReturnType<typeof openPanel>["client"]): string {
  const queries = client.getQueryCache().getAll().map((query) => [query.queryKey, query.state]);
  const mutations = client.getMutationCache().getAll().map((mutation) => mutation.state);
  const inputs = [...document.querySelectorAll("input")].map((input) => [input.value, input.defaultValue]);
  return JSON.stringify([queries, mutations, inputs, document.body.innerHTML, location.href, { ...localStorage }, { ...sessionStorage }]);
}

test("a key goes straight to the server and is kept nowhere", async () => {
  const calls = serve("rich");
  const { user, client } = openPanel("#/providers");
  await user.click(await screen.findByRole("button", { name: "Set key of Mistral" }));
  await user.type(screen.getByLabelText("Key for Mistral"), SECRET);
  expect((screen.getByLabelText("Key for Mistral") as HTMLInputElement).type).toBe("password");
  await user.click(screen.getByRole("button", { name: "Save key" }));
  await waitFor(() => expect(screen.queryByRole("dialog")).toBeNull());
  expect(sent(calls, "keys.set")).toEqual({ provider: "mistral", value: SECRET });
  expect(kept(client)).not.toContain(SECRET);
});

test("a key that is refused is gone all the same, and the message says to paste it again", async () => {
  serve("trouble");
  const { user, client } = openPanel("#/providers");
  await user.click(await screen.findByRole("button", { name: "Replace key of Groq" }));
  await user.type(screen.getByLabelText("Key for Groq"), SECRET);
  await user.keyboard("{Enter}");
  expect(await screen.findByText(/The keychain is locked. Unlock it and try again. Paste it again./)).toBeTruthy();
  expect(kept(client)).not.toContain(SECRET);
});

test("each state of a key has its words", async () => {
  serve("rich");
  openPanel("#/providers");
  expect((await item("Anthropic")).getByText("Key in the keychain")).toBeTruthy();
  expect((await item("OpenAI")).getByText("Key read from the environment variable OPENAI_API_KEY")).toBeTruthy();
  expect((await item("Mistral")).getByText("Key missing: set one, or import it from MISTRAL_API_KEY")).toBeTruthy();
  expect((await item("Ollama")).getByText("Needs no key")).toBeTruthy();
});

test("without a keychain the page explains it and marks keys as of this run only", async () => {
  serve("trouble");
  openPanel("#/providers");
  expect(await screen.findByText(/kept in memory and are gone when Signalbox ends/)).toBeTruthy();
  expect((await item("Groq")).getByText("Key set for this run only")).toBeTruthy();
});

test("a test shows what was found, beside the provider", async () => {
  serve("rich");
  const { user } = openPanel("#/providers");
  await user.click(await screen.findByRole("button", { name: "Test Groq" }));
  expect(await (await item("Groq")).findByText(/did not accept the key \(401\)/)).toBeTruthy();
  await user.click(screen.getByRole("button", { name: "Test OpenAI" }));
  expect(await (await item("OpenAI")).findByText(/lists 41 models/)).toBeTruthy();
});

test("switching, draining and importing send what they say", async () => {
  const calls = serve("rich");
  const { user } = openPanel("#/providers");
  await user.click(await screen.findByRole("switch", { name: "Groq is enabled" }));
  expect(sent(calls, "providers.enable")).toEqual({ id: "groq", enabled: false });
  await user.click(screen.getByRole("button", { name: "Drain Groq" }));
  expect(sent(calls, "drains.begin")).toEqual({ what: { provider: "groq" } });
  await user.click(screen.getByRole("button", { name: "Import key of Mistral from MISTRAL_API_KEY" }));
  expect(sent(calls, "keys.import")).toEqual({ id: "mistral" });
});

test("a draining provider counts what still runs, says when it is cut, and resumes", async () => {
  const calls = serve("rich");
  const { user } = openPanel("#/providers");
  const gateway = await screen.findByRole("listitem", { name: "Company gateway, Europe" });
  expect(gateway.textContent).toMatch(/Draining: 2 running, (cut in \d+ s|being cut)/);
  await user.click(within(gateway).getByRole("button", { name: "Resume Company gateway, Europe" }));
  expect(sent(calls, "drains.end")).toEqual({ what: { provider: "gateway-eu" } });
});

test("every drain is listed with why, and everything, a target or a shared key can be drained", async () => {
  const calls = serve("rich");
  const { user } = openPanel("#/providers");
  const section = await screen.findByRole("region", { name: "Drains" });
  const [, target, gone] = within(section).getAllByRole("listitem");
  expect(target?.textContent).toContain("Drained");
  expect(gone?.textContent).toMatch(/together was removed from the config.*1 running/);
  expect(within(gone as HTMLElement).queryByRole("button")).toBeNull();
  await user.selectOptions(within(section).getByLabelText("Drain"), "Target ollama/qwen3:8b");
  await user.click(within(section).getByRole("button", { name: "Begin this drain" }));
  expect(sent(calls, "drains.begin")).toEqual({ what: { target: "ollama/qwen3:8b" } });
});

test("a refused change is told where it was asked for", async () => {
  serve("trouble");
  const { user } = openPanel("#/providers");
  await user.click(await screen.findByRole("switch", { name: "Groq is enabled" }));
  expect(await (await item("Groq")).findByText(/Groq: The config file could not be written: permission denied/)).toBeTruthy();
});

test("every action is reached with the Tab key", async () => {
  serve("rich");
  const { user } = openPanel("#/providers");
  (await screen.findByRole("button", { name: "Test Mistral" })).focus();
  const names = ["Drain Mistral", "Set key of Mistral", "Import key of Mistral from MISTRAL_API_KEY", "Remove Mistral", "Mistral is enabled"];
  for (const name of names) {
    await user.tab();
    expect(document.activeElement?.getAttribute("aria-label") ?? "").toBe(name);
  }
});

test("a provider is removed only after a question", async () => {
  const calls = serve("rich");
  const { user } = openPanel("#/providers");
  await user.click(await screen.findByRole("button", { name: "Remove DeepSeek" }));
  await user.keyboard("{Escape}");
  expect(sent(calls, "providers.remove")).toBeUndefined();
  await user.click(screen.getByRole("button", { name: "Remove DeepSeek" }));
  await user.click(within(screen.getByRole("alertdialog")).getByRole("button", { name: "Remove" }));
  await waitFor(() => expect(sent(calls, "providers.remove")).toEqual({ id: "deepseek" }));
});

test("an alias is made, with its targets in the order they were given", async () => {
  const calls = serve("rich");
  const { user } = openPanel("#/providers");
  await user.click(await screen.findByRole("button", { name: "Add an alias" }));
  await user.type(screen.getByLabelText("Name"), "cheap");
  await user.type(screen.getByLabelText("First choice"), "groq/small{Enter}");
  await user.type(screen.getByLabelText("Next choice"), "openai/gpt-5.2-mini{Enter}");
  await user.click(screen.getByRole("button", { name: "Move openai/gpt-5.2-mini up" }));
  await user.click(screen.getByRole("button", { name: "Save alias" }));
  await waitFor(() => expect(sent(calls, "aliases.put")).toEqual({ name: "cheap", targets: ["openai/gpt-5.2-mini", "groq/small"] }));
});

test("a refused config edit is shown with its place, and what runs meanwhile", async () => {
  serve("trouble");
  openPanel("#/providers");
  const section = await screen.findByRole("region", { name: "Config file" });
  expect(section.textContent).toContain("refused at line 12, column 5. Unknown field adress");
  expect(section.textContent).toContain("Snapshot 14, the last good one, keeps running");
});

test("with no provider of one's own the page says what to do", async () => {
  serve("empty");
  openPanel("#/providers");
  expect(await screen.findByText("No provider of your own yet")).toBeTruthy();
  expect(screen.getByText("No alias yet")).toBeTruthy();
});

test("a page that is being read says so, and one that cannot be read says why", async () => {
  serve("rich", { "providers.page": () => new Promise(() => {}) });
  const { unmount } = openPanel("#/providers");
  expect(await screen.findByText("Reading the providers…")).toBeTruthy();
  unmount();
  serve("broken");
  openPanel("#/providers");
  expect(await screen.findByText(/could not read the providers/)).toBeTruthy();
});
