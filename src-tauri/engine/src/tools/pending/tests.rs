use dialect::hub::{Block, Candidate, ToolResult};

use super::*;

fn call(id: &str) -> ToolCall {
    ToolCall {
        id: id.to_owned(),
        name: "theirs".to_owned(),
        namespace: None,
        arguments: "{\"a\": 1}".to_owned(),
        custom: false,
    }
}

fn said(id: &str) -> Part {
    Part::new(Kind::ToolCall(call(id)))
}

fn result(id: &str) -> Part {
    Part::new(Kind::ToolResult(ToolResult {
        call_id: id.to_owned(),
        name: None,
        parts: Vec::new(),
        is_error: false,
        custom: false,
    }))
}

fn ours(id: &str, place: usize) -> WithheldCall {
    WithheldCall {
        id: id.to_owned(),
        name: "signalbox_calculator".to_owned(),
        arguments: "{}".to_owned(),
        sealed: None,
        place,
    }
}

/// A turn with the client's calls `a` and `b`.
fn turn() -> Reply {
    let block = |id| Block {
        kind: BlockKind::ToolCall(call(id)),
        text: "{\"a\":1}".to_owned(),
        sealed: None,
        annotations: Vec::new(),
    };
    Reply {
        candidates: vec![Candidate {
            blocks: vec![block("a"), block("b")],
            ..Candidate::default()
        }],
        ..Reply::default()
    }
}

fn begun(text: &str, messages: Vec<Message>) -> Request {
    let first = Message::new(Role::User, vec![Part::text(text)]);
    Request {
        messages: std::iter::once(first).chain(messages).collect(),
        ..Request::default()
    }
}

/// Who says what, by ids.
fn told(request: &Request) -> Vec<Vec<&str>> {
    fn id(part: &Part) -> &str {
        match &part.kind {
            Kind::ToolCall(call) => &call.id,
            Kind::ToolResult(result) => &result.call_id,
            _ => "",
        }
    }
    request
        .messages
        .iter()
        .map(|message| message.parts.iter().map(id).collect())
        .collect()
}

async fn restored(pending: &Pending, client: &Arc<str>, request: &mut Request) -> usize {
    let mut runs = 0;
    let run = |turn: Arc<Turn>| {
        runs += 1;
        async move { turn.calls.iter().map(|call| result(&call.id)).collect() }
    };
    pending.restore(client, request, run).await;
    runs
}

#[tokio::test]
async fn a_turn_comes_back_as_its_model_made_it_and_is_run_once() {
    let (pending, client): (_, Arc<str>) = (Pending::default(), "editor".into());
    let calls = [ours("o0", 0), ours("o2", 2)];
    pending.keep(&client, &begun("hello", Vec::new()), &turn(), &calls);
    let back = || {
        begun(
            "hello",
            vec![
                Message::new(Role::Assistant, vec![said("a"), said("b")]),
                Message::new(Role::Tool, vec![result("a")]),
                Message::new(Role::Tool, vec![result("b")]),
                Message::new(Role::User, vec![Part::text("go on")]),
            ],
        )
    };
    for runs in [1, 0] {
        let mut request = back();
        assert_eq!(restored(&pending, &client, &mut request).await, runs);
        let told = told(&request);
        assert_eq!(told[1], ["o0", "a", "o2", "b"]);
        assert_eq!(
            [told[2].clone(), told[3].clone()].concat(),
            ["o0", "a", "o2", "b"]
        );
        assert_eq!(told.len(), 5);
    }
    let (mut another, stranger): (_, Arc<str>) = (back(), "stranger".into());
    assert_eq!(
        restored(&pending, &stranger, &mut another).await,
        0,
        "another's"
    );
}

#[tokio::test]
async fn a_turn_that_is_told_in_several_messages_is_one() {
    let (pending, client): (_, Arc<str>) = (Pending::default(), "editor".into());
    pending.keep(
        &client,
        &begun("hello", Vec::new()),
        &turn(),
        &[ours("o1", 1)],
    );
    let mut request = begun(
        "hello",
        vec![
            Message::new(Role::Assistant, vec![said("a")]),
            Message::new(Role::Assistant, vec![said("b")]),
            Message::new(Role::Tool, vec![result("a")]),
            Message::new(Role::Tool, vec![result("b")]),
        ],
    );
    assert_eq!(restored(&pending, &client, &mut request).await, 1);
    let told = told(&request);
    assert_eq!(
        [told[1].clone(), told[2].clone()].concat(),
        ["a", "o1", "b"]
    );
    assert_eq!(
        [told[3].clone(), told[4].clone()].concat(),
        ["a", "o1", "b"]
    );
}

#[tokio::test]
async fn the_same_id_in_another_conversation_is_another_call() {
    let (pending, client): (_, Arc<str>) = (Pending::default(), "editor".into());
    pending.keep(
        &client,
        &begun("hello", Vec::new()),
        &turn(),
        &[ours("o", 0)],
    );
    let calls = vec![Message::new(Role::Assistant, vec![said("a")])];
    let mut other = begun("something else", calls);
    assert_eq!(restored(&pending, &client, &mut other).await, 0);
    assert_eq!(told(&other)[1], ["a"]);
}

#[tokio::test]
async fn the_oldest_turns_go_first_and_take_no_younger_one_along() {
    let (pending, client): (_, Arc<str>) = (Pending::default(), "editor".into());
    for _ in 0..MOST + 10 {
        pending.keep(
            &client,
            &begun("hello", Vec::new()),
            &turn(),
            &[ours("o", 0)],
        );
    }
    let calls = vec![Message::new(Role::Assistant, vec![said("a"), said("b")])];
    let mut request = begun("hello", calls);
    assert_eq!(restored(&pending, &client, &mut request).await, 1);
    assert!(pending.kept().oldest_first.len() <= MOST);
    let huge = WithheldCall {
        arguments: "x".repeat(LARGEST + 1),
        ..ours("o", 0)
    };
    let before = pending.kept().bytes;
    pending.keep(&client, &begun("hello", Vec::new()), &turn(), &[huge]);
    assert_eq!(pending.kept().bytes, before);
}
