//! Liquid-to-air units: what stands behind the air handler of a hall.

use super::check::findings;
use super::exchangers::simulate_in;
use super::support::{Told, column};

/// 400 kW of liquid-cooled racks on liquid-to-air units, in a hall whose air handler stands on a dry
/// cooler of 20 degC.
const HALL: &str = "\
name: hall
start: 2026-07-01T00:00:00Z
duration: 6 h
site: {altitude: 0 m}
weather: {csv: air.csv, columns: {dry_bulb: {column: t, unit: degC}, relative_humidity: {column: rh, unit: '%'}}}
price: {fixed: 40 $/MWh}
output: {interval: 1 h}
power:
  utility: {kind: feed, capacity: 3 MW, outages: none}
  it: {kind: switchgear, fed_by: utility}
  mech: {kind: switchgear, fed_by: utility}
cooling:
  water: {kind: bac-dry-cooler, design_heat: 0.7 MW, supply: 20 degC, cooler: {design_supply: 45 degC}, fed_by: mech}
  wall: {kind: air-handler, design_heat: 600 kW, cooled_by: water, fed_by: mech}
  unit-{1..2}: {kind: air-cdu, design_heat: 200 kW, approach: 12 K, cooled_by: wall, fed_by: mech}
racks:
  racks:
    kind: gb200-nvl72
    coolant: {share: 80 %}
    count: 4
    fed_by: it
    cooled_by: unit-{1..2}
    air_cooled_by: wall
workloads:
  train: {kind: training, racks: racks, price: 2 $/h, jobs: {kind: resident}, spares: 0, failures: {rate: 0 /day}}
";

fn simulate(sets: &[&str]) -> Told {
    simulate_in(5.0, HALL, sets)
}

fn last(told: &Told, name: &str) -> f64 {
    *column(told, name).last().expect("a run has rows")
}

/// A counterflow exchanger of two equal films that fall with `flow^0.8`, as its effectiveness and number of
/// transfer units say it: kelvins between what it takes its air from and its coolant's supply.
fn above_air_k(
    heat_w: f64,
    (design_w, approach_k): (f64, f64),
    (hot_w_k, air_w_k): (f64, f64),
) -> f64 {
    let effectiveness = |ua: f64, c_hot: f64, c_air: f64| {
        let (least, most) = (c_hot.min(c_air), c_hot.max(c_air));
        let (c, ntu) = (least / most, ua / least);
        if (1.0 - c).abs() < 1e-12 {
            return ntu / (1.0 + ntu);
        }
        let e = (-ntu * (1.0 - c)).exp();
        (1.0 - e) / (1.0 - c * e)
    };
    let above = |ua: f64, heat_w: f64, air: f64| {
        let c_air = air * air_w_k;
        let k = effectiveness(ua, hot_w_k, c_air) * hot_w_k.min(c_air);
        heat_w / k - heat_w / hot_w_k
    };
    // The conductance that gives the approach of the design, by bisection.
    let (mut low, mut high) = (1.0, 1e9_f64);
    for _ in 0..200 {
        let middle = (low * high).sqrt();
        if above(middle, design_w, 1.0) > approach_k { low = middle } else { high = middle }
    }
    // Fans follow the heat of the racks: one film gets thicker.
    let air = heat_w / design_w;
    let ua = 2.0 * low / (1.0 + air.powf(-0.8));
    above(ua, heat_w, air)
}

