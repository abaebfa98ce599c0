//! Batteries, generators and switches of a chain: the machines of a run, on their own clock.
//!
//! What they carry is what the loads are granted; each load draws all of it. Everything else is as
//! in a run, with two differences that change nothing that is counted here: a UPS takes over from
//! its battery in a straight line in place of steps, and a set that never fails while it stands is
//! not tested.

use super::chain::Told;
use crate::kernel::{Span, Streams, Time};
use crate::plant::power::sequence::{Alarm, MachineDesign, State, Subject};
use crate::plant::power::{ComponentKind, Network, PowerDesign, PowerNode, Sequences, Upkeep};

/// The machines of a chain.
#[derive(Debug, Clone)]
pub(super) struct Machines {
    design: PowerDesign,
    upkeep: Upkeep,
    sequences: Sequences,
    /// An instant, and what it is on the clock of the machines: they may be put back to where they were.
    clocks: (Time, Time),
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
        let clocks = (Time::ZERO, Time::ZERO);
        let mut all = Self { design, upkeep, sequences, clocks, faults, fault_of };
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
        self.clocks = (Time::ZERO, Time::ZERO);
        self.settle(Time::ZERO, network);
    }

    pub(super) fn next_at(&self) -> Time {
        self.outer(self.sequences.next_at())
    }

    /// `now` on the clock of the machines.
    fn own(&self, now: Time) -> Time {
        self.clocks.1 + now.since(self.clocks.0)
    }

    /// An instant of the clock of the machines.
    fn outer(&self, own: Time) -> Time {
        if own == Time::MAX { own } else { self.clocks.0 + own.since(self.clocks.1) }
    }

    /// The UPSs that give nothing, their batteries being empty.
    pub(super) fn empty(&self) -> impl Iterator<Item = PowerNode> {
        let nodes = (0..).map(PowerNode).zip(&self.design.nodes);
        let ups = nodes.filter(|(_, node)| node.component.kind == ComponentKind::Ups);
        ups.map(|(node, _)| node).filter(|&node| self.sequences.state(node) == Some(State::Off))
    }

    pub(super) fn set_up(&mut self, now: Time, node: PowerNode, up: bool) {
        self.sequences.set_up(self.own(now), node, up);
    }

    /// Timers up to `now` run out, and `network` follows. Says in `told` what went wrong; broken
    /// units by the number of their node.
    pub(super) fn advance(&mut self, now: Time, network: &mut Network, told: &mut Told) {
        let now = self.own(now);
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
        network.allocate_and_draw();
        let nodes = (0..self.design.nodes.len() as u32).map(PowerNode);
        network.tell(now, &mut self.sequences, nodes);
    }
}

/// What follows from a rest.
impl Machines {
    /// Whether what they do follows from the state in which they rest.
    pub(super) fn ever_rest(&self) -> bool {
        Sequences::come_to_rest(&self.design)
    }

    /// The machines on their own clock, for all that no instant is part of.
    pub(super) fn sequences(&self) -> &Sequences {
        &self.sequences
    }

    /// The same.
    pub(super) fn sequences_mut(&mut self) -> &mut Sequences {
        &mut self.sequences
    }

    /// From when on they are at rest if nothing happens before; none where their clockwork runs.
    pub(super) fn rests_from(&self) -> Option<Time> {
        self.sequences.rests_from().map(|own| self.outer(own))
    }

    /// Takes what is to ring.
    pub(super) fn take_alarms(&mut self) -> Vec<(Time, Alarm)> {
        let alarms = self.sequences.take_alarms();
        alarms.into_iter().map(|(at, alarm)| (self.outer(at), alarm)).collect()
    }

    /// As they are at rest, without what is to ring and when they came to it.
    pub(super) fn save(&self) -> Box<Sequences> {
        let mut saved = Box::new(self.sequences.clone());
        saved.take_alarms();
        saved.forget_past();
        saved
    }

    /// At `now` they are as `saved`, with these alarms and, first, these answers; `network` knows who is
    /// up.
    pub(super) fn resume(
        &mut self,
        network: &mut Network,
        now: Time,
        saved: &Sequences,
        alarms: &[(Time, Alarm)],
        answers: &[u64],
    ) {
        self.clocks = (now, saved.now());
        let alarms: Vec<_> = alarms.iter().map(|&(at, alarm)| (self.own(at), alarm)).collect();
        self.sequences.resume(saved, &alarms, answers);
        for node in (0..self.design.nodes.len() as u32).map(PowerNode) {
            network.set_up(node, self.sequences.is_up(node));
        }
    }
}
