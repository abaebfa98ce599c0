//! A training workload as a user writes it, and the same resolved.

mod checkpoint;
mod curtailment;
mod domains;
mod failures;
mod jobs;
mod logs;
mod power;
mod queue;
mod segment;

use schemars::JsonSchema;
use serde::Deserialize;

pub use crate::spec::{ConstantSpec, DurationSpec, ExponentialSpec};
pub(super) use checkpoint::CheckpointDesign;
pub use checkpoint::{CheckpointSpec, IntervalSpec, StorageSpec};
pub(super) use curtailment::{CurtailmentDesign, MaintenanceDesign, When};
pub use curtailment::{
    MaintenanceSpec, PriceSpec, RandomSpec, Response, ScheduledSpec, TierResponseSpec, WhenSpec,
    WorkloadCurtailmentSpec,
};
pub(super) use domains::DomainBits;
pub use domains::{DomainDesign, DomainSpec};
pub use failures::{
    CauseDesign, CauseSpec, DetectionSpec, ExponentialLawSpec, FailureDesign, HeatFailure,
    HeatFailureSpec, Law, LawSpec, LemonSpec, NodeFailureSpec, Relapse, RelapseSpec, WeibullSpec,
};
pub(super) use jobs::{ClassDesign, GapLaw, JobsDesign, ResidentDesign, StreamDesign};
pub use jobs::{JobClassSpec, JobGapsSpec, JobsSpec, ResidentSpec, SpreadSpec, StreamSpec};
pub(super) use logs::LogDesign;
pub use logs::{JobDrawSpec, JobRows, JobTableSpec, SwfSpec};
pub use power::PowerSharesSpec;
pub(super) use queue::Groups;
pub use queue::{AccountSpec, PreemptionSpec, PrioritySpec, QueueSpec, TierSpec};
pub(super) use segment::Segment;
pub use segment::SegmentSpec;

use super::checkpoint::Cycle;
use super::job::Vacate;
use super::placement::{Placement, Sharing};
use super::power::PowerDesign;
use super::schedule::{Policy, Rules};
use crate::kernel::Span;
use crate::spec::{Check, Fault, Names, within};
use crate::units::{Duration, HourlyPrice, PowerRamp};
use crate::workload::gpu::GpuRackDesign;
use jobs::Room;
use power::under_cap;

/// GPU training, or jobs on the cores of CPUs, on racks of one kind.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TrainingSpec {
    /// The GPU or CPU racks that the jobs run on, all of one kind.
    pub racks: Names,
    /// The jobs: one resident job, a stream of them, or a log.
    pub jobs: JobsSpec,
    /// Who in the queue starts when. Default: `fcfs`.
    pub scheduler: Option<Policy>,
    /// What the scheduler may be told besides.
    pub queue: Option<Box<QueueSpec>>,
    /// The tiers of jobs, the lowest first. Default: one.
    pub tiers: Option<Vec<TierSpec>>,
    /// Failures of nodes and their repair.
    pub failures: Option<NodeFailureSpec>,
    /// How long a failure goes unnoticed.
    pub detection: Option<DetectionSpec>,
    /// Checkpoints.
    pub checkpoint: Option<CheckpointSpec>,
    /// Time to start or restart a job once it has its nodes: load its state, connect, warm
    /// up. It may fail in that time. Default: 5 min (Kokolis et al., arXiv:2410.21680).
    pub restart: Option<Duration>,
    /// The longest that a job may hold its nodes: then it writes a checkpoint, gives them up
    /// and queues again (Meta: 7 days, arXiv:2410.21680). Default: no limit.
    pub max_length: Option<Duration>,
    /// What an interrupted job does with the nodes it has left. Default: `hold`.
    pub recovery: Option<Recovery>,
    /// How many nodes of a rack jobs take together, and hold to replace them. Default: any nodes of any racks.
    pub segment: Option<SegmentSpec>,
    /// Nodes that the queue may not use: they replace failed ones. Default: 2 % of the nodes,
    /// rounded (guidance for GB200 NVL72; 5 to 10 % are advised by others). With `segment` they are
    /// whole racks, and none by default.
    pub spares: Option<u32>,
    /// When the workload must draw less, and how its jobs do so. Default: never.
    pub curtailment: Option<WorkloadCurtailmentSpec>,
    /// Maintenance of racks. Default: none.
    pub maintenance: Option<MaintenanceSpec>,
    /// How fast the draw may rise as racks come back and as jobs do that a curtailment had
    /// stopped: each counts with its full draw and waits for those before it. A rack or a job
    /// rises at once. Default: no limit.
    pub restart_ramp: Option<PowerRamp>,
    /// What GPUs draw in each phase of a job.
    pub power: Option<PowerSharesSpec>,
    /// Income for one useful GPU-hour. Default: none.
    pub price: Option<HourlyPrice>,
    /// Where the figures of a catalogue entry come from.
    pub source: Option<String>,
}

