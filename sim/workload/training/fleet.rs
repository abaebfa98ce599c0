//! The nodes: which are on, which are under repair, which job holds each, and when the next
//! one fails.

use super::account::GpuHours;
use super::placement::{self, Placement};
use super::spec::{FailureDesign, Law};
use crate::kernel::{Stream, Streams, Ticket, Time};

/// Index of a job's slot in the model.
pub(super) type Slot = u32;

const NO_JOB: Slot = Slot::MAX;

/// Power of a rack.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum RackPower {
    /// None.
    Off,
    /// Its nodes start and take no work yet.
    Booting,
    /// It is being maintained: it has power, its nodes take no work.
    Service,
    /// Its nodes take work, but for those under repair.
    On,
}

#[derive(Debug, Clone, Copy)]
struct Node {
    /// The job that holds it, or `NO_JOB`.
    job: Slot,
    /// Under repair.
    down: bool,
    /// Its failure rate over that of a sound node.
    weight: f64,
    /// Under a law with memory: the time that it will yet be on before it fails, s.
    life_s: f64,
}

impl Node {
    /// Whole and without a job; free if its rack is on.
    fn is_idle(&self) -> bool {
        self.job == NO_JOB && !self.down
    }
}

/// The failures of one rack's nodes, superposed.
///
/// Without memory the clock counts down an exponential amount of hazard at the rate of the nodes
/// that can fail. When their number changes, what is left of the hazard stays: the law is
/// memoryless, and one failure costs the same draws whatever happens elsewhere. Under a law with
/// memory each node has a life that it uses up while it is on; the clock is the first to end.
#[derive(Debug, Clone)]
struct FailureClock {
    stream: Stream,
    /// Hazard left until the next failure.
    left: f64,
    since: Time,
    ticket: Option<Ticket>,
}

/// The draws that a failure brings.
#[derive(Debug, Clone, Copy)]
pub(super) struct FailureDraws {
    /// Which of the causes it is.
    pub(super) cause: f64,
    /// Below the soft share: a reboot mends it.
    pub(super) soft: f64,
    /// Standard normal of the repair time.
    pub(super) repair: f64,
    /// Below the hang share: it goes unnoticed for long.
    pub(super) hang: f64,
}

/// All nodes of a workload, numbered rack by rack.
#[derive(Debug, Clone)]
pub(super) struct Fleet {
    nodes: Vec<Node>,
    racks: Vec<RackPower>,
    clocks: Vec<FailureClock>,
    nodes_per_rack: usize,
    law: Law,
    /// Failures a second of a sound node; under a law with memory, of a node in the mean of
    /// its life.
    rate_per_s: f64,
    free: usize,
    /// The same by rack.
    free_in: Vec<u32>,
    held: usize,
    down: usize,
    /// No node before this one is free.
    first_free: usize,
    placement: Placement,
    /// Racks that take no jobs at present.
    closed: Vec<bool>,
    all_open: bool,
    /// Node-seconds in which no job held the nodes.
    unheld: GpuHours,
    since: Time,
    failures: u64,
}

impl Fleet {
    pub(super) fn new(
        racks: &[String],
        nodes_per_rack: usize,
        failures: &FailureDesign,
        streams: &Streams,
    ) -> Self {
        let (share, factor) = (failures.lemon_share, failures.lemon_factor);
        // The rate is that of all nodes in the mean.
        let rate_per_s = failures.rate_per_s / (1.0 - share + share * factor);
        let clock = |name: &String| {
            let mut stream = streams.stream("training-node-failure", name);
            let left = stream.exponential(1.0);
            FailureClock { stream, left, since: Time::ZERO, ticket: None }
        };
        let count = racks.len() * nodes_per_rack;
        Self {
            nodes: racks
                .iter()
                .flat_map(|name| lives(name, nodes_per_rack, failures, rate_per_s, streams))
                .collect(),
            racks: vec![RackPower::On; racks.len()],
            clocks: racks.iter().map(clock).collect(),
            nodes_per_rack,
            law: failures.law,
            rate_per_s,
            free: count,
            free_in: vec![nodes_per_rack as u32; racks.len()],
            held: 0,
            down: 0,
            first_free: 0,
            placement: Placement::Contiguous,
            closed: vec![false; racks.len()],
            all_open: true,
            unheld: GpuHours::default(),
            since: Time::ZERO,
            failures: 0,
        }
    }

