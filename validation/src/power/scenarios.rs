//! Scenarios as users write them, simulated through the machines of a run.

use std::path::Path;
use std::time::Instant;

use loadbank::reliability::{PowerStructure, Replayed, SimulatedFigures, simulate_chain};
use loadbank::scenario::read_scenario;

use super::Rows;
use crate::data::print;

/// Follows the scenario `validation/power/NAME.yaml` with `sets` for `years` years.
fn follow(name: &str, sets: &[&str], years: u64) -> Result<SimulatedFigures, String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("power/{name}.yaml"));
    let sets: Vec<String> = sets.iter().map(|set| (*set).to_owned()).collect();
    let reading = read_scenario(&path, &sets);
    let said = reading.diagnostics.render(&reading.files, false);
    let design = reading.loaded.ok_or(said)?.design;
    let structure = PowerStructure::new(&design, &[]);
    let hall = structure.names().position(|name| name == "hall").ok_or("no hall")?;
    let began = Instant::now();
    let figures = simulate_chain(&Replayed::new(structure), years, 1).swap_remove(hall);
    print(&format!(
        "      {name} {sets:?}: {years} years in {:.1} s",
        began.elapsed().as_secs_f64()
    ));
    Ok(figures)
}

/// Losses per year, hours per year and share not served, each with its relative standard error.
fn estimates(of: &SimulatedFigures) -> [(f64, f64); 3] {
    let with = |estimate: Option<(f64, loadbank::study::statistics::Interval)>| {
        let (value, interval) = estimate.unwrap_or((0.0, of.losses_per_year.1));
        (value, interval.half_width() / 1.96 / value)
    };
    [with(Some(of.losses_per_year)), with(of.hours_per_year), with(of.unserved)]
}

/// P2, P3, P6, P7, P9, P15 by simulation.
pub(super) fn simulated(rows: &mut Rows) -> Result<(), String> {
    let found = follow("standby", &[], 200_000)?;
    let [losses, hours, _] = estimates(&found);
    rows.simulated("P3b", "2 of 3 sets, own crews: losses per year", 0.00130975, losses, 0.08);
    rows.simulated("P3b", "2 of 3 sets, own crews: hours per year", 0.00151164, hours, 0.12);
    let found = follow("standby", &["crews.sets.count=1"], 200_000)?;
    let [losses, hours, _] = estimates(&found);
    rows.simulated("P3a", "2 of 3 sets, one crew: losses per year", 0.00131821, losses, 0.08);
    rows.simulated("P3a", "2 of 3 sets, one crew: hours per year", 0.00162344, hours, 0.12);
    for (beta, losses, hours) in [("0 %", 0.00136612, 0.0163934), ("5 %", 0.0262645, 0.315174)] {
        let found = follow("sides", &[&format!("common_causes.both.beta={beta}")], 400_000)?;
        let [seen, lost, _] = estimates(&found);
        rows.simulated("P6", &format!("2N, beta {beta}: losses per year"), losses, seen, 0.06);
        rows.simulated("P6", &format!("2N, beta {beta}: hours per year"), hours, lost, 0.08);
    }
    let [losses, hours, _] = estimates(&follow("planned", &[], 400_000)?);
    rows.simulated("P9", "2N with planned work: losses per year", 0.00409676, losses, 0.04);
    rows.simulated("P9", "2N with planned work: hours per year", 0.0303617, hours, 0.05);
    let [losses, hours, share] = estimates(&follow("engines", &[], 20_000)?);
    rows.simulated("P15", "24 engines: times short per year", 0.528362, losses, 0.015);
    rows.simulated("P15", "24 engines: hours short per year", 5.61130, hours, 0.03);
    let energy = (share.0 * 90.0 * 8760.0, share.1);
    rows.simulated("P15", "24 engines: MWh short per year", 27.8797, energy, 0.03);
    Ok(())
}
