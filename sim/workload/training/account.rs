//! Where every GPU-hour went, and what became of the jobs.

use serde::Serialize;

use super::checkpoint::Cycle;
use super::log::JobEnd;
use crate::kernel::Time;
use crate::measure::{Latency, gained, left_out, share};

/// Time of GPUs by what came of it. In GPU-hours wherever it leaves this room; the kinds add
/// up to the GPUs times the hours of the run.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize)]
pub struct GpuHours {
    /// Work that counts: kept by a checkpoint or by the end of its job, or still under way.
    pub useful: f64,
    /// Work that an interruption threw away.
    pub lost: f64,
    /// Standing while a checkpoint was written.
    pub checkpoint: f64,
    /// Starting and restarting.
    pub restart: f64,
    /// Standing until a failure was noticed.
    pub hung: f64,
    /// Held by a job that waited for nodes to replace lost ones.
    pub stalled: f64,
    /// What running below full speed cost, as equivalent time at full speed.
    pub throttled: f64,
    /// Held by a job that stood because power or cooling was short.
    pub paused: f64,
    /// What curtailments cost: held by a job that one had stopped, and what running below full
    /// speed for one cost, as equivalent time at full speed.
    pub curtailed: f64,
    /// Held by a job to replace nodes that it may lose.
    pub spare: f64,
    /// On and without a job.
    pub idle: f64,
    /// Out of service: under repair, or with a part that nodes share.
    pub down: f64,
    /// Without power, or starting after it came back.
    pub dark: f64,
}

impl GpuHours {
    /// Every kind with its name, in the order of reports.
    pub fn kinds(&self) -> [(&'static str, f64); 13] {
        [
            ("useful", self.useful),
            ("lost", self.lost),
            ("checkpoint", self.checkpoint),
            ("restart", self.restart),
            ("hung", self.hung),
            ("stalled", self.stalled),
            ("throttled", self.throttled),
            ("paused", self.paused),
            ("curtailed", self.curtailed),
            ("spare", self.spare),
            ("idle", self.idle),
            ("down", self.down),
            ("dark", self.dark),
        ]
    }

    /// The sum of all kinds.
    pub fn total(&self) -> f64 {
        self.kinds().iter().map(|k| k.1).sum()
    }

    /// What jobs held: all but idle, down and dark. A sum, which rounding leaves above zero.
    pub fn held(&self) -> f64 {
        let unheld = ["idle", "down", "dark"];
        self.kinds().iter().filter(|(kind, _)| !unheld.contains(kind)).map(|(_, held)| held).sum()
    }

    /// What was added after `before` was copied.
    #[must_use]
    pub fn since(&self, before: &GpuHours) -> Self {
        self.with(before, gained)
    }

    pub(super) fn add(&mut self, other: &GpuHours) {
        *self = self.with(other, |own, other| own + other);
    }

    /// Every kind times `factor`.
    pub(super) fn scaled(&self, factor: f64) -> Self {
        self.with(self, |own, _| own * factor)
    }

    /// What `join` makes of each kind and that of `other`.
    fn with(&self, other: &GpuHours, join: impl Fn(f64, f64) -> f64) -> Self {
        Self {
            useful: join(self.useful, other.useful),
            lost: join(self.lost, other.lost),
            checkpoint: join(self.checkpoint, other.checkpoint),
            restart: join(self.restart, other.restart),
            hung: join(self.hung, other.hung),
            stalled: join(self.stalled, other.stalled),
            throttled: join(self.throttled, other.throttled),
            paused: join(self.paused, other.paused),
            curtailed: join(self.curtailed, other.curtailed),
            spare: join(self.spare, other.spare),
            idle: join(self.idle, other.idle),
            down: join(self.down, other.down),
            dark: join(self.dark, other.dark),
        }
    }
}

/// Interruptions of jobs by cause. However many nodes a job loses at an instant, it is
/// interrupted once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Interruptions {
    /// A node failed, or what several share.
    pub node_failures: u64,
    /// Racks lost their power or were tripped by heat.
    pub rack_losses: u64,
    /// A curtailment stopped it.
    pub curtailments: u64,
    /// Another job needed its nodes.
    pub preemptions: u64,
    /// A rack of it was due for maintenance.
    pub maintenance: u64,
    /// It had held its nodes for the longest time that a job may.
    pub time_limits: u64,
    /// It had trained on fewer nodes than it wants, and took in others.
    pub growths: u64,
}

impl Interruptions {
    /// All of them.
    pub fn total(&self) -> u64 {
        self.node_failures
            + self.rack_losses
            + self.curtailments
            + self.preemptions
            + self.maintenance
            + self.time_limits
            + self.growths
    }

