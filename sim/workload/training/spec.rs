//! A training workload as a user writes it, and the same resolved.

mod checkpoint;
mod failures;
mod jobs;
mod power;
mod queue;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use checkpoint::{CheckpointSpec, IntervalSpec};
pub use failures::{DetectionSpec, FailureSpec};
pub(super) use jobs::{ClassDesign, DurationLaw, GapLaw, JobsDesign, StreamDesign};
pub use jobs::{
    ConstantSpec, DurationSpec, ExponentialSpec, GapsSpec, JobClassSpec, JobsSpec, LogReader,
    LognormalSpec, ResidentSpec, SpreadSpec, StreamSpec, SwfSpec,
};
pub use power::PowerSharesSpec;
pub(super) use queue::Groups;
pub use queue::{AccountSpec, PrioritySpec, QueueSpec, TierSpec};

use super::checkpoint::{Cycle, daly_interval_s, optimal_interval_s, young_interval_s};
use super::power::PowerDesign;
use super::schedule::{Policy, Rules};
use crate::kernel::Span;
use crate::spec::{Fault, Names};
use crate::units::{Duration, Fraction, HourlyPrice};
use crate::workload::gpu::GpuRackDesign;
use jobs::Room;

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
    /// What the scheduler may be told besides.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub queue: Option<QueueSpec>,
    /// The tiers of jobs, the lowest first. Default: one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tiers: Option<Vec<TierSpec>>,
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

/// What an interrupted job does with the nodes it has left.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Recovery {
    /// Keep them and wait for others to replace the lost ones, before any queued job.
    Hold,
    /// Give them back and queue again, by the time it was first submitted.
    Requeue,
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
    /// How the queue is served.
    pub rules: Rules,
    /// The tiers and accounts of the jobs.
    pub(super) groups: Groups,
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

impl TrainingSpec {
    /// The jobs `jobs`, everything else by default, on racks that are still to be named.
    pub fn of(jobs: JobsSpec) -> Self {
        Self {
            racks: Names::default(),
            jobs,
            scheduler: None,
            queue: None,
            tiers: None,
            failures: None,
            detection: None,
            checkpoint: None,
            restart: None,
            recovery: None,
            spares: None,
            power: None,
            price: None,
            source: None,
        }
    }

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
        interval.check(write_s, faults);
        let queue = self.queue.clone().unwrap_or_default();
        let tiers = self.tiers.as_deref().unwrap_or_default();
        let groups = Groups::new(&queue, tiers, faults);
        let room = Room { rack, nodes, usable: nodes.saturating_sub(spares), groups: &groups };
        TrainingDesign {
            nodes,
            spares,
            jobs: self.jobs.resolve(&room, faults),
            rules: queue.resolve(self.scheduler.unwrap_or_default(), tiers, nodes, faults),
            groups,
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
            power: self.power.clone().unwrap_or_default().resolve(rack, faults),
            price_usd: self.price.map_or(0.0, |p| p.0),
        }
    }
}

impl TrainingDesign {
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
