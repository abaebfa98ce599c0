//! The tables of figures of workloads, by kind.

use super::{Derived, ratio};
use crate::measure::{Figure, Row, Scale};
use crate::workload::heat_load::HeatLoadSummary;
use crate::workload::inference::{InferenceSummary, SampledTime};
use crate::workload::mining::MiningSummary;
use crate::workload::training::{CauseCount, GpuHours, SegmentCounts, TrainingSummary};

/// What any workload leaves at the end.
#[derive(Debug)]
pub(in crate::facility) struct WorkEnd {
    /// What it earned, $.
    pub(in crate::facility) revenue_usd: f64,
    /// Largest rise and fall within a second, and within a minute, W.
    pub(in crate::facility) swings_w: [f64; 4],
}

const fn share(name: &'static str, doc: &'static str) -> Figure {
    Figure::new(name, Scale::SHARE, doc)
}

const fn count(name: &'static str, doc: &'static str) -> Figure {
    Figure::new(name, Scale::COUNT, doc).adding()
}

const fn mw(name: &'static str, doc: &'static str) -> Figure {
    Figure::new(name, Scale::MW, doc).lower()
}

/// Figures of any workload. A draw that a model reports as a mean over some time (checkpoint
/// writes, iterations, control intervals) swings more than the swings say.
pub(super) static WORK: &[Row<WorkEnd>] = &[
    Row::new(Figure::new("revenue", Scale::USD, "What it earned.").higher().adding(), |work| {
        Some(work.revenue_usd)
    }),
    Row::new(mw("swing.second_rise", "Largest rise of its draw within a second."), |work| {
        Some(work.swings_w[0] * Scale::MW.per_base)
    }),
    Row::new(mw("swing.second_fall", "Largest fall of its draw within a second."), |work| {
        Some(work.swings_w[1] * Scale::MW.per_base)
    }),
    Row::new(mw("swing.minute_rise", "Largest rise of its draw within a minute."), |work| {
        Some(work.swings_w[2] * Scale::MW.per_base)
    }),
    Row::new(mw("swing.minute_fall", "Largest fall of its draw within a minute."), |work| {
        Some(work.swings_w[3] * Scale::MW.per_base)
    }),
];

const fn idle(name: &'static str, doc: &'static str) -> Figure {
    Figure::new(name, Scale::MACHINE_HOURS, doc).lower().adding()
}

const fn curtailed(name: &'static str, doc: &'static str) -> Figure {
    Figure::new(name, Scale::MWH, doc).lower().adding()
}

