//! Rounds: a model calls tools that were offered to it, they are run here, and it goes on in the same answer.
//!
//! Promises: the client sees one answer, streamed or whole, with one end and the tokens of all turns; its own calls
//! pass untouched and end the answer as they always do. Every call, and every turn of a model, stands on the
//! receipt. The rounds are bounded: after the last one nothing is run any more, and the answer ends.
//! Bounds: the rule's rounds (32 at most), [`MOST_CALLS`] calls a turn, [`AT_ONCE`] at once, [`LONGEST_RESULT`]
//! bytes of a result for a model.
//! Leaves out which tools are offered (`offered`), and the stream itself (`relay`).

use std::sync::Arc;

use dialect::hub::{
    Block, BlockKind, Choice, Kind, Message, Part, Reply, Request, Role, ToolKind, ToolResult,
};
use dialect::{StopReason, Usage, WithheldCall, Writing, document_of, estimate_tokens, frames_of};
use futures_util::StreamExt;
use futures_util::stream;
use http::Response;
use offload::{Ask, Trouble, TroubleKind};
use routing::Plan;
use serde_json::Value;

use super::offered::Offered;
use super::pending::{Turn as Left, put_back};
use super::rule::{Recheck, ToolRule};
use super::{Asked, ToolRun, ToolWay, told};
use crate::answer::{Further, deliver, give_up, refuse};
use crate::attempt::{AllFailed, Answer};
use crate::memory::Memory;
use crate::opening::AnswerBody;
use crate::receipt::Ending;
use crate::relay::ReplyBody;
use crate::resume::{Course, Reserve, Turn};
use crate::settle::{Settlement, unix_ms};
use crate::walk::walk;
use crate::{conversations, faults};

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
}

/// What becomes of a turn that is over.
pub(crate) enum Next {
    /// The answer ends with it.
    Ends,
    /// The model is asked again: with these calls answered, or with a word on its arithmetic.
    Calls(Reply, Vec<WithheldCall>),
    Correction(Reply, String),
}