    /// The same fleet, with the nodes of a job lying as `placement` says.
    pub(super) fn with_placement(self, placement: Placement) -> Self {
        Self { placement, ..self }
    }

    /// Nodes on which a job could start. Costs a look at each rack where some take no jobs.
    pub(super) fn free(&self) -> usize {
        if self.all_open {
            return self.free;
        }
        let closed = (0..self.racks.len()).filter(|&rack| self.closed[rack]);
        self.free - closed.map(|rack| self.free_in[rack] as usize).sum::<usize>()
    }

    /// Lets a rack take jobs, or no more.
    pub(super) fn set_closed(&mut self, rack: usize, closed: bool) {
        self.closed[rack] = closed;
        self.all_open = !self.closed.contains(&true);
        self.first_free = self.first_free.min(rack * self.nodes_per_rack);
    }

    /// Failures so far.
    pub(super) fn failures(&self) -> u64 {
        self.failures
    }

    pub(super) fn rack_of(&self, node: u32) -> usize {
        node as usize / self.nodes_per_rack
    }

    pub(super) fn power(&self, rack: usize) -> RackPower {
        self.racks[rack]
    }

    /// Nodes of `rack` that are not under repair, and the runs of them by job: `f(job, nodes)`
    /// for each run of neighbours that one job holds. Returns (healthy, free).
    pub(super) fn occupancy(&self, rack: usize, mut f: impl FnMut(Slot, usize)) -> (usize, usize) {
        let first = rack * self.nodes_per_rack;
        let (mut healthy, mut free) = (0, 0);
        let mut run = (NO_JOB, 0);
        for node in &self.nodes[first..first + self.nodes_per_rack] {
            if node.down {
                continue;
            }
            healthy += 1;
            if node.job == NO_JOB {
                free += 1;
            } else if node.job == run.0 {
                run.1 += 1;
            } else {
                if run.1 > 0 {
                    f(run.0, run.1);
                }
                run = (node.job, 1);
            }
        }
        if run.1 > 0 {
            f(run.0, run.1);
        }
        (healthy, free)
    }

    /// Gives `count` free nodes to `job`, and appends them to `out` in rising order, as the
    /// placement has it. Costs a look at each rack and along the nodes of those that are taken from.
    ///
    /// # Panics
    ///
    /// When fewer are free, or none is asked for.
    pub(super) fn take(&mut self, now: Time, count: usize, job: Slot, out: &mut Vec<u32>) {
        let is_right = 0 < count && count <= self.free();
        assert!(is_right, "{count} nodes asked of {} free ones", self.free());
        self.account(now);
        self.free -= count;
        self.held += count;
        let choose = match self.placement {
            Placement::Contiguous => return self.take_neighbours(count, job, out),
            Placement::Packed => placement::packed,
            Placement::Spread => placement::spread,
        };
        let open = |rack| if self.closed[rack] { 0 } else { self.free_in[rack] as usize };
        let free: Vec<usize> = (0..self.racks.len()).map(open).collect();
        for (rack, nodes) in choose(&free, count) {
            let first = rack * self.nodes_per_rack;
            let mut left = nodes;
            for node in first..first + self.nodes_per_rack {
                if left > 0 && self.nodes[node].is_idle() {
                    self.nodes[node].job = job;
                    self.free_in[rack] -= 1;
                    out.push(node as u32);
                    left -= 1;
                }
            }
        }
    }

    /// The first neighbours that are all free, by number, or else the first free ones.
    fn take_neighbours(&mut self, count: usize, job: Slot, out: &mut Vec<u32>) {
        let first = self.next_free(self.first_free).expect("enough nodes are free");
        self.first_free = first;
        let mut next = self.neighbours(first, count).unwrap_or(first);
        for _ in 0..count {
            next = self.next_free(next).expect("enough nodes are free");
            self.nodes[next].job = job;
            self.free_in[next / self.nodes_per_rack] -= 1;
            out.push(next as u32);
        }
    }

