//! Dates: `2024-05-01 + 3 weeks`, `today - 2024-01-01`.
//!
//! Promises: counted on the calendar, and a day that does not exist is no answer. What is no date from its
//! beginning is left to arithmetic. Leaves out times and zones (the tool `time`).

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Span, ToSpan};

use crate::Trouble;
use crate::arguments::{bad_input, no_answer};

/// The most terms.
const TERMS: usize = 32;

/// What a date and what is added to it come to; nothing where it does not begin with a date.
pub(super) fn answer(expression: &str, now: Timestamp) -> Option<Result<String, Trouble>> {
    let words: Vec<&str> = expression.split_whitespace().collect();
    let begins = date(words.first()?, now)?;
    Some(begins.and_then(|begins| from(begins, &words[1..], now)))
}

/// `1 + 2024-05-01`, `2024-05-01-2024-01-01`: a date where arithmetic would subtract.
pub(super) fn refuse(expression: &str) -> Result<(), Trouble> {
    let bytes = expression.as_bytes();
    let is_date = |window: &[u8]| {
        window.iter().enumerate().all(|(at, byte)| match at {
            4 | 7 => *byte == b'-',
            _ => byte.is_ascii_digit(),
        })
    };
    match bytes.windows(10).any(is_date) {
        true => Err(unread()),
        false => Ok(()),
    }
}

fn from(mut at: Date, mut rest: &[&str], now: Timestamp) -> Result<String, Trouble> {
    if rest.len() > TERMS * 3 {
        return Err(bad_input("The sum of dates has more than 32 terms."));
    }
    while let [sign, first, behind @ ..] = rest {
        let is_less = match *sign {
            "+" => false,
            "-" | "−" => true,
            _ => return Err(unread()),
        };
        if let Some(other) = date(first, now) {
            if !is_less || !behind.is_empty() {
                return Err(bad_input(
                    "Dates can't be added to each other; `2024-05-01 - 2024-01-01` is the days between them.",
                ));
            }
            let days = at.since(other?).map_err(|_| unread())?.get_days();
            return Ok(format!(
                "{days} {}",
                if days.abs() == 1 { "day" } else { "days" }
            ));
        }
        let [unit, behind @ ..] = behind else {
            return Err(unread());
        };
        let count: i32 = first.parse().map_err(|_| unread())?;
        let count = if is_less {
            -i64::from(count)
        } else {
            i64::from(count)
        };
        at = moved(at, count, unit)?;
        rest = behind;
    }
    if !rest.is_empty() {
        return Err(unread());
    }
    Ok(at.to_string())
}

fn moved(at: Date, count: i64, unit: &str) -> Result<Date, Trouble> {
    let by: Result<Span, _> = match unit.trim_end_matches('s') {
        "day" => Span::new().try_days(count),
        "week" => Span::new().try_weeks(count),
        "month" => Span::new().try_months(count),
        "year" => Span::new().try_years(count),
        _ => {
            return Err(bad_input(format!(
                "To a date, days, weeks, months and years can be added, and no `{unit}`."
            )));
        }
    };
    let beyond = || no_answer("That date lies beyond the years -9999 to 9999.");
    let then = at
        .checked_add(by.map_err(|_| beyond())?)
        .map_err(|_| beyond())?;
    let is_by_month = matches!(unit.trim_end_matches('s'), "month" | "year");
    if is_by_month && then.day() != at.day() {
        return Err(no_answer(format!(
            "{:04}-{:02} has no day {}: its last one is {then}.",
            then.year(),
            then.month(),
            at.day()
        )));
    }
    Ok(then)
}

/// A date, or what looks like one and is none.
fn date(word: &str, now: Timestamp) -> Option<Result<Date, Trouble>> {
    let today = now.to_zoned(TimeZone::system()).date();
    let beside = |days: i64| today.checked_add(days.days()).map_err(|_| unread());
    match word {
        "today" => return Some(Ok(today)),
        "tomorrow" => return Some(beside(1)),
        "yesterday" => return Some(beside(-1)),
        _ => {}
    }
    let written = word.strip_prefix('@').unwrap_or(word);
    let looks = written.len() == 10
        && written.bytes().enumerate().all(|(at, byte)| match at {
            4 | 7 => byte == b'-',
            _ => byte.is_ascii_digit(),
        });
    if !looks {
        return None;
    }
    let read = written.parse::<Date>();
    Some(read.map_err(|_| no_answer(format!("There is no date `{written}`."))))
}

fn unread() -> Trouble {
    bad_input(
        "A sum of dates is written like `2024-05-01 + 3 weeks - 1 day`, or `2024-05-01 - 2024-01-01`.",
    )
}
