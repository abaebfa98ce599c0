//! Values of a scenario fitted to what a meter read beside the site.

use std::fmt::Write as _;
use std::ops::ControlFlow;
use std::path::Path;

use jiff::Timestamp;

use super::curve::{Curve, fit_curve};
use super::meter::{Errors, Meter, MeterLayout};
use super::rows::FitError;
use crate::facility::{End, Facility, Observer, Record};
use crate::kernel::Time;
use crate::measure::unit_of;
use crate::scenario::{Loaded, keys, load_text, read_scenario};
use crate::tables::Column;
use crate::units::{Power, Temperature, Unit, split_number};
use crate::workload::training::JobRecord;

/// Columns of the meter and what they are in the run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Match {
    /// Columns of the time series, whose sum it is.
    pub run: Vec<String>,
    /// Columns of the meter's table that it is the sum of.
    pub meter: Vec<String>,
    /// Their unit; by default that of the columns of the run.
    pub unit: Option<String>,
}

impl std::str::FromStr for Match {
    type Err = String;

    /// Reads `plant_fans_mw+plant_pumps_mw=fans + pumps kW`. A last word that is the unit of no column is
    /// part of a name, which may hold blanks.
    fn from_str(text: &str) -> Result<Self, String> {
        let example = "write for example `plant_chillers_mw=chiller_kw kW`";
        let (run, meter) = text.split_once('=').ok_or(example)?;
        let names = |text: &str, between: &str| -> Vec<String> {
            text.split(between).map(|name| name.trim().to_owned()).collect()
        };
        let run = names(run, "+");
        let mut meter = names(meter, " + ");
        let ours = unit_of(&run[0]);
        let is_unit = |word: &str| {
            let mut known = CONVERTED.into_iter().flatten().map(|unit| unit.name);
            ours.as_deref() == Some(word) || known.any(|name| name == word)
        };
        let mut unit = None;
        if let Some(last) = meter.last_mut()
            && let Some((name, word)) = last.rsplit_once(' ')
            && is_unit(word)
        {
            unit = Some(word.to_owned());
            *last = name.trim_end().to_owned();
        }
        if run.iter().chain(&meter).any(String::is_empty) {
            return Err(example.to_owned());
        }
        Ok(Self { run, meter, unit })
    }
}

impl Match {
    /// What it is called: the meter's columns.
    fn name(&self) -> String {
        self.meter.join(" + ")
    }

    /// Whether none of it is zero: a temperature has a zero by convention.
    fn has_zero(&self) -> bool {
        // The run tells temperatures in degC.
        unit_of(&self.run[0]).as_deref() != Some("degC")
    }

    /// The unit in which the run differs from the meter.
    fn unit_of_difference(&self) -> String {
        match unit_of(&self.run[0]) {
            Some(unit) if self.has_zero() => unit.into_owned(),
            Some(_) => "K".to_owned(),
            None => String::new(),
        }
    }
}

/// What is fitted, and to what.
#[derive(Debug)]
pub struct Calibration<'a> {
    /// The scenario.
    pub file: &'a Path,
    /// Edits of it, as `--set` takes them.
    pub sets: &'a [String],
    /// The values that are fitted, by their paths; the scenario says where they begin.
    pub free: &'a [String],
    /// The columns of the meter that the run is to meet.
    pub matches: &'a [Match],
    /// Those whose errors are told as well, and that are not fitted.
    pub told: &'a [Match],
    /// The CSV table of the meter.
    pub meter: &'a [u8],
    /// How its times are written.
    pub layout: &'a MeterLayout,
    /// From when on readings are held out; by default the last third.
    pub held_out: Option<Timestamp>,
}

/// A value that was fitted.
#[derive(Debug, Clone, PartialEq)]
pub struct FreeValue {
    /// Its path in the scenario.
    pub path: String,
    /// Where it began.
    pub start: f64,
    /// Its value and the half-width of its 95 % interval.
    pub value: f64,
    /// See `value`.
    pub half: f64,
    /// Its unit, empty without one.
    pub unit: String,
}

/// How far the run is from a column of the meter.
#[derive(Debug, Clone, PartialEq)]
pub struct MatchErrors {
    /// The column of the meter.
    pub meter: String,
    /// The unit of a difference between run and meter.
    pub unit: String,
    /// In the window of the fit.
    pub fitted: Option<Errors>,
    /// In the window that was held out.
    pub held_out: Option<Errors>,
}

/// A scenario that was fitted.
#[derive(Debug, Clone, PartialEq)]
pub struct Calibrated {
    /// In the order in which they were asked for.
    pub values: Vec<FreeValue>,
    /// In the order of the matches.
    pub errors: Vec<MatchErrors>,
    /// From when on readings were held out.
    pub held_out: Timestamp,
    /// Correlation of neighbouring residuals by which intervals were widened.
    pub correlation: f64,
}

