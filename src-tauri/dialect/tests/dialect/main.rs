//! The dialect crate from outside, as the engine sees it: tables for what is
//! read, golden files for what is written, laws for what must hold however the
//! bytes are cut.

mod facts;
mod faults;
mod streams;
mod whole;
mod writers;
