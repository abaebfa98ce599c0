//! Designs side by side, and each against the baseline.

use std::fmt::Write as _;
use std::path::Path;
use std::time::Duration;

use super::numbers::{
    exact, grouped, is_percentile, row_label, signed_with_half, unit_of, with_half,
};
use super::{Shown, shown};
use crate::kernel::Span;
use crate::study::statistics::Verdict;
use crate::study::{Case, CaseFigure, Contrast, Declared, Judged, Method, Study, outage_rate};

/// Width of the labels.
const LABEL: usize = 28;
/// Width of a design's column, and how many stand beside each other.
const VALUE: usize = 24;
const VALUES: usize = 3;
/// The same of a comparison.
const DIFFERENCE: usize = 36;
const DIFFERENCES: usize = 2;

/// What stands at the head of a study's text.
#[derive(Debug, Clone, Copy)]
pub struct Heading<'a> {
    /// Replications of each case.
    pub n: usize,
    /// Runs that were there before.
    pub reused: usize,
    /// Runs that were made.
    pub made: usize,
    /// How long that took.
    pub wall: Duration,
    /// Where the results are.
    pub folder: &'a Path,
}

/// The designs of `study` at its one point: means with intervals, then paired differences.
pub fn compare(study: &Study, contrasts: &[Contrast], heading: &Heading<'_>) -> String {
    let mut text = head(study, heading);
    let rows = shown(study, contrasts);
    for columns in contrasts.chunks(VALUES) {
        side_by_side(&mut text, study, &rows, columns);
    }
    let others: Vec<&Contrast> =
        contrasts.iter().filter(|contrast| contrast.arm != study.baseline).collect();
    if others.is_empty() {
        return text;
    }
    for columns in others.chunks(DIFFERENCES) {
        against(&mut text, study, &rows, columns);
    }
    let mut open = false;
    for contrast in &others {
        for Shown { figure, .. } in &rows {
            let Some(of) = contrast.get(&figure.address) else { continue };
            if of.verdict != Some(Verdict::Open) {
                continue;
            }
            open = true;
            let needed = of.comparison.and_then(|comparison| comparison.needed());
            let _ = writeln!(
                text,
                "open: {}: {}, not resolved with {} replications{}",
                study.arms[contrast.arm].name,
                figure.label(),
                contrast.n,
                needed.map_or(String::new(), about),
            );
        }
    }
    if open {
        text.push_str("open: the difference may be of either sign.\n");
    }
    let _ = writeln!(
        text,
        "crn: independent replications that one paired replication is worth.\n\
         Verdicts by Holm at 5 % over {} design{} for each figure; one figure in twenty may still err.",
        others.len(),
        if others.len() == 1 { "" } else { "s" },
    );
    text
}

/// The cases of a study that varies something, a line each.
pub fn varied(study: &Study, contrasts: &[Contrast], heading: &Heading<'_>) -> String {
    head(study, heading) + "\n" + &super::sweep::sweep(study, contrasts)
}

fn about(needed: f64) -> String {
    if needed > 10_000.0 {
        return ": more than 10,000 would be needed".to_owned();
    }
    let unit = 10f64.powf((needed.log10().floor() - 1.0).max(0.0));
    format!(": about {} would be needed", grouped((needed / unit).ceil() * unit, 0))
}

pub(super) fn head(study: &Study, heading: &Heading<'_>) -> String {
    let first = &study.arms[0];
    let alike =
        |of: fn(&crate::study::Arm) -> f64| study.arms.iter().all(|arm| of(arm) == of(first));
    let mut text = String::new();
    let plural = if study.arms.len() == 1 { "" } else { "s" };
    let _ = write!(text, "{} design{plural}, {} replications each", study.arms.len(), heading.n);
    if alike(|arm| arm.days) {
        let _ = write!(text, " of {} days", exact(first.days));
    }
    if alike(|arm| arm.warm_up.as_secs_f64()) && first.warm_up > Span::ZERO {
        let _ = write!(text, ", figures from day {} on", exact(first.days - first.observed_days()));
    }
    if alike(|arm| arm.seed as f64) && heading.n > 0 {
        let _ = write!(text, " (seed {}, 0 to {})", first.seed, heading.n - 1);
    }
    let _ = writeln!(text, ", means and 95 % intervals");
    let _ = writeln!(
        text,
        "{}: {} runs, {} reused, {} new, {:.0} s",
        heading.folder.display(),
        heading.reused + heading.made,
        heading.reused,
        heading.made,
        heading.wall.as_secs_f64(),
    );
    text
}

