//! Pictures of figures: pairs, tornado, each design for itself.

use std::borrow::Cow;

use super::super::figure::{Caption, Layout, figure as pictured, folded_table};
use super::super::number::escape;
use super::super::parts::Section;
use super::dots::{self, MOST_DOTS, Row, dots};
use super::study::{Mean, Shown};
use super::{StudyFolder, told, told_difference};
use crate::units::Currency;

/// Designs and points that a picture has rows for; the tables have all.
const MOST_ROWS: usize = 40;
/// Pictures of a section.
const MOST_PICTURES: usize = 24;

/// What values of about `magnitude` are multiplied with for an axis, and its title.
fn axis(unit: &str, magnitude: f64) -> (f64, Cow<'_, str>) {
    let is_money = Currency::of_symbol(unit).is_some();
    let (factor, title) = match unit {
        "share" => (100.0, "%"),
        "s" if magnitude < 1.0 => (1e3, "ms"),
        "s" if magnitude >= 7200.0 => (1.0 / 3600.0, "h"),
        "MW" if magnitude < 1.0 => (1e3, "kW"),
        "MWh" if magnitude < 1.0 => (1e3, "kWh"),
        money if is_money && magnitude >= 1e6 => return (1e-6, format!("M{money}").into()),
        money if is_money && magnitude >= 1e4 => return (1e-3, format!("k{money}").into()),
        "count" | "number" => (1.0, ""),
        unit => (1.0, unit),
    };
    (factor, title.into())
}

/// The largest of `values`.
fn magnitude(values: impl Iterator<Item = f64>) -> f64 {
    values.filter(|value| value.is_finite()).map(f64::abs).fold(0.0, f64::max)
}

/// Those of `labels` that are left out of pictures, said in a sentence.
fn left_out(words: &str, labels: &[String]) -> String {
    match labels.is_empty() {
        true => String::new(),
        false => format!("<p>{words}: {}.</p>\n", labels.join(", ")),
    }
}

/// Pair by pair, both designs see the same luck.
pub(super) fn differences(study: &StudyFolder, shown: &[Shown]) -> Option<Section> {
    let compared = |figure: &&Shown| figure.compared().next().is_some();
    let (equal, differing): (Vec<&Shown>, Vec<&Shown>) = shown
        .iter()
        .filter(compared)
        .partition(|figure| figure.compared().all(|(mean, _)| mean.verdict == "equal"));
    if equal.is_empty() && differing.is_empty() {
        return None;
    }
    let labels = |figures: &[&Shown]| -> Vec<String> {
        figures.iter().map(|figure| escape(&figure.label)).collect()
    };
    let (drawn, beyond) = differing.split_at(differing.len().min(MOST_PICTURES));
    let figures: String = drawn.iter().map(|figure| difference(study, figure)).collect();
    let body = format!(
        "<div class=\"pair\">{figures}</div>\n{}{}",
        left_out("Equal in every pair of replications", &labels(&equal)),
        left_out("Not drawn, in the table below", &labels(beyond)),
    );
    Some(Section {
        id: "differences".to_owned(),
        heading: format!("Differences from {}", study.baseline),
        question: format!(
            "What does a change do? Small dots: each pair of replications with the same luck.{} \
             Disc and whisker: mean and 95 % interval; filled where the interval leaves zero out: \
             green is better, ochre is worse, as the tables say in words.",
            thinned(study)
        ),
        body,
    })
}

/// What is said where not every replication is a dot of its own.
fn thinned(study: &StudyFolder) -> String {
    match study.replications() > MOST_DOTS as u64 {
        true => format!(" Of more than {MOST_DOTS} dots that many are drawn, evenly by rank."),
        false => String::new(),
    }
}

