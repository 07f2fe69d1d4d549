//! One exchange, from a request that was let in to its last byte.
//! [`Engine::exchange`] reads like the path of a request in ARCHITECTURE.md.

use std::sync::Arc;

use bytes::Bytes;
use dialect::hub;
use dialect::{
    Dialect, Endpoint, Facts, Fault, Malformed, Task, facts, facts_in_form, facts_in_path,
};
use http::{HeaderMap, HeaderValue, Response};
use routing::{Asked, Candidate, KeySource, Plan, Provider};

use crate::answer::{deliver, give_up, refuse, without_receipt};
use crate::attempt::Asking;
use crate::ledger::BACKLOG_LIMIT;
use crate::machine::{Engine, Inner};
use crate::media::Media;
use crate::memory::{Memory, ToKeep};
use crate::opening::AnswerBody;
use crate::place::Place;
use crate::receipt::Ending;
use crate::relay::ReplyBody;
use crate::resume::{self, Course, Reserve};
use crate::sending::InHub;
use crate::settle::{Arrived, Settlement};
use crate::snapshot::Snapshot;
use crate::walk::walk;
use crate::{choosing, faults, headers, warmth};

/// The longest name of a model, in bytes: it is repeated in errors and receipts.
const LONGEST_MODEL: usize = 512;

/// A request that was let in.
#[derive(Debug)]
pub struct Call {
    /// What is asked for.
    pub endpoint: Endpoint,
    /// The client key's name.
    pub client: Arc<str>,
    /// As received.
    pub headers: HeaderMap,
    /// The model and the wish to stream, where the dialect has them in the path.
    pub path: Option<InPath>,
    /// The query string to pass on, the credential taken out.
    pub query: Option<String>,
    /// Read to its end.
    pub body: Bytes,
    /// When its head arrived.
    pub arrived: Arrived,
}

/// What some dialects say in the path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InPath {
    /// The model as the client wrote it.
    pub model: String,
    /// It wants a stream.
    pub stream: bool,
}

/// A request that was not let in.
#[derive(Debug)]
pub struct Refusal {
    /// What was asked for, when the path is one of ours.
    pub endpoint: Option<Endpoint>,
    /// The dialect to refuse in.
    pub dialect: Dialect,
    /// The client key's name, when it was good.
    pub client: Option<Arc<str>>,
    /// Why.
    pub fault: Fault,
    /// When its head arrived.
    pub arrived: Arrived,
}

impl Engine {
    /// Serves one exchange.
    pub async fn exchange(&self, call: Call) -> Response<ReplyBody> {
        let inner = &self.inner;
        let snapshot = inner.snapshot();
        let dialect = call.endpoint.dialect();
        let mut settlement = Settlement::open(
            inner,
            call.arrived,
            Some(call.endpoint),
            Some(call.client.as_ref().to_owned()),
            call.body.len(),
        );
        if let Err(fault) = self.admit(&call, &snapshot, &mut settlement) {
            return refuse(settlement, dialect, &fault, Ending::Refused, Some(1)).await;
        }
        let facts = match facts_of(&call) {
            Ok(facts) => facts,
            Err(malformed) => {
                let fault = faults::malformed(malformed.to_string());
                return refuse(settlement, dialect, &fault, Ending::Refused, None).await;
            }
        };
        if facts.model.len() > LONGEST_MODEL {
            let fault = faults::malformed(format!(
                "The model's name is longer than {LONGEST_MODEL} bytes."
            ));
            return refuse(settlement, dialect, &fault, Ending::Refused, None).await;
        }
        settlement.asked(&facts.model, facts.stream);
        let local_only = match headers::stays_local(&call.headers) {
            Ok(local_only) => local_only,
            Err(fault) => return refuse(settlement, dialect, &fault, Ending::Refused, None).await,
        };
        let asked = Asked {
            endpoint: call.endpoint,
            model: &facts.model,
            local_only,
        };
        let standing = |p: &Provider, m: &str, k: &KeySource| self.standing(p, m, k);
        let mut plan = match routing::plan(&snapshot.routes, asked, standing) {
            Ok(plan) => plan,
            Err(no_route) => {
                let (fault, dropped) = faults::no_route(no_route);
                settlement.left_out(dropped);
                return refuse(settlement, dialect, &fault, Ending::Refused, None).await;
            }
        };
        let now = call.arrived.unix_ms;
        routing::heed(
            &mut plan,
            &inner.doctor.findings(),
            asked,
            facts.needs,
            facts.stream,
            now,
        );
        let ask = choosing::ask(&call);
        let beginnings = warmth::beginnings(&call, &plan, &ask);
        match choosing::choose(&inner.conditions, &mut plan, &ask, &beginnings) {
            Ok(choice) => settlement.chosen(choice),
            Err(nobody) => {
                settlement.planned(&mut plan);
                settlement.chosen(Some(nobody.choice));
                let wait = nobody.wait.map(|wait| wait.as_secs() + 1);
                return refuse(settlement, dialect, &nobody.fault, Ending::Refused, wait).await;
            }
        }
        settlement.planned(&mut plan);
        let followed = resume::is_followed(&plan, call.endpoint, facts.stream);
        let lossy = headers::accepts_losses(&call.headers);
        let local_only = local_only || plan.policy.local_only;
        let hub = InHub::default();
        let media = Media::default();
        let asking = Asking {
            inner,
            snapshot: &snapshot,
            headers: outgoing(&call.headers, &inner.instance),
            call: &call,
            facts: &facts,
            hub: &hub,
            media: &media,
            lossy,
            receipt: settlement.id(),
            ask,
            beginnings: &beginnings,
            local_only,
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
            _ = inner.stop.pulled() => None,
            walked = walk(asking, &plan, &mut settlement) => Some(walked),
        };
        let Some(walked) = walked else {
            return refuse(
                settlement,
                dialect,
                &faults::stopping(),
                Ending::Failed,
                None,
            )
            .await;
        };
        match walked {
            Ok(answer) => {
                let place = place(inner, &call, &hub);
                let followed = followed && matches!(answer.body, AnswerBody::Stream(_));
                let (request, hub) = match followed {
                    true => (hub.read().cloned(), Some(hub)),
                    false => (hub.into_request(), None),
                };
                let to_keep = to_keep(&call, request, &settlement);
                let memory = Memory::new(inner, &answer.provider.id, place, to_keep);
                let reserve = hub.map(|hub| {
                    Box::new(Reserve {
                        inner: Arc::clone(inner),
                        snapshot: Arc::clone(&snapshot),
                        headers: outgoing(&call.headers, &inner.instance),
                        policy: plan.policy,
                        left: untried(plan, &settlement),
                        receipt: settlement.id(),
                        call,
                        facts,
                        hub,
                        media,
                        beginnings,
                        lossy,
                        ask,
                        local_only,
                        asked: 0,
                    })
                });
                deliver(&snapshot, dialect, answer, memory, reserve, settlement).await
            }
            Err(failed) => give_up(dialect, failed, settlement).await,
        }
    }

