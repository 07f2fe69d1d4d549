//! Python, by `monty`: an interpreter without files, network, environment or clock of its own. What code asks of
//! the system comes to us as a question, and is refused unless it was granted.
//!
//! Bounds: time, memory and recursion by the interpreter (the allocator ends the process where one step wants
//! too much), [`MOST_QUESTIONS`] a task, results that are shown as far as there is room.

use std::fmt::{self, Write};
use std::time::{Duration, Instant};

use monty::{MontyRepl, ReplProgress, ReplStartError};
use monty_fs::{Mount, MountCallOutcome, MountError, MountMode, MountTable};
use monty_types::{
    CompileOptions, ExcType, ExtFunctionResult, MontyDate, MontyDateTime, MontyException,
    MontyObject, NameLookupResult, OsFunctionCall, PrintWriter, PrintWriterCallback,
    ResourceLimits, ResourceTracker, StringRepr,
};
use serde_json::Value;
use speech::{Ending, Failing, Setup};

use crate::said::{Said, Stream};

/// Questions to the system by one task.
const MOST_QUESTIONS: usize = 10_000;
/// Calls in calls. Deeper ones are an error that code can catch.
const DEEPEST: usize = 1_000;
/// Values in values that are told as JSON; JSON readers end at 128.
const DEEPEST_JSON: usize = 64;
/// Bytes of one file, and of what is known of a folder.
const MOST_OF_A_FILE: u64 = 16 * 1024 * 1024;
/// The largest integer that every reader of JSON reads exactly.
const EXACT: i64 = (1 << 53) - 1;

/// A session of Python.
pub(crate) struct Python {
    session: Option<MontyRepl>,
    folders: MountTable,
    limits: ResourceLimits,
    clock: bool,
}

impl Python {
    /// The folders are opened here, once: what a path leads to later makes no difference.
    pub(crate) fn new(setup: &Setup) -> Result<Python, MountError> {
        let mut folders = MountTable::new();
        for folder in &setup.folders {
            let mount = Mount::new(
                &folder.to_string_lossy(),
                folder,
                MountMode::ReadOnly,
                Some(0),
            )?;
            folders.push_mount(mount.with_memory_usage_limit(MOST_OF_A_FILE));
        }
        // Only an allocator that is not there could refuse it, and ours is.
        let _ = monty_alloc::set_limit(Some(setup.limits.memory), false);
        let limits = ResourceLimits::default()
            .max_duration(Duration::from_millis(setup.limits.time_ms))
            .max_memory(setup.limits.memory)
            .max_recursion_depth(DEEPEST);
        Ok(Python {
            session: None,
            folders,
            limits,
            clock: setup.clock,
        })
    }

    /// Nothing of what was run is left.
    pub(crate) fn forget(&mut self) {
        self.session = None;
        self.session = Some(self.begin());
        let _ = monty_alloc::set_limit(self.limits.max_memory, false);
    }

    fn begin(&self) -> MontyRepl {
        MontyRepl::new(
            "code",
            ResourceTracker::new(self.limits.clone()),
            CompileOptions::default(),
        )
    }

    /// Runs code in the session, which goes on also where it fails.
    pub(crate) fn run(&mut self, code: &str, said: &Said) -> Ending {
        let mut session = self.session.take().unwrap_or_else(|| self.begin());
        if let Some(time) = self.limits.max_duration {
            session.tracker_mut().set_max_duration(time);
        }
        let mut printed = Printed(said);
        match self.answer_questions(session, code, &mut printed) {
            Ok((session, value)) => {
                self.session = Some(session);
                Ending::Value {
                    shown: (!matches!(value, MontyObject::None)).then(|| shown(&value, said)),
                    json: json_of(&value, said),
                }
            }
            Err(failed) => {
                let ReplStartError { repl, error } = *failed;
                self.session = Some(repl);
                Ending::Error {
                    kind: kind(&error),
                    message: said.cut(&error.to_string()),
                }
            }
        }
    }

    /// The interpreter stops at each thing that it can't know, and goes on with what it is told.
    fn answer_questions(
        &mut self,
        session: MontyRepl,
        code: &str,
        printed: &mut Printed<'_>,
    ) -> Result<(MontyRepl, MontyObject), Box<ReplStartError>> {
        let begun = Instant::now();
        let mut progress = session.feed_start(code, Vec::new(), PrintWriter::Callback(printed))?;
        for asked in 0.. {
            let late = self
                .limits
                .max_duration
                .is_some_and(|time| begun.elapsed() > time);
            let enough = match (late, asked > MOST_QUESTIONS) {
                (true, _) => Some(MontyException::new(
                    ExcType::TimeoutError,
                    Some(OVER.to_owned()),
                )),
                (_, true) => Some(MontyException::new(
                    ExcType::RuntimeError,
                    Some(format!(
                        "more than {MOST_QUESTIONS} questions to the system"
                    )),
                )),
                _ => None,
            };
            let print = PrintWriter::Callback(printed);
            progress = match (progress, enough) {
                (ReplProgress::Complete { repl, value }, _) => return Ok((repl, value)),
                (ReplProgress::OsCall(call), Some(enough)) => call.abort(enough, print)?,
                (ReplProgress::OsCall(call), None) => {
                    call.resume_with(print, |asked| self.answer(asked))?
                }
                (ReplProgress::FunctionCall(call), Some(enough)) => call.abort(enough, print)?,
                (ReplProgress::FunctionCall(call), None) => {
                    let name = call.function_name.clone();
                    call.resume(ExtFunctionResult::NotFound(name), print)?
                }
                (ReplProgress::NameLookup(name), Some(enough)) => name.abort(enough, print)?,
                (ReplProgress::NameLookup(name), None) => {
                    name.resume(NameLookupResult::Undefined, print)?
                }
                (ReplProgress::ResolveFutures(waits), _) => {
                    let never = "it waits for something that nobody will do";
                    waits.abort(
                        MontyException::new(ExcType::RuntimeError, Some(never.to_owned())),
                        print,
                    )?
                }
            };
        }
        unreachable!("the count has no end");
    }