    /// Those after `before` was copied.
    #[must_use]
    pub fn since(&self, before: &Self) -> Self {
        Self {
            node_failures: self.node_failures - before.node_failures,
            rack_losses: self.rack_losses - before.rack_losses,
            curtailments: self.curtailments - before.curtailments,
            preemptions: self.preemptions - before.preemptions,
            maintenance: self.maintenance - before.maintenance,
            time_limits: self.time_limits - before.time_limits,
            growths: self.growths - before.growths,
        }
    }

    pub(super) fn count(&mut self, cause: Cause) {
        *match cause {
            Cause::NodeFailure(_) => &mut self.node_failures,
            Cause::RackLoss => &mut self.rack_losses,
            Cause::Curtailment => &mut self.curtailments,
            Cause::Preemption => &mut self.preemptions,
            Cause::Maintenance => &mut self.maintenance,
            Cause::TimeLimit => &mut self.time_limits,
            Cause::Growth => &mut self.growths,
        } += 1;
    }
}

/// Why a job is interrupted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Cause {
    /// A failure with the number of its cause, or of its domain.
    NodeFailure(u16),
    RackLoss,
    Curtailment,
    Preemption,
    Maintenance,
    TimeLimit,
    Growth,
}

impl Cause {
    /// The number of the failure that it is, where it is one.
    pub(super) fn of_failure(self) -> Option<u16> {
        match self {
            Cause::NodeFailure(number) => Some(number),
            _ => None,
        }
    }
}

/// What came of one cause of failures of nodes, or of one domain.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CauseCount {
    /// The cause, or the part that nodes share.
    pub cause: String,
    /// Whether it is a part that nodes share.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub domain: bool,
    /// Failures.
    pub failures: u64,
    /// Those that interrupted a job.
    pub interruptions: u64,
    /// What they cost, where there are domains: nodes out of service, and what the jobs lost that they
    /// interrupted, hung, stalled and restarted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cost: Option<GpuHours>,
}

/// What replaced nodes that segments have lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct SegmentCounts {
    /// Nodes that others of their rack replaced, but for those of segments that moved before they ran.
    pub swaps: u64,
    /// Segments that moved to another rack.
    pub moves: u64,
}

/// Curtailments from the start of the run.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize)]
pub struct CurtailmentCounts {
    /// Cuts that have begun.
    pub cuts: u64,
    /// Those in which the workload could not draw as little as it was to.
    pub missed: u64,
    /// Time under them, h.
    pub hours: f64,
    /// Energy that was to go at the draw of the call, kWh.
    pub called_kwh: f64,
}

/// Jobs by what became of them; `submitted` is the sum of completed, running and queued.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct JobCounts {
    /// Arrived.
    pub submitted: u64,
    /// Ended, by their own program or their user.
    pub completed: u64,
    /// Of those: failed by themselves, as their log says.
    pub failed: u64,
    /// Of those: given up by their user, as their log says.
    pub cancelled: u64,
    /// Hold nodes, whether they compute or not.
    pub running: u64,
    /// Wait in the queue.
    pub queued: u64,
}

/// Waiting from submission to the first start, over the jobs that have started.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize)]
pub struct QueueWait {
    /// Jobs that have started.
    pub started: u64,
    /// Those that could not start on arrival.
    pub delayed: u64,
    /// Sum of their waits, s.
    pub sum_s: f64,
    /// Longest wait, s.
    pub max_s: f64,
    /// Median wait, s, to three digits; none before the first start. Waits of more than 30 days
    /// count as 30 days in it, and in the next.
    pub p50_s: Option<f64>,
    /// 95th percentile of the waits, s.
    pub p95_s: Option<f64>,
    /// Share of the submitted jobs that these figures leave out, because they have not started
    /// yet.
    pub left_out: f64,
}

impl QueueWait {
    /// Mean wait of a job, delayed or not, s; zero before the first start.
    pub fn mean_s(&self) -> f64 {
        if self.started == 0 { 0.0 } else { self.sum_s / self.started as f64 }
    }

    pub(super) fn add(&mut self, wait_s: f64) {
        self.started += 1;
        self.delayed += u64::from(wait_s > 0.0);
        self.sum_s += wait_s;
        self.max_s = self.max_s.max(wait_s);
    }
}

/// Intervals between checkpoints that jobs had when they started, and how long writes stand them.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize)]
pub struct CheckpointTimes {
    /// Starts of jobs that make checkpoints.
    pub starts: u64,
    sum_s: f64,
    /// Shortest interval, s.
    pub least_s: f64,
    /// Longest interval, s.
    pub most_s: f64,
    write_sum_s: f64,
}

impl CheckpointTimes {
    /// Mean interval over the starts, s; none without any.
    pub fn mean_s(&self) -> Option<f64> {
        share(self.sum_s, self.starts as f64)
    }

