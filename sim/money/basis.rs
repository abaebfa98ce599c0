//! What the price of a node is above that of the market.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::Deserialize;

use super::books::{Books, Extra, Interval};
use crate::spec::{Fault, one_source, within};
use crate::tables::{Run, Series, from_table};
use crate::units::EnergyPrice;

from_table! {
/// The price of a node less that in the books, over time. An interval is settled at its mean.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BasisSeriesSpec {
    ..table {
        /// The column of differences in `csv`.
        column,
        /// The unit of the column: `$/MWh`, `$/kWh` or `c/kWh`.
        unit,
    }
}
}

/// The price of a node less that of the market in the books.
#[derive(Debug, Clone, PartialEq)]
pub enum Basis {
    /// Always the same, $/MWh.
    Constant(f64),
    /// $/MWh over time. None where a finished run is priced, whose books have it.
    Series(Option<Arc<Series<f64>>>),
}

impl Basis {
    /// That of a contract with the fields `basis` and `basis_series`, whose table is opened where there
    /// is a `run` to lay it over.
    pub(super) fn resolve(
        (constant, series): (Option<EnergyPrice>, Option<&BasisSeriesSpec>),
        run: Option<&mut Run<'_>>,
        faults: &mut Vec<Fault>,
    ) -> Option<Self> {
        let Some(spec) = series else {
            return Some(Self::Constant(constant.map_or(0.0, |price| price.0)));
        };
        one_source(&[("basis", constant.is_some()), ("basis_series", true)], faults)?;
        let Some(run) = run else { return Some(Self::Series(None)) };
        within("basis_series", faults, |faults| {
            one_source(&[("csv", spec.csv.is_some())], faults)?;
            let series = spec.table().series(EnergyPrice::UNITS, run, faults)?;
            Some(Self::Series(Some(Arc::new(series))))
        })
    }

    /// Whether `books` have what it is under the contract `name`.
    pub(super) fn is_metered(&self, name: &str, books: &Books) -> bool {
        matches!(self, Self::Constant(_)) || books.place(&Extra::Basis(name.to_owned())).is_some()
    }

    /// The price of the node under the contract `name` in an interval of `books`, $/MWh.
    pub(super) fn prices(&self, name: &str, books: &Books) -> impl Fn(&Interval) -> f64 + use<> {
        let (constant, place) = match self {
            Self::Constant(usd_mwh) => (*usd_mwh, None),
            Self::Series(_) => {
                let place = books.place(&Extra::Basis(name.to_owned()));
                (0.0, Some(place.expect("the books have every series of a basis")))
            }
        };
        move |interval| interval.price_usd_mwh + place.map_or(constant, |it| interval.extras[it])
    }
}
