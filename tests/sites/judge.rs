//! What must hold of any run, whatever the site is.

use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::LazyLock;
use std::time::{Duration, Instant};

use loadbank::facility::{End, Facility, Observer, Outcome, Record, SubjectKind};
use loadbank::kernel::Time;
use loadbank::scenario::read_scenario;
use loadbank::workload::training::JobRecord;
use serde_json::Value;

/// What came of a scenario.
#[derive(Debug)]
pub(crate) enum Verdict {
    /// It was refused, for these reasons.
    Refused(String),
    /// It ran; what was wrong with it, if anything.
    Ran(Vec<String>),
}

/// Runs the scenario at `path`, for `limit` at most, and holds what it says against what must
/// hold of any run.
pub(crate) fn judge(path: &Path, limit: Duration) -> Verdict {
    let judged = catch_unwind(AssertUnwindSafe(|| run(path, limit)));
    judged.unwrap_or_else(|panic| {
        let said = panic.downcast_ref::<String>().map(String::as_str);
        let said = said.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("no message");
        Verdict::Ran(vec![format!("panic: {}", said.chars().take(300).collect::<String>())])
    })
}

/// What is wrong with the figures of a summary, as `run --format json` prints it.
#[allow(dead_code, reason = "the tests judge runs, `validation` summaries too")]
pub(crate) fn unlikely_figures(summary: &Value) -> Vec<String> {
    let mut found = Findings::default();
    found.summary(summary);
    found.0
}

fn run(path: &Path, limit: Duration) -> Verdict {
    let reading = read_scenario(path, &[]);
    let Some(loaded) = reading.loaded else {
        return Verdict::Refused(reading.diagnostics.short(&reading.files));
    };
    let design = &loaded.design;
    let mut facility = Facility::new(design, 0);
    let until = busy() + limit;
    let mut rows = Rows { rows: Vec::new(), starts_s: Vec::new(), until, asked: 0 };
    let end = facility.run(&mut rows);
    let outcome = facility.outcome();
    if end == End::Interrupted {
        let days = outcome.simulated_days;
        return Verdict::Ran(vec![format!("hang: {limit:?} for {days:.6} days")]);
    }
    let mut found = Findings::default();
    found.books(&outcome);
    let series = Series {
        columns: facility.columns(),
        rows: rows.rows,
        starts_s: rows.starts_s,
        duration_s: design.duration.as_secs_f64(),
    };
    found.series(&series);
    found.totals(&series, &outcome);
    found.programmes(&series, &outcome);
    found.text(&outcome);
    let summary = loadbank::report::json::summary(&outcome);
    found.summary(&serde_json::from_str(&summary).expect("a summary is JSON"));
    Verdict::Ran(found.0)
}

/// Columns of a terminal, which the text summary keeps to.
const WIDTH: usize = 80;

#[derive(Debug)]
struct Rows {
    rows: Vec<Vec<f64>>,
    starts_s: Vec<f64>,
    until: Duration,
    /// How often it was asked whether to go on.
    asked: u32,
}

impl Observer for Rows {
    fn interval(&mut self, start: Time, values: &[f64]) {
        self.rows.push(values.to_vec());
        self.starts_s.push(start.as_secs_f64());
    }

    fn record(&mut self, _: &Record<'_>) {}

    fn job(&mut self, _: &str, _: &JobRecord) {}

    fn proceed(&mut self, _: Time) -> ControlFlow<()> {
        // To ask the system costs as much as an instant.
        self.asked = self.asked.wrapping_add(1);
        if !self.asked.is_multiple_of(64) || busy() < self.until {
            ControlFlow::Continue(())
        } else {
            ControlFlow::Break(())
        }
    }
}

/// How long this thread has computed: a busy machine makes no run hang. Where the system does not
/// say so, how long ago some instant was.
fn busy() -> Duration {
    static START: LazyLock<Instant> = LazyLock::new(Instant::now);
    let told = std::fs::read_to_string("/proc/thread-self/schedstat").ok();
    let nanos = told.and_then(|text| text.split_whitespace().next()?.parse().ok());
    nanos.map_or_else(|| START.elapsed(), Duration::from_nanos)
}

#[derive(Debug)]
struct Series {
    columns: Vec<String>,
    rows: Vec<Vec<f64>>,
    starts_s: Vec<f64>,
    duration_s: f64,
}

impl Series {
    fn place(&self, name: &str) -> Option<usize> {
        self.columns.iter().position(|column| column == name)
    }

    /// Hours of row `n`: until the next begins, or the run ends.
    fn hours(&self, n: usize) -> f64 {
        let end_s = self.starts_s.get(n + 1).copied().unwrap_or(self.duration_s);
        (end_s - self.starts_s[n]) / 3600.0
    }

