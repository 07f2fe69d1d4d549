// Generated from src-tauri/control. Do not edit.

export type Alarm = { 
/**
 * A word for it: `config_refused`, `keychain_unavailable`, `ledger_down`.
 */
code: string, 
/**
 * What happened, to what, and what to do.
 */
message: string, };

export type AliasName = { 
/**
 * The model name clients send.
 */
name: string, };

export type AliasShown = { 
/**
 * The model name clients send.
 */
name: string, 
/**
 * `provider/model`, first choice first.
 */
targets: Array<string>, };

export type AllowanceShown = { 
/**
 * The whole of it in its window.
 */
limit: number | null, 
/**
 * What was left.
 */
remaining: number | null, 
/**
 * Until it is whole again, in milliseconds from now; 0 once it is.
 */
resets_in_ms: number | null, 
/**
 * When that was said, in milliseconds ago.
 */
said_ms: number, };

export type AttemptShown = { 
/**
 * The provider's id.
 */
provider: string, 
/**
 * The model asked of it.
 */
model: string, 
/**
 * The name of the key that was shown, where the provider has several.
 */
key: string | null, 
/**
 * Why it stood at its place.
 */
why: string, 
/**
 * The dialect the request was translated into; absent when it went as it came.
 */
spoken: string | null, 
/**
 * Requests it took: one, or one for each of several answers. Each is paid for.
 */
calls: number, 
/**
 * Since the exchange began, in milliseconds.
 */
started_ms: number, 
/**
 * How long it took, in milliseconds.
 */
took_ms: number, 
/**
 * The provider's HTTP status.
 */
status: number | null, 
/**
 * The failure's category; absent when it succeeded.
 */
failure: string | null, 
/**
 * The provider's own code.
 */
code: string | null, 
/**
 * What the provider said.
 */
message: string | null, 
/**
 * It was cancelled, because another that was asked at the same time ended first.
 */
lost: LostShown | null, };

export type BeginDrain = { 
/**
 * What takes no new work from now on.
 */
what: DrainWhat, 
/**
 * Seconds that what runs may take to finish, 1 to 120; the config's `drain_s` when absent.
 */
within_s?: number, };

export type BreakerState = "healthy" | "degraded" | "recovering" | "failed";

export type CacheDisk = { 
/**
 * `opening`, `serving` or `off`.
 */
state: string, 
/**
 * Why it is off, and what follows.
 */
reason: string | null, 
/**
 * What it takes, in bytes.
 */
bytes: number, 
/**
 * What it may take; 0 where there is none.
 */
limit_bytes: number, 
/**
 * Answers that were not written: too many at once, or too large.
 */
dropped: number, 
/**
 * Looks that were not waited for any longer.
 */
late: number, 
/**
 * Folders that were found damaged and set aside.
 */
damaged: number, };

export type CacheNoteShown = { 
/**
 * `memory`, `disk`, `similar`, `joined`, `stale`, `missed`, `bypassed` or `skipped`.
 */
verdict: string, 
/**
 * Why it was not looked for, or what differed from the nearest question that was kept.
 */
why: string | null, 
/**
 * How old the answer was, in milliseconds.
 */
age_ms: number | null, 
/**
 * The receipt of whoever paid for it.
 */
from: string | null, 
/**
 * What it had cost, in billionths of a dollar: not spent again.
 */
saved_nano_usd: number, 
/**
 * `metered`, `estimated` or `none`.
 */
saved_basis: string, 
/**
 * Its tokens, in and out.
 */
saved_tokens: number, };

export type CachePage = { 
/**
 * Somebody keeps answers: `[cache]`, or an alias of its own.
 */
on: boolean, 
/**
 * What is held in memory.
 */
memory: CacheRoom, 
/**
 * What is held on disk.
 */
disk: CacheDisk, 
/**
 * All routes together.
 */
all: CacheTally, 
/**
 * By the name that was asked for, in its order.
 */
routes: Array<CacheRoute>, 
/**
 * Requests that are being asked now in a way that others may join, and those that have joined.
 */
under_way: number, 
/**
 * Answers that should have been kept and were not: too many at once, or not to be read back.
 */
not_kept: number, 
/**
 * Similar questions.
 */
similar: SimilarShown, };

export type CacheRoom = { 
/**
 * How many.
 */
entries: number, 
/**
 * What they take, in bytes.
 */
bytes: number, 
/**
 * What they may take.
 */
limit_bytes: number, };

export type CacheRoute = { 
/**
 * The alias, or the model, that was asked for.
 */
route: string, 
/**
 * In memory now.
 */
entries: number, 
/**
 * What they take, in bytes.
 */
bytes: number, 
/**
 * Looks miss so often that most are left out.
 */
aside: boolean, 
/**
 * Since the start.
 */
tally: CacheTally, };

export type CacheTally = { 
/**
 * Answered from memory.
 */
memory: number, 
/**
 * Answered from the disk.
 */
disk: number, 
/**
 * Answered by an answer to a similar question.
 */
similar: number, 
/**
 * Came along with another's call.
 */
joined: number, 
/**
 * Answered by an expired answer, because nobody gave a new one.
 */
stale: number, 
/**
 * Looked for and not found.
 */
missed: number, 
/**
 * Not looked for, because looks missed too often.
 */
bypassed: number, 
/**
 * Not looked for, because a rule or a wish forbids it.
 */
skipped: number, 
/**
 * What the answers had cost that were told again, in billionths of a dollar.
 */
saved_nano_usd: number, 
/**
 * Their tokens.
 */
saved_tokens: number, 
/**
 * How many of them had a cost that nobody knows: it is not in what was saved.
 */
unpriced: number, };

export type CatalogueEntry = { 
/**
 * Its id.
 */
id: string, 
/**
 * The name people know it by.
 */
name: string, 
/**
 * Runs on this machine.
 */
local: boolean, 
/**
 * Whether a key is needed.
 */
needs_key: boolean, 
/**
 * Where a person gets one.
 */
keys_page: string | null, 
/**
 * A variable of the environment that holds a key for it.
 */
environment: string | null, 
/**
 * Already configured.
 */
configured: boolean, 
/**
 * How its key is shown: `bearer`, `google`, `aws`, …
 */
auth: string, 
/**
 * Its address, when parts of it are the user's own: `https://{resource}.…`
 */
address: string | null, 
/**
 * Those parts, in order.
 */
parts: Array<string>, 
/**
 * Where its older paths begin, which want an `api_version`.
 */
older_address: string | null, 
/**
 * `openai`, `anthropic`
 */
dialects: Array<string>, 
/**
 * How many of its models have a price here.
 */
models: number, };

