//! The page of a study: designs against each other first, each for itself second.

mod dots;
mod study;

use super::figure::{Caption, Layout, figure, folded_table, table};
use super::number::{escape, grouped, significant};
use super::page::document;
use super::parts::Section;
use dots::{Row, dots};
pub(super) use study::StudyFolder;
use study::{Mean, Shown};

/// Designs and points that a picture has rows for; the tables have all.
const MOST_ROWS: usize = 40;

/// The page of a study.
pub(super) fn study_page(study: &StudyFolder) -> String {
    let shown = study.shown();
    let sections: Vec<Section> = [
        differences(study, &shown),
        tornado(study, &shown),
        each_for_itself(study, &shown),
        all_figures(study),
    ]
    .into_iter()
    .flatten()
    .collect();
    document(&study.name, &head(study, &shown), &sections, None)
}

/// `value` in `unit`, shares in per cent.
fn told(value: f64, unit: &str) -> String {
    match unit {
        "share" => format!("{}&nbsp;%", significant(100.0 * value, 4)),
        "" => grouped(value, 4),
        unit => format!("{}&nbsp;{}", significant(value, 4), escape(unit)),
    }
}

/// The same of a difference.
fn told_difference(value: f64, unit: &str) -> String {
    let sign = if value > 0.0 { "+" } else { "" };
    match unit {
        "share" => format!("{sign}{} points", significant(100.0 * value, 3)),
        "" => format!("{sign}{}", significant(value, 3)),
        unit => format!("{sign}{}&nbsp;{}", significant(value, 3), escape(unit)),
    }
}

/// What values are multiplied with for an axis, and its title.
fn axis(unit: &str) -> (f64, &str) {
    if unit == "share" { (100.0, "%") } else { (1.0, unit) }
}

fn head(study: &StudyFolder, shown: &[Shown]) -> String {
    let designs = study.cases.len();
    let lead = format!(
        "<p class=\"lead\">{designs} designs and points, at most {} replications of each; those of one \
         number share weather, prices and failures</p>\n",
        study.replications()
    );
    format!(
        "<header>\n<h1 dir=\"auto\">{}</h1>\n{lead}</header>\n<p class=\"verdict\">{}</p>\n{}",
        escape(&study.name),
        verdict(study, shown),
        requirements(study),
    )
}

/// The largest effect that the replications decide, and how much was looked at.
fn verdict(study: &StudyFolder, shown: &[Shown]) -> String {
    let all: Vec<(&Shown, &Mean)> = shown
        .iter()
        .flat_map(|figure| figure.means.iter().flatten().map(move |mean| (figure, mean)))
        .filter(|(_, mean)| mean.difference.is_some())
        .collect();
    if all.is_empty() {
        return format!("{} has no other design to be compared with.", escape(&study.baseline));
    }
    let scale = |figure: &Shown, mean: &Mean| {
        let base = figure.baseline_mean(study, mean.case).map_or(0.0, f64::abs);
        mean.difference.map_or(0.0, |d| d.mean.abs() / base.max(1e-9))
    };
    let decided =
        all.iter().filter(|(_, mean)| ["better", "worse"].contains(&mean.verdict.as_str()));
    let largest = decided
        .clone()
        .max_by(|one, other| scale(one.0, one.1).total_cmp(&scale(other.0, other.1)));
    let looked = format!(
        "{} of {} differences in the figures below are decided at 95&nbsp;% each; with so many, some \
         are by chance.",
        all.iter().filter(|(_, m)| !["open", "equal"].contains(&m.verdict.as_str())).count(),
        all.len()
    );
    match largest {
        None => format!(
            "The replications decide no difference from {}. {looked}",
            escape(&study.baseline)
        ),
        Some((figure, mean)) => {
            let difference = mean.difference.expect("it was asked for");
            format!(
                "The largest effect against {}: {} of {} is {} ({}; 95&nbsp;% interval {} to {}). \
                 {looked}",
                escape(&study.baseline),
                escape(&figure.label),
                escape(&study.cases[mean.case].label),
                mean.verdict,
                told_difference(difference.mean, &figure.unit),
                told_difference(difference.lower, &figure.unit),
                told_difference(difference.upper, &figure.unit),
            )
        }
    }
}

