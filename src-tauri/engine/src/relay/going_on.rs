//! A stream that broke, and goes on at another target: one answer for its caller.
//!
//! Promises: the caller's stream is not touched while another target is asked, but for signs of life; what
//! broke is told to health and stands on the receipt as failed, whatever comes of it; the seam is noted.
//! When nobody goes on, the caller is told as if nobody had been asked. A caller that leaves drops the
//! search, and the connection with it.

use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use dialect::{Dialect, Failure, FailureCategory};

use super::{Phase, Relay};
use crate::answer::Further;
use crate::attempt::Answer;
use crate::opening::AnswerBody;
use crate::resume::{Broken, Resumed, not_gone_on, resume};
use crate::upstream::UpstreamBody;

/// Another target is asked to go on.
pub(crate) struct Resuming {
    search: Pin<Box<dyn Future<Output = Resumed> + Send>>,
    /// What broke the stream, to be told when nobody goes on.
    failure: Failure,
    /// Bytes that the caller got since.
    sent: u64,
}

impl Relay {
    /// Looks for another target to go on, where the policy and the answer allow; says whether it does.
    pub(super) fn goes_on(&mut self, failure: &Failure) -> bool {
        let reserve = match std::mem::replace(&mut self.further, Further::None) {
            Further::Reserve(reserve) => reserve,
            Further::None | Further::Rounds(_) => return false,
        };
        let broken = match reserve.may_go_on(failure, &self.passage, &self.provider_name) {
            Ok(broken) => broken,
            Err(why) => {
                self.settlement.remarked([not_gone_on(&why)]);
                return false;
            }
        };
        let failure = Failure {
            category: FailureCategory::BrokenStream,
            ..failure.clone()
        };
        self.close_attempt(Some(&failure));
        // What broke is let go at once: a silent upstream would go on being paid for.
        self.upstream = UpstreamBody::ended();
        self.settlement.read(self.passage.reading().clone());
        let settlement = self.settlement.hand_over();
        self.pulse.touch();
        self.phase = Phase::Resuming(Resuming {
            search: Box::pin(resume(reserve, broken, settlement)),
            failure,
            sent: 0,
        });
        true
    }

    /// Bytes that the caller gets while another target is asked; none where none is.
    pub(super) fn while_resuming(&mut self, bytes: Bytes) -> Option<Bytes> {
        let Phase::Resuming(resuming) = &mut self.phase else {
            return None;
        };
        resuming.sent += bytes.len() as u64;
        (!bytes.is_empty()).then_some(bytes)
    }

    /// A sign of life while another target is asked, or the first of what it said.
    pub(super) fn poll_resumed(&mut self, cx: &mut Context<'_>) -> Poll<Option<Bytes>> {
        let Phase::Resuming(resuming) = &mut self.phase else {
            return Poll::Ready(None);
        };
        let Poll::Ready(resumed) = resuming.search.as_mut().poll(cx) else {
            std::task::ready!(self.pulse.poll_due(cx));
            let ping = self.passage.ping();
            return match self.while_resuming(ping) {
                Some(ping) => Poll::Ready(Some(ping)),
                None => Poll::Pending,
            };
        };
        let (failure, sent) = (resuming.failure.clone(), resuming.sent);
        self.phase = Phase::Flowing;
        self.settlement = resumed.settlement;
        self.settlement.sent_bytes(sent);
        Poll::Ready(match resumed.rest {
            Ok(answer) => {
                self.further = Further::Reserve(resumed.reserve);
                self.join(answer, &resumed.broken, &failure)
            }
            Err(why) => {
                self.settlement.remarked([not_gone_on(&why)]);
                self.break_off(&failure);
                None
            }
        })
    }

    /// Goes on with the rest of the answer as if one had said it all.
    fn join(&mut self, answer: Answer, broken: &Broken, failure: &Failure) -> Option<Bytes> {
        if !matches!(answer.body, AnswerBody::Stream(_)) {
            self.break_off(failure);
            return None;
        }
        let spent = self.settlement.gone_on(&answer.provider, &answer.model);
        let seam = broken.seam(&answer.provider.name);
        let remark = self.remark(&seam.why);
        self.settlement.remarked([seam]);
        let rest = self.reads_on(answer)?;
        let (bytes, terminal) = self.passage.join(rest, spent);
        self.forward([remark, bytes].concat().into(), terminal)
    }

    /// Says in the stream where it was sewn together, in dialects whose clients pass over comments.
    fn remark(&self, why: &str) -> Bytes {
        match self.dialect {
            Dialect::OpenAi | Dialect::Responses | Dialect::Anthropic => {
                format!(": signalbox: {}\n\n", why.replace(['\r', '\n'], " ")).into()
            }
            _ => Bytes::new(),
        }
    }
}