export type CheckShown = { 
/**
 * `answer`, `stream`, `usage`, `tools`, `parallel_tools`, `tool_results`, `thinking`, `schema`, `cache` or `count`.
 */
check: string, 
/**
 * In two or three words.
 */
title: string, 
/**
 * What is asked and what must be seen, in a sentence.
 */
about: string, 
/**
 * One a dialect, in the order of the dialects.
 */
findings: Array<FindingShown>, };

export type ChoiceShown = { 
/**
 * Whether a conversation stayed where its cache is warm, and why not, in a sentence; and what a switch comes to.
 */
kept: string | null, 
/**
 * How much more this request would cost elsewhere, in billionths of a dollar, with the warm cache lost.
 */
switch_nano_usd: number | null, 
/**
 * Replays the choice.
 */
seed: string, 
/**
 * Every target that could have been asked, in the order of the plan.
 */
considered: Array<ConsideredShown>, 
/**
 * Why no second target was asked beside the first; `None` where one was, or none was needed or allowed.
 */
no_hedge: string | null, };

export type ClientName = { 
/**
 * Its name.
 */
name: string, };

export type ClientShown = { 
/**
 * Its name.
 */
name: string, 
/**
 * When it was made, in milliseconds since 1970.
 */
created_unix_ms: number, 
/**
 * Its last four characters.
 */
hint: string, };

export type Code = "bad_input" | "not_found" | "conflict" | "unavailable";

export type CommandGrant = { 
/**
 * The word it is asked for by.
 */
name: string, 
/**
 * The program and its arguments; no shell reads them.
 */
command: Array<string>, 
/**
 * The whole path of where it runs.
 */
folder: string, 
/**
 * Names of environment variables that it sees.
 */
environment?: Array<string>, 
/**
 * The most time, in seconds; 60 when absent.
 */
limit_s?: number, };

export type CommandShown = { 
/**
 * The word it is asked for by.
 */
name: string, 
/**
 * The program and its arguments.
 */
command: Array<string>, 
/**
 * Where it runs.
 */
folder: string, 
/**
 * Names of the environment variables that it sees. Never their values.
 */
environment: Array<string>, 
/**
 * The most time, in seconds.
 */
limit_s: number, 
/**
 * The folder is there now.
 */
is_there: boolean, };

export type ConfigRefusal = { 
/**
 * One-based line.
 */
line: number | null, 
/**
 * One-based column.
 */
column: number | null, 
/**
 * What is wrong and what to do.
 */
reason: string, };

export type ConfigShown = { 
/**
 * Where it is.
 */
path: string, 
/**
 * Rises with every accepted edit.
 */
snapshot: number, 
/**
 * Why the newest edit was refused; the last good one runs.
 */
refused: ConfigRefusal | null, };

export type Connect = { 
/**
 * Numeric address without a path, e.g. `http://127.0.0.1:7411`.
 */
base_url: string, 
/**
 * The key made at the first start, until it is dismissed or the app ends.
 */
first_key: FreshClientKey | null, 
/**
 * Client keys that exist.
 */
clients: Array<ClientShown>, };

export type ConsideredShown = { 
/**
 * `provider/model`
 */
target: string, 
/**
 * Its place in the order, from 1; `None` when it was not to be asked.
 */
place: number | null, 
/**
 * Why it stood there.
 */
why: string, 
/**
 * Its score, lower being better; `None` where it was not scored.
 */
score: number | null, 
/**
 * What the score is made of, largest first, without what is nothing.
 */
terms: Array<TermShown>, 
/**
 * Expected until the first word, in milliseconds.
 */
ttft_ms: number | null, 
/**
 * Expected cost in billionths of a dollar.
 */
cost_nano_usd: number | null, };

export type DatabaseGrant = { 
/**
 * The word it is asked for by.
 */
name: string, 
/**
 * The whole path.
 */
path: string, 
/**
 * The most rows of an answer; 1,000 when absent.
 */
rows?: number, 
/**
 * The most time for a statement, in milliseconds; 2,000 when absent.
 */
limit_ms?: number, };

export type DatabaseShown = { 
/**
 * The word it is asked for by.
 */
name: string, 
/**
 * Where it is.
 */
path: string, 
/**
 * The most rows of an answer.
 */
rows: number, 
/**
 * The most time for a statement, in milliseconds.
 */
limit_ms: number, 
/**
 * The file is there now.
 */
is_there: boolean, };

export type DrainShown = { 
/**
 * What drains.
 */
what: DrainWhat, 
/**
 * What it is called.
 */
name: string, 
/**
 * Why.
 */
why: DrainWhy, 
/**
 * Since when, in milliseconds since 1970.
 */
since_unix_ms: number, 
/**
 * When what still runs is cut, in milliseconds since 1970.
 */
until_unix_ms: number, 
/**
 * How many requests still run. None: it has drained.
 */
running: number, };

export type DrainWhat = "app" | { "provider": string } | { "key": string } | { "target": string };

export type DrainWhy = "asked" | "removed" | "disabled" | "moved" | "key_changed";

export type DroppedShown = { 
/**
 * `provider/model`
 */
target: string, 
/**
 * Why.
 */
reason: string, };

export type EnableProvider = { 
/**
 * Its id.
 */
id: string, 
/**
 * On.
 */
enabled: boolean, };

export type EndDrain = { 
/**
 * What takes new work again.
 */
what: DrainWhat, };

export type ErrorCount = { 
/**
 * `request`, `auth`, `permission`, `not_found`, `quota`, `rate_limit`, `timeout`, `server`,
 * `unavailable`, `overloaded`, `connection`, `broken_stream` or `inside_ok`.
 */
class: string, 
/**
 * The words for it: `503`, `broken stream`.
 */
label: string, 
/**
 * How many.
 */
count: number, };

export type Event = { 
/**
 * Receipts settled since the last event, newest first, at most 100.
 */
receipts: Array<RequestRow>, 
/**
 * What to read again.
 */
changed: Array<Tag>, };

export type ExaminationRow = { 
/**
 * The model, as the provider names it.
 */
model: string, 
/**
 * When it began, in milliseconds since 1970.
 */
at_unix_ms: number, 
/**
 * Too old for routing to go by it.
 */
stale: boolean, 
/**
 * Why it ended before all was tried.
 */
stopped: string | null, 
/**
 * How many findings have which verdict.
 */
tally: TallyShown, };

