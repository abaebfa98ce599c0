//! The figures of these tests come from scipy 1.17, statsmodels 0.15 and SALib 1.6, or from the
//! papers' formulas evaluated there; each row names which.

mod selecting;
mod small_samples;

use super::*;

/// Equal to the digits that `expected` is written with, `digits` of them behind the point.
#[track_caller]
fn close(ours: f64, expected: f64, digits: i32) {
    let tolerance = 0.51 * 10f64.powi(-digits);
    assert!((ours - expected).abs() <= tolerance, "ours {ours:.12}, expected {expected:.12}");
}
