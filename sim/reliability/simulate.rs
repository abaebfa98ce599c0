//! Plain simulation: failures and repairs one by one, in blocks of years.
//!
//! Every block starts with all units up and draws from streams of its own, named after the units.
//! Blocks are long against any repair, so that the start weighs nothing, and short enough to be
//! spread over cores. They are merged in their order.

use std::cmp::Ordering;
use std::collections::BinaryHeap;

use rayon::prelude::*;

use super::YEAR_H;
use super::structure::{Remembered, Structure, Unit};
use crate::kernel::{Stream, Streams};
use crate::study::statistics::{Interval, LEVEL, OutageTally, poisson_rate, unavailability};

/// Years of a block.
const BLOCK_YEARS: u64 = 1000;

/// What simulation says of one subject.
#[derive(Debug, Clone, PartialEq)]
pub struct SimulatedFigures {
    /// Years simulated.
    pub years: u64,
    /// Losses seen.
    pub losses: u64,
    /// Losses a year, with their exact Poisson interval.
    pub losses_per_year: (f64, Interval),
    /// Hours a year in which something is lost, with their interval; none where nothing was.
    pub hours_per_year: Option<(f64, Interval)>,
    /// Mean share that is not served, with its interval; none where nothing was lost.
    pub unserved: Option<(f64, Interval)>,
    /// The longest loss, in hours.
    pub longest_h: f64,
    /// Units whose failure was the last step to a loss, most losses first.
    pub causes: Vec<Cause>,
}

/// A unit whose failure was the last step to losses.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Cause {
    /// Which.
    pub unit: u32,
    /// How many losses.
    pub losses: u64,
    /// How long they were together, in hours.
    pub hours: f64,
}

/// Follows `structure` for `years` years; figures by subject, with 95 % intervals.
///
/// # Panics
///
/// When `years` is zero.
pub fn simulate(structure: &impl Structure, years: u64, seed: u64) -> Vec<SimulatedFigures> {
    assert!(years > 0, "a simulation needs years");
    let blocks = years.div_ceil(BLOCK_YEARS);
    let blocks: Vec<Vec<Tally>> = (0..blocks)
        .into_par_iter()
        .map_init(
            || Remembered::new(structure.clone()),
            |structure, block| {
                let length = BLOCK_YEARS.min(years - block * BLOCK_YEARS);
                Walk::new(structure, &Streams::new(seed, block)).run(length as f64 * YEAR_H)
            },
        )
        .collect();
    let mut sums = vec![Tally::new(structure.units().len()); structure.subjects()];
    for block in &blocks {
        for (sum, tally) in sums.iter_mut().zip(block) {
            sum.merge(tally);
        }
    }
    let units = structure.units();
    sums.into_iter().map(|tally| tally.figures(years, units)).collect()
}

/// What was seen of one subject.
#[derive(Debug, Clone)]
struct Tally {
    lost: OutageTally,
    unserved: OutageTally,
    by_unit: Vec<(u64, f64)>,
    /// The loss under way: when it began, by whose failure, and what was not served so far.
    under_way: Option<(f64, u32, f64)>,
    /// Share not served now, and since when.
    now: (f64, f64),
}

impl Tally {
    fn new(units: usize) -> Self {
        Self {
            lost: OutageTally::default(),
            unserved: OutageTally::default(),
            by_unit: vec![(0, 0.0); units],
            under_way: None,
            now: (0.0, 0.0),
        }
    }

    /// From `at` on, `share` is not served, after `unit` failed or came back.
    fn set(&mut self, at: f64, share: f64, unit: u32) {
        let (before, since) = self.now;
        if share == before {
            return;
        }
        if let Some((_, _, unserved)) = &mut self.under_way {
            *unserved += before * (at - since);
        }
        self.now = (share, at);
        if before == 0.0 {
            self.under_way = Some((at, unit, 0.0));
        } else if share == 0.0 {
            self.close(at);
        }
    }

    fn close(&mut self, at: f64) {
        let Some((began, unit, unserved)) = self.under_way.take() else { return };
        self.lost.add(at - began);
        self.unserved.add(unserved);
        let (losses, hours) = &mut self.by_unit[unit as usize];
        *losses += 1;
        *hours += at - began;
    }

