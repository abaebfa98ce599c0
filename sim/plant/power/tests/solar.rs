//! The sun, and what an array makes of it.

use crate::fluids::Irradiance;
use crate::plant::power::solar::{ArrayAir, ArrayDesign, Mount, Sun};

const DEGREE: f64 = std::f64::consts::PI / 180.0;

fn unix_s(text: &str) -> f64 {
    text.parse::<jiff::Timestamp>().unwrap().as_second() as f64
}

/// Positions by pvlib 0.16.1 at 32.4 N, 99.7 W: zenith and azimuth, degrees.
#[test]
fn the_sun_stands_where_the_ephemeris_says() {
    for (at, zenith, azimuth) in [
        ("2026-06-21T12:00:00-06:00", 12.6773, 132.4328),
        ("2026-12-21T15:00:00-06:00", 65.4405, 216.1001),
    ] {
        let sun = Sun::at(unix_s(at), (32.4, -99.7));
        let (got, facing) = (sun.zenith / DEGREE, sun.azimuth / DEGREE);
        assert!((got - zenith).abs() < 0.05, "{got}, not {zenith}");
        assert!((facing - azimuth).abs() < 0.2, "{facing}, not {azimuth}");
    }
    // The solar position algorithm's own example: 17 October 2003, 12:30:30 at UTC-7.
    let sun = Sun::at(unix_s("2003-10-17T12:30:30-07:00"), (39.742_476, -105.178_6));
    assert!((sun.zenith / DEGREE - 50.111_62).abs() < 0.05, "{}", sun.zenith / DEGREE);
    assert!((sun.azimuth / DEGREE - 194.340_24).abs() < 0.1, "{}", sun.azimuth / DEGREE);
}

fn array(mount: Mount, clearness: Option<f64>) -> ArrayDesign {
    ArrayDesign {
        dc_w: 1e6,
        ac_w: 1e6 / 1.3,
        mount,
        losses: 0.14,
        place_deg: Some((35.0, -101.0)),
        clearness,
    }
}

const FIXED: Mount = Mount::Fixed { tilt: 20.0 * DEGREE, azimuth: 180.0 * DEGREE };
const TURNED: Mount = Mount::OneAxis { ground_cover: 0.4, limit: 45.0 * DEGREE };
const AIR: ArrayAir = ArrayAir { dry_bulb_c: 25.0, wind_m_s: 3.0 };

/// A day of hours by local sun time, W.
fn day(array: &ArrayDesign, light: Option<Irradiance>) -> Vec<f64> {
    let start = unix_s("2026-03-20T06:51:30Z");
    let hours = (0..24).map(|hour| start + 3600.0 * f64::from(hour));
    hours.map(|s| array.over((s, s + 3600.0), light, AIR)).collect()
}

/// By hours it gives in a day what it gives by minutes, whenever in its hour the sun rises.
#[test]
fn hours_in_which_the_sun_rises_give_their_part() {
    for (mount, minute) in [(FIXED, 0), (TURNED, 0), (TURNED, 20), (TURNED, 40)] {
        let array = array(mount, Some(0.6));
        let start = unix_s("2026-06-21T06:00:00Z") + 60.0 * f64::from(minute);
        let given = |step_s: f64, steps: i32| -> f64 {
            let froms = (0..steps).map(|step| start + step_s * f64::from(step));
            let given = froms.map(|s| array.over((s, s + step_s), None, AIR) * step_s);
            given.sum()
        };
        let (hours, minutes) = (given(3600.0, 24), given(60.0, 1440));
        assert!((hours / minutes - 1.0).abs() < 0.01, "{hours} J, not {minutes} J");
    }
}

#[test]
fn an_array_gives_nothing_at_night_and_no_more_than_its_inverters() {
    let bright = Irradiance { global: 1100.0, direct: 1000.0, diffuse: 150.0 };
    for mount in [FIXED, TURNED] {
        let hours = day(&array(mount, None), Some(bright));
        assert!(hours.iter().all(|w| (0.0..=1e6 / 1.3).contains(w)), "{hours:?}");
        assert!(hours[..5].iter().all(|w| *w == 0.0) && hours[20..].iter().all(|w| *w == 0.0));
        assert!(hours[12] > 0.7e6, "{hours:?}");
    }
    assert!(day(&array(FIXED, None), None).iter().all(|w| *w == 0.0), "no light is told");
}

/// At an equinox a clear day is the same before and after noon; a turned array gives more, and earlier.
#[test]
fn clear_days_are_symmetric_and_turning_pays() {
    let [fixed, turned] = [FIXED, TURNED].map(|mount| day(&array(mount, Some(0.65)), None));
    for hours in [&fixed, &turned] {
        for (hour, mirrored) in (0..12).map(|hour| (hour, 23 - hour)) {
            let (am, pm) = (hours[hour], hours[mirrored]);
            assert!((am - pm).abs() < 0.03 * 1e6, "{hour} h: {am} and {pm}");
        }
    }
    let sum = |hours: &[f64]| hours.iter().sum::<f64>();
    assert!(sum(&turned) > 1.1 * sum(&fixed), "{} and {}", sum(&turned), sum(&fixed));
    assert!(turned[8] > 1.1 * fixed[8]);
}
