//! Racks that smooth what they draw, beside caps, heat and curtailments: by hand and by closed forms.
//!
//! A node is one H100 of 700 W with 250 W beside it. Its job computes for 80 % of the time at 630 W and
//! communicates at 350 W, so that it draws 574 W as a mean.

use super::super::*;
use crate::kernel::Span;
use crate::units::Fraction;
use crate::workload::smoothing::{BurnDesign, SmoothingDesign};
use crate::workload::training::spec::*;
use crate::workload::training::tests::*;

const FULL_W: f64 = 250.0 + 700.0;
const WORK_W: f64 = 250.0 + 574.0;
const RESIDENT_W: f64 = 250.0 + 0.17 * 700.0;

fn burning(floor: f64, hold_s: u64, down_w_s: f64) -> SmoothingDesign {
    let burn = Some(BurnDesign { floor, hold: Span::from_secs(hold_s), down_w_s });
    SmoothingDesign { burn, ..SmoothingDesign::default() }
}

/// A job without end on `racks` racks of eight nodes each, from the start.
fn smoothed(spec: &TrainingSpec, racks: usize, smoothing: SmoothingDesign) -> Training {
    let rack = GpuRackDesign { smoothing, ..rack(8) };
    let mut faults = Vec::new();
    let design = spec.resolve(&rack, racks, &mut faults);
    assert_eq!(faults, []);
    let names: Vec<String> = (0..racks).map(|i| format!("rack-{i}")).collect();
    Training::new(design, rack, &names, "jobs", &Streams::new(1, 0))
}

fn after(s: f64) -> Time {
    Time::from_secs_f64(s)
}

#[track_caller]
fn near(found: f64, expected: f64) {
    assert!((found - expected).abs() < 1e-6 * (1.0 + expected.abs()), "{found} is not {expected}");
}

/// A job that does nothing but compute burns the dips of its GPUs for as long as it does, and useful
/// hours pay for them. The floor is one of the node: its GPU has what the 250 W beside it leave. Writes
/// burn nothing.
#[test]
fn dips_cost_their_share_of_every_useful_hour() {
    for (floor, of_gpu_w) in [(0.6, 0.6 * FULL_W - 250.0), (0.8, 0.8 * FULL_W - 250.0)] {
        let dip_w = 0.2 * (of_gpu_w - 350.0_f64).max(0.0);
        let mut training = smoothed(&resident(16, 0.0), 2, burning(floor, 20, 500.0));
        run_to(&mut training, after(10.0 * HOUR));
        near(training.burn_w(), 16.0 * dip_w);
        near(training.draw_w(1), 8.0 * (WORK_W + dip_w));
        let summary = training.summary(after(10.0 * HOUR));
        near(summary.kwh_per_useful_gpu_hour.unwrap(), (WORK_W + dip_w) / 1e3);
    }
    let mut spec = checkpointed(resident(16, 0.0), 900.0, 100.0, 0.0, 0.0);
    spec.spares = Some(0);
    let mut training = smoothed(&spec, 2, burning(1.0, 20, 500.0));
    run_to(&mut training, after(10.0 * HOUR));
    near(training.burn_w(), 16.0 * 0.9 * 0.2 * (630.0 - 350.0));
}

/// Where computing is held to 400 W, no dip is deeper than that, whatever the floor; what is burnt goes
/// before that, and below 350 W nothing dips.
#[test]
fn a_cap_takes_what_is_burnt_and_then_the_dips() {
    let mut training = smoothed(&resident(8, 0.0), 1, burning(1.0, 20, 500.0));
    training.advance(Time::ZERO);
    near(training.draw_w(0), 8.0 * (WORK_W + 0.2 * 280.0));
    near(training.demand(0).total_w(), 8.0 * (WORK_W + 0.2 * 280.0));
    let mean_w = 0.8 * 400.0 + 0.2 * 350.0;
    for (i, (of_gpu_w, burnt_w)) in
        [(574.0 + 30.0, 30.0), (574.0, 0.0), (mean_w, 0.0)].into_iter().enumerate()
    {
        let now = after(100.0 * (i + 1) as f64);
        run_to(&mut training, now);
        let cap_w = 8.0 * (250.0 + of_gpu_w);
        training.offer(now, 0, RackOffer { cap_w, ..RackOffer::FULL });
        training.settle(now);
        near(training.draw_w(0), cap_w);
        near(training.burn_w(), 8.0 * burnt_w);
    }
    // As slow by heat, which asks for no less than its dips do: those of 400 W.
    let speed = training.design.power.run.speed_at(mean_w);
    let now = after(1000.0);
    run_to(&mut training, now);
    training.offer(now, 0, RackOffer { speed, ..RackOffer::FULL });
    training.settle(now);
    // The fall from before goes on meanwhile.
    run_to(&mut training, now + Span::from_hours(1));
    near(training.burn_w(), 8.0 * 0.2 * (400.0_f64.min(speed * FULL_W - 250.0) - 350.0));
    training.offer(now + Span::from_hours(1), 0, RackOffer { cap_w: 0.0, ..RackOffer::FULL });
    training.settle(now + Span::from_hours(1));
    assert_eq!(training.burn_w(), 0.0);
}

