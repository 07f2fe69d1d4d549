// The deterministic tools in words: how they came into a request, and why they could not do their work. Pure.

import type { RequestRow, ToolNoteShown } from "./api/generated";

/** What stands in a provider's place where a tool answered. */
export const TOOL_PROVIDER = "tool";

const WAYS: Record<string, string> = {
  named: "The tool was asked by its name, in the place of a model.",
  labelled: "The client said what task this is.",
  recognised: "The message was recognised as a task, whole, so no model was asked.",
  shadow: "In the shadow: the message would have been recognised as a task, and a model was asked all the same.",
  fell_through: "The tool could not do it, so a model was asked.",
  offered: "The model was offered tools, and used them.",
  rechecked: "The arithmetic of the model’s answer was done over.",
};

export function wayMeaning(way: string): string {
  return WAYS[way] ?? way;
}

const MARKS: Record<string, string> = { named: "tool", labelled: "tool", recognised: "tool", offered: "tools" };

/** One word for a request that tools had a hand in; none where a model's answer is all that came of it. */
export function toolMark(way: string | null): string | undefined {
  return way === null ? undefined : MARKS[way];
}

/** A tool answered, and nobody else was asked for it. */
export function isByTool(row: RequestRow): boolean {
  return row.provider === TOOL_PROVIDER;
}

/** Who answered, as people know them: a tool is no provider whose name is missing. */
export function servedBy(row: RequestRow): { who: string; target: string } | undefined {
  if (row.provider === null) return undefined;
  if (isByTool(row)) return { who: "Tool", target: row.model === null ? "Tool" : `Tool ${row.model}` };
  return { who: row.provider, target: row.model === null ? row.provider : `${row.provider}/${row.model}` };
}

const TROUBLES: Record<string, string> = {
  bad_input: "Not understood",
  no_answer: "No answer",
  too_long: "Took too long",
  too_much: "Too much",
  not_granted: "Not granted",
  unavailable: "Not available",
  given_up: "Given up",
};

export function trouble(kind: string): string {
  return TROUBLES[kind] ?? kind;
}

const CHECKED: Record<string, string> = {
  agreed: "agreed, and worded the answer",
  disagreed: "disagreed: the tool’s result was told",
  unusable: "said nothing of use: the tool’s result was told",
};

export function checkedWords(checked: string): string {
  return CHECKED[checked] ?? checked;
}

/** What became of wrong sums in a model's answer. */
export function wrongSums({ wrong_sums, corrected }: ToolNoteShown): string | undefined {
  if (wrong_sums === 0) return undefined;
  const found = wrong_sums === 1 ? "1 sum in the model’s answer was wrong" : `${wrong_sums} sums in the model’s answer were wrong`;
  return corrected ? `${found}; it was told so and answered once more.` : `${found}.`;
}

/** How long a tool took: `0.012 ms`, which for a tool is much. */
export function quick(took_us: number): string {
  if (took_us < 1_000) return `${took_us} µs`;
  return took_us < 1_000_000 ? `${(took_us / 1_000).toFixed(took_us < 10_000 ? 1 : 0)} ms` : `${(took_us / 1_000_000).toFixed(2)} s`;
}

/** The lines of a box that hold something, as a list. */
export function linesOf(text: string): string[] {
  return text.split("\n").map((line) => line.trim()).filter((line) => line !== "");
}

/** Names between commas. */
export function namesOf(text: string): string[] {
  return text.split(/[,\s]+/).filter((name) => name !== "");
}
