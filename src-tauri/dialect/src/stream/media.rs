//! The events of streamed pictures, speech and transcripts.
//!
//! Promises: told apart by their names; of pictures and sound nothing is read but that they came.
//! Speech and transcripts have one last event; of pictures several may be asked for, so their
//! stream is over when its bytes are. Leaves out: framing.

use bytes::Bytes;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::Seen;
use crate::{Dialect, Fault, Reading, StopReason, Usage, json, loose, refuse};

/// What is remembered from event to event: each picture has figures of its own.
#[derive(Debug, Default)]
pub(super) struct MediaReader {
    counted: Usage,
}

impl MediaReader {
    /// Reads the data of one event, which is not empty. Transcripts have no names in front.
    pub(super) fn read(&mut self, name: &[u8], data: &[u8], reading: &mut Reading) -> Seen {
        if data == b"[DONE]" {
            reading.finished = true;
            return Seen::Terminal;
        }
        let Ok(event) = serde_json::from_slice::<Event<'_>>(data) else {
            return Seen::Nothing;
        };
        let name = match (name, &event.r#type) {
            (b"", Some(told)) => told.as_bytes(),
            (name, _) => name,
        };
        if name == b"error" || event.error.is_some() {
            return Seen::failure(reading, refuse::in_stream(Dialect::OpenAi, data));
        }
        let word = name.rsplit(|&byte| byte == b'.').next();
        match word.unwrap_or_default() {
            b"delta" | b"segment" | b"partial_image" => {
                // A picture or a piece of sound: what it is worth is not told by its bytes.
                let words = event
                    .delta
                    .map_or(1, |text| (text.get().len() as u64).saturating_sub(2));
                reading.output_bytes += words;
            }
            b"completed" => {
                self.count(event.usage, reading);
                reading.stop = Some(StopReason::End);
            }
            b"done" => {
                self.count(event.usage, reading);
                reading.stop = Some(StopReason::End);
                reading.finished = true;
                return Seen::Terminal;
            }
            _ => {}
        }
        Seen::Nothing
    }

    fn count(&mut self, counts: Option<Counts>, reading: &mut Reading) {
        let Some(counts) = counts.filter(|counts| counts.input_tokens.is_some()) else {
            // A transcript may be counted in seconds.
            return;
        };
        let add = |sum: u64, more: Option<u64>| sum.saturating_add(more.unwrap_or(0));
        self.counted.input = add(self.counted.input, counts.input_tokens);
        self.counted.output = add(self.counted.output, counts.output_tokens);
        reading.usage = Some(self.counted);
    }
}

/// A broken stream's last event. The SDKs look for `error` in the data, whatever the name; a
/// `[DONE]` behind it would be news to readers of these streams.
pub(super) fn failed(fault: &Fault) -> Bytes {
    let mut frame = Vec::with_capacity(256);
    let event = serde_json::json!({
        "type": "error",
        "error": {"type": "server_error", "code": fault.code, "message": fault.message, "param": null},
    });
    json::event(&mut frame, Some("error"), &event);
    frame.into()
}

#[derive(Deserialize)]
struct Event<'a> {
    #[serde(default, deserialize_with = "loose::value")]
    r#type: Option<String>,
    /// A transcript's next words.
    #[serde(borrow, default, deserialize_with = "loose::raw")]
    delta: Option<&'a RawValue>,
    #[serde(borrow, default, deserialize_with = "loose::raw")]
    error: Option<&'a RawValue>,
    #[serde(default, deserialize_with = "loose::value")]
    usage: Option<Counts>,
}

#[derive(Deserialize)]
struct Counts {
    #[serde(default, deserialize_with = "loose::count")]
    input_tokens: Option<u64>,
    #[serde(default, deserialize_with = "loose::count")]
    output_tokens: Option<u64>,
}
