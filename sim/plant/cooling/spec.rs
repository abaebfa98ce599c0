//! Cooling loops as users write them, and how they become designs.

mod basin;
mod check;
mod chiller;
mod exchanger;
mod fluid_cooler;
mod hybrid;
mod operation;
mod outside_air;
mod pads;
mod upkeep;
mod water;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::dry_cooler::{CATALOGUE, DryCoolerDesign};
use super::loops::{DeviceDesign, FanControl, HydronicDesign, LoopDesign};
use super::pumps::PumpControl;
use super::ventilation::VentilationDesign;
use crate::fluids::MoistAir;
use crate::spec::{Fault, Names, kinds};
use crate::units::{
    Conductance, Fraction, MassFlow, Power, Pressure, Temperature, TemperatureDelta, Volume,
    VolumeFlow,
};

pub use basin::BasinHeaterSpec;
use check::{Check, CircuitInput, TowerInput};
pub use chiller::{
    AirCooledChillerSpec, ChillerCurvesSpec, ChillerPlantSpec, CondenserResetSpec, EconomiserSpec,
};
pub use exchanger::{AirHandlerSpec, CduSpec, ImmersionTankSpec, UnsizedExchanger};
pub use fluid_cooler::{EvaporationMethod, FluidCoolerSpec};
pub use hybrid::HybridCoolerSpec;

pub use operation::{
    ChipSpec, ExchangerOperation, LoopOperation, RestartSpec, UnitFailuresSpec, UnitsFailuresSpec,
};
pub use outside_air::{AirClass, OutsideAirSpec};
pub use pads::PadSpec;
pub use upkeep::{
    ControlDesign, ControlFailuresSpec, ControlFaultSpec, ControlFaultsSpec, MaintenanceSpec,
    Service, ServiceSpec, StandbySpec,
};
pub use water::{MakeUpSpec, OutageSpec, WaterMainSpec};

kinds! {
    /// A part of the way of heat from racks to the weather: a loop, or an exchanger on one.
    pub enum CoolingSpec {
        /// Pumped water to an open cooling tower.
        Tower(TowerSpec) = "tower",
        /// Pumped coolant to a dry cooler.
        DryCooler(DryCoolerSpec) = "dry-cooler",
        /// Pumped coolant to an evaporative fluid cooler.
        FluidCooler(Box<FluidCoolerSpec>) = "fluid-cooler",
        /// Pumped water to a dry cooler and an open tower behind it.
        HybridCooler(Box<HybridCoolerSpec>) = "hybrid-cooler",
        /// Chilled water, chillers and an open tower.
        ChillerPlant(Box<ChillerPlantSpec>) = "chiller-plant",
        /// Chilled water from air-cooled chillers.
        AirCooledChiller(AirCooledChillerSpec) = "air-cooled-chiller",
        /// Outdoor air straight through the hall.
        Ventilation(VentilationSpec) = "ventilation",
        /// A coolant distribution unit between a loop and cold plates.
        Cdu(CduSpec) = "cdu",
        /// Fans and water coils between a loop and the air of a hall.
        AirHandler(AirHandlerSpec) = "air-handler",
        /// A bath of dielectric between a loop and the machines in it.
        ImmersionTank(ImmersionTankSpec) = "immersion-tank",
    }
}

/// What a [`CoolingSpec`] becomes.
#[derive(Debug, Clone, Copy, PartialEq)]
#[allow(clippy::large_enum_variant)] // taken apart at once
pub enum CoolingPart {
    /// A loop that gives heat to the weather.
    Loop(LoopDesign),
    /// An exchanger, to be sized on the loop that it names.
    Exchanger(UnsizedExchanger),
}

