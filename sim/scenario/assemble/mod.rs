//! From a tree to a design: the specs of all rooms read, names looked up, files opened.
//!
//! Everything that a user can get wrong is found here or before, all of it in one run: a
//! component that cannot be read is reported and its name kept, so that what refers to it is
//! not reported as well.

mod contracts;
mod events;
mod head;
mod inputs;
mod joblogs;
mod outlook;
mod plant;
mod played;
mod programmes;
mod recorded;
mod storage;
mod supply;
mod traces;
mod upkeep;
mod work;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, OnceLock};

use serde_json::Value as Json;

use super::catalogue::Section;
use super::currency::{currency_of, tell_currency};
use super::diagnostics::{Diagnostic, Diagnostics};
use super::files::Files;
use super::load::{Document, load};
use super::origin::{Origin, origins};
use super::schema::scenario_schema;
use super::show::{content_hash, effective_yaml, with_texts};
use super::spec::{RackSpec, ScenarioSpec, WorkloadSpec};
use crate::facility::Design;
use crate::grid::PriceDesign;
use crate::grid::programmes::{ProgrammeSpec, Sign, Signs};
use crate::kernel::{Clock, Span, Time};
use crate::money::ContractSpec;
use crate::plant::cooling::CoolingSpec;
use crate::plant::power::PowerSpec;
use crate::spec::{Fault, Mark, Name};
use crate::tables::{Run, Series};

pub use contracts::{TermsReading, read_terms};
pub(crate) use head::is_folder_name;
pub use inputs::Input;
use inputs::Inputs;
use plant::{Plant, report};
pub use played::PlayedFile;

/// The sections whose components are selected by `kind`.
pub(super) const SECTIONS: [Section; 6] = [
    Section { name: "power", kinds: PowerSpec::KINDS, lists: &[], exclusive: &[] },
    Section { name: "cooling", kinds: CoolingSpec::KINDS, lists: &[], exclusive: &[] },
    Section { name: "racks", kinds: RackSpec::KINDS, lists: &[], exclusive: &[] },
    Section {
        name: "workloads",
        kinds: WorkloadSpec::KINDS,
        lists: &[("pools", "PoolSpec")],
        exclusive: &[],
    },
    Section { name: "contracts", kinds: ContractSpec::KINDS, lists: &[], exclusive: &[] },
    Section {
        name: "programmes",
        kinds: ProgrammeSpec::KINDS,
        lists: &[],
        exclusive: &ProgrammeSpec::EXCLUSIVE,
    },
];

/// The sections that say what components of the power chain share.
pub(super) const SHARED: [&str; 4] = ["common_causes", "crews", "spares", "maintenance"];

/// Length of the intervals of the time series where none is written.
const DEFAULT_INTERVAL: Span = Span::from_secs(900);

/// A scenario that can be run.
#[derive(Debug)]
pub struct Loaded {
    /// What to run.
    pub design: Design,
    /// SHA-256 over the effective scenario and the files that it reads.
    pub hash: String,
    /// The files that it reads.
    pub inputs: Vec<Input>,
    /// Those of them that are read while the run goes on.
    pub played: Vec<Arc<PlayedFile>>,
    /// What was found in them: rows, span, gaps and range, a line for each.
    pub found: Vec<String>,
    /// The effective scenario as YAML.
    pub effective_yaml: String,
}

/// What reading a scenario came to.
#[derive(Debug)]
pub struct Reading {
    /// The scenario, unless something is wrong with it.
    pub loaded: Option<Loaded>,
    /// Everything found wrong or doubtful.
    pub diagnostics: Diagnostics,
    /// The files that the diagnostics point into.
    pub files: Files,
}

/// Reads the scenario at `path` with the `--set` arguments `sets`.
pub fn read_scenario(path: &Path, sets: &[String]) -> Reading {
    let mut document = match load(path, sets) {
        Ok(document) => document,
        Err(error) => {
            return Reading { loaded: None, diagnostics: error.diagnostics, files: error.files };
        }
    };
    document.resolve_kinds(&SECTIONS);
    let mut sink = std::mem::take(&mut document.diagnostics);
    let loaded = assemble(&document, &mut sink);
    tell_currency(&document, currency_of(&document), &mut sink);
    let loaded = if sink.has_errors() { None } else { loaded };
    Reading { loaded, diagnostics: sink, files: document.files }
}

