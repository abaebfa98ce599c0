//! Trims behind towers and dry coolers, held against what the split of heat comes to without them, a
//! fixed point found by brute force, and conservation.

use super::super::chiller::Entering;
use super::super::head::Head;
use super::super::state::BOILING_C;
use super::super::trim::{TrimDesign, TrimSource};
use super::*;

const TOWER_IN_AIR: &str = r#"{"tower": {"design_heat": "10 MW", "supply": "21 degC",
    "fans": {"count": 4}, "trim": {"chillers": {"count": 5}, "supply": "10 degC"}, "fed_by": ["a"]}}"#;
const TOWER_BY_TOWER: &str = r#"{"tower": {"design_heat": "10 MW", "supply": "21 degC",
    "fans": {"count": 4, "control": "cycling"},
    "trim": {"tower": {}, "chillers": {"count": 3, "compressor_heat": "93 %"}}, "fed_by": ["a"]}}"#;
const TOWER_BY_MAIN: &str = r#"{"tower": {"design_heat": "10 MW", "supply": "21 degC",
    "trim": {"main": {"capacity": "4 MW"}}, "fed_by": ["a"]}}"#;
const DRY_IN_AIR: &str = r#"{"dry-cooler": {"design_heat": "10 MW", "supply": "30 degC",
    "coolant": "pg25", "trim": {"supply": "15 degC", "design_heat": "6 MW"}, "fed_by": ["a"]}}"#;
const DRY_BY_TOWER: &str = r#"{"dry-cooler": {"design_heat": "10 MW", "supply": "30 degC",
    "pumps": {"count": 2}, "trim": {"tower": {}, "supply": "12 degC"}, "fed_by": ["a"]}}"#;
const PADS_IN_AIR: &str = r#"{"dry-cooler": {"design_heat": "10 MW", "supply": "30 degC",
    "pads": {}, "trim": {"supply": "15 degC"}, "fed_by": ["a"]}}"#;

/// Chillers that cool the coolant itself, and gain with its warmth.
const WARM_IN_AIR: &str = r#"{"tower": {"design_heat": "10 MW", "supply": "12 degC",
    "pumps": {"control": "variable-speed"}, "trim": {}, "fed_by": ["a"]}}"#;

fn trim(plant: &CoolingLoop) -> TrimDesign {
    hydronic(plant).trim.unwrap()
}

/// The same loop with nothing behind its device, whose fans are at full speed.
fn device_alone(plant: &CoolingLoop) -> CoolingLoop {
    let design = HydronicDesign {
        trim: None,
        fan_control: FanControl::AlwaysOn,
        circuit: CircuitDesign { pump_w: 0.0, ..hydronic(plant).circuit },
        ..hydronic(plant)
    };
    CoolingLoop::new(&LoopDesign::Hydronic(design))
}

/// A dry cooler of given flows has one conductance between the coolant that enters and the air: what it
/// leaves of the heat is then a closed form, and the chillers' power is that of their curves.
#[test]
fn behind_a_dry_cooler_the_split_is_a_closed_form() {
    let plant = loop_of(DRY_IN_AIR);
    let design = hydronic(&plant);
    let TrimSource::Air { chillers, .. } = trim(&plant).source else { panic!() };
    let capacity_w_k = design.circuit.flow_kg_s * design.circuit.specific_heat_j_kgk;
    let mut trimmed = 0;
    for (heat_w, dry_bulb_c) in
        [(4e6, 26.0), (8e6, 27.0), (10e6, 15.0), (9e6, 28.0), (7e6, 30.0), (10e6, 26.0)]
    {
        let air = weather(dry_bulb_c, 0.4);
        // The conductance, from a loop without a trim: heat over the distance to what returns.
        let alone = device_alone(&plant).solve(heat_w, &air, Drive::FULL);
        let conductance_w_k = heat_w / (alone.return_c - dry_bulb_c);
        let total_w = heat_w + design.circuit.pump_heat * design.circuit.pump_w;
        let returns_c = 30.0 + total_w / capacity_w_k;
        let device_w = (conductance_w_k * (returns_c - dry_bulb_c)).min(total_w);
        let state = plant.solve(heat_w, &air, Drive::FULL);
        let apart_w = state.economiser_w - device_w;
        assert!(apart_w.abs() < 1e-6 * total_w, "{dry_bulb_c}: {} {device_w}", state.economiser_w);
        assert!((state.lifted_w - (total_w - device_w)).abs() < 1e-6 * total_w);
        if device_w < total_w {
            trimmed += 1;
            assert!((state.supply_c - 30.0).abs() < 1e-4 && !state.saturated, "{state:?}");
            let running = chillers.running(state.lifted_w, f64::from(chillers.units));
            let by_curves_w = chillers.power_w(running, state.lifted_w, 15.0, dry_bulb_c);
            assert!((state.chiller_w / by_curves_w - 1.0).abs() < 1e-9);
            let device_c = 30.0 + state.lifted_w / capacity_w_k;
            assert!((state.device_c - device_c).abs() < 1e-4);
        }
    }
    assert!(trimmed >= 3, "{trimmed}");
}

