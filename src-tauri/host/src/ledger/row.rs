//! A receipt as a row, and back.
//!
//! Promises: what was written is what is read, field by field. Columns hold what
//! people query; everything else is one JSON text, which is cheaper to write
//! than columns and can still be queried with `json_extract`.

use std::borrow::Cow;

use dialect::hub::Note;
use dialect::{Endpoint, StopReason, Usage};
use engine::{
    AttemptRecord, Basis, CacheNote, Choice, Ending, PromptCache, Receipt, ReceiptId, ToolNote,
};
use routing::{Dropped, NanoUsd};
use rusqlite::types::Type;
use rusqlite::{CachedStatement, Row, params};
use serde::{Deserialize, Serialize};

/// Idempotent: a batch whose outcome is unknown can be written again.
pub(super) const INSERT: &str = "
    INSERT OR IGNORE INTO receipts VALUES
    (?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13,?14,?15,?16,?17,?18,?19,?20,?21,?22,?23,?24,?25,?26)";

/// Read in the order of the table.
pub(super) const COLUMNS: &str = "id, started_ms, client, endpoint, requested_model, alias, \
    provider, model, model_version, status, ending, input, cache_read, cache_write, \
    cache_write_long, output, reasoning, usage_basis, cost_nano_usd, cost_basis, price_version, \
    ttft_us, total_us, detail";

/// What has no column of its own.
#[derive(Serialize, Deserialize)]
struct Detail<'a> {
    streamed: bool,
    attempts: Cow<'a, [AttemptRecord]>,
    dropped: Cow<'a, [Dropped]>,
    #[serde(default)]
    notes: Cow<'a, [Note]>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    choice: Option<Cow<'a, Choice>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    cache: Option<Cow<'a, CacheNote>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    tools: Option<Cow<'a, ToolNote>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    prompt_cache: Option<PromptCache>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    fingerprint: Option<Cow<'a, str>>,
    upstream_id: Option<Cow<'a, str>>,
    stop: Option<StopReason>,
    fault: Option<Cow<'a, str>>,
    message: Option<Cow<'a, str>>,
    request_bytes: u64,
    reply_bytes: u64,
}

/// Writes one receipt with the [`INSERT`] statement. `json` is scratch space
/// that a batch uses again.
pub(super) fn insert(
    statement: &mut CachedStatement<'_>,
    receipt: &Receipt,
    json: &mut Vec<u8>,
) -> rusqlite::Result<()> {
    let detail = Detail {
        streamed: receipt.streamed,
        attempts: Cow::Borrowed(&receipt.attempts),
        dropped: Cow::Borrowed(&receipt.dropped),
        notes: Cow::Borrowed(&receipt.notes),
        choice: receipt.choice.as_ref().map(Cow::Borrowed),
        cache: receipt.cache.as_ref().map(Cow::Borrowed),
        tools: receipt.tools.as_ref().map(Cow::Borrowed),
        prompt_cache: receipt.prompt_cache,
        fingerprint: receipt.fingerprint.as_deref().map(Cow::Borrowed),
        upstream_id: receipt.upstream_id.as_deref().map(Cow::Borrowed),
        stop: receipt.stop,
        fault: receipt.fault.as_deref().map(Cow::Borrowed),
        message: receipt.message.as_deref().map(Cow::Borrowed),
        request_bytes: receipt.request_bytes,
        reply_bytes: receipt.reply_bytes,
    };
    json.clear();
    serde_json::to_writer(&mut *json, &detail)
        .map_err(|error| rusqlite::Error::ToSqlConversionFailure(Box::new(error)))?;
    let detail = std::str::from_utf8(json)?;
    let usage = &receipt.usage;
    statement.execute(params![
        integer(receipt.id.0),
        integer(receipt.started_unix_ms),
        receipt.client,
        receipt.endpoint.map(Endpoint::name),
        receipt.requested_model,
        receipt.alias,
        receipt.provider,
        receipt.model,
        receipt.model_version,
        receipt.status,
        ending_word(receipt.ending),
        integer(usage.input),
        integer(usage.cache_read),
        integer(usage.cache_write),
        integer(usage.cache_write_long),
        integer(usage.output),
        integer(usage.reasoning),
        basis_word(receipt.usage_basis),
        receipt.cost.0,
        basis_word(receipt.cost_basis),
        receipt.price_version,
        receipt.ttft_us.map(integer),
        integer(receipt.total_us),
        detail,
        receipt.prompt_cache.map_or(0, |cache| cache.saved.0),
        receipt.tools.as_ref().map_or(0, |tools| tools.saved.0),
    ])?;
    Ok(())
}

