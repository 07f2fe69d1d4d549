//! The doctor: what it finds at good providers, at liars and at none, and what becomes of it.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use stories::{FakeUpstream, Signalbox};

/// Providers that each speak one dialect, and one that has no key.
fn config(upstream: &FakeUpstream) -> String {
    let base = upstream.base_url();
    format!(
        "[provider.chat]\nopenai_base_url = \"{base}/v1\"\nkey = \"none\"\nlocal = true\nmodels = [\"able\"]\n\
         [provider.resp]\nresponses_base_url = \"{base}/v1\"\nkey = \"none\"\nlocal = true\nmodels = [\"able\"]\n\
         [provider.claude]\nanthropic_base_url = \"{base}\"\nkey = \"none\"\nlocal = true\nmodels = [\"able\"]\n\
         [provider.gem]\ngemini_base_url = \"{base}/v1beta\"\nauth = \"none\"\nkey = \"none\"\nlocal = true\nmodels = [\"able\"]\n\
         [provider.llama]\nollama_base_url = \"{base}\"\nkey = \"none\"\nlocal = true\nmodels = [\"able\"]\n\
         [provider.keyless]\nopenai_base_url = \"{base}/v1\"\nkey = \"keychain\"\n\
         [alias]\nwork = [\"chat/able-no-tools\", \"claude/able\"]\n"
    )
}

async fn examine(signalbox: &Signalbox, provider: &str, model: &str) -> Value {
    let asked = json!({"provider": provider, "model": model});
    signalbox.control("doctor.examine", &asked).await
}

/// The cell of a check and a dialect.
fn finding<'a>(found: &'a Value, check: &str, dialect: &str) -> &'a Value {
    let row = list(&found["checks"])
        .iter()
        .find(|row| row["check"] == check);
    let cells = &row.unwrap_or_else(|| panic!("no check {check}"))["findings"];
    let cell = list(cells).iter().find(|cell| cell["dialect"] == dialect);
    cell.unwrap_or_else(|| panic!("nothing of {check} in {dialect}"))
}

fn verdict<'a>(found: &'a Value, check: &str, dialect: &str) -> &'a str {
    finding(found, check, dialect)["verdict"].as_str().unwrap()
}

fn list(value: &Value) -> &[Value] {
    value.as_array().unwrap()
}

const CALLERS: [&str; 5] = ["openai", "responses", "anthropic", "gemini", "ollama"];

#[tokio::test]
async fn the_practice_provider_passes_what_it_offers_and_names_what_it_does_not() {
    let signalbox = Signalbox::practice().await;
    let found = signalbox
        .control("doctor.examine", &json!({"provider": "practice"}))
        .await;
    assert_eq!(found["model"], "tools");
    for check in list(&found["checks"]) {
        for cell in list(&check["findings"]) {
            let name = check["check"].as_str().unwrap();
            let dialect = cell["dialect"].as_str().unwrap();
            let expected = match (name, dialect) {
                ("cache", "ollama") | ("count", "openai" | "ollama") => "not_offered",
                _ => "works",
            };
            assert_eq!(cell["verdict"], expected, "{name} in {dialect}: {cell}");
        }
    }
    // Each request has its receipt, and so has each finding that was seen.
    let receipts = signalbox
        .control("requests.list", &json!({"text": "doctor", "limit": 500}))
        .await;
    assert_eq!(
        list(&receipts["rows"]).len() as u64,
        found["requests"].as_u64().unwrap()
    );
    let named = finding(&found, "tools", "gemini")["receipt"]
        .as_str()
        .unwrap();
    assert_eq!(
        signalbox.receipt_named(named).await["row"]["client"],
        "doctor"
    );
    signalbox.is_quiet().await;
}

#[tokio::test]
async fn a_good_provider_of_each_dialect_fails_nothing_in_any_clients() {
    let upstream = FakeUpstream::start().await;
    let signalbox = Signalbox::start(&config(&upstream)).await;
    for provider in ["chat", "resp", "claude", "gem", "llama"] {
        let found = signalbox
            .control("doctor.examine", &json!({"provider": provider}))
            .await;
        assert_eq!(found["model"], "able", "the first that the config names");
        assert_eq!(found["stopped"], Value::Null);
        for check in list(&found["checks"]) {
            for cell in list(&check["findings"]) {
                let verdict = cell["verdict"].as_str().unwrap();
                assert!(
                    !matches!(verdict, "failed" | "not_tried"),
                    "{provider}: {} in {}: {cell}",
                    check["check"],
                    cell["dialect"]
                );
            }
        }
        for dialect in CALLERS {
            for check in [
                "answer",
                "stream",
                "tools",
                "parallel_tools",
                "tool_results",
                "schema",
            ] {
                let verdict = verdict(&found, check, dialect);
                assert!(
                    matches!(verdict, "works" | "noted"),
                    "{provider}: {check} in {dialect}: {verdict}"
                );
            }
        }
    }
    signalbox.is_quiet().await;
}

