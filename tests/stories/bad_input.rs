//! Bad input gets a clear error, leaves a receipt and loses nothing.

use serde_json::Value;
use stories::{FakeUpstream, Signalbox, config_for};

async fn told(reply: reqwest::Response) -> Value {
    serde_json::from_slice(&reply.bytes().await.unwrap()).unwrap()
}

#[tokio::test]
async fn malformed_bodies_are_named_with_their_place() {
    let signalbox = Signalbox::practice().await;
    let cases = [
        (
            "{\"model\":\"practice/instant\",\n \"messages\": [}",
            "line 2",
        ),
        ("", "empty"),
        ("[]", "object"),
        ("{\"messages\":[]}", "model"),
        ("{\"model\":7}", "model"),
        ("{\"model\":\"a\",\"model\":\"b\"}", "model"),
        ("\u{0}\u{1}", "JSON"),
    ];
    for (body, word) in cases {
        let reply = signalbox
            .client
            .post(format!("{}/v1/chat/completions", signalbox.url))
            .bearer_auth(&signalbox.key)
            .header("content-type", "application/json")
            .body(body)
            .send()
            .await
            .unwrap();
        assert_eq!(reply.status(), 400, "{body}");
        let receipt = signalbox.receipt(&reply).await;
        assert_eq!(receipt["row"]["fault"], "malformed_request", "{body}");
        let told = told(reply).await;
        let message = told["error"]["message"].as_str().unwrap();
        assert!(message.contains(word), "{body}: {message}");
    }
}

#[tokio::test]
async fn unknown_models_say_how_to_write_known_ones() {
    let upstream = FakeUpstream::start().await;
    let signalbox = Signalbox::start(&config_for(&upstream)).await;
    let reply = signalbox.chat("slow").await;
    assert_eq!(
        reply.status(),
        200,
        "a plain name finds the provider that lists it"
    );
    let reply = signalbox.chat("slo").await;
    assert_eq!(reply.status(), 404);
    let told = told(reply).await;
    assert!(
        told["error"]["message"]
            .as_str()
            .unwrap()
            .contains("fake/slow"),
        "{told}"
    );
    assert_eq!(told["error"]["param"], "model");
    let reply = signalbox.message("slo", false).await;
    assert_eq!(reply.status(), 404);
}

#[tokio::test]
async fn a_provider_without_a_key_says_how_to_set_one() {
    let signalbox = Signalbox::start("[provider.groq]\n").await;
    let reply = signalbox.chat("groq/llama-3.3-70b-versatile").await;
    assert_eq!(reply.status(), 400);
    let receipt = signalbox.receipt(&reply).await;
    assert_eq!(receipt["row"]["fault"], "no_target");
    let told = told(reply).await;
    let message = told["error"]["message"].as_str().unwrap();
    assert!(message.contains("signalbox keys set groq"), "{message}");
}

#[tokio::test]
async fn a_body_over_the_limit_is_refused_with_the_limit_and_its_setting() {
    let signalbox = Signalbox::start("[server]\nbody_limit_mib = 1\n").await;
    let reply = signalbox
        .post("/v1/messages", &Value::from("x".repeat(2 * 1024 * 1024)))
        .send()
        .await
        .unwrap();
    assert_eq!(reply.status(), 413);
    let told = told(reply).await;
    assert_eq!(told["error"]["type"], "request_too_large");
    assert!(
        told["error"]["message"].as_str().unwrap().contains("1 MiB"),
        "{told}"
    );
}

/// A connection closed on unread bytes is reset, and the reset destroys the answer
/// on its way: an SDK then says "connection error" and uploads everything again.
#[tokio::test]
async fn a_refusal_of_a_large_body_arrives_every_time() {
    let signalbox = Signalbox::start("[server]\nbody_limit_mib = 1\n").await;
    let large = Value::from("x".repeat(3 * 1024 * 1024)).to_string();
    for (key, status) in [(signalbox.key.as_str(), 413), ("sbx-wrong", 401)] {
        for round in 0..20 {
            let client = reqwest::Client::builder().no_proxy().build().unwrap();
            let reply = client
                .post(format!("{}/v1/messages", signalbox.url))
                .bearer_auth(key)
                .header("content-type", "application/json")
                .body(large.clone())
                .send()
                .await
                .unwrap_or_else(|error| panic!("{status}, round {round}: {error:?}"));
            assert_eq!(reply.status(), status);
        }
    }
}

#[tokio::test]
async fn a_providers_trouble_is_named_with_the_provider_and_the_next_step() {
    let upstream = FakeUpstream::start().await;
    let port = upstream.address.port();
    let config = config_for(&upstream)
        + &format!(
            "[provider.gone]\nname = \"Gone\"\nopenai_base_url = \"http://127.0.0.1:9/v1\"\nkey = \"none\"\n\
             [provider.plain]\nname = \"Plain\"\nopenai_base_url = \"https://127.0.0.1:{port}/v1\"\nkey = \"none\"\n"
        );
    let signalbox = Signalbox::start(&config).await;
    let cases = [
        ("gone/x", 502, "Gone", "connection"),
        ("plain/x", 502, "Plain", "tls"),
        ("fake/html", 502, "Fake", "bad_reply"),
        ("fake/truncated", 502, "Fake", "bad_reply"),
        ("fake/empty", 502, "Fake", "bad_reply"),
        ("fake/redirect", 502, "Fake", "bad_reply"),
        ("fake/cut-before", 502, "Fake", "connection"),
    ];
    for (model, status, name, category) in cases {
        let reply = signalbox.chat(model).await;
        assert_eq!(reply.status(), status, "{model}");
        let receipt = signalbox.receipt(&reply).await;
        assert_eq!(
            receipt["attempts"][0]["failure"], category,
            "{model}: {receipt}"
        );
        assert_eq!(receipt["row"]["ending"], "failed", "{model}");
        let told = told(reply).await;
        let message = told["error"]["message"].as_str().unwrap();
        assert!(message.contains(name), "{model}: {message}");
    }
    signalbox.is_quiet().await;
}

#[tokio::test]
async fn a_wrong_base_url_is_told_apart_from_a_wrong_model() {
    let signalbox = Signalbox::practice().await;
    for path in ["/v1/respond", "/v1/complete", "/v1/talk"] {
        let reply = signalbox
            .post(path, &stories::chat("practice/instant", false))
            .send()
            .await
            .unwrap();
        assert_eq!(
            reply.status(),
            400,
            "{path}: a 404 is shown as a missing model"
        );
        let told = told(reply).await;
        assert!(
            told["error"]["message"].as_str().unwrap().contains(path),
            "{told}"
        );
    }
    let doubled = signalbox
        .post(
            "/v1/v1/chat/completions",
            &stories::chat("practice/instant", false),
        )
        .send()
        .await
        .unwrap();
    assert_eq!(doubled.status(), 200);
}
