// Buttons. `plain` is the everyday one, `primary` the one thing to do on a surface,
// `danger` what cannot be taken back, `bare` for the inside of a row.

import { Button as AriaButton, type ButtonProps } from "react-aria-components";
import { classes } from "./classes";
import css from "./Button.module.css";

type Kind = "plain" | "primary" | "danger" | "bare";

export function Button({ kind = "plain", className, ...rest }: ButtonProps & { kind?: Kind; className?: string }) {
  return <AriaButton {...rest} className={classes(css.button, css[kind], className)} />;
}
