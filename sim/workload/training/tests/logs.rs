//! Job logs through the whole model.

use std::sync::Arc;

use proptest::prelude::*;

use crate::kernel::{Span, Streams, Time};
use crate::spec::{Fault, Name, Severity};
use crate::units::{Duration, Power, Rate};
use crate::workload::RackOffer;
use crate::workload::gpu::{GpuRackDesign, GpuRackSpec};
use crate::workload::training::spec::*;
use crate::workload::training::{JobRecord, LogJob, LogReader, Policy, Training, Vacate, replay};

fn rack(nodes: u32, gpus_per_node: u32) -> GpuRackDesign {
    let spec = GpuRackSpec::of(nodes, gpus_per_node, Power(700.0), Power(1000.0));
    let mut faults = Vec::new();
    let rack = spec.resolve(&mut faults);
    assert_eq!(faults, []);
    rack
}

/// The workload of `log` on two racks that never fail, where jobs start at once and write no
/// checkpoints.
fn model(log: &str, rack: &GpuRackDesign, policy: Policy) -> (Training, Vec<Fault>) {
    model_with(log, rack, policy, QueueSpec::default(), &[])
}

fn model_with(
    log: &str,
    rack: &GpuRackDesign,
    policy: Policy,
    queue: QueueSpec,
    tiers: &[&'static str],
) -> (Training, Vec<Fault>) {
    let tiers: Vec<Name> = tiers.iter().map(|&name| Name::unplaced(name)).collect();
    let tier = |name: &Name| TierSpec { name: name.clone(), factor: None };
    let log_spec =
        SwfSpec { queues: Some(tiers.clone()), ..SwfSpec::of(Name::unplaced("log.swf")) };
    let spec = TrainingSpec {
        tiers: Some(tiers.iter().map(tier).collect()),
        scheduler: Some(policy),
        queue: Some(Box::new(queue)),
        failures: Some(NodeFailureSpec { rate: Some(Rate(0.0)), ..NodeFailureSpec::default() }),
        checkpoint: Some(CheckpointSpec {
            interval: Some(IntervalSpec::Never),
            ..CheckpointSpec::default()
        }),
        restart: Some(Duration(0)),
        spares: Some(0),
        ..TrainingSpec::of(JobsSpec::Swf(log_spec))
    };
    let mut faults = Vec::new();
    let mut design = spec.resolve(rack, 2, &mut faults);
    let (file, processors) = design.log_file().expect("the jobs come from a log");
    assert_eq!(file, &Name::unplaced("log.swf"));
    let mut reader = LogReader::new(processors);
    let jobs: Vec<LogJob> = log.lines().filter_map(|line| reader.read(line.as_bytes())).collect();
    design.take_log(Arc::new(Arc::from(jobs)), &reader, &mut faults);
    let names = ["a".to_owned(), "b".to_owned()];
    (Training::new(design, rack.clone(), &names, "jobs", &Streams::new(1, 0)), faults)
}

fn records(training: &mut Training) -> Vec<JobRecord> {
    while training.next_at() < Time::MAX {
        training.advance(training.next_at());
    }
    let mut records = Vec::new();
    training.drain_finished(|record| records.push(record.clone()));
    records.sort_by_key(|record| record.id);
    records
}

/// (gap, run, request over run, processors) in seconds.
fn logs() -> impl Strategy<Value = Vec<(u64, u64, u64, u64)>> {
    prop::collection::vec((0..5u64, 1..16u64, 0..12u64, 1..=8u64), 1..40)
}

fn text(rows: &[(u64, u64, u64, u64)]) -> String {
    // An epoch of its own: only differences matter.
    let mut submit = 1_700_000_000;
    let rows = rows.iter().enumerate().map(|(i, (gap, run, more, processors))| {
        submit += gap;
        let requested = run + more;
        format!(
            "{i} {submit} -1 {run} -1 -1 -1 {processors} {requested} -1 1 -1 -1 -1 -1 -1 -1 -1\n"
        )
    });
    rows.collect()
}

proptest! {
    /// On a site where nothing goes wrong the model is the bare machine.
    #[test]
    fn an_undisturbed_site_starts_jobs_as_the_bare_machine_does(
        rows in logs(),
        policy in prop_oneof![
            Just(Policy::Fcfs),
            Just(Policy::Easy),
            Just(Policy::Conservative),
            Just(Policy::ShortestFirst),
            Just(Policy::Priority),
        ],
    ) {
        let log = text(&rows);
        let mut reader = LogReader::new(8);
        let jobs: Vec<LogJob> = log.lines().filter_map(|l| reader.read(l.as_bytes())).collect();
        let first = jobs[0].submit;
        let mut bare: Vec<_> = replay(jobs, 8, policy).collect();
        bare.sort_by_key(|started| started.job.number);
        let (mut training, faults) = model(&log, &rack(4, 1), policy);
        prop_assert_eq!(faults, []);
        let records = records(&mut training);
        prop_assert_eq!(records.len(), bare.len());
        for (record, started) in records.iter().zip(&bare) {
            prop_assert_eq!(record.start - Time::ZERO, started.start - first);
            prop_assert_eq!(record.end - record.start, started.job.run);
        }
    }
}

#[test]
fn processors_become_whole_nodes() {
    let row = |number: u64, processors: u64, status: u64| {
        format!("{number} 0 -1 60 -1 -1 -1 {processors} 60 -1 {status} 1 1 1 1 1 -1 -1\n")
    };
    let log = [row(1, 1, 1), row(2, 8, 0), row(3, 9, 5), row(4, 33, 1)].concat();
    let (mut training, faults) = model(&log, &rack(2, 8), Policy::Fcfs);
    let [fault] = faults.as_slice() else { panic!("one warning, not {faults:?}") };
    assert_eq!(fault.severity, Severity::Warning);
    let expected = "`log.swf`: 3 jobs; 1 row (line 4) wider than the site: left out";
    assert_eq!(fault.message, expected);
    let records = records(&mut training);
    let got: Vec<_> = records.iter().map(|record| (record.nodes, record.reason.name())).collect();
    assert_eq!(got, [(1, "completed"), (1, "failed"), (2, "cancelled")]);
    let jobs = training.summary(records[2].end).jobs;
    assert_eq!((jobs.completed, jobs.failed, jobs.cancelled), (3, 1, 1));
}

/// A minute of one node with 8 GPUs at full draw, and its overhead.
#[test]
fn a_job_is_billed_what_its_nodes_draw() {
    let log = "1 0 -1 60 -1 -1 -1 8 60 -1 1 1 1 1 1 1 -1 -1\n";
    let (mut training, _) = model(log, &rack(2, 8), Policy::Fcfs);
    let record = records(&mut training).remove(0);
    // Computing at 90 % of 700 W for 80 % of the time, communicating at half for the rest.
    let gpu_w = 0.8 * 630.0 + 0.2 * 350.0;
    let expected = (8.0 * gpu_w + 1000.0) / 60_000.0;
    assert!((record.energy_kwh - expected).abs() < 1e-12);
    assert_eq!(record.bounded_slowdown(), 1.0);
    let summary = training.summary(record.end);
    assert!((summary.kwh_per_useful_gpu_hour.unwrap() - expected * 60.0 / 8.0).abs() < 1e-9);
}

/// A job of four nodes of the lower tier from the start, one of a node of the higher from the
/// tenth second.
fn two_tiers(grace_s: u64, mode: Vacate) -> Vec<(u64, u64, u32, &'static str)> {
    let log = "0 0 -1 1000 -1 -1 -1 32 1000 -1 1 1 1 1 0 1 -1 -1\n\
               1 10 -1 60 -1 -1 -1 8 60 -1 1 1 1 1 1 1 -1 -1\n";
    let seconds = |s: u64| Some(Duration(s * 1_000_000_000));
    let preemption =
        PreemptionSpec { mode: Some(mode), min_runtime: seconds(100), grace: seconds(grace_s) };
    let queue = QueueSpec { preemption: Some(preemption), ..QueueSpec::default() };
    let rack = rack(2, 8);
    let (mut training, faults) = model_with(log, &rack, Policy::Priority, queue, &["low", "high"]);
    assert_eq!(faults, []);
    let second = |at: Time| (at.as_secs_f64() + 1e-3) as u64;
    let told = |r: &JobRecord| (second(r.start), second(r.end), r.attempts, r.reason.name());
    let records = records(&mut training);
    let summary = training.summary(records[0].end.max(records[1].end));
    assert_eq!(summary.interruptions.preemptions, 1);
    assert_eq!(summary.interruptions.total(), 1);
    records.iter().map(told).collect()
}

/// The higher job may preempt in second 100 and starts when the grace is over; the lower one
/// starts again when that has ended. It writes checkpoints only on demand, for 20 s.
#[test]
fn a_preempted_job_queues_again_goes_on_or_ends() {
    let high = |start: u64| (start, start + 60, 1, "completed");
    // At once, or with a grace too short for a checkpoint: all is lost.
    let requeued = two_tiers(0, Vacate::Requeue);
    assert_eq!(requeued, [(0, 160 + 1000, 2, "completed"), high(100)]);
    let requeued = two_tiers(10, Vacate::Requeue);
    assert_eq!(requeued, [(0, 170 + 1000, 2, "completed"), high(110)]);
    // With time for one, what was done before is safe: 130 s.
    let saved = two_tiers(50, Vacate::Requeue);
    assert_eq!(saved, [(0, 210 + 870, 2, "completed"), high(150)]);
    // In memory all of it is.
    let suspended = two_tiers(10, Vacate::Suspend);
    assert_eq!(suspended, [(0, 170 + 890, 2, "completed"), high(110)]);
    let cancelled = two_tiers(10, Vacate::Cancel);
    assert_eq!(cancelled, [(0, 110, 1, "cancelled"), high(110)]);
}

/// Jobs of one node each, all there at once, a minute long.
fn single_nodes(count: u64) -> String {
    let row = |i| format!("{i} 0 -1 60 -1 -1 -1 8 60 -1 1 1 1 1 1 1 -1 -1\n");
    (0..count).map(row).collect()
}

/// Three nodes with a job and one without draw what the limit allows.
#[test]
fn no_job_starts_beyond_the_power_limit() {
    let gpu_w = 0.8 * 630.0 + 0.2 * 350.0;
    let limit_w = 4.0 * 1000.0 + 8.0 * (3.0 * gpu_w + 70.0);
    let starts = |limit_w: f64| {
        let queue = QueueSpec { power_limit: Some(Power(limit_w)), ..QueueSpec::default() };
        let (mut training, _) = model_with(&single_nodes(4), &rack(2, 8), Policy::Fcfs, queue, &[]);
        let at = |record: &JobRecord| record.start.as_nanos() / 1_000_000_000;
        records(&mut training).iter().map(at).collect::<Vec<_>>()
    };
    assert_eq!(starts(limit_w + 1.0), [0, 0, 0, 60]);
    assert_eq!(starts(limit_w - 1.0), [0, 0, 60, 60]);
}

/// A rack that is offered less than it may need takes no new jobs, and takes them again when it
/// is offered more.
#[test]
fn jobs_start_where_power_is_offered() {
    let queue = QueueSpec { power_aware: Some(true), ..QueueSpec::default() };
    let (mut training, _) = model_with(&single_nodes(4), &rack(2, 8), Policy::Fcfs, queue, &[]);
    // Enough to run two nodes slowly.
    let short = RackOffer { cap_w: 9000.0, ..RackOffer::FULL };
    training.offer(Time::ZERO, 0, short);
    training.settle(Time::ZERO);
    let at = |seconds: u64| Time::ZERO + Span::from_secs(seconds);
    training.advance(at(1));
    assert_eq!(training.busy_gpus(), 16, "only the second rack works");
    training.offer(at(30), 0, RackOffer::FULL);
    training.advance(at(30));
    training.settle(at(30));
    assert_eq!(training.busy_gpus(), 32);
}

#[test]
fn a_file_that_is_no_log_is_refused() {
    let (_, faults) = model("<html>\nnot found\n", &rack(2, 8), Policy::Fcfs);
    let [fault] = faults.as_slice() else { panic!("one error, not {faults:?}") };
    assert_eq!(fault.severity, Severity::Error);
    assert!(fault.message.contains("2 rows (first: line 1) cannot be read"));
}
