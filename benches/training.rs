//! Speed of the training model: replications of a year of one large job, and jobs a second of
//! the schedulers, on a log of short jobs made here and on real logs where they are there.

#![allow(clippy::print_stdout)]

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::time::Instant;

use flate2::bufread::MultiGzDecoder;
use loadbank::kernel::{Span, Streams, Time};
use loadbank::spec::LognormalSpec;
use loadbank::units::{Duration, Power, Rate};
use loadbank::workload::gpu::{GpuRackDesign, GpuRackSpec};
use loadbank::workload::training::{
    CheckpointSpec, Decisions, DurationSpec, IntervalSpec, JobClassSpec, JobsSpec, LogJob,
    LogReader, NodeFailureSpec, Policy, ResidentSpec, Rules, Scheduler, StreamSpec, Training,
    TrainingDesign, TrainingSpec, Waiting, replay,
};
use rayon::prelude::*;

fn main() {
    year();
    schedulers();
    passes();
    overloaded();
    real_logs();
}

/// A year of 2,048 nodes with 44 spares, failures and checkpoints, 100 replications.
fn year() {
    let (design, rack) = resident(523);
    let names: Vec<String> = (0..523).map(|i| format!("rack-{i}")).collect();
    let clock = Instant::now();
    let runs: Vec<(f64, u64)> = (0..100_u64)
        .into_par_iter()
        .map(|replication| {
            let streams = Streams::new(1, replication);
            let mut training = Training::new(design.clone(), rack.clone(), &names, "job", &streams);
            let end = Time::ZERO + Span::from_hours(365 * 24);
            training.advance(end);
            let summary = training.summary(end);
            (summary.ettr.expect("jobs have run"), summary.node_failures)
        })
        .collect();
    let seconds = clock.elapsed().as_secs_f64();
    let ettr = runs.iter().map(|run| run.0).sum::<f64>() / 100.0;
    let failures: u64 = runs.iter().map(|run| run.1).sum();
    println!(
        "a year of 2,048 nodes, 100 replications, {} threads: {seconds:.2} s; {failures} failures, \
         ETTR {ettr:.4}",
        rayon::current_num_threads()
    );
}

fn resident(racks: usize) -> (TrainingDesign, GpuRackDesign) {
    let rack = GpuRackSpec::of(4, 8, Power(700.0), Power(2000.0));
    let spec = TrainingSpec {
        failures: Some(NodeFailureSpec {
            rate: Some(Rate(3.79e-3 / 86_400.0)),
            ..Default::default()
        }),
        checkpoint: Some(CheckpointSpec {
            interval: Some(IntervalSpec::Every(Duration(900_000_000_000))),
            ..Default::default()
        }),
        spares: Some(44),
        ..TrainingSpec::of(JobsSpec::Resident(ResidentSpec {
            nodes: Some(2048),
            ..Default::default()
        }))
    };
    let mut faults = Vec::new();
    let rack = rack.resolve(&mut faults);
    let design = spec.resolve(&rack, racks, &mut faults);
    assert!(faults.is_empty(), "{faults:?}");
    (design, rack)
}

/// Jobs in the shape of a GPU cluster's log: most on one of 704 processors, offered load 1.05,
/// requests at the next of a few round times.
fn log(jobs: u64) -> Vec<LogJob> {
    let mut stream = Streams::new(1, 0).stream("bench", "log");
    let mut submit = Time::ZERO;
    let requests = [1.0, 4.0, 12.0, 24.0, 72.0, 168.0, 336.0, 1440.0].map(|h| h * 3600.0);
    (1..=jobs)
        .map(|number| {
            // A mean of 1.67 processors for 1.14 h: the queue grows all the time.
            submit += Span::from_secs_f64(stream.exponential(9.3));
            let run_s = stream.lognormal(6.79, 1.75).clamp(1.0, requests[7]);
            let requested_s = requests.into_iter().find(|&r| r >= run_s).unwrap_or(run_s);
            let widths = [1, 2, 4, 8, 16, 32];
            let processors = widths[stream.pick(&[0.93, 0.02, 0.02, 0.02, 0.005, 0.005])];
            let (run, requested) = (Span::from_secs_f64(run_s), Span::from_secs_f64(requested_s));
            LogJob { requested, ..LogJob::new(number, submit, run, processors) }
        })
        .collect()
}

