// Canned answers of the control API, a scene for each state worth looking at.

import { EMPTY_CACHE, NO_TALLY, RICH_CACHE, TROUBLED_CACHE } from "./kept.mjs";
import { EMPTY_TOOLS, recognise, RICH_TOOLS, runTool, toolNote, TROUBLED_TOOLS, withTools } from "./tools.mjs";
import { NO_SIGNALS, RICH_SIGNALS, TROUBLED_SIGNALS, NO_CHANGES, RICH_CHANGES } from "./signals.mjs";

const NOW = Date.now();
const MINUTE = 60_000;

/** The same "random" numbers every time, so that two looks can be compared. */
function dice(seed) {
  let state = seed;
  return () => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    return state / 2_147_483_648;
  };
}

const id = (at, n) => `rc-${((BigInt(at) << 12n) + BigInt(n)).toString(16).padStart(14, "0")}`;

const TARGETS = [
  ["anthropic", "claude-sonnet-4-5", "claude-sonnet-4-5", null, "messages", "claude-code", 41_200, 890, 0.0312],
  ["openai", "gpt-5.2-mini", "fast", "fast", "chat_completions", "scripts", 1_830, 212, 0.00091],
  ["groq", "openai/gpt-oss-120b", "groq/openai/gpt-oss-120b", null, "chat_completions", "scripts", 640, 318, 0.000289],
  ["ollama", "qwen3:8b", "local", "local", "chat_completions", "aider", 2_210, 96, 0],
  ["practice", "steady", "practice/steady", null, "chat_completions", "first", 12, 40, 0],
  ["openai", "text-embedding-3-small", "text-embedding-3-small", null, "embeddings", "indexer", 8_120, 0, 0.000000162],
];

function row(at, n, roll) {
  const [provider, model, requested_model, alias, endpoint, client, input, output, usd] = TARGETS[Math.floor(roll() * TARGETS.length)];
  const spread = 0.4 + 1.4 * roll();
  const fate = roll();
  const ending = fate < 0.88 ? "complete" : fate < 0.92 ? "failed" : fate < 0.95 ? "refused" : fate < 0.975 ? "broken" : "client_gone";
  const answered = ending === "complete" || ending === "broken" || ending === "client_gone";
  const basis = ending === "complete" ? "metered" : answered ? "estimated" : "none";
  return withTools(n, withKept(n, {
    id: id(at, n),
    at_unix_ms: at,
    client,
    endpoint,
    requested_model,
    alias,
    provider: answered ? provider : null,
    model: answered ? model : null,
    practice: answered && provider === "practice",
    attempts: ending === "refused" ? 0 : alias && roll() < 0.4 ? 2 : 1,
    streamed: endpoint !== "embeddings",
    input_tokens: answered ? Math.round(input * spread) : 0,
    output_tokens: answered ? Math.round(output * spread) : 0,
    usage_basis: basis,
    cost_nano_usd: answered ? Math.round(usd * spread * 1e9) : 0,
    cost_basis: provider === "ollama" ? "none" : basis,
    ttft_ms: answered ? 90 + 700 * roll() : null,
    total_ms: answered ? 400 + 9_000 * roll() ** 2 : 3 + 900 * roll(),
    status: { complete: 200, broken: 200, client_gone: 200, failed: 502, refused: 404 }[ending],
    ending,
    fault: { failed: "all_targets_failed", refused: "unknown_model", broken: "broken_stream" }[ending] ?? null,
    cache: null,
  }));
}

const HITS = ["memory", "memory", "joined", "disk", "stale", "similar"];

/** Every seventh whole answer had been given before; of others some may not be kept. */
function withKept(n, row) {
  if (row.endpoint === "embeddings" || row.ending === "refused") return row;
  if (row.ending !== "complete" || row.attempts > 1 || n % 7 !== 3) return { ...row, cache: n % 3 === 0 ? "skipped" : "missed" };
  const cache = HITS[(n / 7) % HITS.length | 0];
  return {
    ...row, cache, attempts: cache === "stale" ? 1 : 0, input_tokens: 0, output_tokens: 0, usage_basis: "metered", cost_nano_usd: 0, cost_basis: "metered",
    ttft_ms: row.ttft_ms / 400, total_ms: row.total_ms / 800,
  };
}

