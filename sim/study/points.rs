//! What a study varies, and at which points.

use super::statistics::{latin_hypercube, sobol_points};
use crate::kernel::{Stream, Streams};

/// A value of a parameter.
#[derive(Debug, Clone, PartialEq)]
pub struct Setting {
    /// As YAML: what is set at the path.
    pub text: String,
    /// In tables: the label, or the value as written.
    pub label: String,
    /// Its number, in the unit of the parameter; none where it is no number.
    pub number: Option<f64>,
}

/// A path of the scenario that a study varies.
#[derive(Debug, Clone, PartialEq)]
pub struct Parameter {
    /// The name of its column.
    pub name: String,
    /// What it sets: `power.utility.capacity`.
    pub path: String,
    /// Unit of its numbers; empty where they have none or are no numbers.
    pub unit: String,
    /// The values, in order.
    pub values: Vec<Setting>,
    /// Whether every number between the first and the last may be taken, not the values alone.
    pub continuous: bool,
    /// The designs that have it, by index.
    pub arms: Vec<usize>,
}

impl Parameter {
    /// The value at `share` of its way, from 0 to 1: any number of a continuous parameter, else
    /// the value in whose stratum the share lies.
    fn at(&self, share: f64) -> Setting {
        let (first, last) = (&self.values[0], &self.values[self.values.len() - 1]);
        if let (true, Some(low), Some(high)) = (self.continuous, first.number, last.number) {
            let number = low + share * (high - low);
            let text = format!("{number} {}", self.unit).trim().to_owned();
            return Setting { label: text.clone(), text, number: Some(number) };
        }
        let index = (share * self.values.len() as f64) as usize;
        self.values[index.min(self.values.len() - 1)].clone()
    }
}

/// Which points are taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sampling {
    /// Every combination of all values.
    Grid,
    /// Each parameter at its first and last value, all others as the designs have them; and the
    /// designs as they are.
    OneAtATime,
    /// So many points of a Latin hypercube, drawn with a seed of the study's own.
    LatinHypercube {
        /// How many.
        points: usize,
        /// Of the draws; not that of the scenarios.
        seed: u64,
    },
    /// The design of Saltelli over so many rows of the Sobol sequence: `rows (parameters + 2)`
    /// points, for shares of variance.
    Sobol {
        /// How many rows.
        rows: usize,
    },
}

/// A point: a value for each parameter, none where a design keeps its own.
#[derive(Debug, Clone, PartialEq)]
pub struct Point {
    /// By parameter.
    pub settings: Vec<Option<Setting>>,
}

/// How many points `sampling` takes of `parameters`.
pub(super) fn count(sampling: Sampling, parameters: &[Parameter]) -> usize {
    let factors = parameters.iter().map(|parameter| parameter.values.len());
    match sampling {
        Sampling::Grid => factors.fold(1, usize::saturating_mul),
        Sampling::OneAtATime => 1 + 2 * parameters.len(),
        Sampling::LatinHypercube { points, .. } => points,
        Sampling::Sobol { rows } => rows.saturating_mul(parameters.len() + 2),
    }
}

/// The points of `sampling`, in an order that only the study decides.
pub(super) fn points(sampling: Sampling, parameters: &[Parameter]) -> Vec<Point> {
    let at = |shares: &[f64]| Point {
        settings: parameters
            .iter()
            .zip(shares)
            .map(|(parameter, share)| Some(parameter.at(*share)))
            .collect(),
    };
    let d = parameters.len();
    match sampling {
        Sampling::Grid => grid(parameters),
        Sampling::OneAtATime => {
            let base = Point { settings: vec![None; d] };
            let ends = parameters.iter().enumerate().flat_map(|(index, parameter)| {
                let ends = [parameter.values.first(), parameter.values.last()];
                ends.map(|end| {
                    let mut point = base.clone();
                    point.settings[index] = end.cloned();
                    point
                })
            });
            let ends: Vec<Point> = ends.collect();
            std::iter::once(base).chain(ends).collect()
        }
        Sampling::LatinHypercube { points, seed } => {
            let mut stream: Stream = Streams::new(seed, 0).stream("study-points", "");
            latin_hypercube(d, points, || stream.uniform()).iter().map(|row| at(row)).collect()
        }
        Sampling::Sobol { rows } => {
            let rows = sobol_points(2 * d, rows);
            let mut points: Vec<Point> = Vec::new();
            points.extend(rows.iter().map(|row| at(&row[..d])));
            points.extend(rows.iter().map(|row| at(&row[d..])));
            for index in 0..d {
                points.extend(rows.iter().map(|row| {
                    let mut mixed = row[..d].to_vec();
                    mixed[index] = row[d + index];
                    at(&mixed)
                }));
            }
            points
        }
    }
}

/// Every combination, the last parameter fastest.
fn grid(parameters: &[Parameter]) -> Vec<Point> {
    let mut points = vec![Point { settings: Vec::new() }];
    for parameter in parameters {
        points = points
            .iter()
            .flat_map(|point| {
                parameter.values.iter().map(|value| {
                    let mut point = point.clone();
                    point.settings.push(Some(value.clone()));
                    point
                })
            })
            .collect();
    }
    points
}
