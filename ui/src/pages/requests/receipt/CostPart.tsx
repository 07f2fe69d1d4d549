// What it cost, how sure that is, and by which prices.

import type { ReceiptShown } from "../../../api/generated";
import { money } from "../../../format";
import { hitMark } from "../../../kept";
import { basis, lostCost } from "../../../words";
import { Line, Part } from "./Part";

export function CostPart({ receipt: { row, attempts, price_version } }: { receipt: ReceiptShown }) {
  const isHit = hitMark(row.cache) !== undefined && row.cost_nano_usd === 0;
  if (isHit || attempts.length === 0) {
    return (
      <Part title="Cost">
        <p className="soft">{isHit ? "None: another request paid for this answer." : "None: no provider was asked."}</p>
      </Part>
    );
  }
  const lost = attempts.flatMap((attempt) => attempt.lost ?? []);
  // A cost that is known without a price is that of a server that bills nobody.
  const free = row.cost_basis !== "none" && price_version === null;
  return (
    <Part title="Cost" aside={free ? "nothing is billed" : basis(row.cost_basis)}>
      <dl>
        <Line name="This request">
          <strong>{row.cost_basis === "none" ? "not known" : money(row.cost_nano_usd)}</strong>
        </Line>
        {lost.length > 0 && <Line name="Of which cancelled">{lost.map(lostCost).join(", ")}</Line>}
        <Line name="Price list">{price_version ?? noPrice(free, row.practice)}</Line>
      </dl>
    </Part>
  );
}

function noPrice(free: boolean, practice: boolean): string {
  if (practice) return "none: practice is free";
  return free ? "none: it runs on this machine or network" : "no price for this model";
}
