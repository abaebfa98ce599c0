//! The hours of the week on the clock of the site, over a run.
//!
//! A profile by the hour of the day or of the week follows the clock on the wall: where that
//! goes forward or back for summer time, so does the profile. This is the one place that says
//! which hour an instant lies in; who draws arrivals and who plays a heat load ask here.

use super::clock::Clock;
use super::time::{Span, Time};

/// Nanoseconds of a week.
const WEEK_NS: u64 = 7 * 24 * HOUR_NS;
const HOUR_NS: u64 = Span::from_hours(1).as_nanos();

/// Which hour of the week it is on site, from the start of a run to its horizon.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LocalWeek {
    /// From when on the local time since Monday's midnight is the time of the run and this, modulo
    /// a week. The first begins at the start of the run.
    shifts: Vec<(Time, Span)>,
    horizon: Time,
}

impl LocalWeek {
    /// Hours of a week, numbered from Monday's midnight.
    pub const HOURS: usize = 168;

    /// A week without changes of the clock that is `into_week` old at the start of the run, which
    /// has no end.
    pub fn fixed(into_week: Span) -> Self {
        let into_week = Span::from_nanos(into_week.as_nanos() % WEEK_NS);
        Self { shifts: vec![(Time::ZERO, into_week)], horizon: Time::MAX }
    }

    /// Time from Monday's midnight to the instant in the site's week.
    pub fn into_week(&self, time: Time) -> Span {
        let (from, shift) = self.shifts[self.index(time)];
        debug_assert!(from <= time, "a shift holds from its instant on");
        Span::from_nanos((time.as_nanos() + shift.as_nanos()) % WEEK_NS)
    }

    /// The hour of the week at `time`, from 0 to 167, and the first instant at which the clock
    /// shows another one or is set anew.
    pub fn hour_at(&self, time: Time) -> (usize, Time) {
        let index = self.index(time);
        let into_week = self.into_week(time).as_nanos();
        let left = Span::from_nanos(HOUR_NS - into_week % HOUR_NS);
        let set = self.shifts.get(index + 1).map_or(Time::MAX, |&(at, _)| at);
        ((into_week / HOUR_NS) as usize, (time + left).min(set))
    }

    /// The next instant after `time` at which the clock is set anew; [`Time::MAX`] for never.
    pub fn set_after(&self, time: Time) -> Time {
        self.shifts.get(self.index(time) + 1).map_or(Time::MAX, |&(at, _)| at)
    }

    /// The end of the run: nobody asks for what lies beyond.
    pub fn horizon(&self) -> Time {
        self.horizon
    }

    fn index(&self, time: Time) -> usize {
        self.shifts.partition_point(|&(from, _)| from <= time) - 1
    }
}

impl Clock {
    /// The week of the site over a run until `horizon`.
    pub fn week(&self, horizon: Time) -> LocalWeek {
        let mut shifts = vec![(Time::ZERO, self.shift(Time::ZERO))];
        for at in self.settings(horizon) {
            let shift = self.shift(at);
            if shifts.last().is_some_and(|&(_, before)| before != shift) {
                shifts.push((at, shift));
            }
        }
        LocalWeek { shifts, horizon }
    }

    /// What to add to the time of the run at `time` for that of the local week.
    fn shift(&self, time: Time) -> Span {
        let local = self.local(time);
        let day = u64::from(local.weekday().to_monday_zero_offset().unsigned_abs());
        let [hour, minute, second] =
            [local.hour(), local.minute(), local.second()].map(|n| u64::from(n.unsigned_abs()));
        let seconds = ((24 * day + hour) * 60 + minute) * 60 + second;
        let nanos = seconds * 1_000_000_000 + u64::from(local.subsec_nanosecond().unsigned_abs());
        Span::from_nanos((nanos + WEEK_NS - time.as_nanos() % WEEK_NS) % WEEK_NS)
    }
}

#[cfg(test)]
mod tests {
    use jiff::tz::TimeZone;

    use super::*;

    fn week(start: &str, zone: &str, days: u64) -> (Clock, LocalWeek) {
        let clock = Clock::new(start.parse().unwrap(), TimeZone::get(zone).unwrap());
        let week = clock.week(Time::ZERO + Span::from_hours(24 * days));
        (clock, week)
    }

    /// Every instant against the clock itself, through both changes of a year, also where the
    /// clock is set by half an hour, or never.
    #[test]
    fn the_week_agrees_with_the_clock() {
        for zone in ["America/Chicago", "Australia/Lord_Howe", "Asia/Kolkata", "Europe/London"] {
            let (clock, week) = week("2026-01-05T17:20:00Z", zone, 400);
            let mut time = Time::ZERO;
            while time < week.horizon() {
                let (hour, until) = week.hour_at(time);
                for at in [time, Time::from_nanos(until.as_nanos() - 1)] {
                    let local = clock.read(at);
                    let expected = 24 * usize::from(local.weekday) + local.hour as usize;
                    assert_eq!(hour, expected, "{zone} at {at}");
                    assert_eq!(week.hour_at(at).1, until, "{zone} at {at}");
                }
                time = until;
            }
        }
    }

    #[test]
    fn the_clock_is_set_twice_a_year() {
        let (_, week) = week("2026-01-01T06:00:00Z", "America/Chicago", 365);
        let spring = week.set_after(Time::ZERO);
        // The second Sunday of March, 8 March 2026, two in the morning: 66 days and 2 hours.
        assert_eq!(spring, Time::ZERO + Span::from_hours(66 * 24 + 2));
        assert_eq!(week.hour_at(spring).0, 6 * 24 + 3);
        let autumn = week.set_after(spring);
        // The first Sunday of November, one hour of summer time ahead.
        assert_eq!(autumn, Time::ZERO + Span::from_hours(304 * 24 + 1));
        assert_eq!(week.hour_at(autumn).0, 6 * 24 + 1);
        assert_eq!(week.set_after(autumn), Time::MAX);
    }

    #[test]
    fn a_fixed_week_goes_round() {
        let week = LocalWeek::fixed(Span::from_secs(167 * 3600 + 1800));
        assert_eq!(week.hour_at(Time::ZERO), (167, Time::ZERO + Span::from_secs(1800)));
        let next = week.hour_at(Time::ZERO + Span::from_secs(1800));
        assert_eq!(next, (0, Time::ZERO + Span::from_secs(5400)));
        assert_eq!((week.set_after(Time::ZERO), week.horizon()), (Time::MAX, Time::MAX));
    }
}
