//! Why a provider refused, in the categories that lead to different next steps.
//!
//! Promises: the provider's own codes decide first, then what it wrote, then
//! the status; the raw facts stay beside the category. Text is only searched in
//! the message, never in the body: a body may echo the prompt.
//! Leaves out: what follows from a category (`routing`), failures without an
//! answer (`engine` makes those).

use crate::complaint::{self, Complaint};
use crate::{Dialect, Failure, FailureCategory};

use FailureCategory::*;

/// Classifies an answer whose status is an error.
///
/// `dialect` is the provider's; it matters little, since gateways mix the
/// vendors' shapes and words. `retry_after_ms` is what the headers asked for; a wait told in the body
/// stands in when they did not.
pub fn classify(
    dialect: Dialect,
    status: u16,
    retry_after_ms: Option<u64>,
    body: &[u8],
) -> Failure {
    let said = complaint::read(body);
    let retry_after_ms = retry_after_ms.or(said.retry_after_ms);
    let category = category(dialect, status, retry_after_ms.is_some(), &said);
    failure(category, status, retry_after_ms, said)
}

/// Classifies an error that came inside a 200. Some name a status in it.
pub(crate) fn in_stream(dialect: Dialect, body: &[u8]) -> Failure {
    let said = complaint::read(body);
    let retry_after_ms = said.retry_after_ms;
    let status = said.status.unwrap_or(200);
    let category = category(dialect, status, retry_after_ms.is_some(), &said);
    failure(category, 200, retry_after_ms, said)
}

/// A `finish_reason` that is a failure in disguise.
pub(crate) fn finish_reason(word: &str) -> Option<Failure> {
    let (category, message) = match word {
        "insufficient_system_resource" => (Overloaded, "The provider ran out of resources."),
        "error" => (Server, "The provider ended the reply with an error."),
        _ => return None,
    };
    let said = Complaint {
        words: vec![word.to_owned()],
        message: message.to_owned(),
        ..Default::default()
    };
    Some(failure(category, 200, None, said))
}

fn failure(
    category: FailureCategory,
    status: u16,
    retry_after_ms: Option<u64>,
    said: Complaint,
) -> Failure {
    let message = if said.html {
        let title = if said.message.is_empty() {
            "no title"
        } else {
            &said.message
        };
        format!("a web page instead of an answer ({title})")
    } else if said.message.is_empty() {
        format!("status {status} without an explanation")
    } else {
        said.message
    };
    let code = said.words.into_iter().next();
    Failure {
        category,
        status: Some(status),
        code,
        message,
        retry_after_ms,
    }
}

fn category(dialect: Dialect, status: u16, has_wait: bool, said: &Complaint) -> FailureCategory {
    if said.html {
        return if status == 429 || status >= 500 {
            by_status(status)
        } else {
            BadReply
        };
    }
    let message = said.message.to_ascii_lowercase();
    // One request above the budget of a minute: no wait will make it fit.
    if matches!(status, 413 | 429) && message.starts_with("request too large") {
        return ContextOverflow;
    }
    // OpenRouter: requests under way hold the credit, and will give it back.
    if status == 402 && has_wait {
        return RateLimit;
    }
    if status == 402 {
        return Quota;
    }
    said.words
        .iter()
        .find_map(|word| by_word(word))
        .or_else(|| by_message(status, &message))
        .or_else(|| {
            said.words
                .iter()
                .find_map(|word| by_type(dialect, status, word))
        })
        .unwrap_or_else(|| by_status(status))
}

/// Codes that leave no doubt, whatever the status.
fn by_word(word: &str) -> Option<FailureCategory> {
    const WORDS: &[(&str, FailureCategory)] = &[
        ("context_length_exceeded", ContextOverflow),
        ("exceed_context_size_error", ContextOverflow),
        ("request_too_large", ContextOverflow),
        ("insufficient_quota", Quota),
        ("credit_balance_exhausted", Quota),
        ("organization_spend_limit_exceeded", Quota),
        ("project_spend_limit_exceeded", Quota),
        ("organization_usage_limit_exceeded", Quota),
        ("billing_hard_limit_reached", Quota),
        ("enforced_spend_limit_reached", Quota),
        ("contract_spend_limit_reached", Quota),
        ("linked_organization_spend_limit_reached", Quota),
        ("billing_error", Quota),
        ("openrouter_credits", Quota),
        ("openrouter_key_limit", Quota),
        ("rate_limit_exceeded", RateLimit),
        ("ramp_limit_exceeded", RateLimit),
        ("slow_down", RateLimit),
        ("invalid_api_key", Auth),
        ("API_KEY_INVALID", Auth),
        ("organization_on_hold", Permission),
        ("unsupported_country_region_territory", Permission),
        ("model_not_found", NotFound),
        ("DeploymentNotFound", NotFound),
        ("ResponsibleAIPolicyViolation", ContentFilter),
        ("content_filter", ContentFilter),
        ("content_policy_violation", ContentFilter),
        ("cyber_policy", ContentFilter),
        ("bio_policy", ContentFilter),
        ("misalignment_policy_violation", ContentFilter),
        ("invalid_encrypted_content", StateLost),
        ("overloaded_error", Overloaded),
        ("capacity_exceeded", Overloaded),
        ("unavailable_error", Overloaded),
        ("timeout_error", Timeout),
        // Groq: the model, not the caller, got the call or the JSON wrong.
        ("tool_use_failed", Server),
        ("json_validate_failed", Server),
    ];
    if word.contains("PerDay") {
        return Some(Quota);
    }
    WORDS
        .iter()
        .find(|(known, _)| known.eq_ignore_ascii_case(word))
        .map(|(_, category)| *category)
}

