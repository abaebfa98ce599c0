//! Values that hold between events, integrated over time.

use serde::Serialize;

use super::Sum;
use crate::kernel::{Span, Time};

/// A value that is constant between changes, with its integral, mean and extremes.
///
/// The integral is the value times seconds: joules for watts, kilograms for kilograms a
/// second. Beside the totals a meter keeps one open interval for time series;
/// [`take_interval`](Meter::take_interval) closes it without disturbing them, and the
/// integrals of all intervals add up to the total. Minimum and maximum count only values that
/// held for a positive time: what a model passes through while it settles an instant is no
/// measurement.
///
/// A change costs about 10 ns, one to the same value about one.
#[derive(Debug, Clone)]
pub struct Meter {
    value: f64,
    start: Time,
    since: Time,
    closed: Sum,
    closed_min: f64,
    closed_max: f64,
    open_start: Time,
    open: Sum,
    open_min: f64,
    open_max: f64,
}

/// What a [`Meter`] read over one interval.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct IntervalStat {
    /// Time-weighted mean; the present value for an interval of no length.
    pub mean: f64,
    /// Lowest value that held for a positive time.
    pub min: f64,
    /// Highest value that held for a positive time.
    pub max: f64,
    /// Value times seconds.
    pub integral: f64,
}

impl Meter {
    /// A meter that reads `value` from `now` on.
    pub fn new(now: Time, value: f64) -> Self {
        Self {
            value,
            start: now,
            since: now,
            closed: Sum::ZERO,
            closed_min: f64::INFINITY,
            closed_max: f64::NEG_INFINITY,
            open_start: now,
            open: Sum::ZERO,
            open_min: f64::INFINITY,
            open_max: f64::NEG_INFINITY,
        }
    }

    /// The value is `value` from `now` on.
    ///
    /// # Panics
    ///
    /// When `now` lies before the last change.
    #[inline]
    pub fn set(&mut self, now: Time, value: f64) {
        // An unchanged value needs no step; skipping it keeps the sum short and exact.
        if value != self.value {
            self.advance(now);
            self.value = value;
        }
    }

    /// Accounts for the time up to `now`.
    ///
    /// # Panics
    ///
    /// When `now` lies before the last change.
    #[inline]
    pub fn advance(&mut self, now: Time) {
        let held = now - self.since;
        if held == Span::ZERO {
            return;
        }
        self.since = now;
        self.open.add(self.value * held.as_secs_f64());
        self.open_min = self.open_min.min(self.value);
        self.open_max = self.open_max.max(self.value);
    }

    /// Accounts for the time up to `now`, where the integral is known to be `integral`: the value
    /// moved since it was set. What differs by rounding alone is left as it is.
    ///
    /// # Panics
    ///
    /// When `now` lies before the last change.
    pub fn correct(&mut self, now: Time, integral: f64) {
        /// Two sums of the same terms in another order differ by less.
        const ROUNDING: f64 = 1e-14;
        self.advance(now);
        let missing = integral - self.integral();
        if missing.abs() > ROUNDING * integral.abs() {
            self.open.add(missing);
        }
    }

    /// The same of an integral that never falls: where it was taken for larger before the open interval
    /// began, that holds nothing, and what is still too much is left to the next. Whether anything is.
    ///
    /// # Panics
    ///
    /// When `now` lies before the last change.
    pub fn correct_rising(&mut self, now: Time, integral: f64) -> bool {
        self.correct(now, integral);
        let is_ahead = self.open.value() < 0.0;
        if is_ahead {
            self.open = Sum::ZERO;
        }
        is_ahead
    }

    /// The present value.
    pub fn value(&self) -> f64 {
        self.value
    }

    /// Value times seconds from the start to the last [`set`](Meter::set) of another value or
    /// [`advance`](Meter::advance).
    pub fn integral(&self) -> f64 {
        let mut total = self.closed;
        total.merge(self.open);
        total.value()
    }

    /// What it will be once the meter is [advanced](Meter::advance) to `now`. To read does not change how
    /// the sum is rounded later.
    pub fn integral_at(&self, now: Time) -> f64 {
        let mut meter = self.clone();
        meter.advance(now);
        meter.integral()
    }

