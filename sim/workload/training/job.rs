//! One job: its phase, its progress, and the account of the time that it holds nodes.

use schemars::JsonSchema;
use serde::Deserialize;

use super::account::{Cause, GpuHours, Interruptions};
use super::checkpoint::{Cycle, Progress};
use super::fleet::Slot;
use super::generator::Request;
use super::log::JobEnd;
use super::power::PowerDesign;
use super::schedule::{Granted, Waiting};
use crate::kernel::{Span, Ticket, Time};

/// What a job is doing. Standing for lack of power or cooling is no phase: a job that runs
/// or starts then has a pace of zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    /// Holds nothing and waits its turn.
    Queued,
    /// Has all its nodes, and loads its state.
    Starting,
    /// Trains, with checkpoints between.
    Running,
    /// Has lost a node, and does not know it yet.
    Detecting,
    /// Holds what it has left, and waits for nodes to replace the lost ones.
    Waiting,
    /// Stands and writes a checkpoint, because it will be stopped when that is done.
    Draining,
    /// Holds its nodes and stands until a curtailment ends; its state is on storage.
    Curtailed,
    /// The slot is free.
    Gone,
}

/// What becomes of a job whose nodes are needed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Vacate {
    /// It queues again, and goes on from its last checkpoint.
    Requeue,
    /// It queues again, and goes on from where it was without a restart: its state waits in
    /// the memory of hosts.
    Suspend,
    /// It ends, as cancelled.
    Cancel,
}

/// An order to give up all nodes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Stop {
    pub(super) at: Time,
    pub(super) then: Vacate,
    pub(super) cause: Cause,
    pub(super) ticket: Ticket,
}

#[derive(Debug, Clone)]
pub(super) struct Job {
    pub(super) id: u64,
    /// Its number in its log, where it has one.
    pub(super) number: Option<u64>,
    pub(super) submit: Time,
    /// When it first had all its nodes.
    pub(super) start: Option<Time>,
    /// Nodes that it runs on at full speed; where nodes are shared, places of them, as are all that
    /// are called nodes below.
    pub(super) width: usize,
    /// The fewest that it runs on: fewer than its width where it is elastic.
    pub(super) fewest: usize,
    /// Nodes that it holds besides, to replace those that it may lose.
    pub(super) reserve: usize,
    /// Which power its GPUs draw, of the kinds of the workload.
    pub(super) power: u16,
    /// Its own, where its log tells what it drew.
    pub(super) measured: Option<Box<PowerDesign>>,
    pub(super) work_s: f64,
    /// How it will end.
    pub(super) end: JobEnd,
    pub(super) tier: u16,
    /// The account that it is charged to.
    pub(super) owner: u32,
    /// The time that it asks for, from its start.
    pub(super) requested: Span,
    /// What the scheduler gave it; none in the queue.
    pub(super) grant: Option<Granted>,
    pub(super) cycle: Cycle,
    pub(super) phase: Phase,
    /// Full-speed seconds of the start that are left.
    pub(super) starting_s: f64,
    /// The highest speed that a curtailment leaves it; zero where it is to stand.
    pub(super) limit: f64,
    /// It will give up its nodes.
    pub(super) stop: Option<Stop>,
    /// It takes in its spares when the checkpoint that it will write is done.
    pub(super) grows: bool,
    /// It will stand to write a checkpoint, so as to be done at this time.
    pub(super) drain: Option<(Time, Ticket)>,
    /// It goes on from memory when it next has nodes.
    pub(super) suspended: bool,
    /// Speed now: of training, or 1 and 0 for a start that goes on or stands.
    pub(super) pace: f64,
    /// The highest speed that heat lets its racks run at.
    pub(super) thermal: f64,
    /// What each of its GPUs would draw if power were not short, W.
    pub(super) wanted_w: f64,
    /// What each draws, before the limits of a rack that stop no work, W.
    pub(super) draw_w: f64,
    /// What each GPU of a spare draws, W.
    spare_w: f64,
    pub(super) progress: Progress,
    /// The nodes that it runs on, in rising order.
    pub(super) nodes: Vec<u32>,
    /// Their racks, each once, in rising order.
    pub(super) racks: Vec<u32>,
    /// The nodes that it holds and does not run on, in rising order.
    pub(super) spares: Vec<u32>,
    /// Where its nodes come in segments: by rack, in rising order, how many it has there.
    pub(super) segments: Vec<(u32, u32)>,
    /// Those of its nodes that have replaced others of their rack since it last ran.
    pub(super) replacing: Vec<u32>,
    /// The end of its phase.
    pub(super) ticket: Option<Ticket>,
    /// Waits to be looked at when the instant is settled.
    pub(super) touched: bool,
    /// What it draws has changed since the facility looked last.
    pub(super) is_changed: bool,
    pub(super) attempts: u32,
    pub(super) interruptions: Interruptions,
    /// Node-seconds by what came of them.
    pub(super) account: GpuHours,
    /// The number of the failure that interrupted it last, and its account before that.
    blamed: Option<(u16, GpuHours)>,
    /// Its width times the time since it first had its nodes, less time back in the queue, s.
    pub(super) present_s: f64,
    /// Energy of one GPU of each node that it held, J.
    pub(super) gpu_energy_j: f64,
    /// Marks at which some of its work was not safe, each with all work up to then, s.
    marks: Vec<(usize, f64)>,
    since: Time,
}

