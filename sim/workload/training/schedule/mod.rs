//! Who may start: the queue, free nodes and the requested ends of running jobs in, starts out.
//!
//! A [`Scheduler`] knows no clock and no machine. Its owner tells it of arrivals and ends, and
//! calls [`pass`](Scheduler::pass) once after all ends and arrivals of an instant, and at
//! [`wake_at`](Scheduler::wake_at). Jobs run whole or not at all; nodes are counted, not placed.
//! Every policy is defined to the tie in `docs/models/training.md`.

mod profile;
mod queue;

#[cfg(test)]
mod real_logs;
#[cfg(test)]
mod tests;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::kernel::{Span, Time};
use profile::Profile;
use queue::{Gap, Queue};

pub use queue::Waiting;

/// In which order jobs start, and which may overtake.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Policy {
    /// First come, first served: nobody overtakes.
    #[default]
    Fcfs,
    /// As `fcfs`, but a job may overtake where that does not delay the first in the queue,
    /// by the requested ends of running jobs (EASY backfilling).
    Easy,
    /// Every job has a reservation from its arrival on; a job may overtake where that delays
    /// no reservation.
    Conservative,
    /// The shortest request first; nobody overtakes.
    ShortestFirst,
    /// The longest request first; nobody overtakes.
    LongestFirst,
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

/// A queue and the rule by which it is served.
#[derive(Debug, Clone)]
pub struct Scheduler {
    policy: Policy,
    queue: Queue,
    /// Jobs that run, by requested end, then number; kept only where requests matter.
    running: Vec<Running>,
    reservations: Reservations,
    /// Room for the jobs of one pass.
    chosen: Vec<Waiting>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Running {
    until: Time,
    id: u64,
    nodes: usize,
}

impl Scheduler {
    /// An empty queue served by `policy`.
    pub fn new(policy: Policy) -> Self {
        Self {
            policy,
            queue: Queue::default(),
            running: Vec::new(),
            reservations: Reservations::new(),
            chosen: Vec::new(),
        }
    }

    /// Jobs in the queue.
    pub fn queued(&self) -> usize {
        self.queue.len() + self.reservations.len()
    }

