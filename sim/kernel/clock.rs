//! The wall clock of a run: which hour of which day an instant is, on site.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::time::{Span, Time};

/// Maps simulated instants to the calendar of the site.
#[derive(Debug, Clone)]
pub struct Clock {
    start: Timestamp,
    zone: TimeZone,
}

/// A local reading of the clock.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Reading {
    /// Calendar year.
    pub year: i16,
    /// Month, 1 to 12.
    pub month: u8,
    /// Day of the month, from 1.
    pub day: u8,
    /// Day of the year, from 0.
    pub day_of_year: u16,
    /// Days since Monday, 0 to 6.
    pub weekday: u8,
    /// Hour of the day with its fraction, 0 to 24.
    pub hour: f64,
}

impl Clock {
    /// A clock that shows `start` in `zone` at [`Time::ZERO`].
    pub fn new(start: Timestamp, zone: TimeZone) -> Self {
        Self { start, zone }
    }

    /// Whose clock it is.
    pub fn zone(&self) -> &TimeZone {
        &self.zone
    }

    /// The UTC instant of `time`.
    ///
    /// # Panics
    ///
    /// When `time` lies beyond the year 9999.
    pub fn timestamp(&self, time: Time) -> Timestamp {
        let since = jiff::SignedDuration::from_nanos_i128(i128::from(time.as_nanos()));
        self.start.checked_add(since).expect("a run ends before the year 9999")
    }

    /// What the clock on the wall shows at `time`.
    pub(super) fn local(&self, time: Time) -> jiff::civil::DateTime {
        self.zone.to_datetime(self.timestamp(time))
    }

    /// The local time of day at [`Time::ZERO`].
    pub fn time_of_day(&self) -> Span {
        let local = self.local(Time::ZERO).time();
        let since = local.duration_since(jiff::civil::Time::midnight());
        Span::from_secs_f64(since.as_secs_f64())
    }

    /// The instants of a run until `horizon` at which the clock is set anew, as for summer time.
    pub(super) fn settings(&self, horizon: Time) -> impl Iterator<Item = Time> {
        let set =
            self.zone.following(self.start).map(|transition| self.time(transition.timestamp()));
        set.take_while(move |&at| at < horizon)
    }

    /// The local reading at `time`. Costs about 100 ns: for hourly work, not for each event.
    pub fn read(&self, time: Time) -> Reading {
        let local = self.local(time);
        let seconds = f64::from(local.second()) + f64::from(local.subsec_nanosecond()) * 1e-9;
        Reading {
            year: local.year(),
            month: local.month() as u8,
            day: local.day() as u8,
            day_of_year: (local.day_of_year() - 1) as u16,
            weekday: local.weekday().to_monday_zero_offset() as u8,
            hour: f64::from(local.hour()) + f64::from(local.minute()) / 60.0 + seconds / 3600.0,
        }
    }

    /// The next midnight of the site after `time`: the first instant of the next local day.
    pub fn next_midnight(&self, time: Time) -> Time {
        let tomorrow = self.zone.to_datetime(self.timestamp(time)).date().tomorrow();
        let begins = tomorrow.and_then(|date| date.to_zoned(self.zone.clone()));
        begins.map_or(Time::MAX, |zoned| self.time(zoned.timestamp()))
    }

    /// The first instant of the next local month after `time`.
    pub fn next_month(&self, time: Time) -> Time {
        let next =
            self.local(time).date().first_of_month().checked_add(jiff::Span::new().months(1));
        let begins = next.and_then(|date| date.to_zoned(self.zone.clone()));
        begins.map_or(Time::MAX, |zoned| self.time(zoned.timestamp()))
    }

