//! A UPS: on its input, on its battery, and between the two.

use std::collections::VecDeque;

use super::design::{PassingDesign, Strikes, UpsDesign};
use super::key::Key;
use super::state::State;
use super::supply::{BatteryTally, Drive, Supply};
use super::timers::Cx;
use crate::kernel::{Span, Time};

/// Requalification, then the end of the walk-in or of a latch.
const MAIN: u8 = 0;
/// The battery comes to its end: empty or full.
const STORE: u8 = 1;
/// The next step of the walk-in.
const STEP: u8 = 2;
/// It has stood its overload for as long as it can, or has shown that it cannot for 200 ms.
const DOSE: u8 = 3;
/// The dose of its overloads is forgotten.
const RESET: u8 = 4;
/// Its inverter takes the load that it passed on.
const TAKE: u8 = 5;
/// It passes its load on again.
const PASS: u8 = 6;
/// So many returns to passing on within an hour keep it from another (assumption).
const MOST_RETURNS: usize = 3;
/// How long the inverter limits its current before it gives up, where no bypass takes the load
/// (assumption).
const CURRENT_LIMIT: Span = Span::from_nanos(200_000_000);
/// So many transfers for overload within an hour lock it on its bypass (Staco FirstLine).
const MOST_OVERLOADS: usize = 3;
const WITHIN: Span = Span::from_secs(3600);

/// A UPS while it runs.
#[derive(Debug, Clone)]
pub(super) struct Ups {
    design: UpsDesign,
    pub(super) state: State,
    /// Its input is within its window.
    good: bool,
    /// The input that its bypass passes on.
    input_v: f64,
    on_generator: bool,
    /// Its output, W.
    load_w: f64,
    /// In the battery, J, at `settled`.
    energy_j: f64,
    settled: Time,
    /// What recharging would draw at the input, W; zero where nothing is to be recharged.
    charge_w: f64,
    /// What it does draw.
    charger_w: f64,
    /// It is known to wait.
    waits: bool,
    /// When the walk-in began, which step it is in, and the part of that up to when anybody looks next: in it
    /// flows have the mean share of the straight line.
    began: Time,
    step: u32,
    part: (Time, Time),
    strikes: VecDeque<Time>,
    ended: Option<Time>,
    /// Whether it has called the generators since it latched.
    pub(super) latched: bool,
    pub(super) given_j: f64,
    pub(super) taken_j: f64,
    beyond_j: f64,
    /// It is not broken.
    up: bool,
    /// The part of what it stands of overload that is used up, at `settled`.
    dose: f64,
    /// When it was last overloaded for too long, and whether it still is off for that.
    overloads: VecDeque<Time>,
    overloaded: bool,
    /// How long it gave, s.
    gave_s: f64,
    /// When it began anew to pass its load on.
    returns: VecDeque<Time>,
}

impl Ups {
    pub(super) fn new(design: UpsDesign) -> Self {
        Self {
            state: passing_state(&design).unwrap_or(State::Online),
            returns: VecDeque::new(),
            design,
            good: true,
            input_v: 1.0,
            on_generator: false,
            load_w: 0.0,
            energy_j: design.battery_j,
            settled: Time::ZERO,
            charge_w: 0.0,
            charger_w: 0.0,
            waits: false,
            began: Time::ZERO,
            step: 0,
            part: (Time::ZERO, Time::ZERO),
            strikes: VecDeque::new(),
            ended: None,
            latched: false,
            given_j: 0.0,
            taken_j: 0.0,
            beyond_j: 0.0,
            gave_s: 0.0,
            up: true,
            dose: 0.0,
            overloads: VecDeque::new(),
            overloaded: false,
        }
    }

    /// The voltage at its output, pu.
    pub(super) fn output_v(&self) -> f64 {
        match self.state {
            State::Off | State::Failed => 0.0,
            State::Bypass | State::Eco | State::Line => self.input_v,
            _ => 1.0,
        }
    }

