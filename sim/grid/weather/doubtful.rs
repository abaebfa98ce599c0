//! What may be wrong with recorded weather although each of its rows can be.

use super::row::{Humidity, WeatherRow};
use crate::fluids::standard_pressure_pa;
use crate::grid::place::Place;
use crate::spec::{Fault, Name};
use crate::tables::format::Origin;

/// What was seen of the rows of a run.
#[derive(Debug, Clone, Copy)]
pub(super) struct Seen {
    rows: u64,
    most_humid: f64,
    pressure_pa: f64,
    over: (u64, f64),
}

impl Default for Seen {
    fn default() -> Self {
        Self { rows: 0, most_humid: 0.0, pressure_pa: 0.0, over: (0, 0.0) }
    }
}

/// The most that a wet sensor reads above saturation: EnergyPlus takes a relative humidity of up to
/// 110 % as 100 % (Auxiliary Programs, EPW data dictionary).
const WET_SENSOR: f64 = 1.1;

impl Seen {
    /// A relative humidity that is no more than that of saturated air, where a sensor reads a
    /// little more.
    pub(super) fn saturated(&mut self, share: f64) -> f64 {
        if share > 1.0 && share <= WET_SENSOR {
            self.over = (self.over.0 + 1, self.over.1.max(share));
            return 1.0;
        }
        share
    }

    pub(super) fn add(&mut self, row: &WeatherRow) {
        self.rows += 1;
        self.pressure_pa += row.pressure_pa;
        if let Humidity::Relative(share) = row.humidity {
            self.most_humid = self.most_humid.max(share);
        }
    }
}

/// Warns of columns that are probably of another unit or place. `percent`: whether the humidity is
/// in per cents; `altitude_m`: that of the site, where the table has its own pressure.
pub(super) fn of_rows(
    name: &Name,
    seen: &Seen,
    (percent, altitude_m): (bool, Option<f64>),
    faults: &mut Vec<Fault>,
) {
    let mut doubt = |message: String, help: &str| {
        faults.push(Fault::warning("csv", message).at(name.mark).help(help));
    };
    if seen.over.0 > 0 {
        let (count, most) = (seen.over.0, seen.over.1 * 100.0);
        let rows = if count == 1 { "row has" } else { "rows have" };
        doubt(
            format!("`{name}`: {count} {rows} a relative humidity above 100 %, up to {most:.0} %"),
            "they are read as saturated air, as EnergyPlus does",
        );
    }
    if percent && seen.most_humid > 0.0 && seen.most_humid <= 0.0101 {
        let most = seen.most_humid * 100.0;
        doubt(
            format!("`{name}`: no relative humidity is above {most:.2} %"),
            "if the column holds fractions, its unit is `\"1\"`",
        );
    }
    if let Some(altitude_m) = altitude_m {
        let mean = seen.pressure_pa / seen.rows.max(1) as f64;
        let standard = standard_pressure_pa(altitude_m);
        // Weather moves the pressure of a place by some 5 % at most, its mean by far less.
        if (mean / standard - 1.0).abs() > 0.04 {
            doubt(
                format!(
                    "`{name}`: a mean pressure of {:.0} hPa, where the site at {altitude_m:.0} m has \
                     some {:.0} hPa",
                    mean / 100.0,
                    standard / 100.0
                ),
                "pressures reduced to sea level are no station pressures: leave the column out, and \
                 the altitude counts",
            );
        }
    }
}

/// Distance from which weather is that of another place, km: `assumption`, some two cells of a
/// global reanalysis and more than from a town to its airport.
const FAR_KM: f64 = 100.0;

/// Difference of altitude from which it is, m: `assumption`, 3.5 % of the air's pressure and 2 K.
const HIGH_M: f64 = 300.0;

/// Warns of weather that was recorded at another place than the site's.
pub(super) fn of_place(
    name: &Name,
    field: &'static str,
    place: &Place,
    origin: &Origin,
    faults: &mut Vec<Fault>,
) {
    let pairs =
        [(place.latitude_deg, origin.latitude_deg), (place.longitude_deg, origin.longitude_deg)];
    if let [(Some(lat), Some(lat_of)), (Some(lon), Some(lon_of))] = pairs {
        let km = distance_km((lat, lon), (lat_of, lon_of));
        if km > FAR_KM {
            let message = format!(
                "`{name}` was recorded at {lat_of:.2} deg north, {lon_of:.2} deg east, {km:.0} km \
                 from the site"
            );
            let help = "weather of another place: look at the file and at `site`";
            faults.push(Fault::warning(field, message).at(name.mark).help(help));
            return;
        }
    }
    if let (Some(altitude), Some(of)) = (place.altitude_m, origin.altitude_m)
        && (altitude - of).abs() > HIGH_M
    {
        let message = format!(
            "`{name}` was recorded at {of:.0} m above the sea, the site lies at {altitude:.0} m"
        );
        let help = "weather of another place: look at the file and at `site`";
        faults.push(Fault::warning(field, message).at(name.mark).help(help));
    }
}

/// Along a great circle, km.
fn distance_km((lat, lon): (f64, f64), (lat_of, lon_of): (f64, f64)) -> f64 {
    const RADIUS_KM: f64 = 6371.0;
    let half = |a: f64, b: f64| libm::sin((a - b).to_radians() / 2.0).powi(2);
    let cosines = libm::cos(lat.to_radians()) * libm::cos(lat_of.to_radians());
    let share = half(lat, lat_of) + cosines * half(lon, lon_of);
    2.0 * RADIUS_KM * libm::asin(libm::sqrt(share.min(1.0)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances_are_those_of_the_globe() {
        // A degree along a meridian is 111.19 km; London to Paris 344 km.
        assert!((distance_km((0.0, 0.0), (1.0, 0.0)) - 111.19).abs() < 0.01);
        assert!((distance_km((51.5074, -0.1278), (48.8566, 2.3522)) - 343.6).abs() < 1.0);
        assert!((distance_km((0.0, 179.5), (0.0, -179.5)) - 111.19).abs() < 0.01);
    }
}
