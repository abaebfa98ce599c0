//! Weighted least squares of a few columns.

use crate::study::statistics::student_t;

/// Coefficients and how well they are known.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Solution {
    pub(super) values: Vec<f64>,
    /// Half-widths of 95 % intervals where all errors are of one size beside their scale.
    pub(super) halves: Vec<f64>,
    /// The same whatever the size of each, after White: by the residual of each row in its place.
    pub(super) robust: Vec<f64>,
}

/// The coefficients of `columns` that come nearest to `times` beside what is `given` of them, errors
/// relative to all of the time counting alike. None where there are not more rows than columns.
pub(super) fn relative_fit(columns: &[Vec<f64>], given: &[f64], times: &[f64]) -> Option<Solution> {
    /// Rounds in which weights follow what is fitted rather than what was measured, whose errors
    /// would pull the fit down.
    const ROUNDS: usize = 4;
    let (count, rows) = (columns.len(), times.len());
    if rows <= count || count == 0 {
        return None;
    }
    let rest: Vec<f64> = times.iter().zip(given).map(|(time, given)| time - given).collect();
    let mut scale = times.to_vec();
    let mut solution = None;
    for _ in 0..ROUNDS {
        let fit = weighted(columns, &rest, &scale)?;
        for (row, scale) in scale.iter_mut().enumerate() {
            let fitted: f64 = columns.iter().zip(&fit.values).map(|(c, v)| c[row] * v).sum();
            let fitted = given[row] + fitted;
            // A law that is not positive there says nothing of the size of errors.
            if fitted > 0.1 * times[row] {
                *scale = fitted;
            }
        }
        solution = Some(fit);
    }
    solution
}

/// Least squares of `(times - columns b) / scale`; none where there are not more rows than columns, or
/// the columns make up each other.
pub(super) fn weighted(columns: &[Vec<f64>], times: &[f64], scale: &[f64]) -> Option<Solution> {
    let (count, rows) = (columns.len(), times.len());
    if rows <= count {
        return None;
    }
    let dot = |a: &[f64], b: &[f64]| -> f64 {
        a.iter().zip(b).zip(scale).map(|((a, b), s)| a * b / (s * s)).sum()
    };
    // Columns of unit length keep the equations sound whatever their units.
    let lengths: Vec<f64> = columns.iter().map(|column| dot(column, column).sqrt()).collect();
    if lengths.contains(&0.0) {
        return None;
    }
    let mut matrix: Vec<Vec<f64>> = (0..count)
        .map(|i| {
            (0..count).map(|j| dot(&columns[i], &columns[j]) / (lengths[i] * lengths[j])).collect()
        })
        .collect();
    let right: Vec<f64> = (0..count).map(|i| dot(&columns[i], times) / lengths[i]).collect();
    let inverse = inverted(&mut matrix)?;
    let scaled: Vec<f64> =
        inverse.iter().map(|row| row.iter().zip(&right).map(|(a, b)| a * b).sum()).collect();
    let values: Vec<f64> =
        scaled.iter().zip(&lengths).map(|(value, length)| value / length).collect();
    let left: Vec<f64> = (0..rows)
        .map(|row| {
            let fitted: f64 = columns.iter().zip(&values).map(|(c, v)| c[row] * v).sum();
            (times[row] - fitted) / scale[row]
        })
        .collect();
    let squares: f64 = left.iter().map(|left| left * left).sum();
    let degrees = (rows - count) as f64;
    let (variance, t) = (squares / degrees, student_t(0.975, degrees));
    let halves =
        (0..count).map(|i| t * (variance * inverse[i][i]).max(0.0).sqrt() / lengths[i]).collect();
    // What an error of a row does to a coefficient.
    let moves = |i: usize, row: usize| -> f64 {
        let parts = inverse[i].iter().zip(columns).zip(&lengths);
        parts.map(|((inverse, column), length)| inverse * column[row] / length).sum::<f64>()
            / scale[row]
    };
    let robust = (0..count)
        .map(|i| {
            let moved: f64 = (0..rows).map(|row| (left[row] * moves(i, row)).powi(2)).sum();
            t * (moved * rows as f64 / degrees).sqrt() / lengths[i]
        })
        .collect();
    Some(Solution { values, halves, robust })
}

/// The inverse, by elimination with the largest pivot; none of a singular matrix.
fn inverted(matrix: &mut [Vec<f64>]) -> Option<Vec<Vec<f64>>> {
    let count = matrix.len();
    let mut inverse: Vec<Vec<f64>> =
        (0..count).map(|i| (0..count).map(|j| f64::from(u8::from(i == j))).collect()).collect();
    for step in 0..count {
        let pivot = (step..count)
            .max_by(|&a, &b| matrix[a][step].abs().total_cmp(&matrix[b][step].abs()))?;
        if matrix[pivot][step].abs() < 1e-12 {
            return None;
        }
        matrix.swap(step, pivot);
        inverse.swap(step, pivot);
        let by = matrix[step][step];
        matrix[step].iter_mut().chain(&mut inverse[step]).for_each(|value| *value /= by);
        for row in (0..count).filter(|&row| row != step) {
            let factor = matrix[row][step];
            for column in 0..count {
                matrix[row][column] -= factor * matrix[step][column];
                inverse[row][column] -= factor * inverse[step][column];
            }
        }
    }
    Some(inverse)
}

/// The first column that those before it make up but for `own` of it, and which of them has the
/// largest part in that; none of those where it is nothing at all.
pub(super) fn dependent(columns: &[Vec<f64>], own: f64) -> Option<(usize, Option<usize>)> {
    let dot = |a: &[f64], b: &[f64]| -> f64 { a.iter().zip(b).map(|(a, b)| a * b).sum() };
    let mut basis: Vec<Vec<f64>> = Vec::new();
    for (index, column) in columns.iter().enumerate() {
        let whole = dot(column, column).sqrt();
        if whole == 0.0 {
            return Some((index, None));
        }
        let mut rest = column.clone();
        // Twice, for the first pass leaves rounding.
        for _ in 0..2 {
            for unit in &basis {
                let part = dot(&rest, unit);
                rest.iter_mut().zip(unit).for_each(|(rest, unit)| *rest -= part * unit);
            }
        }
        let left = dot(&rest, &rest).sqrt();
        if left < own * whole {
            let likest = (0..index).max_by(|&a, &b| {
                let likeness = |other: usize| {
                    (dot(column, &columns[other]) / dot(&columns[other], &columns[other]).sqrt())
                        .abs()
                };
                likeness(a).total_cmp(&likeness(b))
            });
            return Some((index, likest));
        }
        rest.iter_mut().for_each(|value| *value /= left);
        basis.push(rest);
    }
    None
}
