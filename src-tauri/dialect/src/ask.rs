//! The little that our own answers need from a request: the practice
//! provider's replies and the estimates.
//!
//! Promises: lenient about anything it does not need, bounded in what it keeps.
//! It builds a tree, so it stays off the path of forwarded requests (`facts`).
//! Leaves out: everything a model would want to know.

use serde_json::Value;

use crate::{Dialect, Endpoint, Malformed};

/// The most that is kept of the last user's text, in bytes.
const MAX_TEXT_BYTES: usize = 4 * 1024;
/// The most inputs one embeddings request may have; the same as OpenAI's.
const MAX_INPUTS: usize = 2_048;

/// What a request asks for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Ask {
    /// The text of the last user message that has any, at most 4 KiB.
    pub last_user_text: String,
    /// The names of the tools on offer.
    pub tools: Vec<String>,
    /// The conversation ends with a tool's result, so a call was just answered.
    pub last_is_tool_result: bool,
    /// What to embed: the first 2,048 inputs. Token ids stand as numbers in words.
    pub inputs: Vec<String>,
    /// Vectors are wanted in base64 (`encoding_format`).
    pub base64: bool,
    /// The length of vector asked for.
    pub dimensions: Option<usize>,
}

/// Reads what a request asks for.
pub fn ask(endpoint: Endpoint, body: &[u8]) -> Result<Ask, Malformed> {
    let request: Value = serde_json::from_slice(body).map_err(|e| Malformed::json(&e))?;
    if !request.is_object() {
        return Err(Malformed::nowhere("The request body is not a JSON object"));
    }
    Ok(match endpoint {
        Endpoint::ChatCompletions | Endpoint::Messages | Endpoint::CountTokens => {
            conversation(endpoint.dialect(), &request)
        }
        Endpoint::Embeddings => Ask {
            inputs: inputs(&request["input"]),
            base64: request["encoding_format"] == "base64",
            dimensions: request["dimensions"]
                .as_u64()
                .and_then(|n| usize::try_from(n).ok()),
            ..Ask::default()
        },
    })
}

/// A rule of thumb for the tokens in so many bytes of text: four bytes each,
/// rounded up. English prose and code come within a third of it; other scripts
/// take more bytes a token, which evens out against their more tokens a word.
pub fn estimate_tokens(bytes: u64) -> u64 {
    bytes.div_ceil(4)
}

fn conversation(dialect: Dialect, request: &Value) -> Ask {
    let messages = list(&request["messages"]);
    let role = |message: &Value| message["role"].as_str().unwrap_or_default().to_owned();
    // Notes by the client may stand behind the turn they belong to.
    let last = messages
        .iter()
        .rev()
        .find(|m| !matches!(&*role(m), "system" | "developer"));
    let last_is_tool_result = last.is_some_and(|message| match dialect {
        Dialect::OpenAi => matches!(&*role(message), "tool" | "function"),
        Dialect::Anthropic => list(&message["content"])
            .iter()
            .any(|b| b["type"] == "tool_result"),
    });
    let last_user_text = messages
        .iter()
        .rev()
        .filter(|message| role(message) == "user")
        .map(|message| text(&message["content"]))
        .find(|text| !text.is_empty())
        .unwrap_or_default();
    // OpenAI nests the name under the tool's type, its old form under `functions`.
    let tools = list(&request["tools"])
        .iter()
        .chain(list(&request["functions"]))
        .filter_map(|tool| {
            [
                &tool["name"],
                &tool["function"]["name"],
                &tool["custom"]["name"],
            ]
            .into_iter()
            .find_map(Value::as_str)
        })
        .map(str::to_owned)
        .collect();
    Ask {
        last_user_text,
        tools,
        last_is_tool_result,
        ..Ask::default()
    }
}

/// A message's text: a string, or the text parts of a list, a line each.
fn text(content: &Value) -> String {
    let mut text = match content {
        Value::String(text) => text.clone(),
        _ => {
            let parts = list(content).iter().filter(|part| part["type"] == "text");
            parts
                .filter_map(|part| part["text"].as_str())
                // Claude Code puts its own notes before what the user typed.
                .filter(|text| !text.trim_start().starts_with("<system-reminder>"))
                .collect::<Vec<_>>()
                .join("\n")
        }
    };
    let cut = (0..=MAX_TEXT_BYTES)
        .rev()
        .find(|at| text.is_char_boundary(*at));
    if text.len() > MAX_TEXT_BYTES {
        text.truncate(cut.unwrap_or(0));
    }
    text
}