fn side_by_side(text: &mut String, study: &Study, rows: &[Shown], columns: &[Contrast]) {
    let _ = write!(text, "\n{:LABEL$}", "");
    for contrast in columns {
        let _ = write!(text, "{:>VALUE$}", cut(&study.arms[contrast.arm].name, VALUE - 1));
    }
    text.push('\n');
    let mut section = String::new();
    for row in rows {
        let has = columns.iter().any(|contrast| contrast.get(&row.figure.address).is_some());
        if !has {
            continue;
        }
        if row.section != section {
            section.clone_from(&row.section);
            let _ = writeln!(text, "{section}");
        }
        if row.figure.name == "outages" {
            outages_row(text, row, columns);
            continue;
        }
        let magnitude = largest(columns, row);
        let (unit, factor) = unit_of(&row.figure, magnitude);
        let _ = write!(text, "  {:1$}", cut(&row_label(&row.figure, &unit), LABEL - 3), LABEL - 2);
        for contrast in columns {
            let value = contrast.get(&row.figure.address).map_or("-".to_owned(), |of| {
                if of.verdict == Some(Verdict::Equal) {
                    "same".to_owned()
                } else {
                    value(of, factor)
                }
            });
            let _ = write!(text, "{value:>VALUE$}");
        }
        text.push('\n');
        if is_percentile(&row.figure) {
            pooled_row(text, row, columns);
        }
    }
}

/// A row that tells a percentile of all requests of a design's replications, where there are any.
fn pooled_row(text: &mut String, row: &Shown, columns: &[Contrast]) {
    let Declared { subject, name, .. } = &row.figure;
    let pooled: Vec<Option<f64>> =
        columns.iter().map(|contrast| contrast.pools.figure_s(subject, name)).collect();
    if pooled.iter().all(Option::is_none) {
        return;
    }
    let _ = write!(text, "  {:1$}", "  of all requests, s", LABEL - 2);
    for value in pooled {
        let _ = write!(text, "{:>VALUE$}", value.map_or("-".to_owned(), exact));
    }
    text.push('\n');
}

/// A row that tells the outages of a hall as a rate.
fn outages_row(text: &mut String, row: &Shown, columns: &[Contrast]) {
    let _ = write!(text, "  {:1$}", "outages per year", LABEL - 2);
    for contrast in columns {
        let _ = write!(text, "{:>VALUE$}", outages(row, contrast));
    }
    text.push('\n');
}

/// Outages per year of a hall.
pub(super) fn outages(row: &Shown, contrast: &Contrast) -> String {
    let address = row.figure.address.replace("outages", "availability");
    let seen = contrast.get(&address).and_then(|of| of.outages);
    seen.map_or("-".to_owned(), |(count, hours)| {
        let (rate, interval) = outage_rate(count, hours);
        match count {
            0 => format!("at most {}", two_digits(interval.upper)),
            _ => format!(
                "{} ({} - {})",
                two_digits(rate),
                two_digits(interval.lower),
                two_digits(interval.upper)
            ),
        }
    })
}

fn two_digits(value: f64) -> String {
    grouped(value, super::numbers::decimals(value).min(4))
}

