//! A request in our own words.
//!
//! Promises: everything a dialect can say has a place here: named, as owner-tagged
//! [`Extras`], or as an [`Kind::Opaque`] part. Order is kept.
//! Leaves out: what a target can take (`fit`), and how it is written.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::Sealed;
use crate::Dialect;

/// A conversation to be continued.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Request {
    /// The model as the caller wrote it.
    pub model: String,
    /// The caller wants a stream.
    pub stream: bool,
    /// The caller asked for usage at the end of its stream (always true but for Chat Completions).
    pub usage_asked: bool,
    /// Oldest first. System text at the front comes first here too.
    pub messages: Vec<Message>,
    /// The tools on offer.
    pub tools: Vec<Tool>,
    /// Whether and which tool must be called.
    pub choice: Option<Choice>,
    /// Whether several calls may come in one turn.
    pub parallel: Option<bool>,
    /// The most tokens to generate.
    pub max_output: Option<u64>,
    /// How words are drawn.
    pub sampling: Sampling,
    /// Texts that end the answer.
    pub stop: Vec<String>,
    /// How many answers (`n`); 1 when not set.
    pub candidates: Option<u32>,
    /// Log probabilities: how many alternatives at each place (0: the chosen token's alone).
    pub logprobs: Option<u32>,
    /// How much to think.
    pub thinking: Thinking,
    /// The form of the answer.
    pub format: Format,
    /// `low`, `medium` or `high`.
    pub verbosity: Option<String>,
    /// The service tier, as written by the caller.
    pub tier: Option<String>,
    /// The caller's own end user.
    pub end_user: Option<String>,
    /// Pairs the caller wants kept with the request.
    pub metadata: Map<String, Value>,
    /// Steers requests of one prefix to one cache (`prompt_cache_key`).
    pub cache_key: Option<String>,
    /// Continues a stored response (`previous_response_id`).
    pub previous: Option<String>,
    /// Whether the answer is to be kept for a later `previous`; `None` when unsaid.
    pub store: Option<bool>,
    /// The last message is the beginning of the answer, put there to be gone on from.
    pub begun: bool,
    /// What has no name here, at the top level of the request.
    pub extras: Extras,
}

/// Fields without a name in the hub, and whose they are. They return to their owner only.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Extras {
    /// The dialect they were written in; `None` when there are none.
    pub owner: Option<Dialect>,
    /// As written.
    pub fields: Map<String, Value>,
}

/// One turn, or a piece of one: neighbours of one role may be merged by a writer.
#[derive(Debug, Clone, PartialEq)]
pub struct Message {
    /// Who speaks.
    pub role: Role,
    /// In order.
    pub parts: Vec<Part>,
    /// The speaker's name, where a dialect has one.
    pub name: Option<String>,
    /// What has no name here.
    pub extras: Extras,
}

/// Who speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Role {
    /// The operator of the application, at any position.
    System,
    /// OpenAI's `developer`: below the platform, above the user. Elsewhere it is `System`.
    Developer,
    /// The user. Tool results are parts of [`Role::Tool`] messages, not of these.
    User,
    /// The model.
    Assistant,
    /// Results of tools: every part is a [`Kind::ToolResult`]. A dialect that mixes results
    /// with user text (Anthropic, Gemini) is split into a `Tool` and a `User` message.
    Tool,
}

/// A piece of a message.
#[derive(Debug, Clone, PartialEq)]
pub struct Part {
    /// What it is.
    pub kind: Kind,
    /// A prompt cache may end behind it.
    pub cache: Option<CacheMark>,
    /// A signature on this very part (Gemini signs calls and text as well as thoughts).
    /// Reasoning has its own in [`Reasoning::sealed`].
    pub sealed: Option<Sealed>,
    /// What has no name here.
    pub extras: Extras,
}

/// What a part is.
#[derive(Debug, Clone, PartialEq)]
pub enum Kind {
    /// Text.
    Text(String),
    /// An image, a sound, a film or a file.
    Media(Media),
    /// A call by the model.
    ToolCall(ToolCall),
    /// What a tool answered.
    ToolResult(ToolResult),
    /// What the model thought.
    Reasoning(Reasoning),
    /// The model's words when it declined.
    Refusal(String),
    /// A part of a type the hub does not know, as written by `Part::extras.owner`'s dialect
    /// (hosted tools' calls and results, compaction, search results, …).
    Opaque(Value),
}

