//! Points that fill a unit cube evenly.

use sobol::Sobol;
use sobol::params::JoeKuoD6;

/// The first `points` points of the unscrambled Sobol sequence in `dimensions` dimensions, by
/// the direction numbers of Joe and Kuo (2008); the first point is the origin.
///
/// # Panics
///
/// Beyond [`SOBOL_DIMENSIONS`]; plans refuse that before.
pub fn sobol_points(dimensions: usize, points: usize) -> Vec<Vec<f64>> {
    assert!(dimensions <= SOBOL_DIMENSIONS, "a Sobol sequence has at most 100 dimensions");
    Sobol::<f64>::new(dimensions, &JoeKuoD6::minimal()).take(points).collect()
}

/// Dimensions of the direction numbers at hand.
pub const SOBOL_DIMENSIONS: usize = 100;

/// A Latin hypercube: in each of `dimensions`, every stratum `[i / points, (i + 1) / points)`
/// holds exactly one point. `uniform` gives numbers in [0, 1).
///
/// Adding points later breaks the strata; a Sobol sequence can grow.
pub fn latin_hypercube(
    dimensions: usize,
    points: usize,
    mut uniform: impl FnMut() -> f64,
) -> Vec<Vec<f64>> {
    let mut rows = vec![vec![0.0; dimensions]; points];
    for dimension in 0..dimensions {
        let mut strata: Vec<usize> = (0..points).collect();
        // Fisher and Yates.
        for last in (1..points).rev() {
            strata.swap(last, ((last + 1) as f64 * uniform()) as usize);
        }
        for (row, stratum) in rows.iter_mut().zip(strata) {
            row[dimension] = (stratum as f64 + uniform()) / points as f64;
        }
    }
    rows
}
