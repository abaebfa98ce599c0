//! Calls: what they ask for over time, and what of that is due.

use std::collections::VecDeque;

use crate::kernel::{Span, Time};
use crate::tables::Series;

/// A call for less power.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Call {
    /// When it comes.
    pub from: Time,
    /// When it is recalled.
    pub until: Time,
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

/// The asks of `calls`, in order, each with the shares that it asks from instants on, of which the first
/// is its beginning. Linear in the number of shares, but for sorting them.
pub(super) fn asks(
    calls: impl Iterator<Item = (Call, Vec<(Time, f64)>)>,
    response: Span,
) -> Series<Ask> {
    let mut all = vec![(Time::ZERO, Ask::default())];
    for (call, shares) in calls {
        add(call, &shares, response, &mut all);
        push(&mut all, (call.until, Ask::default()));
    }
    Series::new(all)
}

fn push(all: &mut Vec<(Time, Ask)>, (at, ask): (Time, Ask)) {
    match all.last_mut().filter(|last| last.0 == at) {
        Some(last) => last.1 = ask,
        None => all.push((at, ask)),
    }
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
        push(all, (at, Ask { share, owed }));
    }
}
