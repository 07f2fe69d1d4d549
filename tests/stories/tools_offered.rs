//! Tools that a model is offered: its calls are run here, and its answer goes on.

use serde_json::{Value, json};
use stories::{FakeUpstream, Signalbox, config_for};

/// A call of the calculator, as the fake makes it.
const CALL: &str = r#"<<signalbox_calculator {"expression":"17 * 23"}>>"#;

fn all_dialects(upstream: &FakeUpstream) -> String {
    let base = upstream.base_url();
    format!(
        "{}[provider.vendor]\nanthropic_base_url = \"{base}\"\nkey = \"none\"\nlocal = true\n\
         [provider.google]\ngemini_base_url = \"{base}\"\nkey = \"none\"\nlocal = true\n\
         [provider.open]\nopenai_base_url = \"{base}/v1\"\nkey = \"none\"\nlocal = true\n\
         [provider.answers]\nresponses_base_url = \"{base}/v1\"\nkey = \"none\"\nlocal = true\n",
        config_for(upstream)
    )
}

async fn offering(upstream: &FakeUpstream, target: &str, rule: &str) -> Signalbox {
    let config = format!(
        "{}[alias.main]\ntargets = [\"{target}\"]\ntools = {{ {rule} }}\n",
        all_dialects(upstream)
    );
    Signalbox::start(&config).await
}

fn own_tool(anthropic: bool) -> Value {
    let schema = json!({"type": "object", "properties": {"city": {"type": "string"}}});
    match anthropic {
        true => json!({"name": "weather", "description": "Weather", "input_schema": schema}),
        false => json!({"type": "function", "function": {"name": "weather", "parameters": schema}}),
    }
}

fn asks(path: &str, text: &str, stream: bool) -> Value {
    match path {
        "/v1/messages" => {
            json!({"model": "main", "max_tokens": 500, "stream": stream, "messages": [{"role": "user", "content": text}]})
        }
        "/v1/responses" => json!({"model": "main", "input": text, "stream": stream}),
        _ => {
            let mut body = json!({"model": "main", "stream": stream, "messages": [{"role": "user", "content": text}]});
            if stream {
                body["stream_options"] = json!({"include_usage": true});
            }
            body
        }
    }
}

/// All text of an answer, and how often it ends.
fn told(path: &str, stream: bool, body: &str) -> (String, usize) {
    let events: Vec<Value> = match stream {
        false => vec![serde_json::from_str(body).unwrap()],
        true => body
            .lines()
            .filter_map(|line| line.strip_prefix("data: "))
            .filter_map(|data| serde_json::from_str(data).ok())
            .collect(),
    };
    let mut text = String::new();
    let mut ends = 0;
    for event in &events {
        match (path, stream) {
            ("/v1/messages", true) => {
                text += event["delta"]["text"].as_str().unwrap_or_default();
                ends += usize::from(event["type"] == "message_stop");
            }
            ("/v1/messages", false) => {
                for block in event["content"].as_array().unwrap() {
                    text += block["text"].as_str().unwrap_or_default();
                }
                ends += usize::from(event["stop_reason"] == "end_turn");
            }
            ("/v1/responses", true) => {
                if event["type"] == "response.output_text.delta" {
                    text += event["delta"].as_str().unwrap();
                }
                ends += usize::from(event["type"] == "response.completed");
            }
            ("/v1/responses", false) => {
                for item in event["output"].as_array().unwrap() {
                    text += item["content"][0]["text"].as_str().unwrap_or_default();
                }
                ends += usize::from(event["status"] == "completed");
            }
            (_, true) => {
                text += event["choices"][0]["delta"]["content"]
                    .as_str()
                    .unwrap_or_default();
                ends += usize::from(event["choices"][0]["finish_reason"].is_string());
            }
            (_, false) => {
                text += event["choices"][0]["message"]["content"]
                    .as_str()
                    .unwrap_or_default();
                ends += usize::from(event["choices"][0]["finish_reason"] == "stop");
            }
        }
    }
    (text, ends)
}

