//! Two designs compared: by pairs on common random numbers, or by Welch's interval.

use std::fmt;

use super::means::{Interval, Mean, student_t, student_t_p};

/// Differences within this share of the larger value are rounding, not a difference.
///
/// The same sum over another number of racks rounds differently; a paired test of such
/// differences finds them "significant".
pub(super) const EQUAL_WITHIN: f64 = 1e-9;

/// What a comparison says of one figure of two designs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Equal in every replication, to rounding.
    Equal,
    /// The interval leaves no doubt that the figure is better.
    Better,
    /// Nor that it is worse.
    Worse,
    /// Higher, of a figure without a better direction.
    Higher,
    /// Lower, of such a figure.
    Lower,
    /// The replications do not resolve it.
    Open,
}

impl Verdict {
    /// As tables spell it.
    pub fn name(self) -> &'static str {
        match self {
            Verdict::Equal => "equal",
            Verdict::Better => "better",
            Verdict::Worse => "worse",
            Verdict::Higher => "higher",
            Verdict::Lower => "lower",
            Verdict::Open => "open",
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// A figure of one design less that of the baseline, over the replications that have both.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Comparison {
    /// The differences.
    pub difference: Mean,
    /// Half-width of their two-sided 95 % Student-t interval; `None` for one pair.
    pub half_width: Option<f64>,
    /// Two-sided p-value of the paired t-test; 1 where all pairs are equal or there is only one.
    pub p: f64,
    /// Whether the two are equal within 1e-9 of the larger value in every pair.
    pub equal: bool,
    /// Independent replications that one paired replication is worth:
    /// (s_a^2 + s_b^2) / s_difference^2. Below 1 where common streams do harm. `None` where
    /// all pairs are equal or differ by a constant.
    pub crn_factor: Option<f64>,
}

impl Comparison {
    /// Replications with which the paired t-test finds a difference as large as the one
    /// observed with a power of 80 %.
    ///
    /// The noncentral t by its normal approximation with the `z^2 / 2` correction: exact to
    /// the replication in the cases held in `validation`. `None` where the pairs are equal.
    pub fn needed(&self) -> Option<f64> {
        /// (z_.975 + z_.80)^2.
        const Z2: f64 = 7.848_879_7;
        /// z_.975^2 / 2.
        const CORRECTION: f64 = 1.920_7;
        let Mean { mean, sd, .. } = self.difference;
        (!self.equal && mean != 0.0).then(|| (Z2 * (sd / mean).powi(2) + CORRECTION).ceil())
    }
}

/// Compares by pairs: `pairs` holds (baseline, design) of each replication that has both.
/// `None` where there is none.
pub fn paired(pairs: &[(f64, f64)]) -> Option<Comparison> {
    let differences: Vec<f64> = pairs.iter().map(|(base, other)| other - base).collect();
    let difference = Mean::of(&differences)?;
    let is_rounding = |&(a, b): &(f64, f64)| (a - b).abs() <= EQUAL_WITHIN * a.abs().max(b.abs());
    let equal = pairs.iter().all(is_rounding);
    let side = |of: fn(&(f64, f64)) -> f64| {
        let values: Vec<f64> = pairs.iter().map(of).collect();
        Mean::of(&values).map_or(0.0, |mean| mean.sd.powi(2))
    };
    let crn_factor = (!equal && difference.sd > 0.0)
        .then(|| (side(|pair| pair.0) + side(|pair| pair.1)) / difference.sd.powi(2));
    let p = match (equal, difference.n) {
        (true, _) | (_, 1) => 1.0,
        _ if difference.sd == 0.0 => 0.0,
        (_, n) => student_t_p(difference.mean / difference.error(), (n - 1) as f64),
    };
    Some(Comparison {
        difference,
        half_width: difference.half_width(super::LEVEL),
        p,
        equal,
        crn_factor,
    })
}

/// `b` less `a` for two independent samples (Welch 1947): the difference, its interval at
/// `level`, the p-value. `None` where one has fewer than two observations or neither spreads.
///
/// Only for designs that were run on different replications.
pub fn welch(a: &[f64], b: &[f64], level: f64) -> Option<(f64, Interval, f64)> {
    let (a, b) = (Mean::of(a)?, Mean::of(b)?);
    if a.n < 2 || b.n < 2 {
        return None;
    }
    let (va, vb) = (a.error().powi(2), b.error().powi(2));
    if va + vb == 0.0 {
        return None;
    }
    let degrees =
        (va + vb).powi(2) / (va.powi(2) / (a.n - 1) as f64 + vb.powi(2) / (b.n - 1) as f64);
    let difference = b.mean - a.mean;
    let error = (va + vb).sqrt();
    let half = student_t(0.5 + level / 2.0, degrees) * error;
    Some((difference, Interval::around(difference, half), student_t_p(difference / error, degrees)))
}

/// Holm's step-down adjustment (1979) of the p-values of one family, in the order given.
///
/// Reject where the adjusted value is below the family's error rate.
pub fn holm(p: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..p.len()).collect();
    order.sort_by(|&a, &b| p[a].total_cmp(&p[b]));
    let mut adjusted = vec![1.0; p.len()];
    let mut largest: f64 = 0.0;
    for (rank, &index) in order.iter().enumerate() {
        largest = largest.max((p.len() - rank) as f64 * p[index]).min(1.0);
        adjusted[index] = largest;
    }
    adjusted
}

/// The smallest sample whose Student-t half-width at `level` is at most `half`, for outcomes
/// with standard deviation `sd`.
pub fn needed_for_half_width(sd: f64, half: f64, level: f64) -> usize {
    let enough =
        |n: usize| student_t(0.5 + level / 2.0, (n - 1) as f64) * sd / (n as f64).sqrt() <= half;
    let mut high = 2;
    while !enough(high) {
        high *= 2;
    }
    let mut low = high / 2;
    while high - low > 1 {
        let middle = low + (high - low) / 2;
        if middle >= 2 && enough(middle) { high = middle } else { low = middle }
    }
    high
}
