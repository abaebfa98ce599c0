//! Quantiles over replications, by order statistics: no law of the outcome is assumed.

use statrs::distribution::{Binomial, DiscreteCDF};

/// Ranks, counted from 1, of the order statistics that bound a quantile with equal tails.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Ranks {
    /// Rank of the lower end; `None` where the sample is too small to have one.
    pub lower: Option<usize>,
    /// Rank of the upper end; `None` likewise.
    pub upper: Option<usize>,
    /// Confidence that is reached, at least what was asked for.
    pub coverage: f64,
}

/// Order statistics of a sample of `n` that bound the quantile `p` at `level`.
///
/// The lower rank is the largest `l` with P(B <= l - 1) <= (1 - level) / 2, the upper one the
/// smallest `u` with P(B <= u - 1) >= (1 + level) / 2, for B binomial (n, p).
pub fn quantile_ranks(n: usize, p: f64, level: f64) -> Ranks {
    let tail = (1.0 - level) / 2.0;
    let law = Binomial::new(p, n as u64).expect("a quantile lies between 0 and 1");
    // P(B <= rank - 1) for ranks from 1.
    let below = |rank: usize| law.cdf((rank - 1) as u64);
    let count = partition(n, |rank| below(rank) <= tail);
    let lower = (count > 0).then_some(count);
    let first = partition(n, |rank| below(rank) < 1.0 - tail) + 1;
    let upper = (first <= n).then_some(first);
    let coverage = upper.map_or(1.0, below) - lower.map_or(0.0, below);
    Ranks { lower, upper, coverage }
}

/// How many of the ranks `1..=n` satisfy `holds`, which holds up to some rank and not beyond.
fn partition(n: usize, holds: impl Fn(usize) -> bool) -> usize {
    let (mut low, mut high) = (0, n + 1);
    while high - low > 1 {
        let middle = low + (high - low) / 2;
        if holds(middle) { low = middle } else { high = middle }
    }
    low
}

/// The smallest sample that bounds the quantile `p` on both sides at `level`.
pub fn smallest_sample(p: f64, level: f64) -> usize {
    (((1.0 - level) / 2.0).ln() / p.max(1.0 - p).ln()).ceil() as usize
}
