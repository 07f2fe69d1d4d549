//! What a provider can't take as it comes, and is made able to take: thoughts that it does not
//! accept back, pictures that it won't fetch, several answers where it gives one.

use serde_json::{Value, json};
use stories::{FakeUpstream, Signalbox};

fn config(upstream: &FakeUpstream) -> String {
    let base = upstream.base_url();
    let more = "key = \"none\"\nauth = \"none\"\nlocal = true\n";
    format!(
        "[provider.claude]\nname = \"Claude\"\nanthropic_base_url = \"{base}\"\n{more}\
         [provider.google]\ngemini_base_url = \"{base}/v1beta\"\n{more}\
         [provider.responses]\nresponses_base_url = \"{base}/v1\"\n{more}\
         [provider.chat]\nopenai_base_url = \"{base}/v1\"\n{more}\
         [provider.ollama]\nollama_base_url = \"{base}\"\n{more}\
         [alias]\nfalls = [\"claude/state-lost\", \"chat/ok\"]\n"
    )
}

/// The answer, and its receipt.
async fn told(signalbox: &Signalbox, path: &str, body: &Value) -> (u16, String, Value, Value) {
    let reply = signalbox.post(path, body).send().await.unwrap();
    let status = reply.status().as_u16();
    let notes = reply.headers().get("x-signalbox-notes");
    let notes = notes.map_or_else(String::new, |notes| notes.to_str().unwrap().to_owned());
    let receipt = signalbox.receipt(&reply).await;
    let answer = reply.bytes().await.unwrap();
    let answer = serde_json::from_slice(&answer).unwrap_or_default();
    (status, notes, answer, receipt)
}

fn thought_elsewhere(model: &str) -> Value {
    json!({"model": model, "max_tokens": 64, "messages": [
        {"role": "user", "content": "Hi"},
        {"role": "assistant", "content": [
            {"type": "thinking", "thinking": "hm", "signature": "of another account"},
            {"type": "text", "text": "Hello"}]},
        {"role": "user", "content": "And?"}]})
}

#[tokio::test]
async fn thoughts_that_a_provider_refuses_are_left_out_and_it_is_asked_once_more() {
    let upstream = FakeUpstream::start().await;
    let signalbox = Signalbox::start(&config(&upstream)).await;
    let sealed = json!({"model": "responses/ok", "input": [
        {"type": "reasoning", "id": "rs_9", "summary": [], "encrypted_content": "of another account"},
        {"type": "message", "role": "user", "content": "And?"}]});
    let unsigned = json!({"contents": [
        {"role": "user", "parts": [{"text": "Look"}]},
        {"role": "model", "parts": [{"functionCall": {"name": "look", "args": {}}}]},
        {"role": "user", "parts": [{"functionResponse": {"name": "look", "response": {"a": 1}}}]}],
        "tools": [{"functionDeclarations": [{"name": "look"}]}]});
    let gemini = "/v1beta/models/google%2Fgemini-3-pro:generateContent";
    for (path, body, gone) in [
        (
            "/v1/messages",
            &thought_elsewhere("claude/ok"),
            "of another account",
        ),
        ("/v1/responses", &sealed, "of another account"),
        (gemini, &unsigned, "never there"),
    ] {
        let before = upstream.requests().len();
        let (status, notes, answer, receipt) = told(&signalbox, path, body).await;
        assert_eq!(status, 200, "{path}: {answer}");
        assert!(notes.contains("drop:reasoning"), "{path}: {notes}");
        assert!(
            answer.to_string().contains("Hello from the fake upstream."),
            "{answer}"
        );
        let attempts = receipt["attempts"].as_array().unwrap();
        assert_eq!(attempts.len(), 2, "{path}: {receipt}");
        assert_eq!(attempts[0]["failure"], "state_lost", "{path}");
        assert_eq!(attempts[1]["failure"], Value::Null, "{path}");
        let why = attempts[1]["why"].as_str().unwrap();
        assert_eq!(why, "again without the thoughts that it refused", "{path}");
        let why = receipt["notes"][0]["why"].as_str().unwrap();
        assert!(why.contains("asked again without them"), "{path}: {why}");
        // First as it came, then without.
        let asked = upstream.requests().split_off(before);
        assert_eq!(asked.len(), 2, "{path}");
        let second = String::from_utf8(asked[1].body.clone()).unwrap();
        assert!(!second.contains(gone), "{path}: {second}");
        assert!(
            second.contains("And?") || second.contains("Look"),
            "{path}: {second}"
        );
    }
    signalbox.is_quiet().await;
}

