//! The evaluator, and what it says in our words.
//!
//! Promises: nothing is fetched and nothing drawn; an approximation is said to be one. Each error is of its
//! right kind.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use fend_core::{Context, Interrupt};

use super::rounding::{DIGITS, Quotient, Shape};
use crate::Trouble;
use crate::arguments::{bad_input, no_answer, too_long, too_much};

/// What stands before an answer that is not exact.
pub(super) const ABOUT: &str = "approx. ";
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

    /// The answer to an expression, in the shape that is asked for.
    pub(super) fn answer(&self, expression: &str, shape: Shape) -> Result<String, Trouble> {
        self.known(expression, shape, DIGITS)
    }

    /// The same, of which an approximation shows as many digits as are known.
    pub(super) fn known(
        &self,
        expression: &str,
        shape: Shape,
        known: i64,
    ) -> Result<String, Trouble> {
        let said = self.evaluate(expression)?;
        if is_complex(said.strip_prefix(ABOUT).unwrap_or(&said)) {
            return Err(no_answer("It has no real answer."));
        }
        let is_fraction = leading(said.strip_prefix(ABOUT).unwrap_or(&said))
            .1
            .starts_with('/');
        let text = match shape == Shape::Auto && (is_fraction || !said.starts_with(ABOUT)) {
            true => said,
            false => self.quotient(expression)?.known(shape, known)?,
        };
        if text.len() > ANSWER {
            return Err(too_much("The answer has more than 16,384 letters."));
        }
        Ok(text)
    }

    /// The exact value of an expression, or of its approximation.
    pub(super) fn quotient(&self, expression: &str) -> Result<Quotient, Trouble> {
        let said = self.evaluate(&format!("({expression}) to fraction"))?;
        Quotient::read(&said)
            .ok_or_else(|| no_answer(format!("`{said}` can't be told in decimals.")))
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

fn is_complex(answer: &str) -> bool {
    let is_part = |part: &str| {
        part == "i"
            || part
                .strip_suffix('i')
                .is_some_and(|number| number.parse::<f64>().is_ok())
    };
    answer.split([' ', '-']).any(is_part)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_with_an_imaginary_part_is_known() {
        assert!(is_complex("0 + i") && is_complex("1 + 1.7320508076i") && is_complex("-i"));
        assert!(!is_complex("5 mi") && !is_complex("3 km") && !is_complex("0.5 inches"));
    }
}
