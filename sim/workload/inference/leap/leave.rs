//! Requests that leave before they are finished: preempted for want of memory, evicted with their
//! replica, given up by their clients; and a replica that is told apart from its likes.

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
        for &key in &self.finish {
            let sequence = self.slots[slot_of(key)];
            let mut request = sequence.request;
            request.generated = self.generated(&sequence);
            request.stalled = self.last_token(&sequence);
            out.push((sequence.admission, request));
        }
        let prefilled = self.part.take().map(|part| part.slot);
        out.extend(prefilled.into_iter().chain(self.fresh.drain(..)).map(|slot| {
            let Sequence { request, admission, .. } = self.slots[usize::from(slot)];
            (admission, request)
        }));
        out.sort_unstable_by_key(|&(admission, _)| admission);
        let mut out: Vec<Request> = out.into_iter().map(|(_, request)| request).collect();
        self.line.see_all();
        out.extend(self.line.drain());
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
        self.spare = self.total_blocks;
        (self.now, self.decoded) = (at, at);
        out
    }

    pub(in super::super) fn give_up(&mut self, at: Ticks, patience: Ticks) -> Vec<Request> {
        let mut gone = Vec::new();
        let stays = |request: &Request| {
            let stays = !request.gives_up(at, patience);
            if !stays {
                gone.push(*request);
            }
            stays
        };
        self.line.retain(stays);
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
        for (mine, theirs) in self.slots.iter_mut().zip(&mut copy.slots) {
            theirs.request = mine.request.split(&share);
        }
        for (mine, theirs) in self.line.requests_mut().zip(copy.line.requests_mut()) {
            *theirs = mine.split(&share);
        }
        for replica in [self, &mut copy] {
            replica.classes.iter_mut().for_each(|class| class.weight = 0);
            for &key in &replica.finish {
                let request = &replica.slots[slot_of(key)].request;
                replica.classes[usize::from(request.class)].weight += u64::from(request.weight);
            }
        }
        copy
    }

    /// The sequence admitted last gives up its memory and goes to the head of the queue.
    pub(super) fn preempt(&mut self, sink: &impl Sink) {
        self.work.preemptions += 1;
        if let Some(Part { slot, kv, target }) = self.part.take() {
            let mut request = *self.request_in(slot);
            self.vacant.push(slot);
            let (freed, kept) = self.let_go(request.prefix, (target, kv), true, sink);
            self.spare += freed;
            request.kept = kept;
            self.owed += kv;
            self.line.put_first(request);
            return;
        }
        let slot = self
            .finish
            .iter()
            .map(|&key| slot_of(key))
            .max_by_key(|&slot| self.slots[slot].admission)
            .expect("memory that is short is held by somebody");
        let sequence = self.slots[slot];
        let mut request = sequence.request;
        request.generated = self.generated(&sequence);
        request.stalled = self.last_token(&sequence);
        self.owed += request.to_prefill();
        self.finish.retain(|&key| slot_of(key) != slot);
        request.kept = self.leave(slot, request.to_prefill() - 1, true, sink);
        self.line.put_first(request);
    }

    /// Tokens that `sequence` has got after `iteration` iterations.
    fn generated(&self, sequence: &Sequence) -> u32 {
        let left = sequence.last + 1 - self.iteration;
        sequence.request.output - sequence.rest - sequence.gain * left as u32
    }
}
