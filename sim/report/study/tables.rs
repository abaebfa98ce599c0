//! The tables of a study: every replication, and the means.

use std::fs;
use std::io;
use std::path::Path;

use serde_json::{Map, Value as Json, json};

use crate::report::table::{Cell, Column, Format, Kind, Table};
use crate::study::{Case, Contrast, RequirementResult, Setting, Status, Store, Study};

/// Writes `results` and `means` into the folder of `study`, each aside and renamed.
///
/// # Errors
///
/// Where a file cannot be written.
pub fn write_tables(
    study: &Study,
    cases: &[Case],
    contrasts: &[Contrast],
    store: &Store,
    n: usize,
    formats: &[Format],
) -> io::Result<()> {
    let folder = store.folder();
    let aside = folder.join(format!(".tables-{}", std::process::id()));
    fs::create_dir_all(&aside)?;
    let written = write_results(study, cases, store, n, &aside, formats)
        .and_then(|()| write_means(study, contrasts, &aside, formats))
        .and_then(|()| move_files(&aside, folder));
    // Whatever has happened, nothing of it stays.
    let removed = fs::remove_dir_all(&aside);
    written.and(removed)
}

fn move_files(from: &Path, to: &Path) -> io::Result<()> {
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        fs::rename(entry.path(), to.join(entry.file_name()))?;
    }
    Ok(())
}

fn text(name: &str) -> Column {
    Column::new(name, Kind::Text)
}

fn real(name: &str) -> Column {
    Column::new(name, Kind::Real)
}

fn count(name: &str) -> Column {
    Column::new(name, Kind::Count)
}

/// The columns of what is varied: numbers in the unit of their name, else text.
fn varied_columns(study: &Study) -> Vec<Column> {
    let column = |parameter: &crate::study::Parameter| {
        let numeric = parameter.values.iter().all(|value| value.number.is_some());
        let unit: String = parameter
            .unit
            .chars()
            .map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '_' })
            .collect();
        match (numeric, unit.is_empty()) {
            (true, true) => real(&parameter.name),
            (true, false) => real(&format!("{}_{unit}", parameter.name)),
            (false, _) => text(&parameter.name),
        }
    };
    study.parameters.iter().map(column).collect()
}

fn varied_cells(study: &Study, arm: usize, point: usize) -> Vec<Cell> {
    let settings = study.parameters.iter().zip(&study.points[point].settings);
    settings
        .map(|(parameter, setting)| {
            let numeric = parameter.values.iter().all(|value| value.number.is_some());
            let setting: Option<&Setting> =
                setting.as_ref().filter(|_| parameter.arms.contains(&arm));
            match (setting, numeric) {
                (Some(setting), true) => setting.number.map_or(Cell::Missing, Cell::Real),
                (Some(setting), false) => Cell::Text(setting.label.clone()),
                (None, true) => Cell::Missing,
                (None, false) => Cell::Text(String::new()),
            }
        })
        .collect()
}

/// Every figure of every replication, a row each: study, design, point, replication, seed, what
/// is varied, then figure, subject, unit, value and status.
fn write_results(
    study: &Study,
    cases: &[Case],
    store: &Store,
    n: usize,
    folder: &Path,
    formats: &[Format],
) -> io::Result<()> {
    let mut columns =
        vec![text("study"), text("design"), count("point"), count("replication"), count("seed")];
    columns.extend(varied_columns(study));
    columns.extend([text("figure"), text("subject"), text("unit"), real("value"), text("status")]);
    let mut table = Table::create(folder, "results", columns, formats)?;
    let mut row = Vec::new();
    for case in cases {
        let arm = &study.arms[case.arm];
        let Some(sheet) = store.sheet(&case.key) else { continue };
        let varied = varied_cells(study, case.arm, case.point);
        for replication in 0..n as u64 {
            let Some(sample) = store.sample(&case.key, replication) else { continue };
            for (index, figure) in sheet.iter().enumerate() {
                let value = sample.values.get(index).copied().flatten();
                let status = match (sample.status, value) {
                    (Status::Failed, _) => "failed",
                    (Status::Unbalanced, _) => "unbalanced",
                    (Status::Ok, None) => "none",
                    (Status::Ok, Some(_)) => "ok",
                };
                row.clear();
                row.extend([
                    Cell::Text(study.name.clone()),
                    Cell::Text(arm.name.clone()),
                    Cell::Count(case.point as u64),
                    Cell::Count(replication),
                    Cell::Count(arm.seed),
                ]);
                row.extend(varied.iter().cloned());
                row.extend([
                    Cell::Text(figure.name.clone()),
                    Cell::Text(figure.subject.clone()),
                    Cell::Text(figure.unit.clone()),
                    value.map_or(Cell::Missing, Cell::Real),
                    Cell::Text(status.to_owned()),
                ]);
                table.push(&row)?;
            }
        }
    }
    table.finish()
}

