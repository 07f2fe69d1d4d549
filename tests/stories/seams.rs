//! Streams that break and go on at another provider: one answer for the caller, and all of it on the receipt.

use std::time::Duration;

use futures_util::StreamExt as _;
use serde_json::{Value, json};
use stories::{FakeUpstream, Signalbox};

/// What the fake says in a stream, whole.
const WHOLE: &str = "word0 word1 word2 word3 word4 word5 word6 word7 ";

const CALLERS: [&str; 5] = ["chat", "messages", "responses", "gemini", "ollama"];

/// Three providers: one speaks the callers' dialects, two can be made to go on, in Chat Completions and in
/// Messages, and one can't. The alias `go` asks `first`, then `then`.
fn config(upstream: &FakeUpstream, first: &str, then: &str) -> String {
    let base = upstream.base_url();
    format!(
        "[timeouts]\nidle_ms = 500\n\
         [provider.fake]\nname = \"Fake\"\nopenai_base_url = \"{base}/v1\"\nanthropic_base_url = \"{base}\"\n\
         responses_base_url = \"{base}/v1\"\ngemini_base_url = \"{base}/v1beta\"\nollama_base_url = \"{base}\"\n\
         key = \"none\"\nlocal = true\n\
         [provider.second]\nname = \"Second\"\nopenai_base_url = \"{base}/v1\"\nkey = \"none\"\nlocal = true\n\
         quirks = {{ prefill = \"assistant\" }}\n\
         [provider.third]\nname = \"Third\"\nanthropic_base_url = \"{base}\"\nkey = \"none\"\nlocal = true\n\
         quirks = {{ prefill = \"assistant\" }}\n\
         [provider.anew]\nname = \"Anew\"\nopenai_base_url = \"{base}/v1\"\nkey = \"none\"\nlocal = true\n\
         [alias.go]\ntargets = [{first}, {then}]\nstrategy = \"priority\"\nbroken_stream = \"continue\"\n\
         [alias.tell]\ntargets = [{first}, {then}]\nstrategy = \"priority\"\n"
    )
}

/// A reply as its caller has it in the end.
#[derive(Debug, Default)]
struct Got {
    receipt: String,
    raw: String,
    text: String,
    begins: usize,
    stops: usize,
    ids: Vec<String>,
    input: u64,
    output: u64,
    failed: bool,
}

async fn ask(signalbox: &Signalbox, caller: &str, alias: &str) -> Got {
    let said = json!([{"role": "user", "content": "Count."}]);
    let (path, body) = match caller {
        "chat" => (
            "/v1/chat/completions".to_owned(),
            json!({"model": alias, "stream": true, "stream_options": {"include_usage": true}, "messages": said}),
        ),
        "messages" => (
            "/v1/messages".to_owned(),
            json!({"model": alias, "stream": true, "max_tokens": 500, "messages": said}),
        ),
        "responses" => (
            "/v1/responses".to_owned(),
            json!({"model": alias, "stream": true, "input": "Count."}),
        ),
        "gemini" => (
            format!("/v1beta/models/{alias}:streamGenerateContent?alt=sse"),
            json!({"contents": [{"role": "user", "parts": [{"text": "Count."}]}]}),
        ),
        _ => (
            "/api/chat".to_owned(),
            json!({"model": alias, "messages": said}),
        ),
    };
    let reply = signalbox.post(&path, &body).send().await.unwrap();
    assert_eq!(reply.status(), 200, "{caller}");
    let receipt = reply.headers()["x-signalbox-receipt"]
        .to_str()
        .unwrap()
        .to_owned();
    let raw = reply.text().await.unwrap();
    let mut got = Got {
        receipt,
        raw: raw.clone(),
        ..Got::default()
    };
    for line in raw.lines() {
        let data = line.strip_prefix("data: ").unwrap_or(line);
        if let Ok(event) = serde_json::from_str::<Value>(data) {
            got.event(caller, &event);
        }
    }
    got
}

