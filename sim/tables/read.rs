//! A whole table: its rows as instants and numbers, and what there is to say of them.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::cells::{Lines, TooLong};
use super::days::Days;
use super::error::LineError;
use super::format::{Head, Origin, RowOf};
use super::rows::{Column, RowReader, TextLayout, Wanted};
use super::stamp::{Moment, Stamp, TimeColumns, WallClock};

/// How a table is read: its text, its clock and its order.
#[derive(Debug, Clone)]
pub struct TableLayout {
    /// Its text.
    pub text: TextLayout,
    /// The clock of times without an offset.
    pub zone: TimeZone,
    /// What the lines before the header say.
    pub head: Head,
    /// Whether the clock is the one that those lines name.
    pub zone_of_head: bool,
    /// What a row holds.
    pub row: RowOf,
    /// Which instant of its interval the time of a row is.
    pub stamp: Stamp,
    /// Whether rows stand in any order.
    pub sort: bool,
    /// Whether the year of a row does not count: months of several years make one.
    pub typical_year: bool,
}

impl Default for TableLayout {
    fn default() -> Self {
        Self {
            text: TextLayout::default(),
            zone: TimeZone::UTC,
            head: Head::Nothing,
            row: RowOf::Instant,
            zone_of_head: false,
            stamp: Stamp::Start,
            sort: false,
            typical_year: false,
        }
    }
}

/// What to do with a table whose rows do not rise in time.
pub const ANY_ORDER: &str = "rows in any order need `sort: true`";

/// What a table holds: the wanted columns of every row, with its time and line.
#[derive(Debug, Clone, PartialEq)]
pub struct Recording {
    /// Start of each row, strictly rising.
    pub starts: Vec<Timestamp>,
    /// Line of each row.
    pub lines: Vec<u64>,
    /// For each wanted column its values, in base units; NaN where one is missing, and no values at
    /// all where the table has no such column.
    pub columns: Vec<Vec<f64>>,
    /// Start of the first and of the last row of the table, of which these may be a part.
    pub whole: Option<(Timestamp, Timestamp)>,
    /// The most common distance of two rows of the table, ns, where it has two.
    pub step_ns: Option<i128>,
}

/// What there is to say of the rows of a table.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Survey {
    /// Rows with a value.
    pub rows: u64,
    /// Rows without any, and the line of the first.
    pub empty: (u64, u64),
    /// Start of the first and of the last row.
    pub span: Option<(Timestamp, Timestamp)>,
    /// How often rows follow one another by so many nanoseconds.
    steps: BTreeMap<i64, u64>,
    /// For each column: lowest value, highest value, cells that are missing.
    pub columns: Vec<(f64, f64, u64)>,
    /// For each column which one of the table it is; none where the table has none.
    pub names: Vec<Option<Column>>,
    /// Where the table was recorded, where its first lines say so.
    pub origin: Origin,
    /// The name of its column of times.
    pub time: String,
}

/// Different distances of rows that are counted; of any more, only the longest is kept.
const MOST_STEPS: usize = 4096;

impl Survey {
    /// The most common distance of two rows, ns, the shorter of two equally common ones.
    pub fn step_ns(&self) -> Option<i64> {
        let most = self.steps.values().max()?;
        self.steps.iter().find(|(_, count)| *count == most).map(|(step, _)| *step)
    }

    /// Columns whose lowest value is one that programs write for none, with it.
    pub fn marks(&self) -> impl Iterator<Item = (&str, f64)> {
        const MARKS: [f64; 4] = [-999.0, -9999.0, -99_999.0, -999_999.0];
        self.names.iter().zip(&self.columns).filter_map(|(column, (low, ..))| {
            let column = column.as_ref()?;
            let told = (low - column.offset) / column.factor;
            let mark = MARKS.into_iter().find(|mark| (told - mark).abs() < 1e-6 * mark.abs())?;
            Some((column.name.as_str(), mark))
        })
    }

    /// How many distances are longer than one and a half of the usual, and the longest, ns.
    pub fn gaps(&self) -> (u64, i64) {
        let Some(step) = self.step_ns() else { return (0, 0) };
        let longer = self.steps.range(step / 2 * 3 + 1..);
        longer.fold((0, 0), |(count, _), (gap, times)| (count + times, *gap))
    }

