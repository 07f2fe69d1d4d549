//! Same dialect in and out: the bytes a client sends are the bytes the provider
//! gets, and the other way round.

use serde_json::{Value, json};
use stories::{FakeUpstream, Signalbox, config_for};

/// Odd spacing, odd order, escapes, unknown fields: nothing of it may change.
const ODD: &str = "{ \"messages\" : [ {\"role\":\"user\",\"content\":\"caf\\u00e9 \\ud83d\\ude00\"} ],\n\
    \t\"future_option\": {\"b\":1.0,\"a\":[ ]}, \"max_tokens\":9,  \"model\":\"fake/ok\" , \"temperature\":1e0 }";

#[tokio::test]
async fn a_request_arrives_byte_for_byte_but_for_the_models_name() {
    let upstream = FakeUpstream::start().await;
    let signalbox = Signalbox::start(&config_for(&upstream)).await;
    for path in [
        "/v1/chat/completions",
        "/v1/messages",
        "/v1/messages/count_tokens",
    ] {
        let reply = signalbox
            .client
            .post(format!("{}{path}", signalbox.url))
            .bearer_auth(&signalbox.key)
            .header("content-type", "application/json")
            .body(ODD)
            .send()
            .await
            .unwrap();
        assert_eq!(reply.status(), 200, "{path}");
        let expected = ODD.replace("\"fake/ok\"", "\"ok\"");
        let seen = upstream.last();
        assert_eq!(
            String::from_utf8(seen.body.clone()).unwrap(),
            expected,
            "{path}"
        );
        assert_eq!(seen.path(), path);
    }
}

#[tokio::test]
async fn only_a_request_that_meets_a_quirk_is_written_anew() {
    let upstream = FakeUpstream::start().await;
    let config = format!(
        "[provider.odd]\nopenai_base_url = \"{}/v1\"\nkey = \"none\"\nlocal = true\n\
         [provider.odd.quirks]\nno_developer = true\nrefuses = [\"logit_bias\"]\n",
        upstream.base_url()
    );
    let signalbox = Signalbox::start(&config).await;
    let ask = async |body: String| {
        let reply = signalbox
            .client
            .post(format!("{}/v1/chat/completions", signalbox.url))
            .bearer_auth(&signalbox.key)
            .header("content-type", "application/json")
            .body(body)
            .send()
            .await
            .unwrap();
        assert_eq!(reply.status(), 200);
        upstream.last()
    };
    let asked = ODD.replace("fake/ok", "odd/ok");
    let seen = ask(asked.clone()).await;
    let expected = asked.replace("\"odd/ok\"", "\"ok\"");
    assert_eq!(String::from_utf8(seen.body).unwrap(), expected);

    let seen = ask(asked.replace("\"user\"", "\"developer\"")).await;
    assert_eq!(seen.json()["messages"][0]["role"], "system");

    let seen = ask(asked.replace(
        "\"temperature\"",
        "\"logit_bias\":{\"1\":2},\"temperature\"",
    ))
    .await;
    assert!(seen.json().get("logit_bias").is_none(), "{:?}", seen.json());
    assert_eq!(seen.json()["messages"][0]["role"], "user");
    signalbox.is_quiet().await;
}

#[tokio::test]
async fn a_reply_arrives_byte_for_byte_with_the_providers_headers() {
    let upstream = FakeUpstream::start().await;
    let signalbox = Signalbox::start(&config_for(&upstream)).await;
    let direct = signalbox
        .client
        .post(format!("{}/v1/chat/completions", upstream.base_url()))
        .body(stories::chat("ok", false).to_string())
        .send()
        .await
        .unwrap()
        .bytes()
        .await
        .unwrap();
    let reply = signalbox.chat("fake/ok").await;
    assert_eq!(reply.headers()["x-request-id"], "req_fake");
    assert_eq!(reply.headers()["x-ratelimit-remaining-requests"], "41");
    assert_eq!(reply.headers()["x-new-vendor-header"], "kept");
    assert!(
        reply.headers().get("set-cookie").is_none(),
        "a provider's cookie stays out"
    );
    assert_eq!(reply.headers()["x-signalbox-provider"], "fake");
    assert_eq!(reply.bytes().await.unwrap(), direct);
}

#[tokio::test]
async fn a_stream_arrives_byte_for_byte() {
    let upstream = FakeUpstream::start().await;
    let signalbox = Signalbox::start(&config_for(&upstream)).await;
    for (path, body) in [
        (
            "/v1/chat/completions",
            json!({"model":"M","stream":true,"stream_options":{"include_usage":true},"messages":[]}),
        ),
        (
            "/v1/messages",
            json!({"model":"M","stream":true,"max_tokens":9,"messages":[]}),
        ),
    ] {
        let text = body.to_string();
        let direct = signalbox
            .client
            .post(format!("{}{path}", upstream.base_url()))
            .body(text.replace("\"M\"", "\"ok\""))
            .send()
            .await
            .unwrap()
            .text()
            .await
            .unwrap();
        let through = signalbox
            .client
            .post(format!("{}{path}", signalbox.url))
            .bearer_auth(&signalbox.key)
            .body(text.replace("\"M\"", "\"fake/ok\""))
            .send()
            .await
            .unwrap();
        assert_eq!(
            through.headers()["content-type"],
            "text/event-stream; charset=utf-8"
        );
        assert_eq!(through.text().await.unwrap(), direct, "{path}");
    }
}

