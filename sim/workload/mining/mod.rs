//! Bitcoin mining: ASICs that earn by the hash and sleep when power is dear or short.
//!
//! Machines are counted, never modelled one by one: a rack (a container or a row) is one
//! block of alike machines, and what happens to some of them moves counts between states. The
//! price policy, the power cap of the plant, heat and outages decide how many hash;
//! every machine-hour and every megawatt-hour that a block does not use is booked under its
//! cause. `docs/models/mining.md` states the model with its equations and sources.

pub mod account;
pub mod asic;
pub mod income;
pub mod network;
pub mod spec;

mod block;
mod cohorts;
mod events;
mod model;
mod pool;

#[cfg(test)]
mod tests;

pub use account::{Cause, MiningSummary};
pub use asic::{AsicRackDesign, AsicRackSpec};
pub use block::RackState;
pub use income::{Income, IncomeDesign, Network};
pub use model::Mining;
pub use spec::{AsicRack, Luck, MOVED, MiningDesign, MiningSpec, PoolDesign};
