//! What a provider's headers say is left of its rate limits.
//!
//! Promises: a header may lie. What is negative, no number, or beyond any real
//! limit is not there; more left than the limit is the limit; a reset that has
//! passed is now, one further off than a day is a day. Leaves out the wait that a
//! failure asks for, which `dialect::retry_after_ms` reads.

use std::time::Duration;

use dialect::{duration_ms, rfc3339_ms};
use serde::{Deserialize, Serialize};

/// A limit above this many a minute is nobody's.
const LARGEST: u64 = 1_000_000_000_000;
/// The longest reset that is believed, in milliseconds.
const LONGEST_MS: u64 = 86_400_000;

/// What is left of one kind of limit.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Allowance {
    /// The whole of it in its window.
    pub limit: Option<u64>,
    /// What is left.
    pub remaining: Option<u64>,
    /// Until it is whole again.
    pub reset: Option<Duration>,
}

/// What a reply's headers say of the limits of the key it was asked with.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Headroom {
    /// Requests.
    pub requests: Allowance,
    /// Tokens; where prompt and answer have their own, the scarcer of them.
    pub tokens: Allowance,
}

impl Headroom {
    /// From a reply's headers. `header` looks one up by its lower-case name;
    /// `now_unix_ms` is needed for resets that name a moment.
    pub fn read(header: impl Fn(&str) -> Option<String>, now_unix_ms: u64) -> Headroom {
        let number = |name: &str| header(name).and_then(|value| count(&value));
        let reset = |name: &str| header(name).and_then(|value| until(&value, now_unix_ms));
        let requests = REQUESTS
            .iter()
            .map(|names| allowance(names, &number, &reset))
            .find(Allowance::says_something);
        let tokens = TOKENS
            .iter()
            .map(|names| allowance(names, &number, &reset))
            .filter(Allowance::says_something)
            .min_by_key(|allowance| allowance.remaining.unwrap_or(u64::MAX));
        Headroom {
            requests: requests.unwrap_or_default(),
            tokens: tokens.unwrap_or_default(),
        }
    }
}

impl Allowance {
    /// Whether any of it was stated.
    pub fn says_something(&self) -> bool {
        *self != Allowance::default()
    }

    /// Until there is room for this much, when there is none now.
    pub fn wait_for(&self, wanted: u64) -> Option<Duration> {
        // More than a whole window can't be waited for; it may pass all the same.
        let wanted = wanted.clamp(1, self.limit.unwrap_or(u64::MAX).max(1));
        match (self.remaining, self.reset) {
            (Some(left), Some(reset)) if left < wanted && !reset.is_zero() => Some(reset),
            _ => None,
        }
    }
}

