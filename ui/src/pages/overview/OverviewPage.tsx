// Overview: is all well, what does it cost, where do tools connect.

import { useControl } from "../../api/queries";
import { Page } from "../../kit/Page";
import { Reading } from "../../kit/Reading";
import { Alarms } from "./Alarms";
import { ConnectTool } from "./ConnectTool";
import { Figures } from "./Figures";
import { FirstRun } from "./FirstRun";
import { HourStrip } from "./HourStrip";
import { ProviderBoard } from "./ProviderBoard";

/** Minutes and health age without any event; this is how old they may get. */
const AGES_MS = 30_000;

export function OverviewPage() {
  const overview = useControl("overview", {}, { everyMs: AGES_MS });
  return (
    <Page title="Overview" aside={overview.data && <span className="faint">Version {overview.data.version}</span>}>
      <Reading query={overview} what="the overview">
        {(data) => (
          <>
            <Alarms alarms={data.alarms} />
            {data.practice_only && <FirstRun />}
            <Figures today={data.today} caches={data.prompt_cache} cache={data.cache} inFlight={data.in_flight} />
            <HourStrip minutes={data.minutes} />
            <ProviderBoard providers={data.providers} />
          </>
        )}
      </Reading>
      <ConnectTool />
    </Page>
  );
}
