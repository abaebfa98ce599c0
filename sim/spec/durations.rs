//! Laws of durations.

use schemars::JsonSchema;
use serde::Deserialize;

use super::{LognormalSpec, kinds};
use crate::units::Duration;

kinds! {
    /// How long things last.
    pub enum DurationSpec {
        /// Lognormal: many short ones, few very long ones, as in every cluster log.
        Lognormal(LognormalSpec<Duration>) = "lognormal",
        /// Exponential.
        Exponential(ExponentialSpec) = "exponential",
        /// Always the same.
        Constant(ConstantSpec) = "constant",
    }
}

/// An exponential duration.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ExponentialSpec {
    /// The mean.
    pub mean: Duration,
}

/// A constant duration.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ConstantSpec {
    /// The value.
    pub value: Duration,
}
