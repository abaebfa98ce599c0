//! The folder of a study, read back.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;

use serde_json::Value as Json;

use super::super::super::table::{self, Columns};
use super::super::hlog::{Logged, read_log};
use crate::scenario::{self, Node};

/// Latencies that are read of a log, by the ends of their names.
const LATENCIES: [&str; 3] = ["ttft", "tpot", "e2e"];

fn is_latency(name: &str) -> bool {
    name.rsplit_once('/').is_some_and(|(_, end)| LATENCIES.contains(&end))
}

/// Columns that hold texts, which CSV does not tell.
const TEXTS: [&str; 8] =
    ["study", "design", "figure", "subject", "unit", "status", "method", "verdict"];
/// Figures that are shown, where designs have them: as the text of a study does.
const MAIN: [&str; 21] = [
    "availability",
    "outages",
    "goodput",
    "ettr",
    "wait-mean",
    "slo-attainment",
    "ttft-p99",
    "tpot-p99",
    "e2e-p99",
    "uptime",
    "curtailed-energy",
    "import",
    "peak-demand",
    "shed",
    "pue",
    "wue",
    "revenue",
    "energy-cost",
    "cost-of-energy",
    "margin",
    "net",
];

/// The folder of a study.
#[derive(Debug)]
pub(in crate::report::html) struct StudyFolder {
    pub(super) name: String,
    pub(super) baseline: String,
    pub(super) cases: Vec<CaseName>,
    /// The scenarios of the designs, where the folder has them.
    pub(super) designs: Vec<DesignFile>,
    /// By case, the latencies of all requests of its replications.
    pub(super) latencies: Vec<Vec<Logged>>,
    pub(super) requirements: Vec<Required>,
    results: Columns,
    means: Columns,
    /// The rows of the results that are of a figure and a subject, with their cases.
    rows_of: BTreeMap<(String, String), Vec<(usize, usize)>>,
}

/// What a requirement came to in a case.
#[derive(Debug)]
pub(super) struct Required {
    pub(super) case: usize,
    pub(super) text: String,
    pub(super) result: String,
    /// Replications that meet it, of so many; none where the folder does not say.
    pub(super) held: Option<(u64, u64)>,
}

/// The effective scenario of a design.
#[derive(Debug)]
pub(super) struct DesignFile {
    pub(super) name: String,
    pub(super) root: Node,
}

/// A design at a point.
#[derive(Debug)]
pub(super) struct CaseName {
    pub(super) design: String,
    pub(super) point: u64,
    pub(super) label: String,
}

/// A figure and its means by case.
#[derive(Debug)]
pub(super) struct Shown {
    pub(super) name: String,
    pub(super) subject: String,
    pub(super) unit: String,
    pub(super) label: String,
    pub(super) means: Vec<Option<Mean>>,
}

/// A mean of a figure of a case.
#[derive(Debug, Clone)]
pub(super) struct Mean {
    pub(super) case: usize,
    pub(super) n: u64,
    pub(super) mean: f64,
    pub(super) lower: Option<f64>,
    pub(super) upper: Option<f64>,
    pub(super) difference: Option<Difference>,
    pub(super) verdict: String,
}

/// A paired difference to the baseline and its interval.
#[derive(Debug, Clone, Copy)]
pub(super) struct Difference {
    pub(super) mean: f64,
    pub(super) lower: f64,
    pub(super) upper: f64,
}

