//! Logs that jobs come from: as a user writes them, and the same resolved.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::Deserialize;

use crate::spec::{Check, Fault, Name, within};
use crate::tables::rows::TextLayout;
use crate::tables::{self, Column, ColumnSpec, TableFields, Texts};
use crate::units::{Energy, Fraction, Power, Unit};
use crate::workload::gpu::GpuRackDesign;
use crate::workload::training::log::{
    DrawColumn, DrawKind, JobTable, LogFormat, LogJob, LogMachine, NodePower, RunTime, Width,
};

/// Jobs as a log has them: the first arrives as the run starts, each works for its run time
/// of the log, and starts and checkpoints take time on top. Rows that cannot run are left out
/// with a warning.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SwfSpec {
    /// The log, which may be compressed with gzip.
    pub file: Name,
    /// Processors of the log to a node. Jobs get whole nodes, rounded up, unless they share them.
    /// Default: the GPUs or cores of a node.
    pub processors_per_node: Option<u32>,
    /// The tier of each queue of the log (column 15), from queue 0 on. A queue that is not
    /// listed, or unknown, has the lowest.
    pub queues: Option<Vec<Name>>,
    /// What its jobs drew, in a file beside the log. Default: what `power` of the workload says.
    pub draw: Option<JobDrawSpec>,
}

/// A log of Slurm's accounting.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SacctSpec {
    /// The log, which may be compressed with gzip.
    pub file: Name,
    /// GPUs of a node of the log, by which jobs without GPUs in their resources are counted; on
    /// racks of kind `cpu`, its CPUs as Slurm counts them: cores, or hardware threads. Jobs get
    /// whole nodes, rounded up, unless they share them. Default: the GPUs or cores of a node.
    pub processors_per_node: Option<u32>,
    /// What its jobs drew. Default: what `power` of the workload says.
    pub draw: Option<JobDrawSpec>,
}

/// A table of jobs: `time` is when a job was submitted.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct JobTableSpec {
    /// The table, which may be compressed with gzip.
    pub file: Name,
    /// The column of the time at which a job was submitted, or several columns whose texts are
    /// joined by a blank. Default: the first.
    pub time: Option<Texts>,
    /// How times are written: `iso`, `unix`, `unix-ms`, or a pattern of `strptime`. Default:
    /// `iso`.
    pub time_format: Option<String>,
    /// The clock of times without an offset: a name of the tz database or an offset such as
    /// `-05:00`. Default: `UTC`.
    pub time_zone: Option<String>,
    /// The rows that count: for each of these columns the text, or the texts, that it has in
    /// them. Default: all.
    #[serde(rename = "where")]
    pub rows: Option<BTreeMap<String, Texts>>,
    /// Lines before the header. Default: 0.
    pub skip: Option<u32>,
    /// What separates cells: a character, or `tab`. Default: `,`.
    pub separator: Option<String>,
    /// What stands before the decimals of a number. Default: `.`.
    pub decimal: Option<String>,
    /// What stands between the thousands of a number. Default: nothing.
    pub thousands: Option<String>,
    /// What stands in the cells of numbers that are missing; an empty cell always is.
    pub missing: Option<Texts>,
    /// Whether its rows stand in any order, such as that of the ends of jobs: all of them are then held in
    /// memory. By default they must rise with the submissions.
    pub sort: Option<bool>,
    /// How long a job ran, in `s`, `min`, `h` or `ms`. This, or `start` and `end`.
    pub run: Option<ColumnSpec>,
    /// The column of the time at which a job started.
    pub start: Option<String>,
    /// The column of the time at which it ended.
    pub end: Option<String>,
    /// The column of its GPUs or, on racks of kind `cpu`, cores. This or `nodes`.
    pub processors: Option<String>,
    /// The column of its nodes.
    pub nodes: Option<String>,
    /// Processors of the log to a node. Jobs get whole nodes, rounded up, unless they share them.
    /// Default: the GPUs or cores of a node.
    pub processors_per_node: Option<u32>,
    /// The time that it asked for, in the units of `run`. Default: what it ran.
    pub requested: Option<ColumnSpec>,
    /// The column of its number. Default: the rows are numbered from 0 on.
    pub job: Option<String>,
    /// The column of who submitted it. Default: nobody knows.
    pub user: Option<String>,
    /// The column of how it ended, in Slurm's words: `COMPLETED`, `FAILED`, `CANCELLED`, `TIMEOUT`.
    /// Default: all have completed.
    pub state: Option<String>,
    /// The column of whether it has its nodes to itself where others share them (`yes`, `true`, `1`):
    /// Slurm's `--exclusive`. Default: none has.
    pub exclusive: Option<String>,
    /// What its jobs drew. Default: what `power` of the workload says.
    pub draw: Option<JobDrawSpec>,
}

