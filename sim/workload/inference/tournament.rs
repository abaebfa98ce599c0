//! The least of many keys that change one at a time.

/// A tournament: the keys are leaves of a binary tree whose inner nodes hold the better of
/// their two children.
///
/// Changing a key costs one comparison for each level; the least key is at hand. Equal keys
/// are won by the lower index.
#[derive(Debug, Clone)]
pub(super) struct Tournament {
    /// Number of leaves, a power of two; those beyond the keys never win.
    leaves: usize,
    /// The root is node 1, the children of node `i` are `2 i` and `2 i + 1`.
    nodes: Vec<(u64, u32)>,
}

impl Tournament {
    /// A tournament of `n` keys that are all [`u64::MAX`].
    pub(super) fn new(n: usize) -> Self {
        let leaves = n.next_power_of_two();
        let mut nodes = vec![(u64::MAX, 0); 2 * leaves];
        for index in 0..leaves {
            nodes[leaves + index].1 = index as u32;
        }
        for node in (1..leaves).rev() {
            nodes[node] = nodes[2 * node];
        }
        Self { leaves, nodes }
    }

    /// The least key and its index.
    pub(super) fn least(&self) -> (u64, usize) {
        let (key, index) = self.nodes[1];
        (key, index as usize)
    }

    /// Changes the key at `index`.
    pub(super) fn set(&mut self, index: usize, key: u64) {
        let mut node = self.leaves + index;
        self.nodes[node].0 = key;
        while node > 1 {
            node /= 2;
            let (left, right) = (self.nodes[2 * node], self.nodes[2 * node + 1]);
            self.nodes[node] = if right.0 < left.0 { right } else { left };
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
                prop_assert_eq!(tournament.least(), least);
            }
        }
    }
}
