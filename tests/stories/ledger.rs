//! A receipt is in the ledger before the last byte reaches the client.

use std::collections::HashSet;
use std::sync::{Arc, Mutex};

use futures_util::StreamExt as _;
use stories::{FakeUpstream, Signalbox, chat, config_for};

/// Every answer that a client saw complete, by its receipt.
async fn load(signalbox: Arc<Signalbox>, complete: Arc<Mutex<Vec<String>>>, stream: bool) {
    loop {
        let sent = signalbox
            .post("/v1/chat/completions", &chat("fake/ok", stream))
            .send()
            .await;
        let Ok(reply) = sent else { return };
        let Some(id) = reply.headers().get("x-signalbox-receipt") else {
            return;
        };
        let id = id.to_str().unwrap().to_owned();
        let mut body = reply.bytes_stream();
        let mut text = Vec::new();
        while let Some(bytes) = body.next().await {
            let Ok(bytes) = bytes else { return };
            text.extend_from_slice(&bytes);
            // What an SDK takes for the end, before the connection says so.
            if stream && text.ends_with(b"data: [DONE]\n\n") {
                complete.lock().unwrap().push(id.clone());
            }
        }
        if !stream {
            complete.lock().unwrap().push(id);
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn kill_9_under_load_loses_no_receipt_of_an_answer_a_client_saw() {
    let upstream = FakeUpstream::start().await;
    let config = config_for(&upstream);
    let mut signalbox = Arc::new(Signalbox::start(&config).await);
    let key = signalbox.key.clone();
    for round in 0..3 {
        let complete = Arc::new(Mutex::new(Vec::new()));
        let clients: Vec<_> = (0..16)
            .map(|n| {
                tokio::spawn(load(
                    Arc::clone(&signalbox),
                    Arc::clone(&complete),
                    n % 2 == 0,
                ))
            })
            .collect();
        let enough = 200 + 150 * round;
        stories::eventually("the load to run", || async {
            (complete.lock().unwrap().len() > enough).then_some(())
        })
        .await;
        let pid = signalbox.pid().to_string();
        let killed = std::process::Command::new("kill")
            .args(["-9", &pid])
            .status()
            .unwrap();
        assert!(killed.success());
        for client in clients {
            client.await.unwrap();
        }
        let folder = Arc::into_inner(signalbox)
            .expect("all clients are done")
            .kill()
            .await;
        let seen: HashSet<String> = complete.lock().unwrap().iter().cloned().collect();
        signalbox = Arc::new(Signalbox::start_in(folder, &key).await);
        let mut kept = HashSet::new();
        let mut before: Option<String> = None;
        loop {
            let page = signalbox
                .control(
                    "requests.list",
                    &serde_json::json!({"limit": 499, "before": before}),
                )
                .await;
            for row in page["rows"].as_array().unwrap() {
                kept.insert(row["id"].as_str().unwrap().to_owned());
                before = row["id"].as_str().map(str::to_owned);
            }
            if page["more"] == false {
                break;
            }
        }
        let lost: Vec<&String> = seen.difference(&kept).collect();
        assert!(
            lost.is_empty(),
            "round {round}: {} of {} lost: {lost:?}",
            lost.len(),
            seen.len()
        );
    }
}

#[tokio::test]
async fn receipts_outlive_a_restart_and_ids_go_on_rising() {
    let signalbox = Signalbox::practice().await;
    let key = signalbox.key.clone();
    let reply = signalbox.chat("practice/instant").await;
    let id = reply.headers()["x-signalbox-receipt"]
        .to_str()
        .unwrap()
        .to_owned();
    let folder = signalbox.stop().await;
    let signalbox = Signalbox::start_in(folder, &key).await;
    assert_eq!(
        signalbox.receipt_named(&id).await["row"]["model"],
        "instant"
    );
    let reply = signalbox.chat("practice/instant").await;
    assert!(reply.headers()["x-signalbox-receipt"].to_str().unwrap() > id.as_str());
}
