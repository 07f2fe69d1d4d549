//! Each field is in one part, and all parts together are what is asked.

use std::collections::BTreeSet;

use proptest::prelude::*;
use serde_json::json;

use super::super::tests::{alterations, fixtures, read};
use super::AskedPart;
use crate::hub::{
    Choice, Effort, Extras, Format, Kind, Message, Part, Request, Role, Thinking, Tool, ToolCall,
    ToolKind, ToolResult,
};
use crate::{Dialect, Endpoint};

fn differing(one: &Request, other: &Request) -> BTreeSet<AskedPart> {
    let (one, other) = (one.asked_in_parts(), other.asked_in_parts());
    one.differing(&other).collect()
}

#[test]
fn two_requests_agree_in_all_parts_exactly_when_they_ask_for_the_same() {
    let (mut same, mut other) = (0, 0);
    for (endpoint, name, body) in fixtures() {
        let before = read(endpoint, &body).expect("a request");
        for (path, altered) in alterations(&body) {
            let Some(after) = read(endpoint, &altered) else {
                continue;
            };
            let is_same = before.asked().digest == after.asked().digest;
            let differs = differing(&before, &after);
            assert_eq!(is_same, differs.is_empty(), "{name}: {}", path.join("."));
            match is_same {
                true => same += 1,
                false => other += 1,
            }
        }
    }
    assert!(same > 100 && other > 1_000, "{same} {other}");
}

#[test]
fn no_two_fixtures_agree_in_all_parts_unless_they_ask_for_the_same() {
    let all: Vec<_> = fixtures()
        .into_iter()
        .map(|(endpoint, name, body)| {
            let request = read(endpoint, &body).expect("a request");
            (name, request.asked().digest, request.asked_in_parts())
        })
        .collect();
    for (name, asked, parts) in &all {
        for (other, their_asked, their_parts) in &all {
            assert_eq!(asked == their_asked, parts == their_parts, "{name} {other}");
        }
    }
}

type Change = (AskedPart, fn(&mut Request));

/// One for each field that counts, and the part it is in.
const CHANGES: &[Change] = &[
    (AskedPart::Tools, |request| request.tools.push(a_tool())),
    (AskedPart::ToolChoice, |request| {
        request.choice = Some(Choice::Tool("a".to_owned()));
    }),
    (AskedPart::ToolChoice, |request| {
        request.parallel = Some(request.parallel != Some(true));
    }),
    (AskedPart::OutputLimit, |request| {
        request.max_output = Some(77_777);
    }),
    (AskedPart::Temperature, |request| {
        request.sampling.temperature = Some(0.123);
    }),
    (AskedPart::Seed, |request| {
        request.sampling.seed = Some(-99);
    }),
    (AskedPart::Sampling, |request| {
        request.sampling.top_p = Some(0.123);
    }),
    (AskedPart::Sampling, |request| {
        request.sampling.top_k = Some(123);
    }),
    (AskedPart::Sampling, |request| {
        request.sampling.frequency_penalty = Some(0.123);
    }),
    (AskedPart::Sampling, |request| {
        request.sampling.presence_penalty = Some(0.123);
    }),
    (AskedPart::Sampling, |request| {
        let bias = &mut request.sampling.logit_bias;
        bias.insert("123".to_owned(), json!(7));
    }),
    (AskedPart::Stop, |request| {
        request.stop.push("an end".to_owned());
    }),
    (AskedPart::Answers, |request| {
        request.candidates = Some(77);
    }),
    (AskedPart::Answers, |request| request.logprobs = Some(19)),
    (AskedPart::Thinking, |request| {
        request.thinking = Thinking {
            effort: Some(Effort::Minimal),
            budget: Some(123),
            on: None,
            shown: None,
        };
    }),
    (AskedPart::Thinking, |request| {
        request.thinking.on = Some(request.thinking.on != Some(true));
    }),
    (AskedPart::Thinking, |request| {
        request.thinking.shown = Some(request.thinking.shown != Some(true));
    }),
    (AskedPart::Format, |request| {
        request.format = Format::Schema {
            name: None,
            description: None,
            schema: json!({"type": "integer", "title": "a"}),
            strict: None,
        };
    }),
    (AskedPart::Verbosity, |request| {
        request.verbosity = Some("some".to_owned());
    }),
    (AskedPart::Kept, |request| {
        request.previous = Some("resp_123".to_owned());
    }),
    (AskedPart::Kept, |request| {
        request.store = Some(request.store != Some(true));
    }),
    (AskedPart::Kept, |request| request.begun = !request.begun),
    (AskedPart::Extras, |request| {
        let fields = json!({"of_one_vendor": 1}).as_object().cloned();
        request.extras = Extras::of(Dialect::Gemini, fields.unwrap_or_default());
    }),
    (AskedPart::System, |request| {
        let first = message(Role::System, "Before all else.", Some("a"));
        request.messages.insert(0, first);
    }),
    (AskedPart::Conversation, |request| {
        let front = front(request);
        for (role, text) in [(Role::Assistant, "It began so."), (Role::User, "And then?")] {
            let named = message(role, text, Some("a"));
            request.messages.insert(front, named);
        }
    }),
    (AskedPart::LastMessage, |request| {
        if let Some(last) = request.messages.last_mut() {
            last.parts.push(Part::text("One thing more."));
        }
    }),
];

