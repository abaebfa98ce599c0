//! Where jobs come from: as a user writes it, and the same resolved.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::Deserialize;

use super::power::under_cap;
use super::{Groups, TrainingDesign};
use crate::kernel::{DurationLaw, LocalWeek, Span};
use crate::spec::{Check, DurationSpec, Fault, Name, kinds, within};
use crate::tables::rows::TextLayout;
use crate::tables::{self, Column, ColumnSpec, TableFields, Texts};
use crate::units::{Energy, Fraction, Power, Rate, Unit};
use crate::workload::gpu::GpuRackDesign;
use crate::workload::training::log::{
    DrawColumn, DrawKind, DrawsReader, JobTable, LogFormat, LogJob, LogMachine, LogReader,
    LogReport, NodePower, RunTime, Width,
};
use crate::workload::training::power::PowerDesign;

kinds! {
    /// Where jobs come from.
    pub enum JobsSpec {
        /// One job that trains for the whole run.
        Resident(ResidentSpec) = "resident",
        /// Jobs that arrive at random.
        Stream(StreamSpec) = "stream",
        /// Jobs of a log in the Standard Workload Format.
        Swf(SwfSpec) = "swf",
        /// Jobs of a log that `sacct --parsable2` (`-P`) of Slurm printed, with the columns `JobID`,
        /// `Submit`, `Start` and `End` or `Elapsed`, `NNodes`, and if there are any `AllocTRES` or
        /// `ReqTRES`, `Timelimit`, `State` and `User`. On racks of kind `cpu` jobs are as wide as
        /// `AllocCPUS`, `NCPUS`, `ReqCPUS` or the `cpu` of their resources say. Steps are left out.
        Sacct(SacctSpec) = "sacct",
        /// Jobs of a table with a header, in columns that are named here.
        Table(Box<JobTableSpec>) = "table",
    }
}

/// One job that is there from the start and never ends: a pretraining run.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ResidentSpec {
    /// Nodes of the job. Default: all but the spares, its own and those of the workload.
    pub nodes: Option<u32>,
    /// Nodes that it holds besides and at idle: one of them replaces a node that it loses as soon
    /// as that is noticed. Default: none.
    pub spares: Option<u32>,
    /// The fewest nodes that it trains on: with fewer than `nodes` it is elastic. Where it loses
    /// some and none replace them it goes on with the rest, at their part of its speed
    /// (assumption), and takes in others as they come, after a checkpoint. Default: `nodes`.
    pub min_nodes: Option<u32>,
}

/// Jobs that arrive at random, each of a class drawn by weight.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StreamSpec {
    /// How many jobs arrive, as a mean over the week.
    pub arrivals: Rate,
    /// The law of the gaps between arrivals. Default: `exponential`.
    pub gaps: Option<JobGapsSpec>,
    /// How many jobs arrive in each hour of a day, from midnight to midnight, relative to each
    /// other: 24 numbers. Default: the same in all.
    pub hours: Option<Vec<f64>>,
    /// How many jobs arrive on each day of a week, Monday first, relative to each other: 7
    /// numbers. Default: the same on all.
    pub weekdays: Option<Vec<f64>>,
    /// The classes of jobs.
    pub classes: Vec<JobClassSpec>,
}

impl StreamSpec {
    /// A Poisson process of jobs of `classes`, alike on all days and at all hours.
    pub fn of(arrivals: Rate, classes: Vec<JobClassSpec>) -> Self {
        Self { arrivals, gaps: None, hours: None, weekdays: None, classes }
    }
}

kinds! {
    /// The law of the gaps between arrivals. Where the rate changes over the day or the week,
    /// gaps are counted in expected arrivals, so that the law keeps its shape.
    pub enum JobGapsSpec {
        /// Exponential: a Poisson process.
        Exponential(NoFields) = "exponential",
        /// Hyperexponential of two branches with balanced means: bursts.
        Hyperexponential(SpreadSpec) = "hyperexponential",
        /// Lognormal: bursts within bursts, as in the logs of GPU clusters.
        Lognormal(SpreadSpec) = "lognormal",
    }
}

/// Nothing more to say.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NoFields {}

