import { screen, waitFor, within } from "@testing-library/react";
import { expect, test } from "vitest";
import { openPanel } from "../../testing/panel";
import { Refusal, serve, type Call } from "../../testing/server";

const SECRET = "sk-very-secret-0123456789";
const sent = (calls: Call[], operation: string) => calls.find((call) => call.operation === operation)?.input;
const strokes = (calls: Call[]) => calls.map(({ operation }) => operation).filter((name) => /put|keys|test|providers.remove/.test(name));

/** Everything the page could keep a key in. */
function kept(client: ReturnType<typeof openPanel>["client"]): string {
  const queries = client.getQueryCache().getAll().map((query) => [query.queryKey, query.state]);
  const mutations = client.getMutationCache().getAll().map((mutation) => mutation.state);
  const inputs = [...document.querySelectorAll("input")].map((input) => [input.value, input.defaultValue]);
  return JSON.stringify([queries, mutations, inputs, document.body.innerHTML, location.href, { ...localStorage }, { ...sessionStorage }]);
}

test("a provider of the catalogue is found by name, added with its key from the environment, and tested", async () => {
  const calls = serve("rich");
  const { user } = openPanel("#/providers");
  await user.click(await screen.findByRole("button", { name: "Add a provider" }));
  await user.type(await screen.findByRole("searchbox", { name: "Search the catalogue" }), "gemi");
  await user.click(await screen.findByRole("option", { name: /Google Gemini/ }));
  await user.click(screen.getByRole("button", { name: "Add Google Gemini" }));
  expect(await screen.findByText(/Google Gemini was added. It answered, took the key, and lists 41 models./)).toBeTruthy();
  expect(strokes(calls)).toEqual(["providers.put", "keys.import", "providers.test"]);
  expect(sent(calls, "providers.put")).toEqual({ id: "gemini", key: "keychain" });
  await user.click(screen.getByRole("button", { name: "Done" }));
  expect(screen.queryByRole("dialog")).toBeNull();
});

test("another server is added by its address in each dialect that it speaks", async () => {
  const calls = serve("rich");
  const { user, client } = openPanel("#/providers?add=1");
  await user.click(await screen.findByRole("button", { name: "Other server" }));
  await user.type(screen.getByLabelText("Id"), "lab");
  await user.click(screen.getByRole("button", { name: "Add server" }));
  expect(await screen.findByText(/at least one base URL/)).toBeTruthy();
  await user.type(screen.getByLabelText("OpenAI base URL"), "http://10.0.0.5:8000/v1");
  await user.click(screen.getByRole("button", { name: "It speaks another dialect too" }));
  await user.selectOptions(screen.getAllByLabelText("Dialect")[1]!, "Gemini");
  await user.type(screen.getByLabelText("Gemini base URL"), "http://10.0.0.5:8000/v1beta");
  await user.type(screen.getByLabelText("Key (may be set later)"), SECRET);
  await user.click(screen.getByRole("button", { name: "Add server" }));
  await user.click(await screen.findByRole("button", { name: "Done" }));
  expect(strokes(calls)).toEqual(["providers.put", "keys.set", "providers.test"]);
  expect(sent(calls, "providers.put")).toEqual({
    id: "lab",
    key: "keychain",
    openai_base_url: "http://10.0.0.5:8000/v1",
    gemini_base_url: "http://10.0.0.5:8000/v1beta",
  });
  expect(sent(calls, "keys.set")).toEqual({ provider: "lab", value: SECRET });
  expect(kept(client)).not.toContain(SECRET);
});

test("a dialect is offered once, and what was taken out is not sent", async () => {
  const calls = serve("rich");
  const { user } = openPanel("#/providers?add=1");
  await user.click(await screen.findByRole("button", { name: "Other server" }));
  await user.type(screen.getByLabelText("Id"), "lab");
  await user.type(screen.getByLabelText("OpenAI base URL"), "http://a.lan/v1");
  await user.click(screen.getByRole("button", { name: "It speaks another dialect too" }));
  const second = screen.getAllByLabelText("Dialect")[1]!;
  expect(within(second).queryByRole("option", { name: "OpenAI Chat" })).toBeNull();
  await user.type(screen.getByLabelText("Responses base URL"), "http://b.lan/v1");
  await user.click(screen.getByRole("button", { name: "Take out OpenAI" }));
  await user.selectOptions(screen.getByLabelText("Its key is sent as"), "No key");
  await user.click(screen.getByRole("button", { name: "Add server" }));
  await screen.findByRole("button", { name: "Done" });
  expect(sent(calls, "providers.put")).toEqual({ id: "lab", auth: "none", key: "none", responses_base_url: "http://b.lan/v1" });
});

