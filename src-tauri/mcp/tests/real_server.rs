//! The protocol's own server for trying out clients, `@modelcontextprotocol/server-everything`, as `make test`
//! installs it: over standard streams, and over streamable HTTP.

use std::collections::BTreeMap;
use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use mcp::{Server, Servers, Transport, TroubleKind};
use serde_json::json;

/// Its program; says how to get it where it is missing.
fn everything() -> PathBuf {
    let tests = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests"));
    let program = tests.join("node_modules/@modelcontextprotocol/server-everything/dist/index.js");
    assert!(
        program.is_file(),
        "the real MCP server is not installed: run `.ci/modules tests` (as `make test` does), which needs node and npm"
    );
    program.canonicalize().expect("a file")
}

fn server(transport: Transport) -> Server {
    Server {
        transport,
        allow: vec![
            "echo".to_owned(),
            "get-*".to_owned(),
            "trigger-long-running-operation".to_owned(),
        ],
        limit: Duration::from_secs(60),
        nano_usd_a_call: BTreeMap::new(),
        local: true,
    }
}

/// What a client of ours can have of it, whatever it is reached by.
async fn is_of_use(servers: &Servers, server: &Server) {
    let tools = servers.tools("everything", server).await.expect("a list");
    let names: Vec<&str> = tools.iter().map(|tool| tool.name.as_str()).collect();
    assert!(
        names.contains(&"echo") && names.contains(&"get-sum"),
        "{names:?}"
    );
    assert!(names.iter().all(|name| server.allows(name)), "{names:?}");
    let echo = tools
        .iter()
        .find(|tool| tool.name == "echo")
        .expect("offered");
    assert_eq!(echo.input_schema["properties"]["message"]["type"], "string");
    assert!(!echo.description.is_empty());

    let call =
        async |tool: &str, arguments| servers.call("everything", server, tool, arguments).await;
    let answer = call("echo", json!({"message": "grüß dich"}))
        .await
        .expect("an answer");
    assert_eq!(answer.text, "Echo: grüß dich");
    let answer = call("get-sum", json!({"a": 2, "b": 40}))
        .await
        .expect("an answer");
    assert!(answer.text.contains("42"), "{}", answer.text);
    let answer = call("get-structured-content", json!({"location": "Chicago"}))
        .await
        .expect("an answer");
    let structured = answer.structured.expect("structured content");
    assert!(structured["temperature"].is_number(), "{structured}");
    let answer = call("get-tiny-image", json!({})).await.expect("an answer");
    assert!(
        answer.text.contains("[image (image/png) left out]"),
        "{}",
        answer.text
    );
    let trouble = call("get-sum", json!({"a": "two"}))
        .await
        .expect_err("no number");
    assert!(
        matches!(trouble.kind, TroubleKind::BadInput | TroubleKind::NoAnswer),
        "{trouble:?}"
    );
    let trouble = call("print-env", json!({})).await.expect_err("not allowed");
    assert_eq!(trouble.kind, TroubleKind::NotGranted);

    let hurried = Server {
        limit: Duration::from_secs(1),
        ..server.clone()
    };
    let slow = json!({"duration": 30, "steps": 3});
    let late = servers
        .call(
            "everything",
            &hurried,
            "trigger-long-running-operation",
            slow,
        )
        .await;
    assert_eq!(late.expect_err("too late").kind, TroubleKind::TooLong);
    let answer = call("echo", json!({"message": "still there"}))
        .await
        .expect("an answer");
    assert_eq!(answer.text, "Echo: still there");
}

#[tokio::test]
async fn the_real_server_is_of_use_as_a_program() {
    let program = everything().display().to_string();
    let transport = Transport::Program {
        command: vec!["node".to_owned(), program, "stdio".to_owned()],
        folder: None,
        environment: Vec::new(),
    };
    is_of_use(&Servers::new(), &server(transport)).await;
}

/// Ends with its owner.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[tokio::test]
async fn the_real_server_is_of_use_over_http() {
    let free = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = free.local_addr().expect("its number").port();
    drop(free);
    let mut command = Command::new("node");
    command
        .arg(everything())
        .arg("streamableHttp")
        .env("PORT", port.to_string());
    command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    let _running = Running(command.spawn().expect("node"));
    let began = Instant::now();
    while std::net::TcpStream::connect(("127.0.0.1", port)).is_err() {
        assert!(
            began.elapsed() < Duration::from_secs(60),
            "it listens at last"
        );
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let transport = Transport::Http {
        url: format!("http://127.0.0.1:{port}/mcp"),
        token_from: None,
    };
    is_of_use(&Servers::new(), &server(transport)).await;
}
