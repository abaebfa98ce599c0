//! Who may start: the queue, free nodes and the requested ends of running jobs in, starts out.
//!
//! A [`Scheduler`] knows no clock and no machine. Its owner tells it of arrivals and ends, and
//! calls [`pass`](Scheduler::pass) once after all ends and arrivals of an instant, and at
//! [`wake_at`](Scheduler::wake_at). Jobs run whole or not at all. Nodes are counted, or looked at one by
//! one where jobs share them: what is free is a [`Room`], and every policy serves either.
//! Every policy is defined to the tie in `docs/models/training.md`.

mod conservative;
mod lanes;
mod preempt;
mod priority;
mod profile;
mod queue;
mod room;

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
pub use room::Room;
pub(in crate::workload::training) use room::SharedNodes;

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
pub struct Scheduler<R: Room = usize> {
    policy: Policy,
    drain_at: usize,
    queue: Queue,
    /// Jobs that run, by requested end, then number; kept only where requests matter.
    running: Vec<Running<R>>,
    reservations: Reservations<R>,
    by_priority: PriorityQueue,
    /// Room for the jobs of one pass.
    chosen: Vec<(Waiting, R::Taken)>,
}

#[derive(Debug, Clone)]
struct Running<R: Room> {
    until: Time,
    id: u64,
    token: u32,
    nodes: usize,
    /// Which these are.
    taken: R::Taken,
    started: Time,
    tier: u16,
    account: u32,
    /// When it must have made room; [`Time::MAX`] where nobody needs its nodes.
    vacates: Time,
}

impl<R: Room> Scheduler<R> {
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
        self.reservations.end(now, &ended);
        self.by_priority.end(now, &ended);
    }

    /// What running jobs hold may have changed: `taken` says what, by token.
    pub(in crate::workload::training) fn look_at_running(
        &mut self,
        taken: impl Fn(u32) -> R::Taken,
    ) {
        self.running.iter_mut().for_each(|r| r.taken = taken(r.token));
    }

    /// Writes into `out` which jobs start now, in the `room` that is free, and which have to make
    /// room. To be called once an instant, after its ends and arrivals.
    pub fn pass(&mut self, now: Time, room: R, out: &mut Decisions) {
        out.clear();
        let mut chosen = std::mem::take(&mut self.chosen);
        match self.policy {
            Policy::Conservative => {
                self.reservations.pass(now, room, &self.running, &mut chosen);
            }
            Policy::Priority => {
                let Self { by_priority, running, drain_at, .. } = self;
                by_priority.pass(now, room, *drain_at, running, &mut chosen, &mut out.preempted);
            }
            _ => self.serve(now, room, &mut chosen),
        }
        self.grant(now, chosen, out);
    }

    /// Jobs that were `chosen` start now.
    fn grant(&mut self, now: Time, mut chosen: Vec<(Waiting, R::Taken)>, out: &mut Decisions) {
        for (job, taken) in chosen.drain(..) {
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
                    taken: taken.clone(),
                    started: now,
                    tier,
                    account,
                    vacates: Time::MAX,
                };
                self.by_priority.start(now, &running);
                self.running.insert(at, running);
            }
            R::tell(taken, &mut out.places);
        }
        self.chosen = chosen;
    }

    /// From the first in the queue for as long as they fit, then by backfilling.
    fn serve(&mut self, now: Time, mut room: R, chosen: &mut Vec<(Waiting, R::Taken)>) {
        while let Some(&job) = self.queue.first()
            && let Some(taken) = room.choose(job.nodes as usize)
        {
            room.take(&taken);
            chosen.push((job, taken));
            self.queue.pop_first();
        }
        if self.policy != Policy::Easy || self.queue.len() < 2 || !self.queue.has_narrow(&room) {
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
        let mut others: Vec<(Time, &R::Taken)> =
            late.iter().map(|r| (r.expected_end(now), &r.taken)).collect();
        others.extend(chosen.iter().map(|(job, taken)| (now + job.requested, taken)));
        others.sort_by_key(|(at, _)| *at);
        let punctual = punctual.iter().map(|r| (r.until, &r.taken));
        let (shadow, then) = reserve(head, &room, merge(punctual, others.into_iter()));
        self.queue.backfill(Gap { room, window: shadow - now, then }, chosen);
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

impl<R: Room> Running<R> {
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

/// When a job of `nodes` nodes has room if all end as expected, in the order of `ends`, and what is
/// free then beside what it gets. Never where even all that run do not suffice, because nodes are down:
/// then nothing is held back for it.
fn reserve<'t, R: Room<Taken: 't>>(
    nodes: usize,
    room: &R,
    ends: impl Iterator<Item = (Time, &'t R::Taken)>,
) -> (Time, R) {
    let (mut then, mut shadow) = (room.clone(), None);
    for (until, released) in ends {
        if shadow.is_some_and(|at| at < until) {
            break;
        }
        then.give(released);
        if shadow.is_none() && then.fits(nodes) {
            // All ends of that instant count.
            shadow = Some(until);
        }
    }
    if shadow.is_some()
        && let Some(taken) = then.choose(nodes)
    {
        then.take(&taken);
    }
    (shadow.unwrap_or(Time::MAX), then)
}

/// Two sequences in the order of time as one.
fn merge<T>(
    a: impl Iterator<Item = (Time, T)>,
    b: impl Iterator<Item = (Time, T)>,
) -> impl Iterator<Item = (Time, T)> {
    let (mut a, mut b) = (a.peekable(), b.peekable());
    std::iter::from_fn(move || match (a.peek(), b.peek()) {
        (Some(x), Some(y)) if y.0 < x.0 => b.next(),
        (Some(_), _) => a.next(),
        (None, _) => b.next(),
    })
}
