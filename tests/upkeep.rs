//! Units that stand by, maintenance, controls that fail, pumps that follow the heat, heat waves.

use loadbank::facility::SubjectKind;
use proptest::prelude::*;

use super::exchangers::{HALL, simulate_in};
use super::support::{Told, column};

/// A megawatt of heat on a dry cooler in air of one temperature.
const PLANT: &str = "\
name: upkeep
start: 2026-07-01T00:00:00Z
duration: 2 days
site: {altitude: 0 m}
weather: {csv: air.csv, columns: {dry_bulb: {column: t, unit: degC}, relative_humidity: {column: rh, unit: '%'}}}
output: {interval: 5 min}
cooling:
  plant: {kind: bac-dry-cooler, design_heat: 1 MW, supply: 35 degC, pumps: {count: 2}, fans: {count: 4}}
racks:
  hall: {kind: heat-load, power: 1 MW, cooled_by: plant, trip_inlet: 70 degC}
";

/// From the second noon on, row 432.
const NOON: &str = "start: 2026-07-02T12:00:00Z";
const ROW: usize = 432;

/// Names of what an event happened to, in order.
fn subjects(told: &Told, what: &str) -> Vec<String> {
    let of = told.events.iter().filter(|event| event.split(' ').nth(1) == Some(what));
    of.map(|event| event.split(' ').nth(2).unwrap().to_owned()).collect()
}

#[track_caller]
fn assert_near(found: f64, expected: f64, by: f64) {
    assert!((found - expected).abs() <= by, "{found}, not {expected} by {by}");
}

#[test]
fn a_pump_that_stands_by_takes_the_place_of_one_that_is_out() {
    let out = format!("cooling.plant.pumps.upkeep.maintenance=[{{{NOON}, duration: 2 h}}]");
    let bare = simulate_in(25.0, PLANT, &[&out]);
    let spare = simulate_in(25.0, PLANT, &[&out, "cooling.plant.pumps.upkeep.standby=1"]);
    for told in [&bare, &spare] {
        assert!(told.outcome.balanced());
        assert_eq!(subjects(told, "taken-out"), ["plant/pump-1"]);
        assert_eq!(subjects(told, "put-back"), ["plant/pump-1"]);
    }
    let pumps = |told: &Told, row: usize| column(told, "plant_pumps_mw")[row];
    let whole = pumps(&bare, ROW - 1);
    assert_near(pumps(&bare, ROW + 5), 0.5 * whole, 1e-9);
    assert_near(pumps(&spare, ROW + 5), whole, 1e-9);
    // Half of the pumps for 20 of the first 300 seconds.
    assert_near(pumps(&spare, ROW), whole * (1.0 - 0.5 * 20.0 / 300.0), 1e-9);
    // The one that is put back is not needed.
    assert_near(pumps(&spare, ROW + 30), whole, 1e-9);
    assert_near(pumps(&bare, ROW + 24), whole * (1.0 - 0.5 * 20.0 / 300.0), 1e-9);
}

#[test]
fn the_units_of_a_service_take_turns() {
    let out = "cooling.plant.fans.upkeep.maintenance=[{start: 2026-06-30T20:00:00Z, \
               duration: 1 h, every: 10 h, units: 3}]";
    let told = simulate_in(25.0, PLANT, &[out]);
    assert!(told.outcome.balanced());
    // The first is over before the run begins. Four units, three at a time.
    let expected = ["4", "1", "2", "3", "4", "1", "2", "3", "4", "1", "2", "3", "4", "1", "2"];
    let expected: Vec<String> = expected.iter().map(|unit| format!("plant/fan-{unit}")).collect();
    assert_eq!(subjects(&told, "taken-out"), expected);
}