impl Got {
    fn event(&mut self, caller: &str, event: &Value) {
        let kind = event["type"].as_str().unwrap_or_default();
        let word = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let number = |value: &Value| value.as_u64().unwrap_or_default();
        self.failed |=
            event["error"].is_object() || event["error"].is_string() || kind == "response.failed";
        match caller {
            "chat" => {
                let choice = &event["choices"][0];
                self.text += &word(&choice["delta"]["content"]);
                self.begins += usize::from(choice["delta"]["role"].is_string());
                self.stops += usize::from(choice["finish_reason"].is_string());
                self.ids.push(word(&event["id"]));
                self.count(
                    number(&event["usage"]["prompt_tokens"]),
                    number(&event["usage"]["completion_tokens"]),
                );
            }
            "messages" => {
                self.text += &word(&event["delta"]["text"]);
                self.begins += usize::from(kind == "message_start");
                self.stops += usize::from(event["delta"]["stop_reason"].is_string());
                assert!(
                    event["index"].is_null() || event["index"] == 0,
                    "one block: {event}"
                );
                if kind == "message_delta" {
                    let usage = &event["usage"];
                    self.count(
                        number(&usage["input_tokens"]),
                        number(&usage["output_tokens"]),
                    );
                }
            }
            "responses" => {
                self.begins += usize::from(kind == "response.created");
                self.stops += usize::from(kind == "response.completed");
                if kind == "response.output_text.delta" {
                    self.text += &word(&event["delta"]);
                }
                self.ids
                    .extend(event["response"]["id"].as_str().map(str::to_owned));
                let usage = &event["response"]["usage"];
                self.count(
                    number(&usage["input_tokens"]),
                    number(&usage["output_tokens"]),
                );
                if kind == "response.completed" {
                    assert_eq!(
                        event["response"]["output"][0]["content"][0]["text"],
                        self.text.as_str()
                    );
                }
            }
            "gemini" => {
                let candidate = &event["candidates"][0];
                self.text += &word(&candidate["content"]["parts"][0]["text"]);
                self.begins = 1;
                self.stops += usize::from(candidate["finishReason"].is_string());
                self.ids.push(word(&event["responseId"]));
                let usage = &event["usageMetadata"];
                self.count(
                    number(&usage["promptTokenCount"]),
                    number(&usage["candidatesTokenCount"]),
                );
            }
            _ => {
                self.text += &word(&event["message"]["content"]);
                self.begins = 1;
                self.stops += usize::from(event["done"] == true);
                self.count(
                    number(&event["prompt_eval_count"]),
                    number(&event["eval_count"]),
                );
            }
        }
    }

    fn count(&mut self, input: u64, output: u64) {
        if output > 0 {
            (self.input, self.output) = (input, output);
        }
    }

    /// One message, whole, that a client can't tell from one that did not break.
    fn is_one(&self, what: &str) {
        assert_eq!(self.text, WHOLE, "{what}: {}", self.raw);
        assert_eq!((self.begins, self.stops), (1, 1), "{what}: {}", self.raw);
        assert!(!self.failed, "{what}: {}", self.raw);
        let mut ids = self.ids.clone();
        ids.dedup();
        assert!(ids.len() <= 1, "{what}: {ids:?}");
        let numbers: Vec<u64> = (self.raw.lines())
            .filter_map(|line| {
                serde_json::from_str::<Value>(line.strip_prefix("data: ")?).ok()?["sequence_number"]
                    .as_u64()
            })
            .collect();
        let row: Vec<u64> = (0..numbers.len() as u64).collect();
        assert_eq!(numbers, row, "{what}: {}", self.raw);
    }
}

/// What stands on the receipt of an answer that was sewn together.
fn is_sewn(receipt: &Value, second: &str, what: &str) {
    assert_eq!(receipt["row"]["ending"], "complete", "{what}: {receipt}");
    assert_eq!(receipt["row"]["provider"], second, "{what}");
    assert_eq!(receipt["row"]["usage_basis"], "estimated", "{what}");
    let attempts = receipt["attempts"].as_array().unwrap();
    assert_eq!(attempts.len(), 2, "{what}: {receipt}");
    assert_eq!(attempts[0]["failure"], "broken_stream", "{what}");
    assert!(attempts[1]["failure"].is_null(), "{what}");
    let why = attempts[1]["why"].as_str().unwrap();
    assert!(
        why.starts_with("goes on with the answer of Fake"),
        "{what}: {why}"
    );
    assert_eq!(seams(receipt), 1, "{what}: {receipt}");
}

fn seams(receipt: &Value) -> usize {
    let notes = receipt["notes"].as_array().unwrap();
    notes.iter().filter(|note| note["what"] == "seam").count()
}

/// Whether the receipt says why nobody went on.
fn says_why_not(receipt: &Value, why: &str) -> bool {
    let notes = receipt["notes"].as_array().unwrap();
    let told = |note: &Value| {
        let sentence = note["why"].as_str().unwrap_or_default();
        note["what"] == "seam"
            && sentence.contains("no other target went on")
            && sentence.contains(why)
    };
    notes.iter().any(told)
}

