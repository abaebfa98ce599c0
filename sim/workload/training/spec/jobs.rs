//! Where jobs come from: as a user writes it, and the same resolved.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::TrainingDesign;
use crate::spec::{Fault, Name, kinds};
use crate::units::{Duration, Rate};
use crate::workload::gpu::GpuRackDesign;
use crate::workload::training::swf::{LogJob, SwfReader};

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

/// Where jobs come from, resolved.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::workload::training) enum JobsDesign {
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
pub(in crate::workload::training) struct ClassDesign {
    pub(in crate::workload::training) nodes: usize,
    /// Probability of this class or one before it.
    pub(in crate::workload::training) cumulative: f64,
    pub(in crate::workload::training) duration: DurationLaw,
    /// Work that it says it has, over what it has.
    pub(in crate::workload::training) request: f64,
}

/// A law of durations; all in seconds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(in crate::workload::training) enum DurationLaw {
    Lognormal { mu: f64, sigma: f64 },
    Exponential { mean_s: f64 },
    Constant { value_s: f64 },
}

impl JobsSpec {
    /// Fills defaults and checks ranges, for `usable` of `nodes` nodes.
    pub(super) fn resolve(
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
        match self {
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
}