    /// The first node from number `from` on that a job could have.
    fn next_free(&self, mut from: usize) -> Option<usize> {
        for rack in from / self.nodes_per_rack..self.racks.len() {
            let end = (rack + 1) * self.nodes_per_rack;
            if self.free_in[rack] > 0
                && !self.closed[rack]
                && let Some(found) = (from..end).find(|&i| self.nodes[i].is_idle())
            {
                return Some(found);
            }
            from = end;
        }
        None
    }

    /// The first of `count` neighbours that are all free, from the free node `first` on.
    fn neighbours(&self, first: usize, count: usize) -> Option<usize> {
        let (mut start, mut end) = (first, first + 1);
        while end - start < count {
            let next = self.next_free(end)?;
            if next > end {
                start = next;
            }
            end = next + 1;
        }
        Some(start)
    }

    /// Takes a node back from the job that holds it; it is free again.
    pub(super) fn release(&mut self, now: Time, node: u32) {
        self.account(now);
        self.drop_from_job(node);
        self.free += 1;
        let rack = self.rack_of(node);
        self.free_in[rack] += 1;
        self.first_free = self.first_free.min(node as usize);
    }

    /// A failure of `rack` comes due: chooses the node, puts it under repair and draws the
    /// rest. Returns the node, the job that held it, and the draws.
    pub(super) fn fail(&mut self, now: Time, rack: usize) -> (u32, Option<Slot>, FailureDraws) {
        self.account(now);
        self.settle_hazard(now, rack);
        let index = self.next_to_fail(rack);
        let (law, weight) = (self.law, self.nodes[index].weight);
        let clock = &mut self.clocks[rack];
        if let Law::Weibull { shape, .. } = law {
            let scale = scale_s(self.rate_per_s * weight, shape);
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
        self.failures += 1;
        let job = self.nodes[index].job;
        if job == NO_JOB {
            self.free -= 1;
            self.free_in[rack] -= 1;
        } else {
            self.drop_from_job(index as u32);
        }
        self.nodes[index].down = true;
        self.down += 1;
        (index as u32, (job != NO_JOB).then_some(job), draws)
    }

    /// A node's repair ends.
    pub(super) fn repair(&mut self, now: Time, node: u32) {
        self.account(now);
        let rack = self.rack_of(node);
        self.settle_hazard(now, rack);
        self.nodes[node as usize].down = false;
        self.down -= 1;
        if self.racks[rack] == RackPower::On {
            self.free += 1;
            self.free_in[rack] += 1;
            self.first_free = self.first_free.min(node as usize);
        }
    }

    /// Changes the power of a rack. When it goes off, `struck(job, node)` hears of each node
    /// that a job loses.
    pub(super) fn set_power(
        &mut self,
        now: Time,
        rack: usize,
        power: RackPower,
        mut struck: impl FnMut(Slot, u32),
    ) {
        self.account(now);
        self.settle_hazard(now, rack);
        let first = rack * self.nodes_per_rack;
        let was_on = self.racks[rack] == RackPower::On;
        let mut free = 0;
        for i in first..first + self.nodes_per_rack {
            let Node { job, down, .. } = self.nodes[i];
            if was_on && job != NO_JOB {
                self.drop_from_job(i as u32);
                struck(job, i as u32);
            } else if was_on && !down {
                self.free -= 1;
            }
            free += u32::from(power == RackPower::On && !down);
        }
        self.free += free as usize;
        self.free_in[rack] = free;
        self.first_free = self.first_free.min(first);
        self.racks[rack] = power;
    }

    /// The ticket of the rack's next failure, to be cancelled before it is rescheduled.
    pub(super) fn take_ticket(&mut self, rack: usize) -> Option<Ticket> {
        self.clocks[rack].ticket.take()
    }

    pub(super) fn keep_ticket(&mut self, rack: usize, ticket: Ticket) {
        self.clocks[rack].ticket = Some(ticket);
    }

    /// Time to the next failure of `rack` if nothing changes, s; infinite where none can fail.
    pub(super) fn time_to_failure_s(&self, rack: usize) -> f64 {
        match self.law {
            Law::Exponential => {
                let rate = self.rate_per_s * self.hazard(rack);
                if rate == 0.0 { f64::INFINITY } else { self.clocks[rack].left / rate }
            }
            Law::Weibull { .. } => {
                self.fallible(rack).map(|node| node.life_s).fold(f64::INFINITY, f64::min)
            }
        }
    }

    /// Node-seconds in which no job held the nodes, up to `now`.
    pub(super) fn unheld(&self, now: Time) -> GpuHours {
        let mut sum = self.unheld;
        let dt = (now - self.since).as_secs_f64();
        sum.idle += self.free as f64 * dt;
        sum.down += self.down as f64 * dt;
        sum.dark += (self.nodes.len() - self.free - self.down - self.held) as f64 * dt;
        sum
    }

    fn account(&mut self, now: Time) {
        if now > self.since {
            self.unheld = self.unheld(now);
            self.since = now;
        }
    }

    /// Nodes of `rack` that can fail: those that are on and not under repair.
    fn fallible(&self, rack: usize) -> impl Iterator<Item = &Node> {
        let first = rack * self.nodes_per_rack;
        let is_on = self.racks[rack] == RackPower::On;
        let nodes = &self.nodes[first..first + if is_on { self.nodes_per_rack } else { 0 }];
        nodes.iter().filter(|node| !node.down)
    }

    /// The rate of failures of `rack` over that of a sound node.
    fn hazard(&self, rack: usize) -> f64 {
        self.fallible(rack).map(|node| node.weight).sum()
    }

    /// The node of `rack` whose failure has come due.
    fn next_to_fail(&mut self, rack: usize) -> usize {
        let first = rack * self.nodes_per_rack;
        let mut rest = match self.law {
            Law::Exponential => self.hazard(rack) * self.clocks[rack].stream.uniform(),
            Law::Weibull { .. } => f64::NAN,
        };
        let candidates = (first..first + self.nodes_per_rack).filter(|&i| !self.nodes[i].down);
        let chosen = match self.law {
            Law::Exponential => {
                let mut last = None;
                for i in candidates {
                    last = Some(i);
                    rest -= self.nodes[i].weight;
                    if rest < 0.0 {
                        break;
                    }
                }
                last
            }
            Law::Weibull { .. } => {
                candidates.min_by(|&a, &b| self.nodes[a].life_s.total_cmp(&self.nodes[b].life_s))
            }
        };
        chosen.expect("a rack whose clock runs has a node that can fail")
    }

    /// Uses up the hazard of the time since the clock was last looked at. To be called before
    /// the nodes that can fail change.
    fn settle_hazard(&mut self, now: Time, rack: usize) {
        let dt = (now - self.clocks[rack].since).as_secs_f64();
        self.clocks[rack].since = now;
        match self.law {
            Law::Exponential => {
                let rate = self.rate_per_s * self.hazard(rack);
                let clock = &mut self.clocks[rack];
                clock.left = (clock.left - rate * dt).max(0.0);
            }
            Law::Weibull { .. } if self.racks[rack] == RackPower::On => {
                let first = rack * self.nodes_per_rack;
                for node in &mut self.nodes[first..first + self.nodes_per_rack] {
                    if !node.down {
                        node.life_s = (node.life_s - dt).max(0.0);
                    }
                }
            }
            Law::Weibull { .. } => {}
        }
    }

    fn drop_from_job(&mut self, node: u32) {
        let node = &mut self.nodes[node as usize];
        assert!(node.job != NO_JOB, "a job gives back only nodes that it holds");
        node.job = NO_JOB;
        self.held -= 1;
    }
}

/// The nodes of the rack `name` as the run starts: which are lemons and, under a law with
/// memory, how long each will live.
fn lives(
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
                let scale = scale_s(rate_per_s * weight, shape);
                if new_fleet {
                    lives.weibull(scale, shape)
                } else {
                    // What is left of a life met at a random moment: long lives are met more
                    // often, in proportion to their length, and each at an even place.
                    let met = libm::pow(lives.gamma(1.0, 1.0 + 1.0 / shape), 1.0 / shape);
                    scale * met * lives.uniform()
                }
            }
        };
        Node { job: NO_JOB, down: false, weight, life_s }
    };
    (0..count).map(node).collect()
}

