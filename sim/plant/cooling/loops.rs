//! One cooling loop: heat in, weather out, temperatures and power and water between.

use schemars::JsonSchema;
use serde::Deserialize;

use super::basin::BasinHeater;
use super::chiller::ChillerDesign;
use super::chiller_plant::{AirCooledChillerDesign, ChillerPlantDesign};
use super::control::{ControlFault, Regime};
use super::dry_cooler::DryCoolerDesign;
use super::exchange::RackExchanger;
use super::fans::FanLaw;
use super::fluid_cooler::FluidCoolerDesign;
use super::hybrid::HybridDesign;
use super::pumps::{PumpLaw, Pumping};
use super::staging::{Control, Operation, Staged};
use super::tower::{TowerDesign, TowerSink};
use super::ventilation::VentilationDesign;
use super::water::{self, WaterFlows};
use crate::fluids::MoistAir;
use crate::fluids::water::{CP_WATER, DENSITY_WATER};

/// A cooling loop as the facility runs it.
///
/// Quasi-steady: [`solve`](Self::solve) gives the state that heat, weather and power settle
/// at, and the answer depends on nothing that was asked before.
#[derive(Debug, Clone)]
pub struct CoolingLoop {
    design: LoopDesign,
    /// Of pumped loops.
    racks: RackExchanger,
}

/// Everything a loop is built from.
#[derive(Debug, Clone, Copy, PartialEq)]
#[allow(clippy::large_enum_variant)] // a site has a handful
pub enum LoopDesign {
    /// Coolant pumped between racks and a heat-rejection device.
    Hydronic(HydronicDesign),
    /// Chilled water, chillers and a tower.
    ChillerPlant(ChillerPlantDesign),
    /// Chilled water and air-cooled chillers.
    AirCooledChiller(AirCooledChillerDesign),
    /// Outdoor air through the hall.
    Ventilation(VentilationDesign),
}

impl LoopDesign {
    /// Whether outdoor air goes straight through the hall.
    pub fn is_ventilation(&self) -> bool {
        matches!(self, Self::Ventilation(_))
    }

    /// Whether the loop has a waterside economiser.
    pub fn has_economiser(&self) -> bool {
        matches!(self, Self::ChillerPlant(plant) if plant.economiser.is_some())
    }

    /// The supply temperature that the loop is to hold, degrees Celsius; none where it floats
    /// with the weather.
    pub fn held_c(&self) -> Option<f64> {
        match self {
            LoopDesign::Hydronic(h) if h.fan_control == FanControl::AlwaysOn => None,
            LoopDesign::Hydronic(h) => Some(h.setpoint_c.max(h.minimum_supply_c)),
            LoopDesign::ChillerPlant(c) => Some(c.setpoint_c),
            LoopDesign::AirCooledChiller(c) => Some(c.setpoint_c),
            LoopDesign::Ventilation(_) => None,
        }
    }

    /// The coldest that water may get out in the weather, degrees Celsius; none where there is no
    /// plain water in it.
    pub fn coldest_water_c(&self) -> Option<f64> {
        match self {
            LoopDesign::Hydronic(h) if h.circuit.specific_heat_j_kgk < CP_WATER => None,
            LoopDesign::Hydronic(h) => Some(h.minimum_supply_c),
            LoopDesign::ChillerPlant(c) => Some(c.minimum_basin_c),
            LoopDesign::AirCooledChiller(_) | LoopDesign::Ventilation(_) => None,
        }
    }

    /// Whether something in it evaporates water.
    pub fn evaporates(&self) -> bool {
        match self {
            LoopDesign::Hydronic(h) => match &h.device {
                DeviceDesign::DryCooler(cooler) => cooler.pads.is_some(),
                DeviceDesign::Tower(_) | DeviceDesign::FluidCooler(_) | DeviceDesign::Hybrid(_) => {
                    true
                }
            },
            LoopDesign::ChillerPlant(_) => true,
            LoopDesign::AirCooledChiller(_) => false,
            LoopDesign::Ventilation(v) => v.pads.is_some(),
        }
    }

    /// Whether it rejects heat without water too: an open tower does not.
    pub fn works_dry(&self) -> bool {
        match self {
            LoopDesign::Hydronic(h) => !matches!(h.device, DeviceDesign::Tower(_)),
            LoopDesign::ChillerPlant(_) => false,
            LoopDesign::AirCooledChiller(_) | LoopDesign::Ventilation(_) => true,
        }
    }

