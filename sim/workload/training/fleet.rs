//! The nodes: which are on, which are under repair, which job holds each, and when the next
//! one fails.
//!
//! Where jobs share nodes, what is called a node here is one of the places of a node, which a job
//! holds alone; only failures and repairs strike all places of a node at once.

mod hazard;
mod outages;
mod relapse;
mod segments;

#[cfg(test)]
mod tests;

use std::cell::RefCell;
use std::ops::Range;

use super::account::GpuHours;
use super::placement::{self, Placement, Places, Sharing};
use super::spec::{DomainBits, FailureDesign, Law, Relapse, Segment};
use crate::kernel::{Streams, Time};
use hazard::{FailureClock, FailureDraws, NewNodes};
use outages::Outages;

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
    /// Why, where it is.
    cause: u16,
    /// Out of service with these domains that it is in.
    drained: DomainBits,
    /// Its job holds it to replace another.
    spare: bool,
    /// It computes, writes or starts; where that matters to its failures.
    works: bool,
    /// Its failure rate over that of a sound node.
    weight: f64,
    /// The time that it will yet be on before it fails, s: under a law with memory, or where its
    /// repair was in vain; infinite where only chance can strike it.
    life_s: f64,
}

impl Node {
    /// Neither under repair nor out of service with a domain.
    fn is_whole(&self) -> bool {
        !self.down && self.drained == 0
    }

    /// Whole and without a job; free if its rack is on.
    fn is_idle(&self) -> bool {
        self.job == NO_JOB && self.is_whole()
    }
}

/// A node that has failed.
#[derive(Debug, Clone)]
pub(super) struct Failure {
    /// Its first place.
    pub(super) node: u32,
    /// Its places that jobs held.
    pub(super) held: Vec<Lost>,
    /// The number of its cause.
    pub(super) cause: u16,
    pub(super) draws: FailureDraws,
}

/// A place that a job has lost: its number, the job, and whether it was held as a spare.
pub(super) type Lost = (u32, Slot, bool);

/// How the nodes of a rack are taken.
#[derive(Debug, Clone, Default)]
struct Layout {
    /// Whether none of them has changed since it was found.
    is_known: bool,
    healthy: usize,
    idle: usize,
    /// Neighbours that one job uses, and how many they are.
    runs: Vec<(Slot, usize)>,
}

impl Layout {
    fn find(&mut self, nodes: &[Node]) {
        self.is_known = true;
        (self.healthy, self.idle) = (0, 0);
        self.runs.clear();
        for node in nodes.iter().filter(|node| !node.down) {
            self.healthy += 1;
            if node.job == NO_JOB || node.spare {
                self.idle += 1;
                continue;
            }
            match self.runs.last_mut() {
                Some((job, count)) if *job == node.job => *count += 1,
                _ => self.runs.push((node.job, 1)),
            }
        }
    }
}

/// All nodes of a workload, numbered rack by rack.
#[derive(Debug, Clone)]
pub(super) struct Fleet {
    nodes: Vec<Node>,
    racks: Vec<RackPower>,
    clocks: Vec<FailureClock>,
    nodes_per_rack: usize,
    /// Places of a node: 1 where jobs have whole nodes.
    per_node: usize,
    law: Law,
    /// Failures by chance a second of a sound node that works; under a law with memory, of a node in
    /// the mean of its life.
    rate_per_s: f64,
    /// How many times as often a node fails that does not work.
    at_rest: f64,
    relapse: Option<Relapse>,
    free: usize,
    /// The same by rack, and by node.
    free_in: Vec<u32>,
    free_of: Vec<u32>,
    /// By rack: it is asked several times for each change.
    layouts: Vec<RefCell<Layout>>,
    held: usize,
    /// Those that are not whole, and what for.
    down: usize,
    outages: Outages,
    /// No node before this one is free.
    first_free: usize,
    placement: Placement,
    /// Which node a job gets that shares one; none where none does.
    sharing: Option<Sharing>,
    /// Where nodes are given out in segments: these.
    segment: Option<Segment>,
    /// Racks that take no jobs at present.
    closed: Vec<bool>,
    all_open: bool,
    /// Node-seconds in which no job held the nodes.
    unheld: GpuHours,
    since: Time,
    failures: u64,
}

