import { expect, test } from "vitest";
import type { AttemptShown, ReceiptShown } from "./api/generated";
import { attemptOutcome, failure, lostCost, routeSentence, sentence } from "./words";

const limited: AttemptShown = {
  provider: "groq",
  model: "gpt-oss-120b",
  why: "listed in the alias",
  spoken: null,
  key: null,
  calls: 1,
  started_ms: 0,
  took_ms: 120,
  status: 429,
  failure: "rate_limit",
  code: null,
  message: null,
  lost: null,
};
const answered: AttemptShown = { ...limited, provider: "openai", model: "gpt-5.2-mini", took_ms: 1_240, status: 200, failure: null };

const receipt = (asked: string | null, alias: string | null, attempts: AttemptShown[]) =>
  ({ row: { requested_model: asked, alias }, attempts }) as unknown as ReceiptShown;

test("a route reads as one sentence", () => {
  expect(routeSentence(receipt("fast", "fast", [limited, answered]))).toBe(
    "Asked for fast → alias → groq/gpt-oss-120b failed: rate limit (429) after 120 ms → openai/gpt-5.2-mini answered in 1.24 s",
  );
});

test("of two that were asked at once, the slower one was cancelled", () => {
  const lost: AttemptShown = { ...answered, took_ms: 2_100, status: null, lost: { cost_nano_usd: 900, cost_basis: "estimated" } };
  expect(attemptOutcome(lost)).toBe("cancelled after 2.10 s: the other one was sooner");
  expect(lostCost({ cost_nano_usd: 3_000_000, cost_basis: "estimated" })).toMatch(/^it may cost .*0\.003/);
  expect(lostCost({ cost_nano_usd: 0, cost_basis: "none" })).toBe("what it cost is not known");
});

test("a route nobody was asked on says so", () => {
  expect(routeSentence(receipt(null, null, []))).toBe("No model was named → no provider was asked");
});

test("a failure without an answer has no status", () => {
  expect(attemptOutcome({ ...limited, status: null, failure: "connection" })).toBe("failed: no connection after 120 ms");
});

test("a word this panel does not know yet passes through", () => {
  expect(failure("solar_flare")).toBe("solar flare");
});

test("a reason is shown as a whole sentence", () => {
  expect(sentence("the keychain is switched off")).toBe("The keychain is switched off.");
  expect(sentence("Unlock it and try again.")).toBe("Unlock it and try again.");
});
