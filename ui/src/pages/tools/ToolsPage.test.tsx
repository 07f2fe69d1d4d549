import { screen, waitFor, within } from "@testing-library/react";
import { expect, test } from "vitest";
import { scenes } from "../../../dev/scenes.mjs";
import { openPanel } from "../../testing/panel";
import { Refusal, serve, type Call } from "../../testing/server";

const region = (name: string) => screen.findByRole("region", { name });
const sent = (calls: Call[], operation: string) => calls.filter((call) => call.operation === operation).map(({ input }) => input);

test("what tools saved stands first", async () => {
  serve("rich");
  openPanel("#/tools");
  const told = (await region("What tools saved")).textContent;
  expect(told).toContain("Saved in 30 days$1.911,204 answers without a model");
  expect(told).toContain("Saved today$0.038441 answers without a model");
});

test("a tool is tried by keyboard alone, and each part of what came of it stands apart", async () => {
  const calls = serve("rich");
  const { user } = openPanel("#/tools");
  await region("Try");
  await user.keyboard("/");
  await user.keyboard("23% of 450");
  await user.keyboard("{Control>}{Enter}{/Control}");
  const found = await region("What came of it");
  expect((await within(found).findByLabelText("Result")).textContent).toBe("103.5");
  expect(within(found).getByLabelText("How").textContent).toBe("23% of 450 = 103.5");
  expect(found.textContent).toContain("calculator took 84 µs.");
  expect(within(found).queryByLabelText("For programs")).toBeNull();
  expect(sent(calls, "tools.run")).toEqual([{ tool: "calculator", text: "23% of 450", arguments: null }]);

  await user.clear(screen.getByLabelText("What it is to do"));
  await user.type(screen.getByLabelText("What it is to do"), "1 / 0");
  await user.click(screen.getByRole("button", { name: "Run" }));
  await waitFor(() => expect(found.textContent).toContain("No answer. It divides by zero: 1 / 0."));
  expect(within(found).queryByLabelText("Result")).toBeNull();
});

test("an empty box runs the example; what was printed and what programs get are told apart", async () => {
  const calls = serve("rich");
  const { user } = openPanel("#/tools");
  await region("Try");
  await user.selectOptions(screen.getByLabelText("Tool"), "repl-python");
  await user.click(screen.getByRole("button", { name: "Run" }));
  const found = await region("What came of it");
  expect((await within(found).findByLabelText("Printed")).textContent).toBe("5050");
  expect(sent(calls, "tools.run")).toEqual([{ tool: "repl-python", text: "print(sum(range(101)))", arguments: null }]);
});

test("a server's tool takes JSON, and what is none is said at the box before anything is sent", async () => {
  const calls = serve("rich");
  const { user } = openPanel("#/tools");
  await region("Try");
  await user.selectOptions(screen.getByLabelText("Tool"), "mcp/docs/search");
  await user.type(screen.getByLabelText("What it is to do"), "holidays");
  await user.click(screen.getByRole("button", { name: "Run" }));
  expect(await screen.findByText(/takes its arguments as JSON/)).toBeTruthy();
  expect(sent(calls, "tools.run")).toEqual([]);
  await user.clear(screen.getByLabelText("What it is to do"));
  await user.type(screen.getByLabelText("What it is to do"), '{{"query": "holidays"}');
  await user.click(screen.getByRole("button", { name: "Run" }));
  await waitFor(() => expect(sent(calls, "tools.run")).toEqual([{ tool: "mcp/docs/search", arguments: { query: "holidays" } }]));
});

test("a message is decided while it is typed, and nothing is asked for every letter", async () => {
  const calls = serve("rich");
  const { user } = openPanel("#/tools");
  const part = await region("Recognise");
  await user.type(within(part).getByLabelText("A message"), "What is 23% of 450?");
  expect(await within(part).findByText("A task for calculator")).toBeTruthy();
  expect(part.textContent).toContain("It is a percentage, whole.");
  expect(within(part).getByLabelText("Arguments").textContent).toContain('"expression": "23% of 450"');
  expect(sent(calls, "tools.recognise").length).toBeLessThan(10);
  await user.type(within(part).getByLabelText("A message"), " Be kind.");
  expect(await within(part).findByText("Left to the model")).toBeTruthy();
});

