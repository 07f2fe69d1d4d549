//! Whether a request meets a provider's quirks.
//!
//! Promises: a provider that speaks the caller's dialect gets the caller's own bytes unless they would
//! be written otherwise because of a quirk. The exact answer writes the request twice; most requests
//! meet nothing, and that is told by looking at them. "Nothing" is always right; "maybe" is made sure of.

use serde_json::{Map, Value};

use super::body;
use crate::hub::{
    Format, Kind, Message, Notes, Part, Quirks, Refused, Request, Role, Target, Thinking,
};

/// Whether a provider's deviations change how this request is written: where they do not, the
/// caller's own bytes can be passed on.
pub fn meets_a_quirk(request: &Request, target: &Target<'_>) -> bool {
    may_meet(request, target.quirks) && changes(request, target)
}

/// The exact answer.
fn changes(request: &Request, target: &Target<'_>) -> bool {
    let plain = Quirks::default();
    let without = Target {
        quirks: &plain,
        ..*target
    };
    written(request, target) != written(request, &without)
}

fn written(request: &Request, target: &Target<'_>) -> Result<Map<String, Value>, Refused> {
    let mut notes = Notes::new(true);
    body(request.clone(), target, &mut notes).map(|(body, _)| body)
}

/// Whether any quirk could touch the request. No quirk may be forgotten here: they are all named.
fn may_meet(request: &Request, quirks: &Quirks) -> bool {
    let Quirks {
        refuses,
        renames,
        old_max_tokens,
        no_developer,
        nine_character_ids,
        names_tool_results,
        json_object_only,
        reasoning_field,
        replays_reasoning,
        efforts,
        max_temperature,
        max_stops,
        no_stream_options,
        text_only_content,
        // Of answers that are gone on with, which no caller asks for.
        prefill: _,
        // Of hints that are added where a caller set none.
        cache_hints: _,
        // Of the address, not of the body.
        paths: _,
    } = quirks;
    let messages = &request.messages;
    let has = |wanted: fn(&Kind) -> bool| {
        let mut parts = messages.iter().flat_map(|message| &message.parts);
        parts.any(|part| wanted(&part.kind))
    };
    let calls = |kind: &Kind| matches!(kind, Kind::ToolCall(_) | Kind::ToolResult(_));
    let is_result = |kind: &Kind| matches!(kind, Kind::ToolResult(_));
    let is_thought = |kind: &Kind| matches!(kind, Kind::Reasoning(_));

    let mut fields = refuses.iter().chain(renames.keys());
    fields.any(|field| may_say(request, field))
        || *old_max_tokens && request.max_output.is_some()
        || *no_developer && messages.iter().any(|one| one.role == Role::Developer)
        || *nine_character_ids && has(calls)
        || *names_tool_results && has(is_result)
        || *json_object_only && matches!(request.format, Format::Schema { .. })
        || (reasoning_field.is_some() || *replays_reasoning) && has(is_thought)
        || !efforts.is_empty() && request.thinking != Thinking::default()
        || max_temperature.is_some() && request.sampling.temperature.is_some()
        || max_stops.is_some_and(|most| request.stop.len() > most)
        || *no_stream_options && (request.stream || may_say(request, "stream_options"))
        || *text_only_content && !messages.iter().all(is_bare_text)
}

/// Whether a field of this name could be written. Names that are not listed could always be.
fn may_say(request: &Request, field: &str) -> bool {
    let sampling = &request.sampling;
    let named = match field {
        "frequency_penalty" => sampling.frequency_penalty.is_some(),
        "logit_bias" => !sampling.logit_bias.is_empty(),
        "logprobs" | "top_logprobs" => request.logprobs.is_some(),
        "messages.name" => request.messages.iter().any(|one| one.name.is_some()),
        "n" => request.candidates.is_some(),
        "parallel_tool_calls" => request.parallel.is_some(),
        "presence_penalty" => sampling.presence_penalty.is_some(),
        "prompt_cache_key" => request.cache_key.is_some(),
        "reasoning_effort" => request.thinking != Thinking::default(),
        "response_format" => request.format != Format::Text,
        "seed" => sampling.seed.is_some(),
        "service_tier" => request.tier.is_some(),
        "stop" => !request.stop.is_empty(),
        "stream_options" => request.stream,
        "temperature" => sampling.temperature.is_some(),
        "top_p" => sampling.top_p.is_some(),
        "user" => request.end_user.is_some(),
        "verbosity" => request.verbosity.is_some(),
        _ => true,
    };
    // Settings may stand one level deeper (`options`, `generationConfig`).
    let inside = |value: &Value| {
        value
            .as_object()
            .is_some_and(|inner| inner.contains_key(field))
    };
    let fields = &request.extras.fields;
    named || fields.contains_key(field) || fields.values().any(inside)
}

