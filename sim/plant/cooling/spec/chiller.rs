//! Chilled-water plants as users write them.

mod bank;

use schemars::JsonSchema;
use serde::Deserialize;

use self::bank::{ChillersInput, StagingInput};
use super::super::chiller::Beyond;
use super::super::chiller_plant::{AirCooledChillerDesign, ChillerPlantDesign};
use super::super::curves::{Condenser, CurveSet};
use super::super::exchange::Sides;
use super::super::loops::LoopDesign;
use super::super::pumps::PumpControl;
use super::super::staging::FanControl;
use super::check::{Check, CircuitInput, TowerInput};
use super::operation::{RestartSpec, UnitsFailuresSpec};
use super::{ControlFaultsSpec, Coolant, FanCurve, MaintenanceSpec, MakeUpSpec, StandbySpec};
use crate::fluids::{MoistAir, water};
use crate::spec::{Fault, Names};
use crate::units::{
    Conductance, Duration, Fraction, MassFlow, Power, Pressure, Temperature, TemperatureDelta,
    Volume, VolumeFlow,
};

/// Chilled water from chillers whose condensers are cooled by an open tower, with an
/// economiser where one is built.
///
/// Without `capacity` the chillers together carry the design heat at `supply` and
/// `design_condenser_supply`.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ChillerPlantSpec {
    /// Heat of the racks that the plant is built for.
    pub design_heat: Power,
    /// What feeds fans, pumps and chillers, in order of preference.
    pub fed_by: Option<Names>,
    /// What feeds the tower's fans, where that differs from `fed_by`.
    pub fans_fed_by: Option<Names>,
    /// What feeds the pumps, where that differs from `fed_by`.
    pub pumps_fed_by: Option<Names>,
    /// What feeds the chillers, where that differs from `fed_by`.
    pub chillers_fed_by: Option<Names>,
    /// Wanted temperature of the chilled water (default: that of the curves' reference point,
    /// 6.67 degC for `carrier-19xr-1407kw`).
    pub supply: Option<Temperature>,
    /// How far above the supply the coolant or air enters the racks at design heat: the
    /// approach of the coolant distribution units or air handlers (default 4 K, of 3 to 5 K
    /// usual).
    pub approach: Option<TemperatureDelta>,
    /// Design heat over flow of chilled water: how much the racks warm it (default 5.56 K, the
    /// rating conditions of AHRI 550/590).
    pub range: Option<TemperatureDelta>,
    /// Flow of chilled water with all pumps running, in place of a `range`.
    pub water_flow: Option<MassFlow>,
    /// Number of chillers, which fail one at a time (default 1).
    pub chillers: Option<u32>,
    /// Which maker's chiller (default `carrier-19xr-1407kw`).
    pub curves: Option<CurveSet>,
    /// Curves of one's own, in place of a named set.
    pub own_curves: Option<ChillerCurvesSpec>,
    /// Capacity of one chiller at the reference point of its curves (default: what the design
    /// heat needs).
    pub capacity: Option<Power>,
    /// Heat removed over power drawn at the reference point (default: that of the curves).
    pub cop: Option<f64>,
    /// Load of the running chillers, a share of their reference capacity, that a plant is run at
    /// or below: one fewer runs when the others would stay below it (default 85 %).
    pub stage_at: Option<Fraction>,
    /// One more starts when those running have been loaded above this share of their capacity
    /// for `stage_up_after` (default 90 %); at once when they can not carry the heat.
    pub stage_up_at: Option<Fraction>,
    /// How long they have been (default 5 min).
    pub stage_up_after: Option<Duration>,
    /// Least time that a chiller runs before it is stopped, rests before it starts again, and
    /// that the plant stays with or without its economiser (default 20 min).
    pub least_run_time: Option<Duration>,
    /// From the order to start, or the return of power, until a chiller cools (default
    /// 10 min, of 10 to 15 min usual; quick-restart options do it in less).
    pub start_delay: Option<Duration>,
    /// Outside the temperatures of the curves: `carnot` lets power go with the lift, `hold`
    /// keeps the value of their end as EnergyPlus does (default `carnot`).
    pub beyond_curves: Option<Beyond>,
    /// Share of the compressors' power that reaches the condensers (default 100 %; less for
    /// open motors).
    pub compressor_heat: Option<Fraction>,
    /// Condenser water wanted from the tower (default 21.1 degC, the 70 degF of ASHRAE 90.1
    /// appendix G).
    pub condenser_supply: Option<Temperature>,
    /// Lets the condenser water follow the weather, in place of one `condenser_supply`.
    pub condenser_reset: Option<CondenserResetSpec>,
    /// Least temperature at which water enters the condensers, held by a bypass (default: the
    /// coldest of the curves, 12.78 degC for `carrier-19xr-1407kw`).
    pub minimum_condenser: Option<Temperature>,
    /// Least temperature of the tower's water, against frost (default 5 degC).
    pub minimum_basin: Option<Temperature>,
    /// Design heat of the condensers over flow of condenser water (default 5.5 K).
    pub condenser_range: Option<TemperatureDelta>,
    /// Flow of condenser water with all pumps running, in place of a `condenser_range`.
    pub condenser_flow: Option<MassFlow>,
    /// A plate exchanger that cools the returning chilled water with the tower's, ahead of the
    /// chillers (default: none).
    pub economiser: Option<EconomiserSpec>,
    /// Number of tower cells, which fail one at a time (default 1).
    pub cells: Option<u32>,
    /// Wet bulb of the tower's design point (default 25.6 degC).
    pub design_wet_bulb: Option<Temperature>,
    /// Condenser water that the tower reaches at design heat and `design_wet_bulb`, at sea
    /// level (default 29.5 degC).
    pub design_condenser_supply: Option<Temperature>,
    /// Conductance of the whole tower at design flows, in place of a
    /// `design_condenser_supply`.
    pub ua: Option<Conductance>,
    /// Air through the whole tower at full fan speed (default 25 m3/s a megawatt rejected).
    pub air_flow: Option<VolumeFlow>,
    /// Power of all tower fans at full speed (default 10.5 W a kilowatt rejected, as
    /// EnergyPlus).
    pub fan_power: Option<Power>,
    /// How fan power falls with speed: `cube` (of it) or `tower` (the ten points of EnergyPlus'
    /// variable-speed tower, with the losses of drive and motor). Default: `tower`.
    pub fan_curve: Option<FanCurve>,
    /// Fan power over that of full speed as `c1 + c2 r + c3 r^2 + c4 r^3` of the speed `r`, in
    /// place of a `fan_curve`.
    pub own_fan_curve: Option<[f64; 4]>,
    /// `variable-speed` and `cycling` (fans of one speed, switched on and off) hold
    /// `condenser_supply`; `always-on` lets it float (default `variable-speed`).
    pub fan_control: Option<FanControl>,
    /// Least speed of a running fan (default 20 %).
    pub minimum_fan_speed: Option<Fraction>,
    /// Air of the tower with the fans at rest (default 10 %, as EnergyPlus).
    pub free_convection: Option<Fraction>,
    /// Conductance of the tower with the fans at rest (default: as much as `free_convection`).
    pub free_convection_ua: Option<Fraction>,
    /// Whether the conductance rises as the wet bulb falls, after Scheier (default true).
    pub wet_bulb_correction: Option<bool>,
    /// Whether the conductance falls with the flows of air and water, after Scheier (default
    /// true; EnergyPlus' single-speed towers have none).
    pub flow_corrections: Option<bool>,
    /// Share of the water flow that evaporates for each kelvin that the tower cools it, in
    /// place of a balance of the air (0.15 to 0.27 % is usual; EnergyPlus' loss factor is
    /// 0.2 %).
    pub evaporation_loss: Option<Fraction>,
    /// Droplets lost at full air flow, a share of the circulating water (default 0.002 %).
    pub drift: Option<Fraction>,
    /// Droplets lost at full air flow, in place of a share.
    pub drift_flow: Option<VolumeFlow>,
    /// Cycles of concentration: dissolved solids of the circulating water over those of the
    /// make-up (default 4; 3 to 5 is usual).
    pub cycles_of_concentration: Option<f64>,
    /// Number of pumps in parallel in each circuit, which fail one at a time (default 1).
    pub pumps: Option<u32>,
    /// Power of all chilled-water pumps, in place of head and efficiency.
    pub pump_power: Option<Power>,
    /// Head of the chilled-water pumps (default 200 kPa).
    pub pump_head: Option<Pressure>,
    /// Efficiency of all pumps and their motors (default 70 %).
    pub pump_efficiency: Option<Fraction>,
    /// How the pumps of chilled water are run: `constant` speed, or `variable-speed`, at which the coolant warms by
    /// its design range whatever the heat (default `constant`).
    pub pump_control: Option<PumpControl>,
    /// Least speed of a pump of variable speed (default 30 %: an assumption).
    pub minimum_pump_speed: Option<Fraction>,
    /// Head of the pumps over their head at no flow: how flat their curve is, and so how much flow
    /// is left when some of them are lost (default 75 %: 2 of 3 still give 87 %).
    pub pump_head_at_duty: Option<Fraction>,
    /// Share of the pumps' power that warms the coolant (default 100 %; less where motors give
    /// theirs to the room).
    pub pump_heat: Option<Fraction>,
    /// Power of all condenser pumps, in place of head and efficiency.
    pub condenser_pump_power: Option<Power>,
    /// Head of the condenser pumps (default 180 kPa).
    pub condenser_pump_head: Option<Pressure>,
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

