//! Who is measured: the mock alone, nginx as a plain proxy, Signalbox.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use crate::failed::Failed;
use crate::payload::{self, Answer};
use crate::process;

/// The core that proxies are held to; this process and the mock have another.
const PROXY_CORE: &str = "0";

/// Somebody who takes requests. Ended when dropped.
pub(crate) struct Peer {
    pub(crate) name: &'static str,
    pub(crate) address: SocketAddr,
    /// The API key to show.
    pub(crate) key: String,
    child: Child,
    /// Kept open: a program may take a closed pipe for an order to end.
    _output: Option<BufReader<ChildStdout>>,
    spawned: Instant,
}

impl Peer {
    /// A peer's own process.
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// The peer's process and its children.
    pub(crate) fn family(&self) -> Vec<u32> {
        process::family(self.pid())
    }

    /// When its process was started.
    pub(crate) fn spawned(&self) -> Instant {
        self.spawned
    }

    /// A request to it, with the headers that an SDK sends.
    pub(crate) fn request(&self, answer: Answer, bytes: usize, repeatable: bool) -> Vec<u8> {
        let body = payload::request(answer, bytes, repeatable);
        let mut request = format!(
            "POST /v1/chat/completions HTTP/1.1\r\nhost: {}\r\naccept: application/json\r\ncontent-type: application/json\r\nuser-agent: bench/1.0\r\nauthorization: Bearer {}\r\nx-stainless-lang: bench\r\ncontent-length: {}\r\n\r\n",
            self.address,
            self.key,
            body.len()
        )
        .into_bytes();
        request.extend_from_slice(&body);
        request
    }

    /// The mock, on this process's core.
    pub(crate) fn mock() -> Result<Peer, Failed> {
        let mut command = Command::new(std::env::current_exe()?);
        command.arg("mock");
        let (child, output, line, spawned) = spawn_and_listen(command)?;
        Ok(Peer {
            name: "direct",
            address: line.parse()?,
            key: "none".to_owned(),
            child,
            _output: Some(output),
            spawned,
        })
    }

    /// nginx in front of the mock: one worker, connections kept, nothing buffered.
    pub(crate) fn nginx(folder: &Path, mock: SocketAddr) -> Result<Peer, Failed> {
        let folder = folder.join("nginx");
        fs::create_dir_all(&folder)?;
        let address = free_address()?;
        let config = folder.join("nginx.conf");
        fs::write(&config, nginx_config(&folder, address, mock))?;
        let mut command = on_proxy_core("nginx");
        command
            .arg("-p")
            .arg(&folder)
            .arg("-e")
            .arg(folder.join("error.log"));
        command.arg("-c").arg(&config);
        let spawned = Instant::now();
        let child = command.stdout(Stdio::null()).spawn()?;
        let peer = Peer {
            name: "nginx",
            address,
            key: "none".to_owned(),
            child,
            _output: None,
            spawned,
        };
        peer.wait_until_open()?;
        Ok(peer)
    }

    /// kill -9.
    pub(crate) fn killed(mut self) -> Result<(), Failed> {
        self.child.kill()?;
        self.child.wait()?;
        Ok(())
    }

