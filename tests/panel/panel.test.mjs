// The panel in a browser against a real Signalbox: what a person does and sees.
//
//   node --test tests/panel/        after cargo build -p server -p stories, and npm run build in ui
//
// Each story has a Signalbox and a browser profile of its own.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { after, afterEach, before, beforeEach, test } from "node:test";
import { editConfig, findings, openPage, setVisibility, startBrowser, startSignalbox, startUpstream } from "./support.mjs";

const PROVIDER_KEY = "sk-story-4f9d2c71b8a34e6d";

let browser;
let upstream;
let box;
let page;
let record;

before(async () => {
  [browser, upstream] = await Promise.all([startBrowser(), startUpstream()]);
});
after(async () => {
  await browser?.close();
  await upstream?.stop();
});
beforeEach(async () => {
  box = await startSignalbox();
  ({ page, record } = await openPage(browser));
});
afterEach(async () => {
  await page?.context().close();
  await box?.stop();
});

const open = async (hash = "") => {
  await page.goto(box.link);
  await page.getByRole("heading", { level: 1, name: "Overview" }).waitFor();
  if (hash) await page.goto(`${box.base}/${hash}`);
};
const go = (name) => page.getByRole("link", { name, exact: true }).click();
const provider = (name) => page.getByRole("listitem", { name });
const seen = (locator) => locator.waitFor({ timeout: 10_000 });

/** Adds the fake provider by hand, as a person would, with its key. */
async function addFake({ id = "fake", name = "Fake", key = PROVIDER_KEY } = {}) {
  await go("Providers");
  await page.getByRole("button", { name: "Add a provider" }).click();
  await page.getByRole("button", { name: "Other server" }).click();
  await page.getByLabel("Id", { exact: true }).fill(id);
  await page.getByLabel("Name", { exact: true }).fill(name);
  await page.getByLabel("OpenAI base URL").fill(`${upstream.base}/v1`);
  await page.getByLabel("Key (may be set later)").fill(key);
  await page.getByRole("button", { name: "Add server" }).click();
  await seen(page.getByText(`${name} was added. ${name} answered and lists 2 models.`));
  await page.getByRole("button", { name: "Done" }).click();
  await seen(provider(name));
}

/** Has the practice provider examined, and shows what was found. */
async function examinePractice() {
  await page.getByRole("button", { name: "Examine Practice" }).click();
  await page.getByRole("button", { name: "Examine", exact: true }).click();
  await page.getByRole("table", { name: "Findings for Practice" }).waitFor({ timeout: 60_000 });
}

/** Opens the form of a catalogue entry, as a person finds it. */
async function startAdding(name) {
  await page.getByRole("button", { name: "Add a provider" }).click();
  await page.getByRole("searchbox", { name: "Search the catalogue" }).fill(name);
  await page.getByRole("option", { name: new RegExp(`^${name}(?! \\()`) }).first().click();
}

test("a one-time link opens the panel, and the page is quiet and accessible", async () => {
  await open();
  assert.equal(new URL(page.url()).search, "", "the ticket leaves the address");
  await seen(page.getByRole("region", { name: "First run" }));
  for (const name of ["Overview", "Requests", "Providers"]) {
    await go(name);
    await seen(page.getByRole("heading", { level: 1, name }));
    await page.waitForLoadState("networkidle").catch(() => {});
    assert.deepEqual(await findings(page), [], name);
  }
  assert.deepEqual(record.complaints, []);
});

test("a used link shows how to get a fresh one, and a fresh one works", async () => {
  await open();
  const second = await openPage(browser);
  await second.page.goto(box.link);
  await second.page.getByRole("heading", { name: "This panel needs a fresh link" }).waitFor();
  assert.match(await second.page.textContent("body"), /signalbox link/);
  assert.deepEqual(await findings(second.page), []);
  await second.page.goto(await box.freshLink());
  await second.page.getByRole("heading", { level: 1, name: "Overview" }).waitFor();
  await second.context.close();
});

test("a request shows up live in Overview and Requests, and its receipt says why", async () => {
  await open();
  await seen(page.getByText("No requests", { exact: true }));
  const first = await box.chat("practice/steady");
  assert.equal(first.status, 200);
  await seen(page.getByText("1 request, 0 failed, at most 1 request a minute"));

  await go("Requests");
  await seen(page.locator(`[data-id="${first.receipt}"]`));
  const second = await box.chat("practice/steady");
  await seen(page.locator(`[data-id="${second.receipt}"]`));

  await page.locator(`[data-id="${second.receipt}"]`).click();
  const receipt = page.getByRole("complementary", { name: "Receipt" });
  await seen(receipt.getByText(/^Asked for practice\/steady → practice\/steady answered in/));
  await seen(receipt.getByText("practice", { exact: true }));
  await seen(receipt.getByText(second.receipt, { exact: true }));
  assert.deepEqual(await findings(page), []);
  assert.deepEqual(record.complaints, []);
});

