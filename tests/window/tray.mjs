// A desktop that shows trays, played by dbusmock: what GNOME's extension or KDE's
// panel is to a program. Its menu is read and clicked over the bus, as they do.

import { eventually } from "./screen.mjs";

const WATCHER = "org.kde.StatusNotifierWatcher";
const PATH = "/StatusNotifierWatcher";

export class TrayHost {
  static async open(screen) {
    const host = new TrayHost();
    host.screen = screen;
    // Debian's own Python: dbusmock is a system package.
    screen.run("/usr/bin/python3", ["-m", "dbusmock", "--session", WATCHER, PATH, WATCHER]);
    const mock = (method, ...args) => host.#call(WATCHER, PATH, `org.freedesktop.DBus.Mock.${method}`, ...args);
    await eventually("a tray host", async () => {
      await mock("AddProperty", WATCHER, "IsStatusNotifierHostRegistered", "<true>");
      return true;
    });
    await mock("AddMethod", WATCHER, "RegisterStatusNotifierItem", "s", "", "");
    return host;
  }

  /** Clicks an item of the one icon's menu. */
  async choose(label) {
    const { owner, path } = await eventually("a tray icon with a menu", () => this.#icon());
    const layout = await this.#layout(owner, path);
    const id = [...layout.matchAll(/\((\d+), \{([^}]*)\}/g)].find(([, , facts]) => facts.includes(`'${label}'`))?.[1];
    if (!id) throw new Error(`no item "${label}" in ${layout}`);
    await this.#call(owner, path, "com.canonical.dbusmenu.Event", id, "clicked", "<0>", "0");
  }

  async #icon() {
    const calls = await this.#call(WATCHER, PATH, "org.freedesktop.DBus.Mock.GetMethodCalls", "RegisterStatusNotifierItem");
    const item = /'(\/[^']+)'/.exec(calls)?.[1];
    if (!item) return undefined;
    // The mock does not tell who registered: ask around.
    const names = await this.#call("org.freedesktop.DBus", "/", "org.freedesktop.DBus.ListNames");
    for (const [, owner] of names.matchAll(/'(:[^']+)'/g)) {
      const path = `${item}/Menu`;
      const layout = await this.#layout(owner, path).catch(() => undefined);
      if (layout) return { owner, path };
    }
    return undefined;
  }

  #layout(owner, path) {
    return this.#call(owner, path, "com.canonical.dbusmenu.GetLayout", "0", "-1", "[]");
  }

  #call(owner, path, method, ...args) {
    const target = ["--dest", owner, "--object-path", path, "--method", method];
    // The dashes keep gdbus from reading -1 as an option.
    return this.screen.read("gdbus", ["call", "--session", "--timeout", "5", ...target, "--", ...args]);
  }
}