function rows(count) {
  const roll = dice(7);
  return Array.from({ length: count }, (_, n) => row(NOW - Math.round(n * 21_000 * (0.4 + roll())), n, roll)).sort((a, b) => (a.id < b.id ? 1 : -1));
}

const health = (id, name, state, more = {}) => ({
  id, name, practice: false, state, attempts: 0, failures: 0, ttft_ms: null, in_flight: 0, spend_today_nano_usd: 0, cause: null, last_failure: null, ...more,
});

const PRACTICE = health("practice", "Practice", "idle", { practice: true });

const RICH_HEALTH = [
  health("anthropic", "Anthropic", "healthy", { attempts: 64, ttft_ms: 612, in_flight: 2, spend_today_nano_usd: 2_914_300_000 }),
  health("openai", "OpenAI", "degraded", {
    attempts: 81, failures: 2, ttft_ms: 431.5, in_flight: 1, spend_today_nano_usd: 184_220_000,
    cause: "gpt-4.1-mini: Degraded: 3.1 % errors over 2 min, 5 × 529",
    last_failure: { at_unix_ms: NOW - 3 * MINUTE, category: "overloaded", message: "The engine is currently overloaded, please try again later" },
  }),
  health("groq", "Groq", "failing", {
    attempts: 22, failures: 9, ttft_ms: 118, spend_today_nano_usd: 812_000,
    cause: "openai/gpt-oss-120b: waits for its rate limit, 12 s more",
    last_failure: { at_unix_ms: NOW - 20_000, category: "rate_limit", message: "Rate limit reached for model `openai/gpt-oss-120b` in organization org_01hx on tokens per minute (TPM): Limit 8000, Used 7822, Requested 640. Please try again in 3.4s." },
  }),
  health("ollama", "Ollama", "healthy", { attempts: 9, ttft_ms: 74 }),
  health("mistral", "Mistral", "no_key"),
  health("gateway-eu", "Company gateway, Europe", "draining", { attempts: 3, ttft_ms: 980, in_flight: 2, spend_today_nano_usd: 940 }),
  health("deepseek", "DeepSeek", "disabled"),
  PRACTICE,
];

const key = (more) => ({ source: "keychain", name: null, auth: "bearer", present: true, importable: null, others: [], ...more });

const DAY = 24 * 60 * MINUTE;
const CALLERS = ["openai", "responses", "anthropic", "gemini", "ollama"];
const CHECKS = [
  ["answer", "Answer", "A short question: a whole answer with words in it, and why it ended."],
  ["stream", "Stream", "The same question as a stream: the dialect's events in their order, one end, and nothing behind it."],
  ["usage", "Usage", "Tokens are reported in the whole answer and in the stream."],
  ["tools", "Tool call", "A tool is offered in a stream: it is called, and the pieces of its arguments join to what its schema asks for."],
  ["parallel_tools", "Parallel calls", "Two tools are offered and both asked for at once: two calls come in one turn."],
  ["tool_results", "Tool results", "The results of the calls go back: an answer in words follows."],
  ["thinking", "Thinking replay", "Thinking is asked for, and what came of it is handed back in the next turn: it is taken."],
  ["schema", "JSON Schema", "An answer after a JSON Schema is asked for: it validates."],
  ["cache", "Prompt cache", "The same long beginning is sent twice: the second answer reports cached tokens."],
  ["count", "Token count", "The question's tokens are counted without an answer, and compared with what the answer reported."],
];
const UNUSUAL = {
  "parallel_tools anthropic": ["failed", "one call came, and two were asked for"],
  "parallel_tools gemini": ["failed", "one call came, and two were asked for"],
  "thinking openai": ["noted", "Thoughts are shown; the dialect has no place to send them back in"],
  "thinking ollama": ["noted", "Thoughts are shown; the dialect has no place to send them back in"],
  "schema ollama": ["noted", "JSON came, without the guarantee of a schema"],
  "cache openai": ["not_offered", "The provider reports no cached tokens"],
  "cache responses": ["not_offered", "The provider reports no cached tokens"],
  "cache anthropic": ["not_offered", "The provider reports no cached tokens"],
  "cache gemini": ["not_offered", "The provider reports no cached tokens"],
  "cache ollama": ["not_offered", "The provider reports no cached tokens"],
  "count openai": ["not_offered", "The dialect has no way to ask"],
  "count ollama": ["not_offered", "The dialect has no way to ask"],
  "count anthropic": ["noted", "Counted here, 3% too many"],
  "count gemini": ["noted", "Counted here, 3% too many"],
  "count responses": ["noted", "Counted here, 3% too many"],
};

