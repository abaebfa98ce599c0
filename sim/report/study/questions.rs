//! What a study that asks a question found: the largest value that holds, the best case.

use std::fmt::Write as _;
use std::io;

use serde_json::{Value as Json, json};

use super::compare::Heading;
use super::numbers::exact;
use super::tables::{into_folder, varied_cells, varied_columns};
use crate::report::table::{Cell, Format, count, real, text};
use crate::study::{Case, Found, Search, Selected, Store, Study};

/// What a search found.
pub fn search(study: &Study, search: &Search, found: &Found, heading: &Heading<'_>) -> String {
    let mut text = String::new();
    let values = &search.parameter.values;
    let _ = writeln!(
        text,
        "largest {} with {} in {} % of replications, {} % confidence",
        search.parameter.path,
        search.requirement.text,
        exact(100.0 * search.requirement.share.unwrap_or(1.0)),
        exact(100.0 * search.confidence),
    );
    let _ = writeln!(
        text,
        "{}: {} runs of {}, {} reused, {} new, {:.0} s\n",
        heading.folder.display(),
        heading.reused + heading.made,
        study.arms[0].name,
        heading.reused,
        heading.made,
        heading.wall.as_secs_f64(),
    );
    let _ = writeln!(text, "  {:>16}  {:>12}  {:>8}  answer", "value", "replications", "met");
    let mut trials = found.trials.clone();
    trials.sort_by_key(|trial| trial.0);
    for (index, answer, n, met) in trials {
        let answer = answer.name();
        let _ = writeln!(text, "  {:>16}  {n:>12}  {met:>8}  {answer}", values[index].label);
    }
    let name = |index: usize| values[index].label.as_str();
    text.push('\n');
    text.push_str(&match (found.holds, found.fails) {
        (Some(holds), Some(fails)) if fails == holds + 1 => {
            format!("{} holds, {} fails\n", name(holds), name(fails))
        }
        (Some(holds), Some(fails)) => format!(
            "{} holds, {} fails; between them not resolved with {} replications\n",
            name(holds),
            name(fails),
            search.at_most
        ),
        (Some(holds), None) if holds + 1 == values.len() => {
            format!("{} holds, the largest value that was asked for\n", name(holds))
        }
        (Some(holds), None) => {
            format!(
                "{} holds; beyond it not resolved with {} replications\n",
                name(holds),
                search.at_most
            )
        }
        (None, Some(0)) => format!("{} fails, the smallest value that was asked for\n", name(0)),
        (None, Some(fails)) => {
            format!(
                "{} fails; below it not resolved with {} replications\n",
                name(fails),
                search.at_most
            )
        }
        (None, None) => format!("no value is resolved with {} replications\n", search.at_most),
    });
    text
}

/// The best case and how it was found.
pub fn selection(
    study: &Study,
    cases: &[Case],
    selected: &Selected,
    heading: &Heading<'_>,
) -> String {
    let figure = study.selection.as_ref().map_or("", |selection| selection.figure.as_str());
    let mut header = vec!["design".to_owned()];
    header.extend(study.parameters.iter().map(|parameter| parameter.name.clone()));
    header.extend(["replications".to_owned(), figure.to_owned(), String::new()]);
    let mut lines = vec![header];
    let name = |case: &Case| -> Vec<String> {
        let settings = study.points[case.point].settings.iter();
        let settings = settings.map(|setting| {
            setting.as_ref().map_or("as is".to_owned(), |setting| setting.label.clone())
        });
        std::iter::once(study.arms[case.arm].name.clone()).chain(settings).collect()
    };
    for (index, (case, (n, mean))) in cases.iter().zip(&selected.cases).enumerate() {
        let mut line = name(case);
        line.push(n.to_string());
        line.push(mean.map_or("-".to_owned(), exact));
        line.push(selected.mark(index).to_owned());
        lines.push(line);
    }
    format!(
        "{}: {} runs, {} reused, {} new, {:.0} s\n\n{}",
        heading.folder.display(),
        heading.reused + heading.made,
        heading.reused,
        heading.made,
        heading.wall.as_secs_f64(),
        super::sweep::aligned(&lines),
    )
}

