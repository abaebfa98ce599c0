//! Exchangers between racks and loops: heat and power through them, what check says of them.

use super::support::{Bench, Told, column, load, simulate_file};

/// A megawatt of liquid-cooled racks that also warm the air, on exchangers of two kinds behind
/// one dry cooler.
pub(crate) const HALL: &str = "\
name: hall
start: 2026-07-01T00:00:00Z
duration: 2 days
site: {altitude: 0 m}
weather: {csv: air.csv, columns: {dry_bulb: {column: t, unit: degC}, relative_humidity: {column: rh, unit: '%'}}}
price: {fixed: 40 $/MWh}
output: {interval: 1 h}
power:
  utility: {kind: feed, capacity: 3 MW, outages: none}
  it: {kind: switchgear, fed_by: utility}
  mech: {kind: switchgear, fed_by: utility}
cooling:
  water: {kind: bac-dry-cooler, design_heat: 1.1 MW, supply: 30 degC, cooler: {design_supply: 45 degC}, fed_by: mech}
  cdu-{1..2}: {kind: cdu, design_heat: 400 kW, cooled_by: water, fed_by: mech}
  wall: {kind: air-handler, design_heat: 210 kW, cooled_by: water, fed_by: mech}
racks:
  racks:
    kind: gb200-nvl72
    coolant: {share: 80 %}
    count: 8
    fed_by: it
    cooled_by: cdu-{1..2}
    air_cooled_by: wall
workloads:
  train: {kind: training, racks: racks, price: 2 $/h, jobs: {kind: resident}, spares: 0, failures: {rate: 0 /day}}
";

/// Runs `text` with `sets` in air of `dry_bulb_c` that never changes.
pub(crate) fn simulate_in(dry_bulb_c: f64, text: &str, sets: &[&str]) -> Told {
    let bench = Bench::new();
    air(&bench, dry_bulb_c);
    simulate_file(&bench.file("hall.yaml", text), sets)
}

fn simulate(text: &str, sets: &[&str]) -> Told {
    simulate_in(15.0, text, sets)
}

fn air(bench: &Bench, dry_bulb_c: f64) {
    let day = |day: u32| format!("2026-07-{day:02}T00:00Z,{dry_bulb_c},50\n");
    bench.file("air.csv", "at,t,rh\n".to_owned() + &(1..=31).map(day).collect::<String>());
}

fn mean(told: &Told, name: &str) -> f64 {
    let column = column(told, name);
    column.iter().sum::<f64>() / column.len() as f64
}

#[test]
fn heat_of_racks_and_movers_goes_through_the_loop() {
    let told = simulate(HALL, &[]);
    assert!(told.outcome.balanced());
    let of = |name: &str, key: &str| told.outcome.real(&format!("cooling.{name}.{key}"));
    let it_mwh = told.outcome.real("effectiveness.it_mwh");
    let cdu_mwh = of("cdu-{1..2}", "heat_mwh");
    assert!((cdu_mwh - 0.8 * it_mwh).abs() < 1e-9 * it_mwh, "{cdu_mwh} {it_mwh}");
    assert!((of("wall", "heat_mwh") - 0.2 * it_mwh).abs() < 1e-9 * it_mwh);
    let cdu_pumps_mwh = of("cdu-{1..2}", "pumps_mwh");
    let through = it_mwh + cdu_pumps_mwh + of("wall", "fans_mwh");
    let heat_mwh = of("water", "heat_mwh");
    assert!((heat_mwh - through).abs() < 1e-9 * through, "{heat_mwh} {through}");
    // 1.5 L/min a kilowatt at 150 kPa and 70 %, at constant speed: 5.36 W a kilowatt.
    let pumps_mwh = 800.0 * 5.357e-6 * 48.0;
    assert!((cdu_pumps_mwh - pumps_mwh).abs() < 1e-3 * pumps_mwh, "{cdu_pumps_mwh}");
    // 75 L/s a kilowatt at 400 Pa and 60 %: 50 W a kilowatt, by the cube of the air.
    let last = |name| *column(&told, name).last().unwrap();
    let fans_mw = 0.21 * 50e-3 * (last("wall_heat_mw") / 0.21).powi(3);
    assert!((last("wall_fans_mw") - fans_mw).abs() < 1e-9 * fans_mw, "{fans_mw}");
}

