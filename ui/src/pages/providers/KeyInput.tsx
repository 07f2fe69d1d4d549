// The line a key is pasted into.
//
// Promises: the value lives in the DOM's input and nowhere else; `take` empties
// the line as it hands the value over. It is never in React's state, in a query,
// in storage or in the address. A plain input, because React Aria's text field
// keeps what is typed in a state of its own.

import { useEffect, useId, useImperativeHandle, useRef, type Ref } from "react";
import field from "../../kit/Field.module.css";
import { classes } from "../../kit/classes";
import { Told } from "../../kit/Told";

export interface KeyTaker {
  /** The value, once: the line is empty afterwards. */
  take(): string;
}

export interface KeyLine extends KeyTaker {
  /** Puts a value in, as pasting does. */
  fill(value: string): void;
}

interface Props {
  label: string;
  takerRef: Ref<KeyLine>;
  autoFocus?: boolean;
  hint?: string;
  /** For the half of a key that is a name and no secret. */
  legible?: boolean;
  error?: string | undefined;
}

const STORED = "It is stored once and never shown again.";

export function KeyInput({ label, takerRef, autoFocus, hint = STORED, legible = false, error }: Props) {
  const id = useId();
  const input = useRef<HTMLInputElement>(null);

  useImperativeHandle(takerRef, () => ({
    take() {
      const value = input.current?.value.trim() ?? "";
      if (input.current) input.current.value = "";
      return value;
    },
    fill(value) {
      if (input.current) input.current.value = value;
    },
  }));
  useEffect(() => {
    if (error !== undefined) input.current?.focus();
  }, [error]);

  return (
    <div className={field.field}>
      <label htmlFor={id}>{label}</label>
      <input
        ref={input}
        id={id}
        className={classes(field.input, field.mono)}
        type={legible ? "text" : "password"}
        autoComplete="off"
        autoCapitalize="off"
        spellCheck={false}
        autoFocus={autoFocus}
        aria-invalid={error !== undefined}
        data-invalid={error === undefined ? undefined : true}
        aria-describedby={error === undefined ? `${id}-hint` : `${id}-error ${id}-hint`}
      />
      <span id={`${id}-hint`} className={field.hint}>
        {hint}
      </span>
      {error !== undefined && (
        <span id={`${id}-error`} className={field.error}>
          <Told>{error}</Told>
        </span>
      )}
    </div>
  );
}