/// The same of a search as JSON.
pub fn search_json(study: &Study, search: &Search, found: &Found, store: &Store) -> Json {
    let values = &search.parameter.values;
    let value = |index: Option<usize>| index.map(|index| values[index].label.as_str());
    let trials = found.trials.iter().map(|&(index, answer, n, met)| {
        json!({
            "value": values[index].label,
            "number": values[index].number,
            "replications": n,
            "met": met,
            "answer": answer.name(),
        })
    });
    json!({
        "study": study.name,
        "folder": store.folder(),
        "design": study.arms[0].name,
        "path": search.parameter.path,
        "unit": search.parameter.unit,
        "requirement": search.requirement.text,
        "share_of_replications": search.requirement.share,
        "confidence": search.confidence,
        "holds": value(found.holds),
        "fails": value(found.fails),
        "trials": trials.collect::<Vec<Json>>(),
    })
}

/// The same of a selection as JSON.
pub fn selection_json(study: &Study, cases: &[Case], selected: &Selected, store: &Store) -> Json {
    let made = cases.iter().zip(&selected.cases).enumerate().map(|(index, (case, (n, mean)))| {
        let settings = study.parameters.iter().zip(&study.points[case.point].settings);
        let settings = settings.map(|(parameter, setting)| {
            (parameter.name.clone(), Json::from(setting.as_ref().map(|it| it.label.clone())))
        });
        json!({
            "design": study.arms[case.arm].name,
            "point": case.point,
            "settings": settings.collect::<serde_json::Map<_, _>>(),
            "replications": n,
            "mean": mean,
            "result": selected.mark(index),
        })
    });
    json!({
        "study": study.name,
        "folder": store.folder(),
        "figure": study.selection.as_ref().map(|selection| selection.figure.as_str()),
        "cases": made.collect::<Vec<Json>>(),
    })
}

/// Writes the table `trials` of a search: a row for each value that was tried.
///
/// # Errors
///
/// Where it cannot be written.
pub fn write_trials(
    study: &Study,
    search: &Search,
    found: &Found,
    store: &Store,
    formats: &[Format],
) -> io::Result<()> {
    into_folder(study, store.folder(), formats, |tables| {
        let columns = vec![
            text("study"),
            text("design"),
            text("value"),
            real("number"),
            text("unit"),
            count("replications"),
            count("met"),
            text("answer"),
        ];
        let mut table = tables.create("trials", columns)?;
        for &(index, answer, n, met) in &found.trials {
            let value = &search.parameter.values[index];
            table.push(&[
                Cell::Text(study.name.clone()),
                Cell::Text(study.arms[0].name.clone()),
                Cell::Text(value.label.clone()),
                value.number.map_or(Cell::Missing, Cell::Real),
                Cell::Text(search.parameter.unit.clone()),
                Cell::Count(n),
                Cell::Count(met),
                Cell::Text(answer.name().to_owned()),
            ])?;
        }
        table.finish()
    })
}

/// Writes the table `selection`: a row for each case.
///
/// # Errors
///
/// Where it cannot be written.
pub fn write_selection(
    study: &Study,
    cases: &[Case],
    selected: &Selected,
    store: &Store,
    formats: &[Format],
) -> io::Result<()> {
    let figure = study.selection.as_ref().map_or("", |selection| selection.figure.as_str());
    into_folder(study, store.folder(), formats, |tables| {
        let mut columns = vec![text("study"), text("design"), count("point")];
        columns.extend(varied_columns(study));
        columns.extend([text("figure"), count("replications"), real("mean"), text("result")]);
        let mut table = tables.create("selection", columns)?;
        for (index, (case, (n, mean))) in cases.iter().zip(&selected.cases).enumerate() {
            let mut row = vec![
                Cell::Text(study.name.clone()),
                Cell::Text(study.arms[case.arm].name.clone()),
                Cell::Count(case.point as u64),
            ];
            row.extend(varied_cells(study, case.arm, case.point));
            row.extend([
                Cell::Text(figure.to_owned()),
                Cell::Count(*n as u64),
                mean.map_or(Cell::Missing, Cell::Real),
                Cell::Text(selected.mark(index).to_owned()),
            ]);
            table.push(&row)?;
        }
        table.finish()
    })
}
