// A switch, drawn as a lever in its quadrant: thrown to the right is on.

import type { ReactNode } from "react";
import { Switch, type SwitchProps } from "react-aria-components";
import css from "./Lever.module.css";

export function Lever({ children, ...rest }: Omit<SwitchProps, "children" | "className"> & { children: ReactNode }) {
  return (
    <Switch {...rest} className={css.lever!}>
      <span className={css.quadrant} aria-hidden="true">
        <span className={css.handle} />
      </span>
      {children}
    </Switch>
  );
}
