//! The store over sled, and over shelves that hang, fail and fill up.

use std::collections::HashMap;
use std::sync::Condvar;

use dialect::{Endpoint, read_request};

use super::shelf::{Shelf, ShelfError};
use super::*;

const KEY: &str = "1abc";

fn key(n: usize) -> Fingerprint {
    let body = format!(r#"{{"model":"m","messages":[{{"role":"user","content":"{n}"}}]}}"#);
    let request = read_request(Endpoint::ChatCompletions, body.as_bytes(), None).unwrap();
    let scope = cache::Scope {
        client: "c",
        policy: "1",
        targets: &[],
    };
    cache::fingerprint(&request, &scope).unwrap()
}

fn limits() -> DiskLimits {
    DiskLimits {
        patience: Duration::from_secs(5),
        ..DiskLimits::default()
    }
}

/// Waits for something that another thread is about to do.
#[track_caller]
fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(20);
    while !is_so() {
        assert!(Instant::now() < deadline, "not within 20 s: {what}");
        std::thread::yield_now();
    }
}

#[track_caller]
fn serving(store: &DiskCache) {
    until("it serves", || store.health().state == DiskState::Serving);
}

/// Keeps a value, and waits until it is on the shelf.
#[track_caller]
fn keep(store: &DiskCache, key: &Fingerprint, value: &[u8]) {
    store.write(key, value.to_vec());
    until("it is kept", || {
        store.shared.desk.waiting(key.bytes()).is_none()
            && store.read(key).as_deref() == Some(value)
    });
}

fn opened(folder: &Path, limits: DiskLimits) -> DiskCache {
    let store = DiskCache::open(folder, KEY, limits).unwrap();
    serving(&store);
    store
}

fn folders(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).unwrap().flatten();
    let mut names: Vec<String> = entries
        .filter(|entry| entry.path().is_dir())
        .map(|entry| entry.file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

// ------------------------------------------------------------------ over sled

#[test]
fn what_was_kept_is_there_in_the_next_run() {
    let home = tempfile::tempdir().unwrap();
    let store = opened(home.path(), limits());
    let large = vec![7; 10 << 20];
    store.write(&key(1), b"one".to_vec());
    store.write(&key(2), large.clone());
    assert_eq!(store.read(&key(1)).as_deref(), Some(&b"one"[..]));
    assert_eq!(store.read(&key(3)), None);
    drop(store);
    let store = opened(home.path(), limits());
    assert_eq!(store.read(&key(1)).as_deref(), Some(&b"one"[..]));
    assert_eq!(store.read(&key(2)), Some(large), "ten megabytes too");
    store.write(&key(1), b"uno".to_vec());
    assert_eq!(store.read(&key(1)).as_deref(), Some(&b"uno"[..]));
    assert_eq!(store.health().dropped, 0);
}

#[test]
fn what_another_key_or_format_sealed_is_deleted_unread() {
    let home = tempfile::tempdir().unwrap();
    opened(home.path(), limits()).write(&key(1), b"one".to_vec());
    assert_eq!(folders(home.path()), ["1abc-1"]);
    let store = DiskCache::open(home.path(), "2def", limits()).unwrap();
    serving(&store);
    assert_eq!(folders(home.path()), ["2def-1"]);
    assert_eq!(store.read(&key(1)), None);
}

#[test]
fn after_forgetting_nothing_is_left_and_it_goes_on() {
    let home = tempfile::tempdir().unwrap();
    let store = opened(home.path(), limits());
    keep(&store, &key(1), b"one");
    store.write(&key(2), b"two".to_vec());
    store.purge();
    assert_eq!(store.read(&key(1)), None);
    assert_eq!(store.read(&key(2)), None);
    keep(&store, &key(1), b"uno");
    assert_eq!(folders(home.path()).len(), 1);
}

#[test]
fn a_damaged_folder_is_set_aside_and_said() {
    let home = tempfile::tempdir().unwrap();
    let store = opened(home.path(), limits());
    for n in 0..100 {
        store.write(&key(n), vec![n as u8; 1_000]);
    }
    until("all are kept", || store.read(&key(99)).is_some());
    drop(store);
    for name in ["conf", "db"] {
        std::fs::write(home.path().join("1abc-1").join(name), b"not a store").unwrap();
    }
    let store = opened(home.path(), limits());
    assert_eq!(store.health().damaged, 1);
    assert_eq!(folders(home.path()), ["1abc-2", "damaged"]);
    assert_eq!(store.read(&key(1)), None);
    keep(&store, &key(1), b"one");
}

#[test]
fn a_second_one_is_refused_by_the_name_of_the_first() {
    let home = tempfile::tempdir().unwrap();
    let first = opened(home.path(), limits());
    let refusal = DiskCache::open(home.path(), KEY, limits()).unwrap_err();
    let refusal = refusal.to_string();
    let process = format!("process {}", std::process::id());
    assert!(refusal.contains(&process), "{refusal}");
    drop(first);
    opened(home.path(), limits());
}

#[test]
fn the_room_on_disk_is_bounded_by_leaving_folders() {
    let home = tempfile::tempdir().unwrap();
    let limits = DiskLimits {
        bytes: 16 << 20,
        ..limits()
    };
    let store = opened(home.path(), limits);
    let mut state = 1_u64;
    let mut noise = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state as u8
    };
    let value: Vec<u8> = (0..1 << 20).map(|_| noise()).collect();
    let mut n = 0;
    until("the third folder", || {
        // One that is left with its folder may be gone at once.
        store.write(&key(n), value.clone());
        until("it was taken", || {
            store.shared.desk.waiting(key(n).bytes()).is_none()
        });
        n += 1;
        folders(home.path())
            .last()
            .is_some_and(|name| name.as_str() >= "1abc-3")
    });
    assert!(folders(home.path()).len() <= 2);
    keep(&store, &key(n), b"the newest is there");
    assert!(store.read(&key(0)).is_none(), "the oldest went as a folder");
    assert!(store.health().bytes <= 16 << 20);
}

