//! From an answer that was given to one that is kept.
//!
//! Promises: only what was told whole, with success, and ended by itself; it is read back in the hub's words
//! from what its caller was told, so that it can be told in any dialect; what can't be read back is not kept.
//! Off the path of requests. Bounds: [`MOST_AT_ONCE`] answers at a time; what comes beyond is not kept.

use std::sync::Arc;

use bytes::Bytes;
use cache::{Entry, Written};
use dialect::hub::{Back, Event};
use dialect::{Dialect, Framing, Task};

use super::Asked;
use super::question::Question;
use super::rule::may_be_told_again;
use crate::machine::Inner;
use crate::receipt::{Basis, Ending, Receipt};
use crate::settle::unix_ms;

/// Answers that are being read back and sealed at a time.
pub(crate) const MOST_AT_ONCE: usize = 32;

/// A longer answer is kept in the hub's words alone, and told in them: twice would be more than a store takes.
const LARGEST_TWICE: usize = 15 << 20;

/// Keeps one answer, when it is whole.
pub(crate) struct Keeper {
    inner: Arc<Inner>,
    asked: Asked,
}

impl Keeper {
    pub(super) fn new(inner: &Arc<Inner>, asked: Asked) -> Keeper {
        Keeper {
            inner: Arc::clone(inner),
            asked,
        }
    }

    /// The answer that was told in these pieces, and paid for by `receipt`.
    pub(crate) fn keep(self, receipt: &Receipt, frames: &[Bytes]) {
        if !self.is_worth_it(receipt) {
            return;
        }
        let Ok(permit) = Arc::clone(&self.inner.kept.desk).try_acquire_owned() else {
            self.inner.kept.tallies.not_kept();
            return;
        };
        let frames = frames.to_vec();
        let paid = Paid::of(receipt);
        tokio::task::spawn_blocking(move || {
            let now = unix_ms();
            match entry(&self.asked.question, &paid, frames.concat(), now) {
                Some(entry) => self.inner.kept.keep(self.asked, entry),
                None => self.inner.kept.tallies.not_kept(),
            }
            drop(permit);
        });
    }

    fn is_worth_it(&self, receipt: &Receipt) -> bool {
        let whole = receipt.ending == Ending::Complete && receipt.status == 200;
        // One that was sewn of two, or asked of several, is nobody's single answer.
        let of_one = receipt.attempts.last().is_some_and(|last| last.calls == 1)
            && !receipt.notes.iter().any(|note| note.what == "seam");
        let is_vectors = self.asked.question.form.endpoint.task() == Task::Embed;
        let ended = is_vectors || may_be_told_again(&self.asked.question.rule, receipt.stop);
        // One that was told again is not another one.
        let is_new = receipt
            .cache
            .as_ref()
            .is_none_or(|note| !note.verdict.is_hit());
        whole && of_one && ended && is_new
    }
}

/// What is known of an answer by the receipt of whoever paid for it.
struct Paid {
    receipt: u64,
    provider: String,
    model: String,
    usage: dialect::Usage,
    cost_nano_usd: Option<i64>,
    took_ms: u64,
}

impl Paid {
    fn of(receipt: &Receipt) -> Paid {
        Paid {
            receipt: receipt.id.0,
            provider: receipt.provider.clone().unwrap_or_default(),
            model: receipt.model.clone().unwrap_or_default(),
            usage: receipt.usage,
            cost_nano_usd: (receipt.cost_basis != Basis::None).then_some(receipt.cost.0),
            took_ms: (receipt
                .total_us
                .saturating_sub(receipt.ttft_us.unwrap_or(0)))
                / 1_000,
        }
    }
}

fn entry(question: &Question, paid: &Paid, told: Vec<u8>, now: u64) -> Option<Entry> {
    let (fresh, stale) = question.life();
    let expires = now.saturating_add(fresh.as_millis() as u64);
    let names = (paid.provider.as_str(), paid.model.as_str());
    let events = read_back(question, &paid.provider, &told)?;
    if question.form.endpoint.task() != Task::Embed && !is_whole(&events, question) {
        return None;
    }
    let mut entry = Entry::new((now, expires), names, &events)?;
    entry.ends_at_ms = expires.saturating_add(stale.as_millis() as u64);
    entry.took_ms = paid.took_ms;
    entry.receipt = paid.receipt;
    entry.route = question.route.as_ref().to_owned();
    entry.usage = Some(paid.usage);
    entry.cost_nano_usd = paid.cost_nano_usd;
    let form = &question.form;
    // Nobody gets another one's labels back.
    if !question.is_labelled && told.len() + entry.reply_bytes() <= LARGEST_TWICE {
        let written = Written::new(form.endpoint, form.stream, form.usage_asked, told);
        entry.written = Some(written);
    }
    Some(entry)
}

/// Whether something was said, and every answer of several ended by itself.
fn is_whole(events: &[Event], question: &Question) -> bool {
    let says = events
        .iter()
        .any(|event| matches!(event, Event::Open { .. }));
    let ended = |event: &Event| match event {
        Event::Stop { stop, .. } => may_be_told_again(&question.rule, Some(*stop)),
        _ => true,
    };
    says && events.iter().all(ended)
}

/// What the caller was told, in the hub's words.
fn read_back(question: &Question, provider: &str, told: &[u8]) -> Option<Vec<Event>> {
    let endpoint = question.form.endpoint;
    if endpoint.task() == Task::Embed {
        // Told as they were, or not at all.
        return Some(Vec::new());
    }
    if !question.form.stream {
        return dialect::read_answer(endpoint, told, provider, Back::default()).ok();
    }
    let framing = match endpoint.dialect() {
        Dialect::Ollama => Framing::Lines,
        _ => Framing::Sse,
    };
    dialect::read_stream(endpoint, framing, provider, told)
}
