//! The faces shown to people: what the panel reads and writes.
//!
//! Promises: everything here can leave the process; no type here can hold a
//! provider's key on its way out. TypeScript is generated from these types.

mod drain;
mod examination;
mod health;
mod kept;
mod tools;
mod versions;
mod workbench;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use ts_rs::TS;

pub use drain::*;
pub use examination::*;
pub use health::*;
pub use kept::*;
pub use tools::*;
pub use versions::*;
pub use workbench::*;

/// The Overview page in one read.
#[derive(Debug, Clone, Serialize, TS)]
pub struct Overview {
    /// Signalbox's version.
    pub version: String,
    /// Where tools are pointed: one line per listener, numeric, no trailing slash.
    pub addresses: Vec<String>,
    /// Routing is paused: every request gets a clear refusal.
    pub paused: bool,
    /// Exchanges being served right now.
    pub in_flight: u32,
    /// Since local midnight.
    pub today: Totals,
    /// What providers' prompt caches came to since Signalbox started.
    pub prompt_cache: PromptCacheSums,
    /// What became of requests whose answers may be kept, since the start.
    pub cache: CacheTally,
    /// The last sixty minutes, oldest first; the last one is the running minute.
    pub minutes: Vec<Minute>,
    /// Every configured provider.
    pub providers: Vec<ProviderHealth>,
    /// What needs a person. Empty when all is well.
    pub alarms: Vec<Alarm>,
    /// No provider but the practice one is ready: the page explains the first step.
    pub practice_only: bool,
}

/// Sums over a span of time.
#[derive(Debug, Clone, Default, Serialize, TS)]
pub struct Totals {
    /// Exchanges, however they ended.
    pub requests: u64,
    /// Those that ended refused, failed or broken.
    pub failed: u64,
    /// Spend in billionths of a dollar.
    pub spend_nano_usd: i64,
    /// The part of the spend that is estimated.
    pub estimated_nano_usd: i64,
    /// Prompt tokens of every class.
    pub input_tokens: u64,
    /// Of which read from providers' prompt caches.
    pub cached_tokens: u64,
    /// Of which written to them.
    pub cache_written_tokens: u64,
    /// What those caches saved, in billionths of a dollar; below 0 where writing to them cost more.
    pub cache_saved_nano_usd: i64,
    /// Generated tokens of every class.
    pub output_tokens: u64,
    /// Answers of tools, without a model.
    pub by_tools: u64,
    /// What models' answers would have cost in their place, in billionths of a dollar.
    pub tool_saved_nano_usd: i64,
}

/// What providers' prompt caches came to.
#[derive(Debug, Clone, Copy, Default, Serialize, TS)]
pub struct PromptCacheSums {
    /// Prompt tokens read from them.
    pub read_tokens: u64,
    /// Prompt tokens written to them.
    pub written_tokens: u64,
    /// What they saved, in billionths of a dollar; below 0 where writing to them cost more.
    pub saved_nano_usd: i64,
}

/// One minute of traffic.
#[derive(Debug, Clone, Copy, Default, Serialize, TS)]
pub struct Minute {
    /// Exchanges that ended in it.
    pub requests: u32,
    /// Those that ended refused, failed or broken.
    pub failed: u32,
}

/// How a provider has been doing lately.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum HealthState {
    /// No attempt in the last five minutes.
    Idle,
    /// Under 2% of what was asked of it failed.
    Healthy,
    /// 2% or more failed, it asked for a pause, or it is coming back.
    Degraded,
    /// 5% or more failed: aliases with a rule ask it only to see whether it is back.
    Failing,
    /// Takes no new work; finishes what it has.
    Draining,
    /// Switched off in the config.
    Disabled,
    /// Its key is missing.
    NoKey,
}