impl Job {
    /// A job that arrives, and takes `restart_s` to start. GPUs of its spares draw `spare_w`.
    pub(super) fn new(
        id: u64,
        now: Time,
        request: Request,
        cycle: Cycle,
        restart_s: f64,
        spare_w: f64,
    ) -> Self {
        // What it asks for covers its start and its writes, if nothing disturbs it.
        let asked_s = restart_s + Progress::default().time_to(cycle, request.asked_s, 1.0);
        Self {
            id,
            number: request.number,
            submit: now,
            start: None,
            width: request.nodes,
            fewest: request.fewest,
            reserve: request.spares,
            power: request.power,
            measured: None,
            work_s: request.work_s,
            end: request.end,
            tier: request.tier,
            owner: request.account,
            requested: Span::from_secs_f64(asked_s),
            grant: None,
            cycle,
            phase: Phase::Queued,
            starting_s: 0.0,
            limit: 1.0,
            stop: None,
            grows: false,
            drain: None,
            suspended: false,
            pace: 0.0,
            thermal: 1.0,
            wanted_w: 0.0,
            draw_w: 0.0,
            spare_w,
            progress: Progress::default(),
            nodes: Vec::new(),
            racks: Vec::new(),
            spares: Vec::new(),
            segments: Vec::new(),
            replacing: Vec::new(),
            ticket: None,
            touched: false,
            is_changed: false,
            attempts: 0,
            interruptions: Interruptions::default(),
            account: GpuHours::default(),
            blamed: None,
            present_s: 0.0,
            gpu_energy_j: 0.0,
            marks: Vec::new(),
            since: now,
        }
    }

    /// Itself as the scheduler sees it.
    pub(super) fn waiting(&self, slot: Slot) -> Waiting {
        Waiting {
            id: self.id,
            token: slot,
            nodes: self.footprint() as u32,
            requested: self.requested,
            submitted: self.submit,
            tier: self.tier,
            account: self.owner,
        }
    }

    /// Nodes that it is to hold.
    pub(super) fn footprint(&self) -> usize {
        self.width + self.reserve
    }

    /// Nodes that it is to hold and does not.
    pub(super) fn lacks(&self) -> usize {
        self.footprint() - self.nodes.len() - self.spares.len()
    }

    /// Part of its nodes that it runs on. Work goes in proportion: what an elastic job does on
    /// fewer nodes takes the longer.
    fn share(&self) -> f64 {
        self.nodes.len() as f64 / self.width as f64
    }

    /// Adds `nodes`, in rising order. A few cost a search each, not a look along all.
    pub(super) fn add_nodes(&mut self, nodes: &[u32], rack_of: impl Fn(u32) -> u32) {
        let add = |to: &mut Vec<u32>, value: u32| {
            if to.last().is_none_or(|&last| last < value) {
                to.push(value);
            } else if let Err(at) = to.binary_search(&value) {
                to.insert(at, value);
            }
        };
        for &node in nodes {
            add(&mut self.nodes, node);
            add(&mut self.racks, rack_of(node));
        }
    }

    /// Lets spares replace nodes that it has lost; those that do.
    pub(super) fn call_spares(&mut self, rack_of: impl Fn(u32) -> u32) -> Vec<u32> {
        let called = self.spares.len().min(self.width - self.nodes.len());
        let called: Vec<u32> = self.spares.drain(..called).collect();
        self.add_nodes(&called, rack_of);
        called
    }