    /// The integral up to `now`, which is not before the last change, in one sum more.
    pub fn integral_to(&self, now: Time) -> f64 {
        self.integral() + self.value * (now - self.since).as_secs_f64()
    }

    /// Time-weighted mean from the start to `now`; the present value before any time passed.
    pub fn mean(&self, now: Time) -> f64 {
        let elapsed = now - self.start;
        if elapsed == Span::ZERO {
            return self.value;
        }
        self.integral_to(now) / elapsed.as_secs_f64()
    }

    /// Lowest value that held for a positive time; the present value where none has yet.
    pub fn min(&self) -> f64 {
        let min = self.closed_min.min(self.open_min);
        if min.is_finite() { min } else { self.value }
    }

    /// Highest value that held for a positive time; the present value where none has yet.
    pub fn max(&self) -> f64 {
        let max = self.closed_max.max(self.open_max);
        if max.is_finite() { max } else { self.value }
    }

    /// Forgets the extremes so far; totals and the open interval stay.
    pub fn forget_extremes(&mut self) {
        self.closed_min = f64::INFINITY;
        self.closed_max = f64::NEG_INFINITY;
    }

    /// Closes the interval that began with the last call (or with the meter) and opens the
    /// next.
    ///
    /// # Panics
    ///
    /// When `now` lies before the last change.
    pub fn take_interval(&mut self, now: Time) -> IntervalStat {
        if self.since == self.open_start && self.open == Sum::ZERO && now > self.since {
            return self.take_still_interval(now);
        }
        self.advance(now);
        let length = now - self.open_start;
        let stat = if length == Span::ZERO {
            IntervalStat { mean: self.value, min: self.value, max: self.value, integral: 0.0 }
        } else {
            let integral = self.open.value();
            IntervalStat {
                mean: integral / length.as_secs_f64(),
                min: self.open_min,
                max: self.open_max,
                integral,
            }
        };
        self.closed.merge(self.open);
        self.closed_min = self.closed_min.min(self.open_min);
        self.closed_max = self.closed_max.max(self.open_max);
        self.open_start = now;
        self.open = Sum::ZERO;
        self.open_min = f64::INFINITY;
        self.open_max = f64::NEG_INFINITY;
        stat
    }

    /// The same of an interval in which nothing has changed: most are.
    fn take_still_interval(&mut self, now: Time) -> IntervalStat {
        let seconds = (now - self.open_start).as_secs_f64();
        let integral = self.value * seconds;
        self.closed.add(integral);
        self.closed_min = self.closed_min.min(self.value);
        self.closed_max = self.closed_max.max(self.value);
        self.since = now;
        self.open_start = now;
        IntervalStat { mean: integral / seconds, min: self.value, max: self.value, integral }
    }
}

/// A count of things, each of which may stand for several.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Counter {
    total: u64,
    #[serde(skip)]
    taken: u64,
}

impl Counter {
    /// Counts `n` more.
    #[inline]
    pub fn add(&mut self, n: u64) {
        self.total += n;
    }

    /// All that were counted.
    pub fn total(&self) -> u64 {
        self.total
    }

