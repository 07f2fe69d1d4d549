//! What it costs to tell whether a message is a task.
//!
//!   cargo run --release -p offload --example recognise_cost

#![expect(clippy::print_stdout, reason = "a program for whoever measures")]

use std::hint::black_box;
use std::time::Instant;

use offload::{MESSAGE, recognise};

const ROUNDS: usize = 2_001;
const LONG: usize = 4 * 1_024;

/// This text again and again, up to so many bytes.
fn repeated(text: &str, bytes: usize) -> String {
    text.chars().cycle().take(bytes).collect()
}

/// The median and the 99th of a hundred, in nanoseconds.
fn nanoseconds(message: &str) -> (u128, u128) {
    let mut times: Vec<u128> = (0..ROUNDS)
        .map(|_| {
            let begin = Instant::now();
            let _ = black_box(recognise(black_box(message)));
            begin.elapsed().as_nanos()
        })
        .collect();
    times.sort_unstable();
    (times[ROUNDS / 2], times[ROUNDS * 99 / 100])
}

fn main() {
    let prose = "The committee met on Tuesday and agreed that the bridge needs a new deck before winter comes. ";
    let rows = [
        ("a sum", "what is 17 * 23?".to_owned()),
        ("a percentage", "15% of 80".to_owned()),
        ("a conversion", "convert 5 kilometers to miles".to_owned()),
        ("a digest", "sha256 of \"hello\"".to_owned()),
        ("a sum of 150 numbers", "12+".repeat(149) + "12"),
        (
            "JSON, 4 KiB",
            format!("format this json: [{}0]", "\"a\", 12, ".repeat(450)),
        ),
        ("a score", "3-2".to_owned()),
        ("a short question", "Why is the sky blue?".to_owned()),
        (
            "a task and more",
            "what is 17 * 23? show your steps".to_owned(),
        ),
        ("prose, 4 KiB", repeated(prose, LONG)),
        (
            "prose, 4 KiB, as a question",
            format!("what is {}", repeated(prose, LONG)),
        ),
        (
            "prose, 4 KiB, as a conversion",
            format!("convert 5 km to {}", repeated(prose, LONG)),
        ),
        (
            "digits and operators, 4 KiB",
            repeated("1+23*4-5/6^7", LONG),
        ),
        ("digits, 4 KiB", repeated("1234567890", LONG)),
        ("groups of digits, 4 KiB", repeated("123,", LONG)),
        ("minus signs, 4 KiB", repeated("-", LONG)),
        (
            "blanks between operators, 4 KiB",
            repeated("1          +", LONG),
        ),
        (
            "blanks behind a word, 4 KiB",
            format!("what{}is", repeated(" ", LONG)),
        ),
        ("open parentheses, 4 KiB", repeated("(", LONG)),
        (
            "nested parentheses, 4 KiB",
            repeated("(", LONG / 2) + "1" + &repeated(")", LONG / 2),
        ),
        ("factorials, 4 KiB", format!("5{}", repeated("!", LONG))),
        (
            "a quote that never ends, 4 KiB",
            format!("sha256 of \"{}", repeated("a", LONG)),
        ),
        (
            "JSON that never ends, 4 KiB",
            format!("format this json: {}", repeated("[", LONG)),
        ),
        (
            "JSON that fails at its end, 4 KiB",
            format!("format this json: [{}", repeated("12, ", LONG)),
        ),
        ("blanks around nothing, 16 KiB", repeated(" ", MESSAGE)),
        ("more than 16 KiB", repeated(prose, 1 << 20)),
    ];
    println!("{:38} {:>9} {:>9}   task", "message", "median", "99 %");
    for (what, message) in rows {
        let (median, slow) = nanoseconds(&message);
        let is_task = if recognise(&message).is_ok() {
            "yes"
        } else {
            "no"
        };
        println!("{what:38} {median:>6} ns {slow:>6} ns   {is_task}");
    }
}
