//! The choice: in which order contenders are tried, and why.
//!
//! Up to four contenders are all scored. Above that two are drawn by weight and
//! the better is taken, beside those that hold this conversation's cache: the power
//! of two choices (Azar and others, 1994) keeps the cost flat and herds apart. Who
//! comes within 5 % of the best is drawn among them by weight; one in fifty
//! requests explores. A conversation stays where its cache is warm until one of
//! the named reasons moves it.
//!
//! Promises: the same arguments give the same order, so the seed on a receipt
//! replays it; each contender is accounted for; what is shut by errors alone comes
//! last instead of never; nobody left is a decision too, with the moment from which
//! somebody may be. Leaves out what follows a failure (`fallback`).

mod affinity;
mod asked;
mod told;

use crate::breaker::{Gate, State};
use crate::chance::Chance;
use crate::health::{Condition, Health, Seen};
use crate::moment::Moment;
use crate::score::{Best, Measure, Terms, Weights, score};

pub use affinity::{Kept, Pin, Stay};
pub use asked::{Ask, Choosing, Contender, Forecast, Strategy};
pub use told::{Considered, Decision, Fate, Reason};

/// As many are all scored.
const ALL_SCORED: usize = 4;
/// Who is not worse than the best by more than this is its equal.
const EQUAL: f64 = 0.05;
/// A prompt must fit a window by this much more than we count.
const MARGIN: f64 = 1.05;

/// Decides in which order the contenders are tried.
///
/// Cost: a look at every gate and two look-ups for each; up to four scores.
pub fn decide(
    contenders: &[Contender<'_>],
    ask: &Ask,
    choosing: &Choosing,
    health: &Health,
    seed: u64,
    now: Moment,
) -> Decision {
    let mut draft = Draft {
        contenders,
        ask,
        choosing,
        health,
        now,
        chance: Chance::seeded(seed),
        looks: contenders
            .iter()
            .map(|c| Look::at(c, ask, health, now))
            .collect(),
        reason: Reason::NobodyLeft,
        kept: None,
    };
    let order = draft.order();
    draft.decision(order, seed)
}

/// A contender under consideration.
struct Look<'h> {
    seen: Seen<'h>,
    gate: Gate,
    fits: bool,
    condition: Option<Condition>,
    forecast: Forecast,
    priced: bool,
    terms: Option<Terms>,
    fate: Fate,
}

struct Draft<'d, 'a> {
    contenders: &'d [Contender<'a>],
    ask: &'d Ask,
    choosing: &'d Choosing,
    health: &'d Health,
    now: Moment,
    chance: Chance,
    looks: Vec<Look<'d>>,
    reason: Reason,
    kept: Option<Kept>,
}

impl<'h> Look<'h> {
    fn at(contender: &Contender<'_>, ask: &Ask, health: &'h Health, now: Moment) -> Look<'h> {
        let seen = health.look(&contender.via);
        let gate = health.gate_of(&seen, &contender.via, ask.tokens(), now);
        let counted = ask.prompt_tokens as f64 * MARGIN;
        Look {
            fits: contender
                .window
                .is_none_or(|window| counted <= window as f64),
            fate: match gate {
                Gate::Open => Fate::NotDrawn,
                Gate::Trial => Fate::OnTrial,
                Gate::Shut { until, bar } => Fate::Barred {
                    bar,
                    until,
                    last_resort: bar.may_be_defied(),
                },
            },
            seen,
            gate,
            condition: None,
            forecast: Forecast::default(),
            priced: false,
            terms: None,
        }
    }
}

impl Draft<'_, '_> {
    /// Places in the order they are tried.
    fn order(&mut self) -> Vec<usize> {
        self.leave_out_what_is_too_small();
        if let Some(pin) = self.ask.pin.filter(|pin| pin.bound) {
            return self.bound(pin.place);
        }
        let open = self.places(Gate::Open);
        let trials = self.places(Gate::Trial);
        let mut order = match (open.is_empty(), trials.is_empty()) {
            (true, true) => Vec::new(),
            (true, false) => {
                self.reason = Reason::Trial;
                self.ranked(trials.clone())
            }
            (false, _) => self.among(&open),
        };
        if let (Some(&best), Some(trial)) = (order.first(), self.trial(&trials, &order)) {
            let stays = self.reason == Reason::Stayed && Some(trial) != self.pinned();
            if !stays && best != trial {
                order.insert(0, trial);
                self.reason = Reason::Trial;
            }
        }
        for place in trials {
            if !order.contains(&place) {
                order.push(place);
            }
        }
        self.add_last_resorts(&mut order);
        order
    }

