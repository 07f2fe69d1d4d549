//! A block that is being said, and the item it becomes.
//!
//! Promises: an item is announced before anything is said of it, and what ends it repeats it whole.
//! Leaves out: when a block is announced and when its item may end (`events_out`).

use serde_json::Value;

use super::items;
use super::step_out::{Line, Place, Step};
use crate::hub::{Annotation, Block, BlockKind};

/// A block and, once it is announced, its item.
#[derive(Debug)]
pub(super) struct Saying {
    pub(super) number: u32,
    pub(super) block: Block,
    pub(super) item: Option<Place>,
    /// Citations written so far.
    pub(super) cited: u32,
}

impl Saying {
    /// The place of its item, which is announced now if it has none.
    pub(super) fn place(&mut self, reply: &str, next: &mut u32, line: &mut Line<'_>) -> Place {
        if let Some(place) = self.item.take() {
            return place;
        }
        let place = Place {
            index: *next,
            id: items::named(&self.block.kind).id(reply, *next),
        };
        *next = next.saturating_add(1);
        let silent = Block {
            kind: self.block.kind.clone(),
            text: String::new(),
            sealed: None,
            annotations: Vec::new(),
        };
        let item = items::item(&silent, &place.id, "in_progress");
        line.write("response.output_item.added", place.whole(&item));
        match &self.block.kind {
            BlockKind::Text | BlockKind::Refusal => {
                let part = items::content_part(&silent);
                let step = Step {
                    part: Some(&part),
                    ..place.content()
                };
                line.write("response.content_part.added", step);
            }
            BlockKind::Reasoning { .. } if !self.block.text.is_empty() => {
                let part = items::summary_part("");
                let step = Step {
                    part: Some(&part),
                    ..place.summary()
                };
                line.write("response.reasoning_summary_part.added", step);
            }
            _ => {}
        }
        place
    }

    /// More of its text.
    pub(super) fn say(&self, text: &str, line: &mut Line<'_>) {
        let Some(place) = &self.item else { return };
        let delta = Some(text);
        match &self.block.kind {
            BlockKind::Text => {
                let step = Step {
                    delta,
                    logprobs: Some(&[]),
                    ..place.content()
                };
                line.write("response.output_text.delta", step);
            }
            BlockKind::Refusal => {
                let step = Step {
                    delta,
                    ..place.content()
                };
                line.write("response.refusal.delta", step);
            }
            BlockKind::Reasoning { .. } => {
                let step = Step {
                    delta,
                    ..place.summary()
                };
                line.write("response.reasoning_summary_text.delta", step);
            }
            BlockKind::ToolCall(call) => {
                let step = Step {
                    delta,
                    ..place.plain()
                };
                let r#type = if call.custom {
                    "response.custom_tool_call_input.delta"
                } else {
                    "response.function_call_arguments.delta"
                };
                line.write(r#type, step);
            }
            BlockKind::Opaque { .. } => {}
        }
    }

    /// A remark on its text. Log probabilities come with a delta here, an empty one.
    pub(super) fn remark(&mut self, annotation: &Annotation, line: &mut Line<'_>) {
        let Some(place) = &self.item else { return };
        if let Annotation::Logprobs(list) = annotation {
            let list: Vec<Value> = list.iter().map(items::logprob).collect();
            let step = Step {
                delta: Some(""),
                logprobs: Some(&list),
                ..place.content()
            };
            return line.write("response.output_text.delta", step);
        }
        if let Some(citation) = items::citation(annotation, &self.block.text) {
            let step = Step {
                annotation_index: Some(self.cited),
                annotation: Some(&citation),
                ..place.content()
            };
            self.cited = self.cited.saturating_add(1);
            line.write("response.output_text.annotation.added", step);
        }
    }

    /// Writes what ends its item; the item and its place.
    pub(super) fn finish(&self, place: &Place, status: &str, line: &mut Line<'_>) -> (u32, Value) {
        let text = self.block.text.as_str();
        let item = items::item(&self.block, &place.id, status);
        match &self.block.kind {
            BlockKind::Text => {
                let logprobs = self.block.annotations.iter();
                let logprobs: Vec<Value> = logprobs
                    .filter_map(|annotation| match annotation {
                        Annotation::Logprobs(list) => Some(list.iter().map(items::logprob)),
                        Annotation::Citation { .. } => None,
                    })
                    .flatten()
                    .collect();
                let step = Step {
                    text: Some(text),
                    logprobs: Some(&logprobs),
                    ..place.content()
                };
                line.write("response.output_text.done", step);
                self.part_done(place, line);
            }
            BlockKind::Refusal => {
                let step = Step {
                    refusal: Some(text),
                    ..place.content()
                };
                line.write("response.refusal.done", step);
                self.part_done(place, line);
            }
            BlockKind::Reasoning { .. } if !text.is_empty() => {
                let step = Step {
                    text: Some(text),
                    ..place.summary()
                };
                line.write("response.reasoning_summary_text.done", step);
                let part = items::summary_part(text);
                let step = Step {
                    part: Some(&part),
                    ..place.summary()
                };
                line.write("response.reasoning_summary_part.done", step);
            }
            BlockKind::ToolCall(call) if call.custom => {
                let step = Step {
                    input: Some(text),
                    ..place.plain()
                };
                line.write("response.custom_tool_call_input.done", step);
            }
            BlockKind::ToolCall(call) => {
                let step = Step {
                    name: Some(&call.name),
                    arguments: Some(text),
                    ..place.plain()
                };
                line.write("response.function_call_arguments.done", step);
            }
            BlockKind::Reasoning { .. } | BlockKind::Opaque { .. } => {}
        }
        line.write("response.output_item.done", place.whole(&item));
        (place.index, item)
    }

    fn part_done(&self, place: &Place, line: &mut Line<'_>) {
        let part = items::content_part(&self.block);
        let step = Step {
            part: Some(&part),
            ..place.content()
        };
        line.write("response.content_part.done", step);
    }
}
