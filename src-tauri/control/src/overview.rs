//! The Overview page: today, the last hour, the health of each provider, and
//! what needs a person.

use std::sync::Arc;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use engine::Lately;
use host::StoreState;
use routing::{Line, Provider, Standing, State};

use crate::failure::Failure;
use crate::shown::{
    Alarm, HealthState, LastFailure, Minute, Nothing, Overview, Pause, PromptCacheSums,
    ProviderHealth, Tag, Totals,
};
use crate::{Control, blocking};

impl Control {
    pub(crate) async fn overview(&self, _: Nothing) -> Result<Overview, Failure> {
        let parts = &self.parts;
        let snapshot = parts.engine.snapshot();
        let since = local_midnight_unix_ms();
        let ledger = Arc::clone(&parts.ledger);
        let caches = parts.engine.live().prompt_cache();
        let totals = blocking(move || ledger.totals(since, None))
            .await?
            .map_err(Failure::unavailable)?;
        let providers = self.healths(&snapshot.routes.providers).await?;
        let practice_only = !snapshot.routes.providers.iter().any(|provider| {
            let ready = parts.engine.provider_standing(provider) == Standing::Ready;
            !provider.practice && provider.enabled && ready
        });
        Ok(Overview {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            addresses: parts
                .addresses
                .iter()
                .map(|a| format!("http://{a}"))
                .collect(),
            paused: parts.engine.live().is_paused(),
            in_flight: parts.engine.in_flight() as u32,
            today: Totals {
                requests: totals.requests,
                failed: totals.failed,
                spend_nano_usd: totals.cost.0,
                estimated_nano_usd: totals.estimated_cost.0,
                input_tokens: totals.usage.input_total(),
                cached_tokens: totals.usage.cache_read,
                cache_written_tokens: totals.usage.cache_write + totals.usage.cache_write_long,
                cache_saved_nano_usd: totals.cache_saved.0,
                output_tokens: totals.usage.output_total(),
                by_tools: totals.by_tools,
                tool_saved_nano_usd: totals.tool_saved.0,
            },
            prompt_cache: PromptCacheSums {
                read_tokens: caches.read_tokens,
                written_tokens: caches.written_tokens,
                saved_nano_usd: caches.saved.0,
            },
            cache: self.cache_tally(),
            minutes: parts
                .engine
                .live()
                .minutes(unix_ms())
                .into_iter()
                .map(|minute| Minute {
                    requests: minute.requests,
                    failed: minute.failed,
                })
                .collect(),
            providers,
            alarms: self.alarms(),
            practice_only,
        })
    }

    pub(crate) async fn pause(&self, asked: Pause) -> Result<Nothing, Failure> {
        self.parts.engine.live().pause(asked.paused);
        self.changed(&[Tag::Status]);
        Ok(Nothing {})
    }

    /// The health of these providers, spend included.
    pub(crate) async fn healths(
        &self,
        providers: &[Arc<Provider>],
    ) -> Result<Vec<ProviderHealth>, Failure> {
        let since = local_midnight_unix_ms();
        let ledger = Arc::clone(&self.parts.ledger);
        let spend = blocking(move || ledger.by_provider(since))
            .await?
            .map_err(Failure::unavailable)?;
        let known = self.parts.engine.signals().shown.lines;
        Ok(providers
            .iter()
            .map(|provider| {
                let spent = spend.iter().find(|sum| sum.provider == provider.id);
                self.health(provider, spent.map_or(0, |sum| sum.totals.cost.0), &known)
            })
            .collect())
    }

    fn health(
        &self,
        provider: &Provider,
        spend_today_nano_usd: i64,
        known: &[Line],
    ) -> ProviderHealth {
        let engine = &self.parts.engine;
        let own: Vec<&Line> = known
            .iter()
            .filter(|line| line.provider == provider.id)
            .collect();
        let (state, cause) = self.state_of(provider, &own);
        let live = engine.live().provider(&provider.id);
        let lately = live.as_ref().map(|live| live.lately(Instant::now()));
        ProviderHealth {
            id: provider.id.clone(),
            name: provider.name.clone(),
            practice: provider.practice,
            state,
            cause,
            attempts: lately.as_ref().map_or(0, |l| l.attempts),
            failures: lately.as_ref().map_or(0, |l| l.failures),
            ttft_ms: lately
                .as_ref()
                .and_then(|l| l.ttft)
                .map(|ttft| ttft.as_secs_f64() * 1000.0),
            in_flight: live.map_or(0, |live| live.in_flight()),
            spend_today_nano_usd,
            last_failure: lately.and_then(|l| l.last_failure).map(
                |(at_unix_ms, category, message)| LastFailure {
                    at_unix_ms,
                    category: category.name().to_owned(),
                    message,
                },
            ),
        }
    }

