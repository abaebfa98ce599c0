//! A cooling plant alone: a heat load in place of racks, no power chain, no prices.

use loadbank::scenario::read_scenario;

use super::support::{Bench, Told, column, simulate, simulate_file};

/// The shortest scenario of a plant.
const PLANT: &str = "\
name: plant
start: 2026-01-01T00:00:00Z
duration: 4 days
site: {altitude: 300 m}
weather: {climate: phoenix}
output: {interval: 1 h}
cooling:
  tower: {kind: tower, design_heat: 1 MW}
racks:
  hall: {kind: heat-load, power: 1 MW, cooled_by: tower}
";

fn mean(told: &Told, name: &str) -> f64 {
    column(told, name).iter().sum::<f64>() / told.rows.len() as f64
}

#[test]
fn a_plant_needs_neither_power_chain_nor_price() {
    let told = simulate(PLANT, &[]);
    let outcome = &told.outcome;
    assert!(outcome.balanced(), "{:?}", outcome.books);
    assert_eq!(told.rows.len(), 96);
    assert!(column(&told, "hall_mw").iter().all(|&mw| mw == 1.0));
    let drawn = mean(&told, "tower_fans_mw") + mean(&told, "tower_pumps_mw");
    assert!(drawn > 0.005, "fans and pumps draw {drawn} MW");
    let pue = outcome.real("pue");
    assert!((pue - (1.0 + drawn)).abs() < 1e-12, "a PUE of {pue} for {drawn} MW beside 1 MW");
    assert_eq!(outcome.real("money.energy_cost_usd"), 0.0);
}

#[test]
fn an_ideal_bus_is_no_point_of_failure() {
    let bench = Bench::new();
    bench.file("plant.yaml", PLANT);
    let output = bench.loadbank("check plant.yaml").output().unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(said.contains("tower: all 1 racks of hall (cooling)"), "{said}");
    assert!(!said.contains("(power)"), "{said}");
}

#[test]
fn heat_from_elsewhere_is_cooled_and_not_paid_for() {
    let told = simulate(PLANT, &["racks.hall.electric=false"]);
    let outcome = &told.outcome;
    assert!(outcome.balanced(), "{:?}", outcome.books);
    assert!(column(&told, "tower_heat_mw").iter().all(|&mw| mw == 1.0), "the heat is there");
    let machines = mean(&told, "tower_fans_mw") + mean(&told, "tower_pumps_mw");
    let import_mw = outcome.real("energy.mean_import_mw");
    assert!((import_mw - machines).abs() < 1e-12, "{import_mw} MW for {machines} MW of machines");
    let ratios = ["it_mwh", "pue", "wue_l_per_kwh"];
    let ratios = ratios.map(|key| outcome.site().get(&format!("effectiveness.{key}")));
    assert_eq!(ratios, [Some(0.0), None, None]);
    assert!(outcome.real("water.withdrawal_m3") > 10.0);
    // The plant does not care where the heat comes from.
    let electric = simulate(PLANT, &[]);
    assert_eq!(column(&told, "tower_supply_c"), column(&electric, "tower_supply_c"));
}

#[test]
fn a_daily_profile_scales_the_power() {
    let shares = "[0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 1, 1, 1, 1, 1, 1, \
                  1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0]";
    let told = simulate(PLANT, &[&format!("racks.hall.daily_profile={shares}")]);
    assert!(told.outcome.balanced(), "{:?}", told.outcome.books);
    for (hour, mw) in column(&told, "tower_heat_mw").into_iter().enumerate() {
        let expected = [0.5, 1.0, 1.0, 0.0][hour % 24 / 6];
        assert_eq!(mw, expected, "in hour {hour}");
    }
    assert_eq!(told.outcome.real("effectiveness.it_mwh"), 60.0);
}

#[test]
fn a_table_gives_the_power_hour_by_hour() {
    let bench = Bench::new();
    let rows: String = (0..96)
        .map(|h| format!("2026-01-{:02}T{:02}:00Z,{}\n", 1 + h / 24, h % 24, 10 * h))
        .collect();
    bench.file("load.csv", format!("at,heat\n{rows}"));
    let load = "{kind: heat-load, csv: load.csv, column: heat, unit: kW, cooled_by: tower}";
    let path = bench.file(
        "plant.yaml",
        PLANT.replace("{kind: heat-load, power: 1 MW, cooled_by: tower}", load),
    );
    let told = simulate_file(&path, &[]);
    assert!(told.outcome.balanced(), "{:?}", told.outcome.books);
    for (hour, mw) in column(&told, "tower_heat_mw").into_iter().enumerate() {
        assert!((mw - 0.01 * hour as f64).abs() < 1e-12, "{mw} MW in hour {hour}");
    }
}

