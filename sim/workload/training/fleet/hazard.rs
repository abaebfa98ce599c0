//! When the next node of a rack fails, and which one it is.

use super::relapse::Pending;
use super::{Fleet, NO_JOB, Node, RackPower};
use crate::kernel::{Stream, Streams, Ticket, Time, weibull_scale};
use crate::workload::training::spec::{FailureDesign, Law, Relapse};

/// The failures of one rack's nodes, superposed.
///
/// Without memory the clock counts down an exponential amount of hazard at the rate of the nodes
/// that can fail. When their number changes, what is left of the hazard stays: the law is
/// memoryless, and one failure costs the same draws whatever happens elsewhere. Under a law with
/// memory each node has a life that it uses up while it is on; the clock is the first to end. A node
/// whose repair did not mend has a life beside the clock without memory.
#[derive(Debug, Clone)]
pub(super) struct FailureClock {
    stream: Stream,
    /// What becomes of repairs, and the draws of the failures after those that did not mend.
    relapses: Stream,
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
    /// Which of the causes it is; none where it is that of the failure before.
    pub(in crate::workload::training) cause: Option<f64>,
    /// Below the soft share: a reboot mends it.
    pub(in crate::workload::training) soft: f64,
    /// Standard normal of the repair time.
    pub(in crate::workload::training) repair: f64,
    /// Below the hang share: it goes unnoticed for long.
    pub(in crate::workload::training) hang: f64,
}

/// Why there is a node to fail.
const CAN_FAIL: &str = "a rack whose clock runs has a node that can fail";

impl FailureDraws {
    fn of(cause: Option<f64>, stream: &mut Stream) -> Self {
        let (soft, repair) = (stream.uniform(), stream.normal());
        Self { cause, soft, repair, hang: stream.uniform() }
    }
}

impl FailureClock {
    pub(super) fn new(rack: &str, streams: &Streams) -> Self {
        let mut stream = streams.stream("training-node-failure", rack);
        let left = stream.exponential(1.0);
        let relapses = streams.stream("training-relapse", rack);
        Self { stream, relapses, left, since: Time::ZERO, ticket: None, stress: 1.0 }
    }

    /// The draws of a failure by the law, and the hazard until the next.
    fn strike(&mut self, now: Time) -> FailureDraws {
        let cause = self.stream.uniform();
        let draws = FailureDraws::of(Some(cause), &mut self.stream);
        self.left = self.stream.exponential(1.0);
        self.since = now;
        self.ticket = None;
        draws
    }

    /// The draws of a failure for which no chance but the last repair is to blame.
    fn relapse(&mut self) -> FailureDraws {
        self.ticket = None;
        FailureDraws::of(None, &mut self.relapses)
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
        let first_end_s = self.first_end(rack).map_or(f64::INFINITY, |(_, left_s)| left_s);
        match self.law {
            Law::Exponential => first_end_s.min(self.time_to_chance_s(rack)),
            Law::Weibull { .. } => first_end_s,
        }
    }

    /// Time until the clock without memory of `rack` runs out, s.
    fn time_to_chance_s(&self, rack: usize) -> f64 {
        let rate = self.rate_per_s * self.hazard(rack);
        if rate == 0.0 { f64::INFINITY } else { self.clocks[rack].left / rate }
    }

    /// Whether nodes have lives that end.
    fn have_lives(&self) -> bool {
        self.law != Law::Exponential || self.relapse.is_some()
    }

    /// The node of `rack` that can fail and whose life ends first, and the time until then, s.
    fn first_end(&self, rack: usize) -> Option<(usize, f64)> {
        let nodes = self.have_lives().then(|| self.fallible(rack)).into_iter().flatten();
        let ends = nodes.map(|i| (i, self.nodes[i].life_s / self.ageing(rack, i)));
        ends.min_by(|a, b| a.1.total_cmp(&b.1))
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
        let first_end = self.first_end(rack);
        match self.law {
            Law::Weibull { shape, .. } => {
                let (index, _) = first_end.expect(CAN_FAIL);
                let scale = weibull_scale(self.rate_per_s * self.nodes[index].weight, shape);
                let clock = &mut self.clocks[rack];
                self.nodes[index].life_s = clock.stream.weibull(scale, shape);
                (index, clock.strike(now))
            }
            Law::Exponential => match first_end {
                Some((index, left_s)) if left_s < self.time_to_chance_s(rack) => {
                    self.nodes[index].life_s = f64::INFINITY;
                    (index, self.clocks[rack].relapse())
                }
                _ => {
                    let index = self.chosen(rack);
                    self.nodes[index].life_s = f64::INFINITY;
                    (index, self.clocks[rack].strike(now))
                }
            },
        }
    }

