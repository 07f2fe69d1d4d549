//! Numbers as they are written.
//!
//! ```text
//! number = whole ["." digits] | "." digits
//! whole  = "0" | digit-but-0 digits | one-to-three-digits ("," three-digits)+
//! ```
//!
//! Promises: what is read has one value. `05` (a date, a code), `1.2.3` (a version), `1,5` and `1,00,000` are
//! no numbers. `1,234` and `1.234` are one and a bit to half the world: they are read, and called doubtful.

use super::place::{Miss, Place};

/// The most digits of a number: more are an identifier.
const DIGITS: usize = 60;

/// A number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Number<'a> {
    /// As it was written.
    written: &'a str,
    /// It has no decimal point.
    pub(super) is_whole: bool,
    /// Its `,` or `.` means something else in other countries.
    pub(super) is_doubtful: bool,
}

impl Number<'_> {
    /// Writes it with digits and a decimal point only.
    pub(super) fn write(&self, into: &mut String) {
        if self.written.starts_with('.') {
            into.push('0');
        }
        if self.written.contains(',') {
            into.extend(self.written.chars().filter(|c| *c != ','));
        } else {
            into.push_str(self.written);
        }
    }

    /// Its value where it is a small whole number.
    pub(super) fn small(&self) -> Option<u32> {
        if self.written.len() > 6 {
            None
        } else {
            self.written.parse().ok()
        }
    }
}

/// Reads a number.
pub(super) fn number<'a>(place: &mut Place<'a>) -> Result<Number<'a>, Miss> {
    let mut next = *place;
    let first = digits(&mut next);
    let mut groups = 0;
    while (1..=3).contains(&first) && group(&mut next) {
        groups += 1;
    }
    let part = decimals(&mut next);
    let begins_with_zero = place.byte() == Some(b'0') && (first > 1 || groups > 0);
    if first + part == 0 || begins_with_zero || next.at() - place.at() > DIGITS {
        return Err(place.miss("a number"));
    }
    let mut after = next;
    if (after.eat(",") || after.eat(".")) && digits(&mut after) > 0 {
        return Err(next.miss("the number's end"));
    }
    let written = next.since(place.at());
    let could_be_thousands =
        groups == 0 && part == 3 && (1..=3).contains(&first) && !written.starts_with('0');
    if could_be_thousands && written.ends_with('0') {
        return Err(place.doubt("its `.` could stand before thousands"));
    }
    *place = next;
    Ok(Number {
        written,
        is_whole: part == 0,
        is_doubtful: groups == 1 && part == 0 || could_be_thousands,
    })
}

fn digits(place: &mut Place<'_>) -> usize {
    place.skip(|b| b.is_ascii_digit())
}

/// A comma and three digits.
fn group(place: &mut Place<'_>) -> bool {
    let mut next = *place;
    let is_here = next.eat(",") && digits(&mut next) == 3;
    if is_here {
        *place = next;
    }
    is_here
}

/// A point and digits; how many.
fn decimals(place: &mut Place<'_>) -> usize {
    let mut next = *place;
    let many = if next.eat(".") { digits(&mut next) } else { 0 };
    if many > 0 {
        *place = next;
    }
    many
}
