//! A dry cooler ahead of a tower, against each of the two alone and a march round the loop.

use super::*;

fn hybrid(fields: &str) -> CoolingLoop {
    with_tower("", fields)
}

fn with_tower(of_tower: &str, fields: &str) -> CoolingLoop {
    loop_of(&format!(
        r#"{{"hybrid-cooler": {{"design_heat": "1 MW", "pumps": {{"power": "0 W"}},
            "supply": "24 degC", "tower": {{"design_wet_bulb": "19 degC",
            "design_supply": "24 degC"{of_tower}}}, "range": "8 K", "fed_by": ["a"]{fields}}}}}"#
    ))
}

fn device(plant: &CoolingLoop) -> (HydronicDesign, HybridDesign) {
    let design = hydronic(plant);
    let DeviceDesign::Hybrid(device) = design.device else { panic!() };
    (design, device)
}

#[test]
fn in_the_cold_it_is_its_dry_cooler_and_in_the_heat_its_tower() {
    let plant = hybrid("");
    let (design, device) = device(&plant);
    let alone =
        |device| CoolingLoop::new(&LoopDesign::Hydronic(HydronicDesign { device, ..design }));
    let dry = alone(DeviceDesign::DryCooler(device.dry));
    let tower = alone(DeviceDesign::Tower(device.tower));
    let cold = weather(2.0, 0.6);
    let state = plant.solve(1e6, &cold, Drive::FULL);
    assert_eq!(state, dry.solve(1e6, &cold, Drive::FULL));
    assert_eq!((state.dry_w, state.water), (1e6, WaterFlows::default()));
    // The returning water of 32 degC is no 3 K above the air.
    let hot = weather(30.0, 0.3);
    let state = plant.solve(1e6, &hot, Drive::FULL);
    assert_eq!(state, tower.solve(1e6, &hot, Drive::FULL));
    assert_eq!(state.dry_w, 0.0);
    // Up to the switchover, in dry air at sea level, the dry cooler just does.
    let at = |dry_bulb_c| MoistAir { dry_bulb_c, humidity_ratio: 0.0, pressure_pa: 101_325.0 };
    let state = plant.solve(1e6, &at(4.99), Drive::FULL);
    assert!((state.supply_c - 24.0).abs() < 1e-5 && state.fan_speed > 0.995, "{state:?}");
    let warmer = at(5.01);
    assert!(plant.solve(1e6, &warmer, Drive::FULL).water.evaporation_kg_s > 0.0);
}

