//! One event of a reply's stream, and where it goes.
//!
//! Promises: each is numbered one higher than the last, and has only the fields of its type.
//! Leaves out: when it is said (`events_out`), and what is said of an item (`saying`).

use serde::Serialize;
use serde_json::Value;

use super::document::WithOutput;
use crate::json;

/// One event; each type has some of these.
#[derive(Default, Serialize)]
pub(super) struct Step<'a> {
    pub(super) r#type: &'a str,
    pub(super) sequence_number: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) response: Option<WithOutput<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) item_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) output_index: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) item: Option<&'a Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) content_index: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) summary_index: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) annotation_index: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) delta: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) text: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) refusal: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) arguments: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) input: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) part: Option<&'a Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) annotation: Option<&'a Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) logprobs: Option<&'a [Value]>,
}

/// Where the events of one stream go.
pub(super) struct Line<'a> {
    pub(super) sequence: &'a mut u64,
    pub(super) out: &'a mut Vec<u8>,
}

impl Line<'_> {
    pub(super) fn write(&mut self, r#type: &str, step: Step<'_>) {
        let step = Step {
            r#type,
            sequence_number: *self.sequence,
            ..step
        };
        json::event(self.out, Some(r#type), &step);
        *self.sequence = self.sequence.saturating_add(1);
    }
}

/// An item's place in the reply.
#[derive(Debug)]
pub(super) struct Place {
    pub(super) index: u32,
    pub(super) id: String,
}

impl Place {
    /// An event of the item as a whole.
    pub(super) fn whole<'a>(&self, item: &'a Value) -> Step<'a> {
        Step {
            output_index: Some(self.index),
            item: Some(item),
            ..Step::default()
        }
    }

    pub(super) fn plain(&self) -> Step<'_> {
        Step {
            item_id: Some(&self.id),
            output_index: Some(self.index),
            ..Step::default()
        }
    }

    pub(super) fn content(&self) -> Step<'_> {
        Step {
            content_index: Some(0),
            ..self.plain()
        }
    }

    pub(super) fn summary(&self) -> Step<'_> {
        Step {
            summary_index: Some(0),
            ..self.plain()
        }
    }
}
