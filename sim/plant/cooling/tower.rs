//! The open cooling tower: Merkel's theory as a counterflow exchanger on the wet bulb.

use std::cell::Cell;

use super::circuit::Stream;
use super::device::{Asked, Rejected, fan_power_w};
use super::exchange::{counterflow, counterflow_ntu, inlet_conductance};
use super::fans::{FanLaw, thinness};
use super::staging::{self, Device, Operation, Settled, Staged};
use super::water::{Vapour, WaterFlows};
use crate::fluids::water::CP_WATER;
use crate::fluids::{
    CP_DRY_AIR, CP_VAPOUR, MoistAir, SaturatedAir, saturated_air_temperature_from,
};

/// An open tower of identical cells, counterflow, with fans in its air stream.
///
/// Merkel's theory treats the tower as a counterflow exchanger between the water and an air
/// stream whose temperature is its wet bulb and whose specific heat `cpe` is that of
/// saturated air between entering and leaving wet bulb:
///
/// ```text
/// cpe = (hs(Two) - hs(Twb)) / (Two - Twb)       Ca = ma cpe,  Cw = mw cpw
/// UAe = UA f_air f_water f_wet-bulb cpe / cpa   Q  = eps(UAe / Cmin, Cmin / Cmax) Cmin (Tw,in - Twb)
/// ```
///
/// `ma` is the mass of dry air, as the enthalpies are a kilogram of dry air. With the heat
/// given, `Two` follows from `hs(Two) = hs(Twb) + Q / ma` and nothing is iterated but that
/// one inverse.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TowerDesign {
    /// UA of all cells at design air and water flow, W/K (per specific heat of moist air).
    pub ua_w_k: f64,
    /// Air through all cells at full speed, m3/s.
    pub air_flow_m3_s: f64,
    /// Design water flow of all cells, kg/s.
    pub water_kg_s: f64,
    /// Electric power of all fans at full speed, W.
    pub fan_w: f64,
    /// Whether that is a rating of sea level, of which thin air takes less, rather than what the
    /// fans draw where they stand.
    pub fan_at_sea_level: bool,
    /// How fan power falls with speed.
    pub fan_law: FanLaw,
    /// Air with the fans at rest, as a share of full.
    pub free_convection: f64,
    /// UA with the fans at rest, as a share of full.
    pub free_ua: f64,
    /// Whether UA falls with the flows of air and water, after Scheier.
    pub flow_corrections: bool,
    /// Design wet bulb of the wet-bulb correction, degrees Celsius; `None` leaves it out.
    pub correction_wet_bulb_c: Option<f64>,
    /// Share of the water flow that evaporates for each kelvin of its range, in place of the
    /// balance of the air.
    pub evaporation_per_k: Option<f64>,
    /// Droplets carried off at full air flow, as a share of the design water flow.
    pub drift: f64,
    /// Concentration of the circulating water over that of the make-up, above 1.
    pub cycles: f64,
    /// Number of cells, which fail one at a time.
    pub cells: u32,
}

/// The design point that sizes a tower: with all of this it meets `leaving_c`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct TowerPoint {
    pub(super) heat_w: f64,
    pub(super) leaving_c: f64,
    /// Heat over water flow and its specific heat, K.
    pub(super) range_k: f64,
    pub(super) air: MoistAir,
    pub(super) air_flow_m3_s: f64,
}

impl TowerPoint {
    /// UA that meets the point, W/K, or `None` where no size does: too little air, or water
    /// to leave below the wet bulb.
    pub(super) fn ua_w_k(&self) -> Option<f64> {
        let sink = TowerSink::new(&self.air, None);
        let entering_k = self.leaving_c + self.range_k - sink.wet_bulb_c;
        let (air_w_k, cpe) = sink.air_side(self.heat_w, self.air_flow_m3_s);
        let water_w_k = self.heat_w / self.range_k;
        let (least, most) =
            if air_w_k < water_w_k { (air_w_k, water_w_k) } else { (water_w_k, air_w_k) };
        let (eps, c) = (self.heat_w / (least * entering_k), least / most);
        if entering_k <= 0.0 {
            return None;
        }
        let ntu = counterflow_ntu(eps, c)?;
        Some(ntu * least * sink.cp_air / cpe)
    }
}

