//! Paged KV memory: blocks that sequences open, and how many iterations find some.

use super::super::request::Sink;
use super::super::ticks::Ticks;
use super::{Leap, Part};

impl Leap {
    /// How many of `most` iterations with `part_tokens` tokens of the partly prefilled prompt
    /// in each find memory.
    #[inline]
    pub(super) fn horizon(&self, most: u64, part_tokens: u64) -> u64 {
        // Nearly always all of them do.
        if self.find_memory(most, part_tokens) {
            most
        } else {
            self.near_horizon(most, part_tokens)
        }
    }

    #[cold]
    fn near_horizon(&self, most: u64, part_tokens: u64) -> u64 {
        let (mut low, mut high) = (0, most);
        while low < high {
            let middle = low + (high - low).div_ceil(2);
            if self.find_memory(middle, part_tokens) { low = middle } else { high = middle - 1 }
        }
        low
    }

    /// Whether `k` iterations with `part_tokens` tokens of the partly prefilled prompt in each find memory.
    #[inline]
    fn find_memory(&self, k: u64, part_tokens: u64) -> bool {
        let kv = self.part.map_or(0, |p| p.kv);
        let part = self.blocks(kv + k * part_tokens) - self.blocks(kv);
        self.have_room(k, part)
    }

    /// How many of `most` iterations, each with `tokens` tokens of a prompt of which `kv` are in
    /// memory and without decodes, find memory and leave some for an iteration of decodes.
    pub(super) fn horizon_apart(&self, most: u64, kv: u64, tokens: u64) -> u64 {
        let Some(room) = self.spare.checked_sub(self.held_after(1)) else { return 0 };
        let holds = (room + self.blocks(kv)).saturating_mul(self.block_mask + 1);
        most.min((holds - kv) / tokens)
    }

    /// After how many iterations a head that waits for memory may find enough. Decodes evict what it
    /// finds, and a first chunk that is cut, or then becomes so, needs less memory with less found: the
    /// least that it may need is the rest of its prompt beyond the pinned blocks, or the budget. Free
    /// blocks only become fewer while nobody leaves, so waiting does not help a head that needs more.
    #[cold]
    pub(super) fn looks_again_after(&self, sink: &impl Sink) -> u64 {
        let Some(head) = self.line.head() else { return u64::MAX };
        let found = self.found(head, sink.chain(head.prefix));
        let mut least = self.blocks(head.to_prefill()) - found.pinned;
        if !self.scheduling.whole && !head.loaded {
            least = least.min(self.blocks(self.budget()));
        }
        if self.have_room(1, least) { 1 } else { u64::MAX }
    }

    /// Takes `blocks` that are free.
    #[inline]
    pub(super) fn open(&mut self, blocks: u64) {
        self.spare -= blocks;
        if let Some(pool) = &mut self.pool {
            self.work.evictions += pool.take(blocks);
        }
    }

    /// The decodes take what they open in `k` iterations from what the pool keeps.
    #[cold]
    pub(super) fn open_in_pool(&mut self, k: u64) {
        let blocks = self.held_after(k) - self.held_after(0);
        if let Some(pool) = &mut self.pool {
            self.work.evictions += pool.take(blocks);
        }
    }

    /// `kv` tokens of the prompt that is partly in memory are there now.
    #[inline]
    pub(super) fn grow(&mut self, part: &Part, kv: u64, sink: &impl Sink) {
        if let Some(pool) = &mut self.pool {
            let chain = sink.chain(self.slots[usize::from(part.slot)].request.prefix);
            self.spare += pool.grow(part.target, chain, (part.kv, kv));
        }
    }

    /// A sequence of chain `prefix`, admitted with `target` tokens to prefill, lets go of the `kv` that
    /// it holds. Returns how many blocks that frees, and the number under which they are kept, if it is to
    /// come back.
    #[inline]
    pub(super) fn let_go(
        &mut self,
        prefix: u32,
        (target, kv): (u64, u64),
        comes_back: bool,
        sink: &impl Sink,
    ) -> (u64, u32) {
        if self.pool.is_some() {
            return self.release(prefix, (target, kv), comes_back, sink);
        }
        (self.blocks(kv), 0)
    }

    #[cold]
    fn release(
        &mut self,
        prefix: u32,
        (target, kv): (u64, u64),
        comes_back: bool,
        sink: &impl Sink,
    ) -> (u64, u32) {
        let Some(pool) = &mut self.pool else { return (0, 0) };
        let of_part = self.part.map(|part| {
            let request = &self.slots[usize::from(part.slot)].request;
            (part.target, sink.chain(request.prefix), part.kv)
        });
        pool.release((target, kv), sink.chain(prefix), of_part, comes_back)
    }

    pub(in super::super) fn catch_up(&mut self, at: Ticks, sink: &mut impl Sink) {
        if self.pool.is_some() && at > self.now {
            self.walk_to(at - 1, sink);
        }
    }

    /// Whether the decodes find memory for `k` more iterations beside `blocks` others.
    #[inline]
    pub(super) fn have_room(&self, k: u64, blocks: u64) -> bool {
        // Nearly always there is so much that it need not be counted.
        let most = (self.tokens_after(k) + self.batch * self.block_mask) >> self.block_shift;
        most + blocks <= self.spare || self.held_after(k) + blocks <= self.spare
    }

    /// Blocks that the decodes hold after `k` more iterations.
    #[cold]
    pub(super) fn held_after(&self, k: u64) -> u64 {
        let (iteration, mask) = (self.iteration + k, self.block_mask);
        let mut unused = 0;
        for (counts, gain) in self.residues.chunks(mask as usize + 1).zip(1..) {
            let end = (gain * iteration).wrapping_neg() as u32;
            let unused_of = |(&n, residue)| n * (end.wrapping_sub(residue) & mask as u32);
            unused += u64::from(counts.iter().zip(0..).map(unused_of).sum::<u32>());
        }
        (self.tokens_after(k) + unused) >> self.block_shift
    }

    /// Tokens that the decodes hold after `k` more iterations.
    #[inline]
    fn tokens_after(&self, k: u64) -> u64 {
        self.context - self.batch + self.gain * k
    }

    /// Blocks that hold `tokens`.
    #[inline]
    pub(super) fn blocks(&self, tokens: u64) -> u64 {
        (tokens + self.block_mask) >> self.block_shift
    }

    /// Where a sequence of `kv` tokens that gets `gain` in an iteration stands in the residues.
    #[inline]
    pub(super) fn residue(&self, kv: u64, gain: u32) -> usize {
        let within = kv.wrapping_sub(u64::from(gain) * self.iteration) & self.block_mask;
        (((u64::from(gain) - 1) << self.block_shift) | within) as usize
    }
}