    /// Mean time that a write stands a job, s; none without any.
    pub fn write_s(&self) -> Option<f64> {
        share(self.write_sum_s, self.starts as f64)
    }

    /// Those after `before` was copied, where the extremes were forgotten.
    fn since(&self, before: &Self) -> Self {
        Self {
            starts: self.starts - before.starts,
            sum_s: self.sum_s - before.sum_s,
            least_s: self.least_s,
            most_s: self.most_s,
            write_sum_s: self.write_sum_s - before.write_sum_s,
        }
    }

    /// Forgets the shortest and the longest interval so far.
    pub(super) fn forget_extremes(&mut self) {
        if self.starts > 0 {
            (self.least_s, self.most_s) = (f64::INFINITY, 0.0);
        }
    }

    pub(super) fn add(&mut self, cycle: &Cycle) {
        if !cycle.interval_s.is_finite() {
            return;
        }
        let first = self.starts == 0;
        self.least_s = if first { cycle.interval_s } else { self.least_s.min(cycle.interval_s) };
        self.most_s = self.most_s.max(cycle.interval_s);
        self.starts += 1;
        self.sum_s += cycle.interval_s;
        self.write_sum_s += cycle.write_s;
    }
}

/// A job that has ended.
#[derive(Debug, Clone, PartialEq)]
pub struct JobRecord {
    /// Its number: that of its log or, where it has none, from 0 in the order of submission.
    pub id: u64,
    /// When it arrived.
    pub submit: Time,
    /// When it first got its nodes.
    pub start: Time,
    /// When it finished.
    pub end: Time,
    /// Nodes that it asked for, without its spares; one for a part of one.
    pub nodes: usize,
    /// Its tier: higher ones have higher numbers.
    pub tier: u16,
    /// Its work: the time it would have computed at full speed, s.
    pub work_s: f64,
    /// How it ended.
    pub reason: JobEnd,
    /// Starts and restarts.
    pub attempts: u32,
    /// Interruptions by cause.
    pub interruptions: Interruptions,
    /// What became of the GPU-hours that it held.
    pub gpu_hours: GpuHours,
    /// Energy of the nodes that it held, while it held them, kWh.
    pub energy_kwh: f64,
    /// Interval of its checkpoints at its last start, s; infinite where it makes none.
    pub checkpoint_interval_s: f64,
}

impl JobRecord {
    /// What the GPU-hours of a job go to: every kind but those without a job.
    pub const GPU_HOURS: [&str; 10] = [
        "useful",
        "lost",
        "checkpoint",
        "restart",
        "hung",
        "stalled",
        "throttled",
        "paused",
        "curtailed",
        "spare",
    ];

    /// Its GPU-hours in the order of [`GPU_HOURS`](Self::GPU_HOURS).
    pub fn held_gpu_hours(&self) -> [f64; 10] {
        let kinds = self.gpu_hours.kinds();
        std::array::from_fn(|i| kinds[i].1)
    }

    /// Time in the queue before its first start, s.
    pub fn wait_s(&self) -> f64 {
        (self.start - self.submit).to_secs()
    }

    /// Time from submission to end over the time since its first start, both at least 10 s:
    /// the bounded slowdown (Feitelson and Rudolph 1998).
    pub fn bounded_slowdown(&self) -> f64 {
        let since = |at: Time| (self.end - at).as_secs_f64().max(SLOWDOWN_BOUND_S);
        since(self.submit) / since(self.start)
    }
}

/// Jobs shorter than this count as this long in the bounded slowdown, s.
const SLOWDOWN_BOUND_S: f64 = 10.0;

/// A training workload from the start of the run to some instant.
#[derive(Debug, Clone, Serialize)]
pub struct TrainingSummary {
    /// GPUs on all racks.
    pub gpus: u64,
    /// Length of the run, h.
    pub hours: f64,
    /// Where the GPU-hours went.
    pub gpu_hours: GpuHours,
    /// Useful GPU-hours over all.
    pub goodput_share: f64,
    /// GPU-hours held by jobs over all.
    pub utilisation: f64,
    /// Effective training time ratio: useful work over the time since jobs first got their
    /// nodes less time back in the queue, weighted by their nodes; none before the first start.
    pub ettr: Option<f64>,
    /// Jobs by what became of them.
    pub jobs: JobCounts,
    /// Interruptions of jobs by cause.
    pub interruptions: Interruptions,
    /// Failures of nodes, whether a job ran on them or not.
    pub node_failures: u64,
    /// The same by cause, then those of domains.
    pub failure_causes: Vec<CauseCount>,
    /// Curtailments, where the workload knows any.
    pub curtailment: Option<CurtailmentCounts>,
    /// What replaced lost nodes, where they come in segments.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub segments: Option<SegmentCounts>,
    /// Waiting in the queue.
    pub queue_wait: QueueWait,
    /// Intervals between checkpoints.
    pub checkpoints: CheckpointTimes,
    /// Mean bounded slowdown of the jobs that have ended; none before the first.
    pub mean_bounded_slowdown: Option<f64>,
    /// Energy of nodes while jobs held them, and of what racks burnt, over useful GPU-hours; none before the first.
    pub kwh_per_useful_gpu_hour: Option<f64>,
    /// Useful GPU-hours times their price, $.
    pub revenue_usd: f64,
    /// The longest iteration whose swing the buffers of the racks flatten, s; none without buffers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub flattened_s: Option<f64>,
    /// What ratios are made of.
    #[serde(skip)]
    pub(super) sums: Sums,
}

