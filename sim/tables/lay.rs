//! How a recording is laid over the time of a run.
//!
//! A value holds from its timestamp to that of the next row, the convention of every market
//! and weather service that stamps the start of an interval.

use jiff::Timestamp;

use super::csv::{LineError, Recording};
use crate::kernel::{Clock, Time};

/// How a recording is laid over a run.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Layout {
    /// A value holds to the next row, but no longer than this; by default one and a half times
    /// the most common distance of rows, so that one lost row is a gap.
    pub hold_ns: Option<u64>,
    /// Repeat the recording where the run lies outside it.
    pub repeat: bool,
}

impl Recording {
    /// The rows that a run of length `horizon` sees, as (start in the run, row).
    ///
    /// With `repeat` the run is moved into the recording by a whole number of periods: 364
    /// days (52 weeks, which keeps hour and weekday and moves the season by a day) where the
    /// recording is that long, else its whole weeks, else its whole days.
    ///
    /// # Errors
    ///
    /// A gap in the recording that the run meets, or a run outside it.
    pub fn lay(
        &self,
        clock: &Clock,
        horizon: Time,
        layout: Layout,
    ) -> Result<Vec<(Time, usize)>, LineError> {
        let hold = layout.hold_ns.map_or_else(|| self.usual_step() * 3 / 2, i128::from);
        // The last row holds as long as rows usually do.
        let last = self.usual_step().min(hold);
        let first_ns = self.nanos(0);
        let end_ns = self.nanos(self.starts.len() - 1) + last;
        let run_start = clock.timestamp(Time::ZERO).as_nanosecond();
        let run_end = run_start + i128::from(horizon.as_nanos()).max(1);

        let mut rows = Vec::new();
        let mut at = run_start;
        while at < run_end {
            let shift = if layout.repeat {
                let period = period(end_ns - first_ns)?;
                // The least shift that brings `at` before the end: the latest season that
                // was recorded.
                let back = (at - end_ns).div_euclid(period) + 1;
                if at < first_ns || at >= end_ns { back * period } else { 0 }
            } else {
                0
            };
            let inside = at - shift;
            if inside < first_ns || inside >= end_ns {
                return Err(self.outside(clock, horizon, end_ns));
            }
            let mut row = self.starts.partition_point(|s| s.as_nanosecond() <= inside) - 1;
            loop {
                let next = if row + 1 < self.starts.len() { self.nanos(row + 1) } else { end_ns };
                if next - self.nanos(row) > hold {
                    return Err(self.gap(row, hold));
                }
                let offset = u64::try_from(at - run_start).expect("rows follow the run's start");
                rows.push((Time::from_nanos(offset), row));
                at = next + shift;
                row += 1;
                if row == self.starts.len() || at >= run_end {
                    break;
                }
            }
        }
        Ok(rows)
    }

    fn nanos(&self, row: usize) -> i128 {
        self.starts[row].as_nanosecond()
    }

    /// The most common distance of two rows, the shorter of two equally common ones; an hour
    /// for a single row.
    fn usual_step(&self) -> i128 {
        let mut steps: Vec<i128> = self
            .starts
            .windows(2)
            .map(|pair| pair[1].as_nanosecond() - pair[0].as_nanosecond())
            .collect();
        steps.sort_unstable();
        let mut best = (0, 3_600_000_000_000);
        for run in steps.chunk_by(|a, b| a == b) {
            if run.len() > best.0 {
                best = (run.len(), run[0]);
            }
        }
        best.1
    }

    fn gap(&self, row: usize, hold: i128) -> LineError {
        let from = self.starts[row] + jiff::SignedDuration::from_nanos_i128(hold);
        let to = self.starts.get(row + 1).map_or_else(|| "the end".to_owned(), ToString::to_string);
        LineError::new(self.lines[row], format!("no value from {from} to {to}"))
    }

    fn outside(&self, clock: &Clock, horizon: Time, end_ns: i128) -> LineError {
        let end = Timestamp::from_nanosecond(end_ns).map_or_else(|_| "?".into(), |t| t.to_string());
        let message = format!(
            "the file covers {} to {end}, the run needs {} to {}",
            self.starts[0],
            clock.timestamp(Time::ZERO),
            clock.timestamp(horizon),
        );
        LineError::new(0, message)
    }
}

const DAY_NS: i128 = 86_400_000_000_000;

fn period(length: i128) -> Result<i128, LineError> {
    [364 * DAY_NS, 7 * DAY_NS, DAY_NS]
        .into_iter()
        .find(|unit| length >= *unit)
        .map(|unit| if unit == 364 * DAY_NS { unit } else { length / unit * unit })
        .ok_or_else(|| LineError::new(0, "a file that repeats holds at least one day"))
}
