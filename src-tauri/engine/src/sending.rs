//! What one target is sent: the caller's bytes, or the same request in another dialect.
//!
//! Promises: decided anew for each attempt. A provider that speaks the caller's dialect gets the
//! caller's own bytes with the model's name spliced in; only a quirk that the request meets, or a
//! seal that another provider issued, makes it a translation. Nothing is sent to a target that
//! can't serve the request without changing what is asked for.
//! Leaves out: the call itself (`attempt`) and the way back (`passage`).

use std::sync::OnceLock;

use bytes::Bytes;
use dialect::hub::{self, Loss, Note, Refused, Target};
use dialect::{
    Dialect, Endpoint, Facts, Malformed, Outgoing, Task, Writing, carries_foreign_seal,
    estimate_tokens,
};
use http::{HeaderMap, HeaderValue, header};
use routing::{Candidate, Door, Way};

use crate::attempt::{Asking, fan_out};
use crate::exchange::Call;
use crate::machine::Inner;
use crate::media::Files;
use crate::passage::Back;
use crate::resume::Course;
use crate::{conversations, headers, prompt_cache, settle};

/// A request as one target gets it.
pub(crate) struct Sending {
    /// The endpoint asked at the provider.
    pub(crate) endpoint: Endpoint,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
    /// The query to pass on.
    pub(crate) query: Option<String>,
    /// What could not travel.
    pub(crate) notes: Vec<Note>,
    /// The provider's prompt cache was given hints that the caller had not set.
    pub(crate) hinted: bool,
    /// The prompt's tokens as counted here, to be learnt from when the provider reports its own.
    pub(crate) counted: Option<u64>,
    /// How many times it is sent: once for each answer, where the provider gives one to a request.
    pub(crate) calls: u32,
    /// How the reply is to be brought back.
    pub(crate) back: Back,
}

/// A target that is not sent anything.
pub(crate) enum Unsent {
    /// It would change what is asked for: the next target may do better.
    Unfit(Refused),
    /// The request can't be read: no target would do better.
    Malformed(Malformed),
}

/// What becomes of the thoughts of earlier turns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Thoughts {
    /// Each is shown to its issuer.
    Shown,
    /// They are left out: this target has refused them.
    LeftOut,
}

/// A caller's request in our own words, read once and only when a target needs it.
#[derive(Default)]
pub(crate) struct InHub(OnceLock<Result<Read, Malformed>>);

struct Read {
    request: hub::Request,
    /// The conversation so far was put in front of it.
    goes_on: bool,
}

impl InHub {
    /// A request that was changed here.
    pub(crate) fn of_ours(request: hub::Request) -> InHub {
        let goes_on = false;
        InHub(OnceLock::from(Ok(Read { request, goes_on })))
    }

    /// The request, if somebody needed it so far.
    pub(crate) fn read(&self) -> Option<&hub::Request> {
        Some(&self.0.get()?.as_ref().ok()?.request)
    }

    /// The same, to be looked at from another side and left as it was.
    pub(crate) fn read_mut(&mut self) -> Option<&mut hub::Request> {
        Some(&mut self.0.get_mut()?.as_mut().ok()?.request)
    }

    /// The request, if somebody needed it.
    pub(crate) fn into_request(self) -> Option<hub::Request> {
        Some(self.0.into_inner()?.ok()?.request)
    }

    pub(crate) fn get(&self, asking: &Asking<'_>) -> Result<&hub::Request, Unsent> {
        self.of(asking.inner, asking.call, asking.facts)
    }

    /// The same before anybody is asked.
    pub(crate) fn of(
        &self,
        inner: &Inner,
        call: &Call,
        facts: &Facts,
    ) -> Result<&hub::Request, Unsent> {
        Ok(&self.made(inner, call, facts)?.request)
    }

    /// Whether it was read, and nothing but its own words is in it.
    pub(crate) fn is_its_own(&self) -> bool {
        let read = self.0.get().and_then(|read| read.as_ref().ok());
        read.is_some_and(|read| !read.goes_on)
    }

    /// Whether the request goes on from a response that was kept here.
    pub(crate) fn goes_on(&self, asking: &Asking<'_>) -> bool {
        let made = self.made(asking.inner, asking.call, asking.facts);
        made.is_ok_and(|read| read.goes_on)
    }

    fn made(&self, inner: &Inner, call: &Call, facts: &Facts) -> Result<&Read, Unsent> {
        let read = || {
            let path = call.path.as_ref();
            let path = path.map(|path| (path.model.as_str(), path.stream));
            let mut request = dialect::read_request(call.endpoint, &call.body, path)?;
            request.model.clone_from(&facts.model);
            request.stream = facts.stream;
            let conversations = &inner.conversations;
            let goes_on = conversations.continue_from(&mut request, &call.client);
            Ok(Read { request, goes_on })
        };
        match self.0.get_or_init(read) {
            Ok(read) => Ok(read),
            Err(malformed) => Err(Unsent::Malformed(malformed.clone())),
        }
    }
}

