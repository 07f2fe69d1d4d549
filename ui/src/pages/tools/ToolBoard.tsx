// Every tool: what it does, whether it can work now, by which names it goes, and switching it off for everybody.

import type { ToolShown } from "../../api/generated";
import { useChange } from "../../api/queries";
import { Lamp } from "../../kit/Lamp";
import { Lever } from "../../kit/Lever";
import { Notice } from "../../kit/Notice";
import { Section } from "../../kit/Section";
import { Table } from "../../kit/Table";
import { Told } from "../../kit/Told";
import css from "./ToolBoard.module.css";

export function ToolBoard({ tools }: { tools: ToolShown[] }) {
  const off = useChange("tools.off");
  return (
    <Section title="All tools" aside="A client asks for one as the model tool/NAME, or labels its task in the header x-signalbox-task">
      {off.isError && (
        <Notice tone="danger" announce>
          Nothing was switched. <Told>{off.error.message}</Told>
        </Notice>
      )}
      <Table label="All tools" className={css.board}>
        <thead>
          <tr>
            <th scope="col">Tool</th>
            <th scope="col">What it does</th>
            <th scope="col">State</th>
            <th scope="col" title="What clients write into x-signalbox-task">
              Label
            </th>
            <th scope="col" title="Its name among the tools that a model is offered">
              Offered as
            </th>
            <th scope="col">
              <span className="unseen">Switch</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {tools.map((tool) => (
            <tr key={tool.name}>
              <th scope="row" className={css.name}>
                <code>{tool.name}</code>
              </th>
              <td className={css.what}>
                <Told>{tool.what}</Told>
              </td>
              <td className={css.state}>
                <State tool={tool} />
              </td>
              <td>
                <code>{tool.label}</code>
              </td>
              <td className={css.reserved}>
                <code>{tool.reserved}</code>
              </td>
              <td className="num">
                <Lever
                  aria-label={`${tool.name} may be used`}
                  isSelected={!tool.off}
                  isDisabled={off.isPending}
                  onChange={(on) => off.mutate({ tool: tool.name, off: !on })}
                >
                  {""}
                </Lever>
              </td>
            </tr>
          ))}
        </tbody>
      </Table>
    </Section>
  );
}

function State({ tool }: { tool: ToolShown }) {
  if (tool.off) return <Lamp aspect="off" word="Off" meaning="Nobody may use it." />;
  if (tool.why_not === null) return <Lamp aspect="clear" word="Ready" />;
  return (
    <>
      <Lamp aspect="caution" word="Not now" />
      <p className={css.why}>
        <Told>{tool.why_not}</Told>
      </p>
    </>
  );
}
