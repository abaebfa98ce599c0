//! Plain simulation: failures and repairs one by one, in blocks of years.
//!
//! Every block starts with all up and draws from streams of its own, named after the units. What
//! happens before a multiple of the longest mean repair is not counted, so that the start weighs
//! nothing. A loss belongs to the block in which it begins, and is followed to its end. Blocks are
//! merged in their order.

use std::sync::Mutex;

use rayon::prelude::*;

use super::YEAR_H;
use super::chain::{Chain, Timeless, Told};
use super::structure::{Structure, Unit};
use crate::kernel::{OutageChange, Outages, Span, Streams, Time, Why};
use crate::study::statistics::{Interval, LEVEL, OutageTally, poisson_rate, unavailability};

/// Years of a block: a [`Time`] ends after 146.
const BLOCK_YEARS: u64 = 100;
/// Years before and after those of a block, at most.
const MARGIN_YEARS: f64 = 20.0;
/// Mean repairs before what counts.
const REPAIRS_BEFORE: f64 = 20.0;
/// No block panics but by a bug, which ends the program.
const UNPOISONED: &str = "no block has panicked";
/// A loss shorter than this is momentary (IEEE 1366).
const MOMENTARY_H: f64 = 5.0 / 60.0;

/// What simulation says of one subject.
#[derive(Debug, Clone, PartialEq)]
pub struct SimulatedFigures {
    /// Years simulated.
    pub years: u64,
    /// Losses seen.
    pub losses: u64,
    /// Those of them that were shorter than five minutes (IEEE 1366).
    pub momentary: u64,
    /// Losses a year, with the exact interval of a Poisson process of losses. Those by replacements and by
    /// what wears with a shape above 1 come more evenly, and the interval is wider than it need be; below
    /// a shape of 1 failures come in clusters, and it is too narrow.
    pub losses_per_year: (f64, Interval),
    /// Hours a year in which something is lost, with their interval; none where nothing was.
    pub hours_per_year: Option<(f64, Interval)>,
    /// Mean share that is not served, with its interval; none where nothing was lost.
    pub unserved: Option<(f64, Interval)>,
    /// The longest loss, in hours.
    pub longest_h: f64,
    /// What was the last step to losses, most losses first.
    pub causes: Vec<Cause>,
}

/// The last step to losses.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Cause {
    /// Which unit went down; beyond the units, which of the chain's [faults](Chain::faults); beyond
    /// these, which common cause of the [plan](Chain::plan), then which planned work, then which unit
    /// was replaced.
    pub step: u32,
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
    simulate_chain(&Timeless::new(structure.clone()), years, seed)
}

/// Follows `chain` for `years` years; figures by subject, with 95 % intervals.
///
/// # Panics
///
/// When `years` is zero.
pub fn simulate_chain(chain: &impl Chain, years: u64, seed: u64) -> Vec<SimulatedFigures> {
    assert!(years > 0, "a simulation needs years");
    let blocks = years.div_ceil(BLOCK_YEARS);
    // What a chain has learnt in one block serves it in the next.
    let idle = Mutex::new(Vec::new());
    let blocks: Vec<Vec<Tally>> = (0..blocks)
        .into_par_iter()
        .map(|block| {
            let length = BLOCK_YEARS.min(years - block * BLOCK_YEARS);
            let own: Option<_> = idle.lock().expect(UNPOISONED).pop();
            let mut own = own.unwrap_or_else(|| chain.clone());
            let tallies = walk(&mut own, &Streams::new(seed, block), length);
            idle.lock().expect(UNPOISONED).push(own);
            tallies
        })
        .collect();
    let steps = Steps::of(chain).all();
    let mut sums = vec![Tally::new(steps); chain.subjects()];
    for block in &blocks {
        for (sum, tally) in sums.iter_mut().zip(block) {
            sum.merge(tally);
        }
    }
    let units = chain.units();
    sums.into_iter().map(|tally| tally.figures(years, units)).collect()
}

/// What was seen of one subject.
#[derive(Debug, Clone)]
struct Tally {
    lost: OutageTally,
    unserved: OutageTally,
    momentary: u64,
    by_step: Vec<(u64, f64)>,
    /// The loss under way that counts: when it began, by which step, and what was not served so
    /// far.
    under_way: Option<(f64, u32, f64)>,
    /// Share not served now, and since when.
    now: (f64, f64),
}

impl Tally {
    fn new(steps: usize) -> Self {
        Self {
            lost: OutageTally::default(),
            unserved: OutageTally::default(),
            momentary: 0,
            by_step: vec![(0, 0.0); steps],
            under_way: None,
            now: (0.0, 0.0),
        }
    }

    /// From `at` on, `share` is not served, after `step`. A loss that begins now `counts` or not.
    fn set(&mut self, at: f64, share: f64, step: u32, counts: bool) {
        let (before, since) = self.now;
        if share == before {
            return;
        }
        if let Some((_, _, unserved)) = &mut self.under_way {
            *unserved += before * (at - since);
        }
        self.now = (share, at);
        if before == 0.0 {
            self.under_way = counts.then_some((at, step, 0.0));
        } else if share == 0.0 {
            self.close(at);
        }
    }

