//! A time as it is written: a day, a clock time anywhere, or an instant in a zone.

use std::fmt;

use jiff::civil::{Date, DateTime};
use jiff::tz::{AmbiguousOffset, TimeZone};
use jiff::{Span, Timestamp, Zoned};

use crate::Trouble;
use crate::arguments::{bad_input, no_answer};

/// One of the three.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Moment {
    Date(Date),
    Clock(DateTime),
    Zoned(Zoned),
}

impl From<Zoned> for Moment {
    fn from(zoned: Zoned) -> Moment {
        Moment::Zoned(zoned)
    }
}

impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Moment::Date(date) => write!(f, "{date}"),
            Moment::Clock(clock) => write!(f, "{clock}"),
            Moment::Zoned(zoned) => write!(f, "{zoned}"),
        }
    }
}

impl Moment {
    /// Reads one. A clock time without a zone of its own is one in `zone`, where there is one.
    pub(super) fn read(
        written: &str,
        zone: Option<&TimeZone>,
        now: Timestamp,
    ) -> Result<Moment, Trouble> {
        let written = written.trim();
        let here = || zone.cloned().unwrap_or(TimeZone::UTC);
        match written {
            "now" => return Ok(now.to_zoned(here()).into()),
            "today" => {
                return Ok(Moment::Date(
                    now.to_zoned(zone.cloned().unwrap_or_else(TimeZone::system))
                        .date(),
                ));
            }
            _ => {}
        }
        if let Some(seconds) = written.strip_prefix('@') {
            let at = seconds
                .parse()
                .ok()
                .and_then(|seconds| Timestamp::from_second(seconds).ok());
            return at.map(|at| at.to_zoned(here()).into()).ok_or_else(|| {
                bad_input(format!("`{written}` is no Unix time in whole seconds."))
            });
        }
        if written.contains('[') {
            return in_named_zone(written);
        }
        // An instant with its offset, in the zone that was asked for or its own.
        if let Ok(pieces) = jiff::fmt::temporal::Pieces::parse(written)
            && let Some(offset) = pieces.to_numeric_offset()
            && let Ok(at) = written.parse::<Timestamp>()
        {
            let own = if offset.is_zero() {
                TimeZone::UTC
            } else {
                TimeZone::fixed(offset)
            };
            return Ok(at.to_zoned(zone.cloned().unwrap_or(own)).into());
        }
        if let Ok(at) = written.parse::<Timestamp>() {
            return Ok(at.to_zoned(here()).into());
        }
        if written.len() <= 10 {
            return written
                .parse()
                .map(Moment::Date)
                .map_err(|error| unread(written, &error));
        }
        let clock: DateTime = written.parse().map_err(|error| unread(written, &error))?;
        match zone {
            Some(zone) => in_zone(clock, zone).map(Moment::Zoned),
            None => Ok(Moment::Clock(clock)),
        }
    }

    /// As an instant in a zone.
    pub(super) fn zoned(self) -> Result<Zoned, Trouble> {
        match self {
            Moment::Zoned(zoned) => Ok(zoned),
            other => Err(bad_input(format!(
                "`{other}` has no zone to convert from. Write one behind it: `2024-05-01T10:00[Europe/Berlin]`, or an offset."
            ))),
        }
    }

    pub(super) fn date(&self) -> Date {
        match self {
            Moment::Date(date) => *date,
            Moment::Clock(clock) => clock.date(),
            Moment::Zoned(zoned) => zoned.date(),
        }
    }

    /// On the clock of its place.
    pub(super) fn clock(&self) -> DateTime {
        match self {
            Moment::Date(date) => date.at(0, 0, 0, 0),
            Moment::Clock(clock) => *clock,
            Moment::Zoned(zoned) => zoned.datetime(),
        }
    }

    /// What is so much later.
    pub(super) fn plus(&self, span: Span) -> Result<Moment, Trouble> {
        let beyond = |_| no_answer("That time lies beyond the years -9999 to 9999.");
        let months = Span::new()
            .try_years(span.get_years())
            .and_then(|only| only.try_months(span.get_months()));
        let months = self
            .date()
            .checked_add(months.map_err(beyond)?)
            .map_err(beyond)?;
        if months.day() != self.date().day() {
            return Err(no_answer(format!(
                "{:04}-{:02} has no day {}: its last one is {months}.",
                months.year(),
                months.month(),
                self.date().day()
            )));
        }
        let has_clock = span.get_hours() != 0
            || span.get_minutes() != 0
            || span.get_seconds() != 0
            || span.get_milliseconds() != 0
            || span.get_microseconds() != 0
            || span.get_nanoseconds() != 0;
        match self {
            Moment::Date(date) if !has_clock => {
                date.checked_add(span).map(Moment::Date).map_err(beyond)
            }
            Moment::Date(_) | Moment::Clock(_) => self
                .clock()
                .checked_add(span)
                .map(Moment::Clock)
                .map_err(beyond),
            Moment::Zoned(zoned) => {
                let later = zoned.checked_add(span).map_err(beyond)?;
                // Days keep the clock time: where the day has none such, it would be moved without a word.
                if !has_clock && later.time() != zoned.time() {
                    let clock = later.date().to_datetime(zoned.time());
                    return in_zone(clock, zoned.time_zone()).map(Moment::Zoned);
                }
                Ok(later.into())
            }
        }
    }
}

/// `2024-05-01T10:00[Europe/Berlin]`, with or without an offset.
fn in_named_zone(written: &str) -> Result<Moment, Trouble> {
    let Some((clock, name)) = written
        .strip_suffix(']')
        .and_then(|rest| rest.split_once('['))
    else {
        return Err(bad_input(format!(
            "`{written}` is no time: the zone in brackets is not closed."
        )));
    };
    let zone = super::zone(name)?;
    if let Ok(clock) = clock.parse::<DateTime>()
        && jiff::fmt::temporal::Pieces::parse(clock_text(written))
            .is_ok_and(|pieces| pieces.offset().is_none())
    {
        return in_zone(clock, &zone).map(Moment::Zoned);
    }
    written
        .parse::<Zoned>()
        .map(Moment::Zoned)
        .map_err(|error| unread(written, &error))
}

fn clock_text(written: &str) -> &str {
    written.split('[').next().unwrap_or("")
}

/// A clock time that exists there, once.
fn in_zone(clock: DateTime, zone: &TimeZone) -> Result<Zoned, Trouble> {
    let name = zone.iana_name().unwrap_or("that zone");
    let ambiguous = zone.to_ambiguous_zoned(clock);
    match ambiguous.offset() {
        AmbiguousOffset::Unambiguous { .. } => ambiguous
            .unambiguous()
            .map_err(|error| no_answer(format!("That time has no answer: {error}."))),
        AmbiguousOffset::Gap { before, after } => Err(no_answer(format!(
            "{clock} does not exist in {name}: clocks are set forward over it, from {before} to {after}."
        ))),
        AmbiguousOffset::Fold { before, after } => Err(bad_input(format!(
            "{clock} exists twice in {name}. Write {clock}{before} or {clock}{after}."
        ))),
    }
}

fn unread(written: &str, error: &jiff::Error) -> Trouble {
    let said = error.to_string();
    let why = said.rsplit(": ").next().unwrap_or("");
    bad_input(format!(
        "`{written}` is no time ({why}). Write `2024-05-01`, `2024-05-01T10:00`, with `Z`, an offset or `[Europe/Berlin]` behind it."
    ))
}
