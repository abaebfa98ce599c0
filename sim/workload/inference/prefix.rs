//! What prompts share at their beginnings, and the memory in which a replica keeps it.
//!
//! Many prompts begin alike: with a system prompt, a template, a document that is asked about, the
//! conversation so far. A prompt's *chain* is the run of pieces at its beginning that others may
//! share, each of which stands for all before it too. A replica that has the KV memory of the
//! first pieces of a chain need not prefill them again. Replicas keep pieces in memory of their
//! own, beside that of sequences; the piece used longest ago makes room. What a request finds is
//! decided when it is admitted: all pieces of its chain up to the first that is missing. A piece
//! is there for others from the admission of the first request that brings it.

use std::collections::BTreeMap;
use std::sync::Arc;

/// A run of prompt tokens that requests share.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Piece {
    /// Whose it is: pieces of several families are never the same.
    pub family: u32,
    /// Which of the family.
    pub id: u64,
    /// How long it is.
    pub tokens: u32,
}

/// The pieces that a replica has in memory.
///
/// Looking costs a search for each piece that is there, and using one a few of them: some hundred
/// nanoseconds a piece in a memory of thousands.
#[derive(Debug, Clone, Default)]
pub(super) struct PrefixStore {
    /// Tokens that are kept at most.
    capacity: u64,
    /// When each piece that is there was last used, counted in uses.
    used: BTreeMap<Piece, u64>,
    /// The same by last use.
    order: BTreeMap<u64, Piece>,
    uses: u64,
    held: u64,
}

impl PrefixStore {
    /// An empty store of `capacity` tokens.
    pub(super) fn new(capacity: u64) -> Self {
        Self { capacity, ..Self::default() }
    }

    /// Tokens of `chain` that are in memory.
    #[inline]
    pub(super) fn look(&self, chain: &[Piece]) -> u64 {
        let there = chain.iter().take_while(|piece| self.used.contains_key(piece));
        there.map(|piece| u64::from(piece.tokens)).sum()
    }

    /// Brings the pieces of `chain`, or uses them again: the last one first, so that a chain
    /// loses its end before its beginning.
    #[inline]
    pub(super) fn touch(&mut self, chain: &[Piece]) {
        for piece in chain.iter().rev() {
            self.bring(*piece);
        }
    }

    fn bring(&mut self, piece: Piece) {
        let tokens = u64::from(piece.tokens);
        if tokens > self.capacity {
            return;
        }
        self.uses += 1;
        match self.used.insert(piece, self.uses) {
            Some(before) => {
                self.order.remove(&before);
            }
            None => {
                self.held += tokens;
                while self.held > self.capacity {
                    let (_, oldest) = self.order.pop_first().expect("what is held is in order");
                    self.used.remove(&oldest);
                    self.held -= u64::from(oldest.tokens);
                }
            }
        }
        self.order.insert(self.uses, piece);
    }

    /// Forgets all.
    pub(super) fn clear(&mut self) {
        self.used.clear();
        self.order.clear();
        self.held = 0;
    }
}

/// Tokens of a chain of `found` tokens in memory that a prompt of `prompt` tokens need not
/// prefill: whole blocks of KV memory, and never the whole prompt.
#[inline]
pub(super) fn reusable(found: u64, prompt: u32, block_mask: u64) -> u64 {
    found.min(u64::from(prompt) - 1) & !block_mask
}

/// The chains of the requests in a cell. A request carries the number of its chain, counted from
/// 1; memory grows with the requests inside, and not with those that were.
#[derive(Debug, Clone)]
pub(super) struct Chains {
    /// Those that are always there, of one piece each.
    fixed: Arc<[Piece]>,
    /// Those of single requests, behind them.
    slots: Vec<Box<[Piece]>>,
    vacant: Vec<u32>,
}

impl Chains {
    pub(super) fn new(fixed: &Arc<[Piece]>) -> Self {
        Self { fixed: Arc::clone(fixed), slots: Vec::new(), vacant: Vec::new() }
    }

    /// Keeps `chain` for one request; its number.
    pub(super) fn keep(&mut self, chain: Box<[Piece]>) -> u32 {
        let slot = match self.vacant.pop() {
            Some(slot) => {
                self.slots[slot as usize] = chain;
                slot
            }
            None => {
                self.slots.push(chain);
                self.slots.len() as u32 - 1
            }
        };
        self.fixed.len() as u32 + slot + 1
    }

