//! The deterministic tools: where a task has one right answer, no model is asked.
//!
//! Promises: every tool is bounded in time, memory and output, touches nothing that it was not granted, and
//! says what went wrong instead of inventing an answer. What is recognised as a task is one, whole, by a
//! grammar. Leaves out who may use which tool, the wires and the money (`engine`), and where grants are
//! written down (`host`).

mod done;
mod form;
mod grants;
mod tool;
mod workshop;

pub use done::{Done, Output, Trouble, TroubleKind};
pub use form::{as_object, shaped};
pub use grants::{Check, Database, Grants, Interpreters, Server, Transport};
pub use tool::{Spec, Tool, UnknownTool};
pub use workshop::{Ask, Workshop};

// STUBS
pub(crate) mod schema {
    pub(crate) fn misfit(
        _: &serde_json::Value,
        _: &serde_json::Value,
    ) -> Result<Option<String>, crate::Trouble> {
        Ok(None)
    }
}
#[derive(Debug)]
pub struct Recognised {
    pub tool: Tool,
    pub arguments: serde_json::Value,
    pub why: String,
}
pub fn recognise(_: &str) -> Result<Recognised, ()> {
    Err(())
}
impl Tool {
    pub fn arguments_of(&self, text: &str) -> Result<serde_json::Value, Trouble> {
        Ok(serde_json::json!({"expression": text}))
    }
}
/// s
#[derive(Debug)]
pub struct WrongSum {
    /// w
    pub written: String,
    /// e
    pub exact: String,
}
/// x
pub fn wrong_sums(_: &str) -> Vec<WrongSum> {
    Vec::new()
}
