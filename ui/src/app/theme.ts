// Light, dark, or as the system has it. Remembered on this machine only.

import { fact } from "../api/session";

export type Theme = "system" | "light" | "dark";

const WHERE = "signalbox-theme";

export const theme = fact<Theme>(remembered());

export function applyTheme(): void {
  const chosen = theme.get();
  if (chosen === "system") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = chosen;
}

export function chooseTheme(chosen: Theme): void {
  theme.set(chosen);
  applyTheme();
  try {
    localStorage.setItem(WHERE, chosen);
  } catch {
    // Private windows may refuse; the choice then holds until the page closes.
  }
}

function remembered(): Theme {
  try {
    const kept = localStorage.getItem(WHERE);
    return kept === "light" || kept === "dark" ? kept : "system";
  } catch {
    return "system";
  }
}
