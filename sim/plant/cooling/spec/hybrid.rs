//! Dry coolers ahead of towers as users write them.

use schemars::JsonSchema;
use serde::Deserialize;

use super::super::dry_cooler::{CATALOGUE, DryCoolerDesign};
use super::super::hybrid::HybridDesign;
use super::super::hydronic::{DeviceDesign, HydronicDesign};
use super::super::loops::LoopDesign;
use super::super::pumps::PumpControl;
use super::super::staging::FanControl;
use super::check::{Check, CircuitInput, TowerInput};
use super::{
    BasinHeaterSpec, ControlFaultsSpec, Coolant, FanCurve, MaintenanceSpec, MakeUpSpec,
    RestartSpec, StandbySpec, UnitsFailuresSpec,
};
use crate::spec::{Fault, Names};
use crate::units::{
    Fraction, MassFlow, Power, Pressure, Temperature, TemperatureDelta, Volume, VolumeFlow,
};

/// A pumped water loop with a dry cooler and, behind it, an open cooling tower. The dry cooler
/// works alone while it holds the supply; else it takes what it can and the tower the rest.
///
/// The tower is sized for all of the heat by its design point, as a `tower` is. The dry cooler is
/// sized by `dry_switchover` in units of the catalogue's BAC Trillium TDFS1238N.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct HybridCoolerSpec {
    /// Heat of the racks that the loop is built for.
    pub design_heat: Power,
    /// What feeds fans and pumps, in order of preference.
    pub fed_by: Option<Names>,
    /// What feeds the fans, where that differs from `fed_by`.
    pub fans_fed_by: Option<Names>,
    /// What feeds the pumps, where that differs from `fed_by`.
    pub pumps_fed_by: Option<Names>,
    /// Wanted supply temperature (default: `design_supply`).
    pub supply: Option<Temperature>,
    /// Least supply temperature, held by a bypass against frost (default 7 degC).
    pub minimum_supply: Option<Temperature>,
    /// How far above the supply the coolant or air enters the racks at design heat: the
    /// approach of the coolant distribution units or air handlers (default 4 K, of 3 to 5 K
    /// usual).
    pub approach: Option<TemperatureDelta>,
    /// Number of cells of the tower, each with its part of the dry cooler, which fail one at a
    /// time (default 1).
    pub cells: Option<u32>,
    /// Design heat over water flow: how much the racks warm the water (default 5.5 K).
    pub range: Option<TemperatureDelta>,
    /// Flow of water with all pumps running, in place of a `range`.
    pub water_flow: Option<MassFlow>,
    /// Wet bulb of the tower's design point (default 25.6 degC).
    pub design_wet_bulb: Option<Temperature>,
    /// Supply temperature that the tower alone reaches at design heat and `design_wet_bulb`, at
    /// sea level (default 29.5 degC).
    pub design_supply: Option<Temperature>,
    /// Air through the tower at full fan speed (default 25 m3/s a megawatt rejected).
    pub air_flow: Option<VolumeFlow>,
    /// Power of the tower's fans at full speed (default 10.5 W a kilowatt rejected, as
    /// EnergyPlus).
    pub fan_power: Option<Power>,
    /// Dry bulb at which the dry cooler alone, fans at full speed, holds `supply` at design heat
    /// (default 5 degC: an assumption).
    pub dry_switchover: Option<Temperature>,
    /// Power of the dry cooler's fans at full speed (default: the catalogue's for its size).
    pub dry_fan_power: Option<Power>,
    /// How much warmer than the air the returning water must be for the dry cooler to run ahead
    /// of the tower (default 3 K: an assumption).
    pub dry_difference: Option<TemperatureDelta>,
    /// `variable-speed` and `cycling` (fans of one speed, switched on and off) hold `supply`;
    /// `always-on` lets it float (default `variable-speed`).
    pub fan_control: Option<FanControl>,
    /// Least speed of a running fan (default 20 %).
    pub minimum_fan_speed: Option<Fraction>,
    /// Capacity of the tower, and air of the dry cooler, with the fans at rest (default 10 %).
    pub free_convection: Option<Fraction>,
    /// Share of the water flow that evaporates for each kelvin that the tower cools it, in
    /// place of a balance of the air.
    pub evaporation_loss: Option<Fraction>,
    /// Droplets lost at full air flow, a share of the circulating water (default 0.002 %).
    pub drift: Option<Fraction>,
    /// Cycles of concentration: dissolved solids of the circulating water over those of the
    /// make-up (default 4; 3 to 5 is usual).
    pub cycles_of_concentration: Option<f64>,
    /// A heater in the basins against frost while no water runs over them (default: none).
    pub basin_heater: Option<BasinHeaterSpec>,
    /// Number of pumps in parallel, which fail one at a time (default 1).
    pub pumps: Option<u32>,
    /// Power of all pumps, in place of head and efficiency.
    pub pump_power: Option<Power>,
    /// Head of the pumps (default 200 kPa).
    pub pump_head: Option<Pressure>,
    /// Efficiency of pump and motor (default 70 %).
    pub pump_efficiency: Option<Fraction>,
    /// How the pumps are run: `constant` speed, or `variable-speed`, at which the coolant warms by
    /// its design range whatever the heat (default `constant`).
    pub pump_control: Option<PumpControl>,
    /// Least speed of a pump of variable speed (default 30 %: an assumption).
    pub minimum_pump_speed: Option<Fraction>,
    /// Head of the pumps over their head at no flow: how flat their curve is, and so how much flow
    /// is left when some of them are lost (default 75 %: 2 of 3 still give 87 %).
    pub pump_head_at_duty: Option<Fraction>,
    /// Share of the pumps' power that warms the coolant (default 100 %).
    pub pump_heat: Option<Fraction>,
    /// Water in pipes and machines (default 2.9 L a kilowatt of design heat).
    pub volume: Option<Volume>,
    /// A buffer tank in the loop, well mixed (default: none).
    pub buffer: Option<Volume>,
    /// Its make-up water: the basin, and what limits it (default: the main brings whatever is
    /// lost).
    pub water: Option<MakeUpSpec>,
    /// Units beyond those that its design heat takes, which stand by (default: none).
    pub standby: Option<StandbySpec>,
    /// How its machines fail, one unit at a time (default: they do not).
    pub failures: Option<UnitsFailuresSpec>,
    /// When its machines are taken out of service (default: never).
    pub maintenance: Option<MaintenanceSpec>,
    /// When its controls have failed, to ask what would come of it (default: never).
    pub control_faults: Option<ControlFaultsSpec>,
    /// How long its machines take to start after their bus was dead.
    pub restart: Option<RestartSpec>,
    /// Where the figures of this entry come from.
    pub source: Option<String>,
}

