//! Who may start: the queue, free nodes and the requested ends of running jobs in, starts out.
//!
//! A [`Scheduler`] knows no clock and no machine. Its owner tells it of arrivals and ends, and
//! calls [`pass`](Scheduler::pass) once after all ends and arrivals of an instant, and at
//! [`wake_at`](Scheduler::wake_at). Jobs run whole or not at all; nodes are counted, not placed.
//! Every policy is defined to the tie in `docs/models/training.md`.

mod conservative;
mod lanes;
mod preempt;
mod priority;
mod profile;
mod queue;
mod shared;

#[cfg(test)]
mod priority_tests;
#[cfg(test)]
mod tests;

use schemars::JsonSchema;
use serde::Deserialize;

use crate::kernel::{Span, Time};
use conservative::Reservations;
use priority::PriorityQueue;
use queue::{Gap, Queue};

use super::placement::Places;

pub use preempt::Preemption;
pub use priority::{FavouredSize, Priority};
pub use queue::Waiting;
pub(in crate::workload::training) use shared::SharedNodes;

/// In which order jobs start, and which may overtake.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Policy {
    /// First come, first served: nobody overtakes.
    #[default]
    Fcfs,
    /// As `fcfs`, but a job may overtake where that does not delay the first in the queue,
    /// by the requested ends of running jobs (EASY backfilling).
    Easy,
    /// Every job has a reservation from its arrival on, or from when it is among the first
    /// `depth` of the queue; a job may overtake where that delays no reservation.
    Conservative,
    /// The shortest request first; nobody overtakes.
    ShortestFirst,
    /// The longest request first; nobody overtakes.
    LongestFirst,
    /// The highest weighted sum of age, size, class and fair share first, with overtaking as
    /// in `easy`.
    Priority,
}

/// A policy with all that it can be told.
#[derive(Debug, Clone, PartialEq)]
pub struct Rules {
    /// The policy.
    pub policy: Policy,
    /// What makes a job the first, for [`Policy::Priority`].
    pub priority: Priority,
    /// Whether and when higher tiers take the nodes of lower ones, for [`Policy::Priority`].
    pub preemption: Option<Preemption>,
    /// While the first job that does not fit needs this many nodes or more, nothing overtakes
    /// it, for [`Policy::Easy`] and [`Policy::Priority`]: the machine drains for it.
    pub drain_at: usize,
    /// How many jobs of the queue, by arrival, have a reservation, for [`Policy::Conservative`].
    pub depth: usize,
}

impl From<Policy> for Rules {
    fn from(policy: Policy) -> Self {
        Self {
            policy,
            priority: Priority::default(),
            preemption: None,
            drain_at: usize::MAX,
            depth: usize::MAX,
        }
    }
}

/// A job that may start now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Granted {
    /// Its number.
    pub id: u64,
    /// As it was handed in.
    pub token: u32,
    /// Nodes that it takes.
    pub nodes: u32,
    /// When it has asked to be done; to be handed back with its end.
    pub until: Time,
}

/// A running job that has to make room.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Preempted {
    /// What it was granted.
    pub job: Granted,
    /// When it must have given its nodes back at the latest.
    pub by: Time,
}

/// What a pass has decided. Those that must go at once do so before anybody starts: their nodes
/// are among those that are given out.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Decisions {
    /// Jobs that make room, in the order in which they were chosen.
    pub preempted: Vec<Preempted>,
    /// Jobs that start now, in the order in which they get their nodes.
    pub granted: Vec<Granted>,
    /// Where nodes are shared: which of them each gets, in the same order.
    pub(in crate::workload::training) places: Vec<Places>,
}

impl Decisions {
    fn clear(&mut self) {
        self.preempted.clear();
        self.granted.clear();
        self.places.clear();
    }
}

/// A queue and the rule by which it is served.
#[derive(Debug, Clone)]
pub struct Scheduler {
    policy: Policy,
    drain_at: usize,
    queue: Queue,
    /// Jobs that run, by requested end, then number; kept only where requests matter.
    running: Vec<Running>,
    reservations: Reservations,
    by_priority: PriorityQueue,
    /// Room for the jobs of one pass.
    chosen: Vec<Waiting>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Running {
    until: Time,
    id: u64,
    token: u32,
    nodes: usize,
    started: Time,
    tier: u16,
    account: u32,
    /// When it must have made room; [`Time::MAX`] where nobody needs its nodes.
    vacates: Time,
}

impl Scheduler {
    /// An empty queue served by `rules`.
    pub fn new(rules: impl Into<Rules>) -> Self {
        let Rules { policy, priority, preemption, drain_at, depth } = rules.into();
        Self {
            policy,
            drain_at,
            queue: Queue::new(policy == Policy::Easy),
            running: Vec::new(),
            reservations: Reservations::new(depth),
            by_priority: PriorityQueue::new(priority, preemption),
            chosen: Vec::new(),
        }
    }

    /// Jobs in the queue.
    pub fn queued(&self) -> usize {
        self.queue.len() + self.reservations.len() + self.by_priority.len()
    }

    /// A job joins the queue. One that has run before keeps its number, and with it the place
    /// of its first arrival.
    pub fn submit(&mut self, job: Waiting) {
        let key = match self.policy {
            Policy::Fcfs | Policy::Easy => 0,
            Policy::ShortestFirst => job.requested.as_nanos(),
            Policy::LongestFirst => u64::MAX - job.requested.as_nanos(),
            Policy::Conservative => return self.reservations.submit(job),
            Policy::Priority => return self.by_priority.submit(job),
        };
        self.queue.insert(key, job);
    }

