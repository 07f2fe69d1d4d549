import { expect, test, vi } from "vitest";
import { FakeStream } from "../testing/server";
import type { Event } from "./generated";
import { browserCarrier, ControlError, windowCarrier, type Bridge, type Ears } from "./transport";

const ears = () => ({ opened: vi.fn(), event: vi.fn(), lost: vi.fn() }) satisfies Ears;
const event: Event = { receipts: [], changed: ["status"] };
const answering = (status: number, body: unknown) => vi.stubGlobal("fetch", vi.fn(async () => new Response(JSON.stringify(body), { status })));

test("in a browser an operation is a POST that no foreign page can send", async () => {
  answering(200, { rows: [], more: false });
  expect(await browserCarrier().call("requests.list", { text: "x", failed_only: false })).toEqual({ rows: [], more: false });
  expect(fetch).toHaveBeenCalledWith(
    "/control/requests.list",
    expect.objectContaining({
      method: "POST",
      body: '{"text":"x","failed_only":false}',
      headers: { "content-type": "application/json", "x-signalbox-panel": "1" },
    }),
  );
});

test("a refusal arrives with its code and its words", async () => {
  answering(409, { code: "conflict", message: "The alias is in use." });
  const refused = await browserCarrier().call("overview", {}).catch((error: unknown) => error);
  expect(refused).toBeInstanceOf(ControlError);
  expect(refused).toMatchObject({ code: "conflict", message: "The alias is in use.", needsLink: false });
});

test("401 asks for a fresh link, whatever its body", async () => {
  vi.stubGlobal("fetch", async () => new Response("nope", { status: 401 }));
  await expect(browserCarrier().call("overview", {})).rejects.toMatchObject({ needsLink: true });
});

test("a server that is gone is said to be gone", async () => {
  vi.stubGlobal("fetch", async () => Promise.reject(new TypeError("Failed to fetch")));
  await expect(browserCarrier().call("overview", {})).rejects.toMatchObject({
    code: "unreachable",
    message: "Signalbox does not answer. Check that it is still running.",
  });
});

test("in a browser events come by one stream, closed for good when asked", () => {
  const heard = ears();
  const close = browserCarrier().watch(heard);
  const source = FakeStream.only;
  expect(source.url).toBe("/control/events");
  source.accept();
  source.say(event);
  expect(heard.opened).toHaveBeenCalledOnce();
  expect(heard.event).toHaveBeenCalledWith(event);
  close();
  expect(FakeStream.open.size).toBe(0);
  source.say(event);
  expect(heard.event).toHaveBeenCalledOnce();
});

test("a broken stream is not retried behind our back", () => {
  const heard = ears();
  browserCarrier().watch(heard);
  FakeStream.only.breakOff();
  expect(heard.lost).toHaveBeenCalledOnce();
  expect(FakeStream.open.size).toBe(0);
});

function window(invoke: Bridge["invoke"]) {
  let speak: (event: Event) => void = () => {};
  const bridge: Bridge = {
    invoke,
    channel: (heard) => {
      speak = heard;
      return { channel: true };
    },
  };
  return { carrier: windowCarrier(Promise.resolve(bridge)), speak: (said: Event) => speak(said) };
}

test("in the window an operation is one command of the bridge", async () => {
  const invoke = vi.fn(async () => ({ ok: true }));
  const { carrier } = window(invoke);
  expect(await carrier.call("providers.test", { id: "groq" })).toEqual({ ok: true });
  expect(invoke).toHaveBeenCalledWith("control", { operation: "providers.test", input: { id: "groq" } });
});

test("a refusal in the window is the same error as in a browser", async () => {
  const { carrier } = window(async () => Promise.reject({ code: "not_found", message: "There is no provider `x`." }));
  await expect(carrier.call("providers.test", { id: "x" })).rejects.toMatchObject({
    code: "not_found",
    message: "There is no provider `x`.",
  });
});

test("the window has one channel for the life of the page; the last to watch hears it", async () => {
  const invoke = vi.fn(async () => null);
  const { carrier, speak } = window(invoke);
  const [first, second] = [ears(), ears()];
  carrier.watch(first)();
  carrier.watch(second);
  await vi.waitFor(() => expect(second.opened).toHaveBeenCalledOnce());
  speak(event);
  expect(invoke).toHaveBeenCalledOnce();
  expect(first.event).not.toHaveBeenCalled();
  expect(second.event).toHaveBeenCalledWith(event);
});

test("a window that cannot watch says so and may try again", async () => {
  const invoke = vi.fn<Bridge["invoke"]>().mockRejectedValueOnce("no").mockResolvedValue(null);
  const { carrier } = window(invoke);
  const [first, second] = [ears(), ears()];
  carrier.watch(first);
  await vi.waitFor(() => expect(first.lost).toHaveBeenCalledOnce());
  carrier.watch(second);
  await vi.waitFor(() => expect(second.opened).toHaveBeenCalledOnce());
});
