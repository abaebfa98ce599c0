//! Chilled water: chillers on a tower or on outdoor air, and the economiser beside them.

use std::cell::Cell;

use super::chiller::{ChillerDesign, overloaded_c};
use super::circuit::{CircuitDesign, Stream};
use super::device::fan_power_w;
use super::exchange::{RackExchanger, WaterExchanger};
use super::pumps::Pumping;
use super::root;
use super::setpoint::Setpoint;
use super::staging::{self, Control, Device, FanControl, Staged};
use super::state::{CoolingMode, Drive, LoopState, still};
use super::tower::{TowerDesign, TowerSink, tower_water};
use super::water::WaterFlows;
use crate::fluids::{MoistAir, water::CP_WATER};

/// Chilled water from chillers whose condensers are cooled by an open tower.
///
/// Two pumped circuits, racks to chillers and chillers to tower, and where it is built an
/// economiser: a plate exchanger in which the water from the tower, on its way to the
/// condensers, cools what comes back from the racks, on its way to the chillers.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ChillerPlantDesign {
    /// Heat of the racks that the plant is meant for, W.
    pub design_heat_w: f64,
    /// The chilled water: pumps and the exchanger to the racks.
    pub circuit: CircuitDesign,
    /// Wanted temperature of the chilled water, degrees Celsius.
    pub setpoint_c: f64,
    /// The chillers.
    pub chillers: ChillerDesign,
    /// Flow of condenser water with all pumps running, kg/s.
    pub condenser_kg_s: f64,
    /// Electric power of all condenser pumps, W; as much of it as of the chilled-water pumps'
    /// ends as heat in the tower.
    pub condenser_pump_w: f64,
    /// The tower.
    pub tower: TowerDesign,
    /// How the tower's fans are run.
    pub fan_control: FanControl,
    /// Condenser water wanted from the tower while chillers run alone.
    pub condenser_setpoint: Setpoint,
    /// Least temperature at which water enters the condensers, held by a bypass, degrees
    /// Celsius.
    pub minimum_condenser_c: f64,
    /// Least temperature of the tower's water, against frost, degrees Celsius.
    pub minimum_basin_c: f64,
    /// Least speed of a running fan as a share of full speed.
    pub minimum_fan_speed: f64,
    /// The economiser, where there is one.
    pub economiser: Option<WaterExchanger>,
}

/// Chilled water from chillers whose condensers are cooled by outdoor air.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct AirCooledChillerDesign {
    /// Heat of the racks that the plant is meant for, W.
    pub design_heat_w: f64,
    /// The chilled water: pumps and the exchanger to the racks.
    pub circuit: CircuitDesign,
    /// Wanted temperature of the chilled water, degrees Celsius.
    pub setpoint_c: f64,
    /// The chillers, the fans of their condensers included.
    pub chillers: ChillerDesign,
    /// How much warmer than the weather the air enters the condensers, K.
    pub recirculation_k: f64,
}

/// The tower's water must be this much colder than the returning chilled water for the
/// economiser to run beside chillers, K: an assumption for the dead band of its controls.
const WORTHWHILE_K: f64 = 1.0;
/// Water this much too warm still counts as the setpoint held, K: the root finder's own error.
const HELD_K: f64 = 1e-5;

