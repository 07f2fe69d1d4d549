//! What a request of this size should take here, and whether it took oddly long.
//!
//! A latency means nothing by itself: six seconds are fine for eight thousand
//! tokens and broken for two hundred. For each target two lines are fitted as
//! answers come in, in the logarithm, so that factors add up: the time to the
//! first token, and the time per token after it; a third is that of answers which come in
//! one piece, and shows what such an answer is waited for. The residual of a request,
//! measured in the usual spread of residuals, is its z; a target is odd when its
//! z stay high, and higher than those of its peers.
//!
//! Promises: bounded and finite whatever is observed; sizes never seen before are
//! in doubt instead of odd; nothing is judged before the model has been seen
//! thirty times. Leaves out what should not teach: cancelled requests, retries
//! after partial output, cold loads of local models. Callers don't pass those.

mod line;
mod residuals;

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::moment::Moment;
use line::Line;
use residuals::Residuals;

const FEATURES: usize = 7;
type Features = [f64; FEATURES];

/// Samples of a model, anywhere, before anybody's latency is judged.
const JUDGED_FROM: u32 = 30;
/// The pool of a model weighs as much as this many own samples.
const POOL_WEIGHT: f64 = 20.0;
/// Tokens of an answer from which its speed is learnt.
const SPEED_FROM_TOKENS: u64 = 20;
/// The z from which a single request is called odd.
pub const ODD: f64 = 3.0;
/// Bounds of a z.
const Z: (f64, f64) = (-3.0, 6.0);
/// Before anything is known: a second to the first token, fifty tokens a second.
const UNKNOWN_TTFT_MS: f64 = 1_000.0;
const UNKNOWN_TOKEN_MS: f64 = 20.0;
/// No span is taken to be shorter or longer, in milliseconds.
const SPANS_MS: (f64, f64) = (0.01, 86_400_000.0);

/// What of a request decides how long it takes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Shape {
    /// Prompt tokens that the provider has to read.
    pub uncached_in: u64,
    /// Prompt tokens that its cache holds.
    pub cached_in: u64,
    /// Pictures in the prompt.
    pub images: u32,
    /// Reasoning asked for: 0 none, 1 minimal, up to 5, the most there is.
    pub effort: u8,
    /// Tokens that are being served there already, all requests together.
    pub tokens_in_flight: u64,
    /// The turn answers a tool call.
    pub tool_turn: bool,
}

/// How long a request should take.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Expected {
    /// Until the first token, in milliseconds.
    pub ttft_ms: f64,
    /// For each token after it, in milliseconds.
    pub token_ms: f64,
    /// Until the first token in 95 of 100 requests, in milliseconds.
    pub tail_ms: f64,
    /// After this long without a token the request counts as odd, in milliseconds.
    pub overdue_ms: f64,
}

/// What an answer took.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Took {
    /// Until the first token of any kind, thinking included.
    pub ttft: Duration,
    /// From there to the end.
    pub rest: Duration,
    /// Tokens of the answer, reasoning included.
    pub out: u64,
}

/// How long an answer should take that comes in one piece.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Whole {
    /// Until all of it, in milliseconds.
    pub expected_ms: f64,
    /// Until all of it in 95 of 100 requests, in milliseconds.
    pub tail_ms: f64,
}

/// One span's line and how well it has fitted.
#[derive(Debug, Clone, Default)]
struct Span {
    line: Line,
    residuals: Residuals,
}

/// What one model takes wherever it runs.
#[derive(Debug, Clone, Default)]
pub(crate) struct Pool {
    ttft: Line,
    token: Line,
}

/// What one target takes.
#[derive(Debug, Clone, Default)]
pub(crate) struct Latency {
    ttft: Span,
    token: Span,
    whole: Span,
}

impl Shape {
    fn features(&self) -> Features {
        let thousands = |tokens: u64| (1.0 + tokens as f64 / 1000.0).ln();
        [
            1.0,
            thousands(self.uncached_in),
            thousands(self.cached_in),
            f64::from(self.images.min(100)),
            f64::from(self.effort.min(5)),
            thousands(self.tokens_in_flight),
            f64::from(u8::from(self.tool_turn)),
        ]
    }
}

impl Expected {
    /// Until the last of so many tokens, in milliseconds.
    pub fn total_ms(&self, out: u64) -> f64 {
        self.ttft_ms + self.token_ms * out as f64
    }
}

impl Latency {
    /// What a request of this shape should take.
    pub(crate) fn expected(&self, pool: &Pool, shape: &Shape) -> Expected {
        let x = shape.features();
        let of = |span: &Span, pool: &Line, unknown: f64| match span.line.samples() + pool.samples()
        {
            0 => unknown.ln(),
            _ => span.at(pool, &x),
        };
        let ttft_ms = span_ms(of(&self.ttft, &pool.ttft, UNKNOWN_TTFT_MS));
        let times = |factor: f64| (ttft_ms * factor).min(SPANS_MS.1);
        Expected {
            ttft_ms,
            token_ms: span_ms(of(&self.token, &pool.token, UNKNOWN_TOKEN_MS)),
            tail_ms: times(self.ttft.residuals.tail()),
            overdue_ms: times(self.ttft.residuals.thrice()),
        }
    }

