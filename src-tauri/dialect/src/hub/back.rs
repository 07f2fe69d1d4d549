//! What was changed on the way out, to be changed back in the reply.
//!
//! Promises: a caller sees its own tool names, call ids, custom tools and stop texts, whatever the
//! target made of them. Text is held back only as far as it could begin a stop text. Bound: free
//! texts for tools are gathered up to [`MOST_GATHERED`] bytes a reply; a longer one fails the reply,
//! as half a text would be another.

use std::collections::{BTreeMap, BTreeSet};

use super::cut::Cut;
use super::{BlockKind, Event};
use crate::{Failure, FailureCategory, StopReason};

/// The most that is gathered of the arguments of custom tools, in bytes: 16 MiB, as a frame.
const MOST_GATHERED: usize = 16 << 20;

/// What a request's translation leaves for its reply's.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Back {
    /// Tool names as sent → (namespace, name) as the caller knows them.
    pub names: BTreeMap<String, (Option<String>, String)>,
    /// Tool call ids as sent → as the caller knows them.
    pub ids: BTreeMap<String, String>,
    /// Names (the caller's) of custom tools sent as functions with one string `input`.
    pub custom: BTreeSet<String>,
    /// Stop texts the target can't take: looked for here.
    pub stops: Vec<String>,
    /// How many answers were asked for, where stop texts are looked for; one if nobody says.
    pub answers: u32,
    /// The name (as sent) of a tool that stands in for a schema: its arguments are the answer's text.
    pub answer_tool: Option<String>,
}

/// Changes a reply's events back.
#[derive(Debug, Default)]
pub(crate) struct Restore {
    back: Back,
    /// Nothing is to be changed: the common case.
    plain: bool,
    /// What each open block needs.
    open: Vec<(u32, Need)>,
    /// Bytes of arguments that are gathered.
    gathered: usize,
    /// The row has failed here; what follows is passed over.
    failed: bool,
    cut: Cut,
    answered_by_tool: bool,
}

#[derive(Debug)]
enum Need {
    /// A custom tool's arguments, gathered until they can be unwrapped.
    Unwrap(String),
    /// The end of a text that could begin a stop text.
    Watch { held: String, candidate: u32 },
}

impl Restore {
    pub(crate) fn new(back: Back) -> Restore {
        Restore {
            plain: back == Back::default(),
            cut: Cut::new(back.answers),
            back,
            ..Restore::default()
        }
    }

    /// Whether the reply has been cut here (every answer has met an emulated stop text, or ended
    /// before): what follows is not wanted, and the upstream may be closed.
    pub(crate) fn is_cut(&self) -> bool {
        self.cut.is_ended()
    }

    /// Takes the next event and hands on what becomes of it.
    pub(crate) fn event(&mut self, event: Event, out: &mut Vec<Event>) {
        if self.plain {
            out.push(event);
            return;
        }
        if self.failed {
            return;
        }
        let event = if self.back.stops.is_empty() {
            event
        } else if let Some(event) = self.cut.pass(event) {
            event
        } else {
            return;
        };
        match event {
            Event::Open {
                block,
                candidate,
                kind,
            } => {
                let kind = self.opened(block, candidate, kind);
                out.push(Event::Open {
                    block,
                    candidate,
                    kind,
                });
            }
            Event::Delta { block, text } => self.delta(block, text, out),
            Event::Close { block } => {
                self.closed(block, out);
                out.push(Event::Close { block });
            }
            Event::Stop {
                candidate,
                stop: StopReason::ToolCall,
                sequence,
            } if self.answered_by_tool => out.push(Event::Stop {
                candidate,
                stop: StopReason::End,
                sequence,
            }),
            other => out.push(other),
        }
    }

    fn opened(&mut self, block: u32, candidate: u32, kind: BlockKind) -> BlockKind {
        match kind {
            BlockKind::ToolCall(call) if self.back.answer_tool.as_ref() == Some(&call.name) => {
                self.answered_by_tool = true;
                BlockKind::Text
            }
            BlockKind::ToolCall(mut call) => {
                if let Some((namespace, name)) = self.back.names.get(&call.name) {
                    call.namespace.clone_from(namespace);
                    call.name.clone_from(name);
                }
                if let Some(id) = self.back.ids.get(&call.id) {
                    call.id.clone_from(id);
                }
                if self.back.custom.contains(&call.name) {
                    call.custom = true;
                    self.open.push((block, Need::Unwrap(String::new())));
                }
                BlockKind::ToolCall(call)
            }
            BlockKind::Text => {
                if !self.back.stops.is_empty() {
                    let held = String::new();
                    self.open.push((block, Need::Watch { held, candidate }));
                }
                BlockKind::Text
            }
            other => other,
        }
    }

