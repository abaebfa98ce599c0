//! Laws fitted to what people have measured.
//!
//! ```text
//! rows.rs      a table of iterations: sequences, context, prompt tokens, time
//! squares.rs   weighted least squares, its intervals, and what the columns cannot tell apart
//! steps.rs     the law of an iteration, its errors on what was held out, the YAML to paste
//! ```
//!
//! Pure: it is given text and gives text. Nothing is guessed: a parameter that the rows cannot tell
//! is named and asked for.

mod rows;
mod squares;
mod steps;

pub use rows::{Columns, FitError, Iteration, read_rows};
pub use steps::{Fitted, Fixed, Parameter, StepLaw, fit_steps};

#[cfg(test)]
mod tests;
