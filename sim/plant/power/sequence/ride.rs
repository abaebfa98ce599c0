//! What a rack or a drive stands of a bad voltage.

use super::design::Ride;
use super::key::Key;
use super::state::State;
use super::timers::Cx;
use crate::kernel::Time;

const MAIN: u8 = 0;

/// A load behind a power chain with machines.
#[derive(Debug, Clone)]
pub(super) struct Load {
    ride: Ride,
    pub(super) state: State,
    voltage: f64,
    /// When it is lost, while it holds.
    until: Time,
}

impl Load {
    pub(super) fn new(ride: Ride) -> Self {
        Self { ride, state: State::Served, voltage: 1.0, until: Time::MAX }
    }

    /// The voltage of its best cord, pu.
    pub(super) fn look(&mut self, cx: &mut Cx<'_>, voltage: f64) {
        if voltage == self.voltage {
            return;
        }
        self.voltage = voltage;
        let Some(span) = self.ride.stands(voltage) else {
            if self.state != State::Served {
                cx.cancel(MAIN);
                self.become_state(cx, State::Served);
            }
            return;
        };
        if self.state == State::Lost {
            return;
        }
        let until = cx.now + span;
        if self.state == State::Served {
            self.until = until;
            self.become_state(cx, State::Holding);
        } else {
            self.until = self.until.min(until);
        }
        cx.at(MAIN, self.until);
    }

    /// It has held for as long as it can.
    pub(super) fn expire(&mut self, cx: &mut Cx<'_>) {
        self.become_state(cx, State::Lost);
    }

    /// What it may still act on at rest, where it holds nothing.
    pub(super) fn put_state(&self, key: &mut Key) {
        let Self { ride: _, state, voltage, until: _ } = self;
        key.put(state);
        key.put_f64(*voltage);
    }

    fn become_state(&mut self, cx: &mut Cx<'_>, state: State) {
        self.state = state;
        cx.note(state);
    }
}
