//! The clock inside a replica: whole sixteenths of a nanosecond.
//!
//! A decode iteration costs a few nanoseconds a token of context, so a leap over thousands of
//! iterations adds coefficients far below the kernel's nanosecond. Integers keep such sums
//! exact, which is what makes a leap equal to the iterations it stands for, bit for bit.

use crate::kernel::Time;

/// An instant or a length of time inside a replica, in sixteenths of a nanosecond: 36 years.
pub type Ticks = u64;

/// Sixteenths in a nanosecond.
const PER_NANO: u64 = 16;

/// Ticks in a second.
pub const PER_SECOND: f64 = 1.6e10;

/// "Never".
pub const NEVER: Ticks = u64::MAX;

/// The ticks of an instant of the run; what lies beyond 36 years is [`NEVER`].
pub fn from_time(time: Time) -> Ticks {
    time.as_nanos().saturating_mul(PER_NANO)
}

/// The last nanosecond of the run at or before `ticks`.
pub fn to_time(ticks: Ticks) -> Time {
    Time::from_nanos((ticks / PER_NANO).min(Time::MAX.as_nanos()))
}

/// Whole nanoseconds in a length of `ticks`, rounded down.
pub fn to_nanos(ticks: Ticks) -> u64 {
    ticks / PER_NANO
}

/// A length in seconds.
pub fn to_secs(ticks: Ticks) -> f64 {
    ticks as f64 / PER_SECOND
}

/// A coefficient in seconds to the nearest tick; may be negative.
///
/// # Panics
///
/// When `seconds` is not a number or longer than a day: no step of a replica is.
pub fn coefficient(seconds: f64) -> i64 {
    assert!(seconds.abs() <= 86_400.0, "a step lasts at most a day: {seconds} s");
    (seconds * PER_SECOND).round() as i64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::Span;

    #[test]
    fn instants_of_the_run_survive_the_round_trip() {
        for nanos in [0, 1, 15, 16, 17, 1_000_000_007, 90 * 86_400_000_000_000] {
            let time = Time::from_nanos(nanos);
            assert_eq!(to_time(from_time(time)), time);
        }
        assert_eq!(to_nanos(31), 1);
        assert_eq!(from_time(Time::MAX), NEVER);
    }

    #[test]
    fn coefficients_are_finer_than_a_nanosecond() {
        assert_eq!(coefficient(27.9e-9), 446);
        assert_eq!(coefficient(-1.0), -(PER_SECOND as i64));
        assert_eq!(to_secs(from_time(Time::ZERO + Span::from_secs(3))), 3.0);
    }
}
