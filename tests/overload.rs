//! Plants at their limits and beyond, and starved ones: what they draw, carry, evaporate and say.

use super::exchangers::simulate_in;
use super::support::{Bench, Told, column, simulate_file};

/// A chilled-water plant of two megawatts, alone.
const PLANT: &str = "\
name: plant
start: 2026-07-01T00:00:00Z
duration: 1 day
site: {altitude: 0 m}
weather: {csv: air.csv, columns: {dry_bulb: {column: t, unit: degC}, relative_humidity: {column: rh, unit: '%'}}}
output: {interval: 15 min}
cooling:
  plant: {kind: chiller-plant, design_heat: 2 MW, chillers: {count: 2}, fans: {count: 2}, supply: 10 degC}
racks:
  hall: {kind: heat-load, power: 2 MW, cooled_by: plant}
";

fn balances(told: &Told) {
    for book in &told.outcome.books {
        assert!(book.balanced, "{}", loadbank::report::text::book(book));
    }
}

/// Sum of a column of rows that are `hours` long.
fn amount(told: &Told, name: &str, hours: f64) -> f64 {
    column(told, name).iter().sum::<f64>() * hours
}

fn warmest(told: &Told, name: &str) -> f64 {
    column(told, name).into_iter().fold(f64::NEG_INFINITY, f64::max)
}

/// More heat never draws less: from its limit on a plant draws that, the water warms until it boils,
/// and the outcome says for how long that was beyond what any equipment bears.
#[test]
fn a_plant_beyond_its_limit_draws_its_limit() {
    let mut before_mwh = 0.0;
    let mut drawn = Vec::new();
    for power in ["1.5 MW", "2 MW", "2.4 MW", "2.8 MW", "3.2 MW", "4 MW", "8 MW"] {
        let told = simulate_in(30.0, PLANT, &[&format!("racks.hall.power={power}")]);
        balances(&told);
        let chillers_mwh = told.outcome.real("cooling.plant.chillers_mwh");
        assert!(chillers_mwh >= before_mwh - 1e-9, "{power}: {chillers_mwh} {before_mwh}");
        before_mwh = chillers_mwh;
        drawn.push(chillers_mwh);
        assert!(warmest(&told, "plant_inlet_c") <= 100.0 + 1e-6);
        assert!(warmest(&told, "plant_supply_c") <= 100.0 + 1e-6);
        let hot_h = told.outcome.real("halls.hall.overheated_rack_h");
        let by_k = told.outcome.real("halls.hall.overheated_by_k");
        let beyond = ["3.2 MW", "4 MW", "8 MW"].contains(&power);
        assert_eq!(hot_h > 20.0, beyond, "{power}: {hot_h}");
        assert_eq!(by_k > 29.9, beyond, "{power}: {by_k}");
        // What is beyond any equipment is said before the figures.
        let said = told.outcome.notes.iter().find(|note| note.code == "overheated");
        assert_eq!(said.map(|note| note.value), (hot_h > 0.0).then_some(hot_h), "{power}");
    }
    let [.., third, second, last] = drawn[..] else { panic!() };
    assert!((third / last - 1.0).abs() < 0.01 && (second / last - 1.0).abs() < 0.01, "{drawn:?}");
}

/// With a trip the racks stop there; the plant brings the water back, and they come again as soon
/// as it can carry them.
#[test]
fn racks_of_an_overloaded_plant_trip_and_come_back() {
    let by_hour = [[1.0; 12], [0.5; 12]].concat();
    let profile = format!("racks.hall.daily_profile={by_hour:?}");
    let sets = ["racks.hall.power=3.2 MW", "racks.hall.trip_inlet=40 degC", &*profile];
    let told = simulate_in(30.0, PLANT, &sets);
    balances(&told);
    assert_eq!(told.outcome.real("halls.hall.heat_trips"), 1.0);
    assert!(warmest(&told, "plant_inlet_c") < 40.0 + 1e-3);
    let live = column(&told, "hall_live_racks");
    assert_eq!((live[4 * 6], live[4 * 11], live[4 * 13]), (0.0, 0.0, 1.0), "{live:?}");
    assert_eq!(told.outcome.real("halls.hall.overheated_rack_h"), 0.0);
}