#[test]
fn a_chiller_that_stands_by_starts_after_its_delay() {
    let plant = PLANT
        .replace("bac-dry-cooler", "water-cooled-chiller")
        .replace("supply: 35 degC, pumps: {count: 2}, fans: {count: 4}", "chillers: {count: 2}");
    let out = format!("cooling.plant.chillers.upkeep.maintenance=[{{{NOON}, duration: 6 h}}]");
    let sets = [&*out, "cooling.plant.chillers.upkeep.standby=1", "output.interval=1 min"];
    let told = simulate_in(25.0, &plant, &sets);
    assert!(told.outcome.balanced());
    let supply = column(&told, "plant_supply_c");
    let row = 5 * ROW;
    assert_near(supply[row - 1], 6.67, 1e-3);
    let warm = (row..row + 360).filter(|&row| supply[row] > 6.67 + 0.01).count();
    // Ten minutes with one of two, and what it takes to bring the water back.
    assert!((10..40).contains(&warm), "{warm}");
    assert!(supply[row + 9] > 8.0, "{:?}", &supply[row..row + 15]);
    // One alone cannot carry them: the racks trip, and wait for the other.
    let bare = simulate_in(25.0, &plant, &[sets[0], sets[2]]);
    let live = column(&bare, "hall_live_racks");
    assert_eq!((live[row - 1], live[row + 300], live[row + 420]), (1.0, 0.0, 1.0));
}

#[test]
fn fans_whose_control_has_failed_turn_as_it_left_them() {
    let fault = |mode: &str| {
        let fault = format!("{{mode: {mode}, {NOON}, duration: 6 h}}");
        let told = simulate_in(
            25.0,
            PLANT,
            &[&format!("cooling.plant.fans.control_upkeep.faults=[{fault}]")],
        );
        assert!(told.outcome.balanced(), "{mode}: {:?}", told.outcome.books);
        (column(&told, "plant_supply_c"), column(&told, "plant_fan_speed"))
    };
    let always_on = simulate_in(25.0, PLANT, &["cooling.plant.fans.control=always-on"]);
    let coldest = column(&always_on, "plant_supply_c")[100];
    let (supply, speed) = fault("full");
    assert_near(supply[ROW - 1], 35.0, 1e-3);
    assert_near(supply[ROW + 60], coldest, 0.05);
    assert_near(speed[ROW + 60], 1.0, 1e-9);
    assert_near(supply[ROW + 100], 35.0, 0.2);
    // In weather and heat that do not change it is no matter that nobody controls.
    let (supply, speed) = fault("stuck");
    assert_near(supply[ROW + 60], 35.0, 1e-3);
    assert_near(speed[ROW + 60], speed[ROW - 1], 1e-6);
    // The racks trip, and do not come back while the fans rest: their water cools by itself.
    let (supply, speed) = fault("shut");
    let warmest = supply[ROW..ROW + 60].iter().copied().fold(0.0, f64::max);
    assert!(warmest > 55.0 && speed[ROW + 60] == 0.0, "{warmest}");
    assert!(supply[ROW + 60] < 35.0, "{}", supply[ROW + 60]);
    assert_near(supply[ROW + 100], 35.0, 0.2);
}

#[test]
fn fans_that_are_stuck_do_not_follow_the_heat() {
    let half = PLANT.replace(
        "trip_inlet",
        "daily_profile: [1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0.5, 0.5, 1, 1, 1, 1, 1, 1, 1, 1, 1], \
         trip_inlet",
    );
    let fault = format!("cooling.plant.fans.control_upkeep.faults=[{{{NOON}, duration: 6 h}}]");
    let told = simulate_in(25.0, &half, &[&fault]);
    assert!(told.outcome.balanced());
    let (supply, speed) = (column(&told, "plant_supply_c"), column(&told, "plant_fan_speed"));
    // Half of the heat from one in the afternoon on: half of the way from the air to where the
    // water comes in, at the same conductance.
    let range = 1e6 / (1e6 / 5.56);
    let expected = 25.0 + 0.5 * (35.0 + range - 25.0) - 0.5 * range;
    assert_near(supply[ROW + 34], expected, 0.1);
    assert_near(speed[ROW + 34], speed[ROW - 1], 1e-6);
    assert_near(supply[ROW - 250], 35.0, 1e-3);
}

