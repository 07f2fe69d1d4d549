//! Python and JavaScript: what code says, what it may keep, and where it ends.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::json;
use stories::{FakeUpstream, Signalbox, config_for};

use super::{ask, ask_as, children, request, streamed, told};

#[tokio::test]
async fn code_gives_what_it_printed_and_its_last_value_whole_and_streamed() {
    let upstream = FakeUpstream::start().await;
    let signalbox = Signalbox::start(&config_for(&upstream)).await;
    for (tool, code, says) in [
        ("repl-python", "print('hello')\nsum(range(10))", "hello\n45"),
        (
            "repl-python",
            "```python\nprint('hello')\n'a' * 3\n```",
            "hello\n'aaa'",
        ),
        (
            "repl-python",
            "{\"code\": \"2 ** 100\"}",
            "1267650600228229401496703205376",
        ),
        (
            "repl-javascript",
            "console.log('hello');\n[1, 2].map(x => x * 2)",
            "hello\n[ 2, 4 ]",
        ),
        ("repl-javascript", "```js\n({a: 1}).a + 1\n```", "2"),
    ] {
        ask(&signalbox, tool, code).await.is(says);
        assert_eq!(streamed(&signalbox, tool, code).await, says, "{code}");
    }
    // For programs, the value itself.
    let body = json!({"model": "tool/repl-python", "response_format": {"type": "json_object"},
                      "messages": [{"role": "user", "content": "print('hello')\n{'a': [1, 2.5]}"}]});
    let told = told(&signalbox, signalbox.post("/v1/chat/completions", &body)).await;
    let found: serde_json::Value = serde_json::from_str(&told.text).unwrap();
    assert_eq!(found, json!({"a": [1, 2.5]}));
    assert_eq!(upstream.requests().len(), 0, "nobody was asked");
    signalbox.is_quiet().await;
}

#[tokio::test]
async fn a_session_keeps_its_names_for_its_client_and_for_nobody_else() {
    let upstream = FakeUpstream::start().await;
    let signalbox = Signalbox::start(&config_for(&upstream)).await;
    let other = signalbox
        .control("clients.create", &json!({"name": "other"}))
        .await;
    let other = other["key"].as_str().unwrap();
    for (tool, first) in [("repl-python", "x = 41"), ("repl-javascript", "let x = 41")] {
        let in_session = |code: &str| json!({"code": code, "session": "work"}).to_string();
        ask(&signalbox, tool, &in_session(first)).await.is("");
        ask(&signalbox, tool, &in_session("x + 1")).await.is("42");
        // Neither another client, nor the same one without the session.
        let stranger = ask_as(&signalbox, other, tool, &in_session("x + 1")).await;
        stranger.is_refused("tool_no_answer", "x");
        let without = ask(&signalbox, tool, "x + 1").await;
        without.is_refused("tool_no_answer", "x");
        ask(&signalbox, tool, &in_session("x + 2")).await.is("43");
    }
}

#[tokio::test]
async fn what_code_may_not_do_is_an_error_with_its_reason() {
    let upstream = FakeUpstream::start().await;
    let signalbox = Signalbox::start(&config_for(&upstream)).await;
    for (tool, code, error, hint) in [
        ("repl-python", "while True: pass", "tool_too_long", "1.5 s"),
        (
            "repl-python",
            "x = 'a' * 10**9\nlen(x)",
            "tool_too_much",
            "64 MiB",
        ),
        (
            "repl-python",
            "x = []\nwhile True: x.append('a' * 100000 + str(len(x)))",
            "tool_too_much",
            "64 MiB",
        ),
        ("repl-python", "1 +", "tool_bad_input", "Python"),
        (
            "repl-python",
            "print('so far')\n1 / 0",
            "tool_no_answer",
            "so far",
        ),
        (
            "repl-python",
            "import os\nos.listdir('/')",
            "tool_no_answer",
            "granted folders",
        ),
        ("repl-python", "import socket", "tool_no_answer", "socket"),
        (
            "repl-python",
            "open('/etc/passwd').read()",
            "tool_no_answer",
            "granted folders: '/etc/passwd'",
        ),
        ("repl-javascript", "for (;;) {}", "tool_too_long", "1.5 s"),
        (
            "repl-javascript",
            "let x = []; for (;;) x.push(new Uint8Array(10000000))",
            "tool_too_much",
            "64 MiB",
        ),
        (
            "repl-javascript",
            "fetch('http://127.0.0.1/')",
            "tool_no_answer",
            "fetch",
        ),
        (
            "repl-javascript",
            "require('fs')",
            "tool_no_answer",
            "require",
        ),
        ("repl-javascript", "const =", "tool_bad_input", "JavaScript"),
    ] {
        let told = ask(&signalbox, tool, code).await;
        told.is_refused(error, hint);
        assert!(!told.text.contains("root:"), "{told:?}");
        // What broke is nobody else's matter.
        ask(&signalbox, tool, "1 + 1").await.is("2");
    }
}