export type ExaminationShown = { 
/**
 * The provider's id.
 */
provider: string, 
/**
 * The model, as the provider names it.
 */
model: string, 
/**
 * Why this model was taken.
 */
chosen: string, 
/**
 * When it began, in milliseconds since 1970.
 */
at_unix_ms: number, 
/**
 * How long it took, in milliseconds.
 */
took_ms: number, 
/**
 * Too old for routing to go by it.
 */
stale: boolean, 
/**
 * Why it ended before all was tried; absent when it ran through.
 */
stopped: string | null, 
/**
 * Requests sent; each has its receipt, of the client `doctor`.
 */
requests: number, 
/**
 * What they cost, in billionths of a dollar.
 */
cost_nano_usd: number, 
/**
 * `metered`, `estimated` or `none`.
 */
cost_basis: string, 
/**
 * How many findings have which verdict.
 */
tally: TallyShown, 
/**
 * The callers' dialects, in the order of the findings.
 */
dialects: Array<string>, 
/**
 * The checks, in the order they should be shown.
 */
checks: Array<CheckShown>, };

export type Examine = { 
/**
 * The provider's id.
 */
provider: string, 
/**
 * A model as the provider names it; the cheapest known one when absent.
 */
model?: string, };

export type Failure = { 
/**
 * From a closed list.
 */
code: Code, 
/**
 * What happened, to what, and what to do.
 */
message: string, 
/**
 * The field of the input that is at fault, when it is one.
 */
field: string | null, };

export type FetchModel = { 
/**
 * The address that the files' names are put behind; where everybody gets it when absent.
 */
base?: string, };

export type FetchShown = { 
/**
 * The file; `None` before the first byte.
 */
file: string | null, 
/**
 * Bytes of it that are here.
 */
bytes: number, 
/**
 * Bytes of it in all, where that is known.
 */
total: number | null, };

export type FindingShown = { 
/**
 * The caller's dialect.
 */
dialect: string, 
/**
 * In one word.
 */
verdict: VerdictShown, 
/**
 * What was seen, in a sentence; empty where there is nothing to say.
 */
said: string, 
/**
 * The receipt of the request that showed it.
 */
receipt: string | null, };

export type FreshClientKey = { 
/**
 * Its name.
 */
name: string, 
/**
 * The key itself.
 */
key: string, };

export type GrantKindShown = "database" | "check" | "server";

export type GrantTool = { "kind": "database" } & DatabaseGrant | { "kind": "check" } & CommandGrant | { "kind": "server" } & ServerGrant | { "kind": "interpreters" } & InterpretersGrant;

export type GrantsShown = { 
/**
 * SQLite files that may be read, by name.
 */
databases: Array<DatabaseShown>, 
/**
 * Commands that may be run, by name.
 */
checks: Array<CommandShown>, 
/**
 * MCP servers, by name.
 */
servers: Array<ServerShown>, 
/**
 * What code may do beyond computing.
 */
interpreters: InterpretersGrant, };

export type HealthShown = { 
/**
 * This machine's own way out.
 */
network: NetworkShown, 
/**
 * This machine.
 */
machine: MachineShown, 
/**
 * Every configured provider, in the order of the config; practice last.
 */
providers: Array<ProviderSignals>, 
/**
 * Models that are known and not shown: only the 200 that do worst or were asked last are.
 */
left_out: number, };

export type HealthState = "idle" | "healthy" | "degraded" | "failing" | "draining" | "disabled" | "no_key";

export type HeldShown = { 
/**
 * Why, in a sentence.
 */
reason: string, 
/**
 * For how much longer, in milliseconds.
 */
for_ms: number, };

export type InterpretersGrant = { 
/**
 * It may ask what time it is.
 */
clock: boolean, 
/**
 * It may ask for chance.
 */
chance: boolean, 
/**
 * Folders whose files Python may read.
 */
folders: Array<string>, };

export type KeyShown = { 
/**
 * `keychain`, `environment` or `none`
 */
source: string, 
/**
 * The keychain name or the variable.
 */
name: string | null, 
/**
 * How it is shown to the provider: `bearer`, `google`, `aws`, …
 */
auth: string, 
/**
 * Whether it is there now.
 */
present: boolean, 
/**
 * Further keys of the provider.
 */
others: Array<OtherKey>, 
/**
 * A variable of the environment that holds a key for it and is not used yet.
 */
importable: string | null, };

export type KeySignals = { 
/**
 * Its name, never the key; empty where none is needed.
 */
key: string, 
/**
 * How it is doing.
 */
signals: Signals, 
/**
 * Attempts under way through it.
 */
in_flight: number, };

export type KeyStore = { "kind": "keychain" } | { "kind": "memory", 
/**
 * Why, and what to do.
 */
reason: string, };

export type LastFailure = { 
/**
 * When, in milliseconds since 1970.
 */
at_unix_ms: number, 
/**
 * Its category, e.g. `rate_limit`.
 */
category: string, 
/**
 * What the provider said, one line.
 */
message: string, };

export type ListRequests = { 
/**
 * Only older than this receipt.
 */
before?: string, 
/**
 * At most this many; 100 when absent, 500 at most.
 */
limit?: number, 
/**
 * Part of a model, provider, alias, client or receipt id.
 */
text?: string, 
/**
 * Only this provider's.
 */
provider?: string, 
/**
 * Only refused, failed and broken ones.
 */
failed_only: boolean, };

export type LostShown = { 
/**
 * What may be billed for it, in billionths of a dollar: part of the request's cost.
 */
cost_nano_usd: number, 
/**
 * `estimated`, or `none` where its price is not known.
 */
cost_basis: string, };

export type MachineShown = { 
/**
 * Busy share of the processors, in percent.
 */
cpu_percent: number, 
/**
 * Used share of the memory, in percent.
 */
memory_percent: number, 
/**
 * What is left of its battery, in percent; `None` while it does not run from one.
 */
battery_percent: number | null, 
/**
 * What a model that runs here loses by it in a score, 0 to 3.
 */
burden: number, };

export type Minute = { 
/**
 * Exchanges that ended in it.
 */
requests: number, 
/**
 * Those that ended refused, failed or broken.
 */
failed: number, };

export type ModelChange = { 
/**
 * The provider's id.
 */
provider: string, 
/**
 * The name people know it by.
 */
provider_name: string, 
/**
 * The model as the provider is asked for it.
 */
model: string, 
/**
 * The name promises no snapshot.
 */
rolling: boolean, 
/**
 * Who answered before.
 */
from: VersionShown, 
/**
 * Who answers since.
 */
to: VersionShown, 
/**
 * Since when, in milliseconds since 1970.
 */
at_unix_ms: number, 
/**
 * How often it has changed while it was watched.
 */
changes: number, };

