//! Cooling loops held against published points and the laws of conservation.

use std::io::Read as _;
use std::path::PathBuf;

use proptest::prelude::*;

use super::circuit::Stream;
use super::dry_cooler::{CATALOGUE, ua_factor};
use super::exchange::{counterflow, crossflow, inlet_conductance};
use super::staging::Operation;
use super::tower::{TowerPoint, TowerSink};
use super::*;
use crate::fluids::{MoistAir, saturated_enthalpy_j_kg, water::CP_WATER};
use crate::spec::{Fault, Severity};

mod chillers;
mod control;
mod fluid_cooler;
mod hybrid;
mod outside_air;
mod pads;
mod reference;
mod specs;
mod trim;

/// Columns of a CSV of the test data (plain or gzip), or `None` where the data are not at hand.
pub(super) fn table(path: &str, columns: &[&str]) -> Option<Vec<Vec<f64>>> {
    let text = data_file(path)?;
    let mut lines = text.lines();
    let header: Vec<&str> = lines.next().unwrap().split(',').collect();
    let places: Vec<usize> =
        columns.iter().map(|c| header.iter().position(|h| h == c).unwrap()).collect();
    let row = |line: &str| {
        let cells: Vec<&str> = line.split(',').collect();
        places.iter().map(|&i| cells[i].parse().unwrap()).collect()
    };
    Some(lines.map(row).collect())
}

/// A column of words of a CSV of the test data.
pub(super) fn text_column(path: &str, column: &str) -> Option<Vec<String>> {
    let text = data_file(path)?;
    let mut lines = text.lines();
    let place = lines.next().unwrap().split(',').position(|h| h == column).unwrap();
    Some(lines.map(|line| line.split(',').nth(place).unwrap().to_owned()).collect())
}

/// The text of a file of the test data (plain or gzip).
fn data_file(path: &str) -> Option<String> {
    let root = std::env::var_os("LOADBANK_DATA").map_or_else(
        || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared/data"),
        PathBuf::from,
    );
    let Ok(bytes) = std::fs::read(root.join(path)) else {
        #[expect(clippy::print_stderr, reason = "a test says that it was skipped")]
        {
            eprintln!("skipped: no data");
        }
        return None;
    };
    let mut text = String::new();
    if path.ends_with(".gz") {
        flate2::read::GzDecoder::new(&bytes[..]).read_to_string(&mut text).unwrap();
    } else {
        text = String::from_utf8(bytes).unwrap();
    }
    Some(text)
}

/// Water leaving a tower by the textbook's way: guess the heat, iterate the leaving wet bulb.
fn textbook_heat_w(ua: f64, air_kg_s: f64, water_w_k: f64, entering_c: f64, air: &MoistAir) -> f64 {
    let (wet_bulb, p) = (air.wet_bulb_c(), air.pressure_pa);
    let mut leaving = wet_bulb + 5.0;
    let mut heat = 0.0;
    for _ in 0..200 {
        let cpe = (saturated_enthalpy_j_kg(leaving, p) - saturated_enthalpy_j_kg(wet_bulb, p))
            / (leaving - wet_bulb);
        let cpa = 1006.0 + 1860.0 * air.humidity_ratio;
        let conductance = inlet_conductance(counterflow, ua * cpe / cpa, water_w_k, air_kg_s * cpe);
        heat = conductance * (entering_c - wet_bulb);
        let next = 0.5 * (leaving + wet_bulb + heat / (air_kg_s * cpe));
        if (next - leaving).abs() < 1e-10 {
            break;
        }
        leaving = next;
    }
    heat
}

pub(super) fn loop_of(json: &str) -> CoolingLoop {
    let mut faults = Vec::new();
    let spec: CoolingSpec = serde_json::from_str(json).unwrap();
    let CoolingPart::Loop(design) = spec.resolve(&mut faults) else { panic!("no loop: {json}") };
    assert!(faults.iter().all(|f| f.severity == Severity::Warning), "{faults:?}");
    CoolingLoop::new(&design)
}

fn tower() -> CoolingLoop {
    loop_of(r#"{"tower": {"design_heat": "10 MW", "supply": "24 degC", "fed_by": ["a"]}}"#)
}

fn dry_cooler() -> CoolingLoop {
    loop_of(
        r#"{"dry-cooler": {"design_heat": "10 MW", "coolant": "pg25", "range": "10 K",
            "fed_by": ["a"]}}"#,
    )
}

