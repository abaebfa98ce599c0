//! Where the site is.

use jiff::tz::TimeZone;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::spec::{Fault, Name, time_zone};
use crate::units::{Angle, Length};

/// Where the site is.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SiteSpec {
    /// Degrees north. Where arrays stand, and compared with where a climate or an EPW file comes from:
    /// weather from more than 5 degrees away is warned about.
    pub latitude: Option<Angle>,
    /// Degrees east. Where arrays stand, and the solar time of a climate; by default that of its
    /// weather station.
    pub longitude: Option<Angle>,
    /// Height above the sea, which sets the air pressure where the weather has none of its
    /// own. By default that of a climate's weather station; a table without pressure needs it.
    pub altitude: Option<Length>,
    /// Name in the tz database, such as `America/Chicago`: the clock on the site's wall. By
    /// default `UTC`.
    pub time_zone: Option<String>,
}

/// Where the site is, resolved.
#[derive(Debug, Clone, PartialEq)]
pub struct Place {
    /// Degrees north.
    pub latitude_deg: Option<f64>,
    /// Degrees east.
    pub longitude_deg: Option<f64>,
    /// Metres above the sea.
    pub altitude_m: Option<f64>,
    /// The clock on the wall.
    pub zone: TimeZone,
}

/// Weather from another latitude by more than this is warned about, degrees: some 550 km, and 3 to
/// 4 K of the mean of a year; an assumption.
const FAR_DEG: f64 = 5.0;

impl Place {
    /// A warning at `field` where the weather called `name` comes from far north or south of here.
    pub fn far_from(&self, field: &'static str, name: &Name, of_weather_deg: f64) -> Option<Fault> {
        let here_deg = self.latitude_deg?;
        if (here_deg - of_weather_deg).abs() <= FAR_DEG {
            return None;
        }
        let message = format!(
            "the weather of `{name}` is of latitude {of_weather_deg:.1} deg, the site is at {here_deg:.1} deg"
        );
        Some(Fault::warning(field, message).at(name.mark).help("check `site.latitude`"))
    }
}

impl SiteSpec {
    /// Checks the place; what is wrong is reported and left at its default.
    pub fn resolve(&self, faults: &mut Vec<Fault>) -> Place {
        let mut within = |field, value: Option<f64>, low: f64, high: f64, unit| {
            if value.is_some_and(|value| !(low..=high).contains(&value)) {
                let message = format!("`{field}` is outside {low} to {high} {unit}");
                faults.push(Fault::error(field, message));
                return None;
            }
            value
        };
        let latitude_deg = within("latitude", self.latitude.map(|a| a.0), -90.0, 90.0, "deg");
        let longitude_deg = within("longitude", self.longitude.map(|a| a.0), -180.0, 180.0, "deg");
        let altitude_m = within("altitude", self.altitude.map(|a| a.0), -500.0, 6000.0, "m");
        let zone = time_zone("time_zone", self.time_zone.as_deref(), faults);
        Place { latitude_deg, longitude_deg, altitude_m, zone }
    }
}