export type ModelChanges = { 
/**
 * Models whose replies have told who answers.
 */
watched: number, 
/**
 * The latest first; 200 at most.
 */
changes: Array<ModelChange>, };

export type ModelShown = { 
/**
 * Where its files lie.
 */
folder: string, 
/**
 * They are there.
 */
is_there: boolean, 
/**
 * Why it can't be used, once that is known.
 */
trouble: string | null, 
/**
 * Its download.
 */
fetching: FetchShown | null, 
/**
 * Why the last download ended without a model.
 */
failed: string | null, };

export type NetworkShown = "fine" | "slow" | "unreachable" | "offline";

export type NoteShown = { 
/**
 * `equivalent`, `degraded` or `dropped`.
 */
loss: string, 
/**
 * The field or part, as the caller knows it.
 */
what: string, 
/**
 * What became of it, and why.
 */
why: string, };

export type Nothing = Record<symbol, never>;

export type OtherKey = { 
/**
 * The keychain name or the variable.
 */
name: string, 
/**
 * Whether it is there now.
 */
present: boolean, };

export type Overview = { 
/**
 * Signalbox's version.
 */
version: string, 
/**
 * Where tools are pointed: one line per listener, numeric, no trailing slash.
 */
addresses: Array<string>, 
/**
 * Routing is paused: every request gets a clear refusal.
 */
paused: boolean, 
/**
 * Exchanges being served right now.
 */
in_flight: number, 
/**
 * Since local midnight.
 */
today: Totals, 
/**
 * What providers' prompt caches came to since Signalbox started.
 */
prompt_cache: PromptCacheSums, 
/**
 * What became of requests whose answers may be kept, since the start.
 */
cache: CacheTally, 
/**
 * The last sixty minutes, oldest first; the last one is the running minute.
 */
minutes: Array<Minute>, 
/**
 * Every configured provider.
 */
providers: Array<ProviderHealth>, 
/**
 * What needs a person. Empty when all is well.
 */
alarms: Array<Alarm>, 
/**
 * No provider but the practice one is ready: the page explains the first step.
 */
practice_only: boolean, };

export type Pause = { 
/**
 * Refuse new requests with a clear message.
 */
paused: boolean, };

export type PromptCacheShown = { 
/**
 * It was given hints that the client had not set.
 */
hinted: boolean, 
/**
 * Prompt tokens read from it.
 */
read_tokens: number, 
/**
 * Prompt tokens written to it.
 */
written_tokens: number, 
/**
 * What it saved, in billionths of a dollar; below 0 where writing to it cost more.
 */
saved_nano_usd: number, 
/**
 * `metered`, `estimated`, or `none` where no price is known or nothing is paid.
 */
basis: string, };

export type PromptCacheSums = { 
/**
 * Prompt tokens read from them.
 */
read_tokens: number, 
/**
 * Prompt tokens written to them.
 */
written_tokens: number, 
/**
 * What they saved, in billionths of a dollar; below 0 where writing to them cost more.
 */
saved_nano_usd: number, };

export type ProviderHealth = { 
/**
 * The word in `provider/model`.
 */
id: string, 
/**
 * The name people know it by.
 */
name: string, 
/**
 * The built-in practice provider.
 */
practice: boolean, 
/**
 * In one word.
 */
state: HealthState, 
/**
 * What is not well: "gpt-5: Degraded: 3.1 % errors over 2 min, 5 × 503".
 */
cause: string | null, 
/**
 * Attempts in the last five minutes.
 */
attempts: number, 
/**
 * Of which failed.
 */
failures: number, 
/**
 * Median time to the first byte over recent successes, in milliseconds.
 */
ttft_ms: number | null, 
/**
 * Attempts being served right now.
 */
in_flight: number, 
/**
 * Spend since local midnight, in billionths of a dollar.
 */
spend_today_nano_usd: number, 
/**
 * The latest failure in the window.
 */
last_failure: LastFailure | null, };

export type ProviderName = { 
/**
 * Its id.
 */
id: string, };

export type ProviderShown = { 
/**
 * Its health and name.
 */
health: ProviderHealth, 
/**
 * `openai`, `anthropic`
 */
surfaces: Array<SurfaceShown>, 
/**
 * Where its key comes from.
 */
key: KeyShown, 
/**
 * Runs on this machine or network.
 */
local: boolean, 
/**
 * In the config (as opposed to built in): may be edited and removed.
 */
editable: boolean, 
/**
 * Takes new work.
 */
enabled: boolean, 
/**
 * It finishes what it has and takes nothing new: its own drain, or its key's.
 */
drain: DrainShown | null, 
/**
 * Models known, as `GET /v1/models` lists them (without the prefix).
 */
models: Array<string>, 
/**
 * What the doctor found, the latest first, one a model.
 */
examinations: Array<ExaminationRow>, 
/**
 * The doctor is at it now.
 */
examining: boolean, };

export type ProviderSignals = { 
/**
 * The word in `provider/model`.
 */
id: string, 
/**
 * The name people know it by.
 */
name: string, 
/**
 * The built-in practice provider.
 */
practice: boolean, 
/**
 * Runs on this machine or network.
 */
local: boolean, 
/**
 * In one word.
 */
state: HealthState, 
/**
 * What is not well: "gpt-5: Degraded: 3.1 % errors over 2 min, 5 × 503".
 */
cause: string | null, 
/**
 * Attempts being served right now.
 */
in_flight: number, 
/**
 * By key: connections, credentials, quotas.
 */
keys: Array<KeySignals>, 
/**
 * By model, whatever the key: errors, timeouts, speed.
 */
targets: Array<TargetSignals>, };

export type ProviderTest = { 
/**
 * It answered and took the key.
 */
ok: boolean, 
/**
 * What was found, and what to do when it is not ok.
 */
message: string, 
/**
 * How long it took, in milliseconds.
 */
took_ms: number, 
/**
 * How many models it lists, when it says.
 */
models: number | null, };

export type ProvidersPage = { 
/**
 * As configured, in order; practice last.
 */
providers: Array<ProviderShown>, 
/**
 * Every drain: those that were asked for, and what still runs at providers that were changed.
 */
drains: Array<DrainShown>, 
/**
 * Where keys are kept.
 */
key_store: KeyStore, 
/**
 * Names that stand for lists of targets.
 */
aliases: Array<AliasShown>, 
/**
 * The config file.
 */
config: ConfigShown, };

