//! The config file: edited live, a bad edit refused with its place.

use serde_json::{Value, json};
use stories::{FakeUpstream, Signalbox, config_for, eventually};

async fn config_state(signalbox: &Signalbox) -> Value {
    signalbox.control("providers.page", &json!({})).await["config"].clone()
}

#[tokio::test]
async fn an_edit_on_disk_is_followed_live() {
    let upstream = FakeUpstream::start().await;
    let signalbox = Signalbox::start(&config_for(&upstream)).await;
    assert_eq!(signalbox.chat("quick").await.status(), 404);
    let path = signalbox.folder().join("signalbox.toml");
    std::fs::write(
        &path,
        config_for(&upstream) + "[alias]\nquick = [\"fake/ok\"]\n",
    )
    .unwrap();
    eventually("the alias to work", || async {
        (signalbox.chat("quick").await.status() == 200).then_some(())
    })
    .await;
}

#[tokio::test]
async fn a_bad_edit_is_refused_with_line_column_and_reason_while_the_last_good_one_runs() {
    let upstream = FakeUpstream::start().await;
    let good = config_for(&upstream);
    let signalbox = Signalbox::start(&good).await;
    let path = signalbox.folder().join("signalbox.toml");
    std::fs::write(&path, format!("{good}\n[alias]\nquick = [\"nobody/x\"]\n")).unwrap();
    let refused = eventually("the refusal to be shown", || async {
        let refused = config_state(&signalbox).await["refused"].clone();
        (!refused.is_null()).then_some(refused)
    })
    .await;
    let line = good.lines().count() as u64 + 3;
    assert_eq!(refused["line"], line, "{refused}");
    assert!(refused["column"].as_u64().unwrap() > 0, "{refused}");
    assert!(
        refused["reason"].as_str().unwrap().contains("nobody"),
        "{refused}"
    );
    assert_eq!(
        signalbox.chat("fake/ok").await.status(),
        200,
        "the last good one runs"
    );
    let alarms = signalbox.control("overview", &json!({})).await["alarms"].clone();
    assert!(alarms.to_string().contains("config_refused"), "{alarms}");
    std::fs::write(&path, good).unwrap();
    eventually("the refusal to go", || async {
        config_state(&signalbox).await["refused"]
            .is_null()
            .then_some(())
    })
    .await;
}

#[tokio::test]
async fn a_config_that_is_bad_from_the_start_serves_practice_and_says_so() {
    let signalbox = Signalbox::start("[server]\nprot = 1\n").await;
    assert_eq!(signalbox.chat("practice/instant").await.status(), 200);
    let refused = config_state(&signalbox).await["refused"].clone();
    assert_eq!(
        (&refused["line"], &refused["column"]),
        (&json!(2), &json!(1)),
        "{refused}"
    );
    assert!(
        refused["reason"].as_str().unwrap().contains("port"),
        "it names the nearest: {refused}"
    );
}

#[tokio::test]
async fn the_panels_edits_keep_a_persons_comments() {
    let upstream = FakeUpstream::start().await;
    let config = format!("# mine, don't touch\n{}", config_for(&upstream));
    let signalbox = Signalbox::start(&config).await;
    signalbox
        .control("providers.enable", &json!({"id":"fake","enabled":false}))
        .await;
    assert_eq!(signalbox.chat("fake/ok").await.status(), 400);
    signalbox
        .control(
            "aliases.put",
            &json!({"name":"quick","targets":["fake/ok"]}),
        )
        .await;
    signalbox
        .control("providers.enable", &json!({"id":"fake","enabled":true}))
        .await;
    assert_eq!(signalbox.chat("quick").await.status(), 200);
    let text = std::fs::read_to_string(signalbox.folder().join("signalbox.toml")).unwrap();
    assert!(text.starts_with("# mine, don't touch\n"), "{text}");
    let (status, refusal) = signalbox
        .control_raw("aliases.put", &json!({"name":"bad","targets":["nobody/x"]}))
        .await;
    assert_eq!(status, 409, "{refusal}");
    assert_eq!(
        std::fs::read_to_string(signalbox.folder().join("signalbox.toml")).unwrap(),
        text
    );
}

#[tokio::test]
async fn running_exchanges_keep_the_snapshot_they_began_with() {
    let upstream = FakeUpstream::start().await;
    let signalbox = Signalbox::start(&config_for(&upstream)).await;
    let reply = signalbox.chat_stream("fake/slow").await;
    signalbox
        .control("providers.remove", &json!({"id":"fake"}))
        .await;
    let text = reply.text().await.unwrap();
    assert!(
        text.contains("word39") && text.ends_with("data: [DONE]\n\n"),
        "{text}"
    );
    assert_eq!(signalbox.chat("fake/ok").await.status(), 404);
}