/// Reads a row of [`COLUMNS`].
pub(super) fn read(row: &Row<'_>) -> rusqlite::Result<Receipt> {
    let detail: Detail<'static> =
        serde_json::from_str(row.get_ref(23)?.as_str()?).map_err(|error| {
            rusqlite::Error::FromSqlConversionFailure(23, Type::Text, Box::new(error))
        })?;
    Ok(Receipt {
        id: ReceiptId(natural(row, 0)?),
        started_unix_ms: natural(row, 1)?,
        client: row.get(2)?,
        endpoint: word(row, 3, &Endpoint::ALL, Endpoint::name)?,
        requested_model: row.get(4)?,
        streamed: detail.streamed,
        alias: row.get(5)?,
        attempts: detail.attempts.into_owned(),
        dropped: detail.dropped.into_owned(),
        notes: detail.notes.into_owned(),
        choice: detail.choice.map(Cow::into_owned),
        cache: detail.cache.map(Cow::into_owned),
        tools: detail.tools.map(Cow::into_owned),
        provider: row.get(6)?,
        model: row.get(7)?,
        model_version: row.get(8)?,
        fingerprint: detail.fingerprint.map(Cow::into_owned),
        upstream_id: detail.upstream_id.map(Cow::into_owned),
        usage: Usage {
            input: natural(row, 11)?,
            cache_read: natural(row, 12)?,
            cache_write: natural(row, 13)?,
            cache_write_long: natural(row, 14)?,
            output: natural(row, 15)?,
            reasoning: natural(row, 16)?,
        },
        usage_basis: required(row, 17, &BASES, basis_word)?,
        cost: NanoUsd(row.get(18)?),
        cost_basis: required(row, 19, &BASES, basis_word)?,
        prompt_cache: detail.prompt_cache,
        price_version: row.get(20)?,
        ttft_us: row.get::<_, Option<i64>>(21)?.map(i64::unsigned_abs),
        total_us: natural(row, 22)?,
        status: row.get(9)?,
        ending: required(row, 10, &ENDINGS, ending_word)?,
        stop: detail.stop,
        fault: detail.fault.map(Cow::into_owned),
        message: detail.message.map(Cow::into_owned),
        request_bytes: detail.request_bytes,
        reply_bytes: detail.reply_bytes,
    })
}

/// SQLite's integers are signed. A figure beyond them is nonsense from a
/// provider, and the largest one says so better than a negative one.
pub(super) fn integer(figure: u64) -> i64 {
    i64::try_from(figure).unwrap_or(i64::MAX)
}

fn natural(row: &Row<'_>, index: usize) -> rusqlite::Result<u64> {
    row.get::<_, i64>(index).map(i64::unsigned_abs)
}

const ENDINGS: [Ending; 5] = [
    Ending::Complete,
    Ending::Refused,
    Ending::Failed,
    Ending::Broken,
    Ending::ClientGone,
];

pub(super) fn ending_word(ending: Ending) -> &'static str {
    match ending {
        Ending::Complete => "complete",
        Ending::Refused => "refused",
        Ending::Failed => "failed",
        Ending::Broken => "broken",
        Ending::ClientGone => "client_gone",
    }
}

const BASES: [Basis; 3] = [Basis::Metered, Basis::Estimated, Basis::None];

fn basis_word(basis: Basis) -> &'static str {
    match basis {
        Basis::Metered => "metered",
        Basis::Estimated => "estimated",
        Basis::None => "none",
    }
}

/// The value whose word stands in the column; `None` for NULL.
fn word<T: Copy>(
    row: &Row<'_>,
    index: usize,
    all: &[T],
    name: impl Fn(T) -> &'static str,
) -> rusqlite::Result<Option<T>> {
    let Some(written) = row.get_ref(index)?.as_str_or_null()? else {
        return Ok(None);
    };
    match all.iter().find(|value| name(**value) == written) {
        Some(value) => Ok(Some(*value)),
        None => Err(rusqlite::Error::FromSqlConversionFailure(
            index,
            Type::Text,
            format!("`{written}` is not a word this build knows").into(),
        )),
    }
}

fn required<T: Copy>(
    row: &Row<'_>,
    index: usize,
    all: &[T],
    name: impl Fn(T) -> &'static str,
) -> rusqlite::Result<T> {
    word(row, index, all, name)?.ok_or_else(|| {
        rusqlite::Error::FromSqlConversionFailure(index, Type::Null, "a word is missing".into())
    })
}
