//! Free nodes over the time to come, as the requests of jobs promise them.

use super::room::Room;
use crate::kernel::{Span, Time};

/// A step function of free nodes; the last step holds for ever.
#[derive(Debug, Clone)]
pub(super) struct Profile<R> {
    /// (from when, free nodes), in rising order of time.
    steps: Vec<(Time, R)>,
    /// No node is free before this.
    full_until: Time,
}

impl<R: Room> Profile<R> {
    /// `free` nodes from `now` on.
    pub(super) fn new(now: Time, free: R) -> Self {
        Self { steps: vec![(now, free)], full_until: now }
    }

    /// Forgets what lies before `now`, which becomes the first step.
    pub(super) fn trim(&mut self, now: Time) {
        let past = self.steps.partition_point(|step| step.0 <= now).saturating_sub(1);
        self.steps.drain(..past);
        self.steps[0].0 = self.steps[0].0.max(now);
    }

    /// Free nodes at its first step.
    pub(super) fn free_now(&self) -> &R {
        &self.steps[0].1
    }

    /// The first instant from which a job of `nodes` nodes has room for `span`, and what it gets; none
    /// for never. One look along the steps from the first with a free node on, where nodes are counted;
    /// where they are shared, one from each step that has room.
    pub(super) fn earliest(&mut self, nodes: usize, span: Span) -> Option<(Time, R::Taken)> {
        let mut i = self.steps.partition_point(|step| step.0 <= self.full_until).saturating_sub(1);
        while i + 1 < self.steps.len() && self.steps[i].1.is_full() {
            i += 1;
        }
        self.full_until = self.steps[i].0;
        'place: while i < self.steps.len() {
            if !self.steps[i].1.fits(nodes) {
                i += 1;
                continue;
            }
            let (start, mut room) = self.steps[i].clone();
            let end = start + span;
            for (ahead, step) in self.steps[i + 1..].iter().enumerate() {
                if step.0 >= end {
                    break;
                }
                if !step.1.fits(nodes) {
                    i += ahead + 2;
                    continue 'place;
                }
                if !R::IS_COUNTED {
                    room.meet(&step.1);
                }
            }
            if let Some(taken) = room.choose(nodes) {
                return Some((start, taken));
            }
            i += 1;
        }
        None
    }

    /// Takes what is free in `from..until` out of it.
    pub(super) fn take(&mut self, from: Time, until: Time, taken: &R::Taken) {
        self.change(from, until, |free| free.take(taken));
    }

    /// Puts it back in `from..until`.
    pub(super) fn give(&mut self, from: Time, until: Time, taken: &R::Taken) {
        self.full_until = self.full_until.min(from);
        self.change(from, until, |free| free.give(taken));
    }

    fn change(&mut self, from: Time, until: Time, change: impl Fn(&mut R)) {
        let from = from.max(self.steps[0].0);
        if from >= until {
            return;
        }
        let first = self.cut(from);
        let last = self.cut(until);
        for step in &mut self.steps[first..last] {
            change(&mut step.1);
        }
        // Neighbours that have become alike are one step.
        for at in [last, first] {
            if at > 0 && at < self.steps.len() && self.steps[at].1 == self.steps[at - 1].1 {
                self.steps.remove(at);
            }
        }
    }

    /// The index of the step that begins at `at`, which is made where there is none.
    fn cut(&mut self, at: Time) -> usize {
        let index = self.steps.partition_point(|step| step.0 < at);
        if self.steps.get(index).is_none_or(|step| step.0 != at) {
            let free = self.steps[index - 1].1.clone();
            self.steps.insert(index, (at, free));
        }
        index
    }
}
