//! Arithmetic, exactly.
//!
//! Promises: rational numbers are exact however large (up to some 9,600 digits), so `0.1 + 0.2` is `0.3`; what
//! can only be approximated (roots, logarithms, a third in decimals) begins with `approx.` and shows no more
//! digits than it has. Units, percentages, bases and dates are read; what people read in two ways is refused.
//! Nothing is fetched, nothing is drawn, and the day is an argument. Bounds: 4 KiB, 400 parts, 10 parentheses
//! within each other, 100 ms, a stack of its own. Leaves out currencies, complex numbers, variables.
//!
//! The arithmetic itself is fend's. What it reads leniently (`1,5` as fifteen), computes through floating point
//! without saying so (`floor`), rounds wrongly, or can't be interrupted in, does not come to it.

mod ambiguity;
mod dates;
mod engine;
mod loss;
mod rounding;
mod size;
mod steps;
mod tokens;
mod units;

#[cfg(test)]
mod tests;

use std::thread;
use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Number, Value, json};

use crate::arguments::{Fields, as_object, bad_input, bounded, no_answer};
use crate::{Done, Output, Spec, Tool, Trouble};

/// The longest expression, in bytes.
const EXPRESSION: usize = 4 * 1024;
/// The most time for one.
const LIMIT: Duration = Duration::from_millis(100);
/// The evaluator is recursive: some kilobytes for each of at most 400 parts. Only what is used is taken.
const STACK: usize = 64 * 1024 * 1024;

/// What is said of it.
pub(crate) fn spec() -> Spec {
    Spec {
        tool: Tool::Calculator,
        what: "Works out arithmetic exactly: + - * / ^ and !, percentages (`23% of 450`), units (`60 miles to km`), \
               bases (`255 to hex`), functions (`sqrt(2)`, `round(2.5)`), dates (`2024-05-01 + 3 weeks`). Use it for \
               every calculation. No variables, no currencies."
            .to_owned(),
        arguments: json!({
            "type": "object",
            "properties": {
                "expression": {
                    "type": "string",
                    "description": "One expression, for example `(1250 - 3 * 75) / 4` or `5 feet 10 inches to cm`."
                }
            },
            "required": ["expression"],
            "additionalProperties": false
        }),
    }
}

/// The text is the expression.
pub(crate) fn arguments_of(text: &str) -> Result<Value, Trouble> {
    Ok(as_object(text).unwrap_or_else(|| json!({ "expression": text.trim() })))
}

/// Works it out.
pub(crate) fn run(arguments: &Value, now: Timestamp) -> Result<Done, Trouble> {
    let fields = Fields::of(arguments, &["expression"])?;
    let written = fields.text("expression")?;
    bounded("expression", written, EXPRESSION)?;
    // `2 + 2 =` asks the same.
    let expression = written.trim().trim_end_matches('=').trim_end().to_owned();
    if expression.is_empty() {
        return Err(bad_input("The expression is empty."));
    }
    let (text, is_decimal) = match dates::answer(&expression, now) {
        Some(answer) => (answer?, false),
        None => {
            dates::refuse(&expression)?;
            apart(expression.clone())?
        }
    };
    Ok(Done {
        result: if is_decimal {
            value(&text)
        } else {
            Value::String(text.clone())
        },
        working: Some(format!("{expression} = {text}")),
        text,
        output: Output::default(),
    })
}

/// The answer, and whether it is written in base ten. On a thread of its own: a stack of known size, and what
/// dies there dies alone.
fn apart(expression: String) -> Result<(String, bool), Trouble> {
    let work = move || {
        let engine = engine::Engine::new(LIMIT);
        let tokens = tokens::tokens(&expression)?;
        ambiguity::refuse(&tokens)?;
        units::refuse(&tokens)?;
        steps::answer(&tokens, &engine)
    };
    let thread = thread::Builder::new()
        .name("calculator".to_owned())
        .stack_size(STACK)
        .spawn(work)
        .map_err(|error| {
            Trouble::new(
                crate::TroubleKind::Unavailable,
                format!(
                    "No thread could be started for the calculation: {error}. Try again later."
                ),
            )
        })?;
    let ended = thread.join();
    ended.unwrap_or_else(|_| {
        Err(no_answer(
            "The calculator failed at this expression. Write it another way.",
        ))
    })
}

/// A number where it is exact as one; else the text.
fn value(text: &str) -> Value {
    let digits = text.bytes().filter(u8::is_ascii_digit).count();
    let is_plain = text
        .strip_prefix('-')
        .unwrap_or(text)
        .bytes()
        .all(|byte| byte.is_ascii_digit() || byte == b'.');
    let number: Option<Number> = match digits {
        1..=15 if is_plain => serde_json::from_str(text).ok(),
        _ => None,
    };
    number.map_or_else(|| Value::String(text.to_owned()), Value::Number)
}