/// Priority by age and fair share: both move the order of the queue all the time.
fn fair() -> Rules {
    let mut fair = Rules::from(Policy::Priority);
    fair.priority.age = 1000.0;
    fair.priority.fair_share = 1000.0;
    fair.priority.machine = 704;
    fair
}

/// What a pass costs that starts nothing: 704 nodes of which three are free, `queued` jobs that
/// each need four. And one in which a job of a node starts past all of them.
fn passes() {
    let job = |id: u64, nodes| Waiting {
        id,
        token: id as u32,
        nodes,
        requested: Span::from_hours(1 + id % 24),
        submitted: Time::ZERO,
        tier: 0,
        account: (id % 100) as u32,
    };
    for rules in [Policy::Fcfs.into(), Policy::Easy.into(), fair()] {
        for queued in [100_u64, 10_000, 1_000_000] {
            let mut scheduler = Scheduler::new(rules.clone());
            let mut decisions = Decisions::default();
            // 701 jobs run.
            (0..701).for_each(|id| scheduler.submit(job(id, 1)));
            scheduler.pass(Time::ZERO, 701, &mut decisions);
            (1000..1000 + queued).for_each(|id| scheduler.submit(job(id, 4)));
            let second = |i: u64| Time::ZERO + Span::from_secs(1 + i);
            let passes = 1000;
            let clock = Instant::now();
            for i in 0..passes {
                scheduler.pass(second(i), 3, &mut decisions);
                assert!(decisions.granted.is_empty());
            }
            let idle_us = clock.elapsed().as_secs_f64() / passes as f64 * 1e6;
            let passes = 20;
            let clock = Instant::now();
            for i in 0..passes {
                scheduler.submit(job(10_000_000 + i, 1));
                scheduler.pass(second(1000 + i), 3, &mut decisions);
            }
            let busy_us = clock.elapsed().as_secs_f64() / passes as f64 * 1e6;
            println!(
                "{:?}, {queued} jobs queued: a pass that starts nothing {idle_us:.3} us, one with a \
                 job to start {busy_us:.1} us",
                rules.policy
            );
        }
    }
}

/// What an overloaded queue costs as it grows, in a scheduler alone and in a workload: twice as
/// much work arrives as 64 nodes can do, so half of all jobs queue in the end. The exponent is
/// that of the time over a hundred times as many jobs.
fn overloaded() {
    let plain = [
        Policy::Fcfs,
        Policy::Easy,
        Policy::Conservative,
        Policy::ShortestFirst,
        Policy::LongestFirst,
    ];
    for rules in plain.map(Rules::from).into_iter().chain([fair()]) {
        // As a scenario has it by default.
        let rules = Rules { depth: 500, ..rules };
        let alone = |jobs: u64| {
            let clock = Instant::now();
            let until = mixed(jobs).last().expect("a job").submit;
            let started = replay(mixed(jobs), 64, rules.clone())
                .take_while(|started| started.start <= until)
                .count();
            assert!(started < jobs as usize, "the queue is overloaded");
            clock.elapsed().as_secs_f64()
        };
        let within = |jobs: u64| {
            let (design, rack) = stream(rules.policy);
            let names: Vec<String> = (0..16).map(|i| format!("rack-{i}")).collect();
            let mut training = Training::new(design, rack, &names, "jobs", &Streams::new(1, 0));
            // Twelve jobs an hour, of which about half can be served.
            let end = Time::ZERO + Span::from_secs(jobs * 300);
            let clock = Instant::now();
            while training.next_at() < end {
                let now = training.next_at();
                training.advance(now);
                training.settle(now);
                training.drain_changed(|_| {});
                training.drain_finished(|_| {});
                assert!(training.busy_gpus() <= 512);
            }
            clock.elapsed().as_secs_f64()
        };
        let told = |what: &str, run: &dyn Fn(u64) -> f64| {
            let [small, middle, large] = [1_000, 10_000, 100_000].map(run);
            let exponent = (large / small).log10() / 2.0;
            println!(
                "{:?}, overloaded, {what}: 1e3 jobs {small:.4} s, 1e4 {middle:.3} s, 1e5 {large:.2} s, \
                 exponent {exponent:.2}",
                rules.policy
            );
        };
        told("alone", &alone);
        told("in a workload", &within);
    }
}

