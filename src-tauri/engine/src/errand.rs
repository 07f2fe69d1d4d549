//! One request that has to be asked: from its plan to the head of its answer.
//!
//! Promises: owned as a whole, so that whoever waits for its answer can drive it; reads like the second half of
//! the path of a request in ARCHITECTURE.md. Where nobody answers, an expired answer may (`kept`).
//! Leaves out what comes before (`exchange`) and the body (`relay`).

use std::sync::Arc;

use dialect::hub::Request;
use dialect::{Dialect, Endpoint, Facts, Fault};
use futures_util::future::BoxFuture;
use http::{HeaderMap, HeaderValue, Response};
use routing::{Asked, Candidate, KeySource, Plan, Provider, Remedy, remedy};

use crate::answer::{Further, deliver, give_up, refuse, without_receipt};
use crate::attempt::{AllFailed, Answer, Asking};
use crate::exchange::Call;
use crate::kept::{self, Question};
use crate::machine::{Engine, Inner};
use crate::media::Media;
use crate::memory::{Memory, ToKeep};
use crate::opening::AnswerBody;
use crate::place::Place;
use crate::receipt::{Ending, ReceiptId};
use crate::relay::ReplyBody;
use crate::resume::{self, Course, Reserve};
use crate::sending::InHub;
use crate::settle::Settlement;
use crate::snapshot::Snapshot;
use crate::tools::{Offered, Rounds, ToolRule, serve_rounds};
use crate::walk::walk;
use crate::{choosing, faults, headers, warmth};

/// A request that has to be asked.
pub(crate) struct Errand {
    pub(crate) inner: Arc<Inner>,
    pub(crate) snapshot: Arc<Snapshot>,
    pub(crate) call: Call,
    pub(crate) facts: Facts,
    pub(crate) hub: InHub,
    /// Its client keeps it on this machine and network.
    pub(crate) local_only: bool,
    /// What its answer is known by, where it may be kept.
    pub(crate) question: Option<Arc<Question>>,
    /// Tools that its model is offered, and the rule about them.
    pub(crate) offered: Option<Box<(Offered, Arc<ToolRule>)>>,
}

/// Why nobody answers.
struct Nobody {
    fault: Fault,
    ending: Ending,
    wait_s: Option<u64>,
}

