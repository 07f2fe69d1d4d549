//! Clients that leave, a Signalbox that ends, and one that lies alone: no process is left behind.

use serde_json::{Value, json};
use stories::{FakeUpstream, Signalbox, binary, config_for, eventually};

use super::check::{DEAF, script};
use super::servers::fake;
use super::{all_are_gone, ask, children, request, runs, told, written};

/// A route whose model calls a check that stays.
fn staying(upstream: &FakeUpstream, folder: &std::path::Path) -> String {
    format!(
        "{}[alias.main]\ntargets = [\"fake/tool\"]\ntools = {{ offer = [\"check\"] }}\n{}",
        config_for(upstream),
        script(folder, "deaf", "limit_s = 600", DEAF)
    )
}

/// The newest receipt, once it has ended so.
async fn ended(signalbox: &Signalbox, how: &str) -> Value {
    let found = eventually("the receipt", || async {
        let listed = signalbox.control("requests.list", &json!({})).await;
        let row = listed["rows"].as_array()?.first()?.clone();
        (row["ending"] == how).then_some(row)
    })
    .await;
    signalbox.receipt_named(found["id"].as_str().unwrap()).await
}

/// What ran when its client left stands on the receipt, as what has come to nothing.
fn was_given_up(receipt: &Value, tool: &str, round: u32) {
    let calls = receipt["tools"]["calls"].as_array();
    let calls = calls.unwrap_or_else(|| panic!("no calls: {receipt}"));
    assert_eq!(calls.len(), 1, "{receipt}");
    assert_eq!(calls[0]["tool"], tool, "{receipt}");
    assert_eq!(calls[0]["round"], round, "{receipt}");
    assert_eq!(calls[0]["trouble"]["kind"], "given_up", "{receipt}");
}

#[tokio::test]
async fn a_client_that_leaves_while_a_models_call_runs_ends_it() {
    let upstream = FakeUpstream::start().await;
    for stream in [true, false] {
        let folder = tempfile::tempdir().unwrap();
        let signalbox = Signalbox::start(&staying(&upstream, folder.path())).await;
        let body = json!({"model": "main", "stream": stream,
            "messages": [{"role": "user", "content": "<<signalbox_check {\"name\":\"deaf\"}>>"}]});
        let request = signalbox.post("/v1/chat/completions", &body);
        let client = tokio::spawn(async move {
            let reply = request.send().await.unwrap();
            reply.text().await
        });
        let pids = written(&folder.path().join("pids"), 3).await;
        assert!(pids.iter().all(|pid| runs(*pid)));
        client.abort();
        all_are_gone(&pids).await;
        let receipt = ended(&signalbox, "client_gone").await;
        let attempts = receipt["attempts"].as_array().unwrap();
        assert_eq!(attempts.len(), 1, "{receipt}");
        was_given_up(&receipt, "check", 1);
        signalbox.is_quiet().await;
    }
}

#[tokio::test]
async fn a_client_that_leaves_its_own_task_ends_it() {
    let upstream = FakeUpstream::start().await;
    let folder = tempfile::tempdir().unwrap();
    let signalbox = Signalbox::start(&staying(&upstream, folder.path())).await;
    let request = request(&signalbox, "check", "deaf").bearer_auth(&signalbox.key);
    let client = tokio::spawn(request.send());
    let pids = written(&folder.path().join("pids"), 3).await;
    client.abort();
    all_are_gone(&pids).await;
    let receipt = ended(&signalbox, "client_gone").await;
    was_given_up(&receipt, "check", 0);
    signalbox.is_quiet().await;
    ask(&signalbox, "calculator", "1 + 1").await.is("2");
}

#[tokio::test]
async fn a_servers_work_is_paid_for_also_where_its_client_has_left() {
    let upstream = FakeUpstream::start().await;
    let folder = tempfile::tempdir().unwrap();
    let seen = folder.path().join("seen");
    let more = "usd_per_call = { \"*\" = 0.5 }";
    let config = config_for(&upstream) + &fake("docs", "hang", &seen, more);
    let signalbox = Signalbox::start(&config).await;
    let request = request(&signalbox, "mcp/docs/docs_search", "{}").bearer_auth(&signalbox.key);
    let client = tokio::spawn(request.send());
    eventually("the server to be called", || async {
        let seen = std::fs::read_to_string(&seen).unwrap_or_default();
        seen.contains("called").then_some(())
    })
    .await;
    client.abort();
    let receipt = ended(&signalbox, "client_gone").await;
    was_given_up(&receipt, "mcp/docs/docs_search", 0);
    assert_eq!(receipt["row"]["cost_nano_usd"], 500_000_000, "{receipt}");
    assert_eq!(receipt["row"]["cost_basis"], "estimated", "{receipt}");
    eventually("the server to be told", || async {
        let seen = std::fs::read_to_string(&seen).unwrap_or_default();
        seen.contains("cancelled").then_some(())
    })
    .await;
}

