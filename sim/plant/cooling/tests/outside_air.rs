//! Air-side economisers: mixing, coil and moisture by balances written out, modes by the weather.

use super::*;
use crate::fluids::{CP_DRY_AIR, saturation_humidity_ratio};
use crate::kernel::{Span, Time};

/// An air handler for a megawatt whose machines warm the air by 11 K, on chilled water.
fn handler(outside: &str) -> ExchangerDesign {
    let LoopDesign::ChillerPlant(plant) = *loop_of(
        r#"{"chiller-plant": {"design_heat": "1.1 MW", "supply": "15 degC", "fed_by": ["a"]}}"#,
    )
    .design() else {
        panic!()
    };
    let mut faults = Vec::new();
    let spec: CoolingSpec = serde_json::from_str(&format!(
        r#"{{"air-handler": {{"design_heat": "1 MW", "cooled_by": ["b"], "fed_by": ["a"],
            "outside_air": {outside}}}}}"#
    ))
    .unwrap();
    let CoolingPart::Exchanger(unsized_handler) = spec.resolve(&mut faults) else { panic!() };
    let design = unsized_handler.on(&LoopDesign::ChillerPlant(plant), &mut faults);
    assert_eq!(faults, []);
    design
}

fn at(design: &ExchangerDesign, mode: CoolingMode, air: &MoistAir, heat_w: f64) -> ExchangerState {
    design.solve_in(heat_w, 1.0, 1.0, Some(Outdoors { air, mode, may_evaporate: true }))
}

/// The economiser of `design`, long in the mode that `air` asks for.
fn control_of(design: &ExchangerDesign, air: &MoistAir) -> OutsideAirControl {
    OutsideAirControl::new(&design.outside_air.unwrap(), design.handler(), air, true)
}

/// Dry air with a dew point.
fn air(t: f64, dew_point: f64) -> MoistAir {
    MoistAir::from_dew_point(t, dew_point, 101_325.0)
}

#[test]
fn in_the_cold_dampers_mix_exhaust_into_outdoor_air() {
    let design = handler("{}");
    let cold = air(-4.0, -8.0);
    let state = at(&design, CoolingMode::Free, &cold, 1e6);
    let outside = state.outside.unwrap();
    // The supply is held, the loop gets nothing, and what the outdoor air carries is all there is.
    assert_eq!(design.inlet_c(15.0, &state), 18.0);
    assert_eq!(design.inlet_c(f64::INFINITY, &state), 18.0, "without a loop, too");
    assert!(state.to_loop_w.abs() < 1e-3 && (outside.heat_w - 1e6 - state.mover_w).abs() < 1e-3);
    let air_kg_s = design.surface.design_w_k.hot / CP_DRY_AIR;
    let exhaust_c = 18.0 + 1e6 / design.surface.design_w_k.hot;
    let carried = cold.specific_heat_j_kgk() * (exhaust_c - -4.0);
    let share = outside.heat_w / carried / air_kg_s;
    assert!((outside.share - share).abs() < 1e-3, "{} for {share}", outside.share);
    // Of so little outdoor air little pressure.
    let fans = at(&design, CoolingMode::Mechanical, &cold, 1e6).mover_w;
    assert!((state.mover_w - fans) / (design.max_mover_w() - fans) < 0.1);
}

#[test]
fn warm_air_goes_straight_through_and_hot_air_past_the_coil() {
    let design = handler("{}");
    let mild = at(&design, CoolingMode::Free, &air(23.0, 10.0), 1e6);
    // The fans stand behind the dampers and warm the air.
    let warmed_c = 23.0 + mild.mover_w / design.surface.design_w_k.hot;
    assert!((design.inlet_c(15.0, &mild) - warmed_c).abs() < 1e-9);
    let outside = mild.outside.unwrap();
    assert!(outside.share > 0.97 && mild.to_loop_w.abs() < 1e-3, "{mild:?}");
    // All of the path's pressure: 125 Pa of 75 m3/s at 60 %.
    assert!((design.max_mover_w() - design.mover_w - 75.0 * 125.0 / 0.6).abs() < 1e-6);

    // 31 degC: the coil takes the 4 K that are too much and what the fans add.
    let hot = air(31.0, 10.0);
    let state = at(&design, CoolingMode::Partial, &hot, 1e6);
    let expected = design.surface.design_w_k.hot * 4.0 + state.mover_w;
    assert!((state.to_loop_w / expected - 1.0).abs() < 0.03, "{state:?} for {expected}");
    assert_eq!(design.inlet_c(15.0, &state), 27.0);
    let closed = at(&design, CoolingMode::Mechanical, &hot, 1e6);
    assert_eq!(closed, design.solve(1e6, 1.0, 1.0));
    assert!(state.to_loop_w < 0.5 * closed.to_loop_w && closed.outside.is_none());
    // A loop too warm to hold 27 degC warms the racks.
    assert!(design.inlet_c(26.0, &state) > 27.0);
}

