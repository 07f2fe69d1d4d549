//! Rounds: a model calls tools that were offered to it, they are run here, and it goes on in the same answer.
//!
//! Promises: the client sees one answer, streamed or whole, with one end and the tokens of all turns; its own calls
//! pass untouched and end the answer as they always do. Every call, and every turn of a model, stands on the
//! receipt. The rounds are bounded: after the last one nothing is run any more, and the answer ends.
//! Bounds: the rule's rounds (32 at most), [`MOST_CALLS`] calls a turn, [`AT_ONCE`] at once, [`LONGEST_RESULT`]
//! bytes of a result for a model.
//! Leaves out which tools are offered (`offered`), and the stream itself (`relay`).

use std::collections::BTreeSet;
use std::sync::Arc;

use bytes::Bytes;

use dialect::hub::{
    Block, BlockKind, Choice, Format, Kind, Message, Part, Reply, Request, Role, ToolKind,
    ToolResult,
};
use dialect::{
    Endpoint, StopReason, Usage, WithheldCall, Writing, document_of, estimate_tokens, frames_of,
};
use futures_util::StreamExt;
use futures_util::stream;
use http::{HeaderMap, Response, StatusCode};
use offload::{Ask, Trouble, TroubleKind};
use routing::{NanoUsd, Plan};
use serde_json::Value;

use super::offered::Offered;
use super::pending::Turn as Left;
use super::rule::{Recheck, ToolRule};
use super::{Asked, ToolRun, ToolWay, told};
use crate::answer::{Further, deliver, durable, give_up, refuse, respond, sign};
use crate::attempt::{AllFailed, Answer};
use crate::memory::Memory;
use crate::opening::AnswerBody;
use crate::place::Place;
use crate::receipt::Ending;
use crate::relay::ReplyBody;
use crate::resume::{Course, Reserve, Turn};
use crate::settle::{Settlement, unix_ms};
use crate::walk::walk;
use crate::{conversations, faults, headers};

/// The most calls of one turn that are run.
const MOST_CALLS: usize = 32;
/// The most that run at once.
const AT_ONCE: usize = 8;
/// The longest result that a model is told, in bytes.
const LONGEST_RESULT: usize = 64 * 1024;

/// A request whose model may call tools of ours.
pub(crate) struct Rounds {
    pub(crate) reserve: Box<Reserve>,
    pub(crate) plan: Plan,
    offered: Offered,
    rule: Arc<ToolRule>,
    turn: Turn,
    /// What the client was told in whole turns before this one.
    said: Vec<Block>,
    /// The model was told of wrong sums.
    corrected: bool,
    /// What is kept of the request, as its client sent it.
    memory: Remembered,
}

/// What a later request may come back to.
struct Remembered {
    /// The conversation, where the client may go on from it by the reply's name.
    conversation: Option<Request>,
    /// Where it stands, for a caller whose calls have no ids.
    place: Option<Place>,
}

/// What becomes of a turn that is over.
enum Next {
    /// The answer ends with it.
    Ends,
    /// The model is asked again with these calls answered.
    Calls(Reply, Vec<WithheldCall>),
    /// The model is told what is wrong with its sums.
    Correction(Reply, String),
}

impl Rounds {
    pub(crate) fn new(
        reserve: Box<Reserve>,
        plan: Plan,
        offered: Offered,
        rule: Arc<ToolRule>,
    ) -> Rounds {
        let Reserve {
            inner, call, hub, ..
        } = &*reserve;
        let is_kept = call.endpoint == Endpoint::Responses;
        let memory = Remembered {
            conversation: hub.read().filter(|_| is_kept).cloned(),
            place: crate::errand::place(inner, call, hub),
        };
        let mut turn = Turn::default();
        turn.parting.names = Arc::clone(&offered.names);
        turn.parting.holds_end = rule.recheck != Recheck::Off;
        Rounds {
            reserve,
            plan,
            offered,
            rule,
            turn,
            said: Vec::new(),
            corrected: false,
            memory,
        }
    }

