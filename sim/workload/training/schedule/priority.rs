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
use super::room::Room;
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

/// Why a job fits.
const MADE_ROOM: &str = "a job fits, or others make room for it";

/// The rank of a job in the order of service, the first the least: by tier where tiers preempt, by
/// priority, by arrival.
type Rank = (Reverse<u16>, Reverse<u64>, u64);

/// What is being vacated and belongs to nobody yet, by time.
#[derive(Debug)]
struct Vacating<R: Room>(Vec<(Time, R::Taken)>);

impl<R: Room> Vacating<R> {
    fn add(&mut self, at: Time, taken: R::Taken) {
        let place = self.0.partition_point(|v| v.0 <= at);
        self.0.insert(place, (at, taken));
    }

    /// What is free in `room`, and all of this.
    fn with(&self, room: &R) -> R {
        let mut all = room.clone();
        self.0.iter().for_each(|(_, taken)| all.give(taken));
        all
    }

    /// Takes `wanted` out of this as far as it is here, what is vacated first, and the rest out of
    /// `room`; when all of it is free.
    fn claim(&mut self, mut wanted: R::Taken, room: &mut R) -> Time {
        let mut at = Time::ZERO;
        for (vacated, taken) in &mut self.0 {
            if R::cancel(&mut wanted, taken) {
                at = *vacated;
            }
        }
        self.0.retain(|(_, taken)| !R::is_nothing(taken));
        room.take(&wanted);
        at
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

    pub(super) fn start<R: Room>(&mut self, now: Time, job: &Running<R>) {
        self.change_use(now, job.account, |nodes| nodes + job.nodes);
    }

    pub(super) fn end<R: Room>(&mut self, now: Time, job: &Running<R>) {
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
    pub(super) fn pass<R: Room>(
        &mut self,
        now: Time,
        mut room: R,
        drain_at: usize,
        running: &mut [Running<R>],
        chosen: &mut Vec<(Waiting, R::Taken)>,
        preempted: &mut Vec<Preempted>,
    ) {
        self.wake_at = Time::MAX;
        let Some(smallest) = self.lanes.keys().next().map(|lane| lane.nodes as usize) else {
            return;
        };
        let highest = self.of_tier.keys().next_back().copied().unwrap_or(0);
        let higher = self.preemption.is_some() && running.iter().any(|r| r.tier < highest);
        if !room.fits(smallest) && !higher {
            return;
        }
        self.weigh(now);
        let mut vacating = Vacating::<R>(Vec::new());
        for r in running.iter().filter(|r| r.vacates < Time::MAX) {
            vacating.add(r.vacates, r.taken.clone());
        }
        // What is set aside for jobs, and until when at most.
        let mut claims: Vec<(Time, R::Taken)> = Vec::new();
        let mut starts: Vec<(LaneKey, Place, R::Taken)> = Vec::new();
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
            reached.insert(lane, place);
            if !room.fits(nodes) {
                let all = vacating.with(&room);
                let victims = match self.preemption {
                    Some(_) if all.fits(nodes) => Some(Vec::new()),
                    Some(rule) => rule.victims(now, (job.tier, nodes), all, running),
                    None => None,
                };
                let Some(victims) = victims else {
                    head = Some(*job);
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
                        room.give(&r.taken);
                    } else {
                        vacating.add(r.vacates, r.taken.clone());
                    }
                }
                if grace > Span::ZERO {
                    let taken = vacating.with(&room).choose(nodes).expect(MADE_ROOM);
                    let at = vacating.claim(taken.clone(), &mut room);
                    claims.push((at + job.requested, taken));
                    order.extend(next(&lane, Some(place)));
                    continue;
                }
            }
            let taken = room.choose(nodes).expect(MADE_ROOM);
            room.take(&taken);
            claims.push((now + job.requested, taken.clone()));
            starts.push((lane, place, taken));
            order.extend(next(&lane, Some(place)));
        }
        if let Some(head) = head {
            if let Some(rule) = self.preemption {
                wake_at = rule.next_at(now, head.tier, running);
            }
            if !room.is_full() && self.priority.backfill && (head.nodes as usize) < drain_at {
                let staying = running.iter().filter(|r| r.vacates == Time::MAX);
                let mut ends: Vec<(Time, &R::Taken)> =
                    staying.map(|r| (r.expected_end(now), &r.taken)).collect();
                ends.extend(claims.iter().map(|(at, taken)| (*at, taken)));
                ends.extend(vacating.0.iter().map(|(at, taken)| (*at, taken)));
                ends.sort_by_key(|(at, _)| *at);
                let (shadow, then) = reserve(head.nodes as usize, &room, ends.into_iter());
                let gap = Gap { room, window: shadow - now, then };
                let reached = |lane: &LaneKey| reached.get(lane).copied();
                let take = |lane, place, taken| starts.push((lane, place, taken));
                backfill(&self.lanes, |lane| lane.nodes, reached, rank, gap, take);
            }
        }
        self.wake_at = wake_at;
        for (lane, place, taken) in starts {
            chosen.push((self.remove(lane, place), taken));
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
