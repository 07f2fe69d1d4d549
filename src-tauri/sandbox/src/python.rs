//! Python, by `monty`: an interpreter without files, network, environment or clock of its own. What code asks of
//! the system comes to us as a question, and is refused unless it was granted.
//!
//! Bounds: time, memory and recursion by the interpreter (the allocator ends the process where one step wants
//! too much), [`MOST_QUESTIONS`] a task, results that are shown as far as there is room.

mod clock;
mod values;

use std::time::{Duration, Instant};

use monty::{MontyRepl, ReplProgress, ReplStartError};
use monty_fs::{Mount, MountCallOutcome, MountError, MountMode, MountTable};
use monty_types::{
    CompileOptions, ExcType, ExtFunctionResult, MontyException, MontyObject, NameLookupResult,
    OsFunctionCall, PrintWriter, PrintWriterCallback, ResourceLimits, ResourceTracker, StringRepr,
};
use speech::{Ending, Failing, Setup};

use self::clock::{now, today};
use self::values::{json_of, shown};
use crate::said::{Said, Stream};

/// Questions to the system by one task.
const MOST_QUESTIONS: usize = 10_000;
/// Calls in calls. Deeper ones are an error that code can catch.
const DEEPEST: usize = 1_000;
/// Bytes of one file, and of what is known of a folder.
const MOST_OF_A_FILE: u64 = 16 * 1024 * 1024;

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
                &folder.name.to_string_lossy(),
                &folder.place,
                MountMode::ReadOnly,
                Some(0),
            )?;
            // Somebody may have put a link there since it was looked at.
            if mount.host_path() != folder.place {
                let moved = format!("{} leads elsewhere", folder.place.display());
                return Err(MountError::InvalidMount(moved));
            }
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