/// Scale of the Weibull law of `shape` whose mean is one over `rate_per_s`; infinite at rate
/// zero.
fn scale_s(rate_per_s: f64, shape: f64) -> f64 {
    1.0 / (rate_per_s * libm::tgamma(1.0 + 1.0 / shape))
}

#[cfg(test)]
mod tests {
    use super::super::spec::{DetectionSpec, FailureSpec, LawSpec, LemonSpec, WeibullSpec};
    use super::*;
    use crate::units::{Fraction, Rate};

    fn failures(spec: &FailureSpec) -> FailureDesign {
        let mut faults = Vec::new();
        let design = spec.resolve(&DetectionSpec::default(), &mut faults);
        assert_eq!(faults, []);
        design
    }

    fn fleet(racks: &[&str]) -> Fleet {
        let racks: Vec<String> = racks.iter().map(|&r| r.to_owned()).collect();
        let design = failures(&FailureSpec { rate: Some(Rate(1e-6)), ..FailureSpec::default() });
        Fleet::new(&racks, 4, &design, &Streams::new(7, 0))
    }

    /// Failures of `racks` racks of 8 nodes in `days`, each mended at once, and how many of them
    /// were of lemons.
    fn count(spec: &FailureSpec, racks: usize, days: f64) -> (u64, u64) {
        let names: Vec<String> = (0..racks).map(|i| format!("rack-{i}")).collect();
        let mut fleet = Fleet::new(&names, 8, &failures(spec), &Streams::new(7, 0));
        let (mut all, mut lemons) = (0, 0);
        for rack in 0..racks {
            // The account of time without jobs is of no interest here.
            fleet.since = Time::ZERO;
            let mut now = 0.0;
            loop {
                now += fleet.time_to_failure_s(rack);
                if now > days * 86_400.0 {
                    break;
                }
                let at = Time::from_secs_f64(now);
                let (node, _, _) = fleet.fail(at, rack);
                fleet.repair(at, node);
                all += 1;
                lemons += u64::from(fleet.nodes[node as usize].weight > 1.0);
            }
        }
        (all, lemons)
    }