pub(super) fn value(of: &CaseFigure, factor: f64) -> String {
    let mean = factor * of.mean.mean;
    match (of.method, of.interval) {
        (Method::FayFeuer, Some(interval)) => {
            let digits = super::numbers::decimals(factor * interval.half_width());
            let digit = |value: f64| grouped(factor * value, digits);
            format!(
                "{} ({} - {})",
                digit(of.mean.mean),
                digit(interval.lower),
                digit(interval.upper)
            )
        }
        (_, Some(interval)) => match of.outages {
            Some((0, hours)) => format!("no outage in {} d", grouped(hours / 24.0, 0)),
            _ => with_half(mean, Some(factor * interval.half_width())),
        },
        (_, None) => exact(mean),
    }
}

fn against(text: &mut String, study: &Study, rows: &[Shown], columns: &[&Contrast]) {
    let title = format!("Against {}, by pairs", study.arms[study.baseline].name);
    let _ = write!(text, "\n{:LABEL$}", cut(&title, LABEL - 1));
    for contrast in columns {
        let name = cut(&study.arms[contrast.arm].name, 20);
        let _ = write!(text, "{name:>20}  {:8}{:>6}", "verdict", "crn");
    }
    text.push('\n');
    let mut section = String::new();
    for row in rows {
        let found: Vec<Option<&CaseFigure>> = columns
            .iter()
            .map(|contrast| contrast.get(&row.figure.address).filter(|of| of.comparison.is_some()))
            .collect();
        if found.iter().all(Option::is_none) {
            continue;
        }
        if row.section != section {
            section.clone_from(&row.section);
            let _ = writeln!(text, "{section}");
        }
        let magnitude = found
            .iter()
            .flatten()
            .filter_map(|of| of.comparison)
            .map(|comparison| comparison.difference.mean.abs())
            .fold(0.0, f64::max);
        let (unit, factor) = unit_of(&row.figure, magnitude);
        let _ = write!(text, "  {:1$}", cut(&row_label(&row.figure, &unit), LABEL - 3), LABEL - 2);
        for of in found {
            let cell = match of.and_then(|of| of.comparison.zip(of.verdict)) {
                None => format!("{:>20}{:16}", "-", ""),
                Some((_, Verdict::Equal)) => format!("{:>20}{:16}", "equal", ""),
                Some((comparison, verdict)) => {
                    let half = comparison.half_width.map(|half| factor * half);
                    let difference = signed_with_half(factor * comparison.difference.mean, half);
                    let crn = comparison.crn_factor.map_or(String::new(), times);
                    format!("{difference:>20}  {:8}{crn:>6}", verdict.name())
                }
            };
            let _ = write!(text, "{cell:DIFFERENCE$}");
        }
        let kept = text.trim_end().len();
        text.truncate(kept);
        text.push('\n');
    }
}

/// A factor in five characters.
pub(super) fn times(factor: f64) -> String {
    match factor {
        factor if factor >= 1000.0 => ">999x".to_owned(),
        factor if factor >= 100.0 => format!("{factor:.0}x"),
        factor => format!("{factor:.1}x"),
    }
}

pub(super) fn largest(columns: &[Contrast], row: &Shown) -> f64 {
    columns
        .iter()
        .filter_map(|contrast| contrast.get(&row.figure.address))
        .map(|of| of.mean.mean.abs())
        .fold(0.0, f64::max)
}

/// `text`, cut to `width` characters.
fn cut(text: &str, width: usize) -> String {
    if text.chars().count() <= width {
        return text.to_owned();
    }
    text.chars().take(width.saturating_sub(1)).chain(['…']).collect()
}

/// The requirements of a study and what became of them, a line each.
pub fn requirements(study: &Study, cases: &[Case], results: &[Judged]) -> String {
    let mut text = String::new();
    for judged in results {
        let requirement = &study.requirements[judged.requirement];
        let case = &cases[judged.case];
        let point = match study.points.len() {
            1 => String::new(),
            _ => format!(", point {}", case.point),
        };
        let _ = writeln!(
            text,
            "require: {}{point}: {} {} (at {} % confidence; holds in {} of {})",
            study.arms[case.arm].name,
            requirement.text,
            judged.result,
            exact(100.0 * requirement.confidence),
            judged.held,
            judged.replications,
        );
    }
    text
}
