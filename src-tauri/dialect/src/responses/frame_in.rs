//! A frame of a provider's stream, as it comes.
//!
//! Promises: a field of the wrong shape is absent, and what is large is not parsed before somebody
//! needs it. Leaves out: what a step means (`events_in`).

use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use crate::loose;

/// A frame of the stream; each type has some of it.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Step<'a> {
    #[serde(deserialize_with = "loose::value")]
    pub(super) r#type: Option<String>,
    #[serde(deserialize_with = "loose::count")]
    pub(super) output_index: Option<u64>,
    #[serde(deserialize_with = "loose::count")]
    pub(super) content_index: Option<u64>,
    #[serde(deserialize_with = "loose::count")]
    pub(super) summary_index: Option<u64>,
    #[serde(deserialize_with = "loose::value")]
    pub(super) item_id: Option<String>,
    #[serde(deserialize_with = "loose::value")]
    pub(super) delta: Option<String>,
    /// The whole of what the deltas were to bring.
    #[serde(deserialize_with = "loose::value")]
    pub(super) text: Option<String>,
    #[serde(deserialize_with = "loose::value")]
    pub(super) refusal: Option<String>,
    #[serde(deserialize_with = "loose::value")]
    pub(super) arguments: Option<String>,
    #[serde(deserialize_with = "loose::value")]
    pub(super) input: Option<String>,
    #[serde(borrow, deserialize_with = "loose::raw")]
    pub(super) item: Option<&'a RawValue>,
    #[serde(borrow, deserialize_with = "loose::raw")]
    pub(super) response: Option<&'a RawValue>,
    #[serde(borrow, deserialize_with = "loose::raw")]
    pub(super) annotation: Option<&'a RawValue>,
    #[serde(borrow, deserialize_with = "loose::raw")]
    pub(super) logprobs: Option<&'a RawValue>,
}

impl Step<'_> {
    pub(super) fn part(&self) -> u64 {
        self.content_index.or(self.summary_index).unwrap_or(0)
    }

    pub(super) fn item(&self) -> Option<Map<String, Value>> {
        serde_json::from_str(self.item?.get()).ok()
    }
}

/// Whether a frame without a type of ours is an error object.
pub(super) fn is_error(data: &[u8]) -> bool {
    #[derive(Deserialize)]
    struct Bare<'a> {
        #[serde(borrow, default, deserialize_with = "loose::raw")]
        error: Option<&'a RawValue>,
    }
    serde_json::from_slice::<Bare<'_>>(data).is_ok_and(|bare| bare.error.is_some())
}
