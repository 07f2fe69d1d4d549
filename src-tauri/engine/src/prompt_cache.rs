//! Providers' own prompt caches: which requests get hints for them, and what they came to in tokens and money.
//!
//! Promises: hints only where the policy allows them and the caller set none; what is saved is counted at the same
//! prices as the cost, each class of tokens once. A write that nobody reads again has cost more than it saved, and
//! that is told as it is.
//! Leaves out: where hints stand (`dialect::hint`), and which target's cache is warm (`warmth`).

use std::sync::{Mutex, PoisonError};

use bytes::Bytes;
use dialect::hub::{self, Target};
use dialect::{Dialect, Task, Usage};
use routing::{Candidate, Door, NanoUsd, Price, PromptCacheHints};
use serde::{Deserialize, Serialize};

use crate::attempt::Asking;
use crate::receipt::{AttemptRecord, Basis, Receipt};
use crate::sending;

/// What the provider's prompt cache came to in one exchange.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct PromptCache {
    /// It was given hints that the caller had not set.
    pub hinted: bool,
    /// Prompt tokens read from it.
    pub read_tokens: u64,
    /// Prompt tokens written to it, whatever their lifetime.
    pub written_tokens: u64,
    /// What it saved, in billionths of a dollar: the full price of what was read and written, less what was paid for
    /// that. Less than nothing where writing cost more than reading saved.
    pub saved: NanoUsd,
    /// How sure the amount is; none where the price is not known, or nothing is paid.
    pub basis: Basis,
}

impl PromptCache {
    /// What it came to for an answer whose tokens are known; `None` where it had no part in it. `price`: what is
    /// paid, if anything is; `several`: the calls that made the answer, where there were more than one.
    pub(crate) fn of(
        receipt: &Receipt,
        price: Option<&Price>,
        several: &[Usage],
    ) -> Option<PromptCache> {
        let usage = &receipt.usage;
        let written = usage.cache_write.saturating_add(usage.cache_write_long);
        // Another provider's attempt may be the last by now, where it goes on with a broken answer.
        let answered = |attempt: &AttemptRecord| {
            receipt.provider.as_ref() == Some(&attempt.provider)
                && receipt.model.as_ref() == Some(&attempt.model)
        };
        let mut attempts = receipt.attempts.iter();
        let hinted = attempts.any(|attempt| attempt.hinted && answered(attempt));
        if !hinted && usage.cache_read == 0 && written == 0 {
            return None;
        }
        let calls = match several {
            [] => std::slice::from_ref(usage),
            several => several,
        };
        let at_unix_s = receipt.started_unix_ms / 1000;
        let saved = |price: &Price| {
            let each = calls
                .iter()
                .map(|usage| price.saved_by_cache(usage, at_unix_s));
            each.sum()
        };
        Some(PromptCache {
            hinted,
            read_tokens: usage.cache_read,
            written_tokens: written,
            saved: price.map_or(NanoUsd::ZERO, saved),
            basis: price.map_or(Basis::None, |_| receipt.usage_basis),
        })
    }

    /// What the caches of two providers came to that made one answer.
    pub(crate) fn both(
        one: Option<PromptCache>,
        other: Option<PromptCache>,
    ) -> Option<PromptCache> {
        let (Some(a), Some(b)) = (one, other) else {
            return one.or(other);
        };
        Some(PromptCache {
            hinted: a.hinted || b.hinted,
            read_tokens: a.read_tokens.saturating_add(b.read_tokens),
            written_tokens: a.written_tokens.saturating_add(b.written_tokens),
            saved: a.saved.saturating_add(b.saved),
            basis: match (a.basis, b.basis) {
                (Basis::None, Basis::None) => Basis::None,
                (Basis::Metered, Basis::Metered) => Basis::Metered,
                _ => Basis::Estimated,
            },
        })
    }
}

/// Adds hints to a request that is translated; says whether it did. Who speaks the target's dialect has its words
/// for this, and gets none beside those it chose.
pub(crate) fn hint(
    asking: &Asking<'_>,
    candidate: &Candidate,
    target: &Target<'_>,
    request: &mut hub::Request,
    prompt_tokens: u64,
) -> bool {
    let is_foreign = asking.call.endpoint.dialect() != target.dialect;
    let is_paid = !candidate.provider.local && !candidate.provider.practice;
    is_foreign
        && is_paid
        && policy(asking) != PromptCacheHints::Off
        && dialect::hint(request, target, prompt_tokens)
}