#[tokio::test]
async fn amid_a_row_of_calls_what_depends_on_a_thought_goes_with_it() {
    let upstream = FakeUpstream::start().await;
    let signalbox = Signalbox::start(&config(&upstream)).await;
    // Claude wants a turn of calls to begin with a thought while it is to think.
    let claude = json!({"model": "claude/think", "max_tokens": 4096,
        "thinking": {"type": "enabled", "budget_tokens": 1024},
        "tools": [{"name": "look", "input_schema": {"type": "object"}}],
        "messages": [
            {"role": "user", "content": "Look"},
            {"role": "assistant", "content": [
                {"type": "thinking", "thinking": "hm", "signature": "of another account"},
                {"type": "tool_use", "id": "toolu_1", "name": "look", "input": {}}]},
            {"role": "user", "content": [
                {"type": "tool_result", "tool_use_id": "toolu_1", "content": "a tree"}]}]});
    // OpenAI wants a call that it knows by its id together with its thought.
    let openai = json!({"model": "responses/think",
        "tools": [{"type": "function", "name": "look", "parameters": {"type": "object"}}],
        "input": [
            {"type": "message", "role": "user", "content": "Look"},
            {"type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": "of another account"},
            {"type": "function_call", "id": "fc_1", "call_id": "call_1", "name": "look", "arguments": "{}"},
            {"type": "function_call_output", "call_id": "call_1", "output": "a tree"}]});
    for (path, body) in [("/v1/messages", &claude), ("/v1/responses", &openai)] {
        let (status, _, answer, receipt) = told(&signalbox, path, body).await;
        assert_eq!(status, 200, "{path}: {receipt}");
        assert!(
            answer.to_string().contains("result: a tree"),
            "{path}: {answer}"
        );
        assert_eq!(receipt["attempts"][0]["failure"], "state_lost", "{path}");
    }
    signalbox.is_quiet().await;
}

#[tokio::test]
async fn a_provider_that_refuses_the_rest_too_is_quoted_with_its_first_words() {
    let upstream = FakeUpstream::start().await;
    let signalbox = Signalbox::start(&config(&upstream)).await;
    let body = thought_elsewhere("claude/state-lost");
    let (status, _, answer, receipt) = told(&signalbox, "/v1/messages", &body).await;
    assert_eq!(status, 400);
    // Byte for byte what the provider said: tools match on it.
    assert_eq!(answer["request_id"], "req_fake", "{answer}");
    assert_eq!(
        receipt["attempts"].as_array().unwrap().len(),
        2,
        "{receipt}"
    );
    assert_eq!(receipt["row"]["fault"], "state_lost");
    assert_eq!(upstream.requests().len(), 2);

    // Without thoughts there is nothing to leave out.
    let plain = json!({"model": "claude/state-lost", "max_tokens": 64,
        "messages": [{"role": "user", "content": "Hi"}]});
    let (status, _, _, receipt) = told(&signalbox, "/v1/messages", &plain).await;
    assert_eq!((status, upstream.requests().len()), (400, 3), "{receipt}");

    // Another target may do better.
    let (status, _, answer, receipt) =
        told(&signalbox, "/v1/messages", &thought_elsewhere("falls")).await;
    assert_eq!(status, 200, "{answer}");
    assert_eq!(
        receipt["attempts"].as_array().unwrap().len(),
        3,
        "{receipt}"
    );
    assert_eq!(receipt["row"]["provider"], "chat");
    signalbox.is_quiet().await;
}

/// With files fetched, from the fake upstream as well.
fn fetching(upstream: &FakeUpstream) -> String {
    format!(
        "[translation]\nfetch_images = true\nfetch_allow = [\"{}\"]\n{}\
         pictures = [\"ollama/429\", \"ollama/image\"]\nfetches-itself = [\"ollama/image\", \"chat/image\"]\n",
        upstream.address,
        config(upstream)
    )
}

fn look_at(model: &str, url: &str) -> Value {
    json!({"model": model, "messages": [{"role": "user", "content": [
        {"type": "text", "text": "Look"},
        {"type": "image_url", "image_url": {"url": url}}]}]})
}

