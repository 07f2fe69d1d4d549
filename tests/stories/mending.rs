//! What a provider can't take as it comes, and is made able to take: thoughts that it does not
//! accept back.

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