impl Rounds {
    pub(crate) fn new(
        reserve: Box<Reserve>,
        plan: Plan,
        offered: Offered,
        rule: Arc<ToolRule>,
    ) -> Rounds {
        let mut turn = Turn::default();
        turn.parting.names = Arc::clone(&offered.names);
        turn.parting.holds_end = rule.recheck == Recheck::Correct;
        Rounds {
            reserve,
            plan,
            offered,
            rule,
            turn,
            said: Vec::new(),
            corrected: false,
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
    pub(crate) fn after(
        &mut self,
        reply: Reply,
        calls: Vec<WithheldCall>,
        settlement: &mut Settlement,
    ) -> Next {
        if !calls.is_empty() {
            return Next::Calls(reply, calls);
        }
        let wrong = self.recheck(&reply, settlement);
        match wrong {
            Some(words)
                if self.rule.recheck == Recheck::Correct && !self.corrected && !self.is_last() =>
            {
                Next::Correction(reply, words)
            }
            _ => Next::Ends,
        }
    }

    /// Sums in it that are wrong, in words for its model.
    pub(crate) fn recheck(&self, reply: &Reply, settlement: &mut Settlement) -> Option<String> {
        if self.rule.recheck == Recheck::Off {
            return None;
        }
        let blocks = reply.candidates.iter().flat_map(|answer| &answer.blocks);
        let text: Vec<&str> = blocks
            .filter(|block| block.kind == BlockKind::Text)
            .map(|block| block.text.as_str())
            .collect();
        let wrong = offload::wrong_sums(&text.join("\n"));
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
    pub(crate) async fn prepare(&mut self, next: Next, settlement: &mut Settlement) {
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
        let ids: Vec<String> = reply
            .candidates
            .iter()
            .flat_map(|answer| &answer.blocks)
            .filter_map(|block| match &block.kind {
                BlockKind::ToolCall(call) if !self.offered.names.contains(&call.name) => {
                    Some(call.id.clone())
                }
                _ => None,
            })
            .collect();
        let Reserve { inner, call, .. } = &*self.reserve;
        inner.pending_calls.keep(&call.client, &ids, calls);
    }
}

/// A forced call was made: forced again it would never end. After the last round nothing is to be called.
fn ease(
    request: &mut Request,
    names: &std::collections::BTreeSet<String>,
    is_last: bool,
    beside_others: bool,
) {
    match &request.choice {
        Some(Choice::Any | Choice::Among { required: true, .. }) => {
            request.choice = Some(Choice::Auto);
        }
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

/// Runs the calls of one turn side by side, and writes them down: a result for each, in their order.
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
            (result(&call, text, is_error), run)
        }
    };
    let work: Vec<_> = calls.iter().enumerate().map(one).collect();
    let mut work = stream::iter(work).buffered(AT_ONCE);
    let begun = |call: &WithheldCall| {
        let tool = offered.by_name.get(&call.name);
        tool.map(|tool| asked.begun(tool, round))
    };
    // They stand on the receipt from their beginning: a caller that leaves drops this, and not what it has cost.
    let mut runs: Vec<_> = calls.iter().take(AT_ONCE).map(begun).collect();
    let before = settlement.tool_runs();
    settlement.tools_ran(before, runs.iter().flatten());
    let mut results = Vec::new();
    while let Some((result, run)) = work.next().await {
        runs[results.len()] = run;
        results.push(result);
        runs.extend(calls.get(runs.len()).map(begun));
        settlement.tools_ran(before, runs.iter().flatten());
    }
    results
}

async fn run_call(
    asked: &Asked<'_>,
    offered: &Offered,
    call: &WithheldCall,
    at: usize,
    round: u32,
) -> (String, bool, Option<ToolRun>) {
    let Some(tool) = offered.by_name.get(&call.name) else {
        return (format!("There is no tool `{}`.", call.name), true, None);
    };
    if at >= MOST_CALLS {
        let why = format!(
            "At most {MOST_CALLS} calls of one turn are run; make this one again in the next."
        );
        return (why, true, None);
    }
    let arguments = match call.arguments.trim() {
        "" => Ok(Value::Object(Default::default())),
        text => serde_json::from_str(text),
    };
    let arguments = match arguments {
        Ok(arguments) => arguments,
        Err(error) => {
            let why = format!("The arguments are not JSON: {error}.");
            let trouble = Trouble::new(TroubleKind::BadInput, why.clone());
            return (
                why,
                true,
                Some(ToolRun::new(tool, round, 0, Some(&trouble))),
            );
        }
    };
    let ask = Ask {
        tool: tool.clone(),
        arguments,
        client: asked.call.client.as_ref().to_owned(),
    };
    let (result, run) = asked.run(ask, round).await;
    let (text, is_error) = told::for_a_model(&result);
    (bounded(text), is_error, Some(run))
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
    let turns = asked.inner.pending_calls.turns(&asked.call.client, request);
    // From behind, so that places before stay what they are.
    for (at, turn) in turns.into_iter().rev() {
        let results = match turn.results.get() {
            Some(results) => results.clone(),
            None => answered(asked, offered, &turn, settlement).await,
        };
        put_back(request, at, &turn, &results);
    }
}

async fn answered(
    asked: &Asked<'_>,
    offered: &Offered,
    turn: &Left,
    settlement: &mut Settlement,
) -> Vec<Part> {
    let results = run_calls(asked, offered, &turn.calls, 1, settlement).await;
    turn.results.get_or_init(|| results).clone()
}

/// Serves a request whose model may call tools of ours.
pub(crate) async fn serve(
    mut rounds: Box<Rounds>,
    mut settlement: Settlement,
) -> Response<ReplyBody> {
    let dialect = rounds.reserve.call.endpoint.dialect();
    loop {
        let mut answer = match rounds.ask(&mut settlement).await {
            None => {
                return refuse(
                    settlement,
                    dialect,
                    &faults::stopping(),
                    Ending::Failed,
                    None,
                )
                .await;
            }
            Some(Err(failed)) => return give_up(dialect, failed, settlement).await,
            Some(Ok(answer)) => answer,
        };
        let AnswerBody::Whole(_, reading, Some(reply)) = &mut answer.body else {
            return told_on(rounds, answer, settlement).await;
        };
        let (mut reply, reading) = (std::mem::take(&mut **reply), reading.clone());
        let whole = reply.clone();
        let calls = part(&mut reply, &rounds.offered);
        let is_theirs = reply.candidates.iter().any(has_calls);
        let calls_ours = match is_theirs || rounds.is_last() {
            true => Vec::new(),
            false => calls.clone(),
        };
        if is_theirs {
            rounds.leave(&whole, &calls);
        }
        let next = match is_theirs {
            true => Next::Ends,
            false => rounds.after(whole, calls_ours, &mut settlement),
        };
        if matches!(next, Next::Ends) {
            rounds.finish(&mut answer, reply, !calls.is_empty(), &settlement);
            return told_on(rounds, answer, settlement).await;
        }
        let is_correction = matches!(next, Next::Correction(..));
        let snapshot = Arc::clone(&rounds.reserve.snapshot);
        settlement.turn_ended(&snapshot, answer, reading);
        if !is_correction {
            rounds.said.extend(told_blocks(reply));
        }
        rounds.prepare(next, &mut settlement).await;
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
        &mut self,
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
                if was_parted && !has_calls(last) {
                    last.stop = Some(StopReason::End);
                }
                let said = std::mem::take(&mut self.said);
                last.blocks.splice(0..0, said);
                paragraphs(&mut last.blocks);
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
    rounds: Box<Rounds>,
    answer: Answer,
    settlement: Settlement,
) -> Response<ReplyBody> {
    let Reserve {
        inner,
        snapshot,
        call,
        hub,
        ..
    } = &*rounds.reserve;
    let (dialect, snapshot) = (call.endpoint.dialect(), Arc::clone(snapshot));
    let to_keep = crate::errand::to_keep(call, hub.read().cloned(), &settlement);
    let place = crate::errand::place(inner, call, hub);
    let memory = Memory::new(inner, &answer.provider.id, place, to_keep);
    let further = match &answer.body {
        AnswerBody::Stream(_) => Further::Rounds(rounds),
        AnswerBody::Whole(..) => Further::None,
    };
    deliver(&snapshot, dialect, answer, memory, further, settlement).await
}

/// How the search for the next turn of a stream has ended.
pub(crate) struct NextTurn {
    pub(crate) rounds: Box<Rounds>,
    pub(crate) settlement: Settlement,
    /// The next turn, or a sentence's end that says why there is none.
    pub(crate) answer: Result<Answer, String>,
}

/// Runs what was called, and asks for the next turn of a stream.
pub(crate) async fn next_turn(
    mut rounds: Box<Rounds>,
    next: Next,
    mut settlement: Settlement,
) -> NextTurn {
    rounds.prepare(next, &mut settlement).await;
    rounds.turn.goes_on = true;
    let answer = match rounds.ask(&mut settlement).await {
        None => Err("Signalbox is stopping".to_owned()),
        Some(Ok(answer)) => Ok(answer),
        Some(Err(failed)) => Err(failed
            .fault
            .map_or(failed.failure.message, |fault| fault.message)),
    };
    NextTurn {
        rounds,
        settlement,
        answer,
    }
}