/// A setpoint of the condenser water that follows the wet bulb outside.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CondenserResetSpec {
    /// Kelvins above the wet bulb: the approach that is asked of the tower.
    pub above_wet_bulb: TemperatureDelta,
    /// Never colder than this (default: `minimum_condenser`).
    pub coldest: Option<Temperature>,
    /// Never warmer than this (default: `design_condenser_supply`).
    pub warmest: Option<Temperature>,
}

/// A waterside economiser: a plate exchanger between chilled and condenser water.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EconomiserSpec {
    /// How close the chilled water comes to the tower's at design heat and flows (default 2 K:
    /// an assumption).
    pub approach: Option<TemperatureDelta>,
    /// Conductance at design flows, in place of an `approach`.
    pub ua: Option<Conductance>,
}

/// Curves of a chiller in the form of DOE-2 and EnergyPlus' `Chiller:Electric:EIR`.
///
/// Two of them have six coefficients: `c1 + c2 x + c3 x^2 + c4 y + c5 y^2 + c6 x y`, with `x`
/// the chilled water leaving and `y` what enters the condenser, in degrees Celsius.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ChillerCurvesSpec {
    /// Heat removed over power drawn at the reference point.
    pub cop: f64,
    /// Chilled water leaving at the reference point (default 6.67 degC).
    pub supply: Option<Temperature>,
    /// Coldest chilled water for which the curves hold.
    pub supply_min: Temperature,
    /// Warmest chilled water for which the curves hold.
    pub supply_max: Temperature,
    /// Coldest condenser water or air for which the curves hold.
    pub condenser_min: Temperature,
    /// Warmest condenser water or air for which the curves hold.
    pub condenser_max: Temperature,
    /// Capacity over reference capacity: six coefficients.
    pub capacity: [f64; 6],
    /// Power over heat at full load, over that of the reference point: six coefficients.
    pub power: [f64; 6],
    /// Power over full-load power by part-load ratio: `c1 + c2 p + c3 p^2`.
    pub part_load: [f64; 3],
    /// Part-load ratio below which the chiller cycles (default 0.1).
    pub least_part_load: Option<Fraction>,
    /// Part-load ratio below which its power no longer falls (default: `least_part_load`).
    pub least_unloading: Option<Fraction>,
    /// Greatest part-load ratio (default 1).
    pub most_part_load: Option<f64>,
}