    /// How it is supplied at `now`.
    pub(super) fn supply(&self, now: Time) -> Supply {
        let drive = match self.state {
            State::Online | State::WalkIn | State::Bypass | State::Eco | State::Line => {
                Drive::Follow
            }
            State::Battery | State::Latched => Drive::Own,
            _ => Drive::Dead,
        };
        Supply {
            drive,
            share: self.share(now),
            battery_efficiency: self.design.battery_efficiency,
            charge_w: self.charge_w,
            limit_w: self.design.overload.map(|overload| overload.most_w()),
            passes: match self.state {
                State::Bypass => Some(0.0),
                State::Eco | State::Line => self.design.passing.map(|passing| passing.loss),
                _ => None,
            },
        }
    }

    /// Its battery at `now`.
    pub(super) fn tally(&self, now: Time) -> BatteryTally {
        let mut copy = self.clone();
        copy.settle(now);
        BatteryTally {
            energy_j: copy.energy_j,
            full_j: self.design.battery_j,
            given_j: copy.given_j,
            taken_j: copy.taken_j,
            beyond_j: copy.beyond_j,
            gave_s: copy.gave_s,
            held_js: 0.0,
        }
    }

    /// The part of its output that comes from its input in the flows at `now`.
    pub(super) fn share(&self, now: Time) -> f64 {
        if self.state == State::WalkIn && self.design.walk_in_steps > 0 {
            return self.mean_line(self.part);
        }
        self.line(now)
    }

    /// The part of its output that comes from its input at `now`, which rises in a straight line while it
    /// walks in.
    fn line(&self, now: Time) -> f64 {
        match self.state {
            State::Online | State::Bypass | State::Eco | State::Line => 1.0,
            State::WalkIn => self.mean_line((now, now)),
            _ => 0.0,
        }
    }

    /// The mean of the straight line of the walk-in from one instant to another.
    fn mean_line(&self, (from, until): (Time, Time)) -> f64 {
        let since = |at: Time| u128::from((at - self.began).as_nanos());
        let twice = (since(from) + since(until)) as f64;
        (twice / (2.0 * self.design.walk_in.as_nanos() as f64)).min(1.0)
    }

    /// Its battery is charged and discharged up to `now`.
    pub(super) fn settle(&mut self, now: Time) {
        let seconds = (now - self.settled).as_secs_f64();
        if seconds > 0.0 {
            let battery_w = self.load_w / self.design.battery_efficiency;
            let straight = self.design.walk_in_steps == 0;
            let share = if straight && self.state == State::WalkIn {
                (self.share(self.settled) + self.share(now)) / 2.0
            } else {
                self.share(now)
            };
            let given = battery_w * (1.0 - share) * seconds;
            let gives = self.is_on_battery();
            let given = if gives { given } else { 0.0 };
            let used = if gives { self.used_j(battery_w, given, now) } else { 0.0 };
            self.gave_s += if gives { seconds } else { 0.0 };
            let taken = self.charger_w * self.design.charge_efficiency * seconds;
            self.given_j += given;
            self.taken_j += taken;
            self.beyond_j += given - used;
            self.energy_j += taken - used;
            self.dose += seconds * self.dose_per_s();
        }
        self.settled = now;
    }

    /// Of its energy as rated, what it uses up until `now` to give `given_j`, of `battery_w` for the whole
    /// output, J.
    fn used_j(&self, battery_w: f64, given_j: f64, now: Time) -> f64 {
        let n = self.design.peukert;
        if n == 1.0 {
            return given_j;
        }
        let seconds = (now - self.settled).as_secs_f64();
        let (from, to) = (1.0 - self.line(self.settled), 1.0 - self.line(now));
        // The mean of x^n, x falling in a straight line.
        let mean = if from > to {
            (libm::pow(from, n + 1.0) - libm::pow(to, n + 1.0)) / ((n + 1.0) * (from - to))
        } else {
            libm::pow(to, n)
        };
        self.uses_w(battery_w) * mean * seconds
    }

    /// Of its energy as rated, what it uses up in a second to give `battery_w`, W.
    fn uses_w(&self, battery_w: f64) -> f64 {
        let rated_w = self.design.battery_rated_w;
        match self.design.peukert {
            1.0 => battery_w,
            n => rated_w * libm::pow(battery_w / rated_w, n),
        }
    }

