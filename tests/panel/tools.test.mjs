// The deterministic tools in a browser against a real Signalbox: tried, recognised, granted, ruled, and on a receipt.
//
//   node --test tests/panel/tools.test.mjs

import assert from "node:assert/strict";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { after, afterEach, before, beforeEach, test } from "node:test";
import { editConfig, findings, openPage, startBrowser, startSignalbox, startUpstream } from "./support.mjs";

const ARTEFACTS = fileURLToPath(new URL("../artefacts/", import.meta.url));

let browser;
let upstream;
let box;
let page;
let record;

before(async () => {
  [browser, upstream] = await Promise.all([startBrowser(), startUpstream()]);
  await mkdir(ARTEFACTS, { recursive: true });
});
after(async () => {
  await browser?.close();
  await upstream?.stop();
});
beforeEach(async () => {
  box = await startSignalbox();
  await editConfig(box.config, (text) => `${text}
[provider.fake]
name = "Fake"
openai_base_url = "${upstream.base}/v1"
key = "none"
local = false
[alias]
fast = ["fake/ok"] # the quick one
"a-route-with-a-rather-long-name-2026-11-22" = ["fake/ok"]
`);
  ({ page, record } = await openPage(browser));
});
afterEach(async () => {
  await page?.context().close();
  await box?.stop();
});

const seen = (locator) => locator.waitFor({ timeout: 10_000 });
const found = () => page.getByRole("region", { name: "What came of it" });
const route = (name) => page.getByRole("table", { name: "Tools by route" }).getByRole("row").filter({ has: page.getByRole("rowheader", { name }) });
const config = () => readFile(box.config, "utf8");

async function open() {
  await page.goto(box.link);
  await page.getByRole("heading", { level: 1, name: "Overview" }).waitFor();
  // The edited config is read: the provider is known.
  await seen(page.getByRole("rowheader", { name: "Fake" }));
  await page.keyboard.press("6");
  await page.getByRole("heading", { level: 1, name: "Tools" }).waitFor();
  await seen(route(/fast/));
}

test("a task is typed and run by keyboard alone, and what can't be done says why", async () => {
  await open();
  assert.deepEqual(await findings(page), []);
  await page.keyboard.press("/");
  await page.keyboard.type("23% of 450");
  await page.keyboard.press("Control+Enter");
  await seen(found().getByLabel("Result", { exact: true }).getByText("103.5", { exact: true }));
  await seen(found().getByText(/^calculator took \d/));
  assert.deepEqual(await findings(page), []);
  await page.getByLabel("What it is to do").fill("1 / 0");
  await page.getByRole("button", { name: "Run", exact: true }).click();
  await seen(found().getByText("No answer."));
  assert.equal(await found().getByLabel("Result", { exact: true }).count(), 0);
  assert.deepEqual(await findings(page), []);
  assert.deepEqual(record.complaints, []);
});

test("a message is decided while it is typed", async () => {
  await open();
  const part = page.getByRole("region", { name: "Recognise" });
  await part.getByLabel("A message").pressSequentially("What is 17 * 23?");
  await seen(part.getByText("A task for calculator"));
  await seen(part.getByLabel("Arguments").getByText("expression"));
  await part.getByLabel("A message").fill("Write a poem about 17 * 23");
  await seen(part.getByText("Left to the model"));
  assert.deepEqual(await findings(page), []);
  assert.deepEqual(record.complaints, []);
});

test("a database is granted by a form, refused where it can't be, and taken back; the file keeps its comments", async () => {
  await open();
  const before = await config();
  const path = join(dirname(box.config), "shop.sqlite3");
  // An empty file is an empty database.
  await writeFile(path, "");
  await page.getByRole("button", { name: "Add a database" }).click();
  const dialog = page.getByRole("dialog", { name: "Add a database" });
  await dialog.getByLabel("Name").fill("shop");
  await dialog.getByLabel("File").fill("shop.sqlite3");
  assert.deepEqual(await findings(page), []);
  const refused = page.waitForResponse((response) => response.url().endsWith("/control/tools.grant"));
  await dialog.getByRole("button", { name: "Grant" }).click();
  assert.equal((await refused).status(), 409);
  await seen(dialog.getByText("write the whole path, from the root", { exact: false }));
  assert.equal(await config(), before);
  assert.deepEqual(await findings(page), []);
  await dialog.getByLabel("File").fill(path);
  await dialog.getByRole("button", { name: "Grant" }).click();
  const databases = page.getByRole("list", { name: "Databases" });
  await seen(databases.getByText(path));
  assert.equal(await databases.getByText("no such file now").count(), 0);
  assert.ok((await config()).includes(`\n[tools.database.shop]\npath = ${JSON.stringify(path)}\n`));
  await page.getByRole("button", { name: "Remove the database shop" }).click();
  const question = page.getByRole("alertdialog", { name: "Remove the database “shop”?" });
  await question.getByRole("button", { name: "Remove" }).click();
  await databases.waitFor({ state: "detached" });
  assert.equal(await config(), before);
  // The browser itself complains of the 409 that was meant, and of nothing else.
  assert.deepEqual(record.complaints.filter((said) => !said.includes("409")), []);
});

test("a route is switched to the shadow in its line, and a receipt tells the tool's part", async () => {
  await open();
  const places = route(/fast/).getByRole("radiogroup", { name: "Recognise tasks on fast" });
  await places.getByText("Shadow").click();
  await seen(route(/fast/).getByText("a rule of its own"));
  assert.ok(await places.getByRole("radio", { name: "Shadow" }).isChecked());
  assert.ok((await config()).includes('fast = { targets = ["fake/ok"], tools = { recognise = "shadow" } } # the quick one\n'));
  assert.deepEqual(await findings(page), []);

  const ask = (model, content) => box.chat(model, { messages: [{ role: "user", content }] });
  // In the shadow the model answers, and it is counted.
  assert.equal((await ask("fast", "What is 17 * 23?")).status, 200);
  await seen(route(/fast/).getByText("1 would have been answered"));
  const named = await ask("tool/calculator", "23% of 450");
  assert.equal(JSON.parse(named.text).choices[0].message.content, "103.5");
  await seen(route("tool/calculator").getByText("1 answered"));
  await seen(page.getByRole("region", { name: "What tools saved" }).getByText("1 answer without a model").first());

  await page.keyboard.press("2");
  const row = page.locator(`[data-id="${named.receipt}"]`);
  await seen(row.getByText("tool", { exact: true }));
  await seen(row.getByText("Tool", { exact: true }));
  await row.click();
  const receipt = page.getByRole("complementary", { name: "Receipt" });
  await seen(receipt.getByText("The tool was asked by its name, in the place of a model."));
  await seen(receipt.getByText(/^done in /));
  await seen(receipt.getByText("None: a tool answered, and no model was asked."));
  assert.deepEqual(await findings(page), []);
  assert.deepEqual(record.complaints, []);
});

for (const [scheme, width] of [["light", 1280], ["dark", 1280], ["dark", 720], ["light", 390]]) {
  test(`nothing runs over and contrast holds: ${scheme}, ${width} pixels wide`, async () => {
    await page.context().close();
    ({ page, record } = await openPage(browser, { colorScheme: scheme, viewport: { width, height: 820 } }));
    await open();
    await page.screenshot({ path: `${ARTEFACTS}tools-${scheme}-${width}.png` });
    const over = await page.evaluate(() => document.documentElement.scrollWidth > innerWidth);
    assert.equal(over, false, "the page runs over sideways");
    assert.deepEqual(await findings(page), []);
  });
}
