//! What a chain tells of its machines.

use super::super::genset::GensetTally;
use super::super::state::State;
use super::super::supply::BatteryTally;
use super::super::switch::SwitchTally;
use super::{Machine, NOBODY, Sequences};
use crate::kernel::Time;
use crate::plant::power::design::{PowerLoad, PowerNode};

impl Sequences {
    /// Whether the chain has anything with states beside up and down: without, nothing here
    /// changes anything.
    pub fn is_active(&self) -> bool {
        self.active
    }

    pub(super) fn is_on_a_bus(&self, set: PowerNode) -> bool {
        self.buses.iter().any(|&bus| self.wiring.feeders(bus as usize).contains(&set.0))
    }

    /// Battery systems that can hold up their bus, their bus, and the most that they give to it while
    /// they do, W.
    pub fn holders(&self) -> impl Iterator<Item = (PowerNode, PowerNode, Option<f64>)> {
        let holders = (0u32..).zip(&self.holder).filter(|(_, holder)| **holder != NOBODY);
        holders.filter_map(|(bus, &holder)| match &self.machines[holder as usize] {
            Machine::Battery(battery) => {
                let most_w = battery.is_holding().then_some(battery.design.power_w);
                Some((PowerNode(holder), PowerNode(bus), most_w))
            }
            _ => None,
        })
    }

    /// Output of a generator, W; zero for anything else.
    pub fn output_w(&self, set: PowerNode) -> f64 {
        match &self.machines[set.0 as usize] {
            Machine::Genset(set) => set.load_w,
            _ => 0.0,
        }
    }

    /// Calls `f` with each block of a switch that generators take step by step: the switch, the
    /// number of the block and its members.
    pub fn blocks(&self) -> impl Iterator<Item = (PowerNode, u8, &[u32])> {
        self.callers.iter().flat_map(|caller| {
            let numbered = (0u8..).zip(&caller.members);
            numbered.map(|(number, members)| (PowerNode(caller.node), number, &members[..]))
        })
    }

    /// What a load is doing.
    pub fn load_state(&self, load: PowerLoad) -> State {
        self.loads[load.0 as usize].state
    }

    /// The voltage at the output of a component, pu.
    pub fn voltage(&self, node: PowerNode) -> f64 {
        self.volts[node.0 as usize]
    }

    /// Whether generators stand behind a component just now.
    pub fn is_on_generator(&self, node: PowerNode) -> bool {
        self.on_generator[node.0 as usize]
    }

    /// The battery of a UPS, or a battery system, at `now`.
    pub fn battery(&self, node: PowerNode, now: Time) -> Option<BatteryTally> {
        match &self.machines[node.0 as usize] {
            Machine::Ups(ups) => Some(ups.tally(now)),
            Machine::Battery(battery) => Some(battery.tally(now)),
            _ => None,
        }
    }

    /// Down to which energy a use has emptied a battery system, and at which it gives for it again,
    /// J; none where it holds that.
    pub fn refill_j(&self, node: PowerNode) -> Option<(f64, f64)> {
        match &self.machines[node.0 as usize] {
            Machine::Battery(battery) => battery.refill_j(),
            _ => None,
        }
    }

    /// What a generator has done up to `now`.
    pub fn genset(&self, node: PowerNode, now: Time) -> Option<GensetTally> {
        match &self.machines[node.0 as usize] {
            Machine::Genset(set) => {
                let mut set = set.clone();
                set.settle(now);
                Some(set.tally)
            }
            _ => None,
        }
    }

    /// What a switch has done.
    pub fn switch(&self, node: PowerNode) -> Option<SwitchTally> {
        match &self.machines[node.0 as usize] {
            Machine::Transfer(switch) => Some(switch.tally),
            Machine::StaticSwitch(switch) => Some(switch.tally),
            _ => None,
        }
    }

    /// What a UPS would draw at its input at a load of `load_w` just now, as a part of what it
    /// would draw online: the walk-in.
    pub fn share(&self, node: PowerNode) -> f64 {
        match &self.machines[node.0 as usize] {
            Machine::Ups(ups) => ups.share(self.now),
            _ => 1.0,
        }
    }
}
