//! The evaporative fluid cooler: a closed coil, water sprayed over it, fans that draw air past.

use schemars::JsonSchema;
use serde::Deserialize;

use super::circuit::Stream;
use super::device::{Asked, Found, Rejected, fan_power_w};
use super::dry_cooler::{DryCoolerDesign, DrySink};
use super::exchange::{counterflow, inlet_conductance};
use super::staging::{self, Device, Operation, Settled, Staged};
use super::tower::TowerSink;
use super::water::{Vapour, WaterFlows};
use crate::fluids::MoistAir;
use crate::fluids::water::CP_WATER;

/// A closed-circuit cooler of identical units.
///
/// Sprayed, it is Merkel's counterflow exchanger on the wet bulb, as EnergyPlus'
/// `EvaporativeFluidCooler` has it, with the coil's own resistance in series:
///
/// ```text
/// 1 / UAe = 1 / (UA r_air^0.8 cpe / cpa) + 1 / (hA_coil r_coolant^0.85)
/// Q       = eps(UAe / Cmin, Cmin / Cmax) Cmin (Tw,in - Twb)
/// ```
///
/// The exponents are those of the dry cooler's films; 0.8 gives 0.57 of the conductance at half
/// of the air, where EnergyPlus sizes the low speed of its two-speed coolers with 0.6. Without
/// the coil's resistance (an infinite `hA_coil`) and at full air this is EnergyPlus' model.
///
/// With the spray off it is a dry cooler.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct FluidCoolerDesign {
    /// UA of the wetted surface of all units at full air, W/K (per specific heat of moist air).
    pub ua_w_k: f64,
    /// Conductance of the coolant's film and the wall of the tubes at design flow, W/K; infinite
    /// where `ua_w_k` holds all of the resistance.
    pub coil_w_k: f64,
    /// The same units with their spray off: air, fans, coolant and number are those of the
    /// sprayed ones.
    pub dry: DryCoolerDesign,
    /// Water over the coils.
    pub spray: SprayDesign,
    /// How the water that evaporates is counted.
    pub evaporation: EvaporationLaw,
    /// Droplets carried off at full air flow, as a share of the spray.
    pub drift: f64,
    /// Concentration of the spray over that of the make-up, above 1.
    pub cycles: f64,
}

/// The spray of a fluid cooler: each unit has its own pump, which has power and fails with the
/// unit's fan.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SprayDesign {
    /// Water over all coils, kg/s.
    pub flow_kg_s: f64,
    /// Electric power of all spray pumps, W.
    pub pump_w: f64,
    /// Below this dry bulb the spray is off and the coils dry, degrees Celsius.
    pub off_below_c: f64,
    /// When it is on above.
    pub control: SprayControl,
}

/// When the coils of a fluid cooler are sprayed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum SprayControl {
    /// Whenever it is warm enough.
    Always,
    /// Only while the dry coils with all fans at full speed do not hold the setpoint.
    WhenNeeded,
}

/// How the evaporation of a sprayed cooler is counted.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum EvaporationLaw {
    /// The air leaves saturated.
    SaturatedExit,
    /// This share of the coolant's flow for each kelvin of its range.
    PerKelvin(f64),
    /// The share of the coolant's flow for each kelvin of its range that Qureshi and Zubair
    /// fitted: `(113 - 8.417 RH + 1.6147 Tdb) 1e-5`, the relative humidity held to the 0.1 to
    /// 0.7 of the fit.
    QureshiZubair,
}

impl EvaporationLaw {
    /// Share of the coolant that evaporates for each kelvin of its range; none where the air is
    /// balanced.
    fn per_k(self, air: &MoistAir) -> Option<f64> {
        match self {
            Self::SaturatedExit => None,
            Self::PerKelvin(share) => Some(share),
            Self::QureshiZubair => {
                let humidity = air.relative_humidity().clamp(0.1, 0.7);
                Some((113.0 - 8.417 * humidity + 1.6147 * air.dry_bulb_c) * 1e-5)
            }
        }
    }
}