    /// Refuses a request that was not let in, and leaves its receipt. `rest` is what
    /// must be done with the request before the answer; a client that leaves in the
    /// middle of it has its receipt all the same.
    ///
    /// Strangers get a bounded number of receipts a minute, so that a web page
    /// that knocks all day can't push the spend of a year out of the ledger.
    pub async fn refuse(
        &self,
        refusal: Refusal,
        rest: impl Future<Output = ()>,
    ) -> Response<ReplyBody> {
        let client = refusal.client.as_deref().map(str::to_owned);
        let (dialect, fault) = (refusal.dialect, &refusal.fault);
        if client.is_none()
            && !self
                .inner
                .strangers
                .may_leave_a_trace(refusal.arrived.unix_ms)
        {
            rest.await;
            return without_receipt(dialect, fault);
        }
        let mut settlement =
            Settlement::open(&self.inner, refusal.arrived, refusal.endpoint, client, 0);
        settlement.refused(fault.status_in(dialect), fault);
        rest.await;
        refuse(settlement, dialect, fault, Ending::Refused, None).await
    }

    /// The reasons not to begin: a loop, a pause, a drain, no room, a ledger that lags.
    fn admit(
        &self,
        call: &Call,
        snapshot: &Snapshot,
        settlement: &mut Settlement,
    ) -> Result<(), Fault> {
        let inner = &self.inner;
        let instance = inner.instance.to_str().unwrap_or_default();
        if headers::is_loop(&call.headers, instance) {
            return Err(faults::looped());
        }
        if inner.live.is_paused() {
            return Err(faults::paused());
        }
        if inner.drains.is_app_draining() {
            return Err(faults::draining());
        }
        if inner.ledger.backlog() > BACKLOG_LIMIT {
            return Err(faults::ledger_behind());
        }
        let limit = snapshot.limits.exchanges;
        let permit = inner.admission.admit(limit);
        settlement.hold(permit.ok_or_else(|| faults::full(limit))?);
        Ok(())
    }
}

fn facts_of(call: &Call) -> Result<Facts, Malformed> {
    if let Some(path) = &call.path {
        return facts_in_path(&call.body, &path.model, path.stream);
    }
    let kind = call.headers.get(http::header::CONTENT_TYPE);
    match kind.and_then(|kind| kind.to_str().ok()) {
        Some(kind)
            if call.endpoint.task() == Task::Pass && kind.starts_with("multipart/form-data") =>
        {
            facts_in_form(&call.body, kind)
        }
        _ => facts(call.endpoint, &call.body),
    }
}

/// Where the conversation stands, for a caller whose calls come back without ids.
fn place(inner: &Inner, call: &Call, hub: &InHub) -> Option<Place> {
    let nameless = call.endpoint.dialect() == Dialect::Ollama;
    let request = hub.read().filter(|_| nameless)?;
    Some(inner.stash.place(&call.client, &request.messages))
}

/// The conversation that a caller of Responses may go on by its name, unless it asked for it not to
/// be stored. A reply that was passed on as it is, is kept by its provider.
fn to_keep(call: &Call, request: Option<hub::Request>, settlement: &Settlement) -> Option<ToKeep> {
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
fn outgoing(received: &HeaderMap, instance: &HeaderValue) -> HeaderMap {
    let hops = headers::hops(received, instance);
    let mut outgoing = headers::for_upstream(received);
    outgoing.insert(&headers::HOP, hops);
    outgoing
}
