//! When the operator of a programme calls.

use crate::kernel::{Clock, Span, Stream, Time};
use crate::tables::Window;

/// A call for less power.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Call {
    /// When it comes.
    pub from: Time,
    /// When it is recalled.
    pub until: Time,
}

/// Where the calls of a programme come from.
#[derive(Debug, Clone, PartialEq)]
pub enum CallsDesign {
    /// From a list, in order.
    Listed(Vec<Call>),
    /// From a law.
    Drawn(CallLaw),
}

/// A non-homogeneous Poisson process of calls.
#[derive(Debug, Clone, PartialEq)]
pub struct CallLaw {
    /// Calls a second, in the mean of a year.
    pub(super) per_s: f64,
    /// How many times as many there are in each window; where several hold, all count.
    pub(super) busy: Vec<(Window, f64)>,
    /// The mean of that over a year.
    pub(super) mean_weight: f64,
    /// How long a call lasts.
    pub(super) length: Length,
    /// Time from a recall to the next call, at least.
    pub(super) gap: Span,
    /// Which calls come while energy is dear.
    pub(super) coupled: Option<Coupled>,
}

/// How long a call lasts.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Length {
    /// Lognormal: mean and deviation of the logarithm of seconds, and the longest, s.
    Lognormal { mu: f64, sigma: f64, max_s: f64 },
    /// Exponential, by its mean, s.
    Exponential(f64),
    /// Always the same, s.
    Constant(f64),
}

/// Calls that come while energy is dear.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Coupled {
    /// They come in this share of the time of their month, that with the highest prices.
    pub(super) dearest: f64,
    /// Their share of all calls.
    pub(super) share: f64,
}

impl Length {
    /// Draws one.
    pub(super) fn draw(&self, stream: &mut Stream) -> Span {
        // A run is shorter than this: 30 years.
        const MOST_S: f64 = 1e9;
        let seconds: f64 = match *self {
            Self::Lognormal { mu, sigma, max_s } => stream.lognormal(mu, sigma).min(max_s),
            Self::Exponential(mean_s) => stream.exponential(mean_s),
            Self::Constant(seconds) => seconds,
        };
        Span::from_secs_f64(seconds.min(MOST_S))
    }
}

impl CallsDesign {
    /// The calls of a run of `clock` until `horizon`, in order, none of them overlapping. `prices`
    /// gives all prices of the run with the instants from which they hold; it is asked only where
    /// calls are coupled to them.
    pub fn of_run(
        &self,
        (clock, horizon): (&Clock, Time),
        stream: &mut Stream,
        prices: impl FnOnce() -> Vec<(Time, f64)>,
    ) -> Vec<Call> {
        match self {
            Self::Listed(calls) => calls.clone(),
            Self::Drawn(law) => {
                let mut calls = law.draw(clock, horizon, stream);
                if let Some(coupled) = law.coupled {
                    let dear = Dear::new(&prices(), (clock, horizon), coupled.dearest);
                    for call in &mut calls {
                        let moves = stream.chance(coupled.share);
                        let place = stream.uniform();
                        if let Some(from) = dear.pick(clock, call.from, place).filter(|_| moves) {
                            *call = Call { from, until: from + (call.until - call.from) };
                        }
                    }
                    calls.sort_by_key(|call| call.from);
                }
                apart(calls, law.gap, horizon)
            }
        }
    }
}

impl CallLaw {
    /// Candidates at the highest rate, thinned to the rate of their time.
    fn draw(&self, clock: &Clock, horizon: Time, stream: &mut Stream) -> Vec<Call> {
        let most: f64 = self.busy.iter().map(|(_, times)| times.max(1.0)).product();
        let rate = self.per_s * most / self.mean_weight;
        let mut calls = Vec::new();
        let mut at_s = 0.0;
        if rate <= 0.0 {
            return calls;
        }
        loop {
            at_s += stream.exponential(1.0 / rate);
            if at_s >= horizon.as_secs_f64() {
                break;
            }
            let from = Time::ZERO + Span::from_secs_f64(at_s);
            let (length, luck) = (self.length.draw(stream), stream.uniform());
            if luck * most <= weight(&self.busy, clock, from) {
                calls.push(Call { from, until: from + length });
            }
        }
        calls
    }
}