    fn merge(&mut self, other: &Self) {
        self.lost.merge(&other.lost);
        self.unserved.merge(&other.unserved);
        for (sum, more) in self.by_unit.iter_mut().zip(&other.by_unit) {
            sum.0 += more.0;
            sum.1 += more.1;
        }
    }

    fn figures(self, years: u64, units: &[Unit]) -> SimulatedFigures {
        let hours = years as f64 * YEAR_H;
        // The longest repair that an unseen loss may have: that of the slowest unit.
        let repair_h = units.iter().map(Unit::repair_h).fold(0.0, f64::max);
        let yearly = |(share, interval): (f64, Interval)| {
            let Interval { lower, upper } = interval;
            (share * YEAR_H, Interval { lower: lower * YEAR_H, upper: upper * YEAR_H })
        };
        let mut causes: Vec<Cause> = (0..)
            .zip(&self.by_unit)
            .filter(|(_, (losses, _))| *losses > 0)
            .map(|(unit, &(losses, hours))| Cause { unit, losses, hours })
            .collect();
        causes.sort_by_key(|cause| std::cmp::Reverse(cause.losses));
        let losses = self.lost.count;
        let tail = (1.0 - LEVEL) / 2.0;
        let rate = poisson_rate(losses, years as f64, tail);
        SimulatedFigures {
            years,
            losses,
            losses_per_year: (losses as f64 / years as f64, rate),
            hours_per_year: unavailability(&self.lost, hours, repair_h, tail).map(yearly),
            unserved: unavailability(&self.unserved, hours, repair_h, tail),
            longest_h: self.lost.longest,
            causes,
        }
    }
}

/// A change to come: earliest first, then by unit.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Due(f64, u32);

impl Eq for Due {}

impl PartialOrd for Due {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Due {
    fn cmp(&self, other: &Self) -> Ordering {
        other.0.total_cmp(&self.0).then(other.1.cmp(&self.1))
    }
}

/// One block of years.
struct Walk<'s, S> {
    structure: &'s mut Remembered<S>,
    streams: Vec<Stream>,
    due: BinaryHeap<Due>,
    /// The units that are down, ascending.
    down: Vec<u32>,
    tallies: Vec<Tally>,
}

impl<'s, S: Structure> Walk<'s, S> {
    fn new(structure: &'s mut Remembered<S>, streams: &Streams) -> Self {
        let units = structure.units();
        let mut own: Vec<Stream> =
            units.iter().map(|unit| streams.stream("power-failure", &unit.name)).collect();
        let first = |(index, (unit, stream)): (u32, (&Unit, &mut Stream))| {
            Due(stream.exponential(1.0 / unit.rate_per_h), index)
        };
        let due = (0..).zip(units.iter().zip(&mut own)).map(first).collect();
        let tallies = vec![Tally::new(units.len()); structure.unserved(&[]).len()];
        Self { structure, streams: own, due, down: Vec::new(), tallies }
    }

    fn run(mut self, until: f64) -> Vec<Tally> {
        while let Some(mut top) = self.due.peek_mut() {
            let Due(at, index) = *top;
            if at >= until {
                break;
            }
            let unit = &self.structure.units()[index as usize];
            let stream = &mut self.streams[index as usize];
            let lasts = match self.down.binary_search(&index) {
                Ok(place) => {
                    self.down.remove(place);
                    stream.exponential(1.0 / unit.rate_per_h)
                }
                Err(place) => {
                    self.down.insert(place, index);
                    unit.repair.draw_s(stream) / 3600.0
                }
            };
            *top = Due(at + lasts, index);
            drop(top);
            let unserved = self.structure.unserved(&self.down);
            for (tally, &share) in self.tallies.iter_mut().zip(unserved) {
                tally.set(at, share, index);
            }
        }
        for tally in &mut self.tallies {
            let (share, since) = tally.now;
            if let Some((_, _, unserved)) = &mut tally.under_way {
                *unserved += share * (until - since);
            }
            tally.close(until);
        }
        self.tallies
    }
}