fn difference(study: &StudyFolder, figure: &Shown) -> String {
    let most = magnitude(figure.compared().flat_map(|(_, d)| [d.mean, d.lower, d.upper]));
    let (factor, unit) = axis(&figure.unit, most);
    let rows: Vec<Row> = figure
        .compared()
        .take(MOST_ROWS)
        .map(|(mean, difference)| Row {
            label: study.cases[mean.case].label.clone(),
            mean: factor * difference.mean,
            ends: (factor * difference.lower, factor * difference.upper),
            dots: study.pairs(figure, mean.case).into_iter().map(|value| factor * value).collect(),
            class: match mean.verdict.as_str() {
                "better" => "mean better",
                "worse" => "mean worse",
                _ => "mean",
            },
        })
        .collect();
    let cells: Vec<Vec<String>> = figure
        .compared()
        .map(|(mean, difference)| {
            let at = |value: f64, of: &str| marked(study, figure, mean, value, of, true);
            vec![
                escape(&study.cases[mean.case].label),
                at(difference.mean, "baseline_difference"),
                at(difference.lower, "difference_lower"),
                at(difference.upper, "difference_upper"),
                escape(&mean.verdict),
            ]
        })
        .collect();
    let headings = ["design", "difference", "from", "to", "verdict"];
    let table = folded_table("Figures as a table", &headings, &cells);
    let title = match &*unit {
        "" => format!("more than {}", study.baseline),
        "%" => format!("points, more than {}", study.baseline),
        unit => format!("{unit}, more than {}", study.baseline),
    };
    let draw = |width| dots(&figure.label, &rows, &title, Some(0.0), None, width);
    let caption = Caption { title: &figure.label, reading: "" };
    pictured(&caption, Layout::Half, None, &table, draw)
}

/// Every design for itself: what a run of it may give.
pub(super) fn each_for_itself(study: &StudyFolder, shown: &[Shown]) -> Option<Section> {
    let one_value = |figure: &&Shown| {
        let mut all = figure.means.iter().flatten().flat_map(|mean| {
            let samples = study.samples(figure, mean.case).into_iter().map(|(_, value)| value);
            [mean.mean].into_iter().chain(samples)
        });
        let first = all.next();
        all.all(|value| Some(value) == first)
    };
    let (constant, varied): (Vec<&Shown>, Vec<&Shown>) = shown.iter().partition(one_value);
    let constant: Vec<String> = constant
        .iter()
        .filter_map(|figure| {
            let mean = figure.means.iter().flatten().next()?;
            let value = marked(study, figure, mean, mean.mean, "mean", false);
            Some(format!("{} is {value}", escape(&figure.label)))
        })
        .collect();
    let (drawn, beyond) = varied.split_at(varied.len().min(MOST_PICTURES));
    let figures: String = drawn.iter().map(|figure| alone(study, figure)).collect();
    let beyond: Vec<String> = beyond.iter().map(|figure| escape(&figure.label)).collect();
    let body = format!(
        "<div class=\"pair\">{figures}</div>\n{}{}",
        left_out("The same in every replication of every design", &constant),
        left_out("Not drawn, in the table of means", &beyond),
    );
    (!shown.is_empty()).then(|| Section {
        id: "designs".to_owned(),
        heading: "Each design for itself".to_owned(),
        question: format!(
            "What may one run give? The spread of replications, mean and 95 % interval of the mean.{}",
            thinned(study)
        ),
        body,
    })
}

fn alone(study: &StudyFolder, figure: &Shown) -> String {
    let all = || figure.means.iter().flatten();
    let (factor, unit) = axis(&figure.unit, magnitude(all().map(|mean| mean.mean)));
    // An interval may reach beyond what a share can be; the axis does not.
    let bounds = (figure.unit == "share").then_some((0.0, 100.0));
    let rows: Vec<Row> = all()
        .take(MOST_ROWS)
        .map(|mean| {
            let ends = (mean.lower.unwrap_or(mean.mean), mean.upper.unwrap_or(mean.mean));
            let samples = study.samples(figure, mean.case);
            Row {
                label: study.cases[mean.case].label.clone(),
                mean: factor * mean.mean,
                ends: (factor * ends.0, factor * ends.1),
                dots: samples.into_iter().map(|(_, value)| factor * value).collect(),
                class: "mean",
            }
        })
        .collect();
    let cells: Vec<Vec<String>> = all()
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
    let draw = |width| dots(&figure.label, &rows, &unit, None, bounds, width);
    let caption = Caption { title: &figure.label, reading: "" };
    pictured(&caption, Layout::Half, None, &table, draw)
}

/// The changes of the figure with the largest decided effect, sorted by their effect.
pub(super) fn tornado(study: &StudyFolder, shown: &[Shown]) -> Option<Section> {
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
    let most = magnitude(figure.compared().map(|(_, difference)| difference.mean));
    let (factor, unit) = axis(&figure.unit, most);
    let unit = if unit == "%" { "points" } else { &*unit };
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
    let draw = |width| dots::tornado(caption.title, &rows, unit, width);
    let body = pictured(&caption, Layout::Full, None, "", draw);
    Some(Section {
        id: "tornado".to_owned(),
        heading: "What moves the result most".to_owned(),
        question: "Which change does most? Whiskers are 95 % intervals of paired differences."
            .to_owned(),
        body,
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
