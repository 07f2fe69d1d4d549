//! What a provider's error body says, whichever of a dozen shapes it has.
//!
//! Promises: the provider's words, its message on one bounded line, and no
//! judgement. Leaves out: what they mean (`refuse`).
//!
//! The shapes, one line each; where no name is given, it is the common one:
//! - `{"error":{"message","type","param","code"}}` OpenAI and most copies
//! - `{"type":"error","error":{"type","message","details":{"error_code"}}}` Anthropic
//! - `{"error":{"code":429,"message","metadata":{"limit_source"}}}` OpenRouter
//! - `[{"error":{"code","message","status","details":[…]}}]` Gemini, also without the list
//! - `{"object":"error","message","type","code"}` Mistral, older vLLM
//! - `{"code":"…","error":"…"}` xAI; `{"error":"…"}` Ollama
//! - `{"message":"…"}` Cohere, API gateways
//! - `{"detail":"…"}`, `{"detail":[{"msg","loc"}]}` FastAPI
//! - plain text; HTML

use serde_json::Value;

use crate::wait::duration_ms;

/// The most of a message that is kept, in characters.
const MAX_MESSAGE_CHARS: usize = 500;
/// The most of a body that is read: an error that is longer tells no more.
const MAX_BODY_BYTES: usize = 256 * 1024;

/// The content of an error body.
#[derive(Debug, Default)]
pub(crate) struct Complaint {
    /// The provider's codes and types, the most telling first, as it wrote them.
    pub(crate) words: Vec<String>,
    /// A status inside the body, for errors that come in a 200.
    pub(crate) status: Option<u16>,
    /// One line, bounded; empty when nothing was said.
    pub(crate) message: String,
    /// A wait told in the body, in milliseconds (Gemini's `RetryInfo`).
    pub(crate) retry_after_ms: Option<u64>,
    /// It was a web page.
    pub(crate) html: bool,
}

/// Reads an error body.
pub(crate) fn read(body: &[u8]) -> Complaint {
    let body = body[..body.len().min(MAX_BODY_BYTES)].trim_ascii();
    if body.first() == Some(&b'<') {
        let page = String::from_utf8_lossy(body);
        return Complaint {
            html: true,
            message: one_line(title(&page)),
            ..Complaint::default()
        };
    }
    match serde_json::from_slice::<Value>(body) {
        Ok(Value::Array(list)) => list.first().map(json).unwrap_or_default(),
        Ok(value) => json(&value),
        Err(_) => {
            let text = String::from_utf8_lossy(body);
            Complaint {
                message: one_line(&text),
                ..Complaint::default()
            }
        }
    }
}

/// Text on one line of at most 500 characters.
pub(crate) fn one_line(text: &str) -> String {
    let mut line = String::new();
    let words = text.split(|c: char| c.is_whitespace() || c.is_control());
    for word in words.filter(|word| !word.is_empty()) {
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
        if line.len() > 4 * MAX_MESSAGE_CHARS {
            break;
        }
    }
    if let Some((cut, _)) = line.char_indices().nth(MAX_MESSAGE_CHARS) {
        let before_last = line[..cut]
            .char_indices()
            .next_back()
            .map_or(0, |(at, _)| at);
        line.truncate(before_last);
        line.push('…');
    }
    line
}

fn json(body: &Value) -> Complaint {
    // What most put under `error`, some put at the top.
    let nested = &body["error"];
    let error = if nested.is_object() { nested } else { body };
    let details = &error["details"];

    let mut complaint = Complaint {
        message: one_line(&message(body, error)),
        ..Complaint::default()
    };
    let places = [
        &details["error_code"],
        &error["innererror"]["code"],
        &error["metadata"]["limit_source"],
        &error["metadata"]["error_type"],
        &error["code"],
        &error["status"],
        &error["type"],
        &body["code"],
    ];
    for place in places {
        match place {
            Value::String(word) if !word.is_empty() => {
                // A number in quotes is a status too (some gateways).
                match word.parse() {
                    Ok(number) => complaint.number(number),
                    Err(_) => complaint.word(word),
                }
            }
            Value::Number(number) => complaint.number(number.as_u64().unwrap_or(0)),
            _ => {}
        }
    }
    for detail in details.as_array().map(Vec::as_slice).unwrap_or_default() {
        let quotas = detail["violations"]
            .as_array()
            .map(Vec::as_slice)
            .unwrap_or_default();
        let quotas = quotas
            .iter()
            .filter_map(|violation| violation["quotaId"].as_str());
        for word in detail["reason"].as_str().into_iter().chain(quotas) {
            complaint.word(word);
        }
        if let Some(delay) = detail["retryDelay"].as_str() {
            complaint.retry_after_ms = duration_ms(delay);
        }
    }
    complaint
}

impl Complaint {
    fn word(&mut self, word: &str) {
        // `error` as a type says nothing that the status did not.
        if word != "error" && !self.words.iter().any(|known| known == word) {
            self.words.push(one_line(word));
        }
    }

    fn number(&mut self, number: u64) {
        let status = u16::try_from(number)
            .ok()
            .filter(|status| (400..600).contains(status));
        self.status = self.status.or(status);
    }
}

