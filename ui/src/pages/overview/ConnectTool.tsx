// Connect a tool: the address, a client key, and lines to paste.

import { useState } from "react";
import { Tab, TabList, TabPanel, Tabs } from "react-aria-components";
import type { Connect, FreshClientKey } from "../../api/generated";
import { useChange, useControl } from "../../api/queries";
import { CopyButton } from "../../kit/CopyButton";
import { Reading } from "../../kit/Reading";
import { Section } from "../../kit/Section";
import { Snippet } from "../../kit/Snippet";
import { ClientKeys } from "./ClientKeys";
import { FreshKey } from "./FreshKey";
import { tools } from "./snippets";
import css from "./ConnectTool.module.css";

export function ConnectTool() {
  const connect = useControl("connect", {});
  return (
    <Section title="Connect a tool">
      <Reading query={connect} what="how tools connect">
        {(data) => <Connecting connect={data} />}
      </Reading>
    </Section>
  );
}

function Connecting({ connect }: { connect: Connect }) {
  // A key made on this page lives in this state and nowhere else.
  const [created, setCreated] = useState<FreshClientKey>();
  const dismiss = useChange("clients.dismiss_first");
  const fresh = created ?? connect.first_key ?? undefined;
  const saved = () => (created ? setCreated(undefined) : dismiss.mutate({}));
  return (
    <div className={css.connect}>
      <dl className={css.facts}>
        <dt>Base URL</dt>
        <dd>
          <code>{connect.base_url}</code>
          <CopyButton text={connect.base_url} what="the base URL" />
          <span className="soft">
            OpenAI-style tools: <code>{connect.base_url}/v1</code>
          </span>
        </dd>
      </dl>
      {fresh && <FreshKey fresh={fresh} onSaved={saved} isSaving={dismiss.isPending} />}
      <Lines baseUrl={connect.base_url} clientKey={fresh?.key} />
      <ClientKeys clients={connect.clients} onCreated={setCreated} />
    </div>
  );
}

function Lines({ baseUrl, clientKey }: { baseUrl: string; clientKey: string | undefined }) {
  const all = tools(baseUrl, clientKey);
  return (
    <div className={css.lines}>
      <Tabs>
        <TabList aria-label="Tools" className={css.tabs!}>
          {all.map((tool) => (
            <Tab key={tool.id} id={tool.id} className={css.tab!}>
              {tool.name}
            </Tab>
          ))}
        </TabList>
        {all.map((tool) => (
          <TabPanel key={tool.id} id={tool.id} className={css.panel!}>
            <Snippet text={tool.text} what={`the lines for ${tool.name}`} />
            <p className="soft">{tool.note}</p>
          </TabPanel>
        ))}
      </Tabs>
      <p className="soft">
        Cursor cannot be connected: it sends requests from its own servers, and those cannot reach an address on this
        machine.
      </p>
    </div>
  );
}
