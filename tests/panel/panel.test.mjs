// The panel in a browser against a real Signalbox: what a person does and sees.
//
//   node --test tests/panel/        after cargo build -p server -p stories, and npm run build in ui
//
// Each story has a Signalbox and a browser profile of its own.

import assert from "node:assert/strict";
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
  await seen(provider(name));
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
  await seen(fake.getByText(/Draining: 1 still in flight/));
  assert.equal((await box.chat("fake/ok")).status >= 400, true, "a draining provider takes nothing new");
  assert.equal((await slow).status, 200, "what was running ends well");
  await seen(fake.getByText(/Drained: nothing in flight/));
  await page.getByRole("button", { name: "Resume Fake" }).click();
  await page.getByRole("button", { name: "Drain Fake" }).waitFor();

  assert.deepEqual(await findings(page), []);
  assert.deepEqual(record.complaints, []);
  const everything = [await page.content(), ...(await Promise.all(record.bodies))].join("\n");
  for (const key of [PROVIDER_KEY, "bad-key-of-the-story-77aa"]) {
    assert.equal(everything.includes(key), false, "no answer and no page holds a key");
  }
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
  });
}
