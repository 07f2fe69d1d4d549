//! A process that is killed while it keeps answers: what the next one finds is whole and right.
//!
//! The child is this very test binary, which runs the one test that is ignored.

#![expect(clippy::unwrap_used, reason = "a test stops with a backtrace")]

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use cache::{Cache, Entry, Fingerprint, Limits, Scope, SealKey, Store, Written, fingerprint};
use dialect::hub::{Event, Start};
use dialect::{Endpoint, read_request};
use host::{DiskCache, DiskLimits, DiskState};

const FOLDER: &str = "SIGNALBOX_TEST_KILLED_FOLDER";
const KEYS: usize = 60;
const ROUNDS: u64 = 6;

fn question(n: usize) -> Fingerprint {
    let body = format!(r#"{{"model":"m","messages":[{{"role":"user","content":"{n}"}}]}}"#);
    let request = read_request(Endpoint::ChatCompletions, body.as_bytes(), None).unwrap();
    let scope = Scope {
        client: "c",
        policy: "1",
        targets: &[],
    };
    fingerprint(&request, &scope).unwrap()
}

fn now_ms() -> u64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    u64::try_from(now.as_millis()).unwrap()
}

fn key() -> SealKey {
    SealKey::from_bytes(&[7; 32])
}

fn store(folder: &Path) -> Arc<DiskCache> {
    let limits = DiskLimits {
        // A test machine may be busy.
        patience: Duration::from_secs(10),
        ..DiskLimits::default()
    };
    Arc::new(DiskCache::open(folder, &key().name(), limits).unwrap())
}

fn cache(store: &Arc<DiskCache>) -> Cache {
    let limits = Limits {
        memory_bytes: 0,
        ..Limits::default()
    };
    let cache = Cache::new(limits);
    cache.attach(Arc::clone(store) as Arc<dyn Store>, key());
    cache
}

/// The answer to question `n`, of its `round`: its length and each of its bytes tell.
fn answer(n: usize, round: u64) -> Entry {
    let reply = [
        Event::Start(Start {
            id: Some(format!("{n} {round}")),
            model: None,
        }),
        Event::End,
    ];
    let now = now_ms();
    let mut entry = Entry::new((now, now + 300_000), ("p", "m"), &reply).unwrap();
    entry.written = Some(Written::new(
        Endpoint::ChatCompletions,
        false,
        false,
        body(n, round),
    ));
    entry
}

fn body(n: usize, round: u64) -> Vec<u8> {
    let length = [200, 4_000, 20_000, 100_000][n % 4];
    let line = format!("{n} {round};");
    line.bytes().cycle().take(length).collect()
}

#[test]
#[ignore = "the child of the other test, which kills it"]
fn keeps_answers_until_it_is_killed() {
    let folder = std::env::var_os(FOLDER).unwrap();
    let store = store(Path::new(&folder));
    while store.health().state == DiskState::Opening {
        std::thread::yield_now();
    }
    let cache = cache(&store);
    for round in 0.. {
        for n in 0..KEYS {
            cache.keep(&question(n), &Arc::new(answer(n, round)), now_ms());
            // Not faster than it is taken.
            std::thread::sleep(Duration::from_millis(2));
        }
        println!("round {round}");
    }
}

#[test]
fn what_a_killed_process_kept_is_whole_and_right() {
    let home = tempfile::tempdir().unwrap();
    let folder = home.path().join("cache");
    let mut found = 0;
    for round in 0..ROUNDS {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "keeps_answers_until_it_is_killed", "--ignored"])
            .arg("--nocapture")
            .env(FOLDER, &folder)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        // It is in the middle of its work now, and a little further each time.
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut rounds = lines.map_while(Result::ok);
        assert!(rounds.any(|line| line.starts_with("round ")));
        std::thread::sleep(Duration::from_millis(97 * round));
        child.kill().unwrap();
        child.wait().unwrap();

        let begin = Instant::now();
        let store = store(&folder);
        assert!(
            begin.elapsed() < Duration::from_secs(1),
            "a start does not wait for it"
        );
        while store.health().state == DiskState::Opening {
            std::thread::yield_now();
        }
        let open = begin.elapsed();
        let cache = cache(&store);
        for n in 0..KEYS {
            let Some(entry) = cache.fetch(&question(n), now_ms()) else {
                continue;
            };
            found += 1;
            let reply = entry.reply().unwrap();
            let Event::Start(Start { id: Some(id), .. }) = &reply[0] else {
                panic!("{reply:?}");
            };
            let (whose, round) = id.split_once(' ').unwrap();
            assert_eq!(whose, n.to_string(), "an answer to another question");
            let told = entry.written.as_ref().unwrap().body();
            assert!(*told == body(n, round.parse().unwrap()), "question {n}");
        }
        println!("found {found}, open after {open:?}, {:?}", store.health());
    }
    assert!(found > 100, "{found}");
}
