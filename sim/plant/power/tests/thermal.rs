//! Hot spots of transformers, against an independent implementation and a brute force.

use proptest::prelude::*;

use super::super::thermal::{Course, Paper, ThermalDesign, Warmth};

const MINUTE_S: f64 = 60.0;

/// ONAF: 60 K and 22.1 K at rated load, losses one to six, 150 and 7 min.
fn onaf(paper: Paper) -> ThermalDesign {
    ThermalDesign {
        top_oil_k: 60.0,
        hot_spot_k: 22.1,
        losses: (1.0, 6.0),
        oil_s: 150.0 * MINUTE_S,
        winding_s: 7.0 * MINUTE_S,
        paper,
        alarm_c: 120.0,
        overload: None,
    }
}

fn close(value: f64, expected: f64, tolerance: f64) {
    assert!((value - expected).abs() <= tolerance, "{value}, expected {expected}");
}

/// Steady at 0.8 in air of 30 degC, then at 1.3: equal to alliander's transformer-thermal-model 0.6.0.
fn step(paper: Paper) -> (ThermalDesign, Warmth, Course) {
    let design = onaf(paper);
    let start = design.steady(Some(0.8), 30.0);
    (design, start, design.course(&start, Some(1.3), 30.0))
}

#[test]
fn a_step_of_load_warms_as_published() {
    let (_, start, course) = step(Paper::Normal);
    close(start.hot_spot_c(), 91.198_318, 5e-7);
    for (minutes, expected) in [
        (0.0, 91.198_318),
        (5.0, 101.729_363),
        (15.0, 115.367_332),
        (30.0, 126.045_593),
        (60.0, 135.202_473),
        (120.0, 142.476_471),
        (240.0, 146.961_796),
    ] {
        close(course.at(minutes * MINUTE_S), expected, 5e-7);
    }
    for (level_c, minutes) in [(110.0, 10.361_067), (120.0, 20.220_834), (140.0, 92.893_220)] {
        close(course.rises_to(level_c).expect("it does") / MINUTE_S, minutes, 5e-7);
    }
    assert_eq!(course.rises_to(150.0), None, "it ends at 148.1 degC");
    close(course.highest(240.0 * MINUTE_S), 146.961_796, 5e-7);
}

#[test]
fn life_goes_by_what_paper_stands() {
    for (paper, hours) in [(Paper::Normal, 628.944_126_9), (Paper::Upgraded, 76.388_103_4)] {
        let (_, _, course) = step(paper);
        let used_h = course.life_s(4.0 * 3600.0) / 3600.0;
        close(used_h / hours, 1.0, 1e-5);
    }
    let (design, start, _) = step(Paper::Normal);
    let warm = design.after(&start, Some(1.3), 30.0, 4.0 * 3600.0);
    let cooling = design.course(&warm, Some(0.8), 30.0);
    close(cooling.life_s(20.0 * 3600.0) / 3600.0 / 33.930_433, 1.0, 1e-5);
}

/// IEEE C57.91 and IEC 60076-7, as they are printed.
#[test]
fn ageing_is_as_printed() {
    for (c, rate) in
        [(98.0, 0.281_74), (110.0, 1.0), (117.0, 2.0197), (120.0, 2.7089), (140.0, 17.1995)]
    {
        close(Paper::Upgraded.ageing(c), rate, 1e-4);
    }
    for (c, rate) in [(92.0, 0.5), (98.0, 1.0), (104.0, 2.0), (110.0, 4.0)] {
        close(Paper::Normal.ageing(c), rate, 1e-12);
    }
}

