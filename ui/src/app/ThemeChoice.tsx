// System, light or dark: three small radio buttons with drawn faces.

import { Radio, RadioGroup } from "react-aria-components";
import { chooseTheme, theme, type Theme } from "./theme";
import css from "./ThemeChoice.module.css";

const FACES: { value: Theme; name: string; face: React.ReactNode }[] = [
  { value: "system", name: "As the system", face: <path d="M8 2.5a5.5 5.5 0 0 0 0 11Z" /> },
  { value: "light", name: "Light", face: null },
  { value: "dark", name: "Dark", face: <circle cx="8" cy="8" r="5.5" /> },
];

export function ThemeChoice() {
  return (
    <RadioGroup
      aria-label="Theme"
      orientation="horizontal"
      className={css.choice!}
      value={theme.use()}
      onChange={(chosen) => chooseTheme(chosen as Theme)}
    >
      {FACES.map(({ value, name, face }) => (
        <Radio key={value} value={value} aria-label={name} className={css.face!}>
          <svg viewBox="0 0 16 16" width="14" height="14" aria-hidden="true">
            <title>{name}</title>
            {face}
            <circle cx="8" cy="8" r="5.5" className={css.outline} />
          </svg>
        </Radio>
      ))}
    </RadioGroup>
  );
}
