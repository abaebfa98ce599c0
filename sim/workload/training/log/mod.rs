//! Job logs, row by row: the Standard Workload Format, what Slurm's accounting prints, and tables.
//!
//! A [`LogReader`] is handed line after line and keeps nothing but counts, so a log of any
//! length takes no memory. A row that cannot be used is left out, counted, and the first of
//! its kind remembered by its line; no row stops the reading.

mod draw;
mod row;
mod sacct;
mod swf;
mod table;

#[cfg(test)]
mod draw_tests;
#[cfg(test)]
mod sacct_tests;
#[cfg(test)]
mod table_tests;

use std::fmt;
use std::sync::Arc;

pub use draw::{DrawColumn, DrawKind, Draws, DrawsReader, NodePower};
pub use swf::SwfHeader;
pub use table::{JobTable, RunTime, Width};

use crate::kernel::{Span, Time};
use crate::tables::LineError;
use crate::workload::gpu::Processor;
use row::Row;
use sacct::{Line, Sacct};
use table::TableLog;

/// Longest time a column may hold, s: 146 years, the reach of the simulator's clock.
const MOST_SECONDS: i64 = Time::MAX.as_nanos() as i64 / 1_000_000_000;

/// Error that a share may carry from the numbers that it is made of.
const ROUNDING: f64 = 1e-9;

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
#[derive(Debug, Clone, Copy, PartialEq)]
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
    /// Whether it has its nodes to itself, where others share them.
    pub exclusive: bool,
    /// What its nodes draw while it runs, as a share of the way from an idle node to a full one;
    /// none where the log does not tell.
    pub load: Option<f64>,
}

impl LogJob {
    /// A job that completed when it had run as long as it asked for, and of which nothing else is known.
    pub fn new(number: u64, submit: Time, run: Span, processors: u32) -> Self {
        Self {
            number,
            submit,
            run,
            processors,
            requested: run,
            end: JobEnd::Completed,
            user: None,
            queue: None,
            exclusive: false,
            load: None,
        }
    }
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

/// What a reader met in a log. Printed, it says what was left out or mended, and where first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct LogReport {
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
    /// Jobs submitted before the job of the row above; they count as submitted with it, unless the
    /// rows may stand in any order.
    pub backwards: Rows,
    /// Rows with more than 18 columns; what is too much was not read.
    pub long: Rows,
    /// Jobs with more processors than the nodes that they had; they take as many nodes as hold
    /// these, too many where the log counts hardware threads as processors.
    pub overfull: Rows,
    /// Jobs of which nothing tells what they drew, where the log is to tell it; they draw as jobs
    /// of a log that does not.
    pub unmeasured: Rows,
    /// Jobs that drew less than idle nodes or more than full ones; they draw as much as these.
    pub beyond: Rows,
}

