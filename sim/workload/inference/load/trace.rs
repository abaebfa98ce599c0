//! Recorded requests: rows of a trace, played as they are needed.
//!
//! [`TraceReader`] is handed line after line and keeps nothing but counts, and a cell holds one
//! row at a time, so a trace of any length takes no memory. Whoever opens files hands over
//! [`TraceRows`], which starts again from the first row as often as asked.

use std::fmt;
use std::sync::Arc;

use super::super::ticks::{NEVER, Ticks, from_time};
use super::format::{FormatReader, Told, TraceFormat};
use super::row::TraceRow;
use crate::kernel::Time;
use crate::tables::LineError;

/// The rows of a trace, in order of time.
pub trait TraceRows: fmt::Debug + Send + Sync {
    /// The rows from the first on; the same ones whenever it is called.
    fn rows(&self) -> Box<dyn Iterator<Item = TraceRow> + Send>;
}

impl TraceRows for Vec<TraceRow> {
    fn rows(&self) -> Box<dyn Iterator<Item = TraceRow> + Send> {
        Box::new(self.clone().into_iter())
    }
}

/// A trace and how it is played: its first row comes at the start of the run.
#[derive(Debug, Clone)]
pub struct TraceDesign {
    /// The rows.
    pub rows: Arc<dyn TraceRows>,
    /// How many there are.
    pub count: u64,
    /// How many rows its file has, with those of other classes.
    pub of_all: u64,
    /// When the first was sent, on the clock of the trace.
    pub first_ns: u64,
    /// When the last was sent.
    pub last_ns: u64,
    /// How many times as fast as recorded.
    pub rate_scale: f64,
    /// Whether it starts again after its last row.
    pub repeat: bool,
}

/// The length of a trace as it is told: that of one whose unit of time is wrong must show.
pub(in crate::workload::inference) fn told_span(span_s: f64) -> String {
    let digits = if span_s < 10.0 { 3 } else { 0 };
    format!("{span_s:.digits$} s")
}

impl TraceDesign {
    /// A trace played as it was recorded.
    pub fn new(rows: Arc<dyn TraceRows>, report: &TraceReport) -> Self {
        let TraceReport { rows: count, others, first_ns, last_ns, .. } = *report;
        let of_all = count + others;
        Self { rows, count, of_all, first_ns, last_ns, rate_scale: 1.0, repeat: false }
    }

    /// From the first row of one pass to that of the next: the recorded time and a mean gap.
    fn period_ns(&self) -> u64 {
        let span = self.last_ns - self.first_ns;
        let mean_gap = span / self.of_all.saturating_sub(1).max(1);
        // A trace of one instant comes back once a second.
        if span == 0 { 1_000_000_000 } else { span + mean_gap }
    }

    /// When its last row comes, s after the start of the run; none where it repeats.
    pub fn length_s(&self) -> Option<f64> {
        let nanos = (self.last_ns - self.first_ns) as f64;
        (!self.repeat).then(|| nanos / 1e9 / self.rate_scale)
    }

    /// Mean requests a second while it plays.
    pub fn rate_per_s(&self) -> f64 {
        self.count as f64 / (self.period_ns() as f64 * 1e-9) * self.rate_scale
    }

    /// The instant of the run at which `ns` nanoseconds after the first row are reached.
    fn ticks(&self, ns: u64) -> Ticks {
        let ns = if self.rate_scale == 1.0 { ns } else { (ns as f64 / self.rate_scale) as u64 };
        from_time(Time::from_nanos(ns.min(Time::MAX.as_nanos())))
    }
}

/// A trace being played, one row ahead.
pub(super) struct Player {
    design: TraceDesign,
    rows: Box<dyn Iterator<Item = TraceRow> + Send>,
    /// How many of the pass at hand have been read.
    read: usize,
    /// Nanoseconds of the passes that are over.
    passed_ns: u64,
    /// The row that is next.
    pub(super) row: TraceRow,
}

impl fmt::Debug for Player {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Player").field("passed_ns", &self.passed_ns).finish_non_exhaustive()
    }
}

impl Clone for Player {
    /// Reads the rows of the pass at hand once more.
    fn clone(&self) -> Self {
        let mut rows = self.design.rows.rows();
        rows.by_ref().take(self.read).for_each(drop);
        let Self { read, passed_ns, .. } = *self;
        Self { rows, design: self.design.clone(), read, passed_ns, row: self.row.clone() }
    }
}

impl Player {
    /// The trace from `from` on, and when its next row comes. Looks at every row before.
    pub(super) fn new(design: &TraceDesign, from: Ticks) -> (Self, Ticks) {
        let mut player = Self {
            rows: design.rows.rows(),
            design: design.clone(),
            read: 0,
            passed_ns: 0,
            row: TraceRow::default(),
        };
        let period_ns = design.period_ns();
        while design.repeat && design.ticks(player.passed_ns + period_ns) < from {
            player.passed_ns += period_ns;
        }
        let mut next = player.advance();
        while next < from {
            next = player.advance();
        }
        (player, next)
    }

