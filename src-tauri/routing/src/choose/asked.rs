//! What a choice is made from: the contenders, the request, and the rule.

use dialect::Usage;
use serde::{Deserialize, Serialize};

use super::Pin;
use crate::health::Via;
use crate::latency::Shape;
use crate::money::NanoUsd;
use crate::plan::Candidate;
use crate::price::Price;
use crate::score::{Service, Weights};

/// One who could serve the request.
#[derive(Debug, Clone, Copy)]
pub struct Contender<'a> {
    /// The way.
    pub via: Via<'a>,
    /// What it charges; `None` when that is not known.
    pub price: Option<&'a Price>,
    /// The most prompt tokens it takes, where known.
    pub window: Option<u64>,
    /// What the config prefers: 1 as a rule, less for those to be avoided.
    pub priority: f64,
    /// Its share where a draw decides.
    pub weight: f64,
    /// Tokens of the prompt that its cache should hold.
    pub warm_tokens: u64,
}

/// What is asked for, as far as it matters for a choice.
#[derive(Debug, Clone, Copy)]
pub struct Ask {
    /// What kind of work it is.
    pub service: Service,
    /// Tokens of the prompt, as counted here.
    pub prompt_tokens: u64,
    /// Tokens that an answer usually has.
    pub answer_tokens: u64,
    /// Pictures in the prompt.
    pub images: u32,
    /// Reasoning asked for, 0 to 5.
    pub effort: u8,
    /// The turn answers a tool call.
    pub tool_turn: bool,
    /// Where the conversation has been.
    pub pin: Option<Pin>,
    /// Seconds since 1970, for prices that depend on the hour.
    pub unix_s: u64,
}

/// How a choice is made.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Choosing {
    /// Which rule decides.
    pub strategy: Strategy,
    /// Other weights than the usual ones.
    pub weights: Option<Weights>,
    /// The share of requests that try somebody else than the best.
    pub explore: f64,
}

impl Default for Choosing {
    fn default() -> Self {
        Choosing {
            strategy: Strategy::Adaptive,
            weights: None,
            explore: 0.02,
        }
    }
}

/// Which rule decides among those that may be asked.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Strategy {
    /// The score.
    #[default]
    Adaptive,
    /// The order of the config.
    Priority,
    /// A draw by weight.
    Weighted,
    /// The score, in which price decides.
    Cheapest,
    /// The score, in which time decides.
    Fastest,
}

/// What is expected of a contender for this request.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Forecast {
    /// Until the first token, in milliseconds.
    pub ttft_ms: f64,
    /// Until the first token in 95 of 100 requests, in milliseconds.
    pub tail_ms: f64,
    /// Until the end, in milliseconds.
    pub total_ms: f64,
    /// What it costs; nothing where no price is known.
    pub cost: NanoUsd,
}

impl<'a> Contender<'a> {
    /// From a candidate of a plan.
    pub fn of(candidate: &'a Candidate) -> Contender<'a> {
        let known = candidate.provider.model(&candidate.model);
        Contender {
            via: Via {
                provider: &candidate.provider.id,
                model: &candidate.model,
                key: candidate.key.name(),
                local: candidate.provider.local || candidate.provider.practice,
            },
            price: known.and_then(|model| model.price.as_ref()),
            window: known.and_then(|model| model.max_input.or(model.context_window)),
            priority: candidate.priority,
            weight: candidate.weight,
            warm_tokens: 0,
        }
    }
}

impl Ask {
    /// Prompt and expected answer: what counts against a rate limit.
    pub fn tokens(&self) -> u64 {
        self.prompt_tokens.saturating_add(self.answer_tokens)
    }

    /// The request as one contender would see it.
    pub fn shape(&self, warm_tokens: u64) -> Shape {
        let cached_in = warm_tokens.min(self.prompt_tokens);
        Shape {
            uncached_in: self.prompt_tokens - cached_in,
            cached_in,
            images: self.images,
            effort: self.effort,
            tokens_in_flight: 0,
            tool_turn: self.tool_turn,
        }
    }

    /// What it costs at a contender; `None` when no price is known.
    pub fn cost(&self, contender: &Contender<'_>, warm_tokens: u64) -> Option<NanoUsd> {
        let cache_read = warm_tokens.min(self.prompt_tokens);
        let usage = Usage {
            input: self.prompt_tokens - cache_read,
            cache_read,
            output: self.answer_tokens,
            ..Usage::default()
        };
        match contender.price {
            Some(price) => Some(price.cost(&usage, self.unix_s).total),
            None => contender.via.local.then_some(NanoUsd::ZERO),
        }
    }
}
