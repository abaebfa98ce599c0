//! Published results and closed forms, reproduced by simulating the model.
//!
//! The numbers T1, T2 ... are those of the list in `docs/models/training.md`. A tolerance is
//! three standard errors of the runs made here, estimated from their scatter; the seeds are
//! fixed.

use super::checkpoint::{Renewal, ettr, optimal_interval_s};
use super::spec::*;
use super::{JobRecord, Training, TrainingSummary};
use crate::kernel::{Span, Stream, Streams, Time};
use crate::plant::Rank;
use crate::spec::Names;
use crate::units::{Duration, Fraction, Power, Rate};
use crate::workload::RackOffer;
use crate::workload::gpu::{GpuRackDesign, GpuRackSpec};

pub(super) const MINUTE: f64 = 60.0;
pub(super) const HOUR: f64 = 3600.0;
pub(super) const DAY: f64 = 86_400.0;

pub(super) fn seconds(s: f64) -> Duration {
    Duration((s * 1e9).round() as u64)
}

/// Racks of `nodes` nodes with one H100 each, on as soon as they have power.
pub(super) fn rack(nodes: u32) -> GpuRackDesign {
    let spec = GpuRackSpec {
        count: None,
        fed_by: Some(Names::default()),
        cooled_by: None,
        air_cooled_by: None,
        liquid_capture: None,
        chip: None,
        nodes,
        gpus_per_node: 1,
        gpu_power: Power(700.0),
        gpu_idle_power: None,
        gpu_resident_power: None,
        node_overhead: Power(250.0),
        cap_curve: None,
        throttle_inlet: None,
        trip_inlet: None,
        power_on: Some(Duration(0)),
        source: None,
    };
    let mut faults = Vec::new();
    let design = spec.resolve(&mut faults);
    assert_eq!(faults, []);
    design
}

