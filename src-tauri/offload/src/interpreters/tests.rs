//! The parent's side, over small programs that speak as the sandbox does: which process does what, and when it
//! ends. The sandbox itself is tried in its own crate.

use std::path::PathBuf;
use std::time::Duration;

use serde_json::{Value, json};
use speech::Language;

use super::{Bounds, Sandboxes};
use crate::grants::Interpreters;
use crate::{Trouble, TroubleKind};

fn fake(name: &str) -> Option<PathBuf> {
    Some(
        PathBuf::from(env!("CARGO_MANIFEST_DIR"))
            .join("tests/fakes")
            .join(name),
    )
}

fn sandboxes(bounds: Bounds) -> Sandboxes {
    Sandboxes::new(fake("pid.sh"), bounds)
}

async fn run(sandboxes: &Sandboxes, arguments: Value) -> Result<u64, Trouble> {
    let granted = Interpreters::default();
    let done = sandboxes
        .run(&granted, Language::Python, &arguments, "me")
        .await;
    done.map(|done| done.result.as_u64().unwrap())
}

async fn plain(sandboxes: &Sandboxes) -> u64 {
    run(sandboxes, json!({ "code": "1" })).await.unwrap()
}

fn lives(process: u64) -> bool {
    let pid = rustix::process::Pid::from_raw(i32::try_from(process).unwrap()).unwrap();
    rustix::process::test_kill_process(pid).is_ok()
}

/// Waits for what must come; a machine that is busy may take its time.
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
async fn a_process_is_used_again_and_ends_when_nobody_needs_it() {
    let bounds = Bounds {
        idle: Duration::from_millis(200),
        ..Bounds::default()
    };
    let sandboxes = sandboxes(bounds);
    let first = plain(&sandboxes).await;
    assert_eq!(plain(&sandboxes).await, first);
    comes(|| !lives(first)).await;
    assert_ne!(plain(&sandboxes).await, first);
}

#[tokio::test]
async fn whoever_breaks_a_process_is_told_so_and_the_next_gets_another() {
    let bounds = Bounds {
        grace: Duration::from_millis(1_000),
        ..Bounds::default()
    };
    let sandboxes = sandboxes(bounds);
    for (code, kind) in [
        ("die", TroubleKind::Unavailable),
        ("hang", TroubleKind::TooLong),
        ("garble", TroubleKind::Unavailable),
        ("other", TroubleKind::Unavailable),
        ("forever", TroubleKind::Unavailable),
        ("memory", TroubleKind::TooMuch),
    ] {
        let before = plain(&sandboxes).await;
        let trouble = run(&sandboxes, json!({ "code": code })).await.unwrap_err();
        assert_eq!(trouble.kind, kind, "{code}: {trouble}");
        assert!(
            !lives(before),
            "{code}: it is gone before the trouble is told"
        );
        assert_ne!(plain(&sandboxes).await, before, "{code}");
    }
}

#[tokio::test]
async fn a_process_that_was_killed_while_it_waited_is_not_asked() {
    let sandboxes = sandboxes(Bounds::default());
    let first = plain(&sandboxes).await;
    let pid = rustix::process::Pid::from_raw(i32::try_from(first).unwrap()).unwrap();
    rustix::process::kill_process(pid, rustix::process::Signal::KILL).unwrap();
    // Killed is not dead yet: one or the other is seen, and neither is an answer of the dead.
    let next = run(&sandboxes, json!({ "code": "1" })).await;
    assert!(next.is_err() || next != Ok(first));
    assert_ne!(plain(&sandboxes).await, first);
}

#[tokio::test]
async fn a_process_that_ran_something_for_one_client_runs_nothing_for_another() {
    let sandboxes = sandboxes(Bounds::default());
    let granted = Interpreters::default();
    let as_client = async |client: &str| {
        let arguments = json!({ "code": "1" });
        let done = sandboxes.run(&granted, Language::Python, &arguments, client);
        done.await.unwrap().result.as_u64().unwrap()
    };
    let mine = as_client("me").await;
    assert_ne!(as_client("you").await, mine);
    assert_eq!(as_client("me").await, mine);
}

#[tokio::test]
async fn a_process_of_a_session_that_dies_is_fetched_at_once() {
    let sandboxes = sandboxes(Bounds::default());
    let session = json!({ "code": "1", "session": "a" });
    let process = run(&sandboxes, session).await.unwrap();
    let pid = rustix::process::Pid::from_raw(i32::try_from(process).unwrap()).unwrap();
    rustix::process::kill_process(pid, rustix::process::Signal::KILL).unwrap();
    // A process that has ended and was not fetched would still be there.
    comes(|| !lives(process)).await;
}