/// An image, a sound, a film or a file.
#[derive(Debug, Clone, PartialEq)]
pub struct Media {
    /// What it is.
    pub kind: MediaKind,
    /// Where its bytes are.
    pub source: Source,
    /// The media type, such as `image/png`; `None` when only a URL is known.
    pub mime: Option<String>,
    /// A file name or title.
    pub name: Option<String>,
    /// How closely to look (`low`, `high`, `auto`, …), as written.
    pub detail: Option<String>,
}

/// Kinds of media.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum MediaKind {
    /// A picture.
    Image,
    /// Sound.
    Audio,
    /// A film.
    Video,
    /// A PDF, a text file or another document.
    Document,
}

/// Where media come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// Standard base64 of the bytes, without a `data:` prefix.
    Base64(String),
    /// An address to fetch from.
    Url(String),
    /// Plain text given in place (Anthropic's `text` documents).
    Text(String),
    /// A file uploaded to the owner of the dialect it was written in; valid there alone.
    FileId(String, Dialect),
}

/// A call of a tool.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ToolCall {
    /// Ties the result to the call. Empty only where the dialect has none (Ollama, Gemini).
    pub id: String,
    /// The tool's name.
    pub name: String,
    /// The namespace it lives in (Responses).
    pub namespace: Option<String>,
    /// The arguments: the text of a JSON object for a function, free text for a custom tool.
    pub arguments: String,
    /// The tool takes free text.
    pub custom: bool,
}

/// What a tool answered.
#[derive(Debug, Clone, PartialEq)]
pub struct ToolResult {
    /// The call it answers.
    pub call_id: String,
    /// The tool's name, where the dialect says it.
    pub name: Option<String>,
    /// Text, media, or opaque parts.
    pub parts: Vec<Part>,
    /// The tool failed.
    pub is_error: bool,
    /// Answers a custom (free-text) tool.
    pub custom: bool,
}

/// What the model thought.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Reasoning {
    /// The thought itself, or what of it was shown.
    pub text: String,
    /// Summaries, where the dialect keeps them apart from the thought (Responses).
    pub summary: Vec<String>,
    /// The signature or the encrypted thought.
    pub sealed: Option<Sealed>,
    /// `sealed` is the thought itself, hidden (Anthropic's `redacted_thinking`), not a signature on `text`.
    pub hidden: bool,
    /// The item's id, where the dialect has one (Responses).
    pub id: Option<String>,
}

/// A prompt cache may end here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CacheMark {
    /// How long it is to live.
    pub lifetime: Lifetime,
}

/// How long a cached prefix is to live.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Lifetime {
    /// The vendor's default: minutes.
    Short,
    /// An hour or more.
    Long,
}

/// A tool on offer.
#[derive(Debug, Clone, PartialEq)]
pub struct Tool {
    /// What it is.
    pub kind: ToolKind,
    /// A prompt cache may end behind it.
    pub cache: Option<CacheMark>,
    /// What has no name here (`defer_loading`, `input_examples`, …).
    pub extras: Extras,
}

/// What a tool is.
#[derive(Debug, Clone, PartialEq)]
pub enum ToolKind {
    /// Called with a JSON object.
    Function {
        /// Its name.
        name: String,
        /// The namespace it lives in (Responses).
        namespace: Option<String>,
        /// What it is for.
        description: Option<String>,
        /// JSON Schema of its arguments, untouched; `None` when it takes none.
        schema: Option<Value>,
        /// Whether arguments must follow the schema exactly; `None` when unsaid.
        strict: Option<bool>,
    },
    /// Called with free text.
    Custom {
        /// Its name.
        name: String,
        /// What it is for.
        description: Option<String>,
        /// The grammar of its text, as written.
        format: Option<Value>,
    },
    /// Run by the provider (web search, code execution, …): `value` as written by
    /// `Tool::extras.owner`'s dialect.
    Hosted {
        /// The `type` it is declared with.
        name: String,
        /// The whole declaration.
        value: Value,
    },
}

/// Whether and which tool must be called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Choice {
    /// The model decides.
    Auto,
    /// No tool.
    None,
    /// Some tool.
    Any,
    /// This tool.
    Tool(String),
    /// One of these; `required` says whether one must be called.
    Among {
        /// Their names.
        names: Vec<String>,
        /// One must be called.
        required: bool,
    },
}