/** `stopsAt` is the check at which it was cut short. */
function examination(provider, model, daysAgo, { plain = false, stopsAt } = {}) {
  const cut = stopsAt === undefined ? CHECKS.length : CHECKS.findIndex(([check]) => check === stopsAt);
  const checks = CHECKS.map(([check, title, about], index) => ({
    check, title, about,
    findings: CALLERS.map((dialect) => {
      if (index >= cut) return { dialect, verdict: "not_tried", said: "The examination had ended", receipt: null };
      const [verdict, said] = (!plain && UNUSUAL[`${check} ${dialect}`]) || ["works", ""];
      return { dialect, verdict, said, receipt: verdict === "not_offered" ? null : id(NOW - daysAgo * DAY, index) };
    }),
  }));
  const tally = { works: 0, noted: 0, not_offered: 0, failed: 0, not_tried: 0 };
  for (const { findings } of checks) for (const { verdict } of findings) tally[verdict] += 1;
  return {
    provider, model, chosen: "the cheapest that the catalogue knows", at_unix_ms: NOW - daysAgo * DAY - 3 * 60 * MINUTE, took_ms: 27_400, stale: daysAgo > 30,
    stopped: stopsAt === undefined ? null : "Its key was refused in the middle of it (401)",
    requests: stopsAt === undefined ? 64 : 18, cost_nano_usd: provider === "practice" ? 0 : 4_120_000, cost_basis: "metered", tally, dialects: CALLERS, checks,
  };
}

const EXAMINATIONS = [
  examination("groq", "openai/gpt-oss-120b", 3),
  examination("groq", "llama-3.3-70b-versatile", 12, { plain: true }),
  examination("openai", "gpt-5.2-mini", 40, { plain: true }),
  examination("gateway-eu", "large", 6, { stopsAt: "tool_results" }),
];
const lines = (provider) =>
  EXAMINATIONS.filter((one) => one.provider === provider).map(({ model, at_unix_ms, stale, stopped, tally }) => ({ model, at_unix_ms, stale, stopped, tally }));

const drain = (what, name, more) => ({ what, name, why: "asked", since_unix_ms: NOW - 18_000, until_unix_ms: NOW + 42_000, running: 0, ...more });
const DRAINS = [
  drain({ provider: "gateway-eu" }, "Company gateway, Europe", { running: 2 }),
  drain({ target: "groq/openai/gpt-oss-120b" }, "`groq/openai/gpt-oss-120b`"),
  drain({ provider: "together" }, "together", { why: "removed", running: 1 }),
];

const provider = (health, more) => ({
  health,
  surfaces: [{ dialect: "openai", base_url: `https://api.${health.id}.com/v1` }],
  key: key({ name: health.id }),
  local: false, editable: true, enabled: true, drain: null, models: ["large", "small"], examinations: lines(health.id), examining: health.id === "ollama", ...more,
});

const RICH_PROVIDERS = {
  providers: [
    provider(RICH_HEALTH[0], { surfaces: [{ dialect: "anthropic", base_url: "https://api.anthropic.com" }, { dialect: "openai", base_url: "https://api.anthropic.com/v1" }], models: ["claude-sonnet-4-5", "claude-haiku-4-5", "claude-opus-4-8"] }),
    provider(RICH_HEALTH[1], { key: key({ source: "environment", name: "OPENAI_API_KEY", importable: "OPENAI_API_KEY" }), models: ["gpt-5.2", "gpt-5.2-mini", "text-embedding-3-small"] }),
    provider(RICH_HEALTH[2], { surfaces: [{ dialect: "openai", base_url: "https://api.groq.com/openai/v1" }] }),
    provider(RICH_HEALTH[3], { local: true, key: key({ source: "none", present: false, auth: "none" }), surfaces: [{ dialect: "openai", base_url: "http://127.0.0.1:11434/v1" }], models: ["qwen3:8b"] }),
    provider(RICH_HEALTH[4], { key: key({ name: "mistral", present: false, importable: "MISTRAL_API_KEY" }) }),
    provider(RICH_HEALTH[5], { drain: DRAINS[0], surfaces: [{ dialect: "openai", base_url: "https://llm-gateway.eu-central.internal.example.com/openai/deployments/v1" }, { dialect: "anthropic", base_url: "https://llm-gateway.eu-central.internal.example.com/anthropic" }] }),
    provider(RICH_HEALTH[6], { enabled: false }),
    provider(PRACTICE, { editable: false, key: key({ source: "none", present: false, auth: "none" }), surfaces: [], models: ["steady", "slow", "flaky"] }),
  ],
  drains: DRAINS,
  key_store: { kind: "keychain" },
  aliases: [
    { name: "fast", targets: ["groq/openai/gpt-oss-120b", "openai/gpt-5.2-mini", "anthropic/claude-haiku-4-5"] },
    { name: "local", targets: ["ollama/qwen3:8b"] },
    { name: "claude-sonnet-4-5", targets: ["anthropic/claude-sonnet-4-5", "gateway-eu/claude-sonnet-4-5"] },
  ],
  config: { path: "/home/ada/.config/signalbox/signalbox.toml", snapshot: 14, refused: null },
};

