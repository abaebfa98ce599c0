//! Nodes that stand by, jobs that go on with fewer, failures by heat and at rest, and caps of
//! jobs and racks: by closed forms and by hand.

use super::super::*;
use crate::units::{Fraction, Power, Rate, Temperature};
use crate::workload::training::spec::*;
use crate::workload::training::tests::*;

fn hour(h: f64) -> Time {
    Time::from_secs_f64(h * HOUR)
}

/// Every failure takes the node away for `repair_h`.
fn repairs(per_node_day: f64, repair_h: f64, sigma: f64) -> NodeFailureSpec {
    NodeFailureSpec {
        rate: Some(Rate(per_node_day / DAY)),
        soft_share: Some(Fraction(0.0)),
        repair: Some(seconds(repair_h * HOUR)),
        repair_sigma: Some(sigma),
        ..NodeFailureSpec::default()
    }
}

fn job(nodes: u32, spares: u32, min_nodes: u32) -> JobsSpec {
    JobsSpec::Resident(ResidentSpec {
        nodes: Some(nodes),
        spares: Some(spares),
        min_nodes: Some(min_nodes),
    })
}

/// A job whose node fails takes one of its own spares, past those that wait in the queue, also
/// where an interrupted job would queue again; and gets a new spare when one is free.
#[test]
fn a_job_swaps_a_failed_node_for_its_spare() {
    for recovery in [Recovery::Hold, Recovery::Requeue] {
        let mut spec = checkpointed(resident(4, 0.0), 1e6, 0.0, 600.0, 60.0);
        let week = DurationSpec::Constant(ConstantSpec { value: seconds(7.0 * DAY) });
        let class = JobClassSpec { spares: Some(1), ..JobClassSpec::of(4, week) };
        spec.jobs = JobsSpec::Stream(StreamSpec::of(Rate(1.0 / HOUR), vec![class]));
        spec.failures = Some(repairs(0.0, 10.0, 0.0));
        spec.recovery = Some(recovery);
        // Room for one job and its spare, and two nodes for nobody; a rack is a node.
        let mut training = model(&spec, 1, 7, 0);
        run_to(&mut training, hour(20.0));
        let start = training.jobs[0].start.expect("the first job runs");
        assert_eq!(training.jobs[0].nodes, [0, 1, 2, 3]);
        assert_eq!(training.jobs[0].spares, [4]);
        let idle_w = 250.0 + 70.0;
        let run_w = 250.0 + training.design.power.run.full_w();
        let draws: Vec<f64> = (0..7).map(|rack| training.draw_w(rack)).collect();
        let expected = [run_w, run_w, run_w, run_w, idle_w, idle_w, idle_w];
        assert!(draws.iter().zip(expected).all(|(draw, w)| (draw - w).abs() < 1e-9), "{draws:?}");
        // Both free nodes fail, and one of the job.
        for rack in [5, 6, 2] {
            training.node_fails(hour(20.0), rack);
        }
        training.settle(hour(20.0));
        run_to(&mut training, hour(20.0) + Span::from_secs(59));
        assert_eq!(training.jobs[0].phase, Phase::Detecting);
        run_to(&mut training, hour(20.0) + Span::from_secs(60));
        assert_eq!(training.jobs[0].phase, Phase::Starting, "{recovery:?}");
        assert_eq!(training.jobs[0].nodes, [0, 1, 3, 4]);
        run_to(&mut training, hour(29.0));
        assert!(training.jobs[0].spares.is_empty());
        run_to(&mut training, hour(31.0));
        assert_eq!(training.jobs[0].spares.len(), 1, "a node that was mended is its spare");
        assert_eq!(training.jobs[0].start, Some(start));
        let summary = training.summary(hour(31.0));
        assert_eq!((summary.jobs.running, summary.interruptions.total()), (1, 1));
        let hours = summary.gpu_hours;
        assert_eq!(hours.stalled, 0.0);
        assert!((hours.hung - 3.0 / 60.0).abs() < 1e-9 && hours.spare > 0.0);
        assert!((hours.total() - 7.0 * 31.0).abs() < 1e-9);
    }
}

/// Spares that fail or lose their rack interrupt nothing, and are made up for.
#[test]
fn the_loss_of_a_spare_interrupts_nothing() {
    let mut spec = checkpointed(resident(8, 0.0), 1e6, 0.0, 600.0, 60.0);
    spec.jobs = job(8, 2, 8);
    let mut training = model(&spec, 8, 3, 0);
    run_to(&mut training, hour(1.0));
    assert_eq!(training.jobs[0].spares, [8, 9]);
    training.offer(hour(1.0), 1, RackOffer { live: false, ..RackOffer::FULL });
    training.settle(hour(1.0));
    assert_eq!(training.jobs[0].spares, [16, 17]);
    training.offer(hour(1.0), 2, RackOffer { live: false, ..RackOffer::FULL });
    training.settle(hour(1.0));
    assert!(training.jobs[0].spares.is_empty());
    run_to(&mut training, hour(2.0));
    training.offer(hour(2.0), 1, RackOffer::FULL);
    training.settle(hour(2.0));
    run_to(&mut training, hour(3.0));
    assert_eq!(training.jobs[0].spares, [8, 9]);
    let summary = training.summary(hour(3.0));
    assert_eq!(summary.interruptions.total(), 0);
    assert!((summary.gpu_hours.spare - 2.0 * 2.0).abs() < 1e-9);
    assert!((summary.gpu_hours.useful - 8.0 * (3.0 - 1.0 / 6.0)).abs() < 1e-9);
}

