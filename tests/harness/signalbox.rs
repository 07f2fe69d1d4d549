//! The real binary, on a free port and a folder of its own.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStderr, ChildStdout, Command};

use crate::eventually;
use crate::provider::FakeUpstream;

pub struct Signalbox {
    pub url: String,
    pub key: String,
    pub panel: String,
    pub client: reqwest::Client,
    folder: TempDir,
    process: Child,
    stdout: Lines<BufReader<ChildStdout>>,
}

/// A config with one provider `fake` that points at a fake upstream.
pub fn config_for(upstream: &FakeUpstream) -> String {
    let base = upstream.base_url();
    format!(
        "[provider.fake]\nname = \"Fake\"\nopenai_base_url = \"{base}/v1\"\n\
         anthropic_base_url = \"{base}\"\nkey = \"env:FAKE_KEY\"\nlocal = true\nmodels = [\"ok\", \"slow\"]\n"
    )
}

impl Signalbox {
    /// With this config, waiting until it listens.
    pub async fn start(config: &str) -> Signalbox {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("signalbox.toml"), config).unwrap();
        Signalbox::start_in(folder, "").await
    }

    /// With this config, and these in its environment: keys that providers want.
    pub async fn start_with(config: &str, env: &[(&str, &str)]) -> Signalbox {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("signalbox.toml"), config).unwrap();
        Signalbox::spawn(folder, "", Stdio::inherit(), "warn", env).await
    }

    /// This program, which is a Signalbox that lies elsewhere than all that is built with it.
    pub async fn start_program(program: &Path, config: &str) -> Signalbox {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("signalbox.toml"), config).unwrap();
        let process = command_of(program, folder.path());
        Signalbox::spawned(process, folder, "", Stdio::inherit(), "warn").await
    }

    /// With this config, everything it can log written to `signalbox.log` in its folder.
    pub async fn start_talkative(config: &str) -> Signalbox {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("signalbox.toml"), config).unwrap();
        let log = std::fs::File::create(folder.path().join("signalbox.log")).unwrap();
        Signalbox::spawn(folder, "", Stdio::from(log), "trace", &[]).await
    }

    /// With nothing but the practice provider.
    pub async fn practice() -> Signalbox {
        Signalbox::start_in(tempfile::tempdir().unwrap(), "").await
    }

    /// On a folder that another run has left. The key is shown only once, so the
    /// first run's must be given.
    pub async fn start_in(folder: TempDir, key: &str) -> Signalbox {
        Signalbox::spawn(folder, key, Stdio::inherit(), "warn", &[]).await
    }

    async fn spawn(
        folder: TempDir,
        key: &str,
        log: Stdio,
        level: &str,
        env: &[(&str, &str)],
    ) -> Signalbox {
        let mut process = command(folder.path());
        process.envs(env.iter().copied());
        Signalbox::spawned(process, folder, key, log, level).await
    }

    async fn spawned(
        mut process: Command,
        folder: TempDir,
        key: &str,
        log: Stdio,
        level: &str,
    ) -> Signalbox {
        let mut process = process
            .env("SIGNALBOX_LOG", level)
            .args(["serve", "--port", "0"])
            .stdout(Stdio::piped())
            .stderr(log)
            .kill_on_drop(true)
            .spawn()
            .unwrap_or_else(|error| {
                panic!(
                    "{}: {error}; build it with `cargo build -p server`",
                    binary().display()
                )
            });
        let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let (mut url, mut key, mut panel) = (String::new(), key.to_owned(), String::new());
        let talk = async {
            while let Some(line) = lines.next_line().await.unwrap() {
                if let Some(found) = line.strip_prefix("Listening on ") {
                    if url.is_empty() {
                        url = found.to_owned();
                    }
                } else if let Some(found) = line.strip_prefix("Client key (shown once): ") {
                    key = found.to_owned();
                } else if let Some(found) = line.strip_prefix("Panel: ") {
                    panel = found.to_owned();
                    break;
                }
            }
        };
        tokio::time::timeout(Duration::from_secs(20), talk)
            .await
            .expect("it starts");
        assert!(!panel.is_empty(), "it ended before it listened");
        Signalbox {
            url,
            key,
            panel,
            client: reqwest::Client::builder().no_proxy().build().unwrap(),
            folder,
            process,
            stdout: lines,
        }
    }

    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub fn pid(&self) -> u32 {
        self.process.id().expect("it runs")
    }

    /// A request with the client key, as an SDK would send it.
    pub fn post(&self, path: &str, body: &Value) -> reqwest::RequestBuilder {
        self.client
            .post(format!("{}{path}", self.url))
            .bearer_auth(&self.key)
            .header("content-type", "application/json")
            .body(body.to_string())
    }

    pub async fn chat(&self, model: &str) -> reqwest::Response {
        self.post("/v1/chat/completions", &chat(model, false))
            .send()
            .await
            .unwrap()
    }

    pub async fn chat_stream(&self, model: &str) -> reqwest::Response {
        self.post("/v1/chat/completions", &chat(model, true))
            .send()
            .await
            .unwrap()
    }

    pub async fn message(&self, model: &str, stream: bool) -> reqwest::Response {
        let body = json!({"model":model,"max_tokens":64,"stream":stream,
            "messages":[{"role":"user","content":"Hi"}]});
        self.post("/v1/messages", &body)
            .header("anthropic-version", "2023-06-01")
            .send()
            .await
            .unwrap()
    }

    /// Calls a control operation the way the command line does.
    pub async fn control(&self, operation: &str, input: &Value) -> Value {
        let (status, answer) = self.control_raw(operation, input).await;
        assert_eq!(status, 200, "{operation}: {answer}");
        answer
    }

    pub async fn control_raw(&self, operation: &str, input: &Value) -> (u16, Value) {
        let reach: Value =
            serde_json::from_slice(&std::fs::read(self.folder().join("running.json")).unwrap())
                .unwrap();
        let response = self
            .client
            .post(format!("{}/control/{operation}", self.url))
            .bearer_auth(reach["token"].as_str().unwrap())
            .header("x-signalbox-panel", "1")
            .body(input.to_string())
            .send()
            .await
            .unwrap();
        let status = response.status().as_u16();
        (
            status,
            serde_json::from_slice(&response.bytes().await.unwrap()).unwrap_or_default(),
        )
    }

    /// The receipt that a reply names, whole.
    pub async fn receipt(&self, response: &reqwest::Response) -> Value {
        let id = response.headers()["x-signalbox-receipt"]
            .to_str()
            .unwrap()
            .to_owned();
        self.receipt_named(&id).await
    }

    pub async fn receipt_named(&self, id: &str) -> Value {
        eventually("the receipt", || async {
            let (status, found) = self.control_raw("requests.get", &json!({"id": id})).await;
            (status == 200).then_some(found)
        })
        .await
    }

    /// Nothing is being served any more: no task, permit or reservation is left.
    pub async fn is_quiet(&self) {
        eventually("all exchanges to end", || async {
            (self.control("overview", &json!({})).await["in_flight"] == 0).then_some(())
        })
        .await;
    }

    /// Runs a command of the same binary on the same folder.
    pub async fn run(&self, args: &[&str], stdin: &str) -> std::process::Output {
        run_in(self.folder(), args, stdin).await
    }

    /// Begins a command that takes its time.
    pub fn begin(&self, args: &[&str]) -> Begun {
        let mut process = command(self.folder())
            .args(args)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let stderr = BufReader::new(process.stderr.take().unwrap()).lines();
        Begun { process, stderr }
    }

    /// The next line it prints that holds this.
    pub async fn says(&mut self, words: &str) -> String {
        let talk = async {
            while let Some(line) = self.stdout.next_line().await.unwrap() {
                if line.contains(words) {
                    return line;
                }
            }
            panic!("it ended without saying: {words}")
        };
        tokio::time::timeout(Duration::from_secs(10), talk)
            .await
            .expect("it says so")
    }

    /// Resolves when it has ended by itself.
    pub async fn ended(&mut self) {
        tokio::time::timeout(Duration::from_secs(40), self.process.wait())
            .await
            .expect("it ends")
            .unwrap();
    }

    /// kill -9, and the folder it leaves.
    pub async fn kill(mut self) -> TempDir {
        self.process.kill().await.unwrap();
        self.folder
    }

    /// Asks it to end, and does not wait for that.
    pub async fn terminate(&self) {
        let pid = self.pid().to_string();
        let told = Command::new("kill")
            .args(["-TERM", &pid])
            .status()
            .await
            .unwrap();
        assert!(told.success());
    }

    /// A polite end; gives the folder back.
    pub async fn stop(mut self) -> TempDir {
        self.terminate().await;
        tokio::time::timeout(Duration::from_secs(40), self.process.wait())
            .await
            .expect("it ends")
            .unwrap();
        self.folder
    }
}

