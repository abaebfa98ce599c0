//! Evaporative fluid coolers against the textbook's iteration, an integration along the coil,
//! dry coolers, and balances written out.

use super::*;
use crate::fluids::{saturation_humidity_ratio, water::DENSITY_WATER};

fn cooler(fields: &str) -> CoolingLoop {
    loop_of(&format!(
        r#"{{"fluid-cooler": {{"design_heat": "1 MW", "pumps": {{"power": "0 W"}},
            "fed_by": ["a"]{fields}}}}}"#
    ))
}

fn device(plant: &CoolingLoop) -> (HydronicDesign, FluidCoolerDesign) {
    let LoopDesign::Hydronic(design) = *plant.design() else { panic!() };
    let DeviceDesign::FluidCooler(device) = design.device else { panic!() };
    (design, device)
}

#[test]
fn a_sprayed_cooler_meets_its_design_point_and_the_textbook() {
    let plant = cooler(r#", "fans": {"control": "always-on"}"#);
    let (design, device) = device(&plant);
    let rated = MoistAir::from_wet_bulb(35.0, 25.6, 101_325.0);
    let state = plant.solve(1e6, &rated, Drive::FULL);
    assert!((state.supply_c - 29.5).abs() < 1e-6, "{state:?}");
    // EnergyPlus' example: 25.6 W of fan and 34.3 L/s of air a kilowatt.
    assert!((device.dry.fan_w / 25.59e3 - 1.0).abs() < 1e-3);
    assert!((device.dry.air_flow_m3_s / 34.35 - 1.0).abs() < 1e-3);
    for (t, rh, heat_w) in [(8.0, 0.5, 1.1e6), (20.0, 0.9, 0.4e6), (41.0, 0.1, 1.3e6)] {
        let air = weather(t, rh);
        let state = plant.solve(heat_w, &air, Drive::FULL);
        let air_kg_s = device.dry.air_flow_m3_s * air.dry_air_density_kg_m3();
        let coolant_w_k = design.circuit.flow_kg_s * CP_WATER;
        let expected = textbook_heat_w(device.ua_w_k, air_kg_s, coolant_w_k, state.return_c, &air);
        assert!((heat_w / expected - 1.0).abs() < 1e-6, "{expected}");
        assert_eq!(state.fan_w, plant.max_fan_w());
        assert!((state.fan_w - device.dry.fan_w - state.spray_w).abs() < 1e-9);
    }
}

/// The coil cut into slices: coolant to the spray's surface across the coil, from there to the
/// air along the difference of enthalpies. Nothing of the effectiveness is used.
fn integrated_w(
    (surface, coil): (f64, f64),
    air_kg_s: f64,
    coolant_w_k: f64,
    entering_c: f64,
    air: &MoistAir,
) -> f64 {
    const SLICES: usize = 4000;
    let (p, cpa) = (air.pressure_pa, 1006.0 + 1860.0 * air.humidity_ratio);
    let entering_air = saturated_enthalpy_j_kg(air.wet_bulb_c(), p);
    // Counterflow: guess what the coolant leaves at, march to its inlet, correct the guess.
    let marched = |leaving_c: f64| {
        let (mut coolant_c, mut h) = (leaving_c, entering_air);
        for _ in 0..SLICES {
            let (surface, coil) = (surface / SLICES as f64, coil / SLICES as f64);
            let (mut low, mut high) = (air.wet_bulb_c() - 1.0, coolant_c);
            for _ in 0..40 {
                let film_c = 0.5 * (low + high);
                let given = coil * (coolant_c - film_c);
                let taken = surface / cpa * (saturated_enthalpy_j_kg(film_c, p) - h);
                if given > taken { low = film_c } else { high = film_c }
            }
            let heat = coil * (coolant_c - low);
            coolant_c += heat / coolant_w_k;
            h += heat / air_kg_s;
        }
        coolant_c
    };
    let (mut low, mut high) = (air.wet_bulb_c(), entering_c);
    for _ in 0..50 {
        let leaving_c = 0.5 * (low + high);
        if marched(leaving_c) < entering_c { low = leaving_c } else { high = leaving_c }
    }
    coolant_w_k * (entering_c - low)
}

#[test]
fn film_and_surface_in_series_come_near_to_an_integration_along_the_coil() {
    for share in ["0.01 %", "40 %"] {
        let plant = cooler(&format!(
            r#", "fans": {{"control": "always-on"}}, "coil": {{"resistance": "{share}"}}"#
        ));
        let (design, device) = device(&plant);
        let rated = MoistAir::from_wet_bulb(35.0, 25.6, 101_325.0);
        let state = plant.solve(1e6, &rated, Drive::FULL);
        assert!((state.supply_c - 29.5).abs() < 1e-6, "{state:?}");
        for (t, rh, heat_w) in [(35.0, 0.4, 1e6), (10.0, 0.6, 0.8e6), (25.0, 0.9, 1.2e6)] {
            let air = weather(t, rh);
            let state = plant.solve(heat_w, &air, Drive::FULL);
            let integrated = integrated_w(
                (device.ua_w_k, device.coil_w_k),
                device.dry.air_flow_m3_s * air.dry_air_density_kg_m3(),
                design.circuit.flow_kg_s * CP_WATER,
                state.return_c,
                &air,
            );
            // What is left is the curve of saturated air, straight in the effectiveness.
            assert!((heat_w / integrated - 1.0).abs() < 0.08, "{share} {t}: {integrated}");
        }
    }
}

#[test]
fn the_dry_coil_carries_the_design_heat_at_the_switchover_and_is_a_dry_cooler() {
    let plant = cooler(r#", "spray": {"dry_below": "60 degC"}"#);
    let (design, device) = device(&plant);
    let at = |dry_bulb_c| MoistAir { dry_bulb_c, humidity_ratio: 0.0, pressure_pa: 101_325.0 };
    let state = plant.solve(1e6, &at(7.2), Drive::FULL);
    assert!((state.supply_c - 29.5).abs() < 1e-5 && (state.fan_speed - 1.0).abs() < 1e-5);
    assert!(plant.solve(1e6, &at(8.0), Drive::FULL).saturated);
    // The same coil as a dry cooler, by its figures.
    let twin = loop_of(&format!(
        r#"{{"dry-cooler": {{"design_heat": "1 MW", "pumps": {{"power": "0 W"}}, "fed_by": ["a"],
            "cooler": {{"ua": "{} W/K"}}, "fans": {{"air_flow": "{} m3/s", "power": "{} W",
            "curve": "tower"}}, "range": "5.5 K", "supply": "29.5 degC",
            "minimum_supply": "7 degC"}}}}"#,
        device.dry.ua_w_k, device.dry.air_flow_m3_s, device.dry.fan_w
    ));
    for (t, rh, heat_w, fans) in [
        (-20.0, 0.7, 1e6, 1.0),
        (4.0, 0.5, 0.9e6, 0.5),
        (30.0, 0.4, 0.2e6, 1.0),
        (20.0, 0.5, 1e6, 0.0),
    ] {
        let drive = Drive { fans, ..Drive::FULL };
        let (ours, dry) = (
            plant.solve(heat_w, &weather(t, rh), drive),
            twin.solve(heat_w, &weather(t, rh), drive),
        );
        assert!((ours.supply_c - dry.supply_c).abs() < 1e-9, "{ours:?} against {dry:?}");
        assert!((ours.fan_w - dry.fan_w).abs() < 1e-6);
        assert_eq!((ours.spray_w, ours.water), (0.0, WaterFlows::default()));
    }
    assert_eq!(design.minimum_supply_c, 7.0);
}