/// Jobs of many widths and requests that together ask for twice what 64 nodes can do.
fn mixed(jobs: u64) -> impl Iterator<Item = LogJob> {
    let mut stream = Streams::new(1, 0).stream("bench", "mixed");
    let mut submit = Time::ZERO;
    (1..=jobs).map(move |number| {
        submit += Span::from_secs_f64(stream.exponential(300.0));
        let processors = 1 + stream.below(32) as u32;
        // A mean of 16.5 nodes for 39 min, at most half of what was asked for.
        let run = Span::from_secs_f64(stream.lognormal_mean(2330.0, 1.0).clamp(1.0, 1e6));
        let requested = Span::from_secs_f64(run.as_secs_f64() * stream.between(1.0, 3.0));
        let user = Some(stream.below(50) as u32);
        LogJob { requested, user, ..LogJob::new(number, submit, run, processors) }
    })
}

/// The same as a stream of jobs on 16 racks of four nodes.
fn stream(policy: Policy) -> (TrainingDesign, GpuRackDesign) {
    let rack = GpuRackSpec::of(4, 8, Power(700.0), Power(2000.0));
    let second = |seconds: u64| Duration(seconds * 1_000_000_000);
    let classes = [1, 2, 4, 8, 16, 32].map(|nodes| {
        let law = LognormalSpec::of_median(second(2200), 1.0);
        JobClassSpec { request: Some(1.5), ..JobClassSpec::of(nodes, DurationSpec::Lognormal(law)) }
    });
    let jobs = JobsSpec::Stream(StreamSpec::of(Rate(1.0 / 300.0), classes.to_vec()));
    let spec = TrainingSpec { scheduler: Some(policy), ..TrainingSpec::of(jobs) };
    let mut faults = Vec::new();
    let rack = rack.resolve(&mut faults);
    let design = spec.resolve(&rack, 16, &mut faults);
    assert!(faults.is_empty(), "{faults:?}");
    (design, rack)
}

fn schedulers() {
    let log = log(200_000);
    let plain = [Policy::Fcfs, Policy::Easy, Policy::ShortestFirst, Policy::Conservative];
    for rules in plain.map(Rules::from).into_iter().chain([fair()]) {
        let policy = rules.policy;
        // Conservative backfilling looks along its whole plan at every job.
        let jobs = if policy == Policy::Conservative { 20_000 } else { log.len() };
        let clock = Instant::now();
        let waits: f64 = replay(log[..jobs].iter().copied(), 704, rules)
            .map(|started| started.wait().as_secs_f64())
            .sum();
        let rate = jobs as f64 / clock.elapsed().as_secs_f64();
        println!("{policy:?}: {rate:.3e} jobs/s, mean wait {:.0} s", waits / jobs as f64);
    }
}

/// Logs of the reference data, unpacked, parsed and played: the demands are 500,000, 200,000 and
/// 5,000 jobs a second on one core.
fn real_logs() {
    let folder = std::env::var_os("LOADBANK_DATA")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data"), Into::into);
    for (name, processors, rules) in [
        ("philly704_est", 704, Policy::Fcfs.into()),
        ("philly704_est", 704, Policy::Easy.into()),
        ("philly704_est", 704, fair()),
        ("wx14200", 1408, Policy::Conservative.into()),
    ] {
        let policy = rules.policy;
        let Ok(file) = File::open(folder.join(format!("training/{name}.swf.gz"))) else {
            println!("{name}: skipped: no data");
            continue;
        };
        let clock = Instant::now();
        let mut input = BufReader::new(MultiGzDecoder::new(BufReader::new(file)));
        let mut reader = LogReader::new(u64::from(processors));
        let mut line = Vec::new();
        let jobs = std::iter::from_fn(|| {
            loop {
                line.clear();
                if input.read_until(b'\n', &mut line).expect("a log that can be read") == 0 {
                    return None;
                }
                if let Some(job) = reader.read(&line) {
                    return Some(job);
                }
            }
        });
        let (mut count, mut wait_s) = (0_u32, 0.0);
        for started in replay(jobs, processors, rules) {
            count += 1;
            wait_s += started.wait().as_secs_f64();
        }
        let rate = f64::from(count) / clock.elapsed().as_secs_f64();
        let wait_s = wait_s / f64::from(count);
        println!("{name}, {policy:?}, with parsing: {rate:.3e} jobs/s, mean wait {wait_s:.1} s");
    }
}
