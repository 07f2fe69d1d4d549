//! Starting and stopping.

use std::time::Duration;

use stories::{FakeUpstream, Signalbox, config_for};

#[tokio::test]
async fn a_second_instance_on_one_folder_is_refused() {
    let signalbox = Signalbox::practice().await;
    let second = signalbox.run(&["serve", "--port", "0"], "").await;
    assert!(!second.status.success());
    let told = String::from_utf8(second.stderr).unwrap();
    assert!(told.contains("--data-dir"), "{told}");
    let first = format!("process {}", signalbox.pid());
    assert!(told.contains(&first), "{told}");
}

#[tokio::test]
async fn a_taken_port_names_the_flag_that_changes_it() {
    let signalbox = Signalbox::practice().await;
    let port = signalbox.url.rsplit(':').next().unwrap().to_owned();
    let other = tempfile::tempdir().unwrap();
    let folder = other.path().to_str().unwrap();
    let second = signalbox
        .run(&["serve", "--port", &port, "--data-dir", folder], "")
        .await;
    assert!(!second.status.success());
    let told = String::from_utf8(second.stderr).unwrap();
    assert!(told.contains(&port) && told.contains("--port"), "{told}");
}

#[tokio::test]
async fn the_first_key_is_shown_by_the_first_start_that_comes_off() {
    let signalbox = Signalbox::practice().await;
    let port = signalbox.url.rsplit(':').next().unwrap().to_owned();
    let other = tempfile::tempdir().unwrap();
    let folder = other.path().to_str().unwrap();
    let failed = signalbox
        .run(&["serve", "--port", &port, "--data-dir", folder], "")
        .await;
    assert!(!failed.status.success());
    let second = Signalbox::start_in(other, "").await;
    assert!(second.key.starts_with("sbx-"), "no key was shown");
}

#[tokio::test]
async fn another_loopback_address_works_as_printed() {
    let signalbox = Signalbox::start("[server]\nlisten = [\"127.0.0.2\"]\n").await;
    assert!(signalbox.url.contains("127.0.0.2"), "{}", signalbox.url);
    assert_eq!(signalbox.chat("practice/instant").await.status(), 200);
    let opened = signalbox.client.get(&signalbox.panel).send().await.unwrap();
    assert_ne!(opened.status(), 403);
}

#[tokio::test]
async fn a_stream_longer_than_the_patience_is_told_so_and_has_its_receipt() {
    let upstream = FakeUpstream::start().await;
    let signalbox = Signalbox::start(&config_for(&upstream)).await;
    let key = signalbox.key.clone();
    let reply = signalbox.chat_stream("fake/endless").await;
    let id = reply.headers()["x-signalbox-receipt"]
        .to_str()
        .unwrap()
        .to_owned();
    let (text, folder) = tokio::join!(reply.text(), signalbox.stop());
    let text = text.unwrap();
    assert!(
        text.contains("Signalbox is stopping"),
        "{}",
        &text[text.len().saturating_sub(300)..]
    );
    let signalbox = Signalbox::start_in(folder, &key).await;
    assert_eq!(
        signalbox.receipt_named(&id).await["row"]["ending"],
        "broken"
    );
}

#[tokio::test]
async fn a_stop_lets_running_streams_finish() {
    let upstream = FakeUpstream::start().await;
    let signalbox = Signalbox::start(&config_for(&upstream)).await;
    let stream = signalbox.chat_stream("fake/slow").await;
    let (text, folder) = tokio::join!(stream.text(), signalbox.stop());
    assert!(text.unwrap().ends_with("data: [DONE]\n\n"));
    assert!(
        !folder.path().join("running.json").exists(),
        "the run's token is gone"
    );
}

#[tokio::test]
async fn it_listens_on_both_loopback_families() {
    let signalbox = Signalbox::practice().await;
    let port = signalbox.url.rsplit(':').next().unwrap();
    if std::net::TcpListener::bind("[::1]:0").is_err() {
        return; // A machine without IPv6 serves on the other family.
    }
    let health = signalbox
        .client
        .get(format!("http://[::1]:{port}/healthz"))
        .timeout(Duration::from_secs(5))
        .send()
        .await
        .unwrap();
    assert_eq!(health.status(), 200);
}
