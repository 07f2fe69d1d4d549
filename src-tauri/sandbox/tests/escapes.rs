//! What code tries to get out, or to get more than it may, through the same door as everybody. After each, and
//! beside each, other code is served.

use std::net::TcpListener;
use std::path::PathBuf;
use std::sync::Arc;

use offload::{Ask, Done, Grants, Interpreters, Tool, Trouble, TroubleKind, Workshop};
use serde_json::{Value, json};

fn workshop() -> Workshop {
    Workshop::new(Some(PathBuf::from(env!("CARGO_BIN_EXE_signalbox-sandbox"))))
}

async fn run(workshop: &Workshop, tool: Tool, code: &str) -> Result<Done, Trouble> {
    with(workshop, &Grants::default(), tool, json!({ "code": code })).await
}

async fn with(
    workshop: &Workshop,
    grants: &Grants,
    tool: Tool,
    arguments: Value,
) -> Result<Done, Trouble> {
    let client = "me".to_owned();
    workshop
        .run(
            grants,
            Ask {
                tool,
                arguments,
                client,
            },
        )
        .await
}

async fn serves(workshop: &Workshop, tool: &Tool, after: &str) {
    let done = run(workshop, tool.clone(), "20 + 22").await;
    let done = done.unwrap_or_else(|trouble| panic!("after {after}: {trouble}"));
    assert_eq!(done.result, json!(42), "after {after}");
    assert_eq!(done.text, "42");
}

/// Each must end in one of these troubles; none of what it looks for may be seen.
async fn all_fail(tool: Tool, kinds: &[TroubleKind], codes: &[&str]) {
    let workshop = workshop();
    for code in codes {
        let trouble = match run(&workshop, tool.clone(), code).await {
            Err(trouble) => trouble,
            Ok(done) => panic!("{code} came to {done:?}"),
        };
        assert!(kinds.contains(&trouble.kind), "{code}: {trouble:?}");
        assert!(!trouble.message.contains("root:"), "{code}: {trouble}");
        serves(&workshop, &tool, code).await;
    }
}

const OUT: [TroubleKind; 2] = [TroubleKind::NoAnswer, TroubleKind::BadInput];
const BOMB: [TroubleKind; 3] = [
    TroubleKind::TooMuch,
    TroubleKind::NoAnswer,
    TroubleKind::TooLong,
];

#[tokio::test]
async fn python_finds_no_way_out() {
    let codes = [
        "open('/etc/passwd').read()",
        "open('/tmp/signalbox-escaped', 'w').write('x')",
        "open('../../../../etc/passwd').read()",
        "from pathlib import Path; Path('/etc/passwd').read_text()",
        "from pathlib import Path; list(Path('/').iterdir())",
        "from pathlib import Path; Path('/tmp/signalbox-escaped').write_text('x')",
        "from pathlib import Path; Path('/tmp/signalbox-escaped').mkdir()",
        "import os; os.system('id')",
        "import os; os.environ['PATH']",
        "import os; os.getenv('PATH')",
        "import os; os.listdir('/')",
        "import os; os.fork()",
        "import subprocess; subprocess.run(['id'])",
        "import socket; socket.create_connection(('127.0.0.1', 1))",
        "import urllib.request",
        "import ctypes",
        "import importlib; importlib.import_module('os').system('id')",
        "__import__('os').system('id')",
        "__builtins__.open('/etc/passwd')",
        "globals()['__builtins__']['open']('/etc/passwd')",
        "().__class__.__base__.__subclasses__()",
        "().__class__.__mro__[1].__subclasses__()",
        "(lambda: 0).__globals__",
        "(lambda: 0).__code__.co_consts",
        "''.__class__.__init__.__globals__",
        "type('X', (), {})().__reduce__()",
        "eval(\"open('/etc/passwd').read()\")",
        "exec(\"import os\")",
        "compile('1', 'x', 'eval').co_code",
        "try:\n    1/0\nexcept Exception as e:\n    e.__traceback__.tb_frame.f_globals['open']('/etc/passwd')",
        "'{0.__class__.__init__.__globals__}'.format(open)",
        "import sys; sys.modules['os'].system('id')",
        "import sys; sys._getframe()",
        "input()",
        "breakpoint()",
        "import datetime; datetime.datetime.now()",
        "import datetime; datetime.date.today()",
        "import time; time.time()",
        "import random; random.random()",
        "import secrets",
        "x = 1\0",
    ];
    all_fail(Tool::Python, &OUT, &codes).await;
    assert!(!std::path::Path::new("/tmp/signalbox-escaped").exists());
}

