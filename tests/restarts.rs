//! Racks that heat has tripped come back when, and as far as, their plant can carry them.

use super::exchangers::simulate_in;
use super::support::{Told, column, simulate};

/// A megawatt of heat in twenty parts on a plant that loses something for a while.
const PLANT: &str = "\
name: restarts
start: 2026-07-01T00:00:00Z
duration: 3 days
site: {altitude: 0 m}
weather: {csv: air.csv, columns: {dry_bulb: {column: t, unit: degC}, relative_humidity: {column: rh, unit: '%'}}}
output: {interval: 5 min}
control: {restart_after_heat: 15 min}
cooling:
  plant: {kind: chiller-plant, design_heat: 1 MW, supply: 12 degC}
racks:
  hall: {kind: heat-load, count: 20, power: 50 kW, cooled_by: plant, trip_inlet: 40 degC}
";
const NOON_S: f64 = 36.0 * 3600.0;
const MINUTE: f64 = 60.0;

/// Seconds and counts of the events `what` of `subject`.
fn events(told: &Told, what: &str, subject: &str) -> Vec<(f64, u32)> {
    let of = |line: &String| {
        let words: Vec<&str> = line.split(' ').collect();
        let second = words[0].parse::<f64>().unwrap() * 1e-9;
        (words[1] == what && words[2] == subject).then(|| (second, words[3].parse().unwrap()))
    };
    told.events.iter().filter_map(of).collect()
}

fn with(plant: &str) -> String {
    PLANT.replace("kind: chiller-plant, design_heat: 1 MW, supply: 12 degC", plant)
}

/// All of a kind of machine, or the water, is away from noon for two hours.
#[test]
fn no_plant_stays_dark_when_what_it_lost_is_back() {
    let away = "[{start: 2026-07-02T12:00:00Z, duration: 2 h, units: 2}]";
    let lost = |machines: &str| format!("cooling.plant.{machines}.upkeep.maintenance={away}");
    let dry = "cooling.plant.water.main.outages=[{start: 2026-07-02T12:00:00Z, duration: 2 h}]"
        .to_owned();
    let plant = |kind: &str, pumps: &str| {
        format!(
            "kind: {kind}, design_heat: 1 MW, supply: 12 degC, chillers: {{count: 2}}, \
             pumps: {{count: 2{pumps}}}"
        )
    };
    let (tower, airy) = (plant("chiller-plant", ""), plant("air-cooled-chiller", ""));
    let (tower, airy) = (tower.as_str(), airy.as_str());
    let free = format!("{tower}, economiser: {{approach: 2 K}}");
    // In air of 25 degC whose wet bulb is 18 degC a tower alone leaves the water at 20 degC and more.
    let trimmed = |more: &str| {
        format!(
            "kind: tower, design_heat: 1 MW, supply: 12 degC, pumps: {{count: 2}}, \
             trim: {{chillers: {{count: 2}}{more}}}"
        )
    };
    let (in_air, by_tower) = (trimmed(""), trimmed(", tower: {}"));
    let bank = "trim.chillers";
    for (plant, lost) in [
        (in_air.as_str(), lost(bank)),
        (&in_air, lost("pumps")),
        (&by_tower, lost(bank)),
        (&by_tower, lost("pumps")),
        (&by_tower, dry.clone()),
        (tower, lost("chillers")),
        (tower, lost("pumps")),
        (tower, dry.clone()),
        (airy, lost("chillers")),
        (airy, lost("pumps")),
        (&free, lost("chillers")),
        (&free, lost("pumps")),
        (&free, dry.clone()),
        // Pumps that give their water no heat leave the chillers nothing to do meanwhile.
        (&plant("air-cooled-chiller", ", power: 0 W"), lost("chillers")),
        (&plant("chiller-plant", ", heat: 0 %"), lost("chillers")),
        ("kind: tower, design_heat: 1 MW, supply: 20 degC, pumps: {count: 2}", lost("pumps")),
        ("kind: tower, design_heat: 1 MW, supply: 20 degC", dry),
    ] {
        // An economiser alone keeps the water at 22 degC, and a tower.
        let beside = plant.contains("economiser") || plant.contains("trim");
        let trip_c = if beside { 20 } else { 40 };
        let told = simulate_in(
            25.0,
            &with(plant),
            &[&format!("racks.hall.trip_inlet={trip_c} degC"), &lost],
        );
        let said = format!("{plant}, {lost}: {:?}", told.events);
        assert!(told.outcome.balanced(), "{said}");
        let (trips, back) =
            (events(&told, "heat-trip", "hall"), events(&told, "heat-restart", "hall"));
        assert_eq!(trips.len(), 1, "{said}");
        assert_eq!(back.iter().map(|(_, count)| count).sum::<u32>(), 20, "{said}");
        // From the return of what was lost: ten minutes until chillers cool that stood, at most as
        // many again until the water is cold, and a quarter of an hour for the operator.
        let after_s = back.last().unwrap().0 - (NOON_S + 7200.0);
        let stood = plant.contains("chiller") && !lost.contains("pumps");
        let start_s = if stood { 10.0 * MINUTE } else { 0.0 };
        let range = start_s + 15.0 * MINUTE..=start_s + 25.0 * MINUTE;
        assert!(range.contains(&after_s), "{after_s} s, {said}");
        assert_eq!(column(&told, "hall_live_racks").last(), Some(&20.0), "{said}");
        assert_eq!(told.outcome.count("heat_trips_again"), 0, "{said}");
    }
}

