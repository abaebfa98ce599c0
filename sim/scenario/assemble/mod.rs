//! From a tree to a design: the specs of all rooms read, names looked up, files opened.
//!
//! Everything that a user can get wrong is found here or before, all of it in one run: a
//! component that cannot be read is reported and its name kept, so that what refers to it is
//! not reported as well.

mod joblogs;
mod outlook;
mod plant;
mod played;
mod traces;
mod work;

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::io::{BufReader, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use flate2::bufread::MultiGzDecoder;
use serde::Serialize;
use sha2::{Digest as _, Sha256};

use super::catalogue::Section;
use super::diagnostics::{Diagnostic, Diagnostics};
use super::files::Files;
use super::load::{Document, load};
use super::show::{content_hash, effective_yaml};
use super::spec::{RackSpec, RequestsSpec, ScenarioSpec, WorkloadSpec};
use crate::facility::Design;
use crate::grid::PriceDesign;
use crate::kernel::{Clock, Span, Time};
use crate::plant::cooling::CoolingSpec;
use crate::plant::power::PowerSpec;
use crate::spec::{Fault, FilePath, Mark, Name};
use crate::tables::{Run, Series};
use crate::workload::inference::Noting;
use crate::workload::inference::load::{Rows, TraceDesign, TraceFormat};
use crate::workload::inference::replica::Limits;
use crate::workload::training::TrainingDesign;

use plant::{Plant, report};
pub use played::PlayedFile;

/// The sections whose components are selected by `kind`.
pub(super) const SECTIONS: [Section; 4] = [
    Section { name: "power", kinds: PowerSpec::KINDS, lists: &[] },
    Section { name: "cooling", kinds: CoolingSpec::KINDS, lists: &[] },
    Section { name: "racks", kinds: RackSpec::KINDS, lists: &[] },
    Section { name: "workloads", kinds: WorkloadSpec::KINDS, lists: &[("pools", "PoolSpec")] },
];

/// Shortest interval of the time series; a shorter one would only fill disks.
const SHORTEST_INTERVAL: Span = Span::from_secs(1);

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
    /// The effective scenario as YAML.
    pub effective_yaml: String,
}

/// A file that a scenario reads.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Input {
    /// As resolved.
    pub path: PathBuf,
    /// SHA-256 of its bytes.
    pub sha256: String,
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
    let loaded = if sink.has_errors() { None } else { loaded };
    Reading { loaded, diagnostics: sink, files: document.files }
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
    check_head(&head, document, sink);

    let mut faults = Vec::new();
    let place = head.site.resolve(&mut faults);
    report_in(document, "site", &mut faults, sink);
    let clock = Clock::new(head.start, place.zone.clone());
    let duration = Span::from(head.duration);
    let inputs = Inputs { document, read: RefCell::default(), played: RefCell::default() };
    let mut read = |name: &Name, out: &mut dyn FnMut(&[u8])| inputs.read(name, out);
    let horizon = Time::ZERO + duration;
    let mut run = Run { clock: &clock, horizon, read: &mut read };
    let water = head.water.clone().unwrap_or_default().resolve(&mut faults);
    report_in(document, "water", &mut faults, sink);
    let weather = head.weather.resolve(&place, &mut run, &mut faults);
    report_in(document, "weather", &mut faults, sink);
    if let Some(weather) = &weather {
        let mark = document.section("water").map(|section| section.key);
        let run = (head.seed.unwrap_or(1), horizon);
        outlook::check(&plant, weather, (&water, mark), run, sink);
    }
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
    let control = head.control.resolve(head.start, &mut faults);
    report_in(document, "control", &mut faults, sink);
    let mut works = match document.section("workloads") {
        Some(section) => work::read_workloads(&section, &halls, (&mut run, &inputs), sink),
        None => Vec::new(),
    };
    works.extend(halls.read_heat_loads(&mut run, sink));

    let (power, power_groups) = (plant.power.clone(), plant.power_groups.clone());
    let (house, loops) = (plant.house.clone(), plant.loops.clone());
    let exchangers = plant.exchangers.clone();
    let site = plant.close(sink);
    let halls = halls.readable;
    let racks = work::rack_sites(&halls, &works);
    let design = Design {
        name: head.name,
        title: head.title.unwrap_or_default(),
        duration,
        seed: head.seed.unwrap_or(1),
        interval: head.output.interval.map_or(Span::from_secs(900), Span::from),
        noting: noting(head.output.requests),
        site: site?,
        weather: weather?,
        price: price?,
        carbon: carbon.map_or(Some(None), |carbon| carbon.map(Some))?,
        power,
        power_groups,
        water,
        loops,
        exchangers,
        halls: halls.into_iter().map(|hall| hall.design).collect(),
        racks,
        house,
        works: works.into_iter().map(|work| work.site).collect(),
        control,
        clock: clock.clone(),
    };
    let (inputs, played) = inputs.into_lists();
    Some(Loaded {
        hash: fingerprint(&content_hash(&document.root), &inputs),
        effective_yaml: effective_yaml(&document.root),
        design,
        inputs,
        played,
    })
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

