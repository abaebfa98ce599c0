//! Water that runs short: basins that run dry, mains that fail, allowances and peak flows.

use loadbank::scenario::read_scenario;
use proptest::prelude::*;

use super::exchangers::simulate_in;
use super::support::{Bench, Told, column, simulate, simulate_file};

/// A megawatt of heat on an open tower.
const TOWER: &str = "\
name: water
start: 2026-07-01T00:00:00Z
duration: 3 days
site: {altitude: 0 m}
weather: {csv: air.csv, columns: {dry_bulb: {column: t, unit: degC}, relative_humidity: {column: rh, unit: '%'}}}
output: {interval: 15 min}
cooling:
  plant: {kind: open-tower, design_heat: 1 MW, fans: {control: always-on}}
racks:
  hall: {kind: heat-load, power: 1 MW, cooled_by: plant, trip_inlet: 45 degC}
";

/// The same on a dry cooler with pads, and its time in Chicago, five hours behind.
fn pads() -> String {
    TOWER.replace("kind: open-tower", "kind: adiabatic-dry-cooler").replace(
        "site: {altitude: 0 m}",
        "site: {altitude: 0 m, latitude: 42 deg, longitude: -88 deg, time_zone: America/Chicago}",
    )
}

/// Instants of an event, in seconds.
fn instants(told: &Told, what: &str) -> Vec<f64> {
    let of = told.events.iter().filter(|event| event.contains(what));
    of.map(|event| event.split(' ').next().unwrap().parse::<f64>().unwrap() * 1e-9).collect()
}

#[track_caller]
fn assert_instants(told: &Told, what: &str, expected: &[f64]) {
    let found = instants(told, what);
    let near = found.iter().zip(expected).all(|(found, expected)| (found - expected).abs() < 1e-3);
    assert!(near && found.len() == expected.len(), "{what}: {found:?}, not {expected:?}");
}

/// Evaporation and drift, m3/s, of the rows up to the first outage.
fn lost_m3_s(told: &Told) -> f64 {
    let first = |name: &str| column(told, name)[1];
    (first("plant_evaporation_m3_per_h") + first("plant_drift_m3_per_h")) / 3600.0
}

#[test]
fn a_basin_lasts_for_its_volume_over_what_is_lost() {
    let outage = "{start: 2026-07-02T00:00:00Z, duration: 12 h}";
    let water = format!("cooling.plant.water={{basin: 10 m3, main: {{outages: [{outage}]}}}}");
    let told = simulate_in(25.0, TOWER, &[&water]);
    assert!(told.outcome.balanced(), "{:?}", told.outcome.books);
    let begins = 86_400.0;
    let dry = begins + 10.0 / lost_m3_s(&told);
    assert!(dry < begins + 12.0 * 3600.0, "{dry}");
    assert_instants(&told, "ran-dry plant", &[dry]);
    // A quarter of the basin in a quarter of an hour, as it refills in an hour by default.
    let back = begins + 12.0 * 3600.0 + 900.0;
    assert_instants(&told, "water-back plant", &[back]);
    assert_instants(&told, "taken-out plant/water-main", &[begins]);
    let without_h = told.outcome.real("without_water(plant)");
    assert!((without_h * 3600.0 - (back - dry)).abs() < 1e-3, "{without_h}");
    // Blowdown was shut, nothing evaporated while dry, and the basin is full again.
    let evaporation = column(&told, "plant_evaporation_m3_per_h");
    let blowdown = column(&told, "plant_blowdown_m3_per_h");
    let makeup = column(&told, "plant_makeup_m3_per_h");
    assert!(evaporation[100] > 0.0 && blowdown[100] == 0.0 && makeup[100] == 0.0);
    assert!(evaporation[140] == 0.0 && blowdown[95] > 0.0);
    assert!(
        told.outcome.real("water.basins_m3").abs() < 1e-6,
        "{}",
        told.outcome.real("water.basins_m3")
    );
    assert!(told.outcome.count("heat_trips") > 0, "an open tower without water rejects nothing");
    let refill: f64 = column(&told, "plant_basin_m3_per_h")[144..].iter().sum::<f64>() / 4.0;
    assert!((refill - 10.0).abs() < 1e-6, "{refill}");
}

