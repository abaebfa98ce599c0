//! The clock of a power chain: which component fails or is repaired, and when.

use super::design::{PowerDesign, PowerNode};
use super::sequence::MachineDesign;
use super::upkeep::Upkeep;
use crate::kernel::{FailureLaw, Outages, Streams, Time};

/// Failures, repairs and planned work of the components of a power chain.
#[derive(Debug, Clone)]
pub struct Failures(Outages);

impl Failures {
    /// Every component up at the start; each draws from the stream (`power-failure`, its name).
    pub fn new(design: &PowerDesign, upkeep: &Upkeep, streams: &Streams) -> Self {
        let nodes = design.nodes.iter();
        let laws = nodes.map(|node| (node.name.as_str(), node.component.outage_law()));
        Self(Outages::new("power-failure", laws, &upkeep.plan, upkeep.midnight, streams))
    }

    /// The instant of the next change; [`Time::MAX`] when nothing ever fails.
    pub fn next_at(&self) -> Time {
        self.0.next_at()
    }

    /// Who goes down (`false`) and comes back (`true`) up to and including `now`, in the order of
    /// time, then of index. What is not taken from the iterator stays due.
    pub fn advance(&mut self, now: Time) -> impl Iterator<Item = (PowerNode, bool)> {
        self.0.advance(now).map(|(number, up)| (PowerNode(number as u32), up))
    }

    /// A generator is broken at `now`. It is down from the next [`advance`](Self::advance) on until
    /// its crew has repaired it; without a crew it repairs itself, and nothing is done here. Whether
    /// something is to come at `now`.
    pub fn break_down(&mut self, now: Time, node: PowerNode) -> bool {
        let n = node.0 as usize;
        self.0.waits_for_others(n) && self.0.break_down(now, n)
    }
}

impl super::ComponentDesign {
    /// The law by which it fails by the calendar, and is repaired when something else breaks it.
    pub fn outage_law(&self) -> FailureLaw {
        match self.machine {
            MachineDesign::Genset(set) => {
                FailureLaw { rate_per_s: self.failures.rate_per_s, repair: set.repair }
            }
            _ => self.failures,
        }
    }
}
