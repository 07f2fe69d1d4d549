//! Who serves a request, and what to try next.
//!
//! Promises: pure. The same arguments give the same plan; time and chance are
//! arguments, so the live engine and a simulation on a virtual clock run the
//! same code. It also holds what is known of providers, models and prices,
//! because a choice without them would be a guess.
//!
//! Leaves out: sockets, keys, clocks and files.

mod catalogue;
mod fallback;
mod findings;
mod money;
mod plan;
mod price;
mod routes;

pub use catalogue::{
    BadPart, Catalogue, CatalogueError, CatalogueModel, CatalogueProvider, PriceCheck,
};
pub use fallback::{Next, after};
pub use findings::{Broken, Findings, Need, heed};
pub use money::NanoUsd;
pub use plan::{Asked, Candidate, Dropped, NoRoute, Plan, Standing, plan};
pub use price::{Cost, Price, Rate, Rates};
pub use routes::{Alias, AuthScheme, Door, KeySource, Provider, Routes, Surface, Target, Way};