    /// The one place the conversation can go on at.
    fn bound(&mut self, place: usize) -> Vec<usize> {
        for (other, look) in self.looks.iter_mut().enumerate() {
            if other != place {
                look.fate = Fate::Unbound;
            }
        }
        let Some(look) = self.looks.get(place) else {
            return Vec::new();
        };
        let barred = matches!(look.gate, Gate::Shut { bar, .. } if !bar.may_be_defied());
        if barred || !look.fits {
            return Vec::new();
        }
        self.rate(&[place]);
        self.reason = Reason::Bound;
        vec![place]
    }

    /// The order of those that may simply be asked.
    fn among(&mut self, open: &[usize]) -> Vec<usize> {
        match self.choosing.strategy {
            Strategy::Priority => {
                let mut order = open.to_vec();
                // The sort is stable: equals stay in the order of the config.
                order.sort_by(|one, other| {
                    let priority = |place: &usize| self.contenders[*place].priority;
                    priority(other).total_cmp(&priority(one))
                });
                // The order stands; the scores are for those who read the receipt.
                self.rate(&order[..order.len().min(ALL_SCORED)]);
                for place in order.iter().skip(1) {
                    self.looks[*place].fate = Fate::Later;
                }
                self.reason = Reason::Order;
                order
            }
            Strategy::Weighted => {
                self.reason = Reason::DrawnByWeight;
                let order = self.drawn(open, open.len());
                self.rate(&order[..1]);
                order
            }
            Strategy::Adaptive | Strategy::Cheapest | Strategy::Fastest => self.scored(open),
        }
    }

    /// By score: all of a few, two of many and those that are warm.
    fn scored(&mut self, open: &[usize]) -> Vec<usize> {
        if open.len() <= ALL_SCORED {
            let mut order = self.ranked(open.to_vec());
            self.settle(&mut order);
            return order;
        }
        let mut drawn = self.drawn(open, 2);
        let mut rest = drawn.split_off(2);
        // Whoever comes after the two is not always the same.
        let turn = (self.chance.unit() * rest.len() as f64) as usize;
        let turn = turn.min(rest.len().saturating_sub(1));
        rest.rotate_left(turn);
        let warmest = rest
            .iter()
            .copied()
            .max_by_key(|place| self.contenders[*place].warm_tokens)
            .filter(|place| self.contenders[*place].warm_tokens > 0);
        for place in [self.pinned(), warmest].into_iter().flatten() {
            if let Some(found) = rest.iter().position(|other| *other == place) {
                drawn.push(rest.remove(found));
            }
        }
        let mut order = self.ranked(drawn);
        self.settle(&mut order);
        order.extend(rest);
        order
    }

    /// Scores these and sorts them, best first.
    fn ranked(&mut self, mut order: Vec<usize>) -> Vec<usize> {
        self.rate(&order);
        order.sort_by(|one, other| {
            let total = |place: &usize| self.total(*place);
            total(one).total_cmp(&total(other))
        });
        for place in &order {
            self.looks[*place].fate = Fate::Worse;
        }
        order
    }

