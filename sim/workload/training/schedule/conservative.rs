//! Conservative backfilling: a plan in which every job of the queue has its place.
//!
//! A plan costs time in proportion to its jobs at every early end, which may move all of them. As
//! schedulers do, one therefore plans for the first of a queue only; the others wait until they
//! are among them.

use std::collections::BTreeMap;

use super::profile::Profile;
use super::{Granted, Running, Waiting};
use crate::kernel::Time;

/// The queue of conservative backfilling: every job with the instant promised to it.
#[derive(Debug, Clone)]
pub(super) struct Reservations {
    /// Those with a place, in the order of arrival; those without a start came after the last
    /// pass.
    jobs: Vec<Reserved>,
    /// The jobs behind them, by number.
    behind: BTreeMap<u64, Waiting>,
    /// How many jobs have a place.
    depth: usize,
    /// Free nodes by the requests of running jobs and the reservations; none before the
    /// first pass.
    profile: Option<Profile>,
    /// A job has ended before it asked to.
    ended_early: bool,
    /// The first reserved start.
    pub(super) due: Time,
}

#[derive(Debug, Clone, Copy)]
struct Reserved {
    job: Waiting,
    /// [`Time::MAX`] where nodes are down that it needs.
    start: Option<Time>,
}

impl Reservations {
    pub(super) fn new(depth: usize) -> Self {
        Self {
            jobs: Vec::new(),
            behind: BTreeMap::new(),
            depth,
            profile: None,
            ended_early: false,
            due: Time::MAX,
        }
    }

    pub(super) fn len(&self) -> usize {
        self.jobs.len() + self.behind.len()
    }

    pub(super) fn submit(&mut self, job: Waiting) {
        let at = self.jobs.partition_point(|other| other.job.id < job.id);
        // One that has run before may come back among those that have a place; none loses its own.
        if at < self.jobs.len() || self.jobs.len() < self.depth && self.behind.is_empty() {
            self.jobs.insert(at, Reserved { job, start: None });
        } else {
            self.behind.insert(job.id, job);
        }
    }

    /// Lets jobs from behind take places that are free; whether any has.
    fn move_up(&mut self) -> bool {
        let before = self.jobs.len();
        while self.jobs.len() < self.depth
            && let Some((_, job)) = self.behind.pop_first()
        {
            self.jobs.push(Reserved { job, start: None });
        }
        self.jobs.len() > before
    }

    pub(super) fn end(&mut self, now: Time, job: Granted) {
        let Some(profile) = &mut self.profile else { return };
        if now < job.until {
            profile.give(now, job.until, job.nodes as usize);
            self.ended_early = true;
        }
    }

    pub(super) fn pass(
        &mut self,
        now: Time,
        free: usize,
        running: &[Running],
        chosen: &mut Vec<Waiting>,
    ) {
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
        loop {
            for reserved in self.jobs.iter_mut().filter(|r| r.start.is_none()) {
                reserved.place(&mut profile);
            }
            self.start(now, chosen);
            if !self.move_up() {
                break;
            }
        }
        self.profile = Some(profile);
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