    /// The clock where it was granted, files of granted folders; nothing else, whatever is asked for.
    fn answer(&mut self, asked: OsFunctionCall) -> ExtFunctionResult {
        match asked {
            OsFunctionCall::DateToday if self.clock => today().into(),
            OsFunctionCall::DateTimeNow(zone) if self.clock => now(zone).into(),
            OsFunctionCall::DateToday | OsFunctionCall::DateTimeNow(_) => {
                refused("there is no clock here")
            }
            OsFunctionCall::Getenv(_) | OsFunctionCall::GetEnviron => {
                refused("there is no environment here")
            }
            asked => match self.folders.handle_os_call(asked) {
                MountCallOutcome::Handled(Ok(value)) => value.into(),
                MountCallOutcome::Handled(Err(trouble)) => trouble.into_exception().into(),
                MountCallOutcome::NotHandled(asked) => {
                    let path = asked.fs_primary_path().unwrap_or_default();
                    refused(&format!(
                        "no file but those of granted folders: {}",
                        StringRepr(path)
                    ))
                }
            },
        }
    }
}

/// As the interpreter's own message begins.
const OVER: &str = "time limit exceeded";

fn refused(why: &str) -> ExtFunctionResult {
    MontyException::new(ExcType::PermissionError, Some(why.to_owned())).into()
}

fn kind(error: &MontyException) -> Failing {
    match error.exc_type() {
        ExcType::SyntaxError if error.traceback().len() <= 1 => Failing::Syntax,
        ExcType::TimeoutError if error.message().is_some_and(|said| said.starts_with(OVER)) => {
            Failing::Time
        }
        ExcType::MemoryError => Failing::Memory,
        _ => Failing::Raised,
    }
}

/// Universal time, as the process has no other.
fn since_1970() -> (i64, u32) {
    let since = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .unwrap_or_default();
    (since.as_secs().cast_signed(), since.subsec_micros())
}

/// The civil date of so many days after 1970-01-01 (Howard Hinnant's algorithm).
fn date(days: i64) -> MontyDate {
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let of_era = shifted.rem_euclid(146_097);
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 {
        shifted_month + 3
    } else {
        shifted_month - 9
    };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    MontyDate {
        year: i32::try_from(year).unwrap_or(9_999),
        month: u8::try_from(month).unwrap_or(12),
        day: u8::try_from(day).unwrap_or(31),
    }
}

fn today() -> MontyObject {
    MontyObject::Date(date(since_1970().0.div_euclid(86_400)))
}

fn now(zone: Option<monty_types::MontyTimeZone>) -> MontyObject {
    let (seconds, microsecond) = since_1970();
    let local = seconds
        + zone
            .as_ref()
            .map_or(0, |zone| i64::from(zone.offset_seconds));
    let MontyDate { year, month, day } = date(local.div_euclid(86_400));
    let of_day = local.rem_euclid(86_400);
    let part = |value: i64| u8::try_from(value).unwrap_or(0);
    MontyObject::DateTime(MontyDateTime {
        year,
        month,
        day,
        hour: part(of_day / 3_600),
        minute: part(of_day / 60 % 60),
        second: part(of_day % 60),
        microsecond,
        offset_seconds: zone.as_ref().map(|zone| zone.offset_seconds),
        timezone_name: zone.and_then(|zone| zone.name),
    })
}

/// What `print` is given.
struct Printed<'a>(&'a Said);

impl PrintWriterCallback for Printed<'_> {
    fn stdout_write(&mut self, output: std::borrow::Cow<'_, str>) -> Result<(), MontyException> {
        self.0.add(Stream::Out, &output);
        Ok(())
    }

    fn stdout_push(&mut self, end: char) -> Result<(), MontyException> {
        self.0.add(Stream::Out, end.encode_utf8(&mut [0; 4]));
        Ok(())
    }
}

/// A text with an end: writing beyond it fails, so that nobody goes on to make what nobody reads.
struct Bounded {
    text: String,
    most: usize,
}

