// Numbers as people read them. Pure; the locale is fixed, so that a figure can be
// searched for and pasted anywhere.

const grouped = new Intl.NumberFormat("en-US", { maximumFractionDigits: 0 });

/** A count, exact: `12,345`. */
export function count(n: number): string {
  return grouped.format(n);
}

/** A count where space is short: `950`, `12.4k`, `1.2M`. */
export function shortCount(n: number): string {
  if (n < 1_000) return String(n);
  for (const [unit, size] of [["k", 1e3], ["M", 1e6], ["G", 1e9]] as const) {
    const scaled = n / size;
    if (scaled < 99.95) return `${scaled.toFixed(1).replace(/\.0$/, "")}${unit}`;
    if (scaled < 999.5) return `${scaled.toFixed(0)}${unit}`;
  }
  return `${grouped.format(n / 1e9)}G`;
}

/** Money from billionths of a dollar. Never zero for something that is not. */
export function money(nanoUsd: number): string {
  if (nanoUsd === 0) return "$0";
  const sign = nanoUsd < 0 ? "−" : "";
  const nano = Math.abs(nanoUsd);
  if (nano < 1_000) return `${sign ? "−" : "<"}$0.000001`;
  const usd = nano / 1e9;
  return `${sign}$${usd.toLocaleString("en-US", decimals(usd))}`;
}

function decimals(usd: number): Intl.NumberFormatOptions {
  if (usd >= 0.995) return { minimumFractionDigits: 2, maximumFractionDigits: 2 };
  if (usd >= 0.01) return { minimumFractionDigits: 2, maximumFractionDigits: 4 };
  // Two digits that mean something, at most millionths.
  return { minimumFractionDigits: 2, maximumFractionDigits: 6, maximumSignificantDigits: 2, roundingPriority: "auto" };
}

/** Money that was estimated: `~$0.0031`. */
export function roughMoney(nanoUsd: number): string {
  const exact = money(nanoUsd);
  return nanoUsd === 0 || exact.startsWith("<") ? exact : `~${exact}`;
}

/** A duration from milliseconds: `0.4 ms`, `120 ms`, `1.24 s`, `2 min 05 s`, `1 h 02 min`. */
export function duration(ms: number): string {
  if (ms < 0.05) return "0 ms";
  if (ms < 9.95) return `${ms.toFixed(1).replace(/\.0$/, "")} ms`;
  if (ms < 999.5) return `${Math.round(ms)} ms`;
  if (ms < 9_995) return `${(ms / 1_000).toFixed(2)} s`;
  if (ms < 59_950) return `${(ms / 1_000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1_000);
  if (seconds < 3_600) return `${Math.floor(seconds / 60)} min ${two(seconds % 60)} s`;
  const minutes = Math.round(seconds / 60);
  return `${Math.floor(minutes / 60)} h ${two(minutes % 60)} min`;
}

/** A wait, as coarse as one waits: `under 1 s`, `12 s`, `4 min`, `3 h`, `2 days`. */
export function span(ms: number): string {
  const seconds = Math.ceil(ms / 1_000);
  if (seconds <= 1) return "under 1 s";
  if (seconds < 100) return `${seconds} s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 100) return `${minutes} min`;
  const hours = Math.round(minutes / 60);
  return hours < 48 ? `${hours} h` : `${Math.round(hours / 24)} days`;
}

/** A share of a whole: `0%`, `<1%`, `37%`. */
export function share(part: number, whole: number): string {
  if (whole <= 0 || part <= 0) return "0%";
  const percent = (100 * part) / whole;
  if (percent < 1) return "<1%";
  if (percent > 99 && part < whole) return "99%";
  return `${Math.round(percent)}%`;
}

/** How long ago: `just now`, `4 min ago`, `3 h ago`, then the date. */
export function ago(unixMs: number, nowMs: number): string {
  const minutes = Math.floor((nowMs - unixMs) / 60_000);
  if (minutes < 1) return "just now";
  if (minutes < 60) return `${minutes} min ago`;
  if (minutes < 24 * 60) return `${Math.floor(minutes / 60)} h ago`;
  return date(unixMs);
}

/** How many days ago: `today`, `1 day ago`, `40 days ago`. */
export function days(unixMs: number, nowMs: number): string {
  const days = Math.floor((nowMs - unixMs) / (24 * 60 * 60_000));
  return days < 1 ? "today" : `${plural(days, "day")} ago`;
}

/** The time of day, local: `09:05:12`. */
export function clock(unixMs: number): string {
  const at = new Date(unixMs);
  return `${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}`;
}

/** The day, local: `2026-11-22`. */
export function date(unixMs: number): string {
  const at = new Date(unixMs);
  return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
}

/** The time of day, and the day as well when it is not today. */
export function moment(unixMs: number, nowMs: number): string {
  return date(unixMs) === date(nowMs) ? clock(unixMs) : `${date(unixMs)} ${clock(unixMs)}`;
}

/** A size: `812 B`, `14.2 KiB`, `3.1 MiB`. */
export function bytes(n: number): string {
  if (n < 1_024) return `${n} B`;
  if (n < 1_024 * 1_024) return `${(n / 1_024).toFixed(1)} KiB`;
  return `${(n / 1_024 / 1_024).toFixed(1)} MiB`;
}

/** `1 request`, `12 requests`. */
export function plural(n: number, one: string, many = `${one}s`): string {
  return `${count(n)} ${n === 1 ? one : many}`;
}

function two(n: number): string {
  return String(n).padStart(2, "0");
}
