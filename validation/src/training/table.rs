//! Targets and whether they are met.

use crate::data::{deviation, mean, print};

/// Runs of each simulated figure.
const REPLICATIONS: u64 = 10;

/// A target by its number in `docs/models/training.md`: what it is of, what was published, and
/// what is expected here.
#[derive(Debug, Clone, Copy)]
pub(super) struct Target<'a> {
    pub(super) id: &'a str,
    pub(super) what: &'a str,
    /// As printed by its source; `formula` where the closed form is the source.
    pub(super) published: &'a str,
    pub(super) expected: f64,
}

impl<'a> Target<'a> {
    /// A target whose source is a closed form.
    pub(super) fn formula(id: &'a str, what: &'a str, expected: f64) -> Self {
        Self { id, what, published: "formula", expected }
    }
}

/// Prints targets and counts those that are missed.
#[derive(Debug, Default)]
pub(super) struct Table {
    pub(super) missed: Vec<String>,
}

impl Table {
    pub(super) fn head(&self) {
        print(&format!(
            "{:<4} {:<58} {:>9} {:>10} {:>10} {:>9}  verdict",
            "", "target", "published", "expected", "ours", "+-"
        ));
    }

    /// The mean over replications of `f`, which must meet its target within three standard
    /// errors. One of these must be at most `precision`: else the comparison would say nothing.
    pub(super) fn simulated(
        &mut self,
        target: Target<'_>,
        precision: f64,
        f: impl FnMut(u64) -> f64,
    ) {
        let runs: Vec<f64> = (0..REPLICATIONS).map(f).collect();
        let error = deviation(&runs) / (REPLICATIONS as f64 - 1.0).sqrt();
        let says_something = error <= precision;
        self.row(target, mean(runs), 3.0 * error, says_something);
    }

    /// A figure without chance, to the digits that are published.
    pub(super) fn computed(&mut self, target: Target<'_>, ours: f64, tolerance: f64) {
        self.row(target, ours, tolerance, true);
    }

    fn row(&mut self, target: Target<'_>, ours: f64, interval: f64, says_something: bool) {
        let Target { id, what, published, expected } = target;
        let is_met = says_something && (ours - expected).abs() <= interval;
        let verdict = if is_met { "met" } else { "MISSED" };
        let row = format!(
            "{id:<4} {what:<58} {published:>9} {expected:>10.4} {ours:>10.4} {interval:>9.4}  {verdict}"
        );
        print(&row);
        if !is_met {
            self.missed.push(row);
        }
    }
}
