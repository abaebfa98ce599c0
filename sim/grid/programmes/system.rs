//! Powers of a system that programmes look at.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::spec::{Fault, one_source};
use crate::tables::{Run, Series, from_table};
use crate::units::Power;

from_table! {
/// A power of the system outside of the site: its load, or what flows over a part of it.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SystemPowerSpec {
    ..table {
        /// The column of powers in `csv`.
        column,
        /// The unit of the column: `MW`, `GW` or `kW`.
        unit,
    }
}
}

impl SystemPowerSpec {
    /// The power over `run`, W, or `None` after reporting why there is none.
    pub(super) fn resolve(
        &self,
        run: &mut Run<'_>,
        faults: &mut Vec<Fault>,
    ) -> Option<Series<f64>> {
        one_source(&[("csv", self.csv.is_some())], faults)?;
        self.table().series(Power::UNITS, run, faults)
    }
}
