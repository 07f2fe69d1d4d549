// Whether a message would be taken for a task, told while it is typed. Nothing is run, and no model is asked.

import { useEffect, useState } from "react";
import { useControl } from "../../api/queries";
import { Lamp } from "../../kit/Lamp";
import { Reading } from "../../kit/Reading";
import { Section } from "../../kit/Section";
import { TextBox } from "../../kit/TextBox";
import { Told } from "../../kit/Told";
import { quick } from "../../tools";
import { sentence } from "../../words";
import css from "./RecogniseText.module.css";

/** Between the last letter and the question. */
const PAUSE_MS = 200;

export function RecogniseText() {
  const [text, setText] = useState("");
  const settled = useSettled(text, PAUSE_MS);
  return (
    <Section title="Recognise" aside="Whether a client’s message is a task, whole: told as you type, nothing is run">
      <div className={css.recognise}>
        <TextBox label="A message" rows={2} value={text} onChange={setText} placeholder="What is 23% of 450?" />
        <div role="status" aria-live="polite" className={css.verdict}>
          {settled.trim() === "" ? (
            <p className="soft">
              Only a message that is a task from its first letter to its last is one. What could be meant otherwise is left to
              the model.
            </p>
          ) : (
            <Verdict text={settled} />
          )}
        </div>
      </div>
    </Section>
  );
}

function Verdict({ text }: { text: string }) {
  const told = useControl("tools.recognise", { text });
  return (
    <Reading query={told} what="what that is">
      {({ tool, arguments: asked, why, took_us }) => (
        <>
          <p>
            {tool === null ? <Lamp aspect="dark" word="Left to the model" /> : <Lamp aspect="clear" word={`A task for ${tool}`} />}{" "}
            <span className="faint">in {quick(took_us)}</span>
          </p>
          <p>
            <Told>{sentence(why)}</Told>
          </p>
          {tool !== null && (
            <pre tabIndex={0} aria-label="Arguments">
              {JSON.stringify(asked, null, 2)}
            </pre>
          )}
        </>
      )}
    </Reading>
  );
}

/** A text once nobody has changed it for a moment. */
function useSettled(text: string, afterMs: number): string {
  const [settled, setSettled] = useState(text);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(text), afterMs);
    return () => clearTimeout(timer);
  }, [text, afterMs]);
  return settled;
}
