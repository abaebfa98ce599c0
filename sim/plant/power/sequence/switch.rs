//! Switches between two sources: transfer switches, and static ones.

use super::design::{StaticSwitchDesign, TransferDesign};
use super::dice::Question;
use super::key::Key;
use super::state::State;
use super::timers::Cx;
use crate::kernel::Span;

const MAIN: u8 = 0;

/// Which of its two sources a switch is on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Side {
    /// Normal, or preferred.
    Normal,
    /// Emergency, or alternate.
    Emergency,
}

/// What a transfer switch does next, when its timer runs out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Next {
    Call,
    Move(Side),
    Close(Side),
    /// Someone moves it by hand.
    Free(Side),
}

/// A transfer switch while it runs.
#[derive(Debug, Clone)]
pub(super) struct Transfer {
    design: TransferDesign,
    /// Its loads are taken block by block on the generators.
    pub(super) blocked: bool,
    pub(super) side: Side,
    pub(super) moving: bool,
    stuck: bool,
    pub(super) called: bool,
    good: [bool; 2],
    next: Next,
    pub(super) tally: SwitchTally,
}

/// What a switch has done since the start of the run.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct SwitchTally {
    /// Movements.
    pub transfers: u64,
    /// Movements that it owed.
    pub failures: u64,
}

impl Transfer {
    pub(super) fn new(design: TransferDesign, blocked: bool) -> Self {
        Self {
            design,
            blocked,
            side: Side::Normal,
            moving: false,
            stuck: false,
            called: false,
            good: [true, false],
            next: Next::Call,
            tally: SwitchTally::default(),
        }
    }

    /// The voltages of its sources, pu.
    pub(super) fn look(&mut self, cx: &mut Cx<'_>, sources_v: [f64; 2]) {
        let (low, high) = self.design.window;
        let mut good = self.good;
        for (good, v) in good.iter_mut().zip(sources_v) {
            let low = if *good { low } else { self.design.pickup };
            *good = (low..=high).contains(&v);
        }
        if good != self.good {
            self.good = good;
            if !self.moving && !self.stuck {
                self.decide(cx);
            }
        }
    }

    fn decide(&mut self, cx: &mut Cx<'_>) {
        cx.cancel(MAIN);
        let [normal, emergency] = self.good;
        match self.side {
            Side::Normal if normal => self.called = false,
            Side::Normal if !self.called => {
                self.after(cx, self.design.loss_confirm, Next::Call);
            }
            Side::Normal if emergency => {
                self.after(cx, self.design.emergency_stable, Next::Move(Side::Emergency));
            }
            Side::Emergency if normal && !emergency => self.go(cx, Side::Normal),
            Side::Emergency if normal => {
                let delay =
                    self.design.return_delay + self.design.closed_return.unwrap_or(Span::ZERO);
                self.after(cx, delay, Next::Move(Side::Normal));
            }
            _ => {}
        }
    }

    /// What it may still act on at rest.
    pub(super) fn put_state(&self, key: &mut Key) {
        let Self { design: _, blocked: _, side, moving, stuck, called, good, next: _, tally: _ } =
            self;
        key.put((side, moving, stuck, called, good));
    }

    fn after(&mut self, cx: &mut Cx<'_>, span: Span, next: Next) {
        self.next = next;
        cx.after(MAIN, span);
    }

    /// Its timer has run out.
    pub(super) fn expire(&mut self, cx: &mut Cx<'_>) {
        match self.next {
            Next::Call => {
                self.called = true;
                cx.note(State::LossConfirmed);
                if self.blocked {
                    // The breakers of the normal source open on a dead bus, at once.
                    self.side = Side::Emergency;
                    self.tally.transfers += 1;
                }
                self.decide(cx);
            }
            Next::Move(to) => self.go(cx, to),
            Next::Close(to) => {
                self.moving = false;
                self.arrive(cx, to);
            }
            Next::Free(to) => {
                self.stuck = false;
                if self.good[to as usize] && !self.good[self.side as usize] {
                    self.open(cx, to);
                } else {
                    self.decide(cx);
                }
            }
        }
    }

    fn go(&mut self, cx: &mut Cx<'_>, to: Side) {
        if self.design.fails > 0.0 && cx.ask(Question::Happens(self.design.fails)) == 1 {
            self.tally.failures += 1;
            self.stuck = true;
            cx.note(State::Stuck);
            return self.after(cx, self.design.by_hand, Next::Free(to));
        }
        let both = self.good == [true, true];
        if to == Side::Normal && self.design.closed_return.is_some() && both {
            return self.arrive(cx, to);
        }
        self.open(cx, to);
    }

