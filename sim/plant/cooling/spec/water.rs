//! Make-up water as users write it: the main of the site, the basins of loops, and what limits
//! either.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Deserialize;

use super::super::loops::LoopDesign;
use super::super::makeup::{BasinDesign, MainDesign, MakeUpDesign, Outage};
use super::{CoolingSpec, UnitFailuresSpec};
use crate::kernel::Span;
use crate::spec::{Fault, within};
use crate::units::{Duration, Fraction, Volume, VolumeFlow};

/// The main that brings water to the whole site. Without an entry it brings whatever is asked.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WaterMainSpec {
    /// The most that may be taken in a day of the site's calendar, as a permit or a drought rule
    /// sets it. When it is used up, nothing comes until midnight. Default: no limit.
    pub daily_limit: Option<Volume>,
    /// The most that flows at any time. Loops that cannot run dry come first, then the others in
    /// the order in which they are written. Default: no limit.
    pub peak_flow: Option<VolumeFlow>,
    /// How the main fails and comes back (default: it does not).
    pub failures: Option<UnitFailuresSpec>,
    /// When it is shut, as planned (default: never).
    pub outages: Option<Vec<OutageSpec>>,
}

/// The make-up of a loop that evaporates water: its basin, and its own branch of the main.
///
/// Without make-up a basin runs down by evaporation and drift, its blowdown shut. When it is
/// dry, pads are dry and an open tower rejects nothing, until the basin has come back to
/// `restart_level`. Without a basin that is at once.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MakeUpSpec {
    /// Water between the level that is kept and the least that the pumps can draw from (default:
    /// none; it depends on how the basin is built).
    pub basin: Option<Volume>,
    /// What flows in beyond what is lost while the basin is not full (default: the basin in an
    /// hour, an assumption).
    pub refill: Option<VolumeFlow>,
    /// Share of the basin at which a device that has run dry works again (default 25 %: an
    /// assumption).
    pub restart_level: Option<Fraction>,
    /// The most that the loop may take in a day of the site's calendar (default: no limit of its
    /// own).
    pub daily_limit: Option<Volume>,
    /// The most that flows to the loop at any time (default: no limit of its own).
    pub peak_flow: Option<VolumeFlow>,
    /// How its branch of the main fails and comes back (default: it does not).
    pub failures: Option<UnitFailuresSpec>,
    /// When its branch is shut, as planned (default: never).
    pub outages: Option<Vec<OutageSpec>>,
}

/// A time at which something is out of service, as planned.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OutageSpec {
    /// When it begins, with its offset: `2026-08-12T15:00:00-05:00`.
    #[schemars(with = "String")]
    pub start: Timestamp,
    /// How long it lasts.
    pub duration: Duration,
}

/// Water of the main is counted in litres of a kilogram, as in all reports.
const KG_M3: f64 = 1000.0;
/// A basin that nobody gave a refill fills in this time, s.
const REFILL_S: f64 = 3600.0;
/// Share of it at which a device works again that has run dry.
const RESTART: f64 = 0.25;

impl OutageSpec {
    pub(super) fn resolve(self, field: &'static str, faults: &mut Vec<Fault>) -> Outage {
        let duration = Span::from(self.duration);
        if duration == Span::ZERO {
            faults.push(Fault::error(field, "an outage lasts some time"));
        }
        Outage { start: self.start, duration }
    }
}

impl WaterMainSpec {
    /// The main as plain numbers.
    pub fn resolve(&self, faults: &mut Vec<Fault>) -> MainDesign {
        let mut positive = |field, value: Option<f64>, what: &str| match value {
            Some(value) if value <= 0.0 => {
                let fault = Fault::error(field, format!("{what} is above zero"));
                faults.push(fault.help("to shut the main for a time, give `outages`"));
                None
            }
            value => value.map(|value| value * KG_M3),
        };
        let daily_kg = positive("daily_limit", self.daily_limit.map(|v| v.0), "a daily limit");
        let peak_kg_s = positive("peak_flow", self.peak_flow.map(|f| f.0), "a flow");
        let failures = self.failures.and_then(|spec| spec.resolve(faults));
        let outages = self.outages.iter().flatten().map(|o| o.resolve("outages", faults));
        MainDesign { daily_kg, peak_kg_s, failures, outages: outages.collect() }
    }
}

impl MakeUpSpec {
    fn resolve(&self, faults: &mut Vec<Fault>) -> MakeUpDesign {
        let volume_m3 = self.basin.map_or(0.0, |volume| volume.0);
        if volume_m3 < 0.0 {
            faults.push(Fault::error("water.basin", "a volume is not negative"));
        }
        let refill_m3_s = self.refill.map_or(volume_m3 / REFILL_S, |flow| flow.0);
        if volume_m3 > 0.0 && refill_m3_s <= 0.0 {
            faults.push(Fault::error("water.refill", "a basin that has run down is filled again"));
        }
        let restart = self.restart_level.map_or(RESTART, |level| level.0);
        if restart <= 0.0 {
            faults.push(Fault::error("water.restart_level", "must be above zero"));
        }
        for (given, field) in [
            (self.refill.is_some(), "water.refill"),
            (self.restart_level.is_some(), "water.restart_level"),
        ] {
            if given && volume_m3 == 0.0 {
                faults.push(Fault::error(field, "there is no `basin` that it could be of"));
            }
        }
        let main = WaterMainSpec {
            daily_limit: self.daily_limit,
            peak_flow: self.peak_flow,
            failures: self.failures,
            outages: self.outages.clone(),
        };
        let main = within("water", faults, |faults| main.resolve(faults));
        MakeUpDesign {
            basin: BasinDesign {
                volume_kg: volume_m3.max(0.0) * KG_M3,
                refill_kg_s: refill_m3_s.max(0.0) * KG_M3,
                restart: if restart > 0.0 { restart } else { RESTART },
            },
            main,
        }
    }
}

impl CoolingSpec {
    /// The make-up of the loop `design`, which this became.
    pub(super) fn make_up(&self, design: &LoopDesign, faults: &mut Vec<Fault>) -> MakeUpDesign {
        let spec = match self {
            Self::Tower(s) => s.water.as_ref(),
            Self::DryCooler(s) => s.water.as_ref(),
            Self::FluidCooler(s) => s.water.as_ref(),
            Self::HybridCooler(s) => s.water.as_ref(),
            Self::ChillerPlant(s) => s.water.as_ref(),
            Self::Ventilation(s) => s.water.as_ref(),
            Self::AirCooledChiller(_)
            | Self::Cdu(_)
            | Self::AirHandler(_)
            | Self::ImmersionTank(_) => None,
        };
        let Some(spec) = spec else { return MakeUpDesign::default() };
        if !design.evaporates() {
            let fault = Fault::error("water", "nothing in this loop evaporates water");
            faults.push(fault.help("only `pads` make it take any"));
        }
        spec.resolve(faults)
    }
}
