use std::path::PathBuf;

use serde_json::{Value, json};

use crate::*;

const FAKE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fake.py");
/// Generous, for a machine that is busy.
const LONG: Duration = Duration::from_secs(30);

/// One fake, and what it wrote about itself.
struct Fake {
    folder: tempfile::TempDir,
    server: Server,
    servers: Servers,
}

fn times() -> Times {
    Times {
        farewell: Duration::from_secs(1),
        backoff: Duration::from_secs(600),
        longest_backoff: Duration::from_secs(600),
        ..Times::default()
    }
}

fn fake(mode: &str) -> Fake {
    fake_with(mode, times())
}

fn fake_with(mode: &str, times: Times) -> Fake {
    let folder = tempfile::tempdir().expect("a folder");
    let seen = folder.path().join("seen").display().to_string();
    let command = ["python3", FAKE, mode, &seen].map(str::to_owned).to_vec();
    let transport = Transport::Program {
        command,
        folder: Some(folder.path().to_owned()),
        environment: vec![
            "CARGO_MANIFEST_DIR".to_owned(),
            "NOT_SET_ANYWHERE".to_owned(),
        ],
    };
    let server = Server {
        transport,
        allow: vec!["docs_*".to_owned()],
        limit: LONG,
        nano_usd_a_call: Default::default(),
        local: true,
    };
    Fake {
        folder,
        server,
        servers: Servers::with(times),
    }
}

impl Fake {
    async fn call(&self, arguments: Value) -> Result<Answer, Trouble> {
        self.servers
            .call("docs", &self.server, "docs_search", arguments)
            .await
    }

    async fn trouble(&self) -> Trouble {
        self.call(json!({})).await.expect_err("trouble")
    }

    fn within(mut self, limit: Duration) -> Fake {
        self.server.limit = limit;
        self
    }

    fn seen(&self) -> Vec<String> {
        let seen = std::fs::read_to_string(self.folder.path().join("seen")).unwrap_or_default();
        seen.lines().map(str::to_owned).collect()
    }

    fn starts(&self) -> usize {
        self.seen()
            .iter()
            .filter(|line| line.starts_with("start "))
            .count()
    }

    /// The number of a process that it told of.
    fn process(&self, what: &str) -> u32 {
        let seen = self.seen();
        let line = seen
            .iter()
            .find_map(|line| line.strip_prefix(what))
            .expect("told");
        let number = line.split_whitespace().next().expect("a number");
        number.parse().expect("a number")
    }

    async fn sees(&self, what: &str) {
        until(&format!("`{what}` is seen"), || {
            self.seen().iter().any(|line| line == what)
        })
        .await;
    }
}

