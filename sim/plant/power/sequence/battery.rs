//! A battery system on a bus: what its cells hold, and the bus that it holds up by itself.

use super::design::StorageDesign;
use super::state::State;
use super::supply::BatteryTally;
use super::timers::Cx;
use crate::kernel::{Span, Time};

/// The supply has been good for long enough.
const MAIN: u8 = 0;
/// The cells hold as much, or as little, as they are to.
const STORE: u8 = 1;
/// The cells hold enough to give again after a use has emptied them.
const REFILL: u8 = 2;
/// A battery that a use has emptied gives for it again once its cells hold this share of its energy
/// more. Without it two uses of opposite wishes, one that charges and one that gives, would take
/// turns within milliseconds. Assumption: energy management systems take 1 to 5 %.
const REFILLED: f64 = 0.03;
/// Lowest and highest voltage of a supply that holds the bus, pu: the continuous range of IEEE 1547
/// (from memory).
const WINDOW: (f64, f64) = (0.88, 1.10);

/// A battery system while it runs.
#[derive(Debug, Clone)]
pub(super) struct Battery {
    pub(super) design: StorageDesign,
    pub(super) state: State,
    /// A supply beside it holds the bus.
    good: bool,
    up: bool,
    /// In the cells, J, at `settled`.
    energy_j: f64,
    settled: Time,
    /// What the cells give and take, W, and between which energies they do.
    given_w: f64,
    charged_w: f64,
    bounds_j: (f64, f64),
    /// The energy at which a use has emptied it; none once it is refilled.
    emptied_j: Option<f64>,
    given_j: f64,
    taken_j: f64,
    gave_s: f64,
    held_js: f64,
}

impl Battery {
    pub(super) fn new(design: StorageDesign) -> Self {
        Self {
            state: State::Normal,
            good: true,
            up: true,
            energy_j: design.start_j,
            settled: Time::ZERO,
            given_w: 0.0,
            charged_w: 0.0,
            bounds_j: (design.least_j, design.most_j),
            emptied_j: None,
            given_j: 0.0,
            taken_j: 0.0,
            gave_s: 0.0,
            held_js: 0.0,
            design,
        }
    }

    /// Whether it holds its bus up.
    pub(super) fn is_holding(&self) -> bool {
        self.state == State::Islanded
    }

    /// Down to which energy it was emptied, and from which it gives anew, J; until it holds that.
    pub(super) fn refill_j(&self) -> Option<(f64, f64)> {
        self.emptied_j.map(|emptied_j| (emptied_j, emptied_j + REFILLED * self.design.energy_j))
    }

    fn settle(&mut self, now: Time) {
        let seconds = (now - self.settled).as_secs_f64();
        if seconds > 0.0 {
            let (given, taken) = (self.given_w * seconds, self.charged_w * seconds);
            let before = self.energy_j;
            self.given_j += given;
            self.taken_j += taken;
            self.energy_j += taken - given;
            self.held_js += 0.5 * (before + self.energy_j) * seconds;
            self.gave_s += if self.given_w > 0.0 { seconds } else { 0.0 };
        }
        self.settled = now;
    }

    /// Its cells at `now`.
    pub(super) fn tally(&self, now: Time) -> BatteryTally {
        let mut copy = self.clone();
        copy.settle(now);
        BatteryTally {
            energy_j: copy.energy_j,
            full_j: self.design.start_j,
            given_j: copy.given_j,
            taken_j: copy.taken_j,
            beyond_j: 0.0,
            gave_s: copy.gave_s,
            held_js: copy.held_js,
        }
    }

    /// Its cells give and take so much from now on, W, within these bounds, J.
    pub(super) fn set(&mut self, cx: &mut Cx<'_>, cells_w: (f64, f64), bounds_j: (f64, f64)) {
        if cells_w == (self.given_w, self.charged_w) && bounds_j == self.bounds_j {
            return;
        }
        self.settle(cx.now);
        let (given_w, charged_w) = cells_w;
        (self.given_w, self.charged_w, self.bounds_j) = (given_w, charged_w, bounds_j);
        cx.cancel(STORE);
        cx.cancel(REFILL);
        let after = |j: f64, w: f64| Span::from_secs_f64((j / w).max(0.0));
        if given_w > charged_w {
            cx.after(STORE, after(self.energy_j - bounds_j.0, given_w - charged_w));
        } else if charged_w > given_w {
            let net_w = charged_w - given_w;
            cx.after(STORE, after(bounds_j.1 - self.energy_j, net_w));
            if let Some((_, refilled_j)) = self.refill_j() {
                cx.after(REFILL, after(refilled_j - self.energy_j, net_w));
            }
        }
    }

    /// What is at its bus beside it.
    pub(super) fn look(&mut self, cx: &mut Cx<'_>, volts: f64) {
        let good = (WINDOW.0..=WINDOW.1).contains(&volts);
        if std::mem::replace(&mut self.good, good) == good || !self.up {
            return;
        }
        match (good, self.state) {
            (true, State::Islanded) => cx.after(MAIN, self.design.reconnect),
            (true, _) => self.become_state(cx, State::Normal),
            (false, State::Islanded) => cx.cancel(MAIN),
            (false, _) => self.take_over(cx),
        }
    }

    fn take_over(&mut self, cx: &mut Cx<'_>) {
        self.settle(cx.now);
        let holds = self.design.forms_grid && self.energy_j > self.design.least_j + 1.0;
        self.become_state(cx, if holds { State::Islanded } else { State::Off });
    }

    /// A timer of it has run out.
    pub(super) fn expire(&mut self, cx: &mut Cx<'_>, slot: u8) {
        if slot == MAIN {
            return self.become_state(cx, State::Normal);
        }
        self.settle(cx.now);
        if slot == REFILL {
            self.emptied_j = None;
            return;
        }
        let gives = self.given_w > self.charged_w;
        self.emptied_j = gives.then_some(self.bounds_j.0);
        // Until it is told anew.
        (self.given_w, self.charged_w) = (0.0, 0.0);
        cx.note(if gives { State::Empty } else { State::Full });
        if self.is_holding() {
            cx.cancel(MAIN);
            self.become_state(cx, if self.good { State::Normal } else { State::Off });
        }
    }

    /// It breaks, or is repaired.
    pub(super) fn set_up(&mut self, cx: &mut Cx<'_>, up: bool) {
        self.settle(cx.now);
        self.up = up;
        for slot in [MAIN, STORE, REFILL] {
            cx.cancel(slot);
        }
        (self.given_w, self.charged_w) = (0.0, 0.0);
        match (up, self.good) {
            (false, _) => self.become_state(cx, State::Failed),
            (true, true) => self.become_state(cx, State::Normal),
            (true, false) => self.take_over(cx),
        }
    }

    fn become_state(&mut self, cx: &mut Cx<'_>, state: State) {
        if self.state != state {
            self.state = state;
            cx.note(state);
        }
    }
}
