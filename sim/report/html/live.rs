//! The page of a run that goes on, and what is sent to one that is open: the rows since it was told
//! last, and how the run stands.

use std::sync::OnceLock;

use serde_json::{Value as Json, json};
use sha2::{Digest as _, Sha256};

use super::chart::time::{Band, TimeChart};
use super::incidents::Incident;
use super::parts::Page;
use super::replay::Loads;
use super::run::Run;
use super::{page, script, section};
use crate::report::json;
use crate::report::run::Rows;
use crate::scenario;

/// A run as far as it is simulated.
#[derive(Debug)]
pub(in crate::report) struct Growing {
    run: Run,
    /// Tells the run from others: an open page may outlive it.
    stamp: String,
    /// Incidents in the order in which they were told: when they began, and their bands.
    ended: Vec<(i64, Option<Band>)>,
    sketch: OnceLock<Sketch>,
}

/// What of the page is the same for all that look on.
#[derive(Debug)]
struct Sketch {
    head: String,
    charts: Vec<TimeChart>,
    /// Tells pages apart whose charts hold other series, or the same in other units.
    shape: String,
}

/// What is sent to an open page.
#[derive(Debug, PartialEq)]
pub(in crate::report) enum Event {
    /// It has another shape: it is to be asked for anew.
    Renew,
    /// It grows.
    Grown {
        /// How far it is told then.
        place: String,
        /// What comes behind what it has.
        tail: String,
    },
}

impl Growing {
    /// The run of the effective scenario `yaml` before its first interval has ended.
    pub(in crate::report) fn new(mut manifest: Json, yaml: &str) -> Self {
        manifest["status"] = json!("running");
        let stamp = short_hash(&manifest.to_string());
        let mut run = Run::new(Json::Null, manifest, crate::units::Currency::USD);
        if let Ok(document) = scenario::load_text("scenario.yaml", yaml, &[]) {
            run.tell_scenario(&document.root);
        }
        run.incidents = Some(Vec::new());
        run.states = Some(Default::default());
        run.loads = run.graph.as_ref().map(Loads::new);
        Self { run, stamp, ended: Vec::new(), sketch: OnceLock::new() }
    }

    /// The run has come to `summary`, with these `rows` behind those that are known.
    pub(in crate::report) fn grow(&mut self, summary: Json, rows: Rows) {
        let run = &mut self.run;
        (run.summary, run.currency) = json::plain(summary);
        run.series.append(rows.series);
        run.events.append(rows.events);
        run.states.get_or_insert_default().append(rows.states);
        if let (Some(loads), Some(graph)) = (&mut run.loads, &run.graph) {
            loads.add(&rows.loads, graph);
        }
        if rows.origins.rows() > 0 {
            run.origins = Some(rows.origins);
        }
        let end = run.span().1;
        let fresh = Incident::all(&rows.incidents);
        self.ended.extend(fresh.iter().map(|it| (it.at(), section::band_of(it, end))));
        let incidents = run.incidents.get_or_insert_default();
        incidents.extend(fresh);
        incidents.sort_by_key(Incident::at);
        self.sketch = OnceLock::new();
    }

    /// The whole page.
    pub(in crate::report) fn page(&self) -> String {
        page::live_page(&self.run, &self.place().to_string())
    }

    /// What a page needs that is told up to `place`.
    pub(in crate::report) fn since(&self, place: &str) -> Event {
        let now = self.place();
        let Some(then) = Place::parse(place).filter(|then| then.is_before(&now)) else {
            return Event::Renew;
        };
        let run = &self.run;
        let group = script::group(run);
        let fresh = then.intervals..now.intervals;
        let charts: Vec<Json> = script::embedded(run, &self.sketch().charts)
            .map(|(_, chart)| {
                let values = chart.lines.iter().map(|line| {
                    let fresh = line.values.get(fresh.clone()).unwrap_or_default();
                    script::thinned(fresh, group)
                });
                json!({ "range": chart.range(), "values": values.collect::<Vec<_>>() })
            })
            .collect();
        let seconds = |micros: i64| micros as f64 / 1e6;
        let starts = script::thinned_starts(&run.starts()[fresh.clone()], group);
        let ended = &self.ended[then.incidents..];
        let mut bands: Vec<Band> = ended.iter().filter_map(|(_, band)| *band).collect();
        bands.extend(section::dark_bands(run, fresh.clone()));
        let simulated = run.real(&["simulated_days"]).unwrap_or(0.0);
        let planned = run.real(&["planned_days"]).unwrap_or(0.0);
        let tail = json!({
            "to": seconds(run.span().1),
            "share": simulated / planned.max(f64::MIN_POSITIVE),
            "head": self.sketch().head,
            "starts": starts.into_iter().map(seconds).collect::<Vec<_>>(),
            "charts": charts,
            "bands": script::bands_json(&bands),
            "incidents": ended.iter().map(|(at, _)| seconds(*at)).collect::<Vec<_>>(),
            "states": script::states_json(run, then.states),
        });
        let tail = run.currency.tell(&tail.to_string()).into_owned();
        Event::Grown { place: now.to_string(), tail }
    }

    fn place(&self) -> Place {
        Place {
            stamp: self.stamp.clone(),
            shape: self.sketch().shape.clone(),
            intervals: script::whole_groups(&self.run),
            states: self.run.states.as_ref().map_or(0, |states| states.rows()),
            incidents: self.ended.len(),
        }
    }

    fn sketch(&self) -> &Sketch {
        self.sketch.get_or_init(|| {
            let run = &self.run;
            let page = Page::new(run, Vec::new());
            let head = run.currency.tell(&section::verdict(&page)).into_owned();
            section::sections(&page);
            let charts = page.into_charts();
            let shape: Vec<Json> = script::embedded(run, &charts)
                .map(|(id, chart)| {
                    let labels: Vec<&str> = chart.lines.iter().map(|l| l.label.as_str()).collect();
                    json!([id, chart.title, chart.unit, chart.limit, labels])
                })
                .collect();
            let shape = short_hash(&json!([script::group(run), shape]).to_string());
            Sketch { head, charts, shape }
        })
    }
}

/// How far a page is told.
#[derive(Debug, Clone, PartialEq)]
struct Place {
    stamp: String,
    shape: String,
    intervals: usize,
    states: usize,
    incidents: usize,
}

impl Place {
    /// Reads what [`Display`](std::fmt::Display) wrote.
    fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split('.');
        let mut part = || parts.next();
        let (stamp, shape) = (part()?.to_owned(), part()?.to_owned());
        let mut number = || part()?.parse().ok();
        let (intervals, states, incidents) = (number()?, number()?, number()?);
        Some(Self { stamp, shape, intervals, states, incidents })
    }

    /// Whether `later` is of the same page, and nothing less.
    fn is_before(&self, later: &Self) -> bool {
        (&self.stamp, &self.shape) == (&later.stamp, &later.shape)
            && self.intervals <= later.intervals
            && self.states <= later.states
            && self.incidents <= later.incidents
    }
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { stamp, shape, intervals, states, incidents } = self;
        write!(f, "{stamp}.{shape}.{intervals}.{states}.{incidents}")
    }
}

/// Eight bytes that tell `text` from others.
fn short_hash(text: &str) -> String {
    Sha256::digest(text.as_bytes())[..8].iter().map(|byte| format!("{byte:02x}")).collect()
}