    /// Nothing is run after the turn that is under way.
    pub(crate) fn is_last(&self) -> bool {
        self.turn.before >= self.rule.rounds
    }

    fn asked(&self) -> Asked<'_> {
        let Reserve {
            inner,
            snapshot,
            call,
            facts,
            hub,
            local_only,
            ..
        } = &*self.reserve;
        Asked {
            inner,
            snapshot,
            call,
            facts,
            hub,
            local_only: *local_only,
        }
    }

    /// Asks for the next turn. `None`: the app is stopping.
    async fn ask(&self, settlement: &mut Settlement) -> Option<Result<Answer, AllFailed>> {
        let asking = self.reserve.asking(Course::Turn(&self.turn));
        tokio::select! {
            // First, because a stop tells each attempt too.
            biased;
            _ = self.reserve.inner.stop.pulled() => None,
            walked = walk(asking, &self.plan, settlement) => Some(walked),
        }
    }

    /// What becomes of a turn that its model ended like this.
    async fn after(
        &self,
        reply: Reply,
        calls: Vec<WithheldCall>,
        settlement: &mut Settlement,
    ) -> Next {
        if !calls.is_empty() {
            return Next::Calls(reply, calls);
        }
        let wrong = self.recheck(&reply, settlement).await;
        // A form that was asked for has no place for a second answer.
        let request = self.reserve.hub.read();
        let in_words = request.is_some_and(|request| request.format == Format::Text);
        let may = self.rule.recheck == Recheck::Correct && !self.corrected && !self.is_last();
        match wrong {
            Some(words) if may && in_words => Next::Correction(reply, words),
            _ => Next::Ends,
        }
    }

    /// Sums in it that are wrong, in words for its model. Off the tasks that pass requests on.
    async fn recheck(&self, reply: &Reply, settlement: &mut Settlement) -> Option<String> {
        if self.rule.recheck == Recheck::Off {
            return None;
        }
        let blocks = reply.candidates.iter().flat_map(|answer| &answer.blocks);
        let texts: Vec<&str> = blocks
            .filter(|block| block.kind == BlockKind::Text)
            .map(|block| block.text.as_str())
            .collect();
        let text = texts.join("\n");
        let wrong = tokio::task::spawn_blocking(move || offload::wrong_sums(&text));
        let wrong = wrong.await.unwrap_or_default();
        if wrong.is_empty() {
            return None;
        }
        settlement.tools_mut(ToolWay::Rechecked, |note| {
            note.wrong_sums += wrong.len() as u32;
        });
        let sums: Vec<String> = wrong
            .iter()
            .map(|sum| {
                format!(
                    "You wrote {}, but exactly it is {}.",
                    sum.written, sum.exact
                )
            })
            .collect();
        Some(sums.join(" "))
    }

    /// Readies the conversation for the next turn: runs what was called, or says what was wrong.
    async fn prepare(&mut self, next: Next, settlement: &mut Settlement) {
        let mut messages = Vec::new();
        match next {
            Next::Ends => return,
            Next::Calls(reply, calls) => {
                messages.extend(dialect::messages_of(&reply));
                let results = self.run(&calls, settlement).await;
                messages.push(Message::new(Role::Tool, results));
            }
            Next::Correction(reply, words) => {
                self.corrected = true;
                settlement.tools_mut(ToolWay::Rechecked, |note| note.corrected = true);
                messages.extend(dialect::messages_of(&reply));
                let words = format!(
                    "{words} Give the corrected answer, without comment on the correction."
                );
                messages.push(Message::new(Role::User, vec![Part::text(words)]));
            }
        }
        self.turn.before += 1;
        let (is_last, names) = (self.is_last(), Arc::clone(&self.offered.names));
        let beside_others = self.offered.beside_others;
        if let Some(request) = self.reserve.hub.read_mut() {
            request.messages.append(&mut messages);
            ease(request, &names, is_last, beside_others);
        }
    }

    async fn run(&self, calls: &[WithheldCall], settlement: &mut Settlement) -> Vec<Part> {
        let round = self.turn.before + 1;
        run_calls(&self.asked(), &self.offered, calls, round, settlement).await
    }

    /// Keeps the calls of a turn that stand beside the client's own, until it comes back with its results.
    pub(crate) fn leave(&self, reply: &Reply, calls: &[WithheldCall]) {
        let Reserve {
            inner, call, hub, ..
        } = &*self.reserve;
        if let Some(request) = hub.read().filter(|_| !calls.is_empty()) {
            inner
                .pending_calls
                .keep(&call.client, request, reply, calls);
        }
    }
}

