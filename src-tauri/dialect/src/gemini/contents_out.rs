//! `contents` and `systemInstruction`, written.
//!
//! Promises: what one side says in a row is one content; calls that a newer model would refuse
//! for want of a signature carry the word that Google documents for history from elsewhere.

use serde_json::{Value, json};

use super::fields::{Object, give_back};
use super::model::is_third;
use super::{calls, mime, seals};
use crate::Dialect;
use crate::hub::{
    Kind, Media, Message, Notes, Part, Reasoning, Refused, Role, Sealed, Source, Target, ToolCall,
    ToolResult,
};
use crate::json::object;

/// The conversation as Google takes it.
pub(super) struct Written {
    pub(super) system: Option<Value>,
    pub(super) contents: Vec<Value>,
}

/// Writes the conversation.
pub(super) fn conversation(
    messages: Vec<Message>,
    target: &Target<'_>,
    notes: &mut Notes,
) -> Result<Written, Refused> {
    let mut writer = Writer {
        new_model: is_third(target.model),
        notes,
        turns: Vec::new(),
    };
    let mut system = Vec::new();
    let mut leading = true;
    for message in messages {
        leading &= matches!(message.role, Role::System | Role::Developer);
        if leading {
            writer.system(message, &mut system)?;
        } else {
            writer.message(message)?;
        }
    }
    if writer.new_model {
        writer.sign();
    }
    let contents = writer.turns.into_iter().map(Turn::written).collect();
    Ok(Written {
        system: (!system.is_empty()).then(|| object([("parts", system.into())])),
        contents,
    })
}

struct Writer<'a> {
    new_model: bool,
    notes: &'a mut Notes,
    turns: Vec<Turn>,
}

struct Turn {
    role: &'static str,
    parts: Vec<Value>,
    /// Fields of its own: nothing joins it.
    rest: Object,
}

impl Turn {
    fn written(self) -> Value {
        let mut content = Object::new();
        content.insert("role".to_owned(), self.role.into());
        content.insert("parts".to_owned(), Value::Array(self.parts));
        super::fields::merge(&mut content, self.rest);
        Value::Object(content)
    }
}

