//! OpenAI's pictures and sound, whole and as events.

use serde_json::{Value, json};

use super::route::Task;

/// The smallest picture there is.
const PIXEL: &str = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==";

pub(super) fn images() -> String {
    json!({"created":1_700_000_000,"data":[{"b64_json":PIXEL}],
        "usage":{"input_tokens":5,"output_tokens":6,"total_tokens":11}})
    .to_string()
}

/// Bytes that are no text: sound must not be read as one.
pub(super) fn sound() -> Vec<u8> {
    let mut bytes = b"ID3\x04\x00\x00\x00\x00\x00\x00".to_vec();
    bytes.extend((0u8..=255).cycle().take(4096));
    bytes
}

pub(super) fn transcript() -> String {
    json!({"text":"Hello from the fake upstream.","usage":{"type":"duration","seconds":1}})
        .to_string()
}

/// The events, if they are what was asked for. A form says everything in texts.
pub(super) fn events(task: Task, asked: &Value) -> Option<Vec<Vec<u8>>> {
    let streams = asked["stream"] == true || asked["stream"] == "true";
    let usage = json!({"input_tokens":5,"output_tokens":6,"total_tokens":11});
    let events = match task {
        Task::Images if streams => {
            let one = [
                json!({"type":"image_generation.partial_image","b64_json":PIXEL,"partial_image_index":0}),
                json!({"type":"image_generation.completed","b64_json":PIXEL,"usage":usage}),
            ];
            let count = asked["n"].as_u64().unwrap_or(1);
            let each = (0..count).flat_map(|_| one.clone());
            each.map(|event| named(&event)).collect()
        }
        Task::Speech if asked["stream_format"] == "sse" => vec![
            unnamed(&json!({"type":"speech.audio.delta","audio":PIXEL})),
            unnamed(&json!({"type":"speech.audio.delta","audio":PIXEL})),
            unnamed(&json!({"type":"speech.audio.done","usage":usage})),
        ],
        Task::Transcript if streams => vec![
            unnamed(&json!({"type":"transcript.text.delta","delta":"Hello "})),
            unnamed(&json!({"type":"transcript.text.delta","delta":"there"})),
            unnamed(&json!({"type":"transcript.text.done","text":"Hello there",
                "usage":{"type":"tokens","input_tokens":5,"output_tokens":6,"total_tokens":11}})),
        ],
        _ => return None,
    };
    Some(events)
}

fn named(event: &Value) -> Vec<u8> {
    let name = event["type"].as_str().unwrap_or_default();
    format!("event: {name}\ndata: {event}\n\n").into_bytes()
}

fn unnamed(event: &Value) -> Vec<u8> {
    format!("data: {event}\n\n").into_bytes()
}
