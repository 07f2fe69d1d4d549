//! What the sandbox and those who start it say to each other: one JSON value a line.
//!
//! The program is given its [`Setup`] as its one argument, locks itself up, says [`Hello`] and answers each
//! [`Task`] with one [`Answer`], in order. It ends when its standard input does. Nothing here computes, so that
//! whoever speaks to the sandbox need not be built with an interpreter. What is done by a process that is started
//! for it alone, and is over with it, is an [`errand`].

pub mod errand;

use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The most bytes of a task's code.
pub const MOST_CODE: usize = 256 * 1024;
/// The most bytes of a task's line: code in which every byte is escaped, and what surrounds it.
pub const LONGEST_TASK: usize = 6 * MOST_CODE + 1024;
/// The most bytes of an answer's line: four texts in which every byte is escaped, and what surrounds them.
pub const LONGEST_ANSWER: usize = 4 * 6 * 64 * 1024 + 16 * 1024;
/// How a sandbox ends that was refused memory.
pub const OUT_OF_MEMORY: i32 = 65;

/// The language of some code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Language {
    /// Python, as far as its interpreter goes.
    Python,
    /// ECMAScript, without anything of a browser or of Node.
    JavaScript,
}

/// What one process is for, from its beginning to its end.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Setup {
    /// What it interprets.
    pub language: Language,
    /// Code may ask what time it is.
    pub clock: bool,
    /// Code may ask for chance.
    pub chance: bool,
    /// What Python may read.
    pub folders: Vec<Folder>,
    /// What a task may use.
    pub limits: Limits,
}

/// A folder whose files may be read.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Folder {
    /// Absolute: what code calls it.
    pub name: PathBuf,
    /// Canonical: where it is. What is found to be elsewhere when it is opened is not read.
    pub place: PathBuf,
}

/// What a task may use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Limits {
    /// Thousandths of a second.
    pub time_ms: u64,
    /// Bytes that the interpreter's values take up.
    pub memory: usize,
    /// Bytes of each: standard output, standard error, the result.
    pub output: usize,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            time_ms: 1_500,
            memory: 64 * 1024 * 1024,
            output: 64 * 1024,
        }
    }
}

/// The first line: it is locked up, and by what.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hello {
    /// The locks that hold.
    pub locks: Vec<Lock>,
}

/// Something that the system holds against the process, whatever its code finds a way to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Lock {
    /// Address space.
    Memory,
    /// Processor time.
    Processor,
    /// No file grows; no memory is dumped.
    Files,
    /// No process, and no thread, is begun. Does not bind root.
    Processes,
    /// No file is opened outside of the granted folders (Linux: Landlock).
    Folders,
    /// Only the system calls that computing needs (Linux: seccomp).
    Calls,
}

impl Lock {
    /// Every one that some system has.
    pub const ALL: [Lock; 6] = [
        Lock::Memory,
        Lock::Processor,
        Lock::Files,
        Lock::Processes,
        Lock::Folders,
        Lock::Calls,
    ];

    /// What it is about, in a word or two.
    pub fn what(self) -> &'static str {
        match self {
            Lock::Memory => "memory",
            Lock::Processor => "processor time",
            Lock::Files => "growing files",
            Lock::Processes => "processes",
            Lock::Folders => "folders",
            Lock::Calls => "system calls",
        }
    }
}

/// Some code to run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Task {
    /// Comes back with the answer.
    pub id: u64,
    /// The code.
    pub code: String,
    /// What it leaves is there for the next task; otherwise the next one finds nothing of it.
    pub keep: bool,
}

/// What came of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Answer {
    /// That of the task.
    pub id: u64,
    /// How it ended.
    pub ending: Ending,
    /// What it printed.
    pub stdout: String,
    /// What it complained of.
    pub stderr: String,
    /// Some of what it said was left out, for its length.
    pub cut: bool,
}

/// How a task ended.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ending {
    /// With the value of its last expression.
    Value {
        /// As JSON, where it is exact in that form; else as a string.
        json: Value,
        /// As the language shows it. Absent: there is nothing to show.
        shown: Option<String>,
    },
    /// With an error.
    Error {
        /// Of which kind.
        kind: Failing,
        /// With its line and where it came from, as the language tells it.
        message: String,
    },
}

/// Why code did not come to a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Failing {
    /// It is no code.
    Syntax,
    /// It raised an error.
    Raised,
    /// Its time was over.
    Time,
    /// It wanted more memory than it may have.
    Memory,
}
