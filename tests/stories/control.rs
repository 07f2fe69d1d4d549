//! The control API as the panel uses it.

use futures_util::StreamExt as _;
use serde_json::{Value, json};
use stories::{FakeUpstream, Signalbox, config_for};

#[tokio::test]
async fn a_paused_signalbox_refuses_politely_and_resumes() {
    let signalbox = Signalbox::practice().await;
    signalbox
        .control("routing.pause", &json!({"paused":true}))
        .await;
    let refused = signalbox.chat("practice/instant").await;
    assert_eq!(refused.status(), 503);
    assert!(refused.headers().contains_key("retry-after"));
    assert!(refused.text().await.unwrap().contains("paused"));
    signalbox
        .control("routing.pause", &json!({"paused":false}))
        .await;
    assert_eq!(signalbox.chat("practice/instant").await.status(), 200);
}

#[tokio::test]
async fn events_tell_the_panel_of_a_request_as_it_ends() {
    let signalbox = Signalbox::practice().await;
    let reach: Value =
        serde_json::from_slice(&std::fs::read(signalbox.folder().join("running.json")).unwrap())
            .unwrap();
    let events = signalbox
        .client
        .get(format!("{}/control/events", signalbox.url))
        .bearer_auth(reach["token"].as_str().unwrap())
        .send()
        .await
        .unwrap();
    let mut events = events.bytes_stream();
    events.next().await.unwrap().unwrap();
    let reply = signalbox.chat("practice/instant").await;
    let id = reply.headers()["x-signalbox-receipt"].to_str().unwrap();
    let mut heard = String::new();
    while !heard.contains(id) {
        let bytes = tokio::time::timeout(std::time::Duration::from_secs(5), events.next());
        heard.push_str(&String::from_utf8_lossy(
            &bytes.await.expect("an event").unwrap().unwrap(),
        ));
    }
    assert!(
        heard.contains("\"receipts\"") && heard.contains("\"changed\""),
        "{heard}"
    );
}

#[tokio::test]
async fn a_providers_health_is_learned_from_its_requests() {
    let upstream = FakeUpstream::start().await;
    let signalbox = Signalbox::start(&config_for(&upstream)).await;
    for model in ["fake/ok", "fake/500", "fake/500", "fake/500"] {
        signalbox.chat(model).await;
    }
    // One attempt, one outcome: a stream that breaks has not first succeeded.
    signalbox
        .chat_stream("fake/cut-mid")
        .await
        .text()
        .await
        .unwrap();
    let overview = signalbox.control("overview", &json!({})).await;
    let health = &overview["providers"][0];
    assert_eq!(
        (&health["state"], &health["attempts"], &health["failures"]),
        // Each 500 was asked twice more before it was told.
        (&json!("failing"), &json!(11), &json!(10))
    );
    let cause = health["cause"].as_str().unwrap();
    assert!(
        cause.starts_with("500: Failed") && cause.contains("9 × 500"),
        "{cause}"
    );
    assert_eq!(health["last_failure"]["category"], "broken_stream");
    assert!(health["ttft_ms"].as_f64().unwrap() > 0.0);
    // The request's own fault is not the provider's.
    signalbox.chat("fake/400").await;
    let overview = signalbox.control("overview", &json!({})).await;
    assert_eq!(overview["providers"][0]["attempts"], 11);
}

#[tokio::test]
async fn unknown_operations_and_wrong_inputs_are_refused_in_words() {
    let signalbox = Signalbox::practice().await;
    let (status, told) = signalbox.control_raw("nothing.here", &json!({})).await;
    assert_eq!((status, &told["code"]), (404, &json!("not_found")));
    let (status, told) = signalbox
        .control_raw("drains.begin", &json!({"what":7}))
        .await;
    assert_eq!((status, &told["code"]), (400, &json!("bad_input")));
    let (status, told) = signalbox
        .control_raw("requests.get", &json!({"id":"rc-0000000000001"}))
        .await;
    assert_eq!((status, &told["code"]), (404, &json!("not_found")));
    let (status, _) = signalbox
        .control_raw(
            "providers.put",
            &json!({"id":"x","openai_base_url":"ftp://x"}),
        )
        .await;
    assert_eq!(status, 409);
}

