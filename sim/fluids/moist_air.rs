//! The state of moist air and everything that follows from it.

use super::constants::{CP_DRY_AIR, CP_VAPOUR, HEAT_OF_VAPORISATION, MASS_RATIO, R_DRY_AIR};
use super::saturation::{
    NEWTON_ENDS, SaturatedAir, saturation_humidity_ratio, saturation_pressure_pa,
    saturation_temperature_c,
};

/// Pressure of the standard atmosphere at an altitude in metres, in pascals.
///
/// `101325 (1 - 2.25577e-5 z)^5.2559`, ASHRAE 2017 chapter 1, equation 3, for -5 to 11 km;
/// altitudes outside are held at those ends.
pub fn standard_pressure_pa(altitude_m: f64) -> f64 {
    let z = altitude_m.clamp(-5_000.0, 11_000.0);
    101_325.0 * libm::pow(1.0 - 2.255_77e-5 * z, 5.255_9)
}

/// Moist air: three numbers from which the rest follows.
///
/// Derived values cost from one division to the 0.4 microseconds of
/// [`wet_bulb_c`](Self::wet_bulb_c); none allocates.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MoistAir {
    /// Dry-bulb temperature in degrees Celsius.
    pub dry_bulb_c: f64,
    /// Water in kg a kg of dry air.
    pub humidity_ratio: f64,
    /// Total pressure in pascals.
    pub pressure_pa: f64,
}

impl MoistAir {
    /// From the relative humidity, a fraction held to 0..=1.
    pub fn from_relative_humidity(
        dry_bulb_c: f64,
        relative_humidity: f64,
        pressure_pa: f64,
    ) -> Self {
        let vapour = relative_humidity.clamp(0.0, 1.0) * saturation_pressure_pa(dry_bulb_c);
        let humidity_ratio = MASS_RATIO * vapour / (pressure_pa - vapour);
        Self { dry_bulb_c, humidity_ratio, pressure_pa }
    }

    /// From the wet bulb, which is held to at most the dry bulb (ASHRAE 2017 chapter 1,
    /// equations 33 and 35). Wet bulbs too low for any moisture give dry air.
    pub fn from_wet_bulb(dry_bulb_c: f64, wet_bulb_c: f64, pressure_pa: f64) -> Self {
        let wet_bulb_c = wet_bulb_c.min(dry_bulb_c);
        let branch = if wet_bulb_c >= 0.0 { &LIQUID } else { &ICE };
        let humidity_ratio = branch.humidity_ratio(dry_bulb_c, wet_bulb_c, pressure_pa).max(0.0);
        Self { dry_bulb_c, humidity_ratio, pressure_pa }
    }

    /// From the dew point (or frost point), held to at most the dry bulb.
    pub fn from_dew_point(dry_bulb_c: f64, dew_point_c: f64, pressure_pa: f64) -> Self {
        let humidity_ratio = saturation_humidity_ratio(dew_point_c.min(dry_bulb_c), pressure_pa);
        Self { dry_bulb_c, humidity_ratio, pressure_pa }
    }

    /// Enthalpy in J/kg of dry air: `1006 T + W (2501000 + 1860 T)`.
    pub fn enthalpy_j_kg(&self) -> f64 {
        CP_DRY_AIR * self.dry_bulb_c
            + self.humidity_ratio * (HEAT_OF_VAPORISATION + CP_VAPOUR * self.dry_bulb_c)
    }

    /// Specific heat in J/K a kg of dry air, vapour included.
    pub fn specific_heat_j_kgk(&self) -> f64 {
        CP_DRY_AIR + CP_VAPOUR * self.humidity_ratio
    }

    /// Volume in m3 a kg of dry air (ASHRAE 2017 chapter 1, equation 26).
    pub fn specific_volume_m3_kg(&self) -> f64 {
        R_DRY_AIR * (self.dry_bulb_c + 273.15) * (1.0 + self.humidity_ratio / MASS_RATIO)
            / self.pressure_pa
    }

    /// Kilograms of dry air in a cubic metre: what a fan of constant volume moves, and the
    /// mass that enthalpies and humidity ratios refer to.
    pub fn dry_air_density_kg_m3(&self) -> f64 {
        1.0 / self.specific_volume_m3_kg()
    }

