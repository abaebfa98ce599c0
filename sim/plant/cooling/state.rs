//! What a loop is asked to run on, and the state that it settles at.

use schemars::JsonSchema;
use serde::Deserialize;

use super::head::Head;
use super::water::WaterFlows;
use crate::fluids::MoistAir;

/// Nothing gets warmer than this, degrees Celsius: water boils, and what it gets beyond that leaves
/// with its vapour. For other coolants and for the air of a hall an assumption: nothing that is
/// cooled by them outlasts it.
pub const BOILING_C: f64 = 100.0;

/// Which share of a loop's machines can run: what power and failures leave of them.
///
/// A loop never draws more than `fans * max_fan_w()`, `pumps * max_pump_w()` and
/// `chillers * max_chiller_w()`, so a network that grants less power than was asked is
/// answered with the granted power over the maximum.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Drive {
    /// Share of the fans, 0 to 1.
    pub fans: f64,
    /// Share of the pumps, 0 to 1.
    pub pumps: f64,
    /// Share of the chillers, 0 to 1.
    pub chillers: f64,
    /// How a chiller plant is run; `None` for the best that there is at this instant.
    pub regime: Option<Regime>,
    /// Whether what evaporates water may do so. Without it pads are dry, and an open tower, whose
    /// circulating water is what it evaporates, rejects nothing.
    pub may_evaporate: bool,
    /// Speed at which the fans that can run turn, as a share of full, whatever the supply is, for
    /// their control has failed; `None` where they are controlled.
    pub fan_speed: Option<f64>,
}

impl Drive {
    /// Everything runs.
    pub const FULL: Drive = Drive {
        fans: 1.0,
        pumps: 1.0,
        chillers: 1.0,
        regime: None,
        may_evaporate: true,
        fan_speed: None,
    };
    /// Nothing runs.
    pub const NONE: Drive =
        Drive { fans: 0.0, pumps: 0.0, chillers: 0.0, may_evaporate: false, ..Self::FULL };
}

/// The steady state of a loop.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LoopState {
    /// Coolant towards the racks (outdoor air entering a ventilated hall), degrees Celsius.
    pub supply_c: f64,
    /// Coolant towards the device (exhaust of a ventilated hall), degrees Celsius.
    pub return_c: f64,
    /// What enters the racks, degrees Celsius.
    pub rack_inlet_c: f64,
    /// What leaves the device that meets the weather, bypass mixed in, degrees Celsius: the
    /// water of a tower or cooler, chilled water of air-cooled chillers, exhaust of a hall.
    pub device_c: f64,
    /// Electric power that the fans, with spray pumps and basin heaters, want and, within the [`Drive`], draw, W.
    pub fan_w: f64,
    /// Electric power of the running pumps, W.
    pub pump_w: f64,
    /// The part of `pump_w` that pumps of condenser water draw, W.
    pub condenser_pump_w: f64,
    /// Coolant through racks and exchangers, as a share of design; also where nothing cools it.
    pub flow: f64,
    /// Electric power that the chillers want and, within the [`Drive`], draw, W.
    pub chiller_w: f64,
    /// The part of `fan_w` that spray pumps draw, W; above zero while coils are sprayed.
    pub spray_w: f64,
    /// The part of `fan_w` that basin heaters draw, W.
    pub heater_w: f64,
    /// Mean speed of the fans that can run, as a share of full speed.
    pub fan_speed: f64,
    /// Air through the device as a share of full, what its own buoyancy moves included.
    pub air_ratio: f64,
    /// Water in and out; zero for dry devices.
    pub water: WaterFlows,
    /// Heat that reaches the weather, W: the racks', the pumps' and the compressors'.
    pub heat_rejected_w: f64,
    /// Part of it that leaves without water being spent, W.
    pub dry_w: f64,
    /// Of the other part, what warms air and vapour beside the heat of evaporation at 0 degC, W;
    /// zero where it is pads that evaporate.
    pub air_w: f64,
    /// Part of the racks' and pumps' heat that goes to the weather past the chillers, by a
    /// waterside economiser, or by the device before a trim, W.
    pub economiser_w: f64,
    /// Part of that heat that the chillers of a plant with a tower lift, or that a trim takes, W.
    pub lifted_w: f64,
    /// Heat that goes to a bought main of chilled water, and not to the weather, W.
    pub bought_w: f64,
    /// Heat of racks and pumps that nothing carries off, W: what boils away at [`BOILING_C`].
    pub left_w: f64,
    /// What the pressure in the condensers does to the chillers.
    pub head: Head,
    /// The supply is warmer than wanted and the device can do no more.
    pub saturated: bool,
    /// Something carries the heat of the racks off. Where not, the temperatures of their coolant
    /// say nothing (they hold the dry bulb) and the racks must trip.
    pub flowing: bool,
}

impl LoopState {
    /// The same with no heat going to the weather.
    pub fn without_weather(self) -> Self {
        let water = WaterFlows::default();
        Self { heat_rejected_w: 0.0, bought_w: 0.0, dry_w: 0.0, air_w: 0.0, water, ..self }
    }
}

/// No pump runs, or nothing behind it: the heat stays where it is.
pub(super) fn still(air: &MoistAir) -> LoopState {
    LoopState {
        supply_c: air.dry_bulb_c,
        return_c: air.dry_bulb_c,
        rack_inlet_c: air.dry_bulb_c,
        device_c: air.dry_bulb_c,
        fan_w: 0.0,
        pump_w: 0.0,
        condenser_pump_w: 0.0,
        flow: 0.0,
        chiller_w: 0.0,
        spray_w: 0.0,
        heater_w: 0.0,
        fan_speed: 0.0,
        air_ratio: 0.0,
        water: WaterFlows::default(),
        heat_rejected_w: 0.0,
        dry_w: 0.0,
        air_w: 0.0,
        economiser_w: 0.0,
        lifted_w: 0.0,
        bought_w: 0.0,
        left_w: 0.0,
        head: Head::Free,
        saturated: false,
        flowing: false,
    }
}

/// How a chiller plant is run for the time being.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Regime {
    /// Chillers that cool.
    pub running: u32,
    /// What the economiser does.
    pub mode: CoolingMode,
}

/// How a waterside economiser takes part in the cooling.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum CoolingMode {
    /// The economiser alone; no chiller runs.
    Free,
    /// The economiser, with the tower at its coldest, and chillers behind it.
    Partial,
    /// Chillers alone.
    Mechanical,
}

/// An economiser takes part again when it spares this much, K. With the other dead bands of
/// its modes from the examples of the Modelica Buildings library, whose controller follows Stein
/// (2009).
pub(super) const ECONOMISER_ON_K: f64 = 1.1;
/// Chillers take part beside an economiser, or behind a device, when the supply is this much too warm,
/// K, from the same.
pub(super) const CHILLERS_ON_K: f64 = 1.1;

/// What a control does when it has failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ControlFault {
    /// It stays where it is.
    Stuck,
    /// It goes to its end: fans to full speed, a valve wide open.
    Full,
    /// It goes to the other end: fans to rest, a valve shut.
    Shut,
}