pub(super) static MINING: &[Row<MiningSummary>] = &[
    Row::new(Figure::new("machines", Scale::COUNT, "Machines of the fleet."), |m| {
        Some(m.machines as f64)
    }),
    Row::new(
        Figure::new("rated", Scale::MW, "Draw of the fleet when every machine hashes."),
        |m| Some(m.rated_mw),
    ),
    Row::new(
        Figure::new("hashing", Scale::MACHINE_HOURS, "Time of machines that hashed.").adding(),
        |m| Some(m.hashing_machine_h),
    ),
    Row::new(idle("idle.price", "Idle because power was dear."), |m| Some(m.idle_machine_h.price)),
    Row::new(idle("idle.cap", "Idle because a limit left nothing for them."), |m| {
        Some(m.idle_machine_h.cap)
    }),
    Row::new(idle("idle.heat", "Idle because it was too warm."), |m| Some(m.idle_machine_h.heat)),
    Row::new(idle("idle.outage", "Idle because the bus was dead."), |m| {
        Some(m.idle_machine_h.outage)
    }),
    Row::new(idle("idle.restart", "Idle while booting or waking."), |m| {
        Some(m.idle_machine_h.restart)
    }),
    Row::new(idle("idle.failure", "Idle because broken."), |m| Some(m.idle_machine_h.failure)),
    Row::new(curtailed("curtailed.price", "Not drawn because power was dear."), |m| {
        Some(m.curtailed_mwh.price)
    }),
    Row::new(curtailed("curtailed.cap", "Not drawn because a limit left nothing for it."), |m| {
        Some(m.curtailed_mwh.cap)
    }),
    Row::new(curtailed("curtailed.heat", "Not drawn because it was too warm."), |m| {
        Some(m.curtailed_mwh.heat)
    }),
    Row::new(curtailed("curtailed.outage", "Not drawn because the bus was dead."), |m| {
        Some(m.curtailed_mwh.outage)
    }),
    Row::new(curtailed("curtailed.restart", "Not drawn while booting or waking."), |m| {
        Some(m.curtailed_mwh.restart)
    }),
    Row::new(curtailed("curtailed.failure", "Not drawn because broken."), |m| {
        Some(m.curtailed_mwh.failure)
    }),
    Row::new(Figure::new("mean_hash_rate", Scale::EH_PER_S, "Mean hash rate.").higher(), |m| {
        Some(m.mean_hash_rate_eh_s)
    }),
    Row::new(
        Figure::new(
            "hashes",
            Scale::USD,
            "Every hash at the hash price of its time, before the pool's fee.",
        )
        .adding(),
        |m| Some(m.hashes_usd),
    ),
    Row::new(
        Figure::new(
            "luck",
            Scale::USD,
            "What blocks paid by luck above that; zero where the pool bears the luck.",
        )
        .adding(),
        |m| Some(m.luck_usd),
    ),
    Row::new(Figure::new("pool", Scale::USD, "Part of both that the pool keeps.").adding(), |m| {
        Some(m.pool_usd)
    }),
    Row::new(
        Figure::new(
            "mined",
            Scale::BTC,
            "Bitcoin after the pool's fee, expected or paid for blocks found; none where the income says only what a hash earns in dollars.",
        )
        .higher()
        .adding(),
        |m| m.mined_btc,
    ),
    Row::new(
        Figure::new(
            "price_stops",
            Scale::NUMBER,
            "How often a machine was sent to sleep for the price, in the mean over the fleet.",
        )
        .adding(),
        |m| Some(m.price_stops),
    ),
    Row::new(
        curtailed(
            "held",
            "Drawn above sleep by machines that the site kept on for its awards or its ramp while the price would have had them sleep.",
        ),
        |m| Some(m.held.0),
    ),
    Row::new(
        Figure::new(
            "held_cost",
            Scale::USD,
            "What that energy cost at the price of its time beyond what its hashes were expected to earn.",
        )
        .lower()
        .adding(),
        |m| Some(m.held.1),
    ),
    Row::new(count("failures", "Machines that failed while hashing.").lower(), |m| {
        Some(m.failures as f64)
    }),
    Row::new(
        count("failed_starts", "Machines that did not come back from a start.").lower(),
        |m| Some(m.failed_starts as f64),
    ),
];

/// Keys of the machine-hours without hashing, by cause.
const IDLE: [&str; 6] = [
    "idle.price_machine_h",
    "idle.cap_machine_h",
    "idle.heat_machine_h",
    "idle.outage_machine_h",
    "idle.restart_machine_h",
    "idle.failure_machine_h",
];

/// Keys of the energy that was not drawn, by cause.
const CURTAILED: [&str; 6] = [
    "curtailed.price_mwh",
    "curtailed.cap_mwh",
    "curtailed.heat_mwh",
    "curtailed.outage_mwh",
    "curtailed.restart_mwh",
    "curtailed.failure_mwh",
];

pub(super) static MINING_DERIVED: &[Derived] = &[
    Derived::new(share("uptime", "Time of machines that hashed, of that of all.").higher(), |of| {
        let hashing = of("hashing_machine_h")?;
        let idle: f64 = IDLE.iter().filter_map(|key| of(key)).sum();
        ratio(Some(hashing), Some(hashing + idle))
    }),
    Derived::new(
        Figure::new(
            "curtailed_energy",
            Scale::MWH,
            "Energy that the rated fleet would have drawn on top, for any cause.",
        )
        .lower(),
        |of| Some(CURTAILED.iter().filter_map(|key| of(key)).sum()),
    ),
];