/// A forced call was made: forced again it would never end, but where the client waits for one of its own. After the
/// last round nothing of ours is to be called.
fn ease(request: &mut Request, names: &BTreeSet<String>, is_last: bool, beside_others: bool) {
    match &mut request.choice {
        Some(Choice::Any) if !beside_others => request.choice = Some(Choice::Auto),
        Some(Choice::Among { required, .. }) if !beside_others => *required = false,
        Some(Choice::Tool(name)) if names.contains(name) => request.choice = Some(Choice::Auto),
        _ => {}
    }
    if !is_last {
        return;
    }
    match beside_others {
        // The turns before have calls in them, so some tools must stay.
        false => request.choice = Some(Choice::None),
        true => request.tools.retain(|tool| {
            !matches!(&tool.kind, ToolKind::Function { name, namespace: None, .. } if names.contains(name))
        }),
    }
}

/// Runs the calls of one turn side by side: a result for each, in their order. Each is written down as it begins, so
/// that a client who leaves leaves no work without a trace.
async fn run_calls(
    asked: &Asked<'_>,
    offered: &Offered,
    calls: &[WithheldCall],
    round: u32,
    settlement: &mut Settlement,
) -> Vec<Part> {
    let one = |(at, call): (usize, &WithheldCall)| {
        let call = call.clone();
        async move {
            let (text, is_error, run) = run_call(asked, offered, &call, at, round).await;
            (at, result(&call, text, is_error), run)
        }
    };
    let work: Vec<_> = calls.iter().enumerate().map(one).collect();
    let mut ended = stream::iter(work).buffer_unordered(AT_ONCE);
    let begun = |call: &WithheldCall| match offered.by_name.get(&call.name) {
        Some(tool) => asked.begun(tool, round),
        None => ToolRun::begun("unknown", round, NanoUsd::ZERO),
    };
    let mut written = Vec::with_capacity(calls.len());
    for call in calls.iter().take(AT_ONCE) {
        written.push(settlement.tool_began(begun(call)));
    }
    let mut results = Vec::with_capacity(calls.len());
    while let Some((at, result, run)) = ended.next().await {
        settlement.tool_ended(written[at], run);
        results.push((at, result));
        if let Some(next) = calls.get(written.len()) {
            written.push(settlement.tool_began(begun(next)));
        }
    }
    results.sort_by_key(|(at, _)| *at);
    results.into_iter().map(|(_, result)| result).collect()
}