fn hall() -> CoolingLoop {
    loop_of(
        r#"{"ventilation": {"design_heat": "10 MW", "fed_by": ["a"], "minimum_inlet": "5 degC"}}"#,
    )
}

fn hydronic(plant: &CoolingLoop) -> HydronicDesign {
    let LoopDesign::Hydronic(design) = plant.design() else { panic!() };
    *design
}

/// Holds what the loop is said to carry with coolant of `supply_c` against where its coolant settles: with a
/// little less heat no warmer than that, with a little more no colder.
fn carries_what_settles_at(
    plant: &CoolingLoop,
    supply_c: f64,
    air: &MoistAir,
    drive: Drive,
) -> Result<(), TestCaseError> {
    let design = hydronic(plant);
    // With the slack that a loop at its setpoint is given.
    let c = supply_c + 1e-4;
    let carried_w = plant.capacity_w(supply_c, air, drive);
    let settles_c = |heat_w: f64| design.supply_c(heat_w, air, &drive);
    let near_w = 1e-4 * design.design_heat_w;
    if carried_w > near_w {
        let less_c = settles_c(carried_w - near_w);
        prop_assert!(less_c.is_some_and(|it| it <= c + 1e-6), "{less_c:?} with {carried_w} at {c}");
    }
    if carried_w < 8.0 * design.design_heat_w {
        let more_c = settles_c(carried_w + near_w);
        prop_assert!(more_c.is_none_or(|it| it >= c - 1e-6), "{more_c:?} with {carried_w} at {c}");
    }
    Ok(())
}

fn weather(t: f64, rh: f64) -> MoistAir {
    MoistAir::from_relative_humidity(t, rh, 101_325.0)
}

#[test]
fn fans_hold_the_setpoint_and_no_more() {
    let tower = tower();
    let cool = tower.solve(8e6, &weather(15.0, 0.6), Drive::FULL);
    assert!((cool.supply_c - 24.0).abs() < 1e-5 && !cool.saturated);
    assert!(cool.fan_speed > 0.2 && cool.fan_speed < 1.0);
    assert!((cool.rack_inlet_c - cool.supply_c - 4.0 * 0.8).abs() < 1e-9);
    let mild = tower.solve(8e6, &weather(20.0, 0.6), Drive::FULL);
    assert!(mild.fan_speed > cool.fan_speed && mild.fan_w > cool.fan_w);
    let hot = tower.solve(10e6, &weather(40.0, 0.4), Drive::FULL);
    assert!(hot.saturated && hot.supply_c > 24.0);
    assert_eq!(hot.fan_w, tower.max_fan_w());
    // At little load the fans turn at least speed or cycle about that, and the supply lies
    // somewhat below; at rest it is what it is, and in frost the bypass holds its minimum.
    let idle = tower.solve(1.5e6, &weather(15.0, 0.6), Drive::FULL);
    assert!(idle.fan_speed > 0.0 && idle.fan_speed <= 0.2 && idle.supply_c < 24.0, "{idle:?}");
    let rest = tower.solve(1e6, &weather(10.0, 0.6), Drive::FULL);
    assert!(rest.fan_w == 0.0 && rest.supply_c > 7.0 && rest.supply_c < 24.0, "{rest:?}");
    let frost = tower.solve(1e6, &weather(-20.0, 0.6), Drive::FULL);
    assert_eq!((frost.fan_w, frost.supply_c), (0.0, 7.0));
}

