//! The course of a study: replicate, look, and replicate further where that is asked for.

use super::decide::{Found, look};
use super::plan::{Case, Search, Study};
use super::run::{Ended, Runner};
use super::statistics::{Probe, Search as Bisection};
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
    let cases: Vec<Case> = (0..values).map(|index| study.probe(search, index)).collect();
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
