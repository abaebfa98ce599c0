//! Which parameters matter: variance shares and elementary effects.

use super::means::{Interval, Mean};

/// Shares of the variance of an outcome that one parameter causes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Indices {
    /// Alone (first order).
    pub first: f64,
    /// Alone and through every interaction (total).
    pub total: f64,
}

/// Variance-based indices from a Saltelli design: `a[j]` and `b[j]` are outcomes at the rows
/// of the two base matrices, `ab[i][j]` at row `j` of A with column `i` taken from B.
///
/// First order after Saltelli et al. (2010), total after Jansen (1999), both over the
/// population variance of A and B together. `None` where the outcome does not vary.
///
/// A stochastic model must be run with shared replication numbers and its outcomes be means
/// over replications; then the total of a parameter that does nothing is the noise floor.
pub fn sobol_indices(a: &[f64], b: &[f64], ab: &[Vec<f64>]) -> Option<Vec<Indices>> {
    let n = a.len() as f64;
    let mean = (a.iter().sum::<f64>() + b.iter().sum::<f64>()) / (2.0 * n);
    let squares = a.iter().chain(b).map(|value| (value - mean).powi(2)).sum::<f64>();
    let variance = squares / (2.0 * n);
    if variance.is_nan() || variance <= 0.0 {
        return None;
    }
    let indices = ab.iter().map(|column| {
        let rows = || a.iter().zip(b).zip(column);
        let first = rows().map(|((a, b), ab)| b * (ab - a)).sum::<f64>() / n;
        let total = rows().map(|((a, _), ab)| (a - ab).powi(2)).sum::<f64>() / (2.0 * n);
        Indices { first: first / variance, total: total / variance }
    });
    Some(indices.collect())
}

/// The intervals of [`sobol_indices`] at `level`, by parameter: of the first order, and in total.
/// Percentiles of `draws` resamples of the rows (Archer et al. 1997); `uniform` gives numbers in
/// [0, 1). `None` where the outcome does not vary in one of them.
pub fn sobol_intervals(
    a: &[f64],
    b: &[f64],
    ab: &[Vec<f64>],
    (level, draws): (f64, usize),
    mut uniform: impl FnMut() -> f64,
) -> Option<Vec<(Interval, Interval)>> {
    let rows = a.len();
    let mut drawn: Vec<Vec<Indices>> = Vec::with_capacity(draws);
    for _ in 0..draws {
        let picks: Vec<usize> = (0..rows).map(|_| (rows as f64 * uniform()) as usize).collect();
        let pick = |of: &[f64]| -> Vec<f64> { picks.iter().map(|&row| of[row]).collect() };
        let mixed: Vec<Vec<f64>> = ab.iter().map(|column| pick(column)).collect();
        drawn.push(sobol_indices(&pick(a), &pick(b), &mixed)?);
    }
    let interval = |of: &dyn Fn(&[Indices]) -> f64| {
        let mut values: Vec<f64> = drawn.iter().map(|indices| of(indices)).collect();
        values.sort_by(f64::total_cmp);
        // The order statistics that leave so much out at each end.
        let out = ((1.0 - level) / 2.0 * draws as f64) as usize;
        Interval { lower: values[out], upper: values[draws - 1 - out] }
    };
    let of_parameter = |i: usize| (interval(&|all| all[i].first), interval(&|all| all[i].total));
    (draws > 0).then(|| (0..ab.len()).map(of_parameter).collect())
}

/// Elementary effects of one parameter (Morris 1991).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Effects {
    /// Mean effect over the whole range of the parameter.
    pub mean: f64,
    /// Mean of the absolute effects: how much it matters (Campolongo et al. 2007).
    pub mean_absolute: f64,
    /// Their standard deviation: how much it depends on others or bends.
    pub sd: f64,
}

/// Elementary effects along `trajectories`, each a list of (point, outcome) of which two
/// neighbours differ in one coordinate. One entry per coordinate; `None` for a coordinate that
/// no step moves.
pub fn elementary_effects(trajectories: &[Vec<(Vec<f64>, f64)>]) -> Vec<Option<Effects>> {
    let dimensions = trajectories.iter().flatten().map(|(point, _)| point.len()).max();
    let mut effects = vec![Vec::new(); dimensions.unwrap_or(0)];
    for pair in trajectories.iter().flat_map(|trajectory| trajectory.windows(2)) {
        let [(from, before), (to, after)] = pair else { continue };
        let moved = from.iter().zip(to).position(|(x, y)| x != y);
        if let Some(i) = moved {
            effects[i].push((after - before) / (to[i] - from[i]));
        }
    }
    let of = |effects: Vec<f64>| {
        let Mean { mean, sd, n } = Mean::of(&effects)?;
        let mean_absolute = effects.iter().map(|effect| effect.abs()).sum::<f64>() / n as f64;
        Some(Effects { mean, mean_absolute, sd })
    };
    effects.into_iter().map(of).collect()
}
