//! How words are drawn, as this dialect writes it.
//!
//! Promises: what the vendor does not know is noted; what excludes another field is left out
//! rather than answered with a 400.

use serde_json::{Map, Value};

use crate::hub::{Notes, Sampling, Target};

/// Writes the fields the vendor knows and notes the others.
pub(super) fn sampling(
    sampling: &Sampling,
    thinks: bool,
    target: &Target<'_>,
    body: &mut Map<String, Value>,
    notes: &mut Notes,
) {
    let unknown = [
        ("seed", sampling.seed.is_some()),
        ("frequency_penalty", sampling.frequency_penalty.is_some()),
        ("presence_penalty", sampling.presence_penalty.is_some()),
        ("logit_bias", !sampling.logit_bias.is_empty()),
    ];
    for (field, is_set) in unknown {
        if is_set {
            notes.dropped(field, "Anthropic has no such field");
        }
    }
    let refused = match target.traits.sampling {
        Some(false) => Some("this model draws words in its own way"),
        _ if thinks => Some("a model that thinks draws words in its own way"),
        _ => None,
    };
    let highest = target.quirks.max_temperature.unwrap_or(1.0);
    // With thinking, the vendor takes the default temperature and a top_p near it.
    let takes_temperature = |t: f64| refused.is_none() || (thinks_only(target) && t == 1.0);
    let takes_top_p = |p: f64| refused.is_none() || (thinks_only(target) && p >= 0.95);
    if let Some(temperature) = sampling.temperature {
        if temperature > highest {
            let why = format!("the highest temperature that is taken is {highest}");
            notes.degraded("temperature", why);
        }
        let temperature = temperature.min(highest);
        if takes_temperature(temperature) {
            body.insert("temperature".to_owned(), temperature.into());
        } else if let Some(why) = refused {
            notes.dropped("temperature", why);
        }
    }
    if let Some(top_p) = sampling.top_p {
        if !takes_top_p(top_p) {
            notes.dropped("top_p", refused.unwrap_or_default());
        } else if body.contains_key("temperature") {
            // Models since Opus 4.1 answer both with a 400.
            notes.dropped("top_p", "Anthropic takes temperature or top_p, not both");
        } else {
            body.insert("top_p".to_owned(), top_p.into());
        }
    }
    if let Some(top_k) = sampling.top_k {
        match refused {
            None => {
                body.insert("top_k".to_owned(), top_k.into());
            }
            Some(why) => notes.dropped("top_k", why),
        }
    }
}

/// The model takes these fields but for its thinking.
fn thinks_only(target: &Target<'_>) -> bool {
    target.traits.sampling != Some(false)
}
