// A labelled box for text of several lines, with what it is for below it.

import { useEffect, useRef, type RefObject } from "react";
import { FieldError, Label, Text, TextArea, TextField, type TextFieldProps } from "react-aria-components";
import { classes } from "./classes";
import { Told } from "./Told";
import css from "./Field.module.css";

interface Props extends Omit<TextFieldProps, "children" | "className"> {
  label: string;
  hint?: string;
  placeholder?: string;
  rows?: number;
  mono?: boolean;
  /** Why what it holds was refused. It is said below the box, and the box gets the focus. */
  error?: string | undefined;
  boxRef?: RefObject<HTMLTextAreaElement | null>;
}

export function TextBox({ label, hint, placeholder, rows = 3, mono, error, boxRef, ...rest }: Props) {
  const own = useRef<HTMLTextAreaElement>(null);
  const box = boxRef ?? own;
  useEffect(() => {
    if (error !== undefined) box.current?.focus();
  }, [error, box]);

  const validationBehavior = error === undefined ? "native" : "aria";
  return (
    <TextField {...rest} isInvalid={error !== undefined} validationBehavior={validationBehavior} className={css.field!}>
      <Label>{label}</Label>
      <TextArea
        ref={box}
        rows={rows}
        placeholder={placeholder}
        className={classes(css.input, css.box, mono && css.mono)}
        spellCheck={false}
        autoCapitalize="off"
      />
      {hint && (
        <Text slot="description" className={css.hint!}>
          {hint}
        </Text>
      )}
      <FieldError className={css.error!}>{error !== undefined && <Told>{error}</Told>}</FieldError>
    </TextField>
  );
}
