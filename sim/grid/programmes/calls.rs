//! When a programme calls.

use super::Target;
use super::base_point::BidLaw;
use super::call::{Asked, Call, LONGEST_S};
use super::frequency::RelayLaw;
use crate::kernel::{Clock, DurationLaw, Span, Stream, Time};
use crate::tables::{Window, moments};

/// Where the calls of a programme come from.
#[derive(Debug, Clone, PartialEq)]
pub enum CallsDesign {
    /// From a list, in order.
    Listed(Vec<Call>),
    /// From a law.
    Drawn(CallLaw),
    /// From a relay that watches the frequency.
    Relay(RelayLaw),
    /// By what the grid shows, the same in every replication, in order: as long as it asks for something.
    Followed(Vec<Asked>),
    /// From base points, by the price of energy.
    Bids(BidLaw),
}

/// A non-homogeneous Poisson process of calls.
#[derive(Debug, Clone, PartialEq)]
pub struct CallLaw {
    /// Calls a second, in the mean of a year.
    pub(super) per_s: f64,
    /// How many times as many there are in each window; where several hold, all count.
    pub(super) busy: Vec<(Window, f64)>,
    /// The mean of that over a year, and the most.
    pub(super) weights: (f64, f64),
    /// How long a call lasts.
    pub(super) length: DurationLaw,
    /// Time from a recall to the next call, at least.
    pub(super) gap: Span,
    /// Which calls come while energy is dear.
    pub(super) coupled: Option<Coupled>,
}

/// Calls that come while energy is dear.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Coupled {
    /// They come in this share of the time of their month, that with the highest prices.
    pub(super) dearest: f64,
    /// Their share of all calls.
    pub(super) share: f64,
}

impl CallsDesign {
    /// The calls for `target` in a run of `clock` until `horizon`, in order, none of them overlapping.
    /// What the grid shows is followed while an award is held; an operator's calls at other times are
    /// left to who carries them out. `prices`
    /// gives all prices of the run with the instants from which they hold; it is asked only where
    /// calls depend on them.
    pub fn of_run(
        &self,
        target: &Target,
        (clock, horizon): (&Clock, Time),
        stream: &mut Stream,
        prices: impl FnOnce() -> Vec<(Time, f64)>,
    ) -> Vec<Asked> {
        let calls = match self {
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
            Self::Relay(relay) => {
                relay.calls(horizon, |spell| target.held_in(clock, spell), stream)
            }
            Self::Followed(all) => {
                let held = |asked: &Asked| {
                    let parts = target.held_in(clock, asked.call).into_iter();
                    parts.map(|part| asked.part(part)).collect::<Vec<_>>()
                };
                return all.iter().flat_map(held).collect();
            }
            Self::Bids(law) => return law.calls((clock, horizon), &prices()),
        };
        calls.into_iter().map(Asked::whole).collect()
    }
}

impl CallLaw {
    /// Calls a second where there are most.
    pub(super) fn busiest_per_s(&self) -> f64 {
        let (mean, most) = self.weights;
        self.per_s * most / mean
    }

    /// Candidates at the highest rate, thinned to the rate of their time.
    fn draw(&self, clock: &Clock, horizon: Time, stream: &mut Stream) -> Vec<Call> {
        let (_, most) = self.weights;
        let rate = self.busiest_per_s();
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
            let length_s = self.length.draw_s(stream).min(LONGEST_S);
            let luck = stream.uniform();
            let reading = clock.read(from);
            if luck * most <= weight(&self.busy, |window| window.holds_at(&reading)) {
                calls.push(Call { from, until: from + Span::from_secs_f64(length_s) });
            }
        }
        calls
    }
}

/// How many times as many calls there are where `holds` says which windows hold.
fn weight(busy: &[(Window, f64)], holds: impl Fn(&Window) -> bool) -> f64 {
    busy.iter().filter(|(window, _)| holds(window)).map(|(_, times)| times).product()
}

/// The mean of that over the minutes of 2026, a year that begins on a Thursday, and the most.
pub(super) fn weights(busy: &[(Window, f64)]) -> (f64, f64) {
    if busy.is_empty() {
        return (1.0, 1.0);
    }
    let start = "2026-01-01T00:00:00Z".parse().expect("an instant");
    let clock = Clock::new(start, jiff::tz::TimeZone::UTC);
    let mut days = [[0.0; 7]; 13];
    for day in 0..365 {
        let reading = clock.read(Time::ZERO + Span::from_hours(24 * day));
        days[usize::from(reading.month)][usize::from(reading.weekday)] += 1.0;
    }
    let (mut sum, mut most) = (0.0, 0.0_f64);
    for (month, weekday, second) in moments(60) {
        let days = days[usize::from(month)][usize::from(weekday)];
        let weight = weight(busy, |window| window.holds(month, weekday, second));
        sum += days * weight;
        most = most.max(weight);
    }
    (sum / (365.0 * 1440.0), most)
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