#[test]
fn the_spray_is_off_in_the_cold_and_on_demand_elsewhere() {
    let (always, needed) = (cooler(""), cooler(r#", "spray": {"control": "when-needed"}"#));
    for (t, wet) in [(4.9, false), (5.0, true)] {
        let state = always.solve(0.8e6, &weather(t, 0.6), Drive::FULL);
        assert_eq!(state.spray_w > 0.0, wet, "{state:?}");
        assert_eq!(state.water.makeup_kg_s > 0.0, wet);
    }
    // Half of the heat is carried dry in air in which all of it is not.
    let (half, all) = (
        needed.solve(0.5e6, &weather(14.0, 0.6), Drive::FULL),
        needed.solve(1.0e6, &weather(14.0, 0.6), Drive::FULL),
    );
    assert_eq!((half.spray_w, half.water), (0.0, WaterFlows::default()));
    assert!((half.supply_c - 29.5).abs() < 1e-5 && half.fan_speed > 0.2, "{half:?}");
    assert!(all.spray_w > 0.0 && all.water.evaporation_kg_s > 0.0 && all.supply_c <= 29.5 + 1e-5);
    // Of two units, one without power is dry: its pump rests with its fan.
    let full = always.solve(0.5e6, &weather(30.0, 0.5), Drive::FULL);
    let half = always.solve(0.5e6, &weather(30.0, 0.5), Drive { fans: 0.5, ..Drive::FULL });
    assert!((half.spray_w - 0.5 * full.spray_w).abs() < 1e-9 && half.supply_c >= full.supply_c);
    let none = always.solve(0.5e6, &weather(30.0, 0.5), Drive { fans: 0.0, ..Drive::FULL });
    assert_eq!((none.spray_w, none.fan_w, none.water), (0.0, 0.0, WaterFlows::default()));
    // A pump of 25.1 kg/s against 60 kPa at 60 %.
    let expected = 25.113 / DENSITY_WATER * 60e3 / 0.6;
    assert!((full.spray_w / expected - 1.0).abs() < 1e-3, "{} for {expected}", full.spray_w);
}

#[test]
fn water_is_that_of_saturated_air_or_of_a_loss_factor() {
    let on = r#", "fans": {"control": "always-on"}, "water": {"cycles_of_concentration": 5.0}"#;
    let air = weather(30.0, 0.5);
    let plant = cooler(on);
    let state = plant.solve(1e6, &air, Drive::FULL);
    // Air that takes up a megawatt and leaves saturated, by bisection.
    let (_, device) = device(&plant);
    let air_kg_s = device.dry.air_flow_m3_s * air.dry_air_density_kg_m3();
    let wanted = air.enthalpy_j_kg() + 1e6 / air_kg_s;
    let (mut low, mut high) = (0.0, 80.0);
    for _ in 0..60 {
        let t = 0.5 * (low + high);
        if saturated_enthalpy_j_kg(t, 101_325.0) < wanted { low = t } else { high = t }
    }
    let expected = air_kg_s * (saturation_humidity_ratio(low, 101_325.0) - air.humidity_ratio);
    let water = state.water;
    assert!((water.evaporation_kg_s / expected - 1.0).abs() < 1e-9, "{water:?} for {expected}");
    // Drift of the spray; blowdown by cycles.
    assert!((water.drift_kg_s - 2e-5 * device.spray.flow_kg_s).abs() < 1e-12);
    let drained = water.evaporation_kg_s / 4.0 - water.drift_kg_s;
    assert!((water.blowdown_kg_s - drained).abs() < 1e-12);

    let coolant_kg_s = 1e6 / (5.5 * CP_WATER);
    let loss = |fields: &str, air: &MoistAir| {
        cooler(&format!(r#"{on}, "spray": {{{fields}}}"#))
            .solve(1e6, air, Drive::FULL)
            .water
            .evaporation_kg_s
    };
    let factor = loss(r#""evaporation_loss": "0.2 %""#, &air);
    assert!((factor - 0.002 * coolant_kg_s * 5.5).abs() < 1e-9);
    let fit = r#""evaporation": "qureshi-zubair""#;
    let expected = (113.0 - 8.417 * 0.5 + 1.6147 * 30.0) * 1e-5 * coolant_kg_s * 5.5;
    assert!((loss(fit, &air) / expected - 1.0).abs() < 1e-9);
    // Beyond its humidities the fit keeps its ends.
    let (foggy, end) = (weather(30.0, 0.95), (113.0 - 8.417 * 0.7 + 1.6147 * 30.0) * 1e-5);
    assert!((loss(fit, &foggy) / (end * coolant_kg_s * 5.5) - 1.0).abs() < 1e-9);
    // All three tell the same story of a mild day: 1.3 to 2.4 L a kilowatt-hour.
    for kg_s in [water.evaporation_kg_s, factor, loss(fit, &air)] {
        assert!((1.2..2.4).contains(&(kg_s * 3.6)), "{kg_s} kg/s");
    }
}

#[test]
fn contradictory_fluid_coolers_are_reported() {
    let check = |part: &str, fields: &str, field: &str, words: &str| {
        let faults = faults_of(&format!(
            r#"{{"fluid-cooler": {{"design_heat": "1 MW", "fed_by": ["a"],
                "{part}": {{{fields}}}}}}}"#
        ));
        assert!(has(&faults, Severity::Error, &format!("{part}.{field}"), words), "{faults:?}");
    };
    check("coil", r#""dry_switchover": "28 degC""#, "dry_switchover", "no dry coil with");
    check("coil", r#""design_supply": "25 degC""#, "design_supply", "no fluid cooler with");
    check("coil", r#""ua": "60 kW/K", "design_supply": "29 degC""#, "ua", "both size");
    check("coil", r#""dry_ua": "60 kW/K", "dry_switchover": "5 degC""#, "dry_ua", "both size");
    check("spray", r#""dry_below": "-2 degC""#, "dry_below", "between 0 degC and 60 degC");
    let field = "cycles_of_concentration";
    check("water", r#""cycles_of_concentration": 1.0"#, field, "between 1.01 and 1000");
    check(
        "spray",
        r#""evaporation": "qureshi-zubair", "evaporation_loss": "0.2 %""#,
        "evaporation_loss",
        "in place of",
    );
    assert_eq!(faults_of(r#"{"fluid-cooler": {"design_heat": "1 MW", "fed_by": ["a"]}}"#), []);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn every_fluid_cooler_is_finite_and_balanced(
        which in 0usize..5, t in -45.0f64..55.0, rh in 0.0f64..=1.0, pressure_pa in 60e3f64..105e3,
        load in prop_oneof![Just(0.0), 0.0f64..1e-6, 0.0f64..1.0, 1.0f64..3.0],
        fans in prop_oneof![Just(0.0), Just(1.0), 0.0f64..=1.0, 0.0f64..1e-3],
        pumps in prop_oneof![Just(0.0), Just(1.0), 0.0f64..=1.0, 0.01f64..0.1],
    ) {
        let plant = cooler([
            "",
            r#", "spray": {"control": "when-needed"}, "coolant": "pg25",
                "basin_heater": {"capacity": "300 W/K"}"#,
            r#", "fans": {"control": "cycling"}, "coil": {"resistance": "40 %"}"#,
            r#", "fans": {"control": "always-on"}, "spray": {"control": "when-needed"}"#,
            r#", "spray": {"evaporation": "qureshi-zubair"}, "supply": "20 degC""#,
        ][which]);
        let (design, _) = device(&plant);
        let air = MoistAir::from_relative_humidity(t, rh, pressure_pa);
        let (heat_w, drive) = (load * 1e6, Drive { fans, pumps, ..Drive::FULL });
        let state = plant.solve(heat_w, &air, drive);
        prop_assert_eq!(state, plant.solve(heat_w, &air, drive));
        for value in [state.supply_c, state.return_c, state.rack_inlet_c, state.fan_w] {
            prop_assert!(value.is_finite(), "{:?}", state);
        }
        prop_assert!((0.0..=fans * plant.max_fan_w() * (1.0 + 1e-12)).contains(&state.fan_w));
        prop_assert!((0.0..=state.fan_w).contains(&state.spray_w));
        if !state.flowing {
            prop_assert_eq!(pumps, 0.0);
            return Ok(());
        }
        prop_assert!((state.heat_rejected_w + state.left_w - heat_w).abs() <= 1e-9 * heat_w);
        let circuit = &design.circuit;
        let coolant_w_k = PumpLaw::CONSTANT.full_flow(pumps) * circuit.flow_kg_s * circuit.specific_heat_j_kgk;
        let given_w = heat_w - state.left_w;
        let returns_c = (state.supply_c + given_w / coolant_w_k).min(BOILING_C);
        let apart_w = coolant_w_k * (state.return_c - returns_c);
        prop_assert!(apart_w.abs() <= 1e-6 * heat_w.max(1.0));
        prop_assert!(state.supply_c >= design.minimum_supply_c - 1e-9);
        prop_assert!(state.supply_c >= air.wet_bulb_c() - 1e-6, "{:?}", state);
        if state.spray_w == 0.0 {
            prop_assert!(state.supply_c >= t - 1e-6 && state.water == WaterFlows::default());
        }
        if design.fan_control != FanControl::AlwaysOn {
            let wanted_c = design.setpoint_c.max(design.minimum_supply_c);
            prop_assert_eq!(state.saturated, state.supply_c > wanted_c + 1e-5, "{:?}", state);
        }
        let water = state.water;
        for flow in [water.evaporation_kg_s, water.drift_kg_s, water.blowdown_kg_s] {
            prop_assert!(flow >= 0.0 && flow.is_finite());
        }
        let out = water.evaporation_kg_s + water.drift_kg_s + water.blowdown_kg_s;
        prop_assert!((water.makeup_kg_s - out).abs() <= 1e-12 * out);
    }
}
