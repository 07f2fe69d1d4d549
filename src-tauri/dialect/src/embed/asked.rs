//! What a request for vectors asks for, as one number.
//!
//! Promises: whatever can change the reply changes the number: all fields count as they are written,
//! known or not, but for the model (the targets stand in its place) and those that say nothing of the
//! vectors. The order of fields and white space do not count. The reply travels in its caller's form,
//! so the endpoint and the vectors' form (numbers or base64) count too.
//! Leaves out: that two dialects may ask for the same vectors, and what a vendor takes for granted.

use serde_json::{Map, Value};

use super::read::{bare, fields, read};
use crate::hub::Ink;
use crate::{Dialect, Endpoint};

/// Begins every number. Change it when the meaning of a field changes: old numbers are then nobody's.
const SCHEME: &str = "signalbox asked to embed 1";

/// Fields that change nothing in the vectors, and whose they are.
const SILENT: &[(Dialect, &str)] = &[(Dialect::OpenAi, "user"), (Dialect::Ollama, "keep_alive")];

/// What a request for vectors asks for: SHA-256 over all that can change the reply. `model_in_path`:
/// the model where it stands in the path. `None` for what is no request of this endpoint, for one that
/// could be taken for another (it has a number with more digits than were read), and for one that names
/// two models. Takes some milliseconds for each megabyte.
pub fn asked_embed(
    endpoint: Endpoint,
    body: &[u8],
    model_in_path: Option<&str>,
) -> Option<[u8; 32]> {
    let body = fields(body).ok()?;
    let mut named = model_in_path.map(bare);
    let mut ink = Ink::begin(SCHEME);
    ink.text(endpoint.name());
    let each = match endpoint {
        Endpoint::BatchEmbedContents => body.get("requests"),
        _ => None,
    };
    write(&mut ink, endpoint, &body, each.is_some(), &mut named)?;
    for one in each.into_iter().flat_map(Value::as_array).flatten() {
        write(&mut ink, endpoint, one.as_object()?, false, &mut named)?;
    }
    read(endpoint, body, model_in_path).ok()?;
    let asked = ink.dry();
    (!asked.is_inexact).then_some(asked.digest)
}

/// Writes the fields of a request, or of one of a batch, unless its model is another than the one
/// `named` so far.
fn write(
    ink: &mut Ink,
    endpoint: Endpoint,
    fields: &Map<String, Value>,
    is_batch: bool,
    named: &mut Option<String>,
) -> Option<()> {
    if let Some(model) = fields.get("model").and_then(Value::as_str) {
        let model = bare(model);
        if *named.get_or_insert_with(|| model.clone()) != model {
            return None;
        }
    }
    ink.fields(fields, |key| {
        key == "model"
            || is_batch && key == "requests"
            || SILENT.contains(&(endpoint.dialect(), key))
    });
    Some(())
}

#[cfg(test)]
mod tests;