/// What a controller does that looks at the returning water again and again, as EnergyPlus'
/// towers do: mean supply and mean fan power of the last quarter of many steps.
fn stepped(plant: &CoolingLoop, heat: f64, air: &MoistAir, steps: u32) -> (f64, f64) {
    let LoopDesign::Hydronic(design) = plant.design() else { panic!() };
    let DeviceDesign::Tower(tower) = design.device else { panic!() };
    let total_w = heat + design.circuit.pump_w;
    let water_w_k = design.circuit.flow_kg_s * CP_WATER;
    let carried = |speed: f64, entering_c: f64| {
        let r = speed.max(tower.free_convection);
        let factor = if speed == 0.0 { tower.free_ua } else { 1.3 * r - 0.3 * r * r };
        let air_kg_s = tower.air_flow_m3_s * r * air.dry_air_density_kg_m3();
        textbook_heat_w(tower.ua_w_k * factor, air_kg_s, water_w_k, entering_c, air)
    };
    let least = design.minimum_fan_speed;
    let mut entering_c = design.setpoint_c + total_w / water_w_k;
    let (mut supply, mut fan_w) = (0.0, 0.0);
    for step in 0..steps {
        let load_w = water_w_k * (entering_c - design.setpoint_c);
        let free_w = carried(0.0, entering_c);
        let (now_w, power_w) = match design.fan_control {
            _ if load_w <= free_w => (free_w, 0.0),
            FanControl::Cycling => {
                let on_w = carried(1.0, entering_c);
                let share = ((load_w - free_w) / (on_w - free_w)).min(1.0);
                (free_w + share * (on_w - free_w), share * tower.fan_w)
            }
            _ => {
                let least_w = carried(least, entering_c);
                assert!(load_w <= least_w, "the weather of this test asks for least speed");
                (least_w, tower.fan_law.power(least) * tower.fan_w)
            }
        };
        let leaving_c = entering_c - now_w / water_w_k;
        entering_c += 0.02 * (leaving_c + total_w / water_w_k - entering_c);
        if step >= 3 * steps / 4 {
            supply += leaving_c / f64::from(steps / 4);
            fan_w += power_w / f64::from(steps / 4);
        }
    }
    (supply, fan_w)
}

#[test]
fn between_rest_and_least_speed_the_fans_do_what_a_stepping_controller_does() {
    between_rest_and_least_speed("10 %", 2, 6_000);
    // What EnergyPlus gives a tower of 10 % of air at rest when it sizes one. The less it cools,
    // the longer its water takes to settle.
    between_rest_and_least_speed("4.4 %", 1, 18_000);
}

fn between_rest_and_least_speed(free_ua: &str, least_mw: u32, steps: u32) {
    let of = |control: &str| {
        loop_of(&format!(
            r#"{{"tower": {{"design_heat": "10 MW", "supply": "24 degC", "fed_by": ["a"],
                "fans": {{"control": "{control}"}}, "tower": {{"wet_bulb_correction": false,
                "free_convection_ua": "{free_ua}"}}}}}}"#
        ))
    };
    let (variable, cycling) = (of("variable-speed"), of("cycling"));
    let mut kinds = [0; 3];
    for step in 0..24 {
        let (heat, t) = (f64::from(least_mw + step % 3) * 1e6, f64::from(step) - 8.0);
        let air = weather(t, 0.6);
        let ours = variable.solve(heat, &air, Drive::FULL);
        if ours.fan_speed > 0.2 {
            continue;
        }
        let (supply, fan_w) = stepped(&variable, heat, &air, steps);
        assert!((ours.supply_c - supply).abs() < 0.03, "{ours:?} against {supply}");
        assert!((ours.fan_w - fan_w).abs() < 0.03 * fan_w.max(100.0), "{ours:?} against {fan_w}");
        kinds[if fan_w == 0.0 { 0 } else { 1 + usize::from(ours.fan_speed < 0.2) }] += 1;

        let ours = cycling.solve(heat, &air, Drive::FULL);
        let (supply, fan_w) = stepped(&cycling, heat, &air, steps);
        assert!((ours.supply_c - supply).abs() < 5e-3, "{ours:?} against {supply}");
        assert!((ours.fan_w - fan_w).abs() < 5e-3 * fan_w.max(100.0), "{ours:?} against {fan_w}");
    }
    assert!(kinds.iter().all(|&n| n > 0), "at rest, at least speed, cycling: {kinds:?}");
}

#[test]
fn cycling_fans_without_free_convection_run_for_their_share_of_the_heat() {
    let of = |control: &str| {
        loop_of(&format!(
            r#"{{"dry-cooler": {{"design_heat": "1 MW", "fed_by": ["a"],
                "fans": {{"free_convection": "0.1 %", "control": "{control}"}}}}}}"#
        ))
    };
    let air = weather(20.0, 0.4);
    let (cycling, on) = (of("cycling"), of("always-on"));
    let held = cycling.solve(8e5, &air, Drive::FULL);
    assert!((held.supply_c - 40.55).abs() < 1e-9, "{held:?}");
    // Heat goes with the distance of the returning coolant from the air.
    let full = on.solve(8e5, &air, Drive::FULL);
    let share = (full.return_c - 20.0) / (held.return_c - 20.0);
    assert!((held.fan_w / cycling.max_fan_w() - share).abs() < 0.005, "{share} {held:?}");
}

