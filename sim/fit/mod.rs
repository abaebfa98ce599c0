//! Laws fitted to what people have measured.
//!
//! ```text
//! rows.rs      a table of iterations: sequences, context, prompt tokens, time
//! squares.rs   weighted least squares, its intervals, and what the columns cannot tell apart
//! steps.rs     the law of an iteration, its errors on what was held out, the YAML to paste
//! curve.rs     any model of several parameters, from one linear fit to the next
//! meter.rs     readings of a meter in the intervals of a run, and how far a run is from them
//! site.rs      values of a scenario fitted to a meter, the YAML to paste
//! ```
//!
//! From text to text, but that a site is read and run. Nothing is guessed: a parameter that the rows
//! cannot tell is named and asked for.

mod curve;
mod meter;
mod rows;
mod site;
mod squares;
mod steps;

pub use curve::{Curve, CurveFit, Model, fit_curve};
pub use meter::{ErrorShares, Errors, MeterLayout};
pub use rows::{Columns, FitError, Iteration, read_rows};
pub use site::{Calibrated, Calibration, FreeValue, Match, MatchErrors, calibrate};
pub use steps::{Fitted, Fixed, Parameter, StepLaw, fit_steps};

#[cfg(test)]
mod curve_tests;
#[cfg(test)]
mod tests;
