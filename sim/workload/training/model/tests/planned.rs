//! Interruptions that are announced, asynchronous checkpoints, causes and restarts, by closed
//! forms and by hand.

use super::super::*;
use crate::spec::Name;
use crate::units::{Bandwidth, EnergyPrice, Fraction, PowerRamp, Rate};
use crate::workload::training::job::Vacate;
use crate::workload::training::spec::*;
use crate::workload::training::tests::*;

fn curtailment(when: WhenSpec, notice_s: f64) -> WorkloadCurtailmentSpec {
    WorkloadCurtailmentSpec {
        when,
        notice: Some(seconds(notice_s)),
        reduce: None,
        response: None,
        tiers: None,
    }
}

fn once(first_h: f64, hours: f64) -> WhenSpec {
    let (first, duration) = (seconds(first_h * HOUR), seconds(hours * HOUR));
    WhenSpec::Scheduled(ScheduledSpec { first, every: None, duration })
}

fn hour(h: f64) -> Time {
    Time::from_secs_f64(h * HOUR)
}

/// A workload of jobs without end on `racks` racks of 8 nodes, of which one runs by then.
fn resident_on(nodes: u32, racks: usize, change: impl FnOnce(&mut TrainingSpec)) -> Training {
    let mut spec = resident(nodes, 0.0);
    change(&mut spec);
    model(&spec, 8, racks, 0)
}

/// The state of BLOOM, 2.3 TB at 13 bytes a parameter, in 40 s; a second job that writes for a
/// share of the time stretches the writes of the first.
#[test]
fn storage_is_shared_by_those_that_write() {
    let storage = StorageSpec {
        parameters: 176e9,
        bytes_per_parameter: Some(13.0),
        bandwidth: Bandwidth(57.2e9),
        asynchronous: None,
    };
    let spec = TrainingSpec {
        checkpoint: Some(CheckpointSpec {
            interval: Some(IntervalSpec::Every(seconds(HOUR))),
            storage: Some(storage),
            ..CheckpointSpec::default()
        }),
        ..resident(4, 0.0)
    };
    let mut faults = Vec::new();
    let design = spec.resolve(&rack(8), 1, &mut faults);
    assert_eq!(faults, []);
    let alone = design.cycle(4, 0.0);
    assert!((alone.write_s - 40.0).abs() < 1e-9);
    let beside = design.cycle(4, alone.writing_share());
    assert!((beside.write_s - 40.0 * (1.0 + 40.0 / 3640.0)).abs() < 1e-9);
}

/// A job that is held: a checkpoint in the notice, no work while it is off, a restart after.
#[test]
fn a_held_job_goes_on_where_it_was() {
    let mut training = resident_on(16, 2, |spec| {
        *spec = checkpointed(spec.clone(), 1e6, 120.0, 600.0, 0.0);
        spec.curtailment = Some(curtailment(once(10.0, 3.0), 300.0));
    });
    run_to(&mut training, hour(12.0));
    let idle_w = 16.0 / 2.0 * (250.0 + 70.0);
    assert!((training.draw_w(0) - idle_w).abs() < 1e-9, "its GPUs hold nothing");
    run_to(&mut training, hour(20.0));
    let summary = training.summary(hour(20.0));
    let hours = summary.gpu_hours;
    let close = |ours: f64, expected: f64| (ours / 16.0 - expected / 3600.0).abs() < 1e-9;
    assert!(close(hours.curtailed, 3.0 * HOUR) && close(hours.checkpoint, 120.0));
    assert!(close(hours.restart, 1200.0) && hours.lost == 0.0);
    assert!(close(hours.useful, 20.0 * HOUR - 3.0 * HOUR - 120.0 - 1200.0));
    assert_eq!(summary.interruptions.curtailments, 1);
    let counts = summary.curtailment.expect("it was curtailed");
    assert_eq!((counts.cuts, counts.missed, counts.hours), (1, 0, 3.0));
}

