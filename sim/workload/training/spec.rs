//! A training workload as a user writes it, and the same resolved.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::de::{self, Deserializer};
use serde::{Deserialize, Serialize, Serializer};

use super::checkpoint::{Cycle, daly_interval_s, optimal_interval_s, young_interval_s};
use super::power::{PowerDesign, ROUNDING, Shares};
use super::schedule::Policy;
use super::swf::{LogJob, SwfReader};
use crate::kernel::Span;
use crate::spec::{Fault, Name, Names, kinds};
use crate::units::{Duration, Fraction, HourlyPrice, Rate};
use crate::workload::gpu::GpuRackDesign;

/// GPU training on racks of one kind.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TrainingSpec {
    /// The GPU racks that the jobs run on, all of one kind.
    pub racks: Names,
    /// The jobs: one resident job, a stream of them, or a log.
    pub jobs: JobsSpec,
    /// Who in the queue starts when. Default: `fcfs`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scheduler: Option<Policy>,
    /// Failures of nodes and their repair.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failures: Option<FailureSpec>,
    /// How long a failure goes unnoticed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detection: Option<DetectionSpec>,
    /// Checkpoints.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub checkpoint: Option<CheckpointSpec>,
    /// Time to start or restart a job once it has its nodes: load its state, connect, warm
    /// up. It may fail in that time. Default: 5 min (Kokolis et al., arXiv:2410.21680).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub restart: Option<Duration>,
    /// What an interrupted job does with the nodes it has left. Default: `hold`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recovery: Option<Recovery>,
    /// Nodes that the queue may not use: they replace failed ones. Default: 2 % of the nodes,
    /// rounded (guidance for GB200 NVL72; 5 to 10 % are advised by others).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub spares: Option<u32>,
    /// What GPUs draw in each phase of a job.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub power: Option<PowerSharesSpec>,
    /// Income for one useful GPU-hour. Default: none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub price: Option<HourlyPrice>,
    /// Where the figures of a catalogue entry come from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
}

kinds! {
    /// Where jobs come from.
    pub enum JobsSpec {
        /// One job that trains for the whole run.
        Resident(ResidentSpec) = "resident",
        /// Jobs that arrive at random.
        Stream(StreamSpec) = "stream",
        /// Jobs of a log in the Standard Workload Format.
        Swf(SwfSpec) = "swf",
    }
}

/// One job that is there from the start and never ends: a pretraining run.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ResidentSpec {
    /// Nodes of the job. Default: all but the spares.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nodes: Option<u32>,
}

/// Jobs that arrive as a Poisson process, each of a class drawn by weight.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StreamSpec {
    /// How many jobs arrive.
    pub arrivals: Rate,
    /// The classes of jobs.
    pub classes: Vec<JobClassSpec>,
}

/// A class of alike jobs.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct JobClassSpec {
    /// Nodes of a job: it runs on all of them at once or waits.
    pub nodes: u32,
    /// How often this class is drawn, relative to the others.
    pub weight: f64,
    /// Its work, as the time it would compute at full speed without checkpoints.
    pub duration: DurationSpec,
    /// The work that it says it has when it asks for nodes, over what it has. Time to start
    /// and to write checkpoints comes on top. Default: 1, it knows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request: Option<f64>,
}

/// Jobs as a log has them: the first arrives as the run starts, each works for its run time
/// of the log, and starts and checkpoints take time on top. Rows that cannot run are left out
/// with a warning.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SwfSpec {
    /// The log, which may be compressed with gzip.
    pub file: Name,
    /// Processors of the log to a node. Jobs get whole nodes, rounded up. Default: the GPUs
    /// of a node.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub processors_per_node: Option<u32>,
}

kinds! {
    /// How long things last.
    pub enum DurationSpec {
        /// Lognormal: many short ones, few very long ones, as in every cluster log.
        Lognormal(LognormalSpec) = "lognormal",
        /// Exponential.
        Exponential(ExponentialSpec) = "exponential",
        /// Always the same.
        Constant(ConstantSpec) = "constant",
    }
}

/// A lognormal duration.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LognormalSpec {
    /// Half of all durations are shorter.
    pub median: Duration,
    /// Standard deviation of the logarithm.
    pub sigma: f64,
}

/// An exponential duration.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ExponentialSpec {
    /// The mean.
    pub mean: Duration,
}

/// A constant duration.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ConstantSpec {
    /// The value.
    pub value: Duration,
}

