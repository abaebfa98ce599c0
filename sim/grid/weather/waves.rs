//! Heat waves laid over the weather of a run, to ask what a plant would make of them.

use super::row::{Humidity, WeatherRow};
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
