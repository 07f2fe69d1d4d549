//! What tools ask for beside conversations: pictures, sound, vectors, orders, and the text
//! completions of old.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use futures_util::StreamExt as _;
use serde_json::{Value, json};
use stories::{FakeUpstream, Signalbox};

/// Providers that each speak one dialect, and an alias over them.
fn config(upstream: &FakeUpstream) -> String {
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
        provider("llama", "ollama", ""),
        provider("cohere", "cohere", ""),
        provider("jina", "cohere", ""),
        "quirks = { paths = { rerank = \"/v1/rerank\" } }\n[alias]\nfast = [\"google/ok\"]\n"
            .to_owned(),
    ]
    .concat()
}

async fn read(reply: reqwest::Response) -> Value {
    let status = reply.status();
    let body = reply.bytes().await.unwrap();
    assert_eq!(status, 200, "{}", String::from_utf8_lossy(&body));
    serde_json::from_slice(&body).unwrap()
}

/// A form with a text and a file of bytes that are no text.
fn form(model: &str, more: &str) -> (String, Vec<u8>) {
    let mut body = format!(
        "--cut-here\r\nContent-Disposition: form-data; name=\"model\"\r\n\r\n{model}\r\n{more}\
         --cut-here\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.wav\"\r\n\
         Content-Type: audio/wav\r\n\r\n"
    )
    .into_bytes();
    body.extend((0..=255_u8).cycle().take(100_000));
    body.extend_from_slice(b"\r\n--cut-here--\r\n");
    ("multipart/form-data; boundary=cut-here".to_owned(), body)
}

#[tokio::test]
async fn a_form_arrives_byte_for_byte_but_for_the_models_name() {
    let upstream = FakeUpstream::start().await;
    let signalbox = Signalbox::start(&config(&upstream)).await;
    for path in [
        "/v1/images/edits",
        "/v1/images/variations",
        "/v1/audio/transcriptions",
        "/v1/audio/translations",
    ] {
        let (kind, body) = form("chat/ok", "");
        let reply = signalbox
            .client
            .post(format!("{}{path}", signalbox.url))
            .bearer_auth(&signalbox.key)
            .header("content-type", &kind)
            .body(body)
            .send()
            .await
            .unwrap();
        let answer = read(reply).await;
        let seen = upstream.last();
        assert_eq!(seen.path(), path);
        assert_eq!(seen.header("content-type"), Some(kind.as_str()));
        assert_eq!(seen.body, form("ok", "").1, "{path}");
        let direct = signalbox
            .client
            .post(format!("{}{path}", upstream.base_url()))
            .header("content-type", &kind)
            .body(form("ok", "").1)
            .send();
        assert_eq!(answer, read(direct.await.unwrap()).await, "{path}");
    }
    signalbox.is_quiet().await;
}

#[tokio::test]
async fn speech_arrives_as_the_bytes_it_is() {
    let upstream = FakeUpstream::start().await;
    let signalbox = Signalbox::start(&config(&upstream)).await;
    let body = json!({"model":"chat/ok","input":"Hi","voice":"alloy"});
    let reply = signalbox
        .post("/v1/audio/speech", &body)
        .send()
        .await
        .unwrap();
    assert_eq!(reply.headers()["content-type"], "audio/mpeg");
    let mut expected = b"ID3\x04\x00\x00\x00\x00\x00\x00".to_vec();
    expected.extend((0u8..=255).cycle().take(4096));
    assert_eq!(reply.bytes().await.unwrap(), expected);
}

/// What each streams, and with which words it is asked to.
const STREAMED: [(&str, &str, &str); 3] = [
    (
        "/v1/images/generations",
        "\"stream\":true,\"n\":2",
        "image_generation.completed",
    ),
    (
        "/v1/audio/speech",
        "\"stream_format\":\"sse\"",
        "speech.audio.done",
    ),
    ("/v1/audio/transcriptions", "", "transcript.text.done"),
];

