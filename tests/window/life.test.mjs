// How long it lives: the proxy is not the window.

import assert from "node:assert/strict";
import { test } from "node:test";
import { eventually, Screen } from "./screen.mjs";
import { TrayHost } from "./tray.mjs";

/** Runs a story on a screen of its own. */
function story(name, tell) {
  test(name, async () => {
    const screen = await Screen.open();
    try {
      await tell(screen);
    } finally {
      await screen.close();
    }
  });
}

const shown = (screen, title) => eventually(`the window "${title}"`, async () => (await screen.windows()).includes(title));
const gone = (screen) => eventually("no window", async () => (await screen.windows()).length === 0);

story("with a tray the proxy outlives its window, and the tray brings the window back", async (screen) => {
  const tray = await TrayHost.open(screen);
  const app = screen.signalbox();
  const proxy = await screen.proxy();
  await shown(screen, "Signalbox");

  await screen.closeWindow("Signalbox");
  await gone(screen);
  assert.ok(await proxy.healthy());

  await tray.choose("Pause routing");
  await eventually("a refusal", async () => (await proxy.chat("Hello?")).status === 503);
  await tray.choose("Resume routing");
  await eventually("an answer", async () => (await proxy.chat("Hello?")).ok);

  await tray.choose("Open Signalbox");
  await shown(screen, "Signalbox");
  await tray.choose("Quit");
  assert.equal(await app.ended, 0);
  assert.ok(!(await proxy.healthy()));
});

story("where no tray is shown, closing the window quits", async (screen) => {
  const app = screen.signalbox();
  const proxy = await screen.proxy();
  await shown(screen, "Signalbox");
  await screen.closeWindow("Signalbox");
  assert.equal(await app.ended, 0);
  assert.ok(!(await proxy.healthy()));
  assert.match(app.said, /shows no tray/);
});

story("a second one on the same folder says so in a window, fails, and disturbs nothing", async (screen) => {
  screen.signalbox();
  const proxy = await screen.proxy();
  await shown(screen, "Signalbox");

  const second = screen.signalbox();
  await shown(screen, "Signalbox can't start");
  await screen.closeWindow("Signalbox can't start");
  assert.equal(await second.ended, 1);
  assert.match(second.said, /^signalbox: another Signalbox \(process \d+\) is running/m);
  assert.ok(await proxy.healthy());
});