    fn wait_until_open(&self) -> Result<(), Failed> {
        let patience = Instant::now() + Duration::from_secs(10);
        while std::net::TcpStream::connect(self.address).is_err() {
            if Instant::now() > patience {
                return Err(format!("{} does not listen", self.name).into());
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        Ok(())
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        if matches!(self.child.try_wait(), Ok(Some(_))) {
            return;
        }
        // Asked to, because a killed nginx leaves its worker behind.
        let _ = Command::new("kill").arg(self.pid().to_string()).status();
        let patience = Instant::now() + Duration::from_secs(3);
        while matches!(self.child.try_wait(), Ok(None)) && Instant::now() < patience {
            std::thread::sleep(Duration::from_millis(10));
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A data folder from which Signalbox can be started again and again.
pub(crate) struct SignalboxFolder {
    binary: PathBuf,
    data: PathBuf,
    key: String,
}

impl SignalboxFolder {
    /// A folder with one provider, the mock, and a client key; `more` is added to the config.
    pub(crate) fn new(
        binary: &Path,
        data: PathBuf,
        mock: SocketAddr,
        more: &str,
    ) -> Result<SignalboxFolder, Failed> {
        fs::create_dir_all(&data)?;
        let models: Vec<String> = Answer::ALL
            .iter()
            .map(|a| format!("{:?}", a.model()))
            .collect();
        let config = format!(
            "[server]\nport = 0\n\n[provider.mock]\nopenai_base_url = \"http://{mock}/v1\"\nkey = \"none\"\nlocal = true\nmodels = [{}]\n{more}",
            models.join(", ")
        );
        fs::write(data.join("signalbox.toml"), config)?;
        let mut add = Command::new(binary);
        add.args(["clients", "add", "bench", "--data-dir"])
            .arg(&data);
        let added = add.output()?;
        if !added.status.success() {
            return Err(String::from_utf8_lossy(&added.stderr).into_owned().into());
        }
        Ok(SignalboxFolder {
            binary: binary.to_owned(),
            key: String::from_utf8(added.stdout)?.trim().to_owned(),
            data,
        })
    }

    /// Where it keeps answers.
    pub(crate) fn kept(&self) -> PathBuf {
        self.data.join("cache")
    }

    /// Starts it; returns as soon as it has said where it listens.
    pub(crate) fn start(&self) -> Result<Peer, Failed> {
        let mut command = on_proxy_core(&self.binary);
        command
            .args(["serve", "--port", "0", "--data-dir"])
            .arg(&self.data);
        let (child, output, line, spawned) = spawn_and_listen(command)?;
        let address = line
            .rsplit_once("http://")
            .ok_or_else(|| format!("Signalbox said `{line}` instead of its address"))?
            .1;
        Ok(Peer {
            name: "signalbox",
            address: address.parse()?,
            key: self.key.clone(),
            child,
            _output: Some(output),
            spawned,
        })
    }
}

fn on_proxy_core(program: impl AsRef<std::ffi::OsStr>) -> Command {
    let mut command = Command::new("taskset");
    command.args(["-c", PROXY_CORE]).arg(program);
    command
}

type Spawned = (Child, BufReader<ChildStdout>, String, Instant);

/// Starts a program and reads the first line it says.
fn spawn_and_listen(mut command: Command) -> Result<Spawned, Failed> {
    let spawned = Instant::now();
    let mut child = command.stdout(Stdio::piped()).spawn()?;
    let output = child.stdout.take().ok_or("no standard output")?;
    let mut output = BufReader::new(output);
    let mut line = String::new();
    output.read_line(&mut line)?;
    if line.is_empty() {
        let _ = child.kill();
        let _ = child.wait();
        return Err(format!("{:?} ended before it listened", command.get_program()).into());
    }
    Ok((child, output, line.trim().to_owned(), spawned))
}

/// A port that was free a moment ago; nginx can't be asked to choose one.
fn free_address() -> Result<SocketAddr, Failed> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?)
}

fn nginx_config(folder: &Path, address: SocketAddr, mock: SocketAddr) -> String {
    let folder = folder.display();
    format!(
        "daemon off;
worker_processes 1;
pid {folder}/nginx.pid;
error_log {folder}/error.log error;
events {{ worker_connections 2048; }}
http {{
    access_log off;
    tcp_nodelay on;
    client_max_body_size 0;
    client_body_buffer_size 256k;
    keepalive_requests 100000000;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    upstream mock {{
        server {mock};
        keepalive 256;
        keepalive_requests 100000000;
    }}
    server {{
        listen {address};
        location / {{
            proxy_pass http://mock;
            proxy_http_version 1.1;
            proxy_set_header Connection \"\";
            proxy_buffering off;
            proxy_request_buffering off;
        }}
    }}
}}
"
    )
}