/// The fans of the tower stop at noon, for four hours. Its water warms with its mass (two minutes
/// of its flow) until the pressure in the condensers unloads the chillers, and no further; the racks
/// trip on what these no longer carry; all is well again in the evening.
#[test]
fn a_tower_without_fans_unloads_its_chillers() {
    let out = "cooling.plant.fans.upkeep.maintenance=[{start: '2026-07-01T12:00:00Z', duration: 4 h, units: 2}]";
    let sets = [
        out,
        "cooling.plant.condenser.water_flow=100 kg/s",
        "cooling.plant.fans.free_convection=0.1 %",
        "racks.hall.trip_inlet=40 degC",
        "output.interval=1 min",
    ];
    let told = simulate_in(38.0, PLANT, &sets);
    balances(&told);
    let at = |what: &str| {
        let line = told.events.iter().find(|line| line.contains(what));
        let line = line.unwrap_or_else(|| panic!("no {what} in {:?}", told.events));
        line.split(' ').next().unwrap().parse::<f64>().unwrap() * 1e-9
    };
    let tower = column(&told, "plant_device_c");
    let noon = 12 * 60;
    // Beyond the trip of the chillers only the condenser pumps warm it.
    let pumps_mw = warmest(&told, "plant_pumps_mw");
    let most_c = 57.5 + pumps_mw * 1e6 * 4.0 * 3600.0 / (120.0 * 100.0 * 4186.0);
    assert!(tower.iter().all(|c| *c < most_c), "{} {most_c}", warmest(&told, "plant_device_c"));
    assert!(tower[noon..noon + 60].iter().any(|c| *c > 47.0));
    // Nearly all of the heat of racks, pumps and compressors stays in 12 t of water until the
    // chillers unload.
    let started = tower[noon - 1];
    let heat_mw = column(&told, "plant_heat_mw")[noon - 1];
    let (pumps, chillers) = (column(&told, "plant_pumps_mw"), column(&told, "plant_chillers_mw"));
    let per_minute =
        60.0 * (heat_mw + pumps[noon] + 0.5 * (chillers[noon] + chillers[noon + 4])) * 1e6;
    let warms_k = per_minute / (120.0 * 100.0 * 4186.0);
    let unloads_s = at("head-unload") - 12.0 * 3600.0;
    let level_c = started + warms_k * unloads_s / 60.0;
    // Full load condenses at 54.7 degC from 47.7 degC on, less where more than the reference
    // capacity is carried.
    assert!((45.0..49.0).contains(&level_c), "{started} {warms_k} {unloads_s}: {level_c}");
    assert!(at("heat-trip hall") > at("head-unload"));
    let evening = 20 * 60;
    let supply = column(&told, "plant_supply_c");
    assert!((supply[evening] - supply[noon - 1]).abs() < 1e-3, "{supply:?}");
    assert!((tower[evening] - started).abs() < 0.1, "{} {started}", tower[evening]);
    assert!(told.outcome.real("halls.hall.availability") > 0.8);
}

/// No condenser water to speak of: the chillers trip on their pressure, rest, and start again and
/// again; with the pumps back they stay.
#[test]
fn chillers_that_trip_on_pressure_come_back() {
    let out = "cooling.plant.pumps.upkeep.maintenance=[{start: '2026-07-01T06:00:00Z', duration: 3 h, units: 99}]";
    let told = simulate_in(30.0, PLANT, &[out, "cooling.plant.pumps.count=100"]);
    balances(&told);
    let count = |what: &str| told.events.iter().filter(|line| line.contains(what)).count();
    assert!(count("head-trip") >= 1 && count("head-reset") >= 1, "{:?}", told.events);
    let supply = column(&told, "plant_supply_c");
    assert!((supply[80] - 10.0).abs() < 1e-6, "{supply:?}");
}