#[tokio::test]
async fn javascript_finds_no_way_out() {
    let codes = [
        "require('fs').readFileSync('/etc/passwd')",
        "import('fs')",
        "await import('node:fs')",
        "import('/etc/passwd')",
        "import fs from 'fs'",
        "process.env",
        "process.binding('fs')",
        "this.constructor.constructor('return process')().env",
        "Function('return process')()",
        "(async () => {}).constructor('return process')()",
        "(function*(){}).constructor('return process')().next()",
        "[].constructor.constructor('return require')()('fs')",
        "Reflect.construct(Function, ['return process'])()",
        "Object.getPrototypeOf(print).constructor('return process')()",
        "eval('process.exit()')",
        "new Worker('x')",
        "fetch('http://127.0.0.1:1/')",
        "new XMLHttpRequest()",
        "new WebSocket('ws://127.0.0.1:1/')",
        "std.open('/etc/passwd', 'r')",
        "os.exec(['id'])",
        "scriptArgs[0]",
        "Deno.readTextFileSync('/etc/passwd')",
        "load('/etc/passwd')",
        "setTimeout(() => 1, 1)",
        "new Date()",
        "Date()",
        "Date.now()",
        "new (new Date(0).constructor)()",
        "new (class extends Date {})()",
        "Reflect.construct(Date, [])",
        "Reflect.construct(Date, [], Object)",
        "Date.prototype.constructor.now()",
        "Math.random()",
        "Object.getOwnPropertyDescriptor(Math, 'random').value()",
        "performance.now()",
        "crypto.getRandomValues(new Uint8Array(1))",
        "Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)",
        "1\0",
    ];
    all_fail(Tool::JavaScript, &OUT, &codes).await;
}

#[tokio::test]
async fn javascript_that_changes_what_it_stands_on_gets_no_clock() {
    let workshop = workshop();
    for code in [
        "let seen = []; Reflect.construct = (...all) => { seen.push(all) }; new Date(0); seen.length",
        "let seen = []; Array.prototype[Symbol.iterator] = function* () { seen.push(this) }; new Date(0); seen.length",
        "let seen = []; Function.prototype.apply = (...all) => { seen.push(all) }; new Date(0); seen.length",
        "let seen = []; Object.defineProperty(Object.prototype, 'value', { set(v) { seen.push(v) } }); new Date(0); seen.length",
    ] {
        let done = run(&workshop, Tool::JavaScript, code).await.unwrap();
        assert_eq!(done.result, json!(0), "{code}");
        serves(&workshop, &Tool::JavaScript, code).await;
    }
}

#[tokio::test]
async fn python_that_wants_too_much_is_stopped() {
    let codes = [
        "'x' * 10**10",
        "a = 'x' * 1000\nwhile True: a = a + a",
        "a = [1]\nwhile True: a = a + a",
        "a = []\nwhile True: a = [a, a, a]; a.append(a)",
        "a = []\nwhile True: a.append(a[:])",
        "a = {}\ni = 0\nwhile True:\n    a[i] = str(i) * 100\n    i += 1",
        "9**9**9",
        "10**(10**8)",
        "x = 2\nwhile True: x = x * x",
        "list(range(10**9))",
        "list(range(3 * 10**6))",
        "[0] * 10**10",
        "bytes(10**10)",
        "'%1000000000d' % 1",
        "f'{1:1000000000}'",
        "'a'.ljust(10**10)",
        "','.join(['x' * 10**6] * 10**4)",
        "sum([[1]] * 10**5, [])",
        "while True: pass",
        "while True:\n    try:\n        while True: pass\n    except BaseException:\n        pass",
        "def f(): f()\nf()",
        "def f():\n    try:\n        f()\n    finally:\n        f()\nf()",
        "import re; re.match('(a|a)*$', 'a' * 60 + 'b').group()",
        "import re; re.match('(x+x+)+y', 'x' * 5000).group()",
        "[1 for _ in range(10**12)].append(1)",
        "sorted(range(10**7), key=lambda x: -x)",
        "a = []\nfor i in range(10**6): a = [a]\n[][a == a]",
        "1 in iter(int, 1)",
    ];
    all_fail(Tool::Python, &BOMB, &codes).await;
}