impl Errand {
    /// Asks, and answers. In a box of its own: it is large, and whoever waits for it need not be.
    pub(crate) fn run(self, settlement: Settlement) -> BoxFuture<'static, Response<ReplyBody>> {
        Box::pin(self.asking(settlement))
    }

    async fn asking(self, mut settlement: Settlement) -> Response<ReplyBody> {
        let dialect = self.call.endpoint.dialect();
        match self.planned(&mut settlement) {
            Ok((plan, ask, beginnings)) => {
                Box::pin(self.asked(plan, ask, beginnings, settlement)).await
            }
            Err(nobody) => {
                let settlement = match self.stale(settlement).await {
                    Ok(response) => return response,
                    Err(settlement) => *settlement,
                };
                let Nobody {
                    fault,
                    ending,
                    wait_s,
                } = nobody;
                refuse(settlement, dialect, &fault, ending, wait_s).await
            }
        }
    }

    /// Who is asked, in which order.
    fn planned(
        &self,
        settlement: &mut Settlement,
    ) -> Result<(Plan, routing::Ask, warmth::Beginnings), Nobody> {
        let refused = |fault, wait_s| Nobody {
            fault,
            ending: Ending::Refused,
            wait_s,
        };
        let engine = Engine {
            inner: Arc::clone(&self.inner),
        };
        let asked = Asked {
            endpoint: self.call.endpoint,
            model: &self.facts.model,
            local_only: self.local_only,
        };
        let standing = |p: &Provider, m: &str, k: &KeySource| engine.standing(p, m, k);
        let mut plan = match routing::plan(&self.snapshot.routes, asked, standing) {
            Ok(plan) => plan,
            Err(no_route) => {
                let (fault, dropped) = faults::no_route(no_route);
                settlement.left_out(dropped);
                return Err(refused(fault, None));
            }
        };
        routing::heed(
            &mut plan,
            &self.inner.doctor.findings(),
            asked,
            self.facts.needs,
            self.facts.stream,
            self.call.arrived.unix_ms,
        );
        let ask = choosing::ask(&self.call);
        let beginnings = warmth::beginnings(&self.call, &plan, &ask);
        let chosen = choosing::choose(&self.inner.conditions, &mut plan, &ask, &beginnings);
        settlement.planned(&mut plan);
        match chosen {
            Ok(choice) => settlement.chosen(choice),
            Err(nobody) => {
                settlement.chosen(Some(nobody.choice));
                let wait = nobody.wait.map(|wait| wait.as_secs() + 1);
                return Err(refused(nobody.fault, wait));
            }
        }
        Ok((plan, ask, beginnings))
    }

    async fn asked(
        self,
        plan: Plan,
        ask: routing::Ask,
        beginnings: warmth::Beginnings,
        mut settlement: Settlement,
    ) -> Response<ReplyBody> {
        if self.offered.is_some() {
            return self.in_rounds(plan, ask, beginnings, settlement).await;
        }
        let dialect = self.call.endpoint.dialect();
        let followed = resume::is_followed(&plan, self.call.endpoint, self.facts.stream);
        let media = Media::default();
        let asking = Asking {
            inner: &self.inner,
            snapshot: &self.snapshot,
            headers: outgoing(&self.call.headers, &self.inner.instance),
            call: &self.call,
            facts: &self.facts,
            hub: &self.hub,
            media: &media,
            lossy: headers::accepts_losses(&self.call.headers),
            receipt: settlement.id(),
            ask,
            beginnings: &beginnings,
            local_only: self.local_only || plan.policy.local_only,
            policy: plan.policy,
            targets: plan.candidates.len().max(1) as u32,
            course: match followed {
                true => Course::Followed,
                false => Course::Plain,
            },
        };
        let walked = tokio::select! {
            // First, because a stop tells each attempt too.
            biased;
            _ = self.inner.stop.pulled() => None,
            walked = walk(asking, &plan, &mut settlement) => Some(walked),
        };
        match walked {
            None => {
                refuse(
                    settlement,
                    dialect,
                    &faults::stopping(),
                    Ending::Failed,
                    None,
                )
                .await
            }
            Some(Ok(answer)) => {
                let going_on = followed.then_some((ask, beginnings, media));
                self.answered(answer, plan, going_on, settlement).await
            }
            Some(Err(failed)) => self.failed(failed, settlement).await,
        }
    }

    /// Tools may be run for its model.
    async fn in_rounds(
        mut self,
        plan: Plan,
        ask: routing::Ask,
        beginnings: warmth::Beginnings,
        settlement: Settlement,
    ) -> Response<ReplyBody> {
        let Some((offered, rule)) = self.offered.take().map(|offered| *offered) else {
            return without_receipt(self.call.endpoint.dialect(), &faults::died());
        };
        let reserve = self.reserve(&plan, ask, beginnings, Media::default(), settlement.id());
        let rounds = Rounds::new(reserve, plan, offered, rule);
        serve_rounds(Box::new(rounds), settlement).await
    }

    /// All that is needed to ask again.
    fn reserve(
        self,
        plan: &Plan,
        ask: routing::Ask,
        beginnings: warmth::Beginnings,
        media: Media,
        receipt: ReceiptId,
    ) -> Box<Reserve> {
        Box::new(Reserve {
            headers: outgoing(&self.call.headers, &self.inner.instance),
            lossy: headers::accepts_losses(&self.call.headers),
            local_only: self.local_only || plan.policy.local_only,
            policy: plan.policy,
            left: Vec::new(),
            receipt,
            inner: self.inner,
            snapshot: self.snapshot,
            call: self.call,
            facts: self.facts,
            hub: self.hub,
            media,
            beginnings,
            ask,
            asked: 0,
            targets: plan.candidates.len().max(1) as u32,
        })
    }

    async fn answered(
        self,
        answer: Answer,
        plan: Plan,
        going_on: Option<(routing::Ask, warmth::Beginnings, Media)>,
        settlement: Settlement,
    ) -> Response<ReplyBody> {
        let (dialect, snapshot) = (self.call.endpoint.dialect(), Arc::clone(&self.snapshot));
        let going_on = going_on.filter(|_| matches!(answer.body, AnswerBody::Stream(_)));
        let place = place(&self.inner, &self.call, &self.hub);
        let (memory, further) = match going_on {
            Some((ask, beginnings, media)) => {
                let (request, inner) = (self.hub.read().cloned(), Arc::clone(&self.inner));
                let to_keep = to_keep(&self.call, request, &settlement);
                let mut reserve = self.reserve(&plan, ask, beginnings, media, settlement.id());
                reserve.left = untried(plan, &settlement);
                let memory = Memory::new(&inner, &answer.provider.id, place, to_keep);
                (memory, Further::Reserve(reserve))
            }
            None => {
                let to_keep = to_keep(&self.call, self.hub.into_request(), &settlement);
                let memory = Memory::new(&self.inner, &answer.provider.id, place, to_keep);
                (memory, Further::None)
            }
        };
        deliver(&snapshot, dialect, answer, memory, further, settlement).await
    }

    /// Nobody answered: an expired answer is better than none, where another provider might have cured it.
    async fn failed(self, failed: AllFailed, settlement: Settlement) -> Response<ReplyBody> {
        let dialect = self.call.endpoint.dialect();
        let is_theirs = failed.fault.is_none() && remedy(failed.failure.category) != Remedy::None;
        let settlement = match is_theirs {
            false => settlement,
            true => match self.stale(settlement).await {
                Ok(response) => return response,
                Err(settlement) => *settlement,
            },
        };
        give_up(dialect, failed, settlement).await
    }

    async fn stale(&self, settlement: Settlement) -> Result<Response<ReplyBody>, Box<Settlement>> {
        match &self.question {
            Some(question) => kept::stale(self, question, settlement).await,
            None => Err(Box::new(settlement)),
        }
    }
}

