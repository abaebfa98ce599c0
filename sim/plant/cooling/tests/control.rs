//! What can be said of fans, pumps and towers: cycling fans, curves of one's own, absolute
//! drift, a loss factor, flows, the heat of pumps and motors.

use super::super::dry_cooler::ua_factor;
use super::super::exchange::{crossflow, inlet_conductance};
use super::*;
use crate::fluids::water::CP_WATER;

/// A tower as EnergyPlus' single-speed towers are: UA fixed, fans on or off.
fn single_speed() -> CoolingLoop {
    loop_of(
        r#"{"tower": {"design_heat": "1 MW", "supply": "24 degC", "tower": {"ua": "60 kW/K",
            "flow_corrections": false, "wet_bulb_correction": false}, "water_flow": "43.5 kg/s",
            "fans": {"air_flow": "25 m3/s", "power": "10.5 kW", "control": "cycling"},
            "pumps": {"power": "0 W"}, "fed_by": ["a"]}}"#,
    )
}

#[test]
fn a_cycling_tower_shares_its_time_as_the_heat_at_its_inlet_asks() {
    let plant = single_speed();
    let water_w_k = 43.5 * CP_WATER;
    for (t, rh, heat_w) in [
        (5.0, 0.5, 1e6),
        (15.0, 0.4, 1e6),
        (15.0, 0.8, 0.6e6),
        (20.0, 0.3, 1.0e6),
        (22.0, 0.6, 0.4e6),
    ] {
        let air = weather(t, rh);
        let state = plant.solve(heat_w, &air, Drive::FULL);
        assert!((state.supply_c - 24.0).abs() < 1e-9, "{state:?}");
        let entering_c = 24.0 + heat_w / water_w_k;
        let air_kg_s = 25.0 * air.dry_air_density_kg_m3();
        let on_w = textbook_heat_w(60e3, air_kg_s, water_w_k, entering_c, &air);
        let off_w = textbook_heat_w(6e3, 0.1 * air_kg_s, water_w_k, entering_c, &air);
        let duty = (heat_w - off_w) / (on_w - off_w);
        assert!((0.02..0.98).contains(&duty), "the case at {t} degC tests nothing: {duty}");
        assert!(
            (state.fan_w / 10_500.0 - duty).abs() < 1e-6,
            "{} for {duty}",
            state.fan_w / 10_500.0
        );
        assert!((state.air_ratio - (duty + 0.1 * (1.0 - duty))).abs() < 1e-6);
        // Water by duty, too: what evaporates at full air and what at rest.
        let evaporates =
            |w, share: f64| super::super::water::Vapour::of(w, share * air_kg_s, &air, 20.0).kg_s;
        let evaporation = duty * evaporates(on_w, 1.0) + (1.0 - duty) * evaporates(off_w, 0.1);
        let ours = state.water.evaporation_kg_s;
        assert!((ours / evaporation - 1.0).abs() < 1e-5, "{ours} for {evaporation} kg/s");
    }
}

#[test]
fn a_cycling_dry_cooler_is_in_closed_form() {
    let plant = loop_of(
        r#"{"dry-cooler": {"design_heat": "1 MW", "supply": "30 degC",
            "cooler": {"ua": "200 kW/K"}, "fans": {"air_flow": "110 m3/s", "power": "44 kW",
            "control": "cycling"}, "water_flow": "23.921 kg/s", "pumps": {"power": "0 W"},
            "fed_by": ["a"]}}"#,
    );
    let air = weather(12.0, 0.5);
    let state = plant.solve(1e6, &air, Drive::FULL);
    let water_w_k = 23.921 * CP_WATER;
    let air_w_k = 110.0 * air.dry_air_density_kg_m3() * air.specific_heat_j_kgk();
    let conducts = |share: f64| {
        inlet_conductance(crossflow, 200e3 * ua_factor(share, 1.0), water_w_k, share * air_w_k)
    };
    let needed = 1e6 / (30.0 + 1e6 / water_w_k - 12.0);
    let duty = (needed - conducts(0.1)) / (conducts(1.0) - conducts(0.1));
    assert!((0.1..0.9).contains(&duty), "{duty}");
    assert!((state.fan_w / 44e3 - duty).abs() < 1e-7, "{} for {duty}", state.fan_w / 44e3);
    assert!((state.supply_c - 30.0).abs() < 1e-9);
}

/// Between rest and least speed the fans of a dry cooler cycle: they hold the setpoint, for the share
/// of time that the conductances of both ask for.
#[test]
fn fans_of_variable_speed_cycle_at_least_speed_to_hold_the_setpoint() {
    let plant = loop_of(
        r#"{"dry-cooler": {"design_heat": "1 MW", "supply": "30 degC", "cooler": {"ua": "200 kW/K"},
            "fans": {"air_flow": "110 m3/s", "power": "44 kW"}, "water_flow": "23.921 kg/s",
            "minimum_supply": "2 degC", "pumps": {"power": "0 W"}, "fed_by": ["a"]}}"#,
    );
    let water_w_k = 23.921 * CP_WATER;
    let mut cycled = 0;
    for t in (-40..40).map(f64::from) {
        let air = weather(t, 0.5);
        let state = plant.solve(1e6, &air, Drive::FULL);
        assert!(state.fan_w == 0.0 || state.supply_c > 30.0 - 1e-6, "{t} degC: {state:?}");
        let air_w_k = 110.0 * air.dry_air_density_kg_m3() * air.specific_heat_j_kgk();
        let conducts = |share: f64| {
            inlet_conductance(crossflow, 200e3 * ua_factor(share, 1.0), water_w_k, share * air_w_k)
        };
        let needed = 1e6 / (30.0 + 1e6 / water_w_k - t);
        let duty = (needed - conducts(0.1)) / (conducts(0.2) - conducts(0.1));
        if (0.0..=1.0).contains(&duty) {
            cycled += 1;
            let expected_w = duty * 0.2f64.powi(3) * 44e3;
            assert!((state.fan_w - expected_w).abs() < 1e-4, "{t}: {} {expected_w}", state.fan_w);
            assert!((state.fan_speed - 0.2 * duty).abs() < 1e-7);
        }
    }
    assert!(cycled > 5, "{cycled}");
}