    /// Puts the right one first: the conversation's own, one of the equals, or, now
    /// and then, somebody else.
    fn settle(&mut self, order: &mut Vec<usize>) {
        // Those among whom a draw may decide.
        let mut alike = order.len();
        self.reason = match alike {
            0 => return,
            1 => Reason::OnlyOne,
            _ => Reason::Best,
        };
        if let Some(pin) = self.ask.pin.filter(|pin| order.contains(&pin.place)) {
            let kept = affinity::weigh(self, &pin, order);
            self.kept = Some(kept);
            if kept.stay.stays() {
                self.reason = Reason::Stayed;
                return first(order, pin.place);
            }
            // It is left for a reason that the score does not know.
            order.retain(|place| *place != pin.place);
            order.push(pin.place);
            alike -= 1;
        } else if self.chance.unit() < self.choosing.explore && order.len() > 1 {
            let other = 1 + (self.chance.unit() * (order.len() - 1) as f64) as usize;
            self.reason = Reason::Explored;
            let other = order[other.min(order.len() - 1)];
            return first(order, other);
        }
        let least = self.total(order[0]) + EQUAL;
        let equals = order[..alike.max(1)]
            .iter()
            .take_while(|place| self.total(**place) <= least)
            .count();
        if equals > 1 {
            for place in &order[..equals] {
                self.looks[*place].fate = Fate::Equal;
            }
            let chosen = self.among_equals(&order[..equals]);
            first(order, chosen);
        }
    }

    /// A draw, unless a cache is warm: a draw would warm all of them by turns, and
    /// each would push out what the others hold.
    fn among_equals(&mut self, equals: &[usize]) -> usize {
        let warm = |place: &usize| self.contenders[*place].warm_tokens;
        let warmest = equals.iter().copied().max_by_key(warm);
        if let Some(warmest) = warmest.filter(|place| warm(place) > 0) {
            self.reason = Reason::Warm;
            return warmest;
        }
        self.reason = Reason::DrawnAmongEquals;
        let weights = equals.iter().map(|place| self.contenders[*place].weight);
        equals[self.chance.weighted(weights).unwrap_or(0)]
    }

    /// Scores these against each other.
    fn rate(&mut self, places: &[usize]) {
        let measures: Vec<Measure> = places.iter().map(|place| self.measure(*place)).collect();
        let best = Best::of(&measures);
        let weights = self
            .choosing
            .weights
            .unwrap_or(match self.choosing.strategy {
                Strategy::Cheapest => Weights::CHEAPEST,
                Strategy::Fastest => Weights::FASTEST,
                _ => Weights::of(self.ask.service),
            });
        for (place, measure) in places.iter().zip(&measures) {
            let contender = &self.contenders[*place];
            let burden = match contender.via.local {
                true => self.health.this_machine().burden(),
                false => 0.0,
            };
            let look = &mut self.looks[*place];
            if let Some(condition) = &look.condition {
                let terms = score(
                    measure,
                    &best,
                    condition,
                    &weights,
                    burden,
                    contender.priority,
                );
                look.terms = Some(terms);
            }
        }
    }

    /// What is expected of one, looked up.
    fn measure(&mut self, place: usize) -> Measure {
        let contender = &self.contenders[place];
        let look = &mut self.looks[place];
        let shape = self.ask.shape(contender.warm_tokens);
        let condition =
            look.seen
                .condition(self.health, &contender.via, &shape, look.gate, self.now);
        let cost = self.ask.cost(contender, contender.warm_tokens);
        let mut expected = condition.expected;
        if contender.via.local {
            // A machine that is busy with other things is slower than it has been.
            let times = 1.0 + self.health.this_machine().burden();
            expected.ttft_ms *= times;
            expected.token_ms *= times;
        }
        look.forecast = Forecast {
            ttft_ms: expected.ttft_ms,
            tail_ms: expected.tail_ms,
            total_ms: expected.total_ms(self.ask.answer_tokens),
            cost: cost.unwrap_or_default(),
        };
        look.priced = cost.is_some();
        look.condition = Some(condition);
        Measure {
            cost,
            total_ms: look.forecast.total_ms,
            tokens: condition.tokens_in_flight as f64
                + (shape.uncached_in + self.ask.answer_tokens) as f64,
            waiting: condition.waiting,
        }
    }

    /// So many of these, drawn by weight, each once.
    fn drawn(&mut self, places: &[usize], count: usize) -> Vec<usize> {
        let mut drawn: Vec<usize> = places.to_vec();
        for done in 0..count.min(places.len()) {
            let weights = drawn[done..]
                .iter()
                .map(|place| self.contenders[*place].weight);
            let next = self.chance.weighted(weights).unwrap_or(0);
            drawn.swap(done, done + next);
        }
        drawn
    }

