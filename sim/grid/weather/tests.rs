//! Pressure with altitude, and heat waves.

use std::sync::Arc;

use super::*;
use crate::fluids::standard_pressure_pa;
use crate::kernel::{Span, Streams};
use crate::tables::Series;

fn hours(n: u64) -> Time {
    Time::ZERO + Span::from_hours(n)
}

fn row(dry_bulb_c: f64) -> WeatherRow {
    WeatherRow {
        dry_bulb_c,
        humidity: Humidity::Relative(0.5),
        pressure_pa: 101_325.0,
        wind_m_s: 2.0,
        light: None,
    }
}

fn warmed(wave: HeatWave) -> Weather {
    let rows = [(hours(0), row(20.0)), (hours(10), row(30.0))];
    let weather = WeatherDesign::Recorded(Arc::new(Series::new(rows)));
    let design = WeatherDesign::Warmed(Box::new(WarmedDesign { weather, waves: [wave].into() }));
    Weather::new(&design, &Streams::new(1, 0))
}

#[test]
fn a_wave_begins_and_ends_between_the_rows_of_its_weather() {
    let wave = HeatWave { from: hours(4), until: hours(12), warmer_k: 6.0, dew_point_k: 0.0 };
    let mut weather = warmed(wave);
    let mut seen = vec![(0, weather.current().dry_bulb_c)];
    while weather.next_at() < Time::MAX {
        let now = weather.next_at();
        weather.advance(now);
        seen.push((now.as_nanos() / 3_600_000_000_000, weather.current().dry_bulb_c));
    }
    assert_eq!(seen, [(0, 20.0), (4, 26.0), (10, 36.0), (12, 30.0)]);
}

#[test]
fn air_that_only_gets_warmer_holds_as_much_water() {
    let wave = HeatWave { from: hours(0), until: hours(5), warmer_k: 8.0, dew_point_k: 0.0 };
    let ratio = |weather: Weather| weather.current().air().humidity_ratio;
    let before = row(20.0).air().humidity_ratio;
    assert!((ratio(warmed(wave)) / before - 1.0).abs() < 1e-6);
    assert!(ratio(warmed(HeatWave { dew_point_k: 3.0, ..wave })) > 1.1 * before);
    // A cold spell cannot leave more in the air than it can hold.
    let cold = warmed(HeatWave { warmer_k: -30.0, ..wave });
    assert!(cold.current().air().relative_humidity() <= 1.0 + 1e-9);
}

#[test]
fn standard_pressure_meets_the_table_of_the_standard_atmosphere() {
    // ISO 2533: 101 325, 95 461 and 79 495 Pa at 0, 500 and 2000 m.
    for (altitude, pressure) in [(0.0, 101_325.0), (500.0, 95_461.0), (2000.0, 79_495.0)] {
        let ours = standard_pressure_pa(altitude);
        assert!((ours - pressure).abs() < 15.0, "{altitude} m: {ours} Pa");
    }
}
