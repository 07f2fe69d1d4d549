//! From what the engine and the ledger hold to what people are shown. One way only.

use engine::Receipt;
use routing::{Kept, NanoUsd, NoHedge, Stay, Terms};
use serde::Serialize;

use crate::shown::{
    AttemptShown, ChoiceShown, ConsideredShown, DroppedShown, LostShown, NoteShown,
    PromptCacheShown, ReceiptShown, RequestRow, TermShown, TokensShown,
};
use crate::{kept, tools};

/// A receipt as a line of the list.
pub(crate) fn row(receipt: &Receipt) -> RequestRow {
    RequestRow {
        id: receipt.id.to_string(),
        at_unix_ms: receipt.started_unix_ms,
        client: receipt.client.clone(),
        endpoint: receipt.endpoint.map(|e| e.name().to_owned()),
        requested_model: receipt.requested_model.clone(),
        alias: receipt.alias.clone(),
        provider: receipt.provider.clone(),
        model: receipt.model.clone(),
        practice: receipt.provider.as_deref() == Some(engine::PRACTICE),
        attempts: receipt.attempts.len() as u32,
        streamed: receipt.streamed,
        input_tokens: receipt.usage.input_total(),
        output_tokens: receipt.usage.output_total(),
        usage_basis: word(&receipt.usage_basis),
        cost_nano_usd: receipt.cost.0,
        cost_basis: word(&receipt.cost_basis),
        ttft_ms: receipt.ttft_us.map(ms),
        total_ms: ms(receipt.total_us),
        status: receipt.status,
        ending: word(&receipt.ending),
        fault: receipt.fault.clone(),
        cache: receipt.cache.as_ref().map(|note| word(&note.verdict)),
        tools: receipt.tools.as_ref().map(|note| word(&note.way)),
    }
}

/// A receipt, whole.
pub(crate) fn receipt(receipt: &Receipt) -> ReceiptShown {
    let usage = &receipt.usage;
    ReceiptShown {
        row: row(receipt),
        attempts: receipt.attempts.iter().map(attempt).collect(),
        dropped: receipt
            .dropped
            .iter()
            .map(|dropped| DroppedShown {
                target: dropped.target.clone(),
                reason: dropped.reason.clone(),
            })
            .collect(),
        choice: receipt.choice.as_ref().map(choice),
        cache: receipt.cache.as_ref().map(kept::note),
        tools: receipt.tools.as_ref().map(tools::note),
        notes: receipt.notes.iter().map(note).collect(),
        tokens: TokensShown {
            input: usage.input,
            cache_read: usage.cache_read,
            cache_write: usage.cache_write,
            cache_write_long: usage.cache_write_long,
            output: usage.output,
            reasoning: usage.reasoning,
        },
        prompt_cache: receipt.prompt_cache.map(|cache| PromptCacheShown {
            hinted: cache.hinted,
            read_tokens: cache.read_tokens,
            written_tokens: cache.written_tokens,
            saved_nano_usd: cache.saved.0,
            basis: word(&cache.basis),
        }),
        model_version: receipt.model_version.clone(),
        fingerprint: receipt.fingerprint.clone(),
        upstream_id: receipt.upstream_id.clone(),
        price_version: receipt.price_version.clone(),
        stop: receipt.stop.as_ref().map(word),
        message: receipt.message.clone(),
        request_bytes: receipt.request_bytes,
        reply_bytes: receipt.reply_bytes,
    }
}

fn choice(choice: &engine::Choice) -> ChoiceShown {
    ChoiceShown {
        // Numbers of 64 bits do not survive JavaScript.
        seed: choice.seed.to_string(),
        kept: choice.kept.as_ref().map(stay),
        switch_nano_usd: choice.kept.map(|kept| kept.switch_costs.0),
        considered: choice.considered.iter().map(considered).collect(),
        no_hedge: choice.no_hedge.map(|reason| no_hedge(reason).to_owned()),
    }
}

/// Why nobody was asked beside the first.
fn no_hedge(reason: NoHedge) -> &'static str {
    match reason {
        NoHedge::NotAllowed => "the alias does not allow it",
        NoHedge::OnBattery => "this machine runs from its battery",
        NoHedge::NoneHealthy => "no other target may be asked and is well",
        NoHedge::NoSooner => "the other would have been no sooner",
        NoHedge::TooDear => "it would have cost more than what was spent has saved up for it",
        NoHedge::NoPrice => "what the other charges is not known",
        NoHedge::Unknown => "how long the first usually takes is not known yet",
        NoHedge::Several => "several answers were asked for, each of them paid",
    }
}

