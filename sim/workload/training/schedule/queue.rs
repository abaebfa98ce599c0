//! The queue of policies that serve by a fixed key: arrival, or the requested time.

use std::collections::BTreeMap;

use super::lanes::{Lane, Place, backfill};
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

/// What backfilling may use.
#[derive(Debug, Clone, Copy)]
pub(super) struct Gap {
    /// Free nodes.
    pub(super) free: usize,
    /// How long they are free before the first job in the queue needs them.
    pub(super) window: Span,
    /// Nodes that it will not need even then.
    pub(super) extra: usize,
}

impl Gap {
    /// Lets `job` use it, if that fits.
    pub(super) fn take(&mut self, job: &Waiting) -> bool {
        let nodes = job.nodes as usize;
        let is_short = job.requested <= self.window;
        let fits = nodes <= self.free && (is_short || nodes <= self.extra);
        if fits {
            self.free -= nodes;
            if !is_short {
                self.extra -= nodes;
            }
        }
        fits
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

    /// Whether a job needs no more than `nodes` nodes.
    pub(super) fn has_narrow(&self, nodes: usize) -> bool {
        let lanes = self.lanes.iter().flatten();
        lanes.map(|(&width, _)| width as usize).next().is_some_and(|width| width <= nodes)
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
    /// with what the ones before it have left, and appends them to `out`.
    pub(super) fn backfill(&mut self, gap: Gap, out: &mut Vec<Waiting>) {
        let Some(lanes) = &self.lanes else { return };
        let mut taken = Vec::new();
        // Jobs overtake only where the order is that of arrival.
        let rank = |_: &u32, job: &Waiting| job.id;
        backfill(lanes, |width| *width, |_| None, rank, gap, |_, place| taken.push(place));
        for place in taken {
            let job = self.jobs.remove(&place).expect("a job of a lane is in the queue");
            self.leave_lane(place, job.nodes);
            out.push(job);
        }
    }

    /// The jobs behind the first, in order.
    pub(super) fn behind_first(&self) -> impl Iterator<Item = &Waiting> {
        self.jobs.values().skip(1)
    }

    /// Takes the job out that was put in under `key`.
    pub(super) fn remove(&mut self, key: u64, job: &Waiting) {
        self.jobs.remove(&(key, job.id));
        self.leave_lane((key, job.id), job.nodes);
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
