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
//! Units fail independently of each other and of load, and each has a crew of its own. A subject is
//! *lost* where less of it is served than with everything up. Racks ask for their rated power and
//! house loads for theirs; fans, pumps and chillers count as served while energised and ask for
//! nothing, so that ratings are held against the racks and the house alone.

mod bias;
mod enumerate;
mod power;
mod simulate;
mod structure;

#[cfg(test)]
mod tests;

pub use bias::{BiasedFigures, bias};
pub use enumerate::{ExactFigures, Importance, enumerate};
pub use power::{PowerStructure, Unsupported};
pub use simulate::{Cause, SimulatedFigures, simulate};
pub use structure::{Structure, Unit};

/// Hours a year.
pub const YEAR_H: f64 = 8760.0;
