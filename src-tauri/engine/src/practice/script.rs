//! What each practice model says and how it misbehaves.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use dialect::hub::{BlockKind, Event, Start};
use dialect::{EmbedInput, EmbedRequest, StopReason, Usage, estimate_tokens};

use super::asked::Asked;
use super::body::Pace;

/// Name and purpose.
pub(super) const MODELS: &[(&str, &str)] = &[
    ("steady", "answers at a reader's pace"),
    ("instant", "answers at once"),
    ("slow", "takes three seconds to begin"),
    (
        "tools",
        "does what a real model might: calls tools, thinks, answers after a schema, caches",
    ),
    ("flaky", "fails every other time"),
    ("rate-limited", "always says 429"),
    ("breaks", "breaks off in the middle of its answer"),
    ("embedding", "turns text into the same vector each time"),
];

/// One frame of text each this long: about the speed people read at.
const READING_PACE: Duration = Duration::from_millis(25);
/// Dimensions of a practice vector unless asked otherwise.
const DIMENSIONS: usize = 64;
/// The most dimensions a practice vector has.
const MOST_DIMENSIONS: usize = 4096;

/// How a practice model behaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Behaviour {
    Steady,
    Instant,
    Slow,
    Tools,
    Flaky,
    RateLimited,
    Breaks,
    Embedding,
}

pub(super) fn behaviour(model: &str) -> Option<Behaviour> {
    Some(match model {
        "steady" => Behaviour::Steady,
        "instant" => Behaviour::Instant,
        "slow" => Behaviour::Slow,
        "tools" => Behaviour::Tools,
        "flaky" => Behaviour::Flaky,
        "rate-limited" => Behaviour::RateLimited,
        "breaks" => Behaviour::Breaks,
        "embedding" => Behaviour::Embedding,
        _ => return None,
    })
}

impl Behaviour {
    /// The first call fails and then every other one, whoever calls.
    pub(super) fn fails_now(self) -> bool {
        static CALLS: AtomicU64 = AtomicU64::new(0);
        self == Behaviour::Flaky && CALLS.fetch_add(1, Ordering::Relaxed).is_multiple_of(2)
    }

    pub(super) fn breaks(self) -> bool {
        self == Behaviour::Breaks
    }

    pub(super) fn first_byte(self) -> Duration {
        match self {
            Behaviour::Slow => Duration::from_secs(3),
            _ => Duration::ZERO,
        }
    }

    pub(super) fn pace(self) -> Pace {
        match self {
            Behaviour::Instant | Behaviour::Embedding => Pace::AtOnce,
            Behaviour::Slow => Pace::Every(READING_PACE * 4),
            _ => Pace::Every(READING_PACE),
        }
    }
}

/// The events of an answer: a row as the hub's law wants it, a frame for each word.
/// `begun`: what another has said of it.
pub(super) fn answer(
    model: &str,
    asked: &Asked,
    begun: Option<&str>,
    input_tokens: u64,
    request: &Bytes,
) -> Vec<Event> {
    let mut events = vec![Event::Start(Start {
        id: Some(format!("practice-{:016x}", fingerprint(request))),
        model: Some(model.to_owned()),
    })];
    let text = rest(&text(asked), begun);
    let output = estimate_tokens(text.len() as u64);
    block(&mut events, BlockKind::Text, text.split_inclusive(' '));
    events.push(Event::Usage(Usage {
        input: input_tokens,
        output,
        ..Usage::default()
    }));
    events.push(Event::Stop {
        candidate: 0,
        stop: StopReason::End,
        sequence: None,
    });
    events.push(Event::End);
    events
}

fn block<'a>(events: &mut Vec<Event>, kind: BlockKind, pieces: impl IntoIterator<Item = &'a str>) {
    events.push(Event::Open {
        block: 0,
        candidate: 0,
        kind,
    });
    events.extend(pieces.into_iter().map(|piece| Event::Delta {
        block: 0,
        text: piece.to_owned(),
    }));
    events.push(Event::Close { block: 0 });
}

/// What is left of an answer that has begun; one that began otherwise is followed by all of it.
fn rest(text: &str, begun: Option<&str>) -> String {
    let begun = begun.unwrap_or_default().trim_end();
    match text.strip_prefix(begun) {
        Some(rest) => rest.to_owned(),
        None => format!(" … {text}"),
    }
}

pub(super) fn text(asked: &Asked) -> String {
    let quoted: String = asked.last_user_text.chars().take(400).collect();
    let heard = if asked.last_is_tool_result {
        "I got the tool's result".to_owned()
    } else if quoted.trim().is_empty() {
        "You sent no text".to_owned()
    } else {
        format!("You said: “{}”", quoted.trim())
    };
    format!(
        "[practice] {heard}. This answer comes from Signalbox's built-in practice provider: \
         no model, no key, no cost. Add a provider's key to get real answers."
    )
}

/// The same text gives the same unit vector.
pub(super) fn vectors(asked: &EmbedRequest) -> Vec<Vec<f32>> {
    let wanted = asked
        .dimensions
        .and_then(|wanted| usize::try_from(wanted).ok());
    let dimensions = wanted.unwrap_or(DIMENSIONS).clamp(1, MOST_DIMENSIONS);
    asked
        .inputs
        .iter()
        .map(|input| {
            let mut state = match input {
                EmbedInput::Text(text) => fingerprint(text.as_bytes()),
                EmbedInput::Tokens(ids) => ids
                    .iter()
                    .fold(0, |hash, id| fingerprint(&(hash ^ id).to_le_bytes())),
            } | 1;
            let raw: Vec<f32> = (0..dimensions)
                .map(|_| {
                    // xorshift64: Marsaglia, "Xorshift RNGs", 2003.
                    state ^= state << 13;
                    state ^= state >> 7;
                    state ^= state << 17;
                    (state >> 40) as f32 / (1u32 << 24) as f32 - 0.5
                })
                .collect();
            let length = raw
                .iter()
                .map(|x| x * x)
                .sum::<f32>()
                .sqrt()
                .max(f32::EPSILON);
            raw.iter().map(|x| x / length).collect()
        })
        .collect()
}

/// FNV-1a, 64 bit: small, stable across builds, and nothing here needs more.
pub(super) fn fingerprint(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_listed_model_has_a_behaviour() {
        for (name, _) in MODELS {
            assert!(behaviour(name).is_some(), "{name}");
        }
        assert!(behaviour("gpt-5").is_none());
    }

    #[test]
    fn flaky_fails_first_and_then_every_other_time() {
        let fails: Vec<bool> = (0..4).map(|_| Behaviour::Flaky.fails_now()).collect();
        assert_eq!(fails, [true, false, true, false]);
    }
}
