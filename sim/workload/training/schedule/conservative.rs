//! Conservative backfilling: a plan in which every job of the queue has its place.
//!
//! A plan costs time in proportion to its jobs at every early end, which may move all of them. As
//! schedulers do, one therefore plans for the first of a queue only; the others wait until they
//! are among them.

use std::collections::BTreeMap;

use super::profile::Profile;
use super::room::Room;
use super::{Running, Waiting};
use crate::kernel::Time;

/// The queue of conservative backfilling: every job with the instant promised to it.
#[derive(Debug, Clone)]
pub(super) struct Reservations<R: Room> {
    /// Those with a place, in the order of arrival; those without a start came after the last
    /// pass.
    jobs: Vec<Reserved<R::Taken>>,
    /// The jobs behind them, by number.
    behind: BTreeMap<u64, Waiting>,
    /// How many jobs have a place.
    depth: usize,
    /// Free nodes by the requests of running jobs and the reservations; none before the
    /// first pass.
    profile: Option<Profile<R>>,
    /// A job has ended before it asked to.
    ended_early: bool,
    /// The first reserved start.
    pub(super) due: Time,
}

#[derive(Debug, Clone)]
struct Reserved<T> {
    job: Waiting,
    place: Promise<T>,
}

/// When a job starts.
#[derive(Debug, Clone)]
enum Promise<T> {
    /// Nobody has looked yet.
    Open,
    /// Nodes are down that it needs.
    Never,
    /// Then, and on what.
    At(Time, T),
}

impl<R: Room> Reservations<R> {
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
            self.jobs.insert(at, Reserved { job, place: Promise::Open });
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
            self.jobs.push(Reserved { job, place: Promise::Open });
        }
        self.jobs.len() > before
    }

    pub(super) fn end(&mut self, now: Time, job: &Running<R>) {
        let Some(profile) = &mut self.profile else { return };
        if now < job.until {
            profile.give(now, job.until, &job.taken);
            self.ended_early = true;
        }
    }

    pub(super) fn pass(
        &mut self,
        now: Time,
        free: R,
        running: &[Running<R>],
        chosen: &mut Vec<(Waiting, R::Taken)>,
    ) {
        let mut profile = match self.profile.take() {
            Some(mut profile) => {
                profile.trim(now);
                profile
            }
            None => Profile::new(now, free.clone()),
        };
        let (mut planned, mut is_late) = (profile.free_now().clone(), false);
        if self.due <= now {
            for reserved in &self.jobs {
                if let Promise::At(start, taken) = &reserved.place
                    && *start <= now
                {
                    planned.give(taken);
                    is_late |= *start < now;
                }
            }
        }
        if planned != free || is_late {
            // Jobs outlive their requests, or nodes have come or gone: promise anew.
            profile = Profile::new(now, free);
            for r in running {
                profile.give(r.expected_end(now), Time::MAX, &r.taken);
            }
            for reserved in &mut self.jobs {
                reserved.place = Promise::Open;
            }
        } else if self.ended_early {
            // In the order of arrival each moves up into what has become free. None moves
            // back, for its own place stays open. What one leaves is open to those after it,
            // so a promised start may come to lie where nothing ends.
            for reserved in &mut self.jobs {
                if !matches!(reserved.place, Promise::Open) {
                    reserved.withdraw(&mut profile);
                    reserved.find(&mut profile);
                }
            }
        }
        self.ended_early = false;
        loop {
            for reserved in &mut self.jobs {
                if matches!(reserved.place, Promise::Open) {
                    reserved.find(&mut profile);
                }
            }
            self.start(now, chosen);
            if !self.move_up() {
                break;
            }
        }
        self.profile = Some(profile);
    }

    /// Moves the jobs whose time has come to `chosen`.
    fn start(&mut self, now: Time, chosen: &mut Vec<(Waiting, R::Taken)>) {
        let mut due = Time::MAX;
        self.jobs.retain(|reserved| match &reserved.place {
            Promise::At(start, taken) if *start <= now => {
                chosen.push((reserved.job, taken.clone()));
                false
            }
            Promise::At(start, _) => {
                due = due.min(*start);
                true
            }
            Promise::Never => true,
            Promise::Open => unreachable!("every job has its place"),
        });
        self.due = due;
    }
}

impl<T: Clone> Reserved<T> {
    fn find<R: Room<Taken = T>>(&mut self, profile: &mut Profile<R>) {
        let Waiting { nodes, requested, .. } = self.job;
        self.place = match profile.earliest(nodes as usize, requested) {
            Some((start, taken)) => {
                profile.take(start, start + requested, &taken);
                Promise::At(start, taken)
            }
            None => Promise::Never,
        };
    }

    fn withdraw<R: Room<Taken = T>>(&self, profile: &mut Profile<R>) {
        if let Promise::At(start, taken) = &self.place {
            profile.give(*start, *start + self.job.requested, taken);
        }
    }
}
