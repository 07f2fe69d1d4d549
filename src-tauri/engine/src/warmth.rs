//! Where a conversation has been, as far as a choice should know: caches that hold its beginning, and the one
//! place where it can go on.
//!
//! Promises: looked at only where there is a choice; hashes alone are kept. Leaves out what it is worth
//! (`routing::decide`), and responses that are kept here (`conversations`).

use dialect::{Endpoint, Task, blocks, estimate_tokens};
use routing::{Ask, Link, Plan, Strategy, chain};

use crate::exchange::Call;

/// A request's prompt by its beginnings.
#[derive(Debug, Default)]
pub(crate) struct Beginnings {
    /// Shortest first; empty where no cache is reckoned with.
    pub(crate) chain: Vec<Link>,
    /// Messages so far.
    pub(crate) messages: usize,
    /// The response it goes on from.
    pub(crate) previous: Option<String>,
}

/// What has to be known of this request's prompt.
pub(crate) fn beginnings(call: &Call, plan: &Plan, ask: &Ask) -> Beginnings {
    let scored = matches!(
        plan.policy.strategy,
        Some(Strategy::Adaptive | Strategy::Cheapest | Strategy::Fastest)
    ) && call.endpoint.task() == Task::Generate;
    let goes_on = call.endpoint == Endpoint::Responses
        && memchr::memmem::find(&call.body, b"\"previous_response_id\"").is_some();
    if plan.candidates.len() < 2 || !(scored || goes_on) {
        return Beginnings::default();
    }
    let Some(read) = blocks(&call.body) else {
        return Beginnings::default();
    };
    let links = match scored {
        true => links(&read.blocks, ask.prompt_tokens),
        false => Vec::new(),
    };
    Beginnings {
        chain: links,
        messages: read.messages,
        previous: read.previous.map(std::borrow::Cow::into_owned),
    }
}

/// The blocks' tokens come to the prompt's: a picture is long to write and short to read.
fn links(blocks: &[&[u8]], prompt_tokens: u64) -> Vec<Link> {
    let bytes: u64 = blocks.iter().map(|block| block.len() as u64).sum();
    let all = estimate_tokens(bytes).max(1);
    let share = |block: &&[u8]| {
        let tokens = u128::from(estimate_tokens(block.len() as u64)) * u128::from(prompt_tokens);
        (tokens / u128::from(all)) as u64
    };
    chain(blocks.iter().map(|block| (*block, share(block))))
}
