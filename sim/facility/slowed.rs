//! Racks of a hall that heat slows: spells at reduced speed, and hunts of one spell after the
//! other.
//!
//! A spell begins when the first rack of a hall is slowed and ends when none is. A hall that is
//! slowed again within [`HUNT_WITHIN`] of the end of a spell *hunts*: that is written once, and
//! over when the hall has kept to one speed, full or reduced, for as long. Slowed and the time at
//! reduced speed are counted whether a hall hunts or not.

use super::Facility;
use super::events::Event;
use super::observer::{Observer, Record, What};
use crate::kernel::{Class, Span, Time};
use crate::workload::RackOffer;

/// Slowed of heat that follow each other within this belong to one hunt: an assumption, ten times
/// what [`RAISE_AFTER`](crate::control::RAISE_AFTER) takes.
const HUNT_WITHIN: Span = Span::from_secs(600);

/// How heat slows the racks of a hall.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Slowed {
    /// Racks slowed now.
    slowed: u32,
    /// Whether any were, and how many, when the last instant had settled.
    slow: bool,
    counted: u32,
    counted_at: Time,
    /// When the hall was last slowed or at full speed again, but for a trip.
    turned_at: Option<Time>,
    hunts_now: bool,
    spells: u64,
    hunts: u64,
    /// Time of racks at reduced speed, s.
    slowed_s: f64,
}

impl Slowed {
    /// One of its racks is offered `new` where it had `old`.
    pub(super) fn offered(&mut self, old: &RackOffer, new: &RackOffer) {
        let slowed = |offer: &RackOffer| offer.live && offer.speed < 1.0;
        self.slowed += u32::from(slowed(new));
        self.slowed -= u32::from(slowed(old));
    }

    /// What is to be written of the instant that has settled, with how many racks; `tripped` says
    /// whether some have tripped in it.
    pub(super) fn settled(&mut self, now: Time, tripped: bool) -> Option<(What, u32)> {
        self.slowed_s += f64::from(self.counted) * (now - self.counted_at).as_secs_f64();
        (self.counted, self.counted_at) = (self.slowed, now);
        let slow = self.slowed > 0;
        if slow == self.slow {
            return None;
        }
        self.slow = slow;
        self.spells += u64::from(slow);
        if tripped && !slow {
            // Racks that trip are not at full speed; what follows is another story.
            (self.turned_at, self.hunts_now) = (None, false);
            return None;
        }
        let before = self.turned_at.replace(now);
        if self.hunts_now {
            return None;
        }
        if slow && before.is_some_and(|full_at| now - full_at < HUNT_WITHIN) {
            self.hunts_now = true;
            self.hunts += 1;
            return Some((What::HeatHunt, self.slowed));
        }
        Some(self.state())
    }

    /// When its hunt is over, if it hunts and keeps to its speed.
    fn calm_at(&self) -> Option<Time> {
        self.turned_at.filter(|_| self.hunts_now).map(|turned_at| turned_at + HUNT_WITHIN)
    }

    fn state(&self) -> (What, u32) {
        if self.slow { (What::HeatSlow, self.slowed) } else { (What::HeatFull, 1) }
    }

    /// How often its racks have been slowed.
    pub(super) fn spells(&self) -> u64 {
        self.spells
    }

    /// How often that was a hunt.
    pub(super) fn hunts(&self) -> u64 {
        self.hunts
    }

    /// Time of racks at reduced speed up to `now`, s.
    pub(super) fn slowed_s(&self, now: Time) -> f64 {
        self.slowed_s + f64::from(self.counted) * (now - self.counted_at).as_secs_f64()
    }
}

impl Facility<'_> {
    /// Sees to the end of the hunt of the hall `index` being noticed.
    pub(super) fn watch_hunt(&mut self, index: usize) {
        if let Some(at) = self.changed.halls[index].slowed.calm_at() {
            self.agenda.push(at, Class::Settle, Event::Calm(index as u32));
        }
    }

    /// Ends the hunt of the hall `index`, if it has kept to its speed.
    pub(super) fn end_hunt(&mut self, now: Time, index: usize, observer: &mut dyn Observer) {
        let slowed = &mut self.changed.halls[index].slowed;
        match slowed.calm_at() {
            Some(at) if at > now => self.watch_hunt(index),
            Some(_) => {
                slowed.hunts_now = false;
                let (what, count) = slowed.state();
                let subject = &self.design.halls[index].name;
                observer.record(&Record { at: now, what, subject, count });
            }
            None => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> Time {
        Time::ZERO + Span::from_secs(seconds)
    }

    /// A hall of one rack that is slowed (or not) at the instants given; what was written.
    fn written(turns: &[(u64, bool)]) -> (Slowed, Vec<(u64, What)>) {
        let offer =
            |slow: bool| RackOffer { speed: if slow { 0.5 } else { 1.0 }, ..RackOffer::FULL };
        let (mut hall, mut found, mut was) = (Slowed::default(), Vec::new(), false);
        for &(second, slow) in turns {
            hall.offered(&offer(was), &offer(slow));
            was = slow;
            found.extend(hall.settled(at(second), false).map(|(what, _)| (second, what)));
        }
        (hall, found)
    }

    #[test]
    fn spells_far_apart_are_written_one_by_one() {
        let (hall, found) = written(&[(100, true), (400, false), (1001, true), (1100, false)]);
        let expected = [
            (100, What::HeatSlow),
            (400, What::HeatFull),
            (1001, What::HeatSlow),
            (1100, What::HeatFull),
        ];
        assert_eq!(found, expected);
        assert_eq!((hall.spells(), hall.hunts()), (2, 0));
        assert!((hall.slowed_s(at(2000)) - 399.0).abs() < 1e-9);
    }

    #[test]
    fn a_hunt_is_written_once_and_loses_no_time() {
        let turns: Vec<(u64, bool)> = (0..100).map(|n| (60 * n, n % 2 == 0)).collect();
        let (hall, found) = written(&turns);
        let expected = [(0, What::HeatSlow), (60, What::HeatFull), (120, What::HeatHunt)];
        assert_eq!(found, expected);
        assert_eq!((hall.spells(), hall.hunts()), (50, 1));
        assert!((hall.slowed_s(at(10_000)) - 50.0 * 60.0).abs() < 1e-9);
        assert_eq!(hall.calm_at(), Some(at(99 * 60 + 600)));
        assert_eq!(hall.state().0, What::HeatFull);
    }

    #[test]
    fn a_trip_ends_a_hunt() {
        let (mut hall, _) = written(&[(0, true), (60, false), (120, true)]);
        hall.offered(
            &RackOffer { speed: 0.5, ..RackOffer::FULL },
            &RackOffer { live: false, ..RackOffer::FULL },
        );
        assert_eq!(hall.settled(at(130), true), None);
        assert_eq!(hall.calm_at(), None);
        assert!((hall.slowed_s(at(500)) - 70.0).abs() < 1e-9);
    }
}