/// One provider's recent health.
#[derive(Debug, Clone, Serialize, TS)]
pub struct ProviderHealth {
    /// The word in `provider/model`.
    pub id: String,
    /// The name people know it by.
    pub name: String,
    /// The built-in practice provider.
    pub practice: bool,
    /// In one word.
    pub state: HealthState,
    /// What is not well: "gpt-5: Degraded: 3.1 % errors over 2 min, 5 × 503".
    pub cause: Option<String>,
    /// Attempts in the last five minutes.
    pub attempts: u32,
    /// Of which failed.
    pub failures: u32,
    /// Median time to the first byte over recent successes, in milliseconds.
    pub ttft_ms: Option<f64>,
    /// Attempts being served right now.
    pub in_flight: u32,
    /// Spend since local midnight, in billionths of a dollar.
    pub spend_today_nano_usd: i64,
    /// The latest failure in the window.
    pub last_failure: Option<LastFailure>,
}

/// The latest failure of a provider.
#[derive(Debug, Clone, Serialize, TS)]
pub struct LastFailure {
    /// When, in milliseconds since 1970.
    pub at_unix_ms: u64,
    /// Its category, e.g. `rate_limit`.
    pub category: String,
    /// What the provider said, one line.
    pub message: String,
}

/// Something that needs a person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS)]
pub struct Alarm {
    /// A word for it: `config_refused`, `keychain_unavailable`, `ledger_down`.
    pub code: String,
    /// What happened, to what, and what to do.
    pub message: String,
}

/// Which receipts are wanted.
#[derive(Debug, Clone, Default, Deserialize, TS)]
#[serde(default, deny_unknown_fields)]
#[ts(optional_fields)]
pub struct ListRequests {
    /// Only older than this receipt.
    pub before: Option<String>,
    /// At most this many; 100 when absent, 500 at most.
    pub limit: Option<u32>,
    /// Part of a model, provider, alias, client or receipt id.
    pub text: Option<String>,
    /// Only this provider's.
    pub provider: Option<String>,
    /// Only refused, failed and broken ones.
    pub failed_only: bool,
}

/// A page of receipts, newest first.
#[derive(Debug, Clone, Serialize, TS)]
pub struct RequestPage {
    /// The rows.
    pub rows: Vec<RequestRow>,
    /// Whether older ones exist.
    pub more: bool,
}

/// A receipt as a line of the list.
#[derive(Debug, Clone, Serialize, TS)]
pub struct RequestRow {
    /// The receipt's name, as in the `x-signalbox-receipt` header.
    pub id: String,
    /// When it began, in milliseconds since 1970.
    pub at_unix_ms: u64,
    /// The client key's name.
    pub client: Option<String>,
    /// `chat_completions`, `messages`, …
    pub endpoint: Option<String>,
    /// The model as the client wrote it.
    pub requested_model: Option<String>,
    /// The alias it went through.
    pub alias: Option<String>,
    /// Who answered in the end.
    pub provider: Option<String>,
    /// The model asked of it.
    pub model: Option<String>,
    /// Whether the practice provider answered.
    pub practice: bool,
    /// How many targets were tried.
    pub attempts: u32,
    /// Whether a stream was asked for.
    pub streamed: bool,
    /// Prompt tokens of every class.
    pub input_tokens: u64,
    /// Generated tokens of every class.
    pub output_tokens: u64,
    /// `metered`, `estimated` or `none`.
    pub usage_basis: String,
    /// Cost in billionths of a dollar.
    pub cost_nano_usd: i64,
    /// `metered`, `estimated` or `none`.
    pub cost_basis: String,
    /// Time to first byte, in milliseconds.
    pub ttft_ms: Option<f64>,
    /// Total time, in milliseconds.
    pub total_ms: f64,
    /// HTTP status the client got.
    pub status: u16,
    /// `complete`, `refused`, `failed`, `broken` or `client_gone`.
    pub ending: String,
    /// Our error code, when there is one.
    pub fault: Option<String>,
    /// What kept answers had to do with it: `memory`, `joined`, `missed`, …
    pub cache: Option<String>,
    /// How tools came into it: `named`, `recognised`, `shadow`, `offered`, …
    pub tools: Option<String>,
}

/// Which receipt.
#[derive(Debug, Clone, Deserialize, TS)]
#[serde(deny_unknown_fields)]
pub struct ReceiptName {
    /// As in the `x-signalbox-receipt` header.
    pub id: String,
}

