//! A document, whatever it is written in.
//!
//! Promises: keys in their order, whole numbers of any length, a bound for what YAML's aliases may unfold
//! (200,000 values) and for how deep values may stand in each other (64).

use std::collections::HashSet;
use std::fmt;

use serde::de::{
    Deserialize, DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor,
};
use serde::ser::{Error as _, Serialize, SerializeMap, SerializeSeq, Serializer};

use super::json;
use crate::Trouble;
use crate::arguments::{bad_input, too_much};

/// How deep values may stand within each other.
pub(super) const DEPTH: usize = 64;
/// The most values that YAML's aliases may unfold into.
const UNFOLDED: usize = 200_000;
/// A decimal of so many digits is the same in every notation.
const DIGITS: usize = 15;
/// From here on a YAML number may be one that was rounded when it was read: 2^64.
const EXACT: f64 = 18_446_744_073_709_551_616.0;

/// One of the notations.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Notation {
    Json,
    Yaml,
    Toml,
}

impl Notation {
    /// By its word.
    pub(crate) fn of(word: &str) -> Notation {
        match word {
            "yaml" => Notation::Yaml,
            "toml" => Notation::Toml,
            _ => Notation::Json,
        }
    }

    /// As people write it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Notation::Json => "JSON",
            Notation::Yaml => "YAML",
            Notation::Toml => "TOML",
        }
    }
}

/// A document that could not be read.
#[derive(Debug)]
pub(crate) struct Unread {
    pub(crate) what: String,
    /// It may be valid, but is more than may be read.
    pub(crate) is_too_much: bool,
}

impl Unread {
    pub(super) fn new(what: impl fmt::Display) -> Unread {
        // Of a parser's drawing of the place, the first line says what is wrong.
        let what = what.to_string();
        let limits = ["limit", "budget", "too deep", "exceeded"];
        Unread {
            is_too_much: limits.iter().any(|word| what.contains(word)),
            what,
        }
    }

    /// As an error.
    pub(crate) fn trouble(&self, notation: Notation) -> Trouble {
        let said = format!(
            "The document is no valid {}: {}.",
            notation.name(),
            self.what.trim_end_matches('.')
        );
        match self.is_too_much {
            true => too_much(format!(
                "The document is too large or too deep: {}.",
                self.what
            )),
            false => bad_input(said),
        }
    }
}

/// A value.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Tree {
    Null,
    Bool(bool),
    /// As JSON writes it.
    Number(String),
    Text(String),
    List(Vec<Tree>),
    Map(Vec<(String, Tree)>),
}

impl Tree {
    /// Reads a document.
    pub(crate) fn read(text: &str, notation: Notation) -> Result<Tree, Unread> {
        match notation {
            Notation::Json => json::read(text),
            Notation::Yaml => {
                let mut options = serde_saphyr::options! {
                    budget: serde_saphyr::budget! {
                        max_depth: DEPTH,
                        max_nodes: UNFOLDED,
                        max_documents: 1,
                        max_recorded_anchor_events: UNFOLDED,
                    },
                    with_snippet: false,
                    // As YAML 1.2 has it: `yes` and `010` are no truth and no ten.
                    strict_booleans: true,
                    leading_zero_numbers_as_strings: true,
                    underscored_numbers_as_strings: true,
                    null_as_string: true,
                };
                options.alias_limits.max_total_replayed_events = UNFOLDED;
                let tree: Tree =
                    serde_saphyr::from_str_with_options(text, options).map_err(|error| {
                        // Only keys are asked for as texts.
                        let said = error.to_string();
                        Unread::new(
                            said.replace("expected string scalar", "a key is a list or a map"),
                        )
                    })?;
                tree.is_read_exactly().map(|()| tree)
            }
            Notation::Toml => toml::from_str::<Tree>(text).map_err(|error| {
                let at = error
                    .span()
                    .map(|span| place(text, span.start))
                    .unwrap_or_default();
                Unread::new(format!(
                    "{}{at}",
                    error.message().trim().replace('\n', ", ")
                ))
            }),
        }
    }

