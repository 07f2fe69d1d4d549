//! How long a provider asks us to stay away.
//!
//! Promises: one figure out of the vendors' many headers, never more than a
//! day. Leaves out: waits told in an error's body (`refuse`), and what a
//! missing figure should mean (the cooldown's own business).

use crate::clock::{DAY_MS, http_date_ms, rfc3339_ms};

/// The wait in milliseconds that an answer's headers ask for.
///
/// `header` looks a header up by its lower-case name; `now_unix_ms` is needed
/// for those that name a moment. The first kind present decides:
/// `retry-after-ms`, `retry-after` (seconds or HTTP date), `x-ratelimit-reset-*`
/// (durations), `anthropic-ratelimit-*-reset` (moments). Of the last two, only
/// budgets that are used up count, and the one that takes longest: trying
/// before it would fail again.
pub fn retry_after_ms(header: impl Fn(&str) -> Option<String>, now_unix_ms: u64) -> Option<u64> {
    let header = |name: &str| header(name).map(|value| value.trim().to_owned());
    header("retry-after-ms")
        .and_then(|value| number(&value))
        .or_else(|| header("retry-after").and_then(|value| retry_after(&value, now_unix_ms)))
        .or_else(|| longest_reset(&header))
        .or_else(|| latest_anthropic_reset(&header, now_unix_ms))
        .map(|wait_ms| wait_ms.min(DAY_MS))
}

/// A duration such as `6m0s`, `1s`, `120ms`, `2h3.5s`, in milliseconds.
/// A bare number is seconds.
pub fn duration_ms(text: &str) -> Option<u64> {
    let mut rest = text.trim();
    let mut total_ms = 0.0;
    if rest.is_empty() {
        return None;
    }
    while !rest.is_empty() {
        let digits = rest
            .find(|c: char| !c.is_ascii_digit() && c != '.')
            .unwrap_or(rest.len());
        let (value, tail) = rest.split_at(digits);
        let value: f64 = value.parse().ok()?;
        let letters = tail
            .find(|c: char| !c.is_alphabetic())
            .unwrap_or(tail.len());
        let (unit, tail) = tail.split_at(letters);
        total_ms += value
            * match unit {
                "d" => 86_400_000.0,
                "h" => 3_600_000.0,
                "m" => 60_000.0,
                "s" | "" => 1_000.0,
                "ms" => 1.0,
                "us" | "µs" => 0.001,
                "ns" => 0.000_001,
                _ => return None,
            };
        rest = tail;
    }
    Some(total_ms.ceil() as u64)
}

fn retry_after(value: &str, now_unix_ms: u64) -> Option<u64> {
    match number(value) {
        Some(_) => duration_ms(value),
        None => Some(http_date_ms(value)?.saturating_sub(now_unix_ms)),
    }
}

/// A number that is not negative, rounded up. Words such as `inf` are none.
fn number(value: &str) -> Option<u64> {
    if !value.starts_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    value.parse::<f64>().ok().map(|n| n.ceil() as u64)
}

fn longest_reset(header: &impl Fn(&str) -> Option<String>) -> Option<u64> {
    ["requests", "tokens"]
        .iter()
        .filter(|budget| {
            let remaining = header(&format!("x-ratelimit-remaining-{budget}"));
            remaining.is_none_or(|left| number(&left).unwrap_or(0) == 0)
        })
        .filter_map(|budget| duration_ms(&header(&format!("x-ratelimit-reset-{budget}"))?))
        .max()
}

fn latest_anthropic_reset(
    header: &impl Fn(&str) -> Option<String>,
    now_unix_ms: u64,
) -> Option<u64> {
    ["requests", "tokens", "input-tokens", "output-tokens"]
        .iter()
        .filter(|budget| {
            header(&format!("anthropic-ratelimit-{budget}-remaining")).as_deref() == Some("0")
        })
        .filter_map(|budget| rfc3339_ms(&header(&format!("anthropic-ratelimit-{budget}-reset"))?))
        .max()
        .map(|reset| reset.saturating_sub(now_unix_ms))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2024-02-29T00:00:00Z
    const NOW: u64 = 1_709_164_800_000;

    fn wait(headers: &[(&str, &str)]) -> Option<u64> {
        let find = |name: &str| {
            headers
                .iter()
                .find(|(n, _)| *n == name)
                .map(|(_, value)| (*value).to_owned())
        };
        retry_after_ms(find, NOW)
    }

    #[test]
    fn every_header_is_understood() {
        type Case = (&'static [(&'static str, &'static str)], Option<u64>);
        let cases: &[Case] = &[
            (&[], None),
            (
                &[("retry-after-ms", "250"), ("retry-after", "9")],
                Some(250),
            ),
            (&[("retry-after", "9")], Some(9_000)),
            (&[("retry-after", " 1.5 ")], Some(1_500)),
            (&[("retry-after", "0")], Some(0)),
            (&[("retry-after", "-3")], None),
            (&[("retry-after", "soon")], None),
            (&[("retry-after", "inf")], None),
            (
                &[("retry-after", "Thu, 29 Feb 2024 00:00:30 GMT")],
                Some(30_000),
            ),
            (&[("retry-after", "Wed, 28 Feb 2024 00:00:30 GMT")], Some(0)),
            (&[("retry-after", "999999999")], Some(DAY_MS)),
            (&[("x-ratelimit-reset-requests", "1s")], Some(1_000)),
            (&[("x-ratelimit-reset-tokens", "6m0s")], Some(360_000)),
            (
                &[
                    ("x-ratelimit-reset-requests", "120ms"),
                    ("x-ratelimit-reset-tokens", "2m59.56s"),
                ],
                Some(179_560),
            ),
            (
                &[
                    ("x-ratelimit-reset-requests", "8s"),
                    ("x-ratelimit-remaining-requests", "0"),
                    ("x-ratelimit-reset-tokens", "6m0s"),
                    ("x-ratelimit-remaining-tokens", "900"),
                ],
                Some(8_000),
            ),
            (
                &[("anthropic-ratelimit-tokens-reset", "2024-02-29T00:01:00Z")],
                None,
            ),
            (
                &[
                    ("anthropic-ratelimit-requests-remaining", "7"),
                    ("anthropic-ratelimit-requests-reset", "2024-02-29T00:09:00Z"),
                    ("anthropic-ratelimit-input-tokens-remaining", "0"),
                    (
                        "anthropic-ratelimit-input-tokens-reset",
                        "2024-02-29T00:01:00Z",
                    ),
                ],
                Some(60_000),
            ),
        ];
        for (headers, expected) in cases {
            assert_eq!(wait(headers), *expected, "{headers:?}");
        }
    }

    #[test]
    fn durations_that_are_none_are_refused() {
        for wrong in ["", "s", "1x", "1.2.3s", "-1s", "five"] {
            assert_eq!(duration_ms(wrong), None, "{wrong}");
        }
        assert_eq!(duration_ms("1h2m3s"), Some(3_723_000));
    }
}
