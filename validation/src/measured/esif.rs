//! Protocol D: the overhead of NREL's ESIF, month by month.

use std::path::Path;

use loadbank::fit::{Curve, Errors, FitError, fit_curve};

use super::scenario;
use crate::cooling::table::{Band, Table};
use crate::cooling::year::{load_file, run};
use crate::data::{Csv, Row, mean, print};

/// Months of the fit, and those that are held out, by name; of both those with suspect meters are left out.
const FITTED: [&str; 2] = ["2018-09", "2020-07"];
const HELD: [&str; 2] = ["2020-10", "2022-03"];
/// Values that the fit frees, each of them at one place or several, where it begins, and its unit.
const FREE: [(&[&str], f64, &str); 4] = [
    (&["cooling.plant.fans.power", "cooling.plant.dry.fan_power"], 12.0, "kW"),
    (&["cooling.plant.basin_heater.capacity"], 2.0, "kW/K"),
    (&["cooling.plant.pumps.power"], 12.0, "kW"),
    (&["racks.building.power"], 16.0, "kW"),
];
/// What draws: fans with heat against frost, pumps, and all else.
const DRAWN: [&str; 3] = ["plant_fans_mw", "plant_pumps_mw", "building_mw"];
/// A pump of the tower's filter, kW, which is in no column of the meters but in what the facility draws.
const FILTER_KW: f64 = 2.67;

/// What was measured of a month.
struct Month {
    name: String,
    /// Its first and its last hour of the run.
    hours: (usize, usize),
    it_kw: f64,
    /// By what draws.
    drawn_kw: [f64; 3],
    overhead_kw: f64,
}

/// Fits what fans, pumps and the building drew in 23 months, and holds the overhead of the run against
/// 13 later ones. The bars are what a small model with a few fitted constants came to on these.
pub(super) fn monthly(table: &mut Table, data: &Path) -> Result<(), String> {
    let file = data.join("esif_monthly_2016_2025.csv");
    let (fitted, held) = (months(&file, FITTED)?, months(&file, HELD)?);
    let count = fitted.len();
    if (count, held.len()) != (23, 13) {
        return Err(format!("{count} months to fit and {} held out", held.len()));
    }
    let weather = data.join("../weather/USA_CO_Golden-NREL.724666_TMY3.epw.gz");
    let drawn = |of: usize| fitted.iter().map(move |month| month.drawn_kw[of]);
    let readings: Vec<f64> = (0..DRAWN.len()).flat_map(drawn).collect();
    let model = |values: &[f64]| {
        let ours = played(values, &file, &weather);
        let ours = ours.map_err(|said| FitError { message: said, help: None })?;
        Ok(ours.iter().flat_map(|hourly| of_months(hourly, &fitted)).collect())
    };
    let found = fit_curve(&Curve {
        names: &FREE.map(|(paths, ..)| paths[0].to_owned()),
        starts: &FREE.map(|(_, start, _)| start),
        measured: &readings,
        ends: &[count, 2 * count, 3 * count],
        model: &model,
    })
    .map_err(|error| error.to_string())?;
    for ((paths, _, unit), (value, half)) in FREE.iter().zip(found.values.iter().zip(&found.halves))
    {
        print(&format!("    {} = {value:.4} {unit} +- {half:.4} {unit}", paths.join(", ")));
    }

    let ours = played(&found.values, &file, &weather)?;
    let parts = ours.iter().map(|hourly| of_months(hourly, &held));
    let ours = parts.fold(vec![0.0; held.len()], |sum, part| {
        sum.iter().zip(part).map(|(sum, part)| sum + part).collect()
    });
    let theirs: Vec<f64> = held.iter().map(|month| month.overhead_kw).collect();
    print("    month     overhead measured, kW     ours");
    for (month, (ours, theirs)) in held.iter().zip(ours.iter().zip(&theirs)) {
        print(&format!("    {} {theirs:>24.1} {ours:>8.1}", month.name));
    }
    let errors = Errors::of(&ours, &theirs, true).and_then(|errors| errors.shares);
    let errors = errors.ok_or("errors that are no shares")?;
    let months = held.iter().zip(ours.iter().zip(&theirs));
    let pue = mean(months.map(|(month, (ours, theirs))| (ours - theirs).abs() / month.it_kw));
    let site = "NREL ESIF, 13 months held out";
    for (what, theirs, ours, band) in [
        ("overhead, MAPE, %", 9.0, 100.0 * errors.mape, Band::Most(9.0)),
        ("overhead, NMBE, %", -2.4, 100.0 * errors.nmbe, Band::Range(-2.4, 2.4)),
        ("overhead, CVRMSE, %", 10.5, 100.0 * errors.cvrmse, Band::Most(10.5)),
        ("PUE, mean absolute error", 0.0030, pue, Band::Most(0.0030)),
    ] {
        table.row("D", &format!("{site}: {what}"), theirs, ours, band);
    }
    Ok(())
}

