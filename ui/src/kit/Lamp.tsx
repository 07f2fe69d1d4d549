// A signal lamp: a shape and a colour beside a word, so that neither is needed alone.

import type { Aspect } from "../words";
import { classes } from "./classes";
import css from "./Lamp.module.css";

export function Lamp({ aspect, word, meaning }: { aspect: Aspect; word: string; meaning?: string }) {
  return (
    <span className={css.lamp} title={meaning}>
      <LampGlass aspect={aspect} />
      {word}
    </span>
  );
}

/** The glass alone, for places where the word stands elsewhere. */
export function LampGlass({ aspect }: { aspect: Aspect }) {
  return (
    <svg className={classes(css.glass, css[aspect])} viewBox="0 0 12 12" aria-hidden="true">
      {SHAPES[aspect]}
    </svg>
  );
}

const SHAPES: Record<Aspect, React.ReactNode> = {
  clear: <circle cx="6" cy="6" r="4.5" />,
  caution: <path d="M6 1.2 11.4 10.8H.6Z" />,
  danger: <rect x="1.5" y="1.5" width="9" height="9" rx="1" />,
  dark: <circle cx="6" cy="6" r="3.9" />,
  held: (
    <>
      <circle cx="6" cy="6" r="3.9" />
      <path d="M6 2.1a3.9 3.9 0 0 1 0 7.8Z" />
    </>
  ),
  off: (
    <>
      <circle cx="6" cy="6" r="3.9" />
      <path d="M3.2 8.8 8.8 3.2" />
    </>
  ),
};