/// A pumped water loop with an open cooling tower at its end.
///
/// The tower is sized by a design point (`design_supply` at `design_wet_bulb`) or by its
/// `ua`. Defaults are the usual rating point of 35 to 29.5 degC at a wet bulb of 25.6 degC.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TowerSpec {
    /// Heat of the racks that the loop is built for.
    pub design_heat: Power,
    /// What feeds fans and pumps, in order of preference.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fed_by: Option<Names>,
    /// What feeds the fans, where that differs from `fed_by`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fans_fed_by: Option<Names>,
    /// What feeds the pumps, where that differs from `fed_by`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pumps_fed_by: Option<Names>,
    /// Wanted supply temperature (default: `design_supply`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub supply: Option<Temperature>,
    /// Least supply temperature, held by a bypass against frost (default 7 degC). Between it
    /// and `supply` the loop floats on days when the device cools it with its fans at rest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub minimum_supply: Option<Temperature>,
    /// How far above the supply the coolant or air enters the racks at design heat: the
    /// approach of the coolant distribution units or air handlers (default 4 K, of 3 to 5 K
    /// usual).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approach: Option<TemperatureDelta>,
    /// Number of cells, which fail one at a time (default 1).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cells: Option<u32>,
    /// Design heat over water flow: how much the racks warm the water (default 5.5 K).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub range: Option<TemperatureDelta>,
    /// Flow of water with all pumps running, in place of a `range`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub water_flow: Option<MassFlow>,
    /// Wet bulb of the design point (default 25.6 degC).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub design_wet_bulb: Option<Temperature>,
    /// Supply temperature that the tower reaches at design heat and `design_wet_bulb`, at
    /// sea level (default 29.5 degC).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub design_supply: Option<Temperature>,
    /// Conductance of the whole tower at design flows, in place of a `design_supply`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ua: Option<Conductance>,
    /// Air through the whole tower at full fan speed (default 25 m3/s a megawatt rejected).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub air_flow: Option<VolumeFlow>,
    /// Power of all fans at full speed (default 10.5 W a kilowatt rejected, as EnergyPlus).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fan_power: Option<Power>,
    /// How fan power falls with speed: `cube` (of it) or `tower` (the ten points of EnergyPlus'
    /// variable-speed tower, with the losses of drive and motor). Default: `tower`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fan_curve: Option<FanCurve>,
    /// Fan power over that of full speed as `c1 + c2 r + c3 r^2 + c4 r^3` of the speed `r`, in
    /// place of a `fan_curve`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub own_fan_curve: Option<[f64; 4]>,
    /// `variable-speed` and `cycling` (fans of one speed, switched on and off) hold `supply`;
    /// `always-on` lets it float (default `variable-speed`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fan_control: Option<FanControl>,
    /// Least speed of a running fan (default 20 %).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub minimum_fan_speed: Option<Fraction>,
    /// Air with the fans at rest (default 10 %, as EnergyPlus).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub free_convection: Option<Fraction>,
    /// Conductance with the fans at rest (default: as much as `free_convection`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub free_convection_ua: Option<Fraction>,
    /// Whether the conductance rises as the wet bulb falls, after Scheier (default true).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wet_bulb_correction: Option<bool>,
    /// Whether the conductance falls with the flows of air and water, after Scheier (default
    /// true; EnergyPlus' single-speed towers have none).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub flow_corrections: Option<bool>,
    /// Share of the water flow that evaporates for each kelvin that the tower cools it, in
    /// place of a balance of the air (0.15 to 0.27 % is usual; EnergyPlus' loss factor is
    /// 0.2 %).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub evaporation_loss: Option<Fraction>,
    /// Droplets lost at full air flow, a share of the circulating water (default 0.002 %).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub drift: Option<Fraction>,
    /// Droplets lost at full air flow, in place of a share.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub drift_flow: Option<VolumeFlow>,
    /// Cycles of concentration: dissolved solids of the circulating water over those of the
    /// make-up (default 4; 3 to 5 is usual).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cycles_of_concentration: Option<f64>,
    /// A heater in the basins against frost while no water runs over them (default: none).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub basin_heater: Option<BasinHeaterSpec>,
    /// Number of pumps in parallel, which fail one at a time (default 1).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pumps: Option<u32>,
    /// Power of all pumps, in place of head and efficiency.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pump_power: Option<Power>,
    /// Head of the pumps (default 180 kPa).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pump_head: Option<Pressure>,
    /// Efficiency of pump and motor (default 70 %).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pump_efficiency: Option<Fraction>,
    /// How the pumps are run: `constant` speed, or `variable-speed`, at which the coolant warms by
    /// its design range whatever the heat (default `constant`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pump_control: Option<PumpControl>,
    /// Least speed of a pump of variable speed (default 30 %: an assumption).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub minimum_pump_speed: Option<Fraction>,
    /// Head of the pumps over their head at no flow: how flat their curve is, and so how much flow
    /// is left when some of them are lost (default 75 %: 2 of 3 still give 87 %).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pump_head_at_duty: Option<Fraction>,
    /// Share of the pumps' power that warms the coolant (default 100 %; less where motors give
    /// theirs to the room).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pump_heat: Option<Fraction>,
    /// Water in pipes and machines (default 2.9 L a kilowatt of design heat).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub volume: Option<Volume>,
    /// A buffer tank in the loop, well mixed (default: none).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub buffer: Option<Volume>,
    /// Its make-up water: the basin, and what limits it (default: the main brings whatever is
    /// lost).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub water: Option<MakeUpSpec>,
    /// Units beyond those that its design heat takes, which stand by (default: none).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub standby: Option<StandbySpec>,
    /// How its machines fail, one unit at a time (default: they do not).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failures: Option<UnitsFailuresSpec>,
    /// When its machines are taken out of service (default: never).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub maintenance: Option<MaintenanceSpec>,
    /// When its controls have failed, to ask what would come of it (default: never).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub control_faults: Option<ControlFaultsSpec>,
    /// How long its machines take to start after their bus was dead.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub restart: Option<RestartSpec>,
    /// Where the figures of this entry come from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
}