/// Where the conversation stands, for a caller whose calls come back without ids.
pub(crate) fn place(inner: &Inner, call: &Call, hub: &InHub) -> Option<Place> {
    let nameless = call.endpoint.dialect() == Dialect::Ollama;
    let request = hub.read().filter(|_| nameless)?;
    Some(inner.stash.place(&call.client, &request.messages))
}

/// The conversation that a caller of Responses may go on by its name, unless it asked for it not to
/// be stored. A reply that was passed on as it is, is kept by its provider.
pub(crate) fn to_keep(
    call: &Call,
    request: Option<Request>,
    settlement: &Settlement,
) -> Option<ToKeep> {
    if call.endpoint != Endpoint::Responses {
        return None;
    }
    let request = request.filter(|request| request.store != Some(false))?;
    Some(ToKeep {
        client: Arc::clone(&call.client),
        response: format!("resp_{:x}", settlement.id().0),
        request,
    })
}

/// Who could still be asked.
fn untried(plan: Plan, settlement: &Settlement) -> Vec<Candidate> {
    let is_left = |one: &Candidate| !settlement.has_tried(one);
    plan.candidates.into_iter().filter(is_left).collect()
}

/// The client's headers as they travel, with our hop on them.
pub(crate) fn outgoing(received: &HeaderMap, instance: &HeaderValue) -> HeaderMap {
    let hops = headers::hops(received, instance);
    let mut outgoing = headers::for_upstream(received);
    outgoing.insert(&headers::HOP, hops);
    outgoing
}
