//! Tables of values over time (CSV), and how a recording is laid over the time of a run.
//!
//! A value holds from its timestamp to that of the next row, the convention of every market
//! and weather service that stamps the start of an interval.

use std::fmt;

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

use crate::kernel::{Clock, Time};
use crate::units::Unit;

/// A fault in a file of data, at one of its lines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LineError {
    /// Line in the file, from 1; zero for the file as a whole.
    pub line: u64,
    /// What is wrong: lower case, no full stop.
    pub message: String,
}

impl LineError {
    /// A fault at `line`.
    pub fn new(line: u64, message: impl Into<String>) -> Self {
        Self { line, message: message.into() }
    }
}

impl fmt::Display for LineError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            0 => f.write_str(&self.message),
            line => write!(f, "line {line}: {}", self.message),
        }
    }
}

impl std::error::Error for LineError {}

/// A column of numbers that a reader wants.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Column<'a> {
    /// Its name in the header.
    pub name: &'a str,
    /// What turns its numbers into base units: `base = number * factor + offset`.
    pub factor: f64,
    /// See `factor`.
    pub offset: f64,
}

impl<'a> Column<'a> {
    /// The column `name`, whose numbers are in `unit`.
    pub fn new(name: &'a str, unit: &Unit) -> Self {
        Self { name, factor: unit.factor, offset: unit.offset }
    }
}

/// What a table holds: the wanted columns of every row, with its time and line.
#[derive(Debug, Clone, PartialEq)]
pub struct Recording {
    /// Start of each row, strictly rising.
    pub starts: Vec<Timestamp>,
    /// Line of each row.
    pub lines: Vec<u64>,
    /// For each wanted column its values, in base units.
    pub columns: Vec<Vec<f64>>,
}

/// Reads a CSV table with a header.
///
/// `time` names the column of timestamps (the first one by default). Timestamps are ISO 8601;
/// those without an offset are read on the clock of `zone`, where the repeated hour at the end
/// of summer time is taken in the order of the file and a time that the clock skips is refused.
/// Lines that begin with `#` are comments.
///
/// # Errors
///
/// The first line that cannot be read, or whose time does not follow that of the line before.
pub fn read_csv(
    bytes: &[u8],
    time: Option<&str>,
    columns: &[Column<'_>],
    zone: &TimeZone,
) -> Result<Recording, LineError> {
    let mut reader = csv::ReaderBuilder::new()
        .flexible(true)
        .trim(csv::Trim::All)
        .comment(Some(b'#'))
        .from_reader(bytes);
    let header = reader.headers().map_err(|error| csv_error(bytes, &error))?.clone();
    let find = |name: &str| {
        header.iter().position(|cell| cell == name).ok_or_else(|| {
            let known = header.iter().map(|c| format!("`{c}`")).collect::<Vec<_>>().join(", ");
            LineError::new(1, format!("no column `{name}`; columns: {known}"))
        })
    };
    let time_index = time.map_or(Ok(0), find)?;
    let indices = columns.iter().map(|c| find(c.name)).collect::<Result<Vec<_>, _>>()?;

    let mut recording =
        Recording { starts: vec![], lines: vec![], columns: vec![vec![]; columns.len()] };
    let mut record = csv::StringRecord::new();
    while reader.read_record(&mut record).map_err(|error| csv_error(bytes, &error))? {
        let line = record.position().map_or(0, |position| line_of_record(bytes, position));
        if record.len() != header.len() {
            let message = format!("{} fields, the header has {}", record.len(), header.len());
            return Err(LineError::new(line, message));
        }
        let previous = recording.starts.last().copied();
        let start = parse_instant(&record[time_index], zone, previous)
            .map_err(|message| LineError::new(line, message))?;
        if let Some(previous) = previous.filter(|previous| *previous >= start) {
            let message = format!("{start} does not follow {previous} of the row before");
            return Err(LineError::new(line, message));
        }
        recording.starts.push(start);
        recording.lines.push(line);
        for ((column, index), values) in columns.iter().zip(&indices).zip(&mut recording.columns) {
            let value = parse_number(&record[*index], column.name)
                .map_err(|message| LineError::new(line, message))?;
            values.push(value * column.factor + column.offset);
        }
    }
    if recording.starts.is_empty() {
        return Err(LineError::new(0, "no rows"));
    }
    Ok(recording)
}

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

/// The line on which the record at `position` begins: the reader notes where it went on
/// looking, before the comments and empty lines that it skipped.
fn line_of_record(bytes: &[u8], position: &csv::Position) -> u64 {
    let start = usize::try_from(position.byte()).expect("a file in memory");
    let mut lines = bytes[start..].split(|byte| *byte == b'\n');
    let skipped = lines.by_ref().take_while(|l| matches!(l, [] | [b'\r'] | [b'#', ..])).count();
    position.line() + skipped as u64
}

fn csv_error(bytes: &[u8], error: &csv::Error) -> LineError {
    let line = error.position().map_or(0, |position| line_of_record(bytes, position));
    match error.kind() {
        csv::ErrorKind::Utf8 { .. } => LineError::new(line, "not UTF-8 text"),
        _ => LineError::new(line, format!("not readable as CSV: {error}")),
    }
}

fn parse_number(text: &str, column: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(value) if value.is_finite() => Ok(value),
        _ => Err(format!("`{column}` needs a number, got `{text}`")),
    }
}