impl HybridCoolerSpec {
    pub(super) fn resolve(&self, faults: &mut Vec<Fault>) -> LoopDesign {
        let mut check = Check { faults };
        let heat_w = check.heat(self.design_heat);
        let range_k = check.between("range", self.range.map(|r| r.0), 5.5, (1.0, 40.0), "K");
        let circuit = check.circuit(&CircuitInput {
            heat_w,
            range_k,
            flow: ("water_flow", self.water_flow, self.range.is_some()),
            coolant: Coolant::Water,
            pumps: self.pumps,
            power: self.pump_power,
            heat: self.pump_heat,
            head_pa: self.pump_head.map_or(200e3, |h| h.0),
            efficiency: self.pump_efficiency.map_or(0.7, |e| e.0),
            law: (self.pump_control, self.minimum_pump_speed, self.pump_head_at_duty),
            approach: self.approach,
        });
        check.fed("fans", self.fans_fed_by.as_ref().or(self.fed_by.as_ref()));
        check.fed("pumps", self.pumps_fed_by.as_ref().or(self.fed_by.as_ref()));
        let rejected_w = heat_w + circuit.pump_heat_w();
        let (minimum_fan_speed, free_convection) =
            check.fan_speeds(self.minimum_fan_speed, self.free_convection);
        let (tower, point) = check.tower(&TowerInput {
            rejected_w,
            water_kg_s: circuit.flow_kg_s,
            design_wet_bulb: self.design_wet_bulb,
            leaving: ("design_supply", self.design_supply, 29.5),
            ua: None,
            air_flow: self.air_flow,
            fan_power: self.fan_power,
            fan_curve: (None, None),
            free: (free_convection, None, minimum_fan_speed),
            wet_bulb_correction: None,
            flow_corrections: None,
            evaporation_loss: self.evaporation_loss,
            drift: (self.drift, None),
            cycles_of_concentration: self.cycles_of_concentration,
            cells: self.cells,
        });
        let setpoint_c = self.supply.map_or(point.leaving_c, |t| t.0);
        let switchover_c = check.between(
            "dry_switchover",
            self.dry_switchover.map(|t| t.0),
            5.0,
            (-40.0, 60.0),
            "degC",
        );
        let water_w_k = circuit.flow_kg_s * circuit.specific_heat_j_kgk;
        let count = CATALOGUE
            .count_in(switchover_c, rejected_w, water_w_k, setpoint_c - switchover_c)
            .unwrap_or_else(|| {
                check.faults.push(
                    Fault::error(
                        "dry_switchover",
                        format!(
                            "no dry cooler of a sensible size cools {} to {setpoint_c:.1} degC \
                             with air of {switchover_c:.1} degC",
                            Power(rejected_w)
                        ),
                    )
                    .help("5 K or more below the supply is usual"),
                );
                rejected_w / CATALOGUE.heat_w
            });
        let dry = DryCoolerDesign {
            ua_w_k: count * CATALOGUE.ua_w_k(),
            air_flow_m3_s: count * CATALOGUE.air_flow_m3_s(),
            water_kg_s: circuit.flow_kg_s,
            fan_w: check.fan_power_of(
                "dry_fan_power",
                self.dry_fan_power,
                count * CATALOGUE.fan_w,
                rejected_w,
            ),
            fan_at_sea_level: self.dry_fan_power.is_none(),
            fan_law: check.fan_law((None, None), FanCurve::Cube),
            free_convection,
            recirculation_k: 0.0,
            pads: None,
            units: tower.cells,
        };
        let worthwhile_k = check.between(
            "dry_difference",
            self.dry_difference.map(|d| d.0),
            3.0,
            (0.0, 40.0),
            "K",
        );
        let design = HydronicDesign {
            design_heat_w: heat_w,
            circuit,
            device: DeviceDesign::Hybrid(HybridDesign { dry, tower, worthwhile_k }),
            fan_control: self.fan_control.unwrap_or(FanControl::VariableSpeed),
            setpoint_c,
            minimum_supply_c: self.minimum_supply.map_or(7.0, |t| t.0),
            minimum_fan_speed,
            basin: check.basin_heater(self.basin_heater),
        };
        check.setpoint(
            &design,
            &point.air,
            self.supply.is_some(),
            &format!("wet bulb of {:.1} degC", point.air.wet_bulb_c()),
        );
        LoopDesign::Hydronic(design)
    }
}
