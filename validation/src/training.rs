//! Published results and closed forms of GPU training, reproduced by the model.
//!
//! Numbers T1, T2 ... are those of `docs/models/training.md`. A simulated figure is a mean over
//! replications with three standard errors; it is met where the expected value lies within.

use loadbank::kernel::{Streams, Time};
use loadbank::spec::{Name, Names};
use loadbank::units::{Duration, Fraction, Power, Rate};
use loadbank::workload::gpu::{CapCurve, GpuRackSpec};
use loadbank::workload::training::checkpoint::{
    Renewal, daly_interval_s, ettr, optimal_interval_s, young_interval_s,
};
use loadbank::workload::training::closed_forms::{
    Stops, erlang_b, poisson_at_most, stopped_with_notice, stopped_without_notice,
};
use loadbank::workload::training::{
    CheckpointSpec, ConstantSpec, CurtailmentSpec, DetectionSpec, DurationSpec, ExponentialSpec,
    FailureSpec, IntervalSpec, JobClassSpec, JobsSpec, LawSpec, LognormalSpec, RandomSpec,
    ResidentSpec, Response, ScheduledSpec, StreamSpec, TierResponseSpec, TierSpec, Training,
    TrainingSpec, TrainingSummary, WeibullSpec, WhenSpec,
};

use crate::data::{deviation, mean, print};

const MINUTE: f64 = 60.0;
const HOUR: f64 = 3600.0;
const DAY: f64 = 86_400.0;
const REPLICATIONS: u64 = 10;

/// Prints the table; fails where a target is missed.
pub(crate) fn run() -> Result<(), String> {
    let mut table = Table { missed: 0 };
    table.head();
    reliability(&mut table);
    checkpoints(&mut table);
    spares(&mut table);
    stops(&mut table);
    queues(&mut table);
    power(&mut table);
    print("\nnot reproduced, and why");
    for (what, why) in NOT_REPRODUCED {
        print(&format!("  {what}: {why}"));
    }
    match table.missed {
        0 => Ok(()),
        missed => Err(format!("{missed} targets missed")),
    }
}

const NOT_REPRODUCED: &[(&str, &str)] = &[
    (
        "Meta's measured 7.9 h at 1,024 GPUs and 47.7 d at 8 GPUs",
        "its own rate of 6.5 per 1,000 node-days gives 28.8 h and 153.8 d",
    ),
    (
        "Meta's ETTR 0.70 at 16,000 GPUs and 60 min",
        "its approximation gives 0.684, the exact form 0.720",
    ),
    (
        "Meta's 7 min for ETTR 0.5 at 100,000 GPUs of RSC-1",
        "only its approximation with 1 min in the queue gives 0.49; exact 0.58",
    ),
    ("Meta's 21 min for ETTR 0.5 at 100,000 GPUs of RSC-2", "neither form gives it: 0.67 and 0.71"),
    (
        "V100 at 150 of 250 W: 13.7 % less energy in 6.8 % more time",
        "implies 0.81 of the power, so the uncapped GPU drew below its cap; no curve is published",
    ),
    (
        "Emerald's tiers of 0, 10, 25 and 50 %",
        "the mix of tiers is not published; with equal parts a quarter is out of reach",
    ),
    (
        "Llama 3's 1 to 2 % of throughput by time of day",
        "follows from the halls' inlet temperatures, which are not published",
    ),
    ("Llama 3's shares by cause", "they sum to 94.9 %; its counts are consistent"),
    (
        "Delta's 5 % and 2 % of spares",
        "Erlang B with its published times gives 3.3 to 3.9 % and 0.7 %; inputs not disclosed",
    ),
];

