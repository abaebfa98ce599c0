//! A plant that cannot make up its mind.

use super::STRIDE_K;
use crate::kernel::{Span, Time};

/// A coolant has turned round when it has come back by this much, K.
const BACK_K: f64 = 0.5 * STRIDE_K;
/// Turns further apart belong to no hunt: an assumption, about the time in which the controls of a plant follow.
const APART: Span = Span::from_secs(60);
/// After so many turns more the loop is looked at after moves twice as wide.
const TURNS: u32 = 16;
/// How often that doubles.
const DOUBLINGS: u32 = 3;

/// How often the coolants of a loop out of balance have turned round, one turn soon after the other.
///
/// Where machines share a supply that does not suffice, what pumps and fans take from each other may
/// have no state at rest: a hall cools while the loop's fans starve, so that they are called for, so
/// that the hall's own starve. Nothing here has a mass that would slow that down, and the air of a
/// hall goes there and back within a second, for hours. Its controls would not follow in reality. So
/// the moves after which a loop is looked at grow with the turns that it takes.
#[derive(Debug, Default)]
pub(super) struct Hunt {
    ways: Vec<Way>,
    turns: u32,
    last: Time,
}

/// Where a coolant is bound for.
#[derive(Debug, Clone, Copy)]
struct Way {
    /// The furthest that it has come, degrees Celsius.
    furthest_c: f64,
    rises: bool,
}

impl Way {
    /// The coolant is at `now_c`: whether it has turned round.
    fn turns(&mut self, now_c: f64) -> bool {
        let back_k = if self.rises { self.furthest_c - now_c } else { now_c - self.furthest_c };
        if back_k <= 0.0 {
            self.furthest_c = now_c;
        } else if back_k >= BACK_K {
            *self = Self { furthest_c: now_c, rises: !self.rises };
            return true;
        }
        false
    }
}

impl Hunt {
    /// The coolants of the loop, which is out of balance, have come to these temperatures.
    pub(super) fn comes_to(&mut self, now: Time, now_c: &[f64]) {
        if self.ways.is_empty() {
            let way = |&furthest_c: &f64| Way { furthest_c, rises: true };
            self.ways = now_c.iter().map(way).collect();
        }
        let mut turned = false;
        for (way, now_c) in self.ways.iter_mut().zip(now_c) {
            turned |= way.turns(*now_c);
        }
        if turned {
            let goes_on = now <= self.last + APART;
            self.turns = if goes_on { (self.turns + 1).min(TURNS * DOUBLINGS) } else { 1 };
            self.last = now;
        }
    }

    /// The loop is at rest.
    pub(super) fn ends(&mut self) {
        self.turns = 0;
        self.ways.clear();
    }

    /// How many times as wide moves are at `now` as those of a loop that does not hunt.
    pub(super) fn widening(&self, now: Time) -> f64 {
        let doublings = if now <= self.last + APART { self.turns / TURNS } else { 0 };
        f64::from(1u32 << doublings)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The widening after steps of a second in which a coolant takes these temperatures.
    fn widening(step: Span, at_c: impl Fn(u32) -> f64) -> f64 {
        let (mut hunt, mut now) = (Hunt::default(), Time::ZERO);
        for look in 0..200 {
            now += step;
            hunt.comes_to(now, &[20.0, at_c(look)]);
        }
        hunt.widening(now)
    }

    #[test]
    fn only_turns_that_follow_each_other_widen() {
        let second = Span::from_secs(1);
        let to_and_fro = |look: u32| f64::from(look % 2);
        assert_eq!(widening(second, to_and_fro), 8.0);
        assert_eq!(widening(second, f64::from), 1.0, "on its way");
        assert_eq!(widening(second, |look| 0.01 * to_and_fro(look)), 1.0, "noise");
        assert_eq!(widening(Span::from_secs(61), to_and_fro), 1.0, "a load that comes and goes");
    }

    #[test]
    fn a_hunt_that_is_over_widens_nothing() {
        let (mut hunt, mut now) = (Hunt::default(), Time::ZERO);
        for look in 0..40 {
            now += Span::from_secs(1);
            hunt.comes_to(now, &[f64::from(look % 2)]);
        }
        assert_eq!(hunt.widening(now), 4.0);
        assert_eq!(hunt.widening(now + APART + APART), 1.0);
        hunt.ends();
        assert_eq!(hunt.widening(now), 1.0);
    }
}
