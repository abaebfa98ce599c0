//! Calls: what they ask for over time, and what of that is due.

use std::collections::VecDeque;

use crate::kernel::{Clock, Span, Time};
use crate::tables::{Series, Window};

/// A call for less power.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Call {
    /// When it comes.
    pub from: Time,
    /// When it is recalled.
    pub until: Time,
}

/// Windows hold for whole steps of the clock of this length.
const QUARTER: Span = Span::from_secs(900);

/// Whether `window` holds at `at`, and when that may change: it holds for a whole quarter of an hour of
/// `clock` where it does as that begins, or as the run does.
pub(super) fn held_until(window: &Window, clock: &Clock, at: Time) -> (bool, Time) {
    if *window == Window::default() {
        return (true, Time::MAX);
    }
    let next = at + clock.until_step(at, QUARTER);
    let began = Time::from_nanos(next.as_nanos().saturating_sub(QUARTER.as_nanos()));
    (window.holds_at(&clock.read(began)), next)
}

/// Adds the spells in which `window` holds to `spells`, from `from` until `until`, by whole quarters of an
/// hour of `clock`.
pub(super) fn add_hours(
    window: &Window,
    clock: &Clock,
    (from, until): (Time, Time),
    spells: &mut Vec<Call>,
) {
    let mut at = from;
    while at < until {
        let (is_held, next) = held_until(window, clock, at);
        let next = next.min(until);
        if is_held {
            match spells.last_mut().filter(|last| last.until == at) {
                Some(last) => last.until = next,
                None => spells.push(Call { from: at, until: next }),
            }
        }
        at = next;
    }
}

/// A call with what it asks for.
#[derive(Debug, Clone, PartialEq)]
pub struct Asked {
    /// The call.
    pub call: Call,
    /// The shares of a whole that it asks for, each from its instant on, the first from its beginning.
    pub(super) shares: Vec<(Time, f64)>,
}

impl Asked {
    /// A call that asks for the whole from its beginning to its end.
    pub fn whole(call: Call) -> Self {
        Self { call, shares: vec![(call.from, 1.0)] }
    }

    /// What of it lies in `call`, a part of it.
    pub(super) fn part(&self, call: Call) -> Self {
        let before = self.shares.partition_point(|(at, _)| *at <= call.from);
        let first = (call.from, self.shares[before - 1].1);
        let later = self.shares[before..].iter().copied().take_while(|(at, _)| *at < call.until);
        Self { call, shares: std::iter::once(first).chain(later).collect() }
    }

    /// The calls that last, until `horizon`, as long as `share` of what `series` shows is above zero, and
    /// ask for that share. Linear in the steps of `series`.
    pub(super) fn following(
        series: &Series<f64>,
        horizon: Time,
        share: impl Fn(f64) -> f64,
    ) -> Vec<Self> {
        let mut all: Vec<Self> = Vec::new();
        for (at, value) in series.steps().take_while(|(at, _)| *at < horizon) {
            let share = share(value);
            let lasting = all.last_mut().filter(|last| last.call.until == horizon);
            match lasting {
                Some(asked) if share <= 0.0 => asked.call.until = at,
                Some(asked) if asked.shares.last().is_some_and(|(_, last)| *last != share) => {
                    asked.shares.push((at, share));
                }
                None if share > 0.0 => {
                    let call = Call { from: at, until: horizon };
                    all.push(Self { call, shares: vec![(at, share)] });
                }
                _ => {}
            }
        }
        all
    }
}

/// No call lasts longer, s: a run is shorter, 30 years.
pub(super) const LONGEST_S: f64 = 1e9;

/// What is asked, and what must be delivered, as shares of a whole award.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Ask {
    /// What is asked.
    pub share: f64,
    /// What is due: the least that has been asked over the time of response. A rise is due once that
    /// has passed, a fall at once.
    pub owed: f64,
}

/// What `calls`, in order, ask for; the whole of a rise is due `response` later. Linear in the number of
/// shares, but for sorting them.
pub fn asks(calls: &[Asked], response: Span) -> Series<Ask> {
    let mut all = vec![(Time::ZERO, Ask::default())];
    for asked in calls {
        add(asked.call, &asked.shares, response, &mut all);
        all.push((asked.call.until, Ask::default()));
    }
    Series::of_changes(all)
}

fn add(call: Call, shares: &[(Time, f64)], response: Span, all: &mut Vec<(Time, Ask)>) {
    let times = shares.iter().flat_map(|(at, _)| [*at, *at + response]);
    let mut times: Vec<Time> = times.filter(|at| *at < call.until).collect();
    times.sort_unstable();
    times.dedup();
    // Of the shares in the time of response those that may yet be its least, each with its end; they rise.
    let mut least: VecDeque<(f64, Time)> = VecDeque::new();
    let (mut share, mut next) = (0.0, 0);
    for at in times {
        while let Some(&(from, value)) = shares.get(next).filter(|(from, _)| *from <= at) {
            debug_assert!(call.from <= from, "a call asks for nothing before it begins");
            let until = shares.get(next + 1).map_or(call.until, |(next, _)| *next);
            while least.back().is_some_and(|(last, _)| *last >= value) {
                least.pop_back();
            }
            least.push_back((value, until));
            (share, next) = (value, next + 1);
        }
        while least.front().is_some_and(|(_, until)| *until + response <= at) {
            least.pop_front();
        }
        let is_due = call.from + response <= at;
        let owed = least.front().filter(|_| is_due).map_or(0.0, |(owed, _)| *owed);
        all.push((at, Ask { share, owed }));
    }
}
