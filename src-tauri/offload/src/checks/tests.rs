//! Commands that end well, badly, late or never.

use std::path::Path;
use std::time::Duration;

use serde_json::{Value, json};

use super::Checks;
use crate::grants::{Check, Grants};
use crate::{Done, Trouble, TroubleKind};

/// `sh` stands for any program here: its arguments are the config's, as they always are.
fn granted(folder: &Path, script: &str) -> Grants {
    command(folder, &["/bin/sh", "-c", script])
}

fn command(folder: &Path, words: &[&str]) -> Grants {
    let check = Check {
        command: words.iter().map(|word| (*word).to_owned()).collect(),
        folder: folder.to_owned(),
        environment: Vec::new(),
        limit: Duration::from_secs(30),
    };
    Grants {
        checks: [("tests".to_owned(), check)].into(),
        ..Grants::default()
    }
}

fn hurried(folder: &Path, script: &str) -> Grants {
    let mut grants = granted(folder, script);
    grants.checks.get_mut("tests").unwrap().limit = Duration::from_secs(3);
    grants
}

async fn run(grants: &Grants) -> Result<Done, Trouble> {
    Checks::new()
        .run(grants, &json!({ "name": "tests" }), "me")
        .await
}

async fn stdout(grants: &Grants) -> String {
    run(grants).await.unwrap().result["stdout"]
        .as_str()
        .unwrap()
        .to_owned()
}

fn lives(process: &str) -> bool {
    let pid = rustix::process::Pid::from_raw(process.trim().parse().unwrap()).unwrap();
    // One that has ended and that nobody has fetched yet is not alive.
    let stat =
        std::fs::read_to_string(format!("/proc/{}/stat", process.trim())).unwrap_or_default();
    rustix::process::test_kill_process(pid).is_ok() && !stat.contains(") Z ")
}

async fn comes(mut it: impl FnMut() -> bool) {
    for _ in 0..1_000 {
        if it() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("it did not come in 20 s");
}

#[tokio::test]
async fn a_check_passes_or_fails_and_what_it_said_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let done = run(&granted(folder.path(), "echo out; echo err >&2"))
        .await
        .unwrap();
    let mut result = done.result.clone();
    assert!(result["took_ms"].take().is_u64());
    assert_eq!(
        result,
        json!({
            "name": "tests", "exit_code": 0, "passed": true, "stdout": "out\n", "stderr": "err\n",
            "took_ms": null, "cut": false,
        })
    );
    assert_eq!(done.text, "`tests` passed.\nout\nerr");
    let failed = run(&granted(folder.path(), "echo no; exit 3"))
        .await
        .unwrap();
    assert_eq!(
        (&failed.result["exit_code"], &failed.result["passed"]),
        (&json!(3), &json!(false))
    );
    assert_eq!(failed.text, "`tests` failed with exit code 3.\nno");
    let killed = run(&granted(folder.path(), "kill -9 $$")).await.unwrap();
    assert_eq!(
        (&killed.result["exit_code"], &killed.result["passed"]),
        (&Value::Null, &json!(false))
    );
}

#[tokio::test]
async fn its_words_are_the_configs_and_no_shell_reads_them() {
    let folder = tempfile::tempdir().unwrap();
    let odd = [
        "/bin/echo",
        "$HOME",
        "a; touch b",
        "$(id)",
        "*",
        "'",
        "&&",
        "--",
        "é",
    ];
    assert_eq!(
        stdout(&command(folder.path(), &odd)).await,
        "$HOME a; touch b $(id) * ' && -- é\n"
    );
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    let grants = granted(folder.path(), "true");
    for arguments in [
        json!({ "name": "tests", "args": ["x"] }),
        json!({ "name": "tests", "command": "id" }),
        json!({ "name": "tests", "folder": "/" }),
        json!({ "name": ["tests"] }),
        json!({}),
        json!("tests"),
    ] {
        let trouble = Checks::new()
            .run(&grants, &arguments, "me")
            .await
            .unwrap_err();
        assert_eq!(trouble.kind, TroubleKind::BadInput, "{arguments}");
    }
    for name in ["test", "tests; id", "/bin/sh", "../tests", ""] {
        let trouble = Checks::new()
            .run(&grants, &json!({ "name": name }), "me")
            .await
            .unwrap_err();
        assert_eq!(trouble.kind, TroubleKind::NotGranted);
        assert!(trouble.message.contains("Granted are: tests."), "{trouble}");
    }
}

