//! Heat on its way from racks through exchangers and loops to the weather, and what comes back:
//! draws of machines, supply temperatures, slow and tripped racks.
//!
//! A loop is *at rest* or *out of balance*. At rest it takes on the state that heat, weather and
//! power settle at, as if its water had no inertia, which costs one solve for each change. When
//! the new state is far from the old one, or lies where racks would slow down or trip, it is
//! out of balance instead: its masses follow a closed form, and the instants at which something
//! comes of that are events. Whatever touches the loop meanwhile ends one form and begins the
//! next. Back near the state at which everything settles, the loop is at rest again.

mod balance;
mod chillers;
mod exchangers;
mod hunt;
mod loops;
mod machines;
mod returns;
mod serve;
mod slope;
mod units;
mod waterworks;

use super::passes::{Pass, Progress};
use super::{Event, Facility};
use crate::kernel::{Agenda, Class, Span, Time};
use crate::plant::cooling::{Drive, LoopState, PerMachine};

use balance::{look_again_s, moving};
use machines::Machines;

pub(super) use exchangers::ExchangerPlant;
pub(super) use loops::{Amounts, LoopPlant};
pub(super) use returns::Returns;
pub use units::{CoolingMachine, cooling_machines};
pub(super) use units::{Planned, Unit, planned, units};
pub(super) use waterworks::{WaterAmounts, Waterworks};

/// The state of a loop out of balance is looked at again when a coolant has moved by this much, in
/// kelvin, or by a part of the way that lies before it: what devices at their limit are taken as
/// linear over.
const STRIDE_K: f64 = 1.0;
const STRIDE_PART: f64 = 0.1;
/// Temperatures nearer than this are the same, in kelvin.
const SAME_K: f64 = 1e-6;
/// Never look again sooner than this, in seconds.
const SOONEST_S: f64 = 1e-6;

