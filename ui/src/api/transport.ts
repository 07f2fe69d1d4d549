// How the panel reaches the control API: one call, one stream, two carriers.
//
// Promises: both carriers offer the same two functions and fail with the same
// ControlError, so that nothing above this file asks where it runs.
// It does not retry, cache or reconnect; queries.ts and live.ts do.

import type { Channel as TauriChannel } from "@tauri-apps/api/core";
import type { Event, Operations } from "./generated";

export type Operation = keyof Operations;

export interface Transport {
  /** Runs one operation. Rejects with a ControlError. */
  call<O extends Operation>(operation: O, input: Operations[O]["input"]): Promise<Operations[O]["output"]>;
  /** Opens the stream of events. The returned function closes it; nothing is heard afterwards. */
  watch(ears: Ears): () => void;
}

export interface Ears {
  opened(): void;
  event(event: Event): void;
  /** The stream is gone and will not come back by itself. */
  lost(): void;
}

/** The control API said no, or could not be asked (`unreachable`). */
export class ControlError extends Error {
  constructor(
    readonly code: string,
    message: string,
    readonly status?: number,
    /** The field of the input that is at fault. */
    readonly field?: string,
  ) {
    super(message);
    this.name = "ControlError";
  }

  /** The session's cookie is missing or out of date: only a fresh link helps. */
  get needsLink(): boolean {
    return this.status === 401;
  }
}

/** In a browser: HTTP with the session's cookie, and server-sent events. */
export function browserCarrier(): Transport {
  return {
    async call(operation, input) {
      let response: Response;
      try {
        response = await fetch(`/control/${operation}`, {
          method: "POST",
          credentials: "same-origin",
          cache: "no-store",
          headers: { "content-type": "application/json", "x-signalbox-panel": "1" },
          body: JSON.stringify(input),
        });
      } catch {
        throw new ControlError("unreachable", "Signalbox does not answer. Check that it is still running.");
      }
      const body: unknown = await response.json().catch(() => undefined);
      if (!response.ok) throw asControlError(body, response.status);
      return body as never;
    },

    watch(ears) {
      const source = new EventSource("/control/events");
      source.onopen = () => ears.opened();
      source.onmessage = (message: MessageEvent<string>) => ears.event(JSON.parse(message.data) as Event);
      source.onerror = () => {
        // EventSource would retry every few seconds for ever, hidden or not.
        source.close();
        ears.lost();
      };
      return () => {
        source.onopen = source.onmessage = source.onerror = null;
        source.close();
      };
    },
  };
}

/** What the window offers; typed by hand so that tests can stand in for it. */
export interface Bridge {
  invoke(command: string, args: Record<string, unknown>): Promise<unknown>;
  channel(heard: (event: Event) => void): TauriChannel<Event> | object;
}

/** In the window: the bridge to the process that is the server. */
export function windowCarrier(bridge: Promise<Bridge>): Transport {
  // A channel cannot be closed from this side, so there is one for the life of
  // the page, and whoever watches last hears it.
  let channel: Promise<void> | undefined;
  let hearing: Ears | undefined;
  return {
    async call(operation, input) {
      const { invoke } = await bridge;
      try {
        return (await invoke("control", { operation, input })) as never;
      } catch (refused) {
        throw asControlError(refused);
      }
    },

    watch(ears) {
      hearing = ears;
      channel ??= bridge.then(async (b) => {
        await b.invoke("watch", { channel: b.channel((event) => hearing?.event(event)) });
      });
      channel.then(
        () => hearing === ears && ears.opened(),
        () => {
          channel = undefined;
          if (hearing === ears) ears.lost();
        },
      );
      return () => {
        if (hearing === ears) hearing = undefined;
      };
    },
  };
}

function asControlError(body: unknown, status?: number): ControlError {
  if (typeof body === "object" && body !== null && "message" in body) {
    const { code, message, field } = body as { code?: unknown; message: unknown; field?: unknown };
    return new ControlError(String(code ?? "error"), String(message), status, typeof field === "string" ? field : undefined);
  }
  if (status === 401) return new ControlError("no_session", "This panel needs a fresh link.", status);
  const said = typeof body === "string" ? body : `Signalbox answered with status ${status ?? "unknown"}.`;
  return new ControlError("error", said, status);
}

function inWindow(): boolean {
  return "__TAURI_INTERNALS__" in globalThis;
}

async function tauriBridge(): Promise<Bridge> {
  const { invoke, Channel } = await import("@tauri-apps/api/core");
  return {
    invoke,
    channel: (heard) => {
      const channel = new Channel<Event>();
      channel.onmessage = heard;
      return channel;
    },
  };
}

/** The one the panel uses. */
export const transport: Transport = inWindow() ? windowCarrier(tauriBridge()) : browserCarrier();
