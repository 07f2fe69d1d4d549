//! The engine that backtracks, through the same door as everybody: what it finds, and that it ends.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use offload::{Ask, Done, Grants, Tool, Trouble, TroubleKind, Workshop};
use serde_json::{Value, json};

fn workshop() -> Workshop {
    Workshop::new(Some(PathBuf::from(env!("CARGO_BIN_EXE_signalbox-sandbox"))))
}

async fn ask(workshop: &Workshop, arguments: Value) -> Result<Done, Trouble> {
    let ask = Ask {
        tool: Tool::Regex,
        arguments,
        client: "me".to_owned(),
    };
    workshop.run(&Grants::default(), ask).await
}

#[tokio::test]
async fn look_around_and_backreferences_find_what_they_say() {
    let workshop = workshop();
    for (plain, answer) in [
        ("backtracking extract /(.)\\1/\naabbc", "aa\nbb"),
        ("backtracking extract /(?<=\\$)[0-9]+/\n$5 and 6", "5"),
        ("backtracking match /a b # comment/xi\nAB", "match: AB"),
        ("backtracking match /x/\nabc", "no match"),
        (
            "backtracking replace /(?<l>[a-z])(?=1)/<${l}>/\na1 b2",
            "<a>1 b2",
        ),
        ("backtracking split /(?<=,) /\na, b, c", "a,\nb,\nc"),
    ] {
        let arguments = Tool::Regex.arguments_of(plain).unwrap();
        let done = ask(&workshop, arguments).await;
        assert_eq!(done.map(|done| done.text), Ok(answer.to_owned()), "{plain}");
    }
    let arguments = json!({"pattern": r"(?<y>\d{4})-(\d\d)(?!\d)|(x)", "text": "é 2024-05", "engine": "backtracking"});
    assert_eq!(
        ask(&workshop, arguments).await.unwrap().result["match"],
        json!({"text": "2024-05", "start": 3, "end": 10, "char_start": 2, "char_end": 9,
               "groups": ["2024", "05", null], "named": {"y": "2024"}})
    );
}

#[tokio::test]
async fn a_pattern_that_has_no_end_is_stopped_and_keeps_no_place() {
    let workshop = workshop();
    let long = "a".repeat(16_000);
    for (action, pattern, text) in [
        ("extract", "(?=(a+)+$)a", long.clone()),
        ("extract", "(?=(a+)+$)a", format!("{long}b")),
        ("match", "(a+)+$(?!x)", format!("{long}b")),
        ("match", r"(?:(?=.*b)a)*c", long.clone()),
        ("match", r"(.*)\1\1x", long.clone()),
        ("extract", "(?=((a?){100})+$)a", long),
    ] {
        let begun = Instant::now();
        let arguments =
            json!({"action": action, "engine": "backtracking", "pattern": pattern, "text": text});
        let four = (0..4).map(|_| ask(&workshop, arguments.clone()));
        for ended in futures_util::future::join_all(four).await {
            if let Err(trouble) = ended {
                let kinds = [
                    TroubleKind::TooLong,
                    TroubleKind::TooMuch,
                    TroubleKind::Unavailable,
                ];
                assert!(kinds.contains(&trouble.kind), "{pattern}: {trouble:?}");
            }
        }
        let plain = json!({"pattern": "b", "text": "abc"});
        assert_eq!(ask(&workshop, plain).await.unwrap().text, "match: b");
        assert!(begun.elapsed() < Duration::from_secs(20), "{pattern}");
    }
}

#[tokio::test]
async fn what_can_t_be_searched_is_refused_with_its_reason() {
    let workshop = workshop();
    for (arguments, kind, says) in [
        (
            json!({"pattern": "(a", "text": "a"}),
            TroubleKind::BadInput,
            "can't be read",
        ),
        (
            json!({"pattern": "a", "text": "a", "flags": "g"}),
            TroubleKind::BadInput,
            "`g`",
        ),
        (
            json!({"pattern": "a", "text": "a".repeat(70_000)}),
            TroubleKind::TooMuch,
            "16 KiB",
        ),
        (
            json!({"pattern": "a", "text": "a".repeat(11_000), "action": "extract"}),
            TroubleKind::TooMuch,
            "10000 matches",
        ),
        (
            json!({"pattern": "(?=a)b*", "text": "a", "action": "replace", "replacement": "$3"}),
            TroubleKind::BadInput,
            "`3`",
        ),
        (
            json!({"pattern": "(?:(?=".repeat(600), "text": "a"}),
            TroubleKind::BadInput,
            "can't be read",
        ),
    ] {
        let mut arguments = arguments;
        arguments["engine"] = json!("backtracking");
        let trouble = ask(&workshop, arguments.clone()).await.unwrap_err();
        assert!(
            trouble.kind == kind && trouble.message.contains(says),
            "{arguments}: {trouble:?}"
        );
    }
    let arguments = json!({"pattern": "a", "text": "a", "engine": "backtracking"});
    let trouble = ask(&Workshop::new(None), arguments).await.unwrap_err();
    assert_eq!(trouble.kind, TroubleKind::Unavailable);
    assert!(trouble.message.contains("signalbox-sandbox"), "{trouble}");
}
