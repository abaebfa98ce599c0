//! What stands at the head of the page: the largest effect, a sentence for each design, requirements.

use super::super::figure::table;
use super::super::number::escape;
use super::study::{Mean, Shown};
use super::{StudyFolder, sites, told_difference};

/// Designs that are told of in sentences.
const MOST_SENTENCES: usize = 12;
/// Figures that a sentence names, better ones and worse ones each.
const MOST_NAMED: usize = 4;

pub(super) fn head(study: &StudyFolder, shown: &[Shown]) -> String {
    let several = study.cases.iter().any(|case| case.point > 0);
    let lead = format!(
        "<p class=\"lead\">{} {}, at most {} replications of each; those of one number share weather, \
         prices and failures</p>\n",
        study.cases.len(),
        if several { "designs and points" } else { "designs" },
        study.replications()
    );
    format!(
        "<header>\n<h1 dir=\"auto\">{}</h1>\n{lead}</header>\n<p class=\"verdict\">{}</p>\n{}{}",
        escape(&study.name),
        verdict(study, shown),
        sentences(study, shown),
        requirements(study),
    )
}

/// How large a difference is beside the values that it lies between: 1 is all of the larger one.
fn effect(study: &StudyFolder, figure: &Shown, mean: &Mean) -> f64 {
    let base = figure.baseline_mean(study, mean.case).map_or(0.0, f64::abs);
    mean.difference.map_or(0.0, |d| d.mean.abs() / base.max(mean.mean.abs()).max(f64::MIN_POSITIVE))
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
    let largest =
        all.iter().filter(|(_, mean)| ["better", "worse"].contains(&mean.verdict.as_str())).max_by(
            |one, other| effect(study, one.0, one.1).total_cmp(&effect(study, other.0, other.1)),
        );
    let looked = format!(
        "{} of {} differences in the figures below are decided at 95&nbsp;% each; with so many, some \
         may be by chance.",
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
                "The largest change against {}, by its share of the figure: {} of {} is {} ({}; \
                 95&nbsp;% interval {} to {}). {looked}",
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

/// A sentence for each design but the baseline.
fn sentences(study: &StudyFolder, shown: &[Shown]) -> String {
    let others: Vec<usize> =
        (0..study.cases.len()).filter(|&case| study.cases[case].design != study.baseline).collect();
    if others.is_empty() || others.len() > MOST_SENTENCES {
        return String::new();
    }
    let items: String = others
        .iter()
        .map(|&case| {
            let label = escape(&study.cases[case].label);
            let what = sites::changes_of(study, &study.cases[case].design)
                .map_or(String::new(), |words| format!(" {words};"));
            format!("<li><b>{label}</b>{what} {}</li>\n", sentence(study, shown, case))
        })
        .collect();
    format!("<ul class=\"designs\">\n{items}</ul>\n")
}

fn sentence(study: &StudyFolder, shown: &[Shown], case: usize) -> String {
    let mine: Vec<(&Shown, &Mean)> = shown
        .iter()
        .filter_map(|figure| Some((figure, figure.means[case].as_ref()?)))
        .filter(|(_, mean)| mean.difference.is_some())
        .collect();
    let of = |verdict: &str| {
        let mut found: Vec<_> = mine.iter().filter(|(_, mean)| mean.verdict == verdict).collect();
        found.sort_by(|one, other| {
            effect(study, other.0, other.1).total_cmp(&effect(study, one.0, one.1))
        });
        let more = found.len().saturating_sub(MOST_NAMED);
        let mut words: Vec<String> = found
            .into_iter()
            .take(MOST_NAMED)
            .map(|(figure, mean)| {
                let difference = mean.difference.expect("it was asked for").mean;
                format!("{} {}", escape(&figure.label), told_difference(difference, &figure.unit))
            })
            .collect();
        if more > 0 {
            words.push(format!("{more} more"));
        }
        words.join(", ")
    };
    let count = |verdict: &str| mine.iter().filter(|(_, mean)| mean.verdict == verdict).count();
    let mut parts = Vec::new();
    for verdict in ["better", "worse", "higher", "lower"] {
        let words = of(verdict);
        if !words.is_empty() {
            parts.push(format!("{verdict}: {words}"));
        }
    }
    match (count("open"), count("equal"), mine.len()) {
        (_, equal, all) if equal == all && all > 0 => {
            return "no figure below differs in any replication.".to_owned();
        }
        (0, _, _) => {}
        (open, _, _) => parts.push(format!("{open} not decided")),
    }
    if parts.is_empty() {
        return "nothing to compare.".to_owned();
    }
    parts.join("; ") + "."
}

fn requirements(study: &StudyFolder) -> String {
    if study.requirements.is_empty() {
        return String::new();
    }
    let mut texts: Vec<&str> = Vec::new();
    for required in &study.requirements {
        if !texts.contains(&required.text.as_str()) {
            texts.push(&required.text);
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
                let mut all = study.requirements.iter();
                let mine = all.find(|required| required.case == case && required.text == **text);
                let Some(mine) = mine else { return "\u{2013}".to_owned() };
                let (class, word) = match mine.result.as_str() {
                    "met" => ("met", "met"),
                    "fails" => ("unmet", "not met"),
                    _ => ("risk", "undecided"),
                };
                let held =
                    mine.held.map_or(String::new(), |(held, of)| format!(", {held} of {of}"));
                format!("<span class=\"{class}\">{word}</span>{held}")
            };
            [escape(text)].into_iter().chain((0..study.cases.len()).map(of)).collect()
        })
        .collect();
    let reading = "<p>Met or not: proven at the confidence of the requirement. Beside it, in how many \
                   replications it holds.</p>\n";
    table("Requirements", &headings, &rows) + reading
}
