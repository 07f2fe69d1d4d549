//! Provider keys: named everywhere, shown nowhere.

use serde_json::json;
use stories::{FakeUpstream, Signalbox, config_for};

const SECRET: &str = "sk-very-secret-0123456789-do-not-leak";

fn config(upstream: &FakeUpstream) -> String {
    config_for(upstream).replace("env:FAKE_KEY", "keychain")
}

#[tokio::test]
async fn a_key_set_in_the_panel_is_used_and_found_in_no_file_answer_or_log() {
    let upstream = FakeUpstream::start().await;
    let signalbox = Signalbox::start_talkative(&config(&upstream)).await;
    assert_eq!(signalbox.chat("fake/ok").await.status(), 400, "no key yet");
    let mut answers = String::new();
    let set = json!({"provider":"fake","value":SECRET});
    answers += &signalbox.control("keys.set", &set).await.to_string();
    assert_eq!(signalbox.chat("fake/ok").await.status(), 200);
    assert_eq!(
        upstream.last().header("authorization"),
        Some(format!("Bearer {SECRET}").as_str())
    );
    answers += &signalbox
        .control("providers.test", &json!({"id":"fake"}))
        .await
        .to_string();
    // A provider that repeats the key in its error must not give it away.
    let told = signalbox.chat("fake/tells-key").await;
    assert_eq!(told.status(), 401);
    answers += &signalbox.receipt(&told).await.to_string();
    answers += &told.text().await.unwrap();
    let told = signalbox.chat_stream("fake/tells-key-mid").await;
    let id = told.headers()["x-signalbox-receipt"]
        .to_str()
        .unwrap()
        .to_owned();
    let text = told.text().await.unwrap();
    assert!(text.contains("bad key [key]"), "{text}");
    answers += &text;
    answers += &signalbox.receipt_named(&id).await.to_string();
    for operation in [
        "overview",
        "requests.list",
        "providers.page",
        "providers.catalogue",
        "connect",
    ] {
        answers += &signalbox.control(operation, &json!({})).await.to_string();
    }
    assert!(!answers.contains(SECRET));
    assert!(answers.contains("\"present\":true"));
    let mut searched = 0;
    let mut folders = vec![signalbox.folder().to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let bytes = std::fs::read(&path).unwrap();
            let found = bytes
                .windows(SECRET.len())
                .any(|window| window == SECRET.as_bytes());
            assert!(!found, "the key lies in {}", path.display());
            searched += 1;
        }
    }
    assert!(
        searched >= 6,
        "ledger, config, clients, log and more: {searched}"
    );
    let log = std::fs::read_to_string(signalbox.folder().join("signalbox.log")).unwrap();
    assert!(log.contains("attempt failed"), "the log was written: {log}");
    signalbox
        .control("keys.remove", &json!({"id":"fake"}))
        .await;
    assert_eq!(signalbox.chat("fake/ok").await.status(), 400);
}

#[tokio::test]
async fn a_test_of_a_key_says_what_it_found() {
    let upstream = FakeUpstream::start().await;
    let signalbox = Signalbox::start(&config(&upstream)).await;
    let named = json!({"id":"fake"});
    let test = || signalbox.control("providers.test", &named);
    assert_eq!(test().await["ok"], false);
    signalbox
        .control("keys.set", &json!({"provider":"fake","value":"bad-key"}))
        .await;
    let refused = test().await;
    assert_eq!(refused["ok"], false);
    assert!(
        refused["message"].as_str().unwrap().contains("Fake"),
        "{refused}"
    );
    signalbox
        .control("keys.set", &json!({"provider":"fake","value":"good-key"}))
        .await;
    let found = test().await;
    assert_eq!(
        (&found["ok"], &found["models"]),
        (&json!(true), &json!(2)),
        "{found}"
    );
}

#[tokio::test]
async fn without_a_keychain_the_command_line_stores_nothing_and_says_so() {
    let signalbox = Signalbox::practice().await;
    let refused = signalbox.run(&["keys", "set", "openai"], SECRET).await;
    assert!(!refused.status.success());
    let told = String::from_utf8(refused.stderr).unwrap();
    assert!(
        told.contains("keychain") && !told.contains(SECRET),
        "{told}"
    );
    let page = signalbox.control("providers.page", &json!({})).await;
    assert_eq!(page["key_store"]["kind"], "memory");
}

#[tokio::test]
async fn a_second_key_answers_when_the_first_has_met_its_limit() {
    let upstream = FakeUpstream::start().await;
    let config = config_for(&upstream).replace(
        "key = \"env:FAKE_KEY\"",
        "keys = [\"env:KEY_ONE\", \"env:KEY_TWO\", \"env:KEY_UNSET\"]",
    );
    let env = [
        ("KEY_ONE", "sk-first-account-full"),
        ("KEY_TWO", "sk-second-account"),
    ];
    let signalbox = Signalbox::start_with(&config, &env).await;
    let reply = signalbox.chat("fake/limited-key").await;
    assert_eq!(reply.status(), 200);
    let receipt = signalbox.receipt(&reply).await;
    let keys = |receipt: &serde_json::Value| -> Vec<String> {
        let attempts = receipt["attempts"].as_array().unwrap().iter();
        attempts
            .map(|one| one["key"].as_str().unwrap().to_owned())
            .collect()
    };
    assert_eq!(keys(&receipt), ["KEY_ONE", "KEY_TWO"]);
    assert_eq!(receipt["attempts"][0]["failure"], "rate_limit");
    // The third is not there, and that is said.
    let dropped = &receipt["dropped"][0];
    assert!(
        dropped["reason"].as_str().unwrap().contains("KEY_UNSET"),
        "{dropped}"
    );
    // It is left alone for the time it named; another model of the same key is not.
    let receipt = signalbox
        .receipt(&signalbox.chat("fake/limited-key").await)
        .await;
    assert_eq!(keys(&receipt), ["KEY_TWO"]);
    assert_eq!(
        upstream.last().header("authorization"),
        Some("Bearer sk-second-account")
    );
    let receipt = signalbox.receipt(&signalbox.chat("fake/ok").await).await;
    assert_eq!(keys(&receipt), ["KEY_ONE"]);
    let page = signalbox.control("providers.page", &json!({})).await;
    let others = &page["providers"][0]["key"]["others"];
    assert_eq!(
        others,
        &json!([{"name":"KEY_TWO","present":true},{"name":"KEY_UNSET","present":false}])
    );
    signalbox.is_quiet().await;
}