#[tokio::test]
async fn a_stream_that_is_cut_goes_on_at_another_provider_in_every_dialect() {
    let upstream = FakeUpstream::start().await;
    for (second, target) in [("second", "\"second/ok\""), ("third", "\"third/ok\"")] {
        for caller in CALLERS {
            let signalbox = Signalbox::start(&config(&upstream, "\"fake/cut-mid\"", target)).await;
            let what = format!("{caller}, then {second}");
            let got = ask(&signalbox, caller, "go").await;
            got.is_one(&what);
            let receipt = signalbox.receipt_named(&got.receipt).await;
            is_sewn(&receipt, second, &what);
            let tokens = &receipt["tokens"];
            assert!(got.input > 11 && got.output > 8, "of both: {what}: {got:?}");
            assert_eq!(tokens["output"], got.output, "{what}: {receipt}");
            assert_eq!(tokens["input"], got.input, "{what}: {receipt}");
            let commented = matches!(caller, "chat" | "messages" | "responses");
            assert_eq!(
                got.raw.contains("\n: signalbox: Fake broke off"),
                commented,
                "{what}"
            );
            let asked = upstream.last().json();
            let last = asked["messages"]
                .as_array()
                .unwrap()
                .last()
                .unwrap()
                .clone();
            assert_eq!(last["role"], "assistant", "{what}");
            assert!(last.to_string().contains("word0 "), "{what}: {last}");
            signalbox.is_quiet().await;
        }
    }
}

#[tokio::test]
async fn what_broke_and_how_does_not_matter() {
    let upstream = FakeUpstream::start().await;
    for model in ["stall-mid", "close-mid", "error-mid"] {
        for caller in CALLERS {
            let first = format!("\"fake/{model}\"");
            let signalbox = Signalbox::start(&config(&upstream, &first, "\"second/ok\"")).await;
            let what = format!("{caller} at {model}");
            let got = ask(&signalbox, caller, "go").await;
            got.is_one(&what);
            is_sewn(
                &signalbox.receipt_named(&got.receipt).await,
                "second",
                &what,
            );
            let overview = signalbox.control("overview", &json!({})).await;
            let fake = &overview["providers"][0];
            assert_eq!(
                (&fake["attempts"], &fake["failures"]),
                (&1.into(), &1.into()),
                "{what}"
            );
        }
    }
}

#[tokio::test]
async fn one_that_says_again_what_it_was_given_is_not_heard_twice() {
    let upstream = FakeUpstream::start().await;
    let signalbox =
        Signalbox::start(&config(&upstream, "\"fake/cut-mid\"", "\"second/repeats\"")).await;
    ask(&signalbox, "chat", "go").await.is_one("chat");
}

#[tokio::test]
async fn a_stream_may_break_twice_and_no_more() {
    let upstream = FakeUpstream::start().await;
    let twice = "\"third/cut-mid\", \"second/ok\"";
    let signalbox = Signalbox::start(&config(&upstream, "\"fake/cut-mid\"", twice)).await;
    let got = ask(&signalbox, "messages", "go").await;
    got.is_one("twice");
    let receipt = signalbox.receipt_named(&got.receipt).await;
    assert_eq!(
        receipt["attempts"].as_array().unwrap().len(),
        3,
        "{receipt}"
    );
    assert_eq!(seams(&receipt), 2, "{receipt}");
    assert_eq!(receipt["tokens"]["output"], got.output, "{receipt}");

    let thrice = "\"third/cut-mid\", \"second/stall-mid\", \"second/ok\"";
    let signalbox = Signalbox::start(&config(&upstream, "\"fake/cut-mid\"", thrice)).await;
    let got = ask(&signalbox, "messages", "go").await;
    assert!(got.failed && got.stops == 0, "{}", got.raw);
    let receipt = signalbox.receipt_named(&got.receipt).await;
    assert_eq!(receipt["row"]["ending"], "broken", "{receipt}");
    assert!(says_why_not(&receipt, "2 were asked"), "{receipt}");
}