/// Interruptions and the effective training time under them.
fn reliability(table: &mut Table) {
    for (id, nodes, days, published, expected) in
        [("T1", 2048, 60.0, "1.8", 1.8029), ("T2", 16_384, 5.0, "0.23", 0.2254)]
    {
        let spec = resident(nodes, 6.5e-3);
        let what = format!("h between interruptions, {} GPUs at 6.5e-3", nodes * 8);
        table.simulated(id, &what, published, expected, |replication| {
            days * 24.0 / simulate(&spec, days, replication).interruptions.total() as f64
        });
    }
    let llama = 419.0 / 54.0 / 2048.0;
    let spec = resident(2048, llama);
    table.simulated("T3", "Llama 3: interruptions in 54 d", "419", 419.0, |replication| {
        simulate(&spec, 54.0, replication).interruptions.total() as f64
    });
    for (id, what, published, nodes, rate, [interval, write, restart, detect], days) in [
        ("T5", "ETTR, 16,000 GPUs, 60 min", "0.70", 2000, 6.5e-3, [60.0, 0.0, 5.0, 0.0], 100.0),
        ("T6", "ETTR, 16,000 GPUs, 5 min", "0.93", 2000, 6.5e-3, [5.0, 0.0, 5.0, 0.0], 100.0),
        ("T7", "ETTR, 8,000 GPUs, 30 min", "0.90", 1000, 6.5e-3, [30.0, 0.0, 5.0, 1.0], 100.0),
        ("T8", "ETTR, 2,048 GPUs, 60 min", ">0.9", 256, 6.5e-3, [60.0, 0.0, 5.0, 0.0], 200.0),
        ("T8", "ETTR, 4,096 GPUs, 60 min", ">0.9", 512, 6.5e-3, [60.0, 0.0, 5.0, 0.0], 200.0),
        ("T9", "ETTR, 131,072 GPUs, 2 min", "0.9", 16_384, 2.34e-3, [2.0, 0.0, 2.0, 1.0], 10.0),
        ("T10", "ETTR of Llama 3", ">0.90", 2048, llama, [15.0, 1.0 / 3.0, 5.0, 2.0], 54.0),
    ] {
        let [interval_s, write_s, restart_s, detect_s] =
            [interval, write, restart, detect].map(|minutes| minutes * MINUTE);
        let mean_s = DAY / (f64::from(nodes) * rate);
        let renewal = Renewal { mean_s, interval_s, write_s, restart_s, detect_s, flush_s: 0.0 };
        let spec = checkpointed(resident(nodes, rate), renewal);
        table.simulated(id, what, published, ettr(renewal), |replication| {
            simulate(&spec, days, replication).ettr
        });
    }
    let mut spec = resident(1, 6.5e-3);
    spec.failures = Some(FailureSpec {
        rate: Some(Rate(6.5e-3 / DAY)),
        soft_share: Some(Fraction(0.0)),
        repair: Some(seconds(DAY)),
        ..FailureSpec::default()
    });
    let expected = 1.0 / (1.0 + 6.5e-3);
    table.simulated("T16", "availability at 24 h to repair", "0.993", expected, |replication| {
        let mut training = model(&spec, 64, 4, replication);
        let at = |days: f64| Time::from_secs_f64(days * DAY);
        // The first days, in which no node has had time to be repaired, do not count.
        training.advance(at(40.0));
        let early = training.summary(at(40.0)).gpu_hours.down;
        training.advance(at(440.0));
        1.0 - (training.summary(at(440.0)).gpu_hours.down - early) / (256.0 * 400.0 * 24.0)
    });
}

/// How many nodes stand by, and how a new fleet fails.
fn spares(table: &mut Table) {
    let load = 2048.0 * 3.79e-3 * 0.5;
    for (spares, expected) in [(4, 0.1884), (8, 0.0114)] {
        let what = format!("P(a job of 2,048 nodes lacks one), {spares} spares, 12 h");
        table.computed("T15", &what, expected, erlang_b(spares + 1, load), 5e-5);
    }
    let four = poisson_at_most(4, 1.28);
    table.computed("T17", "P(at most 4 of 1,024 down), 1.28 in the mean", 0.990, four, 5e-4);
    for (new_fleet, what, expected) in [
        (true, "failures of a new node in 30 d, Weibull 0.7", 0.3978),
        (false, "the same in an old fleet", 30.0 / 153.8),
    ] {
        let mut spec = resident(1, 1.0 / 153.8);
        if let Some(failures) = &mut spec.failures {
            let new_fleet = Some(new_fleet);
            failures.law = Some(LawSpec::Weibull(WeibullSpec { shape: 0.7, new_fleet }));
        }
        table.simulated("T31", what, "formula", expected, |replication| {
            let mut training = model(&spec, 64, 32, replication);
            let end = Time::from_secs_f64(30.0 * DAY);
            training.advance(end);
            training.summary(end).node_failures as f64 / 2048.0
        });
    }
}

/// Curtailed twice a day for an hour, with and without notice; and capped by tiers.
fn stops(table: &mut Table) {
    let stops = Stops { mean_s: DAY / 2.0, off_s: HOUR, restart_s: 10.0 * MINUTE };
    for (id, what, notice_s, interval_s, expected) in [
        (
            "T19",
            "ETTR, curtailed with 2 min of notice",
            120.0,
            1e7,
            stopped_with_notice(stops, 120.0),
        ),
        ("T20", "ETTR, curtailed without notice", 0.0, HOUR, stopped_without_notice(stops, HOUR)),
    ] {
        let renewal = Renewal {
            mean_s: f64::INFINITY,
            interval_s,
            write_s: notice_s,
            restart_s: stops.restart_s,
            detect_s: 0.0,
            flush_s: 0.0,
        };
        let mut spec = checkpointed(resident(8, 0.0), renewal);
        let when = RandomSpec { rate: Rate(1.0 / stops.mean_s), duration: seconds(stops.off_s) };
        spec.curtailment = Some(CurtailmentSpec {
            when: WhenSpec::Random(when),
            notice: Some(seconds(notice_s)),
            reduce: None,
            response: None,
            tiers: None,
        });
        table.simulated(id, what, "formula", expected, |replication| {
            simulate(&spec, 1000.0, replication).ettr
        });
    }
    let (fewest, kept) = emerald();
    table.computed("T26", "256 GPUs, 25 % less for 3 h: cut of the draw, %", 25.0, fewest, 1e-6);
    table.computed("T26", "the same: cuts that were missed", 0.0, kept, 0.0);
}

