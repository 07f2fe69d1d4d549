// How far a drain is: "Draining: 3 running, cut in 42 s", then "Drained".

import { useEffect, useState } from "react";
import type { DrainShown } from "../../api/generated";
import { count } from "../../format";

const SECOND_MS = 1_000;

export function DrainState({ drain }: { drain: DrainShown }) {
  const running = drain.running > 0;
  const left = useSecondsUntil(drain.until_unix_ms, running);
  return (
    <>
      {/* Only the word is read out: a count of seconds would never end. */}
      <span role="status">{running ? "Draining" : "Drained"}</span>
      {running && `: ${count(drain.running)} running, ${left > 0 ? `cut in ${count(left)} s` : "being cut"}`}
    </>
  );
}

/** Counts down while it matters, and stands still otherwise. */
function useSecondsUntil(unixMs: number, counts: boolean): number {
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    if (!counts) return;
    const look = () => setNow(Date.now());
    look();
    const timer = setInterval(look, SECOND_MS);
    return () => clearInterval(timer);
  }, [counts, unixMs]);
  return Math.max(0, Math.ceil((unixMs - now) / SECOND_MS));
}