/// The months from the first to the last name whose meters are not suspect. The overhead is what
/// the facility drew beyond its IT in the hours that count.
fn months(path: &Path, [first, last]: [&str; 2]) -> Result<Vec<Month>, String> {
    let table = Csv::read(path)?;
    let rows: Vec<Row<'_>> = table.rows().collect();
    let begin = instant(FIRST_HOUR)?;
    let mut found = Vec::new();
    for (row, next) in rows.iter().zip(rows.iter().skip(1)) {
        let name = row.text("month_local")?;
        if name < first || name > last || row.text("meter_suspect")? != "False" {
            continue;
        }
        let (cooling_kw, pump_kw) = (row.number("cooling_kw_mean")?, row.number("pump_kw_mean")?);
        let plugs_kw = row.number("hvac_kw_mean")? + row.number("plug_and_light_kw_mean")?;
        let overhead_mwh = row.number("facility_mwh")? - row.number("it_mwh")?;
        let hour = |text: &str| Ok::<_, String>(((instant(text)? - begin) / 3600) as usize);
        found.push(Month {
            name: name.to_owned(),
            hours: (hour(row.text("month_start_utc")?)?, hour(next.text("month_start_utc")?)?),
            it_kw: row.number("it_kw_mean")?,
            drawn_kw: [cooling_kw, pump_kw, plugs_kw + FILTER_KW],
            overhead_kw: overhead_mwh * 1000.0 / row.number("valid_hours")?,
        });
    }
    Ok(found)
}

/// The first hour of the run.
const FIRST_HOUR: &str = "2018-09-01T06:00:00Z";

/// Seconds since 1970.
fn instant(text: &str) -> Result<i64, String> {
    let at: jiff::Timestamp = text.parse().map_err(|error| format!("{text}: {error}"))?;
    Ok(at.as_second())
}

/// What each part of a run with `values` draws beyond its IT, kW, by the hour.
fn played(values: &[f64], file: &Path, weather: &Path) -> Result<[Vec<f64>; 3], String> {
    let mut sets = vec![
        format!("racks.it.csv={}", file.display()),
        format!("weather.epw={}", weather.display()),
    ];
    for ((paths, _, unit), value) in FREE.iter().zip(values) {
        sets.extend(paths.iter().map(|path| format!("{path}={value} {unit}")));
    }
    let year = run(&load_file(&scenario("nrel-esif.yaml"), &sets)?)?;
    let kw = |column: &str| -> Result<Vec<f64>, String> {
        Ok(year.column(column)?.iter().map(|mw| 1000.0 * mw).collect())
    };
    let [fans, pumps, building] = DRAWN.map(kw);
    Ok([fans?, pumps?, building?])
}

/// The mean of each month.
fn of_months(hourly: &[f64], months: &[Month]) -> Vec<f64> {
    let of = |month: &Month| mean(hourly[month.hours.0..month.hours.1].iter().copied());
    months.iter().map(of).collect()
}
