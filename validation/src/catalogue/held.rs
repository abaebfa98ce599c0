//! Long prompts with short answers, held back: laws that are fitted to the other points of their pair.

use loadbank::fit::{Fixed, Iteration, Parameter, fit_steps};

use super::laws::Point;
use super::{head, verdict};
use crate::data::{print, quantile};

/// Prompt tokens for each token of the answer from which a point is held back.
const LONG: f64 = 16.0;

/// Prints a row for each pair that has such points, and one for all of them whose others, ten at least,
/// give a law; how many targets were missed.
pub(super) fn run(points: &[Point]) -> u32 {
    head(&format!(
        "Prompts of {LONG} tokens and more for each of the answer, held back from the fit of an affine law, \
         error of TPOT (targets: 5 % median, 15 % at p95)"
    ));
    print(&format!(
        "{:<38}{:>7}{:>7}{:>9}{:>9}{:>9}",
        "pair", "fitted", "held", "median", "p95", "most"
    ));
    let mut pairs: Vec<&str> = points.iter().map(|point| point.pair.as_str()).collect();
    pairs.dedup();
    let (mut all, mut fitted) = (Vec::new(), 0);
    for pair in pairs {
        let of_pair = points.iter().filter(|point| point.pair == pair);
        let (held, others): (Vec<&Point>, Vec<&Point>) =
            of_pair.partition(|point| point.prompt / point.answer >= LONG);
        let rows: Vec<Iteration> = others.iter().map(|point| iteration(point)).collect();
        if held.is_empty() {
            continue;
        }
        // A coefficient that comes out below zero is left out.
        let law = fit_steps(&rows, &fixed(&[]))
            .or_else(|_| fit_steps(&rows, &fixed(&[Parameter::PerSequence])));
        let law = match law {
            Ok(law) => law,
            Err(error) => {
                print(&format!("{pair:<38}no law: {error}"));
                continue;
            }
        };
        let seconds = |row: &Iteration| -> f64 {
            law.parameters.iter().map(|(which, fit)| which.of(row) * fit.seconds).sum()
        };
        let errors = held.iter().map(|point| iteration(point));
        let mut errors: Vec<f64> =
            errors.map(|row| (seconds(&row) / row.seconds - 1.0).abs()).collect();
        row(pair, rows.len(), &mut errors, "");
        fitted += rows.len();
        all.extend(errors);
    }
    let mut missed = 0;
    all.sort_by(f64::total_cmp);
    let [median, p95] = [0.5, 0.95].map(|p| quantile(&all, p));
    let is_met = median <= 0.05 && p95 <= 0.15;
    row("long prompts, short answers", fitted, &mut all, verdict(is_met, &mut missed));
    missed
}

fn row(title: &str, fitted: usize, errors: &mut [f64], judged: &str) {
    errors.sort_by(f64::total_cmp);
    let [median, p95, most] = [0.5, 0.95, 1.0].map(|p| 100.0 * quantile(errors, p));
    let held = errors.len();
    print(&format!(
        "{title:<38}{fitted:>7}{held:>7}{median:>7.1} %{p95:>7.1} %{most:>7.1} %  {judged}"
    ));
}

/// A law without `others`. Every iteration of a point has prompt tokens in the mean, so that what one costs
/// beside them is part of the base.
fn fixed(others: &[Parameter]) -> Fixed {
    let without = |&parameter: &Parameter| (parameter, 0.0);
    [Parameter::PromptIteration].iter().chain(others).map(without).collect()
}

/// The mean iteration of a point.
fn iteration(point: &Point) -> Iteration {
    let Point { batch, context, prompt_tokens, tpot_ms, .. } = point;
    Iteration {
        sequences: *batch,
        context: *context,
        prompt: *prompt_tokens,
        seconds: tpot_ms / 1e3,
    }
}
