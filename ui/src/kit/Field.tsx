// A labelled line of text, with what it is for below it.

import { useEffect, useRef } from "react";
import { FieldError, Input, Label, Text, TextField, type TextFieldProps } from "react-aria-components";
import { classes } from "./classes";
import { Told } from "./Told";
import css from "./Field.module.css";

interface Props extends Omit<TextFieldProps, "children" | "className"> {
  label: string;
  hint?: string;
  placeholder?: string;
  list?: string;
  mono?: boolean;
  /** Why what it holds was refused. It is said below the line, and the line gets the focus. */
  error?: string | undefined;
}

export function Field({ label, hint, placeholder, list, mono, error, ...rest }: Props) {
  const input = useRef<HTMLInputElement>(null);
  useEffect(() => {
    if (error !== undefined) input.current?.focus();
  }, [error]);

  // The browser would not send a form again while a line of it is marked as wrong.
  const validationBehavior = error === undefined ? "native" : "aria";
  return (
    <TextField {...rest} isInvalid={error !== undefined} validationBehavior={validationBehavior} className={css.field!}>
      <Label>{label}</Label>
      <Input ref={input} list={list} placeholder={placeholder} className={classes(css.input, mono && css.mono)} spellCheck={false} autoCapitalize="off" />
      {hint && (
        <Text slot="description" className={css.hint!}>
          {hint}
        </Text>
      )}
      <FieldError className={css.error!}>{error !== undefined && <Told>{error}</Told>}</FieldError>
    </TextField>
  );
}
