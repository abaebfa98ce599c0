//! Job logs in the Standard Workload Format, version 2.2 (Feitelson, Parallel Workloads
//! Archive): one job a line in 18 columns, `;` before comments, -1 for what is unknown.
//!
//! [`SwfReader`] is handed line after line and keeps nothing but counts, so a log of any
//! length takes no memory. A row that cannot be used is left out, counted, and the first of
//! its kind remembered by its line; no row stops the reading.

use std::fmt;

use super::log_row::Row;
use super::sacct::{Line, Sacct};
use crate::kernel::{Span, Time};

/// Columns of a row; whatever follows them is not read.
const COLUMNS: usize = 18;

/// Longest time a column may hold, s: 146 years, the reach of the simulator's clock.
const MOST_SECONDS: i64 = Time::MAX.as_nanos() as i64 / 1_000_000_000;

/// How a job of a log, or of the simulation, came to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JobEnd {
    /// It did all its work.
    Completed,
    /// Its own program failed, which no restart would mend.
    Failed,
    /// Its user gave it up.
    Cancelled,
}

impl JobEnd {
    /// As tables name it.
    pub const fn name(self) -> &'static str {
        match self {
            JobEnd::Completed => "completed",
            JobEnd::Failed => "failed",
            JobEnd::Cancelled => "cancelled",
        }
    }
}

/// A job of a log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LogJob {
    /// Its number in the log.
    pub number: u64,
    /// When it was submitted, on the clock of the log.
    pub submit: Time,
    /// How long it ran. Never zero.
    pub run: Span,
    /// Processors that it asked for or, where that is unknown, was given. Never zero.
    pub processors: u32,
    /// The time that it asked for; at least `run`, and `run` where it is unknown.
    pub requested: Span,
    /// How it ended. A status that the format does not define counts as completed.
    pub end: JobEnd,
    /// Who submitted it, where that is known.
    pub user: Option<u32>,
    /// The queue that it was in, where that is known.
    pub queue: Option<u32>,
}

/// Rows of one kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Rows {
    /// How many.
    pub count: u64,
    /// Line of the first, from 1; zero where there is none.
    pub first_line: u64,
}

impl Rows {
    fn add(&mut self, line: u64) {
        if self.count == 0 {
            self.first_line = line;
        }
        self.count += 1;
    }
}

/// What the header of a log says of its machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct SwfHeader {
    /// Processors of the machine (`MaxProcs`).
    pub max_procs: Option<u64>,
    /// Nodes of the machine (`MaxNodes`).
    pub max_nodes: Option<u64>,
    /// When the clock of the log stood at zero, in seconds of Unix time (`UnixStartTime`).
    pub unix_start_time: Option<u64>,
}

impl SwfHeader {
    /// Takes note of a line of the header, `; MaxProcs: 704`.
    fn read(&mut self, line: &[u8]) {
        let Some(colon) = line.iter().position(|&byte| byte == b':') else { return };
        let field = match line[..colon].trim_ascii() {
            b"MaxProcs" => &mut self.max_procs,
            b"MaxNodes" => &mut self.max_nodes,
            b"UnixStartTime" => &mut self.unix_start_time,
            _ => return,
        };
        // `MaxNodes: 128 (dual processors)` is usual.
        let value = line[colon + 1..].trim_ascii().split(u8::is_ascii_whitespace).next();
        let value = value.and_then(whole).and_then(|value| u64::try_from(value).ok());
        *field = value.or(*field);
    }
}

/// What a reader met in a log. Printed, it says what was left out or mended, and where first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct SwfReport {
    /// Jobs that were handed on.
    pub jobs: u64,
    /// Rows left out: fewer than 18 columns, or no number where one is needed.
    pub malformed: Rows,
    /// Rows left out: a part of a job whose row tells all of it, as a burst between two
    /// checkpoints (status 2 to 4), or a step.
    pub partial: Rows,
    /// Rows left out: no time of submission, or no run time above zero, as of jobs that were
    /// cancelled before they started.
    pub without_time: Rows,
    /// Rows left out: no processors, asked for or given.
    pub without_processors: Rows,
    /// Rows left out: more processors than there are.
    pub too_wide: Rows,
    /// Jobs submitted before the job of the row above; they count as submitted with it.
    pub backwards: Rows,
    /// Rows with more than 18 columns; what is too much was not read.
    pub long: Rows,
}

impl SwfReport {
    /// Every kind of odd row with what became of it, in a fixed order.
    pub fn kinds(&self) -> [(&'static str, Rows); 7] {
        [
            ("cannot be read: left out", self.malformed),
            ("part of a job that has a row of its own: left out", self.partial),
            ("no run time or time of submission: left out", self.without_time),
            ("no processors: left out", self.without_processors),
            ("wider than the site: left out", self.too_wide),
            ("submitted before the row above: taken as submitted with it", self.backwards),
            ("more than 18 columns: the rest not read", self.long),
        ]
    }

    /// Rows that were left out.
    pub fn dropped(&self) -> u64 {
        let kinds = [
            self.malformed,
            self.partial,
            self.without_time,
            self.without_processors,
            self.too_wide,
        ];
        kinds.iter().map(|rows| rows.count).sum()
    }
}

impl fmt::Display for SwfReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.jobs, if self.jobs == 1 { "job" } else { "jobs" })?;
        for (what, rows) in self.kinds().into_iter().filter(|(_, rows)| rows.count > 0) {
            match rows.count {
                1 => write!(f, "; 1 row (line {}) {what}", rows.first_line)?,
                count => write!(f, "; {count} rows (first: line {}) {what}", rows.first_line)?,
            }
        }
        Ok(())
    }
}