/// How fan power falls with speed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum FanCurve {
    /// The ideal cube of the speed.
    Cube,
    /// A variable-speed tower fan with the losses of its drive and motor.
    Tower,
}

/// Which liquid a dry cooler's loop holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Coolant {
    /// Water, 4186 J/(kg K).
    Water,
    /// 25 % propylene glycol, 3900 J/(kg K), 1030 kg/m3.
    Pg25,
}

/// A pumped loop with a dry cooler at its end.
///
/// The cooler is sized by a design point (`design_supply` at `design_dry_bulb`) in units of
/// the catalogue's BAC Trillium TDFS1238N (2.931 MW from 46.1 to 40.6 degC at 35 degC, fans
/// 117.7 kW), or by its `ua` and `air_flow`.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DryCoolerSpec {
    /// Heat of the racks that the loop is built for.
    pub design_heat: Power,
    /// What feeds fans and pumps, in order of preference.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fed_by: Option<Names>,
    /// What feeds the fans, where that differs from `fed_by`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fans_fed_by: Option<Names>,
    /// What feeds the pumps, where that differs from `fed_by`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pumps_fed_by: Option<Names>,
    /// Wanted supply temperature (default: `design_supply`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub supply: Option<Temperature>,
    /// Least supply temperature, held by a bypass (default 2 degC, the least of the facility
    /// water classes). Between it and `supply` the loop floats on days when the cooler does
    /// with its fans at rest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub minimum_supply: Option<Temperature>,
    /// How far above the supply the coolant or air enters the racks at design heat: the
    /// approach of the coolant distribution units or air handlers (default 4 K, of 3 to 5 K
    /// usual; 0 K for machines on the loop itself).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approach: Option<TemperatureDelta>,
    /// Number of cooler units, which fail one at a time (default 1).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub units: Option<u32>,
    /// What the loop is filled with: `water` or `pg25` (default `water`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub coolant: Option<Coolant>,
    /// Design heat over coolant flow: how much the racks warm it (default 5.56 K).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub range: Option<TemperatureDelta>,
    /// Flow of coolant with all pumps running, in place of a `range`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub water_flow: Option<MassFlow>,
    /// Dry bulb of the design point (default 35 degC).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub design_dry_bulb: Option<Temperature>,
    /// Supply temperature that the cooler reaches at design heat and `design_dry_bulb`, at
    /// sea level (default 40.55 degC).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub design_supply: Option<Temperature>,
    /// Conductance of the whole cooler at design flows, in place of a `design_supply`; needs
    /// `air_flow`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ua: Option<Conductance>,
    /// Air through the whole cooler at full fan speed (default: from the design point).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub air_flow: Option<VolumeFlow>,
    /// Power of all fans at full speed (default: the catalogue's for this air flow).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fan_power: Option<Power>,
    /// How fan power falls with speed: `cube` (of it) or `tower` (the ten points of EnergyPlus'
    /// variable-speed tower, with the losses of drive and motor). Default: `cube`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fan_curve: Option<FanCurve>,
    /// Fan power over that of full speed as `c1 + c2 r + c3 r^2 + c4 r^3` of the speed `r`, in
    /// place of a `fan_curve`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub own_fan_curve: Option<[f64; 4]>,
    /// `variable-speed` and `cycling` (fans of one speed, switched on and off) hold `supply`;
    /// `always-on` lets it float (default `variable-speed`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fan_control: Option<FanControl>,
    /// Least speed of a running fan (default 20 %).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub minimum_fan_speed: Option<Fraction>,
    /// Air with the fans at rest, as a share of full (default 10 %: an assumption, after the
    /// figure for towers).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub free_convection: Option<Fraction>,
    /// How much warmer than the weather the air enters, having mixed with what was blown out
    /// (default 0 K; 0 to 3 K is usual).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recirculation: Option<TemperatureDelta>,
    /// Adiabatic pads ahead of the fins (default: none). The cooler is sized without
    /// them, in air of `design_dry_bulb` at its fins. What they cost the fans is part of
    /// `fan_power`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pads: Option<PadSpec>,
    /// Number of pumps in parallel, which fail one at a time (default 1).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pumps: Option<u32>,
    /// Power of all pumps, in place of head and efficiency.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pump_power: Option<Power>,
    /// Head of the pumps (default 200 kPa).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pump_head: Option<Pressure>,
    /// Efficiency of pump and motor (default 70 %).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pump_efficiency: Option<Fraction>,
    /// How the pumps are run: `constant` speed, or `variable-speed`, at which the coolant warms by
    /// its design range whatever the heat (default `constant`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pump_control: Option<PumpControl>,
    /// Least speed of a pump of variable speed (default 30 %: an assumption).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub minimum_pump_speed: Option<Fraction>,
    /// Head of the pumps over their head at no flow: how flat their curve is, and so how much flow
    /// is left when some of them are lost (default 75 %: 2 of 3 still give 87 %).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pump_head_at_duty: Option<Fraction>,
    /// Share of the pumps' power that warms the coolant (default 100 %; less where motors give
    /// theirs to the room).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pump_heat: Option<Fraction>,
    /// Water in pipes and machines (default 2.9 L a kilowatt of design heat).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub volume: Option<Volume>,
    /// A buffer tank in the loop, well mixed (default: none).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub buffer: Option<Volume>,
    /// Its make-up water: the basin, and what limits it (default: the main brings whatever is
    /// lost).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub water: Option<MakeUpSpec>,
    /// Units beyond those that its design heat takes, which stand by (default: none).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub standby: Option<StandbySpec>,
    /// How its machines fail, one unit at a time (default: they do not).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failures: Option<UnitsFailuresSpec>,
    /// When its machines are taken out of service (default: never).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub maintenance: Option<MaintenanceSpec>,
    /// When its controls have failed, to ask what would come of it (default: never).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub control_faults: Option<ControlFaultsSpec>,
    /// How long its machines take to start after their bus was dead.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub restart: Option<RestartSpec>,
    /// Where the figures of this entry come from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
}