    /// Writes it, or says why that notation can't hold it.
    pub(crate) fn write(&self, notation: Notation, is_pretty: bool) -> Result<String, String> {
        if notation == Notation::Json {
            let mut text = String::new();
            json::write(self, is_pretty.then_some(0), &mut text);
            return Ok(text);
        }
        self.fits(notation, &mut String::new())?;
        match notation {
            Notation::Yaml => serde_saphyr::to_string(self).map_err(|error| error.to_string()),
            _ => toml::to_string_pretty(self).map_err(|error| error.to_string()),
        }
    }

    /// A whole number of more than 64 bits comes from the YAML reader as a double, in other digits.
    fn is_read_exactly(&self) -> Result<(), Unread> {
        match self {
            Tree::Number(number) if number.contains(['.', 'e']) => match number.parse::<f64>() {
                Ok(value) if value.abs() < EXACT => Ok(()),
                _ => Err(Unread::new(
                    "a number is beyond the limit of what is read exactly, which is 64 bits: put it in quotes",
                )),
            },
            Tree::List(values) => values.iter().try_for_each(Tree::is_read_exactly),
            Tree::Map(entries) => entries
                .iter()
                .try_for_each(|(_, value)| value.is_read_exactly()),
            _ => Ok(()),
        }
    }

    /// Sorts the keys of all maps.
    pub(crate) fn sort(&mut self) {
        match self {
            Tree::List(values) => values.iter_mut().for_each(Tree::sort),
            Tree::Map(entries) => {
                entries.sort_by(|(a, _), (b, _)| a.cmp(b));
                entries.iter_mut().for_each(|(_, value)| value.sort());
            }
            _ => {}
        }
    }

    fn fits(&self, notation: Notation, at: &mut String) -> Result<(), String> {
        let is_toml = notation == Notation::Toml;
        let refuse = |what: &str| Err(format!("{} {what} (at `{at}`).", notation.name()));
        match self {
            Tree::Map(_) => {}
            _ if is_toml && at.is_empty() => {
                return refuse("documents are tables: this one is none");
            }
            Tree::Null if is_toml => return refuse("has no null"),
            Tree::Number(number) => {
                let is_whole = number
                    .bytes()
                    .all(|byte| byte.is_ascii_digit() || byte == b'-');
                let fits = match (is_whole, is_toml) {
                    (true, true) => number.parse::<i64>().is_ok(),
                    (true, false) => number.parse::<i128>().is_ok(),
                    (false, _) => {
                        digits(number) <= DIGITS && number.parse::<f64>().is_ok_and(f64::is_finite)
                    }
                };
                if !fits {
                    return refuse(&format!("can't hold the number {number} exactly"));
                }
            }
            _ => {}
        }
        let length = at.len();
        let mut into = |step: &str, value: &Tree| {
            at.push('/');
            at.push_str(step);
            let fits = value.fits(notation, at);
            at.truncate(length);
            fits
        };
        match self {
            Tree::List(values) => values
                .iter()
                .enumerate()
                .try_for_each(|(step, value)| into(&step.to_string(), value)),
            Tree::Map(entries) => entries.iter().try_for_each(|(key, value)| into(key, value)),
            _ => Ok(()),
        }
    }
}

/// The significant digits of a number.
fn digits(number: &str) -> usize {
    let mantissa = number.split(['e', 'E']).next().unwrap_or("");
    let digits: String = mantissa.chars().filter(char::is_ascii_digit).collect();
    digits.trim_start_matches('0').trim_end_matches('0').len()
}

/// Where in a text a byte is.
fn place(text: &str, byte: usize) -> String {
    let before = text.get(..byte).unwrap_or(text);
    let line = before.matches('\n').count() + 1;
    let column = before.chars().rev().take_while(|c| *c != '\n').count() + 1;
    format!(" at line {line} column {column}")
}

impl<'de> Deserialize<'de> for Tree {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Tree, D::Error> {
        Level(0).deserialize(from)
    }
}

/// How deep it stands.
#[derive(Clone, Copy)]
struct Level(usize);

