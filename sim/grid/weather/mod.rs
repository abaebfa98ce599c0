//! Outside air, hour by hour: from a climate's normals, an EPW file or a table.

mod doubtful;
mod row;

pub mod climate;
pub mod epw;
pub mod normals;
mod waves;

mod spec;

#[cfg(test)]
mod tests;

use std::sync::Arc;

use crate::kernel::{Streams, Time};
use crate::tables::{Playback, Series};

pub use climate::{Climate, ClimateDesign};
pub use row::{Humidity, WeatherRow};
pub use spec::{HeatWaveSpec, WeatherColumns, WeatherSpec};
pub use waves::HeatWave;

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

impl WeatherDesign {
    /// Whether it tells what comes from sun and sky.
    pub fn has_light(&self) -> bool {
        match self {
            Self::Climate(_) => false,
            Self::Recorded(series) => series.steps().all(|(_, row)| row.light.is_some()),
            Self::Warmed(warmed) => warmed.weather.has_light(),
        }
    }
}

/// Weather with heat waves over it, which follow one another and do not overlap.
#[derive(Debug, Clone)]
pub struct WarmedDesign {
    /// What it would have been.
    pub weather: WeatherDesign,
    /// In order of time.
    pub waves: Arc<[HeatWave]>,
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
