//! Whole years of cooling plants, from a scenario file to the rows of the time series, against
//! EnergyPlus.

use std::io::Read as _;
use std::path::PathBuf;

use super::support::{Bench, Told, column, data, simulate_file};

/// A year of EnergyPlus: the columns of its table by name.
struct Theirs {
    header: Vec<String>,
    rows: Vec<Vec<f64>>,
}

impl Theirs {
    fn read(path: PathBuf) -> Self {
        let mut text = String::new();
        let bytes = std::fs::read(path).unwrap();
        flate2::read::GzDecoder::new(&bytes[..]).read_to_string(&mut text).unwrap();
        let mut lines = text.lines();
        let cells = |line: &str| line.split(',').map(str::to_owned).collect::<Vec<_>>();
        let header = cells(lines.next().unwrap());
        let numbers = |line: &str| line.split(',').map(|cell| cell.parse().unwrap()).collect();
        Self { header, rows: lines.map(numbers).collect() }
    }

    fn column(&self, name: &str) -> Vec<f64> {
        let place = self.header.iter().position(|header| header == name).unwrap();
        self.rows.iter().map(|row| row[place]).collect()
    }
}

/// A year in Phoenix with `plant`, the body of a `cooling` component, under a megawatt.
fn year(data: &std::path::Path, plant: &str) -> Told {
    let weather = "weather/USA_AZ_Phoenix-Sky.Harbor.Intl.AP.722780_TMY3.epw.gz";
    let bench = Bench::new();
    let path = bench.file(
        "plant.yaml",
        format!(
            "name: plant\nstart: 2021-01-01T00:00:00-07:00\nduration: 365 days\n\
             weather: {{epw: {}}}\noutput: {{interval: 1 h}}\n\
             cooling:\n  plant: {plant}\n\
             racks:\n  hall: {{kind: heat-load, power: 1 MW, cooled_by: plant}}\n",
            data.join(weather).display(),
        ),
    );
    let told = simulate_file(&path, &[]);
    assert!(told.outcome.balanced(), "{:?}", told.outcome.books);
    assert_eq!(told.rows.len(), 8760);
    told
}

fn rms(ours: &[f64], theirs: &[f64]) -> f64 {
    assert_eq!(ours.len(), theirs.len());
    let square = ours.iter().zip(theirs).map(|(a, b)| (a - b).powi(2)).sum::<f64>();
    (square / ours.len() as f64).sqrt()
}

/// Ours over theirs, less one, of two columns in the same unit.
fn excess(ours: &[f64], theirs: &[f64], factor: f64) -> f64 {
    ours.iter().sum::<f64>() * factor / theirs.iter().sum::<f64>() - 1.0
}

#[track_caller]
fn meets_the_year(ours: &Told, theirs: &Theirs) {
    let dry_bulb = rms(&column(ours, "dry_bulb_c"), &theirs.column("t_db_C"));
    assert!(dry_bulb < 1e-9, "another hour's weather: {dry_bulb} K");
    let wet_bulb = rms(&column(ours, "wet_bulb_c"), &theirs.column("t_wb_C"));
    assert!(wet_bulb < 0.05, "wet bulb off by {wet_bulb} K");
    let outlet = rms(&column(ours, "plant_device_c"), &theirs.column("rej_t_out_C"));
    assert!(outlet <= 0.05, "outlet off by {outlet} K rms");
    let fans = excess(&column(ours, "plant_fans_mw"), &theirs.column("rej_fan_W"), 1e6);
    assert!(fans.abs() <= 0.01, "fan energy off by {fans}");
    let pumps = excess(&column(ours, "plant_pumps_mw"), &theirs.column("pump_fw_W"), 1e6);
    assert!(pumps.abs() <= 0.001, "pump energy off by {pumps}");
    let rejected = excess(&column(ours, "plant_rejected_mw"), &theirs.column("rej_q_W"), 1e6);
    assert!(rejected.abs() <= 0.002, "heat off by {rejected}");
}

#[test]
fn a_scenario_of_a_tower_meets_the_energyplus_year() {
    let Some(data) = data() else { return };
    let theirs = Theirs::read(data.join("cooling/F_merkel_full_const__phoenix.csv.gz"));
    let ours = year(
        &data,
        "{kind: tower, design_heat: 1 MW, tower: {ua: 57831.25 W/K, wet_bulb_correction: false, \
         drift: 1.0764e-6 m3/s}, water_flow: 43.49274 kg/s, fans: {air_flow: 25 m3/s, \
         power: 10.5 kW, control: always-on}, pumps: {power: 11153.12 W}, \
         minimum_supply: 0 degC, water: {cycles_of_concentration: 4}}",
    );
    meets_the_year(&ours, &theirs);
    for (column_name, name, low, high) in [
        ("plant_evaporation_m3_per_h", "evap_m3s", -0.005, 0.04),
        ("plant_drift_m3_per_h", "drift_m3s", -0.01, 0.01),
        ("plant_blowdown_m3_per_h", "blowdown_m3s", -0.005, 0.04),
        ("plant_makeup_m3_per_h", "makeup_m3s", -0.005, 0.04),
    ] {
        let off = excess(&column(&ours, column_name), &theirs.column(name), 1.0 / 3600.0);
        assert!((low..=high).contains(&off), "{name} off by {off}");
    }
}

#[test]
fn a_scenario_of_a_dry_cooler_meets_the_energyplus_year() {
    let Some(data) = data() else { return };
    let theirs = Theirs::read(data.join("cooling/G_dry_full_const__phoenix.csv.gz"));
    let ours = year(
        &data,
        "{kind: dry-cooler, design_heat: 1 MW, cooler: {ua: 200 kW/K}, water_flow: 23.921 kg/s, \
         fans: {air_flow: 110 m3/s, power: 44 kW, control: always-on}, \
         pumps: {power: 6815.796 W}, minimum_supply: 0 degC}",
    );
    meets_the_year(&ours, &theirs);
}
