//! A study in Markdown, as issues and wikis show it.

use super::compare::{Heading, head, largest, outages, times, value};
use super::numbers::{is_percentile, label, row_label, signed_with_half, unit_of};
use super::sweep::{lines, remarks};
use super::{Shown, shown};
use crate::report::sheet::{markdown, markdown_table};
use crate::study::statistics::Verdict;
use crate::study::{Case, Contrast, Judged, Study};

/// The designs of `study` side by side, or its cases, then differences and requirements. `more` is
/// text that stays as it is.
pub fn markdown_summary(
    study: &Study,
    cases: &[Case],
    contrasts: &[Contrast],
    required: &[Judged],
    heading: &Heading<'_>,
    more: &str,
) -> String {
    let mut text = opening(&study.name, &head(study, heading));
    if study.parameters.is_empty() {
        text += &side_by_side(study, contrasts);
        text += &against(study, contrasts);
    } else {
        let all = lines(study, contrasts);
        if let Some((header, rows)) = all.split_first() {
            text += &markdown_table(header, rows);
        }
        let said = remarks(study, contrasts);
        if !said.is_empty() {
            text += &format!("\n{}\n", markdown(said.trim_end()));
        }
    }
    text += &requirements(study, cases, required);
    text + &fenced(more)
}

/// What a question came to: its words under the name of the study.
pub fn markdown_answer(study: &Study, answer: &str) -> String {
    let (first, rest) = answer.split_once("\n\n").unwrap_or((answer, ""));
    opening(&study.name, first) + fenced(rest).trim_start_matches('\n')
}

fn opening(name: &str, words: &str) -> String {
    format!("# {}\n\n{}\n\n", markdown(name), markdown(words.trim_end()))
}

/// Text that is aligned for a terminal.
fn fenced(text: &str) -> String {
    match text.trim().is_empty() {
        true => String::new(),
        // No line of a study begins with a fence: names hold no backticks at its start.
        false => format!("\n```text\n{}\n```\n", text.trim_end()),
    }
}

fn side_by_side(study: &Study, contrasts: &[Contrast]) -> String {
    let names = contrasts.iter().map(|contrast| study.arms[contrast.arm].name.clone());
    let header: Vec<String> = ["figure".to_owned()].into_iter().chain(names).collect();
    let rows: Vec<Vec<String>> =
        shown(study, contrasts).iter().flat_map(|row| rows_of(row, contrasts)).collect();
    markdown_table(&header, &rows)
}

/// The row of a figure, and one of all requests below a percentile.
fn rows_of(row: &Shown, contrasts: &[Contrast]) -> Vec<Vec<String>> {
    let (unit, factor) = unit_of(&row.figure, largest(contrasts, row));
    let is_outages = row.figure.name == "outages";
    let name = match is_outages {
        true => format!("{}: outages per year", row.figure.subject),
        false => label(&row.figure, &unit),
    };
    let cells = contrasts.iter().map(|contrast| match contrast.get(&row.figure.address) {
        _ if is_outages => outages(row, contrast),
        None => "-".to_owned(),
        Some(of) if of.verdict == Some(Verdict::Equal) => "same".to_owned(),
        Some(of) => value(of, factor),
    });
    let mut rows = vec![[name].into_iter().chain(cells).collect()];
    let pooled: Vec<Option<f64>> = contrasts
        .iter()
        .map(|contrast| contrast.pools.figure_s(&row.figure.subject, &row.figure.name))
        .collect();
    if is_percentile(&row.figure) && pooled.iter().any(Option::is_some) {
        let name = format!("{}: {}, of all requests, s", row.figure.subject, row.figure.name);
        let cells = pooled.into_iter().map(|s| s.map_or("-".to_owned(), super::numbers::exact));
        rows.push([name].into_iter().chain(cells).collect());
    }
    rows
}

/// A table for each design against the baseline.
fn against(study: &Study, contrasts: &[Contrast]) -> String {
    let rows = shown(study, contrasts);
    let mut text = String::new();
    for contrast in contrasts.iter().filter(|contrast| contrast.arm != study.baseline) {
        let cells: Vec<Vec<String>> = rows
            .iter()
            .filter_map(|row| {
                let of = contrast.get(&row.figure.address)?;
                let (comparison, verdict) = of.comparison.zip(of.verdict)?;
                let magnitude = comparison.difference.mean.abs();
                let (unit, factor) = unit_of(&row.figure, magnitude);
                let subject = match row.figure.subject.as_str() {
                    "" => String::new(),
                    subject => format!("{subject}: "),
                };
                let difference = match verdict {
                    Verdict::Equal => "equal".to_owned(),
                    _ => signed_with_half(
                        factor * comparison.difference.mean,
                        comparison.half_width.map(|half| factor * half),
                    ),
                };
                let crn = comparison.crn_factor.map_or(String::new(), times);
                let name = subject + &row_label(&row.figure, &unit);
                Some(vec![name, difference, verdict.name().to_owned(), crn])
            })
            .collect();
        let names = [&contrast.arm, &study.baseline].map(|arm| markdown(&study.arms[*arm].name));
        text += &format!("\n## {} against {}, by pairs\n\n", names[0], names[1]);
        let header = ["figure", "difference", "verdict", "crn"].map(str::to_owned);
        text += &markdown_table(&header, &cells);
    }
    if !text.is_empty() {
        text += "\ncrn: independent replications that one paired replication is worth. Verdicts by Holm \
                 at 5 % over the designs compared for each figure.\n";
    }
    text
}

fn requirements(study: &Study, cases: &[Case], required: &[Judged]) -> String {
    if required.is_empty() {
        return String::new();
    }
    let header = ["design", "point", "requirement", "confidence", "result", "holds in"];
    let header = header.map(str::to_owned);
    let rows: Vec<Vec<String>> = required
        .iter()
        .map(|judged| {
            let (case, of) = (&cases[judged.case], &study.requirements[judged.requirement]);
            vec![
                study.arms[case.arm].name.clone(),
                case.point.to_string(),
                of.text.clone(),
                format!("{} %", super::numbers::exact(100.0 * of.confidence)),
                judged.result.to_string(),
                format!("{} of {}", judged.held, judged.replications),
            ]
        })
        .collect();
    format!("\n## Requirements\n\n{}", markdown_table(&header, &rows))
}
