//! One KV memory for the sequences that run and for what is kept of those that ran: automatic prefix
//! caching as vLLM V1, SGLang and TensorRT-LLM do it, with a tier of host memory behind it.
//!
//! A block of a prompt has a *name*, if all of its tokens belong to the request's chain: the piece
//! that its last token is of, and which of the blocks that end in that piece it is. Since a piece
//! stands for all before it too, blocks of one name hold the same. Sequences that run share them and
//! *pin* them. A block that nobody pins goes to the back of one queue, a sequence's last blocks
//! first, and stays there with its content until it comes to the front, from where all demand for
//! blocks is met. So a block leaves only after those that need it: what is there of a chain is its
//! beginning. What the front loses goes to the back of the same queue in host memory, if there is
//! any, and from its front out of the machine.
//!
//! Names are few and blocks are many: the queues hold *runs* of blocks that follow each other in a
//! piece, so that costs grow with pieces and not with tokens. `kv_blocks.rs` does the same block by
//! block, and the engine that uses it is equal to the last bit.

use std::collections::BTreeMap;

use super::prefix::Piece;
use super::request::Request;
use super::ticks::Ticks;

/// Host memory behind the KV memory of a replica.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct HostTier {
    /// Blocks that it holds; none where what has to go is lost.
    pub blocks: u64,
    /// How long the link takes to bring one back.
    pub per_block: Ticks,
}

/// What of a waiting request is in memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Found {
    /// Tokens that need not be prefilled.
    pub(super) tokens: u64,
    /// Those of them in blocks that have a name: after a preemption the request may have left them
    /// itself.
    pub(super) shared_tokens: u64,
    /// Those of these that host memory has.
    pub(super) host_tokens: u64,
    /// Blocks that running sequences pin anyway.
    pub(super) pinned: u64,
    /// Blocks that have to be brought from host memory.
    pub(super) host: u64,
}

/// The blocks that nobody pins, in the order in which they go, and whose they are.
#[derive(Debug, Clone)]
pub(super) struct KvPool {
    block_shift: u32,
    /// Blocks of the KV memory.
    blocks: u64,
    host_blocks: u64,
    device: Tier,
    host: Tier,
    /// Blocks in host memory.
    in_host: u64,
    owners: Vec<Owner>,
    vacant: Vec<u32>,
    by_piece: BTreeMap<Piece, u32>,
}

/// A queue of runs: the next to go has the lowest stamp.
#[derive(Debug, Clone, Default)]
struct Tier {
    runs: BTreeMap<u64, Run>,
    stamps: u64,
}

/// Blocks `from` to `to` of an owner; the last one goes first.
#[derive(Debug, Clone, Copy)]
struct Run {
    owner: u32,
    from: u64,
    to: u64,
}

/// Owner of blocks that hold nothing, or not a whole block of tokens.
const BLANK: u32 = u32::MAX;
/// Owner of whole blocks that nobody will look for.
const NAMELESS: u32 = u32::MAX - 1;

/// What is there of a piece, or of a sequence that lost its memory.
#[derive(Debug, Clone, Default)]
struct Owner {
    piece: Option<Piece>,
    /// Its sequence waits to come back; only without a piece.
    is_awaited: bool,
    /// Its first blocks are on the device, those up to `top` in host memory.
    device: u64,
    top: u64,
    /// How many sequences pin so many of its first blocks.
    pins: Vec<(u64, u32)>,
    /// Stamps of its runs on the device and in the host, those that go first in front.
    runs: [Vec<u64>; 2],
}

impl Owner {
    /// Blocks that somebody pins.
    fn pinned(&self) -> u64 {
        self.pins.iter().map(|&(extent, _)| extent).max().unwrap_or(0)
    }

    /// One sequence that pinned `old` blocks pins `new`.
    fn repin(&mut self, old: u64, new: u64) {
        if old > 0 {
            let place = self.pins.iter().position(|pin| pin.0 == old);
            let place = place.expect("what is pinned less was pinned");
            self.pins[place].1 -= 1;
            if self.pins[place].1 == 0 {
                self.pins.swap_remove(place);
            }
        }
        if new > 0 {
            match self.pins.iter_mut().find(|pin| pin.0 == new) {
                Some(pin) => pin.1 += 1,
                None => self.pins.push((new, 1)),
            }
        }
    }
}

/// Blocks that were on the device when somebody came to pin them.
#[derive(Debug, Clone, Copy, Default)]
struct Claim {
    /// From the queue.
    pulled: u64,
    /// Others pin them.
    shared: u64,
}