/// Writes the request for one target.
pub(crate) fn prepare(
    asking: &Asking<'_>,
    candidate: &Candidate,
    door: &Door<'_>,
    thoughts: Thoughts,
    files: &Files,
) -> Result<Sending, Unsent> {
    match asking.course {
        Course::Plain => written(asking, candidate, door, thoughts, files),
        Course::Followed => {
            let sending = written(asking, candidate, door, thoughts, files)?;
            Ok(followed(asking, candidate, sending))
        }
        // What was offered or put back stands in the request in our words alone.
        Course::GoesOn(_) | Course::Turn(_) => translated(asking, candidate, door, thoughts, files),
    }
}

/// Has the answer written anew, so that another target can go on in the midst of it; the request stays the
/// caller's own bytes. One that nobody could go on with stays as it comes.
fn followed(asking: &Asking<'_>, candidate: &Candidate, sending: Sending) -> Sending {
    if !matches!(sending.back, Back::Verbatim | Back::Enveloped { .. }) {
        return sending;
    }
    let Ok(request) = asking.hub.get(asking) else {
        return sending;
    };
    if request.may_be_gone_on_with().is_err() {
        return sending;
    }
    let tokens = estimate_tokens(asking.call.body.len() as u64);
    Sending {
        back: Back::Followed {
            keep: is_kept(asking, request),
            writing: Box::new(writing(asking, candidate, tokens)),
        },
        ..sending
    }
}

/// Whether its caller may come back to the reply by its name.
fn is_kept(asking: &Asking<'_>, request: &hub::Request) -> bool {
    asking.call.endpoint == Endpoint::Responses && request.store != Some(false)
}

fn written(
    asking: &Asking<'_>,
    candidate: &Candidate,
    door: &Door<'_>,
    thoughts: Thoughts,
    files: &Files,
) -> Result<Sending, Unsent> {
    if thoughts == Thoughts::LeftOut {
        return translated(asking, candidate, door, thoughts, files);
    }
    match door.way {
        Way::Verbatim => {
            let written = match must_be_written(asking, candidate, door) {
                Ok(true) => translated(asking, candidate, door, thoughts, files),
                Ok(false) => Ok(verbatim(asking, candidate, door)),
                Err(unsent) => Err(unsent),
            };
            match written {
                // Our reader may be stricter than the provider, which speaks the caller's dialect.
                Err(Unsent::Malformed(_)) => Ok(verbatim(asking, candidate, door)),
                other => other,
            }
        }
        Way::Enveloped if must_be_written(asking, candidate, door)? => {
            translated(asking, candidate, door, thoughts, files)
        }
        Way::Enveloped => enveloped(asking, candidate, door),
        Way::Translated => translated(asking, candidate, door, thoughts, files),
    }
}

/// Whether the request without the thoughts of earlier turns is another request. Google has a mark
/// for calls without a signature, so there it is in any case.
pub(crate) fn may_leave_thoughts_out(asking: &Asking<'_>, candidate: &Candidate) -> bool {
    let door = candidate.provider.door(asking.call.endpoint);
    let Some(door) = door.filter(|door| door.endpoint.task() == Task::Generate) else {
        return false;
    };
    let Ok(request) = asking.hub.get(asking) else {
        return false;
    };
    let mut request = request.clone();
    recall(asking, &mut request);
    request.forget_thoughts() || door.surface.dialect == Dialect::Gemini
}

/// Puts back the seals that the caller's tool drops.
fn recall(asking: &Asking<'_>, request: &mut hub::Request) {
    let stash = &asking.inner.stash;
    stash.restore(request);
    if asking.call.endpoint.dialect() == Dialect::Ollama {
        stash.restore_by_place(request, &asking.call.client);
    }
}

fn verbatim(asking: &Asking<'_>, candidate: &Candidate, door: &Door<'_>) -> Sending {
    let body = asking.facts.rename(&asking.call.body, &candidate.model);
    let hinted = prompt_cache::hinted(asking, candidate, door, &body);
    Sending {
        endpoint: door.endpoint,
        headers: asking.headers.clone(),
        hinted: hinted.is_some(),
        body: hinted.unwrap_or(body),
        query: travelling_query(asking),
        notes: Vec::new(),
        counted: None,
        calls: 1,
        back: Back::Verbatim,
    }
}