#[tokio::test]
async fn an_address_of_ones_own_is_asked_for_by_its_parts_and_the_file_keeps_the_rest() {
    let config = "# mine\n[provider.azure] # work\nopenai_base_url = \"https://old.openai.azure.com/openai/v1\" # ours\nmodels = [\"a\"]\n";
    let signalbox = Signalbox::start(config).await;
    let file = signalbox.folder().join("signalbox.toml");
    let text = || std::fs::read_to_string(&file).unwrap();
    let put = async |input: Value| signalbox.control("providers.put", &input).await;
    put(json!({"id":"azure","parts":{"resource":"new"},"api_version":"2024-10-21"})).await;
    assert_eq!(
        text(),
        "# mine\n[provider.azure] # work\nopenai_base_url = \"https://new.openai.azure.com/openai\" # ours\nmodels = [\"a\"]\n\
         hosting = \"azure\"\napi_version = \"2024-10-21\"\n"
    );
    put(json!({"id":"azure","parts":{"resource":"old"}})).await;
    assert_eq!(text(), config, "its newer paths want no version");
    put(json!({"id":"bedrock","parts":{"region":"eu-west-1"},"key":"keychain"})).await;
    put(json!({"id":"vertex","parts":{"location":"global","project":"p"},"key":"keychain"})).await;
    put(json!({"id":"my-bedrock","bedrock_base_url":"http://127.0.0.1:9/","region":"eu-west-1","key":"keychain"})).await;
    let text = text();
    for table in [
        "[provider.bedrock]\nbedrock_base_url = \"https://bedrock-runtime.eu-west-1.amazonaws.com\"\nkey = \"keychain\"\n",
        "[provider.vertex]\ngemini_base_url = \"https://aiplatform.googleapis.com/v1/projects/p/locations/global/publishers/google\"\nkey = \"keychain\"\n",
        "[provider.my-bedrock]\nbedrock_base_url = \"http://127.0.0.1:9/\"\nregion = \"eu-west-1\"\nkey = \"keychain\"\n",
    ] {
        assert!(text.contains(table), "{text}");
    }
    assert!(text.starts_with(config), "{text}");
}

#[tokio::test]
async fn a_refusal_names_the_field_at_fault() {
    let signalbox = Signalbox::practice().await;
    let catalogue = signalbox.control("providers.catalogue", &json!({})).await;
    let entry = |id: &str| catalogue.as_array().unwrap().iter().find(|e| e["id"] == id);
    assert_eq!(
        entry("vertex").unwrap()["parts"],
        json!(["location", "project"])
    );
    assert_eq!(entry("openai").unwrap()["address"], Value::Null);
    for (input, field, why) in [
        (json!({"id":"azure","parts":{}}), "resource", "missing"),
        (
            json!({"id":"azure","parts":{"resource":"a.b"}}),
            "resource",
            "one word",
        ),
        (
            json!({"id":"azure","parts":{"resource":"a"},"api_version":"2024/10"}),
            "api_version",
            "one word",
        ),
        (
            json!({"id":"x","gemini_base_url":"ftp://x"}),
            "gemini_base_url",
            "https://",
        ),
        (
            json!({"id":"Not An Id","openai_base_url":"https://x.test"}),
            "id",
            "small letters",
        ),
        (json!({"id":"azure"}), "id", "an address of your own"),
        (
            json!({"id":"openai","parts":{"region":"eu"}}),
            "region",
            "no part",
        ),
        (
            json!({"id":"x","openai_base_url":"https://x.test","auth":"basic"}),
            "auth",
            "basic",
        ),
        (
            json!({"id":"x","openai_base_url":"https://x.test","key":"sk-1"}),
            "key",
            "no place",
        ),
    ] {
        let (status, told) = signalbox.control_raw("providers.put", &input).await;
        assert!(status == 400 || status == 409, "{input}: {told}");
        assert_eq!(told["field"], field, "{input}: {told}");
        assert!(told["message"].as_str().unwrap().contains(why), "{told}");
    }
    let aws = json!({"id":"bedrock","parts":{"region":"eu-west-1"}});
    signalbox.control("providers.put", &aws).await;
    let half = json!({"provider":"bedrock","value":r#"{"access_key_id":"AKIDEXAMPLE00000000"}"#});
    let (status, told) = signalbox.control_raw("keys.set", &half).await;
    assert_eq!((status, &told["field"]), (400, &json!("value")), "{told}");
    assert!(!told.to_string().contains("AKIDEXAMPLE"), "{told}");
}

#[tokio::test]
async fn the_first_key_is_shown_until_it_is_dismissed_and_never_after_a_restart() {
    let signalbox = Signalbox::practice().await;
    let connect = signalbox.control("connect", &json!({})).await;
    assert_eq!(connect["first_key"]["key"], signalbox.key.as_str());
    signalbox.control("clients.dismiss_first", &json!({})).await;
    assert!(signalbox.control("connect", &json!({})).await["first_key"].is_null());
    let link = signalbox.run(&["link"], "").await;
    assert!(
        String::from_utf8(link.stdout)
            .unwrap()
            .contains("/open?ticket=")
    );
    let folder = signalbox.stop().await;
    let signalbox = Signalbox::start_in(folder, "").await;
    assert!(signalbox.key.is_empty(), "it is printed once");
    assert!(signalbox.control("connect", &json!({})).await["first_key"].is_null());
}
