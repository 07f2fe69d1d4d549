//! The deterministic tools: where a task has one right answer, no model is asked.
//!
//! Promises: every tool is bounded in time, memory and output, touches nothing that it was not granted, and
//! says what went wrong instead of inventing an answer. What is recognised as a task is one, whole, by a
//! grammar. Leaves out who may use which tool, the wires and the money (`engine`), and where grants are
//! written down (`host`).

mod arguments;
mod calculator;
mod checks;
mod convert;
mod diff;
mod done;
mod encode;
mod errand;
mod form;
mod grants;
mod hash;
mod interpreters;
mod lookup;
mod places;
mod recheck;
mod recognise;
mod regex;
mod schema;
mod servers;
mod text;
mod time;
mod tool;
mod uuid;
mod workshop;

pub use done::{Done, Output, Trouble, TroubleKind};
pub use form::{as_object, shaped};
pub use grants::{Check, Database, Grants, Interpreters};
pub use mcp::{Server, Transport};
pub use recheck::{WrongSum, wrong_sums};
pub use recognise::{MESSAGE, NotRecognised, Recognised, recognise};
pub use speech::Lock;
pub use tool::{Spec, Tool, UnknownTool};
pub use workshop::{Ask, Workshop};
