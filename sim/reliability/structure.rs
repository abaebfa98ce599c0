//! What the methods of this room read: units that fail, and what their failures cost.

use std::collections::HashMap;

use crate::kernel::{FailureLaw, RepairLaw};

/// A thing that fails and is repaired.
#[derive(Debug, Clone, PartialEq)]
pub struct Unit {
    /// Its name, which is also that of its random stream.
    pub name: String,
    /// Failures per hour of being up; zero for what only others bring down.
    pub rate_per_h: f64,
    /// How long it is down.
    pub repair: RepairLaw,
}

impl Unit {
    /// A unit of the law `law`.
    pub fn of(name: &str, law: FailureLaw) -> Self {
        Self { name: name.to_owned(), rate_per_h: law.rate_per_s * 3600.0, repair: law.repair }
    }

    /// Mean time to repair, in hours.
    pub fn repair_h(&self) -> f64 {
        self.repair.mean_s() / 3600.0
    }

    /// Share of the time that it is down.
    pub fn unavailability(&self) -> f64 {
        let load = self.rate_per_h * self.repair_h();
        load / (1.0 + load)
    }
}

/// Which subjects lose how much when which units are down.
pub trait Structure: Clone + Send + Sync {
    /// What may fail.
    fn units(&self) -> &[Unit];

    /// How many subjects there are.
    fn subjects(&self) -> usize;

    /// The share of each subject that is not served while exactly `down` (ascending) are down,
    /// beyond what is not served with everything up: from 0 to 1, 0 for what is not lost.
    fn unserved(&mut self, down: &[u32], unserved: &mut [f64]);
}

/// A structure that remembers the states it was asked for: failures come back to few.
#[derive(Debug, Clone)]
pub(super) struct Remembered<S> {
    structure: S,
    subjects: usize,
    place: HashMap<Box<[u32]>, u32>,
    unserved: Vec<f64>,
}

/// States to remember at most, for memory's sake; all beyond are computed each time.
const STATES: usize = 200_000;

impl<S: Structure> Remembered<S> {
    pub(super) fn new(structure: S) -> Self {
        let subjects = structure.subjects();
        // The last place serves what is not remembered.
        Self { structure, subjects, place: HashMap::new(), unserved: vec![0.0; subjects] }
    }

    pub(super) fn units(&self) -> &[Unit] {
        self.structure.units()
    }

    /// The share of each subject that is not served while exactly `down` are down.
    pub(super) fn unserved(&mut self, down: &[u32]) -> &[f64] {
        let n = self.subjects;
        let place = match self.place.get(down) {
            Some(&place) => place as usize,
            None if self.place.len() < STATES => {
                let place = self.place.len() + 1;
                self.place.insert(down.into(), place as u32);
                self.unserved.resize((place + 1) * n, 0.0);
                self.structure.unserved(down, &mut self.unserved[place * n..(place + 1) * n]);
                place
            }
            None => {
                self.structure.unserved(down, &mut self.unserved[..n]);
                0
            }
        };
        &self.unserved[place * n..(place + 1) * n]
    }
}
