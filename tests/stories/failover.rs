//! Absorb the failure first: what fails before the client has seen a byte is not seen.

use serde_json::{Value, json};
use stories::{FakeUpstream, Signalbox, config_for};

fn config(upstream: &FakeUpstream, targets: &[&str]) -> String {
    let targets: Vec<String> = targets.iter().map(|t| format!("\"{t}\"")).collect();
    format!(
        "{}\n[provider.gone]\nopenai_base_url = \"http://127.0.0.1:9/v1\"\nanthropic_base_url = \"http://127.0.0.1:9\"\nkey = \"none\"\n\
         [timeouts]\nfirst_byte_ms = 400\n[alias]\nany = [{}]\n",
        config_for(upstream),
        targets.join(", ")
    )
}

/// What each first target does, and the category its attempt is filed under.
const FAILURES: [(&str, &str); 13] = [
    ("fake/429", "rate_limit"),
    ("fake/500", "server"),
    ("fake/529", "overloaded"),
    ("fake/401", "auth"),
    ("fake/404", "not_found"),
    ("fake/html", "bad_reply"),
    ("fake/html-502", "server"),
    ("fake/empty", "bad_reply"),
    ("fake/truncated", "bad_reply"),
    ("fake/cut-before", "connection"),
    ("fake/cut-in-body", "server"),
    ("fake/stall", "timeout"),
    ("gone/x", "connection"),
];

#[tokio::test]
async fn every_failure_before_the_first_byte_is_absorbed() {
    let upstream = FakeUpstream::start().await;
    for (target, category) in FAILURES {
        let signalbox = Signalbox::start(&config(&upstream, &[target, "fake/ok"])).await;
        let reply = signalbox.chat("any").await;
        assert_eq!(reply.status(), 200, "{target}");
        let receipt = signalbox.receipt(&reply).await;
        let body: Value = serde_json::from_slice(&reply.bytes().await.unwrap()).unwrap();
        assert_eq!(
            body["choices"][0]["message"]["content"],
            "Hello from the fake upstream."
        );
        let attempts = receipt["attempts"].as_array().unwrap();
        // What is a moment's trouble as a rule is asked once more before the next.
        let tries = match category {
            "server" | "connection" => 2,
            _ => 1,
        };
        assert_eq!(attempts.len(), tries + 1, "{target}: {receipt}");
        for failed in &attempts[..tries] {
            assert_eq!(failed["failure"], category, "{target}: {receipt}");
        }
        assert_eq!(attempts[tries]["failure"], Value::Null);
        assert_eq!(receipt["row"]["alias"], "any");
        assert_eq!(receipt["row"]["ending"], "complete");
    }
}

#[tokio::test]
async fn streams_fail_over_too_errors_inside_a_200_included() {
    let upstream = FakeUpstream::start().await;
    for target in [
        "fake/429",
        "fake/error-in-200",
        "fake/busy-then-error",
        "fake/cut-after-head",
        "fake/cut-before",
        "fake/stall",
        "gone/x",
    ] {
        let signalbox = Signalbox::start(&config(&upstream, &[target, "fake/ok"])).await;
        let reply = signalbox.chat_stream("any").await;
        assert_eq!(reply.status(), 200, "{target}");
        let text = reply.text().await.unwrap();
        assert!(
            text.contains("word7") && text.ends_with("data: [DONE]\n\n"),
            "{target}: {text}"
        );
        assert!(!text.contains("Overloaded"), "{target}");
    }
}

#[tokio::test]
async fn a_request_at_fault_is_not_sent_elsewhere() {
    let upstream = FakeUpstream::start().await;
    let signalbox = Signalbox::start(&config(&upstream, &["fake/400", "fake/ok"])).await;
    let reply = signalbox.chat("any").await;
    assert_eq!(reply.status(), 400);
    assert_eq!(upstream.requests().len(), 1);
}