#[tokio::test]
async fn it_sees_its_folder_no_input_and_few_variables() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path().canonicalize().unwrap();
    assert_eq!(
        stdout(&granted(folder.path(), "pwd -P")).await.trim(),
        here.to_str().unwrap()
    );
    assert_eq!(
        stdout(&granted(folder.path(), "cat; echo end")).await,
        "end\n"
    );
    let mut grants = command(folder.path(), &["/usr/bin/env"]);
    let allowed = ["PATH", "HOME", "LANG", "TMPDIR"];
    let names = |said: &str| {
        said.lines()
            .map(|line| line.split('=').next().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    // cargo gives its tests this one.
    let ours = "CARGO_MANIFEST_DIR";
    let seen = names(&stdout(&grants).await);
    assert!(
        seen.iter().all(|name| allowed.contains(&name.as_str())),
        "{seen:?}"
    );
    grants.checks.get_mut("tests").unwrap().environment =
        vec![ours.to_owned(), "NOBODY_SET_THIS".to_owned()];
    let seen = names(&stdout(&grants).await);
    assert!(
        seen.iter().any(|name| name == ours) && !seen.iter().any(|name| name == "NOBODY_SET_THIS")
    );
}

#[tokio::test]
async fn what_it_says_beyond_its_room_is_read_and_left_out_in_the_middle() {
    let folder = tempfile::tempdir().unwrap();
    let script =
        "echo first; head -c 50000000 /dev/zero | tr '\\0' x; echo; echo last; echo err >&2";
    let done = run(&granted(folder.path(), script)).await.unwrap();
    let said = done.result["stdout"].as_str().unwrap();
    assert!(said.starts_with("first\nxxx") && said.ends_with("xxx\nlast\n"));
    assert!(said.contains("bytes left out"));
    assert!(said.len() < 256 * 1024 + 100);
    assert_eq!(
        (&done.result["cut"], &done.result["stderr"]),
        (&json!(true), &json!("err\n"))
    );
    assert!(done.output.is_cut);
}

#[tokio::test]
async fn one_that_is_late_is_asked_to_end_and_what_it_said_is_kept() {
    let folder = tempfile::tempdir().unwrap();
    let script = "trap 'echo bye; exit 1' TERM; echo begun; while :; do sleep 0.05; done";
    let trouble = run(&hurried(folder.path(), script)).await.unwrap_err();
    assert_eq!(trouble.kind, TroubleKind::TooLong);
    assert_eq!(trouble.output.stdout, "begun\nbye\n");
}

#[tokio::test]
async fn one_that_will_not_end_is_killed_with_all_that_it_began() {
    let folder = tempfile::tempdir().unwrap();
    let script = "trap '' TERM
        (trap '' TERM; (trap '' TERM; exec sleep 600) & echo $!; exec sleep 600) &
        echo $!; echo $$; while :; do sleep 0.05; done";
    let trouble = run(&hurried(folder.path(), script)).await.unwrap_err();
    assert_eq!(trouble.kind, TroubleKind::TooLong);
    let begun: Vec<&str> = trouble.output.stdout.lines().collect();
    assert_eq!(begun.len(), 3, "{begun:?}");
    comes(|| !begun.iter().any(|process| lives(process))).await;
}

#[tokio::test]
async fn what_a_command_leaves_behind_ends_with_it_and_does_not_hold_it_up() {
    let folder = tempfile::tempdir().unwrap();
    let script = "(trap '' TERM HUP; exec sleep 600) & echo $!";
    let left = stdout(&granted(folder.path(), script)).await;
    comes(|| !lives(&left)).await;
}

#[tokio::test]
async fn one_who_leaves_the_group_and_holds_the_stream_is_not_waited_for() {
    let folder = tempfile::tempdir().unwrap();
    let away = "echo begun; setsid sleep 20 & echo $!; sleep 0.3";
    let said = stdout(&granted(folder.path(), away)).await;
    assert!(said.starts_with("begun\n"), "{said}");
    // What leaves is not ours to end but here, where we know it.
    let left = said.lines().last().unwrap().trim().parse().unwrap();
    if let Some(left) = rustix::process::Pid::from_raw(left) {
        let _ = rustix::process::kill_process(left, rustix::process::Signal::KILL);
    }
}

#[tokio::test]
async fn a_check_that_is_given_up_ends() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("processes");
    let script =
        "(trap '' TERM; exec sleep 600) & echo $! >> processes; echo $$ >> processes; wait";
    let grants = granted(folder.path(), script);
    let checks = Checks::new();
    {
        let arguments = json!({ "name": "tests" });
        let given_up = checks.run(&grants, &arguments, "me");
        let begun =
            comes(|| std::fs::read_to_string(&file).is_ok_and(|said| said.lines().count() == 2));
        tokio::select! {
            _ = given_up => panic!("it does not end by itself"),
            () = begun => {}
        }
    }
    let begun = std::fs::read_to_string(&file).unwrap();
    comes(|| !begun.lines().any(lives)).await;
}