    /// The column `name` times hours, over all rows.
    fn integral(&self, name: &str) -> Option<f64> {
        let place = self.place(name)?;
        Some(self.rows.iter().enumerate().map(|(n, row)| row[place] * self.hours(n)).sum())
    }
}

/// What is wrong, each said once.
#[derive(Debug, Default)]
struct Findings(Vec<String>);

/// Columns of water and their totals.
const WATER: [(&str, &str); 4] = [
    ("evaporation", "evaporation"),
    ("drift", "drift"),
    ("blowdown", "blowdown"),
    ("makeup", "withdrawal"),
];
/// Relative error that sums of rounded numbers may have.
const SAME: f64 = 1e-9;

impl Findings {
    /// The text summary: within its width, and without a number that is none.
    fn text(&mut self, outcome: &Outcome) {
        let text = loadbank::report::text::summary(outcome, Path::new("runs/site"), Duration::ZERO);
        for line in text.lines() {
            if line.chars().count() > WIDTH {
                self.add(format!("a line of the summary is too wide: {line}"));
            }
            let words = line.split(|c: char| !c.is_alphanumeric());
            if words.into_iter().any(|word| word == "NaN" || word == "inf") {
                self.add(format!("a line of the summary holds no number: {line}"));
            }
        }
    }

    fn add(&mut self, what: String) {
        if self.0.len() < 12 {
            self.0.push(what);
        }
    }

    fn books(&mut self, outcome: &Outcome) {
        for book in outcome.books.iter().filter(|book| !book.balanced) {
            self.add(format!("book: {} is off by {}", book.ledger.amount(), book.residual));
        }
    }

    /// Every cell within its range, and each row in agreement with itself.
    fn series(&mut self, series: &Series) {
        for (place, name) in series.columns.iter().enumerate() {
            let (low, high) = range(name);
            let wrong = |value: f64| {
                // Ratios and quantiles of nothing.
                let ratio = name == "pue" || name.starts_with("work-");
                let none = ratio && value.is_nan();
                !(none || (value.is_finite() && low <= value && value <= high))
            };
            if let Some(row) = series.rows.iter().find(|row| wrong(row[place])) {
                self.add(format!("range: column {name} holds {}", row[place]));
            }
        }
        let ending = |end: &str| {
            let names = series.columns.iter().enumerate();
            names
                .filter(|(_, name)| name.ends_with(end))
                .map(|(place, _)| place)
                .collect::<Vec<usize>>()
        };
        let all = |names: &[&str]| -> Vec<usize> {
            names.iter().filter_map(|name| series.place(name)).collect()
        };
        let mut sum_agrees = |what: &str, wholes: &[usize], parts: &[usize]| {
            let sum = |row: &[f64], of: &[usize]| of.iter().map(|&at| row[at]).sum::<f64>();
            for row in &series.rows {
                let (whole, sum) = (sum(row, wholes), sum(row, parts));
                if (sum - whole).abs() > SAME * whole.abs().max(sum.abs()) + 1e-12 {
                    self.add(format!("series: {what} is {whole}, its parts {sum}"));
                    return;
                }
            }
        };
        let supply = ["import_mw", "generated_mw", "solar_mw", "discharged_mw", "held_mw"];
        let uses = ["it_mw", "fans_mw", "pumps_mw", "chillers_mw", "house_mw"];
        let mut uses = all(&[&uses[..], &["charged_mw", "export_mw"]].concat());
        let losses = ending("_mw").into_iter();
        uses.extend(losses.filter(|&place| series.columns[place].starts_with("loss_")));
        sum_agrees("what is supplied", &all(&supply), &uses);
        for whole in ["fans_mw", "pumps_mw", "chillers_mw"] {
            sum_agrees(whole, &all(&[whole]), &ending(&format!("_{whole}")));
        }
        // The heat of a loop falls below zero by what outdoor air takes from its halls, no further.
        let outside = ending("_outside_mw");
        for heat in ending("_heat_mw") {
            // Outdoor air warms one hall and cools another.
            let taken = |row: &[f64]| outside.iter().map(|&place| row[place].max(0.0)).sum::<f64>();
            let below = |row: &&Vec<f64>| row[heat] < -1e-12 - taken(row) * (1.0 + SAME);
            if let Some(row) = series.rows.iter().find(below) {
                let name = &series.columns[heat];
                self.add(format!("range: {name} holds {}, outdoor air {}", row[heat], taken(row)));
            }
        }
    }

