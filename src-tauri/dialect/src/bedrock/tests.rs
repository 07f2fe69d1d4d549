//! What is written to Converse, and what its frames mean.

mod callers;
pub(crate) mod replies;
mod requests;
