// A line for each name that was asked for: what is kept of it, of what use that was, and forgetting it.

import { useState } from "react";
import type { CacheDisk, CacheRoute, CacheTally } from "../../api/generated";
import { bytes, count, money, plural, share } from "../../format";
import { hits, lookedFor, TIERS } from "../../kept";
import { Button } from "../../kit/Button";
import { Confirm } from "../../kit/Confirm";
import { Table } from "../../kit/Table";
import { diskGoesToo } from "./ForgetDialog";
import css from "./RouteBoard.module.css";

interface Props {
  routes: CacheRoute[];
  disk: CacheDisk;
  onForget: (route: string) => void;
}

export function RouteBoard({ routes, disk, onForget }: Props) {
  const [asked, setAsked] = useState<string>();
  return (
    <>
      <Table label="Kept answers by route" className={css.board}>
        <thead>
          <tr>
            <th scope="col">Route</th>
            <th scope="col" className="num" title="In memory">
              Kept
            </th>
            <th scope="col" className="num">
              Hit rate
            </th>
            <th scope="col">Hits</th>
            <th scope="col" className="num" title="Looked for, and not found: a provider was asked">
              Asked anew
            </th>
            <th scope="col" className="num" title="A rule or the client said so, or nearly every look missed">
              Not looked for
            </th>
            <th scope="col" className="num">
              Saved
            </th>
            <th scope="col">
              <span className="unseen">Actions</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {routes.map((route) => (
            <Line key={route.route} route={route} isOnDisk={disk.state === "serving"} onForget={() => setAsked(route.route)} />
          ))}
        </tbody>
      </Table>
      <Confirm
        title={`Forget the answers of ${asked ?? ""}?`}
        act="Forget"
        keep="Keep them"
        isOpen={asked !== undefined}
        onClose={() => setAsked(undefined)}
        onConfirm={() => asked !== undefined && onForget(asked)}
      >
        The next time the same is asked, a provider is asked, and paid. {diskGoesToo(disk)}
      </Confirm>
    </>
  );
}

function Line({ route, isOnDisk, onForget }: { route: CacheRoute; isOnDisk: boolean; onForget: () => void }) {
  const { tally } = route;
  return (
    <tr>
      <th scope="row" className={css.route}>
        <code>{route.route}</code>
        {route.aside && (
          <p className={css.aside} title="More than 70% of the looks missed. It comes back by itself once those that are still looked for hit again.">
            steps aside: nearly every look missed, so one question in 16 is looked for
          </p>
        )}
      </th>
      <td className="num">
        {count(route.entries)}
        {route.entries > 0 && <span className={css.note}>{bytes(route.bytes)}</span>}
      </td>
      <td className="num">{lookedFor(tally) === 0 ? <None what="nothing was looked for" /> : share(hits(tally), lookedFor(tally))}</td>
      <td className={css.hits}>
        <ByTier tally={tally} />
      </td>
      <td className="num">{count(tally.missed)}</td>
      <td className="num">
        {count(tally.skipped + tally.bypassed)}
        {tally.bypassed > 0 && <span className={css.note}>{count(tally.bypassed)} set aside</span>}
      </td>
      <td className="num">
        <Saved tally={tally} />
      </td>
      <td className="num">
        <Button kind="bare" isDisabled={route.entries === 0 && !isOnDisk} onPress={onForget} aria-label={`Forget the answers of ${route.route}`}>
          Forget
        </Button>
      </td>
    </tr>
  );
}

function ByTier({ tally }: { tally: CacheTally }) {
  const told = TIERS.filter(({ tier }) => tally[tier] > 0).map(({ tier, word }) => `${count(tally[tier])} ${word.toLowerCase()}`);
  return told.length === 0 ? <None what="no hits" /> : told.join(", ");
}

function Saved({ tally: { saved_nano_usd, saved_tokens, unpriced } }: { tally: CacheTally }) {
  if (saved_tokens === 0 && saved_nano_usd === 0 && unpriced === 0) return <None what="nothing" />;
  return (
    <>
      {unpriced > 0 && saved_nano_usd === 0 ? "not known" : money(saved_nano_usd)}
      {unpriced > 0 && <span className={css.note}>no price for {plural(unpriced, "hit")}</span>}
    </>
  );
}

function None({ what }: { what: string }) {
  return (
    <span className="faint">
      <span aria-hidden="true">–</span>
      <span className="unseen">{what}</span>
    </span>
  );
}