test("a failure and a fallback are told in the receipt", async () => {
  await open();
  await addFake();
  await page.getByRole("button", { name: "Add an alias" }).click();
  await page.getByLabel("Name", { exact: true }).fill("fast");
  await page.getByLabel("First choice").fill("fake/429");
  await page.keyboard.press("Enter");
  await page.getByLabel("Next choice").fill("fake/ok");
  await page.getByRole("button", { name: "Save alias" }).click();
  await seen(page.getByRole("list", { name: "Targets of fast, in order" }));

  const answered = await box.chat("fast");
  assert.equal(answered.status, 200);
  await go("Requests");
  await page.locator(`[data-id="${answered.receipt}"]`).click();
  const receipt = page.getByRole("complementary", { name: "Receipt" });
  await seen(receipt.getByText(/Asked for fast → alias → fake\/429 failed: rate limit \(429\) after .* → fake\/ok answered in/));
  // The fake reports 120 + 9 tokens, with 100 from the cache and 2 of reasoning.
  const tokens = await receipt.locator("dl").first().innerText();
  assert.match(tokens.replaceAll(/\s+/g, " "), /full price 20 .*cache 100 .*Output 7 .*Reasoning 2 .*Sum 129/);

  const unknown = await box.chat("no-such-model");
  assert.equal(unknown.status, 404);
  await page.getByRole("button", { name: "1 new" }).click();
  await page.getByText("Failed only").click();
  await seen(page.locator(`[data-id="${unknown.receipt}"]`));
  assert.equal(await page.locator("[data-id]").count(), 1);
});

test("a provider is added, tested, switched off and on, and drained; its key is never seen again", async () => {
  await open();
  await addFake();
  const fake = provider("Fake");
  await seen(fake.getByText("Key set for this run only"));

  await page.getByRole("button", { name: "Test Fake" }).click();
  await seen(fake.getByText(/Fake answered and lists 2 models/));

  await page.getByRole("button", { name: "Replace key of Fake" }).click();
  await page.getByLabel("Key for Fake").fill("bad-key-of-the-story-77aa");
  await page.keyboard.press("Enter");
  await page.getByRole("dialog").waitFor({ state: "detached" });
  await page.getByRole("button", { name: "Test Fake" }).click();
  await seen(fake.getByText(/key/i).and(fake.getByText(/401|not accept|refused/)).first());

  // The input itself lies unseen under its drawn lever.
  const enabled = page.getByRole("switch", { name: "Fake is enabled" });
  await fake.getByText("Enabled", { exact: true }).click();
  await seen(fake.getByText("Disabled", { exact: true }));
  assert.equal((await box.chat("fake/ok")).status >= 400, true);
  await enabled.focus();
  await page.keyboard.press("Space");
  await fake.getByText("Disabled", { exact: true }).waitFor({ state: "detached" });

  const slow = box.chat("fake/slow", { stream: true });
  await go("Overview");
  await go("Providers");
  await page.getByRole("button", { name: "Drain Fake" }).click();
  await seen(fake.getByText(/Draining: 1 running, cut in/));
  assert.equal((await box.chat("fake/ok")).status >= 400, true, "a draining provider takes nothing new");
  assert.equal((await slow).status, 200, "what was running ends well");
  await seen(fake.getByText(/Drained\./));
  await page.getByRole("button", { name: "Resume Fake" }).click();
  await page.getByRole("button", { name: "Drain Fake" }).waitFor();

  assert.deepEqual(await findings(page), []);
  assert.deepEqual(record.complaints, []);
  const everything = [await page.content(), ...(await Promise.all(record.bodies))].join("\n");
  for (const key of [PROVIDER_KEY, "bad-key-of-the-story-77aa"]) {
    assert.equal(everything.includes(key), false, "no answer and no page holds a key");
  }
});