#[test]
fn without_a_basin_the_loss_of_the_main_is_felt_at_once() {
    let water = "cooling.plant.water.main.outages=[{start: 2026-07-02T00:00:00Z, duration: 1 h}]";
    let told = simulate_in(30.0, &pads(), &[water]);
    assert!(told.outcome.balanced());
    assert_instants(&told, "ran-dry plant", &[86_400.0]);
    assert_instants(&told, "water-back plant", &[90_000.0]);
    let supply = column(&told, "plant_supply_c");
    assert!(supply[98] > supply[90] + 2.0, "dry pads: {} {}", supply[98], supply[90]);
    assert!((supply[120] - supply[90]).abs() < 1e-3);
    assert_eq!(told.outcome.count("heat_trips"), 0);
}

#[test]
fn a_daily_allowance_is_used_up_and_renewed_at_local_midnight() {
    let told = simulate_in(35.0, &pads(), &["water={daily_limit: 15 m3}"]);
    assert!(told.outcome.balanced());
    let makeup_m3_s = column(&told, "plant_makeup_m3_per_h")[1] / 3600.0;
    let lasts = 15.0 / makeup_m3_s;
    assert!(lasts < 19.0 * 3600.0, "{lasts}");
    // Midnight in Chicago is at five.
    let midnights = [5.0, 29.0, 53.0].map(|h| h * 3600.0);
    let first = if lasts < midnights[0] { vec![lasts] } else { Vec::new() };
    let dry: Vec<f64> = first.into_iter().chain(midnights.map(|at| at + lasts)).collect();
    assert_instants(&told, "ran-dry plant", &dry);
    let back = if dry.len() == 4 { &midnights[..] } else { &midnights[1..] };
    assert_instants(&told, "water-back plant", back);
    // Four days are touched: the first has 5 hours, the last 19.
    let first = (makeup_m3_s * midnights[0]).min(15.0);
    let expected = first + 3.0 * 15.0;
    let taken = told.outcome.real("water.withdrawal_m3");
    assert!((taken - expected).abs() < 1e-6, "{taken} {expected}");
}

#[test]
fn a_peak_flow_keeps_pads_dry_that_would_take_more() {
    let wet = simulate_in(35.0, &pads(), &[]);
    let most = column(&wet, "plant_makeup_m3_per_h")[1];
    let limit = |share: f64| format!("cooling.plant.water.main.peak_flow={} m3/h", share * most);
    let told = simulate_in(35.0, &pads(), &[&limit(0.999)]);
    assert_eq!(told.outcome.real("water.withdrawal_m3"), 0.0);
    assert!((told.outcome.real("without_water") - 72.0).abs() < 1e-9);
    let told = simulate_in(35.0, &pads(), &[&limit(1.001)]);
    assert_eq!(told.outcome.real("without_water"), 0.0);
    // A basin is drawn on for what the main does not bring, and filled while the pads are dry.
    let basin =
        format!("cooling.plant.water={{basin: 2 m3, main: {{peak_flow: {} m3/h}}}}", 0.5 * most);
    let told = simulate_in(35.0, &pads(), &[&basin]);
    assert!(told.outcome.balanced());
    let makeup = column(&told, "plant_makeup_m3_per_h");
    assert!(makeup.iter().all(|flow| *flow <= 0.5 * most * (1.0 + 1e-9)));
    let dry = instants(&told, "ran-dry plant");
    assert!((dry[0] - 2.0 / (0.5 * most) * 3600.0).abs() < 1e-3, "{dry:?}");
    // It fills at the limit to a quarter, and lasts from there as long again as it took.
    let cycle = 0.5 / (0.5 * most) * 3600.0;
    assert!((dry[1] - dry[0] - 2.0 * cycle).abs() < 1e-2, "{dry:?} {cycle}");
}

