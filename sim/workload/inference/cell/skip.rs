//! A cell in time that is not simulated: its clock stands still, and what arrives is drawn and passed
//! over, so that the requests that come after it are those of a run without gaps.

use super::super::load::{Arrivals, Mark};
use super::super::records::Records;
use super::super::replica::Replica;
use super::super::ticks::Ticks;
use super::Cell;

/// A cell in a gap, to go back to.
#[derive(Debug)]
pub(in crate::workload::inference) struct Halt {
    arrivals: Mark,
    lag: Ticks,
    received: u64,
    skipped: Vec<u64>,
}

impl Cell {
    /// Stands still until just before `limit`. What arrives is drawn and passed over.
    pub(in crate::workload::inference) fn skip(&mut self, limit: Ticks) {
        if let Some(arrivals) = &mut self.arrivals {
            arrivals.pass(limit, |class, passed| {
                self.skipped[usize::from(class)] += passed;
                self.received += passed;
            });
        }
        self.lag = limit - 1 - self.now;
    }

    /// Where it stands in a gap.
    pub(in crate::workload::inference) fn halt(&self) -> Halt {
        Halt {
            arrivals: self.arrivals.as_ref().expect("a cell that drains is not skipped").mark(),
            lag: self.lag,
            received: self.received,
            skipped: self.skipped.clone(),
        }
    }

    /// Goes back to where it stood in the gap that it is in.
    pub(in crate::workload::inference) fn rewind(&mut self, halt: Halt) {
        let Halt { arrivals, lag, received, skipped } = halt;
        self.arrivals.as_mut().expect("a cell that drains is not skipped").rewind(arrivals);
        (self.lag, self.received, self.skipped) = (lag, received, skipped);
    }

    /// Tells of the requests that were skipped since it was last asked; returns how many there are,
    /// by what they stand for.
    pub(in crate::workload::inference) fn tell_skipped(&mut self, records: &mut Records) -> u64 {
        let mut all = 0;
        for (class, skipped) in self.skipped.iter_mut().enumerate() {
            let weight = u64::from(self.multiplicity) * std::mem::take(skipped);
            records.of(class as u16).arrived += weight;
            all += weight;
        }
        all
    }

    /// Requests that it has received, each counted once, skipped ones included.
    pub(in crate::workload::inference) fn received(&self) -> u64 {
        self.received
    }

    /// Requests inside, each counted once.
    pub(in crate::workload::inference) fn inside(&self) -> u64 {
        let on_link = self.decoding.as_ref().map_or(0, |d| d.transfers.len());
        let at_gates = self.gates.iter().flatten().map(|gate| gate.waiting.len()).sum::<usize>();
        let outside = on_link + at_gates + self.returns.len();
        self.replicas.iter().map(Replica::requests).sum::<u64>() + outside as u64
    }

    /// Expected arrivals a second in such an hour of the week.
    pub(in crate::workload::inference) fn calm_rate_per_s(&self) -> f64 {
        self.arrivals.as_ref().map_or(0.0, Arrivals::calm_rate_per_s)
    }

    /// Expected arrivals a second.
    pub(in crate::workload::inference) fn rate_per_s(&self) -> f64 {
        self.arrivals.as_ref().map_or(0.0, Arrivals::rate_per_s)
    }
}
