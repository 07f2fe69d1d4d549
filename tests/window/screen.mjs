// A screen, a session bus and a window manager of our own, for one test file.
//
// Promises: display, bus and folder are fresh and free; everything started here
// is ended by its own id, newest first, whatever the test did. The bus starts no
// services by itself, so no keyring and no accessibility daemon is left behind.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../../", import.meta.url));
export const program = join(root, "target/debug/signalbox-desktop");
export const artefacts = join(root, "tests/artefacts");

const BUS = `<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
  "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig><type>session</type><listen>unix:tmpdir=/tmp</listen>
<policy context="default"><allow send_destination="*" eavesdrop="true"/><allow eavesdrop="true"/><allow own="*"/></policy>
</busconfig>`;

/** Asks until the answer is truthy; names what it waited for when it never is. */
export async function eventually(what, ask, patienceMs = 30_000) {
  const until = Date.now() + patienceMs;
  let last;
  while (Date.now() < until) {
    try {
      const answer = await ask();
      if (answer) return answer;
    } catch (error) {
      last = error;
    }
    await pause(100);
  }
  throw new Error(`never saw ${what}`, { cause: last });
}

export class Screen {
  #ends = [];

  static async open() {
    const screen = new Screen();
    try {
      await screen.#start();
      return screen;
    } catch (error) {
      await screen.close();
      throw error;
    }
  }

  async #start() {
    this.folder = await mkdtemp(join(tmpdir(), "signalbox-window-"));
    this.#ends.push(() => rm(this.folder, { recursive: true, force: true, maxRetries: 5 }));
    this.dataDir = join(this.folder, "data");
    this.env = { ...process.env, HOME: this.folder, NO_AT_BRIDGE: "1", GTK_A11Y: "none" };
    delete this.env.WAYLAND_DISPLAY;

    // Xvfb picks a free display and tells its number on the descriptor.
    const xvfb = this.run("Xvfb", ["-displayfd", "1", "-screen", "0", "1280x900x24", "-nolisten", "tcp"]);
    this.env.DISPLAY = `:${await firstLine(xvfb)}`;

    const config = join(this.folder, "bus.xml");
    await writeFile(config, BUS);
    const bus = this.run("dbus-daemon", [`--config-file=${config}`, "--nofork", "--print-address=1"]);
    this.env.DBUS_SESSION_BUS_ADDRESS = await firstLine(bus);

    // Without a window manager nothing answers a wish to close a window.
    this.run("openbox", []);
    await eventually("a window manager", async () => (await this.read("wmctrl", ["-m"])).includes("Openbox"));
  }

  /** Starts a program that lives until the screen closes, in a group of its own. */
  run(command, args, env = {}) {
    const child = spawn(command, args, {
      env: { ...this.env, ...env },
      stdio: ["ignore", "pipe", "pipe"],
      detached: true,
    });
    child.said = "";
    child.stdout.on("data", (text) => (child.said += text));
    child.stderr.on("data", (text) => (child.said += text));
    child.ended = once(child, "exit").then(([code]) => code);
    child.ended.catch(() => {});
    this.#ends.push(() => end(child));
    return child;
  }

  /** What a short program prints; throws when it fails. */
  async read(command, args) {
    const child = spawn(command, args, { env: this.env, stdio: ["ignore", "pipe", "pipe"], timeout: 10_000 });
    let out = "";
    let complaint = "";
    child.stdout.on("data", (text) => (out += text));
    child.stderr.on("data", (text) => (complaint += text));
    const [code] = await once(child, "close");
    if (code !== 0) throw new Error(`${command} ${args.join(" ")}: ${complaint || code}`);
    return out;
  }

  /** Starts the real program on this screen's data folder. */
  signalbox() {
    return this.run(program, this.arguments());
  }

  arguments() {
    return ["--port", "0", "--data-dir", this.dataDir];
  }

  /** Where the running proxy is, and a client key made for the test. */
  async proxy() {
    const { address, token } = await eventually("the run's own file", async () =>
      JSON.parse(await readFile(join(this.dataDir, "running.json"), "utf8")),
    );
    const url = `http://${address}`;
    await eventually("a healthy proxy", async () => (await fetch(`${url}/healthz`)).ok);
    return new Proxy(url, token);
  }

  /** Titles of the windows on the screen. */
  async windows() {
    const lines = await this.read("wmctrl", ["-l"]);
    return lines.split("\n").filter(Boolean).map((line) => line.split(/\s+/).slice(3).join(" "));
  }

  /** Closes a window as its title bar's button does. */
  async closeWindow(title) {
    await this.read("wmctrl", ["-F", "-c", title]);
  }

  async close() {
    for (const end of this.#ends.reverse()) await end();
  }
}

/** The running proxy, seen from outside. */
class Proxy {
  constructor(url, token) {
    this.url = url;
    this.token = token;
  }

  healthy() {
    return fetch(`${this.url}/healthz`).then((answer) => answer.ok, () => false);
  }

  /** One operation of the control API, as the command line calls it. */
  async control(operation, input = {}) {
    const answer = await fetch(`${this.url}/control/${operation}`, {
      method: "POST",
      headers: {
        authorization: `Bearer ${this.token}`,
        "content-type": "application/json",
        "x-signalbox-panel": "1",
      },
      body: JSON.stringify(input),
    });
    if (!answer.ok) throw new Error(`${operation}: ${answer.status} ${await answer.text()}`);
    return answer.json();
  }

  /** A chat request to the practice provider, as a tool sends it. */
  async chat(content) {
    this.key ??= (await this.control("clients.create", { name: "window-test" })).key;
    return fetch(`${this.url}/v1/chat/completions`, {
      method: "POST",
      headers: { authorization: `Bearer ${this.key}`, "content-type": "application/json" },
      body: JSON.stringify({ model: "practice/steady", messages: [{ role: "user", content }] }),
    });
  }
}

async function firstLine(child) {
  return eventually("a first line", () => child.said.includes("\n") && child.said.split("\n")[0].trim());
}

/** Politely, then not. The group takes with it what the program itself started. */
async function end(child) {
  for (const signal of ["SIGTERM", "SIGKILL"]) {
    try {
      process.kill(-child.pid, signal);
    } catch {
      return;
    }
    const gone = await Promise.race([child.ended.then(() => true), pause(5_000, false, { ref: false })]);
    if (gone && signal === "SIGTERM") await pause(50);
  }
}