impl Fleet {
    /// Racks of so many nodes each, of so many places.
    pub(super) fn new(
        racks: &[String],
        (nodes_per_rack, per_node): (usize, usize),
        failures: &FailureDesign,
        streams: &Streams,
    ) -> Self {
        let new_nodes = NewNodes::of(failures);
        let places_per_rack = nodes_per_rack * per_node;
        let count = racks.len() * places_per_rack;
        Self {
            nodes: racks
                .iter()
                .flat_map(|name| new_nodes.of_rack(name, nodes_per_rack, streams))
                .flat_map(|node| std::iter::repeat_n(node, per_node))
                .collect(),
            racks: vec![RackPower::On; racks.len()],
            clocks: racks.iter().map(|name| FailureClock::new(name, streams)).collect(),
            nodes_per_rack: places_per_rack,
            per_node,
            law: failures.law,
            rate_per_s: new_nodes.rate_per_s,
            at_rest: failures.at_rest,
            relapse: failures.relapse,
            free: count,
            free_in: vec![places_per_rack as u32; racks.len()],
            free_of: vec![per_node as u32; racks.len() * nodes_per_rack],
            layouts: vec![RefCell::default(); racks.len()],
            held: 0,
            down: 0,
            outages: Outages::new(failures),
            first_free: 0,
            placement: Placement::Contiguous,
            sharing: None,
            segment: None,
            closed: vec![false; racks.len()],
            all_open: true,
            unheld: GpuHours::default(),
            since: Time::ZERO,
            failures: 0,
        }
    }

    /// The same fleet, with the nodes of a job lying as `placement` says.
    pub(super) fn with_placement(self, placement: Placement, sharing: Option<Sharing>) -> Self {
        Self { placement, sharing, ..self }
    }

    /// The same fleet, with nodes given out in segments.
    pub(super) fn with_segments(self, segment: Option<Segment>) -> Self {
        Self { segment, ..self }
    }

    /// Nodes on which a job could start; of segments those that they are to hold. Costs a look at each rack
    /// where some take no jobs or nodes are given out in segments.
    pub(super) fn free(&self) -> usize {
        if let Some(segment) = self.segment {
            return self.free_segments(segment) * segment.held();
        }
        if self.all_open {
            return self.free;
        }
        let closed = (0..self.racks.len()).filter(|&rack| self.closed[rack]);
        self.free - closed.map(|rack| self.free_in[rack] as usize).sum::<usize>()
    }

    /// How many of `wanted` nodes a job could have now: all that are free or, where nodes are
    /// shared, all or nothing of a part of one, and of more whole nodes.
    pub(super) fn fitting(&self, wanted: usize) -> usize {
        if self.sharing.is_none() {
            return wanted.min(self.free());
        }
        let free = self.free_by_node();
        if wanted < self.per_node {
            return if free.iter().any(|&free| free >= wanted) { wanted } else { 0 };
        }
        let whole = free.iter().filter(|&&free| free == self.per_node).count();
        wanted.min(whole * self.per_node)
    }

    /// Free places of each node.
    pub(super) fn free_by_node(&self) -> Vec<usize> {
        (0..self.free_of.len()).map(|node| self.free_on_node(node)).collect()
    }

    fn free_on_node(&self, node: usize) -> usize {
        let rack = node * self.per_node / self.nodes_per_rack;
        if self.closed[rack] { 0 } else { self.free_of[node] as usize }
    }