/// What an interrupted job does with the nodes it has left.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
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
    /// What becomes of a job whose nodes one of a higher tier takes.
    pub preempted: Vacate,
    /// How the nodes of a job lie on the racks.
    pub placement: Placement,
    /// Whether racks that are short of power or cooling take no jobs.
    pub power_aware: bool,
    /// What is given out to jobs.
    pub(super) grain: Grain,
    /// The most nodes that jobs may hold for the draw of all.
    pub most_busy: usize,
    /// The tiers and accounts of the jobs.
    pub(super) groups: Groups,
    /// Failures of nodes, how they are noticed and mended.
    pub failures: FailureDesign,
    /// Checkpoints.
    pub(super) checkpoint: CheckpointDesign,
    /// Time to start or restart.
    pub restart: Span,
    /// The longest that a job may hold its nodes.
    pub max_length: Option<Span>,
    /// Curtailment, where there is any.
    pub(super) curtailment: Option<CurtailmentDesign>,
    /// Maintenance, where there is any.
    pub(super) maintenance: Option<MaintenanceDesign>,
    /// How fast the draw may rise when racks and jobs come back, W/s; infinite for no limit.
    pub restart_ramp_w_per_s: f64,
    /// What an interrupted job does with its nodes.
    pub recovery: Recovery,
    /// Draw by phase, but for classes of jobs with a cap of their own.
    pub power: PowerDesign,
    /// The same without any cap, and the cap of all GPUs, W; infinite for none. Jobs that were
    /// measured draw in proportion.
    pub(super) uncapped: PowerDesign,
    pub(super) gpu_cap_w: f64,
    /// The same for these, by the number of the power less one.
    pub(super) capped: Vec<PowerDesign>,
    /// The most that each rack may draw, W; infinite for no limit.
    pub rack_cap_w: f64,
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
            max_length: None,
            recovery: None,
            segment: None,
            spares: None,
            curtailment: None,
            maintenance: None,
            restart_ramp: None,
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
        let segment = self.resolve_segment(rack, faults);
        let mut spares = match (self.spares, segment) {
            (Some(spares), _) => spares as usize,
            (None, Some(_)) => 0,
            (None, None) => (nodes + 25) / 50,
        };
        if segment.is_some() && !spares.is_multiple_of(rack.nodes) {
            spares -= spares % rack.nodes;
            let message = "nodes that are taken in segments have whole racks for spares";
            let help =
                format!("a rack has {} nodes; `segment.spares` stand by in each", rack.nodes);
            faults.push(Fault::error("spares", message).help(help));
        }
        if spares >= nodes {
            faults.push(Fault::error(
                "spares",
                format!("{spares} spares leave none of {nodes} nodes to work"),
            ));
        }
        let max_length = Check { faults }.lasting("max_length", self.max_length);
        let ramp = self.restart_ramp.map_or(f64::INFINITY, |ramp| ramp.0);
        if ramp <= 0.0 {
            faults.push(Fault::error("restart_ramp", "must be above zero"));
        }
        let detection = self.detection.clone().unwrap_or_default();
        let queue = self.queue.clone().unwrap_or_default();
        let tiers = self.tiers.as_deref().unwrap_or_default();
        let groups = Groups::new(&queue, tiers, faults);
        let shares = self.power.clone().unwrap_or_default();
        let uncapped = within("power", faults, |faults| shares.uncapped(rack, faults));
        let power = under_cap(&uncapped, shares.cap, rack, "power.cap", faults);
        let usable = nodes.saturating_sub(spares);
        let usable = segment.map_or(usable, |segment| segment.on(usable) * segment.used);
        let grain = Grain { segment, ..Grain::new(rack, queue.sharing) };
        let capped = Vec::new();
        let mut room = Room {
            rack,
            nodes,
            usable,
            per_node: grain.per_node,
            segment,
            groups: &groups,
            uncapped: &uncapped,
            cap: shares.cap,
            capped,
        };
        let jobs = within("jobs", faults, |faults| self.jobs.resolve(&mut room, faults));
        let capped = room.capped;
        let most_busy =
            within("queue", faults, |faults| queue.most_busy(rack, &power, nodes, faults));
        let policy = self.scheduler.unwrap_or_default();
        let size = (nodes, grain.per_node);
        let rules = within("queue", faults, |faults| queue.resolve(policy, tiers, size, faults));
        let failures = self.failures.clone().unwrap_or_default();
        let failures =
            within("failures", faults, |faults| failures.resolve(&detection, rack.nodes, faults));
        let checkpoint = self.checkpoint.clone().unwrap_or_default();
        let known = faults.len();
        let checkpoint = within("checkpoint", faults, |faults| checkpoint.resolve(faults));
        let is_refused = faults.len() > known;
        let curtailment = self
            .curtailment
            .as_ref()
            .map(|spec| within("curtailment", faults, |faults| spec.resolve(&groups, faults)));
        let maintenance = self
            .maintenance
            .as_ref()
            .map(|spec| within("maintenance", faults, |faults| spec.resolve(racks, faults)));
        let rack_cap_w = within("power", faults, |faults| shares.rack_cap_w(rack, &power, faults));
        let design = TrainingDesign {
            nodes,
            spares,
            preempted: queue.preempted(),
            placement: queue.placement.unwrap_or_default(),
            power_aware: queue.power_aware.unwrap_or(false),
            grain,
            most_busy,
            jobs,
            rules,
            failures,
            checkpoint,
            restart: self.restart.map_or(Span::from_secs(300), Span::from),
            max_length: max_length.map(Span::from),
            curtailment,
            maintenance,
            restart_ramp_w_per_s: ramp,
            groups,
            recovery: self.recovery.unwrap_or(Recovery::Hold),
            rack_cap_w,
            uncapped: uncapped.clone(),
            gpu_cap_w: shares.cap.map_or(f64::INFINITY, |cap| cap.0),
            power,
            capped,
            price_usd: self.price.map_or(0.0, |p| p.0),
        };
        if !is_refused {
            self.doubt_checkpoints(&design, faults);
        }
        design
    }

    /// Doubts computed intervals that are shorter than a write takes in the background.
    fn doubt_checkpoints(&self, design: &TrainingDesign, faults: &mut Vec<Fault>) {
        let Some(width) = design.jobs.widest() else { return };
        let mean_s = design.mean_to_failure_s(width);
        let Some((interval_s, flush_s)) = design.checkpoint.outlasted(mean_s) else { return };
        let nodes = width.div_ceil(design.grain.per_node);
        let message = format!(
            "checkpoints of a job of {nodes} nodes would be {interval_s:.0} s apart, and a write takes \
             {flush_s:.0} s in the background"
        );
        let help = format!(
            "they are {flush_s:.0} s apart, and a failure loses up to twice that; more `bandwidth` or \
             a shorter `background` loses less"
        );
        faults.push(Fault::warning("checkpoint", message).help(help));
    }

    /// The segments of jobs, where they have any.
    fn resolve_segment(&self, rack: &GpuRackDesign, faults: &mut Vec<Fault>) -> Option<Segment> {
        let spec = self.segment.as_ref()?;
        let is_log =
            matches!(self.jobs, JobsSpec::Swf(_) | JobsSpec::Sacct(_) | JobsSpec::Table(_));
        if is_log || self.queue.as_ref().is_some_and(|queue| queue.sharing.is_some()) {
            let message = match is_log {
                true => "the jobs of a log have any number of nodes, not whole segments",
                false => "nodes that jobs share are not taken in segments",
            };
            faults.push(Fault::error("segment", message).help("leave `segment` out"));
            return None;
        }
        within("segment", faults, |faults| spec.resolve(rack.nodes, faults))
    }
}

