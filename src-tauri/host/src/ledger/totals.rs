//! Sums over receipts.
//!
//! Promises: money and tokens are summed as integers, so a sum equals the sum
//! of its receipts. A span is found by id, which is by time, without an index
//! of its own. Blocks: call it from `spawn_blocking`.

use dialect::Usage;
use engine::ReceiptId;
use routing::NanoUsd;
use rusqlite::Row;

use super::schema::LedgerError;
use super::{SqliteLedger, row};

/// What a set of receipts comes to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Totals {
    /// Receipts.
    pub requests: u64,
    /// Those that were refused, failed or broke off.
    pub failed: u64,
    /// What they cost.
    pub cost: NanoUsd,
    /// The part of `cost` that we derived from sizes.
    pub estimated_cost: NanoUsd,
    /// Tokens by class.
    pub usage: Usage,
    /// What providers' prompt caches saved; less than nothing where writing to them cost more.
    pub cache_saved: NanoUsd,
    /// What models would have cost where tools answered.
    pub tool_saved: NanoUsd,
    /// Answers of tools.
    pub by_tools: u64,
}

/// What one provider's receipts come to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProviderTotals {
    /// Its id.
    pub provider: String,
    /// The sums.
    pub totals: Totals,
}

const SUMS: &str = "count(*), \
    count(*) FILTER (WHERE ending IN ('refused', 'failed', 'broken')), \
    coalesce(sum(cost_nano_usd), 0), \
    coalesce(sum(cost_nano_usd) FILTER (WHERE cost_basis = 'estimated'), 0), \
    coalesce(sum(input), 0), coalesce(sum(cache_read), 0), coalesce(sum(cache_write), 0), \
    coalesce(sum(cache_write_long), 0), coalesce(sum(output), 0), coalesce(sum(reasoning), 0), \
    coalesce(sum(cache_saved_nano_usd), 0), coalesce(sum(tool_saved_nano_usd), 0), \
    count(*) FILTER (WHERE provider = 'tool' AND ending = 'complete')";

impl SqliteLedger {
    /// Sums over the receipts from `since` on and before `until`, in
    /// milliseconds since 1970; without `until`, up to now.
    pub fn totals(&self, since_unix_ms: u64, until: Option<u64>) -> Result<Totals, LedgerError> {
        let sql = format!("SELECT {SUMS} FROM receipts WHERE id >= ? AND id < ?");
        let span = (first_id(since_unix_ms), until.map_or(i64::MAX, first_id));
        self.shared.readers.with(|connection| {
            connection
                .prepare_cached(&sql)?
                .query_row(span, |row| sums(row, 0))
        })
    }

    /// Sums by the provider that answered, dearest first, from a moment on (in
    /// milliseconds since 1970).
    pub fn by_provider(&self, since_unix_ms: u64) -> Result<Vec<ProviderTotals>, LedgerError> {
        let sql = format!(
            "SELECT provider, {SUMS} FROM receipts WHERE id >= ? AND provider IS NOT NULL \
             GROUP BY provider ORDER BY sum(cost_nano_usd) DESC, count(*) DESC"
        );
        self.shared.readers.with(|connection| {
            let mut statement = connection.prepare_cached(&sql)?;
            let rows = statement.query_map([first_id(since_unix_ms)], |row| {
                Ok(ProviderTotals {
                    provider: row.get(0)?,
                    totals: sums(row, 1)?,
                })
            })?;
            rows.collect()
        })
    }
}

/// Compared before it is shifted, because a moment beyond the year 500,000
/// would come round to the beginning.
fn first_id(unix_ms: u64) -> i64 {
    if unix_ms > u64::MAX >> 13 {
        return i64::MAX;
    }
    row::integer(ReceiptId::at(unix_ms).0)
}

fn sums(row: &Row<'_>, first: usize) -> rusqlite::Result<Totals> {
    let figure = |index: usize| row.get::<_, i64>(first + index);
    let count = |index: usize| figure(index).map(i64::unsigned_abs);
    Ok(Totals {
        requests: count(0)?,
        failed: count(1)?,
        cost: NanoUsd(figure(2)?),
        estimated_cost: NanoUsd(figure(3)?),
        usage: Usage {
            input: count(4)?,
            cache_read: count(5)?,
            cache_write: count(6)?,
            cache_write_long: count(7)?,
            output: count(8)?,
            reasoning: count(9)?,
        },
        cache_saved: NanoUsd(figure(10)?),
        tool_saved: NanoUsd(figure(11)?),
        by_tools: count(12)?,
    })
}
