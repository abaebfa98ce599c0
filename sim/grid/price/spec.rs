//! The price of energy as a user writes it.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::Deserialize;

use super::{HubDesign, PriceDesign, ercot};
use crate::spec::{Fault, Name, one_source, only_with, unknown};
use crate::tables::{Run, Series, from_table};
use crate::units::{Currency, EnergyPrice};

from_table! {
/// The price of energy: exactly one of `model`, `fixed` and `csv`.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PriceSpec {
    /// A fitted market: `ercot-hub` (real-time prices of the ERCOT hub average, every 15 min).
    pub model: Option<Name>,
    /// With `model`: scales all prices so that their long-run mean is this. By default the mean
    /// of the market it was fitted to.
    pub mean: Option<EnergyPrice>,
    /// With `model`: how many times as much of the time is scarcity (prices above 86 $/MWh
    /// before scaling). By default 1.
    pub spikes: Option<f64>,
    /// One price for the whole run.
    pub fixed: Option<EnergyPrice>,
    ..table {
        /// The column of prices in `csv`.
        column,
        /// The unit of the column: `$/MWh`, `$/kWh` or `c/kWh`.
        unit,
    }
}
}

impl PriceSpec {
    /// The prices of `run`, or `None` after reporting why there are none.
    pub fn resolve(&self, run: &mut Run<'_>, faults: &mut Vec<Fault>) -> Option<PriceDesign> {
        let sources = [
            ("model", self.model.is_some()),
            ("fixed", self.fixed.is_some()),
            ("csv", self.csv.is_some()),
        ];
        one_source(&sources, faults)?;
        let only_model = [("mean", self.mean.is_some()), ("spikes", self.spikes.is_some())];
        only_with("model", self.model.is_some(), &only_model, faults);
        only_with("csv", self.csv.is_some(), &self.table().written(), faults);
        if let Some(name) = &self.model {
            let Some(law) = ercot::ALL.iter().copied().find(|law| law.name == name.text) else {
                faults.push(unknown("model", name, &ercot::ALL.map(|law| law.name)));
                return None;
            };
            let spikes = self.spikes.unwrap_or(1.0);
            if !(0.01..=10.0).contains(&spikes) {
                faults.push(Fault::error("spikes", "`spikes` is outside 0.01 to 10"));
                return None;
            }
            if self.mean.is_some_and(|mean| mean.0 <= 0.0) {
                faults.push(Fault::error("mean", "the mean price is above zero"));
                return None;
            }
            if self.mean.is_none() && run.currency != Currency::USD {
                let currency = run.currency;
                let message = format!(
                    "prices of `{name}` are money of USD, that of this scenario is {currency}"
                );
                let help = format!("give the `mean` in {currency}: it scales all of them");
                faults.push(Fault::error("model", message).at(name.mark).help(help));
                return None;
            }
            let mean = self.mean.map(|mean| mean.0);
            return Some(PriceDesign::Hub(HubDesign::new(law, mean, spikes, run.clock)));
        }
        if let Some(fixed) = self.fixed {
            return Some(PriceDesign::Recorded(Arc::new(Series::constant(fixed.0))));
        }
        let series = self.table().series(EnergyPrice::UNITS, run, faults)?;
        Some(PriceDesign::Recorded(Arc::new(series)))
    }
}
