//! Deterministic work goes to tools: a task that is named, labelled or recognised is done without a model.

use serde_json::{Value, json};
use stories::{FakeUpstream, Signalbox, config_for};

/// Every endpoint that a task may come in by, and how a request for a model says a text there.
const WAYS: [&str; 6] = [
    "/v1/chat/completions",
    "/v1/messages",
    "/v1/responses",
    "/api/chat",
    "/v1/completions",
    "/v1beta/models",
];

fn asks(way: &str, model: &str, text: &str, stream: bool) -> (String, Value) {
    let messages = json!([{"role": "user", "content": text}]);
    match way {
        "/v1/messages" => (
            way.to_owned(),
            json!({"model": model, "max_tokens": 64, "stream": stream, "messages": messages}),
        ),
        "/v1/responses" => (
            way.to_owned(),
            json!({"model": model, "input": text, "stream": stream}),
        ),
        "/v1/completions" => (
            way.to_owned(),
            json!({"model": model, "prompt": text, "stream": stream}),
        ),
        "/v1beta/models" => {
            let verb = match stream {
                true => "streamGenerateContent?alt=sse",
                false => "generateContent",
            };
            (
                format!("{way}/{model}:{verb}"),
                json!({"contents": [{"role": "user", "parts": [{"text": text}]}]}),
            )
        }
        _ => (
            way.to_owned(),
            json!({"model": model, "stream": stream, "messages": messages}),
        ),
    }
}

/// The words of an answer, whatever the form.
fn words(way: &str, stream: bool, body: &str) -> String {
    let whole = |body: &str| -> Value { serde_json::from_str(body).unwrap() };
    let of = |value: &Value| -> String {
        let text = match way {
            "/v1/messages" if stream => &value["delta"]["text"],
            "/v1/messages" => &value["content"][0]["text"],
            "/v1/responses" if stream => match value["type"] == "response.output_text.delta" {
                true => &value["delta"],
                false => &Value::Null,
            },
            "/v1/responses" => &value["output"][0]["content"][0]["text"],
            "/api/chat" => &value["message"]["content"],
            "/v1/completions" => &value["choices"][0]["text"],
            "/v1beta/models" => &value["candidates"][0]["content"]["parts"][0]["text"],
            _ if stream => &value["choices"][0]["delta"]["content"],
            _ => &value["choices"][0]["message"]["content"],
        };
        text.as_str().unwrap_or_default().to_owned()
    };
    if !stream {
        return of(&whole(body));
    }
    let lines = body.lines().filter_map(|line| match way {
        "/api/chat" => Some(line),
        _ => line.strip_prefix("data: "),
    });
    lines
        .filter(|line| line.starts_with('{'))
        .map(|line| of(&whole(line)))
        .collect()
}

fn header<'a>(reply: &'a reqwest::Response, name: &str) -> &'a str {
    let value = reply.headers().get(name);
    value.map_or("", |value| value.to_str().unwrap())
}

/// What is asked of the route `main`, with this in `[tools]`.
async fn with_tools(upstream: &FakeUpstream, tools: &str) -> Signalbox {
    let config = config_for(upstream);
    Signalbox::start(&format!(
        "{config}[alias]\nmain = \"fake/ok\"\n[tools]\n{tools}\n"
    ))
    .await
}

async fn chat(signalbox: &Signalbox, model: &str, text: &str, label: &str) -> reqwest::Response {
    let (path, body) = asks(WAYS[0], model, text, false);
    let mut request = signalbox.post(&path, &body);
    if !label.is_empty() {
        request = request.header("x-signalbox-task", label);
    }
    request.send().await.unwrap()
}

async fn text(reply: reqwest::Response) -> String {
    words(WAYS[0], false, &reply.text().await.unwrap())
}

#[tokio::test]
async fn a_tool_named_as_a_model_answers_in_every_dialect_and_asks_nobody() {
    let upstream = FakeUpstream::start().await;
    let signalbox = with_tools(&upstream, "instead_of = \"main\"").await;
    for way in WAYS {
        for stream in [false, true] {
            let (path, body) = asks(way, "tool/calculator", "23% of 450", stream);
            let reply = signalbox.post(&path, &body).send().await.unwrap();
            assert_eq!(reply.status(), 200, "{path}");
            assert_eq!(header(&reply, "x-signalbox-served-by"), "tool:calculator");
            assert_eq!(header(&reply, "x-signalbox-attempts"), "0");
            let receipt = signalbox.receipt(&reply).await;
            let told = reply.text().await.unwrap();
            assert_eq!(words(way, stream, &told), "103.5", "{path}: {told}");
            assert_eq!(receipt["row"]["cost_nano_usd"], 0);
            assert_eq!(receipt["row"]["cost_basis"], "metered");
            assert_eq!(receipt["row"]["provider"], "tool");
            assert_eq!(receipt["row"]["model"], "calculator");
            assert_eq!(receipt["tools"]["way"], "named", "{receipt}");
            assert_eq!(receipt["tools"]["calls"][0]["tool"], "calculator");
            assert!(receipt["tools"]["saved_tokens"].as_u64().unwrap() > 0);
            // No word of the request is in it.
            assert!(!receipt.to_string().contains("% of 4"), "{receipt}");
        }
    }
    assert_eq!(upstream.requests().len(), 0, "nobody was asked");
    signalbox.is_quiet().await;
}

