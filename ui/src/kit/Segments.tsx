// One of a few short words, side by side: a switch with more than two places.

import { Radio, RadioGroup } from "react-aria-components";
import css from "./Segments.module.css";

interface Props<T extends string> {
  /** Said, not shown: what stands beside it says it to the eye. */
  label: string;
  value: T;
  onChange: (value: T) => void;
  options: { value: T; label: string; meaning?: string }[];
  isDisabled?: boolean;
}

export function Segments<T extends string>({ label, value, onChange, options, isDisabled = false }: Props<T>) {
  return (
    <RadioGroup
      aria-label={label}
      orientation="horizontal"
      className={css.segments!}
      value={value}
      isDisabled={isDisabled}
      onChange={(chosen) => onChange(chosen as T)}
    >
      {options.map((option) => (
        <Radio key={option.value} value={option.value} className={css.segment!}>
          <span title={option.meaning}>{option.label}</span>
        </Radio>
      ))}
    </RadioGroup>
  );
}