/// What is given out to jobs: whole nodes or, where jobs share them, their single GPUs or cores.
/// Either is called a place; all of a node's places are alike.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Grain {
    /// Which node a job gets that shares one; none where none does.
    pub(super) sharing: Option<Sharing>,
    /// Where nodes are given out in segments: these.
    pub(super) segment: Option<Segment>,
    /// Places of a node.
    pub(super) per_node: usize,
    /// GPUs, or cores, of a place.
    pub(super) gpus: usize,
    /// Draw of a place besides its GPUs, W.
    pub(super) overhead_w: f64,
}

impl Grain {
    fn new(rack: &GpuRackDesign, sharing: Option<Sharing>) -> Self {
        let per_node = if sharing.is_some() { rack.gpus_per_node } else { 1 };
        Self {
            sharing: sharing.filter(|_| per_node > 1),
            segment: None,
            per_node,
            gpus: rack.gpus_per_node / per_node,
            overhead_w: rack.node_overhead_w / per_node as f64,
        }
    }
}

impl TrainingDesign {
    /// Whether it is cut while energy is dear.
    pub fn heeds_price(&self) -> bool {
        self.curtailment.as_ref().is_some_and(|cut| matches!(cut.when, When::Price { .. }))
    }

    /// What GPUs draw that have the power of this number.
    pub(super) fn power(&self, number: u16) -> &PowerDesign {
        match number {
            0 => &self.power,
            number => &self.capped[usize::from(number) - 1],
        }
    }