/// Limit, remaining, reset: by vendor, the most telling first.
type Names = [&'static str; 3];

const REQUESTS: [Names; 5] = [
    // OpenAI, Azure, Groq, xAI and most who speak their dialect.
    [
        "x-ratelimit-limit-requests",
        "x-ratelimit-remaining-requests",
        "x-ratelimit-reset-requests",
    ],
    [
        "anthropic-ratelimit-requests-limit",
        "anthropic-ratelimit-requests-remaining",
        "anthropic-ratelimit-requests-reset",
    ],
    // Cerebras and Mistral state the minute by name.
    [
        "x-ratelimit-limit-requests-minute",
        "x-ratelimit-remaining-requests-minute",
        "x-ratelimit-reset-requests-minute",
    ],
    // OpenRouter and GitHub.
    [
        "x-ratelimit-limit",
        "x-ratelimit-remaining",
        "x-ratelimit-reset",
    ],
    // The draft of the IETF.
    ["ratelimit-limit", "ratelimit-remaining", "ratelimit-reset"],
];

const TOKENS: [Names; 5] = [
    [
        "x-ratelimit-limit-tokens",
        "x-ratelimit-remaining-tokens",
        "x-ratelimit-reset-tokens",
    ],
    [
        "anthropic-ratelimit-tokens-limit",
        "anthropic-ratelimit-tokens-remaining",
        "anthropic-ratelimit-tokens-reset",
    ],
    [
        "anthropic-ratelimit-input-tokens-limit",
        "anthropic-ratelimit-input-tokens-remaining",
        "anthropic-ratelimit-input-tokens-reset",
    ],
    [
        "anthropic-ratelimit-output-tokens-limit",
        "anthropic-ratelimit-output-tokens-remaining",
        "anthropic-ratelimit-output-tokens-reset",
    ],
    [
        "x-ratelimit-limit-tokens-minute",
        "x-ratelimit-remaining-tokens-minute",
        "x-ratelimit-reset-tokens-minute",
    ],
];

fn allowance(
    [limit, remaining, at]: &Names,
    number: &impl Fn(&str) -> Option<u64>,
    reset: &impl Fn(&str) -> Option<Duration>,
) -> Allowance {
    let limit = number(limit).filter(|limit| *limit > 0);
    Allowance {
        limit,
        remaining: number(remaining).map(|left| left.min(limit.unwrap_or(u64::MAX))),
        reset: reset(at),
    }
}

/// A count. Some write it with a fraction, and lists ("100, 100;w=60") begin
/// with the window that binds.
fn count(value: &str) -> Option<u64> {
    let figure = value.split([',', ';']).next()?.trim();
    let figure: f64 = figure.parse().ok()?;
    (figure >= 0.0 && figure <= LARGEST as f64).then_some(figure as u64)
}

/// The span to a reset, which is written as a moment (RFC 3339, or seconds or
/// milliseconds since 1970) or as a span (`6m0s`, `120ms`, seconds).
fn until(value: &str, now_unix_ms: u64) -> Option<Duration> {
    let value = value.trim();
    let moment_ms = rfc3339_ms(value).or_else(|| match value.parse::<f64>().ok()? {
        seconds if (1e9..1e11).contains(&seconds) => Some((seconds * 1e3) as u64),
        ms if (1e12..1e14).contains(&ms) => Some(ms as u64),
        _ => None,
    });
    let span_ms = match moment_ms {
        Some(moment_ms) => moment_ms.saturating_sub(now_unix_ms),
        None => duration_ms(value)?,
    };
    Some(Duration::from_millis(span_ms.min(LONGEST_MS)))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// 2026-11-22T10:00:00Z
    const NOW_MS: u64 = 1_795_341_600_000;

    fn read(headers: &[(&str, &str)]) -> Headroom {
        let find = |name: &str| {
            let found = headers.iter().find(|(key, _)| *key == name);
            found.map(|(_, value)| (*value).to_owned())
        };
        Headroom::read(find, NOW_MS)
    }

    fn seconds(s: u64) -> Option<Duration> {
        Some(Duration::from_secs(s))
    }

    #[test]
    fn each_vendors_headers_are_understood() {
        let openai = read(&[
            ("x-ratelimit-limit-requests", "500"),
            ("x-ratelimit-remaining-requests", "499"),
            ("x-ratelimit-reset-requests", "120ms"),
            ("x-ratelimit-limit-tokens", "30000"),
            ("x-ratelimit-remaining-tokens", "12"),
            ("x-ratelimit-reset-tokens", "6m0s"),
        ]);
        assert_eq!(
            (openai.requests.limit, openai.requests.remaining),
            (Some(500), Some(499))
        );
        assert_eq!(openai.requests.reset, Some(Duration::from_millis(120)));
        assert_eq!(openai.tokens.reset, seconds(360));
        assert_eq!(openai.tokens.wait_for(100), seconds(360));
        assert_eq!(openai.tokens.wait_for(12), None);

        let anthropic = read(&[
            ("anthropic-ratelimit-requests-limit", "50"),
            ("anthropic-ratelimit-requests-remaining", "0"),
            ("anthropic-ratelimit-requests-reset", "2026-11-22T10:00:42Z"),
            ("anthropic-ratelimit-input-tokens-remaining", "9000"),
            ("anthropic-ratelimit-output-tokens-remaining", "800"),
        ]);
        assert_eq!(anthropic.requests.wait_for(1), seconds(42));
        assert_eq!(
            anthropic.tokens.remaining,
            Some(800),
            "the scarcer of the two"
        );

        let openrouter = read(&[
            ("x-ratelimit-limit", "20"),
            ("x-ratelimit-remaining", "0"),
            ("x-ratelimit-reset", "1795341630000"),
        ]);
        assert_eq!(openrouter.requests.wait_for(1), seconds(30));
    }

    #[test]
    fn headers_that_lie_are_bounded_or_not_there() {
        let lies = |name: &str, value: &str| {
            let all = read(&[
                (
                    "x-ratelimit-limit-requests",
                    if name == "limit" { value } else { "10" },
                ),
                (
                    "x-ratelimit-remaining-requests",
                    if name == "left" { value } else { "5" },
                ),
                (
                    "x-ratelimit-reset-requests",
                    if name == "reset" { value } else { "1s" },
                ),
            ]);
            all.requests
        };
        for value in [
            "-1",
            "NaN",
            "inf",
            "1e40",
            "",
            "ten",
            "99999999999999999999",
        ] {
            assert_eq!(lies("limit", value).limit, None, "{value}");
            assert_eq!(lies("left", value).remaining, None, "{value}");
        }
        assert_eq!(lies("limit", "0").limit, None);
        assert_eq!(lies("left", "5000").remaining, Some(10));
        assert_eq!(lies("limit", "10, 10;w=60").limit, Some(10));
        for (value, reset) in [
            ("2020-01-01T00:00:00Z", seconds(0)),
            ("1700000000", seconds(0)),
            ("2999-01-01T00:00:00Z", seconds(86_400)),
            ("1e300s", None),
            ("-5s", None),
            ("-5", None),
            ("tomorrow", None),
            ("Mon, 30 Feb", None),
            ("999999999h", seconds(86_400)),
            ("1.5", Some(Duration::from_millis(1_500))),
        ] {
            assert_eq!(lies("reset", value).reset, reset, "{value}");
        }
    }

    #[test]
    fn more_than_a_whole_window_is_not_waited_for_forever() {
        let full = Allowance {
            limit: Some(100),
            remaining: Some(100),
            reset: seconds(60),
        };
        assert_eq!(full.wait_for(5_000), None);
        let short = Allowance {
            remaining: Some(99),
            ..full
        };
        assert_eq!(short.wait_for(5_000), seconds(60));
    }

    proptest! {
        #[test]
        fn any_text_is_survived(limit in ".*", left in ".*", reset in ".*") {
            let headroom = read(&[
                ("x-ratelimit-limit-tokens", &limit),
                ("x-ratelimit-remaining-tokens", &left),
                ("x-ratelimit-reset-tokens", &reset),
            ]);
            prop_assert!(headroom.tokens.limit.is_none_or(|limit| limit <= LARGEST));
            prop_assert!(headroom.tokens.reset <= seconds(86_400));
        }
    }
}
