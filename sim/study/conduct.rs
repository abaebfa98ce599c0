//! The course of a study: replicate, look, and replicate further where that is asked for.

use super::decide::{Found, look};
use super::plan::{Case, Search, Selection, SelectionRule, Study};
use super::run::{Ended, Runner};
use super::statistics::{Probe, Screening, Search as Bisection, budget_allocation, survivors};
use super::store::{Store, StoreError};

/// How far a study has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reached {
    /// Replications that count, of every case.
    pub n: usize,
    /// Whether that is all that the study asks for.
    pub complete: bool,
}

/// How far `study` has come with what `store` holds: the first checkpoint at which everything
/// that it waits for is known, by complete prefixes alone, so that the answer is the same
/// whatever ran ahead and in how many shards.
pub fn reached(study: &Study, cases: &[Case], store: &Store) -> Reached {
    let prefix = cases.iter().map(|case| store.prefix(&case.key)).min().unwrap_or(0);
    let mut n = 0;
    while let Some(checkpoint) = study.rule.next(n) {
        if prefix < checkpoint {
            return Reached { n: prefix, complete: false };
        }
        n = checkpoint;
        if !study.rule.until.is_empty() && waits_for(study, cases, store, n).is_empty() {
            break;
        }
    }
    Reached { n, complete: true }
}

/// What is not known well enough after `n` replications: case and condition, by index.
pub fn waits_for(study: &Study, cases: &[Case], store: &Store, n: usize) -> Vec<(usize, usize)> {
    let mut open = Vec::new();
    for (index, case) in cases.iter().enumerate() {
        let Some(sheet) = store.sheet(&case.key) else { continue };
        for (number, until) in study.rule.until.iter().enumerate() {
            // A design without the figure has nothing to wait for.
            let Some(at) = sheet.iter().position(|of| of.address == until.figure) else { continue };
            if !until.is_reached(&store.values(&case.key, at, n)) {
                open.push((index, number));
            }
        }
    }
    open
}

/// Makes the replications of `study` that `store` lacks, as many as its rule asks for.
///
/// A shard that cannot know yet whether there are enough goes on: that wastes replications and
/// changes no result.
///
/// # Errors
///
/// Where a sample cannot be written, or the folder cannot be read.
pub fn replicate(
    study: &Study,
    cases: &[Case],
    runner: &Runner<'_>,
    store: &mut Store,
    mut progress: impl FnMut(usize, usize),
) -> Result<Ended, StoreError> {
    let mut n = 0;
    while let Some(checkpoint) = study.rule.next(n) {
        n = checkpoint;
        let wanted: Vec<(usize, usize)> = (0..cases.len()).map(|case| (case, n)).collect();
        let ended = runner.ensure(store, cases, &wanted, &mut progress)?;
        if ended != Ended::Complete {
            return Ok(ended);
        }
        if !study.rule.until.is_empty() {
            store.refresh()?;
            if reached(study, cases, store).complete {
                break;
            }
        }
    }
    Ok(Ended::Complete)
}

/// Searches for the largest value that holds; none where it was stopped before.
///
/// # Errors
///
/// As [`replicate`].
pub fn find(
    study: &Study,
    search: &Search,
    runner: &Runner<'_>,
    store: &mut Store,
    mut progress: impl FnMut(usize, usize),
) -> Result<(Ended, Option<Found>), StoreError> {
    let values = search.parameter.values.len();
    let share = search.requirement.share.unwrap_or(1.0);
    let probe = Probe::new(share, 1.0 - search.confidence, values, search.at_least, search.at_most);
    let cases = study.candidates();
    let mut bisection = Bisection::new(values);
    let mut trials = Vec::new();
    while let Some(index) = bisection.next() {
        let mut n = search.at_least;
        let (answer, made, met) = loop {
            let ended = runner.ensure(store, &cases, &[(index, n as usize)], &mut progress)?;
            if ended != Ended::Complete {
                return Ok((ended, None));
            }
            let key = &cases[index].key;
            let at = store.sheet(key).and_then(|sheet| {
                sheet.iter().position(|of| of.address == search.requirement.figure)
            });
            // A value that takes the figure out of the design does not meet its requirement.
            let seen = match at {
                Some(at) => store.values(key, at, n as usize),
                None => vec![None; n as usize],
            };
            match look(&probe, &search.requirement, &seen) {
                Ok(found) => break found,
                Err(more) => n = more,
            }
        };
        trials.push((index, answer, made, met));
        bisection.learn(index, answer);
    }
    let (holds, fails) = bisection.answer().unwrap_or((None, None));
    Ok((Ended::Complete, Some(Found { holds, fails, trials })))
}

