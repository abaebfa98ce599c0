//! Something that a scenario makes happen, and when.

use jiff::civil;

use crate::kernel::{Span, Time};
use crate::plant::power::{Action, PowerNode};

/// Something that a scenario makes happen.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Injection {
    /// When.
    pub at: InjectedAt,
    /// How long after that.
    pub after: Span,
    /// To what.
    pub target: Target,
    /// What.
    pub action: Action,
}

/// What a scenario makes something happen to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Target {
    /// A component of the power chain.
    Power(PowerNode),
    /// A machine of the cooling, by its place among
    /// [`cooling_machines`](super::cooling_machines).
    Cooling(u32),
}

/// When something is made to happen.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum InjectedAt {
    /// At this instant.
    Time(Time),
    /// On the hottest day of the run that has this time of day.
    Hottest {
        /// By wet bulb, not dry bulb.
        wet_bulb: bool,
        /// Local time of day.
        clock: civil::Time,
    },
}