    /// The beginnings of the local months of a run until `horizon`, of which the first is that of the run.
    pub fn months(&self, horizon: Time) -> impl Iterator<Item = Time> + use<'_> {
        let next = |at: &Time| Some(self.next_month(*at));
        std::iter::successors(Some(Time::ZERO), next).take_while(move |at| *at < horizon)
    }

    /// Time from the start of the run to the next full multiple of `step` since local midnight, so
    /// that steps lie as those of a meter on the wall: a whole `step` where the start is a
    /// multiple itself, or where no whole number of steps fills a day.
    pub fn first_step(&self, step: Span) -> Span {
        self.until_step(Time::ZERO, step)
    }

    /// Time from `time` to the next full multiple of `step` since local midnight: a whole `step` where
    /// `time` is a multiple itself, or where no whole number of steps fills a day.
    pub fn until_step(&self, time: Time, step: Span) -> Span {
        const DAY: u64 = Span::from_hours(24).as_nanos();
        let (step, midnight) = (step.as_nanos(), jiff::civil::Time::midnight());
        if step == 0 || !DAY.is_multiple_of(step) {
            return Span::from_nanos(step);
        }
        let since = self.local(time).time().duration_since(midnight).as_nanos();
        let since = u64::try_from(since).expect("no time of day lies before midnight");
        Span::from_nanos(step - since % step)
    }

    /// The instant of the run at `timestamp`; the start for what lies before it.
    pub fn time(&self, timestamp: Timestamp) -> Time {
        let nanos = timestamp.duration_since(self.start).as_nanos().max(0);
        u64::try_from(nanos).map_or(Time::MAX, |nanos| Time::ZERO + Span::from_nanos(nanos))
    }

    /// `by` after `timestamp`; none beyond the year 9999.
    pub fn later(timestamp: Timestamp, by: Span) -> Option<Timestamp> {
        let by = jiff::SignedDuration::from_nanos_i128(i128::from(by.as_nanos()));
        timestamp.checked_add(by).ok()
    }

    /// First instant of `duration` from `start` on, and the first after it, with what lies before
    /// the run cut off; none where nothing is left.
    pub fn times(&self, start: Timestamp, duration: Span) -> Option<(Time, Time)> {
        let until = Self::later(start, duration).map_or(Time::MAX, |end| self.time(end));
        let from = self.time(start);
        (from < until).then_some((from, until))
    }

    /// Time from `time` to the next full multiple of `step` since the start of the run: a whole
    /// `step` where `time` is a multiple itself.
    ///
    /// # Panics
    ///
    /// When `step` is zero.
    pub fn until_next(time: Time, step: Span) -> Span {
        let step = step.as_nanos();
        assert!(step > 0, "a step of no length has no next multiple");
        Span::from_nanos(step - time.as_nanos() % step)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn clock(start: &str, zone: &str) -> Clock {
        Clock::new(start.parse().unwrap(), TimeZone::get(zone).unwrap())
    }

    fn at_hour(hours: u64) -> Time {
        Time::ZERO + Span::from_hours(hours)
    }

    #[test]
    fn the_reading_is_that_of_the_site() {
        let clock = clock("2026-06-01T00:00:00Z", "America/Chicago");
        let expected =
            Reading { year: 2026, month: 5, day: 31, day_of_year: 150, weekday: 6, hour: 19.0 };
        assert_eq!(clock.read(Time::ZERO), expected);
        let quarter = clock.read(at_hour(5) + Span::from_secs(900));
        assert_eq!((quarter.month, quarter.day, quarter.weekday), (6, 1, 0));
        assert!((quarter.hour - 0.25).abs() < 1e-12);
    }

    #[test]
    fn summer_time_begins_and_ends() {
        // In the United States on the second Sunday of March and the first of November, at two.
        let spring = clock("2026-03-08T07:00:00Z", "America/Chicago");
        assert_eq!([0, 1].map(|h| spring.read(at_hour(h)).hour), [1.0, 3.0]);
        let autumn = clock("2026-11-01T06:00:00Z", "America/Chicago");
        assert_eq!([0, 1, 2].map(|h| autumn.read(at_hour(h)).hour), [1.0, 1.0, 2.0]);
    }

    #[test]
    fn midnight_is_local_and_days_may_have_25_hours() {
        let clock = clock("2026-10-31T12:00:00Z", "America/Chicago");
        // Seven in the morning of the last of October; the first of November is a long day.
        let first = clock.next_midnight(Time::ZERO);
        assert_eq!(first, at_hour(17));
        assert_eq!(clock.next_midnight(first), at_hour(17 + 25));
        let just_before = Time::from_nanos(first.as_nanos() - 1);
        assert_eq!(clock.next_midnight(just_before), first);
    }

    #[test]
    fn months_are_local() {
        let clock = clock("2026-10-31T12:00:00Z", "America/Chicago");
        let november = clock.next_month(Time::ZERO);
        assert_eq!(november, clock.next_midnight(Time::ZERO));
        // November has 30 days, the first of them 25 hours.
        assert_eq!(clock.next_month(november), november + Span::from_hours(30 * 24 + 1));
        let months: Vec<Time> = clock.months(november + Span::from_secs(1)).collect();
        assert_eq!(months, [Time::ZERO, november]);
        assert_eq!(clock.months(november).count(), 1);
    }

    #[test]
    fn steps_lie_as_those_of_a_meter_on_the_wall() {
        let minutes = |n: u64| Span::from_secs(60 * n);
        let first = |start: &str, zone: &str, step| clock(start, zone).first_step(minutes(step));
        assert_eq!(first("2026-06-01T00:07:00Z", "America/Chicago", 15), minutes(8));
        assert_eq!(first("2026-06-01T00:00:00Z", "America/Chicago", 15), minutes(15));
        // Nepal is 5 h 45 min ahead.
        assert_eq!(first("2026-06-01T00:00:00Z", "Asia/Kathmandu", 60), minutes(15));
        // Seven hours fill no day.
        assert_eq!(first("2026-06-01T00:07:00Z", "UTC", 420), minutes(420));
    }

    #[test]
    fn what_lies_before_the_run_is_cut_off() {
        let clock = clock("2026-06-01T00:00:00Z", "UTC");
        let times =
            |start: &str, hours| clock.times(start.parse().unwrap(), Span::from_hours(hours));
        assert_eq!(times("2026-06-01T02:00:00Z", 1), Some((at_hour(2), at_hour(3))));
        assert_eq!(times("2026-05-31T23:00:00Z", 2), Some((Time::ZERO, at_hour(1))));
        assert_eq!(times("2026-05-31T23:00:00Z", 1), None);
    }

    #[test]
    fn a_leap_year_has_366_days() {
        let clock = clock("2028-02-28T12:00:00Z", "UTC");
        let next = clock.read(at_hour(24));
        assert_eq!((next.month, next.day, next.day_of_year), (2, 29, 59));
        assert_eq!(clock.read(at_hour(307 * 24)).day_of_year, 365);
    }

    #[test]
    fn the_next_multiple_is_never_now() {
        let step = Span::from_secs(3600);
        assert_eq!(Clock::until_next(Time::ZERO, step), step);
        assert_eq!(Clock::until_next(at_hour(7), step), step);
        let before = Time::from_nanos(at_hour(7).as_nanos() - 1);
        assert_eq!(Clock::until_next(before, step), Span::from_nanos(1));
    }
}