impl StudyFolder {
    /// Reads the folder whose `summary.json` is `summary`.
    pub(in crate::report::html) fn read(folder: &Path, summary: &Json) -> io::Result<Self> {
        let need = |stem: &str| {
            let missing = || io::Error::other(format!("there is no table `{stem}`"));
            table::read(folder, stem, &TEXTS)?.ok_or_else(missing)
        };
        let (results, means) = (need("results")?, need("means")?);
        let text = |json: &Json| json.as_str().unwrap_or_default().to_owned();
        let listed = summary["cases"].as_array().cloned().unwrap_or_default();
        let cases: Vec<(String, u64)> = listed
            .iter()
            .map(|case| (text(&case["design"]), case["point"].as_u64().unwrap_or(0)))
            .collect();
        let points = cases.iter().any(|(_, point)| *point > 0);
        let label = |(design, point): &(String, u64)| {
            let varied = points.then(|| varied(&means, design, *point)).flatten();
            match varied {
                Some(varied) => format!("{design}, {varied}"),
                None => design.clone(),
            }
        };
        let names: Vec<CaseName> = cases
            .iter()
            .map(|case| CaseName { design: case.0.clone(), point: case.1, label: label(case) })
            .collect();
        let mut scenarios: Vec<DesignFile> = Vec::new();
        for (design, _) in &cases {
            let path = folder.join(format!("{design}.design.yaml"));
            if !scenarios.iter().any(|known| known.name == *design)
                && let Ok(document) = scenario::load(&path, &[])
            {
                scenarios.push(DesignFile { name: design.clone(), root: document.root });
            }
        }
        let log = |(design, point): &(String, u64)| {
            read_log(
                &folder.join("latency").join(format!("{design}-{point}.hlog")),
                is_latency,
                |line| line,
            )
        };
        let latencies = cases.iter().map(log).collect::<io::Result<_>>()?;
        let find = |design: &str, point: u64| {
            cases.iter().position(|case| case.0 == design && case.1 == point)
        };
        let requirements = summary["requirements"].as_array().cloned().unwrap_or_default();
        let requirements = requirements
            .iter()
            .filter_map(|required| {
                let point = required["point"].as_u64().unwrap_or(0);
                let case = find(required["design"].as_str()?, point)?;
                let number = |key: &str| required[key].as_u64();
                Some(Required {
                    case,
                    text: text(&required["requirement"]),
                    result: text(&required["result"]),
                    held: number("held").zip(number("replications")),
                })
            })
            .collect();
        let (designs, numbers) = (results.texts("design"), results.reals("point"));
        let (figures, subjects) = (results.texts("figure"), results.texts("subject"));
        let mut rows_of: BTreeMap<(String, String), Vec<(usize, usize)>> = BTreeMap::new();
        for row in 0..results.rows() {
            let point = numbers.map_or(0, |points| points[row] as u64);
            if !MAIN.contains(&figures[row].as_str()) {
                continue;
            }
            if let Some(case) = find(&designs[row], point) {
                let of = (figures[row].clone(), subjects[row].clone());
                rows_of.entry(of).or_default().push((row, case));
            }
        }
        Ok(Self {
            name: text(&summary["study"]),
            baseline: text(&summary["baseline"]),
            cases: names,
            designs: scenarios,
            latencies,
            requirements,
            results,
            means,
            rows_of,
        })
    }

    /// Replications of the case that has most.
    pub(super) fn replications(&self) -> u64 {
        let all = self.results.reals("replication").unwrap_or_default();
        all.iter().copied().fold(-1.0, f64::max) as u64 + 1
    }

    /// Every figure of the means, in their order.
    pub(super) fn all(&self) -> Vec<Shown> {
        let texts = |name: &str| self.means.texts(name);
        let (designs, figures, subjects, units, verdicts) =
            (texts("design"), texts("figure"), texts("subject"), texts("unit"), texts("verdict"));
        let real = |name: &str, row: usize| {
            let value = self.means.reals(name).and_then(|values| values.get(row)).copied();
            value.filter(|value| value.is_finite())
        };
        let mut all: Vec<Shown> = Vec::new();
        let mut places = BTreeMap::new();
        for row in 0..self.means.rows() {
            let point = real("point", row).unwrap_or(0.0) as u64;
            let case = |case: &CaseName| case.design == designs[row] && case.point == point;
            let Some(case) = self.cases.iter().position(case) else { continue };
            let Some(mean) = real("mean", row) else { continue };
            let place = *places.entry((&figures[row], &subjects[row])).or_insert_with(|| {
                let label = match subjects[row].as_str() {
                    "" => figures[row].clone(),
                    subject => format!("{}({subject})", figures[row]),
                };
                all.push(Shown {
                    name: figures[row].clone(),
                    subject: subjects[row].clone(),
                    unit: units[row].clone(),
                    label,
                    means: vec![None; self.cases.len()],
                });
                all.len() - 1
            });
            let difference = real("baseline_difference", row).and_then(|mean| {
                let (lower, upper) =
                    (real("difference_lower", row)?, real("difference_upper", row)?);
                Some(Difference { mean, lower, upper })
            });
            all[place].means[case] = Some(Mean {
                case,
                n: real("n", row).unwrap_or(0.0) as u64,
                mean,
                lower: real("lower", row),
                upper: real("upper", row),
                difference,
                verdict: verdicts[row].clone(),
            });
        }
        all
    }

