//! Heat waves laid over the weather of a run, to ask what a plant would make of them.

use std::sync::Arc;

use super::{Humidity, WeatherDesign, WeatherRow};
use crate::kernel::Time;

/// Weather that is warmer than it would have been for a time.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct HeatWave {
    /// First instant.
    pub from: Time,
    /// First instant after it.
    pub until: Time,
    /// How much the dry bulb is higher, K; negative for a cold spell.
    pub warmer_k: f64,
    /// How much the dew point is higher, K: zero for air that only gets warmer.
    pub dew_point_k: f64,
}

/// Weather with heat waves over it, which follow one another and do not overlap.
#[derive(Debug, Clone)]
pub struct WarmedDesign {
    /// What it would have been.
    pub weather: WeatherDesign,
    /// In order of time.
    pub waves: Arc<[HeatWave]>,
}

impl HeatWave {
    /// The wave of `waves` that is on at `now`.
    pub(super) fn at(waves: &[Self], now: Time) -> Option<&Self> {
        waves.iter().find(|wave| wave.from <= now && now < wave.until)
    }

    /// When the next of `waves` begins or ends after `now`.
    pub(super) fn next_at(waves: &[Self], now: Time) -> Time {
        let ends = waves.iter().flat_map(|wave| [wave.from, wave.until]);
        ends.filter(|&at| at > now).min().unwrap_or(Time::MAX)
    }

    /// `row` in the wave: pressure and wind as they are, the air never more than saturated.
    pub(super) fn warm(&self, row: &WeatherRow) -> WeatherRow {
        let dry_bulb_c = row.dry_bulb_c + self.warmer_k;
        let dew_point_c = match row.humidity {
            Humidity::DewPoint(dew_point_c) => dew_point_c,
            Humidity::Relative(_) => row.air().dew_point_c(),
        };
        let dew_point_c = (dew_point_c + self.dew_point_k).min(dry_bulb_c);
        WeatherRow { dry_bulb_c, humidity: Humidity::DewPoint(dew_point_c), ..*row }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::grid::Series;
    use crate::grid::weather::Weather;
    use crate::kernel::{Span, Streams};

    fn hours(n: u64) -> Time {
        Time::ZERO + Span::from_hours(n)
    }

    fn row(dry_bulb_c: f64) -> WeatherRow {
        WeatherRow {
            dry_bulb_c,
            humidity: Humidity::Relative(0.5),
            pressure_pa: 101_325.0,
            wind_m_s: 2.0,
        }
    }

    fn warmed(wave: HeatWave) -> Weather {
        let rows = [(hours(0), row(20.0)), (hours(10), row(30.0))];
        let weather = WeatherDesign::Recorded(Arc::new(Series::new(rows)));
        let design =
            WeatherDesign::Warmed(Box::new(WarmedDesign { weather, waves: [wave].into() }));
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
}