    /// Heat of the racks that the loop is meant for, W.
    pub fn design_heat_w(&self) -> f64 {
        match self {
            Self::Hydronic(h) => h.design_heat_w,
            Self::ChillerPlant(c) => c.design_heat_w,
            Self::AirCooledChiller(c) => c.design_heat_w,
            Self::Ventilation(v) => v.design_heat_w,
        }
    }
}

/// A pumped loop and the device at its end.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct HydronicDesign {
    /// Heat of the racks that the loop is meant for, W.
    pub design_heat_w: f64,
    /// Pumps, coolant and the exchanger to the racks.
    pub circuit: CircuitDesign,
    /// What the heat leaves by.
    pub device: DeviceDesign,
    /// How the fans are run.
    pub fan_control: FanControl,
    /// Wanted supply temperature, degrees Celsius.
    pub setpoint_c: f64,
    /// Least supply temperature, held by a bypass against frost, degrees Celsius.
    pub minimum_supply_c: f64,
    /// Least speed of a running fan as a share of full speed.
    pub minimum_fan_speed: f64,
    /// The heater in the basins of its device, if any.
    pub basin: Option<BasinHeater>,
}

impl HydronicDesign {
    /// The most that fans, spray pumps and basin heaters draw, W.
    fn max_fan_w(&self) -> f64 {
        self.device.max_fan_w() + self.basin.map_or(0.0, |basin| basin.max_w())
    }
}

/// The pumped side of a loop.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CircuitDesign {
    /// Coolant flow with all pumps running, kg/s.
    pub flow_kg_s: f64,
    /// Specific heat of the coolant, J/(kg K).
    pub specific_heat_j_kgk: f64,
    /// Electric power of all pumps, W.
    pub pump_w: f64,
    /// Share of it that ends as heat in the coolant; motors give the rest to the room.
    pub pump_heat: f64,
    /// Number of pumps in parallel, which fail one at a time.
    pub pumps: u32,
    /// How they are run, and what they lift.
    pub pump_law: PumpLaw,
    /// How far above the supply the coolant or air enters the racks at design heat and full
    /// flow, K: the approach of the coolant distribution unit or air handler.
    pub approach_k: f64,
}

/// The heat-rejection device of a pumped loop.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum DeviceDesign {
    /// Open cooling tower.
    Tower(TowerDesign),
    /// Dry cooler.
    DryCooler(DryCoolerDesign),
    /// Evaporative fluid cooler.
    FluidCooler(FluidCoolerDesign),
    /// Dry cooler ahead of an open tower.
    Hybrid(HybridDesign),
}

impl DeviceDesign {
    /// The most that its fans and spray pumps draw, W.
    fn max_fan_w(&self) -> f64 {
        match self {
            Self::Tower(t) => t.fan_w,
            Self::DryCooler(d) => d.fan_w,
            Self::FluidCooler(f) => f.dry.fan_w + f.spray.pump_w,
            Self::Hybrid(h) => h.dry.fan_w + h.tower.fan_w,
        }
    }

    /// Number of cells or units, which fail one at a time.
    fn units(&self) -> u32 {
        match self {
            Self::Tower(t) => t.cells,
            Self::DryCooler(d) => d.units,
            Self::FluidCooler(f) => f.dry.units,
            Self::Hybrid(h) => h.tower.cells,
        }
    }
}

/// What a pumped loop asks of the device at its end.
#[derive(Debug, Clone, Copy)]
pub(super) struct Asked<'a> {
    /// Heat to reject, W.
    pub(super) heat_w: f64,
    /// The coolant that brings it, kg/s and W/K.
    pub(super) coolant: (f64, f64),
    pub(super) air: &'a MoistAir,
    /// Share of the fans that can run.
    pub(super) fans: f64,
    pub(super) control: Control,
    /// Whether water may be spent.
    pub(super) may_evaporate: bool,
}

impl Asked<'_> {
    /// How much warmer the coolant enters than it leaves, K.
    pub(super) fn range_k(&self) -> f64 {
        self.heat_w / self.coolant.1
    }
}

/// How a device carries what was asked of it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rejected {
    pub(super) staged: Staged,
    /// Power of fans and spray pumps, and of the latter alone, W.
    pub(super) fan_w: f64,
    pub(super) spray_w: f64,
    /// Whether water runs over fill or coil.
    pub(super) wet: bool,
    /// Heat that leaves without water being spent, W.
    pub(super) dry_w: f64,
    /// Air as a share of full.
    pub(super) air_ratio: f64,
    pub(super) water: WaterFlows,
}