/// The files that were fetched.
fn fetched(upstream: &FakeUpstream) -> Vec<stories::Request> {
    let mut requests = upstream.requests();
    requests.retain(|request| request.line.starts_with("GET /files/"));
    requests
}

const CHAT: &str = "/v1/chat/completions";

#[tokio::test]
async fn a_picture_at_an_address_is_not_fetched_unless_the_config_says_so() {
    let upstream = FakeUpstream::start().await;
    let signalbox = Signalbox::start(&config(&upstream)).await;
    let url = format!("{}/files/picture", upstream.base_url());
    let (status, _, answer, receipt) = told(&signalbox, CHAT, &look_at("ollama/image", &url)).await;
    assert_eq!(status, 400);
    let message = answer["error"]["message"].as_str().unwrap();
    assert!(
        message.contains("`image_url`") && message.contains("fetch_images"),
        "{message}"
    );
    assert_eq!(receipt["row"]["fault"], "cannot_translate");
    assert!(
        upstream.requests().is_empty(),
        "nobody was asked for anything"
    );
    signalbox.is_quiet().await;
}

#[tokio::test]
async fn a_picture_is_fetched_once_for_a_provider_that_takes_bytes_and_shown_no_secret() {
    let upstream = FakeUpstream::start().await;
    let signalbox = Signalbox::start(&fetching(&upstream)).await;
    let base = upstream.base_url();
    for (model, file, requests) in [
        ("ollama/image", "picture", 1),
        ("ollama/image", "moved", 2),
        // Two targets, one exchange.
        ("pictures", "picture", 1),
    ] {
        let before = fetched(&upstream).len();
        let body = look_at(model, &format!("{base}/files/{file}"));
        let (status, notes, answer, receipt) = told(&signalbox, CHAT, &body).await;
        assert_eq!(status, 200, "{model} {file}: {answer}");
        let text = answer["choices"][0]["message"]["content"].as_str().unwrap();
        assert_eq!(text, "images: 1 (23)", "{model} {file}");
        assert!(notes.contains("rewrite:image_url"), "{notes}");
        let why = receipt["notes"][0]["why"].as_str().unwrap();
        assert!(why.contains("fetched here"), "{why}");
        let fetched = fetched(&upstream).split_off(before);
        assert_eq!(fetched.len(), requests, "{model} {file}");
        for secret in [
            "authorization",
            "cookie",
            "x-api-key",
            "referer",
            "x-signalbox-hop",
        ] {
            assert!(
                fetched.iter().all(|one| one.header(secret).is_none()),
                "{secret}"
            );
        }
    }
    // A PDF by address, to a provider that takes files as bytes.
    let body = json!({"model": "chat/ok", "max_tokens": 64, "messages": [{"role": "user", "content": [
        {"type": "document", "source": {"type": "url", "url": format!("{base}/files/paper.pdf")}},
        {"type": "text", "text": "Read"}]}]});
    let (status, _, answer, _) = told(&signalbox, "/v1/messages", &body).await;
    assert_eq!(status, 200, "{answer}");
    let sent = upstream.last().json().to_string();
    assert!(
        sent.contains("data:application/pdf;base64,JVBERi0xLjcg"),
        "{sent}"
    );
    signalbox.is_quiet().await;
}

