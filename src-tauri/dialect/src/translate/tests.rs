//! What no dialect's own tests can show: a reply on its whole way from one dialect to the others.

use serde_json::{Map, Value};

use super::*;
use crate::{Framing, StopReason};

const CALLERS: [Endpoint; 4] = [
    Endpoint::ChatCompletions,
    Endpoint::Responses,
    Endpoint::GenerateContent,
    Endpoint::OllamaChat,
];

fn writing(endpoint: Endpoint) -> Writing {
    Writing {
        endpoint,
        provider: "p".to_owned(),
        id: "1".to_owned(),
        model: "m".to_owned(),
        created_unix_s: 0,
        input_tokens: 1,
        usage_asked: true,
        echo: Map::new(),
    }
}

/// The word that tells a caller why the answer ended.
fn ending(endpoint: Endpoint, reply: &Value) -> String {
    let word = match endpoint {
        Endpoint::ChatCompletions => &reply["choices"][0]["finish_reason"],
        Endpoint::Responses => &reply["status"],
        Endpoint::GenerateContent => &reply["candidates"][0]["finishReason"],
        _ => &reply["done_reason"],
    };
    word.as_str().unwrap_or_default().to_owned()
}

#[test]
fn a_turn_that_was_only_paused_is_no_finished_answer_in_any_dialect() {
    let paused = br#"{"id":"m","type":"message","role":"assistant","model":"m","content":[{"type":"text","text":"so far"}],"stop_reason":"pause_turn","usage":{"input_tokens":1,"output_tokens":1}}"#;
    let stream = b"event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"id\":\"m\",\"type\":\"message\",\"role\":\"assistant\",\"model\":\"m\",\"content\":[],\"usage\":{\"input_tokens\":1,\"output_tokens\":1}}}\n\n\
        event: content_block_start\ndata: {\"type\":\"content_block_start\",\"index\":0,\"content_block\":{\"type\":\"text\",\"text\":\"\"}}\n\n\
        event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":\"so far\"}}\n\n\
        event: content_block_stop\ndata: {\"type\":\"content_block_stop\",\"index\":0}\n\n\
        event: message_delta\ndata: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"pause_turn\",\"stop_sequence\":null},\"usage\":{\"output_tokens\":2}}\n\n\
        event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n";
    for (endpoint, word) in CALLERS
        .into_iter()
        .zip(["length", "incomplete", "OTHER", "length"])
    {
        let (bytes, reading, _) = translate_whole(
            Endpoint::Messages,
            paused,
            &writing(endpoint),
            Back::default(),
        )
        .expect("a reply");
        let reply = serde_json::from_slice(&bytes).expect("JSON");
        assert_eq!(ending(endpoint, &reply), word, "{}", endpoint.name());
        // The receipt keeps the provider's own meaning.
        assert_eq!(reading.stop, Some(StopReason::Pause));

        let mut translator = Translator::new(
            Endpoint::Messages,
            Framing::Sse,
            writing(endpoint),
            Back::default(),
        );
        let mut said = translator.feed(stream).bytes.to_vec();
        said.extend_from_slice(&translator.finish().bytes);
        let said = String::from_utf8(said).expect("text");
        assert!(said.contains("so far"), "{said}");
        assert!(
            said.contains(&format!("\"{word}\"")),
            "{}: {said}",
            endpoint.name()
        );
        assert_eq!(translator.reading().stop, Some(StopReason::Pause));
    }
}

#[test]
fn an_answer_that_google_would_go_on_with_is_a_cut_one_in_every_dialect() {
    let cut = br#"{"candidates":[{"content":{"role":"model","parts":[{"text":"so far"}]},"finishReason":"CONTINUATION"}],"usageMetadata":{"promptTokenCount":1,"candidatesTokenCount":1}}"#;
    for (endpoint, word) in
        CALLERS
            .into_iter()
            .zip(["length", "incomplete", "MAX_TOKENS", "length"])
    {
        let (bytes, ..) = translate_whole(
            Endpoint::GenerateContent,
            cut,
            &writing(endpoint),
            Back::default(),
        )
        .expect("a reply");
        let reply = serde_json::from_slice(&bytes).expect("JSON");
        assert_eq!(ending(endpoint, &reply), word, "{}", endpoint.name());
    }
}
