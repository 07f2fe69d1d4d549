//! The envelope at Vertex and Bedrock.

use serde_json::json;

use super::super::{enveloped, enveloped_verbatim};
use crate::hub::Hosting;
use crate::{Dialect, Endpoint};

#[test]
fn the_version_moves_into_the_body_and_the_model_out_of_it() {
    let body = json!({"model": "m", "stream": true, "max_tokens": 1});
    let object = || body.as_object().cloned().expect("an object");
    let at = |hosting, dialect| serde_json::Value::Object(enveloped(object(), hosting, dialect));
    assert_eq!(
        at(Hosting::Vertex, Dialect::Anthropic),
        json!({"stream": true, "max_tokens": 1, "anthropic_version": "vertex-2023-10-16"})
    );
    assert_eq!(
        at(Hosting::Bedrock, Dialect::Anthropic),
        json!({"max_tokens": 1, "anthropic_version": "bedrock-2023-05-31"})
    );
    assert_eq!(at(Hosting::Vertex, Dialect::Gemini), body);
    assert_eq!(at(Hosting::Bedrock, Dialect::Bedrock), body);
}

#[test]
fn a_callers_bytes_are_not_written_anew() {
    let body = br#"{ "model":"m", "messages" : [ {"a": 1.0e2, "b":"\u00e4"} ],"stream":true,"anthropic_beta":["x"]}"#;
    let betas = ["x".to_owned(), "y".to_owned()];
    let sent = |hosting| {
        let sent =
            enveloped_verbatim(body, Endpoint::Messages, hosting, &betas).expect("it is valid");
        String::from_utf8(sent).expect("JSON is UTF-8")
    };
    assert_eq!(
        sent(Hosting::Bedrock),
        r#"{"messages":[ {"a": 1.0e2, "b":"\u00e4"} ],"anthropic_beta":["x","y"],"anthropic_version":"bedrock-2023-05-31"}"#
    );
    assert_eq!(
        sent(Hosting::Vertex),
        r#"{"messages":[ {"a": 1.0e2, "b":"\u00e4"} ],"stream":true,"anthropic_beta":["x","y"],"anthropic_version":"vertex-2023-10-16"}"#
    );
    let own = br#"{"anthropic_version":"bedrock-2026-10-21"}"#;
    let sent =
        enveloped_verbatim(own, Endpoint::Messages, Hosting::Bedrock, &[]).expect("it is valid");
    assert_eq!(sent, own);
    assert!(enveloped_verbatim(b"[]", Endpoint::Messages, Hosting::Vertex, &[]).is_err());
    let count = br#"{"model":"m","messages":[]}"#;
    let sent = enveloped_verbatim(count, Endpoint::CountTokens, Hosting::Vertex, &[]);
    assert_eq!(
        sent.expect("it is valid"),
        br#"{"model":"m","messages":[],"anthropic_version":"vertex-2023-10-16"}"#
    );
}