    /// T31: a new fleet under Weibull 0.7 fails 0.398 times a node in its first 30 days, twice as
    /// often as the 0.195 of an old one, which are those of the rate.
    #[test]
    fn a_new_fleet_burns_in() {
        let spec = |new_fleet| FailureSpec {
            rate: Some(Rate(1.0 / (153.8 * 86_400.0))),
            law: Some(LawSpec::Weibull(WeibullSpec { shape: 0.7, new_fleet: Some(new_fleet) })),
            ..FailureSpec::default()
        };
        let nodes = 16_000.0;
        for (new_fleet, expected) in [(true, 0.3978), (false, 30.0 / 153.8)] {
            let failures = count(&spec(new_fleet), 2000, 30.0).0 as f64 / nodes;
            // Counts of a renewal process of shape 0.7 scatter at most twice as a Poisson's.
            let error = libm::sqrt(2.0 * expected / nodes);
            assert!((failures - expected).abs() < 3.0 * error, "{failures} is not {expected}");
        }
    }

    /// Lemons take their part of the failures and leave the rate of the fleet as it is.
    #[test]
    fn lemons_fail_for_the_others() {
        let spec = FailureSpec {
            rate: Some(Rate(6.5e-3 / 86_400.0)),
            lemons: Some(LemonSpec { share: Fraction(0.012), factor: 200.0 }),
            ..FailureSpec::default()
        };
        let (all, lemons) = count(&spec, 2000, 365.0);
        // The number of lemons, about 192, is itself drawn.
        let expected = 16_000.0 * 365.0 * 6.5e-3;
        assert!((all as f64 / expected - 1.0).abs() < 3.0 * 0.71 / libm::sqrt(192.0));
        let part = 0.012 * 200.0 / (0.988 + 0.012 * 200.0);
        assert!((lemons as f64 / all as f64 - part).abs() < 0.05, "{lemons} of {all}");
    }

    #[test]
    fn nodes_are_taken_as_neighbours_where_they_fit() {
        let mut fleet = fleet(&["a", "b", "c"]);
        let mut nodes = Vec::new();
        fleet.take(Time::ZERO, 3, 0, &mut nodes);
        fleet.take(Time::ZERO, 3, 1, &mut nodes);
        assert_eq!(nodes, [0, 1, 2, 3, 4, 5]);
        for node in [0, 1, 2] {
            fleet.release(Time::ZERO, node);
        }
        nodes.clear();
        fleet.take(Time::ZERO, 4, 2, &mut nodes);
        assert_eq!(nodes, [6, 7, 8, 9], "four neighbours lie behind the hole");
        nodes.clear();
        fleet.take(Time::ZERO, 5, 3, &mut nodes);
        assert_eq!(nodes, [0, 1, 2, 10, 11], "else the first that are free");
        assert_eq!(fleet.free(), 0);
    }