/// One resident job of `nodes` nodes that never wants for a spare: every failure is mended
/// by a reboot of a minute.
pub(super) fn resident(nodes: u32, per_node_day: f64) -> TrainingSpec {
    TrainingSpec {
        failures: Some(FailureSpec {
            rate: Some(Rate(per_node_day / DAY)),
            soft_share: Some(Fraction(1.0)),
            soft_repair: Some(seconds(MINUTE)),
            ..FailureSpec::default()
        }),
        detection: Some(DetectionSpec {
            explicit: Some(Duration(0)),
            hang: None,
            hang_share: Some(Fraction(0.0)),
        }),
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

/// The same with checkpoints, restart and detection, all in seconds.
pub(super) fn checkpointed(
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
    spec.detection = Some(DetectionSpec {
        explicit: Some(seconds(detect)),
        hang: None,
        hang_share: Some(Fraction(0.0)),
    });
    spec
}

pub(super) fn model(
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

pub(super) fn run_to(training: &mut Training, end: Time) {
    while training.next_at() <= end {
        training.advance(training.next_at());
    }
    training.advance(end);
}

/// Runs a resident job of the spec, with spares beside it, for `days`.
pub(super) fn run(spec: &TrainingSpec, days: f64, replication: u64) -> TrainingSummary {
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
pub(super) fn check(
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

/// T1, T2: mean time between interruptions of 16,384 and 131,072 GPUs at the rate of RSC-1.
#[test]
fn mean_time_between_interruptions_is_that_of_the_superposed_nodes() {
    for (nodes, expected, days) in [(2048, 1.8029, 60.0), (16_384, 0.2254, 5.0)] {
        let spec = resident(nodes, 6.5e-3);
        check("hours between interruptions", expected, 0.02 * expected, 10, |replication| {
            days * 24.0 / run(&spec, days, replication).interruptions.total() as f64
        });
    }
}

/// T3, T4: Llama 3, 419 unexpected interruptions of 2,048 nodes in 54 days.
#[test]
fn llama_3_is_interrupted_419_times() {
    let spec = resident(2048, 419.0 / 54.0 / 2048.0);
    check("interruptions", 419.0, 10.0, 10, |replication| {
        run(&spec, 54.0, replication).interruptions.total() as f64
    });
    check("hours between them", 54.0 * 24.0 / 419.0, 0.1, 10, |replication| {
        54.0 * 24.0 / run(&spec, 54.0, replication).interruptions.total() as f64
    });
}

/// T5 to T9: the effective training time of Meta's projections, by the exact renewal form.
#[test]
fn effective_training_time_follows_renewal_theory() {
    for (what, nodes, rate, interval, restart, detect, days) in [
        ("T5: 16,000 GPUs, 60 min", 2000, 6.5e-3, 60.0, 5.0, 0.0, 100.0),
        ("T6: 16,000 GPUs, 5 min", 2000, 6.5e-3, 5.0, 5.0, 0.0, 100.0),
        ("T7: 8,000 GPUs, 30 min, queue 1 min", 1000, 6.5e-3, 30.0, 5.0, 1.0, 100.0),
        ("T8: 2,048 GPUs, 60 min", 256, 6.5e-3, 60.0, 5.0, 0.0, 200.0),
        ("T8: 4,096 GPUs, 60 min", 512, 6.5e-3, 60.0, 5.0, 0.0, 200.0),
        ("T9: 131,072 GPUs, 2 min, queue 1 min", 16_384, 2.34e-3, 2.0, 2.0, 1.0, 10.0),
    ] {
        let spec = checkpointed(
            resident(nodes, rate),
            interval * MINUTE,
            0.0,
            restart * MINUTE,
            detect * MINUTE,
        );
        let expected = ettr(Renewal {
            mean_s: DAY / (f64::from(nodes) * rate),
            interval_s: interval * MINUTE,
            write_s: 0.0,
            restart_s: restart * MINUTE,
            detect_s: detect * MINUTE,
            flush_s: 0.0,
        });
        check(what, expected, 0.004, 6, |replication| run(&spec, days, replication).ettr);
    }
}

/// T10: Llama 3 above 90 %, with 15 min between checkpoints, writes of 20 s, 5 min to restart
/// and 2 min to detect; 0.9037 by the exact form.
#[test]
fn llama_3_trains_nine_tenths_of_its_time() {
    let spec = checkpointed(
        resident(2048, 419.0 / 54.0 / 2048.0),
        15.0 * MINUTE,
        20.0,
        5.0 * MINUTE,
        2.0 * MINUTE,
    );
    check("ETTR", 0.9037, 0.002, 10, |replication| run(&spec, 54.0, replication).ettr);
}

/// T11, T12: half and twice the optimal interval lose what they should, and `auto` is the
/// optimum.
#[test]
fn the_optimal_interval_is_better_than_half_and_twice() {
    for (write, expected) in [(60.0, [0.8051, 0.8307, 0.8034]), (600.0, [0.5523, 0.6003, 0.5431])] {
        let mean = 1.8 * HOUR;
        let best = optimal_interval_s(write, mean);
        for (factor, expected) in [0.5, 1.0, 2.0].into_iter().zip(expected) {
            let mut spec =
                checkpointed(resident(1, DAY / mean), factor * best, write, 5.0 * MINUTE, 0.0);
            if factor == 1.0 {
                let auto = CheckpointSpec {
                    interval: Some(IntervalSpec::Auto),
                    write: Some(seconds(write)),
                    ..CheckpointSpec::default()
                };
                spec.checkpoint = Some(auto);
            }
            check("ETTR", expected, 0.002, 10, |replication| run(&spec, 300.0, replication).ettr);
        }
    }
}

/// T14: BLOOM's checkpoints, 40 s every 3 h, cost 0.37 %; no failure, so exactly.
#[test]
fn writes_alone_cost_their_share() {
    let spec = checkpointed(resident(48, 0.0), 3.0 * HOUR, 40.0, 0.0, 0.0);
    let summary = run(&spec, 1000.0 * (3.0 + 40.0 / 3600.0) / 24.0, 0);
    let overhead = summary.gpu_hours.checkpoint / summary.gpu_hours.useful;
    assert!((overhead - 40.0 / 10_800.0).abs() < 1e-9, "{overhead}");
}

/// T16: availability of nodes 1 / (1 + r MTTR) = 0.99354 at 6.5e-3 a day and 24 h; and it
/// depends on the repair law only through its mean.
#[test]
fn availability_is_that_of_alternating_renewal() {
    for sigma in [0.0, 1.2] {
        let mut spec = resident(1, 6.5e-3);
        spec.failures = Some(FailureSpec {
            rate: Some(Rate(6.5e-3 / DAY)),
            soft_share: Some(Fraction(0.0)),
            repair: Some(seconds(DAY)),
            repair_sigma: Some(sigma),
            ..FailureSpec::default()
        });
        check("availability", 0.99354, 2e-4, 16, |replication| {
            let mut training = model(&spec, 64, 4, replication);
            let days = |d: f64| Time::from_secs_f64(d * DAY);
            // The first days, in which no node has had time to be repaired, do not count.
            run_to(&mut training, days(40.0));
            let early = training.summary(days(40.0)).gpu_hours.down;
            run_to(&mut training, days(440.0));
            let down = training.summary(days(440.0)).gpu_hours.down - early;
            1.0 - down / (256.0 * 400.0 * 24.0)
        });
    }
}

/// The question of T15, for nodes that fail whether a job runs or not: a job with spares
/// lacks a node when more are under repair than there are spares. Those under repair are
/// binomial, whatever the law of the repair.
#[test]
fn a_job_lacks_a_node_when_more_are_down_than_there_are_spares() {
    let (rate, repair, all, spares) = (3.79e-3, 1.0, 258, 2);
    let down = rate * repair / (1.0 + rate * repair);
    let mut at_most_spares = 0.0;
    let mut term = libm::pow(1.0 - down, f64::from(all));
    for k in 0..=spares {
        at_most_spares += term;
        term *= f64::from(all - k) / f64::from(k + 1) * down / (1.0 - down);
    }
    for sigma in [0.0, 1.2] {
        let mut spec = resident(256, rate);
        spec.failures = Some(FailureSpec {
            rate: Some(Rate(rate / DAY)),
            soft_share: Some(Fraction(0.0)),
            repair: Some(seconds(repair * DAY)),
            repair_sigma: Some(sigma),
            ..FailureSpec::default()
        });
        check("share of time with all nodes", at_most_spares, 0.004, 10, |replication| {
            let mut training = model(&spec, 43, 6, replication);
            let end = Time::from_secs_f64(2000.0 * DAY);
            run_to(&mut training, end);
            // Without checkpoints, restart and detection, all that is not stalled is worked.
            let hours = training.summary(end).gpu_hours;
            (hours.useful + hours.lost) / (256.0 * 2000.0 * 24.0)
        });
    }
}

/// Two nodes and one crew with constant repairs: while the crew is busy the other node fails
/// with probability 1 - exp(-r D), so a busy period holds exp(r D) repairs and availability is
/// exp(r D) / (1 + 2 r D exp(r D)). Without a limit it would be 1 / (1 + r D) = 0.667.
#[test]
fn nodes_wait_for_a_crew() {
    let mut spec = resident(1, 1.0);
    spec.failures = Some(FailureSpec {
        rate: Some(Rate(1.0 / DAY)),
        soft_share: Some(Fraction(0.0)),
        repair: Some(seconds(0.5 * DAY)),
        repair_sigma: Some(0.0),
        crews: Some(1),
        ..FailureSpec::default()
    });
    let busy = libm::exp(0.5);
    check("availability", busy / (1.0 + busy), 0.002, 10, |replication| {
        let mut training = model(&spec, 2, 1, replication);
        let end = Time::from_secs_f64(5000.0 * DAY);
        run_to(&mut training, end);
        1.0 - training.summary(end).gpu_hours.down / (2.0 * 5000.0 * 24.0)
    });
}

/// `young` and `daly` are the published intervals.
#[test]
fn young_and_daly_can_be_chosen() {
    let (write, mean) = (600.0, 1.8 * HOUR);
    for (interval, minutes) in [(IntervalSpec::Young, 46.476), (IntervalSpec::Daly, 40.048)] {
        let mut spec = resident(1, DAY / mean);
        spec.checkpoint = Some(CheckpointSpec {
            interval: Some(interval),
            write: Some(seconds(write)),
            ..CheckpointSpec::default()
        });
        let rack = rack(1);
        let design = spec.resolve(&rack, 1, &mut Vec::new());
        assert!((design.cycle(1, 0.0).interval_s / MINUTE - minutes).abs() < 5e-4);
    }
}

/// T18: trips of racks add to failures of nodes, one interruption each and not 32.
#[test]
fn a_rack_trip_is_one_interruption() {
    let spec = TrainingSpec { spares: Some(0), ..resident(1024, 3.79e-3) };
    let rate = 1024.0 * 3.79e-3 + 32.0 / 365.0;
    assert!((rate - 3.9686f64).abs() < 5e-5);
    check("interruptions a day", rate, 0.04, 10, |replication| {
        let mut training = model(&spec, 32, 32, replication);
        let mut trips: Stream = Streams::new(1, replication).stream("trip", "rack");
        let days = 300.0;
        let end = Time::from_secs_f64(days * DAY);
        let mut now = Time::ZERO;
        let mut made = 0;
        loop {
            now += Span::from_secs_f64(trips.exponential(365.0 * DAY / 32.0));
            if now > end {
                break;
            }
            run_to(&mut training, now);
            let rack = trips.below(32) as usize;
            training.offer(now, rack, RackOffer { live: false, ..RackOffer::FULL });
            training.settle(now);
            now += Span::from_secs(1);
            run_to(&mut training, now);
            training.offer(now, rack, RackOffer::FULL);
            training.settle(now);
            made += 1;
        }
        run_to(&mut training, end);
        let interruptions = training.summary(end).interruptions;
        // A trip that meets a job which already waits for a node is no interruption.
        assert!(interruptions.rack_losses <= made && interruptions.rack_losses + 2 >= made);
        interruptions.total() as f64 / days
    });
}

/// Waits of a stream of jobs on `nodes` nodes, each run in units of the mean duration.
fn waits(
    nodes: u32,
    width: u32,
    load: f64,
    law: &DurationSpec,
    jobs: usize,
    replication: u64,
) -> Vec<f64> {
    let servers = f64::from(nodes / width);
    let class = JobClassSpec::of(width, law.clone());
    let spec = TrainingSpec {
        jobs: JobsSpec::Stream(StreamSpec::of(Rate(load * servers / HOUR), vec![class])),
        spares: Some(0),
        ..resident(1, 0.0)
    };
    let mut training = model(&spec, nodes, 1, replication);
    let mut waits = Vec::with_capacity(jobs);
    // The first tenth only fills the system.
    let warm = jobs / 10;
    while waits.len() < jobs + warm {
        training.advance(training.next_at());
        training.drain_finished(|record: &JobRecord| waits.push(record.wait_s() / HOUR));
    }
    waits.drain(..warm);
    waits
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

fn hour_exponential() -> DurationSpec {
    DurationSpec::Exponential(ExponentialSpec { mean: seconds(HOUR) })
}

/// T21: one-node jobs in order of arrival are the queue M/M/c; Erlang C, load as stated.
#[test]
fn one_node_jobs_wait_as_erlang_c_says() {
    for (nodes, load, wait, delayed, precision) in
        [(8, 0.85, 0.4771, 0.5726, 0.02), (64, 0.95, 0.1838, 0.5880, 0.015)]
    {
        let runs: Vec<Vec<f64>> =
            (0..10).map(|r| waits(nodes, 1, load, &hour_exponential(), 40_000, r)).collect();
        check("mean wait", wait, precision, 10, |r| mean(&runs[r as usize]));
        check("share that waits", delayed, 0.02, 10, |r| {
            let waits = &runs[r as usize];
            waits.iter().filter(|&&w| w > 0.0).count() as f64 / waits.len() as f64
        });
    }
}

/// T22: jobs that need the whole cluster are a queue with one server; Pollaczek-Khinchine.
#[test]
fn whole_cluster_jobs_wait_as_pollaczek_khinchine_says() {
    let constant = DurationSpec::Constant(ConstantSpec { value: seconds(HOUR) });
    // A lognormal law of mean 1 h and squared coefficient of variation 4.
    let sigma2 = libm::log(5.0);
    let lognormal = DurationSpec::Lognormal(LognormalSpec {
        median: seconds(HOUR * libm::exp(-0.5 * sigma2)),
        sigma: libm::sqrt(sigma2),
    });
    for (what, law, load, wait, precision) in [
        ("M/M/1", hour_exponential(), 0.8, 4.0, 0.1),
        ("M/D/1", constant, 0.8, 2.0, 0.05),
        ("M/LN/1", lognormal, 0.6, 3.75, 0.15),
    ] {
        check(what, wait, precision, 10, |r| mean(&waits(8, 8, load, &law, 40_000, r)));
    }
}

/// T23 through the model: a job under a cap runs at the measured speed, and its account shows
/// what that costs.
#[test]
fn a_capped_job_runs_at_the_measured_speed() {
    let spec = TrainingSpec {
        power: Some(PowerSharesSpec {
            // Computing all the time at the measured draw: the curve of T23 on its draw axis.
            duty: Some(Fraction(1.0)),
            compute: Some(Fraction(647.0 / 700.0)),
            ..PowerSharesSpec::default()
        }),
        spares: Some(0),
        ..resident(16, 0.0)
    };
    let mut training = model(&spec, 8, 2, 0);
    training.advance(Time::ZERO);
    let hours = |h: u64| Time::ZERO + Span::from_hours(h);
    let mut expected = 0.0;
    for (i, (cap, speed)) in
        [(395.0, 0.821), (0.75 * 647.0, 0.908), (199.0, 0.320), (150.0, 0.0), (647.0, 1.0)]
            .into_iter()
            .enumerate()
    {
        let now = hours(i as u64);
        run_to(&mut training, now);
        // One rack of two is capped: the whole job slows, and both draw the less.
        let cap_w = 8.0 * (250.0 + cap);
        training.offer(now, 1, RackOffer { cap_w, ..RackOffer::FULL });
        training.settle(now);
        let resident_w = 0.17 * 700.0;
        let draw = 8.0 * (250.0 + if speed > 0.0 { cap } else { resident_w });
        assert!((training.draw_w(0) - draw).abs() < 1e-6, "at {cap} W a GPU");
        assert!((training.draw_w(1) - draw).abs() < 1e-6, "at {cap} W a GPU");
        assert!((training.demand(1).total_w() - 8.0 * (250.0 + 647.0)).abs() < 1e-6);
        expected += speed;
        run_to(&mut training, hours(i as u64 + 1));
        let done = training.summary(hours(i as u64 + 1)).gpu_hours;
        assert!((done.useful / 16.0 - expected).abs() < 1e-3 * (i + 1) as f64);
        assert_eq!(done.lost, 0.0, "a pause loses nothing");
    }
    let done = training.summary(hours(5)).gpu_hours;
    assert!((done.paused - 16.0).abs() < 1e-9);
    assert!((done.throttled - 16.0 * (4.0 - expected)).abs() < 0.05);
}

/// Heat slows the job of a hot rack as a cap would, lowers its demand, and pauses it at zero.
#[test]
fn heat_slows_a_job_and_lowers_its_demand() {
    let spec = TrainingSpec { spares: Some(0), ..resident(16, 0.0) };
    let mut training = model(&spec, 8, 2, 0);
    training.advance(Time::ZERO);
    let full = training.demand(0).total_w();
    let hour = |h: u64| Time::ZERO + Span::from_hours(h);
    for (h, speed) in [(0, 0.9), (1, 0.1), (2, 0.0)] {
        run_to(&mut training, hour(h));
        training.offer(hour(h), 1, RackOffer { speed, ..RackOffer::FULL });
        training.settle(hour(h));
        assert!(training.demand(0).total_w() < full);
        assert!((training.demand(0).total_w() - training.draw_w(0)).abs() < 1e-6);
    }
    assert_eq!(training.demand(0).0[Rank::TrainingPause as usize], 0.0);
    let end = hour(3);
    run_to(&mut training, end);
    let done = training.summary(end).gpu_hours;
    assert!((done.useful - 16.0).abs() < 1e-9 && (done.paused - 16.0).abs() < 1e-9);
}

/// A job that loses more nodes than there are spares stalls with the rest under `hold`, and
/// gives the rest back under `requeue`; either way it restarts when its rack returns.
#[test]
fn an_interrupted_job_holds_or_requeues() {
    for recovery in [Recovery::Hold, Recovery::Requeue] {
        let spec = TrainingSpec {
            recovery: Some(recovery),
            restart: Some(seconds(600.0)),
            detection: Some(DetectionSpec {
                explicit: Some(seconds(30.0)),
                ..DetectionSpec::default()
            }),
            spares: Some(2),
            ..resident(14, 0.0)
        };
        let mut training = model(&spec, 8, 2, 0);
        let at = |s: u64| Time::ZERO + Span::from_secs(s);
        run_to(&mut training, at(3600));
        training.offer(at(3600), 1, RackOffer { live: false, ..RackOffer::FULL });
        training.settle(at(3600));
        assert_eq!(training.draw_w(1), 0.0);
        run_to(&mut training, at(7200));
        training.offer(at(7200), 1, RackOffer::FULL);
        training.settle(at(7200));
        run_to(&mut training, at(9000));
        let summary = training.summary(at(9000));
        let hours = summary.gpu_hours;
        assert_eq!(summary.interruptions.rack_losses, 1);
        // No checkpoints: all 3,000 s of work go, and what is left of the job detects with 8.
        let close = |a: f64, b: f64| (a - b / 3600.0).abs() < 1e-9;
        assert!(close(hours.lost, 14.0 * 3000.0));
        assert!(close(hours.hung, 8.0 * 30.0));
        assert!(close(hours.restart, 14.0 * 1200.0));
        assert!(close(hours.useful, 14.0 * 1200.0));
        assert!(close(hours.dark, 8.0 * 3600.0));
        let waited = 8.0 * 3570.0;
        let (stalled, queued) =
            if recovery == Recovery::Hold { (waited, 0.0) } else { (0.0, waited) };
        assert!(close(hours.stalled, stalled));
        assert!(close(hours.idle, 2.0 * (3600.0 + 1800.0) + queued));
    }
}

/// The queue leaves the spares alone; a replacement may use them.
#[test]
fn spares_serve_only_replacements() {
    let class = |nodes| {
        JobClassSpec::of(
            nodes,
            DurationSpec::Constant(ConstantSpec { value: seconds(1000.0 * DAY) }),
        )
    };
    let spec = TrainingSpec {
        jobs: JobsSpec::Stream(StreamSpec::of(Rate(10.0 / HOUR), vec![class(1)])),
        spares: Some(2),
        ..resident(1, 0.5)
    };
    let mut training = model(&spec, 8, 1, 0);
    let mut replaced = false;
    for hour in 2..100 {
        let now = Time::ZERO + Span::from_hours(hour);
        run_to(&mut training, now);
        let summary = training.summary(now);
        assert_eq!(summary.jobs.running, 6);
        replaced |= summary.interruptions.total() > 0 && summary.gpu_hours.stalled == 0.0;
    }
    assert!(replaced, "a failure was mended by a spare without waiting");
}

/// Endless jobs of `width` nodes, about two an hour, on racks of `per_rack` nodes.
fn endless_jobs(width: u32, per_rack: u32, racks: usize, restart_h: f64) -> Training {
    let class = JobClassSpec::of(
        width,
        DurationSpec::Constant(ConstantSpec { value: seconds(1e6 * HOUR) }),
    );
    let spec = TrainingSpec {
        jobs: JobsSpec::Stream(StreamSpec::of(Rate(2.0 / HOUR), vec![class])),
        restart: Some(seconds(restart_h * HOUR)),
        ..resident(1, 0.0)
    };
    model(&spec, per_rack, racks, 0)
}

/// Of two jobs that wait for nodes, the one submitted first is served first.
#[test]
fn waiting_jobs_are_served_in_order_of_submission() {
    let mut training = endless_jobs(6, 2, 6, 0.0);
    let hour = |h: u64| Time::ZERO + Span::from_hours(h);
    run_to(&mut training, hour(20));
    assert_eq!(training.summary(hour(20)).jobs.running, 2);
    let busy = training.draw_w(0);
    // Each job loses a rack, and then one of the two racks comes back.
    for rack in [2, 3] {
        training.offer(hour(20), rack, RackOffer { live: false, ..RackOffer::FULL });
    }
    training.settle(hour(20));
    run_to(&mut training, hour(21));
    assert!(training.draw_w(0) < busy && training.draw_w(5) < busy);
    training.offer(hour(21), 3, RackOffer::FULL);
    training.settle(hour(21));
    run_to(&mut training, hour(22));
    assert_eq!((training.draw_w(0), training.draw_w(3)), (busy, busy));
    assert!(training.draw_w(5) < busy, "the second job still waits");
    training.offer(hour(22), 2, RackOffer::FULL);
    training.settle(hour(22));
    run_to(&mut training, hour(23));
    assert_eq!(training.draw_w(5), busy);
}

/// What a starting job leaves of its share under a cap goes to the running one beside it.
#[test]
fn jobs_on_a_rack_share_its_cap_by_what_they_want() {
    let mut training = endless_jobs(4, 8, 1, 3.0);
    let (run_w, start_w) = (0.8 * 630.0 + 0.2 * 350.0, 0.2 * 700.0);
    let mixed = 8.0 * 250.0 + 4.0 * (run_w + start_w);
    let mut now = Time::ZERO;
    while (training.demand(0).total_w() - mixed).abs() > 1e-6 {
        now = training.next_at();
        assert!(now < Time::ZERO + Span::from_hours(100), "the jobs start apart");
        training.advance(now);
    }
    let before = training.summary(now).gpu_hours;
    training.offer(now, 0, RackOffer { cap_w: mixed - 40.0, ..RackOffer::FULL });
    training.settle(now);
    assert!((training.draw_w(0) - (mixed - 40.0)).abs() < 1e-6);
    let later = now + Span::from_secs(60);
    run_to(&mut training, later);
    let after = training.summary(later).gpu_hours;
    assert!((after.restart - before.restart - 4.0 / 60.0).abs() < 1e-9, "the start goes on");
    // Ten watts less of 574 for each running GPU; between 591 and 647 W the curve gains
    // 1,021 of 30,271 tokens a second over 56 W of computing, scaled by 630/647.
    let speed_lost = 10.0 / 0.8 / (56.0 * 630.0 / 647.0) * (1021.0 / 30_271.0);
    let lost = (after.throttled - before.throttled) * 60.0 / 4.0;
    assert!((lost - speed_lost).abs() < 1e-9, "{lost} is not {speed_lost}");
}

/// Failures that hang are detected later than those that report themselves.
#[test]
fn detection_takes_the_mean_of_its_two_kinds() {
    let spec = TrainingSpec {
        detection: Some(DetectionSpec {
            explicit: Some(seconds(30.0)),
            hang: Some(seconds(600.0)),
            hang_share: Some(Fraction(0.12)),
        }),
        ..resident(64, 1.0)
    };
    check("seconds until noticed", 0.88 * 30.0 + 0.12 * 600.0, 3.0, 10, |replication| {
        let summary = run(&spec, 30.0, replication);
        let survivors = 63.0;
        summary.gpu_hours.hung * HOUR / survivors / summary.interruptions.total() as f64
    });
}

/// A design that a user's mistakes would break is refused, by field.
#[test]
fn impossible_workloads_are_refused() {
    let refused = |change: &dyn Fn(&mut TrainingSpec)| {
        let mut spec = resident(8, 1e-3);
        change(&mut spec);
        let mut faults = Vec::new();
        spec.resolve(&rack(8), 2, &mut faults);
        faults.first().map(|f| f.field)
    };
    assert_eq!(refused(&|_| {}), None);
    assert_eq!(refused(&|s| s.spares = Some(16)), Some("spares"));
    assert_eq!(refused(&|s| s.spares = Some(10)), Some("jobs"));
    let resident_of =
        |nodes| JobsSpec::Resident(ResidentSpec { nodes: Some(nodes), ..ResidentSpec::default() });
    assert_eq!(refused(&|s| s.jobs = resident_of(0)), Some("jobs"));
    assert_eq!(refused(&|s| s.jobs = resident_of(17)), Some("jobs"));
    assert_eq!(
        refused(&|s| {
            s.jobs = JobsSpec::Stream(StreamSpec::of(Rate(1.0), Vec::new()));
        }),
        Some("jobs")
    );
    let interval = |interval| CheckpointSpec {
        interval: Some(interval),
        write: Some(Duration(0)),
        ..CheckpointSpec::default()
    };
    assert_eq!(refused(&|s| s.checkpoint = Some(interval(IntervalSpec::Auto))), Some("checkpoint"));
    assert_eq!(
        refused(&|s| s.checkpoint = Some(interval(IntervalSpec::Every(Duration(0))))),
        Some("checkpoint")
    );
    let shares = |compute: f64, communicate: f64, duty: f64| PowerSharesSpec {
        compute: Some(Fraction(compute)),
        communicate: Some(Fraction(communicate)),
        duty: Some(Fraction(duty)),
        ..PowerSharesSpec::default()
    };
    assert_eq!(refused(&|s| s.power = Some(shares(0.9, 0.5, 0.0))), Some("power"));
    assert_eq!(refused(&|s| s.power = Some(shares(0.3, 0.2, 0.8))), Some("power"));
    assert_eq!(refused(&|s| s.power = Some(shares(0.6, 0.7, 0.8))), Some("power"));
}
