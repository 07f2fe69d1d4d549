// Canned answers of the Tools page: a good day, nothing yet, and trouble with files and servers.

const RULE = { recognise: "off", offer: [], rounds: 8, on_failure: "error", verify: null, recheck: "off" };
export const NO_USE = { answered: 0, would_have: 0, fell_through: 0, calls: 0, disagreed: 0, wrong_sums: 0, saved_nano_usd: 0 };
const text = (properties, required) => ({ type: "object", properties, required });

const tool = (name, what, example, more = {}) => ({
  name, label: name, reserved: `signalbox_${name}`, what, example, arguments: text({ text: { type: "string", description: "The text." } }, ["text"]), off: false, why_not: null, server: null, ...more,
});

const TOOLS = [
  tool("calculator", "Works out arithmetic exactly: + - * / ^ and !, percentages (`23% of 450`), units (`60 miles to km`), bases (`255 to hex`), dates. No variables, no currencies.", "23% of 450", {
    label: "calculate",
    arguments: text({ expression: { type: "string", description: "One expression, for example `(1250 - 3 * 75) / 4`." } }, ["expression"]),
  }),
  tool("regex", "Applies a regular expression (Rust syntax) to a text: match, extract, replace, split.", "extract /\\d+/\n12 apples and 7 pears", {
    arguments: text({
      action: { type: "string", enum: ["match", "extract", "replace", "split"], description: "What to do; `match` where it is not said." },
      pattern: { type: "string", description: "The regular expression, without delimiters." },
      text: { type: "string" },
    }, ["pattern", "text"]),
  }),
  tool("repl-python", "Runs Python in a sandbox: no network, no files but those that are granted.", "print(sum(range(101)))", { label: "run-python", reserved: "signalbox_repl-python" }),
  tool("repl-javascript", "Runs JavaScript in a sandbox: no network, no files.", "[3, 1, 2].sort()", { label: "run-javascript", reserved: "signalbox_repl-javascript" }),
  tool("sql", "Reads a granted SQLite database with a statement that changes nothing.", "select name from sqlite_schema", { label: "look-up" }),
  tool("check", "Runs a granted command, such as a linter, and tells how it ended.", "lint"),
  tool("convert", "Is a JSON, YAML or TOML document valid, and what is it in another of them?", "json to yaml\n{\"port\": 7411}"),
  tool("schema", "Checks a document against a JSON Schema.", "{\"type\": \"object\"}\n=======\n{}", { label: "validate" }),
  tool("hash", "The digest of a text or of bytes: sha256, sha1, sha384, sha512, md5, blake3 or crc32, in hex.", "sha256\nhello"),
  tool("encode", "Encodes a text as base64, base64url, hex or percent-encoding, or decodes it.", "decode base64\naGVsbG8="),
  tool("uuid", "Makes UUIDs and reads them. v4 and v7 differ each time.", "v7 3", { off: true }),
  tool("time", "Works with dates and times: weekday, zones, durations, differences.", "2024-05-01T10:00Z in Asia/Tokyo"),
  tool("text", "Counts a text’s bytes, characters, words, sentences and lines.", "How many words are these?", { label: "count-text" }),
  tool("diff", "The unified diff of two texts, line by line.", "one\ntwo\n=======\none\nthree"),
  tool("mcp/docs/search", "Searches the company’s handbook and gives the passages that fit best, each with its address.", "{}", {
    reserved: "signalbox_mcp_docs_search", server: "docs", arguments: text({ query: { type: "string", description: "What to look for." }, limit: { type: "integer" } }, ["query"]),
  }),
];

const route = (name, rule, tally, more = {}) => ({ route: name, is_alias: true, is_own: true, rule: { ...RULE, ...rule }, tally: { ...NO_USE, ...tally }, ...more });

const GRANTS = {
  databases: [
    { name: "shop", path: "/home/ada/data/shop.sqlite3", rows: 1_000, limit_ms: 2_000, is_there: true },
    { name: "telemetry-of-the-last-quarter", path: "/mnt/archive/2026/exports/telemetry/of-the-last-quarter/events-and-sessions.db", rows: 50_000, limit_ms: 10_000, is_there: false },
  ],
  checks: [{ name: "lint", command: ["cargo", "clippy", "--workspace", "--all-targets"], folder: "/home/ada/project", environment: ["CARGO_HOME"], limit_s: 300, is_there: true }],
  servers: [
    { name: "docs", command: [], folder: null, environment: [], url: "http://127.0.0.1:8000/mcp", token_env: "DOCS_TOKEN", has_token: true, allow: ["search", "read_*"], limit_s: 30, usd_per_call: { "*": 0.002 }, local: true, tools: 1 },
    { name: "weather", command: ["uvx", "mcp-server-weather"], folder: null, environment: ["WEATHER_KEY"], url: null, token_env: null, has_token: null, allow: [], limit_s: 30, usd_per_call: {}, local: false, tools: 0 },
  ],
  interpreters: { clock: false, chance: false, folders: ["/home/ada/data"] },
};

const NO_GRANTS = { databases: [], checks: [], servers: [], interpreters: { clock: false, chance: false, folders: [] } };
const CONFIG = "/home/ada/.config/signalbox/signalbox.toml";

