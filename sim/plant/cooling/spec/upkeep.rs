//! What keeps machines of the cooling going, and what keeps them from it, as users write it: units
//! that stand by, failures, maintenance, controls that fail.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Deserialize;

use super::check::Check;
use super::failures::{OutageSpec, UnitFailuresSpec};
use crate::kernel::Span;
use crate::plant::cooling::breakdowns::BreakdownLaw;
use crate::plant::cooling::makeup::Outage;
use crate::plant::cooling::state::ControlFault;
use crate::spec::MOST_UNITS;
use crate::units::{Duration, Rate};

/// How alike machines are kept up.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct UpkeepSpec {
    /// How many stand by, beyond those that the design heat takes: one starts when one that runs
    /// fails or is taken out (default 0).
    pub standby: Option<u32>,
    /// How they fail, one at a time (default: they do not).
    pub failures: Option<UnitFailuresSpec>,
    /// When they are taken out of service (default: never).
    pub maintenance: Option<Vec<ServiceSpec>>,
    /// How long one takes from the order to start, or from the return of power to its bus, until
    /// it works.
    pub restart: Option<Duration>,
}

/// A service of alike units: once, or again and again, the units taking turns.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ServiceSpec {
    /// When the first begins, with its offset: `2026-08-12T15:00:00-05:00`.
    #[schemars(with = "String")]
    pub start: Timestamp,
    /// How long it lasts.
    pub duration: Duration,
    /// From the beginning of one to that of the next, in which other units have their turn
    /// (default: there is no other).
    pub every: Option<Duration>,
    /// How many units are out at a time (default 1).
    pub units: Option<u32>,
}

/// How a control fails: by chance, or at given times for what-if studies.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ControlUpkeepSpec {
    /// By chance (default: it does not).
    pub failures: Option<ControlFailuresSpec>,
    /// At given times (default: never).
    pub faults: Option<Vec<ControlFaultSpec>>,
}

/// How a control fails by chance, and is mended.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ControlFailuresSpec {
    /// Failures per unit of time, exponential.
    pub rate: Rate,
    /// Mean time to repair (default 24 h: an assumption).
    pub repair_mean: Option<Duration>,
    /// Deviation of the logarithm of the time to repair, which is then lognormal; exponential
    /// where absent.
    pub repair_sigma: Option<f64>,
    /// What it does: `stuck` stays where it is, `full` goes to full speed or wide open, `shut` to
    /// rest or shut (default `stuck`).
    pub mode: Option<ControlFault>,
}

/// A time at which a control has failed.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ControlFaultSpec {
    /// What it does: `stuck` stays where it is, `full` goes to full speed or wide open, `shut` to
    /// rest or shut (default `stuck`).
    pub mode: Option<ControlFault>,
    /// When it begins, with its offset: `2026-08-12T15:00:00-05:00`.
    #[schemars(with = "String")]
    pub start: Timestamp,
    /// How long it lasts.
    pub duration: Duration,
}

/// How alike machines are kept up, in plain numbers.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Upkeep {
    pub(super) standby: u32,
    pub(super) failures: Option<BreakdownLaw>,
    pub(super) services: Vec<Service>,
    pub(super) restart: Span,
}

/// A service of alike units.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Service {
    /// The first.
    pub first: Outage,
    /// From the beginning of one to that of the next; none where there is only one.
    pub every: Option<Span>,
    /// How many units are out at a time.
    pub units: u32,
}

/// How a control fails.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ControlDesign {
    /// By chance; none where it does not.
    pub failures: Option<(BreakdownLaw, ControlFault)>,
    /// At times that are given.
    pub faults: Vec<(Outage, ControlFault)>,
}

/// Services that come more often than this would only fill the agenda.
const LEAST_EVERY: Span = Span::from_secs(3600);
/// Pumps and fans start within this.
pub(super) const RESTART: Span = Span::from_secs(20);