/// A fan of constant volume draws in proportion to the density of its air, which at 3,000 m is 69 %
/// of that at sea level. What somebody measured on the spot needs no such correction.
#[test]
fn thin_air_takes_less_of_the_fans_unless_their_power_is_given() {
    let high_pa = crate::fluids::standard_pressure_pa(3000.0);
    let at = |pressure_pa| MoistAir::from_relative_humidity(20.0, 0.4, pressure_pa);
    for kind in ["tower", "dry-cooler", "fluid-cooler", "hybrid-cooler", "ventilation"] {
        let of = |fields: &str| {
            let control = if kind == "ventilation" { "" } else { r#""control": "always-on""# };
            let comma = if control.is_empty() || fields.is_empty() { "" } else { ", " };
            loop_of(&format!(
                r#"{{"{kind}": {{"design_heat": "1 MW", "fed_by": ["a"],
                    "fans": {{{control}{comma}{fields}}}}}}}"#
            ))
        };
        let (default, given) = (of(""), of(r#""power": "20 kW""#));
        let full_w = |plant: &CoolingLoop, air: &MoistAir| {
            let state = plant.solve(1e6, air, Drive::FULL);
            state.fan_w - state.spray_w
        };
        let thin = full_w(&default, &at(high_pa)) / full_w(&default, &at(101_325.0));
        // A hall in thin air wants all of its fans, where at sea level it wants nearly all.
        let tolerance = if kind == "ventilation" { 0.05 } else { 1e-9 };
        assert!((thin - high_pa / 101_325.0).abs() < tolerance, "{kind}: {thin}");
        if kind != "hybrid-cooler" {
            let air = at(high_pa);
            assert!((full_w(&given, &air) - 20e3).abs() < 1e-6, "{kind}");
        }
    }
}

