//! Switches between two sources.

use schemars::JsonSchema;
use serde::Deserialize;

use super::common::{Kind, PowerPart, failures, law, positive, power_factor, span};
use crate::kernel::{FailureSpec, Span};
use crate::plant::power::component::{ComponentDesign, ComponentKind, LossCurve};
use crate::plant::power::sequence::{MachineDesign, StaticSwitchDesign, TransferDesign};
use crate::spec::{Check, Fault, Names};
use crate::units::{ApparentPower, Duration, Fraction};

/// A transfer switch: an ATS, or a pair of interlocked breakers.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TransferSpec {
    /// Its normal source; with `emergency` absent the second name is the other source.
    pub fed_by: Names,
    /// Its emergency source: a generator, a generator bus, or what these feed.
    pub emergency: Option<Names>,
    /// Rating; unlimited where absent.
    pub rating: Option<ApparentPower>,
    /// Power factor of what it carries; default 98 % (assumption: corrected supplies and drives).
    pub power_factor: Option<Fraction>,
    /// How long the normal source must be bad before generators are called; default 1 s (makers
    /// deliver 3 s; 0.5 to 1 s at data centres is an assumption).
    pub loss_confirm: Option<Duration>,
    /// How long the emergency source must be good; default 0.5 s (makers: 0 to 15 s).
    pub emergency_stable: Option<Duration>,
    /// How long the normal source must be good before the return; default 15 min (makers: 5 to
    /// 30 min).
    pub return_delay: Option<Duration>,
    /// How it moves.
    pub transition: Option<TransitionSpec>,
    /// What generators take step by step, in this order: names, or groups, of what it feeds. The
    /// emergency source is a generator bus then. Default: all at once.
    pub blocks: Option<Names>,
    /// Failures on demand.
    pub fails: Option<TransferFailsSpec>,
    /// How often it fails, and for how long; default 0.005 /year and 6 h (assumption: the middle of
    /// 0.001 to 0.01 /year and 4 to 8 h).
    pub failures: Option<FailureSpec>,
    /// Where the values come from.
    pub source: Option<String>,
}

/// How a transfer switch moves from source to source.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TransitionSpec {
    /// Open, with a gap, or closed where both sources are good; default `open`.
    pub kind: Option<Transition>,
    /// The gap; default 100 ms (makers: 50 to 500 ms).
    pub time: Option<Duration>,
    /// How long sources synchronise before a closed transition; default 10 s (assumption).
    pub sync: Option<Duration>,
}

/// Whether a transfer has a gap.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Transition {
    /// The output is dead between two sources.
    Open,
    /// Both sources overlap for at most 100 ms.
    Closed,
}

/// What a switch does not do when it should.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TransferFailsSpec {
    /// Chance that it does not move; default 0 (published: 0.1 to 0.5 %, an assumption as well).
    pub transfer: Option<Fraction>,
    /// How long until someone moves it by hand; default 30 min (assumption: 10 to 60 min).
    pub by_hand: Option<Duration>,
}

impl TransferFailsSpec {
    fn resolve(spec: &Option<Self>, faults: &mut Vec<Fault>) -> (f64, Span) {
        let Some(spec) = spec else { return (0.0, Span::from_secs(1800)) };
        Check { faults }.within("fails", |check| {
            let share = spec.transfer.map(|share| share.0);
            let fails = check.between("transfer", share, 0.0, (0.0, 1.0), "");
            (fails, span(spec.by_hand, 1800.0))
        })
    }
}

impl Kind for TransferSpec {
    fn fed_by(&self) -> Option<&Names> {
        Some(&self.fed_by)
    }

    fn emergency(&self) -> Option<&Names> {
        self.emergency.as_ref()
    }

    fn blocks(&self) -> Option<&Names> {
        self.blocks.as_ref()
    }

    fn sources(&self) -> Option<usize> {
        Some(2)
    }