/// Fits the free values of `calibration`. What is held out is looked at once, with the values found.
///
/// # Errors
///
/// Where the scenario is refused or lacks a value, the meter cannot be read, or it does not determine
/// what is free.
pub fn calibrate(calibration: &Calibration<'_>) -> Result<Calibrated, FitError> {
    let loaded = calibration.load(calibration.sets)?;
    let starts = calibration.starts(&loaded)?;
    let run = run(&loaded)?;
    let columns = calibration.columns(&run)?;
    let meter = calibration.meter()?;
    let length_ns = loaded.design.interval.as_nanos();
    let mut readings = Vec::new();
    let mut first = 0;
    for of in calibration.all() {
        let last = first + of.meter.len();
        readings.push(meter.means(first..last, &run.starts, length_ns)?);
        first = last;
    }
    let held_out = calibration.held_out.unwrap_or_else(|| last_third(&run.starts, &readings));
    let known = |is_held: bool| -> Vec<(usize, usize)> {
        let rows = readings.iter().enumerate().flat_map(|(series, readings)| {
            let rows = readings.iter().enumerate().filter(|(_, reading)| reading.is_some());
            rows.map(move |(row, _)| (series, row))
        });
        rows.filter(|(_, row)| (run.starts[*row] >= held_out) == is_held).collect()
    };
    let mut of_fit = known(false);
    of_fit.retain(|(series, _)| *series < calibration.matches.len());
    let measured: Vec<f64> =
        of_fit.iter().filter_map(|&(series, row)| readings[series][row]).collect();
    let ends: Vec<usize> = (0..calibration.matches.len())
        .map(|series| of_fit.partition_point(|(of, _)| *of <= series))
        .collect();
    if let Some(series) =
        (0..ends.len()).find(|&s| ends[s] == s.checked_sub(1).map_or(0, |s| ends[s]))
    {
        let message = format!(
            "`{}` has no whole interval of the run in the window of the fit",
            calibration.matches[series].name()
        );
        let help = "the run of the scenario and the meter must share a span of time";
        return Err(FitError::new(message, help.to_owned()));
    }
    let asked = |values: &[f64]| -> Result<Vec<Vec<f64>>, FitError> {
        let sets = starts.iter().zip(values).map(|(start, value)| start.set(*value));
        let sets: Vec<String> = calibration.sets.iter().cloned().chain(sets).collect();
        let run = self::run(&calibration.load(&sets)?)?;
        let series = columns.iter().map(|places| run.sums(places)).collect();
        Ok(series)
    };
    let model = |values: &[f64]| -> Result<Vec<f64>, FitError> {
        let series = asked(values)?;
        Ok(of_fit.iter().map(|&(of, row)| series[of][row]).collect())
    };
    let begin: Vec<f64> = starts.iter().map(|start| start.value).collect();
    let fit = fit_curve(&Curve {
        names: calibration.free,
        starts: &begin,
        measured: &measured,
        ends: &ends,
        model: &model,
    })?;
    let series = asked(&fit.values)?;
    let has_zero: Vec<bool> = calibration.all().map(Match::has_zero).collect();
    let errors = |index: usize, is_held: bool| {
        let rows = known(is_held).into_iter().filter(|(of, _)| *of == index);
        let pairs = rows.filter_map(|(of, row)| Some((series[of][row], readings[of][row]?)));
        let (model, measured): (Vec<f64>, Vec<f64>) = pairs.unzip();
        Errors::of(&model, &measured, has_zero[index])
    };
    let errors = calibration.all().enumerate().map(|(index, of)| MatchErrors {
        meter: of.name(),
        unit: of.unit_of_difference(),
        fitted: errors(index, false),
        held_out: errors(index, true),
    });
    let values = starts.into_iter().zip(fit.values.iter().zip(&fit.halves));
    let values = values.map(|(start, (&value, &half))| FreeValue {
        path: start.path,
        start: start.value,
        value,
        half,
        unit: start.unit,
    });
    Ok(Calibrated {
        values: values.collect(),
        errors: errors.collect(),
        held_out,
        correlation: fit.correlation,
    })
}

/// Where a free value begins.
#[derive(Debug)]
struct Start {
    path: String,
    value: f64,
    unit: String,
}

impl Start {
    /// The edit that gives it `value`.
    fn set(&self, value: f64) -> String {
        format!("{}={}", self.path, with_unit(&value.to_string(), &self.unit))
    }
}

fn with_unit(value: &str, unit: &str) -> String {
    if unit.is_empty() { value.to_owned() } else { format!("{value} {unit}") }
}

