//! What the tests share: a small site, a place to work in, and ways to run it.

use std::fmt::Debug;
use std::fs;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use loadbank::facility::{End, Facility, Observer, Outcome, Record, SubjectKind};
use loadbank::kernel::Time;
use loadbank::scenario::{Loaded, read_scenario};
use loadbank::workload::training::JobRecord;
use tempfile::TempDir;

/// A megawatt with everything on it: mining in outdoor air, training on a tower, inference
/// on a dry cooler; simulated for a week in a fraction of a second.
pub(crate) const SMALL: &str = "\
name: small
start: 2026-07-01T00:00:00Z
duration: 7 days
seed: 1
site: {altitude: 500 m}
weather: {climate: west-texas}
price: {model: ercot-hub}
carbon: {fixed: 300 g/kWh}
output: {interval: 1 h}
power:
  utility: {kind: feed, capacity: 1.5 MW}
  main-tx: {kind: transformer, rating: 2 MVA, fed_by: utility}
  ups: {kind: ups, rating: 400 kW, fed_by: main-tx}
  pdu-{1..2}: {kind: pdu, rating: 300 kVA, fed_by: ups}
  house: {kind: house-load, power: 10 kW, fed_by: main-tx}
cooling:
  air: {kind: asic-hall, design_heat: 720 kW, fed_by: main-tx}
  tower: {kind: open-tower, design_heat: 180 kW, fed_by: main-tx}
  dry:
    kind: dry-cooler
    design_heat: 90 kW
    approach: 3 K
    cooler: {design_dry_bulb: 39 degC, design_supply: 41 degC}
    fed_by: main-tx
racks:
  mine-hall: {kind: s21-container, fed_by: main-tx, cooled_by: air}
  train-hall: {kind: dgx-h100, count: 4, fed_by: pdu-1, cooled_by: tower}
  chat-hall:
    kind: dgx-h100
    count: 2
    fed_by: pdu-2
    cooled_by: dry
    throttle_inlet: 50 degC
    trip_inlet: 60 degC
workloads:
  mine: {kind: mining, racks: mine-hall, income: {hash_price: 53 $/PH/day}}
  train:
    kind: training
    racks: train-hall
    price: 2 $/h
    jobs:
      kind: stream
      arrivals: 10 /day
      classes:
        - {nodes: 2, weight: 3, duration: {kind: lognormal, median: 2 h, sigma: 1}}
        - {nodes: 8, weight: 1, duration: {kind: exponential, mean: 5 h}}
  chat:
    kind: llama-3.1-70b-h100
    racks: chat-hall
    cells: 4
    replicas: 2
    represent: 1
    arrivals: {rate_per_replica: 0.05 /s}
    output_price: 1 $/Mtoken
";

/// A folder to work in, gone when dropped.
#[derive(Debug)]
pub(crate) struct Bench {
    folder: TempDir,
}

impl Bench {
    pub(crate) fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Writes a file here.
    pub(crate) fn file(&self, name: &str, text: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path().join(name);
        fs::create_dir_all(path.parent().expect("a file is in a folder")).unwrap();
        fs::write(&path, text).unwrap();
        path
    }

    /// The command in this folder, with arguments split at spaces.
    pub(crate) fn loadbank(&self, args: &str) -> snapbox::cmd::Command {
        snapbox::cmd::Command::new(BINARY)
            .args(args.split_whitespace())
            .current_dir(self.path())
            .env_remove("RUST_LOG")
            .env_remove("NO_COLOR")
    }

    /// The names of everything in the folder `below` this one, in order.
    pub(crate) fn names(&self, below: impl AsRef<Path>) -> Vec<String> {
        names(&self.path().join(below))
    }

    /// The one run folder in `runs`.
    pub(crate) fn the_run(&self) -> PathBuf {
        let names = self.names("runs");
        assert_eq!(names.len(), 1, "one folder and nothing else: {names:?}");
        self.path().join("runs").join(&names[0])
    }
}

/// The program under test.
pub(crate) const BINARY: &str = env!("CARGO_BIN_EXE_loadbank");

/// Real-time prices of ERCOT's hub average from the beginning of 2024 on, UTC, $/MWh, one for each quarter of
/// an hour.
pub(crate) fn hub_prices() -> Option<Vec<f64>> {
    let file = data()?.join("grid/ercot_hubavg_rt15_2024_2025.csv.gz");
    let mut text = String::new();
    let mut reader = flate2::read::MultiGzDecoder::new(fs::File::open(file).unwrap());
    std::io::Read::read_to_string(&mut reader, &mut text).unwrap();
    let price = |line: &str| line.split(',').nth(1).and_then(|cell| cell.parse::<f64>().ok());
    Some(text.lines().skip(1).map_while(price).collect())
}

