//! Boot, and HTTP in.
//!
//! Promises: [`boot`] is the only place where the parts meet, and the window and
//! the headless binary both start there. HTTP statuses and paths are decided in
//! this crate and nowhere else.

mod boot;
pub mod command;
mod data_plane;
mod guard;
mod listen;
mod log;
mod models;
mod panel;
mod runtime;
mod session;
mod state;

pub use boot::{BootError, Options, Running, boot};
pub use listen::ListenError;
pub use log::log_directives;
pub use session::NoRandomness;