    /// How a provider is doing in one word, and what of it is not well.
    pub(crate) fn state_of(
        &self,
        provider: &Provider,
        own: &[&Line],
    ) -> (HealthState, Option<String>) {
        let engine = &self.parts.engine;
        let live = engine.live().provider(&provider.id);
        let lately = live.map(|live| live.lately(Instant::now()));
        let worst = worst(own);
        let state = state(
            provider,
            engine.provider_standing(provider),
            lately.as_ref(),
            worst,
        );
        (state, worst.map(cause))
    }

    /// What needs a person, each with what to do.
    pub(crate) fn alarms(&self) -> Vec<Alarm> {
        let alarm = |code: &str, message: String| Alarm {
            code: code.to_owned(),
            message,
        };
        let mut alarms = Vec::new();
        if let Some(refused) = self.parts.configuration.refused() {
            alarms.push(alarm(
                "config_refused",
                format!(
                    "The config file's newest edit was refused and the last good one runs. \
                     {refused}"
                ),
            ));
        }
        if let Some(change) = self.parts.configuration.needs_restart() {
            alarms.push(alarm("restart_needed", change));
        }
        if let Some(reason) = self.parts.configuration.blindness() {
            alarms.push(alarm("files_unwatched", reason));
        }
        if let Some(told) = self.parts.examinations.set_aside() {
            alarms.push(alarm("examinations_damaged", told.to_owned()));
        }
        if let StoreState::Memory { reason } = self.parts.vault.store() {
            alarms.push(alarm("keychain_unavailable", reason));
        }
        if let Some(error) = self.parts.ledger.health().error {
            alarms.push(alarm("ledger_down", error));
        }
        alarms
    }
}

/// What is worst of a provider's keys, models and ways to them, where anything is not well.
fn worst<'k>(own: &[&'k Line]) -> Option<&'k Line> {
    let unwell = own
        .iter()
        .copied()
        .filter(|one| one.cause.state != State::Healthy || one.cause.hold.is_some());
    unwell.max_by_key(|one| (one.cause.state, one.cause.hold.is_some()))
}

/// Which of them it is, and why: "gpt-5: Degraded: 3.1 % errors over 2 min, 5 × 503".
fn cause(worst: &Line) -> String {
    match &worst.model {
        Some(model) => format!("{model}: {}", worst.text()),
        None => worst.text(),
    }
}

/// One word for how a provider is doing.
fn state(
    provider: &Provider,
    standing: Standing,
    lately: Option<&Lately>,
    worst: Option<&Line>,
) -> HealthState {
    if !provider.enabled {
        return HealthState::Disabled;
    }
    match standing {
        Standing::Draining(_) => return HealthState::Draining,
        Standing::NoKey => return HealthState::NoKey,
        Standing::Ready => {}
    }
    match worst.map(|worst| (worst.cause.state, worst.cause.hold.is_some())) {
        Some((State::Failed, _)) => HealthState::Failing,
        Some((State::Healthy, true)) | Some((State::Degraded | State::Recovering, _)) => {
            HealthState::Degraded
        }
        Some((State::Healthy, false)) | None => match lately.is_some_and(|l| l.attempts > 0) {
            true => HealthState::Healthy,
            false => HealthState::Idle,
        },
    }
}

/// When today began where the user is.
pub(crate) fn local_midnight_unix_ms() -> u64 {
    let now = jiff::Zoned::now();
    let midnight = now.start_of_day().unwrap_or(now);
    u64::try_from(midnight.timestamp().as_millisecond()).unwrap_or(0)
}

pub(crate) fn unix_ms() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_millis() as u64)
}