/// How the fans of a heat-rejection device are run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum FanControl {
    /// All fans together at the speed that holds the supply setpoint.
    VariableSpeed,
    /// Fans of one speed, switched on and off to hold the supply setpoint.
    Cycling,
    /// All fans at full speed always; the supply floats with the weather.
    AlwaysOn,
}

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

impl CircuitDesign {
    /// What all pumps at full speed put into the coolant, W.
    pub(super) fn pump_heat_w(&self) -> f64 {
        self.pump_heat * self.pump_w
    }
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
    /// Coolant through racks and exchangers, as a share of design.
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
    /// Part of the racks' and pumps' heat that goes to the weather past the chillers, by a
    /// waterside economiser, W.
    pub economiser_w: f64,
    /// The supply is warmer than wanted and the device can do no more.
    pub saturated: bool,
    /// Something carries the heat off. Where not, no heat is rejected, the temperatures say
    /// nothing (they hold the dry bulb) and the racks must trip.
    pub flowing: bool,
}

impl CoolingLoop {
    /// A loop ready to be solved.
    pub fn new(design: &LoopDesign) -> Self {
        let behind = |heat_w, circuit: &CircuitDesign| {
            let capacity_w_k = circuit.flow_kg_s * circuit.specific_heat_j_kgk;
            RackExchanger::sized(heat_w, capacity_w_k, circuit.approach_k)
        };
        let racks = match design {
            LoopDesign::Hydronic(h) => behind(h.design_heat_w, &h.circuit),
            LoopDesign::ChillerPlant(c) => behind(c.design_heat_w, &c.circuit),
            LoopDesign::AirCooledChiller(c) => behind(c.design_heat_w, &c.circuit),
            LoopDesign::Ventilation(v) => RackExchanger::sized(v.design_heat_w, 1.0, 0.0),
        };
        Self { design: *design, racks }
    }

    /// What the loop was built from.
    pub fn design(&self) -> &LoopDesign {
        &self.design
    }

    /// The state that the loop settles at with `heat_w` from its racks in the weather `air`.
    ///
    /// A pure function: no state, no allocation, the same bits for the same question. About
    /// 1 microsecond for a tower at full speed, 3 where the fan speed has to be found; a
    /// third of that for a dry cooler, 20 ns for a ventilated hall.
    ///
    /// # Panics
    ///
    /// If `heat_w` is negative or not finite.
    pub fn solve(&self, heat_w: f64, air: &MoistAir, drive: Drive) -> LoopState {
        assert!(heat_w >= 0.0 && heat_w.is_finite(), "heat of a loop must be a power: {heat_w} W");
        match &self.design {
            LoopDesign::Hydronic(h) => self.solve_hydronic(h, heat_w, air, drive),
            LoopDesign::ChillerPlant(c) => c.solve(heat_w, air, drive, &self.racks),
            LoopDesign::AirCooledChiller(c) => c.solve(heat_w, air, drive, &self.racks),
            LoopDesign::Ventilation(v) => v.solve(heat_w, air, drive),
        }
    }

    /// Temperature above which the fans or chillers work to bring the supply down, degrees
    /// Celsius; below any temperature where the fans always run.
    pub fn setpoint_c(&self) -> f64 {
        match &self.design {
            LoopDesign::Hydronic(h) if h.fan_control == FanControl::AlwaysOn => f64::NEG_INFINITY,
            LoopDesign::Hydronic(h) => h.setpoint_c,
            LoopDesign::ChillerPlant(c) => c.setpoint_c,
            LoopDesign::AirCooledChiller(c) => c.setpoint_c,
            LoopDesign::Ventilation(v) => v.minimum_inlet_c,
        }
    }

    /// Whether the supply goes with the weather at `state`, and nothing holds it: the fans of a
    /// pumped loop turn at a speed of their own, and no bypass is needed against frost.
    pub fn floats(&self, state: &LoopState, drive: &Drive) -> bool {
        match &self.design {
            LoopDesign::Hydronic(h) => {
                drive.fan_speed.is_some() && state.supply_c > h.minimum_supply_c
            }
            _ => false,
        }
    }