/// Chilled water from chillers whose condensers are cooled by outdoor air.
///
/// The fans of the condensers are part of the chillers' power. Without `capacity` the
/// chillers together carry the design heat at `supply` in air of `design_dry_bulb`.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AirCooledChillerSpec {
    /// Heat of the racks that the plant is built for.
    pub design_heat: Power,
    /// What feeds pumps and chillers, in order of preference.
    pub fed_by: Option<Names>,
    /// What feeds the pumps, where that differs from `fed_by`.
    pub pumps_fed_by: Option<Names>,
    /// What feeds the chillers, where that differs from `fed_by`.
    pub chillers_fed_by: Option<Names>,
    /// Wanted temperature of the chilled water (default: that of the curves' reference point,
    /// 6.67 degC for `carrier-30rb390`).
    pub supply: Option<Temperature>,
    /// How far above the supply the coolant or air enters the racks at design heat: the
    /// approach of the coolant distribution units or air handlers (default 4 K, of 3 to 5 K
    /// usual).
    pub approach: Option<TemperatureDelta>,
    /// Design heat over flow of chilled water: how much the racks warm it (default 5.56 K, the
    /// rating conditions of AHRI 550/590).
    pub range: Option<TemperatureDelta>,
    /// Flow of chilled water with all pumps running, in place of a `range`.
    pub water_flow: Option<MassFlow>,
    /// Number of chillers, which fail one at a time (default 1).
    pub chillers: Option<u32>,
    /// Which maker's chiller (default `carrier-30rb390`).
    pub curves: Option<CurveSet>,
    /// Curves of one's own, in place of a named set.
    pub own_curves: Option<ChillerCurvesSpec>,
    /// Capacity of one chiller at the reference point of its curves (default: what the design
    /// heat needs).
    pub capacity: Option<Power>,
    /// Heat removed over power drawn at the reference point (default: that of the curves).
    pub cop: Option<f64>,
    /// Load of the running chillers, a share of their reference capacity, that a plant is run at
    /// or below: one fewer runs when the others would stay below it (default 85 %).
    pub stage_at: Option<Fraction>,
    /// One more starts when those running have been loaded above this share of their capacity
    /// for `stage_up_after` (default 90 %); at once when they can not carry the heat.
    pub stage_up_at: Option<Fraction>,
    /// How long they have been (default 5 min).
    pub stage_up_after: Option<Duration>,
    /// Least time that a chiller runs before it is stopped, rests before it starts again, and
    /// that the plant stays with or without its economiser (default 20 min).
    pub least_run_time: Option<Duration>,
    /// From the order to start, or the return of power, until a chiller cools (default
    /// 10 min, of 10 to 15 min usual; quick-restart options do it in less).
    pub start_delay: Option<Duration>,
    /// Outside the temperatures of the curves: `carnot` lets power go with the lift, `hold`
    /// keeps the value of their end as EnergyPlus does (default `carnot`).
    pub beyond_curves: Option<Beyond>,
    /// Dry bulb at which the chillers carry the design heat (default 35 degC, the rating of
    /// AHRI 550/590).
    pub design_dry_bulb: Option<Temperature>,
    /// How much warmer than the weather the air enters the condensers, having mixed with what
    /// was blown out (default 0 K; 0 to 3 K is usual).
    pub recirculation: Option<TemperatureDelta>,
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
    /// Share of the pumps' power that warms the coolant (default 100 %; less where motors give
    /// theirs to the room).
    pub pump_heat: Option<Fraction>,
    /// Water in pipes and machines (default 2.9 L a kilowatt of design heat).
    pub volume: Option<Volume>,
    /// A buffer tank in the loop, well mixed (default: none).
    pub buffer: Option<Volume>,
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