/// Two alike under one load, of which the second stands without load from 14 to 18 h of the day that
/// counts; load and air hold for an hour each.
#[test]
fn one_of_two_carries_an_afternoon_alone() {
    let design = onaf(Paper::Normal);
    let cosine =
        |hour: u32, from: f64| (2.0 * std::f64::consts::PI * (f64::from(hour) - from) / 24.0).cos();
    let day = |unit: u32, fails: bool| {
        let load = |hour: u32| 1.0 + 0.2 * cosine(hour, 16.0);
        let air_c = |hour: u32| 30.0 + 8.0 * cosine(hour, 15.0);
        let mut warmth = design.steady(Some(load(0) / 2.0), air_c(0));
        let (mut life_s, mut warmest_c) = (0.0, f64::NEG_INFINITY);
        for hour in 0..48 {
            let of_day = hour % 24;
            let alone = fails && hour >= 24 && (14..18).contains(&of_day);
            let carried = match (alone, unit) {
                (true, 1) => load(of_day),
                (true, _) => 0.0,
                (false, _) => load(of_day) / 2.0,
            };
            if hour >= 24 {
                let course = design.course(&warmth, Some(carried), air_c(of_day));
                life_s += course.life_s(3600.0);
                warmest_c = warmest_c.max(course.highest(3600.0));
            }
            warmth = design.after(&warmth, Some(carried), air_c(of_day), 3600.0);
        }
        (life_s / 3600.0, warmest_c)
    };
    let (life_h, warmest_c) = day(1, true);
    close(life_h / 310.135_674, 1.0, 1e-5);
    close(warmest_c, 140.733_762, 1e-6);
    close(day(2, true).0 / 0.514_951_91, 1.0, 1e-5);
    let (life_h, warmest_c) = day(1, false);
    close(life_h / 1.057_595_59, 1.0, 1e-5);
    close(warmest_c, 80.528_256, 1e-6);
}

/// What is not energised cools down to the air; without losses only the windings are warm.
#[test]
fn a_dead_transformer_has_no_loss() {
    let design = onaf(Paper::Normal);
    let warm = design.steady(Some(1.0), 30.0);
    close(design.after(&warm, None, 20.0, 1e6).hot_spot_c(), 20.0, 1e-6);
    assert!(design.after(&warm, Some(0.0), 20.0, 1e6).hot_spot_c() > 20.0 + 10.0);
    let lossless = ThermalDesign { losses: (0.0, 0.0), ..design };
    close(lossless.steady(Some(1.0), 30.0).hot_spot_c(), 52.1, 1e-12);
}

proptest! {
    /// Extremes and crossings are those of a fine walk along the course.
    #[test]
    fn extremes_and_crossings_are_found(
        loads in prop::collection::vec((0.0f64..1.5, 60.0f64..20_000.0), 1..6),
        last in 0.0f64..1.5,
        times in (10.0f64..300.0, 1.0f64..60.0),
        level in 0.0f64..1.0,
    ) {
        let (oil_s, winding_s) = (times.0 * MINUTE_S, times.1 * MINUTE_S);
        let design = ThermalDesign { oil_s, winding_s, ..onaf(Paper::Normal) };
        let mut warmth = design.steady(Some(0.5), 20.0);
        for (load, seconds) in loads {
            warmth = design.after(&warmth, Some(load), 20.0, seconds);
        }
        let course = design.course(&warmth, Some(last), 20.0);
        let walk: Vec<f64> = (0..=20_000).map(|step| course.at(3.0 * f64::from(step))).collect();
        let (low, high) = walk.iter().fold((f64::MAX, f64::MIN), |(a, b), c| (c.min(a), c.max(b)));
        let highest = course.highest(60_000.0);
        prop_assert!(highest >= high - 1e-9 && highest <= high + 0.01, "{highest} of {high}");
        prop_assert!((course.at(3.0) - design.after(&warmth, Some(last), 20.0, 3.0).hot_spot_c()).abs() < 1e-9);
        let level_c = low + level * (high - low);
        let seen = |is: &dyn Fn(f64) -> bool| walk.iter().position(|&c| is(c)).map(|at| 3.0 * at as f64);
        for (found, walked) in [
            (course.rises_to(level_c), seen(&|c| c >= level_c)),
            (course.falls_to(level_c), seen(&|c| c <= level_c)),
        ] {
            match (found, walked) {
                (Some(found), Some(walked)) => {
                    prop_assert!((walked - found).abs() <= 3.0 + 1e-6, "{found} s, walked {walked} s");
                }
                (None, None) => {}
                // A peak between two steps, or a level that is only neared.
                (Some(found), None) => prop_assert!((course.at(found) - level_c).abs() < 1e-6),
                (None, Some(walked)) => prop_assert!(false, "missed {level_c} at {walked} s"),
            }
        }
    }
}