#[tokio::test]
async fn liars_are_found_out_and_only_in_what_they_lie_about() {
    let upstream = FakeUpstream::start().await;
    let signalbox = Signalbox::start(&config(&upstream)).await;

    for (provider, dialect) in [
        ("chat", "openai"),
        ("resp", "responses"),
        ("claude", "anthropic"),
        ("gem", "gemini"),
        ("llama", "ollama"),
    ] {
        let found = examine(&signalbox, provider, "able-disordered").await;
        assert_eq!(
            verdict(&found, "stream", dialect),
            "failed",
            "{provider}: {found}"
        );
        assert_ne!(verdict(&found, "answer", dialect), "failed");
        assert!(found["tally"]["failed"].as_u64().unwrap() > 0);

        let found = examine(&signalbox, provider, "able-no-usage").await;
        assert_eq!(verdict(&found, "usage", dialect), "failed", "{provider}");
        assert_eq!(verdict(&found, "tools", dialect), "works", "{provider}");
    }

    let found = examine(&signalbox, "chat", "able-no-tools").await;
    for dialect in CALLERS {
        let tools = finding(&found, "tools", dialect);
        assert_eq!(tools["verdict"], "failed", "{dialect}");
        assert!(
            tools["said"].as_str().unwrap().contains("called no tool"),
            "{tools}"
        );
        assert_eq!(verdict(&found, "tool_results", dialect), "not_tried");
        assert_ne!(verdict(&found, "schema", dialect), "failed", "{dialect}");
    }

    let found = examine(&signalbox, "claude", "able-no-schema").await;
    for dialect in CALLERS {
        let schema = finding(&found, "schema", dialect);
        assert_eq!(schema["verdict"], "not_offered", "{dialect}: {schema}");
        assert!(
            schema["said"]
                .as_str()
                .unwrap()
                .contains("structured output"),
            "{schema}"
        );
    }
    signalbox.is_quiet().await;
}

#[tokio::test]
async fn a_provider_that_takes_nothing_is_asked_once_and_the_reason_is_told() {
    let upstream = FakeUpstream::start().await;
    let signalbox = Signalbox::start(&config(&upstream)).await;
    let before = upstream.requests().len();
    let found = examine(&signalbox, "chat", "401").await;
    assert_eq!(
        upstream.requests().len(),
        before + 1,
        "a refused key is not tried again"
    );
    assert!(
        found["stopped"].as_str().unwrap().contains("key"),
        "{found}"
    );
    assert_eq!(verdict(&found, "answer", "openai"), "failed");
    assert_eq!(verdict(&found, "answer", "gemini"), "not_tried");
    assert_eq!(found["tally"]["not_tried"], 49);

    for (asked, code, word) in [
        (
            json!({"provider": "keyless"}),
            "conflict",
            "signalbox keys set keyless",
        ),
        (json!({"provider": "chad"}), "not_found", "chat"),
        (json!({"provider": "practice", "model": ""}), "conflict", ""),
    ] {
        let (status, told) = signalbox.control_raw("doctor.examine", &asked).await;
        assert!(status >= 400, "{asked}");
        assert_eq!(told["code"], code, "{told}");
        assert!(told["message"].as_str().unwrap().contains(word), "{told}");
    }
    signalbox
        .control("routing.pause", &json!({"paused": true}))
        .await;
    let (_, told) = signalbox
        .control_raw("doctor.examine", &json!({"provider": "chat"}))
        .await;
    assert!(
        told["message"].as_str().unwrap().contains("paused"),
        "{told}"
    );
    signalbox
        .control("routing.pause", &json!({"paused": false}))
        .await;
    signalbox
        .control("drains.begin", &json!({"what": {"provider": "chat"}}))
        .await;
    let (_, told) = signalbox
        .control_raw("doctor.examine", &json!({"provider": "chat"}))
        .await;
    assert!(
        told["message"].as_str().unwrap().contains("draining"),
        "{told}"
    );
}

