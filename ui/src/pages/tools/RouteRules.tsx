// A line for each route: whether tasks are recognised on it, what models are offered, and of what use that was.

import { useState } from "react";
import type { ToolRoute, ToolRuleShown, ToolsPage, ToolTallyShown } from "../../api/generated";
import { useChange } from "../../api/queries";
import { count, money } from "../../format";
import { Button } from "../../kit/Button";
import { Empty } from "../../kit/Empty";
import { Notice } from "../../kit/Notice";
import { Section } from "../../kit/Section";
import { Segments } from "../../kit/Segments";
import { Table } from "../../kit/Table";
import { Told } from "../../kit/Told";
import { RuleDialog, type Editing } from "./RuleDialog";
import css from "./RouteRules.module.css";

const RECOGNISE = [
  { value: "off", label: "Off", meaning: "Every message goes to a model." },
  { value: "shadow", label: "Shadow", meaning: "What would have been recognised is counted; a model is asked all the same." },
  { value: "on", label: "On", meaning: "A message that is a task, whole, is answered by a tool." },
];

export function RouteRules({ page }: { page: ToolsPage }) {
  const put = useChange("tools.rule");
  const [editing, setEditing] = useState<Editing>();
  const aliases = page.routes.filter((route) => route.is_alias);
  const others = page.routes.filter((route) => !route.is_alias);
  const recognise = (alias: string | undefined) => (word: string) => put.mutate({ ...(alias !== undefined && { alias }), recognise: word });
  return (
    <Section title="Routes" aside="Counted since Signalbox started">
      {put.isError && (
        <Notice tone="danger" announce>
          The rule was not changed. <Told>{put.error.message}</Told>
        </Notice>
      )}
      <Table label="Tools by route" className={css.board}>
        <thead>
          <tr>
            <th scope="col">Route</th>
            <th scope="col">Recognise tasks</th>
            <th scope="col">Models are offered</th>
            <th scope="col" title="Arithmetic in a model’s answer is done over">
              Recheck
            </th>
            <th scope="col">What came of it</th>
            <th scope="col" className="num">
              Saved
            </th>
            <th scope="col">
              <span className="unseen">Actions</span>
            </th>
          </tr>
        </thead>
        <tbody>
          <tr>
            <th scope="row" className={css.route}>
              Everywhere
              <p className={css.note}>where a route says nothing of its own</p>
            </th>
            <Rule
              name="everywhere"
              rule={page.usual}
              onRecognise={recognise(undefined)}
              isBusy={put.isPending}
            />
            <td colSpan={2} />
            <td className="num">
              <Button kind="bare" onPress={() => setEditing({ rule: page.usual })} aria-label="Change the rule everywhere">
                Change
              </Button>
            </td>
          </tr>
          {aliases.map((route) => (
            <tr key={route.route}>
              <Name route={route} />
              <Rule name={route.route} rule={route.rule} onRecognise={recognise(route.route)} isBusy={put.isPending} />
              <Use tally={route.tally} />
              <td className="num">
                <Button
                  kind="bare"
                  onPress={() => setEditing({ alias: route.route, rule: route.rule, isOwn: route.is_own })}
                  aria-label={`Change the rule of ${route.route}`}
                >
                  Change
                </Button>
              </td>
            </tr>
          ))}
          {others.map((route) => (
            <tr key={route.route}>
              <Name route={route} />
              <td colSpan={3} className="soft">
                as everywhere
              </td>
              <Use tally={route.tally} />
              <td />
            </tr>
          ))}
        </tbody>
      </Table>
      {aliases.length === 0 && (
        <Empty title="No alias yet">
          A rule of its own is a thing of an alias. <a href="#/providers">Add one</a> on the Providers page, or set the rule for
          everywhere.
        </Empty>
      )}
      <RuleDialog
        editing={editing}
        tools={page.tools.map((tool) => tool.name)}
        models={aliases.map((alias) => alias.route)}
        onClose={() => setEditing(undefined)}
      />
    </Section>
  );
}

function Name({ route }: { route: ToolRoute }) {
  return (
    <th scope="row" className={css.route}>
      <code>{route.route}</code>
      {route.is_alias && <p className={css.note}>{route.is_own ? "a rule of its own" : "as everywhere"}</p>}
    </th>
  );
}

interface RuleProps {
  name: string;
  rule: ToolRuleShown;
  onRecognise: (word: string) => void;
  isBusy: boolean;
}

function Rule({ name, rule, onRecognise, isBusy }: RuleProps) {
  return (
    <>
      <td>
        <Segments label={`Recognise tasks on ${name}`} value={rule.recognise} onChange={onRecognise} options={RECOGNISE} isDisabled={isBusy} />
        {rule.verify !== null && (
          <p className={css.note}>
            checked by <code>{rule.verify}</code>
          </p>
        )}
      </td>
      <td className={css.offers}>{rule.offer.length === 0 ? <span className="faint">nothing</span> : rule.offer.join(", ")}</td>
      <td>{rule.recheck === "off" ? <span className="faint">off</span> : rule.recheck}</td>
    </>
  );
}

const COUNTS: { field: keyof ToolTallyShown; one: string; many: string }[] = [
  { field: "answered", one: "answered", many: "answered" },
  { field: "would_have", one: "would have been answered", many: "would have been answered" },
  { field: "fell_through", one: "left to a model", many: "left to a model" },
  { field: "calls", one: "call by a model", many: "calls by models" },
  { field: "disagreed", one: "disagreement", many: "disagreements" },
  { field: "wrong_sums", one: "answer with wrong sums", many: "answers with wrong sums" },
];

function Use({ tally }: { tally: ToolTallyShown }) {
  const told = COUNTS.filter(({ field }) => tally[field] > 0).map(({ field, one, many }) => `${count(tally[field])} ${tally[field] === 1 ? one : many}`);
  return (
    <>
      <td className={css.use}>{told.length === 0 ? <span className="faint">nothing yet</span> : told.join(", ")}</td>
      <td className="num">{tally.saved_nano_usd === 0 ? <span className="faint">$0</span> : money(tally.saved_nano_usd)}</td>
    </>
  );
}
