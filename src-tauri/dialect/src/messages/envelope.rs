//! The envelope of Claude at Vertex and Bedrock: the version in the body, the model in the path.
//!
//! Promises: a caller's own bytes get the same envelope without being written anew: what caches
//! and signatures are bound to stays as it is, to the byte.

use std::fmt;

use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use crate::hub::Hosting;
use crate::{Dialect, Endpoint, Malformed, Task};

/// The version that stands in the body there.
fn version(hosting: Hosting) -> Option<&'static str> {
    match hosting {
        Hosting::Vertex => Some("vertex-2023-10-16"),
        Hosting::Bedrock => Some("bedrock-2023-05-31"),
        Hosting::Own | Hosting::Azure => None,
    }
}

/// Whether a field has no place in the body there. Vertex wants the wish to stream in the body as
/// well as in the path.
fn is_in_path(field: &str, hosting: Hosting) -> bool {
    field == "model" || (field == "stream" && hosting == Hosting::Bedrock)
}

/// The body as Vertex and Bedrock want it. Other dialects hosted there are left as they are.
pub(crate) fn enveloped(
    mut body: Map<String, Value>,
    hosting: Hosting,
    dialect: Dialect,
) -> Map<String, Value> {
    let Some(version) = version(hosting).filter(|_| dialect == Dialect::Anthropic) else {
        return body;
    };
    body.retain(|field, _| !is_in_path(field, hosting));
    if !body.contains_key("anthropic_version") {
        body.insert("anthropic_version".to_owned(), version.into());
    }
    body
}

/// The same for a caller's own bytes in this dialect. `betas` are those of its header. The path of a
/// count is the same for every model, so its body names the model.
///
/// # Errors
/// When the body is no JSON object.
pub fn enveloped_verbatim(
    body: &[u8],
    endpoint: Endpoint,
    hosting: Hosting,
    betas: &[String],
) -> Result<Vec<u8>, Malformed> {
    let Fields(mut fields) = serde_json::from_slice(body).map_err(|e| Malformed::json(&e))?;
    if let Some(version) = version(hosting) {
        let counts = endpoint.task() == Task::Count;
        fields.retain(|(field, _)| !is_in_path(field, hosting) || counts && field == "model");
        if !fields.iter().any(|(field, _)| field == "anthropic_version") {
            fields.push(("anthropic_version".to_owned(), raw(&version.into())?));
        }
        add_betas(&mut fields, betas)?;
    }
    serde_json::to_vec(&Fields(fields)).map_err(|e| Malformed::json(&e))
}

/// Betas that the body names already stay in front.
fn add_betas(fields: &mut Vec<(String, Box<RawValue>)>, betas: &[String]) -> Result<(), Malformed> {
    if betas.is_empty() {
        return Ok(());
    }
    let place = fields
        .iter()
        .position(|(field, _)| field == "anthropic_beta");
    let mut all: Vec<String> = place
        .and_then(|at| fields.get(at))
        .and_then(|(_, named)| serde_json::from_str(named.get()).ok())
        .unwrap_or_default();
    for beta in betas {
        if !all.contains(beta) {
            all.push(beta.clone());
        }
    }
    let all = raw(&all.into())?;
    match place.and_then(|at| fields.get_mut(at)) {
        Some((_, named)) => *named = all,
        None => fields.push(("anthropic_beta".to_owned(), all)),
    }
    Ok(())
}

fn raw(value: &Value) -> Result<Box<RawValue>, Malformed> {
    serde_json::value::to_raw_value(value).map_err(|e| Malformed::json(&e))
}

/// The fields of a body in their order, their values untouched.
struct Fields(Vec<(String, Box<RawValue>)>);

impl<'de> Deserialize<'de> for Fields {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Fields, D::Error> {
        struct Each;
        impl<'de> Visitor<'de> for Each {
            type Value = Fields;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a JSON object")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Fields, A::Error> {
                let mut fields = Vec::new();
                while let Some(field) = map.next_entry()? {
                    fields.push(field);
                }
                Ok(Fields(fields))
            }
        }
        from.deserialize_map(Each)
    }
}

impl Serialize for Fields {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_map(self.0.iter().map(|(field, value)| (field, value)))
    }
}
