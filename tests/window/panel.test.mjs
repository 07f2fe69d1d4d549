// The panel in the real window: what a user sees in the first minute.

import assert from "node:assert/strict";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { Driver } from "./driver.mjs";
import { artefacts, Screen } from "./screen.mjs";

let screen, driver, proxy;

before(async () => {
  screen = await Screen.open();
  driver = await Driver.open(screen);
  proxy = await screen.proxy();
});

after(async () => {
  await driver?.close();
  await screen?.close();
});

test("the window opens on the overview, with the practice provider ready", async () => {
  assert.equal(await driver.text("//h1"), "Overview");
  await driver.see("//th[@scope='row'][starts-with(normalize-space(), 'Practice')]");
  assert.match((await screen.windows()).join(), /Signalbox/);
});

test("a request appears in the list by itself, and its receipt opens", async () => {
  await driver.click("//nav//a[normalize-space()='Requests']");
  await driver.see("//h1[.='Requests']");
  // A reload would forget this.
  await driver.evaluate("globalThis.sameDocument = true");

  const answer = await proxy.chat("Which way to the coast?");
  assert.equal(answer.status, 200, await answer.text());

  const row = "//table[@role='grid']//*[@role='row'][contains(., 'steady')]";
  await driver.see(row);
  assert.equal(await driver.evaluate("return globalThis.sameDocument"), true);

  await driver.click(`${row}/td[2]`); // the driver finds no middle of a whole row
  await driver.see("//h2[@id='receipt']");
  // Its content comes with an answer of its own: who served, as the receipt says it.
  await driver.see("//*[contains(., 'Asked for practice/steady') and contains(., 'answered in')]");
  await mkdir(artefacts, { recursive: true });
  await writeFile(join(artefacts, "window.png"), await driver.screenshot());
});

test("the window's policy lets the page reach nothing but the bridge", async () => {
  const reached = await driver.evaluate(`
    const request = new XMLHttpRequest();
    try { request.open("GET", "${proxy.url}/healthz", false); request.send(); return true } catch { return false }`);
  assert.equal(reached, false);
});
