//! What a statement came to: a table, or why there is none.

use std::time::Duration;

use serde_json::{Value, json};
use speech::errand::{Cell, Told};

use crate::{Done, Output, Trouble, TroubleKind};

/// The largest integer that every reader of JSON reads exactly.
const EXACT: u64 = (1 << 53) - 1;

/// In words, and as JSON.
pub(super) fn done(told: Told) -> Result<Done, Trouble> {
    let (columns, rows, truncated) = match told {
        Told::Table {
            columns,
            rows,
            truncated,
        } => (columns, rows, truncated),
        Told::Refused(refused) => return Err(refused.into()),
    };
    let heads: Vec<String> = columns.iter().map(|name| cell(name)).collect();
    let mut text = heads.join("\t");
    let mut values = Vec::with_capacity(rows.len());
    for row in rows {
        let (row, shown): (Vec<Value>, Vec<String>) = row.into_iter().map(told_as).unzip();
        text.push('\n');
        text += &shown.join("\t");
        values.push(Value::Array(row));
    }
    match (values.len(), truncated) {
        (0, false) => text += "\n(no rows)",
        (_, false) => {}
        (some, true) => text += &format!("\n(there are more: these are the first {some})"),
    }
    Ok(Done {
        result: json!({ "columns": columns, "rows": values, "truncated": truncated }),
        text,
        working: None,
        output: Output::default(),
    })
}

/// As JSON, and as it stands in a line.
fn told_as(value: Cell) -> (Value, String) {
    match value {
        Cell::Null => (Value::Null, "NULL".to_owned()),
        Cell::Integer(number) if number.unsigned_abs() <= EXACT => {
            (number.into(), number.to_string())
        }
        Cell::Integer(number) => (number.to_string().into(), number.to_string()),
        Cell::Real(bits) if f64::from_bits(bits).is_finite() => {
            let value = Value::from(f64::from_bits(bits));
            let shown = value.to_string();
            (value, shown)
        }
        Cell::Real(bits) => {
            let shown = if f64::from_bits(bits) > 0.0 {
                "Infinity"
            } else {
                "-Infinity"
            };
            (shown.into(), shown.to_owned())
        }
        Cell::Text(text) => {
            let shown = cell(&text);
            (text.into(), shown)
        }
        Cell::Blob(text) => (json!({ "base64": text }), format!("base64:{text}")),
    }
}

/// Without what would end a cell or a line.
fn cell(text: &str) -> String {
    text.replace('\\', "\\\\")
        .replace('\t', "\\t")
        .replace('\n', "\\n")
        .replace('\r', "\\r")
}

pub(super) fn bad(message: impl Into<String>) -> Trouble {
    Trouble::new(TroubleKind::BadInput, message)
}

pub(super) fn too_long(limit: Duration) -> Trouble {
    let limit = limit.as_secs_f64();
    let message = format!(
        "The statement ran for {limit} s and was stopped. Let it look at less, or use an index."
    );
    Trouble::new(TroubleKind::TooLong, message)
}
