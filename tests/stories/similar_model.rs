//! The small model that finds questions of the same meaning: fetched on a person's word, and used.

use std::sync::Arc;

use serde_json::{Value, json};
use stories::{FakeUpstream, Manner, ModelServer, Signalbox, config_for, eventually};
use tokio::sync::Semaphore;

async fn start() -> (FakeUpstream, Signalbox) {
    let upstream = FakeUpstream::start().await;
    let config = format!(
        "{}[cache]\nembedder = \"model\"\nsimilar = \"on\"\n",
        config_for(&upstream)
    );
    let signalbox = Signalbox::start(&config).await;
    (upstream, signalbox)
}

async fn state(signalbox: &Signalbox) -> Value {
    let mut page = signalbox.control("cache.page", &json!({})).await;
    page["similar"]["model"].take()
}

/// The state after the download that is under way.
async fn ended(signalbox: &Signalbox) -> Value {
    eventually("the download to end", || async {
        let model = state(signalbox).await;
        model["fetching"].is_null().then_some(model)
    })
    .await
}

async fn fetched(signalbox: &Signalbox, base: &str) -> Value {
    signalbox
        .control("cache.fetch_model", &json!({ "base": base }))
        .await;
    ended(signalbox).await
}

/// Begins a download, and waits until all but its last bytes are here.
async fn nearly(signalbox: &Signalbox, base: &str) {
    signalbox
        .control("cache.fetch_model", &json!({ "base": base }))
        .await;
    eventually("nearly all of the last file", || async {
        let fetching = state(signalbox).await["fetching"].take();
        let missing = fetching["total"].as_u64()? - fetching["bytes"].as_u64()?;
        (fetching["file"] == "model.safetensors" && missing < 100).then_some(())
    })
    .await;
}

async fn ask(signalbox: &Signalbox, text: &str) -> String {
    let body = json!({"model": "fake/ok", "temperature": 0, "messages": [{"role": "user", "content": text}]});
    let reply = signalbox.post("/v1/chat/completions", &body).send().await;
    reply.unwrap().headers()["x-signalbox-cache"]
        .to_str()
        .unwrap()
        .to_owned()
}

async fn asked_until_kept(signalbox: &Signalbox, text: &str) {
    eventually("the answer to be kept", || async {
        (ask(signalbox, text).await == "hit").then_some(())
    })
    .await;
}

#[tokio::test]
async fn a_model_is_fetched_and_finds_what_is_told_in_another_form() {
    let (upstream, signalbox) = start().await;
    let server = ModelServer::start(Manner::Whole).await;
    assert_eq!(ask(&signalbox, "Where is my order?").await, "miss");
    assert!(state(&signalbox).await["trouble"].is_string(), "none yet");
    let model = fetched(&signalbox, &server.base).await;
    assert_eq!(model["is_there"], true, "{model}");
    assert_eq!(
        (&model["trouble"], &model["failed"]),
        (&Value::Null, &Value::Null)
    );
    asked_until_kept(&signalbox, "How do I change my address?").await;
    let before = upstream.requests().len();
    assert_eq!(
        ask(&signalbox, "how do I change my address").await,
        "similar"
    );
    assert_eq!(upstream.requests().len(), before, "nobody was asked");
    assert_eq!(ask(&signalbox, "How do I cancel my order?").await, "miss");
    assert_eq!(ask(&signalbox, "How do I change my name?").await, "miss");
    assert_eq!(upstream.requests().len(), before + 2);
    assert_eq!(state(&signalbox).await["trouble"], Value::Null);
}

#[tokio::test]
async fn what_broke_off_is_told_and_goes_on_where_it_stopped() {
    let (_upstream, signalbox) = start().await;
    let server = ModelServer::start(Manner::BreakOff).await;
    let model = fetched(&signalbox, &server.base).await;
    assert_eq!(model["is_there"], false);
    let failed = model["failed"].as_str().unwrap();
    assert!(
        failed.contains("model.safetensors could not be fetched")
            && failed.contains("start the download again and it goes on where it stopped"),
        "{failed}"
    );
    assert_eq!(server.ranges(), [""; 0]);
    server.from_now_on(Manner::Whole);
    let model = fetched(&signalbox, &server.base).await;
    assert_eq!(
        (&model["is_there"], &model["failed"]),
        (&json!(true), &Value::Null)
    );
    let ranges = server.ranges();
    assert!(
        matches!(&ranges[..], [one] if one != "bytes=0-"),
        "{ranges:?}"
    );
    asked_until_kept(&signalbox, "How do I change my address?").await;
    assert_eq!(
        ask(&signalbox, "how do I change my address").await,
        "similar",
        "its two halves are one model"
    );
}

