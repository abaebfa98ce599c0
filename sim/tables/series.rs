//! A recorded quantity: values that each hold from one instant to the next.

use std::sync::Arc;

use crate::kernel::{Span, Time};

/// Values with the instants at which they begin to hold; the last one holds for ever.
///
/// Laid out on the time of one run, so that stepping through it needs no calendar.
#[derive(Debug, Clone, PartialEq)]
pub struct Series<T> {
    starts: Vec<Time>,
    values: Vec<T>,
}

impl<T: Copy> Series<T> {
    /// A series of `(start, value)` steps.
    ///
    /// # Panics
    ///
    /// Unless the first step starts at [`Time::ZERO`] and each starts after the one before.
    pub fn new(steps: impl IntoIterator<Item = (Time, T)>) -> Self {
        let (starts, values): (Vec<Time>, Vec<T>) = steps.into_iter().unzip();
        assert_eq!(starts.first(), Some(&Time::ZERO), "a series covers the run from its start");
        assert!(starts.is_sorted_by(|a, b| a < b), "the steps of a series follow one another");
        Self { starts, values }
    }

    /// As [`new`](Self::new), but several steps may start at one instant: the last of them holds.
    ///
    /// # Panics
    ///
    /// Unless the first step starts at [`Time::ZERO`] and none starts before another that it follows.
    pub fn of_changes(changes: impl IntoIterator<Item = (Time, T)>) -> Self {
        let mut steps: Vec<(Time, T)> = Vec::new();
        for (at, value) in changes {
            match steps.last_mut().filter(|last| last.0 == at) {
                Some(last) => last.1 = value,
                None => steps.push((at, value)),
            }
        }
        Self::new(steps)
    }

    /// One value for the whole run.
    pub fn constant(value: T) -> Self {
        Self::new([(Time::ZERO, value)])
    }

    /// The value that holds at `time`. Costs a binary search.
    pub fn at(&self, time: Time) -> T {
        self.values[self.starts.partition_point(|start| *start <= time) - 1]
    }

    /// The steps in order of time.
    pub fn steps(&self) -> impl Iterator<Item = (Time, T)> + '_ {
        self.starts.iter().copied().zip(self.values.iter().copied())
    }

    /// The steps that begin after `from` and before `until`, in order of time.
    pub fn between(&self, from: Time, until: Time) -> impl Iterator<Item = (Time, T)> + '_ {
        let [first, end] = [
            self.starts.partition_point(|start| *start <= from),
            self.starts.partition_point(|start| *start < until),
        ];
        (first..end.max(first)).map(|index| (self.starts[index], self.values[index]))
    }

    /// The shortest time between two steps; none where there is one step.
    pub fn step(&self) -> Option<Span> {
        self.starts.windows(2).map(|pair| pair[1] - pair[0]).min()
    }

    /// Number of steps, at least one.
    #[allow(clippy::len_without_is_empty)] // a series is never empty
    pub fn len(&self) -> usize {
        self.values.len()
    }
}

impl Series<f64> {
    /// Its integral from `from` to `to`, in its unit times seconds.
    pub fn integral(&self, from: Time, to: Time) -> f64 {
        let mut sum = 0.0;
        let (mut since, mut value) = (from, self.at(from));
        for (start, next) in self.between(from, to).chain([(to, 0.0)]) {
            sum += value * (start - since).as_secs_f64();
            (since, value) = (start, next);
        }
        sum
    }
}

/// Walks through a [`Series`], which replications and designs share.
#[derive(Debug, Clone)]
pub struct Playback<T> {
    series: Arc<Series<T>>,
    index: usize,
}

impl<T: Copy> Playback<T> {
    /// At the start of `series`.
    pub fn new(series: Arc<Series<T>>) -> Self {
        Self { series, index: 0 }
    }

    /// The value that holds now.
    pub fn current(&self) -> &T {
        &self.series.values[self.index]
    }

    /// When the next value begins; [`Time::MAX`] after the last.
    pub fn next_at(&self) -> Time {
        self.series.starts.get(self.index + 1).copied().unwrap_or(Time::MAX)
    }

    /// Goes to the value that holds at `now`, which is not before the current one. Amortised
    /// constant time.
    pub fn advance(&mut self, now: Time) {
        while self.next_at() <= now && self.index + 1 < self.series.len() {
            self.index += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hours(n: u64) -> Time {
        Time::ZERO + Span::from_hours(n)
    }

    #[test]
    fn playback_steps_through_every_value_at_its_instant() {
        let series = Arc::new(Series::new([(hours(0), 1.0), (hours(2), 2.0), (hours(3), 3.0)]));
        let mut playback = Playback::new(series.clone());
        assert_eq!((*playback.current(), playback.next_at()), (1.0, hours(2)));
        playback.advance(hours(1));
        assert_eq!(*playback.current(), 1.0);
        playback.advance(hours(2));
        assert_eq!((*playback.current(), playback.next_at()), (2.0, hours(3)));
        playback.advance(hours(400));
        assert_eq!((*playback.current(), playback.next_at()), (3.0, Time::MAX));
        for hour in 0..5 {
            let mut fresh = Playback::new(series.clone());
            fresh.advance(hours(hour));
            assert_eq!(*fresh.current(), series.at(hours(hour)));
        }
    }

    #[test]
    fn of_changes_at_one_instant_the_last_holds() {
        let changes = [
            (hours(0), 1.0),
            (hours(0), 2.0),
            (hours(2), 3.0),
            (hours(2), 4.0),
            (hours(2), 5.0),
            (hours(3), 6.0),
        ];
        assert_eq!(
            Series::of_changes(changes),
            Series::new([(hours(0), 2.0), (hours(2), 5.0), (hours(3), 6.0)])
        );
    }

    #[test]
    fn integrals_add_up_whatever_they_are_cut_by() {
        let series = Series::new([(hours(0), 1.0), (hours(2), 4.0), (hours(3), 2.0)]);
        // 1 for half an hour, 4 for an hour, 2 for two: 3600 x (0.5 + 4 + 4).
        let half = Time::ZERO + Span::from_secs(5400);
        assert_eq!(series.integral(half, hours(5)), 3600.0 * 8.5);
        let parts = [half, hours(2), hours(4), hours(5)];
        let sum: f64 = parts.windows(2).map(|pair| series.integral(pair[0], pair[1])).sum();
        assert_eq!(sum, 3600.0 * 8.5);
        assert_eq!(series.integral(hours(2), hours(2)), 0.0);
    }

    #[test]
    #[should_panic(expected = "from its start")]
    fn a_series_that_begins_late_is_a_bug() {
        let _ = Series::new([(hours(1), 1.0)]);
    }
}
