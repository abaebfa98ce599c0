//! Held against ASHRAE's tables and the reference points.

use std::path::PathBuf;

use proptest::prelude::*;

use super::*;

fn close(ours: f64, published: f64, relative: f64) {
    let error = (ours - published).abs() / published.abs();
    assert!(error <= relative, "{ours} against {published}: off by {:.4} %", 100.0 * error);
}

#[test]
fn saturation_pressure_meets_the_ashrae_table() {
    for (t, published) in [(-20.0, 103.24), (5.0, 872.6), (25.0, 3169.7), (50.0, 12351.3)] {
        close(saturation_pressure_pa(t), published, 3e-4);
    }
}

#[test]
fn saturated_humidity_ratio_and_enthalpy_meet_the_ashrae_table() {
    close(saturation_humidity_ratio(5.0, 101_325.0), 0.005425, 5e-3);
    close(saturation_humidity_ratio(25.0, 101_325.0), 0.020173, 5e-3);
    close(saturation_humidity_ratio(50.0, 101_325.0), 0.086863, 1e-2);
    close(saturated_enthalpy_j_kg(25.0, 101_325.0), 76_504.0, 1e-2);
}

#[test]
fn enthalpy_volume_and_standard_pressure_meet_ashrae() {
    let air = MoistAir { dry_bulb_c: 30.0, humidity_ratio: 0.02, pressure_pa: 95_461.0 };
    close(air.enthalpy_j_kg(), 81_316.0, 3e-4);
    close(air.specific_volume_m3_kg(), 0.940855, 3e-4);
    assert!((standard_pressure_pa(1000.0) - 89_875.0).abs() < 1.0);
    assert!((standard_pressure_pa(4000.0) - 61_640.0).abs() < 1.0);
    assert_eq!(standard_pressure_pa(0.0), 101_325.0);
}

#[test]
fn the_saturation_curve_is_continuous_at_the_triple_point() {
    let (ice, liquid) = (saturation_pressure_pa(0.01), saturation_pressure_pa(0.010_000_1));
    assert!((ice - 611.65).abs() < 0.1, "triple-point pressure is 611.657 Pa, got {ice}");
    close(liquid, ice, 2e-5);
}

#[test]
fn points_of_the_reference_are_met() {
    let Some(rows) = table("cooling/points_psychrometrics.csv") else { return };
    assert_eq!(rows.len(), 105);
    let (mut wet_bulb_error, mut real_gas_error) = (0.0f64, 0.0f64);
    for row in &rows {
        let [p, t, rh, w, w_real, wb, wb_real, h, _, v, v_real, dp] = row[..] else {
            panic!("twelve columns expected, got {}", row.len())
        };
        let air = MoistAir::from_relative_humidity(t, rh, p);
        close(air.humidity_ratio, w, 1e-5);
        close(air.humidity_ratio, w_real, 6e-3);
        assert!((air.enthalpy_j_kg() / 1e3 - h).abs() < 1e-3);
        close(air.specific_volume_m3_kg(), v, 1e-5);
        close(air.specific_volume_m3_kg(), v_real, 8e-4);
        assert!((air.dew_point_c() - dp).abs() < 2e-3, "dew point of {row:?}");
        wet_bulb_error = wet_bulb_error.max((air.wet_bulb_c() - wb).abs());
        real_gas_error = real_gas_error.max((air.wet_bulb_c() - wb_real).abs());
    }
    assert!(wet_bulb_error < 2e-3, "wet bulb off by {wet_bulb_error} K from PsychroLib");
    assert!(real_gas_error < 0.03, "wet bulb off by {real_gas_error} K from CoolProp");
}

/// A CSV of numbers from the test data, or `None` where the data are not at hand.
fn table(path: &str) -> Option<Vec<Vec<f64>>> {
    let root = std::env::var_os("LOADBANK_DATA").map_or_else(
        || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared/data"),
        PathBuf::from,
    );
    let Ok(text) = std::fs::read_to_string(root.join(path)) else {
        #[expect(clippy::print_stderr, reason = "a test says that it was skipped")]
        {
            eprintln!("skipped: no data");
        }
        return None;
    };
    let numbers = |line: &str| line.split(',').map(|cell| cell.parse().unwrap()).collect();
    Some(text.lines().skip(1).map(numbers).collect())
}

proptest! {
    #[test]
    fn every_view_of_the_air_leads_back_to_it(
        t in -60.0f64..60.0, rh in 0.001f64..1.0, z in -100.0f64..5000.0,
    ) {
        let p = standard_pressure_pa(z);
        let air = MoistAir::from_relative_humidity(t, rh, p);
        prop_assert!((air.relative_humidity() - rh).abs() < 1e-9);
        let (wet, dew) = (air.wet_bulb_c(), air.dew_point_c());
        prop_assert!(dew <= wet + 0.5 && wet <= t, "{dew} {wet} {t}");
        let again = MoistAir::from_dew_point(t, dew, p);
        prop_assert!((again.humidity_ratio / air.humidity_ratio - 1.0).abs() < 1e-6);
        let again = MoistAir::from_wet_bulb(t, wet, p);
        prop_assert!((again.humidity_ratio - air.humidity_ratio).abs() < 1e-9, "{air:?} {wet}");
    }

    #[test]
    fn saturation_inverts(t in -90.0f64..95.0, z in 0.0f64..1000.0) {
        let p = standard_pressure_pa(z);
        prop_assert!((saturation_temperature_c(saturation_pressure_pa(t)) - t).abs() < 1e-7);
        let h = saturated_enthalpy_j_kg(t, p);
        prop_assert!((saturated_air_temperature_c(h, p) - t).abs() < 1e-7);
    }

    #[test]
    fn slopes_of_saturated_air_are_those_of_its_values(t in -60.0f64..60.0, z in 0.0f64..3000.0) {
        // Away from the triple point, where the curve has a corner.
        prop_assume!((t - 0.01).abs() > 0.01);
        let p = standard_pressure_pa(z);
        let (d, here) = (1e-3, SaturatedAir::at(t, p));
        let (before, after) = (SaturatedAir::at(t - d, p), SaturatedAir::at(t + d, p));
        let slope = (after.enthalpy_j_kg - before.enthalpy_j_kg) / (2.0 * d);
        prop_assert!((here.enthalpy_slope / slope - 1.0).abs() < 1e-6);
        let bend = (after.enthalpy_slope - before.enthalpy_slope) / (2.0 * d) / slope;
        prop_assert!((here.enthalpy_bend - bend).abs() < 1e-5 * bend.abs() + 1e-9);
    }

    #[test]
    fn hotter_or_wetter_air_has_a_higher_wet_bulb(t in 1.0f64..55.0, rh in 0.01f64..0.98) {
        let wet = |t, rh| MoistAir::from_relative_humidity(t, rh, 101_325.0).wet_bulb_c();
        prop_assert!(wet(t, rh + 0.01) > wet(t, rh) || wet(t, rh) < 0.0);
        prop_assert!(wet(t + 1.0, rh) > wet(t, rh) || wet(t, rh) < 0.0);
    }
}