impl Calibration<'_> {
    /// What is fitted, and what is told besides.
    fn all(&self) -> impl Iterator<Item = &Match> {
        self.matches.iter().chain(self.told)
    }

    fn load(&self, sets: &[String]) -> Result<Loaded, FitError> {
        let reading = read_scenario(self.file, sets);
        reading.loaded.ok_or_else(|| {
            let said = reading.diagnostics.render(&reading.files, false);
            FitError::new(format!("the scenario is refused:\n{}", said.trim_end()), None)
        })
    }

    /// Where the free values begin.
    fn starts(&self, loaded: &Loaded) -> Result<Vec<Start>, FitError> {
        let document = load_text("scenario", &loaded.effective_yaml, &[]).map_err(|_| {
            FitError::new("the effective scenario cannot be read: a bug in loadbank", None)
        })?;
        let start = |path: &String| {
            let place = document.get(path);
            let Some(text) = place.as_ref().and_then(|place| place.node.as_text()) else {
                let message = format!("the scenario does not say `{path}`");
                let help = format!(
                    "write a value from which the fit begins, for example with `--set {path}=...`; \
                     `loadbank show` prints all that are written"
                );
                return Err(FitError::new(message, help));
            };
            match split_number(text) {
                Some((value, unit)) if value != 0.0 => {
                    Ok(Start { path: path.clone(), value, unit: unit.trim().to_owned() })
                }
                Some(_) => {
                    let message = format!("`{path}` begins at zero, of which nothing is a share");
                    Err(FitError::new(message, "begin with a likely value".to_owned()))
                }
                None => {
                    let message = format!("`{path}` is `{text}`, no number that can be fitted");
                    Err(FitError::new(message, None))
                }
            }
        };
        self.free.iter().map(start).collect()
    }

    /// The places of the columns of each match among those of a run.
    fn columns(&self, run: &Ran) -> Result<Vec<Vec<usize>>, FitError> {
        let place = |name: &String| {
            run.columns.iter().position(|column| column == name).ok_or_else(|| {
                let message = format!("the run has no column `{name}`");
                let known: Vec<&str> = run.columns.iter().map(String::as_str).collect();
                FitError::new(message, format!("it has: {}", known.join(", ")))
            })
        };
        self.all().map(|of| of.run.iter().map(place).collect()).collect()
    }

    /// The meter, in the units of the columns that it is matched with.
    fn meter(&self) -> Result<Meter, FitError> {
        let mut columns = Vec::new();
        for of in self.all() {
            let name = &of.run[0];
            let ours = unit_of(name);
            if let Some(other) = of.run.iter().find(|other| unit_of(other) != ours) {
                let message = format!("`{name}` and `{other}` are of different units: no sum");
                return Err(FitError::new(message, None));
            }
            let ours = ours.as_deref().unwrap_or_default();
            for name in &of.meter {
                columns.push(conversion(name, of.unit.as_deref(), ours)?);
            }
        }
        Meter::read(self.meter, columns, self.layout)
    }
}

/// Quantities of which a meter may have another unit than the run.
const CONVERTED: [&[Unit]; 2] = [Power::UNITS, Temperature::UNITS];

/// The column `name` of a meter in `theirs`, in the unit `ours` of a column of the time series.
fn conversion(name: &str, theirs: Option<&str>, ours: &str) -> Result<Column, FitError> {
    let Some(theirs) = theirs.filter(|theirs| *theirs != ours) else {
        return Ok(Column::plain(name));
    };
    let find = |units: &'static [Unit], name: &str| units.iter().find(|unit| unit.name == name);
    for units in CONVERTED {
        if let (Some(from), Some(to)) = (find(units, theirs), find(units, ours)) {
            let mut column = Column::new(name, from);
            column.factor = from.factor / to.factor;
            column.offset = (from.offset - to.offset) / to.factor;
            return Ok(column);
        }
    }
    let message = format!("`{name}` is in {theirs}, the run in `{ours}`");
    Err(FitError::new(message, "match columns of one kind of quantity".to_owned()))
}

/// The start of the last third of the intervals that have a reading.
fn last_third(starts: &[Timestamp], readings: &[Vec<Option<f64>>]) -> Timestamp {
    let is_read = |row: &usize| readings.iter().any(|series| series[*row].is_some());
    let rows: Vec<usize> = (0..starts.len()).filter(is_read).collect();
    rows.get(rows.len() * 2 / 3).map_or(Timestamp::MAX, |&row| starts[row])
}

/// The time series of a run.
#[derive(Debug)]
struct Ran {
    columns: Vec<String>,
    starts: Vec<Timestamp>,
    rows: Vec<Vec<f64>>,
}

impl Ran {
    /// The sum of some columns, row by row.
    fn sums(&self, places: &[usize]) -> Vec<f64> {
        self.rows.iter().map(|row| places.iter().map(|&place| row[place]).sum()).collect()
    }
}