impl TowerDesign {
    /// How the tower carries what is asked of it.
    pub(super) fn run(&self, asked: &Asked<'_>) -> Rejected {
        let sink = TowerSink::new(asked.air, self.correction_wet_bulb_c);
        let staged = staging::run(&self.device(&sink, asked), &asked.control);
        let heat_w = |_, multiple: f64| multiple * asked.heat_w;
        let (water, vapour) = tower_water(self, &sink, heat_w, asked.air, &staged);
        Rejected {
            fan_w: fan_power_w(self.fan_w_in(asked.air), self.fan_law, &staged),
            spray_w: 0.0,
            air_ratio: staged.mean(|operation, _| self.air_share(operation)),
            wet: asked.heat_w > 0.0,
            dry_w: 0.0,
            water,
            vapour,
            staged,
        }
    }

    /// Where its water settles with what is asked of it.
    pub(super) fn settle(&self, asked: &Asked<'_>) -> Settled {
        let sink = TowerSink::new(asked.air, self.correction_wet_bulb_c);
        staging::settle(&self.device(&sink, asked), &asked.control)
    }

    fn device<'a>(
        &'a self,
        sink: &'a TowerSink,
        asked: &'a Asked<'_>,
    ) -> Device<impl Fn(Operation, f64) -> f64 + 'a> {
        let leaving = |operation, multiple: f64| {
            self.leaving_c(sink, multiple * asked.heat_w, asked.coolant, operation)
        };
        Device { leaving, sink_c: sink.wet_bulb_c, range_k: asked.range_k(), fans: asked.fans }
    }

    /// Power of all fans at full speed in `air`, W.
    pub(super) fn fan_w_in(&self, air: &MoistAir) -> f64 {
        self.fan_w * thinness(self.fan_at_sea_level, air)
    }

    /// Temperature of the `water` leaving the tower that rejects `heat_w` from it, degrees Celsius.
    /// About 150 ns.
    pub(super) fn leaving_c(
        &self,
        sink: &TowerSink,
        heat_w: f64,
        water: Stream,
        operation: Operation,
    ) -> f64 {
        let flow = water.kg_s / self.water_kg_s;
        let factor = match operation {
            Operation::Forced { share, speed } if self.flow_corrections => {
                share * air_factor(speed) * water_factor(flow / share) * sink.wet_bulb_factor
            }
            Operation::Forced { share, .. } => share * sink.wet_bulb_factor,
            // The corrections were fitted to forced draught. Of them only the water's is kept,
            // for flows below design.
            Operation::Free if self.flow_corrections => self.free_ua * water_factor(flow),
            Operation::Free => self.free_ua,
        };
        let (air_w_k, cpe) = sink.air_side(heat_w, self.air_flow_m3_s * self.air_share(operation));
        let ua = self.ua_w_k * factor * cpe / sink.cp_air;
        let conductance = inlet_conductance(counterflow, ua, water.w_k, air_w_k);
        sink.wet_bulb_c + heat_w / conductance - heat_w / water.w_k
    }

    /// Air through the tower as a share of full.
    pub(super) fn air_share(&self, operation: Operation) -> f64 {
        match operation {
            Operation::Forced { share, speed } => share * speed,
            Operation::Free => self.free_convection,
        }
    }
}

/// The weather as a tower sees it, computed once for each weather (about 300 ns).
#[derive(Debug, Clone, Copy)]
pub(super) struct TowerSink {
    pub(super) wet_bulb_c: f64,
    saturated: SaturatedAir,
    pressure_pa: f64,
    pub(super) dry_air_kg_m3: f64,
    pub(super) cp_air: f64,
    wet_bulb_factor: f64,
}

/// What a sink is made of.
type SinkOf = (MoistAir, Option<f64>);

thread_local! {
    /// The sink made last: the weather changes less often than what a tower is asked for.
    static LAST: Cell<Option<(SinkOf, TowerSink)>> = const { Cell::new(None) };
}