    /// Speed at which fans turn, as a share of full, whose control has failed while they turned
    /// at `fan_speed` in the mean.
    pub fn failed_fan_speed(&self, fault: ControlFault, fan_speed: f64) -> f64 {
        let cycle = |control: FanControl, least: f64| match control {
            FanControl::VariableSpeed => least,
            FanControl::Cycling | FanControl::AlwaysOn => 1.0,
        };
        let least = match &self.design {
            LoopDesign::Hydronic(h) => cycle(h.fan_control, h.minimum_fan_speed),
            LoopDesign::ChillerPlant(c) => cycle(c.fan_control, c.minimum_fan_speed),
            LoopDesign::AirCooledChiller(_) => 1.0,
            LoopDesign::Ventilation(v) => v.minimum_speed,
        };
        match fault {
            ControlFault::Full => 1.0,
            ControlFault::Shut => 0.0,
            ControlFault::Stuck if fan_speed >= least => fan_speed.min(1.0),
            // A mean of running and resting: it is caught in the one that lasts longer.
            ControlFault::Stuck => {
                if 2.0 * fan_speed >= least {
                    least
                } else {
                    0.0
                }
            }
        }
    }

    /// Heat that the coolant behind the loop's `approach` takes up by a kelvin, J/K: 0.5 L a
    /// kilowatt, as in the technology loop of a distribution unit; none without an approach.
    pub fn behind_approach_j_k(&self) -> Option<f64> {
        let coolant_j_k = 0.5e-6 * self.design.design_heat_w() * DENSITY_WATER * CP_WATER;
        self.racks.is_there().then_some(coolant_j_k)
    }

    /// Between the supply and the coolant behind the approach, W/K, at a share of full flow:
    /// infinite without an approach.
    pub fn behind_approach_w_k(&self, flow: f64) -> f64 {
        if flow > 0.0 { 1.0 / self.racks.approach_k(1.0, flow) } else { 0.0 }
    }

    /// The most that the fans, with spray pumps and basin heaters, ever draw, W.
    pub fn max_fan_w(&self) -> f64 {
        match &self.design {
            LoopDesign::Hydronic(h) => h.max_fan_w(),
            LoopDesign::ChillerPlant(c) => c.tower.fan_w,
            LoopDesign::AirCooledChiller(_) => 0.0,
            LoopDesign::Ventilation(v) => v.fan_w,
        }
    }

    /// The most that the pumps ever draw, W.
    pub fn max_pump_w(&self) -> f64 {
        match &self.design {
            LoopDesign::Hydronic(h) => h.circuit.pump_w,
            LoopDesign::ChillerPlant(c) => c.circuit.pump_w + c.condenser_pump_w,
            LoopDesign::AirCooledChiller(c) => c.circuit.pump_w,
            LoopDesign::Ventilation(_) => 0.0,
        }
    }

    /// The most that the chillers ever draw, W.
    pub fn max_chiller_w(&self) -> f64 {
        let of = |c: &ChillerDesign| f64::from(c.units) * c.max_power_w;
        match &self.design {
            LoopDesign::ChillerPlant(c) => of(&c.chillers),
            LoopDesign::AirCooledChiller(c) => of(&c.chillers),
            LoopDesign::Hydronic(_) | LoopDesign::Ventilation(_) => 0.0,
        }
    }

    /// Coolant with a share `running` of the pumps at full speed, as a share of design.
    pub fn full_flow(&self, running: f64) -> f64 {
        match &self.design {
            LoopDesign::Hydronic(h) => h.circuit.pump_law.full_flow(running),
            LoopDesign::ChillerPlant(c) => c.circuit.pump_law.full_flow(running),
            LoopDesign::AirCooledChiller(c) => c.circuit.pump_law.full_flow(running),
            LoopDesign::Ventilation(_) => 1.0,
        }
    }

    /// How many fans (cells, units), pumps and chillers the loop has, each failing on its own.
    pub fn units(&self) -> (u32, u32, u32) {
        match &self.design {
            LoopDesign::Hydronic(h) => (h.device.units(), h.circuit.pumps, 0),
            LoopDesign::ChillerPlant(c) => (c.tower.cells, c.circuit.pumps, c.chillers.units),
            LoopDesign::AirCooledChiller(c) => (0, c.circuit.pumps, c.chillers.units),
            LoopDesign::Ventilation(v) => (v.fans, 0, 0),
        }
    }