#[tokio::test]
async fn javascript_that_wants_too_much_is_stopped() {
    let codes = [
        "while (true);",
        "while (true) { try { while (true); } catch {} }",
        "while (true) { try { while (true); } finally { continue } }",
        "({ get a() { while (true); } }).a",
        "new Proxy({}, { get() { while (true); } }).a",
        "[1, 2].sort(() => { while (true); })",
        "`${{ toString() { while (true); } }}`",
        "JSON.stringify({ toJSON() { while (true); } })",
        "/(a+)+$/.test('a'.repeat(50) + 'b')",
        "function f() { Promise.resolve().then(f) } f()",
        "for (;;) await null",
        "function f() { Promise.resolve().then(f); while (true); } f()",
        "(function f() { f() })()",
        "let p = {}; p.toString = () => p + ''; p + ''",
        "let a = [1]; while (true) a = a.concat(a)",
        "let a = []; while (true) a.push(new Array(1000).fill(a))",
        "let s = 'x'; while (true) s = s + s",
        "'x'.repeat(2 ** 29)",
        "'x'.padEnd(2 ** 29)",
        "new ArrayBuffer(2 ** 31)",
        "new Uint8Array(2 ** 30)",
        "let b = []; while (true) b.push(new ArrayBuffer(2 ** 20))",
        "2n ** (2n ** 40n)",
        "let x = 3n; while (true) x = x * x",
        "let o = {}; for (let i = 0; ; i++) o['k' + i] = i",
        "let m = new Map(); for (let i = 0; ; i++) m.set({}, i)",
        "Array(2 ** 32)",
        "Array.from({ length: 2 ** 30 })",
        "eval('('.repeat(1e5))",
        "new RegExp('('.repeat(1e5))",
        "JSON.parse('['.repeat(1e6))",
    ];
    let kinds = [BOMB.as_slice(), &[TroubleKind::BadInput]].concat();
    all_fail(Tool::JavaScript, &kinds, &codes).await;
}

#[tokio::test]
async fn code_that_prints_without_end_is_heard_to_the_end_of_its_room() {
    let workshop = workshop();
    for (tool, code) in [
        (
            Tool::Python,
            "line = 'x' * 1000\nfor _ in range(10**6): print(line)",
        ),
        (
            Tool::JavaScript,
            "const line = 'x'.repeat(1000); for (let i = 0; i < 1e6; i++) console.log(line)",
        ),
    ] {
        let output = match run(&workshop, tool.clone(), code).await {
            Ok(done) => done.output,
            Err(trouble) => {
                assert_eq!(trouble.kind, TroubleKind::TooLong);
                trouble.output
            }
        };
        assert_eq!(output.stdout.len(), 64 * 1024);
        assert!(output.is_cut);
        serves(&workshop, &tool, code).await;
    }
}

#[tokio::test]
async fn nobody_comes_to_a_listener() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let port = listener.local_addr().unwrap().port();
    let workshop = workshop();
    for (tool, code) in [
        (
            Tool::Python,
            format!("import socket; socket.create_connection(('127.0.0.1', {port}))"),
        ),
        (
            Tool::Python,
            format!("import urllib.request; urllib.request.urlopen('http://127.0.0.1:{port}')"),
        ),
        (
            Tool::Python,
            format!("open('http://127.0.0.1:{port}').read()"),
        ),
        (
            Tool::Python,
            format!("open('/dev/tcp/127.0.0.1/{port}').read()"),
        ),
        (
            Tool::JavaScript,
            format!("await fetch('http://127.0.0.1:{port}')"),
        ),
        (
            Tool::JavaScript,
            format!("await import('http://127.0.0.1:{port}/x.js')"),
        ),
    ] {
        assert!(run(&workshop, tool, &code).await.is_err(), "{code}");
    }
    assert!(listener.accept().is_err());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn others_are_served_while_bombs_run() {
    let workshop = Arc::new(workshop());
    let bomb = |tool: Tool, code: &'static str| {
        let workshop = Arc::clone(&workshop);
        tokio::spawn(async move { run(&workshop, tool, code).await })
    };
    let bombs = [
        bomb(Tool::Python, "while True: pass"),
        bomb(Tool::JavaScript, "while (true);"),
        bomb(Tool::Python, "a = [1]\nwhile True: a = a + a"),
    ];
    for _ in 0..20 {
        serves(&workshop, &Tool::Python, "bombs").await;
        serves(&workshop, &Tool::JavaScript, "bombs").await;
    }
    for bomb in bombs {
        assert!(bomb.await.unwrap().is_err());
    }
}

