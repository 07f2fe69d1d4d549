//! A SQLite file, opened so that reading is all that can be done.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use rusqlite::config::DbConfig;
use rusqlite::hooks::{AuthAction, AuthContext, Authorization};
use rusqlite::limits::Limit;
use rusqlite::{Connection, OpenFlags};

use speech::errand::{Lookup, Refused};

use super::{clock, unavailable};
use crate::lock::Held;

/// What was refused while the statement was compiled or run.
pub(super) type Refusals = Arc<Mutex<Option<String>>>;

/// Steps of SQLite's machine between two looks at the clock.
const STEPS: i32 = 100;
/// What SQLite may hold at once, in bytes.
const HEAP: i64 = 128 * 1024 * 1024;
/// Address space of the process, in bytes.
const SPACE: u64 = 512 * 1024 * 1024;
/// How large the index of a WAL may grow, in bytes: enough for one of 8 GiB.
const INDEX: u64 = 16 * 1024 * 1024;
/// Processor time beyond that of the statement, in seconds.
const BEYOND: u64 = 2;

/// What a statement may be made of. A value or row of a table that is longer than the first can't be read.
const LIMITS: [(Limit, i32); 10] = [
    (Limit::SQLITE_LIMIT_LENGTH, 2 * 1024 * 1024),
    (Limit::SQLITE_LIMIT_SQL_LENGTH, 200_000),
    (Limit::SQLITE_LIMIT_EXPR_DEPTH, 200),
    (Limit::SQLITE_LIMIT_COMPOUND_SELECT, 100),
    (Limit::SQLITE_LIMIT_VDBE_OP, 250_000),
    (Limit::SQLITE_LIMIT_FUNCTION_ARG, 100),
    (Limit::SQLITE_LIMIT_ATTACHED, 0),
    (Limit::SQLITE_LIMIT_LIKE_PATTERN_LENGTH, 200),
    (Limit::SQLITE_LIMIT_VARIABLE_NUMBER, 1_000),
    (Limit::SQLITE_LIMIT_WORKER_THREADS, 0),
];

/// Columns of an answer, and of what is sorted and grouped.
const COLUMNS: i32 = 200;

/// What the process may have: the file, and in WAL mode what SQLite makes beside it.
pub(crate) fn held(lookup: &Lookup, path: Option<&Path>) -> Held {
    let is_shared = path.is_some_and(is_in_wal_mode);
    let beside = |what: &str| {
        let mut name = path?.as_os_str().to_owned();
        name.push(what);
        Some(PathBuf::from(name))
    };
    let folder = path.and_then(Path::parent).filter(|_| is_shared);
    let reads = [beside(""), beside("-journal"), Some("/dev/urandom".into())];
    Held {
        space: SPACE,
        processor: lookup.time_ms.div_ceil(1_000) + BEYOND,
        grows: if is_shared { INDEX } else { 0 },
        reads: reads.into_iter().flatten().collect(),
        writes: folder.map(Path::to_owned).into_iter().collect(),
    }
}

/// As the header of the file says: the version that may read it.
fn is_in_wal_mode(path: &Path) -> bool {
    use std::io::Read;
    let mut header = [0; 20];
    let read = std::fs::File::open(path).and_then(|mut file| file.read_exact(&mut header));
    read.is_ok() && header[19] == 2
}

/// Opens it for one statement. Beside it stands what the statement wanted and did not get.
pub(super) fn open(
    lookup: &Lookup,
    path: &Path,
    until: Instant,
) -> Result<(Connection, Refusals), Refused> {
    let name = &lookup.name;
    let failed = |why: rusqlite::Error| {
        unavailable(format!("The database `{name}` can't be opened: {why}."))
    };
    // No URI: the file's name is a name, whatever characters it has.
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY
        | OpenFlags::SQLITE_OPEN_NO_MUTEX
        | OpenFlags::SQLITE_OPEN_NOFOLLOW;
    let mut connection = Connection::open_with_flags(path, flags).map_err(failed)?;
    lock_up(&mut connection, lookup, until)
        .map_err(failed)
        .map(|refused| (connection, refused))
}

/// A regular file, and no link to one: what a link leads to can change behind the config's back. Links among the
/// folders above are followed here, once; SQLite follows none.
pub(crate) fn file(lookup: &Lookup) -> Result<PathBuf, Refused> {
    let (name, path) = (&lookup.name, &lookup.path);
    let refuse = |why: &str| {
        let message = format!(
            "The database `{name}` can't be opened: `{}` {why}.",
            path.display()
        );
        Err(unavailable(message))
    };
    match path.symlink_metadata() {
        Err(why) if why.kind() == std::io::ErrorKind::NotFound => refuse("is not there"),
        Err(why) => refuse(&format!("can't be looked at ({why})")),
        Ok(it) if it.is_symlink() => refuse("is a link. Name the file itself in the config"),
        Ok(it) if !it.is_file() => refuse("is no file"),
        Ok(_) => path
            .canonicalize()
            .or_else(|why| refuse(&format!("can't be looked at ({why})"))),
    }
}

