use std::time::Instant;

use super::*;

fn ask(arguments: &Value) -> Result<Done, Trouble> {
    run(arguments, Timestamp::UNIX_EPOCH)
}

#[test]
fn a_match_is_told_with_its_groups_and_places() {
    let arguments = json!({"pattern": r"(?<year>\d{4})-(\d\d)|(x)", "text": "é 2024-05"});
    let done = ask(&arguments).unwrap();
    assert_eq!(done.text, "match: 2024-05");
    assert_eq!(
        done.result["match"],
        json!({"text": "2024-05", "start": 3, "end": 10, "char_start": 2, "char_end": 9,
               "groups": ["2024", "05", null], "named": {"year": "2024"}})
    );
    let none = ask(&json!({"pattern": "z", "text": "abc"})).unwrap();
    assert_eq!(
        (none.text.as_str(), &none.result["matched"]),
        ("no match", &json!(false))
    );
}

#[test]
fn every_action_does_what_it_says() {
    for (plain, answer) in [
        ("extract /[0-9]+/\na1b22\nc333", "1\n22\n333"),
        ("match /B/i\nabc", "match: b"),
        ("replace /(\\w)(\\d)/$2$1x$$/\na1 b2", "1ax$ 2bx$"),
        ("replace /(?<l>[a-z])/${l}${l}/\nabc", "aabbcc"),
        ("replace /\\/usr\\//\\//\n/usr/bin", "/bin"),
        ("split /, */\na, b,c", "a\nb\nc"),
        ("extract /^./m\nab\ncd", "a\nc"),
    ] {
        let done = ask(&arguments_of(plain).unwrap());
        assert_eq!(done.map(|done| done.text), Ok(answer.to_owned()), "{plain}");
    }
    let some =
        json!({"action": "replace", "pattern": "a", "replacement": "b", "text": "aaa", "count": 2});
    assert_eq!(
        ask(&some).unwrap().result,
        json!({"text": "bba", "count": 2})
    );
}

#[test]
fn what_can_t_be_done_is_refused_with_its_reason() {
    let case = |more: Value| {
        let mut arguments = json!({"pattern": "a", "text": "aaa"});
        for (name, value) in more.as_object().unwrap() {
            arguments[name] = value.clone();
        }
        ask(&arguments).expect_err(&more.to_string())
    };
    for (more, kind, says) in [
        (
            json!({"pattern": "(a"}),
            TroubleKind::BadInput,
            "unclosed group",
        ),
        (
            json!({"pattern": "(?=a)"}),
            TroubleKind::BadInput,
            "`backtracking`",
        ),
        (
            json!({"pattern": r"(a)\1"}),
            TroubleKind::BadInput,
            "`backtracking`",
        ),
        (json!({"flags": "g"}), TroubleKind::BadInput, "`g`"),
        (
            json!({"action": "replace"}),
            TroubleKind::BadInput,
            "`replacement`",
        ),
        (
            json!({"action": "replace", "replacement": "$3"}),
            TroubleKind::BadInput,
            "`3`",
        ),
        (
            json!({"action": "replace", "replacement": "$x"}),
            TroubleKind::BadInput,
            "`$`",
        ),
        (
            json!({"action": "remove"}),
            TroubleKind::BadInput,
            "`action`",
        ),
        (json!({"count": 0}), TroubleKind::BadInput, "`count`"),
        (
            json!({"pattern": "a{1000}{1000}"}),
            TroubleKind::TooMuch,
            "too large",
        ),
        (
            json!({"pattern": "a".repeat(5_000)}),
            TroubleKind::TooMuch,
            "`pattern`",
        ),
        (
            json!({"text": "a".repeat(20_000), "action": "extract"}),
            TroubleKind::TooMuch,
            "10000 matches",
        ),
    ] {
        let trouble = case(more.clone());
        assert!(
            trouble.kind == kind && trouble.message.contains(says),
            "{more}: {trouble:?}"
        );
    }
    let long = json!({"action": "replace", "pattern": "a", "replacement": "b".repeat(1_000), "text": "a".repeat(9_000)});
    assert_eq!(ask(&long).unwrap_err().kind, TroubleKind::TooMuch);
}

#[test]
fn patterns_that_are_slow_elsewhere_end() {
    let bits: String = (0..1024 * 1024)
        .map(|n: u32| {
            if n.wrapping_mul(2_654_435_761) >> 31 == 0 {
                '0'
            } else {
                '1'
            }
        })
        .collect();
    for (action, engine, pattern, text) in [
        ("match", "linear", "(a+)+$", "a".repeat(500_000) + "b"),
        ("match", "linear", "[01]*1[01]{400}x", bits.clone()),
        ("extract", "linear", "[01]*1[01]{300}x|1", bits),
        (
            "match",
            "linear",
            r"(?:\w+\s?)+$",
            "a ".repeat(300_000) + "!",
        ),
        ("extract", "linear", ".*[^a]|a", "a".repeat(300_000)),
    ] {
        let begun = Instant::now();
        let answer =
            ask(&json!({"action": action, "engine": engine, "pattern": pattern, "text": text}));
        let kind = answer
            .map(|done| done.text.len())
            .map_err(|trouble| trouble.kind);
        eprintln!("{pattern}: {:?} {kind:?}", begun.elapsed());
        // Unoptimised, and beside other tests.
        assert!(begun.elapsed().as_secs() < 60, "{pattern}");
    }
}