fn requirements(study: &StudyFolder) -> String {
    if study.requirements.is_empty() {
        return String::new();
    }
    let mut texts: Vec<&str> = Vec::new();
    for (_, text, _) in &study.requirements {
        if !texts.contains(&text.as_str()) {
            texts.push(text);
        }
    }
    let headings: Vec<&str> = ["requirement"]
        .into_iter()
        .chain(study.cases.iter().map(|case| case.label.as_str()))
        .collect();
    let rows: Vec<Vec<String>> = texts
        .iter()
        .map(|text| {
            let of = |case: usize| {
                let mut mine = study.requirements.iter().filter(|r| r.0 == case && r.1 == *text);
                let Some((_, _, result)) = mine.next() else { return "\u{2013}".to_owned() };
                let (class, word) = match result.as_str() {
                    "met" => ("met", "met"),
                    "fails" => ("unmet", "not met"),
                    _ => ("risk", "undecided"),
                };
                format!("<span class=\"{class}\">{word}</span>")
            };
            [escape(text)].into_iter().chain((0..study.cases.len()).map(of)).collect()
        })
        .collect();
    table("Requirements", &headings, &rows)
}

/// Pair by pair, both designs see the same luck.
fn differences(study: &StudyFolder, shown: &[Shown]) -> Option<Section> {
    let figures: String = shown
        .iter()
        .filter(|figure| figure.means.iter().flatten().any(|mean| mean.difference.is_some()))
        .map(|figure| {
            let (factor, unit) = axis(&figure.unit);
            let compared: Vec<&Mean> =
                figure.means.iter().flatten().filter(|mean| mean.difference.is_some()).collect();
            let rows: Vec<Row> = compared
                .iter()
                .take(MOST_ROWS)
                .filter_map(|mean| {
                    let difference = mean.difference?;
                    let pairs = study.pairs(figure, mean.case);
                    Some(Row {
                        label: study.cases[mean.case].label.clone(),
                        mean: factor * difference.mean,
                        ends: (factor * difference.lower, factor * difference.upper),
                        dots: pairs.into_iter().map(|value| factor * value).collect(),
                        class: match mean.verdict.as_str() {
                            "better" => "mean better",
                            "worse" => "mean worse",
                            _ => "mean",
                        },
                    })
                })
                .collect();
            let cells: Vec<Vec<String>> = compared
                .iter()
                .filter_map(|mean| {
                    let difference = mean.difference?;
                    let at = |value: f64, of: &str| marked(study, figure, mean, value, of, true);
                    Some(vec![
                        escape(&study.cases[mean.case].label),
                        at(difference.mean, "baseline_difference"),
                        at(difference.lower, "difference_lower"),
                        at(difference.upper, "difference_upper"),
                        escape(&mean.verdict),
                    ])
                })
                .collect();
            let headings = ["design", "difference", "from", "to", "verdict"];
            let table = folded_table("Figures as a table", &headings, &cells);
            let title = format!("{}, more than {}", unit, study.baseline);
            picture(&figure.label, "", &table, &rows, title.trim_start_matches(", "), true)
        })
        .collect();
    (!figures.is_empty()).then(|| Section {
        id: "differences".to_owned(),
        heading: format!("Differences from {}", study.baseline),
        question:
            "What does a change do? Small dots: each pair of replications with the same luck. \
                   Disc and whisker: mean and 95 % interval; filled where the interval leaves zero \
                   out, green (dark) for better, ochre for worse."
                .to_owned(),
        body: format!("<div class=\"pair\">{figures}</div>\n"),
    })
}

