//! What is never intercepted, what always is, and what a refusal says. The texts lie in `corpus/`.

mod corpus;
mod laws;

use super::*;

fn refused(message: &str) -> NotRecognised {
    recognise(message).expect_err("it is left to the model")
}

#[test]
fn a_refusal_says_which_grammar_came_nearest_and_where_it_ended() {
    let table = [
        (
            "write a function",
            None,
            0,
            "No grammar begins with `write`.",
        ),
        (
            "what is 2+2 in base 3, explain",
            Some("arithmetic"),
            12,
            "`in` is no part of the grammar of arithmetic, which wants the end there.",
        ),
        (
            "  what is 2+",
            Some("arithmetic"),
            12,
            "The message ends where the grammar of arithmetic wants a number.",
        ),
        (
            "convert 5 km to bananas",
            Some("units"),
            16,
            "`bananas` is no part of the grammar of units, which wants a unit on the list there.",
        ),
        (
            "3-2",
            Some("arithmetic"),
            0,
            "It fits the grammar of arithmetic, but is left to the model: \
             it could be a score, a range, a date, a fraction or a number to call.",
        ),
        (
            "2+2\n3+3",
            Some("arithmetic"),
            3,
            "The message has more than one line.",
        ),
        (" \n ", None, 0, "The message is empty."),
    ];
    for (message, nearest, at, why) in table {
        let refused = refused(message);
        assert_eq!(
            (refused.nearest, refused.at, refused.why.as_str()),
            (nearest, at, why),
            "{message:?}"
        );
    }
}

#[test]
fn what_is_too_long_is_turned_down_at_once() {
    let long = "1+".repeat(MESSAGE / 2) + "1";
    assert_eq!(refused(&long).why, "The message is longer than 16 KiB.");
    let within = "1+".repeat(2_000) + "1";
    assert!(
        refused(&within)
            .why
            .ends_with("it is longer than the calculator takes.")
    );
}

#[test]
fn parentheses_have_a_bound() {
    let nested = |deep: usize| format!("{}1+1{}", "(".repeat(deep), ")".repeat(deep));
    assert!(recognise(&nested(10)).is_ok());
    assert!(refused(&nested(11)).why.ends_with("more than 10 deep."));
    assert!(
        refused(&"(".repeat(4_096))
            .why
            .ends_with("more than 10 deep.")
    );
}