/// Outdoor air drawn through a hall or containers of air-cooled machines.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct VentilationSpec {
    /// Heat of the machines that the air is meant for.
    pub design_heat: Power,
    /// What feeds the exhaust fans; not needed where `fan_power` is zero.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fed_by: Option<Names>,
    /// Air through the hall at full fan speed (default 52.6 L/s a kilowatt: an S19 Pro takes
    /// 370 cfm for 3,320 W).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub air_flow: Option<VolumeFlow>,
    /// Power of all exhaust fans at full speed (default 3.47 % of `design_heat`: 25 kW of
    /// auxiliaries in a 720 kW container). The fans inside the machines are part of the
    /// machines' power. Zero where these do all the work.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fan_power: Option<Power>,
    /// Number of exhaust fans, which fail one at a time (default 1).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fans: Option<u32>,
    /// Least speed of a running fan (default 20 %).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub minimum_fan_speed: Option<Fraction>,
    /// Air that the machines' own fans push through resting exhaust fans, as a share of full
    /// (default 10 %: an assumption).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub free_convection: Option<Fraction>,
    /// How much warmer than the weather the intake is with everything running (default 0 K;
    /// 0 to 3 K is usual).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recirculation: Option<TemperatureDelta>,
    /// Intake temperature that dampers hold in the cold by mixing in exhaust (default
    /// 0 degC, the makers' lower limit).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub minimum_inlet: Option<Temperature>,
    /// Adiabatic pads ahead of the intake (default: none).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pads: Option<PadSpec>,
    /// Its make-up water: the basin, and what limits it (default: the main brings whatever is
    /// lost).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub water: Option<MakeUpSpec>,
    /// Units beyond those that its design heat takes, which stand by (default: none).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub standby: Option<StandbySpec>,
    /// How its machines fail, one unit at a time (default: they do not).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failures: Option<UnitsFailuresSpec>,
    /// When its machines are taken out of service (default: never).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub maintenance: Option<MaintenanceSpec>,
    /// When its controls have failed, to ask what would come of it (default: never).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub control_faults: Option<ControlFaultsSpec>,
    /// How long its machines take to start after their bus was dead.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub restart: Option<RestartSpec>,
    /// Where the figures of this entry come from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
}