/// Reads a log line by line.
#[derive(Debug, Clone)]
pub struct SwfReader {
    processors: u64,
    line: u64,
    last_submit: Time,
    header: SwfHeader,
    report: SwfReport,
    /// Where it is no log in this format, but one of Slurm's.
    sacct: Option<Sacct>,
}

impl SwfReader {
    /// A reader for a site of `processors` processors: wider jobs could never start.
    pub fn new(processors: u64) -> Self {
        let (header, report) = (SwfHeader::default(), SwfReport::default());
        Self { processors, line: 0, last_submit: Time::ZERO, header, report, sacct: None }
    }

    /// A reader of what `sacct --parsable2` of Slurm prints, for a site of `processors`
    /// processors, `per_node` of them in a node.
    pub fn of_sacct(processors: u64, per_node: u32) -> Self {
        Self { sacct: Some(Sacct::new(per_node)), ..Self::new(processors) }
    }

    /// The job of the next line, if it holds one that can run. The line comes without its
    /// break, though a carriage return at its end does no harm.
    pub fn read(&mut self, line: &[u8]) -> Option<LogJob> {
        self.line += 1;
        let text = line.trim_ascii();
        if text.is_empty() {
            return None;
        }
        if text[0] == b';' {
            self.header.read(&text[1..]);
            return None;
        }
        let row = match &mut self.sacct {
            None => Row::read(text),
            Some(sacct) => match sacct.read(text) {
                Line::Header => return None,
                Line::Step => {
                    self.report.partial.add(self.line);
                    return None;
                }
                Line::Job(row) => row,
            },
        };
        let report = &mut self.report;
        let Some(row) = row else {
            report.malformed.add(self.line);
            return None;
        };
        if row.is_long {
            report.long.add(self.line);
        }
        // The format tells all of a job in a row of status 0, 1 or 5; rows of its bursts follow.
        if (2..=4).contains(&row.status) {
            report.partial.add(self.line);
            return None;
        }
        if row.run <= 0 || row.submit < 0 {
            report.without_time.add(self.line);
            return None;
        }
        let processors = if row.requested_processors > 0 {
            row.requested_processors
        } else {
            row.allocated_processors
        };
        if processors <= 0 {
            report.without_processors.add(self.line);
            return None;
        }
        let Some(processors) =
            u32::try_from(processors).ok().filter(|&p| u64::from(p) <= self.processors)
        else {
            report.too_wide.add(self.line);
            return None;
        };
        let mut submit = Time::from_nanos(row.submit as u64);
        if submit < self.last_submit {
            report.backwards.add(self.line);
            submit = self.last_submit;
        }
        self.last_submit = submit;
        report.jobs += 1;
        Some(LogJob {
            number: row.number,
            submit,
            run: Span::from_nanos(row.run as u64),
            processors,
            requested: Span::from_nanos(row.requested.max(row.run) as u64),
            end: match row.status {
                0 => JobEnd::Failed,
                5 => JobEnd::Cancelled,
                _ => JobEnd::Completed,
            },
            user: row.user,
            queue: row.queue,
        })
    }

    /// The next line is too long to be a row.
    pub fn skip(&mut self) {
        self.line += 1;
        self.report.malformed.add(self.line);
    }

    /// What the comments so far say of the machine.
    pub fn header(&self) -> &SwfHeader {
        &self.header
    }

    /// What was met so far.
    pub fn report(&self) -> &SwfReport {
        &self.report
    }
}

impl Row {
    fn read(text: &[u8]) -> Option<Self> {
        let mut columns = [&text[..0]; COLUMNS];
        let mut words = text.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty());
        for column in &mut columns {
            *column = words.next()?;
        }
        Some(Self {
            number: u64::try_from(whole(columns[0])?).ok()?,
            submit: nanoseconds(columns[1])?,
            run: nanoseconds(columns[3])?,
            allocated_processors: whole(columns[4])?,
            requested_processors: whole(columns[7])?,
            requested: nanoseconds(columns[8])?,
            status: whole(columns[10])?,
            user: known(columns[11]),
            queue: known(columns[14]),
            is_long: words.next().is_some(),
        })
    }
}

/// A number that no job depends on; none where it is unknown or no number.
fn known(word: &[u8]) -> Option<u32> {
    whole(word).and_then(|number| u32::try_from(number).ok())
}

/// A whole number.
fn whole(word: &[u8]) -> Option<i64> {
    let (is_negative, digits) = match word {
        [b'-', rest @ ..] => (true, rest),
        _ => (false, word),
    };
    // 18 digits never overflow.
    if digits.is_empty() || digits.len() > 18 || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let value = digits.iter().fold(0, |value, &digit| value * 10 + i64::from(digit - b'0'));
    Some(if is_negative { -value } else { value })
}