/// Where each value of the scenario at `path` with the `--set` arguments `sets` comes from; nothing of
/// one that cannot be read.
pub fn read_origins(path: &Path, sets: &[String]) -> Vec<Origin> {
    let Ok(mut document) = load(path, sets) else { return Vec::new() };
    document.resolve_kinds(&SECTIONS);
    origins(&document.root, &document.files, schema())
}

fn assemble(document: &Document, sink: &mut Diagnostics) -> Option<Loaded> {
    let root = document.place();
    check_names(document, sink);

    // The plant and the workloads are read whatever the head is like, so that all errors
    // come out at once.
    let head: Option<ScenarioSpec> = root.read(sink);
    let mut plant = Plant::default();
    match document.section("power") {
        Some(section) => plant.add_power(&section, sink),
        None => plant.add_ideal_bus(&root),
    }
    if let Some(section) = document.section("cooling") {
        plant.add_cooling(&section, sink);
    }
    let halls = match document.section("racks") {
        Some(section) => work::read_racks(&section, &mut plant, sink),
        None => work::Halls::default(),
    };
    if !plant.broken {
        plant.check_capacities(&halls.heat_w, sink);
    }
    let head = head?;
    head::check(&head, document, sink);

    let mut faults = Vec::new();
    let place = head.site.resolve(&mut faults);
    report_in(document, "site", &mut faults, sink);
    let clock = Clock::new(head.start, place.zone.clone());
    let duration = Span::from(head.duration);
    let inputs = Inputs::of(document);
    let mut read = |name: &Name, out: &mut dyn FnMut(&[u8])| inputs.read(name, out);
    let horizon = Time::ZERO + duration;
    let mut run = Run::new(&clock, horizon, &mut read);
    let currency = head.currency.unwrap_or_default();
    run.currency = currency;
    let water = head.water.clone().unwrap_or_default().resolve(&mut faults);
    report_in(document, "water", &mut faults, sink);
    let weather = head.weather.resolve(&place, &mut run, &mut faults);
    report_in(document, "weather", &mut faults, sink);
    if let Some(weather) = &weather {
        let mark = document.section("water").map(|section| section.key);
        let run = (head.seed.unwrap_or(1), horizon);
        outlook::check(&plant, weather, (&water, mark), run, sink);
        outlook::check_coolant(&plant, &halls, weather, run, sink);
    }
    storage::place_arrays(document, &mut plant, (&place, weather.as_ref()), sink);
    let price = match &head.price {
        Some(price) => price.resolve(&mut run, &mut faults),
        None => Some(PriceDesign::Recorded(Arc::new(Series::constant(0.0)))),
    };
    report_in(document, "price", &mut faults, sink);
    if let (None, Some(workloads)) = (&head.price, document.section("workloads")) {
        let fault = Fault::error("", "what a site earns needs a `price` of energy to set against");
        workloads.fault(fault.help("write for example `price: {fixed: 40 $/MWh}`"), sink);
    }
    let carbon = head.carbon.as_ref().map(|spec| spec.resolve(&mut run, &mut faults));
    report_in(document, "carbon", &mut faults, sink);
    let frequency = head.frequency.as_ref().map(|spec| spec.resolve(&mut run, &mut faults));
    report_in(document, "frequency", &mut faults, sink);
    let level = head.emergency_level.as_ref().map(|spec| spec.resolve(&mut run, &mut faults));
    report_in(document, "emergency_level", &mut faults, sink);
    let signs = Signs {
        frequency: Sign::of(frequency),
        level: Sign::of(level),
        has_price: head.price.is_some(),
    };
    let control = head.control.resolve(head.start, &mut faults);
    report_in(document, "control", &mut faults, sink);
    storage::check(document, &plant, (&control.battery, head.price.is_some()), sink);
    let terms = contracts::read(document, &head, &clock, Some(&mut run), sink);
    let injections = events::read(document, &plant, (&clock, duration), sink);
    let mut works = match document.section("workloads") {
        Some(section) => work::read_workloads(&section, &halls, (&mut run, &inputs), sink),
        None => Vec::new(),
    };
    works.extend(halls.read_heat_loads(&mut run, sink));
    let heeding = works.iter().filter(|work| work.site.design.heeds_price());
    let beside = programmes::Beside {
        loaded_w: (halls.power_w(&works) - control.low_w).max(0.0),
        import_limit_w: control.import.limit.map(|(limit_w, _)| limit_w),
        heeding_price: heeding.map(|work| work.site.name.as_str()).collect(),
    };
    let programmes = programmes::read(document, &beside, (&mut run, &signs), sink);
    let mut found = std::mem::take(&mut run.found);

    let upkeep = upkeep::read(document, &mut plant, &clock, sink);
    let (power, power_groups) = (plant.power.clone(), plant.power_groups.clone());
    let (house, loops) = (plant.house.clone(), plant.loops.clone());
    let exchangers = plant.exchangers.clone();
    let site = plant.close(sink);
    let halls = halls.readable;
    let racks = work::rack_sites(&halls, &works);
    let interval = head.output.interval.map_or(DEFAULT_INTERVAL, Span::from);
    let mut works: Vec<_> = works.into_iter().map(|work| work.site).collect();
    for work in &mut works {
        work.sample_by(interval);
    }
    let design = Design {
        name: head.name,
        title: head.title.unwrap_or_default(),
        duration,
        seed: head.seed.unwrap_or(1),
        currency,
        interval,
        noting: head::noting(head.output.requests),
        site: site?,
        weather: weather?,
        price: price?,
        carbon: carbon.map_or(Some(None), |carbon| carbon.map(Some))?,
        power,
        upkeep,
        injections,
        power_groups,
        water,
        loops,
        exchangers,
        halls: halls.into_iter().map(|hall| hall.design).collect(),
        racks,
        house,
        works,
        control,
        programmes: programmes?,
        terms: terms?,
        clock: clock.clone(),
    };
    let read = inputs.into_read();
    found.extend(read.found);
    found.iter_mut().for_each(|line| *line = currency.tell_unquoted(line));
    // Paths do not count: the same data elsewhere is the same run.
    let content = with_texts(&document.root, &read.hashes);
    // Written out, a path that was relative to some file of the scenario is so to none.
    let written_out = with_texts(&document.root, &read.paths);
    Some(Loaded {
        hash: inputs::fingerprint(&content_hash(&content), &read.inputs),
        effective_yaml: effective_yaml(&written_out),
        design,
        inputs: read.inputs,
        played: read.played,
        found,
    })
}