/// A bought main takes no more than its capacity: the supply is then where the device carries the rest,
/// which a bisection over the heat of a device alone finds too.
#[test]
fn what_a_main_does_not_take_warms_the_supply() {
    let plant = loop_of(TOWER_BY_MAIN);
    let design = hydronic(&plant);
    let alone = device_alone(&plant);
    let capacity_w_k = design.circuit.flow_kg_s * design.circuit.specific_heat_j_kgk;
    let mut short = 0;
    for (heat_w, wet_bulb_c) in [(6e6, 18.5), (10e6, 20.0), (10e6, 24.0), (12e6, 26.0), (3e6, 21.5)]
    {
        let air = MoistAir::from_wet_bulb(wet_bulb_c + 5.0, wet_bulb_c, 101_325.0);
        let total_w = heat_w + design.circuit.pump_heat * design.circuit.pump_w;
        // Step by step: how much the main takes for the tower, at its most with the rest, to leave the
        // supply at the setpoint.
        let supply_c = |main_w: f64| {
            let leaves_c = alone.solve(total_w - main_w, &air, Drive::FULL).supply_c;
            leaves_c - main_w / capacity_w_k
        };
        let (mut low, mut high) = (0.0, total_w);
        for _ in 0..60 {
            let middle = 0.5 * (low + high);
            if supply_c(middle) > 21.0 { low = middle } else { high = middle }
        }
        let state = plant.solve(heat_w, &air, Drive::FULL);
        let expected_w = low.min(4e6);
        assert!((state.lifted_w - expected_w).abs() < 20.0, "{wet_bulb_c}: {state:?} {expected_w}");
        assert_eq!(state.bought_w, state.lifted_w);
        assert!((state.heat_rejected_w + state.bought_w - total_w).abs() < 1e-6 * total_w);
        let expected_c = supply_c(expected_w).max(21.0);
        assert!((state.supply_c - expected_c).abs() < 1e-4, "{} {expected_c}", state.supply_c);
        short += u32::from(state.saturated);
    }
    assert!((1..5).contains(&short), "{short}");
}

/// Chillers on a tower of their own settle where the same chillers in a plant of their own do, given
/// the heat that the device leaves.
#[test]
fn condensers_of_a_trim_settle_as_those_of_a_plant() {
    let plant = loop_of(TOWER_BY_TOWER);
    let TrimSource::Tower(own) = trim(&plant).source else { panic!() };
    let mut seen = 0;
    for (heat_w, wet_bulb_c) in [(10e6, 19.5), (9e6, 21.0), (10e6, 23.0)] {
        let air = MoistAir::from_wet_bulb(wet_bulb_c + 6.0, wet_bulb_c, 101_325.0);
        for running in 1..=3 {
            let regime = Some(Regime { running, mode: CoolingMode::Partial });
            let state = plant.solve(heat_w, &air, Drive { regime, ..Drive::FULL });
            if state.saturated {
                continue;
            }
            seen += 1;
            // So many of the chillers, with their part of the condenser water, on the whole tower.
            let share = f64::from(running) / 3.0;
            let beside = ChillerPlantDesign {
                chillers: ChillerDesign { units: running, ..own.chillers },
                condenser_kg_s: share * own.condenser_kg_s,
                condenser_pump_w: share * own.condenser_pump_w,
                ..own
            };
            let beside = CoolingLoop::new(&LoopDesign::ChillerPlant(beside));
            let regime = Some(Regime { running, mode: CoolingMode::Mechanical });
            let twin = beside.solve(state.lifted_w, &air, Drive { regime, ..Drive::FULL });
            assert!((state.chiller_w / twin.chiller_w - 1.0).abs() < 1e-6, "{state:?} {twin:?}");
            let alone = device_alone(&plant).solve(state.economiser_w, &air, Drive::FULL);
            let evaporated = twin.water.evaporation_kg_s + alone.water.evaporation_kg_s;
            assert!((state.water.evaporation_kg_s / evaporated - 1.0).abs() < 1e-6);
            assert!((state.fan_w - twin.fan_w - alone.fan_w).abs() < 1e-6 * state.fan_w);
            assert!((state.condenser_pump_w - twin.condenser_pump_w).abs() < 1e-6);
        }
    }
    assert!(seen >= 5, "{seen}");
}