const entry = (id, name, more = {}) => ({
  id, name, local: false, needs_key: true, keys_page: `https://${id}.com/keys`, environment: null, configured: false, auth: "bearer", address: null, parts: [], older_address: null, dialects: ["openai"], models: 12, ...more,
});

const CATALOGUE = [
  entry("anthropic", "Anthropic", { dialects: ["anthropic", "openai"], configured: true }),
  entry("openai", "OpenAI", { models: 41, configured: true }),
  entry("gemini", "Google Gemini", { models: 9, environment: "GEMINI_API_KEY" }),
  entry("groq", "Groq", { configured: true }),
  entry("mistral", "Mistral", { configured: true }),
  entry("openrouter", "OpenRouter", { models: 0 }),
  entry("together", "Together AI", { models: 30 }),
  entry("xai", "xAI", { models: 6 }),
  entry("azure", "Azure OpenAI", { auth: "api-key", keys_page: "https://ai.azure.com", parts: ["resource"], address: "https://{resource}.openai.azure.com/openai/v1", older_address: "https://{resource}.openai.azure.com/openai", dialects: ["openai", "responses"], models: 31 }),
  entry("bedrock", "Amazon Bedrock", { auth: "aws", keys_page: "https://console.aws.amazon.com/bedrock/home#/api-keys", parts: ["region"], address: "https://bedrock-runtime.{region}.amazonaws.com", dialects: ["bedrock"], models: 24 }),
  entry("vertex", "Google Vertex AI", { auth: "google", keys_page: "https://console.cloud.google.com/iam-admin/serviceaccounts", parts: ["location", "project"], address: "https://{location}-aiplatform.googleapis.com/v1/projects/{project}/locations/{location}/publishers/google", dialects: ["gemini"], models: 14 }),
  entry("ollama", "Ollama", { local: true, needs_key: false, keys_page: null, models: 0, configured: true }),
  entry("lmstudio", "LM Studio", { local: true, needs_key: false, keys_page: null, models: 0 }),
  entry("llamacpp", "llama.cpp server", { local: true, needs_key: false, keys_page: null, models: 0 }),
];

function minutes(busy) {
  const roll = dice(3);
  return Array.from({ length: 60 }, (_, n) => {
    const requests = busy ? Math.floor(roll() * 9 * (1 + Math.sin(n / 7)) + (n % 13 === 0 ? 8 : 0)) : 0;
    return { requests, failed: n > 48 ? Math.floor(requests * 0.3 * roll()) : n === 20 ? Math.min(1, requests) : 0 };
  });
}

const NO_TOTALS = { requests: 0, failed: 0, spend_nano_usd: 0, estimated_nano_usd: 0, input_tokens: 0, cached_tokens: 0, cache_written_tokens: 0, cache_saved_nano_usd: 0, output_tokens: 0, by_tools: 0, tool_saved_nano_usd: 0 };
const NO_CACHE = { read_tokens: 0, written_tokens: 0, saved_nano_usd: 0 };

const overview = (more) => ({
  version: "0.1.0", addresses: ["http://127.0.0.1:7411", "http://[::1]:7411"], paused: false, in_flight: 0,
  today: NO_TOTALS, prompt_cache: NO_CACHE, cache: NO_TALLY, minutes: minutes(false), providers: [PRACTICE], alarms: [], practice_only: false, ...more,
});