#[tokio::test]
async fn a_wrong_address_is_told() {
    let (_upstream, signalbox) = start().await;
    let server = ModelServer::start(Manner::Whole).await;
    let elsewhere = server.base.replace("/tiny", "/other");
    let model = fetched(&signalbox, &elsewhere).await;
    let failed = model["failed"].as_str().unwrap();
    assert!(
        failed.contains("/other/config.json could not be fetched (it answered with 404"),
        "{failed}"
    );
    let none = json!({"base": "models/tiny"});
    let (status, refused) = signalbox.control_raw("cache.fetch_model", &none).await;
    assert_eq!((status, &refused["field"]), (400, &json!("base")));
}

#[tokio::test]
async fn one_download_at_a_time_which_ends_on_a_word_and_can_be_begun_again() {
    let (_upstream, signalbox) = start().await;
    let gate = Arc::new(Semaphore::new(0));
    let server = ModelServer::start(Manner::Wait(Arc::clone(&gate))).await;
    nearly(&signalbox, &server.base).await;
    let again = json!({ "base": server.base });
    let (status, refused) = signalbox.control_raw("cache.fetch_model", &again).await;
    assert_eq!(status, 409, "{refused}");
    assert!(refused["message"].as_str().unwrap().contains("already"));

    signalbox.control("cache.cancel_fetch", &json!({})).await;
    gate.add_permits(1);
    let model = ended(&signalbox).await;
    assert_eq!(model["is_there"], false);
    let failed = model["failed"].as_str().unwrap();
    assert!(failed.contains("cancelled"), "{failed}");
    let (status, _) = signalbox
        .control_raw("cache.cancel_fetch", &json!({}))
        .await;
    assert_eq!(status, 404, "nothing is left to cancel");

    // The word came with the last piece: nothing is left to go on with, and that is no failure.
    server.from_now_on(Manner::Whole);
    let model = fetched(&signalbox, &server.base).await;
    assert_eq!(model["is_there"], true, "{model}");
    assert_eq!(server.ranges().len(), 1, "beyond its end; then all of it");
}

#[tokio::test]
async fn the_command_line_fetches_it_and_says_how_that_went() {
    let (_upstream, signalbox) = start().await;
    let server = ModelServer::start(Manner::Unknown).await;
    let args = ["cache", "fetch-model", "--from", &server.base];
    let out = signalbox.run(&args, "").await;
    assert_eq!(out.status.code(), Some(1));
    let told = String::from_utf8(out.stderr).unwrap();
    assert!(told.contains("it answered with 404"), "{told}");

    server.from_now_on(Manner::Whole);
    let out = signalbox.run(&args, "").await;
    let (told, err) = (
        String::from_utf8(out.stdout).unwrap(),
        String::from_utf8(out.stderr).unwrap(),
    );
    assert!(out.status.success(), "{err}");
    assert!(told.starts_with("The model is in "), "{told}");
    assert!(
        err.contains(&format!("Fetching from {}.", server.base)),
        "{err}"
    );

    asked_until_kept(&signalbox, "How do I change my address?").await;
    ask(&signalbox, "how do I change my address").await;
    let out = signalbox.run(&["cache"], "").await;
    let told = String::from_utf8(out.stdout).unwrap();
    assert!(told.contains("AT MOST (95%)"), "{told}");
}

#[tokio::test]
async fn ctrl_c_on_the_command_line_cancels_the_download() {
    let (_upstream, signalbox) = start().await;
    let gate = Arc::new(Semaphore::new(0));
    let server = ModelServer::start(Manner::Wait(Arc::clone(&gate))).await;
    let args = ["cache", "fetch-model", "--from", &server.base];
    let mut command = signalbox.begin(&args);
    // It watches, so it hears.
    command.says("model.safetensors: ").await;
    command.interrupt().await;
    // The word reaches the download with its next piece.
    command.says("Cancelling").await;
    gate.add_permits(1);
    command.says("the download was cancelled").await;
    assert_eq!(command.ended().await, Some(130));
    assert_eq!(state(&signalbox).await["is_there"], false);
}
