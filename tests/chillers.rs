//! Chillers of a running site: they come and go with delays, and start anew after a blackout.

use super::support::{Told, column, simulate};

const PLANT: &str = "\
name: chillers
start: 2026-01-01T00:00:00Z
duration: 12 h
site: {altitude: 300 m}
weather: {climate: phoenix}
output: {interval: 1 min}
cooling:
  plant: {kind: chiller-plant, design_heat: 1 MW, chillers: {count: 4}}
racks:
  hall: {kind: heat-load, power: 1 MW, cooled_by: plant,
    daily_profile: [0.4, 0.4, 0.4, 0.4, 0.4, 0.4, 1, 1, 1, 0.4, 0.4, 0.4,
                    0.4, 0.4, 0.4, 0.4, 0.4, 0.4, 0.4, 0.4, 0.4, 0.4, 0.4, 0.4]}
";

/// When the chilled water was warmer than wanted: the first minute of each spell and the minute
/// in which it was warmest. It cools again only once all chillers that it needs have started.
fn warm(told: &Told) -> Vec<(usize, usize)> {
    let supply = column(told, "plant_supply_c");
    let mut spells: Vec<(usize, usize)> = Vec::new();
    let mut last = None;
    for minute in (0..supply.len()).filter(|&minute| supply[minute] > 6.67 + 0.01) {
        if last.is_none_or(|last| last + 1 < minute) {
            spells.push((minute, minute));
        }
        let (_, warmest) = spells.last_mut().expect("a spell has begun");
        if supply[minute] > supply[*warmest] {
            *warmest = minute;
        }
        last = Some(minute);
    }
    spells
}

/// Holds that the chilled water was warmer than wanted in these spells: from the first minute
/// on, and ever warmer until the chillers that it needs start in the second. Rows are means, so
/// that the warmest is that minute or the one before.
fn assert_warm(told: &Told, expected: &[(usize, usize)]) {
    let spells = warm(told);
    assert_eq!(spells.len(), expected.len(), "{spells:?}");
    for ((first, warmest), &(from, started)) in spells.iter().zip(expected) {
        assert!(*first == from && (started - 1..=started).contains(warmest), "{spells:?}");
    }
}

#[test]
fn a_sudden_load_waits_for_the_chillers_it_needs() {
    // Two of four carry 0.4 MW. At six the load needs all: the others cool ten minutes later.
    let told = simulate(PLANT, &[]);
    assert!(told.outcome.balanced(), "{:?}", told.outcome.books);
    assert_warm(&told, &[(360, 370)]);
    let quick = simulate(PLANT, &["cooling.plant.chillers.upkeep.restart=0 s"]);
    assert_warm(&quick, &[]);
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
        "cooling.plant.chillers.staging.least_run_time=2 h",
    ];
    let told = simulate(PLANT, &dip);
    // Two hours of rest end at nine, and then they take ten minutes to start.
    assert_warm(&told, &[(360, 370), (480, 550)]);
    let hasty = simulate(PLANT, &[dip[0], "cooling.plant.chillers.staging.least_run_time=0 s"]);
    assert_warm(&hasty, &[(360, 370), (480, 490)]);
}
