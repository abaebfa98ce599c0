//! Where values come from, and how to run it again.

use super::super::number::{Form, escape};
use super::super::parts::{Page, Section};

pub(super) fn sources(page: &Page<'_>) -> Option<Section> {
    let sources = &page.run.sources;
    if sources.is_empty() {
        return None;
    }
    let (assumed, sourced): (Vec<_>, Vec<_>) =
        sources.iter().partition(|(source, _)| source.contains("assumption"));
    let rows: String = assumed
        .iter()
        .chain(&sourced)
        .map(|(source, places)| {
            let places: Vec<String> = places.iter().map(|place| escape(place)).collect();
            let class = if source.contains("assumption") { " class=\"met\"" } else { "" };
            format!(
                "<tr><th scope=\"row\">{}</th><td{class}>{}</td></tr>",
                places.join(",<br>"),
                escape(source)
            )
        })
        .collect();
    Some(Section {
        id: "sources".to_owned(),
        heading: "Assumptions and sources".to_owned(),
        question:
            "What do the values rest on? Those that the scenario gives no source for are its \
                   author's. Assumptions come first, in bold."
                .to_owned(),
        body: format!(
            "<table class=\"words\"><thead><tr><th scope=\"col\">values of</th>\
             <th scope=\"col\">source</th></tr></thead><tbody>{rows}</tbody></table>\n"
        ),
    })
}

pub(super) fn repeat(page: &Page<'_>) -> Section {
    let run = page.run;
    let manifest = &run.manifest;
    let text = |key: &str| manifest[key].as_str().map(escape).unwrap_or_default();
    let sets = manifest["sets"].as_array().cloned().unwrap_or_default();
    let mut rows = vec![
        ("program", format!("loadbank {}", text("version"))),
        ("status", text("status")),
        ("scenario", format!("<bdi>{}</bdi>", text("scenario"))),
    ];
    for set in sets.iter().filter_map(|set| set.as_str()) {
        rows.push(("--set", format!("<bdi>{}</bdi>", escape(set))));
    }
    rows.push(("SHA-256 of the effective scenario", text("scenario_sha256")));
    for input in manifest["inputs"].as_array().into_iter().flatten() {
        let words: Vec<String> = input
            .as_object()
            .into_iter()
            .flat_map(|object| object.values())
            .filter_map(|value| value.as_str())
            .map(|text| format!("<bdi>{}</bdi>", escape(text)))
            .collect();
        rows.push(("input", words.join(" ")));
    }
    rows.push(("seed", run.figure(&["seed"], Form::Count)));
    rows.push(("replication", run.figure(&["replication"], Form::Count)));
    rows.push(("events of the site", run.figure(&["site_events"], Form::Count)));
    let trace = run.summary["trace"].as_str().map(escape).unwrap_or_default();
    rows.push(("trace: equal runs have equal traces", trace));
    let rows: String = rows
        .iter()
        .map(|(name, value)| format!("<tr><th scope=\"row\">{name}</th><td>{value}</td></tr>"))
        .collect();
    Section {
        id: "repeat".to_owned(),
        heading: "To repeat this run".to_owned(),
        question: "The same scenario, seed and version give the same figures on any machine."
            .to_owned(),
        body: format!(
            "<table class=\"words\"><thead><tr><th scope=\"col\">what</th><th scope=\"col\">value\
             </th></tr></thead><tbody>{rows}</tbody></table>\n"
        ),
    }
}
