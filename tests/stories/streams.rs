//! Streams that break, stall and are left: never a silent cut, nothing left behind.

use std::time::{Duration, Instant};

use futures_util::StreamExt as _;
use serde_json::json;
use stories::{FakeUpstream, Signalbox, config_for};

fn config(upstream: &FakeUpstream) -> String {
    config_for(upstream) + "[timeouts]\nidle_ms = 500\n"
}

#[tokio::test]
async fn a_broken_stream_ends_with_the_dialects_own_error() {
    let upstream = FakeUpstream::start().await;
    let signalbox = Signalbox::start(&config(&upstream)).await;
    for model in ["fake/cut-mid", "fake/stall-mid", "fake/close-mid"] {
        let reply = signalbox.chat_stream(model).await;
        let id = reply.headers()["x-signalbox-receipt"]
            .to_str()
            .unwrap()
            .to_owned();
        let text = reply.text().await.unwrap();
        assert!(text.contains("word0"), "{model}: {text}");
        let last = text
            .trim_end()
            .rsplit("\n\n")
            .find(|e| e.contains("error"))
            .unwrap();
        let error: serde_json::Value = serde_json::from_str(last.trim_start_matches("data: "))
            .unwrap_or_else(|_| panic!("{model}: {last}"));
        assert!(
            error["error"]["message"].as_str().unwrap().contains("Fake"),
            "{model}: {error}"
        );
        let receipt = signalbox.receipt_named(&id).await;
        assert_eq!(receipt["row"]["ending"], "broken", "{model}");
        assert_eq!(
            receipt["attempts"][0]["failure"], "broken_stream",
            "{model}"
        );
        assert_eq!(receipt["row"]["usage_basis"], "estimated", "{model}");

        let reply = signalbox.message(model, true).await;
        let text = reply.text().await.unwrap();
        assert!(text.contains("event: error\n"), "{model}: {text}");
        assert!(!text.contains("message_stop"), "{model}: {text}");
    }
    signalbox.is_quiet().await;
}

#[tokio::test]
async fn a_stream_with_an_error_in_it_is_no_success_whatever_follows() {
    let upstream = FakeUpstream::start().await;
    let signalbox = Signalbox::start(&config_for(&upstream)).await;
    for (reply, what) in [
        (signalbox.chat_stream("fake/error-mid").await, "openai"),
        (signalbox.message("fake/error-mid", true).await, "anthropic"),
    ] {
        let id = reply.headers()["x-signalbox-receipt"]
            .to_str()
            .unwrap()
            .to_owned();
        let text = reply.text().await.unwrap();
        assert!(text.contains("Overloaded"), "{what}: {text}");
        let receipt = signalbox.receipt_named(&id).await;
        assert_eq!(receipt["row"]["ending"], "broken", "{what}");
        assert!(
            receipt["attempts"][0]["failure"].is_string(),
            "{what}: {receipt}"
        );
    }
    let overview = signalbox.control("overview", &serde_json::json!({})).await;
    let health = &overview["providers"][0];
    assert_eq!(
        (&health["attempts"], &health["failures"]),
        (&2.into(), &2.into())
    );
}

#[tokio::test]
async fn a_stream_without_done_but_with_a_stop_reason_is_whole() {
    let upstream = FakeUpstream::start().await;
    let signalbox = Signalbox::start(&config(&upstream)).await;
    let reply = signalbox.chat_stream("fake/no-done").await;
    let id = reply.headers()["x-signalbox-receipt"]
        .to_str()
        .unwrap()
        .to_owned();
    let text = reply.text().await.unwrap();
    assert!(!text.contains("error"), "{text}");
    assert_eq!(
        signalbox.receipt_named(&id).await["row"]["ending"],
        "complete"
    );
}