impl TowerSink {
    pub(super) fn new(air: &MoistAir, correction_wet_bulb_c: Option<f64>) -> Self {
        let of = (*air, correction_wet_bulb_c);
        match LAST.get() {
            Some((last, sink)) if last == of => sink,
            _ => {
                let sink = Self::made(air, correction_wet_bulb_c);
                LAST.set(Some((of, sink)));
                sink
            }
        }
    }

    fn made(air: &MoistAir, correction_wet_bulb_c: Option<f64>) -> Self {
        let wet_bulb_c = air.wet_bulb_c();
        // Scheier's correction, fitted over this range of differences.
        let wet_bulb_factor = correction_wet_bulb_c
            .map_or(1.0, |design| 1.0 + 0.0081 * (design - wet_bulb_c).clamp(-10.0, 25.0));
        Self {
            wet_bulb_c,
            saturated: SaturatedAir::at(wet_bulb_c, air.pressure_pa),
            pressure_pa: air.pressure_pa,
            dry_air_kg_m3: air.dry_air_density_kg_m3(),
            cp_air: CP_DRY_AIR + CP_VAPOUR * air.humidity_ratio,
            wet_bulb_factor,
        }
    }

    /// Capacity rate of `air_m3_s` that takes up `heat_w`, W/K, and its specific heat `cpe`.
    pub(super) fn air_side(&self, heat_w: f64, air_m3_s: f64) -> (f64, f64) {
        let air_kg_s = air_m3_s * self.dry_air_kg_m3;
        let rise_j_kg = heat_w / air_kg_s;
        let slope = self.saturated.enthalpy_slope;
        let leaving_c = saturated_air_temperature_from(
            self.saturated.enthalpy_j_kg + rise_j_kg,
            self.pressure_pa,
            self.leaving_guess_c(rise_j_kg),
        );
        let rise_k = leaving_c - self.wet_bulb_c;
        let cpe = if rise_k > 1e-5 { rise_j_kg / rise_k } else { slope };
        (air_kg_s * cpe, cpe)
    }

    /// Temperature of saturated air `rise_j_kg` above the entering air, to about a kelvin.
    pub(super) fn leaving_guess_c(&self, rise_j_kg: f64) -> f64 {
        // Second order: hs'' / hs' is about 0.045 /K.
        let linear_k = rise_j_kg / self.saturated.enthalpy_slope;
        self.wet_bulb_c + ((1.0 + 2.0 * 0.045 * linear_k).sqrt() - 1.0) / 0.045
    }
}

/// Water of a tower that carries `heat_w(operation, multiple)` in each of the two ways in which
/// it runs, and its vapour.
pub(super) fn tower_water(
    tower: &TowerDesign,
    sink: &TowerSink,
    heat_w: impl Fn(Operation, f64) -> f64,
    air: &MoistAir,
    staged: &Staged,
) -> (WaterFlows, Vapour) {
    let air_share = |operation| staged.wetted * tower.air_share(operation);
    let vapour = Vapour::mean(staged, |operation, multiple| {
        let heat_w = heat_w(operation, multiple);
        if let Some(per_k) = tower.evaporation_per_k {
            return Vapour::given(heat_w, per_k * heat_w / CP_WATER);
        }
        let air_kg_s = tower.air_flow_m3_s * air_share(operation) * sink.dry_air_kg_m3;
        Vapour::of(heat_w, air_kg_s, air, sink.leaving_guess_c(heat_w / air_kg_s))
    });
    let drift = tower.drift * tower.water_kg_s * staged.mean(|operation, _| air_share(operation));
    (WaterFlows::balanced(vapour.kg_s, drift, tower.cycles), vapour)
}

/// Scheier's correction for the air flow, a share of design (held to its fitted range).
fn air_factor(share: f64) -> f64 {
    let r = share.clamp(0.2, 1.0);
    r * (1.3 - 0.3 * r)
}

/// Scheier's correction for the water flow, a share of design (held to its fitted range), over
/// the 1.0039 that it comes to at design: a UA is given for the design flow.
fn water_factor(share: f64) -> f64 {
    let r = share.clamp(0.3, 1.0);
    (0.1082 + r * (1.667 - 0.7713 * r)) / 1.0039
}
