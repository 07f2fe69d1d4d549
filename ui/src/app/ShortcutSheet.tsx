// Every key the panel knows, on one sheet.

import { Fragment } from "react";
import { fact } from "../api/session";
import { Button } from "../kit/Button";
import { Dialog, DialogActions } from "../kit/Dialog";
import { useShortcuts } from "./keys";
import css from "./ShortcutSheet.module.css";

const SHEET: { where: string; keys: [string[], string][] }[] = [
  {
    where: "Everywhere",
    keys: [
      [["1", "2", "3", "4", "5", "6"], "Overview, Requests, Providers, Health, Cache, Tools"],
      [["?"], "This sheet"],
      [["Tab"], "Next control; Space or Enter uses it"],
    ],
  },
  {
    where: "Requests",
    keys: [
      [["/"], "Filter"],
      [["j", "k"], "Next and previous request"],
      [["↓", "↑"], "The same, in the list"],
      [["Enter"], "Open the receipt"],
      [["Esc"], "Close the receipt, or leave the filter"],
    ],
  },
  {
    where: "Tools",
    keys: [
      [["/"], "What the tool is to do"],
      [["Ctrl", "Enter"], "Run it"],
    ],
  },
];

const open = fact(false);

export function ShortcutsButton() {
  return (
    <Button kind="bare" aria-label="Keyboard shortcuts" onPress={() => open.set(true)}>
      <kbd className={css.key}>?</kbd>
    </Button>
  );
}

export function ShortcutSheet() {
  const isOpen = open.use();
  useShortcuts({ "?": () => open.set(true) });
  const close = () => open.set(false);
  return (
    <Dialog title="Keyboard shortcuts" isOpen={isOpen} onClose={close}>
      {SHEET.map(({ where, keys }) => (
        <div key={where} className={css.part}>
          <h3>{where}</h3>
          <dl className={css.keys}>
            {keys.map(([names, does]) => (
              <Fragment key={does}>
                <dt>
                  {names.map((name) => (
                    <kbd key={name} className={css.key}>
                      {name}
                    </kbd>
                  ))}
                </dt>
                <dd>{does}</dd>
              </Fragment>
            ))}
          </dl>
        </div>
      ))}
      <DialogActions>
        <Button onPress={close} autoFocus>
          Close
        </Button>
      </DialogActions>
    </Dialog>
  );
}
