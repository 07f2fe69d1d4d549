// Tokens by class. The classes never overlap, so they add up to the sums below.

import type { ReceiptShown } from "../../../api/generated";
import { count } from "../../../format";
import { hitMark } from "../../../kept";
import { isByTool } from "../../../tools";
import { basis } from "../../../words";
import { Line, Part } from "./Part";

export function TokensPart({ receipt: { row, attempts, tokens } }: { receipt: ReceiptShown }) {
  if (hitMark(row.cache) !== undefined && row.input_tokens + row.output_tokens === 0) {
    return (
      <Part title="Tokens">
        <p className="soft">None: another request used them.</p>
      </Part>
    );
  }
  if (isByTool(row) && row.input_tokens + row.output_tokens === 0) {
    return (
      <Part title="Tokens">
        <p className="soft">None: a tool uses none.</p>
      </Part>
    );
  }
  if (row.usage_basis === "none") {
    return (
      <Part title="Tokens">
        <p className="soft">
          {attempts.length === 0
            ? "None: no provider was asked."
            : "Not known: no provider reported any and none could be derived."}
        </p>
      </Part>
    );
  }
  const classes: [string, number][] = [
    ["Input, full price", tokens.input],
    ["Input, read from cache", tokens.cache_read],
    ["Input, written to cache", tokens.cache_write],
    ["Input, written to long cache", tokens.cache_write_long],
    ["Output", tokens.output],
    ["Reasoning", tokens.reasoning],
  ];
  const used = classes.filter(([name, n]) => n > 0 || name === "Output" || name === "Input, full price");
  const sum = classes.reduce((total, [, n]) => total + n, 0);
  return (
    <Part title="Tokens" aside={basis(row.usage_basis)}>
      <dl>
        {used.map(([name, n]) => (
          <Line key={name} name={name}>
            {count(n)}
          </Line>
        ))}
        <Line name="Sum" strong>
          {count(sum)}
        </Line>
      </dl>
    </Part>
  );
}
