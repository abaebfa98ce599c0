//! The clock of the machines of a power chain: timers that are armed and disarmed.
//!
//! Order is (time, class, arming): at one instant sources come before generators, these before
//! switches, these before UPSs and these before loads, whatever was declared first.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use crate::kernel::{Span, Time};

/// Who acts first among the timers of one instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Turn {
    /// Feeds: sags.
    Source,
    /// Generators and their bus.
    Generator,
    /// Transfer switches and blocks.
    Switch,
    /// UPSs and batteries.
    Ups,
    /// Racks and drives.
    Load,
}

/// Timers of a machine: at most this many.
pub(super) const SLOTS: usize = 7;

/// An armed timer: when it fires, its turn at that instant, its number, its owner and its slot.
type Armed = (Time, Turn, u64, u32, u8);

/// All armed timers, each named by its owner and one of the owner's slots.
#[derive(Debug, Clone)]
pub(super) struct Timers {
    heap: BinaryHeap<Reverse<Armed>>,
    /// By owner and slot: the number under which it is armed, 0 where it is not.
    armed: Vec<[u64; SLOTS]>,
    count: u64,
}

impl Timers {
    pub(super) fn new(owners: usize) -> Self {
        Self { heap: BinaryHeap::new(), armed: vec![[0; SLOTS]; owners], count: 0 }
    }

    /// Arms `slot` of `owner` for `at`, in place of what it was armed for.
    pub(super) fn arm(&mut self, owner: u32, slot: u8, at: Time, turn: Turn) {
        self.count += 1;
        self.armed[owner as usize][slot as usize] = self.count;
        self.heap.push(Reverse((at, turn, self.count, owner, slot)));
        self.drop_stale();
    }

    pub(super) fn disarm(&mut self, owner: u32, slot: u8) {
        self.armed[owner as usize][slot as usize] = 0;
        self.drop_stale();
    }

    pub(super) fn is_armed(&self, owner: u32, slot: u8) -> bool {
        self.armed[owner as usize][slot as usize] != 0
    }

    /// The instant of the next timer; [`Time::MAX`] where none is armed.
    pub(super) fn next_at(&self) -> Time {
        self.heap.peek().map_or(Time::MAX, |Reverse((at, ..))| *at)
    }

    /// Takes the next timer up to and including `now`: its instant, owner and slot.
    pub(super) fn pop(&mut self, now: Time) -> Option<(Time, u32, u8)> {
        if self.next_at() > now {
            return None;
        }
        let Reverse((at, _, _, owner, slot)) = self.heap.pop()?;
        self.armed[owner as usize][slot as usize] = 0;
        self.drop_stale();
        Some((at, owner, slot))
    }

    /// Keeps the top of the heap armed.
    fn drop_stale(&mut self) {
        while let Some(Reverse((_, _, number, owner, slot))) = self.heap.peek() {
            if self.armed[*owner as usize][*slot as usize] == *number {
                break;
            }
            self.heap.pop();
        }
    }
}

/// What a machine needs to act: the instant, its own timers, and the log.
#[derive(Debug)]
pub(super) struct Cx<'a> {
    pub(super) now: Time,
    pub(super) owner: u32,
    pub(super) turn: Turn,
    pub(super) timers: &'a mut Timers,
    pub(super) log: &'a mut Vec<super::Change>,
}

impl Cx<'_> {
    pub(super) fn after(&mut self, slot: u8, span: Span) {
        self.timers.arm(self.owner, slot, self.now + span, self.turn);
    }

    pub(super) fn at(&mut self, slot: u8, at: Time) {
        self.timers.arm(self.owner, slot, at.max(self.now), self.turn);
    }

    pub(super) fn cancel(&mut self, slot: u8) {
        self.timers.disarm(self.owner, slot);
    }

    pub(super) fn is_armed(&self, slot: u8) -> bool {
        self.timers.is_armed(self.owner, slot)
    }

    pub(super) fn note(&mut self, state: super::State) {
        self.log.push(super::Change { at: self.now, owner: self.owner, state });
    }
}