/// One for each field that says nothing of the answer.
const SILENT: &[fn(&mut Request)] = &[
    |request| request.model = "another".to_owned(),
    |request| request.stream = !request.stream,
    |request| request.usage_asked = !request.usage_asked,
    |request| request.tier = Some("slow".to_owned()),
    |request| request.end_user = Some("somebody".to_owned()),
    |request| {
        request.metadata.insert("a".to_owned(), json!(1));
    },
    |request| request.cache_key = Some("a".to_owned()),
];

fn a_tool() -> Tool {
    Tool {
        kind: ToolKind::Function {
            name: "one_more".to_owned(),
            namespace: None,
            description: None,
            schema: None,
            strict: None,
        },
        cache: None,
        extras: Extras::default(),
    }
}

fn message(role: Role, text: &str, name: Option<&str>) -> Message {
    Message {
        name: name.map(str::to_owned),
        ..Message::new(role, vec![Part::text(text)])
    }
}

/// Where the operator's words at the front end.
fn front(request: &Request) -> usize {
    let is_operator = |message: &&Message| matches!(message.role, Role::System | Role::Developer);
    request.messages.iter().take_while(is_operator).count()
}

/// Requests with a last turn of their own.
fn requests() -> Vec<(String, Request)> {
    let all = fixtures().into_iter().map(|(endpoint, name, body)| {
        let request = read(endpoint, &body).expect("a request");
        (name, request)
    });
    let all: Vec<_> = all
        .filter(|(_, request)| front(request) < request.messages.len())
        .collect();
    assert!(all.len() > 100, "{}", all.len());
    all
}

#[test]
fn a_field_that_changes_changes_its_part_alone() {
    let tried: BTreeSet<_> = CHANGES.iter().map(|(part, _)| *part).collect();
    assert_eq!(tried, BTreeSet::from(AskedPart::ALL));
    for (name, before) in requests() {
        for (at, (part, change)) in CHANGES.iter().enumerate() {
            let mut after = before.clone();
            change(&mut after);
            let differs = differing(&before, &after);
            assert_eq!(differs, BTreeSet::from([*part]), "{name}, change {at}");
        }
        for change in SILENT {
            let mut after = before.clone();
            change(&mut after);
            assert_eq!(differing(&before, &after), BTreeSet::new(), "{name}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_changes_together_are_told_each_by_its_part(
        which in any::<prop::sample::Index>(),
        changes in proptest::sample::subsequence((0..CHANGES.len()).collect::<Vec<_>>(), 0..8),
    ) {
        let all = requests();
        let (name, before) = which.get(&all);
        let mut after = before.clone();
        let mut expected = BTreeSet::new();
        for at in changes {
            let (part, change) = CHANGES[at];
            change(&mut after);
            expected.insert(part);
        }
        prop_assert_eq!(differing(before, &after), expected, "{}", name);
    }
}

#[test]
fn a_longer_conversation_is_the_same_last_turn_of_results() {
    let called = |id: &str| {
        Message::new(
            Role::Assistant,
            vec![Part::new(Kind::ToolCall(ToolCall {
                id: id.to_owned(),
                name: "f".to_owned(),
                namespace: None,
                arguments: "{}".to_owned(),
                custom: false,
            }))],
        )
    };
    let answered = |id: &str| {
        Message::new(
            Role::Tool,
            vec![Part::new(Kind::ToolResult(ToolResult {
                call_id: id.to_owned(),
                name: None,
                parts: vec![Part::text("rain")],
                is_error: false,
                custom: false,
            }))],
        )
    };
    let said = |messages: Vec<Message>| Request {
        messages,
        ..Request::default()
    };
    let question = || Message::new(Role::User, vec![Part::text("Oslo?")]);
    let short = said(vec![question(), called("b"), answered("b")]);
    let long = said(vec![
        question(),
        called("a"),
        answered("a"),
        called("b"),
        answered("b"),
    ]);
    let conversation = BTreeSet::from([AskedPart::Conversation]);
    assert_eq!(differing(&short, &long), conversation);
}

#[test]
fn the_last_turn_is_all_that_one_role_said_last() {
    let chat = |messages: serde_json::Value| {
        let body = json!({"model": "m", "messages": messages});
        read(Endpoint::ChatCompletions, &body).expect("a request")
    };
    let turn = |role: &str, text: &str| json!({"role": role, "content": text});
    let before = chat(json!([
        turn("system", "Be brief."),
        turn("user", "Hi"),
        turn("user", "there")
    ]));
    // However the turn was cut.
    let cut = chat(json!([
        turn("system", "Be brief."),
        {"role": "user", "content": [{"type": "text", "text": "Hi"}, {"type": "text", "text": "there"}]},
    ]));
    assert_eq!(differing(&before, &cut), BTreeSet::new());
    let after = chat(json!([
        turn("system", "Be brief."),
        turn("user", "Ho"),
        turn("user", "there")
    ]));
    let last = BTreeSet::from([AskedPart::LastMessage]);
    assert_eq!(differing(&before, &after), last);
    // An operator who alone has spoken has no last turn.
    let alone = chat(json!([turn("system", "Be brief.")]));
    assert_eq!(differing(&before, &alone), last);
}
