//! A caller's request, read into the hub.
//!
//! Promises: both spellings of every field; what has no name in the hub is kept for Google.
//! Leaves out: model and stream, which stand in the path.

use super::config_in::keep;
use super::fields::{self, Object, list_if_there, object_if_there, take, take_object, take_text};
use super::{config_in, contents_in, tools_in};
use crate::hub::{Extras, Request};
use crate::{Dialect, Endpoint, Malformed, Task};

/// Reads a request to generate, or to count what one would take.
pub(super) fn request(endpoint: Endpoint, mut body: Object) -> Result<Request, Malformed> {
    if endpoint.task() == Task::Count
        && let Some(counted) = take_object(&mut body, "generateContentRequest")
    {
        body = counted;
    }
    let mut request = Request {
        usage_asked: true,
        ..Request::default()
    };
    if let Some(model) = take_text(&mut body, "model") {
        request.model = model.strip_prefix("models/").unwrap_or(&model).to_owned();
    }
    if let Some(instruction) = take(&mut body, "systemInstruction") {
        request.messages.extend(contents_in::system(instruction)?);
    }
    let contents =
        take(&mut body, "contents").ok_or_else(|| Malformed::nowhere("`contents` is missing"))?;
    request.messages.extend(contents_in::contents(contents)?);
    if let Some(tools) = list_if_there(&mut body, "tools")? {
        request.tools = tools_in::tools(tools)?;
    }
    let mut rest = Object::new();
    if let Some(config) = object_if_there(&mut body, "toolConfig")? {
        let (choice, left) = tools_in::choice(config);
        request.choice = choice;
        keep(&mut rest, "toolConfig", left);
    }
    if let Some(config) = object_if_there(&mut body, "generationConfig")? {
        let left = config_in::config(config, &mut request)?;
        keep(&mut rest, "generationConfig", left);
    }
    request.tier = fields::take_as(&mut body, "serviceTier", |tier| {
        tier.as_str().map(str::to_owned)
    });
    // `store` means a log at Google's, not a reply to be gone on from: it stays Google's.
    body.retain(|_, value| !value.is_null());
    fields::merge(&mut body, rest);
    request.extras = Extras::of(Dialect::Gemini, body);
    Ok(request)
}