impl ChillerPlantSpec {
    pub(super) fn resolve(&self, faults: &mut Vec<Fault>) -> LoopDesign {
        let mut check = Check { faults };
        let heat_w = check.heat(self.design_heat);
        let efficiency = self.pump_efficiency.map_or(0.7, |e| e.0);
        let range_k = check.chilled_range(self.range);
        let circuit = check.circuit(&CircuitInput {
            heat_w,
            range_k,
            flow: ("water_flow", self.water_flow, self.range.is_some()),
            coolant: Coolant::Water,
            pumps: self.pumps,
            power: self.pump_power,
            heat: self.pump_heat,
            head_pa: self.pump_head.map_or(200e3, |h| h.0),
            efficiency,
            law: (self.pump_control, self.minimum_pump_speed, self.pump_head_at_duty),
            approach: self.approach,
        });
        for (what, own) in [
            ("fans", &self.fans_fed_by),
            ("pumps", &self.pumps_fed_by),
            ("chillers", &self.chillers_fed_by),
        ] {
            check.fed(what, own.as_ref().or(self.fed_by.as_ref()));
        }
        let (minimum_fan_speed, free_convection) =
            check.fan_speeds(self.minimum_fan_speed, self.free_convection);
        let default = CurveSet::Carrier19xr;
        let curves = check.curves((self.curves, &self.own_curves), Condenser::Water, default);
        let setpoint_c = check.chilled_supply(self.supply, &curves);
        let condenser_c = self.design_condenser_supply.map_or(29.5, |t| t.0);
        let chillers = check.chillers(&ChillersInput {
            curves,
            heat_w: heat_w + circuit.pump_heat_w(),
            at_c: (setpoint_c, condenser_c),
            units: self.chillers,
            capacity: self.capacity,
            cop: self.cop,
            staging: StagingInput {
                at: self.stage_at,
                up_at: self.stage_up_at,
                up_after: self.stage_up_after,
                least_time: self.least_run_time,
                start_delay: self.start_delay,
                standby: self.standby,
            },
            beyond: self.beyond_curves,
            compressor_heat: self.compressor_heat,
        });

        // The tower takes the design heat with the compressors' power at its design point.
        let units = f64::from(chillers.units);
        let evaporator_w = heat_w + circuit.pump_heat_w();
        let condensed_w = evaporator_w
            + chillers.compressor_heat
                * chillers.power_w(units, evaporator_w, setpoint_c, condenser_c);
        let condenser_range_k = check.between(
            "condenser_range",
            self.condenser_range.map(|r| r.0),
            5.5,
            (1.0, 40.0),
            "K",
        );
        let condenser = check.circuit(&CircuitInput {
            heat_w: condensed_w,
            range_k: condenser_range_k,
            flow: ("condenser_flow", self.condenser_flow, self.condenser_range.is_some()),
            coolant: Coolant::Water,
            pumps: self.pumps,
            power: self.condenser_pump_power,
            heat: self.pump_heat,
            head_pa: self.condenser_pump_head.map_or(180e3, |h| h.0),
            efficiency,
            // Condenser pumps run at constant speed, on the curve of the others.
            law: (None, None, self.pump_head_at_duty),
            approach: None,
        });
        let (tower, point) = check.tower(&TowerInput {
            rejected_w: condensed_w + condenser.pump_heat_w(),
            water_kg_s: condenser.flow_kg_s,
            design_wet_bulb: self.design_wet_bulb,
            leaving: ("design_condenser_supply", self.design_condenser_supply, 29.5),
            ua: self.ua,
            air_flow: self.air_flow,
            fan_power: self.fan_power,
            fan_curve: (self.fan_curve, self.own_fan_curve),
            free: (free_convection, self.free_convection_ua, minimum_fan_speed),
            wet_bulb_correction: self.wet_bulb_correction,
            flow_corrections: self.flow_corrections,
            evaporation_loss: self.evaporation_loss,
            drift: (self.drift, self.drift_flow),
            cycles_of_concentration: self.cycles_of_concentration,
            cells: self.cells,
        });
        let minimum_basin_c = self.minimum_basin.map_or(5.0, |t| t.0);
        let minimum_condenser_c = self.minimum_condenser.map_or(curves.condenser_c.0, |t| t.0);
        let condenser_setpoint = check.condenser_setpoint(
            self.condenser_supply,
            self.condenser_reset.as_ref(),
            (minimum_condenser_c, condenser_c),
        );
        let economiser = self.economiser.as_ref().and_then(|spec| {
            let rates = Sides {
                hot: circuit.flow_kg_s * circuit.specific_heat_j_kgk,
                cold: condenser.flow_kg_s * water::CP_WATER,
            };
            check.economiser(spec, evaporator_w, rates)
        });
        let design = ChillerPlantDesign {
            design_heat_w: heat_w,
            circuit,
            setpoint_c,
            chillers,
            condenser_kg_s: condenser.flow_kg_s,
            condenser_pump_w: condenser.pump_w,
            tower,
            fan_control: self.fan_control.unwrap_or(FanControl::VariableSpeed),
            condenser_setpoint,
            minimum_condenser_c,
            minimum_basin_c,
            minimum_fan_speed,
            economiser,
        };
        let design = LoopDesign::ChillerPlant(design);
        let weather = format!("wet bulb of {:.1} degC", point.air.wet_bulb_c());
        check.chilled(&design, (heat_w, setpoint_c), &point.air, &weather);
        design
    }
}

