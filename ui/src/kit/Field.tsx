// A labelled line of text, with what it is for below it.

import type { Ref } from "react";
import { FieldError, Input, Label, Text, TextField, type TextFieldProps } from "react-aria-components";
import { classes } from "./classes";
import css from "./Field.module.css";

interface Props extends Omit<TextFieldProps, "children" | "className"> {
  label: string;
  hint?: string;
  placeholder?: string;
  list?: string;
  inputRef?: Ref<HTMLInputElement>;
  mono?: boolean;
}

export function Field({ label, hint, placeholder, list, inputRef, mono, ...rest }: Props) {
  return (
    <TextField {...rest} className={css.field!}>
      <Label>{label}</Label>
      <Input ref={inputRef} list={list} placeholder={placeholder} className={classes(css.input, mono && css.mono)} spellCheck={false} autoCapitalize="off" />
      {hint && (
        <Text slot="description" className={css.hint!}>
          {hint}
        </Text>
      )}
      <FieldError className={css.error!} />
    </TextField>
  );
}
