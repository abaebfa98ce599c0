//! Fits of models whose parameters are known.

use super::*;
use crate::kernel::Streams;

/// `a x / (b + x)`: the law of Michaelis and Menten, in which two parameters bend one curve.
fn bent(values: &[f64], xs: &[f64]) -> Vec<f64> {
    xs.iter().map(|x| values[0] * x / (values[1] + x)).collect()
}

fn xs() -> Vec<f64> {
    (1..=60).map(|i| 0.2 * f64::from(i)).collect()
}

/// About normal noise of a standard deviation of one.
fn noise(seed: u64, count: usize) -> Vec<f64> {
    let mut luck = Streams::new(seed, 0).stream("curve test", "noise");
    (0..count).map(|_| (0..12).map(|_| luck.uniform()).sum::<f64>() - 6.0).collect()
}

fn fit(
    starts: &[f64],
    measured: &[f64],
    model: &(dyn Fn(&[f64]) -> Vec<f64> + Sync),
) -> Result<CurveFit, FitError> {
    let names: Vec<String> =
        ["a", "b", "c"].iter().take(starts.len()).map(ToString::to_string).collect();
    fit_curve(&Curve {
        names: &names,
        starts,
        measured,
        ends: &[measured.len()],
        model: &|values| Ok(model(values)),
    })
}

#[test]
fn a_bent_curve_is_found_from_afar() {
    let exact = bent(&[3.0, 2.0], &xs());
    let found = fit(&[10.0, 0.5], &exact, &|values| bent(values, &xs())).unwrap();
    assert!((found.values[0] / 3.0 - 1.0).abs() < 1e-5, "{found:?}");
    assert!((found.values[1] / 2.0 - 1.0).abs() < 1e-5, "{found:?}");
}

/// A 95 % interval holds the known value in 95 of 100 sets: of 200, 190 and a standard deviation
/// of 3.1.
#[test]
fn intervals_of_a_curve_hold_what_they_promise() {
    let mut hits = [0; 2];
    for seed in 0..200 {
        let noise = noise(seed, 60);
        let measured: Vec<f64> =
            bent(&[3.0, 2.0], &xs()).iter().zip(&noise).map(|(y, e)| y + 0.05 * e).collect();
        let found = fit(&[2.0, 1.0], &measured, &|values| bent(values, &xs())).unwrap();
        for ((value, half), (known, hits)) in
            found.values.iter().zip(&found.halves).zip([3.0, 2.0].iter().zip(&mut hits))
        {
            *hits += u32::from((value - known).abs() <= *half);
        }
    }
    assert!(hits.iter().all(|hits| (180..=199).contains(hits)), "{hits:?}");
}

/// Errors that grow with what is measured weigh most where the curve says most of its parameters.
#[test]
fn intervals_hold_where_errors_grow_with_the_reading() {
    let xs: Vec<f64> = (0..120).map(|i| f64::from(i * 37 % 120 + 1)).collect();
    let mut hits = 0;
    for seed in 0..200 {
        let measured: Vec<f64> =
            xs.iter().zip(noise(seed, 120)).map(|(x, e)| 2.0 * x * (1.0 + 0.05 * e)).collect();
        let line = |values: &[f64]| xs.iter().map(|x| values[0] * x).collect();
        let found = fit(&[1.0], &measured, &line).unwrap();
        hits += u32::from((found.values[0] - 2.0).abs() <= found.halves[0]);
    }
    assert!((180..=199).contains(&hits), "{hits}");
}

/// Errors of which each is most of the one before say less than their number.
#[test]
fn intervals_are_wider_where_residuals_follow_each_other() {
    let mut hits = 0;
    for seed in 0..100 {
        let mut last = 0.0;
        let level: Vec<f64> = noise(seed, 400)
            .into_iter()
            .map(|e| {
                last = 0.8 * last + 0.6 * e;
                5.0 + 0.3 * last
            })
            .collect();
        let found = fit(&[4.0], &level, &|values| vec![values[0]; 400]).unwrap();
        hits += u32::from((found.values[0] - 5.0).abs() <= found.halves[0]);
    }
    // Taken for independent, a third of the width would hold it in half of the sets.
    assert!(hits >= 88, "{hits}");
}

