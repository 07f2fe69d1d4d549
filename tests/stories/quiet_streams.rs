//! Streams that take their time, and how they end: what is held back, what tells that somebody is
//! still there, what is cut short, and a last event as large as a picture.

use std::time::{Duration, Instant};

use futures_util::StreamExt as _;
use serde_json::{Value, json};
use stories::{FakeUpstream, Signalbox};

/// Providers that each speak one dialect. A key of its own, so that nothing is shared.
fn config(upstream: &FakeUpstream, more: &str) -> String {
    let base = upstream.base_url();
    let provider = |id: &str, dialect: &str, path: &str| {
        format!(
            "[provider.{id}]\nname = \"Fake\"\n{dialect}_base_url = \"{base}{path}\"\nkey = \"env:FAKE_KEY\"\nlocal = true\n"
        )
    };
    [
        provider("chat", "openai", "/v1"),
        provider("claude", "anthropic", ""),
        provider("google", "gemini", "/v1beta"),
        provider("resp", "responses", "/v1"),
        "[alias]\nquiet = [\"claude/open-then-stall\", \"claude/ok\"]\n".to_owned(),
        more.to_owned(),
    ]
    .concat()
}

/// Reads until `mark` has come so often, and leaves.
async fn until(reply: reqwest::Response, mark: &str, times: usize) -> String {
    let mut body = reply.bytes_stream();
    let mut seen = Vec::new();
    while String::from_utf8_lossy(&seen).matches(mark).count() < times {
        let next = body.next().await;
        let next =
            next.unwrap_or_else(|| panic!("no {mark} in {}", String::from_utf8_lossy(&seen)));
        seen.extend_from_slice(&next.unwrap());
    }
    String::from_utf8(seen).unwrap()
}

#[tokio::test]
async fn a_silence_in_a_translated_stream_is_filled_with_signs_of_life() {
    let upstream = FakeUpstream::start().await;
    let signalbox = Signalbox::start(&config(&upstream, "[timeouts]\nping_ms = 50\n")).await;
    // No provider here sends a ping: they are ours, one after another.
    let seen = until(
        signalbox.message("chat/stall-mid", true).await,
        "event: ping\n",
        3,
    )
    .await;
    assert!(seen.contains("word0"), "{seen}");
    let seen = until(
        signalbox.chat_stream("google/stall-mid").await,
        ": ping\n\n",
        3,
    )
    .await;
    assert!(seen.contains("word0"), "{seen}");
    upstream.hung_up_on().await;
    signalbox.is_quiet().await;
}

#[tokio::test]
async fn a_stream_that_opens_and_falls_silent_is_let_through_when_it_was_held_long_enough() {
    let upstream = FakeUpstream::start().await;
    let signalbox = Signalbox::start(&config(&upstream, "[timeouts]\nhold_ms = 100\n")).await;
    let asked = Instant::now();
    let reply = signalbox.message("quiet", true).await;
    assert_eq!(reply.status(), 200);
    assert!(asked.elapsed() >= Duration::from_millis(100), "it was held");
    assert_eq!(reply.headers()["x-signalbox-attempts"], "1");
    let seen = until(reply, "message_start", 1).await;
    assert!(!seen.contains("word0"), "{seen}");
    upstream.hung_up_on().await;
    signalbox.is_quiet().await;
}

#[tokio::test]
async fn while_it_is_held_a_silent_stream_can_still_be_answered_by_the_next_target() {
    let upstream = FakeUpstream::start().await;
    let limits = "[timeouts]\nhold_ms = 60000\nfirst_byte_ms = 300\n";
    let signalbox = Signalbox::start(&config(&upstream, limits)).await;
    let reply = signalbox.message("quiet", true).await;
    let id = reply.headers()["x-signalbox-receipt"]
        .to_str()
        .unwrap()
        .to_owned();
    let text = reply.text().await.unwrap();
    assert!(
        text.contains("word7") && text.contains("message_stop"),
        "{text}"
    );
    let receipt = signalbox.receipt_named(&id).await;
    assert_eq!(receipt["attempts"][0]["failure"], "timeout", "{receipt}");
    assert_eq!(receipt["row"]["ending"], "complete");
    signalbox.is_quiet().await;
}

