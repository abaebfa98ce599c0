//! Prefixes that prompts share, and the memory in which a replica keeps them.
//!
//! Many prompts begin alike: with a system prompt, a template, a document that is asked about.
//! A replica that has the KV memory of such a beginning need not prefill it again. Replicas
//! keep prefixes in memory of their own, beside that of sequences; the one used longest ago
//! makes room. What a request finds is decided when it is admitted: all whole blocks of its
//! prefix, or nothing. A prefix is there for others from the admission of the first request
//! that brings it.

use std::collections::BTreeMap;
use std::sync::Arc;

/// The prefixes of a service and the room for them in a replica.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PrefixDesign {
    /// Tokens of each prefix.
    pub tokens: Vec<u32>,
    /// Tokens that a replica keeps at most.
    pub capacity: u64,
}

/// The prefixes that a replica has in memory.
///
/// Looking costs a read, using one that is there some tens of nanoseconds, and bringing one
/// that is not the same for each that makes room.
#[derive(Debug, Clone)]
pub(super) struct PrefixStore {
    design: Option<Arc<PrefixDesign>>,
    block_mask: u32,
    /// When each prefix was last used, counted in uses; none for those that are not there.
    used: Vec<Option<u64>>,
    /// Those that are there by last use.
    order: BTreeMap<u64, u32>,
    uses: u64,
    held: u64,
}

impl PrefixStore {
    /// An empty store of blocks of `block_tokens`; without `design` it never finds anything.
    pub(super) fn new(design: Option<&Arc<PrefixDesign>>, block_tokens: u32) -> Self {
        Self {
            design: design.cloned(),
            block_mask: block_tokens - 1,
            used: vec![None; design.map_or(0, |design| design.tokens.len())],
            order: BTreeMap::new(),
            uses: 0,
            held: 0,
        }
    }

    /// Tokens of prefix `prefix`, counted from 1, that a prompt of `prompt` tokens would find:
    /// whole blocks, and never the whole prompt.
    #[inline]
    pub(super) fn look(&self, prefix: u32, prompt: u32) -> u32 {
        let Some(index) = (prefix as usize).checked_sub(1) else { return 0 };
        let Some(design) = &self.design else { return 0 };
        match self.used[index] {
            Some(_) => design.tokens[index].min(prompt - 1) & !self.block_mask,
            None => 0,
        }
    }

    /// Brings prefix `prefix`, or uses it again.
    #[inline]
    pub(super) fn touch(&mut self, prefix: u32) {
        if prefix > 0 {
            self.bring(prefix as usize - 1);
        }
    }

    fn bring(&mut self, index: usize) {
        let Some(design) = &self.design else { return };
        let tokens = u64::from(design.tokens[index]);
        if tokens > design.capacity {
            return;
        }
        self.uses += 1;
        match self.used[index].replace(self.uses) {
            Some(before) => {
                self.order.remove(&before);
            }
            None => {
                self.held += tokens;
                while self.held > design.capacity {
                    let (_, oldest) = self.order.pop_first().expect("what is held is in order");
                    self.used[oldest as usize] = None;
                    self.held -= u64::from(design.tokens[oldest as usize]);
                }
            }
        }
        self.order.insert(self.uses, index as u32);
    }

    /// Forgets all.
    pub(super) fn clear(&mut self) {
        self.used.fill(None);
        self.order.clear();
        self.held = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_prefix_used_longest_ago_makes_room() {
        let design = PrefixDesign { tokens: vec![40, 40, 40, 1000], capacity: 100 };
        let mut store = PrefixStore::new(Some(&Arc::new(design)), 16);
        assert_eq!(store.look(1, 500), 0);
        store.touch(1);
        store.touch(2);
        // Whole blocks of sixteen, and never all of a prompt.
        assert_eq!([1, 2, 3].map(|prefix| store.look(prefix, 500)), [32, 32, 0]);
        assert_eq!([33, 32, 17, 16].map(|prompt| store.look(1, prompt)), [32, 16, 16, 0]);
        store.touch(1);
        store.touch(3);
        assert_eq!([1, 2, 3].map(|prefix| store.look(prefix, 500)), [32, 0, 32]);
        // What is larger than the memory is never kept, and drives nobody out.
        store.touch(4);
        assert_eq!([1, 3, 4].map(|prefix| store.look(prefix, 5000)), [32, 32, 0]);
        store.clear();
        assert_eq!([1, 2, 3].map(|prefix| store.look(prefix, 500)), [0, 0, 0]);
    }
}
