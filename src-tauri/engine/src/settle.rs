//! The guard that leaves a receipt, however an exchange ends.
//!
//! Promises: exactly one receipt an exchange. Whoever holds the guard settles it;
//! if it is dropped first (the client hung up, a panic unwound), the drop does.

use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use cache::Entry;
use dialect::hub::{Loss, Note};
use dialect::{Endpoint, Fault, Reading, StopReason, Task, Usage, estimate_tokens};
use offload::Tool;
use routing::{Candidate, Dropped, HedgePolicy, NanoUsd, NoHedge, Plan, Price, Provider};

use crate::admission::Permit;
use crate::attempt::{Answer, Failed};
use crate::choosing::Choice;
use crate::kept::Witness;
use crate::ledger::Recorded;
use crate::machine::Inner;
use crate::prompt_cache::PromptCache;
use crate::receipt::{AttemptRecord, Basis, CacheNote, CacheVerdict, Ending, Receipt, ReceiptId};
use crate::snapshot::Snapshot;
use crate::tools::{Run, ToolNote, ToolRun, ToolWay};
use crate::versions::Version;

/// When a request's head arrived, on both clocks.
#[derive(Debug, Clone, Copy)]
pub struct Arrived {
    /// For spans.
    pub at: Instant,
    /// For people, in milliseconds since 1970.
    pub unix_ms: u64,
}

impl Arrived {
    /// Now.
    pub fn now() -> Arrived {
        Arrived {
            at: Instant::now(),
            unix_ms: unix_ms(),
        }
    }
}

/// Milliseconds since 1970; 0 on a clock set before.
pub(crate) fn unix_ms() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_millis() as u64)
}

/// Holds an exchange's receipt until it is settled.
pub(crate) struct Settlement {
    inner: Arc<Inner>,
    started: Instant,
    receipt: Option<Box<Receipt>>,
    /// Whoever answers, for the price.
    server: Option<Arc<Provider>>,
    snapshot: Option<Arc<Snapshot>>,
    reading: Option<Reading>,
    permit: Option<Permit>,
    /// The prompt's tokens as counted here, to be learnt from.
    counted: Option<u64>,
    /// What each call cost, where several made the answer.
    usages: Vec<Usage>,
    /// What may be spent on second requests comes of what answers cost.
    hedge: HedgePolicy,
    /// What the beginning of the answer has cost, where another provider goes on with it.
    earlier: Option<Spent>,
    /// Sees the receipt too, once it is settled.
    witness: Option<Witness>,
    /// What a receipt is told of a refusal, in place of its own words.
    discreet: Option<String>,
}

/// What an answer has cost, or a part of it.
#[derive(Debug, PartialEq, Eq)]
struct Spent {
    usage: Usage,
    usage_basis: Basis,
    cost: NanoUsd,
    cost_basis: Basis,
    prompt_cache: Option<PromptCache>,
}

/// Which of two attempts under way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Which {
    /// The one that began first.
    Elder,
    /// The one that was asked beside it.
    Younger,
}

impl Settlement {
    pub(crate) fn open(
        inner: &Arc<Inner>,
        arrived: Arrived,
        endpoint: Option<Endpoint>,
        client: Option<String>,
        request_bytes: usize,
    ) -> Settlement {
        Settlement {
            inner: Arc::clone(inner),
            started: arrived.at,
            receipt: Some(Box::new(Receipt {
                id: inner.ids.next(arrived.unix_ms),
                started_unix_ms: arrived.unix_ms,
                client,
                endpoint,
                requested_model: None,
                streamed: false,
                alias: None,
                attempts: Vec::new(),
                dropped: Vec::new(),
                choice: None,
                notes: Vec::new(),
                provider: None,
                model: None,
                model_version: None,
                fingerprint: None,
                upstream_id: None,
                usage: Usage::default(),
                usage_basis: Basis::None,
                cost: NanoUsd(0),
                cost_basis: Basis::None,
                prompt_cache: None,
                price_version: None,
                ttft_us: None,
                total_us: 0,
                status: 0,
                ending: Ending::ClientGone,
                stop: None,
                fault: None,
                message: None,
                cache: None,
                tools: None,
                request_bytes: request_bytes as u64,
                reply_bytes: 0,
            })),
            server: None,
            snapshot: None,
            reading: None,
            permit: None,
            counted: None,
            usages: Vec::new(),
            hedge: HedgePolicy::default(),
            earlier: None,
            witness: None,
            discreet: None,
        }
    }