    fn add(&mut self, start: Timestamp, values: &[f64]) {
        self.rows += 1;
        if let Some((_, last)) = self.span {
            let step = i64::try_from(start.as_nanosecond() - last.as_nanosecond());
            let step = step.unwrap_or(i64::MAX);
            if step > 0 {
                if self.steps.len() >= MOST_STEPS && !self.steps.contains_key(&step) {
                    let (&longest, &times) = self.steps.last_key_value().expect("many steps");
                    self.steps.remove(&longest);
                    *self.steps.entry(longest.max(step)).or_default() += times + 1;
                } else {
                    *self.steps.entry(step).or_default() += 1;
                }
            }
        }
        let first = self.span.map_or(start, |(first, _)| first);
        self.span = Some((first, start));
        for (column, value) in self.columns.iter_mut().zip(values) {
            if value.is_nan() {
                column.2 += 1;
            } else {
                *column = (column.0.min(*value), column.1.max(*value), column.2);
            }
        }
    }
}

/// A row that waits for the usual step to be known.
#[derive(Debug)]
struct Waiting {
    line: u64,
    moment: Moment,
    values: Vec<f64>,
}

/// Rows that are looked at to learn the usual step, where a time is not the start of its row.
const LEARNT_FROM: usize = 256;

/// Reads a table piece by piece, and keeps the rows that are asked for.
#[derive(Debug)]
pub struct TableReader {
    rows: RowReader,
    /// Where rows are of days.
    days: Option<Days>,
    separator: u8,
    layout: Order,
    clock: WallClock,
    /// Rows before the first and after the last of these are not kept, but the nearest.
    keep: Option<(Timestamp, Timestamp)>,
    before: Option<(Timestamp, u64, Vec<f64>)>,
    complete: bool,
    waiting: Vec<Waiting>,
    shift_s: Option<i64>,
    previous: Option<Timestamp>,
    /// The cells of the row before, to say what tells two rows of one time apart.
    cells: Vec<String>,
    recording: Recording,
    survey: Survey,
    lines: Option<Lines>,
    /// Lines before the header.
    head: Vec<String>,
    scratch: Vec<f64>,
}

/// What of a layout concerns the order of rows.
#[derive(Debug)]
struct Order {
    stamp: Stamp,
    any: bool,
    typical_year: bool,
    skip: u64,
    head: Head,
    zone_of_head: bool,
}

struct Failed(LineError);

impl From<TooLong> for Failed {
    fn from(too_long: TooLong) -> Self {
        Self(too_long.into())
    }
}

impl TableReader {
    /// A reader of the `wanted` columns. Where `keep` is given and the rows come in order, only
    /// those between these instants are kept, and one more on either side.
    pub fn new(
        layout: TableLayout,
        wanted: Vec<Wanted>,
        keep: Option<(Timestamp, Timestamp)>,
    ) -> Self {
        let columns = wanted.len();
        let TableLayout { text, zone, head, row, zone_of_head, stamp, sort, typical_year } = layout;
        let separator = text.separator;
        let any = sort || typical_year;
        let skip = text.skip;
        Self {
            rows: RowReader::new(text, wanted, Vec::new()),
            days: (row == RowOf::Day).then(Days::default),
            separator,
            layout: Order { stamp, any, typical_year, skip, head, zone_of_head },
            clock: WallClock::new(zone),
            keep: keep.filter(|_| !any),
            before: None,
            complete: false,
            waiting: Vec::new(),
            shift_s: (stamp == Stamp::Start).then_some(0),
            previous: None,
            cells: Vec::new(),
            recording: Recording {
                starts: Vec::new(),
                lines: Vec::new(),
                columns: vec![Vec::new(); columns],
                whole: None,
                step_ns: None,
            },
            survey: Survey {
                columns: vec![(f64::INFINITY, f64::NEG_INFINITY, 0); columns],
                ..Survey::default()
            },
            lines: Some(Lines::default()),
            head: Vec::new(),
            scratch: Vec::new(),
        }
    }

    /// Reads the next piece of the text.
    ///
    /// # Errors
    ///
    /// The first line that cannot be read, or whose time does not follow that of the line before.
    pub fn push(&mut self, piece: &[u8]) -> Result<(), LineError> {
        let mut lines = self.lines.take().expect("pieces are read one by one");
        let pushed = lines.push(piece, &mut |number, line| self.line(number, line).map_err(Failed));
        self.lines = Some(lines);
        pushed.map_err(|Failed(error)| error)
    }