    fn solve_hydronic(
        &self,
        design: &HydronicDesign,
        heat_w: f64,
        air: &MoistAir,
        drive: Drive,
    ) -> LoopState {
        let circuit = &design.circuit;
        let pumps = drive.pumps.clamp(0.0, 1.0);
        let Pumping { flow, power } = circuit.pump_law.run(pumps, heat_w / design.design_heat_w);
        let dry_tower = !drive.may_evaporate && matches!(design.device, DeviceDesign::Tower(_));
        let fans = drive.fans.clamp(0.0, 1.0);
        // What the heater of a basin without running water draws. It has power with the fans, and
        // is off where water is short: the basin may be empty.
        let standing_w = match design.basin {
            Some(basin) if drive.may_evaporate => fans * basin.power_w(air),
            _ => 0.0,
        };
        if flow == 0.0 || dry_tower {
            return LoopState { fan_w: standing_w, heater_w: standing_w, ..still(air) };
        }
        let pump_w = power * circuit.pump_w;
        let total_w = heat_w + circuit.pump_heat * pump_w;
        let coolant_kg_s = flow * circuit.flow_kg_s;
        let coolant = (coolant_kg_s, coolant_kg_s * circuit.specific_heat_j_kgk);
        let control = Control {
            fans: design.fan_control,
            setpoint_c: design.setpoint_c,
            minimum_c: design.minimum_supply_c,
            minimum_speed: design.minimum_fan_speed,
            fixed_speed: drive.fan_speed,
        };
        let asked = Asked {
            heat_w: total_w,
            coolant,
            air,
            fans,
            control,
            may_evaporate: drive.may_evaporate,
        };
        let Rejected { staged, fan_w, spray_w, wet, dry_w, air_ratio, water } = match &design.device
        {
            DeviceDesign::Tower(tower) => tower.run(&asked),
            DeviceDesign::DryCooler(cooler) => cooler.run(&asked),
            DeviceDesign::FluidCooler(cooler) => cooler.run(&asked),
            DeviceDesign::Hybrid(hybrid) => hybrid.run(&asked),
        };
        let range_k = asked.range_k();
        let heater_w = if wet { 0.0 } else { standing_w };
        LoopState {
            supply_c: staged.leaving_c,
            return_c: staged.leaving_c + range_k,
            rack_inlet_c: staged.leaving_c + self.racks.approach_k(heat_w, flow),
            device_c: staged.leaving_c,
            fan_w: fan_w + heater_w,
            pump_w,
            flow,
            chiller_w: 0.0,
            spray_w,
            heater_w,
            fan_speed: staged.speed(),
            air_ratio,
            water,
            heat_rejected_w: total_w,
            dry_w,
            economiser_w: 0.0,
            saturated: staged.saturated,
            flowing: true,
        }
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
        flow: 0.0,
        chiller_w: 0.0,
        spray_w: 0.0,
        heater_w: 0.0,
        fan_speed: 0.0,
        air_ratio: 0.0,
        water: WaterFlows::default(),
        heat_rejected_w: 0.0,
        dry_w: 0.0,
        economiser_w: 0.0,
        saturated: false,
        flowing: false,
    }
}

pub(super) fn fan_power_w(full_w: f64, law: FanLaw, staged: &Staged) -> f64 {
    full_w
        * staged.mean(|operation, _| match operation {
            Operation::Forced { share, speed } => share * law.power(speed),
            Operation::Free => 0.0,
        })
}

/// Water of a tower that carries `heat_w(operation, multiple)` in each of the two ways in which
/// it runs.
pub(super) fn tower_water(
    tower: &TowerDesign,
    sink: &TowerSink,
    heat_w: impl Fn(Operation, f64) -> f64,
    air: &MoistAir,
    staged: &Staged,
) -> WaterFlows {
    let air_share = |operation| staged.wetted * tower.air_share(operation);
    let evaporation = staged.mean(|operation, multiple| {
        let heat_w = heat_w(operation, multiple);
        if let Some(per_k) = tower.evaporation_per_k {
            return per_k * heat_w / CP_WATER;
        }
        let air_kg_s = tower.air_flow_m3_s * air_share(operation) * sink.dry_air_kg_m3;
        water::evaporation_kg_s(heat_w, air_kg_s, air, sink.leaving_guess_c(heat_w / air_kg_s))
    });
    let drift = tower.drift * tower.water_kg_s * staged.mean(|operation, _| air_share(operation));
    WaterFlows::balanced(evaporation, drift, tower.cycles)
}