test("Azure, Vertex and Bedrock are added by what each asks for, and the config file holds it", async () => {
  await open("#/providers");
  await editConfig(box.config, (text) => `${text}\n# mine stays\n[alias]\ntry-me = "practice/steady" # too\n`);
  await seen(page.getByRole("list", { name: "Targets of try-me, in order" }));

  await startAdding("Azure OpenAI");
  await page.getByText(/^Older/).click();
  await page.getByLabel("Resource").fill("not a word");
  await page.getByText("Set it later").click();
  await page.getByRole("button", { name: "Add Azure OpenAI" }).click();
  await seen(page.getByText(/^The resource is one word of letters, digits and dashes/));
  assert.equal(await page.getByLabel("Resource").evaluate((line) => line === document.activeElement), true);
  assert.deepEqual(await findings(page), []);
  await page.getByLabel("Resource").fill("contoso");
  await page.getByRole("button", { name: "Add Azure OpenAI" }).click();
  await page.getByRole("dialog").waitFor({ state: "detached" });
  await seen(provider("Azure OpenAI").getByText("https://contoso.openai.azure.com/openai").first());

  await startAdding("Google Vertex AI");
  await page.getByLabel("Location").fill("global");
  await page.getByLabel("Project").fill("my-project");
  await page.getByText("Set it later").click();
  await page.getByRole("button", { name: "Add Google Vertex AI" }).click();
  await page.getByRole("dialog").waitFor({ state: "detached" });

  await startAdding("Amazon Bedrock");
  await page.getByLabel("Region").fill("eu-west-1");
  await page.getByText("Set it later").click();
  await page.getByRole("button", { name: "Add Amazon Bedrock" }).click();
  await page.getByRole("dialog").waitFor({ state: "detached" });

  await page.getByRole("button", { name: "Set key of Amazon Bedrock" }).click();
  await page.getByText(/^An access key/).click();
  await page.getByLabel("Access key id").fill("AKIDEXAMPLE00000000");
  await page.keyboard.press("Enter");
  await seen(page.getByText(/The key was not saved. The AWS key has no .*secret_access_key/));
  await page.getByLabel("Access key id").fill("AKIDEXAMPLE00000000");
  await page.getByLabel("Secret access key").fill(PROVIDER_KEY);
  await page.keyboard.press("Enter");
  await page.getByRole("dialog").waitFor({ state: "detached" });
  await seen(provider("Amazon Bedrock").first().getByText("Key set for this run only"));

  const config = await readFile(box.config, "utf8");
  for (const part of [
    '# mine stays\n[alias]\ntry-me = "practice/steady" # too\n',
    '[provider.azure]\nopenai_base_url = "https://contoso.openai.azure.com/openai"\nhosting = "azure"\napi_version = "2024-10-21"\nkey = "keychain"\n',
    '[provider.vertex]\ngemini_base_url = "https://aiplatform.googleapis.com/v1/projects/my-project/locations/global/publishers/google"\nkey = "keychain"\n',
    '[provider.bedrock]\nbedrock_base_url = "https://bedrock-runtime.eu-west-1.amazonaws.com"\nkey = "keychain"\n',
  ]) {
    assert.equal(config.includes(part), true, `${part}\nis not in\n${config}`);
  }
  const everything = [config, await page.content(), ...(await Promise.all(record.bodies))].join("\n");
  assert.equal(everything.includes(PROVIDER_KEY), false, "no answer, no page and no file holds a key");
});