/// The query as it travels: how Google's stream is cut stands in the address already.
fn travelling_query(asking: &Asking<'_>) -> Option<String> {
    let query = asking.call.query.as_deref()?;
    if asking.call.path.is_none() {
        return Some(query.to_owned());
    }
    let rest: Vec<&str> = query
        .split('&')
        .filter(|pair| !pair.starts_with("alt="))
        .collect();
    (!rest.is_empty()).then(|| rest.join("&"))
}

/// Whether a caller of Google's dialect wants its stream as one JSON list, as that service gives it
/// when no other form is asked for.
pub(crate) fn wants_a_list(call: &Call) -> bool {
    let query = call.query.as_deref().unwrap_or_default();
    let streams = call.path.as_ref().is_some_and(|path| path.stream);
    streams && !query.split('&').any(|pair| pair == "alt=sse")
}

/// Whether the caller's own bytes would be refused by a provider of its own dialect.
fn must_be_written(
    asking: &Asking<'_>,
    candidate: &Candidate,
    door: &Door<'_>,
) -> Result<bool, Unsent> {
    if conversations::is_ours(asking) {
        return Ok(true);
    }
    if door.endpoint.task() != Task::Generate {
        return Ok(false);
    }
    if carries_foreign_seal(&asking.call.body) || wants_a_list(asking.call) {
        return Ok(true);
    }
    // What goes on from a bare text (and in Ollama's case from a template) is the provider's own art.
    let talks = !matches!(
        door.endpoint,
        Endpoint::Completions | Endpoint::OllamaGenerate
    );
    if !talks || door.surface.quirks.is_plain() {
        return Ok(false);
    }
    // Without a change of envelope it can be told whether the caller's own bytes say the same.
    Ok(door.way == Way::Enveloped
        || dialect::meets_a_quirk(asking.hub.get(asking)?, &target(candidate, door)))
}

fn enveloped(
    asking: &Asking<'_>,
    candidate: &Candidate,
    door: &Door<'_>,
) -> Result<Sending, Unsent> {
    let renamed = asking.facts.rename(&asking.call.body, &candidate.model);
    let mut headers = asking.headers.clone();
    let betas = headers::betas(&mut headers);
    // The version travels in the body here.
    headers.remove("anthropic-version");
    let hosting = door.surface.hosting;
    let body = dialect::enveloped_verbatim(&renamed, door.endpoint, hosting, &betas)
        .map_err(Unsent::Malformed)?;
    Ok(Sending {
        endpoint: door.endpoint,
        headers,
        body: body.into(),
        query: None,
        notes: Vec::new(),
        hinted: false,
        counted: None,
        calls: 1,
        back: Back::Enveloped {
            writing: Box::new(writing(
                asking,
                candidate,
                estimate_tokens(asking.call.body.len() as u64),
            )),
        },
    })
}

fn translated(
    asking: &Asking<'_>,
    candidate: &Candidate,
    door: &Door<'_>,
    thoughts: Thoughts,
    files: &Files,
) -> Result<Sending, Unsent> {
    if door.endpoint.task() == Task::Embed {
        return embedding(asking, candidate, door);
    }
    if door.endpoint == Endpoint::InputTokens {
        return counting(asking, candidate, door);
    }
    let mut request = asking.hub.get(asking)?.clone();
    match thoughts {
        Thoughts::Shown => recall(asking, &mut request),
        Thoughts::LeftOut => {
            request.forget_thoughts();
        }
    }
    let broken = asking.course.broken();
    let stilled = broken.is_some_and(|broken| request.go_on_from(&broken.so_far));
    let target = target(candidate, door);
    let fetched = files.put(&mut request, &target);
    let count = asking
        .inner
        .counting
        .count(&candidate.provider, &candidate.model, &request);
    let keep = is_kept(asking, &request);
    let calls = fan_out::calls(&request, &target, asking)?;
    if calls > 1 {
        (request.candidates, request.stream) = (None, false);
    }
    let hinted = prompt_cache::hint(asking, candidate, &target, &mut request, count.tokens);
    let Outgoing {
        endpoint,
        body,
        mut notes,
        back,
    } = dialect::write_request(request, &target, asking.lossy).map_err(Unsent::Unfit)?;
    let left_out = (thoughts == Thoughts::LeftOut).then(|| thoughts_left_out(candidate));
    let several = (calls > 1).then(|| fan_out::note(calls, asking.facts.stream));
    let ours = (left_out.into_iter())
        .chain(fetched)
        .chain(several)
        .chain(stilled.then(without_thinking));
    notes.splice(0..0, ours);
    Ok(Sending {
        endpoint,
        headers: match door.way {
            // The same dialect: what the caller said in its headers still stands.
            Way::Verbatim => asking.headers.clone(),
            Way::Enveloped | Way::Translated => fresh_headers(asking, endpoint),
        },
        body,
        query: match door.way {
            Way::Verbatim => travelling_query(asking),
            Way::Enveloped | Way::Translated => None,
        },
        notes,
        hinted,
        // Several calls report several prompts.
        counted: (calls == 1).then_some(count.counted),
        calls,
        back: Back::Translated {
            keep,
            writing: Box::new(writing(asking, candidate, count.tokens)),
            back: Box::new(back),
        },
    })
}

