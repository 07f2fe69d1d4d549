// What concerns every provider at once: this machine's own network, and what it can bear.

import type { MachineShown, NetworkShown } from "../../api/generated";
import { Lamp } from "../../kit/Lamp";
import { Notice } from "../../kit/Notice";
import { NETWORK } from "../../words";
import css from "./Surroundings.module.css";

export function Surroundings({ network, machine }: { network: NetworkShown; machine: MachineShown }) {
  const { aspect, word, meaning } = NETWORK[network];
  return (
    <section aria-label="This machine" className={css.surroundings}>
      {network !== "fine" && (
        <Notice tone="caution" announce>
          <strong>{word}.</strong> {meaning}
        </Notice>
      )}
      <dl className={css.facts}>
        <Fact name="Network">
          <Lamp aspect={aspect} word={word} meaning={meaning} />
        </Fact>
        <Fact name="Processors">{percent(machine.cpu_percent)} busy</Fact>
        <Fact name="Memory">{percent(machine.memory_percent)} used</Fact>
        <Fact name="Power">{machine.battery_percent === null ? "not from a battery" : `battery, ${percent(machine.battery_percent)} left`}</Fact>
        {machine.burden >= 0.05 && (
          <Fact name="Models here">
            <span title="Added to the score of every model that runs on this machine; lower scores are better.">
              weighed {machine.burden.toFixed(1)} worse
            </span>
          </Fact>
        )}
      </dl>
    </section>
  );
}

function Fact({ name, children }: { name: string; children: React.ReactNode }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

function percent(value: number): string {
  return `${Math.round(value)}%`;
}