#[tokio::test]
async fn what_holds_code_is_known_and_may_be_required() {
    let sandboxes = sandboxes(Bounds::default());
    assert_eq!(sandboxes.locks(), None, "nobody has said it yet");
    plain(&sandboxes).await;
    assert_eq!(
        sandboxes.locks(),
        Some(Vec::new()),
        "the fake holds nothing"
    );
    let granted = Interpreters {
        require_locks: true,
        ..Interpreters::default()
    };
    for arguments in [
        json!({ "code": "1" }),
        json!({ "code": "1", "session": "a" }),
    ] {
        let refused = sandboxes.run(&granted, Language::Python, &arguments, "me");
        let refused = refused.await.unwrap_err();
        assert_eq!(refused.kind, TroubleKind::Unavailable);
        assert!(refused.message.contains("`require_locks`"), "{refused}");
        assert!(refused.message.contains("system calls"), "{refused}");
    }
    plain(&sandboxes).await;
}

#[tokio::test]
async fn a_worn_process_is_replaced() {
    let bounds = Bounds {
        tasks: 2,
        ..Bounds::default()
    };
    let sandboxes = sandboxes(bounds);
    let first = plain(&sandboxes).await;
    assert_eq!(plain(&sandboxes).await, first);
    assert_ne!(plain(&sandboxes).await, first);
}

#[tokio::test]
async fn who_finds_no_place_and_no_room_to_wait_is_told_at_once() {
    let bounds = Bounds {
        running: 1,
        waiting: 1,
        wait: Duration::from_millis(300),
        ..Bounds::default()
    };
    let sandboxes = sandboxes(bounds);
    let hangs = run(&sandboxes, json!({ "code": "hang" }));
    let waits = run(&sandboxes, json!({ "code": "1" }));
    let refused = run(&sandboxes, json!({ "code": "1" }));
    let (hangs, waits, refused) = tokio::join!(biased; hangs, waits, refused);
    assert_eq!(hangs.unwrap_err().kind, TroubleKind::TooLong);
    assert_eq!(waits.unwrap_err().kind, TroubleKind::Unavailable);
    assert_eq!(refused.unwrap_err().kind, TroubleKind::Unavailable);
    plain(&sandboxes).await;
}

#[tokio::test]
async fn a_call_that_is_given_up_takes_its_process_along() {
    let sandboxes = sandboxes(Bounds::default());
    let first = plain(&sandboxes).await;
    let hangs = run(&sandboxes, json!({ "code": "hang" }));
    assert!(
        tokio::time::timeout(Duration::from_millis(200), hangs)
            .await
            .is_err()
    );
    comes(|| !lives(first)).await;
}

#[tokio::test]
async fn every_process_ends_with_the_workshop() {
    let sandboxes = sandboxes(Bounds::default());
    let pooled = plain(&sandboxes).await;
    let kept = run(&sandboxes, json!({ "code": "1", "session": "a" }))
        .await
        .unwrap();
    drop(sandboxes);
    comes(|| !lives(pooled) && !lives(kept)).await;
}

#[tokio::test]
async fn a_session_has_its_own_process_and_one_that_ended_says_so_once() {
    let sandboxes = sandboxes(Bounds {
        sessions: 2,
        session_idle: Duration::from_secs(600),
        grace: Duration::from_millis(1_500),
        ..Bounds::default()
    });
    let session = |name: &str, code: &str| json!({ "code": code, "session": name });
    let a = run(&sandboxes, session("a", "1")).await.unwrap();
    let b = run(&sandboxes, session("b", "1")).await.unwrap();
    assert_ne!(a, b);
    assert_eq!(run(&sandboxes, session("a", "1")).await, Ok(a));

    // The third displaces the one that was used longest ago.
    let c = run(&sandboxes, session("c", "1")).await.unwrap();
    assert_eq!(run(&sandboxes, session("a", "1")).await, Ok(a));
    let lost = run(&sandboxes, session("b", "1")).await.unwrap_err();
    assert_eq!(lost.kind, TroubleKind::Unavailable);
    assert!(
        lost.message.contains("`b`") && lost.message.contains("lost"),
        "{lost}"
    );
    comes(|| !lives(b)).await;
    assert_ne!(
        run(&sandboxes, session("b", "1")).await.unwrap(),
        c,
        "and the next call begins anew"
    );

    // One that dies in a call says so in it, and the next begins anew.
    let died = run(&sandboxes, session("b", "die")).await.unwrap_err();
    assert!(
        died.message.contains("`b`") && died.message.contains("lost"),
        "{died}"
    );
    run(&sandboxes, session("b", "1")).await.unwrap();

    // One whose call was given up has ended too.
    let given_up = run(&sandboxes, session("b", "hang"));
    assert!(
        tokio::time::timeout(Duration::from_millis(200), given_up)
            .await
            .is_err()
    );
    let lost = run(&sandboxes, session("b", "1")).await.unwrap_err();
    assert!(lost.message.contains("given up"), "{lost}");
    run(&sandboxes, session("b", "1")).await.unwrap();
}

#[tokio::test]
async fn a_session_that_nobody_uses_ends() {
    let sandboxes = sandboxes(Bounds {
        session_idle: Duration::from_millis(300),
        ..Bounds::default()
    });
    let session = json!({ "code": "1", "session": "a" });
    let a = run(&sandboxes, session.clone()).await.unwrap();
    comes(|| !lives(a)).await;
    let lost = run(&sandboxes, session.clone()).await.unwrap_err();
    assert!(lost.message.contains("nobody used it"), "{lost}");
    run(&sandboxes, session).await.unwrap();
}