    /// Moves to the next row and returns when it comes; [`NEVER`] when there is none.
    pub(super) fn advance(&mut self) -> Ticks {
        let row = match self.rows.next() {
            Some(row) => row,
            None if self.design.repeat => {
                self.passed_ns += self.design.period_ns();
                self.rows = self.design.rows.rows();
                self.read = 0;
                match self.rows.next() {
                    Some(row) => row,
                    None => return NEVER,
                }
            }
            None => return NEVER,
        };
        self.read += 1;
        let at_ns = self.passed_ns + row.at_ns.saturating_sub(self.design.first_ns);
        self.row = row;
        self.design.ticks(at_ns)
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
    /// Counts the row in line `line`.
    pub fn add(&mut self, line: u64) {
        if self.count == 0 {
            self.first_line = line;
        }
        self.count += 1;
    }
}

/// What a reader met in a trace. Printed, it says what was left out or mended, and where first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct TraceReport {
    /// Requests that were handed on.
    pub rows: u64,
    /// When the first of them was sent.
    pub first_ns: u64,
    /// When the last of them was sent.
    pub last_ns: u64,
    /// Rows left out: not of the format, or numbers that nothing could be.
    pub malformed: Rows,
    /// Rows left out: no prompt or no answer, so nothing to do for a model.
    pub empty: Rows,
    /// Requests sent before the one of the row above; they count as sent with it.
    pub backwards: Rows,
    /// Requests with more generated tokens than their own limit; they count with as many as it lets
    /// be.
    pub cut: Rows,
    /// Rows of another class than the one that is asked for.
    pub others: u64,
    /// The longest time between two rows, ns, and the line of the first.
    pub longest_gap: (u64, u64),
    /// Prompt tokens of all requests, and the most of one.
    pub prompt: (u64, u32),
    /// Generated tokens of all requests, and the most of one.
    pub output: (u64, u32),
}

impl TraceReport {
    /// Every kind of odd row with what became of it.
    fn kinds(&self) -> [(&'static str, Rows); 4] {
        [
            ("cannot be read: left out", self.malformed),
            ("no prompt or no answer: left out", self.empty),
            ("sent before the row above: taken as sent with it", self.backwards),
            ("with more generated than their own limit: cut at it", self.cut),
        ]
    }

    /// The line after which nothing is sent for longer than in all the rest of the trace and than
    /// a day, and for how long, s: a stray time is followed by such a gap.
    pub fn stray_gap(&self) -> Option<(u64, f64)> {
        const DAY_NS: u64 = 86_400_000_000_000;
        let (gap_ns, line) = self.longest_gap;
        let rest_ns = (self.last_ns - self.first_ns).saturating_sub(gap_ns);
        (gap_ns > DAY_NS && gap_ns > rest_ns).then_some((line, gap_ns as f64 * 1e-9))
    }

    /// What was found in it, in a line.
    pub fn found(&self) -> String {
        let span_s = (self.last_ns - self.first_ns) as f64 * 1e-9;
        let mean = |sum: u64| sum as f64 / self.rows.max(1) as f64;
        let mut text = format!(
            "{} requests over {}; prompt tokens {:.0} in the mean, {} at most; generated \
             {:.0} in the mean, {} at most",
            self.rows,
            told_span(span_s),
            mean(self.prompt.0),
            self.prompt.1,
            mean(self.output.0),
            self.output.1
        );
        if self.others > 0 {
            text += &format!("; {} rows of other classes", self.others);
        }
        let left_out = self.malformed.count + self.empty.count;
        if left_out > 0 {
            text += &format!("; {left_out} rows left out");
        }
        text
    }

    /// Whether a row was left out or mended.
    pub fn has_odd_rows(&self) -> bool {
        self.kinds().iter().any(|(_, rows)| rows.count > 0)
    }
}

impl fmt::Display for TraceReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} requests", self.rows)?;
        for (what, rows) in self.kinds() {
            if rows.count > 0 {
                write!(f, "; {} rows (first: line {}) {what}", rows.count, rows.first_line)?;
            }
        }
        Ok(())
    }
}

/// Reads a trace line by line.
#[derive(Debug, Clone)]
pub struct TraceReader {
    rows: FormatReader,
    line: u64,
    report: TraceReport,
    /// What is wrong with the first row that cannot be read.
    wrong: Option<LineError>,
    /// When the row before was sent, whoever it was from, and its line.
    before: Option<(u64, u64)>,
}

