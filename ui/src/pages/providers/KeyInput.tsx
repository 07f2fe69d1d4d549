// The line a key is pasted into.
//
// Promises: the value lives in the DOM's input and nowhere else; `take` empties
// the line as it hands the value over. It is never in React's state, in a query,
// in storage or in the address. A plain input, because React Aria's text field
// keeps what is typed in a state of its own.

import { useId, useImperativeHandle, useRef, type Ref } from "react";
import field from "../../kit/Field.module.css";
import { classes } from "../../kit/classes";

export interface KeyTaker {
  /** The value, once: the line is empty afterwards. */
  take(): string;
}

interface Props {
  label: string;
  takerRef: Ref<KeyTaker>;
  autoFocus?: boolean;
}

export function KeyInput({ label, takerRef, autoFocus }: Props) {
  const id = useId();
  const input = useRef<HTMLInputElement>(null);
  useImperativeHandle(takerRef, () => ({
    take() {
      const value = input.current?.value.trim() ?? "";
      if (input.current) input.current.value = "";
      return value;
    },
  }));
  return (
    <div className={field.field}>
      <label htmlFor={id}>{label}</label>
      <input
        ref={input}
        id={id}
        className={classes(field.input, field.mono)}
        type="password"
        autoComplete="off"
        autoCapitalize="off"
        spellCheck={false}
        autoFocus={autoFocus}
        aria-describedby={`${id}-hint`}
      />
      <span id={`${id}-hint`} className={field.hint}>
        It is stored once and never shown again.
      </span>
    </div>
  );
}
