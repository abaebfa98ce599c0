//! What fails together, who repairs it, and what is taken out on purpose.

use schemars::JsonSchema;
use serde::Deserialize;

use super::design::PowerNode;
use crate::kernel::{CommonCause, Crew, CrewOrder, OutagePlan, PlannedWork, Span, Stock};
use crate::spec::{Check, Fault, Names};
use crate::units::{Duration, Fraction, Rate};

/// What the components of a power chain share.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Upkeep {
    /// Common causes, crews, spare parts and planned work, by index of the component.
    pub plan: OutagePlan,
    /// What keeps several generators from starting at one call.
    pub starts: Vec<StartCause>,
    /// Local time of day at the start, which shifts go by.
    pub midnight: Span,
}

/// Something that keeps several generators from starting at one call.
#[derive(Debug, Clone, PartialEq)]
pub struct StartCause {
    /// Its name; also that of its stream.
    pub name: String,
    /// Whom.
    pub members: Vec<PowerNode>,
    /// Part of the chance of each not to start in which none of them does.
    pub beta: f64,
}

/// Something that strikes several components at one instant. Each is repaired by itself. One of
/// `beta`, `alpha` and `rate` says how often.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CommonCauseSpec {
    /// Whom it strikes: at least two.
    pub of: Names,
    /// What it does; default `fail`.
    pub on: Option<CauseOn>,
    /// The part of the failures of each in which all fail: 2 % is usual, 1 to 10 % are published
    /// (IEC 61508-6, from memory); two diesels 0.8 % at the start and 1.4 % while running
    /// (INL/EXT-21-62940).
    pub beta: Option<Fraction>,
    /// The parts of the failure events that strike exactly one, two ... of them (alpha factors of
    /// NUREG/CR-5485, tests not staggered); as many as there are members.
    pub alpha: Option<Vec<Fraction>>,
    /// How often it strikes all, beside what each fails by itself: a storm.
    pub rate: Option<Rate>,
    /// Where the values come from.
    pub source: Option<String>,
}

/// What a common cause does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum CauseOn {
    /// Its members fail.
    Fail,
    /// Generators do not start: once for a call of the group. With `beta` only.
    Start,
}

/// Who repairs components. Without a crew each is repaired as soon as it has failed.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CrewSpec {
    /// What it repairs; default: every component but feeds that is in no other crew.
    pub of: Option<Names>,
    /// How many components at a time; default 1.
    pub count: Option<u32>,
    /// How long before work begins; default 0.
    pub travel: Option<Duration>,
    /// Whom it repairs next; default `first-come`.
    pub order: Option<CrewOrderSpec>,
    /// The hours of the local day in which work begins; what is begun is finished. Default: all.
    /// The offset of the start from UTC holds throughout.
    pub shift: Option<ShiftSpec>,
    /// Where the values come from.
    pub source: Option<String>,
}

/// Whom a crew repairs next.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum CrewOrderSpec {
    /// Who failed first.
    FirstCome,
    /// Who comes first in `of`; work that is begun is finished.
    Priority,
    /// The same; work that is begun is left for who comes before, and taken up where it was.
    Preemptive,
}

/// Hours of the day.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ShiftSpec {
    /// Since midnight.
    pub from: Duration,
    /// Since midnight; a night shift ends before it begins.
    pub to: Duration,
}

/// Spare parts of alike components. Without, a part is always at hand.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SparesSpec {
    /// Who takes from it, one part for each failure.
    pub of: Names,
    /// How many there are at the start; one is ordered for each that is taken.
    pub parts: u32,
    /// Mean time until an ordered part arrives, exponential. Large transformers took 50 weeks in
    /// 2021 and 120 in 2024 (market surveys, second hand).
    pub lead: Duration,
    /// Where the values come from.
    pub source: Option<String>,
}

/// Work that takes components out one after the other, at equal distances.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PlannedWorkSpec {
    /// Whom.
    pub of: Names,
    /// How often each.
    pub every: Duration,
    /// How long each is out.
    pub lasts: Duration,
    /// What it needs to begin; default `others-up`.
    pub needs: Option<PlannedWorkNeeds>,
    /// Whether each is as new afterwards: what wears is replaced by turns, whenever it failed last. Where
    /// another is down it waits, and is tried again after `lasts`. Default: `false`.
    pub renews: Option<bool>,
    /// How it goes wrong; default: never.
    pub error: Option<HumanErrorSpec>,
    /// Where the values come from.
    pub source: Option<String>,
}

/// What planned work needs to begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum PlannedWorkNeeds {
    /// All others of `of` are up: else it is left out this time, or waits where it `renews`.
    OthersUp,
    /// Nothing.
    Nothing,
}

/// An error of whoever does planned work.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct HumanErrorSpec {
    /// How likely, each time: 0.3 % for a simple task by procedure, 1 % for one of many steps (THERP,
    /// from memory).
    pub chance: Fraction,
    /// What fails then, when work begins; repaired by its own law.
    pub strikes: Names,
}

