//! A queue in the order of weighted factors, after the multifactor priority of Slurm, with
//! backfilling and preemption.
//!
//! Jobs of one width, tier and account differ only in their age, so they keep their order among
//! each other whatever the hour: a pass weighs the first of each such lane and merges them.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};

use super::lanes::{Lane, Place, backfill};
use super::preempt::Preemption;
use super::queue::{Gap, Waiting};
use super::{Granted, Preempted, Running, reserve};
use crate::kernel::{Span, Time};

/// What makes a job the first. Its priority is the sum of its factors, each from 0 to 1, times
/// their weights, rounded to a whole number.
#[derive(Debug, Clone, PartialEq)]
pub struct Priority {
    /// Weight of the time since submission over `max_age`, at most 1.
    pub age: f64,
    /// Weight of the job's nodes over those of the machine, or of what is left of them.
    pub size: f64,
    /// Weight of the factor of the job's tier.
    pub class: f64,
    /// Weight of `2^(-U/S)`: the account's part `U` of all usage over its part `S` of all
    /// shares.
    pub fair_share: f64,
    /// Age at which a job gets no older.
    pub max_age: Span,
    /// Time in which usage is forgotten by half; [`Span::MAX`] for never.
    pub half_life: Span,
    /// Which size is the better one.
    pub favours: FavouredSize,
    /// Nodes of the machine.
    pub machine: usize,
    /// The factor of each tier, the lowest tier first; a tier that is not listed has 0.
    pub tiers: Vec<f64>,
    /// The shares of each account; one that is not listed has 1.
    pub shares: Vec<f64>,
    /// Whether jobs may overtake the first that does not fit.
    pub backfill: bool,
}

/// Which size of a job has the factor 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FavouredSize {
    /// The whole machine.
    Large,
    /// Next to nothing.
    Small,
}

impl Default for Priority {
    /// All weights zero: the order of arrival.
    fn default() -> Self {
        let week = Span::from_hours(7 * 24);
        Self {
            age: 0.0,
            size: 0.0,
            class: 0.0,
            fair_share: 0.0,
            max_age: week,
            half_life: week,
            favours: FavouredSize::Large,
            machine: 1,
            tiers: Vec::new(),
            shares: Vec::new(),
            backfill: true,
        }
    }
}

impl Priority {
    /// The priority of a job at `now` whose account has the fair-share factor `fair_share`.
    pub(super) fn of(&self, now: Time, job: &Waiting, fair_share: f64) -> u64 {
        let age = (now - job.submitted).as_secs_f64() / self.max_age.as_secs_f64();
        let width = f64::from(job.nodes) / self.machine as f64;
        let size = match self.favours {
            FavouredSize::Large => width,
            FavouredSize::Small => 1.0 - width,
        };
        let class = self.tiers.get(usize::from(job.tier)).copied().unwrap_or(0.0);
        let sum = self.age * age.min(1.0)
            + self.size * size
            + self.class * class
            + self.fair_share * fair_share;
        sum.round() as u64
    }

    /// `2^(-U/S)` of an account with the part `usage` of all usage and `share` of all shares.
    pub(super) fn fair_share_factor(usage: f64, share: f64) -> f64 {
        libm::exp2(-usage / share)
    }
}

/// What an account has used, and uses.
#[derive(Debug, Clone, Copy)]
struct Account {
    shares: f64,
    /// Node-seconds, those of the past forgotten by half each half-life.
    used: f64,
    /// Up to when.
    since: Time,
    /// Nodes that its jobs hold.
    nodes: usize,
}

impl Account {
    /// Lets time pass up to `now`, closed form of `du/dt = nodes - ln 2 / half_life u`.
    fn advance(&mut self, now: Time, half_life: Span) {
        let elapsed = (now - self.since).as_secs_f64();
        self.since = now;
        if elapsed == 0.0 {
            return;
        }
        let nodes = self.nodes as f64;
        if half_life == Span::MAX {
            self.used += nodes * elapsed;
            return;
        }
        let rate = std::f64::consts::LN_2 / half_life.as_secs_f64();
        let gone = -libm::expm1(-rate * elapsed);
        self.used += (nodes / rate - self.used) * gone;
    }
}

/// The jobs that wait, and who has used how much.
#[derive(Debug, Clone)]
pub(super) struct PriorityQueue {
    priority: Priority,
    preemption: Option<Preemption>,
    lanes: BTreeMap<LaneKey, Lane>,
    len: usize,
    /// Jobs of each tier.
    of_tier: BTreeMap<u16, usize>,
    accounts: Vec<Account>,
    wake_at: Time,
    /// The fair-share factor of each account, as of the last pass that weighed jobs.
    factors: Vec<f64>,
}