async fn asked_to_stream(
    signalbox: &Signalbox,
    url: &str,
    path: &str,
    more: &str,
    model: &str,
) -> reqwest::Response {
    let post = signalbox
        .client
        .post(format!("{url}{path}"))
        .bearer_auth(&signalbox.key);
    let post = if more.is_empty() {
        let stream =
            "--cut-here\r\nContent-Disposition: form-data; name=\"stream\"\r\n\r\ntrue\r\n";
        let (kind, body) = form(model, stream);
        post.header("content-type", kind).body(body)
    } else {
        post.header("content-type", "application/json")
            .body(format!(
                "{{\"model\":\"{model}\",\"input\":\"Hi\",\"prompt\":\"Hi\",{more}}}"
            ))
    };
    post.send().await.unwrap()
}

#[tokio::test]
async fn streamed_pictures_and_sound_pass_as_they_came_and_are_metered() {
    let upstream = FakeUpstream::start().await;
    let signalbox = Signalbox::start(&config(&upstream)).await;
    for (path, more, last) in STREAMED {
        let base = upstream.base_url();
        let direct = asked_to_stream(&signalbox, &base, path, more, "ok").await;
        let direct = direct.text().await.unwrap();
        assert!(direct.contains(last), "{direct}");
        let reply = asked_to_stream(&signalbox, &signalbox.url, path, more, "chat/ok").await;
        assert_eq!(
            reply.headers()["content-type"],
            "text/event-stream; charset=utf-8"
        );
        let id = reply.headers()["x-signalbox-receipt"]
            .to_str()
            .unwrap()
            .to_owned();
        assert_eq!(reply.text().await.unwrap(), direct, "{path}");
        let receipt = signalbox.receipt_named(&id).await;
        assert_eq!(receipt["row"]["ending"], "complete", "{path}: {receipt}");
        let pictures = if path.contains("images") { 2 } else { 1 };
        assert_eq!(
            receipt["tokens"]["input"],
            5 * pictures,
            "{path}: {receipt}"
        );
        assert_eq!(
            receipt["tokens"]["output"],
            6 * pictures,
            "{path}: {receipt}"
        );
        assert_eq!(receipt["row"]["usage_basis"], "metered", "{path}");
    }
    signalbox.is_quiet().await;
}

#[tokio::test]
async fn a_cut_stream_of_pictures_or_sound_ends_with_an_error_that_its_readers_look_for() {
    let upstream = FakeUpstream::start().await;
    let signalbox = Signalbox::start(&config(&upstream)).await;
    for (path, more, last) in STREAMED {
        for model in ["chat/cut-mid", "chat/close-mid"] {
            if (path, model) == ("/v1/images/generations", "chat/close-mid") {
                // One of two pictures is whole, and nobody can know that another was to come.
                continue;
            }
            let reply = asked_to_stream(&signalbox, &signalbox.url, path, more, model).await;
            let id = reply.headers()["x-signalbox-receipt"]
                .to_str()
                .unwrap()
                .to_owned();
            let text = reply.text().await.unwrap();
            assert!(path.contains("images") || !text.contains(last), "{text}");
            let event = text.trim_end().rsplit("\n\n").next().unwrap();
            let data = event
                .strip_prefix("event: error\ndata: ")
                .unwrap_or_else(|| panic!("{text}"));
            let told: Value = serde_json::from_str(data).unwrap();
            let message = told["error"]["message"].as_str().unwrap();
            assert!(
                message.contains("Fake") && message.contains("broke off"),
                "{message}"
            );
            assert_eq!(
                signalbox.receipt_named(&id).await["row"]["ending"],
                "broken"
            );
        }
    }
    signalbox.is_quiet().await;
}