export type PurgeCache = { 
/**
 * Asked for under this name.
 */
route?: string, 
/**
 * Given by this model, as its provider names it.
 */
model?: string, 
/**
 * Given at least so long ago, in seconds.
 */
older_than_s?: number, };

export type PurgedCache = { 
/**
 * Answers in memory.
 */
entries: number, 
/**
 * The disk was emptied as a whole: which answers there meet a condition can't be told.
 */
disk: boolean, };

export type PutProvider = { 
/**
 * A catalogue id, or a new word of one's own.
 */
id: string, 
/**
 * Shown name.
 */
name?: string, 
/**
 * What the address of a catalogue entry asks for: `resource`, `region`, …
 */
parts?: { [key in string]: string }, 
/**
 * Of older paths, where the catalogue entry has them.
 */
api_version?: string, 
/**
 * Where it speaks OpenAI's Chat Completions.
 */
openai_base_url?: string, 
/**
 * Where it speaks OpenAI's Responses.
 */
responses_base_url?: string, 
/**
 * Where it speaks Anthropic's dialect.
 */
anthropic_base_url?: string, 
/**
 * Where it speaks Gemini's dialect.
 */
gemini_base_url?: string, 
/**
 * Where it speaks Ollama's own dialect.
 */
ollama_base_url?: string, 
/**
 * Where it speaks Bedrock's Converse.
 */
bedrock_base_url?: string, 
/**
 * Where it speaks Cohere's dialect.
 */
cohere_base_url?: string, 
/**
 * Where requests are signed for, when the address does not say it.
 */
region?: string, 
/**
 * `bearer`, `x-api-key`, `api-key`, `x-goog-api-key`, `google`, `aws` or `none`; as its dialect
 * does when absent.
 */
auth?: string, 
/**
 * `keychain`, `env:NAME` or `none`
 */
key?: string, };

export type PutToolRule = { 
/**
 * Whose; the usual rule when absent.
 */
alias?: string, 
/**
 * `off`, `shadow` or `on`.
 */
recognise?: string, 
/**
 * Tools that models are offered.
 */
offer?: Array<string>, 
/**
 * How often a model may be asked again after its calls.
 */
rounds?: number, 
/**
 * `error` or `model`.
 */
on_failure?: string, 
/**
 * The model that checks what a tool has found; `none` for nobody.
 */
verify?: string, 
/**
 * `off`, `flag` or `correct`.
 */
recheck?: string, 
/**
 * Takes out all that the alias says of its own.
 */
as_usual?: boolean, };

export type QueueShown = { 
/**
 * Requests it works on.
 */
running: number, 
/**
 * Requests it has put off.
 */
waiting: number, 
/**
 * Requests that wait for each that is worked on.
 */
waiting_per_running: number, 
/**
 * Share of its cache of keys and values in use, in percent.
 */
cache_percent: number, };

export type ReceiptName = { 
/**
 * As in the `x-signalbox-receipt` header.
 */
id: string, };

export type ReceiptShown = { 
/**
 * What the list shows of it.
 */
row: RequestRow, 
/**
 * Tries in the order in which they ended; the last one answered, if any did.
 */
attempts: Array<AttemptShown>, 
/**
 * Targets left out, each with its reason.
 */
dropped: Array<DroppedShown>, 
/**
 * Why the first target was the first; `None` where there was but one.
 */
choice: ChoiceShown | null, 
/**
 * What kept answers had to do with it; `None` where nobody looked for one.
 */
cache: CacheNoteShown | null, 
/**
 * What tools had to do with it; `None` where none had.
 */
tools: ToolNoteShown | null, 
/**
 * What the translation into the provider's dialect could not carry.
 */
notes: Array<NoteShown>, 
/**
 * Tokens by class; they sum.
 */
tokens: TokensShown, 
/**
 * What the provider's own prompt cache came to; `None` where it had no part in it.
 */
prompt_cache: PromptCacheShown | null, 
/**
 * The exact version the provider says answered.
 */
model_version: string | null, 
/**
 * What it says it runs on.
 */
fingerprint: string | null, 
/**
 * The provider's own name for the reply.
 */
upstream_id: string | null, 
/**
 * Which catalogue the price came from.
 */
price_version: string | null, 
/**
 * Why the model stopped.
 */
stop: string | null, 
/**
 * What the client was told when it went wrong.
 */
message: string | null, 
/**
 * Size of the request's body.
 */
request_bytes: number, 
/**
 * Size of the answer's body.
 */
reply_bytes: number, };

export type Recognise = { 
/**
 * Its words.
 */
text: string, };

export type RecognisedShown = { 
/**
 * Whose; `None` where it is left to a model.
 */
tool: string | null, 
/**
 * What the tool would be asked.
 */
arguments: unknown, 
/**
 * By what it is one, or why it is none.
 */
why: string, 
/**
 * How long that took to tell, in microseconds.
 */
took_us: number, };

export type RequestPage = { 
/**
 * The rows.
 */
rows: Array<RequestRow>, 
/**
 * Whether older ones exist.
 */
more: boolean, };

export type RequestRow = { 
/**
 * The receipt's name, as in the `x-signalbox-receipt` header.
 */
id: string, 
/**
 * When it began, in milliseconds since 1970.
 */
at_unix_ms: number, 
/**
 * The client key's name.
 */
client: string | null, 
/**
 * `chat_completions`, `messages`, …
 */
endpoint: string | null, 
/**
 * The model as the client wrote it.
 */
requested_model: string | null, 
/**
 * The alias it went through.
 */
alias: string | null, 
/**
 * Who answered in the end.
 */
provider: string | null, 
/**
 * The model asked of it.
 */
model: string | null, 
/**
 * Whether the practice provider answered.
 */
practice: boolean, 
/**
 * How many targets were tried.
 */
attempts: number, 
/**
 * Whether a stream was asked for.
 */
streamed: boolean, 
/**
 * Prompt tokens of every class.
 */
input_tokens: number, 
/**
 * Generated tokens of every class.
 */
output_tokens: number, 
/**
 * `metered`, `estimated` or `none`.
 */
usage_basis: string, 
/**
 * Cost in billionths of a dollar.
 */
cost_nano_usd: number, 
/**
 * `metered`, `estimated` or `none`.
 */
cost_basis: string, 
/**
 * Time to first byte, in milliseconds.
 */
ttft_ms: number | null, 
/**
 * Total time, in milliseconds.
 */
total_ms: number, 
/**
 * HTTP status the client got.
 */
status: number, 
/**
 * `complete`, `refused`, `failed`, `broken` or `client_gone`.
 */
ending: string, 
/**
 * Our error code, when there is one.
 */
fault: string | null, 
/**
 * What kept answers had to do with it: `memory`, `joined`, `missed`, …
 */
cache: string | null, 
/**
 * How tools came into it: `named`, `recognised`, `shadow`, `offered`, …
 */
tools: string | null, };

