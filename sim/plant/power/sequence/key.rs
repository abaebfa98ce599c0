//! What tells two states of a chain apart, byte by byte.

use std::hash::{Hash, Hasher};

/// The bytes of what tells two states apart.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Key(Vec<u8>);

impl Key {
    /// How many bytes it has.
    pub(crate) fn bytes(&self) -> usize {
        self.0.len()
    }

    pub(super) fn put(&mut self, what: impl Hash) {
        what.hash(self);
    }

    pub(super) fn put_f64(&mut self, value: f64) {
        self.put(value.to_bits());
    }
}

/// Writes down what is hashed in place of mixing it.
impl Hasher for Key {
    fn write(&mut self, bytes: &[u8]) {
        self.0.extend_from_slice(bytes);
    }

    fn finish(&self) -> u64 {
        unreachable!("a key is compared as a whole")
    }
}
