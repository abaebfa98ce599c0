//! Battery systems and arrays in the facility: what each sees of the site, and what it is told.

use super::Facility;
use super::events::Event;
use crate::control::{BatteryState, BatteryView};
use crate::kernel::{Class, Span, Time};
use crate::plant::power::sequence::{MachineDesign, StorageDesign};
use crate::plant::power::solar::{ArrayAir, ArrayDesign};
use crate::plant::power::{Flowing, PowerNode};

/// A battery system of the site.
#[derive(Debug, Clone, Copy)]
pub(super) struct Storage {
    node: PowerNode,
    design: StorageDesign,
    /// Its part of the energy of all of them.
    part: f64,
    /// Between which energies it was last told to work, J.
    bounds_j: (f64, f64),
}

/// An array of the site.
#[derive(Debug, Clone, Copy)]
pub(super) struct Array {
    pub(super) node: PowerNode,
    design: ArrayDesign,
    /// What the sun lets it give just now, W.
    pub(super) available_w: f64,
}

/// What an hour of weather is of the sun: it is looked at anew at least so often.
const HOUR: Span = Span::from_secs(3600);

/// The arrays of `design`, before the sun has been looked at.
pub(super) fn arrays(design: &super::Design) -> Vec<Array> {
    let nodes = (0..).map(PowerNode).zip(&design.power.nodes);
    let arrays = nodes.filter_map(|(node, site)| match site.component.machine {
        MachineDesign::Array(design) => Some(Array { node, design, available_w: 0.0 }),
        _ => None,
    });
    arrays.collect()
}

/// The battery systems of `design`.
pub(super) fn storages(design: &super::Design) -> Vec<Storage> {
    let nodes = (0..).map(PowerNode).zip(&design.power.nodes);
    let batteries = nodes.filter_map(|(node, site)| match site.component.machine {
        MachineDesign::Battery(design) => Some((node, design)),
        _ => None,
    });
    let all_j: f64 = batteries.clone().map(|(_, design)| design.energy_j).sum();
    let storage = |(node, design): (PowerNode, StorageDesign)| {
        let bounds_j = (design.least_j, design.most_j);
        Storage { node, design, part: design.energy_j / all_j, bounds_j }
    };
    batteries.map(storage).collect()
}

impl Facility<'_> {
    /// Tells every battery system what to do, by the flows that would be if every demand were met, or
    /// by those that there are. What follows from it is not yet allocated.
    pub(super) fn command_storage(&mut self, now: Time, flowing: Flowing) {
        if self.storages.is_empty() && self.arrays.is_empty() {
            return;
        }
        self.power.energise();
        for array in &self.arrays {
            let follows = self.power.follows_a_feed(array.node);
            self.power.set_terminal(array.node, if follows { -array.available_w } else { 0.0 });
        }
        // Several share what the site needs: each begins from what the others before it leave.
        if self.storages.len() > 1 {
            for at in 0..self.storages.len() {
                self.power.set_terminal(self.storages[at].node, 0.0);
            }
        }
        for index in 0..self.storages.len() {
            let Storage { node, design, part, .. } = self.storages[index];
            if !self.power.follows_a_feed(node) {
                self.power.set_terminal(node, 0.0);
                continue;
            }
            let uses = &self.design.control.battery;
            let takes_w = self.power.terminal_w(node);
            let (less_w, more_w) = self.power.room(node, flowing);
            let net_w = self.power.net_import_w(flowing);
            let at =
                |import_w: f64| takes_w + self.power.at_import(node, flowing, import_w - net_w);
            let view = BatteryView {
                price: self.price.current(),
                room_w: (takes_w + less_w, takes_w + more_w),
                at_peak_w: uses.peak.map_or(f64::INFINITY, |(import_w, _)| at(import_w)),
                at_zero_w: at(0.0),
            };
            let tally = self.sequences.battery(node, now).expect("it is a battery");
            let state = BatteryState {
                power_w: design.power_w,
                energy_j: tally.energy_j,
                refill_j: self.sequences.refill_j(node),
                least_j: design.least_j,
                most_j: design.most_j,
                full_j: design.energy_j,
                one_way: design.one_way,
                part,
            };
            let order = uses.decide(&state, &view);
            self.power.set_terminal(node, order.terminal_w);
            self.storages[index].bounds_j = order.bounds_j;
        }
        // What neither the site nor its batteries nor the grid takes is not given.
        for array in &self.arrays {
            let (less_w, _) = self.power.room(array.node, flowing);
            let gives_w = -self.power.terminal_w(array.node);
            if less_w > 0.0 && gives_w > 0.0 {
                self.power.set_terminal(array.node, -(gives_w - less_w).max(0.0));
            }
        }
    }

    /// Looks at the sun: what arrays may give until the weather changes, or for an hour.
    pub(super) fn look_at_sun(&mut self, now: Time) {
        if self.arrays.is_empty() {
            return;
        }
        let until = self.weather.next_at().min(now + HOUR);
        let clock = &self.design.clock;
        let unix_s = |at: Time| clock.timestamp(at).as_nanosecond() as f64 * 1e-9;
        let row = self.weather.current();
        let air = ArrayAir { dry_bulb_c: row.dry_bulb_c, wind_m_s: row.wind_m_s };
        for array in &mut self.arrays {
            let interval_s = (unix_s(now), unix_s(until));
            array.available_w = array.design.over(interval_s, row.light, air);
        }
        if until < self.weather.next_at() {
            self.agenda.push(until, Class::Plant, Event::Sun);
        }
    }

    /// Tells the cells of every battery system what they give and take, after an instant has settled.
    pub(super) fn tell_storage(&mut self, now: Time) {
        for storage in &self.storages {
            let cells_w = self.power.cells_w(storage.node);
            self.sequences.set_cells(now, storage.node, cells_w, storage.bounds_j);
        }
    }
}
