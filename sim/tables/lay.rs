//! How a recording is laid over the time of a run.
//!
//! A value holds from its timestamp to that of the next row, the convention of every market
//! and weather service that stamps the start of an interval.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::error::LineError;
use super::read::Recording;
use crate::kernel::{Clock, Time};

/// How a recording is laid over a run.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Layout {
    /// A value holds to the next row, but no longer than this; by default one and a half times
    /// the most common distance of rows, so that one lost row is a gap.
    pub hold_ns: Option<u64>,
    /// Repeat the recording where the run lies outside it.
    pub repeat: bool,
    /// Draw a straight line over gaps that are no longer than this; by default over none.
    pub interpolate_ns: Option<u64>,
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
                // A run that ends while the value still holds does not meet the gap.
                let from = self.nanos(row);
                if next - from > hold && from + hold + shift < run_end {
                    return Err(self.gap(row, hold));
                }
                if let Some(column) =
                    self.columns.iter().find(|c| c.get(row).is_some_and(|v| v.is_nan()))
                {
                    return Err(self.lost(row, column));
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
        if let Some(step) = self.step_ns {
            return step;
        }
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

    /// Fills what is missing: by straight lines over gaps of at most `interpolate_ns`, then, in a
    /// row that has some of its values, by the last value of each other one for as long as a
    /// value holds.
    pub fn fill(&mut self, layout: Layout) {
        if let Some(longest) = layout.interpolate_ns {
            self.interpolate(i128::from(longest));
        }
        let hold = layout.hold_ns.map_or_else(|| self.usual_step() * 3 / 2, i128::from);
        for column in &mut self.columns {
            let mut known: Option<(i128, f64)> = None;
            for (row, cell) in column.iter_mut().enumerate() {
                let at = self.starts[row].as_nanosecond();
                if !cell.is_nan() {
                    known = Some((at, *cell));
                    continue;
                }
                let until = self.starts.get(row + 1).map_or(at, |next| next.as_nanosecond());
                if let Some((from, value)) = known.filter(|(from, _)| until - from <= hold) {
                    (*cell, known) = (value, Some((from, value)));
                }
            }
        }
    }

    /// Draws straight lines over gaps, with a row for each usual step.
    fn interpolate(&mut self, longest: i128) {
        let step = self.usual_step();
        let old = std::mem::take(&mut self.starts);
        let lines = std::mem::take(&mut self.lines);
        let columns: Vec<Vec<f64>> = self.columns.iter_mut().map(std::mem::take).collect();
        for (row, &start) in old.iter().enumerate() {
            self.starts.push(start);
            self.lines.push(lines[row]);
            for (column, values) in self.columns.iter_mut().zip(&columns) {
                column.extend(values.get(row));
            }
            let Some(next) = old.get(row + 1) else { break };
            let (from, until) = (start.as_nanosecond(), next.as_nanosecond());
            if until - from <= step * 3 / 2 || until - from > longest {
                continue;
            }
            let mut at = from + step;
            while at < until - step / 2 {
                self.starts.push(Timestamp::from_nanosecond(at).expect("between two times"));
                self.lines.push(lines[row]);
                for column in self.columns.iter_mut().filter(|column| !column.is_empty()) {
                    column.push(f64::NAN);
                }
                at += step;
            }
        }
        for column in &mut self.columns {
            let mut known: Option<usize> = None;
            for row in 0..column.len() {
                if column[row].is_nan() {
                    continue;
                }
                if let Some(before) = known {
                    let at = |row: usize| self.starts[row].as_nanosecond();
                    let span = at(row) - at(before);
                    if span <= longest {
                        let (low, high) = (column[before], column[row]);
                        let cells = column.iter_mut().enumerate().take(row).skip(before + 1);
                        for (between, cell) in cells {
                            let share = (at(between) - at(before)) as f64 / span as f64;
                            *cell = low + (high - low) * share;
                        }
                    }
                }
                known = Some(row);
            }
        }
    }

    /// The rows of every year that a run meets, where those of the recording, whatever their
    /// years, make a typical one on the clock of `zone`. A 29 February that it lacks is its 28th.
    ///
    /// # Errors
    ///
    /// Two rows of the same time of the year.
    pub fn typical_year(
        &self,
        zone: &TimeZone,
        clock: &Clock,
        horizon: Time,
    ) -> Result<Self, LineError> {
        // Month, day and time of day, ns, in the order of the year.
        let key = |row: usize| {
            let local = self.starts[row].to_zoned(zone.clone()).datetime();
            let of_day = local.time().duration_since(jiff::civil::Time::midnight());
            (local.month(), local.day(), of_day.as_nanos())
        };
        let mut order: Vec<((i8, i8, i128), usize)> =
            (0..self.starts.len()).map(|row| (key(row), row)).collect();
        order.sort_by_key(|(key, _)| *key);
        if let Some(pair) = order.windows(2).find(|pair| pair[0].0 == pair[1].0) {
            let (first, second) = (self.lines[pair[0].1], self.lines[pair[1].1]);
            let message = format!("is of the same time of the year as line {first}");
            return Err(LineError::new(first.max(second), message));
        }
        let has_leap_day = order.iter().any(|((month, day, _), _)| (*month, *day) == (2, 29));
        let mut year_of = Self {
            starts: Vec::new(),
            lines: Vec::new(),
            columns: vec![Vec::new(); self.columns.len()],
            whole: None,
            step_ns: None,
        };
        let year = |at: Time| clock.timestamp(at).to_zoned(zone.clone()).year();
        for year in year(Time::ZERO) - 1..=year(horizon) + 1 {
            let leap = jiff::civil::Date::new(year, 2, 29).is_ok();
            let mut add = |month: i8, day: i8, of_day: i128, row: usize| {
                let Ok(date) = jiff::civil::Date::new(year, month, day) else { return };
                let of_day = jiff::SignedDuration::from_nanos_i128(of_day);
                let local = date.to_datetime(jiff::civil::Time::midnight()) + of_day;
                let Ok(start) = zone.to_ambiguous_timestamp(local).compatible() else { return };
                if year_of.starts.last().is_some_and(|last| *last >= start) {
                    return;
                }
                year_of.starts.push(start);
                year_of.lines.push(self.lines[row]);
                for (column, values) in year_of.columns.iter_mut().zip(&self.columns) {
                    column.extend(values.get(row));
                }
            };
            for (at, &((month, day, of_day), row)) in order.iter().enumerate() {
                if (month, day) == (2, 29) && !leap {
                    continue;
                }
                add(month, day, of_day, row);
                let next = order.get(at + 1).map(|((month, day, _), _)| (*month, *day));
                if (month, day) == (2, 28) && next != Some((2, 28)) && leap && !has_leap_day {
                    let day_of = order.iter().filter(|((m, d, _), _)| (*m, *d) == (2, 28));
                    for &((_, _, of_day), row) in day_of {
                        add(2, 29, of_day, row);
                    }
                }
            }
        }
        Ok(year_of)
    }

    fn gap(&self, row: usize, hold: i128) -> LineError {
        let from = self.starts[row] + jiff::SignedDuration::from_nanos_i128(hold);
        let to = self.starts.get(row + 1).map_or_else(|| "the end".to_owned(), ToString::to_string);
        LineError::new(self.lines[row], format!("no value from {from} to {to}"))
            .help_from(Some(self.bridge(row, row + 1)))
    }

    /// A row of which one value is missing for longer than one holds.
    fn lost(&self, row: usize, column: &[f64]) -> LineError {
        let known = |row: &usize| !column[*row].is_nan();
        let before = (0..row).rev().find(known).unwrap_or(row);
        let after = (row..column.len()).find(known).unwrap_or(column.len() - 1);
        let message = format!("no value at {}", self.starts[row]);
        LineError::new(self.lines[row], message).help_from(Some(self.bridge(before, after)))
    }

    /// What to write to get over the time from `row` to `next`.
    fn bridge(&self, row: usize, next: usize) -> String {
        let hour_ns = 3_600_000_000_000;
        let span = match self.starts.get(next) {
            Some(until) => until.as_nanosecond() - self.nanos(row),
            None => self.usual_step(),
        };
        let hours = span.max(1).div_euclid(hour_ns) + i128::from(span.rem_euclid(hour_ns) > 0);
        format!(
            "`hold: {hours} h` lets the last value go on, `interpolate: {hours} h` draws a \
             straight line"
        )
    }

    fn outside(&self, clock: &Clock, horizon: Time, end_ns: i128) -> LineError {
        let end = Timestamp::from_nanosecond(end_ns).map_or_else(|_| "?".into(), |t| t.to_string());
        let message = format!(
            "the file covers {} to {end}, the run needs {} to {}",
            self.whole.map_or(self.starts[0], |(first, _)| first),
            clock.timestamp(Time::ZERO),
            clock.timestamp(horizon),
        );
        // Seconds that are read as milliseconds lie in the first weeks of 1970.
        let is_early = end_ns < 60 * DAY_NS;
        let help = "seconds since 1970 need `time_format: unix`".to_owned();
        LineError::new(0, message).help_from(is_early.then_some(help))
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