/// A paused job loses its time and nothing else; a released one gives its nodes back.
#[test]
fn jobs_pause_or_give_up_their_nodes() {
    for (response, curtailed, idle) in
        [(Response::Pause, 3.0 * 16.0, 0.0), (Response::Release, 0.0, 3.0 * 16.0)]
    {
        let mut training = resident_on(16, 2, |spec| {
            *spec = checkpointed(spec.clone(), 1e6, 60.0, 600.0, 0.0);
            let mut cut = curtailment(once(10.0, 3.0), 0.0);
            cut.response = Some(response);
            spec.curtailment = Some(cut);
        });
        run_to(&mut training, hour(20.0));
        let hours = training.summary(hour(20.0)).gpu_hours;
        assert!((hours.curtailed - curtailed).abs() < 1e-9, "{response:?}: {hours:?}");
        assert!((hours.idle - idle).abs() < 1e-9, "{response:?}: {hours:?}");
        let lost = if response == Response::Release { 16.0 * (10.0 - 1.0 / 6.0) } else { 0.0 };
        assert!((hours.lost - lost).abs() < 1e-9, "{response:?}: {hours:?}");
    }
}

/// Dear energy stops the job, cheap energy lets it go on; a call that is taken back in its
/// notice costs nothing but the checkpoint.
#[test]
fn the_price_can_curtail() {
    let mut training = resident_on(16, 2, |spec| {
        *spec = checkpointed(spec.clone(), 1e6, 120.0, 0.0, 0.0);
        let when = WhenSpec::Price(PriceSpec { above: EnergyPrice(200.0) });
        spec.curtailment = Some(curtailment(when, 600.0));
    });
    let at = |training: &mut Training, h: f64, price: f64| {
        run_to(training, hour(h));
        training.set_price(hour(h), price);
        training.settle(hour(h));
    };
    at(&mut training, 0.0, 30.0);
    at(&mut training, 5.0, 900.0);
    at(&mut training, 6.0, 950.0);
    at(&mut training, 7.0, 200.0);
    // Two minutes before the cut it stands and writes; a minute before, the call is off.
    at(&mut training, 9.0, 900.0);
    at(&mut training, 9.0 + 9.0 / 60.0, 30.0);
    run_to(&mut training, hour(10.0));
    let summary = training.summary(hour(10.0));
    let hours = summary.gpu_hours;
    assert!((hours.curtailed / 16.0 - (2.0 - 1.0 / 6.0)).abs() < 1e-9);
    assert!((hours.checkpoint / 16.0 - 180.0 / 3600.0).abs() < 1e-9 && hours.lost == 0.0);
    assert_eq!(summary.curtailment.expect("it was curtailed").cuts, 1);
}

/// Jobs without end of four tiers, 64 nodes each, that a quarter of 256 nodes gets.
fn tiers(losses: [f64; 4], reduce: f64, seed: u64) -> Training {
    let names = ["rigid", "stiff", "flexible", "soft"];
    let classes = names.iter().map(|name| JobClassSpec {
        tier: Some(Name::unplaced(*name)),
        ..JobClassSpec::of(64, DurationSpec::Constant(ConstantSpec { value: seconds(1e9) }))
    });
    let responses = names.iter().zip(losses).map(|(name, loss)| TierResponseSpec {
        tier: Name::unplaced(*name),
        response: if loss > 0.0 { Response::Cap } else { Response::Ignore },
        most_loss: (loss > 0.0).then_some(Fraction(loss)),
    });
    let stream = StreamSpec::of(Rate(10.0 / HOUR), classes.collect());
    let spec = TrainingSpec {
        jobs: JobsSpec::Stream(stream),
        tiers: Some(
            names
                .iter()
                .map(|name| TierSpec { name: Name::unplaced(*name), factor: None })
                .collect(),
        ),
        curtailment: Some(WorkloadCurtailmentSpec {
            reduce: Some(Fraction(reduce)),
            tiers: Some(responses.collect()),
            ..curtailment(once(20.0, 3.0), 0.0)
        }),
        ..resident(1, 0.0)
    };
    let mut training = model(&spec, 8, 32, seed);
    run_to(&mut training, hour(20.0) + Span::from_secs(1));
    training
}