/// Whether `name` can name a folder anywhere.
pub(crate) fn is_folder_name(name: &str) -> bool {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    !name.is_empty() && name.len() <= 100 && name.chars().all(is_plain) && !name.starts_with('.')
}

fn check_head(head: &ScenarioSpec, document: &Document, sink: &mut Diagnostics) {
    let mut fault = |fault| document.place().fault(fault, sink);
    if !is_folder_name(&head.name) {
        fault(
            Fault::error("name", format!("`{}` cannot name a folder", head.name))
                .help("use letters, digits, `-`, `_` and `.`, and no `.` at the start"),
        );
    }
    if Span::from(head.duration) == Span::ZERO {
        fault(Fault::error("duration", "there is nothing to simulate in no time"));
    }
    if head
        .start
        .checked_add(jiff::SignedDuration::from_nanos_i128(head.duration.0.into()))
        .is_err()
    {
        fault(Fault::error("duration", "the run ends after the year 9999"));
    }
    if let Some(RequestsSpec { first, share }) = head.output.requests
        && (first.is_some() == share.is_some()
            || share.is_some_and(|share| !(0.0..=1.0).contains(&share.0)))
    {
        fault(
            Fault::error("output.requests", "which requests are to be written down?")
                .help("give `first: 1000` or `share: 1 %`"),
        );
    }
    let interval = head.output.interval.map_or(SHORTEST_INTERVAL, Span::from);
    if interval < SHORTEST_INTERVAL {
        fault(
            Fault::error("output.interval", "an interval lasts at least a second")
                .help("events between two rows are in `events`, with their instants"),
        );
    }
}

fn noting(spec: Option<RequestsSpec>) -> Noting {
    match spec {
        Some(RequestsSpec { first: Some(first), .. }) => Noting::First(first),
        Some(RequestsSpec { share: Some(share), .. }) => Noting::Share(share.0),
        _ => Noting::None,
    }
}

fn report_in(document: &Document, section: &str, faults: &mut Vec<Fault>, sink: &mut Diagnostics) {
    let place = document.section(section).unwrap_or_else(|| document.place());
    report(&place, std::mem::take(faults), sink);
}

/// Files that a scenario reads, each once.
struct Inputs<'d> {
    document: &'d Document,
    read: RefCell<BTreeMap<PathBuf, String>>,
    played: RefCell<Vec<Arc<PlayedFile>>>,
}

