//! The years around a run as a user writes them.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

use super::Terms;
use super::capital::{Amount, Curve, Depreciation, Part, Spend};
use super::project::{Change, Project, Upkeep};
use crate::measure::JOULES_PER_MWH;
use crate::spec::{Check, Fault, Name, has_errors, one_source, suggest, within};
use crate::units::{
    CalendarSpan, CapacityPrice, Energy, EnergyPrice, Fraction, Growth, Money, Power, PowerCost,
    YearlyCost,
};

/// The years of which the run is a sample: what is spent on the site, what keeps it going, and for how
/// long. The run is carried over all of them: each month is a twelfth of a year of 8,760 hours like
/// the run, so that a run of a summer makes every month a summer's. The operation begins when the last
/// part is paid.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MoneySpec {
    /// How long the project is, from the start of the run, works included.
    pub horizon: CalendarSpan,
    /// The rate a year by which later money is worth less.
    pub discount: Fraction,
    /// Tax on what is left after depreciation; losses are set off at once against other income of the
    /// owner. Default: figures are before tax.
    pub tax: Option<Fraction>,
    /// What the site is built of, by name.
    #[serde(default)]
    pub capital: BTreeMap<String, CapitalSpec>,
    /// What is paid each year beside contracts, by name: staff, insurance, spare parts.
    #[serde(default)]
    pub upkeep: BTreeMap<String, YearlySpec>,
    /// Changes of contracts a year, in steps at the end of each year of the operation, by name of a
    /// workload, a contract or, without contracts, `energy`; `programmes` and `export` are the incomes
    /// of these. A lease changes by its own `term`, and what its tenants earn is theirs. Default: none.
    #[serde(default)]
    pub escalate: BTreeMap<String, Growth>,
    /// Changes of market prices a year, without steps and from the start of the run, by the same
    /// names. The run is not simulated again under changed prices. Default: none.
    #[serde(default)]
    pub drift: BTreeMap<String, Growth>,
    /// The least that prices fall to which drift downwards, by the same names, as a share of what they are in
    /// the run. Default: 0 %.
    #[serde(default)]
    pub drift_floor: BTreeMap<String, Fraction>,
    /// By how much what a workload earns or a contract costs differs from the run, by the same names,
    /// and those of leases. Default: 1.
    #[serde(default)]
    pub factors: BTreeMap<String, f64>,
}

/// A part of what a site is built of: its cost is whole, or by power, or by rack.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CapitalSpec {
    /// What all of it costs.
    pub cost: Option<Money>,
    /// What it costs by the power of `racks` or `power`.
    pub power_cost: Option<PowerCost>,
    /// What it costs by the `energy` that it holds.
    pub energy_cost: Option<EnergyPrice>,
    /// What it costs for each rack of `racks`.
    pub rack_cost: Option<Money>,
    /// The hall of racks that it is for: their number, or their rated power.
    pub racks: Option<Name>,
    /// The power that it is for, in the place of that of `racks`.
    pub power: Option<Power>,
    /// The energy that a battery holds, of `energy_cost`.
    pub energy: Option<Energy>,
    /// Where the cost comes from, or `assumption`.
    pub source: String,
    /// The year of whose prices it is. Default: that of the start.
    pub year: Option<u32>,
    /// How its price changes a year, from `year` on. Default: 0 %/year.
    pub inflation: Option<Growth>,
    /// How long it lasts; then it is replaced.
    pub life: CalendarSpan,
    /// What is added to it at the end of each year of its life to keep what it can do, as a share of its cost at
    /// the prices of that time. Default: 0 %/year.
    pub augmentation: Option<Growth>,
    /// What its successor costs, as a share of its own cost at that time. Default: 100 %.
    pub replacement: Option<Fraction>,
    /// What it is sold for at the end of its life and of the project, as a share of its cost.
    /// Default: 0 %.
    pub residual: Option<Fraction>,
    /// When it is paid. Default: at the start.
    pub spend: Option<SpendSpec>,
    /// How it is written off for tax. Default: straight-line.
    pub depreciation: Option<Depreciation>,
    /// The share that is written off in its first year on top. Default: 0 %.
    pub bonus: Option<Fraction>,
    /// The workload that alone uses it. Default: all share it by the energy of their racks.
    pub serves: Option<Name>,
}

/// When a part is paid.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SpendSpec {
    /// How long after the start. Default: at once.
    pub from: Option<CalendarSpan>,
    /// Over what time. Default: at once.
    pub over: Option<CalendarSpan>,
    /// How it is spread over that time. Default: even.
    pub curve: Option<Curve>,
}