/// T26: a cluster cuts its draw by a quarter for 3 h by capping jobs that tolerate losses of 0,
/// 10, 25 and 50 %: all lose the same part of what they may, none more; the cut is met exactly
/// where the curve of the GPU lets it, and said to be missed where it does not.
#[test]
fn tiers_share_a_cut_by_what_they_tolerate() {
    let tolerated = [0.0, 0.1, 0.25, 0.5];
    let mut met = 0;
    for seed in 0..8 {
        for reduce in [0.1, 0.15, 0.25] {
            let training = tiers(tolerated, reduce, seed);
            let run = &training.design.power.run;
            let running: Vec<&Job> =
                training.jobs.iter().filter(|job| job.phase == Phase::Running).collect();
            assert_eq!(running.len(), 4);
            let full_w = 250.0 + run.full_w();
            let least_w: f64 = running
                .iter()
                .map(|job| 250.0 + run.draw_at(1.0 - tolerated[usize::from(job.tier)], 119.0))
                .sum();
            let is_feasible = least_w <= 4.0 * full_w * (1.0 - reduce);
            let draw_w: f64 = (0..32).map(|rack| training.draw_w(rack)).sum();
            let counts = training.summary(hour(21.0)).curtailment.expect("it is curtailed");
            assert_eq!(counts.missed, u64::from(!is_feasible));
            let expected_w = 64.0 * least_w.max(4.0 * full_w * (1.0 - reduce));
            assert!((draw_w / expected_w - 1.0).abs() < 1e-9, "{draw_w} W is not {expected_w} W");
            let mut parts = Vec::new();
            for job in running {
                let most = tolerated[usize::from(job.tier)];
                assert!(job.pace >= 1.0 - most - 1e-12);
                if most > 0.0 {
                    parts.push((1.0 - job.pace) / most);
                }
            }
            assert!(parts.windows(2).all(|w| (w[0] - w[1]).abs() < 1e-9), "{parts:?}");
            met += u64::from(is_feasible);
        }
    }
    assert!(met > 4 && met < 20, "both cases were met: {met}");
    // Where every job tolerates a half, a quarter of the power can go.
    let mut training = tiers([0.5; 4], 0.25, 0);
    assert_eq!(training.summary(hour(21.0)).curtailment.map(|counts| counts.missed), Some(0));
    run_to(&mut training, hour(30.0));
    let draw_w: f64 = (0..32).map(|rack| training.draw_w(rack)).sum();
    let full_w = 256.0 * (250.0 + training.design.power.run.full_w());
    assert!((draw_w / full_w - 1.0).abs() < 1e-9, "all is as before");
    let hours = training.summary(hour(30.0)).gpu_hours;
    assert!(hours.throttled == 0.0 && hours.curtailed > 0.0);
}

/// Two of three racks serve the job. Each day one is maintained, in turn; the job writes a
/// checkpoint, moves to the rack that is free and loses nothing.
#[test]
fn maintenance_moves_a_job_without_loss() {
    let mut training = resident_on(16, 3, |spec| {
        *spec = checkpointed(spec.clone(), 1e6, 60.0, 300.0, 0.0);
        spec.spares = Some(8);
        spec.maintenance = Some(MaintenanceSpec {
            every: seconds(DAY),
            duration: Some(seconds(2.0 * HOUR)),
            notice: Some(seconds(600.0)),
        });
    });
    run_to(&mut training, hour(10.5 * 24.0));
    let summary = training.summary(hour(10.5 * 24.0));
    // The first turn frees rack 1 and moves the job to 3; whichever is next is in use or not.
    let moves = summary.interruptions.maintenance;
    assert!((6..=10).contains(&moves), "{moves} moves");
    assert_eq!(summary.interruptions.total(), moves);
    let hours = summary.gpu_hours;
    assert_eq!(hours.lost, 0.0);
    assert!((hours.checkpoint - moves as f64 * 16.0 / 60.0).abs() < 1e-9);
    assert!((hours.restart - (moves + 1) as f64 * 16.0 / 12.0).abs() < 1e-9);
    assert!((hours.dark - 10.0 * 8.0 * 2.0).abs() < 1e-9, "{hours:?}");
}

