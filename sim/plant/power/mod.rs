//! The power chain: from the utility feed through transformers, UPSs and PDUs to the cords of
//! the racks.
//!
//! * [`PowerSpec`] is what a user writes of each component, with sourced defaults.
//! * [`PowerDesign`] is the chain as resolved from what a user wrote.
//! * [`Network`] energises it, divides what is short by [`Rank`](crate::plant::Rank), and
//!   follows flows and losses.
//! * [`Failures`] says when which component fails and comes back.
//! * [`Sequences`] are the states and timers of UPSs, generators and switches.

mod spec;

mod kinds;

mod attached;
mod component;
mod design;
mod duty;
pub mod solar;
pub mod thermal;

mod failures;
mod held;
mod injection;
mod machines;
mod measured;
mod moved;
mod network;
mod rising;
pub mod sequence;
mod upkeep;

mod fair;
mod flow;
mod forest;
mod shed;
mod waiting;
mod wiring;

#[cfg(test)]
mod tests;

pub use attached::Flowing;
pub use component::{ComponentDesign, ComponentKind, LossCurve, NetworkPart};
pub use design::{LoadDesign, NodeDesign, PowerDesign, PowerLoad, PowerNode, Sharing};
pub use duty::{CONTINUOUS, Level, RideThrough};
pub use failures::{Failures, Turn};
pub use injection::{Action, ActionSpec, Struck};
pub use kinds::PowerPart;
pub use measured::MeasuredVoltage;
pub use moved::Moved;
pub use network::Network;
pub use sequence::Sequences;
pub use spec::PowerSpec;
pub use upkeep::{
    CauseOn, CommonCauseSpec, CrewSpec, PlannedWorkSpec, SparesSpec, StartCause, Upkeep,
};
