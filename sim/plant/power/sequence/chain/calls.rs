//! Who calls which generators, and what keeps several of them from starting.

use super::super::dice::Question;
use super::super::state::State;
use super::{Caller, Cx, Machine, Sequences, Turn};
use crate::plant::power::design::PowerDesign;

impl Sequences {
    /// Which sets each switch calls, and the blocks that it hands to their bus.
    pub(super) fn find_callers(&mut self, design: &PowerDesign) {
        for (n, node) in design.nodes.iter().enumerate() {
            let source = match &self.machines[n] {
                Machine::Transfer(_) => self.wiring.feeders(n)[1],
                _ => continue,
            };
            let (mut sets, mut bus) = (Vec::new(), None);
            self.find_sets(source, &mut sets, &mut bus);
            let mut members = Vec::new();
            for (number, block) in (0u8..).zip(&node.blocks) {
                for child in block {
                    let c = child.0 as usize;
                    let edges = self.wiring.edges_of(c);
                    for edge in edges {
                        if self.wiring.feeder(edge) == n as u32 {
                            self.edge_blocks[edge] = number;
                        }
                    }
                }
                members.push(block.iter().map(|child| child.0).collect());
                if let Some(Machine::Bus(bus)) =
                    bus.map(|bus: u32| &mut self.machines[bus as usize])
                {
                    bus.add_block(n as u32, number);
                }
            }
            let caller = Caller { node: n as u32, sets, bus, enabled: false, members };
            self.callers.push(caller);
        }
    }

    /// The sets that stand behind `node`, and the first bus of them.
    fn find_sets(&self, node: u32, sets: &mut Vec<u32>, bus: &mut Option<u32>) {
        match &self.machines[node as usize] {
            Machine::Genset(_) => {
                if !sets.contains(&node) {
                    sets.push(node);
                }
            }
            machine => {
                if matches!(machine, Machine::Bus(_)) {
                    bus.get_or_insert(node);
                }
                for &feeder in self.wiring.feeders(node as usize) {
                    self.find_sets(feeder, sets, bus);
                }
            }
        }
    }

    /// Signals to the sets; whether one of them has changed what it does.
    pub(super) fn call_sets(&mut self) -> bool {
        let mut any = false;
        for at in 0..self.sets.len() {
            let set = self.sets[at];
            let mut callers = self.callers.iter().filter(|caller| caller.sets.contains(&set));
            if callers.clone().next().is_none() {
                continue;
            }
            let called = callers.any(|caller| self.calls(caller));
            let n = set as usize;
            if called {
                self.draw_start(set);
            }
            let mut cx = cx!(self, n);
            if let Machine::Genset(set) = &mut self.machines[n] {
                let before = set.state;
                set.call(&mut cx, called);
                any |= set.state != before;
            }
        }
        any | self.free_reserves()
    }

    /// Whether a set that is about to crank is kept from it, with others.
    fn draw_start(&mut self, n: u32) {
        let now = self.now;
        let Machine::Genset(set) = &mut self.machines[n as usize] else { return };
        if !set.would_crank() {
            return;
        }
        for cause in self.starts.iter_mut().filter(|cause| cause.members.contains(&n)) {
            if cause.drawn.is_none_or(|(at, _)| at != now) {
                let struck = self.dice.ask(cause.whose, Question::Happens(cause.chance)) == 1;
                cause.drawn = Some((now, struck));
            }
            set.struck = cause.drawn.is_some_and(|(_, struck)| struck);
        }
    }

    /// Whether a switch asks for its generators: by itself, or for a UPS behind it that has
    /// latched.
    fn calls(&self, caller: &Caller) -> bool {
        let own = matches!(&self.machines[caller.node as usize],
            Machine::Transfer(switch) if switch.called);
        own || self.machines.iter().enumerate().any(|(n, machine)| {
            matches!(machine, Machine::Ups(ups) if ups.latched) && self.is_behind(n, caller.node)
        })
    }

    fn is_behind(&self, n: usize, of: u32) -> bool {
        self.wiring.feeders(n).iter().any(|&f| f == of || self.is_behind(f as usize, of))
    }

    /// A set has synchronised with its bus.
    pub(super) fn close_on_bus(&mut self, set: u32) {
        for at in 0..self.buses.len() {
            let bus = self.buses[at] as usize;
            let place = self.wiring.feeders(bus).iter().position(|&feeder| feeder == set);
            let Some(place) = place else { continue };
            if let Machine::Bus(bus) = &mut self.machines[bus]
                && bus.synchronised(place as u32)
            {
                cx!(self, set as usize).note(State::OnBus);
            }
        }
    }
}