    /// The rows, and what there is to say of them.
    ///
    /// # Errors
    ///
    /// The last line that cannot be read, or a table without a row.
    pub fn finish(mut self) -> Result<(Recording, Survey), LineError> {
        let mut lines = self.lines.take().expect("pieces are read one by one");
        lines.finish(&mut |number, line| self.line(number, line))?;
        self.rows.finish()?;
        if self.shift_s.is_none() {
            self.learn_step()?;
        }
        if let Some((start, line, values)) = self.before.take() {
            self.push_row(start, line, &values);
        }
        if self.survey.rows == 0 {
            return Err(match self.survey.empty {
                (0, _) => LineError::new(0, "no rows"),
                (_, line) => LineError::new(line, "no row has a value"),
            });
        }
        if self.layout.any {
            self.sort()?;
        }
        self.recording.whole = self.survey.span;
        for (column, known) in self.recording.columns.iter_mut().zip(self.rows.columns()) {
            if known.is_none() {
                column.clear();
            }
        }
        self.survey.names = self.rows.columns().into_iter().map(|c| c.cloned()).collect();
        self.survey.time = self.rows.time_column().unwrap_or_default().to_owned();
        self.recording.step_ns = self.survey.step_ns().map(i128::from);
        Ok((self.recording, self.survey))
    }

    fn line(&mut self, number: u64, line: &[u8]) -> Result<(), LineError> {
        if number <= self.layout.skip && self.layout.head != Head::Nothing {
            self.head.push(String::from_utf8_lossy(line).trim_end().to_owned());
            if number == self.layout.skip {
                self.survey.origin = self.layout.head.read(&self.head);
                if let Some(zone) = self.survey.origin.zone().filter(|_| self.layout.zone_of_head) {
                    self.clock = WallClock::new(zone);
                }
            }
        }
        match self.days.take() {
            None => self.hours(number, line),
            Some(mut days) => {
                let separator = self.separator;
                let each = &mut |hour: &[u8]| self.hours(number, hour);
                let read = days.unfold((number, line), separator, each);
                self.days = Some(days);
                read
            }
        }
    }

    /// Takes a line of what holds at one time.
    fn hours(&mut self, number: u64, line: &[u8]) -> Result<(), LineError> {
        if !self.rows.read(number, line)? {
            return Ok(());
        }
        let (line, moment) = (self.rows.line(), self.rows.moment());
        let values = self.rows.values();
        if values.iter().all(|value| value.is_nan()) && !values.is_empty() {
            let (count, first) = self.survey.empty;
            self.survey.empty = (count + 1, if count == 0 { line } else { first });
            return Ok(());
        }
        if self.shift_s.is_none() {
            self.waiting.push(Waiting { line, moment, values: values.to_vec() });
            return if self.waiting.len() == LEARNT_FROM { self.learn_step() } else { Ok(()) };
        }
        let mut values = std::mem::take(&mut self.scratch);
        values.clear();
        values.extend_from_slice(self.rows.values());
        let placed = self.place(line, moment, &values);
        self.scratch = values;
        placed
    }

    /// Learns by how much times are moved to the start of their rows, and reads the rows that
    /// waited for it.
    fn learn_step(&mut self) -> Result<(), LineError> {
        let waiting = std::mem::take(&mut self.waiting);
        let mut seconds: Vec<i64> = waiting.iter().map(|row| row.moment.seconds).collect();
        seconds.sort_unstable();
        seconds.dedup();
        let mut steps = BTreeMap::<i64, usize>::new();
        for pair in seconds.windows(2) {
            *steps.entry(pair[1] - pair[0]).or_default() += 1;
        }
        let most = steps.values().max().copied();
        let step = steps.iter().find(|(_, count)| Some(**count) == most).map_or(3600, |s| *s.0);
        self.shift_s = Some(match self.layout.stamp {
            Stamp::Start => 0,
            Stamp::Middle => -step / 2,
            Stamp::End => -step,
        });
        for Waiting { line, moment, values } in waiting {
            self.place(line, moment, &values)?;
        }
        Ok(())
    }

