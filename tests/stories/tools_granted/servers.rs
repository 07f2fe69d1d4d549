//! Tools of MCP servers: by name and by a model's call, what they cost, what must stay here, and servers that die
//! or hang.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use stories::{FakeUpstream, Signalbox, config_for, eventually};

use super::{Told, ask, told};

/// The protocol's own server for trying out clients.
fn everything() -> PathBuf {
    let program = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("node_modules/@modelcontextprotocol/server-everything/dist/index.js");
    assert!(
        program.is_file(),
        "the real MCP server is not installed: run `.ci/modules tests` (as `make test` does)"
    );
    program
}

/// A server `name` that misbehaves as `mode` says, with these lines in its config.
pub(super) fn fake(name: &str, mode: &str, seen: &Path, more: &str) -> String {
    let program = Path::new(env!("CARGO_MANIFEST_DIR")).join("../src-tauri/mcp/tests/fake.py");
    let command = [
        "python3",
        &program.display().to_string(),
        mode,
        &seen.display().to_string(),
    ];
    format!("[tools.mcp.{name}]\ncommand = {command:?}\nallow = [\"docs_*\"]\n{more}\n")
}

/// Has the model of route `main` call something, until what it was offered has this name in it.
async fn calls(
    signalbox: &Signalbox,
    upstream: &FakeUpstream,
    call: &str,
    name: &str,
    boundary: &str,
) -> (Told, Value) {
    let body = json!({"model": "main", "messages": [{"role": "user", "content": call}]});
    // A server that takes its time to start is offered once it has told what it has.
    eventually("the server to be offered", || async {
        let before = upstream.requests().len();
        let mut request = signalbox.post("/v1/chat/completions", &body);
        if !boundary.is_empty() {
            request = request.header("x-signalbox-boundary", boundary);
        }
        let told = told(signalbox, request).await;
        let asked = upstream.requests()[before].json();
        let tools = asked["tools"].clone();
        tools.to_string().contains(name).then_some((told, tools))
    })
    .await
}

#[tokio::test]
async fn a_real_servers_tools_are_used_by_name_and_by_a_model_and_cost_what_was_said() {
    let upstream = FakeUpstream::start().await;
    let program = everything().canonicalize().unwrap();
    let config = format!(
        "{}[alias.main]\ntargets = [\"fake/tool\"]\ntools = {{ offer = [\"mcp/everything/*\"] }}\n\
         [tools.mcp.everything]\ncommand = [\"node\", {:?}, \"stdio\"]\nallow = [\"echo\", \"get-sum\"]\nlocal = true\n\
         limit_s = 120\nusd_per_call = {{ \"*\" = 0.001, echo = 0.002 }}\n",
        config_for(&upstream),
        program.display().to_string()
    );
    let signalbox = Signalbox::start(&config).await;
    let echo = ask(
        &signalbox,
        "mcp/everything/echo",
        "{\"message\": \"grüß dich\"}",
    )
    .await;
    echo.is("Echo: grüß dich");
    let row = &echo.receipt["row"];
    assert_eq!(row["cost_nano_usd"], 2_000_000, "{}", echo.receipt);
    assert_eq!(row["cost_basis"], "estimated");
    assert_eq!(row["model"], "mcp/everything/echo");
    let sum = ask(
        &signalbox,
        "mcp/everything/get-sum",
        "{\"a\": 2, \"b\": 40}",
    )
    .await;
    assert!(sum.text.contains("42"), "{sum:?}");
    assert_eq!(sum.receipt["row"]["cost_nano_usd"], 1_000_000);
    let words = ask(&signalbox, "mcp/everything/echo", "say hi").await;
    assert_eq!((words.status, words.code.as_str()), (422, "tool_bad_input"));
    let missing = ask(&signalbox, "mcp/everything/echo", "{}").await;
    assert_eq!(missing.status, 422, "{missing:?}");
    assert!(missing.text.contains("message"), "{missing:?}");
    // What is not on the list is not sent, and costs nothing.
    let secret = ask(&signalbox, "mcp/everything/get-env", "{}").await;
    secret.is_refused("tool_not_granted", "`get-env`");

    let call = "<<signalbox_mcp_everything_echo {\"message\":\"hi\"}>>";
    let (told, tools) = calls(&signalbox, &upstream, call, "everything_echo", "").await;
    assert_eq!((told.status, told.text.as_str()), (200, "result: Echo: hi"));
    assert!(!tools.to_string().contains("get-env"), "{tools}");
    assert_eq!(tools.as_array().unwrap().len(), 2, "{tools}");
    let receipt = &told.receipt;
    let used = &receipt["tools"]["calls"];
    assert_eq!(used.as_array().unwrap().len(), 1, "{receipt}");
    assert_eq!(used[0]["tool"], "mcp/everything/echo");
    assert_eq!(used[0]["cost_nano_usd"], 2_000_000, "{receipt}");
    assert!(
        receipt["row"]["cost_nano_usd"].as_i64().unwrap() >= 2_000_000,
        "{receipt}"
    );
    assert_eq!(receipt["row"]["cost_basis"], "estimated", "{receipt}");
}