/// Failures of nodes: exponential, whether or not a job runs, and their repair.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FailureSpec {
    /// Failures of one node that is on. Default: 3.8e-3 /day (Llama 3: 419 unexpected
    /// interruptions of 2,048 nodes in 54 days, arXiv:2407.21783). Others: 6.5e-3 and
    /// 2.34e-3 /day (Meta RSC-1 and RSC-2, arXiv:2410.21680).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rate: Option<Rate>,
    /// Share of failures that a reboot mends. Default: 70 % (assumption).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub soft_share: Option<Fraction>,
    /// Time to reboot and check a node. Default: 20 min (assumption).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub soft_repair: Option<Duration>,
    /// Mean time to repair a node that a reboot does not mend. Default: 24 h (assumption,
    /// consistent with the 99.3 % availability of Delta, arXiv:2503.11901).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repair: Option<Duration>,
    /// Standard deviation of the logarithm of that time, which is lognormal (Schroeder and
    /// Gibson, DSN 2006). Default: 1.2 (assumption).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repair_sigma: Option<f64>,
    /// How many nodes can be under such a repair at once: the others wait for a crew, in the
    /// order of their failures. A reboot needs none. Default: no limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub crews: Option<u32>,
}

/// How long a failed job stands before its failure is noticed.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DetectionSpec {
    /// After a failure that reports itself. Default: 30 s (MegaScale, arXiv:2402.15627, and
    /// ByteRobust, arXiv:2509.16293, range from 2 s to minutes).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub explicit: Option<Duration>,
    /// After a silent hang, until a collective times out. Default: 10 min.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hang: Option<Duration>,
    /// Share of failures that are silent hangs. Default: 12 % (ByteRobust: 5,948 implicit
    /// against 43,264 explicit failures).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hang_share: Option<Fraction>,
}

/// When checkpoints are written and how long a job stands for each.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CheckpointSpec {
    /// Productive time between checkpoints: a duration; `auto` for the interval that loses
    /// least given the job's size, the failure rate and the write time; `young` or `daly` for
    /// the published approximations of it; `never`. Default: `auto`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interval: Option<IntervalSpec>,
    /// Time for which the job stands while a checkpoint is written. Default: 20 s (blocking;
    /// asynchronous writes block about 0.5 s).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub write: Option<Duration>,
}

/// Draw of a GPU in each phase of a job, as a share of its thermal design power.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PowerSharesSpec {
    /// While it computes, uncapped. Default: 90 % (assumption; the H100 of the cap curve
    /// draws 92 %).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub compute: Option<Fraction>,
    /// While it communicates. Default: 50 % (POLCA, arXiv:2308.12908: 20 to 75 % by model).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub communicate: Option<Fraction>,
    /// Share of an iteration spent computing. Default: 80 % (assumption).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub duty: Option<Fraction>,
    /// While a checkpoint is written. Default: 25 % (assumption).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub checkpoint: Option<Fraction>,
    /// While a job starts. Default: 20 % (assumption).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub restart: Option<Fraction>,
}

/// What an interrupted job does with the nodes it has left.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Recovery {
    /// Keep them and wait for others to replace the lost ones, before any queued job.
    Hold,
    /// Give them back and queue again, by the time it was first submitted.
    Requeue,
}

/// The `interval` of checkpoints: `auto`, `young`, `daly`, `never`, or a duration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IntervalSpec {
    /// The interval that loses least.
    Auto,
    /// Young's approximation of it (1974).
    Young,
    /// Daly's approximation of it, of higher order (2006).
    Daly,
    /// No checkpoints.
    Never,
    /// As given.
    Every(Duration),
}

impl fmt::Display for IntervalSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Auto => f.pad("auto"),
            Self::Young => f.pad("young"),
            Self::Daly => f.pad("daly"),
            Self::Never => f.pad("never"),
            Self::Every(duration) => duration.fmt(f),
        }
    }
}

impl Serialize for IntervalSpec {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for IntervalSpec {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text;
        impl de::Visitor<'_> for Text {
            type Value = IntervalSpec;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("`auto`, `young`, `daly`, `never` or a duration such as `30 min`")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<IntervalSpec, E> {
                match text.trim() {
                    "auto" => Ok(IntervalSpec::Auto),
                    "young" => Ok(IntervalSpec::Young),
                    "daly" => Ok(IntervalSpec::Daly),
                    "never" => Ok(IntervalSpec::Never),
                    other => Duration::parse(other).map(IntervalSpec::Every).map_err(E::custom),
                }
            }
        }
        deserializer.deserialize_str(Text)
    }
}