/// The means of every figure of every case with their intervals, and the differences to the
/// baseline.
fn write_means(
    study: &Study,
    contrasts: &[Contrast],
    folder: &Path,
    formats: &[Format],
) -> io::Result<()> {
    let mut columns = vec![text("study"), text("design"), count("point")];
    columns.extend(varied_columns(study));
    columns.extend([text("figure"), text("subject"), text("unit"), count("n")]);
    columns.extend(["mean", "sd", "lower", "upper"].map(real));
    columns.push(text("method"));
    columns.extend(
        ["baseline_difference", "difference_lower", "difference_upper", "p", "p_holm"].map(real),
    );
    columns.push(text("verdict"));
    columns.extend(["crn_factor", "needed"].map(real));
    let mut table = Table::create(folder, "means", columns, formats)?;
    let maybe = |value: Option<f64>| value.map_or(Cell::Missing, Cell::Real);
    for contrast in contrasts {
        let varied = varied_cells(study, contrast.arm, contrast.point);
        for of in &contrast.figures {
            let mut row = vec![
                Cell::Text(study.name.clone()),
                Cell::Text(study.arms[contrast.arm].name.clone()),
                Cell::Count(contrast.point as u64),
            ];
            row.extend(varied.iter().cloned());
            let comparison = of.comparison;
            let end = |sign: f64| {
                let comparison = comparison?;
                Some(comparison.difference.mean + sign * comparison.half_width?)
            };
            row.extend([
                Cell::Text(of.figure.name.clone()),
                Cell::Text(of.figure.subject.clone()),
                Cell::Text(of.figure.unit.clone()),
                Cell::Count(of.mean.n as u64),
                Cell::Real(of.mean.mean),
                Cell::Real(of.mean.sd),
                maybe(of.interval.map(|interval| interval.lower)),
                maybe(of.interval.map(|interval| interval.upper)),
                Cell::Text(of.method.name().to_owned()),
                maybe(comparison.map(|comparison| comparison.difference.mean)),
                maybe(end(-1.0)),
                maybe(end(1.0)),
                maybe(comparison.map(|comparison| comparison.p)),
                maybe(of.p_holm),
                Cell::Text(of.verdict.map_or("", |verdict| verdict.name()).to_owned()),
                maybe(comparison.and_then(|comparison| comparison.crn_factor)),
                maybe(comparison.and_then(|comparison| comparison.needed())),
            ]);
            table.push(&row)?;
        }
    }
    table.finish()
}

/// The means of a study as JSON: design, point, then figures by address.
pub fn summary_json(
    study: &Study,
    judged: &[Case],
    contrasts: &[Contrast],
    requirements: &[(usize, usize, RequirementResult)],
    folder: &Path,
) -> Json {
    let cases: Vec<Json> = contrasts
        .iter()
        .map(|contrast| {
            let mut figures = Map::new();
            for of in &contrast.figures {
                let mut figure = json!({
                    "unit": of.figure.unit,
                    "n": of.mean.n,
                    "mean": of.mean.mean,
                    "sd": of.mean.sd,
                    "lower": of.interval.map(|interval| interval.lower),
                    "upper": of.interval.map(|interval| interval.upper),
                    "method": of.method.name(),
                });
                if let (Some(comparison), Some(verdict)) = (of.comparison, of.verdict) {
                    figure["against_baseline"] = json!({
                        "difference": comparison.difference.mean,
                        "half_width": comparison.half_width,
                        "p": comparison.p,
                        "p_holm": of.p_holm,
                        "verdict": verdict.name(),
                        "crn_factor": comparison.crn_factor,
                        "needed": comparison.needed(),
                    });
                }
                figures.insert(of.figure.address.clone(), figure);
            }
            json!({
                "design": study.arms[contrast.arm].name,
                "point": contrast.point,
                "replications": contrast.n,
                "figures": figures,
            })
        })
        .collect();
    let required: Vec<Json> = requirements
        .iter()
        .map(|(case, index, result)| {
            json!({
                "design": study.arms[judged[*case].arm].name,
                "point": judged[*case].point,
                "requirement": study.requirements[*index].text,
                "result": result.to_string(),
            })
        })
        .collect();
    json!({
        "study": study.name,
        "folder": folder,
        "baseline": study.arms[study.baseline].name,
        "requirements": required,
        "cases": cases,
    })
}
