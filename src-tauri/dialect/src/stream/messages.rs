//! The events of a Messages stream.
//!
//! Promises: events are told apart by name, and only the few that hold more
//! than text are parsed. Unknown ones are passed over. Leaves out: framing.

use serde::Deserialize;

use super::Seen;
use crate::counts::AnthropicCounts;
use crate::reading::anthropic_stop;
use crate::text::said;
use crate::{Dialect, Failure, FailureCategory, Reading, loose, refuse};

/// What is remembered from event to event: the figures come in two parts.
#[derive(Debug, Default)]
pub(super) struct MessageReader {
    counts: AnthropicCounts,
}

impl MessageReader {
    /// Reads the data of one event, which is not empty. The event's name
    /// stands in front and again in the data; some copies leave the one in
    /// front out.
    pub(super) fn read(&mut self, name: &[u8], data: &[u8], reading: &mut Reading) -> Seen {
        let typed;
        let name = if name.is_empty() {
            typed = serde_json::from_slice::<Typed>(data)
                .ok()
                .and_then(|t| t.r#type);
            typed.as_deref().unwrap_or_default().as_bytes()
        } else {
            name
        };
        match name {
            b"content_block_delta" => reading.output_bytes += said(data).bytes,
            b"message_start" => {
                let start = serde_json::from_slice::<MessageStart>(data).ok();
                if let Some(message) = start.and_then(|start| start.message) {
                    return self.start(message, reading);
                }
            }
            b"message_delta" => {
                let Ok(event) = serde_json::from_slice::<MessageDelta>(data) else {
                    return Seen::Nothing;
                };
                self.count(event.usage, reading);
                if let Some(word) = event.delta.and_then(|delta| delta.stop_reason) {
                    reading.stop = Some(anthropic_stop(&word));
                }
            }
            b"message_stop" => {
                reading.finished = true;
                return Seen::Terminal;
            }
            b"error" => {
                return Seen::failure(reading, refuse::in_stream(Dialect::Anthropic, data));
            }
            _ => {}
        }
        Seen::Nothing
    }

    fn start(&mut self, message: Message, reading: &mut Reading) -> Seen {
        let another = message.id.is_some() && message.id != reading.upstream_id;
        if reading.upstream_id.is_some() && another {
            // Gateways that retry in mid-stream splice two replies together.
            let failure = Failure {
                category: FailureCategory::BadReply,
                status: Some(200),
                code: None,
                message: "A second reply began inside the stream.".to_owned(),
                retry_after_ms: None,
            };
            return Seen::failure(reading, failure);
        }
        reading.name(message.model, message.id);
        self.count(message.usage, reading);
        Seen::Nothing
    }

    fn count(&mut self, later: Option<AnthropicCounts>, reading: &mut Reading) {
        if let Some(later) = later {
            self.counts.replace_with(later);
            reading.usage = self.counts.usage();
        }
    }
}

#[derive(Deserialize)]
struct Typed {
    #[serde(default, deserialize_with = "loose::value")]
    r#type: Option<String>,
}

#[derive(Deserialize)]
struct MessageStart {
    #[serde(default, deserialize_with = "loose::value")]
    message: Option<Message>,
}

#[derive(Deserialize)]
struct Message {
    #[serde(default, deserialize_with = "loose::value")]
    id: Option<String>,
    #[serde(default, deserialize_with = "loose::value")]
    model: Option<String>,
    #[serde(default, deserialize_with = "loose::value")]
    usage: Option<AnthropicCounts>,
}

#[derive(Deserialize)]
struct MessageDelta {
    #[serde(default, deserialize_with = "loose::value")]
    delta: Option<Delta>,
    #[serde(default, deserialize_with = "loose::value")]
    usage: Option<AnthropicCounts>,
}

#[derive(Deserialize)]
struct Delta {
    #[serde(default, deserialize_with = "loose::value")]
    stop_reason: Option<String>,
}
