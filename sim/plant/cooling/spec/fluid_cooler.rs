//! Evaporative fluid coolers as users write them.

use schemars::JsonSchema;
use serde::Deserialize;

use super::super::dry_cooler::DryCoolerDesign;
use super::super::fluid_cooler::{
    EvaporationLaw, FluidCoolerDesign, FluidCoolerPoint, SprayControl, SprayDesign,
};
use super::super::hydronic::{DeviceDesign, HydronicDesign};
use super::super::loops::LoopDesign;
use super::super::pumps::{self, PumpControl};
use super::super::staging::FanControl;
use super::super::tower::TowerPoint;
use super::check::{Check, CircuitInput, design_air};
use super::{
    BasinHeaterSpec, ControlFaultsSpec, Coolant, FanCurve, MaintenanceSpec, MakeUpSpec,
    RestartSpec, StandbySpec, UnitsFailuresSpec,
};
use crate::fluids::water;
use crate::spec::{Fault, Names};
use crate::units::{
    Conductance, Fraction, MassFlow, Power, Pressure, Temperature, TemperatureDelta, Volume,
    VolumeFlow,
};

/// A pumped loop with an evaporative (closed-circuit) fluid cooler at its end: the coolant stays
/// in a coil, over which water is sprayed. In the cold the spray is off and the coil dry.
///
/// The sprayed coil is sized by a design point (`design_supply` at `design_wet_bulb`) or by its
/// `ua`, the dry one by `dry_switchover` or its `dry_ua`. Defaults are the usual rating point of
/// 35 to 29.5 degC at a wet bulb of 25.6 degC, with air, fans and spray of EnergyPlus' example
/// of such a cooler (3.02 m3/s, 2.25 kW and 2.208 L/s for 87.9 kW).
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FluidCoolerSpec {
    /// Heat of the racks that the loop is built for.
    pub design_heat: Power,
    /// What feeds fans, spray pumps and pumps, in order of preference.
    pub fed_by: Option<Names>,
    /// What feeds the fans and spray pumps, where that differs from `fed_by`.
    pub fans_fed_by: Option<Names>,
    /// What feeds the pumps of the loop, where that differs from `fed_by`.
    pub pumps_fed_by: Option<Names>,
    /// Wanted supply temperature (default: `design_supply`).
    pub supply: Option<Temperature>,
    /// Least supply temperature, held by a bypass (default 7 degC for water, 2 degC for glycol).
    /// Between it and `supply` the loop floats on days when the cooler does with its fans at
    /// rest.
    pub minimum_supply: Option<Temperature>,
    /// How far above the supply the coolant or air enters the racks at design heat: the
    /// approach of the coolant distribution units or air handlers (default 4 K, of 3 to 5 K
    /// usual; 0 K for machines on the loop itself).
    pub approach: Option<TemperatureDelta>,
    /// Number of units, each with its fan and its spray pump, which fail one at a time
    /// (default 1).
    pub units: Option<u32>,
    /// What the loop is filled with: `water` or `pg25` (default `water`).
    pub coolant: Option<Coolant>,
    /// Design heat over coolant flow: how much the racks warm it (default 5.5 K).
    pub range: Option<TemperatureDelta>,
    /// Flow of coolant with all pumps running, in place of a `range`.
    pub water_flow: Option<MassFlow>,
    /// Wet bulb of the design point (default 25.6 degC).
    pub design_wet_bulb: Option<Temperature>,
    /// Supply temperature that the sprayed cooler reaches at design heat and `design_wet_bulb`,
    /// at sea level (default 29.5 degC).
    pub design_supply: Option<Temperature>,
    /// Conductance of the sprayed cooler at design flows, a specific heat of moist air as
    /// EnergyPlus has it, in place of a `design_supply`.
    pub ua: Option<Conductance>,
    /// Share of the resistance of the sprayed coil at its design point that lies between coolant
    /// and spray, in film and wall, rather than between spray and air (default 0 %, as
    /// EnergyPlus has it).
    pub coil_resistance: Option<Fraction>,
    /// Dry bulb at which the dry coil, fans at full speed, carries the design heat at
    /// `design_supply` (default 7.2 degC: what a maker gives for coils with fins at the usual
    /// rating point; up to 18.3 degC for coils with more of them).
    pub dry_switchover: Option<Temperature>,
    /// Conductance of the dry coil at design flows, in place of a `dry_switchover`.
    pub dry_ua: Option<Conductance>,
    /// Air at full fan speed (default 34.3 m3/s a megawatt rejected).
    pub air_flow: Option<VolumeFlow>,
    /// Power of all fans at full speed (default 25.6 W a kilowatt rejected).
    pub fan_power: Option<Power>,
    /// How fan power falls with speed: `cube` (of it) or `tower` (the ten points of EnergyPlus'
    /// variable-speed tower, with the losses of drive and motor). Default: `tower`.
    pub fan_curve: Option<FanCurve>,
    /// Fan power over that of full speed as `c1 + c2 r + c3 r^2 + c4 r^3` of the speed `r`, in
    /// place of a `fan_curve`.
    pub own_fan_curve: Option<[f64; 4]>,
    /// `variable-speed` and `cycling` (fans of one speed, switched on and off) hold `supply`;
    /// `always-on` lets it float (default `variable-speed`).
    pub fan_control: Option<FanControl>,
    /// Least speed of a running fan (default 20 %).
    pub minimum_fan_speed: Option<Fraction>,
    /// Air with the fans at rest, as a share of full (default 10 %: an assumption, after the
    /// figure for towers).
    pub free_convection: Option<Fraction>,
    /// When the coil is sprayed: `always`, or `when-needed` (only while the dry coil with its
    /// fans at full speed does not hold `supply`). Default: `always`.
    pub spray: Option<SprayControl>,
    /// Dry bulb below which the spray is off, so that it does not freeze, 0 degC at least
    /// (default 5 degC).
    pub dry_below: Option<Temperature>,
    /// Water over the coils (default 25.1 kg/s a megawatt rejected).
    pub spray_flow: Option<MassFlow>,
    /// Power of all spray pumps, which is counted with that of the fans, in place of
    /// `spray_head` and 60 % of efficiency (an assumption).
    pub spray_power: Option<Power>,
    /// Head of the spray pumps, lift and nozzles (default 60 kPa: an assumption).
    pub spray_head: Option<Pressure>,
    /// How evaporation is counted: `saturated-exit` (a balance of air that leaves saturated) or
    /// `qureshi-zubair` (their fit of humidity and dry bulb). Default: `saturated-exit`.
    pub evaporation: Option<EvaporationMethod>,
    /// Share of the coolant's flow that evaporates for each kelvin that it is cooled, in place
    /// of an `evaporation` (0.15 to 0.27 % is usual; EnergyPlus' loss factor is 0.2 %).
    pub evaporation_loss: Option<Fraction>,
    /// Droplets lost at full air flow, a share of the spray (default 0.002 %).
    pub drift: Option<Fraction>,
    /// Cycles of concentration: dissolved solids of the spray over those of the make-up
    /// (default 4; 3 to 5 is usual).
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
    /// Share of the pumps' power that warms the coolant (default 100 %; less where motors give
    /// theirs to the room).
    pub pump_heat: Option<Fraction>,
    /// Coolant in pipes and machines (default 2.9 L a kilowatt of design heat).
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

/// How the evaporation of a sprayed cooler is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum EvaporationMethod {
    /// The air leaves saturated.
    SaturatedExit,
    /// The fit of Qureshi and Zubair over dry bulb and relative humidity.
    QureshiZubair,
}

