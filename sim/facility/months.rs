//! Figures month by month, on the calendar of the site.
//!
//! A month holds the intervals of the time series that begin in it, so that it sums the rows of
//! its intervals, and no instant is added to a run for its sake. The first and the last month of
//! a run hold what of them was simulated.

use super::Facility;
use super::figures::{Fact, Subject, SubjectKind, WORST_MONTH, difference};
use super::outcome::Month;
use super::work::Work;
use crate::kernel::{Clock, Time};

/// The months of a run while it goes on.
#[derive(Debug)]
pub(super) struct Months {
    /// Beginning of the present month.
    start: Time,
    /// Beginning of the next.
    next: Time,
    /// Where the first month that is told begins, what had been found there, and how many ends of
    /// months lie before.
    first: Time,
    before: Vec<Subject>,
    forgotten: usize,
    /// What had been found at the end of each month.
    ends: Vec<MonthEnd>,
}

/// The end of a month.
#[derive(Debug, Clone)]
struct MonthEnd {
    at: Time,
    figures: Vec<Subject>,
    /// The largest mean import of an interval in the month, W.
    peak_w: f64,
}

impl Months {
    pub(super) fn new(clock: &Clock) -> Self {
        let next = clock.next_month(Time::ZERO);
        Self {
            start: Time::ZERO,
            next,
            first: Time::ZERO,
            before: Vec::new(),
            forgotten: 0,
            ends: Vec::new(),
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
        let peak_w = self.meters.take_month_peak_w();
        for work in &mut self.works {
            if let Work::Training(training) = work {
                training.mark(now);
            }
        }
        let months = &mut self.months;
        months.ends.push(MonthEnd { at: now, figures, peak_w });
        (months.start, months.next) = (now, self.design.clock.next_month(now));
    }

    /// Forgets the months before `now`; the first begins there.
    pub(super) fn restart_months(&mut self, now: Time) {
        let next = self.design.clock.next_month(now);
        let before = self.subjects(now);
        let forgotten = self.months.forgotten + self.months.ends.len();
        self.months = Months { start: now, next, first: now, before, forgotten, ends: Vec::new() };
    }

    /// All months, with what has been simulated of the last, where `figures` are those of now.
    pub(super) fn months(&self, now: Time, figures: &[Subject]) -> Vec<Month> {
        let mut ends = self.months.ends.clone();
        self.tell_lost_work(&mut ends);
        if now > self.months.start {
            let (figures, peak_w) = (figures.to_vec(), self.meters.month_peak_w());
            ends.push(MonthEnd { at: now, figures, peak_w });
        }
        let clock = &self.design.clock;
        let starts = std::iter::once(self.months.first).chain(ends.iter().map(|end| end.at));
        let before =
            std::iter::once(&self.months.before[..]).chain(ends.iter().map(|end| &end.figures[..]));
        let months = starts.zip(before).zip(&ends).map(|((start, before), end)| {
            let reading = clock.read(start);
            Month {
                name: format!("{:04}-{:02}", reading.year, reading.month),
                start: clock.timestamp(start),
                days: (end.at - start).to_secs() / 86_400.0,
                subjects: difference(&end.figures, before, end.peak_w),
            }
        });
        months.collect()
    }

    /// Work that was under way at the end of a month and was lost afterwards was lost in the month
    /// that had done it, not useful there and less than none in the next.
    fn tell_lost_work(&self, ends: &mut [MonthEnd]) {
        for (work, site) in self.works.iter().zip(&self.design.works) {
            let Work::Training(training) = work else { continue };
            for (end, (hours, usd)) in
                ends.iter_mut().zip(training.lost_before().skip(self.months.forgotten))
            {
                for subject in &mut end.figures {
                    let it_is = subject.kind.has_jobs() && subject.name == site.name;
                    if it_is {
                        let [useful, lost] = match subject.kind {
                            SubjectKind::Cores => ["core_hours.useful", "core_hours.lost"],
                            _ => ["gpu_hours.useful", "gpu_hours.lost"],
                        };
                        subject.move_by(useful, -hours);
                        subject.move_by(lost, hours);
                        subject.move_by("revenue_usd", -usd);
                    } else if subject.kind == SubjectKind::Site {
                        subject.move_by("money.revenue_usd", -usd);
                    }
                }
            }
        }
    }
}

/// Tells the site which of `months` took most water.
pub(super) fn tell_worst_month(site: &mut Subject, months: &[Month]) {
    let mut worst: Option<(&str, f64)> = None;
    for month in months {
        let taken_m3 = month.subjects[0].get("water.withdrawal_m3").unwrap_or(0.0);
        if taken_m3 > worst.map_or(0.0, |(_, most)| most) {
            worst = Some((&month.name, taken_m3));
        }
    }
    site.push(&WORST_MONTH, worst.map(|(_, taken_m3)| taken_m3));
    site.facts.extend(worst.map(|(name, _)| ("water.worst_month", Fact::Text(name.to_owned()))));
}