test("a server is added in two dialects, and serves tools that speak either", async () => {
  await open("#/providers");
  await page.getByRole("button", { name: "Add a provider" }).click();
  await page.getByRole("button", { name: "Other server" }).click();
  await page.getByLabel("Id", { exact: true }).fill("both");
  await page.getByLabel("OpenAI base URL").fill("ftp://127.0.0.1");
  await page.getByRole("button", { name: "Add server" }).click();
  await seen(page.getByText(/can't be spoken here; use https/));
  await page.getByLabel("OpenAI base URL").fill(`${upstream.base}/v1`);
  await page.getByRole("button", { name: "It speaks another dialect too" }).click();
  await page.getByLabel("Dialect", { exact: true }).nth(1).selectOption("Anthropic");
  await page.getByLabel("Anthropic base URL").fill(upstream.base);
  await page.getByLabel("Its key is sent as").selectOption("Authorization: Bearer");
  await page.getByLabel("Key (may be set later)").fill(PROVIDER_KEY);
  assert.deepEqual(await findings(page), []);
  await page.getByRole("button", { name: "Add server" }).click();
  await seen(page.getByText(/both was added. both answered and lists 2 models/));
  await page.getByRole("button", { name: "Done" }).click();
  assert.equal((await box.chat("both/ok")).status, 200);
  const config = await readFile(box.config, "utf8");
  assert.match(config, /\[provider\.both\]\nopenai_base_url = "[^"]+\/v1"\nanthropic_base_url = "[^"]+"\n/);
});

test("the practice provider is examined; it goes on while the page is left, and its matrix is read", async () => {
  await open("#/providers");
  const practice = provider("Practice");
  await seen(practice.getByText("Never examined"));
  await page.getByRole("button", { name: "Examine Practice" }).click();
  await seen(page.getByText("It costs nothing."));
  assert.deepEqual(await findings(page), []);
  await page.getByRole("button", { name: "Examine", exact: true }).click();
  await go("Overview");
  await go("Providers");
  await practice.getByText(/^Examined just now/).waitFor({ timeout: 60_000 });

  await page.getByRole("button", { name: "Show findings for Practice" }).click();
  const matrix = page.getByRole("table", { name: "Findings for Practice" });
  await seen(matrix);
  assert.deepEqual(await matrix.getByRole("columnheader").allInnerTexts(), ["Check", "OpenAI", "Responses", "Anthropic", "Gemini", "Ollama"]);
  const cells = await matrix.getByRole("button").evaluateAll((all) => all.map((cell) => cell.getAttribute("aria-label")));
  assert.equal(cells.length, 5 * (await matrix.getByRole("rowheader").count()));
  assert.deepEqual(cells.filter((cell) => /: Failed/.test(cell)), [], "the practice provider does everything");
  assert.equal(cells.filter((cell) => /: Works/.test(cell)).length > 20, true, cells.join("\n"));

  await matrix.getByRole("button", { name: /^Parallel calls, Gemini/ }).click();
  await page.keyboard.press("ArrowLeft");
  const detail = page.getByRole("group", { name: "The chosen finding" });
  await seen(detail.getByText(/^Parallel calls, Anthropic: works/));
  assert.deepEqual(await findings(page), []);
  await detail.getByRole("link", { name: "Its receipt" }).click();
  const receipt = page.getByRole("complementary", { name: "Receipt" });
  await seen(receipt.getByText("practice", { exact: true }).first());
  await seen(receipt.getByText("doctor").first());
  assert.deepEqual(record.complaints, []);
});

test("a bad config edit is shown with its line while the last good one runs, and mending it clears it", async () => {
  await open();
  await addFake();
  let good;
  await editConfig(box.config, (text) => {
    good = text;
    return `${text}\n[provider.fake2]\nbase_adress = "x"\n`;
  });
  const section = page.getByRole("region", { name: "Config file" });
  await seen(section.getByText(/The newest edit was refused at line \d+/));
  assert.match(await section.innerText(), /base_adress/);
  assert.equal((await box.chat("fake/ok")).status, 200, "the last good config runs");
  await go("Overview");
  await seen(page.getByRole("list", { name: "Needs attention" }).getByText(/edit was refused/));
  assert.deepEqual(await findings(page), []);

  await editConfig(box.config, () => good);
  await page.getByText(/edit was refused/).waitFor({ state: "detached", timeout: 10_000 });
});

test("paused: said on every page, refused to tools, resumed from the banner", async () => {
  await open();
  await page.getByText("Routing", { exact: true }).click();
  await seen(page.getByText("Routing is paused."));
  assert.equal((await box.chat("practice/steady")).status >= 400, true);
  for (const name of ["Requests", "Providers"]) {
    await go(name);
    await seen(page.getByText("Routing is paused."));
  }
  assert.deepEqual(await findings(page), []);
  await page.getByRole("button", { name: "Resume" }).click();
  await page.getByText("Routing is paused.").waitFor({ state: "detached" });
  assert.equal((await box.chat("practice/steady")).status, 200);
});

test("a client key is made, shown once, works, and is refused when revoked", async () => {
  await open();
  // The first key is shown, when the page has been told it, until it is dismissed.
  await page.waitForFunction((key) => document.querySelector("main").textContent.includes(key), box.key);
  await page.getByRole("button", { name: "I have saved it" }).click();
  await page.waitForFunction((key) => !document.body.textContent.includes(key), box.key);

  await page.getByLabel("Name of a new client key").fill("aider");
  await page.keyboard.press("Enter");
  const shown = page.getByRole("group", { name: "Client key aider" });
  const key = await shown.locator("code").innerText();
  assert.equal((await box.chat("practice/steady")).status, 200);
  await shown.getByRole("button", { name: "I have saved it" }).click();
  assert.equal((await page.content()).includes(key), false);

  const asAider = () =>
    fetch(`${box.base}/v1/models`, { headers: { authorization: `Bearer ${key}` } }).then(({ status }) => status);
  assert.equal(await asAider(), 200);
  await page.getByRole("button", { name: "Revoke the client key aider" }).click();
  await page.getByRole("alertdialog").getByRole("button", { name: "Revoke" }).click();
  await page.getByRole("button", { name: "Revoke the client key aider" }).waitFor({ state: "detached" });
  assert.equal(await asAider(), 401);
});

test("the keyboard alone: pages, list, receipt, filter, sheet, a switch", async () => {
  const { receipt } = await (await open(), box.chat("practice/steady"));
  await box.chat("practice/steady");
  await page.keyboard.press("2");
  await seen(page.locator(`[data-id="${receipt}"]`));
  await page.keyboard.press("j");
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("Enter");
  await seen(page.getByRole("complementary", { name: "Receipt" }).getByText(receipt, { exact: true }));
  await page.keyboard.press("k");
  await page.getByText(receipt, { exact: true }).waitFor({ state: "detached" });
  await page.keyboard.press("Escape");
  await page.getByRole("complementary").waitFor({ state: "detached" });
  await page.waitForFunction(() => document.activeElement?.matches("[data-id]"));
  await page.keyboard.press("/");
  await page.keyboard.type("nothing-like-it");
  await seen(page.getByText("No request matches the filter"));
  await page.keyboard.press("Escape");
  await page.keyboard.press("Escape");
  await seen(page.locator(`[data-id="${receipt}"]`));
  await page.keyboard.press("?");
  await seen(page.getByRole("dialog", { name: "Keyboard shortcuts" }));
  await page.keyboard.press("Escape");
  await page.keyboard.press("3");
  await page.waitForFunction(() => document.activeElement?.textContent === "Providers");
  await page.keyboard.press("Tab");
  assert.equal(await page.evaluate(() => document.activeElement.textContent), "Add a provider");
  await page.keyboard.press("Enter");
  await seen(page.getByRole("listbox", { name: "Catalogue" }));
  await page.keyboard.type("anthropic");
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("Enter");
  await seen(page.getByLabel("Key for Anthropic"));
  await page.keyboard.press("Escape");
  await page.getByRole("dialog").waitFor({ state: "detached" });
});

test("while hidden nothing is asked for; on return the page is true again", async () => {
  await open();
  await seen(page.getByText("No requests", { exact: true }));
  await setVisibility(page, "hidden");
  await page.waitForTimeout(300);
  const before = record.requests.length;
  await box.chat("practice/steady");
  await page.waitForTimeout(2_000);
  assert.deepEqual(record.requests.slice(before), []);
  await setVisibility(page, "visible");
  await seen(page.getByText("1 request, 0 failed, at most 1 request a minute"));
});

test("when the connection is lost the panel says so quietly, and is live again when it is back", async () => {
  await open();
  await page.context().setOffline(true);
  await setVisibility(page, "hidden");
  await setVisibility(page, "visible");
  await seen(page.getByText(/live connection to Signalbox is lost/));
  await page.context().setOffline(false);
  await page.getByText(/live connection to Signalbox is lost/).waitFor({ state: "detached", timeout: 20_000 });
});

test("when Signalbox ends the panel says so; after a restart it asks for a fresh link, which works", async () => {
  await open();
  await seen(page.getByText("No requests", { exact: true }));
  await box.end();
  await seen(page.getByText(/live connection to Signalbox is lost/));
  assert.deepEqual(await findings(page), []);
  await box.again();
  await page.getByRole("heading", { name: "This panel needs a fresh link" }).waitFor({ timeout: 20_000 });
  await page.goto(await box.freshLink());
  await seen(page.getByRole("heading", { level: 1, name: "Overview" }));
});

for (const [scheme, width] of [["light", 1280], ["dark", 1280], ["dark", 720], ["light", 390]]) {
  test(`nothing runs over and contrast holds: ${scheme}, ${width} pixels wide`, async () => {
    await page.context().close();
    ({ page, record } = await openPage(browser, { colorScheme: scheme, viewport: { width, height: 820 } }));
    await open();
    await addFake({ name: "A provider with a rather long name, in Europe" });
    const { receipt } = await box.chat("fake/429");
    for (const hash of ["#/", "#/requests", `#/requests/${receipt}`, "#/providers"]) {
      await page.goto(`${box.base}/${hash}`);
      await page.waitForTimeout(400);
      const over = await page.evaluate(() => document.documentElement.scrollWidth > innerWidth);
      assert.equal(over, false, `${hash} runs over sideways`);
      assert.deepEqual(await findings(page), [], hash);
    }
    await examinePractice();
    const matrix = await page.getByRole("region", { name: "Findings for Practice, table" }).evaluate((part) => part.scrollWidth > part.clientWidth);
    assert.equal(matrix, false, "the matrix runs over sideways");
    assert.deepEqual(await findings(page), [], "the matrix");
  });
}