    /// Hands the receipt over to whoever looks for another target; what is left here has none.
    pub(crate) fn hand_over(&mut self) -> Settlement {
        let left = Settlement {
            inner: Arc::clone(&self.inner),
            started: self.started,
            receipt: None,
            server: None,
            snapshot: None,
            reading: None,
            permit: None,
            counted: None,
            usages: Vec::new(),
            hedge: self.hedge,
            earlier: None,
            witness: None,
            discreet: None,
        };
        std::mem::replace(self, left)
    }

    /// Another provider goes on with the answer: what was read so far is the first one's cost, and the rest
    /// is this one's. Gives what all that broke off has cost.
    pub(crate) fn gone_on(&mut self, provider: &Arc<Provider>, model: &str) -> Usage {
        if let Some(mut broken) = self.receipt.clone() {
            broken.ending = Ending::Broken;
            self.count(&mut broken);
            self.earlier = Some(Spent::on(&broken));
        }
        self.goes_on_at(provider, model)
    }

    /// A turn is over, and its answer goes on when tools were run: what it has cost stands.
    pub(crate) fn turn_over(&mut self) {
        if let Some(mut turn) = self.receipt.clone() {
            turn.ending = Ending::Complete;
            self.count(&mut turn);
            self.earlier = Some(Spent::on(&turn));
        }
        (self.server, self.reading) = (None, None);
        (self.counted, self.usages) = (None, Vec::new());
    }

    /// A whole answer of a turn that is over: its attempt is closed, and what it has cost stands.
    pub(crate) fn turn_ended(
        &mut self,
        snapshot: &Arc<Snapshot>,
        answer: Answer,
        reading: Reading,
    ) {
        let status = answer.status.as_u16();
        self.served_by(snapshot, &answer.provider, &answer.model, status);
        if let Some(counted) = answer.counted {
            self.counted(counted);
        }
        self.paid(answer.usages);
        self.remarked(answer.notes);
        let mut attempt = answer.attempt;
        attempt.took_us = self.elapsed_us().saturating_sub(attempt.started_us);
        self.attempted(attempt);
        self.read(reading);
        self.turn_over();
    }

    /// This one goes on with the answer. Gives what all before it has cost.
    pub(crate) fn goes_on_at(&mut self, provider: &Arc<Provider>, model: &str) -> Usage {
        self.server = Some(Arc::clone(provider));
        self.reading = Some(Reading::default());
        (self.counted, self.usages) = (None, Vec::new());
        self.note(|receipt| {
            receipt.provider = Some(provider.id.clone());
            receipt.model = Some(model.to_owned());
        });
        self.spent()
    }

    /// What all turns before this one have cost.
    pub(crate) fn spent(&self) -> Usage {
        self.earlier
            .as_ref()
            .map_or(Usage::default(), |earlier| earlier.usage)
    }

    /// Another provider's answer is being gone on with.
    pub(crate) fn is_gone_on(&self) -> bool {
        self.earlier.is_some()
    }

    pub(crate) fn hold(&mut self, permit: Permit) {
        self.permit = Some(permit);
    }

    pub(crate) fn id(&self) -> ReceiptId {
        self.receipt.as_ref().map_or(ReceiptId(0), |r| r.id)
    }

    pub(crate) fn elapsed_us(&self) -> u64 {
        micros(self.started.elapsed())
    }

