//! Where a prompt's beginning is still in a provider's cache.
//!
//! A prompt is a chain of blocks: tools, system, each message. The hash of each
//! block holds all before it, so equal hashes mean equal beginnings. Whoever
//! served a chain remembers it for a while; the longest beginning that a contender
//! has seen lately is what it need not read again, and that is money and time,
//! which the score already counts.
//!
//! Some conversations can go on in one place only: whoever gave a response keeps the
//! state that its name stands for.
//!
//! Promises: bounded, and no text is kept: hashes only. Leaves out what a provider
//! really had in its cache, which the usage of the answer tells.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::time::Duration;

use crate::health::Via;
use crate::moment::Moment;

/// Links of one prompt that are kept; of longer ones, the last.
const LINKS: usize = 256;
/// Links that are remembered in each of two generations, 24 bytes each.
const REMEMBERED: usize = 16_384;

/// A beginning of a prompt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Link {
    hash: u64,
    /// Its tokens.
    pub tokens: u64,
}

/// A prompt's beginnings, shortest first, from its blocks and their tokens.
pub fn chain<'b>(blocks: impl Iterator<Item = (&'b [u8], u64)>) -> Vec<Link> {
    let mut links: Vec<Link> = Vec::new();
    let (mut before, mut tokens) = (0, 0_u64);
    for (block, more) in blocks {
        let mut hasher = DefaultHasher::new();
        (before, block).hash(&mut hasher);
        before = hasher.finish();
        tokens = tokens.saturating_add(more);
        if links.len() == LINKS {
            links.remove(0);
        }
        links.push(Link {
            hash: before,
            tokens,
        });
    }
    links
}

/// Who has served which beginnings.
#[derive(Debug, Default)]
pub struct Prefixes {
    /// When the young are full they become the old, and the old are forgotten.
    young: HashMap<u64, Moment>,
    old: HashMap<u64, Moment>,
}

impl Prefixes {
    /// Somebody serves this prompt.
    pub fn served(&mut self, chain: &[Link], via: &Via<'_>, now: Moment) {
        let who = who(via);
        for link in chain {
            if self.young.len() >= REMEMBERED {
                self.old = std::mem::take(&mut self.young);
            }
            self.young.insert(link.hash ^ who, now);
        }
    }

    /// Tokens that its cache should hold of the longest beginning it served within
    /// `life`. The longer ago that was, the more likely others have pushed it out:
    /// the count falls steadily to nothing.
    pub fn warm(&self, chain: &[Link], via: &Via<'_>, life: Duration, now: Moment) -> u64 {
        let who = who(via);
        let seen = |link: &Link| {
            let hash = link.hash ^ who;
            let at = self.young.get(&hash).or_else(|| self.old.get(&hash))?;
            let left = 1.0 - now.seconds_since(*at) / life.as_secs_f64();
            (left > 0.0).then_some((link.tokens as f64 * left) as u64)
        };
        chain.iter().rev().find_map(seen).unwrap_or(0)
    }
}

/// Who gave which response.
#[derive(Debug, Default)]
pub struct Issued {
    young: HashMap<u64, u64>,
    old: HashMap<u64, u64>,
}

impl Issued {
    /// Somebody gave the response of this name.
    pub fn by(&mut self, response: &str, via: &Via<'_>) {
        if self.young.len() >= REMEMBERED {
            self.old = std::mem::take(&mut self.young);
        }
        self.young.insert(hashed(response), account(via));
    }

    /// Whether this one gave it; `None` when nobody is known to have.
    pub fn is_by(&self, response: &str, via: &Via<'_>) -> Option<bool> {
        let name = hashed(response);
        let account_of = self.young.get(&name).or_else(|| self.old.get(&name))?;
        Some(*account_of == account(via))
    }
}

fn hashed(text: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    hasher.finish()
}

/// State belongs to an account, whichever model goes on from it.
fn account(via: &Via<'_>) -> u64 {
    let mut hasher = DefaultHasher::new();
    (via.provider, via.key).hash(&mut hasher);
    hasher.finish()
}

/// Caches belong to an account and a model.
fn who(via: &Via<'_>) -> u64 {
    let mut hasher = DefaultHasher::new();
    (via.provider, via.model, via.key).hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIFE: Duration = Duration::from_secs(300);

    fn via(provider: &str) -> Via<'_> {
        Via {
            provider,
            model: "anvil",
            key: "main",
            local: false,
        }
    }

    fn prompt(blocks: &[&str]) -> Vec<Link> {
        chain(blocks.iter().map(|block| (block.as_bytes(), 100)))
    }

    #[test]
    fn the_longest_shared_beginning_is_warm() {
        let mut prefixes = Prefixes::default();
        let now = Moment::from_ms(1_000);
        prefixes.served(&prompt(&["tools", "system", "hello"]), &via("acme"), now);
        for (blocks, provider, later_s, tokens) in [
            (&["tools", "system", "hello", "more"][..], "acme", 0, 300),
            (&["tools", "system", "bye"], "acme", 0, 200),
            (&["system", "tools"], "acme", 0, 0),
            (&["tools", "system"], "bolt", 0, 0),
            (&["tools", "system"], "acme", 150, 100),
            (&["tools", "system"], "acme", 300, 0),
            (&[], "acme", 0, 0),
        ] {
            let later = now.after(Duration::from_secs(later_s));
            let warm = prefixes.warm(&prompt(blocks), &via(provider), LIFE, later);
            assert_eq!(warm, tokens, "{blocks:?} at {provider}");
        }
    }

    #[test]
    fn a_response_is_gone_on_from_at_the_account_that_gave_it() {
        let mut issued = Issued::default();
        issued.by("resp_1", &via("acme"));
        let other_model = Via {
            model: "hammer",
            ..via("acme")
        };
        for (response, via, by) in [
            ("resp_1", via("acme"), Some(true)),
            ("resp_1", other_model, Some(true)),
            ("resp_1", via("bolt"), Some(false)),
            ("resp_2", via("acme"), None),
        ] {
            assert_eq!(issued.is_by(response, &via), by, "{response} {via:?}");
        }
        for n in 0..REMEMBERED * 3 {
            issued.by(&n.to_string(), &via("acme"));
        }
        assert!(issued.young.len() + issued.old.len() <= 2 * REMEMBERED);
        assert_eq!(issued.is_by("resp_1", &via("acme")), None);
    }

    #[test]
    fn many_prompts_push_out_the_oldest() {
        let mut prefixes = Prefixes::default();
        let now = Moment::from_ms(1_000);
        for n in 0..REMEMBERED * 3 {
            prefixes.served(&prompt(&[&n.to_string()]), &via("acme"), now);
        }
        assert!(prefixes.young.len() + prefixes.old.len() <= 2 * REMEMBERED);
        let warm = |text: &str| prefixes.warm(&prompt(&[text]), &via("acme"), LIFE, now);
        assert_eq!(
            (warm("0"), warm(&(REMEMBERED * 3 - 1).to_string())),
            (0, 100)
        );
        assert_eq!(prompt(&["x"; 1_000]).len(), LINKS);
    }
}