/// How uneven gaps are.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SpreadSpec {
    /// Coefficient of variation of the gaps: their standard deviation over their mean. An
    /// exponential law has 1.
    pub cv: f64,
}

/// A class of alike jobs.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct JobClassSpec {
    /// Nodes of a job: it runs on all of them at once or waits. This or `gpus` is required.
    pub nodes: Option<u32>,
    /// GPUs of a job, or on racks of kind `cpu` cores. It gets whole nodes, rounded up, unless it
    /// shares one.
    pub gpus: Option<u32>,
    /// Whether a job that is smaller than a node has it to itself where others share it: Slurm's
    /// `--exclusive`. Default: no.
    pub exclusive: Option<bool>,
    /// Nodes that a job holds besides and at idle: one of them replaces a node that it loses as
    /// soon as that is noticed. Default: none.
    pub spares: Option<u32>,
    /// The fewest nodes that a job trains on: with fewer than its nodes it is elastic. It starts
    /// on all of them. Where it loses some and none replace them it goes on with the rest, at
    /// their part of its speed (assumption), and takes in others as they come, after a
    /// checkpoint. Default: all its nodes.
    pub min_nodes: Option<u32>,
    /// Power cap that its jobs set on their GPUs, where it is lower than that of the workload.
    /// Default: none.
    pub cap: Option<Power>,
    /// How often this class is drawn, relative to the others.
    pub weight: f64,
    /// Its tier. Default: the lowest.
    pub tier: Option<Name>,
    /// Whose jobs they are. Default: the first account's.
    pub account: Option<Name>,
    /// Share of jobs whose own program fails at their end, which no restart would mend.
    /// Default: none.
    pub failed: Option<Fraction>,
    /// Share of jobs that their users give up at their end. Default: none.
    pub cancelled: Option<Fraction>,
    /// Its work, as the time it would compute at full speed without checkpoints.
    pub duration: DurationSpec,
    /// The work that it says it has when it asks for nodes, over what it has. Time to start
    /// and to write checkpoints comes on top. Default: 1, it knows.
    pub request: Option<f64>,
}

impl JobClassSpec {
    /// A class of jobs of `nodes` nodes that know their duration and do not fail.
    pub fn of(nodes: u32, duration: DurationSpec) -> Self {
        Self {
            nodes: Some(nodes),
            gpus: None,
            exclusive: None,
            spares: None,
            min_nodes: None,
            cap: None,
            weight: 1.0,
            tier: None,
            account: None,
            failed: None,
            cancelled: None,
            duration,
            request: None,
        }
    }
}

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

/// Where jobs come from, resolved.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::workload::training) enum JobsDesign {
    Resident(ResidentDesign),
    Stream(StreamDesign),
    Log(Box<LogDesign>),
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
    /// Tier by queue.
    pub(in crate::workload::training) queues: Arc<[u16]>,
    pub(in crate::workload::training) rows: LogRows,
}

impl PartialEq for LogDesign {
    /// Whether it is the same log, played alike.
    fn eq(&self, other: &Self) -> bool {
        let of = |log: &Self| (log.file.clone(), log.machine, log.draw.clone());
        of(self) == of(other) && self.queues == other.queues && self.rows == other.rows
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

impl JobRows for Vec<LogJob> {
    fn jobs(&self) -> Box<dyn Iterator<Item = LogJob> + Send> {
        Box::new(self.clone().into_iter())
    }
}

/// The one job of a workload, resolved.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(in crate::workload::training) struct ResidentDesign {
    pub(in crate::workload::training) nodes: usize,
    pub(in crate::workload::training) fewest: usize,
    pub(in crate::workload::training) spares: usize,
}

/// A stream of jobs, resolved.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::workload::training) struct StreamDesign {
    /// Arrivals a second in each hour of a week, from Monday's midnight on.
    pub(in crate::workload::training) per_s: Vec<f64>,
    /// The week of the site over the run.
    pub(in crate::workload::training) week: LocalWeek,
    pub(in crate::workload::training) gaps: GapLaw,
    pub(in crate::workload::training) classes: Vec<ClassDesign>,
}