export type RevokeTool = { 
/**
 * Of which kind.
 */
kind: GrantKindShown, 
/**
 * Its name.
 */
name: string, };

export type RouteSignals = { 
/**
 * The key's name; empty where none is needed.
 */
key: string, 
/**
 * How it is doing.
 */
signals: Signals, 
/**
 * What is left of its limit of requests; `None` where no header said so.
 */
requests: AllowanceShown | null, 
/**
 * What is left of its limit of tokens.
 */
tokens: AllowanceShown | null, 
/**
 * Requests a minute that are kept to: announced, or learnt from what was refused.
 */
requests_per_minute: number | null, 
/**
 * Tokens a minute that are kept to.
 */
tokens_per_minute: number | null, };

export type RunTool = { 
/**
 * Which: `calculator`, `mcp/docs/search`.
 */
tool: string, 
/**
 * As a client would write it.
 */
text?: string, 
/**
 * As its JSON Schema says; `null` beside a text.
 */
arguments: unknown, };

export type ServerGrant = { 
/**
 * The word in `mcp/…/tool`.
 */
name: string, 
/**
 * The program and its arguments.
 */
command?: Array<string>, 
/**
 * The whole path of where it runs.
 */
folder?: string, 
/**
 * Names of environment variables that it sees.
 */
environment?: Array<string>, 
/**
 * Its address.
 */
url?: string, 
/**
 * The name of the environment variable that holds its token.
 */
token_env?: string, 
/**
 * Its tools that may be called; a name may end in a star.
 */
allow: Array<string>, 
/**
 * The most time for a call, in seconds; 30 when absent.
 */
limit_s?: number, 
/**
 * What a call costs in dollars, by tool; `*` stands for the others.
 */
usd_per_call?: { [key in string]: number }, 
/**
 * It stays on this machine and network.
 */
local?: boolean, };

export type ServerShown = { 
/**
 * The word in `mcp/…/tool`.
 */
name: string, 
/**
 * The program that is started, and its arguments; empty where it has an address.
 */
command: Array<string>, 
/**
 * Where it runs.
 */
folder: string | null, 
/**
 * Names of the environment variables that it sees. Never their values.
 */
environment: Array<string>, 
/**
 * Its address.
 */
url: string | null, 
/**
 * The name of the environment variable that holds its token. Never the token.
 */
token_env: string | null, 
/**
 * That variable is set now, where one is named.
 */
has_token: boolean | null, 
/**
 * Its tools that may be called.
 */
allow: Array<string>, 
/**
 * The most time for a call, in seconds.
 */
limit_s: number, 
/**
 * What a call costs in dollars, by tool; `*` stands for the others.
 */
usd_per_call: { [key in string]: number }, 
/**
 * It stays on this machine and network.
 */
local: boolean, 
/**
 * How many of its tools may be used now; 0 where it doesn't answer, or allows none.
 */
tools: number, };

export type SetKey = { 
/**
 * The provider it belongs to.
 */
provider: string, 
/**
 * The key. Not printable, not serialisable.
 */
value: string, };

export type Signals = { 
/**
 * How it is doing.
 */
state: BreakerState, 
/**
 * The state and the figures behind it: "Degraded: 3.1 % errors over 2 min, 5 × 503".
 */
cause: string, 
/**
 * Since when it is so, in milliseconds ago.
 */
for_ms: number, 
/**
 * Errors among the requests of the window, in percent.
 */
error_percent: number, 
/**
 * Requests of the window that say something.
 */
requests: number, 
/**
 * The window, in seconds.
 */
window_s: number, 
/**
 * What failed within the window, by class, most frequent first.
 */
errors: Array<ErrorCount>, 
/**
 * What keeps it from being asked.
 */
held: HeldShown | null, };

export type SimilarRoute = { 
/**
 * The alias, or the model, that was asked for.
 */
route: string, 
/**
 * Looks.
 */
looked: number, 
/**
 * Looks that a guard refused: near, but something else was asked.
 */
refused: number, 
/**
 * Looks that found an answer; in the shadow none of them is told.
 */
found: number, 
/**
 * Of these, those that were compared with a new answer.
 */
verified: number, 
/**
 * Of these, those that did not clearly say the same.
 */
wrong: number, 
/**
 * The share of wrong ones among those compared, in percent; `None` before the first.
 */
wrong_percent: number | null, 
/**
 * The highest share that the counts allow for (95 %), in percent.
 */
wrong_at_most_percent: number, };

export type SimilarShown = { 
/**
 * What makes vectors: `lexical`, `model`, or the name of an embeddings endpoint's model.
 */
embedder: string, 
/**
 * The model in the data folder.
 */
model: ModelShown, 
/**
 * Questions that are remembered.
 */
questions: number, 
/**
 * What they take, in bytes.
 */
bytes: number, 
/**
 * By the name that was asked for.
 */
routes: Array<SimilarRoute>, };

export type SurfaceShown = { 
/**
 * `openai` or `anthropic`
 */
dialect: string, 
/**
 * Where it is.
 */
base_url: string, };

export type SwitchTool = { 
/**
 * Its name.
 */
tool: string, 
/**
 * Nobody may use it.
 */
off: boolean, };

export type Tag = "receipts" | "providers" | "keys" | "clients" | "status" | "tools";

export type TallyShown = { 
/**
 * As it should.
 */
works: number, 
/**
 * With something to know about it.
 */
noted: number, 
/**
 * There is no such thing.
 */
not_offered: number, 
/**
 * Not as it should.
 */
failed: number, 
/**
 * Nothing is known.
 */
not_tried: number, };

export type TargetSignals = { 
/**
 * The model as the provider names it.
 */
model: string, 
/**
 * How it is doing.
 */
signals: Signals, 
/**
 * Attempts under way.
 */
in_flight: number, 
/**
 * Their tokens that have to be worked on: what no cache holds, and the answers expected.
 */
tokens_in_flight: number, 
/**
 * Recent mean time to the first token, in milliseconds.
 */
ttft_ms: number | null, 
/**
 * Recent mean time for each token after it, in milliseconds.
 */
token_ms: number | null, 
/**
 * The same as tokens a second.
 */
tokens_per_s: number | null, 
/**
 * Of the last hour, in percent.
 */
uptime_percent: number, 
/**
 * What that costs in a score.
 */
uptime_penalty: number, 
/**
 * How much slower than its requests' sizes explain: 0 not at all, from 3 odd.
 */
oddness: number, 
/**
 * The same of its peers, in the median.
 */
peers_oddness: number, 
/**
 * What its server says of its queue; local servers only.
 */
queue: QueueShown | null, 
/**
 * By key: rate limits and permissions.
 */
routes: Array<RouteSignals>, };