    pub(crate) fn asked(&mut self, model: &str, streamed: bool) {
        self.note(|receipt| {
            receipt.requested_model = Some(model.to_owned());
            receipt.streamed = streamed;
        });
    }

    pub(crate) fn planned(&mut self, plan: &mut Plan) {
        let (alias, dropped) = (plan.alias.take(), std::mem::take(&mut plan.dropped));
        self.hedge = plan.policy.hedge;
        self.note(|receipt| {
            receipt.alias = alias;
            receipt.dropped = dropped;
        });
    }

    /// Which target comes first, and why.
    pub(crate) fn chosen(&mut self, choice: Option<Choice>) {
        self.note(|receipt| receipt.choice = choice);
    }

    /// Why no second target was asked beside the first.
    pub(crate) fn no_hedge(&mut self, reason: NoHedge) {
        self.note(|receipt| {
            if let Some(choice) = receipt.choice.as_mut() {
                choice.no_hedge = Some(reason);
            }
        });
    }

    /// No target could serve; these were considered.
    pub(crate) fn left_out(&mut self, dropped: Vec<Dropped>) {
        self.note(|receipt| receipt.dropped = dropped);
    }

    /// An attempt begins. It stands on the receipt from here on, because a client
    /// may leave before it ends, and what it asked for may be billed.
    pub(crate) fn attempting(&mut self, attempt: AttemptRecord) {
        self.note(|receipt| receipt.attempts.push(attempt));
    }

    /// The attempt under way has ended like this.
    pub(crate) fn attempted(&mut self, attempt: AttemptRecord) {
        self.note(|receipt| {
            receipt.attempts.pop();
            receipt.attempts.push(attempt);
        });
    }

    /// Of two attempts under way this one has ended, like this or as none. The other is the last of the
    /// list from now on, as whoever answers always is.
    pub(crate) fn one_of_two_ended(&mut self, which: Which, attempt: Option<AttemptRecord>) {
        self.note(|receipt| {
            let attempts = &mut receipt.attempts;
            let Some(place) = attempts.len().checked_sub(2) else {
                return;
            };
            if which == Which::Younger {
                attempts.swap(place, place + 1);
            }
            match attempt {
                Some(attempt) => attempts[place] = attempt,
                None => drop(attempts.remove(place)),
            }
        });
    }

    /// The attempt that stood on the receipt was none: nothing was sent.
    pub(crate) fn not_attempted(&mut self) {
        self.note(|receipt| {
            receipt.attempts.pop();
        });
    }

    /// The attempt under way has ended with this; `record` is that of a failure. Who answers goes on.
    pub(crate) fn ended(&mut self, result: &Result<Answer, Failed>, record: Option<AttemptRecord>) {
        match (result, record) {
            (Ok(_), _) => {}
            (Err(_), Some(record)) => self.attempted(record),
            (Err(_), None) => self.not_attempted(),
        }
    }

    /// A target that turned out not to be able to take this request.
    pub(crate) fn unfit(&mut self, dropped: Dropped) {
        self.note(|receipt| receipt.dropped.push(dropped));
    }

    /// What the translation could not carry.
    pub(crate) fn translated(&mut self, notes: Vec<Note>) {
        self.note(|receipt| receipt.notes = notes);
    }

    /// More that a translation could not carry, or that became of the answer.
    pub(crate) fn remarked(&mut self, notes: impl IntoIterator<Item = Note>) {
        self.note(|receipt| receipt.notes.extend(notes));
    }

    /// What we counted of the prompt.
    pub(crate) fn counted(&mut self, tokens: u64) {
        self.counted = Some(tokens);
    }

    /// What each of several calls cost: the price of a prompt depends on its own length.
    pub(crate) fn paid(&mut self, usages: Vec<Usage>) {
        self.usages = usages;
    }