const CONNECT = {
  base_url: "http://127.0.0.1:7411",
  first_key: null,
  clients: [
    { name: "first", created_unix_ms: NOW - 40 * 24 * 60 * MINUTE, hint: "x7Qa" },
    { name: "claude-code", created_unix_ms: NOW - 12 * 24 * 60 * MINUTE, hint: "9fKd" },
    { name: "scripts", created_unix_ms: NOW - 2 * 24 * 60 * MINUTE, hint: "m0Tz" },
  ],
};

const NOTES = {
  missed: { why: "the nearest question that was kept differs in the last message and temperature" },
  skipped: { why: "it asks for no temperature up to 0.3, and one that is not set counts as 1" },
  stale: { age_ms: 412_000 }, memory: { age_ms: 12_400 }, disk: { age_ms: 184_000 }, similar: { age_ms: 31_000 }, joined: {},
};

function note(verdict) {
  const hit = !["missed", "skipped", "bypassed"].includes(verdict);
  return {
    verdict, why: null, age_ms: null, from: hit ? id(NOW - 40 * MINUTE, 7) : null,
    saved_nano_usd: hit ? 3_120_000 : 0, saved_basis: hit ? "metered" : "none", saved_tokens: hit ? 2_042 : 0, ...NOTES[verdict],
  };
}

function receipt(found) {
  const refused = found.ending === "refused";
  const attempts = [];
  const kept = HITS.includes(found.cache);
  if (found.attempts > 1 || found.ending === "failed") {
    attempts.push({
      provider: "groq", model: "openai/gpt-oss-120b", why: "listed in the alias", spoken: null, key: null, started_ms: 0.4, took_ms: 118.6, status: 429,
      failure: "rate_limit", code: "rate_limit_exceeded", message: "Rate limit reached for model `openai/gpt-oss-120b` on tokens per minute (TPM): Limit 8000, Used 7822, Requested 640.",
      lost: null,
    });
  }
  if (kept && found.attempts > 0) {
    attempts.push({
      provider: found.provider, model: found.model, why: "named directly", spoken: null, key: null, started_ms: 0.2, took_ms: found.total_ms - 0.3, status: null,
      failure: "connection", code: null, message: "Nobody listens there.", lost: null, calls: 1,
    });
  }
  if (found.provider !== null && found.provider !== "tool" && !kept) {
    const started = attempts.length ? 119.4 : 0.4;
    attempts.push({
      provider: found.provider, model: found.model, key: null, why: found.alias ? "listed in the alias" : "named directly", spoken: found.alias ? "gemini" : null, started_ms: started,
      took_ms: found.total_ms - started, status: 200, failure: found.ending === "broken" ? "broken_stream" : null, code: null,
      message: found.ending === "broken" ? "The connection was closed after 212 tokens." : null,
      lost: null,
    });
  }
  const cached = Math.floor(found.input_tokens * 0.8);
  return {
    row: found,
    cache: found.cache && note(found.cache),
    tools: toolNote(found),
    attempts,
    choice: found.alias
      ? {
          seed: "18446744073709551615",
          kept: "The conversation stays where its cache is warm. Leaving would have cost $0.0042 more for this request.",
          switch_nano_usd: 4_200_000,
          no_hedge: "this machine runs from its battery",
          considered: [
            {
              target: "groq/openai/gpt-oss-120b", place: 1, why: "Its score is the best.", score: 0.12,
              terms: [{ name: "latency", value: 0.12 }], ttft_ms: 240, cost_nano_usd: 210_000,
            },
            {
              target: "openai/gpt-5.2-mini", place: 2, why: "Its score is 0.94 against 0.12.", score: 0.94,
              terms: [{ name: "price", value: 0.6 }, { name: "latency", value: 0.3 }, { name: "errors", value: 0.04 }],
              ttft_ms: 610, cost_nano_usd: 480_000,
            },
            {
              target: "openrouter/llama-3.3-70b-instruct", place: null, why: "Rate limit reached. Asked again in 12 s.",
              score: null, terms: [], ttft_ms: null, cost_nano_usd: null,
            },
          ],
        }
      : null,
    dropped: found.alias ? [{ target: "mistral/mistral-small", reason: "Mistral has no key; set one with `signalbox keys set mistral` or on the Providers page" }] : [],
    notes: found.alias
      ? [
          { loss: "equivalent", what: "tools.name", why: "Names that the provider does not allow were mapped, and are mapped back." },
          { loss: "dropped", what: "logit_bias", why: "The provider's dialect has no such field." },
        ]
      : [],
    tokens: { input: found.input_tokens - cached, cache_read: cached, cache_write: 0, cache_write_long: 0, output: found.output_tokens - Math.floor(found.output_tokens / 4), reasoning: Math.floor(found.output_tokens / 4) },
    prompt_cache: cached === 0 ? null : {
      hinted: found.alias !== null, read_tokens: cached, written_tokens: 0,
      saved_nano_usd: found.cost_basis === "none" ? 0 : cached * 1_800, basis: found.cost_basis,
    },
    model_version: found.model && found.provider !== "tool" ? `${found.model}-20260901` : null,
    fingerprint: found.provider === "openai" ? "fp_44709d6fcb" : null,
    upstream_id: found.provider && found.provider !== "tool" ? "chatcmpl-BzQ8sJk20sLm3pXw7yTt" : null,
    price_version: found.cost_basis === "none" ? null : "2026-11-18",
    stop: found.ending === "complete" ? "end" : null,
    message: refused
      ? "Nothing is known by the name `gpt5-mini`. Did you mean `openai/gpt-5.2-mini`?"
      : found.ending === "failed" ? "Every target of `fast` failed; the last was groq: rate limit (429)." : null,
    request_bytes: 4_211,
    reply_bytes: found.provider ? 18_240 : 214,
  };
}

