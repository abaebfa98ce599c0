//! Leases and hosting as a user writes them.

use schemars::JsonSchema;
use serde::Deserialize;

use super::lease::{Lease, Term, Termination};
use super::money_spec::{MOST_MONTHS, check_name, whole_months};
use super::outside::Outside;
use super::service::{Service, Step};
use crate::spec::{Check, Fault, Name, one_source, within};
use crate::units::{
    CalendarSpan, DemandPrice, Duration, EnergyPrice, Fraction, Growth, HourlyPrice, Money, Power,
};

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
    /// The rent of each GPU, used or not, in place of `rent`: the owner buys the GPUs. Racks without GPUs
    /// cannot be let so.
    pub gpu_rent: Option<HourlyPrice>,
    /// What of the rent the owner spends on the hall. Default: 0 %.
    pub expenses: Option<Fraction>,
    /// What of all rent of the term's `length` is paid with its first month; each rent is as much lower. A run
    /// bills the rent of its months in full. Default: 0 %.
    pub prepayment: Option<Fraction>,
    /// What is promised for the racks. Default: nothing, so that nothing is credited.
    pub service: Option<PromiseSpec>,
    /// How long it lasts. Default: to the end of the project, without change.
    pub term: Option<TermSpec>,
}

/// What an owner promises the tenants of a hall (a service level agreement): credits on the rent for
/// lapses. A lapse is a spell in which a rack lacks power, or cooling; it counts for its rack's share of
/// the rent, in the month in which it begins.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PromiseSpec {
    /// Credits for lapses of power: all cords of a rack dead, or the rack held below what it wants.
    /// Credits of several steps add up. Default: none.
    #[serde(default)]
    pub power: Vec<CreditSpec>,
    /// Credits for lapses of cooling: what enters a rack is so warm that it slows down, or trips.
    /// Credits of several steps add up. Default: none.
    #[serde(default)]
    pub cooling: Vec<CreditSpec>,
    /// Most that is credited in a month, as a share of its rent. Default: 100 %.
    pub cap: Option<Fraction>,
    /// Whether lapses by planned maintenance count. Default: excluded.
    #[serde(default)]
    pub planned_maintenance: MaintenanceRule,
    /// How long in a year the owner may hold racks back because the grid wants it, each of them; what is
    /// beyond counts. A run uses it up in order, as much as is its part of a year. Default: 0 h.
    pub curtailment: Option<Duration>,
}

/// Whether lapses by planned maintenance count.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum MaintenanceRule {
    /// They do not.
    #[default]
    Excluded,
    /// They count as all others do.
    Counted,
}

/// A credit for lapses that are long enough.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CreditSpec {
    /// Above which length of a lapse.
    pub over: Duration,
    /// The credit, as a share of the rent of a month.
    pub credit: Fraction,
    /// The length beyond `over` for which it is given, each that is begun. Default: it is given once.
    pub each: Option<Duration>,
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
    /// That the tenant may leave before the end. Default: it may not.
    pub termination: Option<TerminationSpec>,
}