#[tokio::test]
async fn a_stop_text_that_the_provider_does_not_know_ends_a_live_stream_and_its_upstream() {
    let upstream = FakeUpstream::start().await;
    let signalbox = Signalbox::start(&config(&upstream, "")).await;
    let chat = json!({"model":"resp/endless","stream":true,"stop":["ord3"],
        "messages":[{"role":"user","content":"Hi"}]});
    let reply = signalbox
        .post("/v1/chat/completions", &chat)
        .send()
        .await
        .unwrap();
    let id = reply.headers()["x-signalbox-receipt"]
        .to_str()
        .unwrap()
        .to_owned();
    let text = reply.text().await.unwrap();
    let chunks = text
        .lines()
        .filter_map(|line| serde_json::from_str::<Value>(line.strip_prefix("data: ")?).ok());
    let said: String = chunks
        .clone()
        .filter_map(|chunk| {
            chunk["choices"][0]["delta"]["content"]
                .as_str()
                .map(str::to_owned)
        })
        .collect();
    assert_eq!(said, "word0 word1 word2 w");
    let why = chunks.filter_map(|chunk| {
        chunk["choices"][0]["finish_reason"]
            .as_str()
            .map(str::to_owned)
    });
    assert_eq!(why.collect::<Vec<_>>(), ["stop"]);
    assert!(text.ends_with("data: [DONE]\n\n"), "{text}");
    upstream.hung_up_on().await;
    assert!(upstream.last().json()["stop"].is_null());
    assert_eq!(
        signalbox.receipt_named(&id).await["row"]["ending"],
        "complete"
    );

    let message = json!({"model":"resp/endless","stream":true,"max_tokens":9,"stop_sequences":["word3"],
        "messages":[{"role":"user","content":"Hi"}]});
    let reply = signalbox
        .post("/v1/messages", &message)
        .send()
        .await
        .unwrap();
    let text = reply.text().await.unwrap();
    assert!(
        text.contains("\"stop_reason\":\"stop_sequence\"") && text.contains("\"word3\""),
        "{text}"
    );
    assert!(text.contains("word2") && !text.contains("word4"), "{text}");
    signalbox.is_quiet().await;
}

#[tokio::test]
async fn a_last_event_of_three_megabytes_is_read_and_its_stream_is_whole() {
    let upstream = FakeUpstream::start().await;
    let signalbox = Signalbox::start(&config(&upstream, "")).await;
    let response = json!({"model":"resp/big-last","stream":true,"input":"Hi"});
    let chat = json!({"model":"chat/big-last","stream":true,"stream_options":{"include_usage":true},
        "messages":[{"role":"user","content":"Hi"}]});
    for (path, body) in [("/v1/responses", response), ("/v1/chat/completions", chat)] {
        let reply = signalbox.post(path, &body).send().await.unwrap();
        let id = reply.headers()["x-signalbox-receipt"]
            .to_str()
            .unwrap()
            .to_owned();
        let text = reply.text().await.unwrap();
        let mut sent = body.clone();
        sent["model"] = "big-last".into();
        let direct = signalbox
            .client
            .post(format!("{}{path}", upstream.base_url()))
            .body(sent.to_string())
            .send();
        assert!(
            text == direct.await.unwrap().text().await.unwrap(),
            "{path}: other bytes"
        );
        let receipt = signalbox.receipt_named(&id).await;
        assert_eq!(receipt["row"]["ending"], "complete", "{path}: {receipt}");
        assert_eq!(
            receipt["row"]["usage_basis"], "metered",
            "{path}: {receipt}"
        );
        assert_eq!(receipt["tokens"]["input"], 11, "{path}: {receipt}");
    }
    signalbox.is_quiet().await;
}

#[tokio::test]
async fn a_list_of_googles_that_breaks_off_is_still_one_list_and_says_why() {
    let upstream = FakeUpstream::start().await;
    let signalbox = Signalbox::start(&config(&upstream, "")).await;
    let body = json!({"contents":[{"role":"user","parts":[{"text":"Hi"}]}]});
    for model in [
        "chat%2Fcut-mid",
        "google%2Fcut-mid",
        "google%2Ferror-mid",
        "google%2Fclose-mid",
    ] {
        let path = format!("/v1beta/models/{model}:streamGenerateContent");
        let reply = signalbox.post(&path, &body).send().await.unwrap();
        assert_eq!(reply.headers()["content-type"], "application/json");
        let id = reply.headers()["x-signalbox-receipt"]
            .to_str()
            .unwrap()
            .to_owned();
        let text = reply.text().await.unwrap();
        let list: Vec<Value> =
            serde_json::from_str(&text).unwrap_or_else(|e| panic!("{model}: {e}: {text}"));
        assert!(text.contains("word0"), "{model}: {text}");
        let error = &list.last().unwrap()["error"];
        assert!(
            error["message"].as_str().unwrap().contains("Fake"),
            "{model}: {text}"
        );
        assert!(
            error["code"].is_u64() && error["status"].is_string(),
            "{model}: {text}"
        );
        assert_eq!(
            signalbox.receipt_named(&id).await["row"]["ending"],
            "broken",
            "{model}"
        );
    }
    signalbox.is_quiet().await;
}
