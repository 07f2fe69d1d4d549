// What kept answers had to do with a request: told again, whose it was and what that saved; or why not.

import type { CacheNoteShown } from "../../../api/generated";
import { requestsHref, useRoute } from "../../../app/route";
import { count, duration, money, roughMoney } from "../../../format";
import { hitMark, hitMeaning } from "../../../kept";
import { Told } from "../../../kit/Told";
import { sentence } from "../../../words";
import { Line, Part } from "./Part";

export function CachePart({ cache }: { cache: CacheNoteShown | null }) {
  if (cache === null) return null;
  return (
    <Part title="Cache">
      <p>
        <Told>{verdict(cache)}</Told>
      </p>
      {hitMark(cache.verdict) !== undefined && <Saved cache={cache} />}
    </Part>
  );
}

function Saved({ cache }: { cache: CacheNoteShown }) {
  const { params } = useRoute();
  return (
    <dl>
      {cache.from !== null && (
        <Line name="Paid by">
          <a href={requestsHref(params, cache.from)}>
            <code>{cache.from}</code>
          </a>
        </Line>
      )}
      <Line name="Saved">
        <strong>{cost(cache)}</strong>
      </Line>
      <Line name="Tokens saved">{count(cache.saved_tokens)}</Line>
    </dl>
  );
}

function cost({ saved_basis, saved_nano_usd }: CacheNoteShown): string {
  if (saved_basis === "none") return "not known: no price for this model";
  return saved_basis === "estimated" ? roughMoney(saved_nano_usd) : money(saved_nano_usd);
}

/** The verdict of a receipt in a sentence or two. */
function verdict({ verdict, why, age_ms }: CacheNoteShown): string {
  if (hitMark(verdict) !== undefined) {
    const age = age_ms === null || verdict === "joined" ? "" : ` It was ${duration(age_ms)} old.`;
    return `${hitMeaning(verdict)}${age}`;
  }
  const reason = why === null ? "" : ` ${sentence(why)}`;
  switch (verdict) {
    case "missed":
      return `Looked for, and not found.${reason}`;
    case "bypassed":
      return `Not looked for: on this route nearly every look misses, so most are left out.${reason}`;
    case "skipped":
      return why === null ? "Not looked for." : `Not looked for: ${sentence(why).replace(/^./, (c) => c.toLowerCase())}`;
    default:
      return `${sentence(verdict)}${reason}`;
  }
}
