import { act, screen, waitFor } from "@testing-library/react";
import { expect, test, vi } from "vitest";
import { scenes } from "../../dev/scenes.mjs";
import { openPanel } from "../testing/panel";
import { FakeStream, Refusal, serve, setVisibility } from "../testing/server";
import type { RequestRow } from "./generated";

const fresh = (more: Partial<RequestRow> = {}): RequestRow => ({
  ...scenes.get("rich")!.rows[0]!,
  id: "rc-fffffffffffff0",
  requested_model: "brand-new-model",
  ...more,
});
const asked = (calls: { operation: string }[], operation: string) => calls.filter((call) => call.operation === operation).length;

test("a settled request is in the list at once, without reading the list again", async () => {
  const calls = serve("rich");
  openPanel("#/requests");
  await screen.findByRole("grid");
  FakeStream.only.accept();
  FakeStream.only.say({ receipts: [fresh()], changed: ["receipts"] });
  const cell = await screen.findByText("brand-new-model");
  expect(cell.closest("tr")!.rowIndex).toBe(1);
  await waitFor(() => expect(asked(calls, "overview")).toBeGreaterThan(1));
  expect(asked(calls, "requests.list")).toBe(1);
});

test("a row the filter does not want stays out", async () => {
  serve("rich");
  openPanel("#/requests?failed=1");
  await screen.findByRole("grid");
  FakeStream.only.say({ receipts: [fresh({ ending: "complete" })], changed: ["receipts"] });
  expect(screen.queryByText("brand-new-model")).toBeNull();
});

test("an event that may have left rows out makes the list read again", async () => {
  const calls = serve("rich");
  openPanel("#/requests");
  await screen.findByRole("grid");
  const many = Array.from({ length: 100 }, (_, n) => fresh({ id: `rc-ffffffffffff${String(n).padStart(2, "0")}` }));
  FakeStream.only.say({ receipts: many, changed: ["receipts"] });
  await waitFor(() => expect(asked(calls, "requests.list")).toBe(2));
});

test("tags read again what shows them, a burst of events once", async () => {
  const calls = serve("rich");
  openPanel();
  await screen.findByText("Health of providers");
  for (let n = 0; n < 5; n += 1) FakeStream.only.say({ receipts: [], changed: ["clients"] });
  await waitFor(() => expect(asked(calls, "connect")).toBe(2));
  expect(asked(calls, "overview")).toBe(1);
});

test("while hidden nothing is open and nothing is asked; what was missed is read on return", async () => {
  const calls = serve("rich");
  openPanel();
  await screen.findByText("Health of providers");
  vi.useFakeTimers({ shouldAdvanceTime: false });
  setVisibility("hidden");
  expect(FakeStream.open.size).toBe(0);
  const before = calls.length;
  await act(() => vi.advanceTimersByTimeAsync(10 * 60_000));
  expect(calls.length).toBe(before);
  vi.useRealTimers();
  setVisibility("visible");
  FakeStream.only.accept();
  await waitFor(() => expect(asked(calls, "overview")).toBeGreaterThan(1));
});

test("a lost stream is said quietly, and opened again later each time", async () => {
  serve("rich");
  openPanel();
  await screen.findByText("Health of providers");
  vi.useFakeTimers({ shouldAdvanceTime: false });
  FakeStream.only.breakOff();
  expect(screen.getByText(/live connection to Signalbox is lost/)).toBeTruthy();
  expect(FakeStream.open.size).toBe(0);
  await act(() => vi.advanceTimersByTimeAsync(1_000));
  FakeStream.only.breakOff();
  await act(() => vi.advanceTimersByTimeAsync(1_900));
  expect(FakeStream.open.size).toBe(0);
  await act(() => vi.advanceTimersByTimeAsync(100));
  FakeStream.only.accept();
  expect(screen.queryByText(/live connection to Signalbox is lost/)).toBeNull();
});

test("a session that ended shows how to get a fresh link, and stops trying", async () => {
  let ended = false;
  serve("rich", {
    overview: () => (ended ? new Refusal(401, "no_session", "no session") : scenes.get("rich")!.answers["overview"]!({} as never)),
  });
  openPanel();
  await screen.findByText("Health of providers");
  ended = true;
  FakeStream.only.breakOff();
  expect(await screen.findByRole("heading", { name: "This panel needs a fresh link" })).toBeTruthy();
  expect(screen.getByText("signalbox link")).toBeTruthy();
  expect(FakeStream.open.size).toBe(0);
});
