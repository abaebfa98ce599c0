//! Nodes that wait for their turn on a walk down a chain, or up it.

use super::wiring::Wiring;

/// Some nodes, each once, in topological order. A walk takes time for those that wait, and a
/// look at 64 nodes at once for the others.
#[derive(Debug, Clone)]
pub(super) struct Waiting {
    /// A bit by place in topological order.
    words: Vec<u64>,
    /// The words that may not be zero: `from..to`.
    from: usize,
    to: usize,
}

impl Waiting {
    pub(super) fn none(wiring: &Wiring) -> Self {
        let words = vec![0; wiring.nodes().div_ceil(64)];
        Self { words, from: usize::MAX, to: 0 }
    }

    pub(super) fn all(wiring: &Wiring) -> Self {
        let mut waiting = Self::none(wiring);
        (0..wiring.nodes()).for_each(|n| waiting.insert(wiring, n));
        waiting
    }

    #[inline]
    pub(super) fn insert(&mut self, wiring: &Wiring, n: usize) {
        let place = wiring.place[n] as usize;
        let (word, bit) = (place / 64, 1 << (place % 64));
        if self.words[word] & bit != 0 {
            return;
        }
        self.words[word] |= bit;
        self.from = self.from.min(word);
        self.to = self.to.max(word + 1);
    }

    /// Takes the one that stands before all others: whoever feeds another one comes first.
    pub(super) fn first(&mut self, wiring: &Wiring) -> Option<usize> {
        while self.from < self.to {
            let bits = self.words[self.from];
            if bits != 0 {
                self.words[self.from] = bits & (bits - 1);
                return Some(self.node(wiring, self.from, bits.trailing_zeros()));
            }
            self.from += 1;
        }
        self.rest()
    }

    /// Takes the one that stands behind all others: whoever is fed comes first.
    pub(super) fn last(&mut self, wiring: &Wiring) -> Option<usize> {
        while self.from < self.to {
            let bits = self.words[self.to - 1];
            if bits != 0 {
                let bit = bits.ilog2();
                self.words[self.to - 1] = bits & !(1 << bit);
                return Some(self.node(wiring, self.to - 1, bit));
            }
            self.to -= 1;
        }
        self.rest()
    }

    fn node(&self, wiring: &Wiring, word: usize, bit: u32) -> usize {
        wiring.topological[word * 64 + bit as usize] as usize
    }

    /// Nobody waits.
    fn rest<T>(&mut self) -> Option<T> {
        (self.from, self.to) = (usize::MAX, 0);
        None
    }
}
