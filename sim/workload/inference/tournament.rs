//! The least of many keys that change one at a time.

/// A tournament: the keys are leaves of a binary tree whose inner nodes hold the lesser of
/// their two children.
///
/// Changing a key costs a comparison for each level up to the first that stays the same; the
/// least key is at hand, and its index costs a look at each level. Equal keys are won by the
/// lower index.
#[derive(Debug, Clone)]
pub(super) struct Tournament {
    /// Number of leaves, a power of two; those beyond the keys never win.
    leaves: usize,
    /// The root is node 1, the children of node `i` are `2 i` and `2 i + 1`.
    nodes: Vec<u64>,
}

impl Tournament {
    /// A tournament of `n` keys that are all [`u64::MAX`].
    pub(super) fn new(n: usize) -> Self {
        let leaves = n.next_power_of_two();
        Self { leaves, nodes: vec![u64::MAX; 2 * leaves] }
    }

    /// The least key.
    #[inline]
    pub(super) fn least(&self) -> u64 {
        self.nodes[1]
    }

    /// The index of the least key.
    #[inline]
    pub(super) fn winner(&self) -> usize {
        let least = self.least();
        let mut node = 1;
        while node < self.leaves {
            node = 2 * node + usize::from(self.nodes[2 * node] != least);
        }
        node - self.leaves
    }

    /// Changes the key at `index`.
    #[inline]
    pub(super) fn set(&mut self, index: usize, key: u64) {
        let mut node = self.leaves + index;
        let mut least = key;
        self.nodes[node] = key;
        while node > 1 {
            least = least.min(self.nodes[node ^ 1]);
            node /= 2;
            if self.nodes[node] == least {
                return;
            }
            self.nodes[node] = least;
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn the_winner_is_that_of_a_search(
            n in 1_usize..70,
            changes in prop::collection::vec((0_usize..70, 0_u64..50), 0..200),
        ) {
            let mut keys = vec![u64::MAX; n];
            let mut tournament = Tournament::new(n);
            for (index, key) in changes {
                keys[index % n] = key;
                tournament.set(index % n, key);
                let least = (0..n).map(|i| (keys[i], i)).min().unwrap();
                prop_assert_eq!((tournament.least(), tournament.winner()), least);
            }
        }
    }
}
