//! What a rule about kept answers must know of a request.
//!
//! Promises: facts only. Every field of the hub that bears on it is looked at.
//! Leaves out: which of them forbid to keep an answer (the route's rule says).

use serde_json::Value;

use super::{Extras, Kind, Media, Message, Part, Request, Source, Tool, ToolKind};

/// Facts about a request.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Cacheability {
    /// As the caller set it.
    pub temperature: Option<f64>,
    /// The caller asks for repeatable draws.
    pub has_seed: bool,
    /// How many answers are asked for.
    pub answers: u32,
    /// Tools are on offer: the answer may be a call.
    pub offers_tools: bool,
    /// The provider may look things up or act by itself (its own tools): the answer is of its moment.
    pub acts: bool,
    /// The conversation has calls of tools, or their results.
    pub has_tool_turns: bool,
    /// The conversation has thoughts of the model.
    pub has_thoughts: bool,
    /// The conversation has signatures or encrypted thoughts, which are of use to their issuer alone.
    pub has_seals: bool,
    /// Something is told by its address or its id only: what lies there may change.
    pub has_addresses: bool,
    /// The request goes on from something that the provider keeps, and that may change or end.
    pub goes_on: bool,
    /// Whether the provider is to keep the answer for a later turn; `None` when unsaid.
    pub store: Option<bool>,
}

/// Fields without a name in the hub that go on from something kept elsewhere.
const KEPT: &[&str] = &[
    "background",
    "cachedContent",
    "container",
    "conversation",
    "prompt",
];
/// Fields without a name in the hub by which the provider looks things up or acts.
const ACTS: &[&str] = &["mcp_servers", "web_search_options"];

impl Request {
    /// What a rule about kept answers must know.
    pub fn cacheability(&self) -> Cacheability {
        let named = |names: &[&str]| {
            let Extras { owner: _, fields } = &self.extras;
            let says = |key: &&str| fields.get(*key).is_some_and(|value| !nothing(value));
            names.iter().any(says)
        };
        let mut facts = Cacheability {
            temperature: self.sampling.temperature,
            has_seed: self.sampling.seed.is_some(),
            answers: self.candidates.unwrap_or(1),
            offers_tools: !self.tools.is_empty(),
            acts: self.tools.iter().any(is_hosted) || named(ACTS),
            goes_on: self.previous.is_some() || named(KEPT),
            store: self.store,
            ..Cacheability::default()
        };
        for Message { parts, .. } in &self.messages {
            facts.see(parts);
        }
        facts
    }
}

fn nothing(value: &Value) -> bool {
    matches!(value, Value::Null | Value::Bool(false))
}

fn is_hosted(tool: &Tool) -> bool {
    matches!(tool.kind, ToolKind::Hosted { .. })
}

impl Cacheability {
    fn see(&mut self, parts: &[Part]) {
        for part in parts {
            self.has_seals |= part.sealed.is_some();
            match &part.kind {
                Kind::Text(_) | Kind::Refusal(_) => {}
                Kind::Media(Media { source, .. }) => {
                    self.has_addresses |= matches!(source, Source::Url(_) | Source::FileId(..));
                }
                Kind::ToolCall(_) => self.has_tool_turns = true,
                Kind::ToolResult(result) => {
                    self.has_tool_turns = true;
                    self.see(&result.parts);
                }
                Kind::Reasoning(thought) => {
                    self.has_thoughts = true;
                    self.has_seals |= thought.sealed.is_some();
                    // A thought that is told by its id is kept at the vendor's.
                    self.goes_on |= thought.id.is_some() && thought.sealed.is_none();
                }
                // Calls and results of the provider's own tools, references, whatever comes next.
                Kind::Opaque(item) => {
                    self.acts = true;
                    self.goes_on |= item["type"] == "item_reference";
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::{Endpoint, read_request};

    fn facts(endpoint: Endpoint, body: &Value) -> Cacheability {
        let body = serde_json::to_vec(body).expect("JSON");
        read_request(endpoint, &body, None)
            .expect("a request")
            .cacheability()
    }

    fn chat(fields: &Value) -> Cacheability {
        let mut body = json!({"model": "m", "messages": [{"role": "user", "content": "Hi"}]});
        for (key, value) in fields.as_object().expect("fields") {
            body[key] = value.clone();
        }
        facts(Endpoint::ChatCompletions, &body)
    }

    #[test]
    fn a_plain_question_has_nothing_to_heed() {
        let plain = Cacheability {
            answers: 1,
            ..Cacheability::default()
        };
        assert_eq!(chat(&json!({})), plain);
        let asked = chat(&json!({"temperature": 0.7, "seed": 1, "n": 3, "store": true}));
        let expected = Cacheability {
            temperature: Some(0.7),
            has_seed: true,
            answers: 3,
            store: Some(true),
            ..plain
        };
        assert_eq!(asked, expected);
    }

    #[test]
    fn what_changes_by_itself_is_told() {
        let image = |url: &str| {
            let part = json!({"type": "image_url", "image_url": {"url": url}});
            chat(&json!({"messages": [{"role": "user", "content": [part]}]}))
        };
        assert!(image("https://example.com/a.png").has_addresses);
        assert!(!image("data:image/png;base64,AAAA").has_addresses);
        assert!(chat(&json!({"web_search_options": {}})).acts);

        let responses = |fields: &Value| {
            let mut body = json!({"model": "m", "input": "Hi"});
            for (key, value) in fields.as_object().expect("fields") {
                body[key] = value.clone();
            }
            facts(Endpoint::Responses, &body)
        };
        assert!(responses(&json!({"tools": [{"type": "web_search"}]})).acts);
        assert!(responses(&json!({"previous_response_id": "resp_1"})).goes_on);
        assert!(responses(&json!({"conversation": "conv_1"})).goes_on);
        assert!(!responses(&json!({"background": false})).goes_on);
        assert!(responses(&json!({"input": [{"type": "item_reference", "id": "msg_1"}]})).goes_on);
    }

    #[test]
    fn turns_of_tools_thoughts_and_seals_are_told() {
        let body = json!({
            "model": "m", "max_tokens": 9,
            "messages": [
                {"role": "user", "content": "Hi"},
                {"role": "assistant", "content": [
                    {"type": "thinking", "thinking": "hm", "signature": "c2ln"},
                    {"type": "tool_use", "id": "t", "name": "look", "input": {}},
                ]},
                {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "t", "content": [
                    {"type": "image", "source": {"type": "url", "url": "https://example.com/a"}},
                ]}]},
            ],
        });
        let facts = facts(Endpoint::Messages, &body);
        assert!(facts.has_tool_turns && facts.has_thoughts && facts.has_seals);
        assert!(facts.has_addresses, "in results too");
        assert!(!facts.offers_tools && !facts.acts && !facts.goes_on);
    }
}
