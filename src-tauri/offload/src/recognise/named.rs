//! Computations with a name of their own.
//!
//! ```text
//! task   = lead form tail
//! form   = number ("%" | "percent" | "per cent") "of" number
//!        | whole "mod" whole | whole "factorial" | ["the"] "factorial of" whole
//!        | ["the"] ("square" | "cube") "root of" number
//!        | number ("squared" | "cubed") | number ["raised"] "to the power of" whole
//!        | "the sum of" number "and" number | "the product of" number "and" number
//! ```
//!
//! Promises: each is the whole message: `20% of 50 + 10` is nothing, since it is read in two ways. All but
//! percents need a lead, `=` or `?`. Leaves out: signs, `%` between two numbers (a remainder or percents),
//! percents added to numbers, increases.

use serde_json::json;

use super::Recognised;
use super::lead::{Asked, lead, tail};
use super::number::{Number, number};
use super::place::{Miss, Place};
use crate::Tool;

/// How it is written for the calculator.
#[derive(Debug, Clone, Copy)]
struct Form {
    before: &'static str,
    between: &'static str,
    after: &'static str,
    /// Whole numbers only.
    is_whole: bool,
}

const fn form(
    before: &'static str,
    between: &'static str,
    after: &'static str,
    is_whole: bool,
) -> Form {
    Form {
        before,
        between,
        after,
        is_whole,
    }
}

const PERCENT: Form = form("", " / 100 * ", "", false);
const ROOT: [(&str, Form); 6] = [
    ("the square root of", form("sqrt(", "", ")", false)),
    ("square root of", form("sqrt(", "", ")", false)),
    ("the cube root of", form("cbrt(", "", ")", false)),
    ("cube root of", form("cbrt(", "", ")", false)),
    ("the factorial of", form("", "", "!", true)),
    ("factorial of", form("", "", "!", true)),
];
const PAIR: [(&str, Form); 2] = [
    ("the sum of", form("", " + ", "", false)),
    ("the product of", form("", " * ", "", false)),
];
const BEHIND: [(&str, Form); 3] = [
    ("squared", form("", "", "^2", false)),
    ("cubed", form("", "", "^3", false)),
    ("factorial", form("", "", "!", true)),
];
const BETWEEN: [(&str, Form); 3] = [
    ("mod", form("", " mod ", "", true)),
    ("to the power of", form("", "^", "", false)),
    ("raised to the power of", form("", "^", "", false)),
];

/// Reads the whole message.
pub(super) fn read(mut place: Place<'_>) -> Result<Recognised, Miss> {
    let asked = lead(&mut place);
    place.spaces();
    let begins = place;
    let (form, first, second) = parts(&mut place)?;
    if form.is_whole && !(first.is_whole && second.is_none_or(|n| n.is_whole)) {
        return Err(begins.miss("whole numbers"));
    }
    let tail = tail(&mut place)?;
    let is_percent = form.between == PERCENT.between;
    if asked == Asked::Bare && !is_percent && !tail.equals && !tail.question {
        return Err(begins.doubt("nothing says that its value is wanted"));
    }
    let mut written = String::with_capacity(48);
    written.push_str(form.before);
    first.write(&mut written);
    written.push_str(form.between);
    if let Some(second) = second {
        second.write(&mut written);
    }
    written.push_str(form.after);
    Ok(Recognised {
        tool: Tool::Calculator,
        why: format!("the whole message is a computation by name: `{written}`"),
        arguments: json!({ "expression": written }),
    })
}

type Parts<'a> = (Form, Number<'a>, Option<Number<'a>>);

fn parts<'a>(place: &mut Place<'a>) -> Result<Parts<'a>, Miss> {
    if let Some(form) = place.one_of(&ROOT) {
        place.spaces();
        return Ok((form, number(place)?, None));
    }
    if let Some(form) = place.one_of(&PAIR) {
        place.spaces();
        let first = number(place)?;
        place.want(&["and"], "`and`")?;
        place.spaces();
        return Ok((form, first, Some(number(place)?)));
    }
    let first = number(place)?;
    if percent(place) {
        place.want(&["of"], "`of`")?;
        place.spaces();
        return Ok((PERCENT, first, Some(number(place)?)));
    }
    if let Some(form) = place.one_of(&BEHIND) {
        return Ok((form, first, None));
    }
    let Some(form) = place.one_of(&BETWEEN) else {
        return Err(place.miss("a computation's name"));
    };
    place.spaces();
    Ok((form, first, Some(number(place)?)))
}

/// `%` or its words, which stand apart from the number.
fn percent(place: &mut Place<'_>) -> bool {
    let mut next = *place;
    let is_spaced = next.spaces();
    let is_here = next.eat("%") || is_spaced && next.any(&["percent", "per cent"]);
    if is_here {
        *place = next;
    }
    is_here
}
