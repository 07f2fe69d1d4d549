import { describe, expect, test } from "vitest";
import { ago, bytes, count, days, duration, money, plural, roughMoney, share, shortCount, span } from "./format";

describe("money", () => {
  test.each([
    [0, "$0"],
    [1, "<$0.000001"],
    [999, "<$0.000001"],
    [1_000, "$0.000001"],
    [12_000, "$0.000012"],
    [12_345, "$0.000012"],
    [420_000, "$0.00042"],
    [9_999_000, "$0.01"],
    [10_000_000, "$0.01"],
    [31_200_000, "$0.0312"],
    [184_220_000, "$0.1842"],
    [994_999_999, "$0.995"],
    [999_990_000, "$1.00"],
    [1_000_000_000, "$1.00"],
    [3_100_272_940, "$3.10"],
    [1_234_567_890_000, "$1,234.57"],
    [-500, "−$0.000001"],
    [-2_500_000_000, "−$2.50"],
  ])("%d nano-dollars read %s", (nano, text) => expect(money(nano)).toBe(text));

  test("something is never shown as nothing", () => {
    for (let nano = 1; nano < 5e12; nano = Math.ceil(nano * 1.37)) {
      expect(money(nano)).toMatch(/[1-9]/);
    }
  });

  test("an estimate is marked once", () => {
    expect(roughMoney(31_200_000)).toBe("~$0.0312");
    expect(roughMoney(5)).toBe("<$0.000001");
  });
});

test.each([
  [0, "0 ms"],
  [0.4, "0.4 ms"],
  [3, "3 ms"],
  [9.96, "10 ms"],
  [120.4, "120 ms"],
  [999.6, "1.00 s"],
  [1_240, "1.24 s"],
  [9_996, "10.0 s"],
  [59_960, "1 min 00 s"],
  [125_000, "2 min 05 s"],
  [3_599_600, "1 h 00 min"],
  [3_720_000, "1 h 02 min"],
])("%d ms last %s", (ms, text) => expect(duration(ms)).toBe(text));

test.each([
  [950, "950"],
  [1_000, "1k"],
  [12_400, "12.4k"],
  [99_960, "100k"],
  [999_600, "1M"],
  [18_402_113, "18.4M"],
  [2e9, "2G"],
])("%d is short for %s", (n, text) => expect(shortCount(n)).toBe(text));

test.each([
  [0, 0, "0%"],
  [1, 1_000, "<1%"],
  [37, 1_482, "2%"],
  [999, 1_000, "99%"],
  [10, 10, "100%"],
])("%d of %d is %s", (part, whole, text) => expect(share(part, whole)).toBe(text));

test("times are told from the present", () => {
  const now = Date.UTC(2026, 10, 22, 12);
  expect(ago(now + 500, now)).toBe("just now");
  expect(ago(now - 4 * 60_000, now)).toBe("4 min ago");
  expect(ago(now - 3 * 3_600_000, now)).toBe("3 h ago");
  expect([days(now, now), days(now - 25 * 3_600_000, now), days(now - 40 * 24 * 3_600_000, now)]).toEqual(["today", "1 day ago", "40 days ago"]);
  expect(ago(now - 72 * 3_600_000, now)).toMatch(/^2026-11-(18|19|20)$/);
});

test("counts, plurals and sizes", () => {
  expect(count(1_234_567)).toBe("1,234,567");
  expect(plural(1, "request")).toBe("1 request");
  expect(plural(1_200, "request")).toBe("1,200 requests");
  expect(bytes(812)).toBe("812 B");
  expect(bytes(14_540)).toBe("14.2 KiB");
});

describe("span", () => {
  test.each([
    [0, "under 1 s"],
    [1_000, "under 1 s"],
    [1_001, "2 s"],
    [99_000, "99 s"],
    [100_000, "2 min"],
    [5_940_000, "99 min"],
    [6_600_000, "2 h"],
    [86_400_000, "24 h"],
    [172_800_000, "2 days"],
  ])("%i ms", (ms, text) => expect(span(ms)).toBe(text));
});
