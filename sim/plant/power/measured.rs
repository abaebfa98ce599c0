//! Voltage as a relay or a meter has it: its root mean square, behind a filter of first order.
//!
//! The voltage itself holds between its changes, so that what is measured is an exponential from one to
//! the next, and passes a level at an instant in closed form.

use super::duty::Level;
use crate::kernel::{Span, Time};

/// A voltage as it is measured, pu.
#[derive(Debug, Clone, Copy)]
pub struct MeasuredVoltage {
    /// Time constant of the filter, s.
    filter_s: f64,
    since: Time,
    /// What was measured then, and the voltage since.
    from: f64,
    to: f64,
}

impl MeasuredVoltage {
    /// Nominal voltage for long, behind a filter of the time constant `filter`, or behind none.
    pub fn new(filter: Span) -> Self {
        Self { filter_s: filter.as_secs_f64(), since: Time::ZERO, from: 1.0, to: 1.0 }
    }

    /// The voltage is `voltage` from `now` on.
    pub fn set(&mut self, now: Time, voltage: f64) {
        let from = if self.filter_s > 0.0 { self.at(now) } else { voltage };
        *self = Self { since: now, from, to: voltage, ..*self };
    }

    /// The voltage itself.
    pub fn voltage(&self) -> f64 {
        self.to
    }

    /// When it has changed last.
    pub fn since(&self) -> Time {
        self.since
    }

    /// What is measured at `now`, if the voltage has not changed again.
    pub fn at(&self, now: Time) -> f64 {
        if self.from == self.to {
            return self.to;
        }
        let decays = libm::exp(-now.since(self.since).as_secs_f64() / self.filter_s);
        self.to + (self.from - self.to) * decays
    }

    /// When that passes `level`, if it does.
    pub fn passes(&self, level: f64) -> Option<Time> {
        let decays = (level - self.to) / (self.from - self.to);
        let is_between = decays > 0.0 && decays < 1.0;
        is_between.then(|| self.since + Span::from_secs_f64(-self.filter_s * libm::log(decays)))
    }

    /// How long that is beyond `level` since the voltage has changed last and before `until`, if the
    /// voltage has not changed again by then.
    pub fn beyond(&self, level: Level, until: Time) -> Span {
        let (begins, ends) = [self.from, self.to].map(|it| level.is_passed_by(it)).into();
        match self.passes(level.voltage()).map(|at| at.min(until)) {
            Some(passes) if begins => passes - self.since,
            Some(passes) => until - passes,
            None if begins || ends => until - self.since,
            None => Span::ZERO,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// P27: a filter of 20 ms (PERC1) and a sag to 30 % of 42 ms.
    #[test]
    fn a_sag_is_measured_late_and_less_deep() {
        let ms = |at: Option<Time>| at.unwrap().as_secs_f64() * 1e3;
        let mut measured = MeasuredVoltage::new(Span::from_nanos(20_000_000));
        measured.set(Time::ZERO, 0.3);
        for (level, after_ms) in [(0.85, 4.82324), (0.70, 11.1923), (0.50, 25.0553)] {
            let found = ms(measured.passes(level));
            assert!((found / after_ms - 1.0).abs() < 2e-6, "{level}: {found} ms");
        }
        assert_eq!(measured.passes(0.3), None);
        let back = Time::ZERO + Span::from_nanos(42_000_000);
        assert!((measured.at(back) - 0.385720).abs() < 1e-6);
        measured.set(back, 1.0);
        assert!((ms(measured.passes(0.9)) - 42.0 - 36.3056).abs() < 5e-5);
        assert_eq!((measured.passes(0.3), measured.passes(1.0)), (None, None));
        // Against the filter's equation in steps of a microsecond.
        let (mut voltage, mut lowest) = (1.0, 1.0_f64);
        let levels = [0.35, 0.5, 0.7, 0.9];
        let mut below_ms = [0.0; 4];
        for step in 0..100_000 {
            voltage += 1e-6 / 0.02 * (if step < 42_000 { 0.3 } else { 1.0 } - voltage);
            lowest = lowest.min(voltage);
            for (ms, level) in below_ms.iter_mut().zip(levels) {
                *ms += if voltage < level { 1e-3 } else { 0.0 };
            }
        }
        let mut sagging = MeasuredVoltage::new(Span::from_nanos(20_000_000));
        sagging.set(Time::ZERO, 0.3);
        for (stepped_ms, level) in below_ms.into_iter().zip(levels.map(Level::Below)) {
            let found = sagging.beyond(level, back) + measured.beyond(level, Time::MAX);
            let found_ms = found.as_secs_f64() * 1e3;
            assert!((found_ms - stepped_ms).abs() < 0.01, "{level:?}: {found_ms}, {stepped_ms} ms");
        }
        assert!((lowest - 0.385720).abs() < 2e-5);
        // Without a filter the voltage itself is measured.
        let mut plain = MeasuredVoltage::new(Span::ZERO);
        plain.set(Time::ZERO, 0.3);
        assert_eq!((plain.at(Time::ZERO), plain.passes(0.5)), (0.3, None));
        assert_eq!(plain.beyond(Level::Below(0.5), back), back - Time::ZERO);
        assert_eq!(plain.beyond(Level::Above(0.2), back), back - Time::ZERO);
        assert_eq!(plain.beyond(Level::Below(0.3), back), Span::ZERO);
        assert!((voltage - measured.at(Time::ZERO + Span::from_nanos(100_000_000))).abs() < 2e-5);
    }
}