/// How words are drawn. `None`: not set by the caller.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Sampling {
    /// 0 to 2 in OpenAI's scale; Anthropic and Bedrock end at 1.
    pub temperature: Option<f64>,
    /// Nucleus.
    pub top_p: Option<f64>,
    /// The k likeliest.
    pub top_k: Option<u64>,
    /// For repeatable draws.
    pub seed: Option<i64>,
    /// -2 to 2.
    pub frequency_penalty: Option<f64>,
    /// -2 to 2.
    pub presence_penalty: Option<f64>,
    /// Token id to bias, as written.
    pub logit_bias: Map<String, Value>,
}

/// How much to think.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Thinking {
    /// The step on the ladder.
    pub effort: Option<Effort>,
    /// A budget in tokens, where the dialect counts so.
    pub budget: Option<u64>,
    /// `Some(false)`: switched off; `Some(true)`: on, the model decides how much (adaptive).
    pub on: Option<bool>,
    /// Whether thoughts or summaries are to be shown (`includeThoughts`, `reasoning.summary`, `display`).
    pub shown: Option<bool>,
}

/// The effort ladder; each dialect has a part of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Effort {
    /// Do not think.
    None,
    /// Hardly.
    Minimal,
    /// A little.
    Low,
    /// Some.
    Medium,
    /// Much.
    High,
    /// Very much.
    XHigh,
    /// As much as can be.
    Max,
}

/// The form of the answer.
#[derive(Debug, Clone, PartialEq, Default)]
pub enum Format {
    /// Text.
    #[default]
    Text,
    /// Some JSON object.
    Json,
    /// JSON after a schema.
    Schema {
        /// The schema's name, where the dialect has one.
        name: Option<String>,
        /// What it is for.
        description: Option<String>,
        /// JSON Schema, untouched.
        schema: Value,
        /// Whether it must be followed exactly; `None` when unsaid.
        strict: Option<bool>,
    },
}

impl Extras {
    /// Fields left over in a request written in `owner`.
    pub fn of(owner: Dialect, fields: Map<String, Value>) -> Extras {
        Extras {
            owner: (!fields.is_empty()).then_some(owner),
            fields,
        }
    }

    /// No fields, but a word on whose dialect the value beside it is written in.
    pub fn by(owner: Dialect) -> Extras {
        Extras {
            owner: Some(owner),
            fields: Map::new(),
        }
    }
}

impl Role {
    /// The word for dialects that know four of them.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Role::System | Role::Developer => "system",
            Role::User => "user",
            Role::Assistant => "assistant",
            Role::Tool => "tool",
        }
    }
}

impl Reasoning {
    /// The thought, or its summaries where they alone were shown.
    pub(crate) fn words(self) -> String {
        if self.text.is_empty() {
            self.summary.join("\n\n")
        } else {
            self.text
        }
    }
}

impl Message {
    /// A message without a name or extras.
    pub fn new(role: Role, parts: Vec<Part>) -> Message {
        Message {
            role,
            parts,
            name: None,
            extras: Extras::default(),
        }
    }
}

impl Part {
    /// A part without marks.
    pub fn new(kind: Kind) -> Part {
        Part {
            kind,
            cache: None,
            sealed: None,
            extras: Extras::default(),
        }
    }

    /// A piece of text.
    pub fn text(text: impl Into<String>) -> Part {
        Part::new(Kind::Text(text.into()))
    }
}

impl Tool {
    /// The name a call or a choice refers to; hosted tools go by their type.
    pub fn name(&self) -> &str {
        match &self.kind {
            ToolKind::Function { name, .. }
            | ToolKind::Custom { name, .. }
            | ToolKind::Hosted { name, .. } => name,
        }
    }
}

impl Effort {
    /// The word OpenAI uses, which is ours too.
    pub fn word(self) -> &'static str {
        match self {
            Effort::None => "none",
            Effort::Minimal => "minimal",
            Effort::Low => "low",
            Effort::Medium => "medium",
            Effort::High => "high",
            Effort::XHigh => "xhigh",
            Effort::Max => "max",
        }
    }

    /// Reads the word, in any case.
    pub fn from_word(word: &str) -> Option<Effort> {
        let all = [
            Effort::None,
            Effort::Minimal,
            Effort::Low,
            Effort::Medium,
            Effort::High,
            Effort::XHigh,
            Effort::Max,
        ];
        all.into_iter()
            .find(|effort| effort.word().eq_ignore_ascii_case(word))
    }
}