/// What cannot run dry comes first.
#[test]
fn a_weak_main_of_the_site_serves_the_tower_before_the_pads() {
    let both = TOWER.replace(
        "cooling:\n",
        "cooling:\n  cooler: {kind: adiabatic-dry-cooler, design_heat: 1 MW}\n",
    ) + "  other: {kind: heat-load, power: 1 MW, cooled_by: cooler}\n";
    let free = simulate_in(35.0, &both, &[]);
    let of = |told: &Told, name: &str| column(told, &format!("{name}_makeup_m3_per_h"))[1];
    let (tower, pads) = (of(&free, "plant"), of(&free, "cooler"));
    assert!(tower > 0.0 && pads > 0.0);
    let weak = format!("water={{peak_flow: {} m3/h}}", tower + 0.5 * pads);
    let told = simulate_in(35.0, &both, &[&weak]);
    assert!(told.outcome.balanced());
    assert!((of(&told, "plant") - tower).abs() < 1e-9 && of(&told, "cooler") == 0.0);
}

/// Chillers whose condensers have lost their water start anew when it is back.
#[test]
fn chillers_without_condenser_water_trip_and_take_their_time() {
    let plant =
        TOWER.replace("kind: open-tower", "kind: water-cooled-chiller, chillers: {count: 2}");
    let plant = plant.replace(", fans: {control: always-on}", "");
    let water = "cooling.plant.water.main.outages=[{start: 2026-07-02T00:00:00Z, duration: 5 min}]";
    let told = simulate_in(25.0, &plant, &[water, "output.interval=1 min"]);
    assert!(told.outcome.balanced());
    let chillers = column(&told, "plant_chillers_mw");
    assert!(chillers[1439] > 0.0 && chillers[1441..1454].iter().all(|mw| *mw == 0.0));
    // Five minutes without water and ten to start.
    assert!(chillers[1456] > 0.0, "{:?}", &chillers[1438..1460]);
}

/// What `check` says of `text`.
fn said(text: &str) -> String {
    let bench = Bench::new();
    let days = (1..=9).map(|day| format!("2026-07-{day:02}T00:00Z,35,40\n"));
    bench.file("air.csv", "at,t,rh\n".to_owned() + &days.collect::<String>());
    let reading = read_scenario(&bench.file("site.yaml", text), &[]);
    reading.diagnostics.render(&reading.files, false)
}

#[test]
fn limits_that_a_tower_cannot_live_with_are_reported_with_figures() {
    let with = |water: &str| {
        TOWER.replace("fans: {control: always-on}", &format!("water: {{main: {{{water}}}}}"))
    };
    assert_eq!(said(&with("peak_flow: 5 m3/h, daily_limit: 60 m3")), "");
    let weak = said(&with("peak_flow: 1 m3/h"));
    assert!(weak.contains("more than the `peak_flow` of 1.00 m3/h, and cannot run dry"), "{weak}");
    let little = said(&with("daily_limit: 5 m3"));
    assert!(little.contains("which the `daily_limit` covers for"), "{little}");
    let site = said(&(TOWER.to_owned() + "water: {peak_flow: 1 m3/h}\n"));
    assert!(site.contains("what cannot run dry takes up to"), "{site}");
    // Pads may be dry.
    assert_eq!(
        said(&pads().replace("fans: {control: always-on}", "water: {main: {peak_flow: 0.1 m3/h}}")),
        ""
    );
}

#[test]
fn water_that_nobody_needs_is_refused() {
    let with = |kind: &str, water: &str| {
        said(&TOWER.replace("kind: open-tower", kind).replace("fans: {control: always-on}", water))
    };
    let dry = with("kind: bac-dry-cooler", "water: {basin: 1 m3}");
    assert!(dry.contains("nothing in this loop evaporates water"), "{dry}");
    let none = with("kind: open-tower", "water: {refill: 1 m3/h}");
    assert!(none.contains("there is no `basin` that it could be of"), "{none}");
    let never = with("kind: open-tower", "water: {main: {daily_limit: 0 m3}}");
    assert!(never.contains("a daily limit is above zero"), "{never}");
    let fans = with("kind: air-cooled-chiller-30rb", "fans: {upkeep: {standby: 1}}");
    assert!(fans.contains("unknown field `fans`"), "{fans}");
}

