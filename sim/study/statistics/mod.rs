//! What a study says of its figures: intervals, comparisons, stopping, selection, sensitivity.
//!
//! Pure functions over numbers; nothing here knows a design or a file. Every method states the
//! paper it follows and the coverage it reaches, and `validation` holds each against scipy,
//! statsmodels and SALib. Quantiles of the standard distributions come from `statrs`.
//!
//! Intervals are two-sided at 95 % unless a function says otherwise. `level` is always the
//! confidence, 0.95, never its complement.

mod batches;
mod counts;
mod means;
mod paired;
mod ranks;
mod search;
mod selection;
mod sensitivity;
mod sequences;
mod stopping;
#[cfg(test)]
mod tests;
mod unavailability;

pub use batches::{BatchMeans, Truncation, batch_means, mser5};
pub use counts::{poisson_rate, proportion, rate_ratio};
pub use means::{Interval, Mean, student_t};
pub use paired::{Comparison, Verdict, holm, needed_for_half_width, paired, welch};
pub use ranks::{Ranks, quantile_ranks, smallest_sample};
pub use search::{Answer, Probe, Search, Trial};
pub use selection::{Screening, budget_allocation, survivors};
pub use sensitivity::{Effects, Indices, elementary_effects, sobol_indices, sobol_intervals};
pub use sequences::{SOBOL_DIMENSIONS, latin_hypercube, sobol_points};
pub use stopping::{Precision, checkpoint_after, is_precise};
pub use unavailability::{OutageTally, unavailability};

/// The confidence of every interval that a study prints.
pub const LEVEL: f64 = 0.95;
