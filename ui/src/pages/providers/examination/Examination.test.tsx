import { screen, waitFor, within } from "@testing-library/react";
import { expect, test } from "vitest";
import { openPanel } from "../../../testing/panel";
import { serve, type Call } from "../../../testing/server";

const sent = (calls: Call[], operation: string) => calls.find((call) => call.operation === operation)?.input;
const item = async (name: string) => within(await screen.findByRole("listitem", { name }));
const words = (element: HTMLElement) => element.textContent?.replaceAll(/\s+/g, " ") ?? "";

test("each provider says when it was examined, and with what outcome", async () => {
  serve("rich");
  openPanel("#/providers");
  expect((await item("Anthropic")).getByText(/^Never examined/)).toBeTruthy();
  const groq = (await item("Groq")).getByText(/^Examined/).closest("p")!;
  expect(words(groq)).toMatch(/^Examined \d{4}-\d\d-\d\d with openai\/gpt-oss-120b:35 work6 work, with a note2 failed7 not offered$/);
  expect(words((await item("OpenAI")).getByText(/^Examined/))).toBe("Examined 40 days ago with gpt-5.2-mini: routing no longer goes by it.");
  expect((await item("Company gateway, Europe")).getByText(/, not to the end/)).toBeTruthy();
});

test("before it begins it says what it will do and cost; then the matrix is shown", async () => {
  const calls = serve("rich");
  const { user } = openPanel("#/providers");
  await user.click(await screen.findByRole("button", { name: "Examine again: Groq" }));
  const dialog = screen.getByRole("dialog", { name: "Examine Groq?" });
  expect(words(dialog)).toContain("It is billed to your key: a few cents at most, unless you name a dear model.");
  expect(sent(calls, "doctor.examine"), "nothing is sent by asking").toBeUndefined();
  await user.type(within(dialog).getByLabelText("Model"), "small");
  await user.click(within(dialog).getByRole("button", { name: "Examine" }));
  expect(sent(calls, "doctor.examine")).toEqual({ provider: "groq", model: "small" });
  await screen.findByRole("table", { name: "Findings for Groq" });
});

test("the practice provider costs nothing, and the model may be left to the doctor", async () => {
  const calls = serve("rich");
  const { user } = openPanel("#/providers");
  await user.click(await screen.findByRole("button", { name: "Examine Practice" }));
  expect(words(screen.getByRole("dialog"))).toContain("It costs nothing.");
  await user.keyboard("{Enter}");
  await waitFor(() => expect(sent(calls, "doctor.examine")).toEqual({ provider: "practice" }));
});

test("while it goes on that is said, also to who comes back, and no second one is offered", async () => {
  serve("rich");
  openPanel("#/providers");
  const ollama = await item("Ollama");
  expect(ollama.getByRole("status").textContent).toMatch(/^Being examined.*You may leave this page/);
  expect(ollama.queryByRole("button", { name: /^Examine/ })).toBeNull();
});

test("a refusal is said beside the provider", async () => {
  serve("trouble");
  const { user } = openPanel("#/providers");
  await user.click(await screen.findByRole("button", { name: "Examine again: Groq" }));
  await user.click(within(screen.getByRole("dialog")).getByRole("button", { name: "Examine" }));
  expect(await (await item("Groq")).findByText(/Groq was not examined. Groq has no key yet; set one/)).toBeTruthy();
});

test("the matrix has a heading for each row and column, and a word for each cell", async () => {
  serve("rich");
  const { user } = openPanel("#/providers");
  await user.click(await screen.findByRole("button", { name: "Show findings for Groq" }));
  const table = within(await screen.findByRole("table", { name: "Findings for Groq" }));
  expect(table.getAllByRole("columnheader").map((head) => head.textContent)).toEqual(["Check", "OpenAI", "Responses", "Anthropic", "Gemini", "Ollama"]);
  expect(table.getAllByRole("rowheader")).toHaveLength(10);
  expect(table.getAllByRole("button")).toHaveLength(50);
  const failed = table.getByRole("button", { name: "Parallel calls, Anthropic: Failed. One call came, and two were asked for." });
  expect(failed.textContent).toBe("Failed");
  expect(failed.querySelector("svg")?.getAttribute("aria-hidden")).toBe("true");
});

test("the first failure is chosen, and the arrows choose others; the table is one stop of Tab", async () => {
  serve("rich");
  const { user } = openPanel("#/providers");
  await user.click(await screen.findByRole("button", { name: "Show findings for Groq" }));
  const table = within(await screen.findByRole("table"));
  const detail = () => words(screen.getByRole("group", { name: "The chosen finding" }));
  expect(detail()).toContain("Parallel calls, Anthropic: failed");
  expect(detail()).toContain("One call came, and two were asked for.");
  expect(table.getAllByRole("button").filter((cell) => cell.tabIndex === 0)).toHaveLength(1);
  table.getByRole("button", { current: true }).focus();
  await user.keyboard("{ArrowDown}{ArrowDown}{ArrowLeft}{ArrowLeft}");
  expect(document.activeElement?.getAttribute("aria-label")).toMatch(/^Thinking replay, OpenAI: Noted/);
  expect(detail()).toContain("no place to send them back in.");
  await user.keyboard("{ArrowLeft}");
  expect(detail(), "there is nothing further left").toContain("Thinking replay, OpenAI");
  await user.click(table.getByRole("button", { name: /^Answer, Gemini/ }));
  expect(detail()).toContain("Answer, Gemini: works");
  expect(screen.getByRole("link", { name: "Its receipt" }).getAttribute("href")).toMatch(/^#\/requests\/rc-/);
});

test("several models are told apart; an old and a broken-off examination say so", async () => {
  serve("rich");
  const { user } = openPanel("#/providers");
  await user.click(await screen.findByRole("button", { name: "Show findings for Groq" }));
  await user.selectOptions(await screen.findByLabelText("Model"), "llama-3.3-70b-versatile");
  expect(words(screen.getByRole("region", { name: "Findings for Groq" }))).toContain("The cheapest that the catalogue knows.");
  await user.click(screen.getByRole("button", { name: "Show findings for OpenAI" }));
  expect(await screen.findByText(/Examined 40 days ago: routing no longer goes by it/)).toBeTruthy();
  await user.click(screen.getByRole("button", { name: "Show findings for Company gateway, Europe" }));
  expect(await screen.findByText(/Its key was refused in the middle of it/)).toBeTruthy();
});
