//! Pumps as users write them.

use schemars::JsonSchema;
use serde::Deserialize;

use super::bounds;
use super::check::Check;
use super::upkeep::UpkeepSpec;
use crate::plant::cooling::pumps::{PumpControl, PumpLaw, power_w};
use crate::spec::Names;
use crate::units::{Fraction, Power, Pressure};

/// Alike pumps in parallel. A chiller plant has as many for its chilled water as for its condenser
/// water, which run and fail in pairs.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PumpsSpec {
    /// What feeds them, in order of preference, where that differs from `fed_by` of the whole.
    pub fed_by: Option<Names>,
    /// Number of pumps, which fail one at a time (default 1; 2 in distribution units and tanks).
    pub count: Option<u32>,
    /// Power of all pumps, in place of head and efficiency.
    pub power: Option<Power>,
    /// Head of the pumps (default 180 kPa in the loop of a tower, 200 kPa in other loops; 150 kPa
    /// in a distribution unit, an assumption within the usual 50 to 300 kPa; 60 kPa in a tank,
    /// which is open: an assumption).
    pub head: Option<Pressure>,
    /// Efficiency of pump and motor (default 70 %; 60 % in a tank: an assumption).
    pub efficiency: Option<Fraction>,
    /// How they are run: `constant` speed, or `variable-speed`, at which the coolant warms by its
    /// design range whatever the heat (default `constant`). Not of condenser pumps, which have
    /// `condenser.pump_control`.
    pub control: Option<PumpControl>,
    /// Least speed of a pump of variable speed (default 30 %: an assumption).
    pub minimum_speed: Option<Fraction>,
    /// Head over the head at no flow: how flat their curve is, and so how much flow is left when
    /// some of them are lost (default 75 %: 2 of 3 still give 87 %).
    pub head_at_duty: Option<Fraction>,
    /// Share of their power that warms the coolant (default 100 %; less where motors give theirs
    /// to the room; in exchangers always 100 %).
    pub heat: Option<Fraction>,
    /// Those that stand by, and how they fail, are serviced and start (default start 20 s, of 10
    /// to 30 s usual).
    #[serde(default)]
    pub upkeep: UpkeepSpec,
}

/// What pumps are where nothing is written.
#[derive(Debug, Clone, Copy)]
pub(super) struct PumpDefaults {
    pub(super) head_pa: f64,
    pub(super) efficiency: f64,
    pub(super) count: u32,
}

/// Pumps of a loop.
pub(super) const LOOP_PUMPS: PumpDefaults =
    PumpDefaults { head_pa: 200e3, efficiency: 0.7, count: 1 };

/// Least speed of a pump of variable speed, as a share of full: an assumption.
pub(super) const LEAST_SPEED: f64 = 0.3;

/// Where a spec holds its pumps.
const FIELD: &str = "pumps";

impl PumpsSpec {
    /// Number of pumps.
    pub(super) fn count(&self, check: &mut Check<'_>, defaults: &PumpDefaults) -> u32 {
        let count = Some(self.count.unwrap_or(defaults.count));
        check.within(FIELD, |check| check.count("count", count))
    }

    /// Electric power of all pumps that move `flow_m3_s` for `heat_w`, W.
    pub(super) fn power_w(
        &self,
        check: &mut Check<'_>,
        flow_m3_s: f64,
        heat_w: f64,
        defaults: &PumpDefaults,
    ) -> f64 {
        check.within(FIELD, |check| {
            let head_pa = check.bounded("head", self.head, defaults.head_pa, &bounds::PUMP_HEAD);
            let efficiency = self.efficiency(check, defaults);
            let derived_w = power_w(flow_m3_s, head_pa, efficiency);
            check.bounded("power", self.power, derived_w, &bounds::machine_power(heat_w))
        })
    }

    /// Efficiency of pump and motor, for what else they move.
    pub(super) fn efficiency(&self, check: &mut Check<'_>, defaults: &PumpDefaults) -> f64 {
        check.bounded("efficiency", self.efficiency, defaults.efficiency, &bounds::EFFICIENCY)
    }

    /// Share of their power that warms the coolant.
    pub(super) fn heat(&self) -> f64 {
        self.heat.map_or(1.0, |share| share.0)
    }

    /// How they are run, and what they lift.
    pub(super) fn law(&self, check: &mut Check<'_>) -> PumpLaw {
        check.within(FIELD, |check| {
            let control = self.control.unwrap_or(PumpControl::Constant);
            if self.minimum_speed.is_some() && control == PumpControl::Constant {
                let message = "only pumps of `control: variable-speed` have a least speed";
                check.error("minimum_speed", message.to_owned());
            }
            let usual = PumpLaw::CONSTANT.head_at_duty;
            PumpLaw {
                control,
                minimum_speed: check.bounded(
                    "minimum_speed",
                    self.minimum_speed,
                    LEAST_SPEED,
                    &bounds::PUMP_SPEED,
                ),
                head_at_duty: check.bounded(
                    "head_at_duty",
                    self.head_at_duty,
                    usual,
                    &bounds::HEAD_AT_DUTY,
                ),
            }
        })
    }

    /// Refuses a share of heat, where all of it ends in the stream that is pumped.
    pub(super) fn refuse_heat(&self, check: &mut Check<'_>) {
        if self.heat.is_some() {
            let message = "all that the pumps of an exchanger draw warms its own stream";
            check.error("pumps.heat", message.to_owned());
        }
    }
}
