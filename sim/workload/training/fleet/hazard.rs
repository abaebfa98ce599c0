//! When the next node of a rack fails, and which one it is.

use super::{Fleet, NO_JOB, Node, RackPower};
use crate::kernel::{Stream, Streams, Ticket, Time, weibull_scale};
use crate::workload::training::spec::{FailureDesign, Law};

/// The failures of one rack's nodes, superposed.
///
/// Without memory the clock counts down an exponential amount of hazard at the rate of the nodes
/// that can fail. When their number changes, what is left of the hazard stays: the law is
/// memoryless, and one failure costs the same draws whatever happens elsewhere. Under a law with
/// memory each node has a life that it uses up while it is on; the clock is the first to end.
#[derive(Debug, Clone)]
pub(super) struct FailureClock {
    stream: Stream,
    /// Hazard left until the next failure.
    left: f64,
    pub(super) since: Time,
    ticket: Option<Ticket>,
    /// How many times as often its nodes fail as they would where it is cool.
    stress: f64,
}

/// The draws that a failure brings.
#[derive(Debug, Clone, Copy)]
pub(in crate::workload::training) struct FailureDraws {
    /// Which of the causes it is.
    pub(in crate::workload::training) cause: f64,
    /// Below the soft share: a reboot mends it.
    pub(in crate::workload::training) soft: f64,
    /// Standard normal of the repair time.
    pub(in crate::workload::training) repair: f64,
    /// Below the hang share: it goes unnoticed for long.
    pub(in crate::workload::training) hang: f64,
}

impl FailureClock {
    pub(super) fn new(rack: &str, streams: &Streams) -> Self {
        let mut stream = streams.stream("training-node-failure", rack);
        let left = stream.exponential(1.0);
        Self { stream, left, since: Time::ZERO, ticket: None, stress: 1.0 }
    }
}

impl Fleet {
    /// The ticket of the rack's next failure, to be cancelled before it is rescheduled.
    pub(in crate::workload::training) fn take_ticket(&mut self, rack: usize) -> Option<Ticket> {
        self.clocks[rack].ticket.take()
    }

    pub(in crate::workload::training) fn keep_ticket(&mut self, rack: usize, ticket: Ticket) {
        self.clocks[rack].ticket = Some(ticket);
    }

    /// Time to the next failure of `rack` if nothing changes, s; infinite where none can fail.
    pub(in crate::workload::training) fn time_to_failure_s(&self, rack: usize) -> f64 {
        match self.law {
            Law::Exponential => {
                let rate = self.rate_per_s * self.hazard(rack);
                if rate == 0.0 { f64::INFINITY } else { self.clocks[rack].left / rate }
            }
            Law::Weibull { .. } => {
                let ends = self.fallible(rack).map(|i| self.nodes[i].life_s / self.ageing(rack, i));
                ends.fold(f64::INFINITY, f64::min)
            }
        }
    }

    /// Lets the nodes of `rack` fail `stress` times as often from `now` on; whether that is new.
    pub(in crate::workload::training) fn set_stress(
        &mut self,
        now: Time,
        rack: usize,
        stress: f64,
    ) -> bool {
        if self.clocks[rack].stress == stress {
            return false;
        }
        self.settle_hazard(now, rack);
        self.clocks[rack].stress = stress;
        true
    }

    /// Whether it matters to the failures of a node that it works.
    pub(in crate::workload::training) fn rest_matters(&self) -> bool {
        self.at_rest != 1.0
    }

    /// Says that `node` works from `now` on, or rests; whether that is new. One that a job gives
    /// back rests.
    pub(in crate::workload::training) fn set_works(
        &mut self,
        now: Time,
        node: u32,
        works: bool,
    ) -> bool {
        if self.nodes[node as usize].works == works {
            return false;
        }
        let rack = self.rack_of(node);
        self.settle_hazard(now, rack);
        self.nodes[node as usize].works = works;
        true
    }

    /// A failure of `rack` comes due: the node, which gets a new life, and the rest of the draws.
    pub(super) fn draw_failure(&mut self, now: Time, rack: usize) -> (usize, FailureDraws) {
        self.settle_hazard(now, rack);
        let index = self.next_to_fail(rack);
        let weight = self.nodes[index].weight;
        let clock = &mut self.clocks[rack];
        if let Law::Weibull { shape, .. } = self.law {
            let scale = weibull_scale(self.rate_per_s * weight, shape);
            self.nodes[index].life_s = clock.stream.weibull(scale, shape);
        }
        let draws = FailureDraws {
            cause: clock.stream.uniform(),
            soft: clock.stream.uniform(),
            repair: clock.stream.normal(),
            hang: clock.stream.uniform(),
        };
        clock.left = clock.stream.exponential(1.0);
        clock.since = now;
        clock.ticket = None;
        (index, draws)
    }