#[tokio::test]
async fn credentials_are_taken_in_every_spelling_and_never_forwarded() {
    let upstream = FakeUpstream::start().await;
    let signalbox = Signalbox::start(&config_for(&upstream)).await;
    let key = signalbox.key.clone();
    let url = format!("{}/v1/chat/completions", signalbox.url);
    let post = |url: String| {
        signalbox
            .client
            .post(url)
            .header("content-type", "application/json")
            .body(stories::chat("fake/ok", false).to_string())
    };
    let calls = [
        post(url.clone()).bearer_auth(&key),
        post(url.clone()).header("x-api-key", &key),
        post(url.clone()).header("api-key", &key),
        post(url.clone()).header("x-goog-api-key", &key),
        post(format!("{url}?key={key}&trace=1")),
    ];
    for call in calls {
        assert_eq!(call.send().await.unwrap().status(), 200);
        let seen = upstream.last();
        assert_eq!(
            seen.header("authorization"),
            Some("Bearer sk-fake-upstream-key")
        );
        let whole = format!("{seen:?}");
        assert!(
            !whole.contains(&key),
            "the client key reached the provider: {whole}"
        );
    }
    assert_eq!(upstream.last().path(), "/v1/chat/completions?trace=1");
}

#[tokio::test]
async fn betas_versions_and_vendor_headers_travel() {
    let upstream = FakeUpstream::start().await;
    let signalbox = Signalbox::start(&config_for(&upstream)).await;
    for version in ["2023-06-01", "2026-10-21"] {
        let body = json!({"model":"fake/ok","max_tokens":9,"messages":[]});
        let reply = signalbox
            .post("/v1/messages?beta=true", &body)
            .header("anthropic-version", version)
            .header("anthropic-beta", "context-1m-2025-08-07,effort-2025-11-24")
            .header("x-claude-code-session-id", "s-1")
            .header("cookie", "secret=1")
            .send()
            .await
            .unwrap();
        assert_eq!(reply.status(), 200);
        let seen = upstream.last();
        assert_eq!(seen.path(), "/v1/messages?beta=true");
        assert_eq!(seen.header("anthropic-version"), Some(version));
        assert_eq!(
            seen.header("anthropic-beta"),
            Some("context-1m-2025-08-07,effort-2025-11-24")
        );
        assert_eq!(seen.header("x-claude-code-session-id"), Some("s-1"));
        assert_eq!(seen.header("cookie"), None);
        assert!(seen.header("x-signalbox-hop").is_some());
    }
}

#[tokio::test]
async fn tokens_are_counted_in_classes_that_sum() {
    let upstream = FakeUpstream::start().await;
    let signalbox = Signalbox::start(&config_for(&upstream)).await;
    let receipt = signalbox.receipt(&signalbox.chat("fake/ok").await).await;
    // The upstream says: prompt 120 of which 100 cached; completion 9 of which 2 reasoning.
    let expected = json!({"input":20,"cache_read":100,"cache_write":0,"cache_write_long":0,"output":7,"reasoning":2});
    assert_eq!(receipt["tokens"], expected);
    assert_eq!(receipt["row"]["usage_basis"], "metered");
    assert_eq!(receipt["model_version"], "ok");
    assert_eq!(receipt["upstream_id"], "chatcmpl-fake");
    let receipt = signalbox
        .receipt(&signalbox.message("fake/ok", false).await)
        .await;
    let expected = json!({"input":12,"cache_read":100,"cache_write":50,"cache_write_long":0,"output":7,"reasoning":0});
    assert_eq!(receipt["tokens"], expected);
}

#[tokio::test]
async fn a_priced_model_costs_what_the_catalogue_says() {
    let upstream = FakeUpstream::start().await;
    let base = upstream.base_url();
    let config =
        format!("[provider.openai]\nopenai_base_url = \"{base}/v1\"\nkey = \"env:FAKE_KEY\"\n");
    let signalbox = Signalbox::start(&config).await;
    let receipt = signalbox
        .receipt(&signalbox.chat("openai/gpt-4.1").await)
        .await;
    // gpt-4.1: $2.00 input, $0.50 cached, $8.00 output a million tokens.
    // 20 x 2000 + 100 x 500 + 9 x 8000 billionths.
    assert_eq!(
        receipt["row"]["cost_nano_usd"],
        20 * 2_000 + 100 * 500 + 9 * 8_000
    );
    assert_eq!(receipt["row"]["cost_basis"], "metered");
    assert!(receipt["price_version"].is_string());
    // A plain model name finds the provider that serves it.
    let reply = signalbox.chat("gpt-4.1").await;
    assert_eq!(reply.headers()["x-signalbox-provider"], "openai");
}

