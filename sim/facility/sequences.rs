//! The machines of the power chain in the facility: their clock in the calendar, what they say to
//! the flows, and what the flows say to them.

use super::Facility;
use super::events::Event;
use super::observer::{Observer, Record, What};
use crate::kernel::{Class, Span, Time};
use crate::plant::power::PowerNode;
use crate::plant::power::sequence::{State, Subject};

/// What comes to its limit within so much of the fastest walk-in is there, by the mean until the next look: a
/// thousandth of the time between its looks, of which there are sixty. Instants that a wrong line foresees are
/// no closer.
const LEAST: f64 = 1.0 / 60_000.0;

/// How often what is settled anew may move the next instant to where it likes: far more than any site that
/// comes to rest, which takes two or three.
const ROUNDS: u32 = 16;

impl Facility<'_> {
    /// Puts the machines in the calendar, where there are any.
    pub(super) fn start_sequences(&mut self) {
        if self.sequences.is_active() {
            self.power.follow(&self.sequences);
            self.schedule_sequences();
        }
    }

    /// A component has failed or is repaired.
    pub(super) fn sequence_up(
        &mut self,
        now: Time,
        node: PowerNode,
        up: bool,
        observer: &mut dyn Observer,
    ) {
        if self.sequences.is_active() {
            self.sequences.set_up(now, node, up);
            self.follow_sequences(observer);
        }
    }

    /// Lets the timers of the machines run out.
    pub(super) fn run_sequences(&mut self, now: Time, observer: &mut dyn Observer) {
        self.sequences_at = Time::MAX;
        if self.sequences.advance(now) {
            self.follow_sequences(observer);
        }
    }

    /// Before an instant settles: UPSs that walk in have the share that their straight line has now.
    pub(super) fn look_at_walk_ins(&mut self, now: Time, observer: &mut dyn Observer) {
        if self.sequences.is_active() && self.sequences.look_until(now, now) {
            self.follow_sequences(observer);
        }
    }

    /// After it has settled: they have the mean share of the time until the next instant, which ends at
    /// `end` at the latest. That is one at which something comes to its limit, too. What is settled anew may bring
    /// another one sooner.
    pub(super) fn look_ahead(&mut self, now: Time, end: Time, observer: &mut dyn Observer) {
        if !self.sequences.is_active() {
            return;
        }
        let walk_ins: Vec<_> = self.sequences.walk_ins().collect();
        if walk_ins.is_empty() {
            return;
        }
        let fastest_per_s = walk_ins.iter().map(|(_, per_s)| *per_s).fold(0.0, f64::max);
        let least_s = LEAST / fastest_per_s;
        let over_s = self.power.until_over_s(&walk_ins, least_s);
        let back_s = self.rides.until_back_s(self.power.import_w_per_s(&walk_ins), least_s);
        let crosses = now + Span::from_secs_f64(over_s.min(back_s));
        // What is later is foreseen anew from the next instant.
        if self.agenda.next_at().is_none_or(|at| crosses < at) && crosses < end {
            self.agenda.push(crosses, Class::Plant, Event::Sequence);
        }
        let (mut until, mut rounds) = (end, 0);
        loop {
            let next = self.agenda.next_at().map_or(end, |at| at.min(end));
            // Two may put each other off in turn: from then on only what is sooner counts.
            until = if rounds < ROUNDS { next } else { until.min(next) };
            if !self.sequences.look_until(now, until) {
                break;
            }
            self.follow_sequences(observer);
            self.settle(now, observer);
            rounds += 1;
        }
        if until < end && self.agenda.next_at().is_none_or(|at| until < at) {
            self.agenda.push(until, Class::Plant, Event::Sequence);
        }
    }

    /// Tells the machines what they carry now, after an instant has settled.
    pub(super) fn tell_sequences(&mut self, now: Time, observer: &mut dyn Observer) {
        if !self.sequences.is_active() {
            return;
        }
        self.tell_storage(now);
        self.power.tell(now, &mut self.sequences, self.moved.nodes());
        self.note_sequences(observer);
        self.schedule_sequences();
    }

    pub(super) fn follow_sequences(&mut self, observer: &mut dyn Observer) {
        self.power.follow(&self.sequences);
        self.note_sequences(observer);
    }

    /// Records what the machines have done since this was last asked.
    fn note_sequences(&mut self, observer: &mut dyn Observer) {
        let nodes = &self.design.power.nodes;
        // Whom a crew repairs is out from now on.
        let mut crewed = false;
        let mut changes = std::mem::take(&mut self.machines_changed);
        self.sequences.drain(|at, subject, state| changes.push((at, subject, state)));
        for &(at, subject, state) in &changes {
            self.note_ride(subject, state);
            // Racks have records of their own.
            let Subject::Node(node) = subject else { continue };
            crewed |= state.is_breakdown() && self.failures.break_down(at, node);
            if state == State::Normal && self.outs[node.0 as usize].is_up() {
                self.incidents.injected[node.0 as usize] = false;
            }
            // Racks that are dark for what a machine does are not dark for nothing.
            let ails = state.ails();
            if std::mem::replace(&mut self.ails[node.0 as usize], ails) != ails {
                self.watch.cause(ails);
            }
            let subject = &nodes[node.0 as usize].name;
            let what = What::Machine(state);
            observer.record(&Record { at, what, subject, count: 1 });
        }
        changes.clear();
        self.machines_changed = changes;
        if crewed {
            self.agenda.push(self.failures.next_at(), Class::Plant, Event::Component);
        }
    }

    /// Enters the next timer in the calendar. One that is no longer due is looked at in vain.
    pub(super) fn schedule_sequences(&mut self) {
        let next = self.sequences.next_at();
        if next < self.sequences_at {
            self.sequences_at = next;
            self.agenda.push(next, Class::Plant, Event::Sequence);
        }
    }
}