#[test]
fn racks_see_the_supply_plus_the_approach_of_what_serves_them() {
    let told = simulate(HALL, &["duration=2 h"]);
    let (supply, cdu) = (mean(&told, "water_supply_c"), mean(&told, "cdu-{1..2}_inlet_c"));
    // With its fans at least speed a loop may lie a little below its setpoint.
    assert!((supply - 30.0).abs() < 0.01, "{supply}");
    // The approach of the design goes with the heat, that of the pumps included.
    let heat = mean(&told, "cdu-{1..2}_heat_mw") + mean(&told, "cdu-{1..2}_pumps_mw");
    assert!((cdu - supply - 4.0 * heat / 0.8).abs() < 1e-6, "{cdu}");
    // Colder water is no use: the supply stays 2 K above the dew point of the hall.
    let sets =
        ["duration=2 h", "cooling.water.supply=20 degC", "cooling.cdu-{1..2}.dew_point=28 degC"];
    let told = simulate(HALL, &sets);
    assert!((mean(&told, "cdu-{1..2}_inlet_c") - 30.0).abs() < 1e-9);
}

#[test]
fn a_unit_that_loses_its_bus_takes_only_its_own_racks() {
    const MECH: &str = "  mech: {kind: switchgear, fed_by: utility}\n";
    const BUS: &str = "  cdu-bus: {kind: switchgear, fed_by: utility, \
                       failures: {rate: 40 /day, repair_mean: 30 min}}\n";
    let text = HALL.replace(MECH, &[MECH, BUS].concat());
    let told = simulate(&text, &["cooling.cdu-{1..2}.fed_by=cdu-bus"]);
    assert!(told.outcome.balanced());
    assert!(told.outcome.count("heat_trips") >= 8, "{:?}", told.events);
    // What feeds each of the two is a single point for its half of the racks.
    let bench = Bench::new();
    air(&bench, 15.0);
    let file = bench.file("hall.yaml", HALL);
    let site = load(&file, &[]).design.site;
    let points: Vec<String> =
        site.single_points_of_failure().iter().map(|point| site.describe(point)).collect();
    for line in [
        "wall: all 8 racks of racks (cooling)",
        "water: all 8 racks of racks (cooling)",
        "mech: all 8 racks of racks (cooling)",
        "cdu-{1..2}: each 4 of 8 racks of racks (cooling)",
    ] {
        assert!(points.iter().any(|point| point == line), "{line} in {points:?}");
    }
}

#[test]
fn a_bath_is_warmer_than_what_is_pumped_through_it() {
    const TANK: &str =
        "  tank: {kind: immersion-tank, design_heat: 1 MW, cooled_by: water, fed_by: mech}\n";
    let text = HALL
        .replace("racks:\n  racks:", &[TANK, "racks:\n  racks:"].concat())
        .replace("cooled_by: cdu-{1..2}\n    air_cooled_by: wall", "cooled_by: tank");
    let told = simulate(&text, &["duration=2 h"]);
    // The second hour, when the machines have started and the bath is warm.
    let last = |name| *column(&told, name).last().unwrap();
    let heat = last("tank_heat_mw") + last("tank_pumps_mw");
    let apart = last("tank_inlet_c") - last("water_supply_c");
    assert!((apart - (4.0 + 6.0) * heat).abs() < 1e-6, "{apart} {heat}");
}

/// What `check` finds where `from` is replaced by `to`.
#[track_caller]
fn finding((from, to): (&str, &str), expected: &str) {
    let bench = Bench::new();
    air(&bench, 15.0);
    assert!(HALL.contains(from), "{from}");
    bench.file("hall.yaml", HALL.replace(from, to));
    let command = bench.loadbank("check hall.yaml");
    let output = command.output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned()
        + &String::from_utf8_lossy(&output.stderr);
    assert!(said.contains(expected), "{expected}\nin\n{said}");
}

#[test]
fn plants_that_contradict_themselves_are_reported_with_figures() {
    let wall = "design_heat: 210 kW, cooled_by: water";
    finding((wall, "design_heat: 210 kW, cooled_by: wall"), "`wall` is not the name of a loop");
    let nothing = "nothing takes the heat of this exchanger";
    finding((wall, "design_heat: 210 kW, cooled_by: []"), nothing);
    let air = "cooling:\n  air: {kind: asic-hall, design_heat: 1 MW, fed_by: mech}\n";
    finding(
        (
            "cooling:\n",
            &air.replace(
                "fed_by: mech}",
                "fed_by: mech}\n  w: {kind: cdu, \
         design_heat: 1 kW, cooled_by: air, fed_by: mech}",
            ),
        ),
        "outdoor air through a hall cools no exchanger",
    );
    let cdu = "design_heat: 400 kW";
    finding(
        (cdu, "design_heat: 300 kW"),
        "`cdu-1` is built for 300 kW of heat, the racks behind it give up to 384.192 kW",
    );
    finding(
        (cdu, "design_heat: 400 kW, supply: 30 degC"),
        "30.0 degC is not reached at design heat: the loop's 30.0 degC gives 34.0 degC",
    );
    finding(
        (cdu, "design_heat: 400 kW, supply: 12 degC"),
        "the supply is held at 17.0 degC, 2 K above the dew point, not at 12.0 degC",
    );
    finding(("cooled_by: cdu-{1..2}\n    air", "air"), "takes what `cooled_by` does not");
}

