//! Dates, durations, time zones.
//!
//! Promises: the time zone database decides, that of the system or a built-in one; a clock time that does not
//! exist on its day, or exists twice, is said to be so, never guessed, and so is a day that its month does not
//! have. What the time is now is an argument. Bounds: the years -9999 to 9999. Leaves out leap seconds and
//! calendars but the Gregorian one.

mod moment;

#[cfg(test)]
mod tests;

use jiff::tz::TimeZone;
use jiff::{Span, Timestamp, Unit, Zoned};
use serde_json::{Value, json};

use crate::arguments::{Fields, as_object, bad_input, bounded, no_answer};
use crate::{Done, Output, Spec, Tool, Trouble};
use moment::Moment;

/// The longest argument, in bytes.
const TEXT: usize = 256;

const FIELDS: [&str; 6] = ["action", "time", "zone", "duration", "until", "unit"];
const ACTIONS: [&str; 4] = ["describe", "convert", "add", "difference"];
const UNITS: [&str; 7] = [
    "years", "months", "weeks", "days", "hours", "minutes", "seconds",
];

/// What is said of it.
pub(crate) fn spec() -> Spec {
    Spec {
        tool: Tool::Time,
        what: "Works with dates and times: `describe` tells weekday, ISO week, day of the year and Unix time, `convert` \
               tells the time in another zone, `add` adds a duration, `difference` tells what lies between two times."
            .to_owned(),
        arguments: json!({
            "type": "object",
            "properties": {
                "action": {"type": "string", "enum": ACTIONS, "description": "`describe` where it is not said."},
                "time": {"type": "string", "description": "`2024-05-01`, `2024-05-01T10:00`, `2024-05-01T10:00:00Z`, `2024-05-01T10:00[Europe/Berlin]`, Unix seconds as `@1714557600`, `now`, `today`; `now` where it is not said."},
                "zone": {"type": "string", "description": "An IANA zone like `Europe/Berlin`, or `UTC`: the one that is converted to; else the one of a time that has none of its own."},
                "duration": {"type": "string", "description": "Of `add`: `3 weeks 2 days`, `-90 minutes`, `P1M`."},
                "until": {"type": "string", "description": "Of `difference`: the other time."},
                "unit": {"type": "string", "enum": UNITS, "description": "Of `difference`: the largest unit; days where it is not said."}
            },
            "additionalProperties": false
        }),
    }
}

/// `now`, `2024-05-01` (describe), `… in Asia/Tokyo`, `… + 3 weeks`, `… - 90 minutes`, `… until 2024-06-01`.
pub(crate) fn arguments_of(text: &str) -> Result<Value, Trouble> {
    if let Some(object) = as_object(text) {
        return Ok(object);
    }
    let text = text.trim();
    let said = |action: &str, time: &str, name: &str, value: &str| {
        Ok(json!({ "action": action, "time": time.trim(), name: value.trim() }))
    };
    if let Some((time, zone)) = text.split_once(" in ") {
        return said("convert", time, "zone", zone);
    }
    if let Some((time, until)) = text
        .split_once(" until ")
        .or_else(|| text.split_once(" to "))
    {
        return said("difference", time, "until", until);
    }
    if let Some((time, duration)) = text.split_once(" + ") {
        return said("add", time, "duration", duration);
    }
    if let Some((time, duration)) = text.split_once(" - ") {
        return said("add", time, "duration", &format!("-{}", duration.trim()));
    }
    if text.is_empty() {
        return Err(bad_input(
            "Write a time, `2024-05-01T10:00Z in Asia/Tokyo`, `2024-05-01 + 3 weeks` or `2024-05-01 until 2024-06-01`.",
        ));
    }
    Ok(json!({ "action": "describe", "time": text }))
}

/// Works it out.
pub(crate) fn run(arguments: &Value, now: Timestamp) -> Result<Done, Trouble> {
    let fields = Fields::of(arguments, &FIELDS)?;
    let action = fields.choice("action", &ACTIONS)?;
    for name in ["time", "zone", "duration", "until"] {
        bounded(name, fields.maybe_text(name)?.unwrap_or(""), TEXT)?;
    }
    for (name, of) in [
        ("duration", "add"),
        ("until", "difference"),
        ("unit", "difference"),
    ] {
        if fields.any(name).is_some() && action != of {
            return Err(bad_input(format!(
                "The argument `{name}` belongs to the action `{of}`."
            )));
        }
    }
    let zone = fields.maybe_text("zone")?.map(zone).transpose()?;
    let time = fields.maybe_text("time")?.unwrap_or("now");
    if action == "convert" {
        let zone = zone
            .ok_or_else(|| bad_input("The argument `zone` is missing: the zone to convert to."))?;
        return Ok(described(
            &Moment::read(time, None, now)?
                .zoned()?
                .with_time_zone(zone)
                .into(),
        ));
    }
    let from = Moment::read(time, zone.as_ref(), now)?;
    match action {
        "add" => Ok(described(&from.plus(duration(fields.text("duration")?)?)?)),
        "difference" => {
            let until = Moment::read(fields.text("until")?, zone.as_ref(), now)?;
            difference(
                &from,
                &until,
                fields
                    .maybe_text("unit")?
                    .map(|_| fields.chosen("unit", &UNITS))
                    .transpose()?,
            )
        }
        _ => Ok(described(&from)),
    }
}

