use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

use serde_json::json;

use crate::*;

const FAKE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fake_http.py");

/// Ends when its standard input does, which is ours.
struct Fake {
    process: Child,
    port: u16,
    servers: Servers,
}

fn fake() -> Fake {
    let mut command = Command::new("python3");
    command
        .arg(FAKE)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped());
    let mut process = command.spawn().expect("python3");
    let mut line = String::new();
    let mut said = BufReader::new(process.stdout.take().expect("its output"));
    said.read_line(&mut line).expect("a port");
    let port = line.trim().parse().expect("a port");
    Fake {
        process,
        port,
        servers: Servers::new(),
    }
}

impl Drop for Fake {
    fn drop(&mut self) {
        drop(self.process.stdin.take());
        let _ = self.process.wait();
    }
}

impl Fake {
    fn server(&self, path: &str) -> Server {
        Server {
            transport: Transport::Http {
                url: format!("http://127.0.0.1:{}{path}", self.port),
                // Cargo sets it for tests: a variable that is there.
                token_from: Some("CARGO_PKG_NAME".to_owned()),
            },
            allow: vec!["docs_*".to_owned()],
            limit: Duration::from_secs(30),
            nano_usd_a_call: Default::default(),
            local: true,
        }
    }

    async fn call(&self, path: &str) -> Result<Answer, Trouble> {
        let server = self.server(path);
        self.servers
            .call(path, &server, "docs_search", json!({}))
            .await
    }

    async fn trouble(&self, path: &str) -> Trouble {
        self.call(path).await.expect_err("trouble")
    }
}

#[tokio::test]
async fn json_and_event_streams_are_read_and_the_token_is_sent() {
    let fake = fake();
    for path in ["/json", "/sse", "/home"] {
        let answer = fake.call(path).await.expect("an answer");
        assert!(
            answer.text.ends_with("Bearer [token]"),
            "sent, and masked when it comes back: {}",
            answer.text
        );
        let server = fake.server(path);
        let tools = fake.servers.tools(path, &server).await.expect("a list");
        assert_eq!(tools[0].name, "docs_search");
    }
}

#[tokio::test]
async fn a_session_that_is_lost_is_begun_anew() {
    let fake = fake();
    let first = fake.call("/lost").await.expect("an answer").text;
    let second = fake
        .call("/lost")
        .await
        .expect("an answer of the next session")
        .text;
    assert_ne!(first, second);
}

#[tokio::test]
async fn another_host_is_not_gone_to() {
    let (fake, other) = (fake(), fake());
    let trouble = fake
        .trouble(&format!("/away?127.0.0.1:{}", other.port))
        .await;
    assert_eq!(trouble.kind, TroubleKind::Unavailable);
    assert!(
        trouble.message.contains("sends to another host"),
        "{trouble}"
    );
    // It knows of no session but one that began now.
    let answer = other.call("/json").await.expect("an answer");
    assert!(answer.text.starts_with("session-1 "), "{}", answer.text);
}

#[tokio::test]
async fn what_is_wrong_with_an_address_is_told() {
    let fake = fake();
    assert!(
        fake.trouble("/denied")
            .await
            .message
            .contains("`token_env`")
    );
    assert!(fake.trouble("/broken").await.message.contains("HTTP 500"));
    assert!(fake.trouble("/page").await.message.contains("no MCP"));
    let large = fake.trouble("/large").await;
    assert_eq!(large.kind, TroubleKind::TooMuch, "{large}");
    let echo = fake.trouble("/echo").await;
    assert!(echo.message.contains("Bearer [token]"), "{echo}");
}

#[tokio::test]
async fn a_token_that_a_handshake_repeats_is_masked_now_and_while_the_server_is_let_be() {
    let mut fake = fake();
    fake.servers = Servers::with(Times {
        backoff: Duration::from_secs(600),
        longest_backoff: Duration::from_secs(600),
        ..Times::default()
    });
    let token = std::env::var("CARGO_PKG_NAME").expect("set by cargo");
    for which in ["first", "second", "third"] {
        let trouble = fake.trouble("/forbidden").await;
        let told = &trouble.message;
        assert!(told.contains("Bearer [token]"), "{which}: {told}");
        assert!(
            !told.contains(&format!("Bearer {token}")),
            "{which}: {told}"
        );
        let server = fake.server("/forbidden");
        let listed = fake.servers.tools("/forbidden", &server).await;
        let told = listed.expect_err("no list").message;
        assert!(told.contains("Bearer [token]"), "{which}: {told}");
    }
}

#[tokio::test]
async fn nobody_there_and_no_token_are_told() {
    let fake = fake();
    let mut server = fake.server("/json");
    server.transport = Transport::Http {
        url: format!("http://127.0.0.1:{}/json", fake.port),
        token_from: Some("NOT_SET_ANYWHERE".to_owned()),
    };
    let trouble = fake
        .servers
        .call("docs", &server, "docs_search", json!({}))
        .await
        .expect_err("no token");
    assert!(
        trouble
            .message
            .contains("`NOT_SET_ANYWHERE`, which is not set"),
        "{trouble}"
    );
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = taken.local_addr().expect("its number").port();
    drop(taken);
    server.transport = Transport::Http {
        url: format!("http://127.0.0.1:{port}/"),
        token_from: None,
    };
    let trouble = fake
        .servers
        .call("gone", &server, "docs_search", json!({}))
        .await
        .expect_err("nobody");
    assert!(trouble.message.contains("can't be reached"), "{trouble}");
}

#[tokio::test]
async fn a_flood_over_http_ends_too() {
    let fake = fake();
    let trouble = fake.trouble("/flood").await;
    assert_eq!(trouble.kind, TroubleKind::Unavailable);
    assert!(trouble.message.contains("4,096 messages"), "{trouble}");
}

#[tokio::test]
async fn a_call_over_http_that_takes_too_long_is_cancelled() {
    let fake = fake();
    let server = Server {
        limit: Duration::from_millis(1500),
        ..fake.server("/hang")
    };
    let late = fake
        .servers
        .call("hang", &server, "docs_search", json!({}))
        .await;
    assert_eq!(late.expect_err("no answer").kind, TroubleKind::TooLong);
    let told = async {
        while fake.call("/seen").await.expect("an answer").text != "1 cancelled" {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let told = tokio::time::timeout(Duration::from_secs(30), told).await;
    assert!(told.is_ok(), "the server is told at last");
}
