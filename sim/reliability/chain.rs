//! What plain simulation follows: units that come and go, and timers of the chain's own.

use super::structure::{Remembered, Structure, Unit};
use crate::kernel::{OutagePlan, Span, Streams, Time};

/// Units that share nothing.
const NO_PLAN: &OutagePlan =
    &OutagePlan { causes: Vec::new(), crews: Vec::new(), stocks: Vec::new(), works: Vec::new() };

/// What has gone wrong at an instant beside the failures of units by the calendar.
#[derive(Debug, Clone, Default)]
pub struct Told {
    /// Indices into [`Chain::faults`].
    pub faults: Vec<u32>,
    /// Units that are broken by what they did: a crew repairs them, where they have one.
    pub broken: Vec<u32>,
}

/// A chain of power while it runs.
pub trait Chain: Clone + Send + Sync {
    /// What may fail.
    fn units(&self) -> &[Unit];

    /// What they share: common causes, crews, spare parts, planned work, by unit; and the local time
    /// of day at the start.
    fn plan(&self) -> (&OutagePlan, Span) {
        (NO_PLAN, Span::ZERO)
    }

    /// How many subjects there are.
    fn subjects(&self) -> usize;

    /// What else may be a step to a loss, in words: a set that does not start, a switch that does
    /// not move.
    fn faults(&self) -> &[String] {
        &[]
    }

    /// Begins anew: all up and at rest at [`Time::ZERO`]. Its own draws are from `streams`.
    fn begin(&mut self, streams: &Streams);

    /// The instant of its next timer; [`Time::MAX`] where none runs.
    fn next_at(&self) -> Time {
        Time::MAX
    }

    /// The units `changed` go down (`false`) or come back at `now`, and timers up to `now` run out.
    /// Says in `told` what has gone wrong beside.
    fn advance(&mut self, now: Time, changed: &[(u32, bool)], told: &mut Told);

    /// The share of each subject that is not served now, beyond what is not served with all up.
    fn unserved(&self) -> &[f64];
}

/// A [`Structure`] as a chain without timers.
#[derive(Debug, Clone)]
pub(super) struct Timeless<S> {
    structure: Remembered<S>,
    /// The units that are down, ascending.
    down: Vec<u32>,
    unserved: Vec<f64>,
}

impl<S: Structure> Timeless<S> {
    pub(super) fn new(structure: S) -> Self {
        let unserved = vec![0.0; structure.subjects()];
        Self { structure: Remembered::new(structure), down: Vec::new(), unserved }
    }
}

impl<S: Structure> Chain for Timeless<S> {
    fn units(&self) -> &[Unit] {
        self.structure.units()
    }

    fn subjects(&self) -> usize {
        self.unserved.len()
    }

    fn begin(&mut self, _: &Streams) {
        self.down.clear();
        self.unserved.copy_from_slice(self.structure.unserved(&[]));
    }

    fn advance(&mut self, _: Time, changed: &[(u32, bool)], _: &mut Told) {
        for &(unit, up) in changed {
            match self.down.binary_search(&unit) {
                Ok(place) if up => drop(self.down.remove(place)),
                Err(place) if !up => self.down.insert(place, unit),
                _ => {}
            }
        }
        self.unserved.copy_from_slice(self.structure.unserved(&self.down));
    }

    fn unserved(&self) -> &[f64] {
        &self.unserved
    }
}
