// Checks down, callers' dialects across. One cell is chosen, by a press or with the
// arrow keys, and what was seen of it stands below. The table is one stop of Tab.

import { useRef, useState } from "react";
import type { CheckShown, ExaminationShown, FindingShown } from "../../../api/generated";
import { requestsHref } from "../../../app/route";
import { classes } from "../../../kit/classes";
import { Table } from "../../../kit/Table";
import { Told } from "../../../kit/Told";
import { dialect, sentence } from "../../../words";
import css from "./Matrix.module.css";
import { VerdictMark, VERDICTS } from "./verdicts";

interface Place {
  row: number;
  column: number;
}

const STEPS: Record<string, Place> = {
  ArrowUp: { row: -1, column: 0 },
  ArrowDown: { row: 1, column: 0 },
  ArrowLeft: { row: 0, column: -1 },
  ArrowRight: { row: 0, column: 1 },
};

export function Matrix({ examination: { checks, dialects }, name }: { examination: ExaminationShown; name: string }) {
  const [chosen, setChosen] = useState<Place>(() => firstWorthReading(checks));
  const body = useRef<HTMLTableSectionElement>(null);
  const check = checks[chosen.row];
  const finding = check?.findings[chosen.column];

  const onKeyDown = (event: React.KeyboardEvent) => {
    const step = STEPS[event.key];
    if (!step) return;
    event.preventDefault();
    const row = within(chosen.row + step.row, checks.length);
    const column = within(chosen.column + step.column, dialects.length);
    setChosen({ row, column });
    body.current?.rows[row]?.querySelectorAll("button")[column]?.focus();
  };

  return (
    <div className={css.matrix}>
      <Table label={`Findings for ${name}`} className={css.table!}>
        <thead>
          <tr>
            <th scope="col">Check</th>
            {dialects.map((name) => (
              <th key={name} scope="col" className={css.dialect}>
                <span>{dialect(name)}</span>
              </th>
            ))}
          </tr>
        </thead>
        <tbody ref={body} onKeyDown={onKeyDown}>
          {checks.map((check, row) => (
            <tr key={check.check}>
              <th scope="row" title={check.about}>
                {check.title}
              </th>
              {check.findings.map((finding, column) => {
                const isChosen = chosen.row === row && chosen.column === column;
                return (
                  <td key={finding.dialect}>
                    <Cell
                      finding={finding}
                      check={check}
                      isChosen={isChosen}
                      onChoose={() => setChosen({ row, column })}
                    />
                  </td>
                );
              })}
            </tr>
          ))}
        </tbody>
      </Table>
      {check && finding && <Detail check={check} finding={finding} />}
    </div>
  );
}

/** The first failure, else the first note, else the first cell. */
function firstWorthReading(checks: CheckShown[]): Place {
  for (const verdict of ["failed", "noted"]) {
    for (const [row, { findings }] of checks.entries()) {
      const column = findings.findIndex((finding) => finding.verdict === verdict);
      if (column >= 0) return { row, column };
    }
  }
  return { row: 0, column: 0 };
}

function within(index: number, length: number): number {
  return Math.min(Math.max(index, 0), length - 1);
}

interface CellProps {
  finding: FindingShown;
  check: CheckShown;
  isChosen: boolean;
  onChoose: () => void;
}

function Cell({ finding, check, isChosen, onChoose }: CellProps) {
  const { word } = VERDICTS[finding.verdict];
  const said = finding.said === "" ? "" : `. ${sentence(finding.said.replaceAll("`", ""))}`;
  return (
    <button
      type="button"
      className={classes(css.cell, css[finding.verdict], isChosen && css.chosen)}
      tabIndex={isChosen ? 0 : -1}
      aria-current={isChosen}
      aria-label={`${check.title}, ${dialect(finding.dialect)}: ${word}${said}`}
      onClick={onChoose}
      onFocus={onChoose}
    >
      <VerdictMark verdict={finding.verdict} />
      <span className={css.word}>{word}</span>
    </button>
  );
}

function Detail({ check, finding }: { check: CheckShown; finding: FindingShown }) {
  return (
    <div className={css.detail} role="group" aria-label="The chosen finding">
      <p className={css.verdict}>
        <VerdictMark verdict={finding.verdict} />
        <strong>
          {check.title}, {dialect(finding.dialect)}: {VERDICTS[finding.verdict].word.toLowerCase()}
        </strong>
      </p>
      {finding.said !== "" && <p><Told>{sentence(finding.said)}</Told></p>}
      <p className="soft">
        {sentence(check.about)}{" "}
        {finding.receipt !== null && <a href={requestsHref(new URLSearchParams(), finding.receipt)}>Its receipt</a>}
      </p>
    </div>
  );
}
