//! Where jobs come from: as a user writes it, and the same resolved.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::Deserialize;

use super::logs::{JobRows, JobTableSpec, LogDesign, LogRoom, LogRows, SacctSpec, SwfSpec};
use super::power::under_cap;
use super::{Groups, Segment, TrainingDesign};
use crate::kernel::{DurationLaw, LocalWeek, Span};
use crate::spec::{Check, DurationSpec, Fault, Name, kinds, within};
use crate::tables::ANY_ORDER;
use crate::units::{Fraction, Power, Rate};
use crate::workload::gpu::GpuRackDesign;
use crate::workload::training::log::{DrawsReader, LogFormat, LogReader, LogReport, Rows};
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

/// Where jobs come from, resolved.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::workload::training) enum JobsDesign {
    Resident(ResidentDesign),
    Stream(StreamDesign),
    Log(Box<LogDesign>),
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
    /// In which segments of racks, where it is in any.
    pub(super) segment: Option<Segment>,
    pub(super) groups: &'a Groups,
    /// What GPUs draw without a cap, and the cap of all jobs.
    pub(super) uncapped: &'a PowerDesign,
    pub(super) cap: Option<Power>,
    /// What the GPUs of classes with a cap of their own draw.
    pub(super) capped: Vec<PowerDesign>,
}

impl Room<'_> {
    /// What logs need to know of it.
    fn of_logs(&self) -> LogRoom<'_> {
        LogRoom { rack: self.rack, usable: self.usable, is_shared: self.per_node > 1 }
    }

    /// The tier of each of the `queues` of a log.
    fn tiers(&self, queues: &[Name], faults: &mut Vec<Fault>) -> Arc<[u16]> {
        let tier = |(index, name): (usize, &Name)| {
            let known = faults.len();
            let tier = self.groups.tier(Some(name), faults);
            for fault in &mut faults[known..] {
                fault.field = format!("queues[{index}]").into();
            }
            tier
        };
        queues.iter().enumerate().map(tier).collect()
    }

    /// Refuses a job of `width` nodes, as the field `of` says, and `spares` besides that could never
    /// start, or that would train on `fewest`.
    fn check(
        &self,
        of: &'static str,
        (width, spares, fewest): (u32, u32, u32),
        faults: &mut Vec<Fault>,
    ) {
        let Room { nodes, usable, .. } = self;
        let room = match self.segment {
            Some(segment) => {
                let count = usable / segment.used;
                let s = if count == 1 { "" } else { "s" };
                format!("the racks have room for {count} segment{s} of {} nodes", segment.used)
            }
            None => format!("the racks have {nodes} nodes, {usable} without the spares"),
        };
        let mut refuse = |field: &'static str, message: String, help: String| {
            faults.push(Fault::error(field, message).help(help));
        };
        let all = u64::from(width) + u64::from(spares);
        if self.segment.is_some() && (spares > 0 || fewest != width) {
            let field = if spares > 0 { "spares" } else { "min_nodes" };
            let help = "leave it out; `segment` says how many nodes stand by in each rack";
            refuse(field, "a job in segments has all of them".to_owned(), help.to_owned());
        } else if let Some(segment) = self.segment
            && !(width as usize).is_multiple_of(segment.used)
        {
            let help = format!("a segment has {}", segment.used);
            refuse(of, format!("{width} nodes are no whole number of segments"), help);
        } else if width == 0 {
            refuse(of, "a job needs at least one node".to_owned(), room);
        } else if all > *usable as u64 {
            let besides = if spares > 0 { format!(" and {spares} spares") } else { String::new() };
            refuse(
                if u64::from(width) > *usable as u64 { of } else { "spares" },
                format!("a job of {width} nodes{besides} could never start"),
                room,
            );
        } else if fewest == 0 || fewest > width {
            refuse(
                "min_nodes",
                format!("must lie between 1 and the {width} nodes of the job"),
                "leave it out for a job that needs all of its nodes".to_owned(),
            );
        }
    }

    /// What a job of `nodes` nodes holds besides, of its own `spares` or those of its segments.
    fn reserve(&self, nodes: u32, spares: u32) -> usize {
        match self.segment {
            Some(segment) => nodes as usize / segment.used * segment.spares,
            None => spares as usize * self.per_node,
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

impl JobsDesign {
    /// Nodes, or places of them, of the widest job; none where a log tells them.
    pub(super) fn widest(&self) -> Option<usize> {
        match self {
            JobsDesign::Resident(resident) => Some(resident.nodes),
            JobsDesign::Stream(stream) => stream.classes.iter().map(|class| class.nodes).max(),
            JobsDesign::Log(_) => None,
        }
    }
}

impl JobsSpec {
    /// Fills defaults and checks ranges.
    pub(super) fn resolve(&self, room: &mut Room<'_>, faults: &mut Vec<Fault>) -> JobsDesign {
        let log = |log| JobsDesign::Log(Box::new(log));
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
                    spares: room.reserve(nodes, spares),
                })
            }
            JobsSpec::Stream(stream) => JobsDesign::Stream(stream.resolve(room, faults)),
            JobsSpec::Swf(swf) => {
                let queues = room.tiers(swf.queues.as_deref().unwrap_or_default(), faults);
                log(LogDesign { queues, ..swf.resolve(&room.of_logs(), faults) })
            }
            JobsSpec::Sacct(sacct) => log(sacct.resolve(&room.of_logs(), faults)),
            JobsSpec::Table(table) => log(table.resolve(&room.of_logs(), faults)),
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
            spares: room.reserve(nodes, spares),
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
        log.rows = LogRows::of(rows);
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
        } else if matches!(log.format, LogFormat::Table(_)) && report.backwards.count > 0 {
            // Taken as it stands, a table in the order of ends has its jobs wait for nothing.
            let Rows { count, first_line } = report.backwards;
            let message = format!(
                "`{file}`: {count} of {} jobs (first: line {first_line}) submitted before the row above",
                report.jobs
            );
            faults.push(Fault::error("jobs.file", message).at(file.mark).help(ANY_ORDER));
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
