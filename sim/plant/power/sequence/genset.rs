//! A generator: standing, cranking, running, cooling down, broken.

use super::design::GensetDesign;
use super::dice::Question;
use super::key::Key;
use super::state::State;
use super::timers::Cx;
use crate::kernel::{Span, Time};

/// The next step of the start, of the cooldown or of a repair.
const MAIN: u8 = 0;
/// It breaks while it runs.
const BREAKS: u8 = 1;
/// Its next test.
const TEST: u8 = 2;
/// Its tank is empty.
const EMPTY: u8 = 3;

/// A generator while it runs.
#[derive(Debug, Clone)]
pub(super) struct Genset {
    design: GensetDesign,
    pub(super) state: State,
    /// How many ask it to run.
    called: bool,
    attempt: u8,
    /// The crank that fires, of the call it answers; none where it never will.
    fires_at: Option<u8>,
    /// The same for the next call, as injected.
    pub(super) injected: Option<Option<u8>>,
    /// What keeps several sets from starting keeps it from the call it answers.
    pub(super) struck: bool,
    /// Someone else repairs it, and says when it is [mended](Self::mend).
    pub(super) has_crew: bool,
    /// When it has failed in silence while it stood; [`Time::MAX`] where it has not.
    latent_at: Time,
    /// Its output, W.
    pub(super) load_w: f64,
    fuel_m3: f64,
    settled: Time,
    pub(super) tally: GensetTally,
}

/// What a generator has done since the start of the run.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct GensetTally {
    /// Calls that it answered.
    pub starts: u64,
    /// Calls that it did not.
    pub failures_to_start: u64,
    /// Breakdowns while it ran.
    pub failures: u64,
    /// Tests.
    pub tests: u64,
    /// Seconds of running.
    pub run_s: f64,
    /// Fuel burnt, m3.
    pub fuel_m3: f64,
    /// Energy given, J.
    pub given_j: f64,
}

impl Genset {
    pub(super) fn new(design: GensetDesign) -> Self {
        Self {
            design,
            state: if design.prime { State::Available } else { State::Standby },
            called: design.prime,
            attempt: 0,
            fires_at: None,
            injected: None,
            struck: false,
            has_crew: false,
            latent_at: Time::MAX,
            load_w: 0.0,
            fuel_m3: design.fuel.map_or(0.0, |fuel| fuel.tank_m3),
            settled: Time::ZERO,
            tally: GensetTally::default(),
        }
    }

    /// Its first timers.
    pub(super) fn start(&mut self, cx: &mut Cx<'_>) {
        self.stand_still(cx);
        if self.design.test_every < Span::MAX {
            cx.after(TEST, self.design.test_every);
        }
        if self.design.prime {
            self.arm_running(cx);
        }
    }

    /// Whether it is at rated speed and voltage, and may carry load.
    pub(super) fn is_available(&self) -> bool {
        self.state == State::Available
    }

    /// Whether it turns at rated speed, with load or without.
    pub(super) fn is_turning(&self) -> bool {
        matches!(self.state, State::Available | State::Cooldown)
    }

    /// Whether a call now would make it crank.
    pub(super) fn would_crank(&self) -> bool {
        !self.called && self.state == State::Standby
    }

    /// The part of its chance not to start that is left to it alone.
    pub(super) fn starts_alone(&mut self, part: f64) -> f64 {
        let fails = self.design.fails;
        self.design.fails *= part;
        fails
    }

    /// It is called to run, or is no longer.
    pub(super) fn call(&mut self, cx: &mut Cx<'_>, called: bool) {
        if called == self.called || self.design.prime {
            return;
        }
        self.called = called;
        if called { self.answer(cx) } else { self.stop(cx) }
    }

    fn answer(&mut self, cx: &mut Cx<'_>) {
        match self.state {
            State::Cooldown => {
                cx.cancel(MAIN);
                self.become_state(cx, State::Available);
            }
            State::Standby => {
                self.fires_at = self.draw_firing(cx);
                self.attempt = 0;
                self.crank(cx);
            }
            _ => {}
        }
    }