function rich() {
  let settled = 0;
  const roll = dice(11);
  const list = rows(160);
  return {
    name: "rich",
    rows: list,
    settle() {
      const fresh = row(Date.now(), settled++ % 4096, roll);
      list.unshift(fresh);
      return fresh;
    },
    answers: {
      overview: () => overview({
        in_flight: 3,
        today: { requests: 1_482 + settled, failed: 37, spend_nano_usd: 3_100_272_940, estimated_nano_usd: 41_200_000, input_tokens: 18_402_113, cached_tokens: 14_120_400, cache_written_tokens: 1_204_113, cache_saved_nano_usd: 24_310_500_000, output_tokens: 402_118, by_tools: 41, tool_saved_nano_usd: 38_410_000 },
        prompt_cache: { read_tokens: 41_902_113, written_tokens: 3_811_420, saved_nano_usd: 71_220_000_000 },
        cache: RICH_CACHE.all,
        minutes: minutes(true),
        providers: RICH_HEALTH,
      }),
      "cache.page": () => RICH_CACHE,
      "tools.page": () => RICH_TOOLS,
      "tools.run": runTool,
      "tools.recognise": recognise,
      "cache.purge": (input) => ({ entries: input.route === undefined ? 263 : 41, disk: true }),
      "cache.fetch_model": () => ({}),
      "cache.cancel_fetch": () => ({}),
      health: () => RICH_SIGNALS,
      "models.changes": () => RICH_CHANGES,
      "providers.page": () => RICH_PROVIDERS,
      "providers.catalogue": () => CATALOGUE,
      connect: () => CONNECT,
      "providers.test": (input) => input.id === "groq"
        ? { ok: false, message: "Groq did not accept the key (401). Check that it is complete, or make a new one at https://console.groq.com/keys.", took_ms: 143, models: null }
        : { ok: true, message: "It answered, took the key, and lists 41 models.", took_ms: 212, models: 41 },
      "doctor.matrix": (input) => EXAMINATIONS.filter((one) => input.provider === undefined || one.provider === input.provider),
      "doctor.examine": (input) => examination(input.provider, input.model ?? "steady", 0, { plain: true }),
      "clients.create": (input) => ({ name: input.name, key: "sbx-demo-4kZt0vR8qYb2LwXn7HfUaPm3" }),
    },
  };
}

const FIRST_KEY = { name: "first", key: "sbx-demo-Qm7pXv2LkR9tYw4ZbN8sHc3J" };

