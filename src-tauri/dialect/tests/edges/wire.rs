//! Frames as each provider sends them, and a caller's stream taken apart again.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use dialect::{Dialect, Framing};
use serde_json::Value;

use crate::case::{Bytes, Piece};

pub(crate) fn framing(dialect: Dialect) -> Framing {
    match dialect {
        Dialect::Ollama => Framing::Lines,
        Dialect::Bedrock => Framing::AwsEvents,
        _ => Framing::Sse,
    }
}

/// A provider's stream. A text is data that is no JSON (`[DONE]`).
pub(crate) fn stream(dialect: Dialect, frames: &[Value]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for frame in frames {
        let (name, data) = match frame {
            Value::Array(pair) => (pair[0].as_str().unwrap_or_default(), &pair[1]),
            // These two repeat the name of an event within it.
            Value::Object(fields) if matches!(dialect, Dialect::Anthropic | Dialect::Responses) => {
                (fields["type"].as_str().unwrap_or_default(), frame)
            }
            _ => ("", frame),
        };
        let data = match data {
            Value::String(text) => text.clone(),
            json => json.to_string(),
        };
        match framing(dialect) {
            Framing::AwsEvents => bytes.extend(aws(name, data.as_bytes())),
            Framing::Lines => bytes.extend(format!("{data}\n").into_bytes()),
            Framing::Sse if name.is_empty() => {
                bytes.extend(format!("data: {data}\n\n").into_bytes());
            }
            Framing::Sse => {
                bytes.extend(format!("event: {name}\ndata: {data}\n\n").into_bytes());
            }
        }
    }
    bytes
}

/// A message of Amazon's event stream; a name that ends in `Exception` is one.
fn aws(name: &str, payload: &[u8]) -> Vec<u8> {
    let kind = match name.ends_with("Exception") {
        true => "exception",
        false => "event",
    };
    let mut headers = Vec::new();
    for (key, value) in [
        (format!(":{kind}-type"), name),
        (":message-type".to_owned(), kind),
    ] {
        headers.push(u8::try_from(key.len()).expect("short"));
        headers.extend(key.as_bytes());
        headers.push(7);
        headers.extend(u16::try_from(value.len()).expect("short").to_be_bytes());
        headers.extend(value.as_bytes());
    }
    let length = |bytes: usize| u32::try_from(bytes).expect("short").to_be_bytes();
    let mut bytes = Vec::new();
    bytes.extend(length(12 + headers.len() + payload.len() + 4));
    bytes.extend(length(headers.len()));
    bytes.extend(crc32fast::hash(&bytes).to_be_bytes());
    bytes.extend(headers);
    bytes.extend(payload);
    bytes.extend(crc32fast::hash(&bytes).to_be_bytes());
    bytes
}

/// The frames of a caller's stream as a list: JSON where it is some, else text.
pub(crate) fn frames(dialect: Dialect, bytes: &[u8]) -> Value {
    let text = std::str::from_utf8(bytes).expect("we write UTF-8");
    let data = |line: &str| match dialect {
        Dialect::Ollama => Some(line.to_owned()),
        _ => line.strip_prefix("data: ").map(str::to_owned),
    };
    text.lines()
        .filter_map(data)
        .filter(|data| !data.is_empty())
        .map(|data| serde_json::from_str(&data).unwrap_or(Value::String(data)))
        .collect()
}

pub(crate) fn bytes(of: &Bytes) -> Vec<u8> {
    let piece = |piece: &Piece| match piece {
        Piece::Text(text) => text.clone().into_bytes(),
        Piece::Base64 { base64 } => STANDARD.decode(base64).expect("base64"),
        Piece::Repeated { repeat, times } => repeat.repeat(*times).into_bytes(),
    };
    match of {
        Bytes::Text(text) => text.clone().into_bytes(),
        Bytes::Pieces(pieces) => pieces.iter().flat_map(piece).collect(),
    }
}