/// Runs a scenario in its first replication.
fn run(loaded: &Loaded) -> Result<Ran, FitError> {
    let mut listener = Listener::default();
    let mut facility = Facility::new(&loaded.design, 0);
    let ended = facility.run(&mut listener);
    for file in &loaded.played {
        if let Some(error) = file.take_failure() {
            let message = format!("cannot read `{}` to its end: {error}", file.path().display());
            return Err(FitError::new(message, None));
        }
    }
    if ended != End::Complete || !facility.outcome().balanced() {
        return Err(FitError::new("the books of the run do not balance: a bug in loadbank", None));
    }
    let starts = listener.starts.iter().map(|start| loaded.design.clock.timestamp(*start));
    Ok(Ran { columns: facility.columns(), starts: starts.collect(), rows: listener.rows })
}

#[derive(Debug, Default)]
struct Listener {
    starts: Vec<Time>,
    rows: Vec<Vec<f64>>,
}

impl Observer for Listener {
    fn interval(&mut self, start: Time, values: &[f64]) {
        self.starts.push(start);
        self.rows.push(values.to_vec());
    }

    fn record(&mut self, _: &Record<'_>) {}

    fn job(&mut self, _: &str, _: &JobRecord) {}

    fn proceed(&mut self, _: Time) -> ControlFlow<()> {
        ControlFlow::Continue(())
    }
}

impl Calibrated {
    /// The values as YAML to paste into the scenario, fitted to `meter`.
    pub fn yaml(&self, meter: &str) -> String {
        let mut text = format!(
            "# Fitted by loadbank {} to {meter}; held out from {} on.\n",
            env!("CARGO_PKG_VERSION"),
            self.held_out
        );
        let heads = ["intervals", "MAPE", "NMBE", "CVRMSE"];
        let rounded = |error: f64| format!("{error:.2e}").parse().unwrap_or(error);
        let wide = self.errors.iter().map(|of| of.meter.len()).max().unwrap_or(0);
        let _ = write!(text, "# {:wide$}  window  ", "");
        for head in heads {
            let _ = write!(text, "  {head:>9}");
        }
        text.push('\n');
        for of in &self.errors {
            for (window, errors) in [("fitted", &of.fitted), ("held out", &of.held_out)] {
                let _ = write!(text, "# {:wide$}  {window:8}", of.meter);
                match errors {
                    Some(Errors { intervals, shares: Some(shares), .. }) => {
                        let _ = write!(text, "  {intervals:>9}");
                        for share in [shares.mape, shares.nmbe, shares.cvrmse] {
                            let _ = write!(text, "  {:>7.2} %", 100.0 * share);
                        }
                    }
                    Some(Errors { intervals, mean, rmse, .. }) => {
                        let told =
                            |error: f64| with_unit(&f64::to_string(&rounded(error)), &of.unit);
                        let (mean, rmse) = (told(*mean), told(*rmse));
                        let _ = write!(text, "  {intervals:>9}  mean error {mean}, RMSE {rmse}");
                    }
                    None => text.push_str("  none"),
                }
                text.push('\n');
            }
        }
        if self.correlation > 0.0 {
            let _ = writeln!(
                text,
                "# Neighbouring residuals are alike ({:.2}): intervals are widened for it.",
                self.correlation
            );
        }
        let mut values: Vec<&FreeValue> = self.values.iter().collect();
        values.sort_by(|a, b| keys(&a.path).cmp(&keys(&b.path)));
        let mut before: Vec<&str> = Vec::new();
        for value in values {
            let path = keys(&value.path);
            let shared = path.iter().zip(&before).take_while(|(a, b)| a == b).count();
            for (depth, key) in path.iter().enumerate().skip(shared) {
                let _ = write!(text, "{:indent$}{}:", "", quoted(key), indent = 2 * depth);
                if depth + 1 == path.len() {
                    let with_unit = |number: f64| with_unit(&told(number), &value.unit);
                    let _ = write!(
                        text,
                        " {}  # +- {}, 95 % interval; was {}",
                        with_unit(value.value),
                        with_unit(value.half),
                        with_unit(value.start)
                    );
                }
                text.push('\n');
            }
            before = path;
        }
        text
    }
}

/// A key as YAML takes it.
fn quoted(key: &str) -> String {
    let is_plain = |c: char| c.is_alphanumeric() || "-_".contains(c);
    if key.chars().all(is_plain) { key.to_owned() } else { format!("\"{key}\"") }
}

/// A number with five digits.
fn told(number: f64) -> String {
    let rounded: f64 = format!("{number:.4e}").parse().unwrap_or(number);
    rounded.to_string()
}