#[tokio::test]
async fn a_task_finds_nothing_of_the_one_before_it() {
    let workshop = workshop();
    run(&workshop, Tool::Python, "secret = 1\nimport math\nmath.pi")
        .await
        .unwrap();
    assert!(run(&workshop, Tool::Python, "secret").await.is_err());
    let spoil = "globalThis.secret = 1; Array.prototype.secret = 1; JSON.stringify = () => 'no'; 1";
    run(&workshop, Tool::JavaScript, spoil).await.unwrap();
    let done = run(
        &workshop,
        Tool::JavaScript,
        "[typeof secret, typeof [].secret, JSON.stringify(1)]",
    )
    .await
    .unwrap();
    assert_eq!(done.result, json!(["undefined", "undefined", "1"]));
}

#[tokio::test]
async fn a_session_goes_on_and_is_one_clients() {
    let workshop = workshop();
    let grants = Grants::default();
    for (tool, begin, fail, go_on) in [
        (
            Tool::Python,
            "x = 20\ndef f(y): return x + y",
            "1/0",
            "f(22)",
        ),
        (
            Tool::JavaScript,
            "let x = 20; function f(y) { return x + y }",
            "null.x",
            "f(22)",
        ),
        (Tool::Python, "y = [1]", "while True: pass", "y[0] + 41"),
        (
            Tool::JavaScript,
            "var y = [1]",
            "while (true);",
            "y[0] + 41",
        ),
    ] {
        let session = |code: &str| json!({ "code": code, "session": "a" });
        with(&workshop, &grants, tool.clone(), session(begin))
            .await
            .unwrap();
        assert!(
            with(&workshop, &grants, tool.clone(), session(fail))
                .await
                .is_err()
        );
        let done = with(&workshop, &grants, tool.clone(), session(go_on))
            .await
            .unwrap();
        assert_eq!(done.result, json!(42), "{go_on}");
        let ask = Ask {
            tool,
            arguments: session(go_on),
            client: "you".to_owned(),
        };
        assert!(
            workshop.run(&grants, ask).await.is_err(),
            "another client's is another"
        );
    }
}

#[tokio::test]
async fn a_session_that_eats_its_memory_up_ends_and_says_so() {
    let workshop = workshop();
    let grants = Grants::default();
    let session = |code: &str| json!({ "code": code, "session": "a" });
    with(&workshop, &grants, Tool::Python, session("x = 1"))
        .await
        .unwrap();
    // One step that wants far more ends the process; a smaller one is an error that leaves the session be.
    let ended = with(
        &workshop,
        &grants,
        Tool::Python,
        session("list(range(2 * 10**6))"),
    )
    .await
    .unwrap_err();
    assert_eq!(ended.kind, TroubleKind::TooMuch);
    assert!(ended.message.contains("is lost"), "{ended}");
    let anew = with(&workshop, &grants, Tool::Python, session("x"))
        .await
        .unwrap_err();
    assert!(anew.message.contains("NameError"), "{anew}");
}

