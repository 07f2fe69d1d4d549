//! The program that code, statements and patterns of others run in, for `offload`, which starts it, speaks to it and ends it.
//!
//! Promises: it is locked up before it reads a byte; each task gets an answer or the process ends, within the
//! limits of its [`speech::Setup`]; a task finds nothing of the one before it, unless that was to be kept; it
//! ends with its standard input. One task at a time: the one that is run, and one that waits.
//! Leaves out the last word: whoever started it ends it when it is silent for too long.

mod errands;
mod javascript;
mod lock;
mod python;
mod said;
mod search;
mod sql;

use std::io::{self, BufRead, Read, Write};
use std::process::exit;
use std::sync::mpsc::{Receiver, sync_channel};
use std::thread;

use speech::errand::Errand;
use speech::{Answer, Ending, Hello, LONGEST_TASK, Language, Setup, Task};

use crate::javascript::JavaScript;
use crate::lock::Held;
use crate::python::Python;
use crate::said::{Said, Stream};

/// Counts what Python's values take up, and ends the process where its limit is passed by far.
#[global_allocator]
static COUNTED: monty_alloc::LimitedAllocator = monty_alloc::LimitedAllocator;

/// Deep values are walked by recursion; what is not touched takes no memory.
const STACK: usize = 64 * 1024 * 1024;

/// Address space beyond what the values may take up: the program, stacks, and what is copied while it grows.
const BEYOND: u64 = 384 * 1024 * 1024;

/// Processor time of a whole life, in seconds: whoever started it ends it long before.
const PROCESSOR: u64 = 1_800;

/// It was not told what it is for.
const NO_SETUP: i32 = 64;
/// What it was told to run can't be read.
const NO_TASK: i32 = 66;
/// An interpreter broke.
const BROKEN: i32 = 70;

fn main() {
    // What broke is of no use to anybody who could read it here; that it did is seen from the end.
    std::panic::set_hook(Box::new(|_| exit(BROKEN)));
    let Some(told) = std::env::args().nth(1) else {
        exit(NO_SETUP)
    };
    if let Ok(errand) = serde_json::from_str::<Errand>(&told) {
        errands::run(errand);
    }
    let Ok(setup) = serde_json::from_str::<Setup>(&told) else {
        exit(NO_SETUP)
    };
    let (tasks, waiting) = sync_channel(1);
    let Ok(python) = Python::new(&setup) else {
        exit(NO_SETUP)
    };

    let held = Held {
        space: BEYOND + 2 * setup.limits.memory as u64,
        processor: PROCESSOR,
        grows: 0,
        reads: setup
            .folders
            .iter()
            .map(|folder| folder.place.clone())
            .collect(),
        writes: Vec::new(),
    };
    let mut locks = lock::the_files_and_memory(&held);
    let interpreter = thread::Builder::new()
        .stack_size(STACK)
        .spawn(move || run(&setup, Box::new(python), &waiting));
    if interpreter.is_err() {
        exit(BROKEN);
    }
    locks.extend(lock::the_system(&held));
    say(&Hello { locks });

    loop {
        let task = heard::<Task>(LONGEST_TASK);
        if tasks.send(task).is_err() {
            exit(BROKEN);
        }
    }
}

/// The next line, of so many bytes. Where none comes any more there is nothing left to do.
fn heard<T: serde::de::DeserializeOwned>(longest: usize) -> T {
    let mut line = Vec::new();
    let most = longest as u64 + 1;
    match io::stdin().lock().take(most).read_until(b'\n', &mut line) {
        Ok(read) if read > 0 && line.ends_with(b"\n") => {}
        Ok(0) => exit(0),
        _ => exit(NO_TASK),
    }
    serde_json::from_slice(&line).unwrap_or_else(|_| exit(NO_TASK))
}

/// What runs the code. Both are made before their task comes, so that it need not wait for that.
enum Interpreter {
    Python(Box<Python>),
    JavaScript(JavaScript),
}

impl Interpreter {
    fn run(&mut self, code: &str, said: &Said) -> Ending {
        match self {
            Interpreter::Python(python) => python.run(code, said),
            Interpreter::JavaScript(javascript) => javascript.run(code, said),
        }
    }

    fn is_spoilt(&self) -> bool {
        matches!(self, Interpreter::JavaScript(javascript) if javascript.is_spoilt())
    }
}

/// Runs what comes, until nothing more does.
fn run(setup: &Setup, python: Box<Python>, waiting: &Receiver<Task>) {
    let said = Said::new(setup.limits.output);
    let fresh = |python: Option<Box<Python>>| match (setup.language, python) {
        (Language::Python, Some(mut python)) => {
            python.forget();
            Interpreter::Python(python)
        }
        _ => {
            Interpreter::JavaScript(JavaScript::new(setup, &said).unwrap_or_else(|_| exit(BROKEN)))
        }
    };
    let mut interpreter = fresh(Some(python));
    while let Ok(task) = waiting.recv() {
        said.clear();
        let ending = interpreter.run(&task.code, &said);
        if task.keep && interpreter.is_spoilt() {
            say_it_is_lost(&said);
        }
        let (stdout, stderr, cut) = said.take();
        say(&Answer {
            id: task.id,
            ending,
            stdout,
            stderr,
            cut,
        });
        if !task.keep || interpreter.is_spoilt() {
            interpreter = match interpreter {
                Interpreter::Python(python) => fresh(Some(python)),
                Interpreter::JavaScript(_) => fresh(None),
            };
        }
    }
}

fn say_it_is_lost(said: &Said) {
    said.add(
        Stream::Err,
        "What was left to do has no end: the session begins anew, and what it held is lost.\n",
    );
}

/// One line. Where nobody hears it any more there is nothing left to do.
fn say(what: &impl serde::Serialize) {
    let Ok(mut line) = serde_json::to_vec(what) else {
        exit(BROKEN)
    };
    line.push(b'\n');
    let mut out = io::stdout().lock();
    if out.write_all(&line).and_then(|()| out.flush()).is_err() {
        exit(0);
    }
}