/// Seconds with up to nine decimals that count, as nanoseconds; any negative number is -1.
fn nanoseconds(word: &[u8]) -> Option<i64> {
    let point = word.iter().position(|&byte| byte == b'.');
    let (seconds, decimals) = match point {
        Some(at) => (whole(&word[..at])?, &word[at + 1..]),
        None => (whole(word)?, &word[..0]),
    };
    if !decimals.iter().all(u8::is_ascii_digit) {
        return None;
    }
    if word[0] == b'-' {
        return Some(-1);
    }
    if seconds >= MOST_SECONDS {
        return None;
    }
    let digit = |i: usize| decimals.get(i).map_or(0, |&digit| i64::from(digit - b'0'));
    Some((0..9).fold(seconds, |value, i| value * 10 + digit(i)))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Reads rows `(number submit run allocated requested-processors requested-time status)`.
    fn read(processors: u64, text: &str) -> (Vec<LogJob>, SwfReport) {
        let mut reader = SwfReader::new(processors);
        let jobs = text.split('\n').filter_map(|line| reader.read(line.as_bytes())).collect();
        (jobs, *reader.report())
    }

    fn row(columns: [&str; 7]) -> String {
        let [number, submit, run, allocated, processors, requested, status] = columns;
        format!(
            "{number} {submit} -1 {run} {allocated} -1 -1 {processors} {requested} -1 {status} 1 1 \
             1 1 1 -1 -1"
        )
    }

    #[test]
    fn unknown_columns_fall_back_to_known_ones() {
        let rows = [
            row(["1", "10", "30", "4", "8", "60", "1"]),
            row(["2", "10.25", "30", "4", "-1", "-1", "0"]),
            row(["3", "20", "30", "4", "0", "20", "5"]),
        ];
        let (jobs, report) = read(8, &format!("; Version: 2.2\r\n\n{}\r\n", rows.join("\r\n")));
        let got: Vec<_> = jobs
            .iter()
            .map(|job| (job.submit.as_nanos(), job.processors, job.requested, job.end))
            .collect();
        let expected = [
            (10_000_000_000, 8, Span::from_secs(60), JobEnd::Completed),
            (10_250_000_000, 4, Span::from_secs(30), JobEnd::Failed),
            (20_000_000_000, 4, Span::from_secs(30), JobEnd::Cancelled),
        ];
        assert_eq!(got, expected);
        assert_eq!(report, SwfReport { jobs: 3, ..SwfReport::default() });
    }

    #[test]
    fn the_header_says_what_the_machine_is() {
        let mut reader = SwfReader::new(8);
        for line in [
            "; Version: 2.2",
            ";  MaxProcs:  704 ",
            ";MaxNodes: 88 (eight each)",
            "; UnixStartTime: 1506638400",
            "; MaxProcs: unknown",
            "; Note: MaxNodes: 3",
        ] {
            assert_eq!(reader.read(line.as_bytes()), None);
        }
        let expected = SwfHeader {
            max_procs: Some(704),
            max_nodes: Some(88),
            unix_start_time: Some(1_506_638_400),
        };
        assert_eq!(*reader.header(), expected);
    }

    #[test]
    fn every_odd_row_is_counted_and_named_by_its_line() {
        let huge = "9".repeat(400);
        let rows = [
            "1 2 3".to_owned(),
            row(["1", "5", "x", "1", "1", "9", "1"]),
            row(["2", "5", "0", "1", "1", "9", "1"]),
            row(["3", "-1", "7", "1", "1", "9", "1"]),
            row(["4", "5", "7", "-1", "-1", "9", "1"]),
            row(["5", "5", "7", "1", "9", "9", "1"]),
            row(["6", "50", "7", "1", "1", "9", "1"]),
            row(["7", "40", "7", "1", "1", "9", "1"]),
            row(["8", "60", "7", "1", "1", "9", "1"]) + " 1 2 3",
            row(["9", &huge, "7", "1", "1", "9", "1"]),
            row(["10", "60", "1e5", "1", "1", "9", "1"]),
            row(["11", "60", "7", "99999999999", "-1", "9", "1"]),
            "\u{fffd}\u{0} ;".to_owned(),
        ];
        let (jobs, report) = read(8, &rows.join("\n"));
        let numbers: Vec<_> = jobs.iter().map(|job| job.number).collect();
        assert_eq!(numbers, [6, 7, 8]);
        assert_eq!(jobs[1].submit, jobs[0].submit, "time does not run backwards");
        let rows = |count, first_line| Rows { count, first_line };
        let expected = SwfReport {
            jobs: 3,
            malformed: rows(5, 1),
            partial: Rows::default(),
            without_time: rows(2, 3),
            without_processors: rows(1, 5),
            too_wide: rows(2, 6),
            backwards: rows(1, 8),
            long: rows(1, 9),
        };
        assert_eq!(report, expected);
        assert_eq!(report.dropped(), 10);
        assert!(report.to_string().contains("2 rows (first: line 6) wider than the site"));
    }
}
