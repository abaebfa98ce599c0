//! Job logs as tables: a header, and a row for each job in columns that the user names.

use super::draw::{DrawColumn, DrawKind};
use super::row::{Row, Users};
use super::sacct::status_of;
use super::{LogMachine, MOST_SECONDS};
use crate::tables::stamp::{TimeForm, WallClock};
use crate::tables::{Column, LineError, RowReader, TableLayout, Wanted};

/// Which columns of a table tell what of a job. The time of a row is that of its submission.
#[derive(Debug, Clone)]
pub struct JobTable {
    /// How the table is read.
    pub layout: TableLayout,
    /// How long it ran.
    pub run: RunTime,
    /// How wide it is.
    pub width: Width,
    /// The time that it asked for, in s.
    pub requested: Option<Column>,
    /// Its number.
    pub job: Option<String>,
    /// Who submitted it.
    pub user: Option<String>,
    /// How it ended, in Slurm's words.
    pub state: Option<String>,
    /// Whether it has its nodes to itself.
    pub exclusive: Option<String>,
}

/// Where the run time of a job stands.
#[derive(Debug, Clone, PartialEq)]
pub enum RunTime {
    /// In a column of its own, in s.
    Column(Column),
    /// Between the times of two columns.
    Between {
        /// The column of the start.
        start: String,
        /// That of the end.
        end: String,
    },
}

/// Where the width of a job stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Width {
    /// In a column of processors.
    Processors(String),
    /// In a column of nodes.
    Nodes(String),
}

/// Reads the rows of a table.
#[derive(Debug, Clone)]
pub(super) struct TableLog {
    rows: RowReader,
    form: TimeForm,
    clock: WallClock,
    /// Processors that one of its width is.
    per_width: f64,
    has_run: bool,
    requested: Option<usize>,
    draw: Option<(usize, DrawKind)>,
    job: Option<usize>,
    user: Option<usize>,
    state: Option<usize>,
    exclusive: Option<usize>,
    /// Users, numbered as they come.
    users: Users,
    /// Jobs so far, where the table does not number them.
    jobs: u64,
}

impl TableLog {
    pub(super) fn new(table: &JobTable, machine: LogMachine, draw: Option<&DrawColumn>) -> Self {
        let (width, per_width) = match &table.width {
            Width::Processors(name) => (name, 1.0),
            Width::Nodes(name) => (name, f64::from(machine.per_node)),
        };
        let mut wanted = vec![Wanted::from(Column::plain(width))];
        let mut want = |column: &Column| {
            wanted.push(Wanted::from(column.clone()));
            wanted.len() - 1
        };
        let mut texts = Vec::new();
        let has_run = match &table.run {
            RunTime::Column(column) => want(column) == 1,
            RunTime::Between { start, end } => {
                texts.extend([start.clone(), end.clone()]);
                false
            }
        };
        let requested = table.requested.as_ref().map(&mut want);
        let draw = draw.map(|draw| (want(&draw.column), draw.kind));
        let mut text = |name: &Option<String>| {
            let name = name.as_ref()?;
            texts.push(name.clone());
            Some(texts.len() - 1)
        };
        let [job, user, state, exclusive] =
            [&table.job, &table.user, &table.state, &table.exclusive].map(&mut text);
        Self {
            rows: RowReader::new(table.layout.text.clone(), wanted, texts),
            form: table.layout.text.form.clone(),
            clock: WallClock::new(table.layout.zone.clone()),
            per_width,
            has_run,
            requested,
            draw,
            job,
            user,
            state,
            exclusive,
            users: Users::default(),
            jobs: 0,
        }
    }

    /// The job of line `number`, if it completes one.
    pub(super) fn read(&mut self, number: u64, line: &[u8]) -> Result<Option<Row>, LineError> {
        if !self.rows.read(number, line)? {
            return Ok(None);
        }
        let line = self.rows.line();
        self.job().map(Some).map_err(|error| error.at_line(line))
    }

    fn job(&mut self) -> Result<Row, LineError> {
        let values = self.rows.values();
        let submit = self.clock.instant(self.rows.moment(), None)?.as_nanosecond();
        let submit = i64::try_from(submit)
            .map_err(|_| LineError::new(0, "a submission that no clock can hold"))?;
        let run = if self.has_run {
            nanoseconds(values[1])
        } else {
            match (self.instant(0)?, self.instant(1)?) {
                (Some(start), Some(end)) => {
                    i64::try_from((end - start).max(-1)).unwrap_or(i64::MAX)
                }
                _ => -1,
            }
        };
        let number = match self.job {
            None => self.jobs,
            Some(at) => {
                let text = self.rows.text(at);
                text.parse().map_err(|_| {
                    LineError::new(0, format!("needs the number of a job, got `{text}`"))
                })?
            }
        };
        self.jobs += 1;
        let user = self.user.map(|at| self.rows.text(at)).filter(|user| !user.is_empty());
        let user = user.map(|user| self.users.number(user));
        let values = self.rows.values();
        // A width that is no whole number, or missing, is none.
        let width = values[0] * self.per_width;
        let processors = if (1.0..1e15).contains(&width) { width.ceil() as i64 } else { -1 };
        Ok(Row {
            number,
            submit,
            run,
            allocated_processors: -1,
            requested_processors: processors,
            requested: self.requested.map_or(-1, |at| nanoseconds(values[at])),
            status: self.state.map_or(-1, |at| status_of(self.rows.text(at))),
            user,
            queue: None,
            is_long: false,
            overfills: false,
            exclusive: self.exclusive.is_some_and(|at| is_yes(self.rows.text(at))),
            told: self.draw.and_then(|(at, kind)| kind.told(values[at])),
        })
    }

    /// The time in a column of text, in ns since 1970; none where there is none, as of a job that
    /// has never started.
    fn instant(&self, at: usize) -> Result<Option<i128>, LineError> {
        let text = self.rows.text(at);
        if matches!(text, "" | "Unknown" | "None" | "N/A") {
            return Ok(None);
        }
        Ok(Some(self.clock.instant(self.form.read(text)?, None)?.as_nanosecond()))
    }

    pub(super) fn finish(&self) -> Result<(), LineError> {
        self.rows.finish()
    }
}

/// Seconds as nanoseconds; -1 for what is missing or longer than the clock reaches.
fn nanoseconds(seconds: f64) -> i64 {
    if (0.0..MOST_SECONDS as f64).contains(&seconds) { (seconds * 1e9).round() as i64 } else { -1 }
}

fn is_yes(text: &str) -> bool {
    ["1", "y", "yes", "true", "exclusive"].iter().any(|yes| text.eq_ignore_ascii_case(yes))
}