/// What is paid each year: whole, or by power.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct YearlySpec {
    /// What a year costs.
    pub cost: Option<YearlyCost>,
    /// What a year costs by the power of `racks` or `power`.
    pub power_cost: Option<CapacityPrice>,
    /// The hall of racks whose rated power counts.
    pub racks: Option<Name>,
    /// The power that counts, in the place of that of `racks`.
    pub power: Option<Power>,
    /// Where the cost comes from, or `assumption`.
    pub source: String,
    /// How it changes at the end of each year of the operation. Default: 0 %/year.
    pub escalator: Option<Growth>,
    /// The workload that alone needs it. Default: all share it by the energy of their racks.
    pub serves: Option<Name>,
}

/// The names that money refers to, and the year of the start.
#[derive(Debug, Clone, Default)]
pub struct Around {
    /// Workloads.
    pub works: Vec<String>,
    /// Halls of racks.
    pub halls: Vec<String>,
    /// Those of them by which parts may be sized, where not all can; none where all can.
    pub built: Option<Vec<String>>,
    /// Contracts.
    pub contracts: Vec<String>,
    /// Those of them that are leases and hosting.
    pub leases: Vec<String>,
    /// Workloads of tenants, each with the lease of its racks.
    pub tenants: Vec<(String, String)>,
    /// Incomes that neither a workload nor a contract makes: `programmes`, `export`.
    pub incomes: Vec<String>,
    /// Year of the first instant.
    pub year: i32,
}

/// The whole months of a calendar span, from `least` to `most`; what is wrong is reported.
pub(crate) fn whole_months(
    field: &'static str,
    span: CalendarSpan,
    (least, most): (u32, u32),
    faults: &mut Vec<Fault>,
) -> usize {
    let (whole, span_months) = (span.0.round(), span.0);
    if (span_months - whole).abs() > 1e-9 {
        faults.push(Fault::error(field, format!("needs whole months, got {span}")));
    } else if !(f64::from(least)..=f64::from(most)).contains(&whole) {
        let message = format!("must be between {least} and {most} months, got {span}");
        faults.push(Fault::error(field, message));
    }
    whole.clamp(f64::from(least), f64::from(most)) as usize
}

pub(crate) const MOST_MONTHS: u32 = 1200;

impl MoneySpec {
    /// The project, or `None` after reporting why there is none.
    pub fn resolve(&self, around: &Around, faults: &mut Vec<Fault>) -> Option<Project> {
        let before = faults.len();
        let months = whole_months("horizon", self.horizon, (1, MOST_MONTHS), faults);
        let part = |(name, spec): (&String, &CapitalSpec)| {
            within(&format!("capital.{name}"), faults, |faults| spec.resolve(name, around, faults))
        };
        let parts: Vec<Part> = self.capital.iter().filter_map(part).collect();
        let upkeep = |(name, spec): (&String, &YearlySpec)| {
            within(&format!("upkeep.{name}"), faults, |faults| spec.resolve(name, around, faults))
        };
        let upkeep = self.upkeep.iter().filter_map(upkeep).collect();
        let mut changes = Vec::new();
        let steps = self.escalate.iter().map(|(name, by)| (name, Change::Steps(by.0)));
        let floor = |name: &String| self.drift_floor.get(name).map_or(0.0, |share| share.0);
        let drifts = self
            .drift
            .iter()
            .map(|(name, by)| (name, Change::Drift { growth: by.0, floor: floor(name) }));
        for ((name, change), of) in
            steps.map(|it| (it, "escalate")).chain(drifts.map(|it| (it, "drift")))
        {
            around.check_line(of, name, faults);
            if of == "drift" && self.escalate.contains_key(name) {
                let message = "changes in steps already, by `escalate`";
                faults.push(Fault::error(format!("drift.{name}"), message));
            }
            changes.push((name.clone(), change));
        }
        for name in self.drift_floor.keys() {
            let fault = |message: &str| Fault::error(format!("drift_floor.{name}"), message);
            match self.drift.get(name) {
                Some(by) if by.0 < 0.0 => {}
                Some(_) => faults.push(fault("has no effect on a price that does not fall")),
                None => {
                    let help = "write under `drift` by how much it falls";
                    faults.push(fault("has no effect on a price that does not drift").help(help));
                }
            }
        }
        for (name, factor) in &self.factors {
            around.check_line("factors", name, faults);
            if !(0.0..=1e6).contains(factor) {
                let message = format!("must be between 0 and 1000000, got {factor}");
                faults.push(Fault::error(format!("factors.{name}"), message));
            }
        }
        let project = Project {
            months,
            discount: self.discount.0,
            tax: self.tax.map_or(0.0, |tax| tax.0),
            parts,
            upkeep,
            changes,
            factors: self.factors.iter().map(|(name, by)| (name.clone(), *by)).collect(),
        };
        if project.works() >= months {
            let message = format!(
                "the works take {} months of {months}, so that nothing is ever earned",
                project.works()
            );
            faults.push(Fault::error("horizon", message));
        }
        if self.capital.is_empty() {
            let message = "nothing is spent on the site, so that there is no rate of return";
            let fault = Fault::warning("", message);
            faults.push(fault.help("write what it is built of under `money.capital`"));
        }
        (!has_errors(&faults[before..])).then_some(project)
    }
}

