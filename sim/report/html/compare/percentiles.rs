//! Latencies of all designs on one grid.

use super::super::super::latency::points_ms;
use super::super::chart::ranked::{Curve, percentiles};
use super::super::figure::{Caption, Layout, figure, folded_table};
use super::super::number::{Form, escape, grouped, told};
use super::super::parts::Section;
use super::StudyFolder;

/// Latencies that are drawn: the end of their name, and what a title says.
const DRAWN: [(&str, &str); 3] =
    [("ttft", "Time to first token"), ("tpot", "Time per output token"), ("e2e", "End to end")];
/// Designs and points in one picture.
const MOST_CURVES: usize = 8;
/// Pictures at most.
const MOST_PICTURES: usize = 12;
/// Colours of designs, one after another; dashes tell them apart as well.
const COLOURS: [&str; 5] = ["import", "training", "mining", "inference", "cooling"];
/// Columns of the table of a picture.
const SHARES: [(&str, f64); 5] =
    [("p50", 0.5), ("p90", 0.9), ("p99", 0.99), ("p99.9", 0.999), ("longest", 1.0)];

/// Every latency by percentile, a curve for each design.
pub(super) fn latencies(study: &StudyFolder) -> Option<Section> {
    let mut names: Vec<&str> = Vec::new();
    for logged in study.latencies.iter().flatten() {
        if !names.contains(&logged.tag.as_str()) {
            names.push(&logged.tag);
        }
    }
    // Services before their classes.
    names.sort_by_key(|name| (name.matches('/').count(), rank(name)));
    let left_out = names.len().saturating_sub(MOST_PICTURES);
    names.truncate(MOST_PICTURES);
    let figures: String = names.iter().map(|name| picture(study, name)).collect();
    let more = match left_out {
        0 => String::new(),
        count => format!("<p>{count} latencies of classes are in the folder alone.</p>\n"),
    };
    (!figures.is_empty()).then(|| Section {
        id: "latencies".to_owned(),
        heading: "Latencies of all requests".to_owned(),
        question: "How rare are the worst waits? Requests of all replications of a design \
                   together; each step to the right is ten times rarer. Requests that were not \
                   served are in no curve."
            .to_owned(),
        body: format!("<div class=\"pair\">{figures}</div>\n{more}"),
    })
}

fn rank(name: &str) -> usize {
    DRAWN.iter().position(|(end, _)| name.ends_with(end)).unwrap_or(DRAWN.len())
}

fn picture(study: &StudyFolder, name: &str) -> String {
    let of = |case: usize| study.latencies[case].iter().find(|logged| logged.tag == name);
    let mut groups: Vec<(Vec<usize>, Curve)> = Vec::new();
    for (case, values) in (0..study.cases.len()).filter_map(|case| Some((case, of(case)?))) {
        let points = points_ms(&values.values);
        // Designs that nothing tells apart share a curve.
        match groups.iter().position(|(_, curve)| curve.points == points) {
            Some(known) => groups[known].0.push(case),
            None if groups.len() < MOST_CURVES => {
                let index = groups.len();
                let colour = COLOURS[index % COLOURS.len()];
                let label = study.cases[case].label.clone();
                groups.push((vec![case], Curve { label, colour, dash: index % 4, points }));
            }
            None => {}
        }
    }
    let drawn: usize = groups.iter().map(|(cases, _)| cases.len()).sum();
    let rows: Vec<Vec<String>> = (0..study.cases.len())
        .filter_map(|case| Some((case, &of(case)?.values)))
        .map(|(case, values)| {
            let quantile = |share: f64| {
                let (number, unit) =
                    told(values.value_at_quantile(share) as f64 * 1e-6, Form::Quick);
                format!("{number}&nbsp;{unit}")
            };
            let label = escape(&study.cases[case].label);
            let cells = SHARES.map(|(_, share)| quantile(share));
            [label].into_iter().chain(cells).chain([grouped(values.len() as f64, 0)]).collect()
        })
        .collect();
    let headings: Vec<&str> =
        ["design"].into_iter().chain(SHARES.map(|(name, _)| name)).chain(["requests"]).collect();
    let mut reading = String::new();
    for (cases, curve) in groups.iter_mut().filter(|(cases, _)| cases.len() > 1) {
        let names: Vec<&str> = cases.iter().map(|&case| study.cases[case].label.as_str()).collect();
        reading += &format!("One curve for {}, which agree. ", names.join(", "));
        curve.label = format!("{} designs", cases.len());
    }
    if drawn < rows.len() {
        reading += &format!("The first {drawn} of {} designs are drawn.", rows.len());
    }
    let table = folded_table("Figures as a table", &headings, &rows);
    let (service, kind) = name.rsplit_once('/').unwrap_or(("", name));
    let words = DRAWN.iter().find(|(end, _)| *end == kind).map_or(kind, |(_, words)| words);
    let title = format!("{words}, {service}");
    let caption = Caption { title: &title, reading: reading.trim_end() };
    let curves: Vec<Curve> = groups.into_iter().map(|(_, curve)| curve).collect();
    figure(&caption, Layout::Half, None, &table, |width| percentiles(&title, &curves, &[], width))
}
