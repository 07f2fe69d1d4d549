// The Health page in a browser against a real Signalbox: signals as they come in, with their causes.
//
//   node --test tests/panel/health.test.mjs

import assert from "node:assert/strict";
import { createServer } from "node:http";
import { mkdir } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { after, afterEach, before, beforeEach, test } from "node:test";
import { editConfig, findings, openPage, startBrowser, startSignalbox, startUpstream } from "./support.mjs";

const ARTEFACTS = fileURLToPath(new URL("../artefacts/", import.meta.url));

let browser;
let upstream;
let server;
let box;
let page;
let record;

/** A local server with limits and a queue. */
function startServer() {
  const listening = createServer((request, response) => {
    if (request.url === "/metrics") {
      return response.end("llamacpp:requests_processing 4\nllamacpp:requests_deferred 9\n");
    }
    response.writeHead(200, {
      "content-type": "application/json",
      "x-ratelimit-limit-requests": "500",
      "x-ratelimit-remaining-requests": "71",
      "x-ratelimit-reset-requests": "45s",
    });
    const choices = [{ index: 0, message: { role: "assistant", content: "Hello" }, finish_reason: "stop" }];
    response.end(JSON.stringify({ id: "x", object: "chat.completion", model: "m", choices, usage: { prompt_tokens: 9, completion_tokens: 3, total_tokens: 12 } }));
  });
  return new Promise((resolve) => listening.listen(0, "127.0.0.1", () => resolve(listening)));
}

before(async () => {
  [browser, upstream, server] = await Promise.all([startBrowser(), startUpstream(), startServer()]);
  await mkdir(ARTEFACTS, { recursive: true });
});
after(async () => {
  await browser?.close();
  await upstream?.stop();
  server?.close();
  server?.closeAllConnections();
});
beforeEach(async () => {
  box = await startSignalbox();
  const { port } = server.address();
  await editConfig(box.config, (text) => `${text}
[provider.fake]
name = "Fake"
openai_base_url = "${upstream.base}/v1"
key = "none"
[provider.near]
name = "Near by"
openai_base_url = "http://127.0.0.1:${port}/v1"
key = "none"
local = true
`);
  ({ page, record } = await openPage(browser));
});
afterEach(async () => {
  await page?.context().close();
  await box?.stop();
});

const seen = (locator) => locator.waitFor({ timeout: 10_000 });
const line = (model) => page.getByRole("row").filter({ has: page.getByRole("rowheader", { name: model, exact: true }) });

async function open() {
  await page.goto(box.link);
  await page.getByRole("heading", { level: 1, name: "Overview" }).waitFor();
  // The edited config is read: both providers are known.
  await seen(page.getByRole("rowheader", { name: "Near by" }));
}

test("signals come in while the page is open: errors, limits, a queue, and what is held and why", async () => {
  await open();
  await page.keyboard.press("4");
  await seen(page.getByText("Nothing has been asked yet"));
  assert.deepEqual(await findings(page), []);

  assert.equal((await box.chat("near/m")).status, 200);
  await seen(line("m").getByText("71 of 500 requests, whole in", { exact: false }));
  await seen(line("m").getByText("there: 4 run, 9 wait"));
  await seen(line("m").getByText("Healthy"));

  for (let n = 0; n < 3; n += 1) await box.chat("fake/529");
  await seen(line("529").getByText("Failed", { exact: true }));
  assert.match(await line("529").innerText(), /100\.0%: \d+ × 529/);
  assert.match(await line("529").innerText(), /the next one asked is a trial\. Held/);

  await box.chat("fake/429-long");
  await seen(line("429-long").getByText(/its rate limit is reached\. Held \d+ s more\./));
  // The wait runs down by itself.
  const held = async () => Number(/Held (\d+) s/.exec(await line("429-long").innerText())[1]);
  const first = await held();
  await page.waitForFunction(
    (before) => {
      const row = [...document.querySelectorAll("tr")].find((one) => one.querySelector("th")?.textContent === "429-long");
      return Number(/Held (\d+) s/.exec(row.textContent)[1]) < before;
    },
    first,
    { timeout: 10_000 },
  );
  assert.deepEqual(await findings(page), []);
  assert.deepEqual(record.complaints, []);
});

test("what scrolls is reached by keyboard", async () => {
  await open();
  await box.chat("near/m");
  await page.setViewportSize({ width: 390, height: 820 });
  await page.goto(`${box.base}/#/health`);
  await seen(line("m"));
  const table = page.getByRole("region", { name: "Signals by provider and model, table" });
  await table.focus();
  await page.keyboard.press("ArrowRight");
  await page.waitForFunction(() => document.activeElement.scrollLeft > 0);
  assert.equal(await line("m").getByRole("rowheader").isVisible(), true, "the model's name stays");
});

for (const [scheme, width] of [["light", 1280], ["dark", 1280], ["dark", 720], ["light", 390]]) {
  test(`nothing runs over and contrast holds: ${scheme}, ${width} pixels wide`, async () => {
    await page.context().close();
    ({ page, record } = await openPage(browser, { colorScheme: scheme, viewport: { width, height: 820 } }));
    await open();
    await Promise.all(["near/m", "fake/a-model-with-a-rather-long-name-2026-11-22", "fake/400", "fake/529", "fake/429-long", "fake/slow"].map((model) => box.chat(model)));
    await page.goto(`${box.base}/#/health`);
    await seen(line("429-long"));
    await page.screenshot({ path: `${ARTEFACTS}health-${scheme}-${width}.png` });
    const over = await page.evaluate(() => document.documentElement.scrollWidth > innerWidth);
    assert.equal(over, false, "the page runs over sideways");
    assert.deepEqual(await findings(page), []);
  });
}
