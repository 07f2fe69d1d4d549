//! A turn that is over, and an answer that goes on: tools are run, and the model is asked again.
//!
//! Promises: the caller's stream stays open, with signs of life, while tools run; the next turn follows in the same
//! message. A caller that leaves drops what runs. Where no next turn comes, the caller is told as of any stream
//! that breaks.
//! Leaves out what is run and what the model is told (`tools/rounds`).

use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;

use super::{After, Phase, Relay, broken};
use crate::answer::Further;
use crate::attempt::Answer;
use crate::receipt::Ending;
use crate::tools::{Follows, NextTurn, next_turn};
use crate::upstream::UpstreamBody;

/// Tools are run, and the next turn is asked for.
pub(crate) struct BetweenTurns {
    search: Pin<Box<dyn Future<Output = NextTurn> + Send>>,
    /// Bytes that the caller got since.
    sent: u64,
}

impl Relay {
    /// A turn is over, and these are the last bytes of it. What follows is found out beside the stream.
    pub(super) fn turn_over(&mut self, bytes: Bytes) -> Option<Bytes> {
        let turn = self.passage.turn();
        let Further::Rounds(rounds) = std::mem::replace(&mut self.further, Further::None) else {
            return self.end_with(bytes);
        };
        self.close_attempt(None);
        // What follows the end of a turn is nobody's.
        self.upstream = UpstreamBody::ended();
        self.settlement.read(self.passage.reading().clone());
        let settlement = self.settlement.hand_over();
        self.pulse.touch();
        self.phase = Phase::BetweenTurns(BetweenTurns {
            search: Box::pin(next_turn(rounds, turn, settlement)),
            sent: bytes.len() as u64,
        });
        (!bytes.is_empty()).then_some(bytes)
    }

    /// The turn is the answer's last one after all.
    fn end_with(&mut self, bytes: Bytes) -> Option<Bytes> {
        let end = self.passage.release();
        let last: Bytes = match bytes.is_empty() {
            true => end,
            false => [bytes, end].concat().into(),
        };
        self.settlement.sent(&last);
        self.memory.seals(self.passage.seals());
        if let Some(reply) = self.passage.kept() {
            self.memory.reply(&reply);
        }
        self.settle(Ending::Complete, None, last, After::End);
        None
    }

    /// A sign of life between two turns, or the first of what the next one says.
    pub(super) fn poll_next_turn(&mut self, cx: &mut Context<'_>) -> Poll<Option<Bytes>> {
        let Phase::BetweenTurns(between) = &mut self.phase else {
            return Poll::Ready(None);
        };
        let Poll::Ready(next) = between.search.as_mut().poll(cx) else {
            std::task::ready!(self.pulse.poll_due(cx));
            let ping = self.passage.ping();
            between.sent += ping.len() as u64;
            return match ping.is_empty() {
                true => Poll::Pending,
                false => Poll::Ready(Some(ping)),
            };
        };
        let sent = between.sent;
        self.phase = Phase::Flowing;
        self.settlement = next.settlement;
        self.settlement.sent_bytes(sent);
        let is_last = next.rounds.is_last();
        self.further = Further::Rounds(next.rounds);
        Poll::Ready(match next.follows {
            Follows::Nothing => self.end_with(Bytes::new()),
            Follows::Turn(answer) => self.join_turn(*answer, is_last),
            Follows::Error(why) => {
                let why = format!("after its tools were run, it could not go on: {why}");
                self.break_off(&broken(why));
                None
            }
        })
    }

    /// Goes on with the next turn.
    fn join_turn(&mut self, answer: Answer, is_last: bool) -> Option<Bytes> {
        let spent = self.settlement.goes_on_at(&answer.provider, &answer.model);
        let Some(rest) = self.reads_on(answer) else {
            self.break_off(&broken(
                "it answered in one piece in the midst of a stream".to_owned(),
            ));
            return None;
        };
        let (bytes, terminal) = self.passage.join_turn(rest, spent, is_last);
        self.forward(bytes, terminal)
    }

    /// The answer ends with this turn: calls of ours that stand beside the caller's own are answered when it comes
    /// back.
    pub(super) fn last_turn(&mut self) {
        if let Further::Rounds(rounds) = &self.further {
            let (reply, calls) = self.passage.turn();
            rounds.leave(&reply, &calls);
        }
    }
}