    /// How many were counted since the last call.
    pub fn take_interval(&mut self) -> u64 {
        let new = self.total - self.taken;
        self.taken = self.total;
        new
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(seconds: f64) -> Time {
        Time::from_secs_f64(seconds)
    }

    #[test]
    fn a_value_that_moved_is_corrected_in_its_interval() {
        let mut meter = Meter::new(at(0.0), 2.0);
        // It rose from 2 to 4 in ten seconds, and stayed there for ten.
        meter.correct(at(10.0), 30.0);
        assert_eq!(meter.take_interval(at(10.0)).mean, 3.0);
        meter.set(at(10.0), 4.0);
        meter.correct(at(20.0), 70.0);
        assert_eq!((meter.take_interval(at(20.0)).mean, meter.integral()), (4.0, 70.0));
    }

    /// A tank that was full a little before anybody saw it, over which the meter ran on.
    #[test]
    fn what_never_falls_is_never_read_backwards() {
        let mut meter = Meter::new(at(0.0), 2.0);
        assert_eq!(meter.take_interval(at(10.0)).integral, 20.0);
        meter.set(at(10.0), 0.0);
        let mut read = |seconds: f64, integral: f64| {
            let is_ahead = meter.correct_rising(at(seconds), integral);
            (is_ahead, meter.take_interval(at(seconds)).integral)
        };
        assert_eq!(read(20.0, 19.0), (true, 0.0));
        assert_eq!(read(30.0, 19.5), (true, 0.0));
        assert_eq!(read(40.0, 23.0), (false, 3.0));
        assert_eq!(meter.integral(), 23.0);
    }

    #[test]
    fn a_meter_weighs_values_by_their_time() {
        let mut meter = Meter::new(at(10.0), 2.0);
        meter.set(at(13.0), 5.0);
        meter.set(at(14.0), 0.0);
        assert_eq!(meter.value(), 0.0);
        assert_eq!(meter.integral(), 11.0);
        assert_eq!(meter.mean(at(21.0)), 1.0);
        assert_eq!((meter.min(), meter.max()), (2.0, 5.0));
        meter.advance(at(21.0));
        assert_eq!((meter.min(), meter.max()), (0.0, 5.0));
    }

    #[test]
    fn what_held_for_no_time_is_no_extreme() {
        let mut meter = Meter::new(at(0.0), 100.0);
        meter.set(at(0.0), 7.0);
        assert_eq!((meter.min(), meter.max(), meter.mean(at(0.0))), (7.0, 7.0, 7.0));
        meter.set(at(1.0), -50.0);
        meter.set(at(1.0), 8.0);
        let stat = meter.take_interval(at(2.0));
        assert_eq!(stat, IntervalStat { mean: 7.5, min: 7.0, max: 8.0, integral: 15.0 });
        let none = meter.take_interval(at(2.0));
        assert_eq!(none, IntervalStat { mean: 8.0, min: 8.0, max: 8.0, integral: 0.0 });
    }

    #[test]
    #[should_panic(expected = "time runs forward")]
    fn a_meter_refuses_the_past() {
        let mut meter = Meter::new(at(0.0), 1.0);
        meter.set(at(2.0), 3.0);
        meter.set(at(1.0), 4.0);
    }

    #[test]
    fn a_counter_gives_intervals_that_add_up() {
        let mut counter = Counter::default();
        counter.add(3);
        counter.add(4);
        assert_eq!(counter.take_interval(), 7);
        counter.add(5);
        assert_eq!((counter.take_interval(), counter.take_interval(), counter.total()), (5, 0, 12));
    }

    proptest! {
        #[test]
        fn a_meter_agrees_with_exact_sums_and_its_intervals_add_up(
            steps in prop::collection::vec((0u64..10_000_000_000, -1_000_000i64..1_000_000, any::<bool>()), 1..200),
        ) {
            let mut meter = Meter::new(Time::ZERO, 0.0);
            let mut now = 0u64;
            let mut value = 0i64;
            let mut exact = 0i128; // value times nanoseconds
            let mut intervals = Sum::ZERO;
            let (mut low, mut high) = (f64::INFINITY, f64::NEG_INFINITY);
            for (step, next, take) in steps {
                now += step;
                exact += i128::from(value) * i128::from(step);
                if step > 0 {
                    low = low.min(value as f64);
                    high = high.max(value as f64);
                }
                if take {
                    intervals.add(meter.take_interval(Time::from_nanos(now)).integral);
                }
                meter.set(Time::from_nanos(now), next as f64);
                value = next;
            }
            meter.advance(Time::from_nanos(now));
            let exact = exact as f64 * 1e-9;
            // At most 200 terms of at most 1e6 * 10 s, each right to a few units in the last place.
            let tolerance = 200.0 * 1e7 * 1e-15;
            prop_assert!((meter.integral() - exact).abs() <= tolerance);
            intervals.add(meter.take_interval(Time::from_nanos(now)).integral);
            prop_assert!((intervals.value() - meter.integral()).abs() <= tolerance);
            if now > 0 {
                prop_assert_eq!((meter.min(), meter.max()), (low, high));
                let elapsed = now as f64 * 1e-9;
                prop_assert!((meter.mean(Time::from_nanos(now)) * elapsed - exact).abs() <= tolerance);
            }
        }
    }
}
