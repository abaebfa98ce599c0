//! One cooling loop: heat in, weather out, temperatures and power and water between.

use super::air_cooled::AirCooledChillerDesign;
use super::chiller::ChillerDesign;
use super::chiller_plant::ChillerPlantDesign;
use super::circuit::CircuitDesign;
use super::devices::DeviceDesign;
use super::exchange::RackExchanger;
use super::hydronic::HydronicDesign;
use super::per_machine::PerMachine;
use super::root;
use super::staging::FanControl;
use super::state::{BOILING_C, ControlFault, Drive, LoopState, still};
use super::trim::{TrimDesign, TrimSource};
use super::ventilation::VentilationDesign;
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
    /// The temperature at which fans or chillers hold the supply, degrees Celsius: none where it goes
    /// with the weather.
    pub fn held_supply_c(&self) -> Option<f64> {
        match self {
            Self::Hydronic(h) => (h.fan_control != FanControl::AlwaysOn).then_some(h.setpoint_c),
            Self::ChillerPlant(plant) => Some(plant.setpoint_c),
            Self::AirCooledChiller(plant) => Some(plant.setpoint_c),
            Self::Ventilation(_) => None,
        }
    }

    /// Whether outdoor air goes straight through the hall.
    pub fn is_ventilation(&self) -> bool {
        matches!(self, Self::Ventilation(_))
    }

    /// Whether the loop changes between free, partial and mechanical cooling, as the weather cools it
    /// beside chillers that an operator starts and stops: by a waterside economiser, or by the device
    /// before a trim with chillers. A bought main is not operated and has no modes.
    pub fn has_modes(&self) -> bool {
        match self {
            Self::ChillerPlant(plant) => plant.economiser.is_some(),
            _ => self.trim().is_some_and(|trim| trim.chillers().is_some()),
        }
    }

    /// What cools its coolant on behind the device of a pumped loop.
    pub fn trim(&self) -> Option<&TrimDesign> {
        match self {
            Self::Hydronic(h) => h.trim.as_ref(),
            _ => None,
        }
    }

    /// Whether a part of its heat may go to a bought main of chilled water.
    pub fn buys_cold(&self) -> bool {
        self.trim().is_some_and(|trim| matches!(trim.source, TrimSource::Main { .. }))
    }

    /// Its chillers.
    pub(super) fn chillers(&self) -> Option<&ChillerDesign> {
        match self {
            Self::ChillerPlant(plant) => Some(&plant.chillers),
            Self::AirCooledChiller(plant) => Some(&plant.chillers),
            Self::Hydronic(_) => self.trim()?.chillers(),
            Self::Ventilation(_) => None,
        }
    }

    /// Whether its chillers, if it has any, give their heat to water that evaporates.
    pub fn condenses_by_water(&self) -> bool {
        matches!(self, Self::ChillerPlant(_))
            || self.trim().is_some_and(|trim| trim.tower().is_some())
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
                DeviceDesign::DryCooler(cooler) => {
                    cooler.pads.is_some() || self.condenses_by_water()
                }
                DeviceDesign::Tower(_) | DeviceDesign::FluidCooler(_) | DeviceDesign::Hybrid(_) => {
                    true
                }
            },
            LoopDesign::ChillerPlant(_) => true,
            LoopDesign::AirCooledChiller(_) => false,
            LoopDesign::Ventilation(v) => v.pads.is_some(),
        }
    }

    /// Whether what evaporates goes with the heat that it rejects, rather than with the air that
    /// passes its pads.
    pub fn evaporates_by_heat(&self) -> bool {
        match self {
            LoopDesign::Hydronic(h) => {
                !matches!(h.device, DeviceDesign::DryCooler(_)) || self.condenses_by_water()
            }
            LoopDesign::ChillerPlant(_) => true,
            LoopDesign::AirCooledChiller(_) | LoopDesign::Ventilation(_) => false,
        }
    }

    /// Whether it rejects heat without water too: an open tower does not, but a trim behind it that
    /// needs none.
    pub fn works_dry(&self) -> bool {
        match self {
            LoopDesign::Hydronic(h) => {
                !matches!(h.device, DeviceDesign::Tower(_))
                    || (h.trim.is_some() && !self.condenses_by_water())
            }
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
        let state = self.unbounded(heat_w, air, &drive);
        let range_k = state.return_c - state.supply_c;
        if !state.flowing || state.supply_c <= BOILING_C {
            return LoopState { return_c: self.returns_c(state.supply_c, range_k), ..state };
        }
        let carried_w = self.capacity_w(BOILING_C, air, drive).min(heat_w);
        let most = self.unbounded(carried_w, air, &drive);
        LoopState {
            supply_c: BOILING_C,
            return_c: self.returns_c(BOILING_C, most.return_c - most.supply_c),
            rack_inlet_c: BOILING_C,
            device_c: most.device_c.min(BOILING_C),
            left_w: heat_w - carried_w,
            saturated: true,
            ..most
        }
    }

    /// Temperature at which coolant comes back from the racks that a whole `range_k` would warm,
    /// degrees Celsius. It boils at [`BOILING_C`]; what heat it brings beyond that it brings as
    /// vapour, which the device condenses (assumption). The air of a hall does not boil.
    pub(super) fn returns_c(&self, supply_c: f64, range_k: f64) -> f64 {
        let whole_c = supply_c + range_k;
        if self.design.is_ventilation() { whole_c } else { whole_c.min(BOILING_C.max(supply_c)) }
    }

    /// How much `heat_w` of its racks, and what its pumps put into it, warm the coolant of `state`, K.
    pub(super) fn range_k(&self, heat_w: f64, state: &LoopState) -> f64 {
        let (circuit, pump_w) = match &self.design {
            LoopDesign::Hydronic(h) => (&h.circuit, state.pump_w - state.condenser_pump_w),
            LoopDesign::ChillerPlant(c) => (&c.circuit, state.pump_w - state.condenser_pump_w),
            LoopDesign::AirCooledChiller(c) => (&c.circuit, state.pump_w),
            LoopDesign::Ventilation(_) => return state.return_c - state.supply_c,
        };
        let capacity_w_k = circuit.capacity_w_k(state.flow);
        if capacity_w_k > 0.0 { (heat_w + circuit.pump_heat * pump_w) / capacity_w_k } else { 0.0 }
    }

    /// The same where no coolant boils.
    fn unbounded(&self, heat_w: f64, air: &MoistAir, drive: &Drive) -> LoopState {
        match &self.design {
            LoopDesign::Hydronic(h) => h.solve(heat_w, air, drive, &self.racks),
            LoopDesign::ChillerPlant(c) => c.solve(heat_w, air, drive, &self.racks),
            LoopDesign::AirCooledChiller(c) => c.solve(heat_w, air, drive, &self.racks),
            LoopDesign::Ventilation(v) => v.solve(heat_w, air, drive),
        }
    }

    /// The most heat of racks, W, with which the loop's supply settles at `supply_c` or below: what
    /// its machines carry away at that temperature. A bracketed root of some ten solves, or for
    /// air-cooled chillers a closed form.
    pub fn capacity_w(&self, supply_c: f64, air: &MoistAir, drive: Drive) -> f64 {
        /// The supply may be this much above, so that a loop at its setpoint carries all it can.
        const SLACK_K: f64 = 1e-4;
        if let LoopDesign::AirCooledChiller(c) = &self.design {
            let most = c.at_most(supply_c, air, &drive);
            let beside_w =
                c.circuit.pump_heat * most.pump_w + c.chillers.compressor_heat * most.chiller_w;
            return (most.heat_rejected_w - beside_w).max(0.0);
        }
        let pumped = match &self.design {
            LoopDesign::Hydronic(h) => Some(h.supply_about(supply_c + SLACK_K, air, &drive)),
            _ => None,
        };
        let settles = |heat_w: f64| match &pumped {
            Some(settles) => settles(heat_w),
            None => {
                let state = self.unbounded(heat_w, air, &drive);
                state.flowing.then_some(state.supply_c)
            }
        };
        let Some(least) = settles(0.0).map(|c| c - supply_c - SLACK_K).filter(|least| *least < 0.0)
        else {
            return 0.0;
        };
        let still_c = still(air).supply_c;
        let excess = |heat_w: f64| settles(heat_w).unwrap_or(still_c) - supply_c - SLACK_K;
        // However warm the supply, no machine is asked for more than this.
        let limit_w = 8.0 * self.design().design_heat_w();
        let mut most_w = self.design().design_heat_w();
        let mut most = excess(most_w);
        while most < 0.0 {
            if most_w >= limit_w {
                return limit_w;
            }
            most_w *= 2.0;
            most = excess(most_w);
        }
        root::bracketed(excess, (0.0, least), (most_w, most), 1e-6 * most_w, 1e-6)
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
    /// pumped loop turn at a speed of their own, or always, and no bypass is needed against frost.
    pub fn floats(&self, state: &LoopState, drive: &Drive) -> bool {
        match &self.design {
            LoopDesign::Hydronic(h) => {
                let fixed = drive.fan_speed.is_some() || h.fan_control == FanControl::AlwaysOn;
                let trimmed = state.lifted_w > 0.0 && !state.saturated;
                fixed && !trimmed && state.supply_c > h.minimum_supply_c
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

    /// Heat that the water of a tower behind chillers takes up by a kelvin, J/K; none where there is
    /// no such water. Of two minutes of its flow, as EnergyPlus gives a loop: 5 L a kilowatt.
    pub fn condenser_j_k(&self) -> Option<f64> {
        const ROUND_S: f64 = 120.0;
        match &self.design {
            LoopDesign::ChillerPlant(c) => Some(ROUND_S * c.condenser_kg_s * CP_WATER),
            _ => None,
        }
    }

    /// Temperatures of what enters the condensers of its chillers, degrees Celsius: above the first
    /// the pressure in them trips machines at their least load, at or below the second they start
    /// again. None without chillers.
    pub fn head_limits_c(&self, drive: &Drive) -> Option<(f64, f64)> {
        let chillers = self.design.chillers()?;
        let by_water = self.design.condenses_by_water();
        let flow = if by_water { self.full_flow(drive.pumps) } else { 1.0 };
        let least = chillers.curves.least_unloading.min(chillers.curves.most_part_load);
        Some((chillers.head.trips_at_c(least, flow), chillers.head.restarts_c))
    }

    /// Temperature of what enters the condensers in `air`, where the water of a tower has
    /// `condenser_c`, degrees Celsius. None without chillers.
    pub fn entering_c(&self, condenser_c: f64, air: &MoistAir) -> Option<f64> {
        match &self.design {
            LoopDesign::ChillerPlant(c) => Some(condenser_c.max(c.minimum_condenser_c)),
            LoopDesign::AirCooledChiller(c) => Some(air.dry_bulb_c + c.recirculation_k),
            LoopDesign::Hydronic(h) => h.trim.as_ref()?.entering_c(air),
            LoopDesign::Ventilation(_) => None,
        }
    }

    /// Shares of the power of its pumps and of its compressors that end in its coolants; the rest
    /// warms the room.
    pub fn heat_shares(&self) -> (f64, f64) {
        match &self.design {
            LoopDesign::Hydronic(h) => {
                let chillers = self.design.chillers();
                (h.circuit.pump_heat, chillers.map_or(0.0, |chillers| chillers.compressor_heat))
            }
            LoopDesign::ChillerPlant(c) => (c.circuit.pump_heat, c.chillers.compressor_heat),
            LoopDesign::AirCooledChiller(c) => (c.circuit.pump_heat, c.chillers.compressor_heat),
            LoopDesign::Ventilation(_) => (0.0, 0.0),
        }
    }

    /// Temperature of what enters racks of `heat_w` behind a supply of `supply_c`, degrees Celsius.
    pub(super) fn inlet_c(&self, supply_c: f64, heat_w: f64, flow: f64) -> f64 {
        if flow > 0.0 { self.racks.inlet_c(supply_c, heat_w, flow) } else { supply_c }
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
            LoopDesign::Hydronic(h) => h.max_pump_w(),
            LoopDesign::ChillerPlant(c) => c.circuit.pump_w + c.condenser_pump_w,
            LoopDesign::AirCooledChiller(c) => c.circuit.pump_w,
            LoopDesign::Ventilation(_) => 0.0,
        }
    }

    /// The most that the chillers ever draw, W.
    pub fn max_chiller_w(&self) -> f64 {
        self.design
            .chillers()
            .map_or(0.0, |chillers| f64::from(chillers.units) * chillers.max_power_w)
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
    pub fn units(&self) -> PerMachine<u32> {
        let (fans, pumps) = match &self.design {
            LoopDesign::Hydronic(h) => (h.device.units(), h.circuit.pumps),
            LoopDesign::ChillerPlant(c) => (c.tower.cells, c.circuit.pumps),
            LoopDesign::AirCooledChiller(c) => (0, c.circuit.pumps),
            LoopDesign::Ventilation(v) => (v.fans, 0),
        };
        let chillers = self.design.chillers().map_or(0, |chillers| chillers.units);
        PerMachine { fans, pumps, chillers }
    }
}