async fn run_call(
    asked: &Asked<'_>,
    offered: &Offered,
    call: &WithheldCall,
    at: usize,
    round: u32,
) -> (String, bool, ToolRun) {
    let refused = |tool: &str, kind, why: String| {
        let trouble = Trouble::new(kind, why.clone());
        (why, true, ToolRun::new(tool, round, 0, Some(&trouble)))
    };
    let Some(tool) = offered.by_name.get(&call.name) else {
        let why = format!("There is no tool `{}`.", call.name);
        return refused("unknown", TroubleKind::NotGranted, why);
    };
    if at >= MOST_CALLS {
        let why = format!(
            "At most {MOST_CALLS} calls of one turn are run; make this one again in the next."
        );
        return refused(&tool.to_string(), TroubleKind::TooMuch, why);
    }
    let arguments = match call.arguments.trim() {
        "" => Ok(Value::Object(Default::default())),
        text => serde_json::from_str(text),
    };
    let arguments = match arguments {
        Ok(arguments) => arguments,
        Err(error) => {
            let why = format!("The arguments are not JSON: {error}.");
            return refused(&tool.to_string(), TroubleKind::BadInput, why);
        }
    };
    let ask = Ask {
        tool: tool.clone(),
        arguments,
        client: asked.call.client.as_ref().to_owned(),
    };
    let (result, run) = asked.run(ask, round).await;
    let (text, is_error) = told::for_a_model(&result);
    (bounded(text), is_error, run)
}

fn bounded(mut text: String) -> String {
    if text.len() > LONGEST_RESULT {
        let mut end = LONGEST_RESULT;
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        text.truncate(end);
        text.push_str("\n… (cut here: the result is longer than 64 KiB)");
    }
    text
}

fn result(call: &WithheldCall, text: String, is_error: bool) -> Part {
    Part::new(Kind::ToolResult(ToolResult {
        call_id: call.id.clone(),
        name: Some(call.name.clone()),
        parts: vec![Part::text(text)],
        is_error,
        custom: false,
    }))
}

/// Puts the calls of earlier turns that stood beside the client's own back into the conversation, with their
/// results.
pub(crate) async fn restore(
    asked: &Asked<'_>,
    offered: &Offered,
    request: &mut Request,
    settlement: &mut Settlement,
) {
    let pending = &asked.inner.pending_calls;
    let settlement = tokio::sync::Mutex::new(settlement);
    let settlement = &settlement;
    let run = |turn: Arc<Left>| async move {
        let mut settlement = settlement.lock().await;
        run_calls(asked, offered, &turn.calls, 1, &mut settlement).await
    };
    pending.restore(&asked.call.client, request, run).await;
}

/// A whole answer that may be told if the one after it fails.
struct Good {
    status: StatusCode,
    headers: HeaderMap,
    provider: String,
    model: String,
    bytes: Bytes,
}

impl Good {
    async fn tell(self, mut settlement: Settlement) -> Response<ReplyBody> {
        let mut response_headers = self.headers;
        headers::for_client(&mut response_headers);
        let by = Some((self.provider.as_str(), self.model.as_str()));
        sign(
            &mut response_headers,
            &settlement,
            by,
            settlement.attempts(),
        );
        settlement.sent(&self.bytes);
        durable(settlement.settle(Ending::Complete)).await;
        respond(self.status, response_headers, ReplyBody::whole(self.bytes))
    }
}

/// Serves a request whose model may call tools of ours.
pub(crate) async fn serve(
    mut rounds: Box<Rounds>,
    mut settlement: Settlement,
) -> Response<ReplyBody> {
    let dialect = rounds.reserve.call.endpoint.dialect();
    let mut good: Option<Good> = None;
    loop {
        let mut answer = match (rounds.ask(&mut settlement).await, good.take()) {
            (Some(Ok(answer)), _) => answer,
            // The answer before it is whole, whatever is wrong with its sums.
            (Some(Err(_)) | None, Some(good)) => return good.tell(settlement).await,
            (Some(Err(failed)), None) => return give_up(dialect, failed, settlement).await,
            (None, None) => {
                let fault = faults::stopping();
                return refuse(settlement, dialect, &fault, Ending::Failed, None).await;
            }
        };
        let AnswerBody::Whole(_, reading, Some(reply)) = &mut answer.body else {
            return told_on(rounds, answer, settlement).await;
        };
        let (whole, reading) = (std::mem::take(&mut **reply), reading.clone());
        let mut reply = whole.clone();
        let calls = part(&mut reply, &rounds.offered);
        let is_theirs = reply.candidates.iter().any(has_calls);
        if is_theirs {
            rounds.leave(&whole, &calls);
        }
        let next = match is_theirs || (rounds.is_last() && !calls.is_empty()) {
            true => Next::Ends,
            false => rounds.after(whole, calls.clone(), &mut settlement).await,
        };
        if !matches!(next, Next::Calls(..)) {
            rounds.finish(&mut answer, reply.clone(), !calls.is_empty(), &settlement);
        }
        match &next {
            Next::Ends => return told_on(rounds, answer, settlement).await,
            Next::Calls(..) => rounds.said.extend(told_blocks(reply)),
            Next::Correction(..) => good = Good::of(&answer),
        }
        let snapshot = Arc::clone(&rounds.reserve.snapshot);
        settlement.turn_ended(&snapshot, answer, reading);
        rounds.prepare(next, &mut settlement).await;
    }
}