/// A table of prices from the beginning of 2024 on, UTC, each for so many minutes: `at`, `usd`.
pub(crate) fn price_table(prices: &[f64], minutes: i64) -> String {
    let start: jiff::Timestamp = "2024-01-01T00:00:00Z".parse().unwrap();
    let row = |(n, price): (usize, &f64)| {
        let at = start + jiff::SignedDuration::from_mins(minutes * n as i64);
        format!("{at},{price}\n")
    };
    "at,usd\n".to_owned() + &prices.iter().enumerate().map(row).collect::<String>()
}

/// The folder of the reference data; where it is not at hand, says that a test was skipped.
pub(crate) fn data() -> Option<PathBuf> {
    let root = std::env::var_os("LOADBANK_DATA").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data"),
        PathBuf::from,
    );
    if root.join("inference").exists() {
        return Some(root);
    }
    #[expect(clippy::print_stderr, reason = "a test says that it was skipped")]
    {
        eprintln!("skipped: no data");
    }
    None
}

/// The names of everything in `folder`, hidden ones too, in order.
pub(crate) fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

/// The scenario at `path` with `sets` applied.
///
/// # Panics
///
/// With the diagnostics, where it is refused.
pub(crate) fn load(path: &Path, sets: &[&str]) -> Loaded {
    let sets: Vec<String> = sets.iter().map(|&set| set.to_owned()).collect();
    let reading = read_scenario(path, &sets);
    let said = reading.diagnostics.render(&reading.files, false);
    reading.loaded.unwrap_or_else(|| panic!("the scenario is refused:\n{said}"))
}

/// The errors of the scenario `text`, a line each; none where it can be run.
pub(crate) fn load_errors(text: &str) -> Vec<String> {
    let bench = Bench::new();
    let reading = read_scenario(&bench.file("test.yaml", text), &[]);
    let report = reading.diagnostics.short(&reading.files);
    report.lines().filter_map(|line| Some(line.split_once(": error: ")?.1.to_owned())).collect()
}

/// What a run told, and what it came to.
#[derive(Debug)]
pub(crate) struct Told {
    pub(crate) outcome: Outcome,
    /// The log of events, a line each.
    pub(crate) events: Vec<String>,
    /// The rows of the time series.
    pub(crate) rows: Vec<Vec<f64>>,
    pub(crate) columns: Vec<String>,
}

/// Of the CSV table at `path`, the column `name`.
///
/// # Panics
///
/// Where there is none of this name, or a cell is something else.
pub(crate) fn csv_column<T: FromStr<Err: Debug>>(path: &Path, name: &str) -> Vec<T> {
    let mut reader = csv::Reader::from_path(path).unwrap();
    let at = reader.headers().unwrap().iter().position(|known| known == name).expect(name);
    reader.records().map(|row| row.unwrap()[at].parse().unwrap()).collect()
}

/// A column of the time series.
///
/// # Panics
///
/// Where there is none of this name.
pub(crate) fn column(told: &Told, name: &str) -> Vec<f64> {
    let place = told.columns.iter().position(|column| column == name);
    let place = place.unwrap_or_else(|| panic!("no column {name} in {:?}", told.columns));
    told.rows.iter().map(|row| row[place]).collect()
}

/// Racks of all halls that lost their power.
pub(crate) fn lost(told: &Told) -> u64 {
    told.outcome.of(SubjectKind::Hall).map(|hall| hall.count("power_losses")).sum()
}

/// Runs the scenario `text` with `sets` to its end.
pub(crate) fn simulate(text: &str, sets: &[&str]) -> Told {
    let bench = Bench::new();
    simulate_file(&bench.file("test.yaml", text), sets)
}

/// Runs the scenario at `path` with `sets` to its end.
pub(crate) fn simulate_file(path: &Path, sets: &[&str]) -> Told {
    let loaded = load(path, sets);
    let mut listener = Listener::default();
    let mut facility = Facility::new(&loaded.design, 0);
    assert_eq!(facility.run(&mut listener), End::Complete);
    let Listener { events, rows } = listener;
    Told { outcome: facility.outcome(), events, rows, columns: facility.columns() }
}

#[derive(Debug, Default)]
struct Listener {
    events: Vec<String>,
    rows: Vec<Vec<f64>>,
}

impl Observer for Listener {
    fn interval(&mut self, _: Time, values: &[f64]) {
        self.rows.push(values.to_vec());
    }

    fn record(&mut self, record: &Record<'_>) {
        let Record { at, what, subject, count } = record;
        self.events.push(format!("{} {} {subject} {count}", at.as_nanos(), what.name()));
    }

    fn job(&mut self, workload: &str, job: &JobRecord) {
        self.events.push(format!("{} job {workload} {}", job.end.as_nanos(), job.id));
    }

    fn proceed(&mut self, _: Time) -> ControlFlow<()> {
        ControlFlow::Continue(())
    }
}
