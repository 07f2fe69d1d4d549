//! A reply's stream, written to a caller.
//!
//! Promises: the role comes first; a call's first fragment names it, those behind it carry
//! arguments alone; a call without arguments gets an empty object, since clients parse it;
//! `finish_reason` stands in every choice, null or not. Thoughts go out as `reasoning_content`,
//! their seals as `reasoning_details`. Leaves out: other dialects' own blocks, which have no
//! form here, and errors (`fault`).

use super::chunk_out::{Choice, Custom, Delta, Fragment, Function};
use super::envelope::Envelope;
use super::remarks::{self, Logprobs};
use super::{calls, thoughts};
use crate::Dialect;
use crate::hub::{Annotation, BlockKind, Event, Sealed};
use crate::reading::openai_stop_word;
use crate::translate::Writing;

/// The most of a thought that is said again beside its signature.
const MOST_THOUGHT_BYTES: usize = 1 << 20;
/// Answers beyond these are written as the last of them.
const MOST_ANSWERS: usize = 128;

/// The state of one stream.
#[derive(Debug)]
pub(super) struct ChunkWriter {
    envelope: Envelope,
    answers: Vec<Answer>,
    /// Blocks that are open: few at a time.
    open: Vec<Open>,
}

#[derive(Debug, Default)]
struct Answer {
    begun: bool,
    calls: u32,
    details: usize,
    /// Characters of text so far: citations point into them.
    characters: usize,
}

#[derive(Debug)]
struct Open {
    block: u32,
    candidate: u32,
    shape: Shape,
}

#[derive(Debug)]
enum Shape {
    Text {
        start: usize,
    },
    Refusal,
    Thought {
        hidden: bool,
        summary: bool,
        /// What was said, to stand beside its signature.
        words: String,
    },
    Call {
        index: u32,
        custom: bool,
        said: bool,
    },
    Nothing,
}

impl ChunkWriter {
    pub(super) fn new(writing: Writing) -> ChunkWriter {
        ChunkWriter {
            envelope: Envelope::new(writing),
            answers: Vec::new(),
            open: Vec::new(),
        }
    }

    pub(super) fn event(&mut self, event: &Event, out: &mut Vec<u8>) {
        match event {
            Event::Start(start) => {
                self.envelope.start(start);
                self.begin(0, out);
            }
            Event::Open {
                block,
                candidate,
                kind,
            } => self.block(*block, *candidate, kind, out),
            Event::Delta { block, text } => self.delta(*block, text, out),
            Event::Seal { block, sealed } => self.seal(*block, sealed, out),
            Event::Annotate { block, annotation } => self.annotate(*block, annotation, out),
            Event::Close { block } => self.close(*block, out),
            Event::Usage(usage) => self.envelope.usage(*usage),
            Event::Stop {
                candidate, stop, ..
            } => {
                self.begin(*candidate, out);
                let word = Some(openai_stop_word(*stop));
                self.choice(*candidate, Delta::default(), None, word, out);
            }
            Event::Extra { owner, key, value } => self.envelope.extra(*owner, key, value),
            Event::Ping => out.extend_from_slice(b": ping\n\n"),
            Event::End => self.envelope.end(out),
            // Told by whoever knows the provider's name for people.
            Event::Failed(_) => {}
        }
    }

    /// The first chunk of an answer names the role.
    fn begin(&mut self, candidate: u32, out: &mut Vec<u8>) {
        if std::mem::replace(&mut self.answer(candidate).begun, true) {
            return;
        }
        let delta = Delta {
            role: Some("assistant"),
            content: Some(""),
            ..Delta::default()
        };
        self.choice(candidate, delta, None, None, out);
    }

    fn block(&mut self, block: u32, candidate: u32, kind: &BlockKind, out: &mut Vec<u8>) {
        self.begin(candidate, out);
        let answer = self.answer(candidate);
        let shape = match kind {
            BlockKind::Text => Shape::Text {
                start: answer.characters,
            },
            BlockKind::Refusal => Shape::Refusal,
            BlockKind::Reasoning { hidden, summary } => Shape::Thought {
                hidden: *hidden,
                summary: *summary,
                words: String::new(),
            },
            BlockKind::ToolCall(call) => {
                let index = answer.calls;
                answer.calls = index.saturating_add(1);
                let custom = call.custom;
                let fragment = Fragment {
                    index,
                    id: Some(&call.id),
                    r#type: Some(if custom { "custom" } else { "function" }),
                    function: (!custom).then_some(Function {
                        name: Some(&call.name),
                        arguments: "",
                    }),
                    custom: custom.then_some(Custom {
                        name: Some(&call.name),
                        input: "",
                    }),
                    extra_content: None,
                };
                self.fragment(candidate, fragment, out);
                Shape::Call {
                    index,
                    custom,
                    said: false,
                }
            }
            BlockKind::Opaque {
                owner: Dialect::OpenAi,
                value,
            } => {
                let choice = Choice {
                    index: candidate,
                    delta: value,
                    logprobs: None,
                    finish_reason: None,
                };
                self.envelope.chunk(&choice, out);
                Shape::Nothing
            }
            BlockKind::Opaque { .. } => Shape::Nothing,
        };
        self.open.push(Open {
            block,
            candidate,
            shape,
        });
    }