#[tokio::test]
async fn values_are_told_exactly() {
    let workshop = workshop();
    for (tool, code, result, text) in [
        (
            Tool::Python,
            "2**53 - 1",
            json!(9_007_199_254_740_991_i64),
            "9007199254740991",
        ),
        (
            Tool::Python,
            "2**53",
            json!("9007199254740992"),
            "9007199254740992",
        ),
        (
            Tool::Python,
            "-2**70",
            json!("-1180591620717411303424"),
            "-1180591620717411303424",
        ),
        (
            Tool::Python,
            "0.1 + 0.2",
            json!(0.1 + 0.2),
            "0.30000000000000004",
        ),
        (Tool::Python, "float('inf')", json!("inf"), "inf"),
        (
            Tool::Python,
            "(1,), {'a': None}, 'é'",
            json!([[1], { "a": null }, "é"]),
            "((1,), {'a': None}, 'é')",
        ),
        (Tool::Python, "{1: 'a'}", json!([[1, "a"]]), "{1: 'a'}"),
        (
            Tool::Python,
            "print('a')\nprint('b')\n3",
            json!(3),
            "a\nb\n3",
        ),
        (Tool::Python, "x = 1", json!(null), ""),
        (
            Tool::JavaScript,
            "2 ** 53 - 1",
            json!(9_007_199_254_740_991_i64),
            "9007199254740991",
        ),
        (
            Tool::JavaScript,
            "2n ** 70n",
            json!("1180591620717411303424"),
            "1180591620717411303424n",
        ),
        (
            Tool::JavaScript,
            "0.1 + 0.2",
            json!(0.1 + 0.2),
            "0.30000000000000004",
        ),
        (Tool::JavaScript, "NaN", json!("NaN"), "NaN"),
        (
            Tool::JavaScript,
            "({ a: [1, undefined], b: undefined })",
            json!({ "a": [1, null] }),
            "{ a: [ 1, undefined ], b: undefined }",
        ),
        (
            Tool::JavaScript,
            "new Map([[1, 'a']])",
            json!([[1, "a"]]),
            "Map(1) { 1 => 'a' }",
        ),
        (
            Tool::JavaScript,
            "new Date(Date.UTC(2024, 1, 29)).toISOString()",
            json!("2024-02-29T00:00:00.000Z"),
            "'2024-02-29T00:00:00.000Z'",
        ),
        (
            Tool::JavaScript,
            "console.log('a', [1]); console.error('b'); await 3",
            json!(3),
            "a [ 1 ]\n3",
        ),
        (Tool::JavaScript, "undefined", json!(null), ""),
    ] {
        let done = run(&workshop, tool, code).await.unwrap();
        assert_eq!(done.result, result, "{code}");
        assert_eq!(done.text, text, "{code}");
    }
}

#[tokio::test]
async fn an_error_is_told_with_its_line_and_what_was_printed_before_it() {
    let workshop = workshop();
    for (tool, code, line) in [
        (Tool::Python, "print('before')\n1/0", "line 2"),
        (Tool::JavaScript, "console.log('before')\nnull.x", "code:2"),
    ] {
        let trouble = run(&workshop, tool, code).await.unwrap_err();
        assert_eq!(trouble.kind, TroubleKind::NoAnswer);
        assert!(trouble.message.contains(line), "{trouble}");
        assert_eq!(trouble.output.stdout, "before\n");
    }
    for (tool, code) in [(Tool::Python, "x ="), (Tool::JavaScript, "x =")] {
        let trouble = run(&workshop, tool, code).await.unwrap_err();
        assert_eq!(trouble.kind, TroubleKind::BadInput, "{trouble}");
    }
    let thrown = run(&workshop, Tool::JavaScript, "JSON.parse('{')")
        .await
        .unwrap_err();
    assert_eq!(
        thrown.kind,
        TroubleKind::NoAnswer,
        "the code is fine: {thrown}"
    );
}

#[tokio::test]
async fn what_was_granted_can_be_used() {
    let workshop = workshop();
    let grants = Grants {
        interpreters: Interpreters {
            clock: true,
            chance: true,
            ..Interpreters::default()
        },
        ..Grants::default()
    };
    for (tool, code) in [
        (
            Tool::Python,
            "import datetime; 2024 < datetime.date.today().year",
        ),
        (
            Tool::Python,
            "from datetime import datetime, timezone; datetime.now(timezone.utc) > datetime(2024, 1, 1, tzinfo=timezone.utc)",
        ),
        (
            Tool::JavaScript,
            "new Date().getTime() > 1.7e12 && Date.now() > 1.7e12",
        ),
        (Tool::JavaScript, "Math.random() < 1"),
    ] {
        let done = with(&workshop, &grants, tool, json!({ "code": code })).await;
        assert_eq!(done.unwrap().result, json!(true), "{code}");
    }
}

