//! The largest value that still holds a promise, found by bisection with a stated error.

use super::counts::proportion;

/// What a probe of one value has found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// The promise holds, proven.
    Holds,
    /// It fails, proven.
    Fails,
    /// The largest number of replications could not tell.
    Undecided,
}

impl Answer {
    /// As tables name it.
    pub fn name(self) -> &'static str {
        match self {
            Answer::Holds => "holds",
            Answer::Fails => "fails",
            Answer::Undecided => "not resolved",
        }
    }
}

/// One value under test: successes in a growing number of replications, looked at a limited
/// number of times, each look with its share of the error.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Probe {
    /// Share of replications that must succeed.
    pub share: f64,
    /// Error of one look at one side.
    pub tail: f64,
    /// Replications at the first look; each further look doubles them.
    pub at_least: u64,
    /// Replications at the last look.
    pub at_most: u64,
}

impl Probe {
    /// A probe of a search over `points` values that is wrong with probability `error` at most:
    /// the error is shared over the probes of a bisection, its looks, and the two sides.
    pub fn new(share: f64, error: f64, points: usize, at_least: u64, at_most: u64) -> Self {
        let probes = ((points + 1) as f64).log2().ceil();
        let looks = (at_most as f64 / at_least as f64).log2().floor() + 1.0;
        Self { share, tail: error / probes / 2.0 / looks, at_least, at_most }
    }

    /// What `successes` of `trials` prove; `None` asks for a look at twice as many.
    pub fn judge(&self, successes: u64, trials: u64) -> Option<Answer> {
        let interval = proportion(successes, trials, self.tail);
        if interval.lower >= self.share {
            Some(Answer::Holds)
        } else if interval.upper < self.share {
            Some(Answer::Fails)
        } else if trials >= self.at_most {
            Some(Answer::Undecided)
        } else {
            None
        }
    }
}

/// A probe that was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Trial {
    /// Index of the value in the grid.
    pub index: usize,
    /// What was found.
    pub answer: Answer,
}

/// Bisection over a grid of values from the least to the most demanding.
///
/// Runs twice over shared probes: an undecided probe counts as failing for the largest value
/// proven to hold, and as holding for the smallest proven to fail.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Search {
    points: usize,
    trials: Vec<Trial>,
}

impl Search {
    /// Over a grid of `points` values.
    pub fn new(points: usize) -> Self {
        Self { points, trials: Vec::new() }
    }

    /// Every probe so far, in order.
    pub fn trials(&self) -> &[Trial] {
        &self.trials
    }

    /// The value to probe next, or `None` when the answer stands.
    pub fn next(&self) -> Option<usize> {
        self.bisect(Answer::Fails).err().or_else(|| self.bisect(Answer::Holds).err())
    }

    /// Takes what the probe of value `index` has found.
    pub fn learn(&mut self, index: usize, answer: Answer) {
        self.trials.push(Trial { index, answer });
    }

    /// The largest value proven to hold and the smallest proven to fail, once nothing is left
    /// to probe. Between the two the replications do not resolve.
    pub fn answer(&self) -> Option<(Option<usize>, Option<usize>)> {
        let (holds, _) = self.bisect(Answer::Fails).ok()?;
        let (_, fails) = self.bisect(Answer::Holds).ok()?;
        Some((holds, (fails < self.points).then_some(fails)))
    }

    /// The border where an undecided value counts as `undecided`, as (last that holds, first
    /// that fails), or the value that must be probed for it.
    fn bisect(&self, undecided: Answer) -> Result<(Option<usize>, usize), usize> {
        // `low` values hold: index `low - 1` is the last of them.
        let (mut low, mut high) = (0, self.points);
        while low < high {
            // The middle of the last that holds and the first that fails, rounded down.
            let index = (low + high).div_ceil(2) - 1;
            let trial = self.trials.iter().find(|trial| trial.index == index).ok_or(index)?;
            let answer = if trial.answer == Answer::Undecided { undecided } else { trial.answer };
            if answer == Answer::Holds { low = index + 1 } else { high = index }
        }
        Ok((low.checked_sub(1), high))
    }
}