#[tokio::test]
async fn what_a_tool_cannot_do_is_an_error_with_a_code_and_never_an_answer() {
    let upstream = FakeUpstream::start().await;
    let signalbox = with_tools(&upstream, "off = [\"uuid\"]").await;
    for (model, asked, status, code, hint) in [
        ("tool/calculator", "1/0", 422, "tool_no_answer", "ivi"),
        (
            "tool/calculator",
            "5 metres to seconds",
            422,
            "tool_no_answer",
            "",
        ),
        ("tool/calculator", "2 +", 422, "tool_bad_input", ""),
        ("tool/regex", "match /(/\nx", 422, "tool_bad_input", ""),
        ("tool/uuid", "v4", 422, "tool_not_granted", "switched off"),
        ("tool/sql", "select 1", 422, "tool_not_granted", ""),
        ("tool/check", "lint", 422, "tool_not_granted", ""),
        (
            "tool/mcp/docs/search",
            "{}",
            422,
            "tool_not_granted",
            "docs",
        ),
        (
            "tool/oracle",
            "what now",
            404,
            "unknown_tool",
            "tool/calculator",
        ),
    ] {
        let reply = chat(&signalbox, model, asked, "").await;
        let told = (reply.status().as_u16(), reply.text().await.unwrap());
        assert_eq!(told.0, status, "{model} {asked}: {}", told.1);
        let error: Value = serde_json::from_str(&told.1).unwrap();
        assert_eq!(error["error"]["code"], code, "{model} {asked}: {error}");
        let message = error["error"]["message"].as_str().unwrap();
        assert!(message.contains(hint) && message.len() > 20, "{message}");
    }
    let (path, body) = asks("/v1/messages", "tool/calculator", "1/0", true);
    let reply = signalbox.post(&path, &body).send().await.unwrap();
    assert_eq!(reply.status(), 422);
    let error: Value = serde_json::from_str(&reply.text().await.unwrap()).unwrap();
    assert_eq!(error["error"]["type"], "invalid_request_error", "{error}");
    let reply = chat(&signalbox, "main", "hello", "calculte").await;
    assert_eq!(reply.status(), 400);
    assert!(reply.text().await.unwrap().contains("calculate"));
    assert_eq!(upstream.requests().len(), 0);
}

#[tokio::test]
async fn a_labelled_task_is_a_tools_and_a_models_only_where_the_route_says_so() {
    let upstream = FakeUpstream::start().await;
    let config = format!(
        "{}[alias.strict]\ntargets = [\"fake/ok\"]\n[alias.soft]\ntargets = [\"fake/ok\"]\n\
         tools = {{ on_failure = \"model\" }}\n",
        config_for(&upstream)
    );
    let signalbox = Signalbox::start(&config).await;
    let reply = chat(&signalbox, "strict", "2^200", "calculate").await;
    let receipt = signalbox.receipt(&reply).await;
    assert_eq!(
        text(reply).await,
        "1606938044258990275541962092341162602522202993782792835301376"
    );
    assert_eq!(receipt["tools"]["way"], "labelled");
    let reply = chat(&signalbox, "strict", "what is love?", "calculate").await;
    assert_eq!(reply.status(), 422);
    assert_eq!(upstream.requests().len(), 0);

    // An agent that labels all of its requests also sends those that end in a tool's result.
    let mut body = asks(WAYS[0], "soft", "2 + 2", false).1;
    let turns = body["messages"].as_array_mut().unwrap();
    turns.push(json!({"role": "assistant", "content": null, "tool_calls": [
        {"id": "call_1", "type": "function", "function": {"name": "look", "arguments": "{}"}}]}));
    turns.push(json!({"role": "tool", "tool_call_id": "call_1", "content": "seen"}));
    let reply = signalbox
        .post(WAYS[0], &body)
        .header("x-signalbox-task", "calculate");
    assert_eq!(reply.send().await.unwrap().status(), 200);
    let count = json!({"model": "soft", "messages": [{"role": "user", "content": "2 + 2"}]});
    let count = signalbox
        .post("/v1/messages/count_tokens", &count)
        .header("x-signalbox-task", "calculate");
    assert_eq!(
        count.send().await.unwrap().status(),
        200,
        "an agent labels its counts too"
    );
    let asked_so_far = upstream.requests().len();
    let reply = chat(&signalbox, "soft", "what is love?", "calculate").await;
    let receipt = signalbox.receipt(&reply).await;
    assert_eq!(header(&reply, "x-signalbox-served-by"), "");
    assert!(text(reply).await.contains("Hello from the fake"));
    assert_eq!(receipt["tools"]["way"], "fell_through", "{receipt}");
    assert_eq!(receipt["tools"]["why"], "bad_input");
    assert!(!receipt.to_string().contains("love"), "{receipt}");
    assert_eq!(upstream.requests().len(), asked_so_far + 1);
}

