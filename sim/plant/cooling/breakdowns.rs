//! Failure and repair of the units that cool: fans and cells, pumps, chillers.
//!
//! As in the power chain, each unit alternates between up and down on a stream of its own, named
//! after it, so that another unit more changes nobody's luck.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use crate::kernel::{Span, Stream, Streams, Time};

/// How a unit fails and comes back: exponential times to failure, counted while it is up.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BreakdownLaw {
    /// Failures a second of being up, above zero.
    pub rate_per_s: f64,
    /// Mean time to repair, s.
    pub repair_mean_s: f64,
    /// Deviation of the logarithm of that time, which is then lognormal; exponential without.
    pub repair_sigma: Option<f64>,
}

/// The clock of all failures and repairs of a site's cooling.
#[derive(Debug, Clone)]
pub struct Breakdowns {
    next: BinaryHeap<Reverse<(Time, u32)>>,
    units: Vec<Unit>,
}

#[derive(Debug, Clone)]
struct Unit {
    law: BreakdownLaw,
    stream: Stream,
    up: bool,
}

impl Breakdowns {
    /// Every unit up at the start, with its first failure drawn.
    pub fn new<'n>(
        units: impl Iterator<Item = (&'n str, BreakdownLaw)>,
        streams: &Streams,
    ) -> Self {
        let mut all = Self { next: BinaryHeap::new(), units: Vec::new() };
        for (index, (name, law)) in units.enumerate() {
            let stream = streams.stream("cooling-failure", name);
            let mut unit = Unit { law, stream, up: true };
            all.next.push(Reverse((Time::ZERO + unit.draw(), index as u32)));
            all.units.push(unit);
        }
        all
    }

    /// The instant of the next failure or repair; [`Time::MAX`] when nothing ever fails.
    pub fn next_at(&self) -> Time {
        self.next.peek().map_or(Time::MAX, |Reverse((at, _))| *at)
    }

    /// The failures (`false`) and repairs (`true`) up to and including `now`, by number of the
    /// unit, in the order of time, then of number.
    pub fn advance(&mut self, now: Time) -> impl Iterator<Item = (usize, bool)> {
        std::iter::from_fn(move || {
            let mut top = self.next.peek_mut()?;
            let Reverse((at, index)) = *top;
            if at > now || at == Time::MAX {
                return None;
            }
            let unit = &mut self.units[index as usize];
            unit.up = !unit.up;
            *top = Reverse((at + unit.draw(), index));
            Some((index as usize, unit.up))
        })
    }
}

impl Unit {
    /// How long the present state lasts: one uniform.
    fn draw(&mut self) -> Span {
        let BreakdownLaw { rate_per_s, repair_mean_s, repair_sigma } = self.law;
        Span::from_secs_f64(match (self.up, repair_sigma) {
            (true, _) => self.stream.exponential(1.0 / rate_per_s),
            (false, None) => self.stream.exponential(repair_mean_s),
            (false, Some(sigma)) => self.stream.lognormal_mean(repair_mean_s, sigma),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Up for a day and down for six hours on average: down a fifth of the time.
    #[test]
    fn units_are_down_for_their_share_of_the_time() {
        let law = BreakdownLaw {
            rate_per_s: 1.0 / 86_400.0,
            repair_mean_s: 21_600.0,
            repair_sigma: None,
        };
        let names: Vec<String> = (0..20).map(|i| format!("pump-{i}")).collect();
        let units = || names.iter().map(|name| (name.as_str(), law));
        let end = Time::ZERO + Span::from_secs(86_400 * 1000);
        let streams = Streams::new(7, 0);
        let mut clock = Breakdowns::new(units(), &streams);
        let mut since = vec![None; names.len()];
        let (mut down_s, mut failures) = (0.0, 0);
        while clock.next_at() < end {
            let now = clock.next_at();
            let changes: Vec<_> = clock.advance(now).collect();
            for (unit, up) in changes {
                match (up, since[unit].take()) {
                    (false, None) => {
                        since[unit] = Some(now);
                        failures += 1;
                    }
                    (true, Some(at)) => down_s += (now - at).as_secs_f64(),
                    (up, since) => panic!("unit {unit} was {since:?} and is up: {up}"),
                }
            }
        }
        // 16,000 failures are expected of 20 units in 1,000 days; four deviations are 3 %.
        assert!((f64::from(failures) / 16_000.0 - 1.0).abs() < 0.03, "{failures}");
        let share = down_s / (20.0 * 86_400.0 * 1000.0);
        assert!((share - 0.2).abs() < 0.008, "{share}");
    }

    #[test]
    fn another_unit_changes_nobodys_luck() {
        let law = BreakdownLaw { rate_per_s: 1e-4, repair_mean_s: 60.0, repair_sigma: Some(1.0) };
        let streams = Streams::new(7, 0);
        let first = |names: &[&'static str]| {
            Breakdowns::new(names.iter().map(|&name| (name, law)), &streams).next
        };
        let alone = first(&["a"]).into_sorted_vec();
        assert!(first(&["a", "b"]).into_vec().contains(&alone[0]));
    }
}
