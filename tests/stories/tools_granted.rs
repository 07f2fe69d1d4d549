//! Tools that touch something: code, a database, commands, servers of others. What each may, what is refused and
//! how it is told, and that nothing is left behind.

mod check;
mod code;
mod config;
mod ending;
mod servers;
mod sql;

use serde_json::{Value, json};
use stories::{Signalbox, eventually};

/// What came back of a task.
#[derive(Debug)]
struct Told {
    status: u16,
    /// The answer's words, or the error's.
    text: String,
    /// The error's, else empty.
    code: String,
    receipt: Value,
}

impl Told {
    /// It is this error, its words have this in them, and the receipt says so too.
    fn is_refused(&self, code: &str, hint: &str) {
        let status = if code == "tool_unavailable" { 503 } else { 422 };
        assert_eq!(
            (self.status, self.code.as_str()),
            (status, code),
            "{self:?}"
        );
        assert!(self.text.contains(hint), "{hint:?}: {self:?}");
        let trouble = &self.receipt["tools"]["calls"][0]["trouble"]["kind"];
        assert_eq!(code, format!("tool_{}", trouble.as_str().unwrap()));
        assert_eq!(self.receipt["row"]["cost_nano_usd"], 0, "{self:?}");
    }

    fn is(&self, text: &str) {
        assert_eq!((self.status, self.text.as_str()), (200, text), "{self:?}");
        assert_eq!(self.receipt["tools"]["way"], "named");
    }
}

/// Has a tool do something, by its name.
async fn ask(signalbox: &Signalbox, tool: &str, task: &str) -> Told {
    ask_as(signalbox, &signalbox.key, tool, task).await
}

/// As the client that has this key.
async fn ask_as(signalbox: &Signalbox, key: &str, tool: &str, task: &str) -> Told {
    told(signalbox, request(signalbox, tool, task).bearer_auth(key)).await
}

fn request(signalbox: &Signalbox, tool: &str, task: &str) -> reqwest::RequestBuilder {
    let body =
        json!({"model": format!("tool/{tool}"), "messages": [{"role": "user", "content": task}]});
    let url = format!("{}/v1/chat/completions", signalbox.url);
    let request = signalbox.client.post(url).body(body.to_string());
    request.header("content-type", "application/json")
}

async fn told(signalbox: &Signalbox, request: reqwest::RequestBuilder) -> Told {
    let reply = request.send().await.unwrap();
    let status = reply.status().as_u16();
    let receipt = signalbox.receipt(&reply).await;
    let said = reply.text().await.unwrap();
    let said: Value = serde_json::from_str(&said).unwrap();
    let text = match status {
        200 => &said["choices"][0]["message"]["content"],
        _ => &said["error"]["message"],
    };
    Told {
        status,
        text: text.as_str().unwrap_or_default().to_owned(),
        code: said["error"]["code"]
            .as_str()
            .unwrap_or_default()
            .to_owned(),
        receipt,
    }
}

/// The words of a streamed answer.
async fn streamed(signalbox: &Signalbox, tool: &str, task: &str) -> String {
    let body = json!({"model": format!("tool/{tool}"), "stream": true,
                      "messages": [{"role": "user", "content": task}]});
    let reply = signalbox.post("/v1/chat/completions", &body).send();
    let said = reply.await.unwrap().text().await.unwrap();
    assert!(said.ends_with("data: [DONE]\n\n"), "{said}");
    let events = said.lines().filter_map(|line| line.strip_prefix("data: {"));
    let text = |event: &str| -> String {
        let event: Value = serde_json::from_str(&format!("{{{event}")).unwrap();
        let text = &event["choices"][0]["delta"]["content"];
        text.as_str().unwrap_or_default().to_owned()
    };
    events.map(text).collect()
}

/// Processes that wrote their numbers, a line each, into this file. Waits until there are so many.
async fn written(path: &std::path::Path, many: usize) -> Vec<u32> {
    eventually("the processes to begin", || async {
        let text = std::fs::read_to_string(path).unwrap_or_default();
        let whole = text
            .split_inclusive('\n')
            .filter(|line| line.ends_with('\n'));
        let pids: Vec<u32> = whole.map(|line| line.trim().parse().unwrap()).collect();
        (pids.len() >= many).then_some(pids)
    })
    .await
}

/// A process that has ended and was not fetched by its parent runs no more.
fn runs(pid: u32) -> bool {
    let pid = pid.to_string();
    let seen = std::process::Command::new("ps")
        .args(["-o", "stat=", "-p", &pid])
        .output()
        .unwrap();
    let state = String::from_utf8(seen.stdout).unwrap();
    !state.trim().is_empty() && !state.trim().starts_with('Z')
}

async fn all_are_gone(pids: &[u32]) {
    eventually("the processes to be gone", || async {
        (!pids.iter().any(|pid| runs(*pid))).then_some(())
    })
    .await;
}

/// The processes that this Signalbox has begun, with their programs.
fn children(signalbox: &Signalbox) -> Vec<(u32, String)> {
    let seen = std::process::Command::new("ps")
        .args(["-A", "-o", "pid=,ppid=,args="])
        .output()
        .unwrap();
    let seen = String::from_utf8_lossy(&seen.stdout).into_owned();
    let parent = signalbox.pid().to_string();
    let of_it = |line: &str| {
        let mut words = line.split_whitespace();
        let (pid, ppid) = (words.next()?, words.next()?);
        (ppid == parent).then(|| (pid.parse().unwrap(), words.collect::<Vec<_>>().join(" ")))
    };
    seen.lines().filter_map(of_it).collect()
}