#[tokio::test]
async fn sessions_are_one_clients_and_end_when_the_grants_change() {
    let sandboxes = sandboxes(Bounds::default());
    let arguments = json!({ "code": "1", "session": "a" });
    let as_client = async |client: &str, granted: &Interpreters| {
        let done = sandboxes
            .run(granted, Language::Python, &arguments, client)
            .await;
        done.map(|done| done.result.as_u64().unwrap())
    };
    let none = Interpreters::default();
    let clock = Interpreters {
        clock: true,
        ..Interpreters::default()
    };
    let mine = as_client("me", &none).await.unwrap();
    assert_ne!(as_client("you", &none).await.unwrap(), mine);
    let lost = as_client("me", &clock).await.unwrap_err();
    assert!(lost.message.contains("has changed"), "{lost}");
    assert_ne!(as_client("me", &clock).await.unwrap(), mine);
}

#[tokio::test]
async fn a_program_that_is_missing_ends_or_is_rude_is_told() {
    for (program, says) in [
        (None, "is not there"),
        (fake("nobody.sh"), "could not be started"),
        (fake("gone.sh"), "died"),
        (fake("rude.sh"), "could not be read"),
    ] {
        let sandboxes = Sandboxes::new(program, Bounds::default());
        let trouble = run(&sandboxes, json!({ "code": "1" })).await.unwrap_err();
        assert_eq!(trouble.kind, TroubleKind::Unavailable);
        assert!(trouble.message.contains(says), "{trouble}");
    }
}

#[tokio::test]
async fn arguments_that_are_none_are_refused_with_their_fault() {
    let sandboxes = sandboxes(Bounds::default());
    let long = "x".repeat(speech::MOST_CODE + 1);
    for (arguments, says) in [
        (json!({}), "`code`"),
        (json!("1+1"), "repl-python"),
        (json!({ "code": 1 }), "string"),
        (json!({ "code": "1", "sesion": "a" }), "`sesion`"),
        (json!({ "code": "1", "session": "" }), "1 to 64"),
        (json!({ "code": "1", "session": "a".repeat(65) }), "1 to 64"),
        (json!({ "code": long }), "262145"),
    ] {
        let trouble = run(&sandboxes, arguments).await.unwrap_err();
        assert_eq!(trouble.kind, TroubleKind::BadInput);
        assert!(trouble.message.contains(says), "{trouble}");
    }
}

#[tokio::test]
async fn a_granted_folder_that_is_not_there_is_named() {
    let sandboxes = sandboxes(Bounds::default());
    let granted = Interpreters {
        folders: vec!["/nowhere/at/all".into()],
        ..Interpreters::default()
    };
    let arguments = json!({ "code": "1" });
    let trouble = sandboxes
        .run(&granted, Language::Python, &arguments, "me")
        .await
        .unwrap_err();
    assert!(trouble.message.contains("/nowhere/at/all"), "{trouble}");
    let javascript = sandboxes
        .run(&granted, Language::JavaScript, &arguments, "me")
        .await;
    assert!(javascript.is_ok(), "it reads no folders and needs none");
}

#[tokio::test]
async fn one_clients_sessions_push_out_neither_anothers_nor_what_is_known_of_them() {
    let sandboxes = sandboxes(Bounds {
        sessions: 4,
        ..Bounds::default()
    });
    let none = Interpreters::default();
    let session = async |client: &str, name: &str| {
        let arguments = json!({ "code": "1", "session": name });
        let done = sandboxes
            .run(&none, Language::Python, &arguments, client)
            .await;
        done.map(|done| done.result.as_u64().unwrap())
    };
    let a = session("alice", "a").await.unwrap();
    let b = session("alice", "b").await.unwrap();
    for many in 0..80 {
        session("mallory", &format!("m{many}")).await.unwrap();
    }
    assert_eq!(session("alice", "a").await, Ok(a));
    assert_eq!(session("alice", "b").await, Ok(b));
    // Her third displaces her own, and she is told so however many others end.
    session("alice", "c").await.unwrap();
    for many in 100..400 {
        session("mallory", &format!("m{many}")).await.unwrap();
    }
    let lost = session("alice", "a").await.unwrap_err();
    assert!(lost.message.contains("made room"), "{lost}");

    // One who has all of them gives way to one who has few.
    let alone = self::sandboxes(Bounds {
        sessions: 4,
        ..Bounds::default()
    });
    let begin = async |client: &str, name: &str| {
        let arguments = json!({ "code": "1", "session": name });
        let done = alone.run(&none, Language::Python, &arguments, client).await;
        done.map(|done| done.result.as_u64().unwrap())
    };
    for many in 0..4 {
        begin("mallory", &format!("m{many}")).await.unwrap();
    }
    let x = begin("alice", "x").await.unwrap();
    let y = begin("alice", "y").await.unwrap();
    begin("mallory", "m9").await.unwrap();
    assert_eq!(begin("alice", "x").await, Ok(x));
    assert_eq!(begin("alice", "y").await, Ok(y));
}