#[tokio::test]
async fn a_silent_provider_is_not_waited_for_longer_than_a_minute_allows() {
    let upstream = FakeUpstream::start().await;
    let config = format!("[timeouts]\nfirst_byte_ms = 1000\n{}", config(&upstream));
    let signalbox = Signalbox::start(&config).await;
    let started = Instant::now();
    let found = examine(&signalbox, "chat", "stall").await;
    assert!(
        started.elapsed() < Duration::from_secs(20),
        "{:?}",
        started.elapsed()
    );
    assert!(found["stopped"].is_string(), "{found}");
    signalbox.is_quiet().await;
}

#[tokio::test]
async fn one_provider_is_examined_once_at_a_time_and_leaving_does_not_lose_the_result() {
    let upstream = FakeUpstream::start().await;
    let config = format!("[timeouts]\nfirst_byte_ms = 1500\n{}", config(&upstream));
    let signalbox = Signalbox::start(&config).await;
    let silent = json!({"provider": "chat", "model": "stall"});
    // Whoever asked leaves at once.
    let left = tokio::time::timeout(
        Duration::from_millis(300),
        signalbox.control_raw("doctor.examine", &silent),
    );
    assert!(left.await.is_err(), "silence takes longer");
    let (status, told) = signalbox.control_raw("doctor.examine", &silent).await;
    assert_eq!(status, 409, "{told}");
    assert!(
        told["message"].as_str().unwrap().contains("being examined"),
        "{told}"
    );
    let chat = || async {
        let page = signalbox.control("providers.page", &json!({})).await;
        list(&page["providers"])[0].clone()
    };
    assert_eq!(chat().await["examining"], true);
    // Another provider may be examined meanwhile.
    examine(&signalbox, "llama", "able").await;
    let kept = stories::eventually("the examination that was left", || async {
        let chat = chat().await;
        (chat["examining"] == false).then(|| chat["examinations"].clone())
    });
    assert_eq!(kept.await[0]["model"], "stall");
}

#[tokio::test]
async fn what_was_found_outlives_a_restart_and_not_its_provider() {
    let upstream = FakeUpstream::start().await;
    let signalbox = Signalbox::start(&config(&upstream)).await;
    let found = examine(&signalbox, "llama", "able").await;
    let key = signalbox.key.clone();
    let folder = signalbox.stop().await;
    let signalbox = Signalbox::start_in(folder, &key).await;
    let kept = signalbox.control("doctor.matrix", &json!({})).await;
    assert_eq!(kept[0], found);
    signalbox
        .control("providers.remove", &json!({"id": "llama"}))
        .await;
    assert_eq!(
        signalbox.control("doctor.matrix", &json!({})).await,
        json!([])
    );
    let folder = signalbox.stop().await;
    std::fs::write(folder.path().join("examinations.json"), "{").unwrap();
    let signalbox = Signalbox::start_in(folder, &key).await;
    let alarms = signalbox.control("overview", &json!({})).await["alarms"].to_string();
    assert!(alarms.contains("set aside"), "{alarms}");
    assert_eq!(signalbox.chat("practice/instant").await.status(), 200);
}

#[tokio::test]
async fn an_alias_prefers_the_target_that_was_seen_to_do_what_a_request_needs() {
    let upstream = FakeUpstream::start().await;
    let signalbox = Signalbox::start(&config(&upstream)).await;
    let plain = json!({"model": "work", "messages": [{"role": "user", "content": "Hi"}]});
    let mut tooled = plain.clone();
    tooled["tools"] = json!([{"type": "function", "function": {"name": "look", "parameters": {"type": "object"}}}]);
    let ask = |body: Value| {
        let signalbox = &signalbox;
        async move {
            let reply = signalbox
                .post("/v1/chat/completions", &body)
                .send()
                .await
                .unwrap();
            assert_eq!(reply.status(), 200);
            signalbox.receipt(&reply).await
        }
    };
    assert_eq!(
        ask(tooled.clone()).await["row"]["provider"],
        "chat",
        "nothing is known yet"
    );
    examine(&signalbox, "chat", "able-no-tools").await;
    let receipt = ask(tooled.clone()).await;
    assert_eq!(receipt["row"]["provider"], "claude", "{receipt}");
    let why = receipt["attempts"][0]["why"].as_str().unwrap();
    assert!(
        why.contains("before chat/able-no-tools") && why.contains("its tool calls"),
        "{why}"
    );
    assert_eq!(
        ask(plain).await["row"]["provider"],
        "chat",
        "it needs no tools"
    );

    // Named directly, it is still asked: a finding orders, it never forbids.
    tooled["model"] = json!("chat/able-no-tools");
    let receipt = ask(tooled.clone()).await;
    assert_eq!(receipt["row"]["provider"], "chat");
}