/// The figures of a workload of jobs, whose processors are GPUs or cores of CPUs: their names in
/// names and in texts, and the units of their time and of the energy for it.
macro_rules! cluster {
    ($rows:ident, $derived:ident, $cause:ident, $one:literal, $told:literal, $hours:ident, $energy:ident) => {
pub(super) static $rows: &[Row<TrainingSummary>] = &[
    Row::new(Figure::new(concat!($one, "s"), Scale::COUNT, concat!($told, "s on all racks.")), |t| Some(t.gpus as f64)),
    Row::new(
        Figure::new(concat!($one, "_hours.useful"), Scale::$hours, "Work that counts: kept by a checkpoint or by the end of its job, or still under way.").adding().higher(),
        |t| Some(t.gpu_hours.useful),
    ),
    Row::new(Figure::new(concat!($one, "_hours.lost"), Scale::$hours, "Work that an interruption threw away.").adding().lower(), |t| {
        Some(t.gpu_hours.lost)
    }),
    Row::new(
        Figure::new(concat!($one, "_hours.checkpoint"), Scale::$hours, "Standing while a checkpoint was written.").adding().lower(),
        |t| Some(t.gpu_hours.checkpoint),
    ),
    Row::new(Figure::new(concat!($one, "_hours.restart"), Scale::$hours, "Starting and restarting.").adding().lower(), |t| {
        Some(t.gpu_hours.restart)
    }),
    Row::new(Figure::new(concat!($one, "_hours.hung"), Scale::$hours, "Standing until a failure was noticed.").adding().lower(), |t| {
        Some(t.gpu_hours.hung)
    }),
    Row::new(
        Figure::new(concat!($one, "_hours.stalled"), Scale::$hours, "Held by a job that waited for nodes to replace lost ones.").adding().lower(),
        |t| Some(t.gpu_hours.stalled),
    ),
    Row::new(
        Figure::new(concat!($one, "_hours.throttled"), Scale::$hours, "What running below full speed cost, as time at full speed.").adding().lower(),
        |t| Some(t.gpu_hours.throttled),
    ),
    Row::new(
        Figure::new(concat!($one, "_hours.paused"), Scale::$hours, "Held by a job that stood because power or cooling was short.").adding().lower(),
        |t| Some(t.gpu_hours.paused),
    ),
    Row::new(Figure::new(concat!($one, "_hours.curtailed"), Scale::$hours, "What curtailments cost.").adding().lower(), |t| {
        Some(t.gpu_hours.curtailed)
    }),
    Row::new(
        Figure::new(concat!($one, "_hours.spare"), Scale::$hours, "Held by a job to replace nodes that it may lose.").adding(),
        |t| Some(t.gpu_hours.spare),
    ),
    Row::new(Figure::new(concat!($one, "_hours.idle"), Scale::$hours, "On and without a job.").adding(), |t| Some(t.gpu_hours.idle)),
    Row::new(Figure::new(concat!($one, "_hours.down"), Scale::$hours, "Out of service: under repair, or with a part that nodes share.").adding().lower(), |t| Some(t.gpu_hours.down)),
    Row::new(
        Figure::new(concat!($one, "_hours.dark"), Scale::$hours, "Without power, or starting after it came back.").adding().lower(),
        |t| Some(t.gpu_hours.dark),
    ),
    Row::new(Figure::new(concat!($one, "_hours.held"), Scale::$hours, "Held by jobs: all but idle, down and dark.").adding(), |t| {
        Some(t.gpu_hours.held())
    }),
    Row::new(Figure::new(concat!($one, "_hours.total"), Scale::$hours, concat!($told, "s times the hours of the run.")).adding(), |t| {
        Some(t.gpu_hours.total())
    }),
    Row::new(
        share(
            "ettr",
            "Effective training time ratio: useful work over the time since jobs first got their nodes less time back in the queue, weighted by their nodes.",
        )
        .higher(),
        |t| t.ettr,
    ),
    Row::new(count("jobs.submitted", "Jobs that arrived."), |t| Some(t.jobs.submitted as f64)),
    Row::new(count("jobs.completed", "Jobs that ended, by their own program or their user.").higher(), |t| {
        Some(t.jobs.completed as f64)
    }),
    Row::new(count("jobs.failed", "Of those: failed by themselves, as their log says."), |t| {
        Some(t.jobs.failed as f64)
    }),
    Row::new(count("jobs.cancelled", "Of those: given up by their user, as their log says."), |t| {
        Some(t.jobs.cancelled as f64)
    }),
    Row::new(
        Figure::new("jobs.running", Scale::COUNT, "Jobs that hold nodes at the end."),
        |t| Some(t.jobs.running as f64),
    ),
    Row::new(
        Figure::new("jobs.queued", Scale::COUNT, "Jobs that wait in the queue at the end.").lower(),
        |t| Some(t.jobs.queued as f64),
    ),
    Row::new(
        count("interruptions.node_failures", "Interruptions of jobs because a node, or a part that nodes share, failed.").lower(),
        |t| Some(t.interruptions.node_failures as f64),
    ),
    Row::new(
        count("interruptions.rack_losses", "Because racks lost their power or were tripped by heat.").lower(),
        |t| Some(t.interruptions.rack_losses as f64),
    ),
    Row::new(count("interruptions.curtailments", "Because a curtailment stopped the job.").lower(), |t| {
        Some(t.interruptions.curtailments as f64)
    }),
    Row::new(count("interruptions.preemptions", "Because another job needed the nodes.").lower(), |t| {
        Some(t.interruptions.preemptions as f64)
    }),
    Row::new(count("interruptions.maintenance", "Because a rack was due for maintenance.").lower(), |t| {
        Some(t.interruptions.maintenance as f64)
    }),
    Row::new(
        count("interruptions.time_limits", "Because the job had held its nodes for the longest time that a job may.").lower(),
        |t| Some(t.interruptions.time_limits as f64),
    ),
    Row::new(
        count("interruptions.growths", "Because a job on fewer nodes than it wants took in others.").lower(),
        |t| Some(t.interruptions.growths as f64),
    ),
    Row::new(
        count("node_failures", "Failures of nodes, whether a job ran on them or not.").lower(),
        |t| Some(t.node_failures as f64),
    ),
    Row::new(count("curtailment.cuts", "Curtailments that have begun."), |t| {
        t.curtailment.map(|c| c.cuts as f64)
    }),
    Row::new(
        count("curtailment.missed", "Those in which it could not draw as little as it was to.").lower(),
        |t| t.curtailment.map(|c| c.missed as f64),
    ),
    Row::new(
        Figure::new("curtailment.under_cut", Scale::HOURS, "Time under curtailments.").adding(),
        |t| t.curtailment.map(|c| c.hours),
    ),
    Row::new(
        Figure::new("curtailment.called", Scale::KWH, "Energy that was to go at the draw of the call.").adding(),
        |t| t.curtailment.map(|c| c.called_kwh),
    ),
    Row::new(count("queue_wait.started", "Jobs that have started."), |t| {
        Some(t.queue_wait.started as f64)
    }),
    Row::new(count("queue_wait.delayed", "Those that could not start on arrival.").lower(), |t| {
        Some(t.queue_wait.delayed as f64)
    }),
    Row::new(
        share(
            "queue_wait.left_out",
            "Share of the submitted jobs that these figures leave out, because they have not started.",
        ),
        |t| Some(t.queue_wait.left_out),
    ),
    Row::new(
        Figure::new("queue_wait.wait_mean", Scale::SECONDS, "Mean time of a job from submission to its first start.").lower(),
        |t| (t.queue_wait.started > 0).then(|| t.queue_wait.mean_s()),
    ),
    Row::new(
        Figure::new("queue_wait.wait_max", Scale::SECONDS, "Longest time of a job from submission to its first start.").lower(),
        |t| (t.queue_wait.started > 0).then_some(t.queue_wait.max_s),
    ),
    Row::new(
        Figure::new(
            "queue_wait.wait_p50",
            Scale::SECONDS,
            "Median time of a job from submission to its first start.",
        )
        .lower(),
        |t| t.queue_wait.p50_s,
    ),
    Row::new(
        Figure::new(
            "queue_wait.wait_p95",
            Scale::SECONDS,
            "95th percentile of the time of a job from submission to its first start.",
        )
        .lower(),
        |t| t.queue_wait.p95_s,
    ),
    Row::new(
        Figure::new(
            "checkpoint.interval_mean",
            Scale::SECONDS,
            "Interval of productive time between the checkpoints of a job, in the mean over all starts of jobs; none without checkpoints.",
        ),
        |t| t.checkpoints.mean_s(),
    ),
    Row::new(
        Figure::new(
            "checkpoint.interval_least",
            Scale::SECONDS,
            "Shortest interval that a job had.",
        ),
        |t| (t.checkpoints.starts > 0).then_some(t.checkpoints.least_s),
    ),
    Row::new(
        Figure::new("checkpoint.interval_most", Scale::SECONDS, "Longest interval that a job had."),
        |t| (t.checkpoints.starts > 0).then_some(t.checkpoints.most_s),
    ),
    Row::new(
        Figure::new(
            "checkpoint.write",
            Scale::SECONDS,
            "Time for which a write stands a job, in the mean over all starts of jobs.",
        )
        .lower(),
        |t| t.checkpoints.write_s(),
    ),
    Row::new(
        Figure::new(
            "mean_bounded_slowdown",
            Scale::RATIO,
            "Mean bounded slowdown of the jobs that have ended.",
        )
        .lower(),
        |t| t.mean_bounded_slowdown,
    ),
    Row::new(
        Figure::new(
            concat!("kwh_per_useful_", $one, "_hour"),
            Scale::$energy,
            concat!("Energy of nodes while jobs held them, and of what racks burnt, over useful ", $told, "-hours."),
        )
        .lower(),
        |t| t.kwh_per_useful_gpu_hour,
    ),
    Row::new(
        Figure::new(
            "swing.flattened_iteration",
            Scale::SECONDS,
            "The longest iteration at full speed whose swing between computing and communicating, or the floor, the buffers of its racks flatten; of jobs without power shares of their own.",
        )
        .higher(),
        |t| t.flattened_s,
    ),
];

pub(super) static $derived: &[Derived] = &[
    Derived::new(share("goodput", concat!("Useful ", $told, "-hours, of all.")).higher(), |of| {
        ratio(of(concat!($one, "_hours.useful")), of(concat!($one, "_hours.total")))
    }),
    Derived::new(share("utilisation", concat!($told, "-hours held by jobs, of all.")).higher(), |of| {
        ratio(of(concat!($one, "_hours.held")), of(concat!($one, "_hours.total")))
    }),
];

/// What failures of one cause cost, where there are domains.
pub(super) static $cause: &[Row<GpuHours>] = &[
    Row::new(
        Figure::new(concat!($one, "_hours.down"), Scale::$hours, "Out of service for it, where nodes have domains. What has failed itself does not count as out with its domain too.").adding().lower(),
        |cost| Some(cost.down),
    ),
    Row::new(
        Figure::new(concat!($one, "_hours.lost"), Scale::$hours, "Work lost by the jobs that it interrupted.").adding().lower(),
        |cost| Some(cost.lost),
    ),
    Row::new(
        Figure::new(concat!($one, "_hours.hung"), Scale::$hours, "Held by the jobs that it interrupted, until the failure was noticed.").adding().lower(),
        |cost| Some(cost.hung),
    ),
    Row::new(
        Figure::new(concat!($one, "_hours.stalled"), Scale::$hours, "Held by the jobs that it interrupted, while they waited for nodes to replace those that it took.").adding().lower(),
        |cost| Some(cost.stalled),
    ),
    Row::new(
        Figure::new(concat!($one, "_hours.restart"), Scale::$hours, "Held by the jobs that it interrupted, while they started anew.").adding().lower(),
        |cost| Some(cost.restart),
    ),
];
    };
}

