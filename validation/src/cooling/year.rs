//! A year of one plant, from its scenario to the rows of its time series.

use std::ops::ControlFlow;
use std::path::Path;

use loadbank::facility::{End, Facility, Observer, Outcome, Record};
use loadbank::kernel::Time;
use loadbank::scenario::{Loaded, read_scenario};
use loadbank::workload::training::JobRecord;

/// A year as it came out.
pub(crate) struct Year {
    pub(crate) outcome: Outcome,
    columns: Vec<String>,
    rows: Vec<Vec<f64>>,
}

impl Year {
    pub(crate) fn column(&self, name: &str) -> Result<Vec<f64>, String> {
        let place = self.columns.iter().position(|column| column == name);
        let place = place.ok_or_else(|| format!("no column {name}"))?;
        Ok(self.rows.iter().map(|row| row[place]).collect())
    }

    /// Mean over the year.
    pub(crate) fn mean(&self, name: &str) -> Result<f64, String> {
        Ok(crate::data::mean(self.column(name)?))
    }

    pub(crate) fn pue(&self) -> f64 {
        self.outcome.site().get("effectiveness.pue").unwrap_or(f64::NAN)
    }

    pub(crate) fn wue(&self) -> f64 {
        self.outcome.site().get("effectiveness.wue_l_per_kwh").unwrap_or(f64::NAN)
    }

    /// Evaporation over the heat that reached the weather, L/kWh.
    pub(crate) fn evaporation(&self) -> Result<f64, String> {
        Ok(self.mean("plant_evaporation_m3_per_h")? / self.mean("plant_rejected_mw")?)
    }
}

/// The scenario of the file at `path` with `sets` changed in it.
pub(crate) fn load_file(path: &Path, sets: &[String]) -> Result<Loaded, String> {
    let reading = read_scenario(path, sets);
    let said = reading.diagnostics.render(&reading.files, false);
    reading.loaded.ok_or(said)
}

/// The scenario `text`, read as from a file.
pub(crate) fn load(text: &str) -> Result<Loaded, String> {
    let path = std::env::temp_dir().join(format!("loadbank-cooling-{}.yaml", std::process::id()));
    std::fs::write(&path, text).map_err(|error| format!("{}: {error}", path.display()))?;
    let loaded = load_file(&path, &[]);
    let removed =
        std::fs::remove_file(&path).map_err(|error| format!("{}: {error}", path.display()));
    removed.and_then(|()| loaded.map_err(|said| format!("{said}\nin\n{text}")))
}

/// Runs `text`, a scenario; see [`run`].
pub(crate) fn simulate(text: &str) -> Result<Year, String> {
    run(&load(text)?)
}

/// Runs a scenario; an error where the run breaks off or its books do not balance.
pub(crate) fn run(loaded: &Loaded) -> Result<Year, String> {
    let mut listener = Listener::default();
    let mut facility = Facility::new(&loaded.design, 0);
    if facility.run(&mut listener) != End::Complete {
        return Err("the run broke off".to_owned());
    }
    let (outcome, columns) = (facility.outcome(), facility.columns());
    if !outcome.balanced() {
        return Err(format!("the books do not balance: {:?}", outcome.books));
    }
    Ok(Year { outcome, columns, rows: listener.rows })
}

#[derive(Debug, Default)]
struct Listener {
    rows: Vec<Vec<f64>>,
}

impl Observer for Listener {
    fn interval(&mut self, _: Time, values: &[f64]) {
        self.rows.push(values.to_vec());
    }
    fn record(&mut self, _: &Record<'_>) {}
    fn job(&mut self, _: &str, _: &JobRecord) {}
    fn proceed(&mut self, _: Time) -> ControlFlow<()> {
        ControlFlow::Continue(())
    }
}
