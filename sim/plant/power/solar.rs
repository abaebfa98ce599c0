//! What a photovoltaic array gives: where the sun stands, what falls on the array, what its cells and
//! its inverter make of it.
//!
//! - The sun's position is that of the Astronomical Almanac's low-precision formulas, as Michalsky gives
//!   them (Solar Energy 40(3), 1988), to 0.01 degrees; refraction is left out.
//! - Diffuse light comes from the sky of Perez et al. (Solar Energy 44(5), 1990), with their composite
//!   coefficients; the ground reflects a fifth.
//! - Glass of index 1.526 passes the less the more oblique light falls (Snell, Fresnel, Bouguer); diffuse
//!   light falls at the angles of Brandemuehl and Beckman (Solar Energy 24(5), 1980).
//! - Cells are as warm as Faiman says (Progress in Photovoltaics 16(4), 2008), with 25 W/(m2 K) and
//!   6.84 W s/(m3 K).
//! - Direct current, losses and inverter are those of PVWatts version 5 (Dobos, NREL/TP-6A20-62641), with
//!   -0.37 %/K.

use std::f64::consts::{FRAC_PI_2, PI, TAU};

use crate::fluids::Irradiance;

/// An array, resolved.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ArrayDesign {
    /// Rated direct current at 1000 W/m2 and 25 degrees Celsius, W.
    pub dc_w: f64,
    /// Most that its inverters give, W.
    pub ac_w: f64,
    /// How it stands.
    pub mount: Mount,
    /// Share of direct current that is lost to dirt, wiring, mismatch and the like.
    pub losses: f64,
    /// Degrees north and east; none where the site's are taken.
    pub place_deg: Option<(f64, f64)>,
    /// Where the weather tells no irradiation: the share of that above the air that comes down.
    pub clearness: Option<f64>,
}

/// How an array stands.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Mount {
    /// At rest: its tilt, and the direction that it faces clockwise from north, in radians.
    Fixed {
        /// Against the ground.
        tilt: f64,
        /// Clockwise from north.
        azimuth: f64,
    },
    /// Turned about an axis from south to north that lies level, up to a limit in radians. Rows are
    /// turned back where they would shade each other.
    OneAxis {
        /// Width of a row over the distance of rows.
        ground_cover: f64,
        /// Most that it turns either way.
        limit: f64,
    },
}

/// The air at an array.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ArrayAir {
    /// Degrees Celsius.
    pub dry_bulb_c: f64,
    /// m/s.
    pub wind_m_s: f64,
}

/// Where the sun stands.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Sun {
    /// From straight up, radians.
    pub zenith: f64,
    /// Clockwise from north, radians.
    pub azimuth: f64,
}

impl Sun {
    /// The sun at `unix_s`, seconds since 1970 in UTC, over a place in degrees north and east.
    pub fn at(unix_s: f64, (latitude_deg, longitude_deg): (f64, f64)) -> Self {
        let days = unix_s / 86_400.0 - 10_957.5;
        let longitude = 280.460 + 0.985_647_4 * days;
        let anomaly = (357.528 + 0.985_600_3 * days).to_radians();
        let ecliptic = (longitude + 1.915 * libm::sin(anomaly) + 0.020 * libm::sin(2.0 * anomaly))
            .to_radians();
        let obliquity = (23.439 - 4e-7 * days).to_radians();
        let ascension =
            libm::atan2(libm::cos(obliquity) * libm::sin(ecliptic), libm::cos(ecliptic));
        let declination = libm::asin(libm::sin(obliquity) * libm::sin(ecliptic));
        let sidereal_deg = (280.460_618_37 + 360.985_647_366_29 * days + longitude_deg) % 360.0;
        let hour_angle = sidereal_deg.to_radians() - ascension;
        let latitude = latitude_deg.to_radians();
        let (sin_d, cos_d) = (libm::sin(declination), libm::cos(declination));
        let (sin_l, cos_l) = (libm::sin(latitude), libm::cos(latitude));
        let height = sin_d * sin_l + cos_d * cos_l * libm::cos(hour_angle);
        let east = -cos_d * libm::sin(hour_angle);
        let north = sin_d * cos_l - cos_d * sin_l * libm::cos(hour_angle);
        let azimuth = libm::atan2(east, north);
        Self {
            zenith: libm::acos(height.clamp(-1.0, 1.0)),
            azimuth: if azimuth < 0.0 { azimuth + TAU } else { azimuth },
        }
    }

    fn is_up(self) -> bool {
        self.zenith < FRAC_PI_2
    }