/// Four nodes, of which three will do. One fails at 10 h, is noticed after a minute and back 6 h
/// later; the job then writes for 2 min and starts anew, for 10 min, with all four.
#[test]
fn an_elastic_job_shrinks_and_grows() {
    let mut spec = checkpointed(resident(4, 0.0), 1e6, 120.0, 600.0, 60.0);
    spec.failures = Some(repairs(0.0, 6.0, 0.0));
    spec.jobs = job(4, 0, 3);
    let mut training = model(&spec, 4, 1, 0);
    run_to(&mut training, hour(10.0));
    training.node_fails(hour(10.0), 0);
    training.settle(hour(10.0));
    let noticed = 10.0 + 1.0 / 60.0;
    run_to(&mut training, hour(12.0));
    assert_eq!((training.jobs[0].phase, training.jobs[0].nodes.len()), (Phase::Running, 3));
    run_to(&mut training, hour(20.0));
    assert_eq!(training.jobs[0].nodes.len(), 4);
    let summary = training.summary(hour(20.0));
    let hours = summary.gpu_hours;
    let start = 1.0 / 6.0;
    let close = |ours: f64, expected: f64| assert!((ours - expected).abs() < 1e-9, "{hours:?}");
    close(hours.lost, 4.0 * (10.0 - start));
    close(hours.hung, 3.0 / 60.0);
    // The fourth node waits while the others write.
    close(hours.checkpoint, 3.0 / 30.0);
    close(hours.spare, 1.0 / 30.0);
    close(hours.restart, (4.0 + 3.0 + 4.0) * start);
    close(hours.down, 6.0);
    let shrunk = 16.0 - noticed - start;
    let grown = 20.0 - 16.0 - 1.0 / 30.0 - start;
    close(hours.useful, 3.0 * shrunk + 4.0 * grown);
    close(hours.total(), 80.0);
    assert_eq!((summary.interruptions.node_failures, summary.interruptions.growths), (1, 1));
    // Its work is counted at the speed of all four: what three do takes the longer.
    let done_s = training.jobs[0].at(hour(20.0)).progress;
    close((done_s.saved_s + done_s.fresh_s) / HOUR, 0.75 * shrunk + grown);
}

/// Where nothing is lost on the way, an elastic job makes use of all nodes that are whole: the
/// availability `1 / (1 + r D)` of one, whatever the law of the repair. A rigid one needs all
/// sixteen at once, which is its sixteenth power.
#[test]
fn an_elastic_job_makes_use_of_what_is_whole() {
    for (fewest, expected) in [(1, 1.0 / 1.05), (16, libm::pow(1.0 / 1.05, 16.0))] {
        for sigma in [0.0, 1.2] {
            let mut spec = checkpointed(resident(16, 0.05), 1.0, 0.0, 0.0, 0.0);
            spec.failures = Some(repairs(0.05, 24.0, sigma));
            spec.jobs = job(16, 0, fewest);
            check("share of all nodes' time", expected, 0.006, 10, |replication| {
                let mut training = model(&spec, 4, 4, replication);
                run_to(&mut training, hour(4000.0 * 24.0));
                training.summary(hour(4000.0 * 24.0)).gpu_hours.useful / (16.0 * 4000.0 * 24.0)
            });
        }
    }
}

/// What an elastic job does on fewer nodes is less, and it ends the later for it.
#[test]
fn an_elastic_job_ends_when_its_work_is_done() {
    let mut spec = checkpointed(resident(4, 0.0), 1e6, 0.0, 0.0, 0.0);
    let work = DurationSpec::Constant(ConstantSpec { value: seconds(30.0 * HOUR) });
    let class = JobClassSpec { min_nodes: Some(1), ..JobClassSpec::of(4, work) };
    spec.jobs = JobsSpec::Stream(StreamSpec::of(Rate(1.0 / HOUR), vec![class]));
    spec.failures = Some(repairs(0.0, 1000.0, 0.0));
    let mut training = model(&spec, 4, 1, 0);
    training.advance(training.next_at());
    let start = training.jobs[0].start.expect("it starts as it arrives");
    let at = start + Span::from_hours(10);
    run_to(&mut training, at);
    training.node_fails(at, 0);
    training.node_fails(at, 0);
    training.settle(at);
    let mut record = None;
    while record.is_none() {
        training.advance(training.next_at());
        training.drain_finished(|done| record = Some(done.clone()));
    }
    let record = record.expect("it ends");
    // All that it had done is lost, then half of its nodes do all of its work.
    assert!(((record.end - at).as_secs_f64() / HOUR - 60.0).abs() < 1e-6);
    assert!((record.gpu_hours.useful - 120.0).abs() < 1e-6);
    assert!((record.gpu_hours.lost - 40.0).abs() < 1e-6);
}