    /// Whether it answers, and with which crank.
    fn draw_firing(&mut self, cx: &mut Cx<'_>) -> Option<u8> {
        if let Some(injected) = self.injected.take() {
            return injected;
        }
        let kept = std::mem::take(&mut self.struck) | (cx.now >= self.latent_at);
        match cx.ask(Question::firing(&self.design, kept)) {
            0 => None,
            crank => Some(crank as u8),
        }
    }

    fn crank(&mut self, cx: &mut Cx<'_>) {
        self.attempt += 1;
        self.become_state(cx, State::Crank(self.attempt));
        let fires = self.fires_at == Some(self.attempt);
        cx.after(MAIN, if fires { self.design.fires } else { self.design.crank });
    }

    fn stop(&mut self, cx: &mut Cx<'_>) {
        match self.state {
            State::Available => {
                self.become_state(cx, State::Cooldown);
                cx.after(MAIN, self.design.cooldown);
            }
            State::Crank(_) | State::Rest | State::RunUp => {
                cx.cancel(MAIN);
                self.stand(cx);
            }
            _ => {}
        }
    }

    fn stand(&mut self, cx: &mut Cx<'_>) {
        self.become_state(cx, State::Standby);
        self.stand_still(cx);
        self.fill();
        if self.called {
            self.answer(cx);
        }
    }

    /// Its tank is filled while it stands, or is repaired: an assumption.
    fn fill(&mut self) {
        self.fuel_m3 = self.design.fuel.map_or(0.0, |fuel| fuel.tank_m3);
    }

    /// From now on it may fail in silence.
    fn stand_still(&mut self, cx: &mut Cx<'_>) {
        if self.design.latent_rate_per_s > 0.0 {
            let fails = Question::Waits { mean_s: 1.0 / self.design.latent_rate_per_s };
            self.latent_at = cx.now + Span::from_nanos(cx.ask(fails));
        }
    }

    /// A timer of it has run out.
    pub(super) fn expire(&mut self, cx: &mut Cx<'_>, slot: u8) {
        match (slot, self.state) {
            (MAIN, State::Crank(attempt)) => {
                if self.fires_at == Some(attempt) {
                    self.become_state(cx, State::RunUp);
                    cx.after(MAIN, self.design.start - self.design.fires);
                } else if attempt < self.design.cranks {
                    self.become_state(cx, State::Rest);
                    cx.after(MAIN, self.design.rest);
                } else {
                    self.tally.failures_to_start += 1;
                    self.become_state(cx, State::FailedToStart);
                    self.repair(cx);
                }
            }
            (MAIN, State::Rest) => self.crank(cx),
            (MAIN, State::RunUp) => {
                self.tally.starts += 1;
                self.become_state(cx, State::Available);
                self.arm_running(cx);
            }
            (MAIN, State::Cooldown) => {
                cx.cancel(BREAKS);
                cx.cancel(EMPTY);
                self.stand(cx);
            }
            (MAIN, _) if self.design.prime => {
                // Repaired: it is run up and joins the others.
                self.fill();
                self.become_state(cx, State::RunUp);
                cx.after(MAIN, self.design.start);
            }
            (MAIN, _) => self.stand(cx),
            (TEST, state) => {
                cx.after(TEST, self.design.test_every);
                if state == State::Standby {
                    self.tally.tests += 1;
                    if cx.now >= self.latent_at {
                        self.become_state(cx, State::FoundFailed);
                        self.repair(cx);
                    }
                }
            }
            (BREAKS, _) => self.fail(cx),
            (EMPTY, _) => {
                self.become_state(cx, State::OutOfFuel);
                cx.cancel(BREAKS);
                // It is refuelled and stands ready after as long as a repair takes.
                self.repair(cx);
            }
            _ => unreachable!("a generator has four timers, got {slot}"),
        }
    }

    /// It breaks now; an exponential or lognormal time of repair follows.
    pub(super) fn fail(&mut self, cx: &mut Cx<'_>) {
        self.tally.failures += 1;
        self.break_down(cx);
        self.repair(cx);
    }

