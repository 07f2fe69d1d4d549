//! A tool and a provider that speak different dialects: what the tool is told of what could not
//! travel, what is refused, what is remembered. Which pair carries what is shown by the SDKs as
//! clients (`tests/clients`) and by docs/translation.md.

use serde_json::{Value, json};
use stories::{FakeUpstream, Signalbox};

/// Providers that each speak one dialect, and aliases over them.
fn config(upstream: &FakeUpstream) -> String {
    let base = upstream.base_url();
    format!(
        "[provider.claude]\nanthropic_base_url = \"{base}\"\nkey = \"none\"\nlocal = true\n\
         [provider.google]\ngemini_base_url = \"{base}/v1beta\"\nauth = \"none\"\nkey = \"none\"\nlocal = true\n\
         [provider.chat]\nopenai_base_url = \"{base}/v1\"\nkey = \"none\"\nlocal = true\n\
         [provider.both]\nopenai_base_url = \"{base}/v1\"\nresponses_base_url = \"{base}/v1\"\nkey = \"none\"\nlocal = true\n\
         [alias]\nseveral = [\"claude/ok\", \"google/ok\"]\nfalls = [\"claude/429\", \"google/ok\"]\n"
    )
}

fn ask(model: &str, more: &Value) -> Value {
    let mut body = json!({"model": model, "messages": [{"role": "user", "content": "Hi"}]});
    for (key, value) in more.as_object().unwrap() {
        body[key] = value.clone();
    }
    body
}

async fn read(reply: reqwest::Response) -> Value {
    serde_json::from_slice(&reply.bytes().await.unwrap()).unwrap()
}