impl Facility<'_> {
    /// Loops to power and racks: what their machines draw, how warm the supply is.
    pub(super) fn carry_heat(&mut self, now: Time, pass: Pass) {
        let loops = self.changed.loops.take();
        for &index in &loops {
            self.changed.touched.mark(index);
            self.begin(now, index);
            let mut progress = self.gather_heat(now, index, pass);
            let plant = &mut self.loops[index as usize];

            plant.machines.each_mut().map(|machines| machines.advance(now));
            let PerMachine { fans, pumps, chillers } =
                plant.machines.each_ref().map(Machines::whole);
            let regime = plant.operator.regime();
            let (may_evaporate, fan_speed) = (plant.wet, plant.fan_fault.at);
            let whole = Drive { fans, pumps, chillers, regime, may_evaporate, fan_speed };
            let at_rest = plant.at_rest(&self.air, whole);
            let comes_w = match plant.now.moving {
                true => balance::comes_w(plant, &self.exchangers),
                false => 0.0,
            };
            let working = plant.work(&at_rest, comes_w, &self.air, whole);
            let wanted = working.state;
            let wanted_w =
                PerMachine { fans: wanted.fan_w, pumps: wanted.pump_w, chillers: wanted.chiller_w };
            let share = plant.machines.each_mut().zip(wanted_w).map(|(machines, wanted_w)| {
                let restart = Event::Started(index);
                let ready = machines.ready(now, &self.power, &mut self.agenda, restart);
                let wanted_w = if ready { wanted_w } else { 0.0 };
                machines.ask(&mut self.power, wanted_w, pass, &mut progress);
                if ready { machines.share(&self.power, wanted_w) } else { 0.0 }
            });
            let PerMachine { fans, pumps, chillers } = share;
            let drive = Drive { fans, pumps, chillers, regime, may_evaporate, fan_speed };
            let (at_rest, work) = if drive == whole {
                (at_rest, working)
            } else {
                let at_rest = plant.at_rest(&self.air, drive);
                (at_rest, plant.work(&at_rest, comes_w, &self.air, drive))
            };
            let LoopState { fan_w, pump_w, chiller_w, .. } = work.state;
            let draws_w = PerMachine { fans: fan_w, pumps: pump_w, chillers: chiller_w };
            plant.machines.each_mut().zip(draws_w).map(|(machines, draw_w)| {
                machines.draw(&mut self.power, draw_w);
            });
            plant.state = work.state;
            // Chillers whose condensers have no water trip, and start anew when it is back.
            let condenses = may_evaporate || !plant.model.design().condenses_by_water();
            plant.operator.sees(chillers > 0.0 && condenses);
            plant.now.drive = drive;
            plant.now.work = work;
            plant.now.saturated = at_rest.saturated || plant.model.floats(&at_rest, &drive);
            plant.now.flow = work.state.flow;
            plant.now.rejecting = at_rest.flowing;
            // Nowhere does a loop settle whose heat is not carried off.
            let settles = at_rest.flowing && at_rest.left_w == 0.0;
            plant.now.rest_c[0] = if settles { at_rest.supply_c } else { f64::INFINITY };
            if let Some(node) = plant.masses.condenser() {
                let stands = plant.now.drive.pumps == 0.0 || !may_evaporate;
                let now_c = plant.now.now_c[node];
                plant.now.rest_c[node] = if stands { now_c } else { at_rest.device_c };
            }
            self.changed.fell |= progress.falls;
            if progress.held {
                self.changed.hold(now, &mut self.agenda);
                self.changed.held_loops.mark(index);
            }
            if !progress.settled() {
                // Nothing must trip on what fans and pumps had before they asked: what they
                // get is known in the next pass.
                self.changed.loops.mark(index);
                continue;
            }
            self.find_rest(now, index);
            let instant = &mut self.loops[index as usize].now;
            if instant.moving != instant.out_of_balance {
                // Its machines work otherwise then.
                instant.moving = instant.out_of_balance;
                self.changed.loops.mark(index);
                continue;
            }
            for place in 0..self.loops[index as usize].exchangers.len() {
                self.serve(now, index, place, pass);
            }
        }
        self.changed.loops.reuse(loops);
    }

    /// Brings the loop `index` to the instant `now`, once.
    fn begin(&mut self, now: Time, index: u32) {
        let plant = &mut self.loops[index as usize];
        if !plant.now.reached {
            plant.machines.each_mut().map(Machines::begin);
            for &exchanger in &plant.exchangers {
                self.exchangers[exchanger as usize].begin();
            }
            plant.reach(now);
        }
    }

    /// Sums the heat that the racks and the movers of its exchangers give to the loop `index`,
    /// and has the movers ask for their power.
    fn gather_heat(&mut self, now: Time, index: u32, pass: Pass) -> Progress {
        let plant = &mut self.loops[index as usize];
        let mut progress = Progress::default();
        plant.heat_w = 0.0;
        plant.outside_w = 0.0;
        for &(_, hall) in &plant.in_halls {
            self.exchangers[plant.exchangers[hall] as usize].from_others_w = 0.0;
        }
        for (place, &exchanger) in plant.exchangers.iter().enumerate() {
            let exchanger = &mut self.exchangers[exchanger as usize];
            exchanger.heat_w = 0.0;
            for group in &mut exchanger.groups {
                let racks = group.racks.iter();
                group.heat_w = racks.map(|&r| self.racks[r as usize].heat_w(group.side)).sum();
                exchanger.heat_w += group.heat_w;
            }
            plant.heat_w += exchanger.heat_w;
            exchanger.look_outside(now, &self.air, (&mut self.agenda, Event::Started(index)));
            let outdoors = exchanger.outdoors(&self.air);
            if let Some(design) = &exchanger.design {
                let restart = Event::Started(index);
                let heat_w = exchanger.taken_w();
                let movers = &mut exchanger.movers;
                movers.advance(now);
                let ready = movers.ready(now, &self.power, &mut self.agenda, restart);
                let whole = movers.whole();
                let working = design.solve_in(heat_w, whole, 1.0, outdoors);
                let wanted_w = if ready { working.mover_w } else { 0.0 };
                movers.ask(&mut self.power, wanted_w, pass, &mut progress);
                let share = if ready { movers.share(&self.power, wanted_w) } else { 0.0 };
                movers.set_share(share);
                let state = if share == whole {
                    working
                } else {
                    design.solve_in(heat_w, share, 1.0, outdoors)
                };
                movers.draw(&mut self.power, state.mover_w);
                let outside_w = state.outside.map_or(0.0, |air| air.heat_w);
                let outside_w = outside_w.min(heat_w + movers.draw_w);
                plant.heat_w += movers.draw_w - outside_w;
                plant.outside_w += outside_w;
                plant.outdoors_w[place] = outside_w;
                exchanger.outside_w = outside_w;
            }
            if let Some(hall) = plant.masses.branches()[place].behind {
                let given_w = exchanger.heat_w + exchanger.movers.draw_w;
                self.exchangers[plant.exchangers[hall] as usize].from_others_w += given_w;
            }
        }
        // Where outdoor air takes all of it, rounding may leave less than nothing.
        plant.heat_w = plant.heat_w.max(0.0);
        progress
    }

    /// Lets every machine that is held take all that the power chain gives it again.
    pub(super) fn raise_machines(&mut self) {
        let loops = self.changed.held_loops.take();
        for &index in &loops {
            let plant = &mut self.loops[index as usize];
            plant.machines.each_mut().map(Machines::raise);
            for &exchanger in &plant.exchangers {
                self.exchangers[exchanger as usize].movers.raise();
            }
            self.changed.loops.mark(index);
        }
        self.changed.held_loops.reuse(loops);
    }

    /// After the instant has settled: the masses of every loop that it touched take their
    /// state from here on, and what comes of it is scheduled.
    pub(super) fn release_heat(&mut self, now: Time) {
        let loops = self.changed.touched.take();
        if !loops.is_empty() {
            self.water.tell();
        }
        for &index in &loops {
            self.returns.tell(index);
            let plant = &mut self.loops[index as usize];
            plant.now.reached = false;
            plant.next.clear(&mut self.agenda);
            let (coolant_w, condenser_w, room_w) = plant.motors_w();
            (plant.coolant_w, plant.condenser_w, plant.room_w) = (coolant_w, condenser_w, room_w);
            if plant.now.out_of_balance {
                let motors_w = (coolant_w, condenser_w);
                let mut moving = moving(plant, &self.exchangers, motors_w);
                if moving.transient.takes_back_s(moving.beside_w) == Some(0.0) {
                    plant.shut();
                    moving = balance::moving(plant, &self.exchangers, motors_w);
                }
                if moving.transient.lifts_back_s() == Some(0.0) {
                    plant.bypass();
                    moving = balance::moving(plant, &self.exchangers, motors_w);
                }
                plant.held_c = moving.held_c;
                plant.transient = Some(moving.transient);
                plant.beside_w = moving.beside_w;
            } else {
                plant.held_c.clone_from(&plant.now.rest_c);
                plant.transient = None;
                plant.beside_w = plant.heat_w + coolant_w + condenser_w;
            }
            // What was taken at once has come from the weather or gone there at once.
            if plant.books.started {
                let jump_j = plant.masses.stored_j(&plant.now.now_c, &plant.held_c);
                plant.books.at_once_j.add(-jump_j);
                let jump_j = plant.condenser_stored_j(&plant.now.now_c, &plant.held_c);
                plant.books.condenser_at_once_j.add(-jump_j);
            } else {
                plant.books.started = true;
                plant.books.start_c.clone_from(&plant.held_c);
            }
            plant.state.supply_c = plant.held_c[0];
            plant.forget_flowed();
            self.meters.mark_loop(index, plant.moves());
            self.audit.cooling(now, index, plant, &self.exchangers);
            if let Some(seconds) = look_again_s(plant, &self.exchangers) {
                let nanos = (seconds.max(SOONEST_S) * 1e9).ceil() as u64;
                let at = now + Span::from_nanos(nanos);
                plant.next.set(&mut self.agenda, at, Class::Plant, Event::Heat(index));
            }
        }
        self.changed.touched.reuse(loops);
    }
}

/// The agenda as cooling machines use it.
type SiteAgenda = Agenda<Event>;
