//! Fits of rows whose law is known.

use super::*;
use crate::kernel::Streams;

/// Base, sequence, token of context, prompt token, iteration with prompts, s.
const LAW: [f64; 5] = [12e-3, 40e-6, 28e-9, 90e-6, 2e-3];

/// Batches of many makes and their times under [`LAW`], each off by a normal error of `noise`.
fn rows(noise: f64, seed: u64, count: usize) -> Vec<Iteration> {
    let mut luck = Streams::new(seed, 0).stream("fit test", "rows");
    let mut uniform = move || luck.uniform();
    (0..count)
        .map(|index| {
            let sequences = (1.0 + 127.0 * uniform()).floor();
            let context = (sequences * (100.0 + 8000.0 * uniform())).floor();
            let prompt = if index % 3 == 0 { (1.0 + 2000.0 * uniform()).floor() } else { 0.0 };
            let sum: f64 = (0..12).map(|_| uniform()).sum();
            let exact = LAW[0]
                + LAW[1] * sequences
                + LAW[2] * context
                + LAW[3] * prompt
                + if prompt > 0.0 { LAW[4] } else { 0.0 };
            Iteration { sequences, context, prompt, seconds: exact * (1.0 + noise * (sum - 6.0)) }
        })
        .collect()
}

fn values(law: &StepLaw) -> Vec<f64> {
    law.parameters.values().map(|fitted| fitted.seconds).collect()
}

#[test]
fn a_law_without_noise_is_found() {
    let law = fit_steps(&rows(0.0, 1, 60), &Fixed::new()).unwrap();
    for (found, known) in values(&law).iter().zip(LAW) {
        assert!((found / known - 1.0).abs() < 1e-7, "{found} {known}");
    }
    assert!(law.errors[2] < 1e-9);
    // What is nothing is not refused for the sign of its rounding.
    let mut plain = rows(0.0, 1, 60);
    plain.iter_mut().for_each(|row| row.seconds = 1e-2 + 1e-5 * row.sequences);
    let law = fit_steps(&plain, &Fixed::new()).unwrap();
    assert!((values(&law)[1] / 1e-5 - 1.0).abs() < 1e-6 && values(&law)[2].abs() < 1e-15);
}

/// A 95 % interval holds the known value in 95 of 100 sets: of 200, 190 and a standard deviation
/// of 3.1.
#[test]
fn intervals_hold_what_they_promise() {
    let mut hits = [0; 5];
    for seed in 0..200 {
        let law = fit_steps(&rows(0.03, seed, 120), &Fixed::new()).unwrap();
        for ((fitted, known), hits) in law.parameters.values().zip(LAW).zip(&mut hits) {
            let half = fitted.half_s.expect("no parameter is left out at this noise");
            *hits += u32::from((fitted.seconds - known).abs() <= half);
        }
        assert!(
            (0.5 * 0.03 * 0.67..2.0 * 0.03 * 0.67).contains(&law.errors[0]),
            "{:?}",
            law.errors
        );
    }
    assert!(hits.iter().all(|hits| (180..=199).contains(hits)), "{hits:?}");
}

#[test]
fn what_rows_cannot_tell_is_named() {
    let mut same = rows(0.0, 2, 60);
    same.iter_mut().for_each(|row| row.context = 500.0 * row.sequences);
    let error = fit_steps(&same, &Fixed::new()).unwrap_err();
    assert!(error.message.contains("`per_context_token` from `per_sequence`"), "{error}");
    let mut decodes = rows(0.0, 2, 60);
    decodes.retain(|row| row.prompt == 0.0);
    let error = fit_steps(&decodes, &Fixed::new()).unwrap_err();
    assert!(error.message.contains("nothing of `per_prompt_token`"), "{error}");
    assert!(error.help.unwrap().contains("--fix per_prompt_token="));
    let fixed =
        Fixed::from([(Parameter::PerPromptToken, 90e-6), (Parameter::PromptIteration, 0.0)]);
    let law = fit_steps(&decodes, &fixed).unwrap();
    assert!((values(&law)[2] / LAW[2] - 1.0).abs() < 1e-7 && values(&law)[3] == 90e-6);
    let few = fit_steps(&rows(0.0, 1, 9), &Fixed::new()).unwrap_err();
    assert!(few.message.contains("9 batches"), "{few}");
}

#[test]
fn what_is_given_leaves_time_for_the_rest() {
    let given = |base: f64| Fixed::from([(Parameter::Base, base)]);
    // Twelve ms are in every row; the shortest take a little more.
    let rows = rows(0.0, 2, 60);
    let law = fit_steps(&rows, &given(LAW[0])).unwrap();
    assert!((values(&law)[2] / LAW[2] - 1.0).abs() < 1e-7);
    let shortest = rows.iter().map(|row| row.seconds).fold(f64::MAX, f64::min);
    let beyond = rows.iter().filter(|row| row.seconds <= 30e-3).count();
    let error = fit_steps(&rows, &given(30e-3)).unwrap_err();
    let wanted = format!("in {beyond} of 60 rows: 30 ms of {:.2} ms in the worst", 1e3 * shortest);
    assert!(error.message.contains(&wanted), "{error} for {wanted}");
}

/// Errors count by all of the measured time, of which most may be given.
#[test]
fn errors_are_relative_to_all_of_the_time() {
    let rows = rows(0.03, 5, 120);
    let fixed = Fixed::from([(Parameter::Base, LAW[0])]);
    let law = fit_steps(&rows, &fixed).unwrap();
    for (parameter, known) in Parameter::ALL.into_iter().zip(LAW).skip(1) {
        let fitted = law.parameters[&parameter];
        let half_s = fitted.half_s.expect("all but the base are free");
        assert!((fitted.seconds - known).abs() < 1.5 * half_s, "{parameter:?}");
    }
}

#[test]
fn a_law_that_rows_contradict_is_refused() {
    let mut falling = rows(0.0, 3, 60);
    falling
        .iter_mut()
        .for_each(|row| row.seconds = 20e-3 - 100e-6 * row.sequences + 1e-9 * row.context);
    let error = fit_steps(&falling, &Fixed::new()).unwrap_err();
    assert!(error.message.contains("below zero"), "{error}");
}

#[test]
fn rows_are_read_by_the_names_of_their_columns() {
    let columns = Columns {
        sequences: "batch".to_owned(),
        context: "kv".to_owned(),
        prompt: "new".to_owned(),
        time: "ms".to_owned(),
        unit_s: 1e-3,
    };
    let read = |text: &str| read_rows(text.as_bytes(), &columns);
    let rows = read("step,batch,kv,new,ms\n1, 4,1000,0,12.5\n").unwrap();
    let one = Iteration { sequences: 4.0, context: 1000.0, prompt: 0.0, seconds: 12.5e-3 };
    assert_eq!(rows, [one]);
    for (text, says) in [
        ("batch,kv,ms\n", "no column `new`"),
        ("batch,kv,new,ms\n4,1,0,x\n", "line 2: `ms` needs a number"),
        ("batch,kv,new,ms\n4,1,0,-1\n", "line 2: `ms` needs a number"),
        ("batch,kv,new,ms\n0,0,0,1\n", "without sequences"),
        ("batch,kv,new,ms\n4,1,0,0\n", "takes time"),
    ] {
        let error = read(text).unwrap_err();
        assert!(error.message.contains(says), "{error}");
    }
}
