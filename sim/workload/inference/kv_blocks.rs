//! The shared KV memory block by block: what `kv_pool.rs`, which keeps whole runs of blocks, is held
//! to. Written for clarity alone; the plain engine uses it.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::kv_pool::{Found, HostTier};
use super::prefix::Piece;
use super::request::Request;

/// What a block that nobody pins holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Content {
    /// Nothing, or less than a block of tokens.
    Blank,
    /// Tokens that nobody looks for.
    Nameless,
    Named(Name),
}

/// What a block of tokens is found by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Name {
    /// The block of this number among those that end in a piece.
    Of(Piece, u64),
    /// That of a sequence that lost its memory and is to come back.
    Own(u32, u64),
}

/// All blocks of a replica.
#[derive(Debug, Clone)]
pub(super) struct KvBlocks {
    /// Tokens of a block.
    size: u64,
    blocks: u64,
    /// Blocks that have never been used: they go first.
    unused: u64,
    /// The other blocks that nobody pins; the front goes first.
    queue: Line,
    host: Line,
    host_room: u64,
    /// How many sequences that run pin each name.
    pins: BTreeMap<Name, u32>,
    /// Sequences that have lost their memory.
    owners: u32,
    /// Blocks that lost what they held.
    pub(super) evictions: u64,
}

impl KvBlocks {
    pub(super) fn new(blocks: u64, size: u64, host: HostTier) -> Self {
        Self {
            size,
            blocks,
            unused: blocks,
            queue: Line::default(),
            host: Line::default(),
            host_room: host.blocks,
            pins: BTreeMap::new(),
            owners: 0,
            evictions: 0,
        }
    }

    pub(super) fn clear(&mut self) {
        self.unused = self.blocks;
        (self.queue, self.host) = (Line::default(), Line::default());
        self.pins.clear();
    }

    /// Blocks that nobody pins.
    pub(super) fn free(&self) -> u64 {
        self.unused + self.queue.order.len() as u64
    }

    /// Names of the blocks of which every token belongs to `chain`.
    fn names(&self, chain: &[Piece]) -> Vec<Name> {
        let mut names: Vec<Name> = Vec::new();
        let (mut start, mut number) = (0, 0);
        for &piece in chain {
            let end = start + u64::from(piece.tokens);
            let first = names.len();
            while (number + 1) * self.size <= end {
                names.push(Name::Of(piece, (names.len() - first) as u64));
                number += 1;
            }
            start = end;
        }
        names
    }

    /// The names under which the blocks of a waiting request may be found, in their order.
    fn sought(&self, request: &Request, chain: &[Piece]) -> Vec<Name> {
        let mut names = self.names(chain);
        let limit = ((request.to_prefill() - 1) / self.size) as usize;
        if request.kept > 0 {
            let own = (0_u64..).map(|i| Name::Own(request.kept, i));
            names.extend(own.take(limit.saturating_sub(names.len())));
        }
        names.truncate(limit);
        names
    }

    fn is_pinned(&self, name: &Name) -> bool {
        self.pins.contains_key(name)
    }

    /// Those of the sought blocks that are there: up to the first that is missing.
    fn there(&self, request: &Request, chain: &[Piece]) -> Vec<Name> {
        let is_there =
            |name: &Name| self.is_pinned(name) || self.queue.has(name) || self.host.has(name);
        self.sought(request, chain).into_iter().take_while(is_there).collect()
    }

    pub(super) fn found(&self, request: &Request, chain: &[Piece]) -> Found {
        let there = self.there(request, chain);
        let count = |of: &dyn Fn(&&Name) -> bool| there.iter().filter(of).count() as u64;
        let pinned = count(&|name| self.is_pinned(name));
        if request.loaded {
            return Found { tokens: request.to_prefill() - 1, pinned, ..Found::default() };
        }
        let shared = |name: &&Name| matches!(name, Name::Of(..));
        Found {
            tokens: there.len() as u64 * self.size,
            shared_tokens: count(&shared) * self.size,
            host_tokens: count(&|name| shared(name) && self.host.has(name)) * self.size,
            pinned,
            host: count(&|name| self.host.has(name)),
        }
    }

