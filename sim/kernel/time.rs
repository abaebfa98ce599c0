//! Simulated time: whole nanoseconds since the start of the run.
//!
//! Integers, because an `f64` of seconds loses nanoseconds after 104 days and months are
//! what we simulate.

use std::fmt;
use std::ops::{Add, AddAssign, Sub};

use crate::units::Duration;

/// An instant, in nanoseconds since the start of the run. At most 2^62 - 1: 146 years.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Time(u64);

/// A length of simulated time in nanoseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Span(u64);

/// The order of events within one instant; lower goes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Class {
    /// The plant changes state: failure, repair, outage, weather.
    Plant = 0,
    /// Control decides: curtail, dispatch, restart.
    Control = 1,
    /// Work arrives, advances or completes.
    Work = 2,
    /// The instant is settled and measured.
    Settle = 3,
}

impl Time {
    /// The start of the run.
    pub const ZERO: Time = Time(0);
    /// The last representable instant, used for "never".
    pub const MAX: Time = Time(u64::MAX >> 2);

    /// The instant `nanos` nanoseconds after the start.
    ///
    /// # Panics
    ///
    /// When `nanos` exceeds 146 years.
    pub const fn from_nanos(nanos: u64) -> Self {
        assert!(nanos <= Self::MAX.0, "an instant lies at most 146 years after the start");
        Time(nanos)
    }

    /// Nanoseconds since the start.
    pub const fn as_nanos(self) -> u64 {
        self.0
    }

    /// The instant `seconds` after the start, to the nearest nanosecond.
    pub fn from_secs_f64(seconds: f64) -> Self {
        Time::ZERO + Span::from_secs_f64(seconds)
    }

    /// Seconds since the start.
    pub fn as_secs_f64(self) -> f64 {
        self.0 as f64 * 1e-9
    }

    /// Time since `earlier`, or zero where `earlier` is later.
    pub const fn since(self, earlier: Time) -> Span {
        Span(self.0.saturating_sub(earlier.0))
    }
}

impl Span {
    /// No time at all.
    pub const ZERO: Span = Span(0);
    /// Longer than any run.
    pub const MAX: Span = Span(u64::MAX >> 2);

    /// A span of `nanos` nanoseconds.
    pub const fn from_nanos(nanos: u64) -> Self {
        Span(nanos)
    }

    /// A span of whole seconds.
    pub const fn from_secs(seconds: u64) -> Self {
        Span(seconds * 1_000_000_000)
    }

    /// A span of whole hours.
    pub const fn from_hours(hours: u64) -> Self {
        Span::from_secs(hours * 3600)
    }

    /// `seconds` to the nearest nanosecond; what is longer than 146 years becomes [`Span::MAX`].
    ///
    /// # Panics
    ///
    /// When `seconds` is negative or not a number.
    #[inline]
    pub fn from_secs_f64(seconds: f64) -> Self {
        assert!(seconds >= 0.0, "a span of time is not negative: {seconds} s");
        let nanos = seconds * 1e9;
        // 2^62 is exact in f64; beyond it every span means "never".
        if nanos >= Self::MAX.0 as f64 {
            return Self::MAX;
        }
        // Rounds half up, as `f64::round` does, which without SSE 4.1 is a call into libm.
        let whole = nanos as i64;
        Span(whole as u64 + u64::from(nanos - whole as f64 >= 0.5))
    }

    /// Nanoseconds.
    pub const fn as_nanos(self) -> u64 {
        self.0
    }

    /// Seconds.
    pub fn as_secs_f64(self) -> f64 {
        self.0 as f64 * 1e-9
    }

    /// Seconds, rounded once: what people and tables are told. `0.3` is told as it is, where
    /// [`as_secs_f64`](Self::as_secs_f64), by which models reckon, gives `0.30000000000000004`.
    pub fn to_secs(self) -> f64 {
        self.0 as f64 / 1e9
    }

    /// Hours.
    pub fn as_hours_f64(self) -> f64 {
        self.as_secs_f64() / 3600.0
    }
}

impl From<Duration> for Span {
    fn from(duration: Duration) -> Self {
        Span(duration.0)
    }
}

impl Add<Span> for Time {
    type Output = Time;

