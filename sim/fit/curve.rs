//! A model of several parameters fitted to series of measurements: Gauss and Newton's method, in
//! which each round is a linear fit of how the model changes with its parameters.

use rayon::prelude::*;

use super::rows::FitError;
use super::squares::{Solution, dependent, weighted};

/// What a model gives for values of its parameters.
pub type Model<'a> = dyn Fn(&[f64]) -> Result<Vec<f64>, FitError> + Sync + 'a;

/// What is fitted, and to what.
pub struct Curve<'a> {
    /// The names of the parameters, for messages.
    pub names: &'a [String],
    /// Where they begin; none of them zero, for changes are relative.
    pub starts: &'a [f64],
    /// What was measured, one series after the other.
    pub measured: &'a [f64],
    /// Where each series ends.
    pub ends: &'a [usize],
    /// What the model gives for values of the parameters, in the order of `measured`.
    pub model: &'a Model<'a>,
}

impl std::fmt::Debug for Curve<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Curve").field("names", &self.names).finish_non_exhaustive()
    }
}

/// A model that was fitted.
#[derive(Debug, Clone, PartialEq)]
pub struct CurveFit {
    /// Values of the parameters.
    pub values: Vec<f64>,
    /// Half-widths of their 95 % intervals.
    pub halves: Vec<f64>,
    /// Correlation of neighbouring residuals by which the intervals were widened; zero where chance
    /// alone would make as much.
    pub correlation: f64,
}

/// By how much of its value a parameter is moved to either side to see what it does.
const STEP: f64 = 0.005;
/// Below this part of what a parameter does that the others cannot do, it is not told from them.
const OWN_PART: f64 = 1e-3;
/// The most rounds.
const MOST_ROUNDS: usize = 20;
/// The fit has settled where no parameter changes by more than this of its value.
const SETTLED: f64 = 1e-6;
/// Where no part of a step comes nearer, the fit has settled if that step is less than this of the
/// half-widths of the intervals: an assumption, beyond which they would hold for another point.
const SETTLED_OF_HALF: f64 = 0.1;
/// How often a step is halved to find a part of it that comes nearer.
const MOST_HALVINGS: usize = 8;

/// Fits the parameters of `curve`. Series count by what is left of them, so that none outweighs
/// another by its unit or its size. Intervals are those of the linear fit at the end, whatever the size
/// of errors (White's), and wider where neighbouring residuals are alike: `n` of them of correlation `r`
/// say as much as `n (1 - r) / (1 + r)` independent ones.
///
/// # Errors
///
/// Where a parameter does nothing or cannot be told from another, its interval is wider than its
/// value, there are too few rows, the fit does not settle, or the model refuses where it begins.
pub fn fit_curve(curve: &Curve<'_>) -> Result<CurveFit, FitError> {
    if curve.measured.len() < 2 * curve.starts.len() + 1 {
        let message = format!(
            "{} intervals for {} parameters: too few",
            curve.measured.len(),
            curve.starts.len()
        );
        return Err(FitError::new(message, "match more columns, or a longer window".to_owned()));
    }
    let mut values = curve.starts.to_vec();
    let mut fitted = curve.at(&values)?;
    let mut scale = curve.sizes(curve.measured);
    let floor: Vec<f64> = scale.iter().map(|size| 1e-9 * size).collect();
    let mut last = None;
    let mut reason = format!("it still moves after {MOST_ROUNDS} rounds");
    for _ in 0..MOST_ROUNDS {
        let columns = curve.changes(&values, &fitted)?;
        curve.tell_apart(&columns, &scale)?;
        let left: Vec<f64> = curve.measured.iter().zip(&fitted).map(|(m, f)| m - f).collect();
        let step = weighted(&columns, &left, &scale)
            .ok_or_else(|| FitError::new("the parameters cannot be told apart", None))?;
        let moved = curve.go(&mut values, &mut fitted, &step.values, &scale);
        // Series weigh by what the fit so far leaves of them.
        let left: Vec<f64> = curve.measured.iter().zip(&fitted).map(|(m, f)| m - f).collect();
        let before = std::mem::replace(&mut scale, curve.sizes(&left));
        scale.iter_mut().zip(&floor).for_each(|(size, floor)| *size = size.max(*floor));
        let alike = before.iter().zip(&scale).all(|(a, b)| (a / b - 1.0).abs() < 1e-3);
        let known = || curve.known(&values, &step, &left, &scale);
        let is_settled = match moved {
            Some(moved) => moved < SETTLED,
            None => {
                let mut steps = step.values.iter().zip(&step.robust);
                steps.all(|(step, half)| step.abs() <= SETTLED_OF_HALF * half)
            }
        };
        let is_weighed = alike || curve.ends.len() == 1;
        if is_settled && is_weighed {
            return known();
        }
        last = Some(known());
        if moved.is_none() && is_weighed {
            // The next round would ask for the same step.
            reason = "where it stands, the meter asks for a step of which no part comes nearer"
                .to_owned();
            break;
        }
    }
    // One that comes to nothing never settles.
    if let Some(Err(error)) = last {
        return Err(error);
    }
    let message = format!("the fit does not settle: {reason}");
    let help = "begin elsewhere, or free fewer parameters: one may act by steps, or end at a limit";
    Err(FitError::new(message, help.to_owned()))
}