impl Good {
    fn of(answer: &Answer) -> Option<Good> {
        let AnswerBody::Whole(bytes, ..) = &answer.body else {
            return None;
        };
        Some(Good {
            status: answer.status,
            headers: answer.headers.clone(),
            provider: answer.provider.id.clone(),
            model: answer.model.clone(),
            bytes: bytes.clone(),
        })
    }
}

/// Takes the calls of ours out of a whole reply.
fn part(reply: &mut Reply, offered: &Offered) -> Vec<WithheldCall> {
    let mut calls = Vec::new();
    let Some(answer) = reply.candidates.first_mut() else {
        return calls;
    };
    let mut place = 0;
    answer.blocks.retain(|block| {
        let BlockKind::ToolCall(call) = &block.kind else {
            return true;
        };
        place += 1;
        if call.namespace.is_some() || !offered.names.contains(&call.name) {
            return true;
        }
        calls.push(WithheldCall {
            id: call.id.clone(),
            name: call.name.clone(),
            arguments: block.text.clone(),
            sealed: block.sealed.clone(),
            place: place - 1,
        });
        false
    });
    calls
}

fn has_calls(answer: &dialect::hub::Candidate) -> bool {
    let is_call = |block: &Block| matches!(block.kind, BlockKind::ToolCall(_));
    answer.blocks.iter().any(is_call)
}

/// What a client keeps of a turn that is over: its words. Thoughts of a turn whose calls it can't see are of no
/// use to it.
fn told_blocks(reply: Reply) -> Vec<Block> {
    let answers = reply.candidates.into_iter().take(1);
    let blocks = answers.flat_map(|answer| answer.blocks);
    blocks
        .filter(|block| block.kind == BlockKind::Text && !block.text.is_empty())
        .collect()
}

impl Rounds {
    /// Writes the whole answer anew where it is of several turns, or calls were taken out of it.
    fn finish(
        &self,
        answer: &mut Answer,
        mut reply: Reply,
        was_parted: bool,
        settlement: &Settlement,
    ) {
        if was_parted || !self.said.is_empty() || self.turn.before > 0 {
            let spent = settlement.spent();
            let usage = reply.usage.unwrap_or_default();
            reply.usage = Some(spent.plus(&usage));
            if let Some(last) = reply.candidates.first_mut() {
                if was_parted && !has_calls(last) && last.stop == Some(StopReason::ToolCall) {
                    last.stop = Some(StopReason::End);
                }
                if self.is_in_words() {
                    last.blocks.splice(0..0, self.said.iter().cloned());
                    paragraphs(&mut last.blocks);
                }
            }
            let writing = self.writing(answer, settlement, usage);
            let events = reply.clone().into_events();
            let written = match self.reserve.facts.stream {
                true => frames_of(&events, writing).concat().into(),
                false => document_of(events, &writing),
            };
            if let AnswerBody::Whole(bytes, ..) = &mut answer.body {
                *bytes = written;
            }
        }
        if let AnswerBody::Whole(_, _, place) = &mut answer.body {
            *place = Some(Box::new(reply));
        }
    }