    /// It is broken until [`mend`](Self::mend).
    pub(super) fn break_down(&mut self, cx: &mut Cx<'_>) {
        for slot in [MAIN, BREAKS, EMPTY] {
            cx.cancel(slot);
        }
        // Whom a crew comes to repair is broken already.
        if !self.state.is_breakdown() {
            self.become_state(cx, State::Failed);
        }
    }

    /// It stands ready again, or runs where it always does.
    pub(super) fn mend(&mut self, cx: &mut Cx<'_>) {
        cx.after(MAIN, Span::ZERO);
    }

    fn repair(&mut self, cx: &mut Cx<'_>) {
        if self.has_crew {
            return;
        }
        cx.after_chance(MAIN, Question::Repair(self.design.repair));
    }

    fn arm_running(&mut self, cx: &mut Cx<'_>) {
        if self.design.run_rate_per_s > 0.0 {
            cx.after_chance(BREAKS, Question::Waits { mean_s: 1.0 / self.design.run_rate_per_s });
        }
        self.plan_fuel(cx);
    }

    fn become_state(&mut self, cx: &mut Cx<'_>, state: State) {
        self.settle(cx.now);
        self.state = state;
        if !self.is_turning() {
            self.load_w = 0.0;
        }
        cx.note(state);
    }

    /// What it may still act on at rest beside its tank: a call begins its cranks anew.
    pub(super) fn put_state(&self, key: &mut Key) {
        let Self {
            design: _,
            state,
            called,
            attempt: _,
            fires_at: _,
            injected,
            struck,
            has_crew: _,
            latent_at,
            load_w,
            fuel_m3: _,
            settled: _,
            tally: _,
        } = self;
        key.put((state, called, injected, struck, latent_at));
        key.put_f64(*load_w);
    }

    /// Forgets at rest when it came to it; that was `now`.
    pub(super) fn forget_past(&mut self, now: Time) {
        self.settled = now;
    }

    /// Whether it has a tank that can be empty, and runs on it or will before it is filled.
    pub(super) fn draws_on_its_tank(&self) -> bool {
        let is_finite = self.design.fuel.is_some_and(|fuel| fuel.tank_m3.is_finite());
        is_finite && (self.is_turning() || self.design.prime)
    }

    /// How long it runs from a full tank at an output of `w` watts.
    pub(super) fn tank_lasts(&self, w: f64) -> Span {
        let Some(fuel) = self.design.fuel.filter(|fuel| fuel.tank_m3.is_finite()) else {
            return Span::MAX;
        };
        match fuel.burn_m3_per_s(w) {
            burn if burn > 0.0 => Span::from_secs_f64(fuel.tank_m3 / burn),
            _ => Span::MAX,
        }
    }

    /// Its output is `load_w` from now on.
    pub(super) fn set_load(&mut self, cx: &mut Cx<'_>, load_w: f64) {
        if load_w != self.load_w && self.is_turning() {
            self.settle(cx.now);
            self.load_w = load_w;
            self.plan_fuel(cx);
        }
    }

    /// Fuel and energy up to `now`.
    pub(super) fn settle(&mut self, now: Time) {
        let seconds = (now - self.settled).as_secs_f64();
        self.settled = now;
        if !self.is_turning() || seconds == 0.0 {
            return;
        }
        self.tally.run_s += seconds;
        self.tally.given_j += self.load_w * seconds;
        if let Some(fuel) = self.design.fuel {
            let burnt = fuel.burn_m3_per_s(self.load_w) * seconds;
            self.tally.fuel_m3 += burnt;
            self.fuel_m3 -= burnt;
        }
    }

    fn plan_fuel(&mut self, cx: &mut Cx<'_>) {
        let Some(fuel) = self.design.fuel.filter(|fuel| fuel.tank_m3.is_finite()) else { return };
        let burn = fuel.burn_m3_per_s(self.load_w);
        cx.cancel(EMPTY);
        if burn > 0.0 && self.is_turning() {
            cx.when_empty(EMPTY, Span::from_secs_f64(self.fuel_m3.max(0.0) / burn));
        }
    }
}