    fn delta(&mut self, block: u32, text: &str, out: &mut Vec<u8>) {
        let Some(at) = self.place(block) else { return };
        let Some(open) = self.open.get_mut(at) else {
            return;
        };
        let candidate = open.candidate;
        let mut delta = Delta::default();
        match &mut open.shape {
            Shape::Text { .. } => {
                delta.content = Some(text);
                let answer = self.answer(candidate);
                answer.characters = answer.characters.saturating_add(text.chars().count());
            }
            Shape::Refusal => delta.refusal = Some(text),
            Shape::Thought { words, .. } => {
                if words.len().saturating_add(text.len()) <= MOST_THOUGHT_BYTES {
                    words.push_str(text);
                }
                delta.reasoning_content = Some(text);
            }
            Shape::Call {
                index,
                custom,
                said,
            } => {
                // Blanks alone are no arguments: an object stands for them at the end.
                let text = if *custom || *said {
                    text
                } else {
                    text.trim_ascii_start()
                };
                if text.is_empty() {
                    return;
                }
                *said = true;
                let fragment = Fragment::more(*index, *custom, text);
                return self.fragment(candidate, fragment, out);
            }
            Shape::Nothing => return,
        }
        self.choice(candidate, delta, None, None, out);
    }

    fn seal(&mut self, block: u32, sealed: &Sealed, out: &mut Vec<u8>) {
        let Some(at) = self.place(block) else { return };
        let Some(open) = self.open.get_mut(at) else {
            return;
        };
        let candidate = open.candidate;
        match &mut open.shape {
            Shape::Thought {
                hidden,
                summary,
                words,
            } => {
                let words = std::mem::take(words);
                let said = (!words.is_empty()).then_some(words.as_str());
                let (text, gist) = if *summary { (None, said) } else { (said, None) };
                let hidden = *hidden;
                let index = self.answer(candidate).details;
                self.answer(candidate).details = index.saturating_add(1);
                let delta = Delta {
                    reasoning_details: Some([thoughts::entry(
                        text,
                        gist,
                        Some(sealed),
                        hidden,
                        index,
                    )]),
                    ..Delta::default()
                };
                self.choice(candidate, delta, None, None, out);
            }
            Shape::Call { index, custom, .. } => {
                let mut fragment = Fragment::more(*index, *custom, "");
                fragment.extra_content = Some(calls::seal(sealed));
                self.fragment(candidate, fragment, out);
            }
            Shape::Text { .. } => {
                let delta = Delta {
                    extra_content: Some(calls::seal(sealed)),
                    ..Delta::default()
                };
                self.choice(candidate, delta, None, None, out);
            }
            Shape::Refusal | Shape::Nothing => {}
        }
    }

    fn annotate(&mut self, block: u32, annotation: &Annotation, out: &mut Vec<u8>) {
        let Some(open) = self.place(block).and_then(|at| self.open.get(at)) else {
            return;
        };
        let candidate = open.candidate;
        match annotation {
            Annotation::Logprobs(tokens) => {
                let logprobs = match open.shape {
                    Shape::Refusal => Logprobs::of_refusal(tokens),
                    _ => Logprobs::of_content(tokens),
                };
                self.choice(candidate, Delta::default(), Some(logprobs), None, out);
            }
            Annotation::Citation { .. } => {
                let Shape::Text { start } = open.shape else {
                    return;
                };
                let end = self.answer(candidate).characters;
                if let Some(citation) = remarks::citation(annotation, start, end) {
                    let delta = Delta {
                        annotations: Some([citation]),
                        ..Delta::default()
                    };
                    self.choice(candidate, delta, None, None, out);
                }
            }
        }
    }

    fn close(&mut self, block: u32, out: &mut Vec<u8>) {
        let Some(at) = self.place(block) else { return };
        let open = self.open.swap_remove(at);
        if let Shape::Call {
            index,
            custom: false,
            said: false,
        } = open.shape
        {
            let fragment = Fragment::more(index, false, "{}");
            self.fragment(open.candidate, fragment, out);
        }
    }

    fn fragment(&self, candidate: u32, fragment: Fragment<'_>, out: &mut Vec<u8>) {
        let delta = Delta {
            tool_calls: Some([fragment]),
            ..Delta::default()
        };
        self.choice(candidate, delta, None, None, out);
    }

    fn choice(
        &self,
        candidate: u32,
        delta: Delta<'_>,
        logprobs: Option<Logprobs<'_>>,
        finish_reason: Option<&'static str>,
        out: &mut Vec<u8>,
    ) {
        let choice = Choice {
            index: candidate,
            delta,
            logprobs,
            finish_reason,
        };
        self.envelope.chunk(&choice, out);
    }

    fn answer(&mut self, candidate: u32) -> &mut Answer {
        let at = usize::try_from(candidate).unwrap_or(MOST_ANSWERS);
        let at = at.min(MOST_ANSWERS - 1);
        if self.answers.len() <= at {
            self.answers.resize_with(at + 1, Answer::default);
        }
        &mut self.answers[at]
    }

    fn place(&self, block: u32) -> Option<usize> {
        self.open.iter().position(|open| open.block == block)
    }
}