    /// Takes `request` in with `kv` tokens; how many of its blocks have a name that it pins.
    pub(super) fn admit(&mut self, request: &mut Request, chain: &[Piece], kv: u64) -> usize {
        let there = self.there(request, chain);
        let mut needed = kv.div_ceil(self.size);
        for name in there.iter().filter(|name| matches!(name, Name::Own(..))) {
            needed -= u64::from(self.remove(name));
        }
        request.kept = 0;
        let mut names = self.sought(request, chain);
        names.truncate((kv / self.size) as usize);
        for name in &names {
            needed -= u64::from(self.pin(name));
        }
        self.take(needed);
        names.len()
    }

    /// A prompt that runs has `kv` tokens in memory now, for which blocks were taken, and pinned
    /// `named` names before; how many it pins now.
    pub(super) fn grow(
        &mut self,
        request: &Request,
        chain: &[Piece],
        (named, kv): (usize, u64),
    ) -> usize {
        let mut names = self.sought(request, chain);
        names.truncate((kv / self.size) as usize);
        for name in &names[named..] {
            if self.pin(name) {
                self.queue.push(Content::Nameless);
            }
        }
        names.len()
    }

    /// The name that a prompt under way, which pins `named` of them, brings next.
    fn next(&self, (request, chain, named): (&Request, &[Piece], usize)) -> Option<Name> {
        self.sought(request, chain).get(named).copied()
    }

    /// A sequence of `kv` tokens leaves, which pins the first `named` names of `chain`; the number
    /// under which its own blocks are kept.
    pub(super) fn release(
        &mut self,
        chain: &[Piece],
        (named, kv): (usize, u64),
        under_way: Option<(&Request, &[Piece], usize)>,
        comes_back: bool,
    ) -> u32 {
        let names = self.names(chain);
        let next = under_way.and_then(|part| self.next(part));
        let (whole, all) = ((kv / self.size) as usize, kv.div_ceil(self.size) as usize);
        if all > whole {
            self.queue.push(Content::Blank);
        }
        let mut pinned: Vec<Name> = names[..named].to_vec();
        let mut own = Vec::new();
        let mut is_cut = false;
        for number in named..whole {
            let Some(name) = names.get(number) else {
                match comes_back {
                    true => own.push(Name::Own(self.owners + 1, own.len() as u64)),
                    false => self.queue.push(Content::Nameless),
                }
                continue;
            };
            let is_here = self.is_pinned(name) || self.queue.has(name);
            // Only the prompt under way brings its next name, and with it all that follow: since it finds
            // no such block, its growth takes as many in a leap as in single iterations.
            is_cut |= !is_here && next == Some(*name);
            if is_cut {
                self.queue.push(Content::Nameless);
                continue;
            }
            pinned.push(*name);
            if self.pin(name) {
                // There is such a block already.
                self.queue.push(Content::Nameless);
            }
        }
        let kept = if own.is_empty() { 0 } else { self.owners + 1 };
        self.owners += u32::from(kept > 0);
        own.into_iter().rev().for_each(|name| self.queue.push(Content::Named(name)));
        for name in pinned.into_iter().rev() {
            let pins = self.pins.get_mut(&name).expect("it is pinned");
            *pins -= 1;
            if *pins == 0 {
                self.pins.remove(&name);
                self.queue.push(Content::Named(name));
            }
        }
        kept
    }

    /// `count` blocks go from the front of the queue.
    pub(super) fn take(&mut self, count: u64) {
        for _ in 0..count {
            if self.unused > 0 {
                self.unused -= 1;
                continue;
            }
            let content = self.queue.pop().expect("blocks are taken that are free");
            if content != Content::Blank {
                self.evictions += 1;
                self.host.push(content);
                if self.host.order.len() as u64 > self.host_room {
                    self.host.pop();
                }
            }
        }
    }

    /// One more sequence pins `name`; whether a block of it was on the device.
    fn pin(&mut self, name: &Name) -> bool {
        let was_here = self.remove(name) || self.is_pinned(name);
        *self.pins.entry(*name).or_default() += 1;
        was_here
    }

    /// Takes a block out of the queue or of host memory; whether it was on the device.
    fn remove(&mut self, name: &Name) -> bool {
        self.host.remove(name);
        self.queue.remove(name)
    }
}

/// Blocks in the order in which they go.
#[derive(Debug, Clone, Default)]
struct Line {
    order: VecDeque<Content>,
    /// The names in it.
    names: BTreeSet<Name>,
}

