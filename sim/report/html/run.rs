//! What a page is made of: the folder of a run, read back whether the run has just ended or years
//! ago, so that both give the same page.

use std::fs;
use std::io;
use std::path::Path;

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use serde_json::Value as Json;

use super::super::table::{self, Columns};
use super::graph::Graph;
use super::hlog::read_log;
use super::incidents::Incident;
use super::number::{Form, told};
use super::replay::Loads;
use crate::scenario::{self, Node};
use crate::units::{Currency, Duration, Power};

/// A latency by its name, and its percentiles: quantile and milliseconds.
type Percentiles = (String, Vec<(f64, f64)>);

/// Quantiles of the latencies of a stretch of time.
#[derive(Debug)]
pub(super) struct Stretch {
    /// What it is of: `chat/ttft`.
    pub(super) name: String,
    /// The number of the incident that it is of; none of an hour.
    pub(super) incident: Option<u32>,
    /// Its start, microseconds since 1970, and how long it is, s.
    pub(super) from: i64,
    pub(super) length_s: f64,
    pub(super) requests: u64,
    /// At 50, 99 and 99.9 %, s.
    pub(super) quantiles_s: [f64; 3],
}

/// The folder of a run.
#[derive(Debug)]
pub(in crate::report) struct Run {
    pub(super) summary: Json,
    pub(super) manifest: Json,
    /// What money is in.
    pub(super) currency: Currency,
    pub(super) title: String,
    pub(super) zone: TimeZone,
    pub(super) zone_name: String,
    /// What all feeds together may carry, MW; none where one has no limit.
    pub(super) limit_mw: Option<f64>,
    /// Where values come from, as the scenario says: the source, and the components that name it.
    pub(super) sources: Vec<(String, Vec<String>)>,
    /// Targets of services: workload, latency, milliseconds, as written.
    pub(super) targets: Vec<(String, String, f64, String)>,
    pub(super) series: Columns,
    pub(super) events: Columns,
    /// Chains of cause and effect; none where the folder has no table of them.
    pub(super) incidents: Option<Vec<Incident>>,
    pub(super) states: Option<Columns>,
    pub(super) loads: Option<Loads>,
    /// The site, a node for each declared component.
    pub(super) graph: Option<Graph>,
    /// By names such as `chat-ttft`.
    pub(super) latencies: Vec<Percentiles>,
    /// Times to first token of services, hour by hour and by incident.
    pub(super) stretches: Vec<Stretch>,
    /// Where each value of the scenario comes from; none where the folder does not say.
    pub(super) origins: Option<Columns>,
}

impl Run {
    /// Reads the folder of a run, whose `summary.json` is `summary`, before its money was named in
    /// `currency`.
    ///
    /// # Errors
    ///
    /// Where a file that every run leaves is absent or not as loadbank writes it.
    pub(in crate::report) fn read(
        folder: &Path,
        summary: Json,
        currency: Currency,
    ) -> io::Result<Self> {
        let json = |name: &str| -> io::Result<Json> {
            let path = folder.join(name);
            let named = |error: String| io::Error::other(format!("{}: {error}", path.display()));
            let text = fs::read_to_string(&path).map_err(|error| named(error.to_string()))?;
            serde_json::from_str(&text).map_err(|error| named(error.to_string()))
        };
        // CSV does not tell which columns are texts.
        let read = |stem: &str, texts: &[&str]| {
            table::read(folder, stem, texts)
                .map_err(|error| io::Error::other(format!("{stem}: {error}")))
        };
        let need = |stem: &str, texts: &[&str]| {
            let missing = || io::Error::other(format!("there is no table `{stem}`"));
            read(stem, texts)?.ok_or_else(missing)
        };
        let manifest = json("manifest.json")?;
        if !summary["scenario"].is_string() || !summary["simulated_days"].is_number() {
            return Err(io::Error::other("summary.json is not that of a run"));
        }
        let mut run = Self {
            series: need("timeseries", &[])?,
            events: need("events", &["event", "subject"])?,
            incidents: read("incidents", &["subject", "what", "cause"])?.map(|t| Incident::all(&t)),
            states: read("states", &["component", "state"])?,
            latencies: latencies(folder)?,
            origins: read("origins", &["path", "value", "origin", "file", "source"])?,
            ..Self::new(summary, manifest, currency)
        };
        run.stretches = stretches(folder, run.span().0)?;
        if let Ok(document) = scenario::load(&folder.join("scenario.yaml"), &[]) {
            run.tell_scenario(&document.root);
        }
        if let (Some(graph), Some(table)) = (&run.graph, read("loads", &["group"])?) {
            let mut loads = Loads::new(graph);
            loads.add(&table, graph);
            run.loads = Some(loads);
        }
        Ok(run)
    }

