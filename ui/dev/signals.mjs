// Canned answers of the Health page: every state and figure worth looking at.

const signals = (more) => ({
  state: "healthy", cause: "Healthy", for_ms: 812_000, error_percent: 0, requests: 64, window_s: 120, errors: [], held: null, ...more,
});

const way = (more) => ({
  key: "", signals: signals({}), requests: null, tokens: null, requests_per_minute: null, tokens_per_minute: null, ...more,
});

const allowance = (limit, remaining, resets_in_ms) => ({ limit, remaining, resets_in_ms, said_ms: 1_200 });

const target = (model, more) => ({
  model, signals: signals({}), in_flight: 0, tokens_in_flight: 0, ttft_ms: null, token_ms: null, tokens_per_s: null,
  uptime_percent: 100, uptime_penalty: 0, oddness: 0.2, peers_oddness: 0.1, queue: null, routes: [way({})], ...more,
});

const speed = (ttft_ms, tokens_per_s) => ({ ttft_ms, tokens_per_s, token_ms: 1_000 / tokens_per_s });

const provider = (id, name, state, targets, more) => ({
  id, name, practice: false, local: false, state, cause: null, in_flight: 0,
  keys: [{ key: id, signals: signals({}), in_flight: 0 }], targets, ...more,
});

const count = (name, label, n) => ({ class: name, label, count: n });

const PROVIDERS = [
  provider("anthropic", "Anthropic", "healthy", [
    target("claude-sonnet-4-5", {
      ...speed(612, 84.2), in_flight: 2, tokens_in_flight: 41_200, uptime_percent: 99.8,
      routes: [way({ key: "anthropic", requests: allowance(4_000, 3_912, 900), tokens: allowance(2_000_000, 1_840_000, 2_400), requests_per_minute: 4_000, tokens_per_minute: 2_000_000 })],
    }),
  ]),
  provider("openai", "OpenAI", "degraded", [
    target("gpt-5.2-mini", {
      ...speed(431.5, 121), in_flight: 1, tokens_in_flight: 1_830, uptime_percent: 96.9,
      signals: signals({ state: "degraded", cause: "Degraded: 3.1 % errors over 2 min, 5 × 503", for_ms: 41_000, error_percent: 3.1, requests: 161, errors: [count("unavailable", "503", 5), count("request", "bad request", 2)] }),
      routes: [way({ key: "openai", requests: allowance(500, 71, 14_200), tokens: allowance(200_000, 181_400, 3_100), requests_per_minute: 500, tokens_per_minute: 200_000 })],
    }),
    target("text-embedding-3-small", { ...speed(92, 1_400), oddness: 4.1 }),
  ]),
  provider("groq", "Groq", "failing", [
    target("openai/gpt-oss-120b", {
      ...speed(118, 402), uptime_percent: 61.4, uptime_penalty: 3.12,
      signals: signals({ state: "failed", cause: "Failed: 41.0 % errors over 2 min, 7 × 500, 2 × timeout", for_ms: 22_000, error_percent: 41, requests: 22, errors: [count("server", "500", 7), count("timeout", "timeout", 2)], held: { reason: "Too many of its answers failed; the next one asked is a trial.", for_ms: 6_400 } }),
      routes: [way({ key: "groq", requests: null, tokens: allowance(8_000, 178, 3_400), requests_per_minute: 24.2, tokens_per_minute: 8_000 })],
    }),
    target("llama-3.3-70b-versatile", {
      ...speed(140, 310), uptime_percent: 94.1, uptime_penalty: 0.01,
      routes: [way({ key: "groq", signals: signals({ held: { reason: "It said that its rate limit is reached.", for_ms: 34_000 } }), requests: allowance(30, 0, 34_000), requests_per_minute: 30 })],
    }),
  ], { keys: [{ key: "groq", signals: signals({}), in_flight: 0 }] }),
  provider("ollama", "Ollama", "healthy", [
    target("qwen3:8b", { ...speed(74, 38), in_flight: 1, tokens_in_flight: 2_210, queue: { running: 4, waiting: 9, waiting_per_running: 2.25, cache_percent: 75 } }),
  ], { local: true, keys: [{ key: "", signals: signals({}), in_flight: 1 }] }),
  provider("gateway-eu", "Company gateway, Europe", "failing", [target("large", { signals: signals({ requests: 0 }) })], {
    keys: [{ key: "gateway-eu", signals: signals({ state: "failed", cause: "Failed: 100.0 % errors over 2 min, 9 × no connection", error_percent: 100, errors: [count("connection", "no connection", 9)], held: { reason: "Too many of its answers failed; the next one asked is a trial.", for_ms: 3_100 } }), in_flight: 0 }],
  }),
  provider("mistral", "Mistral", "no_key", []),
  provider("deepseek", "DeepSeek", "disabled", []),
  provider("practice", "Practice", "healthy", [target("steady", { ...speed(21, 900), signals: signals({ requests: 3 }) })], { practice: true }),
];

const MACHINE = { cpu_percent: 34.2, memory_percent: 61.7, battery_percent: null, burden: 0 };

export const RICH_SIGNALS = { network: "fine", machine: MACHINE, providers: PROVIDERS, left_out: 0 };
export const NO_SIGNALS = { network: "fine", machine: MACHINE, providers: [provider("practice", "Practice", "idle", [], { practice: true, keys: [] })], left_out: 0 };
export const TROUBLED_SIGNALS = {
  network: "slow", machine: { cpu_percent: 93.1, memory_percent: 97.2, battery_percent: 18, burden: 2.1 }, providers: PROVIDERS, left_out: 824,
};

const DAY = 24 * 3_600_000;
const version = (model, fingerprint = null) => ({ model, fingerprint });

/** Names that another model answers to than before. */
export const RICH_CHANGES = {
  watched: 14,
  changes: [
    { provider: "openai", provider_name: "OpenAI", model: "gpt-5.2-mini", rolling: true, from: version("gpt-5.2-mini-2026-01-20"), to: version("gpt-5.2-mini-2026-05-11"), at_unix_ms: Date.now() - 2 * DAY, changes: 1 },
    { provider: "openai", provider_name: "OpenAI", model: "gpt-4o-2024-08-06", rolling: false, from: version("gpt-4o-2024-08-06", "fp_44709d6fcb"), to: version("gpt-4o-2024-08-06", "fp_90d33c15d4"), at_unix_ms: Date.now() - 9 * DAY, changes: 3 },
  ],
};

export const NO_CHANGES = { watched: 0, changes: [] };
