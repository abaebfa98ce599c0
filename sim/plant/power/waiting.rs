//! Nodes that wait for their turn on a walk down a chain, or up it.

use super::wiring::Wiring;

/// Some nodes, each once, in topological order.
#[derive(Debug, Clone)]
pub(super) struct Waiting(Places);

impl Waiting {
    pub(super) fn none(wiring: &Wiring) -> Self {
        Self(Places::none(wiring.nodes()))
    }

    pub(super) fn all(wiring: &Wiring) -> Self {
        let mut waiting = Self::none(wiring);
        (0..wiring.nodes()).for_each(|n| waiting.insert(wiring, n));
        waiting
    }

    #[inline]
    pub(super) fn insert(&mut self, wiring: &Wiring, n: usize) {
        self.0.insert(wiring.place[n] as usize);
    }

    /// Takes the one that stands before all others: whoever feeds another one comes first.
    pub(super) fn first(&mut self, wiring: &Wiring) -> Option<usize> {
        self.0.first().map(|place| wiring.topological[place] as usize)
    }

    /// Takes the one that stands behind all others: whoever is fed comes first.
    pub(super) fn last(&mut self, wiring: &Wiring) -> Option<usize> {
        self.0.last().map(|place| wiring.topological[place] as usize)
    }
}

/// Some numbers, each once, in order. A walk takes time for those that are there, and a look at 64
/// at once for the others.
#[derive(Debug, Clone)]
pub(super) struct Places {
    /// A bit for each.
    words: Vec<u64>,
    /// The words that may not be zero: `from..to`.
    from: usize,
    to: usize,
}

impl Places {
    /// None of those below `count`.
    pub(super) fn none(count: usize) -> Self {
        Self { words: vec![0; count.div_ceil(64)], from: usize::MAX, to: 0 }
    }

    #[inline]
    pub(super) fn insert(&mut self, place: usize) {
        let (word, bit) = (place / 64, 1 << (place % 64));
        if self.words[word] & bit != 0 {
            return;
        }
        self.words[word] |= bit;
        self.from = self.from.min(word);
        self.to = self.to.max(word + 1);
    }

    /// Takes the least.
    pub(super) fn first(&mut self) -> Option<usize> {
        while self.from < self.to {
            let bits = self.words[self.from];
            if bits != 0 {
                self.words[self.from] = bits & (bits - 1);
                return Some(self.from * 64 + bits.trailing_zeros() as usize);
            }
            self.from += 1;
        }
        self.rest()
    }

    /// Takes the greatest.
    fn last(&mut self) -> Option<usize> {
        while self.from < self.to {
            let bits = self.words[self.to - 1];
            if bits != 0 {
                let bit = bits.ilog2();
                self.words[self.to - 1] = bits & !(1 << bit);
                return Some((self.to - 1) * 64 + bit as usize);
            }
            self.to -= 1;
        }
        self.rest()
    }

    /// None is left.
    fn rest<T>(&mut self) -> Option<T> {
        (self.from, self.to) = (usize::MAX, 0);
        None
    }
}
