//! The power chain: from the utility feed through transformers, UPSs and PDUs to the cords of
//! the racks.
//!
//! * [`PowerSpec`] is what a user writes of each component, with sourced defaults.
//! * [`PowerDesign`] is the chain as resolved from what a user wrote.
//! * [`Network`] energises it, divides what is short by [`Rank`](crate::plant::Rank), and
//!   follows flows and losses.
//! * [`Failures`] says when which component fails and comes back.

pub use design::{
    ComponentDesign, ComponentKind, FailureLaw, LoadDesign, LossCurve, NodeDesign, PowerDesign,
    PowerLoad, PowerNode, RepairLaw, Sharing,
};
pub use failures::Failures;
pub use network::Network;
pub use spec::{
    CableSpec, FailureSpec, FeedSpec, HouseLoadSpec, Laid, Outages, PduSpec, PowerPart, PowerSpec,
    SwitchgearSpec, TransformerSpec, UpsSpec,
};

mod spec;

mod design;
mod failures;
mod network;

mod flow;
mod shed;

#[cfg(test)]
mod reliability_tests;
#[cfg(test)]
mod tests;
