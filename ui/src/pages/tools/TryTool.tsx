// Using a tool here and now: a text in its plain form, and what came of it, each part apart.

import { useRef, useState, type KeyboardEvent } from "react";
import type { GrantsShown, RunTool, ToolDone, ToolOutcome, ToolShown } from "../../api/generated";
import { useChange } from "../../api/queries";
import { useShortcuts } from "../../app/keys";
import { Button } from "../../kit/Button";
import { CopyButton } from "../../kit/CopyButton";
import { Notice } from "../../kit/Notice";
import { Section } from "../../kit/Section";
import { Select } from "../../kit/Select";
import { TextBox } from "../../kit/TextBox";
import { Told } from "../../kit/Told";
import { quick, trouble } from "../../tools";
import { Arguments } from "./Arguments";
import css from "./TryTool.module.css";

export function TryTool({ tools, grants }: { tools: ToolShown[]; grants: GrantsShown }) {
  const run = useChange("tools.run");
  const [name, setName] = useState("calculator");
  const [text, setText] = useState("");
  const [unread, setUnread] = useState<string>();
  const box = useRef<HTMLTextAreaElement>(null);
  useShortcuts({ "/": () => box.current?.focus() });
  const tool = tools.find((one) => one.name === name) ?? tools[0];
  if (!tool) return null;
  const example = exampleOf(tool, grants);

  const start = () => {
    if (run.isPending) return;
    const input = asked(tool, text === "" ? example : text);
    if (text === "") setText(example);
    setUnread(typeof input === "string" ? input : undefined);
    if (typeof input !== "string") run.mutate(input);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
    event.preventDefault();
    start();
  };
  const choose = (chosen: string) => {
    setName(chosen);
    setText("");
    setUnread(undefined);
    run.reset();
  };

  return (
    <Section title="Try" aside={tool.server === null ? "Nothing of it leaves this machine; no model is asked" : `The MCP server ${tool.server} does it; what it charges stands on no receipt`}>
      <div className={css.bench}>
        <div className={css.asks}>
          <Select label="Tool" value={tool.name} onChange={choose} options={tools.map((one) => ({ value: one.name, label: optionOf(one) }))} />
          <p className="soft">
            <Told>{tool.what}</Told>
          </p>
          <TextBox
            label="What it is to do"
            mono
            rows={4}
            value={text}
            onChange={setText}
            onKeyDown={onKeyDown}
            placeholder={example}
            error={unread}
            boxRef={box}
          />
          <div className={css.actions}>
            <Button kind="primary" onPress={start} isDisabled={run.isPending} aria-keyshortcuts="Control+Enter">
              {run.isPending ? "Running…" : "Run"}
            </Button>
            <Button onPress={() => setText(example)} isDisabled={text === example}>
              Example
            </Button>
            <span className="faint">
              <kbd>Ctrl</kbd> <kbd>Enter</kbd>
            </span>
          </div>
          {tool.why_not !== null && (
            <Notice tone="caution">
              It can’t work now. <Told>{tool.why_not}</Told>
            </Notice>
          )}
          <Arguments schema={tool.arguments} />
        </div>
        <div className={css.found} role="region" aria-label="What came of it" aria-live="polite" aria-busy={run.isPending}>
          {run.isError && (
            <Notice tone="danger" announce>
              It was not run. <Told>{run.error.message}</Told>
            </Notice>
          )}
          {run.data ? <Outcome outcome={run.data} /> : !run.isError && <p className={css.nothing}>{run.isPending ? "Running…" : "The result will stand here."}</p>}
        </div>
      </div>
    </Section>
  );
}

function Outcome({ outcome }: { outcome: ToolOutcome }) {
  const { done, trouble: why, stdout, stderr, is_cut, took_us } = outcome;
  return (
    <>
      {done && (
        <div className={css.result}>
          <div className={css.head}>
            <h3>Result</h3>
            <CopyButton text={done.text} what="the result" />
          </div>
          <pre tabIndex={0} aria-label="Result" className={done.text.length > 60 ? css.long : css.short}>
            {done.text}
          </pre>
        </div>
      )}
      {why && (
        <Notice tone="caution">
          <strong>{trouble(why.kind)}.</strong> <Told>{why.message}</Told>
        </Notice>
      )}
      {done?.working && <Text title="How" text={done.working} />}
      {stdout !== "" && <Text title="Printed" text={stdout} />}
      {stderr !== "" && <Text title="Printed to standard error" text={stderr} />}
      {is_cut && <p className="soft">Some of what was printed was left out, for its length.</p>}
      {done && isMore(done) && <Text title="For programs" text={JSON.stringify(done.result, null, 2)} />}
      <p className="soft">
        <code>{outcome.tool}</code> took {quick(took_us)}.
      </p>
    </>
  );
}

function Text({ title, text }: { title: string; text: string }) {
  return (
    <div className={css.result}>
      <h3>{title}</h3>
      <pre tabIndex={0} aria-label={title} className={css.long}>
        {text.trimEnd()}
      </pre>
    </div>
  );
}

/** The answer for programs says more than the words do. */
function isMore({ result, text }: ToolDone): boolean {
  return typeof result !== "string" && JSON.stringify(result) !== text.trim();
}

function optionOf(tool: ToolShown): string {
  if (tool.off) return `${tool.name} (off)`;
  return tool.why_not === null ? tool.name : `${tool.name} (not now)`;
}

/** What stands in the box as an example: of a tool that touches a grant, one that is there. */
function exampleOf(tool: ToolShown, grants: GrantsShown): string {
  if (tool.name === "check") return grants.checks[0]?.name ?? tool.example;
  // Where there are several databases, which one is a part of the question.
  if (tool.name === "sql" && grants.databases.length > 1) return `database: ${grants.databases[0]!.name}\n${tool.example}`;
  return tool.example;
}

/** The input of the run; a sentence where there is none. Tools of servers take arguments alone. */
function asked(tool: ToolShown, text: string): RunTool | string {
  if (tool.server === null) return { tool: tool.name, text, arguments: null };
  try {
    return { tool: tool.name, arguments: JSON.parse(text) as unknown };
  } catch {
    return "A tool of an MCP server takes its arguments as JSON, such as {\"query\": \"…\"}.";
  }
}