/// The message, wherever it stands.
fn message(body: &Value, error: &Value) -> String {
    let plain = [
        &error["message"],
        &body["error"],
        &body["message"],
        &body["detail"],
        &error["msg"],
    ];
    if let Some(text) = plain
        .into_iter()
        .find_map(|place| place.as_str().filter(|t| !t.is_empty()))
    {
        return text.to_owned();
    }
    // FastAPI's list, also under `message` (Mistral).
    let lists = [&body["detail"], &body["message"]["detail"], &body["errors"]];
    let told = lists
        .into_iter()
        .filter_map(Value::as_array)
        .flatten()
        .filter_map(|item| {
            let text = item["msg"]
                .as_str()
                .or(item["message"].as_str())
                .or(item.as_str())?;
            let place: Vec<_> = item["loc"]
                .as_array()?
                .iter()
                .filter_map(Value::as_str)
                .collect();
            Some(if place.is_empty() {
                text.to_owned()
            } else {
                format!("{}: {text}", place.join("."))
            })
        });
    let told: Vec<_> = told.take(4).collect();
    if !told.is_empty() {
        return told.join("; ");
    }
    body["detail"]["message"]
        .as_str()
        .unwrap_or_default()
        .to_owned()
}

/// The title of a web page, which is mostly all it says.
fn title(page: &str) -> &str {
    // ASCII lower case keeps every byte in its place.
    let lower = page.to_ascii_lowercase();
    let inside = || {
        let open = lower.find("<title")?;
        let start = open + lower[open..].find('>')? + 1;
        let end = start + lower[start..].find("</title")?;
        page.get(start..end)
    };
    inside().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_shape_yields_its_words_and_message() {
        // (body, words, status inside, message)
        type Case = (
            &'static str,
            &'static [&'static str],
            Option<u16>,
            &'static str,
        );
        let cases: &[Case] = &[
            (
                r#"{"error":{"message":"m","type":"t","param":null,"code":"c"}}"#,
                &["c", "t"],
                None,
                "m",
            ),
            (
                r#"{"error":{"message":"m","type":"t","code":null}}"#,
                &["t"],
                None,
                "m",
            ),
            (
                r#"{"type":"error","error":{"type":"rate_limit_error","message":"m","details":{"error_code":"e"}},"request_id":"r"}"#,
                &["e", "rate_limit_error"],
                None,
                "m",
            ),
            (
                r#"{"error":{"code":429,"message":"m","metadata":{"limit_source":"l"}}}"#,
                &["l"],
                Some(429),
                "m",
            ),
            (
                r#"{"error":{"code":"503","message":"m"}}"#,
                &[],
                Some(503),
                "m",
            ),
            (
                r#"[{"error":{"code":400,"message":"m","status":"INVALID_ARGUMENT","details":[{"reason":"API_KEY_INVALID"}]}}]"#,
                &["INVALID_ARGUMENT", "API_KEY_INVALID"],
                Some(400),
                "m",
            ),
            (
                r#"{"object":"error","message":"m","type":"t","param":null,"code":1300}"#,
                &["t"],
                None,
                "m",
            ),
            (r#"{"code":"c","error":"m"}"#, &["c"], None, "m"),
            (r#"{"error":"m"}"#, &[], None, "m"),
            (r#"{"message":"m"}"#, &[], None, "m"),
            (r#"{"detail":"m"}"#, &[], None, "m"),
            (
                r#"{"detail":[{"loc":["body","model"],"msg":"m"},{"loc":[],"msg":"n"}]}"#,
                &[],
                None,
                "body.model: m; n",
            ),
            (
                r#"{"error":{"code":"content_filter","message":"m","innererror":{"code":"ResponsibleAIPolicyViolation"}}}"#,
                &["ResponsibleAIPolicyViolation", "content_filter"],
                None,
                "m",
            ),
            (
                "upstream\n\tconnect  error",
                &[],
                None,
                "upstream connect error",
            ),
            (
                "<html><head><TITLE>502 Bad\nGateway</TITLE></head></html>",
                &[],
                None,
                "502 Bad Gateway",
            ),
            ("<p>", &[], None, ""),
            ("", &[], None, ""),
            ("[]", &[], None, ""),
            ("null", &[], None, ""),
            (r#"{"error":null}"#, &[], None, ""),
        ];
        for (body, words, status, message) in cases {
            let read = read(body.as_bytes());
            assert_eq!(read.words, *words, "{body}");
            assert_eq!(read.status, *status, "{body}");
            assert_eq!(read.message, *message, "{body}");
        }
    }

    #[test]
    fn a_wait_in_the_body_is_read() {
        let body = br#"{"error":{"details":[{"@type":"x.RetryInfo","retryDelay":"46s"}]}}"#;
        assert_eq!(read(body).retry_after_ms, Some(46_000));
    }

    #[test]
    fn a_long_message_is_cut_between_characters() {
        let line = one_line(&"ä ".repeat(2_000));
        assert_eq!(line.chars().count(), MAX_MESSAGE_CHARS);
        assert!(line.ends_with('…'));
        assert_eq!(one_line(&"ä".repeat(500)).chars().count(), 500);
    }
}