    fn delta(&mut self, block: u32, text: String, out: &mut Vec<Event>) {
        let Some(at) = self.open.iter().position(|(one, _)| *one == block) else {
            out.push(Event::Delta { block, text });
            return;
        };
        match &mut self.open[at].1 {
            Need::Unwrap(gathered) => {
                self.gathered = self.gathered.saturating_add(text.len());
                if self.gathered > MOST_GATHERED {
                    return self.fail(out);
                }
                gathered.push_str(&text);
            }
            Need::Watch { held, candidate } => {
                held.push_str(&text);
                let candidate = *candidate;
                if let Some((found, stop)) = first(held, &self.back.stops) {
                    let before = held[..found].to_owned();
                    let stop = stop.clone();
                    return self.cut_at(block, candidate, before, stop, out);
                }
                let keep = beginning(held, &self.back.stops);
                let rest = held.split_off(held.len() - keep);
                let text = std::mem::replace(held, rest);
                if !text.is_empty() {
                    out.push(Event::Delta { block, text });
                }
            }
        }
    }

    fn fail(&mut self, out: &mut Vec<Event>) {
        self.failed = true;
        self.open = Vec::new();
        out.push(Event::Failed(Failure {
            category: FailureCategory::BrokenStream,
            status: None,
            code: None,
            message: "it called a tool with more than 16 MiB of text".to_owned(),
            retry_after_ms: None,
        }));
    }

    fn closed(&mut self, block: u32, out: &mut Vec<Event>) {
        let Some(at) = self.open.iter().position(|(one, _)| *one == block) else {
            return;
        };
        let text = match self.open.remove(at).1 {
            Need::Unwrap(gathered) => {
                self.gathered = self.gathered.saturating_sub(gathered.len());
                unwrapped(&gathered)
            }
            Need::Watch { held, .. } => held,
        };
        if !text.is_empty() {
            out.push(Event::Delta { block, text });
        }
    }

    /// The answer ends here, as if the provider had known the stop text.
    fn cut_at(
        &mut self,
        block: u32,
        candidate: u32,
        text: String,
        sequence: String,
        out: &mut Vec<Event>,
    ) {
        if !text.is_empty() {
            out.push(Event::Delta { block, text });
        }
        for block in self.cut.cut(candidate) {
            self.open.retain(|(open, _)| *open != block);
            out.push(Event::Close { block });
        }
        out.push(Event::Stop {
            candidate,
            stop: StopReason::StopSequence,
            sequence: Some(sequence),
        });
        if self.cut.is_ended() {
            out.push(Event::End);
        }
    }
}

/// The first stop text in `text`, and where it begins.
fn first<'a>(text: &str, stops: &'a [String]) -> Option<(usize, &'a String)> {
    stops
        .iter()
        .filter(|stop| !stop.is_empty())
        .filter_map(|stop| Some((text.find(stop.as_str())?, stop)))
        .min_by_key(|(at, _)| *at)
}

/// How many bytes at the end of `text` could begin a stop text.
fn beginning(text: &str, stops: &[String]) -> usize {
    let longest = |stop: &String| {
        let most = stop.len().saturating_sub(1).min(text.len());
        (1..=most)
            .rev()
            .find(|&length| {
                text.is_char_boundary(text.len() - length)
                    && stop
                        .as_bytes()
                        .starts_with(&text.as_bytes()[text.len() - length..])
            })
            .unwrap_or(0)
    };
    stops.iter().map(longest).max().unwrap_or(0)
}

/// The free text that a function with one string `input` was called with; what is not of that shape
/// is handed on as it is.
fn unwrapped(arguments: &str) -> String {
    #[derive(serde::Deserialize)]
    struct Wrapped {
        input: String,
    }
    serde_json::from_str(arguments)
        .map_or_else(|_| arguments.to_owned(), |wrapped: Wrapped| wrapped.input)
}

