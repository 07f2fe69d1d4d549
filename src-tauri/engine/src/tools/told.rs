//! What a tool has found, as its caller gets it.
//!
//! Promises: in the caller's dialect, as a stream or in one piece, in the form that was asked for; marked as a
//! tool's. What it could not do is an error with a code to act upon, never an answer.

use dialect::hub::{BlockKind, Event, Format, Reply, Start};
use dialect::{
    Dialect, Fault, FaultKind, StopReason, Usage, Writing, document_of, estimate_tokens, frames_of,
};
use http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode, header};
use offload::{Done, Tool, Trouble, TroubleKind};

use super::Asked;
use crate::answer::{durable, respond, sign};
use crate::conversations;
use crate::errand::to_keep;
use crate::memory::Memory;
use crate::receipt::Ending;
use crate::relay::ReplyBody;
use crate::sending::wants_a_list;
use crate::settle::{Settlement, unix_ms};

/// Says that a tool answered, and which.
pub(crate) static SERVED_BY: HeaderName = HeaderName::from_static("x-signalbox-served-by");

/// What stands in a provider's place on the receipt of a tool's answer.
pub(crate) const PROVIDER: &str = "tool";

/// The longest piece of what was printed that an error repeats, in characters.
const PRINTED: usize = 2_000;

/// The words of an answer, in the form that was asked for.
///
/// # Errors
/// When the result can't be brought into that form.
pub(crate) fn words(done: &Done, format: &Format, with_working: bool) -> Result<String, Trouble> {
    let value = match format {
        Format::Text => {
            let working = done.working.as_ref().filter(|_| with_working);
            return Ok(working.unwrap_or(&done.text).clone());
        }
        Format::Json => offload::as_object(done),
        Format::Schema { schema, .. } => offload::shaped(done, schema)?,
    };
    Ok(value.to_string())
}

/// Tells it.
pub(crate) async fn tell(
    asked: &Asked<'_>,
    (stream, usage_asked): (bool, bool),
    tool: &Tool,
    text: String,
    mut settlement: Settlement,
) -> Response<ReplyBody> {
    let call = asked.call;
    settlement.answered_by_tool(tool);
    let writing = Writing {
        endpoint: call.endpoint,
        provider: PROVIDER.to_owned(),
        id: format!("{:x}", settlement.id().0),
        model: format!("tool/{tool}"),
        created_unix_s: unix_ms() / 1000,
        input_tokens: 0,
        usage_asked,
        echo: conversations::echo(call),
    };
    let events = events(&writing, text);
    remember(asked, events.clone(), &settlement);
    let mut headers = HeaderMap::new();
    let body = match stream {
        false => document_of(events, &writing),
        true => {
            headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
            frames_of(&events, writing).concat().into()
        }
    };
    let kind = match stream && !wants_a_list(call) {
        true => stream_kind(call.endpoint.dialect()),
        false => "application/json",
    };
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    mark(&mut headers, tool);
    let name = tool.to_string();
    sign(
        &mut headers,
        &settlement,
        Some((PROVIDER, &name)),
        settlement.attempts(),
    );
    settlement.sent(&body);
    durable(settlement.settle(Ending::Complete)).await;
    respond(StatusCode::OK, headers, ReplyBody::whole(body))
}

/// A later request may go on from it by its name.
fn remember(asked: &Asked<'_>, events: Vec<Event>, settlement: &Settlement) {
    let request = asked.hub.read().cloned();
    if let Some(to_keep) = to_keep(asked.call, request, settlement) {
        let mut memory = Memory::new(asked.inner, PROVIDER, None, Some(to_keep));
        memory.reply(&Reply::of(events));
    }
}

fn stream_kind(dialect: Dialect) -> &'static str {
    match dialect {
        Dialect::Ollama => "application/x-ndjson",
        _ => "text/event-stream; charset=utf-8",
    }
}

/// Says whose the answer is.
pub(crate) fn mark(headers: &mut HeaderMap, tool: &Tool) {
    if let Ok(value) = HeaderValue::try_from(format!("tool:{tool}")) {
        headers.insert(SERVED_BY.clone(), value);
    }
}

/// The row of an answer. It has no tokens: nobody is billed for any.
fn events(writing: &Writing, text: String) -> Vec<Event> {
    vec![
        Event::Start(Start {
            id: None,
            model: Some(writing.model.clone()),
        }),
        Event::Open {
            block: 0,
            candidate: 0,
            kind: BlockKind::Text,
        },
        Event::Delta { block: 0, text },
        Event::Close { block: 0 },
        Event::Usage(Usage::default()),
        Event::Stop {
            candidate: 0,
            stop: StopReason::End,
            sequence: None,
        },
        Event::End,
    ]
}

/// The error for a task that was not done.
pub(crate) fn fault(tool: &Tool, trouble: &Trouble) -> Fault {
    let message = format!("The tool `{tool}` could not do this: {}", in_full(trouble));
    if trouble.kind == TroubleKind::Unavailable {
        return Fault::new(FaultKind::Unavailable, "tool_unavailable", message);
    }
    Fault {
        status: 422,
        ..Fault::new(FaultKind::InvalidRequest, code(trouble.kind), message)
    }
}

fn code(kind: TroubleKind) -> &'static str {
    match kind {
        TroubleKind::BadInput => "tool_bad_input",
        TroubleKind::NoAnswer => "tool_no_answer",
        TroubleKind::TooLong => "tool_too_long",
        TroubleKind::TooMuch => "tool_too_much",
        TroubleKind::NotGranted => "tool_not_granted",
        TroubleKind::Unavailable => "tool_unavailable",
    }
}

/// With what was printed before it.
pub(crate) fn in_full(trouble: &Trouble) -> String {
    let printed = [&trouble.output.stdout, &trouble.output.stderr];
    let printed: Vec<String> = printed
        .into_iter()
        .filter(|text| !text.trim().is_empty())
        .map(|text| text.trim_end().chars().take(PRINTED).collect())
        .collect();
    match printed.is_empty() {
        true => trouble.message.clone(),
        false => format!(
            "{}\nPrinted before it: {}",
            trouble.message,
            printed.join("\n")
        ),
    }
}

/// What a model is told of a tool's work.
pub(crate) fn for_a_model(result: &Result<Done, Trouble>) -> (String, bool) {
    match result {
        Ok(done) => (done.text.clone(), false),
        Err(trouble) => (in_full(trouble), true),
    }
}

/// Tokens of an answer like this.
pub(crate) fn tokens(text: &str) -> u64 {
    estimate_tokens(text.len() as u64)
}