cluster!(TRAINING, TRAINING_DERIVED, GPU_COST, "gpu", "GPU", GPU_HOURS, KWH_PER_GPU_HOUR);
cluster!(CORES, CORES_DERIVED, CORE_COST, "core", "Core", CORE_HOURS, KWH_PER_CORE_HOUR);

/// Beside the figures of jobs whose nodes come in segments. Neither is better lower: where nothing stands
/// by, nothing is replaced.
pub(super) static SEGMENTS: &[Row<SegmentCounts>] = &[
    Row::new(
        count("segments.swaps", "Nodes that segments lost and that others of their rack replaced."),
        |s| Some(s.swaps as f64),
    ),
    Row::new(
        count(
            "segments.moves",
            "Segments that moved to another rack, because theirs had too few nodes.",
        ),
        |s| Some(s.moves as f64),
    ),
];

/// Of one cause of failures of training nodes, or of one domain.
pub(super) static CAUSE: &[Row<CauseCount>] = &[
    Row::new(
        count("failures", "Failures of nodes for this cause, or of this part that nodes share.")
            .lower(),
        |c| Some(c.failures as f64),
    ),
    Row::new(count("interruptions", "Those that interrupted a job.").lower(), |c| {
        Some(c.interruptions as f64)
    }),
];

/// Beside the figures of its requests.
pub(super) static INFERENCE: &[Row<InferenceSummary>] = &[
    Row::new(Figure::new("in_flight", Scale::COUNT, "Requests under way at the end."), |s| {
        Some(s.in_flight as f64)
    }),
    Row::new(count("splits", "How often cells were told apart by events."), |s| {
        Some(s.splits as f64)
    }),
    Row::new(
        count("iterations", "Decode and prefill iterations that the simulated requests took."),
        |s| Some(s.work.iterations as f64),
    ),
    Row::new(
        count("preemptions", "Requests that were pushed out of a full KV memory and recomputed.")
            .lower(),
        |s| Some(s.work.preemptions as f64),
    ),
    Row::new(
        count("evictions", "Blocks of the KV memory that lost what `prefix_caching` kept in them.")
            .lower(),
        |s| Some(s.work.evictions as f64),
    ),
];

