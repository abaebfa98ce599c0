//! What a scheduler gives out: nodes of which only the number counts, or nodes that jobs share.

use super::Places;
use crate::workload::training::placement::{self, Sharing, share};

/// What is free, now or at another time.
pub trait Room: Clone + PartialEq + std::fmt::Debug {
    /// What a job gets of it.
    type Taken: Clone + std::fmt::Debug;

    /// Whether what has room at each of two times has it at both, as where nodes are alike.
    const IS_COUNTED: bool;

    /// Whether a job of so many nodes, or places of them, has room. One that needs more never has
    /// where this one has not.
    fn fits(&self, nodes: usize) -> bool;

    /// The same in what is free both here and in `other`.
    fn fits_both(&self, other: &Self, nodes: usize) -> bool;

    /// What it would get, where it fits.
    fn choose(&self, nodes: usize) -> Option<Self::Taken>;

    /// Takes out what is free.
    fn take(&mut self, taken: &Self::Taken);

    /// Puts back what was taken.
    fn give(&mut self, taken: &Self::Taken);

    /// Leaves what is free both here and in `other`.
    fn meet(&mut self, other: &Self);

    /// Whether nothing is free.
    fn is_full(&self) -> bool;

    /// Takes out of both what they have in common; whether there was any.
    fn cancel(a: &mut Self::Taken, b: &mut Self::Taken) -> bool;

    /// Whether nothing is left of it.
    fn is_nothing(taken: &Self::Taken) -> bool;

    /// Tells which nodes a job gets, where that has been chosen.
    fn tell(taken: Self::Taken, out: &mut Vec<Places>);
}

/// Free nodes that are all alike.
impl Room for usize {
    type Taken = usize;

    const IS_COUNTED: bool = true;

    fn fits(&self, nodes: usize) -> bool {
        nodes <= *self
    }

    fn fits_both(&self, other: &Self, nodes: usize) -> bool {
        nodes <= (*self).min(*other)
    }

    fn choose(&self, nodes: usize) -> Option<usize> {
        self.fits(nodes).then_some(nodes)
    }

    fn take(&mut self, taken: &usize) {
        *self -= taken;
    }

    fn give(&mut self, taken: &usize) {
        *self += taken;
    }

    fn meet(&mut self, other: &Self) {
        *self = (*self).min(*other);
    }

    fn is_full(&self) -> bool {
        *self == 0
    }

    fn cancel(a: &mut usize, b: &mut usize) -> bool {
        let common = (*a).min(*b);
        *a -= common;
        *b -= common;
        common > 0
    }

    fn is_nothing(taken: &usize) -> bool {
        *taken == 0
    }

    fn tell(_: usize, _: &mut Vec<Places>) {}
}

/// Nodes that jobs share. A job of fewer places than a node has needs as many of one node, any other
/// whole nodes: who may start depends on which nodes are free, not on how many.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::workload::training) struct SharedNodes {
    /// Which nodes a job gets.
    pub(in crate::workload::training) rule: Sharing,
    /// Places of a node.
    pub(in crate::workload::training) per_node: usize,
    /// How many of them are free, by node.
    pub(in crate::workload::training) free: Vec<usize>,
    /// How many places jobs may yet take in all.
    pub(in crate::workload::training) left: usize,
}

impl Room for SharedNodes {
    type Taken = Places;

    const IS_COUNTED: bool = false;

    fn fits(&self, nodes: usize) -> bool {
        nodes <= self.left && placement::fits(self.free.iter().copied(), self.per_node, nodes)
    }

    fn fits_both(&self, other: &Self, nodes: usize) -> bool {
        let free = self.free.iter().zip(&other.free).map(|(&a, &b)| a.min(b));
        nodes <= self.left.min(other.left) && placement::fits(free, self.per_node, nodes)
    }

    fn choose(&self, nodes: usize) -> Option<Places> {
        self.fits(nodes).then(|| share(self.rule, &self.free, self.per_node, nodes)).flatten()
    }

    fn take(&mut self, taken: &Places) {
        for &(node, count) in taken {
            self.free[node] -= count;
            // What is set aside for a job may be free of nodes that others do not yet leave it the number of.
            self.left = self.left.saturating_sub(count);
        }
    }

    fn give(&mut self, taken: &Places) {
        for &(node, count) in taken {
            self.free[node] += count;
            self.left += count;
        }
    }

    fn meet(&mut self, other: &Self) {
        for (free, other) in self.free.iter_mut().zip(&other.free) {
            *free = (*free).min(*other);
        }
        self.left = self.left.min(other.left);
    }

    fn is_full(&self) -> bool {
        !self.fits(1)
    }

    fn cancel(a: &mut Places, b: &mut Places) -> bool {
        let mut any = false;
        for (node, count) in a.iter_mut() {
            for (_, other) in b.iter_mut().filter(|(other, _)| other == node) {
                any |= usize::cancel(count, other);
            }
        }
        any
    }

    fn is_nothing(taken: &Places) -> bool {
        taken.iter().all(|&(_, count)| count == 0)
    }

    fn tell(taken: Places, out: &mut Vec<Places>) {
        out.push(taken);
    }
}
