//! Models behind somebody else's door: Azure's deployments, Google's cloud, Amazon's. The paths they
//! want, the keys they are shown, and the envelopes round what the caller sent.

use serde_json::{Value, json};
use stories::{ACCESS_TOKEN, AWS_KEY, FakeUpstream, GoogleAccount, Signalbox};

const MESSAGES: &str = "{ \"max_tokens\":9,\"model\":\"M\", \"messages\":[{\"role\":\"user\",\"content\":\"caf\\u00e9\"}],\n\
     \"future_option\":{\"b\":1.0}, \"temperature\":1e0 }";

async fn read(reply: reqwest::Response) -> Value {
    let status = reply.status();
    let body = reply.bytes().await.unwrap();
    assert_eq!(status, 200, "{}", String::from_utf8_lossy(&body));
    serde_json::from_slice(&body).unwrap()
}

async fn text(reply: reqwest::Response) -> String {
    let status = reply.status();
    let text = reply.text().await.unwrap();
    assert_eq!(status, 200, "{text}");
    text
}

#[tokio::test]
async fn azures_older_paths_name_the_deployment_and_the_version() {
    let upstream = FakeUpstream::start().await;
    let config = format!(
        "[provider.azure]\nopenai_base_url = \"{}/openai\"\nhosting = \"azure\"\napi_version = \"2024-10-21\"\n\
         auth = \"api-key\"\nkey = \"env:FAKE_KEY\"\nlocal = true\n[alias]\nmine = [\"azure/ok\"]\n",
        upstream.base_url()
    );
    let signalbox = Signalbox::start(&config).await;
    for (path, field) in [
        (
            "/v1/chat/completions",
            json!({"messages":[{"role":"user","content":"Hi"}]}),
        ),
        ("/v1/completions", json!({"prompt":"Hi"})),
        ("/v1/embeddings", json!({"input":"Hi"})),
        ("/v1/images/generations", json!({"prompt":"Hi"})),
        ("/v1/audio/speech", json!({"input":"Hi","voice":"alloy"})),
    ] {
        let mut body = field;
        body["model"] = "mine".into();
        let reply = signalbox.post(path, &body).send().await.unwrap();
        assert_eq!(reply.status(), 200, "{path}");
        let seen = upstream.last();
        assert_eq!(
            seen.path(),
            format!(
                "/openai/deployments/ok{}?api-version=2024-10-21",
                &path[3..]
            )
        );
        assert_eq!(seen.header("api-key"), Some("sk-fake-upstream-key"));
        assert_eq!(seen.header("authorization"), None, "{path}");
        body["model"] = "ok".into();
        assert_eq!(seen.json(), body, "{path}");
    }
    let reply = signalbox.chat_stream("azure/ok").await;
    assert!(text(reply).await.ends_with("data: [DONE]\n\n"));
    // And for a tool that speaks another dialect.
    let said = read(signalbox.message("azure/ok", false).await).await;
    assert_eq!(said["content"][0]["text"], "Hello from the fake upstream.");
    assert_eq!(
        upstream.last().path(),
        "/openai/deployments/ok/chat/completions?api-version=2024-10-21"
    );
    signalbox.is_quiet().await;
}

#[tokio::test]
async fn a_request_to_bedrock_is_signed_and_amazon_finds_the_same_signature() {
    let upstream = FakeUpstream::start().await;
    let base = upstream.base_url();
    let config = format!(
        "[provider.nova]\nbedrock_base_url = \"{base}\"\nregion = \"eu-west-1\"\nkey = \"env:FAKE_AWS\"\nlocal = true\n\
         [provider.wrong]\nbedrock_base_url = \"{base}\"\nregion = \"eu-west-1\"\nkey = \"env:WRONG_AWS\"\nlocal = true\n"
    );
    let (id, secret) = AWS_KEY.split_once(':').unwrap();
    let wrong = format!("{id}:{}", secret.replace('w', "v"));
    let env = [("FAKE_AWS", AWS_KEY), ("WRONG_AWS", &wrong)];
    let signalbox = Signalbox::start_with(&config, &env).await;

    // A name with a colon, as Amazon's have, is escaped in the path and once more in what is signed.
    for model in ["nova/ok", "nova/amazon.nova-lite-v1:0"] {
        let said = read(signalbox.chat(model).await).await;
        assert_eq!(
            said["choices"][0]["message"]["content"],
            "Hello from the fake upstream."
        );
        let streamed = text(signalbox.chat_stream(model).await).await;
        assert!(streamed.contains("word7") && streamed.ends_with("data: [DONE]\n\n"));
        let seen = upstream.last();
        let claim = seen.header("authorization").unwrap();
        assert!(
            claim.starts_with(&format!("AWS4-HMAC-SHA256 Credential={id}/"))
                && claim.contains("/eu-west-1/bedrock/aws4_request"),
            "{claim}"
        );
        assert!(
            !format!("{seen:?}").contains(secret),
            "the secret travelled"
        );
    }
    assert!(
        upstream
            .last()
            .path()
            .contains("nova-lite-v1%3A0/converse-stream")
    );

    let reply = signalbox.chat("wrong/ok").await;
    let status = reply.status();
    let receipt = signalbox.receipt(&reply).await;
    let told = reply.text().await.unwrap();
    assert_eq!(status, 403, "{told}");
    assert_eq!(receipt["attempts"][0]["failure"], "permission", "{receipt}");
    assert!(!told.contains(secret) && !told.contains(&wrong), "{told}");
    signalbox.is_quiet().await;
}

