// Kept answers in a browser against a real Signalbox: a repeated question shows everywhere, and is forgotten.
//
//   node --test tests/panel/cache.test.mjs

import assert from "node:assert/strict";
import { mkdir } from "node:fs/promises";
import { createServer } from "node:http";
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
fast = ["fake/ok"]
"a-route-with-a-rather-long-name-2026-11-22" = ["fake/ok"]
`);
  ({ page, record } = await openPage(browser));
});
afterEach(async () => {
  await page?.context().close();
  await box?.stop();
});

const seen = (locator) => locator.waitFor({ timeout: 10_000 });
const line = (route) => page.getByRole("table", { name: "Kept answers by route" }).getByRole("row").filter({ has: page.getByRole("rowheader", { name: route, exact: true }) });
const use = () => page.getByRole("region", { name: "Since Signalbox started" });

async function open() {
  await page.goto(box.link);
  await page.getByRole("heading", { level: 1, name: "Overview" }).waitFor();
  // The edited config is read: the provider is known.
  await seen(page.getByRole("rowheader", { name: "Fake" }));
}

/** What `look` gives once it gives something; ten seconds at most. */
async function eventually(what, look) {
  for (const end = Date.now() + 10_000; Date.now() < end; ) {
    const found = await look();
    if (found !== undefined) return found;
  }
  throw new Error(`${what} never came`);
}

/** Asks a question that may be kept, until it is told again from memory; gives the first receipt and that one. */
async function askTwice(model) {
  const first = await box.chat(model, { temperature: 0 });
  assert.equal(first.status, 200);
  // An answer is kept beside its end, so the next one may come too early and is then asked anew.
  return eventually("a hit", async () => {
    const again = await box.chat(model, { temperature: 0 });
    const { cache } = await receiptOf(again);
    return cache.verdict === "memory" ? { paid: cache.from, hit: again.receipt } : undefined;
  });
}

/** A hit's receipt is written beside its answer, which may be here before it. */
function receiptOf({ receipt }) {
  return eventually(`the receipt ${receipt}`, async () => {
    const told = await control("requests.get", { id: receipt });
    return told.row && told;
  });
}

/** Reads as the panel does, in its session. */
function control(operation, input) {
  return page.evaluate(
    async ([name, body]) => {
      const headers = { "content-type": "application/json", "x-signalbox-panel": "1" };
      return (await fetch(`/control/${name}`, { method: "POST", headers, body })).json();
    },
    [operation, JSON.stringify(input)],
  );
}

test("a repeated question shows on the Cache page, the overview and its receipt, and is forgotten", async () => {
  await open();
  await page.keyboard.press("5");
  await seen(page.getByText("Nothing has been asked yet"));
  assert.deepEqual(await findings(page), []);

  const { paid, hit } = await askTwice("fast");
  await box.chat("fast");
  // Live: the page was open all the while.
  await seen(use().getByText(/^\d+ of \d+ looked for, since the start$/));
  await seen(line("fast").getByText("from memory"));
  await seen(use().getByText(/^1 request was not looked for, because the route's rule or the client said so/));
  assert.match(await page.getByRole("region", { name: "In memory" }).innerText(), /1 answer\s/);
  // The fake's model has no price, and that is said.
  await seen(use().getByText("no price is known for", { exact: false }));
  assert.deepEqual(await findings(page), []);

  await page.keyboard.press("1");
  const figure = page.getByRole("link", { name: /since Signalbox started: show the cache/ });
  await seen(figure);
  await page.keyboard.press("2");
  const row = page.locator(`[data-id="${hit}"]`);
  await seen(row.getByText("hit", { exact: true }));
  await row.click();
  const receipt = page.getByRole("complementary", { name: "Receipt" });
  await seen(receipt.getByText(/^The same was asked before, and its answer was still in memory/));
  await seen(receipt.getByText("None: another request paid for this answer."));
  assert.deepEqual(await findings(page), []);
  await receipt.getByRole("link", { name: paid }).click();
  await seen(receipt.getByText("Looked for, and not found.", { exact: false }));

  await page.keyboard.press("5");
  await page.getByRole("button", { name: "Forget the answers of fast" }).click();
  const question = page.getByRole("alertdialog", { name: "Forget the answers of fast?" });
  await seen(question);
  assert.deepEqual(await findings(page), []);
  await question.getByRole("button", { name: "Forget" }).click();
  await seen(page.getByText("Forgot 1 answer in memory.", { exact: false }));
  await seen(page.getByRole("region", { name: "In memory" }).getByText("0 answers"));
  const anew = await box.chat("fast", { temperature: 0 });
  assert.equal((await receiptOf(anew)).cache.verdict, "missed");
  assert.deepEqual(record.complaints, []);
});

test("answers are forgotten by model and age by keyboard alone", async () => {
  await open();
  await askTwice("fast");
  await page.keyboard.press("5");
  await seen(line("fast"));
  const forget = async (fill) => {
    await page.getByRole("button", { name: "Forget answers…" }).focus();
    await page.keyboard.press("Enter");
    await seen(page.getByRole("dialog", { name: "Forget answers?" }));
    await fill();
    await page.getByRole("button", { name: "Forget", exact: true }).focus();
    await page.keyboard.press("Enter");
  };
  await forget(() => page.getByLabel("Age", { exact: true }).selectOption("3600"));
  await seen(page.getByText("Forgot 0 answers in memory.", { exact: false }));
  await forget(async () => {
    await page.getByLabel("Given by the model").focus();
    await page.keyboard.type("ok");
    await page.keyboard.press("Enter");
  });
  await seen(page.getByText("Forgot 1 answer in memory.", { exact: false }));
});

/** The three names that a model is made of, with bytes that are none: what is fetched is not read here. */
async function startModelServer() {
  const waiting = [];
  const server = createServer((request, response) => {
    const bytes = Buffer.alloc(request.url.endsWith("model.safetensors") ? 400_000 : 400, "x");
    response.writeHead(200, { "content-length": bytes.length, etag: '"one"' });
    if (!request.url.endsWith("model.safetensors")) return response.end(bytes);
    response.write(bytes.subarray(0, 200_000));
    waiting.push(() => response.end(bytes.subarray(200_000)));
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    base: `http://127.0.0.1:${server.address().port}/tiny`,
    /** The second half of each that was asked for. */
    giveTheRest: () => waiting.splice(0).forEach((give) => give()),
    stop: () => {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(resolve));
    },
  };
}