    /// The middle of that part of an interval in which the sun is up, the sun then, and the share of
    /// the interval that the part is; none where it is not up.
    pub fn of_interval(
        (from_s, until_s): (f64, f64),
        place_deg: (f64, f64),
    ) -> Option<(f64, Self, f64)> {
        let is_up = |s: f64| Self::at(s, place_deg).is_up();
        let ends = (is_up(from_s), is_up(until_s));
        let (mut from, mut until) = (from_s, until_s);
        if ends.0 != ends.1 {
            let (mut low, mut high) = (from_s, until_s);
            for _ in 0..20 {
                let middle = 0.5 * (low + high);
                if is_up(middle) == ends.0 { low = middle } else { high = middle }
            }
            if ends.0 { until = low } else { from = high }
        }
        let middle = 0.5 * (from + until);
        let (sun, share) = (Self::at(middle, place_deg), (until - from) / (until_s - from_s));
        sun.is_up().then_some((middle, sun, share))
    }

    /// What falls on a plane that faces the sun above the air, W/m2 (Spencer's distance of the sun to
    /// its first term).
    fn above_air_w_m2(unix_s: f64) -> f64 {
        let year_days = (unix_s / 86_400.0) % 365.25;
        1367.0 * (1.0 + 0.033 * libm::cos(TAU * year_days / 365.25))
    }
}

impl ArrayDesign {
    /// Whether it needs irradiation of the weather.
    pub fn needs_irradiance(&self) -> bool {
        self.clearness.is_none()
    }

    /// What it gives over an interval of the weather, in seconds since 1970 in UTC: alternating
    /// current, W.
    ///
    /// # Panics
    ///
    /// When it has no place.
    pub fn over(
        &self,
        interval_s: (f64, f64),
        irradiance: Option<Irradiance>,
        air: ArrayAir,
    ) -> f64 {
        let place_deg = self.place_deg.expect("an array has its place");
        let Some((at_s, sun, share)) = Sun::of_interval(interval_s, place_deg) else { return 0.0 };
        let above_w_m2 = Sun::above_air_w_m2(at_s);
        let height = libm::cos(sun.zenith);
        let irradiance = match (self.clearness, irradiance) {
            // As in weather files, the mean of an hour counts its dark part.
            (Some(clearness), _) => clear(clearness, share * above_w_m2, height.max(0.01)),
            (None, Some(irradiance)) => irradiance,
            (None, None) => return 0.0,
        };
        self.output_w(sun, irradiance, above_w_m2, air)
    }

    fn output_w(&self, sun: Sun, light: Irradiance, above_w_m2: f64, air: ArrayAir) -> f64 {
        let (east, north, up) = (
            libm::sin(sun.zenith) * libm::sin(sun.azimuth),
            libm::sin(sun.zenith) * libm::cos(sun.azimuth),
            libm::cos(sun.zenith),
        );
        let (tilt, [face_east, face_north, face_up]) = self.mount.faces(east, up);
        let incidence = (east * face_east + north * face_north + up * face_up).max(0.0);
        let beam = light.direct * incidence;
        let sky = sky_w_m2(sun.zenith, light, above_w_m2, incidence, tilt).max(0.0);
        let ground = ALBEDO * light.global * (1.0 - libm::cos(tilt)) / 2.0;
        let plane_w_m2 = beam + sky + ground;
        let tilt_deg = tilt.to_degrees();
        let of_sky = 59.7 - 0.1388 * tilt_deg + 0.001_497 * tilt_deg * tilt_deg;
        let of_ground = 90.0 - 0.5788 * tilt_deg + 0.002_693 * tilt_deg * tilt_deg;
        let oblique = |degrees: f64| passes(libm::cos(degrees.to_radians()));
        let passed = beam * passes(incidence) + sky * oblique(of_sky) + ground * oblique(of_ground);
        let cell_c = air.dry_bulb_c + plane_w_m2 / (25.0 + 6.84 * air.wind_m_s.max(0.0));
        let warm = 1.0 - 0.0037 * (cell_c - 25.0);
        let dc_w = self.dc_w * (1.0 - self.losses) * passed / 1000.0 * warm.max(0.0);
        self.inverted_w(dc_w)
    }

    /// The part-load law of PVWatts' inverter, 96 % efficient at its rating.
    fn inverted_w(&self, dc_w: f64) -> f64 {
        if dc_w <= 0.0 {
            return 0.0;
        }
        const RATED: f64 = 0.96;
        let load = dc_w * RATED / self.ac_w;
        let efficiency = RATED / 0.9637 * (-0.0162 * load - 0.0059 / load + 0.9858);
        (efficiency * dc_w).clamp(0.0, self.ac_w)
    }
}