/// Racks that give next to nothing leave the exhaust colder than the outdoor air beside the coil,
/// which must not cool the hall to less than itself: the dampers shut it out.
#[test]
fn outdoor_air_warmer_than_the_exhaust_is_shut_out() {
    let design = handler("{}");
    let hot = air(31.0, 10.0);
    let hot_w_k = design.surface.design_w_k.hot;
    for (heat_w, open) in [(0.0, false), (1e4, false), (1e6, true)] {
        let state = at(&design, CoolingMode::Partial, &hot, heat_w);
        let outside = state.outside.unwrap();
        assert_eq!(outside.share > 0.0, open, "{heat_w} W: {outside:?}");
        if !open {
            // The coil has all of it, and no fan pushes against the louvres.
            assert_eq!((outside.heat_w, outside.fan_w), (0.0, 0.0));
            assert!((state.to_loop_w - heat_w - state.mover_w).abs() < 1e-9);
            // Only of a hall whose exhaust is warmer than it would it take heat.
            let opens_c = 31.0 - heat_w / (state.flow * hot_w_k);
            assert!((outside.sink_c - opens_c).abs() < 1e-9 && opens_c > 27.0, "{outside:?}");
        }
    }
}

#[test]
fn moisture_is_balanced() {
    // Air of -20 degC dew point is moistened to -9 degC; the vapour takes its heat from the hall.
    let design = handler(r#"{"humidifier": true, "cycles_of_concentration": 5.0}"#);
    let dry = air(-5.0, -20.0);
    let state = at(&design, CoolingMode::Free, &dry, 1e6);
    let outside = state.outside.unwrap();
    let air_kg_s = design.surface.design_w_k.hot / CP_DRY_AIR;
    let outdoor_kg_s = outside.share * air_kg_s;
    let least = saturation_humidity_ratio(-9.0, 101_325.0);
    let expected = outdoor_kg_s * (least - dry.humidity_ratio);
    assert!((outside.water.evaporation_kg_s / expected - 1.0).abs() < 1e-9);
    assert!((outside.water.makeup_kg_s / expected - 1.25).abs() < 1e-9);
    let exhaust = MoistAir {
        dry_bulb_c: 18.0 + 1e6 / design.surface.design_w_k.hot,
        humidity_ratio: least,
        pressure_pa: 101_325.0,
    };
    let carried = outdoor_kg_s * (exhaust.enthalpy_j_kg() - dry.enthalpy_j_kg());
    assert!((carried / outside.heat_w - 1.0).abs() < 1e-9);

    // Pads bring 36 degC within the limits, if they leave the air dry enough.
    let padded = handler(r#"{"pads": {"effectiveness": "80 %"}}"#);
    let desert = air(36.0, 2.0);
    let state = at(&padded, CoolingMode::Free, &desert, 1e6);
    let behind_c = 36.0 - 0.8 * (36.0 - desert.wet_bulb_c());
    let fans_k = state.mover_w / padded.surface.design_w_k.hot;
    assert!((padded.inlet_c(15.0, &state) - behind_c - fans_k).abs() < 1e-9 && behind_c < 27.0);
    assert!(state.outside.unwrap().water.evaporation_kg_s > 0.0);
    let sultry = air(36.0, 14.0);
    let state = at(&padded, CoolingMode::Partial, &sultry, 1e6);
    assert_eq!(state.outside.unwrap().water, WaterFlows::default());
}

#[test]
fn the_weather_decides_with_dead_bands_and_a_least_time() {
    let design = handler("{}");
    let modes = [CoolingMode::Free, CoolingMode::Partial, CoolingMode::Mechanical];
    let long_in = |air: &MoistAir| control_of(&design, air);
    let states = [air(20.0, 10.0), air(30.0, 10.0), air(39.0, 10.0)];
    for (state, mode) in states.iter().zip(modes) {
        assert_eq!(long_in(state).mode(), mode);
    }
    // Too moist and too dry.
    for dew_point in [15.5, -9.5] {
        assert_eq!(long_in(&air(20.0, dew_point)).mode(), CoolingMode::Mechanical);
    }
    let humid = handler(r#"{"humidifier": true}"#);
    let control = control_of(&humid, &air(20.0, -30.0));
    assert_eq!(control.mode(), CoolingMode::Free);
    // At the limit it shuts at once, and opens 1.1 K inside, 20 min later at the soonest.
    let minutes = |minutes: u64| Time::ZERO + Span::from_secs(60 * minutes);
    // The fans add 0.7 K to the 27 degC that the racks may get.
    let mut control = long_in(&air(26.2, 10.0));
    let economiser = (&design.outside_air.unwrap(), design.handler());
    let mut look = |now: u64, t: f64| {
        (control.advance(minutes(now), economiser, &air(t, 10.0), true), control.mode())
    };
    assert_eq!(look(10, 26.4), (Time::MAX, CoolingMode::Partial));
    assert_eq!(look(60, 25.5), (Time::MAX, CoolingMode::Partial));
    assert_eq!(look(70, 25.1), (Time::MAX, CoolingMode::Free));
    assert_eq!(look(75, 26.5), (minutes(90), CoolingMode::Free));
    assert_eq!(look(90, 26.5), (Time::MAX, CoolingMode::Partial));
}

#[test]
fn classes_are_those_of_ashrae_and_contradictions_are_reported() {
    for (class, warmest_c, greatest_c) in [
        ("a1-recommended", 27.0, 15.0),
        ("a1", 32.0, 17.0),
        ("a2", 35.0, 21.0),
        ("a3", 40.0, 24.0),
        ("a4", 45.0, 24.0),
        ("h1", 25.0, 17.0),
    ] {
        let outside = handler(&format!(r#"{{"class": "{class}"}}"#)).outside_air.unwrap();
        assert_eq!((outside.warmest_c, outside.greatest_dew_point_c), (warmest_c, greatest_c));
    }
    let check = |fields: &str, field: &str, words: &str| {
        let faults = faults_of(&format!(
            r#"{{"air-handler": {{"design_heat": "1 MW", "cooled_by": ["b"], "fed_by": ["a"],
                "outside_air": {{{fields}}}}}}}"#
        ));
        assert!(has(&faults, Severity::Error, field, words), "{faults:?}");
    };
    check(r#""warmest": "15 degC""#, "outside_air.warmest", "colder than the `supply`");
    check(
        r#""least_dew_point": "20 degC""#,
        "outside_air.least_dew_point",
        "no air has a dew point",
    );
    let field = "outside_air.cycles_of_concentration";
    check(r#""cycles_of_concentration": 1.0"#, field, "between 1.01 and 1000");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn every_economiser_is_finite_and_balanced(
        which in 0usize..4, mode in 0usize..3, t in -45.0f64..55.0, rh in 0.0f64..=1.0,
        pressure_pa in 60e3f64..105e3, supply_c in 5.0f64..60.0,
        load in prop_oneof![Just(0.0), 0.0f64..1e-6, 0.0f64..1.0, 1.0f64..3.0],
        movers in prop_oneof![Just(0.0), Just(1.0), 0.0f64..=1.0, 0.0f64..1e-3],
        facility in prop_oneof![Just(0.0), Just(1.0), 0.01f64..=1.0],
    ) {
        let design = handler([
            "{}",
            r#"{"class": "a4", "humidifier": true}"#,
            r#"{"class": "h1", "pads": {}}"#,
            r#"{"pads": {}, "humidifier": true, "pressure": "600 Pa"}"#,
        ][which]);
        let mode = [CoolingMode::Free, CoolingMode::Partial, CoolingMode::Mechanical][mode];
        let air = MoistAir::from_relative_humidity(t, rh, pressure_pa);
        let heat_w = load * 1e6;
        let outdoors = Outdoors { air: &air, mode, may_evaporate: true };
        let state = design.solve_in(heat_w, movers, facility, Some(outdoors));
        prop_assert_eq!(state, design.solve_in(heat_w, movers, facility, Some(outdoors)));
        prop_assert!((0.0..=movers * design.max_mover_w() * (1.0 + 1e-12)).contains(&state.mover_w));
        let total_w = heat_w + state.mover_w;
        prop_assert!((-1e-9 * total_w..=total_w).contains(&state.to_loop_w), "{:?}", state);
        let Some(outside) = state.outside else {
            prop_assert!(mode == CoolingMode::Mechanical || movers == 0.0);
            return Ok(());
        };
        prop_assert!((outside.heat_w + state.to_loop_w - total_w).abs() <= 1e-9 * total_w);
        prop_assert!((0.0..=1.0).contains(&outside.share));
        prop_assert!(outside.conductance_w_k >= 0.0 && outside.sink_c.is_finite());
        let water = outside.water;
        prop_assert!(water.evaporation_kg_s >= 0.0 && water.makeup_kg_s.is_finite());
        let inlet_c = design.inlet_c(supply_c, &state);
        // Only a coil without its loop leaves the racks without an inlet.
        prop_assert!(inlet_c.is_finite() || facility == 0.0, "{:?}", state);
        if mode == CoolingMode::Free {
            prop_assert!(inlet_c >= air.wet_bulb_c() - 1e-6);
        }
    }
}