#[tokio::test]
async fn one_that_fails_to_go_on_is_followed_by_the_next() {
    let upstream = FakeUpstream::start().await;
    let then = "\"third/500\", \"second/ok\"";
    let signalbox = Signalbox::start(&config(&upstream, "\"fake/cut-mid\"", then)).await;
    let got = ask(&signalbox, "chat", "go").await;
    got.is_one("after a failure");
    let receipt = signalbox.receipt_named(&got.receipt).await;
    let failures: Vec<&Value> = (receipt["attempts"].as_array().unwrap().iter())
        .map(|attempt| &attempt["failure"])
        .collect();
    assert_eq!(
        failures,
        [&json!("broken_stream"), &json!("server"), &Value::Null],
        "{receipt}"
    );

    let then = "\"third/500\", \"second/529\"";
    let signalbox = Signalbox::start(&config(&upstream, "\"fake/cut-mid\"", then)).await;
    let got = ask(&signalbox, "chat", "go").await;
    assert!(
        got.failed && got.stops == 0 && got.text.starts_with("word0"),
        "{}",
        got.raw
    );
    let receipt = signalbox.receipt_named(&got.receipt).await;
    assert_eq!(receipt["row"]["ending"], "broken", "{receipt}");
    assert_eq!(
        receipt["row"]["provider"], "fake",
        "whose words the client has"
    );
    assert!(says_why_not(&receipt, "failed too"), "{receipt}");
    signalbox.is_quiet().await;
}

#[tokio::test]
async fn where_nobody_can_be_made_to_go_on_the_caller_is_told() {
    let upstream = FakeUpstream::start().await;
    for caller in CALLERS {
        let signalbox =
            Signalbox::start(&config(&upstream, "\"fake/cut-mid\"", "\"anew/ok\"")).await;
        let got = ask(&signalbox, caller, "go").await;
        assert!(got.failed && got.stops == 0, "{caller}: {}", got.raw);
        let receipt = signalbox.receipt_named(&got.receipt).await;
        assert_eq!(receipt["row"]["ending"], "broken", "{caller}: {receipt}");
        assert_eq!(
            receipt["attempts"].as_array().unwrap().len(),
            1,
            "{caller}: {receipt}"
        );
        assert!(
            says_why_not(&receipt, "no other target of the plan"),
            "{caller}: {receipt}"
        );
    }
}

#[tokio::test]
async fn without_the_policy_nobody_is_asked_to_go_on() {
    let upstream = FakeUpstream::start().await;
    for caller in CALLERS {
        let signalbox =
            Signalbox::start(&config(&upstream, "\"fake/cut-mid\"", "\"second/ok\"")).await;
        let got = ask(&signalbox, caller, "tell").await;
        assert!(got.failed && got.stops == 0, "{caller}: {}", got.raw);
        let receipt = signalbox.receipt_named(&got.receipt).await;
        assert_eq!(receipt["row"]["ending"], "broken", "{caller}: {receipt}");
        assert_eq!(
            receipt["attempts"].as_array().unwrap().len(),
            1,
            "{caller}: {receipt}"
        );
        assert_eq!(seams(&receipt), 0, "{caller}: {receipt}");
    }
}

#[tokio::test]
async fn a_tool_call_or_an_answer_in_a_form_is_not_sewn_together() {
    let upstream = FakeUpstream::start().await;
    let tools = json!([{"type": "function", "function": {"name": "look", "parameters": {"type": "object"}}}]);
    let schema =
        json!({"type": "json_schema", "json_schema": {"name": "n", "schema": {"type": "object"}}});
    for (model, field, value, why) in [
        ("tool-cut-mid", "tools", tools, "a tool call had begun"),
        ("cut-mid", "response_format", schema, "a given form"),
        ("cut-mid", "n", json!(2), "several answers"),
    ] {
        let first = format!("\"fake/{model}\"");
        let signalbox = Signalbox::start(&config(&upstream, &first, "\"second/ok\"")).await;
        let mut body = stories::chat("go", true);
        body[field] = value;
        let reply = signalbox
            .post("/v1/chat/completions", &body)
            .send()
            .await
            .unwrap();
        let id = reply.headers()["x-signalbox-receipt"]
            .to_str()
            .unwrap()
            .to_owned();
        let text = reply.text().await.unwrap();
        assert!(text.contains("\"error\""), "{why}: {text}");
        let receipt = signalbox.receipt_named(&id).await;
        assert_eq!(receipt["row"]["ending"], "broken", "{why}: {receipt}");
        assert!(says_why_not(&receipt, why), "{why}: {receipt}");
    }
}

