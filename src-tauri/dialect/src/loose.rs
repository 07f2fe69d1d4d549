//! Reading fields that vendors, or callers, do not always write as documented.
//!
//! Promises: a field of the wrong shape reads as absent and spoils nothing
//! around it. For `#[serde(default, deserialize_with = …)]`. Leaves out: broken
//! JSON, which is an error everywhere.

use serde::{Deserialize, Deserializer, de::DeserializeOwned};
use serde_json::value::RawValue;

use crate::fields::MOST_EXACT;

/// A value of the type asked for, or nothing (also for `null`).
pub(crate) fn value<'de, D, T>(from: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: DeserializeOwned,
{
    let raw = <&RawValue>::deserialize(from)?;
    Ok(serde_json::from_str(raw.get()).ok())
}

/// A count of tokens. Whole floats count too: some gateways write `12.0`.
pub(crate) fn count<'de, D: Deserializer<'de>>(from: D) -> Result<Option<u64>, D::Error> {
    let raw = <&RawValue>::deserialize(from)?;
    if let Ok(count) = serde_json::from_str(raw.get()) {
        return Ok(Some(count));
    }
    let float: Option<f64> = serde_json::from_str(raw.get()).ok();
    Ok(float
        .filter(|f| (0.0..=MOST_EXACT).contains(f))
        .map(|f| f as u64))
}

/// The raw JSON of a value, unless it is `null`.
pub(crate) fn raw<'de: 'a, 'a, D: Deserializer<'de>>(
    from: D,
) -> Result<Option<&'a RawValue>, D::Error> {
    let raw = <&'de RawValue>::deserialize(from)?;
    Ok((raw.get() != "null").then_some(raw))
}