#[cfg(unix)]
#[tokio::test]
async fn python_reads_granted_folders_and_nothing_beside_them() {
    let around = tempfile::tempdir().unwrap();
    let granted = around.path().join("granted");
    std::fs::create_dir_all(granted.join("sub")).unwrap();
    std::fs::write(granted.join("a.txt"), "granted\n").unwrap();
    std::fs::write(around.path().join("secret.txt"), "root: secret").unwrap();
    std::fs::create_dir(around.path().join("granted-too")).unwrap();
    std::fs::write(around.path().join("granted-too/secret.txt"), "root: secret").unwrap();
    std::os::unix::fs::symlink(around.path().join("secret.txt"), granted.join("out.txt")).unwrap();
    std::os::unix::fs::symlink("../../secret.txt", granted.join("sub/out.txt")).unwrap();
    std::os::unix::fs::symlink(around.path(), granted.join("out")).unwrap();
    std::os::unix::fs::symlink("a.txt", granted.join("in.txt")).unwrap();
    let grants = Grants {
        interpreters: Interpreters {
            folders: vec![granted.clone()],
            ..Interpreters::default()
        },
        ..Grants::default()
    };
    let workshop = workshop();
    let at = granted.display();
    let python =
        async |code: String| with(&workshop, &grants, Tool::Python, json!({ "code": code })).await;
    for read in [
        format!("open('{at}/a.txt').read()"),
        format!("open('{at}/in.txt').read()"),
        format!("open('{at}/sub/../a.txt').read()"),
        format!("from pathlib import Path; Path('{at}/a.txt').read_text()"),
    ] {
        assert_eq!(python(read).await.unwrap().result, json!("granted\n"));
    }
    for out in [
        format!("open('{at}/out.txt').read()"),
        format!("open('{at}/sub/out.txt').read()"),
        format!("open('{at}/out/secret.txt').read()"),
        format!("open('{at}/../secret.txt').read()"),
        format!("open('{at}-too/secret.txt').read()"),
        format!("open('{at}/sub/../../secret.txt').read()"),
        format!("open('{at}/a.txt\\0').read()"),
        "open('/proc/self/environ').read()".to_owned(),
        "open('/etc/passwd').read()".to_owned(),
        format!("open('{at}/b.txt', 'w').write('x')"),
        format!("open('{at}/a.txt', 'a').write('x')"),
        format!("from pathlib import Path; Path('{at}/a.txt').unlink()"),
        format!("from pathlib import Path; Path('{at}/new').mkdir()"),
        format!("from pathlib import Path; Path('{at}/a.txt').rename('{at}/b.txt')"),
    ] {
        let trouble = python(out.clone()).await.unwrap_err();
        assert!(!trouble.message.contains("root:"), "{out}: {trouble}");
        assert_eq!(trouble.kind, TroubleKind::NoAnswer, "{out}: {trouble}");
    }
    assert_eq!(
        std::fs::read_to_string(granted.join("a.txt")).unwrap(),
        "granted\n"
    );
    assert_eq!(std::fs::read_dir(&granted).unwrap().count(), 5);
}

#[cfg(unix)]
#[tokio::test]
async fn a_link_in_the_place_of_a_granted_folder_is_not_followed() {
    let around = tempfile::tempdir().unwrap();
    let around = around.path();
    std::fs::create_dir_all(around.join("real/granted")).unwrap();
    std::fs::create_dir(around.join("secret")).unwrap();
    std::fs::write(around.join("real/granted/a.txt"), "granted").unwrap();
    std::fs::write(around.join("secret/a.txt"), "root: secret").unwrap();
    std::os::unix::fs::symlink("real", around.join("way")).unwrap();
    // Written with a slash at its end, as people do.
    let granted = around.join("way/granted/");
    let grants = Grants {
        interpreters: Interpreters {
            folders: vec![granted.clone()],
            ..Interpreters::default()
        },
        ..Grants::default()
    };
    let workshop = workshop();
    let read = json!({ "code": format!("open('{}/way/granted/a.txt').read()", around.display()) });
    let done = with(&workshop, &grants, Tool::Python, read.clone()).await;
    assert_eq!(
        done.unwrap().result,
        json!("granted"),
        "under its name in the config, through a link above it"
    );
    std::fs::rename(around.join("real/granted"), around.join("real/moved")).unwrap();
    std::os::unix::fs::symlink(around.join("secret"), around.join("real/granted")).unwrap();
    let trouble = with(&workshop, &grants, Tool::Python, read).await;
    let trouble = trouble.unwrap_err();
    assert_eq!(trouble.kind, TroubleKind::Unavailable, "{trouble}");
    assert!(trouble.message.contains("is a link"), "{trouble}");
}

