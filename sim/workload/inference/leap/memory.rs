//! Paged KV memory: blocks that sequences open, and how many iterations find some.

use super::super::request::Sink;
use super::super::ticks::Ticks;
use super::{Leap, Part};

/// Residues of which it is cheaper to look at all than at those that are wanted.
const FEW: u32 = 64;

impl Leap {
    /// How many of `most` iterations with `part_tokens` tokens of the partly prefilled prompt
    /// in each find memory.
    pub(super) fn horizon(&self, most: u64, part_tokens: u64) -> u64 {
        let gain = (self.residues.len() >> self.block_shift) as u64;
        let enough = self.batch * ((most.saturating_mul(gain) >> self.block_shift) + 1)
            + ((most * part_tokens) >> self.block_shift)
            + 1;
        if enough <= self.free {
            return most;
        }
        let kv = self.part.map_or(0, |p| p.kv);
        let fits = |k: u64| {
            let part = self.blocks(kv + k * part_tokens) - self.blocks(kv);
            self.blocks_in(k) + part <= self.free
        };
        let (mut low, mut high) = (0, most);
        while low < high {
            let middle = low + (high - low).div_ceil(2);
            if fits(middle) { low = middle } else { high = middle - 1 }
        }
        low
    }

    /// How many of `most` iterations, each with `tokens` tokens of a prompt of which `kv` are in
    /// memory and without decodes, find memory and leave some for an iteration of decodes.
    pub(super) fn horizon_apart(&self, most: u64, kv: u64, tokens: u64) -> u64 {
        let Some(room) = self.free.checked_sub(self.blocks_next()) else { return 0 };
        let holds = (room + self.blocks(kv)).saturating_mul(self.block_mask + 1);
        most.min((holds - kv) / tokens)
    }

    /// After how many iterations a head that waits for memory may find enough. Decodes evict what it
    /// finds, and a first chunk that is cut, or then becomes so, needs less memory with less found: the
    /// least that it may need is the rest of its prompt beyond the pinned blocks, or the budget. Free
    /// blocks only become fewer while nobody leaves, so waiting does not help a head that needs more.
    #[cold]
    pub(super) fn looks_again_after(&self, sink: &impl Sink) -> u64 {
        let Some(head) = self.queue.front() else { return u64::MAX };
        let found = self.found(head, sink.chain(head.prefix));
        let mut least = self.blocks(head.to_prefill()) - found.pinned;
        if !self.scheduling.whole && !head.loaded {
            least = least.min(self.blocks(self.budget()));
        }
        if self.blocks_next() + least <= self.free { 1 } else { u64::MAX }
    }

    /// Takes `blocks` that are free.
    #[inline]
    pub(super) fn open(&mut self, blocks: u64) {
        self.free -= blocks;
        if let Some(pool) = &mut self.pool {
            self.work.evictions += pool.take(blocks);
        }
    }

    /// `kv` tokens of the prompt that is partly in memory are there now.
    #[inline]
    pub(super) fn grow(&mut self, part: &Part, kv: u64, sink: &impl Sink) {
        if let Some(pool) = &mut self.pool {
            let chain = sink.chain(part.request.prefix);
            self.free += pool.grow(part.request.to_prefill(), chain, (part.kv, kv));
        }
    }

    /// Frees the blocks of a sequence of chain `prefix`, admitted with `target` tokens to prefill, that
    /// holds `kv`. Returns the number under which they are kept, if it is to come back.
    #[inline]
    pub(super) fn give_back(
        &mut self,
        prefix: u32,
        (target, kv): (u64, u64),
        comes_back: bool,
        sink: &impl Sink,
    ) -> u32 {
        if self.pool.is_some() {
            return self.release(prefix, (target, kv), comes_back, sink);
        }
        self.free += self.blocks(kv);
        0
    }

    #[cold]
    fn release(
        &mut self,
        prefix: u32,
        (target, kv): (u64, u64),
        comes_back: bool,
        sink: &impl Sink,
    ) -> u32 {
        let Some(pool) = &mut self.pool else { return 0 };
        let of_part = self.part.as_ref();
        let of_part = of_part.map(|p| (p.request.to_prefill(), sink.chain(p.request.prefix), p.kv));
        let (freed, kept) = pool.release((target, kv), sink.chain(prefix), of_part, comes_back);
        self.free += freed;
        kept
    }

    pub(in super::super) fn catch_up(&mut self, at: Ticks, sink: &mut impl Sink) {
        if self.pool.is_some() && at > self.now {
            self.walk_to(at - 1, sink);
        }
    }

    /// Blocks that the decodes open in the next `k` iterations.
    #[inline]
    pub(super) fn blocks_in(&self, k: u64) -> u64 {
        let whole = match self.each_gets_one() {
            true => self.batch * (k >> self.block_shift),
            false => self.drafted_in(k),
        };
        let (mask, opens) = (self.block_mask as u32, (k & self.block_mask) as u32);
        let next = self.iteration.wrapping_neg() as u32;
        let rest: u32 = if mask < FEW {
            // A processor foresees how many there are, but not how many of them open.
            let residues = self.residues[..=mask as usize].iter().zip(0..);
            let opening = |residue: u32| next.wrapping_sub(residue) & mask < opens;
            residues.map(|(&n, residue)| if opening(residue) { n } else { 0 }).sum()
        } else {
            (0..opens).map(|j| self.residues[(next.wrapping_sub(j) & mask) as usize]).sum()
        };
        whole + u64::from(rest)
    }

    /// Blocks that the decodes open in the next iteration.
    #[inline]
    pub(super) fn blocks_next(&self) -> u64 {
        if self.block_mask == 0 || !self.each_gets_one() {
            return self.blocks_in(1);
        }
        u64::from(self.residues[(self.iteration.wrapping_neg() & self.block_mask) as usize])
    }

    /// Whether no decoding sequence has ever got more than a token in an iteration.
    #[inline]
    fn each_gets_one(&self) -> bool {
        self.residues.len() as u64 - 1 == self.block_mask
    }

    /// The same without the last iterations of sequences that get one token in each.
    #[cold]
    fn drafted_in(&self, k: u64) -> u64 {
        let (ones, others) = self.residues.split_at(self.block_mask as usize + 1);
        let singles: u64 = ones.iter().copied().map(u64::from).sum();
        let mut blocks = singles * (k >> self.block_shift);
        for (count, gain) in others.chunks(ones.len()).zip(2..) {
            for (residue, &n) in count.iter().enumerate().filter(|&(_, &n)| n > 0) {
                let kv = (residue as u64).wrapping_add(gain * self.iteration) & self.block_mask;
                blocks += u64::from(n) * (self.blocks(kv + gain * k) - self.blocks(kv));
            }
        }
        blocks
    }

    /// Blocks that hold `tokens`.
    pub(super) fn blocks(&self, tokens: u64) -> u64 {
        (tokens + self.block_mask) >> self.block_shift
    }

    /// Where a sequence of `kv` tokens that gets `gain` in an iteration stands in the residues.
    pub(super) fn residue(&self, kv: u64, gain: u32) -> usize {
        let within = kv.wrapping_sub(u64::from(gain) * self.iteration) & self.block_mask;
        (((u64::from(gain) - 1) << self.block_shift) | within) as usize
    }
}