export const RICH_TOOLS = {
  tools: TOOLS,
  usual: { ...RULE, recognise: "shadow" },
  routes: [
    route("claude-sonnet-4-5", { recognise: "shadow" }, { would_have: 14, calls: 31, wrong_sums: 2 }, { is_own: false }),
    route("fast", { recognise: "on", offer: ["calculator", "time", "mcp/docs/*"], verify: "local", recheck: "correct" }, { answered: 218, fell_through: 3, calls: 41, disagreed: 1, saved_nano_usd: 204_120_000 }),
    route("local", { offer: ["*"], recheck: "flag" }, {}),
    route("tool/calculator", {}, { answered: 1, saved_nano_usd: 912_000 }, { is_alias: false, is_own: false }),
  ],
  grants: GRANTS,
  today: { answers: 41, saved_nano_usd: 38_410_000 },
  month: { answers: 1_204, saved_nano_usd: 1_912_400_000 },
  instead_of: "fast",
  locks: "Held by the system: memory, processor time, growing files, processes, folders, system calls.",
  config: CONFIG,
};

export const EMPTY_TOOLS = {
  ...RICH_TOOLS,
  tools: TOOLS.filter(({ server }) => server === null).map((one) =>
    one.name === "sql" ? { ...one, why_not: "No database is granted. Add one under Grants, or as [tools.database.NAME] in the config." }
    : one.name === "check" ? { ...one, why_not: "No command is granted. Add one under Grants, or as [tools.check.NAME] in the config." }
    : { ...one, off: false }),
  usual: RULE, routes: [], grants: NO_GRANTS, today: { answers: 0, saved_nano_usd: 0 }, month: { answers: 0, saved_nano_usd: 0 }, instead_of: null, locks: null,
};

const NO_SANDBOX = "The program `signalbox-sandbox`, which runs code of others, is not beside Signalbox. Install Signalbox whole, or put it there.";

export const TROUBLED_TOOLS = {
  ...RICH_TOOLS,
  tools: TOOLS.filter(({ server }) => server === null).map((one) => (one.name.startsWith("repl-") ? { ...one, why_not: NO_SANDBOX } : one)),
  grants: {
    ...GRANTS,
    databases: GRANTS.databases.map((one) => ({ ...one, is_there: false })),
    servers: GRANTS.servers.map((one) => ({ ...one, tools: 0, has_token: one.token_env === null ? null : false })),
  },
};

const outcome = (input, more) => ({ tool: input.tool, arguments: {}, done: null, trouble: null, stdout: "", stderr: "", is_cut: false, took_us: 84, ...more });

/** A few results, each of another kind. */
export function runTool(input) {
  if (input.tool === "repl-python") {
    return outcome(input, { done: { text: "5050", result: 5050, working: null }, stdout: "5050\n", took_us: 41_200 });
  }
  if (input.tool === "calculator" && input.text?.includes("/ 0")) {
    return outcome(input, { trouble: { kind: "no_answer", message: "It divides by zero: `1 / 0`. Change the expression." } });
  }
  if (input.tool === "calculator") {
    return outcome(input, { done: { text: "103.5", result: 103.5, working: "23% of 450 = 103.5" } });
  }
  return outcome(input, { done: { text: `What ${input.tool} found.`, result: { found: [12, 7] }, working: null } });
}

/** As the grammars would, for two messages. */
export function recognise({ text }) {
  if (/^what is 23% of 450\??$/i.test(text.trim())) {
    return { tool: "calculator", arguments: { expression: "23% of 450" }, why: "It is a percentage, whole.", took_us: 9 };
  }
  return { tool: null, arguments: null, why: "No task begins with `write`.", took_us: 2 };
}

/** Every ninth whole answer had a tool in it. */
const WAYS = ["recognised", "offered", "named"];
export function withTools(n, row) {
  if (n % 9 !== 4 || row.ending !== "complete" || row.endpoint === "embeddings" || row.cache !== null && row.cache !== "missed") return { ...row, tools: null };
  const way = WAYS[(n / 9) % WAYS.length | 0];
  if (way === "offered") return { ...row, tools: way };
  return {
    ...row, tools: way, cache: null, provider: "tool", model: "calculator", practice: false, attempts: 0, input_tokens: 0, output_tokens: 0, usage_basis: "none", cost_nano_usd: 0, cost_basis: "metered",
    requested_model: way === "named" ? "tool/calculator" : row.requested_model, alias: way === "named" ? null : row.alias, ttft_ms: 0.4, total_ms: 0.6,
  };
}

/** What tools had to do with this request. */
export function toolNote(row) {
  const call = (tool, round, took_ms, more = {}) => ({ tool, round, took_ms, trouble: null, cost_nano_usd: 0, ...more });
  const note = { way: row.tools, tool: "calculator", why: null, calls: [call("calculator", 0, 0.084)], checked: null, wrong_sums: 0, corrected: false, saved_nano_usd: 912_000, saved_basis: "estimated", saved_tokens: 214 };
  switch (row.tools) {
    case null: return null;
    case "recognised": return { ...note, why: "It is a percentage, whole.", checked: "agreed" };
    case "offered": return {
      ...note, tool: null, saved_nano_usd: 0, saved_basis: "none", saved_tokens: 0,
      calls: [
        call("calculator", 1, 0.09), call("mcp/docs/search", 1, 214, { cost_nano_usd: 2_000_000 }),
        call("sql", 2, 1.2, { trouble: { kind: "not_granted", message: "There is no database `logs`. Granted are: shop." } }),
      ],
    };
    default: return note;
  }
}
