//! What the methods of this room read: units that fail, and what their failures cost.

use std::collections::HashMap;

use statrs::function::gamma::{gamma, gamma_lr};

use crate::kernel::FailureLaw;

/// A thing that fails, is repaired, and perhaps replaced at an age.
#[derive(Debug, Clone, PartialEq)]
pub struct Unit {
    /// Its name, which is also that of its random stream.
    pub name: String,
    /// How it fails and comes back.
    pub law: FailureLaw,
    failures_per_h: f64,
    replacements_per_h: f64,
}

impl Unit {
    /// A unit of the law `law`.
    pub fn of(name: &str, law: FailureLaw) -> Self {
        let rate_per_h = law.rate_per_s * 3600.0;
        let (failures_per_h, replacements_per_h) = match law.wear {
            Some(wear) if wear.replaced.0.is_finite() => {
                let at_h = wear.replaced.0 / 3600.0;
                ends_per_h(rate_per_h, wear.shape, at_h)
            }
            // The mean life is all that counts in the long run.
            _ => (rate_per_h, 0.0),
        };
        Self { name: name.to_owned(), law, failures_per_h, replacements_per_h }
    }

    /// Failures per hour of being up, in the long run; zero for what only others bring down.
    pub fn failures_per_h(&self) -> f64 {
        self.failures_per_h
    }

    /// Replacements at an age per hour of being up, in the long run.
    pub fn replacements_per_h(&self) -> f64 {
        self.replacements_per_h
    }

    /// Failures and replacements per hour of being up, in the long run.
    pub fn outages_per_h(&self) -> f64 {
        self.failures_per_h + self.replacements_per_h
    }

    /// Mean time to repair, in hours.
    pub fn repair_h(&self) -> f64 {
        self.law.repair.mean_s() / 3600.0
    }

    /// Mean length of a failure or replacement, in hours.
    pub fn outage_h(&self) -> f64 {
        if self.replacements_per_h == 0.0 {
            return self.repair_h();
        }
        let replacing_h = self.law.wear.map_or(0.0, |wear| wear.replaced.1 / 3600.0);
        let down_h = self.failures_per_h * self.repair_h() + self.replacements_per_h * replacing_h;
        down_h / self.outages_per_h()
    }

    /// Share of the time that it is down.
    pub fn unavailability(&self) -> f64 {
        let load = self.outages_per_h() * self.outage_h();
        load / (1.0 + load)
    }
}

/// Failures and replacements per hour of being up of what lives by Weibull's law of `shape`, with the
/// mean of one over `rate_per_h`, and is replaced at the age `at_h`: an age replacement policy, whose
/// cycles are as long as the shorter of life and age on average (Barlow and Proschan, 1965).
fn ends_per_h(rate_per_h: f64, shape: f64, at_h: f64) -> (f64, f64) {
    // Of a life in units of its scale: the mean of the shorter is the integral of what survives.
    let scale_h = 1.0 / (rate_per_h * gamma(1.0 + 1.0 / shape));
    let worn = (at_h / scale_h).powf(shape);
    let up_h = gamma_lr(1.0 / shape, worn) / rate_per_h;
    let survives = (-worn).exp();
    ((1.0 - survives) / up_h, survives / up_h)
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