const empty = () => ({
  name: "empty",
  rows: [],
  answers: {
    health: () => NO_SIGNALS,
    "models.changes": () => NO_CHANGES,
    "cache.page": () => EMPTY_CACHE,
    "tools.page": () => EMPTY_TOOLS,
    "tools.run": runTool,
    "tools.recognise": recognise,
    overview: () => overview({ practice_only: true }),
    "providers.page": () => ({ providers: [RICH_PROVIDERS.providers.at(-1)], drains: [], key_store: { kind: "keychain" }, aliases: [], config: { path: "/home/ada/.config/signalbox/signalbox.toml", snapshot: 1, refused: null } }),
    "providers.catalogue": () => CATALOGUE.map((one) => ({ ...one, configured: false })),
    connect: () => ({ ...CONNECT, first_key: FIRST_KEY, clients: [CONNECT.clients[0]] }),
  },
});

function trouble() {
  const base = rich();
  return {
    ...base,
    name: "trouble",
    answers: {
      ...base.answers,
      overview: () => ({
        ...base.answers.overview(),
        paused: true,
        alarms: [
          { code: "config_refused", message: "The newest edit of the config file was refused at line 12, column 5: unknown field `adress`. The last good one runs. Mend the file and save it." },
          { code: "ledger_down", message: "The ledger cannot be written: the disk is full. Requests are still routed, but their receipts are kept in memory only. Free some space." },
        ],
      }),
      health: () => TROUBLED_SIGNALS,
      "cache.page": () => TROUBLED_CACHE,
      "tools.page": () => TROUBLED_TOOLS,
      "providers.page": () => ({
        ...RICH_PROVIDERS,
        key_store: { kind: "memory", reason: "No keychain answers on this machine (no Secret Service on the session bus). Install and unlock one, such as GNOME Keyring, and start Signalbox again; or give keys by environment variables." },
        config: { ...RICH_PROVIDERS.config, refused: { line: 12, column: 5, reason: "Unknown field `adress` in [providers.groq]; did you mean `base_url`?" } },
      }),
    },
    refuse: {
      "cache.purge": { code: "unavailable", message: "Signalbox is ending." },
      "tools.rule": { code: "conflict", message: "The alias `fast` is written in a way that can’t be changed from here; write `tools` for it in the file." },
      "tools.run": { code: "unavailable", message: "Signalbox is ending." },
      "keys.set": { code: "keychain_locked", message: "The keychain is locked. Unlock it and try again." },
      "providers.enable": { code: "config_write", message: "The config file could not be written: permission denied. Check who owns it." },
      "doctor.examine": { code: "conflict", message: "Groq has no key yet; set one, then examine it." },
      "aliases.put": { code: "bad_alias", message: "The target `nowhere/x` names a provider that is not configured." },
    },
  };
}

const failing = (name, more) => ({ ...rich(), name, ...more });

export const scenes = new Map(
  [
    rich(),
    empty(),
    trouble(),
    failing("broken", { status: 500, error: { code: "ledger", message: "The ledger could not be read: the database file is damaged. Run `signalbox doctor`." } }),
    failing("slow", { afterMs: 8_000 }),
    failing("unlinked", { status: 401, error: { code: "no_session", message: "This panel needs a fresh link." } }),
  ].map((scene) => [scene.name, scene]),
);

export function answer(scene, operation, input) {
  if (scene.error) return { status: scene.status, body: scene.error };
  if (scene.refuse?.[operation]) return { status: 400, body: scene.refuse[operation] };
  const afterMs = scene.afterMs;
  if (operation === "requests.list") return { body: list(scene.rows, input), afterMs };
  if (operation === "requests.get") {
    const found = scene.rows.find((row) => row.id === input.id);
    if (!found) return { status: 404, body: { code: "no_receipt", message: "There is no receipt of this name; it may have been cleared." } };
    return { body: receipt(found), afterMs };
  }
  return { body: scene.answers[operation]?.(input) ?? {}, afterMs };
}

function list(all, { before, limit = 100, text, provider, failed_only }) {
  const found = all.filter(
    (row) =>
      (!before || row.id < before) &&
      (!provider || row.provider === provider) &&
      (!failed_only || ["refused", "failed", "broken"].includes(row.ending)) &&
      (!text || [row.id, row.client, row.requested_model, row.alias, row.provider, row.model].some((field) => field?.toLowerCase().includes(text.toLowerCase()))),
  );
  return { rows: found.slice(0, limit), more: found.length > limit };
}