/// Whoever starts the program looks at the folder before; what is put there since is seen by the program.
#[cfg(unix)]
#[test]
fn a_folder_that_leads_elsewhere_when_it_is_opened_is_not_opened() {
    let around = tempfile::tempdir().unwrap();
    let around = around.path().canonicalize().unwrap();
    std::os::unix::fs::symlink("/etc", around.join("granted")).unwrap();
    let setup = speech::Setup {
        language: speech::Language::Python,
        clock: false,
        chance: false,
        folders: vec![speech::Folder {
            name: around.join("granted"),
            place: around.join("granted"),
        }],
        limits: speech::Limits::default(),
    };
    let status = std::process::Command::new(env!("CARGO_BIN_EXE_signalbox-sandbox"))
        .arg(serde_json::to_string(&setup).unwrap())
        .stdin(std::process::Stdio::null())
        .stdout(std::process::Stdio::null())
        .status();
    assert_eq!(status.unwrap().code(), Some(64));
}

#[tokio::test]
async fn code_that_waits_for_what_nobody_does_says_so() {
    let workshop = workshop();
    let codes = [
        "await new Promise(() => {})",
        "console.log('a'); await new Promise(() => {}); 1",
    ];
    for code in codes {
        let trouble = run(&workshop, Tool::JavaScript, code).await.unwrap_err();
        assert_eq!(trouble.kind, TroubleKind::NoAnswer, "{trouble}");
        assert!(trouble.message.contains("nobody will do"), "{trouble}");
        serves(&workshop, &Tool::JavaScript, code).await;
    }
}

#[tokio::test]
async fn javascript_that_is_out_of_memory_says_so() {
    let workshop = workshop();
    for code in [
        "let a = []; while (true) a.push({})",
        "let a = []; while (true) a.push([a.length])",
        "let o = {}; for (let i = 0; ; i++) o['k' + i] = i",
        "let m = new Map(); for (let i = 0; ; i++) m.set({}, i)",
        "let a = []; for (let i = 0; ; i++) a.push('x' + i)",
        "(() => { let a = []; while (true) a.push({}) })()",
        "(() => { let a; while (true) a = { a } })()",
        "let a; while (true) a = { a }",
        "let a = []; const f = () => { throw null }; while (true) a.push([a.length])",
    ] {
        let trouble = run(&workshop, Tool::JavaScript, code).await.unwrap_err();
        assert_eq!(trouble.kind, TroubleKind::TooMuch, "{code}: {trouble}");
        serves(&workshop, &Tool::JavaScript, code).await;
    }
    let thrown = run(&workshop, Tool::JavaScript, "throw null").await;
    assert_eq!(thrown.unwrap_err().kind, TroubleKind::NoAnswer);
}

#[tokio::test]
async fn code_that_is_too_long_is_refused() {
    let workshop = workshop();
    let code = format!("'{}'", "x".repeat(256 * 1024));
    let trouble = run(&workshop, Tool::Python, &code).await.unwrap_err();
    assert_eq!(trouble.kind, TroubleKind::BadInput);
    let just = format!("len('{}')", "\u{1}".repeat(256 * 1024 - 7));
    let done = run(&workshop, Tool::Python, &just).await.unwrap();
    assert_eq!(
        done.result,
        json!(256 * 1024 - 7),
        "escaped on its way it is six times as long"
    );
}

#[cfg(unix)]
#[tokio::test]
async fn a_sandbox_that_is_fed_nonsense_ends() {
    use std::io::Write;
    use std::process::{Command, Stdio};
    let setup = serde_json::to_string(&speech::Setup {
        language: speech::Language::Python,
        clock: false,
        chance: false,
        folders: Vec::new(),
        limits: speech::Limits::default(),
    });
    let setup = setup.unwrap();
    let endless = vec![b'x'; speech::LONGEST_TASK + 2];
    for nonsense in [
        b"what?\n".as_slice(),
        b"\0\0\0\n",
        b"{}\n",
        b"no end",
        &endless,
    ] {
        let mut child = Command::new(env!("CARGO_BIN_EXE_signalbox-sandbox"))
            .arg(&setup)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        // It may have ended before it was told everything.
        let _ = child.stdin.take().unwrap().write_all(nonsense);
        assert_eq!(child.wait().unwrap().code(), Some(66));
    }
    let unset = Command::new(env!("CARGO_BIN_EXE_signalbox-sandbox"))
        .arg("{}")
        .status()
        .unwrap();
    assert_eq!(unset.code(), Some(64));
}