test("the model is fetched after a question, watched, cancelled, and fetched again", async () => {
  const models = await startModelServer();
  try {
    await open();
    await page.keyboard.press("5");
    const model = page.getByRole("region", { name: "The model" });
    await seen(model.getByText("Not there"));
    const fetch = async () => {
      await model.getByRole("button", { name: "Fetch the model (about 90 MB)" }).click();
      const question = page.getByRole("dialog", { name: "Fetch the model?" });
      await seen(question.getByText("Nothing is sent but the request for these files", { exact: false }));
      assert.deepEqual(await findings(page), []);
      await question.getByLabel("Another address").fill(models.base);
      await question.getByRole("button", { name: "Fetch", exact: true }).click();
      await seen(model.getByText("model.safetensors: 195.3 KiB of 390.6 KiB"));
      assert.equal(await model.getByRole("progressbar").getAttribute("aria-valuenow"), "50");
    };
    await fetch();
    assert.deepEqual(await findings(page), []);
    const heard = page.waitForResponse((response) => response.url().endsWith("/control/cache.cancel_fetch"));
    await model.getByRole("button", { name: "Cancel" }).click();
    await seen(model.getByRole("button", { name: "Ending…" }));
    assert.equal((await heard).status(), 200);
    models.giveTheRest();
    await seen(model.getByText("No model came: the download was cancelled", { exact: false }));
    await fetch();
    assert.equal(await model.getByText("No model came", { exact: false }).count(), 0);
    models.giveTheRest();
    await seen(model.getByText("There", { exact: true }));
    await seen(model.getByRole("button", { name: "Fetch the model again (about 90 MB)" }));
    assert.deepEqual(await findings(page), []);
    assert.deepEqual(record.complaints, []);
  } finally {
    await models.stop();
  }
});

for (const [scheme, width] of [["light", 1280], ["dark", 1280], ["dark", 720], ["light", 390]]) {
  test(`nothing runs over and contrast holds: ${scheme}, ${width} pixels wide`, async () => {
    await page.context().close();
    ({ page, record } = await openPage(browser, { colorScheme: scheme, viewport: { width, height: 820 } }));
    await open();
    for (const model of ["fast", "a-route-with-a-rather-long-name-2026-11-22"]) await askTwice(model);
    await box.chat("fake/ok");
    await page.goto(`${box.base}/#/cache`);
    await seen(line("fast"));
    await page.screenshot({ path: `${ARTEFACTS}cache-${scheme}-${width}.png` });
    const over = await page.evaluate(() => document.documentElement.scrollWidth > innerWidth);
    assert.equal(over, false, "the page runs over sideways");
    assert.deepEqual(await findings(page), []);
  });
}
