//! What a client's headers add to its question.
//!
//! Promises: a header that travels to the provider and is not known to change nothing is part of what an
//! answer is known by. An unknown one costs a hit at worst. Leaves out headers that stay here
//! (`headers::stays_here`).

use http::HeaderMap;

use crate::headers::{accepts_losses, stays_here};

/// Headers of a client that change no answer: who and what calls, how it is traced, what it takes.
const INERT: &[&str] = &[
    "accept",
    "accept-language",
    "anthropic-dangerous-direct-browser-access",
    "baggage",
    "cache-control",
    "content-type",
    "dnt",
    "http-referer",
    "idempotency-key",
    "originator",
    "pragma",
    "priority",
    "session_id",
    "conversation_id",
    "session-id",
    "conversation-id",
    "thread-id",
    "user-agent",
    "traceparent",
    "tracestate",
    "x-app",
    "x-client-request-id",
    "x-codex-turn-metadata",
    "x-codex-window-id",
    "x-goog-api-client",
    "x-request-id",
    "x-server-timeout",
    "x-session-affinity",
    "x-session-id",
    "x-title",
];

/// The version of Anthropic's API that everybody names.
const USUAL_VERSION: &[u8] = b"2023-06-01";

/// The headers that may change an answer, and the query, as one text; empty for nearly every request. `raw`: the
/// text is gone on from as it stands, not answered.
pub(crate) fn letterhead(headers: &HeaderMap, query: Option<&str>, raw: bool) -> String {
    let mut lines: Vec<Vec<u8>> = headers
        .iter()
        .filter(|(name, value)| matters(name.as_str(), value.as_bytes()))
        .map(|(name, value)| [name.as_str().as_bytes(), b":", value.as_bytes()].concat())
        .collect();
    lines.sort_unstable();
    let pairs = query.unwrap_or_default().split('&');
    lines.extend(
        pairs
            .filter(|pair| !pair.is_empty() && !pair.starts_with("alt="))
            .map(|pair| [b"?", pair.as_bytes()].concat()),
    );
    // Who accepts losses gets answers that others are refused.
    if accepts_losses(headers) {
        lines.push(b"lossy".to_vec());
    }
    if raw {
        lines.push(b"raw".to_vec());
    }
    let text: Vec<String> = lines
        .iter()
        .map(|line| line.escape_ascii().to_string())
        .collect();
    text.join("\n")
}

fn matters(name: &str, value: &[u8]) -> bool {
    match name {
        "anthropic-version" => value != USUAL_VERSION,
        name if INERT.contains(&name) || stays_here(name) => false,
        name => !name.starts_with("x-stainless-"),
    }
}

#[cfg(test)]
mod tests {
    use http::{HeaderName, HeaderValue};

    use super::*;

    fn of(pairs: &[(&'static str, &'static str)], query: Option<&str>) -> String {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            let name = HeaderName::from_static(name);
            headers.append(name, HeaderValue::from_static(value));
        }
        letterhead(&headers, query, false)
    }

    #[test]
    fn the_same_question_from_two_sdks_has_no_letterhead() {
        let openai = [
            ("user-agent", "OpenAI/Python 2.1"),
            ("x-stainless-lang", "python"),
            ("authorization", "Bearer sk-1"),
            ("content-type", "application/json"),
        ];
        let anthropic = [
            ("anthropic-version", "2023-06-01"),
            ("x-api-key", "sk-1"),
            ("x-signalbox-cache", "ttl=60"),
        ];
        let google = [
            ("x-goog-api-client", "google-genai-sdk/3.4.0"),
            ("x-goog-api-key", "k"),
            ("x-server-timeout", "30"),
        ];
        assert_eq!(of(&openai, None), "");
        assert_eq!(of(&google, Some("alt=sse")), "");
        assert_eq!(of(&anthropic, Some("alt=sse")), "");
    }

    #[test]
    fn what_may_change_the_answer_is_in_it() {
        for pair in [
            ("anthropic-beta", "context-1m-2025-08-07"),
            ("openai-organization", "org-1"),
            ("anthropic-version", "2027-01-01"),
            ("x-nobody-knows", "1"),
        ] {
            assert_ne!(of(&[pair], None), "", "{pair:?}");
        }
        assert_eq!(
            of(&[("b", "2"), ("a", "1")], Some("beta=true")),
            "a:1\nb:2\n?beta=true"
        );
        assert_eq!(
            of(&[("a", "1"), ("b", "2")], None),
            of(&[("b", "2"), ("a", "1")], None)
        );
        // No header has a line break in it, so that none can pass for a query.
        assert_ne!(of(&[("a", "x?y")], None), of(&[("a", "x")], Some("y")));
    }

    #[test]
    fn what_is_answered_and_what_is_gone_on_from_are_two_questions_and_so_is_who_accepts_losses() {
        let none = HeaderMap::new();
        assert_ne!(
            letterhead(&none, None, true),
            letterhead(&none, None, false)
        );
        let lossy = of(&[("x-signalbox-lossy", "ok")], None);
        assert_eq!(lossy, "lossy");
        assert_eq!(of(&[("x-signalbox-lossy", "no")], None), "");
    }
}
