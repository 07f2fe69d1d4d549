import { screen, waitFor } from "@testing-library/react";
import { expect, test } from "vitest";
import { openPanel } from "../testing/panel";
import { serve } from "../testing/server";
import { readRoute, requestsHref } from "./route";

test("digits change the page, and the keyboard then stands at its heading", async () => {
  serve("rich");
  const { user } = openPanel();
  await user.keyboard("2");
  await waitFor(() => expect(document.activeElement?.textContent).toBe("Requests"));
  expect(document.title).toBe("Requests – Signalbox");
  await user.keyboard("3");
  await waitFor(() => expect(document.activeElement?.textContent).toBe("Providers"));
  expect(screen.getByRole("link", { name: "Providers" }).getAttribute("aria-current")).toBe("page");
});

test("the fourth digit is Health", async () => {
  serve("rich");
  const { user } = openPanel();
  await user.keyboard("4");
  await waitFor(() => expect(document.activeElement?.textContent).toBe("Health"));
  expect(readRoute("#/health").page).toBe("health");
});

test("the fifth digit is Cache", async () => {
  serve("rich");
  const { user } = openPanel();
  await user.keyboard("5");
  await waitFor(() => expect(document.activeElement?.textContent).toBe("Cache"));
  expect(readRoute("#/cache").page).toBe("cache");
  expect(readRoute("#/constructor").page).toBe("overview");
});

test("the question mark lists every key; other shortcuts rest meanwhile", async () => {
  serve("rich");
  const { user } = openPanel();
  await user.keyboard("?");
  expect(await screen.findByRole("dialog", { name: "Keyboard shortcuts" })).toBeTruthy();
  await user.keyboard("2");
  expect(location.hash).toBe("#/");
  await user.keyboard("{Escape}");
  await waitFor(() => expect(screen.queryByRole("dialog")).toBeNull());
});

test("the theme is chosen by hand and remembered", async () => {
  serve("rich");
  const { user } = openPanel();
  await user.click(screen.getByRole("radio", { name: "Dark" }));
  expect(document.documentElement.dataset.theme).toBe("dark");
  expect(localStorage.getItem("signalbox-theme")).toBe("dark");
  await user.click(screen.getByRole("radio", { name: "As the system" }));
  expect(document.documentElement.dataset.theme).toBeUndefined();
});

test("addresses say the page, the filter and the receipt", () => {
  expect(readRoute("").page).toBe("overview");
  expect(readRoute("#/nowhere").page).toBe("overview");
  const href = requestsHref(new URLSearchParams({ text: "a/b" }), "rc-1");
  const route = readRoute(href);
  expect([route.page, route.receipt, route.params.get("text")]).toEqual(["requests", "rc-1", "a/b"]);
});
