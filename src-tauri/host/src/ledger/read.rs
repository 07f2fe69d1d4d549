//! Reading receipts, on connections that can't change anything.
//!
//! Promises: a reader never holds the writer up, and sees only whole batches.
//! Blocks: call it from `spawn_blocking`.

use std::fmt::Display;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use engine::{Receipt, ReceiptId};
use rusqlite::types::Value;
use rusqlite::{Connection, OptionalExtension, params_from_iter};

use super::schema::LedgerError;
use super::{SqliteLedger, connection, row};

/// Receipts in one answer at most.
const MOST_RECEIPTS: usize = 500;
/// Idle connections kept; more are opened when more ask at once.
const IDLE_READERS: usize = 4;

/// Which receipts are wanted; the default wants all.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ReceiptFilter {
    /// Appears in the model (as asked for, as used), the alias, the provider or
    /// the client, whatever its case.
    pub text: Option<String>,
    /// Answered by this provider.
    pub provider: Option<String>,
    /// Only those that were refused, failed or broke off.
    pub failed_only: bool,
}

impl SqliteLedger {
    /// Receipts, newest first: at most `limit` (and never more than 500), older
    /// than `before` when it is given.
    pub fn recent(
        &self,
        limit: usize,
        before: Option<ReceiptId>,
        filter: &ReceiptFilter,
    ) -> Result<Vec<Receipt>, LedgerError> {
        let mut conditions = vec!["id < ?"];
        let mut values = vec![Value::Integer(
            before.map_or(i64::MAX, |id| row::integer(id.0)),
        )];
        if let Some(provider) = &filter.provider {
            conditions.push("provider = ?");
            values.push(Value::Text(provider.clone()));
        }
        if filter.failed_only {
            conditions.push("ending IN ('refused', 'failed', 'broken')");
        }
        if let Some(text) = filter.text.as_deref().filter(|text| !text.is_empty()) {
            conditions.push(
                "concat_ws(char(10), requested_model, alias, provider, model, client) \
                 LIKE ? ESCAPE '\\'",
            );
            values.push(Value::Text(pattern(text)));
        }
        let sql = format!(
            "SELECT {} FROM receipts WHERE {} ORDER BY id DESC LIMIT {}",
            row::COLUMNS,
            conditions.join(" AND "),
            limit.min(MOST_RECEIPTS),
        );
        self.shared.readers.with(|connection| {
            let mut statement = connection.prepare_cached(&sql)?;
            let rows = statement.query_map(params_from_iter(&values), row::read)?;
            rows.collect()
        })
    }

    /// The receipt with this id.
    pub fn get(&self, id: ReceiptId) -> Result<Option<Receipt>, LedgerError> {
        let sql = format!("SELECT {} FROM receipts WHERE id = ?", row::COLUMNS);
        self.shared.readers.with(|connection| {
            connection
                .prepare_cached(&sql)?
                .query_row([row::integer(id.0)], row::read)
                .optional()
        })
    }
}

/// A text anywhere, with the wildcards in it taken as they are.
fn pattern(text: &str) -> String {
    let mut pattern = String::with_capacity(text.len() + 2);
    pattern.push('%');
    for letter in text.chars() {
        if matches!(letter, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(letter);
    }
    pattern.push('%');
    pattern
}

/// The readers' connections: opened when needed, kept for the next one.
#[derive(Clone)]
pub(super) struct Readers {
    path: PathBuf,
    idle: Arc<Mutex<Vec<Connection>>>,
}

impl Readers {
    pub(super) fn new(path: PathBuf) -> Readers {
        Readers {
            path,
            idle: Arc::default(),
        }
    }

    /// Lends a connection. One that gave an error is not used again.
    pub(super) fn with<T>(
        &self,
        ask: impl FnOnce(&Connection) -> rusqlite::Result<T>,
    ) -> Result<T, LedgerError> {
        let idle = self
            .idle
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .pop();
        let connection = match idle {
            Some(connection) => connection,
            None => connection::open_to_read(&self.path)?,
        };
        let answer = ask(&connection).map_err(|error| self.unusable(&error))?;
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        if idle.len() < IDLE_READERS {
            idle.push(connection);
        }
        Ok(answer)
    }

    /// The id of the newest receipt after leaving out `skip` newer ones.
    pub(super) fn newest(&self, skip: u64) -> Result<Option<ReceiptId>, LedgerError> {
        self.with(|connection| {
            connection
                .query_row(
                    "SELECT id FROM receipts ORDER BY id DESC LIMIT 1 OFFSET ?",
                    [row::integer(skip)],
                    |row| row.get::<_, i64>(0),
                )
                .optional()
        })
        .map(|id| id.map(|id| ReceiptId(id.unsigned_abs())))
    }

    pub(super) fn unusable(&self, error: &dyn Display) -> LedgerError {
        LedgerError::unusable(&self.path, error)
    }
}
