//! Spells: the times during which something is not as it should be, each of them one event.

use crate::kernel::{Span, Time};

/// Spells of a level that is constant between the instants at which it is set: a spell begins
/// when the level rises above zero and ends when it is zero again.
///
/// The size of a spell is the level times seconds, from its beginning to its end. What held for no
/// time is no spell. Four numbers are kept of all spells, so memory does not grow with them: they
/// are what an interval for the rate and the size of rare events needs.
#[derive(Debug, Clone)]
pub struct Spells {
    level: f64,
    since: Time,
    /// Beginning and size so far of the spell that goes on.
    began: Time,
    open: f64,
    totals: SpellTotals,
}

/// What spells came to.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct SpellTotals {
    /// How many there were.
    pub count: u64,
    /// The sum of their sizes, level times seconds.
    pub sum: f64,
    /// The sum of the squares of their sizes.
    pub sum_of_squares: f64,
    /// The largest size.
    pub largest: f64,
    /// The time from beginning to end of the one that lasted longest, s.
    pub longest_s: f64,
}

impl SpellTotals {
    fn add(&mut self, size: f64, length: Span) {
        if length == Span::ZERO {
            return;
        }
        self.count += 1;
        self.sum += size;
        self.sum_of_squares += size * size;
        self.largest = self.largest.max(size);
        self.longest_s = self.longest_s.max(length.as_secs_f64());
    }
}

impl Spells {
    /// A level of zero at `now`.
    pub fn new(now: Time) -> Self {
        let totals = SpellTotals::default();
        Self { level: 0.0, since: now, began: now, open: 0.0, totals }
    }

    /// The level is `level`, not below zero, from `now` on.
    ///
    /// # Panics
    ///
    /// When `now` lies before the last change.
    #[inline]
    pub fn set(&mut self, now: Time, level: f64) {
        if level != self.level {
            self.change(now, level);
        }
    }

    fn change(&mut self, now: Time, level: f64) {
        self.open += self.level * (now - self.since).as_secs_f64();
        if self.level == 0.0 {
            (self.began, self.open) = (now, 0.0);
        } else if level == 0.0 {
            self.totals.add(self.open, now - self.began);
        }
        (self.level, self.since) = (level, now);
    }

    /// Forgets all spells before `now`: one that goes on begins there.
    ///
    /// # Panics
    ///
    /// When `now` lies before the last change.
    pub fn restart(&mut self, now: Time) {
        assert!(now >= self.since, "time runs forward");
        (self.since, self.began, self.open) = (now, now, 0.0);
        self.totals = SpellTotals::default();
    }

    /// What the spells come to up to `now`, one that goes on included.
    pub fn totals(&self, now: Time) -> SpellTotals {
        let mut totals = self.totals;
        if self.level > 0.0 {
            let size = self.open + self.level * (now - self.since).as_secs_f64();
            totals.add(size, now - self.began);
        }
        totals
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(seconds: u64) -> Time {
        Time::ZERO + Span::from_secs(seconds)
    }

    #[test]
    fn overlapping_causes_are_one_spell() {
        let mut spells = Spells::new(at(0));
        // A tenth is lost from 10 to 40, all of it from 20 to 30 besides.
        for (seconds, level) in [(10, 0.1), (20, 1.0), (30, 0.1), (40, 0.0)] {
            spells.set(at(seconds), level);
        }
        let first = spells.totals(at(100));
        assert!(first.count == 1 && (first.longest_s - 30.0).abs() < 1e-9);
        assert!((first.sum - 12.0).abs() < 1e-12 && first.largest == first.sum);
        // What holds for no time is none; what goes on counts as far as it has come.
        spells.set(at(50), 1.0);
        spells.set(at(50), 0.0);
        assert_eq!(spells.totals(at(60)), first);
        spells.set(at(60), 0.5);
        assert_eq!(spells.totals(at(60)), first);
        let both = spells.totals(at(64));
        assert_eq!((both.count, both.longest_s), (2, first.longest_s));
        assert!((both.sum_of_squares - (144.0 + 4.0)).abs() < 1e-9);
    }

    proptest! {
        /// The sizes of all spells sum to the integral of the level.
        #[test]
        fn sizes_sum_to_the_integral(steps in prop::collection::vec((0u64..20, 0u8..4), 1..60)) {
            let mut spells = Spells::new(at(0));
            let (mut now, mut level, mut integral) = (0, 0u8, 0u64);
            for (gap, next) in steps {
                now += gap;
                integral += gap * u64::from(level);
                spells.set(at(now), f64::from(next));
                level = next;
            }
            let totals = spells.totals(at(now));
            prop_assert!((totals.sum - integral as f64).abs() < 1e-9, "{}", totals.sum);
            prop_assert!(totals.largest <= totals.sum + 1e-9);
            prop_assert!(totals.sum_of_squares <= totals.sum * totals.largest + 1e-9);
            prop_assert!(totals.longest_s <= now as f64 + 1e-9);
            prop_assert_eq!(totals.count == 0, integral == 0);
        }
    }
}