/// `CAP (T_set - T_db)` while no water runs: over a dry fluid cooler, an idle tower, one whose pumps
/// have stopped, the tower behind a dry cooler that does alone. With power of the fans.
#[test]
fn basins_are_heated_while_no_water_runs_in_the_cold() {
    let with = |kind: &str, heater: &str| {
        loop_of(&format!(r#"{{"{kind}": {{"design_heat": "1 MW", "fed_by": ["a"]{heater}}}}}"#))
    };
    let heater = r#", "basin_heater": {"capacity": "200 W/K", "setpoint": "4 degC"}"#;
    let cold = weather(-6.0, 0.7);
    for (kind, heat_w, pumps, wet) in [
        ("fluid-cooler", 8e5, 1.0, false),
        ("hybrid-cooler", 5e5, 1.0, false),
        ("tower", 8e5, 1.0, true),
        ("tower", 0.0, 0.0, false),
        ("fluid-cooler", 0.0, 0.0, false),
    ] {
        let (heated, bare) = (with(kind, heater), with(kind, ""));
        let drive = Drive { pumps, fans: 0.5, ..Drive::FULL };
        let (ours, without) =
            (heated.solve(heat_w, &cold, drive), bare.solve(heat_w, &cold, drive));
        let expected = if wet { 0.0 } else { 0.5 * 200.0 * 10.0 };
        assert_eq!(ours.heater_w, expected, "{kind}");
        assert!((ours.fan_w - without.fan_w - expected).abs() < 1e-9, "{kind}");
        assert_eq!(ours.supply_c, without.supply_c, "the heater is not in the loop");
        let mild = heated.solve(heat_w, &weather(4.0, 0.7), drive);
        assert_eq!(mild.heater_w, 0.0);
        let polar = heated.solve(0.0, &weather(-60.0, 0.7), Drive { pumps: 0.0, ..Drive::FULL });
        assert_eq!(polar.heater_w, heated.max_fan_w() - bare.max_fan_w());
    }
}

#[test]
fn the_heat_of_the_loop_is_what_a_textbook_tower_rejects() {
    let LoopDesign::Hydronic(design) = *tower().design() else { panic!() };
    let DeviceDesign::Tower(device) = design.device else { panic!() };
    let device = TowerDesign { correction_wet_bulb_c: None, ..device };
    let design = HydronicDesign { device: DeviceDesign::Tower(device), ..design };
    let plant = CoolingLoop::new(&LoopDesign::Hydronic(design));
    for (t, rh, heat) in [(35.0, 0.3, 10e6), (10.0, 0.8, 9e6), (20.0, 0.5, 7e6), (45.0, 0.1, 12e6)]
    {
        let air = weather(t, rh);
        let state = plant.solve(heat, &air, Drive::FULL);
        let r = state.fan_speed;
        assert!(r > 0.2, "the fans run steadily");
        let ua = device.ua_w_k * (1.3 * r - 0.3 * r * r);
        let air_kg_s = device.air_flow_m3_s * r * air.dry_air_density_kg_m3();
        let water_w_k = design.circuit.flow_kg_s * CP_WATER;
        let expected = textbook_heat_w(ua, air_kg_s, water_w_k, state.return_c, &air);
        assert!((state.heat_rejected_w / expected - 1.0).abs() < 1e-6, "{expected}");
        assert!((state.heat_rejected_w - heat - state.pump_w).abs() < 1e-6);
    }
}

#[test]
fn lost_fans_and_pumps_are_felt() {
    for plant in [tower(), dry_cooler()] {
        let air = weather(30.0, 0.3);
        let full = plant.solve(8e6, &air, Drive::FULL);
        let half = plant.solve(8e6, &air, Drive { fans: 0.5, ..Drive::FULL });
        let none = plant.solve(8e6, &air, Drive { fans: 0.0, ..Drive::FULL });
        assert!(full.supply_c < half.supply_c && half.supply_c < none.supply_c);
        assert!(half.fan_w <= 0.5 * plant.max_fan_w() && none.fan_w == 0.0);
        assert!(none.flowing && none.supply_c.is_finite());
        let slow = plant.solve(8e6, &air, Drive { pumps: 0.5, ..Drive::FULL });
        assert_eq!(slow.pump_w, 0.5 * plant.max_pump_w());
        assert!(slow.return_c - slow.supply_c > full.return_c - full.supply_c);
        assert!(slow.rack_inlet_c - slow.supply_c > full.rack_inlet_c - full.supply_c);
        let still = plant.solve(8e6, &air, Drive { pumps: 0.0, ..Drive::FULL });
        assert!(!still.flowing);
        assert_eq!((still.heat_rejected_w, still.fan_w, still.pump_w), (0.0, 0.0, 0.0));
    }
}

#[test]
fn an_air_cooled_hall_breathes_the_weather() {
    let hall = hall();
    // The machine's own air balance: 15.7 K from intake to exhaust, measured at 23.1 degC.
    let mild = hall.solve(10e6, &weather(23.1, 0.4), Drive::FULL);
    assert!((mild.return_c - mild.supply_c - 15.7).abs() < 0.02 * 15.7, "{mild:?}");
    assert_eq!(mild.rack_inlet_c, 23.1);
    assert!((mild.fan_w / hall.max_fan_w() - 1.0).abs() < 1e-9);
    // In frost the dampers hold the intake and the fans hardly turn: 0.3 to 0.5 % of the heat
    // is what cold-climate containers report.
    let cold = hall.solve(10e6, &weather(-8.0, 0.6), Drive::FULL);
    assert!((cold.rack_inlet_c - 5.0).abs() < 1e-9 && cold.fan_w < 0.006 * 10e6, "{cold:?}");
    // Half the fans: the machines breathe part of their exhaust.
    let half = hall.solve(10e6, &weather(30.0, 0.3), Drive { fans: 0.5, ..Drive::FULL });
    assert!(half.saturated && half.rack_inlet_c > 40.0, "{half:?}");
    // Half the machines need half the air, an eighth of the power.
    let asleep = hall.solve(5e6, &weather(30.0, 0.3), Drive::FULL);
    assert!((asleep.fan_w / hall.max_fan_w() - 0.125).abs() < 1e-9);
    let bare = loop_of(r#"{"ventilation": {"design_heat": "1 MW", "fans": {"power": "0 W"}}}"#);
    let state = bare.solve(1e6, &weather(30.0, 0.3), Drive::NONE);
    assert_eq!((state.fan_w, state.rack_inlet_c), (0.0, 30.0));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn every_state_is_finite_and_balanced(
        which in 0usize..7, t in -45.0f64..55.0, rh in 0.0f64..=1.0, z in -300.0f64..4500.0,
        load in prop_oneof![Just(0.0), 0.0f64..1e-6, 0.0f64..1.0, 1.0f64..3.0],
        fans in prop_oneof![Just(0.0), Just(1.0), 0.0f64..=1.0, 0.0f64..1e-3],
        pumps in prop_oneof![Just(0.0), Just(1.0), 0.0f64..=1.0, 0.01f64..0.1],
    ) {
        let plant = match which {
            0 => tower(),
            1 => dry_cooler(),
            2 => hall(),
            3 => loop_of(r#"{"tower": {"design_heat": "10 MW", "fans": {"control": "always-on"},
                "fed_by": ["a"]}}"#),
            4 => loop_of(r#"{"dry-cooler": {"design_heat": "10 MW",
                "fans": {"control": "always-on"}, "fed_by": ["a"]}}"#),
            5 => loop_of(r#"{"tower": {"design_heat": "10 MW", "fans": {"control": "cycling"},
                "fed_by": ["a"]}}"#),
            _ => loop_of(r#"{"dry-cooler": {"design_heat": "10 MW",
                "fans": {"control": "cycling"}, "fed_by": ["a"]}}"#),
        };
        let air = MoistAir::from_relative_humidity(t, rh, crate::fluids::standard_pressure_pa(z));
        let drive = Drive { fans, pumps, ..Drive::FULL };
        let heat = load * 10e6;
        let state = plant.solve(heat, &air, drive);
        prop_assert_eq!(state, plant.solve(heat, &air, drive));

        for value in [state.supply_c, state.return_c, state.rack_inlet_c, state.fan_w] {
            prop_assert!(value.is_finite(), "{:?}", state);
        }
        prop_assert!((0.0..=fans * plant.max_fan_w() * (1.0 + 1e-12)).contains(&state.fan_w));
        prop_assert!((0.0..=pumps * plant.max_pump_w() * (1.0 + 1e-12)).contains(&state.pump_w));
        prop_assert!((0.0..=1.0).contains(&state.fan_speed));
        if !state.flowing {
            prop_assert_eq!(pumps, 0.0);
            return Ok(());
        }
        let given = heat + state.pump_w - state.left_w;
        prop_assert!((state.heat_rejected_w - given).abs() <= 1e-9 * heat);
        prop_assert!(state.left_w >= 0.0 && state.supply_c <= BOILING_C);
        prop_assert!(state.left_w == 0.0 || state.supply_c == BOILING_C);
        // What the coolant brings is what is rejected: beyond where it boils with its vapour.
        if let LoopDesign::Hydronic(h) = plant.design() {
            let capacity = PumpLaw::CONSTANT.full_flow(pumps) * h.circuit.flow_kg_s * h.circuit.specific_heat_j_kgk;
            let returns_c = (state.supply_c + state.heat_rejected_w / capacity).min(BOILING_C);
            let apart_w = capacity * (state.return_c - returns_c);
            prop_assert!(apart_w.abs() <= 1e-6 * state.heat_rejected_w.max(1.0));
            prop_assert!(state.rack_inlet_c >= state.supply_c);
            prop_assert!(state.supply_c >= h.minimum_supply_c - 1e-9);
            let sink = match h.device { DeviceDesign::Tower(_) => air.wet_bulb_c(), _ => t };
            prop_assert!(state.supply_c >= sink - 1e-6, "nothing cools below its sink");
            // A loop that is not saturated is no warmer than its setpoint, and held to it with
            // the fans above least speed.
            if h.fan_control != FanControl::AlwaysOn {
                let wanted_c = h.setpoint_c.max(h.minimum_supply_c);
                prop_assert_eq!(state.saturated, state.supply_c > wanted_c + 1e-5, "{:?}", state);
                let held = h.fan_control == FanControl::Cycling
                    || state.fan_speed > h.minimum_fan_speed + 1e-9;
                if held && !state.saturated && state.fan_w > 0.0 {
                    prop_assert!((state.supply_c - wanted_c).abs() < 1e-5, "{:?}", state);
                }
            }
        }
        let water = state.water;
        for flow in [water.evaporation_kg_s, water.drift_kg_s, water.blowdown_kg_s] {
            prop_assert!(flow >= 0.0 && flow.is_finite());
        }
        let out = water.evaporation_kg_s + water.drift_kg_s + water.blowdown_kg_s;
        prop_assert!((water.makeup_kg_s - out).abs() <= 1e-12 * out);
    }

    /// Everywhere with the fans always on; with fans that hold a setpoint, where they can not.
    #[test]
    fn more_heat_and_fewer_fans_are_warmer(
        which in 0usize..5, t in -20.0f64..50.0, rh in 0.05f64..0.95, load in 0.05f64..1.2,
        fans in 0.0f64..0.95,
    ) {
        let plant = match which {
            0 => tower(),
            1 => dry_cooler(),
            2 => hall(),
            3 => loop_of(r#"{"tower": {"design_heat": "10 MW", "fans": {"control": "always-on"},
                "fed_by": ["a"]}}"#),
            _ => loop_of(r#"{"dry-cooler": {"design_heat": "10 MW",
                "fans": {"control": "always-on"}, "fed_by": ["a"]}}"#),
        };
        let air = weather(t, rh);
        let solve = |heat: f64, fans| plant.solve(heat, &air, Drive { fans, ..Drive::FULL });
        let here = solve(load * 10e6, fans);
        let (hotter, cooler) = (solve(load * 10.5e6, fans), solve(load * 10e6, fans + 0.05));
        if which >= 2 || here.saturated {
            prop_assert!(hotter.supply_c >= here.supply_c - 1e-5);
            prop_assert!(cooler.supply_c <= here.supply_c + 1e-5);
        }
        prop_assert!(hotter.saturated || !here.saturated || which >= 2);
    }
}

