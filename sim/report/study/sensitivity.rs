//! Which of the varied values matter.

use super::numbers::{label, signed_with_half, unit_of, with_half};
use super::shown;
use super::sweep::aligned;
use crate::kernel::Streams;
use crate::study::statistics::{Interval, LEVEL, Mean, sobol_indices, sobol_intervals};
use crate::study::{Case, Contrast, Store, Study};

/// Resamples of the rows behind the intervals of shares.
const RESAMPLES: usize = 1000;

/// `0.314 (0.29 - 0.34)`.
fn share_in(share: f64, interval: Option<Interval>) -> String {
    match interval {
        Some(Interval { lower, upper }) => format!("{share:.3} ({lower:.3} - {upper:.3})"),
        None => format!("{share:.3}"),
    }
}

/// A tornado of each shown figure of each design: the paired difference between the ends of each
/// parameter with all others as the design has them, the widest first, unresolved ones last.
///
/// The points are those of one-at-a-time sampling: the design as it is, then each parameter at
/// its first and last value.
pub fn tornado(
    study: &Study,
    cases: &[Case],
    contrasts: &[Contrast],
    store: &Store,
    n: usize,
) -> String {
    let mut text = String::new();
    for (arm, design) in study.arms.iter().enumerate() {
        let at = |point: usize| cases.iter().find(|case| case.arm == arm && case.point == point);
        let Some(base) = at(0) else { continue };
        let Some(sheet) = store.sheet(&base.key) else { continue };
        for row in shown(study, contrasts) {
            let Some(index) = sheet.iter().position(|of| of.address == row.figure.address) else {
                continue;
            };
            let mean_at = |point: usize| -> Option<(Vec<Option<f64>>, Mean)> {
                let values = store.values(&at(point)?.key, index, n);
                let defined: Vec<f64> = values.iter().copied().flatten().collect();
                Some((values, Mean::of(&defined)?))
            };
            let Some((_, base_mean)) = mean_at(0) else { continue };
            let mut bars = Vec::new();
            for (number, parameter) in study.parameters.iter().enumerate() {
                let ends = mean_at(1 + 2 * number).zip(mean_at(2 + 2 * number));
                let Some(((low, low_mean), (high, high_mean))) = ends else { continue };
                let pairs =
                    low.iter().zip(&high).filter_map(|(low, high)| Some(((*high)? - (*low)?, ())));
                let differences: Vec<f64> = pairs.map(|(difference, ())| difference).collect();
                let Some(bar) = Mean::of(&differences) else { continue };
                let half = bar.half_width(LEVEL);
                let resolved = half.is_none_or(|half| bar.mean.abs() > half);
                bars.push((parameter, low_mean.mean, high_mean.mean, bar.mean, half, resolved));
            }
            bars.sort_by(|a, b| b.5.cmp(&a.5).then(b.3.abs().total_cmp(&a.3.abs())));
            let (unit, factor) = unit_of(&row.figure, base_mean.mean);
            let half = base_mean.half_width(LEVEL).map(|half| factor * half);
            text += &format!(
                "\n{} of {}: {} as it is\n",
                label(&row.figure, &unit),
                design.name,
                with_half(factor * base_mean.mean, half)
            );
            let header = ["  path", "from", "to", "at from", "at to", "to less from"];
            let mut lines = vec![header.map(str::to_owned).to_vec()];
            for (parameter, low, high, bar, half, resolved) in bars {
                let ends = [parameter.values.first(), parameter.values.last()];
                let [from, to] = ends.map(|end| end.map_or(String::new(), |end| end.label.clone()));
                let inside = (low.min(high)..=low.max(high)).contains(&base_mean.mean);
                let note = match (resolved, inside) {
                    (false, _) => "  (not resolved)",
                    (true, false) => "  (bends: as it is lies outside)",
                    _ => "",
                };
                let half = half.map(|half| factor * half);
                lines.push(vec![
                    format!("  {}", parameter.name),
                    from,
                    to,
                    with_half(factor * low, None),
                    with_half(factor * high, None),
                    signed_with_half(factor * bar, half) + note,
                ]);
            }
            text += &aligned(&lines);
        }
    }
    text
}

/// Shares of the variance of each shown figure that each parameter causes, alone and in total,
/// from the points of Sobol sampling, and the total that noise alone would show.
pub fn shares(
    study: &Study,
    cases: &[Case],
    contrasts: &[Contrast],
    store: &Store,
    n: usize,
) -> String {
    let mut text = String::new();
    let d = study.parameters.len();
    let rows = study.points.len() / (d + 2);
    for (arm, design) in study.arms.iter().enumerate() {
        let keys: Vec<&str> =
            cases.iter().filter(|case| case.arm == arm).map(|case| case.key.as_str()).collect();
        let Some(sheet) = keys.first().and_then(|key| store.sheet(key)) else { continue };
        for row in shown(study, contrasts) {
            let Some(index) = sheet.iter().position(|of| of.address == row.figure.address) else {
                continue;
            };
            let means: Option<Vec<Mean>> = keys
                .iter()
                .map(|key| {
                    let values = store.values(key, index, n);
                    Mean::of(&values.into_iter().flatten().collect::<Vec<f64>>())
                })
                .collect();
            let Some(means) = means else { continue };
            let value = |from: usize| -> Vec<f64> {
                means[from * rows..(from + 1) * rows].iter().map(|mean| mean.mean).collect()
            };
            let (a, b) = (value(0), value(1));
            let mixed: Vec<Vec<f64>> = (0..d).map(|index| value(2 + index)).collect();
            text += &format!("\n{} of {}\n", label(&row.figure, ""), design.name);
            let Some(indices) = sobol_indices(&a, &b, &mixed) else {
                text += "  does not vary\n";
                continue;
            };
            let mut stream = Streams::new(design.seed, 0).stream("study-shares", "");
            let intervals =
                sobol_intervals(&a, &b, &mixed, (LEVEL, RESAMPLES), || stream.uniform());
            let header = ["  path", "alone", "in total"];
            let mut lines = vec![header.map(str::to_owned).to_vec()];
            for (number, (parameter, index)) in study.parameters.iter().zip(indices).enumerate() {
                let interval = intervals.as_ref().map(|intervals| intervals[number]);
                lines.push(vec![
                    format!("  {}", parameter.name),
                    share_in(index.first, interval.map(|(first, _)| first)),
                    share_in(index.total, interval.map(|(_, total)| total)),
                ]);
            }
            let all: Vec<f64> = a.iter().chain(&b).copied().collect();
            let spread = Mean::of(&all).map_or(0.0, |mean| mean.sd.powi(2));
            let noise: f64 =
                means.iter().map(|mean| mean.error().powi(2)).sum::<f64>() / means.len() as f64;
            lines.push(vec![
                "  noise".to_owned(),
                String::new(),
                format!("{:.3}", if spread > 0.0 { noise / spread } else { 0.0 }),
            ]);
            text += &aligned(&lines);
        }
    }
    text + "\nIn brackets 95 % intervals, from resampled rows.\n\
            noise: the total that a path without effect would show with replications of its own.\n"
}