    /// Whether this target was tried and failed, or answers.
    pub(crate) fn has_tried(&self, candidate: &Candidate) -> bool {
        let Some(receipt) = &self.receipt else {
            return false;
        };
        let same = |a: &&AttemptRecord| {
            let key = a
                .key
                .as_deref()
                .is_none_or(|key| key == candidate.key.name());
            a.provider == candidate.provider.id && a.model == candidate.model && key
        };
        let last = receipt.attempts.last();
        last.is_some_and(|last| same(&last))
            || receipt
                .attempts
                .iter()
                .filter(same)
                .any(|a| a.failure.is_some())
    }

    /// How many attempts were made.
    pub(crate) fn attempts(&self) -> usize {
        self.receipt.as_ref().map_or(0, |r| r.attempts.len())
    }

    /// How many targets that were; one may have been asked again.
    pub(crate) fn targets(&self) -> usize {
        let attempts = self.receipt.as_ref().map_or(&[][..], |r| &r.attempts);
        let mut targets: Vec<_> = attempts.iter().map(|a| (&a.provider, &a.model)).collect();
        targets.dedup();
        targets.len()
    }

    /// Who was tried last.
    pub(crate) fn last_tried(&self) -> Option<&str> {
        let last = self.receipt.as_ref()?.attempts.last()?;
        Some(&last.provider)
    }

    /// The commit point: from here on this provider answers.
    pub(crate) fn served_by(
        &mut self,
        snapshot: &Arc<Snapshot>,
        provider: &Arc<Provider>,
        model: &str,
        status: u16,
    ) {
        let elapsed = self.elapsed_us();
        self.server = Some(Arc::clone(provider));
        self.snapshot = Some(Arc::clone(snapshot));
        self.note(|receipt| {
            receipt.provider = Some(provider.id.clone());
            receipt.model = Some(model.to_owned());
            receipt.status = status;
            receipt.ttft_us.get_or_insert(elapsed);
        });
    }

    /// Whoever waits for this answer sees its receipt.
    pub(crate) fn testify_to(&mut self, witness: &Witness) {
        self.witness = Some(Arc::clone(witness));
    }

    /// What kept answers have to do with it.
    pub(crate) fn cached(&mut self, note: Option<CacheNote>) {
        self.note(|receipt| receipt.cache = note);
    }

    /// What tools had to do with it.
    pub(crate) fn tools(&mut self, note: ToolNote) {
        self.note(|receipt| receipt.tools = Some(note));
    }

    /// A tool begins to work for a model. It stands on the receipt from here on: a client that leaves takes
    /// nothing of it along.
    pub(crate) fn tool_began(&mut self, run: ToolRun) -> Option<Run> {
        let note = || ToolNote::of(ToolWay::Offered);
        let receipt = self.receipt.as_mut()?;
        Some(receipt.tools.get_or_insert_with(note).ran(run))
    }

    /// It has ended like this.
    pub(crate) fn tool_ended(&mut self, begun: Option<Run>, run: ToolRun) {
        let note = self
            .receipt
            .as_mut()
            .and_then(|receipt| receipt.tools.as_mut());
        if let (Some(note), Some(begun)) = (note, begun) {
            note.ended(begun, run);
        }
    }

    /// More of what tools had to do with it.
    pub(crate) fn tools_mut(&mut self, way: ToolWay, change: impl FnOnce(&mut ToolNote)) {
        self.note(|receipt| change(receipt.tools.get_or_insert_with(|| ToolNote::of(way))));
    }

    /// The answer is a tool's: nothing is owed for it but what the tool itself takes.
    pub(crate) fn answered_by_tool(&mut self, tool: &Tool) {
        let elapsed = self.elapsed_us();
        self.server = None;
        self.note(|receipt| {
            receipt.provider = Some("tool".to_owned());
            receipt.model = Some(tool.to_string());
            receipt.status = 200;
            receipt.ttft_us = Some(elapsed);
            receipt.stop = Some(StopReason::End);
            (receipt.cost_basis, receipt.usage_basis) = (Basis::Metered, Basis::Metered);
        });
    }