test("Azure is added by its resource, and by deployment with an api-version on its older paths", async () => {
  const calls = serve("rich");
  const { user } = openPanel("#/providers?add=azure");
  expect((await screen.findByText(/^Its address/)).textContent).toContain("https://{resource}.openai.azure.com/openai/v1");
  await user.type(screen.getByLabelText("Resource"), "contoso");
  await user.click(screen.getByLabelText(/^Older/));
  expect((screen.getByLabelText("api-version") as HTMLInputElement).value).toBe("2024-10-21");
  await user.type(screen.getByLabelText("Key for Azure OpenAI"), SECRET);
  await user.click(screen.getByRole("button", { name: "Add Azure OpenAI" }));
  await screen.findByText(/Azure OpenAI was added/);
  expect(sent(calls, "providers.put")).toEqual({ id: "azure", key: "keychain", parts: { resource: "contoso" }, api_version: "2024-10-21" });
});

test("an address of one's own may be written whole", async () => {
  const calls = serve("rich");
  const { user } = openPanel("#/providers?add=azure");
  await user.click(await screen.findByRole("button", { name: "Write the whole address instead" }));
  await user.type(screen.getByLabelText("Base URL"), "https://eu.example.com/openai/v1");
  await user.click(screen.getByLabelText("Set it later"));
  await user.click(screen.getByRole("button", { name: "Add Azure OpenAI" }));
  await waitFor(() => expect(screen.queryByRole("dialog")).toBeNull());
  expect(sent(calls, "providers.put")).toEqual({ id: "azure", key: "keychain", openai_base_url: "https://eu.example.com/openai/v1" });
  expect(sent(calls, "providers.test"), "without a key there is nothing to test").toBeUndefined();
});

test("Bedrock's access key is asked for in its parts and sent as one", async () => {
  const calls = serve("rich");
  const { user, client } = openPanel("#/providers?add=bedrock");
  await user.type(await screen.findByLabelText("Region"), "eu-west-1");
  await user.click(screen.getByLabelText(/^An access key/));
  await user.type(screen.getByLabelText("Access key id"), "AKIDEXAMPLE00000000");
  await user.type(screen.getByLabelText("Secret access key"), SECRET);
  await user.click(screen.getByRole("button", { name: "Add Amazon Bedrock" }));
  await screen.findByText(/Amazon Bedrock was added/);
  expect(sent(calls, "providers.put")).toEqual({ id: "bedrock", key: "keychain", parts: { region: "eu-west-1" } });
  const { value } = sent(calls, "keys.set") as { value: string };
  expect(JSON.parse(value)).toEqual({ access_key_id: "AKIDEXAMPLE00000000", secret_access_key: SECRET });
  expect(kept(client)).not.toContain(SECRET);
});

test("Vertex takes a service account from a file", async () => {
  const calls = serve("rich");
  const { user, client } = openPanel("#/providers?add=vertex");
  await user.type(await screen.findByLabelText("Project"), "my-project");
  await user.type(screen.getByLabelText("Location"), "global");
  const account = JSON.stringify({ client_email: "a@b", private_key: SECRET });
  const file = document.querySelector<HTMLInputElement>('input[type="file"]')!;
  await user.upload(file, new File([account], "key.json", { type: "application/json" }));
  const line = screen.getByLabelText("Key for Google Vertex AI") as HTMLInputElement;
  await waitFor(() => expect(line.value).toBe(account));
  expect(line.type).toBe("password");
  await user.click(screen.getByRole("button", { name: "Add Google Vertex AI" }));
  await screen.findByText(/Google Vertex AI was added/);
  expect(sent(calls, "providers.put")).toMatchObject({ parts: { project: "my-project", location: "global" } });
  expect(sent(calls, "keys.set")).toEqual({ provider: "vertex", value: account });
  expect(kept(client)).not.toContain(SECRET);
});

