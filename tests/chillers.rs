//! Chillers of a running site: they come and go with delays, and start anew after a blackout.

use super::support::{Told, simulate};

const PLANT: &str = "\
name: chillers
start: 2026-01-01T00:00:00Z
duration: 12 h
site: {altitude: 300 m}
weather: {climate: phoenix}
output: {interval: 1 min}
cooling:
  plant: {kind: chiller-plant, design_heat: 1 MW, chillers: 4}
racks:
  hall: {kind: heat-load, power: 1 MW, cooled_by: plant,
    daily_profile: [0.4, 0.4, 0.4, 0.4, 0.4, 0.4, 1, 1, 1, 0.4, 0.4, 0.4,
                    0.4, 0.4, 0.4, 0.4, 0.4, 0.4, 0.4, 0.4, 0.4, 0.4, 0.4, 0.4]}
";

fn column(told: &Told, name: &str) -> Vec<f64> {
    let place = told.columns.iter().position(|column| column == name);
    let place = place.unwrap_or_else(|| panic!("no column {name} in {:?}", told.columns));
    told.rows.iter().map(|row| row[place]).collect()
}

/// Minutes in which the chilled water was warmer than wanted.
fn warm(told: &Told) -> Vec<usize> {
    let supply = column(told, "plant_supply_c");
    (0..supply.len()).filter(|&minute| supply[minute] > 6.67 + 0.01).collect()
}

#[test]
fn a_sudden_load_waits_for_the_chillers_it_needs() {
    // Two of four carry 0.4 MW. At six the load needs all: the others cool ten minutes later.
    let told = simulate(PLANT, &[]);
    assert!(told.outcome.balanced(), "{:?}", told.outcome.books);
    assert_eq!(warm(&told), (360..370).collect::<Vec<_>>());
    let quick = simulate(PLANT, &["cooling.plant.start_delay=0 s"]);
    assert_eq!(warm(&quick), Vec::<usize>::new());
    // After nine two are enough; having run long, they stop at once, one after the other.
    let power = column(&quick, "plant_chillers_mw");
    assert!((power[700] / power[300] - 1.0).abs() < 0.1, "{} {}", power[700], power[300]);
}

#[test]
fn a_stopped_chiller_rests_before_it_starts_again() {
    // A dip of one hour: the two that have run longest stop at seven, and are wanted at eight.
    let dip = [
        "racks.hall.daily_profile=[0.4, 0.4, 0.4, 0.4, 0.4, 0.4, 1, 0.4, 1, 1, 1, 1, \
         1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1]",
        "cooling.plant.least_run_time=2 h",
    ];
    let told = simulate(PLANT, &dip);
    // Two hours of rest end at nine, and then they take ten minutes to start.
    assert_eq!(warm(&told), (360..370).chain(480..550).collect::<Vec<_>>());
    let hasty = simulate(PLANT, &[dip[0], "cooling.plant.least_run_time=0 s"]);
    assert_eq!(warm(&hasty), (360..370).chain(480..490).collect::<Vec<_>>());
}