    /// Nodes of `rack`, each by its first place.
    fn nodes_of(&self, rack: usize) -> std::iter::StepBy<std::ops::Range<usize>> {
        let first = rack * self.nodes_per_rack;
        (first..first + self.nodes_per_rack).step_by(self.per_node)
    }

    /// Nodes of `rack` that can fail: those that are on and not under repair.
    fn fallible(&self, rack: usize) -> impl Iterator<Item = usize> {
        let is_on = self.racks[rack] == RackPower::On;
        self.nodes_of(rack).filter(move |&i| is_on && !self.nodes[i].down)
    }

    /// How fast the node whose first place is `node` ages, over one that works where it is cool. It
    /// works where any of its places does.
    fn ageing(&self, rack: usize, node: usize) -> f64 {
        let works = self.nodes[node..node + self.per_node].iter().any(|place| place.works);
        self.clocks[rack].stress * if works { 1.0 } else { self.at_rest }
    }

    /// The rate of failures of `rack` over that of a sound node.
    fn hazard(&self, rack: usize) -> f64 {
        self.fallible(rack).map(|i| self.nodes[i].weight * self.ageing(rack, i)).sum()
    }

    /// The node of `rack` whose failure has come due.
    fn next_to_fail(&mut self, rack: usize) -> usize {
        let mut rest = match self.law {
            Law::Exponential => self.hazard(rack) * self.clocks[rack].stream.uniform(),
            Law::Weibull { .. } => f64::NAN,
        };
        let candidates = self.nodes_of(rack).filter(|&i| !self.nodes[i].down);
        let chosen = match self.law {
            Law::Exponential => {
                let mut last = None;
                for i in candidates {
                    let weight = self.nodes[i].weight * self.ageing(rack, i);
                    if weight > 0.0 {
                        last = Some(i);
                        rest -= weight;
                    }
                    if rest < 0.0 {
                        break;
                    }
                }
                last
            }
            Law::Weibull { .. } => {
                let end = |i: usize| self.nodes[i].life_s / self.ageing(rack, i);
                candidates.min_by(|&a, &b| end(a).total_cmp(&end(b)))
            }
        };
        chosen.expect("a rack whose clock runs has a node that can fail")
    }

    /// Uses up the hazard of the time since the clock was last looked at. To be called before
    /// the nodes that can fail change.
    pub(super) fn settle_hazard(&mut self, now: Time, rack: usize) {
        let dt = (now - self.clocks[rack].since).as_secs_f64();
        self.clocks[rack].since = now;
        if dt == 0.0 {
            return;
        }
        match self.law {
            Law::Exponential => {
                let rate = self.rate_per_s * self.hazard(rack);
                let clock = &mut self.clocks[rack];
                clock.left = (clock.left - rate * dt).max(0.0);
            }
            Law::Weibull { .. } if self.racks[rack] == RackPower::On => {
                for i in self.nodes_of(rack) {
                    if !self.nodes[i].down {
                        let aged_s = dt * self.ageing(rack, i);
                        self.nodes[i].life_s = (self.nodes[i].life_s - aged_s).max(0.0);
                    }
                }
            }
            Law::Weibull { .. } => {}
        }
    }
}

/// The nodes of the rack `name` as the run starts: which are lemons and, under a law with
/// memory, how long each will live.
pub(super) fn new_nodes(
    name: &str,
    count: usize,
    failures: &FailureDesign,
    rate_per_s: f64,
    streams: &Streams,
) -> Vec<Node> {
    let mut lemons = streams.stream("training-lemon", name);
    let mut lives = streams.stream("training-life", name);
    let node = |_| {
        let is_lemon = failures.lemon_share > 0.0 && lemons.chance(failures.lemon_share);
        let weight = if is_lemon { failures.lemon_factor } else { 1.0 };
        let life_s = match failures.law {
            Law::Exponential => f64::INFINITY,
            Law::Weibull { shape, new_fleet } => {
                let scale = weibull_scale(rate_per_s * weight, shape);
                if new_fleet {
                    lives.weibull(scale, shape)
                } else {
                    lives.weibull_left(scale, shape)
                }
            }
        };
        Node {
            job: NO_JOB,
            down: false,
            cause: 0,
            drained: 0,
            spare: false,
            works: false,
            weight,
            life_s,
        }
    };
    (0..count).map(node).collect()
}
