//! Make-up water as users write it: the main of the site, the basins of loops, and what limits
//! either.

use schemars::JsonSchema;
use serde::Deserialize;

use super::bounds;
use super::check::Check;
use super::failures::{OutageSpec, UnitFailuresSpec};
use crate::plant::cooling::makeup::{BasinDesign, MainDesign, MakeUpDesign};
use crate::spec::{Fault, within};
use crate::units::{Fraction, Quantity, Volume, VolumeFlow};

/// A main that brings water: to the whole site, or to one loop as its branch of that. Without an
/// entry it brings whatever is asked.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WaterMainSpec {
    /// The most that may be taken in a day of the site's calendar, as a permit or a drought rule
    /// sets it. When it is used up, nothing comes until midnight. Default: no limit.
    pub daily_limit: Option<Volume>,
    /// The most that flows at any time. Of the loops on the main of a site those that cannot run
    /// dry come first, then the others in the order in which they are written. Default: no limit.
    pub peak_flow: Option<VolumeFlow>,
    /// How the main fails and comes back (default: it does not).
    pub failures: Option<UnitFailuresSpec>,
    /// When it is shut, as planned (default: never).
    pub outages: Option<Vec<OutageSpec>>,
}

/// The water of a loop that evaporates it: its basin, and its own branch of the main.
///
/// Without make-up a basin runs down by evaporation and drift, its blowdown shut. When it is
/// dry, pads are dry and an open tower rejects nothing, until the basin has come back to
/// `restart_level`. Without a basin that is at once.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MakeUpSpec {
    /// Cycles of concentration: dissolved solids of the water of tower, spray or pads over those
    /// of the make-up (default 4; 3 to 5 is usual).
    pub cycles_of_concentration: Option<f64>,
    /// Water between the level that is kept and the least that the pumps can draw from (default:
    /// none; it depends on how the basin is built).
    pub basin: Option<Volume>,
    /// What flows in beyond what is lost while the basin is not full (default: the basin in an
    /// hour, an assumption).
    pub refill: Option<VolumeFlow>,
    /// Share of the basin at which a device that has run dry works again (default 25 %: an
    /// assumption).
    pub restart_level: Option<Fraction>,
    /// Its branch of the main (default: it brings whatever is asked).
    #[serde(default)]
    pub main: WaterMainSpec,
}

/// Water of the main is counted in litres of a kilogram, as in all reports.
const KG_M3: f64 = 1000.0;
/// A basin without a refill of its own fills in this time, s.
const REFILL_S: f64 = 3600.0;
/// Share of it at which a device works again that has run dry.
const RESTART: f64 = 0.25;
/// Concentration of water over its make-up.
pub(super) const CYCLES: f64 = 4.0;
/// Where a spec holds its water.
const FIELD: &str = "water";

impl WaterMainSpec {
    /// The main as plain numbers.
    pub fn resolve(&self, faults: &mut Vec<Fault>) -> MainDesign {
        self.design(&mut Check { faults })
    }

    fn design(&self, check: &mut Check<'_>) -> MainDesign {
        let mut limit = |field, value: Option<f64>, what: &str| match value {
            Some(value) if value <= 0.0 => {
                let fault = Fault::error(field, format!("{what} is above zero"));
                check.faults.push(fault.help("to shut the main for a time, give `outages`"));
                None
            }
            value => value.map(|value| value * KG_M3),
        };
        let daily_kg = limit("daily_limit", self.daily_limit.map(Quantity::base), "a daily limit");
        let peak_kg_s = limit("peak_flow", self.peak_flow.map(Quantity::base), "a flow");
        let failures =
            self.failures.and_then(|spec| check.within("failures", |check| spec.resolve(check)));
        let outages = (0..).zip(self.outages.iter().flatten()).map(|(index, spec)| {
            check.within(&format!("outages[{index}]"), |check| spec.resolve(check))
        });
        MainDesign { daily_kg, peak_kg_s, failures, outages: outages.collect() }
    }
}

impl MakeUpSpec {
    /// The make-up of a loop; `evaporates` says whether anything in it does.
    pub(super) fn resolve(&self, evaporates: bool, faults: &mut Vec<Fault>) -> MakeUpDesign {
        if !evaporates {
            let fault = Fault::error(FIELD, "nothing in this loop evaporates water");
            faults.push(fault.help("only `pads` make it take any"));
        }
        within(FIELD, faults, |faults| self.design(&mut Check { faults }))
    }

    fn design(&self, check: &mut Check<'_>) -> MakeUpDesign {
        let volume_m3 = check.bounded("basin", self.basin, 0.0, &bounds::VOLUME);
        let refill_m3_s = self.refill.map_or(volume_m3 / REFILL_S, Quantity::base);
        if volume_m3 > 0.0 && refill_m3_s <= 0.0 {
            check.error("refill", "a basin that has run down is filled again".to_owned());
        }
        let restart =
            check.bounded("restart_level", self.restart_level, RESTART, &bounds::RESTART_LEVEL);
        for (given, field) in
            [(self.refill.is_some(), "refill"), (self.restart_level.is_some(), "restart_level")]
        {
            if given && volume_m3 == 0.0 {
                check.error(field, "there is no `basin` that it could be of".to_owned());
            }
        }
        MakeUpDesign {
            basin: BasinDesign {
                volume_kg: volume_m3 * KG_M3,
                refill_kg_s: refill_m3_s.max(0.0) * KG_M3,
                restart,
            },
            main: check.within("main", |check| self.main.design(check)),
        }
    }
}

/// Cycles of concentration of a loop's `water`.
pub(super) fn cycles(check: &mut Check<'_>, water: Option<&MakeUpSpec>) -> f64 {
    let cycles = water.and_then(|water| water.cycles_of_concentration);
    check.bounded("water.cycles_of_concentration", cycles, CYCLES, &bounds::CYCLES)
}
