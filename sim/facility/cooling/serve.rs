//! What a loop gives back to its racks: where everything on it would settle, how fast they may
//! run, which of them trip.

use super::SAME_K;
use super::balance::near_rest;
use crate::facility::Facility;
use crate::facility::passes::Pass;
use crate::kernel::Time;
use crate::plant::cooling::BOILING_C;

/// Smaller changes of a supply temperature are not carried to the racks, in kelvin. The
/// balances do not depend on it: meters read what was carried.
const SUPPLY_STEP_K: f64 = 1e-3;
/// Steps of racks' speed below this are taken whole.
const SPEED_STEP: f64 = 1e-4;

impl Facility<'_> {
    /// Where everything on the loop `index` would settle, and whether it is near enough to
    /// be there at once.
    pub(super) fn find_rest(&mut self, now: Time, index: u32) {
        let plant = &mut self.loops[index as usize];
        // Those whose air others heat come last, and settle before them.
        for (place, &exchanger) in plant.exchangers.iter().enumerate().rev() {
            let exchanger = &mut self.exchangers[exchanger as usize];
            let (stream, first) = plant.masses.nodes_of(place);
            let taker = plant.masses.taker_of(place);
            let taken_at = (plant.now.rest_c[taker], plant.now.now_c[taker], plant.state.flow);
            let settled = exchanger.settles(&plant.model, exchanger.taken_w(), taken_at, &self.air);
            exchanger.outside = settled.outside;
            exchanger.conductance_w_k = settled.conductance_w_k;
            exchanger.flow = settled.flow;
            // Nothing settles above where it boils.
            let stream_c = match settled.inlet_c {
                inlet_c if inlet_c > BOILING_C => f64::INFINITY,
                inlet_c => inlet_c,
            };
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
            let limiting_c = seen_c[limiting];
            let answer_c = if moving {
                group.ahead_c(plant.now.now_c[limiting], plant.now.rest_c[limiting])
            } else {
                limiting_c
            };
            let hot = limiting_c >= group.limits.trip_c - SAME_K;
            let told = (answer_c - group.told_c).abs() <= SUPPLY_STEP_K;
            if told && !hot {
                continue;
            }
            let limits = group.limits;
            let rest_c = plant.now.rest_c[limiting];
            let next_c = group.search.next(group.told_c, rest_c, answer_c);
            let apart = (limits.speed(answer_c) - limits.speed(group.told_c)).abs();
            // Once offers only fall, the racks decide what they take of it.
            let free = told || !pass.searches() || apart <= SPEED_STEP;
            group.told_c = if free { answer_c } else { next_c };
            carried &= group.told_c == answer_c;
            for &rack_index in &group.racks {
                let rack = &mut self.racks[rack_index as usize];
                let own = rack.sides[usize::from(group.side)].as_mut();
                let own = own.expect("a rack has its sides");
                own.inlet_c = exchanger.inlet_c;
                own.speed = limits.speed(group.told_c);
                if hot && !rack.tripped && rack.offer.live {
                    rack.tripped = true;
                    let hall = &mut self.changed.halls[rack.hall as usize];
                    hall.trips(now, rack.back_at);
                    self.returns.wait(rack_index);
                    self.changed.demands.mark(rack_index);
                    self.changed.draws.mark(rack_index);
                }
                let sides = || rack.sides.iter().flatten();
                rack.speed = sides().fold(1.0, |speed: f64, side| speed.min(side.speed));
                rack.inlet_c = sides().next().map_or(rack.inlet_c, |side| side.inlet_c);
                self.changed.offers.mark(rack_index);
            }
        }
        if !carried {
            self.changed.loops.mark(index);
        }
    }
}