    /// Saturates at [`Time::MAX`], which stands for "never".
    #[inline]
    fn add(self, span: Span) -> Time {
        Time(self.0.saturating_add(span.0).min(Time::MAX.0))
    }
}

impl AddAssign<Span> for Time {
    fn add_assign(&mut self, span: Span) {
        *self = *self + span;
    }
}

impl Sub for Time {
    type Output = Span;

    /// # Panics
    ///
    /// When `earlier` is later than `self`.
    fn sub(self, earlier: Time) -> Span {
        Span(self.0.checked_sub(earlier.0).expect("time runs forward"))
    }
}

impl Add for Span {
    type Output = Span;

    fn add(self, other: Span) -> Span {
        Span(self.0.saturating_add(other.0))
    }
}

impl Sub for Span {
    type Output = Span;

    /// # Panics
    ///
    /// When `other` is longer.
    fn sub(self, other: Span) -> Span {
        Span(self.0.checked_sub(other.0).expect("a span is not negative"))
    }
}

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&Span(self.0), f)
    }
}

impl fmt::Display for Span {
    /// Days, hours, minutes and seconds: `3d 04:05:06.007`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let millis = self.0 / 1_000_000;
        let (seconds, millis) = (millis / 1000, millis % 1000);
        let (days, rest) = (seconds / 86_400, seconds % 86_400);
        write!(f, "{days}d {:02}:{:02}:{:02}.{millis:03}", rest / 3600, rest / 60 % 60, rest % 60)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_become_the_nearest_nanosecond() {
        for (seconds, nanos) in [
            (0.0, 0),
            (1.0, 1_000_000_000),
            (1e-9, 1),
            (0.5e-9, 1),
            (0.49e-9, 0),
            (1.4999e-9, 1),
            (0.1 + 0.2, 300_000_000),
            (86_400.0 * 365.0, 31_536_000_000_000_000),
            (1e30, u64::MAX >> 2),
            (f64::INFINITY, u64::MAX >> 2),
        ] {
            assert_eq!(Span::from_secs_f64(seconds).as_nanos(), nanos, "{seconds} s");
        }
    }

    #[test]
    fn rounding_is_that_of_the_standard_library() {
        let mut seconds = 1e-10;
        while seconds < 4e9 {
            let expected = (seconds * 1e9_f64).round() as u64;
            assert_eq!(Span::from_secs_f64(seconds).as_nanos(), expected, "{seconds} s");
            seconds *= 1.000_37;
        }
    }

    #[test]
    fn never_stays_never() {
        assert_eq!(Time::MAX + Span::from_nanos(1), Time::MAX);
        assert_eq!(Time::ZERO + Span::MAX, Time::MAX);
        assert_eq!(Time::from_nanos(5).since(Time::from_nanos(9)), Span::ZERO);
    }

    #[test]
    fn nanoseconds_survive_a_century() {
        // What seconds in an f64 cannot do after 2^53 ns = 104 days.
        let late = Time::ZERO + Span::from_hours(100 * 365 * 24);
        assert_eq!((late + Span::from_nanos(1)) - late, Span::from_nanos(1));
        assert_eq!(late.as_secs_f64() + 1e-9, late.as_secs_f64());
    }

    #[test]
    fn classes_are_ordered_by_what_depends_on_what() {
        let order = [Class::Plant, Class::Control, Class::Work, Class::Settle];
        assert!(order.is_sorted());
        assert_eq!(order.map(|class| class as u8), [0, 1, 2, 3]);
    }

    #[test]
    fn spans_print_as_days_and_hours() {
        let span = Span::from_hours(76) + Span::from_secs(303) + Span::from_nanos(7_000_000);
        assert_eq!(span.to_string(), "3d 04:05:03.007");
        assert_eq!(Time::ZERO.to_string(), "0d 00:00:00.000");
    }

    #[test]
    #[should_panic(expected = "not negative")]
    fn a_negative_span_is_a_bug() {
        Span::from_secs_f64(-1.0);
    }

    #[test]
    #[should_panic(expected = "not negative")]
    fn a_span_that_is_not_a_number_is_a_bug() {
        Span::from_secs_f64(f64::NAN);
    }

    #[test]
    #[should_panic(expected = "time runs forward")]
    fn time_does_not_run_back() {
        let _ = Time::ZERO - Time::from_nanos(1);
    }
}