/// The sums behind the ratios of a [`TrainingSummary`].
#[derive(Debug, Clone, Default)]
pub(super) struct Sums {
    /// GPU-hours since jobs first got their nodes, less time back in the queue.
    pub(super) present_gpu_h: f64,
    /// Energy of nodes while jobs held them, kWh.
    pub(super) energy_kwh: f64,
    /// Bounded slowdowns of the jobs that have ended.
    pub(super) slowdowns: f64,
    /// Waits of the jobs that have started.
    pub(super) waits: Latency,
}

impl TrainingSummary {
    /// What came of the time after `before`, at which the extremes were
    /// [forgotten](super::Training::forget_extremes). Waits, slowdowns and checkpoints are those of
    /// the jobs that started, ended and started after it.
    #[must_use]
    pub fn since(&self, before: &Self) -> Self {
        let gpu_hours = self.gpu_hours.since(&before.gpu_hours);
        let hours = self.hours - before.hours;
        let of_all = |part: f64| share(part, self.gpus as f64 * hours).unwrap_or(0.0);
        let completed = self.jobs.completed - before.jobs.completed;
        let sums = Sums {
            present_gpu_h: self.sums.present_gpu_h - before.sums.present_gpu_h,
            energy_kwh: self.sums.energy_kwh - before.sums.energy_kwh,
            slowdowns: self.sums.slowdowns - before.sums.slowdowns,
            waits: self.sums.waits.since(&before.sums.waits),
        };
        let causes = self.failure_causes.iter().zip(&before.failure_causes);
        let started = self.queue_wait.started - before.queue_wait.started;
        Self {
            gpus: self.gpus,
            hours,
            gpu_hours,
            goodput_share: of_all(gpu_hours.useful),
            utilisation: of_all(gpu_hours.held()),
            ettr: share(gpu_hours.useful, sums.present_gpu_h),
            jobs: JobCounts {
                submitted: self.jobs.submitted - before.jobs.submitted,
                completed,
                failed: self.jobs.failed - before.jobs.failed,
                cancelled: self.jobs.cancelled - before.jobs.cancelled,
                running: self.jobs.running,
                queued: self.jobs.queued,
            },
            interruptions: self.interruptions.since(&before.interruptions),
            node_failures: self.node_failures - before.node_failures,
            failure_causes: causes
                .map(|(now, before)| CauseCount {
                    cause: now.cause.clone(),
                    domain: now.domain,
                    failures: now.failures - before.failures,
                    interruptions: now.interruptions - before.interruptions,
                    cost: now.cost.map(|cost| cost.since(&before.cost.unwrap_or_default())),
                })
                .collect(),
            curtailment: self.curtailment.map(|now| {
                let before = before.curtailment.unwrap_or_default();
                CurtailmentCounts {
                    cuts: now.cuts - before.cuts,
                    missed: now.missed - before.missed,
                    hours: now.hours - before.hours,
                    called_kwh: now.called_kwh - before.called_kwh,
                }
            }),
            segments: self.segments.map(|now| {
                let before = before.segments.unwrap_or_default();
                SegmentCounts { swaps: now.swaps - before.swaps, moves: now.moves - before.moves }
            }),
            queue_wait: QueueWait {
                started,
                delayed: self.queue_wait.delayed - before.queue_wait.delayed,
                sum_s: self.queue_wait.sum_s - before.queue_wait.sum_s,
                max_s: self.queue_wait.max_s,
                p50_s: sums.waits.quantile_s(0.5),
                p95_s: sums.waits.quantile_s(0.95),
                left_out: left_out(started, self.jobs.submitted - self.queue_wait.started),
            },
            checkpoints: self.checkpoints.since(&before.checkpoints),
            mean_bounded_slowdown: (completed > 0).then(|| sums.slowdowns / completed as f64),
            kwh_per_useful_gpu_hour: share(sums.energy_kwh, gpu_hours.useful),
            revenue_usd: self.revenue_usd - before.revenue_usd,
            flattened_s: self.flattened_s,
            sums,
        }
    }
}
