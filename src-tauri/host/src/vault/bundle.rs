//! All provider keys as one text, and the items that text is kept in.
//!
//! Promises: pure, and what is packed is what is unpacked. One item for all keys,
//! because macOS may ask for a password once per item; several only where an
//! item can't hold them (Windows: 2,560 bytes).
//!
//! Where several are needed, the first item names the others, and a new set
//! gets new names: whatever is killed half-way, the first item points at a
//! whole set.

use std::collections::BTreeMap;
use std::sync::Arc;

use secrecy::zeroize::Zeroizing;
use secrecy::{ExposeSecret, SecretString};

/// Name to key.
pub(super) type Keys = BTreeMap<String, Arc<SecretString>>;
/// A text that is wiped when it goes.
pub(super) type Text = Zeroizing<Vec<u8>>;

/// Begins the first item when the rest is elsewhere. JSON begins with `{`.
const PARTS: &str = "signalbox-parts ";
/// More parts than any bundle needs.
const MOST_PARTS: usize = 4_096;

/// The keys as JSON.
pub(super) fn pack(keys: &Keys) -> Result<Text, String> {
    let exposed: BTreeMap<&str, &str> = keys
        .iter()
        .map(|(name, key)| (name.as_str(), key.expose_secret()))
        .collect();
    // Room from the start (a JSON escape has six bytes at most), because a buffer
    // that grows leaves copies behind that nobody wipes.
    let room = exposed
        .iter()
        .map(|(name, key)| 6 * (name.len() + key.len()) + 6)
        .sum::<usize>();
    let mut text = Zeroizing::new(Vec::with_capacity(room + 2));
    serde_json::to_writer(&mut *text, &exposed)
        .map_err(|_| "the keys could not be written as JSON".to_owned())?;
    Ok(text)
}

/// The keys of a JSON text. The error never tells the text.
pub(super) fn unpack(text: &[u8]) -> Result<Keys, String> {
    let keys: BTreeMap<String, String> =
        serde_json::from_slice(text).map_err(|_| "it is not what Signalbox wrote".to_owned())?;
    Ok(keys
        .into_iter()
        .map(|(name, key)| (name, Arc::new(SecretString::from(key))))
        .collect())
}

/// What an item of the keychain is to hold, by the end of its name.
pub(super) struct Item {
    /// Put behind the first item's name; empty for the first.
    pub(super) suffix: String,
    pub(super) text: Text,
}

/// The items for a text when one holds `limit` bytes, in the order they must be
/// written: the first item comes last. `generation` names the set.
pub(super) fn split(text: &Text, limit: Option<usize>, generation: &str) -> Vec<Item> {
    let limit = limit.unwrap_or(usize::MAX).max(1);
    if text.len() <= limit {
        return vec![Item {
            suffix: String::new(),
            text: text.clone(),
        }];
    }
    let mut items: Vec<Item> = text
        .chunks(limit)
        .enumerate()
        .map(|(index, part)| Item {
            suffix: suffix(generation, index),
            text: Zeroizing::new(part.to_vec()),
        })
        .collect();
    let head = format!("{PARTS}{} {generation}", items.len());
    items.push(Item {
        suffix: String::new(),
        text: Zeroizing::new(head.into_bytes()),
    });
    items
}

/// The ends of the names of the items that a first item points at; empty when
/// it holds everything itself.
pub(super) fn parts(first: &[u8]) -> Result<Vec<String>, String> {
    let Some(rest) = first.strip_prefix(PARTS.as_bytes()) else {
        return Ok(Vec::new());
    };
    let damaged = || "its list of parts is damaged".to_owned();
    let rest = std::str::from_utf8(rest).map_err(|_| damaged())?;
    let (count, generation) = rest.split_once(' ').ok_or_else(damaged)?;
    let count: usize = count.parse().map_err(|_| damaged())?;
    if count > MOST_PARTS {
        return Err(damaged());
    }
    Ok((0..count).map(|index| suffix(generation, index)).collect())
}

fn suffix(generation: &str, index: usize) -> String {
    format!(".{generation}.{index}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(count: usize) -> Keys {
        (0..count)
            .map(|number| {
                let key = format!("sk-{number}-\"\\é-{}", "k".repeat(100));
                (
                    format!("provider-{number}"),
                    Arc::new(SecretString::from(key)),
                )
            })
            .collect()
    }

    fn same(one: &Keys, other: &Keys) -> bool {
        one.len() == other.len()
            && one
                .iter()
                .zip(other)
                .all(|((name, key), (other_name, other_key))| {
                    name == other_name && key.expose_secret() == other_key.expose_secret()
                })
    }

    #[test]
    fn what_is_packed_is_unpacked() {
        for count in [0, 1, 40] {
            let text = pack(&keys(count)).unwrap();
            assert!(same(&unpack(&text).unwrap(), &keys(count)));
        }
    }

    #[test]
    fn a_text_is_split_and_joined_at_any_limit() {
        let text = pack(&keys(30)).unwrap();
        for limit in [
            Some(1),
            Some(7),
            Some(2_560),
            Some(text.len()),
            Some(text.len() - 1),
            None,
        ] {
            let items = split(&text, limit, "g1");
            let most = limit.unwrap_or(usize::MAX).max(64);
            assert!(
                items.iter().all(|item| item.text.len() <= most),
                "{limit:?}"
            );
            let first = items.last().unwrap();
            assert_eq!(first.suffix, "");
            if limit.is_some_and(|limit| limit == 1) {
                continue; // more parts than we would ever read
            }
            let suffixes = parts(&first.text).unwrap();
            let joined: Vec<u8> = if suffixes.is_empty() {
                first.text.to_vec()
            } else {
                let part = |suffix| items.iter().find(|item| &item.suffix == suffix).unwrap();
                suffixes
                    .iter()
                    .flat_map(|suffix| part(suffix).text.to_vec())
                    .collect()
            };
            assert!(same(&unpack(&joined).unwrap(), &keys(30)), "{limit:?}");
        }
    }

    #[test]
    fn sets_of_parts_share_no_name() {
        let text = pack(&keys(3)).unwrap();
        let names = |generation| -> Vec<String> {
            split(&text, Some(100), generation)
                .iter()
                .map(|item| item.suffix.clone())
                .collect()
        };
        let (one, other) = (names("a"), names("b"));
        assert!(
            one.iter()
                .filter(|name| !name.is_empty())
                .all(|name| !other.contains(name))
        );
    }

    #[test]
    fn a_stranger_s_text_is_an_error_that_does_not_tell_it() {
        for text in ["hunter2", "[\"hunter2\"]", "{\"hunter2\":1}", "\u{0}"] {
            let error = unpack(text.as_bytes()).unwrap_err();
            assert!(!error.contains("hunter2"), "{error}");
        }
        for first in [
            "signalbox-parts x y",
            "signalbox-parts 9",
            "signalbox-parts 99999 a",
        ] {
            assert!(parts(first.as_bytes()).is_err(), "{first}");
        }
    }
}