test("a route is switched to the shadow in its line, and what stood there is told", async () => {
  const calls = serve("rich");
  const { user } = openPanel("#/tools");
  const board = await screen.findByRole("table", { name: "Tools by route" });
  const fast = within(board).getByRole("rowheader", { name: /fast/ }).closest("tr")!;
  expect(fast.textContent).toContain("218 answered, 3 left to a model, 41 calls by models, 1 disagreement");
  expect(fast.textContent).toContain("calculator, time, mcp/docs/*");
  const places = within(board).getByRole("radiogroup", { name: "Recognise tasks on fast" });
  expect(within(places).getByRole("radio", { name: "On" })).toHaveProperty("checked", true);
  await user.click(within(places).getByRole("radio", { name: "Shadow" }));
  await waitFor(() => expect(sent(calls, "tools.rule")).toEqual([{ alias: "fast", recognise: "shadow" }]));
  await user.click(within(within(board).getByRole("radiogroup", { name: "Recognise tasks on everywhere" })).getByRole("radio", { name: "Off" }));
  await waitFor(() => expect(sent(calls, "tools.rule")[1]).toEqual({ recognise: "off" }));
});

test("a rule is sent with what differs alone, and a refusal stands at its line", async () => {
  let refuse = true;
  const calls = serve("rich", { "tools.rule": () => (refuse ? new Refusal(409, "conflict", "there is no tool of this name; there are …", "offer") : {}) });
  const { user } = openPanel("#/tools");
  await user.click(await screen.findByRole("button", { name: "Change the rule of fast" }));
  const dialog = screen.getByRole("dialog", { name: "Tools on “fast”" });
  const offer = within(dialog).getByLabelText("Models are offered");
  await user.clear(offer);
  await user.type(offer, "abacus");
  await user.click(within(dialog).getByRole("button", { name: "Save rule" }));
  expect(await within(dialog).findByText(/there is no tool of this name/)).toBeTruthy();
  expect(sent(calls, "tools.rule")).toEqual([{ alias: "fast", offer: ["abacus"] }]);
  refuse = false;
  await user.click(within(dialog).getByRole("button", { name: "Follow the rule for everywhere" }));
  await waitFor(() => expect(screen.queryByRole("dialog")).toBeNull());
  expect(sent(calls, "tools.rule")[1]).toEqual({ alias: "fast", as_usual: true });
});

test("a database is granted by a form; what the config refuses is said at the line at fault", async () => {
  let refuse = true;
  const calls = serve("empty", { "tools.grant": () => (refuse ? new Refusal(409, "conflict", "write the whole path, from the root", "path") : {}) });
  const { user } = openPanel("#/tools");
  await user.click(await screen.findByRole("button", { name: "Add a database" }));
  const dialog = screen.getByRole("dialog", { name: "Add a database" });
  await user.type(within(dialog).getByLabelText("Name"), "shop");
  await user.type(within(dialog).getByLabelText("File"), "shop.db");
  await user.type(within(dialog).getByLabelText("Rows at most"), "50");
  await user.click(within(dialog).getByRole("button", { name: "Grant" }));
  expect(await within(dialog).findByText("write the whole path, from the root")).toBeTruthy();
  await waitFor(() => expect(document.activeElement).toBe(within(dialog).getByLabelText("File")));
  refuse = false;
  await user.click(within(dialog).getByRole("button", { name: "Grant" }));
  await waitFor(() => expect(screen.queryByRole("dialog")).toBeNull());
  expect(sent(calls, "tools.grant")[1]).toEqual({ kind: "database", name: "shop", path: "shop.db", rows: 50 });
});