/// What the jobs of a log drew, which drives the power of their nodes while they run: one of
/// `utilisation`, `power`, `energy` and `cpu_time`. A node with a job draws no less than without,
/// and no more than its processors' and its own power together.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct JobDrawSpec {
    /// A table beside the log with a row for each job. Default: a column of the log itself.
    pub file: Option<Name>,
    /// The column of `file` with the numbers of jobs. Default: `job`.
    pub job: Option<String>,
    /// What separates the cells of `file`: a character, or `tab`. Default: `,`.
    pub separator: Option<String>,
    /// Mean utilisation of its nodes while a job ran, in `1` or `%`: from 0, as an idle node draws, to
    /// 1, as a full one does.
    pub utilisation: Option<ColumnSpec>,
    /// Mean power of each of its nodes; of a job that shares a node, of its part with as much of
    /// what the idle node draws. 0 is no figure, as an empty cell.
    pub power: Option<ColumnSpec>,
    /// Energy of all its nodes over its run time, such as `ConsumedEnergyRaw` in `J`, which Slurm says
    /// to be right only where a job had its nodes to itself. 0 is no figure: Slurm writes it where
    /// nothing measures.
    pub energy: Option<ColumnSpec>,
    /// The column of the time that its processors worked, as `sacct` writes it in `TotalCPU`: over
    /// its elapsed time times its CPUs this is its utilisation.
    pub cpu_time: Option<String>,
}

impl SwfSpec {
    /// All of the log `file`, by default.
    pub fn of(file: Name) -> Self {
        Self { file, processors_per_node: None, queues: None, draw: None }
    }
}

/// A log, resolved.
#[derive(Debug, Clone)]
pub(in crate::workload::training) struct LogDesign {
    pub(in crate::workload::training) file: Name,
    pub(in crate::workload::training) format: LogFormat,
    /// The machine that it is read for.
    pub(in crate::workload::training) machine: LogMachine,
    /// What its jobs drew, where it is to tell.
    pub(in crate::workload::training) draw: Option<DrawDesign>,
    /// Tier by queue, where the log has queues.
    pub(in crate::workload::training) queues: Arc<[u16]>,
    pub(in crate::workload::training) rows: LogRows,
}

impl PartialEq for LogDesign {
    /// Whether it is the same log, played alike.
    fn eq(&self, other: &Self) -> bool {
        self.file == other.file
            && self.machine == other.machine
            && self.draw == other.draw
            && self.queues == other.queues
            && self.rows == other.rows
    }
}

/// Where it stands what jobs drew.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::workload::training) struct DrawDesign {
    pub(in crate::workload::training) column: DrawColumn,
    /// A file beside the log, the column with the numbers of its jobs, and how it is read.
    pub(in crate::workload::training) beside: Option<(Name, String, TextLayout)>,
}

/// The rows of a log; none until it has been opened.
#[derive(Debug, Clone, Default)]
pub(in crate::workload::training) struct LogRows(Option<Arc<dyn JobRows>>);

impl LogRows {
    /// Those of a log that has been opened.
    pub(super) fn of(rows: Arc<dyn JobRows>) -> Self {
        Self(Some(rows))
    }

    /// Its jobs from the first on.
    ///
    /// # Panics
    ///
    /// When the log has not been opened.
    pub(in crate::workload::training) fn play(&self) -> Box<dyn Iterator<Item = LogJob> + Send> {
        self.0.as_ref().expect("a design that is run has its log").jobs()
    }
}

impl PartialEq for LogRows {
    /// Whether it is the same log, not whether another holds the same rows.
    fn eq(&self, other: &Self) -> bool {
        match (&self.0, &other.0) {
            (Some(a), Some(b)) => Arc::ptr_eq(a, b),
            (a, b) => a.is_none() && b.is_none(),
        }
    }
}

