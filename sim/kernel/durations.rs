//! How long things last: the law that a `DurationSpec` writes, and draws from it.

use super::Stream;
use crate::spec::{Check, DurationSpec, Lognormal};
use crate::units::Duration;

/// A law of durations, in seconds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum DurationLaw {
    /// Lognormal.
    Lognormal {
        /// Mean of the logarithm.
        mu: f64,
        /// Deviation of the logarithm.
        sigma: f64,
        /// Longer ones last this long.
        max_s: f64,
    },
    /// Exponential.
    Exponential {
        /// The mean.
        mean_s: f64,
    },
    /// Always the same.
    Constant {
        /// The value.
        value_s: f64,
    },
}

impl DurationLaw {
    /// Draws a duration, s: one uniform of `stream`, or none where it is always the same.
    pub(crate) fn draw_s(self, stream: &mut Stream) -> f64 {
        match self {
            Self::Lognormal { mu, sigma, max_s } => stream.lognormal(mu, sigma).min(max_s),
            Self::Exponential { mean_s } => stream.exponential(mean_s),
            Self::Constant { value_s } => value_s,
        }
    }
}

impl DurationSpec {
    /// The law as written; what is wrong is reported.
    pub(crate) fn resolve(&self, check: &mut Check<'_>) -> DurationLaw {
        let mut seconds = |field, written: Duration| {
            check.lasting(field, Some(written)).map_or(1.0, Duration::as_secs_f64)
        };
        match self {
            Self::Lognormal(spec) => {
                let max_s = spec.max.map_or(f64::INFINITY, |max| seconds("max", max));
                match spec.resolve(Duration::as_secs_f64, check.faults) {
                    Some(Lognormal { mu, sigma, .. }) => {
                        DurationLaw::Lognormal { mu, sigma, max_s }
                    }
                    None => DurationLaw::Constant { value_s: 1.0 },
                }
            }
            Self::Exponential(law) => {
                DurationLaw::Exponential { mean_s: seconds("mean", law.mean) }
            }
            Self::Constant(law) => DurationLaw::Constant { value_s: seconds("value", law.value) },
        }
    }
}