    /// Its input carries all of its load, and charges its battery.
    fn is_at_rest(&self) -> bool {
        matches!(self.state, State::Online | State::Eco | State::Line)
    }

    fn is_on_battery(&self) -> bool {
        matches!(self.state, State::Battery | State::Latched | State::WalkIn)
    }

    /// Its output is `load_w` from now on.
    pub(super) fn set_load(&mut self, cx: &mut Cx<'_>, load_w: f64) {
        if load_w != self.load_w {
            self.settle(cx.now);
            self.load_w = load_w;
            self.plan(cx);
            self.plan_dose(cx);
        }
    }

    /// The part of what it stands of overload that it uses up in a second.
    fn dose_per_s(&self) -> f64 {
        let inverts = self.state == State::Online || self.is_on_battery();
        let stands = self.design.overload.filter(|_| inverts).and_then(|it| it.stands(self.load_w));
        stands.map_or(0.0, |span| 1.0 / span.as_secs_f64())
    }

    /// When it has stood its overload for as long as it can, or forgets it.
    fn plan_dose(&mut self, cx: &mut Cx<'_>) {
        let Some(overload) = self.design.overload else { return };
        let per_s = self.dose_per_s();
        cx.cancel(DOSE);
        if per_s > 0.0 {
            cx.cancel(RESET);
            cx.after(DOSE, Span::from_secs_f64((1.0 - self.dose).max(0.0) / per_s));
        } else if overload.stands(self.load_w).is_some() {
            cx.cancel(RESET);
        } else if (self.dose > 0.0 || self.overloaded) && !cx.is_armed(RESET) {
            cx.after(RESET, overload.reset);
        }
    }

    /// It has stood its overload for as long as it can.
    fn give_up(&mut self, cx: &mut Cx<'_>) {
        self.settle(cx.now);
        if self.overloaded {
            // The current limit has not helped.
            return self.leave_to(cx, State::Off);
        }
        self.overloaded = true;
        self.overloads.push_back(cx.now);
        while self.overloads.front().is_some_and(|&at| cx.now - at > WITHIN) {
            self.overloads.pop_front();
        }
        cx.note(State::Overloaded);
        if self.design.bypass && self.good {
            self.leave_to(cx, State::Bypass);
        } else {
            cx.after(DOSE, CURRENT_LIMIT);
        }
    }

    /// It gives up its inverter for `state`.
    fn leave_to(&mut self, cx: &mut Cx<'_>, state: State) {
        for slot in [MAIN, STEP, DOSE, PASS] {
            cx.cancel(slot);
        }
        self.latched = false;
        self.become_state(cx, state);
        self.plan_dose(cx);
    }

    /// It has been at its rating or less for long enough.
    fn forget(&mut self, cx: &mut Cx<'_>) {
        self.settle(cx.now);
        self.dose = 0.0;
        if self.overloads.len() >= MOST_OVERLOADS {
            return;
        }
        let gone = matches!(self.state, State::Bypass | State::Off);
        if std::mem::take(&mut self.overloaded) && self.good && gone {
            self.rest(cx);
        }
    }

    /// What is at its input.
    pub(super) fn look(&mut self, cx: &mut Cx<'_>, input_v: f64, on_generator: bool) {
        self.input_v = input_v;
        let (low, high) = self.design.window;
        let good = (low..=high).contains(&input_v);
        let changed = good != self.good;
        self.good = good;
        if on_generator != self.on_generator {
            self.on_generator = on_generator;
            if self.is_at_rest() {
                self.settle(cx.now);
                self.plan(cx);
            }
        }
        if !changed {
            return;
        }
        if !self.up {
            // Broken, it is passed by where it can be, as long as there is anything to pass on.
            if self.design.bypass {
                self.settle(cx.now);
                self.state = if good { State::Bypass } else { State::Failed };
                cx.note(self.state);
            }
            return;
        }
        if good { self.input_returns(cx) } else { self.input_leaves(cx) }
    }

    fn input_leaves(&mut self, cx: &mut Cx<'_>) {
        match (self.state, self.design.passing) {
            // What is bad is passed on until the inverter takes the load.
            (State::Eco | State::Line, Some(passing)) => cx.after(TAKE, passing.transfer),
            _ => self.take_over(cx),
        }
    }

