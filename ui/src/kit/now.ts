// The time of the last look at the clock, for "4 min ago". It moves twice a
// minute while the page is visible and somebody reads it, and not otherwise.

import { useSyncExternalStore } from "react";

const TICK_MS = 30_000;

let now = Date.now();
let timer: ReturnType<typeof setInterval> | undefined;
const listeners = new Set<() => void>();

export function useNow(): number {
  return useSyncExternalStore(listen, () => now);
}

function listen(listener: () => void): () => void {
  listeners.add(listener);
  if (listeners.size === 1) {
    document.addEventListener("visibilitychange", follow);
    follow();
  }
  return () => {
    listeners.delete(listener);
    if (listeners.size > 0) return;
    document.removeEventListener("visibilitychange", follow);
    clearInterval(timer);
    timer = undefined;
  };
}

function follow(): void {
  clearInterval(timer);
  timer = undefined;
  if (document.visibilityState !== "visible") return;
  look();
  timer = setInterval(look, TICK_MS);
}

function look(): void {
  now = Date.now();
  for (const listener of listeners) listener();
}