    /// The node is repaired, or is thought to be: whether it fails again soon.
    pub(super) fn draw_relapse(&mut self, rack: usize, node: usize) {
        let Some(Relapse { share, mu, sigma }) = self.relapse else { return };
        let relapses = &mut self.clocks[rack].relapses;
        let (is_mended, after_s) = (!relapses.chance(share), relapses.lognormal(mu, sigma));
        self.nodes[node].life_s = if is_mended { f64::INFINITY } else { after_s };
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

    /// The node of `rack` that fails where the clock without memory has run out.
    fn chosen(&mut self, rack: usize) -> usize {
        let mut rest = self.hazard(rack) * self.clocks[rack].stream.uniform();
        let mut last = None;
        for i in self.nodes_of(rack).filter(|&i| !self.nodes[i].down) {
            let weight = self.nodes[i].weight * self.ageing(rack, i);
            if weight > 0.0 {
                last = Some(i);
                rest -= weight;
            }
            if rest < 0.0 {
                break;
            }
        }
        last.expect(CAN_FAIL)
    }

    /// Uses up the hazard of the time since the clock was last looked at. To be called before
    /// the nodes that can fail change.
    pub(super) fn settle_hazard(&mut self, now: Time, rack: usize) {
        let dt = (now - self.clocks[rack].since).as_secs_f64();
        self.clocks[rack].since = now;
        if dt == 0.0 {
            return;
        }
        if self.law == Law::Exponential {
            let rate = self.rate_per_s * self.hazard(rack);
            let clock = &mut self.clocks[rack];
            clock.left = (clock.left - rate * dt).max(0.0);
        }
        if self.have_lives() && self.racks[rack] == RackPower::On {
            for i in self.nodes_of(rack) {
                if !self.nodes[i].down {
                    let aged_s = dt * self.ageing(rack, i);
                    self.nodes[i].life_s = (self.nodes[i].life_s - aged_s).max(0.0);
                }
            }
        }
    }
}

/// Nodes as the run starts: which are lemons, how long each will live under a law with memory, and which
/// repairs were in vain.
pub(super) struct NewNodes<'f> {
    failures: &'f FailureDesign,
    /// Failures by chance a second of a sound node.
    pub(super) rate_per_s: f64,
    /// What is pending of the relapses of sound nodes and of lemons, where repairs are in vain.
    pending: Option<[Pending; 2]>,
}

impl<'f> NewNodes<'f> {
    pub(super) fn of(failures: &'f FailureDesign) -> Self {
        let (share, factor) = (failures.lemon_share, failures.lemon_factor);
        // The rate is that of all nodes in the mean, with the failures that repairs in vain bring.
        let Some(relapse) = failures.relapse else {
            let rate_per_s = failures.rate_per_s / (1.0 - share + share * factor);
            return Self { failures, rate_per_s, pending: None };
        };
        let kinds = [(1.0 - share, 1.0), (share, factor)];
        let rate_per_s = relapse.chance_per_s(failures.rate_per_s, kinds);
        let pending = kinds.map(|(_, weight)| Pending::of(relapse, rate_per_s * weight));
        Self { failures, rate_per_s, pending: Some(pending) }
    }

    /// Those of the rack `name`.
    pub(super) fn of_rack(&self, name: &str, count: usize, streams: &Streams) -> Vec<Node> {
        let Self { failures, rate_per_s, pending } = *self;
        let mut lemons = streams.stream("training-lemon", name);
        let mut lives = streams.stream("training-life", name);
        let mut relapses = streams.stream("training-relapse-pending", name);
        let mut node = || {
            let is_lemon = failures.lemon_share > 0.0 && lemons.chance(failures.lemon_share);
            let weight = if is_lemon { failures.lemon_factor } else { 1.0 };
            let life_s = match (failures.law, pending) {
                (Law::Exponential, None) => f64::INFINITY,
                (Law::Exponential, Some(pending)) => {
                    pending[usize::from(is_lemon)].draw_s(&mut relapses)
                }
                (Law::Weibull { shape, new_fleet }, _) => {
                    let scale = weibull_scale(rate_per_s * weight, shape);
                    if new_fleet {
                        lives.weibull(scale, shape)
                    } else {
                        lives.weibull_left(scale, shape)
                    }
                }
            };
            // A relapse is of the cause of a failure before the run.
            let is_pending = pending.is_some() && life_s.is_finite();
            let cause = if is_pending { failures.cause_of(relapses.uniform()) } else { 0 };
            Node {
                job: NO_JOB,
                down: false,
                cause,
                drained: 0,
                spare: false,
                works: false,
                weight,
                life_s,
            }
        };
        (0..count).map(|_| node()).collect()
    }
}
