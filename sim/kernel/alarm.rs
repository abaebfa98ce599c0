//! The one event that something waits for.

use super::agenda::{Agenda, Ticket};
use super::time::{Class, Time};

/// An event of which at most one is pending: set anew, it replaces the one before.
#[derive(Debug, Clone, Copy, Default)]
pub struct Alarm(Option<(Time, Ticket)>);

impl Alarm {
    /// When it goes off; none where it is not set. It stays set until it is [rung](Self::ring).
    pub fn at(&self) -> Option<Time> {
        self.0.map(|(at, _)| at)
    }

    /// Sets it to `at`, or clears it where that is [`Time::MAX`]. Where it is set to `at` already,
    /// its event keeps its place among those of its instant.
    ///
    /// # Panics
    ///
    /// When `at` lies before the clock of `agenda`.
    pub fn set<E: Copy>(&mut self, agenda: &mut Agenda<E>, at: Time, class: Class, event: E) {
        if self.at() == Some(at) {
            return;
        }
        self.clear(agenda);
        if at < Time::MAX {
            self.0 = Some((at, agenda.schedule(at, class, event)));
        }
    }

    /// Takes its event out of `agenda`.
    pub fn clear<E: Copy>(&mut self, agenda: &mut Agenda<E>) {
        if let Some((_, ticket)) = self.0.take() {
            agenda.cancel(ticket);
        }
    }

    /// Its event has come: it is no longer set.
    pub fn ring(&mut self) {
        self.0 = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_event_is_pending_and_keeps_its_place() {
        let at = Time::from_nanos;
        let mut agenda = Agenda::new();
        let (mut alarm, mut other) = (Alarm::default(), Alarm::default());
        alarm.set(&mut agenda, at(9), Class::Control, "early");
        alarm.set(&mut agenda, at(5), Class::Control, "moved");
        other.set(&mut agenda, at(5), Class::Control, "behind");
        // Set to the same instant it does not go behind the other.
        alarm.set(&mut agenda, at(5), Class::Control, "again");
        other.set(&mut agenda, Time::MAX, Class::Control, "never");
        assert_eq!((alarm.at(), other.at()), (Some(at(5)), None));
        assert_eq!(agenda.pop_until(at(20)), Some((at(5), "moved")));
        alarm.ring();
        assert_eq!((alarm.at(), agenda.pop_until(at(20))), (None, None));
    }
}