impl UpkeepSpec {
    /// The upkeep of `duty` machines that start within `restart` by default.
    pub(super) fn resolve(&self, check: &mut Check<'_>, duty: u32, restart: Span) -> Upkeep {
        let standby = self.standby(check);
        let failures =
            self.failures.and_then(|spec| check.within("failures", |check| spec.resolve(check)));
        let services = (0..).zip(self.maintenance.iter().flatten()).map(|(index, spec)| {
            let field = format!("maintenance[{index}]");
            check.within(&field, |check| spec.resolve(check, duty + standby))
        });
        Upkeep {
            standby,
            failures,
            services: services.collect(),
            restart: self.restart.map_or(restart, Span::from),
        }
    }

    /// How many stand by.
    pub(super) fn standby(&self, check: &mut Check<'_>) -> u32 {
        let standby = self.standby.unwrap_or(0);
        if standby > MOST_UNITS {
            check.error("standby", format!("must be between 0 and {MOST_UNITS}, got {standby}"));
            return 0;
        }
        standby
    }
}

impl ServiceSpec {
    fn resolve(self, check: &mut Check<'_>, of: u32) -> Service {
        let Self { start, duration, every, units } = self;
        let first = OutageSpec { start, duration }.resolve(check);
        let units = units.unwrap_or(1);
        if units == 0 || units > of {
            let message = format!("{units} units are taken out at a time of {of} that there are");
            check.error("units", message);
        }
        let every = every.map(Span::from);
        if every.is_some_and(|every| every < first.duration.max(LEAST_EVERY)) {
            let message = "a service ends, and an hour has passed, before the next begins";
            check.error("every", message.to_owned());
        }
        Service {
            first,
            every: every.map(|every| every.max(LEAST_EVERY)),
            units: units.clamp(1, of.max(1)),
        }
    }
}

impl ControlUpkeepSpec {
    /// Whether the control never fails.
    pub(super) fn is_empty(&self) -> bool {
        self.failures.is_none() && self.faults.iter().flatten().count() == 0
    }

    pub(super) fn resolve(&self, check: &mut Check<'_>) -> ControlDesign {
        let failures =
            self.failures.and_then(|spec| check.within("failures", |check| spec.resolve(check)));
        let faults = (0..).zip(self.faults.iter().flatten()).map(|(index, spec)| {
            check.within(&format!("faults[{index}]"), |check| spec.resolve(check))
        });
        ControlDesign { failures, faults: faults.collect() }
    }

    /// The same of the control of chillers and economiser, which can only be stuck.
    pub(super) fn resolve_stuck(&self, check: &mut Check<'_>) -> ControlDesign {
        let design = self.resolve(check);
        let mut wrong = |field: String| {
            let message = "the control of chillers and economiser can only be `stuck`".to_owned();
            check.within(&field, |check| check.error("mode", message));
        };
        if design.failures.is_some_and(|(_, fault)| fault != ControlFault::Stuck) {
            wrong("failures".to_owned());
        }
        for (index, (_, fault)) in design.faults.iter().enumerate() {
            if *fault != ControlFault::Stuck {
                wrong(format!("faults[{index}]"));
            }
        }
        design
    }
}

impl ControlFailuresSpec {
    fn resolve(self, check: &mut Check<'_>) -> Option<(BreakdownLaw, ControlFault)> {
        let Self { rate, repair_mean, repair_sigma, mode } = self;
        let law = UnitFailuresSpec { rate, repair_mean, repair_sigma }.resolve(check)?;
        Some((law, mode.unwrap_or(ControlFault::Stuck)))
    }
}

impl ControlFaultSpec {
    fn resolve(self, check: &mut Check<'_>) -> (Outage, ControlFault) {
        let Self { mode, start, duration } = self;
        let outage = OutageSpec { start, duration }.resolve(check);
        (outage, mode.unwrap_or(ControlFault::Stuck))
    }
}
