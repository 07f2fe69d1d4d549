//! Computations with a name of their own.
//!
//! ```text
//! task   = lead form tail
//! form   = number ("%" | "percent" | "per cent") "of" number
//!        | whole "mod" whole | whole "factorial" | ["the"] "factorial of" whole
//!        | ["the"] ("square" | "cube") "root of" number
//!        | number ("squared" | "cubed") | number ["raised"] "to the power of" number
//!        | "the sum of" number "and" number | "the product of" number "and" number
//! ```
//!
//! Promises: each is the whole message: `20% of 50 + 10` is nothing, since it is read in two ways. Those
//! that are no request by themselves (sums, squares, remainders, factorials) need a lead, `=` or `?`. Leaves out: signs, `%` between two numbers (a remainder or percents),
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
    /// It is a request without a lead.
    is_plain: bool,
}

const fn form(before: &'static str, between: &'static str, after: &'static str) -> Form {
    Form {
        before,
        between,
        after,
        is_whole: false,
        is_plain: false,
    }
}

impl Form {
    const fn whole(mut self) -> Form {
        self.is_whole = true;
        self
    }

    const fn plain(mut self) -> Form {
        self.is_plain = true;
        self
    }
}

const PERCENT: Form = form("", " / 100 * ", "").plain();
const SQUARE_ROOT: Form = form("sqrt(", "", ")").plain();
const CUBE_ROOT: Form = form("cbrt(", "", ")").plain();
const FACTORIAL: Form = form("", "", "!").whole();
const POWER: Form = form("", "^", "").plain();
const ROOT: [(&str, Form); 6] = [
    ("the square root of", SQUARE_ROOT),
    ("square root of", SQUARE_ROOT),
    ("the cube root of", CUBE_ROOT),
    ("cube root of", CUBE_ROOT),
    ("the factorial of", FACTORIAL),
    ("factorial of", FACTORIAL),
];
const PAIR: [(&str, Form); 2] = [
    ("the sum of", form("", " + ", "")),
    ("the product of", form("", " * ", "")),
];
const BEHIND: [(&str, Form); 3] = [
    ("squared", form("", "", "^2")),
    ("cubed", form("", "", "^3")),
    ("factorial", FACTORIAL),
];
const BETWEEN: [(&str, Form); 3] = [
    ("mod", form("", " mod ", "").whole()),
    ("to the power of", POWER),
    ("raised to the power of", POWER),
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
    if asked == Asked::Bare && !form.is_plain && !tail.equals && !tail.question {
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
        why: format!("The whole message is a computation by name: `{written}`."),
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
