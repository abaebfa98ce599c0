//! The clock of the machines of a power chain: timers that are armed and disarmed.
//!
//! Order is (time, class, arming): at one instant sources come before generators, these before
//! switches, these before UPSs and these before loads, whatever was declared first.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::dice::{Alarm, Deed, Dice, Question};
use super::key::Key;
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

/// What decides when a timer runs out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Goes {
    /// By a span that is always the same, or follows from what went before.
    Clockwork,
    /// By chance.
    Chance,
    /// By what is left in a tank.
    Tank,
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
    goes: Vec<[Goes; SLOTS]>,
    count: u64,
    /// How many are armed, by what they go.
    running: [u32; 3],
}

impl Timers {
    pub(super) fn new(owners: usize) -> Self {
        Self {
            heap: BinaryHeap::new(),
            armed: vec![[0; SLOTS]; owners],
            goes: vec![[Goes::Clockwork; SLOTS]; owners],
            count: 0,
            running: [0; 3],
        }
    }

    /// Arms `slot` of `owner` for `at`, in place of what it was armed for.
    pub(super) fn arm(&mut self, (owner, slot): (u32, u8), at: Time, turn: Turn, goes: Goes) {
        self.forget(owner, slot);
        self.count += 1;
        self.armed[owner as usize][slot as usize] = self.count;
        self.goes[owner as usize][slot as usize] = goes;
        self.running[goes as usize] += 1;
        self.heap.push(Reverse((at, turn, self.count, owner, slot)));
        self.drop_stale();
    }

    pub(super) fn disarm(&mut self, owner: u32, slot: u8) {
        self.forget(owner, slot);
        self.drop_stale();
    }

    fn forget(&mut self, owner: u32, slot: u8) {
        if let Some(goes) = self.runs(owner, slot) {
            self.running[goes as usize] -= 1;
            self.armed[owner as usize][slot as usize] = 0;
        }
    }

    pub(super) fn is_armed(&self, owner: u32, slot: u8) -> bool {
        self.armed[owner as usize][slot as usize] != 0
    }

    /// By what a timer goes, where it is armed.
    pub(super) fn runs(&self, owner: u32, slot: u8) -> Option<Goes> {
        let (owner, slot) = (owner as usize, slot as usize);
        (self.armed[owner][slot] != 0).then(|| self.goes[owner][slot])
    }

    /// How many timers are armed that go by `goes`.
    pub(super) fn running(&self, goes: Goes) -> u32 {
        self.running[goes as usize]
    }

    /// The instant of the next timer; [`Time::MAX`] where none is armed.
    pub(super) fn next_at(&self) -> Time {
        self.heap.peek().map_or(Time::MAX, |Reverse((at, ..))| *at)
    }

    /// Takes the next timer up to and including `now`: its instant, owner, slot, and by what it went.
    pub(super) fn pop(&mut self, now: Time) -> Option<(Time, u32, u8, Goes)> {
        if self.next_at() > now {
            return None;
        }
        let Reverse((at, _, _, owner, slot)) = self.heap.pop()?;
        let goes = self.goes[owner as usize][slot as usize];
        self.forget(owner, slot);
        self.drop_stale();
        Some((at, owner, slot, goes))
    }

    /// Takes all timers, where all go by chance, in the order in which they would run out.
    pub(super) fn take(&mut self) -> Vec<(Time, Alarm)> {
        debug_assert_eq!(self.running[..], [0, self.running[Goes::Chance as usize], 0]);
        let mut all = Vec::new();
        while let Some((at, owner, slot, _)) = self.pop(Time::MAX) {
            all.push((at, Alarm { owner, slot }));
        }
        all
    }

    /// What the timers of an owner take, bytes.
    pub(super) const fn bytes_each() -> usize {
        size_of::<[u64; SLOTS]>() + size_of::<[Goes; SLOTS]>()
    }

    /// Which timers run, and by what.
    pub(super) fn put_state(&self, key: &mut Key) {
        for (armed, goes) in self.armed.iter().zip(&self.goes) {
            for (number, goes) in armed.iter().zip(goes) {
                key.put(if *number == 0 { 0 } else { 1 + *goes as u8 });
            }
        }
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

/// What a machine needs to act: the instant, its own timers, chance, and the log.
#[derive(Debug)]
pub(super) struct Cx<'a> {
    pub(super) now: Time,
    pub(super) owner: u32,
    pub(super) turn: Turn,
    pub(super) timers: &'a mut Timers,
    pub(super) dice: &'a mut Dice,
    pub(super) log: &'a mut Vec<super::Change>,
}

impl Cx<'_> {
    pub(super) fn after(&mut self, slot: u8, span: Span) {
        self.at(slot, self.now + span);
    }

    pub(super) fn at(&mut self, slot: u8, at: Time) {
        self.arm(slot, at, Goes::Clockwork);
    }

    /// After as long as chance says.
    pub(super) fn after_chance(&mut self, slot: u8, question: Question) {
        let span = self.ask(question);
        self.arm(slot, self.now + Span::from_nanos(span), Goes::Chance);
        self.dice.note(Deed::Armed(self.alarm(slot)));
    }

    /// When a tank is empty.
    pub(super) fn when_empty(&mut self, slot: u8, span: Span) {
        self.arm(slot, self.now + span, Goes::Tank);
    }

    fn arm(&mut self, slot: u8, at: Time, goes: Goes) {
        self.let_go(slot);
        self.timers.arm((self.owner, slot), at.max(self.now), self.turn, goes);
    }

    pub(super) fn cancel(&mut self, slot: u8) {
        self.let_go(slot);
        self.timers.disarm(self.owner, slot);
    }

    /// Notes that a timer that goes by chance no longer does.
    fn let_go(&mut self, slot: u8) {
        if self.timers.runs(self.owner, slot) == Some(Goes::Chance) {
            self.dice.note(Deed::Disarmed(self.alarm(slot)));
        }
    }

    fn alarm(&self, slot: u8) -> Alarm {
        Alarm { owner: self.owner, slot }
    }

    pub(super) fn is_armed(&self, slot: u8) -> bool {
        self.timers.is_armed(self.owner, slot)
    }

    /// Leaves something to chance.
    pub(super) fn ask(&mut self, question: Question) -> u64 {
        self.dice.ask(self.owner, question)
    }

    pub(super) fn note(&mut self, state: super::State) {
        self.log.push(super::Change { at: self.now, owner: self.owner, state });
    }
}