    /// Sums of rows against the totals of the same quantity.
    fn totals(&mut self, series: &Series, outcome: &Outcome) {
        let mut held = 0;
        let mut same = |column: &str, total: Option<f64>| {
            let (Some(sum), Some(total)) = (series.integral(column), total) else { return };
            held += 1;
            if (sum - total).abs() > SAME * sum.abs().max(total.abs()) + 1e-12 {
                self.add(format!("total: {column} sums to {sum}, the outcome says {total}"));
            }
        };
        let site = outcome.site();
        for name in ["import", "shed", "fans", "pumps", "chillers", "house"] {
            same(&format!("{name}_mw"), site.get(&format!("energy.{name}_mwh")));
        }
        same("it_mw", site.get("effectiveness.it_mwh"));
        for subject in &outcome.subjects {
            let name = &subject.name;
            if subject.kind.is_workload() {
                same(&format!("{name}_mw"), subject.get("energy_mwh"));
            } else if subject.kind.is_cooling() {
                for part in ["heat", "fans", "pumps", "chillers", "economiser"] {
                    same(&format!("{name}_{part}_mw"), subject.get(&format!("{part}_mwh")));
                }
                for (column, part) in WATER {
                    let column = format!("{name}_{column}_m3_per_h");
                    same(&column, subject.get(&format!("water.{part}_m3")));
                }
            }
        }
        if held < 7 {
            self.add(format!("total: only {held} columns have one"));
        }
    }

    /// What programmes say of themselves, and that an award is kept or booked as missing.
    fn programmes(&mut self, series: &Series, outcome: &Outcome) {
        let all: Vec<_> = outcome.of(SubjectKind::Programme).collect();
        for programme in &all {
            let of = |figure: &str| programme.get(figure).unwrap_or(0.0);
            let shares =
                [("met_h", "scored_h"), ("shortfall_mw_h", "award_mw_h"), ("missed", "calls")];
            for (part, whole) in shares {
                if of(part) > of(whole) * (1.0 + SAME) + 1e-12 {
                    self.add(format!("programme: {part} {} of {whole} {}", of(part), of(whole)));
                }
            }
        }
        // Without a call, and once the load of the last is back, all awards together are there or
        // missing. Where the import moves within a row, what is missing is more than of its mean.
        let places = |end: &str| -> Vec<usize> {
            let names = all.iter().map(|it| format!("{}_{end}", it.name));
            names.filter_map(|name| series.place(&name)).collect()
        };
        let (awards, asked) = (places("award_mw"), places("asked_mw"));
        let Some(import) = series.place("import_mw") else { return };
        let (mut least_mw_h, mut called_s) = (0.0, f64::NEG_INFINITY);
        for (n, row) in series.rows.iter().enumerate() {
            let hours = series.hours(n);
            if asked.iter().any(|&place| row[place] > 0.0) {
                called_s = series.starts_s[n] + 3600.0 * hours;
            }
            if series.starts_s[n] < called_s + 3.0 * 3600.0 {
                continue;
            }
            let award_mw: f64 = awards.iter().map(|&place| row[place]).sum();
            least_mw_h += (award_mw - row[import]).max(0.0) * hours;
        }
        let booked_mw_h: f64 = all.iter().filter_map(|it| it.get("shortfall_mw_h")).sum();
        if booked_mw_h < least_mw_h * (1.0 - SAME) - 1e-9 {
            self.add(format!("programme: {booked_mw_h} MW-h booked as missing of {least_mw_h}"));
        }
    }

    /// Every number of a summary within its range.
    fn summary(&mut self, summary: &Value) {
        self.figures("", summary);
        // Heat of a loop falls below zero by what outdoor air takes from its halls, no further.
        let mut heats = Heats::default();
        heats.read("", summary);
        let least_mwh = -heats.outdoors_mwh * (1.0 + SAME) - 1e-9;
        for (path, mwh) in heats.found.iter().filter(|(_, mwh)| *mwh < least_mwh) {
            self.add(format!("range: {path} is {mwh}, outdoor air took {}", heats.outdoors_mwh));
        }
    }