impl CommonCauseSpec {
    /// What it does to `members`, whose failure rates are `rates_per_s`: a cause of failures.
    pub(crate) fn resolve_failures(
        &self,
        name: &str,
        members: &[PowerNode],
        rates_per_s: &[f64],
        check: &mut Check<'_>,
    ) -> Option<CommonCause> {
        let n = members.len();
        let mean = rates_per_s.iter().sum::<f64>() / n as f64;
        let mut shocks_per_s = vec![0.0; n - 1];
        let mut alone = 1.0;
        match (&self.beta, &self.alpha, &self.rate) {
            (Some(beta), None, None) => {
                let beta = check.between("beta", Some(beta.0), 0.0, (0.0, 1.0), "");
                alone = 1.0 - beta;
                shocks_per_s[n - 2] = beta * mean;
            }
            (None, Some(alpha), None) => {
                let sum: f64 = alpha.iter().map(|alpha| alpha.0).sum();
                if alpha.len() != n || (sum - 1.0).abs() > 1e-6 {
                    let message =
                        format!("needs {n} shares, one for each member, that are 1 together");
                    check.error("alpha", message);
                    return None;
                }
                // Each member is in k of the k-fold events of n: the mean multiplicity.
                let struck: f64 = (1..).zip(alpha).map(|(k, alpha)| f64::from(k) * alpha.0).sum();
                alone = alpha[0].0 / struck;
                for (shock, alpha) in shocks_per_s.iter_mut().zip(&alpha[1..]) {
                    *shock = n as f64 * mean * alpha.0 / struck;
                }
            }
            (None, None, Some(rate)) => {
                shocks_per_s[n - 2] = check.failure_rate("rate", rate.0);
            }
            _ => {
                check.error("", "needs one of `beta`, `alpha` and `rate`".to_owned());
                return None;
            }
        }
        if self.rate.is_none() && mean == 0.0 {
            let message = "none of these fails by the calendar, of which this is a part".to_owned();
            check.error("of", message);
            return None;
        }
        let members = members.iter().map(|node| node.0).collect();
        Some(CommonCause { name: name.to_owned(), members, alone, shocks_per_s })
    }

    /// What it does to generators that are called.
    pub(crate) fn resolve_starts(
        &self,
        name: &str,
        members: Vec<PowerNode>,
        check: &mut Check<'_>,
    ) -> Option<StartCause> {
        let (Some(beta), None, None) = (&self.beta, &self.alpha, &self.rate) else {
            check.error("on", "`start` needs `beta`, and nothing beside it".to_owned());
            return None;
        };
        let beta = check.between("beta", Some(beta.0), 0.0, (0.0, 1.0), "");
        Some(StartCause { name: name.to_owned(), members, beta })
    }
}

impl CrewSpec {
    /// The crew of `members`.
    pub(crate) fn resolve(&self, name: &str, members: &[PowerNode], check: &mut Check<'_>) -> Crew {
        let day = Span::from_hours(24);
        let shift = self.shift.map(|ShiftSpec { from, to }| {
            let (from, to) = (Span::from(from), Span::from(to));
            if from > day || to > day || from == to {
                let message =
                    "is from one hour of the day to another, such as 8 h to 17 h".to_owned();
                check.error("shift", message);
            }
            (from, to)
        });
        Crew {
            name: name.to_owned(),
            members: members.iter().map(|node| node.0).collect(),
            count: check.count("count", self.count),
            travel: self.travel.map_or(Span::ZERO, Span::from),
            order: match self.order {
                None | Some(CrewOrderSpec::FirstCome) => CrewOrder::FirstCome,
                Some(CrewOrderSpec::Priority) => CrewOrder::Priority,
                Some(CrewOrderSpec::Preemptive) => CrewOrder::Preemptive,
            },
            shift,
        }
    }
}

impl SparesSpec {
    /// The stock of `members`.
    pub(crate) fn resolve(
        &self,
        name: &str,
        members: &[PowerNode],
        check: &mut Check<'_>,
    ) -> Stock {
        Stock {
            name: name.to_owned(),
            members: members.iter().map(|node| node.0).collect(),
            parts: self.parts,
            lead_mean_s: check.lasting("lead", Some(self.lead)).map_or(1.0, Duration::as_secs_f64),
        }
    }
}

impl PlannedWorkSpec {
    /// The work on `members`; who fails when it goes wrong is `struck`.
    pub(crate) fn resolve(
        &self,
        name: &str,
        members: &[PowerNode],
        struck: &[PowerNode],
        check: &mut Check<'_>,
    ) -> PlannedWork {
        let every = check.lasting("every", Some(self.every)).map_or(Span::MAX, Span::from);
        let lasts = check.lasting("lasts", Some(self.lasts)).map_or(Span::ZERO, Span::from);
        if lasts >= every {
            check.error("lasts", "must be shorter than `every`".to_owned());
        }
        let renews = self.renews == Some(true);
        let needs_others = self.needs != Some(PlannedWorkNeeds::Nothing);
        let all_last = lasts.as_secs_f64() * members.len() as f64;
        if renews && needs_others && lasts < every && all_last > every.as_secs_f64() {
            let message = format!(
                "{} turns of it, one after the other, last longer than `every`",
                members.len()
            );
            let help = "write a shorter time, a longer `every`, or `needs: nothing`";
            check.faults.push(Fault::error("lasts", message).help(help));
        }
        let error = self.error.as_ref().map(|error| {
            let chance = check.within("error", |check| {
                check.between("chance", Some(error.chance.0), 0.0, (0.0, 1.0), "")
            });
            (chance, struck.iter().map(|node| node.0).collect())
        });
        PlannedWork {
            name: name.to_owned(),
            members: members.iter().map(|node| node.0).collect(),
            every,
            lasts,
            needs_others,
            renews,
            error,
        }
    }
}