    #[test]
    fn nodes_are_taken_as_the_placement_has_it() {
        let take = |placement, counts: [usize; 2]| {
            let mut fleet = fleet(&["a", "b", "c"]).with_placement(placement);
            let mut nodes = Vec::new();
            fleet.take(Time::ZERO, counts[0], 0, &mut nodes);
            nodes.clear();
            fleet.take(Time::ZERO, counts[1], 1, &mut nodes);
            nodes
        };
        assert_eq!(take(Placement::Contiguous, [3, 5]), [3, 4, 5, 6, 7]);
        assert_eq!(take(Placement::Packed, [3, 5]), [3, 4, 5, 6, 7]);
        assert_eq!(take(Placement::Packed, [3, 4]), [4, 5, 6, 7]);
        assert_eq!(take(Placement::Spread, [3, 5]), [1, 2, 5, 6, 9]);
    }

    #[test]
    fn closed_racks_are_left_alone() {
        for placement in [Placement::Contiguous, Placement::Packed, Placement::Spread] {
            let mut fleet = fleet(&["a", "b", "c"]).with_placement(placement);
            fleet.set_closed(1, true);
            assert_eq!(fleet.free(), 8);
            let mut nodes = Vec::new();
            fleet.take(Time::ZERO, 8, 0, &mut nodes);
            assert_eq!(nodes, [0, 1, 2, 3, 8, 9, 10, 11]);
            assert_eq!(fleet.free(), 0);
            fleet.set_closed(1, false);
            assert_eq!(fleet.free(), 4);
        }
    }

    #[test]
    fn a_rack_more_moves_no_other_racks_luck() {
        let failures = |racks: &[&str]| {
            let mut fleet = fleet(racks);
            let mut seen = Vec::new();
            for rack in 0..2 {
                for _ in 0..20 {
                    let at = fleet.clocks[rack].since
                        + crate::kernel::Span::from_secs_f64(fleet.time_to_failure_s(rack));
                    let now = at.max(fleet.since);
                    let (node, _, draws) = fleet.fail(now, rack);
                    seen.push((at, node, draws.soft, draws.repair, draws.hang));
                    fleet.repair(now, node);
                }
            }
            seen
        };
        assert_eq!(failures(&["a", "b"]), failures(&["a", "b", "c"]));
    }

    /// A node that is down or without power does not age: the hazard left stays.
    #[test]
    fn the_clock_stands_while_nothing_can_fail() {
        let mut fleet = fleet(&["a"]);
        let first = fleet.time_to_failure_s(0);
        let hour = |n: u64| Time::ZERO + crate::kernel::Span::from_hours(n);
        fleet.set_power(hour(1), 0, RackPower::Off, |_, _| {});
        assert_eq!(fleet.time_to_failure_s(0), f64::INFINITY);
        fleet.set_power(hour(500), 0, RackPower::On, |_, _| {});
        assert!((fleet.time_to_failure_s(0) - (first - 3600.0)).abs() < 1e-6);
    }

    #[test]
    fn time_without_a_job_is_idle_down_or_dark() {
        let mut fleet = fleet(&["a", "b"]);
        let hour = |n: u64| Time::ZERO + crate::kernel::Span::from_hours(n);
        let (node, job, _) = fleet.fail(hour(1), 0);
        assert_eq!(job, None);
        fleet.set_power(hour(2), 0, RackPower::Off, |_, _| {});
        fleet.repair(hour(3), node);
        fleet.set_power(hour(4), 0, RackPower::Booting, |_, _| {});
        fleet.set_power(hour(5), 0, RackPower::On, |_, _| {});
        let account = fleet.unheld(hour(6));
        let hours = |seconds: f64| seconds / 3600.0;
        assert_eq!(hours(account.down), 2.0);
        assert_eq!(hours(account.dark), 3.0 + 4.0 + 4.0);
        assert_eq!(hours(account.idle), 48.0 - 2.0 - 11.0);
    }
}