/// Runs a check and waits to be killed.
#[tokio::test]
#[ignore = "it is the inside of the next one, and never ends by itself"]
async fn a_signalbox_that_is_killed() {
    let folder = std::env::var("FOLDER").unwrap();
    let script =
        "(trap '' TERM; exec sleep 600) & echo $! >> processes; echo $$ >> processes; wait";
    let mut grants = granted(Path::new(&folder), script);
    grants.checks.get_mut("tests").unwrap().limit = Duration::from_secs(600);
    let _ = run(&grants).await;
}

#[tokio::test]
async fn a_check_ends_also_when_signalbox_is_killed() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("processes");
    let inside = "checks::tests::a_signalbox_that_is_killed";
    let mut killed = std::process::Command::new(std::env::current_exe().unwrap())
        .args(["--exact", inside, "--ignored"])
        .env("FOLDER", folder.path())
        .stdin(std::process::Stdio::null())
        .stdout(std::process::Stdio::null())
        .spawn()
        .unwrap();
    comes(|| std::fs::read_to_string(&file).is_ok_and(|said| said.lines().count() == 2)).await;
    killed.kill().unwrap();
    killed.wait().unwrap();
    let begun = std::fs::read_to_string(&file).unwrap();
    assert!(begun.lines().all(|process| !process.is_empty()));
    comes(|| !begun.lines().any(lives)).await;
}

#[tokio::test]
async fn two_run_at_once_and_the_third_waits() {
    let folder = tempfile::tempdir().unwrap();
    let script = "mkdir one 2>/dev/null || mkdir two 2>/dev/null || { echo three at once; exit 1; }
        sleep 0.3; rmdir two 2>/dev/null || rmdir one";
    let grants = granted(folder.path(), script);
    let checks = Checks::new();
    let arguments = json!({ "name": "tests" });
    let all = [(); 4].map(|()| checks.run(&grants, &arguments, "me"));
    let [a, b, c, d] = all;
    let (a, b, c, d) = tokio::join!(a, b, c, d);
    for done in [a, b, c, d] {
        assert_eq!(done.unwrap().result["passed"], json!(true));
    }
}

#[tokio::test]
async fn a_command_or_a_folder_that_is_not_there_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let trouble = run(&command(folder.path(), &["no-such-program-at-all"]))
        .await
        .unwrap_err();
    assert_eq!(trouble.kind, TroubleKind::Unavailable);
    assert!(
        trouble.message.contains("no-such-program-at-all"),
        "{trouble}"
    );
    let nowhere = folder.path().join("nowhere");
    let trouble = run(&granted(&nowhere, "true")).await.unwrap_err();
    assert!(trouble.message.contains("nowhere"), "{trouble}");
    let file = folder.path().join("file");
    std::fs::write(&file, "").unwrap();
    assert_eq!(
        run(&granted(&file, "true")).await.unwrap_err().kind,
        TroubleKind::Unavailable
    );
    let trouble = run(&Grants::default()).await.unwrap_err();
    assert_eq!(trouble.kind, TroubleKind::NotGranted);
}