    /// The nodes of `places`, and how many of them each has.
    pub(super) fn by_node<'p>(&self, places: impl Iterator<Item = &'p u32>) -> Places {
        let mut nodes: Places = Vec::new();
        for &place in places {
            let node = place as usize / self.per_node;
            match nodes.last_mut() {
                Some((last, count)) if *last == node => *count += 1,
                _ => nodes.push((node, 1)),
            }
        }
        nodes
    }

    /// Whether nodes with `places` take jobs and have as many free.
    pub(super) fn have_free(&self, places: &Places) -> bool {
        let has = |&(node, count): &(usize, usize)| self.free_on_node(node) >= count;
        places.iter().all(has)
    }

    /// Lets a rack take jobs, or no more.
    pub(super) fn set_closed(&mut self, rack: usize, closed: bool) {
        self.closed[rack] = closed;
        self.all_open = !self.closed.contains(&true);
        self.first_free = self.first_free.min(rack * self.nodes_per_rack);
    }

    /// Nodes that jobs hold.
    pub(super) fn held(&self) -> usize {
        self.held
    }

    /// Failures so far.
    pub(super) fn failures(&self) -> u64 {
        self.failures
    }

    /// Of each node, whether it is under repair.
    pub(super) fn under_repair(&self) -> impl Iterator<Item = bool> {
        self.nodes.iter().step_by(self.per_node).map(|node| node.down)
    }

    pub(super) fn rack_of(&self, node: u32) -> usize {
        node as usize / self.nodes_per_rack
    }

    pub(super) fn power(&self, rack: usize) -> RackPower {
        self.racks[rack]
    }

    /// Nodes of `rack` that are not under repair, and the runs of them by job: `f(job, nodes)`
    /// for each run of neighbours that one job uses. Returns (healthy, idle): spares are idle.
    pub(super) fn occupancy(&self, rack: usize, mut f: impl FnMut(Slot, usize)) -> (usize, usize) {
        let mut layout = self.layouts[rack].borrow_mut();
        if !layout.is_known {
            let first = rack * self.nodes_per_rack;
            layout.find(&self.nodes[first..first + self.nodes_per_rack]);
        }
        layout.runs.iter().for_each(|&(job, nodes)| f(job, nodes));
        (layout.healthy, layout.idle)
    }

    /// Calls `f` with each job that holds a node of `rack`, as a spare or not, in the order of the
    /// nodes.
    pub(super) fn holders(&self, rack: usize, mut f: impl FnMut(Slot)) {
        let first = rack * self.nodes_per_rack;
        for node in &self.nodes[first..first + self.nodes_per_rack] {
            if node.job != NO_JOB {
                f(node.job);
            }
        }
    }

    /// Says that the job which holds `node` keeps it as a spare, or uses it.
    pub(super) fn set_spare(&mut self, node: u32, spare: bool) {
        self.node_mut(node as usize).spare = spare;
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
        if let Some(rule) = self.sharing {
            let places = placement::share(rule, &self.free_by_node(), self.per_node, count);
            let places = places.expect("a job is given what fits");
            return self.take_places(now, &places, job, out);
        }
        self.account(now);
        let choose = match self.placement {
            Placement::Contiguous => return self.take_neighbours(count, job, out),
            Placement::Packed => placement::packed,
            Placement::Spread => placement::spread,
        };
        let open = |rack| if self.closed[rack] { 0 } else { self.free_in[rack] as usize };
        let free: Vec<usize> = (0..self.racks.len()).map(open).collect();
        for (rack, count) in choose(&free, count) {
            let first = rack * self.nodes_per_rack;
            self.take_of(first..first + self.nodes_per_rack, count, job, out);
        }
    }

    /// Gives `places`, of which each node has as many free ones, to `job`, and appends them to `out`
    /// in rising order.
    pub(super) fn take_places(
        &mut self,
        now: Time,
        places: &Places,
        job: Slot,
        out: &mut Vec<u32>,
    ) {
        self.account(now);
        for &(node, count) in places {
            let first = node * self.per_node;
            self.take_of(first..first + self.per_node, count, job, out);
        }
    }

    /// Gives the first `count` idle ones of `nodes` to `job`, and appends them to `out`.
    ///
    /// # Panics
    ///
    /// When fewer are idle.
    fn take_of(&mut self, nodes: Range<usize>, count: usize, job: Slot, out: &mut Vec<u32>) {
        let mut left = count;
        for node in nodes {
            if left == 0 {
                break;
            }
            if self.nodes[node].is_idle() {
                self.hand_out(node, job);
                out.push(node as u32);
                left -= 1;
            }
        }
        assert!(left == 0, "a job is given nodes that are free");
    }

    /// Gives an idle node to `job`.
    fn hand_out(&mut self, node: usize, job: Slot) {
        self.node_mut(node).job = job;
        self.count_out(node);
        self.held += 1;
    }

    /// A node of a rack that is on is free no more.
    fn count_out(&mut self, node: usize) {
        self.free -= 1;
        self.free_in[node / self.nodes_per_rack] -= 1;
        self.free_of[node / self.per_node] -= 1;
    }

    /// A node of a rack that is on is free.
    fn count_in(&mut self, node: usize) {
        self.free += 1;
        self.free_in[node / self.nodes_per_rack] += 1;
        self.free_of[node / self.per_node] += 1;
        self.first_free = self.first_free.min(node);
    }

    /// The first neighbours that are all free, by number, or else the first free ones.
    fn take_neighbours(&mut self, count: usize, job: Slot, out: &mut Vec<u32>) {
        let first = self.next_free(self.first_free).expect("enough nodes are free");
        self.first_free = first;
        let mut next = self.neighbours(first, count).unwrap_or(first);
        for _ in 0..count {
            next = self.next_free(next).expect("enough nodes are free");
            self.hand_out(next, job);
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
        let rack = self.rack_of(node);
        if self.rest_matters() {
            self.settle_hazard(now, rack);
        }
        self.drop_from_job(node);
        self.count_in(node as usize);
    }

    /// A failure of `rack` comes due: the node is under repair from now on, for what `cause_of` says
    /// of the draw of a cause.
    pub(super) fn fail(
        &mut self,
        now: Time,
        rack: usize,
        cause_of: impl FnOnce(f64) -> u16,
    ) -> Failure {
        self.account(now);
        let (first, draws) = self.draw_failure(now, rack);
        self.failures += 1;
        let cause = draws.cause.map_or(self.nodes[first].cause, cause_of);
        let held = self.take_out(first..first + self.per_node, |node| {
            (node.down, node.cause) = (true, cause);
        });
        Failure { node: first as u32, held, cause, draws }
    }

    /// The repair of a node, known by its first place, ends.
    pub(super) fn repair(&mut self, now: Time, node: u32) {
        self.account(now);
        let rack = self.rack_of(node);
        self.settle_hazard(now, rack);
        self.draw_relapse(rack, node as usize);
        let places = node as usize..node as usize + self.per_node;
        self.put_back(places, |node| node.down = false);
    }

    /// Changes the power of a rack. When it goes off, `struck(job, spare)` hears of each node
    /// that a job loses.
    pub(super) fn set_power(
        &mut self,
        now: Time,
        rack: usize,
        power: RackPower,
        mut struck: impl FnMut(Slot, bool),
    ) {
        self.account(now);
        self.settle_hazard(now, rack);
        let first = rack * self.nodes_per_rack;
        let was_on = self.racks[rack] == RackPower::On;
        for i in first..first + self.nodes_per_rack {
            let Node { job, spare, .. } = self.nodes[i];
            let is_whole = self.nodes[i].is_whole();
            if was_on && job != NO_JOB {
                self.drop_from_job(i as u32);
                struck(job, spare);
            } else if was_on && is_whole {
                self.count_out(i);
            }
            if power == RackPower::On && is_whole {
                self.count_in(i);
            }
        }
        self.first_free = self.first_free.min(first);
        self.racks[rack] = power;
    }

    /// Node-seconds in which no job held the nodes, up to `now`.
    pub(super) fn unheld(&self, now: Time) -> GpuHours {
        let mut sum = self.unheld;
        let dt = (now - self.since).as_secs_f64();
        let [idle, down, dark] = self.without_jobs().map(|nodes| nodes as f64 * dt);
        sum.idle += idle;
        sum.down += down;
        sum.dark += dark;
        sum
    }

    /// Nodes that no job holds: on and idle, out of service, without power or starting after it.
    pub(super) fn without_jobs(&self) -> [usize; 3] {
        [self.free, self.down, self.nodes.len() - self.free - self.down - self.held]
    }

    fn account(&mut self, now: Time) {
        if now > self.since {
            self.unheld = self.unheld(now);
            self.outages.pass((now - self.since).as_secs_f64());
            self.since = now;
        }
    }

    fn drop_from_job(&mut self, node: u32) {
        let node = self.node_mut(node as usize);
        assert!(node.job != NO_JOB, "a job gives back only nodes that it holds");
        (node.job, node.spare, node.works) = (NO_JOB, false, false);
        self.held -= 1;
    }

    /// A node whose job or repair changes.
    fn node_mut(&mut self, node: usize) -> &mut Node {
        self.layouts[node / self.nodes_per_rack].get_mut().is_known = false;
        &mut self.nodes[node]
    }
}
