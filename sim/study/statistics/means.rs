//! Means and their Student-t intervals.

use statrs::distribution::{ContinuousCDF, StudentsT};

/// A range that holds a true value with the confidence stated where it was made.
///
/// A missing end is unbounded: what was observed says nothing on that side.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Interval {
    /// Lower end.
    pub lower: f64,
    /// Upper end.
    pub upper: f64,
}

impl Interval {
    /// `centre` plus and minus `half`.
    pub fn around(centre: f64, half: f64) -> Self {
        Self { lower: centre - half, upper: centre + half }
    }

    /// Half of its width.
    pub fn half_width(&self) -> f64 {
        (self.upper - self.lower) / 2.0
    }

    /// Whether `value` lies inside, ends included.
    pub fn contains(&self, value: f64) -> bool {
        (self.lower..=self.upper).contains(&value)
    }
}

/// The quantile `p` of Student's t with `degrees` degrees of freedom.
pub fn student_t(p: f64, degrees: f64) -> f64 {
    law(degrees).inverse_cdf(p)
}

/// The two-sided p-value of a t statistic.
pub(super) fn student_t_p(statistic: f64, degrees: f64) -> f64 {
    2.0 * law(degrees).cdf(-statistic.abs())
}

fn law(degrees: f64) -> StudentsT {
    StudentsT::new(0.0, 1.0, degrees).expect("degrees of freedom are positive")
}

/// Count, mean and standard deviation of a sample.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Mean {
    /// Observations.
    pub n: usize,
    /// Their mean.
    pub mean: f64,
    /// Their standard deviation with `n - 1` in the denominator; zero for one observation.
    pub sd: f64,
}

impl Mean {
    /// Of `values`; `None` where there are none.
    pub fn of(values: &[f64]) -> Option<Self> {
        if values.is_empty() {
            return None;
        }
        let n = values.len();
        let mean = values.iter().sum::<f64>() / n as f64;
        let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
        let sd = if n > 1 { (squares / (n - 1) as f64).sqrt() } else { 0.0 };
        Some(Self { n, mean, sd })
    }

    /// Standard error of the mean.
    pub fn error(&self) -> f64 {
        self.sd / (self.n as f64).sqrt()
    }

    /// Half-width of the two-sided Student-t interval, exact for normal outcomes. `None` for a
    /// single observation, which has no spread.
    pub fn half_width(&self, level: f64) -> Option<f64> {
        (self.n > 1).then(|| student_t(0.5 + level / 2.0, (self.n - 1) as f64) * self.error())
    }
}