    /// No kept answer was found, for this reason as far as it is known.
    pub(crate) fn missed(&mut self, why: Option<String>) {
        self.note(|receipt| {
            if let Some(note) = &mut receipt.cache {
                note.why = why;
            }
        });
    }

    /// An answer that was given before is told again.
    pub(crate) fn told_again(&mut self, entry: &Entry, note: CacheNote) {
        let elapsed = self.elapsed_us();
        self.note(|receipt| {
            receipt.provider = Some(entry.provider.clone());
            receipt.model = Some(entry.model.clone());
            receipt.status = 200;
            receipt.ttft_us = Some(elapsed);
            (receipt.fault, receipt.message) = (None, None);
            receipt.cache = Some(note);
        });
    }

    /// An answer that another asked for begins.
    pub(crate) fn joining(&mut self, status: u16) {
        let elapsed = self.elapsed_us();
        self.note(|receipt| {
            receipt.status = status;
            receipt.ttft_us = Some(elapsed);
            receipt.cache = Some(CacheNote::of(CacheVerdict::Joined));
        });
    }

    /// It ends like the answer of whoever asked for it, which paid.
    pub(crate) fn came_along(&mut self, payer: &Receipt, note: CacheNote) {
        self.note(|receipt| {
            receipt.provider.clone_from(&payer.provider);
            receipt.model.clone_from(&payer.model);
            receipt.model_version.clone_from(&payer.model_version);
            receipt.fingerprint.clone_from(&payer.fingerprint);
            receipt.alias.clone_from(&payer.alias);
            receipt.stop = payer.stop;
            receipt.status = payer.status;
            receipt.fault.clone_from(&payer.fault);
            receipt.message.clone_from(&payer.message);
            receipt.cache = Some(note);
        });
        let ending = match payer.ending {
            // That was the other one.
            Ending::ClientGone => Ending::Broken,
            ending => ending,
        };
        drop(self.settle(ending));
    }

    /// Whoever was asked for this answer, and has given it whole, has told who it is.
    fn tell_of_version(&self, receipt: &Receipt) {
        let is_its_own = receipt
            .cache
            .as_ref()
            .is_none_or(|note| !note.verdict.is_hit());
        let is_real = self.server.as_ref().is_some_and(|server| !server.practice);
        if let (Some(provider), Some(model)) = (&receipt.provider, &receipt.model)
            && is_its_own
            && is_real
            && receipt.ending == Ending::Complete
        {
            let version = Version {
                model: receipt.model_version.clone(),
                fingerprint: receipt.fingerprint.clone(),
            };
            self.inner
                .versions
                .told(provider, model, &version, unix_ms());
        }
    }

    /// What was told again, or came along, cost nothing; and the route's tally learns of it.
    fn tell_of_cache(&self, receipt: &Receipt) {
        if let (Some(note), Some(route)) = (&receipt.cache, &receipt.requested_model) {
            let answered = receipt.ending == Ending::Complete;
            self.inner.kept.tallies.learn(route, note, answered);
        }
    }

    /// The route's tally of tools learns of it.
    fn tell_of_tools(&self, receipt: &Receipt) {
        if let (Some(note), Some(route)) = (&receipt.tools, &receipt.requested_model)
            && (receipt.ending == Ending::Complete || !note.is_answer())
        {
            self.inner.tool_tallies.learn(route, note);
        }
    }

    pub(crate) fn refused(&mut self, status: u16, fault: &Fault) {
        let told = self.discreet.take();
        self.note(|receipt| {
            receipt.status = status;
            receipt.fault = Some(fault.code.to_owned());
            receipt.message = Some(told.unwrap_or_else(|| fault.message.clone()));
        });
    }

    /// The receipt is told this of the refusal that follows, because its own words may be the client's.
    pub(crate) fn discreetly(&mut self, message: String) {
        self.discreet = Some(message);
    }