/// What jobs have in common that keep their order among each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct LaneKey {
    nodes: u32,
    tier: u16,
    /// Whose they are, where that makes a difference.
    account: u32,
}

/// The rank of a job in the order of service, the first the least: by tier where tiers preempt, by
/// priority, by arrival.
type Rank = (Reverse<u16>, Reverse<u64>, u64);

/// Nodes that are being vacated and belong to nobody yet, by time.
#[derive(Debug, Default)]
struct Vacating(Vec<(Time, usize)>);

impl Vacating {
    fn nodes(&self) -> usize {
        self.0.iter().map(|v| v.1).sum()
    }

    fn add(&mut self, at: Time, nodes: usize) {
        let place = self.0.partition_point(|v| v.0 <= at);
        self.0.insert(place, (at, nodes));
    }

    /// Takes up to `nodes` nodes, those that are vacated first; how many, and when the last
    /// of them is free.
    fn claim(&mut self, mut nodes: usize) -> (usize, Time) {
        let (mut claimed, mut at) = (0, Time::ZERO);
        while nodes > 0
            && let Some(first) = self.0.first_mut()
        {
            let part = first.1.min(nodes);
            (first.1, nodes, claimed, at) = (first.1 - part, nodes - part, claimed + part, first.0);
            if first.1 == 0 {
                self.0.remove(0);
            }
        }
        (claimed, at)
    }
}

impl PriorityQueue {
    pub(super) fn new(priority: Priority, preemption: Option<Preemption>) -> Self {
        let idle = |&shares: &f64| Account { shares, used: 0.0, since: Time::ZERO, nodes: 0 };
        Self {
            accounts: priority.shares.iter().map(idle).collect(),
            priority,
            preemption,
            lanes: BTreeMap::new(),
            len: 0,
            of_tier: BTreeMap::new(),
            wake_at: Time::MAX,
            factors: Vec::new(),
        }
    }

    pub(super) fn len(&self) -> usize {
        self.len
    }

    pub(super) fn wake_at(&self) -> Time {
        self.wake_at
    }

    pub(super) fn submit(&mut self, job: Waiting) {
        self.account(job.account);
        self.len += 1;
        *self.of_tier.entry(job.tier).or_default() += 1;
        let Waiting { nodes, tier, .. } = job;
        let account = if self.priority.fair_share > 0.0 { job.account } else { 0 };
        self.lanes.entry(LaneKey { nodes, tier, account }).or_default().insert(0, job);
    }

    fn remove(&mut self, lane: LaneKey, place: Place) -> Waiting {
        let jobs = self.lanes.get_mut(&lane).expect("a job that waits has a lane");
        let job = jobs.remove(place);
        if jobs.is_empty() {
            self.lanes.remove(&lane);
        }
        self.len -= 1;
        let of_tier = self.of_tier.get_mut(&lane.tier).expect("a job that waits is counted");
        *of_tier -= 1;
        if *of_tier == 0 {
            self.of_tier.remove(&lane.tier);
        }
        job
    }

    pub(super) fn start(&mut self, now: Time, job: &Running) {
        self.change_use(now, job.account, |nodes| nodes + job.nodes);
    }

    pub(super) fn end(&mut self, now: Time, job: &Running) {
        self.change_use(now, job.account, |nodes| nodes - job.nodes);
    }

    fn change_use(&mut self, now: Time, account: u32, change: impl Fn(usize) -> usize) {
        if self.priority.fair_share > 0.0 {
            let half_life = self.priority.half_life;
            let account = self.account(account);
            account.advance(now, half_life);
            account.nodes = change(account.nodes);
        }
    }

    fn account(&mut self, account: u32) -> &mut Account {
        let known = self.accounts.len().max(account as usize + 1);
        let new = Account { shares: 1.0, used: 0.0, since: Time::ZERO, nodes: 0 };
        self.accounts.resize(known, new);
        &mut self.accounts[account as usize]
    }