/// While the tower of a chiller plant has no water the chilled water goes round: its pumps draw, what
/// returns is no colder than what is supplied, nothing goes to the weather, and it warms at the rate
/// of its own 2.9 L and the 0.5 L behind its approach per kilowatt.
#[test]
fn rows_of_a_standing_plant_agree() {
    let water =
        "cooling.plant.water.main={outages: [{start: '2026-07-01T12:00:00Z', duration: 4 h}]}";
    let told = simulate_in(30.0, PLANT, &[water, "output.interval=1 min"]);
    balances(&told);
    let rows = |name: &str| column(&told, name)[12 * 60 + 1..16 * 60 - 1].to_vec();
    let before = |name: &str| column(&told, name)[12 * 60 - 2];
    let (supply, returning) = (rows("plant_supply_c"), rows("plant_return_c"));
    assert!(supply.iter().zip(&returning).all(|(s, r)| *r >= s - 1e-9), "{supply:?} {returning:?}");
    let pumps = rows("plant_pumps_mw");
    // Those of chilled water alone: 200 kPa over what warms by 5.56 K, at 70 %.
    let chilled_mw = 2.0 / (4186.0 * 5.56) / 998.2 * 200e3 / 0.7;
    assert!(pumps.iter().all(|mw| (mw / chilled_mw - 1.0).abs() < 0.01), "{pumps:?} {chilled_mw}");
    assert!(before("plant_pumps_mw") > 1.5 * chilled_mw);
    for name in
        ["plant_rejected_mw", "plant_chillers_mw", "plant_evaporation_m3_per_h", "plant_fans_mw"]
    {
        assert!(rows(name).iter().all(|value| *value == 0.0), "{name}: {:?}", rows(name));
    }
    assert!(rows("plant_heat_mw").iter().all(|mw| (*mw - 2.0).abs() < 1e-9));
    let capacity_mj_k = 2e3 * (2.9 + 0.5) * 1e-3 * 998.2 * 4186.0 * 1e-6;
    let per_minute_k = (2.0 + chilled_mw) * 60.0 / capacity_mj_k;
    let (early, late) = (supply[3], supply[8]);
    assert!(
        ((late - early) / 5.0 / per_minute_k - 1.0).abs() < 0.01,
        "{early} {late} {per_minute_k}"
    );
    // Until it boils.
    assert!(supply.iter().rev().take(60).all(|c| (c - 100.0).abs() < 1e-6), "{supply:?}");
}

/// A loop short of power rejects what reaches its water, and evaporates for that: about 0.9 to 1.5 L
/// per kilowatt-hour in any weather.
#[test]
fn a_starved_tower_evaporates_for_the_heat_that_it_gets() {
    let text = PLANT
        .replace("{kind: chiller-plant, design_heat: 2 MW, chillers: {count: 2}, fans: {count: 2}, supply: 10 degC}", "{kind: tower, design_heat: 1 MW, fed_by: mech}")
        .replace("power: 2 MW, cooled_by: plant", "power: 1 MW, fed_by: u, cooled_by: plant, trip_inlet: 45 degC")
        .replace("cooling:", "power:\n  u: {kind: feed, capacity: 10 MW}\n  mech: {kind: switchgear, fed_by: u, rating: 5 kVA}\ncooling:");
    let told = simulate_in(30.0, &text, &[]);
    balances(&told);
    let of = |name: &str| told.outcome.real(&format!("cooling.plant.{name}"));
    let given_mwh = of("heat_mwh") + of("pumps_mwh");
    let rejected_mwh = amount(&told, "plant_rejected_mw", 0.25);
    assert!(told.outcome.real("halls.hall.heat_trips") > 10.0 && given_mwh < 12.0, "{given_mwh}");
    assert!(told.outcome.books.iter().any(|book| book.ledger.amount() == "evaporation"));
    // What the water holds at the end is a fraction of a megawatt-hour.
    assert!((rejected_mwh / given_mwh - 1.0).abs() < 0.05, "{rejected_mwh} {given_mwh}");
    let l_per_kwh = of("water.evaporation_m3") / rejected_mwh;
    assert!((0.9..1.6).contains(&l_per_kwh), "{l_per_kwh}");
    let evaporated = amount(&told, "plant_evaporation_m3_per_h", 0.25);
    assert!((evaporated / of("water.evaporation_m3") - 1.0).abs() < 1e-9);
}