    /// What has been read of the answer so far; the latest counts.
    pub(crate) fn read(&mut self, reading: Reading) {
        if let Some(receipt) = self.receipt.as_mut()
            && is_half_told(&reading, receipt.attempts.last())
            && !receipt.notes.iter().any(|note| note.what == paused().what)
        {
            receipt.notes.push(paused());
        }
        self.reading = Some(reading);
    }

    pub(crate) fn sent(&mut self, bytes: &Bytes) {
        self.sent_bytes(bytes.len() as u64);
    }

    pub(crate) fn sent_bytes(&mut self, length: u64) {
        self.note(|receipt| receipt.reply_bytes += length);
    }

    fn note(&mut self, change: impl FnOnce(&mut Receipt)) {
        if let Some(receipt) = self.receipt.as_mut() {
            change(receipt);
        }
    }

    /// Closes the receipt and hands it to the ledger. The answer resolves when it
    /// is durable; `None` when it had been settled already.
    pub(crate) fn settle(&mut self, ending: Ending) -> Option<Recorded> {
        let mut receipt = self.receipt.take()?;
        receipt.ending = ending;
        receipt.total_us = micros(self.started.elapsed());
        self.count(&mut receipt);
        self.count_what_was_lost(&mut receipt);
        if receipt
            .cache
            .as_ref()
            .is_some_and(|note| note.verdict.is_hit())
            // What was lost with attempts before an expired answer is an estimate.
            && receipt.cost == NanoUsd::ZERO
        {
            (receipt.cost_basis, receipt.usage_basis) = (Basis::Metered, Basis::Metered);
        }
        count_what_tools_took(&mut receipt);
        self.inner.live.settled(&receipt, unix_ms());
        self.tell_of_version(&receipt);
        self.tell_of_cache(&receipt);
        self.tell_of_tools(&receipt);
        if let Some(witness) = self.witness.take() {
            let _ = witness.set((*receipt).clone());
        }
        self.permit = None;
        Some(self.inner.ledger.record(receipt))
    }

    /// Adds what cancelled attempts may be billed for. It is an estimate, so the sum is one.
    fn count_what_was_lost(&self, receipt: &mut Receipt) {
        if self.hedge.allowed {
            self.inner.conditions.spent(receipt.cost, &self.hedge);
        }
        for lost in receipt.attempts.iter().filter_map(|attempt| attempt.lost) {
            let free = lost.cost_basis != Basis::None && lost.cost == NanoUsd::ZERO;
            if free {
                continue;
            }
            receipt.cost = [receipt.cost, lost.cost].into_iter().sum();
            if receipt.cost_basis == Basis::Metered {
                receipt.cost_basis = Basis::Estimated;
            }
            if receipt.price_version.is_none() {
                receipt.price_version = self.snapshot.as_ref().map(|s| s.price_version.clone());
            }
        }
    }

