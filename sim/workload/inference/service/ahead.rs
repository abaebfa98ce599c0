//! A service whose representatives run ahead of it on other threads.

use std::sync::Arc;

use super::super::ahead::{Ahead, Runners, Timetable};
use super::super::load::SourceDesign;
use super::super::racks::Source;
use super::{STEPS_PER_REQUEST, Service, ServiceDesign};
use crate::kernel::{Span, Time};

/// Below this many expected events of a cell in a stage, a copy of the cell costs more than another
/// thread saves.
const WORTH_A_COPY: f64 = 5000.0;

/// More cells than that have enough to do in a control interval for all threads, and would need much memory
/// for what they record ahead.
const MOST_CELLS: usize = 32;

impl ServiceDesign {
    /// Whether its cells can be copied at little cost: neither a trace nor what they remember of prefixes.
    fn can_be_copied(&self) -> bool {
        let mut sources = self.load.classes.iter().map(|class| &class.source);
        !sources.any(|source| matches!(source, SourceDesign::Trace(_)))
            && self.serving.prefix_memory == 0
            && self.serving.prefix_caching.is_none()
    }
}

impl Service {
    /// Lets `runners` take its representatives ahead of it from the next row on.
    pub fn run_with(&mut self, runners: &Arc<Runners>) {
        self.runners = Some(Arc::clone(runners));
    }

    /// Whether anybody may take its representatives ahead of it.
    #[cfg(test)]
    pub(crate) fn has_runners(&self) -> bool {
        self.runners.is_some()
    }

    /// Whether its representatives run ahead.
    #[cfg(test)]
    pub(in crate::workload::inference) fn is_ahead(&self) -> bool {
        self.ahead.is_some()
    }

    /// Lets the representatives run ahead from `now` on, where a row of the time series ends and others
    /// will every `row`, if nothing else is simulated, nothing was struck in that row, and there is a
    /// thread to gain by it.
    pub(super) fn run_ahead(&mut self, now: Time, row: Span) {
        let was_struck = std::mem::take(&mut self.is_struck);
        let Some(runners) = &self.runners else { return };
        let can_run = self.ahead.is_none()
            && !was_struck
            && self.next == now
            && now < runners.end()
            && self.sampling.is_none()
            && self.groups.len() == self.design.represent
            && self.groups.len() <= MOST_CELLS
            && self.design.can_be_copied();
        let timetable = Timetable::new(self.design.control_interval, row);
        let Some(timetable) = timetable.filter(|_| can_run) else { return };
        let requests = self.design.load.rate_per_s() * timetable.stage().as_secs_f64();
        if requests * STEPS_PER_REQUEST < WORTH_A_COPY {
            return;
        }
        let cells = self.groups.iter().flatten().map(|group| &group.cell);
        let blank = self.design.records();
        self.ahead = Some(Ahead::start(runners, cells, now, timetable, blank));
    }

    /// Takes from representatives that have run ahead what they did up to `now`. Calls them back and
    /// returns false where `now` is no boundary of theirs, or where there are none.
    pub(super) fn take_legs(&mut self, now: Time) -> bool {
        let Self { ahead, groups, records, energies, active_j, .. } = self;
        match ahead {
            Some(ahead) if ahead.next_at() == now => {
                energies.resize(groups.len(), Vec::new());
                ahead.take_legs(&mut records[0], |index, leg| {
                    let group = groups[index].as_ref().expect("representatives stay");
                    let cells = f64::from(group.cell.multiplicity());
                    for (active_j, share_j) in active_j.iter_mut().zip(&leg.shares_j) {
                        *active_j += cells * share_j;
                    }
                    energies[index].clone_from(&leg.energy_j);
                });
                ahead.end_stage(|index, stage| {
                    let group = groups[index].as_mut().expect("representatives stay");
                    std::mem::swap(&mut group.cell, &mut stage.cell);
                    records[0].merge(&stage.records);
                });
            }
            _ => {
                self.recall();
                return false;
            }
        }
        self.spread(Source::Whole);
        (self.now, self.collected) = (now, now);
        true
    }

    /// Calls representatives that run ahead back where the service stands within a stage, and they at its start.
    pub(super) fn recall_within_stage(&mut self) {
        if self.ahead.as_ref().is_some_and(|ahead| !ahead.is_between_stages()) {
            self.recall();
        }
    }

    /// Calls representatives that run ahead back to where the service stands.
    pub(in crate::workload::inference) fn recall(&mut self) {
        let Some(ahead) = self.ahead.take() else { return };
        // Their notes were handed on as they were taken.
        let mut records = self.design.records();
        for group in self.groups.iter_mut().flatten() {
            ahead.catch_up(&mut group.cell, &mut records);
        }
        self.records[0].merge(&records);
        // Else the boundary at which they stand is still to be passed.
        if self.next > self.now {
            self.rescale(self.now);
        }
    }
}
