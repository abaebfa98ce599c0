//! Requests that wait to be admitted.

use std::collections::VecDeque;

use super::super::request::Request;
use super::super::ticks::Ticks;

/// The queue of a replica, and behind it those that it has not seen yet, since it looks at boundaries
/// only. Both lie in one piece of memory: to be seen, a request does not move.
#[derive(Debug, Clone, Default)]
pub(super) struct Line {
    /// When each was ready to be seen, and what it is: first the queue, by priority and then in order
    /// of arrival, then those not seen, in the order in which they were sent.
    all: VecDeque<(Ticks, Request)>,
    /// How many are in the queue.
    seen: usize,
}

impl Line {
    /// All that wait, seen or not.
    pub(super) fn len(&self) -> usize {
        self.all.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    pub(super) fn requests(&self) -> impl Iterator<Item = &Request> {
        self.all.iter().map(|(_, request)| request)
    }

    pub(super) fn requests_mut(&mut self) -> impl Iterator<Item = &mut Request> {
        self.all.iter_mut().map(|(_, request)| request)
    }

    /// The first of the queue.
    #[inline]
    pub(super) fn head(&self) -> Option<&Request> {
        if self.seen > 0 { self.all.front().map(|(_, request)| request) } else { None }
    }

    /// Takes the first of the queue.
    #[inline]
    pub(super) fn pop(&mut self) -> Option<Request> {
        self.seen = self.seen.checked_sub(1)?;
        self.all.pop_front().map(|(_, request)| request)
    }

    /// When the first that was not seen is ready to be.
    #[inline]
    pub(super) fn next_ready(&self) -> Option<Ticks> {
        self.all.get(self.seen).map(|&(ready, _)| ready)
    }

    /// Adds one that will be seen at the first boundary at or after `ready`.
    #[inline]
    pub(super) fn push(&mut self, ready: Ticks, request: Request) {
        self.all.push_back((ready, request));
    }

    /// Sees those that are ready at `now`: each waits behind all that are as urgent.
    #[inline]
    pub(super) fn see(&mut self, now: Ticks) {
        while let Some(&(ready, Request { priority, .. })) = self.all.get(self.seen)
            && ready <= now
        {
            if self.seen > 0 && self.all[self.seen - 1].1.priority > priority {
                self.let_pass(self.seen);
            }
            self.seen += 1;
        }
    }

    /// Sees all at once.
    pub(super) fn see_all(&mut self) {
        self.see(Ticks::MAX);
    }

    /// Moves the one at `index`, just behind the queue, before the less urgent ones in it.
    #[cold]
    fn let_pass(&mut self, index: usize) {
        if let Some((ready, request)) = self.all.remove(index) {
            let before = |(_, other): &(Ticks, Request)| other.priority <= request.priority;
            self.all.insert(self.queue_until(before), (ready, request));
        }
    }

    /// Puts `request` before all of its priority.
    pub(super) fn put_first(&mut self, request: Request) {
        let place = self.queue_until(|(_, other)| other.priority < request.priority);
        self.all.insert(place, (0, request));
        self.seen += 1;
    }

    /// How many of the queue, which is partitioned so, come `before` something.
    fn queue_until(&self, before: impl Fn(&(Ticks, Request)) -> bool) -> usize {
        let (mut low, mut high) = (0, self.seen);
        while low < high {
            let middle = usize::midpoint(low, high);
            if before(&self.all[middle]) { low = middle + 1 } else { high = middle }
        }
        low
    }

    /// Keeps only those that stay.
    pub(super) fn retain(&mut self, mut stays: impl FnMut(&Request) -> bool) {
        let (queue, mut index) = (self.seen, 0);
        self.all.retain(|(_, request)| {
            let stays = stays(request);
            self.seen -= usize::from(index < queue && !stays);
            index += 1;
            stays
        });
    }

    /// Takes all.
    pub(super) fn drain(&mut self) -> impl Iterator<Item = Request> + '_ {
        self.seen = 0;
        self.all.drain(..).map(|(_, request)| request)
    }
}
