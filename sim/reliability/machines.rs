//! Batteries, generators and switches of a chain: the machines of a run, on their own clock.
//!
//! What they carry is what the loads are granted; each load draws all of it. Everything else is as
//! in a run, with two differences that change nothing that is counted here: a UPS takes over from
//! its battery in a straight line in place of steps, and a set that never fails while it stands is
//! not tested.

use super::chain::Told;
use crate::kernel::{Span, Streams, Time};
use crate::plant::power::sequence::{MachineDesign, State, Subject};
use crate::plant::power::{
    ComponentKind, Network, PowerDesign, PowerLoad, PowerNode, Sequences, Upkeep,
};

/// The machines of a chain.
#[derive(Debug, Clone)]
pub(super) struct Machines {
    design: PowerDesign,
    upkeep: Upkeep,
    sequences: Sequences,
    /// What may go wrong on demand or while running, in words, and of whom.
    faults: Vec<String>,
    fault_of: Vec<(u32, State)>,
}

impl Machines {
    /// The machines of `design`, which `network` follows from now on.
    pub(super) fn new(mut design: PowerDesign, upkeep: Upkeep, network: &mut Network) -> Self {
        let (mut faults, mut fault_of) = (Vec::new(), Vec::new());
        for (n, node) in (0..).zip(&mut design.nodes) {
            match &mut node.component.machine {
                MachineDesign::Ups(ups) => ups.walk_in_steps = 0,
                MachineDesign::Genset(set) if set.latent_rate_per_s == 0.0 => {
                    set.test_every = Span::MAX;
                }
                _ => {}
            }
            for (state, words) in node.component.machine.faults() {
                faults.push(format!("{} {words}", node.name));
                fault_of.push((n, *state));
            }
        }
        let sequences = Sequences::with(&design, &upkeep, &Streams::new(0, 0));
        let mut all = Self { design, upkeep, sequences, faults, fault_of };
        all.settle(Time::ZERO, network);
        all
    }

    /// What may go wrong, in words.
    pub(super) fn faults(&self) -> &[String] {
        &self.faults
    }

    /// Whether any of them is ever a reason for a loss.
    pub(super) fn ever_fail(&self) -> bool {
        self.design.nodes.iter().any(|node| match node.component.machine {
            MachineDesign::Feed(feed) => feed.sags.is_some_and(|sags| sags.rate_per_s > 0.0),
            MachineDesign::Genset(set) => set.prime && set.run_rate_per_s > 0.0,
            _ => false,
        })
    }

    /// All at rest at [`Time::ZERO`], with draws from `streams`.
    pub(super) fn begin(&mut self, network: &mut Network, streams: &Streams) {
        self.sequences = Sequences::with(&self.design, &self.upkeep, streams);
        self.settle(Time::ZERO, network);
    }

    pub(super) fn next_at(&self) -> Time {
        self.sequences.next_at()
    }

    /// The UPSs that give nothing, their batteries being empty.
    pub(super) fn empty(&self) -> impl Iterator<Item = PowerNode> {
        let nodes = (0..).map(PowerNode).zip(&self.design.nodes);
        let ups = nodes.filter(|(_, node)| node.component.kind == ComponentKind::Ups);
        ups.map(|(node, _)| node).filter(|&node| self.sequences.state(node) == Some(State::Off))
    }

    pub(super) fn set_up(&mut self, now: Time, node: PowerNode, up: bool) {
        self.sequences.set_up(now, node, up);
    }

    /// Timers up to `now` run out, and `network` follows. Says in `told` what went wrong; broken
    /// units by the number of their node.
    pub(super) fn advance(&mut self, now: Time, network: &mut Network, told: &mut Told) {
        self.sequences.advance(now);
        let fault_of = &self.fault_of;
        self.sequences.drain(|_, subject, state| {
            let Subject::Node(node) = subject else { return };
            let place = fault_of.iter().position(|&of| of == (node.0, state));
            told.faults.extend(place.map(|place| place as u32));
            if state.is_breakdown() {
                told.broken.push(node.0);
            }
        });
        self.settle(now, network);
    }

    /// Every load draws what it is granted, and the machines are told what they carry.
    fn settle(&mut self, now: Time, network: &mut Network) {
        network.follow(&self.sequences);
        network.allocate();
        draw(network, self.design.loads.len());
        let nodes = (0..self.design.nodes.len() as u32).map(PowerNode);
        network.tell(now, &mut self.sequences, nodes);
    }
}

/// Every load draws what it is granted.
pub(super) fn draw(network: &mut Network, loads: usize) {
    for load in (0..loads as u32).map(PowerLoad) {
        let granted_w = network.granted(load).total_w();
        network.set_draw(load, granted_w.min(network.cap_w(load)));
    }
}
