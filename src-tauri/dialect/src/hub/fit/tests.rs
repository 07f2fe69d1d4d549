use serde_json::json;

use super::*;
use crate::hub::{
    Extras, Kind, Message, Part, Quirks, Reasoning, Role, Sealed, Tool, ToolCall, ToolResult,
    Traits,
};

fn target(dialect: Dialect, quirks: &Quirks) -> Target<'_> {
    Target {
        dialect,
        hosting: crate::hub::Hosting::Own,
        provider: "acme",
        model: "m",
        quirks,
        traits: Traits::default(),
        max_output: None,
    }
}

fn fitted(mut request: Request, dialect: Dialect) -> (Request, Back, Vec<String>) {
    let quirks = Quirks::default();
    let mut notes = Notes::new(false);
    let back = fit(&mut request, &target(dialect, &quirks), &mut notes).expect("it fits");
    let codes = notes
        .into_vec()
        .iter()
        .map(crate::hub::Note::code)
        .collect();
    (request, back, codes)
}

fn call(id: &str, name: &str, namespace: Option<&str>) -> Part {
    Part::new(Kind::ToolCall(ToolCall {
        id: id.to_owned(),
        name: name.to_owned(),
        namespace: namespace.map(str::to_owned),
        arguments: "{}".to_owned(),
        custom: false,
    }))
}

fn result(id: &str) -> Part {
    Part::new(Kind::ToolResult(ToolResult {
        call_id: id.to_owned(),
        name: None,
        parts: vec![Part::text("ok")],
        is_error: false,
        custom: false,
    }))
}

fn function(name: &str, namespace: Option<&str>) -> Tool {
    Tool {
        kind: ToolKind::Function {
            name: name.to_owned(),
            namespace: namespace.map(str::to_owned),
            description: None,
            schema: None,
            strict: None,
        },
        cache: None,
        extras: Extras::default(),
    }
}

fn ids(request: &Request) -> Vec<(char, String)> {
    let parts = request.messages.iter().flat_map(|message| &message.parts);
    parts
        .filter_map(|part| match &part.kind {
            Kind::ToolCall(call) => Some(('c', call.id.clone())),
            Kind::ToolResult(result) => Some(('r', result.call_id.clone())),
            _ => None,
        })
        .collect()
}

fn turns(calls: Vec<Part>, results: Vec<Part>) -> Request {
    Request {
        messages: vec![
            Message::new(Role::User, vec![Part::text("go")]),
            Message::new(Role::Assistant, calls),
            Message::new(Role::Tool, results),
        ],
        ..Request::default()
    }
}

#[test]
fn a_name_that_is_not_allowed_is_mapped_everywhere_and_back() {
    let mut request = turns(vec![call("1", "files/read now", None)], vec![result("1")]);
    request.tools = vec![
        function("files/read now", None),
        function("files_read_now", None),
    ];
    request.choice = Some(crate::hub::Choice::Tool("files/read now".to_owned()));
    let (fitted, back, codes) = fitted(request, Dialect::Anthropic);
    let sent = fitted.tools[0].name().to_owned();
    assert!(sent.starts_with("files_read_now_"), "{sent}");
    assert_eq!(
        fitted.tools[1].name(),
        "files_read_now",
        "who may stay has the first claim"
    );
    assert_eq!(back.names[&sent], (None, "files/read now".to_owned()));
    assert_eq!(fitted.choice, Some(crate::hub::Choice::Tool(sent.clone())));
    let Kind::ToolResult(result) = &fitted.messages[2].parts[0].kind else {
        panic!("a result");
    };
    assert_eq!(result.name.as_deref(), Some(sent.as_str()));
    assert_eq!(codes, ["rewrite:tools.name"]);
}

#[test]
fn a_namespace_is_flattened_but_where_it_is_known() {
    let request = || Request {
        tools: vec![
            function("read", Some("files")),
            function("read", Some("mail")),
        ],
        ..turns(vec![call("1", "read", Some("mail"))], vec![result("1")])
    };
    let (flat, back, _) = fitted(request(), Dialect::OpenAi);
    assert_eq!(flat.tools[0].name(), "files__read");
    assert_eq!(
        back.names["mail__read"],
        (Some("mail".to_owned()), "read".to_owned())
    );
    let (kept, back, codes) = fitted(request(), Dialect::Responses);
    assert_eq!((kept.tools[0].name(), back), ("read", Back::default()));
    assert_eq!(codes, [""; 0]);
}

#[test]
fn ids_become_legal_unique_and_the_same_on_every_turn() {
    let request = || {
        turns(
            vec![
                call("a:1", "f", None),
                call("a:1", "f", None),
                call("", "g", None),
            ],
            vec![result("a:1"), result("a:1"), result("")],
        )
    };
    let (first, _, _) = fitted(request(), Dialect::Anthropic);
    let (again, _, _) = fitted(request(), Dialect::Anthropic);
    assert_eq!(first, again);
    let ids = ids(&first);
    let calls: Vec<&String> = ids
        .iter()
        .filter(|(kind, _)| *kind == 'c')
        .map(|(_, id)| id)
        .collect();
    let results: Vec<&String> = ids
        .iter()
        .filter(|(kind, _)| *kind == 'r')
        .map(|(_, id)| id)
        .collect();
    assert_eq!(calls, results, "each result finds its call");
    assert_eq!(
        calls
            .iter()
            .collect::<std::collections::BTreeSet<_>>()
            .len(),
        3
    );
}

