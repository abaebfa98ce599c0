//! A study that varies something: a line for each case.

use std::fmt::Write as _;

use super::numbers::{label, unit_of, with_half};
use super::shown;
use crate::study::statistics::Verdict;
use crate::study::{Contrast, Study};

/// Most lines that are printed; the tables hold all of them.
const MOST: usize = 60;
/// Most figures beside each other.
const FIGURES: usize = 4;

/// The cases of `study`, design by design, with the first of its shown figures. What differs
/// from the baseline at its point is marked.
pub(super) fn sweep(study: &Study, contrasts: &[Contrast]) -> String {
    let mut text = aligned(&lines(study, contrasts));
    text += &remarks(study, contrasts);
    text
}

/// The lines of a sweep, its header first.
pub(super) fn lines(study: &Study, contrasts: &[Contrast]) -> Vec<Vec<String>> {
    let rows: Vec<_> = shown(study, contrasts).into_iter().take(FIGURES).collect();
    let mut header: Vec<String> = vec!["design".to_owned()];
    header.extend(study.parameters.iter().map(|parameter| parameter.name.clone()));
    let mut units = Vec::new();
    for row in &rows {
        let values = contrasts.iter().filter_map(|contrast| contrast.get(&row.figure.address));
        let magnitude = values.map(|of| of.mean.mean.abs()).fold(0.0, f64::max);
        let (unit, factor) = unit_of(&row.figure, magnitude);
        header.push(label(&row.figure, &unit));
        units.push(factor);
    }
    let mut lines = vec![header];
    for contrast in contrasts.iter().take(MOST) {
        let mut line = vec![study.arms[contrast.arm].name.clone()];
        let point = &study.points[contrast.point];
        for (parameter, setting) in study.parameters.iter().zip(&point.settings) {
            let own = parameter.arms.contains(&contrast.arm);
            let setting = setting.as_ref().filter(|_| own);
            line.push(setting.map_or("as is".to_owned(), |setting| setting.label.clone()));
        }
        for (row, factor) in rows.iter().zip(&units) {
            line.push(contrast.get(&row.figure.address).map_or("-".to_owned(), |of| {
                let half = of.interval.map(|interval| factor * interval.half_width());
                let mark = match of.verdict {
                    Some(Verdict::Better) => " +",
                    Some(Verdict::Worse) => " -",
                    Some(Verdict::Equal) => " =",
                    _ => "",
                };
                with_half(factor * of.mean.mean, half) + mark
            }));
        }
        lines.push(line);
    }
    lines
}

/// What stands below the lines of a sweep.
pub(super) fn remarks(study: &Study, contrasts: &[Contrast]) -> String {
    let mut text = String::new();
    if contrasts.len() > MOST {
        let _ = writeln!(text, "{} more lines in the table `means`", contrasts.len() - MOST);
    }
    if study.arms.len() > 1 {
        let baseline = &study.arms[study.baseline].name;
        let _ = writeln!(text, "+ better, - worse, = equal to {baseline} at the same point");
    }
    text
}

/// Columns as wide as their widest cell, two spaces apart; the first to the left.
pub(super) fn aligned(lines: &[Vec<String>]) -> String {
    let columns = lines.first().map_or(0, Vec::len);
    let width = |column: usize| {
        lines.iter().filter_map(|line| line.get(column)).map(|cell| cell.chars().count()).max()
    };
    let widths: Vec<usize> = (0..columns).map(|column| width(column).unwrap_or(0)).collect();
    let mut text = String::new();
    for line in lines {
        let mut out = String::new();
        for (index, (cell, width)) in line.iter().zip(&widths).enumerate() {
            let pad = " ".repeat(width.saturating_sub(cell.chars().count()));
            match index {
                0 => out += &format!("{cell}{pad}"),
                _ => out += &format!("  {pad}{cell}"),
            }
        }
        text += out.trim_end();
        text.push('\n');
    }
    text
}
