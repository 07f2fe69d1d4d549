//! What each practice model says and how it misbehaves.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use dialect::{Ask, ReplyEvent, StopReason, estimate_tokens};

use super::body::Pace;
use super::ended;

/// Name and purpose.
pub(super) const MODELS: &[(&str, &str)] = &[
    ("steady", "answers at a reader's pace"),
    ("instant", "answers at once"),
    ("slow", "takes three seconds to begin"),
    (
        "tools",
        "calls the first tool it is offered, then reads the result",
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

/// The events of an answer.
pub(super) fn answer(
    behaviour: &Behaviour,
    model: &str,
    asked: &Ask,
    input_tokens: u64,
    request: &Bytes,
) -> Vec<ReplyEvent> {
    let id = format!("practice-{:016x}", fingerprint(request));
    let start = ReplyEvent::Start {
        id: id.clone(),
        model: model.to_owned(),
        // A date, so that the same request gets the same bytes.
        created_unix_s: 1_767_225_600,
        input_tokens,
    };
    if *behaviour == Behaviour::Tools
        && !asked.last_is_tool_result
        && let Some(tool) = asked.tools.first()
    {
        let call = ReplyEvent::ToolCall {
            id: format!("call_{:016x}", fingerprint(id.as_bytes())),
            name: tool.clone(),
            arguments: "{}".to_owned(),
        };
        return vec![start, call, ended(StopReason::ToolCall, input_tokens, 8)];
    }
    let text = text(asked);
    let output = estimate_tokens(text.len() as u64);
    let mut events = vec![start];
    events.extend(
        text.split_inclusive(' ')
            .map(|word| ReplyEvent::Text(word.to_owned())),
    );
    events.push(ended(StopReason::End, input_tokens, output));
    events
}

fn text(asked: &Ask) -> String {
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
pub(super) fn vectors(asked: &Ask) -> Vec<Vec<f32>> {
    let dimensions = asked
        .dimensions
        .unwrap_or(DIMENSIONS)
        .clamp(1, MOST_DIMENSIONS);
    asked
        .inputs
        .iter()
        .map(|input| {
            let mut state = fingerprint(input.as_bytes()) | 1;
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
fn fingerprint(bytes: &[u8]) -> u64 {
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