/// A cluster of 256 GPUs whose jobs tolerate losses of 0, 10, 25 and 50 %, most of them the last
/// (the mix is not published), cuts its draw by a quarter. How much went, %, and cuts missed.
fn emerald() -> (f64, f64) {
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
        curtailment: Some(CurtailmentSpec {
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
    (100.0 * (1.0 - within / before), counts.map_or(f64::NAN, |counts| counts.missed as f64))
}

/// How often to write.
fn checkpoints(table: &mut Table) {
    for (id, write, mean_h, optimum, young, daly) in [
        ("T11", 60.0, 1.8, 14.038, 14.697, 14.038),
        ("T12", 600.0, 1.8, 40.062, 46.476, 40.048),
        ("T13", 600.0, 0.23, 10.727, 16.613, f64::NAN),
    ] {
        let mean_s = mean_h * HOUR;
        for (name, expected, value) in [
            ("optimum", optimum, optimal_interval_s(write, mean_s)),
            ("Young", young, young_interval_s(write, mean_s)),
            ("Daly", daly, daly_interval_s(write, mean_s)),
        ] {
            if expected.is_finite() {
                let what = format!("interval, min, {write} s at {mean_h} h: {name}");
                table.computed(id, &what, expected, value / MINUTE, 5e-4);
            }
        }
    }
    let renewal = Renewal {
        mean_s: f64::INFINITY,
        interval_s: 3.0 * HOUR,
        write_s: 40.0,
        restart_s: 0.0,
        detect_s: 0.0,
        flush_s: 0.0,
    };
    let spec = checkpointed(resident(48, 0.0), renewal);
    let hours = simulate(&spec, 1000.0 * (3.0 + 40.0 / HOUR) / 24.0, 0).gpu_hours;
    let percent = 100.0 * hours.checkpoint / hours.useful;
    table.computed("T14", "BLOOM: overhead of writes, %", 0.37, percent, 5e-3);
}

/// Waiting in the queue, in mean durations.
fn queues(table: &mut Table) {
    let hour = || DurationSpec::Exponential(ExponentialSpec { mean: seconds(HOUR) });
    let sigma2 = 5.0_f64.ln();
    let lognormal = DurationSpec::Lognormal(LognormalSpec {
        median: seconds(HOUR * (-0.5 * sigma2).exp()),
        sigma: sigma2.sqrt(),
    });
    let constant = DurationSpec::Constant(ConstantSpec { value: seconds(HOUR) });
    for (id, what, nodes, width, load, law, expected) in [
        ("T21", "M/M/8 at 0.85: mean wait", 8, 1, 0.85, hour(), 0.4771),
        ("T21", "M/M/64 at 0.95: mean wait", 64, 1, 0.95, hour(), 0.1838),
        ("T22", "M/M/1 at 0.8: mean wait", 8, 8, 0.8, hour(), 4.0),
        ("T22", "M/D/1 at 0.8: mean wait", 8, 8, 0.8, constant, 2.0),
        ("T22", "M/LN/1 at 0.6: mean wait", 8, 8, 0.6, lognormal, 3.75),
    ] {
        table.simulated(id, what, "formula", expected, |replication| {
            let arrivals = Rate(load * f64::from(nodes / width) / HOUR);
            let class = JobClassSpec::of(width, law.clone());
            let jobs = JobsSpec::Stream(StreamSpec::of(arrivals, vec![class]));
            let spec = TrainingSpec { jobs, ..resident(1, 0.0) };
            let mut training = model(&spec, nodes, 1, replication);
            let mut waits = Vec::new();
            // The first jobs only fill the system.
            while waits.len() < 44_000 {
                training.advance(training.next_at());
                training.drain_finished(|record| waits.push(record.wait_s() / HOUR));
            }
            mean(waits.into_iter().skip(4_000))
        });
    }
}

/// What a cap costs.
fn power(table: &mut Table) {
    let curve = CapCurve::h100(700.0);
    let full = curve.full();
    for (cap_w, expected) in
        [(200.0, 0.320), (300.0, 0.594), (400.0, 0.821), (500.0, 0.915), (600.0, 0.966)]
    {
        let speed = curve.at_cap(cap_w).map_or(0.0, |point| point.speed);
        table.computed("T23", &format!("H100: speed at {cap_w} W"), expected, speed, 5e-4);
    }
    for (cut, expected) in [(0.25, 0.928), (0.5, 0.708)] {
        let speed = curve.at_cap((1.0 - cut) * 700.0).map_or(0.0, |point| point.speed);
        let what = format!("H100: speed under a cut of {:.0} %", cut * 100.0);
        table.computed("T23", &what, expected, speed, 5e-4);
    }
    let gain = |per: fn(f64, f64) -> f64| {
        let best = curve.points().iter().map(|p| p.speed / per(p.cap_w, p.draw_w));
        100.0 * (best.fold(0.0, f64::max) * per(full.cap_w, full.draw_w) - 1.0)
    };
    table.computed("T24", "H100: tokens/J at the best cap, %, by cap", 44.0, gain(|c, _| c), 0.5);
    table.computed("T24", "H100: the same by draw", 34.0, gain(|_, d| d), 0.5);
}

fn seconds(s: f64) -> Duration {
    Duration((s * 1e9).round() as u64)
}

/// One job of `nodes` nodes that never wants for a spare: failures are mended within a minute.
fn resident(nodes: u32, per_node_day: f64) -> TrainingSpec {
    TrainingSpec {
        failures: Some(FailureSpec {
            rate: Some(Rate(per_node_day / DAY)),
            soft_share: Some(Fraction(1.0)),
            soft_repair: Some(seconds(MINUTE)),
            ..FailureSpec::default()
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

fn checkpointed(spec: TrainingSpec, renewal: Renewal) -> TrainingSpec {
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

fn model(spec: &TrainingSpec, nodes_per_rack: u32, racks: usize, replication: u64) -> Training {
    let rack = GpuRackSpec {
        count: None,
        fed_by: Some(Names::default()),
        cooled_by: None,
        air_cooled_by: None,
        liquid_capture: None,
        chip: None,
        nodes: nodes_per_rack,
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
    let rack = rack.resolve(&mut faults);
    let design = spec.resolve(&rack, racks, &mut faults);
    assert!(faults.is_empty(), "{faults:?}");
    let names: Vec<String> = (0..racks).map(|i| format!("rack-{i}")).collect();
    Training::new(design, rack, &names, "jobs", &Streams::new(1, replication))
}

/// Runs a resident job, with spares beside it, for `days`.
fn simulate(spec: &TrainingSpec, days: f64, replication: u64) -> TrainingSummary {
    let JobsSpec::Resident(ResidentSpec { nodes: Some(nodes), .. }) = spec.jobs else {
        panic!("a resident job with its nodes");
    };
    let per_rack = nodes.min(64);
    let racks = nodes.div_ceil(per_rack) as usize + 1;
    let mut training = model(spec, per_rack, racks, replication);
    let end = Time::from_secs_f64(days * DAY);
    training.advance(end);
    training.summary(end)
}

struct Table {
    missed: u32,
}

impl Table {
    fn head(&self) {
        print(&format!(
            "{:<4} {:<50} {:>9} {:>10} {:>10} {:>9}  verdict",
            "", "target", "published", "expected", "ours", "+-"
        ));
    }

    /// The mean over replications of `f`.
    fn simulated(
        &mut self,
        id: &str,
        what: &str,
        published: &str,
        expected: f64,
        f: impl FnMut(u64) -> f64,
    ) {
        let runs: Vec<f64> = (0..REPLICATIONS).map(f).collect();
        let n = REPLICATIONS as f64;
        let interval = 3.0 * deviation(&runs) / (n - 1.0).sqrt();
        self.row(id, what, published, expected, mean(runs), interval);
    }

    /// A figure without chance, to the digits that are published.
    fn computed(&mut self, id: &str, what: &str, expected: f64, ours: f64, tolerance: f64) {
        self.row(id, what, "formula", expected, ours, tolerance);
    }

    fn row(
        &mut self,
        id: &str,
        what: &str,
        published: &str,
        expected: f64,
        ours: f64,
        interval: f64,
    ) {
        let is_met = (ours - expected).abs() <= interval;
        self.missed += u32::from(!is_met);
        let verdict = if is_met { "met" } else { "MISSED" };
        print(&format!(
            "{id:<4} {what:<50} {published:>9} {expected:>10.4} {ours:>10.4} {interval:>9.4}  {verdict}"
        ));
    }
}
