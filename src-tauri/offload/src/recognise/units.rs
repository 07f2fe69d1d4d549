//! Units of measure.
//!
//! ```text
//! task = ["please"] "convert" number unit ("to" | "into" | "in") unit tail
//!      | lead number unit ("in" | "into" | "to") unit tail           lead: none, "what is", an order
//!      | "how many" unit ["are" | "are there" | "is"] "in" (number | "a" | "an" | "one") unit tail
//! ```
//!
//! Promises: both units are on the list ([`table`]), which has only units with one value everywhere, and
//! measure the same. Words are alike in both cases, abbreviations are not: `Mb` is no `MB`. Only
//! temperatures may have a sign. Leaves out what differs between countries or trades: tons, gallons,
//! pints, cups, spoons, fluid ounces, calories, horsepower, months, years, kB, MB and GB; money; `5'10"`.

mod table;

use serde_json::json;

use super::Recognised;
use super::lead::{Asked, lead, tail};
use super::number::{Number, number};
use super::place::{Miss, Place};
use crate::Tool;
use table::{Kind, UNITS, Unit};

/// Reads the whole message.
pub(super) fn read(mut place: Place<'_>) -> Result<Recognised, Miss> {
    place.words("please");
    if place.words("how many") {
        return how_many(place);
    }
    let is_convert = place.words("convert");
    let asked = if is_convert {
        Asked::Order
    } else {
        lead(&mut place)
    };
    place.spaces();
    let begins = place;
    let is_below = place.eat("-") || place.eat("−");
    let amount = number(&mut place)?;
    let from = unit(&mut place)?;
    let is_in = place.words("in");
    if !is_in {
        place.want(&["to", "into"], "`in` or `to`")?;
    }
    let into = unit(&mut place)?;
    tail(&mut place)?;
    if is_below && from.kind != Kind::Temperature {
        return Err(begins.doubt("only temperatures are below zero"));
    }
    if asked == Asked::Bare && amount.is_doubtful {
        return Err(begins.doubt("its `,` or `.` is thousands to some and decimals to others"));
    }
    let is_letter = |unit: &Unit| matches!(unit.names, ["C"] | ["F"]);
    if is_letter(from) != is_letter(into) || is_letter(from) && asked == Asked::Bare && is_in {
        return Err(begins.doubt("`C` and `F` are degrees only beside each other"));
    }
    answer(begins, is_below, Some(amount), from, into)
}

fn how_many(mut place: Place<'_>) -> Result<Recognised, Miss> {
    let begins = place;
    let into = unit(&mut place)?;
    place.any(&["are there", "are", "is"]);
    place.want(&["in"], "`in`")?;
    let amount = if place.any(&["a", "an", "one"]) {
        None
    } else {
        place.spaces();
        Some(number(&mut place)?)
    };
    let from = unit(&mut place)?;
    tail(&mut place)?;
    if from.kind == Kind::Temperature {
        return Err(begins.doubt("degrees are no parts of degrees"));
    }
    answer(begins, false, amount, from, into)
}

fn answer(
    begins: Place<'_>,
    is_below: bool,
    amount: Option<Number<'_>>,
    from: &Unit,
    into: &Unit,
) -> Result<Recognised, Miss> {
    if from.kind != into.kind {
        return Err(begins.doubt("the two units don't measure the same"));
    }
    if from.written == into.written {
        return Err(begins.doubt("it is in that unit already"));
    }
    let mut written = String::with_capacity(48);
    if is_below {
        written.push('-');
    }
    match amount {
        Some(amount) => amount.write(&mut written),
        None => written.push('1'),
    }
    let zero = match from.written {
        "°C" => -273.15,
        "°F" => -459.67,
        _ => 0.0,
    };
    if is_below && written.parse::<f64>().is_ok_and(|value| value < zero) {
        return Err(begins.doubt("nothing is colder than absolute zero"));
    }
    for part in [" ", from.written, " to ", into.written] {
        written.push_str(part);
    }
    Ok(Recognised {
        tool: Tool::Calculator,
        why: format!("The whole message converts one unit to another: `{written}`."),
        arguments: json!({ "expression": written }),
    })
}

/// The longest name of a unit that is here.
fn unit(place: &mut Place<'_>) -> Result<&'static Unit, Miss> {
    place.spaces();
    let first = place.byte().unwrap_or_default();
    let begins = |name: &&&str| {
        let letter = name.as_bytes().first();
        letter.is_some_and(|letter| letter.eq_ignore_ascii_case(&first))
    };
    let mut longest: Option<(&Unit, Place<'_>)> = None;
    for unit in &UNITS {
        let short = unit.names.iter().filter(begins).map(|name| {
            let mut next = *place;
            next.eat(name).then_some(next)
        });
        let words = unit.words.iter().filter(begins).map(|name| {
            let mut next = *place;
            next.words(name).then_some(next)
        });
        for next in short.chain(words).flatten() {
            let is_longer = longest.is_none_or(|(_, before)| next.at() > before.at());
            if is_longer && ends(&next) {
                longest = Some((unit, next));
            }
        }
    }
    let (unit, next) = longest.ok_or_else(|| place.miss("a unit on the list"))?;
    *place = next;
    Ok(unit)
}

/// A unit ends here: `m/s` and `m-long` don't begin with `m`.
fn ends(place: &Place<'_>) -> bool {
    matches!(
        place.byte(),
        None | Some(b' ' | b'\t' | b'?' | b'.' | b'!' | b',' | b'=')
    )
}
