//! Where a request goes: the dialect and the operation its path names.

use serde_json::Value;

use super::speech::Dialect;
use crate::wire::Request;

/// What is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Task {
    Generate,
    /// Text to go on from: OpenAI's old completions and Ollama's generate.
    Complete,
    Count,
    Embed,
    /// One text of Gemini's, as opposed to a batch.
    EmbedOne,
    Rerank,
    Images,
    Speech,
    Transcript,
    Models,
    Nothing,
}

/// Who carries a dialect that isn't its own: the frame round it differs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Host {
    Own,
    Vertex,
    Bedrock,
}

#[derive(Debug)]
pub(super) struct Route {
    pub(super) dialect: Dialect,
    pub(super) task: Task,
    pub(super) host: Host,
    pub(super) model: String,
    pub(super) stream: bool,
    /// Below `/mistral` tool ids are nine letters or digits.
    pub(super) short_ids: bool,
}

pub(super) fn route(request: &Request, asked: &Value) -> Route {
    let whole = request.path();
    let path = whole.split('?').next().unwrap_or_default();
    let (path, short_ids) = match path.strip_prefix("/mistral") {
        Some(rest) => (rest, true),
        None => (path, false),
    };
    let named = asked["model"].as_str().unwrap_or_default();
    let flagged = asked["stream"].as_bool().unwrap_or(false);
    let to = |dialect, task, host, model: &str, stream| Route {
        dialect,
        task,
        host,
        model: unescaped(model),
        stream,
        short_ids,
    };
    let own = |dialect, task| to(dialect, task, Host::Own, named, flagged);
    if request.line.starts_with("GET") || request.line.starts_with("HEAD") {
        return own(models_dialect(request, path), Task::Models);
    }
    if let Some((before, rest)) = path.split_once("/models/")
        && let Some((model, verb)) = rest.rsplit_once(':')
    {
        return below_models(before, model, verb, &to);
    }
    if let Some((_, rest)) = path.split_once("/model/")
        && let Some((model, verb)) = rest.rsplit_once('/')
    {
        return match verb {
            "converse" => to(Dialect::Bedrock, Task::Generate, Host::Own, model, false),
            "converse-stream" => to(Dialect::Bedrock, Task::Generate, Host::Own, model, true),
            "invoke" => to(
                Dialect::Anthropic,
                Task::Generate,
                Host::Bedrock,
                model,
                false,
            ),
            "invoke-with-response-stream" => to(
                Dialect::Anthropic,
                Task::Generate,
                Host::Bedrock,
                model,
                true,
            ),
            "count-tokens" => to(Dialect::Bedrock, Task::Count, Host::Own, model, false),
            _ => to(Dialect::Bedrock, Task::Nothing, Host::Own, model, false),
        };
    }
    let ollama = |task| {
        let stream = asked["stream"].as_bool().unwrap_or(true);
        to(Dialect::Ollama, task, Host::Own, named, stream)
    };
    match path.trim_end_matches('/') {
        path if path.ends_with("/chat/completions") => own(Dialect::OpenAi, Task::Generate),
        path if path.ends_with("/completions") => own(Dialect::OpenAi, Task::Complete),
        path if path.ends_with("/embeddings") => own(Dialect::OpenAi, Task::Embed),
        path if path.contains("/images/") => own(Dialect::OpenAi, Task::Images),
        path if path.ends_with("/audio/speech") => own(Dialect::OpenAi, Task::Speech),
        path if path.contains("/audio/") => own(Dialect::OpenAi, Task::Transcript),
        path if path.ends_with("/responses") => own(Dialect::Responses, Task::Generate),
        path if path.ends_with("/responses/input_tokens") => own(Dialect::Responses, Task::Count),
        path if path.ends_with("/messages") => own(Dialect::Anthropic, Task::Generate),
        path if path.ends_with("/messages/count_tokens") => own(Dialect::Anthropic, Task::Count),
        path if path.ends_with("/api/chat") => ollama(Task::Generate),
        path if path.ends_with("/api/generate") => ollama(Task::Complete),
        path if path.ends_with("/api/embed") => ollama(Task::Embed),
        path if path.ends_with("/api/show") => ollama(Task::Models),
        path if path.ends_with("/v2/chat") => own(Dialect::Cohere, Task::Generate),
        path if path.ends_with("/v2/embed") => own(Dialect::Cohere, Task::Embed),
        path if path.ends_with("/rerank") => own(Dialect::Cohere, Task::Rerank),
        _ => own(Dialect::OpenAi, Task::Nothing),
    }
}

fn below_models(
    before: &str,
    model: &str,
    verb: &str,
    to: &impl Fn(Dialect, Task, Host, &str, bool) -> Route,
) -> Route {
    let host = if before.contains("/publishers/") {
        Host::Vertex
    } else {
        Host::Own
    };
    let gemini = |task, stream| to(Dialect::Gemini, task, host, model, stream);
    match verb {
        "generateContent" => gemini(Task::Generate, false),
        "streamGenerateContent" => gemini(Task::Generate, true),
        "countTokens" => gemini(Task::Count, false),
        "embedContent" => gemini(Task::EmbedOne, false),
        "batchEmbedContents" => gemini(Task::Embed, false),
        "rawPredict" if model == "count-tokens" => {
            to(Dialect::Anthropic, Task::Count, host, model, false)
        }
        "rawPredict" => to(Dialect::Anthropic, Task::Generate, host, model, false),
        "streamRawPredict" => to(Dialect::Anthropic, Task::Generate, host, model, true),
        _ => gemini(Task::Nothing, false),
    }
}

/// Three vendors list their models at one path; their clients are told apart by
/// what else they send.
fn models_dialect(request: &Request, path: &str) -> Dialect {
    if path.starts_with("/api/") {
        Dialect::Ollama
    } else if request.header("x-goog-api-key").is_some() || path.starts_with("/v1beta") {
        Dialect::Gemini
    } else if request.header("anthropic-version").is_some() {
        Dialect::Anthropic
    } else {
        Dialect::OpenAi
    }
}

fn unescaped(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        rest = tail;
        let code = tail.get(..2).and_then(|two| std::str::from_utf8(two).ok());
        match code.and_then(|two| u8::from_str_radix(two, 16).ok()) {
            Some(byte) if *first == b'%' => {
                bytes.push(byte);
                rest = &tail[2..];
            }
            _ => bytes.push(*first),
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}