/// The wait begins with the plant that can carry the racks, not with their trip, and is what the
/// scenario says.
#[test]
fn the_wait_is_counted_from_when_the_plant_can_carry_them() {
    let away = "pumps: {upkeep: {maintenance: [{start: 2026-07-02T12:00:00Z, duration: 2 h}]}}";
    let plant = with(&format!("kind: tower, design_heat: 1 MW, supply: 20 degC, {away}"));
    let waits = [1.0, 60.0, 900.0, 7200.0].map(|seconds| {
        let told = simulate_in(25.0, &plant, &[&format!("control.restart_after_heat={seconds} s")]);
        let back = events(&told, "heat-restart", "hall");
        assert_eq!(back.iter().map(|(_, count)| count).sum::<u32>(), 20, "{:?}", told.events);
        assert_eq!(told.outcome.count("heat_trips_again"), 0, "{:?}", told.events);
        back[0].0 - (NOON_S + 7200.0) - seconds
    });
    // Until the tower has brought the water down, the same whatever the wait.
    assert!((0.0..600.0).contains(&waits[0]), "{waits:?}");
    assert!(waits.iter().all(|ready_s| (ready_s - waits[0]).abs() < 1e-3), "{waits:?}");
}

/// One of three chillers is away for a day: the racks that two can carry come back and stay, the
/// others when the third is there.
#[test]
fn as_many_racks_come_back_as_can_be_carried() {
    let plant = "kind: chiller-plant, design_heat: 1 MW, supply: 12 degC, chillers: {count: 3, \
                 upkeep: {maintenance: [{start: 2026-07-02T12:00:00Z, duration: 12 h}]}}";
    let told = simulate_in(25.0, &with(plant), &["racks.hall.trip_inlet=24 degC"]);
    assert!(told.outcome.balanced());
    let count = |figure| told.outcome.count(figure);
    assert_eq!((count("heat_trips"), count("heat_trips_again")), (20, 0), "{:?}", told.events);
    let live = column(&told, "hall_live_racks");
    let (before, during, after) = (live[36 * 12 - 1], live[42 * 12], live[50 * 12]);
    assert_eq!((before, after), (20.0, 20.0));
    // Two thirds of the design's capacity, and what water of up to 24 degC adds.
    assert!((13.0..20.0).contains(&during) && during.fract() == 0.0, "{during}");
    let waiting = told.outcome.real("heat_waiting");
    assert!((0.8..1.05).contains(&(waiting / (12.0 * (20.0 - during)))), "{waiting}");
}

/// A bus that fails again and again costs a chiller plant its start and no more.
#[test]
fn a_bus_that_fails_costs_what_a_start_costs() {
    let told = simulate(
        "name: bus\nstart: 2026-07-01T00:00:00Z\nduration: 120 days\nweather: {climate: phoenix}\n\
         output: {interval: 1 h}\npower:\n  utility: {kind: feed, capacity: 5 MW, outages: none}\n\
         \x20 mech: {kind: switchgear, rating: 3 MVA, fed_by: utility, failures: {rate: 6 /year, \
         repair_mean: 2 h}}\ncooling:\n  plant: {kind: chiller-plant, design_heat: 1 MW, \
         supply: 15 degC, chillers: {count: 2}, pumps: {count: 2}, fans: {count: 2}, fed_by: mech}\nracks:\n  hall: \
         {kind: heat-load, power: 1 MW, fed_by: utility, cooled_by: plant, trip_inlet: 40 degC}\n",
        &["power.mech.failures.rate=30 /year"],
    );
    let repaired = events(&told, "repaired", "mech");
    let (trips, back) = (events(&told, "heat-trip", "hall"), events(&told, "heat-restart", "hall"));
    assert!(trips.len() > 4 && trips.len() == back.len(), "{:?}", told.events);
    for (trip, back) in trips.iter().zip(&back) {
        let cause = repaired.iter().map(|(at, _)| *at).filter(|at| *at < back.0);
        let since = cause.fold(trip.0, f64::max);
        assert!(back.0 - since < 45.0 * MINUTE, "{trip:?} {back:?} {since}");
    }
}

