//! What a part of the cooling does when something goes wrong, as users write it: how much heat
//! it can hold, how long its machines take to start again.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::super::breakdowns::BreakdownLaw;
use super::super::loops::{CoolingLoop, LoopDesign};
use super::super::makeup::MakeUpDesign;
use super::super::protection::ThermalLimits;
use super::{Coolant, CoolingSpec};
use crate::fluids::water::{CP_WATER, DENSITY_WATER};
use crate::kernel::Span;
use crate::spec::Fault;
use crate::units::{Duration, Rate, Temperature, TemperatureDelta, Volume};

/// How long the machines of a loop take to start after their bus was dead. (Chillers have their
/// `start_delay`.)
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RestartSpec {
    /// Pumps (default 20 s, of 10 to 30 s usual).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pumps: Option<Duration>,
    /// Fans (default 20 s: an assumption, as pumps).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fans: Option<Duration>,
}

/// How alike units fail and come back, one at a time.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct UnitFailuresSpec {
    /// Failures of one unit a unit of time in service, exponential.
    pub rate: Rate,
    /// Mean time to repair (default 24 h: an assumption).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repair_mean: Option<Duration>,
    /// Deviation of the logarithm of the time to repair, which is then lognormal; exponential
    /// where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repair_sigma: Option<f64>,
}

/// How the machines of a loop fail and come back. What is absent never fails.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct UnitsFailuresSpec {
    /// Fans: cells of a tower, units of a dry cooler, exhaust fans of a hall.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fans: Option<UnitFailuresSpec>,
    /// Pumps; those of chilled and of condenser water in pairs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pumps: Option<UnitFailuresSpec>,
    /// Chillers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub chillers: Option<UnitFailuresSpec>,
}

impl UnitFailuresSpec {
    /// The law, or none where the rate is zero.
    pub(super) fn resolve(&self, faults: &mut Vec<Fault>) -> Option<BreakdownLaw> {
        let repair_mean_s = self.repair_mean.map_or(86_400.0, Duration::as_secs_f64);
        let mut wrong = |message: &str| faults.push(Fault::error("failures", message));
        if self.rate.0 < 0.0 {
            wrong("a rate of failures is not negative");
        }
        if repair_mean_s <= 0.0 {
            wrong("a repair takes time");
        }
        if self.repair_sigma.is_some_and(|sigma| !(0.0..=5.0).contains(&sigma)) {
            wrong("`repair_sigma` lies between 0 and 5");
        }
        (self.rate.0 > 0.0).then_some(BreakdownLaw {
            rate_per_s: self.rate.0,
            repair_mean_s,
            repair_sigma: self.repair_sigma,
        })
    }
}

/// What a loop does when something goes wrong.
#[derive(Debug, Clone, PartialEq)]
pub struct LoopOperation {
    /// Heat that its coolant and buffer tank take up by a kelvin, J/K.
    pub coolant_j_k: f64,
    /// How long fans and pumps take to start after their bus was dead.
    pub restart: [Span; 2],
    /// How each of them fails.
    pub failures: [Option<BreakdownLaw>; 3],
    /// Its water.
    pub make_up: MakeUpDesign,
}

/// Pumps and fans start within this after their bus was dead.
const RESTART: Span = Span::from_secs(20);
/// Coolant of a loop, m3 a watt of design heat: 2.9 L a kilowatt, which is what two minutes of
/// flow at a range of 10 K hold.
const COOLANT_M3_W: f64 = 2.9e-6;