#[cfg(test)]
mod tests {
    use super::super::{Reply, Start, ToolCall, law};
    use super::*;

    fn row(pieces: &[&str]) -> Vec<Event> {
        let mut row = vec![
            Event::Start(Start::default()),
            Event::Open {
                block: 0,
                candidate: 0,
                kind: BlockKind::Text,
            },
        ];
        row.extend(pieces.iter().map(|piece| Event::Delta {
            block: 0,
            text: (*piece).to_owned(),
        }));
        row.extend([
            Event::Close { block: 0 },
            Event::Stop {
                candidate: 0,
                stop: StopReason::End,
                sequence: None,
            },
            Event::End,
        ]);
        row
    }

    fn through(back: Back, events: Vec<Event>) -> Vec<Event> {
        let (mut restore, mut out) = (Restore::new(back), Vec::new());
        for event in events {
            restore.event(event, &mut out);
        }
        law::check(&out).expect("lawful");
        out
    }

    #[test]
    fn a_stop_text_is_met_across_any_cut() {
        let text = "one tw ENENDO two END three";
        for a in 0..text.len() {
            for b in a..text.len() {
                let back = Back {
                    stops: vec!["END ".to_owned(), "ENDO!".to_owned()],
                    ..Back::default()
                };
                let reply = Reply::of(through(back, row(&[&text[..a], &text[a..b], &text[b..]])));
                let answer = &reply.candidates[0];
                assert_eq!(
                    answer.blocks[0].text, "one tw ENENDO two ",
                    "cut at {a} and {b}"
                );
                assert_eq!(answer.stop, Some(StopReason::StopSequence));
                assert_eq!(answer.sequence.as_deref(), Some("END "));
            }
        }
    }

    fn open(block: u32, candidate: u32) -> Event {
        let kind = BlockKind::Text;
        Event::Open {
            block,
            candidate,
            kind,
        }
    }

    fn said(block: u32, text: &str) -> Event {
        let text = text.to_owned();
        Event::Delta { block, text }
    }

    fn stop(candidate: u32) -> Event {
        Event::Stop {
            candidate,
            stop: StopReason::End,
            sequence: None,
        }
    }

    fn two_answers_until_eee() -> Restore {
        Restore::new(Back {
            stops: vec!["EEE".to_owned()],
            answers: 2,
            ..Back::default()
        })
    }

    #[test]
    fn an_answer_that_is_cut_takes_no_other_with_it() {
        let close = |block| Event::Close { block };
        let rows = [
            // One after the other, as a whole reply has them.
            vec![
                open(0, 0),
                said(0, "one EEE rest"),
                close(0),
                open(1, 0),
                said(1, "more"),
                close(1),
                stop(0),
                open(2, 1),
                said(2, "second answer whole"),
                close(2),
                stop(1),
            ],
            // Side by side, as a stream has them.
            vec![
                open(0, 0),
                open(1, 1),
                said(0, "one E"),
                said(1, "second an"),
                said(0, "EE rest"),
                close(0),
                open(2, 0),
                said(1, "swer whole"),
                said(2, "more"),
                close(2),
                stop(0),
                close(1),
                stop(1),
            ],
        ];
        for row in rows {
            let (mut restore, mut out) = (two_answers_until_eee(), Vec::new());
            restore.event(Event::Start(Start::default()), &mut out);
            for event in row {
                restore.event(event, &mut out);
                assert!(!restore.is_cut(), "the second is still wanted");
            }
            restore.event(Event::End, &mut out);
            law::check(&out).expect("lawful");
            assert_eq!(out.last(), Some(&Event::End));
            let reply = Reply::of(out);
            let told: Vec<_> = reply
                .candidates
                .iter()
                .map(|one| (one.blocks.len(), one.blocks[0].text.as_str(), one.stop))
                .collect();
            assert_eq!(
                told,
                [
                    (1, "one ", Some(StopReason::StopSequence)),
                    (1, "second answer whole", Some(StopReason::End)),
                ]
            );
        }
    }

