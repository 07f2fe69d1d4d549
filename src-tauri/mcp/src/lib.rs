//! MCP servers as tools.
//!
//! Promises: a server is started when it is first used, spoken to over one connection, and ended with all
//! that it started, when nobody has used it for a while, when its place in the config changes, and at the
//! latest with [`Servers`]. Only tools that the config allows are called. Whatever a server says is bounded:
//! a message, how many of them, how long a call takes, its list of tools, what it prints beside. A program
//! sees the few environment variables it was given, and no shell.
//!
//! Leaves out: what servers may ask of a client (sampling, elicitation, roots: none is offered), resources,
//! prompts, and who may use which server (`engine`).

mod answer;
mod bounded;
mod last_will;
mod line;
mod offers;
mod program;
mod reading;
mod server;
mod servers;
mod web;

#[cfg(test)]
mod tests;

pub use answer::{Answer, Trouble, TroubleKind};
pub use last_will::LastWill;
pub use offers::ToolOffer;
pub use server::{Server, Transport};
pub use servers::Servers;

use std::time::Duration;

/// One message of a server.
const MESSAGE: usize = 4 << 20;
/// What is told of an answer.
const ANSWER: usize = 1 << 20;
/// What may be sent to a tool.
const ARGUMENTS: usize = 1 << 20;
/// Calls of one server at once.
const AT_ONCE: usize = 8;
/// Calls that wait for their turn.
const WAITING: usize = 64;
/// Connections.
const SERVERS: usize = 32;
/// Calls in a row that run out of time before a server is given up.
const SILENT: u32 = 3;

/// How long things may take.
#[derive(Debug, Clone, Copy)]
struct Times {
    /// A server's start: one that is fetched first takes its time.
    start: Duration,
    /// Nobody used it for so long: it is ended.
    idle: Duration,
    /// A list of tools is asked for anew after this.
    list: Duration,
    /// After each of the polite words to a program that is to end.
    farewell: Duration,
    /// The wait after one that failed before it was of any use; twice that after the next one.
    backoff: Duration,
    /// The most that it grows to.
    longest_backoff: Duration,
}

impl Default for Times {
    fn default() -> Times {
        Times {
            start: Duration::from_secs(60),
            idle: Duration::from_secs(5 * 60),
            list: Duration::from_secs(60),
            farewell: Duration::from_secs(1),
            backoff: Duration::from_secs(1),
            longest_backoff: Duration::from_secs(60),
        }
    }
}
