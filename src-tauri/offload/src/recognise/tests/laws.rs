//! What holds for any message.

use proptest::prelude::*;
use serde_json::Value;

use super::super::*;
use super::corpus::tasks;

/// Words of the grammars: put in, they may make another task of it.
const OURS: &str = "can you could nautical metric square cubic degrees raised root sum product please thanks what is calculate compute evaluate how much many the and plus minus times divided multiplied \
                    mod squared cubed factorial percent convert into one are there hex decimal binary octal days";

fn is_one_of_ours(word: &str) -> bool {
    OURS.split(' ').any(|ours| ours == word)
}

/// Tasks whose words are all read: what stands in quotes may be anything.
fn read_to_the_letter() -> Vec<String> {
    let rows = tasks();
    let texts = rows
        .iter()
        .filter(|row| row["tool"] == "calculator" || row["tool"] == "time");
    texts
        .filter_map(|row| row["text"].as_str().map(str::to_owned))
        .collect()
}

fn is_plain(expression: &str) -> bool {
    let words = [
        "sqrt",
        "cbrt",
        "mod",
        "to",
        "decimal",
        "hex",
        "binary",
        "octal",
        "mm",
        "cm",
        "m",
        "km",
        "inches",
        "feet",
        "yards",
        "miles",
        "nautical_miles",
        "mg",
        "g",
        "kg",
        "tonnes",
        "ounces",
        "pounds",
        "ms",
        "seconds",
        "minutes",
        "hours",
        "days",
        "weeks",
        "s",
        "h",
        "mph",
        "knots",
        "°C",
        "°F",
        "kelvin",
        "hectares",
        "acres",
        "ml",
        "liters",
        "bits",
        "bytes",
        "KiB",
        "MiB",
        "GiB",
        "TiB",
        "Pa",
        "kPa",
        "bar",
        "psi",
        "joules",
        "kJ",
        "MJ",
        "kWh",
    ];
    let is_based = |word: &str| {
        let digits = ["0x", "0b", "0o"]
            .iter()
            .find_map(|base| word.strip_prefix(base));
        digits.is_some_and(|digits| digits.bytes().all(|b| b.is_ascii_hexdigit()))
    };
    expression
        .split(|c: char| " +-*/^()!".contains(c))
        .all(|part| {
            part.bytes().all(|b| b.is_ascii_digit() || b == b'.')
                || words.contains(&part)
                || is_based(part)
        })
}

fn expression(task: &Recognised) -> Option<&str> {
    task.arguments.get("expression").and_then(Value::as_str)
}

proptest! {
    #[test]
    fn any_text_is_read_without_a_panic(message in "\\PC{0,80}") {
        let read = recognise(&message);
        if let Err(refused) = read {
            prop_assert!(refused.at <= message.len());
        }
    }

    #[test]
    fn any_text_behind_the_beginning_of_a_task_is_read_without_a_panic(
        begin in prop::sample::select(vec!["what is ", "convert ", "5 ", "2+", "sha256 of ", "base64 encode \"", "how many ", "format this json:", "2024-0", "√", "−"]),
        rest in "\\PC{0,40}",
    ) {
        let message = format!("{begin}{rest}");
        let _ = recognise(&message);
        // A place in the message lies between letters.
        if let Err(refused) = recognise(&message) {
            prop_assert!(message.is_char_boundary(refused.at));
        }
    }

    #[test]
    fn a_word_more_and_it_is_no_task(
        task in prop::sample::select(read_to_the_letter()),
        word in "[a-z]{3,10}".prop_filter("a word of the grammars", |word| !is_one_of_ours(word)),
        at in any::<prop::sample::Index>(),
    ) {
        let mut words: Vec<_> = task.split_whitespace().collect();
        words.insert(at.index(words.len() + 1), &word);
        let message = words.join(" ");
        prop_assert!(recognise(&message).is_err(), "{message}");
    }

    #[test]
    fn what_the_calculator_is_asked_is_made_of_its_own_signs_only(
        message in "(what is |calculate |how much is |)[0-9+*/().^!x×÷−% -]{1,24}( =|\\?|)",
    ) {
        if let Ok(task) = recognise(&message) {
            let written = expression(&task).expect("it is the calculator's");
            prop_assert!(is_plain(written), "{written}");
        }
    }

    #[test]
    fn what_is_recognised_of_digits_and_signs_can_be_worked_out(
        message in "(what is |calculate )[1-9][0-9.]{0,2}( ?[-+*/] ?\\(?-?[1-9][0-9]{0,2}\\)?){1,5}",
    ) {
        if let Ok(task) = recognise(&message) {
            let written = expression(&task).expect("it is the calculator's").to_owned();
            let found = fend_core::evaluate(&written, &mut fend_core::Context::new());
            let is_division_by_zero = found.as_ref().is_err_and(|why| why.contains("zero"));
            prop_assert!(found.is_ok() || is_division_by_zero, "{message} as {written}: {found:?}");
        }
    }
}

#[test]
fn all_expressions_of_tasks_are_made_of_the_calculators_own_signs() {
    for row in tasks() {
        if let Some(written) = row["arguments"]["expression"].as_str() {
            assert!(is_plain(written), "{written}");
        }
    }
}