#[tokio::test]
async fn models_are_listed_in_the_callers_shape() {
    let upstream = FakeUpstream::start().await;
    let config = config_for(&upstream) + "[alias]\nfast = [\"fake/ok\"]\n";
    let signalbox = Signalbox::start(&config).await;
    let get = |path: &str| {
        signalbox
            .client
            .get(format!("{}{path}", signalbox.url))
            .bearer_auth(&signalbox.key)
    };
    let openai: Value = serde_json::from_slice(
        &get("/v1/models")
            .send()
            .await
            .unwrap()
            .bytes()
            .await
            .unwrap(),
    )
    .unwrap();
    assert_eq!(openai["object"], "list");
    assert_eq!(openai["data"][0]["id"], "fast");
    let ids = openai["data"].to_string();
    assert!(
        ids.contains("\"fake/ok\"") && ids.contains("\"practice/steady\""),
        "{ids}"
    );
    let request = get("/v1/models/fake/ok").header("anthropic-version", "2023-06-01");
    let one: Value =
        serde_json::from_slice(&request.send().await.unwrap().bytes().await.unwrap()).unwrap();
    assert_eq!(
        (&one["type"], &one["id"]),
        (&json!("model"), &json!("fake/ok"))
    );
    assert_eq!(get("/v1/models/none").send().await.unwrap().status(), 404);
}

#[tokio::test]
async fn googles_and_ollamas_lists_are_models_and_not_a_page_of_the_panel() {
    let signalbox = Signalbox::start("").await;
    let get = async |path: &str| {
        let request = signalbox.client.get(format!("{}{path}", signalbox.url));
        let reply = request.bearer_auth(&signalbox.key).send().await.unwrap();
        let status = reply.status().as_u16();
        let body: Value = serde_json::from_slice(&reply.bytes().await.unwrap()).unwrap();
        (status, body)
    };
    let (status, ollama) = get("/api/tags").await;
    assert_eq!(status, 200, "{ollama}");
    assert_eq!(ollama["models"][0]["model"], "practice/steady");
    let (status, google) = get("/v1beta/models").await;
    assert_eq!(status, 200, "{google}");
    assert_eq!(google["models"][0]["name"], "models/practice/steady");
    let (status, version) = get("/api/version").await;
    assert_eq!(status, 200, "{version}");
    assert!(version["version"].is_string(), "{version}");
    let (status, unknown) = get("/api/ps").await;
    assert_eq!(status, 400, "{unknown}");
    assert!(
        unknown.to_string().contains("does not serve /api/ps"),
        "{unknown}"
    );
}

#[tokio::test]
async fn both_versions_of_messages_pass_byte_for_byte_with_fields_and_headers_that_nobody_knows_yet()
 {
    let upstream = FakeUpstream::start().await;
    let signalbox = Signalbox::start(&config_for(&upstream)).await;
    for version in ["2023-06-01", "2026-10-21"] {
        for stream in ["", "\"stream\" : true, "] {
            let sent = ODD.replacen("{ ", &format!("{{ {stream}"), 1);
            let ask = |url: &str, body: String| {
                let post = signalbox
                    .client
                    .post(format!("{url}/v1/messages?beta=true&future=1"));
                post.bearer_auth(&signalbox.key)
                    .header("content-type", "application/json")
                    .header("anthropic-version", version)
                    .header("anthropic-beta", "future-2027-01-01")
                    .header("x-future-header", "odd;  value=1")
                    .body(body)
                    .send()
            };
            let through = ask(&signalbox.url, sent.clone()).await.unwrap();
            let seen = upstream.last();
            let expected = sent.replace("\"fake/ok\"", "\"ok\"");
            assert_eq!(String::from_utf8(seen.body.clone()).unwrap(), expected);
            assert_eq!(seen.path(), "/v1/messages?beta=true&future=1");
            for (name, value) in [
                ("anthropic-version", version),
                ("anthropic-beta", "future-2027-01-01"),
                ("x-future-header", "odd;  value=1"),
            ] {
                assert_eq!(seen.header(name), Some(value));
            }
            let direct = ask(&upstream.base_url(), expected).await.unwrap();
            assert_eq!(through.headers()["x-new-vendor-header"], "kept");
            assert_eq!(
                through.headers()["content-type"],
                direct.headers()["content-type"]
            );
            assert_eq!(
                through.bytes().await.unwrap(),
                direct.bytes().await.unwrap()
            );
        }
    }
    signalbox.is_quiet().await;
}
