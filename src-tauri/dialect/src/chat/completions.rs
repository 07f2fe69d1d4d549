//! The older completions, for callers that still ask for them: one text to go on from.
//!
//! Promises: the prompt becomes a user message, the answer's text comes back as
//! `text_completion`. What a conversation can't do (a suffix, several prompts, token ids, an
//! echo) is refused in a sentence. Leaves out: thoughts and calls, which have no form here.

use serde::Serialize;
use serde_json::{Map, Value, json};

use super::envelope::{self, Envelope};
use super::fields::{Wrong, any, count, flag};
use super::request_in;
use crate::StopReason;
use crate::hub::{
    Annotation, Block, BlockKind, Candidate, Event, Logprob, Message, Part, Reply, Request, Role,
};
use crate::translate::Writing;

pub(super) fn read(mut body: Map<String, Value>) -> Result<Request, Wrong> {
    body.retain(|_, value| !value.is_null());
    let prompt = prompt(any(&mut body, "prompt"))?;
    match any(&mut body, "suffix") {
        None => {}
        Some(Value::String(suffix)) if suffix.is_empty() => {}
        Some(_) => {
            return Err(Wrong::at(
                "suffix",
                "is not supported: only the end of a text can be written",
            ));
        }
    }
    if flag(&mut body, "echo")? == Some(true) {
        return Err(Wrong::at(
            "echo",
            "is not supported: the prompt can't be part of the answer",
        ));
    }
    if count(&mut body, "best_of")?.is_some_and(|best| best > 1) {
        return Err(Wrong::at(
            "best_of",
            "is not supported: answers are not compared",
        ));
    }
    let mut request = Request {
        messages: vec![Message::new(Role::User, vec![Part::text(prompt)])],
        ..Request::default()
    };
    let logprobs = count(&mut body, "logprobs")?;
    request.logprobs = logprobs.map(|top| u32::try_from(top).unwrap_or(u32::MAX));
    request_in::settings(&mut body, &mut request)?;
    request_in::rest(body, &mut request);
    Ok(request)
}

fn prompt(prompt: Option<Value>) -> Result<String, Wrong> {
    let wrong = |why| Err(Wrong::at("prompt", why));
    match prompt {
        None => wrong("is missing"),
        Some(Value::String(prompt)) => Ok(prompt),
        Some(Value::Array(mut prompts)) => match (prompts.len(), prompts.pop()) {
            (_, Some(Value::Number(_) | Value::Array(_))) => {
                wrong("must be text: token ids mean nothing to another model")
            }
            (1, Some(Value::String(prompt))) => Ok(prompt),
            (0, _) => wrong("is empty"),
            _ => wrong("must be one text: several are not supported in one request"),
        },
        Some(_) => wrong("must be a string"),
    }
}

/// The state of one stream.
#[derive(Debug)]
pub(super) struct TextWriter {
    envelope: Envelope,
    /// Open blocks that hold text: number and candidate.
    open: Vec<(u32, u32)>,
    /// Characters so far, by candidate: tokens are told where they stand.
    offsets: Vec<(u32, usize)>,
}

impl TextWriter {
    pub(super) fn new(writing: Writing) -> TextWriter {
        TextWriter {
            envelope: Envelope::new(writing),
            open: Vec::new(),
            offsets: Vec::new(),
        }
    }

    pub(super) fn event(&mut self, event: &Event, out: &mut Vec<u8>) {
        match event {
            Event::Start(start) => self.envelope.start(start),
            Event::Open {
                block,
                candidate,
                kind: BlockKind::Text | BlockKind::Refusal,
            } => self.open.push((*block, *candidate)),
            Event::Delta { block, text } => {
                if let Some(candidate) = self.candidate(*block) {
                    self.choice(candidate, text, None, None, out);
                }
            }
            Event::Annotate {
                block,
                annotation: Annotation::Logprobs(tokens),
            } => {
                if let Some(candidate) = self.candidate(*block) {
                    let mut tally = Tokens::from_offset(self.offset(candidate));
                    tally.add(tokens);
                    let characters = tokens.iter().map(|token| token.token.chars().count());
                    let after = self.offset(candidate).saturating_add(characters.sum());
                    self.offsets.retain(|(known, _)| *known != candidate);
                    self.offsets.push((candidate, after));
                    self.choice(candidate, "", Some(tally), None, out);
                }
            }
            Event::Close { block } => self.open.retain(|(known, _)| known != block),
            Event::Usage(usage) => self.envelope.usage(*usage),
            Event::Stop {
                candidate, stop, ..
            } => self.choice(*candidate, "", None, Some(stop_word(*stop)), out),
            Event::Extra { owner, key, value } => self.envelope.extra(*owner, key, value),
            Event::Ping => out.extend_from_slice(b": ping\n\n"),
            Event::End => self.envelope.end(out),
            // Thoughts, calls and what is others' own have no form here.
            _ => {}
        }
    }