impl CoolingSpec {
    /// The part as plain numbers, with every default filled in.
    ///
    /// Faults name the field at hand; a design comes back in any case, to be used only where
    /// no fault is an error.
    pub fn resolve(&self, faults: &mut Vec<Fault>) -> CoolingPart {
        CoolingPart::Loop(match self {
            Self::Tower(spec) => spec.resolve(faults),
            Self::DryCooler(spec) => spec.resolve(faults),
            Self::FluidCooler(spec) => spec.resolve(faults),
            Self::HybridCooler(spec) => spec.resolve(faults),
            Self::ChillerPlant(spec) => spec.resolve(faults),
            Self::AirCooledChiller(spec) => spec.resolve(faults),
            Self::Ventilation(spec) => spec.resolve(faults),
            Self::Cdu(spec) => return CoolingPart::Exchanger(spec.resolve(faults)),
            Self::AirHandler(spec) => return CoolingPart::Exchanger(spec.resolve(faults)),
            Self::ImmersionTank(spec) => return CoolingPart::Exchanger(spec.resolve(faults)),
        })
    }

    /// What takes the heat of an exchanger; `None` for a loop.
    pub fn cooled_by(&self) -> Option<&Names> {
        match self {
            Self::Cdu(s) => Some(&s.cooled_by),
            Self::AirHandler(s) => Some(&s.cooled_by),
            Self::ImmersionTank(s) => Some(&s.cooled_by),
            _ => None,
        }
    }

    /// Lets `names` feed whatever the user said nothing of.
    pub fn feed_by(&mut self, names: &Names) {
        let fed_by = match self {
            Self::Tower(s) => &mut s.fed_by,
            Self::DryCooler(s) => &mut s.fed_by,
            Self::FluidCooler(s) => &mut s.fed_by,
            Self::HybridCooler(s) => &mut s.fed_by,
            Self::ChillerPlant(s) => &mut s.fed_by,
            Self::AirCooledChiller(s) => &mut s.fed_by,
            Self::Ventilation(s) => &mut s.fed_by,
            Self::Cdu(s) => &mut s.fed_by,
            Self::AirHandler(s) => &mut s.fed_by,
            Self::ImmersionTank(s) => &mut s.fed_by,
        };
        fed_by.get_or_insert_with(|| names.clone());
    }

    /// What feeds the fans, where the user said.
    pub fn fans_fed_by(&self) -> Option<&Names> {
        match self {
            Self::Tower(s) => s.fans_fed_by.as_ref().or(s.fed_by.as_ref()),
            Self::DryCooler(s) => s.fans_fed_by.as_ref().or(s.fed_by.as_ref()),
            Self::FluidCooler(s) => s.fans_fed_by.as_ref().or(s.fed_by.as_ref()),
            Self::HybridCooler(s) => s.fans_fed_by.as_ref().or(s.fed_by.as_ref()),
            Self::ChillerPlant(s) => s.fans_fed_by.as_ref().or(s.fed_by.as_ref()),
            Self::Ventilation(s) => s.fed_by.as_ref(),
            Self::AirHandler(s) => s.fed_by.as_ref(),
            Self::AirCooledChiller(_) | Self::Cdu(_) | Self::ImmersionTank(_) => None,
        }
    }