fn sites() -> impl Strategy<Value = (String, Vec<String>)> {
    let plant = prop::sample::select(vec![
        "kind: open-tower",
        "kind: adiabatic-dry-cooler",
        "kind: fluid-cooler",
        "kind: hybrid-cooler",
        "kind: water-cooled-chiller, chillers: {count: 2}",
        "kind: chiller-with-economiser, chillers: {count: 3}",
        "kind: asic-hall, pads: {enable_above: 20 degC}, fans: {power: 30 kW}",
    ]);
    let water = (0.01..20.0, prop::bool::ANY, 0.2..3.0, 1.0..60.0, 0.5..20.0, 0.1..3.0);
    (plant, water, 0u32..1000).prop_map(|(plant, water, seed)| {
        let (basin, has_basin, peak, daily, rate, repair) = water;
        let basin = if has_basin { format!("basin: {basin} m3, ") } else { String::new() };
        let text = TOWER
            .replace("kind: open-tower", plant)
            .replace(", fans: {control: always-on}", "")
            .replace("trip_inlet: 45 degC", "trip_inlet: 55 degC");
        let water = format!(
            "cooling.plant.water={{{basin}main: {{peak_flow: {peak} m3/h, \
             failures: {{rate: {rate} /day, repair_mean: {repair:.2} h}}}}}}"
        );
        let main = format!(
            "water={{daily_limit: {daily} m3, failures: {{rate: {rate} /day, repair_mean: 10 min}}}}"
        );
        let sets = vec![water, main, format!("seed={seed}")];
        (text, sets)
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    /// Whatever fails and however little there is: books close, limits hold, levels lie between
    /// empty and full.
    #[test]
    fn books_of_water_close_whatever_fails((text, sets) in sites(), warmest in 15.0..45.0) {
        let bench = Bench::new();
        let rows = (0..80).map(|hour| {
            let wave = f64::from((hour * 7) % 24) / 24.0;
            let (day, hour) = (hour / 24 + 1, hour % 24);
            format!("2026-07-{day:02}T{hour:02}:00Z,{:.2},{:.1}\n", warmest * wave, 20.0 + 60.0 * wave)
        });
        bench.file("air.csv", "at,t,rh\n".to_owned() + &rows.collect::<String>());
        let sets: Vec<&str> = sets.iter().map(String::as_str).collect();
        let told = simulate_file(&bench.file("site.yaml", &text), &sets);
        for book in &told.outcome.books {
            prop_assert!(book.balanced, "{sets:?}: {}", loadbank::report::text::book(book));
        }
        let number = |set: &str, field: &str| -> Option<f64> {
            let rest = &set[set.find(field)? + field.len()..];
            rest.split_whitespace().next()?.parse().ok()
        };
        let peak = number(sets[0], "peak_flow: ").unwrap();
        let daily = number(sets[1], "daily_limit: ").unwrap();
        let makeup = column(&told, "plant_makeup_m3_per_h");
        // Without a basin the water on the device itself, which is not modelled, covers what it loses
        // beyond that until its loop is looked at again.
        let beyond = if number(sets[0], "basin: ").is_some() { 1e-9 } else { 0.02 };
        let most = makeup.iter().copied().fold(0.0, f64::max);
        prop_assert!(most <= peak * (1.0 + beyond), "{most} of {peak}");
        for name in ["makeup", "evaporation", "drift", "blowdown"] {
            let least = column(&told, &format!("plant_{name}_m3_per_h")).into_iter();
            let least = least.fold(f64::INFINITY, f64::min);
            prop_assert!(least >= -1e-9 * peak, "{name} of {least}");
        }
        // UTC days, four rows an hour.
        for day in makeup.chunks(96) {
            let taken: f64 = day.iter().sum::<f64>() / 4.0;
            prop_assert!(taken <= daily * (1.0 + 1e-9), "{taken} of {daily}");
        }
        if let Some(basin) = number(sets[0], "basin: ") {
            let mut level = basin;
            for filling in column(&told, "plant_basin_m3_per_h") {
                level += filling / 4.0;
                prop_assert!(level > -1e-6 && level < basin + 1e-6, "{level} of {basin}");
            }
        }
    }
}

/// Two towers share a main that brings neither what it needs to fill its basin. What one loses rises by
/// little and little and comes before what the other fills with: each rise is no event of its own.
#[test]
fn a_basin_that_fills_leaves_what_others_may_come_to_lose() {
    let hours = |first: &str| format!("[{first}, {}]", ["0.2, 0.9, 0.1, 0.6, 0.4"; 4].join(", "));
    let told = simulate(
        &format!(
            "name: little-water\nstart: 2026-07-01T00:00:00Z\nduration: 4 h\nseed: 942771\n\
             site: {{altitude: 1487.6 m}}\nweather: {{climate: west-texas}}\n\
             water: {{peak_flow: 0.0034497 L/s}}\n\
             power: {{u: {{kind: feed, capacity: 4 MW, outages: none}}}}\n\
             cooling:\n  big: {{kind: chiller-plant, design_heat: 946.03 kW, fed_by: u, \
             fans: {{control: cycling, count: 3}}, pumps: {{count: 1}}, chillers: {{count: 3}}, \
             buffer: 26.671 L, water: {{basin: 2.7233 L, main: {{peak_flow: 0.18435 L/s}}}}}}\n  \
             small: {{kind: chiller-plant, design_heat: 90.661 kW, fed_by: u, \
             fans: {{control: cycling, count: 2}}, pumps: {{count: 3}}, chillers: {{count: 4}}, \
             water: {{basin: 7.7834 L}}}}\n\
             racks:\n  loud: {{kind: heat-load, power: 568.03 kW, trip_inlet: 55.71 degC, \
             daily_profile: {}, fed_by: u, cooled_by: big}}\n  \
             quiet: {{kind: heat-load, power: 60 kW, daily_profile: {}, fed_by: u, \
             cooled_by: small}}\n",
            hours("0.10822, 0.81626, 0.78669, 0.075499"),
            hours("0.5, 0.1, 0.5, 1"),
        ),
        &[],
    );
    assert!(told.outcome.balanced(), "{:?}", told.outcome.books);
    assert!(told.outcome.real("water.withdrawal_m3") <= 0.0034497e-3 * 4.0 * 3600.0 * (1.0 + 1e-9));
    assert!(told.outcome.site_events < 5000, "{}", told.outcome.site_events);
}

/// A tower out of balance comes first, and what it loses rises little by little; a second one has a basin that
/// gives what the main does not bring it. It leaves some of the main: each rise is no event of its own.
#[test]
fn a_basin_that_gives_leaves_what_others_may_come_to_lose() {
    let hours = format!("[{}]", ["0.1, 0.9, 0.2, 0.8"; 6].join(", "));
    let told = simulate(
        &format!(
            "name: little-water\nstart: 2026-07-20T17:30:00Z\nduration: 12 h\nsite: {{altitude: 800 m}}\n\
             weather: {{climate: west-texas}}\nwater: {{peak_flow: 0.01553 L/s}}\n\
             power: {{u: {{kind: feed, capacity: 4 MW, outages: none}}}}\n\
             cooling:\n  short: {{kind: tower, design_heat: 52 kW, fed_by: u, supply: 25 degC, \
             trim: {{main: {{capacity: 8 kW}}}}, water: {{basin: 500 L}}}}\n  \
             warming: {{kind: tower, design_heat: 174 kW, fed_by: u, buffer: 4000 L, \
             water: {{basin: 34 L}}}}\n\
             racks:\n  hot: {{kind: heat-load, power: 50 kW, trip_inlet: 60 degC, fed_by: u, \
             cooled_by: short}}\n  steps: {{kind: heat-load, power: 60 kW, daily_profile: {hours}, \
             trip_inlet: 68 degC, fed_by: u, cooled_by: warming}}\n"
        ),
        &[],
    );
    assert!(told.outcome.balanced(), "{:?}", told.outcome.books);
    assert!(told.outcome.real("water.withdrawal_m3") <= 0.01553e-3 * 12.0 * 3600.0 * (1.0 + 1e-9));
    // One that took all left the other to be looked at 160,000 times.
    assert!(told.outcome.site_events < 1000, "{}", told.outcome.site_events);
}