    /// The input no longer carries the load.
    fn take_over(&mut self, cx: &mut Cx<'_>) {
        match self.state {
            State::Off => return cx.cancel(MAIN),
            State::Bypass => {
                // Its battery is empty or it is broken: nothing else carries the load.
                cx.cancel(MAIN);
                return self.become_state(cx, State::Off);
            }
            _ => {}
        }
        if self.state == State::Latched {
            return;
        }
        for slot in [MAIN, STEP, PASS] {
            cx.cancel(slot);
        }
        if self.strike(cx.now) {
            self.latched = true;
            self.become_state(cx, State::Latched);
            if let Some(reset) = self.design.strikes.and_then(|strikes| strikes.reset) {
                cx.after(MAIN, reset);
            }
        } else if self.state != State::Battery {
            self.become_state(cx, State::Battery);
        }
    }

    /// Counts a disturbance; whether it was one too many.
    fn strike(&mut self, now: Time) -> bool {
        let Some(Strikes { count, window, merge, .. }) = self.design.strikes else { return false };
        if self.ended.is_none_or(|ended| now - ended > merge) {
            self.strikes.push_back(now);
        }
        while self.strikes.front().is_some_and(|&at| now - at > window) {
            self.strikes.pop_front();
        }
        self.strikes.len() >= count as usize
    }

    fn input_returns(&mut self, cx: &mut Cx<'_>) {
        if cx.is_armed(TAKE) {
            // Before anything was done.
            return cx.cancel(TAKE);
        }
        self.ended = Some(cx.now);
        if self.state != State::Latched && !self.overloaded {
            cx.after(MAIN, self.design.requalify);
        }
    }

    /// A timer of it has run out.
    pub(super) fn expire(&mut self, cx: &mut Cx<'_>, slot: u8) {
        match (slot, self.state) {
            (MAIN, State::Latched) => {
                self.latched = false;
                self.strikes.clear();
                self.become_state(cx, State::Battery);
                if self.good {
                    cx.after(MAIN, self.design.requalify);
                }
            }
            // Where there is nothing to walk in from, the input takes the load at once.
            (MAIN, State::WalkIn | State::Off | State::Bypass) => self.rest(cx),
            (MAIN, _) => self.walk_in(cx),
            (STEP, _) => {
                self.settle(cx.now);
                self.step += 1;
                self.begin_step(cx);
                self.plan(cx);
            }
            (STORE, State::Online | State::Eco | State::Line) => {
                self.settle(cx.now);
                // Its end was rounded to a nanosecond: what is full is full, and nobody gave it that.
                self.beyond_j += self.design.battery_j - self.energy_j;
                self.energy_j = self.design.battery_j;
                self.recharge(0.0);
                cx.note(State::Full);
            }
            (STORE, _) => self.run_empty(cx),
            (DOSE, _) => self.give_up(cx),
            (RESET, _) => self.forget(cx),
            (TAKE, _) => self.take_over(cx),
            (PASS, _) => {
                self.returns.push_back(cx.now);
                self.become_state(cx, State::Eco);
            }
            _ => unreachable!("a UPS has seven timers, got {slot}"),
        }
    }

    fn run_empty(&mut self, cx: &mut Cx<'_>) {
        let bypass = self.design.bypass && self.good;
        cx.cancel(STEP);
        // Off, it waits for its input; what would have let it back to that is of no use without.
        if self.state == State::WalkIn || !self.good {
            cx.cancel(MAIN);
        }
        let next = if bypass { State::Bypass } else { State::Off };
        self.latched = false;
        self.become_state(cx, next);
        if self.good && !self.overloaded && !cx.is_armed(MAIN) {
            cx.after(MAIN, self.design.requalify);
        }
    }

    fn walk_in(&mut self, cx: &mut Cx<'_>) {
        self.settle(cx.now);
        self.began = cx.now;
        self.step = 0;
        let passes_at_once = self.design.passing.is_some_and(|passing| passing.back.is_none());
        if self.design.walk_in == Span::ZERO || passes_at_once {
            return self.rest(cx);
        }
        self.become_state(cx, State::WalkIn);
        cx.after(MAIN, self.design.walk_in);
        if self.design.walk_in_steps > 0 {
            self.begin_step(cx);
        }
    }

