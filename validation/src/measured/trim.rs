//! Protocol A: the plant of ORNL's Summit, by the medians of its weeks.

use std::path::Path;

use loadbank::fit::{Curve, Errors, FitError, fit_curve};

use super::scenario;
use crate::cooling::table::{Band, Table};
use crate::cooling::year::{Year, load_file, run};
use crate::data::{Csv, print, quantile};

/// From this week on, the plant is fitted: in the one before its towers were out of use for two days.
const FIRST: &str = "2020-02-03";
/// Weeks of the fit, and those of which the hours are known.
const FITTED: usize = 26;
const WEEKS: usize = 52;
/// Hours of a week.
const HOURS: usize = 168;
/// Values that the fit frees, where it begins, and their units.
const FREE: [(&str, f64, &str); 5] = [
    ("cooling.towers.fans.power", 350.0, "kW"),
    ("cooling.towers.pumps.power", 200.0, "kW"),
    ("cooling.towers.tower.ua", 1500.0, "kW/K"),
    ("cooling.towers.supply", 21.1, "degC"),
    ("cooling.towers.trim.chillers.cop", 5.0, ""),
];
/// What the plant draws.
const DRAWN: [&str; 3] = ["towers_fans_mw", "towers_pumps_mw", "towers_chillers_mw"];

/// Fits the medians of 26 weeks of a run by the hour to those that were measured, and plays the hours
/// of the year, for the weeks of the second half to be held against what was measured there. The rows are
/// of the weeks that were fitted to: they tell how well the plant can be bent to these, nothing published
/// stands beside them, and their bands are chosen.
pub(super) fn summit(table: &mut Table, data: &Path) -> Result<(), String> {
    let outputs = data.join("summit_2020_weekly_outputs_calibration.csv");
    let mut measured = weeks(&outputs, ["pue_p50", "chiller_heat_mw_p50"])?;
    measured.retain(|(start, _)| start.as_str() >= FIRST);
    if measured.len() != FITTED {
        return Err(format!("{} weeks were measured, not {FITTED}", measured.len()));
    }
    let hours = data.join("summit_2020_hourly_surrogate.csv.gz");
    let series = |of: usize| measured.iter().map(move |(_, week)| week[of]);
    let readings: Vec<f64> = series(0).chain(series(1)).collect();
    let model = |values: &[f64]| {
        let ours = played(values, FITTED, &hours)
            .map_err(|said| FitError { message: said, help: None })?;
        Ok(ours.iter().map(|week| week[0]).chain(ours.iter().map(|week| week[1])).collect())
    };
    let found = fit_curve(&Curve {
        names: &FREE.map(|(path, ..)| path.to_owned()),
        starts: &FREE.map(|(_, start, _)| start),
        measured: &readings,
        ends: &[FITTED, 2 * FITTED],
        model: &model,
    })
    .map_err(|error| error.to_string())?;
    for ((path, _, unit), (value, half)) in FREE.iter().zip(found.values.iter().zip(&found.halves))
    {
        print(&format!("    {path} = {value:.4} {unit} +- {half:.4} {unit}"));
    }

    let ours = played(&found.values, WEEKS, &hours)?;
    print("    week   PUE measured     ours    chillers, MW measured     ours");
    for (week, [pue, trim_mw]) in ours.iter().enumerate() {
        let theirs = measured.get(week).map_or(["-".to_owned(), "-".to_owned()], |(_, theirs)| {
            [format!("{:.4}", theirs[0]), format!("{:.3}", theirs[1])]
        });
        let [their_pue, their_mw] = theirs;
        let week = week + 1;
        print(&format!("    {week:>4} {their_pue:>14} {pue:>8.4} {their_mw:>24} {trim_mw:>8.3}"));
    }
    let errors = |of: usize| {
        let (ours, theirs): (Vec<f64>, Vec<f64>) =
            ours.iter().map(|week| week[of]).zip(series(of)).unzip();
        let errors = Errors::of(&ours, &theirs, true).and_then(|errors| errors.shares);
        errors.ok_or("errors that are no shares")
    };
    let (pue, trim) = (errors(0)?, errors(1)?);
    for (what, ours, band) in [
        ("PUE, MAPE", pue.mape, Band::Most(0.7)),
        ("chillers, NMBE", trim.nmbe, Band::Range(-5.0, 5.0)),
    ] {
        let what = format!("Summit, calibrated on these weeks, no prediction: {what}, %");
        table.row("A", &what, f64::NAN, 100.0 * ours, band);
    }
    Ok(())
}

/// The beginnings of the weeks of a table, and numbers of `columns`.
fn weeks<const N: usize>(
    path: &Path,
    columns: [&str; N],
) -> Result<Vec<(String, [f64; N])>, String> {
    let table = Csv::read(path)?;
    let rows = table.rows().zip(table.numbers(&columns)?).map(|(row, numbers)| {
        let numbers = numbers.try_into().map_err(|_| "a row of another length".to_owned())?;
        Ok((row.text("week_start_utc")?.to_owned(), numbers))
    });
    rows.collect()
}

/// Medians of the PUE and of the heat of the chillers, MW, in so many weeks of the plant with `values`.
fn played(values: &[f64], weeks: usize, hours: &Path) -> Result<Vec<[f64; 2]>, String> {
    let file = hours.display();
    let mut sets = vec![format!("duration={} days", 7 * weeks)];
    sets.extend(["weather", "racks.k100", "racks.other"].map(|of| format!("{of}.csv={file}")));
    let free = FREE.iter().zip(values);
    sets.extend(free.map(|((path, _, unit), value)| format!("{path}={value} {unit}")));
    medians(&run(&load_file(&scenario("ornl-summit.yaml"), &sets)?)?)
}

fn medians(year: &Year) -> Result<Vec<[f64; 2]>, String> {
    let (k100_mw, trim_mw) = (year.column("k100_mw")?, year.column("towers_trim_mw")?);
    let mut plant_mw = vec![0.0; k100_mw.len()];
    for column in DRAWN {
        plant_mw.iter_mut().zip(year.column(column)?).for_each(|(sum, mw)| *sum += mw);
    }
    let pue: Vec<f64> =
        plant_mw.iter().zip(&k100_mw).map(|(plant, k100)| 1.0 + plant / k100).collect();
    let median = |week: &[f64]| {
        let mut sorted = week.to_vec();
        sorted.sort_by(f64::total_cmp);
        quantile(&sorted, 0.5)
    };
    let weeks = pue.chunks_exact(HOURS).zip(trim_mw.chunks_exact(HOURS));
    Ok(weeks.map(|(pue, trim)| [median(pue), median(trim)]).collect())
}
