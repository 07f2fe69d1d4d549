// What takes no new work besides single providers, and a way to drain it: a key
// that several share, one target, everything.

import { useState } from "react";
import type { DrainShown, DrainWhat, ProvidersPage } from "../../api/generated";
import { useChange } from "../../api/queries";
import { Button } from "../../kit/Button";
import { Notice } from "../../kit/Notice";
import { Section } from "../../kit/Section";
import { Select } from "../../kit/Select";
import { Told } from "../../kit/Told";
import { DrainState } from "./DrainState";
import css from "./Drains.module.css";

const WHY: Record<DrainShown["why"], string> = {
  asked: "takes no new work",
  removed: "was removed from the config",
  disabled: "was disabled",
  moved: "has another address now",
  key_changed: "has another key now",
};

export function Drains({ page }: { page: ProvidersPage }) {
  const drain = useChange("drains.begin");
  const resume = useChange("drains.end");
  const choices = drainable(page);
  const [chosen, setChosen] = useState(0);
  const choice = choices[chosen] ?? choices[0];
  const failed = [drain, resume].find((change) => change.isError);
  return (
    <Section title="Drains" aside="No new work; what runs may finish until a deadline">
      {page.drains.length > 0 && (
        <ul className={css.list} aria-label="Drains">
          {page.drains.map((one) => (
            <li key={JSON.stringify([one.what, one.why])} className={css.drain}>
              <span>
                <strong>{one.name}</strong> <span className="soft">{WHY[one.why]}</span>
              </span>
              <span>
                <DrainState drain={one} />
              </span>
              {one.why === "asked" && (
                <Button
                  isDisabled={resume.isPending}
                  onPress={() => resume.mutate({ what: one.what })}
                  aria-label={`Take new work for ${one.name} again`}
                >
                  Resume
                </Button>
              )}
            </li>
          ))}
        </ul>
      )}
      <div className={css.begin}>
        <Select
          label="Drain"
          value={String(choices.indexOf(choice))}
          onChange={(index) => setChosen(Number(index))}
          options={choices.map((one, index) => ({ value: String(index), label: one.label }))}
        />
        <Button isDisabled={drain.isPending} onPress={() => drain.mutate({ what: choice.what })} aria-label="Begin this drain">
          Drain
        </Button>
      </div>
      {failed?.error && (
        <Notice tone="danger" announce>
          <Told>{failed.error.message}</Told>
        </Notice>
      )}
    </Section>
  );
}

/** Everything; keys that providers share; the targets of aliases. A provider has its own button. */
function drainable({ providers, aliases }: ProvidersPage): [Choice, ...Choice[]] {
  const sharers = new Map<string, string[]>();
  for (const { key, health } of providers) {
    if (key.name === null) continue;
    const name = `${key.source === "environment" ? "env" : "keychain"}:${key.name}`;
    sharers.set(name, [...(sharers.get(name) ?? []), health.name]);
  }
  const keys = [...sharers].filter(([, names]) => names.length > 1);
  const targets = new Set(aliases.flatMap((alias) => alias.targets));
  return [
    { what: "app", label: "Everything: the whole app" },
    ...keys.map(([key, names]): Choice => ({ what: { key }, label: `Key ${key} of ${names.join(", ")}` })),
    ...[...targets].sort().map((target): Choice => ({ what: { target }, label: `Target ${target}` })),
  ];
}

interface Choice {
  what: DrainWhat;
  label: string;
}