/// A law of gaps with a mean of one.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(in crate::workload::training) enum GapLaw {
    Exponential,
    /// With probability `short` of the branch with the shorter mean.
    Hyperexponential {
        short: f64,
    },
    Lognormal {
        sigma: f64,
    },
}

/// A class of jobs, resolved.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::workload::training) struct ClassDesign {
    pub(in crate::workload::training) nodes: usize,
    pub(in crate::workload::training) fewest: usize,
    pub(in crate::workload::training) spares: usize,
    pub(in crate::workload::training) power: u16,
    pub(in crate::workload::training) tier: u16,
    pub(in crate::workload::training) account: u32,
    pub(in crate::workload::training) failed: f64,
    pub(in crate::workload::training) cancelled: f64,
    /// Probability of this class or one before it.
    pub(in crate::workload::training) cumulative: f64,
    pub(in crate::workload::training) duration: DurationLaw,
    /// Work that it says it has, over what it has.
    pub(in crate::workload::training) request: f64,
}

/// Where jobs are to run.
pub(super) struct Room<'a> {
    pub(super) rack: &'a GpuRackDesign,
    pub(super) nodes: usize,
    /// Nodes without the spares.
    pub(super) usable: usize,
    /// What of a node is given out at a time: all, or where nodes are shared one of so many
    /// places.
    pub(super) per_node: usize,
    pub(super) groups: &'a Groups,
    /// What GPUs draw without a cap, and the cap of all jobs.
    pub(super) uncapped: &'a PowerDesign,
    pub(super) cap: Option<Power>,
    /// What the GPUs of classes with a cap of their own draw.
    pub(super) capped: Vec<PowerDesign>,
}

impl Room<'_> {
    /// Refuses a job of `width` nodes and `spares` besides that could never start, or that would
    /// train on `fewest`.
    /// Checks a job of `width` nodes that the field `of` gives.
    fn check(
        &self,
        of: &'static str,
        (width, spares, fewest): (u32, u32, u32),
        faults: &mut Vec<Fault>,
    ) {
        let Room { nodes, usable, .. } = self;
        let mut refuse = |field: &'static str, message: String, help: String| {
            faults.push(Fault::error(field, message).help(help));
        };
        let all = u64::from(width) + u64::from(spares);
        if width == 0 {
            let help = format!("the racks have {nodes} nodes, {usable} without the spares");
            refuse(of, "a job needs at least one node".to_owned(), help);
        } else if all > *usable as u64 {
            let besides = if spares > 0 { format!(" and {spares} spares") } else { String::new() };
            refuse(
                if u64::from(width) > *usable as u64 { of } else { "spares" },
                format!("a job of {width} nodes{besides} could never start"),
                format!("the racks have {nodes} nodes, {usable} without the spares"),
            );
        } else if fewest == 0 || fewest > width {
            refuse(
                "min_nodes",
                format!("must lie between 1 and the {width} nodes of the job"),
                "leave it out for a job that needs all of its nodes".to_owned(),
            );
        }
    }

    /// The number of the power that GPUs capped at `cap` draw.
    fn capped(&mut self, cap: Option<Power>, faults: &mut Vec<Fault>) -> u16 {
        let Some(cap) = cap else { return 0 };
        // Of two caps the lower holds.
        let cap = self.cap.map_or(cap, |all| Power(all.0.min(cap.0)));
        let design = under_cap(self.uncapped, Some(cap), self.rack, "cap", faults);
        let known = self.capped.iter().position(|other| *other == design);
        let index = known.unwrap_or(self.capped.len());
        if known.is_none() {
            self.capped.push(design);
        }
        u16::try_from(index + 1).expect("fewer than 65,535 classes of jobs with caps")
    }
}

