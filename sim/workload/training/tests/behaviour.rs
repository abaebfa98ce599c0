//! What jobs do when nodes fail, power or cooling is short, or others wait: by hand and by closed
//! forms.
//!
//! The targets T1, T2 ... of `docs/models/training.md` that are simulated are those of
//! `validation/src/training.rs`, which is also a test. A tolerance is three standard errors of
//! the runs made here, estimated from their scatter; the seeds are fixed.

use super::*;
use crate::kernel::{Span, Time};
use crate::plant::Rank;
use crate::spec::Severity;
use crate::units::{Duration, Fraction, Rate};
use crate::workload::RackOffer;

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
        spec.failures = Some(NodeFailureSpec {
            rate: Some(Rate(rate / DAY)),
            soft_share: Some(Fraction(0.0)),
            repair: Some(seconds(repair * DAY)),
            repair_sigma: Some(sigma),
            ..NodeFailureSpec::default()
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
    spec.failures = Some(NodeFailureSpec {
        rate: Some(Rate(1.0 / DAY)),
        soft_share: Some(Fraction(0.0)),
        repair: Some(seconds(0.5 * DAY)),
        repair_sigma: Some(0.0),
        crews: Some(1),
        ..NodeFailureSpec::default()
    });
    let busy = libm::exp(0.5);
    check("availability", busy / (1.0 + busy), 0.002, 10, |replication| {
        let mut training = model(&spec, 2, 1, replication);
        let end = Time::from_secs_f64(5000.0 * DAY);
        run_to(&mut training, end);
        1.0 - training.summary(end).gpu_hours.down / (2.0 * 5000.0 * 24.0)
    });
}

/// What a failure loses under asynchronous writes. One that strikes `T` after the job began, which is
/// exponential, loses all that was done by then but for the intervals whose writes have been flushed:
/// those of `k (tau + w) + b <= T`. So
/// `E = (1 - e^(-l tau)) / (l (1 - e^(-l P))) - tau e^(-l (P + b)) / (1 - e^(-l P))`, `P = tau + w`.
#[test]
fn a_failure_loses_what_has_not_been_flushed() {
    let (rate_per_h, interval_h, stall_h) = (0.5, 1.0, 1.0 / 30.0);
    for flush_h in [0.0, 1.0 / 6.0, 1.0] {
        let gone = |h: f64| libm::exp(-rate_per_h * h);
        let period = interval_h + stall_h;
        let done = (1.0 - gone(interval_h)) / (rate_per_h * (1.0 - gone(period)));
        let safe = interval_h * gone(period + flush_h) / (1.0 - gone(period));
        let spec = resident(64, rate_per_h * 24.0 / 64.0);
        let mut spec = checkpointed(spec, interval_h * HOUR, stall_h * HOUR, 0.0, 0.0);
        if let Some(checkpoint) = &mut spec.checkpoint {
            checkpoint.background = Some(seconds(flush_h * HOUR));
        }
        check("hours lost to a failure", done - safe, 0.01, 10, |replication| {
            let summary = run(&spec, 200.0, replication);
            summary.gpu_hours.lost / (64.0 * summary.interruptions.node_failures as f64)
        });
    }
}

/// Computed intervals that are shorter than a write lasts in the background are doubted; written ones
/// are refused.
#[test]
fn a_write_that_outlasts_its_interval_is_named() {
    let faults = |interval, background_s| {
        let mut spec = resident(64, 0.5);
        let background = Some(seconds(background_s));
        spec.checkpoint =
            Some(CheckpointSpec { interval, background, ..CheckpointSpec::default() });
        let mut faults = Vec::new();
        let design = spec.resolve(&rack(64), 2, &mut faults);
        let interval_s = design.cycle(64, 0.0).interval_s;
        let fields = faults.iter().map(|fault| (fault.severity, fault.field.to_string()));
        (interval_s, fields.collect::<Vec<_>>())
    };
    // With a stall of half a second and 45 min between failures: 52 s.
    let (interval_s, said) = faults(None, 30.0);
    assert!((interval_s / libm::sqrt(2.0 * 0.5 * 2700.0) - 1.0).abs() < 0.01 && said.is_empty());
    let doubted = vec![(Severity::Warning, "checkpoint".to_owned())];
    assert_eq!(faults(None, 300.0), (300.0, doubted));
    let every = Some(IntervalSpec::Every(seconds(60.0)));
    let refused = vec![(Severity::Error, "checkpoint.interval".to_owned())];
    assert_eq!(faults(every, 300.0).1, refused);
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
        faults.first().map(|f| f.field.to_string()).unwrap_or_default()
    };
    assert_eq!(refused(&|_| {}), "");
    assert_eq!(refused(&|s| s.spares = Some(16)), "spares");
    assert_eq!(refused(&|s| s.spares = Some(10)), "jobs.nodes");
    let resident_of =
        |nodes| JobsSpec::Resident(ResidentSpec { nodes: Some(nodes), ..ResidentSpec::default() });
    assert_eq!(refused(&|s| s.jobs = resident_of(0)), "jobs.nodes");
    assert_eq!(refused(&|s| s.jobs = resident_of(17)), "jobs.nodes");
    assert_eq!(
        refused(&|s| {
            s.jobs = JobsSpec::Stream(StreamSpec::of(Rate(1.0), Vec::new()));
        }),
        "jobs.classes"
    );
    let interval = |interval| CheckpointSpec {
        interval: Some(interval),
        write: Some(Duration(0)),
        ..CheckpointSpec::default()
    };
    assert_eq!(refused(&|s| s.checkpoint = Some(interval(IntervalSpec::Auto))), "checkpoint.write");
    assert_eq!(
        refused(&|s| s.checkpoint = Some(interval(IntervalSpec::Every(Duration(0))))),
        "checkpoint.interval"
    );
    let shares = |compute: f64, communicate: f64, duty: f64| PowerSharesSpec {
        compute: Some(Fraction(compute)),
        communicate: Some(Fraction(communicate)),
        duty: Some(Fraction(duty)),
        ..PowerSharesSpec::default()
    };
    assert_eq!(refused(&|s| s.power = Some(shares(0.9, 0.5, 0.0))), "power.duty");
    assert_eq!(refused(&|s| s.power = Some(shares(0.3, 0.2, 0.8))), "power.compute");
    assert_eq!(refused(&|s| s.power = Some(shares(0.6, 0.7, 0.8))), "power.communicate");
}