/// A command that runs.
pub struct Begun {
    process: Child,
    stderr: Lines<BufReader<ChildStderr>>,
}

impl Begun {
    /// The next line on its standard error that holds this.
    pub async fn says(&mut self, words: &str) -> String {
        let talk = async {
            while let Some(line) = self.stderr.next_line().await.unwrap() {
                if line.contains(words) {
                    return line;
                }
            }
            panic!("it ended without saying: {words}")
        };
        tokio::time::timeout(Duration::from_secs(30), talk)
            .await
            .expect("it says so")
    }

    /// What Ctrl-C does.
    pub async fn interrupt(&self) {
        let pid = self.process.id().unwrap().to_string();
        let told = Command::new("kill").args(["-INT", &pid]).status().await;
        assert!(told.unwrap().success());
    }

    /// Its exit code.
    pub async fn ended(mut self) -> Option<i32> {
        tokio::time::timeout(Duration::from_secs(30), self.process.wait())
            .await
            .expect("it ends")
            .unwrap()
            .code()
    }
}

pub fn chat(model: &str, stream: bool) -> Value {
    json!({"model":model,"stream":stream,"messages":[{"role":"user","content":"Hi"}]})
}

async fn run_in(folder: &Path, args: &[&str], stdin: &str) -> std::process::Output {
    use tokio::io::AsyncWriteExt as _;
    let mut child = command(folder)
        .args(args)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    // A command that refuses at once has gone before it could be told.
    let mut ear = child.stdin.take().unwrap();
    if let Err(error) = ear.write_all(stdin.as_bytes()).await {
        assert_eq!(error.kind(), std::io::ErrorKind::BrokenPipe, "{error}");
    }
    drop(ear);
    tokio::time::timeout(Duration::from_secs(30), child.wait_with_output())
        .await
        .expect("the command ends")
        .unwrap()
}

fn command(folder: &Path) -> Command {
    command_of(&binary(), folder)
}

fn command_of(program: &Path, folder: &Path) -> Command {
    let mut command = Command::new(program);
    command
        .env("SIGNALBOX_DATA_DIR", folder)
        .env("SIGNALBOX_KEYCHAIN", "off")
        .env("SIGNALBOX_DRAIN_S", "8")
        .env("FAKE_KEY", "sk-fake-upstream-key")
        .env_remove("SIGNALBOX_PORT")
        .env_remove("SIGNALBOX_CONFIG");
    command
}

/// `SIGNALBOX_BIN`, or what `cargo build -p server` has made.
pub fn binary() -> PathBuf {
    if let Some(named) = std::env::var_os("SIGNALBOX_BIN") {
        return named.into();
    }
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../target"),
        PathBuf::from,
    );
    target.join("debug/signalbox")
}