impl Writer<'_> {
    fn system(&mut self, message: Message, parts: &mut Vec<Value>) -> Result<(), Refused> {
        let mut rest = Object::new();
        give_back(&mut rest, message.extras, "messages.", self.notes);
        for part in message.parts {
            if matches!(part.kind, Kind::Text(_) | Kind::Opaque(_)) {
                self.part(part, parts)?;
            } else {
                let why = "Gemini's system instruction is text";
                self.notes.refuse("system.content", why)?;
            }
        }
        Ok(())
    }

    fn message(&mut self, message: Message) -> Result<(), Refused> {
        if message.name.is_some() {
            let why = "Gemini's turns have no names.";
            self.notes.dropped("messages.name", why);
        }
        let mut rest = Object::new();
        give_back(&mut rest, message.extras, "messages.", self.notes);
        let mut parts = Vec::new();
        for part in message.parts {
            match (message.role, part.kind) {
                (Role::System | Role::Developer, Kind::Text(text)) => {
                    self.notes.degraded(
                        "messages.system",
                        "Gemini takes system text at the front only: later ones are marked user text.",
                    );
                    let marked = format!("<system>\n{text}\n</system>");
                    parts.push(object([("text", marked.into())]));
                }
                (_, kind) => self.part(Part { kind, ..part }, &mut parts)?,
            }
        }
        if parts.is_empty() {
            return Ok(());
        }
        let role = match message.role {
            Role::Assistant => "model",
            _ => "user",
        };
        match self.turns.last_mut() {
            Some(last) if last.role == role && last.rest.is_empty() && rest.is_empty() => {
                last.parts.append(&mut parts);
            }
            _ => self.turns.push(Turn { role, parts, rest }),
        }
        Ok(())
    }

    fn part(&mut self, part: Part, out: &mut Vec<Value>) -> Result<(), Refused> {
        if part.cache.is_some() {
            let why = "Gemini's prompt cache takes no marks.";
            self.notes.dropped("cache_control", why);
        }
        let (mut written, mut after) = (Object::new(), Vec::new());
        let mut sealed = part.sealed;
        match part.kind {
            Kind::Text(text) | Kind::Refusal(text) => {
                written.insert("text".to_owned(), text.into());
            }
            Kind::Media(media) => match self.media(media)? {
                Some(media) => written = media,
                None => return Ok(()),
            },
            Kind::ToolCall(call) => {
                written.insert("functionCall".to_owned(), function_call(call).into());
            }
            Kind::ToolResult(result) => {
                let (result, beside) = self.result(result)?;
                written.insert("functionResponse".to_owned(), result.into());
                after = beside;
            }
            Kind::Reasoning(thought) => {
                sealed.clone_from(&thought.sealed);
                written = reasoning(thought);
            }
            Kind::Opaque(Value::Object(value)) if part.extras.owner == Some(Dialect::Gemini) => {
                written = value;
            }
            Kind::Opaque(_) => {
                let why = "Gemini does not know this type of part";
                return self.notes.refuse("messages.content", why);
            }
        }
        if let Some(sealed) = sealed {
            sign(&mut written, &sealed);
        }
        give_back(&mut written, part.extras, "messages.content.", self.notes);
        out.push(Value::Object(written));
        out.append(&mut after);
        Ok(())
    }

    fn media(&mut self, media: Media) -> Result<Option<Object>, Refused> {
        if media
            .detail
            .as_deref()
            .is_some_and(|detail| detail != "auto")
        {
            let why = "Gemini takes no detail for one picture.";
            self.notes.dropped("image_url.detail", why);
        }
        let part = match media.source {
            Source::Base64(data) => {
                let guessed = || mime::of_base64(media.kind, &data).to_owned();
                let mime = media.mime.unwrap_or_else(guessed);
                let inline = [("mimeType", mime.into()), ("data", data.into())];
                object([("inlineData", object(inline))])
            }
            Source::Text(text) => {
                self.notes.equivalent("document", "Written as text.");
                object([("text", text.into())])
            }
            Source::Url(url) => {
                if url.starts_with("http") {
                    self.notes.degraded(
                        "image_url",
                        "Google fetches it itself, and only from places it allows.",
                    );
                }
                file(&url, media.mime)
            }
            Source::FileId(id, Dialect::Gemini) => file(&id, media.mime),
            Source::FileId(..) => {
                let why = "the file is at another provider";
                self.notes.refuse("file_id", why)?;
                return Ok(None);
            }
        };
        Ok(match part {
            Value::Object(part) => Some(part),
            _ => None,
        })
    }

    /// A tool's result, and the media that must stand beside it.
    fn result(&mut self, result: ToolResult) -> Result<(Object, Vec<Value>), Refused> {
        let (mut texts, mut media) = (Vec::new(), Vec::new());
        for part in result.parts {
            match part.kind {
                Kind::Text(text) => texts.push(text),
                _ => self.part(part, &mut media)?,
            }
        }
        let mut written = Object::new();
        if !result.call_id.is_empty() && !calls::is_made_up(&result.call_id) {
            written.insert("id".to_owned(), result.call_id.as_str().into());
        }
        let name = result.name.unwrap_or_else(|| {
            let why = "The call it answers is not known: its id stands for the tool's name.";
            self.notes.degraded("tool_result.name", why);
            result.call_id
        });
        written.insert("name".to_owned(), name.into());
        let response = if texts.is_empty() && !result.is_error {
            json!({})
        } else {
            calls::response(&texts.join("\n"), result.is_error)
        };
        written.insert("response".to_owned(), response);
        if !media.is_empty() && self.new_model {
            written.insert("parts".to_owned(), Value::Array(std::mem::take(&mut media)));
        } else if !media.is_empty() {
            let why = "This model takes no media in a result: they stand behind it.";
            self.notes.equivalent("tool_result.image", why);
        }
        Ok((written, media))
    }

    /// The first call of each step must be signed.
    fn sign(&mut self) {
        for turn in self.turns.iter_mut().filter(|turn| turn.role == "model") {
            let calls = |part: &&mut Value| part.get("functionCall").is_some();
            let Some(Value::Object(call)) = turn.parts.iter_mut().find(calls) else {
                continue;
            };
            if call.contains_key("thoughtSignature") {
                continue;
            }
            call.insert("thoughtSignature".to_owned(), seals::UNSIGNED.into());
            self.notes.degraded(
                "tool_calls",
                "No Gemini model made these calls: they go unsigned, which Google takes but advises against.",
            );
        }
    }
}

fn sign(part: &mut Object, sealed: &Sealed) {
    if sealed.dialect == Dialect::Gemini {
        part.insert("thoughtSignature".to_owned(), sealed.data.as_str().into());
    }
}

fn function_call(call: ToolCall) -> Object {
    let mut written = Object::new();
    if !call.id.is_empty() && !calls::is_made_up(&call.id) {
        written.insert("id".to_owned(), call.id.into());
    }
    written.insert("name".to_owned(), call.name.into());
    written.insert("args".to_owned(), calls::args(&call.arguments).into());
    written
}

fn reasoning(thought: Reasoning) -> Object {
    let mut written = Object::new();
    let hidden = thought.hidden;
    written.insert("text".to_owned(), thought.words().into());
    if !hidden {
        written.insert("thought".to_owned(), Value::Bool(true));
    }
    written
}

fn file(uri: &str, mime: Option<String>) -> Value {
    match mime.or_else(|| mime::of_address(uri).map(str::to_owned)) {
        Some(mime) => json!({ "fileData": { "mimeType": mime, "fileUri": uri } }),
        None => json!({ "fileData": { "fileUri": uri } }),
    }
}