    /// A step of the walk-in begins, where it goes in steps.
    fn begin_step(&mut self, cx: &mut Cx<'_>) {
        self.part = (cx.now, cx.now);
        if self.step + 1 < self.design.walk_in_steps {
            cx.at(STEP, self.step_end());
        }
    }

    /// When the present step of the walk-in ends.
    fn step_end(&self) -> Time {
        let (steps, next) = (u128::from(self.design.walk_in_steps), u128::from(self.step) + 1);
        let nanos = u128::from(self.design.walk_in.as_nanos()) * next / steps;
        self.began + Span::from_nanos(nanos as u64)
    }

    /// By how much its share rises in a second while it walks in, where it goes in steps.
    pub(super) fn rises_per_s(&self) -> Option<f64> {
        let rises = self.state == State::WalkIn && self.design.walk_in_steps > 0;
        rises.then(|| 1.0 / self.design.walk_in.as_secs_f64())
    }

    /// Nobody looks before `next`: until then flows have the mean share of that time, and that of now where
    /// it is now. Whether they have another one by that.
    pub(super) fn look_until(&mut self, cx: &mut Cx<'_>, next: Time) -> bool {
        if self.state != State::WalkIn || self.design.walk_in_steps == 0 {
            return false;
        }
        let part = (cx.now, self.step_end().min(next));
        if part == self.part {
            return false;
        }
        self.settle(cx.now);
        self.part = part;
        true
    }

    /// Its input takes the load: through its inverter, or passed on where that is all it does.
    fn rest(&mut self, cx: &mut Cx<'_>) {
        let Some(PassingDesign { back, .. }) = self.design.passing else {
            return self.become_state(cx, State::Online);
        };
        let Some(back) = back else { return self.become_state(cx, State::Line) };
        self.become_state(cx, State::Online);
        while self.returns.front().is_some_and(|&at| cx.now - at > WITHIN) {
            self.returns.pop_front();
        }
        if self.returns.len() < MOST_RETURNS {
            cx.after(PASS, back);
        }
    }

    fn become_state(&mut self, cx: &mut Cx<'_>, state: State) {
        self.settle(cx.now);
        self.state = state;
        cx.note(state);
        self.plan(cx);
        self.plan_dose(cx);
    }

    /// Recharging would draw `charge_w` from now on, and draws no more.
    fn recharge(&mut self, charge_w: f64) {
        self.charge_w = charge_w;
        self.charger_w = self.charger_w.min(charge_w);
        self.waits &= charge_w > 0.0;
    }

    /// Recharging draws `charger_w` from now on: all that it would, less where that is short.
    pub(super) fn set_charger(&mut self, cx: &mut Cx<'_>, charger_w: f64) {
        let charger_w = charger_w.min(self.charge_w);
        // Without its input it is about to give up, and waits for nothing.
        let waits = self.good && self.charge_w > 0.0 && charger_w == 0.0;
        if waits && !self.waits {
            cx.note(State::RechargeWaits);
        } else if charger_w > 0.0 && self.charger_w == 0.0 {
            cx.note(State::Recharge);
        }
        self.waits = waits;
        if charger_w != self.charger_w {
            self.settle(cx.now);
            self.charger_w = charger_w;
            self.plan(cx);
        }
    }

    /// When the battery is empty or full, if nothing changes.
    fn plan(&mut self, cx: &mut Cx<'_>) {
        cx.cancel(STORE);
        let missing_j = self.design.battery_j - self.energy_j;
        // What rounding of instants leaves begins no charge; one that has begun ends by its timer, so that
        // whoever feeds the charger hears of it.
        let begins = missing_j > 1e-6 * self.design.battery_j;
        let is_missing = self.is_at_rest() && (begins || self.charge_w > 0.0);
        self.recharge(match (is_missing, self.on_generator) {
            (false, _) => 0.0,
            (true, false) => self.design.recharge_w,
            (true, true) => self.design.recharge_on_generator_w,
        });
        if self.charger_w > 0.0 {
            let s = missing_j.max(0.0) / (self.charger_w * self.design.charge_efficiency);
            cx.after(STORE, Span::from_secs_f64(s));
        } else if self.is_on_battery() {
            let battery_w = self.load_w / self.design.battery_efficiency;
            if let Some(s) = self.lasts_s(battery_w, cx.now) {
                cx.after(STORE, Span::from_secs_f64(s));
            }
        }
    }

