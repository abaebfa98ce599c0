//! Where values come from, and how to run it again.

use super::super::figure::folded_words;
use super::super::number::{Form, escape};
use super::super::parts::{Page, Section};
use super::super::run::Run;

/// How many rows of an origin the page holds; the table has all.
const MOST_ROWS: usize = 1_000;
/// Origins as the table names them, and what a person calls them.
const ORIGINS: [(&str, &str, &str); 5] = [
    ("set", "--set on the command line", "set on the command line"),
    ("scenario", "The scenario", "written in the scenario"),
    ("base", "Its bases", "from scenarios that it builds upon"),
    ("catalogue", "The built-in catalogue", "from the built-in catalogue"),
    ("default", "Defaults of the models", "left at the defaults of the models"),
];

pub(super) fn sources(page: &Page<'_>) -> Option<Section> {
    let sources = &page.run.sources;
    let origins = origins(page.run);
    if sources.is_empty() && origins.is_empty() {
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
    let table = match rows.is_empty() {
        true => String::new(),
        false => format!(
            "<table class=\"words\"><thead><tr><th scope=\"col\">values of</th>\
             <th scope=\"col\">source</th></tr></thead><tbody>{rows}</tbody></table>\n"
        ),
    };
    Some(Section {
        id: "sources".to_owned(),
        heading: "Assumptions and sources".to_owned(),
        question:
            "What do the values rest on? Those that the scenario gives no source for are its \
                   author's. Assumptions come first, in bold."
                .to_owned(),
        body: table + &origins,
    })
}

/// Who has said which value: a sentence with their numbers, and a folded table of each.
fn origins(run: &Run) -> String {
    let Some(table) = &run.origins else { return String::new() };
    let (kinds, paths, values) = (table.texts("origin"), table.texts("path"), table.texts("value"));
    let (files, sources) = (table.texts("file"), table.texts("source"));
    let lines = table.reals("line").unwrap_or_default();
    let rows_of = |kind: &str| (0..table.rows()).filter(|&row| kinds[row] == kind).collect();
    let groups: Vec<(&str, &str, Vec<usize>)> = ORIGINS
        .iter()
        .map(|(kind, title, words)| (*title, *words, rows_of(kind)))
        .filter(|(.., rows): &(_, _, Vec<usize>)| !rows.is_empty())
        .collect();
    if groups.is_empty() {
        return String::new();
    }
    let counts: Vec<String> =
        groups.iter().map(|(_, words, rows)| format!("{} {words}", rows.len())).collect();
    let mut html = format!(
        "<h3>Origin of every value</h3>\n<p class=\"question\">{}. A default is told as the reference \
         of the language says it.</p>\n",
        counts.join(", ")
    );
    for (title, _, rows) in groups {
        let is_default = files[rows[0]].is_empty();
        let cells: Vec<Vec<String>> = rows
            .iter()
            .take(MOST_ROWS)
            .map(|&row| {
                let first = [escape(&paths[row]), format!("<bdi>{}</bdi>", escape(&values[row]))];
                let place = match lines.get(row).filter(|line| line.is_finite()) {
                    Some(line) => format!("{}:{line}", escape(&files[row])),
                    None => escape(&files[row]),
                };
                let rest = [place, escape(&sources[row])];
                first.into_iter().chain(rest.into_iter().filter(|_| !is_default)).collect()
            })
            .collect();
        let headings: &[&str] = if is_default {
            &["value of", "default"]
        } else {
            &["value of", "value", "place", "source"]
        };
        let said = match rows.len() > MOST_ROWS {
            true => format!("{title}: the first {MOST_ROWS} of {} values", rows.len()),
            false => format!("{title}: {} values", rows.len()),
        };
        html += &folded_words(&said, headings, &cells);
    }
    html
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