/// A request that goes as it came, with the one field that has its vendor mark the prompt; `None` where it goes
/// without.
pub(crate) fn hinted(
    asking: &Asking<'_>,
    candidate: &Candidate,
    door: &Door<'_>,
    body: &Bytes,
) -> Option<Bytes> {
    let is_message =
        door.endpoint.task() == Task::Generate && door.surface.dialect == Dialect::Anthropic;
    if !is_message || policy(asking) != PromptCacheHints::Auto {
        return None;
    }
    dialect::hinted_verbatim(
        body,
        &sending::target(candidate, door),
        asking.ask.prompt_tokens,
    )
}

/// The alias's word, or else the config's.
fn policy(asking: &Asking<'_>) -> PromptCacheHints {
    let everywhere = asking.snapshot.translation.prompt_cache;
    asking.policy.prompt_cache.unwrap_or(everywhere)
}

/// What providers' prompt caches came to since the start.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct PromptCacheTotals {
    /// Prompt tokens read from them.
    pub read_tokens: u64,
    /// Prompt tokens written to them.
    pub written_tokens: u64,
    /// What they saved, in billionths of a dollar.
    pub saved: NanoUsd,
}

/// The sums, as they grow.
#[derive(Debug, Default)]
pub(crate) struct Tally(Mutex<PromptCacheTotals>);

impl Tally {
    pub(crate) fn add(&self, receipt: &Receipt) {
        let Some(more) = receipt.prompt_cache else {
            return;
        };
        let mut totals = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        totals.read_tokens = totals.read_tokens.saturating_add(more.read_tokens);
        totals.written_tokens = totals.written_tokens.saturating_add(more.written_tokens);
        totals.saved = totals.saved.saturating_add(more.saved);
    }

    pub(crate) fn totals(&self) -> PromptCacheTotals {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use routing::Catalogue;

    use super::*;

    fn told(saved: i64, basis: Basis) -> PromptCache {
        PromptCache {
            hinted: false,
            read_tokens: 10,
            written_tokens: 1,
            saved: NanoUsd(saved),
            basis,
        }
    }

    #[test]
    fn two_providers_caches_add_up_and_are_no_surer_than_either() {
        let metered = Some(told(70, Basis::Metered));
        let unknown = Some(told(0, Basis::None));
        assert_eq!(PromptCache::both(metered, None), metered);
        assert_eq!(PromptCache::both(None, None), None);
        let both = PromptCache::both(metered, unknown).expect("a sum");
        assert_eq!((both.saved, both.basis), (NanoUsd(70), Basis::Estimated));
        assert_eq!((both.read_tokens, both.written_tokens), (20, 2));
    }

    #[test]
    fn reading_saves_and_writing_costs_at_the_prices_of_the_bill() {
        let catalogue = Catalogue::builtin().expect("the catalogue");
        let models = &catalogue.provider("anthropic").expect("a provider").models;
        let sonnet = models.iter().find(|model| model.id == "claude-sonnet-5");
        let price = sonnet
            .and_then(|model| model.price.as_ref())
            .expect("a price");
        // Dollars a million: input 2, read 0.2, write 2.5, write for an hour 4.
        for (read, write, long, saved) in [
            (1_000_000, 0, 0, 1_800_000_000),
            (0, 1_000_000, 0, -500_000_000),
            (0, 0, 1_000_000, -2_000_000_000),
            (100_000, 100_000, 0, 130_000_000),
            (0, 0, 0, 0),
        ] {
            let usage = Usage {
                input: 777,
                cache_read: read,
                cache_write: write,
                cache_write_long: long,
                output: 99,
                reasoning: 0,
            };
            assert_eq!(price.saved_by_cache(&usage, 0), NanoUsd(saved), "{usage:?}");
            // What was saved and what is paid make the price without a cache.
            let plain = Usage {
                input: usage.input_total(),
                output: 99,
                ..Usage::default()
            };
            let without = price.cost(&plain, 0).total;
            let with = price.cost(&usage, 0).total;
            assert_eq!(with.saturating_add(NanoUsd(saved)), without, "{usage:?}");
        }
    }
}
