//! What specs of loops resolve alike: circuits, design points, doubts about setpoints.

use super::bounds;
use super::pumps::{PumpDefaults, PumpsSpec};
use crate::fluids::{MoistAir, water};
use crate::plant::cooling::circuit::CircuitDesign;
use crate::plant::cooling::dry_cooler::CATALOGUE;
use crate::plant::cooling::hydronic::HydronicDesign;
use crate::plant::cooling::loops::{CoolingLoop, LoopDesign};
use crate::plant::cooling::staging::FanControl;
use crate::plant::cooling::state::Drive;
pub(super) use crate::spec::Check;
use crate::spec::Fault;
use crate::units::{MassFlow, Power, Temperature, TemperatureDelta};

/// Which liquid a circuit holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Coolant {
    /// Water, 4186 J/(kg K).
    Water,
    /// 25 % propylene glycol, 3900 J/(kg K), 1030 kg/m3.
    Pg25,
}

impl Coolant {
    /// Specific heat, J/(kg K).
    pub(super) fn j_kgk(self) -> f64 {
        match self {
            Self::Water => water::CP_WATER,
            Self::Pg25 => water::CP_PG25,
        }
    }

    /// Density, kg/m3.
    pub(super) fn kg_m3(self) -> f64 {
        match self {
            Self::Water => water::DENSITY_WATER,
            Self::Pg25 => water::DENSITY_PG25,
        }
    }

    /// Heat that a cubic metre takes up per kelvin, J/(m3 K).
    pub(super) fn j_m3k(self) -> f64 {
        self.j_kgk() * self.kg_m3()
    }
}

/// What fields say of a circuit beside its pumps.
#[derive(Debug, Clone, Copy)]
pub(super) struct Circuit {
    pub(super) range: Option<TemperatureDelta>,
    pub(super) water_flow: Option<MassFlow>,
    pub(super) approach: Option<TemperatureDelta>,
    pub(super) coolant: Coolant,
}

impl Circuit {
    /// The circuit that carries `heat_w`, over `usual_range_k` by default.
    pub(super) fn resolve(
        &self,
        check: &mut Check<'_>,
        heat_w: f64,
        usual_range_k: f64,
        pumps: (&PumpsSpec, &PumpDefaults),
    ) -> CircuitDesign {
        let (pumps, defaults) = pumps;
        let flow_kg_s = self.flow_kg_s(check, heat_w, usual_range_k);
        CircuitDesign {
            flow_kg_s,
            specific_heat_j_kgk: self.coolant.j_kgk(),
            pump_w: pumps.power_w(check, flow_kg_s / self.coolant.kg_m3(), heat_w, defaults),
            pump_heat: pumps.heat(),
            pumps: pumps.count(check, defaults),
            pump_law: pumps.law(check),
            approach_k: check.bounded("approach", self.approach, 4.0, &bounds::RACK_APPROACH),
        }
    }

    /// Flow of coolant that carries `heat_w`, kg/s.
    pub(super) fn flow_kg_s(&self, check: &mut Check<'_>, heat_w: f64, usual_range_k: f64) -> f64 {
        let range_k = check.bounded("range", self.range, usual_range_k, &bounds::RANGE);
        if self.water_flow.is_some() && self.range.is_some() {
            let message = "`water_flow` and `range` both give the flow".to_owned();
            check.error("water_flow", message);
        }
        let by_range = |range_k: f64| heat_w / (self.coolant.j_kgk() * range_k);
        let usual = bounds::flow(by_range(usual_range_k));
        check.bounded("water_flow", self.water_flow, by_range(range_k), &usual)
    }
}

impl Check<'_> {
    /// Heat that a part is built for, W.
    pub(super) fn heat(&mut self, heat: Power) -> f64 {
        self.bounded("design_heat", Some(heat), 1e6, &bounds::HEAT)
    }

    /// Least supply of a pumped loop, degrees Celsius.
    pub(super) fn minimum_supply(&mut self, written: Option<Temperature>, usual_c: f64) -> f64 {
        self.bounded("minimum_supply", written, usual_c, &bounds::MINIMUM_SUPPLY)
    }

    /// How much air that was blown out warms what enters, K.
    pub(super) fn recirculation(&mut self, written: Option<TemperatureDelta>) -> f64 {
        self.bounded("recirculation", written, 0.0, &bounds::RECIRCULATION)
    }

    /// How many of the catalogue's dry coolers bring coolant of `water_w_k` with `heat_w` to
    /// `supply_c` in air of `dry_bulb_c`.
    pub(super) fn catalogue_count(
        &mut self,
        (heat_w, water_w_k): (f64, f64),
        (dry_bulb_c, supply_c): (f64, f64),
    ) -> f64 {
        CATALOGUE.count(heat_w, water_w_k, supply_c - dry_bulb_c).unwrap_or_else(|| {
            self.faults.push(
                Fault::error(
                    "design_supply",
                    format!(
                        "no dry cooler of a sensible size cools {} to {supply_c:.1} degC with air \
                         of {dry_bulb_c:.1} degC",
                        Power(heat_w)
                    ),
                )
                .help("a supply 5 K or more above `design_dry_bulb` is usual"),
            );
            heat_w / CATALOGUE.heat_w
        })
    }

    /// Warns where the loop does not hold its setpoint at its own design point.
    pub(super) fn setpoint(
        &mut self,
        design: &HydronicDesign,
        air: &MoistAir,
        wanted: bool,
        weather: &str,
    ) {
        if design.setpoint_c < design.minimum_supply_c {
            self.warning(
                "supply",
                format!(
                    "the bypass holds the supply at {:.1} degC or more, above the wanted {:.1} degC",
                    design.minimum_supply_c, design.setpoint_c
                ),
            );
        }
        if !wanted || design.fan_control == FanControl::AlwaysOn {
            return;
        }
        let state = CoolingLoop::new(&LoopDesign::Hydronic(*design)).solve(
            design.design_heat_w,
            air,
            Drive::FULL,
        );
        if state.saturated && state.supply_c > design.setpoint_c + 0.05 {
            self.faults.push(
                Fault::warning(
                    "supply",
                    format!(
                        "{:.1} degC is not held at design heat and a {weather}: the loop reaches {:.1} degC",
                        design.setpoint_c, state.supply_c
                    ),
                )
                .help(match design.trim {
                    Some(_) => "the trim is too small: raise its `design_heat` or `capacity`",
                    None => "on hotter days and at altitude it is warmer still",
                }),
            );
        }
    }
}

/// Air of a tower's design point: at sea level, with the dry bulb of its usual rating.
pub(super) fn design_air(wet_bulb_c: f64) -> MoistAir {
    MoistAir::from_wet_bulb(wet_bulb_c.max(35.0), wet_bulb_c, 101_325.0)
}
