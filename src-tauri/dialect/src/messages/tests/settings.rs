//! Settings of requests, written: what excludes one another is settled.

use serde_json::{Value, json};

use super::written;
use super::written::{asking, call, function, hello, message, result};
use crate::Dialect;
use crate::hub::{
    Choice, Effort, Extras, Format, Kind, Message, Notes, Part, Quirks, Reasoning, Request, Role,
    Sampling, Sealed, Target, Thinking, Tool, ToolKind, Traits,
};

#[test]
fn max_tokens_is_the_callers_the_models_or_small() {
    let quirks = Quirks::default();
    for (asked, most, expected, noted) in [
        (Some(7), None, 7, 0),
        (Some(7), Some(9), 7, 0),
        (Some(99), Some(9), 9, 1),
        (None, Some(64_000), 64_000, 0),
        (None, None, 4_096, 1),
    ] {
        let target = Target {
            max_output: most,
            ..super::target(&quirks)
        };
        let request = Request {
            max_output: asked,
            ..hello()
        };
        let mut notes = Notes::new(false);
        let body =
            super::super::write_request(request, &target, &mut notes).expect("it is written");
        assert_eq!(body["max_tokens"], expected);
        assert_eq!(notes.into_vec().len(), noted);
    }
}

#[test]
fn an_effort_is_an_effort_or_a_budget() {
    let adaptive = Traits {
        adaptive_thinking: Some(true),
        ..Traits::default()
    };
    let plain = Traits {
        reasoning: Some(true),
        adaptive_thinking: Some(false),
        ..Traits::default()
    };
    let none = Traits {
        reasoning: Some(false),
        ..Traits::default()
    };
    let always = Traits {
        thinking_always_on: Some(true),
        ..adaptive
    };
    let enabled = |n: u64| json!({"type": "enabled", "budget_tokens": n});
    let cases = [
        (
            Effort::High,
            adaptive,
            json!({"type": "adaptive"}),
            json!("high"),
        ),
        (
            Effort::Minimal,
            adaptive,
            json!({"type": "adaptive"}),
            json!("low"),
        ),
        (
            Effort::None,
            adaptive,
            json!({"type": "disabled"}),
            Value::Null,
        ),
        (Effort::None, always, Value::Null, json!("low")),
        (
            Effort::None,
            plain,
            json!({"type": "disabled"}),
            Value::Null,
        ),
        (Effort::Minimal, plain, enabled(1_024), Value::Null),
        (Effort::Low, plain, enabled(1_024), Value::Null),
        (Effort::Medium, plain, enabled(3_000), Value::Null),
        (Effort::High, plain, enabled(6_000), Value::Null),
        (Effort::XHigh, plain, enabled(7_500), Value::Null),
        (Effort::Max, plain, enabled(9_000), Value::Null),
        (Effort::High, none, Value::Null, Value::Null),
        (Effort::None, none, Value::Null, Value::Null),
    ];
    for (effort, traits, thinking, written_effort) in cases {
        let request = Request {
            thinking: Thinking {
                effort: Some(effort),
                ..Thinking::default()
            },
            ..hello()
        };
        let (body, _) = written(request, traits);
        assert_eq!(body["thinking"], thinking, "{effort:?} {traits:?}");
        assert_eq!(
            body["output_config"]["effort"], written_effort,
            "{effort:?} {traits:?}"
        );
    }
}

#[test]
fn a_budget_yields_to_max_tokens() {
    for (budget, max_tokens, expected) in [
        (8_000, 4_000, Some(3_999)),
        (10, 4_000, Some(1_024)),
        (8_000, 1_024, None),
        (2_000, 4_000, Some(2_000)),
    ] {
        let request = Request {
            max_output: Some(max_tokens),
            thinking: Thinking {
                budget: Some(budget),
                ..Thinking::default()
            },
            ..hello()
        };
        let (body, _) = written(request, Traits::default());
        assert_eq!(body["thinking"]["budget_tokens"].as_u64(), expected);
        assert_eq!(body["max_tokens"], max_tokens);
    }
}

#[test]
fn thinking_does_not_begin_amid_calls_without_it() {
    let history = |first: Vec<Part>| Request {
        thinking: Thinking {
            effort: Some(Effort::High),
            ..Thinking::default()
        },
        ..asking(vec![
            message(Role::User, "go"),
            Message::new(Role::Assistant, first),
            Message::new(Role::Tool, vec![result("A")]),
        ])
    };
    let (body, notes) = written(history(vec![call("A", "{}")]), Traits::default());
    assert_eq!(body.get("thinking"), None);
    assert_eq!(notes, ["drop:reasoning_effort"]);
    let thought = Part::new(Kind::Reasoning(Reasoning {
        text: "hm".to_owned(),
        sealed: Some(Sealed::from_wire(Dialect::Anthropic, "sig")),
        ..Reasoning::default()
    }));
    let (body, _) = written(history(vec![thought, call("A", "{}")]), Traits::default());
    assert_eq!(body["thinking"]["type"], "enabled");
}

