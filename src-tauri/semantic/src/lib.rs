//! Answers to questions that mean the same.
//!
//! Promises: a question is taken for another one only if everything around it agrees to the letter
//! ([`Question`]), the guards find nothing that turns one into the other ([`Guard`]), and their vectors
//! are near enough ([`Tier`]). What is kept is a vector, a few numbers and the fingerprint of an answer:
//! no text. Bounded by entries and by bytes ([`Limits`]); what is promised of a hit is measured
//! ([`Shadow`]).
//!
//! Leaves out: the answers (`cache` has them, under their fingerprints), whether a route wants this
//! (its rule says), the calls of an endpoint that makes vectors and the downloads of a model (the
//! engine and host make them). Time is an argument, in Unix milliseconds.

// What is asked.
mod guards;
mod language;
mod marks;
mod question;

// How a text is read.
mod hash;
mod numbers;
mod reading;
mod spans;
mod tokens;
mod words;

#[cfg(test)]
mod pairs;

// What is near.
mod embed;
mod index;
mod lexical;
mod tier;

// A model of one's own.
mod fetch;
#[cfg(feature = "local-model")]
mod local;

// Whether that holds.
mod agreement;
mod shadow;

pub use agreement::{Agreement, verify};
pub use embed::{Embed, EmbedError};
pub use fetch::{DEFAULT_BASE, FILES, FetchError, Opening, Progress, Source, Wanted, fetch_model};
pub use guards::{Guard, Wording, refusal};
pub use language::Language;
pub use lexical::Lexical;
#[cfg(feature = "local-model")]
pub use local::{LocalModel, ModelError};
pub use marks::Marks;
pub use question::{LONGEST_TEXT, NoQuestion, Question, marks};
pub use shadow::{Counts, Looked, MOST_ROUTES, RouteReport, Shadow, ShadowReport, wilson_upper};
pub use tier::{BadVector, Keep, Limits, Purge, Rules, Tier, Verdict};