impl FluidCoolerDesign {
    /// How the cooler carries what is asked of it: sprayed or dry.
    pub(super) fn run(&self, asked: &Asked<'_>) -> Rejected {
        self.choose(asked, || self.dry.run(asked), || self.run_sprayed(asked))
    }

    /// Where its coolant settles with what is asked of it.
    pub(super) fn settle(&self, asked: &Asked<'_>) -> Settled {
        let sprayed = || {
            let sink = TowerSink::new(asked.air, None);
            staging::settle(&self.sprayed_device(&sink, asked), &asked.control)
        };
        self.choose(asked, || self.dry.settle(asked), sprayed)
    }

    /// What is found of it dry or sprayed, whichever way it runs.
    fn choose<F: Found>(
        &self,
        asked: &Asked<'_>,
        dry: impl Fn() -> F,
        sprayed: impl Fn() -> F,
    ) -> F {
        let warm = asked.air.dry_bulb_c >= self.spray.off_below_c;
        if !warm || !asked.may_evaporate || asked.fans == 0.0 {
            return dry();
        }
        let first = match self.spray.control {
            SprayControl::Always => None,
            SprayControl::WhenNeeded => {
                let dry = dry();
                if !dry.is_saturated() {
                    return dry;
                }
                Some(dry)
            }
        };
        let wet = sprayed();
        if !wet.is_saturated() {
            return wet;
        }
        // The coolant squeezed through the few units that have power can leave warmer than from
        // all of them, dry and at rest.
        let dry = first.unwrap_or_else(dry);
        if dry.leaving_c() < wet.leaving_c() { dry } else { wet }
    }

    fn sprayed_device<'a>(
        &'a self,
        sink: &'a TowerSink,
        asked: &'a Asked<'_>,
    ) -> Device<impl Fn(Operation, f64) -> f64 + 'a> {
        let leaving = |operation, multiple: f64| {
            let operation = sprayed(operation, asked.fans, self.dry.free_convection);
            self.leaving_c(sink, multiple * asked.heat_w, asked.coolant, operation)
        };
        Device { leaving, sink_c: sink.wet_bulb_c, range_k: asked.range_k(), fans: asked.fans }
    }

    fn run_sprayed(&self, asked: &Asked<'_>) -> Rejected {
        let sink = TowerSink::new(asked.air, None);
        let staged = staging::run(&self.sprayed_device(&sink, asked), &asked.control);
        let spray_w = asked.fans * self.spray.pump_w;
        let (water, vapour) = self.water(&sink, asked, &staged);
        Rejected {
            fan_w: fan_power_w(self.dry.fan_w_in(asked.air), self.dry.fan_law, &staged) + spray_w,
            spray_w,
            wet: true,
            dry_w: 0.0,
            air_ratio: staged.mean(|operation, _| self.air_share(operation, asked.fans)),
            water,
            vapour,
            staged,
        }
    }

    /// Temperature of the `coolant` leaving the sprayed units that reject `heat_w` from it, degrees
    /// Celsius. About 150 ns.
    pub(super) fn leaving_c(
        &self,
        sink: &TowerSink,
        heat_w: f64,
        coolant: Stream,
        (share, speed): (f64, f64),
    ) -> f64 {
        let (air_w_k, cpe) = sink.air_side(heat_w, self.dry.air_flow_m3_s * share * speed);
        let surface = self.ua_w_k * share * libm::pow(speed, 0.8) * cpe / sink.cp_air;
        let ua = if self.coil_w_k.is_finite() {
            let flow = (coolant.kg_s / (self.dry.water_kg_s * share)).min(1.0);
            let coil = self.coil_w_k * share * libm::pow(flow, 0.85);
            1.0 / (1.0 / surface + 1.0 / coil)
        } else {
            surface
        };
        let conductance = inlet_conductance(counterflow, ua, coolant.w_k, air_w_k);
        sink.wet_bulb_c + heat_w / conductance - heat_w / coolant.w_k
    }

    /// Air through the sprayed units as a share of full, where a share `fans` has power.
    fn air_share(&self, operation: Operation, fans: f64) -> f64 {
        let (share, speed) = sprayed(operation, fans, self.dry.free_convection);
        share * speed
    }

    /// Water of the sprayed units, and its vapour.
    fn water(&self, sink: &TowerSink, asked: &Asked<'_>, staged: &Staged) -> (WaterFlows, Vapour) {
        let air_share = |operation| staged.wetted * self.air_share(operation, asked.fans);
        let per_k = self.evaporation.per_k(asked.air);
        let vapour = Vapour::mean(staged, |operation, multiple| {
            let heat_w = multiple * asked.heat_w;
            if let Some(per_k) = per_k {
                return Vapour::given(heat_w, per_k * heat_w / CP_WATER);
            }
            let air_kg_s = self.dry.air_flow_m3_s * air_share(operation) * sink.dry_air_kg_m3;
            let guess_c = sink.leaving_guess_c(heat_w / air_kg_s);
            Vapour::of(heat_w, air_kg_s, asked.air, guess_c)
        });
        let air = staged.mean(|operation, _| air_share(operation));
        let drift_kg_s = self.drift * self.spray.flow_kg_s * air;
        (WaterFlows::balanced(vapour.kg_s, drift_kg_s, self.cycles), vapour)
    }
}