/// By its name in the database.
fn zone(name: &str) -> Result<TimeZone, Trouble> {
    let zone = if name.eq_ignore_ascii_case("utc") || name == "Z" {
        Ok(TimeZone::UTC)
    } else {
        TimeZone::get(name)
    };
    zone.map_err(|_| {
        bad_input(format!(
            "There is no time zone `{name}`. Zones have names like `Europe/Berlin` or `UTC`."
        ))
    })
}

fn duration(written: &str) -> Result<Span, Trouble> {
    // `-90 minutes` and `- 90 minutes` are `90 minutes ago`.
    let (sign, size) = match written.trim().strip_prefix('-') {
        Some(size) => (-1, size.trim_start()),
        None => (1, written.trim()),
    };
    let span: Result<Span, _> = size.parse();
    span.map(|span| span * sign).map_err(|_| {
        bad_input(format!(
            "`{written}` is no duration. Write it like `3 weeks 2 days`, `90 minutes` or `P1M`."
        ))
    })
}

fn described(moment: &Moment) -> Done {
    let date = moment.date();
    let week = date.iso_week_date();
    let weekday = format!("{:?}", date.weekday());
    let mut result = json!({
        "time": moment.to_string(),
        "weekday": weekday,
        "iso_week": format!("{:04}-W{:02}", week.year(), week.week()),
        "day_of_year": date.day_of_year(),
        "leap_year": date.in_leap_year(),
    });
    let mut text = moment.to_string();
    if let Moment::Zoned(zoned) = moment {
        result["unix"] = Value::from(zoned.timestamp().as_second());
        result["utc"] = Value::from(zoned.timestamp().to_string());
        result["rfc3339"] = Value::from(rfc3339(zoned));
        text = rfc3339(zoned);
        if let Some(name) = zoned.time_zone().iana_name() {
            result["zone"] = Value::from(name);
        }
    }
    Done {
        text: format!("{text} ({weekday}, week {})", week.week()),
        result,
        working: None,
        output: Output::default(),
    }
}

fn rfc3339(zoned: &Zoned) -> String {
    zoned
        .timestamp()
        .display_with_offset(zoned.offset())
        .to_string()
}

fn difference(from: &Moment, until: &Moment, unit: Option<&'static str>) -> Result<Done, Trouble> {
    let largest = match unit.unwrap_or("days") {
        "years" => Unit::Year,
        "months" => Unit::Month,
        "weeks" => Unit::Week,
        "hours" => Unit::Hour,
        "minutes" => Unit::Minute,
        "seconds" => Unit::Second,
        _ => Unit::Day,
    };
    let beyond = |_| no_answer("The times lie too far apart for that unit.");
    let (span, seconds) = match (from, until) {
        (Moment::Date(from), Moment::Date(until)) if largest >= Unit::Day => {
            (from.until((largest, *until)).map_err(beyond)?, None)
        }
        (Moment::Zoned(from), Moment::Zoned(until)) => {
            let until = until.with_time_zone(from.time_zone().clone());
            let seconds = until.timestamp().as_second() - from.timestamp().as_second();
            (
                from.until((largest, &until)).map_err(beyond)?,
                Some(seconds),
            )
        }
        (Moment::Zoned(_), _) | (_, Moment::Zoned(_)) => {
            return Err(bad_input(
                "One of the times has a zone and the other has none: set `zone`, or write both alike.",
            ));
        }
        (from, until) => (
            from.clock()
                .until((largest, until.clock()))
                .map_err(beyond)?,
            None,
        ),
    };
    Ok(Done {
        text: words(&span),
        result: json!({ "duration": span.to_string(), "words": words(&span), "seconds": seconds }),
        working: None,
        output: Output::default(),
    })
}

/// `2 days 3 hours`.
fn words(span: &Span) -> String {
    let parts = [
        (i64::from(span.get_years()), "year"),
        (i64::from(span.get_months()), "month"),
        (i64::from(span.get_weeks()), "week"),
        (i64::from(span.get_days()), "day"),
        (i64::from(span.get_hours()), "hour"),
        (span.get_minutes(), "minute"),
        (span.get_seconds(), "second"),
        (span.get_milliseconds(), "millisecond"),
        (span.get_microseconds(), "microsecond"),
        (span.get_nanoseconds(), "nanosecond"),
    ];
    let told = |(count, unit): (i64, &str)| match count.abs() {
        0 => None,
        1 => Some(format!("1 {unit}")),
        more => Some(format!("{more} {unit}s")),
    };
    let told: Vec<String> = parts.into_iter().filter_map(told).collect();
    match (told.is_empty(), span.is_negative()) {
        (true, _) => "no time".to_owned(),
        (false, true) => format!("{} before", told.join(" ")),
        (false, false) => told.join(" "),
    }
}