    /// The job `job` has given its nodes back at `now`.
    ///
    /// # Panics
    ///
    /// When it does not run.
    pub fn end(&mut self, now: Time, job: Granted) {
        if !self.tracks_running() {
            return;
        }
        let place = (job.until, job.id);
        let at = self.running.binary_search_by_key(&place, |r| (r.until, r.id));
        let ended = self.running.remove(at.expect("a job that ends runs"));
        self.reservations.end(now, job);
        self.by_priority.end(now, &ended);
    }

    /// Writes into `out` which jobs start now, on `free` nodes, and which have to make room. To
    /// be called once an instant, after its ends and arrivals.
    pub fn pass(&mut self, now: Time, free: usize, out: &mut Decisions) {
        out.clear();
        let mut chosen = std::mem::take(&mut self.chosen);
        match self.policy {
            Policy::Conservative => {
                self.reservations.pass(now, free, &self.running, &mut chosen);
            }
            Policy::Priority => {
                let Self { by_priority, running, drain_at, .. } = self;
                by_priority.pass(now, free, *drain_at, running, &mut chosen, &mut out.preempted);
            }
            _ => self.serve(now, free, &mut chosen),
        }
        self.grant(now, chosen, out);
    }

    /// Jobs that were `chosen` start now.
    fn grant(&mut self, now: Time, mut chosen: Vec<Waiting>, out: &mut Decisions) {
        for job in chosen.drain(..) {
            let Waiting { id, token, nodes, requested, tier, account, .. } = job;
            let until = now + requested;
            out.granted.push(Granted { id, token, nodes, until });
            if self.tracks_running() {
                let at = self.running.partition_point(|r| (r.until, r.id) < (until, id));
                let running = Running {
                    until,
                    id,
                    token,
                    nodes: nodes as usize,
                    started: now,
                    tier,
                    account,
                    vacates: Time::MAX,
                };
                self.by_priority.start(now, &running);
                self.running.insert(at, running);
            }
        }
        self.chosen = chosen;
    }

    /// From the first in the queue for as long as they fit, then by backfilling.
    fn serve(&mut self, now: Time, mut free: usize, chosen: &mut Vec<Waiting>) {
        while let Some(job) = self.queue.first().filter(|job| job.nodes as usize <= free) {
            free -= job.nodes as usize;
            chosen.push(*job);
            self.queue.pop_first();
        }
        if self.policy != Policy::Easy || self.queue.len() < 2 || !self.queue.has_narrow(free) {
            return;
        }
        let head = self.queue.first().expect("two jobs wait").nodes as usize;
        if head >= self.drain_at {
            return;
        }
        // Apart from the running jobs in their order: the few that have outlived their
        // requests, and those of this pass.
        let (late, punctual) =
            self.running.split_at(self.running.partition_point(|r| r.until <= now));
        let mut others: Vec<(Time, usize)> =
            late.iter().map(|r| (r.expected_end(now), r.nodes)).collect();
        others.extend(chosen.iter().map(|job| (now + job.requested, job.nodes as usize)));
        others.sort_unstable();
        let punctual = punctual.iter().map(|r| (r.until, r.nodes));
        let (shadow, extra) = reserve(head, free, merge(punctual, others.into_iter()));
        self.queue.backfill(Gap { free, window: shadow - now, extra }, chosen);
    }

    /// When a pass may do something although nothing has happened: the first start that was
    /// promised, or the first job that is old enough to be preempted for one that waits for
    /// that. [`Time::MAX`] for never.
    pub fn wake_at(&self) -> Time {
        self.reservations.due.min(self.by_priority.wake_at())
    }

    fn tracks_running(&self) -> bool {
        matches!(self.policy, Policy::Easy | Policy::Conservative | Policy::Priority)
    }
}

impl Running {
    /// When it will end as far as anybody knows. One that has outlived its request is expected
    /// to need as long again as it is over, and a minute at least, so that a plan is made anew
    /// ever more rarely.
    fn expected_end(&self, now: Time) -> Time {
        if self.until > now {
            return self.until;
        }
        now + (now - self.until).max(Span::from_secs(60))
    }
}

/// When `nodes` nodes are free if all end as expected, in the order of `ends`, and how many more
/// are free then. Never where even all that run do not suffice, because nodes are down: then
/// nothing is held back for it.
fn reserve(nodes: usize, free: usize, ends: impl Iterator<Item = (Time, usize)>) -> (Time, usize) {
    let (mut free, mut shadow) = (free, None);
    for (until, released) in ends {
        if shadow.is_some_and(|at| at < until) {
            break;
        }
        free += released;
        if shadow.is_none() && free >= nodes {
            // All ends of that instant count.
            shadow = Some(until);
        }
    }
    shadow.map_or((Time::MAX, 0), |at| (at, free - nodes))
}

/// Two rising sequences as one.
fn merge<T: Ord>(
    a: impl Iterator<Item = T>,
    b: impl Iterator<Item = T>,
) -> impl Iterator<Item = T> {
    let (mut a, mut b) = (a.peekable(), b.peekable());
    std::iter::from_fn(move || match (a.peek(), b.peek()) {
        (Some(x), Some(y)) if y < x => b.next(),
        (Some(_), _) => a.next(),
        (None, _) => b.next(),
    })
}