/// The jobs of a log, which is read while it is played.
pub trait JobRows: fmt::Debug + Send + Sync {
    /// The jobs from the first on, in the order of their submission; the same whenever it is
    /// called.
    fn jobs(&self) -> Box<dyn Iterator<Item = LogJob> + Send>;
}

/// Jobs that are at hand. However many runs play them, they are there once.
impl JobRows for Arc<[LogJob]> {
    fn jobs(&self) -> Box<dyn Iterator<Item = LogJob> + Send> {
        let jobs = Arc::clone(self);
        Box::new((0..jobs.len()).map(move |index| jobs[index]))
    }
}

/// Where the jobs of a log are to run.
pub(super) struct LogRoom<'a> {
    pub(super) rack: &'a GpuRackDesign,
    /// Nodes without the spares.
    pub(super) usable: usize,
    /// Jobs share nodes.
    pub(super) is_shared: bool,
}

impl SwfSpec {
    pub(super) fn resolve(&self, room: &LogRoom<'_>, faults: &mut Vec<Fault>) -> LogDesign {
        if self.draw.as_ref().is_some_and(|draw| draw.file.is_none()) {
            let message = "a log in the Standard Workload Format has no column of it";
            let help = "name a table beside the log: `draw: {file: draw.csv, job: job, ...}`";
            faults.push(Fault::error("draw", message).help(help));
        }
        let told = LogTold { file: &self.file, draw: self.draw.as_ref() };
        told.resolve(LogFormat::Swf, self.processors_per_node, room, faults)
    }
}

impl SacctSpec {
    pub(super) fn resolve(&self, room: &LogRoom<'_>, faults: &mut Vec<Fault>) -> LogDesign {
        let told = LogTold { file: &self.file, draw: self.draw.as_ref() };
        told.resolve(LogFormat::Sacct, self.processors_per_node, room, faults)
    }
}

/// Units of time of a column.
const TIMES: [Unit; 4] = [
    Unit { name: "s", factor: 1.0, offset: 0.0 },
    Unit { name: "min", factor: 60.0, offset: 0.0 },
    Unit { name: "h", factor: 3600.0, offset: 0.0 },
    Unit { name: "ms", factor: 1e-3, offset: 0.0 },
];

/// The column of `spec`, in one of `units`; after a report its numbers stay as they are.
fn column(
    field: &'static str,
    spec: &ColumnSpec,
    units: &'static [Unit],
    faults: &mut Vec<Fault>,
) -> Column {
    let found = within(field, faults, |faults| tables::unit("unit", &spec.unit, units, faults));
    found.map_or_else(|| Column::plain(&spec.column), |unit| Column::new(&spec.column, unit))
}

impl JobTableSpec {
    pub(super) fn resolve(&self, room: &LogRoom<'_>, faults: &mut Vec<Fault>) -> LogDesign {
        let fields = TableFields {
            time: self.time.as_ref(),
            time_format: self.time_format.as_deref(),
            time_zone: self.time_zone.as_deref(),
            rows: self.rows.as_ref(),
            skip: self.skip,
            separator: self.separator.as_deref(),
            decimal: self.decimal.as_deref(),
            thousands: self.thousands.as_deref(),
            missing: self.missing.as_ref(),
            sort: self.sort,
            ..TableFields::default()
        };
        let layout = fields.layout(None, faults).unwrap_or_default();
        let run = match (&self.run, &self.start, &self.end) {
            (Some(run), None, None) => RunTime::Column(column("run", run, &TIMES, faults)),
            (None, Some(start), Some(end)) => {
                RunTime::Between { start: start.clone(), end: end.clone() }
            }
            _ => {
                let field = if self.run.is_some() { "run" } else { "" };
                let message = "needs the column `run`, or those of `start` and `end`";
                faults.push(Fault::error(field, message));
                RunTime::Column(Column::plain(""))
            }
        };
        let width = match (&self.processors, &self.nodes) {
            (Some(name), None) => Width::Processors(name.clone()),
            (None, Some(name)) => Width::Nodes(name.clone()),
            (both, _) => {
                let field = if both.is_some() { "nodes" } else { "" };
                faults.push(Fault::error(
                    field,
                    "needs the column of either `processors` or `nodes`",
                ));
                Width::Nodes(String::new())
            }
        };
        let requested = self.requested.as_ref();
        let requested = requested.map(|spec| column("requested", spec, &TIMES, faults));
        if let Some(column) = self.exclusive.as_ref().filter(|_| !room.is_shared) {
            let message = format!("no nodes are shared, whatever `{column}` says");
            let help = "write how jobs share nodes: `queue: {sharing: best_fit}`";
            faults.push(Fault::error("exclusive", message).help(help));
        }
        let format = LogFormat::Table(Box::new(JobTable {
            layout,
            run,
            width,
            requested,
            job: self.job.clone(),
            user: self.user.clone(),
            state: self.state.clone(),
            exclusive: self.exclusive.clone(),
        }));
        let told = LogTold { file: &self.file, draw: self.draw.as_ref() };
        told.resolve(format, self.processors_per_node, room, faults)
    }
}