/// Racks slow down where two of three chillers have to carry all: one spell, not hundreds.
#[test]
fn racks_on_their_slope_do_not_hunt() {
    let plant = with(
        "kind: chiller-plant, design_heat: 1 MW, supply: 10 degC, pumps: {count: 3}, \
         fans: {count: 3}, chillers: {count: 3, upkeep: {maintenance: \
         [{start: 2026-07-02T12:00:00Z, duration: 4 h}]}}",
    );
    for count in [1, 20] {
        let told = simulate_in(
            38.0,
            &plant,
            &[
                "racks.hall.throttle_inlet=27 degC",
                &format!("racks.hall.count={count}"),
                &format!("racks.hall.power={} kW", 1000 / count),
            ],
        );
        assert!(told.outcome.balanced());
        let slow = events(&told, "heat-slow", "hall");
        assert_eq!(slow.len(), 1, "{:?}", told.events);
        assert_eq!(events(&told, "heat-full", "hall").len(), 1, "{:?}", told.events);
        let counts = ["heat_slow_spells", "heat_hunts", "heat_trips"];
        assert_eq!(counts.map(|figure| told.outcome.count(figure)), [1, 0, 0]);
        let full = events(&told, "heat-full", "hall")[0].0;
        let hours = f64::from(count) * (full - slow[0].0) / 3600.0;
        assert!((told.outcome.real("heat_slow") - hours).abs() < 1e-6, "{hours}");
        assert!(full > NOON_S + 3.9 * 3600.0, "{full}");
    }
}

/// A limit of nothing stops pumps and fans as a dead bus does, whatever stands between.
#[test]
fn lost_power_is_lost_power() {
    let site = "\
name: cut
start: 2026-07-01T00:00:00Z
duration: 2 days
site: {altitude: 0 m}
weather: {csv: air.csv, columns: {dry_bulb: {column: t, unit: degC}, relative_humidity: {column: rh, unit: '%'}}}
output: {interval: 10 s}
power:
  utility: {kind: feed, capacity: 5 MW, outages: none}
  between: {kind: ups, rating: 4 MW, fed_by: utility}
cooling:
  plant: {kind: tower, design_heat: 1 MW, supply: 20 degC, fed_by: between, pumps: {upkeep: {restart: 40 s}}, fans: {upkeep: {restart: 50 s}}}
  cdu: {kind: cdu, design_heat: 1 MW, cooled_by: plant, fed_by: between, pumps: {upkeep: {restart: 30 s}}}
racks:
  hall: {kind: heat-load, count: 4, power: 250 kW, fed_by: between, cooled_by: cdu, trip_inlet: 45 degC}
control: {curtailments: [{start: 2026-07-02T12:00:00Z, duration: 10 min, import: 0 MW}]}
";
    let bare = site
        .replace("  between: {kind: ups, rating: 4 MW, fed_by: utility}\n", "")
        .replace("fed_by: between", "fed_by: utility");
    let [ups, bare] = [site, &bare].map(|site| simulate_in(15.0, site, &[]));
    let row = (36 * 3600 + 600) / 10;
    for told in [&ups, &bare] {
        assert!(told.outcome.balanced());
        let pumps = column(told, "plant_pumps_mw");
        let starts = pumps[row..].iter().position(|w| *w > 0.0).unwrap();
        assert_eq!(starts, 4, "40 s after the end");
        assert_eq!(column(told, "cdu_pumps_mw")[row..].iter().position(|w| *w > 0.0), Some(3));
        assert!(pumps[row - 60..row].iter().all(|w| *w == 0.0));
    }
    let trips =
        |told: &Told| (told.outcome.count("heat_trips"), events(told, "heat-trip", "hall").len());
    assert_eq!(trips(&ups), trips(&bare));
}