    /// The same where its nodes come in segments of which `used` work: a spare replaces a node of its
    /// rack.
    pub(super) fn call_spares_on_racks(
        &mut self,
        used: usize,
        rack_of: impl Fn(u32) -> u32,
    ) -> Vec<u32> {
        let mut called = Vec::new();
        for &(rack, count) in &self.segments {
            let (nodes, spares) = self.held_on(rack, &rack_of);
            let short = count as usize * used - nodes.len();
            called.extend_from_slice(&spares[..short.min(spares.len())]);
        }
        self.spares.retain(|spare| called.binary_search(spare).is_err());
        self.add_nodes(&called, rack_of);
        self.replacing.extend(&called);
        called
    }

    /// Its nodes on `rack`, and its spares there.
    pub(super) fn held_on(&self, rack: u32, rack_of: impl Fn(u32) -> u32) -> (&[u32], &[u32]) {
        let on = |nodes: &[u32]| {
            let from = nodes.partition_point(|&node| rack_of(node) < rack);
            from..nodes.partition_point(|&node| rack_of(node) <= rack)
        };
        (&self.nodes[on(&self.nodes)], &self.spares[on(&self.spares)])
    }

    /// How many segments it has on `rack`.
    pub(super) fn segments_on(&self, rack: u32) -> usize {
        let at = self.segments.binary_search_by_key(&rack, |segment| segment.0);
        at.map_or(0, |at| self.segments[at].1 as usize)
    }

    /// It gets `count` segments on `rack`.
    pub(super) fn add_segments(&mut self, rack: u32, count: u32) {
        match self.segments.binary_search_by_key(&rack, |segment| segment.0) {
            Ok(at) => self.segments[at].1 += count,
            Err(at) => self.segments.insert(at, (rack, count)),
        }
    }

    /// It gives up one of its segments on `rack`.
    pub(super) fn remove_segment(&mut self, rack: u32) {
        let at = self.segments.binary_search_by_key(&rack, |segment| segment.0);
        let at = at.expect("a job gives up only segments that it has");
        self.segments[at].1 -= 1;
        if self.segments[at].1 == 0 {
            self.segments.remove(at);
        }
    }

    /// Removes a node that it runs on.
    pub(super) fn remove_node(&mut self, node: u32, rack_of: impl Fn(u32) -> u32) {
        let at = self.nodes.binary_search(&node).expect("a job loses only nodes that it holds");
        self.nodes.remove(at);
        self.replacing.retain(|&other| other != node);
        let rack = rack_of(node);
        let neighbours = [at.checked_sub(1), Some(at)];
        let rack_stays = neighbours
            .iter()
            .flatten()
            .filter_map(|&i| self.nodes.get(i))
            .any(|&neighbour| rack_of(neighbour) == rack);
        if !rack_stays {
            let at = self.racks.binary_search(&rack).expect("a node's rack is listed");
            self.racks.remove(at);
        }
    }

    /// Accounts for the time since the last call, in which nothing about the job changed.
    pub(super) fn pass_time(&mut self, now: Time) {
        let dt = (now - self.since).as_secs_f64();
        self.since = now;
        if dt == 0.0 || self.phase == Phase::Queued {
            return;
        }
        let nodes = self.nodes.len() as f64;
        let spares = self.spares.len() as f64;
        self.present_s += self.width as f64 * dt;
        self.gpu_energy_j += (nodes * self.draw_w + spares * self.spare_w) * dt;
        self.account.spare += spares * dt;
        match self.phase {
            Phase::Starting | Phase::Running if self.pace == 0.0 => {
                self.progress.flush(dt);
                let curtailed = self.limit == 0.0;
                let account = &mut self.account;
                *(if curtailed { &mut account.curtailed } else { &mut account.paused }) +=
                    nodes * dt;
            }
            Phase::Starting => {
                self.starting_s = (self.starting_s - dt).max(0.0);
                self.account.restart += nodes * dt;
            }
            Phase::Running => {
                let speed = self.pace * self.share();
                let written = self.progress.advance(self.cycle, dt, speed);
                self.account.checkpoint += nodes * written;
                self.account.useful += nodes * (dt - written) * self.pace;
                let slow = nodes * (dt - written) * (1.0 - self.pace);
                // The lowest of the limits is the one that costs.
                let curtailed = self.limit < 1.0 && self.pace == self.limit;
                let account = &mut self.account;
                *(if curtailed { &mut account.curtailed } else { &mut account.throttled }) += slow;
            }
            Phase::Draining => self.account.checkpoint += nodes * dt,
            Phase::Curtailed => self.account.curtailed += nodes * dt,
            Phase::Detecting => self.account.hung += nodes * dt,
            Phase::Waiting => self.account.stalled += nodes * dt,
            Phase::Queued | Phase::Gone => unreachable!("a job that holds no nodes has no account"),
        }
    }