    /// A job joins the queue. One that has run before keeps its number, and with it the place
    /// of its first arrival.
    pub fn submit(&mut self, job: Waiting) {
        let key = match self.policy {
            Policy::Fcfs | Policy::Easy => 0,
            Policy::ShortestFirst => job.requested.as_nanos(),
            Policy::LongestFirst => u64::MAX - job.requested.as_nanos(),
            Policy::Conservative => return self.reservations.submit(job),
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
        self.running.remove(at.expect("a job that ends runs"));
        self.reservations.end(now, job);
    }

    /// Appends to `out` the jobs that start now, on `free` nodes, in the order in which they
    /// get them. To be called once an instant, after its ends and arrivals.
    pub fn pass(&mut self, now: Time, free: usize, out: &mut Vec<Granted>) {
        let mut chosen = std::mem::take(&mut self.chosen);
        if self.policy == Policy::Conservative {
            self.reservations.pass(now, free, &self.running, &mut chosen);
        } else {
            self.serve(now, free, &mut chosen);
        }
        for job in chosen.drain(..) {
            let Waiting { id, token, nodes, requested } = job;
            let until = now + requested;
            out.push(Granted { id, token, nodes, until });
            if self.tracks_running() {
                let at = self.running.partition_point(|r| (r.until, r.id) < (until, id));
                self.running.insert(at, Running { until, id, nodes: nodes as usize });
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
        if self.policy != Policy::Easy || free == 0 || self.queue.len() < 2 {
            return;
        }
        let head = self.queue.first().expect("two jobs wait").nodes as usize;
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

    /// When a pass may start a job although nothing has happened: the first start that was
    /// promised. [`Time::MAX`] for never.
    pub fn wake_at(&self) -> Time {
        self.reservations.due
    }

    fn tracks_running(&self) -> bool {
        matches!(self.policy, Policy::Easy | Policy::Conservative)
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

/// The queue of conservative backfilling: every job with the instant promised to it.
#[derive(Debug, Clone)]
struct Reservations {
    /// In the order of arrival; those without a start came after the last pass.
    jobs: Vec<Reserved>,
    /// Free nodes by the requests of running jobs and the reservations; none before the
    /// first pass.
    profile: Option<Profile>,
    /// A job has ended before it asked to.
    ended_early: bool,
    /// The first reserved start.
    due: Time,
}

#[derive(Debug, Clone, Copy)]
struct Reserved {
    job: Waiting,
    /// [`Time::MAX`] where nodes are down that it needs.
    start: Option<Time>,
}

impl Reservations {
    fn new() -> Self {
        Self { jobs: Vec::new(), profile: None, ended_early: false, due: Time::MAX }
    }

    fn len(&self) -> usize {
        self.jobs.len()
    }

    fn submit(&mut self, job: Waiting) {
        let at = self.jobs.partition_point(|other| other.job.id < job.id);
        self.jobs.insert(at, Reserved { job, start: None });
    }

    fn end(&mut self, now: Time, job: Granted) {
        let Some(profile) = &mut self.profile else { return };
        if now < job.until {
            profile.give(now, job.until, job.nodes as usize);
            self.ended_early = true;
        }
    }

    fn pass(&mut self, now: Time, free: usize, running: &[Running], chosen: &mut Vec<Waiting>) {
        let is_due = |r: &Reserved| r.start.is_some_and(|start| start <= now);
        let due = if self.due <= now { self.nodes_where(is_due) } else { 0 };
        let mut profile = match self.profile.take() {
            Some(mut profile) => {
                profile.trim(now);
                profile
            }
            None => Profile::new(now, free),
        };
        let is_late = |r: &Reserved| r.start.is_some_and(|start| start < now);
        if profile.free_now() + due != free || (due > 0 && self.jobs.iter().any(is_late)) {
            // Jobs outlive their requests, or nodes have come or gone: promise anew.
            profile = Profile::new(now, free);
            for r in running {
                profile.give(r.expected_end(now), Time::MAX, r.nodes);
            }
            for reserved in &mut self.jobs {
                reserved.start = None;
            }
        } else if self.ended_early {
            // In the order of arrival each moves up into what has become free. None moves
            // back, for its own place stays open. What one leaves is open to those after it,
            // so a promised start may come to lie where nothing ends.
            for reserved in self.jobs.iter_mut().filter(|r| r.start.is_some()) {
                reserved.withdraw(&mut profile);
                reserved.place(&mut profile);
            }
        }
        self.ended_early = false;
        for reserved in self.jobs.iter_mut().filter(|r| r.start.is_none()) {
            reserved.place(&mut profile);
        }
        self.profile = Some(profile);
        self.start(now, chosen);
    }

    /// Moves the jobs whose time has come to `chosen`.
    fn start(&mut self, now: Time, chosen: &mut Vec<Waiting>) {
        let mut due = Time::MAX;
        self.jobs.retain(|reserved| {
            let start = reserved.start.expect("every job has its place");
            if start <= now {
                chosen.push(reserved.job);
                return false;
            }
            due = due.min(start);
            true
        });
        self.due = due;
    }

    fn nodes_where(&self, holds: impl Fn(&Reserved) -> bool) -> usize {
        self.jobs.iter().filter(|r| holds(r)).map(|r| r.job.nodes as usize).sum()
    }
}

impl Reserved {
    fn place(&mut self, profile: &mut Profile) {
        let nodes = self.job.nodes as usize;
        let start = profile.earliest(nodes, self.job.requested);
        if start < Time::MAX {
            profile.take(start, start + self.job.requested, nodes);
        }
        self.start = Some(start);
    }

    fn withdraw(&self, profile: &mut Profile) {
        let start = self.start.expect("a job with a place gives it back");
        if start < Time::MAX {
            profile.give(start, start + self.job.requested, self.job.nodes as usize);
        }
    }
}
