//! Makes and reads UUIDs.
//!
//! Promises: version 5 and reading are deterministic. **Versions 4 and 7 are drawn**: this is the one tool whose
//! answer differs each time, and so it must not be kept. Bounds: 100 at once, names of 64 KiB.

use jiff::Timestamp;
use serde_json::{Value, json};
use uuid::{Builder, Uuid, Variant};

use crate::arguments::{Fields, as_object, bad_input, bounded};
use crate::{Done, Output, Spec, Tool, Trouble};

/// The most at once.
const COUNT: u64 = 100;
/// The longest name, in bytes.
const NAME: usize = 64 * 1024;

const FIELDS: [&str; 5] = ["action", "count", "namespace", "name", "uuid"];
const ACTIONS: [&str; 4] = ["v4", "v7", "v5", "parse"];

/// What is said of it.
pub(crate) fn spec() -> Spec {
    Spec {
        tool: Tool::Uuid,
        what: "Makes UUIDs (v4: random, v7: random and sorted by time, v5: of a namespace and a name) and reads them. \
               v4 and v7 differ each time."
            .to_owned(),
        arguments: json!({
            "type": "object",
            "properties": {
                "action": {"type": "string", "enum": ACTIONS, "description": "`v4` where it is not said."},
                "count": {"type": "integer", "minimum": 1, "maximum": COUNT, "description": "Of v4 and v7: how many; one where it is not said."},
                "namespace": {"type": "string", "description": "Of v5: `dns`, `url`, `oid`, `x500` or a UUID."},
                "name": {"type": "string", "description": "Of v5: the name in its namespace."},
                "uuid": {"type": "string", "description": "Of `parse`: the UUID that is read."}
            },
            "additionalProperties": false
        }),
    }
}

/// `v4`, `v7`, `v4 5` (five of them), `v5 dns example.com`, or a UUID that is read.
pub(crate) fn arguments_of(text: &str) -> Result<Value, Trouble> {
    if let Some(object) = as_object(text) {
        return Ok(object);
    }
    let text = text.trim();
    let mut words = text.splitn(3, ' ');
    match (words.next(), words.next(), words.next()) {
        (Some("" | "v4"), None, _) => Ok(json!({ "action": "v4" })),
        (Some("v7"), None, _) => Ok(json!({ "action": "v7" })),
        (Some(action @ ("v4" | "v7")), Some(count), None) if count.parse::<u64>().is_ok() => {
            Ok(json!({ "action": action, "count": count.parse::<u64>().unwrap_or(0) }))
        }
        (Some("v5"), Some(namespace), Some(name)) => {
            Ok(json!({ "action": "v5", "namespace": namespace, "name": name }))
        }
        (Some("parse"), Some(uuid), None) => Ok(json!({ "action": "parse", "uuid": uuid })),
        (Some(uuid), None, _) if Uuid::try_parse(uuid).is_ok() => {
            Ok(json!({ "action": "parse", "uuid": uuid }))
        }
        _ => Err(bad_input(
            "Write `v4`, `v7`, `v4 5` for five of them, `v5 dns example.com`, or a UUID that is to be read.",
        )),
    }
}

/// Makes or reads.
pub(crate) fn run(arguments: &Value, now: Timestamp) -> Result<Done, Trouble> {
    let fields = Fields::of(arguments, &FIELDS)?;
    let action = fields.choice("action", &ACTIONS)?;
    let belongs: &[&str] = match action {
        "v5" => &["namespace", "name"],
        "parse" => &["uuid"],
        _ => &["count"],
    };
    for name in &FIELDS[1..] {
        if fields.any(name).is_some() && !belongs.contains(name) {
            return Err(bad_input(format!(
                "The argument `{name}` does not belong to `{action}`."
            )));
        }
    }
    match action {
        "parse" => read(fields.text("uuid")?),
        "v5" => {
            let name = fields.text("name")?;
            bounded("name", name, NAME)?;
            let namespace = namespace(fields.text("namespace")?)?;
            Ok(Done::text(
                Uuid::new_v5(&namespace, name.as_bytes()).to_string(),
            ))
        }
        _ => {
            let count = fields.whole("count", 1, COUNT)?.unwrap_or(1);
            let made: Vec<String> = (0..count).map(|_| made(action, now).to_string()).collect();
            let text = made.join("\n");
            Ok(Done {
                result: if count == 1 {
                    Value::from(text.as_str())
                } else {
                    json!(made)
                },
                text,
                working: None,
                output: Output::default(),
            })
        }
    }
}

