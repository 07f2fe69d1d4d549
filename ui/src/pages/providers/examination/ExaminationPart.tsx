// What the doctor knows of a provider, in a line: when it was examined, with what
// outcome, and the way to the whole of it and to another one.

import { useId, useState } from "react";
import type { ExaminationRow, ProviderShown } from "../../../api/generated";
import { useChange } from "../../../api/queries";
import { ago, date, days } from "../../../format";
import { Button } from "../../../kit/Button";
import { Notice } from "../../../kit/Notice";
import { useNow } from "../../../kit/now";
import { Told } from "../../../kit/Told";
import { sentence } from "../../../words";
import { ExaminationShownWhole } from "./ExaminationShownWhole";
import css from "./ExaminationPart.module.css";
import { ExamineDialog } from "./ExamineDialog";
import { Tally } from "./verdicts";

export function ExaminationPart({ provider }: { provider: ProviderShown }) {
  const { id, name } = provider.health;
  const examine = useChange("doctor.examine");
  const [asking, setAsking] = useState(false);
  const [open, setOpen] = useState(false);
  const whole = useId();
  const [latest] = provider.examinations;
  // The server knows it too: it goes on while this page is left, and is found on return.
  const underway = provider.examining || examine.isPending;

  const toggle = open ? "Hide findings" : "Show findings";

  const start = (model: string) => {
    setAsking(false);
    examine.mutate({ provider: id, ...(model && { model }) }, { onSuccess: () => setOpen(true) });
  };

  return (
    <div className={css.part}>
      <div className={css.line}>
        {underway ? (
          <p role="status">
            <strong>Being examined.</strong> It takes about half a minute. You may leave this page: what is found is kept.
          </p>
        ) : (
          <Latest row={latest} />
        )}
        <span className={css.actions}>
          {latest && (
            <Button kind="bare" onPress={() => setOpen(!open)} aria-expanded={open} aria-controls={whole} aria-label={`${toggle} for ${name}`}>
              {toggle}
            </Button>
          )}
          {!underway && (
            <Button kind="bare" onPress={() => setAsking(true)} aria-label={latest ? `Examine again: ${name}` : `Examine ${name}`}>
              {latest ? "Examine again" : "Examine"}
            </Button>
          )}
        </span>
      </div>
      {examine.isError && (
        <Notice tone="danger" announce>
          {name} was not examined. <Told>{sentence(examine.error.message)}</Told>
        </Notice>
      )}
      {open && latest && (
        <div id={whole}>
          <ExaminationShownWhole provider={id} name={name} />
        </div>
      )}
      <ExamineDialog provider={provider} isOpen={asking} onClose={() => setAsking(false)} onExamine={start} />
    </div>
  );
}

function Latest({ row }: { row: ExaminationRow | undefined }) {
  const now = useNow();
  if (!row) {
    return (
      <p className="soft" title="Nobody has seen yet what works through it in each dialect.">
        Never examined
      </p>
    );
  }
  const { at_unix_ms, model, stale, stopped, tally } = row;
  return (
    <p className={css.latest}>
      <span title={date(at_unix_ms)}>
        {stale ? (
          <>
            Examined {days(at_unix_ms, now)} with <code>{model}</code>: routing no longer goes by it.
          </>
        ) : (
          <>
            Examined {ago(at_unix_ms, now)} with <code>{model}</code>
            {stopped !== null && ", not to the end"}:
          </>
        )}
      </span>
      <Tally tally={tally} />
    </p>
  );
}
