//! Bases of whole numbers.
//!
//! ```text
//! task  = ["please"] "convert" source ("to" | "into") base tail
//!       | lead source ("in" | "to") base tail                  lead: none, "what is", an order
//! source = digits | ("0x" | "0b" | "0o") digits | [base] digits | digits "from" base   the last two with "convert"
//! base  = "decimal" | "hex" | "hexadecimal" | "binary" | "octal"
//! ```
//!
//! Promises: the base of what is given is beyond doubt: `1010 in hex` is left to the model, since 1010 may be
//! binary, and so is `ff in decimal`. Leaves out: other bases, signs, fractions.

use serde_json::json;

use super::Recognised;
use super::lead::{Asked, lead, tail};
use super::place::{Miss, Place};
use crate::Tool;

const BASES: [(&str, Base); 5] = [
    ("decimal", Base::Decimal),
    ("hexadecimal", Base::Hex),
    ("hex", Base::Hex),
    ("binary", Base::Binary),
    ("octal", Base::Octal),
];

/// The most digits.
const DIGITS: usize = 128;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Base {
    Decimal,
    Hex,
    Binary,
    Octal,
}

impl Base {
    fn prefix(self) -> &'static str {
        match self {
            Base::Decimal => "",
            Base::Hex => "0x",
            Base::Binary => "0b",
            Base::Octal => "0o",
        }
    }

    fn word(self) -> &'static str {
        match self {
            Base::Decimal => "decimal",
            Base::Hex => "hex",
            Base::Binary => "binary",
            Base::Octal => "octal",
        }
    }

    fn has(self, digit: u8) -> bool {
        match self {
            Base::Decimal => digit.is_ascii_digit(),
            Base::Hex => digit.is_ascii_hexdigit(),
            Base::Binary => matches!(digit, b'0' | b'1'),
            Base::Octal => matches!(digit, b'0'..=b'7'),
        }
    }
}

/// Reads the whole message.
pub(super) fn read(mut place: Place<'_>) -> Result<Recognised, Miss> {
    let asked = lead(&mut place);
    let is_convert = asked == Asked::Bare && place.words("convert");
    let before = place;
    let mut named = if is_convert {
        place.one_of(&BASES)
    } else {
        None
    };
    place.spaces();
    let begins = place;
    let (prefixed, digits) = source(&mut place)?;
    if is_convert && named.is_none() && place.words("from") {
        named = Some(base(&mut place)?);
    }
    let from = match (prefixed, named) {
        (Some(prefixed), Some(named)) if prefixed != named => {
            return Err(before.doubt("two bases are named"));
        }
        (Some(base), _) | (None, Some(base)) => base,
        (None, None) => Base::Decimal,
    };
    let has_zero = from == Base::Decimal && digits.len() > 1 && digits.starts_with('0');
    if has_zero || !digits.bytes().all(|digit| from.has(digit)) {
        return Err(begins.miss("digits of that base"));
    }
    if place.byte() != Some(b' ') {
        return Err(place.miss("a blank"));
    }
    place.want(&["in", "to", "into"], "`in` or `to`")?;
    let into = base(&mut place)?;
    tail(&mut place)?;
    let is_told = prefixed.is_some() || named.is_some();
    let looks_binary = digits.len() > 1 && digits.bytes().all(|digit| Base::Binary.has(digit));
    if !is_told && into != Base::Binary && looks_binary {
        return Err(begins.doubt("its digits could be binary"));
    }
    let is_bare = asked == Asked::Bare && !is_convert && !is_told;
    if is_bare && digits.len() == 1 && into != Base::Binary {
        return Err(begins.doubt("it could be so many inches"));
    }
    if from == into {
        return Err(begins.doubt("it is in that base already"));
    }
    let written = format!("{}{digits} to {}", from.prefix(), into.word());
    Ok(Recognised {
        tool: Tool::Calculator,
        why: format!("The whole message asks for a number in another base: `{written}`."),
        arguments: json!({ "expression": written }),
    })
}

fn base(place: &mut Place<'_>) -> Result<Base, Miss> {
    place.one_of(&BASES).ok_or_else(|| place.miss("a base"))
}

/// Digits, and the base that their beginning names.
fn source<'a>(place: &mut Place<'a>) -> Result<(Option<Base>, &'a str), Miss> {
    let mut next = *place;
    let prefixed = [Base::Hex, Base::Binary, Base::Octal]
        .into_iter()
        .find(|base| next.eat(base.prefix()));
    let from = next.at();
    let many = next.skip(|b| b.is_ascii_hexdigit());
    if many == 0 || many > DIGITS {
        return Err(place.miss("a whole number"));
    }
    *place = next;
    Ok((prefixed, next.since(from)))
}
