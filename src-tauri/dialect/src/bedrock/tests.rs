//! What is written to Converse, and what its frames mean.

mod callers;
mod replies;
mod requests;
