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

    /// The UTC instant of `time`.
    ///
    /// # Panics
    ///
    /// When `time` lies beyond the year 9999.
    pub fn timestamp(&self, time: Time) -> Timestamp {
        let since = jiff::SignedDuration::from_nanos_i128(i128::from(time.as_nanos()));
        self.start.checked_add(since).expect("a run ends before the year 9999")
    }

    /// The local reading at `time`. Costs about 100 ns: for hourly work, not for each event.
    pub fn read(&self, time: Time) -> Reading {
        let local = self.zone.to_datetime(self.timestamp(time));
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

    /// Time from `time` to the next full multiple of `step` since the start of the run.
    pub fn until_next(time: Time, step: Span) -> Span {
        let step = step.as_nanos();
        Span::from_nanos(step - time.as_nanos() % step)
    }
}