    /// Moves the jobs that start to `chosen`, and marks and lists those that make room.
    ///
    /// Costs a look at the running jobs where nothing can start, else one at each lane of the queue
    /// and at each job that starts.
    pub(super) fn pass(
        &mut self,
        now: Time,
        mut free: usize,
        drain_at: usize,
        running: &mut [Running],
        chosen: &mut Vec<Waiting>,
        preempted: &mut Vec<Preempted>,
    ) {
        self.wake_at = Time::MAX;
        let Some(smallest) = self.lanes.keys().next().map(|lane| lane.nodes as usize) else {
            return;
        };
        let highest = self.of_tier.keys().next_back().copied().unwrap_or(0);
        let higher = self.preemption.is_some() && running.iter().any(|r| r.tier < highest);
        if free < smallest && !higher {
            return;
        }
        self.weigh(now);
        let mut vacating = Vacating::default();
        for r in running.iter().filter(|r| r.vacates < Time::MAX) {
            vacating.add(r.vacates, r.nodes);
        }
        // Jobs that nodes are set aside for: when they start, and for how long at most.
        let mut claims: Vec<(Time, usize)> = Vec::new();
        let mut starts: Vec<(LaneKey, Place)> = Vec::new();
        // The last job of each lane that has had its turn.
        let mut reached: BTreeMap<LaneKey, Place> = BTreeMap::new();
        let rank = |_: &LaneKey, job: &Waiting| self.rank(now, job);
        let next = |lane: &LaneKey, after: Option<Place>| {
            let (key, job) = self.lanes[lane].next(after, Span::MAX)?;
            Some(Reverse((rank(lane, job), (*key, job.id), *lane)))
        };
        let mut order: BinaryHeap<_> =
            self.lanes.keys().filter_map(|lane| next(lane, None)).collect();
        let (mut head, mut wake_at) = (None, Time::MAX);
        while let Some(Reverse((_, place, lane))) = order.pop() {
            let job = self.lanes[&lane].at(place);
            let nodes = job.nodes as usize;
            let mut is_claim = false;
            if nodes > free {
                let missing = nodes.saturating_sub(free + vacating.nodes());
                let victims = match self.preemption {
                    Some(rule) if missing > 0 => rule.victims(now, job.tier, missing, running),
                    Some(_) => Some(Vec::new()),
                    None => None,
                };
                let Some(victims) = victims else {
                    head = Some(*job);
                    reached.insert(lane, place);
                    break;
                };
                let grace = self.preemption.map_or(Span::ZERO, |rule| rule.grace);
                for victim in victims {
                    let r = &mut running[victim];
                    r.vacates = now + grace;
                    let Running { id, token, nodes, until, .. } = *r;
                    let job = Granted { id, token, nodes: nodes as u32, until };
                    preempted.push(Preempted { job, by: r.vacates });
                    if grace == Span::ZERO {
                        free += nodes;
                    } else {
                        vacating.add(r.vacates, nodes);
                    }
                }
                if grace > Span::ZERO {
                    let (claimed, at) = vacating.claim(nodes);
                    free -= nodes - claimed;
                    claims.push((at + job.requested, nodes));
                    is_claim = true;
                }
            }
            if !is_claim {
                free -= nodes;
                starts.push((lane, place));
                claims.push((now + job.requested, nodes));
            }
            reached.insert(lane, place);
            order.extend(next(&lane, Some(place)));
        }
        if let Some(head) = head {
            if let Some(rule) = self.preemption {
                wake_at = rule.next_at(now, head.tier, running);
            }
            if free > 0 && self.priority.backfill && (head.nodes as usize) < drain_at {
                let staying = running.iter().filter(|r| r.vacates == Time::MAX);
                let mut ends: Vec<(Time, usize)> =
                    staying.map(|r| (r.expected_end(now), r.nodes)).collect();
                ends.append(&mut claims);
                ends.append(&mut vacating.0);
                ends.sort_unstable();
                let (shadow, extra) = reserve(head.nodes as usize, free, ends.into_iter());
                let gap = Gap { free, window: shadow - now, extra };
                let reached = |lane: &LaneKey| reached.get(lane).copied();
                let take = |lane, place| starts.push((lane, place));
                backfill(&self.lanes, |lane| lane.nodes, reached, rank, gap, take);
            }
        }
        self.wake_at = wake_at;
        for (lane, place) in starts {
            chosen.push(self.remove(lane, place));
        }
    }

    fn rank(&self, now: Time, job: &Waiting) -> Rank {
        let fair_share = self.factors.get(job.account as usize).copied().unwrap_or(0.0);
        let tier = if self.preemption.is_some() { job.tier } else { 0 };
        (Reverse(tier), Reverse(self.priority.of(now, job, fair_share)), job.id)
    }

    /// Weighs the accounts by what they have used up to `now`.
    fn weigh(&mut self, now: Time) {
        let Self { priority, accounts, factors, .. } = self;
        factors.clear();
        if priority.fair_share > 0.0 {
            accounts.iter_mut().for_each(|account| account.advance(now, priority.half_life));
            let used: f64 = accounts.iter().map(|account| account.used).sum();
            let shares: f64 = accounts.iter().map(|account| account.shares).sum();
            factors.extend(accounts.iter().map(|account| {
                let usage = if used > 0.0 { account.used / used } else { 0.0 };
                Priority::fair_share_factor(usage, account.shares / shares)
            }));
        }
    }
}
