//! What a site imports at an hour of the day on days like that of a call: the baseline of ten days.
//!
//! After California's ten-in-ten: the mean of an hour over the last ten weekdays (four days of a weekend) on
//! which nobody called, times how much more or less the site imports on the day itself.

use std::collections::VecDeque;
use std::iter;

use super::Call;
use crate::kernel::{Clock, Span, Time};
use crate::tables::Series;

/// How many days are meant over: weekdays, and days of a weekend. Ten are the reference's; four, and how far
/// back and which hours are looked at, from memory of section 4.13.4 of CAISO's tariff.
const DAYS: [usize; 2] = [10, 4];
/// With fewer days than that a baseline is of little worth, by the same section.
const LEAST_DAYS: [usize; 2] = [5, 4];
/// How far back they may lie, days.
const BACK: usize = 45;
/// The hours before a call by which the day itself is compared with them: the fourth to the second.
const BEFORE: std::ops::Range<usize> = 2..5;
/// By how much that may move the baseline.
const ADJUSTS: f64 = 0.2;

/// The imports of a site by local day and hour.
#[derive(Debug)]
pub struct LikeDays {
    clock: Clock,
    /// The last [`BACK`] days and today, in order.
    days: VecDeque<Day>,
    /// The hour of the day that is booked, and when it and its day are over.
    hour: usize,
    hour_until: Time,
    day_until: Time,
}

#[derive(Debug, Clone, Default)]
struct Day {
    is_weekend: bool,
    /// Whether the run had begun before it.
    is_whole: bool,
    hours: [Hour; 24],
}

#[derive(Debug, Clone, Copy, Default)]
struct Hour {
    /// What was imported, J, and over how long, s.
    joules: f64,
    seconds: f64,
    /// Whether somebody called.
    is_called: bool,
}

impl Day {
    /// Whether nobody called on it.
    fn is_usual(&self) -> bool {
        !self.hours.iter().any(|hour| hour.is_called)
    }

    /// The mean import of `hour`, W; none where that hour was not seen.
    fn mean_w(&self, hour: usize) -> Option<f64> {
        let Hour { joules, seconds, .. } = self.hours[hour];
        (seconds > 0.0).then(|| joules / seconds)
    }
}

/// A baseline that changes with the hour.
#[derive(Debug, Clone, PartialEq)]
pub struct HourlyBaseline {
    /// From when on it is what, W: the call's beginning and full hours of the site's clock; none where no day
    /// like it has shown that hour.
    steps: Vec<(Time, Option<f64>)>,
    /// Whether it is meant over too few days.
    pub is_short: bool,
}

impl HourlyBaseline {
    /// Its values, W, of which the first holds from the start of the run on; `otherwise_w` where none is known.
    pub fn series(&self, otherwise_w: f64) -> Series<f64> {
        let times = iter::once(Time::ZERO).chain(self.steps.iter().skip(1).map(|step| step.0));
        Series::new(times.zip(self.steps.iter().map(|step| step.1.unwrap_or(otherwise_w))))
    }
}

impl LikeDays {
    /// Nothing is known yet of a site with this clock.
    pub fn new(clock: &Clock) -> Self {
        Self {
            clock: clock.clone(),
            days: VecDeque::new(),
            hour: 0,
            hour_until: Time::ZERO,
            day_until: Time::ZERO,
        }
    }

    /// The site has imported `import_w` from `from` to `to`, later than all before; `is_called` says whether
    /// a programme whose days do not count as usual had called it.
    pub fn book(&mut self, from: Time, to: Time, import_w: f64, is_called: bool) {
        let mut at = from;
        while at < to {
            if at >= self.hour_until {
                self.open(at);
            }
            let until = to.min(self.hour_until);
            let day = self.days.back_mut().expect("a day is open");
            let hour = &mut day.hours[self.hour];
            let length_s = (until - at).as_secs_f64();
            hour.joules += import_w * length_s;
            hour.seconds += length_s;
            hour.is_called |= is_called;
            at = until;
        }
    }

    /// Opens the hour in which `at` lies.
    fn open(&mut self, at: Time) {
        let reading = self.clock.read(at);
        self.hour = reading.hour as usize;
        self.hour_until = at + self.clock.until_step(at, HOUR);
        if at >= self.day_until {
            self.day_until = self.clock.next_midnight(at);
            if self.days.len() > BACK {
                self.days.pop_front();
            }
            self.days.push_back(Day {
                is_weekend: is_weekend(reading.weekday),
                is_whole: !self.days.is_empty() || reading.hour == 0.0,
                ..Day::default()
            });
        }
        self.hour_until = self.hour_until.min(self.day_until);
    }

    /// The baseline of `call`, which begins now: all before it is booked.
    pub fn of(&self, call: Call) -> HourlyBaseline {
        let now = self.clock.read(call.from);
        let weekend = is_weekend(now.weekday);
        // The day of the call itself may not have begun to be booked.
        let is_today = call.from < self.day_until;
        let past = self.days.iter().rev().skip(usize::from(is_today)).take(BACK);
        let is_like = |day: &&Day| day.is_weekend == weekend && day.is_whole && day.is_usual();
        let like = past.filter(is_like);
        let like: Vec<&Day> = like.take(DAYS[usize::from(weekend)]).collect();
        let mean_w = |hour: usize| mean(like.iter().filter_map(|day| day.mean_w(hour)));
        let first = now.hour as usize;
        let today = self.days.back().filter(|_| is_today);
        let drawn_w = |hour: usize| {
            let day = today.filter(|day| !day.hours[hour].is_called)?;
            day.mean_w(hour)
        };
        let mut sums = (0.0, 0.0);
        for hour in BEFORE.filter_map(|before| first.checked_sub(before)) {
            if let (Some(drawn_w), Some(usual_w)) = (drawn_w(hour), mean_w(hour)) {
                sums = (sums.0 + drawn_w, sums.1 + usual_w);
            }
        }
        let times =
            if sums.1 > 0.0 { (sums.0 / sums.1).clamp(1.0 - ADJUSTS, 1.0 + ADJUSTS) } else { 1.0 };
        let next = |at: &Time| Some(*at + self.clock.until_step(*at, HOUR));
        let starts = iter::successors(Some(call.from), next)
            .take_while(|at| *at == call.from || *at < call.until);
        let steps = starts.map(|at| {
            let hour = self.clock.read(at).hour as usize;
            (at, mean_w(hour).map(|w| times * w))
        });
        let steps = steps.collect();
        HourlyBaseline { steps, is_short: like.len() < LEAST_DAYS[usize::from(weekend)] }
    }
}

const HOUR: Span = Span::from_hours(1);

fn is_weekend(weekday: u8) -> bool {
    weekday >= 5
}

/// The mean of `values`; none of none.
fn mean(values: impl Iterator<Item = f64>) -> Option<f64> {
    let (sum, count) = values.fold((0.0, 0), |(sum, count), value| (sum + value, count + 1));
    (count > 0).then(|| sum / f64::from(count))
}
