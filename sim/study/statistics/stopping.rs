//! When a study has replications enough.

use super::means::Mean;

/// How narrow the interval of a mean must become.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Precision {
    /// The half-width is at most this, in the unit of the figure.
    Absolute(f64),
    /// The half-width is at most this share of the mean.
    Relative(f64),
}

/// Replications that must differ from the commonest value before a figure with ties may stop:
/// a rare outcome that has not come yet has a spread of zero.
const DIFFERING: usize = 10;

/// The first checkpoint at or after `n` replications: `at_least` times powers of 1.5, rounded
/// up. Precision is asked for only there, so that the stopping point is the same whatever the
/// number of shards.
pub fn checkpoint_after(n: usize, at_least: usize) -> usize {
    let mut checkpoint = at_least.max(1);
    while checkpoint < n {
        checkpoint = (checkpoint as f64 * 1.5).ceil() as usize;
    }
    checkpoint
}

/// Whether the mean of `values`, a complete prefix of replications, is known with `precision`.
pub fn is_precise(values: &[f64], precision: Precision, level: f64) -> bool {
    let Some(mean) = Mean::of(values) else { return false };
    let Some(half) = mean.half_width(level) else { return false };
    let wide = match precision {
        Precision::Absolute(width) => half > width,
        Precision::Relative(share) => half > share * mean.mean.abs(),
    };
    !wide && has_spread(values)
}

/// Whether the sample may be judged by its spread: where at least half of the values are one
/// and the same, [`DIFFERING`] others must have come.
fn has_spread(values: &[f64]) -> bool {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let commonest = sorted.chunk_by(|a, b| a == b).map(<[f64]>::len).max().unwrap_or(0);
    2 * commonest < values.len() || values.len() - commonest >= DIFFERING
}
