//! What keeps a part of the cooling going, and what keeps it from it, as users write it: units
//! that stand by, maintenance, controls that fail.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Deserialize;

use super::super::breakdowns::BreakdownLaw;
use super::super::makeup::Outage;
use super::super::state::ControlFault;
use super::operation::UnitFailuresSpec;
use super::water::OutageSpec;
use crate::kernel::Span;
use crate::spec::Fault;
use crate::units::{Duration, Rate};

/// Units of a loop beyond those that its design heat takes. As many of them as these stand by,
/// and start when one that runs fails or is taken out: pumps and fans after their `restart`,
/// chillers after their `start_delay`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StandbySpec {
    /// Fans: cells of a tower, units of a dry cooler, exhaust fans of a hall (default 0).
    pub fans: Option<u32>,
    /// Pumps; those of chilled and of condenser water in pairs (default 0).
    pub pumps: Option<u32>,
    /// Chillers (default 0).
    pub chillers: Option<u32>,
}

/// When units of a loop are taken out of service.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MaintenanceSpec {
    /// Fans.
    pub fans: Option<Vec<ServiceSpec>>,
    /// Pumps.
    pub pumps: Option<Vec<ServiceSpec>>,
    /// Chillers.
    pub chillers: Option<Vec<ServiceSpec>>,
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

/// How a control fails and is mended.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ControlFailuresSpec {
    /// Failures a unit of time, exponential.
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

/// A time at which a control has failed, to ask what would come of it.
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

/// Times at which controls of a loop have failed, to ask what would come of it.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ControlFaultsSpec {
    /// The control of the fans' speed.
    pub fans: Option<Vec<ControlFaultSpec>>,
    /// The control that starts and stops chillers and changes the economiser's mode: it can only
    /// be `stuck`.
    pub staging: Option<Vec<ControlFaultSpec>>,
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

impl ServiceSpec {
    pub(super) fn resolve(self, of: u32, faults: &mut Vec<Fault>) -> Service {
        let field = "maintenance";
        let Self { start, duration, every, units } = self;
        let first = OutageSpec { start, duration }.resolve(field, faults);
        let units = units.unwrap_or(1);
        if units == 0 || units > of {
            let message = format!("{units} units are taken out at a time of {of} that there are");
            faults.push(Fault::error(field, message));
        }
        let every = every.map(Span::from);
        if every.is_some_and(|every| every < first.duration.max(LEAST_EVERY)) {
            let message = "a service ends, and an hour has passed, before the next begins";
            faults.push(Fault::error(field, message));
        }
        Service {
            first,
            every: every.map(|every| every.max(LEAST_EVERY)),
            units: units.clamp(1, of.max(1)),
        }
    }
}

impl ControlFailuresSpec {
    pub(super) fn resolve(self, faults: &mut Vec<Fault>) -> Option<(BreakdownLaw, ControlFault)> {
        let Self { rate, repair_mean, repair_sigma, mode } = self;
        let law = UnitFailuresSpec { rate, repair_mean, repair_sigma }.resolve(faults)?;
        Some((law, mode.unwrap_or(ControlFault::Stuck)))
    }
}

impl ControlFaultSpec {
    pub(super) fn resolve(
        self,
        field: &'static str,
        faults: &mut Vec<Fault>,
    ) -> (Outage, ControlFault) {
        let Self { mode, start, duration } = self;
        let outage = OutageSpec { start, duration }.resolve(field, faults);
        (outage, mode.unwrap_or(ControlFault::Stuck))
    }
}
