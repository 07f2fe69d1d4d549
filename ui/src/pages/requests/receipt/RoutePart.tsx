// The way of a request, drawn as a line: where it was asked for, each target it was
// sent to and what came of it, and what the client got.

import type { AttemptShown, ReceiptShown } from "../../../api/generated";
import { hitMark, toldAgain } from "../../../kept";
import { classes } from "../../../kit/classes";
import { isByTool } from "../../../tools";
import { attemptOutcome, dialect, ending, lostCost, routeSentence } from "../../../words";
import { Notice } from "../../../kit/Notice";
import { Told } from "../../../kit/Told";
import { Part } from "./Part";
import css from "./RoutePart.module.css";

export function RoutePart({ receipt }: { receipt: ReceiptShown }) {
  const { row, attempts } = receipt;
  return (
    <Part title="Route">
      <p className="soft">{routeSentence(receipt)}</p>
      <ol className={css.line} aria-label="Attempts">
        <li className={css.stop}>
          <strong>{row.requested_model ?? "No model"}</strong>
          <p className="soft">
            {row.alias === null ? "as the client asked" : <>the alias {row.alias}</>}
            {row.streamed && ", as a stream"}
          </p>
        </li>
        {attempts.map((attempt, index) => (
          <Attempt key={index} attempt={attempt} total={row.total_ms} />
        ))}
        {isByTool(row) && (
          <li className={classes(css.stop, css.answered)}>
            <strong>Tool {row.model}</strong>
            <p className="soft">no model was asked for the answer</p>
          </li>
        )}
        {hitMark(row.cache) !== undefined && (
          <li className={classes(css.stop, css.answered)}>
            <strong>Kept answer</strong>
            <p className="soft">{toldAgain(row.cache ?? "")}</p>
          </li>
        )}
        <li className={classes(css.stop, css.end)}>
          <strong>{ending(row).word}</strong>
          <p className="soft">
            {row.ending === "client_gone" ? "The client went away before the end." : `The client got status ${row.status}.`}
          </p>
        </li>
      </ol>
      {receipt.message !== null && (
        <Notice tone={row.ending === "refused" ? "caution" : "danger"}>
          The client was told: <Told>{receipt.message}</Told>
          {row.fault !== null && (
            <>
              {" "}
              (<code>{row.fault}</code>)
            </>
          )}
        </Notice>
      )}
    </Part>
  );
}

function Attempt({ attempt, total }: { attempt: AttemptShown; total: number }) {
  const failed = attempt.failure !== null || attempt.lost !== null;
  return (
    <li className={classes(css.stop, failed ? css.failed : css.answered)}>
      <strong>
        {attempt.provider}/{attempt.model}
      </strong>
      {attempt.key !== null && <span className="soft"> with the key {attempt.key}</span>}
      <p>
        {attemptOutcome(attempt)}{" "}
        <span className="soft">
          ({attempt.why}
          {attempt.spoken !== null && `, translated into ${dialect(attempt.spoken)}`}
          {attempt.lost !== null && `, ${lostCost(attempt.lost)}`}
          {attempt.calls > 1 && `, asked ${attempt.calls} times, each paid`})
        </span>
      </p>
      {attempt.message !== null && (
        <p className={css.said}>
          {attempt.code !== null && (
            <>
              <code>{attempt.code}</code>:{" "}
            </>
          )}
          <Told>{attempt.message}</Told>
        </p>
      )}
      <TimingBar attempt={attempt} total={total} />
    </li>
  );
}

/** When the attempt ran, within the whole exchange. The words beside it say the same. */
function TimingBar({ attempt, total }: { attempt: AttemptShown; total: number }) {
  const whole = Math.max(total, attempt.started_ms + attempt.took_ms, 0.001);
  const from = (100 * attempt.started_ms) / whole;
  const wide = Math.max(1, (100 * attempt.took_ms) / whole);
  return (
    <svg className={css.timing} viewBox="0 0 100 4" preserveAspectRatio="none" aria-hidden="true">
      <rect width="100" height="4" className={css.ground} />
      <rect x={Math.min(from, 99)} width={wide} height="4" className={css.span} />
    </svg>
  );
}
