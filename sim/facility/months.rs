//! Figures month by month, on the calendar of the site.
//!
//! A month holds the intervals of the time series that begin in it, so that it sums the rows of
//! its intervals, and no instant is added to a run for its sake. The first and the last month of
//! a run hold what of them was simulated.

use super::Facility;
use super::figures::{Subject, difference};
use crate::kernel::{Clock, Time};

/// A month of a run.
#[derive(Debug, Clone)]
pub struct Month {
    /// `2026-06`.
    pub name: String,
    /// First instant of it that was simulated, UTC.
    pub start: jiff::Timestamp,
    /// Days of it that were simulated.
    pub days: f64,
    /// What of the figures adds over time, or is made of what adds, in this month.
    pub subjects: Vec<Subject>,
}

/// The months of a run while it goes on.
#[derive(Debug)]
pub(super) struct Months {
    /// Beginning of the present month.
    start: Time,
    /// Beginning of the next.
    next: Time,
    /// What the figures came to at the beginning of the present month.
    before: Vec<Subject>,
    closed: Vec<Month>,
}

impl Months {
    pub(super) fn new(clock: &Clock) -> Self {
        let next = clock.next_month(Time::ZERO);
        Self { start: Time::ZERO, next, before: Vec::new(), closed: Vec::new() }
    }

    fn month(&self, clock: &Clock, now: Time, figures: &[Subject], peak_w: f64) -> Month {
        let reading = clock.read(self.start);
        Month {
            name: format!("{:04}-{:02}", reading.year, reading.month),
            start: clock.timestamp(self.start),
            days: (now - self.start).to_secs() / 86_400.0,
            subjects: difference(figures, &self.before, peak_w),
        }
    }
}

impl Facility<'_> {
    /// Closes the present month where the interval that begins `now` lies in another.
    pub(super) fn turn_month(&mut self, now: Time) {
        if now < self.months.next {
            return;
        }
        let figures = self.subjects(now);
        let clock = &self.design.clock;
        let peak_w = self.meters.take_month_peak_w();
        let month = self.months.month(clock, now, &figures, peak_w);
        let months = &mut self.months;
        months.closed.push(month);
        (months.start, months.next) = (now, clock.next_month(now));
        months.before = figures;
    }

    /// Forgets the months before `now`; the first begins there.
    pub(super) fn restart_months(&mut self, now: Time) {
        let next = self.design.clock.next_month(now);
        let before = self.subjects(now);
        self.months = Months { start: now, next, before, closed: Vec::new() };
    }

    /// All months, with what has been simulated of the last, where `figures` are those of now.
    pub(super) fn months(&self, now: Time, figures: &[Subject]) -> Vec<Month> {
        let mut months = self.months.closed.clone();
        if now > self.months.start {
            let peak_w = self.meters.month_peak_w();
            months.push(self.months.month(&self.design.clock, now, figures, peak_w));
        }
        months
    }
}
