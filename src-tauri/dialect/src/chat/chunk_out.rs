//! The shapes of a chunk towards a caller.
//!
//! Promises: what is not said is not written, but for `logprobs` and `finish_reason`, which
//! stand in every choice, null or not.

use serde::Serialize;
use serde_json::{Map, Value};

use super::remarks::Logprobs;

#[derive(Serialize)]
pub(super) struct Choice<'a, D> {
    pub(super) index: u32,
    pub(super) delta: D,
    pub(super) logprobs: Option<Logprobs<'a>>,
    pub(super) finish_reason: Option<&'static str>,
}

#[derive(Default, Serialize)]
pub(super) struct Delta<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) role: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) content: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) reasoning_content: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) reasoning_details: Option<[Map<String, Value>; 1]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) refusal: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) tool_calls: Option<[Fragment<'a>; 1]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) annotations: Option<[Value; 1]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) extra_content: Option<Value>,
}

#[derive(Serialize)]
pub(super) struct Fragment<'a> {
    pub(super) index: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) r#type: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) function: Option<Function<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) custom: Option<Custom<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) extra_content: Option<Value>,
}

impl<'a> Fragment<'a> {
    /// More of a call that was named already.
    pub(super) fn more(index: u32, custom: bool, text: &'a str) -> Fragment<'a> {
        Fragment {
            index,
            id: None,
            r#type: None,
            function: (!custom).then_some(Function {
                name: None,
                arguments: text,
            }),
            custom: custom.then_some(Custom {
                name: None,
                input: text,
            }),
            extra_content: None,
        }
    }
}

#[derive(Serialize)]
pub(super) struct Function<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) name: Option<&'a str>,
    pub(super) arguments: &'a str,
}

#[derive(Serialize)]
pub(super) struct Custom<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) name: Option<&'a str>,
    pub(super) input: &'a str,
}
