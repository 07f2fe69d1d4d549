//! What the small dialects (Ollama's and Cohere's) have no words for, left out or refused alike.
//!
//! Promises: each field that is set and can't travel is noted, or refused where the answer would
//! not be what was asked for. Leaves out: what one of them does have words for.

use crate::hub::{Choice, Notes, Refused, Request, Sampling, Target};

const NO_PLACE: &str = "it has no place in the provider's dialect";

/// Takes out of `request` what neither dialect can say.
pub(crate) fn leave_out(request: &mut Request, notes: &mut Notes) -> Result<(), Refused> {
    if request.candidates.take().is_some_and(|several| several > 1) {
        notes.refuse("n", "the provider gives one answer to a request")?;
    }
    if request.previous.take().is_some() {
        notes.refuse(
            "previous_response_id",
            "the provider keeps no responses to go on from",
        )?;
    }
    if !std::mem::take(&mut request.sampling.logit_bias).is_empty() {
        notes.dropped("logit_bias", NO_PLACE);
    }
    if request.parallel == Some(false) && !request.tools.is_empty() {
        notes.dropped(
            "parallel_tool_calls",
            "the provider can't be told to make one call at a time",
        );
    }
    if request.store == Some(true) {
        notes.dropped("store", "the provider keeps no responses");
    }
    let unsaid = [
        ("verbosity", request.verbosity.take().is_some()),
        ("service_tier", request.tier.take().is_some()),
        ("user", request.end_user.take().is_some()),
        ("prompt_cache_key", request.cache_key.take().is_some()),
        (
            "metadata",
            !std::mem::take(&mut request.metadata).is_empty(),
        ),
        (
            "messages.name",
            request
                .messages
                .iter()
                .any(|message| message.name.is_some()),
        ),
    ];
    for (what, said) in unsaid {
        if said {
            notes.dropped(what, NO_PLACE);
        }
    }
    let marked = request.tools.iter().any(|tool| tool.cache.is_some())
        || request
            .messages
            .iter()
            .flat_map(|message| &message.parts)
            .any(|part| part.cache.is_some());
    if marked {
        notes.equivalent("cache_control", "the provider caches prefixes by itself");
    }
    Ok(())
}

/// The sampling that the model takes: nothing where it takes none, and no more heat than it may have.
pub(crate) fn sampling(request: &Request, target: &Target<'_>, notes: &mut Notes) -> Sampling {
    let mut sampling = request.sampling.clone();
    if target.traits.sampling == Some(false) {
        let set = [
            ("temperature", sampling.temperature.take().is_some()),
            ("top_p", sampling.top_p.take().is_some()),
            ("top_k", sampling.top_k.take().is_some()),
        ];
        for (what, set) in set {
            if set {
                notes.dropped(what, "the model does not take it");
            }
        }
    }
    if let (Some(asked), Some(most)) = (sampling.temperature, target.quirks.max_temperature)
        && asked > most
    {
        sampling.temperature = Some(most);
        notes.degraded("temperature", format!("it is {most} at most here"));
    }
    sampling
}

/// Keeps only the tools that a choice names. `true` when one must be called.
pub(crate) fn narrow(request: &mut Request, notes: &mut Notes) -> bool {
    let (names, required) = match request.choice.take() {
        None | Some(Choice::Auto) => return false,
        Some(Choice::Any) => return true,
        Some(Choice::None) => {
            request.choice = Some(Choice::None);
            return false;
        }
        Some(Choice::Tool(name)) => (vec![name], true),
        Some(Choice::Among { names, required }) => (names, required),
    };
    let before = request.tools.len();
    request
        .tools
        .retain(|tool| names.iter().any(|name| name == tool.name()));
    if request.tools.len() != before {
        notes.equivalent("tool_choice", "only the tools that it names are sent");
    }
    required
}

/// Takes the top-level fields out that this provider answers with a 400.
pub(crate) fn refused_fields(
    body: &mut serde_json::Map<String, serde_json::Value>,
    target: &Target<'_>,
    notes: &mut Notes,
) {
    for field in &target.quirks.refuses {
        if body.shift_remove(field.as_str()).is_some() {
            notes.dropped(field.as_str(), "the provider refuses it");
        }
    }
}