#[test]
fn coolant_is_above_the_air_of_the_hall_by_what_its_coil_needs() {
    let told = simulate(&[]);
    assert!(told.outcome.balanced());
    let heat_w = 1e6 * last(&told, "unit-{1..2}_heat_mw") / 2.0;
    let pumps_w = 1e6 * last(&told, "unit-{1..2}_pumps_mw") / 2.0;
    assert!(heat_w > 100e3 && pumps_w > 5e3, "{heat_w} {pumps_w}");
    // PG25 at 1.5 L/min and air at 55.6 L/s a kilowatt.
    let hot_w_k = 1.5e-3 / 60.0 * 200.0 * 1030.0 * 3900.0;
    let air_w_k = 200.0 / 150.0 * 17_658.0 * 0.3048_f64.powi(3) / 60.0 * 1.2 * 1006.0;
    let (wall, unit) = (last(&told, "wall_inlet_c"), last(&told, "unit-{1..2}_inlet_c"));
    // Fans follow the heat of the racks; what passes the coil is that of pumps and fans too.
    let of_racks = above_air_k(heat_w, (200e3, 12.0), (hot_w_k, air_w_k));
    let all = of_racks * (heat_w + pumps_w) / heat_w;
    assert!((unit - wall - all).abs() < 0.01, "{unit} {wall} {all}");
}

#[test]
fn the_air_handler_has_the_heat_of_all_that_stand_in_its_hall() {
    let told = simulate(&[]);
    let (it, unit) = (last(&told, "it_mw"), last(&told, "unit-{1..2}_heat_mw"));
    let pumps = last(&told, "unit-{1..2}_pumps_mw");
    assert!((unit - 0.8 * it).abs() < 1e-9, "{unit} {it}");
    let wall = last(&told, "wall_heat_mw");
    assert!((wall - (it + pumps)).abs() < 1e-9, "{wall} {it} {pumps}");
    let water = last(&told, "water_heat_mw");
    assert!((water - (wall + last(&told, "wall_fans_mw"))).abs() < 1e-9, "{water} {wall}");
    // The same racks on the water itself leave the air of the hall colder.
    let direct = HALL
        .replace("kind: air-cdu", "kind: cdu")
        .replace("cooled_by: wall, fed", "cooled_by: water, fed");
    let direct = simulate_in(5.0, &direct, &[]);
    assert!(direct.outcome.balanced());
    let colder = last(&told, "wall_inlet_c") - last(&direct, "wall_inlet_c");
    assert!(colder > 1.0, "{colder}");
    assert!(last(&direct, "wall_heat_mw") < 0.3 * wall);
}

/// Heat that nothing carries off any more warms the air and, behind it, the coolant: the books hold, and the
/// racks trip on one or the other.
#[test]
fn books_hold_while_parts_of_the_way_are_lost() {
    let bus = "  bus: {kind: switchgear, fed_by: utility, failures: {rate: 24 /day, repair_mean: 20 min}}\n";
    for on_bus in
        ["cooling.wall.fed_by=bus", "cooling.unit-{1..2}.fed_by=bus", "cooling.water.fed_by=bus"]
    {
        let text = HALL.replace("cooling:\n", &[bus, "cooling:\n"].concat());
        let told = simulate_in(5.0, &text, &[on_bus, "duration=3 days"]);
        assert!(told.outcome.balanced(), "{on_bus}");
        assert!(told.outcome.count("heat_trips") > 0, "{on_bus}: {:?}", told.events);
        assert!(told.events.iter().any(|event| event.contains("heat-restart")), "{on_bus}");
    }
}

#[test]
fn only_air_handlers_take_the_heat_of_a_liquid_to_air_unit() {
    let weather = HALL.lines().find(|line| line.starts_with("weather:")).expect("it has weather");
    let hall = HALL.replace(weather, "weather: {climate: nordic}");
    let on_water = hall.replace("cooled_by: wall, fed", "cooled_by: water, fed");
    let expected = "15:80 cooling.unit-{1..2}.cooled_by: `water` is not the name of an air handler of `cooling`";
    let found = findings(&on_water);
    assert!(found.iter().any(|said| said == expected), "{found:?}");
    let open =
        findings(&hall.replace(
            "600 kW, cooled_by: water",
            "600 kW, outside_air: {class: a2}, cooled_by: water",
        ));
    assert!(open.iter().any(|said| said.contains("cooled_by: lets outdoor air in")), "{open:?}");
    let small = findings(&hall.replace("design_heat: 600 kW", "design_heat: 300 kW"));
    let expected = "`wall` is built for 300 kW of heat, the racks behind it give up to";
    assert!(small.iter().any(|said| said.contains(expected)), "{small:?}");
}
