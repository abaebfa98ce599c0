//! What nodes draw, what caps cost, and how far the draw swings.

use loadbank::kernel::Time;
use loadbank::units::{Duration, Fraction, Power, Rate};
use loadbank::workload::RackOffer;
use loadbank::workload::gpu::{CapCurve, CapPointSpec, GpuRackSpec};
use loadbank::workload::training::{
    ConstantSpec, DetectionSpec, DurationSpec, JobClassSpec, JobRecord, JobsSpec, PowerSharesSpec,
    StreamSpec, Training, TrainingSpec,
};

use super::site::{HOUR, model_on, rack, resident, seconds};
use super::table::{Table, Target};

/// T23, T24: speed and tokens for a joule of an H100 under a cap.
pub(super) fn caps(table: &mut Table) {
    let curve = CapCurve::h100(700.0);
    let full = curve.full();
    for (cap_w, published, expected) in [
        (200.0, "9,699", 9_699.0),
        (300.0, "17,982", 17_982.0),
        (400.0, "24,853", 24_853.0),
        (500.0, "27,705", 27_705.0),
        (600.0, "29,250", 29_250.0),
    ] {
        let speed = curve.at_cap(cap_w).map_or(0.0, |point| point.speed);
        let what = format!("H100: tokens/s at {cap_w} W, of 30,271");
        let target = Target { id: "T23", what: &what, published, expected };
        // The curve is kept to three digits.
        table.computed(target, speed * 30_271.0, 5e-4 * 30_271.0);
    }
    for (cut, expected) in [(0.25, 0.928), (0.5, 0.708)] {
        let speed = curve.at_cap((1.0 - cut) * 700.0).map_or(0.0, |point| point.speed);
        let what = format!("H100: speed under a cut of {:.0} %", cut * 100.0);
        table.computed(Target::formula("T23", &what, expected), speed, 5e-4);
    }
    let gain = |per: fn(f64, f64) -> f64| {
        let best = curve.points().iter().map(|p| p.speed / per(p.cap_w, p.draw_w));
        100.0 * (best.fold(0.0, f64::max) * per(full.cap_w, full.draw_w) - 1.0)
    };
    let by_cap = Target::formula("T24", "H100: tokens/J at the best cap, %, by cap", 44.0);
    table.computed(by_cap, gain(|cap, _| cap), 0.5);
    table.computed(Target::formula("T24", "H100: the same by draw", 34.0), gain(|_, d| d), 0.5);
    v100(table);
}

/// T25: a V100 at 150 of 250 W needs 6.8 % more time and 13.7 % less energy, so that it draws 0.808
/// of what it draws without the cap, which is therefore 186 W. Given these two points of its
/// curve, a job of a class with the cap takes so much more time and so much less energy.
fn v100(table: &mut Table) {
    let (time, energy) = (1.068, 1.0 - 0.137);
    let uncapped_w = 150.0 * time / energy;
    let point = |cap, draw, speed| CapPointSpec {
        cap: Power(cap),
        draw: Some(Power(draw)),
        speed: Fraction(speed),
    };
    let v100 = GpuRackSpec {
        gpu_power: Power(250.0),
        node_overhead: Power(0.0),
        cap_curve: Some(vec![point(150.0, 150.0, 1.0 / time), point(250.0, uncapped_w, 1.0)]),
        ..rack(1)
    };
    let ran = |cap| {
        let work = DurationSpec::Constant(ConstantSpec { value: seconds(24.0 * HOUR) });
        let class = JobClassSpec { cap, ..JobClassSpec::of(1, work) };
        let spec = TrainingSpec {
            jobs: JobsSpec::Stream(StreamSpec::of(Rate(1.0 / HOUR), vec![class])),
            power: Some(all_computing(uncapped_w / 250.0)),
            ..resident(1, 0.0)
        };
        let record = first_job(&mut model_on(&v100, &spec, 1, 0));
        ((record.end - record.start).as_secs_f64(), record.energy_kwh)
    };
    let (free, capped) = (ran(None), ran(Some(Power(150.0))));
    for (what, published, expected, ours) in [
        ("V100 at 150 of 250 W: time, %", "+6.8", 6.8, capped.0 / free.0),
        ("V100 at 150 of 250 W: energy, %", "-13.7", -13.7, capped.1 / free.1),
    ] {
        let target = Target { id: "T25", what, published, expected };
        table.computed(target, 100.0 * (ours - 1.0), 1e-6);
    }
}

/// A job that computes all of its time at `share` of the thermal design power.
fn all_computing(share: f64) -> PowerSharesSpec {
    PowerSharesSpec {
        duty: Some(Fraction(1.0)),
        compute: Some(Fraction(share)),
        ..PowerSharesSpec::default()
    }
}

fn first_job(training: &mut Training) -> JobRecord {
    let mut first = None;
    while first.is_none() {
        training.advance(training.next_at());
        training.drain_finished(|record| {
            first.get_or_insert_with(|| record.clone());
        });
    }
    first.expect("a job has ended")
}

/// T28, T29: 2,048 nodes of eight H100 at most, and by how much they swing.
pub(super) fn site(table: &mut Table) {
    let dgx = GpuRackSpec { gpus_per_node: 8, node_overhead: Power(4600.0), ..rack(4) };
    let total_mw = |training: &Training| {
        (0..training.rack_count()).map(|rack| training.draw_w(rack)).sum::<f64>() / 1e6
    };
    let at = Time::from_secs_f64;
    let spec = TrainingSpec { power: Some(all_computing(1.0)), ..resident(2048, 0.0) };
    let mut training = model_on(&dgx, &spec, 512, 0);
    training.advance(at(1.0));
    let what = "16,384 H100 at most, MW: 2,048 nodes of 10.2 kW";
    let target = Target { id: "T28", what, published: "20.9", expected: 20.8896 };
    table.computed(target, total_mw(&training), 1e-9);

    let spec = TrainingSpec {
        power: Some(all_computing(0.9)),
        restart: Some(seconds(600.0)),
        detection: Some(DetectionSpec {
            explicit: Some(seconds(60.0)),
            hang: Some(Duration(0)),
            hang_share: Some(Fraction(0.0)),
        }),
        ..resident(2048, 0.0)
    };
    let mut training = model_on(&dgx, &spec, 513, 0);
    training.advance(at(0.0));
    let starting = total_mw(&training);
    training.advance(at(1000.0));
    let running = total_mw(&training);
    let gpus_mw = 16_384.0 * 700.0 / 1e6;
    let what = "16,384 H100 that start training, MW: 0.9 - 0.2 of TDP";
    let target = Target { id: "T29", what, published: "8.0", expected: 0.7 * gpus_mw };
    table.computed(target, running - starting, 1e-9);
    // A rack is lost, and the others spin in a collective until that is noticed.
    let lost_mw = training.draw_w(0) / 1e6;
    training.offer(at(1000.0), 0, RackOffer { live: false, ..RackOffer::FULL });
    training.settle(at(1000.0));
    let fallen = running - lost_mw - total_mw(&training);
    let what = "the same that stop for 2,044 nodes, MW: 0.9 - 0.5";
    let expected = 0.4 * gpus_mw * 2044.0 / 2048.0;
    let target = Target { id: "T29", what, published: "4.6", expected };
    table.computed(target, fallen, 1e-9);
}