    /// How long the battery lasts at `battery_w` for the whole output; none where the walk-in
    /// ends first, or nothing is drawn.
    fn lasts_s(&self, battery_w: f64, now: Time) -> Option<f64> {
        if battery_w <= 0.0 {
            return None;
        }
        let need_s = self.energy_j.max(0.0) / self.uses_w(battery_w);
        if self.state != State::WalkIn {
            return Some(need_s);
        }
        // The battery gives 1 - x, x rising linearly: need = s (1 - x0) - s^2 / (2 T).
        let whole_s = self.design.walk_in.as_secs_f64();
        let left = 1.0 - self.line(now);
        let n = self.design.peukert;
        if n != 1.0 {
            // As below, with (1 - x)^n.
            let right = libm::pow(left, n + 1.0) - (n + 1.0) * need_s / whole_s;
            return (right > 0.0).then(|| whole_s * (left - libm::pow(right, 1.0 / (n + 1.0))));
        }
        let discriminant = left * left - 2.0 * need_s / whole_s;
        (discriminant > 0.0).then(|| whole_s * (left - libm::sqrt(discriminant)))
    }

    /// Until when it may act on an instant that is past: of overloads for ever.
    pub(super) fn past_matters_until(&self) -> Time {
        let moment = Span::from_nanos(1);
        let strikes = self.design.strikes.and_then(|strikes| {
            let counted = self.strikes.back().map(|&at| at + strikes.window);
            let ended = self.ended.map(|at| at + strikes.merge);
            counted.max(ended)
        });
        let returned = self.returns.back().map(|&at| at + WITHIN);
        match self.overloads.is_empty() {
            true => strikes.max(returned).map_or(Time::ZERO, |last| last + moment),
            false => Time::MAX,
        }
    }

    /// Forgets at rest all instants past, as if it had come to it at `now`.
    pub(super) fn forget_past(&mut self, now: Time) {
        (self.settled, self.began, self.ended) = (now, now, None);
        self.strikes.clear();
        self.returns.clear();
    }

    /// What it may still act on at rest. A walk-in is over, and what happened is past.
    pub(super) fn put_state(&self, key: &mut Key) {
        let Self {
            design: _,
            state,
            good,
            input_v,
            on_generator,
            load_w,
            energy_j,
            settled: _,
            charge_w,
            charger_w,
            waits,
            began: _,
            step: _,
            part: _,
            strikes: _,
            ended: _,
            latched,
            given_j: _,
            taken_j: _,
            beyond_j: _,
            up,
            dose,
            overloads: _,
            overloaded,
            gave_s: _,
            returns: _,
        } = self;
        key.put((state, good, on_generator, waits, latched, up, overloaded));
        for value in [input_v, load_w, energy_j, charge_w, charger_w, dose] {
            key.put_f64(*value);
        }
    }

    /// It breaks, or is repaired.
    pub(super) fn set_up(&mut self, cx: &mut Cx<'_>, up: bool) {
        self.settle(cx.now);
        self.up = up;
        for slot in [MAIN, STORE, STEP, DOSE, RESET, TAKE, PASS] {
            cx.cancel(slot);
        }
        (self.latched, self.overloaded, self.dose) = (false, false, 0.0);
        match (up, self.good) {
            (false, true) if self.design.bypass => {
                self.recharge(0.0);
                self.state = State::Bypass;
                cx.note(State::Bypass);
            }
            (false, _) => {
                self.recharge(0.0);
                self.state = State::Failed;
                cx.note(State::Failed);
            }
            (true, true) => self.rest(cx),
            (true, false) => self.become_state(cx, State::Off),
        }
    }
}

/// In which state it passes its load on, where it does.
fn passing_state(design: &UpsDesign) -> Option<State> {
    design.passing.map(|passing| if passing.back.is_some() { State::Eco } else { State::Line })
}
