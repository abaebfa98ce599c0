//! Requests that leave before they are finished: preempted for want of memory, evicted with their
//! replica, given up by their clients; and a replica that is told apart from its likes.

use std::cmp::Reverse;
use std::sync::Arc;

use super::super::engine::Work;
use super::super::request::Request;
use super::super::request::Sink;
use super::super::step::StepTable;
use super::super::ticks::Ticks;
use super::{Decoding, Leap, Part, Sequence, Step, slot_of};

impl Leap {
    pub(in super::super) fn evict(&mut self, at: Ticks, sink: &mut impl Sink) -> Vec<Request> {
        self.walk_to(at, sink);
        self.draw.set(at, 0.0);
        let mut out: Vec<(u64, Request)> = Vec::new();
        for &Reverse(key) in &self.finish {
            let sequence = self.slots[slot_of(key)];
            let mut request = sequence.request;
            request.generated = self.generated(&sequence);
            request.stalled = self.last_token(&sequence);
            out.push((sequence.admission, request));
        }
        out.extend(self.part.take().map(|p| (p.admission, p.request)));
        out.extend(self.fresh.drain(..).map(|(request, admission)| (admission, request)));
        out.sort_unstable_by_key(|&(admission, _)| admission);
        let mut out: Vec<Request> = out.into_iter().map(|(_, request)| request).collect();
        while let Some((_, request)) = self.inbox.pop_front() {
            self.wait_last(request);
        }
        out.extend(self.queue.drain(..));
        out.iter_mut().for_each(Request::lose_memory);
        self.step = Step::default();
        self.slots.clear();
        self.vacant.clear();
        self.finish.clear();
        (self.batch, self.context, self.gain, self.owed) = (0, 0, 0, 0);
        self.classes.fill(Decoding::default());
        self.residues.fill(0);
        self.prefixes.clear();
        if let Some(pool) = &mut self.pool {
            pool.clear();
        }
        self.free = self.total_blocks;
        (self.now, self.decoded) = (at, at);
        out
    }

    pub(in super::super) fn give_up(&mut self, at: Ticks, patience: Ticks) -> Vec<Request> {
        let mut gone = Vec::new();
        let mut stays = |request: &Request| {
            let stays = !request.gives_up(at, patience);
            if !stays {
                gone.push(*request);
            }
            stays
        };
        self.queue.retain(&mut stays);
        self.inbox.retain(|(_, request)| stays(request));
        gone.sort_by_key(|request| (request.sent, request.priority));
        for request in &gone {
            self.owed -= self.needs(request);
        }
        if self.step.k > 0 && !gone.is_empty() {
            // Whoever was behind them may join the batch now.
            self.cut(at);
        }
        gone
    }

    pub(in super::super) fn revive(&mut self, at: Ticks, table: &Arc<StepTable>) {
        self.table = Arc::clone(table);
        self.next_table = None;
        self.draw.set(at, self.table.resident_w);
        self.now = at;
    }

    pub(in super::super) fn split(&mut self, share: impl Fn(u32) -> u32) -> Self {
        let mut copy = self.clone();
        (copy.draw, copy.work) = (self.draw.renewed(), Work::default());
        let halve = |mine: &mut Request, theirs: &mut Request| {
            theirs.weight = share(mine.weight);
            mine.weight -= theirs.weight;
        };
        for (mine, theirs) in self.slots.iter_mut().zip(&mut copy.slots) {
            halve(&mut mine.request, &mut theirs.request);
        }
        if let (Some(mine), Some(theirs)) = (&mut self.part, &mut copy.part) {
            halve(&mut mine.request, &mut theirs.request);
        }
        for (mine, theirs) in self.fresh.iter_mut().zip(&mut copy.fresh) {
            halve(&mut mine.0, &mut theirs.0);
        }
        for (mine, theirs) in self.queue.iter_mut().zip(&mut copy.queue) {
            halve(mine, theirs);
        }
        for (mine, theirs) in self.inbox.iter_mut().zip(&mut copy.inbox) {
            halve(&mut mine.1, &mut theirs.1);
        }
        for replica in [self, &mut copy] {
            replica.classes.iter_mut().for_each(|class| class.weight = 0);
            for &Reverse(key) in &replica.finish {
                let request = &replica.slots[slot_of(key)].request;
                replica.classes[usize::from(request.class)].weight += u64::from(request.weight);
            }
        }
        copy
    }

    /// The sequence admitted last gives up its memory and goes to the head of the queue.
    pub(super) fn preempt(&mut self, sink: &impl Sink) {
        self.work.preemptions += 1;
        if let Some(Part { mut request, kv, .. }) = self.part.take() {
            let target = request.to_prefill();
            request.kept = self.give_back(request.prefix, (target, kv), true, sink);
            self.owed += kv;
            self.wait_first(request);
            return;
        }
        let slot = self
            .finish
            .iter()
            .map(|&Reverse(key)| slot_of(key))
            .max_by_key(|&slot| self.slots[slot].admission)
            .expect("memory that is short is held by somebody");
        let sequence = self.slots[slot];
        let mut request = sequence.request;
        request.generated = self.generated(&sequence);
        request.stalled = self.last_token(&sequence);
        self.owed += request.to_prefill();
        self.finish.retain(|&Reverse(key)| slot_of(key) != slot);
        request.kept = self.leave(slot, request.to_prefill() - 1, true, sink);
        self.wait_first(request);
    }

    /// Puts `request` before all of its priority.
    fn wait_first(&mut self, request: Request) {
        let place = self.queue.partition_point(|other| other.priority < request.priority);
        self.queue.insert(place, request);
    }

    /// Tokens that `sequence` has got after `iteration` iterations.
    fn generated(&self, sequence: &Sequence) -> u32 {
        let left = sequence.last + 1 - self.iteration;
        sequence.request.output - sequence.rest - sequence.gain * left as u32
    }
}