#[tokio::test]
async fn a_models_calls_are_run_here_and_its_answer_goes_on_in_every_dialect() {
    let upstream = FakeUpstream::start().await;
    for provider in ["open", "vendor", "google", "answers"] {
        let target = format!("{provider}/tools-talk");
        let signalbox = offering(&upstream, &target, "offer = [\"calculator\"]").await;
        for path in ["/v1/chat/completions", "/v1/messages", "/v1/responses"] {
            for stream in [false, true] {
                let before = upstream.requests().len();
                let body = asks(path, CALL, stream);
                let reply = signalbox.post(path, &body).send().await.unwrap();
                let status = reply.status();
                let receipt = reply.headers()["x-signalbox-receipt"]
                    .to_str()
                    .unwrap()
                    .to_owned();
                let body = reply.text().await.unwrap();
                assert_eq!(status, 200, "{provider} {path} {stream}: {body}");
                let (text, ends) = told(path, stream, &body);
                assert_eq!(
                    text, "Let me look.\n\nresult: 391",
                    "{provider} {path} {stream}: {body}"
                );
                assert_eq!(ends, 1, "{provider} {path} {stream}: {body}");
                assert!(!body.contains("signalbox_calculator"), "{body}");
                assert_eq!(upstream.requests().len(), before + 2);
                let receipt = signalbox.receipt_named(&receipt).await;
                assert_eq!(
                    receipt["attempts"].as_array().unwrap().len(),
                    2,
                    "{receipt}"
                );
                let tools = &receipt["tools"];
                assert_eq!(tools["way"], "offered");
                assert_eq!(tools["calls"][0]["tool"], "calculator");
                assert_eq!(tools["calls"][0]["round"], 1);
                assert!(tools["calls"][0]["trouble"].is_null());
                // The tokens of both turns.
                let row = &receipt["row"];
                assert_eq!(row["usage_basis"], "metered", "{receipt}");
                let both = match (provider, stream) {
                    ("vendor", false) => 10 + 7,
                    ("vendor", true) => 15 + 15,
                    (_, false) => 9 + 9,
                    (_, true) => 8 + 8,
                };
                assert_eq!(
                    row["output_tokens"], both,
                    "{provider} {path} {stream}: {row}"
                );
            }
        }
        signalbox.is_quiet().await;
    }
}

#[tokio::test]
async fn a_tool_that_a_client_names_by_a_reserved_name_is_ours() {
    let upstream = FakeUpstream::start().await;
    let signalbox = Signalbox::start(&all_dialects(&upstream)).await;
    let mut body = asks("/v1/chat/completions", CALL, false);
    body["model"] = json!("open/tool");
    body["tools"] = json!([{"type": "function", "function": {"name": "signalbox_calculator"}}]);
    let reply = signalbox
        .post("/v1/chat/completions", &body)
        .send()
        .await
        .unwrap();
    let text = told("/v1/chat/completions", false, &reply.text().await.unwrap()).0;
    assert_eq!(text, "result: 391");
    let asked = upstream.requests().remove(0).json();
    let tool = &asked["tools"][0]["function"];
    assert_eq!(
        tool["parameters"]["required"],
        json!(["expression"]),
        "{tool}"
    );

    let mut body = asks("/v1/messages", CALL, true);
    body["model"] = json!("vendor/tool");
    body["tools"] = json!([{"name": "signalbox_calculator", "input_schema": {"type": "object"}}]);
    let reply = signalbox.post("/v1/messages", &body).send().await.unwrap();
    let text = told("/v1/messages", true, &reply.text().await.unwrap()).0;
    assert_eq!(text, "result: 391");
}

#[tokio::test]
async fn what_a_tool_could_not_do_is_told_to_its_model() {
    let upstream = FakeUpstream::start().await;
    let signalbox = offering(&upstream, "open/tool", "offer = [\"calculator\"]").await;
    let text = r#"<<signalbox_calculator {"expression":"1/0"}>>"#;
    let reply = signalbox
        .post("/v1/chat/completions", &asks("", text, true))
        .send()
        .await
        .unwrap();
    let receipt = reply.headers()["x-signalbox-receipt"]
        .to_str()
        .unwrap()
        .to_owned();
    let said = told("", true, &reply.text().await.unwrap()).0;
    assert!(said.starts_with("result: ") && said.len() > 15, "{said}");
    let receipt = signalbox.receipt_named(&receipt).await;
    assert_eq!(
        receipt["tools"]["calls"][0]["trouble"]["kind"], "no_answer",
        "{receipt}"
    );
}