impl ChillerPlantDesign {
    /// The steady state at `heat_w`: one root for the supply, within one for the speed of the fans
    /// where that has to be found.
    pub(super) fn solve(
        &self,
        heat_w: f64,
        air: &MoistAir,
        drive: Drive,
        racks: &RackExchanger,
    ) -> LoopState {
        let pumps = drive.pumps.clamp(0.0, 1.0);
        let Pumping { flow, power } = self.circuit.pump_law.run(pumps, heat_w / self.design_heat_w);
        let available = self.chillers.available(&drive);
        let stands = available == 0.0 && self.economiser.is_none();
        if flow == 0.0 || stands || !drive.may_evaporate {
            return still(air);
        }
        let evaporator_w = heat_w + power * self.circuit.pump_heat_w();
        let chilled_w_k = flow * self.circuit.flow_kg_s * self.circuit.specific_heat_j_kgk;
        let condenser_kg_s = self.circuit.pump_law.full_flow(pumps) * self.condenser_kg_s;
        let question = Question {
            plant: self,
            sink: TowerSink::new(air, self.tower.correction_wet_bulb_c),
            evaporator_w,
            range_k: evaporator_w / chilled_w_k,
            condenser: Stream { kg_s: condenser_kg_s, w_k: condenser_kg_s * CP_WATER },
            condenser_pump_w: pumps * self.circuit.pump_heat * self.condenser_pump_w,
            economiser_w_k: self
                .economiser
                .map(|e| e.conductance_w_k(chilled_w_k, condenser_kg_s * CP_WATER)),
            fans: drive.fans.clamp(0.0, 1.0),
            fan_speed: drive.fan_speed,
            available,
            mode: drive.regime.map(|regime| regime.mode),
        };
        let answer = question.answer();
        LoopState {
            supply_c: answer.supply_c,
            return_c: answer.supply_c + question.range_k,
            rack_inlet_c: answer.supply_c + racks.approach_k(heat_w, flow),
            device_c: answer.tower.leaving_c,
            fan_w: fan_power_w(self.tower.fan_w_in(air), self.tower.fan_law, &answer.tower),
            pump_w: power * self.circuit.pump_w + pumps * self.condenser_pump_w,
            flow,
            chiller_w: answer.chiller_w,
            spray_w: 0.0,
            heater_w: 0.0,
            fan_speed: answer.tower.speed(),
            air_ratio: answer.tower.mean(|operation, _| self.tower.air_share(operation)),
            water: tower_water(
                &self.tower,
                &question.sink,
                |_, multiple| multiple * answer.tower_w,
                air,
                &answer.tower,
            ),
            heat_rejected_w: answer.tower_w,
            dry_w: 0.0,
            economiser_w: answer.economiser_w,
            saturated: answer.supply_c > self.setpoint_c + HELD_K,
            flowing: true,
        }
    }
}

impl AirCooledChillerDesign {
    /// The steady state at `heat_w`, in closed form.
    pub(super) fn solve(
        &self,
        heat_w: f64,
        air: &MoistAir,
        drive: Drive,
        racks: &RackExchanger,
    ) -> LoopState {
        let pumps = drive.pumps.clamp(0.0, 1.0);
        let Pumping { flow, power } = self.circuit.pump_law.run(pumps, heat_w / self.design_heat_w);
        let available = self.chillers.available(&drive);
        if flow == 0.0 || available == 0.0 {
            return still(air);
        }
        let pump_w = power * self.circuit.pump_w;
        let evaporator_w = heat_w + self.circuit.pump_heat * pump_w;
        let entering_c = air.dry_bulb_c + self.recirculation_k;
        let excess = |x| evaporator_w - self.chillers.most_heat_w(available, x, entering_c);
        let overloaded = excess(self.setpoint_c) > 0.0;
        let supply_c =
            if overloaded { overloaded_c(self.setpoint_c, excess) } else { self.setpoint_c };
        let mut running = match drive.regime {
            Some(_) => available,
            None => self.chillers.running(evaporator_w, available),
        };
        while running < available
            && self.chillers.most_heat_w(running, supply_c, entering_c) < evaporator_w
        {
            running = (running + 1.0).min(available);
        }
        let chiller_w = self.chillers.power_w(running, evaporator_w, supply_c, entering_c);
        let range_k =
            evaporator_w / (flow * self.circuit.flow_kg_s * self.circuit.specific_heat_j_kgk);
        let rejected_w = evaporator_w + self.chillers.compressor_heat * chiller_w;
        LoopState {
            supply_c,
            return_c: supply_c + range_k,
            rack_inlet_c: supply_c + racks.approach_k(heat_w, flow),
            device_c: supply_c,
            fan_w: 0.0,
            pump_w,
            flow,
            chiller_w,
            spray_w: 0.0,
            heater_w: 0.0,
            fan_speed: 0.0,
            air_ratio: 0.0,
            water: WaterFlows::default(),
            heat_rejected_w: rejected_w,
            dry_w: rejected_w,
            economiser_w: 0.0,
            saturated: overloaded,
            flowing: true,
        }
    }
}

/// What is asked of a plant with a tower, its flows settled.
struct Question<'a> {
    plant: &'a ChillerPlantDesign,
    sink: TowerSink,
    /// Heat of racks and chilled-water pumps, W.
    evaporator_w: f64,
    /// How much that warms the chilled water, K.
    range_k: f64,
    /// Condenser water.
    condenser: Stream,
    /// What the condenser pumps put into the water, W.
    condenser_pump_w: f64,
    /// Heat that the economiser moves per kelvin between its inlets, W/K.
    economiser_w_k: Option<f64>,
    fans: f64,
    /// Their speed, where nobody controls it.
    fan_speed: Option<f64>,
    /// Chillers that can run.
    available: f64,
    /// The mode that the operator has chosen, and with it all that can run do; `None` for the
    /// best there is.
    mode: Option<CoolingMode>,
}