impl TraceReader {
    /// A reader of `format` before the first line.
    pub fn new(format: &TraceFormat) -> Self {
        let rows = FormatReader::new(format);
        Self { rows, line: 0, report: TraceReport::default(), wrong: None, before: None }
    }

    /// The request of the next line, if it holds one. The line comes without its break, though
    /// a carriage return at its end does no harm.
    pub fn read(&mut self, line: &[u8]) -> Option<TraceRow> {
        self.line += 1;
        let line = line.strip_prefix(b"\xef\xbb\xbf".as_slice()).unwrap_or(line);
        let told = match self.rows.read(self.line, line) {
            Ok(Some(told)) => told,
            Ok(None) => return None,
            Err(error) => {
                self.wrong.get_or_insert(error.at_line(self.line));
                self.report.malformed.add(self.line);
                return None;
            }
        };
        self.take(told)
    }

    /// Counts a row, and hands it on where it counts.
    fn take(&mut self, told: Told) -> Option<TraceRow> {
        let Told { mut row, is_mine, is_cut } = told;
        let report = &mut self.report;
        if row.prompt == 0 || row.output == 0 {
            report.empty.add(self.line);
            return None;
        }
        match self.before {
            None => report.first_ns = row.at_ns,
            Some((last_ns, _)) if row.at_ns < last_ns => {
                report.backwards.add(self.line);
                row.at_ns = last_ns;
            }
            Some((last_ns, line)) => {
                if row.at_ns - last_ns > report.longest_gap.0 {
                    report.longest_gap = (row.at_ns - last_ns, line);
                }
            }
        }
        self.before = Some((row.at_ns, self.line));
        report.last_ns = row.at_ns;
        if !is_mine {
            report.others += 1;
            return None;
        }
        report.rows += 1;
        if is_cut {
            report.cut.add(self.line);
        }
        report.prompt = (report.prompt.0 + u64::from(row.prompt), report.prompt.1.max(row.prompt));
        report.output = (report.output.0 + u64::from(row.output), report.output.1.max(row.output));
        Some(row)
    }

    /// The line that was read last, from 1.
    pub fn line(&self) -> u64 {
        self.line
    }

    /// Counts the line that comes next as one that cannot be read, without looking at it.
    pub fn skip(&mut self) {
        self.line += 1;
        self.report.malformed.add(self.line);
    }

    /// What was met so far.
    pub fn report(&self) -> &TraceReport {
        &self.report
    }