#[test]
fn a_forced_tool_goes_before_an_effort_and_behind_a_budget() {
    let request = |thinking| Request {
        thinking,
        tools: vec![function("f", None)],
        choice: Some(Choice::Any),
        ..hello()
    };
    let effort = Thinking {
        effort: Some(Effort::High),
        ..Thinking::default()
    };
    let (body, notes) = written(request(effort.clone()), Traits::default());
    assert_eq!(body["tool_choice"], json!({"type": "any"}));
    assert_eq!(body.get("thinking"), None);
    assert_eq!(notes, ["drop:reasoning_effort"]);
    let adaptive = Traits {
        adaptive_thinking: Some(true),
        ..Traits::default()
    };
    let (body, notes) = written(request(effort), adaptive);
    assert_eq!(body["output_config"], json!({"effort": "high"}));
    assert_eq!(body["tool_choice"], json!({"type": "any"}));
    assert_eq!(notes, [""; 0]);
    let budget = Thinking {
        budget: Some(2_000),
        ..Thinking::default()
    };
    let (body, notes) = written(request(budget), Traits::default());
    assert_eq!(body["tool_choice"], json!({"type": "auto"}));
    assert_eq!(notes, ["degrade:tool_choice"]);
    let unforced = Traits {
        forced_tools: Some(false),
        ..Traits::default()
    };
    let (body, notes) = written(request(Thinking::default()), unforced);
    assert_eq!(body["tool_choice"], json!({"type": "auto"}));
    assert_eq!(notes, ["degrade:tool_choice"]);
}

#[test]
fn a_choice_among_tools_narrows_the_list() {
    let request = Request {
        tools: vec![
            function("a", None),
            function("b", None),
            function("c", None),
        ],
        choice: Some(Choice::Among {
            names: vec!["c".to_owned(), "a".to_owned()],
            required: true,
        }),
        parallel: Some(false),
        ..hello()
    };
    let (body, notes) = written(request, Traits::default());
    let names: Vec<_> = body["tools"]
        .as_array()
        .expect("tools")
        .iter()
        .map(|t| t["name"].clone())
        .collect();
    assert_eq!(names, ["a", "c"]);
    assert_eq!(
        body["tool_choice"],
        json!({"type": "any", "disable_parallel_tool_use": true})
    );
    assert_eq!(notes, ["rewrite:tool_choice.allowed_tools"]);
}

#[test]
fn strict_tools_stay_strict_within_the_vendors_bounds() {
    let strict = |schema: Value| Tool {
        kind: ToolKind::Function {
            name: "f".to_owned(),
            namespace: None,
            description: Some("d".to_owned()),
            schema: Some(schema),
            strict: Some(true),
        },
        cache: None,
        extras: Extras::default(),
    };
    let good = json!({"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"], "additionalProperties": false});
    let open = json!({"type": "object", "additionalProperties": {"type": "string"}});
    let request = Request {
        tools: vec![strict(good.clone()), strict(open.clone())],
        ..hello()
    };
    let (body, notes) = written(request, Traits::default());
    assert_eq!(
        body["tools"][0],
        json!({"name": "f", "description": "d", "input_schema": good, "strict": true})
    );
    assert_eq!(
        body["tools"][1],
        json!({"name": "f", "description": "d", "input_schema": open})
    );
    assert_eq!(notes, ["degrade:tools.strict"]);
}

#[test]
fn sampling_is_clamped_dropped_and_noted() {
    let sampled = |sampling| Request {
        sampling,
        ..hello()
    };
    let all = Sampling {
        temperature: Some(1.7),
        top_p: Some(0.5),
        top_k: Some(3),
        seed: Some(1),
        frequency_penalty: Some(0.1),
        presence_penalty: Some(0.1),
        logit_bias: [("1".to_owned(), json!(1))].into_iter().collect(),
    };
    let (body, notes) = written(sampled(all.clone()), Traits::default());
    assert_eq!(
        (&body["temperature"], &body["top_k"]),
        (&json!(1.0), &json!(3))
    );
    assert_eq!(
        notes,
        [
            "drop:seed",
            "drop:frequency_penalty",
            "drop:presence_penalty",
            "drop:logit_bias",
            "degrade:temperature",
            "drop:top_p"
        ]
    );
    let none = Traits {
        sampling: Some(false),
        ..Traits::default()
    };
    let (body, _) = written(sampled(all), none);
    for field in ["temperature", "top_p", "top_k"] {
        assert_eq!(body.get(field), None);
    }
    let thinking = Request {
        thinking: Thinking {
            budget: Some(2_000),
            ..Thinking::default()
        },
        ..sampled(Sampling {
            temperature: Some(0.2),
            top_k: Some(3),
            ..Sampling::default()
        })
    };
    let (body, notes) = written(thinking, Traits::default());
    assert_eq!(body.get("temperature"), None);
    assert_eq!(notes, ["drop:temperature", "drop:top_k"]);
}

#[test]
fn a_schema_is_enforced_or_told() {
    let request = |schema: Value| Request {
        format: Format::Schema {
            name: Some("n".to_owned()),
            description: None,
            schema,
            strict: None,
        },
        ..hello()
    };
    let schema =
        json!({"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"]});
    let (body, notes) = written(request(schema.clone()), Traits::default());
    let mut closed = schema.clone();
    closed["additionalProperties"] = false.into();
    assert_eq!(
        body["output_config"]["format"],
        json!({"type": "json_schema", "schema": closed})
    );
    assert_eq!(notes, [""; 0]);
    let without = Traits {
        json_schema: Some(false),
        ..Traits::default()
    };
    let map = json!({"type": "object", "additionalProperties": {"type": "number"}});
    for (request, traits) in [
        (request(schema), without),
        (request(map), Traits::default()),
    ] {
        let (body, notes) = written(request, traits);
        assert_eq!(body.get("output_config"), None);
        let told = body["system"][0]["text"].as_str().expect("a text");
        assert!(told.contains("JSON Schema"));
        assert_eq!(notes, ["degrade:response_format.json_schema"]);
    }
    let json = Request {
        format: Format::Json,
        ..hello()
    };
    assert_eq!(
        written(json, Traits::default()).1,
        ["degrade:response_format"]
    );
}
