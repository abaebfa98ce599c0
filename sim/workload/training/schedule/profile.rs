//! Free nodes over the time to come, as the requests of jobs promise them.

use crate::kernel::{Span, Time};

/// A step function of free nodes; the last step holds for ever.
#[derive(Debug, Clone)]
pub(super) struct Profile {
    /// (from when, free nodes), in rising order of time.
    steps: Vec<(Time, usize)>,
    /// No node is free before this.
    full_until: Time,
}

impl Profile {
    /// `free` nodes from `now` on.
    pub(super) fn new(now: Time, free: usize) -> Self {
        Self { steps: vec![(now, free)], full_until: now }
    }

    /// Forgets what lies before `now`, which becomes the first step.
    pub(super) fn trim(&mut self, now: Time) {
        let past = self.steps.partition_point(|step| step.0 <= now).saturating_sub(1);
        self.steps.drain(..past);
        self.steps[0].0 = self.steps[0].0.max(now);
    }

    /// Free nodes at its first step.
    pub(super) fn free_now(&self) -> usize {
        self.steps[0].1
    }

    /// The first instant from which `nodes` nodes are free for `span`; [`Time::MAX`] for
    /// never. One look along the steps from the first with a free node on.
    pub(super) fn earliest(&mut self, nodes: usize, span: Span) -> Time {
        let mut i = self.steps.partition_point(|step| step.0 <= self.full_until).saturating_sub(1);
        while i + 1 < self.steps.len() && self.steps[i].1 == 0 {
            i += 1;
        }
        self.full_until = self.steps[i].0;
        'place: while i < self.steps.len() {
            if self.steps[i].1 < nodes {
                i += 1;
                continue;
            }
            let start = self.steps[i].0;
            let end = start + span;
            for (ahead, step) in self.steps[i + 1..].iter().enumerate() {
                if step.0 >= end {
                    break;
                }
                if step.1 < nodes {
                    i += ahead + 2;
                    continue 'place;
                }
            }
            return start;
        }
        Time::MAX
    }

    /// Takes `nodes` nodes out of `from..until`, in which they must be free.
    pub(super) fn take(&mut self, from: Time, until: Time, nodes: usize) {
        self.change(from, until, |free| free - nodes);
    }

    /// Puts `nodes` nodes back in `from..until`.
    pub(super) fn give(&mut self, from: Time, until: Time, nodes: usize) {
        self.full_until = self.full_until.min(from);
        self.change(from, until, |free| free + nodes);
    }

    fn change(&mut self, from: Time, until: Time, change: impl Fn(usize) -> usize) {
        let from = from.max(self.steps[0].0);
        if from >= until {
            return;
        }
        let first = self.cut(from);
        let last = self.cut(until);
        for step in &mut self.steps[first..last] {
            step.1 = change(step.1);
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
            let free = self.steps[index - 1].1;
            self.steps.insert(index, (at, free));
        }
        index
    }
}
