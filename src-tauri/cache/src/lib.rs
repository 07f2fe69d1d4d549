//! Answers that were given before.
//!
//! Promises: a hit is never wrong. An answer is known by everything that could have changed it
//! ([`fingerprint`]), has an end, and is told only while it is sure how old it is; one that can't be
//! read whole is no answer. In memory it is bounded by bytes ([`Limits`]); on disk it is sealed.
//!
//! Leaves out: whether an answer may be kept (the route's rule, with `dialect`'s facts), how it is
//! told again (`engine`), and the disk itself, whose needs are stated as [`Store`] and fulfilled by
//! `host`. Time is an argument, in Unix milliseconds.

mod entry;
mod explain;
mod fingerprint;
mod memory;
mod seal;
mod store;
mod tiers;

pub use entry::{Entry, Written};
pub use explain::{Explained, Neighbour, Neighbours, Part, Question};
pub use fingerprint::{Fingerprint, Scope, fingerprint, fingerprint_of, fingerprint_of_asked};
pub use seal::{SealKey, SealKeyError};
pub use store::Store;
pub use tiers::{Cache, Held, Limits};
