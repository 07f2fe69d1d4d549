//! Between two dialects: a request out of one and into another, and its reply back.
//!
//! Promises: N + M, never N × M: every dialect is read into the hub and written out of it, and
//! a whole reply is the same events, folded. Pure: ids and times are arguments.
//! Leaves out: when to translate (`engine`: only when a provider does not speak the caller's
//! dialect, or has a quirk that the request meets).

mod hints;
mod joint;
mod kept;
mod quirks;
mod recorded;
mod reply;
mod seam;
mod several;
mod so_far;
mod withheld;

use bytes::Bytes;
use serde_json::{Map, Value};

use crate::hub::{self, Back, BlockKind, Hosting, Note, Notes, Refused, Reply, Request, Target};
use crate::{Dialect, Endpoint, Malformed, Task};
use crate::{bedrock, chat, cohere, gemini, messages, ollama, responses};

pub use hints::{hint, hinted_verbatim};
pub use quirks::meets_a_quirk;
pub use recorded::read_stream;
pub(crate) use reply::{Reader, failed_response, read_whole};
pub use reply::{
    SealedCall, Translated, Translator, document_of, frames_of, read_answer, translate_whole,
    translate_whole_to_stream,
};
pub use several::{usage_of, write_several};
pub use so_far::Fixed;
pub use withheld::WithheldCall;

/// What a reply's writer must know of the request it answers.
#[derive(Debug, Clone, PartialEq)]
pub struct Writing {
    /// The caller's endpoint.
    pub endpoint: Endpoint,
    /// The id of the provider that answers: what it seals is bound to it.
    pub provider: String,
    /// The reply's id, without a vendor's prefix: letters and digits. The same for a reply's whole life.
    pub id: String,
    /// The model to name in the reply, until the provider names its own.
    pub model: String,
    /// Now, in Unix seconds.
    pub created_unix_s: u64,
    /// Our estimate of the prompt's tokens, for dialects that tell it first.
    pub input_tokens: u64,
    /// The caller asked for usage at the end of its stream.
    pub usage_asked: bool,
    /// Fields of the request that the reply repeats (Responses), as the caller wrote them.
    pub echo: Map<String, Value>,
}

/// A request in another dialect.
#[derive(Debug, Clone, PartialEq)]
pub struct Outgoing {
    /// The endpoint it is written for.
    pub endpoint: Endpoint,
    /// The body.
    pub body: Bytes,
    /// What could not travel.
    pub notes: Vec<Note>,
    /// What the reply's way back needs.
    pub back: Back,
}

/// Reads a caller's request to generate (or to count) into the hub. `path` names the model and
/// the wish to stream where they stand in the path.
///
/// # Errors
/// When the body is not a request of this dialect.
pub fn read_request(
    endpoint: Endpoint,
    body: &[u8],
    path: Option<(&str, bool)>,
) -> Result<Request, Malformed> {
    let text = std::str::from_utf8(body)
        .map_err(|e| Malformed::at(body, e.valid_up_to(), "The request body is not UTF-8"))?;
    let value: Value = serde_json::from_str(text).map_err(|e| Malformed::json(&e))?;
    let Value::Object(body) = value else {
        return Err(Malformed::nowhere("The request body is not a JSON object"));
    };
    let mut request = match endpoint.dialect() {
        Dialect::OpenAi => chat::read_request(endpoint, body),
        Dialect::Responses => responses::read_request(endpoint, body),
        Dialect::Anthropic => messages::read_request(endpoint, body),
        Dialect::Gemini => gemini::read_request(endpoint, body),
        Dialect::Ollama => ollama::read_request(endpoint, body),
        Dialect::Bedrock | Dialect::Cohere => {
            return Err(Malformed::nowhere(
                "This dialect is only spoken to providers",
            ));
        }
    }?;
    if let Some((model, stream)) = path {
        request.model = model.to_owned();
        request.stream = stream;
    }
    Ok(request)
}

/// Writes a request to generate for a target. `lossy`: the caller accepts losses that are refused
/// otherwise.
///
/// # Errors
/// When the target can't serve it without changing what is asked for.
pub fn write_request(
    request: Request,
    target: &Target<'_>,
    lossy: bool,
) -> Result<Outgoing, Refused> {
    written(request, target, lossy).map_err(Refused::said)
}

fn written(request: Request, target: &Target<'_>, lossy: bool) -> Result<Outgoing, Refused> {
    let mut notes = Notes::new(lossy);
    let (body, back) = body(request, target, &mut notes)?;
    let body = match target.hosting {
        Hosting::Own | Hosting::Azure => body,
        hosting => messages::enveloped(body, hosting, target.dialect),
    };
    Ok(Outgoing {
        // Every dialect generates.
        endpoint: target
            .dialect
            .endpoint(Task::Generate)
            .unwrap_or(Endpoint::ChatCompletions),
        body: serde_json::to_vec(&Value::Object(body))
            .unwrap_or_default()
            .into(),
        notes: notes.into_vec(),
        back,
    })
}

/// The body before it is put into an envelope, and what the way back needs.
fn body(
    mut request: Request,
    target: &Target<'_>,
    notes: &mut Notes,
) -> Result<(Map<String, Value>, Back), Refused> {
    let back = hub::fit(&mut request, target, notes)?;
    let body = match target.dialect {
        Dialect::OpenAi => chat::write_request(request, target, notes),
        Dialect::Responses => responses::write_request(request, target, notes),
        Dialect::Anthropic => messages::write_request(request, target, notes),
        Dialect::Gemini => gemini::write_request(request, target, notes),
        Dialect::Ollama => ollama::write_request(request, target, notes),
        Dialect::Bedrock => bedrock::write_request(request, target, notes),
        Dialect::Cohere => cohere::write_request(request, target, notes),
    }?;
    Ok((body, back))
}

/// What a whole reply adds to its conversation, for a request that goes on from it.
pub fn messages_of(reply: &Reply) -> Vec<hub::Message> {
    responses::items_of(reply)
}

/// The tool calls of a whole reply that have seals on them.
pub fn seals_of(reply: &Reply) -> Vec<SealedCall> {
    let blocks = reply
        .candidates
        .iter()
        .flat_map(|candidate| &candidate.blocks);
    blocks
        .filter_map(|block| match (&block.kind, &block.sealed) {
            (BlockKind::ToolCall(call), Some(sealed)) => Some(SealedCall {
                id: call.id.clone(),
                name: call.name.clone(),
                arguments: Some(block.text.clone()),
                sealed: Some(sealed.clone()),
            }),
            _ => None,
        })
        .collect()
}

#[cfg(test)]
mod tests;

/// Whether a body holds a signature or an encrypted thought that another dialect's provider issued:
/// its own dialect's providers would refuse it verbatim.
pub fn carries_foreign_seal(body: &[u8]) -> bool {
    hub::carries_foreign_seal(body)
}