/// A cut of a half is met at once by a job that pauses: nothing is held up while it lasts, though the
/// floor and its hold would have it. What it is a half of is what was drawn, with what was burnt.
#[test]
fn a_cut_ends_what_is_burnt() {
    let first = seconds(HOUR);
    let spec = TrainingSpec {
        curtailment: Some(WorkloadCurtailmentSpec {
            when: WhenSpec::Scheduled(ScheduledSpec { first, every: None, duration: first }),
            notice: Some(seconds(0.0)),
            reduce: Some(Fraction(0.5)),
            response: Some(Response::Pause),
            tiers: None,
        }),
        ..resident(8, 0.0)
    };
    let mut training = smoothed(&spec, 1, burning(0.8, 3600, 500.0));
    run_to(&mut training, after(HOUR - 1.0));
    let drawn_w = training.draw_w(0);
    near(drawn_w, 8.0 * (WORK_W + 0.2 * (0.8 * FULL_W - 250.0 - 350.0)));
    run_to(&mut training, after(HOUR));
    near(training.draw_w(0), 8.0 * RESIDENT_W);
    assert!(training.draw_w(0) < 0.5 * drawn_w);
    assert_eq!(training.burn_w(), 0.0);
    let counts = training.summary(after(2.0 * HOUR)).curtailment.expect("it is curtailed");
    assert_eq!(counts.missed, 0);
    near(counts.called_kwh, 0.5 * drawn_w / 1e3);
    run_to(&mut training, after(2.0 * HOUR + 1.0));
    near(training.draw_w(0), drawn_w);
}

/// Two racks that are held to what their nodes draw without work, and then rise: at 100 W/s from there.
/// What power is short of is asked for whole, and no rise goes on behind a cap.
#[test]
fn a_rise_waits_for_what_is_short() {
    let up_w_s = Some(100.0);
    let mut training =
        smoothed(&resident(8, 0.0), 1, SmoothingDesign { up_w_s, ..SmoothingDesign::default() });
    training.advance(Time::ZERO);
    near(training.draw_w(0), 8.0 * WORK_W);
    let held_w = 8.0 * (250.0 + 300.0);
    let offer = |training: &mut Training, s: f64, cap_w: f64| {
        run_to(training, after(s));
        training.offer(after(s), 0, RackOffer { cap_w, ..RackOffer::FULL });
        training.settle(after(s));
    };
    offer(&mut training, 100.0, held_w);
    // Something else is told of the same rack.
    offer(&mut training, 200.0, held_w - 1.0);
    offer(&mut training, 300.0, held_w);
    near(training.demand(0).total_w(), 8.0 * WORK_W);
    run_to(&mut training, after(1000.0));
    near(training.demand(0).total_w(), 8.0 * WORK_W);
    near(training.draw_w(0), held_w);
    // Part of it comes back: the draw rises to that, and no further by the clock.
    let part_w = held_w + 8.0 * 100.0;
    offer(&mut training, 1000.0, part_w);
    let step_w = 0.05 * 8.0 * FULL_W;
    let rises = |training: &mut Training, from_s: f64, from_w: f64, to_w: f64| {
        for s in 0..=((to_w - from_w) / 100.0) as u32 {
            run_to(training, after(from_s + f64::from(s)));
            let ramp_w = (from_w + 100.0 * f64::from(s)).min(to_w);
            assert!((training.draw_w(0) - ramp_w).abs() <= step_w, "{s} s: {ramp_w}");
            assert!(training.draw_w(0) <= to_w + 1e-6);
        }
        run_to(training, after(from_s + (to_w - from_w) / 100.0 + 1.0));
        near(training.draw_w(0), to_w);
    };
    rises(&mut training, 1000.0, held_w, part_w);
    offer(&mut training, 2000.0, f64::INFINITY);
    assert!(training.draw_w(0) <= part_w + step_w);
    near(training.demand(0).total_w(), training.draw_w(0));
    rises(&mut training, 2000.0, part_w, 8.0 * WORK_W);
}