    fn resolve(&self, faults: &mut Vec<Fault>) -> PowerPart {
        let power_factor = power_factor(self.power_factor, faults);
        let rating_w = self.rating.map(|va| positive(va.0, "rating", faults) * power_factor);
        let (fails, by_hand) = TransferFailsSpec::resolve(&self.fails, faults);
        let transition = self.transition.as_ref();
        let closed = transition.and_then(|it| it.kind) == Some(Transition::Closed);
        PowerPart::Supply(ComponentDesign {
            kind: ComponentKind::Transfer,
            reverse_w: f64::INFINITY,
            rating_w: rating_w.unwrap_or(f64::INFINITY),
            loss: LossCurve::NONE,
            failures: failures(&self.failures, law(0.005, 6.0), faults),
            machine: MachineDesign::Transfer(TransferDesign {
                loss_confirm: span(self.loss_confirm, 1.0),
                emergency_stable: span(self.emergency_stable, 0.5),
                transfer: span(transition.and_then(|it| it.time), 0.1),
                return_delay: span(self.return_delay, 900.0),
                closed_return: closed.then(|| span(transition.and_then(|it| it.sync), 10.0)),
                // Assumption: drop out below 85 %, come back above 90 %.
                window: (0.85, 1.10),
                pickup: 0.90,
                fails,
                by_hand,
            }),
        })
    }
}

/// A static switch: from its preferred to its alternate source within milliseconds.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StaticSwitchSpec {
    /// Its preferred and its alternate source.
    pub fed_by: Names,
    /// Rating; unlimited where absent.
    pub rating: Option<ApparentPower>,
    /// Power factor of what it carries; default 98 % (assumption: corrected supplies).
    pub power_factor: Option<Fraction>,
    /// How long until it sees that a source is bad; default 2 ms (from memory: a quarter cycle in
    /// all with `transfer`).
    pub sense: Option<Duration>,
    /// How long the transfer takes from then on; default 4 ms.
    pub transfer: Option<Duration>,
    /// How long the preferred source must be good before the return; default 10 s (assumption).
    pub retransfer: Option<Duration>,
    /// Whether the alternate source takes one switch only; default `first-come`.
    pub reserve_policy: Option<ReservePolicy>,
    /// Failures on demand.
    pub fails: Option<TransferFailsSpec>,
    /// How often it fails, and for how long; default 0.005 /year and 6 h (assumption: the middle of
    /// 0.001 to 0.01 /year and 4 to 8 h).
    pub failures: Option<FailureSpec>,
    /// Where the values come from.
    pub source: Option<String>,
}

/// Who may be on the alternate source of several static switches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ReservePolicy {
    /// One: who comes second finds it taken and stays dead until it is free.
    FirstCome,
    /// All: what is short is shared.
    Shared,
}

impl Kind for StaticSwitchSpec {
    fn fed_by(&self) -> Option<&Names> {
        Some(&self.fed_by)
    }

    fn sources(&self) -> Option<usize> {
        Some(2)
    }

    fn resolve(&self, faults: &mut Vec<Fault>) -> PowerPart {
        let power_factor = power_factor(self.power_factor, faults);
        let rating_w = self.rating.map(|va| positive(va.0, "rating", faults) * power_factor);
        let (fails, by_hand) = TransferFailsSpec::resolve(&self.fails, faults);
        PowerPart::Supply(ComponentDesign {
            kind: ComponentKind::StaticSwitch,
            reverse_w: f64::INFINITY,
            rating_w: rating_w.unwrap_or(f64::INFINITY),
            loss: LossCurve::NONE,
            failures: failures(&self.failures, law(0.005, 6.0), faults),
            machine: MachineDesign::StaticSwitch(StaticSwitchDesign {
                sense: span(self.sense, 0.002),
                transfer: span(self.transfer, 0.004),
                retransfer: span(self.retransfer, 10.0),
                window: (0.85, 1.10),
                fails,
                by_hand,
                first_come: self.reserve_policy != Some(ReservePolicy::Shared),
            }),
        })
    }
}