#[test]
fn what_a_meter_cannot_tell_is_named() {
    let exact: Vec<f64> = xs().iter().map(|x| 6.0 * x).collect();
    let product = |values: &[f64]| xs().iter().map(|x| values[0] * values[1] * x).collect();
    let error = fit(&[2.0, 2.0], &exact, &product).unwrap_err();
    assert!(error.message.contains("cannot tell `b` from `a`"), "{error}");
    let idle = |values: &[f64]| xs().iter().map(|x| values[0] * x).collect();
    let error = fit(&[2.0, 2.0], &exact, &idle).unwrap_err();
    assert!(error.message.contains("says nothing of `b`"), "{error}");
    // What moves it is drowned.
    let noise = noise(7, 60);
    let drowned: Vec<f64> = noise.iter().map(|e| 10.0 + e).collect();
    let both = |values: &[f64]| xs().iter().map(|x| values[0] + 1e-3 * values[1] * x).collect();
    let error = fit(&[9.0, 1.0], &drowned, &both).unwrap_err();
    assert!(error.message.contains("does not determine `b`"), "{error}");
    let error = fit(&[9.0, 1.0], &drowned[..4], &|_| vec![1.0; 4]).unwrap_err();
    assert!(error.message.contains("4 intervals for 2 parameters"), "{error}");
}

/// The smaller of two series counts as much as the larger.
#[test]
fn series_weigh_by_what_is_left_of_them() {
    let (large, small) = (noise(1, 100), noise(2, 100));
    let measured: Vec<f64> = large
        .iter()
        .map(|e| 1000.0 + 30.0 * e)
        .chain(small.iter().map(|e| 2.0 + 0.001 * e))
        .collect();
    let names = ["a".to_owned(), "b".to_owned()];
    let model =
        |values: &[f64]| Ok([vec![values[0] + values[1]; 100], vec![values[1]; 100]].concat());
    let found = fit_curve(&Curve {
        names: &names,
        starts: &[500.0, 1.0],
        measured: &measured,
        ends: &[100, 200],
        model: &model,
    })
    .unwrap();
    assert!((found.values[1] - 2.0).abs() < 5e-4, "{found:?}");
    // Half-widths of means of 100: t times the deviation over ten.
    assert!((found.halves[1] / (1.97 * 0.001 / 10.0) - 1.0).abs() < 0.25, "{found:?}");
}

/// A curve with a bend: it rises to one side, falls to the other, and never comes to what is
/// measured. The slope across the bend says nothing of what is known of the value.
#[test]
fn a_bend_that_no_step_leaves_is_no_minimum() {
    let measured: Vec<f64> = noise(3, 60).iter().map(|e| 12.0 + 0.1 * e).collect();
    let bend = |values: &[f64]| {
        let apart = values[0] - 1.0;
        vec![10.0 + if apart < 0.0 { 3.0 * apart } else { -apart }; 60]
    };
    let error = fit(&[1.0], &measured, &bend).unwrap_err();
    assert!(error.message.contains("does not settle: where it stands"), "{error}");
}

/// A model that rounds has no better point within its rounding, which is far less than what is known
/// of the value.
#[test]
fn rounding_below_the_interval_does_not_unsettle_a_fit() {
    for seed in 0..20 {
        let noise = noise(seed, 60);
        let measured: Vec<f64> = xs().iter().zip(&noise).map(|(x, e)| 2.0 * x + e).collect();
        let rounded =
            |values: &[f64]| xs().iter().map(|x| (values[0] * 1e3).round() * 1e-3 * x).collect();
        let found = fit(&[1.5], &measured, &rounded).unwrap();
        let squares: f64 = xs().iter().map(|x| x * x).sum();
        let best = xs().iter().zip(&measured).map(|(x, y)| x * y).sum::<f64>() / squares;
        assert!((found.values[0] - best).abs() < 0.15 * found.halves[0], "{found:?} for {best}");
    }
}
