// What jsdom lacks and every component test needs.

import { cleanup, configure } from "@testing-library/react";
import { afterEach, beforeEach, vi } from "vitest";
import { linkNeeded, stream } from "../api/session";
import { FakeStream } from "./server";

globalThis.CSS ??= {} as typeof CSS;
CSS.escape ??= (text: string) => text.replace(/[^\w-]/g, (c) => `\\${c}`);
Blob.prototype.text ??= function (this: Blob) {
  return new Promise((resolve) => {
    const reader = new FileReader();
    reader.onload = () => resolve(String(reader.result));
    reader.readAsText(this);
  });
};
Element.prototype.scrollIntoView = () => {};
Element.prototype.scrollTo = (() => {}) as typeof Element.prototype.scrollTo;

// jsdom draws a list of a hundred rows slowly, and CI slower still.
configure({ asyncUtilTimeout: 8_000 });

beforeEach(() => {
  vi.stubGlobal("EventSource", FakeStream);
  FakeStream.open.clear();
  linkNeeded.set(false);
  stream.set("opening");
  history.replaceState(null, "", "#/");
});

afterEach(() => {
  cleanup();
  vi.unstubAllGlobals();
  vi.useRealTimers();
});