/// Water round the loop until it comes back as it left: the dry cooler, the tower, the heat.
#[test]
fn between_the_two_each_takes_its_part_of_the_range() {
    for (t, rh, load) in [(12.0, 0.5, 1.0), (20.0, 0.3, 1.0), (15.0, 0.9, 0.7)] {
        let plant = hybrid(r#", "fans": {"control": "always-on"}"#);
        let (design, device) = device(&plant);
        let (air, heat_w) = (weather(t, rh), load * 1e6);
        let state = plant.solve(heat_w, &air, Drive::FULL);
        assert!(state.dry_w > 0.05 * heat_w && state.dry_w < heat_w, "{state:?}");
        let water_w_k = design.circuit.flow_kg_s * CP_WATER;
        let air_w_k =
            device.dry.air_flow_m3_s * air.dry_air_density_kg_m3() * air.specific_heat_j_kgk();
        let dry_w_k = inlet_conductance(crossflow, device.dry.ua_w_k, water_w_k, air_w_k);
        let tower_air_kg_s = device.tower.air_flow_m3_s * air.dry_air_density_kg_m3();
        let correction = 1.0 + 0.0081 * (19.0 - air.wet_bulb_c()).clamp(-10.0, 25.0);
        let ua = device.tower.ua_w_k * correction;
        let mut supply_c = 30.0;
        for _ in 0..2000 {
            let returning_c = supply_c + heat_w / water_w_k;
            let between_c = returning_c - dry_w_k * (returning_c - t) / water_w_k;
            let tower_w = textbook_heat_w(ua, tower_air_kg_s, water_w_k, between_c, &air);
            supply_c = between_c - tower_w / water_w_k;
        }
        assert!((state.supply_c - supply_c).abs() < 1e-4, "{} for {supply_c}", state.supply_c);
        let dry_w = dry_w_k * (supply_c + heat_w / water_w_k - t);
        assert!((state.dry_w / dry_w - 1.0).abs() < 1e-4, "{} for {dry_w}", state.dry_w);
        // Only the tower's part evaporates.
        let expected =
            super::super::water::Vapour::of(heat_w - dry_w, tower_air_kg_s, &air, 20.0).kg_s;
        assert!((state.water.evaporation_kg_s / expected - 1.0).abs() < 1e-4);
        assert!((state.fan_w - plant.max_fan_w()).abs() < 1e-9);
    }
}

#[test]
fn a_hybrid_spends_less_water_than_its_tower_and_holds_the_supply() {
    let plant = hybrid("");
    let (design, device) = device(&plant);
    let tower = HydronicDesign { device: DeviceDesign::Tower(device.tower), ..design };
    let tower = CoolingLoop::new(&LoopDesign::Hydronic(tower));
    for t in [6.0, 12.0, 18.0, 24.0] {
        let air = weather(t, 0.4);
        let (ours, wet) =
            (plant.solve(1e6, &air, Drive::FULL), tower.solve(1e6, &air, Drive::FULL));
        assert!(ours.water.makeup_kg_s < 0.98 * wet.water.makeup_kg_s, "{t}: {ours:?}");
        assert!(ours.supply_c <= 24.0 + 1e-5 && !ours.saturated);
    }
}

#[test]
fn contradictory_hybrids_are_reported() {
    let faults = faults_of(
        r#"{"hybrid-cooler": {"design_heat": "1 MW", "fed_by": ["a"],
            "dry": {"switchover": "30 degC"}}}"#,
    );
    assert!(has(&faults, Severity::Error, "dry.switchover", "no dry cooler"), "{faults:?}");
    assert_eq!(faults_of(r#"{"hybrid-cooler": {"design_heat": "1 MW", "fed_by": ["a"]}}"#), []);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn every_hybrid_is_finite_and_balanced(
        which in 0usize..4, t in -45.0f64..55.0, rh in 0.0f64..=1.0, pressure_pa in 60e3f64..105e3,
        load in prop_oneof![Just(0.0), 0.0f64..1e-6, 0.0f64..1.0, 1.0f64..3.0],
        fans in prop_oneof![Just(0.0), Just(1.0), 0.0f64..=1.0, 0.0f64..1e-3],
        pumps in prop_oneof![Just(0.0), Just(1.0), 0.0f64..=1.0, 0.01f64..0.1],
    ) {
        let (of_tower, fields) = [
            ("", ""),
            ("", r#", "fans": {"control": "cycling"}, "dry": {"switchover": "12 degC"}"#),
            ("", r#", "fans": {"control": "always-on"}"#),
            (r#", "evaporation_loss": "0.2 %""#, r#", "dry": {"difference": "0 K"}"#),
        ][which];
        let plant = with_tower(of_tower, fields);
        let (design, _) = device(&plant);
        let air = MoistAir::from_relative_humidity(t, rh, pressure_pa);
        let (heat_w, drive) = (load * 1e6, Drive { fans, pumps, ..Drive::FULL });
        let state = plant.solve(heat_w, &air, drive);
        prop_assert_eq!(state, plant.solve(heat_w, &air, drive));
        for value in [state.supply_c, state.return_c, state.rack_inlet_c, state.fan_w] {
            prop_assert!(value.is_finite(), "{:?}", state);
        }
        prop_assert!((0.0..=fans * plant.max_fan_w() * (1.0 + 1e-12)).contains(&state.fan_w));
        prop_assert!((0.0..=1.0 + 1e-12).contains(&state.air_ratio));
        if !state.flowing {
            prop_assert_eq!(pumps, 0.0);
            return Ok(());
        }
        // Beyond where the coolant boils the rest leaves with its vapour.
        prop_assert!((state.heat_rejected_w + state.left_w - heat_w).abs() <= 1e-9 * heat_w);
        prop_assert!(state.left_w == 0.0 || state.supply_c == BOILING_C, "{:?}", state);
        prop_assert!((-1e-6 * heat_w..=heat_w * (1.0 + 1e-9)).contains(&state.dry_w), "{:?}", state);
        let circuit = &design.circuit;
        let coolant_w_k = PumpLaw::CONSTANT.full_flow(pumps) * circuit.flow_kg_s * circuit.specific_heat_j_kgk;
        let returns_c = (state.supply_c + heat_w / coolant_w_k).min(BOILING_C);
        let apart_w = coolant_w_k * (state.return_c - returns_c);
        prop_assert!(apart_w.abs() <= 1e-6 * heat_w.max(1.0));
        prop_assert!(state.supply_c >= design.minimum_supply_c - 1e-9);
        prop_assert!(state.supply_c >= air.wet_bulb_c() - 1e-6, "{:?}", state);
        if design.fan_control != FanControl::AlwaysOn {
            let wanted_c = design.setpoint_c.max(design.minimum_supply_c);
            prop_assert_eq!(state.saturated, state.supply_c > wanted_c + 1e-5, "{:?}", state);
        }
        let water = state.water;
        let out = water.evaporation_kg_s + water.drift_kg_s + water.blowdown_kg_s;
        prop_assert!(out >= 0.0 && (water.makeup_kg_s - out).abs() <= 1e-12 * out);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    /// It is found without looking for how the two share the heat.
    #[test]
    fn what_is_carried_at_a_temperature_settles_at_it(
        which in 0usize..4,
        (t, rh) in (-25.0f64..48.0, 0.02f64..1.0),
        above_k in prop_oneof![Just(0.0), -5.0f64..0.0, 0.0f64..30.0],
        fans in prop_oneof![Just(0.0), Just(1.0), 0.0f64..=1.0],
        pumps in prop_oneof![Just(1.0), 0.05f64..=1.0],
        fan_speed in prop_oneof![Just(None), Just(None), (0.0f64..=1.0).prop_map(Some)],
    ) {
        let plant = hybrid([
            "",
            r#", "fans": {"control": "cycling"}, "dry": {"switchover": "12 degC"}"#,
            r#", "fans": {"control": "always-on"}"#,
            r#", "dry": {"difference": "0 K"}"#,
        ][which]);
        let drive = Drive { fans, pumps, fan_speed, ..Drive::FULL };
        carries_what_settles_at(&plant, 24.0 + above_k, &weather(t, rh), drive)?;
    }
}
