//! Calls of one answer, put together from their fragments.
//!
//! OpenAI numbers its calls and says id and name once. Others leave the number out, repeat it for
//! every call, repeat or change the id in each chunk, send it empty, split the name, or say all at
//! once. Promises: each of these gives the same calls. Bounds: [`MOST_CALLS`] calls, and a
//! name's length.

use serde_json::{Map, Value};

use super::answer_in::Blocks;
use super::calls::take_seal;
use super::chunk::{self, Fragment, Function};
use crate::hub::{BlockKind, Sealed, ToolCall};

/// The most calls of one answer that are read.
const MOST_CALLS: usize = 1024;
/// The longest name that is put together.
const MOST_NAME_BYTES: usize = 1024;
/// The most arguments that are kept while their call has no name.
const MOST_NAMELESS_BYTES: usize = 1 << 20;

#[derive(Debug, Default)]
pub(super) struct Calls {
    calls: Vec<Call>,
}

#[derive(Debug, Default)]
struct Call {
    index: Option<u64>,
    id: String,
    name: String,
    custom: bool,
    /// Its block, once it is open: not before its name is whole.
    block: Option<u32>,
    /// What came before that.
    arguments: String,
    sealed: Option<Sealed>,
}

impl Calls {
    pub(super) fn any(&self) -> bool {
        !self.calls.is_empty()
    }

    /// Takes the next fragment. `place`: its number, where that is known without the fragment.
    pub(super) fn fragment(
        &mut self,
        candidate: u32,
        fragment: &Fragment<'_>,
        place: Option<u64>,
        blocks: &mut Blocks<'_>,
    ) {
        let custom = fragment.custom.is_some();
        let inner: Function<'_> =
            chunk::fields(fragment.function.or(fragment.custom)).unwrap_or_default();
        let id = chunk::text(fragment.id).unwrap_or_default();
        let name = chunk::text(inner.name).unwrap_or_default();
        let arguments = chunk::arguments(inner.arguments.or(inner.input)).unwrap_or_default();
        let index = place.or_else(|| chunk::number(fragment.index));

        let known = self.known(index, &id, &name);
        let at = match known {
            Some(at) => at,
            None if name.is_empty() && id.is_empty() && arguments.is_empty() => return,
            None if self.calls.len() >= MOST_CALLS => return,
            None => {
                // The calls before have their names.
                for (number, call) in self.calls.iter_mut().enumerate() {
                    call.open(candidate, number, blocks);
                }
                self.calls.push(Call {
                    index,
                    custom,
                    ..Call::default()
                });
                self.calls.len() - 1
            }
        };
        let Some(call) = self.calls.get_mut(at) else {
            return;
        };
        if call.block.is_none() {
            if call.id.is_empty() {
                call.id = id;
            }
            call.custom |= custom;
            if call.name != name && call.name.len() + name.len() <= MOST_NAME_BYTES {
                call.name.push_str(&name);
            }
        }
        call.sealed = seal(fragment).or(call.sealed.take());
        call.go_on(candidate, at, arguments, blocks);
    }

    /// Which call a fragment belongs to; none: a new one.
    fn known(&self, index: Option<u64>, id: &str, name: &str) -> Option<usize> {
        let by = |fits: &dyn Fn(&Call) -> bool| self.calls.iter().rposition(fits);
        let same_id = || by(&|call| !id.is_empty() && call.id == id);
        let last = self.calls.len().checked_sub(1);
        if index.is_none() {
            return match (id.is_empty(), name.is_empty()) {
                // An id in each chunk, or a new one in each.
                (false, true) => same_id().or(last),
                (false, false) => same_id(),
                (true, true) => last,
                // Another piece of a name, or another call.
                (true, false) => {
                    let is_unsaid = |call: &Call| call.block.is_none() && call.arguments.is_empty();
                    last.filter(|&at| self.calls.get(at).is_some_and(is_unsaid))
                }
            };
        }
        let at = by(&|call| call.index == index)?;
        let call = self.calls.get(at)?;
        // One number for every call: another id with a name, or another name, is another call.
        let other_id = !id.is_empty() && !call.id.is_empty() && call.id != id;
        let other_name = id.is_empty() && call.block.is_some() && call.name != name;
        let is_other = !name.is_empty() && (other_id || other_name);
        if is_other { same_id() } else { Some(at) }
    }

    pub(super) fn close(&mut self, candidate: u32, blocks: &mut Blocks<'_>) {
        for (number, call) in self.calls.iter_mut().enumerate() {
            call.open(candidate, number, blocks);
            if let Some(block) = call.block {
                blocks.close(block);
            }
        }
    }
}

impl Call {
    fn go_on(&mut self, candidate: u32, number: usize, arguments: String, blocks: &mut Blocks<'_>) {
        if arguments.is_empty() {
            if self.block.is_some() {
                self.tell_seal(blocks);
            }
            return;
        }
        let held = self.arguments.len().saturating_add(arguments.len());
        if self.block.is_none() && self.name.is_empty() && held <= MOST_NAMELESS_BYTES {
            return self.arguments.push_str(&arguments);
        }
        self.open(candidate, number, blocks);
        if let Some(block) = self.block {
            blocks.delta(block, arguments);
        }
    }

    fn open(&mut self, candidate: u32, number: usize, blocks: &mut Blocks<'_>) {
        if self.block.is_none() {
            if self.id.is_empty() {
                self.id = minted(blocks.reply, number);
            }
            let kind = BlockKind::ToolCall(ToolCall {
                id: self.id.clone(),
                name: self.name.clone(),
                namespace: None,
                arguments: String::new(),
                custom: self.custom,
            });
            let block = blocks.open(candidate, kind);
            self.block = Some(block);
            blocks.delta(block, std::mem::take(&mut self.arguments));
        }
        self.tell_seal(blocks);
    }

    fn tell_seal(&mut self, blocks: &mut Blocks<'_>) {
        if let (Some(block), Some(sealed)) = (self.block, self.sealed.take()) {
            blocks.seal(block, sealed);
        }
    }
}

/// Google's signature on a call.
fn seal(fragment: &Fragment<'_>) -> Option<Sealed> {
    let extra: Value = chunk::value(fragment.extra_content)?;
    let mut fields = Map::from_iter([("extra_content".to_owned(), extra)]);
    take_seal(&mut fields)
}

/// An id for a call that came without: the same whenever the same reply is read, and another in
/// another reply of the conversation.
fn minted(reply: &str, number: usize) -> String {
    let mut tail: Vec<char> = reply
        .chars()
        .rev()
        .filter(char::is_ascii_alphanumeric)
        .take(24)
        .collect();
    tail.reverse();
    let tail: String = tail.into_iter().collect();
    format!("call_{tail}_{number}")
}
