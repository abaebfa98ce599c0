//! The plants of `validation/energyplus/`, each described twice: for EnergyPlus and as a scenario.
//!
//! EnergyPlus' hours are not kept with the project: `validation/energyplus/README.md` says how
//! they are made. Their folder is named by `LOADBANK_ENERGYPLUS`.

use std::path::{Path, PathBuf};

use loadbank::fluids::water::DENSITY_WATER;
use loadbank::fluids::{MoistAir, saturated_air_temperature_c, saturation_humidity_ratio};
use loadbank::plant::cooling::{DeviceDesign, FanControl, LoopDesign};

use super::table::{Band, Table};
use super::year::{Year, load_file, run as simulate};
use crate::data::{Csv, mean, print};

/// Cities by the names of the files, with the hours that their standard time is behind UTC.
const CITIES: [(&str, u32); 5] =
    [("phoenix", 7), ("sterling", 5), ("miami", 5), ("chicago", 6), ("boulder", 7)];

/// A figure that is compared.
struct Figure {
    name: &'static str,
    theirs: &'static str,
    ours: &'static str,
    /// Units of ours for one of theirs.
    factor: f64,
    /// How far ours may lie from theirs, as a share of it.
    band: (f64, f64),
    /// Why it would miss.
    reason: &'static str,
}

const FIGURES: [Figure; 4] = [
    Figure {
        name: "chillers",
        theirs: "chillers_w",
        ours: "plant_chillers_mw",
        factor: 1e-6,
        band: (-0.003, 0.003),
        reason: "their hourly step does not conserve heat where a tower falls short: with 60 steps \
                 an hour their chillers of case H draw 0.54 % less in Phoenix",
    },
    Figure {
        name: "fans",
        theirs: "fans_w",
        ours: "plant_fans_mw",
        factor: 1e-6,
        band: (-0.01, 0.01),
        reason: "",
    },
    Figure {
        name: "pumps",
        theirs: "pumps_w",
        ours: "plant_pumps_mw",
        factor: 1e-6,
        band: (-0.001, 0.001),
        reason: "",
    },
    Figure {
        name: "evaporation",
        theirs: "evaporation_m3_s",
        ours: "plant_evaporation_m3_per_h",
        factor: 3600.0,
        band: (-0.005, 0.04),
        reason: "theirs evaporates nothing while the fans of variable speed rest",
    },
];
const OUTLET_K: f64 = 0.10;
const OUTLET_REASON: &str = "in an hour of resting and running fans theirs is one or the other, \
                             ours the mean; and their hourly step lags behind fast weather";

/// Prints a row for each plant, city and figure, and what they come to over the cities.
pub(crate) fn run() -> Result<(), String> {
    let Some(folder) = std::env::var_os("LOADBANK_ENERGYPLUS").map(PathBuf::from) else {
        print("skipped: LOADBANK_ENERGYPLUS names no folder (see validation/energyplus/README.md)");
        return Ok(());
    };
    let scenarios = Path::new(env!("CARGO_MANIFEST_DIR")).join("energyplus/yaml");
    let failed = |error: std::io::Error| format!("{}: {error}", scenarios.display());
    let mut plants: Vec<PathBuf> = Vec::new();
    for entry in std::fs::read_dir(&scenarios).map_err(failed)? {
        plants.push(entry.map_err(failed)?.path());
    }
    plants.sort();
    let mut table = Table::default();
    table.head();
    let mut summary = Vec::new();
    for plant in &plants {
        let name = plant.file_stem().unwrap_or_default().to_string_lossy();
        let mut offs = Vec::new();
        for (city, behind) in CITIES {
            let theirs = folder.join(format!("{name}-{city}.csv"));
            if !theirs.exists() {
                print(&format!("    {name}, {city}: skipped, no {}", theirs.display()));
                continue;
            }
            let sets = [
                format!("start=2021-01-01T00:00:00-0{behind}:00"),
                format!("site.time_zone=Etc/GMT+{behind}"),
                format!("weather.epw={}", folder.join(format!("{city}.epw")).display()),
            ];
            let loaded = load_file(plant, &sets)?;
            let ours = simulate(&loaded)?;
            let full_air = air_while_resting(&loaded.design.loops[0].design);
            let name = format!("{name}, {city}");
            offs.push(compare(&mut table, &name, &ours, &Hours::read(&theirs)?, full_air)?);
        }
        summary.push(row_of(&name, &offs));
    }
    table.foot();
    print("\n| plant | outlet, rms, K | chillers, % | fans, % | evaporation, % |");
    print("|---|---|---|---|---|");
    summary.iter().for_each(|row| print(row));
    Ok(())
}

/// The hours of a plant in EnergyPlus.
struct Hours {
    table: Csv,
}

impl Hours {
    fn read(path: &Path) -> Result<Self, String> {
        Ok(Self { table: Csv::read(path)? })
    }

    fn column(&self, name: &str) -> Result<Option<Vec<f64>>, String> {
        if self.table.has(name) { self.need(name).map(Some) } else { Ok(None) }
    }

    fn need(&self, name: &str) -> Result<Vec<f64>, String> {
        Ok(self.table.numbers(&[name])?.into_iter().map(|row| row[0]).collect())
    }
}

