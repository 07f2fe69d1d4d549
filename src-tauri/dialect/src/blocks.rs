//! A prompt as the blocks that providers' caches know it by: the tools, the system text, then each message.
//!
//! Promises: one pass, nothing copied; equal beginnings of two requests of one dialect have equal blocks. Leaves out
//! what the blocks mean, and requests that are not read so (forms, a bare text): they have no blocks.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;

/// The blocks of a prompt, in the order in which they are read by a model.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Blocks<'a> {
    /// As they were written.
    pub blocks: Vec<&'a [u8]>,
    /// Messages among them.
    pub messages: usize,
    /// The response that this request goes on from, kept by whoever gave it.
    pub previous: Option<Cow<'a, str>>,
}

/// Where the dialects keep them. What is not named here is no part of a cached beginning.
#[derive(Deserialize)]
struct Prompt<'a> {
    #[serde(borrow)]
    tools: Option<&'a RawValue>,
    #[serde(borrow, alias = "systemInstruction", alias = "system_instruction")]
    system: Option<&'a RawValue>,
    #[serde(borrow)]
    instructions: Option<&'a RawValue>,
    #[serde(borrow)]
    messages: Option<Vec<&'a RawValue>>,
    #[serde(borrow)]
    contents: Option<Vec<&'a RawValue>>,
    #[serde(borrow)]
    input: Option<&'a RawValue>,
    #[serde(borrow)]
    previous_response_id: Option<Cow<'a, str>>,
}

/// Reads the blocks of a request of any dialect; `None` where it can't be read so.
pub fn blocks(body: &[u8]) -> Option<Blocks<'_>> {
    let prompt: Prompt<'_> = serde_json::from_slice(body).ok()?;
    let before = [prompt.tools, prompt.system, prompt.instructions];
    let mut blocks: Vec<&[u8]> = before.into_iter().flatten().map(written).collect();
    let first = blocks.len();
    for list in [prompt.messages, prompt.contents].into_iter().flatten() {
        blocks.extend(list.into_iter().map(written));
    }
    if let Some(input) = prompt.input {
        match serde_json::from_str::<Vec<&RawValue>>(input.get()) {
            Ok(items) => blocks.extend(items.into_iter().map(written)),
            Err(_) => blocks.push(written(input)),
        }
    }
    Some(Blocks {
        messages: blocks.len() - first,
        blocks,
        previous: prompt.previous_response_id,
    })
}

fn written(value: &RawValue) -> &[u8] {
    value.get().as_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(body: &str) -> (Vec<String>, usize) {
        let blocks = blocks(body.as_bytes()).expect("blocks");
        let text = |block: &&[u8]| String::from_utf8_lossy(block).into_owned();
        (blocks.blocks.iter().map(text).collect(), blocks.messages)
    }

    #[test]
    fn each_dialects_prompt_is_read_from_its_tools_to_its_last_message() {
        for (body, blocks, messages) in [
            (
                r#"{"model":"m","messages":[{"a":1},{"b":2}],"tools":[1]}"#,
                &["[1]", r#"{"a":1}"#, r#"{"b":2}"#][..],
                2,
            ),
            (
                r#"{"system":"s","messages":["hi"],"max_tokens":3}"#,
                &["\"s\"", "\"hi\""],
                1,
            ),
            (
                r#"{"systemInstruction":{"x":1},"contents":[{"y":2}]}"#,
                &[r#"{"x":1}"#, r#"{"y":2}"#],
                1,
            ),
            (
                r#"{"instructions":"i","input":[{"z":1},{"w":2}]}"#,
                &["\"i\"", r#"{"z":1}"#, r#"{"w":2}"#],
                2,
            ),
            (r#"{"input":"only a text"}"#, &["\"only a text\""], 1),
            (r#"{"model":"m"}"#, &[], 0),
        ] {
            assert_eq!(
                read(body),
                (blocks.iter().map(|b| (*b).to_owned()).collect(), messages),
                "{body}"
            );
        }
    }

    #[test]
    fn what_is_no_request_has_no_blocks() {
        for body in [
            "",
            "[]",
            "{\"messages\":3}",
            "{\"messages\":[}",
            "--boundary",
        ] {
            assert_eq!(blocks(body.as_bytes()), None, "{body}");
        }
    }

    #[test]
    fn the_response_that_is_gone_on_from_is_told() {
        let body = br#"{"previous_response_id":"resp_\u0031","input":"on"}"#;
        let found = blocks(body).expect("blocks").previous;
        assert_eq!(found.as_deref(), Some("resp_1"));
    }
}
