//! What a loop gives back to its racks: where everything on it would settle, how fast they may
//! run, which of them trip, and when these are let back.

use super::SAME_K;
use super::balance::near_rest;
use super::exchangers::Group;
use crate::facility::passes::Pass;
use crate::facility::{Event, Facility};
use crate::kernel::{Class, Time};
use crate::plant::cooling::ExchangerKind;

/// Smaller changes of a supply temperature are not carried to the racks, in kelvin. The
/// balances do not depend on it: meters read what was carried.
const SUPPLY_STEP_K: f64 = 1e-3;

impl Facility<'_> {
    /// Where everything on the loop `index` would settle, and whether it is near enough to
    /// be there at once.
    pub(super) fn find_rest(&mut self, now: Time, index: u32) {
        let plant = &mut self.loops[index as usize];
        let supply_c = plant.now.rest_c[0];
        for (place, &exchanger) in plant.exchangers.iter().enumerate() {
            let exchanger = &mut self.exchangers[exchanger as usize];
            let (stream, first) = plant.masses.nodes_of(place);
            let stream_c = match &exchanger.design {
                Some(design) => {
                    let share = exchanger.movers.last_share();
                    let outdoors = exchanger.outdoors(&self.air);
                    let own = design.solve_in(exchanger.heat_w, share, plant.now.flow, outdoors);
                    let failed = exchanger.valve_fault.at;
                    let own = design.throttled(own, exchanger.heat_w, failed);
                    let inlet_c = match failed {
                        None => design.inlet_c(supply_c, &own),
                        Some(_) => supply_c + own.approach_k,
                    };
                    exchanger.outside = own.outside;
                    exchanger.conductance_w_k = if own.outside.is_some() {
                        // What the coil takes beside the outdoor air, along its secant.
                        let w_k = own.to_loop_w / (inlet_c - supply_c);
                        if w_k.is_finite() { w_k.max(0.0) } else { 0.0 }
                    } else {
                        own.conductance_w_k
                    };
                    // Machines in a bath are cooled by its own convection.
                    let stirs = design.kind == ExchangerKind::Tank;
                    exchanger.flow = if stirs { 1.0 } else { own.flow };
                    inlet_c
                }
                None if stream == 0 => {
                    exchanger.flow = plant.now.flow;
                    supply_c
                }
                None => {
                    // Its pumps are no part of the scenario: they always run.
                    exchanger.conductance_w_k = plant.model.behind_approach_w_k(plant.now.flow);
                    let moves = exchanger.heat_w == 0.0 || exchanger.conductance_w_k > 0.0;
                    let apart_k = if exchanger.heat_w > 0.0 {
                        exchanger.heat_w / exchanger.conductance_w_k
                    } else {
                        0.0
                    };
                    if moves { supply_c + apart_k } else { f64::INFINITY }
                }
            };
            exchanger.flowing = stream_c.is_finite();
            plant.now.rest_c[stream] = stream_c;
            let parts = plant.masses.branches()[place].parts.iter();
            for ((part, group), node) in parts.zip(&exchanger.groups).zip(first..) {
                let rise_k = group.heat_w / part.conductance_at(exchanger.flow);
                plant.now.rest_c[node] = stream_c + if part.chips { rise_k } else { 0.0 };
            }
        }
        // At the start of a run everything has settled long ago, if it can.
        let starting = now == Time::ZERO && plant.now.rest_c.iter().all(|c| c.is_finite());
        plant.now.out_of_balance |= !starting && !near_rest(plant, &self.exchangers);
    }

    /// A loop to the racks behind one of its exchangers: slower where it is too warm, off
    /// where it is hot.
    pub(super) fn serve(&mut self, now: Time, index: u32, place: usize, pass: Pass) {
        let plant = &self.loops[index as usize];
        let exchanger_index = plant.exchangers[place];
        let exchanger = &mut self.exchangers[exchanger_index as usize];
        let (stream, first) = plant.masses.nodes_of(place);
        let moving = plant.now.out_of_balance;
        let seen_c = if moving { &plant.now.now_c } else { &plant.now.rest_c };
        exchanger.inlet_c = seen_c[stream];
        let mut carried = true;
        for (group, node) in exchanger.groups.iter_mut().zip(first..) {
            let limiting = if group.by_chips { node } else { stream };
            group.limiting_c = seen_c[limiting];
            let told_c = if moving {
                group.ahead_c(plant.now.now_c[limiting], plant.now.rest_c[limiting])
            } else {
                group.limiting_c
            };
            let hot = group.limiting_c >= group.limits.trip_c - SAME_K;
            let told = (told_c - group.told_c).abs() <= SUPPLY_STEP_K;
            if told && !hot {
                continue;
            }
            group.told_c = told_c;
            let limits = group.limits;
            for &rack_index in &group.racks {
                let rack = &mut self.racks[rack_index as usize];
                let own = rack.sides[usize::from(group.side)].as_mut();
                let own = own.expect("a rack has its sides");
                own.inlet_c = exchanger.inlet_c;
                own.speed = limits.speed(told_c);
                if hot && !rack.tripped && rack.offer.live {
                    rack.tripped = true;
                    self.changed.halls[rack.hall as usize].tripped += 1;
                    self.changed.demands.mark(rack_index);
                    self.changed.draws.mark(rack_index);
                    let back = now + self.design.control.restart_after_heat;
                    self.agenda.push(back, Class::Control, Event::HeatRestart(rack_index));
                }
                let sides = || rack.sides.iter().flatten();
                let speed = sides().fold(1.0, |speed: f64, side| speed.min(side.speed));
                let inlet_c = sides().next().map_or(rack.inlet_c, |side| side.inlet_c);
                rack.speed = pass.speed(rack.speed, speed);
                if rack.speed != speed {
                    carried = false;
                    group.told_c = f64::NAN;
                }
                rack.inlet_c = inlet_c;
                self.changed.offers.mark(rack_index);
            }
        }
        if !carried {
            self.changed.loops.mark(index);
        }
    }

    /// Lets a rack that heat has tripped back, if what cools it is cool again; else waits as
    /// long again.
    pub(in crate::facility) fn heat_restart(&mut self, now: Time, index: u32) {
        let rack = &mut self.racks[index as usize];
        let cool = rack.sides.iter().enumerate().all(|(number, side)| {
            let Some(side) = side else { return true };
            let plant = &self.exchangers[side.exchanger as usize];
            let mine =
                |group: &&Group| (group.hall, usize::from(group.side)) == (rack.hall, number);
            let group = plant.groups.iter().find(mine).expect("a rack is in a group");
            plant.flowing && group.limiting_c <= group.limits.restart_c
        });
        if !cool {
            let again = now + self.design.control.restart_after_heat;
            self.agenda.push(again, Class::Control, Event::HeatRestart(index));
            return;
        }
        rack.tripped = false;
        self.changed.halls[rack.hall as usize].restarted += 1;
        self.changed.demands.mark(index);
        self.changed.offers.mark(index);
    }
}
