//! Reading a table of values over time (CSV).

use std::fmt;

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

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