    /// Learns from an answer, and says how odd its time to the first token was.
    /// `shape` is what the answer's usage says of the request, not what we guessed.
    pub(crate) fn learn(&mut self, pool: &mut Pool, shape: &Shape, took: Took, now: Moment) -> f64 {
        let x = shape.features();
        let z = self.ttft.learn(&mut pool.ttft, &x, took.ttft, 1.0, now);
        if took.out >= SPEED_FROM_TOKENS {
            let tokens = (took.out - 1) as f64;
            self.token
                .learn(&mut pool.token, &x, took.rest, tokens, now);
        }
        z
    }

    /// Learns from an answer that came in one piece. How long it was is not known before, so the spread of
    /// lengths is part of its tail.
    pub(crate) fn learn_whole(&mut self, shape: &Shape, took: Duration, now: Moment) {
        let (mut nobodys, x) = (Line::default(), shape.features());
        self.whole.learn(&mut nobodys, &x, took, 1.0, now);
    }

    /// What an answer in one piece should take, once so many have been seen.
    pub(crate) fn whole(&self, shape: &Shape, from: u32) -> Option<Whole> {
        let span = &self.whole;
        if span.line.samples() < from {
            return None;
        }
        let expected_ms = span_ms(span.line.at(&shape.features()));
        Some(Whole {
            expected_ms,
            tail_ms: (expected_ms * span.residuals.tail()).min(SPANS_MS.1),
        })
    }

    /// A request has no first token yet although it is overdue: that is known now,
    /// and not only once it ends.
    pub(crate) fn overdue(&mut self, pool: &Pool, now: Moment) {
        if self.ttft.seen(&pool.ttft) >= JUDGED_FROM {
            self.ttft.residuals.judge(ODD, now);
        }
    }

    /// How odd this target has been lately: 0 as expected, 3 odd, 6 the most.
    pub(crate) fn oddness(&self, now: Moment) -> f64 {
        let (first, token) = (&self.ttft.residuals, &self.token.residuals);
        first.oddness(now).max(token.oddness(now))
    }

    /// Answers that taught.
    pub(crate) fn samples(&self) -> u32 {
        self.ttft.line.samples()
    }
}

impl Span {
    /// The own line, leaning on the pool's while it has seen little itself.
    fn at(&self, pool: &Line, x: &Features) -> f64 {
        self.lean(pool, |line| line.at(x))
    }

    fn lean(&self, pool: &Line, of: impl Fn(&Line) -> f64) -> f64 {
        if pool.samples() == 0 {
            return of(&self.line);
        }
        let own = f64::from(self.line.samples());
        if own == 0.0 {
            return of(pool);
        }
        (own * of(&self.line) + POOL_WEIGHT * of(pool)) / (own + POOL_WEIGHT)
    }

    fn seen(&self, pool: &Line) -> u32 {
        pool.samples().max(self.line.samples())
    }

    fn learn(
        &mut self,
        pool: &mut Line,
        x: &Features,
        took: Duration,
        per: f64,
        now: Moment,
    ) -> f64 {
        let y = (took.as_secs_f64() * 1000.0 / per)
            .clamp(SPANS_MS.0, SPANS_MS.1)
            .ln();
        let scale = self.residuals.scale();
        let mut z = 0.0;
        if self.line.samples() > 0 {
            let residual = y - self.at(pool, x);
            let doubt = self.lean(pool, |line| line.doubt_at(x));
            z = (residual / (scale * (1.0 + doubt).sqrt())).clamp(Z.0, Z.1);
            // Where the line itself is in doubt, its miss says nothing of the spread.
            if doubt < 1.0 {
                self.residuals.push(residual);
            }
            if self.seen(pool) >= JUDGED_FROM {
                self.residuals.judge(z, now);
            }
        }
        self.line.learn(x, y, scale);
        pool.learn(x, y, scale);
        z
    }
}

/// The penalty for being this odd, 0 to 1, when peers are at `peers` in the
/// median. What is slow together with everybody is not the target's fault.
pub(crate) fn penalty(odd: f64, peers: f64) -> f64 {
    if odd.is_nan() {
        return 0.0;
    }
    let against_peers = odd - peers.max(0.0);
    ((odd.min(against_peers) - 2.0) / 4.0).clamp(0.0, 1.0)
}

/// A logarithm of milliseconds, back among those and within bounds.
fn span_ms(ln: f64) -> f64 {
    match ln.is_nan() {
        true => UNKNOWN_TTFT_MS,
        false => ln.exp().clamp(SPANS_MS.0, SPANS_MS.1),
    }
}

#[cfg(test)]
mod tests;
