//! The hub: one vocabulary that every dialect is translated into and out of.
//!
//! Promises: our own words, not a vendor's. What the hub does not name travels as
//! extras tagged with their owner and returns only to it; what cannot travel
//! becomes a [`Note`]. Nothing is dropped silently.
//! Leaves out: how anything is written on a wire (one folder for each dialect).

mod address;
mod asked;
mod back;
mod cacheable;
mod cut;
mod event;
mod fit;
mod fold;
mod forget;
#[cfg(test)]
pub(crate) mod law;
mod note;
mod order;
mod prefill;
mod request;
mod sealed;
mod target;

pub use address::{Addressed, Fetched};
pub(crate) use asked::Ink;
pub use asked::{Asked, AskedPart, AskedParts};
pub use back::Back;
pub(crate) use back::Restore;
pub use cacheable::Cacheability;
pub use event::{Annotation, BlockKind, Event, Logprob, Start};
pub(crate) use fit::{fit, says_nothing};
pub use fold::{Block, Candidate, Reply};
pub(crate) use note::Notes;
pub use note::{Loss, Note, Refused};
pub(crate) use order::InOrder;
pub use request::{
    CacheMark, Choice, Effort, Extras, Format, Kind, Lifetime, Media, MediaKind, Message, Part,
    Reasoning, Request, Role, Sampling, Source, Thinking, Tool, ToolCall, ToolKind, ToolResult,
};
pub use sealed::Sealed;
pub(crate) use sealed::carries_foreign_seal;
pub use target::{Hosting, Prefill, Quirks, Target, Traits};