#[test]
fn nine_letters_where_a_provider_wants_nine() {
    let quirks = Quirks {
        nine_character_ids: true,
        ..Quirks::default()
    };
    let mut request = turns(vec![call("call_abc", "f", None)], vec![result("call_abc")]);
    let back = fit(
        &mut request,
        &target(Dialect::OpenAi, &quirks),
        &mut Notes::new(false),
    )
    .expect("it fits");
    let ids = ids(&request);
    assert_eq!(ids[0].1.len(), 9);
    assert_eq!(ids[0].1, ids[1].1);
    assert_eq!(back.ids[&ids[0].1], "call_abc");
}

#[test]
fn results_come_in_the_order_of_their_calls_where_that_is_wanted() {
    let request = || {
        turns(
            vec![call("a", "f", None), call("b", "g", None)],
            vec![result("b"), result("a")],
        )
    };
    let order = |dialect| {
        let (fitted, _, _) = fitted(request(), dialect);
        let results = ids(&fitted).into_iter().filter(|(kind, _)| *kind == 'r');
        results.map(|(_, id)| id).collect::<Vec<_>>()
    };
    assert_eq!(order(Dialect::Anthropic), ["a", "b"]);
    assert_eq!(order(Dialect::Gemini), ["a", "b"]);
    assert_eq!(
        order(Dialect::OpenAi),
        ["b", "a"],
        "the caller's order stays"
    );
}

#[test]
fn a_thought_is_shown_to_its_issuer_alone() {
    let thought = |issuer: Option<&str>, dialect| {
        Part::new(Kind::Reasoning(Reasoning {
            text: "hm".to_owned(),
            sealed: Some(Sealed {
                dialect,
                issuer: issuer.map(str::to_owned),
                data: "s".to_owned(),
            }),
            ..Reasoning::default()
        }))
    };
    for (issuer, dialect, stays) in [
        (None, Dialect::Anthropic, true),
        (Some("acme"), Dialect::Anthropic, true),
        (Some("other"), Dialect::Anthropic, false),
        (Some("acme"), Dialect::Gemini, false),
    ] {
        let request = Request {
            messages: vec![
                Message::new(Role::User, vec![Part::text("go")]),
                Message::new(
                    Role::Assistant,
                    vec![thought(issuer, dialect), Part::text("so")],
                ),
            ],
            ..Request::default()
        };
        let (fitted, _, codes) = fitted(request, Dialect::Anthropic);
        assert_eq!(
            fitted.messages[1].parts.len(),
            if stays { 2 } else { 1 },
            "{issuer:?}"
        );
        assert_eq!(codes.contains(&"drop:reasoning".to_owned()), !stays);
    }
}

#[test]
fn stop_texts_a_target_lacks_are_looked_for_here() {
    let request = || Request {
        stop: vec!["a".to_owned(); 5],
        ..Request::default()
    };
    assert_eq!(fitted(request(), Dialect::Responses).1.stops.len(), 5);
    assert_eq!(fitted(request(), Dialect::OpenAi).1.stops.len(), 5);
    let (kept, back, codes) = fitted(request(), Dialect::Anthropic);
    assert_eq!((kept.stop.len(), back.stops.len(), codes.len()), (5, 0, 0));
}