impl Around {
    /// Takes in what `terms` say of leases.
    pub fn let_out(&mut self, terms: &Terms) {
        for (name, lease) in terms.leases() {
            self.leases.push(name.to_owned());
            let tenants = lease.tenants.iter().map(|work| (work.clone(), name.to_owned()));
            self.tenants.extend(tenants);
        }
    }

    /// Reports a `name` under `field` by which no line of the operation changes.
    fn check_line(&self, field: &str, name: &String, faults: &mut Vec<Fault>) {
        let energy = "energy".to_owned();
        let lease_of = |name: &String| self.tenants.iter().find(|(work, _)| work == name);
        let is_factor = field == "factors";
        let works = self.works.iter().filter(|work| lease_of(work).is_none());
        let contracts = self.contracts.iter();
        let contracts = contracts.filter(|name| is_factor || !self.leases.contains(name));
        let mut known: Vec<&String> = works.chain(contracts).chain(&self.incomes).collect();
        known.extend(self.contracts.is_empty().then_some(&energy));
        if known.contains(&name) {
            return;
        }
        let at = format!("{field}.{name}");
        faults.push(if let Some((_, lease)) = lease_of(name) {
            let message =
                format!("what `{name}` earns is its tenant's, so that nothing changes by it");
            Fault::error(at, message).help(match is_factor {
                true => format!("name `{lease}`, which lets its racks"),
                false => format!("the rent changes by `contracts.{lease}.term.escalator`"),
            })
        } else if self.leases.contains(name) {
            let message = format!("`{name}` lets racks, and changes by a term of its own");
            Fault::error(at, message).help(format!("write `contracts.{name}.term.escalator`"))
        } else {
            let message = format!("no workload or contract is named `{name}`");
            closest_help(Fault::error(at, message), name, &known)
        });
    }
}

/// Reports a `name` in `field` that is none of `known`, which are `what`.
pub(super) fn check_name(
    field: &'static str,
    name: Option<&Name>,
    (known, what): (&[String], &str),
    faults: &mut Vec<Fault>,
) {
    if let Some(name) = name
        && !known.contains(&name.text)
    {
        let message = format!("no {what} is named `{name}`");
        let known: Vec<&String> = known.iter().collect();
        let fault = Fault::error(field, message).at(name.mark);
        faults.push(closest_help(fault, &name.text, &known));
    }
}

fn closest_help(fault: Fault, name: &str, known: &[&String]) -> Fault {
    let known: Vec<&str> = known.iter().map(|name| name.as_str()).collect();
    Fault { help: suggest(name, &known), ..fault }
}

/// What something costs by its size: `by_power` in $/MW.
fn amount(
    (whole, by_power, by_rack): (Option<f64>, Option<f64>, Option<f64>),
    (racks, power): (Option<&Name>, Option<Power>),
    halls: &[String],
    faults: &mut Vec<Fault>,
) -> Option<Amount> {
    check_name("racks", racks, (halls, "hall of racks"), faults);
    let sized = by_power.is_some() || by_rack.is_some();
    for (field, is) in [("racks", racks.is_some()), ("power", power.is_some())] {
        if is && !sized {
            let message = "has no effect on a cost that is whole";
            faults.push(Fault::error(field, message).help("write `power_cost` in place of `cost`"));
        }
    }
    if let Some(usd) = whole {
        return Some(Amount::Whole(usd));
    }
    if let Some(usd) = by_rack {
        if power.is_some() {
            let message = "has no effect on a cost by rack";
            faults.push(Fault::error("power", message).help("write `racks` in its place"));
        }
        let Some(racks) = racks else {
            faults.push(Fault::error("rack_cost", "needs the hall of `racks` that it counts"));
            return None;
        };
        return Some(Amount::OfRacks(usd, racks.text.clone()));
    }
    let usd = by_power?;
    match (racks, power) {
        (Some(racks), None) => Some(Amount::OfHall(usd, racks.text.clone())),
        (None, Some(power)) => Some(Amount::OfPower(usd, power.0 * 1e-6)),
        (Some(_), Some(_)) => {
            faults.push(Fault::error("power", "`racks` and `power` exclude each other"));
            None
        }
        (None, None) => {
            let message = "needs the power that it is for: `racks` or `power`";
            faults.push(Fault::error("power_cost", message));
            None
        }
    }
}