#[tokio::test]
async fn what_can_not_or_must_not_be_fetched_is_refused_with_its_reason_or_left_to_the_next_target()
{
    let upstream = FakeUpstream::start().await;
    let signalbox = Signalbox::start(&fetching(&upstream)).await;
    let base = upstream.base_url();
    let at = |file: &str| format!("{base}/files/{file}");
    for (url, reason) in [
        (at("none"), "status 404"),
        (at("page"), "not a picture"),
        (at("paper.pdf"), "not a picture"),
        (at("huge"), "larger than 20 MiB"),
        (at("round"), "redirected more than 4 times"),
        (at("inwards"), "not on the public internet"),
        (
            "http://127.0.0.1/a.png".to_owned(),
            "not on the public internet",
        ),
        (
            "http://[::ffff:127.0.0.1]/a.png".to_owned(),
            "not on the public internet",
        ),
        (
            "http://localhost/a.png".to_owned(),
            "not on the public internet",
        ),
        ("http://127.0.0.1:9/a.png".to_owned(), "fetch_allow"),
    ] {
        let (status, _, answer, _) = told(&signalbox, CHAT, &look_at("ollama/image", &url)).await;
        let message = answer["error"]["message"].as_str().unwrap_or_default();
        assert_eq!(status, 400, "{url}: {answer}");
        assert!(message.contains(reason), "{url}: {message}");
    }
    let asked = upstream.requests();
    assert!(
        asked.iter().all(|one| one.line.starts_with("GET /files/")),
        "no provider was asked"
    );

    // The next target fetches itself.
    let (status, _, answer, receipt) =
        told(&signalbox, CHAT, &look_at("fetches-itself", &at("none"))).await;
    assert_eq!(status, 200, "{answer}");
    let text = answer["choices"][0]["message"]["content"].as_str().unwrap();
    assert_eq!(text, "images: 1 (by address)");
    let dropped = receipt["dropped"][0]["reason"].as_str().unwrap();
    assert!(dropped.contains("status 404"), "{dropped}");
    signalbox.is_quiet().await;
}

fn several(upstream: &FakeUpstream) -> String {
    let base = upstream.base_url();
    format!(
        "[translation]\nfan_out = 3\n[provider.anthropic]\nanthropic_base_url = \"{base}\"\nkey = \"none\"\n{}\
         half = [\"claude/half-fails\", \"chat/ok\"]\n",
        config(upstream)
    )
}

fn ask(model: &str, n: u32, stream: bool) -> Value {
    json!({"model": model, "n": n, "stream": stream, "stream_options": stream.then(|| json!({"include_usage": true})),
        "messages": [{"role": "user", "content": "Hi"}]})
}

#[tokio::test]
async fn several_answers_are_several_calls_where_the_config_allows_it_and_each_is_shown_and_paid() {
    let upstream = FakeUpstream::start().await;
    let signalbox = Signalbox::start(&several(&upstream)).await;
    let (_, _, _, single) = told(
        &signalbox,
        CHAT,
        &ask("anthropic/claude-sonnet-4-5", 1, false),
    )
    .await;
    let (status, notes, answer, receipt) = told(
        &signalbox,
        CHAT,
        &ask("anthropic/claude-sonnet-4-5", 3, false),
    )
    .await;
    assert_eq!(status, 200, "{answer}");
    assert!(notes.contains("rewrite:n"), "{notes}");
    let choices = answer["choices"].as_array().unwrap();
    assert_eq!(choices.len(), 3, "{answer}");
    for (at, choice) in choices.iter().enumerate() {
        assert_eq!(choice["index"], at);
        assert_eq!(
            choice["message"]["content"],
            "Hello from the fake upstream."
        );
        assert_eq!(choice["finish_reason"], "stop");
    }
    assert_eq!(upstream.requests().len(), 4);
    assert_eq!(receipt["attempts"].as_array().unwrap().len(), 1);
    assert_eq!(receipt["attempts"][0]["calls"], 3, "{receipt}");
    assert_eq!(single["attempts"][0]["calls"], 1, "{single}");
    let figure = |receipt: &Value, name: &str| receipt["row"][name].as_f64().unwrap();
    let cost = figure(&single, "cost_nano_usd");
    assert!(cost > 0.0, "{single}");
    assert!(
        (figure(&receipt, "cost_nano_usd") - 3.0 * cost).abs() < 1e-9,
        "{receipt}"
    );

    // More than the config allows.
    let (status, _, answer, _) = told(&signalbox, CHAT, &ask("claude/ok", 4, false)).await;
    let message = answer["error"]["message"].as_str().unwrap();
    assert_eq!(status, 400);
    assert!(
        message.contains("fan_out") && message.contains("3 times at most"),
        "{message}"
    );

    // Asked in another dialect.
    let body = json!({"contents": [{"role": "user", "parts": [{"text": "Hi"}]}],
        "generationConfig": {"candidateCount": 2}});
    let path = "/v1beta/models/claude%2Fok:generateContent";
    let (status, _, answer, _) = told(&signalbox, path, &body).await;
    assert_eq!(status, 200, "{answer}");
    assert_eq!(
        answer["candidates"].as_array().unwrap().len(),
        2,
        "{answer}"
    );
    signalbox.is_quiet().await;
}