/// The schema of scenarios, made once.
fn schema() -> &'static Json {
    static SCHEMA: OnceLock<Json> = OnceLock::new();
    SCHEMA.get_or_init(|| scenario_schema::<ScenarioSpec>(&SECTIONS))
}

/// A name stands for one thing on the whole site: reports and time series name things without
/// their section.
fn check_names(document: &Document, sink: &mut Diagnostics) {
    let mut taken: BTreeMap<String, (&str, Mark)> = BTreeMap::new();
    for section in SECTIONS {
        let Some(place) = document.section(section.name) else { continue };
        // Errors within the section are reported when it is read.
        for component in place.components(&mut Diagnostics::default()) {
            for name in component.instances {
                if let Some(&(other, first)) = taken.get(&name)
                    && other != section.name
                {
                    let message =
                        format!("{}: `{name}` is a name in `{other}` already", section.name);
                    sink.push(
                        Diagnostic::error(component.name.mark, message)
                            .code("duplicate-name")
                            .label("again here")
                            .note(first, "first here"),
                    );
                    break;
                }
                taken.insert(name, (section.name, component.name.mark));
            }
        }
    }
}

fn report_in(document: &Document, section: &str, faults: &mut Vec<Fault>, sink: &mut Diagnostics) {
    let place = document.section(section).unwrap_or_else(|| document.place());
    report(&place, std::mem::take(faults), sink);
}
