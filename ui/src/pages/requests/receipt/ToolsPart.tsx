// What tools had to do with a request: how they came into it, what was run, and what that saved.

import type { ToolCallShown, ToolNoteShown } from "../../../api/generated";
import { count, duration, money, plural, roughMoney } from "../../../format";
import { Told } from "../../../kit/Told";
import { checkedWords, trouble, wayMeaning, wrongSums } from "../../../tools";
import { sentence } from "../../../words";
import { Line, Part } from "./Part";

export function ToolsPart({ tools }: { tools: ToolNoteShown | null }) {
  if (tools === null) return null;
  const { way, tool, why, calls, checked } = tools;
  const rounds = Math.max(0, ...calls.map((call) => call.round));
  return (
    <Part title="Tools" aside={rounds > 1 && `${plural(rounds, "round")} of calls`}>
      <p>
        {wayMeaning(way)}
        {why !== null && (
          <>
            {" "}
            <Told>{sentence(why)}</Told>
          </>
        )}
      </p>
      <dl>
        {tool !== null && calls.length === 0 && (
          <Line name="Tool">
            <code>{tool}</code>
          </Line>
        )}
        {calls.map((call, index) => (
          <Call key={index} call={call} rounds={rounds} />
        ))}
        {checked !== null && <Line name="The checking model">{checkedWords(checked)}</Line>}
        {wrongSums(tools) !== undefined && <Line name="Arithmetic">{wrongSums(tools)}</Line>}
        <Saved tools={tools} />
      </dl>
    </Part>
  );
}

function Call({ call: { tool, round, took_ms, trouble: why, cost_nano_usd }, rounds }: { call: ToolCallShown; rounds: number }) {
  return (
    <Line
      name={
        <>
          <code>{tool}</code>
          {rounds > 1 && ` in round ${round}`}
        </>
      }
    >
      {why === null ? `done in ${duration(took_ms)}` : `${trouble(why.kind).toLowerCase()} after ${duration(took_ms)}`}
      {cost_nano_usd > 0 && `, ${money(cost_nano_usd)}`}
      {why !== null && (
        <>
          : <Told>{why.message}</Told>
        </>
      )}
    </Line>
  );
}

/** Only an answer of a tool saves a model's. */
function Saved({ tools: { way, saved_nano_usd, saved_basis, saved_tokens } }: { tools: ToolNoteShown }) {
  if (!["named", "labelled", "recognised"].includes(way)) return null;
  const known = saved_basis !== "none";
  return (
    <>
      <Line name="Saved">
        <strong>{known ? (saved_basis === "estimated" ? roughMoney(saved_nano_usd) : money(saved_nano_usd)) : "not known: no model to compare with"}</strong>
      </Line>
      {saved_tokens > 0 && <Line name="Tokens saved">about {count(saved_tokens)}</Line>}
    </>
  );
}
