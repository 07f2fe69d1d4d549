// Canned answers of the Cache page: nothing yet, a good day, and trouble with the disk and the model.

const MIB = 1_024 * 1_024;

export const NO_TALLY = {
  memory: 0, disk: 0, similar: 0, joined: 0, stale: 0, missed: 0, bypassed: 0, skipped: 0, saved_nano_usd: 0, saved_tokens: 0, unpriced: 0,
};

const tally = (more) => ({ ...NO_TALLY, ...more });
const route = (name, entries, bytes, of, more = {}) => ({ route: name, entries, bytes, aside: false, tally: tally(of), ...more });

const ROUTES = [
  route("claude-sonnet-4-5", 41, 2_411_008, { memory: 118, disk: 31, joined: 4, stale: 2, missed: 204, skipped: 611, saved_nano_usd: 2_914_300_000, saved_tokens: 4_120_411 }),
  route("fast", 214, 801_204, { memory: 402, disk: 77, joined: 63, similar: 19, missed: 388, skipped: 12, saved_nano_usd: 204_120_000, saved_tokens: 611_204 }),
  route("gateway-eu/a-model-with-a-rather-long-name-2026-11-22", 8, 40_112, { memory: 12, joined: 1, missed: 9, saved_tokens: 24_010, unpriced: 13 }),
  route("groq/openai/gpt-oss-120b", 0, 0, { memory: 3, missed: 141, bypassed: 502, skipped: 4, saved_nano_usd: 812, saved_tokens: 1_204 }, { aside: true }),
  route("local", 0, 0, { skipped: 96 }),
];

const sum = (name) => ROUTES.reduce((all, { tally }) => all + tally[name], 0);
const ALL = Object.fromEntries(Object.keys(NO_TALLY).map((name) => [name, sum(name)]));

const disk = (more) => ({ state: "serving", reason: null, bytes: 91.4 * MIB, limit_bytes: 256 * MIB, dropped: 0, late: 0, damaged: 0, ...more });

export const MODEL = { folder: "/home/ada/.local/share/signalbox/models/all-MiniLM-L6-v2", is_there: false, trouble: null, fetching: null, failed: null };
const NO_SIMILAR = { embedder: "lexical", model: MODEL, questions: 0, bytes: 0, routes: [] };
const looks = (route, looked, refused, found, verified, wrong, wrong_percent, wrong_at_most_percent) => ({
  route, looked, refused, found, verified, wrong, wrong_percent, wrong_at_most_percent,
});
const SIMILAR = {
  ...NO_SIMILAR, questions: 1_204, bytes: 1_402_113,
  routes: [
    looks("claude-sonnet-4-5", 204, 31, 12, 12, 0, 0, 24.25),
    looks("fast", 388, 41, 19, 0, 0, null, 100),
    looks("gateway-eu/a-model-with-a-rather-long-name-2026-11-22", 9_412, 702, 1_214, 1_201, 3, 0.24979, 0.7318),
  ],
};

export const RICH_CACHE = {
  on: true, memory: { entries: 263, bytes: 3_252_324, limit_bytes: 64 * MIB }, disk: disk({}), all: ALL, routes: ROUTES, not_kept: 0, similar: SIMILAR,
};

export const EMPTY_CACHE = {
  on: true, memory: { entries: 0, bytes: 0, limit_bytes: 64 * MIB }, disk: disk({ bytes: 0 }), all: NO_TALLY, routes: [], not_kept: 0, similar: NO_SIMILAR,
};

export const TROUBLED_CACHE = {
  ...RICH_CACHE,
  disk: disk({ state: "off", reason: "the disk is full; answers are kept in memory alone, and the disk is tried again within a minute", bytes: 0, dropped: 214, late: 3, damaged: 1 }),
  not_kept: 12,
  similar: {
    ...SIMILAR, embedder: "model",
    model: {
      ...MODEL,
      trouble: "/home/ada/.local/share/signalbox/models/all-MiniLM-L6-v2/config.json is missing: fetch the model again",
      failed: "https://huggingface.co/sentence-transformers/all-MiniLM-L6-v2/resolve/main/model.safetensors could not be fetched (it ended after 41204113 of 90868376 bytes); start the download again and it goes on where it stopped",
    },
  },
};
