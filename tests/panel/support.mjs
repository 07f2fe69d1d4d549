// What the panel's stories stand on: a real Signalbox, a provider that does as it
// is told, and a browser that remembers everything that went over the wire.

import { spawn } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const TARGET = process.env.SIGNALBOX_TARGET ?? join(ROOT, "target/debug");
const CHROMIUM = process.env.CHROMIUM ?? "/usr/bin/chromium";
const AXE = join(ROOT, "ui/node_modules/axe-core/axe.min.js");
const START_MS = 20_000;

/** Starts a Signalbox of its own, in an empty folder, without a keychain. */
export async function startSignalbox() {
  const folder = await mkdtemp(join(tmpdir(), "signalbox-panel-"));
  const serve = (port) =>
    run(join(TARGET, "signalbox"), ["serve", "--port", port, "--data-dir", folder], { SIGNALBOX_KEYCHAIN: "off" });
  let program = await serve("0");
  const [base, key, link] = await Promise.all([
    program.line(/^Listening on (http:\/\/127\.0\.0\.1:\d+)/),
    program.line(/^Client key \(shown once\): (\S+)/),
    program.line(/^Panel: (\S+)/),
  ]);
  return {
    base,
    key,
    link,
    config: join(folder, "signalbox.toml"),
    async freshLink() {
      const asked = await run(join(TARGET, "signalbox"), ["link", "--data-dir", folder], {});
      return asked.line(/(http:\/\/\S+ticket=\S+)/);
    },
    /** Sends a chat request as a tool would, and waits for the whole answer. */
    async chat(model, more = {}) {
      const response = await fetch(`${base}/v1/chat/completions`, {
        method: "POST",
        headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
        body: JSON.stringify({ model, messages: [{ role: "user", content: "Hello" }], ...more }),
      });
      const text = await response.text();
      return { status: response.status, receipt: response.headers.get("x-signalbox-receipt"), text };
    },
    /** Ends the process and keeps its folder. */
    end: () => program.stop(),
    /** Starts it again on the same folder and port. */
    async again() {
      program = await serve(new URL(base).port);
      await program.line(/^Panel: (\S+)/);
    },
    async stop() {
      await program.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** A provider that answers by the name of the model it is asked for. */
export async function startUpstream() {
  const program = await run(join(TARGET, "fake-upstream"), ["--port", "0"], {});
  return { base: await program.line(/^Listening on (\S+)/), stop: program.stop };
}

async function run(path, args, environment) {
  const child = spawn(path, args, { env: { ...process.env, ...environment }, stdio: ["ignore", "pipe", "pipe"] });
  let said = "";
  const listeners = new Set();
  const hear = (chunk) => {
    said += chunk;
    for (const listener of listeners) listener();
  };
  child.stdout.on("data", hear);
  child.stderr.on("data", hear);
  const ended = new Promise((resolve) => child.on("exit", resolve));
  return {
    /** Waits until a line of its output matches, and gives the first group. */
    line(pattern) {
      const lines = new RegExp(pattern.source, "m");
      return new Promise((resolve, reject) => {
        const timer = setTimeout(() => reject(new Error(`${path} never said ${pattern}; it said:\n${said}`)), START_MS);
        const look = () => {
          const found = lines.exec(said);
          if (!found) return;
          clearTimeout(timer);
          listeners.delete(look);
          resolve(found[1]);
        };
        listeners.add(look);
        look();
      });
    },
    async stop() {
      if (child.exitCode !== null) return;
      child.kill("SIGINT");
      const late = setTimeout(() => child.kill("SIGKILL"), 5_000);
      await ended;
      clearTimeout(late);
    },
  };
}

export function startBrowser() {
  return chromium.launch({
    executablePath: CHROMIUM,
    args: [
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
    ],
  });
}

/** A fresh browser profile with one page, and a record of all it did. */
export async function openPage(browser, options = {}) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 820 }, ...options });
  const page = await context.newPage();
  const record = { requests: [], bodies: [], complaints: [] };
  page.on("request", (request) => record.requests.push(`${request.method()} ${new URL(request.url()).pathname}`));
  page.on("response", (response) => {
    // A stream has no end to wait for; what it carries is rows, seen in the page.
    if (response.url().endsWith("/control/events")) return;
    record.bodies.push(response.text().catch(() => ""));
  });
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) record.complaints.push(message.text());
  });
  page.on("pageerror", (error) => record.complaints.push(String(error)));
  return { page, record, context };
}

/** Serious and critical findings of axe on what is shown now, in words. */
export async function findings(page) {
  await page.evaluate(await readFile(AXE, "utf8"));
  return page.evaluate(async () => {
    const { violations } = await globalThis.axe.run(document, { resultTypes: ["violations"] });
    return violations
      .filter(({ impact }) => impact === "serious" || impact === "critical")
      .map(({ id, nodes }) => `${id}: ${nodes.map(({ target }) => target.join(" ")).join(", ")}`);
  });
}

/** Makes the page believe that it is hidden, or shown again. */
export function setVisibility(page, state) {
  return page.evaluate((to) => {
    Object.defineProperty(document, "visibilityState", { configurable: true, get: () => to });
    document.dispatchEvent(new Event("visibilitychange"));
  }, state);
}

/** Rewrites the config file as an editor would. */
export async function editConfig(path, change) {
  await writeFile(path, change(await readFile(path, "utf8")));
}
