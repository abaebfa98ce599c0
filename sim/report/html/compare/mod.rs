//! The page of a study: what the designs come to in sentences, designs against each other, each for
//! itself, and what each of them is.

mod dots;
mod percentiles;
mod pictures;
mod sites;
mod study;
mod verdict;

use super::figure::folded_table;
use super::number::{escape, grouped, significant};
use super::page::{Script, document};
use super::parts::Section;
pub(super) use study::StudyFolder;

/// The page of a study.
pub(super) fn study_page(study: &StudyFolder) -> String {
    let shown = study.shown();
    let sections: Vec<Section> = [
        pictures::differences(study, &shown),
        pictures::tornado(study, &shown),
        pictures::each_for_itself(study, &shown),
        percentiles::latencies(study),
        sites::sites(study),
        all_figures(study),
    ]
    .into_iter()
    .flatten()
    .collect();
    document(&study.name, &verdict::head(study, &shown), &sections, &Script::THEME)
}

/// `value` in `unit`, shares in per cent.
fn told(value: f64, unit: &str) -> String {
    match unit {
        "share" => format!("{}&nbsp;%", significant(100.0 * value, 4)),
        "" | "count" | "number" => grouped(value, 4),
        unit => format!("{}&nbsp;{}", significant(value, 4), escape(unit)),
    }
}

/// The same of a difference.
fn told_difference(value: f64, unit: &str) -> String {
    let sign = if value > 0.0 { "+" } else { "" };
    match unit {
        "share" => format!("{sign}{}&nbsp;points", significant(100.0 * value, 3)),
        "" | "count" | "number" => format!("{sign}{}", significant(value, 3)),
        unit => format!("{sign}{}&nbsp;{}", significant(value, 3), escape(unit)),
    }
}

/// Every figure of the table `means` that has a difference.
fn all_figures(study: &StudyFolder) -> Option<Section> {
    /// Rows of the page; the table has all.
    const MOST: usize = 400;
    let all = study.all();
    let rows: Vec<Vec<String>> = all
        .iter()
        .flat_map(|figure| figure.means.iter().flatten().map(move |mean| (figure, mean)))
        .filter(|(_, mean)| mean.difference.is_some() && mean.verdict != "equal")
        .take(MOST)
        .map(|(figure, mean)| {
            let difference = mean.difference.expect("it was asked for");
            vec![
                format!("{}, {}", escape(&figure.label), escape(&study.cases[mean.case].label)),
                told(mean.mean, &figure.unit),
                told_difference(difference.mean, &figure.unit),
                format!(
                    "{} to {}",
                    told_difference(difference.lower, &figure.unit),
                    told_difference(difference.upper, &figure.unit)
                ),
                escape(&mean.verdict),
            ]
        })
        .collect();
    if rows.is_empty() {
        return None;
    }
    let headings = ["figure, design", "mean", "difference", "95 % interval", "verdict"];
    Some(Section {
        id: "all".to_owned(),
        heading: "All figures that differ".to_owned(),
        question: "What else changes? The table of means in the folder has every figure."
            .to_owned(),
        body: folded_table("All figures that differ", &headings, &rows),
    })
}