/// A receipt, whole.
#[derive(Debug, Clone, Serialize, TS)]
pub struct ReceiptShown {
    /// What the list shows of it.
    pub row: RequestRow,
    /// Tries in the order in which they ended; the last one answered, if any did.
    pub attempts: Vec<AttemptShown>,
    /// Targets left out, each with its reason.
    pub dropped: Vec<DroppedShown>,
    /// Why the first target was the first; `None` where there was but one.
    pub choice: Option<ChoiceShown>,
    /// What kept answers had to do with it; `None` where nobody looked for one.
    pub cache: Option<CacheNoteShown>,
    /// What tools had to do with it; `None` where none had.
    pub tools: Option<ToolNoteShown>,
    /// What the translation into the provider's dialect could not carry.
    pub notes: Vec<NoteShown>,
    /// Tokens by class; they sum.
    pub tokens: TokensShown,
    /// What the provider's own prompt cache came to; `None` where it had no part in it.
    pub prompt_cache: Option<PromptCacheShown>,
    /// The exact version the provider says answered.
    pub model_version: Option<String>,
    /// What it says it runs on.
    pub fingerprint: Option<String>,
    /// The provider's own name for the reply.
    pub upstream_id: Option<String>,
    /// Which catalogue the price came from.
    pub price_version: Option<String>,
    /// Why the model stopped.
    pub stop: Option<String>,
    /// What the client was told when it went wrong.
    pub message: Option<String>,
    /// Size of the request's body.
    pub request_bytes: u64,
    /// Size of the answer's body.
    pub reply_bytes: u64,
}

/// What the provider's own prompt cache came to in one exchange.
#[derive(Debug, Clone, Serialize, TS)]
pub struct PromptCacheShown {
    /// It was given hints that the client had not set.
    pub hinted: bool,
    /// Prompt tokens read from it.
    pub read_tokens: u64,
    /// Prompt tokens written to it.
    pub written_tokens: u64,
    /// What it saved, in billionths of a dollar; below 0 where writing to it cost more.
    pub saved_nano_usd: i64,
    /// `metered`, `estimated`, or `none` where no price is known or nothing is paid.
    pub basis: String,
}

/// One try at one target.
#[derive(Debug, Clone, Serialize, TS)]
pub struct AttemptShown {
    /// The provider's id.
    pub provider: String,
    /// The model asked of it.
    pub model: String,
    /// The name of the key that was shown, where the provider has several.
    pub key: Option<String>,
    /// Why it stood at its place.
    pub why: String,
    /// The dialect the request was translated into; absent when it went as it came.
    pub spoken: Option<String>,
    /// Requests it took: one, or one for each of several answers. Each is paid for.
    pub calls: u32,
    /// Since the exchange began, in milliseconds.
    pub started_ms: f64,
    /// How long it took, in milliseconds.
    pub took_ms: f64,
    /// The provider's HTTP status.
    pub status: Option<u16>,
    /// The failure's category; absent when it succeeded.
    pub failure: Option<String>,
    /// The provider's own code.
    pub code: Option<String>,
    /// What the provider said.
    pub message: Option<String>,
    /// It was cancelled, because another that was asked at the same time ended first.
    pub lost: Option<LostShown>,
}

/// What is lost with an attempt that was cancelled.
#[derive(Debug, Clone, Serialize, TS)]
pub struct LostShown {
    /// What may be billed for it, in billionths of a dollar: part of the request's cost.
    pub cost_nano_usd: i64,
    /// `estimated`, or `none` where its price is not known.
    pub cost_basis: String,
}

/// What a translation could not carry.
#[derive(Debug, Clone, Serialize, TS)]
pub struct NoteShown {
    /// `equivalent`, `degraded` or `dropped`.
    pub loss: String,
    /// The field or part, as the caller knows it.
    pub what: String,
    /// What became of it, and why.
    pub why: String,
}