/// Whether a message's content is one text and nothing beside it: a string in every dialect.
fn is_bare_text(message: &Message) -> bool {
    let mut texts = 0;
    message.parts.iter().all(|part| match &part.kind {
        Kind::Text(_) => {
            texts += 1;
            texts == 1 && is_bare(part)
        }
        Kind::ToolResult(result) => {
            let content = result.parts.as_slice();
            matches!(
                content,
                [] | [Part {
                    kind: Kind::Text(_),
                    ..
                }]
            ) && content.iter().all(is_bare)
        }
        Kind::ToolCall(_) | Kind::Reasoning(_) => true,
        Kind::Media(_) | Kind::Refusal(_) | Kind::Opaque(_) => false,
    })
}

fn is_bare(part: &Part) -> bool {
    part.cache.is_none() && part.sealed.is_none() && part.extras.fields.is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hub::{Hosting, Traits};
    use crate::{Dialect, Endpoint, read_request};

    const CALLERS: [(Dialect, Endpoint); 5] = [
        (Dialect::OpenAi, Endpoint::ChatCompletions),
        (Dialect::Responses, Endpoint::Responses),
        (Dialect::Anthropic, Endpoint::Messages),
        (Dialect::Gemini, Endpoint::GenerateContent),
        (Dialect::Ollama, Endpoint::OllamaChat),
    ];

    /// Every fixture of a dialect, and each laid over the next, streamed and not.
    fn requests(dialect: Dialect, endpoint: Endpoint) -> Vec<(String, Request)> {
        let folder = format!("{}/fixtures/{}", env!("CARGO_MANIFEST_DIR"), dialect.name());
        let mut files: Vec<_> = std::fs::read_dir(folder)
            .expect("the fixtures are there")
            .map(|entry| entry.expect("an entry").path())
            .collect();
        files.sort();
        let bodies: Vec<(String, Map<String, Value>)> = files
            .iter()
            .map(|file| {
                let body = std::fs::read(file).expect("a fixture");
                let name = file.file_stem().expect("a name").to_string_lossy();
                let body = serde_json::from_slice(&body).expect("an object");
                (name.into_owned(), body)
            })
            .collect();
        let next = bodies.iter().cycle().skip(1);
        let both = bodies.iter().zip(next).map(|((a, below), (b, above))| {
            let mut body = below.clone();
            body.extend(above.clone());
            (format!("{a} under {b}"), body)
        });
        let read = |(name, body): (String, Map<String, Value>)| {
            let bytes = serde_json::to_vec(&body).expect("JSON");
            let path = endpoint.names_model_in_path().then_some(("model", false));
            let mut request = read_request(endpoint, &bytes, path).ok()?;
            request.stream ^= name.contains(" under ");
            Some((name, request))
        };
        bodies
            .iter()
            .cloned()
            .chain(both)
            .filter_map(read)
            .collect()
    }

    /// Every quirk alone.
    fn quirks() -> Vec<Quirks> {
        let flags: [fn(&mut Quirks); 9] = [
            |quirks| quirks.old_max_tokens = true,
            |quirks| quirks.no_developer = true,
            |quirks| quirks.nine_character_ids = true,
            |quirks| quirks.names_tool_results = true,
            |quirks| quirks.json_object_only = true,
            |quirks| quirks.replays_reasoning = true,
            |quirks| quirks.reasoning_field = Some("thoughts".to_owned()),
            |quirks| quirks.no_stream_options = true,
            |quirks| quirks.text_only_content = true,
        ];
        let fields = [
            "frequency_penalty",
            "logit_bias",
            "logprobs",
            "max_tokens",
            "messages.name",
            "metadata",
            "n",
            "parallel_tool_calls",
            "presence_penalty",
            "prompt_cache_key",
            "reasoning_effort",
            "response_format",
            "seed",
            "service_tier",
            "stop",
            "store",
            "stream_options",
            "temperature",
            "tools",
            "top_k",
            "top_logprobs",
            "top_p",
            "user",
            "verbosity",
        ];
        let flags = flags.into_iter().map(|set| {
            let mut quirks = Quirks::default();
            set(&mut quirks);
            quirks
        });
        let refuses = fields.iter().map(|field| Quirks {
            refuses: vec![(*field).to_owned()],
            ..Quirks::default()
        });
        let renames = fields.iter().map(|field| Quirks {
            renames: [((*field).to_owned(), "other".to_owned())].into(),
            ..Quirks::default()
        });
        let efforts = ["none", "low", "max"].iter().map(|word| Quirks {
            efforts: vec![(*word).to_owned()],
            ..Quirks::default()
        });
        let temperatures = [0.1, 1.9].into_iter().map(|most| Quirks {
            max_temperature: Some(most),
            ..Quirks::default()
        });
        let stops = [0, 1, 9].into_iter().map(|most| Quirks {
            max_stops: Some(most),
            ..Quirks::default()
        });
        flags
            .chain(refuses)
            .chain(renames)
            .chain(efforts)
            .chain(temperatures)
            .chain(stops)
            .collect()
    }

    #[test]
    fn a_request_that_is_said_to_meet_nothing_is_written_alike() {
        let (mut cleared, mut maybe, mut met) = (0, 0, 0);
        for (dialect, endpoint) in CALLERS {
            for (name, request) in requests(dialect, endpoint) {
                for quirks in quirks() {
                    let target = Target {
                        dialect,
                        hosting: Hosting::Own,
                        provider: "acme",
                        model: "model",
                        quirks: &quirks,
                        traits: Traits::default(),
                        max_output: Some(8_192),
                    };
                    let changes = changes(&request, &target);
                    let may = may_meet(&request, &quirks);
                    let dialect = dialect.name();
                    assert!(may || !changes, "{dialect} {name} meets {quirks:?}");
                    assert_eq!(meets_a_quirk(&request, &target), changes);
                    cleared += usize::from(!may);
                    maybe += usize::from(may && !changes);
                    met += usize::from(changes);
                }
            }
        }
        // The look is worth having, and the law is not an empty one.
        assert!(
            met > 500 && cleared > 4 * maybe,
            "{met} are met, {cleared} are cleared, {maybe} are not"
        );
    }

    #[test]
    fn an_agents_turn_is_cleared_of_the_quirks_it_does_not_meet() {
        let body = serde_json::json!({"model": "m", "stream": true, "messages": [
            {"role": "system", "content": "Be brief."},
            {"role": "user", "content": "Look."},
            {"role": "assistant", "content": null, "tool_calls": [
                {"id": "call_1", "type": "function", "function": {"name": "look", "arguments": "{}"}}]},
            {"role": "tool", "tool_call_id": "call_1", "content": "a cat"}]});
        let bytes = serde_json::to_vec(&body).expect("JSON");
        let request = read_request(Endpoint::ChatCompletions, &bytes, None).expect("a request");
        let meets_none = Quirks {
            refuses: ["logprobs", "top_logprobs", "logit_bias"]
                .map(str::to_owned)
                .into(),
            efforts: vec!["low".to_owned()],
            max_stops: Some(5),
            old_max_tokens: true,
            no_developer: true,
            json_object_only: true,
            text_only_content: true,
            reasoning_field: Some("reasoning".to_owned()),
            ..Quirks::default()
        };
        assert!(!may_meet(&request, &meets_none));
        let meets = Quirks {
            nine_character_ids: true,
            ..Quirks::default()
        };
        assert!(may_meet(&request, &meets));
    }
}