impl Tier {
    fn push(&mut self, run: Run) -> u64 {
        self.stamps += 1;
        self.runs.insert(self.stamps, run);
        self.stamps
    }

    /// Takes the blocks below `end` out of the runs of an owner; how many there were.
    fn pull(&mut self, stamps: &mut Vec<u64>, end: u64) -> u64 {
        let mut count = 0;
        while let Some(&stamp) = stamps.last() {
            let run = self.runs.get_mut(&stamp).expect("owners know their runs");
            if run.from >= end {
                break;
            }
            let to = run.to.min(end);
            count += to - run.from;
            run.from = to;
            if run.from < run.to {
                break;
            }
            self.runs.remove(&stamp);
            stamps.pop();
        }
        count
    }
}

/// The pieces of `chain` in which blocks of `1 << shift` tokens end: each with the blocks before it
/// and its own.
fn spans(chain: &[Piece], shift: u32) -> impl Iterator<Item = (Piece, u64, u64)> {
    let mut tokens = 0;
    chain.iter().filter_map(move |&piece| {
        let base = tokens >> shift;
        tokens += u64::from(piece.tokens);
        let blocks = (tokens >> shift) - base;
        (blocks > 0).then_some((piece, base, blocks))
    })
}

/// Tokens of `chain`.
fn length(chain: &[Piece]) -> u64 {
    chain.iter().map(|piece| u64::from(piece.tokens)).sum()
}

impl KvPool {
    /// A memory of `blocks` blocks of `1 << block_shift` tokens that hold nothing, before `host`.
    pub(super) fn new(blocks: u64, block_shift: u32, host: HostTier) -> Self {
        let mut pool = Self {
            block_shift,
            blocks,
            host_blocks: host.blocks,
            device: Tier::default(),
            host: Tier::default(),
            in_host: 0,
            owners: Vec::new(),
            vacant: Vec::new(),
            by_piece: BTreeMap::new(),
        };
        pool.clear();
        pool
    }

    /// Forgets all, also who holds blocks.
    pub(super) fn clear(&mut self) {
        (self.device, self.host, self.in_host) = (Tier::default(), Tier::default(), 0);
        self.owners.clear();
        self.vacant.clear();
        self.by_piece.clear();
        self.push(BLANK, 0, self.blocks);
    }

    /// What is in memory of a waiting `request` that begins with `chain`: the last token to be
    /// prefilled never is.
    pub(super) fn found(&self, request: &Request, chain: &[Piece]) -> Found {
        let shift = self.block_shift;
        let limit = (request.to_prefill() - 1) >> shift;
        let mut found = Found::default();
        let (mut device, mut host, mut end) = (0, 0, 0);
        for (piece, base, blocks) in spans(chain, shift) {
            let Some(&owner) = self.by_piece.get(&piece) else { break };
            let owner = &self.owners[owner as usize];
            let reach = owner.top.min(blocks).min(limit.saturating_sub(base));
            let here = owner.device.min(reach);
            device += here;
            host += reach - here;
            found.pinned += owner.pinned().min(here);
            end = base + reach;
            if reach < blocks {
                break;
            }
        }
        found.shared_tokens = (device + host) << shift;
        found.host_tokens = host << shift;
        if request.kept > 0 && end == length(chain) >> shift {
            let own = &self.owners[request.kept as usize - 1];
            device += own.device;
            host += own.top - own.device;
        }
        found.tokens = (device + host) << shift;
        found.host = host;
        if request.loaded {
            // The rest came with it.
            found = Found {
                tokens: request.to_prefill() - 1,
                pinned: found.pinned,
                ..Found::default()
            };
        }
        found
    }

    /// `request`, of which so much was `found`, is admitted, and `kv` tokens of it get a place.
    /// Returns how many blocks that took from the queue, and how many of those lost what they held.
    pub(super) fn admit(
        &mut self,
        request: &mut Request,
        found: &Found,
        chain: &[Piece],
        kv: u64,
    ) -> (u64, u64) {
        let named = self.named(request.to_prefill(), chain, kv);
        let Claim { pulled, shared } = self.claim(chain, 0, named);
        let mut own = 0;
        if request.kept > 0 {
            let slot = request.kept - 1;
            request.kept = 0;
            self.owners[slot as usize].is_awaited = false;
            if found.tokens > found.shared_tokens {
                own = self.pull(slot, u64::MAX);
                self.owners[slot as usize].top = 0;
                self.owners[slot as usize].device = 0;
            }
            self.vacate(slot);
        }
        let blocks = self.blocks_of(kv);
        let lost = self.take(blocks - pulled - shared - own);
        (blocks - shared, lost)
    }

