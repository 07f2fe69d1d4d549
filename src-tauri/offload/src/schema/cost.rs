//! What checking can cost at most.
//!
//! Promises: the checker can't be stopped once it runs, so schemas that would run for ever (a `$ref` that leads
//! to itself without going deeper into the document) or for very long (each definition naming the one before
//! twice) are refused from their form alone. The bound is the number of times a part of the schema can be
//! applied to one value of the document, times the number of its values. Refuses `$ref`s that lead out of the
//! schema, and dynamic ones, which have no bound that can be read off.

use std::collections::HashMap;

use serde_json::{Map, Value};

use crate::Trouble;
use crate::arguments::{bad_input, too_much};

/// The most applications of a part of the schema to a value.
const APPLICATIONS: f64 = 500_000.0;
/// How many parts may be applied to one value within each other.
const WITHIN: usize = 64;
/// The most `$ref`s.
const REFERENCES: usize = 256;
/// How deep a document may be.
const DEPTH: usize = 128;

/// Refuses what could cost too much.
pub(super) fn refuse(schema: &Value, document: &Value) -> Result<(), Trouble> {
    let (values, depth) = size(document);
    if depth > DEPTH {
        return Err(too_much(format!("The document is more than {DEPTH} deep.")));
    }
    let mut cost = Cost {
        root: schema,
        known: HashMap::new(),
        within: Vec::new(),
        references: 0,
    };
    let applications = cost.of(schema, depth)? * values as f64;
    if applications > APPLICATIONS {
        return Err(too_much(
            "Checking this document against this schema could take too long: parts of the schema are applied to the same value many times over.",
        ));
    }
    Ok(())
}

/// The number of values, and how deep they stand.
fn size(value: &Value) -> (usize, usize) {
    let inner: Vec<(usize, usize)> = match value {
        Value::Array(values) => values.iter().map(size).collect(),
        Value::Object(entries) => entries.values().map(size).collect(),
        _ => Vec::new(),
    };
    let values: usize = inner.iter().map(|(values, _)| values).sum();
    let depth = inner.iter().map(|(_, depth)| depth + 1).max();
    (values + 1, depth.unwrap_or(0))
}

struct Cost<'a> {
    root: &'a Value,
    /// By the part's address, and how much deeper the document goes.
    known: HashMap<(usize, usize), f64>,
    within: Vec<usize>,
    references: usize,
}

impl<'a> Cost<'a> {
    /// How often parts are applied to one value that stands so deep.
    fn of(&mut self, schema: &'a Value, depth: usize) -> Result<f64, Trouble> {
        let Value::Object(keywords) = schema else {
            return Ok(1.0);
        };
        let address = std::ptr::from_ref(schema).addr();
        if let Some(known) = self.known.get(&(address, depth)) {
            return Ok(*known);
        }
        if self.within.contains(&address) {
            return Err(bad_input(
                "A `$ref` of the schema leads back to where it stands without going deeper into the document.",
            ));
        }
        if self.within.len() >= WITHIN {
            return Err(too_much(format!(
                "More than {WITHIN} parts of the schema are applied within each other."
            )));
        }
        self.look_at(keywords, address)?;
        self.within.push(address);
        let here = self.beside(keywords, depth)?;
        self.within.pop();
        let mut sum = 1.0 + here;
        if depth > 0 {
            // A deeper value begins anew.
            let within = std::mem::take(&mut self.within);
            sum += self.below(keywords, depth - 1)?;
            self.within = within;
        }
        self.known.insert((address, depth), sum);
        Ok(sum)
    }

    fn look_at(&self, keywords: &Map<String, Value>, address: usize) -> Result<(), Trouble> {
        for dynamic in ["$dynamicRef", "$recursiveRef"] {
            if keywords.get(dynamic).is_some_and(Value::is_string) {
                return Err(bad_input(format!(
                    "A schema with `{dynamic}` is not checked here: use `$ref`."
                )));
            }
        }
        let is_root = address == std::ptr::from_ref(self.root).addr();
        if !is_root
            && ["$id", "id"]
                .iter()
                .any(|id| keywords.get(*id).is_some_and(Value::is_string))
        {
            return Err(bad_input(
                "Only the whole schema may have an `$id`: those within it change where a `$ref` leads.",
            ));
        }
        Ok(())
    }

    /// What is applied to the same value.
    fn beside(&mut self, keywords: &'a Map<String, Value>, depth: usize) -> Result<f64, Trouble> {
        let mut sum = 0.0;
        if let Some(Value::String(reference)) = keywords.get("$ref") {
            let target = self.target(reference)?;
            sum += self.of(target, depth)?;
        }
        for (keyword, twice) in [
            ("allOf", 1.0),
            ("anyOf", 2.0),
            ("oneOf", 2.0),
            ("not", 2.0),
            ("if", 2.0),
            ("then", 1.0),
            ("else", 1.0),
            ("dependentSchemas", 1.0),
            ("dependencies", 1.0),
        ] {
            for part in parts(keywords.get(keyword), is_map(keyword)) {
                sum += self.of(part, depth)? * twice;
            }
        }
        let asks_again = ["unevaluatedProperties", "unevaluatedItems"];
        let again = if asks_again
            .iter()
            .any(|keyword| keywords.contains_key(*keyword))
        {
            2.0
        } else {
            1.0
        };
        Ok(sum * again)
    }

    /// What is applied to a value one level deeper: of properties and of items only one each.
    fn below(&mut self, keywords: &'a Map<String, Value>, depth: usize) -> Result<f64, Trouble> {
        let mut sum = 0.0;
        for one_of in [
            &["properties", "additionalProperties"],
            &["prefixItems", "items"],
            &["", "additionalItems"],
        ] {
            let mut most: f64 = 0.0;
            for keyword in one_of {
                for part in parts(keywords.get(*keyword), is_map(keyword)) {
                    most = most.max(self.of(part, depth)?);
                }
            }
            sum += most;
        }
        for keyword in [
            "patternProperties",
            "contains",
            "propertyNames",
            "unevaluatedItems",
            "unevaluatedProperties",
        ] {
            for part in parts(keywords.get(keyword), is_map(keyword)) {
                sum += self.of(part, depth)?;
            }
        }
        Ok(sum)
    }

    fn target(&mut self, reference: &str) -> Result<&'a Value, Trouble> {
        self.references += 1;
        if self.references > REFERENCES * DEPTH {
            return Err(too_much(format!(
                "The schema follows more than {REFERENCES} `$ref`s."
            )));
        }
        let pointer = reference.strip_prefix('#').filter(|pointer| {
            (pointer.is_empty() || pointer.starts_with('/')) && !pointer.contains('%')
        });
        let pointer = pointer.ok_or_else(|| {
            bad_input(format!(
                "The `$ref` `{reference}` leads out of the schema or to a name: only `#` and `#/…` are followed, and nothing is fetched."
            ))
        })?;
        self.root
            .pointer(pointer)
            .ok_or_else(|| bad_input(format!("The `$ref` `{reference}` leads nowhere.")))
    }
}

fn is_map(keyword: &str) -> bool {
    matches!(
        keyword,
        "properties" | "patternProperties" | "dependentSchemas" | "dependencies"
    )
}

/// A keyword's schemas.
fn parts(value: Option<&Value>, is_map: bool) -> Vec<&Value> {
    match value {
        Some(Value::Array(parts)) => parts.iter().collect(),
        Some(Value::Object(parts)) if is_map => parts.values().collect(),
        Some(part) => vec![part],
        None => Vec::new(),
    }
}
