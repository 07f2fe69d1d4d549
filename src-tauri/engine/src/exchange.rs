//! One exchange, from a request that was let in to its last byte.
//! [`Engine::exchange`] reads like the path of a request in ARCHITECTURE.md.

use std::sync::Arc;

use bytes::Bytes;
use dialect::{
    Dialect, Endpoint, Facts, Fault, Malformed, Task, facts, facts_in_form, facts_in_path,
};
use http::{HeaderMap, Response};

use crate::answer::{refuse, without_receipt};
use crate::errand::Errand;
use crate::kept::{self, Wish};
use crate::ledger::BACKLOG_LIMIT;
use crate::machine::Engine;
use crate::receipt::Ending;
use crate::relay::ReplyBody;
use crate::sending::InHub;
use crate::settle::{Arrived, Settlement};
use crate::snapshot::Snapshot;
use crate::tools::{self, Asked, Whose};
use crate::{faults, headers};

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
        let mut facts = match facts_of(&call) {
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
        let wish = match Wish::of(&call.headers) {
            Ok(wish) => wish,
            Err(fault) => return refuse(settlement, dialect, &fault, Ending::Refused, None).await,
        };
        let hub = InHub::default();
        let asked = Asked {
            inner,
            snapshot: &snapshot,
            call: &call,
            facts: &facts,
            hub: &hub,
            local_only: local_only || stays_here(&snapshot, &facts.model),
        };
        match tools::whose(&asked) {
            Ok(Whose::Model) => {}
            Ok(Whose::Shadow(note)) => settlement.tools(*note),
            Ok(Whose::Tool(task)) => match tools::serve(&asked, task, settlement).await {
                Ok(response) => return response,
                Err(back) => settlement = *back,
            },
            Err(fault) => return refuse(settlement, dialect, &fault, Ending::Refused, None).await,
        }
        let offered = tools::offer(&asked).await;
        let (hub, offered) = match offered {
            None => (hub, None),
            Some((offered, mut request)) => {
                tools::restore(&asked, &offered, &mut request, &mut settlement).await;
                let rule = Arc::clone(snapshot.tools.rule(&facts.model));
                (InHub::of_ours(request), Some(Box::new((offered, rule))))
            }
        };
        facts.needs.tools |= offered
            .as_ref()
            .is_some_and(|one| !one.0.by_name.is_empty());
        let question = match &offered {
            None => kept::ask(inner, &snapshot, (&call, &facts), local_only, wish, &hub),
            Some(one) => Err(Box::new(kept::may_differ(one.0.by_name.is_empty()))),
        };
        settlement.cached(kept::first_word(&question));
        let errand = Errand {
            inner: Arc::clone(inner),
            snapshot,
            call,
            facts,
            hub,
            local_only,
            question: question.ok().flatten().map(Arc::new),
            offered,
        };
        Box::pin(kept::serve(errand, wish, settlement)).await
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

/// Its alias keeps its requests on this machine and network.
fn stays_here(snapshot: &Snapshot, model: &str) -> bool {
    let alias = snapshot.routes.aliases.get(model);
    alias.is_some_and(|alias| alias.policy.local_only)
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