/// What a selection found.
#[derive(Debug, Clone, PartialEq)]
pub struct Selected {
    /// The cases that may be the best, by index: one where the choice is made.
    pub left: Vec<usize>,
    /// By case: replications that were looked at, and their mean; none for a case without the
    /// figure.
    pub cases: Vec<(usize, Option<f64>)>,
}

impl Selected {
    /// What became of case `index`, as tables name it: `best`, `not resolved`, or nothing.
    pub fn mark(&self, index: usize) -> &'static str {
        match (self.left.as_slice(), self.left.contains(&index)) {
            ([_], true) => "best",
            (_, true) => "not resolved",
            _ => "",
        }
    }
}

/// Chooses the best of `cases` by a figure; none where it was stopped before.
///
/// # Errors
///
/// As [`replicate`].
pub fn select(
    study: &Study,
    selection: &Selection,
    cases: &[Case],
    runner: &Runner<'_>,
    store: &mut Store,
    mut progress: impl FnMut(usize, usize),
) -> Result<(Ended, Option<Selected>), StoreError> {
    let mut counts = vec![selection.at_least; cases.len()];
    let mut left: Vec<usize> = (0..cases.len()).collect();
    // Screening finds the largest mean, allocation the smallest.
    let largest = matches!(selection.rule, SelectionRule::Difference { .. });
    let sign = if selection.highest == largest { 1.0 } else { -1.0 };
    let shares_luck = study.arms.iter().all(|arm| arm.seed == study.arms[0].seed);
    loop {
        let wanted: Vec<(usize, usize)> = counts.iter().copied().enumerate().collect();
        let ended = runner.ensure(store, cases, &wanted, &mut progress)?;
        if ended != Ended::Complete {
            return Ok((ended, None));
        }
        let mut samples: Vec<Vec<f64>> = Vec::new();
        for (case, count) in cases.iter().zip(&counts) {
            let sheet = store.sheet(&case.key);
            let at = sheet.and_then(|s| s.iter().position(|of| of.address == selection.figure));
            let values = at.map(|at| store.values(&case.key, at, *count)).unwrap_or_default();
            samples.push(values.into_iter().flatten().map(|value| sign * value).collect());
        }
        // Without a value in every replication there is nothing to compare.
        left.retain(|&case| samples[case].len() == counts[case]);
        let done = match selection.rule {
            SelectionRule::Difference { difference, confidence, at_most } => {
                let error = 1.0 - confidence;
                let first = selection.at_least;
                let screen = Screening::KnPlusPlus;
                left = survivors(screen, &samples, &left, first, difference, error, shares_luck);
                let made = left.first().map_or(at_most, |&case| counts[case]);
                for &case in &left {
                    counts[case] += usize::from(made < at_most);
                }
                left.len() <= 1 || made >= at_most
            }
            SelectionRule::Budget(budget) => {
                let spent: usize = counts.iter().sum();
                let step = cases.len().min(budget.saturating_sub(spent));
                if step > 0 && left.len() == cases.len() {
                    counts = budget_allocation(&samples, step);
                }
                step == 0 || left.len() < cases.len()
            }
        };
        if !done {
            continue;
        }
        let mean = |values: &Vec<f64>| {
            (!values.is_empty()).then(|| sign * values.iter().sum::<f64>() / values.len() as f64)
        };
        let made = samples.iter().map(|values| (values.len(), mean(values))).collect::<Vec<_>>();
        if matches!(selection.rule, SelectionRule::Budget(_)) {
            let order = |a: &usize, b: &usize| {
                let of = |case: usize| made[case].1.map_or(f64::INFINITY, |mean| sign * mean);
                of(*a).total_cmp(&of(*b))
            };
            left = left.into_iter().min_by(order).into_iter().collect();
        }
        return Ok((Ended::Complete, Some(Selected { left, cases: made })));
    }
}