impl AirCooledChillerSpec {
    pub(super) fn resolve(&self, faults: &mut Vec<Fault>) -> LoopDesign {
        let mut check = Check { faults };
        let heat_w = check.heat(self.design_heat);
        let range_k = check.chilled_range(self.range);
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
        check.fed("pumps", self.pumps_fed_by.as_ref().or(self.fed_by.as_ref()));
        check.fed("chillers", self.chillers_fed_by.as_ref().or(self.fed_by.as_ref()));
        let default = CurveSet::Carrier30rb390;
        let curves = check.curves((self.curves, &self.own_curves), Condenser::Air, default);
        let setpoint_c = check.chilled_supply(self.supply, &curves);
        let dry_bulb_c = check.between(
            "design_dry_bulb",
            self.design_dry_bulb.map(|t| t.0),
            35.0,
            (-20.0, 60.0),
            "degC",
        );
        let recirculation_k = check.recirculation(self.recirculation);
        let chillers = check.chillers(&ChillersInput {
            curves,
            heat_w: heat_w + circuit.pump_heat_w(),
            at_c: (setpoint_c, dry_bulb_c + recirculation_k),
            units: self.chillers,
            capacity: self.capacity,
            cop: self.cop,
            staging: StagingInput {
                at: self.stage_at,
                up_at: self.stage_up_at,
                up_after: self.stage_up_after,
                least_time: self.least_run_time,
                start_delay: self.start_delay,
                standby: self.standby,
            },
            beyond: self.beyond_curves,
            compressor_heat: None,
        });
        let design = LoopDesign::AirCooledChiller(AirCooledChillerDesign {
            design_heat_w: heat_w,
            circuit,
            setpoint_c,
            chillers,
            recirculation_k,
        });
        let air = MoistAir { dry_bulb_c, humidity_ratio: 0.0, pressure_pa: 101_325.0 };
        let weather = format!("dry bulb of {dry_bulb_c:.1} degC");
        check.chilled(&design, (heat_w, setpoint_c), &air, &weather);
        design
    }
}
