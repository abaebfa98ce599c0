//! Jobs that are stopped or capped for the grid.

use loadbank::kernel::Time;
use loadbank::spec::Name;
use loadbank::units::{Fraction, Rate};
use loadbank::workload::training::checkpoint::Renewal;
use loadbank::workload::training::{
    CheckpointSpec, ConstantSpec, DurationSpec, IntervalSpec, JobClassSpec, JobsSpec, RandomSpec,
    Response, ScheduledSpec, StreamSpec, TierResponseSpec, TierSpec, TrainingSpec, WhenSpec,
    WorkloadCurtailmentSpec,
};

use super::closed_forms::{Stops, stopped_with_notice, stopped_without_notice};
use super::site::{DAY, HOUR, MINUTE, checkpointed, model, resident, seconds, simulate};
use super::table::{Table, Target};

/// T19, T20: curtailed twice a day for an hour, with and without notice.
pub(super) fn stops(table: &mut Table) {
    let stops = Stops { mean_s: DAY / 2.0, off_s: HOUR, restart_s: 10.0 * MINUTE };
    let curtailed = |notice_s, write_s, interval| {
        let renewal = Renewal {
            mean_s: f64::INFINITY,
            interval_s: HOUR,
            write_s,
            restart_s: stops.restart_s,
            detect_s: 0.0,
            flush_s: 0.0,
        };
        let when = RandomSpec { rate: Rate(1.0 / stops.mean_s), duration: seconds(stops.off_s) };
        TrainingSpec {
            checkpoint: Some(CheckpointSpec {
                interval: Some(interval),
                write: Some(seconds(write_s)),
                ..CheckpointSpec::default()
            }),
            curtailment: Some(WorkloadCurtailmentSpec {
                when: WhenSpec::Random(when),
                notice: Some(seconds(notice_s)),
                reduce: None,
                response: None,
                tiers: None,
            }),
            ..checkpointed(resident(8, 0.0), renewal)
        }
    };
    let noticed = curtailed(120.0, 120.0, IntervalSpec::Never);
    let sudden = curtailed(0.0, 0.0, IntervalSpec::Every(seconds(HOUR)));
    let without = stopped_without_notice(stops, HOUR);
    for (id, what, spec, expected) in [
        (
            "T19",
            "ETTR, curtailed with 2 min of notice",
            &noticed,
            stopped_with_notice(stops, 120.0),
        ),
        ("T20", "ETTR, curtailed without notice", &sudden, without),
    ] {
        table.simulated(Target::formula(id, what, expected), 0.001, |replication| {
            simulate(spec, 2000.0, replication).ettr.expect("jobs ran")
        });
    }
    // What it has trained beyond the last whole hour.
    let trained_s = stops.mean_s * (-stops.restart_s / stops.mean_s).exp();
    let lost_min = (trained_s - without * (stops.mean_s + stops.off_s)) / MINUTE;
    let target = Target::formula("T20", "minutes of work lost each time", lost_min);
    table.simulated(target, 0.5, |replication| {
        let summary = simulate(&sudden, 1000.0, replication);
        let cuts = summary.curtailment.map_or(f64::NAN, |counts| counts.cuts as f64);
        summary.gpu_hours.lost / 8.0 * 60.0 / cuts
    });
}

/// T26: a cluster of 256 GPUs whose jobs tolerate losses of 0, 10, 25 and 50 %, most of them the
/// last (the mix is not published), cuts its draw by a quarter.
pub(super) fn emerald(table: &mut Table) {
    let tiers =
        [("rigid", 0.0, 1.0), ("stiff", 0.1, 1.0), ("flexible", 0.25, 2.0), ("soft", 0.5, 12.0)];
    let classes = tiers.iter().map(|&(name, _, weight)| JobClassSpec {
        tier: Some(Name::unplaced(name)),
        weight,
        ..JobClassSpec::of(8, DurationSpec::Constant(ConstantSpec { value: seconds(1e9) }))
    });
    let responses = tiers.iter().map(|&(name, loss, _)| TierResponseSpec {
        tier: Name::unplaced(name),
        response: if loss > 0.0 { Response::Cap } else { Response::Ignore },
        most_loss: (loss > 0.0).then_some(Fraction(loss)),
    });
    let named =
        tiers.iter().map(|&(name, ..)| TierSpec { name: Name::unplaced(name), factor: None });
    let spec = TrainingSpec {
        jobs: JobsSpec::Stream(StreamSpec::of(Rate(10.0 / HOUR), classes.collect())),
        tiers: Some(named.collect()),
        curtailment: Some(WorkloadCurtailmentSpec {
            when: WhenSpec::Scheduled(ScheduledSpec {
                first: seconds(40.0 * HOUR),
                every: None,
                duration: seconds(3.0 * HOUR),
            }),
            notice: None,
            reduce: Some(Fraction(0.25)),
            response: None,
            tiers: Some(responses.collect()),
        }),
        ..resident(1, 0.0)
    };
    let mut training = model(&spec, 8, 32, 0);
    let mut draw_w = |hours: f64| {
        training.advance(Time::from_secs_f64(hours * HOUR));
        (0..32).map(|rack| training.draw_w(rack)).sum::<f64>()
    };
    let (before, within) = (draw_w(39.0), draw_w(41.0));
    let counts = training.summary(Time::from_secs_f64(41.0 * HOUR)).curtailment;
    let missed = counts.map_or(f64::NAN, |counts| counts.missed as f64);
    let what = "256 GPUs, 25 % less for 3 h: cut of the draw, %";
    let target = Target { id: "T26", what, published: "25", expected: 25.0 };
    table.computed(target, 100.0 * (1.0 - within / before), 1e-6);
    table.computed(Target::formula("T26", "the same: cuts that were missed", 0.0), missed, 0.0);
}