    /// A run of which no table is known.
    pub(super) fn new(summary: Json, manifest: Json, currency: Currency) -> Self {
        Self {
            summary,
            manifest,
            currency,
            title: String::new(),
            zone: TimeZone::UTC,
            zone_name: "UTC".to_owned(),
            limit_mw: None,
            sources: Vec::new(),
            targets: Vec::new(),
            series: Columns::default(),
            events: Columns::default(),
            incidents: None,
            states: None,
            loads: None,
            graph: None,
            latencies: Vec::new(),
            stretches: Vec::new(),
            origins: None,
        }
    }

    /// Whether it goes on: all that is told of it is so far.
    pub(super) fn is_running(&self) -> bool {
        self.manifest["status"] == "running"
    }

    /// Whether it goes on, and has not come to the end of its warm-up.
    pub(super) fn running_warm_up(&self) -> bool {
        let asked_days = self.manifest["warm_up_days"].as_f64().unwrap_or(0.0);
        self.is_running() && asked_days > 0.0 && self.real(&["warm_up_days"]).is_none()
    }

    /// How many intervals its time series will have: as many as it has, once it is over.
    pub(super) fn intervals(&self) -> usize {
        let have = self.starts().len();
        let of = |key: &str| self.real(&[key]).unwrap_or(0.0);
        let (planned, simulated) = (of("planned_days"), of("simulated_days"));
        match self.is_running() && simulated > 0.0 {
            true => (have as f64 * planned / simulated).round() as usize,
            false => have,
        }
    }

    pub(super) fn tell_scenario(&mut self, root: &Node) {
        let text = |path: &[&str]| {
            let node = path.iter().try_fold(root, |node, key| node.get(key))?;
            node.as_text().map(str::to_owned)
        };
        self.title = text(&["title"]).unwrap_or_default();
        if let Some(name) = text(&["site", "time_zone"])
            && let Ok(zone) = TimeZone::get(&name)
        {
            (self.zone, self.zone_name) = (zone, name);
        }
        self.limit_mw = limit_mw(root);
        self.graph = Graph::of(root);
        self.targets = targets(root);
        collect_sources(root, "", &mut self.sources);
    }

    /// The figure at `path` of `summary.json`, which is there and defined.
    pub(super) fn real(&self, path: &[&str]) -> Option<f64> {
        self.at(path)?.as_f64()
    }

    /// What `summary.json` has at `path`.
    pub(super) fn at(&self, path: &[&str]) -> Option<&Json> {
        path.iter().try_fold(&self.summary, |json, key| json.get(key))
    }

    /// The names below `path` of `summary.json`.
    pub(super) fn names(&self, path: &[&str]) -> Vec<&str> {
        let object = self.at(path).and_then(Json::as_object);
        object.map(|object| object.keys().map(String::as_str).collect()).unwrap_or_default()
    }

    /// The figure at `path` with its unit, marked with its place so that it can be checked; a dash
    /// where it is not defined.
    pub(super) fn figure(&self, path: &[&str], form: Form) -> String {
        let (number, unit) = self.parts(path, form);
        if unit.is_empty() { number } else { format!("{number}&nbsp;{unit}") }
    }

    /// The same as number and unit.
    pub(super) fn parts(&self, path: &[&str], form: Form) -> (String, &'static str) {
        let Some(value) = self.real(path) else { return ("\u{2013}".to_owned(), "") };
        let (number, unit) = told(value, form);
        let public = |part: &&str| format!("/{}", pointer(&self.currency.key(part)));
        let place: String = path.iter().map(public).collect();
        let place = super::number::escape(&place);
        (format!("<data value=\"{value}\" data-path=\"{place}\">{number}</data>"), unit)
    }

    /// Workloads of `kind`.
    pub(super) fn works(&self, kind: &str) -> Vec<&str> {
        let mut names = self.names(&["workloads"]);
        names.retain(|name| self.at(&["workloads", name, "kind"]) == Some(&Json::from(kind)));
        names
    }

    /// Starts of the intervals of the time series, microseconds since 1970.
    pub(super) fn starts(&self) -> &[i64] {
        self.series.times("start_utc")
    }

    /// When the run began, and when it ended.
    pub(super) fn span(&self) -> (i64, i64) {
        let start = self.summary["start"].as_str().and_then(|text| text.parse().ok());
        let start = start.map_or(0, Timestamp::as_microsecond);
        let days = self.real(&["simulated_days"]).unwrap_or(0.0);
        (start, start + (days * 86_400e6).round() as i64)
    }

    /// From when on figures count: the start, or the end of the warm-up.
    pub(super) fn counted_from(&self) -> i64 {
        let days = self.real(&["warm_up_days"]).unwrap_or(0.0);
        self.span().0 + (days * 86_400e6).round() as i64
    }

