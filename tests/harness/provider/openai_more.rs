//! OpenAI's other operations with text: vectors and old completions.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::said::Said;

/// The vector of every text.
pub(super) const VECTOR: [f32; 2] = [0.25, -0.5];

/// One odd-looking vector for each text.
pub(super) fn embeddings(model: &str, asked: &Value) -> String {
    let count = asked["input"].as_array().map_or(1, Vec::len);
    let bytes: Vec<u8> = VECTOR
        .iter()
        .flat_map(|number| number.to_le_bytes())
        .collect();
    let vector = match asked["encoding_format"].as_str() {
        Some("base64") => format!("\"{}\"", STANDARD.encode(bytes)),
        _ => "[0.25,-0.5]".to_owned(),
    };
    let data: Vec<String> = (0..count)
        .map(|index| {
            format!("{{\"object\":\"embedding\",\"index\":{index},\"embedding\":{vector}}}")
        })
        .collect();
    format!(
        "{{\"object\":\"list\",\"data\":[{}],\
         \"model\":\"{model}\",\"usage\":{{\"prompt_tokens\":8,\"total_tokens\":8}}}}",
        data.join(",")
    )
}

pub(super) fn whole_completion(said: &Said) -> String {
    json!({"id":"cmpl-fake","object":"text_completion","created":1_700_000_000,"model":said.model,
        "choices":[{"index":0,"text":said.text(),"logprobs":null,"finish_reason":"stop"}],
        "usage":{"prompt_tokens":120,"completion_tokens":9,"total_tokens":129}})
    .to_string()
}

pub(super) fn completion_events(said: &Said) -> Vec<String> {
    let chunk = |text: &str, finish: Value| {
        let body = json!({"id":"cmpl-fake","object":"text_completion","created":1_700_000_000,"model":said.model,
            "choices":[{"index":0,"text":text,"logprobs":null,"finish_reason":finish}]});
        format!("data: {body}\n\n")
    };
    let mut events: Vec<String> = said
        .pieces
        .iter()
        .map(|piece| chunk(piece, Value::Null))
        .collect();
    events.push(chunk("", json!("stop")));
    events.push("data: [DONE]\n\n".to_owned());
    events
}