    fn choice(
        &self,
        index: u32,
        text: &str,
        logprobs: Option<Tokens<'_>>,
        finish_reason: Option<&'static str>,
        out: &mut Vec<u8>,
    ) {
        let choice = Choice {
            text,
            index,
            logprobs,
            finish_reason,
        };
        self.envelope.chunk(&choice, out);
    }

    fn candidate(&self, block: u32) -> Option<u32> {
        let found = self.open.iter().find(|(known, _)| *known == block);
        found.map(|(_, candidate)| *candidate)
    }

    fn offset(&self, candidate: u32) -> usize {
        let known = self.offsets.iter().find(|(known, _)| *known == candidate);
        known.map_or(0, |(_, offset)| *offset)
    }
}

/// A whole reply, as one document.
pub(super) fn write_reply(reply: &Reply, writing: &Writing) -> Value {
    let choices = reply.candidates.iter().enumerate();
    let choices = choices.map(|(at, candidate)| choice(at, candidate));
    envelope::document(reply, writing, choices.collect())
}

fn choice(at: usize, candidate: &Candidate) -> Value {
    let is_text = |block: &&Block| matches!(block.kind, BlockKind::Text | BlockKind::Refusal);
    let blocks: Vec<&Block> = candidate.blocks.iter().filter(is_text).collect();
    let text: String = blocks.iter().map(|block| block.text.as_str()).collect();
    let mut tokens = Tokens::from_offset(0);
    for annotation in blocks.iter().flat_map(|block| &block.annotations) {
        if let Annotation::Logprobs(found) = annotation {
            tokens.add(found);
        }
    }
    let tokens = (!tokens.tokens.is_empty()).then_some(tokens);
    json!({
        "text": text,
        "index": at,
        "logprobs": tokens,
        "finish_reason": stop_word(candidate.stop.unwrap_or(StopReason::Other)),
    })
}

/// Nothing is called here, so nothing ends for a call.
fn stop_word(stop: StopReason) -> &'static str {
    match crate::reading::openai_stop_word(stop) {
        "tool_calls" => "stop",
        word => word,
    }
}

#[derive(Serialize)]
struct Choice<'a> {
    text: &'a str,
    index: u32,
    logprobs: Option<Tokens<'a>>,
    finish_reason: Option<&'static str>,
}

/// Log probabilities in four lists side by side.
#[derive(Serialize)]
struct Tokens<'a> {
    tokens: Vec<&'a str>,
    token_logprobs: Vec<f64>,
    top_logprobs: Vec<Map<String, Value>>,
    text_offset: Vec<usize>,
    #[serde(skip)]
    offset: usize,
}

impl<'a> Tokens<'a> {
    fn from_offset(offset: usize) -> Tokens<'a> {
        Tokens {
            tokens: Vec::new(),
            token_logprobs: Vec::new(),
            top_logprobs: Vec::new(),
            text_offset: Vec::new(),
            offset,
        }
    }

    fn add(&mut self, tokens: &'a [Logprob]) {
        for token in tokens {
            self.tokens.push(&token.token);
            self.token_logprobs.push(token.logprob);
            let top = token.top.iter();
            let top = top.map(|(word, logprob)| (word.clone(), Value::from(*logprob)));
            self.top_logprobs.push(top.collect());
            self.text_offset.push(self.offset);
            let characters = token.token.chars().count();
            self.offset = self.offset.saturating_add(characters);
        }
    }
}
