//! Dated snapshots: a pinned alias is served by nobody else, and a name that another model answers to is told.

use std::sync::{Arc, Mutex};

use bytes::BytesMut;
use serde_json::{Value, json};
use stories::{Request, Signalbox, chat, eventually, read_request};
use tokio::io::AsyncWriteExt as _;
use tokio::net::{TcpListener, TcpStream};

/// A vendor that puts another model behind a name: it answers each chat with the version and the fingerprint
/// that are set, and a dated name with that very name. Ends with the test's runtime.
struct Vendor {
    address: String,
    runs: Arc<Mutex<(String, Option<String>)>>,
}

impl Vendor {
    async fn start() -> Vendor {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let runs = Arc::new(Mutex::new(("anvil-2026-01-31".to_owned(), None)));
        let served = Arc::clone(&runs);
        tokio::spawn(async move {
            while let Ok((socket, _)) = listener.accept().await {
                tokio::spawn(serve(socket, Arc::clone(&served)));
            }
        });
        Vendor { address, runs }
    }

    fn runs(&self, version: &str, fingerprint: Option<&str>) {
        *self.runs.lock().unwrap() = (version.to_owned(), fingerprint.map(str::to_owned));
    }

    /// Not local: what runs here needs no date.
    fn config(&self, more: &str) -> String {
        format!(
            "[provider.acme]\nopenai_base_url = \"http://{}/v1\"\nkey = \"none\"\nlocal = false\n\
             [cache]\non = false\n{more}",
            self.address
        )
    }
}

async fn serve(mut socket: TcpStream, runs: Arc<Mutex<(String, Option<String>)>>) {
    let mut held = BytesMut::new();
    while let Some(request) = read_request(&mut socket, &mut held).await {
        let reply = answer(&request, &runs.lock().unwrap());
        if socket.write_all(reply.as_bytes()).await.is_err() {
            return;
        }
    }
}