#[test]
fn a_plant_whose_staging_is_stuck_starts_no_chiller() {
    let plant = PLANT
        .replace("bac-dry-cooler", "water-cooled-chiller")
        .replace("supply: 35 degC, pumps: {count: 2}, fans: {count: 4}", "chillers: {count: 4}")
        .replace(
            "trip_inlet",
            "daily_profile: [0.4, 0.4, 0.4, 0.4, 0.4, 0.4, 0.4, 0.4, 0.4, 0.4, 0.4, 0.4, 0.4, 1, 1, \
             1, 1, 1, 1, 1, 1, 1, 1, 1], trip_inlet",
        );
    let fault = format!("cooling.plant.chillers.control_upkeep.faults=[{{{NOON}, duration: 4 h}}]");
    let told = simulate_in(25.0, &plant, &[&fault]);
    assert!(told.outcome.balanced());
    let supply = column(&told, "plant_supply_c");
    assert_near(supply[ROW + 10], 6.67, 1e-3);
    // One cannot carry what comes at one: the racks trip, and wait until four.
    let live = column(&told, "hall_live_racks");
    assert_eq!((live[ROW + 10], live[ROW + 46], live[ROW + 72]), (1.0, 0.0, 1.0));
    assert_near(supply[ROW + 72], 6.67, 1e-3);
}

#[test]
fn a_valve_that_has_failed_holds_no_dew_point() {
    let cold = HALL.replace(
        "supply: 30 degC, cooler: {design_supply: 45 degC}",
        "supply: 6 degC, minimum_supply: 6 degC, cooler: {design_supply: 45 degC}",
    );
    let fault = |mode: &str| {
        let fault = format!("[{{mode: {mode}, start: 2026-07-01T12:00:00Z, duration: 6 h}}]");
        let sets = [
            "cooling.cdu-{1..2}.dew_point=15 degC".to_owned(),
            format!("cooling.cdu-{{1..2}}.valve.faults={fault}"),
            "output.interval=15 min".to_owned(),
        ];
        let sets: Vec<&str> = sets.iter().map(String::as_str).collect();
        let told = simulate_in(1.0, &cold, &sets);
        assert!(told.outcome.balanced(), "{mode}: {:?}", told.outcome.books);
        let halls = told.outcome.of(SubjectKind::Hall);
        let trips: u64 = halls.map(|hall| hall.count("heat_trips")).sum();
        (column(&told, "cdu-{1..2}_inlet_c"), trips)
    };
    let (inlet, trips) = fault("full");
    assert_near(inlet[40], 17.0, 1e-3);
    assert!(inlet[60] < 15.0, "below the dew point: {}", inlet[60]);
    assert_near(inlet[90], 17.0, 0.01);
    assert_eq!(trips, 0);
    let (inlet, trips) = fault("stuck");
    assert_near(inlet[60], 17.0, 0.1);
    assert_eq!(trips, 0);
    let (_, trips) = fault("shut");
    assert!(trips > 0);
}

/// By the laws of affinity: half of the flow for an eighth of the power, at the same range.
#[test]
fn pumps_of_variable_speed_hold_the_range() {
    let half = PLANT.replace(
        "trip_inlet",
        "daily_profile: [1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0.5, 0.5, 0.5, 0.5, 1, 1, 1, 1, 1, 1, 1, 1], \
         trip_inlet",
    );
    let told = simulate_in(25.0, &half, &["cooling.plant.pumps.control=variable-speed"]);
    assert!(told.outcome.balanced());
    let at = |name: &str, row: usize| column(&told, &format!("plant_{name}"))[row];
    let (before, during) = (ROW - 2, ROW + 30);
    assert_near(at("pumps_mw", during), at("pumps_mw", before) / 8.0, 1e-9);
    let range = |row: usize| at("return_c", row) - at("supply_c", row);
    // But for what the pumps' own heat adds: a quarter as much for each watt of the racks.
    let pumps = at("pumps_mw", before);
    let expected = range(before) * (1.0 + 0.25 * pumps) / (1.0 + pumps);
    assert_near(range(during), expected, 1e-3);
    let constant = simulate_in(25.0, &half, &[]);
    let range = |row: usize| {
        column(&constant, "plant_return_c")[row] - column(&constant, "plant_supply_c")[row]
    };
    assert_near(range(during), 0.5 * range(before), 0.05);
}