impl Write for Bounded {
    fn write_str(&mut self, more: &str) -> fmt::Result {
        let fits = crate::said::beginning(more, self.most - self.text.len());
        self.text.push_str(fits);
        if fits.len() < more.len() {
            Err(fmt::Error)
        } else {
            Ok(())
        }
    }
}

/// Its `repr`, as far as there is room.
fn shown(value: &MontyObject, said: &Said) -> String {
    let mut text = Bounded {
        text: String::new(),
        most: said.most(),
    };
    if show(value, &mut text).is_err() {
        said.is_cut();
    }
    text.text
}

/// Containers are written here: the interpreter's own way leaves the comma out of `(1,)`.
fn show(value: &MontyObject, text: &mut Bounded) -> fmt::Result {
    let list = |open: &str, items: &[MontyObject], close: &str, text: &mut Bounded| {
        text.write_str(open)?;
        for (at, item) in items.iter().enumerate() {
            text.write_str(if at > 0 { ", " } else { "" })?;
            show(item, text)?;
        }
        text.write_str(close)
    };
    match value {
        MontyObject::String(string) => write!(text, "{}", StringRepr(string)),
        MontyObject::List(items) => list("[", items, "]", text),
        MontyObject::Tuple(items) if items.len() == 1 => list("(", items, ",)", text),
        MontyObject::Tuple(items) => list("(", items, ")", text),
        MontyObject::Set(items) if !items.is_empty() => list("{", items, "}", text),
        MontyObject::FrozenSet(items) if !items.is_empty() => {
            list("frozenset({", items, "})", text)
        }
        MontyObject::Dict(pairs) => {
            text.write_str("{")?;
            for (at, (key, value)) in pairs.iter().enumerate() {
                text.write_str(if at > 0 { ", " } else { "" })?;
                show(key, text)?;
                text.write_str(": ")?;
                show(value, text)?;
            }
            text.write_str("}")
        }
        MontyObject::NamedTuple {
            type_name,
            field_names,
            values,
        } => {
            write!(text, "{type_name}(")?;
            for (at, (name, value)) in field_names.iter().zip(values).enumerate() {
                write!(text, "{}{name}=", if at > 0 { ", " } else { "" })?;
                show(value, text)?;
            }
            text.write_str(")")
        }
        MontyObject::Repr(repr) => text.write_str(repr),
        other => write!(text, "{other}"),
    }
}

/// As JSON, where that says the same; its `repr` where it does not, or where there is no room for it.
fn json_of(value: &MontyObject, said: &Said) -> Value {
    let mut room = said.most();
    json(value, &mut room, 0).unwrap_or_else(|| Value::String(shown(value, said)))
}

/// Nothing: there is no room for it.
fn json(value: &MontyObject, room: &mut usize, depth: usize) -> Option<Value> {
    let takes = match value {
        MontyObject::String(text) => text.len() + 2,
        _ => 8,
    };
    *room = room.checked_sub(takes)?;
    if depth > DEEPEST_JSON {
        return None;
    }
    let mut list = |items: &[MontyObject]| {
        let items = items.iter().map(|item| json(item, room, depth + 1));
        items.collect::<Option<Vec<_>>>().map(Value::Array)
    };
    Some(match value {
        MontyObject::None => Value::Null,
        MontyObject::Bool(is) => Value::Bool(*is),
        MontyObject::Int(number) if number.abs_diff(0) <= EXACT.unsigned_abs() => {
            Value::from(*number)
        }
        MontyObject::Float(number) if number.is_finite() => Value::from(*number),
        MontyObject::String(text) => Value::String(text.clone()),
        MontyObject::List(items) | MontyObject::Tuple(items) => list(items)?,
        MontyObject::Set(items) | MontyObject::FrozenSet(items) => list(items)?,
        MontyObject::NamedTuple { values, .. } => list(values)?,
        MontyObject::Dict(pairs) => {
            let named = pairs
                .iter()
                .all(|(key, _)| matches!(key, MontyObject::String(_)));
            let mut object = serde_json::Map::new();
            let mut array = Vec::new();
            for (key, value) in pairs.iter() {
                let value = json(value, room, depth + 1)?;
                let key = json(key, room, depth + 1)?;
                match key {
                    Value::String(key) if named => drop(object.insert(key, value)),
                    key => array.push(Value::Array(vec![key, value])),
                }
            }
            if named {
                Value::Object(object)
            } else {
                Value::Array(array)
            }
        }
        other => {
            let mut text = Bounded {
                text: String::new(),
                most: *room,
            };
            show(other, &mut text).ok()?;
            *room -= text.text.len();
            Value::String(text.text)
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_since_1970_are_dates() {
        let of = |days| {
            let MontyDate { year, month, day } = date(days);
            (year, month, day)
        };
        assert_eq!(of(0), (1970, 1, 1));
        assert_eq!(of(19_782), (2024, 2, 29));
        assert_eq!(of(20_088), (2024, 12, 31));
        assert_eq!(of(-1), (1969, 12, 31));
    }
}
