//! A conversation whose answer has begun: for a target that goes on from there.
//!
//! Promises: the text so far is the end of the conversation, without the blanks at its end, which some
//! providers refuse; no more is asked for than what is left of the answer. An answer is gone on with only
//! where two pieces of it make one: not where its form holds for the whole, and not where there are several.
//! Leaves out: how a server is told (`chat::write_request`), and who can (`Target::goes_on`).

use super::{Extras, Format, Kind, Message, Part, Request, Role, Thinking};
use crate::estimate_tokens;

impl Request {
    /// Whether an answer to this could be of two pieces; a sentence's end that says why not.
    ///
    /// # Errors
    /// When it could not.
    pub fn may_be_gone_on_with(&self) -> Result<(), &'static str> {
        if self.format != Format::Text {
            return Err("an answer in a given form must come from one model");
        }
        if self.candidates.is_some_and(|wanted| wanted > 1) {
            return Err("several answers were asked for");
        }
        if self.logprobs.is_some() {
            return Err("the probabilities of words are one model's");
        }
        if self.previous.is_some() {
            return Err("the conversation is kept by the provider that broke off");
        }
        Ok(())
    }

    /// Makes this the request for what follows `so_far`, and says whether thinking had to be switched off
    /// for that: no model thinks in the middle of an answer.
    pub fn go_on_from(&mut self, so_far: &str) -> bool {
        let text = so_far.trim_end();
        if text.is_empty() {
            return false;
        }
        let written = estimate_tokens(text.len() as u64);
        self.max_output = self
            .max_output
            .map(|most| most.saturating_sub(written).max(1));
        self.begun = true;
        match self.messages.last_mut() {
            // It had begun the answer itself.
            Some(last) if last.role == Role::Assistant => last.parts.push(part(text)),
            _ => self.messages.push(Message {
                role: Role::Assistant,
                parts: vec![part(text)],
                name: None,
                extras: Extras::default(),
            }),
        }
        let thinks = self.thinking != Thinking::default() && self.thinking.on != Some(false);
        if thinks {
            self.thinking = Thinking::default();
        }
        thinks
    }
}