#[tokio::test]
async fn recognition_is_off_then_counts_in_the_shadow_then_answers() {
    let upstream = FakeUpstream::start().await;
    let config = format!(
        "{}[alias.plain]\ntargets = [\"fake/ok\"]\n[alias.shadow]\ntargets = [\"fake/ok\"]\n\
         tools = {{ recognise = \"shadow\" }}\n[alias.on]\ntargets = [\"fake/ok\"]\ntools = {{ recognise = \"on\" }}\n",
        config_for(&upstream)
    );
    let signalbox = Signalbox::start(&config).await;
    let question = "What is 17 * 23?";
    let reply = chat(&signalbox, "plain", question, "").await;
    let receipt = signalbox.receipt(&reply).await;
    assert!(receipt["tools"].is_null(), "{receipt}");
    let reply = chat(&signalbox, "shadow", question, "").await;
    let receipt = signalbox.receipt(&reply).await;
    assert_eq!(receipt["tools"]["way"], "shadow", "{receipt}");
    assert_eq!(receipt["tools"]["tool"], "calculator");
    assert_eq!(upstream.requests().len(), 2, "a model answered both");

    let reply = chat(&signalbox, "on", question, "").await;
    let receipt = signalbox.receipt(&reply).await;
    assert_eq!(header(&reply, "x-signalbox-served-by"), "tool:calculator");
    assert!(text(reply).await.ends_with("391"));
    assert_eq!(receipt["tools"]["way"], "recognised");
    // What came before it may change what it means, also where the provider keeps that.
    for more in [
        json!({"previous_response_id": "resp_of_the_provider"}),
        json!({"conversation": "conv_1"}),
        json!({"instructions": "Count in base 7.", "prompt": {"id": "pmpt_1"}}),
    ] {
        let mut body = json!({"model": "on", "input": "17 * 23"});
        let fields = more.as_object().unwrap().clone();
        body.as_object_mut().unwrap().extend(fields);
        let reply = signalbox.post("/v1/responses", &body).send().await.unwrap();
        assert_eq!(header(&reply, "x-signalbox-served-by"), "", "{body}");
    }
    let (path, body) = asks("/v1/completions", "on", "1 + 1 =", false);
    let reply = signalbox.post(&path, &body).send().await.unwrap();
    assert_eq!(
        header(&reply, "x-signalbox-served-by"),
        "",
        "a text that is gone on with"
    );
    for close in [
        "Write a function that computes 17 * 23",
        "What is 17 * 23? Show your steps.",
        "17 * 23 is 391, right?",
        "was ist 17 * 23?",
        "Is version 1.2.3 newer than 1.2.2?",
    ] {
        let before = upstream.requests().len();
        let reply = chat(&signalbox, "on", close, "").await;
        assert_eq!(reply.status(), 200);
        assert_eq!(upstream.requests().len(), before + 1, "{close}");
    }
    // It could not be done, and nobody had asked for a tool.
    let before = upstream.requests().len();
    let reply = chat(&signalbox, "on", "what is 1 / 0?", "").await;
    assert_eq!(reply.status(), 200);
    assert_eq!(upstream.requests().len(), before + 1);
}