impl<'de> DeserializeSeed<'de> for Level {
    type Value = Tree;

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<Tree, D::Error> {
        if self.0 > DEPTH {
            return Err(D::Error::custom(format!(
                "values stand more than {DEPTH} deep, which is the limit"
            )));
        }
        from.deserialize_any(self)
    }
}

/// A key as it is spelled: `on`, `1.0` and `~` are texts there.
struct Key;

impl<'de> DeserializeSeed<'de> for Key {
    type Value = String;

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<String, D::Error> {
        from.deserialize_string(self)
    }
}

impl<'de> Visitor<'de> for Key {
    type Value = String;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text as a key")
    }

    fn visit_str<E>(self, key: &str) -> Result<String, E> {
        Ok(key.to_owned())
    }

    fn visit_string<E>(self, key: String) -> Result<String, E> {
        Ok(key)
    }
}

impl<'de> Visitor<'de> for Level {
    type Value = Tree;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Tree, E> {
        Ok(Tree::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Tree, E> {
        Ok(Tree::Number(value.to_string()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Tree, E> {
        Ok(Tree::Number(value.to_string()))
    }

    fn visit_i128<E>(self, value: i128) -> Result<Tree, E> {
        Ok(Tree::Number(value.to_string()))
    }

    fn visit_u128<E>(self, value: u128) -> Result<Tree, E> {
        Ok(Tree::Number(value.to_string()))
    }

    fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<Tree, E> {
        let number = serde_json::Number::from_f64(value);
        let number =
            number.ok_or_else(|| E::custom("a number is not finite, which JSON can't hold"))?;
        Ok(Tree::Number(number.to_string()))
    }

    fn visit_str<E>(self, value: &str) -> Result<Tree, E> {
        Ok(Tree::Text(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> Result<Tree, E> {
        Ok(Tree::Text(value))
    }

    fn visit_unit<E>(self) -> Result<Tree, E> {
        Ok(Tree::Null)
    }

    fn visit_none<E>(self) -> Result<Tree, E> {
        Ok(Tree::Null)
    }

    fn visit_some<D: Deserializer<'de>>(self, from: D) -> Result<Tree, D::Error> {
        self.deserialize(from)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut from: A) -> Result<Tree, A::Error> {
        let mut values = Vec::new();
        while let Some(value) = from.next_element_seed(Level(self.0 + 1))? {
            values.push(value);
        }
        Ok(Tree::List(values))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut from: A) -> Result<Tree, A::Error> {
        let mut entries: Vec<(String, Tree)> = Vec::new();
        let mut seen = HashSet::new();
        while let Some(key) = from.next_key_seed(Key)? {
            let value = from.next_value_seed(Level(self.0 + 1))?;
            // How toml hands over its dates.
            if key == "$__toml_private_datetime" {
                return Ok(value);
            }
            if !seen.insert(key.clone()) {
                return Err(A::Error::custom(format!("the key `{key}` stands twice")));
            }
            entries.push((key, value));
        }
        Ok(Tree::Map(entries))
    }
}

impl Serialize for Tree {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match self {
            Tree::Null => to.serialize_unit(),
            Tree::Bool(value) => to.serialize_bool(*value),
            Tree::Number(number) => match (
                number.parse::<i64>(),
                number.parse::<i128>(),
                number.parse::<f64>(),
            ) {
                (Ok(whole), ..) => to.serialize_i64(whole),
                (_, Ok(whole), _) => to.serialize_i128(whole),
                (.., Ok(decimal)) => to.serialize_f64(decimal),
                _ => Err(S::Error::custom(format!("`{number}` is no number"))),
            },
            Tree::Text(text) => to.serialize_str(text),
            Tree::List(values) => {
                let mut list = to.serialize_seq(Some(values.len()))?;
                for value in values {
                    list.serialize_element(value)?;
                }
                list.end()
            }
            Tree::Map(entries) => {
                let mut map = to.serialize_map(Some(entries.len()))?;
                for (key, value) in entries {
                    map.serialize_entry(key, value)?;
                }
                map.end()
            }
        }
    }
}
