//! Which flows have changed since they were last read, so that reading them costs what has changed
//! and not the size of the site.

use super::design::{PowerDesign, PowerLoad, PowerNode};

/// Components and loads whose flows may have changed, each once, in the order of the first change.
#[derive(Debug, Clone)]
pub struct Moved {
    nodes: Marked,
    loads: Marked,
}

/// Some of a number of things, or all of them.
#[derive(Debug, Clone)]
struct Marked {
    marked: Vec<bool>,
    list: Vec<u32>,
    all: bool,
}

impl Moved {
    /// Everything of `design`: nothing has been read yet.
    pub fn everything(design: &PowerDesign) -> Self {
        Self { nodes: Marked::all(design.nodes.len()), loads: Marked::all(design.loads.len()) }
    }

    #[inline]
    pub(super) fn mark_node(&mut self, node: usize) {
        self.nodes.mark(node);
    }

    #[inline]
    pub(super) fn mark_load(&mut self, load: usize) {
        self.loads.mark(load);
    }

    pub(super) fn mark_all(&mut self) {
        (self.nodes.all, self.loads.all) = (true, true);
    }

    /// Forgets all of it.
    pub(super) fn clear(&mut self) {
        self.nodes.clear();
        self.loads.clear();
    }

    /// Whether nothing has changed.
    pub fn is_empty(&self) -> bool {
        self.nodes.is_empty() && self.loads.is_empty()
    }

    /// The components whose output, limit or supply may have changed.
    pub fn nodes(&self) -> impl Iterator<Item = PowerNode> {
        self.nodes.iter().map(PowerNode)
    }

    /// The loads whose draw may have changed.
    pub fn loads(&self) -> impl Iterator<Item = PowerLoad> {
        self.loads.iter().map(PowerLoad)
    }
}

impl Marked {
    fn all(count: usize) -> Self {
        Self { marked: vec![false; count], list: Vec::new(), all: true }
    }

    #[inline]
    fn mark(&mut self, index: usize) {
        if !self.all && !std::mem::replace(&mut self.marked[index], true) {
            self.list.push(index as u32);
        }
    }

    fn clear(&mut self) {
        for index in self.list.drain(..) {
            self.marked[index as usize] = false;
        }
        self.all = false;
    }

    fn is_empty(&self) -> bool {
        !self.all && self.list.is_empty()
    }

    fn iter(&self) -> impl Iterator<Item = u32> {
        let all = if self.all { 0..self.marked.len() as u32 } else { 0..0 };
        let some: &[u32] = if self.all { &[] } else { &self.list };
        all.chain(some.iter().copied())
    }
}
