//! Wet pads held against the reference year and against the same plants without them.

use super::*;

/// Containers in Phoenix, effectiveness 0.8, wetted above 32 degC: 2,154 h a year, 0.28 L a
/// kilowatt-hour over the year (taken as evaporation, which it does not say); hours with an intake above 35 degC fall
/// from 1,230 to none.
#[test]
fn a_year_of_wet_pads_in_phoenix_is_met() {
    let columns = ["t_db_C", "w_kgkg", "p_Pa"];
    let Some(rows) = table("cooling/F_merkel_full_const__phoenix.csv.gz", &columns) else {
        return;
    };
    let hall = loop_of(
        r#"{"ventilation": {"design_heat": "1 MW", "fed_by": ["a"],
            "pads": {"effectiveness": "80 %", "enable_above": "32 degC"}}}"#,
    );
    let (mut hours, mut litres, mut hot, mut hot_dry) = (0, 0.0, 0, 0);
    for row in &rows {
        let [t, w, p] = row[..] else { panic!() };
        let air = MoistAir { dry_bulb_c: t, humidity_ratio: w, pressure_pa: p };
        let state = hall.solve(1e6, &air, Drive::FULL);
        let litres_kwh = state.water.evaporation_kg_s * 3.6;
        hours += u32::from(litres_kwh > 0.0);
        litres += litres_kwh / 8760.0;
        hot += u32::from(state.supply_c > 35.0);
        hot_dry += u32::from(t > 35.0);
    }
    // Theirs are hours above, ours from 32 degC on: TMY3 gives tenths of a degree.
    assert!((2154..=2240).contains(&hours), "{hours} h");
    assert_eq!((hot, hot_dry), (0, 1230));
    assert!((litres / 0.28 - 1.0).abs() < 0.1, "{litres} L/kWh over the year");
}

#[test]
fn a_dry_cooler_with_pads_is_a_dry_cooler_until_it_is_hot() {
    let cooler = |pads: &str| {
        loop_of(&format!(
            r#"{{"dry-cooler": {{"design_heat": "10 MW", "supply": "32 degC",
                "fed_by": ["a"]{pads}}}}}"#
        ))
    };
    let (dry, wet) = (cooler(""), cooler(r#", "pads": {}"#));
    let cool = weather(20.0, 0.4);
    assert_eq!(dry.solve(8e6, &cool, Drive::FULL), wet.solve(8e6, &cool, Drive::FULL));
    let hot = weather(40.0, 0.2);
    let (without, with) = (dry.solve(8e6, &hot, Drive::FULL), wet.solve(8e6, &hot, Drive::FULL));
    // At equal fans the supply falls by what the pads take off the dry bulb.
    let off_k = 0.785 * (40.0 - hot.wet_bulb_c());
    assert!(without.supply_c - with.supply_c > 0.5 * off_k && with.supply_c >= 32.0 - 1e-5);
    assert_eq!(without.water, WaterFlows::default());
    let water = with.water;
    assert!(water.evaporation_kg_s > 0.0 && water.drift_kg_s == 0.0);
    // A hall without fans of its own wets as much air as its machines take.
    let still = wet.solve(8e6, &hot, Drive { fans: 0.0, ..Drive::FULL });
    assert!(still.water.makeup_kg_s < 0.2 * water.makeup_kg_s, "{still:?}");
}

proptest! {
    #[test]
    fn padded_loops_are_finite_and_balanced(
        hall in proptest::bool::ANY, t in -45.0f64..55.0, rh in 0.0f64..=1.0,
        z in -300.0f64..4500.0, load in 0.0f64..3.0, fans in 0.0f64..=1.0,
        pumps in 0.01f64..=1.0,
    ) {
        let plant = if hall {
            loop_of(r#"{"ventilation": {"design_heat": "10 MW", "fed_by": ["a"], "pads": {}}}"#)
        } else {
            loop_of(r#"{"dry-cooler": {"design_heat": "10 MW", "fed_by": ["a"], "pads": {}}}"#)
        };
        let air = MoistAir::from_relative_humidity(t, rh, crate::fluids::standard_pressure_pa(z));
        let state = plant.solve(load * 10e6, &air, Drive { fans, pumps, ..Drive::FULL });
        prop_assert!(state.supply_c.is_finite() && state.rack_inlet_c >= state.supply_c);
        prop_assert!(state.supply_c >= air.wet_bulb_c() - 1e-6, "{:?}", state);
        let given = load * 10e6 + state.pump_w - state.left_w;
        prop_assert!((state.heat_rejected_w - given).abs() <= 1e-3);
        let water = state.water;
        prop_assert!(water.evaporation_kg_s >= 0.0 && water.makeup_kg_s.is_finite());
        prop_assert!((water.makeup_kg_s - water.evaporation_kg_s - water.blowdown_kg_s).abs() < 1e-9);
        if t < 25.0 {
            prop_assert_eq!(water, WaterFlows::default());
        }
    }
}

#[test]
fn contradictory_pads_are_reported() {
    let faults = faults_of(
        r#"{"dry-cooler": {"design_heat": "1 MW", "fed_by": ["a"],
            "pads": {"enable_above": "2 degC"}}}"#,
    );
    assert!(
        has(&faults, Severity::Error, "pads.enable_above", "between 5 degC and 60 degC"),
        "{faults:?}"
    );
}
