// Health: how each provider, its keys and its models are doing right now, and why.

import type { HealthShown } from "../../api/generated";
import { useControl } from "../../api/queries";
import { plural } from "../../format";
import { Empty } from "../../kit/Empty";
import { Page } from "../../kit/Page";
import { Reading } from "../../kit/Reading";
import { Section } from "../../kit/Section";
import { Changes } from "./Changes";
import { SignalBoard } from "./SignalBoard";
import { Surroundings } from "./Surroundings";

/** Waits run down and windows roll without any event. */
const AGES_MS = 2_000;

export function HealthPage() {
  const health = useControl("health", {}, { everyMs: AGES_MS });
  return (
    <Page title="Health" aside={<span className="faint">Live: the last two minutes, as they are now</span>}>
      <Reading query={health} what="the signals">
        {(data) => (
          <>
            <Surroundings network={data.network} machine={data.machine} />
            <Signals health={data} />
            <Changes />
          </>
        )}
      </Reading>
    </Page>
  );
}

function Signals({ health: { providers, left_out } }: { health: HealthShown }) {
  const asked = providers.filter((provider) => provider.targets.length > 0);
  const others = providers.filter((provider) => provider.targets.length === 0);
  if (asked.length === 0) {
    return (
      <Empty title="Nothing has been asked yet">
        <p>
          Signals begin with the first request: errors, speed, what is left of rate limits. Send one from a tool, or try{" "}
          <code>practice/steady</code>, which needs no key. <a href="#/">Connect a tool</a>
        </p>
      </Empty>
    );
  }
  return (
    <Section title="Signals" aside={left_out > 0 && `${plural(left_out, "model")} that nobody uses now left out`}>
      <SignalBoard providers={asked} />
      {others.length > 0 && <p className="soft">Not asked yet: {others.map(({ name }) => name).join(", ")}.</p>}
    </Section>
  );
}
