//! Small sites that the targets are run on.

use loadbank::kernel::{Streams, Time};
use loadbank::units::{Duration, Fraction, Power, Rate};
use loadbank::workload::gpu::GpuRackSpec;
use loadbank::workload::training::checkpoint::Renewal;
use loadbank::workload::training::{
    CheckpointSpec, DetectionSpec, IntervalSpec, JobsSpec, NodeFailureSpec, ResidentSpec, Training,
    TrainingSpec, TrainingSummary,
};

pub(super) const MINUTE: f64 = 60.0;
pub(super) const HOUR: f64 = 3600.0;
pub(super) const DAY: f64 = 86_400.0;

pub(super) fn seconds(s: f64) -> Duration {
    Duration((s * 1e9).round() as u64)
}

pub(super) fn days(d: f64) -> Time {
    Time::from_secs_f64(d * DAY)
}

/// One job of `nodes` nodes that never wants for a spare: failures are mended within a minute.
pub(super) fn resident(nodes: u32, per_node_day: f64) -> TrainingSpec {
    TrainingSpec {
        failures: Some(NodeFailureSpec {
            rate: Some(Rate(per_node_day / DAY)),
            soft_share: Some(Fraction(1.0)),
            soft_repair: Some(seconds(MINUTE)),
            ..NodeFailureSpec::default()
        }),
        detection: Some(detection(0.0)),
        checkpoint: Some(CheckpointSpec {
            interval: Some(IntervalSpec::Never),
            write: Some(Duration(0)),
            ..CheckpointSpec::default()
        }),
        restart: Some(Duration(0)),
        spares: Some(0),
        ..TrainingSpec::of(JobsSpec::Resident(ResidentSpec {
            nodes: Some(nodes),
            ..ResidentSpec::default()
        }))
    }
}

/// Failures that take a node away for `days` in the mean, or always where `sigma` is zero.
pub(super) fn repaired(per_node_day: f64, days: f64, sigma: f64) -> NodeFailureSpec {
    NodeFailureSpec {
        rate: Some(Rate(per_node_day / DAY)),
        soft_share: Some(Fraction(0.0)),
        repair: Some(seconds(days * DAY)),
        repair_sigma: Some(sigma),
        ..NodeFailureSpec::default()
    }
}

fn detection(explicit_s: f64) -> DetectionSpec {
    DetectionSpec {
        explicit: Some(seconds(explicit_s)),
        hang: None,
        hang_share: Some(Fraction(0.0)),
    }
}

/// `spec` with the checkpoints, restart and detection of `renewal`.
pub(super) fn checkpointed(spec: TrainingSpec, renewal: Renewal) -> TrainingSpec {
    TrainingSpec {
        checkpoint: Some(CheckpointSpec {
            interval: Some(IntervalSpec::Every(seconds(renewal.interval_s))),
            write: Some(seconds(renewal.write_s)),
            background: (renewal.flush_s > 0.0).then(|| seconds(renewal.flush_s)),
            ..CheckpointSpec::default()
        }),
        restart: Some(seconds(renewal.restart_s)),
        detection: Some(detection(renewal.detect_s)),
        ..spec
    }
}

/// Racks of `nodes` nodes with one H100 each, on as soon as they have power.
pub(super) fn rack(nodes: u32) -> GpuRackSpec {
    GpuRackSpec {
        power_on: Some(Duration(0)),
        ..GpuRackSpec::of(nodes, 1, Power(700.0), Power(250.0))
    }
}

/// The workload `spec` on `racks` racks like `rack`.
pub(super) fn model_on(
    rack: &GpuRackSpec,
    spec: &TrainingSpec,
    racks: usize,
    replication: u64,
) -> Training {
    let mut faults = Vec::new();
    let rack = rack.resolve(&mut faults);
    let design = spec.resolve(&rack, racks, &mut faults);
    assert!(faults.is_empty(), "{faults:?}");
    let names: Vec<String> = (0..racks).map(|i| format!("rack-{i}")).collect();
    Training::new(design, rack, &names, "jobs", &Streams::new(1, replication))
}

/// The same on racks of `nodes_per_rack` nodes with one H100 each.
pub(super) fn model(
    spec: &TrainingSpec,
    nodes_per_rack: u32,
    racks: usize,
    replication: u64,
) -> Training {
    model_on(&rack(nodes_per_rack), spec, racks, replication)
}

/// Runs a resident job, with spares beside it, for `length` days.
pub(super) fn simulate(spec: &TrainingSpec, length: f64, replication: u64) -> TrainingSummary {
    let JobsSpec::Resident(ResidentSpec { nodes: Some(nodes), .. }) = spec.jobs else {
        panic!("a resident job with its nodes");
    };
    let per_rack = nodes.min(64);
    let racks = nodes.div_ceil(per_rack) as usize + 1;
    let mut training = model(spec, per_rack, racks, replication);
    training.advance(days(length));
    training.summary(days(length))
}
