use super::*;
use crate::TroubleKind;

fn ask(plain: &str) -> Result<Done, Trouble> {
    run(
        &arguments_of(plain)?,
        "2024-05-15T12:00:00Z".parse().unwrap(),
    )
}

#[test]
fn a_question_of_time_has_its_answer() {
    for (plain, answer) in [
        ("2024-05-01", "2024-05-01 (Wednesday, week 18)"),
        ("now", "2024-05-15T12:00:00+00:00 (Wednesday, week 20)"),
        (
            "now in Asia/Tokyo",
            "2024-05-15T21:00:00+09:00 (Wednesday, week 20)",
        ),
        (
            "2024-05-01T10:00:00Z in America/New_York",
            "2024-05-01T06:00:00-04:00 (Wednesday, week 18)",
        ),
        (
            "2024-07-01T10:00[Europe/Berlin] in UTC",
            "2024-07-01T08:00:00+00:00 (Monday, week 27)",
        ),
        (
            "2024-05-01T10:00+02:00",
            "2024-05-01T10:00:00+02:00 (Wednesday, week 18)",
        ),
        (
            "@1714557600",
            "2024-05-01T10:00:00+00:00 (Wednesday, week 18)",
        ),
        (
            "2024-05-01 + 3 weeks 2 days",
            "2024-05-24 (Friday, week 21)",
        ),
        ("2024-03-01 - 1 day", "2024-02-29 (Thursday, week 9)"),
        (
            "2024-05-01T10:00 + P1M",
            "2024-06-01T10:00:00 (Saturday, week 22)",
        ),
        (
            "2024-05-01 + 36 hours",
            "2024-05-02T12:00:00 (Thursday, week 18)",
        ),
        (
            "2024-03-30T12:00[Europe/Berlin] + 1 day",
            "2024-03-31T12:00:00+02:00 (Sunday, week 13)",
        ),
        (
            "2024-03-30T12:00[Europe/Berlin] + 24 hours",
            "2024-03-31T13:00:00+02:00 (Sunday, week 13)",
        ),
        (
            "2024-10-27T02:30+01:00[Europe/Berlin] in UTC",
            "2024-10-27T01:30:00+00:00 (Sunday, week 43)",
        ),
        ("2024-01-01 until 2024-05-01", "121 days"),
        ("2024-05-01 until 2024-01-01", "121 days before"),
        (
            "2024-05-01T10:00Z until 2024-05-03T13:05Z",
            "2 days 3 hours 5 minutes",
        ),
        ("2024-05-01 until 2024-05-01", "no time"),
    ] {
        assert_eq!(
            ask(plain).map(|done| done.text),
            Ok(answer.to_owned()),
            "{plain}"
        );
    }
    let years = json!({"action": "difference", "time": "1990-02-20", "until": "2024-05-15", "unit": "years"});
    assert_eq!(
        run(&years, Timestamp::UNIX_EPOCH).unwrap().text,
        "34 years 2 months 25 days"
    );
    let hours = json!({"action": "difference", "time": "2024-03-30T12:00", "until": "2024-03-31T12:00", "zone": "Europe/Berlin", "unit": "hours"});
    assert_eq!(run(&hours, Timestamp::UNIX_EPOCH).unwrap().text, "23 hours");
    let described = ask("2024-12-30").unwrap().result;
    assert_eq!(
        (
            &described["iso_week"],
            &described["day_of_year"],
            &described["leap_year"]
        ),
        (&json!("2025-W01"), &json!(365), &json!(true))
    );
    assert_eq!(
        ask("2024-05-01T10:00Z").unwrap().result["unix"],
        json!(1_714_557_600)
    );
}

#[test]
fn what_does_not_exist_or_is_not_clear_is_said_to_be_so() {
    for (plain, kind, says) in [
        (
            "2024-03-31T02:30[Europe/Berlin]",
            TroubleKind::NoAnswer,
            "does not exist",
        ),
        (
            "2024-03-30T02:30[Europe/Berlin] + 1 day",
            TroubleKind::NoAnswer,
            "does not exist",
        ),
        (
            "2024-10-27T02:30[Europe/Berlin]",
            TroubleKind::BadInput,
            "twice",
        ),
        ("2024-01-31 + 1 month", TroubleKind::NoAnswer, "no day 31"),
        ("2023-02-29", TroubleKind::BadInput, "no time"),
        (
            "2024-05-01T10:00 in Asia/Tokyo",
            TroubleKind::BadInput,
            "no zone",
        ),
        ("now in Europe/Atlantis", TroubleKind::BadInput, "Atlantis"),
        ("2024-05-01 + soon", TroubleKind::BadInput, "no duration"),
        (
            "2024-05-01 until 2024-05-01T10:00Z",
            TroubleKind::BadInput,
            "zone",
        ),
        ("9999-12-31 + 1 day", TroubleKind::NoAnswer, "beyond"),
        ("tuesday", TroubleKind::BadInput, "no time"),
        ("", TroubleKind::BadInput, "Write"),
        (
            r#"{"action": "describe", "duration": "1 day"}"#,
            TroubleKind::BadInput,
            "`duration`",
        ),
    ] {
        let trouble = ask(plain).expect_err(plain);
        assert!(
            trouble.kind == kind && trouble.message.contains(says),
            "{plain}: {trouble:?}"
        );
    }
}