// ------------------------------------------------------- over shelves of our own

/// Shelves in memory that do what a test wants.
#[derive(Default)]
struct Fakes {
    mood: Mutex<Mood>,
    changed: Condvar,
}

#[derive(Default)]
struct Mood {
    hangs: bool,
    fails: Option<ShelfError>,
    panics: bool,
    opened: usize,
}

impl Fakes {
    fn set(&self, change: impl FnOnce(&mut Mood)) {
        change(&mut self.mood.lock().unwrap());
        self.changed.notify_all();
    }

    fn pass(&self) -> Result<(), ShelfError> {
        let mut mood = self.mood.lock().unwrap();
        while mood.hangs {
            mood = self.changed.wait(mood).unwrap();
        }
        let (panics, failure) = (std::mem::take(&mut mood.panics), mood.fails.clone());
        drop(mood);
        assert!(!panics, "as the test wanted");
        failure.map_or(Ok(()), Err)
    }
}

struct FakeShelves(Arc<Fakes>);

struct FakeShelf {
    fakes: Arc<Fakes>,
    values: Mutex<HashMap<[u8; 32], Vec<u8>>>,
}

impl Shelves for FakeShelves {
    fn open(&self, _: &Path) -> Result<Box<dyn Shelf>, ShelfError> {
        self.0.set(|mood| mood.opened += 1);
        Ok(Box::new(FakeShelf {
            fakes: Arc::clone(&self.0),
            values: Mutex::default(),
        }))
    }
}

impl Shelf for FakeShelf {
    fn get(&self, key: &[u8; 32]) -> Result<Option<Vec<u8>>, ShelfError> {
        self.fakes.pass()?;
        Ok(self.values.lock().unwrap().get(key).cloned())
    }

    fn put(&self, key: &[u8; 32], value: Vec<u8>) -> Result<(), ShelfError> {
        self.fakes.pass()?;
        self.values.lock().unwrap().insert(*key, value);
        Ok(())
    }

    fn flush(&self) -> Result<(), ShelfError> {
        self.fakes.pass()
    }
}

fn faked(home: &tempfile::TempDir, limits: DiskLimits) -> (DiskCache, Arc<Fakes>) {
    let fakes = Arc::<Fakes>::default();
    let shelves = Arc::new(FakeShelves(Arc::clone(&fakes)));
    let store = DiskCache::open_with(home.path(), KEY, limits, shelves).unwrap();
    serving(&store);
    (store, fakes)
}