    /// Every number of the summary within the range of its name.
    fn figures(&mut self, path: &str, value: &Value) {
        match value {
            // Books hold what was given as well as what was taken.
            Value::Object(_) if path == ".books" => {}
            Value::Object(fields) => {
                for (key, value) in fields {
                    self.figures(&format!("{path}.{key}"), value);
                }
            }
            Value::Array(values) => {
                for value in values {
                    self.figures(path, value);
                }
            }
            Value::Number(number) => {
                let value = number.as_f64().unwrap_or(f64::NAN);
                let whole = ["load.peak_share", "hot_spot.mean_c", "hot_spot.max_c"];
                let whole = whole.into_iter().find(|end| path.ends_with(end));
                let key = whole.or(path.rsplit('.').next()).unwrap_or_default();
                let (low, high) = range(key);
                if !(low <= value && value <= high) {
                    self.add(format!("range: {} is {value}", &path[1..]));
                }
            }
            // A number that is none is written as null.
            Value::Null => {
                let key = path.rsplit('.').next().unwrap_or_default();
                let always = ["_mwh", "_mw", "_m3", "_c", "_usd", "availability"];
                // A programme may have no award, or no peaks.
                let sometimes = path.contains("classes")
                    || path.contains("programmes.")
                    || key.ends_with("_per_mwh")
                    || key.starts_with("worst_month");
                if !sometimes && always.iter().any(|end| key.ends_with(end)) {
                    self.add(format!("range: {} is no number", &path[1..]));
                }
            }
            Value::Bool(_) | Value::String(_) => {}
        }
    }
}

/// Heat in a summary: of each cooling component, and what outdoor air took of it.
#[derive(Debug, Default)]
struct Heats {
    found: Vec<(String, f64)>,
    outdoors_mwh: f64,
}

impl Heats {
    fn read(&mut self, path: &str, value: &Value) {
        let Value::Object(fields) = value else { return };
        if path == ".months" {
            return;
        }
        for (key, value) in fields {
            let path = format!("{path}.{key}");
            match (key.as_str(), value.as_f64()) {
                ("heat_mwh", Some(mwh)) => self.found.push((path, mwh)),
                // That of an air handler is outdoor air; that of a chiller plant only loosens this.
                ("economiser_mwh", Some(mwh)) => self.outdoors_mwh += mwh.max(0.0),
                _ => self.read(&path, value),
            }
        }
    }
}

/// No coolant is warmer, nor the air that enters racks: it boils, and the engine holds the air of
/// halls to the same; between two looks a loop that comes to it may pass it by a part of a kelvin.
const BOILING_C: f64 = 101.0;
/// Air leaves a hall warmer than it enters by this at most, K, and does not boil: 370 cfm for 3,320 W
/// warm it by 16 K at sea level and by 21 K at the highest of the sites.
const EXHAUST_K: f64 = 22.0;
/// No weather is colder on earth, nor what it cools.
const COLDEST_C: f64 = -90.0;

/// The sites allow no part more than this share of its rating.
const MOST_OVERLOAD: f64 = 1.8 + SAME;
/// An overload ends at 140 degC at the latest, and the rating alone warms windings by 60 K + 22.1 K (IEC
/// 60076-7) above air of at most 50 degC. A step of load passes what it ends at by 22.1 K at most.
const HOTTEST_C: f64 = 162.0;

/// What a column or a figure called `name` may be.
fn range(name: &str) -> (f64, f64) {
    const SHARES: [&str; 8] = [
        "_free",
        "_partial",
        "_mechanical",
        "fan_speed",
        "air_ratio",
        "availability",
        "attainment",
        "_share",
    ];
    let ends = |ends: &[&str]| ends.iter().any(|end| name.ends_with(end));
    if name == "pue" {
        (1.0 - SAME, f64::INFINITY)
    } else if ends(&["load.peak_share"]) {
        // Of a rating that may be exceeded for a while.
        (0.0, MOST_OVERLOAD)
    } else if ends(&["hot_spot_c", "hot_spot.mean_c", "hot_spot.max_c"]) {
        (COLDEST_C, HOTTEST_C)
    } else if ends(&SHARES) {
        (0.0, 1.0 + SAME)
    } else if ends(&["_return_c", "_device_c"]) {
        // Of a ventilated hall it is what leaves it.
        (COLDEST_C, BOILING_C + EXHAUST_K)
    } else if ends(&["_c"]) {
        (COLDEST_C, BOILING_C)
    } else if ends(&["basin_m3_per_h", "basins_m3", "cost", "_usd", "_usd_per_mwh"]) {
        // Basins give, prices fall below zero.
        (f64::MIN, f64::MAX)
    } else if ["surplus", "carried"].contains(&name) {
        // Windows may hold fewer arrivals than the gaps that they stand for.
        (f64::MIN, f64::MAX)
    } else if ends(&["_economiser_mw", "_trim_mw", "trim_mwh"]) {
        // It goes either way: a rounding below nothing where coolant stands at the temperature of the air.
        (-1e-10, f64::MAX)
    } else if ends(&["_heat_mw", "heat_mwh", "_outside_mw", "economiser_mwh"]) {
        // Outdoor air may take more than racks give while it cools the hall itself, or warm it: what
        // it takes is held against the heat of the loops beside.
        (f64::MIN, f64::MAX)
    } else {
        (0.0, f64::MAX)
    }
}
