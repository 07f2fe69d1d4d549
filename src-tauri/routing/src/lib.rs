//! Who serves a request, and what to try next.
//!
//! Promises: pure. The same arguments give the same plan; time and chance are
//! arguments, so the live engine and a simulation on a virtual clock run the
//! same code. It also holds what is known of providers, models and prices,
//! because a choice without them would be a guess.
//!
//! Leaves out: sockets, keys, clocks and files.

mod affinity;
mod breaker;
mod catalogue;
mod chance;
mod choose;
mod fallback;
mod findings;
mod health;
mod hedge;
mod latency;
mod machine;
mod moment;
mod money;
mod pace;
mod pins;
mod plan;
mod policy;
mod price;
mod routes;
mod score;
pub mod simulate;
mod uptime;

pub use affinity::{Issued, Link, Prefixes, chain};
pub use breaker::{Bar, Cause, DEGRADED_PERCENT, FAILED_PERCENT, Gate, State};
pub use catalogue::{
    BadPart, Catalogue, CatalogueError, CatalogueModel, CatalogueProvider, PriceCheck,
};
pub use chance::Chance;
pub use choose::{
    Ask, Choosing, Considered, Contender, Decision, Fate, Forecast, Kept, Pin, Reason, Stay,
    Strategy, decide,
};
pub use fallback::{
    Patience, Remedy, RetryBudget, Situation, Step, Stopped, first_token_deadline, follow, remedy,
};
pub use findings::{Broken, Findings, Need, heed};
pub use health::{
    Allowance, Class, Condition, Ended, Headroom, Health, Layer, Line, LocalServer, Network, Queue,
    RouteShown, Shown, Shut, TargetShown, Ticket, Via,
};
pub use hedge::{HedgeBudget, HedgePolicy, NoHedge, Second, hedge};
pub use latency::{Expected, ODD, Shape, Took, Whole};
pub use machine::Machine;
pub use moment::Moment;
pub use money::NanoUsd;
pub use pins::{is_snapshot, rolling};
pub use plan::{Asked, Candidate, Draining, Dropped, NoRoute, Plan, Standing, plan};
pub use policy::{BrokenStream, Keeping, Policy, PromptCacheHints, Replay, Similar};
pub use price::{Cost, Price, Rate, Rates};
pub use routes::{
    Alias, AuthScheme, Door, KeySource, Named, Provider, Routes, Surface, Target, Way,
};
pub use score::{Service, Terms, Weights};
