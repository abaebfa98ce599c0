//! How often a power chain fails its loads, over thousands of years.
//!
//! A run of the facility sees months; what interrupts a redundant hall comes once in a thousand
//! years. Here nothing but failures and repairs is followed: no weather, no work, no heat.
//!
//! Data flow: a [`Design`](crate::facility::Design) becomes a [`PowerStructure`]: *units* that fail
//! and are repaired, and *subjects* (a hall, the racks of the site, a cooling loop) of which it says
//! the share that is not served while given units are down. Three methods read any [`Structure`]:
//!
//! * [`enumerate`] weighs the states of few units down, one by one: exact where all states are
//!   visited, else within the bound that it states. It alone gives importances.
//! * [`simulate`] follows failures and repairs event by event, in blocks of years with streams of
//!   their own, so that the result is the same for any number of threads.
//! * [`bias`] does so from all-up to all-up, with failures made likely and each cycle weighted by
//!   what that was worth: for losses that plain years never show.
//!
//! A chain with batteries, generators and switches is a [`Chain`]: it has timers of its own
//! (machines are those of a run), and only simulation follows it; [`Replayed`] follows each sequence
//! once and reads what it has seen from then on.
//!
//! [`Standby`] is exact for generators that stand by behind batteries.
//!
//! Plain simulation also follows what units share: common causes, crews, spare parts and planned
//! work ([`OutagePlan`](crate::kernel::OutagePlan)). The others take units as independent of each
//! other and of load, each with a crew of its own. A subject is
//! *lost* where less of it is served than with everything up. Racks ask for their rated power and
//! house loads for theirs; fans, pumps and chillers count as served while energised and ask for
//! nothing, so that ratings are held against the racks and the house alone.

mod bias;
mod chain;
mod enumerate;
mod lints;
mod machines;
mod power;
mod replay;
mod script;
mod simulate;
mod standby;
mod structure;

#[cfg(test)]
mod tests;

pub use bias::{BiasedFigures, bias};
pub use chain::{Chain, Told};
pub use enumerate::{ExactFigures, Importance, enumerate};
pub use lints::{Lints, Loss, lints};
pub use power::{PowerStructure, Sequenced, Without};
pub use replay::Replayed;
pub use simulate::{Cause, SimulatedFigures, simulate, simulate_chain};
pub use standby::{Standby, StandbyFigures, binomial};
pub use structure::{Structure, Unit};

/// Hours a year.
pub const YEAR_H: f64 = 8760.0;