/// How many times as many calls there are at `time`.
fn weight(busy: &[(Window, f64)], clock: &Clock, time: Time) -> f64 {
    let reading = clock.read(time);
    let second = (reading.hour * 3600.0) as i32;
    let holds = |window: &Window| window.holds(reading.month, reading.weekday, second);
    busy.iter().filter(|(window, _)| holds(window)).map(|(_, times)| times).product()
}

/// The mean of that over the 8,760 hours of 2026, a year that begins on a Thursday.
pub(super) fn mean_weight(busy: &[(Window, f64)]) -> f64 {
    let start = "2026-01-01T00:00:00Z".parse().expect("an instant");
    let clock = Clock::new(start, jiff::tz::TimeZone::UTC);
    let hours = (0..8760).map(|hour| Time::ZERO + Span::from_hours(hour));
    hours.map(|at| weight(busy, &clock, at)).sum::<f64>() / 8760.0
}

/// Calls moved behind the one before them where they would come before it is over and `gap` has
/// passed; those that then lie past `horizon` never come.
fn apart(calls: Vec<Call>, gap: Span, horizon: Time) -> Vec<Call> {
    let mut free = Time::ZERO;
    let moved = calls.into_iter().map(|call| {
        let from = call.from.max(free);
        let until = from + (call.until - call.from);
        free = until + gap;
        Call { from, until }
    });
    moved.filter(|call| call.from < horizon && call.from < call.until).collect()
}

/// Year and month.
type Month = (i16, u8);
/// When an interval begins, how long it is, and its price.
type Interval = (Time, Span, f64);

/// The dearest part of each month of a run: its intervals with their lengths.
struct Dear {
    months: Vec<(Month, Vec<(Time, Span)>)>,
}

impl Dear {
    fn new(prices: &[(Time, f64)], (clock, horizon): (&Clock, Time), share: f64) -> Self {
        let mut months: Vec<(Month, Vec<Interval>)> = Vec::new();
        for (index, &(from, price)) in prices.iter().enumerate() {
            let until = prices.get(index + 1).map_or(horizon, |next| next.0.min(horizon));
            if until <= from {
                continue;
            }
            let reading = clock.read(from);
            let month = (reading.year, reading.month);
            if months.last().is_none_or(|(last, _)| *last != month) {
                months.push((month, Vec::new()));
            }
            let (_, intervals) = months.last_mut().expect("one was pushed");
            intervals.push((from, until - from, price));
        }
        let dearest = |(month, mut intervals): (Month, Vec<Interval>)| {
            let whole_s: f64 = intervals.iter().map(|it| it.1.as_secs_f64()).sum();
            intervals.sort_by(|a, b| b.2.total_cmp(&a.2).then(a.0.cmp(&b.0)));
            let mut taken_s = 0.0;
            let taken = intervals.into_iter().take_while(|it| {
                let before_s = taken_s;
                taken_s += it.1.as_secs_f64();
                before_s < share * whole_s
            });
            (month, taken.map(|(from, length, _)| (from, length)).collect())
        };
        Self { months: months.into_iter().map(dearest).collect() }
    }

    /// The instant at the share `place` of the dear time of the month of `at`.
    fn pick(&self, clock: &Clock, at: Time, place: f64) -> Option<Time> {
        let reading = clock.read(at);
        let month = (reading.year, reading.month);
        let (_, intervals) = self.months.iter().find(|(it, _)| *it == month)?;
        let whole_s: f64 = intervals.iter().map(|(_, length)| length.as_secs_f64()).sum();
        let mut left_s = place * whole_s;
        for &(from, length) in intervals {
            if left_s < length.as_secs_f64() {
                return Some(from + Span::from_secs_f64(left_s));
            }
            left_s -= length.as_secs_f64();
        }
        intervals.last().map(|&(from, _)| from)
    }
}
