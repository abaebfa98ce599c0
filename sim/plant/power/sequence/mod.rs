//! Transfer sequences: the machines of a power chain that have states and timers of their own.
//!
//! A UPS goes on its battery, a transfer switch confirms the loss of its source and calls the
//! generators, these crank, close on their bus and take block after block, racks hold for 20 ms
//! and drives for half a second. Each machine sees only the voltage at its terminals and its own
//! timers; between two of them nothing changes. [`Sequences`] keeps them all on one clock, which
//! the facility enters in its calendar as it does that of failures.

mod design;
mod state;

mod dice;
mod key;
mod timers;

mod battery;
mod bus;
mod feed;
mod genset;
mod ride;
mod switch;
mod ups;

mod chain;
mod supply;

#[cfg(test)]
pub(super) mod tests;

pub use chain::{Sequences, Subject};
pub use design::{
    BusDesign, FeedDesign, FuelDesign, GensetDesign, LEVELS, MachineDesign, OverloadDesign,
    PassingDesign, Ride, SagLaw, StaticSwitchDesign, StorageDesign, Strikes, TransferDesign,
    UpsDesign,
};
pub(crate) use dice::{Alarm, Deed, Question};
pub use genset::GensetTally;
pub(crate) use key::Key;
pub use state::{Change, State};
pub use supply::{BatteryTally, Drive, Supply};
pub use switch::SwitchTally;
