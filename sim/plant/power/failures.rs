//! The clock of a power chain: which component fails or is repaired, and when.

use super::design::{PowerDesign, PowerNode};
use crate::kernel::{Renewals, Streams, Time};

/// Failures and repairs of the components of a power chain.
#[derive(Debug, Clone)]
pub struct Failures(Renewals);

impl Failures {
    /// Every component up at the start; each draws from the stream (`power-failure`, its name).
    pub fn new(design: &PowerDesign, streams: &Streams) -> Self {
        let nodes = design.nodes.iter();
        let laws = nodes.map(|node| (node.name.as_str(), node.component.failures));
        Self(Renewals::new("power-failure", laws, streams))
    }

    /// The instant of the next change; [`Time::MAX`] when nothing ever fails.
    pub fn next_at(&self) -> Time {
        self.0.next_at()
    }

    /// The failures (`false`) and repairs (`true`) up to and including `now`, in the order of
    /// time, then of index. What is not taken from the iterator stays due.
    pub fn advance(&mut self, now: Time) -> impl Iterator<Item = (PowerNode, bool)> {
        self.0.advance(now).map(|(number, up)| (PowerNode(number as u32), up))
    }
}
