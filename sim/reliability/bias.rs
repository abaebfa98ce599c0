//! Balanced failure biasing: losses made likely, and weighted by how likely they really are.
//!
//! A cycle leads from all units up back to all units up. While units are down and nothing was lost
//! in the cycle yet, the next step is a failure with probability one half, of any unit that is up
//! with the same chance; a cycle's first failure too may be of any unit. What a step is worth is
//! its real probability over that chance, and a cycle is worth the product (Goyal, Shahabuddin,
//! Heidelberger, Nicola and Glynn, IEEE Trans. Computers 41(1), 1992: balanced failure biasing has
//! a bounded relative error). Steps follow the embedded chain and each state counts with its mean stay, so
//! all lives and repairs must be exponential. The mean length of a cycle is known, for the units are
//! independent: the mean stay in all-up over the probability of all-up.

use rayon::prelude::*;

use super::YEAR_H;
use super::structure::{Remembered, Structure, Unit};
use crate::kernel::{RepairLaw, Stream, Streams};
use crate::study::statistics::{Interval, LEVEL, student_t};

/// Cycles of a block, each block with a stream of its own.
const BLOCK_CYCLES: u64 = 1000;

/// What biasing says of one subject.
#[derive(Debug, Clone, PartialEq)]
pub struct BiasedFigures {
    /// Cycles simulated.
    pub cycles: u64,
    /// Steps (failures and repairs) simulated, which is the work.
    pub steps: u64,
    /// Cycles in which something was lost.
    pub lost: u64,
    /// Losses a year.
    pub losses_per_year: (f64, Interval),
    /// Share of the time in which something is lost.
    pub unavailability: (f64, Interval),
    /// Mean share that is not served.
    pub unserved: (f64, Interval),
    /// Probability that something is lost in a cycle.
    pub per_cycle: (f64, Interval),
}

/// Simulates `cycles` cycles of `structure` for the sake of `subject`, whose name is that of the
/// stream. Refused where a life or a repair is not exponential: with the unit whose it is.
pub fn bias(
    structure: &impl Structure,
    subject: usize,
    name: &str,
    cycles: u64,
    seed: u64,
) -> Result<BiasedFigures, Unit> {
    let units = structure.units();
    let odd = |unit: &&Unit| {
        unit.law.wear.is_some() || !matches!(unit.law.repair, RepairLaw::Exponential { .. })
    };
    if let Some(unit) = units.iter().find(odd) {
        return Err(unit.clone());
    }
    let total: f64 = units.iter().map(Unit::failures_per_h).sum();
    let all_up: f64 = units.iter().map(|unit| 1.0 - unit.unavailability()).product();
    let cycle_h = 1.0 / (total * all_up);
    let blocks: Vec<Sums> = (0..cycles.div_ceil(BLOCK_CYCLES))
        .into_par_iter()
        .map_init(
            || Remembered::new(structure.clone()),
            |structure, block| {
                let mut stream = Streams::new(seed, block).stream("failure-biasing", name);
                let mut sums = Sums::default();
                for _ in 0..BLOCK_CYCLES.min(cycles - block * BLOCK_CYCLES) {
                    sums.add(&cycle(structure, subject, &mut stream));
                }
                sums
            },
        )
        .collect();
    let mut sums = Sums::default();
    blocks.iter().for_each(|block| sums.merge(block));
    let n = cycles as f64;
    let estimate = |value: usize, scale: f64| {
        let mean = sums.sum[value] / n;
        let variance = (sums.squares[value] / n - mean * mean).max(0.0) * n / (n - 1.0).max(1.0);
        let half = student_t(0.5 + LEVEL / 2.0, (n - 1.0).max(1.0)) * (variance / n).sqrt();
        (mean * scale, Interval::around(mean * scale, half * scale))
    };
    Ok(BiasedFigures {
        cycles,
        steps: sums.steps,
        lost: sums.lost,
        losses_per_year: estimate(0, YEAR_H / cycle_h),
        unavailability: estimate(1, 1.0 / cycle_h),
        unserved: estimate(2, 1.0 / cycle_h),
        per_cycle: estimate(3, 1.0),
    })
}