impl CapitalSpec {
    fn resolve(&self, name: &str, around: &Around, faults: &mut Vec<Fault>) -> Option<Part> {
        let sources = [
            ("cost", self.cost.is_some()),
            ("power_cost", self.power_cost.is_some()),
            ("energy_cost", self.energy_cost.is_some()),
            ("rack_cost", self.rack_cost.is_some()),
        ];
        let is_one = one_source(&sources, faults);
        let whole = match (self.energy_cost, self.energy) {
            (None, None) => self.cost.map(|cost| cost.0),
            (Some(cost), Some(energy)) => {
                Check { faults }.between("energy_cost", Some(cost.0), 0.0, (0.0, 1e9), "$/MWh");
                Some(cost.0 * energy.0 / JOULES_PER_MWH)
            }
            (Some(_), None) => {
                faults.push(Fault::error("energy_cost", "needs the `energy` that it is for"));
                return None;
            }
            (None, Some(_)) => {
                let fault = Fault::error("energy", "goes with `energy_cost`");
                faults.push(fault.help("write what it costs by the energy that it holds"));
                return None;
            }
        };
        let augmentation = self.augmentation.map_or(0.0, |by| by.0);
        Check { faults }.between("augmentation", Some(augmentation), 0.0, (0.0, 1.0), "");
        let costs =
            (whole, self.power_cost.map(|cost| cost.0 * 1e6), self.rack_cost.map(|cost| cost.0));
        let halls = around.built.as_ref().unwrap_or(&around.halls);
        let amount = amount(costs, (self.racks.as_ref(), self.power), halls, faults);
        check_name("serves", self.serves.as_ref(), (&around.works, "workload"), faults);
        let year = self.year.map_or(around.year, |year| {
            Check { faults }.whole("year", u64::from(year), (1990, 2200)) as i32
        });
        let spend = self.spend.map_or(Spend { from: 0, over: 0, curve: Curve::Even }, |spend| {
            within("spend", faults, |faults| {
                let mut of = |field, span: Option<CalendarSpan>| {
                    span.map_or(0, |span| whole_months(field, span, (0, MOST_MONTHS), faults))
                };
                let (from, over) = (of("from", spend.from), of("over", spend.over));
                if spend.curve.is_some() && over == 0 {
                    let message = "has no effect on what is paid at once";
                    faults.push(Fault::error("curve", message).help("write `over` beside it"));
                }
                Spend { from, over, curve: spend.curve.unwrap_or_default() }
            })
        });
        let part = Part {
            name: name.to_owned(),
            source: self.source.clone(),
            amount: amount?,
            spend,
            life: whole_months("life", self.life, (1, MOST_MONTHS), faults),
            augmentation,
            replacement: self.replacement.map_or(1.0, |share| share.0),
            residual: self.residual.map_or(0.0, |share| share.0),
            inflation: (self.inflation.map_or(0.0, |by| by.0), f64::from(around.year - year)),
            depreciation: (
                self.depreciation.unwrap_or_default(),
                self.bonus.map_or(0.0, |share| share.0),
            ),
            serves: self.serves.as_ref().map(|name| name.text.clone()),
        };
        is_one.map(|()| part)
    }
}

impl YearlySpec {
    fn resolve(&self, name: &str, around: &Around, faults: &mut Vec<Fault>) -> Option<Upkeep> {
        let sources = [("cost", self.cost.is_some()), ("power_cost", self.power_cost.is_some())];
        let is_one = one_source(&sources, faults);
        let costs = (self.cost.map(|cost| cost.0), self.power_cost.map(|cost| cost.0 * 1e3), None);
        let halls = &around.halls;
        let amount = amount(costs, (self.racks.as_ref(), self.power), halls, faults);
        check_name("serves", self.serves.as_ref(), (&around.works, "workload"), faults);
        let upkeep = Upkeep {
            name: name.to_owned(),
            amount: amount?,
            change: Change::Steps(self.escalator.map_or(0.0, |by| by.0)),
            serves: self.serves.as_ref().map(|name| name.text.clone()),
        };
        is_one.map(|()| upkeep)
    }
}