fn made(action: &str, now: Timestamp) -> Uuid {
    let drawn = Uuid::new_v4();
    if action == "v4" {
        return drawn;
    }
    let mut bytes = [0; 10];
    // Its last ten bytes have 74 bits of chance, as many as version 7 wants; the variant is set anew.
    bytes.copy_from_slice(&drawn.as_bytes()[6..]);
    bytes[0] = drawn.as_bytes()[0];
    bytes[2] = drawn.as_bytes()[1];
    let millis = u64::try_from(now.as_millisecond()).unwrap_or(0);
    Builder::from_unix_timestamp_millis(millis, &bytes).into_uuid()
}

fn namespace(word: &str) -> Result<Uuid, Trouble> {
    match word {
        "dns" => Ok(Uuid::NAMESPACE_DNS),
        "url" => Ok(Uuid::NAMESPACE_URL),
        "oid" => Ok(Uuid::NAMESPACE_OID),
        "x500" => Ok(Uuid::NAMESPACE_X500),
        other => Uuid::try_parse(other).map_err(|_| {
            bad_input("The argument `namespace` is none of dns, url, oid, x500, and no UUID.")
        }),
    }
}

fn read(written: &str) -> Result<Done, Trouble> {
    let uuid = Uuid::try_parse(written.trim())
        .map_err(|error| bad_input(format!("That is no UUID: {error}.")))?;
    let is_standard = uuid.get_variant() == Variant::RFC4122;
    let version = is_standard.then(|| uuid.get_version_num());
    let made = uuid
        .get_timestamp()
        .filter(|_| is_standard)
        .and_then(|made| {
            let (seconds, nanos) = made.to_unix();
            let made = Timestamp::new(i64::try_from(seconds).ok()?, i32::try_from(nanos).ok()?);
            made.ok().map(|made| made.to_string())
        });
    let mut text = uuid.to_string();
    match version {
        Some(version) => text += &format!(", version {version}"),
        None if uuid.is_nil() => text += ", nil",
        None => text += ", of no standard version",
    }
    if let Some(made) = &made {
        text += &format!(", made {made}");
    }
    Ok(Done {
        text,
        result: json!({ "uuid": uuid.to_string(), "version": version, "made": made }),
        working: None,
        output: Output::default(),
    })
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    fn ask(plain: &str) -> Result<Done, Trouble> {
        run(
            &arguments_of(plain)?,
            "2024-05-15T12:00:00Z".parse().unwrap(),
        )
    }

    #[test]
    fn a_uuid_of_a_name_is_always_the_same() {
        let made = ask("v5 dns www.example.com").unwrap().text;
        assert_eq!(made, "2ed6657d-e927-568b-95e1-2665a8aea6a2");
    }

    #[test]
    fn drawn_ones_differ_and_are_of_their_version() {
        for (plain, version) in [("v4 100", '4'), ("v7 100", '7')] {
            let text = ask(plain).unwrap().text;
            let all: HashSet<&str> = text.lines().collect();
            assert_eq!(all.len(), 100);
            for one in all {
                assert_eq!(one.chars().nth(14), Some(version));
                assert!("89ab".contains(one.chars().nth(19).unwrap()));
            }
        }
        let read = ask(&ask("v7").unwrap().text).unwrap();
        assert_eq!(read.result["made"], json!("2024-05-15T12:00:00Z"));
    }

    #[test]
    fn what_is_no_uuid_is_said_to_be_none() {
        for plain in [
            "v4 101",
            "v4 0",
            "v6",
            "not-a-uuid",
            "parse 123",
            "v5 www example.com",
            "v5 dns",
            r#"{"action": "v4", "name": "x"}"#,
        ] {
            assert!(ask(plain).is_err(), "{plain}");
        }
        assert_eq!(
            ask("00000000-0000-0000-0000-000000000000").unwrap().text,
            "00000000-0000-0000-0000-000000000000, nil"
        );
    }
}