/// A hall on chilled water that takes outdoor air while it may: free in the cold, partial in the
/// warmth, closed in the heat. Every joule and every litre is in the books.
#[test]
fn outdoor_air_spares_the_loop_as_far_as_the_weather_lets_it() {
    const PLANT: &str = "\
name: outside
start: 2026-07-01T00:00:00Z
duration: 3 days
site: {altitude: 0 m}
weather: {csv: air.csv, columns: {dry_bulb: {column: t, unit: degC}, relative_humidity: {column: rh, unit: '%'}}}
output: {interval: 1 h}
cooling:
  plant: {kind: chiller-with-economiser, design_heat: 1.1 MW}
  air: {kind: air-handler, design_heat: 1 MW, cooled_by: plant, outside_air: {humidifier: true, least_dew_point: 5 degC}}
racks:
  load: {kind: heat-load, power: 1 MW, cooled_by: air}
";
    let bench = Bench::new();
    let rows = ["2026-07-01T00:00Z,5,30", "2026-07-02T00:00Z,31,30", "2026-07-03T00:00Z,42,20"];
    bench.file("air.csv", format!("at,t,rh\n{}\n2026-07-04T00:00Z,42,20\n", rows.join("\n")));
    let told = simulate_file(&bench.file("outside.yaml", PLANT), &[]);
    assert!(told.outcome.balanced(), "{:?}", told.outcome.books);
    let day = |name: &str, day: usize| column(&told, name)[24 * day + 12];
    for (number, mode) in ["air_free", "air_partial", "air_mechanical"].into_iter().enumerate() {
        assert_eq!(day(mode, number), 1.0, "{mode}");
    }
    assert!(day("plant_heat_mw", 0) < 1e-9 && day("plant_chillers_mw", 0) == 0.0);
    assert!((day("air_outside_mw", 0) - 1.0 - day("air_fans_mw", 0)).abs() < 1e-6);
    assert!(day("air_evaporation_m3_per_h", 0) > 0.0);
    let partial = day("plant_heat_mw", 1);
    assert!(partial > 0.2 && partial < 0.6, "{partial}");
    assert!((partial + day("air_outside_mw", 1) - 1.0 - day("air_fans_mw", 1)).abs() < 1e-6);
    assert!((day("air_inlet_c", 1) - 27.0).abs() < 1e-6 && day("air_inlet_c", 0) == 18.0);
    assert!(day("plant_heat_mw", 2) > 1.0 && day("air_outside_mw", 2) == 0.0);
    let air = told.outcome.named("air").unwrap();
    let hours = ["modes.free_h", "modes.partial_h", "modes.mechanical_h"].map(|key| air.real(key));
    assert!((hours.iter().sum::<f64>() - 72.0).abs() < 1e-9, "{hours:?}");
    let own_m3 = air.real("water.withdrawal_m3");
    assert!(own_m3 > 0.0 && told.outcome.real("water.withdrawal_m3") >= own_m3);
}

/// Fans of a hall in free cooling lose their bus: it heats by its masses, and outdoor air takes
/// that heat when they are back. The books close over it.
#[test]
fn a_hall_on_outdoor_air_heats_without_its_fans_and_cools_when_they_are_back() {
    let text = HALL
        .replace("bac-dry-cooler, design_heat: 1.1 MW, supply: 30 degC, cooler: {design_supply: 45 degC}", "chiller-with-economiser, design_heat: 1.3 MW")
        .replace("design_heat: 210 kW, cooled_by: water, fed_by: mech", "design_heat: 210 kW, cooled_by: water, fed_by: air-bus, outside_air: {}")
        .replace("  mech: {", "  air-bus: {kind: switchgear, fed_by: utility, failures: {rate: 6 /day, repair_mean: 3 min}}\n  mech: {");
    let told = simulate_in(12.0, &text, &[]);
    assert!(told.outcome.balanced(), "{:?}", told.outcome.books);
    let inlet = column(&told, "wall_inlet_c");
    let warmest = inlet.iter().copied().fold(0.0, f64::max);
    assert!(warmest > 18.5, "no failure was felt: {warmest}");
    assert!((inlet[inlet.len() - 1] - 18.0).abs() < 5.0, "{:?}", inlet.last());
}
