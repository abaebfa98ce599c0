//! The voltages of a chain: from the sources down, until nothing more is called for.

use super::super::bus::Joins;
use super::super::state::State;
use super::super::switch::Side;
use super::{Cx, Machine, NO_BLOCK, SYNC, Sequences, Turn};
use crate::kernel::Time;

impl Sequences {
    /// Follows what has changed through the chain, from the sources down, until nothing more is
    /// called for.
    pub(super) fn propagate(&mut self) {
        for _ in 0..ROUNDS {
            for at in 0..self.wiring.topological.len() {
                let n = self.wiring.topological[at] as usize;
                self.energise(n);
            }
            if !self.call_sets() {
                self.tell_loads();
                return;
            }
        }
        panic!("the machines of a power chain come to rest within an instant");
    }

    /// The voltage on the edge from feeder number `k` of node `n`, and whether generators stand
    /// behind it.
    fn edge(&self, n: usize, k: usize) -> (f64, bool) {
        let at = self.wiring.edges_of(n).start + k;
        let feeder = self.wiring.feeder(at) as usize;
        if self.is_edge_open(at) {
            (0.0, false)
        } else {
            (self.volts[feeder], self.on_generator[feeder])
        }
    }

    /// The first live feeder of a node.
    pub(super) fn input(&self, n: usize) -> (f64, bool) {
        let edges = (0..self.wiring.feeders(n).len()).map(|k| self.edge(n, k));
        edges.into_iter().find(|(v, _)| *v > 0.0).unwrap_or((0.0, false))
    }

    pub(super) fn switch_over(&mut self, n: usize) -> (f64, bool) {
        let sources = [self.edge(n, 0), self.edge(n, 1)];
        let mut cx = cx!(self, n);
        let (side, moving) = match &mut self.machines[n] {
            Machine::Transfer(switch) => {
                switch.look(&mut cx, sources.map(|(v, _)| v));
                (switch.side, switch.moving)
            }
            Machine::StaticSwitch(switch) => {
                switch.look(&mut cx, sources.map(|(v, _)| v));
                (switch.side, switch.moving)
            }
            _ => return (0.0, false),
        };
        self.hand_blocks(n, side == Side::Emergency && !moving);
        if self.up[n] && !moving { sources[side as usize] } else { (0.0, false) }
    }

    /// Lets the bus take the blocks of switch `n`, or let them go.
    fn hand_blocks(&mut self, n: usize, enabled: bool) {
        let Some(caller) = self.callers.iter_mut().find(|caller| caller.node == n as u32) else {
            return;
        };
        if caller.enabled == enabled || caller.members.is_empty() {
            return;
        }
        caller.enabled = enabled;
        let Some(bus) = caller.bus.map(|bus| bus as usize) else { return };
        let mut cx = cx!(self, bus);
        if let Machine::Bus(bus) = &mut self.machines[bus] {
            bus.enable(&mut cx, n as u32, enabled);
        }
    }

    /// Sets join or leave the bus `n`.
    pub(super) fn join(&mut self, n: usize) -> (f64, bool) {
        let mut rating_w = 0.0;
        for k in 0..self.wiring.feeders(n).len() {
            let set = self.wiring.feeders(n)[k] as usize;
            let available =
                matches!(&self.machines[set], Machine::Genset(set) if set.is_available());
            let Machine::Bus(bus) = &mut self.machines[n] else { return (0.0, false) };
            let sync = bus.design().sync;
            match bus.set_available(k as u32, available) {
                Some(Joins::Now) => cx!(self, set).note(State::OnBus),
                // What runs at the start of the run is on its bus.
                Some(Joins::AfterSync) if self.now == Time::ZERO => {
                    bus.synchronised(k as u32);
                }
                Some(Joins::AfterSync) => cx!(self, set).after(SYNC, sync),
                None if !available => cx!(self, set).cancel(SYNC),
                None => {}
            }
            if matches!(&self.machines[n], Machine::Bus(bus) if bus.is_on(k as u32)) {
                rating_w += self.rating_w[set];
            }
        }
        let up = self.up[n];
        let mut cx = cx!(self, n);
        let Machine::Bus(bus) = &mut self.machines[n] else { return (0.0, false) };
        bus.rating_w = rating_w;
        bus.look(&mut cx);
        let live = up && bus.is_live();
        (if live { 1.0 } else { 0.0 }, live)
    }

    /// Whether nobody else is on the alternate source of a static switch, or may be.
    pub(super) fn is_reserve_free(&self, switch: usize) -> bool {
        let Machine::StaticSwitch(own) = &self.machines[switch] else { return true };
        let reserve = self.wiring.feeders(switch)[1];
        !own.first_come()
            || !self.machines.iter().enumerate().any(|(n, machine)| {
                n != switch
                    && matches!(machine, Machine::StaticSwitch(other)
                        if other.side == Side::Emergency || other.moving)
                    && self.wiring.feeders(n)[1] == reserve
            })
    }

    /// Lets static switches that were refused try again; whether one moved.
    pub(super) fn free_reserves(&mut self) -> bool {
        for n in 0..self.machines.len() {
            if matches!(self.machines[n], Machine::StaticSwitch(_)) && self.is_reserve_free(n) {
                let mut cx = cx!(self, n);
                if let Machine::StaticSwitch(switch) = &mut self.machines[n] {
                    switch.freed(&mut cx);
                }
            }
        }
        false
    }

    fn tell_loads(&mut self) {
        if !self.active {
            return;
        }
        let nodes = self.machines.len();
        for load in 0..self.loads.len() {
            let cords = self.wiring.cords(load);
            let best = cords
                .filter(|&cord| !self.is_cord_open(cord))
                .map(|cord| self.volts[self.wiring.cord_node[cord] as usize]);
            let best = best.fold(0.0, f64::max);
            let mut cx = cx!(self, nodes + load);
            self.loads[load].look(&mut cx, best);
        }
    }

    /// Whether the edge `at`, flat among all feeders, is open: a block that is not closed.
    pub(in crate::plant::power) fn is_edge_open(&self, at: usize) -> bool {
        self.is_open(self.wiring.feeder(at), self.edge_blocks[at])
    }

    /// The same for a cord.
    pub(in crate::plant::power) fn is_cord_open(&self, at: usize) -> bool {
        self.is_open(self.wiring.cord_node[at], self.cord_blocks[at])
    }

    fn is_open(&self, feeder: u32, block: u8) -> bool {
        let Machine::Transfer(switch) = &self.machines[feeder as usize] else { return false };
        if !switch.blocked || switch.side == Side::Normal {
            return false;
        }
        let caller = self.callers.iter().find(|caller| caller.node == feeder);
        let caller = caller.expect("a switch with blocks has a bus");
        let Some(Machine::Bus(bus)) = caller.bus.map(|bus| &self.machines[bus as usize]) else {
            return false;
        };
        let blocks = 0..caller.members.len() as u8;
        match block {
            NO_BLOCK => !blocks.into_iter().all(|number| bus.is_closed(feeder, number)),
            number => !bus.is_closed(feeder, number),
        }
    }
}

/// No instant takes more rounds than this: a signal goes up the chain once for each switch.
const ROUNDS: usize = 64;