#[tokio::test]
async fn several_answers_as_a_stream_are_gathered_and_then_streamed() {
    let upstream = FakeUpstream::start().await;
    let signalbox = Signalbox::start(&several(&upstream)).await;
    let reply = signalbox
        .post(CHAT, &ask("claude/ok", 2, true))
        .send()
        .await
        .unwrap();
    assert_eq!(reply.status(), 200);
    let kind = reply.headers()["content-type"].to_str().unwrap();
    assert!(kind.starts_with("text/event-stream"), "{kind}");
    let receipt = signalbox.receipt(&reply).await;
    let why = receipt["notes"][0]["why"].as_str().unwrap();
    assert!(why.contains("2 times") && why.contains("gathered"), "{why}");
    let text = reply.text().await.unwrap();
    assert!(text.ends_with("data: [DONE]\n\n"), "{text}");
    let mut said = [String::new(), String::new()];
    let mut stops = 0;
    for data in text
        .split("\n\n")
        .filter_map(|event| event.strip_prefix("data: {"))
    {
        let event: Value = serde_json::from_str(&format!("{{{data}")).unwrap();
        for choice in event["choices"].as_array().unwrap() {
            let at = choice["index"].as_u64().unwrap() as usize;
            said[at] += choice["delta"]["content"].as_str().unwrap_or_default();
            stops += usize::from(choice["finish_reason"].is_string());
        }
    }
    assert_eq!(said, ["Hello from the fake upstream."; 2], "{text}");
    assert_eq!(stops, 2, "{text}");
    assert!(text.matches("\"usage\":{").count() >= 1, "{text}");
    let asked = upstream.requests();
    assert_eq!(asked.len(), 2);
    assert!(asked.iter().all(|one| one.json()["stream"] != true));
    assert_eq!(receipt["row"]["ending"], "complete");
    signalbox.is_quiet().await;
}

#[tokio::test]
async fn when_one_of_several_calls_fails_the_others_are_dropped_and_the_next_target_is_asked() {
    let upstream = FakeUpstream::start().await;
    let signalbox = Signalbox::start(&several(&upstream)).await;
    let (status, _, answer, receipt) = told(&signalbox, CHAT, &ask("half", 2, false)).await;
    assert_eq!(status, 200, "{answer}");
    upstream.hung_up_on().await;
    let attempts = receipt["attempts"].as_array().unwrap();
    assert_eq!(attempts.len(), 3, "{receipt}");
    for attempt in &attempts[..2] {
        assert_eq!(attempt["failure"], "server");
        assert_eq!(attempt["calls"], 2);
    }
    assert_eq!(receipt["row"]["provider"], "chat");
    signalbox.is_quiet().await;
}

#[tokio::test]
async fn a_turn_that_was_only_paused_is_told_as_one_that_is_not_whole() {
    let upstream = FakeUpstream::start().await;
    let signalbox = Signalbox::start(&config(&upstream)).await;
    let (_, notes, answer, receipt) = told(&signalbox, CHAT, &ask("claude/pause", 1, false)).await;
    assert_eq!(answer["choices"][0]["finish_reason"], "length", "{answer}");
    assert!(notes.contains("degrade:stop_reason"), "{notes}");
    assert_eq!(receipt["stop"], "pause", "{receipt}");

    let reply = signalbox
        .post(CHAT, &ask("claude/pause", 1, true))
        .send()
        .await
        .unwrap();
    let name = reply.headers()["x-signalbox-receipt"]
        .to_str()
        .unwrap()
        .to_owned();
    let text = reply.text().await.unwrap();
    assert!(text.contains("\"finish_reason\":\"length\""), "{text}");
    let receipt = signalbox.receipt_named(&name).await;
    let told = receipt["notes"].as_array().unwrap();
    let told: Vec<_> = told
        .iter()
        .filter(|note| note["what"] == "stop_reason")
        .collect();
    assert_eq!(told.len(), 1, "{receipt}");

    // In its own dialect it is the provider's word.
    let reply = signalbox.message("claude/pause", false).await;
    assert!(!reply.headers().contains_key("x-signalbox-notes"));
    assert!(
        reply
            .text()
            .await
            .unwrap()
            .contains("\"stop_reason\":\"pause_turn\"")
    );
    signalbox.is_quiet().await;
}