#[tokio::test]
async fn one_targets_own_error_arrives_in_its_own_words() {
    let upstream = FakeUpstream::start().await;
    let signalbox = Signalbox::start(&config_for(&upstream)).await;
    let reply = signalbox.message("fake/529", false).await;
    assert_eq!(reply.status(), 529);
    let receipt = signalbox.receipt(&reply).await;
    assert_eq!(receipt["row"]["ending"], "failed");
    let body: Value = serde_json::from_slice(&reply.bytes().await.unwrap()).unwrap();
    assert_eq!(
        body,
        json!({"type":"error","error":{"type":"overloaded_error","message":"Overloaded"},"request_id":"req_fake"})
    );
}

#[tokio::test]
async fn a_refused_provider_key_is_not_mistaken_for_the_client_key() {
    let upstream = FakeUpstream::start().await;
    let signalbox = Signalbox::start(&config_for(&upstream)).await;
    let reply = signalbox.chat("fake/401").await;
    assert_eq!(reply.status(), 401);
    let body: Value = serde_json::from_slice(&reply.bytes().await.unwrap()).unwrap();
    let message = body["error"]["message"].as_str().unwrap();
    assert!(
        message.contains("Fake did not accept the key stored for it"),
        "{message}"
    );
}

#[tokio::test]
async fn when_all_fail_the_message_counts_them_and_names_the_last() {
    let upstream = FakeUpstream::start().await;
    let signalbox = Signalbox::start(&config(&upstream, &["fake/500", "fake/429"])).await;
    let reply = signalbox.chat("any").await;
    assert_eq!(reply.status(), 429);
    assert_eq!(reply.headers()["retry-after"], "2");
    let body: Value = serde_json::from_slice(&reply.bytes().await.unwrap()).unwrap();
    let message = body["error"]["message"].as_str().unwrap();
    assert!(
        message.contains("All 2 targets failed") && message.contains("Fake"),
        "{message}"
    );
}

#[tokio::test]
async fn embeddings_never_fall_back_to_another_model() {
    let upstream = FakeUpstream::start().await;
    let signalbox = Signalbox::start(&config(&upstream, &["fake/500", "fake/ok"])).await;
    let body = json!({"model":"any","input":"x"});
    let reply = signalbox
        .post("/v1/embeddings", &body)
        .send()
        .await
        .unwrap();
    assert_eq!(reply.status(), 500, "vectors of two models can't be mixed");
    let receipt = signalbox.receipt(&reply).await;
    assert!(
        receipt["dropped"][0]["reason"]
            .as_str()
            .unwrap()
            .contains("vectors")
    );
}

#[tokio::test]
async fn our_own_address_as_a_provider_is_a_loop_and_refused() {
    let first = Signalbox::practice().await;
    let port = first.url.rsplit(':').next().unwrap().to_owned();
    // Two Signalboxes that point at each other: neither is its own address.
    let config = format!(
        "[provider.other]\nopenai_base_url = \"http://127.0.0.1:{port}/v1\"\nkey = \"env:OTHER\"\nlocal = true\n"
    );
    let second = Signalbox::start(&config).await;
    let base = second.url.clone();
    let edit = json!({"id":"back","openai_base_url":format!("{base}/v1"),"key":"none"});
    first.control("providers.put", &edit).await;
    let (status, refusal) = first
        .control_raw(
            "providers.put",
            &json!({"id":"self","openai_base_url":format!("{}/v1", first.url),"key":"none"}),
        )
        .await;
    assert_eq!(status, 409, "{refusal}");
    assert!(
        refusal["message"].as_str().unwrap().contains("itself"),
        "{refusal}"
    );
    // The hop header stops what the config can't see.
    let hop = first
        .post(
            "/v1/chat/completions",
            &stories::chat("practice/instant", false),
        )
        .header("x-signalbox-hop", "a, b, c, d")
        .send()
        .await
        .unwrap();
    assert_eq!(hop.status(), 508);
}