    /// The job as it stands at `now`; changes nothing.
    pub(super) fn at(&self, now: Time) -> Self {
        let mut then = self.clone();
        then.pass_time(now);
        then
    }

    /// Loses what no checkpoint holds. Of `lost_before`, node-seconds by mark, each entry grows by
    /// what of it was done before its mark.
    pub(super) fn fall_back(&mut self, lost_before: &mut [f64]) {
        let (_, safe_s) = self.progress.done_and_safe_s();
        for (mark, done_s) in self.marks.drain(..) {
            lost_before[mark] += self.width as f64 * (done_s - safe_s).max(0.0);
        }
        let lost = self.width as f64 * self.progress.fall_back();
        // The account and the progress are two sums of the same work: all of it is lost to the last digit.
        debug_assert!(lost <= self.account.useful * (1.0 + 1e-9) + 1e-6, "more lost than done");
        let lost = lost.min(self.account.useful);
        self.account.useful -= lost;
        self.account.lost += lost;
    }

    /// Blames the failure of this `number`, or none, for what it loses from now on. Its account is up to
    /// date. Returns the failure before with what that cost.
    pub(super) fn blame(&mut self, number: Option<u16>) -> Option<(u16, GpuHours)> {
        let next = number.map(|number| (number, self.account));
        let (number, before) = std::mem::replace(&mut self.blamed, next)?;
        let GpuHours { lost, hung, stalled, restart, .. } = self.account.since(&before);
        Some((number, GpuHours { lost, hung, stalled, restart, ..GpuHours::default() }))
    }

    /// Remembers under `mark` how far it has come at `now`, if it may fall back behind that.
    pub(super) fn mark(&mut self, mark: usize, now: Time) {
        let (done_s, safe_s) = self.at(now).progress.done_and_safe_s();
        self.marks.retain(|(_, done_s)| *done_s > safe_s);
        if done_s > safe_s {
            self.marks.push((mark, done_s));
        }
    }

    /// Time to the end of the phase at the present pace, s; infinite while it stands.
    pub(super) fn time_left_s(&self) -> f64 {
        match self.phase {
            _ if self.pace == 0.0 => f64::INFINITY,
            Phase::Starting => self.starting_s,
            Phase::Running => {
                self.progress.time_to(self.cycle, self.work_s, self.pace * self.share())
            }
            _ => f64::INFINITY,
        }
    }

    /// What each of its GPUs would draw in this phase if power were not short, W.
    pub(super) fn wanted_of(&self, power: &PowerDesign) -> f64 {
        match self.phase {
            Phase::Running => power.run.draw_at(self.thermal.min(self.limit), power.resident_w),
            Phase::Starting if self.limit > 0.0 => power.restart_w,
            _ => self.draw_of(power),
        }
    }

    /// What each of its GPUs draws in this phase at this pace, W.
    pub(super) fn draw_of(&self, power: &PowerDesign) -> f64 {
        match self.phase {
            Phase::Detecting => power.hung_w,
            Phase::Draining => power.checkpoint_w,
            Phase::Curtailed => power.idle_w,
            Phase::Starting if self.pace > 0.0 => power.restart_w,
            Phase::Running if self.pace > 0.0 => {
                power.cycle_mean_w(self.pace, self.interval_s(), self.cycle.write_s)
            }
            _ => power.resident_w,
        }
    }

    /// What each of its GPUs that draws `floor_w` at least burns at `pace`, W.
    pub(super) fn dips_of(&self, power: &PowerDesign, pace: f64, floor_w: f64) -> f64 {
        if self.phase == Phase::Running && pace > 0.0 {
            power.cycle_dips_w(pace, (self.interval_s(), self.cycle.write_s), floor_w)
        } else {
            0.0
        }
    }

    /// Full-speed seconds between checkpoints on the nodes that it has; a job that ends before its first
    /// one writes none.
    fn interval_s(&self) -> f64 {
        if self.work_s > self.cycle.interval_s {
            self.cycle.interval_s / self.share()
        } else {
            f64::INFINITY
        }
    }
}
