// What memory and the disk hold against what they may, and why there is no disk when there is none.

import type { ReactNode } from "react";
import type { CacheDisk, CacheRoom } from "../../api/generated";
import { bytes, plural } from "../../format";
import { Lamp } from "../../kit/Lamp";
import { Told } from "../../kit/Told";
import { sentence, type Aspect } from "../../words";
import css from "./Stores.module.css";

export function Stores({ memory, disk, notKept }: { memory: CacheRoom; disk: CacheDisk; notKept: number }) {
  return (
    <>
      <div className={css.stores}>
        <section aria-label="In memory" className={css.store}>
          <Head name="In memory">{plural(memory.entries, "answer")}</Head>
          <Filled bytes={memory.bytes} limit={memory.limit_bytes} />
        </section>
        <Disk disk={disk} />
      </div>
      {notKept > 0 && (
        <p className="soft">
          {plural(notKept, "answer")} {notKept === 1 ? "was" : "were"} not kept since the start: too many came at once, or what
          came could not be read back.
        </p>
      )}
    </>
  );
}

const STATES: Record<string, { aspect: Aspect; word: string; meaning: string }> = {
  serving: { aspect: "clear", word: "Serving", meaning: "Answers are written, sealed, and found again after a restart." },
  opening: { aspect: "held", word: "Opening", meaning: "Until it is open, answers are kept in memory." },
  off: { aspect: "off", word: "Off", meaning: "Answers are kept in memory alone." },
};

function Disk({ disk }: { disk: CacheDisk }) {
  const state = STATES[disk.state] ?? { aspect: "dark" as const, word: disk.state, meaning: "" };
  const troubles = troublesOf(disk);
  // A disk that was meant to be there and is not is something to know about.
  const missed = disk.state === "off" && disk.limit_bytes > 0;
  return (
    <section aria-label="On disk" className={css.store}>
      <Head name="On disk">
        <Lamp {...state} aspect={missed ? "caution" : state.aspect} />
      </Head>
      {disk.state !== "off" && <Filled bytes={disk.bytes} limit={disk.limit_bytes} />}
      {disk.reason !== null && (
        <p className="soft">
          <Told>{sentence(disk.reason)}</Told>
        </p>
      )}
      {troubles.length > 0 && <p className="soft">Since the start: {troubles.join("; ")}.</p>}
    </section>
  );
}

function troublesOf({ dropped, late, damaged }: CacheDisk): string[] {
  const told = [];
  if (dropped > 0) told.push(`${plural(dropped, "answer")} not written, too many at once or too large`);
  if (late > 0) told.push(`${plural(late, "look")} not waited for`);
  if (damaged > 0) told.push(`${plural(damaged, "damaged folder")} set aside`);
  return told;
}

function Head({ name, children }: { name: string; children: ReactNode }) {
  return (
    <div className={css.head}>
      <h3>{name}</h3>
      <span className="soft">{children}</span>
    </div>
  );
}

function Filled({ bytes: held, limit }: { bytes: number; limit: number }) {
  const part = limit === 0 ? 0 : Math.min(1, held / limit);
  return (
    <div className={css.filled}>
      <svg className={css.bar} viewBox="0 0 100 6" preserveAspectRatio="none" aria-hidden="true">
        <rect width="100" height="6" className={css.all} />
        <rect width={held === 0 ? 0 : Math.max(0.4, 100 * part)} height="6" />
      </svg>
      <span className={css.words}>{limit === 0 ? "nothing is kept here: the config gives it no room" : `${bytes(held)} of ${bytes(limit)}`}</span>
    </div>
  );
}