/// Phrases, in lower case, under the statuses they are known to come with.
fn by_message(status: u16, message: &str) -> Option<FailureCategory> {
    const OVERFLOW: &[&str] = &[
        "maximum context length",
        "input tokens exceed the configured limit",
        "prompt is too long",
        "exceed context limit",
        "exceeds the context window",
        "exceeds the maximum number of tokens allowed",
        "request payload size exceeds",
        "input is too long",
        "too many input tokens",
        "too many tokens",
        "too large for model with",
        "maximum prompt length",
        "tokens + max_new_tokens must be <=",
        "context length is only",
        "number of tokens to keep from the initial prompt",
        "exceeds the available context size",
    ];
    const QUOTA: &[&str] = &[
        "credit balance is too low",
        "specified api usage limits",
        "specified workspace api usage limits",
        "exceeded your current quota",
        "insufficient balance",
        "insufficient credits",
        "out of credits",
        "used all available credits",
        "monthly spending limit",
    ];
    const FILTERED: &[&str] = &[
        "blocked by content filtering policy",
        "violating our usage policy",
        "content management policy",
        "flagged by moderation",
        "moderation",
        "content policy",
    ];
    const AUTH: &[&str] = &[
        "incorrect api key",
        "invalid api key",
        "api key not valid",
        "invalid x-api-key",
    ];
    const OVERLOADED: &[&str] = &["overloaded", "high demand"];
    // A wrong base URL must not read as a wrong model.
    const WRONG_PATH: &[&str] = &[
        "not found",
        "404 page not found",
        "invalid url",
        "unknown request url",
        "cannot post",
        "no route matched",
        "unexpected endpoint",
    ];
    let has = |phrases: &[&str]| phrases.iter().any(|phrase| message.contains(phrase));
    let begins = |phrases: &[&str]| phrases.iter().any(|phrase| message.starts_with(phrase));
    match status {
        200 | 400 | 403 | 413 | 422 | 500 if has(OVERFLOW) => Some(ContextOverflow),
        200 | 400 | 403 | 412 | 429 if has(QUOTA) => Some(Quota),
        // Fireworks: the account is suspended.
        412 if message.contains("suspended") => Some(Quota),
        200 | 400 | 403 if has(FILTERED) => Some(ContentFilter),
        400 | 403 if has(AUTH) => Some(Auth),
        200 | 400 | 422 if is_about_a_thought(message) => Some(StateLost),
        400 if message.contains("model identifier is invalid") => Some(NotFound),
        404 | 405 if message.trim_end_matches('.') == "not found" || begins(&WRONG_PATH[1..]) => {
            Some(BadReply)
        }
        200 | 500 | 502 if has(OVERLOADED) => Some(Overloaded),
        _ => None,
    }
}

/// What vendors say of a thought that is not valid where it was sent: another account, another
/// conversation, another model. Each phrase names both the thing and what is wrong with it, since
/// signatures of requests and of tokens fail in similar words.
fn is_about_a_thought(message: &str) -> bool {
    /// All the words of one row, in any order.
    const SAID: &[&[&str]] = &[
        // OpenAI: "The encrypted content gAAA… could not be verified."
        &["encrypted content", "could not be verified"],
        &["encrypted content", "could not be decrypted"],
        // Anthropic: "messages.1.content.0: Invalid `signature` in `thinking` block".
        &["invalid `signature` in `thinking` block"],
        &["invalid `data` in `redacted_thinking` block"],
        &["thinking.signature: field required"],
        &["thinking", "bound to a different conversation"],
        &[
            "thinking",
            "in the latest assistant message cannot be modified",
        ],
        // Google.
        &["missing a thought_signature"],
        &["missing a `thought_signature`"],
        &["invalid thought signature"],
        &["corrupted thought signature"],
    ];
    SAID.iter()
        .any(|row| row.iter().all(|words| message.contains(words)))
}

/// The broad types. They come after the message, as vendors file quota under
/// `rate_limit_error` and overflow under `invalid_request_error`.
fn by_type(dialect: Dialect, status: u16, word: &str) -> Option<FailureCategory> {
    Some(match (dialect, word) {
        (_, "authentication_error") => Auth,
        (_, "permission_error" | "PERMISSION_DENIED") => Permission,
        (_, "rate_limit_error" | "RESOURCE_EXHAUSTED") => RateLimit,
        (_, "UNAVAILABLE" | "service_unavailable") => Overloaded,
        (_, "DEADLINE_EXCEEDED") => Timeout,
        // Copies put this on 401, 404 and more: the status knows better, if there is one.
        (_, "invalid_request_error") if status == 200 => BadRequest,
        // Copies of OpenAI file a missing model under the second of these.
        (Dialect::Anthropic, "not_found_error") => NotFound,
        (Dialect::Anthropic, "api_error") => Server,
        _ => return None,
    })
}

fn by_status(status: u16) -> FailureCategory {
    match status {
        401 | 498 => Auth,
        402 => Quota,
        403 | 451 => Permission,
        404 => NotFound,
        408 | 504 | 524 => Timeout,
        413 => ContextOverflow,
        424 => Server,
        429 => RateLimit,
        503 | 529 => Overloaded,
        400..=499 => BadRequest,
        // An error inside a 200 that names no cause is the provider's own.
        200 | 500..=599 => Server,
        _ => BadReply,
    }
}

#[cfg(test)]
mod tests;