    /// Whether chain `number` is that of a single request.
    #[inline]
    pub(super) fn is_single(&self, number: u32) -> bool {
        number as usize > self.fixed.len()
    }

    /// The pieces of chain `number`; none of chain 0.
    #[inline]
    pub(super) fn of(&self, number: u32) -> &[Piece] {
        let Some(index) = (number as usize).checked_sub(1) else { return &[] };
        match index.checked_sub(self.fixed.len()) {
            None => &self.fixed[index..=index],
            Some(slot) => &self.slots[slot],
        }
    }

    /// Forgets chain `number`, whose request has left, if it was that of a single request.
    #[inline]
    pub(super) fn forget(&mut self, number: u32) {
        if self.is_single(number) {
            let slot = number as usize - 1 - self.fixed.len();
            self.slots[slot] = Box::default();
            self.vacant.push(slot as u32);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn piece(id: u64, tokens: u32) -> Piece {
        Piece { family: 0, id, tokens }
    }

    #[test]
    fn the_piece_used_longest_ago_makes_room() {
        let mut store = PrefixStore::new(100);
        let [a, b, c, huge] = [(1, 40), (2, 40), (3, 40), (4, 1000)].map(|(i, n)| [piece(i, n)]);
        assert_eq!(store.look(&a), 0);
        store.touch(&a);
        store.touch(&b);
        assert_eq!([&a, &b, &c].map(|chain| store.look(chain)), [40, 40, 0]);
        store.touch(&a);
        store.touch(&c);
        assert_eq!([&a, &b, &c].map(|chain| store.look(chain)), [40, 0, 40]);
        // What is larger than the memory is never kept, and drives nobody out.
        store.touch(&huge);
        assert_eq!([&a, &c, &huge].map(|chain| store.look(chain)), [40, 40, 0]);
        store.clear();
        assert_eq!([&a, &b, &c].map(|chain| store.look(chain)), [0, 0, 0]);
    }

    #[test]
    fn a_prompt_reuses_whole_blocks_and_prefills_its_last_token() {
        assert_eq!([33, 32, 17, 16].map(|prompt| reusable(40, prompt, 15)), [32, 16, 16, 0]);
        assert_eq!(reusable(1024, 1024, 15), 1008);
    }

    #[test]
    fn chains_are_forgotten_with_their_requests() {
        let fixed: Arc<[Piece]> = vec![piece(0, 7), piece(1, 7)].into();
        let mut chains = Chains::new(&fixed);
        let first = chains.keep(Box::new([piece(5, 1), piece(6, 1)]));
        let second = chains.keep(Box::new([piece(8, 1)]));
        assert_eq!(chains.of(first).len() + chains.of(second).len(), 3);
        assert_eq!((chains.of(0), chains.of(2)), (&[][..], &fixed[1..]));
        for _ in 0..1000 {
            chains.forget(first);
            chains.forget(1);
            assert_eq!(chains.keep(Box::new([piece(9, 1)])), first);
        }
        assert_eq!((chains.slots.len(), chains.of(second)[0].id), (2, 8));
    }

    proptest! {
        /// Against a list in order of use.
        #[test]
        fn hits_are_those_of_a_list(
            capacity in 0_u64..60,
            chains in prop::collection::vec((0_u64..6, 1_u64..12), 0..80),
        ) {
            let mut store = PrefixStore::new(capacity);
            let mut list: Vec<Piece> = Vec::new();
            for (family, length) in chains {
                // Chains of a family begin alike.
                let chain: Vec<Piece> =
                    (0..length).map(|i| piece(100 * family + i, 1 + (i % 5) as u32)).collect();
                let found = chain.iter().position(|p| !list.contains(p)).unwrap_or(chain.len());
                let expected: u32 = chain[..found].iter().map(|p| p.tokens).sum();
                prop_assert_eq!(store.look(&chain), u64::from(expected));
                store.touch(&chain);
                for p in chain.iter().rev().filter(|p| u64::from(p.tokens) <= capacity) {
                    list.retain(|other| other != p);
                    list.insert(0, *p);
                    while list.iter().map(|p| u64::from(p.tokens)).sum::<u64>() > capacity {
                        list.pop();
                    }
                }
            }
        }
    }
}
