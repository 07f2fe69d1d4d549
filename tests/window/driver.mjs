// The panel inside the real window, driven through WebKit's own driver.
//
// Raw WebDriver over HTTP: six calls need no library.

import { createServer } from "node:net";
import { eventually, program } from "./screen.mjs";

const ELEMENT = "element-6066-11e4-a52e-4f735466cecf";

export class Driver {
  #session;

  /** Opens the program on this screen through the driver. */
  static async open(screen) {
    const driver = new Driver();
    const port = await freePort();
    // Tauri lets itself be driven only when it is told so.
    screen.run("WebKitWebDriver", [`--port=${port}`], {
      TAURI_AUTOMATION: "true",
      TAURI_WEBVIEW_AUTOMATION: "true",
    });
    driver.base = `http://127.0.0.1:${port}`;
    await eventually("the driver", async () => (await driver.#call("GET", "/status")).ready);
    const options = { binary: program, args: screen.arguments() };
    const { sessionId } = await driver.#call("POST", "/session", {
      capabilities: { alwaysMatch: { "webkitgtk:browserOptions": options } },
    });
    driver.#session = `/session/${sessionId}`;
    return driver;
  }

  /** The first element for this XPath, once it is there and shown. */
  async see(xpath) {
    return eventually(xpath, async () => {
      const found = await this.#call("POST", `${this.#session}/element`, { using: "xpath", value: xpath });
      const id = found[ELEMENT];
      const shown = await this.#call("POST", `${this.#session}/execute/sync`, {
        script: "const r = arguments[0].getBoundingClientRect(); return r.width > 0 && r.height > 0",
        args: [found],
      });
      return shown && id;
    });
  }

  async click(xpath) {
    const id = await this.see(xpath);
    await this.#call("POST", `${this.#session}/element/${id}/click`, {});
  }

  async text(xpath) {
    return this.#call("GET", `${this.#session}/element/${await this.see(xpath)}/text`);
  }

  evaluate(script) {
    return this.#call("POST", `${this.#session}/execute/sync`, { script, args: [] });
  }

  async screenshot() {
    return Buffer.from(await this.#call("GET", `${this.#session}/screenshot`), "base64");
  }

  /** Ends the session, and with it the program. */
  async close() {
    await this.#call("DELETE", this.#session);
  }

  async #call(method, path, body) {
    const answer = await fetch(this.base + path, {
      method,
      body: body && JSON.stringify(body),
      signal: AbortSignal.timeout(30_000),
    });
    const { value } = await answer.json();
    if (!answer.ok) throw new Error(`${method} ${path}: ${value?.error}: ${value?.message}`);
    return value;
  }
}

async function freePort() {
  const server = createServer().listen(0, "127.0.0.1");
  await new Promise((listening) => server.once("listening", listening));
  const { port } = server.address();
  await new Promise((closed) => server.close(closed));
  return port;
}
