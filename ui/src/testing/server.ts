// A control server of canned answers behind the browser's own `fetch` and
// `EventSource`, so that tests drive the real transport.

import { act } from "@testing-library/react";
import { vi } from "vitest";
import { answer, scenes } from "../../dev/scenes.mjs";
import type { Event } from "../api/generated";

export interface Call {
  operation: string;
  input: Record<string, unknown>;
}

export type Answers = Record<string, (input: never) => unknown>;

/** Answers with a scene's data; `overrides` come first. Returns every call made. */
export function serve(scene: string, overrides: Answers = {}): Call[] {
  const calls: Call[] = [];
  const of = structuredScene(scene);
  vi.stubGlobal("fetch", async (path: string, init: RequestInit) => {
    const operation = path.replace("/control/", "");
    const input = JSON.parse(String(init.body)) as Record<string, unknown>;
    calls.push({ operation, input });
    const over = overrides[operation];
    const { status = 200, body } = over ? toAnswer(await over(input as never)) : answer(of, operation, input);
    return new Response(JSON.stringify(body), { status });
  });
  return calls;
}

/** Stands for a refusal in `overrides`. */
export class Refusal {
  constructor(
    readonly status: number,
    readonly code: string,
    readonly message: string,
    readonly field?: string,
  ) {}
}

function toAnswer(body: unknown): { status?: number; body: unknown } {
  if (!(body instanceof Refusal)) return { body };
  return { status: body.status, body: { code: body.code, message: body.message, field: body.field ?? null } };
}

function structuredScene(name: string) {
  const scene = scenes.get(name);
  if (!scene) throw new Error(`no scene ${name}`);
  return { ...scene, rows: [...scene.rows] };
}

/** The event stream, opened and spoken through by the test. */
export class FakeStream {
  static readonly open = new Set<FakeStream>();
  static get only(): FakeStream {
    const [first, ...rest] = FakeStream.open;
    if (!first || rest.length > 0) throw new Error(`${FakeStream.open.size} streams are open`);
    return first;
  }

  onopen: (() => void) | null = null;
  onmessage: ((message: { data: string }) => void) | null = null;
  onerror: (() => void) | null = null;

  constructor(readonly url: string) {
    FakeStream.open.add(this);
  }
  close() {
    FakeStream.open.delete(this);
  }

  accept() {
    act(() => this.onopen?.());
  }
  say(event: Event) {
    act(() => this.onmessage?.({ data: JSON.stringify(event) }));
  }
  breakOff() {
    act(() => this.onerror?.());
  }
}

export function setVisibility(state: "visible" | "hidden") {
  Object.defineProperty(document, "visibilityState", { configurable: true, get: () => state });
  act(() => void document.dispatchEvent(new window.Event("visibilitychange")));
}
