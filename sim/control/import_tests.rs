//! Order, ladder, ramps and margins against closed forms.

use super::import::{self, Changes, Ramp, Rung, STEP, SitePolicy, smoothing};
use crate::kernel::{Span, Time};
use crate::plant::Rank;

#[test]
fn awards_are_kept_up_against_what_comes_after_them() {
    use SitePolicy::{Emergency, Peaks, Price, Reserve};
    let holds = |order: Option<&[SitePolicy]>| {
        let mut faults = Vec::new();
        let holds = import::holds(order, &mut faults);
        ((holds.price, holds.peaks), faults)
    };
    assert_eq!(holds(None), ((false, false), vec![]));
    assert_eq!(holds(Some(&[Emergency, Reserve, Peaks, Price])), ((true, true), vec![]));
    assert_eq!(holds(Some(&[Peaks, Reserve])), ((true, false), vec![]));
    assert_eq!(holds(Some(&[Emergency, Reserve, Price, Peaks])).0, (true, true));
    for wrong in [&[Reserve, Emergency][..], &[Price, Price]] {
        assert_eq!(holds(Some(wrong)).1[0].field, "order[1]");
    }
}

#[test]
fn a_ladder_has_every_rung_once() {
    use Rung::{BatchInference, Inference, Mining, TrainingCap, TrainingPause};
    let ladder = |rungs: &[Rung]| {
        let mut faults = Vec::new();
        let ladder = import::ladder(Some(rungs), &mut faults);
        (ladder.0, faults.first().map(|fault| fault.field.clone()))
    };
    let (ranks, fault) = ladder(&[BatchInference, TrainingCap, TrainingPause, Mining, Inference]);
    assert_eq!(fault, None);
    assert_eq!(ranks[..2], [Rank::Recharge, Rank::BatchInference]);
    assert_eq!(ranks[4..], [Rank::Mining, Rank::Inference, Rank::Idle, Rank::Cooling]);
    let twice = [Mining, TrainingCap, TrainingCap, BatchInference, Inference];
    assert_eq!(ladder(&twice).1.as_deref(), Some("ladder[2]"));
    assert_eq!(ladder(&[Mining, Inference]).1.as_deref(), Some("ladder"));
    let paused = [TrainingPause, TrainingCap, Mining, BatchInference, Inference];
    assert_eq!(ladder(&paused).1.as_deref(), Some("ladder[0]"));
}

/// A step of 24.85 MW becomes a ramp of 5 MW/min with 1.029204 MWh, in 4.97 min.
#[test]
fn a_step_is_smoothed_by_the_triangle_under_its_ramp() {
    for step_w in [24.85e6, -24.85e6] {
        let (energy_j, seconds) = smoothing(step_w, 5e6 / 60.0);
        assert!((energy_j / 3.6e9 - 1.029_204).abs() < 5e-7, "{energy_j} J");
        assert!((seconds / 60.0 - 4.97).abs() < 1e-9, "{seconds} s");
    }
}

/// 100 MW that come back by 2 % a second take 50 s and miss 0.694444 MWh; by 20 % a minute, 300 s and
/// 4.166667 MWh. They go in the same time.
#[test]
fn a_ramp_takes_what_its_triangle_says() {
    for (rate, seconds, mwh) in [(2e6, 50, 0.694_444), (20e6 / 60.0, 300, 4.166_667)] {
        for rises in [true, false] {
            let (full_w, rates) = (100e6, (Some(rate), Some(rate)));
            let (mut ramp, mut now) = (Ramp::default(), Time::ZERO);
            let (mut import_w, end_w) = if rises { (0.0, full_w) } else { (full_w, 0.0) };
            ramp.settle(now, rates, (import_w, import_w, import_w));
            // At rest for an hour: what was not used is not saved up.
            now += Span::from_secs(3600);
            ramp.settle(now, rates, (import_w, import_w, import_w));
            let (mut steps, mut missing_j) = (0_i32, 0.0_f64);
            while import_w != end_w {
                let (wanted_w, left_w) = if rises { (full_w, import_w) } else { (import_w, 0.0) };
                ramp.settle(now, rates, (import_w, wanted_w, left_w));
                import_w = match rises {
                    true => ramp.most_w(rate).min(full_w),
                    false => ramp.least_w(rate),
                };
                missing_j += (import_w - end_w).abs() * STEP.as_secs_f64();
                now += STEP;
                steps += 1;
            }
            assert!((steps - 1 - seconds).abs() <= 1, "{steps} steps");
            assert!((missing_j / 3.6e9 - mwh).abs() < 1e-6, "{} MWh", missing_j / 3.6e9);
        }
    }
}

#[test]
fn a_margin_follows_the_changes_of_a_day() {
    let mut changes = Changes::default();
    assert_eq!(changes.rms_w(), 0.0);
    let hour = Span::from_hours(1);
    for look in 0..25 {
        // Up by 3, down by 3.
        changes.look(10.0 + 3.0 * f64::from(look % 2), hour);
    }
    assert!((changes.rms_w() - 3.0).abs() < 1e-12);
    for _ in 0..12 {
        changes.look(10.0, hour);
    }
    // Half of the last 24 changes were by 3, the others none.
    assert!((changes.rms_w() - 3.0 / 2.0f64.sqrt()).abs() < 1e-12);
}