    /// Who gets its one real request now. In an order that the config fixes, only
    /// one that would stand first anyway.
    fn trial(&self, trials: &[usize], order: &[usize]) -> Option<usize> {
        let first = *order.first()?;
        trials
            .iter()
            .copied()
            .find(|place| match self.choosing.strategy {
                Strategy::Priority => {
                    let (trial, best) = (&self.contenders[*place], &self.contenders[first]);
                    (trial.priority, first) > (best.priority, *place)
                }
                _ => true,
            })
    }

    /// A prompt that fits nowhere by our count is still shown to the largest
    /// window: our count may be wrong.
    fn leave_out_what_is_too_small(&mut self) {
        if self.looks.iter().any(|look| look.fits) {
            for (look, contender) in self.looks.iter_mut().zip(self.contenders) {
                if let (false, Some(window)) = (look.fits, contender.window) {
                    look.fate = Fate::TooSmall { window };
                }
            }
            return;
        }
        let largest = self
            .contenders
            .iter()
            .map(|contender| contender.window)
            .max();
        for (look, contender) in self.looks.iter_mut().zip(self.contenders) {
            look.fits = Some(contender.window) == largest;
            if let (false, Some(window)) = (look.fits, contender.window) {
                look.fate = Fate::TooSmall { window };
            }
        }
    }

    /// What only errors shut is tried when all else has failed, soonest first.
    fn add_last_resorts(&mut self, order: &mut Vec<usize>) {
        if self
            .looks
            .iter()
            .all(|look| !matches!(look.gate, Gate::Shut { .. }))
        {
            return;
        }
        let until = |look: &Look<'_>| match look.gate {
            Gate::Shut { until, bar } if bar.may_be_defied() && look.fits => Some(until),
            _ => None,
        };
        let mut last: Vec<(Moment, usize)> = self
            .looks
            .iter()
            .enumerate()
            .filter_map(|(place, look)| Some((until(look)?, place)))
            .collect();
        last.sort_unstable();
        if order.is_empty()
            && let Some((_, place)) = last.first()
        {
            self.reason = Reason::LastResort;
            let place = *place;
            self.rate(&[place]);
        }
        order.extend(last.into_iter().map(|(_, place)| place));
    }

    fn decision(mut self, order: Vec<usize>, seed: u64) -> Decision {
        if let Some(first) = order.first() {
            self.looks[*first].fate = Fate::First;
        } else {
            self.reason = Reason::NobodyLeft;
        }
        let shut = self.looks.iter().filter_map(|look| match look.gate {
            Gate::Shut { until, .. } if look.fate != Fate::Unbound => Some(until),
            _ => None,
        });
        Decision {
            again_at: if order.is_empty() { shut.min() } else { None },
            order,
            considered: self.looks.iter().map(Look::told).collect(),
            reason: self.reason,
            kept: self.kept,
            seed,
        }
    }

    /// Those that fit and whose gate is like this.
    fn places(&self, gate: Gate) -> Vec<usize> {
        let looks = self.looks.iter().enumerate();
        let wanted = looks.filter(|(_, look)| look.fits && look.gate == gate);
        let mut places = Vec::new();
        for (place, _) in wanted {
            if places.is_empty() {
                places.reserve(self.looks.len());
            }
            places.push(place);
        }
        places
    }

    fn pinned(&self) -> Option<usize> {
        self.ask.pin.map(|pin| pin.place)
    }

    fn total(&self, place: usize) -> f64 {
        self.looks[place]
            .terms
            .map_or(f64::INFINITY, |terms| terms.total)
    }
}

impl Look<'_> {
    fn told(&self) -> Considered {
        let condition = self.condition.as_ref();
        Considered {
            fate: self.fate,
            terms: self.terms,
            forecast: condition.map(|_| self.forecast),
            state: condition.map_or(State::Healthy, |condition| condition.state),
            in_flight: condition.map_or(0, |condition| condition.in_flight),
            error_share: condition.map_or(0.0, |condition| condition.error_share),
            known: condition.is_some_and(|condition| condition.known),
        }
    }
}

fn first(order: &mut Vec<usize>, place: usize) {
    if let Some(found) = order.iter().position(|other| *other == place) {
        order.remove(found);
        order.insert(0, place);
    }
}

#[cfg(test)]
mod tests;