#[tokio::test]
async fn a_caller_that_leaves_while_another_is_asked_frees_that_one_too() {
    let upstream = FakeUpstream::start().await;
    let signalbox =
        Signalbox::start(&config(&upstream, "\"fake/cut-mid\"", "\"second/stall\"")).await;
    let reply = signalbox.chat_stream("go").await;
    let id = reply.headers()["x-signalbox-receipt"]
        .to_str()
        .unwrap()
        .to_owned();
    let mut body = reply.bytes_stream();
    let first = body.next().await.unwrap().unwrap();
    assert!(String::from_utf8_lossy(&first).contains("word0"));
    stories::eventually("the second to be asked", || async {
        (upstream.requests().len() == 2).then_some(())
    })
    .await;
    drop(body);
    upstream.hung_up_on().await;
    let receipt = signalbox.receipt_named(&id).await;
    assert_eq!(receipt["row"]["ending"], "client_gone", "{receipt}");
    assert_eq!(
        receipt["attempts"][0]["failure"], "broken_stream",
        "{receipt}"
    );
    assert_eq!(receipt["attempts"][1]["provider"], "second", "{receipt}");
    assert!(
        receipt["tokens"]["output"].as_u64().unwrap() > 0,
        "{receipt}"
    );
    signalbox.is_quiet().await;
}

#[tokio::test]
async fn an_app_that_stops_while_another_is_asked_tells_its_caller() {
    let upstream = FakeUpstream::start().await;
    let signalbox =
        Signalbox::start(&config(&upstream, "\"fake/cut-mid\"", "\"second/stall\"")).await;
    let key = signalbox.key.clone();
    let reply = signalbox.chat_stream("go").await;
    let id = reply.headers()["x-signalbox-receipt"]
        .to_str()
        .unwrap()
        .to_owned();
    let stopped = async {
        stories::eventually("the second to be asked", || async {
            (upstream.requests().len() == 2).then_some(())
        })
        .await;
        signalbox.stop().await
    };
    let (text, folder) = tokio::join!(reply.text(), stopped);
    let text = text.unwrap();
    assert!(text.contains("The stream from Fake broke off"), "{text}");
    let signalbox = Signalbox::start_in(folder, &key).await;
    let receipt = signalbox.receipt_named(&id).await;
    assert_eq!(receipt["row"]["ending"], "broken", "{receipt}");
    assert!(says_why_not(&receipt, "Signalbox is stopping"), "{receipt}");
}

#[tokio::test]
async fn the_practice_provider_goes_on_too() {
    let config = "[alias.go]\ntargets = [\"practice/breaks\", \"practice/instant\"]\nstrategy = \"priority\"\n\
                  broken_stream = \"continue\"\n";
    for caller in CALLERS {
        let signalbox = Signalbox::start(config).await;
        let got = ask(&signalbox, caller, "go").await;
        assert!(
            got.text.starts_with("[practice] You said"),
            "{caller}: {}",
            got.raw
        );
        assert!(
            got.text.ends_with("to get real answers."),
            "{caller}: {}",
            got.raw
        );
        assert_eq!(
            got.text.matches("[practice]").count(),
            1,
            "{caller}: {}",
            got.raw
        );
        assert_eq!((got.begins, got.stops), (1, 1), "{caller}: {}", got.raw);
        let receipt = signalbox.receipt_named(&got.receipt).await;
        assert_eq!(seams(&receipt), 1, "{caller}: {receipt}");
        assert_eq!(receipt["row"]["ending"], "complete", "{caller}: {receipt}");
    }
}

#[tokio::test]
async fn a_stream_that_does_not_break_is_as_ever() {
    let upstream = FakeUpstream::start().await;
    let signalbox = Signalbox::start(&config(&upstream, "\"fake/ok\"", "\"second/ok\"")).await;
    for caller in CALLERS {
        let got = ask(&signalbox, caller, "go").await;
        got.is_one(caller);
        let receipt = signalbox.receipt_named(&got.receipt).await;
        assert_eq!(
            receipt["row"]["usage_basis"], "metered",
            "{caller}: {receipt}"
        );
        let tokens = &receipt["tokens"];
        assert_eq!(
            (&tokens["input"], &tokens["output"]),
            (&got.input.into(), &got.output.into()),
            "{caller}"
        );
        assert!(
            receipt["notes"].as_array().unwrap().is_empty(),
            "{caller}: {receipt}"
        );
    }
    tokio::time::timeout(Duration::from_secs(5), signalbox.is_quiet())
        .await
        .unwrap();
}