/// Ten kelvin above the reference nodes fail `exp(0.1 * 10)` times as often, below it no less
/// often than they do at it; under a law with memory lives are used up so much faster.
#[test]
fn heat_makes_nodes_fail() {
    for law in [None, Some(LawSpec::Weibull(WeibullSpec { shape: 0.7, new_fleet: Some(false) }))] {
        for (inlet_c, factor) in [(20.0, 1.0), (27.0, 1.0), (37.0, libm::exp(1.0))] {
            let mut spec = resident(8, 0.5);
            if let Some(failures) = &mut spec.failures {
                failures.law = law.clone();
                let above = Temperature(27.0);
                failures.heat = Some(HeatFailureSpec { per_kelvin: 0.1, above });
            }
            // A node is down for a minute of each failure.
            let expected = 0.5 * factor / (1.0 + 0.5 * factor / 1440.0);
            check("failures a node and day", expected, 0.03, 10, |replication| {
                let mut training = model(&spec, 64, 2, replication);
                for rack in 0..2 {
                    training.offer(Time::ZERO, rack, RackOffer { inlet_c, ..RackOffer::FULL });
                }
                training.settle(Time::ZERO);
                run_to(&mut training, hour(30.0 * 24.0));
                training.summary(hour(30.0 * 24.0)).node_failures as f64 / (128.0 * 30.0)
            });
        }
    }
}

/// At rest nodes fail at the part of their rate that they are said to.
#[test]
fn nodes_at_rest_fail_less() {
    let mut spec = resident(64, 0.5);
    if let Some(failures) = &mut spec.failures {
        failures.at_rest = Some(Fraction(0.25));
    }
    check("failures a day", 0.5 * (64.0 + 0.25 * 64.0), 0.7, 10, |replication| {
        let mut training = model(&spec, 64, 2, replication);
        run_to(&mut training, hour(60.0 * 24.0));
        training.summary(hour(60.0 * 24.0)).node_failures as f64 / 60.0
    });
}

/// T23 through caps of classes and of racks: each job runs at the speed that its cap leaves, and
/// the lower of two caps holds.
#[test]
fn jobs_and_racks_have_caps_of_their_own() {
    // Computing all the time at the measured draw: the curve of T23.
    let power = |cap, rack_cap| PowerSharesSpec {
        duty: Some(Fraction(1.0)),
        compute: Some(Fraction(647.0 / 700.0)),
        cap,
        rack_cap,
        ..PowerSharesSpec::default()
    };
    let runs = |cap: Option<Power>, power: PowerSharesSpec| {
        let week = DurationSpec::Constant(ConstantSpec { value: seconds(7.0 * DAY) });
        let class = JobClassSpec { cap, ..JobClassSpec::of(8, week) };
        let spec = TrainingSpec {
            jobs: JobsSpec::Stream(StreamSpec::of(Rate(1.0 / HOUR), vec![class])),
            power: Some(power),
            ..resident(8, 0.0)
        };
        let mut training = model(&spec, 8, 1, 0);
        training.advance(training.next_at());
        let start = training.summary(training.next_at().min(hour(1.0)));
        assert_eq!(start.jobs.running, 1);
        assert!((training.demand(0).total_w() - training.draw_w(0)).abs() < 1e-6);
        (training.jobs[0].pace, training.draw_w(0) / 8.0 - 250.0)
    };
    let close = |(speed, draw_w): (f64, f64), expected: (f64, f64)| {
        assert!((speed - expected.0).abs() < 5e-4, "{speed} is not {}", expected.0);
        assert!((draw_w - expected.1).abs() < 1e-6, "{draw_w} W is not {} W", expected.1);
    };
    let watts = |w: f64| Some(Power(w));
    close(runs(None, power(None, None)), (1.0, 647.0));
    close(runs(watts(400.0), power(None, None)), (0.821, 395.0));
    close(runs(watts(400.0), power(watts(300.0), None)), (0.594, 298.0));
    close(runs(watts(300.0), power(watts(400.0), None)), (0.594, 298.0));
    // 395 W for each GPU and 250 W for its node.
    let rack_cap = watts(8.0 * 645.0);
    close(runs(None, power(None, rack_cap)), (0.821, 395.0));
    close(runs(watts(300.0), power(None, rack_cap)), (0.594, 298.0));
    close(runs(watts(500.0), power(None, rack_cap)), (0.821, 395.0));
}