    /// A prompt under way with `target` tokens to prefill, of which `from` are in memory, has `to` there
    /// from now on, for which blocks were taken. Returns how many of them go back to the queue.
    pub(super) fn grow(&mut self, target: u64, chain: &[Piece], (from, to): (u64, u64)) -> u64 {
        let [from, to] = [from, to].map(|kv| self.named(target, chain, kv));
        let Claim { pulled, shared } = self.claim(chain, from, to);
        // Nothing is there beyond what was found, unless a piece does not stand for all before it.
        self.push(NAMELESS, 0, pulled + shared);
        shared
    }

    /// A sequence of `kv` tokens, admitted with `target` tokens to prefill, leaves the batch. Where it
    /// is to come back, what it held is kept for it. What the answer adds to the chain is found by
    /// others from now on, but for what the prompt `under_way` brings next: of so many tokens to
    /// prefill, of that chain, with so many in memory. Returns how many blocks go to the queue, and
    /// the number under which its own are kept.
    pub(super) fn release(
        &mut self,
        (target, kv): (u64, u64),
        chain: &[Piece],
        under_way: Option<(u64, &[Piece], u64)>,
        comes_back: bool,
    ) -> (u64, u32) {
        let shift = self.block_shift;
        let (total, full, of_chain) = (self.blocks_of(kv), kv >> shift, length(chain) >> shift);
        let named = self.named(target, chain, kv);
        let reach = self.may_name(chain, (named, full.min(of_chain)), under_way);
        let Claim { pulled, shared } = self.claim(chain, named, reach);
        let copies = pulled + shared;
        let own = if comes_back { full.saturating_sub(of_chain) } else { 0 };
        let nameless = full - reach + copies - own;
        self.push(BLANK, 0, total - full);
        self.push(NAMELESS, 0, nameless);
        let mut kept = 0;
        if own > 0 {
            let slot = self.slot();
            let is_awaited = true;
            self.owners[slot as usize] =
                Owner { is_awaited, device: own, top: own, ..Owner::default() };
            self.push(slot, 0, own);
            kept = slot + 1;
        }
        let mut freed = total - full + nameless + own - pulled;
        let mut end = length(chain);
        for &piece in chain.iter().rev() {
            let start = end - u64::from(piece.tokens);
            let (base, blocks) = (start >> shift, (end >> shift) - (start >> shift));
            end = start;
            let extent = reach.saturating_sub(base).min(blocks);
            if extent > 0 {
                let slot = self.by_piece[&piece];
                let owner = &mut self.owners[slot as usize];
                owner.repin(extent, 0);
                let still = owner.pinned();
                if still < extent {
                    freed += extent - still;
                    self.push(slot, still, extent);
                }
            }
        }
        (freed, kept)
    }

    /// `count` blocks go from the front of the queue; how many of them lost what they held.
    pub(super) fn take(&mut self, mut count: u64) -> u64 {
        let mut lost = 0;
        while count > 0 {
            let mut first = self.device.runs.first_entry().expect("blocks are taken that are free");
            let run = first.get_mut();
            let n = count.min(run.to - run.from);
            run.to -= n;
            count -= n;
            let Run { owner, from, to } = *run;
            let is_spent = from == to;
            if is_spent {
                first.remove();
            }
            if owner == BLANK {
                continue;
            }
            lost += n;
            if owner != NAMELESS {
                let owner = &mut self.owners[owner as usize];
                owner.device = to;
                if is_spent {
                    owner.runs[0].remove(0);
                }
            }
            self.send_to_host(Run { owner, from: to, to: to + n });
        }
        lost
    }

    /// Blocks that nobody pins: those of the queue.
    #[cfg(test)]
    pub(super) fn queued(&self) -> u64 {
        self.device.runs.values().map(|run| run.to - run.from).sum()
    }

    /// Blocks that others may find of a sequence of `kv` tokens, of `target` to prefill, while it runs.
    /// The one with the last token to prefill is its own.
    fn named(&self, target: u64, chain: &[Piece], kv: u64) -> u64 {
        length(chain).min(target - 1).min(kv) >> self.block_shift
    }

