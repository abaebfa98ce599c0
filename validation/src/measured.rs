//! Sites that were measured: values of a scenario are fitted to the first part of a meter's readings,
//! and the run is held against the rest, which the fit has not seen. Of Summit only the weeks of the fit
//! are among the data: its rows are of the calibration, and no prediction.

mod esif;
mod trim;

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use loadbank::fit::{Calibrated, Calibration, ErrorShares, Match, MeterLayout, calibrate};
use loadbank::kernel::Streams;

use crate::cooling::table::{Band, Table};
use crate::cooling::year::{load_file, run as simulate};
use crate::data::{print, read};

/// What the rows are of.
const PROTOCOLS: [&str; 5] = ["trim", "cluster", "plant", "esif", "made-up"];

/// Prints the table, or of it the rows of some protocols; without data those that need none.
pub(crate) fn run(data: &Path, protocols: impl Iterator<Item = String>) -> Result<(), String> {
    let asked: Vec<String> = protocols.collect();
    if let Some(other) = asked.iter().find(|of| !PROTOCOLS.contains(&of.as_str())) {
        return Err(format!(
            "usage: validation measured [{}]..., not {other}",
            PROTOCOLS.join("|")
        ));
    }
    let is_asked = |of: &str| asked.is_empty() || asked.iter().any(|asked| asked == of);
    let data = data.join("measured");
    let mut table = Table::default();
    table.head();
    for (of, protocol) in [
        ("trim", trim::summit as Protocol),
        ("cluster", cluster),
        ("plant", plant),
        ("esif", esif::monthly),
    ] {
        if is_asked(of) && data.is_dir() {
            protocol(&mut table, &data)?;
        } else if is_asked(of) {
            print(&format!("{of}: skipped: no data"));
        }
    }
    if is_asked("made-up") {
        coverage(&mut table)?;
    }
    table.foot();
    Ok(())
}

/// Fits to a meter in the folder of the data, and adds rows.
type Protocol = fn(&mut Table, &Path) -> Result<(), String>;

/// The path of a scenario of this package.
fn scenario(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("measured").join(name)
}

fn matched(run: &str, meter: &str, unit: &str) -> Match {
    Match {
        run: run.split('+').map(str::to_owned).collect(),
        meter: meter.split('+').map(str::to_owned).collect(),
        unit: Some(unit.to_owned()),
    }
}

/// A fit to a file of the data, and what it came to.
fn fitted(
    (file, sets): (&str, &[String]),
    meter: &Path,
    free: &[&str],
    (matches, told): (&[Match], &[Match]),
    held_out: &str,
) -> Result<Calibrated, String> {
    let text = read(meter)?;
    let free: Vec<String> = free.iter().map(|path| (*path).to_owned()).collect();
    let found = calibrate(&Calibration {
        file: &scenario(file),
        sets,
        free: &free,
        matches,
        told,
        meter: &text,
        layout: &MeterLayout::default(),
        held_out: Some(held_out.parse().map_err(|error| format!("{held_out}: {error}"))?),
    })
    .map_err(|error| error.to_string())?;
    for value in &found.values {
        let figure = |number: f64| format!("{number:.4} {}", value.unit);
        print(&format!("    {} = {} +- {}", value.path, figure(value.value), figure(value.half)));
    }
    Ok(found)
}

/// The errors on what was held out of the match at `index`, in per cent.
fn held(found: &Calibrated, index: usize) -> Result<ErrorShares, String> {
    let errors = found.errors[index].held_out.ok_or("nothing was held out")?;
    let ErrorShares { mape, nmbe, cvrmse } = errors.shares.ok_or("errors that are no shares")?;
    Ok(ErrorShares { mape: 100.0 * mape, nmbe: 100.0 * nmbe, cvrmse: 100.0 * cvrmse })
}

/// The errors on the second half of the week of what nodes draw, idle and full, as fitted to the first.
fn of_nodes(data: &Path, file: &str, set: String) -> Result<ErrorShares, String> {
    let found = fitted(
        (file, &[set]),
        &data.join("surf_week_power_30s.csv.gz"),
        &["racks.nodes.power", "racks.nodes.idle_power"],
        (&[matched("it_mw", "it_power_w", "W")], &[]),
        "2022-10-10T10:00:00Z",
    )?;
    held(&found, 0)
}

/// Nodes of a cluster: a straight line of the sum of roots of their utilisation, fitted to the first
/// half of a week. The bands are what such a line alone came to on the second half, rounded up.
fn cluster(table: &mut Table, data: &Path) -> Result<(), String> {
    let inputs = data.join("surf_week_inputs_30s.csv.gz");
    let errors = of_nodes(data, "surf-lisa.yaml", format!("racks.nodes.csv={}", inputs.display()))?;
    let rows = [("MAPE", 2.27, errors.mape, 2.4), ("CVRMSE", 2.82, errors.cvrmse, 2.9)];
    for (metric, theirs, ours, most) in rows {
        let what = format!("SURF Lisa, power of 277 nodes, 84 h held out: {metric}, %");
        table.row("B", &what, theirs, ours, Band::Most(most));
    }
    jobs_of_cluster(table, data)
}