impl JsonSchema for IntervalSpec {
    fn schema_name() -> Cow<'static, str> {
        "Interval".into()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        let duration = generator.subschema_for::<Duration>();
        schemars::json_schema!({
            "description": "`auto`, `young`, `daly`, `never` or a duration such as `30 min`",
            "anyOf": [{"enum": ["auto", "young", "daly", "never"]}, duration],
        })
    }
}

/// A training workload with everything resolved.
#[derive(Debug, Clone, PartialEq)]
pub struct TrainingDesign {
    /// Nodes on all racks.
    pub nodes: usize,
    /// Nodes that stand by to replace failed ones.
    pub spares: usize,
    /// The jobs.
    pub(super) jobs: JobsDesign,
    /// Who in the queue starts when.
    pub scheduler: Policy,
    /// Failures a second of one node that is on.
    pub failure_rate_per_s: f64,
    /// Share of failures that a reboot mends.
    pub soft_share: f64,
    /// Time to reboot.
    pub soft_repair: Span,
    /// Mean time to repair what a reboot does not mend, s.
    pub repair_mean_s: f64,
    /// Standard deviation of its logarithm.
    pub repair_sigma: f64,
    /// Nodes that can be under such a repair at once.
    pub crews: usize,
    /// Time to notice a failure that reports itself.
    pub detect_explicit: Span,
    /// Time to notice a silent hang.
    pub detect_hang: Span,
    /// Share of failures that are silent hangs.
    pub hang_share: f64,
    /// Interval of checkpoints.
    pub(super) interval: IntervalSpec,
    /// Time of a checkpoint write, s.
    pub(super) write_s: f64,
    /// Time to start or restart.
    pub restart: Span,
    /// What an interrupted job does with its nodes.
    pub recovery: Recovery,
    /// Draw by phase.
    pub power: PowerDesign,
    /// Income of a useful GPU-hour, $.
    pub price_usd: f64,
}

/// Where jobs come from, resolved.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum JobsDesign {
    Resident {
        nodes: usize,
    },
    Stream {
        gap_s: f64,
        classes: Vec<ClassDesign>,
    },
    /// `jobs` is empty until the log has been read.
    Log {
        file: Name,
        processors_per_node: u32,
        jobs: Arc<[LogJob]>,
    },
}

/// A class of jobs, resolved.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct ClassDesign {
    pub(super) nodes: usize,
    /// Probability of this class or one before it.
    pub(super) cumulative: f64,
    pub(super) duration: DurationLaw,
    /// Work that it says it has, over what it has.
    pub(super) request: f64,
}

/// A law of durations; all in seconds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum DurationLaw {
    Lognormal { mu: f64, sigma: f64 },
    Exponential { mean_s: f64 },
    Constant { value_s: f64 },
}

impl TrainingSpec {
    /// Fills defaults and checks ranges, for `racks` racks of the kind `rack`.
    pub fn resolve(
        &self,
        rack: &GpuRackDesign,
        racks: usize,
        faults: &mut Vec<Fault>,
    ) -> TrainingDesign {
        let nodes = racks * rack.nodes;
        let spares = match self.spares {
            Some(spares) => spares as usize,
            None => (nodes + 25) / 50,
        };
        if spares >= nodes {
            faults.push(Fault::error(
                "spares",
                format!("{spares} spares leave none of {nodes} nodes to work"),
            ));
        }
        let failures = self.failures.clone().unwrap_or_default();
        let repair_sigma = failures.repair_sigma.unwrap_or(1.2);
        if !(repair_sigma >= 0.0 && repair_sigma.is_finite()) {
            faults.push(Fault::error("failures", "`repair_sigma` must be zero or more"));
        }
        if failures.crews == Some(0) {
            faults.push(Fault::error("failures", "`crews` must be above zero"));
        }
        let rate = failures.rate.map_or(3.8e-3 / 86_400.0, |r| r.0);
        if rate < 0.0 {
            faults.push(Fault::error("failures", "`rate` must be zero or more"));
        }
        let detection = self.detection.clone().unwrap_or_default();
        let seconds = |d: Option<Duration>, default| d.map_or(default, Duration::as_secs_f64);
        let span = |d: Option<Duration>, default| d.map_or(Span::from_secs(default), Span::from);
        let share = |f: Option<Fraction>, default| f.map_or(default, |f| f.0);
        let checkpoint = self.checkpoint.clone().unwrap_or_default();
        let interval = checkpoint.interval.unwrap_or(IntervalSpec::Auto);
        let write_s = seconds(checkpoint.write, 20.0);
        self.check_interval(interval, write_s, faults);
        TrainingDesign {
            nodes,
            spares,
            jobs: self.resolve_jobs(rack, nodes, nodes.saturating_sub(spares), faults),
            scheduler: self.scheduler.unwrap_or_default(),
            failure_rate_per_s: rate,
            soft_share: share(failures.soft_share, 0.7),
            soft_repair: span(failures.soft_repair, 20 * 60),
            repair_mean_s: seconds(failures.repair, 24.0 * 3600.0),
            repair_sigma,
            crews: failures.crews.map_or(usize::MAX, |crews| crews as usize),
            detect_explicit: span(detection.explicit, 30),
            detect_hang: span(detection.hang, 600),
            hang_share: share(detection.hang_share, 0.12),
            interval,
            write_s,
            restart: span(self.restart, 300),
            recovery: self.recovery.unwrap_or(Recovery::Hold),
            power: self.resolve_power(rack, faults),
            price_usd: self.price.map_or(0.0, |p| p.0),
        }
    }

