//! Ollama's own API: `/api/chat` and `/api/generate`.
//!
//! Promises: both are read into the hub, requests for providers are written for `/api/chat`,
//! and replies are written in the shape of the endpoint that was called.
//! Leaves out: Ollama's copies of other vendors' endpoints, which are those dialects.

mod events_in;
mod events_out;
pub(crate) mod lacking;
mod messages_in;
mod messages_out;
mod request_in;
mod request_out;

pub(crate) use events_in::{Reader, read_reply};
pub(crate) use events_out::{Writer, write_reply};
pub(crate) use request_in::read_request;
pub(crate) use request_out::write_request;

#[cfg(test)]
pub(crate) mod tests;
