import { screen, waitFor, within } from "@testing-library/react";
import { expect, test } from "vitest";
import { scenes } from "../../../dev/scenes.mjs";
import { money } from "../../format";
import { openPanel } from "../../testing/panel";
import { FakeStream, serve } from "../../testing/server";

const rows = scenes.get("rich")!.rows;
const current = () => document.activeElement?.getAttribute("data-id");
const two = rows.find((row) => row.attempts === 2 && row.ending === "complete")!;

test("the keyboard alone reads the list: j, k, arrows, Enter, Esc", async () => {
  serve("rich");
  const { user } = openPanel("#/requests");
  await screen.findByRole("grid");
  await user.keyboard("j");
  const first = current();
  expect(first).toBe(rows[0]!.id);
  await user.keyboard("jj");
  await user.keyboard("{ArrowDown}");
  expect(current()).toBe(rows[3]!.id);
  await user.keyboard("k");
  expect(current()).toBe(rows[2]!.id);
  await user.keyboard("{Enter}");
  const receipt = await screen.findByRole("complementary", { name: "Receipt" });
  await within(receipt).findByRole("heading", { name: "Route" });
  expect(location.hash).toContain(rows[2]!.id);
  await user.keyboard("j");
  await waitFor(() => expect(location.hash).toContain(rows[3]!.id));
  await user.keyboard("{Escape}");
  expect(screen.queryByRole("complementary")).toBeNull();
  await waitFor(() => expect(current()).toBe(rows[3]!.id));
});

test("slash goes to the filter; letters typed there are text and not shortcuts", async () => {
  const calls = serve("rich");
  const { user } = openPanel("#/requests");
  await screen.findByRole("grid");
  await user.keyboard("/");
  const filter = screen.getByRole("searchbox");
  expect(document.activeElement).toBe(filter);
  await user.keyboard("j2k");
  expect((filter as HTMLInputElement).value).toBe("j2k");
  expect(await screen.findByText("No request matches the filter")).toBeTruthy();
  expect(location.hash).toBe("#/requests?text=j2k");
  expect(calls.at(-1)!.input).toMatchObject({ text: "j2k" });
});

test("while a receipt is open new requests are counted, not pushed in", async () => {
  serve("rich");
  const { user } = openPanel(`#/requests/${two.id}`);
  await screen.findByRole("heading", { name: "Route" });
  const top = screen.getAllByRole("row")[1]!.getAttribute("data-id");
  FakeStream.only.say({ receipts: [{ ...rows[0]!, id: "rc-fffffffffffff1" }], changed: ["receipts"] });
  FakeStream.only.say({ receipts: [{ ...rows[0]!, id: "rc-fffffffffffff2" }], changed: ["receipts"] });
  const pill = await screen.findByText("2 new");
  expect(screen.getAllByRole("row")[1]!.getAttribute("data-id")).toBe(top);
  await user.click(pill);
  expect(screen.getAllByRole("row")[1]!.getAttribute("data-id")).toBe("rc-fffffffffffff2");
  expect(screen.queryByRole("button", { name: /new/ })).toBeNull();
});

test("a receipt tells the route, what was left out, tokens that sum, and the price list", async () => {
  serve("rich");
  openPanel(`#/requests/${two.id}`);
  const receipt = await screen.findByRole("complementary", { name: "Receipt" });
  await within(receipt).findByText(/^Asked for .* failed: rate limit \(429\) after 119 ms → .* answered in/);
  expect(within(receipt).getByText(/Mistral has no key/)).toBeTruthy();
  expect(within(receipt).getByText(/translated into Gemini/)).toBeTruthy();
  const lost = within(receipt).getByText("logit_bias").closest("li")!;
  expect(lost.textContent).toBe("logit_bias was left out: The provider's dialect has no such field.");
  const sum = (two.input_tokens + two.output_tokens).toLocaleString("en-US");
  expect(within(receipt).getByText("Sum").nextSibling!.textContent).toBe(sum);
  expect(within(receipt).getByText(/2026-11-18|no price for this model/)).toBeTruthy();
  expect(within(receipt).getByRole("button", { name: `Copy the id ${two.id}` })).toBeTruthy();
});

test("a receipt tells every target that was considered, its score and why it lost", async () => {
  serve("rich");
  openPanel(`#/requests/${two.id}`);
  const receipt = await screen.findByRole("complementary", { name: "Receipt" });
  const second = (await within(receipt).findByText("Its score is 0.94 against 0.12.", { exact: false })).closest("li")!;
  expect(second.textContent).toContain("openai/gpt-5.2-mini");
  expect(second.textContent).toContain("0.94 = dearer 0.60 + slower 0.30 + errors 0.04");
  const third = within(receipt).getByText("openrouter/llama-3.3-70b-instruct").closest("li")!;
  expect(third.textContent).toContain("not asked");
  expect(third.textContent).toContain("Rate limit reached.");
  expect(receipt.textContent).toContain("No second one was asked beside the first: this machine runs from its battery.");
});

test("a receipt tells in money what the provider's cache saved and what leaving it would have cost", async () => {
  serve("rich");
  openPanel(`#/requests/${two.id}`);
  const receipt = await screen.findByRole("complementary", { name: "Receipt" });
  const saved = money(Math.floor(two.input_tokens * 0.8) * 1_800);
  expect((await within(receipt).findByText("Prompt cache")).nextSibling!.textContent).toBe(`${saved} saved; hints by Signalbox`);
  expect(within(receipt).getByText(/Leaving would have cost \$0\.0042 more/)).toBeTruthy();
});

test("a receipt that is gone says so", async () => {
  serve("rich");
  openPanel("#/requests/rc-00000000000000");
  expect(await screen.findByText(/There is no receipt of this name/)).toBeTruthy();
});

test("older requests come on demand and stay when the list is read again", async () => {
  serve("rich");
  const { user, client } = openPanel("#/requests");
  await screen.findByRole("grid");
  expect(screen.getAllByRole("row")).toHaveLength(101);
  await user.click(screen.getByRole("button", { name: "Show older" }));
  await screen.findByText("These are all of them.");
  expect(screen.getAllByRole("row")).toHaveLength(rows.length + 1);
  await client.invalidateQueries({ queryKey: ["requests.list"] });
  expect(screen.getAllByRole("row")).toHaveLength(rows.length + 1);
});

test("with no request at all the page says how to send the first", async () => {
  serve("empty");
  openPanel("#/requests");
  expect(await screen.findByText("No requests yet")).toBeTruthy();
});

test("a list that cannot be read says why and offers to read again", async () => {
  serve("broken");
  openPanel("#/requests");
  expect(await screen.findByText(/could not read the requests. The ledger could not be read/)).toBeTruthy();
  expect(screen.getByRole("button", { name: "Read again" })).toBeTruthy();
});