fn faults_of(json: &str) -> Vec<Fault> {
    let mut faults = Vec::new();
    let spec: CoolingSpec = serde_json::from_str(json).unwrap();
    spec.resolve(&mut faults);
    faults
}

fn has(faults: &[Fault], severity: Severity, field: &str, words: &str) -> bool {
    faults.iter().any(|f| f.severity == severity && f.field == field && f.message.contains(words))
}

proptest! {
    /// Where a loop settles is found on a shorter way where nothing else is asked: the same bits, whatever
    /// its device, fans, pumps and weather.
    #[test]
    fn a_supply_alone_is_that_of_the_whole_state(
        device in 0usize..7,
        load in 0.0f64..2.0,
        (dry_bulb_c, humidity) in (-15.0f64..45.0, 0.05f64..0.95),
        (fans, pumps) in (0.0f64..1.2, 0.3f64..1.0),
        may_evaporate in any::<bool>(),
    ) {
        let specs = [
            r#"{"tower": {"design_heat": "1 MW", "fed_by": ["a"]}}"#,
            r#"{"tower": {"design_heat": "1 MW", "fans": {"control": "cycling"}, "fed_by": ["a"]}}"#,
            r#"{"dry-cooler": {"design_heat": "1 MW", "fed_by": ["a"]}}"#,
            r#"{"dry-cooler": {"design_heat": "1 MW", "fans": {"control": "cycling"}, "pads": {"enable_above": "20 degC"},
                "fed_by": ["a"]}}"#,
            r#"{"fluid-cooler": {"design_heat": "1 MW", "fed_by": ["a"]}}"#,
            r#"{"fluid-cooler": {"design_heat": "1 MW", "spray": {"control": "when-needed"},
                "fans": {"control": "cycling"}, "fed_by": ["a"]}}"#,
            r#"{"hybrid-cooler": {"design_heat": "1 MW", "fed_by": ["a"]}}"#,
        ];
        let spec: CoolingSpec = serde_json::from_str(specs[device]).expect("a spec");
        let mut faults = Vec::new();
        let CoolingPart::Loop(design) = spec.resolve(&mut faults) else { panic!("a loop: {faults:?}") };
        let LoopDesign::Hydronic(hydronic) = &design else { panic!("a pumped loop") };
        let air = MoistAir::from_relative_humidity(dry_bulb_c, humidity, 101_325.0);
        let drive = Drive { fans: fans.min(1.0), pumps, may_evaporate, ..Drive::FULL };
        let heat_w = load * 1e6;
        let state = CoolingLoop::new(&design).solve(heat_w, &air, drive);
        // Above where it boils the loop is held there.
        prop_assume!(state.supply_c < BOILING_C);
        let alone_c = hydronic.supply_c(heat_w, &air, &drive).unwrap_or(dry_bulb_c);
        prop_assert_eq!(alone_c.to_bits(), state.supply_c.to_bits());
    }
}