    fn open(&mut self, cx: &mut Cx<'_>, to: Side) {
        self.moving = true;
        cx.note(State::Open);
        self.after(cx, self.design.transfer, Next::Close(to));
    }

    fn arrive(&mut self, cx: &mut Cx<'_>, to: Side) {
        self.side = to;
        self.tally.transfers += 1;
        let on = match to {
            Side::Normal => State::OnNormal,
            Side::Emergency => State::OnEmergency,
        };
        cx.note(on);
        if to == Side::Normal {
            self.called = false;
        }
        self.decide(cx);
    }
}

/// A static switch while it runs.
#[derive(Debug, Clone)]
pub(super) struct StaticSwitch {
    design: StaticSwitchDesign,
    pub(super) side: Side,
    pub(super) moving: bool,
    stuck: bool,
    refused: bool,
    good: [bool; 2],
    next: StaticNext,
    pub(super) tally: SwitchTally,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum StaticNext {
    Sensed(Side),
    Arrive(Side),
    Return,
    Free(Side),
}

impl StaticSwitch {
    pub(super) fn new(design: StaticSwitchDesign) -> Self {
        Self {
            design,
            side: Side::Normal,
            moving: false,
            stuck: false,
            refused: false,
            good: [true, true],
            next: StaticNext::Return,
            tally: SwitchTally::default(),
        }
    }

    /// Whether its alternate source is its own while it is used.
    pub(super) fn first_come(&self) -> bool {
        self.design.first_come
    }

    /// The voltages of its sources, pu.
    pub(super) fn look(&mut self, cx: &mut Cx<'_>, sources_v: [f64; 2]) {
        let (low, high) = self.design.window;
        let good = sources_v.map(|v| (low..=high).contains(&v));
        if good != self.good {
            self.good = good;
            if !self.moving && !self.stuck {
                self.decide(cx);
            }
        }
    }

    fn decide(&mut self, cx: &mut Cx<'_>) {
        cx.cancel(MAIN);
        self.refused = false;
        let other = match self.side {
            Side::Normal => Side::Emergency,
            Side::Emergency => Side::Normal,
        };
        if !self.good[self.side as usize] && self.good[other as usize] {
            self.after(cx, self.design.sense, StaticNext::Sensed(other));
        } else if self.side == Side::Emergency && self.good[Side::Normal as usize] {
            self.after(cx, self.design.retransfer, StaticNext::Return);
        }
    }

    /// What it may still act on at rest.
    pub(super) fn put_state(&self, key: &mut Key) {
        let Self { design: _, side, moving, stuck, refused, good, next: _, tally: _ } = self;
        key.put((side, moving, stuck, refused, good));
    }

    fn after(&mut self, cx: &mut Cx<'_>, span: Span, next: StaticNext) {
        self.next = next;
        cx.after(MAIN, span);
    }

    /// Its timer has run out; `free` says whether the reserve is.
    pub(super) fn expire(&mut self, cx: &mut Cx<'_>, free: bool) {
        match self.next {
            StaticNext::Sensed(Side::Emergency) if !free => {
                self.refused = true;
                cx.note(State::Refused);
            }
            StaticNext::Sensed(to) => {
                if self.design.fails > 0.0 && cx.ask(Question::Happens(self.design.fails)) == 1 {
                    self.tally.failures += 1;
                    self.stuck = true;
                    cx.note(State::Stuck);
                    return self.after(cx, self.design.by_hand, StaticNext::Free(to));
                }
                self.moving = true;
                self.after(cx, self.design.transfer, StaticNext::Arrive(to));
            }
            StaticNext::Arrive(to) => {
                self.moving = false;
                self.arrive(cx, to);
            }
            StaticNext::Return => self.arrive(cx, Side::Normal),
            StaticNext::Free(to) => {
                self.stuck = false;
                let free = free || to == Side::Normal;
                if free && self.good[to as usize] && !self.good[self.side as usize] {
                    self.arrive(cx, to);
                } else {
                    self.decide(cx);
                }
            }
        }
    }

    /// The reserve has become free.
    pub(super) fn freed(&mut self, cx: &mut Cx<'_>) {
        if self.refused {
            self.decide(cx);
        }
    }

    fn arrive(&mut self, cx: &mut Cx<'_>, to: Side) {
        self.side = to;
        self.tally.transfers += 1;
        cx.note(match to {
            Side::Normal => State::OnNormal,
            Side::Emergency => State::OnEmergency,
        });
        self.decide(cx);
    }
}