fn lock_up(
    connection: &mut Connection,
    lookup: &Lookup,
    until: Instant,
) -> rusqlite::Result<Refusals> {
    connection.busy_timeout(Duration::from_millis(lookup.time_ms.min(1_000)))?;
    for (config, is) in [
        (DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true),
        (DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false),
        (DbConfig::SQLITE_DBCONFIG_WRITABLE_SCHEMA, false),
        (DbConfig::SQLITE_DBCONFIG_ENABLE_FTS3_TOKENIZER, false),
        (DbConfig::SQLITE_DBCONFIG_ENABLE_TRIGGER, false),
        (DbConfig::SQLITE_DBCONFIG_ENABLE_ATTACH_CREATE, false),
        (DbConfig::SQLITE_DBCONFIG_ENABLE_ATTACH_WRITE, false),
        // "a" is a column or an error, never a text.
        (DbConfig::SQLITE_DBCONFIG_DQS_DML, false),
    ] {
        connection.set_db_config(config, is)?;
    }
    connection.pragma_update(None, "query_only", true)?;
    connection.pragma_update(None, "temp_store", "memory")?;
    connection.query_row(&format!("PRAGMA hard_heap_limit = {HEAP}"), [], |_| Ok(()))?;
    for (limit, most) in LIMITS {
        connection.set_limit(limit, most)?;
    }
    connection.progress_handler(STEPS, Some(move || Instant::now() >= until))?;
    // Tables are known before columns are counted: one that has more can be read all the same. What keeps them
    // from being known is told by the statement.
    let _ = connection.prepare("SELECT 1 FROM sqlite_schema LIMIT 1");
    connection.set_limit(Limit::SQLITE_LIMIT_COLUMN, COLUMNS)?;
    let refused = Refusals::default();
    if !lookup.clock {
        clock::take_away(connection, &refused)?;
    }
    let (has_clock, has_chance) = (lookup.clock, lookup.chance);
    let noted = Arc::clone(&refused);
    let judge = move |asked: AuthContext<'_>| match judged(&asked.action, has_clock, has_chance) {
        Ok(()) => Authorization::Allow,
        Err(what) => {
            if let Ok(mut noted) = noted.lock() {
                noted.get_or_insert(what);
            }
            Authorization::Deny
        }
    };
    connection.authorizer(Some(judge))?;
    Ok(refused)
}

/// Pragmas that only tell what tables there are; the last is what full-text search asks by itself.
const HELPS: [&str; 7] = [
    "table_list",
    "table_info",
    "table_xinfo",
    "index_list",
    "index_info",
    "foreign_key_list",
    "data_version",
];

/// Functions that reach beyond the database, where somebody has built or loaded them in.
const REACHING: [&str; 9] = [
    "load_extension",
    "fts3_tokenizer",
    "readfile",
    "writefile",
    "fsdir",
    "edit",
    "sqlite_log",
    "zipfile",
    "icu_load_collation",
];

/// Functions that need the clock, whatever they are given.
const PRESENT: [&str; 3] = ["current_date", "current_time", "current_timestamp"];

/// Functions that need chance.
const CHANCE: [&str; 2] = ["random", "randomblob"];

/// Whether it is reading; else what it is.
fn judged(action: &AuthAction<'_>, has_clock: bool, has_chance: bool) -> Result<(), String> {
    let is_one = |name: &str, of: &[&str]| of.iter().any(|one| one.eq_ignore_ascii_case(name));
    match action {
        AuthAction::Function { function_name } if !has_clock && is_one(function_name, &PRESENT) => {
            Err(format!(
                "it calls `{function_name}`, and the clock is not granted"
            ))
        }
        AuthAction::Function { function_name } if !has_chance && is_one(function_name, &CHANCE) => {
            Err(format!(
                "it calls `{function_name}`, and chance is not granted"
            ))
        }
        AuthAction::Select | AuthAction::Recursive | AuthAction::Read { .. } => Ok(()),
        AuthAction::Function { function_name } if !is_one(function_name, &REACHING) => Ok(()),
        AuthAction::Function { function_name } => Err(format!("it calls `{function_name}`")),
        AuthAction::Pragma { pragma_name, .. } if is_one(pragma_name, &HELPS) => Ok(()),
        AuthAction::Pragma { pragma_name, .. } => Err(format!("it is `PRAGMA {pragma_name}`")),
        AuthAction::Attach { .. } => Err("it attaches another file".to_owned()),
        AuthAction::Insert { table_name } => Err(format!("it writes to `{table_name}`")),
        AuthAction::Update { table_name, .. } => Err(format!("it writes to `{table_name}`")),
        AuthAction::Delete { table_name } => Err(format!("it deletes from `{table_name}`")),
        _ => Err("it is no reading".to_owned()),
    }
}
