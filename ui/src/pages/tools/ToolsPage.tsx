// Tools: work with one right answer that no model is asked for. Trying them, what is recognised as a task, by which
// rules they are used, what they may touch, and what that saved.

import type { ToolsPage as Shown } from "../../api/generated";
import { useControl } from "../../api/queries";
import { money, plural } from "../../format";
import { Figure, FigureLine } from "../../kit/Figures";
import { Page } from "../../kit/Page";
import { Reading } from "../../kit/Reading";
import { Grants } from "./Grants";
import { RecogniseText } from "./RecogniseText";
import { RouteRules } from "./RouteRules";
import { ToolBoard } from "./ToolBoard";
import { TryTool } from "./TryTool";

/** Files come and go without any event; sums over a month are too much to ask for with every receipt. */
const AGES_MS = 5_000;

export function ToolsPage() {
  const tools = useControl("tools.page", {}, { everyMs: AGES_MS });
  return (
    <Page title="Tools">
      <Reading query={tools} what="the tools">
        {(data) => (
          <>
            <Saved page={data} />
            <TryTool tools={data.tools} grants={data.grants} />
            <RecogniseText />
            <RouteRules page={data} />
            <Grants grants={data.grants} locks={data.locks} config={data.config} />
            <ToolBoard tools={data.tools} />
          </>
        )}
      </Reading>
    </Page>
  );
}

function Saved({ page: { today, month, instead_of } }: { page: Shown }) {
  const none = month.answers === 0;
  return (
    <section aria-label="What tools saved">
      <FigureLine>
        <Figure
          big
          name="Saved in 30 days"
          value={money(month.saved_nano_usd)}
          note={none ? "no answer of a tool yet" : `${plural(month.answers, "answer")} without a model`}
        />
        <Figure
          name="Saved today"
          value={money(today.saved_nano_usd)}
          note={today.answers === 0 ? "no answer of a tool today" : `${plural(today.answers, "answer")} without a model`}
        />
        <Figure
          name="Compared with"
          value={instead_of ?? "the route’s model"}
          note={instead_of === null ? "a tool asked by its name saves nothing: no model is named" : "for tools that are asked by their name"}
        />
      </FigureLine>
    </section>
  );
}
