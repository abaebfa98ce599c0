//! Exact figures: every state of up to so many units down, with its probability.
//!
//! Units are independent, so the probability of a state is a product, for any law of life and repair. The
//! frequency of losses sums, over states without loss, the rates of the failures that lead out of
//! them; a state's predecessors are those with one unit less down. Minimal cut sets are the lost
//! states none of whose predecessors is lost.

use std::collections::HashSet;

use super::YEAR_H;
use super::structure::{Structure, Unit};

/// What enumeration says of one subject.
#[derive(Debug, Clone, PartialEq)]
pub struct ExactFigures {
    /// Losses a year.
    pub losses_per_year: f64,
    /// Share of the time in which something is lost.
    pub unavailability: f64,
    /// Mean share that is not served.
    pub unserved: f64,
    /// Sets of units whose failure together is a loss, and none of whose parts is: ascending.
    pub cut_sets: Vec<Vec<u32>>,
    /// What each unit contributes.
    pub importance: Vec<Importance>,
}

/// What a unit contributes to the losses of a subject.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Importance {
    /// Birnbaum: unavailability with the unit down less that with the unit up.
    pub birnbaum: f64,
    /// Fussell-Vesely: probability that some minimal cut set that holds the unit is down, over the
    /// unavailability.
    pub fussell_vesely: f64,
    /// Share of losses in which its failure is the last step.
    pub last_step: f64,
}

/// Enumerates `structure` up to `states` states. With the figures of each subject comes the
/// probability of the states that were not visited: so much more may be lost at most.
pub fn enumerate(structure: &impl Structure, states: usize) -> (Vec<ExactFigures>, f64) {
    let mut structure = structure.clone();
    let subjects = structure.subjects();
    let units = structure.units().to_vec();
    let order = order_within(units.len(), states);
    let mut lost: Vec<Lost> = vec![Lost::default(); subjects];
    let mut unserved = vec![0.0; subjects];
    let all_up: f64 = units.iter().map(|unit| 1.0 - unit.unavailability()).product();
    let mut seen = 0.0;
    for size in 0..=order {
        each_choice(units.len(), size, &mut |down| {
            let odds = |&u: &u32| units[u as usize].outages_per_h() * units[u as usize].outage_h();
            let p = all_up * down.iter().map(odds).product::<f64>();
            seen += p;
            structure.unserved(down, &mut unserved);
            for (lost, &share) in lost.iter_mut().zip(&unserved) {
                if share > 0.0 {
                    lost.add(&units, down, p, share);
                }
            }
        });
    }
    (lost.into_iter().map(|lost| lost.figures(&units)).collect(), (1.0 - seen).max(0.0))
}

/// How many units may be down so that there are no more than `states` states, or all.
fn order_within(units: usize, states: usize) -> usize {
    let (mut choices, mut sum) = (1.0, 1.0);
    for order in 1..=units {
        choices *= (units - order + 1) as f64 / order as f64;
        sum += choices;
        if sum > states as f64 {
            return order - 1;
        }
    }
    units
}

/// Calls `f` with every choice of `size` of `n`, each ascending, in lexicographic order.
fn each_choice(n: usize, size: usize, f: &mut impl FnMut(&[u32])) {
    let mut choice: Vec<u32> = (0..size as u32).collect();
    loop {
        f(&choice);
        let last = |place: usize| (n - size + place) as u32;
        let Some(place) = (0..size).rev().find(|&place| choice[place] < last(place)) else {
            return;
        };
        choice[place] += 1;
        for later in place + 1..size {
            choice[later] = choice[later - 1] + 1;
        }
    }
}

/// The lost states of a subject.
#[derive(Debug, Clone, Default)]
struct Lost {
    states: HashSet<Box<[u32]>>,
    /// The same with their probabilities, as found.
    listed: Vec<(Box<[u32]>, f64)>,
    cut_sets: Vec<Vec<u32>>,
    losses_per_h: f64,
    unavailability: f64,
    unserved: f64,
    /// By unit: losses an hour by its failure, and unavailability with it down.
    by_unit_per_h: Vec<f64>,
    with_down: Vec<f64>,
}

impl Lost {
    fn add(&mut self, units: &[Unit], down: &[u32], p: f64, share: f64) {
        self.by_unit_per_h.resize(units.len(), 0.0);
        self.with_down.resize(units.len(), 0.0);
        self.unavailability += p;
        self.unserved += p * share;
        let mut is_minimal = true;
        for (place, &unit) in down.iter().enumerate() {
            let before = [&down[..place], &down[place + 1..]].concat();
            self.with_down[unit as usize] += p;
            if self.states.contains(before.as_slice()) {
                is_minimal = false;
                continue;
            }
            // The flow into the state through this unit, which in the steady state is that out
            // of it by its repair.
            let flow = p / units[unit as usize].outage_h();
            self.losses_per_h += flow;
            self.by_unit_per_h[unit as usize] += flow;
        }
        if is_minimal {
            self.cut_sets.push(down.to_vec());
        }
        self.states.insert(down.into());
        self.listed.push((down.into(), p));
    }

    fn figures(self, units: &[Unit]) -> ExactFigures {
        let cut = self.probability_of_cuts(units.len());
        let importance = units.iter().enumerate().map(|(u, unit)| {
            let q = unit.unavailability();
            let down = self.with_down.get(u).copied().unwrap_or(0.0);
            Importance {
                birnbaum: down / q - (self.unavailability - down) / (1.0 - q),
                fussell_vesely: ratio(cut[u], self.unavailability),
                last_step: ratio(
                    self.by_unit_per_h.get(u).copied().unwrap_or(0.0),
                    self.losses_per_h,
                ),
            }
        });
        ExactFigures {
            losses_per_year: self.losses_per_h * YEAR_H,
            unavailability: self.unavailability,
            unserved: self.unserved,
            importance: importance.collect(),
            cut_sets: self.cut_sets,
        }
    }

    /// By unit: the probability that a cut set that holds it is down.
    fn probability_of_cuts(&self, units: usize) -> Vec<f64> {
        let mut sums = vec![0.0; units];
        let mut holds = vec![usize::MAX; units];
        for (index, (down, p)) in self.listed.iter().enumerate() {
            for cut in self.cut_sets.iter().filter(|cut| is_part(cut, down)) {
                for &unit in cut {
                    if holds[unit as usize] != index {
                        holds[unit as usize] = index;
                        sums[unit as usize] += p;
                    }
                }
            }
        }
        sums
    }
}

/// Whether all of `part` is in `whole`, both ascending.
fn is_part(part: &[u32], whole: &[u32]) -> bool {
    let mut rest = whole.iter();
    part.len() <= whole.len() && part.iter().all(|unit| rest.any(|other| other == unit))
}

fn ratio(part: f64, whole: f64) -> f64 {
    if whole > 0.0 { part / whole } else { 0.0 }
}