impl LogReport {
    /// Every kind of odd row with what became of it, in a fixed order.
    pub fn kinds(&self) -> [(&'static str, Rows); 10] {
        [
            ("cannot be read: left out", self.malformed),
            ("part of a job that has a row of its own: left out", self.partial),
            ("no run time or time of submission: left out", self.without_time),
            ("no processors: left out", self.without_processors),
            ("wider than the site: left out", self.too_wide),
            ("submitted before the row above: taken as submitted with it", self.backwards),
            ("more than 18 columns: the rest not read", self.long),
            ("more processors than its nodes have: given more nodes", self.overfull),
            (
                "without utilisation or power: drawn as of a job that is not measured",
                self.unmeasured,
            ),
            ("below an idle node or above a full one: taken as that", self.beyond),
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

impl fmt::Display for LogReport {
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

/// How a log is written.
#[derive(Debug, Clone, Default)]
pub enum LogFormat {
    /// The Standard Workload Format.
    #[default]
    Swf,
    /// What `sacct --parsable2` of Slurm prints.
    Sacct,
    /// A table with a header.
    Table(Box<JobTable>),
}

/// The machine that the jobs of a log are to run on.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LogMachine {
    /// Processors that a job can have: wider ones could never start.
    pub processors: u64,
    /// What they are.
    pub processor: Processor,
    /// Processors of a node.
    pub per_node: u32,
    /// Whether jobs that are smaller than a node share it.
    pub is_shared: bool,
    /// What a node draws.
    pub power: NodePower,
}

/// Reads a log line by line.
#[derive(Debug, Clone)]
pub struct LogReader {
    machine: LogMachine,
    line: u64,
    last_submit: Time,
    /// Whether rows stand in any order.
    any_order: bool,
    header: SwfHeader,
    report: LogReport,
    format: Lines,
    /// Where the log is to tell what its jobs drew: a column of its own, and others beside it.
    tells_draw: bool,
    beside: Option<Arc<Draws>>,
    /// What is wrong with the first row of a table that cannot be read.
    wrong: Option<LineError>,
}

/// What reads the lines of each format.
#[derive(Debug, Clone)]
enum Lines {
    Swf,
    Sacct(Sacct),
    Table(Box<TableLog>),
}

impl LogReader {
    /// A reader of the Standard Workload Format for a site of `processors` processors, whatever
    /// their nodes are.
    pub fn new(processors: u64) -> Self {
        let (processor, is_shared) = (Processor::Gpu, false);
        let power = NodePower { idle_w: 0.0, full_w: 1.0 };
        let machine = LogMachine { processors, processor, per_node: 1, is_shared, power };
        Self::of(&LogFormat::Swf, machine, None)
    }

    /// A reader of `format` for `machine`; `draw` is the column of what jobs drew.
    pub fn of(format: &LogFormat, machine: LogMachine, draw: Option<&DrawColumn>) -> Self {
        let any_order = matches!(format, LogFormat::Table(table) if table.layout.sort);
        let format = match format {
            LogFormat::Swf => Lines::Swf,
            LogFormat::Sacct => Lines::Sacct(Sacct::new(machine, draw.cloned())),
            LogFormat::Table(table) => Lines::Table(Box::new(TableLog::new(table, machine, draw))),
        };
        Self {
            machine,
            line: 0,
            last_submit: Time::ZERO,
            any_order,
            header: SwfHeader::default(),
            report: LogReport::default(),
            format,
            tells_draw: draw.is_some(),
            beside: None,
            wrong: None,
        }
    }

    /// The same, where `draws` of its jobs stand beside the log.
    #[must_use]
    pub fn beside(self, draws: Arc<Draws>) -> Self {
        Self { tells_draw: true, beside: Some(draws), ..self }
    }

    /// The job of the next line, if it holds one that can run. The line comes without its
    /// break, though a carriage return at its end does no harm.
    pub fn read(&mut self, line: &[u8]) -> Option<LogJob> {
        self.line += 1;
        let row = self.row(line)?;
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
            u32::try_from(processors).ok().filter(|&p| u64::from(p) <= self.machine.processors)
        else {
            report.too_wide.add(self.line);
            return None;
        };
        let mut submit = Time::from_nanos(row.submit as u64);
        if submit < self.last_submit && !self.any_order {
            report.backwards.add(self.line);
            submit = self.last_submit;
        }
        self.last_submit = submit;
        if row.overfills {
            report.overfull.add(self.line);
        }
        report.jobs += 1;
        let run = Span::from_nanos(row.run as u64);
        let of_beside = || self.beside.as_ref().and_then(|draws| draws.of(row.number));
        let load = row.told.or_else(of_beside).map(|told| {
            let nodes = self.machine.nodes_of(processors, row.exclusive);
            self.machine.power.load(told, run, nodes)
        });
        if self.tells_draw {
            match load {
                None => report.unmeasured.add(self.line),
                Some(load) if !(-ROUNDING..=1.0 + ROUNDING).contains(&load) => {
                    report.beyond.add(self.line);
                }
                Some(_) => {}
            }
        }
        Some(LogJob {
            number: row.number,
            submit,
            run,
            processors,
            requested: Span::from_nanos(row.requested.max(row.run) as u64),
            end: match row.status {
                0 => JobEnd::Failed,
                5 => JobEnd::Cancelled,
                _ => JobEnd::Completed,
            },
            user: row.user,
            queue: row.queue,
            exclusive: row.exclusive,
            load: load.map(|load| load.clamp(0.0, 1.0)),
        })
    }

    /// What the next line holds: none where it is no row, a row of none where it cannot be read.
    fn row(&mut self, line: &[u8]) -> Option<Option<Row>> {
        let text = line.trim_ascii();
        match &mut self.format {
            Lines::Table(table) => match table.read(self.line, line) {
                Ok(row) => row.map(Some),
                Err(error) => {
                    self.wrong.get_or_insert(error);
                    Some(None)
                }
            },
            _ if text.is_empty() => None,
            Lines::Swf | Lines::Sacct(_) if text[0] == b';' => {
                self.header.read(&text[1..]);
                None
            }
            Lines::Swf => Some(Row::of_swf(text)),
            Lines::Sacct(sacct) => match sacct.read(text) {
                Line::Header => None,
                Line::Step => {
                    self.report.partial.add(self.line);
                    None
                }
                Line::Job(row) => Some(row),
            },
        }
    }

    /// Whether its jobs come in any order, and are to be sorted by their submission.
    pub fn any_order(&self) -> bool {
        self.any_order
    }

    /// What is wrong with the log as a whole, when it has ended: of a table its header, or the
    /// first row that cannot be read.
    pub fn wrong(&self) -> Option<LineError> {
        match &self.format {
            Lines::Table(table) => self.wrong.clone().or_else(|| table.finish().err()),
            _ => None,
        }
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
    pub fn report(&self) -> &LogReport {
        &self.report
    }
}

impl LogMachine {
    /// Nodes that a job of `processors` holds: a part of one where it shares it.
    fn nodes_of(&self, processors: u32, exclusive: bool) -> f64 {
        if self.is_shared && !exclusive && processors < self.per_node {
            return f64::from(processors) / f64::from(self.per_node);
        }
        f64::from(processors.div_ceil(self.per_node))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Reads rows `(number submit run allocated requested-processors requested-time status)`.
    fn read(processors: u64, text: &str) -> (Vec<LogJob>, LogReport) {
        let mut reader = LogReader::new(processors);
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
        assert_eq!(report, LogReport { jobs: 3, ..LogReport::default() });
    }

    #[test]
    fn the_header_says_what_the_machine_is() {
        let mut reader = LogReader::new(8);
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
        let expected = LogReport {
            jobs: 3,
            malformed: rows(5, 1),
            partial: Rows::default(),
            without_time: rows(2, 3),
            without_processors: rows(1, 5),
            too_wide: rows(2, 6),
            backwards: rows(1, 8),
            long: rows(1, 9),
            ..LogReport::default()
        };
        assert_eq!(report, expected);
        assert_eq!(report.dropped(), 10);
        assert!(report.to_string().contains("2 rows (first: line 6) wider than the site"));
    }
}