    /// Fills in tokens and money, each with how sure it is.
    fn count(&self, receipt: &mut Receipt) {
        let (Some(server), Some(reading)) = (&self.server, &self.reading) else {
            // Between two turns, what is paid for is that of the turns before.
            if let Some(earlier) = &self.earlier {
                earlier.stands_on(receipt);
            }
            return;
        };
        receipt.model_version = reading.model.as_deref().map(bounded);
        receipt.fingerprint = reading.fingerprint.as_deref().map(bounded);
        receipt.upstream_id = reading.upstream_id.as_deref().map(bounded);
        receipt.stop = reading.stop;
        if receipt
            .endpoint
            .is_some_and(|endpoint| endpoint.task() == Task::Count)
        {
            // Counting is free and generates nothing.
            return;
        }
        (receipt.usage, receipt.usage_basis) = usage(reading, receipt);
        if let (Basis::Metered, Some(counted), Some(model)) =
            (receipt.usage_basis, self.counted, &receipt.model)
        {
            let reported = receipt.usage.input_total();
            self.inner.counting.learn(server, model, counted, reported);
        }
        let free = server.practice || server.local;
        let known = receipt
            .model_version
            .as_deref()
            .and_then(|version| server.model(version))
            .or_else(|| server.model(receipt.model.as_deref().unwrap_or_default()));
        if let (Basis::Estimated, Some(most)) =
            (receipt.usage_basis, known.and_then(|m| m.max_input))
        {
            // Pictures travel as text and would count as millions of tokens.
            receipt.usage.input = receipt.usage.input.min(most);
        }
        let price = known.and_then(|model| model.price.as_ref());
        let several = match receipt.usage_basis {
            Basis::Metered => self.usages.as_slice(),
            Basis::Estimated | Basis::None => &[],
        };
        receipt.prompt_cache = PromptCache::of(receipt, price.filter(|_| !free), several);
        if free {
            receipt.cost_basis = receipt.usage_basis;
        } else if let Some(price) = price {
            receipt.cost = cost(
                price,
                &receipt.usage,
                several,
                receipt.started_unix_ms / 1000,
            );
            receipt.cost_basis = receipt.usage_basis;
            receipt.price_version = self.snapshot.as_ref().map(|s| s.price_version.clone());
        }
        if let Some(earlier) = &self.earlier {
            earlier.and(&Spent::on(receipt)).stands_on(receipt);
        }
    }
}

impl Spent {
    fn on(receipt: &Receipt) -> Spent {
        Spent {
            usage: receipt.usage,
            usage_basis: receipt.usage_basis,
            cost: receipt.cost,
            cost_basis: receipt.cost_basis,
            prompt_cache: receipt.prompt_cache,
        }
    }

    fn stands_on(&self, receipt: &mut Receipt) {
        (receipt.usage, receipt.usage_basis) = (self.usage, self.usage_basis);
        (receipt.cost, receipt.cost_basis) = (self.cost, self.cost_basis);
        receipt.prompt_cache = self.prompt_cache;
    }

    /// The beginning of an answer and its rest, each at its own price. The sum is as sure as both are: how much of
    /// a beginning is billed that broke off is an estimate.
    fn and(&self, rest: &Spent) -> Spent {
        let both = |one, other| match (one, other) {
            (Basis::None, Basis::None) => Basis::None,
            (Basis::Metered, Basis::Metered) => Basis::Metered,
            _ => Basis::Estimated,
        };
        Spent {
            usage: self.usage.plus(&rest.usage),
            usage_basis: both(self.usage_basis, rest.usage_basis),
            cost: [self.cost, rest.cost].into_iter().sum(),
            cost_basis: both(self.cost_basis, rest.cost_basis),
            prompt_cache: PromptCache::both(self.prompt_cache, rest.prompt_cache),
        }
    }
}

/// Adds what tools of others cost by the call.
fn count_what_tools_took(receipt: &mut Receipt) {
    let took = receipt
        .tools
        .as_ref()
        .map_or(NanoUsd::ZERO, |note| note.cost);
    if took != NanoUsd::ZERO {
        receipt.cost = [receipt.cost, took].into_iter().sum();
        // By the price in the config: nobody has metered it.
        receipt.cost_basis = Basis::Estimated;
    }
}

/// A turn that its provider paused, told to a caller whose dialect has no word for that.
pub(crate) fn is_half_told(reading: &Reading, attempt: Option<&AttemptRecord>) -> bool {
    let is_translated = attempt.is_some_and(|attempt| attempt.spoken.is_some());
    is_translated && reading.stop == Some(StopReason::Pause)
}

/// Says that the answer is not whole.
pub(crate) fn paused() -> Note {
    Note {
        loss: Loss::Degraded,
        what: "stop_reason".to_owned(),
        why:
            "The provider paused a long turn: the answer is not whole, and goes on when it is sent \
              back."
                .to_owned(),
    }
}