/// No more heat goes past the chillers than the racks and the pumps have given.
#[test]
fn a_starved_economiser_carries_no_more_than_the_heat() {
    let text = PLANT
        .replace("chillers: {count: 2}, fans: {count: 2}, supply: 10 degC}", "fed_by: mech, economiser: {}}")
        .replace("design_heat: 2 MW", "design_heat: 300 kW")
        .replace("power: 2 MW, cooled_by: plant", "power: 270 kW, fed_by: u, cooled_by: plant, trip_inlet: 45 degC")
        .replace("cooling:", "power:\n  u: {kind: feed, capacity: 900 kW}\n  mech: {kind: switchgear, fed_by: u, rating: 3 kVA}\ncooling:");
    let told = simulate_in(2.0, &text, &[]);
    balances(&told);
    assert!(told.outcome.books.iter().any(|book| book.ledger.amount() == "free cooling"));
    let of = |name: &str| told.outcome.real(&format!("cooling.plant.{name}"));
    let given_mwh = of("heat_mwh") + of("pumps_mwh");
    let economised = of("economiser_mwh");
    assert!(
        economised > 0.5 * given_mwh && economised <= 1.01 * given_mwh,
        "{economised} {given_mwh}"
    );
    let l_per_kwh = of("water.evaporation_m3") / amount(&told, "plant_rejected_mw", 0.25);
    assert!((0.2..1.6).contains(&l_per_kwh), "{l_per_kwh}");
}

/// A plant with an economiser and a tank, whose racks give a hundredth of what it is for. All
/// chillers are away from eleven to three, and at noon the weather turns from 2 to 25 degC: nothing
/// but pumps then warms the tower's water, which comes to be warmer than the chilled water. The
/// economiser brings none of that heat back: the tank warms by what racks and pumps give it.
#[test]
fn an_economiser_does_not_warm_what_it_cools() {
    let text = PLANT
        .replace("duration: 1 day", "duration: 15 h")
        .replace("output: {interval: 15 min}", "output: {interval: 5 min}")
        .replace("power: 2 MW", "power: 20 kW")
        .replace(
            "chillers: {count: 2}",
            "economiser: {}, buffer: 100 m3, chillers: {count: 2, upkeep: {maintenance: \
             [{start: 2026-07-01T11:00:00Z, duration: 4 h, units: 2}]}}",
        );
    let bench = Bench::new();
    let hours = (0..16).map(|hour| {
        let dry_bulb_c = if hour < 12 { 2 } else { 25 };
        format!("2026-07-01T{hour:02}:00Z,{dry_bulb_c},60\n")
    });
    bench.file("air.csv", "at,t,rh\n".to_owned() + &hours.collect::<String>());
    let told = simulate_file(&bench.file("plant.yaml", text), &[]);
    balances(&told);
    let [supply_c, tower_c, heat_mw, pumps_mw, economiser_mw] =
        ["supply_c", "device_c", "heat_mw", "pumps_mw", "economiser_mw"]
            .map(|name| column(&told, &format!("plant_{name}")));
    assert!(economiser_mw[..144].iter().all(|mw| *mw > 0.0), "free before noon");
    let least_mw = economiser_mw.iter().copied().fold(0.0, f64::min);
    assert!(least_mw > -1e-9, "{least_mw}");
    // The last of the three hours without chillers.
    let hour = 168..180;
    let warmer = hour.clone().all(|n| tower_c[n] > supply_c[n] + 1.0);
    assert!(warmer, "{:?} {:?}", &tower_c[hour.clone()], &supply_c[hour.clone()]);
    assert!(hour.clone().all(|n| economiser_mw[n].abs() < 1e-12));
    // Of two alike hours: 100 m3 of the tank and 2.9 L a kilowatt of the loop.
    let capacity_mwh_k = (100.0 + 2.9e-3 * 2000.0) * 1000.0 * 4186.0 / 3.6e9;
    let given_mwh = |share: f64| -> f64 {
        hour.clone().map(|n| (heat_mw[n] + share * pumps_mw[n]) * 5.0 / 60.0).sum()
    };
    let held_mwh = (supply_c[hour.end - 1] - supply_c[hour.start]) * capacity_mwh_k * 12.0 / 11.0;
    assert!(
        (0.98 * given_mwh(0.0)..1.02 * given_mwh(1.0)).contains(&held_mwh),
        "{held_mwh} {} {}",
        given_mwh(0.0),
        given_mwh(1.0)
    );
}

