//! A SQLite file, opened so that reading is all that can be done.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use rusqlite::config::DbConfig;
use rusqlite::hooks::{AuthAction, AuthContext, Authorization};
use rusqlite::limits::Limit;
use rusqlite::{Connection, OpenFlags};

use super::Watch;
use crate::grants::Database;
use crate::{Trouble, TroubleKind};

/// What was refused while the statement was compiled.
pub(super) type Refused = Arc<Mutex<Option<String>>>;

/// Steps of SQLite's machine between two looks at the clock.
const STEPS: i32 = 1_000;

/// What a statement may be made of. A value or row of a table that is longer than the first can't be read.
const LIMITS: [(Limit, i32); 11] = [
    (Limit::SQLITE_LIMIT_LENGTH, 4 * 1024 * 1024),
    (Limit::SQLITE_LIMIT_SQL_LENGTH, 200_000),
    (Limit::SQLITE_LIMIT_COLUMN, 2_000),
    (Limit::SQLITE_LIMIT_EXPR_DEPTH, 200),
    (Limit::SQLITE_LIMIT_COMPOUND_SELECT, 100),
    (Limit::SQLITE_LIMIT_VDBE_OP, 250_000),
    (Limit::SQLITE_LIMIT_FUNCTION_ARG, 100),
    (Limit::SQLITE_LIMIT_ATTACHED, 0),
    (Limit::SQLITE_LIMIT_LIKE_PATTERN_LENGTH, 1_000),
    (Limit::SQLITE_LIMIT_VARIABLE_NUMBER, 1_000),
    (Limit::SQLITE_LIMIT_WORKER_THREADS, 0),
];

/// Opens it for one statement. Beside it stands what the statement wanted and did not get.
pub(super) fn open(
    name: &str,
    database: &Database,
    watch: Watch,
) -> Result<(Connection, Refused), Trouble> {
    let path = file(name, &database.path)?;
    let unavailable = |why: rusqlite::Error| {
        let message = format!("The database `{name}` can't be opened: {why}.");
        Trouble::new(TroubleKind::Unavailable, message)
    };
    // No URI: the file's name is a name, whatever characters it has.
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY
        | OpenFlags::SQLITE_OPEN_NO_MUTEX
        | OpenFlags::SQLITE_OPEN_NOFOLLOW;
    let mut connection = Connection::open_with_flags(path, flags).map_err(unavailable)?;
    lock_up(&mut connection, database, watch)
        .map_err(unavailable)
        .map(|refused| (connection, refused))
}

/// A regular file, and no link to one: what a link leads to can change behind the config's back. Links among the
/// folders above are followed here, once; SQLite follows none.
fn file(name: &str, path: &Path) -> Result<PathBuf, Trouble> {
    let refuse = |why: &str| {
        let message = format!(
            "The database `{name}` can't be opened: `{}` {why}.",
            path.display()
        );
        Err(Trouble::new(TroubleKind::Unavailable, message))
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
    database: &Database,
    watch: Watch,
) -> rusqlite::Result<Refused> {
    connection.busy_timeout(database.limit.min(std::time::Duration::from_secs(1)))?;
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
    for (limit, most) in LIMITS {
        connection.set_limit(limit, most)?;
    }
    connection.progress_handler(STEPS, Some(move || watch.is_over()))?;
    let refused = Refused::default();
    let noted = Arc::clone(&refused);
    let judge = move |asked: AuthContext<'_>| match judged(&asked.action) {
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

/// Whether it is reading; else what it is.
fn judged(action: &AuthAction<'_>) -> Result<(), String> {
    match action {
        AuthAction::Select | AuthAction::Recursive | AuthAction::Read { .. } => Ok(()),
        AuthAction::Function { function_name }
            if !REACHING
                .iter()
                .any(|name| name.eq_ignore_ascii_case(function_name)) =>
        {
            Ok(())
        }
        AuthAction::Function { function_name } => Err(format!("it calls `{function_name}`")),
        AuthAction::Pragma { pragma_name, .. }
            if HELPS
                .iter()
                .any(|name| name.eq_ignore_ascii_case(pragma_name)) =>
        {
            Ok(())
        }
        AuthAction::Pragma { pragma_name, .. } => Err(format!("it is `PRAGMA {pragma_name}`")),
        AuthAction::Attach { .. } => Err("it attaches another file".to_owned()),
        AuthAction::Insert { table_name } => Err(format!("it writes to `{table_name}`")),
        AuthAction::Update { table_name, .. } => Err(format!("it writes to `{table_name}`")),
        AuthAction::Delete { table_name } => Err(format!("it deletes from `{table_name}`")),
        _ => Err("it is no reading".to_owned()),
    }
}