/// A request to count what goes on from a response kept here: the provider does not know that one,
/// so the whole conversation stands in it. The rest of it is the caller's own.
fn counting(
    asking: &Asking<'_>,
    candidate: &Candidate,
    door: &Door<'_>,
) -> Result<Sending, Unsent> {
    let mut request = asking.hub.get(asking)?.clone();
    recall(asking, &mut request);
    let written = dialect::write_request(request, &target(candidate, door), asking.lossy)
        .map_err(Unsent::Unfit)?;
    let body = asking.facts.rename(&asking.call.body, &candidate.model);
    Ok(Sending {
        notes: written.notes,
        body: conversations::told_whole(&body, &written.body),
        ..verbatim(asking, candidate, door)
    })
}

fn without_thinking() -> Note {
    Note {
        loss: Loss::Dropped,
        what: "thinking".to_owned(),
        why:
            "No model thinks in the middle of an answer: who went on with it was asked to without."
                .to_owned(),
    }
}

fn thoughts_left_out(candidate: &Candidate) -> Note {
    Note {
        loss: Loss::Dropped,
        what: "reasoning".to_owned(),
        why: format!(
            "{} refused the thoughts of earlier turns: it was asked again without them.",
            candidate.provider.name
        ),
    }
}

fn embedding(
    asking: &Asking<'_>,
    candidate: &Candidate,
    door: &Door<'_>,
) -> Result<Sending, Unsent> {
    let model = asking.call.path.as_ref().map(|path| path.model.as_str());
    let request = dialect::read_embed(asking.call.endpoint, &asking.call.body, model)
        .map_err(Unsent::Malformed)?;
    let base64 = request.base64;
    let target = target(candidate, door);
    let outgoing = dialect::write_embed(&request, &target, asking.lossy).map_err(Unsent::Unfit)?;
    Ok(Sending {
        endpoint: outgoing.endpoint,
        headers: fresh_headers(asking, outgoing.endpoint),
        body: outgoing.body,
        query: None,
        notes: outgoing.notes,
        hinted: false,
        counted: None,
        calls: 1,
        back: Back::Vectors {
            model: candidate.model.clone(),
            base64,
            input_tokens: estimate_tokens(asking.call.body.len() as u64),
        },
    })
}

pub(crate) fn target<'a>(candidate: &'a Candidate, door: &Door<'a>) -> Target<'a> {
    let known = candidate.provider.model(&candidate.model);
    Target {
        dialect: door.surface.dialect,
        hosting: door.surface.hosting,
        provider: &candidate.provider.id,
        model: &candidate.model,
        quirks: &door.surface.quirks,
        traits: known.map(|model| model.traits).unwrap_or_default(),
        max_output: known.and_then(|model| model.max_output),
    }
}

fn writing(asking: &Asking<'_>, candidate: &Candidate, input_tokens: u64) -> Writing {
    Writing {
        endpoint: asking.call.endpoint,
        provider: candidate.provider.id.clone(),
        id: format!("{:x}", asking.receipt.0),
        model: candidate.model.clone(),
        created_unix_s: settle::unix_ms() / 1000,
        input_tokens,
        usage_asked: asking.facts.usage_asked,
        echo: conversations::echo(asking.call),
    }
}

/// A translated request is ours: of the caller's headers only those that mean the same everywhere
/// travel with it.
fn fresh_headers(asking: &Asking<'_>, endpoint: Endpoint) -> HeaderMap {
    let mut fresh = HeaderMap::with_capacity(8);
    for name in [header::USER_AGENT, headers::HOP.clone()] {
        if let Some(value) = asking.headers.get(&name) {
            fresh.insert(name, value.clone());
        }
    }
    for name in ["traceparent", "tracestate"] {
        if let Some(value) = asking.headers.get(name) {
            fresh.insert(name, value.clone());
        }
    }
    let json = HeaderValue::from_static("application/json");
    fresh.insert(header::CONTENT_TYPE, json);
    if endpoint.dialect() == Dialect::Anthropic {
        // The version that still takes sampling parameters.
        fresh.insert("anthropic-version", HeaderValue::from_static("2023-06-01"));
    }
    fresh
}