test("what the server refuses is said at the field it belongs to, which has the focus", async () => {
  serve("rich", { "providers.put": () => new Refusal(400, "bad_input", "the resource is one word of letters, digits and dashes", "resource") });
  const { user } = openPanel("#/providers?add=azure");
  const resource = await screen.findByLabelText("Resource");
  await user.type(resource, "not a word");
  await user.type(screen.getByLabelText("Key for Azure OpenAI"), SECRET);
  await user.click(screen.getByRole("button", { name: "Add Azure OpenAI" }));
  const said = await screen.findByText("The resource is one word of letters, digits and dashes.");
  expect(resource.getAttribute("aria-describedby")).toContain(said.id);
  expect(resource.getAttribute("aria-invalid")).toBe("true");
  await waitFor(() => expect(document.activeElement).toBe(resource));
  expect(screen.queryByRole("alert"), "it is said once").toBeNull();
});

test("a refusal of something that the form does not show is said below it", async () => {
  serve("rich", { "providers.put": () => new Refusal(409, "conflict", "an alias would hide it", "models") });
  const { user } = openPanel("#/providers?add=openrouter");
  await user.type(await screen.findByLabelText("Key for OpenRouter"), `${SECRET}{Enter}`);
  expect((await screen.findByRole("alert")).textContent).toContain("An alias would hide it.");
});

test("when the key of an added provider cannot be kept, the message says that it was added", async () => {
  serve("rich", { "keys.set": () => new Refusal(503, "unavailable", "The keychain is locked.") });
  const { user } = openPanel("#/providers?add=openrouter");
  await user.type(await screen.findByLabelText("Key for OpenRouter"), SECRET);
  await user.keyboard("{Enter}");
  expect(await screen.findByText(/It was added, but its key was not saved.*The keychain is locked./)).toBeTruthy();
});

test("a test that fails keeps what was entered, to be changed", async () => {
  const calls = serve("rich", { "providers.test": () => ({ ok: false, message: "Azure OpenAI did not accept the key (401).", took_ms: 90, models: null }) });
  const { user } = openPanel("#/providers?add=azure");
  await user.type(await screen.findByLabelText("Resource"), "contoso");
  await user.type(screen.getByLabelText("Key for Azure OpenAI"), `${SECRET}{Enter}`);
  expect(await screen.findByText(/was added, but a test of it failed. Azure OpenAI did not accept the key/)).toBeTruthy();
  await user.click(screen.getByRole("button", { name: "Change what was entered" }));
  expect((screen.getByLabelText("Resource") as HTMLInputElement).value).toBe("contoso");
  calls.length = 0;
  await user.type(screen.getByLabelText("Resource"), "-eu");
  await user.click(screen.getByRole("button", { name: "Add Azure OpenAI" }));
  await screen.findByRole("button", { name: "Done" });
  expect(strokes(calls), "the key is kept").toEqual(["providers.remove", "providers.put", "providers.test"]);
  expect(sent(calls, "providers.put")).toMatchObject({ parts: { resource: "contoso-eu" } });
});

test("another id than before takes the provider and the key of before away", async () => {
  const calls = serve("rich", { "providers.test": () => ({ ok: false, message: "No.", took_ms: 90, models: null }) });
  const { user } = openPanel("#/providers?add=1");
  await user.click(await screen.findByRole("button", { name: "Other server" }));
  await user.type(screen.getByLabelText("Id"), "lap");
  await user.type(screen.getByLabelText("OpenAI base URL"), "http://a.lan/v1");
  await user.type(screen.getByLabelText("Key (may be set later)"), `${SECRET}{Enter}`);
  await user.click(await screen.findByRole("button", { name: "Change what was entered" }));
  calls.length = 0;
  await user.clear(screen.getByLabelText("Id"));
  await user.type(screen.getByLabelText("Id"), "lab{Enter}");
  await waitFor(() => expect(strokes(calls)).toEqual(["keys.remove", "providers.remove", "providers.put"]));
  expect(sent(calls, "keys.remove")).toEqual({ id: "lap" });
  expect(sent(calls, "providers.remove")).toEqual({ id: "lap" });
});

test("an id that is taken is not added over", async () => {
  const calls = serve("rich");
  const { user } = openPanel("#/providers?add=1");
  await user.click(await screen.findByRole("button", { name: "Other server" }));
  await user.type(screen.getByLabelText("OpenAI base URL"), "http://a.lan/v1");
  await user.type(screen.getByLabelText("Id"), "groq{Enter}");
  expect(await screen.findByText(/There is a provider of this id already/)).toBeTruthy();
  expect(strokes(calls)).toEqual([]);
});