/// A tower without water rejects nothing: a trim in outdoor air carries all that it can, and one that
/// needs water nothing.
#[test]
fn without_water_only_a_trim_in_outdoor_air_goes_on() {
    let air = weather(30.0, 0.4);
    let dry = Drive { may_evaporate: false, ..Drive::FULL };
    let plant = loop_of(TOWER_IN_AIR);
    let state = plant.solve(8e6, &air, dry);
    assert!(state.flowing && !state.saturated && state.economiser_w == 0.0, "{state:?}");
    assert_eq!(state.water.makeup_kg_s, 0.0);
    assert!(plant.design().works_dry() && !loop_of(TOWER_BY_TOWER).design().works_dry());
    assert!(!loop_of(TOWER_BY_TOWER).solve(8e6, &air, dry).flowing);
    let hot = plant.solve(40e6, &air, dry);
    assert!(hot.supply_c == BOILING_C && hot.left_w > 0.0, "{hot:?}");

    // Chillers that cool the coolant itself gain with its warmth: the supply is where they, by their
    // curves, carry just what comes.
    let plant = loop_of(
        r#"{"tower": {"design_heat": "10 MW", "supply": "12 degC", "trim": {}, "fed_by": ["a"]}}"#,
    );
    let circuit = hydronic(&plant).circuit;
    let TrimSource::Air { chillers, .. } = trim(&plant).source else { panic!() };
    let most_w = |supply_c: f64| {
        let entering = Entering { c: 30.0, flow: 1.0 };
        chillers.most(f64::from(chillers.units), supply_c, entering).heat_w
    };
    let heat_w = 1.05 * most_w(12.0);
    let state = plant.solve(heat_w, &air, dry);
    let total_w = heat_w + circuit.pump_heat * circuit.pump_w;
    assert!(state.saturated && state.left_w == 0.0, "{state:?}");
    assert!((most_w(state.supply_c) / total_w - 1.0).abs() < 1e-6, "{state:?}");
    assert!((state.lifted_w / total_w - 1.0).abs() < 1e-9 && state.economiser_w == 0.0);
}