    /// Nodes that jobs of the queue may hold, as many as draw no more than the limit.
    pub(super) fn usable(&self) -> usize {
        let nodes = self.nodes - self.spares;
        let segments = self.grain.segment;
        let nodes = segments.map_or(nodes, |segment| segment.on(nodes) * segment.held());
        nodes.min(self.most_busy)
    }

    /// The checkpoints of a job of `width` nodes, or places of them, beside jobs of which `others`
    /// write at a time.
    pub(super) fn cycle(&self, width: usize, others: f64) -> Cycle {
        self.checkpoint.cycle(self.mean_to_failure_s(width), others)
    }

    /// Mean time between failures that interrupt a job of `width` nodes, or places of them, s.
    fn mean_to_failure_s(&self, width: usize) -> f64 {
        let nodes = width.div_ceil(self.grain.per_node);
        let failures = &self.failures;
        let of_domains = failures.domains.iter().map(|domain| {
            let count = match self.grain.segment {
                Some(segment) => segment.reach(nodes, domain.nodes),
                // As many as the job fills.
                None => nodes.div_ceil(domain.nodes),
            };
            count as f64 * domain.law.rate_per_s
        });
        let rate_per_s = nodes as f64 * failures.rate_per_s + of_domains.sum::<f64>();
        1.0 / rate_per_s
    }
}