/// How the plant settles.
#[derive(Debug, Clone, Copy)]
struct Answer {
    supply_c: f64,
    tower: Staged,
    /// Heat of the tower, W.
    tower_w: f64,
    chiller_w: f64,
    economiser_w: f64,
}

/// Water of the tower and what becomes of it, with chilled water leaving at some temperature.
#[derive(Debug, Clone, Copy)]
struct Condensed {
    tower: Staged,
    tower_w: f64,
    /// Temperature of the water that enters the condensers.
    entering_c: f64,
    chiller_w: f64,
    economiser_w: f64,
    tower_c: f64,
}

impl Condensed {
    /// How much warmer the water leaves the tower than was supposed, K.
    fn excess_k(&self) -> f64 {
        self.tower.leaving_c - self.tower_c
    }
}

impl Question<'_> {
    /// As the operator has chosen; else the economiser alone if it holds the setpoint; else beside chillers if the tower's
    /// water is cold enough to be worth it; else chillers alone.
    fn answer(&self) -> Answer {
        let set_c = self.plant.setpoint_c;
        match (self.mode, self.economiser_w_k) {
            (None, _) => self.best(),
            // Without a chiller that runs, what there is has to do.
            (Some(mode), Some(conductance))
                if mode == CoolingMode::Free || self.available == 0.0 =>
            {
                let free = self.economiser_alone(conductance);
                Answer { supply_c: free.supply_c.max(set_c), ..free }
            }
            (Some(CoolingMode::Partial), beside @ Some(_)) => {
                self.with_chillers(self.condense(set_c, beside), beside)
            }
            (Some(_), _) => self.with_chillers(self.condense(set_c, None), None),
        }
    }

    fn best(&self) -> Answer {
        if let Some(conductance) = self.economiser_w_k {
            let free = self.economiser_alone(conductance);
            if free.supply_c <= self.plant.setpoint_c + HELD_K || self.available == 0.0 {
                return Answer { supply_c: free.supply_c.max(self.plant.setpoint_c), ..free };
            }
        }
        let set_c = self.plant.setpoint_c;
        if let Some(conductance) = self.economiser_w_k {
            let both = self.condense(set_c, Some(conductance));
            if both.tower_c < set_c + self.range_k - WORTHWHILE_K
                || self.excess_w(set_c, &both) > 0.0
            {
                return self.with_chillers(both, Some(conductance));
            }
        }
        self.with_chillers(self.condense(set_c, None), None)
    }

    /// Chillers off, the tower's fans holding the chilled water's setpoint through the
    /// exchanger. The supply may come out colder: the exchanger is then bypassed in part.
    fn economiser_alone(&self, conductance: f64) -> Answer {
        // What the exchanger needs between its inlets, against what the racks leave.
        let lift_k = self.evaporator_w / conductance - self.range_k;
        let tower_w = self.evaporator_w + self.condenser_pump_w;
        let tower = self.tower(tower_w, self.plant.setpoint_c - lift_k, self.plant.fan_control);
        Answer {
            supply_c: tower.leaving_c + lift_k,
            tower,
            tower_w,
            chiller_w: 0.0,
            economiser_w: self.evaporator_w,
        }
    }

    /// Chillers as found at the setpoint if they can carry the heat; else the temperature at
    /// which they can.
    fn with_chillers(&self, at_setpoint: Condensed, economiser: Option<f64>) -> Answer {
        let set_c = self.plant.setpoint_c;
        let (supply_c, found) = if self.excess_w(set_c, &at_setpoint) <= 0.0 {
            (set_c, at_setpoint)
        } else {
            let excess = |x| self.excess_w(x, &self.condense(x, economiser));
            let supply_c = overloaded_c(set_c, excess);
            (supply_c, self.condense(supply_c, economiser))
        };
        Answer {
            supply_c,
            tower: found.tower,
            tower_w: found.tower_w,
            chiller_w: found.chiller_w,
            economiser_w: found.economiser_w,
        }
    }

    /// Heat that is left over with all available chillers at their most, W.
    fn excess_w(&self, supply_c: f64, found: &Condensed) -> f64 {
        let most_w = self.plant.chillers.most_heat_w(self.available, supply_c, found.entering_c);
        self.evaporator_w - found.economiser_w - most_w
    }

    /// Balances chillers and tower with chilled water leaving at `supply_c`: one bracketed
    /// root for the temperature of the tower's water, since compressors draw more as it
    /// warms, and what they draw warms it. Twice or thrice where the number of running
    /// chillers has to be found, from where the one before has settled.
    fn condense(&self, supply_c: f64, economiser: Option<f64>) -> Condensed {
        let chillers = &self.plant.chillers;
        if self.mode.is_some() {
            return self.condense_with(self.available, supply_c, economiser, None);
        }
        let mut running = chillers.running(self.evaporator_w, self.available);
        let mut found = self.condense_with(running, supply_c, economiser, None);
        for _ in 0..self.plant.chillers.units {
            let heat_w = self.evaporator_w - found.economiser_w;
            let wanted = chillers.running(heat_w, self.available);
            let short = chillers.most_heat_w(running, supply_c, found.entering_c) < heat_w;
            let next = if short {
                (running + 1.0).min(self.available)
            } else if economiser.is_some() && wanted < running {
                let enough = chillers.most_heat_w(wanted, supply_c, found.entering_c) >= heat_w;
                if enough { wanted } else { running }
            } else {
                running
            };
            if next == running {
                break;
            }
            running = next;
            found = self.condense_with(running, supply_c, economiser, Some(found.tower_c));
        }
        found
    }

    fn condense_with(
        &self,
        running: f64,
        supply_c: f64,
        economiser: Option<f64>,
        near_c: Option<f64>,
    ) -> Condensed {
        let plant = self.plant;
        // Beside the economiser the tower gives its coldest.
        let (target_c, control) = match economiser {
            Some(_) => (f64::NEG_INFINITY, FanControl::AlwaysOn),
            None => {
                let wanted_c = plant.condenser_setpoint.at(self.sink.wet_bulb_c);
                (wanted_c.max(plant.minimum_condenser_c), plant.fan_control)
            }
        };
        let at = |tower_c: f64| {
            let (economiser_w, entering_c) = match economiser {
                Some(conductance) => {
                    let apart_k = supply_c + self.range_k - tower_c;
                    let w = (conductance * apart_k).clamp(0.0, self.evaporator_w);
                    (w, tower_c + w / self.condenser.w_k)
                }
                None => (0.0, tower_c),
            };
            let entering_c = entering_c.max(plant.minimum_condenser_c);
            let heat_w = self.evaporator_w - economiser_w;
            let chiller_w = plant.chillers.power_w(running, heat_w, supply_c, entering_c);
            let tower_w = self.evaporator_w
                + self.condenser_pump_w
                + plant.chillers.compressor_heat * chiller_w;
            let tower = self.tower(tower_w, target_c, control);
            Condensed { tower, tower_w, entering_c, chiller_w, economiser_w, tower_c }
        };

        // Most often the fans hold what is wanted; else the water settles where the compressors'
        // power, which it decides, and the weather let it.
        let coldest_c = self.sink.wet_bulb_c.max(plant.minimum_basin_c);
        let as_wanted = at(near_c.unwrap_or(target_c).max(coldest_c));
        let best = Cell::new(as_wanted);
        let excess = |tower_c: f64| {
            let here = at(tower_c);
            if here.excess_k().abs() < best.get().excess_k().abs() {
                best.set(here);
            }
            here.excess_k()
        };
        root::settled(excess, (as_wanted.tower_c, as_wanted.excess_k()), coldest_c, HELD_K);
        best.get()
    }

    fn tower(&self, heat_w: f64, target_c: f64, fans: FanControl) -> Staged {
        let plant = self.plant;
        let control = Control {
            fans,
            setpoint_c: target_c,
            minimum_c: plant.minimum_basin_c,
            minimum_speed: plant.minimum_fan_speed,
            fixed_speed: self.fan_speed,
        };
        let leaving = |operation, heat: f64| {
            plant.tower.leaving_c(&self.sink, heat * heat_w, self.condenser, operation)
        };
        let device = Device {
            leaving,
            sink_c: self.sink.wet_bulb_c,
            range_k: heat_w / self.condenser.w_k,
            fans: self.fans,
        };
        staging::run(&device, &control)
    }
}