#[test]
fn cycling_costs_more_than_a_drive_and_less_than_fans_that_never_rest() {
    let of = |control: &str| {
        loop_of(&format!(
            r#"{{"tower": {{"design_heat": "1 MW", "supply": "27 degC",
                "fans": {{"control": "{control}"}}, "fed_by": ["a"]}}}}"#
        ))
    };
    let [drive, cycling, always] = ["variable-speed", "cycling", "always-on"].map(of);
    for (t, rh) in [(-5.0, 0.7), (8.0, 0.6), (20.0, 0.5), (26.0, 0.6), (38.0, 0.5)] {
        let air = weather(t, rh);
        let fan_w = |plant: &CoolingLoop| plant.solve(1e6, &air, Drive::FULL).fan_w;
        let (least, middle, most) = (fan_w(&drive), fan_w(&cycling), fan_w(&always));
        assert!(least <= middle + 1e-6 && middle <= most + 1e-6, "{least} {middle} {most} at {t}");
    }
}

#[test]
fn flows_drift_loss_and_pump_heat_are_taken_as_written() {
    let plain = r#""design_heat": "1 MW", "fans": {"control": "always-on"}, "fed_by": ["a"]"#;
    let plant = loop_of(&format!(
        r#"{{"tower": {{{plain}, "water_flow": "50 kg/s", "pumps": {{"power": "12 kW",
            "heat": "25 %"}}, "tower": {{"drift": "0.036 m3/h",
            "evaporation_loss": "0.2 %"}}}}}}"#
    ));
    let state = plant.solve(8e5, &weather(25.0, 0.5), Drive::FULL);
    assert!((state.heat_rejected_w - 803e3).abs() < 1e-6, "a quarter of 12 kW warms the water");
    assert_eq!(state.pump_w, 12e3);
    let range_k = state.return_c - state.supply_c;
    assert!((range_k - 803e3 / (50.0 * CP_WATER)).abs() < 1e-9);
    assert!((state.water.evaporation_kg_s - 0.002 * 50.0 * range_k).abs() < 1e-9);
    let drift_kg_s = 0.036 / 3600.0 * crate::fluids::water::DENSITY_WATER;
    assert!((state.water.drift_kg_s - drift_kg_s).abs() < 1e-12, "{}", state.water.drift_kg_s);
}

#[test]
fn a_fan_curve_of_ones_own_is_followed() {
    let plant = loop_of(
        r#"{"tower": {"design_heat": "1 MW", "supply": "27 degC", "fans": {"power": "10 kW",
            "curve": [0.1, -0.2, 0.3, 0.8]}, "fed_by": ["a"]}}"#,
    );
    let state = plant.solve(1e6, &weather(22.0, 0.6), Drive::FULL);
    let r = state.fan_speed;
    assert!((0.25..0.95).contains(&r), "{r}");
    let expected = 1e4 * (0.1 - 0.2 * r + 0.3 * r * r + 0.8 * r * r * r);
    assert!((state.fan_w - expected).abs() < 1e-6);
    let has =
        |json: &str, field: &str, words: &str| has(&faults_of(json), Severity::Error, field, words);
    assert!(has(
        r#"{"tower": {"design_heat": "1 MW", "fans": {"curve": [0, 0, 0, 0.5]}, "fed_by": ["a"]}}"#,
        "fans.curve",
        "comes to 0.5 of full power"
    ));
    assert!(has(
        r#"{"tower": {"design_heat": "1 MW", "range": "5 K", "water_flow": "50 kg/s",
            "fed_by": ["a"]}}"#,
        "water_flow",
        "both give the flow"
    ));
    assert!(has(
        r#"{"tower": {"design_heat": "1 MW", "tower": {"drift": "10 %"}, "fed_by": ["a"]}}"#,
        "tower.drift",
        "must be between 0 % and 5 %, got 10 %"
    ));
}

#[test]
fn open_motors_spare_the_tower() {
    let plant = |share: &str| {
        loop_of(&format!(
            r#"{{"chiller-plant": {{"design_heat": "1 MW", "pumps": {{"heat": "0 %"}},
                "chillers": {{"compressor_heat": "{share}"}}, "fed_by": ["a"]}}}}"#
        ))
    };
    let air = weather(25.0, 0.5);
    let (closed, open) =
        (plant("100 %").solve(8e5, &air, Drive::FULL), plant("60 %").solve(8e5, &air, Drive::FULL));
    assert!((closed.heat_rejected_w - 8e5 - closed.chiller_w).abs() < 1e-6);
    assert!((open.heat_rejected_w - 8e5 - 0.6 * open.chiller_w).abs() < 1e-6);
}