    fn close(&mut self, at: f64) {
        let Some((began, step, unserved)) = self.under_way.take() else { return };
        self.lost.add(at - began);
        self.unserved.add(unserved);
        self.momentary += u64::from(at - began < MOMENTARY_H);
        let (losses, hours) = &mut self.by_step[step as usize];
        *losses += 1;
        *hours += at - began;
    }

    fn merge(&mut self, other: &Self) {
        self.lost.merge(&other.lost);
        self.unserved.merge(&other.unserved);
        self.momentary += other.momentary;
        for (sum, more) in self.by_step.iter_mut().zip(&other.by_step) {
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
            .zip(&self.by_step)
            .filter(|(_, (losses, _))| *losses > 0)
            .map(|(step, &(losses, hours))| Cause { step, losses, hours })
            .collect();
        causes.sort_by_key(|cause| std::cmp::Reverse(cause.losses));
        let losses = self.lost.count;
        let tail = (1.0 - LEVEL) / 2.0;
        let rate = poisson_rate(losses, years as f64, tail);
        SimulatedFigures {
            years,
            losses,
            momentary: self.momentary,
            losses_per_year: (losses as f64 / years as f64, rate),
            hours_per_year: unavailability(&self.lost, hours, repair_h, tail).map(yearly),
            unserved: unavailability(&self.unserved, hours, repair_h, tail),
            longest_h: self.lost.longest,
            causes,
        }
    }
}

/// One block of `years` years.
fn walk(chain: &mut impl Chain, streams: &Streams, years: u64) -> Vec<Tally> {
    chain.begin(streams);
    let units = chain.units();
    let longest_h = units.iter().map(Unit::repair_h).fold(0.0, f64::max);
    let margin_h = f64::min(REPAIRS_BEFORE * longest_h, MARGIN_YEARS * YEAR_H);
    let from = hours(margin_h);
    let until = hours(margin_h + years as f64 * YEAR_H);
    let last = hours(margin_h + (years as f64 + MARGIN_YEARS) * YEAR_H);
    let laws = units.iter().map(|unit| (unit.name.as_str(), unit.law));
    let (plan, midnight) = chain.plan();
    let mut outages = Outages::new("power-failure", laws, plan, midnight, streams);
    let steps = Steps::of(chain);
    let mut tallies = vec![Tally::new(steps.all()); chain.subjects()];
    let mut changed = Vec::new();
    let mut told = Told::default();
    let mut step = 0;
    loop {
        let now = outages.next_at().min(chain.next_at());
        if now >= until && (now >= last || tallies.iter().all(|tally| tally.under_way.is_none())) {
            break;
        }
        changed.clear();
        while let Some(OutageChange { thing, why, begins, turns }) = outages.step(now) {
            if !turns {
                continue;
            }
            changed.push((thing as u32, !begins));
            // What has broken by what it did was a step already.
            if begins && why != Why::Told {
                step = steps.number(thing as u32, why);
            }
        }
        chain.advance(now, &changed, &mut told);
        if let Some(fault) = told.faults.last() {
            step = steps.units + fault;
        }
        told.faults.clear();
        for unit in told.broken.drain(..) {
            outages.break_down(now, unit as usize);
        }
        let counts = now >= from && now < until;
        for (tally, &share) in tallies.iter_mut().zip(chain.unserved()) {
            tally.set(now.as_secs_f64() / 3600.0, share, step, counts);
        }
    }
    for tally in &mut tallies {
        let (share, since) = tally.now;
        let end = last.as_secs_f64() / 3600.0;
        if let Some((_, _, unserved)) = &mut tally.under_way {
            *unserved += share * (end - since).max(0.0);
        }
        tally.close(end);
    }
    tallies
}

/// How steps to a loss are numbered.
#[derive(Debug, Clone, Copy)]
struct Steps {
    units: u32,
    faults: u32,
    causes: u32,
    works: u32,
}

impl Steps {
    fn of(chain: &impl Chain) -> Self {
        let (plan, _) = chain.plan();
        Self {
            units: chain.units().len() as u32,
            faults: chain.faults().len() as u32,
            causes: plan.causes.len() as u32,
            works: plan.works.len() as u32,
        }
    }

    fn all(self) -> usize {
        (self.replacements() + self.units) as usize
    }

    /// The number of the replacement of the first unit.
    fn replacements(self) -> u32 {
        self.units + self.faults + self.causes + self.works
    }

    fn number(self, unit: u32, why: Why) -> u32 {
        match why {
            Why::Own | Why::Told => unit,
            Why::Cause(cause) => self.units + self.faults + cause,
            Why::Work(work) | Why::Error(work) => self.units + self.faults + self.causes + work,
            Why::Replaced => self.replacements() + unit,
        }
    }
}

fn hours(hours: f64) -> Time {
    Time::ZERO + Span::from_secs_f64(hours * 3600.0)
}
