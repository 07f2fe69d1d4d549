//! A provider's reply, chunk by chunk or whole, read as events.
//!
//! Promises: a whole completion is read as one chunk that holds everything, so that both tell
//! the same. Every server's habits are understood: names of thoughts, empty first chunks, usage
//! in any chunk, an end without `[DONE]`. Leaves out: what one answer holds (`answer_in`).

use serde_json::value::RawValue;
use serde_json::{Map, Value};

use super::answer_in::{Answer, Blocks};
use super::chunk::{self, Choice, Chunk, Delta, Raw};
use crate::counts::OpenAiCounts;
use crate::frames::{Frame, torn};
use crate::hub::{Event, Start};
use crate::{Dialect, NotAReply, StopReason, Usage, reading, refuse};

/// The most answers that are read of one reply, as many as a folded one keeps.
const MOST_ANSWERS: u64 = 128;

/// Reads a reply's stream, frame by frame.
#[derive(Debug, Default)]
pub(crate) struct Reader {
    started: bool,
    over: bool,
    /// The reply's id: ids of calls without one are made from it.
    id: String,
    next_block: u32,
    answers: Vec<(u32, Answer)>,
    /// Which extras were told already.
    told: u8,
    usage: Option<Usage>,
}

impl Reader {
    pub(crate) fn frame(&mut self, frame: Frame<'_>, out: &mut Vec<Event>) {
        if self.over {
            return;
        }
        if frame.data == b"[DONE]" {
            return self.end(out);
        }
        // LM Studio names its error events; OpenAI's stream has no names.
        if frame.name == b"error" {
            return self.fail(refuse::in_stream(Dialect::OpenAi, frame.data), out);
        }
        if let Ok(chunk) = serde_json::from_slice::<Chunk<'_>>(frame.data) {
            if is_error(&chunk) {
                return self.fail(refuse::in_stream(Dialect::OpenAi, frame.data), out);
            }
            let choices = chunk::list(chunk.choices);
            self.chunk(&chunk, choices, false, out);
        } else if frame.is_torn() && !self.is_whole() {
            self.fail(torn(), out);
        }
    }

    /// Every answer has said why it ended.
    fn is_whole(&self) -> bool {
        !self.answers.is_empty() && self.answers.iter().all(|(_, answer)| answer.stopped)
    }

    /// The stream is at its end. What is open is closed; if the reply is whole (a stop reason was
    /// seen), `End` is handed on, else nothing: the caller sees that it broke.
    pub(crate) fn finish(&mut self, out: &mut Vec<Event>) {
        if self.over {
            return;
        }
        if self.is_whole() {
            return self.end(out);
        }
        self.over = true;
        let open = self
            .answers
            .iter_mut()
            .filter(|(_, answer)| !answer.stopped);
        for (_, answer) in open {
            answer.close(&mut Blocks {
                next: &mut self.next_block,
                out,
                reply: &self.id,
            });
        }
    }

    fn chunk(
        &mut self,
        chunk: &Chunk<'_>,
        choices: Option<Vec<Choice<'_>>>,
        whole: bool,
        out: &mut Vec<Event>,
    ) {
        let choices = choices.unwrap_or_default();
        let counted = counts(chunk);
        if !self.started {
            let (id, model) = (chunk::text(chunk.id), chunk::text(chunk.model));
            // Azure opens with a chunk that names nothing and holds nothing.
            if choices.is_empty() && id.is_none() && model.is_none() && counted.is_none() {
                return;
            }
            self.started = true;
            self.id = id.clone().unwrap_or_default();
            out.push(Event::Start(Start { id, model }));
        }
        self.extras(chunk, out);
        for (at, choice) in choices.iter().enumerate() {
            self.choice(at as u64, choice, whole, out);
            if self.over {
                return;
            }
        }
        let in_choice = || choices.iter().find_map(|c| usage(c.usage));
        if let Some(usage) = counted.or_else(in_choice)
            && self.usage != Some(usage)
        {
            self.usage = Some(usage);
            out.push(Event::Usage(usage));
        }
    }

    fn choice(&mut self, at: u64, choice: &Choice<'_>, whole: bool, out: &mut Vec<Event>) {
        let at = chunk::number(choice.index).unwrap_or(at);
        if at >= MOST_ANSWERS {
            return;
        }
        let index = at as u32;
        let place = self.answers.iter().position(|(known, _)| *known == index);
        let place = place.unwrap_or_else(|| {
            self.answers.push((index, Answer::new(index)));
            self.answers.len() - 1
        });
        let Some((_, answer)) = self.answers.get_mut(place) else {
            return;
        };
        if answer.stopped {
            return;
        }
        let mut blocks = Blocks {
            next: &mut self.next_block,
            out,
            reply: &self.id,
        };
        let delta = choice.delta.or(choice.message);
        let delta = chunk::fields::<Delta<'_>>(delta).unwrap_or_else(|| Delta {
            content: choice.text,
            ..Delta::default()
        });
        answer.delta(&delta, choice.logprobs, whole, &mut blocks);
        if let Some(word) = chunk::text(choice.finish_reason) {
            if let Some(failure) = refuse::finish_reason(&word) {
                return self.fail(failure, out);
            }
            answer.stop(
                |called, refused| reading::openai_stop(&word, called, refused),
                &mut blocks,
            );
        }
    }

    fn extras(&mut self, chunk: &Chunk<'_>, out: &mut Vec<Event>) {
        let fields = [
            ("service_tier", chunk.service_tier),
            ("system_fingerprint", chunk.system_fingerprint),
            ("moderation", chunk.moderation),
            ("citations", chunk.citations),
        ];
        for (bit, (key, raw)) in fields.into_iter().enumerate() {
            let bit = 1 << bit;
            if raw.is_none() || self.told & bit != 0 {
                continue;
            }
            if let Some(value) = chunk::value(raw) {
                self.told |= bit;
                out.push(Event::Extra {
                    owner: Dialect::OpenAi,
                    key: key.to_owned(),
                    value,
                });
            }
        }
    }

    fn fail(&mut self, failure: crate::Failure, out: &mut Vec<Event>) {
        self.over = true;
        out.push(Event::Failed(failure));
    }

    fn end(&mut self, out: &mut Vec<Event>) {
        self.over = true;
        if !self.started {
            out.push(Event::Start(Start::default()));
        }
        if self.answers.is_empty() {
            self.answers.push((0, Answer::new(0)));
        }
        // An answer that ends without saying why has ended all the same.
        let unsaid = |called: bool, refused: bool| match (called, refused) {
            (true, _) => StopReason::ToolCall,
            (false, true) => StopReason::Refusal,
            (false, false) => StopReason::Other,
        };
        for (_, answer) in &mut self.answers {
            if !answer.stopped {
                answer.stop(
                    unsaid,
                    &mut Blocks {
                        next: &mut self.next_block,
                        out,
                        reply: &self.id,
                    },
                );
            }
        }
        out.push(Event::End);
    }
}

