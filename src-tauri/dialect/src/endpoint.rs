//! The dialects we speak and the endpoints each of them has.

use serde::{Deserialize, Serialize};

/// A wire format: how requests, replies, streams and errors are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Dialect {
    /// OpenAI Chat Completions and its neighbours, and everybody who copied them.
    OpenAi,
    /// OpenAI Responses.
    Responses,
    /// Anthropic Messages.
    Anthropic,
    /// Google's `generateContent`.
    Gemini,
    /// Ollama's own `/api`.
    Ollama,
    /// Amazon Bedrock Converse.
    Bedrock,
    /// Cohere v2, and the rerank shape that others copied.
    Cohere,
}

/// What an endpoint is for. Requests are translated between endpoints of one task.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Task {
    /// Continue a conversation.
    Generate,
    /// Count a request's tokens.
    Count,
    /// Make vectors.
    Embed,
    /// Order documents by a query.
    Rerank,
    /// Something of one dialect alone, passed on as it is: images and sound.
    Pass,
}

macro_rules! endpoints {
    ($($(#[$doc:meta])* $name:ident: $dialect:ident, $task:ident, $word:literal;)*) => {
        /// An operation of a dialect that reaches a provider.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum Endpoint { $($(#[$doc])* $name,)* }

        impl Endpoint {
            /// Every endpoint, for tables and tests.
            pub const ALL: [Endpoint; [$(Endpoint::$name,)*].len()] = [$(Endpoint::$name,)*];

            /// The dialect this endpoint belongs to.
            pub fn dialect(self) -> Dialect {
                match self { $(Endpoint::$name => Dialect::$dialect,)* }
            }

            /// What it is for.
            pub fn task(self) -> Task {
                match self { $(Endpoint::$name => Task::$task,)* }
            }

            /// The word used in receipts.
            pub fn name(self) -> &'static str {
                match self { $(Endpoint::$name => $word,)* }
            }
        }
    };
}

endpoints! {
    /// `POST /v1/chat/completions`
    ChatCompletions: OpenAi, Generate, "chat_completions";
    /// `POST /v1/completions`: one text to go on from. Long superseded, still asked for.
    Completions: OpenAi, Generate, "completions";
    /// `POST /v1/embeddings`
    Embeddings: OpenAi, Embed, "embeddings";
    /// `POST /v1/images/generations`
    ImagesGenerations: OpenAi, Pass, "images_generations";
    /// `POST /v1/images/edits`
    ImagesEdits: OpenAi, Pass, "images_edits";
    /// `POST /v1/images/variations`
    ImagesVariations: OpenAi, Pass, "images_variations";
    /// `POST /v1/audio/speech`
    AudioSpeech: OpenAi, Pass, "audio_speech";
    /// `POST /v1/audio/transcriptions`
    AudioTranscriptions: OpenAi, Pass, "audio_transcriptions";
    /// `POST /v1/audio/translations`
    AudioTranslations: OpenAi, Pass, "audio_translations";
    /// `POST /v1/responses`
    Responses: Responses, Generate, "responses";
    /// `POST /v1/responses/input_tokens`
    InputTokens: Responses, Count, "input_tokens";
    /// `POST /v1/messages`
    Messages: Anthropic, Generate, "messages";
    /// `POST /v1/messages/count_tokens`
    CountTokens: Anthropic, Count, "count_tokens";
    /// `POST /v1beta/models/{model}:generateContent` and `:streamGenerateContent`
    GenerateContent: Gemini, Generate, "generate_content";
    /// `POST /v1beta/models/{model}:countTokens`
    GeminiCountTokens: Gemini, Count, "gemini_count_tokens";
    /// `POST /v1beta/models/{model}:embedContent`
    EmbedContent: Gemini, Embed, "embed_content";
    /// `POST /v1beta/models/{model}:batchEmbedContents`
    BatchEmbedContents: Gemini, Embed, "batch_embed_contents";
    /// `POST /api/chat`
    OllamaChat: Ollama, Generate, "ollama_chat";
    /// `POST /api/generate`
    OllamaGenerate: Ollama, Generate, "ollama_generate";
    /// `POST /api/embed`
    OllamaEmbed: Ollama, Embed, "ollama_embed";
    /// Bedrock's `POST /model/{model}/converse` and `/converse-stream`; outwards only.
    Converse: Bedrock, Generate, "converse";
    /// Cohere's `POST /v2/chat`; outwards only.
    CohereChat: Cohere, Generate, "cohere_chat";
    /// Cohere's `POST /v2/embed`; outwards only.
    CohereEmbed: Cohere, Embed, "cohere_embed";
    /// `POST /v1/rerank` and `/v2/rerank`, the shape of Cohere and Jina
    Rerank: Cohere, Rerank, "rerank";
}

impl Dialect {
    /// Every dialect, for tables and tests.
    pub const ALL: [Dialect; 7] = [
        Dialect::OpenAi,
        Dialect::Responses,
        Dialect::Anthropic,
        Dialect::Gemini,
        Dialect::Ollama,
        Dialect::Bedrock,
        Dialect::Cohere,
    ];

    /// The word used in config, receipts and messages.
    pub fn name(self) -> &'static str {
        match self {
            Dialect::OpenAi => "openai",
            Dialect::Responses => "responses",
            Dialect::Anthropic => "anthropic",
            Dialect::Gemini => "gemini",
            Dialect::Ollama => "ollama",
            Dialect::Bedrock => "bedrock",
            Dialect::Cohere => "cohere",
        }
    }

    /// The endpoint that a request for `task` is written for in this dialect.
    pub fn endpoint(self, task: Task) -> Option<Endpoint> {
        Some(match (self, task) {
            (Dialect::OpenAi, Task::Generate) => Endpoint::ChatCompletions,
            (Dialect::Responses, Task::Generate) => Endpoint::Responses,
            (Dialect::Anthropic, Task::Generate) => Endpoint::Messages,
            (Dialect::Gemini, Task::Generate) => Endpoint::GenerateContent,
            (Dialect::Ollama, Task::Generate) => Endpoint::OllamaChat,
            (Dialect::Bedrock, Task::Generate) => Endpoint::Converse,
            (Dialect::Cohere, Task::Generate) => Endpoint::CohereChat,
            (Dialect::Responses, Task::Count) => Endpoint::InputTokens,
            (Dialect::Anthropic, Task::Count) => Endpoint::CountTokens,
            (Dialect::Gemini, Task::Count) => Endpoint::GeminiCountTokens,
            (Dialect::OpenAi, Task::Embed) => Endpoint::Embeddings,
            (Dialect::Gemini, Task::Embed) => Endpoint::BatchEmbedContents,
            (Dialect::Ollama, Task::Embed) => Endpoint::OllamaEmbed,
            (Dialect::Cohere, Task::Embed) => Endpoint::CohereEmbed,
            (Dialect::Cohere, Task::Rerank) => Endpoint::Rerank,
            _ => return None,
        })
    }

    /// Dialects in the order of nearness: what a request of this dialect is translated into when
    /// a provider offers a choice. Itself first.
    pub fn nearest(self) -> [Dialect; 7] {
        use Dialect::{Anthropic, Bedrock, Cohere, Gemini, Ollama, OpenAi, Responses};
        match self {
            OpenAi => [
                OpenAi, Responses, Anthropic, Gemini, Bedrock, Cohere, Ollama,
            ],
            Responses => [
                Responses, OpenAi, Anthropic, Gemini, Bedrock, Cohere, Ollama,
            ],
            Anthropic => [
                Anthropic, Bedrock, Responses, OpenAi, Gemini, Cohere, Ollama,
            ],
            Gemini => [
                Gemini, Responses, Anthropic, OpenAi, Bedrock, Cohere, Ollama,
            ],
            Ollama => [
                Ollama, OpenAi, Responses, Anthropic, Gemini, Bedrock, Cohere,
            ],
            Bedrock => [
                Bedrock, Anthropic, Responses, OpenAi, Gemini, Cohere, Ollama,
            ],
            Cohere => [
                Cohere, OpenAi, Responses, Anthropic, Gemini, Bedrock, Ollama,
            ],
        }
    }
}

impl Endpoint {
    /// Whether the model and the wish to stream stand in the path, not in the body.
    pub fn names_model_in_path(self) -> bool {
        matches!(self.dialect(), Dialect::Gemini | Dialect::Bedrock)
    }
}
