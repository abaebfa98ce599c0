//! What every unit of the site is doing, as a log of changes: from it a drawing of any instant can
//! be made.

use super::Facility;
use super::condition::Condition;
use super::graph::{Place, Units};
use super::observer::Observer;
use super::rows::StateRow;
use crate::kernel::Time;
use crate::plant::power::sequence::State;
use crate::plant::power::{ComponentKind, PowerNode};

/// A unit that came from one condition to another.
#[derive(Debug, Clone, Copy)]
pub(super) struct Turn {
    pub(super) unit: usize,
    pub(super) old: Condition,
    pub(super) new: Condition,
    /// The feeder before and after, as in [`StateRow`].
    pub(super) feeders: (Option<u32>, Option<u32>),
}

/// What every unit did when the last instant had settled.
#[derive(Debug)]
pub(super) struct States {
    pub(super) units: Units,
    now: Vec<Option<(Condition, Option<u32>)>>,
    marked: Vec<bool>,
    list: Vec<u32>,
    turns: Vec<Turn>,
    /// When the network last switched, by its own count.
    switches: u64,
}

impl States {
    pub(super) fn new(units: Units) -> Self {
        let count = units.count();
        Self {
            units,
            now: vec![None; count],
            marked: vec![true; count],
            list: (0..count as u32).collect(),
            turns: Vec::new(),
            switches: 0,
        }
    }

    /// A unit may have come to another condition.
    pub(super) fn mark(&mut self, unit: usize) {
        if !std::mem::replace(&mut self.marked[unit], true) {
            self.list.push(unit as u32);
        }
    }

    /// What a unit did when the last instant had settled.
    pub(super) fn condition(&self, unit: usize) -> Condition {
        self.now[unit].map_or(Condition::Ok, |(condition, _)| condition)
    }

    /// Tells `observer` of the turns, those of units that follow each other as one.
    fn tell(&self, at: Time, observer: &mut dyn Observer) {
        let mut rows = self.turns.iter().map(|turn| {
            let (group, number) = self.units.of(turn.unit);
            (group, number, turn.new, turn.feeders.1)
        });
        let Some(mut first) = rows.next() else { return };
        let mut last = first.1;
        let mut tell = |(group, lo, state, feeder): (usize, u32, Condition, Option<u32>), hi| {
            let component = &self.units.names[group];
            let state = state.name();
            observer.state(&StateRow { at, component, units: (lo, hi), state, feeder });
        };
        for row in rows {
            let same = (row.0, row.2, row.3) == (first.0, first.2, first.3);
            if !(same && row.1 == last + 1) {
                tell(first, last);
                first = row;
            }
            last = row.1;
        }
        tell(first, last);
    }
}

impl Facility<'_> {
    /// Notes the loops that the instant touches, and what is on them.
    pub(super) fn mark_states_of_loops(&mut self) {
        for &index in self.changed.touched.marked() {
            self.states.mark(self.states.units.cooling(index as usize));
            for &exchanger in &self.loops[index as usize].exchangers {
                let unit = self.states.units.exchanger(exchanger as usize);
                self.states.mark(unit);
            }
        }
    }

    /// Finds who has come to another condition in the instant `now`, which has settled.
    pub(super) fn read_states(&mut self, now: Time, observer: &mut dyn Observer) {
        for node in self.moved.nodes() {
            self.states.mark(self.states.units.node(node));
        }
        if self.states.switches != self.power.switches() {
            self.states.switches = self.power.switches();
            for rack in 0..self.racks.len() {
                self.states.mark(self.states.units.rack(rack));
            }
        }
        let mut list = std::mem::take(&mut self.states.list);
        // Of many, a look at each unit costs less than to sort them.
        if list.len() > self.states.marked.len() / 16 {
            list.clear();
            for (unit, &marked) in (0u32..).zip(&self.states.marked) {
                if marked {
                    list.push(unit);
                }
            }
        } else {
            list.sort_unstable();
        }
        self.states.turns.clear();
        for unit in list.drain(..) {
            let unit = unit as usize;
            self.states.marked[unit] = false;
            let new = self.condition_of(unit);
            let old = self.states.now[unit].replace(new);
            if old != Some(new) {
                let (was, fed) = old.unwrap_or((Condition::Ok, new.1));
                let feeders = (fed, new.1);
                self.states.turns.push(Turn { unit, old: was, new: new.0, feeders });
            }
        }
        self.states.list = list;
        self.states.tell(now, observer);
        self.follow_incidents(now, observer);
    }

    /// The turns of the instant that has settled.
    pub(super) fn turns(&self) -> &[Turn] {
        &self.states.turns
    }

    fn condition_of(&self, unit: usize) -> (Condition, Option<u32>) {
        match self.states.units.place(unit) {
            Place::Node(node) => self.condition_of_node(node),
            Place::Rack(rack) => self.condition_of_rack(rack),
            Place::Loop(index) => (self.loops[index].condition(&self.power), None),
            Place::Exchanger(index) => (self.exchangers[index].condition(&self.power), None),
        }
    }

    fn condition_of_node(&self, node: PowerNode) -> (Condition, Option<u32>) {
        let design = &self.design.power.nodes[node.0 as usize];
        let fed_by = self.power.fed_by(node);
        let feeder = fed_by.and_then(|by| design.fed_by.iter().position(|it| *it == by));
        let kind = design.component.kind;
        let condition = match self.sequences.state(node) {
            _ if self.outs[node.0 as usize].failed > 0 => Condition::Failed,
            _ if self.outs[node.0 as usize].planned > 0 => Condition::Maintenance,
            Some(State::Battery | State::Latched | State::WalkIn | State::Islanded) => {
                Condition::Battery
            }
            Some(State::Bypass) => Condition::Bypass,
            Some(State::Sag) => Condition::Sag,
            Some(State::Standby) => Condition::Standby,
            Some(State::Crank(_) | State::Rest | State::RunUp) => Condition::Starting,
            Some(State::FailedToStart | State::Failed | State::OutOfFuel | State::FoundFailed) => {
                Condition::Failed
            }
            // A set that runs gives through its bus, or stands by.
            Some(_) if kind == ComponentKind::Genset => Condition::Ok,
            Some(State::Off) if kind == ComponentKind::GeneratorBus => Condition::Standby,
            _ if !self.power.live(node) => Condition::NoPower,
            _ if self.watch.is_at_limit(node) => Condition::Reduced,
            _ => Condition::Ok,
        };
        (condition, feeder.map(|feeder| feeder as u32))
    }

    fn condition_of_rack(&self, rack: usize) -> (Condition, Option<u32>) {
        let rack = &self.racks[rack];
        let offer = &rack.offer;
        let condition = if rack.tripped {
            Condition::Tripped
        } else if !offer.live {
            Condition::NoPower
        } else if offer.speed < 1.0 {
            Condition::Slow
        } else if offer.cap_w.is_finite() {
            Condition::Reduced
        } else {
            Condition::Ok
        };
        let shares = rack.load.map_or(&[][..], |load| self.power.cord_shares(load));
        let live = shares.iter().filter(|share| **share > 0.0).count();
        let first = shares.iter().position(|share| *share > 0.0);
        let feeder = if shares.len() > 1 && live == shares.len() { None } else { first };
        (condition, feeder.map(|feeder| feeder as u32))
    }
}