    /// How long each interval of the time series is, h.
    pub(super) fn hours(&self) -> Vec<f64> {
        let starts = self.starts();
        let end = self.span().1;
        (0..starts.len())
            .map(|i| (starts.get(i + 1).copied().unwrap_or(end) - starts[i]) as f64 / 3600e6)
            .collect()
    }

    /// What the clock of the site shows.
    pub(super) fn local(&self, micros: i64) -> DateTime {
        let at = Timestamp::from_microsecond(micros).unwrap_or(Timestamp::UNIX_EPOCH);
        self.zone.to_datetime(at)
    }

    /// The same as people write it: `Wed 12 Aug 10:59`.
    pub(super) fn moment(&self, micros: i64) -> String {
        self.local(micros).strftime("%a %-d %b %H:%M").to_string()
    }
}

/// `part` as a part of a JSON pointer.
fn pointer(part: &str) -> String {
    part.replace('~', "~0").replace('/', "~1")
}

/// What the feeds of a scenario may carry together.
fn limit_mw(root: &Node) -> Option<f64> {
    let power = root.get("power")?.as_map()?;
    let mut sum_w = 0.0;
    for entry in &power.entries {
        if entry.value.get("kind").and_then(Node::as_text) != Some("feed") {
            continue;
        }
        let each = Power::parse(entry.value.get("capacity")?.as_text()?).ok()?.0;
        let count = scenario::expand(&entry.key.text).map_or(1, |names| names.len());
        sum_w += each * count as f64;
    }
    (sum_w > 0.0).then_some(sum_w / 1e6)
}

/// What services promise, by workload.
fn targets(root: &Node) -> Vec<(String, String, f64, String)> {
    let works = root.get("workloads").and_then(Node::as_map);
    let mut found = Vec::new();
    for work in works.into_iter().flat_map(|map| &map.entries) {
        let slo = work.value.get("slo").and_then(Node::as_map);
        for target in slo.into_iter().flat_map(|map| &map.entries) {
            let Some(text) = target.value.as_text() else { continue };
            let Ok(limit) = Duration::parse(text) else { continue };
            let ms = 1000.0 * limit.as_secs_f64();
            found.push((work.key.text.clone(), target.key.text.clone(), ms, text.to_owned()));
        }
    }
    found
}

/// Every `source` below `node`, with the places that name it.
fn collect_sources(node: &Node, path: &str, sources: &mut Vec<(String, Vec<String>)>) {
    let Some(map) = node.as_map() else { return };
    for entry in &map.entries {
        let key = &entry.key.text;
        if key == "source"
            && let Some(text) = entry.value.as_text()
        {
            match sources.iter_mut().find(|(known, _)| known == text) {
                Some((_, places)) => places.push(path.to_owned()),
                None => sources.push((text.to_owned(), vec![path.to_owned()])),
            }
        } else {
            let below = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
            collect_sources(&entry.value, &below, sources);
        }
    }
}

/// Times to first token of the services as wholes, from the log of `folder`, which begins at
/// `start`.
fn stretches(folder: &Path, start: i64) -> io::Result<Vec<Stretch>> {
    let split = |tag: &str| -> (String, Option<u32>) {
        match tag.rsplit_once("@incident-") {
            Some((name, number)) => (name.to_owned(), number.parse().ok()),
            None => (tag.to_owned(), None),
        }
    };
    let wanted = |tag: &str| {
        let (name, _) = split(tag);
        name.strip_suffix("/ttft").is_some_and(|service| !service.contains('/'))
    };
    read_log(&folder.join("latency.hlog"), wanted, |line| {
        let (name, incident) = split(&line.tag);
        Stretch {
            name,
            incident,
            from: start + (1e6 * line.from_s).round() as i64,
            length_s: line.length_s,
            requests: line.values.len(),
            quantiles_s: [0.5, 0.99, 0.999]
                .map(|share| 1e-6 * line.values.value_at_quantile(share) as f64),
        }
    })
}

/// The percentile tables of `folder`, by name.
fn latencies(folder: &Path) -> io::Result<Vec<Percentiles>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let Some(name) = name.strip_prefix("latency-").and_then(|n| n.strip_suffix(".hgrm")) else {
            continue;
        };
        let text = fs::read_to_string(&path)?;
        let rows = text.lines().filter_map(|line| {
            let mut cells = line.split_whitespace().map(str::parse::<f64>);
            let (value, quantile) = (cells.next()?.ok()?, cells.next()?.ok()?);
            Some((quantile, value))
        });
        found.push((name.to_owned(), rows.collect()));
    }
    found.sort_by(|(one, _), (other, _)| one.cmp(other));
    Ok(found)
}
