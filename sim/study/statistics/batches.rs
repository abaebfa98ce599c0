//! One long run in place of many: batch means, and where a warm-up ends.

use super::means::Mean;

/// Means of consecutive batches of a series.
#[derive(Debug, Clone, PartialEq)]
pub struct BatchMeans {
    /// Of the means.
    pub mean: Mean,
    /// Correlation of neighbouring batches. Above 0.2 the interval is too narrow: use
    /// replications.
    pub lag_1: f64,
}

impl BatchMeans {
    /// Whether batches may stand for independent observations.
    pub fn is_uncorrelated(&self) -> bool {
        self.lag_1 <= 0.2
    }
}

/// Splits `series` into `batches` of equal length (a remainder at its end is left out).
/// `None` for fewer than three batches or batches without an observation.
pub fn batch_means(series: &[f64], batches: usize) -> Option<BatchMeans> {
    let length = series.len().checked_div(batches)?;
    if batches < 3 || length == 0 {
        return None;
    }
    let means: Vec<f64> = series
        .chunks_exact(length)
        .take(batches)
        .map(|batch| batch.iter().sum::<f64>() / length as f64)
        .collect();
    let lag_1 = correlation(&means[..batches - 1], &means[1..]);
    Some(BatchMeans { mean: Mean::of(&means)?, lag_1 })
}

/// Pearson's correlation; zero where one of the two does not vary.
fn correlation(a: &[f64], b: &[f64]) -> f64 {
    let (Some(of_a), Some(of_b)) = (Mean::of(a), Mean::of(b)) else { return 0.0 };
    let product: f64 = a.iter().zip(b).map(|(x, y)| (x - of_a.mean) * (y - of_b.mean)).sum();
    let spread = of_a.sd * of_b.sd * (of_a.n.saturating_sub(1)) as f64;
    if spread > 0.0 { product / spread } else { 0.0 }
}

/// Where the warm-up of a series ends.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Truncation {
    /// Observations to leave out.
    pub observations: usize,
    /// The least marginal standard error, squared.
    pub statistic: f64,
}

/// The marginal standard error rule on means of five (MSER-5; White 1997, Spratt 1998):
/// leave out as much as makes the standard error of what is left the least.
///
/// For the *mean over replications* of a series, not for one of them. `None` where the least
/// lies at half of the series: it has no steady state.
pub fn mser5(series: &[f64]) -> Option<Truncation> {
    const BATCH: usize = 5;
    let means: Vec<f64> =
        series.chunks_exact(BATCH).map(|batch| batch.iter().sum::<f64>() / BATCH as f64).collect();
    let statistic = |left: &[f64]| {
        let mean = left.iter().sum::<f64>() / left.len() as f64;
        left.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / (left.len() as f64).powi(2)
    };
    let half = means.len() / 2;
    let (first, statistic) = (0..=half)
        .filter(|&first| first < means.len())
        .map(|first| (first, statistic(&means[first..])))
        .min_by(|a, b| a.1.total_cmp(&b.1))?;
    (first < half).then_some(Truncation { observations: first * BATCH, statistic })
}
