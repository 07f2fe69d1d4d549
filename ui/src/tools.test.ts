import { expect, test } from "vitest";
import type { RequestRow } from "./api/generated";
import { linesOf, namesOf, quick, servedBy, toolMark, wrongSums } from "./tools";

const row = (provider: string | null, model: string | null) => ({ provider, model }) as RequestRow;

test("a tool is no provider whose name is missing", () => {
  expect(servedBy(row("tool", "calculator"))).toEqual({ who: "Tool", target: "Tool calculator" });
  expect(servedBy(row("groq", "llama"))).toEqual({ who: "groq", target: "groq/llama" });
  expect(servedBy(row(null, null))).toBeUndefined();
});

test.each([
  ["named", "tool"],
  ["labelled", "tool"],
  ["recognised", "tool"],
  ["offered", "tools"],
  ["shadow", undefined],
  ["fell_through", undefined],
  ["thawed", undefined],
  [null, undefined],
])("%s is marked as %s", (way, mark) => {
  expect(toolMark(way)).toBe(mark);
});

test.each([
  [0, "0 µs"],
  [840, "840 µs"],
  [1_240, "1.2 ms"],
  [41_200, "41 ms"],
  [2_340_000, "2.34 s"],
])("%d microseconds are %s", (us, told) => {
  expect(quick(us)).toBe(told);
});

test("lists are read without what is empty", () => {
  expect(linesOf(" cargo\n\nclippy --fix \n")).toEqual(["cargo", "clippy --fix"]);
  expect(namesOf("search, read_*,,\n x")).toEqual(["search", "read_*", "x"]);
});

test("wrong sums are told with what became of them", () => {
  const note = (wrong_sums: number, corrected: boolean) => wrongSums({ wrong_sums, corrected } as never);
  expect(note(0, false)).toBeUndefined();
  expect(note(1, false)).toBe("1 sum in the model’s answer was wrong.");
  expect(note(3, true)).toBe("3 sums in the model’s answer were wrong; it was told so and answered once more.");
});