impl JobsSpec {
    /// Fills defaults and checks ranges.
    pub(super) fn resolve(&self, room: &mut Room<'_>, faults: &mut Vec<Fault>) -> JobsDesign {
        match self {
            JobsSpec::Resident(resident) => {
                let spares = resident.spares.unwrap_or(0);
                let nodes = resident.nodes.unwrap_or((room.usable as u32).saturating_sub(spares));
                let fewest = resident.min_nodes.unwrap_or(nodes);
                let of = if resident.nodes.is_some() { "nodes" } else { "spares" };
                room.check(of, (nodes, spares, fewest), faults);
                let places = |nodes: u32| nodes as usize * room.per_node;
                JobsDesign::Resident(ResidentDesign {
                    nodes: places(nodes),
                    fewest: places(fewest),
                    spares: places(spares),
                })
            }
            JobsSpec::Stream(stream) => JobsDesign::Stream(stream.resolve(room, faults)),
            JobsSpec::Swf(swf) => swf.resolve(room, faults),
            JobsSpec::Sacct(sacct) => sacct.resolve(room, faults),
            JobsSpec::Table(table) => table.resolve(room, faults),
        }
    }
}

impl StreamSpec {
    fn resolve(&self, room: &mut Room<'_>, faults: &mut Vec<Fault>) -> StreamDesign {
        let mut check = Check { faults };
        let rate = check.between("arrivals", Some(self.arrivals.0), 1e-3, MOST_ARRIVALS, "/s");
        let weights: Vec<f64> = self.classes.iter().map(|class| class.weight).collect();
        check.weights(("classes", "weight"), &weights);
        if self.classes.len() > MOST_CLASSES {
            check.error("classes", format!("needs at most {MOST_CLASSES} classes"));
        }
        let total: f64 = weights.iter().sum();
        let mut sum = 0.0;
        let mut class = |(index, class): (usize, &JobClassSpec)| {
            sum += class.weight;
            within(&format!("classes[{index}]"), check.faults, |faults| {
                class.resolve(sum / total, room, faults)
            })
        };
        let classes = self.classes.iter().take(MOST_CLASSES).enumerate().map(&mut class).collect();
        let hours: [f64; 24] = check.shape("hours", self.hours.as_deref());
        let weekdays: [f64; 7] = check.shape("weekdays", self.weekdays.as_deref());
        let per_s = weekdays.iter().flat_map(|day| hours.iter().map(move |h| rate * day * h));
        let gaps = check.within("gaps", |check| match self.gaps {
            None | Some(JobGapsSpec::Exponential(_)) => GapLaw::Exponential,
            // Balanced means: both branches bring as many of all gaps' time (Allen 1990).
            Some(JobGapsSpec::Hyperexponential(SpreadSpec { cv })) => {
                let cv = check.between("cv", Some(cv), 1.0, (1.0, 1e3), "");
                let excess = libm::sqrt((cv * cv - 1.0) / (cv * cv + 1.0));
                GapLaw::Hyperexponential { short: 0.5 * (1.0 + excess) }
            }
            Some(JobGapsSpec::Lognormal(SpreadSpec { cv })) => {
                let cv = check.between("cv", Some(cv), 1.0, (0.0, 1e3), "");
                GapLaw::Lognormal { sigma: libm::sqrt(libm::log1p(cv * cv)) }
            }
        });
        let week = LocalWeek::fixed(Span::ZERO);
        StreamDesign { per_s: per_s.collect(), week, gaps, classes }
    }
}

/// Jobs per second: fewer than one in thirty million years never come, and a thousand per second
/// are more than any queue takes.
const MOST_ARRIVALS: (f64, f64) = (1e-15, 1e3);

/// Most classes of jobs of one workload.
const MOST_CLASSES: usize = 10_000;