#[tokio::test]
async fn what_could_not_travel_is_told_in_a_header_and_on_the_receipt() {
    let upstream = FakeUpstream::start().await;
    let signalbox = Signalbox::start(&config(&upstream)).await;
    let reply = signalbox
        .post(
            "/v1/chat/completions",
            &ask("claude/ok", &json!({"seed": 7, "logit_bias": {"1": 2}})),
        )
        .send()
        .await
        .unwrap();
    assert_eq!(reply.status(), 200);
    let notes = reply.headers()["x-signalbox-notes"]
        .to_str()
        .unwrap()
        .to_owned();
    assert!(
        notes.contains("drop:seed") && notes.contains("drop:logit_bias"),
        "{notes}"
    );
    let receipt = signalbox.receipt(&reply).await;
    assert_eq!(receipt["attempts"][0]["spoken"], "anthropic");
    let told: Vec<&str> = receipt["notes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|n| n["what"].as_str().unwrap())
        .collect();
    assert!(told.contains(&"seed"), "{receipt}");
    let answer: Value = read(reply).await;
    assert_eq!(answer["object"], "chat.completion");
    assert!(upstream.last().json().get("seed").is_none());
    signalbox.is_quiet().await;
}

#[tokio::test]
async fn a_target_that_would_change_the_question_is_left_out_and_the_next_is_asked() {
    let upstream = FakeUpstream::start().await;
    let signalbox = Signalbox::start(&config(&upstream)).await;
    // Claude gives one answer to a request; Google gives several.
    let several = json!({"n": 2});
    let reply = signalbox
        .post("/v1/chat/completions", &ask("several", &several))
        .send()
        .await
        .unwrap();
    assert_eq!(reply.status(), 200);
    let receipt = signalbox.receipt(&reply).await;
    assert_eq!(receipt["row"]["provider"], "google");
    let dropped = receipt["dropped"][0]["reason"].as_str().unwrap();
    assert!(dropped.contains("`n`"), "{dropped}");

    let reply = signalbox
        .post("/v1/chat/completions", &ask("claude/ok", &several))
        .send()
        .await
        .unwrap();
    assert_eq!(reply.status(), 400);
    let receipt = signalbox.receipt(&reply).await;
    assert_eq!(receipt["row"]["fault"], "cannot_translate");
    let told: Value = read(reply).await;
    let message = told["error"]["message"].as_str().unwrap();
    assert!(
        message.contains("`n`") && message.contains("x-signalbox-lossy"),
        "{message}"
    );

    let reply = signalbox
        .post("/v1/chat/completions", &ask("claude/ok", &several))
        .header("x-signalbox-lossy", "ok")
        .send()
        .await
        .unwrap();
    assert_eq!(reply.status(), 200);
    let notes = reply.headers()["x-signalbox-notes"].to_str().unwrap();
    assert!(notes.contains("drop:n"), "{notes}");
    signalbox.is_quiet().await;
}

#[tokio::test]
async fn a_failure_is_absorbed_by_a_provider_of_another_dialect() {
    let upstream = FakeUpstream::start().await;
    for stream in [false, true] {
        // One that has not been told of the rate limit yet.
        let signalbox = Signalbox::start(&config(&upstream)).await;
        let reply = signalbox
            .post(
                "/v1/chat/completions",
                &ask("falls", &json!({"stream": stream})),
            )
            .send()
            .await
            .unwrap();
        assert_eq!(reply.status(), 200);
        let receipt_name = reply.headers()["x-signalbox-receipt"]
            .to_str()
            .unwrap()
            .to_owned();
        let text = reply.text().await.unwrap();
        assert!(
            text.contains(if stream {
                "data: [DONE]"
            } else {
                "chat.completion"
            }),
            "{text}"
        );
        let receipt = signalbox.receipt_named(&receipt_name).await;
        assert_eq!(receipt["attempts"][0]["failure"], "rate_limit");
        assert_eq!(receipt["attempts"][1]["spoken"], "gemini");
        assert_eq!(receipt["row"]["ending"], "complete");
        signalbox.is_quiet().await;
    }
}

#[tokio::test]
async fn a_response_is_gone_on_from_by_its_name_at_a_provider_of_another_dialect() {
    let upstream = FakeUpstream::start().await;
    let signalbox = Signalbox::start(&config(&upstream)).await;
    let respond = |body: Value| signalbox.post("/v1/responses", &body).send();
    let first = respond(json!({"model": "claude/ok", "input": "My name is Ada."}))
        .await
        .unwrap();
    assert_eq!(first.status(), 200);
    let first: Value = read(first).await;
    let id = first["id"].as_str().unwrap();

    // At another provider, of another dialect.
    let next =
        respond(json!({"model": "google/ok", "input": "What is it?", "previous_response_id": id}))
            .await
            .unwrap();
    assert_eq!(next.status(), 200);
    let seen = upstream.last().json();
    let said = seen["contents"].to_string();
    assert!(
        said.contains("My name is Ada.") && said.contains("What is it?"),
        "{said}"
    );

    // What was not to be stored is not found, and neither is what never was.
    let forgotten = respond(json!({"model": "claude/ok", "input": "Hi", "store": false}))
        .await
        .unwrap();
    let forgotten: Value = read(forgotten).await;
    for lost in [forgotten["id"].as_str().unwrap(), "resp_none"] {
        let reply =
            respond(json!({"model": "claude/ok", "input": "And?", "previous_response_id": lost}))
                .await
                .unwrap();
        assert_eq!(reply.status(), 400, "{lost}");
        let told: Value = read(reply).await;
        assert!(
            told["error"]["message"]
                .as_str()
                .unwrap()
                .contains("previous_response_id"),
            "{told}"
        );
    }
    signalbox.is_quiet().await;
}

#[tokio::test]
async fn googles_signature_comes_back_on_a_call_of_a_tool_whose_calls_have_no_ids() {
    let upstream = FakeUpstream::start().await;
    let signalbox = Signalbox::start(&config(&upstream)).await;
    let tools = json!([{"type":"function","function":{"name":"look","parameters":{"type":"object",
        "properties":{"at":{"type":"string"},"by":{"type":"integer"}}}}}]);
    for stream in [false, true] {
        let prompt = format!("Look ({stream}). <<look {{\"at\":\"the sky\",\"by\":2}}>>");
        let mut messages = json!([{"role":"user","content":prompt}]);
        let body = json!({"model":"google/think","stream":stream,"think":true,"tools":tools,"messages":messages});
        let reply = signalbox.post("/api/chat", &body).send().await.unwrap();
        assert_eq!(reply.status(), 200);
        let text = reply.text().await.unwrap();
        let lines = text
            .lines()
            .filter_map(|line| serde_json::from_str::<Value>(line).ok());
        let mut calls = lines.filter(|line| line["message"]["tool_calls"].is_array());
        let called = calls.next().unwrap_or_else(|| panic!("{text}"));
        let function = &called["message"]["tool_calls"][0]["function"];
        // As Ollama's own library sends it back: name and arguments, no id, no thought.
        let call =
            json!({"function":{"arguments":{"by":2,"at":"the sky"},"name":function["name"]}});
        let list = messages.as_array_mut().unwrap();
        list.push(json!({"role":"assistant","content":"","tool_calls":[call]}));
        list.push(json!({"role":"tool","tool_name":"look","content":"blue"}));
        let body = json!({"model":"google/think","stream":stream,"think":true,"tools":tools,"messages":messages});
        let reply = signalbox.post("/api/chat", &body).send().await.unwrap();
        let status = reply.status();
        let text = reply.text().await.unwrap();
        assert!(status == 200 && text.contains("blue"), "{status} {text}");
        let seen = upstream.last().json();
        let part = &seen["contents"][1]["parts"][0];
        assert_eq!(part["functionCall"]["name"], "look", "{seen}");
        let signature = part["thoughtSignature"]
            .as_str()
            .unwrap_or_else(|| panic!("{seen}"));
        assert!(!signature.contains("skip_thought"), "{signature}");
    }
    signalbox.is_quiet().await;
}

#[tokio::test]
async fn tokens_are_counted_here_where_the_provider_counts_none() {
    let upstream = FakeUpstream::start().await;
    let signalbox = Signalbox::start(&config(&upstream)).await;
    let before = upstream.requests().len();
    for (path, field) in [
        ("/v1/messages/count_tokens", "input_tokens"),
        ("/v1/responses/input_tokens", "input_tokens"),
        ("/v1beta/models/chat%2Fgpt-4o:countTokens", "totalTokens"),
    ] {
        let body = json!({
            "model": "chat/gpt-4o",
            "messages": [{"role": "user", "content": "hello world"}],
            "input": "hello world",
            "contents": [{"role": "user", "parts": [{"text": "hello world"}]}],
        });
        let reply = signalbox.post(path, &body).send().await.unwrap();
        assert_eq!(reply.status(), 200, "{path}");
        assert_eq!(reply.headers()["x-signalbox-estimate"], "5%", "{path}");
        let counted: Value = read(reply).await;
        let tokens = counted[field].as_u64().unwrap();
        assert!((2..=12).contains(&tokens), "{path}: {counted}");
    }
    assert_eq!(upstream.requests().len(), before, "nobody was asked");
}

#[tokio::test]
async fn the_other_dialects_pass_byte_for_byte_too() {
    let upstream = FakeUpstream::start().await;
    let base = upstream.base_url();
    let config = format!(
        "[provider.fake]\nresponses_base_url = \"{base}/v1\"\ngemini_base_url = \"{base}/v1beta\"\nauth = \"none\"\n\
         ollama_base_url = \"{base}\"\nkey = \"none\"\nlocal = true\n"
    );
    let signalbox = Signalbox::start(&config).await;
    for (path, sent, arrived) in [
        (
            "/v1/responses",
            "{ \"input\" : \"caf\\u00e9\",\n\t\"future_x\":{\"b\":1.0}, \"model\":\"fake/ok\" }",
            "/v1/responses",
        ),
        (
            "/v1beta/models/fake%2Fok:generateContent",
            "{ \"contents\" : [{\"role\":\"user\",\"parts\":[{\"text\":\"caf\\u00e9\"}]}], \"future_x\":1e0 }",
            "/v1beta/models/ok:generateContent",
        ),
        (
            "/v1beta/models/fake%2Fok:streamGenerateContent?alt=sse",
            "{ \"contents\" : [{\"role\":\"user\",\"parts\":[{\"text\":\"caf\\u00e9\"}]}] }",
            "/v1beta/models/ok:streamGenerateContent?alt=sse",
        ),
        (
            "/api/chat",
            "{ \"messages\":[{\"role\":\"user\",\"content\":\"caf\\u00e9\"}],\n \"model\":\"fake/ok\" , \"stream\":false}",
            "/api/chat",
        ),
    ] {
        let reply = signalbox
            .client
            .post(format!("{}{path}", signalbox.url))
            .bearer_auth(&signalbox.key)
            .header("content-type", "application/json")
            .body(sent)
            .send()
            .await
            .unwrap();
        assert_eq!(
            reply.status(),
            200,
            "{path}: {}",
            reply.text().await.unwrap()
        );
        assert!(!reply.headers().contains_key("x-signalbox-notes"));
        let seen = upstream.last();
        let expected = sent.replace("\"fake/ok\"", "\"ok\"");
        assert_eq!(
            String::from_utf8(seen.body.clone()).unwrap(),
            expected,
            "{path}"
        );
        assert_eq!(seen.path(), arrived);
        // The reply too: what the provider sends to the same bytes without anybody between.
        let direct = signalbox
            .client
            .post(format!("{base}{arrived}"))
            .header("content-type", "application/json")
            .body(expected)
            .send()
            .await
            .unwrap();
        assert_eq!(
            reply.bytes().await.unwrap(),
            direct.bytes().await.unwrap(),
            "{path}"
        );
    }
    signalbox.is_quiet().await;
}

#[tokio::test]
async fn a_caller_who_streams_gets_a_stream_from_a_provider_that_answers_in_one_piece() {
    let upstream = FakeUpstream::start().await;
    let signalbox = Signalbox::start(&config(&upstream)).await;
    let message = json!([{"role": "user", "content": "Hi"}]);
    let gemini = "/v1beta/models/PROVIDER%2Fwhole-only:streamGenerateContent?alt=sse";
    for (path, body, provider, end) in [
        (
            "/v1/chat/completions",
            json!({"messages": message}),
            "claude",
            "data: [DONE]\n\n",
        ),
        (
            "/v1/messages",
            json!({"messages": message, "max_tokens": 9}),
            "chat",
            "data: {\"type\":\"message_stop\"}\n\n",
        ),
        (
            "/v1/responses",
            json!({"input": "Hi"}),
            "google",
            "event: response.completed",
        ),
        (
            gemini,
            json!({"contents": [{"role": "user", "parts": [{"text": "Hi"}]}]}),
            "claude",
            "\"finishReason\":\"STOP\"",
        ),
    ] {
        let mut body = body;
        let path = path.replace("PROVIDER", provider);
        if !path.contains("whole-only") {
            body["model"] = format!("{provider}/whole-only").into();
            body["stream"] = true.into();
        }
        let reply = signalbox.post(&path, &body).send().await.unwrap();
        assert_eq!(reply.status(), 200, "{path}");
        let kind = reply.headers()["content-type"].to_str().unwrap().to_owned();
        assert!(kind.starts_with("text/event-stream"), "{path}: {kind}");
        let receipt = signalbox.receipt(&reply).await;
        assert_eq!(receipt["row"]["ending"], "complete", "{path}: {receipt}");
        let text = reply.text().await.unwrap();
        assert!(
            text.contains("data: {") && text.contains(end),
            "{path}: {text}"
        );
        assert!(text.contains("word7"), "{path}: {text}");
    }
    signalbox.is_quiet().await;
}

#[tokio::test]
async fn a_request_that_only_names_a_previous_response_travels_as_it_came() {
    let upstream = FakeUpstream::start().await;
    let signalbox = Signalbox::start(&config(&upstream)).await;
    let tool = r#"{"type":"function","name":"look","strict":false,"parameters":{"type":"object","properties":{"previous_response_id":{"type":"string"}}}}"#;
    for more in [
        r#""previous_response_id" : null"#.to_owned(),
        format!(r#""tools": [{tool}]"#),
        format!(r#""previous_response_id":null, "tools": [{tool}]"#),
    ] {
        let body = |model: &str| {
            format!(
                "{{ \"input\":\"caf\\u00e9\",\n  \"model\":\"{model}\", {more}, \"temperature\":1e0 }}"
            )
        };
        let reply = signalbox
            .post("/v1/responses", &Value::Null)
            .body(body("both/ok"))
            .send()
            .await
            .unwrap();
        assert_eq!(reply.status(), 200, "{more}");
        let receipt = signalbox.receipt(&reply).await;
        assert_eq!(receipt["attempts"][0]["spoken"], Value::Null, "{receipt}");
        let arrived = String::from_utf8(upstream.last().body).unwrap();
        assert_eq!(arrived, body("ok"));
    }
    signalbox.is_quiet().await;
}

#[tokio::test]
async fn what_goes_on_from_a_response_kept_here_is_counted_with_the_whole_conversation() {
    let upstream = FakeUpstream::start().await;
    let signalbox = Signalbox::start(&config(&upstream)).await;
    let first = json!({"model": "claude/ok", "input": "My name is Ada."});
    let first = signalbox
        .post("/v1/responses", &first)
        .send()
        .await
        .unwrap();
    let first: Value = read(first).await;
    let counted = json!({"model": "both/ok", "input": "What is it?", "instructions": "Be short.",
        "previous_response_id": first["id"], "truncation": "auto"});
    let reply = signalbox
        .post("/v1/responses/input_tokens", &counted)
        .send()
        .await
        .unwrap();
    assert_eq!(reply.status(), 200);
    assert_eq!(read(reply).await["input_tokens"], 17);
    let seen = upstream.last();
    assert!(seen.path().ends_with("/responses/input_tokens"));
    let seen = seen.json();
    let said = seen["input"].to_string();
    assert!(
        said.contains("My name is Ada.") && said.contains("What is it?"),
        "{seen}"
    );
    assert_eq!(seen["instructions"], "Be short.");
    assert_eq!(seen["truncation"], "auto");
    assert_eq!(seen["model"], "ok");
    assert!(seen.get("previous_response_id").is_none(), "{seen}");
    assert!(!said.contains("Be short."), "{seen}");
    signalbox.is_quiet().await;
}
