//! What an instant has changed and is still to be carried on.

use super::Event;
use super::design::Design;
use super::racks::HallEvents;
use crate::control::RAISE_AFTER;
use crate::kernel::{Agenda, Class, Time};

/// What has changed and is still to be carried on.
#[derive(Debug)]
pub(super) struct Changed {
    /// Racks that want another power.
    pub(super) demands: Marks,
    /// Racks that the plant offers something else.
    pub(super) offers: Marks,
    /// Racks that draw another power.
    pub(super) draws: Marks,
    /// Loops with another heat, air or supply of power.
    pub(super) loops: Marks,
    /// Loops that have been looked at in this instant.
    pub(super) touched: Marks,
    /// Workloads that have been offered something in this pass.
    pub(super) works: Marks,
    /// Racks that stood otherwise at some time in this instant than when that was last told.
    pub(super) turned: Marks,
    /// Racks whose offers are held.
    pub(super) held: Marks,
    /// Loops with machines whose shares are held.
    pub(super) held_loops: Marks,
    /// An offer or a share that may only fall has fallen in this pass.
    pub(super) fell: bool,
    /// What happened to the racks of each hall within the instant.
    pub(super) halls: Vec<HallEvents>,
}

/// A set of indices, drained in the order of marking.
#[derive(Debug, Clone, Default)]
pub(super) struct Marks {
    marked: Vec<bool>,
    list: Vec<u32>,
}

impl Marks {
    pub(super) fn all(count: usize) -> Self {
        Self { marked: vec![true; count], list: (0..count as u32).collect() }
    }

    fn none(count: usize) -> Self {
        Self { marked: vec![false; count], list: Vec::new() }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// Whether `index` is marked.
    pub(super) fn has(&self, index: u32) -> bool {
        self.marked[index as usize]
    }

    /// The marked indices, in the order of marking.
    pub(super) fn marked(&self) -> &[u32] {
        &self.list
    }

    #[inline]
    pub(super) fn mark(&mut self, index: u32) {
        if !std::mem::replace(&mut self.marked[index as usize], true) {
            self.list.push(index);
        }
    }

    /// Takes the marked indices; give the list back with [`reuse`](Self::reuse).
    pub(super) fn take(&mut self) -> Vec<u32> {
        for &index in &self.list {
            self.marked[index as usize] = false;
        }
        std::mem::take(&mut self.list)
    }

    /// Keeps the memory of a taken list for the next instant.
    pub(super) fn reuse(&mut self, mut list: Vec<u32>) {
        if self.list.is_empty() {
            list.clear();
            self.list = list;
        }
    }
}

impl Changed {
    /// At the start of a run everything has changed.
    pub(super) fn all(design: &Design) -> Self {
        let racks = design.racks.len();
        Self {
            demands: Marks::all(racks),
            offers: Marks::all(racks),
            draws: Marks::all(racks),
            loops: Marks::all(design.loops.len()),
            touched: Marks::none(design.loops.len()),
            works: Marks::all(design.works.len()),
            turned: Marks::none(racks),
            held: Marks::none(racks),
            held_loops: Marks::none(design.loops.len()),
            fell: false,
            halls: vec![HallEvents::default(); design.halls.len()],
        }
    }

    /// A workload has been told something and decides when the instant is settled.
    pub(super) fn work(&mut self, index: usize) {
        self.works.mark(index as u32);
    }

    /// Something has changed for a loop or what hangs on it.
    pub(super) fn cooling(&mut self, index: u32) {
        self.loops.mark(index);
    }

    /// The air has changed for every loop.
    pub(super) fn all_loops(&mut self) {
        for index in 0..self.loops.marked.len() {
            self.loops.mark(index as u32);
        }
    }

    /// An offer or a share is about to be held: all are raised together some time after the first.
    pub(super) fn hold(&self, now: Time, agenda: &mut Agenda<Event>) {
        if self.held.is_empty() && self.held_loops.is_empty() {
            agenda.push(now + RAISE_AFTER, Class::Control, Event::Raise);
        }
    }

    /// Whether nothing is left to carry on.
    pub(super) fn settled(&self) -> bool {
        [&self.demands, &self.offers, &self.draws, &self.loops].iter().all(|marks| marks.is_empty())
    }
}
