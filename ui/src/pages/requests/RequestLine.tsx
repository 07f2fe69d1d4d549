// One request in the list. Memoised: under load four lists a second are drawn, and
// all but the new lines are the same.

import { memo } from "react";
import type { RequestRow } from "../../api/generated";
import { clock, count, date, duration, money, roughMoney, shortCount } from "../../format";
import { classes } from "../../kit/classes";
import { Lamp } from "../../kit/Lamp";
import { PracticeMark } from "../../kit/PracticeMark";
import { ending, endpoint, tokensInOut } from "../../words";
import { servedBy } from "../../tools";
import { HitMark } from "./HitMark";
import { ToolMark } from "./ToolMark";
import css from "./RequestLine.module.css";
import list from "./RequestList.module.css";

interface Props {
  row: RequestRow;
  isCursor: boolean;
  isOpen: boolean;
  onOpen: (id: string) => void;
}

export const RequestLine = memo(function RequestLine({ row, isCursor, isOpen, onOpen }: Props) {
  return (
    <tr
      role="row"
      className={classes(css.line, isOpen && css.open)}
      data-id={row.id}
      tabIndex={isCursor ? 0 : -1}
      aria-selected={isOpen}
      onClick={() => onOpen(row.id)}
    >
      <td className={css.time} title={`${date(row.at_unix_ms)} ${clock(row.at_unix_ms)}`}>
        {clock(row.at_unix_ms)}
      </td>
      <td className={css.asked}>
        <span className={css.cut} title={row.requested_model ?? undefined}>
          {row.requested_model ?? <span className="faint">{endpoint(row.endpoint)}</span>}
        </span>
      </td>
      <td className={classes(css.served, list.served)}>
        <ServedBy row={row} />
      </td>
      <td className={css.outcome}>
        <Outcome row={row} />
      </td>
      <td className={list.client}>
        <span className={css.cut}>{row.client ?? <span className="faint">not let in</span>}</span>
      </td>
      <td className={`num ${list.tokens}`} title={tokensInOut(row)}>
        <Tokens row={row} />
      </td>
      <td className={`num ${list.cost}`}>
        <Cost row={row} />
      </td>
      <td className={`num ${list.first}`}>{row.ttft_ms === null ? <Dash /> : duration(row.ttft_ms)}</td>
      <td className={`num ${list.total}`}>{duration(row.total_ms)}</td>
    </tr>
  );
});

function ServedBy({ row }: { row: RequestRow }) {
  const served = servedBy(row);
  if (served === undefined) return <span className="faint">nobody</span>;
  const { who, target } = served;
  // The model was named in the column before, so only its server is news.
  const known = row.requested_model === row.model || row.requested_model === `${row.provider}/${row.model}`;
  return (
    <span className={css.target}>
      <span className={css.cut} title={target}>
        {known ? who : target}
      </span>
      {row.practice && row.provider !== "practice" && <PracticeMark />}
    </span>
  );
}

function Outcome({ row }: { row: RequestRow }) {
  const { aspect, word } = ending(row);
  return (
    <>
      <Lamp aspect={aspect} word={word} /> <HitMark verdict={row.cache} /> <ToolMark way={row.tools} />
      {row.ending !== "complete" && row.ending !== "client_gone" && <span className="soft"> {row.status}</span>}
      {row.attempts > 1 && <span className={classes("soft", css.tries)}> after {row.attempts} tries</span>}
    </>
  );
}

function Tokens({ row }: { row: RequestRow }) {
  if (row.usage_basis === "none") return <Dash />;
  return (
    <>
      {row.usage_basis === "estimated" && "~"}
      {shortCount(row.input_tokens)} <span className="faint">→</span> {shortCount(row.output_tokens)}
      <span className="unseen"> ({count(row.input_tokens + row.output_tokens)} in all)</span>
    </>
  );
}

function Cost({ row }: { row: RequestRow }) {
  if (row.cost_basis === "none") return <Dash />;
  return (
    <span title={row.cost_basis}>
      {row.cost_basis === "estimated" ? roughMoney(row.cost_nano_usd) : money(row.cost_nano_usd)}
    </span>
  );
}

function Dash() {
  return (
    <span className="faint">
      <span aria-hidden="true">–</span>
      <span className="unseen">not known</span>
    </span>
  );
}