async fn until(what: &str, so: impl Fn() -> bool) {
    let waited = async {
        while !so() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    assert!(
        tokio::time::timeout(LONG, waited).await.is_ok(),
        "{what} at last"
    );
}

/// A process that is there, and no zombie.
fn lives(process: u32) -> bool {
    let stat = std::fs::read_to_string(PathBuf::from(format!("/proc/{process}/stat")));
    stat.is_ok_and(|stat| {
        !stat
            .rsplit(')')
            .next()
            .unwrap_or_default()
            .trim_start()
            .starts_with('Z')
    })
}

fn is_there(process: u32) -> bool {
    PathBuf::from(format!("/proc/{process}")).exists()
}

#[tokio::test]
async fn a_tool_answers_and_its_server_is_started_once() {
    let fake = fake("good");
    let answer = fake
        .call(json!({"query": "rust"}))
        .await
        .expect("an answer");
    assert_eq!(
        answer,
        Answer {
            text: "found rust".to_owned(),
            structured: None
        }
    );
    let answer = fake
        .servers
        .call("docs", &fake.server, "docs_read", Value::Null)
        .await
        .expect("an answer");
    assert_eq!(answer.text, "3 pages");
    assert_eq!(answer.structured.expect("structured")["pages"], 3);
    assert_eq!(fake.starts(), 1);
    fake.sees("capabilities {}").await;
}

#[tokio::test]
async fn a_program_sees_what_it_was_given_and_runs_where_it_should() {
    let fake = fake("good");
    let answer = fake
        .servers
        .call("docs", &fake.server, "docs_read", Value::Null)
        .await
        .expect("an answer");
    let seen = answer.structured.expect("structured")["environment"].clone();
    let seen: Vec<String> = serde_json::from_value(seen).expect("names");
    // Python and the shims that start it add some of their own.
    let allowed = [
        "CARGO_MANIFEST_DIR",
        "HOME",
        "LANG",
        "PATH",
        "LC_CTYPE",
        "PWD",
        "SHLVL",
        "_",
    ];
    let is_foreign = |name: &&String| !allowed.contains(&name.as_str()) && !name.contains("PYENV");
    assert_eq!(
        seen.iter().filter(is_foreign).collect::<Vec<_>>(),
        Vec::<&String>::new()
    );
    assert!(
        seen.iter().any(|name| name == "CARGO_MANIFEST_DIR"),
        "what was granted is seen"
    );
    let home = fake.folder.path().canonicalize().expect("a folder");
    assert!(fake.seen()[0].ends_with(&home.display().to_string()));
}

#[tokio::test]
async fn what_the_config_does_not_allow_is_never_sent() {
    let mut fake = fake("good");
    let secret = fake
        .servers
        .call("docs", &fake.server, "secret", json!({}))
        .await;
    assert_eq!(
        secret.expect_err("not granted").kind,
        TroubleKind::NotGranted
    );
    fake.server.allow.clear();
    let trouble = fake.trouble().await;
    assert_eq!(trouble.kind, TroubleKind::NotGranted);
    assert!(
        trouble
            .message
            .contains("`docs_search` of the server `docs`")
    );
    assert_eq!(
        fake.servers.tools_soon("docs", &fake.server, LONG).await,
        None
    );
    assert_eq!(fake.starts(), 0);
}

#[tokio::test]
async fn arguments_are_an_object_of_a_mebibyte_at_most() {
    let fake = fake("good");
    let trouble = fake.call(json!([1])).await.expect_err("no object");
    assert_eq!(trouble.kind, TroubleKind::BadInput);
    let trouble = fake
        .call(json!({"query": "x".repeat(ARGUMENTS)}))
        .await
        .expect_err("too large");
    assert_eq!(trouble.kind, TroubleKind::BadInput);
    assert_eq!(fake.starts(), 0);
}

#[tokio::test]
async fn the_list_of_tools_has_what_is_allowed_and_is_read_again_when_it_changed() {
    let fake = fake("good");
    let names = async || {
        let tools = fake
            .servers
            .tools("docs", &fake.server)
            .await
            .expect("a list");
        tools
            .iter()
            .map(|tool| tool.name.clone())
            .collect::<Vec<_>>()
    };
    assert_eq!(names().await, ["docs_search", "docs_read"]);
    assert_eq!(names().await, ["docs_search", "docs_read"]);
    let lists = || fake.seen().iter().filter(|line| *line == "list").count();
    assert_eq!(lists(), 1, "kept");
    fake.call(json!({"change": true})).await.expect("an answer");
    assert_eq!(names().await, ["docs_search", "docs_read", "docs_new"]);
    assert_eq!(lists(), 2);
    let soon = fake.servers.tools_soon("docs", &fake.server, LONG).await;
    assert_eq!(soon.map(|tools| tools.len()), Some(3));
}

#[tokio::test]
async fn of_a_thousand_tools_the_first_hundred_and_twenty_eight_that_are_allowed_are_offered() {
    let mut fake = fake("thousand");
    let tools = fake
        .servers
        .tools("docs", &fake.server)
        .await
        .expect("a list");
    assert_eq!(tools.len(), 128);
    fake.server.allow = vec!["docs_99*".to_owned()];
    let tools = fake
        .servers
        .tools("docs", &fake.server)
        .await
        .expect("another config, another list");
    assert_eq!(tools.len(), 11, "docs_99 and docs_990 to docs_999");
}

#[tokio::test]
async fn a_list_without_an_end_is_read_for_sixteen_pages() {
    let fake = fake("endless-list");
    let tools = fake
        .servers
        .tools("docs", &fake.server)
        .await
        .expect("what there is");
    assert!(tools.is_empty());
    assert_eq!(
        fake.seen().iter().filter(|line| *line == "page").count(),
        16
    );
}

#[tokio::test]
async fn a_call_that_takes_too_long_is_cancelled() {
    let fake = fake("hang").within(Duration::from_millis(1500));
    let trouble = fake.trouble().await;
    assert_eq!(trouble.kind, TroubleKind::TooLong);
    assert!(
        trouble
            .message
            .starts_with("Within 1.5 s, the server `docs` had no answer."),
        "{trouble}"
    );
    fake.sees("cancelled").await;
}

#[tokio::test]
async fn who_never_answers_is_given_up_and_started_anew() {
    let fake = fake("hang-deaf").within(Duration::from_millis(1500));
    for _ in 0..3 {
        assert_eq!(fake.trouble().await.kind, TroubleKind::TooLong);
    }
    let process = fake.process("start ");
    until("its process is gone", || !is_there(process)).await;
    let trouble = fake.trouble().await;
    assert_eq!(trouble.kind, TroubleKind::Unavailable);
    assert!(
        trouble
            .message
            .contains("3 calls in a row had run out of time"),
        "{trouble}"
    );
}

#[tokio::test]
async fn a_line_without_an_end_ends_the_server() {
    for mode in ["flood-line", "flood-line-of-json"] {
        let fake = fake(mode);
        let trouble = fake.trouble().await;
        assert_eq!(trouble.kind, TroubleKind::Unavailable);
        assert!(trouble.message.contains("more than 4 MiB"), "{trouble}");
        let process = fake.process("start ");
        until("its process is gone", || !is_there(process)).await;
    }
}

#[tokio::test]
async fn a_flood_of_messages_ends_the_server() {
    for mode in ["flood-messages", "flood-requests"] {
        let trouble = fake(mode).trouble().await;
        assert_eq!(trouble.kind, TroubleKind::Unavailable);
        assert!(trouble.message.contains("4,096 messages"), "{trouble}");
    }
}

#[tokio::test]
async fn a_death_in_the_middle_of_a_call_is_told_with_its_last_words_and_the_next_call_starts_it_again()
 {
    let fake = fake("good");
    fake.call(json!({})).await.expect("an answer");
    let trouble = fake.call(json!({"die": true})).await.expect_err("it died");
    assert_eq!(trouble.kind, TroubleKind::Unavailable);
    assert!(trouble.message.contains("exit status: 3"), "{trouble}");
    assert!(
        trouble
            .message
            .contains("The last it said: out of [31mpaper [0m."),
        "{trouble}"
    );
    fake.call(json!({}))
        .await
        .expect("an answer of the next one");
    assert_eq!(fake.starts(), 2);
}

#[tokio::test]
async fn who_dies_before_it_was_of_use_is_not_started_again_at_once() {
    for (mode, says) in [("dies-at-start", "no licence"), ("dies", "out of")] {
        let fake = fake(mode);
        let trouble = fake.trouble().await;
        assert_eq!(trouble.kind, TroubleKind::Unavailable);
        assert!(trouble.message.contains(says), "{trouble}");
        let trouble = fake.trouble().await;
        assert!(
            trouble.message.contains("It may be asked again in "),
            "{trouble}"
        );
        assert!(trouble.message.contains(says), "{trouble}");
        assert_eq!(fake.starts(), 1);
    }
}

#[tokio::test]
async fn it_is_started_again_when_that_time_is_over() {
    let soon = Times {
        backoff: Duration::from_millis(300),
        ..times()
    };
    let fake = fake_with("dies-at-start", soon);
    for starts in 1..=3 {
        // Some of these calls come too soon, and start nothing.
        let asked = async {
            while fake.starts() < starts {
                fake.trouble().await;
            }
        };
        assert!(
            tokio::time::timeout(LONG, asked).await.is_ok(),
            "start {starts}"
        );
    }
    let trouble = fake.trouble().await;
    assert!(
        trouble.message.contains("It may be asked again in "),
        "{trouble}"
    );
}

#[tokio::test]
async fn what_is_no_mcp_is_told_as_what_it_is() {
    let trouble = fake("wrong-version").trouble().await;
    assert!(
        trouble
            .message
            .contains("a version of MCP that is not known here (1999-12-31)"),
        "{trouble}"
    );
    let trouble = fake("prints")
        .within(Duration::from_secs(2))
        .trouble()
        .await;
    assert_eq!(trouble.kind, TroubleKind::TooLong);
    assert!(trouble.message.contains("has not started yet"), "{trouble}");
    assert!(
        trouble.message.contains("Server listening on stdio"),
        "{trouble}"
    );
    let trouble = fake("bad-json")
        .within(Duration::from_secs(2))
        .trouble()
        .await;
    assert_eq!(trouble.kind, TroubleKind::TooLong);
    let trouble = fake("nonsense").trouble().await;
    assert_eq!(trouble.kind, TroubleKind::NoAnswer);
    let mut none = fake("good");
    none.server.transport = Transport::Program {
        command: vec!["no-such-program-anywhere".to_owned()],
        folder: None,
        environment: Vec::new(),
    };
    let trouble = none.trouble().await;
    assert!(trouble.message.contains("can't be started"), "{trouble}");
}

#[tokio::test]
async fn a_slow_start_is_waited_for_and_goes_on_without_whoever_could_not_wait() {
    let patient = fake("slow-start");
    patient.call(json!({})).await.expect("an answer");
    let mut hasty = fake("slow-start").within(Duration::from_millis(100));
    let trouble = hasty.trouble().await;
    assert!(trouble.message.contains("has not started yet"), "{trouble}");
    hasty.server.limit = LONG;
    hasty
        .call(json!({}))
        .await
        .expect("an answer of the same one");
    assert_eq!(hasty.starts(), 1);
}

#[tokio::test]
async fn what_a_tool_says_of_an_error_is_told() {
    let trouble = fake("good")
        .call(json!({"fail": true}))
        .await
        .expect_err("it failed");
    assert_eq!(trouble.kind, TroubleKind::NoAnswer);
    assert_eq!(
        trouble.message,
        "`docs_search` of the server `docs` says: no such page"
    );
    let trouble = fake("refuses").trouble().await;
    assert_eq!(trouble.kind, TroubleKind::BadInput);
    assert!(
        trouble
            .message
            .ends_with("refused a call of `docs_search`: query is missing"),
        "{trouble}"
    );
}

#[tokio::test]
async fn an_answer_of_three_mebibytes_is_too_much() {
    assert_eq!(fake("large").trouble().await.kind, TroubleKind::TooMuch);
}

#[tokio::test]
async fn a_server_that_asks_a_model_for_something_is_refused() {
    let answer = fake("asks").call(json!({})).await.expect("an answer");
    assert_eq!(answer.text, "refused: -32601");
}

#[tokio::test]
async fn what_is_said_beside_does_not_stop_a_server() {
    fake("stderr-flood")
        .call(json!({}))
        .await
        .expect("an answer");
}

#[tokio::test]
async fn a_server_at_rest_is_ended_politely_and_started_again_when_it_is_used() {
    let hurried = Times {
        idle: Duration::from_millis(400),
        ..times()
    };
    let fake = fake_with("good", hurried);
    fake.call(json!({})).await.expect("an answer");
    fake.sees("stdin closed").await;
    let process = fake.process("start ");
    until("its process is gone", || !is_there(process)).await;
    fake.call(json!({}))
        .await
        .expect("an answer of the next one");
    assert_eq!(fake.starts(), 2);
}

#[tokio::test]
async fn whoever_is_being_asked_is_not_at_rest() {
    let hurried = Times {
        idle: Duration::from_millis(300),
        ..times()
    };
    let fake = fake_with("good", hurried);
    fake.call(json!({"wait": 1.5})).await.expect("an answer");
    assert_eq!(fake.starts(), 1);
}

#[tokio::test]
async fn all_that_was_started_ends_with_its_owner() {
    for mode in ["child", "deaf-to-sigterm"] {
        let Fake {
            folder,
            server,
            servers,
        } = fake(mode);
        servers
            .call("docs", &server, "docs_search", json!({}))
            .await
            .expect("an answer");
        let fake = Fake {
            folder,
            server,
            servers: Servers::new(),
        };
        let process = fake.process("start ");
        assert!(lives(process));
        drop(servers);
        until("its process is gone, and reaped", || !is_there(process)).await;
        if mode == "child" {
            let child = fake.process("child ");
            until("its child is gone too", || !lives(child)).await;
        } else {
            fake.sees("sigterm").await;
        }
    }
}

#[tokio::test]
async fn what_a_dead_server_has_started_ends_too() {
    let fake = fake("dies-with-child");
    let trouble = fake.trouble().await;
    assert_eq!(trouble.kind, TroubleKind::Unavailable);
    let child = fake.process("child ");
    until("its child is gone too", || !lives(child)).await;
}

#[test]
fn nothing_is_left_when_the_runtime_ends_first() {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build();
    let runtime = runtime.expect("a runtime");
    let fake = fake("child");
    runtime.block_on(async { fake.call(json!({})).await.expect("an answer") });
    let (process, child) = (fake.process("start "), fake.process("child "));
    drop(runtime);
    let gone = || !lives(process) && !lives(child);
    for _ in 0..500 {
        if gone() {
            return;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    panic!("its processes are left");
}

#[tokio::test]
async fn another_command_is_another_server() {
    let mut fake = fake("good");
    fake.call(json!({})).await.expect("an answer");
    let first = fake.process("start ");
    let Transport::Program { command, .. } = &mut fake.server.transport else {
        unreachable!("a program");
    };
    command.push("more".to_owned());
    fake.call(json!({}))
        .await
        .expect("an answer of the other one");
    assert_eq!(fake.starts(), 2);
    until("the first one is gone", || !is_there(first)).await;
}

#[tokio::test]
async fn eight_calls_run_at_once_sixty_four_wait_and_the_others_are_told_to_come_back() {
    let fake = fake("hang");
    let mut calls = tokio::task::JoinSet::new();
    for _ in 0..AT_ONCE + WAITING + 3 {
        let (servers, server) = (fake.servers.clone(), fake.server.clone());
        calls.spawn(async move {
            servers
                .call("docs", &server, "docs_search", json!({}))
                .await
        });
    }
    for _ in 0..3 {
        let told = calls
            .join_next()
            .await
            .expect("a call")
            .expect("no panic")
            .expect_err("no room");
        assert_eq!(told.kind, TroubleKind::Unavailable);
        assert!(told.message.contains("is busy"), "{told}");
    }
    let called = || fake.seen().iter().filter(|line| *line == "called").count();
    until("eight have come through", || called() >= AT_ONCE).await;
    assert_eq!(called(), AT_ONCE);
    calls.shutdown().await;
}

/// Uses a server and waits to be killed.
#[test]
#[ignore = "it is the inside of the next one, and never ends by itself"]
fn a_signalbox_that_is_killed() {
    use std::io::Write;
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let fake = fake("child");
    runtime.block_on(async { fake.call(json!({})).await.expect("an answer") });
    let (process, child) = (fake.process("start "), fake.process("child "));
    let said = format!("\nprocesses {process} {child}\n");
    std::io::stdout().write_all(said.as_bytes()).expect("heard");
    loop {
        std::thread::park();
    }
}

#[cfg(unix)]
#[test]
fn what_a_server_has_started_ends_also_when_signalbox_is_killed() {
    use std::io::{BufRead, BufReader};
    let folder = tempfile::tempdir().expect("a folder");
    let inside = "tests::programs::a_signalbox_that_is_killed";
    let mut killed = std::process::Command::new(std::env::current_exe().expect("this"))
        .args(["--exact", inside, "--ignored", "--nocapture"])
        .env("TMPDIR", folder.path())
        .stdin(std::process::Stdio::null())
        .stdout(std::process::Stdio::piped())
        .spawn()
        .expect("this, anew");
    let said = BufReader::new(killed.stdout.take().expect("its output"));
    let line = said.lines().map_while(Result::ok).find_map(|line| {
        let numbers = line.strip_prefix("processes ")?.to_owned();
        Some(numbers)
    });
    killed.kill().expect("killed");
    killed.wait().expect("its end");
    let line = line.expect("told");
    let processes: Vec<u32> = line
        .split_whitespace()
        .map(|number| number.parse().expect("a number"))
        .collect();
    for _ in 0..1_500 {
        if !processes.iter().any(|process| lives(*process)) {
            return;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    panic!("still there: {processes:?}");
}