/// How one of several targets was chosen.
#[derive(Debug, Clone, Serialize, TS)]
pub struct ChoiceShown {
    /// Whether a conversation stayed where its cache is warm, and why not, in a sentence; and what a switch comes to.
    pub kept: Option<String>,
    /// How much more this request would cost elsewhere, in billionths of a dollar, with the warm cache lost.
    pub switch_nano_usd: Option<i64>,
    /// Replays the choice.
    pub seed: String,
    /// Every target that could have been asked, in the order of the plan.
    pub considered: Vec<ConsideredShown>,
    /// Why no second target was asked beside the first; `None` where one was, or none was needed or allowed.
    pub no_hedge: Option<String>,
}

/// One target of a choice.
#[derive(Debug, Clone, Serialize, TS)]
pub struct ConsideredShown {
    /// `provider/model`
    pub target: String,
    /// Its place in the order, from 1; `None` when it was not to be asked.
    pub place: Option<u32>,
    /// Why it stood there.
    pub why: String,
    /// Its score, lower being better; `None` where it was not scored.
    pub score: Option<f64>,
    /// What the score is made of, largest first, without what is nothing.
    pub terms: Vec<TermShown>,
    /// Expected until the first word, in milliseconds.
    pub ttft_ms: Option<f64>,
    /// Expected cost in billionths of a dollar.
    pub cost_nano_usd: Option<i64>,
}

/// One part of a score.
#[derive(Debug, Clone, Serialize, TS)]
pub struct TermShown {
    /// `price`, `latency`, `load`, `errors`, `uptime`, `odd`, `machine` or `priority`.
    pub name: String,
    /// What it adds.
    pub value: f64,
}

/// A target that was left out.
#[derive(Debug, Clone, Serialize, TS)]
pub struct DroppedShown {
    /// `provider/model`
    pub target: String,
    /// Why.
    pub reason: String,
}

/// Tokens by class.
#[derive(Debug, Clone, Copy, Serialize, TS)]
pub struct TokensShown {
    /// Full-price prompt tokens.
    pub input: u64,
    /// Read from the provider's cache.
    pub cache_read: u64,
    /// Written to it, default lifetime.
    pub cache_write: u64,
    /// Written to it, long lifetime.
    pub cache_write_long: u64,
    /// Visible output.
    pub output: u64,
    /// Reasoning.
    pub reasoning: u64,
}

/// The Providers page in one read.
#[derive(Debug, Clone, Serialize, TS)]
pub struct ProvidersPage {
    /// As configured, in order; practice last.
    pub providers: Vec<ProviderShown>,
    /// Every drain: those that were asked for, and what still runs at providers that were changed.
    pub drains: Vec<DrainShown>,
    /// Where keys are kept.
    pub key_store: KeyStore,
    /// Names that stand for lists of targets.
    pub aliases: Vec<AliasShown>,
    /// The config file.
    pub config: ConfigShown,
}

/// Where keys are kept on this machine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum KeyStore {
    /// The operating system's keychain.
    Keychain,
    /// There is none: keys set here live until Signalbox ends.
    Memory {
        /// Why, and what to do.
        reason: String,
    },
}

/// One provider as configured.
#[derive(Debug, Clone, Serialize, TS)]
pub struct ProviderShown {
    /// Its health and name.
    pub health: ProviderHealth,
    /// `openai`, `anthropic`
    pub surfaces: Vec<SurfaceShown>,
    /// Where its key comes from.
    pub key: KeyShown,
    /// Runs on this machine or network.
    pub local: bool,
    /// In the config (as opposed to built in): may be edited and removed.
    pub editable: bool,
    /// Takes new work.
    pub enabled: bool,
    /// It finishes what it has and takes nothing new: its own drain, or its key's.
    pub drain: Option<DrainShown>,
    /// Models known, as `GET /v1/models` lists them (without the prefix).
    pub models: Vec<String>,
    /// What the doctor found, the latest first, one a model.
    pub examinations: Vec<ExaminationRow>,
    /// The doctor is at it now.
    pub examining: bool,
}

/// One dialect of a provider.
#[derive(Debug, Clone, Serialize, TS)]
pub struct SurfaceShown {
    /// `openai` or `anthropic`
    pub dialect: String,
    /// Where it is.
    pub base_url: String,
}

