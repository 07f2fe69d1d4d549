//! From the price that is written in the catalogue to the one we calculate with.
//!
//! Figures that a tier, a change or a window leaves out keep the base figure, as
//! the sources mean it. A slip is refused with a reason; who wrote it is known to
//! the caller.

use serde::Deserialize;

use super::calendar::{DailyWindow, unix_s_of_date};
use super::{Change, Price, Rate, Rates, Tier, Variation};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WrittenPrice {
    input: Rate,
    cache_read: Option<Rate>,
    cache_write: Option<Rate>,
    cache_write_long: Option<Rate>,
    output: Option<Rate>,
    reasoning: Option<Rate>,
    #[serde(default)]
    tiers: Vec<WrittenTier>,
    #[serde(default)]
    schedule: Vec<WrittenChange>,
    #[serde(default)]
    windows: Vec<WrittenWindow>,
    /// The windows do not hold on Saturdays and Sundays.
    #[serde(default)]
    weekdays_only: bool,
}

/// Figures that replace those of the base.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Replacement {
    input: Option<Rate>,
    cache_read: Option<Rate>,
    cache_write: Option<Rate>,
    cache_write_long: Option<Rate>,
    output: Option<Rate>,
    reasoning: Option<Rate>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenTier {
    over_input_tokens: u64,
    /// xAI bills the tier from the limit itself, everybody else above it.
    #[serde(default)]
    inclusive: bool,
    rates: Replacement,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenChange {
    from: String,
    rates: Replacement,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenWindow {
    utc_from: String,
    utc_to: String,
    rates: Replacement,
}

impl TryFrom<WrittenPrice> for Price {
    type Error = String;

    fn try_from(written: WrittenPrice) -> Result<Price, String> {
        let base = Rates {
            input: written.input,
            cache_read: written.cache_read,
            cache_write: written.cache_write,
            cache_write_long: written.cache_write_long,
            output: written.output,
            reasoning: written.reasoning,
        };
        let WrittenPrice {
            tiers,
            schedule,
            windows,
            weekdays_only,
            ..
        } = written;
        if weekdays_only && windows.is_empty() {
            return Err("`weekdays_only` says when windows hold, and there are none".into());
        }
        let variation = match (tiers.is_empty(), schedule.is_empty(), windows.is_empty()) {
            (true, true, true) => Variation::None,
            (false, true, true) => Variation::Tiers(read_tiers(&base, tiers)?),
            (true, false, true) => Variation::Schedule(read_schedule(&base, schedule)?),
            (true, true, false) => Variation::Windows {
                windows: read_windows(&base, windows)?,
                weekdays_only,
            },
            _ => {
                return Err(
                    "a price has tiers, a schedule or windows, never two of them: \
                            no source says how they would combine"
                        .into(),
                );
            }
        };
        Ok(Price { base, variation })
    }
}

fn read_tiers(base: &Rates, written: Vec<WrittenTier>) -> Result<Vec<Tier>, String> {
    let tiers: Vec<Tier> = written
        .into_iter()
        .map(|tier| Tier {
            from_input_tokens: tier
                .over_input_tokens
                .saturating_add(u64::from(!tier.inclusive)),
            rates: tier.rates.over(base),
        })
        .collect();
    if !tiers.is_sorted_by(|a, b| a.from_input_tokens < b.from_input_tokens) {
        return Err("tiers must rise, the shortest prompt first".into());
    }
    Ok(tiers)
}

/// Each change starts from the rates before it, not from the base: a figure it
/// leaves out has not changed.
fn read_schedule(base: &Rates, written: Vec<WrittenChange>) -> Result<Vec<Change>, String> {
    let mut rates = *base;
    let mut changes: Vec<Change> = Vec::with_capacity(written.len());
    for change in written {
        let from_unix_s = unix_s_of_date(&change.from)
            .ok_or_else(|| format!("`{}` is not a day like 2026-12-01", change.from))?;
        if changes
            .last()
            .is_some_and(|before| before.from_unix_s >= from_unix_s)
        {
            return Err(format!("`{}` comes after a later day", change.from));
        }
        rates = change.rates.over(&rates);
        changes.push(Change { from_unix_s, rates });
    }
    Ok(changes)
}

fn read_windows(
    base: &Rates,
    written: Vec<WrittenWindow>,
) -> Result<Vec<(DailyWindow, Rates)>, String> {
    let mut windows: Vec<(DailyWindow, Rates)> = Vec::with_capacity(written.len());
    for window in written {
        let label = format!("{}-{}", window.utc_from, window.utc_to);
        let hours = DailyWindow::from_clock(&window.utc_from, &window.utc_to)
            .ok_or_else(|| format!("`{label}` is not a daily window like 01:00-04:00"))?;
        if windows.iter().any(|(other, _)| other.overlaps(hours)) {
            return Err(format!("the window {label} overlaps another"));
        }
        windows.push((hours, window.rates.over(base)));
    }
    Ok(windows)
}

impl Replacement {
    fn over(self, base: &Rates) -> Rates {
        Rates {
            input: self.input.unwrap_or(base.input),
            cache_read: self.cache_read.or(base.cache_read),
            cache_write: self.cache_write.or(base.cache_write),
            cache_write_long: self.cache_write_long.or(base.cache_write_long),
            output: self.output.or(base.output),
            reasoning: self.reasoning.or(base.reasoning),
        }
    }
}
