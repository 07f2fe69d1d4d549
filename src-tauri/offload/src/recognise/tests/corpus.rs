//! The corpus: prompts that are left to the model, tasks that are recognised, and those that should ideally be.

use std::collections::{BTreeSet, HashSet};
use std::fmt::Write as _;

use serde_json::Value;

use super::super::*;

const ORDINARY: &str = include_str!("../../../corpus/ordinary.jsonl");
const HARD: &str = include_str!("../../../corpus/hard.txt");
const TASKS: &str = include_str!("../../../corpus/tasks.jsonl");
const NATURAL: &str = include_str!("../../../corpus/natural.txt");

fn rows(lines: &str) -> Vec<Value> {
    lines
        .lines()
        .map(|line| serde_json::from_str(line).expect("a row"))
        .collect()
}

fn text(row: &Value) -> &str {
    row["text"].as_str().expect("a text")
}

/// Those written by hand, `⏎` being a line's end.
fn hard() -> Vec<String> {
    let lines = HARD
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with("# "));
    lines.map(|line| line.replace('⏎', "\n")).collect()
}

pub(super) fn tasks() -> Vec<Value> {
    rows(TASKS)
}

fn assert_none_is_intercepted<'a>(messages: impl Iterator<Item = &'a str>) {
    let mut offenders = String::new();
    for message in messages {
        if let Ok(task) = recognise(message) {
            let _ = writeln!(
                offenders,
                "{message:?} went to {} with {}",
                task.tool, task.arguments
            );
        }
    }
    assert!(offenders.is_empty(), "intercepted:\n{offenders}");
}

#[test]
fn no_ordinary_prompt_is_intercepted() {
    let rows = rows(ORDINARY);
    assert_none_is_intercepted(rows.iter().map(text));
}

#[test]
fn no_prompt_that_looks_like_a_task_is_intercepted() {
    assert_none_is_intercepted(hard().iter().map(String::as_str));
}

#[test]
fn a_task_with_anything_more_is_left_to_the_model() {
    let around = [
        ("", ", answer in French"),
        ("", " and explain"),
        ("", " step by step"),
        ("", "\nin words"),
        ("", "; why"),
        ("", " :)"),
        ("", " (roughly)"),
        ("As a pirate, ", ""),
        ("My son asks: ", ""),
        ("Translate into German: ", ""),
        ("Is it true that ", ""),
        ("You are a calculator. ", ""),
        ("- ", ""),
        ("> ", ""),
        ("\"", "\""),
    ];
    let tasks = tasks();
    let mut messages = Vec::new();
    for task in &tasks {
        let added = around.iter();
        messages
            .extend(added.map(|(before, behind)| format!("{before}{}{behind}", text(task).trim())));
    }
    assert_none_is_intercepted(messages.iter().map(String::as_str));
}

#[test]
fn every_task_is_recognised_with_the_arguments_that_are_expected() {
    let mut missed = String::new();
    for row in tasks() {
        let message = text(&row);
        match recognise(message) {
            Ok(task)
                if task.tool.to_string() == row["tool"] && task.arguments == row["arguments"] => {}
            other => {
                let _ = writeln!(missed, "{message:?}: {other:?}");
            }
        }
    }
    assert!(missed.is_empty(), "{missed}");
}

#[test]
fn no_two_grammars_recognise_the_same_message() {
    for row in tasks() {
        let place = Place::new(text(&row).trim());
        let by: Vec<_> = GRAMMARS
            .iter()
            .filter(|(_, read)| read(place).is_ok())
            .map(|(name, _)| name)
            .collect();
        assert_eq!(by.len(), 1, "{row}: {by:?}");
    }
}

#[test]
fn expressions_come_to_what_another_implementation_says() {
    let mut compared = 0;
    for row in tasks() {
        let (Some(answer), Some(expression)) = (
            row["answer"].as_str(),
            row["arguments"]["expression"].as_str(),
        ) else {
            continue;
        };
        let found = fend_core::evaluate(expression, &mut fend_core::Context::new());
        assert_eq!(
            found.expect("it has a value").get_main_result(),
            answer,
            "{row}"
        );
        compared += 1;
    }
    assert!(compared >= 500, "{compared}");
}

#[test]
fn every_expression_of_a_task_has_a_value() {
    for row in tasks() {
        let expression = row["arguments"]["expression"].as_str();
        // Dates are no matter of the library.
        if let Some(expression) = expression.filter(|_| !text(&row).contains("between")) {
            let found = fend_core::evaluate(expression, &mut fend_core::Context::new());
            assert!(found.is_ok(), "{expression}: {found:?}");
        }
    }
}

#[test]
fn how_many_tasks_are_recognised_as_people_put_them_is_known() {
    let messages: Vec<_> = NATURAL.lines().collect();
    let found: Vec<_> = messages
        .iter()
        .filter(|message| recognise(message).is_ok())
        .collect();
    println!(
        "{} of {} tasks in natural words are recognised",
        found.len(),
        messages.len()
    );
    for lost in messages
        .iter()
        .filter(|message| recognise(message).is_err())
    {
        println!("lost: {lost}");
    }
    // The figure stands in docs/recognition.md.
    assert_eq!((found.len(), messages.len()), (170, 339));
}

#[test]
fn the_corpus_is_as_large_and_as_varied_as_is_said() {
    let ordinary = rows(ORDINARY);
    let texts: HashSet<_> = ordinary.iter().map(text).collect();
    assert_eq!(texts.len(), ordinary.len(), "no prompt stands twice");
    assert!(ordinary.len() >= 5_000);
    let kinds: BTreeSet<_> = ordinary
        .iter()
        .map(|row| row["category"].as_str())
        .collect();
    assert!(kinds.len() >= 20);
    let hard = hard();
    assert_eq!(
        hard.iter().collect::<HashSet<_>>().len(),
        hard.len(),
        "no prompt stands twice"
    );
    assert!(hard.len() >= 1_000);
    let mut all = 0;
    let mut runs = HashSet::new();
    for message in &texts {
        let words: Vec<_> = message.split_whitespace().collect();
        all += words.windows(5).count();
        runs.extend(words.windows(5).map(<[&str]>::to_vec));
    }
    println!(
        "{} prompts, {} distinct runs of five words of {all}",
        texts.len(),
        runs.len()
    );
    assert!(runs.len() * 10 >= all * 6, "{} of {all}", runs.len());
}

#[tokio::test]
async fn every_task_with_a_known_answer_comes_to_it_in_the_workshop() {
    let workshop = crate::Workshop::new(None);
    let mut wrong = String::new();
    let mut compared = 0;
    for row in tasks() {
        let Some(answer) = row["answer"].as_str() else {
            continue;
        };
        let task = recognise(text(&row)).expect("a task");
        let ask = crate::Ask {
            tool: task.tool,
            arguments: task.arguments,
            client: "corpus".to_owned(),
        };
        let done = workshop.run(&crate::Grants::default(), ask).await;
        if !done.as_ref().is_ok_and(|done| done.text == answer) {
            let _ = writeln!(wrong, "{row}: {done:?}");
        }
        compared += 1;
    }
    assert!(wrong.is_empty(), "{wrong}");
    assert!(compared >= 750, "{compared}");
}