export type TermShown = { 
/**
 * `price`, `latency`, `load`, `errors`, `uptime`, `odd`, `machine` or `priority`.
 */
name: string, 
/**
 * What it adds.
 */
value: number, };

export type TokensShown = { 
/**
 * Full-price prompt tokens.
 */
input: number, 
/**
 * Read from the provider's cache.
 */
cache_read: number, 
/**
 * Written to it, default lifetime.
 */
cache_write: number, 
/**
 * Written to it, long lifetime.
 */
cache_write_long: number, 
/**
 * Visible output.
 */
output: number, 
/**
 * Reasoning.
 */
reasoning: number, };

export type ToolCallShown = { 
/**
 * Which.
 */
tool: string, 
/**
 * In which round of a model's calls; 0 where no model asked for it.
 */
round: number, 
/**
 * How long it took, in milliseconds.
 */
took_ms: number, 
/**
 * Why it was not done.
 */
trouble: ToolTroubleShown | null, 
/**
 * What it cost, in billionths of a dollar.
 */
cost_nano_usd: number, };

export type ToolDone = { 
/**
 * The answer in words.
 */
text: string, 
/**
 * The answer for programs.
 */
result: unknown, 
/**
 * How it was come to.
 */
working: string | null, };

export type ToolNoteShown = { 
/**
 * `named`, `labelled`, `recognised`, `shadow`, `fell_through`, `offered` or `rechecked`.
 */
way: string, 
/**
 * Whose the answer is, or would have been.
 */
tool: string | null, 
/**
 * Why, or why a model answers all the same.
 */
why: string | null, 
/**
 * What was run, in order of beginning.
 */
calls: Array<ToolCallShown>, 
/**
 * What a model said of what a tool had found: `agreed`, `disagreed` or `unusable`.
 */
checked: string | null, 
/**
 * Sums in a model's answer that are wrong.
 */
wrong_sums: number, 
/**
 * The model was told of them and answered once more.
 */
corrected: boolean, 
/**
 * What a model's answer would have cost, in billionths of a dollar.
 */
saved_nano_usd: number, 
/**
 * `metered`, `estimated` or `none`.
 */
saved_basis: string, 
/**
 * Its tokens, in and out, estimated.
 */
saved_tokens: number, };

export type ToolOutcome = { 
/**
 * Which tool.
 */
tool: string, 
/**
 * What it was asked; `null` where the text could not be read.
 */
arguments: unknown, 
/**
 * What it found; `None` where it could not do it.
 */
done: ToolDone | null, 
/**
 * Why it could not do it.
 */
trouble: ToolTroubleShown | null, 
/**
 * What was printed to standard output.
 */
stdout: string, 
/**
 * What was printed to standard error.
 */
stderr: string, 
/**
 * Some of what was printed was left out.
 */
is_cut: boolean, 
/**
 * How long it took, in microseconds.
 */
took_us: number, };

export type ToolRoute = { 
/**
 * The alias, or the model, that was asked for.
 */
route: string, 
/**
 * It is an alias: it can have a rule of its own.
 */
is_alias: boolean, 
/**
 * It has one.
 */
is_own: boolean, 
/**
 * What goes for it.
 */
rule: ToolRuleShown, 
/**
 * Since the start.
 */
tally: ToolTallyShown, };

export type ToolRuleShown = { 
/**
 * `off`, `shadow` or `on`.
 */
recognise: string, 
/**
 * Tools that models are offered: names, the last letter of which may be a star.
 */
offer: Array<string>, 
/**
 * How often a model may be asked again after its calls.
 */
rounds: number, 
/**
 * `error` or `model`.
 */
on_failure: string, 
/**
 * The model that checks and words what a tool has found.
 */
verify: string | null, 
/**
 * `off`, `flag` or `correct`.
 */
recheck: string, };

export type ToolShown = { 
/**
 * `calculator`, `mcp/docs/search`
 */
name: string, 
/**
 * The label of its task, as clients send it.
 */
label: string, 
/**
 * Its name among the tools that a model is offered.
 */
reserved: string, 
/**
 * In a sentence or two.
 */
what: string, 
/**
 * How it is used by a plain text.
 */
example: string, 
/**
 * JSON Schema of its arguments; `null` where nobody has told it yet.
 */
arguments: unknown, 
/**
 * Nobody may use it.
 */
off: boolean, 
/**
 * Why it can't work now, and what to do; `None` where it can.
 */
why_not: string | null, 
/**
 * The MCP server that it is of.
 */
server: string | null, };

export type ToolSums = { 
/**
 * Answers of tools.
 */
answers: number, 
/**
 * What models' answers would have cost, in billionths of a dollar.
 */
saved_nano_usd: number, };

export type ToolTallyShown = { 
/**
 * Answers of tools.
 */
answered: number, 
/**
 * Answers that would have been, in the shadow.
 */
would_have: number, 
/**
 * Tasks that a tool could not do and a model was asked.
 */
fell_through: number, 
/**
 * Calls by models.
 */
calls: number, 
/**
 * Times that a model disagreed with a tool.
 */
disagreed: number, 
/**
 * Answers of models whose arithmetic was wrong.
 */
wrong_sums: number, 
/**
 * What models' answers would have cost, in billionths of a dollar.
 */
saved_nano_usd: number, };

export type ToolTroubleShown = { 
/**
 * `bad_input`, `no_answer`, `too_long`, `too_much`, `not_granted` or `unavailable`.
 */
kind: string, 
/**
 * What happened, and what to do.
 */
message: string, };

export type ToolsPage = { 
/**
 * The built-in ones in their order, then those of MCP servers that answered.
 */
tools: Array<ToolShown>, 
/**
 * The rule where an alias says nothing of its own.
 */
usual: ToolRuleShown, 
/**
 * Every alias, then the other names that tools had to do with, by name.
 */
routes: Array<ToolRoute>, 
/**
 * What may be touched.
 */
grants: GrantsShown, 
/**
 * What the system holds against code that is run, in a sentence; `None` before any was.
 */
locks: string | null, 
/**
 * Since local midnight.
 */
today: ToolSums, 
/**
 * In the last 30 days.
 */
month: ToolSums, 
/**
 * Whose price tasks are compared with that named their tool.
 */
instead_of: string | null, 
/**
 * The config file, where all of this is written.
 */
config: string, };