/// A device that would warm what comes back is led past, with its fans at rest.
#[test]
fn a_device_that_is_of_no_use_rests() {
    let air = MoistAir::from_wet_bulb(35.0, 28.0, 101_325.0);
    let state = loop_of(TOWER_IN_AIR).solve(6e6, &air, Drive::FULL);
    assert!(state.economiser_w == 0.0 && state.fan_w == 0.0, "{state:?}");
    assert!((state.supply_c - 21.0).abs() < 1e-4);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1500, ..ProptestConfig::default() })]

    /// Whatever is asked: heat is conserved, machines stay within what can run, the trim never takes
    /// more than is left, and never makes the supply warmer than the device alone.
    #[test]
    fn a_trim_conserves_heat_and_only_helps(
        which in 0usize..6,
        load in prop_oneof![Just(0.0), 0.0f64..1.5, 1.0f64..8.0],
        (t, rh, z) in (-25.0f64..48.0, 0.02f64..1.0, 0.0f64..2500.0),
        fans in prop_oneof![Just(0.0), Just(1.0), 0.0f64..=1.0],
        pumps in prop_oneof![Just(0.0), Just(1.0), 0.05f64..=1.0],
        chillers in prop_oneof![Just(0.0), Just(1.0), 0.0f64..=1.0],
        fan_speed in prop_oneof![Just(None), Just(None), (0.0f64..=1.0).prop_map(Some)],
        may_evaporate in prop_oneof![Just(true), Just(true), Just(false)],
        regime in proptest::option::of((0u32..6, prop_oneof![
            Just(CoolingMode::Free), Just(CoolingMode::Partial),
        ])),
    ) {
        let plant = loop_of([
            TOWER_IN_AIR, TOWER_BY_TOWER, TOWER_BY_MAIN, DRY_IN_AIR, DRY_BY_TOWER, PADS_IN_AIR,
        ][which]);
        let design = hydronic(&plant);
        let air = MoistAir::from_relative_humidity(t, rh, crate::fluids::standard_pressure_pa(z));
        let regime = regime.map(|(running, mode)| Regime { running, mode });
        let drive = Drive { fans, pumps, chillers, regime, may_evaporate, fan_speed };
        let heat_w = load * 10e6;
        let state = plant.solve(heat_w, &air, drive);
        prop_assert_eq!(state, plant.solve(heat_w, &air, drive));
        for value in [state.supply_c, state.return_c, state.device_c, state.rack_inlet_c] {
            prop_assert!(value.is_finite(), "{:?}", state);
        }
        prop_assert!((0.0..=fans * plant.max_fan_w() * (1.0 + 1e-9)).contains(&state.fan_w), "{state:?}");
        prop_assert!((0.0..=pumps * plant.max_pump_w() * (1.0 + 1e-9)).contains(&state.pump_w));
        let most_w = chillers * plant.max_chiller_w() * (1.0 + 1e-9);
        prop_assert!((0.0..=most_w).contains(&state.chiller_w), "{state:?} of {most_w}");
        if !state.flowing {
            prop_assert_eq!(state.heat_rejected_w + state.bought_w + state.chiller_w, 0.0);
            return Ok(());
        }
        let (pump_share, chiller_share) = plant.heat_shares();
        let own_w = pump_share * (state.pump_w - state.condenser_pump_w);
        let given_w = heat_w + pump_share * state.pump_w + chiller_share * state.chiller_w;
        let gone_w = state.heat_rejected_w + state.bought_w + state.left_w;
        prop_assert!((gone_w - given_w).abs() <= 1e-9 * given_w, "{gone_w} {given_w} {state:?}");
        let carried_w = state.economiser_w + state.lifted_w + state.left_w;
        prop_assert!((carried_w - heat_w - own_w).abs() <= 1e-9 * given_w, "{carried_w} {state:?}");
        prop_assert!(state.economiser_w >= 0.0 && state.lifted_w >= 0.0 && state.left_w >= -1e-9 * given_w);
        prop_assert!(state.dry_w <= state.heat_rejected_w * (1.0 + 1e-12));
        prop_assert!(state.supply_c <= BOILING_C && state.device_c <= BOILING_C, "{state:?}");
        if state.lifted_w > 0.0 {
            let set_c = design.setpoint_c.max(design.minimum_supply_c);
            prop_assert!(state.supply_c >= set_c - 1e-9, "{state:?}");
            prop_assert!(state.saturated == (state.supply_c > set_c + 1e-5), "{state:?}");
            prop_assert!(regime.is_none_or(|regime| regime.mode != CoolingMode::Free));
        }
        let without = CoolingLoop::new(&LoopDesign::Hydronic(HydronicDesign { trim: None, ..design }));
        let alone = without.solve(heat_w, &air, drive);
        prop_assert!(!alone.flowing || state.supply_c <= alone.supply_c + 1e-3, "{state:?} {alone:?}");
        prop_assert!(state.head == Head::Free || state.chiller_w == 0.0 || state.head == Head::Unloads);
        let water = state.water;
        let out = water.evaporation_kg_s + water.drift_kg_s + water.blowdown_kg_s;
        // To the last digit: a basin would fill or run down by less.
        prop_assert_eq!(water.makeup_kg_s, out);
    }

    /// More heat never makes the supply colder, so that what a loop carries at a temperature is one
    /// number.
    #[test]
    fn more_heat_is_no_colder(
        which in 0usize..6,
        load in 0.05f64..4.0,
        more in 0.001f64..0.5,
        (t, rh) in (-5.0f64..45.0, 0.05f64..1.0),
    ) {
        let plant = loop_of([
            TOWER_IN_AIR, TOWER_BY_TOWER, TOWER_BY_MAIN, DRY_IN_AIR, DRY_BY_TOWER, PADS_IN_AIR,
        ][which]);
        let regime = Some(Regime { running: 2, mode: CoolingMode::Partial });
        let drive = Drive { regime, ..Drive::FULL };
        // Below the setpoint fans at their least speed decide.
        let set_c = hydronic(&plant).setpoint_c;
        let supply_c = |load: f64| plant.solve(load * 10e6, &weather(t, rh), drive).supply_c.max(set_c);
        let (less, more) = (supply_c(load), supply_c(load + more));
        prop_assert!(more >= less - 1e-3, "{less} {more}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 3000, ..ProptestConfig::default() })]

    /// It is found without looking for how device and trim share the heat.
    #[test]
    fn what_is_carried_at_a_temperature_settles_at_it(
        which in 0usize..7,
        (t, rh) in (-25.0f64..48.0, 0.02f64..1.0),
        above_k in prop_oneof![Just(0.0), -5.0f64..0.0, 0.0f64..30.0],
        fans in prop_oneof![Just(0.0), Just(1.0), 0.0f64..=1.0],
        pumps in prop_oneof![Just(1.0), 0.05f64..=1.0],
        chillers in prop_oneof![Just(0.0), Just(1.0), 0.0f64..=1.0],
        fan_speed in prop_oneof![Just(None), Just(None), (0.0f64..=1.0).prop_map(Some)],
        may_evaporate in prop_oneof![Just(true), Just(true), Just(false)],
        regime in proptest::option::of((0u32..6, prop_oneof![
            Just(CoolingMode::Free), Just(CoolingMode::Partial),
        ])),
    ) {
        let plant = loop_of([
            TOWER_IN_AIR, TOWER_BY_TOWER, TOWER_BY_MAIN, DRY_IN_AIR, DRY_BY_TOWER, PADS_IN_AIR, WARM_IN_AIR,
        ][which]);
        let design = hydronic(&plant);
        let regime = regime.map(|(running, mode)| Regime { running, mode });
        let drive = Drive { fans, pumps, chillers, regime, may_evaporate, fan_speed };
        carries_what_settles_at(&plant, design.setpoint_c + above_k, &weather(t, rh), drive)?;
    }
}

/// What contradicts itself is refused at its field.
#[test]
fn contradictions_of_a_trim_are_told_at_their_fields() {
    let tower = |more: &str, trim: &str| {
        faults_of(&format!(
            r#"{{"tower": {{"design_heat": "1 MW", "supply": "21 degC", "fed_by": ["a"]{more},
                "trim": {trim}}}}}"#
        ))
    };
    let dry = |more: &str, trim: &str| {
        faults_of(&format!(
            r#"{{"dry-cooler": {{"design_heat": "1 MW", "fed_by": ["a"]{more}, "trim": {trim}}}}}"#
        ))
    };
    let always = r#", "fans": {"control": "always-on"}"#;
    for (faults, field, words) in [
        (tower(always, "{}"), "fans.control", "always run"),
        (tower("", r#"{"main": {"capacity": "1 MW"}, "tower": {}}"#), "trim.tower", "in place of"),
        (
            tower("", r#"{"main": {"capacity": "1 MW"}, "chillers": {"cop": 4}}"#),
            "trim.chillers",
            "in place of",
        ),
        (tower("", r#"{"main": {"capacity": "1 W"}}"#), "trim.main.capacity", "must be between"),
        (tower("", r#"{"fans": {"power": "1 kW"}}"#), "trim.fans", "outdoor air"),
        (tower("", r#"{"tower": {}, "recirculation": "1 K"}"#), "trim.recirculation", "water"),
        (tower("", r#"{"supply": "25 degC"}"#), "trim.supply", "does not bring"),
        (tower("", r#"{"chillers": {"capacity": "1 W"}}"#), "trim.chillers.capacity", "must be"),
        (
            tower("", r#"{"chillers": {"curves": "carrier-19xr-1407kw"}}"#),
            "trim.chillers.curves",
            "cooled by water",
        ),
        (tower("", r#"{"tower": {"ua": "0 W/K"}}"#), "trim.tower.ua", "must be between"),
        // 40.55 degC by default.
        (dry("", "{}"), "trim.supply", "no chiller makes water of the loop's 40.5 degC"),
        (dry(r#", "pads": {}"#, r#"{"tower": {}, "supply": "9 degC"}"#), "trim.tower", "`pads`"),
    ] {
        assert!(has(&faults, Severity::Error, field, words), "{field}: {faults:?}");
    }
    let small = r#"{"supply": "10 degC", "design_heat": "100 kW"}"#;
    assert!(has(&tower("", small), Severity::Warning, "supply", "is not held at design heat"));
    assert!(tower("", r#"{"supply": "10 degC"}"#).is_empty());
    assert!(tower("", r#"{"supply": "10 degC", "tower": {}}"#).is_empty());
    assert!(tower("", r#"{"main": {"capacity": "1.1 MW"}}"#).is_empty());
}
