// Where the panel is, kept after the `#`, because that works from a server, from
// the window's own scheme and from files alike.
//
//   #/                       Overview
//   #/requests?failed=1      Requests, filtered
//   #/requests/rc-0…?…       the same with a receipt open
//   #/providers              Providers
//   #/health                 Health
//   #/cache                  Cache
//   #/tools                  Tools

import { useMemo, useSyncExternalStore } from "react";

export type PageName = "overview" | "requests" | "providers" | "health" | "cache" | "tools";

export const PAGES: Record<PageName, { title: string; href: string; key: string }> = {
  overview: { title: "Overview", href: "#/", key: "1" },
  requests: { title: "Requests", href: "#/requests", key: "2" },
  providers: { title: "Providers", href: "#/providers", key: "3" },
  health: { title: "Health", href: "#/health", key: "4" },
  cache: { title: "Cache", href: "#/cache", key: "5" },
  tools: { title: "Tools", href: "#/tools", key: "6" },
};

export interface Route {
  page: PageName;
  /** The open receipt. */
  receipt: string | undefined;
  params: URLSearchParams;
}

export function readRoute(hash: string): Route {
  const [path = "", query = ""] = hash.replace(/^#\/?/, "").split("?");
  const [first = "", second] = path.split("/");
  return {
    page: first !== "" && Object.hasOwn(PAGES, first) ? (first as PageName) : "overview",
    receipt: first === "requests" && second ? decodeURIComponent(second) : undefined,
    params: new URLSearchParams(query),
  };
}

export function requestsHref(params: URLSearchParams, receipt?: string): string {
  const query = params.toString();
  return `#/requests${receipt ? `/${encodeURIComponent(receipt)}` : ""}${query ? `?${query}` : ""}`;
}

export function useRoute(): Route {
  const hash = useSyncExternalStore(listen, () => location.hash);
  return useMemo(() => readRoute(hash), [hash]);
}

/** `replace` leaves no step for the Back button: for typing in a filter. */
export function go(href: string, how: "push" | "replace" = "push"): void {
  if (href === location.hash) return;
  history[how === "push" ? "pushState" : "replaceState"](null, "", href);
  dispatchEvent(new HashChangeEvent("hashchange"));
}

function listen(listener: () => void): () => void {
  addEventListener("hashchange", listener);
  addEventListener("popstate", listener);
  return () => {
    removeEventListener("hashchange", listener);
    removeEventListener("popstate", listener);
  };
}
