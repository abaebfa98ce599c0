//! The share of time that something is down, from a few outages.

use super::counts::chi_squared;
use super::means::Interval;

/// Outages of one subject, as events: four numbers that any number of replications add up to.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct OutageTally {
    /// Outages.
    pub count: u64,
    /// Sum of their weights: hours down, as a share of the subject.
    pub sum: f64,
    /// Sum of the squares of the weights.
    pub sum_of_squares: f64,
    /// The largest weight.
    pub longest: f64,
}

impl OutageTally {
    /// Counts one outage.
    pub fn add(&mut self, hours: f64) {
        self.count += 1;
        self.sum += hours;
        self.sum_of_squares += hours * hours;
        self.longest = self.longest.max(hours);
    }

    /// Counts those of another stretch of time.
    pub fn merge(&mut self, other: &Self) {
        self.count += other.count;
        self.sum += other.sum;
        self.sum_of_squares += other.sum_of_squares;
        self.longest = self.longest.max(other.longest);
    }
}

/// The unavailability in `hours` of observation and its interval, each tail `tail` (0.025 for a
/// two-sided 95 % interval; Fay and Feuer 1997: a Poisson count of weighted events). `None` without an outage: then only the rate of outages
/// is bounded by data.
///
/// `repair_h` is the declared mean repair time, the least weight of the outage that might have
/// come next. Student-t covers 53 % with one outage in the study; this covers 92 to 99 %.
pub fn unavailability(
    tally: &OutageTally,
    hours: f64,
    repair_h: f64,
    tail: f64,
) -> Option<(f64, Interval)> {
    if tally.count == 0 || tally.sum <= 0.0 {
        return None;
    }
    let end = |sum: f64, squares: f64, p: f64| {
        let scale = squares / (2.0 * sum);
        scale * chi_squared(p, 2.0 * sum * sum / squares) / hours
    };
    let next = tally.longest.max(repair_h);
    let interval = Interval {
        lower: end(tally.sum, tally.sum_of_squares, tail),
        upper: end(tally.sum + next, tally.sum_of_squares + next * next, 1.0 - tail),
    };
    Some((tally.sum / hours, interval))
}
