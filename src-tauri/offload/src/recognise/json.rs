//! A JSON document that is to be laid out.
//!
//! ```text
//! task  = ["please"] style ["this" | "the following"] "json" ":" document
//! style = "format" | "pretty-print" | "pretty print" | "prettify" | "minify"
//! ```
//!
//! Promises: from the colon to the message's end there is one whole document, an object or a list, that
//! parses. It may have lines. Leaves out: fences around it, and whatever comes behind it.

use serde::de::IgnoredAny;
use serde_json::json;

use super::Recognised;
use super::place::{Miss, Place};
use crate::Tool;

const STYLES: [(&str, &str); 5] = [
    ("format", "pretty"),
    ("pretty-print", "pretty"),
    ("pretty print", "pretty"),
    ("prettify", "pretty"),
    ("minify", "compact"),
];

/// Reads the whole message.
pub(super) fn read(mut place: Place<'_>) -> Result<Recognised, Miss> {
    place.words("please");
    let style = place
        .one_of(&STYLES)
        .ok_or_else(|| place.miss("a task's beginning"))?;
    place.any(&["this", "the following"]);
    place.want(&["json"], "`json`")?;
    if !place.eat(":") {
        return Err(place.miss("`:`"));
    }
    let document = place.rest().trim_ascii();
    let begins_well = document.starts_with(['{', '[']);
    // Its depth is bounded by the parser.
    if !begins_well || serde_json::from_str::<IgnoredAny>(document).is_err() {
        return Err(place.miss("one whole JSON object or list"));
    }
    Ok(Recognised {
        tool: Tool::Convert,
        why: "The whole message is a JSON document that is to be laid out.".to_owned(),
        arguments: json!({ "text": document, "from": "json", "to": "json", "style": style }),
    })
}