    /// What feeds the pumps, where there are any and the user said.
    pub fn pumps_fed_by(&self) -> Option<&Names> {
        match self {
            Self::Tower(s) => s.pumps_fed_by.as_ref().or(s.fed_by.as_ref()),
            Self::DryCooler(s) => s.pumps_fed_by.as_ref().or(s.fed_by.as_ref()),
            Self::FluidCooler(s) => s.pumps_fed_by.as_ref().or(s.fed_by.as_ref()),
            Self::HybridCooler(s) => s.pumps_fed_by.as_ref().or(s.fed_by.as_ref()),
            Self::ChillerPlant(s) => s.pumps_fed_by.as_ref().or(s.fed_by.as_ref()),
            Self::AirCooledChiller(s) => s.pumps_fed_by.as_ref().or(s.fed_by.as_ref()),
            Self::Cdu(s) => s.fed_by.as_ref(),
            Self::ImmersionTank(s) => s.fed_by.as_ref(),
            Self::Ventilation(_) | Self::AirHandler(_) => None,
        }
    }

    /// What feeds the chillers, where there are any and the user said.
    pub fn chillers_fed_by(&self) -> Option<&Names> {
        match self {
            Self::ChillerPlant(s) => s.chillers_fed_by.as_ref().or(s.fed_by.as_ref()),
            Self::AirCooledChiller(s) => s.chillers_fed_by.as_ref().or(s.fed_by.as_ref()),
            _ => None,
        }
    }
}

impl TowerSpec {
    fn resolve(&self, faults: &mut Vec<Fault>) -> LoopDesign {
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
            head_pa: self.pump_head.map_or(180e3, |h| h.0),
            efficiency: self.pump_efficiency.map_or(0.7, |e| e.0),
            law: (self.pump_control, self.minimum_pump_speed, self.pump_head_at_duty),
            approach: self.approach,
        });
        check.fed("fans", self.fans_fed_by.as_ref().or(self.fed_by.as_ref()));
        check.fed("pumps", self.pumps_fed_by.as_ref().or(self.fed_by.as_ref()));
        let rejected_w = heat_w + circuit.pump_heat_w();
        let (minimum_fan_speed, free_convection) =
            check.fan_speeds(self.minimum_fan_speed, self.free_convection);

        let (device, point) = check.tower(&TowerInput {
            rejected_w,
            water_kg_s: circuit.flow_kg_s,
            design_wet_bulb: self.design_wet_bulb,
            leaving: ("design_supply", self.design_supply, 29.5),
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
        let design = HydronicDesign {
            design_heat_w: heat_w,
            circuit,
            device: DeviceDesign::Tower(device),
            fan_control: self.fan_control.unwrap_or(FanControl::VariableSpeed),
            setpoint_c: self.supply.map_or(point.leaving_c, |t| t.0),
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

impl DryCoolerSpec {
    fn resolve(&self, faults: &mut Vec<Fault>) -> LoopDesign {
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

impl VentilationSpec {
    fn resolve(&self, faults: &mut Vec<Fault>) -> LoopDesign {
        let mut check = Check { faults };
        let heat_w = check.heat(self.design_heat);
        let fan_w = check.fan_power(self.fan_power, heat_w * (25.0 / 720.0), heat_w);
        if fan_w > 0.0 {
            check.fed("fans", self.fed_by.as_ref());
        }
        let (minimum_speed, free_share) =
            check.fan_speeds(self.minimum_fan_speed, self.free_convection);
        let air_flow_m3_s =
            check.positive("air_flow", self.air_flow.map(|a| a.0), 52.6e-6 * heat_w, "an air flow");
        let minimum_inlet_c = check.between(
            "minimum_inlet",
            self.minimum_inlet.map(|t| t.0),
            0.0,
            (-40.0, 40.0),
            "degC",
        );
        LoopDesign::Ventilation(VentilationDesign {
            design_heat_w: heat_w,
            air_flow_m3_s,
            fan_w,
            fan_at_sea_level: self.fan_power.is_none(),
            minimum_speed,
            free_share,
            recirculation_k: check.recirculation(self.recirculation),
            minimum_inlet_c,
            pads: check.pads(self.pads.as_ref(), 28.0),
            fans: check.count("fans", self.fans),
        })
    }
}