    /// Takes a row to its instant.
    fn place(&mut self, line: u64, moment: Moment, values: &[f64]) -> Result<(), LineError> {
        let moment = moment.plus(self.shift_s.unwrap_or(0));
        let start =
            self.clock.instant(moment, self.previous).map_err(|error| error.at_line(line))?;
        if let Some(previous) = self.previous.filter(|previous| *previous >= start)
            && !self.layout.any
        {
            let message = format!("{start} does not follow {previous} of the row before");
            return Err(
                LineError::new(line, message).help_from(Some(self.disorder(previous, start)))
            );
        }
        self.previous = Some(start);
        if self.shift_s == Some(0) && !self.layout.any && self.survey.rows < 4096 {
            self.cells.clear();
            self.cells.extend(self.rows.cells().map(|(_, cell)| cell.to_owned()));
        }
        self.survey.add(start, values);
        let Some((from, until)) = self.keep else {
            self.push_row(start, line, values);
            return Ok(());
        };
        if self.complete {
            return Ok(());
        }
        if start < from {
            let (_, _, kept) = self.before.get_or_insert_with(|| (start, line, Vec::new()));
            kept.clear();
            kept.extend_from_slice(values);
            if let Some(before) = &mut self.before {
                (before.0, before.1) = (start, line);
            }
            return Ok(());
        }
        if let Some((start, line, values)) = self.before.take() {
            self.push_row(start, line, &values);
        }
        self.push_row(start, line, values);
        self.complete = start > until;
        Ok(())
    }

    fn push_row(&mut self, start: Timestamp, line: u64, values: &[f64]) {
        self.recording.starts.push(start);
        self.recording.lines.push(line);
        for (column, value) in self.recording.columns.iter_mut().zip(values) {
            column.push(*value);
        }
    }

    /// What to write where `start` does not follow `previous`.
    fn disorder(&self, previous: Timestamp, start: Timestamp) -> String {
        if start == previous {
            let mut cells = self.rows.cells().zip(&self.cells);
            let apart =
                cells.find(|((_, cell), before)| *cell != before.as_str() && !is_number(cell));
            if let Some(((name, _), before)) = apart {
                return format!(
                    "`{name}` tells rows of the same time apart: write for example `where: \
                     {{{name}: {before}}}`"
                );
            }
            return "rows of the same time are told apart by `where: {column: text}`".to_owned();
        }
        let year = |at: Timestamp| at.to_zoned(TimeZone::UTC).year();
        if year(start) < year(previous) {
            return format!(
                "{ANY_ORDER}; months of several years that make a typical one, `typical_year: true`"
            );
        }
        format!("{ANY_ORDER}; local times need their `time_zone`")
    }

    /// Brings rows into the order of time.
    fn sort(&mut self) -> Result<(), LineError> {
        let recording = &mut self.recording;
        let mut order: Vec<usize> = (0..recording.starts.len()).collect();
        order.sort_by_key(|row| recording.starts[*row]);
        let sorted = |values: &[f64]| order.iter().map(|row| values[*row]).collect();
        recording.columns = recording.columns.iter().map(|column| sorted(column)).collect();
        recording.lines = order.iter().map(|row| recording.lines[*row]).collect();
        recording.starts = order.iter().map(|row| recording.starts[*row]).collect();
        let twice = recording.starts.windows(2).position(|pair| pair[0] == pair[1]);
        if let Some(row) = twice {
            let (first, second) = (recording.lines[row], recording.lines[row + 1]);
            let message = format!("{} has another row, in line {first}", recording.starts[row]);
            let help = "rows of the same time are told apart by `where: {column: text}`";
            return Err(LineError::new(second, message).help_from(Some(help.to_owned())));
        }
        // Distances are those of the rows in order.
        self.survey.steps.clear();
        self.survey.span = recording.starts.first().copied().zip(recording.starts.last().copied());
        if !self.layout.typical_year {
            for pair in recording.starts.windows(2) {
                let step = i64::try_from(pair[1].as_nanosecond() - pair[0].as_nanosecond());
                *self.survey.steps.entry(step.unwrap_or(i64::MAX)).or_default() += 1;
            }
        }
        Ok(())
    }
}

fn is_number(cell: &str) -> bool {
    cell.is_empty() || cell.parse::<f64>().is_ok()
}

/// Reads a table with a header and times in ISO 8601, in a text that is at hand.
///
/// # Errors
///
/// The first line that cannot be read, or whose time does not follow that of the line before.
pub fn read_csv(
    bytes: &[u8],
    time: Option<&str>,
    columns: &[Column],
    zone: &TimeZone,
) -> Result<Recording, LineError> {
    let mut layout = TableLayout { zone: zone.clone(), ..TableLayout::default() };
    if let Some(time) = time {
        layout.text.time = vec![TimeColumns::Joined(vec![time.to_owned()])];
    }
    let wanted = columns.iter().cloned().map(Wanted::from).collect();
    let mut reader = TableReader::new(layout, wanted, None);
    reader.push(bytes)?;
    reader.finish().map(|(recording, _)| recording)
}
