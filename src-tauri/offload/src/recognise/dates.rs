//! Dates, written as `2024-02-29`.
//!
//! ```text
//! task = ["how many" | "what is the number of" | "the number of" | "number of"] "days" ["are there" | "are"] "between" date "and" date tail
//!      | ("what" | "which") ("day of the week" | "weekday") ("is" | "was" | "will be") date tail
//!      | lead date hour ":" minute ("UTC" | "Z") ("in" | "to") zone tail
//! zone = area "/" city                                     as the tz database writes it
//! ```
//!
//! Promises: the date exists. Leaves out every other way to write one, since `3/4/2025` has two readings;
//! today; "from … to", which may count both ends; local times, which may occur twice.

use serde_json::json;

use super::Recognised;
use super::lead::{lead, tail};
use super::place::{Miss, Place};
use crate::Tool;

/// Reads the whole message.
pub(super) fn read(mut place: Place<'_>) -> Result<Recognised, Miss> {
    place.words("please");
    if days(&mut place) {
        return between(place);
    }
    if place.any(&[
        "what day of the week",
        "which day of the week",
        "what weekday",
        "which weekday",
    ]) {
        return weekday(place);
    }
    zone(place)
}

fn days(place: &mut Place<'_>) -> bool {
    let mut next = *place;
    next.any(&[
        "how many",
        "what is the number of",
        "the number of",
        "number of",
    ]);
    let is_here = next.words("days");
    next.any(&["are there", "are"]);
    let is_here = is_here && next.words("between");
    if is_here {
        *place = next;
    }
    is_here
}

fn between(mut place: Place<'_>) -> Result<Recognised, Miss> {
    let from = date(&mut place)?;
    place.want(&["and"], "`and`")?;
    let to = date(&mut place)?;
    tail(&mut place)?;
    // What lies between is the same in both directions. Written so, dates have the order of their letters.
    let written = format!("{} - {}", from.max(to), from.min(to));
    Ok(Recognised {
        tool: Tool::Calculator,
        why: format!("The whole message asks for the days between {from} and {to}."),
        arguments: json!({ "expression": written }),
    })
}

fn weekday(mut place: Place<'_>) -> Result<Recognised, Miss> {
    place.want(&["is", "was", "will be"], "`is`")?;
    let date = date(&mut place)?;
    tail(&mut place)?;
    Ok(Recognised {
        tool: Tool::Time,
        why: format!("The whole message asks for the weekday of {date}."),
        arguments: json!({ "action": "describe", "time": date }),
    })
}

fn zone(mut place: Place<'_>) -> Result<Recognised, Miss> {
    lead(&mut place);
    let date = date(&mut place)?;
    place.spaces();
    let begins = place;
    let hour = digits(&mut place, 2, 23);
    let minute = if place.eat(":") {
        digits(&mut place, 2, 59)
    } else {
        None
    };
    let (Some(_), Some(_)) = (hour, minute) else {
        return Err(begins.miss("a time such as `14:00`"));
    };
    let clock = place.since(begins.at());
    if !place.eat("Z") {
        place.want(&["UTC"], "`UTC`")?;
    }
    place.want(&["in", "to"], "`in`")?;
    place.spaces();
    let begins = place;
    let is_part = |b: u8| b.is_ascii_alphabetic() || b == b'_';
    let is_whole = place.skip(is_part) > 2 && place.eat("/") && place.skip(is_part) > 2;
    let zone = place.since(begins.at());
    if !is_whole || zone.len() > 40 {
        return Err(begins.miss("a time zone such as `Europe/Berlin`"));
    }
    tail(&mut place)?;
    let at = format!("{date}T{clock}:00Z");
    Ok(Recognised {
        tool: Tool::Time,
        why: format!("The whole message asks what time {at} is in {zone}."),
        arguments: json!({ "action": "convert", "time": at, "zone": zone }),
    })
}

/// A date that exists.
fn date<'a>(place: &mut Place<'a>) -> Result<&'a str, Miss> {
    place.spaces();
    let begins = *place;
    let mut next = begins;
    let parts = [
        digits(&mut next, 4, 9_999),
        if next.eat("-") {
            digits(&mut next, 2, 12)
        } else {
            None
        },
        if next.eat("-") {
            digits(&mut next, 2, 31)
        } else {
            None
        },
    ];
    let [Some(year), Some(month), Some(day)] = parts else {
        return Err(begins.miss("a date such as `2024-02-29`"));
    };
    let is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let last = match month {
        2 if is_leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    };
    if month == 0 || day == 0 || day > last || year < 1_583 {
        return Err(begins.miss("a date that exists"));
    }
    *place = next;
    Ok(next.since(begins.at()))
}

/// So many digits, and no more; their value.
fn digits(place: &mut Place<'_>, many: usize, most: u32) -> Option<u32> {
    let from = place.at();
    let is_so_many = place.skip(|b| b.is_ascii_digit()) == many;
    let value = place
        .since(from)
        .parse()
        .ok()
        .filter(|value| *value <= most);
    value.filter(|_| is_so_many)
}