impl CoolingSpec {
    /// How the loop `design`, which this became, behaves when something goes wrong.
    pub fn operation(&self, design: &LoopDesign, faults: &mut Vec<Fault>) -> LoopOperation {
        let (volume, buffer, restart) = match self {
            Self::Tower(s) => (s.volume, s.buffer, s.restart),
            Self::DryCooler(s) => (s.volume, s.buffer, s.restart),
            Self::FluidCooler(s) => (s.volume, s.buffer, s.restart),
            Self::HybridCooler(s) => (s.volume, s.buffer, s.restart),
            Self::ChillerPlant(s) => (s.volume, s.buffer, s.restart),
            Self::AirCooledChiller(s) => (s.volume, s.buffer, s.restart),
            Self::Ventilation(s) => (None, None, s.restart),
            Self::Cdu(_) | Self::AirHandler(_) | Self::ImmersionTank(_) => (None, None, None),
        };
        let mut positive = |field, volume: Option<Volume>, default: f64| match volume {
            Some(volume) if volume.0 < 0.0 => {
                faults.push(Fault::error(field, "a volume is not negative"));
                default
            }
            volume => volume.map_or(default, |volume| volume.0),
        };
        let volume_m3 = positive("volume", volume, COOLANT_M3_W * design.design_heat_w());
        let volume_m3 = volume_m3 + positive("buffer", buffer, 0.0);
        let j_m3k = match self {
            Self::DryCooler(s) => s.coolant.unwrap_or(Coolant::Water).j_m3k(),
            Self::FluidCooler(s) => s.coolant.unwrap_or(Coolant::Water).j_m3k(),
            _ => Coolant::Water.j_m3k(),
        };
        let coolant_j_k = if design.is_ventilation() { 0.0 } else { volume_m3 * j_m3k };
        let RestartSpec { pumps, fans } = restart.unwrap_or_default();
        let span = |value: Option<Duration>, default| value.map_or(default, Span::from);
        let restart = [span(fans, RESTART), span(pumps, RESTART)];
        let failures = match self {
            Self::Tower(s) => s.failures,
            Self::DryCooler(s) => s.failures,
            Self::FluidCooler(s) => s.failures,
            Self::HybridCooler(s) => s.failures,
            Self::ChillerPlant(s) => s.failures,
            Self::AirCooledChiller(s) => s.failures,
            Self::Ventilation(s) => s.failures,
            Self::Cdu(_) | Self::AirHandler(_) | Self::ImmersionTank(_) => None,
        };
        let UnitsFailuresSpec { fans, pumps, chillers } = failures.unwrap_or_default();
        let exist = CoolingLoop::new(design).units();
        let mut law = |of: Option<UnitFailuresSpec>, units: u32, what: &str| {
            let law = of.and_then(|spec| spec.resolve(faults));
            if of.is_some() && units == 0 {
                let message = format!("there are no {what} to fail");
                faults.push(Fault::error("failures", message));
            }
            law.filter(|_| units > 0)
        };
        let failures = [
            law(fans, exist.0, "fans"),
            law(pumps, exist.1, "pumps"),
            law(chillers, exist.2, "chillers"),
        ];
        let make_up = self.make_up(design, faults);
        LoopOperation { coolant_j_k, restart, failures, make_up }
    }

    /// How the pumps or fans of an exchanger fail; none where they never do.
    pub fn movers_failures(&self, faults: &mut Vec<Fault>) -> Option<BreakdownLaw> {
        let failures = match self {
            Self::Cdu(s) => s.failures,
            Self::AirHandler(s) => s.failures,
            Self::ImmersionTank(s) => s.failures,
            _ => None,
        };
        failures.and_then(|spec| spec.resolve(faults))
    }

    /// How long the pumps or fans of an exchanger take to start after their bus was dead.
    pub fn movers_restart(&self) -> Span {
        let restart = match self {
            Self::Cdu(s) => s.restart,
            Self::AirHandler(s) => s.restart,
            Self::ImmersionTank(s) => s.restart,
            _ => None,
        };
        restart.map_or(RESTART, Span::from)
    }
}

impl Coolant {
    /// Heat that a cubic metre takes up by a kelvin, J/(m3 K).
    pub(super) fn j_m3k(self) -> f64 {
        use crate::fluids::water::{CP_PG25, DENSITY_PG25};
        match self {
            Self::Water => CP_WATER * DENSITY_WATER,
            Self::Pg25 => CP_PG25 * DENSITY_PG25,
        }
    }
}

/// Chips as what limits a rack, rather than what enters it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ChipSpec {
    /// How much warmer than the entering coolant chips are at rated power (default 25 K: 5 K of
    /// coolant and 20 K of cold plate).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rise: Option<TemperatureDelta>,
    /// Above this the clock falls (default 87 degC; NVIDIA's cards report 85 to 88 as the most
    /// they work at).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub throttle: Option<Temperature>,
    /// At this the rack shuts down (default 95 degC; NVIDIA's cards report 95 to 96).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trip: Option<Temperature>,
}

impl ChipSpec {
    /// The rise at which chips stand at rated power where nobody says, K.
    pub const RISE_K: f64 = 25.0;

    /// Limits, with `floor` as the speed just below the trip, and the rise at rated power, K.
    pub fn resolve(&self, floor: f64, faults: &mut Vec<Fault>) -> (ThermalLimits, f64) {
        let throttle_c = self.throttle.map_or(87.0, |t| t.0);
        let trip_c = self.trip.map_or(95.0, |t| t.0);
        if trip_c <= throttle_c {
            let message = format!("chips trip above {throttle_c} degC, where they throttle");
            faults.push(Fault::error("chip", message));
        }
        let rise_k = self.rise.map_or(Self::RISE_K, |rise| rise.0);
        if !(1.0..=80.0).contains(&rise_k) {
            let message = format!("a rise is between 1 and 80 K, got {rise_k} K");
            faults.push(Fault::error("chip", message));
        }
        let limits = ThermalLimits { throttle_c, trip_c, restart_c: throttle_c, floor };
        (limits, rise_k.clamp(1.0, 80.0))
    }
}