/// Share of the units that are sprayed and their air as a share of full: spray and fan of a unit
/// have power together, and a unit without is shut off.
fn sprayed(operation: Operation, fans: f64, free_convection: f64) -> (f64, f64) {
    match operation {
        Operation::Forced { share, speed } => (share, speed),
        Operation::Free => (fans, free_convection),
    }
}

/// What sizes a sprayed cooler: with all of this it meets `leaving_c`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct FluidCoolerPoint {
    pub(super) tower: super::tower::TowerPoint,
    /// Share of the resistance between coolant and air that is the coil's own.
    pub(super) coil_share: f64,
}

impl FluidCoolerPoint {
    /// Conductances of the wetted surface and of the coil that come to `ua_w_k` at the point.
    pub(super) fn conductances_w_k(&self, ua_w_k: f64) -> (f64, f64) {
        let sink = TowerSink::new(&self.tower.air, None);
        let (_, cpe) = sink.air_side(self.tower.heat_w, self.tower.air_flow_m3_s);
        let coil_w_k = ua_w_k * cpe / sink.cp_air / self.coil_share;
        (ua_w_k / (1.0 - self.coil_share), coil_w_k)
    }

    /// UA of the coil without its spray, W/K, with which the point's heat leaves the coolant at
    /// the point's temperature in dry air of `dry_bulb_c` at sea level, all fans at full speed.
    /// `None` where no size does.
    pub(super) fn dry_ua_w_k(&self, dry_bulb_c: f64) -> Option<f64> {
        let point = &self.tower;
        let air = MoistAir { dry_bulb_c, humidity_ratio: 0.0, pressure_pa: 101_325.0 };
        let sink = DrySink::new(&air, 0.0);
        let coolant_w_k = point.heat_w / point.range_k;
        let air_w_k = point.air_flow_m3_s * sink.heat_capacity_j_m3k;
        let (least, most) =
            if air_w_k < coolant_w_k { (air_w_k, coolant_w_k) } else { (coolant_w_k, air_w_k) };
        let entering_k = point.leaving_c + point.range_k - dry_bulb_c;
        if entering_k <= 0.0 {
            return None;
        }
        let eps = point.heat_w / (least * entering_k);
        super::exchange::crossflow_ntu(eps, least / most).map(|ntu| ntu * least)
    }
}
