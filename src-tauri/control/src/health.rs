//! The Health page: the live signals of each provider, its keys, its models and the ways between them.
//!
//! Promises: reads memory alone, so it may be asked every second; an answer of bounded size. Leaves out
//! what follows from the signals (`routing`).

use std::collections::HashMap;
use std::time::Duration;

use routing::{Allowance, Bar, Class, Layer, Line, Machine, Moment, Network, Provider, State};

use crate::Control;
use crate::failure::Failure;
use crate::shown::{
    AllowanceShown, BreakerState, ErrorCount, HealthShown, HeldShown, KeySignals, MachineShown,
    NetworkShown, Nothing, ProviderSignals, QueueShown, RouteSignals, Signals, TargetSignals,
};

impl Control {
    pub(crate) async fn signals(&self, _: Nothing) -> Result<HealthShown, Failure> {
        let known = self.parts.engine.signals();
        let snapshot = self.parts.engine.snapshot();
        let mut by_provider: HashMap<&str, Vec<&Line>> = HashMap::new();
        for line in &known.shown.lines {
            by_provider.entry(&line.provider).or_default().push(line);
        }
        let providers = snapshot.routes.providers.iter().map(|provider| {
            let lines = by_provider.remove(provider.id.as_str()).unwrap_or_default();
            self.of_provider(provider, &lines, known.now)
        });
        Ok(HealthShown {
            network: network(known.network, &known.machine),
            machine: machine(&known.machine),
            providers: providers.collect(),
            left_out: u32::try_from(known.shown.left_out).unwrap_or(u32::MAX),
        })
    }

    fn of_provider(&self, provider: &Provider, lines: &[&Line], now: Moment) -> ProviderSignals {
        let (state, cause) = self.state_of(provider, lines);
        let live = self.parts.engine.live().provider(&provider.id);
        let of = |layer| {
            lines
                .iter()
                .copied()
                .filter(move |line| line.layer == layer)
        };
        ProviderSignals {
            id: provider.id.clone(),
            name: provider.name.clone(),
            practice: provider.practice,
            local: provider.local,
            state,
            cause,
            in_flight: live.map_or(0, |live| live.in_flight()),
            keys: of(Layer::Key)
                .map(|line| KeySignals {
                    key: line.key.clone().unwrap_or_default(),
                    signals: signals(line, now),
                    in_flight: line.in_flight,
                })
                .collect(),
            targets: of(Layer::Target)
                .filter_map(|line| {
                    let mut target = target(line, now)?;
                    let ways = of(Layer::Route).filter(|way| way.model == line.model);
                    target.routes = ways.filter_map(|way| route(way, now)).collect();
                    Some(target)
                })
                .collect(),
        }
    }
}

fn target(line: &Line, now: Moment) -> Option<TargetSignals> {
    let figures = line.target.as_ref()?;
    let tokens_per_s = figures.tokens_per_s.filter(|speed| *speed > 0.0);
    Some(TargetSignals {
        model: line.model.clone()?,
        signals: signals(line, now),
        in_flight: line.in_flight,
        tokens_in_flight: figures.tokens_in_flight,
        ttft_ms: figures.ttft_ms.filter(|ms| ms.is_finite()),
        token_ms: tokens_per_s.map(|speed| finite(1000.0 / speed)),
        tokens_per_s: tokens_per_s.filter(|speed| speed.is_finite()),
        uptime_percent: finite(figures.uptime),
        uptime_penalty: finite(figures.uptime_penalty),
        oddness: finite(figures.oddness),
        peers_oddness: finite(figures.peers_oddness),
        queue: figures.queue.map(|queue| QueueShown {
            running: queue.running,
            waiting: queue.waiting,
            waiting_per_running: finite(figures.queue_to_compute.unwrap_or_default()),
            cache_percent: 100.0 * finite(queue.cache_used),
        }),
        routes: Vec::new(),
    })
}

fn route(line: &Line, now: Moment) -> Option<RouteSignals> {
    let figures = line.route.as_ref()?;
    let said = |allowance| allowance_shown(allowance, figures.announced, now);
    let rate = |rate: Option<f64>| rate.filter(|rate| rate.is_finite());
    Some(RouteSignals {
        key: line.key.clone().unwrap_or_default(),
        signals: signals(line, now),
        requests: said(&figures.headroom.requests),
        tokens: said(&figures.headroom.tokens),
        requests_per_minute: rate(figures.requests_per_minute),
        tokens_per_minute: rate(figures.tokens_per_minute),
    })
}

fn allowance_shown(
    allowance: &Allowance,
    announced: Moment,
    now: Moment,
) -> Option<AllowanceShown> {
    allowance.says_something().then(|| AllowanceShown {
        limit: allowance.limit,
        remaining: allowance.remaining,
        resets_in_ms: allowance
            .reset
            .map(|reset| ms(announced.after(reset).since(now))),
        said_ms: ms(now.since(announced)),
    })
}