/// A job that has left the rack before its maintenance writes its checkpoint and goes on.
#[test]
fn a_checkpoint_in_vain_costs_only_itself() {
    let mut training = resident_on(16, 3, |spec| {
        *spec = checkpointed(spec.clone(), 1e6, 60.0, 120.0, 0.0);
        spec.spares = Some(8);
        spec.maintenance = Some(MaintenanceSpec {
            every: seconds(DAY),
            duration: None,
            notice: Some(seconds(600.0)),
        });
    });
    let at = hour(24.0) + Span::from_secs(60);
    run_to(&mut training, at);
    training.offer(at, 0, RackOffer { live: false, ..RackOffer::FULL });
    training.settle(at);
    run_to(&mut training, hour(26.0));
    let summary = training.summary(hour(26.0));
    assert_eq!((summary.interruptions.rack_losses, summary.interruptions.total()), (1, 1));
    let hours = summary.gpu_hours;
    assert!((hours.checkpoint / 16.0 - 1.0 / 60.0).abs() < 1e-9, "{hours:?}");
    assert!((hours.useful / 16.0 - (2.0 - 4.0 / 60.0)).abs() < 1e-9, "{hours:?}");
}

/// After 7 days a job gives its nodes up and queues again, and needs one write and one restart
/// more.
#[test]
fn long_jobs_are_requeued() {
    let job =
        JobClassSpec::of(8, DurationSpec::Constant(ConstantSpec { value: seconds(10.0 * DAY) }));
    let stream = StreamSpec::of(Rate(1e-9), vec![job]);
    let mut spec = checkpointed(resident(8, 0.0), 1e9, 60.0, 300.0, 0.0);
    spec.jobs = JobsSpec::Stream(stream);
    spec.max_length = Some(seconds(7.0 * DAY));
    let mut training = model(&spec, 8, 1, 0);
    let mut record = None;
    while record.is_none() {
        training.advance(training.next_at());
        training.drain_finished(|done| record = Some(done.clone()));
    }
    let record = record.expect("a job ends");
    assert_eq!((record.interruptions.time_limits, record.attempts), (1, 2));
    let took = (record.end - record.start).as_secs_f64();
    assert!((took - (10.0 * DAY + 60.0 + 600.0)).abs() < 1e-6, "{took}");
    assert_eq!(record.gpu_hours.lost, 0.0);
}

/// Racks that come back wait for those before them to rise.
#[test]
fn racks_come_back_at_the_permitted_ramp() {
    let mut training = resident_on(16, 3, |spec| {
        spec.restart_ramp = Some(PowerRamp(8.0 * 950.0 / 60.0));
        spec.failures = Some(NodeFailureSpec {
            rate: Some(Rate(0.0)),
            inspection: Some(seconds(600.0)),
            ..NodeFailureSpec::default()
        });
    });
    run_to(&mut training, hour(1.0));
    for rack in 0..3 {
        training.offer(hour(1.0), rack, RackOffer { live: false, ..RackOffer::FULL });
    }
    training.settle(hour(1.0));
    run_to(&mut training, hour(2.0));
    for rack in 0..3 {
        training.offer(hour(2.0), rack, RackOffer::FULL);
    }
    training.settle(hour(2.0));
    let mut on = Vec::new();
    while on.len() < 3 {
        let now = training.next_at();
        training.advance(now);
        for rack in 0..3 {
            if training.fleet.power(rack) == RackPower::On && !on.iter().any(|&(r, _)| r == rack) {
                on.push((rack, (now - hour(2.0)).as_secs_f64()));
            }
        }
    }
    // A rack at full power, 7,600 W, takes a minute.
    assert_eq!(on, [(0, 600.0), (1, 660.0), (2, 720.0)]);
}