fn answer(request: &Request, (version, fingerprint): &(String, Option<String>)) -> String {
    let asked = request.json();
    let named = asked["model"].as_str().unwrap_or_default();
    let model = if named == "anvil" { version } else { named };
    let (choice, object) = match asked["stream"] == true {
        true => (
            json!({"index": 0, "delta": {"content": "Hi"}, "finish_reason": "stop"}),
            "chat.completion.chunk",
        ),
        false => (
            json!({"index": 0, "message": {"role": "assistant", "content": "Hi"}, "finish_reason": "stop"}),
            "chat.completion",
        ),
    };
    let body = json!({"id": "c", "object": object, "created": 1, "model": model, "system_fingerprint": fingerprint,
        "choices": [choice], "usage": {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}});
    let (kind, body) = match asked["stream"] == true {
        true => (
            "text/event-stream",
            format!("data: {body}\n\ndata: [DONE]\n\n"),
        ),
        false => ("application/json", body.to_string()),
    };
    format!(
        "HTTP/1.1 200 OK\r\ncontent-type: {kind}\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )
}

async fn asked(signalbox: &Signalbox, model: &str, stream: bool) -> Value {
    let reply = signalbox
        .post("/v1/chat/completions", &chat(model, stream))
        .send()
        .await
        .unwrap();
    let status = reply.status();
    let receipt = signalbox.receipt(&reply).await;
    assert_eq!(status, 200, "{receipt}");
    receipt
}

async fn changes(signalbox: &Signalbox) -> Value {
    signalbox.control("models.changes", &json!({})).await
}

#[tokio::test]
async fn a_name_that_another_model_answers_to_is_told_with_both_and_the_time_also_after_a_restart()
{
    let vendor = Vendor::start().await;
    let signalbox = Signalbox::start(&vendor.config("")).await;
    let receipt = asked(&signalbox, "acme/anvil", false).await;
    assert_eq!(receipt["model_version"], "anvil-2026-01-31");
    asked(&signalbox, "acme/anvil", true).await;
    assert_eq!(
        changes(&signalbox).await,
        json!({"watched": 1, "changes": []})
    );

    vendor.runs("anvil-2026-06-30", None);
    let receipt = asked(&signalbox, "acme/anvil", true).await;
    let told = changes(&signalbox).await;
    let change = &told["changes"][0];
    assert_eq!(change["provider"], "acme");
    assert_eq!(
        (&change["model"], &change["rolling"]),
        (&json!("anvil"), &json!(true))
    );
    assert_eq!(
        change["from"],
        json!({"model": "anvil-2026-01-31", "fingerprint": null})
    );
    assert_eq!(
        change["to"],
        json!({"model": "anvil-2026-06-30", "fingerprint": null})
    );
    let (at, began) = (
        change["at_unix_ms"].as_u64().unwrap(),
        receipt["row"]["at_unix_ms"].as_u64().unwrap(),
    );
    assert!((began..began + 60_000).contains(&at), "{change} {receipt}");

    // Written down soon, not only at a good end.
    let file = signalbox.folder().join("versions.json");
    eventually("the change on the disk", || async {
        let text = std::fs::read_to_string(&file).unwrap_or_default();
        text.contains("anvil-2026-06-30").then_some(())
    })
    .await;
    let key = signalbox.key.clone();
    let folder = signalbox.kill().await;
    let signalbox = Signalbox::start_in(folder, &key).await;
    assert_eq!(changes(&signalbox).await, told);

    // The same again is no news; another fingerprint of the same version is.
    asked(&signalbox, "acme/anvil", false).await;
    assert_eq!(changes(&signalbox).await, told);
    vendor.runs("anvil-2026-06-30", Some("fp_a"));
    let receipt = asked(&signalbox, "acme/anvil", false).await;
    assert_eq!(receipt["fingerprint"], "fp_a");
    assert_eq!(
        changes(&signalbox).await,
        told,
        "it is told for the first time"
    );
    vendor.runs("anvil-2026-06-30", Some("fp_b"));
    asked(&signalbox, "acme/anvil", true).await;
    let change = changes(&signalbox).await["changes"][0].clone();
    assert_eq!(
        change["from"],
        json!({"model": "anvil-2026-06-30", "fingerprint": "fp_a"})
    );
    assert_eq!(
        change["to"],
        json!({"model": "anvil-2026-06-30", "fingerprint": "fp_b"})
    );
    assert_eq!(change["changes"], 2);
}

#[tokio::test]
async fn a_pinned_alias_leaves_a_rolling_name_out_and_is_served_by_the_dated_one() {
    let vendor = Vendor::start().await;
    let alias =
        "[alias.steady]\ntargets = [\"acme/anvil\", \"acme/anvil-2026-01-31\"]\npinned = true\n";
    let signalbox = Signalbox::start(&vendor.config(alias)).await;
    let receipt = asked(&signalbox, "steady", false).await;
    assert_eq!(receipt["row"]["model"], "anvil-2026-01-31", "{receipt}");
    let dropped = &receipt["dropped"][0];
    assert_eq!(dropped["target"], "acme/anvil");
    let reason = dropped["reason"].as_str().unwrap();
    assert!(reason.starts_with("`anvil` is a rolling name"), "{reason}");
    let receipt = asked(&signalbox, "acme/anvil", false).await;
    assert_eq!(receipt["row"]["model"], "anvil", "who names it has it");
}

#[tokio::test]
async fn a_pinned_alias_of_rolling_names_alone_is_refused_with_what_to_do() {
    let vendor = Vendor::start().await;
    let good = vendor.config("[alias.steady]\ntargets = [\"acme/anvil\"]\n");
    let signalbox = Signalbox::start(&good).await;
    asked(&signalbox, "steady", false).await;
    std::fs::write(
        signalbox.folder().join("signalbox.toml"),
        format!("{good}pinned = true\n"),
    )
    .unwrap();
    let refused = eventually("the config to be refused", || async {
        let page = signalbox.control("providers.page", &json!({})).await;
        let refused = page["config"]["refused"].clone();
        (!refused.is_null()).then_some(refused)
    })
    .await;
    let reason = refused["reason"].as_str().unwrap();
    assert!(
        reason.contains("no target of this alias may serve: `anvil` is a rolling name"),
        "{reason}"
    );
    assert!(reason.contains("name a dated snapshot of it"), "{reason}");
    // The last good one runs.
    asked(&signalbox, "steady", false).await;
}