#[tokio::test]
async fn documents_are_ordered_in_the_shape_of_cohere_and_of_jina() {
    let upstream = FakeUpstream::start().await;
    let signalbox = Signalbox::start(&config(&upstream)).await;
    let sent = "{ \"query\":\"q\",  \"documents\":[\"a\",\"b\",{\"text\":\"c\"}],\"future_x\":1e0, \"top_n\":2,\"model\":\"M\"}";
    for (path, provider, arrived) in [
        ("/v2/rerank", "cohere", "/v2/rerank"),
        ("/v1/rerank", "cohere", "/v2/rerank"),
        ("/v1/rerank", "jina", "/v1/rerank"),
    ] {
        let reply = signalbox
            .client
            .post(format!("{}{path}", signalbox.url))
            .bearer_auth(&signalbox.key)
            .header("content-type", "application/json")
            .body(sent.replace("\"M\"", &format!("\"{provider}/ok\"")))
            .send()
            .await
            .unwrap();
        let receipt = reply.headers()["x-signalbox-receipt"]
            .to_str()
            .unwrap()
            .to_owned();
        let answer = read(reply).await;
        let found: Vec<_> = answer["results"]
            .as_array()
            .unwrap()
            .iter()
            .map(|one| &one["index"])
            .collect();
        assert_eq!(found, [2, 1], "{answer}");
        let seen = upstream.last();
        assert_eq!(seen.path(), arrived);
        assert_eq!(
            String::from_utf8(seen.body).unwrap(),
            sent.replace("\"M\"", "\"ok\"")
        );
        assert_eq!(
            signalbox.receipt_named(&receipt).await["row"]["ending"],
            "complete"
        );
    }
    // Whoever speaks no such dialect has no such endpoint.
    let body = json!({"model":"claude/ok","query":"q","documents":["a"]});
    let reply = signalbox.post("/v1/rerank", &body).send().await.unwrap();
    assert_eq!(reply.status(), 400);
    let told = reply.text().await.unwrap();
    assert!(told.contains("has nothing for rerank"), "{told}");
    signalbox.is_quiet().await;
}

#[tokio::test]
async fn old_completions_pass_as_they_came_and_are_translated_for_who_only_chats() {
    let upstream = FakeUpstream::start().await;
    let signalbox = Signalbox::start(&config(&upstream)).await;
    let sent =
        "{ \"prompt\" : \"caf\\u00e9\", \"future_x\":1e0, \"max_tokens\":9,\"model\":\"M\"S}";
    let ask = |url: String, model: &str, stream: bool| {
        let more = if stream { ", \"stream\":true" } else { "" };
        let body = sent.replace("\"M\"S", &format!("\"{model}\"{more}"));
        let post = signalbox.client.post(format!("{url}/v1/completions"));
        post.bearer_auth(&signalbox.key)
            .header("content-type", "application/json")
            .body(body)
            .send()
    };
    for stream in [false, true] {
        let direct = ask(upstream.base_url(), "ok", stream).await.unwrap();
        let through = ask(signalbox.url.clone(), "chat/ok", stream).await.unwrap();
        assert_eq!(upstream.last().path(), "/v1/completions");
        let expected = sent.replace(
            "\"M\"S",
            if stream {
                "\"ok\", \"stream\":true"
            } else {
                "\"ok\""
            },
        );
        assert_eq!(String::from_utf8(upstream.last().body).unwrap(), expected);
        let id = through.headers()["x-signalbox-receipt"]
            .to_str()
            .unwrap()
            .to_owned();
        assert_eq!(
            through.bytes().await.unwrap(),
            direct.bytes().await.unwrap()
        );
        assert_eq!(
            signalbox.receipt_named(&id).await["row"]["ending"],
            "complete"
        );
    }
    for (model, arrived) in [("claude/ok", "/v1/messages"), ("llama/ok", "/api/chat")] {
        let body = json!({"model":model,"prompt":"Hi","max_tokens":9});
        let whole = read(
            signalbox
                .post("/v1/completions", &body)
                .send()
                .await
                .unwrap(),
        )
        .await;
        assert_eq!(upstream.last().path(), arrived);
        assert_eq!(whole["object"], "text_completion");
        assert_eq!(whole["choices"][0]["text"], "Hello from the fake upstream.");
        let body = json!({"model":model,"prompt":"Hi","max_tokens":9,"stream":true});
        let events = signalbox
            .post("/v1/completions", &body)
            .send()
            .await
            .unwrap();
        let events = events.text().await.unwrap();
        let said: String = events
            .lines()
            .filter_map(|line| serde_json::from_str::<Value>(line.strip_prefix("data: ")?).ok())
            .filter_map(|chunk| chunk["choices"][0]["text"].as_str().map(str::to_owned))
            .collect();
        assert!(
            said.starts_with("word0 ") && said.ends_with("word7 "),
            "{events}"
        );
        assert!(events.ends_with("data: [DONE]\n\n"), "{events}");
    }
    signalbox.is_quiet().await;
}

