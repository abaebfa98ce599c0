//! Exact intervals of proportions and of rates of events.
//!
//! Exact intervals cover at least what they promise. With no event, or with nothing but
//! events, only one side is data: print a one-sided bound there.

use statrs::distribution::{Beta, Binomial, ChiSquared, Continuous, ContinuousCDF, Discrete};

use super::means::Interval;

/// The Clopper-Pearson interval of a proportion of which `hits` of `trials` were seen, each
/// tail `tail` (0.025 for a two-sided 95 % interval, 0.05 for a one-sided bound).
pub fn proportion(hits: u64, trials: u64, tail: f64) -> Interval {
    let (x, n) = (hits as f64, trials as f64);
    Interval {
        lower: if hits == 0 { 0.0 } else { beta(tail, x, n - x + 1.0) },
        upper: if hits == trials { 1.0 } else { beta(1.0 - tail, x + 1.0, n - x) },
    }
}

/// The exact interval of the rate of a Poisson process of which `events` were seen in
/// `exposure`, in events per unit of exposure, each tail `tail` (Garwood 1936).
pub fn poisson_rate(events: u64, exposure: f64, tail: f64) -> Interval {
    let count = |p: f64, degrees: u64| chi_squared(p, degrees as f64) / 2.0;
    Interval {
        lower: if events == 0 { 0.0 } else { count(tail, 2 * events) / exposure },
        upper: count(1.0 - tail, 2 * events + 2) / exposure,
    }
}

/// The ratio of two Poisson rates, `a` events against `b` in equal exposures: the interval
/// with tails `tail` and the two-sided p-value of equal rates (conditional binomial test).
pub fn rate_ratio(a: u64, b: u64, tail: f64) -> (Interval, f64) {
    let share = proportion(a, a + b, tail);
    let odds = |p: f64| p / (1.0 - p);
    let interval = Interval { lower: odds(share.lower), upper: odds(share.upper) };
    let law = Binomial::new(0.5, a + b).expect("one half is a probability");
    let seen = law.pmf(a) * (1.0 + 1e-7);
    let p: f64 = (0..=a + b).map(|k| law.pmf(k)).filter(|&pmf| pmf <= seen).sum();
    (interval, p.min(1.0))
}

fn beta(p: f64, a: f64, b: f64) -> f64 {
    quantile(&Beta::new(a, b).expect("both parameters are positive"), p)
}

/// The quantile `p` of chi-squared.
pub(super) fn chi_squared(p: f64, degrees: f64) -> f64 {
    quantile(&ChiSquared::new(degrees).expect("degrees of freedom are positive"), p)
}

/// The quantile `p` of a law. `statrs` inverts some laws to ten digits only; two of Newton's
/// steps on the distribution function, which it has to full precision, give the others.
fn quantile<L: ContinuousCDF<f64, f64> + Continuous<f64, f64>>(law: &L, p: f64) -> f64 {
    let mut x = law.inverse_cdf(p);
    for _ in 0..2 {
        let step = (law.cdf(x) - p) / law.pdf(x);
        if step.is_finite() && step.abs() < 0.01 * x {
            x -= step;
        }
    }
    x
}
