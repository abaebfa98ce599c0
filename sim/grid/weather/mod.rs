//! Outside air, hour by hour: from a climate's normals, an EPW file or a table.

pub mod climate;
pub mod epw;
pub mod normals;
mod waves;

use std::sync::Arc;

use super::series::{Playback, Series};
use crate::fluids::MoistAir;
use crate::kernel::{Streams, Time};

pub use climate::{Climate, ClimateDesign};
pub use waves::{HeatWave, WarmedDesign};

/// Outside air over one hour, as it was measured or drawn.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct WeatherRow {
    /// Dry-bulb temperature, degC.
    pub dry_bulb_c: f64,
    /// Its moisture, in the measure of the source.
    pub humidity: Humidity,
    /// Pressure at the site (not reduced to sea level), Pa.
    pub pressure_pa: f64,
    /// Wind speed at 10 m, m/s.
    pub wind_m_s: f64,
}

/// The two measures of moisture that weather services publish.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Humidity {
    /// Dew point, degC; never above the dry bulb.
    DewPoint(f64),
    /// Relative humidity, 0 to 1.
    Relative(f64),
}

impl WeatherRow {
    /// The air of the row.
    pub fn air(&self) -> MoistAir {
        match self.humidity {
            Humidity::DewPoint(dew_point_c) => {
                MoistAir::from_dew_point(self.dry_bulb_c, dew_point_c, self.pressure_pa)
            }
            Humidity::Relative(humidity) => {
                MoistAir::from_relative_humidity(self.dry_bulb_c, humidity, self.pressure_pa)
            }
        }
    }
}

/// Where a run's weather comes from, resolved.
#[derive(Debug, Clone)]
pub enum WeatherDesign {
    /// Drawn from the normals of a climate.
    Climate(Box<ClimateDesign>),
    /// Recorded, laid over the run.
    Recorded(Arc<Series<WeatherRow>>),
    /// Either, with heat waves over it.
    Warmed(Box<WarmedDesign>),
}

/// The weather of one run.
#[derive(Debug, Clone)]
pub struct Weather(Source);

#[derive(Debug, Clone)]
enum Source {
    Climate(Box<Climate>),
    Recorded(Playback<WeatherRow>),
    Warmed(Box<Warmed>),
}

#[derive(Debug, Clone)]
struct Warmed {
    weather: Weather,
    waves: Arc<[HeatWave]>,
    now: Time,
    row: WeatherRow,
}

impl Warmed {
    fn advance(&mut self, now: Time) {
        self.weather.advance(now);
        self.now = now;
        let row = self.weather.current();
        self.row = HeatWave::at(&self.waves, now).map_or(*row, |wave| wave.warm(row));
    }
}

impl Weather {
    /// The weather of `design`; a climate draws it from the stream (`weather`, `site`), so that
    /// designs that are compared share their weather.
    pub fn new(design: &WeatherDesign, streams: &Streams) -> Self {
        Self(match design {
            WeatherDesign::Climate(climate) => {
                Source::Climate(Box::new(Climate::new(climate, streams)))
            }
            WeatherDesign::Recorded(series) => Source::Recorded(Playback::new(series.clone())),
            WeatherDesign::Warmed(design) => {
                let weather = Self::new(&design.weather, streams);
                let row = *weather.current();
                let waves = design.waves.clone();
                let mut warmed = Warmed { weather, waves, now: Time::ZERO, row };
                warmed.advance(Time::ZERO);
                Source::Warmed(Box::new(warmed))
            }
        })
    }

    /// The air outside now.
    pub fn current(&self) -> &WeatherRow {
        match &self.0 {
            Source::Climate(climate) => climate.current(),
            Source::Recorded(playback) => playback.current(),
            Source::Warmed(warmed) => &warmed.row,
        }
    }

    /// When the weather changes next.
    pub fn next_at(&self) -> Time {
        match &self.0 {
            Source::Climate(climate) => climate.next_at(),
            Source::Recorded(playback) => playback.next_at(),
            Source::Warmed(warmed) => {
                warmed.weather.next_at().min(HeatWave::next_at(&warmed.waves, warmed.now))
            }
        }
    }

    /// Goes to the weather at `now`, which is not before the current hour.
    pub fn advance(&mut self, now: Time) {
        match &mut self.0 {
            Source::Climate(climate) => climate.advance(now),
            Source::Recorded(playback) => playback.advance(now),
            Source::Warmed(warmed) => warmed.advance(now),
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::fluids::standard_pressure_pa;

    #[test]
    fn standard_pressure_meets_the_table_of_the_standard_atmosphere() {
        // ISO 2533: 101 325, 95 461 and 79 495 Pa at 0, 500 and 2000 m.
        for (altitude, pressure) in [(0.0, 101_325.0), (500.0, 95_461.0), (2000.0, 79_495.0)] {
            let ours = standard_pressure_pa(altitude);
            assert!((ours - pressure).abs() < 15.0, "{altitude} m: {ours} Pa");
        }
    }
}