fn parse_instant(
    text: &str,
    zone: &TimeZone,
    previous: Option<Timestamp>,
) -> Result<Timestamp, String> {
    if let Ok(instant) = text.parse::<Timestamp>() {
        return Ok(instant);
    }
    let local: DateTime = text
        .parse()
        .map_err(|_| format!("needs a time such as `2026-06-01T00:00Z`, got `{text}`"))?;
    let ambiguous = zone.to_ambiguous_timestamp(local);
    let late = ambiguous;
    let earlier = match ambiguous.offset() {
        jiff::tz::AmbiguousOffset::Gap { .. } => {
            let name = zone.iana_name().unwrap_or("this time zone");
            return Err(format!("the clock of {name} skips `{text}`"));
        }
        _ => ambiguous.earlier().map_err(|_| format!("time out of range: `{text}`"))?,
    };
    if previous.is_some_and(|previous| previous >= earlier) {
        return late.later().map_err(|_| format!("time out of range: `{text}`"));
    }
    Ok(earlier)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::Span;

    const PRICE: Column<'_> = Column { name: "price", factor: 1.0, offset: 0.0 };

    fn read(text: &str, zone: &str) -> Result<Recording, String> {
        let zone = TimeZone::get(zone).expect("a known zone");
        read_csv(text.as_bytes(), None, &[PRICE], &zone).map_err(|error| error.to_string())
    }

    fn clock(start: &str) -> Clock {
        Clock::new(start.parse().expect("a timestamp"), TimeZone::UTC)
    }

    fn hours(n: u64) -> Time {
        Time::ZERO + Span::from_hours(n)
    }

    const STRICT: Layout = Layout { hold_ns: None, repeat: false };
    const REPEAT: Layout = Layout { hold_ns: None, repeat: true };

    /// `days` of hourly rows from 2024-01-01, each holding its number.
    fn hourly(days: u64) -> Recording {
        let first: Timestamp = "2024-01-01T00:00Z".parse().expect("a timestamp");
        let rows = 0..days as i64 * 24;
        Recording {
            starts: rows.clone().map(|i| first + jiff::SignedDuration::from_hours(i)).collect(),
            lines: rows.clone().map(|i| i as u64 + 2).collect(),
            columns: vec![rows.map(|i| i as f64).collect()],
        }
    }

    #[test]
    fn columns_are_found_by_name_and_turned_into_base_units() {
        let text =
            "when, note, price\n# a comment\n2026-06-01 00:00, x, 2.5\n2026-06-01T01:00Z,,-1\n";
        let column = Column { factor: 10.0, offset: 1.0, ..PRICE };
        let table = read_csv(text.as_bytes(), Some("when"), &[column], &TimeZone::UTC).unwrap();
        assert_eq!(table.columns, [[26.0, -9.0]]);
        assert_eq!(table.lines, [3, 4]);
        assert_eq!(table.starts[1].to_string(), "2026-06-01T01:00:00Z");
    }

    #[test]
    fn what_cannot_be_read_is_named_by_its_line() {
        let head = "time,price\n2026-06-01T00:00Z,1\n";
        for (text, message) in [
            (format!("{head}2026-06-01T01:00Z,abc\n"), "line 3: `price` needs a number, got `abc`"),
            (format!("{head}2026-06-01T01:00Z,\n"), "line 3: `price` needs a number, got ``"),
            (format!("{head}2026-06-01T01:00Z,NaN\n"), "line 3: `price` needs a number, got `NaN`"),
            (format!("{head}2026-06-01T01:00Z\n"), "line 3: 1 fields, the header has 2"),
            (format!("{head}\n\nyesterday,2\n"), "line 5: needs a time such as"),
            (
                format!("{head}2026-06-01T00:00Z,2\n"),
                "line 3: 2026-06-01T00:00:00Z does not follow",
            ),
            (
                format!("{head}2026-05-31T23:00Z,2\n"),
                "line 3: 2026-05-31T23:00:00Z does not follow",
            ),
            ("time,cost\n".to_owned(), "line 1: no column `price`; columns: `time`, `cost`"),
            ("time,price\n".to_owned(), "no rows"),
        ] {
            let error = read(&text, "UTC").unwrap_err();
            assert!(error.starts_with(message), "{error}");
        }
        let latin = [b"time,price\n2026-06-01T00:00Z,".as_slice(), &[0xe9], b"\n"].concat();
        let error = read_csv(&latin, None, &[PRICE], &TimeZone::UTC).unwrap_err();
        assert_eq!(error.to_string(), "line 2: not UTF-8 text");
    }

    #[test]
    fn local_timestamps_follow_summer_time_both_ways() {
        // Chicago repeats 01:00 to 02:00 on 2026-11-01 and skips 02:00 to 03:00 on 2026-03-08.
        let autumn = "time,price\n2026-11-01 00:30,1\n2026-11-01 01:30,2\n2026-11-01 01:30,3\n\
                      2026-11-01 02:30,4\n";
        let table = read(autumn, "America/Chicago").unwrap();
        let instants: Vec<String> = table.starts.iter().map(ToString::to_string).collect();
        assert_eq!(
            instants,
            [
                "2026-11-01T05:30:00Z",
                "2026-11-01T06:30:00Z",
                "2026-11-01T07:30:00Z",
                "2026-11-01T08:30:00Z"
            ]
        );
        let spring = "time,price\n2026-03-08 01:30,1\n2026-03-08 02:30,2\n";
        let error = read(spring, "America/Chicago").unwrap_err();
        assert_eq!(error, "line 3: the clock of America/Chicago skips `2026-03-08 02:30`");
    }

    #[test]
    fn a_run_sees_the_rows_of_its_own_time() {
        let rows = hourly(2).lay(&clock("2024-01-01T05:20:00Z"), hours(2), STRICT).unwrap();
        let minutes = |n: u64| Time::ZERO + Span::from_secs(60 * n);
        assert_eq!(rows, [(Time::ZERO, 5), (minutes(40), 6), (minutes(100), 7)]);
    }

    #[test]
    fn a_run_outside_the_file_is_refused_unless_it_repeats() {
        let late = clock("2024-01-02T12:00:00Z");
        let error = hourly(2).lay(&late, hours(13), STRICT).unwrap_err().to_string();
        assert_eq!(
            error,
            "the file covers 2024-01-01T00:00:00Z to 2024-01-03T00:00:00Z, the run needs \
             2024-01-02T12:00:00Z to 2024-01-03T01:00:00Z"
        );
        assert_eq!(hourly(2).lay(&late, hours(12), STRICT).unwrap().len(), 12);
        // Two days repeat whole: after hour 47 comes hour 0.
        let rows: Vec<usize> =
            hourly(2).lay(&late, hours(50), REPEAT).unwrap().iter().map(|r| r.1).collect();
        assert_eq!(rows, (36..86).map(|hour| hour % 48).collect::<Vec<usize>>());
        // A run before the file, too.
        let rows = hourly(2).lay(&clock("2023-12-31T22:00:00Z"), hours(4), REPEAT).unwrap();
        assert_eq!(rows.iter().map(|r| r.1).collect::<Vec<_>>(), [46, 47, 0, 1]);
        // Ten days repeat by their one whole week, which keeps the weekday.
        let rows = hourly(10).lay(&clock("2024-01-11T00:00:00Z"), hours(1), REPEAT).unwrap();
        assert_eq!(rows[0].1, 3 * 24);
    }

    #[test]
    fn years_repeat_by_52_weeks_of_the_latest_season() {
        let record = hourly(700); // to 2025-12-01
        let rows = record.lay(&clock("2026-06-01T07:00:00Z"), hours(24 * 300), REPEAT).unwrap();
        // 2026-06-01 is a Monday, as is 2025-06-02, 364 days before: day 518 of the record.
        assert_eq!(rows[0].1, 518 * 24 + 7);
        // The record ends on 2025-12-01; 364 days on, 2026-11-30 shows 2024-12-02, day 336.
        let (start, row) = rows[rows.iter().position(|r| r.1 == 336 * 24).unwrap()];
        assert_eq!((start, row), (hours(182 * 24 - 7), 336 * 24));
        assert_eq!(rows.len(), 24 * 300);
    }

    #[test]
    fn a_lost_row_is_a_gap_and_hold_bridges_it() {
        let mut record = hourly(1);
        for lost in [7, 8] {
            record.starts.remove(lost);
            record.lines.remove(lost);
            record.columns[0].remove(lost);
        }
        // Rows 7 and 9 are gone: 06:00 would have to hold for two hours.
        let start = clock("2024-01-01T00:00:00Z");
        let error = record.lay(&start, hours(24), STRICT).unwrap_err().to_string();
        assert_eq!(error, "line 8: no value from 2024-01-01T07:30:00Z to 2024-01-01T08:00:00Z");
        let bridged = Layout { hold_ns: Some(3 * 3_600_000_000_000), repeat: false };
        assert_eq!(record.lay(&start, hours(24), bridged).unwrap().len(), 22);
        // A run that does not meet the gap does not mind it.
        assert_eq!(record.lay(&start, hours(7), STRICT).unwrap_err().line, 8);
        assert_eq!(record.lay(&start, hours(6), STRICT).unwrap().len(), 6);
    }
}