#[tokio::test]
async fn while_endless_loops_run_everybody_else_is_answered() {
    let upstream = FakeUpstream::start().await;
    let signalbox = Arc::new(Signalbox::start(&config_for(&upstream)).await);
    let enough = Arc::new(AtomicBool::new(false));
    let mut loops = tokio::task::JoinSet::new();
    for (tool, code) in [
        ("repl-python", "while True: pass"),
        ("repl-javascript", "for (;;) {}"),
    ] {
        for _ in 0..2 {
            let (signalbox, enough) = (Arc::clone(&signalbox), Arc::clone(&enough));
            loops.spawn(async move {
                loop {
                    ask(&signalbox, tool, code)
                        .await
                        .is_refused("tool_too_long", "stopped");
                    if enough.load(Ordering::Relaxed) {
                        return;
                    }
                }
            });
        }
    }
    stories::eventually("four loops to run", || async {
        let all = children(&signalbox);
        let codes = all
            .iter()
            .filter(|(_, program)| program.contains("signalbox-sandbox"));
        (codes.count() >= 4).then_some(())
    })
    .await;
    for n in 0..20 {
        let sum = format!("{n} * 23");
        ask(&signalbox, "calculator", &sum)
            .await
            .is(&(n * 23).to_string());
        assert_eq!(signalbox.chat("fake/ok").await.status(), 200);
    }
    enough.store(true, Ordering::Relaxed);
    while let Some(ended) = loops.join_next().await {
        ended.unwrap();
    }
    assert_eq!(upstream.requests().len(), 20);
    signalbox.is_quiet().await;
}

#[tokio::test]
async fn a_fifth_task_waits_for_its_place() {
    let upstream = FakeUpstream::start().await;
    let signalbox = Signalbox::start(&config_for(&upstream)).await;
    let asked = (0..12).map(|n| {
        let code = format!("x = 0\nfor n in range(20000): x += n\n{n}");
        let request = request(&signalbox, "repl-python", &code).bearer_auth(&signalbox.key);
        told(&signalbox, request)
    });
    let all = futures_util::future::join_all(asked).await;
    for (n, told) in all.iter().enumerate() {
        told.is(&n.to_string());
    }
    let all = children(&signalbox);
    let codes = all
        .iter()
        .filter(|(_, program)| program.contains("signalbox-sandbox"));
    assert!(codes.count() <= 4, "{all:?}");
}

#[tokio::test]
async fn a_model_runs_code_and_is_told_what_was_wrong_with_it() {
    let upstream = FakeUpstream::start().await;
    let config = config_for(&upstream)
        + "[alias.main]\ntargets = [\"fake/tool\"]\ntools = { offer = [\"repl-*\"] }\n";
    let signalbox = Signalbox::start(&config).await;
    for (code, result, trouble) in [
        ("print('hi')\n6 * 7", "result: hi\n42", json!(null)),
        (
            "while True: pass",
            "result: Error: The code ran for",
            json!("too_long"),
        ),
        (
            "nothing",
            "result: Error: The code raised an error",
            json!("no_answer"),
        ),
    ] {
        let call = json!({ "code": code });
        let body = json!({"model": "main", "messages": [{"role": "user",
            "content": format!("<<signalbox_repl-python {call}>>")}]});
        let told = told(&signalbox, signalbox.post("/v1/chat/completions", &body)).await;
        assert!(told.text.starts_with(result), "{told:?}");
        let calls = &told.receipt["tools"]["calls"];
        assert_eq!(calls[0]["tool"], "repl-python", "{told:?}");
        assert_eq!(calls[0]["trouble"]["kind"], trouble, "{told:?}");
    }
}