#[tokio::test]
async fn claude_on_bedrock_is_invoked_and_its_binary_frames_come_as_events() {
    let upstream = FakeUpstream::start().await;
    let config = format!(
        "[provider.claude]\nanthropic_base_url = \"{}\"\nhosting = \"bedrock\"\nauth = \"aws\"\n\
         region = \"us-east-1\"\nkey = \"env:FAKE_AWS\"\nlocal = true\n",
        upstream.base_url()
    );
    let signalbox = Signalbox::start_with(&config, &[("FAKE_AWS", AWS_KEY)]).await;
    let ask = |body: String| {
        let post = signalbox
            .client
            .post(format!("{}/v1/messages", signalbox.url));
        post.bearer_auth(&signalbox.key)
            .header("content-type", "application/json")
            .header("anthropic-version", "2023-06-01")
            .header("anthropic-beta", "context-1m-2025-08-07")
            .body(body)
            .send()
    };
    let reply = ask(MESSAGES.replace("\"M\"", "\"claude/ok\""))
        .await
        .unwrap();
    assert_eq!(
        read(reply).await["content"][0]["text"],
        "Hello from the fake upstream."
    );
    let seen = upstream.last();
    assert_eq!(seen.path(), "/model/ok/invoke");
    assert_eq!(seen.header("anthropic-version"), None);
    let arrived = String::from_utf8(seen.body.clone()).unwrap();
    assert_eq!(
        arrived,
        "{\"max_tokens\":9,\"messages\":[{\"role\":\"user\",\"content\":\"caf\\u00e9\"}],\
         \"future_option\":{\"b\":1.0},\"temperature\":1e0,\
         \"anthropic_version\":\"bedrock-2023-05-31\",\"anthropic_beta\":[\"context-1m-2025-08-07\"]}",
        "no value is written anew"
    );

    let body = MESSAGES.replace("\"M\"", "\"claude/ok\", \"stream\":true");
    let reply = ask(body).await.unwrap();
    assert_eq!(
        reply.headers()["content-type"],
        "text/event-stream; charset=utf-8"
    );
    let receipt = reply.headers()["x-signalbox-receipt"]
        .to_str()
        .unwrap()
        .to_owned();
    let events = text(reply).await;
    assert_eq!(
        upstream.last().path(),
        "/model/ok/invoke-with-response-stream"
    );
    assert!(upstream.last().json()["stream"].is_null());
    let names: Vec<&str> = events
        .lines()
        .filter_map(|line| line.strip_prefix("event: "))
        .collect();
    assert_eq!(
        (names[0], names[names.len() - 1]),
        ("message_start", "message_stop"),
        "{names:?}"
    );
    assert!(
        events.contains("word0 ") && events.contains("word7 "),
        "{events}"
    );
    let receipt = signalbox.receipt_named(&receipt).await;
    assert_eq!(receipt["row"]["ending"], "complete");
    assert_eq!(receipt["tokens"]["input"], 25, "{receipt}");

    // And for a tool that speaks another dialect.
    let said = text(signalbox.chat_stream("claude/ok").await).await;
    assert!(
        said.contains("word7 ") && said.ends_with("data: [DONE]\n\n"),
        "{said}"
    );
    let broken = text(signalbox.message("claude/cut-mid", true).await).await;
    assert!(broken.contains("event: error\n"), "{broken}");
    signalbox.is_quiet().await;
}

