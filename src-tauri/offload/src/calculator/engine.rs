//! The evaluator, and what it says in our words.
//!
//! Promises: nothing is fetched and nothing drawn; an approximation is said to be one and shows no digits that
//! it does not have. Each error is of its right kind.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use fend_core::{Context, Interrupt};

use crate::Trouble;
use crate::arguments::{bad_input, no_answer, too_long, too_much};

/// What stands before an answer that is not exact.
pub(super) const ABOUT: &str = "approx. ";
/// The significant digits of an approximation: what it is made of has fifteen.
const DIGITS: usize = 12;
/// The longest answer.
const ANSWER: usize = 16 * 1024;

/// One question's time.
pub(super) struct Engine {
    begun: Instant,
    limit: Duration,
    asked: AtomicU32,
}

impl Interrupt for Engine {
    fn should_interrupt(&self) -> bool {
        // A look at the clock costs more than most steps.
        self.asked.fetch_add(1, Ordering::Relaxed).is_multiple_of(8)
            && self.begun.elapsed() > self.limit
    }
}

impl Engine {
    pub(super) fn new(limit: Duration) -> Engine {
        Engine {
            begun: Instant::now(),
            limit,
            asked: AtomicU32::new(0),
        }
    }

    /// The answer to an expression.
    pub(super) fn answer(&self, expression: &str) -> Result<String, Trouble> {
        let text = self.evaluate(expression)?;
        let text = match text.strip_prefix(ABOUT) {
            // Ten places of it are all zero.
            Some(rest) if is_zero(rest) => self.evaluate(&format!("({expression}) to 6 sf"))?,
            _ => text,
        };
        if text.len() > ANSWER {
            return Err(too_much("The answer has more than 16,384 letters."));
        }
        match text.strip_prefix(ABOUT) {
            Some(about) if is_complex(about) => Err(no_answer("It has no real answer.")),
            None if is_complex(&text) => Err(no_answer("It has no real answer.")),
            Some(about) => Ok(format!("{ABOUT}{}", honest(about))),
            None => Ok(text),
        }
    }

    /// As the evaluator says it.
    pub(super) fn evaluate(&self, expression: &str) -> Result<String, Trouble> {
        let mut context = Context::new();
        let said = fend_core::evaluate_with_interrupt(expression, &mut context, self);
        match said {
            Ok(result) if result.output_is_empty() => Err(bad_input("The expression is empty.")),
            Ok(result) => Ok(result.get_main_result().to_owned()),
            Err(message) => Err(self.trouble(&message)),
        }
    }

    fn trouble(&self, message: &str) -> Trouble {
        let has = |words: &[&str]| words.iter().any(|word| message.contains(word));
        if message == "interrupted" {
            return too_long(format!(
                "The calculation took longer than {} ms and was stopped. Make its numbers smaller.",
                self.limit.as_millis()
            ));
        }
        if has(&["exchange rates"]) {
            return no_answer(
                "Currencies are not converted: their rates change, and nothing is fetched for an answer.",
            );
        }
        if has(&["exponent too large", "value is too large"]) {
            return too_much("A number on the way became too large.");
        }
        let message = sentence(message);
        if has(&[
            "by zero",
            "incompatible",
            "must lie in",
            "power of zero",
            "modulo is only",
            "roots of",
            "compute non-integer",
            "not an integer",
            "not allowed",
            "roman numeral",
            "cannot be converted",
            "cannot convert",
            "unitless",
        ]) {
            return no_answer(message);
        }
        bad_input(format!("The expression can't be read: {message}"))
    }
}

fn sentence(message: &str) -> String {
    let mut letters = message.replace('\'', "`").chars().collect::<Vec<_>>();
    if let Some(first) = letters.first_mut() {
        *first = first.to_ascii_uppercase();
    }
    letters.into_iter().chain(['.']).collect()
}

/// The number at the beginning of an answer, and what stands behind it.
pub(super) fn leading(answer: &str) -> (&str, &str) {
    let end = answer
        .char_indices()
        .find(|(at, c)| !(c.is_ascii_digit() || *c == '.' || *c == '-' && *at == 0))
        .map_or(answer.len(), |(at, _)| at);
    answer.split_at(end)
}

fn is_zero(answer: &str) -> bool {
    let (number, _) = leading(answer);
    number.parse() == Ok(0.0)
}

fn is_complex(answer: &str) -> bool {
    let is_part = |part: &str| {
        part == "i"
            || part
                .strip_suffix('i')
                .is_some_and(|number| number.parse::<f64>().is_ok())
    };
    answer.split([' ', '-']).any(is_part)
}

/// An approximation in as many digits as it has: `2.68811714182e43` instead of forty digits.
fn honest(about: &str) -> String {
    let (number, behind) = leading(about);
    let unsigned = number.trim_start_matches('-');
    let significant = unsigned.trim_start_matches(['0', '.']).replace('.', "");
    // A fraction, or another base: as it is.
    if significant.len() <= DIGITS + 2
        || behind.starts_with(|c: char| c == '/' || c.is_ascii_alphanumeric())
    {
        return about.to_owned();
    }
    let sign = if number.starts_with('-') { "-" } else { "" };
    let whole = unsigned.split('.').next().unwrap_or("");
    let (mut digits, is_carried) = rounded(&significant[..=DIGITS]);
    let power = whole.len() as i64 - 1 + i64::from(is_carried);
    if whole == "0" {
        return about.to_owned();
    }
    if power < 15 {
        // Plain: the point goes where it was.
        let at = (power + 1) as usize;
        while digits.len() < at {
            digits.push('0');
        }
        let (whole, part) = digits.split_at(at);
        let part = part.trim_end_matches('0');
        let point = if part.is_empty() { "" } else { "." };
        return format!("{sign}{whole}{point}{part}{behind}");
    }
    let (first, part) = digits.split_at(1);
    let part = part.trim_end_matches('0');
    let point = if part.is_empty() { "" } else { "." };
    format!("{sign}{first}{point}{part}e{power}{behind}")
}

/// Without its last digit, rounded by it; whether a digit came in front.
fn rounded(digits: &str) -> (String, bool) {
    let (kept, last) = digits.split_at(digits.len() - 1);
    if last < "5" {
        return (kept.to_owned(), false);
    }
    let stem = kept.trim_end_matches('9');
    let nines = kept.len() - stem.len();
    if stem.is_empty() {
        return (format!("1{}", "0".repeat(kept.len() - 1)), true);
    }
    let mut letters = stem.as_bytes().to_vec();
    if let Some(digit) = letters.last_mut() {
        *digit += 1;
    }
    let raised: String = letters.into_iter().map(char::from).collect();
    (raised + &"0".repeat(nines), false)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_approximation_shows_no_digits_that_it_does_not_have() {
        for (about, shown) in [
            ("0.3333333333", "0.3333333333"),
            ("1328.7712379549", "1328.7712379549"),
            ("37320539.6343953825", "37320539.6344"),
            (
                "26881171418161354127836882727067742575697811.0451 m",
                "2.68811714182e43 m",
            ),
            ("-99999999999999.99", "-100000000000000"),
            ("999999999999999.99", "1e15"),
            (
                "884279719003555/281474976710656",
                "884279719003555/281474976710656",
            ),
        ] {
            assert_eq!(honest(about), shown);
        }
    }

    #[test]
    fn an_answer_with_an_imaginary_part_is_known() {
        assert!(is_complex("0 + i") && is_complex("1 + 1.7320508076i") && is_complex("-i"));
        assert!(!is_complex("5 mi") && !is_complex("3 km") && !is_complex("0.5 inches"));
    }
}
