//! Carbon intensity of the grid's electricity.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::Deserialize;

use crate::kernel::Time;
use crate::spec::{Fault, one_source, only_with};
use crate::tables::{Playback, Run, Series, from_table};
use crate::units::CarbonIntensity;

/// The carbon intensity of one run, in grams of CO2-equivalent a kilowatt-hour.
#[derive(Debug, Clone)]
pub struct Carbon(Playback<f64>);

impl Carbon {
    /// The intensities of `design`.
    pub fn new(design: &Arc<Series<f64>>) -> Self {
        Self(Playback::new(design.clone()))
    }

    /// The intensity now, g/kWh.
    pub fn current(&self) -> f64 {
        *self.0.current()
    }

    /// When it changes next.
    pub fn next_at(&self) -> Time {
        self.0.next_at()
    }

    /// Goes to the intensity at `now`.
    pub fn advance(&mut self, now: Time) {
        self.0.advance(now);
    }
}

from_table! {
/// The carbon intensity of the grid: exactly one of `fixed` and `csv`.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CarbonSpec {
    /// One intensity for the whole run.
    pub fixed: Option<CarbonIntensity>,
    ..table {
        /// The column of intensities in `csv`.
        column,
        /// The unit of the column: `g/kWh` or `kg/MWh`.
        unit,
    }
}
}

impl CarbonSpec {
    /// The carbon intensity of `run`, g/kWh, or `None` after reporting why there is none.
    pub fn resolve(&self, run: &mut Run<'_>, faults: &mut Vec<Fault>) -> Option<Arc<Series<f64>>> {
        let sources = [("fixed", self.fixed.is_some()), ("csv", self.csv.is_some())];
        one_source(&sources, faults)?;
        only_with("csv", self.csv.is_some(), &self.table().written(), faults);
        if let Some(fixed) = self.fixed {
            if fixed.0 < 0.0 {
                faults.push(Fault::error("fixed", "a carbon intensity is not negative"));
                return None;
            }
            return Some(Arc::new(Series::constant(fixed.0)));
        }
        self.table().series(CarbonIntensity::UNITS, run, faults).map(Arc::new)
    }
}
