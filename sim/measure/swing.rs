//! How far a value swings within a short time.

use std::collections::VecDeque;

use crate::kernel::{Span, Time};

/// The largest rise and the largest fall, within a window of time, of a value that is constant
/// between the instants at which it is set.
///
/// Exact: between any two instants less than the window apart at which the value holds for some
/// time. Costs a few operations a change and memory for the changes within a window.
#[derive(Debug, Clone)]
pub struct Swing {
    window: Span,
    /// The value now, and since when; none before the first.
    current: Option<(Time, f64)>,
    /// Values that ended within the window, with their ends: those below all later ones, and
    /// those above.
    lows: VecDeque<(Time, f64)>,
    highs: VecDeque<(Time, f64)>,
    rise: f64,
    fall: f64,
}

impl Swing {
    /// A value that has not been set yet, watched over `window`.
    pub fn new(window: Span) -> Self {
        Self {
            window,
            current: None,
            lows: VecDeque::new(),
            highs: VecDeque::new(),
            rise: 0.0,
            fall: 0.0,
        }
    }

    /// The value is `value` from `now` on. What is set twice at an instant was not.
    #[inline]
    pub fn set(&mut self, now: Time, value: f64) {
        if self.current.is_some_and(|(_, current)| current == value) {
            return;
        }
        self.change(now, value);
    }

    fn change(&mut self, now: Time, value: f64) {
        if let Some((since, held)) = self.current
            && since < now
        {
            (self.rise, self.fall) = self.with_current();
            while self.lows.back().is_some_and(|&(_, low)| low >= held) {
                self.lows.pop_back();
            }
            self.lows.push_back((now, held));
            while self.highs.back().is_some_and(|&(_, high)| high <= held) {
                self.highs.pop_back();
            }
            self.highs.push_back((now, held));
        }
        // Only what has ended after this is within the window of what comes now.
        let is_past = |ended: Time| now - ended >= self.window;
        while self.lows.front().is_some_and(|&(ended, _)| is_past(ended)) {
            self.lows.pop_front();
        }
        while self.highs.front().is_some_and(|&(ended, _)| is_past(ended)) {
            self.highs.pop_front();
        }
        self.current = Some((now, value));
    }

    /// The extremes with the value that holds now.
    fn with_current(&self) -> (f64, f64) {
        let Some((_, held)) = self.current else { return (self.rise, self.fall) };
        let rise = self.lows.front().map_or(0.0, |&(_, low)| held - low);
        let fall = self.highs.front().map_or(0.0, |&(_, high)| high - held);
        (self.rise.max(rise), self.fall.max(fall))
    }

    /// The largest rise so far; zero where it never rose.
    pub fn rise(&self) -> f64 {
        self.with_current().0
    }

    /// The largest fall so far; zero where it never fell.
    pub fn fall(&self) -> f64 {
        self.with_current().1
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// Against a look at every pair of values.
        #[test]
        fn swings_are_those_of_every_pair(
            steps in prop::collection::vec((0..40u64, -5..6i32), 1..60),
            window in 1..60u64,
        ) {
            let mut swing = Swing::new(Span::from_secs(window));
            let mut now = 0;
            // Value, since, until.
            let mut held: Vec<(f64, u64, u64)> = Vec::new();
            for (gap, value) in steps {
                now += gap;
                swing.set(Time::ZERO + Span::from_secs(now), f64::from(value));
                if let Some(last) = held.last_mut() {
                    last.2 = now;
                }
                held.push((f64::from(value), now, u64::MAX));
            }
            held.retain(|&(_, since, until)| since < until);
            let (mut rise, mut fall) = (0.0_f64, 0.0_f64);
            for (i, early) in held.iter().enumerate() {
                for late in &held[i..] {
                    if late.1.saturating_sub(early.2) < window {
                        rise = rise.max(late.0 - early.0);
                        fall = fall.max(early.0 - late.0);
                    }
                }
            }
            prop_assert_eq!((swing.rise(), swing.fall()), (rise, fall));
        }
    }
}