/// 50 machines of 200 W, 40 W of it at rest, by what they were used.
#[test]
fn a_table_of_utilisation_gives_the_power_of_machines() {
    let bench = Bench::new();
    let rows: String = (0..96)
        .map(|h| {
            format!("2026-01-{:02}T{:02}:00Z,{},{}\n", 1 + h / 24, h % 24, h % 51, 2 * h % 101)
        })
        .collect();
    bench.file("use.csv", format!("at,busy,percent\n{rows}"));
    let simulate = |column: &str, rest: &str| {
        let load = format!(
            "{{kind: heat-load, count: 50, power: 200 W, idle_power: 40 W, csv: use.csv, column: {column}, \
             {rest}cooled_by: tower}}"
        );
        let load = PLANT.replace("{kind: heat-load, power: 1 MW, cooled_by: tower}", &load);
        simulate_file(&bench.file("plant.yaml", load), &[])
    };
    let holds = |rest: &str, name: &str, share: &dyn Fn(usize) -> f64| {
        let told = simulate(name, rest);
        assert!(told.outcome.balanced(), "{:?}", told.outcome.books);
        for (hour, mw) in column(&told, "tower_heat_mw").into_iter().enumerate() {
            let expected = 50.0 * (40e-6 + 160e-6 * share(hour));
            assert!((mw - expected).abs() < 1e-12, "{mw} MW in hour {hour} for {expected}");
        }
    };
    holds("full_at: 50, ", "busy", &|hour| (hour % 51) as f64 / 50.0);
    holds("unit: \"%\", ", "percent", &|hour| (2 * hour % 101) as f64 / 100.0);
    holds("unit: \"%\", exponent: 0.5, ", "percent", &|hour| {
        ((2 * hour % 101) as f64 / 100.0).sqrt()
    });
    // A column that counts more than there are is not of these machines.
    let load = "{kind: heat-load, power: 200 W, csv: use.csv, column: busy, full_at: 49, \
                cooled_by: tower, trip_inlet: 60 degC}";
    let load = PLANT.replace("{kind: heat-load, power: 1 MW, cooled_by: tower}", load);
    let reading = read_scenario(&bench.file("plant.yaml", load), &[]);
    let said = reading.diagnostics.short(&reading.files);
    assert!(
        said.contains("racks.hall.csv: `use.csv`: 50 of `full_at` 49 is more than all used"),
        "{said}"
    );
}

#[test]
fn parts_of_a_load_are_spread_over_loops() {
    let text = PLANT.replace("tower: {", "tower-{1..2}: {").replace(
        "power: 1 MW, cooled_by: tower",
        "count: 4, power: 250 kW, cooled_by: tower-{1..2}",
    );
    let told = simulate(&text, &[]);
    assert!(told.outcome.balanced(), "{:?}", told.outcome.books);
    assert!(column(&told, "tower-{1..2}_heat_mw").iter().all(|&mw| mw == 1.0));
    assert!(column(&told, "hall_live_racks").iter().all(|&racks| racks == 4.0));
}

#[test]
fn a_load_without_water_stops() {
    // Fails within minutes and stays away.
    let breaker = "{kind: switchgear, fed_by: bus, failures: {rate: 20 /h, repair_mean: 900 days}}";
    let told = simulate(
        PLANT,
        &[
            "racks.hall.fed_by=bus",
            "racks.hall.trip_inlet=60 degC",
            "cooling.tower.fed_by=bus",
            "cooling.tower.pumps.fed_by=breaker",
            &format!("power={{bus: {{kind: feed, capacity: 2 MW}}, breaker: {breaker}}}"),
        ],
    );
    assert!(told.outcome.balanced(), "{:?}", told.outcome.books);
    let heat_mwh = told.outcome.real("heat(tower)");
    assert!((0.0..5.0).contains(&heat_mwh), "{heat_mwh} MWh of 96 MWh without water");
    assert!(told.outcome.count("heat_trips(hall)") > 0);
}