impl Line {
    fn has(&self, name: &Name) -> bool {
        self.names.contains(name)
    }

    fn push(&mut self, content: Content) {
        self.order.push_back(content);
        if let Content::Named(name) = content {
            self.names.insert(name);
        }
    }

    fn pop(&mut self) -> Option<Content> {
        let content = self.order.pop_front();
        if let Some(Content::Named(name)) = content {
            self.names.remove(&name);
        }
        content
    }

    /// Takes `name` out; whether it was in.
    fn remove(&mut self, name: &Name) -> bool {
        let was_in = self.names.remove(name);
        if was_in {
            let content = Content::Named(*name);
            let place = self.order.iter().position(|&other| other == content);
            self.order.remove(place.expect("names are those of the line"));
        }
        was_in
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::kv_pool::KvPool;
    use super::*;
    use crate::kernel::{Stream, Streams};

    /// A sequence as both memories know it.
    #[derive(Debug, Clone, Copy)]
    struct Sequence {
        request: Request,
        /// Under which number the second keeps what it lost.
        kept: u32,
        chain: usize,
        kv: u64,
        named: usize,
    }

    impl Sequence {
        fn in_blocks(&self) -> Request {
            Request { kept: self.kept, ..self.request }
        }

        fn is_part(&self) -> bool {
            self.kv < self.request.to_prefill()
        }
    }

    /// Both memories under the same demand.
    struct Pair {
        pool: KvPool,
        blocks: KvBlocks,
        chains: Vec<Vec<Piece>>,
        /// In order of admission; only the last may be partly in memory.
        running: Vec<Sequence>,
        free: u64,
        lost: u64,
    }

    impl Pair {
        fn count(&self, tokens: u64) -> u64 {
            tokens.div_ceil(self.blocks.size)
        }

        fn admit(&mut self, mut news: Sequence, luck: &mut Stream) -> Option<Sequence> {
            let chain = &self.chains[news.chain];
            let found = self.pool.found(&news.request, chain);
            assert_eq!(found, self.blocks.found(&news.in_blocks(), chain));
            let left = news.request.to_prefill() - found.tokens;
            news.kv = found.tokens + 1 + if luck.chance(0.5) { luck.below(left) } else { left - 1 };
            let needed = self.count(news.kv) - found.pinned;
            if needed > self.free {
                return Some(news);
            }
            let mut other = news.in_blocks();
            let (taken, lost) = self.pool.admit(&mut news.request, &found, chain, news.kv);
            assert_eq!(taken, needed);
            news.named = self.blocks.admit(&mut other, chain, news.kv);
            (news.request.kept, news.kept) = (0, 0);
            self.free -= taken;
            self.lost += lost;
            self.running.push(news);
            None
        }

        /// A sequence gets `tokens` more, if there is memory.
        fn extend(&mut self, index: usize, tokens: u64) {
            let Sequence { request, chain, kv, named, .. } = self.running[index];
            let (to, chain) = (kv + tokens, &self.chains[chain]);
            let needed = self.count(to) - self.count(kv);
            if needed > self.free {
                return;
            }
            self.free -= needed;
            self.lost += self.pool.take(needed);
            self.blocks.take(needed);
            if self.running[index].is_part() {
                assert_eq!(
                    self.pool.grow(request.to_prefill(), chain, (kv, to)),
                    0,
                    "pieces stand for all before"
                );
                self.running[index].named = self.blocks.grow(&request, chain, (named, to));
            }
            self.running[index].kv = to;
        }

        fn release(&mut self, index: usize, comes_back: bool) -> Sequence {
            let mut gone = self.running.remove(index);
            let chain = &self.chains[gone.chain];
            let part = self.running.last().filter(|last| last.is_part());
            let of_pool = part.map(|p| (p.request.to_prefill(), &*self.chains[p.chain], p.kv));
            let of_blocks = part.map(|p| (&p.request, &*self.chains[p.chain], p.named));
            let admitted = (gone.request.to_prefill(), gone.kv);
            let (freed, kept) = self.pool.release(admitted, chain, of_pool, comes_back);
            let named = (gone.named, gone.kv);
            gone.kept = self.blocks.release(chain, named, of_blocks, comes_back);
            gone.request.kept = kept;
            assert_eq!(kept > 0, gone.kept > 0);
            self.free += freed;
            gone
        }

        /// Every block is free or held, those that several hold once.
        fn assert_conserved(&self) {
            assert_eq!((self.pool.queued(), self.blocks.free()), (self.free, self.free));
            assert_eq!(self.lost, self.blocks.evictions);
            let all: u64 = self.running.iter().map(|one| self.count(one.kv)).sum();
            let again: u64 = self.blocks.pins.values().map(|&pins| u64::from(pins) - 1).sum();
            assert_eq!(self.free + all - again, self.blocks.blocks);
        }
    }

    fn random_pair(luck: &mut Stream) -> Pair {
        let shift = luck.below(4) as u32;
        let blocks = 4 + luck.below(200 >> shift);
        let host = HostTier { blocks: [0, 7, 60, 1 << 40][luck.below(4) as usize], per_block: 0 };
        // Each goes on where another one stops, or begins anew.
        let mut chains: Vec<Vec<Piece>> = vec![Vec::new()];
        for id in 0..12 {
            let mut chain = match luck.chance(0.2) {
                true => Vec::new(),
                false => chains[luck.below(id + 1) as usize].clone(),
            };
            chain.push(Piece { family: 1, id, tokens: 1 + luck.below(30) as u32 });
            chains.push(chain);
        }
        Pair {
            pool: KvPool::new(blocks, shift, host),
            blocks: KvBlocks::new(blocks, 1 << shift, host),
            chains,
            running: Vec::new(),
            free: blocks,
            lost: 0,
        }
    }

    /// What was seen on the way: tokens found on the device, in the host, those that a sequence had
    /// lost itself, and blocks that were evicted.
    fn drive(seed: u64) -> [u64; 4] {
        let mut luck = Streams::new(seed, 0).stream("blocks", "test");
        let mut pair = random_pair(&mut luck);
        let mut waiting: Vec<Sequence> = Vec::new();
        let mut seen = [0; 4];
        for _ in 0..400 {
            let part = pair.running.last().is_some_and(Sequence::is_part);
            let some = |luck: &mut Stream| luck.below(pair.running.len() as u64) as usize;
            match luck.below(6) {
                0 | 1 if !part => {
                    let news = waiting.pop().unwrap_or_else(|| {
                        let prompt = 1 + luck.below(120) as u32;
                        let request = Request::new(0, prompt, 1000, 1);
                        let chain = luck.below(13) as usize;
                        Sequence { request, kept: 0, chain, kv: 0, named: 0 }
                    });
                    let found = pair.pool.found(&news.request, &pair.chains[news.chain]);
                    seen[0] += found.shared_tokens - found.host_tokens;
                    seen[1] += found.host_tokens;
                    seen[2] += found.tokens - found.shared_tokens;
                    let back = pair.admit(news, &mut luck).filter(|one| one.request.kept > 0);
                    waiting.extend(back);
                }
                2 if part => {
                    let last = pair.running.len() - 1;
                    let one = pair.running[last];
                    let left = one.request.to_prefill() - one.kv;
                    pair.extend(last, 1 + luck.below(left));
                }
                3 if !pair.running.is_empty() => {
                    let index = some(&mut luck);
                    if !pair.running[index].is_part() {
                        pair.extend(index, 1 + luck.below(20));
                    }
                }
                4 if !pair.running.is_empty() => {
                    let index = some(&mut luck);
                    if !pair.running[index].is_part() {
                        pair.release(index, false);
                    }
                }
                5 if luck.chance(0.4) && !pair.running.is_empty() => {
                    let mut gone = pair.release(pair.running.len() - 1, true);
                    if !gone.is_part() {
                        gone.request.generated = (gone.kv + 1) as u32 - gone.request.prompt;
                    }
                    waiting.push(gone);
                }
                _ => {}
            }
            pair.assert_conserved();
        }
        seen[3] = pair.lost;
        seen
    }

    proptest! {
        /// Runs of blocks give what single blocks give, and no block is lost count of.
        #[test]
        fn runs_are_blocks(seed in any::<u64>()) {
            drive(seed);
        }
    }

    #[test]
    fn the_comparison_sees_all_there_is() {
        let seen =
            (0..50).map(drive).fold([0; 4], |sum, one| [0, 1, 2, 3].map(|i| sum[i] + one[i]));
        assert!(seen.iter().all(|&count| count > 2000), "{seen:?}");
    }
}