    fn check_interval(&self, interval: IntervalSpec, write_s: f64, faults: &mut Vec<Fault>) {
        if interval == IntervalSpec::Every(Duration(0)) {
            faults.push(Fault::error("checkpoint", "`interval` must be longer than zero"));
        }
        let is_computed =
            matches!(interval, IntervalSpec::Auto | IntervalSpec::Young | IntervalSpec::Daly);
        if is_computed && write_s == 0.0 {
            faults.push(
                Fault::error(
                    "checkpoint",
                    format!("`interval: {interval}` needs a write time above zero"),
                )
                .help("writes that take no time could be made without end"),
            );
        }
    }

    fn resolve_jobs(
        &self,
        rack: &GpuRackDesign,
        nodes: usize,
        usable: usize,
        faults: &mut Vec<Fault>,
    ) -> JobsDesign {
        let mut check_width = |field, width: u32| {
            if width == 0 {
                faults.push(Fault::error(field, "a job needs at least one node"));
            } else if width as usize > usable {
                faults.push(
                    Fault::error(field, format!("a job of {width} nodes could never start"))
                        .help(format!("the racks have {nodes} nodes, {usable} without the spares")),
                );
            }
        };
        match &self.jobs {
            JobsSpec::Resident(resident) => {
                let width = resident.nodes.unwrap_or(usable as u32);
                check_width("jobs", width);
                JobsDesign::Resident { nodes: width as usize }
            }
            JobsSpec::Stream(stream) => {
                for class in &stream.classes {
                    check_width("jobs", class.nodes);
                }
                if stream.arrivals.0 <= 0.0 {
                    faults.push(Fault::error("jobs", "`arrivals` must be above zero"));
                }
                let total: f64 = stream.classes.iter().map(|c| c.weight).sum();
                let weights_hold = stream.classes.iter().all(|c| c.weight >= 0.0);
                if !(weights_hold && total > 0.0 && total.is_finite()) {
                    faults.push(Fault::error("jobs", "`weight`s must be zero or more, one above"));
                }
                let mut sum = 0.0;
                let classes = stream
                    .classes
                    .iter()
                    .map(|class| {
                        sum += class.weight;
                        let request = class.request.unwrap_or(1.0);
                        if !(request >= 1.0 && request.is_finite()) {
                            faults.push(Fault::error("jobs", "`request` must be one or more"));
                        }
                        ClassDesign {
                            nodes: class.nodes as usize,
                            cumulative: sum / total,
                            duration: class.duration.resolve(faults),
                            request,
                        }
                    })
                    .collect();
                JobsDesign::Stream { gap_s: 1.0 / stream.arrivals.0, classes }
            }
            JobsSpec::Swf(swf) => {
                let processors_per_node =
                    swf.processors_per_node.unwrap_or(rack.gpus_per_node as u32);
                if processors_per_node == 0 {
                    let message = "`processors_per_node` must be above zero";
                    faults.push(Fault::error("jobs", message));
                }
                let processors_per_node = processors_per_node.max(1);
                JobsDesign::Log { file: swf.file.clone(), processors_per_node, jobs: [].into() }
            }
        }
    }

