//! What a translation costs: `cargo run --release -p dialect --example translate_cost`. The figures
//! stand in docs/performance.md with their date.

#![allow(clippy::print_stdout, reason = "it is a program that prints")]

use std::hint::black_box;
use std::time::{Duration, Instant};

use dialect::hub::{Back, Hosting, Quirks, Target, Traits};
use dialect::{
    Dialect, Endpoint, Framing, Translator, Writing, meets_a_quirk, read_request, write_request,
};
use serde_json::{Value, json};

/// A conversation of 60 messages with 20 tools, 128 KiB of JSON.
fn conversation() -> Vec<u8> {
    let text = "The quick brown fox jumps over the lazy dog, \"quoted\" and\nbroken. ".repeat(36);
    let mut messages = vec![json!({"role": "system", "content": text})];
    for turn in 0..19 {
        let id = format!("call_{turn}");
        let call = json!({"id": id, "type": "function", "function": {"name": "tool_3", "arguments": "{\"path\":\"src/lib.rs\"}"}});
        messages.push(json!({"role": "user", "content": text}));
        messages.push(json!({"role": "assistant", "content": null, "tool_calls": [call]}));
        messages.push(json!({"role": "tool", "tool_call_id": id, "content": text}));
    }
    messages.push(json!({"role": "assistant", "content": text}));
    messages.push(json!({"role": "user", "content": text}));
    let tools: Vec<Value> = (0..20).map(tool).collect();
    let body = json!({"model": "m", "stream": true, "messages": messages, "tools": tools});
    serde_json::to_vec(&body).expect("JSON")
}

fn tool(number: usize) -> Value {
    let properties: Value = (0..12)
        .map(|field| {
            let about = "What this field is for, in a sentence that is neither short nor long.";
            (
                format!("field_{field}"),
                json!({"type": "string", "description": about}),
            )
        })
        .collect::<serde_json::Map<_, _>>()
        .into();
    let schema = json!({"type": "object", "properties": properties, "required": ["field_0"]});
    json!({"type": "function", "function": {"name": format!("tool_{number}"), "description": "Does something.", "parameters": schema}})
}

/// The best of many runs: the others were disturbed.
fn best(runs: usize, mut run: impl FnMut()) -> Duration {
    let one = |_| {
        let began = Instant::now();
        run();
        began.elapsed()
    };
    (0..runs).map(one).min().unwrap_or_default()
}

/// The same dialect, at a provider whose quirks the request does not meet: the caller's bytes go on,
/// once that is known.
fn passed_on(body: &[u8]) {
    let quirks = Quirks {
        old_max_tokens: true,
        no_developer: true,
        reasoning_field: Some("reasoning".to_owned()),
        ..Quirks::default()
    };
    let target = Target {
        dialect: Dialect::OpenAi,
        hosting: Hosting::Own,
        provider: "acme",
        model: "m",
        quirks: &quirks,
        traits: Traits::default(),
        max_output: Some(8_192),
    };
    let read = || read_request(Endpoint::ChatCompletions, body, None).expect("a request");
    let reading = best(200, || {
        black_box(read());
    });
    let request = read();
    let asking = best(200, || {
        assert!(!black_box(meets_a_quirk(&request, &target)));
    });
    println!("  chat to chat, quirks not met: read {reading:?}, found out {asking:?}");
    let plain = best(50, || {
        for _ in 0..1_000 {
            black_box(black_box(&quirks).is_plain());
        }
    });
    println!("  a provider's quirks looked at: {:?}", plain / 1_000);
}

fn main() {
    let body = conversation();
    let quirks = Quirks::default();
    println!("request of {} KiB:", body.len() / 1024);
    for to in Dialect::ALL {
        let target = Target {
            dialect: to,
            hosting: Hosting::Own,
            provider: "acme",
            model: "m",
            quirks: &quirks,
            traits: Traits::default(),
            max_output: Some(8_192),
        };
        let took = best(200, || {
            let request = read_request(Endpoint::ChatCompletions, &body, None).expect("a request");
            black_box(write_request(request, &target, true).expect("it travels"));
        });
        println!("  chat to {:9} {took:?}", to.name());
    }
    passed_on(&body);
    let chunk = b"data: {\"id\":\"c\",\"object\":\"chat.completion.chunk\",\"created\":1,\"model\":\"m\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\" word\"},\"finish_reason\":null}]}\n\n";
    println!("chunk of a stream:");
    for to in [
        Endpoint::Messages,
        Endpoint::Responses,
        Endpoint::GenerateContent,
        Endpoint::OllamaChat,
    ] {
        let writing = Writing {
            endpoint: to,
            provider: "acme".to_owned(),
            id: "1".to_owned(),
            model: "m".to_owned(),
            created_unix_s: 1,
            input_tokens: 1,
            usage_asked: true,
            echo: serde_json::Map::new(),
        };
        let mut translator = Translator::new(
            Endpoint::ChatCompletions,
            Framing::Sse,
            writing,
            Back::default(),
        );
        let took = best(50, || {
            for _ in 0..1_000 {
                black_box(translator.feed(chunk));
            }
        });
        println!("  chat to {:17} {:?}", to.name(), took / 1_000);
    }
}
