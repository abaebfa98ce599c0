//! Outside air over one hour.

use crate::fluids::{Irradiance, MoistAir};

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
    /// What comes from sun and sky, mean of the hour, where the source tells it.
    pub light: Option<Irradiance>,
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