    fn resolve_power(&self, rack: &GpuRackDesign, faults: &mut Vec<Fault>) -> PowerDesign {
        let spec = self.power.clone().unwrap_or_default();
        let share = |f: Option<Fraction>, default| f.map_or(default, |f| f.0);
        let mut shares = Shares {
            compute: share(spec.compute, 0.90),
            communicate: share(spec.communicate, 0.50),
            duty: share(spec.duty, 0.80),
            checkpoint: share(spec.checkpoint, 0.25),
            restart: share(spec.restart, 0.20),
        };
        let refuse = |faults: &mut Vec<Fault>, message: &str| {
            faults.push(Fault::error("power", message));
        };
        if shares.duty == 0.0 {
            refuse(faults, "`duty` must be above zero: a job that trains computes");
            shares.duty = 1.0;
        }
        // The draw of computing at the lowest cap is the least that a running GPU can take.
        let scale = shares.compute * rack.gpu_tdp_w / rack.curve.full().draw_w;
        if rack.curve.floor().draw_w * scale < rack.gpu_resident_w * (1.0 - ROUNDING) {
            refuse(faults, "`compute` leaves the lowest cap below the draw of a resident job");
            shares.compute = 1.0;
        }
        if shares.communicate > shares.compute {
            refuse(faults, "`communicate` must not exceed `compute`");
        }
        PowerDesign::new(rack, shares)
    }
}

impl DurationSpec {
    fn resolve(&self, faults: &mut Vec<Fault>) -> DurationLaw {
        let mut positive = |d: Duration| {
            if d.0 == 0 {
                faults.push(Fault::error("jobs", "`duration` must be longer than zero"));
            }
            d.as_secs_f64().max(1e-9)
        };
        match self {
            Self::Lognormal(law) => {
                let mu = libm::log(positive(law.median));
                if !(law.sigma >= 0.0 && law.sigma.is_finite()) {
                    faults.push(Fault::error("jobs", "`sigma` must be zero or more"));
                }
                DurationLaw::Lognormal { mu, sigma: law.sigma }
            }
            Self::Exponential(law) => DurationLaw::Exponential { mean_s: positive(law.mean) },
            Self::Constant(law) => DurationLaw::Constant { value_s: positive(law.value) },
        }
    }
}

impl TrainingDesign {
    /// The job log that [`read_log`](Self::read_log) needs, if the jobs come from one.
    pub fn log_file(&self) -> Option<&Name> {
        match &self.jobs {
            JobsDesign::Log { file, .. } => Some(file),
            JobsDesign::Resident { .. } | JobsDesign::Stream { .. } => None,
        }
    }

    /// Reads the job log in `bytes`, decompressed. Rows that were left out or mended become a
    /// warning.
    pub fn read_log(&mut self, bytes: &[u8], faults: &mut Vec<Fault>) {
        let usable = self.nodes.saturating_sub(self.spares) as u64;
        let JobsDesign::Log { file, processors_per_node, jobs } = &mut self.jobs else { return };
        let mut reader = SwfReader::new(usable * u64::from(*processors_per_node));
        *jobs = bytes.split(|&byte| byte == b'\n').filter_map(|line| reader.read(line)).collect();
        let report = reader.report();
        let message = format!("`{file}`: {report}");
        if jobs.is_empty() {
            let help = "a log in the Standard Workload Format has 18 columns a row";
            faults.push(Fault::error("jobs", message).at(file.mark).help(help));
        } else if report.kinds().iter().any(|(_, rows)| rows.count > 0) {
            faults.push(Fault::warning("jobs", message).at(file.mark));
        }
    }

    /// The checkpoints of a job of `nodes` nodes.
    pub(super) fn cycle(&self, nodes: usize) -> Cycle {
        let mean_s = 1.0 / (nodes as f64 * self.failure_rate_per_s);
        let interval_s = match self.interval {
            IntervalSpec::Never => f64::INFINITY,
            IntervalSpec::Every(interval) => interval.as_secs_f64(),
            IntervalSpec::Auto => optimal_interval_s(self.write_s, mean_s),
            IntervalSpec::Young => young_interval_s(self.write_s, mean_s),
            IntervalSpec::Daly => daly_interval_s(self.write_s, mean_s),
        };
        Cycle { interval_s, write_s: self.write_s }
    }
}
