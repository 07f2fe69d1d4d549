//! The control API as the panel uses it.

use futures_util::StreamExt as _;
use serde_json::{Value, json};
use stories::{FakeUpstream, Signalbox, config_for};

#[tokio::test]
async fn a_drained_provider_finishes_what_it_has_and_takes_nothing_new() {
    let upstream = FakeUpstream::start().await;
    let signalbox = Signalbox::start(&config_for(&upstream)).await;
    let running = signalbox.chat_stream("fake/slow").await;
    signalbox
        .control("providers.drain", &json!({"id":"fake","draining":true}))
        .await;
    let refused = signalbox.chat("fake/ok").await;
    assert_eq!(refused.status(), 400);
    assert!(refused.text().await.unwrap().contains("draining"));
    let page = signalbox.control("providers.page", &json!({})).await;
    let health = &page["providers"][0]["health"];
    assert_eq!(
        (&health["state"], &health["in_flight"]),
        (&json!("draining"), &json!(1))
    );
    assert!(running.text().await.unwrap().ends_with("data: [DONE]\n\n"));
    signalbox
        .control("providers.drain", &json!({"id":"fake","draining":false}))
        .await;
    assert_eq!(signalbox.chat("fake/ok").await.status(), 200);
}

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
    for model in ["fake/ok", "fake/500"] {
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
        (&json!("failing"), &json!(3), &json!(2))
    );
    assert_eq!(health["last_failure"]["category"], "broken_stream");
    assert!(health["ttft_ms"].as_f64().unwrap() > 0.0);
    // The request's own fault is not the provider's.
    signalbox.chat("fake/400").await;
    let overview = signalbox.control("overview", &json!({})).await;
    assert_eq!(overview["providers"][0]["attempts"], 3);
}

#[tokio::test]
async fn unknown_operations_and_wrong_inputs_are_refused_in_words() {
    let signalbox = Signalbox::practice().await;
    let (status, told) = signalbox.control_raw("nothing.here", &json!({})).await;
    assert_eq!((status, &told["code"]), (404, &json!("not_found")));
    let (status, told) = signalbox
        .control_raw("providers.drain", &json!({"id":7}))
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
