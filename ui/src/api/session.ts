// Whether this panel may still speak to the control API, and whether it hears it.
//
// Two facts shared by the whole page, held outside React so that the query
// client's callbacks can set them.

import { useSyncExternalStore } from "react";

/** A value with listeners: the smallest store that React can read. */
export function fact<T>(initial: T) {
  let value = initial;
  const listeners = new Set<() => void>();
  const get = () => value;
  return {
    get,
    set(next: T) {
      if (Object.is(next, value)) return;
      value = next;
      for (const listener of listeners) listener();
    },
    use: () =>
      useSyncExternalStore((listener) => {
        listeners.add(listener);
        return () => listeners.delete(listener);
      }, get),
  };
}

/** True once the server has refused our session: the panel shows how to get a fresh link. */
export const linkNeeded = fact(false);

/** `lost` after the event stream broke, until it is open again. */
export const stream = fact<"opening" | "live" | "lost">("opening");