#[tokio::test]
async fn a_signalbox_that_is_told_to_end_leaves_no_process_behind() {
    let upstream = FakeUpstream::start().await;
    let folder = tempfile::tempdir().unwrap();
    let seen = folder.path().join("seen");
    let config = staying(&upstream, folder.path()) + &fake("docs", "deaf-to-sigterm", &seen, "");
    let mut signalbox = Signalbox::start(&config).await;
    // A server, an interpreter at rest, one with a session, and a check that stays.
    ask(&signalbox, "mcp/docs/docs_search", "{\"query\": \"x\"}")
        .await
        .is("found x");
    ask(&signalbox, "repl-python", "1 + 1").await.is("2");
    let session = json!({"code": "let x = 1", "session": "work"}).to_string();
    ask(&signalbox, "repl-javascript", &session).await.is("");
    let client = request(&signalbox, "check", "deaf").bearer_auth(&signalbox.key);
    let client = tokio::spawn(client.send());
    let mut pids = written(&folder.path().join("pids"), 3).await;
    let begun = children(&signalbox);
    let codes = begun
        .iter()
        .filter(|(_, program)| program.contains("signalbox-sandbox"));
    assert_eq!(codes.count(), 2, "{begun:?}");
    assert!(
        begun.iter().any(|(_, program)| program.contains("fake.py")),
        "{begun:?}"
    );
    pids.extend(begun.iter().map(|(pid, _)| *pid));
    assert!(pids.iter().all(|pid| runs(*pid)));
    signalbox.terminate().await;
    let reply = client.await.unwrap().unwrap();
    assert_eq!(reply.status(), 503);
    let said = reply.text().await.unwrap();
    assert!(said.contains("stopping"), "{said}");
    signalbox.ended().await;
    all_are_gone(&pids).await;
}

#[tokio::test]
async fn code_that_runs_when_signalbox_is_killed_ends_too() {
    let upstream = FakeUpstream::start().await;
    let signalbox = Signalbox::start(&config_for(&upstream)).await;
    ask(&signalbox, "repl-python", "1 + 1").await.is("2");
    let code = request(&signalbox, "repl-python", "while True: pass");
    let client = tokio::spawn(code.bearer_auth(&signalbox.key).send());
    let pids = eventually("the code to run", || async {
        let begun = children(&signalbox);
        let one = begun
            .iter()
            .find(|(_, program)| program.contains("signalbox-sandbox"))?;
        let busy = signalbox.control("overview", &json!({})).await["in_flight"] == 1;
        busy.then_some(vec![one.0])
    })
    .await;
    signalbox.kill().await;
    all_are_gone(&pids).await;
    assert!(client.await.unwrap().is_err());
}

#[tokio::test]
async fn without_the_program_that_runs_code_the_other_tools_work_and_it_is_said() {
    let upstream = FakeUpstream::start().await;
    let alone = tempfile::tempdir().unwrap();
    let program = alone.path().join("signalbox");
    if std::fs::hard_link(binary(), &program).is_err() {
        std::fs::copy(binary(), &program).unwrap();
    }
    let config = config_for(&upstream)
        + "[alias.main]\ntargets = [\"fake/tool\"]\ntools = { offer = [\"repl-*\", \"calculator\"] }\n";
    let signalbox = Signalbox::start_program(&program, &config).await;
    for tool in ["repl-python", "repl-javascript"] {
        let refused = ask(&signalbox, tool, "1 + 1").await;
        refused.is_refused("tool_unavailable", "`signalbox-sandbox` is not there");
    }
    ask(&signalbox, "calculator", "1 + 1").await.is("2");
    // A model is not offered what is not there.
    let body = json!({"model": "main", "messages": [{"role": "user",
        "content": "<<signalbox_calculator {\"expression\":\"17 * 23\"}>>"}]});
    let told = told(&signalbox, signalbox.post("/v1/chat/completions", &body)).await;
    assert_eq!(told.text, "result: 391");
    let offered = upstream.requests()[0].json()["tools"].to_string();
    assert!(offered.contains("signalbox_calculator"), "{offered}");
    assert!(!offered.contains("repl"), "{offered}");
}
