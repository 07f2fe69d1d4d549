//! Marks of cached prefixes, within the vendor's bounds.
//!
//! Promises: at most four in a request (one at its top level counts), the earliest dropped first
//! but those on system text last; and no long one behind a short one.

use serde_json::{Map, Value};

use crate::hub::Notes;

/// The most the vendor takes.
const MOST: usize = 4;

/// Drops and shortens marks until the vendor takes them.
pub(super) fn bound(body: &mut Map<String, Value>, notes: &mut Notes) {
    // Whether each mark, in the order of the prompt, is on system text.
    let mut on_system = Vec::new();
    visit(body, &mut |block, system| {
        if has_mark(block) {
            on_system.push(system);
        }
    });
    let at_top = usize::from(body.get("cache_control").is_some_and(Value::is_object));
    let excess = (on_system.len() + at_top).saturating_sub(MOST);
    let mut dropped = vec![false; on_system.len()];
    let others = (0..on_system.len()).filter(|&at| !on_system[at]);
    let systems = (0..on_system.len()).filter(|&at| on_system[at]);
    for at in others.chain(systems).take(excess) {
        dropped[at] = true;
    }
    if excess > 0 {
        let why = "Anthropic takes four marks of cached prefixes: the earliest are left out";
        notes.dropped("cache_control", why);
    }
    let (mut dropped, mut short_seen, mut shortened) = (dropped.into_iter(), false, false);
    visit(body, &mut |block, _| {
        if !has_mark(block) {
            return;
        }
        if dropped.next() == Some(true) {
            block.shift_remove("cache_control");
            return;
        }
        let Some(Value::Object(mark)) = block.get_mut("cache_control") else {
            return;
        };
        if mark.get("ttl").and_then(Value::as_str) != Some("1h") {
            short_seen = true;
        } else if short_seen {
            mark.shift_remove("ttl");
            shortened = true;
        }
    });
    if shortened {
        let why = "a cached prefix can't live longer than one before it: its hour is five minutes";
        notes.degraded("cache_control.ttl", why);
    }
}

fn has_mark(block: &Map<String, Value>) -> bool {
    block.get("cache_control").is_some_and(Value::is_object)
}

/// Every place a mark can stand, in the order of the prompt, and whether it is system text.
fn visit(body: &mut Map<String, Value>, each: &mut impl FnMut(&mut Map<String, Value>, bool)) {
    list(body.get_mut("tools"), &mut |tool| each(tool, false));
    list(body.get_mut("system"), &mut |block| each(block, true));
    list(body.get_mut("messages"), &mut |message| {
        list(message.get_mut("content"), &mut |block| {
            list(block.get_mut("content"), &mut |inner| each(inner, false));
            each(block, false);
        });
    });
}

fn list(value: Option<&mut Value>, each: &mut impl FnMut(&mut Map<String, Value>)) {
    let items = value.and_then(Value::as_array_mut);
    for item in items.into_iter().flatten() {
        if let Value::Object(item) = item {
            each(item);
        }
    }
}
