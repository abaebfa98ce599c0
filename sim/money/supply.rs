//! Energy of plants that belong to somebody else, and energy that is given to the grid.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::Deserialize;

use super::basis::{Basis, BasisSeriesSpec};
use super::bill::Item;
use super::books::{Books, Extra, Interval};
use super::outside::Outside;
use crate::spec::{Check, Fault, Name, one_source, only_with, suggest, within};
use crate::tables::{Run, Series, from_table};
use crate::units::{EnergyPrice, Power};

/// Energy of a plant of somebody else, paid for as it is produced: of an array of the site, or of a
/// plant elsewhere. The energy of the latter is settled at the market: the site pays the price of the
/// contract less that of the market for all of it, whatever it draws itself.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PpaSpec {
    /// An array of the site, a component of `power`: paid for what it gives to its bus.
    pub of: Option<Name>,
    /// A plant elsewhere.
    pub profile: Option<ProfileSpec>,
    /// The price of what is produced.
    pub price: EnergyPrice,
    /// Price of the plant's node less that in the books. Default: 0 $/MWh.
    pub basis: Option<EnergyPrice>,
    /// The same over time, in place of `basis`.
    pub basis_series: Option<BasisSeriesSpec>,
    /// What is kept back of the price of the market for energy beyond what the site draws in the same
    /// interval: of a sleeved contract. Default: 0 $/MWh.
    pub surplus_fee: Option<EnergyPrice>,
}

from_table! {
/// What a plant elsewhere gives to the site's contract over time.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ProfileSpec {
    ..table {
        /// The column of power in `csv`.
        column,
        /// The unit of the column: `W`, `kW`, `MW` or `GW`.
        unit,
    }
}
}

/// Energy that is given to the grid. Without such a contract it earns the price of the moment.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ExportSpec {
    /// One price for all of it: 0 $/MWh where nothing is paid. Default: that in the books.
    pub price: Option<EnergyPrice>,
    /// What is kept back of the price in the books. Default: 0 $/MWh.
    pub less: Option<EnergyPrice>,
}

/// Energy of somebody else's plant, resolved.
#[derive(Debug, Clone, PartialEq)]
pub struct Ppa {
    /// The array of the site; none of a plant elsewhere.
    pub array: Option<String>,
    /// What a plant elsewhere gives, W. None where a finished run is priced, whose books have it.
    pub profile: Option<Arc<Series<f64>>>,
    /// $/MWh.
    pub price: f64,
    /// Price of the plant's node less that of the market in the books, $/MWh.
    pub basis: Basis,
    /// What is kept back of the price of energy beyond the import, $/MWh.
    pub surplus_fee: f64,
}

/// How energy is paid that is given to the grid, resolved.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Export {
    /// The price of all of it, $/MWh; none where it is that in the books.
    pub price: Option<f64>,
    /// What is kept back, $/MWh.
    pub less: f64,
}

impl PpaSpec {
    /// Opens the table of a plant elsewhere where there is a `run` to lay it over.
    pub(super) fn resolve(
        &self,
        outside: &Outside,
        mut run: Option<&mut Run<'_>>,
        faults: &mut Vec<Fault>,
    ) -> Option<Ppa> {
        let sources = [("of", self.of.is_some()), ("profile", self.profile.is_some())];
        one_source(&sources, faults)?;
        let settled = [
            ("basis", self.basis.is_some()),
            ("basis_series", self.basis_series.is_some()),
            ("surplus_fee", self.surplus_fee.is_some()),
        ];
        only_with("profile", self.profile.is_some(), &settled, faults);
        if let Some(array) = &self.of
            && !outside.arrays.contains(&array.text)
        {
            let known: Vec<&str> = outside.arrays.iter().map(String::as_str).collect();
            let message = format!("`{array}` is no array of the site");
            let fault = Fault::error("of", message).at(array.mark);
            faults.push(Fault { help: suggest(&array.text, &known), ..fault });
        }
        let surplus_fee = self.surplus_fee.map_or(0.0, |fee| fee.0);
        Check { faults }.between("surplus_fee", Some(surplus_fee), 0.0, (0.0, 1e6), "$/MWh");
        let written = (self.basis, self.basis_series.as_ref());
        let basis = Basis::resolve(written, run.as_deref_mut(), faults);
        let profile = match (&self.profile, run) {
            (Some(profile), Some(run)) => {
                Some(Arc::new(within("profile", faults, |faults| profile.resolve(run, faults))?))
            }
            _ => None,
        };
        Some(Ppa {
            array: self.of.as_ref().map(|name| name.text.clone()),
            profile,
            price: self.price.0,
            basis: basis?,
            surplus_fee,
        })
    }
}

impl ProfileSpec {
    fn resolve(&self, run: &mut Run<'_>, faults: &mut Vec<Fault>) -> Option<Series<f64>> {
        one_source(&[("csv", self.csv.is_some())], faults)?;
        let series = self.table().series(Power::UNITS, run, faults)?;
        if let Some((_, least)) = series.steps().find(|(_, power_w)| *power_w < 0.0) {
            let message = format!("it gives {}: a plant gives nothing below zero", Power(least));
            faults.push(Fault::error("csv", message));
            return None;
        }
        Some(series)
    }
}

impl ExportSpec {
    pub(super) fn resolve(&self, outside: &Outside, faults: &mut Vec<Fault>) -> Export {
        if !outside.may_export {
            let fault = Fault::error("", "nothing is given to the grid");
            faults
                .push(fault.help("write `export` at a feed with a battery or an array behind it"));
        }
        if self.price.is_some() && self.less.is_some() {
            let fault = Fault::error("less", "is kept back of the price in the books only");
            faults.push(fault.help("write the one `price` that is paid, or leave it out"));
        }
        let less = self.less.map_or(0.0, |less| less.0);
        Check { faults }.between("less", Some(less), 0.0, (0.0, 1e6), "$/MWh");
        Export { price: self.price.map(|price| price.0), less }
    }
}

impl Ppa {
    /// The place of what its plant gave in the intervals of `books`, under the contract `name`.
    pub(super) fn place(&self, name: &str, books: &Books) -> Option<usize> {
        books.place(&match &self.array {
            Some(array) => Extra::Array(array.clone()),
            None => Extra::Elsewhere(name.to_owned()),
        })
    }

    /// What an interval costs in which the plant gave `mwh`, with `market` the price at its node, $/MWh.
    pub(super) fn costs(
        &self,
        interval: &Interval,
        (mwh, market): (f64, f64),
    ) -> impl Iterator<Item = (Item, f64)> + use<> {
        let settled = self.array.is_none().then(|| {
            let surplus_mwh = (mwh - interval.import_mwh).max(0.0);
            (Item::Settled, surplus_mwh * self.surplus_fee - mwh * market)
        });
        std::iter::once((Item::Produced, mwh * self.price)).chain(settled)
    }
}

impl Export {
    /// What an interval earns, $.
    pub(super) fn earns(&self, interval: &Interval) -> f64 {
        interval.export_mwh * (self.price.unwrap_or(interval.price_usd_mwh) - self.less)
    }
}