impl Curve<'_> {
    /// What the model gives.
    fn at(&self, values: &[f64]) -> Result<Vec<f64>, FitError> {
        let fitted = (self.model)(values)?;
        assert_eq!(fitted.len(), self.measured.len(), "a model gives what was measured");
        if fitted.iter().all(|value| value.is_finite()) {
            return Ok(fitted);
        }
        Err(FitError::new("the run has no value in an interval that was measured", None))
    }

    /// The root mean square of each series of `rows`, for every row of it.
    fn sizes(&self, rows: &[f64]) -> Vec<f64> {
        let mut start = 0;
        let mut sizes = Vec::with_capacity(rows.len());
        for &end in self.ends {
            let series = &rows[start..end];
            let mean = series.iter().map(|value| value * value).sum::<f64>() / series.len() as f64;
            sizes.resize(end, mean.sqrt());
            start = end;
        }
        sizes
    }

    /// How the model changes with each parameter, by a relative change of one.
    fn changes(&self, values: &[f64], fitted: &[f64]) -> Result<Vec<Vec<f64>>, FitError> {
        let moved = |(index, by): (usize, f64)| {
            let mut values = values.to_vec();
            values[index] *= 1.0 + by;
            self.at(&values)
        };
        let asked: Vec<(usize, f64)> =
            (0..values.len()).flat_map(|index| [(index, STEP), (index, -STEP)]).collect();
        // In order, whatever the number of threads.
        let both: Vec<Result<Vec<f64>, FitError>> = asked.into_par_iter().map(moved).collect();
        let slope = |up: &[f64], down: &[f64], apart: f64| -> Vec<f64> {
            up.iter().zip(down).map(|(up, down)| (up - down) / apart).collect()
        };
        both.chunks(2)
            .map(|pair| match (&pair[0], &pair[1]) {
                (Ok(up), Ok(down)) => Ok(slope(up, down, 2.0 * STEP)),
                // At the end of what may be written.
                (Ok(up), Err(_)) => Ok(slope(up, fitted, STEP)),
                (Err(_), Ok(down)) => Ok(slope(fitted, down, STEP)),
                (Err(error), Err(_)) => Err(error.clone()),
            })
            .collect()
    }

    /// # Errors
    ///
    /// Where a parameter does nothing, or nothing but what another does.
    fn tell_apart(&self, columns: &[Vec<f64>], scale: &[f64]) -> Result<(), FitError> {
        let weighed: Vec<Vec<f64>> = columns
            .iter()
            .map(|column| column.iter().zip(scale).map(|(value, size)| value / size).collect())
            .collect();
        let Some((index, like)) = dependent(&weighed, OWN_PART) else { return Ok(()) };
        let name = &self.names[index];
        let message = match like.map(|like| &self.names[like]) {
            Some(like) => format!(
                "the meter cannot tell `{name}` from `{like}`: what the one changes, the other can undo"
            ),
            None => format!(
                "the meter says nothing of `{name}`: no column that is matched depends on it"
            ),
        };
        let help = "leave one of them as it is, or match a column in which they differ";
        Err(FitError::new(message, help.to_owned()))
    }

    /// Moves by a relative `step`, or as much of it as makes the fit better; the largest relative
    /// change, or none where no part of the step makes it better.
    fn go(
        &self,
        values: &mut Vec<f64>,
        fitted: &mut Vec<f64>,
        step: &[f64],
        scale: &[f64],
    ) -> Option<f64> {
        let squares = |fitted: &[f64]| -> f64 {
            let rows = self.measured.iter().zip(fitted).zip(scale);
            rows.map(|((measured, fitted), size)| ((measured - fitted) / size).powi(2)).sum()
        };
        let before = squares(fitted);
        let longest = step.iter().fold(0.0_f64, |most, change| most.max(change.abs()));
        if longest < SETTLED {
            return Some(longest);
        }
        // What is linear here is not linear far away.
        let mut share = (0.5 / longest).min(1.0);
        for _ in 0..MOST_HALVINGS {
            // So small a part of a longer step is no sign that the fit has settled.
            if share * longest < SETTLED {
                break;
            }
            let there: Vec<f64> =
                values.iter().zip(step).map(|(value, by)| value * (1.0 + share * by)).collect();
            if let Ok(then) = self.at(&there)
                && squares(&then) < before
            {
                (*values, *fitted) = (there, then);
                return Some(share * longest);
            }
            share *= 0.5;
        }
        None
    }

    /// How well the parameters are known where the fit has settled, with `left` residuals.
    fn known(
        &self,
        values: &[f64],
        solution: &Solution,
        left: &[f64],
        scale: &[f64],
    ) -> Result<CurveFit, FitError> {
        let weighed: Vec<f64> = left.iter().zip(scale).map(|(left, size)| left / size).collect();
        let (mut both, mut whole, mut pairs) = (0.0, 0.0, 0.0);
        let mut start = 0;
        for &end in self.ends {
            let series = &weighed[start..end];
            both += series.windows(2).map(|pair| pair[0] * pair[1]).sum::<f64>();
            pairs += series.len().saturating_sub(1) as f64;
            whole += series.iter().map(|value| value * value).sum::<f64>();
            start = end;
        }
        let found: f64 = if whole > 0.0 { both / whole } else { 0.0 };
        let correlation = if found > 2.0 / pairs.max(1.0).sqrt() { found.min(0.99) } else { 0.0 };
        let wider = ((1.0 + correlation) / (1.0 - correlation)).sqrt();
        let halves: Vec<f64> = values
            .iter()
            .zip(&solution.robust)
            .map(|(value, half)| (value * half).abs() * wider)
            .collect();
        for ((name, value), half) in self.names.iter().zip(values).zip(&halves) {
            if *half > value.abs() {
                let message = format!(
                    "the meter does not determine `{name}`: {value:.4} give or take {half:.4}, in the \
                     unit in which it is written"
                );
                let help = "leave it as it is, or match a column that it moves";
                return Err(FitError::new(message, help.to_owned()));
            }
        }
        Ok(CurveFit { values: values.to_vec(), halves, correlation })
    }
}
