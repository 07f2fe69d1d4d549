//! What a client wishes of kept answers, by its headers.
//!
//! Promises: `cache-control` is heeded as RFC 9111 means it for requests, and what it says beyond our words is
//! let be; `x-signalbox-cache` is ours and heeded beside it, and a word that it does not know is refused, because
//! what was not to be kept must not be kept for a slip of the pen.

use std::time::Duration;

use dialect::Fault;
use http::header::CACHE_CONTROL;
use http::{HeaderMap, HeaderName};

use crate::faults;

/// Asked by a client, and told on an answer.
pub(crate) static CACHE: HeaderName = HeaderName::from_static("x-signalbox-cache");

/// The longest that a client may have an answer kept, in seconds.
const LONGEST_S: u64 = 86_400;

/// What a client wishes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Wish {
    /// It takes an answer that was given before.
    pub(crate) look: bool,
    /// Its answer may be kept.
    pub(crate) keep: bool,
    /// It takes no other.
    pub(crate) only: bool,
    /// It takes none that is older.
    pub(crate) oldest: Option<Duration>,
    /// Its answer is kept for so long.
    pub(crate) ttl: Option<Duration>,
}

impl Default for Wish {
    fn default() -> Self {
        Wish {
            look: true,
            keep: true,
            only: false,
            oldest: None,
            ttl: None,
        }
    }
}

impl Wish {
    /// What these headers wish.
    ///
    /// # Errors
    /// When `x-signalbox-cache` says what it can't mean.
    pub(crate) fn of(headers: &HeaderMap) -> Result<Wish, Fault> {
        let mut wish = Wish::default();
        for value in headers.get_all(CACHE_CONTROL) {
            for word in words(value.as_bytes()) {
                // Others' words are others'.
                let _ = wish.heed(word);
            }
        }
        for value in headers.get_all(&CACHE) {
            for word in words(value.as_bytes()) {
                let is_known = wish.heed(word) || wish.heed_ttl(word);
                if !is_known {
                    return Err(unknown(word));
                }
            }
        }
        Ok(wish)
    }

    fn heed(&mut self, word: &str) -> bool {
        let (name, value) = split(word);
        match (name.to_ascii_lowercase().as_str(), value) {
            ("no-store", None) => (self.look, self.keep) = (false, false),
            ("no-cache", None) => self.look = false,
            ("only-if-cached", None) => self.only = true,
            ("max-age", Some(seconds)) => match seconds.parse() {
                Ok(seconds) => self.oldest = Some(Duration::from_secs(seconds)),
                Err(_) => return false,
            },
            _ => return false,
        }
        true
    }

    fn heed_ttl(&mut self, word: &str) -> bool {
        let ("ttl", Some(seconds)) = split(word) else {
            return false;
        };
        match seconds.parse() {
            Ok(seconds @ 1..=LONGEST_S) => {
                self.ttl = Some(Duration::from_secs(seconds));
                true
            }
            _ => false,
        }
    }
}

fn words(value: &[u8]) -> impl Iterator<Item = &str> {
    let text = std::str::from_utf8(value).unwrap_or("?");
    text.split(',')
        .map(str::trim)
        .filter(|word| !word.is_empty())
}

fn split(word: &str) -> (&str, Option<&str>) {
    match word.split_once('=') {
        Some((name, value)) => (name.trim(), Some(value.trim().trim_matches('"'))),
        None => (word, None),
    }
}

fn unknown(word: &str) -> Fault {
    let word: String = word.chars().take(40).collect();
    faults::malformed(format!(
        "The header `{CACHE}` does not know `{word}`: write `no-store`, `no-cache`, `only-if-cached`, \
         `max-age=SECONDS`, or `ttl=SECONDS` with 1 to {LONGEST_S}."
    ))
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn wish(pairs: &[(&HeaderName, &'static str)]) -> Result<Wish, String> {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.append(*name, HeaderValue::from_static(value));
        }
        Wish::of(&headers).map_err(|fault| fault.message)
    }

    #[test]
    fn each_word_means_what_it_says() {
        let usual = Wish::default();
        let none = Wish {
            look: false,
            keep: false,
            ..usual
        };
        let fresh = Wish {
            look: false,
            ..usual
        };
        let only = Wish {
            only: true,
            ..usual
        };
        let young = Wish {
            oldest: Some(Duration::from_secs(10)),
            ..usual
        };
        let short = Wish {
            ttl: Some(Duration::from_secs(60)),
            ..usual
        };
        for (pairs, expected) in [
            (&[][..], usual),
            (&[(&CACHE_CONTROL, "no-store")], none),
            (&[(&CACHE, "no-store")], none),
            (&[(&CACHE_CONTROL, "No-Store")], none),
            (&[(&CACHE_CONTROL, "private, no-cache")], fresh),
            (&[(&CACHE_CONTROL, "max-age=10")], young),
            (&[(&CACHE_CONTROL, "max-age=soon, ttl=60")], usual),
            (&[(&CACHE, "only-if-cached")], only),
            (&[(&CACHE, "ttl=60")], short),
            (&[(&CACHE, " ")], usual),
        ] {
            assert_eq!(wish(pairs), Ok(expected), "{pairs:?}");
        }
    }

    #[test]
    fn a_slip_in_our_own_header_is_refused() {
        for value in [
            "no-stor",
            "ttl=0",
            "ttl=soon",
            "ttl=86401",
            "max-age=-1",
            "no-cache=1",
        ] {
            let message = wish(&[(&CACHE, value)]).expect_err(value);
            assert!(message.contains("only-if-cached"), "{message}");
        }
    }
}