fn impatient() -> DiskLimits {
    DiskLimits {
        patience: Duration::from_millis(20),
        stuck: Duration::from_millis(100),
        ..DiskLimits::default()
    }
}

#[test]
fn a_store_that_hangs_is_left_and_another_serves() {
    let home = tempfile::tempdir().unwrap();
    let (store, fakes) = faked(&home, impatient());
    keep(&store, &key(1), b"one");

    fakes.set(|mood| mood.hangs = true);
    let asked = Instant::now();
    assert_eq!(store.read(&key(1)), None);
    assert!(
        asked.elapsed() < Duration::from_secs(5),
        "nobody waits long"
    );
    until("it is left", || {
        store.read(&key(1));
        store.health().abandoned == 1
    });
    // The second one hangs as well, and the third; then it is enough.
    until("it is given up", || {
        store.read(&key(1));
        matches!(store.health().state, DiskState::Off { .. })
    });
    let health = store.health();
    assert_eq!(health.abandoned, MOST_ABANDONED);
    assert!(health.late > 0);

    fakes.set(|mood| mood.hangs = false);
    until("those who hung come back and go", || {
        store.health().abandoned == 0
    });
}

#[test]
fn one_that_was_left_keeps_nothing_for_its_successor() {
    let home = tempfile::tempdir().unwrap();
    let (store, fakes) = faked(&home, impatient());
    keep(&store, &key(1), b"old");
    fakes.set(|mood| mood.hangs = true);
    until("it is left", || {
        store.read(&key(1));
        store.health().abandoned == 1
    });
    fakes.set(|mood| mood.hangs = false);
    until("it is gone", || store.health().abandoned == 0);
    serving(&store);
    assert_eq!(store.read(&key(1)), None);
    keep(&store, &key(1), b"new");
    assert_eq!(folders(home.path()).len(), 1);
}

#[test]
fn on_a_full_disk_there_is_none_and_its_room_is_given_back() {
    let home = tempfile::tempdir().unwrap();
    let (store, fakes) = faked(&home, limits());
    fakes.set(|mood| mood.fails = Some(ShelfError::Full));
    store.write(&key(1), b"one".to_vec());
    until("it is off", || {
        matches!(store.health().state, DiskState::Off { .. })
    });
    let DiskState::Off { reason } = store.health().state else {
        panic!("it is off");
    };
    assert!(reason.contains("the disk is full"), "{reason}");
    assert!(reason.contains("memory"), "{reason}");
    until("its folders are gone", || folders(home.path()).is_empty());
    assert_eq!(store.read(&key(1)), None);
    let before = store.health().dropped;
    store.write(&key(1), b"one".to_vec());
    assert_eq!(store.health().dropped, before + 1);
}

#[test]
fn damage_found_while_serving_is_set_aside_at_once() {
    let home = tempfile::tempdir().unwrap();
    let (store, fakes) = faked(&home, limits());
    fakes.set(|mood| mood.fails = Some(ShelfError::Damaged("a page".to_owned())));
    assert_eq!(store.read(&key(1)), None);
    fakes.set(|mood| mood.fails = None);
    until("it is said", || store.health().damaged == 1);
    store.write(&key(1), b"one".to_vec());
    until("it goes on", || store.read(&key(1)).is_some());
    assert!(folders(home.path()).contains(&"damaged".to_owned()));
}

#[test]
fn a_panic_in_the_store_is_a_failure_of_the_store_alone() {
    let home = tempfile::tempdir().unwrap();
    let (store, fakes) = faked(&home, limits());
    fakes.set(|mood| mood.panics = true);
    assert_eq!(store.read(&key(1)), None);
    until("it is said", || {
        matches!(store.health().state, DiskState::Off { .. })
    });
    assert_eq!(store.health().abandoned, 0);
}

#[test]
fn a_value_beyond_the_largest_is_not_kept() {
    let home = tempfile::tempdir().unwrap();
    let (store, _) = faked(&home, limits());
    store.write(&key(1), vec![0; LARGEST + 1]);
    assert_eq!(store.health().dropped, 1);
    assert_eq!(store.read(&key(1)), None);
}