fn each_for_itself(study: &StudyFolder, shown: &[Shown]) -> Option<Section> {
    let figures: String = shown
        .iter()
        .map(|figure| {
            let (factor, unit) = axis(&figure.unit);
            let rows: Vec<Row> = figure
                .means
                .iter()
                .flatten()
                .take(MOST_ROWS)
                .map(|mean| Row {
                    label: study.cases[mean.case].label.clone(),
                    mean: factor * mean.mean,
                    ends: (
                        factor * mean.lower.unwrap_or(mean.mean),
                        factor * mean.upper.unwrap_or(mean.mean),
                    ),
                    dots: study
                        .samples(figure, mean.case)
                        .into_iter()
                        .map(|(_, value)| factor * value)
                        .collect(),
                    class: "mean",
                })
                .collect();
            let cells: Vec<Vec<String>> = figure
                .means
                .iter()
                .flatten()
                .map(|mean| {
                    let at = |value: Option<f64>, of: &str| match value {
                        Some(value) => marked(study, figure, mean, value, of, false),
                        None => "\u{2013}".to_owned(),
                    };
                    vec![
                        escape(&study.cases[mean.case].label),
                        at(Some(mean.mean), "mean"),
                        at(mean.lower, "lower"),
                        at(mean.upper, "upper"),
                        format!("{}", mean.n),
                    ]
                })
                .collect();
            let headings = ["design", "mean", "from", "to", "replications"];
            let table = folded_table("Figures as a table", &headings, &cells);
            picture(&figure.label, "", &table, &rows, unit, false)
        })
        .collect();
    (!figures.is_empty()).then(|| Section {
        id: "designs".to_owned(),
        heading: "Each design for itself".to_owned(),
        question:
            "What may one run give? The spread of replications, mean and 95 % interval of the \
                   mean."
                .to_owned(),
        body: format!("<div class=\"pair\">{figures}</div>\n"),
    })
}

/// One figure of `means`, marked with its place so that it can be checked.
fn marked(
    study: &StudyFolder,
    figure: &Shown,
    mean: &Mean,
    value: f64,
    of: &str,
    is_difference: bool,
) -> String {
    let case = &study.cases[mean.case];
    let text = match is_difference {
        true => told_difference(value, &figure.unit),
        false => told(value, &figure.unit),
    };
    let (number, unit) = text.split_once("&nbsp;").unwrap_or((&text, ""));
    let unit = if unit.is_empty() { String::new() } else { format!("&nbsp;{unit}") };
    format!(
        "<data value=\"{value}\" data-mean=\"{}/{}/{}/{}/{of}\">{number}</data>{unit}",
        escape(&case.design),
        case.point,
        escape(&figure.name),
        escape(&figure.subject),
    )
}

fn picture(
    title: &str,
    reading: &str,
    table: &str,
    rows: &[Row],
    axis: &str,
    zero: bool,
) -> String {
    let caption = Caption { title, reading };
    figure(&caption, Layout::Half, None, table, |width| dots(title, rows, axis, zero, width))
}

/// The changes of the figure with the largest decided effect, sorted by their effect.
fn tornado(study: &StudyFolder, shown: &[Shown]) -> Option<Section> {
    if study.cases.len() < 3 {
        return None;
    }
    let decided = |figure: &&Shown| {
        figure
            .means
            .iter()
            .flatten()
            .filter(|m| ["better", "worse"].contains(&m.verdict.as_str()))
            .count()
    };
    let figure = shown.iter().filter(|figure| decided(figure) > 0).max_by_key(decided)?;
    let (factor, unit) = axis(&figure.unit);
    let mut means: Vec<&Mean> =
        figure.means.iter().flatten().filter(|mean| mean.difference.is_some()).collect();
    let effect = |mean: &Mean| mean.difference.map_or(0.0, |difference| difference.mean.abs());
    means.sort_by(|one, other| effect(other).total_cmp(&effect(one)));
    means.truncate(MOST_ROWS);
    let rows: Vec<Row> = means
        .iter()
        .filter_map(|mean| {
            let difference = mean.difference?;
            Some(Row {
                label: study.cases[mean.case].label.clone(),
                mean: factor * difference.mean,
                ends: (factor * difference.lower, factor * difference.upper),
                dots: Vec::new(),
                class: match mean.verdict.as_str() {
                    "better" => "f-cooling",
                    "worse" => "f-mining",
                    _ => "f-other",
                },
            })
        })
        .collect();
    let title = format!("Tornado: {}", figure.label);
    let reading = format!("Changes against {}, the largest first.", study.baseline);
    let caption = Caption { title: &title, reading: &reading };
    let body = figure_of(&caption, &rows, unit);
    Some(Section {
        id: "tornado".to_owned(),
        heading: "What moves the result most".to_owned(),
        question: "Which change does most? Whiskers are 95 % intervals of paired differences."
            .to_owned(),
        body,
    })
}

fn figure_of(caption: &Caption<'_>, rows: &[Row], unit: &str) -> String {
    figure(caption, Layout::Full, None, "", |width| dots::tornado(caption.title, rows, unit, width))
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
        question: "What else changes? The table `means` of the folder has every figure.".to_owned(),
        body: folded_table("All figures that differ", &headings, &rows),
    })
}