/// The same nodes by their jobs, of each of which no more is known than the mean root of its
/// utilisation. The bands are what the number of nodes that jobs hold, whatever these do, came to.
fn jobs_of_cluster(table: &mut Table, data: &Path) -> Result<(), String> {
    let log = data.join("surf_week_jobs.csv.gz");
    let set = format!("workloads.jobs.jobs.file={}", log.display());
    let errors = of_nodes(data, "surf-lisa-jobs.yaml", set)?;
    for (metric, ours, held_alone) in [("MAPE", errors.mape, 4.77), ("CVRMSE", errors.cvrmse, 6.42)]
    {
        let what = format!("SURF Lisa by its jobs' mean utilisation, 84 h held out: {metric}, %");
        table.row("B", &what, f64::NAN, ours, Band::Most(held_alone));
    }
    Ok(())
}

/// A chiller plant, fitted to 22 days of its meters. The bands of the whole plant's CVRMSE and of the
/// chillers' MAPE are what a small model with fitted constants came to on the other 22 days; those of
/// NMBE and of the pumps are chosen.
fn plant(table: &mut Table, data: &Path) -> Result<(), String> {
    let hours = data.join("vanderbilt_esb_plant_hourly.csv.gz");
    let file = hours.display();
    let sets = [format!("weather.csv={file}"), format!("racks.building.csv={file}")];
    let matches = [
        matched("plant_chillers_mw", "chiller_power_kw", "kW"),
        matched("plant_fans_mw", "fan_kw", "kW"),
        matched("plant_pumps_mw", "evap_pump_kw+cond_pump_kw", "kW"),
        matched("plant_device_c", "condenser_in_c", "degC"),
    ];
    let whole = "chiller_power_kw+fan_kw+evap_pump_kw+cond_pump_kw";
    let told = [matched("plant_chillers_mw+plant_fans_mw+plant_pumps_mw", whole, "kW")];
    let found = fitted(
        ("vanderbilt-esb.yaml", &sets),
        &hours,
        &[
            "cooling.plant.chillers.cop",
            "cooling.plant.fans.power",
            "cooling.plant.condenser.reset.above_wet_bulb",
            "cooling.plant.condenser.reset.coldest",
            "cooling.plant.condenser.pump_power",
            "cooling.plant.condenser.pump_control.slowest_at",
            "cooling.plant.condenser.pump_control.fastest_at",
        ],
        (&matches, &told),
        "2018-05-23T05:00:00Z",
    )?;
    let plant = held(&found, 4)?;
    let chillers = held(&found, 0)?;
    let pumps = held(&found, 2)?;
    let site = "Vanderbilt ESB, 22 days held out";
    let row = |table: &mut Table, what: &str, theirs, ours, band| {
        table.row("C", &format!("{site}: {what}, %"), theirs, ours, band);
    };
    row(table, "whole plant, CVRMSE", 6.1, plant.cvrmse, Band::Most(6.1));
    row(table, "whole plant, NMBE", -3.0, plant.nmbe, Band::Range(-5.0, 5.0));
    row(table, "chillers, MAPE", 6.4, chillers.mape, Band::Most(6.4));
    row(table, "pumps, CVRMSE", f64::NAN, pumps.cvrmse, Band::Most(15.0));
    Ok(())
}

/// Meters made up from a run with noise: how many of 200 intervals of 95 % hold the value with which
/// it ran. Their number has a standard deviation of 3.1 about 190.
fn coverage(table: &mut Table) -> Result<(), String> {
    const SETS: u64 = 200;
    let free = ["cooling.plant.chillers.cop", "cooling.plant.pumps.power"].map(str::to_owned);
    let known = [5.0, 15.0];
    let file = scenario("synthetic.yaml");
    let truth = [format!("{}=5", free[0]), format!("{}=15 kW", free[1])];
    let loaded = load_file(&file, &truth)?;
    let year = simulate(&loaded)?;
    let columns = ["plant_chillers_mw", "plant_pumps_mw"];
    let series = [year.column(columns[0])?, year.column(columns[1])?];
    let matches = columns.map(|column| matched(column, column, "MW"));
    let mut hits = [0_u32; 2];
    for set in 0..SETS {
        let mut luck = Streams::new(set, 0).stream("synthetic meter", "noise");
        let mut normal = move || (0..12).map(|_| luck.uniform()).sum::<f64>() - 6.0;
        let mut meter = format!("at,{},{}\n", columns[0], columns[1]);
        for (hour, (chillers, pumps)) in series[0].iter().zip(&series[1]).enumerate() {
            let read = |mw: f64, error: f64| mw * (1.0 + 0.03 * error);
            let (chillers, pumps) = (read(*chillers, normal()), read(*pumps, normal()));
            let (day, hour) = (1 + hour / 24, hour % 24);
            let _ = writeln!(meter, "2026-07-{day:02}T{hour:02}:00:00Z,{chillers},{pumps}");
        }
        let found = calibrate(&Calibration {
            file: &file,
            sets: &[],
            free: &free,
            matches: &matches,
            told: &[],
            meter: meter.as_bytes(),
            layout: &MeterLayout::default(),
            held_out: None,
        })
        .map_err(|error| error.to_string())?;
        for ((value, known), hits) in found.values.iter().zip(known).zip(&mut hits) {
            *hits += u32::from((value.value - known).abs() <= value.half);
        }
    }
    for (what, hits) in ["chillers' COP", "pumps' power"].iter().zip(hits) {
        let what = format!("made-up meters, of 200 intervals those that hold the {what}");
        table.row("-", &what, 190.0, f64::from(hits), Band::Range(181.0, 199.0));
    }
    Ok(())
}
