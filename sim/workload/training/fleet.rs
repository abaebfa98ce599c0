//! The nodes: which are on, which are under repair, which job holds each, and when the next
//! one fails.

use super::account::GpuHours;
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
    /// Its nodes take work, but for those under repair.
    On,
}

#[derive(Debug, Clone, Copy)]
struct Node {
    /// The job that holds it, or `NO_JOB`.
    job: Slot,
    /// Under repair.
    down: bool,
}

/// The failures of one rack's nodes, superposed.
///
/// The clock counts down an exponential amount of hazard at the rate of the nodes that can
/// fail. When their number changes, what is left of the hazard stays: the law is memoryless,
/// and one failure costs the same draws whatever happens elsewhere.
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
    rate_per_s: f64,
    free: usize,
    held: usize,
    down: usize,
    /// No node before this one is free.
    first_free: usize,
    /// Node-seconds in which no job held the nodes.
    unheld: GpuHours,
    since: Time,
    failures: u64,
}

impl Fleet {
    pub(super) fn new(
        racks: &[String],
        nodes_per_rack: usize,
        rate_per_s: f64,
        streams: &Streams,
    ) -> Self {
        let clock = |name: &String| {
            let mut stream = streams.stream("training-node-failure", name);
            let left = stream.exponential(1.0);
            FailureClock { stream, left, since: Time::ZERO, ticket: None }
        };
        let count = racks.len() * nodes_per_rack;
        Self {
            nodes: vec![Node { job: NO_JOB, down: false }; count],
            racks: vec![RackPower::On; racks.len()],
            clocks: racks.iter().map(clock).collect(),
            nodes_per_rack,
            rate_per_s,
            free: count,
            held: 0,
            down: 0,
            first_free: 0,
            unheld: GpuHours::default(),
            since: Time::ZERO,
            failures: 0,
        }
    }

    /// Nodes on which a job could start.
    pub(super) fn free(&self) -> usize {
        self.free
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

    /// Gives `count` free nodes to `job`, and appends them to `out` in rising order: the first
    /// neighbours that are all free, by number, or else the first free ones. Costs one look
    /// along the nodes.
    ///
    /// # Panics
    ///
    /// When fewer are free, or none is asked for.
    pub(super) fn take(&mut self, now: Time, count: usize, job: Slot, out: &mut Vec<u32>) {
        let is_right = 0 < count && count <= self.free;
        assert!(is_right, "{count} nodes asked of {} free ones", self.free);
        self.account(now);
        while !self.is_free(self.first_free) {
            self.first_free += 1;
        }
        let mut run = 0;
        let neighbours = (self.first_free..self.nodes.len()).find(|&i| {
            run = if self.is_free(i) { run + 1 } else { 0 };
            run == count
        });
        let mut next = neighbours.map_or(self.first_free, |last| last + 1 - count);
        for _ in 0..count {
            while !self.is_free(next) {
                next += 1;
            }
            self.nodes[next].job = job;
            out.push(next as u32);
        }
        self.free -= count;
        self.held += count;
    }

    /// Takes a node back from the job that holds it; it is free again.
    pub(super) fn release(&mut self, now: Time, node: u32) {
        self.account(now);
        self.drop_from_job(node);
        self.free += 1;
        self.first_free = self.first_free.min(node as usize);
    }

    /// A failure of `rack` comes due: chooses the node, puts it under repair and draws the
    /// rest. Returns the node, the job that held it, and the draws.
    pub(super) fn fail(&mut self, now: Time, rack: usize) -> (u32, Option<Slot>, FailureDraws) {
        self.account(now);
        let first = rack * self.nodes_per_rack;
        let count = self.fallible(rack);
        let clock = &mut self.clocks[rack];
        let choice = clock.stream.below(count as u64) as usize;
        let draws = FailureDraws {
            soft: clock.stream.uniform(),
            repair: clock.stream.normal(),
            hang: clock.stream.uniform(),
        };
        clock.left = clock.stream.exponential(1.0);
        clock.since = now;
        clock.ticket = None;
        self.failures += 1;
        let index = (first..first + self.nodes_per_rack)
            .filter(|&i| !self.nodes[i].down)
            .nth(choice)
            .expect("a rack whose clock runs has a node that can fail");
        let job = self.nodes[index].job;
        if job == NO_JOB {
            self.free -= 1;
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
        for i in first..first + self.nodes_per_rack {
            let Node { job, down } = self.nodes[i];
            if was_on && job != NO_JOB {
                self.drop_from_job(i as u32);
                struck(job, i as u32);
            } else if was_on && !down {
                self.free -= 1;
            }
            self.free += usize::from(power == RackPower::On && !down);
        }
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
        let rate = self.rate_per_s * self.fallible(rack) as f64;
        if rate == 0.0 { f64::INFINITY } else { self.clocks[rack].left / rate }
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

    fn is_free(&self, index: usize) -> bool {
        let node = self.nodes[index];
        node.job == NO_JOB && !node.down && self.racks[index / self.nodes_per_rack] == RackPower::On
    }

    fn account(&mut self, now: Time) {
        if now > self.since {
            self.unheld = self.unheld(now);
            self.since = now;
        }
    }

    /// Nodes of `rack` that can fail: those that are on and not under repair.
    fn fallible(&self, rack: usize) -> usize {
        if self.racks[rack] != RackPower::On {
            return 0;
        }
        let first = rack * self.nodes_per_rack;
        self.nodes[first..first + self.nodes_per_rack].iter().filter(|n| !n.down).count()
    }

    /// Uses up the hazard of the time since the clock was last looked at. To be called before
    /// the number of nodes that can fail changes.
    fn settle_hazard(&mut self, now: Time, rack: usize) {
        let rate = self.rate_per_s * self.fallible(rack) as f64;
        let clock = &mut self.clocks[rack];
        clock.left = (clock.left - rate * (now - clock.since).as_secs_f64()).max(0.0);
        clock.since = now;
    }

    fn drop_from_job(&mut self, node: u32) {
        let node = &mut self.nodes[node as usize];
        assert!(node.job != NO_JOB, "a job gives back only nodes that it holds");
        node.job = NO_JOB;
        self.held -= 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fleet(racks: &[&str]) -> Fleet {
        let racks: Vec<String> = racks.iter().map(|&r| r.to_owned()).collect();
        Fleet::new(&racks, 4, 1e-6, &Streams::new(7, 0))
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