#[tokio::test]
async fn a_client_that_leaves_mid_stream_frees_the_upstream_within_a_second() {
    let upstream = FakeUpstream::start().await;
    let signalbox = Signalbox::start(&config_for(&upstream)).await;
    let reply = signalbox.chat_stream("fake/slow").await;
    let id = reply.headers()["x-signalbox-receipt"]
        .to_str()
        .unwrap()
        .to_owned();
    let mut body = reply.bytes_stream();
    let mut seen = Vec::new();
    while !String::from_utf8_lossy(&seen).contains("word1") {
        seen.extend_from_slice(&body.next().await.unwrap().unwrap());
    }
    let left = Instant::now();
    drop(body);
    upstream.hung_up_on().await;
    assert!(
        left.elapsed() < Duration::from_secs(1),
        "{:?}",
        left.elapsed()
    );
    let receipt = signalbox.receipt_named(&id).await;
    assert_eq!(receipt["row"]["ending"], "client_gone");
    assert_eq!(receipt["row"]["usage_basis"], "estimated");
    assert!(
        receipt["tokens"]["output"].as_u64().unwrap() > 0,
        "what was generated counts"
    );
    signalbox.is_quiet().await;
}

#[tokio::test]
async fn a_client_that_leaves_before_the_first_byte_frees_the_upstream_too() {
    let upstream = FakeUpstream::start().await;
    let signalbox = Signalbox::start(&config_for(&upstream)).await;
    let asked = signalbox
        .post("/v1/chat/completions", &stories::chat("fake/stall", false))
        .timeout(Duration::from_millis(300));
    assert!(asked.send().await.unwrap_err().is_timeout());
    upstream.hung_up_on().await;
    signalbox.is_quiet().await;
    let page = signalbox
        .control("requests.list", &serde_json::json!({}))
        .await;
    assert_eq!(page["rows"][0]["ending"], "client_gone");
    let receipt = signalbox
        .receipt_named(page["rows"][0]["id"].as_str().unwrap())
        .await;
    assert_eq!(
        receipt["attempts"][0]["provider"], "fake",
        "who was asked stays known"
    );
}

#[tokio::test]
async fn a_hundred_streams_at_once_leave_nothing_behind() {
    let upstream = FakeUpstream::start().await;
    let signalbox = Signalbox::start(&config_for(&upstream)).await;
    let streams = (0..100).map(|_| async {
        let text = signalbox.chat_stream("fake/ok").await.text().await.unwrap();
        assert!(text.ends_with("data: [DONE]\n\n"), "{text}");
    });
    futures_util::future::join_all(streams).await;
    signalbox.is_quiet().await;
    let today = &signalbox.control("overview", &serde_json::json!({})).await["today"];
    assert_eq!(
        (&today["requests"], &today["failed"]),
        (&100.into(), &0.into())
    );
}

#[tokio::test]
async fn a_stream_that_ends_before_one_of_its_answers_does_is_not_booked_as_whole() {
    let upstream = FakeUpstream::start().await;
    let base = upstream.base_url();
    let config =
        format!("[provider.fake]\nopenai_base_url = \"{base}/v1\"\nkey = \"none\"\nlocal = true\n");
    let signalbox = Signalbox::start(&config).await;
    let messages = json!([{"role": "user", "content": "Hi"}]);
    let gemini = json!({"contents": [{"role": "user", "parts": [{"text": "Hi"}]}],
        "generationConfig": {"candidateCount": 2}});
    let chat = json!({"model": "fake/half-of-two", "stream": true, "n": 2, "messages": messages});
    for (path, body) in [
        ("/v1/chat/completions", &chat),
        (
            "/v1beta/models/fake%2Fhalf-of-two:streamGenerateContent?alt=sse",
            &gemini,
        ),
    ] {
        let reply = signalbox.post(path, body).send().await.unwrap();
        assert_eq!(reply.status(), 200, "{path}");
        let id = reply.headers()["x-signalbox-receipt"]
            .to_str()
            .unwrap()
            .to_owned();
        let text = reply.text().await.unwrap();
        assert!(text.contains("\"error\""), "{path}: {text}");
        let receipt = signalbox.receipt_named(&id).await;
        assert_eq!(receipt["row"]["ending"], "broken", "{path}: {receipt}");
    }
    signalbox.is_quiet().await;
}