    /// What is wrong with the first row, or with the header, that cannot be read.
    pub fn wrong(&self) -> Option<LineError> {
        self.rows.finish().err().or_else(|| self.wrong.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(format: TraceFormat, text: &str) -> (Vec<TraceRow>, TraceReport) {
        let mut reader = TraceReader::new(&format);
        let rows = text.split('\n').filter_map(|line| reader.read(line.as_bytes())).collect();
        (rows, *reader.report())
    }

    const SECOND: u64 = 1_000_000_000;

    #[test]
    fn an_azure_trace_is_read_with_and_without_offsets() {
        let text = "\u{feff}TIMESTAMP,ContextTokens,GeneratedTokens\r\n\
                    2023-11-16 18:15:46.6805900,374,44\r\n\
                    2023-11-16 18:15:50.9951690,396,109\r\n\
                    2023-11-16 19:15:51+01:00,879,55\r\n\r\n";
        let (rows, report) = read(TraceFormat::Azure, text);
        let first = 1_700_158_546 * SECOND + 680_590_000;
        let row = |at_ns, prompt, output| TraceRow { at_ns, prompt, output, ..TraceRow::default() };
        let expected = [
            row(first, 374, 44),
            row(first + 4_314_579_000, 396, 109),
            row(1_700_158_551 * SECOND, 879, 55),
        ];
        assert_eq!(rows, expected);
        assert_eq!(report.rows, 3);
        assert_eq!((report.malformed, report.backwards), Default::default());
    }

    #[test]
    fn a_mooncake_trace_is_read_whatever_else_its_rows_hold() {
        let text = "{\"timestamp\": 0, \"input_length\": 6758, \"output_length\": 500, \"hash_ids\": [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13]}\n\
                    {\"output_length\": 7, \"input_length\": 1, \"timestamp\": 1.5}\n";
        let (rows, report) = read(TraceFormat::MOONCAKE, text);
        let row = |at_ns, prompt, output, blocks| TraceRow {
            at_ns,
            prompt,
            output,
            blocks,
            block_tokens: 512,
        };
        assert_eq!(rows, [row(0, 6758, 500, (0..14).collect()), row(1_500_000, 1, 7, vec![])]);
        assert_eq!(report.to_string(), "2 requests");
    }

    #[test]
    fn every_odd_row_is_counted_and_named_by_its_line() {
        let azure = "TIMESTAMP,ContextTokens,GeneratedTokens\n\
                     2023-11-16 18:00:10,5,5\n\
                     2023-11-16 18:00:09,6,6\n\
                     yesterday,7,7\n\
                     2023-11-16 18:00:11,0,7\n\
                     2023-11-16 18:00:11,7,0\n\
                     2023-11-16 18:00:11,-7,7\n\
                     2023-11-16 18:00:11,99999999999,7\n\
                     2023-11-16 18:00:11,7,7,7\n\
                     2023-13-16 18:00:11,7,7\n\
                     1823-11-16 18:00:11,7,7\n\
                     \u{0},\u{fffd}\n\
                     2023-11-16 18:00:12,8,8";
        let (rows, report) = read(TraceFormat::Azure, azure);
        let prompts: Vec<u32> = rows.iter().map(|row| row.prompt).collect();
        assert_eq!(prompts, [5, 6, 8]);
        assert_eq!(rows[0].at_ns, rows[1].at_ns, "time does not run backwards");
        let odd = |count, first_line| Rows { count, first_line };
        assert_eq!(report.malformed, odd(7, 4));
        assert_eq!((report.empty, report.backwards), (odd(2, 5), odd(1, 3)));
        let mooncake = "[1, 2]\n{}\n{\"timestamp\": -1, \"input_length\": 1, \"output_length\": 1}\n\
                        {\"timestamp\": 1e300, \"input_length\": 1, \"output_length\": 1}\n\
                        {\"timestamp\": 1, \"input_length\": 1.5, \"output_length\": 1}\n\
                        {\"timestamp\": 1, \"input_length\": 1, \"output_length\": 1, \"hash_ids\": [-1]}\n\
                        {\"timestamp\": 1, \"input_length\": 1, \"output_length\": 1";
        let (rows, report) = read(TraceFormat::MOONCAKE, mooncake);
        assert_eq!((rows.len(), report.malformed), (0, odd(7, 1)));
        let said = report.to_string();
        assert_eq!(said, "0 requests; 7 rows (first: line 1) cannot be read: left out");
    }

    fn design(at_s: &[u64]) -> TraceDesign {
        let rows: Vec<TraceRow> = at_s
            .iter()
            .map(|&at| TraceRow {
                at_ns: at * SECOND,
                prompt: at as u32,
                output: 1,
                ..TraceRow::default()
            })
            .collect();
        let report = TraceReport {
            rows: rows.len() as u64,
            first_ns: rows[0].at_ns,
            last_ns: rows[rows.len() - 1].at_ns,
            ..TraceReport::default()
        };
        TraceDesign::new(Arc::new(rows), &report)
    }

    /// The next `n` rows as (seconds, prompt), from `from` on.
    fn play(design: &TraceDesign, from: u64, n: usize) -> Vec<(f64, u32)> {
        let second = 16 * SECOND;
        let (mut player, mut next) = Player::new(design, from * second);
        let mut all = Vec::new();
        while next < NEVER && all.len() < n {
            all.push((next as f64 / second as f64, player.row.prompt));
            next = player.advance();
        }
        all
    }

    #[test]
    fn a_copy_plays_on_from_where_it_was_taken() {
        let design = TraceDesign { repeat: true, ..design(&[100, 100, 101, 104]) };
        // In the first pass, at its end, and in later ones.
        for played in 0..10 {
            let (mut player, _) = Player::new(&design, 0);
            for _ in 0..played {
                player.advance();
            }
            let mut copy = player.clone();
            for _ in 0..6 {
                assert_eq!(copy.row, player.row);
                assert_eq!(copy.advance(), player.advance());
            }
        }
    }

    #[test]
    fn a_trace_begins_with_the_run_and_may_repeat_and_scale() {
        let mut design = design(&[100, 100, 101, 104]);
        let once = [(0.0, 100), (0.0, 100), (1.0, 101), (4.0, 104)];
        assert_eq!(play(&design, 0, 9), once);
        assert_eq!(play(&design, 1, 9), once[2..]);
        assert_eq!(play(&design, 5, 9), []);
        design.repeat = true;
        // Four seconds and a mean gap of 4/3 s.
        let period = 5.333_333_333;
        let again = play(&design, 0, 9);
        assert_eq!(again[..4], once);
        for (got, expected) in again[4..8].iter().zip(once) {
            assert!((got.0 - expected.0 - period).abs() < 1e-9 && got.1 == expected.1);
        }
        assert!((again[8].0 - 2.0 * period).abs() < 1e-8);
        let later = play(&design, 7, 2);
        assert_eq!(later, play(&design, 0, 9)[7..]);
        design.rate_scale = 4.0;
        assert_eq!(play(&design, 0, 4), [(0.0, 100), (0.0, 100), (0.25, 101), (1.0, 104)]);
        assert!((design.rate_per_s() - 3.0).abs() < 1e-9);
    }
}