export type Totals = { 
/**
 * Exchanges, however they ended.
 */
requests: number, 
/**
 * Those that ended refused, failed or broken.
 */
failed: number, 
/**
 * Spend in billionths of a dollar.
 */
spend_nano_usd: number, 
/**
 * The part of the spend that is estimated.
 */
estimated_nano_usd: number, 
/**
 * Prompt tokens of every class.
 */
input_tokens: number, 
/**
 * Of which read from providers' prompt caches.
 */
cached_tokens: number, 
/**
 * Of which written to them.
 */
cache_written_tokens: number, 
/**
 * What those caches saved, in billionths of a dollar; below 0 where writing to them cost more.
 */
cache_saved_nano_usd: number, 
/**
 * Generated tokens of every class.
 */
output_tokens: number, 
/**
 * Answers of tools, without a model.
 */
by_tools: number, 
/**
 * What models' answers would have cost in their place, in billionths of a dollar.
 */
tool_saved_nano_usd: number, };

export type VerdictShown = "works" | "noted" | "not_offered" | "failed" | "not_tried";

export type VersionShown = { 
/**
 * The model as the provider names it in its replies.
 */
model: string | null, 
/**
 * What it says it runs on (`system_fingerprint`).
 */
fingerprint: string | null, };

export type WhichExaminations = { 
/**
 * Only this provider's.
 */
provider?: string, };

export type Operations = {
  "overview": { input: Nothing, output: Overview },
  "health": { input: Nothing, output: HealthShown },
  "models.changes": { input: Nothing, output: ModelChanges },
  "requests.list": { input: ListRequests, output: RequestPage },
  "requests.get": { input: ReceiptName, output: ReceiptShown },
  "providers.page": { input: Nothing, output: ProvidersPage },
  "providers.catalogue": { input: Nothing, output: Array<CatalogueEntry> },
  "connect": { input: Nothing, output: Connect },
  "providers.put": { input: PutProvider, output: Nothing },
  "providers.remove": { input: ProviderName, output: Nothing },
  "providers.enable": { input: EnableProvider, output: Nothing },
  "providers.test": { input: ProviderName, output: ProviderTest },
  "doctor.examine": { input: Examine, output: ExaminationShown },
  "doctor.matrix": { input: WhichExaminations, output: Array<ExaminationShown> },
  "keys.set": { input: SetKey, output: Nothing },
  "keys.remove": { input: ProviderName, output: Nothing },
  "keys.import": { input: ProviderName, output: Nothing },
  "aliases.put": { input: AliasShown, output: Nothing },
  "aliases.remove": { input: AliasName, output: Nothing },
  "cache.page": { input: Nothing, output: CachePage },
  "cache.fetch_model": { input: FetchModel, output: Nothing },
  "cache.cancel_fetch": { input: Nothing, output: Nothing },
  "cache.purge": { input: PurgeCache, output: PurgedCache },
  "tools.page": { input: Nothing, output: ToolsPage },
  "tools.run": { input: RunTool, output: ToolOutcome },
  "tools.recognise": { input: Recognise, output: RecognisedShown },
  "tools.grant": { input: GrantTool, output: Nothing },
  "tools.revoke": { input: RevokeTool, output: Nothing },
  "tools.rule": { input: PutToolRule, output: Nothing },
  "tools.off": { input: SwitchTool, output: Nothing },
  "drains.list": { input: Nothing, output: Array<DrainShown> },
  "drains.begin": { input: BeginDrain, output: Nothing },
  "drains.end": { input: EndDrain, output: Nothing },
  "routing.pause": { input: Pause, output: Nothing },
  "clients.create": { input: ClientName, output: FreshClientKey },
  "clients.revoke": { input: ClientName, output: Nothing },
  "clients.dismiss_first": { input: Nothing, output: Nothing },
};

export const operations = {
  "overview": { kind: "query", tags: ["receipts","providers","keys","status"] },
  "health": { kind: "query", tags: ["receipts","providers","keys","status"] },
  "models.changes": { kind: "query", tags: ["receipts","providers"] },
  "requests.list": { kind: "query", tags: ["receipts"] },
  "requests.get": { kind: "query", tags: [] },
  "providers.page": { kind: "query", tags: ["receipts","providers","keys","status"] },
  "providers.catalogue": { kind: "query", tags: ["providers","keys"] },
  "connect": { kind: "query", tags: ["clients"] },
  "providers.put": { kind: "mutation", tags: ["providers","status"] },
  "providers.remove": { kind: "mutation", tags: ["providers","status"] },
  "providers.enable": { kind: "mutation", tags: ["providers","status"] },
  "providers.test": { kind: "mutation", tags: [] },
  "doctor.examine": { kind: "mutation", tags: ["providers"] },
  "doctor.matrix": { kind: "query", tags: ["providers"] },
  "keys.set": { kind: "mutation", tags: ["keys","providers"] },
  "keys.remove": { kind: "mutation", tags: ["keys","providers"] },
  "keys.import": { kind: "mutation", tags: ["keys","providers"] },
  "aliases.put": { kind: "mutation", tags: ["providers"] },
  "aliases.remove": { kind: "mutation", tags: ["providers"] },
  "cache.page": { kind: "query", tags: ["receipts"] },
  "cache.fetch_model": { kind: "mutation", tags: ["receipts"] },
  "cache.cancel_fetch": { kind: "mutation", tags: ["receipts"] },
  "cache.purge": { kind: "mutation", tags: ["receipts"] },
  "tools.page": { kind: "query", tags: ["tools","providers"] },
  "tools.run": { kind: "mutation", tags: [] },
  "tools.recognise": { kind: "query", tags: [] },
  "tools.grant": { kind: "mutation", tags: ["tools","status"] },
  "tools.revoke": { kind: "mutation", tags: ["tools","status"] },
  "tools.rule": { kind: "mutation", tags: ["tools","status"] },
  "tools.off": { kind: "mutation", tags: ["tools","status"] },
  "drains.list": { kind: "query", tags: ["receipts","providers","status"] },
  "drains.begin": { kind: "mutation", tags: ["providers","status"] },
  "drains.end": { kind: "mutation", tags: ["providers","status"] },
  "routing.pause": { kind: "mutation", tags: ["status"] },
  "clients.create": { kind: "mutation", tags: ["clients"] },
  "clients.revoke": { kind: "mutation", tags: ["clients"] },
  "clients.dismiss_first": { kind: "mutation", tags: ["clients"] },
} as const;
