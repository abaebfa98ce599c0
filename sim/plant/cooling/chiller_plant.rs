//! Chilled water from chillers on a tower, and the economiser beside them.

mod series;
mod work;

use std::cell::Cell;

use super::chiller::{ChillerDesign, Entering, Most, overloaded_c};
use super::circuit::{CircuitDesign, Stream};
use super::device::fan_power_w;
use super::exchange::{RackExchanger, WaterExchanger};
use super::head::Head;
use super::pumps::{LeavingControl, Pumping};
use super::root;
use super::setpoint::Setpoint;
use super::staging::{self, Control, Device, FanControl, Operation, Settled, Staged};
use super::state::{BOILING_C, CoolingMode, Drive, LoopState, still};
use super::tower::{TowerDesign, TowerSink, tower_water};
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
    /// What their speed follows; none where it is constant. Not with an economiser.
    pub condenser_pump_control: Option<LeavingControl>,
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
        drive: &Drive,
        racks: &RackExchanger,
    ) -> LoopState {
        let pumping = self.circuit.run(drive.pumps, heat_w / self.design_heat_w);
        let asked_w = heat_w + pumping.power * self.circuit.pump_heat_w();
        let question = match self.question(air, drive, pumping, asked_w) {
            Ok(question) => question,
            Err(stands) => return stands,
        };
        let answer = question.answer();
        let state = question.state(&answer);
        LoopState {
            rack_inlet_c: racks.inlet_c(state.supply_c, heat_w, pumping.flow),
            left_w: if answer.flows { asked_w - answer.carried_w } else { 0.0 },
            ..state
        }
    }

    /// The plant with its flows settled and `asked_w` to carry; else its state, where no water goes
    /// round or the tower has none.
    #[expect(clippy::result_large_err, reason = "a box would allocate whenever a plant stands")]
    fn question<'a>(
        &'a self,
        air: &'a MoistAir,
        drive: &Drive,
        Pumping { flow, power }: Pumping,
        asked_w: f64,
    ) -> Result<Question<'a>, LoopState> {
        let pumps = drive.pumps.clamp(0.0, 1.0);
        if flow == 0.0 {
            return Err(still(air));
        }
        let chilled_pump_w = power * self.circuit.pump_w;
        if !drive.may_evaporate {
            // Pumps of condenser water have none to move.
            return Err(LoopState { pump_w: chilled_pump_w, flow, ..still(air) });
        }
        let chilled_w_k = self.circuit.capacity_w_k(flow);
        let condenser_flow = self.circuit.pump_law.full_flow(pumps);
        let condenser_kg_s = condenser_flow * self.condenser_kg_s;
        Ok(Question {
            plant: self,
            air,
            sink: TowerSink::new(air, self.tower.correction_wet_bulb_c),
            flow,
            asked_w,
            chilled_w_k,
            condenser: Stream { kg_s: condenser_kg_s, w_k: condenser_kg_s * CP_WATER },
            condenser_flow,
            chilled_pump_w,
            condenser_full_w: pumps * self.condenser_pump_w,
            economiser_w_k: self
                .economiser
                .map(|e| e.conductance_w_k(chilled_w_k, condenser_kg_s * CP_WATER)),
            fans: drive.fans.clamp(0.0, 1.0),
            fan_speed: drive.fan_speed,
            available: self.chillers.available(drive),
            mode: drive.regime.map(|regime| regime.mode),
        })
    }
}

/// What is asked of a plant with a tower, its flows settled.
#[derive(Debug, Clone, Copy)]
struct Question<'a> {
    plant: &'a ChillerPlantDesign,
    air: &'a MoistAir,
    sink: TowerSink,
    /// Chilled water, as a share of design.
    flow: f64,
    /// Heat of racks and chilled-water pumps, W.
    asked_w: f64,
    /// Capacity rate of the chilled water, W/K.
    chilled_w_k: f64,
    /// Condenser water with its pumps at full speed, and as a share of design.
    condenser: Stream,
    condenser_flow: f64,
    /// Power of the pumps, W; those of condenser water at full speed.
    chilled_pump_w: f64,
    condenser_full_w: f64,
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
    pumped: Pumped,
    tower: Staged,
    /// Heat of the tower, W.
    tower_w: f64,
    /// Heat that leaves the chilled water, W, and the part that goes past the chillers.
    carried_w: f64,
    economiser_w: f64,
    chiller_w: f64,
    head: Head,
    /// Whether anything carries heat off the chilled water.
    flows: bool,
}

