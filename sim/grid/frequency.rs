//! Frequency of the grid.

use std::sync::Arc;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::kernel::Time;
use crate::spec::{Fault, one_source, only_with};
use crate::tables::{Run, Series, from_table};
use crate::units::Frequency;

from_table! {
/// The frequency of the grid: exactly one of `fixed`, `steps` and `csv`. The site follows it and does
/// not move it.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FrequencySpec {
    /// One frequency for the whole run.
    pub fixed: Option<Frequency>,
    /// Frequencies that each hold from an instant on, the first of them from the start of the run or
    /// earlier.
    pub steps: Option<Vec<FrequencyStepSpec>>,
    ..table {
        /// The column of frequencies in `csv`.
        column,
        /// The unit of the column: `Hz` or `mHz`.
        unit,
    }
    /// The frequency that the column is a deviation from: `50 Hz`. Default: it is the frequency itself.
    pub deviation_from: Option<Frequency>,
}
}

/// A frequency from an instant on.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FrequencyStepSpec {
    /// First instant, with its offset: `2026-08-12T15:00:00+02:00`.
    #[schemars(with = "String")]
    pub at: Timestamp,
    /// The frequency.
    pub value: Frequency,
}

/// Frequencies of grids of 50 and of 60 Hz in any disturbance that they survive, Hz.
const PLAUSIBLE: (f64, f64) = (40.0, 70.0);

impl FrequencySpec {
    /// The frequency over `run`, Hz, or `None` after reporting why there is none.
    pub fn resolve(&self, run: &mut Run<'_>, faults: &mut Vec<Fault>) -> Option<Arc<Series<f64>>> {
        let sources = [
            ("fixed", self.fixed.is_some()),
            ("steps", self.steps.is_some()),
            ("csv", self.csv.is_some()),
        ];
        one_source(&sources, faults)?;
        let mut of_table = self.table().written().to_vec();
        of_table.push(("deviation_from", self.deviation_from.is_some()));
        only_with("csv", self.csv.is_some(), &of_table, faults);
        let (field, series) = match (self.fixed, &self.steps) {
            (Some(fixed), _) => ("fixed", Series::constant(fixed.0)),
            (None, Some(steps)) => ("steps", stepped(steps, run, faults)?),
            (None, None) => {
                let read = self.table().series(Frequency::UNITS, run, faults)?;
                let offset_hz = self.deviation_from.map_or(0.0, |from| from.0);
                ("csv", Series::new(read.steps().map(|(at, hz)| (at, offset_hz + hz))))
            }
        };
        let (least, most) = PLAUSIBLE;
        if let Some((_, hz)) = series.steps().find(|(_, hz)| !(least..=most).contains(hz)) {
            let message = format!("must be between {least} and {most} Hz, got {}", Frequency(hz));
            let fault = Fault::error(field, message);
            faults.push(match field {
                "csv" => fault.help("write the `unit` of the column, and `deviation_from` where it holds deviations"),
                _ => fault,
            });
            return None;
        }
        Some(Arc::new(series))
    }
}

/// The series of `steps`; what lies before the run is cut off.
fn stepped(
    steps: &[FrequencyStepSpec],
    run: &Run<'_>,
    faults: &mut Vec<Fault>,
) -> Option<Series<f64>> {
    let before = faults.len();
    let start = run.clock.timestamp(Time::ZERO);
    if steps.first().is_none_or(|first| first.at > start) {
        let fault = Fault::error("steps", "say nothing of the start of the run");
        faults.push(fault.help(format!("let the first be `{{at: {start}, value: 50 Hz}}`")));
    }
    for (index, pair) in steps.windows(2).enumerate() {
        if pair[1].at <= pair[0].at {
            let field = format!("steps[{}].at", index + 1);
            faults.push(Fault::error(field, "must be after the step before it"));
        }
    }
    if faults.len() > before {
        return None;
    }
    let past = steps.iter().filter(|step| step.at <= start).count();
    let first = std::iter::once((Time::ZERO, steps[past - 1].value.0));
    let later = steps[past..].iter().map(|step| (run.clock.time(step.at), step.value.0));
    Some(Series::new(first.chain(later)))
}