/// Reads a whole reply as the events it would have streamed.
pub(super) fn read_reply(body: Map<String, Value>, out: &mut Vec<Event>) -> Result<(), NotAReply> {
    let text = Value::Object(body).to_string();
    let not = |reason: &str| NotAReply {
        reason: reason.to_owned(),
    };
    let chunk: Chunk<'_> =
        serde_json::from_str(&text).map_err(|_| not("The reply is not valid JSON."))?;
    let mut reader = Reader::default();
    if is_error(&chunk) {
        reader.fail(refuse::in_stream(Dialect::OpenAi, text.as_bytes()), out);
        return Ok(());
    }
    let choices = chunk::list(chunk.choices)
        .ok_or_else(|| not("The reply is JSON, but has no `choices`."))?;
    // Even a reply that names nothing is one.
    reader.started = true;
    reader.id = chunk::text(chunk.id).unwrap_or_default();
    out.push(Event::Start(Start {
        id: chunk::text(chunk.id),
        model: chunk::text(chunk.model),
    }));
    reader.chunk(&chunk, Some(choices), true, out);
    if !reader.over {
        reader.end(out);
    }
    Ok(())
}

fn is_error(chunk: &Chunk<'_>) -> bool {
    let says = |raw: Raw<'_>| raw.is_some_and(|raw| raw.get() == "\"error\"");
    chunk.error.is_some() || says(chunk.object) || says(chunk.r#type)
}

fn counts(chunk: &Chunk<'_>) -> Option<Usage> {
    #[derive(serde::Deserialize, Default)]
    #[serde(default)]
    struct Groq<'a> {
        #[serde(borrow)]
        usage: Option<&'a RawValue>,
    }
    usage(chunk.usage).or_else(|| usage(chunk::fields::<Groq<'_>>(chunk.x_groq)?.usage))
}

fn usage(raw: Raw<'_>) -> Option<Usage> {
    let raw = raw?.get();
    serde_json::from_str::<OpenAiCounts>(raw).ok()?.usage()
}