/// Of a service that was sampled in time, beside its figures and their errors.
pub(super) static SAMPLED: &[Row<SampledTime>] = &[
    Row::new(
        share(
            "sampled.share",
            "Share of the time that was simulated: windows and what was simulated whole.",
        ),
        |t| Some(t.share()),
    ),
    Row::new(
        count("sampled.windows", "Windows, each of which stands for many times its length."),
        |t| Some(t.windows as f64),
    ),
    Row::new(
        Figure::new(
            "sampled.whole",
            Scale::HOURS,
            "Time that was simulated whole: after events and unusual windows, where much arrived, and before it was known what is usual.",
        ),
        |t| Some(t.whole_s / 3600.0),
    ),
    Row::new(
        Figure::new(
            "sampled.busy",
            Scale::HOURS,
            "Of that, time in which cells received more than 80 % of what they can serve, and 10 min after it.",
        ),
        |t| Some(t.busy_s / 3600.0),
    ),
    Row::new(count("sampled.events", "Events that struck it while it was sampled."), |t| {
        Some(t.events as f64)
    }),
    Row::new(
        Figure::new(
            "sampled.surplus",
            Scale::COUNT,
            "Arrivals that windows stand for, less those that were drawn in gaps.",
        ),
        |t| Some(t.surplus as f64),
    ),
    Row::new(
        Figure::new(
            "sampled.carried",
            Scale::COUNT,
            "Requests that windows left inside beyond those that they found, times what they stand for beyond themselves.",
        ),
        |t| Some(t.carried as f64),
    ),
];

pub(super) static HEAT_LOAD: &[Row<HeatLoadSummary>] = &[Row::new(
    Figure::new(
        "wanted",
        Scale::MWH,
        "What it would have given off with power and cooling all the time.",
    )
    .adding(),
    |load| Some(load.wanted_mwh),
)];