    /// Up to which block of `chain` a sequence that has those up to `to`, the first `from` of them
    /// by name, may name them. Nobody else brings what the prompt under way brings next: since it finds
    /// no block of that name, its growth takes as many blocks in a leap as in single iterations.
    fn may_name(
        &self,
        chain: &[Piece],
        (from, to): (u64, u64),
        under_way: Option<(u64, &[Piece], u64)>,
    ) -> u64 {
        let Some((target, of_part, kv)) = under_way.filter(|_| from < to) else { return to };
        let next = self.named(target, of_part, kv);
        if next >= self.named(target, of_part, u64::MAX) {
            return to;
        }
        let within = |&(_, base, blocks): &(Piece, u64, u64)| base + blocks > next;
        let next =
            spans(of_part, self.block_shift).find(within).map(|(p, base, _)| (p, next - base));
        for (piece, base, blocks) in spans(chain, self.block_shift) {
            if base + blocks <= from {
                continue;
            }
            let slot = self.by_piece.get(&piece);
            let there = slot.map_or(0, |&slot| self.owners[slot as usize].device).min(blocks);
            let first = there.max(from.saturating_sub(base));
            if base + first >= to {
                return to;
            }
            if first < blocks {
                return if next == Some((piece, first)) { base + first } else { to };
            }
        }
        to
    }

    /// A sequence that pins the first `from` blocks of `chain` pins the first `to`.
    fn claim(&mut self, chain: &[Piece], from: u64, to: u64) -> Claim {
        let mut claim = Claim::default();
        for (piece, base, blocks) in spans(chain, self.block_shift) {
            let [old, new] = [from, to].map(|end| end.saturating_sub(base).min(blocks));
            if old == new {
                continue;
            }
            let slot = match self.by_piece.get(&piece) {
                Some(&slot) => slot,
                None => {
                    let slot = self.slot();
                    self.owners[slot as usize].piece = Some(piece);
                    self.by_piece.insert(piece, slot);
                    slot
                }
            };
            let pulled = self.pull(slot, new);
            let owner = &mut self.owners[slot as usize];
            claim.pulled += pulled;
            claim.shared += owner.device.min(new).saturating_sub(old) - pulled;
            owner.repin(old, new);
            owner.device = owner.device.max(new);
            owner.top = owner.top.max(new);
        }
        claim
    }

    /// Takes the first `end` blocks of an owner out of both queues; how many were on the device.
    fn pull(&mut self, slot: u32, end: u64) -> u64 {
        let [device, host] = &mut self.owners[slot as usize].runs;
        self.in_host -= self.host.pull(host, end);
        self.device.pull(device, end)
    }

    /// Blocks `from` to `to` of an owner go to the back of the queue.
    fn push(&mut self, owner: u32, from: u64, to: u64) {
        if from == to {
            return;
        }
        let stamp = self.device.push(Run { owner, from, to });
        if owner < NAMELESS {
            self.owners[owner as usize].runs[0].push(stamp);
        }
    }

    /// The blocks of `run` have lost their place on the device.
    fn send_to_host(&mut self, run: Run) {
        let Run { owner, from, to } = run;
        if self.host_blocks == 0 {
            self.lose(owner, from);
            return;
        }
        self.in_host += to - from;
        let last = self.host.runs.last_entry().filter(|last| last.get().owner == owner);
        match last {
            Some(mut last) if owner == NAMELESS => last.get_mut().to += to - from,
            Some(mut last) if last.get().from == to => last.get_mut().from = from,
            _ => {
                let stamp = self.host.push(run);
                if owner != NAMELESS {
                    self.owners[owner as usize].runs[1].push(stamp);
                }
            }
        }
        while self.in_host > self.host_blocks {
            let mut first = self.host.runs.first_entry().expect("what host memory holds is queued");
            let run = first.get_mut();
            let n = (self.in_host - self.host_blocks).min(run.to - run.from);
            run.to -= n;
            self.in_host -= n;
            let Run { owner, from, to } = *run;
            if from == to {
                first.remove();
                if owner != NAMELESS {
                    self.owners[owner as usize].runs[1].remove(0);
                }
            }
            self.lose(owner, to);
        }
    }

    /// Nothing of an owner is left from block `top` on.
    fn lose(&mut self, owner: u32, top: u64) {
        if owner != NAMELESS {
            self.owners[owner as usize].top = top;
            self.vacate(owner);
        }
    }

    /// Forgets an owner of whom nothing is left and for whom nobody asks.
    fn vacate(&mut self, slot: u32) {
        let owner = &mut self.owners[slot as usize];
        if owner.top > 0 || owner.is_awaited || !owner.pins.is_empty() {
            return;
        }
        if let Some(piece) = owner.piece.take() {
            self.by_piece.remove(&piece);
        }
        self.vacant.push(slot);
    }

    fn slot(&mut self) -> u32 {
        self.vacant.pop().unwrap_or_else(|| {
            self.owners.push(Owner::default());
            self.owners.len() as u32 - 1
        })
    }

    fn blocks_of(&self, tokens: u64) -> u64 {
        tokens.div_ceil(1 << self.block_shift)
    }
}