/// Where a provider's key comes from, and whether it is there. Never the key.
#[derive(Debug, Clone, Serialize, TS)]
pub struct KeyShown {
    /// `keychain`, `environment` or `none`
    pub source: String,
    /// The keychain name or the variable.
    pub name: Option<String>,
    /// How it is shown to the provider: `bearer`, `google`, `aws`, …
    pub auth: String,
    /// Whether it is there now.
    pub present: bool,
    /// Further keys of the provider.
    pub others: Vec<OtherKey>,
    /// A variable of the environment that holds a key for it and is not used yet.
    pub importable: Option<String>,
}

/// A further key of a provider. Never the key.
#[derive(Debug, Clone, Serialize, TS)]
pub struct OtherKey {
    /// The keychain name or the variable.
    pub name: String,
    /// Whether it is there now.
    pub present: bool,
}

/// A name that stands for targets.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
pub struct AliasShown {
    /// The model name clients send.
    pub name: String,
    /// `provider/model`, first choice first.
    pub targets: Vec<String>,
}

/// Which alias.
#[derive(Debug, Clone, Deserialize, TS)]
#[serde(deny_unknown_fields)]
pub struct AliasName {
    /// The model name clients send.
    pub name: String,
}

/// The config file and whether its newest edit was accepted.
#[derive(Debug, Clone, Serialize, TS)]
pub struct ConfigShown {
    /// Where it is.
    pub path: String,
    /// Rises with every accepted edit.
    pub snapshot: u64,
    /// Why the newest edit was refused; the last good one runs.
    pub refused: Option<ConfigRefusal>,
}

/// Why an edit was refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS)]
pub struct ConfigRefusal {
    /// One-based line.
    pub line: Option<u32>,
    /// One-based column.
    pub column: Option<u32>,
    /// What is wrong and what to do.
    pub reason: String,
}

/// A provider that can be added by name.
#[derive(Debug, Clone, Serialize, TS)]
pub struct CatalogueEntry {
    /// Its id.
    pub id: String,
    /// The name people know it by.
    pub name: String,
    /// Runs on this machine.
    pub local: bool,
    /// Whether a key is needed.
    pub needs_key: bool,
    /// Where a person gets one.
    pub keys_page: Option<String>,
    /// A variable of the environment that holds a key for it.
    pub environment: Option<String>,
    /// Already configured.
    pub configured: bool,
    /// How its key is shown: `bearer`, `google`, `aws`, …
    pub auth: String,
    /// Its address, when parts of it are the user's own: `https://{resource}.…`
    pub address: Option<String>,
    /// Those parts, in order.
    pub parts: Vec<String>,
    /// Where its older paths begin, which want an `api_version`.
    pub older_address: Option<String>,
    /// `openai`, `anthropic`
    pub dialects: Vec<String>,
    /// How many of its models have a price here.
    pub models: u32,
}

/// Adds a provider or changes one.
#[derive(Debug, Clone, Deserialize, TS)]
#[serde(deny_unknown_fields)]
#[ts(optional_fields)]
pub struct PutProvider {
    /// A catalogue id, or a new word of one's own.
    pub id: String,
    /// Shown name.
    pub name: Option<String>,
    /// What the address of a catalogue entry asks for: `resource`, `region`, …
    pub parts: Option<BTreeMap<String, String>>,
    /// Of older paths, where the catalogue entry has them.
    pub api_version: Option<String>,
    /// Where it speaks OpenAI's Chat Completions.
    pub openai_base_url: Option<String>,
    /// Where it speaks OpenAI's Responses.
    pub responses_base_url: Option<String>,
    /// Where it speaks Anthropic's dialect.
    pub anthropic_base_url: Option<String>,
    /// Where it speaks Gemini's dialect.
    pub gemini_base_url: Option<String>,
    /// Where it speaks Ollama's own dialect.
    pub ollama_base_url: Option<String>,
    /// Where it speaks Bedrock's Converse.
    pub bedrock_base_url: Option<String>,
    /// Where it speaks Cohere's dialect.
    pub cohere_base_url: Option<String>,
    /// Where requests are signed for, when the address does not say it.
    pub region: Option<String>,
    /// `bearer`, `x-api-key`, `api-key`, `x-goog-api-key`, `google`, `aws` or `none`; as its dialect
    /// does when absent.
    pub auth: Option<String>,
    /// `keychain`, `env:NAME` or `none`
    pub key: Option<String>,
}