/// A job that gives up its nodes queues again, from a checkpoint or from memory, or ends.
#[test]
fn preempted_jobs_go_on_or_end() {
    // Hours of work that are lost, and of restarts, of a job that is preempted at 10 h with an
    // hour of grace, or with 30 s, which is less than a write.
    for (then, grace_s, lost, restarts) in [
        (Vacate::Requeue, 3600.0, 0.0, 2.0),
        (Vacate::Requeue, 30.0, 10.0 + 30.0 / 3600.0 - 1.0 / 6.0, 2.0),
        (Vacate::Suspend, 30.0, 0.0, 1.0),
        (Vacate::Cancel, 30.0, 10.0 + 30.0 / 3600.0 - 1.0 / 6.0, 1.0),
    ] {
        let mut training = resident_on(16, 2, |spec| {
            *spec = checkpointed(spec.clone(), 1e6, 60.0, 600.0, 0.0);
        });
        run_to(&mut training, hour(10.0));
        let by = hour(10.0) + Span::from_secs_f64(grace_s);
        training.vacate(hour(10.0), 0, by, then, Cause::Preemption);
        training.settle(hour(10.0));
        run_to(&mut training, by);
        let summary = training.summary(by);
        assert_eq!(summary.interruptions.preemptions, 1, "{then:?}");
        run_to(&mut training, hour(20.0));
        let summary = training.summary(hour(20.0));
        let hours = summary.gpu_hours;
        assert!((hours.lost / 16.0 - lost).abs() < 1e-9, "{then:?}: {hours:?}");
        assert!((hours.restart / 16.0 - restarts / 6.0).abs() < 1e-9, "{then:?}: {hours:?}");
        assert!((hours.total() - 16.0 * 20.0).abs() < 1e-6);
        assert_eq!(summary.jobs.cancelled, u64::from(then == Vacate::Cancel));
        let writes = f64::from(u8::from(grace_s > 60.0));
        assert!((hours.checkpoint / 16.0 - writes / 60.0).abs() < 1e-9, "{then:?}: {hours:?}");
    }
}

/// Failures fall on causes by their weights; each cause has its own time to be noticed.
#[test]
fn causes_have_their_shares_and_their_times() {
    let cause = |name: &str, weight, detection: Option<f64>| CauseSpec {
        name: name.to_owned(),
        weight,
        detection: detection.map(seconds),
        ..CauseSpec::default()
    };
    let mut spec = checkpointed(resident(64, 1.0), 600.0, 0.0, 0.0, 30.0);
    if let Some(failures) = &mut spec.failures {
        failures.causes = Some(vec![cause("loud", 3.0, None), cause("silent", 1.0, Some(600.0))]);
    }
    check("seconds until noticed", 0.75 * 30.0 + 0.25 * 600.0, 5.0, 10, |replication| {
        let summary = run(&spec, 30.0, replication);
        let [loud, silent] = summary.failure_causes.as_slice() else { panic!("two causes") };
        assert_eq!(loud.failures + silent.failures, summary.node_failures);
        let interruptions = loud.interruptions + silent.interruptions;
        assert_eq!(interruptions, summary.interruptions.node_failures);
        summary.gpu_hours.hung * HOUR / 63.0 / interruptions as f64
    });
    check("share of the silent", 0.25, 0.01, 10, |replication| {
        let summary = run(&spec, 60.0, replication);
        summary.failure_causes[1].failures as f64 / summary.node_failures as f64
    });
}