#[tokio::test]
async fn the_first_word_of_an_old_completion_does_not_wait_for_the_last() {
    let upstream = FakeUpstream::start().await;
    // What is not recognised as a word would be held for an hour.
    let config = config(&upstream) + "[timeouts]\nhold_ms = 3600000\nfirst_byte_ms = 3600000\n";
    let signalbox = Signalbox::start(&config).await;
    let body = json!({"model":"chat/stall-mid","prompt":"Hi","stream":true});
    let asked = signalbox.post("/v1/completions", &body);
    let reply = asked.timeout(Duration::from_secs(30)).send().await.unwrap();
    let first = reply.bytes_stream().next().await.unwrap().unwrap();
    assert!(String::from_utf8_lossy(&first).contains("word0"));
    upstream.hung_up_on().await;
    signalbox.is_quiet().await;
}

#[tokio::test]
async fn vectors_are_made_across_dialects_as_floats_and_as_base64() {
    let upstream = FakeUpstream::start().await;
    let signalbox = Signalbox::start(&config(&upstream)).await;
    let floats = json!([0.25, -0.5]);
    let base64 = STANDARD.encode([0.25_f32.to_le_bytes(), (-0.5_f32).to_le_bytes()].concat());
    for (model, arrived) in [
        ("google/ok", "/v1beta/models/ok:batchEmbedContents"),
        ("cohere/ok", "/v2/embed"),
        ("llama/ok", "/api/embed"),
        ("chat/ok", "/v1/embeddings"),
    ] {
        for (format, expected) in [("float", floats.clone()), ("base64", json!(base64))] {
            let body = json!({"model":model,"input":["a","b"],"encoding_format":format});
            let vectors = read(
                signalbox
                    .post("/v1/embeddings", &body)
                    .send()
                    .await
                    .unwrap(),
            )
            .await;
            assert_eq!(upstream.last().path(), arrived);
            assert_eq!(
                vectors["data"].as_array().unwrap().len(),
                2,
                "{model}: {vectors}"
            );
            assert_eq!(
                vectors["data"][1]["embedding"], expected,
                "{model}: {vectors}"
            );
            assert_eq!(vectors["data"][1]["index"], 1);
        }
    }
    for model in ["chat%2Fok", "llama%2Fok"] {
        let one = json!({"content":{"parts":[{"text":"a"}]}});
        let path = format!("/v1beta/models/{model}:embedContent");
        let vectors = read(signalbox.post(&path, &one).send().await.unwrap()).await;
        assert_eq!(vectors["embedding"]["values"], floats, "{model}");
        let two = json!({"requests":[
            {"model":"models/m","content":{"parts":[{"text":"a"}]}},
            {"model":"models/m","content":{"parts":[{"text":"b"}]}}]});
        let path = format!("/v1beta/models/{model}:batchEmbedContents");
        let vectors = read(signalbox.post(&path, &two).send().await.unwrap()).await;
        assert_eq!(vectors["embeddings"][1]["values"], floats, "{model}");
    }
    for model in ["chat/ok", "google/ok"] {
        let body = json!({"model":model,"input":["a","b"]});
        let vectors = read(signalbox.post("/api/embed", &body).send().await.unwrap()).await;
        assert_eq!(vectors["embeddings"][1], floats, "{model}: {vectors}");
    }
    signalbox.is_quiet().await;
}

#[tokio::test]
async fn an_alias_is_renamed_wherever_googles_body_repeats_it() {
    let upstream = FakeUpstream::start().await;
    let signalbox = Signalbox::start(&config(&upstream)).await;
    let part = json!({"parts":[{"text":"a"}]});
    for (verb, body, pointer) in [
        (
            "batchEmbedContents",
            json!({"requests":[{"model":"models/fast","content":part}]}),
            "/requests/0/model",
        ),
        (
            "embedContent",
            json!({"model":"models/fast","content":part}),
            "/model",
        ),
        (
            "countTokens",
            json!({"generateContentRequest":{"model":"models/fast","contents":[part]}}),
            "/generateContentRequest/model",
        ),
    ] {
        let path = format!("/v1beta/models/fast:{verb}");
        read(signalbox.post(&path, &body).send().await.unwrap()).await;
        let seen = upstream.last();
        assert_eq!(seen.path(), format!("/v1beta/models/ok:{verb}"));
        assert_eq!(seen.json().pointer(pointer).unwrap(), "models/ok", "{verb}");
    }
}