#[tokio::test]
async fn googles_cloud_is_shown_a_token_that_is_minted_once_from_the_service_account() {
    let upstream = FakeUpstream::start().await;
    let account = GoogleAccount::at(&upstream);
    let place = format!(
        "{}/v1/projects/p/locations/l/publishers",
        upstream.base_url()
    );
    let config = format!(
        "[provider.vertex]\ngemini_base_url = \"{place}/google\"\nanthropic_base_url = \"{place}/anthropic\"\n\
         hosting = \"vertex\"\nauth = \"google\"\nkey = \"env:FAKE_ACCOUNT\"\nlocal = true\n"
    );
    let json = account.json();
    let signalbox = Signalbox::start_with(&config, &[("FAKE_ACCOUNT", &json)]).await;
    let below = |rest: &str| format!("/v1/projects/p/locations/l/publishers/{rest}");
    let contents = json!({"contents":[{"role":"user","parts":[{"text":"Hi"}]}]});
    let messages =
        json!({"model":"vertex/ok","max_tokens":9,"messages":[{"role":"user","content":"Hi"}]});
    let mut streaming = messages.clone();
    streaming["stream"] = true.into();

    for (path, body, arrived, said) in [
        (
            "/v1beta/models/vertex%2Fok:generateContent",
            &contents,
            "google/models/ok:generateContent",
            "Hello from the fake upstream.",
        ),
        (
            "/v1beta/models/vertex%2Fok:streamGenerateContent?alt=sse",
            &contents,
            "google/models/ok:streamGenerateContent?alt=sse",
            "word7 ",
        ),
        (
            "/v1/messages",
            &messages,
            "anthropic/models/ok:rawPredict",
            "Hello from the fake upstream.",
        ),
        (
            "/v1/messages",
            &streaming,
            "anthropic/models/ok:streamRawPredict",
            "word7 ",
        ),
        (
            "/v1/messages/count_tokens",
            &messages,
            "anthropic/models/count-tokens:rawPredict",
            "17",
        ),
    ] {
        let reply = signalbox.post(path, body).send().await.unwrap();
        let told = text(reply).await;
        assert!(told.contains(said), "{path}: {told}");
        let seen = upstream.last();
        assert_eq!(seen.path(), below(arrived));
        assert_eq!(
            seen.header("authorization"),
            Some(format!("Bearer {ACCESS_TOKEN}").as_str()),
            "{path}"
        );
        if arrived.starts_with("anthropic/") {
            assert_eq!(
                seen.json()["anthropic_version"],
                "vertex-2023-10-16",
                "{path}"
            );
        }
    }
    let counted = upstream.last().json();
    assert_eq!(
        counted["model"], "ok",
        "a count names its model in the body: {counted}"
    );

    let asked: Vec<_> = upstream.requests();
    let tokens: Vec<_> = asked.iter().filter(|one| one.path() == "/token").collect();
    assert_eq!(tokens.len(), 1, "one token serves them all");
    account.check(tokens[0]);
    for one in &asked {
        assert!(
            !format!("{one:?}").contains("PRIVATE KEY"),
            "the key travelled"
        );
    }
    signalbox.is_quiet().await;
}

#[tokio::test]
async fn what_was_made_of_a_key_is_told_to_nobody_by_a_provider_that_repeats_it() {
    let upstream = FakeUpstream::start().await;
    let base = upstream.base_url();
    let config = format!(
        "[provider.google]\ngemini_base_url = \"{base}/v1beta\"\nauth = \"google\"\n\
         key = \"env:FAKE_ACCOUNT\"\nlocal = true\n\
         [provider.nova]\nbedrock_base_url = \"{base}\"\nregion = \"eu-west-1\"\nkey = \"env:FAKE_AWS\"\nlocal = true\n"
    );
    let account = GoogleAccount::at(&upstream).json();
    let session = "a-session-token-of-the-fake";
    let aws = format!("{AWS_KEY}:{session}");
    let env = [("FAKE_ACCOUNT", account.as_str()), ("FAKE_AWS", &aws)];
    let signalbox = Signalbox::start_with(&config, &env).await;
    let secret = AWS_KEY.split_once(':').unwrap().1;
    for (model, secrets) in [
        ("google/tells-key", &[ACCESS_TOKEN][..]),
        ("nova/tells-key", &[session, secret][..]),
    ] {
        let reply = signalbox.chat(model).await;
        assert_eq!(reply.status(), 401, "{model}");
        let shown = signalbox.receipt(&reply).await.to_string() + &reply.text().await.unwrap();
        assert!(shown.contains("[key]"), "{model}: {shown}");
        for secret in secrets {
            assert!(!shown.contains(secret), "{model}: {shown}");
        }
    }
    let examined = signalbox
        .control(
            "doctor.examine",
            &json!({"provider":"google","model":"tells-key"}),
        )
        .await;
    assert!(examined.is_object(), "{examined}");
    let kept = std::fs::read_to_string(signalbox.folder().join("examinations.json")).unwrap();
    assert!(!kept.contains(ACCESS_TOKEN), "{kept}");
    signalbox.is_quiet().await;
}