/// That a tenant may leave before the end of a lease. What is paid from then on counts as much as it is
/// probable that the tenant stays.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TerminationSpec {
    /// How long is paid until then.
    pub after: CalendarSpan,
    /// How probable it is.
    pub probability: Fraction,
    /// What the tenant pays for it with the last month; what it has prepaid of later months it is paid back.
    pub fee: Money,
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
        let termination = self.termination.as_ref().map(|it| {
            within("termination", faults, |faults| {
                let after = whole_months("after", it.after, (1, MOST_MONTHS), faults);
                if let Some(length) = self.length.filter(|length| after as f64 >= length.0) {
                    let message = format!("is no earlier than the end, after {length}");
                    let help = "an end that is sure is the `length`";
                    faults.push(Fault::error("after", message).help(help));
                }
                Check { faults }.between("fee", Some(it.fee.0), 0.0, (0.0, 1e12), "$");
                Termination { after, probability: it.probability.0, fee_usd: it.fee.0 }
            })
        });
        let mut of = |field, span: Option<CalendarSpan>, least| {
            span.map(|span| whole_months(field, span, (least, MOST_MONTHS), faults))
        };
        Term {
            free: of("free", self.free, 0).unwrap_or(0),
            months: of("length", self.length, 1),
            escalator: self.escalator.map_or(0.0, |by| by.0),
            options,
            termination,
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

impl CreditSpec {
    fn resolve(&self, faults: &mut Vec<Fault>) -> Step {
        if self.credit.0 == 0.0 {
            faults.push(Fault::error("credit", "is nothing, so that the step has no effect"));
        }
        let each = Check { faults }.lasting("each", self.each);
        Step {
            over_s: self.over.as_secs_f64(),
            credit: self.credit.0,
            each_s: each.map(|each| each.as_secs_f64()),
        }
    }
}

impl PromiseSpec {
    fn resolve(&self, faults: &mut Vec<Fault>) -> Service {
        let mut steps = |field: &str, steps: &[CreditSpec]| -> Vec<Step> {
            let step = |(index, step): (usize, &CreditSpec)| {
                within(&format!("{field}[{index}]"), faults, |faults| step.resolve(faults))
            };
            steps.iter().enumerate().map(step).collect()
        };
        let (power, cooling) = (steps("power", &self.power), steps("cooling", &self.cooling));
        if power.is_empty() && cooling.is_empty() {
            let fault = Fault::error("", "promises nothing, so that nothing is credited");
            faults.push(fault.help("write credits for lapses of `power` or `cooling`"));
        }
        Service {
            power,
            cooling,
            cap: self.cap.map_or(1.0, |cap| cap.0),
            counts_maintenance: self.planned_maintenance == MaintenanceRule::Counted,
            curtailment_h: self.curtailment.map_or(0.0, |length| length.as_secs_f64() / 3600.0),
        }
    }
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
        if self.gpu_rent.is_some() && outside.without_gpus.contains(&self.racks.text) {
            let message = format!("`{}` has no GPUs, so that no rent is paid", self.racks);
            let help = "let its power by `rent`, or what it draws by `kind: hosting`";
            faults.push(Fault::error("gpu_rent", message).help(help));
        }
        let tenants = tenants(&self.racks, outside, faults);
        if tenants.is_empty() && outside.halls.contains(&self.racks.text) {
            let message =
                format!("nothing runs on `{}`, so that its tenant draws no power", self.racks);
            let fault = Fault::warning("racks", message).at(self.racks.mark);
            faults.push(fault.help("give its racks a workload, which is the tenant's"));
        }
        let prepaid = self.prepayment.map_or(0.0, |share| share.0);
        if prepaid > 0.0 && self.term.as_ref().is_none_or(|term| term.length.is_none()) {
            let message = "is a share of the rent of a term that has no end";
            faults.push(Fault::error("prepayment", message).help("write `term: {length: ...}`"));
        }
        let service = self.service.as_ref();
        let service =
            service.map(|service| within("service", faults, |faults| service.resolve(faults)));
        Lease {
            hall: self.racks.text.clone(),
            tenants,
            power_mw: self.power.map(|power| power.0 * 1e-6),
            rent_mw_month: self.rent.map_or(0.0, |rent| rent.0 * 1e3),
            rent_gpu_hour: self.gpu_rent.map_or(0.0, |rent| rent.0),
            fee_mwh: 0.0,
            profit_share: 0.0,
            expenses: self.expenses.map_or(0.0, |share| share.0),
            prepaid,
            passes_costs: self.structure == Structure::TripleNet,
            service,
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
            prepaid: 0.0,
            passes_costs: self.pass_through,
            service: None,
            term: term(self.term.as_ref(), faults),
        }
    }
}