/// A hall on outdoor air of 31 degC beside a coil that is to hold 27 degC: its racks stop, and so do
/// the pumps behind the coil. It cools to the weather, which is all that there is, and no further.
#[test]
fn outdoor_air_cools_no_hall_below_itself() {
    let text = "\
name: hall
start: 2026-07-01T00:00:00Z
duration: 12 h
site: {altitude: 0 m}
weather: {csv: air.csv, columns: {dry_bulb: {column: t, unit: degC}, relative_humidity: {column: rh, unit: '%'}}}
output: {interval: 5 min}
cooling:
  cooler:
    kind: dry-cooler
    design_heat: 1 MW
    supply: 30 degC
    pumps: {count: 1, upkeep: {maintenance: [{start: 2026-07-01T06:00:00Z, duration: 6 h, units: 1}]}}
  wall: {kind: air-handler, design_heat: 1 MW, cooled_by: cooler, outside_air: {class: a2, warmest: 27 degC}}
racks:
  hall: {kind: heat-load, power: 1 MW, cooled_by: wall, daily_profile: [1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0]}
";
    let told = simulate_in(31.0, text, &[]);
    balances(&told);
    let (inlet_c, outside_mw) = (column(&told, "wall_inlet_c"), column(&told, "wall_outside_mw"));
    let partial = column(&told, "wall_partial");
    assert!(partial.iter().all(|share| *share == 1.0), "the weather asks for both");
    assert!(outside_mw[..72].iter().all(|mw| *mw > 0.1) && inlet_c[71] > 31.0, "{}", inlet_c[71]);
    let coldest_c = inlet_c.iter().copied().fold(f64::INFINITY, f64::min);
    assert!(coldest_c > 31.0 - 1e-3, "{coldest_c}");
    assert!((inlet_c[143] - 31.0).abs() < 0.5, "{}", inlet_c[143]);
    let least_mw = outside_mw.iter().copied().fold(f64::INFINITY, f64::min);
    assert!(least_mw >= -1e-9, "{least_mw}");
}