impl Mount {
    /// Its tilt and the direction that it faces, east, north and up, for a sun so far east and up.
    fn faces(self, east: f64, up: f64) -> (f64, [f64; 3]) {
        match self {
            Self::Fixed { tilt, azimuth } => {
                let level = libm::sin(tilt);
                let faces =
                    [level * libm::sin(azimuth), level * libm::cos(azimuth), libm::cos(tilt)];
                (tilt, faces)
            }
            Self::OneAxis { ground_cover, limit } => {
                let mut turn = libm::atan2(east, up);
                let shade = libm::cos(turn).abs() / ground_cover;
                if shade < 1.0 {
                    turn -= libm::copysign(libm::acos(shade), turn);
                }
                let turn = turn.clamp(-limit, limit);
                (turn.abs(), [libm::sin(turn), 0.0, libm::cos(turn)])
            }
        }
    }
}

/// What the ground reflects (the usual assumption where no snow lies).
const ALBEDO: f64 = 0.2;
/// Bounds of the clearness of Perez, and F11, F12, F13, F21, F22, F23 of each bin.
const BINS: [f64; 7] = [1.065, 1.23, 1.5, 1.95, 2.8, 4.5, 6.2];
const PEREZ: [[f64; 6]; 8] = [
    [-0.008, 0.588, -0.062, -0.060, 0.072, -0.022],
    [0.130, 0.683, -0.151, -0.019, 0.066, -0.029],
    [0.330, 0.487, -0.221, 0.055, -0.064, -0.026],
    [0.568, 0.187, -0.295, 0.109, -0.152, -0.014],
    [0.873, -0.392, -0.362, 0.226, -0.462, 0.001],
    [1.132, -1.237, -0.412, 0.288, -0.823, 0.056],
    [1.060, -1.600, -0.359, 0.264, -1.127, 0.131],
    [0.678, -0.327, -0.250, 0.156, -1.377, 0.251],
];

/// What a constant share `clearness` of the irradiation above the air leaves on level ground; how
/// much of it is diffuse is what Erbs et al. found (Solar Energy 28(4), 1982).
fn clear(clearness: f64, above_w_m2: f64, height: f64) -> Irradiance {
    let k = clearness;
    let part = if k <= 0.22 {
        1.0 - 0.09 * k
    } else if k <= 0.8 {
        0.9511 + k * (-0.1604 + k * (4.388 + k * (-16.638 + k * 12.336)))
    } else {
        0.165
    };
    let global = k * above_w_m2 * height;
    let diffuse = part * global;
    Irradiance { global, direct: (global - diffuse) / height, diffuse }
}

/// Diffuse light of the sky on a plane of this `tilt` onto which the sun falls at `incidence`, W/m2.
fn sky_w_m2(zenith: f64, light: Irradiance, above_w_m2: f64, incidence: f64, tilt: f64) -> f64 {
    let diffuse = light.diffuse;
    if diffuse <= 0.0 {
        return 0.0;
    }
    let bent = 1.041 * zenith * zenith * zenith;
    let clear = ((diffuse + light.direct) / diffuse + bent) / (1.0 + bent);
    let bin = BINS.iter().filter(|bound| clear >= **bound).count();
    let [f11, f12, f13, f21, f22, f23] = PEREZ[bin];
    let degrees = zenith.to_degrees().min(90.0);
    // Kasten's mass of air.
    let air_mass = 1.0 / (libm::cos(zenith).max(0.0) + 0.15 * libm::pow(93.9 - degrees, -1.253));
    let bright = diffuse * air_mass / above_w_m2;
    let around = (f11 + f12 * bright + f13 * zenith).max(0.0);
    let horizon = f21 + f22 * bright + f23 * zenith;
    let lowest = libm::cos(85.0 * PI / 180.0);
    let disc = incidence / libm::cos(zenith).max(lowest);
    let dome = (1.0 - around) * (1.0 + libm::cos(tilt)) / 2.0;
    diffuse * (dome + around * disc + horizon * libm::sin(tilt))
}

/// What glass passes of light that falls at this cosine, over what it passes straight.
fn passes(cosine: f64) -> f64 {
    /// Index of refraction, and extinction times thickness.
    const INDEX: f64 = 1.526;
    const EXTINCTION: f64 = 4.0 * 0.002;
    let straight = {
        let reflected = (INDEX - 1.0) / (INDEX + 1.0);
        libm::exp(-EXTINCTION) * (1.0 - reflected * reflected)
    };
    let angle = libm::acos(cosine.clamp(0.0, 1.0));
    if angle < 1e-4 {
        return 1.0;
    }
    let inside = libm::asin(libm::sin(angle) / INDEX);
    let (sum, difference) = (inside + angle, inside - angle);
    let squared = |x: f64| x * x;
    let across = squared(libm::sin(difference) / libm::sin(sum));
    let along = squared(libm::tan(difference) / libm::tan(sum));
    let passed =
        libm::exp(-EXTINCTION / libm::cos(inside)) * (1.0 - 0.5 * (across + along)).max(0.0);
    passed / straight
}