/// What the tokens cost; of several calls, each by the length of its own prompt.
fn cost(price: &Price, usage: &Usage, several: &[Usage], at_unix_s: u64) -> NanoUsd {
    let calls = match several {
        [] => std::slice::from_ref(usage),
        several => several,
    };
    calls
        .iter()
        .map(|usage| price.cost(usage, at_unix_s).total)
        .sum()
}

/// The provider's own figures when the answer ran to its end. A broken answer was
/// metered at its start at best, so what came after is estimated from its size.
fn usage(reading: &Reading, receipt: &Receipt) -> (Usage, Basis) {
    let whole = receipt.ending == Ending::Complete;
    match reading.usage {
        Some(usage) if whole => (usage, Basis::Metered),
        Some(mut usage) => {
            usage.output = usage.output.max(estimate_tokens(reading.output_bytes));
            (usage, Basis::Estimated)
        }
        None => {
            let calls = receipt.attempts.last().map_or(1, |last| last.calls);
            let usage = Usage {
                input: estimate_tokens(receipt.request_bytes) * u64::from(calls),
                output: estimate_tokens(reading.output_bytes),
                ..Usage::default()
            };
            (usage, Basis::Estimated)
        }
    }
}

/// What a provider calls itself, cut to what a line of a ledger should hold.
fn bounded(name: &str) -> String {
    name.chars().take(256).collect()
}

impl Drop for Settlement {
    fn drop(&mut self) {
        if self.receipt.is_some() {
            // A panic on the way is our failure; otherwise the client hung up and
            // hyper dropped the exchange. Nobody is left to wait for the ledger.
            let told = self.receipt.as_ref().is_some_and(|r| r.fault.is_some());
            let ending = match (std::thread::panicking(), told) {
                (true, _) => Ending::Failed,
                // It did not wait for its refusal.
                (false, true) => Ending::Refused,
                (false, false) => Ending::ClientGone,
            };
            drop(self.settle(ending));
        }
    }
}

pub(crate) fn micros(span: Duration) -> u64 {
    u64::try_from(span.as_micros()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use routing::Catalogue;

    use super::*;

    #[test]
    fn an_answer_of_two_costs_what_both_cost_and_is_no_surer_than_its_beginning() {
        let spent = |tokens, cost, cost_basis| Spent {
            usage: Usage {
                input: tokens,
                output: 1,
                ..Usage::default()
            },
            usage_basis: cost_basis,
            cost: NanoUsd(cost),
            cost_basis,
            prompt_cache: None,
        };
        let both = spent(100, 7, Basis::Estimated).and(&spent(120, 30, Basis::Metered));
        assert_eq!((both.usage.input, both.usage.output), (220, 2));
        assert_eq!(
            (both.cost, both.cost_basis),
            (NanoUsd(37), Basis::Estimated)
        );
        let unknown = spent(1, 0, Basis::None);
        assert_eq!(unknown.and(&unknown).cost_basis, Basis::None);
        assert_eq!(unknown.and(&both).cost_basis, Basis::Estimated);
    }

    #[test]
    fn several_calls_are_priced_by_their_own_prompts() {
        let catalogue = Catalogue::builtin().expect("the catalogue");
        let models = &catalogue.provider("openai").expect("a provider").models;
        let model = models.iter().find(|model| model.id == "gpt-5.6");
        let price = model
            .and_then(|model| model.price.as_ref())
            .expect("a price");
        let call = Usage {
            input: 200_000,
            output: 1_000,
            ..Usage::default()
        };
        let sum = call.plus(&call);
        let one = cost(price, &call, &[], 0);
        assert_eq!(cost(price, &sum, &[call, call], 0), NanoUsd(2 * one.0));
        // As one prompt it would lie in the dearer tier.
        assert!(cost(price, &sum, &[], 0) > NanoUsd(2 * one.0));
    }
}
