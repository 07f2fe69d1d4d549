//! A stream taken apart: server-sent events, or a line of JSON each.

use serde_json::Value;

use super::Odd;
use crate::doctor::question::short_text;

/// One event.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::doctor) struct Frame {
    /// Its name, where it has one.
    pub(super) name: Option<String>,
    pub(super) data: String,
}

impl Frame {
    pub(super) fn json(&self) -> Result<Value, Odd> {
        serde_json::from_str(&self.data)
            .map_err(|_| format!("an event is no JSON: {}", short_text(&self.data)))
    }
}

/// Server-sent events, comments left out (WHATWG, "Server-sent events").
pub(super) fn events(stream: &[u8]) -> Result<Vec<Frame>, Odd> {
    let text = std::str::from_utf8(stream).map_err(|_| "the stream is not UTF-8".to_owned())?;
    let (mut frames, mut name, mut data) = (Vec::new(), None, Vec::new());
    for line in text.lines() {
        let value = |field: &str| {
            let rest = line.strip_prefix(field)?.strip_prefix(':')?;
            Some(rest.strip_prefix(' ').unwrap_or(rest).to_owned())
        };
        if line.is_empty() {
            if !data.is_empty() {
                let data: Vec<String> = std::mem::take(&mut data);
                frames.push(Frame {
                    name: name.take(),
                    data: data.join("\n"),
                });
            }
            name = None;
        } else if let Some(value) = value("data") {
            data.push(value);
        } else if let Some(value) = value("event") {
            name = Some(value);
        } else if !line.starts_with(':') && value("id").is_none() && value("retry").is_none() {
            return Err(format!(
                "a line is no part of an event: {}",
                short_text(line)
            ));
        }
    }
    match data.is_empty() {
        true => Ok(frames),
        false => {
            Err("the last event has no blank line behind it, so no client reads it".to_owned())
        }
    }
}

/// A line of JSON each.
pub(super) fn lines(stream: &[u8]) -> Result<Vec<Frame>, Odd> {
    let text = std::str::from_utf8(stream).map_err(|_| "the stream is not UTF-8".to_owned())?;
    let filled = text.lines().filter(|line| !line.trim().is_empty());
    Ok(filled
        .map(|line| Frame {
            name: None,
            data: line.to_owned(),
        })
        .collect())
}