fn part(text: &str) -> Part {
    Part {
        kind: Kind::Text(text.to_owned()),
        cache: None,
        sealed: None,
        extras: Extras::default(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::hub::{Hosting, Prefill, Quirks, Request, Target, Traits};
    use crate::{Dialect, Endpoint, read_request, write_request};

    fn request(body: &Value) -> Request {
        let bytes = serde_json::to_vec(body).expect("JSON");
        read_request(Endpoint::ChatCompletions, &bytes, None).expect("a request")
    }

    fn target(dialect: Dialect, quirks: &Quirks, prefill: Option<bool>) -> Target<'_> {
        Target {
            dialect,
            hosting: Hosting::Own,
            provider: "acme",
            model: "model",
            quirks,
            traits: Traits {
                prefill,
                ..Traits::default()
            },
            max_output: Some(8_192),
        }
    }

    fn quirk(prefill: Option<Prefill>) -> Quirks {
        Quirks {
            prefill,
            ..Quirks::default()
        }
    }

    /// The request for the rest of an answer, as a server gets it.
    fn written(dialect: Dialect, how: Prefill) -> Value {
        let mut request = request(
            &json!({"model": "m", "stream": true, "max_completion_tokens": 100,
            "reasoning_effort": "high", "messages": [{"role": "user", "content": "Go."}]}),
        );
        assert!(request.go_on_from("So far, so good. \n"), "it thought");
        let quirks = quirk(Some(how));
        let outgoing = write_request(request, &target(dialect, &quirks, None), false);
        serde_json::from_slice(&outgoing.expect("written").body).expect("JSON")
    }

    #[test]
    fn the_text_so_far_is_the_last_message_as_each_server_wants_it() {
        let said = "So far, so good.";
        for (how, last, marks) in [
            (
                Prefill::Assistant,
                json!({"role": "assistant", "content": said}),
                [Value::Null, Value::Null],
            ),
            (
                Prefill::Prefix,
                json!({"role": "assistant", "content": said, "prefix": true}),
                [Value::Null, Value::Null],
            ),
            (
                Prefill::Continue,
                json!({"role": "assistant", "content": said}),
                [json!(true), json!(false)],
            ),
        ] {
            let body = written(Dialect::OpenAi, how);
            assert_eq!(body["messages"][1], last, "{how:?}");
            let told =
                ["continue_final_message", "add_generation_prompt"].map(|key| body[key].clone());
            assert_eq!(told, marks, "{how:?}");
            assert!(
                body["reasoning_effort"].is_null(),
                "no thinking in the middle: {body}"
            );
            assert!(
                body["max_completion_tokens"]
                    .as_u64()
                    .is_some_and(|most| most < 100)
            );
        }
        let body = written(Dialect::Anthropic, Prefill::Assistant);
        let turn = json!({"role": "assistant", "content": said});
        assert_eq!(body["messages"][1], turn);
        assert!(body["thinking"].is_null(), "{body}");
        let body = written(Dialect::Gemini, Prefill::Assistant);
        assert_eq!(body["contents"][1]["role"], "model");
        let body = written(Dialect::Ollama, Prefill::Assistant);
        assert_eq!(body["messages"][1]["content"], "So far, so good.");
        let body = written(Dialect::Bedrock, Prefill::Assistant);
        assert_eq!(body["messages"][1]["role"], "assistant");
    }

    #[test]
    fn a_caller_that_began_the_answer_itself_has_its_words_in_front() {
        let mut begun = request(
            &json!({"model": "m", "messages": [{"role": "user", "content": "Go."},
            {"role": "assistant", "content": "Once "}]}),
        );
        begun.go_on_from("upon a time");
        assert_eq!(begun.messages.len(), 2);
        let quirks = quirk(Some(Prefill::Assistant));
        let outgoing = write_request(begun, &target(Dialect::Anthropic, &quirks, None), false);
        let body: Value = serde_json::from_slice(&outgoing.expect("written").body).expect("JSON");
        let content = body["messages"][1]["content"].to_string();
        assert!(
            content.contains("Once ") && content.contains("upon a time"),
            "{content}"
        );
        // Before the first word there is nothing to go on from.
        let mut fresh =
            request(&json!({"model": "m", "messages": [{"role": "user", "content": "Go."}]}));
        assert!(!fresh.go_on_from(" \n"));
        assert_eq!((fresh.messages.len(), fresh.begun), (1, false));
    }

    #[test]
    fn who_goes_on_is_known_from_quirk_and_model() {
        use Dialect::{Anthropic, Bedrock, Cohere, Gemini, Ollama, OpenAi, Responses};
        for (dialect, how, model, goes_on) in [
            (OpenAi, None, None, false),
            (OpenAi, None, Some(true), false),
            (OpenAi, Some(Prefill::Prefix), None, true),
            (OpenAi, Some(Prefill::None), Some(true), false),
            (OpenAi, Some(Prefill::Assistant), Some(false), false),
            (Anthropic, None, None, false),
            (Anthropic, None, Some(true), true),
            (Anthropic, Some(Prefill::None), Some(true), false),
            (Anthropic, Some(Prefill::Assistant), None, true),
            (Bedrock, None, Some(true), true),
            (Gemini, None, Some(true), false),
            (Gemini, Some(Prefill::Assistant), None, true),
            (Ollama, Some(Prefill::Assistant), None, true),
            (Responses, Some(Prefill::Assistant), Some(true), false),
            (Cohere, Some(Prefill::Assistant), Some(true), false),
        ] {
            let quirks = quirk(how);
            let target = target(dialect, &quirks, model);
            assert_eq!(
                target.goes_on(),
                goes_on,
                "{} {how:?} {model:?}",
                dialect.name()
            );
        }
    }

    #[test]
    fn an_answer_of_one_piece_stays_one() {
        let messages = json!([{"role": "user", "content": "Go."}]);
        for (field, value) in [
            ("response_format", json!({"type": "json_object"})),
            ("n", json!(2)),
            ("logprobs", json!(true)),
        ] {
            let mut body = json!({"model": "m", "messages": messages});
            assert!(request(&body).may_be_gone_on_with().is_ok());
            body[field] = value;
            assert!(request(&body).may_be_gone_on_with().is_err(), "{field}");
        }
    }
}