fn signals(line: &Line, now: Moment) -> Signals {
    let cause = &line.cause;
    Signals {
        state: match cause.state {
            State::Healthy => BreakerState::Healthy,
            State::Degraded => BreakerState::Degraded,
            State::Recovering => BreakerState::Recovering,
            State::Failed => BreakerState::Failed,
        },
        cause: line.text(),
        for_ms: ms(now.since(line.since)),
        error_percent: finite(cause.error_percent),
        requests: cause.requests,
        window_s: u32::try_from(cause.over_s).unwrap_or(u32::MAX),
        errors: cause.failures.iter().map(error_count).collect(),
        held: line.shut.map(|shut| HeldShown {
            reason: reason(shut.bar).to_owned(),
            for_ms: ms(shut.until.since(now)),
        }),
    }
}

fn error_count((class, count): &(Class, u32)) -> ErrorCount {
    // The one spelling of a class is the one it is written down with.
    let word = serde_json::to_value(class).ok();
    let word = word.as_ref().and_then(serde_json::Value::as_str);
    ErrorCount {
        class: word.unwrap_or_default().to_owned(),
        label: class.label().to_owned(),
        count: *count,
    }
}

/// Why it may not be asked now, as the receipts of passed-over targets say it.
fn reason(bar: Bar) -> &'static str {
    match bar {
        Bar::Held(Class::RateLimit) => "It said that its rate limit is reached.",
        Bar::Held(Class::Quota) => "Its quota is used up.",
        Bar::Held(Class::Auth) => "Its key was refused.",
        Bar::Held(Class::Permission) => "Its key may not use this model.",
        Bar::Held(Class::NotFound) => "It does not know the model.",
        Bar::Held(_) => "It asked for a pause.",
        Bar::Failed => "Too many of its answers failed; the next one asked is a trial.",
        Bar::Ramping => "It is coming back and is not flooded yet.",
        Bar::Paced => "Sent now, a request would meet its rate limit.",
        Bar::Offline => "This machine has no network.",
    }
}

fn network(network: Network, machine: &Machine) -> NetworkShown {
    match network {
        _ if !machine.online => NetworkShown::Offline,
        Network::Fine => NetworkShown::Fine,
        Network::Slow => NetworkShown::Slow,
        Network::Unreachable => NetworkShown::Unreachable,
    }
}

fn machine(machine: &Machine) -> MachineShown {
    MachineShown {
        cpu_percent: 100.0 * finite(machine.cpu),
        memory_percent: 100.0 * finite(machine.memory),
        battery_percent: machine.on_battery.then(|| 100.0 * finite(machine.battery)),
        burden: finite(machine.burden()),
    }
}

fn ms(span: Duration) -> f64 {
    span.as_secs_f64() * 1000.0
}

/// JSON has no word for other figures.
fn finite(figure: f64) -> f64 {
    if figure.is_finite() { figure } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_allowance_counts_down_to_its_reset_and_not_beyond() {
        let allowance = Allowance {
            limit: Some(60),
            remaining: Some(12),
            reset: Some(Duration::from_secs(30)),
        };
        for (at_s, resets_in_ms) in [(10, 30_000.0), (30, 10_000.0), (40, 0.0), (90, 0.0)] {
            let (said, now) = (Moment::from_ms(10_000), Moment::from_ms(at_s * 1_000));
            let shown = allowance_shown(&allowance, said, now).unwrap();
            assert_eq!(shown.resets_in_ms, Some(resets_in_ms), "{at_s}");
            assert_eq!(shown.said_ms, (at_s as f64 - 10.0) * 1_000.0);
        }
        let silent = allowance_shown(&Allowance::default(), Moment(0), Moment(0));
        assert!(silent.is_none());
    }

    #[test]
    fn classes_have_their_words() {
        let counted = error_count(&(Class::InsideOk, 3));
        assert_eq!(counted.class, "inside_ok");
        assert_eq!(
            (counted.label.as_str(), counted.count),
            ("error inside a 200", 3)
        );
    }

    #[test]
    fn a_machine_without_a_network_is_offline_whatever_else_is_thought() {
        let offline = Machine {
            online: false,
            cpu: f64::NAN,
            ..Machine::default()
        };
        assert_eq!(network(Network::Slow, &offline), NetworkShown::Offline);
        assert_eq!(
            network(Network::Slow, &Machine::default()),
            NetworkShown::Slow
        );
        let shown = machine(&offline);
        assert_eq!((shown.cpu_percent, shown.battery_percent), (0.0, None));
    }
}