/// A week that is 8 K warmer, on a plant that has nothing left.
#[test]
fn a_heat_wave_is_felt_while_it_lasts() {
    let weather = "weather.heat_waves=[{start: 2026-07-02T12:00:00Z, duration: 3 h, warmer: 8 K}]";
    let sets = [weather, "cooling.plant.fans.control=always-on"];
    let told = simulate_in(25.0, PLANT, &sets);
    assert!(told.outcome.balanced());
    let (air, supply) = (column(&told, "dry_bulb_c"), column(&told, "plant_supply_c"));
    assert_near(air[ROW - 1], 25.0, 1e-9);
    assert_near(air[ROW], 33.0, 1e-9);
    assert_near(air[ROW + 36], 25.0, 1e-9);
    // Thinner air carries a little less.
    assert_near(supply[ROW + 35] - supply[ROW - 1], 8.0, 0.5);
}

fn plants() -> impl Strategy<Value = String> {
    let kind = prop::sample::select(vec![
        ("open-tower, supply: 30 degC", "", "count: 3, ", ""),
        ("bac-dry-cooler, supply: 40 degC", "", "count: 3, ", ""),
        ("bac-dry-cooler, supply: 40 degC", "", "count: 3, control: cycling, ", ""),
        ("water-cooled-chiller", "", "count: 2, ", "count: 3, "),
        ("chiller-with-economiser", "count: 3, ", "", "count: 2, "),
        ("air-cooled-chiller-30rb", "control: variable-speed, ", "", "count: 3, "),
        ("fluid-cooler", "count: 2, control: variable-speed, ", "count: 2, ", ""),
        ("hybrid-cooler", "count: 2, ", "", ""),
    ]);
    let machines = (0u32..3, 0u32..2, 1.0..40.0, 0.1..4.0);
    let modes = prop::sample::select(vec!["stuck", "full", "shut"]);
    (kind, machines, modes, 0u32..1000).prop_map(|(kind, machines, mode, seed)| {
        let (spare, chillers, rate, repair) = machines;
        let unit = format!("{{rate: {rate} /day, repair_mean: {repair:.2} h}}");
        let control = format!("{{rate: {rate} /day, repair_mean: {repair:.2} h, mode: {mode}}}");
        let (kind, of_pumps, of_fans, of_chillers) = kind;
        let only = |is: bool, text: String| if is { text } else { String::new() };
        let fans = only(
            !kind.contains("air-cooled"),
            format!(
                ", fans: {{{of_fans}upkeep: {{standby: {chillers}, failures: {unit}}}, \
                 control_upkeep: {{failures: {control}}}}}"
            ),
        );
        let chillers = only(
            kind.contains("chiller"),
            format!(
                ", chillers: {{{of_chillers}upkeep: {{standby: {chillers}, failures: {unit}}}, \
                 control_upkeep: {{failures: {unit}}}}}"
            ),
        );
        let plant = format!(
            "kind: {kind}, design_heat: 1 MW{fans}{chillers}, pumps: {{{of_pumps}upkeep: \
             {{standby: {spare}, failures: {unit}, maintenance: \
             [{{start: 2026-07-01T03:00:00Z, duration: 2 h, every: 7 h}}]}}}}"
        );
        let cooling = "kind: bac-dry-cooler, design_heat: 1 MW, supply: 35 degC, \
                       pumps: {count: 2}, fans: {count: 4}";
        PLANT.replace(cooling, &plant) + &format!("seed: {seed}\n")
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    /// Whatever fails, and whatever stands by: books close, and temperatures stay within reason.
    #[test]
    fn books_close_whatever_fails(plant in plants(), air_c in -10.0..40.0) {
        let told = simulate_in(air_c, &plant, &[]);
        for book in &told.outcome.books {
            prop_assert!(book.balanced, "{plant}\n{}", loadbank::report::text::book(book));
        }
        for c in column(&told, "plant_supply_c") {
            prop_assert!((-40.0..200.0).contains(&c), "{c}\n{plant}");
        }
    }
}