    /// Kilograms of air and vapour in a cubic metre.
    pub fn density_kg_m3(&self) -> f64 {
        (1.0 + self.humidity_ratio) / self.specific_volume_m3_kg()
    }

    /// Partial pressure of the vapour in pascals.
    pub fn vapour_pressure_pa(&self) -> f64 {
        self.pressure_pa * self.humidity_ratio / (MASS_RATIO + self.humidity_ratio)
    }

    /// Relative humidity as a fraction (above 1 only for air that holds more than it can).
    pub fn relative_humidity(&self) -> f64 {
        self.vapour_pressure_pa() / saturation_pressure_pa(self.dry_bulb_c)
    }

    /// Dew point, or frost point below 0.01 degC, in degrees Celsius; at most the dry bulb,
    /// and -100 for bone-dry air. About 100 ns.
    pub fn dew_point_c(&self) -> f64 {
        saturation_temperature_c(self.vapour_pressure_pa()).min(self.dry_bulb_c)
    }

    /// Thermodynamic wet bulb in degrees Celsius, to 1e-9 K. About 400 ns.
    ///
    /// ASHRAE 2017 chapter 1, equations 33 (wick of liquid water) and 35 (wick of ice). For a
    /// narrow band of states both have a solution, a few tenths of a kelvin either side of
    /// zero: there the wick is taken to be liquid.
    pub fn wet_bulb_c(&self) -> f64 {
        let t = self.dry_bulb_c;
        if self.humidity_ratio >= saturation_humidity_ratio(t, self.pressure_pa) {
            return t;
        }
        let liquid = t > 0.0 && LIQUID.excess(self, 0.0).0 <= 0.0;
        if liquid { LIQUID.wet_bulb(self, 0.0, t) } else { ICE.wet_bulb(self, -100.0, t.min(0.0)) }
    }
}

/// Constants of the adiabatic saturation balance over one phase of water.
#[derive(Debug)]
struct Wick {
    /// Latent heat at 0 degC in J/kg.
    latent: f64,
    /// Its fall with the wet bulb in J/(kg K).
    latent_slope: f64,
    /// Specific heat of the wick's water in J/(kg K).
    cp: f64,
}

const LIQUID: Wick = Wick { latent: 2.501e6, latent_slope: 2326.0, cp: 4186.0 };
const ICE: Wick = Wick { latent: 2.830e6, latent_slope: 240.0, cp: 2100.0 };

impl Wick {
    /// Humidity ratio of air at `dry` with its wet bulb at `wet`.
    fn humidity_ratio(&self, dry: f64, wet: f64, pressure_pa: f64) -> f64 {
        let saturated = saturation_humidity_ratio(wet, pressure_pa);
        ((self.latent - self.latent_slope * wet) * saturated - CP_DRY_AIR * (dry - wet))
            / (self.latent + CP_VAPOUR * dry - self.cp * wet)
    }

    /// Balance of the wick at `wet` in J/kg, positive when `wet` is too warm, and its slope.
    fn excess(&self, air: &MoistAir, wet: f64) -> (f64, f64) {
        let saturated = SaturatedAir::at(wet, air.pressure_pa);
        let (ws, slope) = (saturated.humidity_ratio, saturated.humidity_ratio_slope);
        let latent = self.latent - self.latent_slope * wet;
        let excess = latent * ws
            - CP_DRY_AIR * (air.dry_bulb_c - wet)
            - air.humidity_ratio * (self.latent + CP_VAPOUR * air.dry_bulb_c - self.cp * wet);
        let slope =
            latent * slope - self.latent_slope * ws + CP_DRY_AIR + self.cp * air.humidity_ratio;
        (excess, slope)
    }

    /// Root of the balance in `low..=high`: Newton, with bisection where it leaves the bracket.
    fn wet_bulb(&self, air: &MoistAir, mut low: f64, mut high: f64) -> f64 {
        let mut t = high;
        for _ in 0..100 {
            let (excess, slope) = self.excess(air, t);
            if excess > 0.0 {
                high = t
            } else {
                low = t
            }
            let next = t - excess / slope;
            if (next - t).abs() < NEWTON_ENDS {
                return next.min(air.dry_bulb_c);
            }
            t = if next >= low && next <= high { next } else { 0.5 * (low + high) };
            if high - low < 1e-9 {
                return t;
            }
        }
        t
    }
}
