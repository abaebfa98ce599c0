//! Leases and hosting as a user writes them.

use schemars::JsonSchema;
use serde::Deserialize;

use super::lease::{Lease, Term};
use super::money_spec::{MOST_MONTHS, check_name, whole_months};
use super::outside::Outside;
use crate::spec::{Fault, Name, one_source, within};
use crate::units::{CalendarSpan, DemandPrice, EnergyPrice, Fraction, Growth, HourlyPrice, Power};

/// Racks let to a tenant, by the power made ready or by their GPUs.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LeaseSpec {
    /// The hall of racks.
    pub racks: Name,
    /// Who pays for what beside the rent.
    pub structure: Structure,
    /// Critical power that is let. Default: the rated power of the racks.
    pub power: Option<Power>,
    /// The rent of that power, from when the racks are ready, whatever is drawn.
    pub rent: Option<DemandPrice>,
    /// The rent of each GPU, used or not, in place of `rent`: the owner buys the GPUs.
    pub gpu_rent: Option<HourlyPrice>,
    /// What of the rent the owner spends on the hall. Default: 0 %.
    pub expenses: Option<Fraction>,
    /// How long it lasts. Default: to the end of the project, without change.
    pub term: Option<TermSpec>,
}

/// Who pays for what beside the rent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Structure {
    /// The tenant pays its share, by energy, of what all other contracts cost.
    TripleNet,
    /// The rent covers power and water.
    ModifiedGross,
}

/// Racks run for their owner.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct HostingSpec {
    /// The hall of racks.
    pub racks: Name,
    /// What the owner of the racks pays for what they draw; with `pass_through` on top of that.
    pub price: EnergyPrice,
    /// Whether the owner of the racks pays their share, by energy, of what all other contracts cost.
    /// Default: no; the price is fixed.
    #[serde(default)]
    pub pass_through: bool,
    /// Share of what the racks earn beyond all that their owner pays. Default: 0 %.
    pub profit_share: Option<Fraction>,
    /// How long it lasts. Default: to the end of the project, without change.
    pub term: Option<TermSpec>,
}

/// How long a lease lasts, and how it changes. A run bills its first paid month; the rest is of
/// `money:`, which plans the years around the run.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TermSpec {
    /// How long it is paid. Default: to the end of the project.
    pub length: Option<CalendarSpan>,
    /// How long nothing is paid at first. Default: 0 months.
    pub free: Option<CalendarSpan>,
    /// How what is paid grows at the end of each year. Default: 0 %/year.
    pub escalator: Option<Growth>,
    /// Extensions, one after the other.
    #[serde(default)]
    pub options: Vec<OptionSpec>,
}

/// An extension of a lease. Its income counts as much as it is probable.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OptionSpec {
    /// How long.
    pub length: CalendarSpan,
    /// How probable it is, if the lease got so far.
    pub probability: Fraction,
}

impl TermSpec {
    fn resolve(&self, faults: &mut Vec<Fault>) -> Term {
        let mut options = Vec::new();
        for (index, option) in self.options.iter().enumerate() {
            let length = within(&format!("options[{index}]"), faults, |faults| {
                whole_months("length", option.length, (1, MOST_MONTHS), faults)
            });
            options.push((length, option.probability.0));
        }
        if !options.is_empty() && self.length.is_none() {
            let message = "extend a lease that has no end";
            faults.push(Fault::error("options", message).help("write its `length` beside them"));
        }
        let mut of = |field, span: Option<CalendarSpan>, least| {
            span.map(|span| whole_months(field, span, (least, MOST_MONTHS), faults))
        };
        Term {
            free: of("free", self.free, 0).unwrap_or(0),
            months: of("length", self.length, 1),
            escalator: self.escalator.map_or(0.0, |by| by.0),
            options,
        }
    }
}

/// The workloads on the hall `racks`.
fn tenants(racks: &Name, outside: &Outside, faults: &mut Vec<Fault>) -> Vec<String> {
    check_name("racks", Some(racks), (&outside.halls, "hall of racks"), faults);
    let on_it = outside.works.iter().filter(|(_, halls)| halls.contains(&racks.text));
    let tenants: Vec<String> = on_it.clone().map(|(name, _)| name.clone()).collect();
    for (name, halls) in on_it {
        if halls.iter().any(|hall| *hall != racks.text) {
            let message = format!(
                "`{name}` stands on other racks too, so that its energy cannot be told apart"
            );
            faults.push(Fault::error("racks", message).at(racks.mark));
        }
    }
    tenants
}

fn term(spec: Option<&TermSpec>, faults: &mut Vec<Fault>) -> Term {
    spec.map_or_else(Term::default, |spec| within("term", faults, |faults| spec.resolve(faults)))
}

impl LeaseSpec {
    pub(super) fn resolve(&self, outside: &Outside, faults: &mut Vec<Fault>) -> Lease {
        let sources = [("rent", self.rent.is_some()), ("gpu_rent", self.gpu_rent.is_some())];
        let _ = one_source(&sources, faults);
        if self.power.is_some() && self.rent.is_none() {
            let message = "has no effect on a rent by GPU";
            faults.push(Fault::error("power", message));
        }
        Lease {
            hall: self.racks.text.clone(),
            tenants: tenants(&self.racks, outside, faults),
            power_mw: self.power.map(|power| power.0 * 1e-6),
            rent_mw_month: self.rent.map_or(0.0, |rent| rent.0 * 1e3),
            rent_gpu_hour: self.gpu_rent.map_or(0.0, |rent| rent.0),
            fee_mwh: 0.0,
            profit_share: 0.0,
            expenses: self.expenses.map_or(0.0, |share| share.0),
            passes_costs: self.structure == Structure::TripleNet,
            term: term(self.term.as_ref(), faults),
        }
    }
}

impl HostingSpec {
    pub(super) fn resolve(&self, outside: &Outside, faults: &mut Vec<Fault>) -> Lease {
        let tenants = tenants(&self.racks, outside, faults);
        if tenants.is_empty() && outside.halls.contains(&self.racks.text) {
            let message = format!("nothing runs on `{}`, so that nothing is paid", self.racks);
            faults.push(Fault::error("racks", message).at(self.racks.mark));
        }
        Lease {
            hall: self.racks.text.clone(),
            tenants,
            power_mw: None,
            rent_mw_month: 0.0,
            rent_gpu_hour: 0.0,
            fee_mwh: self.price.0,
            profit_share: self.profit_share.map_or(0.0, |share| share.0),
            expenses: 0.0,
            passes_costs: self.pass_through,
            term: term(self.term.as_ref(), faults),
        }
    }
}