/// What the spec of every log says.
struct LogTold<'s> {
    file: &'s Name,
    draw: Option<&'s JobDrawSpec>,
}

impl LogTold<'_> {
    fn resolve(
        self,
        format: LogFormat,
        per_node: Option<u32>,
        room: &LogRoom<'_>,
        faults: &mut Vec<Fault>,
    ) -> LogDesign {
        let rack = room.rack;
        let per_node = per_node.unwrap_or(rack.gpus_per_node as u32);
        let per_node = Check { faults }.count("processors_per_node", Some(per_node));
        let machine = LogMachine {
            processors: room.usable as u64 * u64::from(per_node),
            processor: rack.processor,
            per_node,
            is_shared: room.is_shared,
            power: NodePower { idle_w: rack.node_idle_w(), full_w: rack.node_full_w() },
        };
        let of_sacct = matches!(format, LogFormat::Sacct);
        let draw = self
            .draw
            .and_then(|draw| within("draw", faults, |faults| draw.resolve(of_sacct, faults)));
        let (file, rows) = (self.file.clone(), LogRows::default());
        LogDesign { file, format, machine, draw, queues: Arc::default(), rows }
    }
}

impl JobDrawSpec {
    /// Where a log tells what jobs drew, or none after a report.
    fn resolve(&self, of_sacct: bool, faults: &mut Vec<Fault>) -> Option<DrawDesign> {
        let before = faults.len();
        let told = [
            ("utilisation", DrawKind::Utilisation, &self.utilisation, Fraction::UNITS),
            ("power", DrawKind::Power, &self.power, Power::UNITS),
            ("energy", DrawKind::Energy, &self.energy, Energy::UNITS),
        ];
        let mut columns: Vec<DrawColumn> = Vec::new();
        for (field, kind, spec, units) in told {
            let found = spec.as_ref().map(|spec| column(field, spec, units, faults));
            columns.extend(found.map(|column| DrawColumn { kind, column }));
        }
        if let Some(name) = &self.cpu_time {
            let column = Column::plain(name);
            columns.push(DrawColumn { kind: DrawKind::CpuTime, column });
            if !of_sacct || self.file.is_some() {
                let message = "is a column of what `sacct` prints";
                let help = "name a column of `utilisation`, `power` or `energy`";
                faults.push(Fault::error("cpu_time", message).help(help));
            }
        }
        if columns.len() != 1 {
            let message = "needs one of `utilisation`, `power`, `energy` and `cpu_time`";
            faults.push(Fault::error("", message));
        }
        let beside = self.file.as_ref().and_then(|file| {
            let fields =
                TableFields { separator: self.separator.as_deref(), ..TableFields::default() };
            let job = self.job.clone().unwrap_or_else(|| "job".to_owned());
            Some((file.clone(), job, fields.layout(None, faults)?.text))
        });
        if self.file.is_none() {
            for (field, written) in
                [("job", self.job.is_some()), ("separator", self.separator.is_some())]
            {
                if written {
                    faults.push(Fault::error(field, "belongs to a `file` beside the log"));
                }
            }
        }
        let column = columns.pop()?;
        (faults.len() == before).then_some(DrawDesign { column, beside })
    }
}