#[tokio::test]
async fn a_clients_own_call_passes_and_ours_beside_it_is_answered_when_it_comes_back() {
    let upstream = FakeUpstream::start().await;
    let text = format!(r#"{CALL} <<weather {{"city":"Lisbon"}}>>"#);
    for stream in [false, true] {
        let signalbox =
            offering(&upstream, "open/tools-parallel", "offer = [\"calculator\"]").await;
        let path = "/v1/chat/completions";
        let mut body = asks(path, &text, stream);
        body["tools"] = json!([own_tool(false)]);
        let reply = signalbox.post(path, &body).send().await.unwrap();
        let said = reply.text().await.unwrap();
        assert!(!said.contains("signalbox_calculator"), "{said}");
        assert!(
            said.contains("weather") && said.contains("tool_calls"),
            "{said}"
        );
        let id = said
            .split("\"id\":\"")
            .find(|rest| rest.starts_with("call"))
            .unwrap();
        let id = id.split('"').next().unwrap();
        let messages = body["messages"].as_array_mut().unwrap();
        messages.push(json!({"role": "assistant", "content": null, "tool_calls": [
            {"id": id, "type": "function", "function": {"name": "weather", "arguments": "{\"city\":\"Lisbon\"}"}}]}));
        messages.push(json!({"role": "tool", "tool_call_id": id, "content": "sunny"}));
        for again in [false, true] {
            let reply = signalbox.post(path, &body).send().await.unwrap();
            let receipt = reply.headers()["x-signalbox-receipt"]
                .to_str()
                .unwrap()
                .to_owned();
            let said = told(path, stream, &reply.text().await.unwrap()).0;
            assert_eq!(said, "result: 391; sunny", "{stream}");
            let receipt = signalbox.receipt_named(&receipt).await;
            assert_eq!(receipt["tools"].is_null(), again, "run once: {receipt}");
        }
    }
}

#[tokio::test]
async fn a_model_that_calls_without_end_is_stopped_after_its_rounds() {
    let upstream = FakeUpstream::start().await;
    for stream in [false, true] {
        let before = upstream.requests().len();
        let signalbox = offering(
            &upstream,
            "open/tools-again",
            "offer = [\"calculator\"], rounds = 2",
        )
        .await;
        let path = "/v1/chat/completions";
        let mut body = asks(path, CALL, stream);
        body["tools"] = json!([own_tool(false)]);
        let reply = signalbox.post(path, &body).send().await.unwrap();
        let status = reply.status();
        let said = reply.text().await.unwrap();
        assert_eq!(status, 200, "{said}");
        let asked = upstream.requests().len() - before;
        assert_eq!(asked, 3, "two rounds, and a last answer");
        let last = upstream.last().json();
        assert_eq!(last["tools"].as_array().unwrap().len(), 1, "{last}");
    }
}

#[tokio::test]
async fn wrong_arithmetic_is_flagged_and_corrected_by_one_more_turn() {
    let upstream = FakeUpstream::start().await;
    let path = "/v1/chat/completions";
    for stream in [false, true] {
        let signalbox = offering(&upstream, "open/echo", "recheck = \"flag\"").await;
        let before = upstream.requests().len();
        let body = asks(path, "17 * 23 = 401, and 2 + 2 = 4", stream);
        let reply = signalbox.post(path, &body).send().await.unwrap();
        let receipt = reply.headers()["x-signalbox-receipt"]
            .to_str()
            .unwrap()
            .to_owned();
        let (_, ends) = told(path, stream, &reply.text().await.unwrap());
        assert_eq!(ends, 1);
        let receipt = signalbox.receipt_named(&receipt).await;
        assert_eq!(receipt["tools"]["wrong_sums"], 1, "{stream} {receipt}");
        assert_eq!(upstream.requests().len(), before + 1);

        let signalbox = offering(&upstream, "open/echo", "recheck = \"correct\"").await;
        let before = upstream.requests().len();
        let reply = signalbox.post(path, &body).send().await.unwrap();
        let receipt = reply.headers()["x-signalbox-receipt"]
            .to_str()
            .unwrap()
            .to_owned();
        let (said, ends) = told(path, stream, &reply.text().await.unwrap());
        assert_eq!(ends, 1, "{said}");
        let receipt = signalbox.receipt_named(&receipt).await;
        assert_eq!(receipt["tools"]["corrected"], true, "{receipt}");
        assert_eq!(
            upstream.requests().len(),
            before + 2,
            "once more, and no more"
        );
        assert!(
            upstream
                .last()
                .json()
                .to_string()
                .contains("exactly it is 391")
        );
    }
}

#[tokio::test]
async fn a_correction_that_fails_takes_no_answer_away() {
    let upstream = FakeUpstream::start().await;
    let path = "/v1/chat/completions";
    for stream in [false, true] {
        let signalbox = offering(&upstream, "open/echo", "recheck = \"correct\"").await;
        // A failure is asked once more, and twice where nobody else is.
        let first = upstream.hold_next();
        let later: Vec<_> = (0..3).map(|_| upstream.hold_next()).collect();
        let body = asks(path, "17 * 23 = 401", stream);
        let before = upstream.requests().len();
        let asking = signalbox.post(path, &body).send();
        let (reply, ()) = tokio::join!(asking, async {
            upstream.asked(before + 1).await;
            first.answer();
            for (more, held) in later.into_iter().enumerate() {
                upstream.asked(before + 2 + more).await;
                held.refuse();
            }
        });
        let said = reply.unwrap();
        assert_eq!(said.status(), 200);
        let (text, ends) = told(path, stream, &said.text().await.unwrap());
        assert!(text.contains("17 * 23 = 401"), "{stream}: {text}");
        assert!(!text.contains("exactly"), "{stream}: {text}");
        assert_eq!(ends, 1, "{stream}");
    }
}

#[tokio::test]
async fn a_client_that_wants_a_call_of_its_own_is_offered_nothing_beside_it() {
    let upstream = FakeUpstream::start().await;
    let signalbox = offering(&upstream, "open/tool", "offer = [\"calculator\"]").await;
    let path = "/v1/chat/completions";
    let mut body = asks(path, r#"<<weather {"city":"Lisbon"}>>"#, false);
    body["tools"] = json!([own_tool(false)]);
    body["tool_choice"] = json!("required");
    let reply = signalbox.post(path, &body).send().await.unwrap();
    let said = reply.text().await.unwrap();
    assert!(
        said.contains("tool_calls") && said.contains("weather"),
        "{said}"
    );
    let asked = upstream.last().json();
    assert_eq!(asked["tools"].as_array().unwrap().len(), 1, "{asked}");
    assert_eq!(asked["tool_choice"], "required");
}