    /// What is said before a call has no place in a form that was asked for.
    fn is_in_words(&self) -> bool {
        let request = self.reserve.hub.read();
        request.is_some_and(|request| request.format == Format::Text)
    }

    fn writing(&self, answer: &Answer, settlement: &Settlement, usage: Usage) -> Writing {
        let Reserve { call, facts, .. } = &*self.reserve;
        let estimate = estimate_tokens(call.body.len() as u64);
        Writing {
            endpoint: call.endpoint,
            provider: answer.provider.id.clone(),
            id: format!("{:x}", settlement.id().0),
            model: answer.model.clone(),
            created_unix_s: unix_ms() / 1000,
            input_tokens: usage.input_total().max(estimate),
            usage_asked: facts.usage_asked,
            echo: conversations::echo(call),
        }
    }
}

/// Texts of several turns are paragraphs, also in dialects that have one text for all of them.
fn paragraphs(blocks: &mut [Block]) {
    let texts = blocks
        .iter_mut()
        .filter(|block| block.kind == BlockKind::Text);
    for block in texts.skip(1) {
        if !block.text.starts_with('\n') {
            block.text.insert_str(0, "\n\n");
        }
    }
}

/// Hands the answer to the client; a stream may go on.
async fn told_on(
    mut rounds: Box<Rounds>,
    answer: Answer,
    settlement: Settlement,
) -> Response<ReplyBody> {
    let Remembered {
        conversation,
        place,
    } = std::mem::replace(
        &mut rounds.memory,
        Remembered {
            conversation: None,
            place: None,
        },
    );
    let Reserve {
        inner,
        snapshot,
        call,
        ..
    } = &*rounds.reserve;
    let (dialect, snapshot) = (call.endpoint.dialect(), Arc::clone(snapshot));
    let to_keep = crate::errand::to_keep(call, conversation, &settlement);
    let memory = Memory::new(inner, &answer.provider.id, place, to_keep);
    let further = match &answer.body {
        AnswerBody::Stream(_) => Further::Rounds(rounds),
        AnswerBody::Whole(..) => Further::None,
    };
    deliver(&snapshot, dialect, answer, memory, further, settlement).await
}

/// What follows a turn of a stream.
pub(crate) struct NextTurn {
    pub(crate) rounds: Box<Rounds>,
    pub(crate) settlement: Settlement,
    pub(crate) follows: Follows,
}

/// How a stream goes on after a turn.
pub(crate) enum Follows {
    /// Not at all: it ends as its model ended it.
    Nothing,
    /// With this.
    Turn(Box<Answer>),
    /// With an error, for this reason: a sentence's end.
    Error(String),
}

/// Runs what was called, and asks for the next turn of a stream; or finds that there is none.
pub(crate) async fn next_turn(
    mut rounds: Box<Rounds>,
    (reply, calls): (Reply, Vec<WithheldCall>),
    mut settlement: Settlement,
) -> NextTurn {
    let next = rounds.after(reply, calls, &mut settlement).await;
    let is_needed = matches!(next, Next::Calls(..));
    let follows = match next {
        Next::Ends => Follows::Nothing,
        next => {
            settlement.turn_over();
            rounds.prepare(next, &mut settlement).await;
            rounds.turn.goes_on = true;
            match rounds.ask(&mut settlement).await {
                Some(Ok(answer)) => Follows::Turn(Box::new(answer)),
                // What was to be corrected is whole without.
                _ if !is_needed => Follows::Nothing,
                None => Follows::Error("Signalbox is stopping".to_owned()),
                Some(Err(failed)) => {
                    let fault = failed.fault.map(|fault| fault.message);
                    Follows::Error(fault.unwrap_or(failed.failure.message))
                }
            }
        }
    };
    NextTurn {
        rounds,
        settlement,
        follows,
    }
}
