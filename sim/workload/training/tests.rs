//! Small sites that the tests of the room run on, and how they hold figures to expectations.

mod behaviour;
mod conservation;
mod logs;
mod shared;

use super::spec::*;
use super::{Training, TrainingSummary};
use crate::kernel::{Streams, Time};
use crate::units::{Duration, Fraction, Power, Rate};
use crate::workload::gpu::{GpuRackDesign, GpuRackSpec};

pub(in crate::workload::training) const MINUTE: f64 = 60.0;
pub(in crate::workload::training) const HOUR: f64 = 3600.0;
pub(in crate::workload::training) const DAY: f64 = 86_400.0;

pub(in crate::workload::training) fn seconds(s: f64) -> Duration {
    Duration((s * 1e9).round() as u64)
}

/// Racks of `nodes` nodes with one H100 each, on as soon as they have power.
pub(in crate::workload::training) fn rack(nodes: u32) -> GpuRackDesign {
    let spec = GpuRackSpec {
        power_on: Some(Duration(0)),
        ..GpuRackSpec::of(nodes, 1, Power(700.0), Power(250.0))
    };
    let mut faults = Vec::new();
    let design = spec.resolve(&mut faults);
    assert_eq!(faults, []);
    design
}

/// One resident job of `nodes` nodes that never wants for a spare: every failure is mended
/// by a reboot of a minute.
pub(in crate::workload::training) fn resident(nodes: u32, per_node_day: f64) -> TrainingSpec {
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

fn detection(explicit_s: f64) -> DetectionSpec {
    DetectionSpec {
        explicit: Some(seconds(explicit_s)),
        hang: None,
        hang_share: Some(Fraction(0.0)),
    }
}

/// The same with checkpoints, restart and detection, all in seconds.
pub(in crate::workload::training) fn checkpointed(
    mut spec: TrainingSpec,
    interval: f64,
    write: f64,
    restart: f64,
    detect: f64,
) -> TrainingSpec {
    spec.checkpoint = Some(CheckpointSpec {
        interval: Some(IntervalSpec::Every(seconds(interval))),
        write: Some(seconds(write)),
        ..CheckpointSpec::default()
    });
    spec.restart = Some(seconds(restart));
    spec.detection = Some(detection(detect));
    spec
}

pub(in crate::workload::training) fn model(
    spec: &TrainingSpec,
    nodes_per_rack: u32,
    racks: usize,
    replication: u64,
) -> Training {
    let rack = rack(nodes_per_rack);
    let mut faults = Vec::new();
    let design = spec.resolve(&rack, racks, &mut faults);
    assert_eq!(faults, []);
    let names: Vec<String> = (0..racks).map(|i| format!("rack-{i}")).collect();
    Training::new(design, rack, &names, "jobs", &Streams::new(20_241_022, replication))
}

pub(in crate::workload::training) fn run_to(training: &mut Training, end: Time) {
    while training.next_at() <= end {
        training.advance(training.next_at());
    }
    training.advance(end);
}

/// Runs a resident job of the spec, with spares beside it, for `days`.
pub(in crate::workload::training) fn run(
    spec: &TrainingSpec,
    days: f64,
    replication: u64,
) -> TrainingSummary {
    let JobsSpec::Resident(ResidentSpec { nodes: Some(nodes), .. }) = spec.jobs else {
        panic!("a resident job with its nodes");
    };
    let per_rack = nodes.min(64);
    let racks = nodes.div_ceil(per_rack) as usize + 1;
    let mut training = model(spec, per_rack, racks, replication);
    let end = Time::from_secs_f64(days * DAY);
    run_to(&mut training, end);
    training.summary(end)
}

/// Checks that the mean over `replications` runs of `f` meets `expected` within three
/// standard errors, and that these are at most `precision`: else the test would say nothing.
pub(in crate::workload::training) fn check(
    what: &str,
    expected: f64,
    precision: f64,
    replications: u64,
    f: impl FnMut(u64) -> f64,
) {
    let runs: Vec<f64> = (0..replications).map(f).collect();
    let n = runs.len() as f64;
    let mean = runs.iter().sum::<f64>() / n;
    let variance = runs.iter().map(|x| (x - mean) * (x - mean)).sum::<f64>() / (n - 1.0);
    let error = libm::sqrt(variance / n);
    assert!(error <= precision, "{what}: a standard error of {error} says too little");
    assert!((mean - expected).abs() <= 3.0 * error, "{what}: {mean} +- {error} is not {expected}");
}