#[tokio::test]
async fn structured_output_is_honoured_or_refused() {
    let upstream = FakeUpstream::start().await;
    let signalbox = with_tools(&upstream, "").await;
    let ask = |format: Value| {
        let mut body = asks(WAYS[0], "tool/calculator", "17 * 23", false).1;
        body["response_format"] = format;
        signalbox.post(WAYS[0], &body).send()
    };
    let schema = |schema: Value| json!({"type": "json_schema", "json_schema": {"name": "n", "schema": schema}});
    let one = json!({"type": "object", "properties": {"answer": {"type": "integer"}}, "required": ["answer"],
                     "additionalProperties": false});
    let told = text(ask(schema(one)).await.unwrap()).await;
    assert_eq!(
        serde_json::from_str::<Value>(&told).unwrap(),
        json!({"answer": 391})
    );
    let told = text(ask(json!({"type": "json_object"})).await.unwrap()).await;
    assert_eq!(
        serde_json::from_str::<Value>(&told).unwrap(),
        json!({"result": 391})
    );
    let two = json!({"type": "object", "required": ["a", "b"],
                     "properties": {"a": {"type": "string"}, "b": {"type": "string"}}});
    let refused = ask(schema(two)).await.unwrap();
    assert_eq!(refused.status(), 422);
    assert!(refused.text().await.unwrap().contains("Schema"));
}

#[tokio::test]
async fn a_model_words_what_a_tool_has_found_and_cannot_change_it() {
    let upstream = FakeUpstream::start().await;
    for (model, told, checked) in [
        ("checker", "That makes 391.", "agreed"),
        ("doubter", "391", "disagreed"),
        ("rambler", "391", "unusable"),
        ("cut-before", "391", "unusable"),
    ] {
        let config = format!(
            "{}[alias.main]\ntargets = [\"fake/ok\"]\ntools = {{ verify = \"fake/{model}\" }}\n",
            config_for(&upstream)
        );
        let signalbox = Signalbox::start(&config).await;
        let reply = chat(&signalbox, "main", "17 * 23", "calculate").await;
        assert_eq!(header(&reply, "x-signalbox-served-by"), "tool:calculator");
        let receipt = signalbox.receipt(&reply).await;
        assert_eq!(text(reply).await, told);
        assert_eq!(receipt["tools"]["checked"], checked, "{receipt}");
        assert_eq!(receipt["row"]["provider"], "tool");
        let attempts = receipt["attempts"].as_array().unwrap();
        assert!(
            attempts.iter().all(|one| one["model"] == model),
            "{receipt}"
        );
        assert!(!attempts.is_empty());
    }
}

#[tokio::test]
async fn a_tools_answer_can_be_gone_on_from_by_its_name() {
    let upstream = FakeUpstream::start().await;
    let signalbox = with_tools(&upstream, "").await;
    let body = json!({"model": "tool/calculator", "input": "17 * 23"});
    let reply = signalbox.post("/v1/responses", &body).send().await.unwrap();
    let told: Value = serde_json::from_str(&reply.text().await.unwrap()).unwrap();
    let body = json!({"model": "main", "input": "And now?", "previous_response_id": told["id"]});
    let reply = signalbox.post("/v1/responses", &body).send().await.unwrap();
    assert_eq!(reply.status(), 200, "{}", reply.text().await.unwrap());
    let asked = upstream.last().json();
    let turns = asked["messages"].to_string();
    assert!(
        turns.contains("17 * 23") && turns.contains("391") && turns.contains("And now?"),
        "{asked}"
    );
}

#[tokio::test]
async fn what_a_model_would_have_cost_is_told_in_money() {
    let upstream = FakeUpstream::start().await;
    let base = upstream.base_url();
    let config = format!(
        "[provider.openai]\nopenai_base_url = \"{base}/v1\"\nkey = \"none\"\nlocal = false\n\
         [alias]\nmain = \"openai/gpt-4.1\"\n[tools]\ninstead_of = \"main\"\n"
    );
    let signalbox = Signalbox::start(&config).await;
    let mut sum = 0;
    for (model, label) in [("tool/calculator", ""), ("main", "calculate")] {
        let reply = chat(&signalbox, model, "17 * 23", label).await;
        let receipt = signalbox.receipt(&reply).await;
        assert_eq!(text(reply).await, "391");
        let saved = receipt["tools"]["saved_nano_usd"].as_i64().unwrap();
        assert!(saved > 0, "{receipt}");
        assert_eq!(receipt["tools"]["saved_basis"], "estimated");
        assert_eq!(receipt["row"]["cost_nano_usd"], 0);
        sum += saved;
    }
    let overview = signalbox.control("overview", &json!({})).await;
    assert_eq!(overview["today"]["tool_saved_nano_usd"], sum, "{overview}");
    let page = signalbox.control("tools.page", &json!({})).await;
    assert_eq!(page["today"]["saved_nano_usd"], sum, "{page}");
    assert_eq!(upstream.requests().len(), 0);
}
