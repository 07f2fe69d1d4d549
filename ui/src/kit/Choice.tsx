// One of a few: radio buttons under a label.

import type { ReactNode } from "react";
import { Label, Radio, RadioGroup } from "react-aria-components";
import css from "./Choice.module.css";

interface Props<T extends string> {
  label: string;
  value: T;
  onChange: (value: T) => void;
  options: { value: T; label: ReactNode }[];
}

export function Choice<T extends string>({ label, value, onChange, options }: Props<T>) {
  return (
    <RadioGroup className={css.choice!} value={value} onChange={(chosen) => onChange(chosen as T)}>
      <Label>{label}</Label>
      {options.map((option) => (
        <Radio key={option.value} value={option.value} className={css.option!}>
          <span className={css.dot} aria-hidden="true" />
          <span>{option.label}</span>
        </Radio>
      ))}
    </RadioGroup>
  );
}
