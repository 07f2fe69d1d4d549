//! What came of code, in words.

use speech::{Answer, Ending, Failing, Language, Limits, Setup};

use super::{Lost, locks};
use crate::{Done, Output, Tool, Trouble, TroubleKind};

pub(super) fn tool(language: Language) -> Tool {
    match language {
        Language::Python => Tool::Python,
        Language::JavaScript => Tool::JavaScript,
    }
}

/// As a REPL has it: what was printed, then the value of the last expression.
pub(super) fn told(language: Language, limits: &Limits, answer: Answer) -> Result<Done, Trouble> {
    let output = Output {
        stdout: answer.stdout,
        stderr: answer.stderr,
        is_cut: answer.cut,
    };
    match answer.ending {
        Ending::Value { json, shown } => {
            let printed = output.stdout.trim_end_matches('\n');
            let parts = [(!printed.is_empty()).then_some(printed), shown.as_deref()];
            let text = parts.into_iter().flatten().collect::<Vec<_>>().join("\n");
            Ok(Done {
                result: json,
                text,
                working: None,
                output,
            })
        }
        Ending::Error { kind, message } => {
            let (kind, message) = match kind {
                Failing::Syntax => (
                    TroubleKind::BadInput,
                    format!("This is no valid {}.\n{message}", named(language)),
                ),
                Failing::Raised => (
                    TroubleKind::NoAnswer,
                    format!("The code raised an error.\n{message}"),
                ),
                Failing::Time => (TroubleKind::TooLong, too_long(limits)),
                Failing::Memory => (TroubleKind::TooMuch, too_much(limits)),
            };
            Err(Trouble {
                kind,
                message,
                output,
            })
        }
    }
}

fn named(language: Language) -> &'static str {
    match language {
        Language::Python => "Python",
        Language::JavaScript => "JavaScript",
    }
}

fn too_long(limits: &Limits) -> String {
    let time = seconds(limits.time_ms);
    format!(
        "The code ran for {time} s and was stopped. Make it do less, or do it in several calls of a session."
    )
}

fn too_much(limits: &Limits) -> String {
    let memory = limits.memory >> 20;
    format!(
        "The code wanted more than {memory} MiB of memory and was stopped. Make it hold less at a time."
    )
}

/// `1.5`, `2`.
pub(super) fn seconds(ms: u64) -> String {
    let text = format!("{}.{:03}", ms / 1_000, ms % 1_000);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

pub(super) fn no_program() -> Trouble {
    let message = "No code can be run: the program `signalbox-sandbox` is not there. Put it beside `signalbox`.";
    Trouble::new(TroubleKind::Unavailable, message)
}

pub(super) fn busy() -> Trouble {
    let message = "Too much code is being run already. Ask again in some seconds.";
    Trouble::new(TroubleKind::Unavailable, message)
}

/// The process is gone, and with it its session.
pub(super) fn lost(lost: Lost, setup: &Setup, session: Option<&str>) -> Trouble {
    if let Lost::Ended(Some(status)) = &lost {
        tracing::debug!(%status, "a sandbox died");
    }
    let (kind, mut message) = match lost {
        Lost::Start(why) => {
            let message =
                format!("No code can be run: `signalbox-sandbox` could not be started ({why}).");
            (TroubleKind::Unavailable, message)
        }
        Lost::Late => (TroubleKind::TooLong, too_long(&setup.limits)),
        Lost::Memory => (TroubleKind::TooMuch, too_much(&setup.limits)),
        Lost::Ended(_) => {
            let message =
                "The process that ran the code died. Other code will be run by a new one.";
            (TroubleKind::Unavailable, message.to_owned())
        }
        Lost::Unlocked(missing) => {
            let message = format!(
                "No code is run here: `require_locks` is set, and the system does not hold: {}. Run Signalbox where it does, or take `require_locks` out of the config.",
                locks::named(&missing)
            );
            return Trouble::new(TroubleKind::Unavailable, message);
        }
        Lost::Garbled => {
            let message = "What the process that ran the code said could not be read. Other code will be run by a new one.";
            (TroubleKind::Unavailable, message.to_owned())
        }
    };
    if let Some(name) = session {
        message =
            format!("{message} What the session `{name}` held is lost; the next call begins anew.");
    }
    Trouble::new(kind, message)
}
