//! What tokens cost.
//!
//! Promises: integer arithmetic from the figure a vendor printed to the amount on
//! a receipt; each class of tokens is multiplied once and rounded once, half up,
//! to a billionth of a dollar; the classes add up to the total.
//!
//! Leaves out: batch, flex and priority tiers, audio and image tokens, fees per
//! tool call and regional uplifts. A cost is therefore an estimate of the list
//! price and never a bill.

mod calendar;
mod rate;
mod read;

#[cfg(test)]
mod tests;

pub(crate) use calendar::{date_of, unix_s_of_date};
pub use rate::Rate;

use dialect::Usage;
use serde::{Deserialize, Serialize};

use crate::money::NanoUsd;
use calendar::{DailyWindow, is_weekend};

/// The price of one model at one provider.
///
/// Either it is the same for every request, or it depends on one thing: the
/// length of the prompt, the day, or the hour. No vendor says how two of these
/// would combine, so a price that states two is refused when it is read.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "read::WrittenPrice")]
pub struct Price {
    base: Rates,
    variation: Variation,
}

/// What tokens of each class cost.
///
/// A class without a figure of its own is billed like this, so that we would
/// rather show too much than too little:
/// - `cache_read` as input, the price before any discount;
/// - `cache_write` as input, the price of vendors that write for nothing extra;
/// - `cache_write_long` as `cache_write`;
/// - `output` as nothing (embeddings have none);
/// - `reasoning` as output.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Rates {
    /// Prompt tokens at the full price.
    pub input: Rate,
    /// Prompt tokens found in the provider's cache.
    pub cache_read: Option<Rate>,
    /// Prompt tokens written to the cache at its default lifetime (Anthropic's
    /// five minutes, OpenAI's thirty).
    pub cache_write: Option<Rate>,
    /// Prompt tokens written at a long lifetime (Anthropic's hour, OpenAI's
    /// twelve).
    pub cache_write_long: Option<Rate>,
    /// Visible output tokens.
    pub output: Option<Rate>,
    /// Reasoning tokens, where the vendor prices them apart.
    pub reasoning: Option<Rate>,
}

/// A cost and how it came about. The classes sum to the total.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cost {
    /// All classes together.
    pub total: NanoUsd,
    /// Prompt tokens at the full price.
    pub input: NanoUsd,
    /// Prompt tokens found in the cache.
    pub cache_read: NanoUsd,
    /// Prompt tokens written at the default lifetime.
    pub cache_write: NanoUsd,
    /// Prompt tokens written at a long lifetime.
    pub cache_write_long: NanoUsd,
    /// Visible output tokens.
    pub output: NanoUsd,
    /// Reasoning tokens.
    pub reasoning: NanoUsd,
}

/// What a price depends on. The rates are complete: what the file leaves out was
/// filled in from the base when it was read.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Variation {
    /// Nothing.
    None,
    /// The length of the prompt, shortest limit first. The longest one that is
    /// passed prices every token of the request, not only those above it.
    Tiers(Vec<Tier>),
    /// The day, earliest first: the last one that has begun holds.
    Schedule(Vec<Change>),
    /// The hour: the window we are in holds, the base outside all of them.
    Windows {
        windows: Vec<(DailyWindow, Rates)>,
        /// Saturdays and Sundays (UTC) have no windows.
        weekdays_only: bool,
    },
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Tier {
    /// Prompt tokens of every class from which the tier holds.
    from_input_tokens: u64,
    rates: Rates,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Change {
    /// Midnight UTC of the day it takes effect, in seconds since 1970.
    from_unix_s: u64,
    rates: Rates,
}

impl Price {
    /// The same price for every request.
    pub fn flat(rates: Rates) -> Price {
        Price {
            base: rates,
            variation: Variation::None,
        }
    }

    /// The rates for a short prompt outside every window and before any change:
    /// what a list of models shows.
    pub fn base(&self) -> &Rates {
        &self.base
    }

    /// Whether the length of the prompt, the day or the hour changes the price.
    pub fn varies(&self) -> bool {
        self.variation != Variation::None
    }

    /// What this usage costs at this moment (seconds since 1970, UTC).
    ///
    /// Vendors bill by the moment a request arrives; callers pass the time it was
    /// sent. Impossible figures stop at the largest amount instead of wrapping.
    pub fn cost(&self, usage: &Usage, at_unix_s: u64) -> Cost {
        // Taken apart without `..`: a new class of tokens must be priced here
        // before this compiles again.
        let Usage {
            input,
            cache_read,
            cache_write,
            cache_write_long,
            output,
            reasoning,
        } = *usage;
        let prompt = input
            .saturating_add(cache_read)
            .saturating_add(cache_write)
            .saturating_add(cache_write_long);
        let rates = self.rates(prompt, at_unix_s);

        let write = rates.cache_write.unwrap_or(rates.input);
        let answer = rates.output.unwrap_or_default();
        let mut cost = Cost {
            total: NanoUsd::ZERO,
            input: rates.input.times(input),
            cache_read: rates.cache_read.unwrap_or(rates.input).times(cache_read),
            cache_write: write.times(cache_write),
            cache_write_long: rates
                .cache_write_long
                .unwrap_or(write)
                .times(cache_write_long),
            output: answer.times(output),
            reasoning: rates.reasoning.unwrap_or(answer).times(reasoning),
        };
        cost.total = cost.classes().into_iter().sum();
        cost
    }

    /// What a provider's prompt cache spared of this usage's cost at this moment (seconds since 1970, UTC): the full
    /// price of what was read from it and written to it, less what was paid for that. Less than nothing where
    /// more was paid to write than was spared by reading.
    pub fn saved_by_cache(&self, usage: &Usage, at_unix_s: u64) -> NanoUsd {
        let paid = self.cost(usage, at_unix_s);
        let cached = usage.input_total().saturating_sub(usage.input);
        let rates = self.rates(usage.input_total(), at_unix_s);
        let paid = [paid.cache_read, paid.cache_write, paid.cache_write_long];
        rates
            .input
            .times(cached)
            .saturating_sub(paid.into_iter().sum())
    }

    /// The rates that hold for a prompt of this many tokens at this moment
    /// (seconds since 1970, UTC).
    pub fn rates(&self, prompt_tokens: u64, at_unix_s: u64) -> &Rates {
        let special = match &self.variation {
            Variation::None => None,
            Variation::Tiers(tiers) => tiers
                .iter()
                .rev()
                .find(|tier| prompt_tokens >= tier.from_input_tokens)
                .map(|tier| &tier.rates),
            Variation::Schedule(changes) => changes
                .iter()
                .rev()
                .find(|change| at_unix_s >= change.from_unix_s)
                .map(|change| &change.rates),
            Variation::Windows { weekdays_only, .. } if *weekdays_only && is_weekend(at_unix_s) => {
                None
            }
            Variation::Windows { windows, .. } => windows
                .iter()
                .find(|(window, _)| window.holds(at_unix_s))
                .map(|(_, rates)| rates),
        };
        special.unwrap_or(&self.base)
    }
}

impl Cost {
    /// The amounts that make the total, in the order of the fields.
    pub fn classes(&self) -> [NanoUsd; 6] {
        [
            self.input,
            self.cache_read,
            self.cache_write,
            self.cache_write_long,
            self.output,
            self.reasoning,
        ]
    }
}
