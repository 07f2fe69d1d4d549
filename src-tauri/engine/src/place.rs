//! Where a conversation stands, as one number: for what can't be named.
//!
//! Promises: the same client, the same words of the user and the same calls and results since then
//! give the same place; spaces, the order of an object's keys and how a number is written make no
//! difference. What the model said or thought beside its calls is left out: tools trim it.
//! Leaves out: other runs of the program, whose numbers are others.

use std::hash::{BuildHasher as _, DefaultHasher, Hash, Hasher, RandomState};

use dialect::hub::{Kind, Message, Role};
use serde_json::Value;

/// One place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Place(u64);

/// Tells places, with a secret of this run so that nobody can aim at one.
#[derive(Debug, Default)]
pub(crate) struct Places(RandomState);

impl Places {
    /// Before the first message of a conversation.
    pub(crate) fn begin<'a>(&'a self, client: &'a str) -> Walk<'a> {
        Walk {
            places: self,
            client,
            hasher: self.turn(client),
        }
    }

    /// Behind the last of these messages.
    pub(crate) fn of(&self, client: &str, messages: &[Message]) -> Place {
        let mut walk = self.begin(client);
        messages.iter().for_each(|message| walk.pass(message));
        walk.here()
    }

    /// Of a call that was made at `place`.
    pub(crate) fn of_call(&self, place: Place, name: &str, arguments: &str) -> Place {
        let mut hasher = self.0.build_hasher();
        (place, name).hash(&mut hasher);
        add_arguments(arguments, &mut hasher);
        Place(hasher.finish())
    }

    fn turn(&self, client: &str) -> DefaultHasher {
        let mut hasher = self.0.build_hasher();
        client.hash(&mut hasher);
        hasher
    }
}

/// A way through a conversation, message by message.
pub(crate) struct Walk<'a> {
    places: &'a Places,
    client: &'a str,
    hasher: DefaultHasher,
}

impl Walk<'_> {
    /// Goes behind the next message. The user's begin a turn.
    pub(crate) fn pass(&mut self, message: &Message) {
        if message.role == Role::User {
            self.hasher = self.places.turn(self.client);
        }
        for part in &message.parts {
            add(&part.kind, message.role, &mut self.hasher);
        }
    }

    pub(crate) fn here(&self) -> Place {
        Place(self.hasher.finish())
    }
}

fn add(kind: &Kind, role: Role, hasher: &mut impl Hasher) {
    match kind {
        Kind::Text(text) if role != Role::Assistant => ("text", text).hash(hasher),
        Kind::ToolCall(call) => {
            ("call", &call.name).hash(hasher);
            add_arguments(&call.arguments, hasher);
        }
        Kind::ToolResult(result) => {
            ("result", &result.name).hash(hasher);
            for part in &result.parts {
                add(&part.kind, role, hasher);
            }
        }
        _ => {}
    }
}

fn add_arguments(text: &str, hasher: &mut impl Hasher) {
    match serde_json::from_str(text) {
        Ok(value) => add_value(&value, hasher),
        Err(_) => text.hash(hasher),
    }
}

fn add_value(value: &Value, hasher: &mut impl Hasher) {
    match value {
        Value::Null => 0_u8.hash(hasher),
        Value::Bool(flag) => (1_u8, flag).hash(hasher),
        Value::Number(number) => {
            let number = number.as_f64().unwrap_or_default();
            (2_u8, number.to_bits()).hash(hasher);
        }
        Value::String(text) => (3_u8, text).hash(hasher),
        Value::Array(each) => {
            (4_u8, each.len()).hash(hasher);
            each.iter().for_each(|one| add_value(one, hasher));
        }
        Value::Object(fields) => {
            (5_u8, fields.len()).hash(hasher);
            let mut fields: Vec<_> = fields.iter().collect();
            fields.sort_unstable_by_key(|(key, _)| *key);
            for (key, one) in fields {
                key.hash(hasher);
                add_value(one, hasher);
            }
        }
    }
}
