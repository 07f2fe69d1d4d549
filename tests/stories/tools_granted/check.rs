//! A granted command is run as it stands in the config, and nothing of it is left.

use std::path::Path;

use serde_json::{Value, json};
use stories::{FakeUpstream, Signalbox, config_for};

use super::{all_are_gone, ask, told, written};

/// A check of this name that is a script with these lines.
pub(super) fn script(folder: &Path, name: &str, more: &str, lines: &str) -> String {
    std::fs::write(folder.join(format!("{name}.sh")), lines).unwrap();
    format!(
        "[tools.check.{name}]\ncommand = [\"/bin/sh\", \"{name}.sh\"]\nfolder = {:?}\n{more}\n",
        folder.display().to_string()
    )
}

/// Writes the numbers of three processes, none of which hears SIGTERM, into `pids`, and stays.
pub(super) const DEAF: &str = "trap '' TERM\n\
    echo begun\n\
    sleep 600 & echo $! >> pids\n\
    (while :; do sleep 600; done) & echo $! >> pids\n\
    echo $$ >> pids\n\
    while :; do sleep 600; done\n";

async fn result(signalbox: &Signalbox, name: &str) -> Value {
    let body = json!({"model": "tool/check", "response_format": {"type": "json_object"},
                      "messages": [{"role": "user", "content": name}]});
    let told = told(signalbox, signalbox.post("/v1/chat/completions", &body)).await;
    assert_eq!(told.status, 200, "{told:?}");
    let mut found: Value = serde_json::from_str(&told.text).unwrap();
    match found.get_mut("result") {
        Some(inside) => inside.take(),
        None => found,
    }
}

#[tokio::test]
async fn a_granted_command_passes_or_fails_and_another_is_not_run() {
    let upstream = FakeUpstream::start().await;
    let folder = tempfile::tempdir().unwrap();
    let config = config_for(&upstream)
        + &script(folder.path(), "good", "", "echo all is well; pwd\n")
        + &script(
            folder.path(),
            "bad",
            "",
            "echo so far; echo broken >&2; exit 3\n",
        );
    let signalbox = Signalbox::start(&config).await;
    let here = folder.path().canonicalize().unwrap();
    ask(&signalbox, "check", "good")
        .await
        .is(&format!("`good` passed.\nall is well\n{}", here.display()));
    // A command that fails has been run: that is an answer.
    ask(&signalbox, "check", "bad")
        .await
        .is("`bad` failed with exit code 3.\nso far\nbroken");
    let found = result(&signalbox, "bad").await;
    assert_eq!(
        (&found["passed"], &found["exit_code"], &found["stderr"]),
        (&json!(false), &json!(3), &json!("broken\n")),
        "{found}"
    );
    for other in [
        "lint",
        "good; rm -rf x",
        "/bin/sh",
        "{\"name\": \"good.sh\"}",
    ] {
        let refused = ask(&signalbox, "check", other).await;
        refused.is_refused("tool_not_granted", "Granted are: bad, good.");
    }
    let more = "{\"name\": \"good\", \"arguments\": [\"x\"]}";
    ask(&signalbox, "check", more)
        .await
        .is_refused("tool_bad_input", "`name`");
}

#[tokio::test]
async fn a_command_that_does_not_want_to_end_is_killed_with_all_that_it_began() {
    let upstream = FakeUpstream::start().await;
    let folder = tempfile::tempdir().unwrap();
    let config = config_for(&upstream) + &script(folder.path(), "deaf", "limit_s = 1", DEAF);
    let signalbox = Signalbox::start(&config).await;
    let late = ask(&signalbox, "check", "deaf").await;
    late.is_refused("tool_too_long", "ran for 1 s");
    assert!(late.text.contains("begun"), "what it had said: {late:?}");
    let pids = written(&folder.path().join("pids"), 3).await;
    all_are_gone(&pids).await;
}

#[tokio::test]
async fn what_a_command_leaves_behind_ends_with_it() {
    let upstream = FakeUpstream::start().await;
    let folder = tempfile::tempdir().unwrap();
    let lines = "sleep 600 & echo $! >> pids\n";
    let config = config_for(&upstream) + &script(folder.path(), "leaves", "", lines);
    let signalbox = Signalbox::start(&config).await;
    ask(&signalbox, "check", "leaves")
        .await
        .is("`leaves` passed.");
    let pids = written(&folder.path().join("pids"), 1).await;
    all_are_gone(&pids).await;
}

#[tokio::test]
async fn a_command_sees_few_variables_and_none_of_the_secrets() {
    let upstream = FakeUpstream::start().await;
    let folder = tempfile::tempdir().unwrap();
    let config = config_for(&upstream)
        + &script(folder.path(), "plain", "", "env\n")
        + &script(folder.path(), "named", "environment = [\"SHOWN\"]", "env\n");
    let env = [
        ("SECRET_OF_MINE", "sk-not-to-be-seen"),
        ("SHOWN", "as-granted"),
    ];
    let signalbox = Signalbox::start_with(&config, &env).await;
    for (name, shown) in [("plain", false), ("named", true)] {
        let found = result(&signalbox, name).await;
        let said = found["stdout"].as_str().unwrap();
        assert!(said.contains("PATH="), "{said}");
        assert_eq!(said.contains("SHOWN=as-granted"), shown, "{said}");
        for secret in ["sk-not-to-be-seen", "sk-fake-upstream-key", "SIGNALBOX_"] {
            assert!(!said.contains(secret), "{said}");
        }
    }
}

#[tokio::test]
async fn a_flood_of_output_is_cut_in_its_middle() {
    let upstream = FakeUpstream::start().await;
    let folder = tempfile::tempdir().unwrap();
    let lines = "echo the beginning\nyes 'far too much' | head -c 30000000\necho the end\n";
    let config = config_for(&upstream) + &script(folder.path(), "flood", "", lines);
    let signalbox = Signalbox::start(&config).await;
    let found = result(&signalbox, "flood").await;
    assert_eq!(
        (&found["passed"], &found["cut"]),
        (&json!(true), &json!(true))
    );
    let said = found["stdout"].as_str().unwrap();
    assert!(said.len() < 260 * 1024, "{}", said.len());
    assert!(said.starts_with("the beginning\n") && said.ends_with("the end\n"));
}

#[tokio::test]
async fn two_commands_run_at_once_and_a_third_is_told_to_come_again() {
    let upstream = FakeUpstream::start().await;
    let folder = tempfile::tempdir().unwrap();
    let config = config_for(&upstream)
        + &script(folder.path(), "stays", "limit_s = 600", DEAF)
        + &script(folder.path(), "good", "", "true\n");
    let signalbox = Signalbox::start(&config).await;
    let mut clients = tokio::task::JoinSet::new();
    for _ in 0..2 {
        let request = super::request(&signalbox, "check", "stays").bearer_auth(&signalbox.key);
        clients.spawn(request.send());
    }
    let pids = written(&folder.path().join("pids"), 6).await;
    let third = ask(&signalbox, "check", "good").await;
    third.is_refused("tool_unavailable", "2 checks are running already");
    clients.abort_all();
    all_are_gone(&pids).await;
    signalbox.is_quiet().await;
    ask(&signalbox, "check", "good").await.is("`good` passed.");
}
