//! What the system holds against a process that is locked up, tried from inside of one: this test program begins
//! itself anew, locks itself up as the sandbox does, and tries what it must not be able to do.
#![cfg(target_os = "linux")]

#[path = "../src/lock.rs"]
mod lock;

use std::fs::File;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream, UdpSocket};
use std::path::Path;
use std::process::{Command, exit};

use landlock::{Compatible, RulesetAttr};
use speech::{Language, Limits, Lock, Setup};

const INSIDE: &str = "inside_of_a_sandbox";

#[test]
fn a_process_that_is_locked_up_opens_begins_and_reaches_nothing() {
    let granted = tempfile::tempdir().unwrap();
    std::fs::write(granted.path().join("a.txt"), "granted").unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let unix = granted.path().join("socket");
    let unix_listener = std::os::unix::net::UnixListener::bind(&unix).unwrap();
    let said = Command::new(std::env::current_exe().unwrap())
        .args([
            "--exact",
            INSIDE,
            "--ignored",
            "--nocapture",
            "--test-threads",
            "1",
        ])
        .env("GRANTED", granted.path())
        .env("LISTENER", listener.local_addr().unwrap().to_string())
        .output()
        .unwrap();
    let said = [said.stdout, said.stderr].concat();
    let said = String::from_utf8_lossy(&said);
    assert!(
        said.contains("tried everything"),
        "it did not come to its end: {said}"
    );
    assert!(!said.contains("could"), "{said}");
    assert!(said.contains("read what was granted"), "{said}");
    listener.set_nonblocking(true).unwrap();
    assert!(listener.accept().is_err(), "nobody came");
    unix_listener.set_nonblocking(true).unwrap();
    assert!(unix_listener.accept().is_err(), "nobody came");
    let mut must_hold = vec![Lock::Memory, Lock::Processor, Lock::Files, Lock::Processes];
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    must_hold.extend(status.contains("Seccomp:").then_some(Lock::Calls));
    let landlock = landlock::Ruleset::default()
        .set_compatibility(landlock::CompatLevel::HardRequirement)
        .handle_access(landlock::AccessFs::ReadFile);
    must_hold.extend(landlock.is_ok().then_some(Lock::Folders));
    for lock in must_hold {
        assert!(
            said.contains(&format!("{lock:?}")),
            "{lock:?} does not hold: {said}"
        );
    }
}

/// Says `could` with whatever it could do. What hangs on a lock that this kernel does not know is left out.
#[test]
#[ignore = "it is the inside of the other one, and ends the process"]
fn inside_of_a_sandbox() {
    let granted = std::env::var("GRANTED").unwrap();
    let granted = Path::new(&granted);
    let listener = std::env::var("LISTENER").unwrap();
    let setup = Setup {
        language: Language::Python,
        clock: false,
        chance: false,
        folders: vec![speech::Folder {
            name: granted.to_owned(),
            place: granted.to_owned(),
        }],
        limits: Limits::default(),
    };
    let parent = rustix::process::getppid().unwrap();
    let mut locks = lock::the_files_and_memory(&setup);
    locks.extend(lock::the_system(true));
    let calls = locks.contains(&Lock::Calls);
    let folders = locks.contains(&Lock::Folders);

    let mut text = String::new();
    File::open(granted.join("a.txt"))
        .and_then(|mut file| file.read_to_string(&mut text))
        .unwrap();
    assert_eq!(text, "granted");
    let mut tried = vec![(
        "grow a file",
        File::create(granted.join("b"))
            .and_then(|mut file| file.write(b"x"))
            .is_ok(),
    )];
    if folders {
        tried.push(("read a file", File::open("/etc/passwd").is_ok()));
        tried.push(("list a folder", std::fs::read_dir("/").is_ok()));
        tried.push(("make a file", File::create(granted.join("c")).is_ok()));
        tried.push((
            "remove a file",
            std::fs::remove_file(granted.join("a.txt")).is_ok(),
        ));
    }
    if calls {
        tried.push(("connect", TcpStream::connect(&listener).is_ok()));
        tried.push((
            "connect to a socket file",
            std::os::unix::net::UnixStream::connect(granted.join("socket")).is_ok(),
        ));
        tried.push(("listen", TcpListener::bind("127.0.0.1:0").is_ok()));
        tried.push(("send", UdpSocket::bind("127.0.0.1:0").is_ok()));
        tried.push(("begin a process", Command::new("/bin/true").spawn().is_ok()));
        tried.push((
            "begin a thread",
            std::thread::Builder::new().spawn(|| ()).is_ok(),
        ));
        tried.push((
            "ask after a process",
            rustix::process::test_kill_process(parent).is_ok(),
        ));
        tried.push((
            "make a folder",
            std::fs::create_dir(granted.join("d")).is_ok(),
        ));
        let lifted = rustix::process::Rlimit {
            current: Some(1),
            maximum: Some(1),
        };
        tried.push((
            "set a limit",
            rustix::process::setrlimit(rustix::process::Resource::Core, lifted).is_ok(),
        ));
    }
    let mut said = format!("\nlocks {locks:?}\nread what was granted\n");
    for (what, done) in tried {
        if done {
            said += &format!("could {what}\n");
        }
    }
    said += "tried everything\n";
    std::io::stdout().write_all(said.as_bytes()).unwrap();
    exit(0);
}

/// The process itself, seen from outside.
#[test]
fn the_program_is_locked_up_before_it_reads() {
    use std::io::{BufRead, BufReader};
    use std::process::Stdio;
    let setup = Setup {
        language: Language::JavaScript,
        clock: false,
        chance: false,
        folders: Vec::new(),
        limits: Limits::default(),
    };
    let mut child = Command::new(env!("CARGO_BIN_EXE_signalbox-sandbox"))
        .arg(serde_json::to_string(&setup).unwrap())
        .env_clear()
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut hello = String::new();
    BufReader::new(child.stdout.as_mut().unwrap())
        .read_line(&mut hello)
        .unwrap();
    let hello: speech::Hello = serde_json::from_str(&hello).unwrap();
    let of_process =
        |file: &str| std::fs::read_to_string(format!("/proc/{}/{file}", child.id())).unwrap();
    let limits = of_process("limits");
    for (what, most) in [
        ("Max file size", "0"),
        ("Max processes", "0"),
        ("Max core file size", "0"),
    ] {
        let line = limits.lines().find(|line| line.starts_with(what)).unwrap();
        assert_eq!(
            line[what.len()..].split_whitespace().next(),
            Some(most),
            "{line}"
        );
    }
    if hello.locks.contains(&Lock::Calls) {
        for thread in std::fs::read_dir(format!("/proc/{}/task", child.id())).unwrap() {
            let status = std::fs::read_to_string(thread.unwrap().path().join("status")).unwrap();
            assert!(
                status.contains("Seccomp:\t2") && status.contains("NoNewPrivs:\t1"),
                "{status}"
            );
        }
    }
    drop(child.stdin.take());
    assert!(child.wait().unwrap().success(), "it ends with its input");
}