    /// The main figures that are not nothing everywhere.
    pub(super) fn shown(&self) -> Vec<Shown> {
        let rank = |figure: &Shown| MAIN.iter().position(|name| *name == figure.name);
        let mut shown = self.all();
        shown.retain(|figure| {
            let all = || figure.means.iter().flatten();
            rank(figure).is_some()
                && all().any(|mean| mean.mean != 0.0 || mean.upper.is_some_and(|v| v != 0.0))
        });
        shown.sort_by_key(rank);
        shown
    }

    /// The values of `figure`, one of the main ones, in `case`, by replication.
    pub(super) fn samples(&self, figure: &Shown, case: usize) -> Vec<(u64, f64)> {
        let statuses = self.results.texts("status");
        let (Some(values), Some(replications)) =
            (self.results.reals("value"), self.results.reals("replication"))
        else {
            return Vec::new();
        };
        let rows = self.rows_of.get(&(figure.name.clone(), figure.subject.clone()));
        rows.into_iter()
            .flatten()
            .filter(|&&(row, of)| of == case && statuses[row] == "ok")
            .map(|&(row, _)| (replications[row] as u64, values[row]))
            .collect()
    }

    /// The differences of `figure` in `case` to the baseline at the same point, replication by
    /// replication.
    pub(super) fn pairs(&self, figure: &Shown, case: usize) -> Vec<f64> {
        let Some(base) = self.baseline_of(case) else { return Vec::new() };
        let others = self.samples(figure, base);
        let mine = self.samples(figure, case);
        let others: BTreeMap<u64, f64> = others.into_iter().collect();
        mine.iter()
            .filter_map(|(replication, value)| Some(value - others.get(replication)?))
            .collect()
    }

    fn baseline_of(&self, case: usize) -> Option<usize> {
        let point = self.cases[case].point;
        self.cases.iter().position(|case| case.design == self.baseline && case.point == point)
    }
}

impl Shown {
    /// The means that are compared with that of the baseline, and their differences.
    pub(super) fn compared(&self) -> impl Iterator<Item = (&Mean, Difference)> {
        self.means.iter().flatten().filter_map(|mean| Some((mean, mean.difference?)))
    }

    /// The mean of the baseline at the point of `case`.
    pub(super) fn baseline_mean(&self, study: &StudyFolder, case: usize) -> Option<f64> {
        Some(self.means[study.baseline_of(case)?].as_ref()?.mean)
    }
}

/// What is varied at a point, as `rate_per_s 3, pumps 2`.
fn varied(means: &Columns, design: &str, point: u64) -> Option<String> {
    let (designs, points) = (means.texts("design"), means.reals("point")?);
    let row =
        (0..means.rows()).find(|&row| designs[row] == design && points[row] as u64 == point)?;
    let names = means.names().skip_while(|name| *name != "point").skip(1);
    let told: Vec<String> = names
        .take_while(|name| *name != "figure")
        .filter_map(|name| match means.texts(name).get(row) {
            Some(text) => Some(format!("{name} {text}")),
            None => {
                let value = means.reals(name)?[row];
                value.is_finite().then(|| format!("{name} {value}"))
            }
        })
        .collect();
    Some(if told.is_empty() { format!("point {point}") } else { told.join(", ") })
}