impl JobClassSpec {
    fn resolve(
        &self,
        cumulative: f64,
        room: &mut Room<'_>,
        faults: &mut Vec<Fault>,
    ) -> ClassDesign {
        let nodes = match (self.nodes, self.gpus) {
            (Some(nodes), None) => nodes,
            (None, Some(gpus)) => gpus.div_ceil(room.rack.gpus_per_node.max(1) as u32),
            (nodes, _) => {
                let field = if nodes.is_some() { "gpus" } else { "" };
                faults.push(Fault::error(field, "a class needs either `nodes` or `gpus`"));
                1
            }
        };
        let spares = self.spares.unwrap_or(0);
        let fewest = self.min_nodes.unwrap_or(nodes);
        let of = if self.gpus.is_some() { "gpus" } else { "nodes" };
        room.check(of, (nodes, spares, fewest), faults);
        let request = Check { faults }.between("request", self.request, 1.0, (1.0, 1e6), "");
        let share = |share: Option<Fraction>| share.map_or(0.0, |share| share.0);
        let (failed, cancelled) = (share(self.failed), share(self.cancelled));
        if failed + cancelled > 1.0 {
            let message = "`failed` and `cancelled` are more than all jobs together";
            faults.push(Fault::error("cancelled", message));
        }
        if self.exclusive.is_some() && room.per_node == 1 {
            let fault = Fault::error("exclusive", "no nodes are shared");
            faults.push(fault.help("write how jobs share them: `queue: {sharing: best_fit}`"));
        }
        let shared = self.gpus.filter(|_| !self.exclusive.unwrap_or(false));
        let shared = shared.filter(|&gpus| (gpus as usize) < room.per_node);
        if shared.is_some() && (spares > 0 || self.min_nodes.is_some()) {
            let field = if spares > 0 { "spares" } else { "min_nodes" };
            let fault = Fault::error(field, "a job that shares a node holds no other nodes");
            faults.push(fault.help("write `exclusive: true`, or leave it out"));
        }
        // What is given out: whole nodes, or places of a shared one.
        let places = |nodes: u32| nodes as usize * room.per_node;
        let width = shared.map_or_else(|| places(nodes), |gpus| gpus as usize);
        ClassDesign {
            nodes: width,
            fewest: if shared.is_some() { width } else { places(fewest) },
            spares: places(spares),
            power: room.capped(self.cap, faults),
            tier: room.groups.tier(self.tier.as_ref(), faults),
            account: room.groups.account(self.account.as_ref(), faults),
            failed,
            cancelled,
            cumulative,
            duration: Check { faults }.within("duration", |check| self.duration.resolve(check)),
            request,
        }
    }
}

impl SwfSpec {
    fn resolve(&self, room: &Room<'_>, faults: &mut Vec<Fault>) -> JobsDesign {
        let queues = self.queues.iter().flatten().enumerate();
        let queues = queues
            .map(|(index, name)| {
                let known = faults.len();
                let tier = room.groups.tier(Some(name), faults);
                for fault in &mut faults[known..] {
                    fault.field = format!("queues[{index}]").into();
                }
                tier
            })
            .collect();
        if self.draw.as_ref().is_some_and(|draw| draw.file.is_none()) {
            let message = "a log in the Standard Workload Format has no column of it";
            let help = "name a table beside the log: `draw: {file: draw.csv, job: job, ...}`";
            faults.push(Fault::error("draw", message).help(help));
        }
        let told = LogTold { file: &self.file, draw: self.draw.as_ref() };
        told.resolve(LogFormat::Swf, self.processors_per_node, queues, room, faults)
    }
}

