//! The queue of policies that serve by a fixed key: arrival, or the requested time.

use std::collections::BTreeMap;

use super::lanes::{Lane, Place, backfill};
use super::room::Room;
use crate::kernel::{Span, Time};

/// A job in the queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Waiting {
    /// Its number: jobs that arrive later have higher ones.
    pub id: u64,
    /// Handed back with the job when it starts.
    pub token: u32,
    /// Nodes that it needs.
    pub nodes: u32,
    /// The time that it asks for.
    pub requested: Span,
    /// When it first arrived.
    pub submitted: Time,
    /// Its tier: higher ones have higher numbers.
    pub tier: u16,
    /// Whose it is.
    pub account: u32,
}

/// Jobs by a key, then by number.
#[derive(Debug, Clone)]
pub(super) struct Queue {
    jobs: BTreeMap<Place, Waiting>,
    /// The same by width, where jobs may overtake.
    lanes: Option<BTreeMap<u32, Lane>>,
}

/// What backfilling may use. It only shrinks.
#[derive(Debug, Clone)]
pub(super) struct Gap<R> {
    /// What is free.
    pub(super) room: R,
    /// How long it is before the first job in the queue needs it.
    pub(super) window: Span,
    /// What that job will leave even then.
    pub(super) then: R,
}

impl<R: Room> Gap<R> {
    /// What may use it of the jobs that need so many nodes: none, those up to a request, or all.
    /// None of more nodes may where none of these may.
    pub(super) fn longest(&self, nodes: u32) -> Option<Span> {
        let nodes = nodes as usize;
        if !self.room.fits(nodes) {
            None
        } else if self.room.fits_both(&self.then, nodes) {
            Some(Span::MAX)
        } else {
            Some(self.window)
        }
    }

    /// Lets `job` use it, if that fits; what it gets.
    pub(super) fn take(&mut self, job: &Waiting) -> Option<R::Taken> {
        let nodes = job.nodes as usize;
        if job.requested <= self.window {
            let taken = self.room.choose(nodes)?;
            self.room.take(&taken);
            return Some(taken);
        }
        let mut both = self.room.clone();
        both.meet(&self.then);
        let taken = both.choose(nodes)?;
        self.room.take(&taken);
        self.then.take(&taken);
        Some(taken)
    }
}

impl Queue {
    /// An empty queue, in which jobs may overtake or not.
    pub(super) fn new(may_overtake: bool) -> Self {
        Self { jobs: BTreeMap::new(), lanes: may_overtake.then(BTreeMap::new) }
    }

    pub(super) fn len(&self) -> usize {
        self.jobs.len()
    }

    pub(super) fn first(&self) -> Option<&Waiting> {
        self.jobs.first_key_value().map(|(_, job)| job)
    }

    /// Whether `room` suffices for the narrowest job.
    pub(super) fn has_narrow(&self, room: &impl Room) -> bool {
        let narrowest = self.lanes.iter().flatten().next();
        narrowest.is_some_and(|(&width, _)| room.fits(width as usize))
    }

    /// Costs time in proportion to the logarithm of the queue.
    pub(super) fn insert(&mut self, key: u64, job: Waiting) {
        self.jobs.insert((key, job.id), job);
        if let Some(lanes) = &mut self.lanes {
            lanes.entry(job.nodes).or_default().insert(key, job);
        }
    }

    pub(super) fn pop_first(&mut self) -> Option<Waiting> {
        let (place, job) = self.jobs.pop_first()?;
        self.leave_lane(place, job.nodes);
        Some(job)
    }

    /// Removes the jobs behind the first, which does not fit, that fit into `gap`, in order, each
    /// with what the ones before it have left, and appends them to `out` with what they get.
    pub(super) fn backfill<R: Room>(&mut self, gap: Gap<R>, out: &mut Vec<(Waiting, R::Taken)>) {
        let Some(lanes) = &self.lanes else { return };
        let mut taken = Vec::new();
        // Jobs overtake only where the order is that of arrival.
        let rank = |_: &u32, job: &Waiting| job.id;
        let take = |_, place, places| taken.push((place, places));
        backfill(lanes, |width| *width, |_| None, rank, gap, take);
        for (place, places) in taken {
            let job = self.jobs.remove(&place).expect("a job of a lane is in the queue");
            self.leave_lane(place, job.nodes);
            out.push((job, places));
        }
    }

    fn leave_lane(&mut self, place: Place, width: u32) {
        let Some(lanes) = &mut self.lanes else { return };
        let lane = lanes.get_mut(&width).expect("a job has the lane of its width");
        lane.remove(place);
        if lane.is_empty() {
            lanes.remove(&width);
        }
    }
}
