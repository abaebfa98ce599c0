//! The batch: sequences get a slot, decode from their first token on, and leave when they have the last.

use super::super::request::{Request, Sink, TokenPace};
use super::super::ticks::NEVER;
use super::{Decoding, Leap, Sequence, slot_of};

impl Leap {
    /// Gives a slot to `request`, which was admitted last.
    pub(super) fn seat(&mut self, request: Request) -> u16 {
        let admission = self.admissions;
        let sequence = Sequence { request, admission, last: 0, joined: NEVER, gain: 0, rest: 0 };
        match self.vacant.pop() {
            Some(slot) => {
                self.slots[usize::from(slot)] = sequence;
                slot
            }
            None => {
                self.slots.push(sequence);
                (self.slots.len() - 1) as u16
            }
        }
    }

    #[inline]
    pub(super) fn request_in(&self, slot: u16) -> &Request {
        &self.slots[usize::from(slot)].request
    }

    /// The prompt of the request in `slot` is in memory at `now`, and with that its next token is out.
    pub(super) fn first_token(&mut self, slot: u16, sink: &mut impl Sink) {
        let sequence = &mut self.slots[usize::from(slot)];
        let request = &mut sequence.request;
        let kv = request.to_prefill();
        request.first = request.first.min(self.now);
        if request.stalled != NEVER {
            let weight = u64::from(request.weight);
            sink.gaps(self.now - request.stalled, 0, 1, request.class, weight);
            request.stalled = NEVER;
        }
        request.generated += 1;
        self.owed -= 1;
        let is_over = request.generated == request.output;
        if is_over || self.hands_over {
            if !is_over {
                (request.stalled, request.loaded) = (self.now, true);
            }
            let request = *request;
            self.vacant.push(slot);
            self.spare += self.let_go(request.prefix, (kv, kv), false, sink).0;
            match is_over {
                true => sink.finished(&request, self.now),
                false => sink.handed_over(&request, self.now),
            }
            return;
        }
        let TokenPace { gain, rounds } = request.pace();
        let last = self.iteration + u64::from(rounds) - 1;
        sequence.rest = request.output - request.generated - gain * rounds;
        (sequence.last, sequence.gain, sequence.joined) = (last, gain, self.now);
        let (class, weight) = (usize::from(request.class), u64::from(request.weight));
        self.batch += 1;
        self.context += kv + 1;
        self.gain += u64::from(gain);
        // What it holds is that of a decoding sequence from now on.
        self.spare += self.blocks(kv);
        if class >= self.classes.len() {
            self.classes.resize(class + 1, Decoding::default());
        }
        self.classes[class].weight += weight;
        self.classes[class].gain += u64::from(gain);
        let residue = self.residue(kv, gain);
        if residue >= self.residues.len() {
            self.residues.resize(gain as usize * (self.block_mask as usize + 1), 0);
        }
        self.residues[residue] += 1;
        let key = last << 16 | u64::from(slot);
        self.finish.insert(self.finish.partition_point(|&other| other > key), key);
    }

    /// The slot of a sequence that has got its last token, the earliest first.
    #[inline]
    pub(super) fn take_finished(&mut self) -> Option<usize> {
        let key = *self.finish.last()?;
        if key >> 16 >= self.iteration {
            return None;
        }
        self.finish.pop();
        Some(slot_of(key))
    }

    /// Takes those out of the batch that got their last tokens in the same iteration: what they leave
    /// in a shared memory goes in the order in which they were admitted.
    #[cold]
    pub(super) fn finish_in_order(&mut self, sink: &mut impl Sink) {
        let mut ending = std::mem::take(&mut self.ending);
        while let Some(slot) = self.take_finished() {
            ending.push(slot);
        }
        ending.sort_unstable_by_key(|&slot| self.slots[slot].admission);
        for slot in ending.drain(..) {
            self.finish_decode(slot, sink);
        }
        self.ending = ending;
    }

    pub(super) fn finish_decode(&mut self, slot: usize, sink: &mut impl Sink) {
        let Sequence { request, rest, .. } = &self.slots[slot];
        let rest = u64::from(*rest);
        let kv = request.peak_tokens() - rest;
        self.owed -= rest;
        self.leave(slot, kv, false, sink);
        // Nobody else has been given its slot yet.
        sink.finished(&self.slots[slot].request, self.now);
    }

    /// Takes the decoding sequence in `slot`, which holds `kv` tokens, out of the batch. Returns the
    /// number under which they are kept, if it is to come back.
    pub(super) fn leave(
        &mut self,
        slot: usize,
        kv: u64,
        comes_back: bool,
        sink: &impl Sink,
    ) -> u32 {
        let Sequence { request, gain, .. } = &self.slots[slot];
        let (gain, class, prefix) = (*gain, usize::from(request.class), request.prefix);
        // The token with which it began to decode came after its admission.
        let (weight, target) = (u64::from(request.weight), request.to_prefill() - 1);
        self.batch -= 1;
        self.context -= kv + 1;
        self.gain -= u64::from(gain);
        let class = &mut self.classes[class];
        class.weight -= weight;
        class.gain -= u64::from(gain);
        let residue = self.residue(kv, gain);
        self.residues[residue] -= 1;
        self.vacant.push(slot as u16);
        let (freed, kept) = self.let_go(prefix, (target, kv), comes_back, sink);
        // As a decoding sequence it no longer counts.
        self.spare = self.spare + freed - self.blocks(kv);
        kept
    }
}
