//! The clock of a power chain: which component fails or is repaired, and when.

use super::design::{PowerDesign, PowerNode};
use super::sequence::MachineDesign;
use super::upkeep::Upkeep;
use crate::kernel::{FailureLaw, OutageChange, Outages, Streams, Time};

/// Failures, repairs and planned work of the components of a power chain.
#[derive(Debug, Clone)]
pub struct Failures {
    outages: Outages,
}

/// A component goes out of service for one reason more, or comes back from one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Turn {
    /// Which.
    pub node: PowerNode,
    /// Whether the reason begins.
    pub begins: bool,
    /// Whether it is planned work or a replacement. What fails while it is out as planned has failed
    /// from then on until it is repaired.
    pub planned: bool,
}

impl Failures {
    /// Every component up at the start; each draws from the stream (`power-failure`, its name).
    pub fn new(design: &PowerDesign, upkeep: &Upkeep, streams: &Streams) -> Self {
        let nodes = design.nodes.iter();
        let laws = nodes.map(|node| (node.name.as_str(), node.component.outage_law()));
        let outages = Outages::new("power-failure", laws, &upkeep.plan, upkeep.midnight, streams);
        Self { outages }
    }

    /// The instant of the next change; [`Time::MAX`] when nothing ever fails.
    pub fn next_at(&self) -> Time {
        self.outages.next_at()
    }

    /// The reasons to be out of service that begin and end up to and including `now`, in the order of
    /// time, then of index. What is not taken from the iterator stays due.
    pub fn advance(&mut self, now: Time) -> impl Iterator<Item = Turn> {
        std::iter::from_fn(move || {
            let OutageChange { thing, why, begins, .. } = self.outages.step(now)?;
            Some(Turn { node: PowerNode(thing as u32), begins, planned: why.is_planned() })
        })
    }

    /// A generator is broken at `now`. It is down from the next [`advance`](Self::advance) on until
    /// its crew has repaired it; without a crew it repairs itself, and nothing is done here. Whether
    /// something is to come at `now`.
    pub fn break_down(&mut self, now: Time, node: PowerNode) -> bool {
        let n = node.0 as usize;
        self.outages.waits_for_others(n) && self.outages.break_down(now, n)
    }
}

impl super::ComponentDesign {
    /// The law by which it fails by the calendar, and is repaired when something else breaks it.
    pub fn outage_law(&self) -> FailureLaw {
        match self.machine {
            MachineDesign::Genset(set) => FailureLaw { repair: set.repair, ..self.failures },
            _ => self.failures,
        }
    }
}
