//! Reranking: documents ordered by a query.
//!
//! Promises: the one shape that Cohere, Jina and their copies share travels verbatim; what a reply
//! says of itself is read. Leaves out: rewriting, which nobody needs while all speak one shape.
//! Cohere bills searches, not tokens: they are no [`Usage`].

use serde_json::Value;

use crate::counts::OpenAiCounts;
use crate::{NotAReply, Usage, cohere};

/// The tokens that a reply tells of.
pub(crate) fn meter(body: &[u8]) -> Result<Option<Usage>, NotAReply> {
    let reply = Value::Object(crate::whole::object(body)?);
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
            ),
            // Cohere's copies with tokens.
            (
                r#"{"results":[],"meta":{"tokens":{"input_tokens":815}}}"#,
                Some(815),
            ),
            // Jina.
            (
                r#"{"model":"jina-reranker-v2","results":[{"index":0,"relevance_score":0.8,"document":{"text":"x"}}],"usage":{"total_tokens":20}}"#,
                Some(20),
            ),
            (
                r#"{"results":[],"usage":{"prompt_tokens":7,"completion_tokens":0,"total_tokens":7}}"#,
                Some(7),
            ),
            (r#"{"object":"list","data":[],"usage":null}"#, None),
        ];
        for (body, input) in cases {
            let usage = meter(body.as_bytes()).expect("it is a reply");
            assert_eq!(usage.map(|usage| usage.input), input, "{body}");
        }
    }

    #[test]
    fn what_is_no_reply_says_so() {
        for body in ["", "<html>", "{}", r#"{"results":1}"#, "[]"] {
            assert!(meter(body.as_bytes()).is_err(), "{body}");
        }
    }
}