/// A hall without its fans keeps its heat until it boils. What cools its coolant, short of the heat that the
/// racks give, gets nothing of it any more: it brings the coolant down to what is wanted and stops. A plant out of
/// balance is looked at again after a tenth of its way to rest, 9 K here from 10 to 100 degC, which it may pass
/// that by; pumps warm it again by as much before its chillers are back.
#[test]
fn what_gets_no_heat_cools_no_further_than_wanted() {
    for (plant, wanted_c) in [
        ("air-cooled-chiller, supply: 10 degC, chillers: {count: 4}", 10.0),
        ("chiller-plant, supply: 10 degC, chillers: {count: 2}, fans: {count: 2}", 10.0),
        ("dry-cooler, supply: 30 degC", 30.0),
    ] {
        let text = format!(
            "\
name: hall
start: 2026-07-01T00:00:00Z
duration: 1 day
site: {{altitude: 0 m}}
weather: {{csv: air.csv, columns: {{dry_bulb: {{column: t, unit: degC}}, relative_humidity: {{column: rh, unit: '%'}}}}}}
output: {{interval: 1 min}}
cooling:
  plant: {{kind: {plant}, design_heat: 2 MW}}
  wall:
    kind: air-handler
    design_heat: 2 MW
    cooled_by: plant
    fans: {{count: 1, upkeep: {{maintenance: [{{start: 2026-07-01T02:00:00Z, duration: 20 h}}]}}}}
racks:
  hall: {{kind: heat-load, power: 4 MW, cooled_by: wall}}
"
        );
        let told = simulate_in(5.0, &text, &[]);
        balances(&told);
        let supply_c = column(&told, "plant_supply_c");
        let coldest_c = supply_c.iter().copied().fold(f64::INFINITY, f64::min);
        assert!(coldest_c > wanted_c - 10.0, "{plant}: {coldest_c} degC");
        let last_c = supply_c[22 * 60 - 1];
        assert!((last_c - wanted_c).abs() < 10.0, "{plant}: {last_c} degC");
        assert!(told.events.len() < 1000, "{plant}: {} events", told.events.len());
    }
}

/// Fans of variable speed turn only while the supply is at its setpoint or above.
#[test]
fn fans_of_a_dry_cooler_rest_below_the_setpoint() {
    let text = PLANT
        .replace(
            "{kind: chiller-plant, design_heat: 2 MW, chillers: {count: 2}, fans: {count: 2}, supply: 10 degC}",
            "{kind: dry-cooler, design_heat: 1 MW, range: 10 K, supply: 30 degC, cooler: {design_supply: 40 degC}, minimum_supply: 2 degC}",
        )
        .replace("power: 2 MW", "power: 1 MW");
    let mut turned = 0;
    for dry_bulb_c in [-20.0, -8.0, -4.0, 0.0, 4.0, 8.0, 12.0, 16.0, 20.0, 26.0] {
        let told = simulate_in(dry_bulb_c, &text, &["duration=2 h"]);
        let (fans, supply) = (column(&told, "plant_fans_mw"), column(&told, "plant_supply_c"));
        for (fans, supply) in fans.iter().zip(&supply).skip(4) {
            assert!(*fans == 0.0 || *supply > 30.0 - 1e-3, "{dry_bulb_c}: {fans} {supply}");
            turned += usize::from(*fans > 0.0);
        }
    }
    assert!(turned > 12, "{turned}");
}

/// A tower that runs dry every day: its water warms no further than it boils, so that a year is
/// some tens of thousands of instants, not millions.
#[test]
fn a_tower_that_runs_dry_every_day_ends() {
    let sets =
        ["cooling.plant.water={basin: 20 m3, main: {daily_limit: 60 m3}}", "duration=20 days"];
    let told = simulate_in(35.0, PLANT, &sets);
    balances(&told);
    assert!(told.outcome.real("cooling.plant.without_water_h") > 20.0);
    assert!(told.outcome.site_events < 20_000, "{}", told.outcome.site_events);
}

/// A heat load that nothing stops is warned about.
#[test]
fn a_load_without_a_trip_is_warned_about() {
    let bench = super::support::Bench::new();
    let text = PLANT.replace("weather: {csv: air.csv, columns: {dry_bulb: {column: t, unit: degC}, relative_humidity: {column: rh, unit: '%'}}}", "weather: {climate: phoenix}");
    let said = |text: &str| {
        let path = bench.file("plant.yaml", text);
        let reading = loadbank::scenario::read_scenario(&path, &[]);
        reading.diagnostics.render(&reading.files, false)
    };
    assert!(said(&text).contains("nothing stops this load"), "{}", said(&text));
    let with = text.replace("cooled_by: plant}", "cooled_by: plant, trip_inlet: 40 degC}");
    assert!(!said(&with).contains("nothing stops this load"));
}