/// EnergyPlus' example of an evaporative fluid cooler: a watt of heat, and what it comes with.
const EXAMPLE_W: f64 = 87_921.0;
const EXAMPLE_AIR_M3_S: f64 = 3.02;
const EXAMPLE_FAN_W: f64 = 2_250.0;
const EXAMPLE_SPRAY_KG_S: f64 = 2.208;
/// Efficiency of spray pumps and their motors.
const SPRAY_EFFICIENCY: f64 = 0.6;

impl FluidCoolerSpec {
    pub(super) fn resolve(&self, faults: &mut Vec<Fault>) -> LoopDesign {
        let mut check = Check { faults };
        let heat_w = check.heat(self.design_heat);
        let coolant = self.coolant.unwrap_or(Coolant::Water);
        let range_k = check.between("range", self.range.map(|r| r.0), 5.5, (1.0, 40.0), "K");
        let circuit = check.circuit(&CircuitInput {
            heat_w,
            range_k,
            flow: ("water_flow", self.water_flow, self.range.is_some()),
            coolant,
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
        let wet_bulb_c = check.between(
            "design_wet_bulb",
            self.design_wet_bulb.map(|t| t.0),
            25.6,
            (-20.0, 40.0),
            "degC",
        );
        let like_example = rejected_w / EXAMPLE_W;
        let point = FluidCoolerPoint {
            tower: TowerPoint {
                heat_w: rejected_w,
                leaving_c: self.design_supply.map_or(29.5, |t| t.0),
                range_k: rejected_w / (circuit.flow_kg_s * circuit.specific_heat_j_kgk),
                air: design_air(wet_bulb_c),
                air_flow_m3_s: check.positive(
                    "air_flow",
                    self.air_flow.map(|a| a.0),
                    EXAMPLE_AIR_M3_S * like_example,
                    "an air flow",
                ),
            },
            coil_share: check.between(
                "coil_resistance",
                self.coil_resistance.map(|s| s.0),
                0.0,
                (0.0, 0.9),
                "",
            ),
        };
        let ua_w_k = check.evaporative_ua(
            "fluid cooler",
            self.ua,
            ("design_supply", self.design_supply.is_some()),
            &point.tower,
        );
        let (ua_w_k, coil_w_k) = point.conductances_w_k(ua_w_k);
        let dry = DryCoolerDesign {
            ua_w_k: self.dry_ua_w_k(&mut check, &point),
            air_flow_m3_s: point.tower.air_flow_m3_s,
            water_kg_s: circuit.flow_kg_s,
            fan_w: check.fan_power(self.fan_power, EXAMPLE_FAN_W * like_example, rejected_w),
            fan_at_sea_level: self.fan_power.is_none(),
            fan_law: check.fan_law((self.fan_curve, self.own_fan_curve), FanCurve::Tower),
            free_convection,
            recirculation_k: 0.0,
            pads: None,
            units: check.count("units", self.units),
        };
        let device = FluidCoolerDesign {
            ua_w_k,
            coil_w_k,
            dry,
            spray: self.spray(&mut check, EXAMPLE_SPRAY_KG_S * like_example),
            evaporation: self.evaporation(&mut check),
            drift: self.drift.map_or(2e-5, |d| d.0),
            cycles: check.cycles(self.cycles_of_concentration),
        };
        let coldest_c = if coolant == Coolant::Water { 7.0 } else { 2.0 };
        let design = HydronicDesign {
            design_heat_w: heat_w,
            circuit,
            device: DeviceDesign::FluidCooler(device),
            fan_control: self.fan_control.unwrap_or(FanControl::VariableSpeed),
            setpoint_c: self.supply.map_or(point.tower.leaving_c, |t| t.0),
            minimum_supply_c: self.minimum_supply.map_or(coldest_c, |t| t.0),
            minimum_fan_speed,
            basin: check.basin_heater(self.basin_heater),
        };
        check.setpoint(
            &design,
            &point.tower.air,
            self.supply.is_some(),
            &format!("wet bulb of {wet_bulb_c:.1} degC"),
        );
        LoopDesign::Hydronic(design)
    }

    fn dry_ua_w_k(&self, check: &mut Check<'_>, point: &FluidCoolerPoint) -> f64 {
        let usual = 0.09 * point.tower.heat_w;
        if let Some(ua) = self.dry_ua {
            if self.dry_switchover.is_some() {
                let message = "`dry_ua` and `dry_switchover` both size the dry coil".to_owned();
                check.error("dry_ua", message);
            }
            return check.positive("dry_ua", Some(ua.0), usual, "a conductance");
        }
        let switchover_c = check.between(
            "dry_switchover",
            self.dry_switchover.map(|t| t.0),
            7.2,
            (-40.0, 60.0),
            "degC",
        );
        point.dry_ua_w_k(switchover_c).unwrap_or_else(|| {
            let tower = &point.tower;
            check.faults.push(
                Fault::error(
                    "dry_switchover",
                    format!(
                        "no dry coil with {} of air of {switchover_c:.1} degC cools {} to {:.1} degC",
                        VolumeFlow(tower.air_flow_m3_s),
                        Power(tower.heat_w),
                        tower.leaving_c,
                    ),
                )
                .help("lower `dry_switchover`, raise `air_flow`, or give a `dry_ua`"),
            );
            usual
        })
    }

    fn spray(&self, check: &mut Check<'_>, default_kg_s: f64) -> SprayDesign {
        let flow_kg_s = check.positive(
            "spray_flow",
            self.spray_flow.map(|f| f.0),
            default_kg_s,
            "a flow of spray",
        );
        if self.spray_power.is_some() && self.spray_head.is_some() {
            check.error("spray_power", "`spray_power` stands in place of `spray_head`".to_owned());
        }
        let head_pa = check.positive(
            "spray_head",
            self.spray_head.map(|h| h.0),
            60e3,
            "the head of spray pumps",
        );
        let mut pump_w = self.spray_power.map_or_else(
            || pumps::power_w(flow_kg_s / water::DENSITY_WATER, head_pa, SPRAY_EFFICIENCY),
            |power| power.0,
        );
        if pump_w < 0.0 {
            check.error("spray_power", "must not be negative".to_owned());
            pump_w = 0.0;
        }
        SprayDesign {
            flow_kg_s,
            pump_w,
            off_below_c: check.between(
                "dry_below",
                self.dry_below.map(|t| t.0),
                5.0,
                (0.0, 60.0),
                "degC",
            ),
            control: self.spray.unwrap_or(SprayControl::Always),
        }
    }

    fn evaporation(&self, check: &mut Check<'_>) -> EvaporationLaw {
        if self.evaporation.is_some() && self.evaporation_loss.is_some() {
            let message = "`evaporation_loss` stands in place of an `evaporation`".to_owned();
            check.error("evaporation_loss", message);
        }
        match (self.evaporation_loss, self.evaporation) {
            (Some(share), _) => EvaporationLaw::PerKelvin(share.0),
            (None, Some(EvaporationMethod::QureshiZubair)) => EvaporationLaw::QureshiZubair,
            (None, _) => EvaporationLaw::SaturatedExit,
        }
    }
}
