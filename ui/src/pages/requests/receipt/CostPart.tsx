// What it cost, how sure that is, and by which prices.

import type { PromptCacheShown, ReceiptShown } from "../../../api/generated";
import { money, roughMoney } from "../../../format";
import { hitMark } from "../../../kept";
import { isByTool } from "../../../tools";
import { basis, lostCost } from "../../../words";
import { Line, Part } from "./Part";

export function CostPart({ receipt: { row, attempts, price_version, prompt_cache } }: { receipt: ReceiptShown }) {
  const isHit = hitMark(row.cache) !== undefined && row.cost_nano_usd === 0;
  if (isHit || (attempts.length === 0 && row.cost_nano_usd === 0)) {
    const byTool = isByTool(row) ? "None: a tool answered, and no model was asked." : "None: no provider was asked.";
    return (
      <Part title="Cost">
        <p className="soft">{isHit ? "None: another request paid for this answer." : byTool}</p>
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
        {prompt_cache && !free && <Line name="Prompt cache">{cacheCame(prompt_cache)}</Line>}
        <Line name="Price list">{price_version ?? noPrice(free, row.practice)}</Line>
      </dl>
    </Part>
  );
}

/** What the provider's prompt cache came to in money, and whose word made it so. */
function cacheCame({ hinted, saved_nano_usd, basis: sure }: PromptCacheShown): string {
  const amount = sure === "estimated" ? roughMoney(Math.abs(saved_nano_usd)) : money(Math.abs(saved_nano_usd));
  const came =
    sure === "none" ? "what it saved is not known"
    : saved_nano_usd === 0 ? "nothing saved"
    : saved_nano_usd > 0 ? `${amount} saved`
    : `${amount} more, for writing to it`;
  return hinted ? `${came}; hints by Signalbox` : came;
}

function noPrice(free: boolean, practice: boolean): string {
  if (practice) return "none: practice is free";
  return free ? "none: it runs on this machine or network" : "no price for this model";
}