fn stay(kept: &Kept) -> String {
    let NanoUsd(more) = kept.switch_costs;
    let (amount, stays) = (NanoUsd(more.saturating_abs()), kept.stay.stays());
    let cost = match (more, stays) {
        (0, _) => String::new(),
        (1.., true) => format!(" Leaving would have cost {amount:.4} more for this request."),
        (1.., false) => format!(" Leaving costs {amount:.4} more for this request."),
        (_, true) => format!(" Elsewhere this request would have cost {amount:.4} less."),
        (_, false) => format!(" Elsewhere this request costs {amount:.4} less."),
    };
    let stay = match kept.stay {
        Stay::Warm => "The conversation stays where its cache is warm.",
        Stay::Unreliable => "The conversation leaves its warm cache: too little uptime there.",
        Stay::Crowded => "The conversation leaves its warm cache: too many wait there.",
        Stay::Slow => {
            "The conversation leaves its warm cache: the first word would take too long there."
        }
        Stay::Cheaper => {
            "The conversation leaves its warm cache: the turns to come repay that elsewhere."
        }
    };
    format!("{stay}{cost}")
}

fn considered(one: &engine::Weighed) -> ConsideredShown {
    let figures = &one.figures;
    ConsideredShown {
        target: one.target.clone(),
        place: one.place,
        why: one.why.clone(),
        score: figures.terms.map(|terms| terms.total),
        terms: figures
            .terms
            .map_or_else(Vec::new, |terms| terms_shown(&terms)),
        ttft_ms: figures.forecast.map(|forecast| forecast.ttft_ms),
        cost_nano_usd: figures.forecast.map(|forecast| forecast.cost.0),
    }
}

fn terms_shown(terms: &Terms) -> Vec<TermShown> {
    let mut shown: Vec<TermShown> = [
        ("price", terms.price),
        ("latency", terms.latency),
        ("load", terms.load),
        ("errors", terms.errors),
        ("uptime", terms.uptime),
        ("odd", terms.odd),
        ("machine", terms.machine),
        ("priority", terms.priority),
    ]
    .into_iter()
    .filter(|(_, value)| *value > 0.0005)
    .map(|(name, value)| TermShown {
        name: name.to_owned(),
        value,
    })
    .collect();
    shown.sort_by(|one, other| other.value.total_cmp(&one.value));
    shown
}

fn note(note: &dialect::hub::Note) -> NoteShown {
    NoteShown {
        loss: word(&note.loss),
        what: note.what.clone(),
        why: note.why.clone(),
    }
}

fn attempt(attempt: &engine::AttemptRecord) -> AttemptShown {
    let failure = attempt.failure.as_ref();
    AttemptShown {
        provider: attempt.provider.clone(),
        model: attempt.model.clone(),
        key: attempt.key.clone(),
        why: attempt.why.clone(),
        spoken: attempt.spoken.map(|dialect| dialect.name().to_owned()),
        calls: attempt.calls,
        started_ms: ms(attempt.started_us),
        took_ms: ms(attempt.took_us),
        status: attempt.status,
        failure: failure.map(|f| f.category.name().to_owned()),
        code: failure.and_then(|f| f.code.clone()),
        message: failure.map(|f| f.message.clone()),
        lost: attempt.lost.map(|lost| LostShown {
            cost_nano_usd: lost.cost.0,
            cost_basis: word(&lost.cost_basis),
        }),
    }
}

/// The word an enum is written with, so that it is spelled in one place.
pub(crate) fn word<T: Serialize>(value: &T) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(word)) => word,
        _ => String::new(),
    }
}

pub(crate) fn ms(us: u64) -> f64 {
    us as f64 / 1000.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_switch_costs_is_told_in_money() {
        for (stay, nanos, told) in [
            (
                Stay::Warm,
                0,
                "The conversation stays where its cache is warm.",
            ),
            (
                Stay::Warm,
                4_200_000,
                "The conversation stays where its cache is warm. Leaving would have cost $0.0042 more for this request.",
            ),
            (
                Stay::Warm,
                -4_200_000,
                "The conversation stays where its cache is warm. Elsewhere this request would have cost $0.0042 less.",
            ),
            (
                Stay::Crowded,
                1,
                "The conversation leaves its warm cache: too many wait there. Leaving costs $0.000000001 more for this request.",
            ),
            (
                Stay::Cheaper,
                -1_500_000_000,
                "The conversation leaves its warm cache: the turns to come repay that elsewhere. Elsewhere this request costs $1.5000 less.",
            ),
        ] {
            let switch_costs = NanoUsd(nanos);
            assert_eq!(super::stay(&Kept { stay, switch_costs }), told);
        }
    }
}