/// The air of a rack and its metal do not shrink with its share of the heat: they warm as two
/// masses of 12 and 60 kJ/K with 150 W/K between them, in closed form.
#[test]
fn the_air_of_a_rack_warms_with_its_share_of_the_heat() {
    let site = "\
name: air
start: 2026-07-01T00:00:00Z
duration: 2 days
site: {altitude: 0 m}
weather: {csv: air.csv, columns: {dry_bulb: {column: t, unit: degC}, relative_humidity: {column: rh, unit: '%'}}}
price: {fixed: 35 $/MWh}
output: {interval: 1 min}
power:
  utility: {kind: feed, capacity: 1 MW, outages: none}
cooling:
  chw: {kind: air-cooled-chiller, design_heat: 200 kW, supply: 15 degC, fed_by: utility}
  cdu: {kind: cdu, design_heat: 150 kW, cooled_by: chw, fed_by: utility}
  wall:
    kind: air-handler
    design_heat: 80 kW
    supply: 22 degC
    cooled_by: chw
    fed_by: utility
    fans: {upkeep: {maintenance: [{start: 2026-07-02T12:00:00Z, duration: 10 min, units: 4}]}}
racks:
  gb200: {kind: gb200-nvl72, count: 1, fed_by: utility, cooled_by: cdu, air_cooled_by: wall, liquid_capture: 85 %}
workloads:
  train: {kind: training, racks: gb200, jobs: {kind: resident}, spares: 0, failures: {rate: 0 /day}}
";
    for liquid in [0.5, 0.85, 0.95, 0.99] {
        let told =
            simulate_in(15.0, site, &[&format!("racks.gb200.liquid_capture={} %", 100.0 * liquid)]);
        assert!(told.outcome.balanced());
        let rack_w = 1e6 * column(&told, "it_mw")[36 * 60 - 1];
        let inlet_c = column(&told, "wall_inlet_c")[36 * 60 - 1];
        assert!(rack_w > 100e3 && (inlet_c - 22.0).abs() < 0.01, "{rack_w} {inlet_c}");
        let heat_w = (1.0 - liquid) * rack_w;
        let (air, metal, between) = (12e3, 60e3, 150.0);
        let (all, tau_s) = (air + metal, air * metal / ((air + metal) * between));
        // Of the air above where it began: all warm together, and the air runs ahead.
        let ahead_k = heat_w / between * (metal / all) * (metal / all);
        let rise_k = |t: f64| heat_w * t / all + ahead_k * (1.0 - (-t / tau_s).exp());
        let (mut low, mut high) = (0.0, 1e5);
        for _ in 0..80 {
            let middle = 0.5 * (low + high);
            if rise_k(middle) < 35.0 - inlet_c { low = middle } else { high = middle }
        }
        let slow = events(&told, "heat-slow", "gb200");
        if low > 600.0 {
            assert!(slow.is_empty(), "{liquid}: {slow:?}");
            continue;
        }
        let found = slow[0].0 - NOON_S;
        assert!((found - low).abs() < 0.02, "{liquid}: {found} s for {low} s");
    }
}

/// Heat that arises in a hall on outdoor air warms the cabinets, one for 10 kW, that the air flow of the
/// hall is built for, however it is cooled: two masses in closed form.
#[test]
fn heat_in_a_ventilated_hall_warms_its_cabinets() {
    let site = "\
name: hall
start: 2026-07-01T00:00:00Z
duration: 2 days
site: {altitude: 0 m}
weather: {csv: air.csv, columns: {dry_bulb: {column: t, unit: degC}, relative_humidity: {column: rh, unit: '%'}}}
output: {interval: 1 h}
cooling:
  hall:
    kind: ventilation
    design_heat: 100 kW
    fans:
      count: 4
      free_convection: 0.1 %
      upkeep: {maintenance: [{start: 2026-07-02T12:00:00Z, duration: 10 min, units: 4}]}
racks:
  load: {kind: heat-load, power: 80 kW, cooled_by: hall, trip_inlet: 55 degC}
";
    let told = simulate_in(20.0, site, &[]);
    assert!(told.outcome.balanced());
    let inlet_c = column(&told, "hall_inlet_c")[35];
    let (heat_w, air, metal, between) = (8e3, 12e3, 60e3, 150.0);
    let (all, tau_s) = (air + metal, air * metal / ((air + metal) * between));
    let ahead_k = heat_w / between * (metal / all) * (metal / all);
    let rise_k = |t: f64| heat_w * t / all + ahead_k * (1.0 - (-t / tau_s).exp());
    let tripped = events(&told, "heat-trip", "load");
    let after_s = tripped[0].0 - NOON_S;
    assert!((rise_k(after_s) / (55.0 - inlet_c) - 1.0).abs() < 0.02, "{after_s} {inlet_c}");
    // With its fans back the hall takes it again.
    assert_eq!(column(&told, "load_live_racks")[47], 1.0);
}