impl SacctSpec {
    fn resolve(&self, room: &Room<'_>, faults: &mut Vec<Fault>) -> JobsDesign {
        let told = LogTold { file: &self.file, draw: self.draw.as_ref() };
        told.resolve(LogFormat::Sacct, self.processors_per_node, Arc::default(), room, faults)
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
    fn resolve(&self, room: &Room<'_>, faults: &mut Vec<Fault>) -> JobsDesign {
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
        if let Some(column) = self.exclusive.as_ref().filter(|_| room.per_node == 1) {
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
        told.resolve(format, self.processors_per_node, Arc::default(), room, faults)
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
        queues: Arc<[u16]>,
        room: &Room<'_>,
        faults: &mut Vec<Fault>,
    ) -> JobsDesign {
        let rack = room.rack;
        let per_node = per_node.unwrap_or(rack.gpus_per_node as u32);
        let per_node = Check { faults }.count("processors_per_node", Some(per_node));
        let machine = LogMachine {
            processors: room.usable as u64 * u64::from(per_node),
            processor: rack.processor,
            per_node,
            is_shared: room.per_node > 1,
            power: NodePower { idle_w: rack.node_idle_w(), full_w: rack.node_full_w() },
        };
        let of_sacct = matches!(format, LogFormat::Sacct);
        let draw = self
            .draw
            .and_then(|draw| within("draw", faults, |faults| draw.resolve(of_sacct, faults)));
        let (file, rows) = (self.file.clone(), LogRows::default());
        JobsDesign::Log(Box::new(LogDesign { file, format, machine, draw, queues, rows }))
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

impl TrainingDesign {
    /// Lets the hours and days of a stream of jobs follow the `week` of the site. Without this
    /// the run begins at Monday's midnight and no clock is ever set.
    pub fn follow(&mut self, week: &LocalWeek) {
        if let JobsDesign::Stream(stream) = &mut self.jobs {
            stream.week = week.clone();
        }
    }

    /// The name of a tier; empty where the workload has none.
    pub fn tier_name(&self, tier: u16) -> &str {
        self.groups.tiers.get(usize::from(tier)).map_or("", |name| &name.text)
    }

    /// The log that the jobs come from, if they do.
    fn log(&self) -> Option<&LogDesign> {
        match &self.jobs {
            JobsDesign::Log(log) => Some(log),
            _ => None,
        }
    }

    /// The job log that the jobs come from, if they do, and the processors that it can have at
    /// once: wider jobs could never start.
    pub fn log_file(&self) -> Option<(&Name, u64)> {
        self.log().map(|log| (&log.file, log.machine.processors))
    }

    /// A reader of that log before its first line, but for what stands beside it.
    pub fn log_reader(&self) -> Option<LogReader> {
        let log = self.log()?;
        let own = log.draw.as_ref().filter(|draw| draw.beside.is_none());
        Some(LogReader::of(&log.format, log.machine, own.map(|draw| &draw.column)))
    }

    /// The file beside the log that tells what its jobs drew, if there is one, and a reader of it.
    pub fn draws_file(&self) -> Option<(&Name, DrawsReader)> {
        let draw = self.log()?.draw.as_ref()?;
        let (file, job, layout) = draw.beside.as_ref()?;
        Some((file, DrawsReader::new(layout.clone(), job, &draw.column)))
    }

    /// Takes `rows` for the log, which `read` has been through. Rows that were left out or mended
    /// become a warning.
    pub fn take_log(&mut self, rows: Arc<dyn JobRows>, read: &LogReader, faults: &mut Vec<Fault>) {
        let JobsDesign::Log(log) = &mut self.jobs else { return };
        log.rows = LogRows(Some(rows));
        let (file, processors) = (&log.file, log.machine.processors);
        let report: &LogReport = read.report();
        let wrong = read.wrong();
        let mut message = format!("`{file}`: {report}");
        if let Some(wrong) = &wrong {
            message += &format!("; {wrong}");
        }
        if report.jobs == 0 {
            let of_format = match &log.format {
                LogFormat::Swf => {
                    "a log in the Standard Workload Format has 18 columns a row; what `sacct -P` \
                     printed is read by `kind: sacct`, a table with a header by `kind: table`"
                }
                LogFormat::Sacct => {
                    "what `sacct -P` prints begins with a header that has `JobID`, and has `|` between \
                     its columns; a log in the Standard Workload Format is read by `kind: swf`, a \
                     table of other columns by `kind: table`"
                }
                LogFormat::Table(_) => "a table has a header, then a row for each job",
            };
            let help = wrong.and_then(|wrong| wrong.help).unwrap_or_else(|| of_format.to_owned());
            faults.push(Fault::error("jobs.file", message).at(file.mark).help(help));
        } else if report.kinds().iter().any(|(_, rows)| rows.count > 0) {
            let mut fault = Fault::warning("jobs.file", message).at(file.mark);
            if report.overfull.count > 0 {
                fault = fault.help(
                    "where CPUs of the log are hardware threads, or its nodes are larger, write how \
                     many a node of the log has: `processors_per_node`",
                );
            }
            if let Some(machine) = read.header().max_procs.filter(|&procs| procs > processors) {
                fault = fault.help(format!(
                    "the log is of a machine with {machine} processors, the workload has \
                     {processors}"
                ));
            }
            faults.push(fault);
        }
    }
}
