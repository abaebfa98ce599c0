//! The tables of a study: every replication, and the means.

use std::fs;
use std::io;
use std::path::Path;

use serde::ser::{Serialize, SerializeMap as _, Serializer};
use serde_json::{Map, Value as Json, json};

use crate::report::table::{Cell, Column, Format, Tables, count, real, text};
use crate::study::{Case, Contrast, Judged, Setting, Status, Store, Study};

/// Writes `results`, `means` and, where requests were served, `latencies` with their histograms into
/// the folder of `study`, each aside and renamed.
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
    into_folder(study, store.folder(), formats, |tables| {
        write_results(study, cases, store, n, tables)?;
        write_means(study, contrasts, tables)?;
        if contrasts.iter().any(|contrast| contrast.pools.iter().next().is_some()) {
            write_latencies(study, contrasts, tables)?;
        }
        Ok(())
    })
}

/// Has `write` make files of `study` beside the others of `folder`, and moves them there.
pub(super) fn into_folder(
    study: &Study,
    folder: &Path,
    formats: &[Format],
    write: impl FnOnce(&Tables<'_>) -> io::Result<()>,
) -> io::Result<()> {
    let aside = folder.join(format!(".tables-{}", std::process::id()));
    fs::create_dir_all(&aside)?;
    let origin = vec![("study", study.name.clone()), ("study_sha256", study.hash())];
    let tables = Tables { folder: &aside, formats, origin };
    let written = write(&tables).and_then(|()| move_files(&aside, folder));
    // Whatever has happened, nothing of it stays.
    let removed = fs::remove_dir_all(&aside);
    written.and(removed)
}

fn move_files(from: &Path, to: &Path) -> io::Result<()> {
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let to = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            fs::create_dir_all(&to)?;
            move_files(&entry.path(), &to)?;
        } else {
            fs::rename(entry.path(), to)?;
        }
    }
    Ok(())
}

/// The columns of what is varied: numbers in the unit of their name, else text.
pub(super) fn varied_columns(study: &Study) -> Vec<Column> {
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

pub(super) fn varied_cells(study: &Study, arm: usize, point: usize) -> Vec<Cell> {
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
    tables: &Tables<'_>,
) -> io::Result<()> {
    let mut columns =
        vec![text("study"), text("design"), count("point"), count("replication"), count("seed")];
    columns.extend(varied_columns(study));
    columns.extend([text("figure"), text("subject"), text("unit"), real("value"), text("status")]);
    let mut table = tables.create("results", columns)?;
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
fn write_means(study: &Study, contrasts: &[Contrast], tables: &Tables<'_>) -> io::Result<()> {
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
    let mut table = tables.create("means", columns)?;
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

/// The latencies of all requests of the replications of each case: a row for each histogram, which
/// is a line of `latency/DESIGN-POINT.hlog`, the interval log of the HdrHistogram tools.
fn write_latencies(study: &Study, contrasts: &[Contrast], tables: &Tables<'_>) -> io::Result<()> {
    let logs = tables.folder.join("latency");
    fs::create_dir_all(&logs)?;
    let mut columns = vec![text("study"), text("design"), count("point")];
    columns.extend(varied_columns(study));
    columns.extend([text("histogram"), count("replications"), count("count")]);
    columns.extend(QUANTILES.map(|(name, _)| real(name)));
    let mut table = tables.create("latencies", columns)?;
    for contrast in contrasts {
        let arm = &study.arms[contrast.arm];
        let mut log = format!(
            "#[values in microseconds]\n#[all requests of the replications of {}, point {}]\n\
             #[MaxValueDivisor: 1000.000]\n",
            arm.name, contrast.point
        );
        for (name, pool) in contrast.pools.iter() {
            let mut row = vec![
                Cell::Text(study.name.clone()),
                Cell::Text(arm.name.clone()),
                Cell::Count(contrast.point as u64),
            ];
            row.extend(varied_cells(study, contrast.arm, contrast.point));
            row.extend([
                Cell::Text(name.to_owned()),
                Cell::Count(pool.replications() as u64),
                Cell::Count(pool.count()),
            ]);
            let quantiles = QUANTILES.map(|(_, share)| pool.quantile_s(share));
            row.extend(quantiles.map(|value| value.map_or(Cell::Missing, Cell::Real)));
            table.push(&row)?;
            let seconds = pool.replications() as f64 * arm.observed_days() * 86_400.0;
            log += &pool.log_line(name, seconds);
        }
        if contrast.pools.iter().next().is_some() {
            let name = format!("{}-{}.hlog", arm.name, contrast.point);
            fs::write(logs.join(name), log)?;
        }
    }
    table.finish()
}

/// Columns of quantiles, and what they are.
const QUANTILES: [(&str, f64); 6] = [
    ("p50_s", 0.5),
    ("p90_s", 0.9),
    ("p95_s", 0.95),
    ("p99_s", 0.99),
    ("p999_s", 0.999),
    ("max_s", 1.0),
];

/// The means of a study as JSON: requirements, then for each design at each point figures by
/// address. Written case by case, for a study may have many.
#[derive(Debug, Clone, Copy)]
pub struct Summary<'a> {
    /// The study.
    pub study: &'a Study,
    /// Its cases.
    pub cases: &'a [Case],
    /// What they came to.
    pub contrasts: &'a [Contrast],
    /// What became of its requirements.
    pub requirements: &'a [Judged],
    /// Where the results are.
    pub folder: &'a Path,
}

impl Serialize for Summary<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self { study, cases, requirements, .. } = self;
        let required = requirements.iter().map(|judged| {
            let case = &cases[judged.case];
            json!({
                "design": study.arms[case.arm].name,
                "point": case.point,
                "requirement": study.requirements[judged.requirement].text,
                "result": judged.result.to_string(),
                "held": judged.held,
                "replications": judged.replications,
            })
        });
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("study", &study.name)?;
        map.serialize_entry("folder", &self.folder.display().to_string())?;
        map.serialize_entry("baseline", &study.arms[study.baseline].name)?;
        map.serialize_entry("requirements", &required.collect::<Vec<Json>>())?;
        map.serialize_entry("cases", &Cases(self))?;
        map.end()
    }
}

/// The cases of a summary.
struct Cases<'a>(&'a Summary<'a>);

impl Serialize for Cases<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Summary { study, contrasts, .. } = self.0;
        serializer.collect_seq(contrasts.iter().map(|contrast| case_json(study, contrast)))
    }
}

fn case_json(study: &Study, contrast: &Contrast) -> Json {
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
    let mut case = json!({
        "design": study.arms[contrast.arm].name,
        "point": contrast.point,
        "replications": contrast.n,
        "figures": figures,
    });
    let mut latencies = Map::new();
    for (name, pool) in contrast.pools.iter() {
        let mut of = json!({"replications": pool.replications(), "count": pool.count()});
        for (key, share) in QUANTILES {
            of[key] = pool.quantile_s(share).into();
        }
        latencies.insert(name.to_owned(), of);
    }
    if !latencies.is_empty() {
        case["latencies_of_all_requests"] = latencies.into();
    }
    case
}