/// Which provider.
#[derive(Debug, Clone, Deserialize, TS)]
#[serde(deny_unknown_fields)]
pub struct ProviderName {
    /// Its id.
    pub id: String,
}

/// Switches a provider on or off.
#[derive(Debug, Clone, Deserialize, TS)]
#[serde(deny_unknown_fields)]
pub struct EnableProvider {
    /// Its id.
    pub id: String,
    /// On.
    pub enabled: bool,
}

/// What a test of a provider's key and address found.
#[derive(Debug, Clone, Serialize, TS)]
pub struct ProviderTest {
    /// It answered and took the key.
    pub ok: bool,
    /// What was found, and what to do when it is not ok.
    pub message: String,
    /// How long it took, in milliseconds.
    pub took_ms: f64,
    /// How many models it lists, when it says.
    pub models: Option<u32>,
}

/// A key on its way in. It never comes back.
#[derive(Deserialize, TS)]
#[serde(deny_unknown_fields)]
pub struct SetKey {
    /// The provider it belongs to.
    pub provider: String,
    /// The key. Not printable, not serialisable.
    #[ts(type = "string")]
    pub value: secrecy::SecretString,
}

/// A client key in the list.
#[derive(Debug, Clone, Serialize, TS)]
pub struct ClientShown {
    /// Its name.
    pub name: String,
    /// When it was made, in milliseconds since 1970.
    pub created_unix_ms: u64,
    /// Its last four characters.
    pub hint: String,
}

/// Which client key.
#[derive(Debug, Clone, Deserialize, TS)]
#[serde(deny_unknown_fields)]
pub struct ClientName {
    /// Its name.
    pub name: String,
}

/// A fresh client key: shown once, kept only as a hash.
#[derive(Serialize, TS)]
pub struct FreshClientKey {
    /// Its name.
    pub name: String,
    /// The key itself.
    pub key: String,
}

/// What a tool needs to be pointed here.
#[derive(Serialize, TS)]
pub struct Connect {
    /// Numeric address without a path, e.g. `http://127.0.0.1:7411`.
    pub base_url: String,
    /// The key made at the first start, until it is dismissed or the app ends.
    pub first_key: Option<FreshClientKey>,
    /// Client keys that exist.
    pub clients: Vec<ClientShown>,
}

/// Pauses or resumes routing.
#[derive(Debug, Clone, Deserialize, TS)]
#[serde(deny_unknown_fields)]
pub struct Pause {
    /// Refuse new requests with a clear message.
    pub paused: bool,
}

/// Takes no input, or gives no output.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize, TS)]
#[serde(default, deny_unknown_fields)]
pub struct Nothing {}

/// What changed, so that the panel knows what to read again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum Tag {
    /// Receipts, and everything summed from them.
    Receipts,
    /// Providers: configuration, health, drain.
    Providers,
    /// Keys.
    Keys,
    /// Client keys.
    Clients,
    /// Paused or not, alarms, what is in flight.
    Status,
    /// Tools: grants, rules, which are off.
    Tools,
}

impl Tag {
    /// Every tag: read everything again.
    pub const ALL: [Tag; 6] = [
        Tag::Receipts,
        Tag::Providers,
        Tag::Keys,
        Tag::Clients,
        Tag::Status,
        Tag::Tools,
    ];
}

/// Pushed to the panel. At most four a second, whatever the traffic.
#[derive(Debug, Clone, Serialize, TS)]
pub struct Event {
    /// Receipts settled since the last event, newest first, at most 100.
    pub receipts: Vec<RequestRow>,
    /// What to read again.
    pub changed: Vec<Tag>,
}