#[test]
fn a_custom_tool_becomes_a_function_with_one_string() {
    let mut request = turns(vec![call("1", "patch", None)], vec![result("1")]);
    request.tools = vec![Tool {
        kind: ToolKind::Custom {
            name: "patch".to_owned(),
            description: None,
            format: Some(json!({"type": "grammar"})),
        },
        cache: None,
        extras: Extras::default(),
    }];
    if let Kind::ToolCall(call) = &mut request.messages[1].parts[0].kind {
        call.custom = true;
        call.arguments = "*** \"x\"".to_owned();
    }
    let (fitted, back, codes) = fitted(request, Dialect::Gemini);
    assert!(back.custom.contains("patch"));
    assert!(matches!(
        &fitted.tools[0].kind,
        ToolKind::Function {
            schema: Some(_),
            ..
        }
    ));
    let Kind::ToolCall(call) = &fitted.messages[1].parts[0].kind else {
        panic!("a call");
    };
    assert_eq!(call.arguments, r#"{"input":"*** \"x\""}"#);
    assert_eq!(codes, ["degrade:tools.format", "rewrite:tools.custom"]);
}

#[test]
fn another_vendors_tool_is_left_out_beside_functions_and_refused_alone() {
    let hosted = || Tool {
        kind: ToolKind::Hosted {
            name: "web_search".to_owned(),
            value: json!({"type": "web_search"}),
        },
        cache: None,
        extras: Extras::by(Dialect::Responses),
    };
    let beside = Request {
        tools: vec![hosted(), function("f", None)],
        ..Request::default()
    };
    let (fitted, _, codes) = fitted(beside, Dialect::OpenAi);
    assert_eq!(
        (fitted.tools.len(), codes),
        (1, vec!["drop:tools.web_search".to_owned()])
    );
    let mut alone = Request {
        tools: vec![hosted()],
        ..Request::default()
    };
    let quirks = Quirks::default();
    let refused = fit(
        &mut alone,
        &target(Dialect::OpenAi, &quirks),
        &mut Notes::new(false),
    );
    assert_eq!(refused.expect_err("refused").what, "tools.web_search");
}

#[test]
fn a_provider_that_refuses_n_is_one_of_one_answer() {
    let quirks = Quirks {
        refuses: vec!["n".to_owned()],
        ..Quirks::default()
    };
    let target = target(Dialect::OpenAi, &quirks);
    assert!(!target.gives_several());
    let asked = |candidates| Request {
        candidates: Some(candidates),
        ..Request::default()
    };
    let refused = fit(&mut asked(2), &target, &mut Notes::new(false)).expect_err("refused");
    assert_eq!(refused.what, "n");
    let mut notes = Notes::new(false);
    fit(&mut asked(1), &target, &mut notes).expect("one is what it gives");
    assert!(notes.into_vec().is_empty());
}

#[test]
fn what_changes_the_answer_is_refused_unless_losses_are_accepted() {
    let asked = || Request {
        candidates: Some(2),
        logprobs: Some(1),
        previous: Some("resp_1".to_owned()),
        ..Request::default()
    };
    let quirks = Quirks::default();
    let refused = fit(
        &mut asked(),
        &target(Dialect::Anthropic, &quirks),
        &mut Notes::new(false),
    );
    assert_eq!(refused.expect_err("refused").what, "n");
    let mut notes = Notes::new(true);
    fit(
        &mut asked(),
        &target(Dialect::Anthropic, &quirks),
        &mut notes,
    )
    .expect("losses are accepted");
    let codes: Vec<String> = notes
        .into_vec()
        .iter()
        .map(crate::hub::Note::code)
        .collect();
    assert_eq!(
        codes,
        ["drop:n", "drop:logprobs", "drop:previous_response_id"]
    );
}

#[test]
fn what_is_given_unasked_is_not_told_to_be_dropped() {
    let body = br#"{"model":"m","input":"Hi","include":["reasoning.encrypted_content","message.output_text.logprobs"]}"#;
    let include_for = |body: &[u8], dialect| {
        let mut request =
            crate::read_request(crate::Endpoint::Responses, body, None).expect("a request");
        let (quirks, mut notes) = (Quirks::default(), Notes::new(false));
        fit(&mut request, &target(dialect, &quirks), &mut notes).expect("fits");
        request.extras.fields.get("include").cloned()
    };
    assert_eq!(include_for(body, Dialect::OpenAi), None);
    let whole = include_for(body, Dialect::Responses).expect("the caller's own");
    assert_eq!(whole.as_array().map(Vec::len), Some(2));
    let body = br#"{"model":"m","input":"Hi","include":["reasoning.encrypted_content","file_search_call.results"]}"#;
    let left = include_for(body, Dialect::OpenAi).expect("what nobody else gives");
    assert_eq!(left, serde_json::json!(["file_search_call.results"]));
}

#[test]
fn a_search_result_is_told_as_text() {
    let found = serde_json::json!({"type": "search_result", "title": "Bergen", "source": "https://e/b",
        "content": [{"type": "text", "text": "It rains."}, {"type": "text", "text": "Often."}]});
    let body = serde_json::json!({"model": "m", "max_tokens": 9, "messages": [
        {"role": "user", "content": [found]},
        {"role": "assistant", "content": [{"type": "tool_use", "id": "t", "name": "f", "input": {}}]},
        {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "t", "content": [found]}]}]});
    let said = "Bergen\nhttps://e/b\nIt rains.\nOften.";
    for dialect in Dialect::ALL {
        let body = body.to_string();
        let mut request =
            crate::read_request(crate::Endpoint::Messages, body.as_bytes(), None).expect("read");
        let (quirks, mut notes) = (Quirks::default(), Notes::new(false));
        fit(&mut request, &target(dialect, &quirks), &mut notes).expect("fits");
        let is_text = |part: &Part| matches!(&part.kind, Kind::Text(text) if text == said);
        let Kind::ToolResult(result) = &request.messages[2].parts[0].kind else {
            panic!("a result");
        };
        let own = dialect == Dialect::Anthropic;
        assert_eq!(is_text(&request.messages[0].parts[0]), !own);
        assert_eq!(is_text(&result.parts[0]), !own);
        let codes: Vec<String> = notes
            .into_vec()
            .iter()
            .map(crate::hub::Note::code)
            .collect();
        assert_eq!(
            codes.contains(&"degrade:messages.search_result".to_owned()),
            !own
        );
    }
}
