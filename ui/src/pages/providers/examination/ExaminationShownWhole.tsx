// An examination, whole: when and how it was made, and its matrix. One a model.

import { useState } from "react";
import type { ExaminationShown } from "../../../api/generated";
import { useControl } from "../../../api/queries";
import { clock, date, days, duration, money, plural, roughMoney } from "../../../format";
import { Notice } from "../../../kit/Notice";
import { useNow } from "../../../kit/now";
import { Reading } from "../../../kit/Reading";
import { Select } from "../../../kit/Select";
import { Told } from "../../../kit/Told";
import { sentence } from "../../../words";
import { Matrix } from "./Matrix";
import css from "./ExaminationShownWhole.module.css";

export function ExaminationShownWhole({ provider, name }: { provider: string; name: string }) {
  const examinations = useControl("doctor.matrix", { provider });
  const [model, setModel] = useState<string>();
  return (
    <Reading query={examinations} what={`the findings for ${name}`}>
      {(all) => {
        const shown = all.find((one) => one.model === model) ?? all[0];
        if (!shown) return <p className="soft">Nothing is kept of it any more. Examine it again.</p>;
        return (
          <section className={css.whole} aria-label={`Findings for ${name}`}>
            <div className={css.head}>
              {all.length > 1 && (
                <Select
                  label="Model"
                  value={shown.model}
                  onChange={setModel}
                  options={all.map((one) => ({ value: one.model, label: one.model }))}
                />
              )}
              <Made examination={shown} isNamed={all.length > 1} />
            </div>
            <Standing examination={shown} />
            <Matrix key={shown.model} examination={shown} name={name} />
          </section>
        );
      }}
    </Reading>
  );
}

/** `isNamed`: the model stands beside it already. */
function Made({ examination, isNamed }: { examination: ExaminationShown; isNamed: boolean }) {
  const { model, chosen, at_unix_ms, took_ms, requests, cost_nano_usd, cost_basis } = examination;
  const cost = cost_basis === "estimated" ? roughMoney(cost_nano_usd) : money(cost_nano_usd);
  return (
    <p className="soft">
      {isNamed ? capitalised(chosen) : <><code>{model}</code>, {chosen}</>}. {date(at_unix_ms)} {clock(at_unix_ms)}: {plural(requests, "request")} in{" "}
      {duration(took_ms)}, {cost_basis === "none" ? "cost not known" : cost}
    </p>
  );
}

function capitalised(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

function Standing({ examination: { at_unix_ms, stale, stopped } }: { examination: ExaminationShown }) {
  const now = useNow();
  return (
    <>
      {stopped !== null && (
        <Notice tone="caution">
          <strong>It ended before all was tried.</strong> <Told>{sentence(stopped)}</Told>
        </Notice>
      )}
      {stale && (
        <Notice tone="note">
          Examined {days(at_unix_ms, now)}: routing no longer goes by it. Providers change; examine it again.
        </Notice>
      )}
    </>
  );
}