/// One string, a list of them, one list of token ids, or a list of such lists.
fn inputs(input: &Value) -> Vec<String> {
    let words = |ids: &[Value]| {
        ids.iter()
            .map(Value::to_string)
            .collect::<Vec<_>>()
            .join(" ")
    };
    match input {
        Value::String(text) => vec![text.clone()],
        Value::Array(ids) if ids.first().is_some_and(Value::is_number) => vec![words(ids)],
        _ => list(input)
            .iter()
            .take(MAX_INPUTS)
            .map(|one| one.as_str().map_or_else(|| words(list(one)), str::to_owned))
            .collect(),
    }
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map(Vec::as_slice).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chat(body: &str) -> Ask {
        ask(Endpoint::ChatCompletions, body.as_bytes()).expect("the test input is valid")
    }

    fn messages(body: &str) -> Ask {
        ask(Endpoint::Messages, body.as_bytes()).expect("the test input is valid")
    }

    #[test]
    fn the_last_user_text_is_found_in_strings_and_parts() {
        let asked = chat(
            r#"{"messages":[{"role":"user","content":"one"},{"role":"assistant","content":"x"},
            {"role":"user","content":[{"type":"text","text":"two"},{"type":"image_url"},{"type":"text","text":"three"}]}]}"#,
        );
        assert_eq!(asked.last_user_text, "two\nthree");
        assert!(!asked.last_is_tool_result);
    }

    #[test]
    fn a_tools_own_reminders_are_not_the_users_words() {
        let asked = messages(
            r#"{"messages":[{"role":"user","content":[
            {"type":"text","text":"<system-reminder>\nbe brief\n</system-reminder>"},
            {"type":"text","text":"Good morning"}]}]}"#,
        );
        assert_eq!(asked.last_user_text, "Good morning");
    }

    #[test]
    fn a_tool_result_is_seen_behind_a_note_of_the_client() {
        let asked = messages(
            r#"{"messages":[{"role":"user","content":"go"},
            {"role":"user","content":[{"type":"tool_result","tool_use_id":"t","content":"42"}]},
            {"role":"system","content":"note"}]}"#,
        );
        assert!(asked.last_is_tool_result);
        assert_eq!(asked.last_user_text, "go");
        let asked =
            chat(r#"{"messages":[{"role":"user","content":"go"},{"role":"tool","content":"42"}]}"#);
        assert!(asked.last_is_tool_result);
    }

    #[test]
    fn tools_are_named_in_every_form() {
        let asked = chat(
            r#"{"tools":[{"type":"function","function":{"name":"a"}},{"type":"custom","custom":{"name":"b"}}],
            "functions":[{"name":"c"}]}"#,
        );
        assert_eq!(asked.tools, ["a", "b", "c"]);
        assert_eq!(
            messages(r#"{"tools":[{"name":"d"},{"type":"x"}]}"#).tools,
            ["d"]
        );
    }

    #[test]
    fn embedding_inputs_take_four_forms() {
        let inputs = |input: &str| {
            let body = format!(r#"{{"input":{input},"encoding_format":"base64","dimensions":8}}"#);
            let asked =
                ask(Endpoint::Embeddings, body.as_bytes()).expect("the test input is valid");
            assert_eq!((asked.base64, asked.dimensions), (true, Some(8)));
            asked.inputs
        };
        assert_eq!(inputs(r#""a""#), ["a"]);
        assert_eq!(inputs(r#"["a","b"]"#), ["a", "b"]);
        assert_eq!(inputs("[1,2]"), ["1 2"]);
        assert_eq!(inputs("[[1,2],[3]]"), ["1 2", "3"]);
        assert_eq!(
            inputs(&format!("[{}\"x\"]", "\"x\",".repeat(3_000))).len(),
            MAX_INPUTS
        );
    }

    #[test]
    fn long_text_is_cut_between_characters() {
        let asked = chat(&format!(
            r#"{{"messages":[{{"role":"user","content":"x{}"}}]}}"#,
            "ä".repeat(4_000)
        ));
        assert_eq!(asked.last_user_text.len(), MAX_TEXT_BYTES - 1);
    }

    #[test]
    fn odd_shapes_ask_for_nothing() {
        assert_eq!(
            chat(r#"{"messages":{"role":1},"tools":"x"}"#),
            Ask::default()
        );
        assert!(ask(Endpoint::Messages, b"[]").is_err());
        assert!(ask(Endpoint::Messages, b"{").is_err());
    }

    #[test]
    fn a_token_is_about_four_bytes() {
        assert_eq!([0, 1, 4, 5].map(estimate_tokens), [0, 1, 1, 2]);
    }
}