/// How far ours lies from theirs: the outlet in kelvin, the figures as shares.
struct Off {
    outlet_k: f64,
    figures: [Option<f64>; FIGURES.len()],
}

/// Air of a tower or sprayed cooler with fans of one speed, m3/s. EnergyPlus evaporates into the air of full
/// speed also while they rest.
fn air_while_resting(design: &LoopDesign) -> Option<f64> {
    let (air_m3_s, control) = match design {
        LoopDesign::Hydronic(h) => match &h.device {
            DeviceDesign::Tower(tower) => (tower.air_flow_m3_s, h.fan_control),
            DeviceDesign::FluidCooler(cooler) => (cooler.dry.air_flow_m3_s, h.fan_control),
            _ => return None,
        },
        LoopDesign::ChillerPlant(plant) => (plant.tower.air_flow_m3_s, plant.fan_control),
        _ => return None,
    };
    (control == FanControl::Cycling).then_some(air_m3_s)
}

fn compare(
    table: &mut Table,
    name: &str,
    ours: &Year,
    theirs: &Hours,
    full_air: Option<f64>,
) -> Result<Off, String> {
    let weather_k = rms(&ours.column("dry_bulb_c")?, &theirs.need("dry_bulb_c")?)?;
    if weather_k > 1e-6 {
        return Err(format!("{name}: another hour's weather, {weather_k} K off"));
    }
    // Plants without a device of their own in the weather have their supply to show.
    let outlet_k = match theirs.column("outlet_c")? {
        Some(outlet) => rms(&ours.column("plant_device_c")?, &outlet)?,
        None => rms(&ours.column("plant_supply_c")?, &theirs.need("supply_c")?)?,
    };
    let what = format!("{name}: outlet of 8,760 h, rms, K");
    table.row_or("", &what, (0.0, outlet_k), Band::Most(OUTLET_K), OUTLET_REASON);
    let mut figures = [None; FIGURES.len()];
    for (figure, off) in FIGURES.iter().zip(&mut figures) {
        let Some(column) = theirs.column(figure.theirs)? else { continue };
        let theirs_mean = mean(column) * figure.factor;
        let (mut what, mut ours_mean) = (figure.name.to_owned(), ours.mean(figure.ours)?);
        if let (Some(air_m3_s), "evaporation") = (full_air, figure.name) {
            what.push_str(" of their heat in full air");
            ours_mean = evaporation_m3_s(theirs, air_m3_s)? * figure.factor;
        }
        let share = ours_mean / theirs_mean - 1.0;
        *off = Some(share);
        let (low, high) = figure.band;
        let band = Band::Range(theirs_mean * (1.0 + low), theirs_mean * (1.0 + high));
        let unit = if figure.factor > 1.0 { "m3/h" } else { "MW" };
        let what = format!("{name}: {what}, mean {unit} ({:+.2} %)", 100.0 * share);
        table.row_or("", &what, (theirs_mean, ours_mean), band, figure.reason);
    }
    Ok(Off { outlet_k, figures })
}

/// Mean of what the heat of a tower evaporates into `air_m3_s`, always.
fn evaporation_m3_s(theirs: &Hours, air_m3_s: f64) -> Result<f64, String> {
    let columns = ["dry_bulb_c", "wet_bulb_c", "pressure_pa", "rejected_w"];
    Ok(mean(theirs.table.numbers(&columns)?.into_iter().map(|row| {
        let air = MoistAir::from_wet_bulb(row[0], row[1], row[2]);
        let air_kg_s = air_m3_s * air.dry_air_density_kg_m3();
        let leaving_j_kg = air.enthalpy_j_kg() + row[3] / air_kg_s;
        let leaving_c = saturated_air_temperature_c(leaving_j_kg, air.pressure_pa);
        let leaving = saturation_humidity_ratio(leaving_c, air.pressure_pa);
        air_kg_s * (leaving - air.humidity_ratio).max(0.0) / DENSITY_WATER
    })))
}

/// A plant over all cities, for the table of `docs/validation.md`.
fn row_of(name: &str, offs: &[Off]) -> String {
    let range = |values: Vec<f64>, digits: usize| {
        let (low, high) = values
            .iter()
            .fold((f64::INFINITY, f64::NEG_INFINITY), |(a, b), v| (a.min(*v), b.max(*v)));
        if values.is_empty() {
            "-".to_owned()
        } else {
            format!("{low:.digits$} to {high:.digits$}")
        }
    };
    let share = |i: usize| {
        range(offs.iter().filter_map(|off| off.figures[i]).map(|v| 100.0 * v).collect(), 2)
    };
    let outlet = range(offs.iter().map(|off| off.outlet_k).collect(), 3);
    format!("| {name} | {outlet} | {} | {} | {} |", share(0), share(1), share(3))
}

fn rms(ours: &[f64], theirs: &[f64]) -> Result<f64, String> {
    if ours.len() != theirs.len() {
        return Err(format!("{} hours of ours, {} of theirs", ours.len(), theirs.len()));
    }
    Ok(mean(ours.iter().zip(theirs).map(|(a, b)| (a - b).powi(2))).sqrt())
}
