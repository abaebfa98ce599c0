//! Loops with a dry cooler as users write them.

use schemars::JsonSchema;
use serde::Deserialize;

use super::super::dry_cooler::{CATALOGUE, DryCoolerDesign};
use super::super::hydronic::{DeviceDesign, HydronicDesign};
use super::super::loops::LoopDesign;
use super::super::pumps::PumpControl;
use super::super::staging::FanControl;
use super::check::{Check, CircuitInput};
use super::{
    ControlFaultsSpec, Coolant, FanCurve, MaintenanceSpec, MakeUpSpec, PadSpec, RestartSpec,
    StandbySpec, UnitsFailuresSpec,
};
use crate::fluids::MoistAir;
use crate::spec::{Fault, Names};
use crate::units::{
    Conductance, Fraction, MassFlow, Power, Pressure, Temperature, TemperatureDelta, Volume,
    VolumeFlow,
};

/// A pumped loop with a dry cooler at its end.
///
/// The cooler is sized by a design point (`design_supply` at `design_dry_bulb`) in units of
/// the catalogue's BAC Trillium TDFS1238N (2.931 MW from 46.1 to 40.6 degC at 35 degC, fans
/// 117.7 kW), or by its `ua` and `air_flow`.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DryCoolerSpec {
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
    /// Least supply temperature, held by a bypass (default 2 degC, the least of the facility
    /// water classes). Between it and `supply` the loop floats on days when the cooler does
    /// with its fans at rest.
    pub minimum_supply: Option<Temperature>,
    /// How far above the supply the coolant or air enters the racks at design heat: the
    /// approach of the coolant distribution units or air handlers (default 4 K, of 3 to 5 K
    /// usual; 0 K for machines on the loop itself).
    pub approach: Option<TemperatureDelta>,
    /// Number of cooler units, which fail one at a time (default 1).
    pub units: Option<u32>,
    /// What the loop is filled with: `water` or `pg25` (default `water`).
    pub coolant: Option<Coolant>,
    /// Design heat over coolant flow: how much the racks warm it (default 5.56 K).
    pub range: Option<TemperatureDelta>,
    /// Flow of coolant with all pumps running, in place of a `range`.
    pub water_flow: Option<MassFlow>,
    /// Dry bulb of the design point (default 35 degC).
    pub design_dry_bulb: Option<Temperature>,
    /// Supply temperature that the cooler reaches at design heat and `design_dry_bulb`, at
    /// sea level (default 40.55 degC).
    pub design_supply: Option<Temperature>,
    /// Conductance of the whole cooler at design flows, in place of a `design_supply`; needs
    /// `air_flow`.
    pub ua: Option<Conductance>,
    /// Air through the whole cooler at full fan speed (default: from the design point).
    pub air_flow: Option<VolumeFlow>,
    /// Power of all fans at full speed (default: the catalogue's for this air flow).
    pub fan_power: Option<Power>,
    /// How fan power falls with speed: `cube` (of it) or `tower` (the ten points of EnergyPlus'
    /// variable-speed tower, with the losses of drive and motor). Default: `cube`.
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
    /// How much warmer than the weather the air enters, having mixed with what was blown out
    /// (default 0 K; 0 to 3 K is usual).
    pub recirculation: Option<TemperatureDelta>,
    /// Adiabatic pads ahead of the fins (default: none). The cooler is sized without
    /// them, in air of `design_dry_bulb` at its fins. What they cost the fans is part of
    /// `fan_power`.
    pub pads: Option<PadSpec>,
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

impl DryCoolerSpec {
    pub(super) fn resolve(&self, faults: &mut Vec<Fault>) -> LoopDesign {
        let mut check = Check { faults };
        let heat_w = check.heat(self.design_heat);
        let catalogue_range_k = CATALOGUE.entering_c - CATALOGUE.leaving_c;
        let range_k =
            check.between("range", self.range.map(|r| r.0), catalogue_range_k, (1.0, 40.0), "K");
        let circuit = check.circuit(&CircuitInput {
            heat_w,
            range_k,
            flow: ("water_flow", self.water_flow, self.range.is_some()),
            coolant: self.coolant.unwrap_or(Coolant::Water),
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
        let dry_bulb_c = check.between(
            "design_dry_bulb",
            self.design_dry_bulb.map(|t| t.0),
            CATALOGUE.dry_bulb_c,
            (-20.0, 60.0),
            "degC",
        );
        let design_supply_c = self.design_supply.map_or(CATALOGUE.leaving_c, |t| t.0);

        // The catalogue rates dry air at sea level.
        let air = MoistAir {
            dry_bulb_c: CATALOGUE.dry_bulb_c,
            humidity_ratio: 0.0,
            pressure_pa: 101_325.0,
        };
        let catalogue_air_m3_s = CATALOGUE.air_flow_m3_s();
        let water_w_k = circuit.flow_kg_s * circuit.specific_heat_j_kgk;
        let (ua_w_k, air_flow_m3_s) = match (self.ua, self.air_flow) {
            (Some(ua), Some(air)) => (
                check.positive("ua", Some(ua.0), 1.0, "a conductance"),
                check.positive("air_flow", Some(air.0), 1.0, "an air flow"),
            ),
            (ua, air) => {
                if ua.is_some() || air.is_some() {
                    check.error(
                        if ua.is_some() { "ua" } else { "air_flow" },
                        "`ua` and `air_flow` size a dry cooler only together".to_owned(),
                    );
                }
                let count =
                    check.catalogue_count((rejected_w, water_w_k), (dry_bulb_c, design_supply_c));
                (count * CATALOGUE.ua_w_k(), count * catalogue_air_m3_s)
            }
        };
        if self.ua.is_some() && self.design_supply.is_some() {
            check.error("ua", "`ua` and `design_supply` both size the cooler".to_owned());
        }
        let default_fan_w = CATALOGUE.fan_w * air_flow_m3_s / catalogue_air_m3_s;
        let device = DryCoolerDesign {
            ua_w_k,
            air_flow_m3_s,
            water_kg_s: circuit.flow_kg_s,
            fan_w: check.fan_power(self.fan_power, default_fan_w, heat_w),
            fan_at_sea_level: self.fan_power.is_none(),
            fan_law: check.fan_law((self.fan_curve, self.own_fan_curve), FanCurve::Cube),
            free_convection,
            recirculation_k: check.recirculation(self.recirculation),
            pads: None,
            units: check.count("units", self.units),
        };
        let design = HydronicDesign {
            design_heat_w: heat_w,
            circuit,
            device: DeviceDesign::DryCooler(device),
            fan_control: self.fan_control.unwrap_or(FanControl::VariableSpeed),
            setpoint_c: self.supply.map_or(design_supply_c, |t| t.0),
            minimum_supply_c: self.minimum_supply.map_or(2.0, |t| t.0),
            minimum_fan_speed,
            basin: None,
        };
        check.setpoint(
            &design,
            &MoistAir { dry_bulb_c, ..air },
            self.supply.is_some(),
            &format!("dry bulb of {dry_bulb_c:.1} degC"),
        );
        let device = DryCoolerDesign { pads: check.pads(self.pads.as_ref(), 25.0), ..device };
        let design = HydronicDesign { device: DeviceDesign::DryCooler(device), ..design };
        LoopDesign::Hydronic(design)
    }
}