impl Inputs<'_> {
    /// Hands over the file that `name` stands for, decompressed if it ends in `.gz`, piece by
    /// piece.
    fn read(&self, name: &Name, out: &mut dyn FnMut(&[u8])) -> Result<(), Fault> {
        let path = self.document.files.resolve(&name.text, name.mark);
        let unreadable = |error| unreadable(&path, name.mark, &error);
        let file = std::fs::File::open(&path).map_err(unreadable)?;
        let mut file = Hashing { inner: file, hasher: Sha256::new() };
        let read = if path.extension().is_some_and(|extension| extension == "gz") {
            let content = MultiGzDecoder::new(BufReader::with_capacity(PIECE, &mut file));
            hand_over(content, out)
        } else {
            hand_over(&mut file, out)
        };
        if !read.map_err(unreadable)? {
            let message = format!("`{}` holds more than {MOST_BYTES} bytes", path.display());
            return Err(Fault::error("", message).at(name.mark));
        }
        // What follows compressed data counts too.
        std::io::copy(&mut file, &mut std::io::sink()).map_err(unreadable)?;
        let sha256 = hex(&file.hasher.finalize());
        self.read.borrow_mut().insert(path, sha256);
        Ok(())
    }

    /// The trace in `file`, read through once: what is odd in it is reported.
    fn open_trace(
        &self,
        format: TraceFormat,
        file: &FilePath,
        limits: &Limits,
        faults: &mut Vec<Fault>,
    ) -> Option<TraceDesign> {
        let path = self.document.files.resolve(&file.text, file.mark);
        let checked = match traces::check(&path, format, limits) {
            Ok(checked) => checked,
            Err(error) => {
                faults.push(unreadable(&path, file.mark, &error));
                return None;
            }
        };
        let traces::Checked { trace, sha256, report, too_long } = checked;
        let says = format!("`{file}`: {report}");
        if report.rows == 0 {
            let help = match format {
                TraceFormat::Azure => "rows are `2023-11-16 18:15:46.68,374,44`",
                TraceFormat::Mooncake => {
                    "rows are `{\"timestamp\": 0, \"input_length\": 374, \"output_length\": 44}`"
                }
            };
            faults.push(Fault::error("", says).at(file.mark).help(help));
            return None;
        }
        if report.has_odd_rows() {
            faults.push(Fault::warning("", says).at(file.mark));
        }
        if too_long.count > 0 {
            let Rows { count, first_line } = too_long;
            let says = format!(
                "`{file}`: {count} requests (first: line {first_line}) need more KV memory than a \
                 replica has: they will be rejected"
            );
            faults.push(Fault::warning("", says).at(file.mark));
        }
        self.read.borrow_mut().insert(path, sha256);
        self.played.borrow_mut().push(Arc::clone(&trace.file));
        Some(TraceDesign::new(trace, &report))
    }

    /// Reads the job log of `design` through once, if its jobs come from one: what is odd in it is
    /// reported.
    fn open_log(&self, design: &mut TrainingDesign, faults: &mut Vec<Fault>) {
        let Some((file, processors)) = design.log_file() else { return };
        let path = self.document.files.resolve(&file.text, file.mark);
        match joblogs::check(&path, processors) {
            Ok(joblogs::Checked { log, sha256, reader }) => {
                self.read.borrow_mut().insert(path, sha256);
                self.played.borrow_mut().push(Arc::clone(&log.file));
                design.take_log(log, &reader, faults);
            }
            Err(error) => faults.push(unreadable(&path, file.mark, &error)),
        }
    }

    fn into_lists(self) -> (Vec<Input>, Vec<Arc<PlayedFile>>) {
        let read = self.read.into_inner().into_iter();
        let inputs = read.map(|(path, sha256)| Input { path, sha256 }).collect();
        (inputs, self.played.into_inner())
    }
}

fn unreadable(path: &Path, mark: Mark, error: &std::io::Error) -> Fault {
    let error = error.to_string();
    let reason = error.split(" (os error").next().unwrap_or(&error);
    Fault::error("", format!("cannot read `{}`: {reason}", path.display()))
        .at(mark)
        .help("a relative path starts at the folder of the file that names it")
}

/// Largest file that a scenario may name, decompressed. Compressed data can claim to be
/// anything: reading stops at a size that no trace has.
const MOST_BYTES: usize = 1 << 30;
/// Bytes that are read at a time.
const PIECE: usize = 1 << 16;

/// Hands over all of `content`; whether it was not too much.
fn hand_over(mut content: impl Read, out: &mut dyn FnMut(&[u8])) -> std::io::Result<bool> {
    let (mut piece, mut total) = (vec![0; PIECE], 0);
    loop {
        let count = match content.read(&mut piece) {
            Ok(0) => return Ok(true),
            Ok(count) => count,
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        total += count;
        if total > MOST_BYTES {
            return Ok(false);
        }
        out(&piece[..count]);
    }
}

/// A reader that hashes what passes through it.
struct Hashing<R> {
    inner: R,
    hasher: Sha256,
}

impl<R: Read> Read for Hashing<R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let count = self.inner.read(buffer)?;
        self.hasher.update(&buffer[..count]);
        Ok(count)
    }
}

/// One hash for a scenario and everything that it reads. Paths do not count: the same data
/// elsewhere is the same run.
fn fingerprint(scenario: &str, inputs: &[Input]) -> String {
    let mut hasher = Sha256::new();
    hasher.update(scenario);
    let mut hashes: Vec<&str> = inputs.iter().map(|input| input.sha256.as_str()).collect();
    hashes.sort_unstable();
    for hash in hashes {
        hasher.update(hash);
    }
    hex(&hasher.finalize())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