    #[test]
    fn when_nothing_is_wanted_any_more_the_row_ends() {
        let (mut restore, mut out) = (two_answers_until_eee(), Vec::new());
        for event in [
            Event::Start(Start::default()),
            open(0, 0),
            open(1, 1),
            said(0, "a EEE"),
            said(1, "b EEE"),
            said(0, "never"),
            Event::Close { block: 1 },
            stop(1),
            Event::End,
        ] {
            restore.event(event, &mut out);
        }
        law::check(&out).expect("lawful");
        assert!(restore.is_cut());
        assert_eq!(out.last(), Some(&Event::End));
    }

    #[test]
    fn what_only_begins_like_a_stop_text_is_not_lost() {
        let back = Back {
            stops: vec!["STOP".to_owned()],
            ..Back::default()
        };
        let reply = Reply::of(through(back, row(&["a S", "TO"])));
        assert_eq!(reply.candidates[0].blocks[0].text, "a STO");
        assert_eq!(reply.candidates[0].stop, Some(StopReason::End));
    }

    #[test]
    fn names_ids_and_custom_tools_are_the_callers_again() {
        let mut back = Back::default();
        back.names
            .insert("a__b".to_owned(), (Some("a".to_owned()), "b".to_owned()));
        back.ids
            .insert("123456789".to_owned(), "call_long".to_owned());
        back.custom.insert("b".to_owned());
        let call = ToolCall {
            id: "123456789".to_owned(),
            name: "a__b".to_owned(),
            namespace: None,
            arguments: String::new(),
            custom: false,
        };
        let mut events = row(&[r#"{"inp"#, r#"ut":"x \u00e9"}"#]);
        events[1] = Event::Open {
            block: 0,
            candidate: 0,
            kind: BlockKind::ToolCall(call),
        };
        let reply = Reply::of(through(back, events));
        let block = &reply.candidates[0].blocks[0];
        assert_eq!(block.text, "x é");
        let BlockKind::ToolCall(call) = &block.kind else {
            panic!("a call");
        };
        assert_eq!(
            (
                call.id.as_str(),
                call.namespace.as_deref(),
                call.name.as_str(),
                call.custom
            ),
            ("call_long", Some("a"), "b", true)
        );
    }

    #[test]
    fn a_free_text_without_end_fails_the_reply_and_is_not_kept() {
        let back = Back {
            custom: BTreeSet::from(["patch".to_owned()]),
            ..Back::default()
        };
        let piece = "x".repeat(1 << 20);
        let pieces = vec![piece.as_str(); 40];
        let mut events = row(&pieces);
        events[1] = Event::Open {
            block: 0,
            candidate: 0,
            kind: BlockKind::ToolCall(ToolCall {
                id: "1".to_owned(),
                name: "patch".to_owned(),
                namespace: None,
                arguments: String::new(),
                custom: false,
            }),
        };
        let (mut restore, mut out) = (Restore::new(back), Vec::new());
        for event in events {
            restore.event(event, &mut out);
        }
        law::check(&out).expect("lawful");
        assert!(
            matches!(out.last(), Some(Event::Failed(failure)) if failure.message.contains("16 MiB"))
        );
        assert_eq!(out.len(), 3, "nothing follows and nothing of it was told");
        assert!(restore.open.is_empty() && !restore.is_cut());
    }

    #[test]
    fn a_tool_that_stands_in_for_a_schema_is_the_answers_text() {
        let back = Back {
            answer_tool: Some("answer".to_owned()),
            ..Back::default()
        };
        let call = ToolCall {
            id: "1".to_owned(),
            name: "answer".to_owned(),
            namespace: None,
            arguments: String::new(),
            custom: false,
        };
        let mut events = row(&[r#"{"a":1}"#]);
        events[1] = Event::Open {
            block: 0,
            candidate: 0,
            kind: BlockKind::ToolCall(call),
        };
        events[4] = Event::Stop {
            candidate: 0,
            stop: StopReason::ToolCall,
            sequence: None,
        };
        let reply = Reply::of(through(back, events));
        assert_eq!(reply.candidates[0].blocks[0].kind, BlockKind::Text);
        assert_eq!(reply.candidates[0].blocks[0].text, r#"{"a":1}"#);
        assert_eq!(reply.candidates[0].stop, Some(StopReason::End));
    }
}