/// What a cycle was worth: losses, hours lost, hours not served, and whether anything was lost.
#[derive(Debug, Clone, Copy, Default)]
struct Worth {
    values: [f64; 4],
    steps: u64,
}

#[derive(Debug, Clone, Copy, Default)]
struct Sums {
    sum: [f64; 4],
    squares: [f64; 4],
    steps: u64,
    lost: u64,
}

impl Sums {
    fn add(&mut self, cycle: &Worth) {
        for (place, value) in cycle.values.iter().enumerate() {
            self.sum[place] += value;
            self.squares[place] += value * value;
        }
        self.steps += cycle.steps;
        self.lost += u64::from(cycle.values[3] > 0.0);
    }

    fn merge(&mut self, other: &Self) {
        for place in 0..4 {
            self.sum[place] += other.sum[place];
            self.squares[place] += other.squares[place];
        }
        self.steps += other.steps;
        self.lost += other.lost;
    }
}

fn cycle<S: Structure>(
    structure: &mut Remembered<S>,
    subject: usize,
    stream: &mut Stream,
) -> Worth {
    let mut worth = Worth::default();
    let mut weight = 1.0;
    let mut down: Vec<u32> = Vec::new();
    let mut share = 0.0;
    loop {
        let units = structure.units();
        let is_down = |u: u32| down.binary_search(&u).is_ok();
        let failing: f64 =
            units.iter().map(Unit::failures_per_h).sum::<f64>() - rate(units, &down, failure_rate);
        let repairing = rate(units, &down, repair_rate);
        if share > 0.0 {
            let stay = weight / (failing + repairing);
            worth.values[1] += stay;
            worth.values[2] += stay * share;
        }
        let up = units.len() - down.len();
        let is_biased = worth.values[3] == 0.0 && up > 0;
        let fails = match (down.is_empty(), is_biased) {
            (true, _) => true,
            (false, true) => stream.chance(0.5),
            (false, false) => stream.chance(failing / (failing + repairing)),
        };
        let unit = if fails && is_biased {
            let place = stream.below(up as u64) as usize;
            let unit = (0..units.len() as u32).filter(|&u| !is_down(u)).nth(place);
            unit.expect("so many units are up")
        } else {
            let law = if fails { failure_rate } else { repair_rate };
            let mut rest = stream.uniform() * if fails { failing } else { repairing };
            let of: Vec<u32> = (0..units.len() as u32).filter(|&u| is_down(u) != fails).collect();
            let found = of.iter().find(|&&u| {
                rest -= law(&units[u as usize]);
                rest < 0.0
            });
            *found.or(of.last()).expect("a step has a unit")
        };
        if is_biased {
            let half = if down.is_empty() { 1.0 } else { 0.5 };
            weight *= match fails {
                true => {
                    let real = units[unit as usize].failures_per_h() / (failing + repairing);
                    real * up as f64 / half
                }
                false => repairing / (failing + repairing) / half,
            };
        }
        match down.binary_search(&unit) {
            Ok(place) => drop(down.remove(place)),
            Err(place) => down.insert(place, unit),
        }
        worth.steps += 1;
        let before = std::mem::replace(&mut share, structure.unserved(&down)[subject]);
        if before == 0.0 && share > 0.0 {
            worth.values[0] += weight;
            worth.values[3] = if worth.values[3] == 0.0 { weight } else { worth.values[3] };
        }
        if down.is_empty() {
            return worth;
        }
    }
}

fn failure_rate(unit: &Unit) -> f64 {
    unit.failures_per_h()
}

fn repair_rate(unit: &Unit) -> f64 {
    1.0 / unit.repair_h()
}

fn rate(units: &[Unit], which: &[u32], law: fn(&Unit) -> f64) -> f64 {
    which.iter().map(|&u| law(&units[u as usize])).sum()
}
