//! The deterministic tools: where a task has one right answer, no model is asked.
//!
//! Promises: every tool is bounded in time, memory and output, touches nothing that it was not granted, and
//! says what went wrong instead of inventing an answer. What is recognised as a task is one, whole, by a
//! grammar. Leaves out who may use which tool, the wires and the money (`engine`), and where grants are
//! written down (`host`).

mod checks;
mod done;
mod grants;
mod interpreters;
mod lookup;
mod places;
mod tool;
mod workshop;

pub use done::{Done, Output, Trouble, TroubleKind};
pub use grants::{Check, Database, Grants, Interpreters, Server, Transport};
pub use tool::{Spec, Tool, UnknownTool};
pub use workshop::{Ask, Workshop};