test("a command and a server are sent as they are written, and no token is asked for", async () => {
  const calls = serve("empty");
  const { user } = openPanel("#/tools");
  await user.click(await screen.findByRole("button", { name: "Add a command" }));
  let dialog = screen.getByRole("dialog");
  await user.type(within(dialog).getByLabelText("Name"), "lint");
  await user.type(within(dialog).getByLabelText("Program and arguments, one a line"), "cargo\nclippy --fix");
  await user.type(within(dialog).getByLabelText("Folder"), "/work");
  await user.click(within(dialog).getByRole("button", { name: "Grant" }));
  await waitFor(() => expect(sent(calls, "tools.grant")).toEqual([{ kind: "check", name: "lint", command: ["cargo", "clippy --fix"], folder: "/work", environment: [] }]));
  await user.click(await screen.findByRole("button", { name: "Add a server" }));
  dialog = screen.getByRole("dialog");
  await user.type(within(dialog).getByLabelText("Name"), "docs");
  await user.type(within(dialog).getByLabelText("Address"), "http://127.0.0.1:9/mcp");
  await user.type(within(dialog).getByLabelText("Variable with its token"), "DOCS_TOKEN");
  await user.type(within(dialog).getByLabelText("Tools that may be called"), "search, read_*");
  const price = within(dialog).getByLabelText("A call costs, in dollars");
  await user.type(price, "0.002 each");
  expect(within(dialog).getByText("Write an amount, such as 0.002.")).toBeTruthy();
  await user.click(within(dialog).getByRole("button", { name: "Grant" }));
  expect(sent(calls, "tools.grant").length).toBe(1);
  await user.clear(price);
  await user.type(price, "0.002");
  await user.click(within(dialog).getByRole("button", { name: "Grant" }));
  await waitFor(() =>
    expect(sent(calls, "tools.grant")[1]).toEqual({
      kind: "server", name: "docs", url: "http://127.0.0.1:9/mcp", token_env: "DOCS_TOKEN", allow: ["search", "read_*"], usd_per_call: { "*": 0.002 }, local: false,
    }),
  );
});

test("a grant is taken back after a question, and what is not there now is said", async () => {
  const calls = serve("rich");
  const { user } = openPanel("#/tools");
  const part = await region("Grants");
  expect(part.textContent).toContain("events-and-sessions.db no such file now");
  expect(part.textContent).toContain("token from DOCS_TOKEN");
  await user.click(within(part).getByRole("button", { name: "Remove the database shop" }));
  const question = screen.getByRole("alertdialog", { name: "Remove the database “shop”?" });
  await user.click(within(question).getByRole("button", { name: "Remove" }));
  await waitFor(() => expect(sent(calls, "tools.revoke")).toEqual([{ kind: "database", name: "shop" }]));
});

test("every tool says whether it can work now, and is switched off for everybody", async () => {
  const calls = serve("empty");
  const { user } = openPanel("#/tools");
  const board = await screen.findByRole("table", { name: "All tools" });
  const sql = within(board).getByRole("rowheader", { name: "sql" }).closest("tr")!;
  expect(sql.textContent).toContain("Not nowNo database is granted.");
  await user.click(within(board).getByRole("switch", { name: "uuid may be used" }));
  await waitFor(() => expect(sent(calls, "tools.off")).toEqual([{ tool: "uuid", off: true }]));
});

test("a receipt tells how tools came into it, what was run, and what that saved", async () => {
  serve("rich");
  const answered = scenes.get("rich")!.rows.find((row) => row.tools === "recognised")!;
  openPanel(`#/requests/${answered.id}`);
  const receipt = await screen.findByRole("complementary", { name: "Receipt" });
  const part = (await within(receipt).findByRole("heading", { name: "Tools" })).closest("section")!;
  expect(part.textContent).toContain("The message was recognised as a task, whole, so no model was asked. It is a percentage, whole.");
  expect(part.textContent).toContain("calculatordone in 0.1 ms");
  expect(part.textContent).toContain("Saved~$0.00091");
  expect(receipt.textContent).toContain("the tool calculator answered");
  expect(receipt.textContent).toContain("None: a tool answered, and no model was asked.");
  const line = (await screen.findByRole("grid")).querySelector(`[data-id="${answered.id}"]`)!;
  expect(line.textContent).toMatch(/Tool calculatorAnswered {1,2}tool/);
});

test("a read that fails says so and offers another try", async () => {
  serve("rich", { "tools.page": () => new Refusal(503, "unavailable", "Signalbox is ending.") });
  openPanel("#/tools");
  expect(await screen.findByText(/could not read the tools. Signalbox is ending./)).toBeTruthy();
  expect(screen.getByRole("button", { name: "Read again" })).toBeTruthy();
});
