//! Reranking: documents ordered by a query.
//!
//! Promises: the one shape that Cohere, Jina and their copies share travels verbatim; what a reply
//! says of itself is read. Leaves out: rewriting, which nobody needs while all speak one shape.
//! Cohere bills searches, not tokens: those are told apart, and are no [`Usage`].

use serde_json::Value;

use crate::counts::OpenAiCounts;
use crate::{Endpoint, NotAReply, Reading, Usage, cohere, refuse};

/// Reads a reply to `POST /rerank`: that it is one, its id and model, and its tokens where it
/// tells them.
///
/// # Errors
/// When it has no list of `results`.
pub fn read_rerank_reply(body: &[u8]) -> Result<Reading, NotAReply> {
    let reply = Value::Object(crate::whole::object(body)?);
    let text = |field: &str| {
        let text = reply[field].as_str().filter(|text| !text.is_empty());
        text.map(str::to_owned)
    };
    let mut reading = Reading {
        model: text("model"),
        upstream_id: text("id"),
        finished: true,
        ..Reading::default()
    };
    if !reply["error"].is_null() {
        reading.failure = Some(refuse::in_stream(Endpoint::Rerank.dialect(), body));
        return Ok(reading);
    }
    reading.usage = usage(&reply)?;
    Ok(reading)
}

/// The searches that a reply was billed for (Cohere's `meta.billed_units.search_units`).
pub fn search_units(body: &[u8]) -> Option<u64> {
    let reply: Value = serde_json::from_slice(body).ok()?;
    crate::fields::count(&reply["meta"]["billed_units"]["search_units"])
}

/// The tokens that a reply tells of.
pub(crate) fn meter(body: &[u8]) -> Result<Option<Usage>, NotAReply> {
    usage(&Value::Object(crate::whole::object(body)?))
}

fn usage(reply: &Value) -> Result<Option<Usage>, NotAReply> {
    // Voyage calls the list `data`.
    if !reply["results"].is_array() && !reply["data"].is_array() {
        return Err(NotAReply {
            reason: "The reply is JSON, but has no list of `results`.".to_owned(),
        });
    }
    let jina = serde_json::from_str::<OpenAiCounts>(&reply["usage"].to_string());
    Ok(cohere::usage(&reply["meta"]).or(jina.ok().and_then(|counts| counts.usage())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_shape_is_metered() {
        let cases = [
            // Cohere: searches, no tokens.
            (
                r#"{"id":"r","results":[{"index":3,"relevance_score":0.99}],"meta":{"billed_units":{"search_units":1}}}"#,
                None,
                Some(1),
            ),
            // Cohere's copies with tokens.
            (
                r#"{"results":[],"meta":{"tokens":{"input_tokens":815}}}"#,
                Some(815),
                None,
            ),
            // Jina.
            (
                r#"{"model":"jina-reranker-v2","results":[{"index":0,"relevance_score":0.8,"document":{"text":"x"}}],"usage":{"total_tokens":20}}"#,
                Some(20),
                None,
            ),
            (
                r#"{"results":[],"usage":{"prompt_tokens":7,"completion_tokens":0,"total_tokens":7}}"#,
                Some(7),
                None,
            ),
            (r#"{"object":"list","data":[],"usage":null}"#, None, None),
        ];
        for (body, input, units) in cases {
            let reading = read_rerank_reply(body.as_bytes()).expect("it is a reply");
            assert_eq!(reading.usage.map(|usage| usage.input), input, "{body}");
            assert_eq!(search_units(body.as_bytes()), units, "{body}");
            assert!(reading.finished);
        }
    }

    #[test]
    fn what_is_no_reply_says_so() {
        for body in ["", "<html>", "{}", r#"{"results":1}"#, "[]"] {
            assert!(read_rerank_reply(body.as_bytes()).is_err(), "{body}");
        }
        let failed = read_rerank_reply(br#"{"error":{"message":"no"}}"#).expect("it is told");
        assert_eq!(
            failed.failure.map(|failure| failure.message),
            Some("no".to_owned())
        );
    }
}