#[tokio::test]
async fn the_command_asks_the_running_one_or_starts_its_own() {
    let upstream = FakeUpstream::start().await;
    let signalbox = Signalbox::start(&config(&upstream)).await;
    let ran = signalbox.run(&["doctor", "practice"], "").await;
    let told = String::from_utf8(ran.stdout).unwrap();
    assert!(ran.status.success(), "{told}");
    assert!(
        told.contains("Tool call") && told.contains("✓ works"),
        "{told}"
    );
    assert!(
        told.contains("Token count (openai, ollama): not offered"),
        "{told}"
    );
    assert!(!told.contains('\u{1b}'), "no colours but on a terminal");
    let kept = signalbox.control("doctor.matrix", &json!({})).await;
    assert_eq!(kept[0]["model"], "tools", "the running one has it");

    let ran = signalbox
        .run(
            &["doctor", "chat", "--model", "able-no-tools", "--json"],
            "",
        )
        .await;
    assert_eq!(ran.status.code(), Some(1), "something failed");
    let found: Value = serde_json::from_slice(&ran.stdout).unwrap();
    assert_eq!(verdict(&found, "tools", "openai"), "failed");

    let ran = signalbox.run(&["doctor", "chad"], "").await;
    let told = String::from_utf8(ran.stderr).unwrap();
    assert!(
        !ran.status.success() && told.contains("there is no provider `chad`"),
        "{told}"
    );

    let key = signalbox.key.clone();
    let folder = signalbox.stop().await;
    let path = folder.path().to_str().unwrap().to_owned();
    let elsewhere = Signalbox::practice().await;
    let ran = elsewhere
        .run(&["doctor", "llama", "--data-dir", &path], "")
        .await;
    let told = String::from_utf8(ran.stdout).unwrap();
    assert!(
        ran.status.success(),
        "{told}{}",
        String::from_utf8_lossy(&ran.stderr)
    );
    assert!(told.starts_with("llama/able"), "{told}");
    assert!(
        !folder.path().join("running.json").exists(),
        "it is gone again"
    );
    let signalbox = Signalbox::start_in(folder, &key).await;
    let kept = signalbox
        .control("doctor.matrix", &json!({"provider": "llama"}))
        .await;
    assert_eq!(kept[0]["model"], "able");
}

#[tokio::test]
async fn what_was_found_is_not_heeded_of_a_provider_that_moved_while_nobody_ran() {
    let upstream = FakeUpstream::start().await;
    let signalbox = Signalbox::start(&config(&upstream)).await;
    examine(&signalbox, "llama", "able").await;
    let key = signalbox.key.clone();
    let folder = signalbox.stop().await;
    let other = FakeUpstream::start().await;
    std::fs::write(folder.path().join("signalbox.toml"), {
        let old = std::fs::read_to_string(folder.path().join("signalbox.toml")).unwrap();
        old.replace(&upstream.base_url(), &other.base_url())
    })
    .unwrap();
    let signalbox = Signalbox::start_in(folder, &key).await;
    let matrix = signalbox.control("doctor.matrix", &json!({})).await;
    assert_eq!(matrix, json!([]));
    let page = signalbox.control("providers.page", &json!({})).await;
    let forgotten = list(&page["providers"])
        .iter()
        .all(|one| one["examinations"] == json!([]));
    assert!(forgotten, "{page}");
    signalbox.is_quiet().await;
}

#[tokio::test]
async fn a_provider_that_is_removed_while_it_is_examined_leaves_nothing_behind() {
    let upstream = FakeUpstream::start().await;
    let config = format!("[timeouts]\nfirst_byte_ms = 1500\n{}", config(&upstream));
    let signalbox = Signalbox::start(&config).await;
    let silent = json!({"provider": "llama", "model": "stall"});
    let examined = signalbox.control_raw("doctor.examine", &silent);
    let removed = async {
        stories::eventually("the examination", || async {
            let page = signalbox.control("providers.page", &json!({})).await;
            let underway = list(&page["providers"])
                .iter()
                .any(|one| one["examining"] == true);
            underway.then_some(())
        })
        .await;
        signalbox
            .control("providers.remove", &json!({"id": "llama"}))
            .await;
    };
    let ((status, told), ()) = tokio::join!(examined, removed);
    assert_eq!(status, 200, "{told}");
    let matrix = signalbox.control("doctor.matrix", &json!({})).await;
    assert_eq!(matrix, json!([]));
    let kept = std::fs::read_to_string(signalbox.folder().join("examinations.json"));
    assert!(kept.is_err() || !kept.unwrap().contains("stall"));
}