/// Heat on its way from the chilled water into that of the tower, at given temperatures of both.
#[derive(Debug, Clone, Copy)]
struct Lifted {
    economiser_w: f64,
    /// By the chillers, and what is left over with all that run at their most, W.
    chilled_w: f64,
    short_w: f64,
    chiller_w: f64,
    head: Head,
    /// What enters the condensers, degrees Celsius.
    entering_c: f64,
}

/// Condenser water on its way, and the power of its pumps, W.
#[derive(Debug, Clone, Copy)]
struct Pumped {
    stream: Stream,
    pump_w: f64,
}

/// Water of the tower and what becomes of it, with chilled water leaving at some temperature.
#[derive(Debug, Clone, Copy)]
struct Condensed {
    pumped: Pumped,
    /// How the tower is run, and where its water settles.
    control: Control,
    tower: Settled,
    tower_w: f64,
    tower_c: f64,
    lifted: Lifted,
}

impl Condensed {
    /// How much warmer the water leaves the tower than was supposed, K.
    fn excess_k(&self) -> f64 {
        self.tower.leaving_c - self.tower_c
    }
}

/// How much heat is to leave the chilled water.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Load {
    /// What is asked, or as much of it as can.
    Asked,
    /// As much as can.
    Most,
}

impl Question<'_> {
    /// How the plant settles. Chillers that trip carry nothing; an economiser goes on.
    fn answer(&self) -> Answer {
        let answer = self.run();
        if answer.head != Head::Trips {
            return answer;
        }
        let tripped = Self { available: 0.0, ..*self }.run();
        Answer { head: Head::Trips, ..tripped }
    }

    /// As the operator has chosen; else the economiser alone if it holds the setpoint; else beside chillers if the tower's
    /// water is cold enough to be worth it; else chillers alone.
    fn run(&self) -> Answer {
        let set_c = self.plant.setpoint_c;
        match (self.mode, self.economiser_w_k) {
            (_, None) if self.available == 0.0 => self.idle(),
            (None, _) => self.best(),
            // Without a chiller that runs, what there is has to do.
            (Some(mode), Some(conductance))
                if mode == CoolingMode::Free || self.available == 0.0 =>
            {
                let free = self.economiser_alone(conductance);
                Answer { supply_c: free.supply_c.max(set_c), ..free }
            }
            (Some(CoolingMode::Partial), beside @ Some(_)) => {
                self.with_chillers(self.condense(set_c, beside, Load::Asked), beside)
            }
            (Some(_), _) => self.with_chillers(self.condense(set_c, None, Load::Asked), None),
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
            let both = self.condense(set_c, Some(conductance), Load::Asked);
            if both.tower_c < set_c + self.range_k() - WORTHWHILE_K || both.lifted.short_w > 0.0 {
                return self.with_chillers(both, Some(conductance));
            }
        }
        self.with_chillers(self.condense(set_c, None, Load::Asked), None)
    }

    /// How much what is asked warms the chilled water, K.
    fn range_k(&self) -> f64 {
        self.asked_w / self.chilled_w_k
    }

    /// Condenser water that enters the condensers at `entering_c` and takes up `heat_w` in them.
    fn pumped(&self, entering_c: f64, heat_w: f64) -> Pumped {
        let full = self.condenser;
        let Some(control) = &self.plant.condenser_pump_control else {
            return Pumped { stream: full, pump_w: self.condenser_full_w };
        };
        let speed = control.speed(entering_c, heat_w, full.w_k);
        Pumped {
            stream: Stream { kg_s: speed * full.kg_s, w_k: speed * full.w_k },
            pump_w: speed * speed * speed * self.condenser_full_w,
        }
    }

    /// Condenser water that takes up what is `lifted`.
    fn pumped_for(&self, lifted: &Lifted) -> Pumped {
        let compressors_w = self.plant.chillers.compressor_heat * lifted.chiller_w;
        self.pumped(lifted.entering_c, lifted.chilled_w + compressors_w)
    }

    /// What condenser pumps put into their water, W.
    fn pump_heat_w(&self, pumped: &Pumped) -> f64 {
        self.plant.circuit.pump_heat * pumped.pump_w
    }

    /// Nothing cools the chilled water; the tower has the heat of the condenser pumps.
    fn idle(&self) -> Answer {
        let at = |c: f64| {
            let pumped = self.pumped(self.entering(c).c, 0.0);
            let tower_w = self.pump_heat_w(&pumped);
            let tower = self.tower(tower_w, self.wanted_c(), self.plant.fan_control, pumped.stream);
            (pumped, tower_w, tower)
        };
        let mut found = at(self.wanted_c());
        if self.plant.condenser_pump_control.is_some() {
            found = at(found.2.leaving_c);
        }
        let (pumped, tower_w, tower) = found;
        Answer {
            supply_c: self.air.dry_bulb_c,
            pumped,
            tower,
            tower_w,
            carried_w: 0.0,
            economiser_w: 0.0,
            chiller_w: 0.0,
            head: Head::Free,
            flows: false,
        }
    }

    /// Chillers off, the tower's fans holding the chilled water's setpoint through the
    /// exchanger. The supply may come out colder: the exchanger is then bypassed in part.
    fn economiser_alone(&self, conductance: f64) -> Answer {
        // What the exchanger needs between its inlets, against what the racks leave.
        let lift_k = self.asked_w / conductance - self.range_k();
        let pumped = Pumped { stream: self.condenser, pump_w: self.condenser_full_w };
        let tower_w = self.asked_w + self.pump_heat_w(&pumped);
        let target_c = self.plant.setpoint_c - lift_k;
        let tower = self.tower(tower_w, target_c, self.plant.fan_control, pumped.stream);
        let supply_c = tower.leaving_c + lift_k;
        if supply_c > BOILING_C {
            let stopped = Self { available: 0.0, ..*self };
            let most = stopped.condense(BOILING_C, Some(conductance), Load::Most);
            let answer = Answer { head: Head::Free, ..stopped.found(BOILING_C, &most) };
            // Air that is to leave near boiling would carry any heat by the law of the tower, which
            // then has a second solution, far too cold. All that is asked is carried at most.
            if answer.carried_w <= self.asked_w {
                return answer;
            }
        }
        Answer {
            supply_c: supply_c.min(BOILING_C),
            pumped,
            tower,
            tower_w,
            carried_w: self.asked_w,
            economiser_w: self.asked_w,
            chiller_w: 0.0,
            head: Head::Free,
            flows: true,
        }
    }

    /// Chillers as found at the setpoint if they can carry the heat; else the temperature at
    /// which they can.
    fn with_chillers(&self, at_setpoint: Condensed, economiser: Option<f64>) -> Answer {
        let set_c = self.plant.setpoint_c;
        if at_setpoint.lifted.short_w <= 0.0 {
            let answer = self.found(set_c, &at_setpoint);
            // A pressure that would let them carry less than more holds nothing back.
            return match answer.head {
                Head::Trips => answer,
                _ => Answer { head: Head::Free, ..answer },
            };
        }
        let at = |x| self.condense(x, economiser, Load::Asked);
        let most_c = self.plant.chillers.most_supply_c();
        let short_w = |x| at(x).lifted.short_w;
        let supply_c = overloaded_c(set_c, most_c, economiser.is_some(), short_w);
        let answer = self.found(supply_c, &at(supply_c));
        if supply_c >= BOILING_C || answer.head == Head::Trips {
            return answer;
        }
        // All of it is carried there, but for what the search leaves over.
        let tower_w = answer.tower_w + (self.asked_w - answer.carried_w);
        Answer { tower_w, carried_w: self.asked_w, ..answer }
    }

    fn found(&self, supply_c: f64, found: &Condensed) -> Answer {
        let Lifted { economiser_w, chilled_w, chiller_w, head, .. } = found.lifted;
        let device = self.tower_device(found.tower_w, found.pumped.stream);
        Answer {
            supply_c,
            pumped: found.pumped,
            tower: found.tower.staged(&device, &found.control),
            tower_w: found.tower_w,
            carried_w: economiser_w + chilled_w,
            economiser_w,
            chiller_w,
            head,
            flows: true,
        }
    }

    /// Balances chillers and tower with chilled water leaving at `supply_c`: one bracketed
    /// root for the temperature of the tower's water, since compressors draw more as it
    /// warms, and what they draw warms it. Twice or thrice where the number of running
    /// chillers has to be found, from where the one before has settled.
    fn condense(&self, supply_c: f64, economiser: Option<f64>, load: Load) -> Condensed {
        let chillers = &self.plant.chillers;
        if self.mode.is_some() || load == Load::Most {
            return self.condense_with(self.available, supply_c, economiser, load, None);
        }
        let mut running = chillers.running(self.asked_w, self.available);
        let mut found = self.condense_with(running, supply_c, economiser, load, None);
        for _ in 0..self.plant.chillers.units {
            let heat_w = self.asked_w - found.lifted.economiser_w;
            let wanted = chillers.running(heat_w, self.available);
            let next = if found.lifted.short_w > 0.0 {
                (running + 1.0).min(self.available)
            } else if economiser.is_some() && wanted < running {
                let entering = self.entering(found.lifted.entering_c);
                let enough = chillers.most(wanted, supply_c, entering).heat_w >= heat_w;
                if enough { wanted } else { running }
            } else {
                running
            };
            if next == running {
                break;
            }
            running = next;
            found = self.condense_with(running, supply_c, economiser, load, Some(found.tower_c));
        }
        found
    }

    fn condense_with(
        &self,
        running: f64,
        supply_c: f64,
        economiser: Option<f64>,
        load: Load,
        near_c: Option<f64>,
    ) -> Condensed {
        // Beside the economiser the tower gives its coldest.
        let (target_c, fans) = match economiser {
            Some(_) => (f64::NEG_INFINITY, FanControl::AlwaysOn),
            None => (self.wanted_c(), self.plant.fan_control),
        };
        let control = self.tower_control(target_c, fans);
        let at = |tower_c: f64| {
            let lifted = self.lift(running, (supply_c, tower_c), economiser, load);
            let pumped = self.pumped_for(&lifted);
            let tower_w = self.condensed_w(&lifted, &pumped);
            let tower = staging::settle(&self.tower_device(tower_w, pumped.stream), &control);
            Condensed { pumped, control, tower, tower_w, tower_c, lifted }
        };

        // Most often the fans hold what is wanted; else the water settles where the compressors'
        // power, which it decides, and the weather let it.
        let coldest_c = self.sink.wet_bulb_c.max(self.plant.minimum_basin_c);
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

    /// Condenser water wanted from the tower while chillers run alone, degrees Celsius.
    fn wanted_c(&self) -> f64 {
        let wanted_c = self.plant.condenser_setpoint.at(self.sink.wet_bulb_c);
        wanted_c.max(self.plant.minimum_condenser_c)
    }

    /// What enters the condensers where the water that comes to them has `c` degrees Celsius.
    fn entering(&self, c: f64) -> Entering {
        Entering { c: c.max(self.plant.minimum_condenser_c), flow: self.condenser_flow }
    }

    /// Heat that the tower gets, W.
    fn condensed_w(&self, lifted: &Lifted, pumped: &Pumped) -> f64 {
        lifted.economiser_w
            + lifted.chilled_w
            + self.pump_heat_w(pumped)
            + self.plant.chillers.compressor_heat * lifted.chiller_w
    }

    /// What `running` chillers, behind the economiser where it takes part, lift from chilled water
    /// that is to leave at `supply_c` into water of the tower at `tower_c`.
    fn lift(
        &self,
        running: f64,
        (supply_c, tower_c): (f64, f64),
        economiser: Option<f64>,
        load: Load,
    ) -> Lifted {
        let chillers = &self.plant.chillers;
        let warmed_c = |w: f64| tower_c + w / self.condenser.w_k;
        let most = |economiser_w| {
            let entering = self.entering(warmed_c(economiser_w));
            let idle = Most { heat_w: 0.0, head: Head::Free };
            (
                entering,
                if running > 0.0 { chillers.most(running, supply_c, entering) } else { idle },
            )
        };
        let economiser_w = match (economiser, load) {
            (None, _) => 0.0,
            (Some(w_k), Load::Asked) => {
                (w_k * (supply_c + self.range_k() - tower_c)).clamp(0.0, self.asked_w)
            }
            (Some(w_k), Load::Most) => {
                // What returns is warmed by what both carry.
                let (_, chilled) = most(0.0);
                let apart_k = supply_c + chilled.heat_w / self.chilled_w_k - tower_c;
                (apart_k * self.linked_w_k(w_k)).max(0.0)
            }
        };
        let (entering, most) = most(economiser_w);
        let wanted_w = match load {
            Load::Asked => self.asked_w - economiser_w,
            Load::Most => most.heat_w,
        };
        let chilled_w = wanted_w.min(most.heat_w);
        Lifted {
            economiser_w,
            chilled_w,
            short_w: wanted_w - most.heat_w,
            chiller_w: chillers.power_w(running, chilled_w, supply_c, entering.c),
            head: most.head,
            entering_c: entering.c,
        }
    }

    /// Heat that an exchanger of `w_k` between its inlets moves a kelvin between the chilled water
    /// that leaves it and the tower's that enters it, W/K.
    fn linked_w_k(&self, w_k: f64) -> f64 {
        /// No exchanger is larger than this.
        const NEARLY_ALL: f64 = 1.0 - 1e-9;
        1.0 / (1.0 / w_k.min(NEARLY_ALL * self.chilled_w_k) - 1.0 / self.chilled_w_k)
    }

    fn tower(&self, heat_w: f64, target_c: f64, fans: FanControl, stream: Stream) -> Staged {
        let device = self.tower_device(heat_w, stream);
        staging::run(&device, &self.tower_control(target_c, fans))
    }

    /// How the tower is run for its water to leave at `target_c`.
    fn tower_control(&self, target_c: f64, fans: FanControl) -> Control {
        Control {
            fans,
            setpoint_c: target_c,
            minimum_c: self.plant.minimum_basin_c,
            minimum_speed: self.plant.minimum_fan_speed,
            fixed_speed: self.fan_speed,
            by_return: true,
        }
    }

    fn tower_device(
        &self,
        heat_w: f64,
        stream: Stream,
    ) -> Device<impl Fn(Operation, f64) -> f64 + '_> {
        let leaving = move |operation, heat: f64| {
            self.plant.tower.leaving_c(&self.sink, heat * heat_w, stream, operation)
        };
        Device {
            leaving,
            sink_c: self.sink.wet_bulb_c,
            range_k: heat_w / stream.w_k,
            fans: self.fans,
        }
    }

    /// The state that `answer` comes to, but for what the racks feel.
    fn state(&self, answer: &Answer) -> LoopState {
        let tower = &self.plant.tower;
        let heat_w = |_, multiple: f64| multiple * answer.tower_w;
        let (water, vapour) = tower_water(tower, &self.sink, heat_w, self.air, &answer.tower);
        LoopState {
            supply_c: answer.supply_c,
            return_c: answer.supply_c + answer.carried_w / self.chilled_w_k,
            device_c: answer.tower.leaving_c,
            fan_w: fan_power_w(tower.fan_w_in(self.air), tower.fan_law, &answer.tower),
            pump_w: self.chilled_pump_w + answer.pumped.pump_w,
            condenser_pump_w: answer.pumped.pump_w,
            flow: self.flow,
            chiller_w: answer.chiller_w,
            fan_speed: answer.tower.speed(),
            air_ratio: answer.tower.mean(|operation, _| tower.air_share(operation)),
            water,
            air_w: vapour.air_w,
            heat_rejected_w: answer.tower_w,
            economiser_w: answer.economiser_w,
            lifted_w: answer.carried_w - answer.economiser_w,
            head: answer.head,
            saturated: answer.flows && answer.supply_c > self.plant.setpoint_c + HELD_K,
            flowing: answer.flows,
            ..still(self.air)
        }
    }
}