#[tokio::test]
async fn what_stays_here_is_not_sent_to_a_server_that_is_not_known_to_be_here() {
    let upstream = FakeUpstream::start().await;
    let folder = tempfile::tempdir().unwrap();
    let seen = |name: &str| folder.path().join(name);
    let config = config_for(&upstream)
        + "[alias.main]\ntargets = [\"fake/tool\"]\ntools = { offer = [\"mcp/*\"] }\n"
        + &fake("here", "good", &seen("here"), "local = true")
        + &fake(
            "away",
            "good",
            &seen("away"),
            "usd_per_call = { \"*\" = 0.5 }",
        );
    let signalbox = Signalbox::start(&config).await;
    let search = "{\"query\": \"x\"}";
    let named = async |server: &str| {
        let request = super::request(&signalbox, &format!("mcp/{server}/docs_search"), search);
        let request = request.bearer_auth(&signalbox.key);
        told(&signalbox, request.header("x-signalbox-boundary", "local")).await
    };
    named("here").await.is("found x");
    let refused = named("away").await;
    refused.is_refused("tool_not_granted", "`away`");
    refused.is_refused("tool_not_granted", "local = true");
    ask(&signalbox, "mcp/away/docs_search", search)
        .await
        .is("found x");

    // Both have said by now what they have.
    let call = "<<signalbox_mcp_away_docs_search {\"query\":\"x\"}>>";
    let (told, _) = calls(&signalbox, &upstream, call, "mcp_away", "").await;
    assert_eq!(told.text, "result: found x");
    let (told, tools) = calls(&signalbox, &upstream, call, "mcp_here", "local").await;
    assert!(!tools.to_string().contains("mcp_away"), "{tools}");
    assert!(
        !told.receipt.to_string().contains("mcp/away"),
        "{}",
        told.receipt
    );
}

#[tokio::test]
async fn a_server_that_dies_or_fails_is_told_and_the_next_call_is_answered() {
    let upstream = FakeUpstream::start().await;
    let folder = tempfile::tempdir().unwrap();
    let config = config_for(&upstream) + &fake("docs", "good", &folder.path().join("seen"), "");
    let signalbox = Signalbox::start(&config).await;
    let search = async |arguments: &str| ask(&signalbox, "mcp/docs/docs_search", arguments).await;
    search("{\"query\": \"x\"}").await.is("found x");
    let failed = search("{\"fail\": true}").await;
    failed.is_refused("tool_no_answer", "no such page");
    let died = search("{\"die\": true}").await;
    died.is_refused("tool_unavailable", "out of");
    assert!(died.text.contains("`docs`"), "{died:?}");
    search("{\"query\": \"y\"}").await.is("found y");
    let gone = ask(&signalbox, "mcp/nobody/docs_search", "{}").await;
    gone.is_refused("tool_not_granted", "`nobody`");
}

#[tokio::test]
async fn a_server_that_hangs_costs_its_time_and_is_begun_again() {
    let upstream = FakeUpstream::start().await;
    let folder = tempfile::tempdir().unwrap();
    let seen = folder.path().join("seen");
    let config = config_for(&upstream) + &fake("docs", "good", &seen, "limit_s = 5");
    let signalbox = Signalbox::start(&config).await;
    let search = async |arguments: &str| ask(&signalbox, "mcp/docs/docs_search", arguments).await;
    search("{\"query\": \"x\"}").await.is("found x");
    search("{\"wait\": 600}")
        .await
        .is_refused("tool_too_long", "Within 5 s");
    // It does one thing at a time: those that follow run out of time too, until it is ended.
    eventually("the server to be begun again", || async {
        (search("{\"query\": \"z\"}").await.status == 200).then_some(())
    })
    .await;
    let begun = std::fs::read_to_string(&seen).unwrap();
    assert_eq!(begun.matches("start ").count(), 2, "{begun}");
}

#[tokio::test]
async fn a_server_that_cannot_be_started_is_told_with_its_last_words() {
    let upstream = FakeUpstream::start().await;
    let folder = tempfile::tempdir().unwrap();
    let config = config_for(&upstream)
        + &fake("docs", "dies-at-start", &folder.path().join("seen"), "")
        + "[tools.mcp.nowhere]\ncommand = [\"/nowhere/server\"]\nallow = [\"*\"]\n";
    let signalbox = Signalbox::start(&config).await;
    let dead = ask(&signalbox, "mcp/docs/docs_search", "{}").await;
    dead.is_refused("tool_unavailable", "no licence");
    let nowhere = ask(&signalbox, "mcp/nowhere/x", "{}").await;
    nowhere.is_refused("tool_unavailable", "`nowhere`");
    ask(&signalbox, "calculator", "1 + 1").await.is("2");
}
